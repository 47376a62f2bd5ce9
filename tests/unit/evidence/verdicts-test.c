/* The page of verdicts, row by row, against what lib/evidence/README.md says. The expectations stand
 * here in full, on purpose: a row that is changed has to be changed twice. */
#include "evidence/verdicts.h"

#include "evidence/evidence.h"
#include "pipeline/verdicts.h"

#define REFUSED(code) EVIDENCE_ERROR_REFUSED, "upload: refused (HTTP 400, " code ")", VERDICT_DEAD

static const struct {
  EvidenceError code;
  const char *text;
  Verdict verdict;
  CallOutcome outcome;
  const char *error_class;
  const char *downstream;
  gboolean is_away, for_all;
} expected[] = {
  { EVIDENCE_ERROR_NOT_SENT, "x", VERDICT_RETRY, CALL_FAILED, "evidence-not-reached", "evidence",
    TRUE, FALSE },
  { EVIDENCE_ERROR_OWN, "x", VERDICT_ILL, CALL_FAILED, "this-process-is-ill", NULL, FALSE, FALSE },
  { EVIDENCE_ERROR_BETWEEN, "x", VERDICT_RETRY, CALL_FAILED, "evidence-between", "evidence", TRUE,
    FALSE },
  { EVIDENCE_ERROR_UNKNOWN, "x", VERDICT_RETRY, CALL_UNKNOWN, "evidence-unknown", "evidence", TRUE,
    FALSE },
  { EVIDENCE_ERROR_UNAVAILABLE, "x", VERDICT_RETRY, CALL_UNKNOWN, "evidence-unavailable",
    "evidence", TRUE, FALSE },
  { EVIDENCE_ERROR_BUSY, "x", VERDICT_RETRY, CALL_FAILED, "evidence-busy", "evidence", TRUE,
    FALSE },
  { EVIDENCE_ERROR_TOKEN, "x", VERDICT_RETRY, CALL_FAILED, "evidence-token", "evidence", TRUE,
    TRUE },
  { EVIDENCE_ERROR_CONFIGURATION, "x", VERDICT_RETRY, CALL_FAILED, "evidence-configuration",
    "evidence", TRUE, TRUE },
  { EVIDENCE_ERROR_FAULT, "x", VERDICT_RETRY, CALL_FAILED, "evidence-fault", "evidence", FALSE,
    FALSE },
  { REFUSED ("VEFSERR40001"), CALL_FAILED, "evidence-schema", "evidence", FALSE, FALSE },
  { REFUSED ("VEFSERR40008"), CALL_FAILED, "evidence-folder-invalid", "evidence", FALSE, FALSE },
  { REFUSED ("VEFSERR40010"), CALL_FAILED, "evidence-request-invalid", "evidence", FALSE, FALSE },
  { REFUSED ("VEFSERR40059"), CALL_FAILED, "evidence-identifier-disabled", "evidence", FALSE,
    FALSE },
  { REFUSED ("VEFSERR40301"), CALL_FAILED, "evidence-not-authorised", "evidence", FALSE, FALSE },
  { REFUSED ("VEFSERR40302"), CALL_FAILED, "evidence-no-such-veteran", "evidence", FALSE, FALSE },
  { EVIDENCE_ERROR_REFUSED, "x", VERDICT_DEAD, CALL_FAILED, "evidence-refused", "evidence", FALSE,
    FALSE },
};

static void
test_page (void)
{
  verdicts_use (evidence_verdicts);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autoptr (GError) error =
        g_error_new_literal (EVIDENCE_ERROR, (int)expected[i].code, expected[i].text);

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
  g_test_add_func ("/evidence/verdicts/row-by-row", test_page);
  return g_test_run ();
}
