/* Where something happened, and where somebody lives, in BGS's elements. */
#pragma once

#include "submission/node.h"
#include "submission/plan.h"

typedef struct {
  const char *country, *state, *city; /* the reading's; NULL: not said, or not known to BGS */
} PlanPlace;

/* @holder: has outside_usa and location. BGS knows states of the USA alone; a province of another
 * country has no element here. */
PlanPlace plan_place (Node holder);

/* The plan owns what is returned. NULL when there is nothing that could be an address.
 * @is_veteran: without ZIP or country of the Veteran there is no insert, so they weigh more */
const BgsAddress *plan_place_address (Plan *plan, Node given, gboolean is_veteran);

/* Who lives with the Veteran has his address, whatever else is given. Source: README.md, rule 3. */
const BgsAddress *plan_place_address_of_dependent (Plan *plan, Answer lives_with_veteran, Node own);
