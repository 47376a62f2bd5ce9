/* The one page that maps every error to a verdict. Source: design section 5 (7), bgs.md section 9.
 */
#pragma once

#include <glib.h>

typedef enum {
  VERDICT_DONE,
  VERDICT_RETRY,
  VERDICT_SNOOZE,
  VERDICT_HOLD,
  VERDICT_DEAD,
  VERDICT_ILL,
  VERDICT_LOST
} Verdict;
const char *verdict_name (Verdict verdict);

/* NULL is DONE. An unknown error is RETRY, never DONE. */
Verdict verdict_of (const GError *error);
/* A short class for headers, metrics and attempts: "bgs-fault", "bgs-unknown", "bid-refused", … */
const char *verdict_error_class (const GError *error);

/* The two below want the error as a call gave it: run_step() makes PIPELINE_ERROR_UNKNOWN of an
 * outcome that is unknown, and that one tells nothing of a downstream any more. */

/* Whom the call was made to, "bgs" or "bid"; NULL where nobody was called, or the error does not
 * tell. Static. */
const char *verdict_downstream (const GError *error);
/* TRUE: the trouble is the downstream's, whichever claim had asked: not reached, timed out, reset, an HTTP
 * error without a SOAP envelope, garbage, an answer over the bound, and the faults by which BGS says that it is down itself.
 * Never for another well-formed fault: who refuses is there.
 * TRUE implies a verdict_downstream(). FALSE with a verdict_downstream(): it is there and has answered. Source: design
 * section 5, "Breaker". */
gboolean verdict_is_downstream_away (const GError *error);

typedef enum { CALL_FAILED, CALL_UNKNOWN } CallOutcome;
/* What is known of a call that ended with @error: nothing has happened, or it may have. */
CallOutcome call_outcome (const GError *error);
