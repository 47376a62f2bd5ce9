/* The step desk: ends and starts of steps that wait at the same moment are one commit; units with work of their own have
 * a transaction each. Source: design section 5, Sharing. */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "pipeline/delivery.h"
#include "pipeline/step-desk.sql.h"

static gboolean
write_starts (Db *db, GPtrArray *units, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) ordinals = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) group_rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();
  g_autoptr (GPtrArray) digests = g_ptr_array_new ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new ();
  g_autoptr (DbRows) rows = NULL;

  for (gint64 i = 0; i < units->len; i++) {
    StepUnit *unit = g_ptr_array_index (units, i);
    gint64 ordinal = unit->ordinal;
    gint64 group_row = GUARD (GROUP_CHECK) ? unit->run->group_row_id : 0;

    if (!unit->has_start)
      continue;
    if (!GUARD (TOKEN) &&
        !db_execute (db, NULL, error, SQL_RUN_TAKE_BACK, "ti", unit->scope, unit->token))
      return FALSE;
    g_array_append_val (numbers, i);
    g_array_append_val (ordinals, ordinal);
    g_array_append_val (tokens, unit->token);
    g_array_append_val (group_rows, group_row);
    g_ptr_array_add (scopes, (char *)unit->scope);
    g_ptr_array_add (steps, (char *)unit->step);
    g_ptr_array_add (digests, (char *)unit->digest);
    g_ptr_array_add (notes, (char *)unit->note);
  }
  if (numbers->len == 0)
    return TRUE;
  rows = db_query (db, error, SQL_JOURNAL_START, "INNIINNI", numbers->data, (gsize)numbers->len,
                   scopes, steps, ordinals->data, (gsize)ordinals->len, tokens->data,
                   (gsize)tokens->len, digests, notes, group_rows->data, (gsize)group_rows->len);
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

static gboolean
has_finished (const GPtrArray *ends)
{
  for (guint i = 0; i < ends->len; i++)
    if (strcmp (((const StepEnd *)g_ptr_array_index (ends, i))->state, "finished") == 0)
      return TRUE;
  return FALSE;
}

