/* A place of a child's document: its value as BGS takes it, read once.
 *
 * Whoever asks a place for its value marks it as read; what of the value cannot be told as it stands
 * becomes a finding there. Texts are the reading's; NULL is what the document does not hold, or what
 * nobody can read. Source: README.md, rule 7 and "Nothing is lost in silence". */
#pragma once

#include "bgs/limits.h"
#include "claims/answers.h"
#include "submission/plan-reading.h"

typedef struct {
  PlanReading *reading;
  const json_t *value; /* NULL: not there */
  const char *path;    /* the reading's: "dependents_application/deaths/0"; "" is the document */
} Node;

/* --- Places. --- */

Node node_at (Node node, const char *key);
/* The next entry of a list that is something, from *@index on, which moves behind it: the entry's
 * number from 1. FALSE at the end. */
gboolean node_next (Node list, gsize *index, Node *ret_entry);
/* Another answer says that @node, and all below it, does not count. */
void node_set_aside (Node node, PlaceIs place_is);
void node_find (Node node, PlanWeight weight, const char *code);

/* --- Texts, days and numbers. --- */

/* Text as the claim has it; a number is one too. NULL when it is absent or nothing of the kind,
 * which is found as unread then. */
const char *node_text (Node node);
/* A text as its element holds it; @when_empty: what it weighs that nothing of it can be written. */
const char *node_fitted (Node node, BgsElement element, PlanWeight when_empty);
/* A plain number: without dollar sign, blanks and the commas between thousands. */
const char *node_amount (Node node);
/* @read: claim_ssn() or claim_file_number() */
const char *node_number (Node node, char *(*read) (const char *text));

/* A day of the calendar, YYYY-MM-DD; in the document maybe with a time behind it. */
const char *node_day (Node node);
/* What has happened has done so when the claim was submitted; sent as it stands all the same. */
const char *node_past_day (Node node);
/* The same where it says from when on somebody is paid for, so that it must be there. */
const char *node_day_that_decides (Node node);
const char *node_past_day_that_decides (Node node);

/* --- Answers. --- */

/* An answer by the table; what no row names is found. */
Answer node_answer (Node node, Question question);
/* The same where something is decided by it, so that it must be there. */
Answer node_decision (Node node, Question question);

/* "Y", "N" */
const char *node_flag (Node node);
const char *node_flag_that_decides (Node node);
const char *node_income (Node node); /* NA is no answer */

typedef struct {
  Answer answer;
  const char *word; /* BGS's; NULL ends the table */
} NodeWord;

/* NULL where the table has none: nothing is made up. */
const char *node_word (Answer answer, const NodeWord *words);
