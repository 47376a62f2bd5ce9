/* The plan of what BGS is told, held against the sample claims. */
#include <glib.h>

#include "base/cleanup.h"
#include "claims/split.h"
#include "submission/planner.h"
#include "submission/survey.h"
#include "submission/veteran.h"

#include <string.h>

static json_t *
sample (const char *name)
{
  g_autofree char *path = g_strconcat (SOURCE_DIR "/tests/samples/claims/", name, ".json", NULL);
  json_error_t problem;
  json_t *parent = json_load_file (path, 0, &problem);

  g_assert_nonnull (parent);
  return parent;
}

static const char *const all_samples[] = { "01_686c_add_spouse",
                                           "02_686c_add_two_children",
                                           "03_686c_report_divorce",
                                           "04_686c_report_death",
                                           "05_674_one_student",
                                           "06_674_three_students",
                                           "07_combined_686c_674_two_students",
                                           "08_maximal_overflow" };

/* Plan of the n-th child of a sample. */
static Plan *
plan_of (const char *name, guint child, const char *form_type)
{
  json_t *parent = sample (name);
  g_autoptr (GPtrArray) children = claim_split (parent);
  ClaimChildForm *form = g_ptr_array_index (children, child);
  Plan *plan;

  g_assert_cmpuint (children->len, >, child);
  g_assert_cmpstr (form->form_type, ==, form_type);
  plan = planner_plan (form->form_type, form->form, NULL);
  json_decref (parent);
  return plan;
}

static const PlanPerson *
person (const Plan *plan, const char *slot)
{
  for (guint i = 0; i < plan->persons->len; i++) {
    const PlanPerson *each = g_ptr_array_index (plan->persons, i);

    if (g_str_equal (each->slot, slot))
      return each;
  }
  g_error ("nobody is %s", slot);
}

static const PlanRelationship *
link_to (const Plan *plan, const char *slot)
{
  for (guint i = 0; i < plan->relationships->len; i++) {
    const PlanRelationship *each = g_ptr_array_index (plan->relationships, i);

    if (g_str_equal (each->slot, slot))
      return each;
  }
  g_error ("nobody is related to %s", slot);
}

static const char *
slot_of (const Plan *plan, int index)
{
  return index == PLAN_VETERAN ? "veteran"
                               : ((PlanPerson *)g_ptr_array_index (plan->persons, index))->slot;
}

static void
assert_found (const Plan *plan, PlanWeight weight, const char *code, const char *field)
{
  for (guint i = 0; i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);

    if (finding->weight == weight && g_str_equal (finding->code, code) &&
        g_str_equal (finding->field, field))
      return;
  }
  for (guint i = 0; i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);

    g_test_message ("found: %d %s %s", finding->weight, finding->code, finding->field);
  }
  g_error ("not found: %d %s %s", weight, code, field);
}

/* --- The whole plan as text, a line a call. --- */

static void
put (GString *text, const char *name, const char *value)
{
  if (value)
    g_string_append_printf (text, " %s=%s", name, value);
}
#define PUT(object, field) put (text, #field, (object)->field)

static void
dump_address (GString *text, const BgsAddress *address)
{
  PUT (address, line_one);
  PUT (address, line_two);
  PUT (address, line_three);
  PUT (address, city);
  PUT (address, country);
  PUT (address, state);
  PUT (address, foreign_postal_code);
  PUT (address, military_postal_type);
  PUT (address, military_post_office_type);
  PUT (address, zip);
  PUT (address, zip_suffix);
  PUT (address, province);
}

static void
dump_person (GString *text, const BgsPerson *who)
{
  g_string_append_printf (text, " rows=%d", who->rows);
  PUT (who, first_name);
  if (who->rows == BGS_PERSON_WHOLE) {
    PUT (who, middle_name);
    PUT (who, suffix);
  }
  PUT (who, last_name);
  PUT (who, birth_date);
  PUT (who, birth_country);
  PUT (who, birth_state);
  PUT (who, birth_city);
  PUT (who, file_number);
  PUT (who, ssn);
  PUT (who, death_date);
  PUT (who, ever_married);
  PUT (who, is_veteran);
  PUT (who, marital_status);
  PUT (who, is_seriously_disabled);
  PUT (who, no_ssn_reason);
}

static void
dump_relationship (GString *text, const Plan *plan, const PlanRelationship *planned)
{
  const BgsRelationship *of = &planned->relationship;

  put (text, "a", slot_of (plan, planned->a));
  put (text, "b", slot_of (plan, planned->b));
  PUT (of, participant_type);
  PUT (of, family_type);
  PUT (of, event_date);
  PUT (of, begin_date);
  PUT (of, end_date);
  PUT (of, marriage_country);
  PUT (of, marriage_state);
  PUT (of, marriage_city);
  PUT (of, end_country);
  PUT (of, end_state);
  PUT (of, end_city);
  PUT (of, end_type);
  PUT (of, support_share);
  PUT (of, child_was_married);
  PUT (of, has_income);
}

static void
dump_student (GString *text, const PlanStudent *planned)
{
  const BgsChildSchool *school = &planned->school;
  const BgsChildStudent *student = &planned->student;

  PUT (school, last_term_start);
  PUT (school, last_term_end);
  PUT (school, school_name);
  PUT (school, expected_start);
  PUT (school, term_start);
  PUT (school, graduation);
  PUT (student, savings);
  PUT (student, real_estate);
  PUT (student, other_assets);
  PUT (student, securities);
  PUT (student, remarks);
  PUT (student, marriage_date);
  PUT (student, tuition_start_date);
  PUT (student, earnings);
  PUT (student, other_income);
  PUT (student, social_security);
  PUT (student, annuities);
  PUT (student, next_annuities);
  PUT (student, next_earnings);
  PUT (student, next_other_income);
  PUT (student, next_social_security);
  PUT (student, is_tuition_paid_by_government);
  PUT (student, is_school_accredited);
  PUT (student, is_full_time);
}

static void
dump_call (GString *text, const Plan *plan, const PlanCall *call)
{
  static const char *const kinds[] = { "participant",  "person", "address",
                                       "relationship", "school", "student" };
  const PlanPerson *who;

  g_string_append (text, kinds[call->kind]);
  switch (call->kind) {
  case PLAN_PARTICIPANT:
    put (text, "slot", slot_of (plan, call->index));
    break;
  case PLAN_PERSON:
    who = g_ptr_array_index (plan->persons, call->index);
    put (text, "slot", who->slot);
    dump_person (text, &who->person);
    break;
  case PLAN_ADDRESS:
    who = g_ptr_array_index (plan->persons, call->index);
    put (text, "slot", who->slot);
    dump_address (text, who->address);
    break;
  case PLAN_RELATIONSHIP:
    dump_relationship (text, plan, g_ptr_array_index (plan->relationships, call->index));
    break;
  case PLAN_SCHOOL:
  case PLAN_STUDENT:
    dump_student (text, g_ptr_array_index (plan->students, call->index));
    break;
  }
  g_string_append_c (text, '\n');
}

/* Everything that a child tells BGS: plan and Veteran. */
static char *
dump (const char *form_type, const json_t *form)
{
  g_autoptr (Plan) plan = planner_plan (form_type, form, NULL);
  g_autoptr (Veteran) veteran = veteran_new (form, NULL);
  g_autoptr (GString) text = g_string_new ("veteran");

  PUT (veteran, ssn);
  PUT (veteran, file_number);
  PUT (veteran, first_name);
  PUT (veteran, middle_name);
  PUT (veteran, last_name);
  PUT (veteran, birth_date);
  PUT (veteran, phone_number);
  PUT (veteran, email);
  PUT (plan, marital_status);
  PUT (plan, net_worth_over_limit);
  if (plan->veteran_address)
    dump_address (text, plan->veteran_address);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < plan->calls->len; i++)
    dump_call (text, plan, &g_array_index (plan->calls, PlanCall, i));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- Every leaf of a claim is told to BGS, or is on this list. ---
 *
 * A leaf counts as told when the plan changes with it: the value is changed, turned round or taken
 * away. */

