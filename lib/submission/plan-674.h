/* What a 674 tells BGS: a student, his school, and what he earns and owns. Source: README.md, rules
 * 2 and 6. */
#pragma once

#include "submission/node.h"
#include "submission/plan.h"

/* Adds the student, his calls and his relationship; one, in a claim that was split.
 * @document: the child's */
void plan_674 (Plan *plan, Node document);
