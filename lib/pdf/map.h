/* The map of a form: which fields a row is written into, and what Poppler does not tell of them.
 *
 *   "rows":   { "spouse.name": { "item": "11A", "fields": ["first", "middle", "last"],
 *                                "again": [["first-2", "middle-2", "last-2"]] } }
 *   "fields": { "first": { "cells": 12, "align": "left" } }     only what is not the rule
 *   "unused": [ fields that nothing is written into ]
 *   "stamps": { "review": [400, 770] }                          where other than everywhere else
 *
 * A field that stands in several places of the form is filled in all of them. Source: README.md,
 * rules 2 and 3. */
#pragma once

#include <glib.h>

typedef struct {
  guint page;  /* from 0 */
  double x, y; /* lower left corner, points from the page's lower left */
  double width, height;
} PdfBox;

typedef enum { PDF_ALIGN_LEFT, PDF_ALIGN_CENTER, PDF_ALIGN_RIGHT } PdfAlign;

typedef struct {
  char *name;
  guint cells; /* 0: none, text is written as a line */
  PdfAlign align;
  GArray *boxes; /* of PdfBox: where the form has it; filled by template.c */
} PdfField;

typedef struct {
  char *name;
  char *item;        /* the question's number on this form; NULL: it has none */
  GPtrArray *fields; /* of PdfField *, borrowed */
  GPtrArray *again;  /* of such arrays: other fields that say the same */
} PdfRow;

typedef struct {
  char *name;
  double x, y;
} PdfPlace;

typedef struct {
  char *title;        /* "VA Form 21-674" */
  GHashTable *rows;   /* name -> PdfRow, owned */
  GHashTable *fields; /* name -> PdfField, owned; the unused ones too */
  GArray *stamps;     /* of PdfPlace */
} PdfMap;

/* @json: the map's file. Errors: %PDF_ERROR_TEMPLATE, with what is wrong with it. */
PdfMap *pdf_map_read (GBytes *json, GError **error);
void pdf_map_free (PdfMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PdfMap, pdf_map_free)
/* %NULL when this form has no such row. */
const PdfRow *pdf_map_row (const PdfMap *map, const char *name);
/* Where this form wants a stamp, else %NULL. */
const PdfPlace *pdf_map_stamp (const PdfMap *map, const char *name);
