/* What a delivery does that finds the Veteran's lock in another child's hand. */
#pragma once

#include "submission/submission.h"

/**
 * lock_holder_meet:
 *
 * Another child has the row: waits for it, or settles what it has left behind, with the row.
 *
 * Errors: %PIPELINE_ERROR_SNOOZE, %PIPELINE_ERROR_HOLD (behind the holder), database.
 * Returns: TRUE: the row may be free, or is ours: try again.
 */
gboolean lock_holder_meet (Submission *submission, GError **error);
