/* What of a claim's document is there at all; see content.h. */
#include "claims/content.h"

/* White space of any alphabet, and characters without a width, which arrive by copy and paste. */
static gboolean
is_blank (const char *text)
{
  for (; *text; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);

    if (!g_unichar_isspace (c) && !g_unichar_iszerowidth (c) && !g_unichar_iscntrl (c))
      return FALSE;
  }
  return TRUE;
}

/* The page's own "no" to a question about a place. It says something only of a place that is
 * there. The words are those of claims/answers, which stands on this. */
static gboolean
is_no_of_a_place (const char *key, const json_t *value)
{
  static const char *const no[] = { "false", "no", "n", NULL };
  g_autofree char *said = NULL;

  if (!g_str_equal (key, "outside_usa"))
    return FALSE;
  if (!json_is_string (value))
    return json_is_false (value);
  said = g_ascii_strdown (json_string_value (value), -1);
  return g_strv_contains (no, g_strstrip (said));
}

/* NULL when there is nothing. */
static json_t *
content_at (const json_t *value, guint depth)
{
  json_t *kept = NULL, *inner;
  const char *key;
  gsize i;

  if (!value || json_is_null (value) || depth > CLAIM_DEPTH_MAX)
    return NULL;
  if (json_is_string (value))
    return is_blank (json_string_value (value)) ? NULL : json_copy ((json_t *)value);
  if (json_is_object (value)) {
    kept = json_object ();
    json_object_foreach ((json_t *)value, key, inner)
    {
      json_t *content = content_at (inner, depth + 1);

      if (content)
        json_object_set_new_nocheck (kept, key, content);
    }
    inner = json_object_get (kept, "outside_usa");
    if (inner && is_no_of_a_place ("outside_usa", inner) && !json_object_get (kept, "location"))
      json_object_del (kept, "outside_usa");
    if (json_object_size (kept) > 0)
      return kept;
  } else if (json_is_array (value)) {
    gsize used = 0;

    kept = json_array ();
    json_array_foreach (value, i, inner)
    {
      json_t *content = content_at (inner, depth + 1);

      if (content)
        used = i + 1;
      json_array_append_new (kept, content ? content : json_null ());
    }
    while (json_array_size (kept) > used)
      json_array_remove (kept, json_array_size (kept) - 1);
    if (used > 0)
      return kept;
  } else
    return json_copy ((json_t *)value);
  json_decref (kept);
  return NULL;
}

json_t *
claim_content (const json_t *document)
{
  json_t *content = content_at (document, 0);

  return content || !json_is_object (document) ? content : json_object ();
}

static gboolean
is_nothing (const json_t *value, guint depth)
{
  const json_t *inner;
  const char *key;
  gsize i;

  if (!value || json_is_null (value) || depth > CLAIM_DEPTH_MAX)
    return TRUE;
  if (json_is_string (value))
    return is_blank (json_string_value (value));
  if (json_is_object (value)) {
    json_object_foreach ((json_t *)value, key,
                         inner) if (!is_no_of_a_place (key, inner) &&
                                    !is_nothing (inner, depth + 1)) return FALSE;
    return TRUE;
  }
  if (!json_is_array (value))
    return FALSE;
  json_array_foreach (value, i, inner) if (!is_nothing (inner, depth + 1)) return FALSE;
  return TRUE;
}

gboolean
claim_is_nothing (const json_t *value)
{
  return is_nothing (value, 0);
}
