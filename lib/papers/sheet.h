/* One form being written from a claim's document.
 *
 * The document is a copy, and what is written is taken out of it: what nobody has taken is left
 * over, and goes to the addendum under its name (rest.h). So nothing that was entered can be
 * forgotten. Source: README.md, rules 1 and 2. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "claims/answers.h"
#include "pdf/forms.h"

typedef struct {
  const PdfForms *forms;
  const char *form; /* "21-686c" or "21-674" */
  PdfFilling *filling;
  GStringChunk *texts; /* what take_text() gives out */
  const char *block;   /* rows are named below it */
  const char *person;  /* whom the last heading names; NULL: nobody */
  GString *remarks;    /* sentences for the form's remarks */
  char *remarks_item;  /* the remarks' number on this form */
} Sheet;

Sheet *sheet_new (const PdfForms *forms, const char *form, const char *about, gint64 created_at_ms);
void sheet_free (Sheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sheet, sheet_free)

/* --- Taking: nothing is taken where @object is %NULL or holds something else than asked for --- */

/* A text or a number, without blanks at its ends; %NULL when there is none. */
const char *sheet_take_text (Sheet *sheet, json_t *object, const char *key);
/* An answer that a table names; what is missing or unknown stays where it is. */
Answer sheet_take_answer (json_t *object, const char *key, Question question);
gboolean sheet_take_yes (json_t *object, const char *key);

/* --- Writing. Rows are named below the block that was begun: "name" is "child.2.name". A row that
 * the form does not have is a line of the addendum. --- */

/* Below the heading stands what has no room: "Child: Ada Okafor", by the full_name of @person,
 * which may be %NULL. */
void sheet_begin (Sheet *sheet, const char *block, const char *who, const json_t *person);
/* The k-th of several, from 0: "Child 2: Ada Okafor". */
void sheet_begin_nth (Sheet *sheet, const char *block, gsize k, const char *who,
                      const json_t *person);
/* Other rows below the same heading. */
void sheet_block (Sheet *sheet, const char *block);
gboolean sheet_has_row (Sheet *sheet, const char *row);
/* "First Middle Last" of a name that stays; %NULL when it is none. Owned. */
char *sheet_full_name (const json_t *name);

void sheet_put (Sheet *sheet, const char *row, const char *label, json_t *object, const char *key);
/* First, initial and last name; a longer middle name is a line of the addendum. */
void sheet_put_name (Sheet *sheet, const char *row, const char *label, json_t *name);
/* In a second place: its middle name was told in the first. */
void sheet_put_name_again (Sheet *sheet, const char *row, const char *label, json_t *name);
void sheet_put_date (Sheet *sheet, const char *row, const char *label, json_t *object,
                     const char *key);
void sheet_put_ssn (Sheet *sheet, const char *row, const char *label, json_t *object,
                    const char *key);
/* The row "ssn" of a person who may have none: it points to the remarks then, which say who and
 * why.
 * @who: "Child" */
void sheet_put_person_ssn (Sheet *sheet, const char *who, json_t *person);
void sheet_put_phone (Sheet *sheet, const char *row, const char *label, json_t *object,
                      const char *key);
/* @label: "Address"; street, unit, city, state, country and zip below @row. */
void sheet_put_address (Sheet *sheet, const char *row, const char *label, json_t *address);
/* City, state and country below @row. @holder has the place under "location", and "outside_usa"
 * beside it. */
void sheet_put_place (Sheet *sheet, const char *row, const char *label, json_t *holder);
/* @boxes: digits of dollars in each box, ends with 0; a box for the cents follows. */
void sheet_put_money (Sheet *sheet, const char *row, const char *label, json_t *object,
                      const char *key, const guint *boxes);
void sheet_put_check (Sheet *sheet, const char *row, const char *label, const char *text);
/* row.yes or row.no. */
void sheet_put_yes_no (Sheet *sheet, const char *row, const char *label, json_t *object,
                       const char *key);
/* @day: YYYY-MM-DD */
void sheet_put_day (Sheet *sheet, const char *row, const char *label, const char *day);
/* A sentence of the form's remarks. */
void sheet_remark (Sheet *sheet, const char *sentence);
