#include "submission/plan-686c.h"

#include "claims/values.h"
#include "submission/form.h"
#include "submission/plan-people.h"
#include "submission/plan-place.h"

/* The form while it is planned. */
typedef struct {
  Plan *plan;
  Node document, application; /* options and some flags stand in the document itself */
  int spouse;                 /* index of the spouse, -1: none in this claim */
  Answer lives_together;      /* of Veteran and spouse */
} Form686c;

static gboolean
is_chosen (Form686c *form, const char *option)
{
  return claim_option (form->document.value, option) == ANSWER_YES;
}

static Node
of_application (Form686c *form, const char *key)
{
  return node_at (form->application, key);
}

/* Why a marriage ended, in BGS's three words. Source: README.md, rule 6. */
static const char *
end_of_marriage (Node node)
{
  static const NodeWord words[] = {
    { ANSWER_DEATH, "Death" }, { ANSWER_DIVORCE, "Divorce" }, { ANSWER_ANNULMENT, "Other" },
    { ANSWER_OTHER, "Other" }, { ANSWER_MISSING, NULL },
  };

  return node_word (node_decision (node, QUESTION_END_OF_MARRIAGE), words);
}

static void
plan_death (Form686c *form, Node death, guint number)
{
  static const struct {
    Answer who;
    const char *type, *family_type, *end_type;
  } kinds[] = {
    { ANSWER_SPOUSE, "Spouse", "Spouse", "Death" },
    { ANSWER_CHILD, "Child", "Child", NULL },
    { ANSWER_PARENT, "Guardian", "Other", NULL },
  };
  Plan *plan = form->plan;
  Answer who = node_decision (node_at (death, "dependent_type"), QUESTION_WHO_DIED);
  int index = plan_people_add_dependent (plan, "deceased-#", number, death);
  BgsRelationship *link;

  plan_people_at (plan, index)->person.death_date =
      node_past_day_that_decides (node_at (death, "dependent_death_date"));
  plan_people_at (plan, index)->person.is_veteran = "N";
  plan_people_call (plan, index);

  /* Whoever it was, he is the Veteran's; as what, is left open where the claim does not say. */
  link = plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, index, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].who == who) {
      link->participant_type = kinds[i].type;
      link->family_type = kinds[i].family_type;
      link->end_type = kinds[i].end_type;
    }
  link->end_date = plan_people_at (plan, index)->person.death_date;
  link->has_income = node_income (node_at (death, "deceased_dependent_income"));
  if (who == ANSWER_SPOUSE) {
    PlanPlace where = plan_place (node_at (death, "dependent_death_location"));

    link->end_country = where.country;
    link->end_state = where.state;
    link->end_city = where.city;
  } else
    node_set_aside (node_at (death, "dependent_death_location"), PLACE_NO_ELEMENT);
}

static void
plan_deaths (Form686c *form)
{
  Node deaths = of_application (form, "deaths"), death;
  gsize i = 0;

  if (!is_chosen (form, "report_death"))
    return;
  while (node_next (deaths, &i, &death))
    plan_death (form, death, (guint)i);
}

/* By its data, unless the option says no. */
static void
plan_divorce (Form686c *form)
{
  Plan *plan = form->plan;
  Node divorce = of_application (form, "report_divorce");
  BgsRelationship *link;
  PlanPlace where;
  int index;

  if (!form_has_divorce (form->document.value))
    return;
  /* Whose SSN the form does not ask for. */
  index = plan_people_add_unasked (plan, "divorced-spouse", 0, divorce);
  plan_people_at (plan, index)->person.is_veteran = "N";
  plan_people_call (plan, index);

  link = plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->end_date = node_past_day_that_decides (node_at (divorce, "date"));
  link->end_type = end_of_marriage (node_at (divorce, "reason_marriage_ended"));
  link->has_income = node_income (node_at (divorce, "spouse_income"));
  where = plan_place (node_at (divorce, "divorce_location"));
  link->end_country = where.country;
  link->end_state = where.state;
  link->end_city = where.city;
}

/* The flag is in no real claim; only a plain "no" keeps a history back. */
static gboolean
was_married_before (Form686c *form, const char *flag)
{
  Answer inside = node_answer (of_application (form, flag), QUESTION_YES_NO);
  Answer beside = node_answer (node_at (form->document, flag), QUESTION_YES_NO);

  return (inside != ANSWER_MISSING ? inside : beside) != ANSWER_NO;
}

