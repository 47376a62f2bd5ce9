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
/* A short class for headers, metrics and attempts: "bgs-fault", "bgs-unknown", "not-sent", … */
const char *verdict_error_class (const GError *error);

/* Whether the error speaks of the downstream and not of the claim: it was not reached, or gave no answer of its own. */
gboolean verdict_is_downstream_away (const GError *error);
/* Whether the downstream has answered: a refusal is an answer, a value missing on our side is none. */
gboolean verdict_is_answer (const GError *error);

typedef enum { CALL_FAILED, CALL_UNKNOWN } CallOutcome;
CallOutcome call_outcome (const GError *error);
