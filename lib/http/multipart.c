/* A delimiter is CRLF, two hyphens and the boundary. It begins with a byte that stands nowhere else
 * in it, so what has been taken for its beginning and is not is simply its own first bytes: they
 * are handed on from there, and no byte is looked at twice. */
#include "http/multipart.h"

#include <string.h>

#include "http/media-type.h"

#define FORM_DATA "multipart/form-data"

typedef enum { PHASE_DATA, PHASE_BEHIND, PHASE_HEAD, PHASE_OVER, PHASE_MALFORMED } Phase;

struct MultipartReader {
  Phase phase;
  char *delimiter;
  gsize delimiter_length, matched;
  gboolean has_begun;  /* the first delimiter has come */
  char behind[2];      /* a delimiter */
  gsize behind_length; /* also of what stands behind the end: its CRLF */
  GString *head;
  MultipartPart part;
  const char *problem;
};

static gboolean
is_boundary (const char *text)
{
  gsize length = text ? strlen (text) : 0;

  if (length == 0 || length > MULTIPART_BOUNDARY_MAX || text[length - 1] == ' ')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && !strchr ("'()+_,-./:=? ", text[i]))
      return FALSE;
  return TRUE;
}

char *
multipart_boundary (const char *content_type)
{
  g_autoptr (GHashTable) parameters = NULL;
  const char *boundary = NULL;

  if (!media_type_is (content_type, FORM_DATA))
    return NULL;
  parameters = media_parameters (content_type + strlen (FORM_DATA));
  boundary = parameters ? g_hash_table_lookup (parameters, "boundary") : NULL;
  return is_boundary (boundary) ? g_strdup (boundary) : NULL;
}

/* --- The reader --- */

static void
part_clear (MultipartPart *part)
{
  g_clear_pointer (&part->name, g_free);
  g_clear_pointer (&part->filename, g_free);
  g_clear_pointer (&part->content_type, g_free);
}

MultipartReader *
multipart_reader_new (const char *boundary)
{
  MultipartReader *reader = g_new0 (MultipartReader, 1);

  reader->delimiter = g_strconcat ("\r\n--", boundary, NULL);
  reader->delimiter_length = strlen (reader->delimiter);
  reader->matched = 2; /* the first one has no CRLF before it */
  reader->head = g_string_new (NULL);
  return reader;
}

void
multipart_reader_free (MultipartReader *reader)
{
  if (!reader)
    return;
  g_free (reader->delimiter);
  g_string_free (reader->head, TRUE);
  part_clear (&reader->part);
  g_free (reader);
}

const MultipartPart *
multipart_reader_part (const MultipartReader *reader)
{
  return &reader->part;
}

const char *
multipart_reader_problem (const MultipartReader *reader)
{
  return reader->problem;
}

static MultipartStep
refuse (MultipartReader *reader, const char *problem)
{
  reader->phase = PHASE_MALFORMED;
  reader->problem = problem;
  return MULTIPART_MALFORMED;
}

static void
use (const char **bytes, gsize *length, gsize count)
{
  *bytes += count;
  *length -= count;
}

/* Data up to a delimiter; or the first delimiter, before which there may be none. */
static MultipartStep
read_data (MultipartReader *reader, const char **bytes, gsize *length, const char **ret_data,
           gsize *ret_length)
{
  if (reader->matched == 0) {
    const char *cr = memchr (*bytes, '\r', *length);
    gsize plain = cr ? (gsize)(cr - *bytes) : *length;

    if (plain > 0) {
      *ret_data = *bytes;
      *ret_length = plain;
      use (bytes, length, plain);
      return MULTIPART_DATA;
    }
  }
  while (*length > 0 && reader->matched < reader->delimiter_length &&
         **bytes == reader->delimiter[reader->matched]) {
    reader->matched++;
    use (bytes, length, 1);
  }
  if (reader->matched == reader->delimiter_length) {
    gboolean ends_part = reader->has_begun;

    reader->matched = reader->behind_length = 0;
    reader->has_begun = TRUE;
    reader->phase = PHASE_BEHIND;
    return ends_part ? MULTIPART_PART_END : MULTIPART_MORE;
  }
  if (*length == 0)
    return MULTIPART_MORE;
  if (!reader->has_begun)
    return refuse (reader, "The body does not begin with its boundary.");
  *ret_data = reader->delimiter;
  *ret_length = reader->matched;
  reader->matched = 0;
  return MULTIPART_DATA;
}

/* CRLF: another part; two hyphens: the end. */
static MultipartStep
read_behind (MultipartReader *reader, const char **bytes, gsize *length)
{
  while (*length > 0 && reader->behind_length < 2) {
    reader->behind[reader->behind_length++] = **bytes;
    use (bytes, length, 1);
  }
  if (reader->behind_length < 2)
    return MULTIPART_MORE;
  reader->behind_length = 0;
  if (memcmp (reader->behind, "--", 2) == 0) {
    reader->phase = PHASE_OVER;
    return MULTIPART_MORE;
  }
  if (memcmp (reader->behind, "\r\n", 2) != 0)
    return refuse (reader, "A boundary is followed by something else than a line's end.");
  g_string_truncate (reader->head, 0);
  reader->phase = PHASE_HEAD;
  return MULTIPART_MORE;
}

