/* Every widget of every page, see fields.h. Check boxes and radio buttons show the state they are
 * in; for texts Poppler reads what the appearance draws, each on a page of a scratch document, and
 * it is held against the value. */
#include "press/child/fields.h"

#include <poppler.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PARENTS_MAX 50

/* PDF 32000-1, 12.5.3 and 12.7.4 */
#define ANNOTATION_HIDDEN  (1 << 1)
#define ANNOTATION_NO_VIEW (1 << 5)
#define FIELD_PUSH_BUTTON  (1 << 16)
#define FIELD_COMBO        (1 << 17)

/* A text that has to show, and how. */
typedef struct {
  guint page; /* of the document, from 1 */
  char *text;
  gboolean is_list; /* of which others may show too */
} Expected;

typedef struct {
  qpdf_data pdf, scratch;
  PressReport *report;
  GPtrArray *expected; /* of Expected *; one page of scratch each */
  GHashTable *buttons; /* numbers of fields with a state that is on → page, until one shows it */
  GHashTable *shown;   /* numbers of those that do */
} Look;

static void
expected_free (gpointer data)
{
  Expected *expected = data;

  g_free (expected->text);
  g_free (expected);
}

/* --- Fields --- */

/* A field's entry, its own or its nearest ancestor's; @ret_owner: the object that has it. A null
 * object: nobody has. */
static qpdf_oh
inherited (qpdf_data pdf, qpdf_oh field, const char *key, int *ret_owner)
{
  for (guint i = 0; i < PARENTS_MAX && qpdf_oh_is_dictionary (pdf, field); i++) {
    if (qpdf_oh_has_key (pdf, field, key)) {
      if (ret_owner)
        *ret_owner = qpdf_oh_get_object_id (pdf, field);
      return qpdf_oh_get_key (pdf, field, key);
    }
    field = qpdf_oh_get_key (pdf, field, "/Parent");
  }
  return qpdf_oh_new_null (pdf);
}

static gint64
flags_of (qpdf_data pdf, qpdf_oh flags)
{
  return qpdf_oh_is_integer (pdf, flags) ? qpdf_oh_get_int_value (pdf, flags) : 0;
}

static gboolean
is_name (qpdf_data pdf, qpdf_oh object, const char *name)
{
  return qpdf_oh_is_name_and_equals (pdf, object, name);
}

/* The appearance that is displayed, of a widget in @state (NULL: it has none); a null object if
 * there is none. */
static qpdf_oh
appearance_of (qpdf_data pdf, qpdf_oh widget, const char *state)
{
  qpdf_oh normal = object_get (pdf, object_get (pdf, widget, "/AP"), "/N");

  if (state && qpdf_oh_is_dictionary (pdf, normal))
    normal = qpdf_oh_get_key (pdf, normal, state);
  return qpdf_oh_is_stream (pdf, normal) ? normal : qpdf_oh_new_null (pdf);
}

/* --- Check boxes and radio buttons --- */

/* Any operator that paints. A word inside a text may be taken for one; then the text is painted. */
static gboolean
paints (qpdf_data pdf, qpdf_oh stream)
{
  static const char *const painting[] = { "f",  "F",  "f*", "B",  "B*", "b",  "b*", "S", "s",
                                          "Tj", "TJ", "'",  "\"", "Do", "sh", "BI", NULL };
  g_autoptr (GBytes) content = object_content (pdf, stream);
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  gsize length = 0;

  if (!content)
    return FALSE;
  text = g_strndup (g_bytes_get_data (content, NULL), g_bytes_get_size (content));
  length = strlen (text);
  for (gsize i = 0; i < length; i++) /* what ends a word */
    if (strchr ("\t\r\f()<>[]{}/", text[i]))
      text[i] = ' ';
  g_strdelimit (text, "\n", ' ');
  words = g_strsplit (text, " ", -1);
  for (guint i = 0; words[i]; i++)
    if (g_strv_contains (painting, words[i]))
      return TRUE;
  return FALSE;
}

