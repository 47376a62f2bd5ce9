/* What a 686c tells BGS: who died, was divorced, was married before, is added, left or married.
 * Source: README.md, rules 2, 3 and 6. */
#pragma once

#include "submission/node.h"
#include "submission/plan.h"

/* Adds the people of the form, group by group, their calls and their relationships.
 * @document: the child's, with its options; the plan has the Veteran's address by now */
void plan_686c (Plan *plan, Node document);
