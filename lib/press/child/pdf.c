/* The story of a PDF, see pdf.h. libqpdf reads, changes and writes it; Poppler, which is what the
 * receiver judges with, has the last word. */
#include "press/child/pdf.h"

#include <poppler.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "press/child/fields.h"
#include "press/child/scripts.h"

#define PAGES_MAX     5000
/* 78 x 101 in, as the page lies in the file and not as it is turned: the receiver's limit. A
 * hundredth of a point is what converting from millimetres costs. */
#define WIDTH_MAX_PT  (78 * 72 + 0.01)
#define HEIGHT_MAX_PT (101 * 72 + 0.01)

static gboolean read_document (qpdf_data pdf, const Bytes *document, PressReport *report);
static gboolean is_paper (qpdf_data pdf, PressReport *report);
static gboolean count_pages (qpdf_data pdf, PressReport *report);
static gboolean measure_pages (qpdf_data pdf, PressReport *report);
static gboolean write_document (qpdf_data pdf, PressReport *report);
static gboolean poppler_agrees (PressReport *report);

gboolean
pdf_press (const Bytes *document, const Stamps *stamps, PressReport *report)
{
  g_auto (qpdf_data) pdf = objects_new ();

  return read_document (pdf, document, report) && is_paper (pdf, report) &&
         count_pages (pdf, report) && measure_pages (pdf, report) && scripts_remove (pdf, report) &&
         fields_are_drawn (pdf, report) && stamps_lay (stamps, pdf, report) &&
         write_document (pdf, report) && poppler_agrees (report);
}

/* An owner password alone keeps nobody from reading: the empty one opens it. */
static gboolean
read_document (qpdf_data pdf, const Bytes *document, PressReport *report)
{
  qpdf_read_memory (pdf, "document", (const char *)document->data, document->length, NULL);
  if (!objects_are_well (pdf, report, 0))
    return FALSE;
  if (qpdf_is_encrypted (pdf))
    report->notes |= PRESS_NOTE_DECRYPTED;
  return TRUE;
}

static gboolean
is_true (qpdf_data pdf, qpdf_oh dictionary, const char *key)
{
  qpdf_oh value = object_get (pdf, dictionary, key);

  return qpdf_oh_is_bool (pdf, value) && qpdf_oh_get_bool_value (pdf, value);
}

/* Of a dynamic form and a portfolio the pages say no more than that another program is needed. */
static gboolean
is_paper (qpdf_data pdf, PressReport *report)
{
  qpdf_oh root = qpdf_get_root (pdf);

  if (!objects_are_well (pdf, report, 0))
    return FALSE;
  if (is_true (pdf, root, "/NeedsRendering"))
    return refuse (report, PRESS_DYNAMIC_FORM, 0);
  if (qpdf_oh_is_dictionary (pdf, object_get (pdf, root, "/Collection")))
    return refuse (report, PRESS_PORTFOLIO, 0);
  return TRUE;
}

/* A branch of the tree that is damaged or cut off is passed over without an error: the document's
 * own count tells that it was there. A leaf that is, is a page that is null. */
static gboolean
count_pages (qpdf_data pdf, PressReport *report)
{
  qpdf_oh tree = object_get (pdf, qpdf_get_root (pdf), "/Pages");
  long long expected = 0;
  int count = 0;

  qpdf_oh_get_value_as_longlong (pdf, object_get (pdf, tree, "/Count"), &expected);
  count = qpdf_get_num_pages (pdf);
  if (!objects_are_well (pdf, report, 0))
    return FALSE;
  if (count == 0)
    return refuse (report, PRESS_NO_PAGES, 0);
  if (count > PAGES_MAX)
    return refuse (report, PRESS_TOO_MANY_PAGES, 0);
  if (count < expected)
    return refuse (report, PRESS_PAGES_MISSING, 0);
  report->pages = (guint32)count;
  return TRUE;
}

