/* Reduces a SOAP fault to one line that may be logged and that verdicts can be read from.
 * Source: README.md, facts 26 and 27; no personal data leaves the database: schemas/README.md,
 * 2. */
#include "bgs/fault.h"

#include <stdlib.h>
#include <string.h>

#include "bgs/names.h"

/* Fewer digits are codes, modifiers, line numbers; this many can be a file number or a date. */
#define MIN_PRIVATE_DIGITS     8
/* A word of an address is masked by itself too; shorter ones would tear holes into the text. */
#define MIN_PRIVATE_WORD_CHARS 4
/* Where a private value is split into its words. */
#define WORD_BREAKS            " \t,;/-_.'@"
/* From here on it is found inside of words too, where something was glued to it. */
#define MIN_GLUED_CHARS        5
#define MAX_ORACLE_TEXTS       3
/* Real faults have up to 70 kB. What stands behind this is not read. */
#define MAX_READ_BYTES         (256 * 1024)
/* What masking looks at, several times over; it makes texts shorter, so more than the result
 * holds. */
#define MAX_MASKED_CHARS       4000
#define MAX_ENTITY_ROUNDS      3

/* What verdicts are read from: README.md, fact 27. It is never lost to masking. */
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
  /* What tells that BGS is away for everybody. */
  "The Tuxedo service is down",
  "System error with BGS",
  "WssVerification Exception - Security Verification Exception",
  NULL,
};

/* By what BGS is known to refuse (recorded, or in the lists of public clients), beside what
 * decides. Each tells of a check, or of a statement that the database has undone. */
static const char *const refusals[] = {
  "ORA-01400", "ORA-01407", "NumberFormatException",         "CEST11",
  "TUX-20306", "TUX-20308", "TuxedoServiceFoundButWrongApp", "Logon ID",
  NULL,
};

/* Whoever waited too long does not know what became of it. */
static const char *const time_outs[] = {
  "timed out", "time out", "timeout", "time-out", "tpetime", NULL,
};

static const char *const dashes = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212";
static const char *const apostrophes = "\u2018\u2019\u02bc\u02b9\u2032`\u00b4";

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

/* Invisible characters and other people's dashes and apostrophes could stand inside a number or a
 * name. */
