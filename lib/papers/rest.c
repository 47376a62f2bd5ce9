/* What of a claim no row has asked for; see rest.h. */
#include "papers/rest.h"

#include <string.h>

#include "claims/content.h"

/* Objects that read better as one line: all keys that they may have, in the order of reading. */
typedef struct {
  const char *keys[9];
  const char *between;
} Shape;

static const Shape shapes[] = {
  { { "first", "middle", "last", "suffix" }, " " },
  { { "street", "street2", "street3", "city", "state", "postal_code", "country" }, ", " },
  { { "name", "size", "confirmation_code" }, ", " },
};

/* Not what somebody has entered, but how the pages and the service keep a form. */
static gboolean
is_of_the_pages (const char *key)
{
  return g_str_has_prefix (key, "view:") || g_str_equal (key, "use_v2") ||
         g_str_equal (key, "days_till_expires");
}

static char *
text_of (const json_t *value)
{
  if (json_is_boolean (value))
    return g_strdup (json_is_true (value) ? "Yes" : "No");
  if (json_is_string (value))
    return g_strdup (json_string_value (value));
  return json_is_number (value) ? json_dumps (value, JSON_ENCODE_ANY | JSON_REAL_PRECISION (15))
                                : NULL;
}

/* "biological_parent_ssn" -> "Biological parent SSN" */
static char *
words_of (const char *key)
{
  static const struct {
    const char *key, *word;
  } special[] = { { "ssn", "SSN" }, { "va", "VA" }, { "dob", "date of birth" }, { "usa", "USA" } };
  g_auto (GStrv) words = g_strsplit (key, "_", -1);
  char *text;

  for (guint i = 0; words[i]; i++)
    for (guint k = 0; k < G_N_ELEMENTS (special); k++)
      if (g_str_equal (words[i], special[k].key)) {
        g_free (words[i]);
        words[i] = g_strdup (special[k].word);
      }
  text = g_strjoinv (" ", words);
  *text = g_ascii_toupper (*text);
  return text;
}

/* NULL: it is not of that shape. */
static char *
in_shape (const json_t *object, const Shape *shape)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; shape->keys[i]; i++) {
    char *text = text_of (json_object_get (object, shape->keys[i]));

    if (text)
      g_ptr_array_add (found, text);
  }
  if (found->len < json_object_size (object))
    return NULL;
  g_ptr_array_add (found, NULL);
  return g_strjoinv (shape->between, (char **)found->pdata);
}

static char *
one_line (const json_t *value)
{
  char *line = text_of (value);

  for (guint i = 0; !line && json_is_object (value) && i < G_N_ELEMENTS (shapes); i++)
    line = in_shape (value, &shapes[i]);
  return line;
}

void
papers_write_rest (PdfFilling *filling, const char *label, const json_t *value)
{
  g_autofree char *line = claim_is_nothing (value) ? NULL : one_line (value);
  const char *key;
  json_t *inner;
  gsize i;

  if (line) {
    pdf_filling_note (filling, NULL, label, line);
    return;
  }
  json_object_foreach ((json_t *)value, key, inner)
  {
    g_autofree char *words = words_of (key);
    g_autofree char *below = label ? g_strconcat (label, ", ", words, NULL) : NULL;

    if (!is_of_the_pages (key))
      papers_write_rest (filling, below ? below : words, inner);
  }
  json_array_foreach (value, i, inner)
  {
    g_autofree char *below =
        g_strdup_printf ("%s%s%" G_GSIZE_FORMAT, label ? label : "", label ? ", " : "", i + 1);

    papers_write_rest (filling, below, inner);
  }
}