/* Paths in a child's document, [] for any index. What BGS has no element for, by form. */
static const char *const not_mapped_686c[] = {
  /* Choices: they steer the plan; those that change nothing here are decided elsewhere or doubled
     by data. */
  "view:selectable686_options/add_disabled_child",
  "statement_of_truth_signature",
  "statement_of_truth_certified",
  "dependents_application/veteran_contact_information/international_phone_number",
  "dependents_application/veteran_contact_information/electronic_correspondence",
  "dependents_application/spouse_information/service_number",
  "dependents_application/current_marriage_information/type_of_marriage", /* decides the review */
  "dependents_application/current_marriage_information/type_other",
  "dependents_application/does_live_with_spouse/current_spouse_reason_for_separation",
  "dependents_application/does_live_with_spouse/other",
  "dependents_application/veteran_marriage_history/[]/start_location/outside_usa",
  "dependents_application/veteran_marriage_history/[]/other_reason_marriage_ended",
  "dependents_application/spouse_marriage_history/[]/start_location/outside_usa",
  "dependents_application/spouse_marriage_history/[]/other_reason_marriage_ended",
  "dependents_application/children_to_add/[]/birth_location/location/postal_code",
  "dependents_application/children_to_add/[]/birth_location/outside_usa",
  "dependents_application/children_to_add/[]/is_biological_child_of_spouse",
  "dependents_application/children_to_add/[]/does_child_have_disability",
  "dependents_application/children_to_add/[]/living_with/first",
  "dependents_application/children_to_add/[]/living_with/middle",
  "dependents_application/children_to_add/[]/living_with/last",
  "dependents_application/children_to_add/[]/marriage_end_date",
  "dependents_application/children_to_add/[]/marriage_end_description",
  "dependents_application/children_to_add/[]/biological_parent_name/middle",
  "dependents_application/report_divorce/explanation_of_other",
  "dependents_application/step_children/[]/supporting_stepchild",
  "dependents_application/step_children/[]/who_does_the_stepchild_live_with/middle",
  "dependents_application/deaths/[]/child_status/child_under18",
  "dependents_application/deaths/[]/child_status/step_child",
  "dependents_application/deaths/[]/child_status/adopted",
  "dependents_application/deaths/[]/child_status/disabled",
  "dependents_application/deaths/[]/child_status/child_over18_in_school",
  /* A child's alone, here */
  "dependents_application/deaths/[]/dependent_death_location/location/country",
  "dependents_application/deaths/[]/dependent_death_location/outside_usa",
  "dependents_application/spouse_supporting_documents/[]/name",
  "dependents_application/spouse_supporting_documents/[]/size",
  "dependents_application/spouse_supporting_documents/[]/confirmation_code",
  "dependents_application/child_supporting_documents/[]/name",
  "dependents_application/child_supporting_documents/[]/size",
  "dependents_application/child_supporting_documents/[]/confirmation_code",
  NULL,
};

/* Told for some entries only: the other parent is a stepchild's; NA is no answer; a parent who
 * died is what is left when it is neither spouse nor child; of an address longer than three lines
 * the rest is reported as left out; an option may have a second one beside it. */
static const char *const mapped_for_some_686c[] = {
  "dependents_application/current_marriage_information/outside_usa", /* takes a state away */
  "dependents_application/deaths/[]/dependent_death_location/location/city", /* of a spouse */
  "dependents_application/deaths/[]/dependent_death_location/location/state",
  "view:selectable686_options/add_child",
  "dependents_application/veteran_contact_information/veteran_address/street2",
  "dependents_application/deaths/[]/dependent_type",
  "dependents_application/deaths/[]/deceased_dependent_income",
  "dependents_application/children_to_add/[]/date_entered_household",
  "dependents_application/children_to_add/[]/biological_parent_name/first",
  "dependents_application/children_to_add/[]/biological_parent_name/last",
  "dependents_application/children_to_add/[]/biological_parent_ssn",
  "dependents_application/children_to_add/[]/biological_parent_dob",
  "dependents_application/children_to_add/[]/relationship_to_child/adopted",
  "dependents_application/children_to_add/[]/relationship_to_child/stepchild",
  NULL,
};

static const char *const mapped_for_some_674[] = {
  "dependents_application/veteran_contact_information/veteran_address/street2",
  /* Anything unknown is biological */
  "dependents_application/student_information/[]/relationship_to_student",
  "dependents_application/student_information/[]/student_income",
  "dependents_application/student_information/[]/school_information/"
  "student_did_attend_school_last_term",
  NULL,
};

static const char *const not_mapped_674[] = {
  "statement_of_truth_signature",
  "statement_of_truth_certified",
  "view:selectable686_options/*",
  "dependents_application/veteran_contact_information/international_phone_number",
  "dependents_application/veteran_contact_information/electronic_correspondence",
  "dependents_application/child_stopped_attending_school/*",
  "dependents_application/days_till_expires",
  "dependents_application/privacy_agreement_accepted",
  "dependents_application/view:*",
  "dependents_application/student_information/[]/type_of_program_or_benefit/ch35",
  "dependents_application/student_information/[]/type_of_program_or_benefit/fry",
  "dependents_application/student_information/[]/type_of_program_or_benefit/feca",
  "dependents_application/student_information/[]/type_of_program_or_benefit/other",
  "dependents_application/student_information/[]/other_program_or_benefit",
  "dependents_application/student_information/[]/claims_or_receives_pension",
  "dependents_application/student_information/[]/student_networth_information/total_value",
  "dependents_application/student_information/[]/is_parent",
  "dependents_application/student_information/[]/school_information/date_full_time_ended",
  NULL,
};

/* A row that ends in a star stands for all that begins as it does. */
static gboolean
is_listed (const char *const *list, const char *path, GHashTable *used)
{
  for (; *list; list++) {
    gsize length = strlen (*list);
    gboolean is_match = (*list)[length - 1] == '*' ? strncmp (path, *list, length - 1) == 0
                                                   : g_str_equal (*list, path);

    if (is_match) {
      g_hash_table_add (used, (gpointer)*list);
      return TRUE;
    }
  }
  return FALSE;
}

typedef struct {
  const char *form_type;
  json_t *form; /* changed in place, and back */
  char *before; /* dump of the untouched form */
  const char *const *not_mapped, *const *for_some;
  GHashTable *used;  /* rows of the lists that were needed */
  GHashTable *told;  /* rows of for_some that were told at least once */
  GHashTable *wrong; /* complaints */
  guint leaves;
} Walk;

static gboolean
changes (Walk *walk)
{
  g_autofree char *after = dump (walk->form_type, walk->form);

  return !g_str_equal (walk->before, after);
}

/* Whether the plan tells this leaf. The parent is put back as it was. */
static gboolean
is_told (Walk *walk, json_t *parent, const char *key, size_t index)
{
  json_t *old = key ? json_object_get (parent, key) : json_array_get (parent, index);
  json_t *tries[3] = { json_null (), NULL, NULL };
  gboolean told = FALSE;

  json_incref (old);
  if (json_is_string (old)) {
    tries[1] = json_string ("1901-02-03");
    tries[2] = json_string ("666999888");
  } else if (json_is_boolean (old)) {
    tries[1] = json_boolean (json_is_false (old));
  }
  for (guint i = 0; i < G_N_ELEMENTS (tries); i++) {
    if (!tries[i])
      continue;
    if (key)
      json_object_set_new (parent, key, tries[i]);
    else
      json_array_set_new (parent, index, tries[i]);
    told = told || changes (walk);
  }
  if (key)
    json_object_set_new (parent, key, old);
  else
    json_array_set_new (parent, index, old);
  return told;
}

