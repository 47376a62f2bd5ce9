#include "submission/plan.h"

#include "base/text.h"
#include "bgs/countries.h"
#include "bgs/names.h"
#include "submission/decisions.h"

#include <string.h>

/* --- Values of the document. --- */

static const json_t *
get (const json_t *object, const char *key)
{
  return json_object_get (object, key);
}

/* Copies into the plan; NULL stays NULL. */
static const char *
keep (Plan *plan, const char *value)
{
  return value ? g_string_chunk_insert_const (plan->texts, value) : NULL;
}

/* Text as the claim has it; an amount may be a number. NULL when it is absent, empty or nothing of
 * the kind. */
static const char *
text (Plan *plan, const json_t *object, const char *key)
{
  const json_t *value = get (object, key);
  g_autofree char *number = NULL;

  if (json_is_string (value))
    return keep (plan,
                 text_is_blank (json_string_value (value)) ? NULL : json_string_value (value));
  if (!json_is_number (value))
    return NULL;
  number = json_is_integer (value)
               ? g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value))
               : g_strdup_printf ("%.2f", json_real_value (value));
  return keep (plan, number);
}

/* "Y" and "N" as they are, booleans as such; NA and everything else is no answer. BGS
 * reference 7.3, generation B. */
static const char *
yes_no (const json_t *object, const char *key)
{
  const json_t *value = get (object, key);
  const char *answer = json_string_value (value);

  if (json_is_true (value) || g_strcmp0 (answer, "Y") == 0)
    return "Y";
  if (json_is_false (value) || g_strcmp0 (answer, "N") == 0)
    return "N";
  return NULL;
}

static gboolean
is_yes (const json_t *object, const char *key)
{
  return g_strcmp0 (yes_no (object, key), "Y") == 0;
}

static const char *
ssn (Plan *plan, const json_t *object, const char *key)
{
  g_autofree char *digits = text_digits (json_string_value (get (object, key)));

  return keep (plan, *digits ? digits : NULL);
}

/* Why a marriage ended, in BGS's three words (decision 14). */
static const char *
end_of_marriage (const json_t *object, const char *key)
{
  const char *reason = json_string_value (get (object, key));

  if (!reason || !*reason)
    return NULL;
  if (g_ascii_strcasecmp (reason, "Death") == 0)
    return "Death";
  if (g_ascii_strcasecmp (reason, "Divorce") == 0)
    return "Divorce";
  return "Other";
}

static void
place (Plan *plan, const json_t *location, const char **ret_country, const char **ret_state,
       const char **ret_city)
{
  const char *city = json_string_value (get (location, "city"));
  const char *country = json_string_value (get (location, "country"));
  const char *state = json_string_value (get (location, "state"));
  g_autofree char *normal = bgs_street_text (city);

  *ret_city = keep (plan, text_is_blank (normal) ? NULL : normal);
  *ret_country = keep (plan, bgs_country_name (country, city));
  /* BGS knows states by two letters; a province of another country has no element here. */
  *ret_state = keep (plan, state && strlen (state) == 2 ? state : NULL);
}

static void
leave_out (Plan *plan, const char *code)
{
  g_ptr_array_add (plan->left_out, g_strdup (code));
}

/* --- People. --- */

static void
call (Plan *plan, PlanCallKind kind, guint index)
{
  PlanCall next = { kind, index };

  g_array_append_val (plan->calls, next);
}

static PlanPerson *
planned (Plan *plan, int index)
{
  return g_ptr_array_index (plan->persons, index);
}

static BgsPerson *
person_at (Plan *plan, int index)
{
  return &planned (plan, index)->person;
}

