/* Makes a child's plan from its document: the people by form (plan-686c, plan-674), then their
 * relationships group by group, then school and student. */
#pragma once

#include "submission/plan.h"

/* @form: a child's document, veteran_information merged in. What is nothing (claims/content.h) is
 *   not there. Never fails: what is not there is left out, and what is and cannot be told is a
 *   finding.
 * @submission_day: YYYY-MM-DD, after which nothing can have happened; NULL: not looked at
 * Returns: the plan; owned */
Plan *planner_plan (const char *form_type, const json_t *form, const char *submission_day);
