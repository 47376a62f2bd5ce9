/* How many pages. See count.h. */
#include "pdf/count.h"

#include "pdf/template.h"

gboolean
pdf_count_pages (GBytes *pdf, guint *ret_count, GError **error)
{
  qpdf_data document = qpdf_init ();
  gsize length;
  gconstpointer bytes = g_bytes_get_data (pdf, &length);
  gboolean is_open = pdf_open_memory (document, bytes, length, error);

  if (is_open)
    *ret_count = (guint)qpdf_get_num_pages (document);
  qpdf_cleanup (&document);
  return is_open;
}
