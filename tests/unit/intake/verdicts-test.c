/* The page of verdicts, row by row, against what lib/intake/README.md says. The expectations stand
 * here in full, on purpose: a row that is changed has to be changed twice. */
#include "intake/verdicts.h"

#include "intake/intake.h"
#include "pipeline/verdicts.h"

static const struct {
  IntakeError code;
  Verdict verdict;
  CallOutcome outcome;
  const char *error_class;
  const char *downstream;
  gboolean is_away;
} expected[] = {
  { INTAKE_ERROR_NOT_SENT, VERDICT_RETRY, CALL_FAILED, "intake-not-reached", "intake", TRUE },
  { INTAKE_ERROR_OWN, VERDICT_ILL, CALL_FAILED, "this-process-is-ill", NULL, FALSE },
  { INTAKE_ERROR_ARGUMENT, VERDICT_DEAD, CALL_FAILED, "intake-package", NULL, FALSE },
  { INTAKE_ERROR_UNKNOWN, VERDICT_RETRY, CALL_UNKNOWN, "intake-unknown", "intake", TRUE },
  { INTAKE_ERROR_UNAVAILABLE, VERDICT_RETRY, CALL_UNKNOWN, "intake-unavailable", "intake", TRUE },
  { INTAKE_ERROR_QUOTA, VERDICT_RETRY, CALL_FAILED, "intake-quota", "intake", TRUE },
  { INTAKE_ERROR_CONFIGURATION, VERDICT_RETRY, CALL_FAILED, "intake-configuration", "intake",
    TRUE },
  { INTAKE_ERROR_REFUSED, VERDICT_DEAD, CALL_FAILED, "intake-refused", "intake", FALSE },
  { INTAKE_ERROR_LOCATION, VERDICT_RETRY, CALL_FAILED, "intake-location", "intake", FALSE },
  { INTAKE_ERROR_DAMAGED, VERDICT_RETRY, CALL_UNKNOWN, "intake-damaged", "intake", FALSE },
};

static void
test_page (void)
{
  verdicts_use (intake_verdicts);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autoptr (GError) error =
        g_error_new_literal (INTAKE_ERROR, (int)expected[i].code, "put: something");

    g_test_message ("%s", expected[i].error_class);
    g_assert_cmpstr (verdict_name (verdict_of (error)), ==, verdict_name (expected[i].verdict));
    g_assert_cmpint (call_outcome (error), ==, expected[i].outcome);
    g_assert_cmpstr (verdict_error_class (error), ==, expected[i].error_class);
    g_assert_cmpstr (verdict_downstream (error), ==, expected[i].downstream);
    g_assert_cmpint (verdict_is_downstream_away (error), ==, expected[i].is_away);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/verdicts/row-by-row", test_page);
  return g_test_run ();
}
