/* One form, printed once: where its fields lie, and its pages as they look, ready to be laid under
 * what a claim says. Source: README.md, rules 1 to 3. */
#pragma once

#include <qpdf/qpdf-c.h>

#include "pdf/map.h"

/* One form as files. */
typedef struct {
  const char *name; /* "21-674" */
  GBytes *pdf, *map;
} PdfFormFiles;

typedef struct {
  char *name; /* as it was asked for: "21-674" */
  PdfMap *map;
  GBytes *pdf; /* the form as it came; %NULL once it is printed */

  /* Of a form that is printed. */
  char *title, *language; /* of the document */
  GArray *sizes;          /* of PdfBox: each page's width and height */
  qpdf_data printed;      /* kept open: pages are copied out of it */
  GArray *pages;          /* of qpdf_oh: each page as a Form XObject */
  GByteArray *bytes;      /* what @printed reads */
} PdfTemplate;

/* Reads the map alone. Errors: %PDF_ERROR_TEMPLATE. */
PdfTemplate *pdf_template_open (const PdfFormFiles *files, GError **error);
/**
 * pdf_template_print:
 * The first time it reads the form and prints its pages, which takes some 50 ms and 8 MB, most of them
 * code of Poppler's; after that it does nothing. Where it fails it may be tried again.
 *
 * Errors: %PDF_ERROR_TEMPLATE; when form and map do not belong together, it names the fields that
 * only one of them has. %PDF_ERROR_LIBRARY, and Poppler's own.
 */
gboolean pdf_template_print (PdfTemplate *form, GError **error);
void pdf_template_free (PdfTemplate *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfTemplate, pdf_template_free)

/* A cairo_write_func_t that appends to a GByteArray. */
int pdf_append (void *bytes, const unsigned char *data, unsigned int length);
/* Opens what must stay while @pdf is used. Errors: %PDF_ERROR_LIBRARY. */
gboolean pdf_open_memory (qpdf_data pdf, gconstpointer data, gsize length, GError **error);