/* A person with nothing but a name (and no calls yet). @slot: a # in it is replaced by @number. */
static int
add_person (Plan *plan, const char *slot, guint number, const json_t *full_name)
{
  PlanPerson *person = g_new0 (PlanPerson, 1);
  const char *place_of_number = strchr (slot, '#');
  g_autofree char *numbered = place_of_number
                                  ? g_strdup_printf ("%.*s%u%s", (int)(place_of_number - slot),
                                                     slot, number, place_of_number + 1)
                                  : g_strdup (slot);

  person->slot = g_string_chunk_insert_const (plan->texts, numbered);
  person->person.first_name = text (plan, full_name, "first");
  person->person.middle_name = text (plan, full_name, "middle");
  person->person.last_name = text (plan, full_name, "last");
  person->person.suffix = text (plan, full_name, "suffix");
  g_ptr_array_add (plan->persons, person);
  return plan->persons->len - 1;
}

/* The same with birth date and SSN, which most dependents have. */
static int
add_dependent (Plan *plan, const char *slot, guint number, const json_t *entry)
{
  int index = add_person (plan, slot, number, get (entry, "full_name"));

  person_at (plan, index)->birth_date = text (plan, entry, "birth_date");
  person_at (plan, index)->ssn = ssn (plan, entry, "ssn");
  return index;
}

/* NULL when there is nothing that could be an address. */
static const BgsAddress *
address (Plan *plan, const json_t *given)
{
  const BgsAddressSource source = {
    .street = text (plan, given, "street"),
    .street2 = text (plan, given, "street2"),
    .street3 = text (plan, given, "street3"),
    .city = text (plan, given, "city"),
    .state = text (plan, given, "state"),
    .postal_code = text (plan, given, "postal_code"),
    .country = text (plan, given, "country"),
  };
  BgsAddress *made;

  if (!source.street && !source.city && !source.postal_code)
    return NULL;
  made = bgs_address_new (&source);
  if (made->is_cut)
    leave_out (plan, "street-longer-than-three-lines");
  g_ptr_array_add (plan->addresses, made);
  return made;
}

static void
call_person (Plan *plan, int index)
{
  call (plan, PLAN_PARTICIPANT, index);
  call (plan, PLAN_PERSON, index);
  if (planned (plan, index)->address)
    call (plan, PLAN_ADDRESS, index);
}

/* Relationships are collected in the groups of BGS reference 5.4 and called group by group, after
 * all people. */
typedef enum {
  LINKS_STEPCHILD_LEFT,
  LINKS_OTHER_PARENT,
  LINKS_OF_SPOUSE,
  LINKS_OF_VETERAN,
  LINKS_COUNT
} LinkGroup;

typedef struct {
  Plan *plan;
  const json_t *form, *application;
  GArray *links[LINKS_COUNT]; /* of guint: indices into relationships */
  int spouse;                 /* index of the spouse, -1: none in this claim */
} Planner;

static BgsRelationship *
add_link (Planner *planner, LinkGroup group, int a, int b, const char *type,
          const char *family_type)
{
  PlanRelationship *link = g_new0 (PlanRelationship, 1);
  guint index = planner->plan->relationships->len;

  link->slot = planned (planner->plan, b)->slot;
  link->a = a;
  link->b = b;
  link->relationship.participant_type = type;
  link->relationship.family_type = family_type;
  g_ptr_array_add (planner->plan->relationships, link);
  g_array_append_val (planner->links[group], index);
  return &link->relationship;
}

static void
plan_deaths (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *deaths = get (planner->application, "deaths"), *death;
  size_t i;

  if (!form_has_option (planner->form, "report_death"))
    return;
  json_array_foreach (deaths, i, death)
  {
    const char *dependent = json_string_value (get (death, "dependent_type"));
    int index = add_dependent (plan, "deceased-#", i + 1, death);
    BgsRelationship *link;

    person_at (plan, index)->death_date = text (plan, death, "dependent_death_date");
    person_at (plan, index)->is_veteran = "N";
    call_person (plan, index);

    if (g_strcmp0 (dependent, "SPOUSE") == 0) {
      link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Spouse", "Spouse");
      link->end_type = "Death";
    } else if (g_strcmp0 (dependent, "CHILD") == 0) {
      link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child", "Child");
    } else {
      link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Guardian", "Other");
    }
    link->end_date = text (plan, death, "dependent_death_date");
    link->has_income = yes_no (death, "deceased_dependent_income");
  }
}

