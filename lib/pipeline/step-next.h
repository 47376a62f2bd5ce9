/* What to do next about a step: a pure function of its newest journal row. Replay asks the same for
 * its plan. */
#pragma once

#include "program/journal.h"

typedef enum {
  STEP_GIVE, /* it has its result, or was given up: never called again */
  STEP_WAIT, /* started, and its request may still be under way: not before *ret_wait_ms */
  /* Started, and nobody can be under way: its outcome is unknown, and settled as the step says */
  STEP_LOOK,
  /* It would be repeated with another request than it was started with: a person decides */
  STEP_HOLD,
  STEP_START, /* never started, failed, or ended without an effect that binds us */
} StepNext;

typedef struct {
  gboolean looks;           /* an unknown is looked for */
  gboolean once;            /* an unknown is given up */
  gboolean is_same_request; /* the row's digest is the request's, or one of them has none */
  gint64 limit_ms; /* after its start a request cannot act any more: read limit and settle time */
} StepRule;

/* @row: the newest of the step, NULL: never started. @now_ms, @error_ms: the database's clock and
 *   what is not known of it. @ret_wait_ms: of STEP_WAIT; else 0. */
StepNext step_next (const StepRule *rule, const JournalRow *row, gint64 now_ms, gint64 error_ms,
                    gint64 *ret_wait_ms);
