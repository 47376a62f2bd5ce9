/* The page of verdicts of BGS, BID and this room, row by row, against what lib/bgs/README.md (facts
 * 26 and 27), lib/submission/README.md and lib/pipeline/README.md (rules 7) say.
 *
 * The expectations stand here in full, on purpose: a row that is changed has to be changed
 * twice. */
#include <string.h>

#include "base/seal.h"
#include "base/settings.h"
#include "bgs/bgs.h"
#include "bgs/bid.h"
#include "bgs/fault.h"
#include "claims/claim-group.h"
#include "db/db.h"
#include "db/migrate.h"
#include "dossier/verdicts.h"
#include "events/codec.h"
#include "evidence/evidence.h"
#include "evidence/verdicts.h"
#include "http/http.h"
#include "intake/intake.h"
#include "intake/verdicts.h"
#include "notify/notify.h"
#include "notify/verdicts.h"
#include "pdf/error.h"
#include "press/press.h"
#include "kafka/client.h"
#include "pipeline/run.h"
#include "program/program.h"
#include "submission/submission.h"
#include "support/verdicts.h"

#define BGS  "bgs"
#define BID  "bid"
#define AWAY TRUE

/* lib/bgs/README.md, fact 27: the texts of the list, each as a fault carries it. */
static const struct {
  const char *fault_string;
  const char *error_class;
} permanent[] = {
  { "insertBenefitClaim: Invalid zipcode.", "bgs-invalid-zipcode" },
  { "StandardDataWebServiceBean-->findBenefitClaimTypeIncrement-->Maximum number of EPs reached "
    "for this bnftClaimTypeCd",
    "bgs-maximum-eps" },
  { "This update is being elevated for additional review due to an Incident Flash associated with "
    "this Beneficiary",
    "bgs-incident-flash" },
  { "EJB Exception: ;\n\tat x.Y.z(Y.java:1)\nCaused by: java.sql.SQLException: ORA-20099: Error - "
    "File Number and Social Security number are different\nORA-06512: at line 61",
    "bgs-identifiers-differ" },
  { "EJB Exception: ;\n\tat x.Y.z(Y.java:1)\nCaused by: java.sql.SQLException: ORA-00001: unique "
    "constraint (CORPPROD.PK_VNP_PERSON) violated\n {prepstmnt 1 INSERT",
    "bgs-unique-constraint" },
  { "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
    "bgs-external-key-length" },
  /* It arrives cut. */
  { "This update is being elevated for additional review due to an Incident Flas",
    "bgs-incident-flash" },
  /* By the claim's own data. */
  { "EJB Exception: ;\n\tat x.Y.z(Y.java:1)\nCaused by: java.sql.SQLException: ORA-12899: value "
    "too "
    "large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" (actual: 52, maximum: 30)\n "
    "{prepstmnt 1",
    "bgs-value-too-long" },
  { "insertBenefitClaim: City is null", "bgs-city-is-null" },
  { "insertBenefitClaim: Address Line has invalid character(s)", "bgs-invalid-characters" },
  { "insertBenefitClaim: Invalid data for MLTY_POSTAL_TYPE_CD", "bgs-invalid-military-area" },
  { "EJB Exception: ;\n\tat x.Y.z(Y.java:1)\nCaused by: java.sql.SQLException: ORA-02291: "
    "integrity "
    "constraint (CORPPROD.VNP_PTCPNT_ADDRS_FK2) violated - parent key not found\n {prepstmnt 1",
    "bgs-parent-key-missing" },
};

/* Through the reduction of faults, for that is what the page gets to see. */
static void
permanent_faults_are_dead_at_once (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (permanent); i++) {
    g_autofree char *text = bgs_fault_text (permanent[i].fault_string, NULL, NULL);
    g_autofree char *message = g_strconcat ("create-x: someOperation: ", text, NULL);

    check (&(Expected){ BGS_ERROR, BGS_ERROR_FAULT, message, VERDICT_DEAD, permanent[i].error_class,
                        BGS });
  }
}

/* "When the error text or the text of its cause contains": the fault string says nothing, the
 * detail does. */
static void
a_permanent_text_may_stand_in_the_cause (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (permanent); i++) {
    g_autofree char *text =
        bgs_fault_text ("something went wrong", permanent[i].fault_string, NULL);

    check (&(Expected){ BGS_ERROR, BGS_ERROR_FAULT, text, VERDICT_DEAD, permanent[i].error_class,
                        BGS });
  }
}

