/* A whole claim looked over before anything of it is sent: what its children's plans find, what the
 * parent holds that no child has, and whether the Veteran can be told of at all. The door warns of
 * it, proc-setup acts on it; both look with these eyes. Nothing here calls anybody. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "submission/plan.h"

typedef struct {
  const char *code; /* static; plan_finding_text() */
  char *field;      /* in the parent's terms: a 674's student has his number there */
  PlanWeight weight;
} SurveyFinding;

/**
 * survey_claim:
 * @parent: as it was stored; %NULL: what no child has is not looked for
 * @children: of ClaimChildForm *, in the order of the form
 * @user_data: of the signed-in user; may be %NULL
 * @submission_day: YYYY-MM-DD in Chicago; %NULL: no day is held against it
 *
 * Returns: of SurveyFinding *, owned; each place once a code, at most a few hundred.
 */
GPtrArray *survey_claim (const json_t *parent, const GPtrArray *children, const json_t *user_data,
                         const char *submission_day);
/* The first that sends the claim to paper; NULL when it can go to BGS. */
const SurveyFinding *survey_paper (const GPtrArray *findings);