/* A suspect that finishes a step is a bystander again, and whoever it waited for is back. */
static gboolean
clear_suspects (Db *db, GPtrArray *units, GError **error)
{
  for (guint i = 0; i < units->len; i++) {
    StepUnit *unit = g_ptr_array_index (units, i);
    const Delivery *delivery = unit->run->delivery;

    if (delivery->record.has_row && has_finished (unit->ends) &&
        !take_clear_suspect (db, delivery, error))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  Runner *runner;
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
  return journal_write_ends (db, program_sealer (batch->runner->program), ends, error) &&
         write_starts (db, batch->units, error) && clear_suspects (db, batch->units, error);
}

/* A unit with work of its own: refused when the token is another's, its rows published after the
 * commit. */
typedef struct {
  Runner *runner;
  StepUnit *unit;
  GPtrArray *rows;
} Single;

static gboolean
do_single (Db *db, gpointer data, GError **error)
{
  Single *single = data;
  StepUnit *unit = single->unit;
  Transaction transaction;
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();
  gboolean is_fine = TRUE;

  if (unit->needs_token && GUARD (TOKEN)) {
    g_autoptr (DbRows) rows = db_query (db, error, SQL_RUN_TOKEN, "ti", unit->scope, unit->token);
    if (!rows)
      return FALSE;
    if (db_rows_count (rows) == 0) {
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the run row has another token");
      return FALSE;
    }
  }
  transaction_init (&transaction, single->runner->program, db, single->runner->consumer->name,
                    kafka_headers_get (unit->run->delivery->headers, "traceparent"),
                    unit->run->delivery->replay);
  transaction.step_result = unit->step_result;
  g_ptr_array_add (alone, unit);
  is_fine = journal_write_ends (db, program_sealer (single->runner->program), unit->ends, error);
  for (guint i = 0; is_fine && i < unit->ends->len; i++)
    if (!((StepEnd *)g_ptr_array_index (unit->ends, i))->is_hit) {
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
      is_fine = FALSE;
    }
  is_fine = is_fine && (!unit->work || unit->work (&transaction, unit->run, unit->data, error)) &&
            write_starts (db, alone, error) && clear_suspects (db, alone, error);
  if (is_fine && unit->has_start && !unit->start_hit) {
    /* What the work has written must not stand without the start. */
    g_set_error (error, PIPELINE_ERROR,
                 unit->group_is_over ? PIPELINE_ERROR_GROUP_OVER : PIPELINE_ERROR_LOST,
                 "the step was refused its start");
    is_fine = FALSE;
  }
  is_fine = is_fine && outbox_insert (db, program_instance_id (single->runner->program),
                                      transaction.rows, error);
  if (is_fine) {
    g_clear_pointer (&single->rows, g_ptr_array_unref);
    single->rows = g_steal_pointer (&transaction.rows);
  }
  transaction_clear (&transaction);
  return is_fine;
}

static void
unit_done (Runner *runner, StepUnit *unit)
{
  g_mutex_lock (&runner->lock);
  unit->is_done = TRUE;
  g_cond_signal (&unit->done);
  g_mutex_unlock (&runner->lock);
}

static void
do_one (Desk *desk, Runner *runner, StepUnit *unit)
{
  Single single = { runner, unit, NULL };

  if (desk_transaction (desk, TRUE, do_single, &single, &unit->error)) {
    if (single.rows)
      outbox_publish (program_outbox (runner->program), single.rows);
  } else if (g_error_matches (unit->error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
    outbox_sweep_soon (program_outbox (runner->program));
  }
  g_clear_pointer (&single.rows, g_ptr_array_unref);
}

/* Each step has crash points of its own. */
static void
pass_points (const StepUnit *unit, gboolean is_committed)
{
  journal_pass_points (is_committed ? "end/after-commit" : "end/before-commit", unit->ends);
  if (unit->has_start)
    CRASH_POINT_OF (is_committed ? "start/after-commit" : "start/before-commit", unit->step);
}

static gboolean
has_own_work (const StepUnit *unit)
{
  return unit->work || unit->needs_token;
}

void
steps_do (Desk *desk, GPtrArray *batch, gpointer data)
{
  Runner *runner = data;
  g_autoptr (GError) error = NULL;
  Batch together = { runner, batch };

  for (guint i = 0; i < batch->len; i++)
    pass_points (g_ptr_array_index (batch, i), FALSE);
  if (!desk_transaction (desk, FALSE, do_shared, &together, &error))
    for (guint i = 0; i < batch->len; i++) /* a conflict redoes its members singly */
      do_one (desk, runner, g_ptr_array_index (batch, i));
  for (guint i = 0; i < batch->len; i++)
    pass_points (g_ptr_array_index (batch, i), TRUE);
  for (guint i = 0; i < batch->len; i++)
    unit_done (runner,
               g_ptr_array_index (batch, i)); /* it lies on its worker's stack, and is gone then */
}

void
steps_do_own (Desk *desk, GPtrArray *batch, gpointer data)
{
  Runner *runner = data;

  for (guint i = 0; i < batch->len; i++) {
    StepUnit *unit = g_ptr_array_index (batch, i);

    CRASH_POINT ("own/before-commit");
    pass_points (unit, FALSE);
    do_one (desk, runner, unit);
    pass_points (unit, TRUE);
    CRASH_POINT ("own/after-commit");
    unit_done (runner, unit);
  }
}

void
steps_submit (Run *run, StepUnit *unit)
{
  Runner *runner = run->runner;

  unit->run = run;
  unit->ends = run->ends;
  g_cond_init (&unit->done);
  if (has_own_work (unit))
    desk_add (runner->own_desks[g_atomic_int_add ((gint *)&runner->own_turn, 1) % OWN_DESKS], unit);
  else
    desk_add (runner->step_desk, unit);
  g_mutex_lock (&runner->lock);
  while (!unit->is_done)
    g_cond_wait (&unit->done, &runner->lock);
  g_mutex_unlock (&runner->lock);
  g_cond_clear (&unit->done);
}

/* The picture in memory follows what was committed. FALSE: a row was settled by another, so the run
 * is not ours any more. */
static gboolean
note_ends (Run *run)
{
  gboolean are_hit = TRUE;

  for (guint i = 0; i < run->ends->len; i++) {
    StepEnd *end = g_ptr_array_index (run->ends, i);
    OwnScope *own = run_own_scope (run, end->scope);
    JournalRow *row = own ? journal_newest (own->journal, end->step) : NULL;

    are_hit = are_hit && end->is_hit;
    if (end->is_new && own && own->journal) {
      row = g_new0 (JournalRow, 1);
      row->step = g_strdup (end->step);
      row->ordinal = end->ordinal;
      row->token = end->token;
      g_ptr_array_add (own->journal, row);
    }
    if (!row || row->ordinal != end->ordinal || !end->is_hit)
      continue;
    g_free (row->state);
    row->state = g_strdup (end->state);
    g_free (row->result);
    row->result = g_strdup (end->result);
    if (end->note) {
      g_free (row->note);
      row->note = g_strdup (end->note);
    }
  }
  g_ptr_array_set_size (run->ends, 0);
  return are_hit;
}

/* Hands a unit to the desk and takes its outcome apart. */
gboolean
run_submit (Run *run, StepUnit *unit, GError **error)
{
  gboolean is_progress = has_finished (run->ends), are_hit = TRUE;

  steps_submit (run, unit);
  if (unit->error) {
    if (g_error_matches (unit->error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
      /* Whether it stands in the journal is read when the record is taken again. */
      g_clear_error (&unit->error);
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "a commit without an answer");
    } else {
      g_propagate_error (error, unit->error);
    }
    unit->error = NULL;
    return FALSE;
  }
  are_hit = note_ends (run);
  if (is_progress && are_hit)
    runner_has_progress (run->runner, run->delivery);
  if (!are_hit) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
    return FALSE;
  }
  return TRUE;
}

gboolean
run_flush_ends (Run *run, GError **error)
{
  StepUnit unit = { 0 };

  return run->ends->len == 0 || run_submit (run, &unit, error);
}

gboolean
run_transaction (Run *run, RunWork work, gpointer data, GError **error)
{
  OwnScope *own = g_ptr_array_index (run->scopes, 0);
  StepUnit unit = {
    .work = work, .data = data, .needs_token = TRUE, .scope = own->scope, .token = own->token
  };

  if (!run_submit (run, &unit, error))
    return FALSE;
  run_forget_journal (run);
  return TRUE;
}
