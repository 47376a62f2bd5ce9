/* A run's picture of its journal: read once a scope, and following what was committed. */
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "pipeline/run-inside.h"
#include "pipeline/run-journal.sql.h"
#include "pipeline/step.h"

#define HELD_PAUSE_MS                                                                              \
  100 /* between two tries to write an answer while somebody holds a row of it; they grow */
#define HELD_PAUSE_MAX_MS 2000
#define HELD_SNOOZE_MS    1000 /* of a record that has nothing to write; doubled with each */

OwnScope *
run_own_scope (Run *run, const char *scope)
{
  for (guint i = 0; i < run->scopes->len; i++) {
    OwnScope *own = g_ptr_array_index (run->scopes, i);
    if (strcmp (own->scope, scope) == 0)
      return own;
  }
  return NULL;
}

OwnScope *
run_must_own (Run *run, const char *scope)
{
  OwnScope *own = run_own_scope (run, scope ? scope : run->scope.scope);

  g_assert (own != NULL); /* a step of a scope that was not taken with run_take_scope() */
  return own;
}

/* --- Reading --- */

gboolean
run_journal_load (Run *run, OwnScope *own, GError **error)
{
  Db *db = NULL;

  if (own->journal)
    return TRUE;
  /* What has ended and is not written yet must not be lost from the picture. */
  if (!run_flush_ends (run, error))
    return FALSE;
  db = run_db_take (run, error);
  if (!db)
    return FALSE;
  own->journal = journal_read (db, run_sealer (run), own->scope, error);
  run_db_give (run, db);
  return own->journal != NULL;
}

const JournalRow *
run_journal_row (const OwnScope *own, const char *step)
{
  return journal_newest (own->journal, step);
}

const JournalRow *
run_journal_find (Run *run, const char *scope, const char *step_name, GError **error)
{
  OwnScope *own = run_must_own (run, scope);

  return run_journal_load (run, own, error) ? run_journal_row (own, step_name) : NULL;
}

guint
run_journal_unknowns (Run *run, const char *scope, const char *step_name)
{
  return journal_unknowns (run_must_own (run, scope)->journal, step_name);
}

gboolean
step_was_given_up (Run *run, const char *scope, const char *step_name)
{
  const JournalRow *row = run_journal_row (run_must_own (run, scope), step_name);

  return row && strcmp (row->state, "given up") == 0;
}

void
run_step_note (Run *run, const char *note)
{
  g_free (run->note);
  run->note = g_strdup (note);
}

/* --- Following what happens --- */

static void
set_text (char **text, const char *to)
{
  g_free (*text);
  *text = g_strdup (to);
}

void
run_journal_started (Run *run G_GNUC_UNUSED, OwnScope *own, const StepUnit *unit)
{
  JournalRow *row = journal_row_new (unit->step, unit->ordinal, own->token);

  set_text (&row->state, "started");
  set_text (&row->digest, unit->digest);
  set_text (&row->note, unit->note);
  row->started_at_ms = unit->started_at_ms;
  g_ptr_array_add (own->journal, row);
}

void
run_journal_taken (OwnScope *own, const char *step)
{
  journal_newest (own->journal, step)->token = own->token;
}

void
run_add_end (Run *run, OwnScope *own, const char *step, int ordinal, const char *state,
             const char *result)
{
  JournalRow *row = journal_newest (own->journal, step);

  g_ptr_array_add (run->ends, step_end_new (own->scope, step, ordinal, row->token, state, result));
  set_text (&row->state, state);
  set_text (&row->result, result);
}

void
run_add_read (Run *run, OwnScope *own, const char *step, int ordinal, const char *result)
{
  StepEnd *end = step_end_new (own->scope, step, ordinal, own->token, "finished", result);
  JournalRow *row = journal_row_new (step, ordinal, own->token);

  end->is_new = TRUE;
  end->started_at_ms = clock_database_now_ms ();
  g_ptr_array_add (run->ends, end);
  set_text (&row->state, "finished");
  set_text (&row->result, result);
  g_ptr_array_add (own->journal, row);
}

static void
forget_journal (Run *run)
{
  for (guint i = 0; i < run->scopes->len; i++)
    g_clear_pointer (&((OwnScope *)g_ptr_array_index (run->scopes, i))->journal, g_ptr_array_unref);
}

