/* Reduces a SOAP fault to one line that may be logged and that verdicts can be read from.
 * Source: README.md, facts 26 and 27; no personal data leaves the database: schemas/README.md,
 * 2. */
#include "bgs/fault.h"

#include <string.h>

/* Fewer digits are codes, modifiers, line numbers; this many can be a file number or a date. */
#define MIN_PRIVATE_DIGITS     8
/* A word of an address that was sent is masked by itself too; shorter ones would tear holes into
 * the text. */
#define MIN_PRIVATE_WORD_CHARS 4
/* From here on it is found inside of words too, where something was glued to it. */
#define MIN_GLUED_CHARS        5
#define MAX_ORACLE_TEXTS       3
/* Real faults have up to 70 kB. What stands behind this is not read. */
#define MAX_READ_BYTES         (256 * 1024)
/* What masking looks at, several times over; it makes texts shorter, so more than the result
 * holds. */
#define MAX_MASKED_CHARS       4000
#define MAX_ENTITY_ROUNDS      3

/* What decides over a claim: README.md, fact 27. It is never lost to masking. */
static const char *const deciding[] = {
  "insertBenefitClaim: Invalid zipcode.",
  "Maximum number of EPs reached for this bnftClaimTypeCd",
  /* BGS cuts it there */
  "This update is being elevated for additional review due to an Incident Flas",
  "ORA-20099: Error - File Number and Social Security number are different",
  "ORA-00001: unique constraint",
  "PK_VNP_PROC_FORM",
  "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
  "GUIE50010",
  "FABusnsTranRule",
  /* What comes of the claim's own data. */
  "insertBenefitClaim: City is null",
  "ORA-12899",
  "has invalid character(s)",
  "Invalid data for MLTY_POSTAL_TY",
  "parent key not found",
  NULL,
};

/* By what BGS is known to refuse (recorded, or in the lists of public clients), beside what
 * decides. Each tells of a check, or of a statement that the database has undone. */
static const char *const refusals[] = {
  "ORA-01400",
  "ORA-01407",
  "NumberFormatException",
  "CEST11",
  "TUX-20306",
  "TUX-20308",
  "TuxedoServiceFoundButWrongApp",
  "The Tuxedo service is down",
  "System error with BGS",
  "WssVerification Exception - Security Verification Exception",
  "Logon ID",
  NULL,
};

/* Whoever waited too long does not know what became of it. */
static const char *const time_outs[] = {
  "timed out", "time out", "timeout", "time-out", "tpetime", NULL,
};

static const char *const dashes = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212";

/* One round of &#54; &#x36; &amp; and their like: a text that was escaped once too often hides what
 * it holds from every mask. */
static char *
unescape_once (const char *text)
{
  static const struct {
    const char *name, *character;
  } named[] = {
    { "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" }, { "&quot;", "\"" }, { "&apos;", "'" },
  };
  GString *plain = g_string_new (NULL);

  while (*text) {
    gsize length = 0;

    for (gsize i = 0; i < G_N_ELEMENTS (named) && length == 0; i++)
      if (g_str_has_prefix (text, named[i].name)) {
        length = strlen (named[i].name);
        g_string_append (plain, named[i].character);
      }
    if (length == 0 && text[0] == '&' && text[1] == '#') {
      gboolean is_hex = g_ascii_tolower (text[2]) == 'x';
      char *end = NULL;
      guint64 code = g_ascii_strtoull (text + (is_hex ? 3 : 2), &end, is_hex ? 16 : 10);

      if (*end == ';' && code > 0 && code <= 0x10FFFF && g_unichar_validate ((gunichar)code)) {
        length = (gsize)(end + 1 - text);
        g_string_append_unichar (plain, (gunichar)code);
      }
    }
    if (length == 0)
      g_string_append_c (plain, *text);
    text += MAX (length, 1);
  }
  return g_string_free (plain, FALSE);
}

