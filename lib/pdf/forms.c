/* Forms filled and stamped; see forms.h. */
#include "pdf/forms.h"

#include <cairo-pdf.h>

#include "pdf/addendum.h"
#include "pdf/error.h"
#include "pdf/place.h"

#define LETTER_WIDTH  612
#define LETTER_HEIGHT 792

struct PdfForms {
  GMutex one_at_a_time;
  PdfFonts *fonts;
  PdfPen *pen;
  GPtrArray *templates; /* of PdfTemplate */
};

void
pdf_forms_free (PdfForms *forms)
{
  if (!forms)
    return;
  g_ptr_array_unref (forms->templates);
  pdf_pen_free (forms->pen);
  pdf_fonts_free (forms->fonts);
  g_mutex_clear (&forms->one_at_a_time);
  g_free (forms);
}

PdfForms *
pdf_forms_open (const PdfFormFiles *files, guint count, GError **error)
{
  g_autoptr (PdfForms) forms = g_new0 (PdfForms, 1);

  g_mutex_init (&forms->one_at_a_time);
  forms->templates = g_ptr_array_new_with_free_func ((GDestroyNotify)pdf_template_free);
  forms->fonts = pdf_fonts_open (error);
  if (!forms->fonts)
    return NULL;
  forms->pen = pdf_pen_new (forms->fonts);
  for (guint i = 0; i < count; i++) {
    PdfTemplate *form = pdf_template_open (&files[i], error);

    if (!form)
      return NULL;
    g_ptr_array_add (forms->templates, form);
  }
  return g_steal_pointer (&forms);
}

gboolean
pdf_forms_print (PdfForms *forms, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&forms->one_at_a_time);

  for (guint i = 0; i < forms->templates->len; i++)
    if (!pdf_template_print (g_ptr_array_index (forms->templates, i), error))
      return FALSE;
  return TRUE;
}

static PdfTemplate *
find (const PdfForms *forms, const char *name)
{
  for (guint i = 0; i < forms->templates->len; i++) {
    PdfTemplate *form = g_ptr_array_index (forms->templates, i);

    if (g_str_equal (form->name, name))
      return form;
  }
  g_error ("no form %s was opened", name);
}

gboolean
pdf_forms_has_row (const PdfForms *forms, const char *form, const char *row)
{
  return pdf_map_row (find (forms, form)->map, row) != NULL;
}

const char *
pdf_forms_item (const PdfForms *forms, const char *form, const char *row)
{
  const PdfRow *found = pdf_map_row (find (forms, form)->map, row);

  return found ? found->item : NULL;
}

GPtrArray *
pdf_forms_rows (const PdfForms *forms, const char *form)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter all;
  gpointer name;

  g_hash_table_iter_init (&all, find (forms, form)->map->rows);
  while (g_hash_table_iter_next (&all, &name, NULL))
    g_ptr_array_add (names, name);
  return names;
}

/* --- What a claim says, alone: text and marks on empty pages. --- */

static void
write_metadata (cairo_surface_t *surface, const char *title, gint64 created_at_ms)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (created_at_ms / 1000);
  g_autofree char *created = g_date_time_format_iso8601 (at);

  if (title)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATE_DATE, created);
}

static void
draw_page (cairo_surface_t *surface, cairo_t *cairo, double width, double height,
           const GArray *marks)
{
  cairo_pdf_surface_set_size (surface, width, height);
  pdf_pen_draw (cairo, height, marks);
  cairo_show_page (cairo);
}

