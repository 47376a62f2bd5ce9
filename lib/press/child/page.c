/* See page.h. */
#include "press/child/page.h"

#include <math.h>
#include <string.h>

#include "press/child/deflater.h"

#define SIZE_MIN_PT 0.01 /* less is nothing to look at, and is lost in writing numbers down */

/* What readers take for a page that has no MediaBox: Letter. */
static const double no_media[4] = { 0, 0, 612, 792 };

/* --- Boxes --- */

static int
rotation_of (qpdf_data pdf, qpdf_oh page)
{
  double degrees = 0;
  int rotation;

  object_number (pdf, object_get (pdf, page, "/Rotate"), &degrees);
  if (fmod (degrees, 90) != 0)
    return 0;
  rotation = (int)fmod (degrees, 360);
  return (rotation + 360) % 360;
}

/* Owned. */
static char *
rectangle_text (const double corners[4])
{
  return g_strdup_printf ("[%.5f %.5f %.5f %.5f]", corners[0], corners[1], corners[2], corners[3]);
}

/* FALSE: they have nothing in common. */
static gboolean
intersect (const double a[4], const double b[4], double ret_common[4])
{
  const double common[4] = { MAX (a[0], b[0]), MAX (a[1], b[1]), MIN (a[2], b[2]),
                             MIN (a[3], b[3]) };

  if (common[0] >= common[2] || common[1] >= common[3])
    return FALSE;
  memcpy (ret_common, common, sizeof common);
  return TRUE;
}

gboolean
page_box_read (qpdf_data pdf, qpdf_oh page, PageBox *ret_box)
{
  double crop[4], unit = 1, width, height;

  if (!object_rectangle (pdf, object_get (pdf, page, "/MediaBox"), ret_box->media))
    memcpy (ret_box->media, no_media, sizeof no_media);
  if (!object_rectangle (pdf, object_get (pdf, page, "/CropBox"), crop) ||
      !intersect (crop, ret_box->media, ret_box->shown))
    memcpy (ret_box->shown, ret_box->media, sizeof ret_box->media);
  ret_box->rotation = rotation_of (pdf, page);
  ret_box->unit =
      object_number (pdf, object_get (pdf, page, "/UserUnit"), &unit) && unit > 1 ? unit : 1;
  width = (ret_box->shown[2] - ret_box->shown[0]) * ret_box->unit;
  height = (ret_box->shown[3] - ret_box->shown[1]) * ret_box->unit;
  ret_box->width = ret_box->rotation % 180 == 0 ? width : height;
  ret_box->height = ret_box->rotation % 180 == 0 ? height : width;
  return width > SIZE_MIN_PT && height > SIZE_MIN_PT;
}

static void
write_rectangle (qpdf_data pdf, qpdf_oh page, const char *key, const double corners[4])
{
  g_autofree char *text = rectangle_text (corners);

  qpdf_oh_replace_key (pdf, page, key, qpdf_oh_parse (pdf, text));
}

void
page_box_write (qpdf_data pdf, qpdf_oh page, const PageBox *box)
{
  write_rectangle (pdf, page, "/MediaBox", box->media);
  if (qpdf_oh_has_key (pdf, page, "/CropBox"))
    write_rectangle (pdf, page, "/CropBox", box->shown);
  if (qpdf_oh_has_key (pdf, page, "/Rotate"))
    qpdf_oh_replace_key (pdf, page, "/Rotate", qpdf_oh_new_integer (pdf, box->rotation));
  if (box->unit == 1)
    qpdf_oh_remove_key (pdf, page, "/UserUnit");
}

/* Turned clockwise by 90 degrees, the lower right corner of user space is displayed at the lower
 * left, and so on. */
void
page_box_place (const PageBox *box, double x, double y, double scale, double ret_matrix[6])
{
  const double *shown = box->shown;
  const double right = x / box->unit, up = y / box->unit, size = scale / box->unit;
  double matrix[6] = { size, 0, 0, size, shown[0] + right, shown[1] + up };

  switch (box->rotation) {
  case 90:
    matrix[0] = 0, matrix[1] = size, matrix[2] = -size, matrix[3] = 0;
    matrix[4] = shown[2] - up, matrix[5] = shown[1] + right;
    break;
  case 180:
    matrix[0] = -size, matrix[3] = -size;
    matrix[4] = shown[2] - right, matrix[5] = shown[3] - up;
    break;
  case 270:
    matrix[0] = 0, matrix[1] = -size, matrix[2] = size, matrix[3] = 0;
    matrix[4] = shown[0] + up, matrix[5] = shown[3] - right;
    break;
  default:
    break;
  }
  memcpy (ret_matrix, matrix, sizeof matrix);
}

/* --- Content --- */

/* The one stream that is the page's whole content and nothing else yet, such as another page's
 * content as an object; 0: there is none. */
