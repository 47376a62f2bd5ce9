/* Text laid over pages: where and what is the caller's. Source: README.md, rule 7. */
#pragma once

#include "pdf/pen.h"

typedef struct {
  const char *name; /* a form's map may have another place for it */
  const char *text;
  double x, y; /* the baseline's left end, points from the lower left of the page as displayed */
  gboolean first_page_only;
} PdfStamp;

/* On the page of that size, moved inside where it would not be seen whole. @marks: of PdfMark. */
void pdf_stamp_place (PdfPen *pen, const PdfStamp *stamp, double width, double height,
                      GArray *marks);