/* @sizes: of PdfBox; pages beyond them are letter pages. */
static GByteArray *
draw_pages (const GPtrArray *pages, const GArray *sizes, const char *title, gint64 created_at_ms,
            GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (
      (cairo_write_func_t)pdf_append, bytes, LETTER_WIDTH, LETTER_HEIGHT);
  cairo_t *cairo = cairo_create (surface);
  cairo_status_t status;

  write_metadata (surface, title, created_at_ms);
  for (guint i = 0; i < pages->len; i++) {
    const PdfBox *size = i < sizes->len ? &g_array_index (sizes, PdfBox, i) : NULL;

    draw_page (surface, cairo, size ? size->width : LETTER_WIDTH,
               size ? size->height : LETTER_HEIGHT, g_ptr_array_index (pages, i));
  }
  status = cairo_status (cairo);
  cairo_destroy (cairo);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return g_steal_pointer (&bytes);
  g_set_error (error, PDF_ERROR, PDF_ERROR_LIBRARY, "cairo cannot draw a page: %s",
               cairo_status_to_string (status));
  return NULL;
}

/* --- The form's pages under them. --- */

static void
lay_under (qpdf_data pdf, qpdf_oh page, qpdf_oh form_page)
{
  static const char draw[] = "q /FormPage Do Q\n";
  qpdf_oh resources = qpdf_oh_get_key (pdf, page, "/Resources");
  qpdf_oh objects = qpdf_oh_has_key (pdf, resources, "/XObject")
                        ? qpdf_oh_get_key (pdf, resources, "/XObject")
                        : qpdf_oh_new_dictionary (pdf);
  qpdf_oh first = qpdf_oh_new_stream (pdf), contents = qpdf_oh_new_array (pdf);

  qpdf_oh_replace_key (pdf, objects, "/FormPage", form_page);
  qpdf_oh_replace_key (pdf, resources, "/XObject", objects);
  qpdf_oh_replace_stream_data (pdf, first, (const guchar *)draw, sizeof draw - 1,
                               qpdf_oh_new_null (pdf), qpdf_oh_new_null (pdf));
  qpdf_oh_append_item (pdf, contents, first);
  qpdf_oh_append_item (pdf, contents, qpdf_oh_get_key (pdf, page, "/Contents"));
  qpdf_oh_replace_key (pdf, page, "/Contents", contents);
}

static void
describe_document (qpdf_data pdf, const char *language)
{
  qpdf_oh root = qpdf_get_root (pdf);

  qpdf_oh_replace_key (pdf, root, "/Lang", qpdf_oh_new_unicode_string (pdf, language));
  qpdf_oh_replace_key (pdf, root, "/ViewerPreferences",
                       qpdf_oh_parse (pdf, "<< /DisplayDocTitle true >>"));
}

/* Streams go through as they are; the id is made of the contents. */
static GBytes *
write_document (qpdf_data pdf, GError **error)
{
  qpdf_init_write_memory (pdf);
  qpdf_set_deterministic_ID (pdf, QPDF_TRUE);
  qpdf_set_stream_data_mode (pdf, qpdf_s_preserve);
  qpdf_set_object_stream_mode (pdf, qpdf_o_disable);
  if (!(qpdf_write (pdf) & QPDF_ERRORS))
    return g_bytes_new (qpdf_get_buffer (pdf), qpdf_get_buffer_length (pdf));
  g_set_error (error, PDF_ERROR, PDF_ERROR_LIBRARY, "libqpdf cannot write a form: %s",
               qpdf_get_error_full_text (pdf, qpdf_get_error (pdf)));
  return NULL;
}

static GBytes *
lay_pages_under (const PdfTemplate *form, GByteArray *values, GError **error)
{
  qpdf_data pdf = qpdf_init ();
  GBytes *document = NULL;

  if (pdf_open_memory (pdf, values->data, values->len, error)) {
    for (guint i = 0; i < form->pages->len; i++)
      lay_under (pdf, qpdf_get_page_n (pdf, i),
                 qpdf_oh_copy_foreign_object (pdf, form->printed,
                                              g_array_index (form->pages, qpdf_oh, i)));
    describe_document (pdf, form->language ? form->language : "en-US");
    document = write_document (pdf, error);
  }
  qpdf_cleanup (&pdf);
  return document;
}

