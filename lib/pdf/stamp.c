/* Text laid over pages; see stamp.h. */
#include "pdf/stamp.h"

#define DESCENT 2.2 /* of a letter at PEN_SIZE, points */
#define ASCENT  7.5

void
pdf_stamp_place (PdfPen *pen, const PdfStamp *stamp, double width, double height, GArray *marks)
{
  PdfMark mark = {
    pdf_pen_layout (pen, stamp->text, 0, FALSE), 0, stamp->x, stamp->y, PEN_SIZE, { 0 }
  };
  double length = pdf_pen_width (mark.layout, 0);

  mark.x = MAX (0, MIN (mark.x, width - length));
  mark.y = MAX (DESCENT, MIN (mark.y, height - ASCENT));
  g_array_append_val (marks, mark);
}