/* The text of an answer that is no SOAP fault proves nothing: the call may have worked. */
static void
a_permanent_text_outside_a_fault_is_not_dead (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (permanent); i++) {
    check (&(Expected){ BGS_ERROR, BGS_ERROR_UNKNOWN, permanent[i].fault_string, VERDICT_RETRY,
                        "bgs-unknown", BGS, AWAY });
    check (&(Expected){ HTTP_ERROR, HTTP_ERROR_NO_ANSWER, permanent[i].fault_string, VERDICT_RETRY,
                        "http-unknown" });
  }
}

/* 9.3: tried again, and the outage of everybody: it must not burn attempts. */
static void
faults_of_an_outage_open_the_breaker (void)
{
  static const char *const faults[] = {
    "WssVerification Exception - Security Verification Exception",
    "The Tuxedo service is down",
    "System error with BGS",
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *text = bgs_fault_text (faults[i], NULL, NULL);

    check (&(Expected){ BGS_ERROR, BGS_ERROR_FAULT, text, VERDICT_RETRY, "bgs-down", BGS, AWAY });
  }
}

/* Not on the list of 9.2 on purpose. Who answers with such a fault is there: none of them opens the
 * breaker. */
static void
other_faults_are_tried_again (void)
{
  static const char *const faults[] = {
    "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
    "For input string: \"x\"",
    "ORA-01400: cannot insert NULL into (\"CORPPROD\".\"VNP_BNFT_CLAIM\".\"VNP_PROC_ID\")",
    "ORA-01407: cannot update to NULL",
    "ID 2b8a1c5e-0000-4000-8000-00000000000a Logon ID APPLICATION Not Found",
    "CEST11 Ann Example 666-00-0001",
    "FABusnsTranRule fired",
    "TUX-20306 - An unexpected error was encountered",
    "TUX-20308",
    "ShareException thrown in findVeteranByPtcpntId",
    "a text that nobody has seen before",
    "",
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *text = bgs_fault_text (faults[i], NULL, NULL);

    check (&(Expected){ BGS_ERROR, BGS_ERROR_FAULT, text, VERDICT_RETRY, "bgs-fault", BGS });
  }
}

/* Several texts in one fault: what is for good goes before what is not. */
static void
a_permanent_text_goes_before_another (void)
{
  check (&(Expected){ BGS_ERROR, BGS_ERROR_FAULT,
                      "x: CEST11, its text withheld; ORA-00001: unique constraint", VERDICT_DEAD,
                      "bgs-unique-constraint", BGS });
}