/* One widget of several of a field may be the one that shows its state; the others are off. */
static gboolean
button_is_drawn (Look *look, qpdf_oh widget, guint page)
{
  qpdf_data pdf = look->pdf;
  int owner = 0;
  qpdf_oh value = inherited (pdf, widget, "/V", &owner);
  qpdf_oh normal = object_get (pdf, object_get (pdf, widget, "/AP"), "/N");
  qpdf_oh state = object_get (pdf, widget, "/AS");
  g_autofree char *on = NULL;
  gboolean is_mine;

  if (!qpdf_oh_is_name (pdf, value) || is_name (pdf, value, "/Off"))
    return TRUE;
  on = g_strdup (qpdf_oh_get_name (pdf, value));
  is_mine = qpdf_oh_is_stream (pdf, normal) ||
            (qpdf_oh_is_dictionary (pdf, normal) && qpdf_oh_has_key (pdf, normal, on));
  if (!is_mine) {
    g_hash_table_insert (look->buttons, GINT_TO_POINTER (owner), GUINT_TO_POINTER (page));
    return !qpdf_oh_is_name (pdf, state) || is_name (pdf, state, "/Off");
  }
  g_hash_table_add (look->shown, GINT_TO_POINTER (owner));
  return is_name (pdf, state, on) && paints (pdf, appearance_of (pdf, widget, on));
}

static gboolean
every_button_shows (Look *look)
{
  GHashTableIter each;
  gpointer owner, page;

  g_hash_table_iter_init (&each, look->buttons);
  while (g_hash_table_iter_next (&each, &owner, &page))
    if (!g_hash_table_contains (look->shown, owner))
      return refuse (look->report, PRESS_FIELD_NOT_DRAWN, GPOINTER_TO_UINT (page));
  return TRUE;
}

/* --- Texts --- */

/* Of a text or a stream; anything else has none. */
static void
add_text (qpdf_data pdf, qpdf_oh value, GString *text)
{
  if (qpdf_oh_is_string (pdf, value))
    g_string_append (text, qpdf_oh_get_utf8_value (pdf, value));
  else if (qpdf_oh_is_stream (pdf, value)) {
    g_autoptr (GBytes) bytes = object_content (pdf, value);

    if (bytes)
      g_string_append (text, qpdf_oh_get_utf8_value (pdf, qpdf_oh_new_binary_string (
                                                              pdf, g_bytes_get_data (bytes, NULL),
                                                              g_bytes_get_size (bytes))));
  }
}

/* An option is a text, or a pair of what it is called in data and what is displayed for it. */
static qpdf_oh
displayed_option (qpdf_data pdf, qpdf_oh options, qpdf_oh value)
{
  g_autofree char *wanted = NULL;
  int count = qpdf_oh_is_array (pdf, options) ? qpdf_oh_get_array_n_items (pdf, options) : 0;

  if (!qpdf_oh_is_string (pdf, value))
    return value;
  wanted = g_strdup (qpdf_oh_get_utf8_value (pdf, value));
  for (int i = 0; i < count; i++) {
    qpdf_oh option = qpdf_oh_get_array_item (pdf, options, i);
    qpdf_oh called, displayed;

    if (!qpdf_oh_is_array (pdf, option) || qpdf_oh_get_array_n_items (pdf, option) != 2)
      continue;
    called = qpdf_oh_get_array_item (pdf, option, 0);
    displayed = qpdf_oh_get_array_item (pdf, option, 1);
    if (qpdf_oh_is_string (pdf, called) &&
        g_str_equal (qpdf_oh_get_utf8_value (pdf, called), wanted))
      return displayed;
  }
  return value;
}

/* What the field's value looks like to a reader; owned, may be empty. */
static char *
text_of_value (qpdf_data pdf, qpdf_oh widget)
{
  qpdf_oh value = inherited (pdf, widget, "/V", NULL);
  qpdf_oh options = inherited (pdf, widget, "/Opt", NULL);
  int count = qpdf_oh_is_array (pdf, value) ? qpdf_oh_get_array_n_items (pdf, value) : 0;
  GString *text = g_string_new (NULL);

  if (!qpdf_oh_is_array (pdf, value))
    add_text (pdf, displayed_option (pdf, options, value), text);
  for (int i = 0; i < count; i++)
    add_text (pdf, displayed_option (pdf, options, qpdf_oh_get_array_item (pdf, value, i)), text);
  return g_string_free (text, FALSE);
}

static int
compare_letters (gconstpointer a, gconstpointer b)
{
  gunichar left = *(const gunichar *)a, right = *(const gunichar *)b;

  return (left > right) - (left < right);
}

/* The letters of a text without what is not seen, sorted: how lines are broken, cells set and
 * directions turned is the appearance's business. Owned. */