static void
plan_divorce (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *divorce = get (planner->application, "report_divorce");
  BgsRelationship *link;
  int index;

  if (!json_is_object (divorce) || json_object_size (divorce) == 0)
    return;
  index = add_dependent (plan, "divorced-spouse", 0, divorce);
  person_at (plan, index)->is_veteran = "N";
  call_person (plan, index);

  link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->end_date = text (plan, divorce, "date");
  link->end_type = end_of_marriage (divorce, "reason_marriage_ended");
  link->has_income = yes_no (divorce, "spouse_income");
  place (plan, get (get (divorce, "divorce_location"), "location"), &link->end_country,
         &link->end_state, &link->end_city);
}

/* The flag is in no real claim; only a plain "no" keeps a history back (decision 1). */
static gboolean
was_married_before (Planner *planner, const char *flag)
{
  const json_t *value = get (planner->application, flag);

  return !json_is_false (value ? value : get (planner->form, flag));
}

static void
plan_former_marriages (Planner *planner, const char *key, const char *flag, const char *slot,
                       LinkGroup group, int a)
{
  Plan *plan = planner->plan;
  const json_t *history = get (planner->application, key), *marriage;
  size_t i;

  if (!was_married_before (planner, flag))
    return;
  json_array_foreach (history, i, marriage)
  {
    int index = add_person (plan, slot, i + 1, get (marriage, "full_name"));
    BgsRelationship *link = add_link (planner, group, a, index, "Spouse", "Ex-Spouse");

    call_person (plan, index);
    link->begin_date = text (plan, marriage, "start_date");
    link->end_date = text (plan, marriage, "end_date");
    link->end_type = end_of_marriage (marriage, "reason_marriage_ended");
    place (plan, get (get (marriage, "start_location"), "location"), &link->marriage_country,
           &link->marriage_state, &link->marriage_city);
    place (plan, get (get (marriage, "end_location"), "location"), &link->end_country,
           &link->end_state, &link->end_city);
  }
}

/* The spouse is made a person before the spouse's former marriages need an index, but called after
 * them. */
static void
add_spouse (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *spouse = get (planner->application, "spouse_information");
  const json_t *living = get (planner->application, "does_live_with_spouse");
  BgsPerson *person;

  if (!form_has_option (planner->form, "add_spouse") || !json_is_object (spouse))
    return;
  planner->spouse = add_dependent (plan, "spouse", 0, spouse);
  person = person_at (plan, planner->spouse);
  person->ever_married = "Y";
  person->marital_status = plan->marital_status;
  person->is_veteran = is_yes (spouse, "is_veteran") ? "Y" : "N";
  if (g_str_equal (person->is_veteran, "Y"))
    person->file_number = ssn (plan, spouse, "va_file_number");
  planned (plan, planner->spouse)->address = is_yes (living, "spouse_does_live_with_veteran")
                                                 ? plan->veteran_address
                                                 : address (plan, get (living, "address"));
}

static void
plan_spouse (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *marriage = get (planner->application, "current_marriage_information");
  const json_t *living = get (planner->application, "does_live_with_spouse");
  BgsRelationship *link;

  if (planner->spouse < 0)
    return;
  call_person (plan, planner->spouse);
  link =
      add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, planner->spouse, "Spouse",
                is_yes (living, "spouse_does_live_with_veteran") ? "Spouse" : "Estranged Spouse");
  link->begin_date = text (plan, marriage, "date");
  link->has_income = yes_no (living, "spouse_income");
  place (plan, get (marriage, "location"), &link->marriage_country, &link->marriage_state,
         &link->marriage_city);
}

