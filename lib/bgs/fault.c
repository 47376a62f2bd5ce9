/* Reduces a SOAP fault to one line that may be logged and that verdicts can be read from.
 * Sources: BGS reference 9.1, 9.2; design section 2 (no personal data outside the database). */
#include "bgs/fault.h"

#include <string.h>

/* Fewer digits are codes, modifiers, line numbers; this many can be a file number or a date. */
#define MIN_PRIVATE_DIGITS 8
#define MAX_ORACLE_TEXTS   3

/* What decides over a claim: BGS reference 9.2 and 9.1. It is never lost to masking. */
static const char *const deciding[] = {
  "insertBenefitClaim: Invalid zipcode.",
  "Maximum number of EPs reached for this bnftClaimTypeCd",
  "This update is being elevated for additional review due to an Incident Flash associated with "
  "this Beneficiary",
  "ORA-20099: Error - File Number and Social Security number are different",
  "ORA-00001: unique constraint",
  "PK_VNP_PROC_FORM",
  "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
  "GUIE50010",
  "FABusnsTranRule",
  NULL,
};

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
 * line. */
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
  else if (line)
    end = line;
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

  if (!strstr (trace, "\n\tat ") && !cause)
    return one_line (trace);
  while (g_ascii_isspace (*trace))
    trace++;
  head = g_strndup (trace, strcspn (trace, "\n"));
  tail = cause ? g_strndup (cause, strcspn (cause, "\n")) : g_strdup ("");
  g_strstrip (head);
  g_strstrip (tail);
  return g_strconcat (head, *tail ? "; " : "", tail, NULL);
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
    if (strchr (words[i], '@')) {
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

static gboolean
is_word_character (gunichar character)
{
  return g_unichar_isalnum (character) || character == '_';
}

/* Whole words only, case ignored. */
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
    if (count == chars && !is_word_character (before) &&
        !is_word_character (g_utf8_get_char (end))) {
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

/* The words of the faults that are known, in lower case. A capitalised word that is none of them may be
 * somebody's name, in a text that nobody has seen before. */
static const char *const vocabulary[] = {
  /* clang-format off */
  "a", "access", "actual", "additional", "address", "administrator", "already", "an", "and",
  "are", "associated", "at", "bean", "begin", "being", "beneficiary", "benefit", "bgs", "bnft", "broken",
  "by", "bytes", "cannot", "caused", "character", "city", "claim", "claims", "class", "close",
  "closed", "code", "column", "connection", "constraint", "contact", "converted", "corporate",
  "corpprod", "could", "country", "data", "database", "date", "deadlock", "denied", "dependency",
  "description", "detected", "different", "dispatch", "does", "due", "duplicate", "ejb",
  "element", "elements", "elevated", "empty", "encountered", "end", "eps", "error", "exceeds",
  "exception", "exceptions", "exist", "expired", "external", "failed", "failure", "fault",
  "field", "file", "find", "flash", "for", "found", "from", "has", "id", "in", "incident",
  "increment", "input", "insert", "integrity", "internal", "into", "invalid", "is", "it", "java",
  "key", "lang", "length", "line", "list", "local", "lock", "locked", "logon", "long", "mapping",
  "maximum", "message", "method", "military", "modifier", "more", "must", "name", "no", "not",
  "null", "number", "object", "of", "on", "open", "operation", "or", "parent", "parse",
  "participant", "permission", "person", "pipe", "please", "postal", "primary", "procedure",
  "process", "reached", "read", "record", "records", "refused", "relationship", "remote",
  "required", "reset", "resource", "result", "review", "row", "security", "server", "service",
  "session", "share", "soap", "social", "sql", "state", "status", "string", "system", "table",
  "temporarily", "text", "the", "this", "time", "timed", "timeout", "to", "too", "transaction",
  "tuxedo", "type", "unable", "unavailable", "unexpected", "unique", "unknown", "update",
  "updates", "user", "value", "values", "verification", "veteran", "violated", "while", "with",
  "write", "wrong", "wssverification", "zip", "zipcode",
  /* clang-format on */
  NULL,
};

/* A word of a sentence, or a name. What has digits or an underscore is a code; what has two capitals or more behind
 * small letters is a name of software. */
static gboolean
may_be_a_name (const char *word, gsize length)
{
  g_autofree char *lower = g_utf8_strdown (word, (gssize)length);
  gboolean was_small = FALSE;
  guint humps = 0, letters = 0;

  for (const char *at = word; at < word + length; at = g_utf8_next_char (at)) {
    gunichar character = g_utf8_get_char (at);

    if (!g_unichar_isalpha (character) && character != '\'' && character != '-')
      return FALSE;
    humps += was_small && g_unichar_isupper (character);
    was_small = g_unichar_islower (character);
    letters++;
  }
  return letters > 1 && humps < 2 && g_unichar_isupper (g_utf8_get_char (word)) &&
         !g_strv_contains (vocabulary, lower);
}

static gboolean
is_in_word (const char *at)
{
  gunichar character = g_utf8_get_char (at);

  return is_word_character (character) || character == '\'' || character == '-' ||
         character == '.' || character == '>' || character == '/';
}

static char *
mask_names (const char *text)
{
  GString *masked = g_string_new (NULL);

  while (*text) {
    const char *end = text;
    const char *last;

    while (*end && is_in_word (end))
      end = g_utf8_next_char (end);
    for (last = end; last > text && strchr (".-'/>", last[-1]); last--)
      ;
    if (last > text && may_be_a_name (text, (gsize)(last - text)))
      g_string_append (masked, "…");
    else
      g_string_append_len (masked, text, last - text);
    g_string_append_len (masked, last, end - last);
    text = end;
    if (*text) {
      g_string_append_unichar (masked, g_utf8_get_char (text));
      text = g_utf8_next_char (text);
    }
  }
  return g_string_free (masked, FALSE);
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

char *
bgs_fault_text (const char *fault_string, const char *detail_message,
                const char *const *private_values)
{
  g_autofree char *raw = NULL;
  g_autofree char *original = NULL;
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
  original = one_line (raw);

  if (strstr (raw, "CEST11")) {
    text = g_strdup ("CEST11, its text withheld");
    replace (&text, restore_deciding (text, original));
    return text;
  }
  text = dig_out_oracle (raw);
  if (!text)
    text = shorten_trace (raw);
  for (gsize i = 0; private_values && private_values[i]; i++)
    replace (&text, mask_value (text, private_values[i]));
  /* A number-format fault says twice what could not be read as a number. */
  replace (&text, mask_between (text, "The object [", "], of class"));
  replace (&text, mask_between (text, "For input string: \"", "\""));
  replace (&text, mask_mail (text));
  replace (&text, mask_names (text));
  replace (&text, mask_digits (text));
  if (g_utf8_strlen (text, -1) > BGS_FAULT_MAX_CHARS)
    replace (&text, g_utf8_substring (text, 0, BGS_FAULT_MAX_CHARS));
  replace (&text, restore_deciding (text, original));
  if (!*text)
    replace (&text, g_strdup ("a fault without a text"));
  return text;
}