/* Invisible characters and other people's dashes could stand inside a number or a name. */
static char *
drop_tricks (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (; *text; text = g_utf8_next_char (text)) {
    gunichar character = g_utf8_get_char (text);

    if (g_unichar_type (character) == G_UNICODE_FORMAT)
      continue;
    g_string_append_unichar (plain, g_utf8_strchr (dashes, -1, character) ? '-' : character);
  }
  return g_string_free (plain, FALSE);
}

static char *
replace_all (const char *pattern, const char *text, const char *by)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_CASELESS, G_REGEX_MATCH_NOTEMPTY, NULL);
  char *replaced = g_regex_replace_literal (regex, text, -1, 0, by, 0, NULL);

  return replaced ? replaced
                  : g_strdup ("…"); /* the matcher gave up: nothing is known of the text */
}

/* Bounded, valid, unescaped, without tags; line breaks and tabs stay. */
static char *
plain_text (const char *text)
{
  g_autofree char *bounded = g_strndup (text, MAX_READ_BYTES);
  g_autofree char *untagged = NULL;
  g_autofree char *normal = NULL;
  char *plain = g_utf8_make_valid (bounded, -1);

  for (guint i = 0; i < MAX_ENTITY_ROUNDS && strchr (plain, '&'); i++) {
    char *once = unescape_once (plain);

    g_free (plain);
    plain = once;
  }
  untagged = replace_all ("<!\\[CDATA\\[|\\]\\]>|<[/?!]?[a-z][^<>]{0,200}>", plain, " ");
  g_free (plain);
  normal = g_utf8_normalize (untagged, -1, G_NORMALIZE_ALL_COMPOSE);
  return drop_tricks (normal ? normal : untagged);
}

static char *
one_line (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (char *at = valid; *at; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  return g_strdup (g_strstrip (valid));
}

/* One "ORA-…" text, up to the statement that the driver prints behind it, else to the end of its
 * line, else (a trace in one line) to the next cause. */
static char *
oracle_text (const char *from)
{
  const char *statement = strstr (from, "{prepstmnt");
  const char *next = strstr (from + 4, "Caused by");
  const char *line = strchr (from, '\n');
  const char *end = from + strlen (from);
  g_autofree char *text = NULL;

  if (statement && (!next || statement < next))
    end = statement;
  else if (line && (!next || line < next))
    end = line;
  else if (next)
    end = next;
  text = g_strndup (from, MIN ((gsize)(end - from), BGS_FAULT_MAX_CHARS));
  return one_line (text);
}

/* The different ORA- texts of a stack trace, or NULL. A cause repeats the text of what it caused.
 */
static char *
dig_out_oracle (const char *trace)
{
  g_autoptr (GString) found = g_string_new (NULL);
  guint count = 0;

  for (const char *at = strstr (trace, "ORA-"); at && count < MAX_ORACLE_TEXTS;
       at = strstr (at + 4, "ORA-")) {
    g_autofree char *text = oracle_text (at);

    if (strstr (found->str, text))
      continue;
    if (found->len > 0)
      g_string_append (found, "; ");
    g_string_append (found, text);
    count++;
  }
  return count > 0 ? g_strdup (found->str) : NULL;
}

/* A stack trace without a database error: its first line and its last cause. */
static char *
shorten_trace (const char *trace)
{
  const char *cause = g_strrstr (trace, "Caused by:");
  g_autofree char *head = NULL;
  g_autofree char *tail = NULL;
  g_autofree char *whole = NULL;

  if (!strstr (trace, "\n\tat ") && !cause)
    return one_line (trace);
  while (g_ascii_isspace (*trace))
    trace++;
  head = g_strndup (trace, strcspn (trace, "\n"));
  tail = cause ? g_strndup (cause, strcspn (cause, "\n")) : g_strdup ("");
  g_strstrip (head);
  g_strstrip (tail);
  whole = g_strconcat (head, *tail ? "; " : "", tail, NULL);
  return one_line (whole);
}

/* Length of the run of digits at @at, up to two of - / . ( ) and blank between them; @ret_digits
 * counts the digits. */
static gsize
digit_run (const char *at, guint *ret_digits)
{
  gsize length = 0;

  *ret_digits = 0;
  while (g_ascii_isdigit (at[length])) {
    gsize gap = 0;

    (*ret_digits)++;
    length++;
    gap = strspn (at + length, "-/. ()");
    if (gap <= 2 && g_ascii_isdigit (at[length + gap]))
      length += gap;
  }
  return length;
}

static char *
mask_digits (const char *text)
{
  GString *masked = g_string_new (NULL);

  while (*text) {
    guint digits = 0;
    gsize length = digit_run (text, &digits);

    if (length == 0) {
      g_string_append_c (masked, *text++);
      continue;
    }
    if (digits >= MIN_PRIVATE_DIGITS)
      g_string_append_c (masked, '#');
    else
      g_string_append_len (masked, text, (gssize)length);
    text += length;
  }
  return g_string_free (masked, FALSE);
}

static char *
mask_mail (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i]; i++)
    if (strchr (words[i], '@') || strstr (words[i], "%40")) {
      g_free (words[i]);
      words[i] = g_strdup ("…");
    }
  return g_strjoinv (" ", words);
}

