/* The page of verdicts, see verdicts.h. One row an error; what no row names is RETRY.
 *
 * Texts are matched against the useful text of a fault (bgs/fault.h), as the job that we replace
 * did. Source: BGS reference 9.2 (permanent), design section 5 (7). */
#include "pipeline/verdicts.h"

#include <string.h>

#include "bgs/bgs.h"
#include "claims/claim-group.h"
#include "db/db.h"
#include "events/codec.h"
#include "http/http.h"
#include "pipeline/run.h"

#define ANY_CODE -1

typedef struct {
  GQuark (*domain) (void);
  int code;         /* ANY_CODE: every code of the domain */
  const char *text; /* contained in the message; NULL: any */
  Verdict verdict;
  const char *error_class;
} VerdictRow;

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
    "bgs-invalid-zipcode" },
  { bgs_error_quark, BGS_ERROR_FAULT, "Maximum number of EPs reached for this bnftClaimTypeCd",
    VERDICT_DEAD, "bgs-maximum-eps" },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "This update is being elevated for additional review due to an Incident Flash associated with "
    "this Beneficiary",
    VERDICT_DEAD, "bgs-incident-flash" },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "ORA-20099: Error - File Number and Social Security number are different", VERDICT_DEAD,
    "bgs-identifiers-differ" },
  { bgs_error_quark, BGS_ERROR_FAULT, "ORA-00001: unique constraint", VERDICT_DEAD,
    "bgs-unique-constraint" },
  { bgs_error_quark, BGS_ERROR_FAULT,
    "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum", VERDICT_DEAD,
    "bgs-external-key-length" },

  { bgs_error_quark, BGS_ERROR_FAULT, NULL, VERDICT_RETRY, "bgs-fault" },
  { bgs_error_quark, BGS_ERROR_UNKNOWN, NULL, VERDICT_RETRY, "bgs-unknown" },
  { bgs_error_quark, BGS_ERROR_NOT_SENT, NULL, VERDICT_RETRY, "bgs-not-reached" },
  { bgs_error_quark, BGS_ERROR_ARGUMENT, NULL, VERDICT_RETRY, "bgs-value-missing" },
  { bgs_error_quark, BGS_ERROR_HTTP, NULL, VERDICT_RETRY, "bid-http" },

  { http_error_quark, HTTP_ERROR_NOT_SENT, NULL, VERDICT_RETRY, "not-reached" },
  { http_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "http-unknown" },

  { claims_error_quark, CLAIMS_ERROR_NOT_FOUND, NULL, VERDICT_RETRY, "claim-not-found" },
  { claims_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "claim-state" },

  { db_error_quark, DB_ERROR_AWAY, NULL, VERDICT_ILL, "database-away" },
  { db_error_quark, DB_ERROR_COMMIT_UNKNOWN, NULL, VERDICT_ILL, "database-away" },
  { db_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "database-statement" },

  { events_error_quark, ANY_CODE, NULL, VERDICT_RETRY, "event" },
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
  if (error->domain == HTTP_ERROR)
    return TRUE;
  return error->domain == BGS_ERROR && error->code != BGS_ERROR_FAULT &&
         error->code != BGS_ERROR_ARGUMENT;
}

gboolean
verdict_is_answer (const GError *error)
{
  return g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT);
}

CallOutcome
call_outcome (const GError *error)
{
  if (g_error_matches (error, BGS_ERROR, BGS_ERROR_NOT_SENT) ||
      g_error_matches (error, BGS_ERROR, BGS_ERROR_ARGUMENT) ||
      g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT) ||
      g_error_matches (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT))
    return CALL_FAILED;
  /* An error that is no answer of the other side was made before anything was sent (a database
   * read, a rule of ours). */
  if (error->domain != BGS_ERROR && error->domain != HTTP_ERROR)
    return CALL_FAILED;
  return CALL_UNKNOWN;
}
