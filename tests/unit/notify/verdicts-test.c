/* The page of verdicts, row by row, against what lib/notify/README.md says. The expectations stand
 * here in full, on purpose: a row that is changed has to be changed twice. */
#include "notify/verdicts.h"

#include "notify/notify.h"
#include "pipeline/verdicts.h"

static const struct {
  NotifyError code;
  Verdict verdict;
  CallOutcome outcome;
  const char *error_class;
  const char *downstream;
  gboolean is_away, for_all;
} expected[] = {
  { NOTIFY_ERROR_NOT_SENT, VERDICT_RETRY, CALL_FAILED, "notify-not-reached", "notify", TRUE,
    FALSE },
  { NOTIFY_ERROR_OWN, VERDICT_ILL, CALL_FAILED, "this-process-is-ill", NULL, FALSE, FALSE },
  { NOTIFY_ERROR_AWAY, VERDICT_RETRY, CALL_FAILED, "notify-away", "notify", TRUE, TRUE },
  { NOTIFY_ERROR_BETWEEN, VERDICT_RETRY, CALL_FAILED, "notify-between", "notify", TRUE, FALSE },
  { NOTIFY_ERROR_UNKNOWN, VERDICT_RETRY, CALL_UNKNOWN, "notify-unknown", "notify", TRUE, FALSE },
  { NOTIFY_ERROR_UNAVAILABLE, VERDICT_RETRY, CALL_UNKNOWN, "notify-unavailable", "notify", TRUE,
    FALSE },
  { NOTIFY_ERROR_RATE, VERDICT_RETRY, CALL_FAILED, "notify-rate", "notify", TRUE, TRUE },
  { NOTIFY_ERROR_DAY_LIMIT, VERDICT_RETRY, CALL_FAILED, "notify-day-limit", "notify", TRUE, TRUE },
  { NOTIFY_ERROR_CLOCK, VERDICT_RETRY, CALL_FAILED, "notify-clock", "notify", TRUE, TRUE },
  { NOTIFY_ERROR_CONFIGURATION, VERDICT_RETRY, CALL_FAILED, "notify-configuration", "notify", TRUE,
    TRUE },
  { NOTIFY_ERROR_SCHEMA, VERDICT_RETRY, CALL_FAILED, "notify-configuration", "notify", TRUE, TRUE },
  { NOTIFY_ERROR_REFUSED, VERDICT_DEAD, CALL_FAILED, "notify-refused", "notify", FALSE, FALSE },
};

static void
test_page (void)
{
  verdicts_use (notify_verdicts);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autoptr (GError) error =
        g_error_new_literal (NOTIFY_ERROR, (int)expected[i].code, "send-email: something");

    g_test_message ("%s", expected[i].error_class);
    g_assert_cmpstr (verdict_name (verdict_of (error)), ==, verdict_name (expected[i].verdict));
    g_assert_cmpint (call_outcome (error), ==, expected[i].outcome);
    g_assert_cmpstr (verdict_error_class (error), ==, expected[i].error_class);
    g_assert_cmpstr (verdict_downstream (error), ==, expected[i].downstream);
    g_assert_cmpint (verdict_is_downstream_away (error), ==, expected[i].is_away);
    g_assert_cmpint (verdict_is_for_all (error), ==, expected[i].for_all);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/verdicts/row-by-row", test_page);
  return g_test_run ();
}