/* Takes out what stands between @open and the last @close behind it, which the value itself may
 * hold. */
static char *
mask_between (const char *text, const char *open, const char *close)
{
  const char *from = strstr (text, open);
  const char *end = NULL;

  if (!from)
    return g_strdup (text);
  from += strlen (open);
  end = g_strrstr (from, close);
  return g_strdup_printf ("%.*s…%s", (int)(from - text), text, end ? end : "");
}

/* Case ignored; a short value as a whole word only. */
static char *
mask_value (const char *text, const char *value)
{
  g_autofree char *folded_value = g_utf8_casefold (value, -1);
  GString *masked = g_string_new (NULL);
  gunichar before = ' ';
  glong chars = g_utf8_strlen (value, -1);

  while (*text) {
    const char *end = text;
    glong count = 0;
    gunichar character = g_utf8_get_char (text);

    while (count < chars && *end) {
      end = g_utf8_next_char (end);
      count++;
    }
    if (count == chars &&
        (chars >= MIN_GLUED_CHARS ||
         (!g_unichar_isalnum (before) && !g_unichar_isalnum (g_utf8_get_char (end))))) {
      g_autofree char *folded = g_utf8_casefold (text, end - text);

      if (g_str_equal (folded, folded_value)) {
        g_string_append (masked, "…");
        text = end;
        before = ' ';
        continue;
      }
    }
    g_string_append_unichar (masked, character);
    before = character;
    text = g_utf8_next_char (text);
  }
  return g_string_free (masked, FALSE);
}

/* The words of the faults that are known, and the syllables of their names for things, in lower
 * case. What is none of them and written with a capital may be somebody's name, in a text that
 * nobody has seen before. */
