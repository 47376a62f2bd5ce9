/* What is written into a form and onto its addendum, in the order of the paper. It knows rows by
 * name and nothing of fields, fonts and pages.
 *
 * What the form has no row for, and what does not fit its box, stands on the addendum under its
 * label: below the heading of the section that it was entered in. Source: README.md, rule 4. */
#pragma once

#include <glib.h>

#define PDF_PARTS_MAX 4

typedef enum {
  PDF_ENTRY_SECTION,
  PDF_ENTRY_VALUE,
  PDF_ENTRY_LINES, /* a text over all fields of its row */
  PDF_ENTRY_CHECK,
  PDF_ENTRY_NOTE, /* on the addendum alone; with a row: and a reference in its box */
} PdfEntryKind;

typedef struct {
  PdfEntryKind kind;
  char *row, *label;          /* NULL: none */
  char *text;                 /* as a person reads it */
  char *parts[PDF_PARTS_MAX]; /* what stands in each of the row's fields; all NULL: the text */
} PdfEntry;

typedef struct {
  char *form;           /* "21-674" */
  char *about;          /* whose form it is, at the head of addendum pages */
  gint64 created_at_ms; /* the document's day of creation: the submission */
  GPtrArray *entries;   /* of PdfEntry */
} PdfFilling;

/* All texts are copied. */
PdfFilling *pdf_filling_new (const char *form, const char *about, gint64 created_at_ms);
void pdf_filling_free (PdfFilling *filling);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfFilling, pdf_filling_free)

/* What follows belongs to one person or matter. A section without a line on the addendum is not
 * seen there. */
void pdf_filling_section (PdfFilling *filling, const char *heading);
void pdf_filling_value (PdfFilling *filling, const char *row, const char *label, const char *text);
/* @parts: ends with %NULL; an empty part leaves its field empty. */
void pdf_filling_parts (PdfFilling *filling, const char *row, const char *label, const char *text,
                        const char *const *parts);
void pdf_filling_lines (PdfFilling *filling, const char *row, const char *label, const char *text);
/* A mark in the row's box; where the form has none, the label and @text on the addendum. */
void pdf_filling_check (PdfFilling *filling, const char *row, const char *label, const char *text);
/* @row may be %NULL. */
void pdf_filling_note (PdfFilling *filling, const char *row, const char *label, const char *text);
