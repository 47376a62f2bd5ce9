/* Strict reading of request heads and chunks; see request-head.h and the room's README. */
#include "http/request-head.h"

#include <string.h>

G_DEFINE_QUARK (request_head_error_quark, request_head_error)

#define CHUNK_SIZE_DIGITS   15 /* of hexadecimal: no sum of lengths overflows */
#define CHUNK_LINE_MAX      256
#define CHUNK_TRAILER_MAX   8192
#define LENGTH_DIGITS       18
#define TOKEN_PUNCTUATION   "!#$%&'*+-.^_`|~"
#define HOST_PUNCTUATION    "-._~%!$&'()*+,;=:[]"
#define AUTHORITY_MAX_CHARS 255

/* --- Where the head ends --- */

HeadScan
request_head_scan (HeadScanner *scanner, const char *bytes, gsize length, gsize *ret_length)
{
  for (gsize i = scanner->at; i < length; scanner->at = ++i) {
    gboolean is_empty = i == scanner->line;

    if (bytes[i] == '\0' || (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')))
      return HEAD_MALFORMED;
    if (bytes[i] != '\r')
      continue;
    if (i + 1 == length)
      return HEAD_PARTIAL; /* looked at again */
    /* An empty line ends the head, but for one before it (RFC 9112 section 2.2). */
    if (bytes[i + 1] != '\n' || (is_empty && i == strlen ("\r\n")))
      return HEAD_MALFORMED;
    if (is_empty && i > 0) {
      *ret_length = i + 2;
      return HEAD_COMPLETE;
    }
    scanner->line = i + 2;
  }
  return HEAD_PARTIAL;
}

/* --- What it says --- */

static gboolean
fail (int status, const char *why, GError **error)
{
  g_set_error_literal (error, REQUEST_HEAD_ERROR, status, why);
  return FALSE;
}

static gboolean
is_token_byte (char byte)
{
  return g_ascii_isalnum (byte) || (byte && strchr (TOKEN_PUNCTUATION, byte));
}

static gboolean
is_token (const char *text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text; text++)
    if (!is_token_byte (*text))
      return FALSE;
  return TRUE;
}

/* Visible characters, blanks and tabs; bytes above ASCII are opaque. */
static gboolean
is_field_value (const char *text)
{
  for (; *text; text++)
    if ((guchar)*text < 0x20 ? *text != '\t' : *text == 0x7f)
      return FALSE;
  return TRUE;
}

/* Decodes in place; FALSE on a broken escape or an escaped control character. */
static gboolean
decode_path (char *path)
{
  char *to = path;

  for (const char *from = path; *from; from++) {
    int byte = (guchar)*from;

    if (*from == '%') {
      if (!g_ascii_isxdigit (from[1]) || !g_ascii_isxdigit (from[2]))
        return FALSE;
      byte = g_ascii_xdigit_value (from[1]) * 16 + g_ascii_xdigit_value (from[2]);
      if (byte < 0x20 || byte == 0x7f)
        return FALSE;
      from += 2;
    }
    *to++ = (char)byte;
  }
  *to = '\0';
  return TRUE;
}

static gboolean
read_target (RequestHead *head, const char *target, GError **error)
{
  const char *question = strchr (target, '?');

  if (strlen (target) > REQUEST_TARGET_MAX)
    return fail (414, "The path is too long.", error);
  for (const char *c = target; *c; c++)
    if (*c <= ' ' || *c >= 0x7f || *c == '#')
      return fail (400, "The path is malformed.", error);
  /* The other forms of a target (a whole URL, a host, an asterisk) are for proxies. */
  if (*target != '/')
    return fail (400, "The path is malformed.", error);
  head->path = g_strndup (target, question ? (gsize)(question - target) : strlen (target));
  head->query = g_strdup (question ? question + 1 : "");
  return decode_path (head->path) || fail (400, "The path is malformed.", error);
}

static gboolean
read_request_line (RequestHead *head, const char *line, gboolean *ret_is_1_0, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);

  if (g_strv_length (words) != 3 || !is_token (words[0]) || strlen (words[0]) > REQUEST_METHOD_MAX)
    return fail (400, "The request line is malformed.", error);
  if (!g_str_equal (words[2], "HTTP/1.1") && !g_str_equal (words[2], "HTTP/1.0"))
    return g_str_has_prefix (words[2], "HTTP/")
               ? fail (505, "The version must be HTTP/1.1.", error)
               : fail (400, "The request line is malformed.", error);
  head->method = g_steal_pointer (&words[0]);
  words[0] = g_strdup (""); /* the vector is freed up to its first NULL */
  *ret_is_1_0 = g_str_equal (words[2], "HTTP/1.0");
  return read_target (head, words[1], error);
}

