/* One form, printed once; see template.h. */
#include "pdf/template.h"

#include <cairo-pdf.h>
#include <malloc.h>
#include <poppler.h>
#include "base/cleanup.h"
#include <string.h>

#include "pdf/error.h"

int
pdf_append (void *bytes, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (bytes, data, length);
  return CAIRO_STATUS_SUCCESS;
}

gboolean
pdf_open_memory (qpdf_data pdf, gconstpointer data, gsize length, GError **error)
{
  qpdf_set_suppress_warnings (pdf, QPDF_TRUE);
  qpdf_silence_errors (pdf);
  if (!(qpdf_read_memory (pdf, "document", data, length, NULL) & QPDF_ERRORS))
    return TRUE;
  g_set_error (error, PDF_ERROR, PDF_ERROR_LIBRARY, "libqpdf cannot read a document: %s",
               qpdf_get_error_full_text (pdf, qpdf_get_error (pdf)));
  return FALSE;
}

void
pdf_template_free (PdfTemplate *form)
{
  if (!form)
    return;
  if (form->printed)
    qpdf_cleanup (&form->printed);
  pdf_map_free (form->map);
  g_clear_pointer (&form->pdf, g_bytes_unref);
  g_free (form->name);
  g_free (form->title);
  g_free (form->language);
  g_clear_pointer (&form->sizes, g_array_unref);
  g_clear_pointer (&form->pages, g_array_unref);
  g_clear_pointer (&form->bytes, g_byte_array_unref);
  g_free (form);
}

/* --- Fields. --- */

/* What the form has and the map does not name goes to @strangers, once. */
static void
read_fields (PdfMap *map, PopplerPage *page, guint number, GPtrArray *strangers)
{
  GList *fields = poppler_page_get_form_field_mapping (page);

  for (GList *at = fields; at; at = at->next) {
    const PopplerFormFieldMapping *found = at->data;
    g_autofree char *name = poppler_form_field_get_name (found->field);
    PdfField *field = name ? g_hash_table_lookup (map->fields, name) : NULL;
    PdfBox box = { number, found->area.x1, found->area.y1, found->area.x2 - found->area.x1,
                   found->area.y2 - found->area.y1 };

    if (field)
      g_array_append_val (field->boxes, box);
    else if (name && !g_ptr_array_find_with_equal_func (strangers, name, g_str_equal, NULL))
      g_ptr_array_add (strangers, g_steal_pointer (&name));
  }
  poppler_page_free_form_field_mapping (fields);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
append_names (GString *text, const char *what, GPtrArray *names)
{
  if (names->len == 0)
    return;
  g_ptr_array_sort (names, compare_names);
  g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", what);
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : " ", (char *)names->pdata[i]);
}

static gboolean
belong_together (const PdfMap *map, GPtrArray *strangers, GError **error)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  GHashTableIter all;
  gpointer value;

  g_hash_table_iter_init (&all, map->fields);
  while (g_hash_table_iter_next (&all, NULL, &value))
    if (((PdfField *)value)->boxes->len == 0)
      g_ptr_array_add (missing, ((PdfField *)value)->name);
  append_names (text, "only the map has the fields", missing);
  append_names (text, "only the form has the fields", strangers);
  if (text->len == 0)
    return TRUE;
  g_set_error_literal (error, PDF_ERROR, PDF_ERROR_TEMPLATE, text->str);
  return FALSE;
}

/* --- Pages. --- */

/* Prints the form into form->bytes: fonts embedded, no form, no script, and the cells that only the
 * fields' appearances draw. */
static gboolean
print_pages (PdfTemplate *form, PopplerDocument *document, GPtrArray *strangers, GError **error)
{
  cairo_surface_t *surface =
      cairo_pdf_surface_create_for_stream ((cairo_write_func_t)pdf_append, form->bytes, 612, 792);
  cairo_t *cairo = cairo_create (surface);
  cairo_status_t status;

  for (int i = 0; i < poppler_document_get_n_pages (document); i++) {
    g_autoptr (PopplerPage) page = poppler_document_get_page (document, i);
    PdfBox size = { (guint)i, 0, 0, 0, 0 };

    poppler_page_get_size (page, &size.width, &size.height);
    g_array_append_val (form->sizes, size);
    read_fields (form->map, page, (guint)i, strangers);
    cairo_pdf_surface_set_size (surface, size.width, size.height);
    poppler_page_render_for_printing_with_options (page, cairo, POPPLER_PRINT_DOCUMENT);
    cairo_show_page (cairo);
  }
  cairo_destroy (cairo);
  cairo_surface_finish (surface);
  status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, PDF_ERROR, PDF_ERROR_LIBRARY, "the form cannot be printed: %s",
               cairo_status_to_string (status));
  return FALSE;
}

