/* Text in points: shaped, measured, and drawn smaller than it was measured. One user at a time. */
#pragma once

#include <cairo.h>

#include "pdf/fonts.h"
#include "pdf/map.h"

#define PEN_SIZE     10.0 /* what a layout is made at */
#define PEN_SMALLEST 6.0  /* nobody can read less */

typedef struct PdfPen PdfPen;
PdfPen *pdf_pen_new (const PdfFonts *fonts);
void pdf_pen_free (PdfPen *pen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfPen, pdf_pen_free)

/* @text is printable (text.h). One line; or lines as wide as @width points at PEN_SIZE, when it is
 * not 0. Owned. */
PangoLayout *pdf_pen_layout (PdfPen *pen, const char *text, double width, gboolean bold);
/* Points at PEN_SIZE. */
double pdf_pen_width (PangoLayout *layout, guint line);
guint pdf_pen_graphemes (PangoLayout *layout); /* characters as people count them */
/* The first line's characters, each in the middle of @cell points at PEN_SIZE. FALSE, and nothing
 * is changed, when one is wider. */
gboolean pdf_pen_spread (PangoLayout *layout, double cell);

/* A thing on a page. */
typedef struct {
  PangoLayout *layout; /* NULL: a check mark in @box */
  guint line;
  double x, y, size; /* the baseline's left end in points from the lower left; size in points */
  PdfBox box;        /* with a layout: is made white first, unless its width is 0 */
} PdfMark;
void pdf_mark_clear (gpointer mark);
/* In the order in which they were made. */
void pdf_pen_draw (cairo_t *cairo, double page_height, const GArray *marks);