static void
who_does_not_answer_is_away (void)
{
  const Expected expected[] = {
    /* Somebody was there to write a fault, whoever it was. */
    { BGS_ERROR, BGS_ERROR_UNPROVEN, "GUIE50010", VERDICT_RETRY, "bgs-unproven-fault", BGS },
    { BGS_ERROR, BGS_ERROR_NOT_SENT, "x", VERDICT_RETRY, "bgs-not-reached", BGS, AWAY },
    { BGS_ERROR, BGS_ERROR_UNKNOWN, "x", VERDICT_RETRY, "bgs-unknown", BGS, AWAY },
    { BID_ERROR, BID_ERROR_NOT_SENT, "x", VERDICT_RETRY, "bid-not-reached", BID, AWAY },
    { BID_ERROR, BID_ERROR_NO_ANSWER, "x", VERDICT_RETRY, "bid-no-answer", BID, AWAY },
    { BID_ERROR, BID_ERROR_UNAVAILABLE, "x", VERDICT_RETRY, "bid-unavailable", BID, AWAY },
    { BID_ERROR, BID_ERROR_REFUSED, "x", VERDICT_RETRY, "bid-refused", BID },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

/* It is not the message's fault, and nobody was called: it must not open a breaker that all
 * processes share. */
static void
an_ill_process_calls_nobody (void)
{
  const Expected expected[] = {
    { BGS_ERROR, BGS_ERROR_OWN, "x", VERDICT_ILL, "this-process-is-ill" },
    { BID_ERROR, BID_ERROR_OWN, "x", VERDICT_ILL, "this-process-is-ill" },
    { HTTP_ERROR, HTTP_ERROR_OWN, "x", VERDICT_ILL, "this-process-is-ill" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

/* Nothing was sent, so nobody was away; and no retry finds a value that the claim does not have. */
static void
a_missing_value_is_dead_at_once (void)
{
  const Expected expected[] = {
    { BGS_ERROR, BGS_ERROR_ARGUMENT, "x", VERDICT_DEAD, "bgs-value-missing" },
    { BID_ERROR, BID_ERROR_ARGUMENT, "x", VERDICT_DEAD, "bid-value-missing" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

/* Rooms that call somebody say it in words of their own; of what slips through nobody knows who it
 * was. */
static void
what_http_says_by_itself_names_nobody (void)
{
  const Expected expected[] = {
    { HTTP_ERROR, HTTP_ERROR_NOT_SENT, "x", VERDICT_RETRY, "not-reached" },
    { HTTP_ERROR, HTTP_ERROR_TIMEOUT, "x", VERDICT_RETRY, "http-unknown" },
    { HTTP_ERROR, HTTP_ERROR_TOO_LARGE, "x", VERDICT_RETRY, "http-unknown" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

static void
what_this_room_says_is_tried_again (void)
{
  const Expected expected[] = {
    { SUBMISSION_ERROR, SUBMISSION_ERROR_INCREMENT, "x", VERDICT_RETRY, "submission" },
    { SUBMISSION_ERROR, SUBMISSION_ERROR_OFFICE, "x", VERDICT_RETRY, "submission" },
  };

  check_all (expected, G_N_ELEMENTS (expected));
}

static void
an_unexpected_error_is_tried_again (void)
{
  check (&(Expected){ BGS_ERROR, 9999, "?", VERDICT_RETRY, "unexpected" });
}

/* --- Every error of the house has a row. --- */

static const struct {
  const char *prefix; /* of the codes, as the header writes them */
  GQuark (*quark) (void);
} domains[] = {
  { "BGS_ERROR", bgs_error_quark },
  { "BID_ERROR", bid_error_quark },
  { "CLAIMS_ERROR", claims_error_quark },
  { "DB_ERROR", db_error_quark },
  { "DB_SCHEMA_ERROR", db_schema_error_quark },
  { "EVENTS_ERROR", events_error_quark },
  { "HTTP_ERROR", http_error_quark },
  { "INTAKE_ERROR", intake_error_quark },
  { "NOTIFY_ERROR", notify_error_quark },
  { "EVIDENCE_ERROR", evidence_error_quark },
  { "KAFKA_ERROR", kafka_error_quark },
  { "PDF_ERROR", pdf_error_quark },
  { "PIPELINE_ERROR", pipeline_error_quark },
  { "PRESS_ERROR", press_error_quark },
  { "PROGRAM_ERROR", program_error_quark },
  { "SEAL_ERROR", seal_error_quark },
  { "SETTINGS_ERROR", settings_error_quark },
  { "SUBMISSION_ERROR", submission_error_quark },
};

/* Of a server or an operator's doing: what it refuses is no error of a message, and meets no
 * handler. */
static const char *const of_no_message[] = { "REQUEST_HEAD_ERROR", "RESOLVE_ERROR", "REVIVE_ERROR",
                                             NULL };

static GQuark (*quark_of (const char *prefix)) (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    if (g_str_equal (domains[i].prefix, prefix))
      return domains[i].quark;
  return NULL;
}

/* The codes of @prefix in a header: its enumerators, in order, none of which has a value of its
 * own. */
static guint
check_codes (const char *header, const char *prefix, GQuark domain)
{
  g_autofree char *first = g_strdup_printf ("typedef enum \\{(\\s*%s_[^}]*)\\}", prefix);
  g_autoptr (GRegex) without_comments = g_regex_new ("/\\*.*?\\*/", G_REGEX_DOTALL, 0, NULL);
  g_autofree char *plain = g_regex_replace_literal (without_comments, header, -1, 0, "", 0, NULL);
  g_autoptr (GRegex) enumeration = g_regex_new (first, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *body = NULL;
  g_auto (GStrv) codes = NULL;
  guint count = 0;

  g_assert_true (g_regex_match (enumeration, plain, 0, &match));
  body = g_match_info_fetch (match, 1);
  codes = g_strsplit (body, ",", -1);
  for (guint i = 0; codes[i]; i++) {
    g_autoptr (GError) error = NULL;

    if (!*g_strstrip (codes[i]))
      continue;
    g_assert_true (g_str_has_prefix (codes[i], prefix));
    g_assert_null (strchr (codes[i], '='));
    error = g_error_new_literal (domain, (int)count++, "x");
    g_test_message ("%s", codes[i]);
    g_assert_cmpstr (verdict_error_class (error), !=, "unexpected");
    if (!g_str_equal (codes[i], "PIPELINE_ERROR_GROUP_OVER"))
      g_assert_cmpint (verdict_of (error), !=, VERDICT_DONE);
    if (verdict_is_downstream_away (error))
      g_assert_nonnull (verdict_downstream (error));
  }
  return count;
}

static guint
check_header (const char *path, guint *domain_count)
{
  g_autofree char *text = NULL;
  g_autoptr (GRegex) define = g_regex_new ("^#define (\\w+_ERROR) \\(\\w+_error_quark \\(\\)\\)",
                                           G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint count = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (g_regex_match (define, text, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL)) {
    g_autofree char *prefix = g_match_info_fetch (match, 1);
    GQuark (*quark) (void) = quark_of (prefix);

    if (g_strv_contains (of_no_message, prefix))
      continue;
    (*domain_count)++;
    g_test_message ("%s: %s", path, prefix);
    g_assert_nonnull (quark); /* a domain that is new: it needs rows on a page, and a line here */
    count += check_codes (text, prefix, quark ());
  }
  return count;
}

static void
every_error_of_the_house_has_a_row (void)
{
  g_autoptr (GDir) rooms = g_dir_open (SOURCE_DIR "/lib", 0, NULL);
  guint codes = 0, domain_count = 0;
  const char *room;

  g_assert_nonnull (rooms);
  while ((room = g_dir_read_name (rooms))) {
    g_autofree char *folder = g_build_filename (SOURCE_DIR "/lib", room, NULL);
    g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
    const char *name;

    while (files && (name = g_dir_read_name (files))) {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_str_has_suffix (name, ".h"))
        codes += check_header (path, &domain_count);
    }
  }
  /* Else the headers are written another way by now, and this test reads nothing. */
  g_assert_cmpuint (domain_count, ==, G_N_ELEMENTS (domains));
  g_assert_cmpuint (codes, >=, 3 * G_N_ELEMENTS (domains));
}

/* --- Whether a call may have had an effect --- */

static CallOutcome
outcome_for (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "x");

  return call_outcome (error);
}

static void
only_not_sent_and_refusals_are_failed (void)
{
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_NOT_SENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_ARGUMENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_OWN), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BID_ERROR, BID_ERROR_OWN), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_FAULT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BID_ERROR, BID_ERROR_REFUSED), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_NOT_SENT), ==, CALL_FAILED);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_UNKNOWN), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (BGS_ERROR, BGS_ERROR_UNPROVEN), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (BID_ERROR, BID_ERROR_NO_ANSWER), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_NO_ANSWER), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_TIMEOUT), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (HTTP_ERROR, HTTP_ERROR_TOO_LARGE), ==, CALL_UNKNOWN);
  g_assert_cmpint (outcome_for (BGS_ERROR, 9999), ==, CALL_UNKNOWN);
}

int
main (int argc, char **argv)
{
  const VerdictPage *const pages[] = { submission_verdicts[0], intake_verdicts[0],
                                       notify_verdicts[0],     evidence_verdicts[0],
                                       dossier_verdicts[0],    NULL };

  g_test_init (&argc, &argv, NULL);
  verdicts_use (pages);
  g_test_add_func ("/submission/verdicts/permanent-faults-are-dead-at-once",
                   permanent_faults_are_dead_at_once);
  g_test_add_func ("/submission/verdicts/a-permanent-text-may-stand-in-the-cause",
                   a_permanent_text_may_stand_in_the_cause);
  g_test_add_func ("/submission/verdicts/a-permanent-text-outside-a-fault-is-not-dead",
                   a_permanent_text_outside_a_fault_is_not_dead);
  g_test_add_func ("/submission/verdicts/faults-of-an-outage-open-the-breaker",
                   faults_of_an_outage_open_the_breaker);
  g_test_add_func ("/submission/verdicts/other-faults-are-tried-again",
                   other_faults_are_tried_again);
  g_test_add_func ("/submission/verdicts/a-permanent-text-goes-before-another",
                   a_permanent_text_goes_before_another);
  g_test_add_func ("/submission/verdicts/who-does-not-answer-is-away", who_does_not_answer_is_away);
  g_test_add_func ("/submission/verdicts/an-ill-process-calls-nobody", an_ill_process_calls_nobody);
  g_test_add_func ("/submission/verdicts/a-missing-value-is-dead-at-once",
                   a_missing_value_is_dead_at_once);
  g_test_add_func ("/submission/verdicts/what-http-says-by-itself-names-nobody",
                   what_http_says_by_itself_names_nobody);
  g_test_add_func ("/submission/verdicts/what-this-room-says-is-tried-again",
                   what_this_room_says_is_tried_again);
  g_test_add_func ("/submission/verdicts/an-unexpected-error-is-tried-again",
                   an_unexpected_error_is_tried_again);
  g_test_add_func ("/submission/verdicts/every-error-of-the-house-has-a-row",
                   every_error_of_the_house_has_a_row);
  g_test_add_func ("/submission/verdicts/only-not-sent-and-refusals-are-failed",
                   only_not_sent_and_refusals_are_failed);
  return g_test_run ();
}
