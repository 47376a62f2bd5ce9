/* camelCase and back, as the browser's client and today's service have it. */
#include "claims/key-case.h"

static const struct {
  const char *camel, *snake;
} keys[] = {
  { "dependentsApplication", "dependents_application" },
  { "view:selectable686Options", "view:selectable686_options" },
  { "report674", "report674" },
  { "street2", "street2" },
  { "reportChild18OrOlderIsNotAttendingSchool", "report_child18_or_older_is_not_attending_school" },
  { "isSchoolAccredited", "is_school_accredited" },
  { "childOver18InSchool", "child_over18_in_school" },
};

static void
camel_gives_snake (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *snake = claim_key_to_snake (keys[i].camel);

    g_assert_cmpstr (snake, ==, keys[i].snake);
  }
}

static void
snake_stays (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *snake = claim_key_to_snake (keys[i].snake);

    g_assert_cmpstr (snake, ==, keys[i].snake);
  }
}

static void
runs_of_capitals_are_one_word (void)
{
  g_autofree char *ssn = claim_key_to_snake ("veteranSSNLastFour");

  g_assert_cmpstr (ssn, ==, "veteran_ssn_last_four");
}

static void
snake_gives_camel (void)
{
  g_autofree char *submitted = claim_key_to_camel ("submitted_at");
  g_autofree char *plain = claim_key_to_camel ("id");

  g_assert_cmpstr (submitted, ==, "submittedAt");
  g_assert_cmpstr (plain, ==, "id");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/key-case/camel-gives-snake", camel_gives_snake);
  g_test_add_func ("/claims/key-case/snake-stays", snake_stays);
  g_test_add_func ("/claims/key-case/runs-of-capitals-are-one-word", runs_of_capitals_are_one_word);
  g_test_add_func ("/claims/key-case/snake-gives-camel", snake_gives_camel);
  return g_test_run ();
}
