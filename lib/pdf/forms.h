/* Forms filled and stamped, as bytes. Opened once in a process; the first filling of a form prints
 * it, the others take some milliseconds. Source: README.md. */
#pragma once

#include "pdf/filling.h"
#include "pdf/stamp.h"
#include "pdf/template.h"

typedef struct PdfForms PdfForms;

/* Fonts and maps are read; the forms are kept as they are until they are printed.
 * Errors: %PDF_ERROR_TEMPLATE (what is wrong with a map), %PDF_ERROR_FONT. */
PdfForms *pdf_forms_open (const PdfFormFiles *files, guint count, GError **error);
void pdf_forms_free (PdfForms *forms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfForms, pdf_forms_free)
/* Prints all forms that are not printed yet: whoever opens files of somebody's own wants to hear at once
 * what is wrong with them. Errors: those of pdf_template_print (). */
gboolean pdf_forms_print (PdfForms *forms, GError **error);

gboolean pdf_forms_has_row (const PdfForms *forms, const char *form, const char *row);
/* The number that the form gives to a row's question; %NULL when it has none. */
const char *pdf_forms_item (const PdfForms *forms, const char *form, const char *row);
/* Of const char *; the container is owned. */
GPtrArray *pdf_forms_rows (const PdfForms *forms, const char *form);

/**
 * pdf_forms_fill:
 * @filling: its form is one of the opened ones
 * @stamps: on each page, the addendum's too, unless they want the first alone
 *
 * The same arguments give the same bytes. One caller at a time; others wait.
 *
 * Errors: %PDF_ERROR_LIBRARY: nothing that a claim holds makes it fail; for the first one of its form also
 * those of pdf_template_print ().
 * Returns: a PDF: the form, then its addendum.
 */
GBytes *pdf_forms_fill (PdfForms *forms, const PdfFilling *filling, const PdfStamp *stamps,
                        guint stamp_count, GError **error);
/* Letter pages without a form, as an addendum has them: @title and the filling's about at the head of
 * each, its sections and notes below; what else it has is not for them. */
GBytes *pdf_forms_letter (PdfForms *forms, const char *title, const PdfFilling *filling,
                          const PdfStamp *stamps, guint stamp_count, GError **error);
/* One page of that size with the stamps alone, fonts embedded, to be laid over a foreign page.
 * first_page_only is the caller's to look at. */
GBytes *pdf_forms_stamp_page (PdfForms *forms, double width, double height, const PdfStamp *stamps,
                              guint stamp_count, gint64 created_at_ms, GError **error);
