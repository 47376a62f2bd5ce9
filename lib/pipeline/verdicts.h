/* What an error is to a message, its call and its downstream: asked of the pipeline's own page
 * (verdicts.c) and of those that the consumer brings. */
#pragma once

#include "pipeline/policy.h"

/* @pages: NULL-terminated, borrowed for good; NULL: none beside the pipeline's own. Once, before
 * there is a second thread. */
void verdicts_use (const VerdictPage *const *pages);

const char *verdict_name (Verdict verdict);

/* NULL is DONE. An error that no page knows is RETRY, never DONE. */
Verdict verdict_of (const GError *error);
/* A short class for headers, metrics and attempts: "database-away", "bgs-fault", … "unexpected"
 * for an error that no page knows; NULL for NULL. Static. */
const char *verdict_error_class (const GError *error);

/* The three below want the error as a call gave it: run_step() makes PIPELINE_ERROR_UNKNOWN of an
 * outcome that is unknown, and that one tells nothing of a downstream any more. */

/* Whom the call was made to, by the name of its breaker; NULL where nobody was called, or the error
 * does not tell. Static. */
const char *verdict_downstream (const GError *error);
/* TRUE: the trouble is the downstream's, whichever message had asked: not reached, timed out,
 * garbage, and what it says of itself when it is down. Never for another well-formed refusal: who
 * refuses is there. TRUE implies a verdict_downstream(). FALSE with a verdict_downstream(): it is
 * there and has answered. */
gboolean verdict_is_downstream_away (const GError *error);
/* TRUE: one such failure is enough to know that it is away for everyone (a key that is not taken).
 */
gboolean verdict_is_for_all (const GError *error);
/* What is known of a call that ended with @error. Of one that no page knows nothing is: unknown. */
CallOutcome call_outcome (const GError *error);
