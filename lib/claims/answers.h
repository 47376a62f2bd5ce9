/* How the answers that decide something are read, by one table: without regard to case, to blanks
 * at the ends, and to whether words are parted by blanks, hyphens or underscores.
 *
 * What no row names is no answer: %ANSWER_UNKNOWN, never a default. Whoever decides by an answer
 * opens the claim for review then. Source: the fixed choices of the form
 * (schemas/json/claim.schema.json). */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

typedef enum {
  ANSWER_MISSING, /* nothing is said, see claims/content.h */
  ANSWER_UNKNOWN, /* something is said, and no row names it */

  ANSWER_YES,
  ANSWER_NO,
  ANSWER_NOT_APPLICABLE,

  ANSWER_SPOUSE, /* who died */
  ANSWER_CHILD,
  ANSWER_PARENT,

  ANSWER_BIOLOGICAL, /* a student's relationship */
  ANSWER_STEPCHILD,
  ANSWER_ADOPTED,

  ANSWER_CIVIL, /* the kind of a marriage */
  ANSWER_CEREMONIAL,
  ANSWER_COMMON_LAW,
  ANSWER_TRIBAL,
  ANSWER_PROXY,
  ANSWER_OTHER, /* here and among the ends */

  ANSWER_DEATH, /* the end of one */
  ANSWER_DIVORCE,
  ANSWER_ANNULMENT,

  ANSWER_MORE_THAN_HALF, /* the share of a stepchild's support */
  ANSWER_HALF,
  ANSWER_LESS_THAN_HALF,

  ANSWER_NONRESIDENT_ALIEN, /* why somebody has no SSN */
  ANSWER_NONE_ASSIGNED,
} Answer;

typedef enum {
  QUESTION_YES_NO, /* booleans, and their words */
  QUESTION_INCOME, /* the same with "not applicable" */
  QUESTION_WHO_DIED,
  QUESTION_STUDENT,
  QUESTION_MARRIAGE,
  QUESTION_END_OF_MARRIAGE,
  QUESTION_SHARE,
  QUESTION_NO_SSN,
} Question;

/* %NULL is %ANSWER_MISSING. */
Answer claim_answer (Question question, const json_t *value);
/* The same of a member; @object may be %NULL or no object. */
Answer claim_answer_at (Question question, const json_t *object, const char *key);

/* An option of the form's first pages, in the copy at the document's top: chosen, explicitly not
 * chosen, or not there. */
Answer claim_option (const json_t *document, const char *option);
/* The same for several that mean one thing: yes when one is, else no when one is. @options ends
 * with %NULL. */
Answer claim_option_of (const json_t *document, const char *const *options);