static gboolean
measure_pages (qpdf_data pdf, PressReport *report)
{
  qpdf_push_inherited_attributes_to_page (pdf);
  for (guint number = 1; number <= report->pages; number++) {
    PageBox box;
    double width, height;

    if (!qpdf_oh_is_dictionary (pdf, qpdf_get_page_n (pdf, number - 1)))
      return refuse (report, PRESS_PAGES_MISSING, number);
    if (!page_box_read (pdf, qpdf_get_page_n (pdf, number - 1), &box))
      return refuse (report, PRESS_UNREADABLE, number);
    width = box.rotation % 180 == 0 ? box.width : box.height;
    height = box.rotation % 180 == 0 ? box.height : box.width;
    if (width > WIDTH_MAX_PT || height > HEIGHT_MAX_PT)
      return refuse (report, PRESS_PAGE_TOO_LARGE, number);
    qpdf_oh_release_all (pdf);
  }
  return objects_are_well (pdf, report, 0);
}

/* --- Writing --- */

/* qpdf says of everything that it mends that it is damaged. */
static void
note_repairs (qpdf_data pdf, PressReport *report)
{
  while (qpdf_more_warnings (pdf))
    if (qpdf_get_error_code (pdf, qpdf_next_warning (pdf)) == qpdf_e_damaged_pdf)
      report->notes |= PRESS_NOTE_REPAIRED;
}

/* qpdf writes how many objects there are only where that was told before, and without it readers
 * count the document as damaged, itself among them. The number is its own. */
static void
tell_size (qpdf_data pdf)
{
  qpdf_oh trailer = qpdf_get_trailer (pdf);

  if (!qpdf_oh_has_key (pdf, trailer, "/Size"))
    qpdf_oh_replace_key (pdf, trailer, "/Size", qpdf_oh_new_integer (pdf, 1));
}

/* Streams go out as they came in, decrypted. The same document gives the same bytes. */
static gboolean
write_document (qpdf_data pdf, PressReport *report)
{
  tell_size (pdf);
  qpdf_init_write (pdf, NULL); /* to stdout */
  qpdf_set_stream_data_mode (pdf, qpdf_s_preserve);
  qpdf_set_object_stream_mode (pdf, qpdf_o_preserve);
  qpdf_set_preserve_encryption (pdf, QPDF_FALSE);
  qpdf_set_deterministic_ID (pdf, QPDF_TRUE);
  qpdf_set_minimum_pdf_version (pdf, "1.5");
  qpdf_write (pdf);
  note_repairs (pdf, report);
  return objects_are_well (pdf, report, 0) && fflush (stdout) == 0;
}

/* A page that it cannot make anything of is counted all the same. */
static gboolean
has_every_page (PopplerDocument *document, guint pages)
{
  if (poppler_document_get_n_pages (document) != (int)pages)
    return FALSE;
  for (guint i = 0; i < pages; i++) {
    g_autoptr (PopplerPage) page = poppler_document_get_page (document, (int)i);

    if (!page)
      return FALSE;
  }
  return TRUE;
}

static gboolean
poppler_agrees (PressReport *report)
{
  off_t length = lseek (STDOUT_FILENO, 0, SEEK_END);
  gpointer data = length > 0 ? mmap (NULL, (size_t)length, PROT_READ, MAP_SHARED, STDOUT_FILENO, 0)
                             : MAP_FAILED;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PopplerDocument) document = NULL;
  gboolean agrees;

  if (data == MAP_FAILED)
    return refuse (report, PRESS_TOO_COMPLEX, 0);
  bytes = g_bytes_new_static (data, (gsize)length);
  document = poppler_document_new_from_bytes (bytes, NULL, NULL);
  agrees = document && has_every_page (document, report->pages);
  g_clear_object (&document);
  munmap (data, (size_t)length);
  return agrees || refuse (report, PRESS_NOT_OPENED, 0);
}