static void
check_leaf (Walk *walk, json_t *parent, const char *key, size_t index, const char *path)
{
  gboolean told = is_told (walk, parent, key, index);
  gboolean some = is_listed (walk->for_some, path, walk->used);

  walk->leaves++;
  if (some && told)
    g_hash_table_add (walk->told, (gpointer)g_intern_string (path));
  if (some)
    return;
  if (told && is_listed (walk->not_mapped, path, walk->used))
    g_hash_table_add (walk->wrong,
                      g_strconcat (path, " is told to BGS, but listed as not mapped", NULL));
  if (!told && !is_listed (walk->not_mapped, path, walk->used))
    g_hash_table_add (walk->wrong,
                      g_strconcat (path, " is neither in the plan nor on the list", NULL));
}

static void
walk_node (Walk *walk, json_t *parent, const char *parent_path)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  const char *key;
  json_t *value;

  json_object_foreach (parent, key, value) g_ptr_array_add (keys, g_strdup (key));
  for (guint i = 0; i < keys->len + json_array_size (parent); i++) {
    const char *name = i < keys->len ? g_ptr_array_index (keys, i) : NULL;
    json_t *node = name ? json_object_get (parent, name) : json_array_get (parent, i - keys->len);
    g_autofree char *path = *parent_path
                                ? g_strdup_printf ("%s/%s", parent_path, name ? name : "[]")
                                : g_strdup (name ? name : "[]");

    if (json_is_object (node) || json_is_array (node))
      walk_node (walk, node, path);
    else
      check_leaf (walk, parent, name, i - keys->len, path);
  }
}

static void
assert_all_used (const char *const *list, GHashTable *used)
{
  for (; *list; list++)
    if (!g_hash_table_contains (used, *list))
      g_error ("nothing needs the row %s", *list);
}

static void
assert_told_once (const char *const *list, GHashTable *told)
{
  for (; *list; list++)
    if (!g_hash_table_contains (told, g_intern_string (*list)))
      g_error ("%s is never told", *list);
}

static void
test_every_leaf (void)
{
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) wrong = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter each;
  gpointer complaint;
  guint leaves = 0;

  for (guint i = 0; i < G_N_ELEMENTS (all_samples); i++) {
    json_t *parent = sample (all_samples[i]);
    g_autoptr (GPtrArray) children = claim_split (parent);

    for (guint c = 0; c < children->len; c++) {
      ClaimChildForm *child = g_ptr_array_index (children, c);
      gboolean is_686c = g_str_equal (child->form_type, "21-686C");
      json_t *form = json_deep_copy (child->form);
      Walk walk = {
        .form_type = child->form_type,
        .form = form,
        .before = dump (child->form_type, form),
        .not_mapped = is_686c ? not_mapped_686c : not_mapped_674,
        .for_some = is_686c ? mapped_for_some_686c : mapped_for_some_674,
        .used = used,
        .told = told,
        .wrong = wrong,
      };

      walk_node (&walk, form, "");
      leaves += walk.leaves;
      g_free (walk.before);
      json_decref (form);
    }
    json_decref (parent);
  }
  g_hash_table_iter_init (&each, wrong);
  while (g_hash_table_iter_next (&each, &complaint, NULL))
    g_test_message ("%s", (const char *)complaint);
  g_assert_cmpuint (g_hash_table_size (wrong), ==, 0);
  g_assert_cmpuint (leaves, >, 700);
  assert_told_once (mapped_for_some_686c, told);
  assert_told_once (mapped_for_some_674, told);
  assert_all_used (not_mapped_686c, used);
  assert_all_used (not_mapped_674, used);
}

/* --- Single rows of the tables. --- */

static void
test_order_of_calls (void)
{
  g_autoptr (Plan) plan = plan_of ("08_maximal_overflow", 0, "21-686C");
  static const char *const order[] = { "deceased",      "divorced",      "veteran-former",
                                       "spouse-former", "spouse",        "child",
                                       "stepchild",     "married-child", "former-student" };
  static const char *const links[] = { "stepchild",     "child-3-parent", "spouse-former",
                                       "deceased",      "divorced",       "veteran-former",
                                       "spouse",        "child",          "married-child",
                                       "former-student" };
  guint at = 0, at_link = 0;
  gboolean links_begun = FALSE;

  for (guint i = 0; i < plan->calls->len; i++) {
    const PlanCall *call = &g_array_index (plan->calls, PlanCall, i);

    if (call->kind == PLAN_RELATIONSHIP) {
      const PlanRelationship *link = g_ptr_array_index (plan->relationships, call->index);

      links_begun = TRUE;
      while (!g_str_has_prefix (link->slot, links[at_link])) {
        at_link++;
        g_assert_cmpuint (at_link, <, G_N_ELEMENTS (links));
      }
      continue;
    }
    g_assert_false (links_begun); /* all people first */
    while (!g_str_has_prefix (slot_of (plan, call->index), order[at])) {
      at++;
      g_assert_cmpuint (at, <, G_N_ELEMENTS (order));
    }
  }
  g_assert_cmpuint (at, ==, G_N_ELEMENTS (order) - 1);
  g_assert_cmpuint (at_link, ==, G_N_ELEMENTS (links) - 1);
}

static void
test_spouse (void)
{
  g_autoptr (Plan) plan = plan_of ("01_686c_add_spouse", 0, "21-686C");
  const PlanPerson *spouse = person (plan, "spouse");
  const PlanRelationship *link = link_to (plan, "spouse");

  g_assert_cmpstr (plan->marital_status, ==, "Separated");
  g_assert_cmpstr (plan->net_worth_over_limit, ==, "N");
  g_assert_cmpstr (spouse->person.marital_status, ==, "Separated");
  g_assert_cmpstr (spouse->person.is_veteran, ==, "Y");
  g_assert_cmpstr (spouse->person.file_number, ==, "666010102");
  g_assert_cmpstr (spouse->person.ever_married, ==, "Y");
  g_assert_cmpstr (spouse->address->line_one, ==,
                   "22 Sample Lane"); /* her own: one level down in the form */
  g_assert_cmpstr (spouse->address->state, ==, "PA");
  g_assert_cmpstr (link->relationship.family_type, ==, "Estranged Spouse");
  g_assert_cmpstr (link->relationship.begin_date, ==, "2025-03-22");
  g_assert_cmpstr (link->relationship.marriage_state, ==, "OH");
  g_assert_null (link->relationship.marriage_country);
  g_assert_cmpstr (link->relationship.has_income, ==, "N");
  g_assert_cmpint (link->a, ==, PLAN_VETERAN);
}

static void
test_former_marriages (void)
{
  g_autoptr (Plan) plan = plan_of ("01_686c_add_spouse", 0, "21-686C");
  const PlanRelationship *of_veteran = link_to (plan, "veteran-former-spouse-1");
  const PlanRelationship *of_spouse = link_to (plan, "spouse-former-spouse-1");

  g_assert_cmpint (of_veteran->a, ==, PLAN_VETERAN);
  g_assert_cmpstr (of_veteran->relationship.family_type, ==, "Ex-Spouse");
  g_assert_cmpstr (of_veteran->relationship.end_type, ==, "Divorce");
  g_assert_cmpstr (slot_of (plan, of_spouse->a), ==, "spouse");
  g_assert_cmpstr (of_spouse->relationship.marriage_country, ==, "Canada");
  g_assert_cmpstr (of_spouse->relationship.end_type, ==, "Death");
}

static void
test_former_marriages_kept_back (void)
{
  json_t *parent = sample ("01_686c_add_spouse");
  json_t *application = json_object_get (parent, "dependents_application");
  g_autoptr (Plan) plan = NULL;

  json_object_set_new (application, "veteran_was_married_before", json_false ());
  json_object_del (application, "spouse_information");
  plan = planner_plan ("21-686C", parent, NULL);
  g_assert_cmpuint (plan->persons->len, ==, 0);
  /* A former marriage of nobody cannot be told, and neither is kept silent. */
  assert_found (plan, PLAN_TOLD, "not-applicable",
                "dependents_application/veteran_marriage_history");
  assert_found (plan, PLAN_TOLD, "not-applicable",
                "dependents_application/spouse_marriage_history");
  json_decref (parent);
}

