/* The fonts that papers are written in: ours alone, whatever else a machine has, so that a claim
 * looks the same everywhere. Source: README.md, rule 5. */
#pragma once

#include <glib.h>
#include <pango/pango.h>

typedef struct PdfFonts PdfFonts;
/* Errors: %PDF_ERROR_FONT, with the file that is missing and the Debian package that has it. */
PdfFonts *pdf_fonts_open (GError **error);
void pdf_fonts_free (PdfFonts *fonts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfFonts, pdf_fonts_free)
/* Has any of them a glyph for it? */
gboolean pdf_fonts_have (const PdfFonts *fonts, gunichar c);
/* An own font map, for Pango's belongs to a thread; its user must be one at a time. Owned. */
PangoContext *pdf_fonts_context (const PdfFonts *fonts);
