/* From bytes to a bounded JSON object; see body.h. */
#include "body.h"

#include <string.h>

#include "claims/key-case.h"

G_DEFINE_QUARK (body_error_quark, body_error)

/* A claim has a few thousand values. Counted before parsing, for each costs some hundred bytes of
 * memory and can be two bytes of text. */
#define MAX_VALUES 100000

typedef char *(*KeyCase) (const char *key);

/* One pass over the text, strings skipped. What is no JSON is left to the parser. */
static gboolean
is_bounded (const char *text, gsize length, guint max_depth, GError **error)
{
  guint depth = 0, values = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++) {
    char c = text[i];

    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = FALSE;
      continue;
    }
    if (c == '"')
      in_string = TRUE;
    else if (c == '{' || c == '[') {
      values++;
      if (++depth > max_depth) {
        g_set_error (error, BODY_ERROR, BODY_ERROR_BOUND,
                     "the body is nested deeper than %u levels", max_depth);
        return FALSE;
      }
    } else if (c == '}' || c == ']')
      depth -= depth > 0;
    else if (c == ',')
      values++;
    if (values > MAX_VALUES) {
      g_set_error (error, BODY_ERROR, BODY_ERROR_BOUND, "the body has more than %d values",
                   MAX_VALUES);
      return FALSE;
    }
  }
  return TRUE;
}

/* The parser's own text quotes what it read; these do not. */
static const char *
reason_of (const json_error_t *problem)
{
  switch (json_error_code (problem)) {
  case json_error_premature_end_of_input:
    return "it ends too early";
  case json_error_end_of_input_expected:
    return "something follows its end";
  case json_error_invalid_utf8:
    return "it is not UTF-8";
  case json_error_null_character:
  case json_error_null_byte_in_key:
    return "it holds a NUL character";
  case json_error_duplicate_key:
    return "an object has a key twice";
  case json_error_numeric_overflow:
    return "a number is too large";
  case json_error_stack_overflow:
    return "it is nested too deeply";
  case json_error_unknown:
  case json_error_out_of_memory:
  case json_error_cannot_open_file:
  case json_error_invalid_argument:
  case json_error_invalid_syntax:
  case json_error_invalid_format:
  case json_error_wrong_type:
  case json_error_null_value:
  case json_error_item_not_found:
  case json_error_index_out_of_range:
    break;
  }
  return "its syntax is wrong";
}

/* What people send by mistake, told by its first bytes: the parser only knows that it is no JSON. */
static const char *
reason_of_beginning (const char *text, gsize length)
{
  static const struct {
    const char *bytes;
    gsize length;
    const char *reason;
  } beginnings[] = {
    { "\xef\xbb\xbf", 3, "it begins with a byte order mark" },
    { "\xff\xfe", 2, "it is UTF-16 or UTF-32, and not UTF-8" },
    { "\xfe\xff", 2, "it is UTF-16 or UTF-32, and not UTF-8" },
    { "{\0", 2, "it is UTF-16 or UTF-32, and not UTF-8" },
    { "\0", 1, "it is UTF-16 or UTF-32, and not UTF-8" },
    { "\x1f\x8b", 2, "it is compressed" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (length >= beginnings[i].length &&
        memcmp (text, beginnings[i].bytes, beginnings[i].length) == 0)
      return beginnings[i].reason;
  return NULL;
}

static gboolean
arrays_are_bounded (const json_t *value, guint max_length)
{
  if (json_is_array (value)) {
    if (json_array_size (value) > max_length)
      return FALSE;
    for (gsize i = 0; i < json_array_size (value); i++)
      if (!arrays_are_bounded (json_array_get (value, i), max_length))
        return FALSE;
  } else if (json_is_object (value)) {
    const char *key;
    json_t *inner;

    json_object_foreach ((json_t *)value, key,
                         inner) if (!arrays_are_bounded (inner, max_length)) return FALSE;
  }
  return TRUE;
}

/* A new document; NULL when two keys of an object become one. */
static json_t *
with_keys (const json_t *value, KeyCase change)
{
  g_autoptr (json_t) copy = NULL;

  if (json_is_array (value)) {
    copy = json_array ();
    for (gsize i = 0; i < json_array_size (value); i++) {
      json_t *inner = with_keys (json_array_get (value, i), change);

      if (!inner || json_array_append_new (copy, inner) != 0)
        return NULL;
    }
  } else if (json_is_object (value)) {
    const char *key;
    json_t *inner;

    copy = json_object ();
    json_object_foreach ((json_t *)value, key, inner)
    {
      g_autofree char *changed = change (key);
      json_t *inner_copy = json_object_get (copy, changed) ? NULL : with_keys (inner, change);

      if (!inner_copy || json_object_set_new (copy, changed, inner_copy) != 0)
        return NULL;
    }
  } else
    return json_incref ((json_t *)value);
  return g_steal_pointer (&copy);
}

json_t *
body_to_camel (const json_t *value)
{
  return with_keys (value, claim_key_to_camel);
}

json_t *
body_parse (GBytes *body, const BodyBounds *bounds, gboolean is_camel, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (body, &length);
  json_error_t problem;
  g_autoptr (json_t) parsed = NULL;

  if (!is_bounded (text, length, bounds->max_depth, error))
    return NULL;
  parsed = json_loadb (text ? text : "", length, JSON_REJECT_DUPLICATES, &problem);
  if (!parsed) {
    const char *beginning = reason_of_beginning (text ? text : "", length);

    g_set_error (error, BODY_ERROR, BODY_ERROR_MALFORMED,
                 "the body is not valid JSON: %s (line %d, column %d)",
                 beginning ? beginning : reason_of (&problem), MAX (problem.line, 1),
                 MAX (problem.column, 0));
    return NULL;
  }
  if (!json_is_object (parsed)) {
    g_set_error_literal (error, BODY_ERROR, BODY_ERROR_MALFORMED, "the body is not a JSON object");
    return NULL;
  }
  if (!arrays_are_bounded (parsed, bounds->max_array_length)) {
    g_set_error (error, BODY_ERROR, BODY_ERROR_BOUND, "an array has more than %u elements",
                 bounds->max_array_length);
    return NULL;
  }
  if (is_camel) {
    json_t *snake = with_keys (parsed, claim_key_to_snake);

    if (!snake)
      g_set_error_literal (error, BODY_ERROR, BODY_ERROR_MALFORMED,
                           "an object has a key twice, in camelCase and in snake_case");
    return snake;
  }
  return g_steal_pointer (&parsed);
}