static qpdf_oh
stream_to_take (qpdf_data pdf, qpdf_oh content)
{
  qpdf_oh stream = content;
  qpdf_oh dictionary;

  if (qpdf_oh_is_array (pdf, content)) {
    if (qpdf_oh_get_array_n_items (pdf, content) != 1)
      return 0;
    stream = qpdf_oh_get_array_item (pdf, content, 0);
  }
  if (!qpdf_oh_is_stream (pdf, stream))
    return 0;
  dictionary = qpdf_oh_get_dict (pdf, stream);
  if (qpdf_oh_has_key (pdf, dictionary, "/Type") || qpdf_oh_has_key (pdf, dictionary, "/Subtype"))
    return 0;
  return stream;
}

/* FALSE: it does not decode, or is not there. */
static gboolean
put_content (qpdf_data pdf, qpdf_oh stream, Deflater *deflater)
{
  g_autoptr (GBytes) bytes = object_content (pdf, stream);

  if (!bytes)
    return FALSE;
  deflater_put (deflater, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  deflater_put (deflater, (const guint8 *)"\n", 1);
  return TRUE;
}

/* Several streams are one program: its operators may stand in one and what they take in the one
 * before. Only one of them is plain in memory at a time. */
static qpdf_oh
merged (qpdf_data pdf, qpdf_oh content, PressReport *report, guint number)
{
  Deflater deflater = { .out = NULL };
  gboolean is_list = qpdf_oh_is_array (pdf, content), is_well = TRUE;
  int count = is_list ? qpdf_oh_get_array_n_items (pdf, content) : 1;
  g_autoptr (GByteArray) bytes = NULL;

  if (!deflater_init (&deflater)) {
    refuse (report, PRESS_TOO_COMPLEX, number);
    return 0;
  }
  for (int i = 0; i < count && is_well; i++)
    is_well =
        put_content (pdf, is_list ? qpdf_oh_get_array_item (pdf, content, i) : content, &deflater);
  if (!is_well) {
    deflater_clear (&deflater);
    refuse (report, PRESS_UNREADABLE, number);
    return 0;
  }
  bytes = deflater_finish (&deflater);
  return object_new_stream (pdf, bytes->data, bytes->len, "/FlateDecode");
}

/* Of a page's content they say nothing; of an object they turn, hide or replace it. */
static const char *const only_of_objects[] = { "/Matrix", "/OC", "/Ref", "/Group", "/PS", "/OPI" };

static void
make_object_of (qpdf_data pdf, qpdf_oh stream, qpdf_oh resources, const PageBox *box)
{
  qpdf_oh dictionary = qpdf_oh_get_dict (pdf, stream);
  g_autofree char *bounds = rectangle_text (box->media);

  for (gsize i = 0; i < G_N_ELEMENTS (only_of_objects); i++)
    qpdf_oh_remove_key (pdf, dictionary, only_of_objects[i]);
  qpdf_oh_replace_key (pdf, dictionary, "/Type", qpdf_oh_new_name (pdf, "/XObject"));
  qpdf_oh_replace_key (pdf, dictionary, "/Subtype", qpdf_oh_new_name (pdf, "/Form"));
  qpdf_oh_replace_key (pdf, dictionary, "/BBox", qpdf_oh_parse (pdf, bounds));
  qpdf_oh_replace_key (pdf, dictionary, "/Resources", resources);
}

/* A page without content has no /Contents, or an empty list. A reference to nothing is damage, and
 * no stream can be had of it. */
static gboolean
is_empty (qpdf_data pdf, qpdf_oh content)
{
  return (qpdf_oh_is_null (pdf, content) && !qpdf_oh_is_indirect (pdf, content)) ||
         (qpdf_oh_is_array (pdf, content) && qpdf_oh_get_array_n_items (pdf, content) == 0);
}

int
page_content_as_object (qpdf_data pdf, qpdf_oh page, const PageBox *box, GHashTable *made_before,
                        PressReport *report, guint number)
{
  qpdf_oh content = object_get (pdf, page, "/Contents");
  qpdf_oh resources = object_get (pdf, page, "/Resources");
  g_autofree char *written_content = NULL;
  g_autofree char *key = NULL;
  qpdf_oh stream;
  int made;

  if (is_empty (pdf, content))
    return 0;
  if (!qpdf_oh_is_dictionary (pdf, resources))
    resources = qpdf_oh_new_dictionary (pdf);
  written_content = g_strdup (qpdf_oh_unparse (pdf, content));
  key = g_strdup_printf ("%s %s %g %g %g %g", written_content, qpdf_oh_unparse (pdf, resources),
                         box->media[0], box->media[1], box->media[2], box->media[3]);
  made = GPOINTER_TO_INT (g_hash_table_lookup (made_before, key));
  if (made != 0)
    return made;

  stream = stream_to_take (pdf, content);
  if (stream == 0)
    stream = merged (pdf, content, report, number);
  if (stream == 0)
    return 0;
  make_object_of (pdf, stream, resources, box);
  made = qpdf_oh_get_object_id (pdf, stream);
  g_hash_table_insert (made_before, g_steal_pointer (&key), GINT_TO_POINTER (made));
  return made;
}