static void
place_stamps (PdfForms *forms, const PdfTemplate *form, GPtrArray *pages, const PdfStamp *stamps,
              guint stamp_count)
{
  for (guint i = 0; i < stamp_count; i++) {
    const PdfPlace *other = pdf_map_stamp (form->map, stamps[i].name);
    PdfStamp stamp = stamps[i];

    if (other) {
      stamp.x = other->x;
      stamp.y = other->y;
    }
    for (guint k = 0; k < pages->len && (k == 0 || !stamp.first_page_only); k++) {
      const PdfBox *size = k < form->sizes->len ? &g_array_index (form->sizes, PdfBox, k) : NULL;

      pdf_stamp_place (forms->pen, &stamp, size ? size->width : LETTER_WIDTH,
                       size ? size->height : LETTER_HEIGHT, g_ptr_array_index (pages, k));
    }
  }
}

GBytes *
pdf_forms_fill (PdfForms *forms, const PdfFilling *filling, const PdfStamp *stamps,
                guint stamp_count, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&forms->one_at_a_time);
  PdfTemplate *form = find (forms, filling->form);
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GByteArray) values = NULL;

  if (!pdf_template_print (form, error))
    return NULL;
  pages = pdf_place (form, filling, forms->fonts, forms->pen);
  place_stamps (forms, form, pages, stamps, stamp_count);
  values = draw_pages (pages, form->sizes, form->title, filling->created_at_ms, error);
  return values ? lay_pages_under (form, values, error) : NULL;
}

static PdfAddendum *
read_letter (const PdfForms *forms, const PdfFilling *filling)
{
  PdfAddendum *letter = pdf_addendum_new (forms->fonts);

  for (guint i = 0; i < filling->entries->len; i++) {
    const PdfEntry *entry = g_ptr_array_index (filling->entries, i);

    if (entry->kind == PDF_ENTRY_SECTION)
      pdf_addendum_section (letter, entry->text);
    else
      (void)pdf_addendum_add (letter, NULL, entry->label, entry->text); /* nothing refers to it */
  }
  return letter;
}

GBytes *
pdf_forms_letter (PdfForms *forms, const char *title, const PdfFilling *filling,
                  const PdfStamp *stamps, guint stamp_count, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&forms->one_at_a_time);
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (PdfBox));
  g_autoptr (PdfAddendum) letter = read_letter (forms, filling);
  g_autoptr (GByteArray) drawn = NULL;

  pdf_addendum_place (letter, forms->pen, title, filling->about, pages);
  for (guint i = 0; i < stamp_count; i++)
    for (guint k = 0; k < pages->len && (k == 0 || !stamps[i].first_page_only); k++)
      pdf_stamp_place (forms->pen, &stamps[i], LETTER_WIDTH, LETTER_HEIGHT,
                       g_ptr_array_index (pages, k));
  drawn = draw_pages (pages, sizes, title, filling->created_at_ms, error);
  return drawn ? g_byte_array_free_to_bytes (g_steal_pointer (&drawn)) : NULL;
}

GBytes *
pdf_forms_stamp_page (PdfForms *forms, double width, double height, const PdfStamp *stamps,
                      guint stamp_count, gint64 created_at_ms, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&forms->one_at_a_time);
  g_autoptr (GPtrArray) pages = g_ptr_array_new ();
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (PdfBox)), marks = NULL;
  g_autoptr (GByteArray) drawn = NULL;
  PdfBox size = { 0, 0, 0, width, height };

  marks = g_array_new (FALSE, FALSE, sizeof (PdfMark));
  g_array_set_clear_func (marks, pdf_mark_clear);
  for (guint i = 0; i < stamp_count; i++)
    pdf_stamp_place (forms->pen, &stamps[i], width, height, marks);
  g_array_append_val (sizes, size);
  g_ptr_array_add (pages, marks);
  drawn = draw_pages (pages, sizes, NULL, created_at_ms, error);
  return drawn ? g_byte_array_free_to_bytes (g_steal_pointer (&drawn)) : NULL;
}