static char *
drop_tricks (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (; *text; text = g_utf8_next_char (text)) {
    gunichar character = g_utf8_get_char (text);

    if (g_unichar_type (character) == G_UNICODE_FORMAT)
      continue;
    if (g_utf8_strchr (dashes, -1, character))
      character = '-';
    else if (g_utf8_strchr (apostrophes, -1, character))
      character = '\'';
    g_string_append_unichar (plain, character);
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
  g_autofree char *folded_text = g_utf8_casefold (text, -1);
  GString *masked = NULL;
  gunichar before = ' ';
  glong chars = g_utf8_strlen (value, -1);

  if (!strstr (folded_text, folded_value)) /* as nearly always, and there are hundreds of values */
    return g_strdup (text);
  masked = g_string_new (NULL);

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

/* The words of faults: those that are known, and the ones that programs use in such texts, with the
 * syllables of their names for things, BGS's columns among them; in lower case, sorted. Of a text
 * that nobody has seen before these stay and nothing else, for anything else may be somebody's
 * name. */
static const char *const vocabulary[] = {
  /* clang-format off */
  "a", "abort", "aborted", "about", "above", "abtmnt", "accept", "accepted", "access", "account",
  "acknowledge", "acknowledgement", "acrdtd", "active", "actual", "additional", "address",
  "addresses", "addrs", "administrator", "agency", "agent", "all", "allow", "allowed", "already",
  "amt", "an", "and", "annty", "any", "apache", "api", "app", "applcn", "application", "are",
  "area", "argument", "around", "as", "assertion", "asset", "associated", "async", "at",
  "atchms", "atnded", "atndng", "attempt", "attempts", "attntn", "attorney", "attribute",
  "authentication", "authorization", "authorized", "available", "award", "away", "back",
  "backend", "bad", "balancer", "bank", "batch", "be", "bean", "because", "been", "before",
  "begin", "being", "below", "beneath", "beneficiary", "benefit", "bep", "bepprod", "bgs", "bid",
  "bifida", "birth", "bnft", "body", "bond", "boolean", "both", "bound", "broken", "brthdy",
  "buffer", "busns", "busy", "but", "by", "bypass", "bytes", "cache", "cadd", "call", "called",
  "caller", "cancelled", "cannot", "case", "categy", "cause", "caused", "cd", "certificate",
  "cest", "change", "changed", "channel", "character", "characters", "check", "child", "city",
  "claim", "claimant", "claimants", "claims", "class", "client", "clm", "clmant", "close",
  "closed", "closing", "cmptny", "cnt", "cntnus", "cntry", "code", "column", "com", "comm",
  "commit", "communication", "comp", "complete", "completed", "condition", "configuration",
  "configured", "connect", "connected", "connecting", "connection", "constraint", "contact",
  "contains", "content", "contention", "context", "conversion", "convert", "converted", "corp",
  "corporate", "corpprod", "corrupt", "could", "couldn", "count", "country", "county", "course",
  "creatd", "create", "created", "creating", "curnt", "current", "cursor", "custdn", "data",
  "database", "datasource", "date", "day", "days", "ddeft", "deadline", "deadlock", "death",
  "decn", "decode", "default", "delete", "deleted", "denied", "dep", "dependency", "dependent",
  "dependents", "deployed", "depncy", "desc", "description", "descriptor", "detail", "detected",
  "diagnostic", "did", "different", "digit", "digits", "directory", "disabled", "discharge",
  "disk", "dispatch", "dispatcher", "disposition", "division", "dngrs", "do", "doc", "document",
  "does", "doesn", "down", "driver", "dsabld", "dschrg", "dt", "dto", "due", "dup", "duplicate",
  "duplicates", "during", "each", "eclipselink", "edu", "efctv", "eft", "ejb", "element",
  "elements", "elevated", "else", "email", "emp", "emplmt", "emplyr", "empty", "encountered",
  "end", "ended", "endpoint", "endpoints", "engine", "enough", "enrlmt", "entity", "entlmt",
  "envelope", "eof", "ep", "eps", "error", "escalated", "estate", "ethnic", "event", "ever",
  "exceed", "exceeded", "exceeds", "exception", "exceptions", "execute", "executed", "execution",
  "exist", "existing", "exists", "expctd", "expected", "expecting", "expiration", "expired",
  "external", "extra", "fa", "failed", "failover", "failure", "family", "fatal", "fault",
  "fetch", "fid", "fiduciary", "field", "fields", "file", "filter", "find", "finished", "first",
  "five", "fk", "flash", "fms", "folder", "for", "forbidden", "foreign", "forgn", "form",
  "format", "found", "four", "framework", "fraud", "frgn", "from", "full", "function", "future",
  "gateway", "gender", "general", "generated", "get", "given", "gone", "gov", "govt", "gradtn",
  "group", "guie", "gulf", "had", "handle", "handled", "handler", "handshake", "has", "have",
  "header", "headers", "heap", "held", "here", "hlthcr", "hndcap", "homeless", "host", "hour",
  "hours", "http", "https", "id", "identifier", "idfctn", "if", "ignored", "illegal", "impl",
  "implementation", "in", "inactive", "incident", "income", "incomplete", "incorrect",
  "increment", "ind", "indicator", "inner", "input", "insert", "inserted", "instance", "instead",
  "instn", "insufficient", "intake", "integer", "integrity", "interface", "internal",
  "interrupted", "into", "invalid", "invocation", "invoke", "io", "is", "isn", "issue", "it",
  "its", "jar", "java", "javax", "jaxb", "jaxws", "jdbc", "jms", "jndi", "jpa", "jrn", "jrsdtn",
  "json", "jta", "key", "keys", "known", "lang", "large", "larger", "last", "later", "layer",
  "lctn", "least", "legacy", "length", "less", "letter", "level", "lgy", "lib", "library",
  "limit", "limited", "line", "list", "listener", "lives", "load", "local", "location", "lock",
  "locked", "logged", "login", "logon", "long", "lookup", "machine", "mail", "maintenance",
  "malformed", "many", "mapd", "mapping", "marage", "maried", "married", "martl", "mask",
  "match", "matched", "matches", "maximum", "mediator", "memory", "message", "metadata",
  "method", "middle", "military", "minimum", "minutes", "misc", "mismatch", "missing", "mlty",
  "mode", "modifd", "modifier", "module", "monitor", "months", "more", "mthd", "mthly",
  "multiple", "must", "name", "namespace", "native", "nbr", "nested", "net", "network", "never",
  "new", "next", "night", "nil", "nm", "nn", "no", "node", "non", "none", "normal", "not",
  "note", "notes", "now", "null", "num", "number", "numbers", "numeric", "obj", "object",
  "obsolete", "occurred", "ocptn", "of", "office", "offices", "offset", "ok", "old", "on", "one",
  "ones", "only", "open", "openjpa", "operation", "operations", "optional", "or", "ora",
  "oracle", "order", "org", "other", "out", "outer", "over", "overflow", "own", "owner",
  "package", "paid", "parameter", "parameters", "params", "parent", "parse", "parsed", "parser",
  "parsing", "part", "partial", "participant", "participants", "pass", "password", "payee",
  "paying", "peer", "pending", "per", "permission", "permit", "persistence", "person", "persons",
  "pgm", "phone", "phones", "phrase", "pipe", "pk", "pkdto", "please", "poa", "pointer",
  "policy", "pool", "port", "post", "postal", "potntl", "pow", "power", "prdct", "pre",
  "precision", "prefix", "premature", "prep", "prepared", "prepstmnt", "presnt", "prev",
  "previous", "prevly", "primary", "privileges", "problem", "proc", "procedure", "process",
  "processing", "procs", "product", "program", "proof", "property", "protocol", "proxy", "prpsd",
  "prptnl", "prvdr", "prvnc", "ptcpnt", "query", "queue", "quota", "race", "raised", "ran",
  "range", "rate", "rating", "rcvd", "reached", "read", "reader", "ready", "real", "reason",
  "received", "record", "records", "recursive", "refresh", "refused", "regional", "register",
  "registry", "reject", "rejected", "relatd", "relationship", "relationships", "release",
  "remote", "remove", "removed", "rep", "reply", "report", "reporting", "request", "requests",
  "required", "requires", "reserved", "reset", "resolve", "resource", "resources", "respond",
  "response", "restart", "result", "retry", "return", "returned", "review", "rlnshp", "rlse",
  "rmks", "role", "rollback", "root", "routng", "row", "rows", "rule", "run", "runtime",
  "saving", "sax", "schema", "school", "schools", "scope", "script", "second", "seconds",
  "section", "security", "segment", "select", "send", "sent", "seq", "sequence", "serous",
  "server", "servers", "service", "servlet", "session", "sessns", "set", "several", "shar",
  "share", "shared", "short", "shutdown", "signtr", "site", "six", "size", "skipped", "slttn",
  "small", "so", "soap", "social", "socket", "software", "soj", "some", "something", "source",
  "space", "special", "spina", "spring", "sql", "sqlstate", "srusly", "ssa", "ssn", "stack",
  "stale", "start", "started", "state", "statement", "states", "static", "station", "status",
  "still", "stmt", "stock", "stop", "stoped", "stopped", "store", "stream", "street", "string",
  "structure", "stt", "stub", "student", "students", "studnt", "subjct", "submit", "submitted",
  "submtd", "submtr", "successful", "such", "suffix", "suggested", "sun", "supplied", "support",
  "supported", "suppress", "suspense", "svc", "switch", "syntax", "system", "table", "tables",
  "tablespace", "take", "target", "task", "tax", "tc", "tcp", "temp", "temporarily", "temporary",
  "term", "termnl", "text", "than", "that", "the", "their", "them", "then", "there", "these",
  "they", "this", "thread", "three", "threw", "throttled", "thrown", "throws", "time", "timed",
  "timeout", "timeouts", "timestamp", "tin", "title", "tls", "tn", "to", "token", "too",
  "tpetime", "trace", "traffic", "tran", "transaction", "transport", "tried", "trigger",
  "trmntn", "trnsit", "trsury", "trtry", "try", "tuitn", "tux", "tuxedo", "two", "txt", "typ",
  "type", "types", "uid", "unable", "unauthorized", "unavailable", "under", "understood", "undo",
  "unexpected", "unhandled", "uninitialized", "unique", "unit", "unknown", "unmarshalling",
  "unrecoverable", "unsupported", "until", "up", "update", "updated", "updates", "updating",
  "upstream", "uri", "url", "use", "used", "user", "users", "using", "utc", "util", "va",
  "valid", "validate", "validated", "validation", "value", "values", "vba", "vdc", "vendor",
  "verification", "version", "versions", "vet", "veteran", "violated", "violation", "virtual",
  "vnp", "vonapp", "vrfctn", "wait", "waited", "waiting", "waiver", "war", "warning", "was",
  "web", "weblogic", "went", "were", "what", "when", "where", "which", "while", "wildfly",
  "with", "within", "without", "wk", "worker", "working", "worth", "would", "write", "wrong",
  "wsdl", "wss", "wsse", "wssverification", "xml", "xmlns", "xsd", "xsi", "year", "years", "yet",
  "you", "your", "zero", "zip", "zipcode", "zone",
  /* clang-format on */
};

static int
compare_words (const void *word, const void *entry)
{
  return strcmp (word, *(const char *const *)entry);
}

static gboolean
is_vocabulary (const char *word, gsize length)
{
  g_autofree char *lower = g_utf8_strdown (word, (gssize)length);

  return bsearch (lower, vocabulary, G_N_ELEMENTS (vocabulary), sizeof *vocabulary,
                  compare_words) != NULL;
}

/* Length of the syllable at @at: letters up to a capital behind a small one, or to the last of
 * several capitals where a small letter follows (SQL|Exception), or to what is no letter. */
static gsize
syllable (const char *at, const char *end)
{
  const char *next = at;
  gunichar before = 0;

  while (next < end) {
    gunichar character = g_utf8_get_char (next);
    const char *after = g_utf8_next_char (next);

    if (!g_unichar_isalpha (character))
      break;
    if (g_unichar_isupper (character) &&
        (g_unichar_islower (before) || (g_unichar_isupper (before) && after < end &&
                                        g_unichar_islower (g_utf8_get_char (after)))))
      break;
    before = character;
    next = after;
  }
  return (gsize)(next - at);
}

/* A word of the vocabulary, or one that is made of such words alone, or a number. */
static gboolean
is_known (const char *word, gsize length)
{
  const char *end = word + length;

  if (is_vocabulary (word, length))
    return TRUE;
  for (const char *at = word; at < end; at = g_utf8_next_char (at)) {
    gsize letters = syllable (at, end);

    if (letters == 0)
      continue;
    if (!is_vocabulary (at, letters))
      return FALSE;
    at += letters - 1; /* the last one is a byte: no vocabulary has others */
  }
  return TRUE;
}

static gboolean
is_in_word (gunichar character)
{
  return g_unichar_isalnum (character) || character == '\'' || character == '-';
}

static gsize
word_length (const char *at)
{
  const char *end = at;

  while (*end && is_in_word (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  while (end > at && strchr ("-'", end[-1]))
    end--;
  return (gsize)(end - at);
}

static char *
mask_unknown (const char *text)
{
  GString *masked = g_string_new (NULL);

  while (*text) {
    gsize length = word_length (text);

    if (length == 0) {
      g_string_append_unichar (masked, g_utf8_get_char (text));
      text = g_utf8_next_char (text);
      continue;
    }
    if (is_known (text, length))
      g_string_append_len (masked, text, (gssize)length);
    else
      g_string_append (masked, "…");
    text += length;
  }
  return g_string_free (masked, FALSE);
}

/* Whether a quoted value is known in all its words: then it tells an operator something. */
static gboolean
is_about_things (const char *value)
{
  for (gsize length; *value; value += MAX (length, 1)) {
    length = word_length (value);
    if (!is_known (value, length))
      return FALSE;
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

/* A private value and its longer words, as they are and as BGS is told them (README.md, fact
 * 22). */
static void
mask_private (char **text, const char *value)
{
  g_autofree char *normal = g_utf8_normalize (value, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *plain = drop_tricks (normal ? normal : "");
  g_autofree char *ascii = bgs_ascii (plain);
  const char *const spellings[] = { plain, ascii };

  for (gsize i = 0; i < G_N_ELEMENTS (spellings); i++) {
    g_auto (GStrv) words = g_strsplit_set (spellings[i], WORD_BREAKS, -1);

    if (*spellings[i])
      replace (text, mask_value (*text, spellings[i]));
    for (gsize w = 0; words[w]; w++)
      if (g_utf8_strlen (words[w], -1) >= MIN_PRIVATE_WORD_CHARS &&
          !is_vocabulary (words[w], strlen (words[w])))
        replace (text, mask_value (*text, words[w]));
    if (g_str_equal (plain, ascii))
      return;
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
  replace (&text, mask_unknown (text));
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
