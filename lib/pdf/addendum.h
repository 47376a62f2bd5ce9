/* The pages behind a form: what it has no box for, and what its boxes do not hold. Source:
 * README.md, rule 4. */
#pragma once

#include "pdf/pen.h"

typedef struct PdfAddendum PdfAddendum;
PdfAddendum *pdf_addendum_new (const PdfFonts *fonts);
void pdf_addendum_free (PdfAddendum *addendum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfAddendum, pdf_addendum_free)

/* Seen as soon as a line stands below it. */
void pdf_addendum_section (PdfAddendum *addendum, const char *heading);
/* @item and @label may be %NULL. Returns: the line's number, for a reference in a box. */
guint pdf_addendum_add (PdfAddendum *addendum, const char *item, const char *label,
                        const char *text);
/* Characters that were printed as their numbers; each gets a line at the end. */
GArray *pdf_addendum_odd (PdfAddendum *addendum);
/**
 * pdf_addendum_place:
 * @title, @about: at the head of every page
 * @pages: of GArray of PdfMark; letter pages are added, none when there is no line
 */
void pdf_addendum_place (PdfAddendum *addendum, PdfPen *pen, const char *title, const char *about,
                         GPtrArray *pages);
