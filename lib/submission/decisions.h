/* What is decided about a claim group: whether a person reviews it, whether somebody is removed,
 * which end product its benefit claims get. One table each, used by proc-setup (which stores the
 * review reasons on the group) and by the form consumers (which read them there). Nothing here
 * calls or reads anything. Source: README.md, rules 4, 5 and 7. */
#pragma once

#include <jansson.h>
#include "base/settings.h"
#include "submission/survey.h"

extern const Setting submission_settings[]; /* removal-check, pension-check */

/* More findings than this are not named in the reasons: they are for people to read. */
#define REVIEW_FINDINGS_MAX 20

/**
 * decide_review:
 * @form_686c: document of the group's 686c child, NULL when it has none
 * @count_674: how many 674 children it has
 * @findings: of SurveyFinding *, what its claims leave open; may be NULL
 *
 * Returns: the reasons, one a line, owned; NULL when nobody has to review the group. First the
 * codes of the table, the first match first (it is the one that the note names), then "CODE FIELD"
 * of each finding that a person has to see.
 */
char *decide_review (const json_t *form_686c, guint count_674, const GPtrArray *findings);
/* What a note says for a code of the table; NULL for any other code. */
const char *review_reason_text (const char *code);

/* Whether a 686c takes somebody away: a removal option, a death, or a divorce (its data are
 * enough). */
gboolean decide_removal (const json_t *form_686c);

typedef struct {
  const char *code; /* endProductCode */
  const char *name; /* endProductName */
} EndProduct;
/* @form_type "21-686C" or "21-674". @has_pension: the answer of BID, FALSE when it was not asked.
 * Never NULL. */
const EndProduct *decide_end_product (const char *form_type, gboolean is_manual,
                                      gboolean is_removal, gboolean has_pension);
/* The code that the increment is asked for: the base code of the form, whatever code is used in the
 * end. */
const char *increment_claim_type (const char *form_type);