/* At most one CRLF. */
static MultipartStep
read_over (MultipartReader *reader, const char **bytes, gsize *length)
{
  while (*length > 0) {
    if (reader->behind_length == 2 || **bytes != "\r\n"[reader->behind_length])
      return refuse (reader, "Something stands behind the last boundary.");
    reader->behind_length++;
    use (bytes, length, 1);
  }
  return MULTIPART_END;
}

/* --- A part's head --- */

/* UTF-8 without control characters but those in @allowed. */
static gboolean
is_clean (const char *text, const char *allowed)
{
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (; *text; text++)
    if (g_ascii_iscntrl (*text) && !strchr (allowed, *text))
      return FALSE;
  return TRUE;
}

static gboolean
is_word (const char *text, gsize max_bytes)
{
  return strlen (text) <= max_bytes && is_clean (text, "");
}

/* Lower-case name -> value, each at most once. @lines: with LF alone between them, and no CR. */
static GHashTable *
read_fields (char **lines)
{
  g_autoptr (GHashTable) fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (gsize i = 0; lines[i]; i++) {
    const char *at = lines[i];
    g_autofree char *name = media_token (&at);
    char *lower = NULL;

    if (!name || *at != ':' || !is_clean (lines[i], "\t"))
      return NULL;
    lower = g_ascii_strdown (name, -1);
    if (g_hash_table_contains (fields, lower)) {
      g_free (lower);
      return NULL;
    }
    g_hash_table_insert (fields, lower, g_strchomp (g_strdup (media_skip_blanks (at + 1))));
  }
  return g_steal_pointer (&fields);
}

static gboolean
read_disposition (MultipartPart *part, const char *disposition)
{
  g_autoptr (GHashTable) parameters = NULL;
  const char *name = NULL, *filename = NULL;

  if (!disposition || g_ascii_strncasecmp (disposition, "form-data", 9) != 0)
    return FALSE;
  parameters = media_parameters (disposition + 9);
  name = parameters ? g_hash_table_lookup (parameters, "name") : NULL;
  filename = parameters ? g_hash_table_lookup (parameters, "filename") : NULL;
  if (!name || !*name || !is_word (name, MULTIPART_NAME_MAX) ||
      (filename && !is_word (filename, MULTIPART_FILENAME_MAX)))
    return FALSE;
  part->name = g_strdup (name);
  part->filename = g_strdup (filename);
  return TRUE;
}

static gboolean
is_plain_encoding (const char *encoding)
{
  return !encoding || g_ascii_strcasecmp (encoding, "binary") == 0 ||
         g_ascii_strcasecmp (encoding, "8bit") == 0 || g_ascii_strcasecmp (encoding, "7bit") == 0;
}

/* @head: without the empty line at its end. */
static MultipartStep
parse_head (MultipartReader *reader)
{
  g_auto (GStrv) lines = NULL;
  g_autoptr (GHashTable) fields = NULL;

  reader->phase = PHASE_DATA;
  part_clear (&reader->part);
  if (memchr (reader->head->str, '\0', reader->head->len))
    return refuse (reader, "A part's head is malformed.");
  lines = g_strsplit (reader->head->str, "\r\n", -1);
  fields = read_fields (lines);
  if (!fields)
    return refuse (reader, "A part's head is malformed.");
  if (!read_disposition (&reader->part, g_hash_table_lookup (fields, "content-disposition")))
    return refuse (reader, "A part has no Content-Disposition of form-data with a name.");
  if (!is_plain_encoding (g_hash_table_lookup (fields, "content-transfer-encoding")))
    return refuse (reader, "A part has a Content-Transfer-Encoding, which nobody reads.");
  reader->part.content_type = g_strdup (g_hash_table_lookup (fields, "content-type"));
  return MULTIPART_PART;
}

/* An empty line, also as the only one. A head may hold any bytes yet. */
static gboolean
ends_head (const GString *head)
{
  static const char end[] = "\r\n\r\n";

  if (head->len == 2)
    return memcmp (head->str, end, 2) == 0;
  return head->len >= 4 && memcmp (head->str + head->len - 4, end, 4) == 0;
}

static MultipartStep
read_head (MultipartReader *reader, const char **bytes, gsize *length)
{
  GString *head = reader->head;

  while (*length > 0) {
    if (head->len == MULTIPART_HEAD_MAX)
      return refuse (reader, "A part's head is too large.");
    g_string_append_c (head, **bytes);
    use (bytes, length, 1);
    if (ends_head (head)) {
      g_string_truncate (head, head->len - MIN (head->len, 4));
      return parse_head (reader);
    }
  }
  return MULTIPART_MORE;
}

MultipartStep
multipart_reader_step (MultipartReader *reader, const char **bytes, gsize *length,
                       const char **ret_data, gsize *ret_length)
{
  MultipartStep step = MULTIPART_MORE;

  do {
    switch (reader->phase) {
    case PHASE_DATA:
      step = read_data (reader, bytes, length, ret_data, ret_length);
      break;
    case PHASE_BEHIND:
      step = read_behind (reader, bytes, length);
      break;
    case PHASE_HEAD:
      step = read_head (reader, bytes, length);
      break;
    case PHASE_OVER:
      return read_over (reader, bytes, length);
    case PHASE_MALFORMED:
      return MULTIPART_MALFORMED;
    }
  } while (step == MULTIPART_MORE && (*length > 0 || reader->phase == PHASE_OVER));
  return step;
}
