/* Findings name their place and rule, and never what was written there. */
#include "claims/validate.h"

#include <locale.h>
#include <string.h>

static json_t *
load (const char *path)
{
  g_autofree char *full = g_strconcat (SOURCE_DIR, "/tests/samples/", path, ".json", NULL);
  json_error_t problem;
  json_t *claim = json_load_file (full, 0, &problem);

  if (!claim)
    g_error ("%s: %s", full, problem.text);
  return claim;
}

/* "RULE pointer" of every finding, one a line. */
static char *
tell (const json_t *claim)
{
  static const char rules[] = {
    [CLAIM_RULE_LENIENT] = 'E', [CLAIM_RULE_STRICT] = 'S', [CLAIM_RULE_WARNING] = 'w'
  };
  g_autoptr (GPtrArray) findings = claim_validate (claim);
  GString *told = g_string_new (NULL);

  for (guint i = 0; i < findings->len; i++) {
    const ClaimFinding *finding = g_ptr_array_index (findings, i);

    g_string_append_printf (told, "%s%c %s", i ? "\n" : "", rules[finding->rule], finding->pointer);
  }
  return g_string_free (told, FALSE);
}

static void
assert_tells (const json_t *claim, const char *expected)
{
  g_autofree char *told = tell (claim);

  g_assert_cmpstr (told, ==, expected);
}

static void
samples_have_no_finding (void)
{
  static const char *const samples[] = {
    "01_686c_add_spouse",
    "02_686c_add_two_children",
    "03_686c_report_divorce",
    "04_686c_report_death",
    "05_674_one_student",
    "06_674_three_students",
    "07_combined_686c_674_two_students",
    "08_maximal_overflow",
  };

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++) {
    g_autofree char *path = g_strconcat ("claims/", samples[i], NULL);
    g_autoptr (json_t) claim = load (path);

    assert_tells (claim, "");
  }
}

