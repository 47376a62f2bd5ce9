/* The pipeline's own page of verdicts, row by row, and how pages are asked. The pages of the rooms
 * that call somebody have tests of their own, and tests/unit/submission looks that every error of
 * the house stands on one.
 *
 * The expectations stand here in full, on purpose: a row that is changed has to be changed
 * twice. */
#include "base/seal.h"
#include "base/settings.h"
#include "claims/claim-group.h"
#include "db/db.h"
#include "db/migrate.h"
#include "events/codec.h"
#include "kafka/client.h"
#include "pipeline/run.h"
#include "program/program.h"
#include "support/verdicts.h"

static void
our_own_words (void)
{
  const Expected expected[] = {
    { PIPELINE_ERROR, PIPELINE_ERROR_LOST, "x", VERDICT_LOST, "token-lost" },
    { PIPELINE_ERROR, PIPELINE_ERROR_BOUNDARY, "x", VERDICT_LOST, "step-boundary" },
    { PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE, "x", VERDICT_SNOOZE, "snooze" },
    { PIPELINE_ERROR, PIPELINE_ERROR_HOLD, "x", VERDICT_HOLD, "needs-person" },
    { PIPELINE_ERROR, PIPELINE_ERROR_DIGEST, "x", VERDICT_HOLD, "changed-under-a-step" },
    { PIPELINE_ERROR, PIPELINE_ERROR_DEAD, "x", VERDICT_DEAD, "refused" },
    { PIPELINE_ERROR, PIPELINE_ERROR_GROUP_OVER, "x", VERDICT_DONE, "group-over" },
    { PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN, "x", VERDICT_RETRY, "unknown-outcome" },
    { PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER, "x", VERDICT_RETRY, "look-later" },
    { PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE, "x", VERDICT_DEAD, "outage-max-wait" },
    { PIPELINE_ERROR, PIPELINE_ERROR_TOMBSTONE, "x", VERDICT_DEAD, "tombstone" },
    { CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "x", VERDICT_RETRY, "claim-not-found" },
    { CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION, "x", VERDICT_RETRY, "claim-state" },
    { CLAIMS_ERROR, CLAIMS_ERROR_INVALID, "x", VERDICT_DEAD, "claim-document-invalid" },
    { SEAL_ERROR, SEAL_ERROR_UNKNOWN, "x", VERDICT_RETRY, "master-key-missing" },
    { SEAL_ERROR, SEAL_ERROR_DAMAGED, "x", VERDICT_DEAD, "sealed-value-damaged" },
    { DB_ERROR, DB_ERROR_CONFLICT, "x", VERDICT_RETRY, "database-conflict" },
    { DB_ERROR, DB_ERROR_TIMEOUT, "x", VERDICT_RETRY, "database-timeout" },
    { DB_ERROR, DB_ERROR_UNIQUE, "x", VERDICT_RETRY, "database-statement" },
    { DB_ERROR, DB_ERROR_CHECK, "x", VERDICT_RETRY, "database-statement" },
    { DB_ERROR, DB_ERROR_STATEMENT, "x", VERDICT_RETRY, "database-statement" },
    { EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "x", VERDICT_RETRY, "event" },
    { EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "x", VERDICT_RETRY, "event" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

static void
an_ill_process_is_not_the_messages_fault (void)
{
  const Expected expected[] = {
    { PIPELINE_ERROR, PIPELINE_ERROR_DATABASE, "x", VERDICT_ILL, "database-away" },
    { DB_ERROR, DB_ERROR_AWAY, "x", VERDICT_ILL, "database-away" },
    { DB_ERROR, DB_ERROR_COMMIT_UNKNOWN, "x", VERDICT_ILL, "database-away" },
    { EVENTS_ERROR, EVENTS_ERROR_REGISTRY, "x", VERDICT_ILL, "schema-registry-away" },
    { SEAL_ERROR, SEAL_ERROR_KEYS, "x", VERDICT_ILL, "keys-malformed" },
    { SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "x", VERDICT_ILL, "settings" },
    { SETTINGS_ERROR, SETTINGS_ERROR_UNKNOWN, "x", VERDICT_ILL, "settings" },
    { KAFKA_ERROR, KAFKA_ERROR_SETTING, "x", VERDICT_ILL, "broker" },
    { KAFKA_ERROR, KAFKA_ERROR_AWAY, "x", VERDICT_ILL, "broker" },
    { KAFKA_ERROR, KAFKA_ERROR_TOPICS, "x", VERDICT_ILL, "broker" },
    { KAFKA_ERROR, KAFKA_ERROR_TOPIC_MISSING, "x", VERDICT_ILL, "broker" },
    { KAFKA_ERROR, KAFKA_ERROR_FATAL, "x", VERDICT_ILL, "broker" },
    { DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD, "x", VERDICT_ILL, "database-schema" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

/* --- Pages of a consumer. --- */

static GQuark
foreign_quark (void)
{
  return g_quark_from_static_string ("foreign-error-quark");
}

static GQuark
other_quark (void)
{
  return g_quark_from_static_string ("other-error-quark");
}

static const VerdictRow foreign_rows[] = {
  { foreign_quark, 1, "closed for good", VERDICT_DEAD, CALL_FAILED, "foreign-closed", "foreign" },
  { foreign_quark, 1, NULL, VERDICT_RETRY, CALL_FAILED, "foreign-refusal", "foreign" },
  { foreign_quark, 2, NULL, VERDICT_RETRY, CALL_UNKNOWN, "foreign-silent", "foreign", TRUE },
};
static const VerdictRow other_rows[] = {
  { other_quark, VERDICT_ANY_CODE, NULL, VERDICT_HOLD, CALL_FAILED, "other" },
  /* The pipeline's word goes first. */
  { pipeline_error_quark, VERDICT_ANY_CODE, NULL, VERDICT_DEAD, CALL_FAILED, "usurped" },
};
static const VerdictPage foreign_page = VERDICT_PAGE (foreign_rows);
static const VerdictPage other_page = VERDICT_PAGE (other_rows);
static const VerdictPage *const pages[] = { &foreign_page, &other_page, NULL };

static CallOutcome
outcome_for (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "x");

  return call_outcome (error);
}

static void
a_consumer_brings_pages (void)
{
  const Expected expected[] = {
    { foreign_quark (), 1, "it is closed for good, it says", VERDICT_DEAD, "foreign-closed",
      "foreign" },
    { foreign_quark (), 1, "x", VERDICT_RETRY, "foreign-refusal", "foreign" },
    { foreign_quark (), 2, "closed for good", VERDICT_RETRY, "foreign-silent", "foreign", TRUE },
    { other_quark (), 77, "x", VERDICT_HOLD, "other" },
    { PIPELINE_ERROR, PIPELINE_ERROR_HOLD, "x", VERDICT_HOLD, "needs-person" },
  };

  verdicts_use (pages);
  check_all (expected, G_N_ELEMENTS (expected));
  g_assert_cmpint (outcome_for (foreign_quark (), 1), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (foreign_quark (), 2), ==, CALL_UNKNOWN);
  verdicts_use (NULL);
}

static void
what_no_page_knows_is_tried_again_and_unknown (void)
{
  check (&(Expected){ foreign_quark (), 1, "closed for good", VERDICT_RETRY, "unexpected" });
  /* It may have come after the first byte. */
  g_assert_cmpint (outcome_for (foreign_quark (), 1), ==, CALL_UNKNOWN);
  verdicts_use (pages);
  check (&(Expected){ foreign_quark (), 3, "?", VERDICT_RETRY, "unexpected" });
  g_assert_cmpint (outcome_for (foreign_quark (), 3), ==, CALL_UNKNOWN);
  verdicts_use (NULL);
  g_assert_cmpint (verdict_of (NULL), ==, VERDICT_DONE);
  g_assert_null (verdict_error_class (NULL));
  g_assert_null (verdict_downstream (NULL));
  g_assert_false (verdict_is_downstream_away (NULL));
}

/* A read of the database and a rule of ours fail before a call; an unknown stays one when it is
 * told on. */
static void
what_is_made_before_a_call_has_failed (void)
{
  g_assert_cmpint (outcome_for (DB_ERROR, DB_ERROR_STATEMENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (CLAIMS_ERROR, CLAIMS_ERROR_INVALID), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN), ==, CALL_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/verdicts/our-own-words", our_own_words);
  g_test_add_func ("/pipeline/verdicts/an-ill-process-is-not-the-messages-fault",
                   an_ill_process_is_not_the_messages_fault);
  g_test_add_func ("/pipeline/verdicts/a-consumer-brings-pages", a_consumer_brings_pages);
  g_test_add_func ("/pipeline/verdicts/what-no-page-knows-is-tried-again-and-unknown",
                   what_no_page_knows_is_tried_again_and_unknown);
  g_test_add_func ("/pipeline/verdicts/what-is-made-before-a-call-has-failed",
                   what_is_made_before_a_call_has_failed);
  return g_test_run ();
}
