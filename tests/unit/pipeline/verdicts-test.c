/* The page of verdicts: every permanent fault is dead at once, everything unexpected is tried
 * again, nothing is DONE by mistake. */
#include "bgs/bgs.h"
#include "db/db.h"
#include "http/http.h"
#include "pipeline/run.h"
#include "pipeline/verdicts.h"

static Verdict
verdict_for (GQuark domain, int code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, text);

  return verdict_of (error);
}

static void
permanent_faults_are_dead_at_once (void)
{
  static const char *const texts[] = {
    "insertBenefitClaim: insertBenefitClaim: Invalid zipcode.",
    "findBenefitClaimTypeIncrement: Bean-->x-->Maximum number of EPs reached for this "
    "bnftClaimTypeCd",
    "x: This update is being elevated for additional review due to an Incident Flash associated "
    "with this Beneficiary",
    "x: ORA-20099: Error - File Number and Social Security number are different",
    "x: ORA-00001: unique constraint (CORPPROD.PK_VNP_PERSON) violated",
    "x: The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_cmpint (verdict_for (BGS_ERROR, BGS_ERROR_FAULT, texts[i]), ==, VERDICT_DEAD);
}

static void
a_permanent_text_outside_a_fault_is_not_dead (void)
{
  /* The text of an answer that is no SOAP fault proves nothing: the call may have worked. */
  g_assert_cmpint (verdict_for (BGS_ERROR, BGS_ERROR_UNKNOWN, "ORA-00001: unique constraint"), ==,
                   VERDICT_RETRY);
}

static void
other_faults_are_tried_again (void)
{
  g_assert_cmpint (
      verdict_for (BGS_ERROR, BGS_ERROR_FAULT, "x: GUIE50010 - Duplicate Benefit Claims found"), ==,
      VERDICT_RETRY);
  g_assert_cmpint (verdict_for (BGS_ERROR, BGS_ERROR_FAULT, "x: ORA-12899: value too large"), ==,
                   VERDICT_RETRY);
}

static void
an_unexpected_error_is_tried_again (void)
{
  g_assert_cmpint (verdict_for (g_quark_from_static_string ("never-seen"), 99, "?"), ==,
                   VERDICT_RETRY);
  g_assert_cmpint (verdict_of (NULL), ==, VERDICT_DONE);
}

static void
a_database_that_is_away_is_not_the_messages_fault (void)
{
  g_assert_cmpint (verdict_for (DB_ERROR, DB_ERROR_AWAY, "x"), ==, VERDICT_ILL);
  g_assert_cmpint (verdict_for (DB_ERROR, DB_ERROR_CHECK, "x"), ==, VERDICT_RETRY);
}

static CallOutcome
outcome_for (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "x");

  return call_outcome (error);
}

static void
only_not_sent_and_faults_are_failed (void)
{
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_NOT_SENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_ARGUMENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_FAULT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_NOT_SENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_UNKNOWN), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_NO_ANSWER), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_TIMEOUT), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_TOO_LARGE), ==, CALL_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/verdicts/permanent-faults-are-dead-at-once",
                   permanent_faults_are_dead_at_once);
  g_test_add_func ("/pipeline/verdicts/a-permanent-text-outside-a-fault-is-not-dead",
                   a_permanent_text_outside_a_fault_is_not_dead);
  g_test_add_func ("/pipeline/verdicts/other-faults-are-tried-again", other_faults_are_tried_again);
  g_test_add_func ("/pipeline/verdicts/an-unexpected-error-is-tried-again",
                   an_unexpected_error_is_tried_again);
  g_test_add_func ("/pipeline/verdicts/a-database-that-is-away-is-not-the-messages-fault",
                   a_database_that_is_away_is_not_the_messages_fault);
  g_test_add_func ("/pipeline/verdicts/only-not-sent-and-faults-are-failed",
                   only_not_sent_and_faults_are_failed);
  return g_test_run ();
}