/* Fields of which a second one would leave open which of them counts. */
static gboolean
is_single (const char *name)
{
  static const char *const single[] = {
    "authorization",   "content-encoding", "content-length",    "expect", "host",
    "idempotency-key", "traceparent",      "transfer-encoding", NULL
  };

  return g_strv_contains (single, name);
}

static gboolean
read_field (RequestHead *head, char *line, GError **error)
{
  char *colon = strchr (line, ':');
  g_autofree char *name = NULL;
  const char *earlier;
  char *value;

  if (*line == ' ' || *line == '\t')
    return fail (400, "A header field is folded.", error);
  if (!colon)
    return fail (400, "A header field has no colon.", error);
  *colon = '\0';
  value = colon + 1;
  if (!is_token (line) || !is_field_value (value))
    return fail (400, "A header field is malformed.", error);
  value = g_strstrip (value); /* it would take a form feed away as well, which is none by now */
  name = g_ascii_strdown (line, -1);
  earlier = g_hash_table_lookup (head->headers, name);
  if (earlier && is_single (name))
    return fail (400, "A header field that may come once comes twice.", error);
  g_hash_table_replace (head->headers, g_steal_pointer (&name),
                        earlier ? g_strconcat (earlier, ", ", value, NULL) : g_strdup (value));
  return TRUE;
}

static gboolean
is_host (const char *host)
{
  gsize length = strlen (host);

  if (length < 1 || length > AUTHORITY_MAX_CHARS)
    return FALSE;
  for (; *host; host++)
    if (!g_ascii_isalnum (*host) && !strchr (HOST_PUNCTUATION, *host))
      return FALSE;
  return TRUE;
}

/* Whether a list such as "keep-alive, Upgrade" names @word. */
static gboolean
lists (const char *value, const char *word)
{
  g_auto (GStrv) words = g_strsplit (value ? value : "", ",", -1);

  for (guint i = 0; words[i]; i++)
    if (g_ascii_strcasecmp (g_strstrip (words[i]), word) == 0)
      return TRUE;
  return FALSE;
}

/* How long the body is, and that there is one answer to it (RFC 9112 section 6). */
static gboolean
read_framing (RequestHead *head, gboolean is_1_0, GError **error)
{
  const char *host = g_hash_table_lookup (head->headers, "host");
  const char *coding = g_hash_table_lookup (head->headers, "transfer-encoding");
  const char *length = g_hash_table_lookup (head->headers, "content-length");
  const char *expect = g_hash_table_lookup (head->headers, "expect");
  const char *connection = g_hash_table_lookup (head->headers, "connection");

  if (!host && !is_1_0)
    return fail (400, "The Host field is missing.", error);
  if (host && !is_host (host))
    return fail (400, "The Host field is malformed.", error);
  if (coding && length)
    return fail (400, "Content-Length and Transfer-Encoding exclude each other.", error);
  if (coding && is_1_0)
    return fail (400, "HTTP/1.0 has no Transfer-Encoding.", error);
  if (coding && g_ascii_strcasecmp (coding, "chunked") != 0)
    return fail (501, "The only Transfer-Encoding understood is chunked.", error);
  if (length) {
    gsize digits = strlen (length);

    if (digits < 1 || digits > LENGTH_DIGITS || strspn (length, "0123456789") != digits)
      return fail (400, "Content-Length is malformed.", error);
    head->length = g_ascii_strtoull (length, NULL, 10);
  }
  head->is_chunked = coding != NULL;
  if (expect && g_ascii_strcasecmp (expect, "100-continue") != 0)
    return fail (417, "The only expectation understood is 100-continue.", error);
  head->expects_continue = expect && !is_1_0;
  head->is_persistent = is_1_0 ? lists (connection, "keep-alive") : !lists (connection, "close");
  return TRUE;
}

