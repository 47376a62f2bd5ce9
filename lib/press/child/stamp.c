/* A page's new content is three lines: what was there as one object, then each stamp. See
 * stamp.h. */
#include "press/child/stamp.h"

#include <string.h>

#define NAME_OF_PAGE "/PressPage"

/* --- Stamps as objects --- */

static gboolean
open_stamp (Stamps *stamps, guint i)
{
  PressReport report = { 0 };
  g_autoptr (GHashTable) contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  qpdf_oh page = qpdf_get_page_n (stamps->pdf, i);
  PageBox box;

  if (!page_box_read (stamps->pdf, page, &box))
    return FALSE;
  stamps->widths[i] = box.width;
  stamps->heights[i] = box.height;
  stamps->numbers[i] = page_content_as_object (stamps->pdf, page, &box, contents, &report, 0);
  qpdf_oh_release_all (stamps->pdf);
  return stamps->numbers[i] != 0;
}

gboolean
stamps_open (Stamps *stamps, const Bytes *bytes, const PressPlace *places, guint count)
{
  g_assert (count <= PRESS_MAX_STAMPS);
  stamps->pdf = objects_new ();
  stamps->count = count;
  memcpy (stamps->places, places, count * sizeof *places);
  qpdf_read_memory (stamps->pdf, "stamps", (const char *)bytes->data, bytes->length, NULL);
  if (qpdf_has_error (stamps->pdf) || qpdf_get_num_pages (stamps->pdf) != (int)count)
    return FALSE;
  qpdf_push_inherited_attributes_to_page (stamps->pdf);
  for (guint i = 0; i < count; i++)
    if (!open_stamp (stamps, i))
      return FALSE;
  return !qpdf_has_error (stamps->pdf);
}

void
stamps_close (Stamps *stamps)
{
  if (stamps->pdf)
    qpdf_cleanup (&stamps->pdf);
}

/* Their objects in @pdf, once for all pages. */
static void
bring_stamps (const Stamps *stamps, qpdf_data pdf, int *ret_numbers)
{
  for (guint i = 0; i < stamps->count; i++) {
    qpdf_oh theirs = qpdf_get_object_by_id (stamps->pdf, stamps->numbers[i], 0);
    qpdf_oh ours = qpdf_oh_copy_foreign_object (pdf, stamps->pdf, theirs);

    ret_numbers[i] = qpdf_oh_get_object_id (pdf, ours);
  }
  qpdf_oh_release_all (stamps->pdf);
  qpdf_oh_release_all (pdf);
}

/* --- Pages --- */

/* A name that the page's resources do not have; owned. */
static char *
free_name (qpdf_data pdf, qpdf_oh dictionary, const char *wanted)
{
  char *name = g_strdup (wanted);

  for (guint i = 2; qpdf_oh_has_key (pdf, dictionary, name); i++) {
    g_free (name);
    name = g_strdup_printf ("%s_%u", wanted, i);
  }
  return name;
}

/* Where a page is smaller than the stamp, that becomes smaller; where it would reach out, it moves
 * inside. */
static void
draw_stamp (GString *drawing, const char *name, const Stamps *stamps, guint i, const PageBox *box)
{
  double scale = MIN (1.0, MIN (box->width / stamps->widths[i], box->height / stamps->heights[i]));
  double x = CLAMP (stamps->places[i].x, 0, box->width - scale * stamps->widths[i]);
  double y = CLAMP (stamps->places[i].y, 0, box->height - scale * stamps->heights[i]);
  double m[6];

  page_box_place (box, x, y, scale, m);
  g_string_append_printf (drawing, "q %.5f %.5f %.5f %.5f %.5f %.5f cm %s Do Q\n", m[0], m[1], m[2],
                          m[3], m[4], m[5], name);
}

static void
add_object (qpdf_data pdf, qpdf_oh objects, const char *wanted, int number, char **ret_name)
{
  *ret_name = free_name (pdf, objects, wanted);
  qpdf_oh_replace_key (pdf, objects, *ret_name, qpdf_get_object_by_id (pdf, number, 0));
}

/* The old resources stay beside ours: an appearance without its own takes them from there. */
static void
replace_content (const Stamps *stamps, const int *numbers, qpdf_data pdf, qpdf_oh page,
                 const PageBox *box, int content)
{
  qpdf_oh resources = object_copy_dictionary (pdf, object_get (pdf, page, "/Resources"));
  qpdf_oh objects = object_copy_dictionary (pdf, object_get (pdf, resources, "/XObject"));
  g_autoptr (GString) drawing = g_string_new (NULL);

  if (content != 0) {
    g_autofree char *name = NULL;

    add_object (pdf, objects, NAME_OF_PAGE, content, &name);
    g_string_append_printf (drawing, "q %s Do Q\n", name);
  }
  for (guint i = 0; i < stamps->count; i++) {
    g_autofree char *wanted = g_strdup_printf ("/PressStamp%u", i);
    g_autofree char *name = NULL;

    add_object (pdf, objects, wanted, numbers[i], &name);
    draw_stamp (drawing, name, stamps, i, box);
  }
  qpdf_oh_replace_key (pdf, resources, "/XObject", objects);
  qpdf_oh_replace_key (pdf, page, "/Resources", resources);
  qpdf_oh_replace_key (pdf, page, "/Contents",
                       object_new_stream (pdf, drawing->str, drawing->len, NULL));
}

/* Poppler takes the page for none because of them. */
static void
drop_what_are_no_annotations (qpdf_data pdf, qpdf_oh page)
{
  if (!qpdf_oh_is_array (pdf, object_get (pdf, page, "/Annots")))
    qpdf_oh_remove_key (pdf, page, "/Annots");
}

static gboolean
lay_on_page (const Stamps *stamps, const int *numbers, qpdf_data pdf, GHashTable *contents,
             PressReport *report, guint number)
{
  qpdf_oh page = qpdf_get_page_n (pdf, number - 1);
  PageBox box;
  int content;

  if (!page_box_read (pdf, page, &box))
    return refuse (report, PRESS_UNREADABLE, number);
  content = page_content_as_object (pdf, page, &box, contents, report, number);
  if (report->refusal != PRESS_FINE)
    return FALSE;
  replace_content (stamps, numbers, pdf, page, &box, content);
  page_box_write (pdf, page, &box);
  drop_what_are_no_annotations (pdf, page);
  qpdf_oh_release_all (pdf);
  return objects_are_well (pdf, report, number);
}

gboolean
stamps_lay (const Stamps *stamps, qpdf_data pdf, PressReport *report)
{
  int numbers[PRESS_MAX_STAMPS] = { 0 };
  g_autoptr (GHashTable) contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  bring_stamps (stamps, pdf, numbers);
  for (guint number = 1; number <= report->pages; number++)
    if (!lay_on_page (stamps, numbers, pdf, contents, report, number))
      return FALSE;
  return TRUE;
}