void
run_pass_points (const char *name, const GPtrArray *ends)
{
  (void)name;
  for (guint i = 0; i < ends->len; i++)
    CRASH_POINT_OF (name, ((StepEnd *)g_ptr_array_index (ends, i))->step);
}

/* --- Writing --- */

static gboolean
are_hit (const GPtrArray *ends)
{
  for (guint i = 0; i < ends->len; i++)
    if (!((const StepEnd *)g_ptr_array_index (ends, i))->is_hit)
      return FALSE;
  return TRUE;
}

/* Somebody holds a row that this unit needs. An answer that has work to do in its transaction is
 * kept in hand and tried again; what else has ended is written with the snooze. FALSE: @error is
 * set. */
static gboolean
endure_timeout (Run *run, StepUnit *unit, gint64 since_ms, Backoff *pause, GError **error)
{
  const Context *context = run->place->context;

  metrics_count (METRIC_ROW_HELD, 1, NULL);
  log_limited (LOG_LEVEL_WARNING, "row-held", "somebody holds a row that a claim needs", "error",
               unit->error->message, NULL);
  if (unit->ends->len == 0 || !unit->work)
    return run_snooze (run, HELD_SNOOZE_MS << MIN (run_snoozes (run), 5),
                       "somebody holds a row that it needs", error);
  if (clock_monotonic_ms () - since_ms > context->database_wait_ms) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DATABASE,
                 "an answer could not be written for as long as database-wait-ms: somebody holds "
                 "its row");
    return FALSE;
  }
  g_clear_error (&unit->error);
  g_usleep (backoff_failed (pause) * 1000);
  return TRUE;
}

static gboolean
do_unit (Run *run, StepUnit *unit, GError **error)
{
  gint64 since_ms = clock_monotonic_ms ();
  Backoff pause;

  backoff_init (&pause, HELD_PAUSE_MS, HELD_PAUSE_MAX_MS);
  for (;;) {
    step_desk_do (run->place->steps, unit);
    if (!unit->error)
      return TRUE;
    if (!g_error_matches (unit->error, DB_ERROR, DB_ERROR_TIMEOUT))
      break;
    if (!endure_timeout (run, unit, since_ms, &pause, error)) {
      g_clear_error (&unit->error);
      return FALSE;
    }
  }
  if (g_error_matches (unit->error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
    /* Whether it stands in the journal is read when the record is taken again. */
    g_clear_error (&unit->error);
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "a commit without an answer");
    return FALSE;
  }
  g_propagate_error (error, g_steal_pointer (&unit->error));
  return FALSE;
}

gboolean
run_submit (Run *run, StepUnit *unit, GError **error)
{
  gboolean is_progress = step_ends_finish (run->ends), is_ours;

  unit->run = run;
  unit->delivery = run->delivery;
  unit->ends = run->ends;
  unit->group_row_id = run->group_row_id;
  if (!do_unit (run, unit, error))
    return FALSE;
  is_ours = are_hit (run->ends);
  g_ptr_array_set_size (run->ends, 0);
  if (is_progress && is_ours)
    run->place->progress (run->delivery, run->place->data);
  if (!is_ours)
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
  return is_ours;
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
  forget_journal (run);
  return TRUE;
}

/* --- A second scope --- */

typedef struct {
  const char *scope;
  gint64 token;
} ScopeTake;

static gboolean
take_scope (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  ScopeTake *take = data;
  g_autoptr (DbRows) rows =
      db_query (transaction_db (transaction), error, SQL_TAKE_SCOPE, "tt", take->scope,
                program_instance_id (run->place->context->program));

  if (!rows)
    return FALSE;
  take->token = db_rows_int (rows, 0, "token");
  return TRUE;
}

gboolean
run_take_scope (Run *run, const char *scope, GError **error)
{
  ScopeTake take = { scope, 0 };
  OwnScope *own = NULL;

  if (run_own_scope (run, scope))
    return TRUE;
  CRASH_POINT ("second-scope/before");
  if (!run_transaction (run, take_scope, &take, error))
    return FALSE;
  CRASH_POINT ("second-scope/after");
  own = g_new0 (OwnScope, 1);
  own->scope = g_strdup (scope);
  own->token = take.token;
  g_ptr_array_add (run->scopes, own);
  return TRUE;
}