static const char *const vocabulary[] = {
  /* clang-format off */
  "a", "access", "actual", "additional", "address", "addrs", "administrator", "all", "already",
  "an", "and", "api", "app", "are", "associated", "at", "bank", "bean", "begin", "being",
  "beneficiary", "benefit", "bgs", "birth", "bnft", "broken", "brthdy", "busns", "but", "by",
  "bytes", "cannot", "caused", "cd", "cest", "character", "child", "city", "claim", "claims",
  "class", "client", "clm", "clmant", "close", "closed", "code", "column", "connection",
  "constraint", "contact", "converted", "corp", "corporate", "corpprod", "could", "country",
  "data", "database", "date", "ddeft", "deadlock", "denied", "dependency", "desc", "description",
  "detected", "different", "dispatch", "does", "dt", "dto", "due", "dup", "duplicate", "ejb",
  "element", "elements", "elevated", "empty", "encountered", "end", "ep", "eps", "error",
  "exceeds", "exception", "exceptions", "exist", "expired", "external", "fa", "failed",
  "failure", "fault", "field", "file", "find", "first", "flash", "for", "form", "format",
  "found", "from", "guie", "has", "id", "impl", "in", "incident", "increment", "ind", "input",
  "insert", "integrity", "internal", "into", "invalid", "is", "it", "java", "jdbc", "key",
  "lang", "last", "length", "line", "list", "local", "lock", "locked", "logon", "long",
  "machine", "mapd", "mapping", "marage", "maximum", "message", "method", "middle", "military",
  "misc", "modifier", "more", "must", "name", "nbr", "nested", "nil", "nm", "nn", "no", "not",
  "null", "number", "object", "of", "on", "only", "open", "openjpa", "operation", "or", "ora",
  "params", "parent", "parse", "participant", "permission", "persistence", "person", "phone",
  "pipe", "pk", "please", "postal", "primary", "proc", "procedure", "process", "program",
  "prpsd", "ptcpnt", "raised", "rate", "reached", "read", "reason", "record", "records",
  "refused", "relationship", "remote", "required", "reset", "resource", "result", "review",
  "rlnshp", "routng", "row", "rule", "school", "security", "server", "service", "session",
  "shar", "share", "soap", "social", "sql", "state", "station", "status", "stmt", "street",
  "string", "student", "suffix", "system", "table", "temporarily", "text", "the", "this",
  "thrown", "time", "timed", "timeout", "to", "too", "tran", "transaction", "trnsit", "tux",
  "tuxedo", "txt", "typ", "type", "uid", "unable", "unavailable", "unexpected", "unique",
  "unknown", "update", "updates", "user", "value", "values", "vdc", "verification", "veteran",
  "violated", "vnp", "web", "weblogic", "while", "with", "write", "wrong", "wss",
  "wssverification", "zip", "zipcode",
  /* clang-format on */
  NULL,
};

static gboolean
is_vocabulary (const char *word, gsize length)
{
  g_autofree char *lower = g_utf8_strdown (word, (gssize)length);

  return g_strv_contains (vocabulary, lower);
}

/* Java's long names, which begin like this, name no person. */
static gboolean
is_java_name (const char *word, gsize length)
{
  static const char *const beginnings[] = { "java.",   "javax.", "gov.", "org.",      "com.",
                                            "oracle.", "sun.",   "net.", "weblogic.", NULL };

  for (gsize i = 0; beginnings[i]; i++)
    if (length > strlen (beginnings[i]) && g_str_has_prefix (word, beginnings[i]))
      return TRUE;
  return FALSE;
}

/* Length of the syllable at @at: letters up to a capital behind a small one, or to what is no
 * letter. */
static gsize
syllable (const char *at, const char *end)
{
  const char *next = at;
  gboolean was_small = FALSE;

  while (next < end) {
    gunichar character = g_utf8_get_char (next);

    if (!g_unichar_isalpha (character) || (was_small && g_unichar_isupper (character)))
      break;
    was_small = g_unichar_islower (character);
    next = g_utf8_next_char (next);
  }
  return (gsize)(next - at);
}

/* A word of a sentence, a code, a name of software – or a name. Words without a capital are none,
 * unless they hold letters that English does not have. */
static gboolean
may_be_a_name (const char *word, gsize length)
{
  const char *end = word + length;
  gboolean has_capital = FALSE;
  guint syllables = 0, known = 0;

  if (is_vocabulary (word, length))
    return FALSE;
  for (const char *at = word; at < end; at = g_utf8_next_char (at)) {
    gunichar character = g_utf8_get_char (at);

    if (character > 0x7F && g_unichar_isalpha (character))
      return TRUE;
    has_capital |= g_unichar_isupper (character);
  }
  if (!has_capital)
    return FALSE;
  for (const char *at = word; at < end;) {
    gsize letters = syllable (at, end);

    if (letters > 1) {
      syllables++;
      known += is_vocabulary (at, letters);
    }
    at += MAX (letters, 1);
  }
  /* A column with one word that is new is a column. */
  return syllables > 0 &&
         (memchr (word, '_', length) ? 2 * known < syllables : 2 * known <= syllables);
}

static gboolean
is_in_word (gunichar character)
{
  return g_unichar_isalnum (character) || character == '\'' || character == '-' || character == '_';
}

