/* The server's own parser; see payload.h. */
#include "intake-simulator/payload.h"

#include <string.h>

#define BASE64_PREFIX "data:multipart/form-data;base64,"
#define ATTACHMENT    "attachment"

/* Bytes that are read line by line. */
typedef struct {
  GBytes *whole;
  const char *begin, *at, *end;
} Lines;

typedef struct {
  const char *text;
  gsize length; /* without the CRLF */
} Line;

static void
part_free (gpointer data)
{
  Part *part = data;

  g_free (part->name);
  g_clear_pointer (&part->bytes, g_bytes_unref);
  g_free (part);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Part, part_free)

/* The last line may lack its end. */
static gboolean
next_line (Lines *lines, Line *ret_line)
{
  const char *crlf = NULL;

  if (lines->at >= lines->end)
    return FALSE;
  crlf = memmem (lines->at, (gsize)(lines->end - lines->at), "\r\n", 2);
  ret_line->text = lines->at;
  ret_line->length = (gsize)((crlf ? crlf : lines->end) - lines->at);
  lines->at = crlf ? crlf + 2 : lines->end;
  return TRUE;
}

static gboolean
line_is (const Line *line, const Line *separator, const char *behind)
{
  return line->length == separator->length + strlen (behind) &&
         memcmp (line->text, separator->text, separator->length) == 0 &&
         memcmp (line->text + separator->length, behind, strlen (behind)) == 0;
}

/* Lower-case name -> value. NULL: the payload ends before they do. */
static GHashTable *
read_headers (Lines *lines)
{
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Line line = { 0 };

  while (next_line (lines, &line)) {
    g_autofree char *text = g_strndup (line.text, line.length);
    char *colon = strchr (text, ':');

    if (line.length == 0)
      return g_steal_pointer (&headers);
    if (colon) {
      *colon = '\0';
      g_hash_table_insert (headers, g_ascii_strdown (g_strstrip (text), -1),
                           g_strdup (g_strstrip (colon + 1)));
    }
  }
  return NULL;
}

/* The parameter name of a Content-Disposition; NULL when there is none, or an empty one. */
static char *
name_in (const char *disposition)
{
  const char *at = disposition ? strchr (disposition, ';') : NULL;

  while (at) {
    const char *value = NULL;
    gboolean is_name;

    for (at++; *at == ' ' || *at == '\t';)
      at++;
    is_name = g_ascii_strncasecmp (at, "name=", 5) == 0;
    value = strchr (at, '=');
    if (value && value[1] == '"') {
      const char *quote = strchr (value + 2, '"');

      if (!quote)
        return NULL;
      if (is_name)
        return quote > value + 2 ? g_strndup (value + 2, (gsize)(quote - value - 2)) : NULL;
      at = quote + 1;
    } else if (is_name) {
      g_autofree char *name = g_strndup (value + 1, strcspn (value + 1, "; \t"));

      return *name ? g_steal_pointer (&name) : NULL;
    }
    at = strchr (at, ';');
  }
  return NULL;
}

static const char *
supported_type (const char *type)
{
  static const char *const types[] = { PAYLOAD_PDF, PAYLOAD_JSON };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (type, types[i]) == 0)
      return types[i];
  return NULL;
}

typedef enum { BODY_UNENDED, BODY_THEN_MORE, BODY_LAST } BodyEnd;

static BodyEnd
read_body (Lines *lines, const Line *separator, GBytes **ret_bytes)
{
  const char *begin = lines->at;
  Line line = { 0 };

  while (next_line (lines, &line)) {
    gboolean is_last = line_is (&line, separator, "--");

    if (!is_last && !line_is (&line, separator, ""))
      continue;
    *ret_bytes = g_bytes_new_from_bytes (lines->whole, (gsize)(begin - lines->begin),
                                         (gsize)(line.text - begin));
    return is_last ? BODY_LAST : BODY_THEN_MORE;
  }
  return BODY_UNENDED;
}

static void
keep_part (GPtrArray *parts, Part *part)
{
  for (guint i = 0; i < parts->len; i++) {
    Part *earlier = g_ptr_array_index (parts, i);

    if (strcmp (earlier->name, part->name) == 0) {
      g_ptr_array_index (parts, i) = part;
      part_free (earlier);
      return;
    }
  }
  g_ptr_array_add (parts, part);
}

static GPtrArray *
parse (GBytes *bytes, char **ret_problem)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (part_free);
  gsize length = 0;
  const char *data = g_bytes_get_data (bytes, &length);
  const char *begin = data ? data : "";
  Lines lines = { .whole = bytes, .begin = begin, .at = begin, .end = begin + length };
  Line separator = { 0 };
  BodyEnd end = next_line (&lines, &separator) ? BODY_THEN_MORE : BODY_UNENDED;

  while (end == BODY_THEN_MORE) {
    g_autoptr (GHashTable) headers = read_headers (&lines);
    g_autoptr (Part) part = g_new0 (Part, 1);
    const char *type = headers ? g_hash_table_lookup (headers, "content-type") : NULL;

    if (!headers)
      break;
    part->name = name_in (g_hash_table_lookup (headers, "content-disposition"));
    if (!part->name) {
      *ret_problem = g_strdup ("Missing part name");
      return NULL;
    }
    if (!type) {
      *ret_problem = g_strdup ("Missing content-type");
      return NULL;
    }
    part->type = supported_type (type);
    if (!part->type) {
      *ret_problem = g_strdup_printf ("Unsupported content-type %s", type);
      return NULL;
    }
    end = read_body (&lines, &separator, &part->bytes);
    if (end != BODY_UNENDED)
      keep_part (parts, g_steal_pointer (&part));
  }
  if (end == BODY_LAST)
    return g_steal_pointer (&parts);
  *ret_problem = g_strdup ("Unexpected end of payload");
  return NULL;
}

gboolean
payload_is_base64 (GBytes *object)
{
  gsize length = 0;
  const char *data = g_bytes_get_data (object, &length);

  return length >= strlen (BASE64_PREFIX) &&
         memcmp (data, BASE64_PREFIX, strlen (BASE64_PREFIX)) == 0;
}

GPtrArray *
payload_parse (GBytes *object, char **ret_problem)
{
  g_autoptr (GBytes) decoded = NULL;
  g_autofree char *text = NULL;
  guchar *bytes = NULL;
  gsize length = 0;
  const char *data = g_bytes_get_data (object, &length);

  if (!payload_is_base64 (object))
    return parse (object, ret_problem);
  text = g_strndup (data + strlen (BASE64_PREFIX), length - strlen (BASE64_PREFIX));
  bytes = g_base64_decode (text, &length);
  decoded = g_bytes_new_take (bytes, length);
  return parse (decoded, ret_problem);
}

gboolean
payload_is_known_part (const char *name)
{
  const char *number = name + strlen (ATTACHMENT);

  if (strcmp (name, "metadata") == 0 || strcmp (name, "content") == 0)
    return TRUE;
  return g_str_has_prefix (name, ATTACHMENT) && *number &&
         strspn (number, "0123456789") == strlen (number);
}

GBytes *
part_as_sent (const Part *part)
{
  gsize length = 0;
  const char *data = g_bytes_get_data (part->bytes, &length);
  gboolean has_end = length >= 2 && memcmp (data + length - 2, "\r\n", 2) == 0;

  return g_bytes_new_from_bytes (part->bytes, 0, has_end ? length - 2 : length);
}