static void
plan_former_marriage (Form686c *form, Node marriage, const char *slot, guint number,
                      PlanLinks group, int a)
{
  Plan *plan = form->plan;
  int index =
      plan_people_add (plan, slot, number, node_at (marriage, "full_name"), BGS_PERSON_WHOLE);
  BgsRelationship *link = plan_people_link (plan, group, a, index, "Spouse", "Ex-Spouse");
  PlanPlace began = plan_place (node_at (marriage, "start_location"));
  PlanPlace ended = plan_place (node_at (marriage, "end_location"));

  plan_people_call (plan, index);
  link->begin_date = node_past_day (node_at (marriage, "start_date"));
  link->end_date = node_past_day (node_at (marriage, "end_date"));
  link->end_type = end_of_marriage (node_at (marriage, "reason_marriage_ended"));
  link->marriage_country = began.country;
  link->marriage_state = began.state;
  link->marriage_city = began.city;
  link->end_country = ended.country;
  link->end_state = ended.state;
  link->end_city = ended.city;
}

static void
plan_former_marriages (Form686c *form, const char *key, const char *flag, const char *slot,
                       PlanLinks group, int a)
{
  Node history = of_application (form, key), marriage;
  gsize i = 0;

  if (!was_married_before (form, flag)) {
    node_set_aside (history, PLACE_NOT_APPLICABLE);
    return;
  }
  while (node_next (history, &i, &marriage))
    plan_former_marriage (form, marriage, slot, (guint)i, group, a);
}

/* The spouse is made a person before the spouse's former marriages need an index, but called after
 * them. */
static void
add_spouse (Form686c *form)
{
  Plan *plan = form->plan;
  Node spouse = of_application (form, "spouse_information");
  Node own = node_at (of_application (form, "does_live_with_spouse"), "address");
  BgsPerson *person;

  if (!is_chosen (form, "add_spouse") || !json_is_object (spouse.value))
    return;
  form->spouse = plan_people_add_dependent (plan, "spouse", 0, spouse);
  person = &plan_people_at (plan, form->spouse)->person;
  person->ever_married = "Y";
  person->marital_status = plan->marital_status;
  person->is_veteran = node_flag_that_decides (node_at (spouse, "is_veteran"));
  if (g_strcmp0 (person->is_veteran, "N") == 0)
    node_set_aside (node_at (spouse, "va_file_number"), PLACE_NOT_APPLICABLE);
  else
    person->file_number = node_number (node_at (spouse, "va_file_number"), claim_file_number);
  plan_people_at (plan, form->spouse)->address =
      plan_place_address_of_dependent (plan, form->lives_together, own);
}

static void
plan_spouse (Form686c *form)
{
  static const NodeWord living[] = {
    { ANSWER_YES, "Spouse" },
    { ANSWER_NO, "Estranged Spouse" },
    { ANSWER_MISSING, NULL },
  };
  Plan *plan = form->plan;
  Node marriage = of_application (form, "current_marriage_information");
  Node together = of_application (form, "does_live_with_spouse");
  BgsRelationship *link;
  PlanPlace where;

  if (form->spouse < 0)
    return;
  plan_people_call (plan, form->spouse);
  link = plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, form->spouse, "Spouse",
                           node_word (form->lives_together, living));
  link->begin_date = node_past_day_that_decides (node_at (marriage, "date"));
  link->has_income = node_income (node_at (together, "spouse_income"));
  where = plan_place (marriage);
  link->marriage_country = where.country;
  link->marriage_state = where.state;
  link->marriage_city = where.city;
  /* It decides the review: decisions.c. */
  (void)node_decision (node_at (marriage, "type_of_marriage"), QUESTION_MARRIAGE);
}

/* NULL when the claim does not say it clearly. */
static const char *
family_of_child (Node child)
{
  Node biological = node_at (child, "is_biological_child");
  Node relationship = node_at (child, "relationship_to_child");
  Answer is_biological = node_answer (biological, QUESTION_YES_NO);
  Answer stepchild = node_answer (node_at (relationship, "stepchild"), QUESTION_YES_NO);
  Answer adopted = node_answer (node_at (relationship, "adopted"), QUESTION_YES_NO);
  gboolean is_other = stepchild == ANSWER_YES || adopted == ANSWER_YES;

  if ((is_biological == ANSWER_YES && is_other) ||
      (stepchild == ANSWER_YES && adopted == ANSWER_YES)) {
    node_find (relationship, PLAN_REVIEW, "contradiction");
    return NULL;
  }
  if (is_biological == ANSWER_YES)
    return "Biological";
  if (is_other)
    return stepchild == ANSWER_YES ? "Stepchild" : "Adopted Child";
  if (is_biological == ANSWER_NO && stepchild == ANSWER_NO && adopted == ANSWER_NO)
    return "Other";
  node_find (is_biological == ANSWER_MISSING ? biological : relationship, PLAN_REVIEW,
             "missing-answer");
  return NULL;
}

