/* The page of verdicts, see verdicts.h. One row an error; what no row names is RETRY.
 *
 * Texts are matched against the useful text of a fault (bgs/fault.h), as the job that we replace
 * did; the first row that fits counts, so texts come before the row without one. Sources: design
 * section 5 (7); BGS reference 9.2 (permanent, and what is left off that list on purpose), 9.3, 9.4. */
#include "pipeline/verdicts.h"

#include <string.h>

#include "base/seal.h"
#include "base/settings.h"
#include "bgs/bgs.h"
#include "bgs/bid.h"
#include "claims/claim-group.h"
#include "db/db.h"
#include "db/migrate.h"
#include "events/codec.h"
#include "http/http.h"
#include "kafka/client.h"
#include "pipeline/run.h"
#include "program/program.h"

#define ANY_CODE -1
#define BGS      "bgs"
#define BID      "bid"
#define AWAY     TRUE

typedef struct {
  GQuark (*domain) (void);
  int code;         /* ANY_CODE: every code of the domain */
  const char *text; /* contained in the message; NULL: any */
  Verdict verdict;
  const char *error_class;
  const char *downstream; /* whom the call was made to; NULL: nobody was called */
  gboolean is_away;       /* the downstream's trouble, whoever had asked it */
} VerdictRow;

/* The room above this one, which it therefore does not know but by name. */
static GQuark
submission_domain (void)
{
  return g_quark_from_static_string ("submission_error_quark");
}

static const VerdictRow rows[] = {
  /* Ours to say. */
  { pipeline_error_quark, PIPELINE_ERROR_LOST, NULL, VERDICT_LOST, "token-lost" },
  { pipeline_error_quark, PIPELINE_ERROR_BOUNDARY, NULL, VERDICT_LOST, "step-boundary" },
  { pipeline_error_quark, PIPELINE_ERROR_SNOOZE, NULL, VERDICT_SNOOZE, "snooze" },
  { pipeline_error_quark, PIPELINE_ERROR_HOLD, NULL, VERDICT_HOLD, "needs-person" },
  { pipeline_error_quark, PIPELINE_ERROR_DIGEST, NULL, VERDICT_HOLD, "changed-under-a-step" },
  { pipeline_error_quark, PIPELINE_ERROR_DEAD, NULL, VERDICT_DEAD, "refused" },
  { pipeline_error_quark, PIPELINE_ERROR_GROUP_OVER, NULL, VERDICT_DONE, "group-over" },
  { pipeline_error_quark, PIPELINE_ERROR_UNKNOWN, NULL, VERDICT_RETRY, "unknown-outcome" },
  { pipeline_error_quark, PIPELINE_ERROR_DATABASE, NULL, VERDICT_ILL, "database-away" },
  { pipeline_error_quark, PIPELINE_ERROR_LOOK_LATER, NULL, VERDICT_RETRY, "look-later" },
  { pipeline_error_quark, PIPELINE_ERROR_OUTAGE, NULL, VERDICT_DEAD, "outage-max-wait" },
  { pipeline_error_quark, PIPELINE_ERROR_TOMBSTONE, NULL, VERDICT_DEAD, "tombstone" },

  /* Faults that no retry can mend: the backup way, at once. */
  { bgs_error_quark, BGS_ERROR_FAULT, "insertBenefitClaim: Invalid zipcode.", VERDICT_DEAD,
    "bgs-invalid-zipcode", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "Maximum number of EPs reached for this bnftClaimTypeCd",
    VERDICT_DEAD, "bgs-maximum-eps", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "This update is being elevated for additional review due to an Incident Flash associated with "
    "this Beneficiary",
    VERDICT_DEAD, "bgs-incident-flash", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "ORA-20099: Error - File Number and Social Security number are different", VERDICT_DEAD,
    "bgs-identifiers-differ", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT, "ORA-00001: unique constraint", VERDICT_DEAD,
    "bgs-unique-constraint", BGS },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum", VERDICT_DEAD,
    "bgs-external-key-length", BGS },

  /* BGS answers, and says that what it needs for any answer is down. The step has failed, nothing has happened. */
  { bgs_error_quark, BGS_ERROR_FAULT, "The Tuxedo service is down", VERDICT_RETRY, "bgs-down", BGS,
    AWAY },
  { bgs_error_quark, BGS_ERROR_FAULT, "System error with BGS", VERDICT_RETRY, "bgs-down", BGS,
    AWAY },
  { bgs_error_quark, BGS_ERROR_FAULT, "WssVerification Exception - Security Verification Exception",
    VERDICT_RETRY, "bgs-down", BGS, AWAY },

  /* All others, also those which the reference names and leaves off that list: a retry asks for a
   * new increment (GUIE50010), a log-on can be mended, and the rest may be a bad day of BGS. */
  { bgs_error_quark, BGS_ERROR_FAULT, NULL, VERDICT_RETRY, "bgs-fault", BGS },

  { bgs_error_quark, BGS_ERROR_UNKNOWN, NULL, VERDICT_RETRY, "bgs-unknown", BGS, AWAY },
  { bgs_error_quark, BGS_ERROR_NOT_SENT, NULL, VERDICT_RETRY, "bgs-not-reached", BGS, AWAY },
  /* What a claim lacks today it lacks tomorrow. The job that we replace tries it 17 times. */
  { bgs_error_quark, BGS_ERROR_ARGUMENT, NULL, VERDICT_DEAD, "bgs-value-missing" },

  { bid_error_quark, BID_ERROR_NOT_SENT, NULL, VERDICT_RETRY, "bid-not-reached", BID, AWAY },
  { bid_error_quark, BID_ERROR_NO_ANSWER, NULL, VERDICT_RETRY, "bid-no-answer", BID, AWAY },
  { bid_error_quark, BID_ERROR_UNAVAILABLE, NULL, VERDICT_RETRY, "bid-unavailable", BID, AWAY },
  /* A token that has run out, a Veteran not yet known there: nothing of it is for good. */
  { bid_error_quark, BID_ERROR_REFUSED, NULL, VERDICT_RETRY, "bid-refused", BID },
  { bid_error_quark, BID_ERROR_ARGUMENT, NULL, VERDICT_DEAD, "bid-value-missing" },

  /* Rooms that call somebody say it in words of their own; here only for completeness. */
  { http_error_quark, HTTP_ERROR_NOT_SENT, NULL, VERDICT_RETRY, "not-reached" },
  { http_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "http-unknown" },

  { submission_domain, ANY_CODE, NULL, VERDICT_RETRY, "submission" },

  { claims_error_quark, CLAIMS_ERROR_NOT_FOUND, NULL, VERDICT_RETRY, "claim-not-found" },
  { claims_error_quark, CLAIMS_ERROR_TRANSITION, NULL, VERDICT_RETRY, "claim-state" },
  { claims_error_quark, CLAIMS_ERROR_INVALID, NULL, VERDICT_DEAD, "claim-document-invalid" },

  /* A key can be brought back, and a process without it must not hold its record for ever; a value
   * that does not open under its own key stays as it is. */
  { seal_error_quark, SEAL_ERROR_UNKNOWN, NULL, VERDICT_RETRY, "master-key-missing" },
  { seal_error_quark, SEAL_ERROR_DAMAGED, NULL, VERDICT_DEAD, "sealed-value-damaged" },
  { seal_error_quark, SEAL_ERROR_KEYS, NULL, VERDICT_ILL, "keys-malformed" },

  { db_error_quark, DB_ERROR_AWAY, NULL, VERDICT_ILL, "database-away" },
  { db_error_quark, DB_ERROR_COMMIT_UNKNOWN, NULL, VERDICT_ILL, "database-away" },
  { db_error_quark, DB_ERROR_CONFLICT, NULL, VERDICT_RETRY, "database-conflict" },
  { db_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "database-statement" },

  { events_error_quark, EVENTS_ERROR_REGISTRY, NULL, VERDICT_ILL, "schema-registry-away" },
  { events_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "event" },

  /* What is wrong with a program shows at its start, and ends it there. */
  { settings_error_quark, ANY_CODE, NULL, VERDICT_ILL, "settings" },
  { program_error_quark, ANY_CODE, NULL, VERDICT_ILL, "program" },
  { kafka_error_quark, ANY_CODE, NULL, VERDICT_ILL, "broker" },
  { db_schema_error_quark, ANY_CODE, NULL, VERDICT_ILL, "database-schema" },
};