/* As it is submitted: the flag stands at the top, beside the application. */
static void
test_former_marriages_kept_back_from_the_top (void)
{
  g_autoptr (json_t) parent = sample ("01_686c_add_spouse");
  g_autoptr (GPtrArray) children = NULL;
  g_autoptr (Plan) plan = NULL;

  json_object_set_new (parent, "veteran_was_married_before", json_false ());
  json_object_set_new (json_object_get (parent, "dependents_application"),
                       "spouse_was_married_before", json_string ("N"));
  children = claim_split (parent);
  plan = planner_plan ("21-686C", ((ClaimChildForm *)g_ptr_array_index (children, 0))->form, NULL);

  g_assert_cmpuint (plan->persons->len, ==, 1); /* the spouse */
  assert_found (plan, PLAN_TOLD, "not-applicable",
                "dependents_application/veteran_marriage_history");
  assert_found (plan, PLAN_TOLD, "not-applicable",
                "dependents_application/spouse_marriage_history");
}

/* Puts a value at a place of the claim, "a/0/b"; NULL takes away what is there. */
static void
put_at (json_t *parent, const char *place, const char *value)
{
  g_auto (GStrv) keys = g_strsplit (place, "/", -1);
  guint last = g_strv_length (keys) - 1;
  json_t *holder = parent;

  for (guint k = 0; k < last; k++)
    holder = json_is_array (holder)
                 ? json_array_get (holder, (gsize)g_ascii_strtoull (keys[k], NULL, 10))
                 : json_object_get (holder, keys[k]);
  g_assert_true (json_is_object (holder));
  if (!value)
    g_assert_cmpint (json_object_del (holder, keys[last]), ==, 0);
  else
    json_object_set_new (holder, keys[last], json_loads (value, JSON_DECODE_ANY, NULL));
}

#define APPLICATION "dependents_application/"
#define STUDENT     APPLICATION "student_information/0/"
#define CHILD       APPLICATION "children_to_add/0/"
#define HOME        APPLICATION "veteran_contact_information/veteran_address/"

/* A clean claim with one place changed. */
typedef struct {
  const char *sample;
  const char *place, *value; /* NULL: what is there is taken away */
  PlanWeight weight;
  const char *code, *field; /* NULL: nothing is found */
} Changed;

static void
assert_changed (const Changed *cases, gsize count)
{
  for (gsize i = 0; i < count; i++) {
    g_autoptr (json_t) parent = sample (cases[i].sample);
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (GPtrArray) findings = NULL;
    gboolean is_found = cases[i].code == NULL;

    put_at (parent, cases[i].place, cases[i].value);
    children = claim_split (parent);
    findings = survey_claim (parent, children, NULL, "2026-11-29");
    for (guint k = 0; k < findings->len; k++) {
      const SurveyFinding *finding = g_ptr_array_index (findings, k);

      g_test_message ("found: %d %s %s", finding->weight, finding->code, finding->field);
      is_found |= finding->weight == cases[i].weight &&
                  g_strcmp0 (finding->code, cases[i].code) == 0 &&
                  g_strcmp0 (finding->field, cases[i].field) == 0;
    }
    if (!is_found || (!cases[i].code && findings->len > 0))
      g_error ("%s of %s: not found: %d %s %s", cases[i].place, cases[i].sample, cases[i].weight,
               cases[i].code, cases[i].field);
  }
}

/* Letters without a Latin form, beside others that have one. */
static void
test_lost_letters (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", CHILD "full_name/last", "\"ᏣᎳᎩ Smith\"", PLAN_REVIEW,
      "letters-lost", CHILD "full_name/last" },
    { "02_686c_add_two_children", CHILD "birth_location/location/city", "\"ᏣᎳᎩ City\"", PLAN_REVIEW,
      "letters-lost", CHILD "birth_location/location/city" },
    { "02_686c_add_two_children", HOME "city", "\"ᏣᎳᎩ City\"", PLAN_REVIEW, "letters-lost",
      HOME "city" },
    { "02_686c_add_two_children", HOME "street", "\"1 ᏣᎳᎩ St\"", PLAN_REVIEW, "letters-lost",
      HOME "street" },
    { "02_686c_add_two_children", "veteran_information/full_name/last", "\"ᏣᎳᎩ Smith\"",
      PLAN_REVIEW, "letters-lost", "veteran_information/full_name/last" },
    { "02_686c_add_two_children", HOME "street", "\"12 Łódź Straße\"", PLAN_TOLD, NULL, NULL },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* Absent is judged as what nobody can read is. */