/* A printed page's stream becomes a Form XObject by what its dictionary says. */
static qpdf_oh
make_form_object (qpdf_data pdf, qpdf_oh page)
{
  qpdf_oh content = qpdf_oh_get_key (pdf, page, "/Contents");
  qpdf_oh dictionary;

  if (!qpdf_oh_is_stream (pdf, content))
    return 0;
  dictionary = qpdf_oh_get_dict (pdf, content);
  qpdf_oh_replace_key (pdf, dictionary, "/Type", qpdf_oh_new_name (pdf, "/XObject"));
  qpdf_oh_replace_key (pdf, dictionary, "/Subtype", qpdf_oh_new_name (pdf, "/Form"));
  qpdf_oh_replace_key (pdf, dictionary, "/BBox", qpdf_oh_get_key (pdf, page, "/MediaBox"));
  qpdf_oh_replace_key (pdf, dictionary, "/Resources", qpdf_oh_get_key (pdf, page, "/Resources"));
  if (qpdf_oh_has_key (pdf, page, "/Group"))
    qpdf_oh_replace_key (pdf, dictionary, "/Group", qpdf_oh_get_key (pdf, page, "/Group"));
  return content;
}

static gboolean
take_pages (PdfTemplate *form, GError **error)
{
  form->printed = qpdf_init ();
  if (!pdf_open_memory (form->printed, form->bytes->data, form->bytes->len, error))
    return FALSE;
  for (guint i = 0; i < form->sizes->len; i++) {
    qpdf_oh page = make_form_object (form->printed, qpdf_get_page_n (form->printed, i));

    if (!page) {
      g_set_error (error, PDF_ERROR, PDF_ERROR_LIBRARY, "printed page %u has no content", i + 1);
      return FALSE;
    }
    g_array_append_val (form->pages, page);
  }
  return TRUE;
}

/* poppler-glib does not tell the document's language. */
static char *
language_of (GBytes *bytes)
{
  qpdf_data pdf = qpdf_init ();
  char *language = NULL;

  if (pdf_open_memory (pdf, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL)) {
    qpdf_oh root = qpdf_get_root (pdf);

    if (qpdf_oh_has_key (pdf, root, "/Lang"))
      language = g_strdup (qpdf_oh_get_utf8_value (pdf, qpdf_oh_get_key (pdf, root, "/Lang")));
  }
  qpdf_cleanup (&pdf);
  return language;
}

PdfTemplate *
pdf_template_open (const PdfFormFiles *files, GError **error)
{
  g_autoptr (PdfTemplate) form = g_new0 (PdfTemplate, 1);

  form->name = g_strdup (files->name);
  form->pdf = g_bytes_ref (files->pdf);
  form->sizes = g_array_new (FALSE, FALSE, sizeof (PdfBox));
  form->pages = g_array_new (FALSE, FALSE, sizeof (qpdf_oh));
  form->bytes = g_byte_array_new ();
  form->map = pdf_map_read (files->map, error);
  if (form->map)
    return g_steal_pointer (&form);
  g_prefix_error (error, "form %s: ", files->name);
  return NULL;
}

static gboolean
read_and_print (PdfTemplate *form, GError **error)
{
  g_autoptr (GPtrArray) strangers = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PopplerDocument) document = poppler_document_new_from_bytes (form->pdf, NULL, error);

  if (!document)
    return FALSE;
  form->title = poppler_document_get_title (document);
  form->language = language_of (form->pdf);
  return print_pages (form, document, strangers, error) &&
         belong_together (form->map, strangers, error) && take_pages (form, error);
}

/* As it was before it was printed, in part. */
static void
forget_print (PdfTemplate *form)
{
  GHashTableIter all;
  gpointer field;

  if (form->printed)
    qpdf_cleanup (&form->printed);
  g_clear_pointer (&form->title, g_free);
  g_clear_pointer (&form->language, g_free);
  g_array_set_size (form->sizes, 0);
  g_array_set_size (form->pages, 0);
  g_byte_array_set_size (form->bytes, 0);
  g_hash_table_iter_init (&all, form->map->fields);
  while (g_hash_table_iter_next (&all, NULL, &field))
    g_array_set_size (((PdfField *)field)->boxes, 0);
}

gboolean
pdf_template_print (PdfTemplate *form, GError **error)
{
  if (!form->pdf)
    return TRUE;
  if (!read_and_print (form, error)) {
    forget_print (form);
    g_prefix_error (error, "form %s: ", form->name);
    return FALSE;
  }
  g_clear_pointer (&form->pdf, g_bytes_unref);
  /* What Poppler has needed for it is not needed again. */
  (void)malloc_trim (0);
  return TRUE;
}