static const char *
family_of_child (const json_t *child)
{
  const json_t *relationship = get (child, "relationship_to_child");

  if (is_yes (child, "is_biological_child"))
    return "Biological";
  if (json_is_true (get (relationship, "stepchild")))
    return "Stepchild";
  if (json_is_true (get (relationship, "adopted")))
    return "Adopted Child";
  return "Other";
}

static void
plan_other_parent (Planner *planner, const json_t *child, guint number)
{
  Plan *plan = planner->plan;
  const json_t *full_name = get (child, "biological_parent_name");
  BgsRelationship *link;
  BgsPerson *person;
  int index;

  if (!json_is_object (full_name))
    return;
  index = add_person (plan, "child-#-parent", number, full_name);
  person = person_at (plan, index);
  person->rows = BGS_PERSON_OTHER_PARENT;
  person->birth_date = text (plan, child, "biological_parent_dob");
  person->ssn = ssn (plan, child, "biological_parent_ssn");
  call_person (plan, index);

  link = add_link (planner, LINKS_OTHER_PARENT, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->event_date = link->begin_date = text (plan, child, "date_entered_household");
}

static void
plan_children (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *children = get (planner->application, "children_to_add"), *child;
  size_t i;

  if (!form_has_option (planner->form, "add_child") &&
      !form_has_option (planner->form, "add_disabled_child"))
    return;
  json_array_foreach (children, i, child)
  {
    int index = add_dependent (plan, "child-#", i + 1, child);
    BgsPerson *person = person_at (plan, index);
    BgsRelationship *link;

    place (plan, get (get (child, "birth_location"), "location"), &person->birth_country,
           &person->birth_state, &person->birth_city);
    person->ever_married = yes_no (child, "has_child_ever_been_married");
    person->is_seriously_disabled = yes_no (child, "does_child_have_permanent_disability");
    planned (plan, index)->address = is_yes (child, "does_child_live_with_you")
                                         ? plan->veteran_address
                                         : address (plan, get (child, "address"));
    call_person (plan, index);

    link =
        add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child", family_of_child (child));
    link->child_was_married = person->ever_married;
    link->has_income = yes_no (child, "income_in_last_year");
    if (g_strcmp0 (person->ever_married, "Y") == 0)
      link->end_type = end_of_marriage (child, "marriage_end_reason");

    if (g_str_equal (link->family_type, "Stepchild"))
      plan_other_parent (planner, child, i + 1);
  }
}

static const char *
share_of_support (const json_t *stepchild)
{
  const char *share = json_string_value (get (stepchild, "living_expenses_paid"));

  if (g_strcmp0 (share, "Half") == 0)
    return ".5";
  if (g_strcmp0 (share, "More than half") == 0)
    return ".75";
  if (g_strcmp0 (share, "Less than half") == 0)
    return ".25";
  return NULL;
}

static void
plan_stepchildren_who_left (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *stepchildren = get (planner->application, "step_children"), *stepchild;
  size_t i;

  if (!form_has_option (planner->form, "report_stepchild_not_in_household"))
    return;
  json_array_foreach (stepchildren, i, stepchild)
  {
    int child = add_dependent (plan, "stepchild-#", i + 1, stepchild);
    int guardian = add_person (plan, "stepchild-#-guardian", i + 1,
                               get (stepchild, "who_does_the_stepchild_live_with"));
    BgsRelationship *link;

    person_at (plan, guardian)->rows = BGS_PERSON_GUARDIAN;
    planned (plan, child)->address = address (plan, get (stepchild, "address"));
    call (plan, PLAN_PARTICIPANT, child);
    call (plan, PLAN_PARTICIPANT, guardian);
    call (plan, PLAN_PERSON, guardian);
    call (plan, PLAN_PERSON, child);
    if (planned (plan, child)->address)
      call (plan, PLAN_ADDRESS, child);

    link = add_link (planner, LINKS_STEPCHILD_LEFT, guardian, child, "Guardian", "Other");
    link->support_share = share_of_support (stepchild);
  }
}

/* A child who married and a child who left school differ in their date only. */
static void
plan_event_of_child (Planner *planner, const char *key, const char *slot, const char *date,
                     gboolean has_married)
{
  Plan *plan = planner->plan;
  const json_t *children = get (planner->application, key), *child;
  size_t i;

  json_array_foreach (children, i, child)
  {
    int index = add_dependent (plan, slot, i + 1, child);
    BgsRelationship *link;

    if (has_married)
      person_at (plan, index)->ever_married = "Y";
    call_person (plan, index);
    link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child", "Biological");
    link->event_date = text (plan, child, date);
    link->child_was_married = has_married ? "Y" : NULL;
    link->has_income = yes_no (child, "dependent_income");
  }
}

static void
plan_686c (Planner *planner)
{
  Plan *plan = planner->plan;

  plan_deaths (planner);
  plan_divorce (planner);
  plan_former_marriages (planner, "veteran_marriage_history", "veteran_was_married_before",
                         "veteran-former-spouse-#", LINKS_OF_VETERAN, PLAN_VETERAN);
  add_spouse (planner);
  if (planner->spouse >= 0)
    plan_former_marriages (planner, "spouse_marriage_history", "spouse_was_married_before",
                           "spouse-former-spouse-#", LINKS_OF_SPOUSE, planner->spouse);
  else if (json_array_size (get (planner->application, "spouse_marriage_history")) > 0)
    leave_out (plan, "spouse-marriage-history-without-spouse");
  plan_spouse (planner);
  plan_children (planner);
  plan_stepchildren_who_left (planner);
  if (form_has_option (planner->form, "report_marriage_of_child_under18") ||
      form_has_option (planner->form, "child_marriage"))
    plan_event_of_child (planner, "child_marriage", "married-child-#", "date_married", TRUE);
  if (form_has_option (planner->form, "report_child18_or_older_is_not_attending_school"))
    plan_event_of_child (planner, "child_stopped_attending_school", "former-student-#",
                         "date_child_left_school", FALSE);
}

/* --- Students. --- */

static const char *
family_of_student (const json_t *student)
{
  const char *relationship = json_string_value (get (student, "relationship_to_student"));

  if (relationship && g_ascii_strcasecmp (relationship, "stepchild") == 0)
    return "Stepchild";
  if (relationship && g_ascii_strncasecmp (relationship, "adopted", strlen ("adopted")) == 0)
    return "Adopted Child";
  return "Biological";
}

static void
add_student (Plan *plan, const json_t *given, int person)
{
  const json_t *school = get (given, "school_information");
  const json_t *term = get (school, "current_term_dates");
  const json_t *last_term = get (school, "last_term_school_information");
  const json_t *earned = get (given, "student_earnings_from_school_year");
  const json_t *expected = get (given, "student_expected_earnings_next_year");
  const json_t *worth = get (given, "student_networth_information");
  gboolean attended =
      !json_is_false (get (school, "student_did_attend_school_last_term")); /* decision 35 */
  PlanStudent *student = g_new0 (PlanStudent, 1);

  student->person = person;
  student->school = (BgsChildSchool){
    .school_name = text (plan, school, "name"),
    .term_start = text (plan, term, "official_school_start_date"),
    .expected_start = text (plan, term, "expected_student_start_date"),
    .graduation = text (plan, term, "expected_graduation_date"),
    .last_term_start = attended ? text (plan, last_term, "term_begin") : NULL,
    .last_term_end = attended ? text (plan, last_term, "date_term_ended") : NULL,
  };
  student->student = (BgsChildStudent){
    .savings = text (plan, worth, "savings"),
    .real_estate = text (plan, worth, "real_estate"),
    .other_assets = text (plan, worth, "other_assets"),
    .securities = text (plan, worth, "securities"),
    .remarks = text (plan, given, "remarks"),
    .marriage_date = text (plan, given, "marriage_date"),
    .is_tuition_paid_by_government = is_yes (given, "tuition_is_paid_by_gov_agency"),
    .tuition_start_date = text (plan, given, "benefit_payment_date"),
    .earnings = text (plan, earned, "earnings_from_all_employment"),
    .other_income = text (plan, earned, "all_other_income"),
    .social_security = text (plan, earned, "annual_social_security_payments"),
    .annuities = text (plan, earned, "other_annuities_income"),
    .next_earnings = text (plan, expected, "earnings_from_all_employment"),
    .next_other_income = text (plan, expected, "all_other_income"),
    .next_social_security = text (plan, expected, "annual_social_security_payments"),
    .next_annuities = text (plan, expected, "other_annuities_income"),
    .is_school_accredited = is_yes (school, "is_school_accredited"),
    .is_full_time = is_yes (school, "student_is_enrolled_full_time"),
  };
  g_ptr_array_add (plan->students, student);
}

static void
plan_674 (Planner *planner)
{
  Plan *plan = planner->plan;
  const json_t *students = get (planner->application, "student_information"), *student;
  size_t i;

  json_array_foreach (students, i, student)
  {
    int index = add_dependent (plan, "student-#", i + 1, student);
    BgsRelationship *link;

    person_at (plan, index)->ever_married = yes_no (student, "was_married");
    planned (plan, index)->address = address (plan, get (student, "address"));
    call_person (plan, index);
    add_student (plan, student, index);

    link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child",
                     family_of_student (student));
    link->has_income = yes_no (student, "student_income");
  }
}

