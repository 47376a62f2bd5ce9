/* RFC 2046 and 7578: each delimiter stands at the begin of a line, and the line end before it is
 * its own. */
#include "evidence-simulator/form.h"

#include <string.h>

#define MULTIPART          "multipart/form-data"
#define BOUNDARY_MAX_CHARS 70
#define HEADERS_MAX_BYTES  8192

static void
part_free (gpointer data)
{
  FormPart *part = data;

  g_free (part->name);
  g_free (part->file_name);
  g_free (part->type);
  g_clear_pointer (&part->bytes, g_bytes_unref);
  g_free (part);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FormPart, part_free)

/* From behind the = to the end of the value, which @at is moved to. */
static char *
read_value (const char **at)
{
  GString *value = g_string_new (NULL);

  if (**at != '"') {
    gsize length = strcspn (*at, "; \t");

    g_string_append_len (value, *at, (gssize)length);
    *at += length;
    return g_string_free (value, FALSE);
  }
  for (++*at; **at && **at != '"'; ++*at) {
    if (**at == '\\' && (*at)[1])
      ++*at;
    g_string_append_c (value, **at);
  }
  if (**at)
    ++*at;
  return g_string_free (value, FALSE);
}

/* The parameter @name of "value; a=b; c="d""; NULL: none. */
static char *
parameter_of (const char *header, const char *name)
{
  const char *at = header + strcspn (header, ";");

  while (*at == ';') {
    const char *word = ++at;
    g_autofree char *value = NULL;
    g_autofree char *found = NULL;

    at += strcspn (at, "=;");
    if (*at != '=')
      continue;
    found = g_strndup (word, (gsize)(at - word));
    at++;
    value = read_value (&at);
    if (g_ascii_strcasecmp (g_strstrip (found), name) == 0)
      return g_steal_pointer (&value);
    at += strcspn (at, ";");
  }
  return NULL;
}

static gboolean
is_media_type (const char *header, const char *wanted)
{
  g_autofree char *type = g_strndup (header, strcspn (header, ";"));

  return g_ascii_strcasecmp (g_strstrip (type), wanted) == 0;
}

/* FALSE: a line that is no header, a second disposition, or no name. */
static gboolean
read_headers (const char *text, gsize length, FormPart *part)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\r\n", -1);
  gboolean is_described = FALSE;

  for (gsize i = 0; lines[i]; i++) {
    char *colon = strchr (lines[i], ':');

    if (!colon)
      return FALSE;
    *colon = '\0';
    if (g_ascii_strcasecmp (lines[i], "content-type") == 0) {
      g_free (part->type);
      part->type = g_strdup (g_strstrip (colon + 1));
    } else if (g_ascii_strcasecmp (lines[i], "content-disposition") == 0) {
      if (is_described || !is_media_type (colon + 1, "form-data"))
        return FALSE;
      is_described = TRUE;
      part->name = parameter_of (colon + 1, "name");
      part->file_name = parameter_of (colon + 1, "filename");
    }
  }
  return part->name && *part->name;
}

/* @at: behind a delimiter. Moves it behind the next one. NULL: malformed. */
static FormPart *
read_part (GBytes *body, const char *delimiter, const char **at, const char *end)
{
  g_autoptr (FormPart) part = g_new0 (FormPart, 1);
  const char *begin = g_bytes_get_data (body, NULL);
  const char *headers = *at;
  const char *blank = NULL, *next = NULL;

  while (headers < end && (*headers == ' ' || *headers == '\t'))
    headers++;
  if (end - headers < 2 || memcmp (headers, "\r\n", 2) != 0)
    return NULL;
  headers += 2;
  blank = memmem (headers, MIN ((gsize)(end - headers), HEADERS_MAX_BYTES), "\r\n\r\n", 4);
  if (!blank || !read_headers (headers, (gsize)(blank - headers), part))
    return NULL;
  blank += 4;
  /* An empty part's own line end is the delimiter's, too. */
  next = memmem (blank - 2, (gsize)(end - blank + 2), delimiter, strlen (delimiter));
  if (!next)
    return NULL;
  part->bytes = g_bytes_new_from_bytes (body, (gsize)(blank - begin),
                                        next > blank ? (gsize)(next - blank) : 0);
  *at = next + strlen (delimiter);
  return g_steal_pointer (&part);
}

/* Behind the first delimiter; NULL: there is none. What stands before it means nothing. */
static const char *
find_first (const char *begin, const char *end, const char *delimiter)
{
  const char *line = delimiter + 2;
  const char *found = NULL;

  if ((gsize)(end - begin) >= strlen (line) && memcmp (begin, line, strlen (line)) == 0)
    return begin + strlen (line);
  found = memmem (begin, (gsize)(end - begin), delimiter, strlen (delimiter));
  return found ? found + strlen (delimiter) : NULL;
}

GPtrArray *
form_parse (GBytes *body, const char *content_type)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (part_free);
  g_autofree char *boundary = NULL;
  g_autofree char *delimiter = NULL;
  gsize length = 0;
  const char *begin = g_bytes_get_data (body, &length);
  const char *at = NULL;

  if (!content_type || !is_media_type (content_type, MULTIPART))
    return NULL;
  boundary = parameter_of (content_type, "boundary");
  if (!boundary || !*boundary || strlen (boundary) > BOUNDARY_MAX_CHARS || length == 0)
    return NULL;
  delimiter = g_strconcat ("\r\n--", boundary, NULL);
  at = find_first (begin, begin + length, delimiter);
  while (at && !(begin + length - at >= 2 && memcmp (at, "--", 2) == 0)) {
    FormPart *part = read_part (body, delimiter, &at, begin + length);

    if (!part)
      return NULL;
    g_ptr_array_add (parts, part);
  }
  return at ? g_steal_pointer (&parts) : NULL;
}