static const VerdictRow *
row_of (const GError *error)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (error->domain == rows[i].domain () &&
        (rows[i].code == ANY_CODE || rows[i].code == error->code) &&
        (!rows[i].text || strstr (error->message, rows[i].text)))
      return &rows[i];
  return NULL;
}

const char *
verdict_name (Verdict verdict)
{
  switch (verdict) {
  case VERDICT_DONE:
    return "DONE";
  case VERDICT_RETRY:
    return "RETRY";
  case VERDICT_SNOOZE:
    return "SNOOZE";
  case VERDICT_HOLD:
    return "HOLD";
  case VERDICT_DEAD:
    return "DEAD";
  case VERDICT_ILL:
    return "ILL";
  case VERDICT_LOST:
    return "LOST";
  }
  g_assert_not_reached ();
}

Verdict
verdict_of (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  if (!error)
    return VERDICT_DONE;
  return row ? row->verdict : VERDICT_RETRY;
}

const char *
verdict_error_class (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row ? row->error_class : error ? "unexpected" : NULL;
}

gboolean
verdict_is_downstream_away (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row && row->is_away;
}

const char *
verdict_downstream (const GError *error)
{
  const VerdictRow *row = error ? row_of (error) : NULL;

  return row ? row->downstream : NULL;
}

CallOutcome
call_outcome (const GError *error)
{
  const VerdictRow *row = row_of (error);

  if (error->domain == HTTP_ERROR)
    return error->code == HTTP_ERROR_NOT_SENT ? CALL_FAILED : CALL_UNKNOWN;
  if (error->domain == BGS_ERROR)
    return error->code == BGS_ERROR_UNKNOWN ? CALL_UNKNOWN : CALL_FAILED;
  if (error->domain == BID_ERROR)
    return error->code == BID_ERROR_NO_ANSWER ? CALL_UNKNOWN : CALL_FAILED;
  /* An error of ours was made before anything was sent (a database read, a rule). Of one that this
   * page does not know, nothing is known. */
  return row ? CALL_FAILED : CALL_UNKNOWN;
}
