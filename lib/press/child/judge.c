/* From signature to verdict, see judge.h. */
#include "press/child/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "press/child/image.h"
#include "press/child/pdf.h"

/* Where readers of PDF look for its signature. */
#define PDF_SIGNATURE_WITHIN 1024

typedef enum { KIND_UNKNOWN, KIND_PDF, KIND_PNG, KIND_JPEG, KIND_HEIC } Kind;

static gboolean
begins_with (const Bytes *document, gsize at, const char *signature, gsize length)
{
  return document->length >= at + length && memcmp (document->data + at, signature, length) == 0;
}

/* ISO 14496-12: a box "ftyp" and its brand. */
static gboolean
is_heic (const Bytes *document)
{
  static const char *const brands[] = { "heic", "heix", "heim", "heis",
                                        "hevc", "hevx", "mif1", "msf1" };

  if (!begins_with (document, 4, "ftyp", 4))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (brands); i++)
    if (begins_with (document, 8, brands[i], 4))
      return TRUE;
  return FALSE;
}

static Kind
kind_of (const Bytes *document)
{
  if (begins_with (document, 0, "\x89PNG\r\n\x1a\n", 8))
    return KIND_PNG;
  if (begins_with (document, 0, "\xff\xd8\xff", 3))
    return KIND_JPEG;
  if (is_heic (document))
    return KIND_HEIC;
  if (memmem (document->data, MIN (document->length, PDF_SIGNATURE_WITHIN), "%PDF-", 5))
    return KIND_PDF;
  return KIND_UNKNOWN;
}

static gboolean
judge_image (const Bytes *document, const Stamps *stamps, PressReport *report,
             Picture *(*read_picture) (const Bytes *, PressReport *))
{
  g_autoptr (Picture) picture = read_picture (document, report);
  g_autoptr (GByteArray) page = picture ? picture_on_page (picture) : NULL;

  if (!page)
    return FALSE;
  g_clear_pointer (&picture, picture_free);
  if (document->is_mapped)
    madvise ((void *)document->data, document->length, MADV_DONTNEED); /* it is in the page now */
  return pdf_press (&(Bytes){ page->data, page->len }, stamps, report);
}

void
judge_document (const Bytes *document, const Stamps *stamps, PressReport *ret_report)
{
  PressReport report = { .refusal = PRESS_FINE };

  switch (kind_of (document)) {
  case KIND_PDF:
    pdf_press (document, stamps, &report);
    break;
  case KIND_PNG:
    judge_image (document, stamps, &report, picture_of_png);
    break;
  case KIND_JPEG:
    judge_image (document, stamps, &report, picture_of_jpeg);
    break;
  case KIND_HEIC:
    refuse (&report, PRESS_HEIC, 0);
    break;
  case KIND_UNKNOWN:
    refuse (&report, PRESS_NO_DOCUMENT, 0);
    break;
  }
  *ret_report = report;
}

/* --- Before the walls --- */

#define PDF_SAMPLE(field)                                                                          \
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"                                         \
  "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"                                             \
  "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]" field ">>endobj\n"                        \
  "4 0 obj<</Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F<</Type/Font/Subtype/Type1"            \
  "/BaseFont/Helvetica>>>>>>/Length 23>>stream\nBT /F 1 Tf (A) Tj ET   \nendstream endobj\n"       \
  "trailer<</Root 1 0 R/Size 5>>\n%%EOF\n"

typedef struct {
  const char *bytes;
  gsize length;
  PressRefusal expected;
} Sample;

/* A field makes Poppler read a font, and the missing table of references is an exception. The
 * images end early. */
static const Sample samples[] = {
#define SAMPLE(text, expected)                                                                     \
  {                                                                                                \
    text, sizeof (text) - 1, expected                                                              \
  }
  SAMPLE (PDF_SAMPLE ("/Annots[<</Subtype/Widget/FT/Tx/V(A)/AP<</N 4 0 R>>>>]"), PRESS_FINE),
  SAMPLE (PDF_SAMPLE ("/Annots[<</Subtype/Widget/FT/Tx/V(B)/AP<</N 4 0 R>>>>]"),
          PRESS_FIELD_NOT_DRAWN),
  SAMPLE ("%PDF-1.4\n%%EOF\n", PRESS_UNREADABLE),
  SAMPLE ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PRESS_IMAGE_DAMAGED),
  SAMPLE ("\xff\xd8\xff\xe0\0\x10JFIF", PRESS_IMAGE_DAMAGED),
#undef SAMPLE
};

static gboolean
empty_stdout (void)
{
  return fflush (stdout) == 0 && ftruncate (STDOUT_FILENO, 0) == 0 &&
         fseek (stdout, 0, SEEK_SET) == 0;
}

gboolean
judge_warm_up (const Stamps *stamps)
{
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++) {
    const Bytes sample = { (const unsigned char *)samples[i].bytes, samples[i].length };
    PressReport report;

    judge_document (&sample, stamps, &report);
    if (report.refusal != samples[i].expected || !empty_stdout ())
      return FALSE;
  }
  return TRUE;
}
