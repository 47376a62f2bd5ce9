/* The step desk: ends and starts of steps that wait at the same moment are one commit; units with
 * work of their own (the Veteran's lock, a child submitted) have a transaction each, at desks
 * beside it, for they take row locks in an order that holds within one claim only. */
#pragma once

#include "pipeline/context.h"
#include "pipeline/delivery.h"
#include "pipeline/work.h"

typedef struct StepDesk StepDesk;

/* What waits there. Lies on its worker's stack; all is borrowed but for @error. */
typedef struct {
  Run *run; /* for @work */
  const Delivery *delivery;
  const GPtrArray *ends; /* of StepEnd *; is_hit is told in them */
  /* a start */
  gboolean has_start;
  const char *scope, *step, *digest, *note;
  int ordinal;
  gint64 token;
  gint64 group_row_id;               /* whose state must allow a start; 0: none */
  gboolean start_hit, group_is_over; /* out */
  gint64 started_at_ms;              /* out */
  /* own work in the same transaction */
  RunWork work;
  gpointer data;
  const char *step_result;
  gboolean needs_token; /* refuse (LOST) when the run row has another token */
  GError *error;        /* out */
  /* inside */
  gboolean is_done;
  GCond done;
} StepUnit;

gboolean step_ends_finish (const GPtrArray *ends); /* one of these StepEnd * is "finished" */

#define STEP_DESKS 3 /* their connections */

StepDesk *step_desk_new (const Context *context);
void step_desk_free (StepDesk *desk); /* NULL is fine */
/* Waits until it is committed or refused. Errors: in the unit; %DB_ERROR_TIMEOUT,
 * %DB_ERROR_COMMIT_UNKNOWN, those of its work, %PIPELINE_ERROR_LOST. */
void step_desk_do (StepDesk *desk, StepUnit *unit);
