/* The increment and the insert: the one call of the whole flow that makes money move and cannot be
 * taken back.
 *
 * BGS takes an increment once, neither reserves nor locks it when it is asked for, and makes a
 * benefit claim for every insert that it takes. So both calls happen under a lock per Veteran that
 * outlives process and connection, a child sends another increment only when somebody else is seen
 * to have taken its own, and nobody uses an increment that another child has sent without an
 * answer. shared/model has these rules as a checked model; changing one means changing that first.
 * Source: design section 6, "The Veteran's lock" and "Ours". */
#pragma once

#include "submission/inserts.h"

/**
 * establish_benefit_claim:
 *
 * Sets @submission's increment and benefit_claim (the kept reply, or what the look found in its
 * place).
 *
 * Errors: %PIPELINE_ERROR_SNOOZE (the lock is held, or an insert is not settled yet, or could not
 * be looked for), %PIPELINE_ERROR_HOLD (a person must decide; the Veteran's row stays),
 * %SUBMISSION_ERROR_INCREMENT and BGS's faults (RETRY or DEAD; the row is free again), and those of
 * run_step().
 */
gboolean establish_benefit_claim (Submission *submission, GError **error);
