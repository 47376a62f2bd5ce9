/* The step desk, see step-desk.h. */
#include "pipeline/step-desk.h"

#include <string.h>

#include "base/crash-point.h"
#include "pipeline/desk.h"
#include "pipeline/error.h"
#include "pipeline/step-desk.sql.h"
#include "pipeline/suspects.h"
#include "program/journal.h"

#define BATCH_MAX   100
#define OWN_DESKS   (STEP_DESKS - 1) /* at two of them their commits can share a flush */
#define LOCK_MAX_MS 500              /* a stranger's row lock must not hold up those behind */

struct StepDesk {
  const Context *context;
  Desk *shared;
  Desk *own[OWN_DESKS];
  guint own_turn; /* atomic */
  GMutex lock;    /* is_done of all units: nobody touches one that is gone */
};

/* The statement below asks for it. Without the guard TOKEN whoever starts a step has the run row,
 * whosever it is. */
static gboolean
holds_token (Db *db, const StepUnit *unit, GError **error)
{
  return GUARD (TOKEN) ||
         db_execute (db, NULL, error, SQL_RUN_TAKE_BACK, "ti", unit->scope, unit->token);
}

static gboolean
write_starts (Db *db, const Context *context, GPtrArray *units, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("ittiitti");
  g_autoptr (DbRows) rows = NULL;

  for (gint64 i = 0; i < units->len; i++) {
    StepUnit *unit = g_ptr_array_index (units, i);

    if (!unit->has_start)
      continue;
    if (!holds_token (db, unit, error))
      return FALSE;
    db_columns_add (given, i, unit->scope, unit->step, (gint64)unit->ordinal, unit->token,
                    unit->digest, unit->note, GUARD (GROUP_CHECK) ? unit->group_row_id : (gint64)0);
  }
  if (db_columns_count (given) == 0)
    return TRUE;
  rows = db_query (db, error, SQL_JOURNAL_START, "CT", given, context_works_in (context));
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    StepUnit *unit = g_ptr_array_index (units, db_rows_int (rows, i, "n"));
    unit->start_hit = db_rows_boolean (rows, i, "is_started");
    unit->started_at_ms = db_rows_int (rows, i, "started_at_ms");
    unit->group_is_over = db_rows_boolean (rows, i, "group_is_over");
  }
  return TRUE;
}

gboolean
step_ends_finish (const GPtrArray *ends)
{
  for (guint i = 0; i < ends->len; i++)
    if (strcmp (((const StepEnd *)g_ptr_array_index (ends, i))->state, "finished") == 0)
      return TRUE;
  return FALSE;
}

/* A suspect that finishes a step is a bystander again, and whoever it waited for is back. */
static gboolean
clear_suspects (Db *db, const Context *context, GPtrArray *units, GError **error)
{
  for (guint i = 0; i < units->len; i++) {
    StepUnit *unit = g_ptr_array_index (units, i);

    if (unit->delivery->known.has_row && step_ends_finish (unit->ends) &&
        !suspects_clear (db, context->consumer->name, unit->delivery, error))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  const Context *context;
  GPtrArray *units;
} Batch;

static gboolean
do_shared (Db *db, gpointer data, GError **error)
{
  Batch *batch = data;
  g_autoptr (GPtrArray) ends = g_ptr_array_new ();

  for (guint i = 0; i < batch->units->len; i++) {
    StepUnit *unit = g_ptr_array_index (batch->units, i);
    for (guint k = 0; k < unit->ends->len; k++)
      g_ptr_array_add (ends, g_ptr_array_index (unit->ends, k));
  }
  return journal_write_ends (db, program_sealer (batch->context->program), ends, error) &&
         write_starts (db, batch->context, batch->units, error) &&
         clear_suspects (db, batch->context, batch->units, error);
}

/* A unit with work of its own: refused when the token is another's, its rows published after the
 * commit. */
typedef struct {
  const Context *context;
  StepUnit *unit;
  GPtrArray *rows;
} Single;

static gboolean
asks_for_token (const StepUnit *unit)
{
  return GUARD (TOKEN) && unit->needs_token;
}

/* Or needs none. */
static gboolean
has_token (Db *db, const StepUnit *unit, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (!asks_for_token (unit))
    return TRUE;
  rows = db_query (db, error, SQL_RUN_TOKEN, "ti", unit->scope, unit->token);
  if (rows && db_rows_count (rows) == 0)
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the run row has another token");
  return rows && db_rows_count (rows) > 0;
}

static gboolean
write_own_ends (Db *db, const Context *context, const StepUnit *unit, GError **error)
{
  if (!journal_write_ends (db, program_sealer (context->program), unit->ends, error))
    return FALSE;
  for (guint i = 0; i < unit->ends->len; i++)
    if (!((StepEnd *)g_ptr_array_index (unit->ends, i))->is_hit) {
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
      return FALSE;
    }
  return TRUE;
}

/* What the work has written must not stand without the start. */
static gboolean
start_own (Db *db, const Context *context, StepUnit *unit, GError **error)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  g_ptr_array_add (alone, unit);
  if (!write_starts (db, context, alone, error) || !clear_suspects (db, context, alone, error))
    return FALSE;
  if (!unit->has_start || unit->start_hit)
    return TRUE;
  g_set_error (error, PIPELINE_ERROR,
               unit->group_is_over ? PIPELINE_ERROR_GROUP_OVER : PIPELINE_ERROR_LOST,
               "the step was refused its start");
  return FALSE;
}

