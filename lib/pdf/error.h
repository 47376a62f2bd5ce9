#pragma once

#include <glib.h>

#define PDF_ERROR (pdf_error_quark ())
GQuark pdf_error_quark (void);
typedef enum {
  PDF_ERROR_TEMPLATE, /* a form or its map cannot be read, or they do not belong together */
  PDF_ERROR_FONT,     /* one of our fonts is not installed */
  PDF_ERROR_LIBRARY,  /* cairo or libqpdf failed: memory, or a fault of ours */
} PdfError;