/* --- The plan. --- */

Plan *
plan_new (const char *form_type, const json_t *form)
{
  Plan *plan = g_new0 (Plan, 1);
  Planner planner = {
    .plan = plan, .form = form, .application = get (form, "dependents_application"), .spouse = -1
  };
  const json_t *contact = get (planner.application, "veteran_contact_information");
  gboolean is_674 = g_str_equal (form_type, "21-674");

  plan->persons = g_ptr_array_new_with_free_func (g_free);
  plan->relationships = g_ptr_array_new_with_free_func (g_free);
  plan->students = g_ptr_array_new_with_free_func (g_free);
  plan->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify)bgs_address_free);
  plan->left_out = g_ptr_array_new_with_free_func (g_free);
  plan->calls = g_array_new (FALSE, FALSE, sizeof (PlanCall));
  plan->texts = g_string_chunk_new (4096);
  for (guint group = 0; group < LINKS_COUNT; group++)
    planner.links[group] = g_array_new (FALSE, FALSE, sizeof (guint));

  plan->veteran_address = address (plan, get (contact, "veteran_address"));
  if (json_is_object (get (planner.application, "current_marriage_information")))
    plan->marital_status =
        is_yes (get (planner.application, "does_live_with_spouse"), "spouse_does_live_with_veteran")
            ? "Married"
            : "Separated";
  if (!is_674)
    plan->net_worth_over_limit = yes_no (planner.application, "household_income");

  if (is_674)
    plan_674 (&planner);
  else
    plan_686c (&planner);

  for (guint group = 0; group < LINKS_COUNT; group++) {
    for (guint i = 0; i < planner.links[group]->len; i++)
      call (plan, PLAN_RELATIONSHIP, g_array_index (planner.links[group], guint, i));
    g_array_unref (planner.links[group]);
  }
  for (guint i = 0; i < plan->students->len; i++) {
    call (plan, PLAN_SCHOOL, i);
    call (plan, PLAN_STUDENT, i);
  }
  return plan;
}

void
plan_free (Plan *plan)
{
  if (!plan)
    return;
  g_ptr_array_unref (plan->persons);
  g_ptr_array_unref (plan->relationships);
  g_ptr_array_unref (plan->students);
  g_ptr_array_unref (plan->addresses);
  g_ptr_array_unref (plan->left_out);
  g_array_unref (plan->calls);
  g_string_chunk_free (plan->texts);
  g_free (plan);
}
