#include "submission/plan-people.h"

#include "claims/values.h"

#include <string.h>

PlanPerson *
plan_people_at (Plan *plan, int index)
{
  return g_ptr_array_index (plan->persons, index);
}

static const char *
name_part (Node part, BgsElement element)
{
  const char *name = node_fitted (part, element, PLAN_PAPER);

  if (!json_is_string (part.value) && !name)
    node_find (part, PLAN_PAPER, "missing-name");
  return name;
}

int
plan_people_add (Plan *plan, const char *slot, guint number, Node full_name, BgsPersonRows rows)
{
  PlanPerson *person = g_new0 (PlanPerson, 1);
  const char *place_of_number = strchr (slot, '#');
  g_autofree char *numbered = place_of_number
                                  ? g_strdup_printf ("%.*s%u%s", (int)(place_of_number - slot),
                                                     slot, number, place_of_number + 1)
                                  : g_strdup (slot);

  person->slot = plan_reading_keep (plan->reading, numbered);
  person->field = full_name.path;
  person->person.rows = rows;
  person->person.first_name = name_part (node_at (full_name, "first"), BGS_ELEMENT_FIRST_NAME);
  person->person.last_name = name_part (node_at (full_name, "last"), BGS_ELEMENT_LAST_NAME);
  if (rows == BGS_PERSON_WHOLE) {
    person->person.middle_name =
        node_fitted (node_at (full_name, "middle"), BGS_ELEMENT_MIDDLE_NAME, PLAN_REVIEW);
    person->person.suffix =
        node_fitted (node_at (full_name, "suffix"), BGS_ELEMENT_SUFFIX, PLAN_REVIEW);
  }
  g_ptr_array_add (plan->persons, person);
  return plan->persons->len - 1;
}

/* Why somebody has no SSN, in BGS's codes (lib/bgs/README.md, fact 9). */
static const char *
no_ssn_reason (Node person, const char *ssn)
{
  static const NodeWord words[] = {
    { ANSWER_NONRESIDENT_ALIEN, "NRA" },
    { ANSWER_NONE_ASSIGNED, "NSAS" },
    { ANSWER_MISSING, NULL },
  };
  Node no_ssn = node_at (person, "no_ssn"), why = node_at (person, "no_ssn_reason");
  Answer has_none = node_answer (no_ssn, QUESTION_YES_NO);
  Answer reason = node_answer (why, QUESTION_NO_SSN);

  if (ssn) {
    if (has_none == ANSWER_YES || (reason != ANSWER_MISSING && has_none != ANSWER_NO))
      node_find (no_ssn, PLAN_REVIEW, "contradiction");
    else if (reason != ANSWER_MISSING)
      node_find (why, PLAN_TOLD, "not-applicable");
    return NULL;
  }
  if (has_none == ANSWER_YES && reason == ANSWER_MISSING)
    node_find (why, PLAN_REVIEW, "missing-answer");
  return node_word (reason, words);
}

/* With SSN and birth date, which most dependents have. */
static int
add_with_birth_date (Plan *plan, const char *slot, guint number, Node dependent,
                     const char *birth_date)
{
  int index =
      plan_people_add (plan, slot, number, node_at (dependent, "full_name"), BGS_PERSON_WHOLE);

  plan_people_at (plan, index)->person.birth_date = birth_date;
  plan_people_at (plan, index)->person.ssn = node_number (node_at (dependent, "ssn"), claim_ssn);
  plan_people_at (plan, index)->person.no_ssn_reason =
      no_ssn_reason (dependent, plan_people_at (plan, index)->person.ssn);
  return index;
}

/* Where the form asks for it. */
static void
find_missing_ssn (Node person)
{
  Node number = node_at (person, "ssn");
  Answer has_none = claim_answer_at (QUESTION_YES_NO, person.value, "no_ssn");
  gboolean has_reason = json_object_get (person.value, "no_ssn_reason") != NULL;

  if (!number.value && has_none != ANSWER_YES && (has_none == ANSWER_NO || !has_reason))
    node_find (number, PLAN_REVIEW, "missing-number");
}

int
plan_people_add_unasked (Plan *plan, const char *slot, guint number, Node dependent)
{
  return add_with_birth_date (plan, slot, number, dependent,
                              node_past_day (node_at (dependent, "birth_date")));
}

int
plan_people_add_dependent (Plan *plan, const char *slot, guint number, Node dependent)
{
  find_missing_ssn (dependent);
  return plan_people_add_unasked (plan, slot, number, dependent);
}

int
plan_people_add_child (Plan *plan, const char *slot, guint number, Node child)
{
  find_missing_ssn (child);
  return add_with_birth_date (plan, slot, number, child,
                              node_past_day_that_decides (node_at (child, "birth_date")));
}

void
plan_people_call (Plan *plan, int index)
{
  plan_call (plan, PLAN_PARTICIPANT, index);
  plan_call (plan, PLAN_PERSON, index);
  if (plan_people_at (plan, index)->address)
    plan_call (plan, PLAN_ADDRESS, index);
}

BgsRelationship *
plan_people_link (Plan *plan, PlanLinks group, int a, int b, const char *type,
                  const char *family_type)
{
  PlanRelationship *link = g_new0 (PlanRelationship, 1);

  link->group = group;
  link->slot = plan_people_at (plan, b)->slot;
  link->a = a;
  link->b = b;
  link->relationship.participant_type = type;
  link->relationship.family_type = family_type;
  g_ptr_array_add (plan->relationships, link);
  return &link->relationship;
}
