/* The people of a plan: who they are, whose they are, and the calls that tell BGS of one. */
#pragma once

#include "submission/node.h"
#include "submission/plan.h"

/* Each of these adds a person who has no calls yet, and returns his index in persons.
 *
 * @slot: a stored contract (README.md, "Step names"); a # in it is replaced by @number
 * @dependent: has full_name, ssn, no_ssn, no_ssn_reason, birth_date */

/* With nothing but a name. */
int plan_people_add (Plan *plan, const char *slot, guint number, Node full_name,
                     BgsPersonRows rows);
/* With an SSN that the form does not ask for. */
int plan_people_add_unasked (Plan *plan, const char *slot, guint number, Node dependent);
/* With one that it asks for. */
int plan_people_add_dependent (Plan *plan, const char *slot, guint number, Node dependent);
/* The same; until when a child or student is paid for goes by his age. */
int plan_people_add_child (Plan *plan, const char *slot, guint number, Node child);

/* Borrowed; stays where it is when others are added. */
PlanPerson *plan_people_at (Plan *plan, int index);

/* Participant, person, and address where he has one by now. */
void plan_people_call (Plan *plan, int index);

/**
 * plan_people_link:
 * @a, @b: indices into persons; @a may be PLAN_VETERAN
 * @type, @family_type: BGS's words, static; NULL: the claim leaves it open
 *
 * Adds a relationship, which is called with its group, after all people.
 * Returns: to be filled in; borrowed.
 */
BgsRelationship *plan_people_link (Plan *plan, PlanLinks group, int a, int b, const char *type,
                                   const char *family_type);
