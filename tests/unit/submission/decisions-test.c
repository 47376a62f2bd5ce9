#include <glib.h>

#include "base/cleanup.h"
#include "submission/decisions.h"

static json_t *
parse (const char *text)
{
  json_error_t problem;
  json_t *form = json_loads (text, 0, &problem);

  g_assert_nonnull (form);
  return form;
}

static void
assert_review (const char *form_text, guint count_674, const char *expected)
{
  json_t *form = form_text ? parse (form_text) : NULL;
  g_autofree char *reasons = decide_review (form, count_674, NULL);

  g_assert_cmpstr (reasons, ==, expected);
  json_decref (form);
}

static void
test_review_first_match (void)
{
  assert_review (NULL, 2, NULL);
  assert_review ("{\"view:selectable686_options\":{\"add_child\":true}}", 0, NULL);
  assert_review ("{\"view:selectable686_options\":{\"add_child\":true}}", 1, "686c-with-674");
  /* The order of the table, not that of the form. */
  assert_review ("{\"view:selectable686_options\":{\"report_marriage_of_child_under18\":true,"
                 "\"report_stepchild_not_in_household\":true}}",
                 1, "stepchild-left-household\nchild-married\n686c-with-674");
  assert_review (
      "{\"view:selectable686_options\":{\"report_child18_or_older_is_not_attending_school\":true}}",
      0, "child-left-school");
}

static void
test_review_option_false_is_no_option (void)
{
  assert_review ("{\"view:selectable686_options\":{\"report_marriage_of_child_under18\":false,"
                 "\"report_stepchild_not_in_household\":null}}",
                 0, NULL);
  /* Options inside dependents_application are the 674's copy: they do not count. */
  assert_review ("{\"dependents_application\":{\"view:selectable686_options\":"
                 "{\"report_marriage_of_child_under18\":true}}}",
                 0, NULL);
}

static void
test_review_marriage_type (void)
{
  static const char *const reviewed[] = { "COMMON-LAW", "TRIBAL", "PROXY", "OTHER" };
  static const char *const plain[] = { "CIVIL", "CEREMONIAL", "" };

  for (guint i = 0; i < G_N_ELEMENTS (reviewed); i++) {
    g_autofree char *text =
        g_strdup_printf ("{\"view:selectable686_options\":{\"add_spouse\":true},"
                         "\"dependents_application\":{\"current_marriage_information\":"
                         "{\"type_of_marriage\":\"%s\"}}}",
                         reviewed[i]);
    assert_review (text, 0, "non-ceremonial-marriage");
  }
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++) {
    g_autofree char *text =
        g_strdup_printf ("{\"view:selectable686_options\":{\"add_spouse\":true},"
                         "\"dependents_application\":{\"current_marriage_information\":"
                         "{\"type_of_marriage\":\"%s\"}}}",
                         plain[i]);
    assert_review (text, 0, NULL);
  }
  /* Nobody adds a spouse. */
  assert_review ("{\"view:selectable686_options\":{\"add_child\":true},"
                 "\"dependents_application\":{\"current_marriage_information\":{\"type_of_"
                 "marriage\":\"PROXY\"}}}",
                 0, NULL);
}

static void
test_review_deaths (void)
{
  assert_review ("{\"view:selectable686_options\":{\"report_death\":true},\"dependents_"
                 "application\":{\"deaths\":"
                 "[{\"dependent_type\":\"SPOUSE\"}]}}",
                 0, NULL);
  assert_review ("{\"view:selectable686_options\":{\"report_death\":true},\"dependents_"
                 "application\":{\"deaths\":"
                 "[{\"dependent_type\":\"SPOUSE\"},{\"dependent_type\":\"CHILD\"}]}}",
                 0, "child-or-parent-died");
  assert_review ("{\"view:selectable686_options\":{\"report_death\":true},\"dependents_"
                 "application\":{\"deaths\":"
                 "[{\"dependent_type\":\"DEPENDENT_PARENT\"}]}}",
                 0, "child-or-parent-died");
}

static void
test_review_reads_by_the_table (void)
{
  assert_review (
      "{\"view:selectable686_options\":{\"add_spouse\":\" Yes\"},\"dependents_application\":"
      "{\"current_marriage_information\":{\"type_of_marriage\":\"Common law\"}}}",
      0, "non-ceremonial-marriage");
  assert_review ("{\"view:selectable686_options\":{\"report_death\":\"TRUE\"},\"dependents_"
                 "application\":{\"deaths\":[{\"dependent_type\":\"dependent parent\"}]}}",
                 0, "child-or-parent-died");
}

/* What is not clear in a claim is a reason of its own, after those of the table; a 674 alone has
 * them too. */