static void
plan_other_parent (Form686c *form, Node child, guint number)
{
  Plan *plan = form->plan;
  Node full_name = node_at (child, "biological_parent_name");
  BgsRelationship *link;
  BgsPerson *person;
  int index;

  if (!json_is_object (full_name.value))
    return;
  index = plan_people_add (plan, "child-#-parent", number, full_name, BGS_PERSON_OTHER_PARENT);
  person = &plan_people_at (plan, index)->person;
  person->birth_date = node_past_day (node_at (child, "biological_parent_dob"));
  person->ssn = node_number (node_at (child, "biological_parent_ssn"), claim_ssn);
  plan_people_call (plan, index);

  link = plan_people_link (plan, PLAN_LINKS_OTHER_PARENT, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->event_date = link->begin_date = node_day (node_at (child, "date_entered_household"));
}

/* BGS asks for the other parent of a stepchild alone. */
static void
set_other_parent_aside (Node child)
{
  static const char *const keys[] = { "biological_parent_name", "biological_parent_ssn",
                                      "biological_parent_dob", "date_entered_household" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    node_set_aside (node_at (child, keys[i]), PLACE_NO_ELEMENT);
}

static void
plan_child (Form686c *form, Node child, guint number)
{
  Plan *plan = form->plan;
  int index = plan_people_add_child (plan, "child-#", number, child);
  BgsPerson *person = &plan_people_at (plan, index)->person;
  PlanPlace born = plan_place (node_at (child, "birth_location"));
  Node disability = node_at (child, "does_child_have_disability");
  Answer lives_here = node_decision (node_at (child, "does_child_live_with_you"), QUESTION_YES_NO);
  BgsRelationship *link;

  person->birth_country = born.country;
  person->birth_state = born.state;
  person->birth_city = born.city;
  person->ever_married = node_flag_that_decides (node_at (child, "has_child_ever_been_married"));
  person->is_seriously_disabled =
      node_flag (node_at (child, "does_child_have_permanent_disability"));
  if (g_strcmp0 (person->is_seriously_disabled, "Y") == 0 &&
      claim_answer (QUESTION_YES_NO, disability.value) == ANSWER_NO)
    node_find (disability, PLAN_REVIEW, "contradiction");
  plan_people_at (plan, index)->address =
      plan_place_address_of_dependent (plan, lives_here, node_at (child, "address"));
  plan_people_call (plan, index);

  link = plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child",
                           family_of_child (child));
  link->child_was_married = person->ever_married;
  link->has_income = node_income (node_at (child, "income_in_last_year"));
  if (g_strcmp0 (person->ever_married, "Y") == 0)
    link->end_type = end_of_marriage (node_at (child, "marriage_end_reason"));
  else if (g_strcmp0 (person->ever_married, "N") == 0)
    node_set_aside (node_at (child, "marriage_end_reason"), PLACE_NOT_APPLICABLE);

  if (g_strcmp0 (link->family_type, "Stepchild") == 0)
    plan_other_parent (form, child, number);
  else
    set_other_parent_aside (child);
}

static void
plan_children (Form686c *form)
{
  Node children = of_application (form, "children_to_add"), child;
  gsize i = 0;

  if (!is_chosen (form, "add_child") && !is_chosen (form, "add_disabled_child"))
    return;
  while (node_next (children, &i, &child))
    plan_child (form, child, (guint)i);
}

/* A share that is given counts, whether the Veteran says that he supports the child or not. */
static const char *
share_of_support (Node stepchild)
{
  static const NodeWord words[] = {
    { ANSWER_HALF, ".5" },
    { ANSWER_MORE_THAN_HALF, ".75" },
    { ANSWER_LESS_THAN_HALF, ".25" },
    { ANSWER_MISSING, NULL },
  };
  Node supports = node_at (stepchild, "supporting_stepchild");
  Node share = node_at (stepchild, "living_expenses_paid");
  gboolean is_needed = node_answer (supports, QUESTION_YES_NO) == ANSWER_YES;

  return node_word (is_needed ? node_decision (share, QUESTION_SHARE)
                              : node_answer (share, QUESTION_SHARE),
                    words);
}

static void
plan_stepchild_who_left (Form686c *form, Node stepchild, guint number)
{
  Plan *plan = form->plan;
  int child = plan_people_add_dependent (plan, "stepchild-#", number, stepchild);
  int guardian = plan_people_add (plan, "stepchild-#-guardian", number,
                                  node_at (stepchild, "who_does_the_stepchild_live_with"),
                                  BGS_PERSON_GUARDIAN);
  BgsRelationship *link;

  plan_people_at (plan, child)->address =
      plan_place_address (plan, node_at (stepchild, "address"), FALSE);
  plan_call (plan, PLAN_PARTICIPANT, child);
  plan_call (plan, PLAN_PARTICIPANT, guardian);
  plan_call (plan, PLAN_PERSON, guardian);
  plan_call (plan, PLAN_PERSON, child);
  if (plan_people_at (plan, child)->address)
    plan_call (plan, PLAN_ADDRESS, child);

  link = plan_people_link (plan, PLAN_LINKS_STEPCHILD_LEFT, guardian, child, "Guardian", "Other");
  link->support_share = share_of_support (stepchild);
}

static void
plan_stepchildren_who_left (Form686c *form)
{
  Node stepchildren = of_application (form, "step_children"), stepchild;
  gsize i = 0;

  if (!is_chosen (form, "report_stepchild_not_in_household"))
    return;
  while (node_next (stepchildren, &i, &stepchild))
    plan_stepchild_who_left (form, stepchild, (guint)i);
}

/* A child who married and a child who left school differ in their date only. */
static void
plan_event_of_child (Form686c *form, const char *key, const char *slot, const char *date,
                     gboolean has_married)
{
  Plan *plan = form->plan;
  Node children = of_application (form, key), child;
  gsize i = 0;

  while (node_next (children, &i, &child)) {
    int index = plan_people_add_dependent (plan, slot, (guint)i, child);
    BgsRelationship *link;

    if (has_married)
      plan_people_at (plan, index)->person.ever_married = "Y";
    plan_people_call (plan, index);
    link =
        plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child", "Biological");
    link->event_date = has_married ? node_past_day_that_decides (node_at (child, date))
                                   : node_day_that_decides (node_at (child, date));
    link->child_was_married = has_married ? "Y" : NULL;
    link->has_income = node_income (node_at (child, "dependent_income"));
  }
}

/* Sent only where the form has a current marriage; without an answer there is no status. */
static void
plan_marital_status (Form686c *form)
{
  Node answered =
      node_at (of_application (form, "does_live_with_spouse"), "spouse_does_live_with_veteran");
  gboolean is_married = of_application (form, "current_marriage_information").value != NULL;

  if (is_married || is_chosen (form, "add_spouse"))
    form->lives_together = node_decision (answered, QUESTION_YES_NO);
  if (is_married && form->lives_together == ANSWER_YES)
    form->plan->marital_status = "Married";
  else if (is_married && form->lives_together == ANSWER_NO)
    form->plan->marital_status = "Separated";
}

void
plan_686c (Plan *plan, Node document)
{
  Form686c *form = &(Form686c){
    .plan = plan,
    .document = document,
    .application = node_at (document, "dependents_application"),
    .spouse = -1,
  };

  plan_marital_status (form);
  plan_deaths (form);
  plan_divorce (form);
  plan_former_marriages (form, "veteran_marriage_history", "veteran_was_married_before",
                         "veteran-former-spouse-#", PLAN_LINKS_OF_VETERAN, PLAN_VETERAN);
  add_spouse (form);
  if (form->spouse >= 0)
    plan_former_marriages (form, "spouse_marriage_history", "spouse_was_married_before",
                           "spouse-former-spouse-#", PLAN_LINKS_OF_SPOUSE, form->spouse);
  else
    node_set_aside (of_application (form, "spouse_marriage_history"), PLACE_NOT_APPLICABLE);
  plan_spouse (form);
  plan_children (form);
  plan_stepchildren_who_left (form);
  if (is_chosen (form, "report_marriage_of_child_under18") || is_chosen (form, "child_marriage"))
    plan_event_of_child (form, "child_marriage", "married-child-#", "date_married", TRUE);
  if (is_chosen (form, "report_child18_or_older_is_not_attending_school"))
    plan_event_of_child (form, "child_stopped_attending_school", "former-student-#",
                         "date_child_left_school", FALSE);
  plan->net_worth_over_limit = node_flag (of_application (form, "household_income"));
}