static void
invalid_samples_have_exactly_one (void)
{
  static const struct {
    const char *name, *finding;
  } invalid[] = {
    { "01_missing_statement_of_truth_signature", "E " },
    { "02_statement_of_truth_certified_not_boolean", "E /statement_of_truth_certified" },
    { "03_no_flow_selected", "E /view:selectable686_options" },
    { "04_veteran_name_has_suffix", "E /veteran_information/full_name" },
    { "05_veteran_birth_date_wrong_format", "E /veteran_information/birth_date" },
    { "06_spouse_ssn_has_dashes", "S /dependents_application/spouse_information/ssn" },
    { "07_second_child_missing_birth_date", "S /dependents_application/children_to_add/1" },
    { "08_marriage_type_other_without_explanation",
      "S /dependents_application/current_marriage_information" },
    { "09_child_death_without_child_status", "S /dependents_application/deaths/1" },
    { "10_report674_selected_without_students", "E /dependents_application/student_information" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++) {
    g_autofree char *path = g_strconcat ("invalid/", invalid[i].name, NULL);
    g_autoptr (json_t) claim = load (path);

    assert_tells (claim, invalid[i].finding);
  }
}

static void
values_and_foreign_keys_are_never_told (void)
{
  static const char canary[] = "Canary-Quetzal";
  g_autoptr (json_t) claim = load ("claims/01_686c_add_spouse");
  json_t *application = json_object_get (claim, "dependents_application");
  json_t *spouse = json_object_get (application, "spouse_information");
  g_autoptr (GPtrArray) findings = NULL;

  json_object_set_new (claim, "statement_of_truth_certified", json_string (canary));
  json_object_set_new (spouse, "ssn", json_string (canary));
  json_object_set_new (spouse, "birth_date", json_string (canary));
  json_object_set_new (spouse, "canaryQuetzal", json_string (canary));
  json_object_set_new (json_object_get (spouse, "full_name"), canary, json_string (canary));
  json_object_set_new (application, "canaryQuetzal", json_pack ("{ss}", "a", canary));

  findings = claim_validate (claim);
  g_assert_cmpuint (findings->len, ==, 7);
  for (guint i = 0; i < findings->len; i++) {
    const ClaimFinding *finding = g_ptr_array_index (findings, i);

    g_assert_null (strcasestr (finding->pointer, "quetzal"));
    g_assert_null (strcasestr (finding->message, "quetzal"));
  }
}

static void
what_has_no_shape_is_refused (void)
{
  g_autoptr (json_t) array = json_array ();
  g_autoptr (json_t) empty = json_object ();
  g_autoptr (json_t) claim = load ("claims/03_686c_report_divorce");

  assert_tells (array, "E ");
  assert_tells (empty, "E \nE \nE \nS ");

  json_object_set_new (claim, "dependents_application", json_string ("x"));
  assert_tells (claim, "E /dependents_application");
}

static void
an_option_is_read_by_the_table_or_refused (void)
{
  g_autoptr (json_t) claim = load ("claims/03_686c_report_divorce");
  json_t *options = json_object_get (claim, "view:selectable686_options");

  json_object_set_new (options, "report_divorce", json_string (" Yes "));
  json_object_set_new (options, "report_death", json_null ());
  assert_tells (claim, "");
  json_object_set_new (options, "add_spouse", json_string ("perhaps"));
  assert_tells (claim, "E /view:selectable686_options/add_spouse");
  json_object_del (claim, "view:selectable686_options");
  assert_tells (claim, "E ");
}

/* Every option, its data taken away, emptied, turned into the wrong shape and written in another
 * case. */
static void
a_chosen_option_needs_its_data (void)
{
  static const struct {
    const char *option, *key, *camel;
    gboolean is_list;
  } rows[] = {
    { "add_spouse", "spouse_information", "spouseInformation", FALSE },
    { "add_child", "children_to_add", "childrenToAdd", TRUE },
    { "add_disabled_child", "children_to_add", "CHILDREN-TO-ADD", TRUE },
    { "report_divorce", "report_divorce", "reportDivorce", FALSE },
    { "report_death", "deaths", "Deaths", TRUE },
    { "report_stepchild_not_in_household", "step_children", "stepChildren", TRUE },
    { "report_marriage_of_child_under18", "child_marriage", "childMarriage", TRUE },
    { "child_marriage", "child_marriage", "ChildMarriage", TRUE },
    { "report_child18_or_older_is_not_attending_school", "child_stopped_attending_school",
      "childStoppedAttendingSchool", TRUE },
    { "report674", "student_information", "studentInformation", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (json_t) claim = load ("claims/08_maximal_overflow");
    json_t *application = json_object_get (claim, "dependents_application");
    g_autoptr (json_t) data = json_deep_copy (json_object_get (application, rows[i].key));
    g_autofree char *at_key = g_strconcat ("E /dependents_application/", rows[i].key, NULL);
    g_autofree char *at_entry = g_strconcat (at_key, "/0", NULL);
    g_autoptr (GPtrArray) findings = NULL;
    const ClaimFinding *first;
    json_t *options = json_object ();

    json_object_set_new (options, rows[i].option, json_true ());
    json_object_set_new (claim, "view:selectable686_options", options);
    assert_tells (claim, "");

    json_object_del (application, rows[i].key);
    assert_tells (claim, "E /dependents_application");
    json_object_set (application, rows[i].camel, data);
    findings = claim_validate (claim);
    first = g_ptr_array_index (findings, 0);
    g_assert_cmpint (first->rule, ==, CLAIM_RULE_LENIENT);
    g_assert_nonnull (strstr (first->message, "in another case"));
    g_assert_nonnull (strstr (first->message, rows[i].key));
    json_object_del (application, rows[i].camel);

    json_object_set_new (application, rows[i].key,
                         rows[i].is_list ? json_array () : json_object ());
    assert_tells (claim, at_key);
    json_object_set_new (application, rows[i].key,
                         rows[i].is_list ? json_pack ("[{s{ss}}]", "full_name", "first", " ")
                                         : json_pack ("{s{ss}}", "full_name", "first", " "));
    assert_tells (claim, at_key);
    if (rows[i].is_list) {
      json_object_set_new (application, rows[i].key, json_pack ("{si}", "a", 1));
      assert_tells (claim, at_key);
      json_object_set_new (application, rows[i].key, json_pack ("[i]", 1));
      assert_tells (claim, at_entry);
    } else {
      json_object_set_new (application, rows[i].key, json_pack ("[O]", data));
      assert_tells (claim, at_key);
    }
  }
}

/* A key in another case is named where its data are missed: at the top, and at every depth. */
static void
a_key_in_another_case_is_named (void)
{
  static const struct {
    const char *holder, *key, *written, *pointer;
  } rows[] = {
    { NULL, "view:selectable686_options", "view:selectable686Options", "" },
    { NULL, "statement_of_truth_signature", "statementOfTruthSignature", "" },
    { NULL, "dependents_application", "dependentsApplication", "" },
    { "spouse_information", "birth_date", "birthDate",
      "/dependents_application/spouse_information" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (json_t) claim = load ("claims/01_686c_add_spouse");
    json_t *holder =
        rows[i].holder
            ? json_object_get (json_object_get (claim, "dependents_application"), rows[i].holder)
            : claim;
    g_autoptr (json_t) value = json_incref (json_object_get (holder, rows[i].key));
    g_autoptr (GPtrArray) findings = NULL;
    const ClaimFinding *first;

    json_object_del (holder, rows[i].key);
    json_object_set (holder, rows[i].written, value);
    findings = claim_validate (claim);
    g_assert_cmpuint (findings->len, >, 0);
    first = g_ptr_array_index (findings, 0);
    g_assert_cmpstr (first->pointer, ==, rows[i].pointer);
    g_assert_nonnull (strstr (first->message, rows[i].key));
    g_assert_nonnull (strstr (first->message, "in another case"));
  }
}

/* The skeleton of a page that nobody filled in breaks no rule, wherever it stands. */
static void
what_is_nothing_breaks_no_rule (void)
{
  g_autoptr (json_t) claim = load ("claims/02_686c_add_two_children");
  json_t *application = json_object_get (claim, "dependents_application");
  json_t *children = json_object_get (application, "children_to_add");

  json_object_set_new (application, "report_divorce",
                       json_pack ("{s{s{}}, s{}, ss, sn}", "divorce_location", "location",
                                  "full_name", "date", "  ", "reason_marriage_ended"));
  json_object_set_new (application, "deaths", json_pack ("[{s[{}]}, n, s]", "child_status", ""));
  json_object_set_new (application, "spouse_information", json_string (" "));
  json_array_insert_new (children, 0, json_pack ("{s{}}", "full_name"));
  json_array_append_new (children, json_object ());
  assert_tells (claim, "");
  /* A place keeps its number. */
  json_object_del (json_array_get (children, 2), "birth_date");
  assert_tells (claim, "S /dependents_application/children_to_add/2");
}

static void
no_ssn_needs_a_reason (void)
{
  g_autoptr (json_t) claim = load ("claims/02_686c_add_two_children");
  json_t *child = json_array_get (
      json_object_get (json_object_get (claim, "dependents_application"), "children_to_add"), 0);

  json_object_del (child, "ssn");
  assert_tells (claim, "S /dependents_application/children_to_add/0");
  json_object_set_new (child, "no_ssn", json_true ());
  assert_tells (claim, "S /dependents_application/children_to_add/0");
  json_object_set_new (child, "no_ssn_reason", json_string ("lost it"));
  assert_tells (claim, "S /dependents_application/children_to_add/0/no_ssn_reason");
  json_object_set_new (child, "no_ssn_reason", json_string ("NONRESIDENT_ALIEN"));
  assert_tells (claim, "");
}

static void
each_student_must_be_one (void)
{
  g_autoptr (json_t) claim = load ("claims/06_674_three_students");
  json_t *application = json_object_get (claim, "dependents_application");
  json_t *students = json_object_get (application, "student_information");

  json_array_set_new (students, 1, json_string ("x"));
  assert_tells (claim, "E /dependents_application/student_information/1");
  json_object_del (application, "student_information");
  assert_tells (claim, "E /dependents_application");
}

static void
conditions_without_effect_are_warnings (void)
{
  g_autoptr (json_t) claim = load ("claims/02_686c_add_two_children");
  json_t *application = json_object_get (claim, "dependents_application");
  json_t *child = json_array_get (json_object_get (application, "children_to_add"), 1);
  json_t *contact = json_object_get (application, "veteran_contact_information");
  g_autofree char *longish = g_strnfill (244, 'a');
  g_autofree char *email = g_strconcat (longish, "@example.com", NULL); /* 256 */

  json_object_del (child, "relationship_to_child");
  json_object_del (child, "address");
  json_object_set_new (child, "has_child_ever_been_married", json_true ());
  json_object_set_new (contact, "email_address", json_string (email));
  json_object_set_new (json_object_get (contact, "veteran_address"), "country", json_string ("US"));
  json_object_set_new (contact, "electronicCorrespondence", json_true ());
  assert_tells (claim,
                "w /dependents_application/veteran_contact_information/veteran_address/country\n"
                "w /dependents_application/veteran_contact_information/email_address\n"
                "w /dependents_application/veteran_contact_information\n"
                "w /dependents_application/children_to_add/1\n"
                "w /dependents_application/children_to_add/1\n"
                "w /dependents_application/children_to_add/1\n"
                "w /dependents_application/children_to_add/1");
}

/* What an address or place says must fit exactly one way of reading it. */
static void
places_are_read_in_one_way (void)
{
  static const struct {
    const char *place;   /* current_marriage_information's outside_usa and location */
    const char *finding; /* below current_marriage_information; NULL: none */
  } cases[] = {
    { "{\"location\":{\"city\":\"x\",\"state\":\"y\"}}", NULL },
    { "{\"location\":{\"city\":\"x\",\"country\":\"y\"}}", NULL },
    { "{\"outside_usa\":false,\"location\":{\"city\":\"x\",\"state\":\"y\",\"country\":\"z\"}}",
      NULL },
    { "{\"location\":{\"city\":\"x\",\"state\":\"y\",\"country\":\"z\"}}", "/location" },
    { "{\"outside_usa\":true,\"location\":{\"city\":\"x\",\"state\":\"y\"}}", "/location" },
    { "{\"outside_usa\":false,\"location\":{\"city\":\"x\",\"country\":\"y\"}}", "/location" },
    { "{\"location\":{\"city\":\"x\"}}", "/location" },
    { "{\"outside_usa\":\"no\",\"location\":{\"city\":\"x\",\"state\":\"y\"}}", "/outside_usa" },
    { "{\"location\":7}", "/location" },
    { "{}", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) claim = load ("claims/01_686c_add_spouse");
    g_autoptr (json_t) place = json_loads (cases[i].place, 0, NULL);
    g_autofree char *expected = NULL;
    json_t *marriage = json_object_get (json_object_get (claim, "dependents_application"),
                                        "current_marriage_information");

    json_object_del (marriage, "location");
    json_object_del (marriage, "outside_usa");
    json_object_update (marriage, place);
    expected = cases[i].finding
                   ? g_strconcat ("S /dependents_application/current_marriage_information",
                                  cases[i].finding, NULL)
                   : g_strdup ("");
    assert_tells (claim, expected);
  }
}

static void
addresses_need_a_country_to_be_read (void)
{
  static const struct {
    const char *address, *finding;
  } cases[] = {
    { "{\"country\":\"USA\",\"state\":\"OH\"}", NULL },
    { "{\"country\":\"USA\",\"state\":\"ON\"}", "/state" },
    { "{\"country\":\"CAN\",\"state\":\"ON\"}", NULL },
    { "{\"country\":\"MEX\",\"state\":\"nuevo-leon\"}", NULL },
    { "{\"country\":\"MEX\",\"state\":\"Nuevo Leon\"}", "/state" },
    { "{\"country\":\"DEU\",\"state\":\"Hessen\",\"postal_code\":\"D-60311 Frankfurt\"}", NULL },
    { "{\"country\":\"USA\",\"postal_code\":\"00001-23456\"}", "/postal_code" },
    { "{\"state\":\"OH\"}", "" },
    { "{\"street\":\"x\"}", "" },
    { "{\"state\":\"Hessen\"}", NULL },
    { "{\"country\":\"USA\",\"street\":\"\"}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (json_t) claim = load ("claims/03_686c_report_divorce");
    g_autofree char *expected = NULL;
    json_t *contact = json_object_get (json_object_get (claim, "dependents_application"),
                                       "veteran_contact_information");

    json_object_set_new (contact, "veteran_address", json_loads (cases[i].address, 0, NULL));
    expected = cases[i].finding ? g_strconcat ("S /dependents_application/"
                                               "veteran_contact_information/veteran_address",
                                               cases[i].finding, NULL)
                                : g_strdup ("");
    assert_tells (claim, expected);
  }
}

static void
findings_are_bounded (void)
{
  g_autoptr (json_t) claim = load ("claims/02_686c_add_two_children");
  json_t *children = json_array ();
  g_autoptr (GPtrArray) findings = NULL;

  for (guint i = 0; i < 1000; i++)
    json_array_append_new (children, json_object ());
  json_object_set_new (json_object_get (claim, "dependents_application"), "children_to_add",
                       children);
  json_object_del (claim, "statement_of_truth_signature");
  findings = claim_validate (claim);
  g_assert_cmpuint (findings->len, <=, CLAIM_FINDINGS_MAX);
  g_assert_cmpint (((ClaimFinding *)g_ptr_array_index (findings, 0))->rule, ==, CLAIM_RULE_LENIENT);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/validate/samples-have-no-finding", samples_have_no_finding);
  g_test_add_func ("/claims/validate/invalid-samples-have-exactly-one",
                   invalid_samples_have_exactly_one);
  g_test_add_func ("/claims/validate/values-and-foreign-keys-are-never-told",
                   values_and_foreign_keys_are_never_told);
  g_test_add_func ("/claims/validate/what-has-no-shape-is-refused", what_has_no_shape_is_refused);
  g_test_add_func ("/claims/validate/an-option-is-read-by-the-table-or-refused",
                   an_option_is_read_by_the_table_or_refused);
  g_test_add_func ("/claims/validate/a-chosen-option-needs-its-data",
                   a_chosen_option_needs_its_data);
  g_test_add_func ("/claims/validate/a-key-in-another-case-is-named",
                   a_key_in_another_case_is_named);
  g_test_add_func ("/claims/validate/what-is-nothing-breaks-no-rule",
                   what_is_nothing_breaks_no_rule);
  g_test_add_func ("/claims/validate/no-ssn-needs-a-reason", no_ssn_needs_a_reason);
  g_test_add_func ("/claims/validate/each-student-must-be-one", each_student_must_be_one);
  g_test_add_func ("/claims/validate/conditions-without-effect-are-warnings",
                   conditions_without_effect_are_warnings);
  g_test_add_func ("/claims/validate/places-are-read-in-one-way", places_are_read_in_one_way);
  g_test_add_func ("/claims/validate/addresses-need-a-country-to-be-read",
                   addresses_need_a_country_to_be_read);
  g_test_add_func ("/claims/validate/findings-are-bounded", findings_are_bounded);
  return g_test_run ();
}
