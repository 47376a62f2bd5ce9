/* Where each value of a filling comes to stand: in its boxes, or on the addendum with a reference
 * in the box. Source: README.md, rule 4. */
#pragma once

#include "pdf/filling.h"
#include "pdf/pen.h"
#include "pdf/template.h"

/* Returns: of GArray of PdfMark, one for each page of the form and then of the addendum. */
GPtrArray *pdf_place (const PdfTemplate *form, const PdfFilling *filling, const PdfFonts *fonts,
                      PdfPen *pen);