/* The word at @at, a Java name whole. */
static gsize
word_length (const char *at)
{
  const char *end = at;
  const char *java = at;

  while (*end && is_in_word (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  while (g_ascii_isalnum (*java) || *java == '_' || *java == '$' ||
         (*java == '.' && g_ascii_isalnum (java[1])))
    java++;
  if (is_java_name (at, (gsize)(java - at)))
    end = java;
  while (end > at && strchr ("-'", end[-1]))
    end--;
  return (gsize)(end - at);
}

static char *
mask_names (const char *text)
{
  GString *masked = g_string_new (NULL);

  while (*text) {
    gsize length = word_length (text);

    if (length == 0) {
      g_string_append_unichar (masked, g_utf8_get_char (text));
      text = g_utf8_next_char (text);
      continue;
    }
    if (!is_java_name (text, length) && may_be_a_name (text, length))
      g_string_append (masked, "…");
    else
      g_string_append_len (masked, text, (gssize)length);
    text += length;
  }
  return g_string_free (masked, FALSE);
}

/* Whether a quoted value names things only: then it tells an operator something. */
static gboolean
is_about_things (const char *value)
{
  for (gsize length; *value; value += MAX (length, 1)) {
    length = word_length (value);
    if (length > 1 && !is_java_name (value, length) && !is_vocabulary (value, length)) {
      g_autofree char *word = g_strndup (value, length);
      g_autofree char *lower = g_utf8_strdown (word, -1);

      if (g_str_equal (word, lower) || may_be_a_name (word, length))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
mask_quoted_value (const GMatchInfo *match, GString *masked, gpointer user_data G_GNUC_UNUSED)
{
  g_autofree char *whole = g_match_info_fetch (match, 0);
  gsize length = strlen (whole);
  g_autofree char *value = g_strndup (whole + 1, length - 2);

  if (is_about_things (value))
    g_string_append (masked, whole);
  else
    g_string_append_printf (masked, "%c…%c", whole[0], whole[length - 1]);
  return FALSE;
}

static char *
mask_quoted (const char *text)
{
  g_autoptr (GRegex) quoted = g_regex_new (
      "\"[^\"]{1,400}\"|\\[[^\\[\\]]{1,400}\\]|(?<![a-zA-Z])'[^']{1,400}'(?![a-zA-Z])", 0, 0, NULL);
  char *masked = g_regex_replace_eval (quoted, text, -1, 0, 0, mask_quoted_value, NULL, NULL);

  return masked ? masked : g_strdup ("…");
}

#define MONTH "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"

/* What eight digits do not show: dates with short years or months in words, local phone numbers,
 * streets. */
static void
mask_shapes (char **text)
{
  static const char *const shapes[] = {
    "\\b\\d{1,4}[-/. ]\\d{1,2}[-/. ]\\d{1,4}\\b",
    "\\b\\d{1,2}(?:st|nd|rd|th)?[-/ .]*" MONTH "[-/ .,']*\\d{2,4}\\b",
    "\\b" MONTH "[-/ .]*\\d{1,2}(?:st|nd|rd|th)?[-/ .,']+\\d{2,4}\\b",
    "\\b\\d{3}[-. ]\\d{4}\\b",
    "\\b\\d{1,6}[ ,]+(?:[a-z0-9.'#-]+[ "
    ",]+){1,4}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|boulevard|"
    "blvd|way|circle|cir|place|pl|terrace|ter|highway|hwy)\\b",
    "\\bp\\.? ?o\\.? ?box \\d+\\b",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    char *masked = replace_all (shapes[i], *text, "#");

    g_free (*text);
    *text = masked;
  }
}

static void
replace (char **text, char *by)
{
  g_free (*text);
  *text = by;
}

/* The deciding texts of @original that masking or cutting has taken from @text are put behind it.
 */
static char *
restore_deciding (const char *text, const char *original)
{
  GString *whole = g_string_new (text);

  for (gsize i = 0; deciding[i]; i++)
    if (strstr (original, deciding[i]) && !strstr (whole->str, deciding[i]))
      g_string_append_printf (whole, "; %s", deciding[i]);
  return g_string_free (whole, FALSE);
}

/* A value that was sent, and its longer words, also as somebody would write them without
 * accents. */
static void
mask_private (char **text, const char *value)
{
  g_autofree char *normal = g_utf8_normalize (value, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *ascii = g_str_to_ascii (normal ? normal : "", "C");
  const char *const spellings[] = { normal ? normal : value, ascii };

  for (gsize i = 0; i < G_N_ELEMENTS (spellings); i++) {
    g_auto (GStrv) words = g_strsplit_set (spellings[i], " ,", -1);

    if (*spellings[i])
      replace (text, mask_value (*text, spellings[i]));
    for (gsize w = 0; words[w]; w++)
      if (g_utf8_strlen (words[w], -1) >= MIN_PRIVATE_WORD_CHARS &&
          !is_vocabulary (words[w], strlen (words[w])))
        replace (text, mask_value (*text, words[w]));
  }
}

/* At most so many characters, and no half word at the end: half a name is not seen to be one. */
static void
cut (char **text, glong chars)
{
  char *end = NULL;

  if (g_utf8_strlen (*text, -1) <= chars)
    return;
  replace (text, g_utf8_substring (*text, 0, chars));
  end = strrchr (*text, ' ');
  if (end)
    *end = '\0';
}

char *
bgs_fault_text (const char *fault_string, const char *detail_message,
                const char *const *private_values)
{
  char *raw = NULL;
  g_autofree char *original = NULL;
  g_autofree char *lower = NULL;
  char *text = NULL;

  if (!fault_string)
    fault_string = "";
  /* Mostly they are the same. Where they are not, either may be the one that decides. */
  if (!detail_message || strstr (fault_string, detail_message))
    raw = g_strdup (fault_string);
  else if (strstr (detail_message, fault_string))
    raw = g_strdup (detail_message);
  else
    raw = g_strconcat (detail_message, "; ", fault_string, NULL);
  replace (&raw, plain_text (raw));
  original = one_line (raw);
  lower = g_ascii_strdown (raw, -1);

  if (strstr (lower, "cest11")) {
    text = g_strdup ("CEST11, its text withheld");
    g_free (raw);
    replace (&text, restore_deciding (text, original));
    return text;
  }
  text = dig_out_oracle (raw);
  if (!text)
    text = shorten_trace (raw);
  g_free (raw);
  /* The values of a statement stand behind it. */
  replace (&text, replace_all ("(?:\\{prepstmnt|\\[params=).*", text, "…"));
  cut (&text, MAX_MASKED_CHARS);
  for (gsize i = 0; private_values && private_values[i]; i++)
    mask_private (&text, private_values[i]);
  /* A number-format fault says twice what could not be read as a number. */
  replace (&text, mask_between (text, "The object [", "], of class"));
  replace (&text, mask_between (text, "For input string: \"", "\""));
  replace (&text, mask_mail (text));
  replace (&text, mask_digits (text));
  mask_shapes (&text);
  replace (&text, mask_quoted (text));
  replace (&text, mask_names (text));
  if (g_utf8_strlen (text, -1) > BGS_FAULT_MAX_CHARS)
    replace (&text, g_utf8_substring (text, 0, BGS_FAULT_MAX_CHARS));
  replace (&text, restore_deciding (text, original));
  if (!*text)
    replace (&text, g_strdup ("a fault without a text"));
  return text;
}

static gboolean
has_any (const char *text, const char *const *parts)
{
  for (gsize i = 0; parts[i]; i++)
    if (strstr (text, parts[i]))
      return TRUE;
  return FALSE;
}

gboolean
bgs_fault_is_refusal (const char *fault_string, const char *detail_message)
{
  g_autofree char *whole =
      g_strconcat (fault_string ? fault_string : "", "\n", detail_message, NULL);
  g_autofree char *plain = plain_text (whole);
  g_autofree char *told = NULL;
  g_autofree char *lower = NULL;

  if (!has_any (plain, deciding) && !has_any (plain, refusals))
    return FALSE;
  /* Of a stack trace what it tells, and no name of a class in it. */
  told = dig_out_oracle (plain);
  if (!told)
    told = shorten_trace (plain);
  lower = g_ascii_strdown (told, -1);
  return !has_any (lower, time_outs);
}