static GArray *
letters_of (const char *text)
{
  GArray *letters = g_array_new (FALSE, FALSE, sizeof (gunichar));
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *normal = g_utf8_normalize (valid, -1, G_NORMALIZE_ALL_COMPOSE);

  for (const char *at = normal; *at; at = g_utf8_next_char (at)) {
    gunichar letter = g_utf8_get_char (at);

    if (!g_unichar_isspace (letter) && !g_unichar_iscntrl (letter) &&
        g_unichar_type (letter) != G_UNICODE_FORMAT)
      g_array_append_val (letters, letter);
  }
  g_array_sort (letters, compare_letters);
  return letters;
}

static gboolean
holds (const char *drawn_text, const Expected *expected)
{
  g_autoptr (GArray) drawn = letters_of (drawn_text);
  g_autoptr (GArray) wanted = letters_of (expected->text);
  guint found = 0;

  for (guint i = 0; i < drawn->len && found < wanted->len; i++)
    if (g_array_index (drawn, gunichar, i) == g_array_index (wanted, gunichar, found))
      found++;
  return found == wanted->len && (expected->is_list || drawn->len == wanted->len);
}

/* The box that the appearance's matrix makes of its bounds. FALSE: none of a size. */
static gboolean
bounds_of (qpdf_data pdf, qpdf_oh stream, double ret_bounds[4])
{
  qpdf_oh dictionary = qpdf_oh_get_dict (pdf, stream);
  qpdf_oh matrix = qpdf_oh_get_key (pdf, dictionary, "/Matrix");
  double box[4], m[6] = { 1, 0, 0, 1, 0, 0 };

  if (!object_rectangle (pdf, qpdf_oh_get_key (pdf, dictionary, "/BBox"), box))
    return FALSE;
  if (qpdf_oh_is_array (pdf, matrix) && qpdf_oh_get_array_n_items (pdf, matrix) == 6)
    for (int i = 0; i < 6; i++)
      if (!object_number (pdf, qpdf_oh_get_array_item (pdf, matrix, i), &m[i]))
        return FALSE;
  for (guint corner = 0; corner < 4; corner++) {
    double x = box[corner & 1 ? 2 : 0], y = box[corner & 2 ? 3 : 1];
    const double to[2] = { m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5] };

    for (guint i = 0; i < 2; i++) {
      ret_bounds[i] = corner == 0 ? to[i] : MIN (ret_bounds[i], to[i]);
      ret_bounds[i + 2] = corner == 0 ? to[i] : MAX (ret_bounds[i + 2], to[i]);
    }
  }
  return ret_bounds[0] < ret_bounds[2] && ret_bounds[1] < ret_bounds[3];
}

/* A page of the scratch document that shows the appearance and nothing else. */
static gboolean
put_on_scratch (Look *look, qpdf_oh appearance)
{
  qpdf_data scratch = look->scratch;
  g_autofree char *page_text = NULL;
  double bounds[4] = { 0 };
  qpdf_oh page, objects;

  if (!bounds_of (look->pdf, appearance, bounds))
    return FALSE;
  page_text = g_strdup_printf ("<</Type/Page/MediaBox[%.5f %.5f %.5f %.5f]/Resources<<>>>>",
                               bounds[0], bounds[1], bounds[2], bounds[3]);
  page = qpdf_oh_parse (scratch, page_text);
  objects = qpdf_oh_new_dictionary (scratch);
  qpdf_oh_replace_key (scratch, objects, "/Drawn",
                       qpdf_oh_copy_foreign_object (scratch, look->pdf, appearance));
  qpdf_oh_replace_key (scratch, qpdf_oh_get_key (scratch, page, "/Resources"), "/XObject", objects);
  qpdf_oh_replace_key (scratch, page, "/Contents",
                       object_new_stream (scratch, "/Drawn Do", strlen ("/Drawn Do"), NULL));
  qpdf_add_page (scratch, scratch, qpdf_make_indirect_object (scratch, page), QPDF_FALSE);
  qpdf_oh_release_all (scratch);
  return !qpdf_has_error (scratch);
}

/* Only noted here: Poppler reads all at once. */
static gboolean
text_may_be_drawn (Look *look, qpdf_oh widget, guint page, gboolean is_list)
{
  g_autofree char *text = text_of_value (look->pdf, widget);
  g_autoptr (GArray) letters = letters_of (text);
  qpdf_oh appearance = appearance_of (look->pdf, widget, NULL);
  Expected *expected;

  if (letters->len == 0)
    return TRUE;
  if (!qpdf_oh_is_stream (look->pdf, appearance) || !put_on_scratch (look, appearance))
    return FALSE;
  expected = g_new0 (Expected, 1);
  expected->page = page;
  expected->text = g_steal_pointer (&text);
  expected->is_list = is_list;
  g_ptr_array_add (look->expected, expected);
  return TRUE;
}