RequestHead *
request_head_parse (const char *bytes, gsize length, GError **error)
{
  g_autofree char *text = g_strndup (bytes, length);
  g_auto (GStrv) lines = NULL;
  g_autoptr (RequestHead) head = g_new0 (RequestHead, 1);
  gboolean is_1_0 = FALSE;
  char **line;

  if (strlen (text) != length) {
    fail (400, "The request holds a NUL byte.", error);
    return NULL;
  }
  head->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  lines = g_strsplit (text, "\r\n", REQUEST_HEAD_MAX_FIELDS + 5);
  line = lines;
  if (*line && **line == '\0')
    line++;
  if (!*line || !read_request_line (head, *line, &is_1_0, error)) {
    if (error && !*error)
      fail (400, "The request line is malformed.", error);
    return NULL;
  }
  for (line++; *line && **line; line++) {
    if (line - lines > REQUEST_HEAD_MAX_FIELDS + 1) {
      fail (431, "The request has too many header fields.", error);
      return NULL;
    }
    if (!read_field (head, *line, error))
      return NULL;
  }
  return read_framing (head, is_1_0, error) ? g_steal_pointer (&head) : NULL;
}

void
request_head_free (RequestHead *head)
{
  if (!head)
    return;
  g_clear_pointer (&head->headers, g_hash_table_unref);
  g_free (head->method);
  g_free (head->path);
  g_free (head->query);
  g_free (head);
}

/* --- Chunks --- */

enum {
  SIZE,
  EXTENSION,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER_START,
  TRAILER_NAME,
  TRAILER,
  TRAILER_LF,
  END_LF
};

/* One byte of the framing; FALSE when it cannot stand there. */
static gboolean
read_framing_byte (ChunkReader *reader, char byte)
{
  gboolean is_text = (guchar)byte >= 0x20 ? byte != 0x7f : byte == '\t';

  switch (reader->phase) {
  case SIZE:
    if (g_ascii_isxdigit (byte)) {
      reader->left = reader->left * 16 + (guint64)g_ascii_xdigit_value (byte);
      return ++reader->digits <= CHUNK_SIZE_DIGITS;
    }
    if (reader->digits == 0)
      return FALSE;
    reader->line_bytes = 0;
    reader->phase = byte == '\r' ? SIZE_LF : EXTENSION;
    return byte == '\r' || byte == ';';
  case EXTENSION:
    if (byte == '\r')
      reader->phase = SIZE_LF;
    return byte == '\r' || (is_text && ++reader->line_bytes <= CHUNK_LINE_MAX);
  case SIZE_LF:
    reader->phase = reader->left > 0 ? DATA : TRAILER_START;
    reader->digits = 0;
    return byte == '\n';
  case DATA_CR:
    reader->phase = DATA_LF;
    return byte == '\r';
  case DATA_LF:
    reader->phase = SIZE;
    return byte == '\n';
  case TRAILER_START:
    reader->phase = byte == '\r' ? END_LF : TRAILER_NAME;
    return byte == '\r' || is_token_byte (byte);
  case TRAILER_NAME:
    if (byte == ':')
      reader->phase = TRAILER;
    return (byte == ':' || is_token_byte (byte)) && ++reader->trailer_bytes <= CHUNK_TRAILER_MAX;
  case TRAILER:
    if (byte == '\r')
      reader->phase = TRAILER_LF;
    return byte == '\r' || (is_text && ++reader->trailer_bytes <= CHUNK_TRAILER_MAX);
  case TRAILER_LF:
    reader->phase = TRAILER_START;
    return byte == '\n' && ++reader->trailer_bytes <= CHUNK_TRAILER_MAX;
  default:
    return FALSE;
  }
}

ChunkStep
chunk_reader_step (ChunkReader *reader, const char **bytes, gsize *length, const char **ret_data,
                   gsize *ret_data_length)
{
  while (*length > 0) {
    char byte = **bytes;

    if (reader->phase == DATA) {
      *ret_data = *bytes;
      *ret_data_length = (gsize)MIN (reader->left, (guint64)*length);
      reader->left -= *ret_data_length;
      *bytes += *ret_data_length;
      *length -= *ret_data_length;
      if (reader->left == 0)
        reader->phase = DATA_CR;
      return CHUNK_DATA;
    }
    (*bytes)++;
    (*length)--;
    if (reader->phase == END_LF)
      return byte == '\n' ? CHUNK_END : CHUNK_MALFORMED;
    if (!read_framing_byte (reader, byte))
      return CHUNK_MALFORMED;
  }
  return CHUNK_MORE;
}