static void
test_review_of_findings (void)
{
  json_t *form = parse ("{\"view:selectable686_options\":{\"child_marriage\":true}}");
  g_autoptr (GPtrArray) findings = g_ptr_array_new ();
  SurveyFinding unclear = { "unclear-answer", (char *)"a/b", PLAN_REVIEW };
  SurveyFinding told = { "corrected", (char *)"c", PLAN_TOLD };
  g_autofree char *both = NULL, *alone = NULL, *nothing = NULL, *many = NULL;
  g_auto (GStrv) lines = NULL;

  g_ptr_array_add (findings, &told);
  nothing = decide_review (NULL, 1, findings);
  g_assert_null (nothing);
  g_ptr_array_add (findings, &unclear);
  alone = decide_review (NULL, 1, findings);
  g_assert_cmpstr (alone, ==, "unclear-answer a/b");
  both = decide_review (form, 0, findings);
  g_assert_cmpstr (both, ==, "child-married\nunclear-answer a/b");

  for (guint i = 0; i < REVIEW_FINDINGS_MAX + 5; i++)
    g_ptr_array_add (findings, &unclear);
  many = decide_review (NULL, 1, findings);
  lines = g_strsplit (many, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, REVIEW_FINDINGS_MAX + 1);
  g_assert_cmpstr (lines[REVIEW_FINDINGS_MAX], ==, "more");
  json_decref (form);
}

static void
assert_removal (const char *text, gboolean expected)
{
  json_t *form = parse (text);

  g_assert_cmpint (decide_removal (form), ==, expected);
  json_decref (form);
}

static void
test_removal (void)
{
  assert_removal ("{\"view:selectable686_options\":{\"add_spouse\":true,\"add_child\":true}}",
                  FALSE);
  assert_removal ("{\"view:selectable686_options\":{\"report_death\":true}}", TRUE);
  assert_removal ("{\"view:selectable686_options\":{\"report_divorce\":true}}", TRUE);
  assert_removal (
      "{\"view:selectable686_options\":{\"report_child18_or_older_is_not_attending_school\":true}}",
      TRUE);
  /* Divorce data are enough. */
  assert_removal ("{\"view:selectable686_options\":{\"add_child\":true},"
                  "\"dependents_application\":{\"report_divorce\":{\"date\":\"2025-01-01\"}}}",
                  TRUE);
  /* But an empty page is none, and a plain no goes before data. */
  assert_removal (
      "{\"view:selectable686_options\":{\"add_child\":true},"
      "\"dependents_application\":{\"report_divorce\":{\"full_name\":{}, \"date\": \"\"}}}",
      FALSE);
  assert_removal ("{\"view:selectable686_options\":{\"add_child\":true,\"report_divorce\":false},"
                  "\"dependents_application\":{\"report_divorce\":{\"date\":\"2025-01-01\"}}}",
                  FALSE);
}

static void
test_end_products (void)
{
  static const struct {
    const char *form_type;
    gboolean manual, removal, pension;
    const char *code;
  } rows[] = {
    { "21-686C", FALSE, FALSE, FALSE, "130DPNEBNADJ" },
    { "21-686C", FALSE, FALSE, TRUE, "130DPNEBNADJ" }, /* not asked: does not count */
    { "21-686C", FALSE, TRUE, FALSE, "130SSRD" },
    { "21-686C", FALSE, TRUE, TRUE, "130SSRDPMC" },
    { "21-686C", TRUE, FALSE, FALSE, "130DPEBNAJRE" },
    { "21-686C", TRUE, FALSE, TRUE, "130DAEBNPMCR" },
    { "21-686C", TRUE, TRUE, FALSE, "130SSRDE" },
    { "21-686C", TRUE, TRUE, TRUE, "130SSRDPMCE" },
    { "21-674", FALSE, FALSE, FALSE, "130SCHATTEBN" },
    { "21-674", FALSE, TRUE, TRUE, "130SCHATTEBN" },
    { "21-674", TRUE, FALSE, FALSE, "130SCHEBNREJ" },
    { "21-674", TRUE, TRUE, TRUE, "130SCAEBPMCR" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const EndProduct *product =
        decide_end_product (rows[i].form_type, rows[i].manual, rows[i].removal, rows[i].pension);

    g_assert_cmpstr (product->code, ==, rows[i].code);
    g_assert_cmpstr (product->name, !=, "");
  }
  g_assert_cmpstr (increment_claim_type ("21-686C"), ==, "130DPNEBNADJ");
  g_assert_cmpstr (increment_claim_type ("21-674"), ==, "130SCHATTEBN");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/decisions/review-in-the-order-of-the-table",
                   test_review_first_match);
  g_test_add_func ("/submission/decisions/an-option-that-is-false-is-none",
                   test_review_option_false_is_no_option);
  g_test_add_func ("/submission/decisions/marriages-that-are-reviewed", test_review_marriage_type);
  g_test_add_func ("/submission/decisions/deaths-that-are-reviewed", test_review_deaths);
  g_test_add_func ("/submission/decisions/answers-are-read-by-the-table",
                   test_review_reads_by_the_table);
  g_test_add_func ("/submission/decisions/what-is-not-clear-is-reviewed", test_review_of_findings);
  g_test_add_func ("/submission/decisions/who-is-removed", test_removal);
  g_test_add_func ("/submission/decisions/end-products", test_end_products);
  return g_test_run ();
}