static gboolean
do_single (Db *db, gpointer data, GError **error)
{
  Single *single = data;
  const Context *context = single->context;
  StepUnit *unit = single->unit;
  Transaction transaction;
  gboolean is_fine;

  if (!has_token (db, unit, error))
    return FALSE;
  transaction_init (&transaction, program_writer (context->program), db, context->consumer->name,
                    unit->delivery->record->traceparent, unit->delivery->record->replay);
  transaction.step_result = unit->step_result;
  is_fine = write_own_ends (db, context, unit, error) &&
            (!unit->work || unit->work (&transaction, unit->run, unit->data, error)) &&
            start_own (db, context, unit, error) &&
            outbox_insert (db, program_instance_id (context->program), transaction.rows, error);
  if (is_fine) {
    g_clear_pointer (&single->rows, g_ptr_array_unref);
    single->rows = g_steal_pointer (&transaction.rows);
  }
  transaction_clear (&transaction);
  return is_fine;
}

static void
unit_done (StepDesk *steps, StepUnit *unit)
{
  g_mutex_lock (&steps->lock);
  unit->is_done = TRUE;
  g_cond_signal (&unit->done);
  g_mutex_unlock (&steps->lock);
}

static void
do_one (Desk *desk, const Context *context, StepUnit *unit)
{
  Single single = { context, unit, NULL };
  Outbox *outbox = program_outbox (context->program);

  if (desk_transaction (desk, DESK_REPEATS, do_single, &single, &unit->error)) {
    if (single.rows)
      outbox_publish (outbox, single.rows);
  } else if (g_error_matches (unit->error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
    outbox_sweep_soon (outbox);
  }
  g_clear_pointer (&single.rows, g_ptr_array_unref);
}

/* Each step has crash points of its own. */
static void
pass_points (const StepUnit *unit, gboolean is_committed)
{
  const char *end = is_committed ? "end/after-commit" : "end/before-commit";

  (void)end;
  for (guint i = 0; i < unit->ends->len; i++)
    CRASH_POINT_OF (end, ((StepEnd *)g_ptr_array_index (unit->ends, i))->step);
  if (unit->has_start)
    CRASH_POINT_OF (is_committed ? "start/after-commit" : "start/before-commit", unit->step);
}

static gboolean
has_own_work (const StepUnit *unit)
{
  return unit->work || unit->needs_token;
}

static void
do_batch (Desk *desk, GPtrArray *batch, gpointer data)
{
  StepDesk *steps = data;
  g_autoptr (GError) error = NULL;
  Batch together = { steps->context, batch };

  for (guint i = 0; i < batch->len; i++)
    pass_points (g_ptr_array_index (batch, i), FALSE);
  if (!desk_transaction (desk, 0, do_shared, &together, &error))
    for (guint i = 0; i < batch->len; i++) /* a conflict redoes its members singly */
      do_one (desk, steps->context, g_ptr_array_index (batch, i));
  for (guint i = 0; i < batch->len; i++)
    pass_points (g_ptr_array_index (batch, i), TRUE);
  for (guint i = 0; i < batch->len; i++)
    unit_done (steps, g_ptr_array_index (batch, i));
}

static void
do_own (Desk *desk, GPtrArray *batch, gpointer data)
{
  StepDesk *steps = data;

  for (guint i = 0; i < batch->len; i++) {
    StepUnit *unit = g_ptr_array_index (batch, i);

    CRASH_POINT ("own/before-commit");
    pass_points (unit, FALSE);
    do_one (desk, steps->context, unit);
    pass_points (unit, TRUE);
    CRASH_POINT ("own/after-commit");
    unit_done (steps, unit);
  }
}

StepDesk *
step_desk_new (const Context *context)
{
  StepDesk *steps = g_new0 (StepDesk, 1);
  DeskOptions shared =
      context_desk_options (context, "steps", BATCH_MAX, LOCK_MAX_MS, do_batch, steps);
  DeskOptions own =
      context_desk_options (context, "own-steps", BATCH_MAX, LOCK_MAX_MS, do_own, steps);

  steps->context = context;
  g_mutex_init (&steps->lock);
  steps->shared = desk_new (&shared);
  for (guint i = 0; i < OWN_DESKS; i++)
    steps->own[i] = desk_new (&own);
  return steps;
}

void
step_desk_free (StepDesk *steps)
{
  if (!steps)
    return;
  desk_free (steps->shared);
  for (guint i = 0; i < OWN_DESKS; i++)
    desk_free (steps->own[i]);
  g_mutex_clear (&steps->lock);
  g_free (steps);
}

void
step_desk_do (StepDesk *steps, StepUnit *unit)
{
  unit->is_done = FALSE;
  g_cond_init (&unit->done);
  if (has_own_work (unit))
    desk_add (steps->own[(guint)g_atomic_int_add ((gint *)&steps->own_turn, 1) % OWN_DESKS], unit);
  else
    desk_add (steps->shared, unit);
  g_mutex_lock (&steps->lock);
  while (!unit->is_done)
    g_cond_wait (&unit->done, &steps->lock);
  g_mutex_unlock (&steps->lock);
  g_cond_clear (&unit->done);
}