static void
test_missing_answers (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", CHILD "birth_date", NULL, PLAN_REVIEW, "missing-date",
      CHILD "birth_date" },
    { "02_686c_add_two_children", CHILD "has_child_ever_been_married", NULL, PLAN_REVIEW,
      "missing-answer", CHILD "has_child_ever_been_married" },
    { "02_686c_add_two_children", CHILD "ssn", NULL, PLAN_REVIEW, "missing-number", CHILD "ssn" },
    { "04_686c_report_death", APPLICATION "deaths/0/ssn", NULL, PLAN_REVIEW, "missing-number",
      APPLICATION "deaths/0/ssn" },
    { "05_674_one_student", STUDENT "birth_date", NULL, PLAN_REVIEW, "missing-date",
      STUDENT "birth_date" },
    { "05_674_one_student", STUDENT "was_married", NULL, PLAN_REVIEW, "missing-answer",
      STUDENT "was_married" },
    { "05_674_one_student", STUDENT "ssn", NULL, PLAN_REVIEW, "missing-number", STUDENT "ssn" },
    { "05_674_one_student",
      STUDENT "school_information/current_term_dates/official_school_start_date", NULL, PLAN_REVIEW,
      "missing-date", STUDENT "school_information/current_term_dates/official_school_start_date" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* Who has none, and says why, has said it. */
static void
test_no_ssn_is_an_answer (void)
{
  g_autoptr (json_t) parent = sample ("02_686c_add_two_children");
  g_autoptr (GPtrArray) children = NULL;
  g_autoptr (GPtrArray) findings = NULL;

  put_at (parent, CHILD "ssn", NULL);
  put_at (parent, CHILD "no_ssn", "true");
  put_at (parent, CHILD "no_ssn_reason", "\"NONRESIDENT_ALIEN\"");
  children = claim_split (parent);
  findings = survey_claim (parent, children, NULL, NULL);
  g_assert_cmpuint (findings->len, ==, 0);
}

/* What the pages leave behind of a place that nobody has named. */
static void
test_flags_of_no_place (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", APPLICATION "veteran_marriage_history",
      "[{\"start_location\": {\"outside_usa\": false}}]", PLAN_TOLD, NULL, NULL },
    { "02_686c_add_two_children", APPLICATION "current_marriage_information",
      "{\"outside_usa\": false}", PLAN_TOLD, NULL, NULL },
    { "02_686c_add_two_children", APPLICATION "report_divorce",
      "{\"divorce_location\": {\"outside_usa\": \"N\"}}", PLAN_TOLD, NULL, NULL },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

static void
test_contradictions (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", CHILD "does_child_have_permanent_disability", "true", PLAN_REVIEW,
      "contradiction", CHILD "does_child_have_disability" },
    { "05_674_one_student", STUDENT "marriage_date", "\"2024-05-04\"", PLAN_REVIEW, "contradiction",
      STUDENT "was_married" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* What has happened has done so; nobody earns less than nothing. */
static void
test_future_days_and_negative_amounts (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", CHILD "birth_date", "\"2026-11-30\"", PLAN_REVIEW, "future-date",
      CHILD "birth_date" },
    { "02_686c_add_two_children", CHILD "birth_date", "\"2026-11-29\"", PLAN_TOLD, NULL, NULL },
    { "02_686c_add_two_children", "veteran_information/birth_date", "\"2026-11-30\"", PLAN_REVIEW,
      "future-date", "veteran_information/birth_date" },
    { "04_686c_report_death", APPLICATION "deaths/0/dependent_death_date", "\"2027-01-01\"",
      PLAN_REVIEW, "future-date", APPLICATION "deaths/0/dependent_death_date" },
    { "03_686c_report_divorce", APPLICATION "report_divorce/date", "\"2027-01-01\"", PLAN_REVIEW,
      "future-date", APPLICATION "report_divorce/date" },
    { "01_686c_add_spouse", APPLICATION "current_marriage_information/date", "\"2027-01-01\"",
      PLAN_REVIEW, "future-date", APPLICATION "current_marriage_information/date" },
    { "08_maximal_overflow", APPLICATION "child_marriage/0/date_married", "\"2027-01-01\"",
      PLAN_REVIEW, "future-date", APPLICATION "child_marriage/0/date_married" },
    { "05_674_one_student",
      STUDENT "school_information/current_term_dates/official_school_start_date", "\"2027-01-01\"",
      PLAN_TOLD, NULL, NULL },
    { "05_674_one_student", STUDENT "student_networth_information/savings", "\"-5\"", PLAN_REVIEW,
      "negative-amount", STUDENT "student_networth_information/savings" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* Of one claim: a second entry like the first, by SSN or by name and day; one SSN of two people. */
static void
test_somebody_twice (void)
{
  static const struct {
    const char *sample, *list;
    const char *changed, *value; /* of the first entry's copy; NULL: nothing */
    const char *also, *also_value;
    const char *code; /* NULL: nothing is found */
  } cases[] = {
    { "02_686c_add_two_children", "children_to_add", NULL, NULL, NULL, NULL, "twice" },
    { "02_686c_add_two_children", "children_to_add", "ssn", "\"666-12-3499\"", NULL, NULL,
      "twice" },
    { "02_686c_add_two_children", "children_to_add", "ssn", "\"666123499\"", "birth_date",
      "\"2020-02-02\"", NULL },
    { "02_686c_add_two_children", "children_to_add", "full_name",
      "{\"first\": \"Other\", \"last\": \"Name\"}", NULL, NULL, "contradiction" },
    { "05_674_one_student", "student_information", NULL, NULL, NULL, NULL, "twice" },
    { "04_686c_report_death", "deaths", NULL, NULL, NULL, NULL, "twice" },
    { "01_686c_add_spouse", "veteran_marriage_history", NULL, NULL, NULL, NULL, "twice" },
    { "01_686c_add_spouse", "spouse_marriage_history", NULL, NULL, NULL, NULL, "twice" },
    { "01_686c_add_spouse", "veteran_marriage_history", "start_date", "\"2004-02-02\"", NULL, NULL,
      NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample (cases[i].sample);
    json_t *list =
        json_object_get (json_object_get (parent, "dependents_application"), cases[i].list);
    json_t *copy = json_deep_copy (json_array_get (list, 0));
    gsize number = json_array_size (list);
    g_autofree char *field = g_strdup_printf (APPLICATION "%s/%" G_GSIZE_FORMAT "/%s",
                                              cases[i].list, number, "full_name");
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (GPtrArray) findings = NULL;

    if (cases[i].changed)
      put_at (copy, cases[i].changed, cases[i].value);
    if (cases[i].also)
      put_at (copy, cases[i].also, cases[i].also_value);
    json_array_append_new (list, copy);
    children = claim_split (parent);
    findings = survey_claim (parent, children, NULL, NULL);
    g_assert_cmpuint (findings->len, ==, cases[i].code ? 1 : 0);
    if (cases[i].code) {
      const SurveyFinding *finding = g_ptr_array_index (findings, 0);

      g_assert_cmpstr (finding->code, ==, cases[i].code);
      g_assert_cmpstr (finding->field, ==, field);
      g_assert_cmpint (finding->weight, ==, PLAN_REVIEW);
    }
  }
}

/* The insert goes by the Veteran's address: one that BGS refuses there is paper at once. */
static void
test_addresses (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", HOME "postal_code", NULL, PLAN_PAPER, "no-zip",
      HOME "postal_code" },
    { "02_686c_add_two_children", HOME "postal_code", "\"00000\"", PLAN_PAPER, "no-zip",
      HOME "postal_code" },
    { "02_686c_add_two_children", HOME "postal_code", "\"1234\"", PLAN_PAPER, "no-zip",
      HOME "postal_code" },
    { "02_686c_add_two_children", CHILD "address", "{\"state\": \"GA\"}", PLAN_TOLD,
      "not-applicable", CHILD "address" },
    { "02_686c_add_two_children", APPLICATION "children_to_add/1/address", "{\"state\": \"GA\"}",
      PLAN_TOLD, "no-address", APPLICATION "children_to_add/1/address" },
    { "02_686c_add_two_children", APPLICATION "children_to_add/1/address",
      "{\"street\": \"1 Weg\", \"city\": \"Bonn\", \"country\": \"DEU\", \"state\": \"GA\"}",
      PLAN_TOLD, "state-abroad", APPLICATION "children_to_add/1/address/state" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* The insert of a benefit claim has the Veteran's SSN, and is not sent without. */
static void
test_veteran_without_ssn (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", "veteran_information/ssn", NULL, PLAN_PAPER, "missing-number",
      "veteran_information/ssn" },
    { "02_686c_add_two_children", "veteran_information/ssn", "\"66601\"", PLAN_PAPER, "no-number",
      "veteran_information/ssn" },
    { "02_686c_add_two_children", "veteran_information/ssn", "\"X666010102\"", PLAN_PAPER,
      "no-number", "veteran_information/ssn" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* Neither a number nor an e-mail address is taken in part: it would be somebody else's. */
static void
test_what_is_not_taken_in_part (void)
{
  static const Changed cases[] = {
    { "02_686c_add_two_children", "veteran_information/va_file_number", "\"AB12345678\"", PLAN_TOLD,
      "no-number", "veteran_information/va_file_number" },
    { "02_686c_add_two_children", "veteran_information/va_file_number", "\"C12345678\"", PLAN_TOLD,
      NULL, NULL },
    { "02_686c_add_two_children", "dependents_application/children_to_add/0/ssn",
      "\"666020202 (Ada)\"", PLAN_REVIEW, "no-number",
      "dependents_application/children_to_add/0/ssn" },
    { "01_686c_add_spouse", "dependents_application/spouse_information/va_file_number",
      "\"see letter of 12.12.2012\"", PLAN_REVIEW, "no-number",
      "dependents_application/spouse_information/va_file_number" },
    { "02_686c_add_two_children",
      "dependents_application/veteran_contact_information/email_address",
      "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example."
      "com\"",
      PLAN_REVIEW, "too-long", "dependents_application/veteran_contact_information/email_address" },
  };

  assert_changed (cases, G_N_ELEMENTS (cases));
}

/* What cannot be read where it stands is no matter of another answer: a person looks at it. */
static void
test_what_counts_and_cannot_be_read (void)
{
  static const struct {
    const char *sample, *path, *value;
  } cases[] = {
    { "01_686c_add_spouse", "veteran_marriage_history", "{\"full_name\": {\"first\": \"Al\"}}" },
    { "01_686c_add_spouse", "veteran_marriage_history/0/end_location", "[\"Reno\"]" },
    { "01_686c_add_spouse", "does_live_with_spouse/address", "[\"22 Sample Lane\"]" },
    { "02_686c_add_two_children", "children_to_add/1/address", "\"7 Placeholder Road\"" },
    { "02_686c_add_two_children", "children_to_add/1/biological_parent_name", "\"Lars Petersen\"" },
    { "04_686c_report_death", "deaths/0/dependent_death_location", "{\"city\": \"Anytown\"}" },
    { "05_674_one_student", "student_information/0/school_information/last_term_school_information",
      "[\"2025-01-13\"]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample (cases[i].sample);
    g_autofree char *field = g_strconcat ("dependents_application/", cases[i].path, NULL);
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (Plan) plan = NULL;
    const ClaimChildForm *child;

    put_at (parent, field, cases[i].value);
    children = claim_split (parent);
    child = g_ptr_array_index (children, 0);
    plan = planner_plan (child->form_type, child->form, NULL);
    assert_found (plan, PLAN_REVIEW, "not-read", field);
  }
}

/* The choices outside and inside: whose key is none, and which contradict each other. */
static void
test_choices_that_are_none (void)
{
  static const struct {
    const char *where, *key;
    gboolean says;
    const char *found; /* NULL: nothing */
  } cases[] = {
    { "", "addSpouse", TRUE, "unknown-choice view:selectable686_options/*" },
    { "", "ADD_SPOUSE", TRUE, "unknown-choice view:selectable686_options/*" },
    { "", "addSpouse", FALSE, NULL },
    { "", "add_spouse", FALSE, NULL },
    { "dependents_application", "report_divorce", TRUE,
      "contradiction dependents_application/view:selectable686_options/report_divorce" },
    { "dependents_application", "add_child", FALSE,
      "contradiction dependents_application/view:selectable686_options/add_child" },
    { "dependents_application", "addSpouse", TRUE,
      "unknown-choice dependents_application/view:selectable686_options/*" },
    { "dependents_application", "add_child", TRUE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample ("02_686c_add_two_children");
    json_t *holder = *cases[i].where ? json_object_get (parent, cases[i].where) : parent;
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (GPtrArray) findings = NULL;

    json_object_set_new (json_object_get (holder, "view:selectable686_options"), cases[i].key,
                         json_boolean (cases[i].says));
    children = claim_split (parent);
    findings = survey_claim (parent, children, NULL, NULL);
    g_assert_cmpuint (findings->len, ==, cases[i].found ? 1 : 0);
    if (cases[i].found) {
      const SurveyFinding *finding = g_ptr_array_index (findings, 0);
      g_autofree char *found = g_strdup_printf ("%s %s", finding->code, finding->field);

      g_assert_cmpstr (found, ==, cases[i].found);
      g_assert_cmpint (finding->weight, ==, *cases[i].where ? PLAN_TOLD : PLAN_REVIEW);
    }
  }
}

/* What was chosen on the pages of adding and of removing chooses nothing either. */
static void
test_choices_of_the_pages (void)
{
  static const struct {
    const char *page, *key;
    gboolean says, is_found;
  } cases[] = {
    { "view:remove_dependent_options", "report_death", TRUE, TRUE },
    { "view:remove_dependent_options", "report_death", FALSE, FALSE },
    { "view:add_dependent_options", "add_spouse", TRUE, TRUE },
    { "view:add_dependent_options", "add_child", FALSE, TRUE },
    { "view:add_dependent_options", "add_child", TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample ("02_686c_add_two_children");
    g_autofree char *field =
        g_strdup_printf ("dependents_application/%s/%s", cases[i].page, cases[i].key);
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (GPtrArray) findings = NULL;

    json_object_set_new (json_object_get (parent, "dependents_application"), cases[i].page,
                         json_pack ("{sb}", cases[i].key, cases[i].says));
    children = claim_split (parent);
    findings = survey_claim (parent, children, NULL, NULL);
    g_assert_cmpuint (findings->len, ==, cases[i].is_found ? 1 : 0);
    if (cases[i].is_found) {
      const SurveyFinding *finding = g_ptr_array_index (findings, 0);

      g_assert_cmpstr (finding->code, ==, "contradiction");
      g_assert_cmpstr (finding->field, ==, field);
      g_assert_cmpint (finding->weight, ==, PLAN_TOLD);
    }
  }
}

/* Beside the application: parts of the form are answers that nobody reads there, other keys may be
 * the sender's, and copies of the choices choose nothing. */
static void
test_what_stands_beside_the_application (void)
{
  static const struct {
    const char *key, *value;
    const char *found; /* NULL: nothing */
    PlanWeight weight;
  } cases[] = {
    { "spouse_information", "{\"ssn\": \"666010101\"}", "not-read spouse_information",
      PLAN_REVIEW },
    { "student_information", "[7]", "not-read student_information", PLAN_REVIEW },
    { "childrenToAdd", "[{\"ssn\": \"666010101\"}]", "not-read children_to_add", PLAN_REVIEW },
    { "deaths", "[{\"full_name\": {\"first\": \" \"}}]", NULL, PLAN_TOLD },
    { "client_version", "\"7.1\"", "not-read *", PLAN_TOLD },
    { "Ada Okafor", "true", "not-read *", PLAN_TOLD },
    { "nickname", "\"\"", NULL, PLAN_TOLD },
    { "use_v2", "true", NULL, PLAN_TOLD },
    { "view:any", "{\"a\": 1}", NULL, PLAN_TOLD },
    { "add_child", "\"yes\"", NULL, PLAN_TOLD },
    { "add_child", "false", "contradiction add_child", PLAN_TOLD },
    { "add_spouse", "true", "contradiction add_spouse", PLAN_TOLD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample ("02_686c_add_two_children");
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (GPtrArray) findings = NULL;

    json_object_set_new (parent, cases[i].key, json_loads (cases[i].value, JSON_DECODE_ANY, NULL));
    children = claim_split (parent);
    findings = survey_claim (parent, children, NULL, NULL);
    g_assert_cmpuint (findings->len, ==, cases[i].found ? 1 : 0);
    if (cases[i].found) {
      const SurveyFinding *finding = g_ptr_array_index (findings, 0);
      g_autofree char *found = g_strdup_printf ("%s %s", finding->code, finding->field);

      g_assert_cmpstr (found, ==, cases[i].found);
      g_assert_cmpint (finding->weight, ==, cases[i].weight);
    }
  }
}

/* What came with the user and nobody reads is told; a key of his in another case is an answer that
 * nobody reads. */
static void
test_data_of_the_user (void)
{
  static const struct {
    const char *user_data; /* without its braces, behind a name and a number */
    const char *found;     /* NULL: nothing */
    PlanWeight weight;
  } cases[] = {
    { "}", NULL, PLAN_TOLD },
    { ", \"nickname\": [null, {}, \" \"]}, \"session\": {}", NULL, PLAN_TOLD },
    { ", \"service_number\": \"AB12345\", \"icn\": \"1012\"}", NULL, PLAN_TOLD },
    { ", \"nickname\": \"Ada\"}", "not-read veteran_information/*", PLAN_TOLD },
    { ", \"Ada Okafor\": false}", "not-read veteran_information/*", PLAN_TOLD },
    { ", \"birthDate\": \"1975-01-01\"}", "not-read veteran_information/birth_date", PLAN_REVIEW },
    { ", \"BIRTH_DATE\": \"1975-01-01\"}", "not-read veteran_information/birth_date", PLAN_REVIEW },
    { "}, \"session\": {\"id\": 7}", "not-read user_data/*", PLAN_TOLD },
    { ", \"ssn_last_four\": \"0103\"}", NULL, PLAN_TOLD },
    { ", \"ssn_last_four\": \"0104\"}", "contradiction veteran_information/ssn_last_four",
      PLAN_TOLD },
    { ", \"va_file_last_four\": \"0103\"}", "not-read veteran_information/va_file_last_four",
      PLAN_TOLD },
    { ", \"va_file_number\": \"666010103\", \"va_file_last_four\": \"0103\"}", NULL, PLAN_TOLD },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) parent = sample ("03_686c_report_divorce");
    g_autofree char *text =
        g_strconcat ("{\"veteran_information\": {\"full_name\": {\"first\": \"Noor\", \"last\": "
                     "\"Amaya\"}, \"ssn\": \"666-01-0103\"",
                     cases[i].user_data, "}", NULL);
    g_autoptr (json_t) user_data = json_loads (text, 0, NULL);
    g_autoptr (GPtrArray) children = claim_split (parent);
    g_autoptr (GPtrArray) findings = survey_claim (parent, children, user_data, NULL);

    g_assert_nonnull (user_data);
    g_assert_cmpuint (findings->len, ==, cases[i].found ? 1 : 0);
    if (cases[i].found) {
      const SurveyFinding *finding = g_ptr_array_index (findings, 0);
      g_autofree char *found = g_strdup_printf ("%s %s", finding->code, finding->field);

      g_assert_cmpstr (found, ==, cases[i].found);
      g_assert_cmpint (finding->weight, ==, cases[i].weight);
    }
  }
}

static void
test_ends_of_marriages (void)
{
  g_autoptr (Plan) plan = plan_of ("08_maximal_overflow", 0, "21-686C");

  g_assert_cmpstr (link_to (plan, "veteran-former-spouse-2")->relationship.end_type, ==, "Death");
  g_assert_cmpstr (link_to (plan, "veteran-former-spouse-3")->relationship.end_type, ==,
                   "Other"); /* annulment */
  g_assert_cmpstr (link_to (plan, "veteran-former-spouse-4")->relationship.end_type, ==, "Other");
  g_assert_null (link_to (plan, "child-1")->relationship.end_type);
  g_assert_cmpstr (link_to (plan, "child-5")->relationship.end_type, ==, "Other");
  g_assert_cmpstr (link_to (plan, "child-5")->relationship.child_was_married, ==, "Y");
}

static void
test_children (void)
{
  g_autoptr (Plan) plan = plan_of ("02_686c_add_two_children", 0, "21-686C");
  const PlanPerson *first = person (plan, "child-1"), *second = person (plan, "child-2");
  const PlanPerson *parent = person (plan, "child-2-parent");

  g_assert_true (first->address == plan->veteran_address);
  g_assert_cmpstr (second->address->zip, ==, "00004");
  g_assert_cmpstr (first->person.birth_state, ==, "GA");
  g_assert_cmpstr (second->person.birth_country, ==, "Germany");
  g_assert_null (second->person.birth_state);
  g_assert_cmpstr (link_to (plan, "child-1")->relationship.family_type, ==, "Biological");
  g_assert_cmpstr (link_to (plan, "child-2")->relationship.family_type, ==, "Stepchild");
  /* The other parent's own birth date and SSN, not the child's. */
  g_assert_cmpint (parent->person.rows, ==, BGS_PERSON_OTHER_PARENT);
  g_assert_cmpstr (parent->person.ssn, ==, "666020204");
  g_assert_cmpstr (parent->person.birth_date, ==, "1985-07-19");
  g_assert_null (parent->address);
  g_assert_cmpstr (link_to (plan, "child-2-parent")->relationship.event_date, ==, "2023-06-01");
  g_assert_cmpstr (link_to (plan, "child-2-parent")->relationship.begin_date, ==, "2023-06-01");
  g_assert_null (plan->marital_status);
}

static void
test_family_of_children (void)
{
  g_autoptr (Plan) plan = plan_of ("08_maximal_overflow", 0, "21-686C");

  g_assert_cmpstr (link_to (plan, "child-2")->relationship.family_type, ==, "Adopted Child");
  g_assert_cmpstr (link_to (plan, "child-3")->relationship.family_type, ==, "Stepchild");
  g_assert_cmpstr (person (plan, "child-4")->person.is_seriously_disabled, ==, "Y");
  g_assert_null (person (plan, "child-1")->person.is_seriously_disabled);
}

static void
test_deaths (void)
{
  g_autoptr (Plan) plan = plan_of ("04_686c_report_death", 0, "21-686C");
  const PlanRelationship *spouse = link_to (plan, "deceased-1"),
                         *child = link_to (plan, "deceased-2");

  g_assert_cmpstr (spouse->relationship.participant_type, ==, "Spouse");
  g_assert_cmpstr (spouse->relationship.end_type, ==, "Death");
  g_assert_null (spouse->relationship.has_income); /* NA is no answer */
  g_assert_cmpstr (child->relationship.family_type, ==, "Child");
  g_assert_null (child->relationship.end_type);
  g_assert_cmpstr (child->relationship.has_income, ==, "N");
  g_assert_cmpstr (person (plan, "deceased-1")->person.death_date, ==, "2025-02-17");
  g_assert_cmpstr (person (plan, "deceased-1")->person.is_veteran, ==, "N");
}

static void
test_stepchildren_who_left (void)
{
  g_autoptr (Plan) plan = plan_of ("08_maximal_overflow", 0, "21-686C");
  const PlanRelationship *link = link_to (plan, "stepchild-1");

  g_assert_cmpstr (slot_of (plan, link->a), ==, "stepchild-1-guardian");
  g_assert_cmpstr (link->relationship.participant_type, ==, "Guardian");
  g_assert_cmpstr (link->relationship.support_share, ==, ".75");
  g_assert_cmpstr (link_to (plan, "stepchild-2")->relationship.support_share, ==, ".5");
  g_assert_null (link_to (plan, "stepchild-3")->relationship.support_share);
  g_assert_cmpint (person (plan, "stepchild-1-guardian")->person.rows, ==, BGS_PERSON_GUARDIAN);
  g_assert_nonnull (person (plan, "stepchild-1")->address);
}

static void
test_options_steer (void)
{
  json_t *parent = sample ("08_maximal_overflow");
  json_t *options = json_object_get (parent, "view:selectable686_options");
  g_autoptr (Plan) plan = NULL;

  json_object_clear (options);
  json_object_set_new (options, "child_marriage", json_true ());
  json_object_set_new (options, "report_death", json_false ());
  plan = planner_plan ("21-686C", parent, NULL);
  for (guint i = 0; i < plan->persons->len; i++) {
    const char *slot = slot_of (plan, i);

    /* Divorce by its data, the Veteran's own history by being there, and what was chosen. */
    g_assert_true (g_str_equal (slot, "divorced-spouse") ||
                   g_str_has_prefix (slot, "veteran-former-spouse-") ||
                   g_str_has_prefix (slot, "married-child-"));
  }
  g_assert_cmpuint (plan->persons->len, ==, 1 + 5 + 2);
  json_decref (parent);
}

/* What a page leaves behind of a divorce that nobody has reported. */
static void
test_no_divorce_without_somebody_or_a_day (void)
{
  static const char *const left[] = {
    "{\"divorce_location\": {\"outside_usa\": true}}",
    "{\"spouse_income\": \"N\", \"reason_marriage_ended\": \"Divorce\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (left); i++) {
    g_autoptr (json_t) parent = sample ("02_686c_add_two_children");
    g_autoptr (Plan) plan = NULL;

    json_object_set_new (json_object_get (parent, "dependents_application"), "report_divorce",
                         json_loads (left[i], 0, NULL));
    plan = planner_plan ("21-686C", parent, NULL);
    g_assert_cmpuint (plan->findings->len, ==, 1);
    assert_found (plan, PLAN_TOLD, "not-chosen", "dependents_application/report_divorce");
  }
}

static void
test_students (void)
{
  g_autoptr (Plan) first = plan_of ("06_674_three_students", 0, "21-674");
  g_autoptr (Plan) third = plan_of ("06_674_three_students", 2, "21-674");
  const PlanStudent *student = g_ptr_array_index (first->students, 0);
  const PlanStudent *abroad = g_ptr_array_index (third->students, 0);

  g_assert_cmpuint (first->students->len, ==, 1);
  g_assert_null (first->net_worth_over_limit); /* lib/submission/README.md, rule 6 */
  g_assert_null (student->school.last_term_start);
  g_assert_cmpstr (student->school.graduation, ==, "2027-06-11");
  g_assert_cmpstr (student->student.is_tuition_paid_by_government, ==, "N");
  g_assert_cmpstr (student->student.is_full_time, ==, "Y");
  g_assert_cmpstr (link_to (first, "student-1")->relationship.family_type, ==, "Biological");
  g_assert_cmpstr (link_to (third, "student-1")->relationship.family_type, ==, "Stepchild");
  g_assert_null (link_to (third, "student-1")->relationship.has_income);
  g_assert_cmpstr (person (third, "student-1")->person.ever_married, ==, "Y");
  g_assert_cmpstr (person (third, "student-1")->address->country, ==, "Canada");
  g_assert_cmpstr (abroad->student.marriage_date, ==, "2025-06-14");
  g_assert_cmpstr (abroad->student.is_school_accredited, ==, "N");
}

static void
test_last_term_not_attended (void)
{
  json_t *parent = sample ("05_674_one_student");
  g_autoptr (GPtrArray) children = claim_split (parent);
  ClaimChildForm *child = g_ptr_array_index (children, 0);
  json_t *school = json_object_get (
      json_array_get (json_object_get (json_object_get (child->form, "dependents_application"),
                                       "student_information"),
                      0),
      "school_information");
  g_autoptr (Plan) plan = NULL;
  const PlanStudent *student;

  json_object_set_new (school, "student_did_attend_school_last_term", json_false ());
  plan = planner_plan ("21-674", child->form, NULL);
  student = g_ptr_array_index (plan->students, 0);
  g_assert_null (student->school.last_term_start);
  g_assert_null (student->school.last_term_end);
  json_decref (parent);
}

static void
test_empty_form (void)
{
  g_autoptr (json_t) form = json_object ();
  g_autoptr (Plan) plan = planner_plan ("21-686C", form, NULL);
  g_autoptr (Plan) plan_674 = planner_plan ("21-674", form, NULL);

  g_assert_cmpuint (plan->calls->len, ==, 0);
  g_assert_null (plan->veteran_address);
  g_assert_cmpuint (plan_674->calls->len, ==, 0);
}

/* The samples are clean: nothing of them is lost, and nobody has to look at them for what they
 * hold. The last one is made of texts that are longer than BGS can hold. */
static void
test_samples_have_no_finding (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_samples); i++) {
    gboolean is_too_long = i == G_N_ELEMENTS (all_samples) - 1;
    json_t *parent = sample (all_samples[i]);
    g_autoptr (GPtrArray) children = claim_split (parent);
    g_autoptr (GPtrArray) findings = survey_claim (parent, children, NULL, NULL);

    for (guint k = 0; k < findings->len; k++) {
      const SurveyFinding *finding = g_ptr_array_index (findings, k);

      g_test_message ("%s: %d %s %s", all_samples[i], finding->weight, finding->code,
                      finding->field);
      g_assert_cmpstr (finding->code, ==, "cut");
    }
    g_assert_cmpuint (findings->len, ==, is_too_long ? 6 : 0);
    json_decref (parent);
  }
}

/* From when on somebody is paid for or not is never left open in silence. */
static void
test_missing_days (void)
{
  static const struct {
    const char *sample, *list; /* NULL: no list */
    const char *object, *key;
    const char *field;
  } cases[] = {
    { "01_686c_add_spouse", NULL, "current_marriage_information", "date",
      "dependents_application/current_marriage_information/date" },
    { "03_686c_report_divorce", NULL, "report_divorce", "date",
      "dependents_application/report_divorce/date" },
    { "04_686c_report_death", "deaths", NULL, "dependent_death_date",
      "dependents_application/deaths/0/dependent_death_date" },
    { "08_maximal_overflow", "child_marriage", NULL, "date_married",
      "dependents_application/child_marriage/0/date_married" },
    { "08_maximal_overflow", "child_stopped_attending_school", NULL, "date_child_left_school",
      "dependents_application/child_stopped_attending_school/0/date_child_left_school" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    json_t *parent = sample (cases[i].sample);
    json_t *application = json_object_get (parent, "dependents_application");
    json_t *holder = cases[i].list
                         ? json_array_get (json_object_get (application, cases[i].list), 0)
                         : json_object_get (application, cases[i].object);
    g_autoptr (GPtrArray) children = NULL;
    g_autoptr (Plan) plan = NULL;

    g_assert_cmpint (json_object_del (holder, cases[i].key), ==, 0);
    children = claim_split (parent);
    plan =
        planner_plan ("21-686C", ((ClaimChildForm *)g_ptr_array_index (children, 0))->form, NULL);
    assert_found (plan, PLAN_REVIEW, "missing-date", cases[i].field);
    json_decref (parent);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/plan/every-leaf-is-told-or-listed", test_every_leaf);
  g_test_add_func ("/submission/survey/samples-have-no-finding", test_samples_have_no_finding);
  g_test_add_func ("/submission/plan/order-of-calls", test_order_of_calls);
  g_test_add_func ("/submission/plan/spouse-who-lives-apart", test_spouse);
  g_test_add_func ("/submission/plan/former-marriages", test_former_marriages);
  g_test_add_func ("/submission/plan/former-marriages-kept-back", test_former_marriages_kept_back);
  g_test_add_func ("/submission/plan/former-marriages-kept-back-from-the-top",
                   test_former_marriages_kept_back_from_the_top);
  g_test_add_func ("/submission/plan/what-counts-and-cannot-be-read",
                   test_what_counts_and_cannot_be_read);
  g_test_add_func ("/submission/survey/lost-letters", test_lost_letters);
  g_test_add_func ("/submission/survey/missing-answers", test_missing_answers);
  g_test_add_func ("/submission/survey/no-ssn-is-an-answer", test_no_ssn_is_an_answer);
  g_test_add_func ("/submission/survey/flags-of-no-place", test_flags_of_no_place);
  g_test_add_func ("/submission/survey/contradictions", test_contradictions);
  g_test_add_func ("/submission/survey/future-days-and-negative-amounts",
                   test_future_days_and_negative_amounts);
  g_test_add_func ("/submission/survey/somebody-twice", test_somebody_twice);
  g_test_add_func ("/submission/survey/addresses", test_addresses);
  g_test_add_func ("/submission/survey/what-is-not-taken-in-part", test_what_is_not_taken_in_part);
  g_test_add_func ("/submission/survey/data-of-the-user", test_data_of_the_user);
  g_test_add_func ("/submission/survey/veteran-without-ssn", test_veteran_without_ssn);
  g_test_add_func ("/submission/plan/choices-that-are-none", test_choices_that_are_none);
  g_test_add_func ("/submission/plan/choices-of-the-pages", test_choices_of_the_pages);
  g_test_add_func ("/submission/plan/what-stands-beside-the-application",
                   test_what_stands_beside_the_application);
  g_test_add_func ("/submission/plan/ends-of-marriages-in-three-words", test_ends_of_marriages);
  g_test_add_func ("/submission/plan/children", test_children);
  g_test_add_func ("/submission/plan/family-of-children", test_family_of_children);
  g_test_add_func ("/submission/plan/deaths", test_deaths);
  g_test_add_func ("/submission/plan/stepchildren-who-left", test_stepchildren_who_left);
  g_test_add_func ("/submission/plan/options-steer", test_options_steer);
  g_test_add_func ("/submission/plan/no-divorce-without-somebody-or-a-day",
                   test_no_divorce_without_somebody_or_a_day);
  g_test_add_func ("/submission/plan/students", test_students);
  g_test_add_func ("/submission/plan/last-term-not-attended", test_last_term_not_attended);
  g_test_add_func ("/submission/plan/days-that-decide", test_missing_days);
  g_test_add_func ("/submission/plan/nothing-in-nothing-out", test_empty_form);
  return g_test_run ();
}
