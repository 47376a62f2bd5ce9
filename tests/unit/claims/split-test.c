/* One submission becomes at most one 686c and one 674 per student, each with the keys its form has.
 */
#include "claims/split.h"

#define OPTIONS "view:selectable686_options"

static json_t *
load (const char *name)
{
  g_autofree char *full = g_strconcat (SOURCE_DIR, "/tests/samples/claims/", name, ".json", NULL);
  json_error_t problem;
  json_t *claim = json_load_file (full, 0, &problem);

  if (!claim)
    g_error ("%s: %s", full, problem.text);
  return claim;
}

static const ClaimChildForm *
nth (GPtrArray *children, guint n)
{
  g_assert_cmpuint (n, <, children->len);
  return g_ptr_array_index (children, n);
}

static json_t *
application_of (const json_t *form)
{
  return json_object_get (form, "dependents_application");
}

static void
samples_split_as_their_readme_says (void)
{
  static const struct {
    const char *name;
    guint forms_686c, forms_674;
  } samples[] = {
    { "01_686c_add_spouse", 1, 0 },
    { "02_686c_add_two_children", 1, 0 },
    { "03_686c_report_divorce", 1, 0 },
    { "04_686c_report_death", 1, 0 },
    { "05_674_one_student", 0, 1 },
    { "06_674_three_students", 0, 3 },
    { "07_combined_686c_674_two_students", 1, 2 },
    { "08_maximal_overflow", 1, 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++) {
    g_autoptr (json_t) parent = load (samples[i].name);
    g_autoptr (GPtrArray) children = claim_split (parent);

    g_assert_cmpuint (children->len, ==, samples[i].forms_686c + samples[i].forms_674);
    for (guint k = 0; k < children->len; k++)
      g_assert_cmpstr (nth (children, k)->form_type, ==,
                       k < samples[i].forms_686c ? "21-686C" : "21-674");
  }
}

static void
students_keep_their_order (void)
{
  g_autoptr (json_t) parent = load ("06_674_three_students");
  g_autoptr (GPtrArray) children = claim_split (parent);
  json_t *students = json_object_get (application_of (parent), "student_information");

  for (guint i = 0; i < 3; i++) {
    json_t *kept =
        json_object_get (application_of (nth (children, i)->form), "student_information");

    g_assert_cmpuint (json_array_size (kept), ==, 1);
    g_assert_true (json_equal (json_array_get (kept, 0), json_array_get (students, i)));
  }
}

static void
keys_of_each_form_and_no_others (void)
{
  g_autoptr (json_t) parent = load ("08_maximal_overflow");
  g_autoptr (GPtrArray) children = claim_split (parent);
  json_t *form_686c = nth (children, 0)->form, *form_674 = nth (children, 1)->form;
  json_t *in_686c = application_of (form_686c), *in_674 = application_of (form_674);

  /* All fifteen keys of a 686c are in this sample. */
  g_assert_cmpuint (json_object_size (in_686c), ==, 15);
  g_assert_nonnull (json_object_get (in_686c, "child_stopped_attending_school"));
  g_assert_null (json_object_get (in_686c, "student_information"));
  g_assert_null (json_object_get (in_686c, OPTIONS));

  g_assert_null (json_object_get (in_674, "spouse_information"));
  g_assert_null (json_object_get (in_674, "view:add_dependent_options"));
  g_assert_nonnull (json_object_get (in_674, "child_stopped_attending_school"));
  g_assert_nonnull (json_object_get (in_674, "view:remove_dependent_options"));
  g_assert_nonnull (json_object_get (in_674, "days_till_expires"));

  for (guint i = 0; i < children->len; i++) {
    g_assert_true (json_equal (json_object_get (nth (children, i)->form, "veteran_information"),
                               json_object_get (parent, "veteran_information")));
    g_assert_cmpuint (json_object_size (nth (children, i)->form), ==, 5);
  }
}

static void
options_come_from_two_places (void)
{
  g_autoptr (json_t) parent = load ("07_combined_686c_674_two_students");
  g_autoptr (GPtrArray) children = NULL;
  json_t *nested = json_object_get (application_of (parent), OPTIONS);

  json_object_set_new (nested, "add_child", json_true ()); /* only the nested copy has it */
  children = claim_split (parent);

  /* 686c: the top-level copy without report674. */
  g_assert_null (json_object_get (json_object_get (nth (children, 0)->form, OPTIONS), "report674"));
  g_assert_null (json_object_get (json_object_get (nth (children, 0)->form, OPTIONS), "add_child"));
  g_assert_true (json_is_true (
      json_object_get (json_object_get (nth (children, 0)->form, OPTIONS), "add_spouse")));
  /* 674: the nested copy, whole. */
  g_assert_true (json_equal (json_object_get (nth (children, 1)->form, OPTIONS), nested));

  json_object_del (application_of (parent), OPTIONS);
  g_clear_pointer (&children, g_ptr_array_unref);
  children = claim_split (parent);
  g_assert_true (json_is_null (json_object_get (nth (children, 1)->form, OPTIONS)));
}

static void
the_parent_is_not_altered (void)
{
  g_autoptr (json_t) parent = load ("08_maximal_overflow");
  g_autoptr (json_t) before = json_deep_copy (parent);
  g_autoptr (GPtrArray) children = claim_split (parent);

  g_assert_true (json_equal (parent, before));
  /* Nothing is shared either. */
  json_object_clear (
      json_object_get (application_of (nth (children, 0)->form), "spouse_information"));
  json_object_clear (json_array_get (
      json_object_get (application_of (nth (children, 2)->form), "student_information"), 0));
  g_assert_true (json_equal (parent, before));
}

static void
nothing_selected_gives_no_child (void)
{
  g_autoptr (json_t) parent = load ("02_686c_add_two_children");
  g_autoptr (GPtrArray) children = NULL;

  json_object_set_new (json_object_get (parent, OPTIONS), "add_child", json_false ());
  children = claim_split (parent);
  g_assert_cmpuint (children->len, ==, 0);
  g_assert_false (claim_has_686c (parent));
  json_object_del (parent, OPTIONS);
  g_assert_false (claim_has_686c (parent) || claim_has_674 (parent));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/split/samples-split-as-their-readme-says",
                   samples_split_as_their_readme_says);
  g_test_add_func ("/claims/split/students-keep-their-order", students_keep_their_order);
  g_test_add_func ("/claims/split/keys-of-each-form-and-no-others",
                   keys_of_each_form_and_no_others);
  g_test_add_func ("/claims/split/options-come-from-two-places", options_come_from_two_places);
  g_test_add_func ("/claims/split/the-parent-is-not-altered", the_parent_is_not_altered);
  g_test_add_func ("/claims/split/nothing-selected-gives-no-child",
                   nothing_selected_gives_no_child);
  return g_test_run ();
}