static gboolean
is_drawn (PopplerDocument *drawings, guint i, const Expected *expected)
{
  g_autoptr (PopplerPage) page = poppler_document_get_page (drawings, (int)i);
  g_autofree char *text = page ? poppler_page_get_text (page) : NULL;

  return text && holds (text, expected);
}

static gboolean
every_text_shows (Look *look)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PopplerDocument) drawings = NULL;

  if (look->expected->len == 0)
    return TRUE;
  qpdf_init_write_memory (look->scratch);
  qpdf_set_stream_data_mode (look->scratch, qpdf_s_preserve);
  qpdf_set_static_ID (look->scratch, QPDF_TRUE);
  qpdf_write (look->scratch);
  if (!objects_are_well (look->scratch, look->report, 0))
    return FALSE;
  bytes =
      g_bytes_new_static (qpdf_get_buffer (look->scratch), qpdf_get_buffer_length (look->scratch));
  drawings = poppler_document_new_from_bytes (bytes, NULL, NULL);
  for (guint i = 0; i < look->expected->len; i++) {
    const Expected *expected = look->expected->pdata[i];

    if (!drawings || !is_drawn (drawings, i, expected))
      return refuse (look->report, PRESS_FIELD_NOT_DRAWN, expected->page);
  }
  return TRUE;
}

/* --- Widgets --- */

static gboolean
widget_is_drawn (Look *look, qpdf_oh widget, guint page)
{
  qpdf_data pdf = look->pdf;
  qpdf_oh kind = inherited (pdf, widget, "/FT", NULL);
  gint64 flags = flags_of (pdf, inherited (pdf, widget, "/Ff", NULL));

  if (flags_of (pdf, object_get (pdf, widget, "/F")) & (ANNOTATION_HIDDEN | ANNOTATION_NO_VIEW))
    return TRUE;
  if (is_name (pdf, kind, "/Btn"))
    return (flags & FIELD_PUSH_BUTTON) != 0 || button_is_drawn (look, widget, page);
  if (is_name (pdf, kind, "/Tx"))
    return text_may_be_drawn (look, widget, page, FALSE);
  if (is_name (pdf, kind, "/Ch"))
    return text_may_be_drawn (look, widget, page, (flags & FIELD_COMBO) == 0);
  return TRUE;
}

static gboolean
page_is_drawn (Look *look, guint page, gboolean are_appearances_old)
{
  qpdf_data pdf = look->pdf;
  qpdf_oh annotations = object_get (pdf, qpdf_get_page_n (pdf, page - 1), "/Annots");
  int count =
      qpdf_oh_is_array (pdf, annotations) ? qpdf_oh_get_array_n_items (pdf, annotations) : 0;

  for (int i = 0; i < count; i++) {
    qpdf_oh annotation = qpdf_oh_get_array_item (pdf, annotations, i);

    if (object_is_name (pdf, annotation, "/Subtype", "/Widget") &&
        (are_appearances_old || !widget_is_drawn (look, annotation, page)))
      return refuse (look->report, PRESS_FIELD_NOT_DRAWN, page);
  }
  qpdf_oh_release_all (pdf);
  return objects_are_well (pdf, look->report, page);
}

/* The document says itself that its appearances are not up to date. */
static gboolean
needs_appearances (qpdf_data pdf)
{
  qpdf_oh form = object_get (pdf, qpdf_get_root (pdf), "/AcroForm");
  qpdf_oh needs = object_get (pdf, form, "/NeedAppearances");

  return qpdf_oh_is_bool (pdf, needs) && qpdf_oh_get_bool_value (pdf, needs);
}

gboolean
fields_are_drawn (qpdf_data pdf, PressReport *report)
{
  g_auto (qpdf_data) scratch = objects_new ();
  g_autoptr (GPtrArray) expected = g_ptr_array_new_with_free_func (expected_free);
  g_autoptr (GHashTable) buttons = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) shown = g_hash_table_new (NULL, NULL);
  Look look = { pdf, scratch, report, expected, buttons, shown };
  gboolean are_appearances_old = needs_appearances (pdf);

  qpdf_empty_pdf (scratch);
  for (guint page = 1; page <= report->pages; page++)
    if (!page_is_drawn (&look, page, are_appearances_old))
      return FALSE;
  return every_button_shows (&look) && every_text_shows (&look);
}
