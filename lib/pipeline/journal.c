/* The step journal: started before the request, ended after it, and what an unknown means. See
 * step.h. */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "pipeline/delivery.h"
#include "pipeline/journal.sql.h"
#include "pipeline/states.h"

#define SNOOZE_MAX_MS 60000

void
step_end_free (gpointer data)
{
  StepEnd *end = data;

  g_free (end->scope);
  g_free (end->step);
  g_free (end->note);
  g_free (end->result);
  g_free (end);
}

static StepEnd *
step_end_new (const char *scope, const char *step, int ordinal, gint64 token, const char *state,
              const char *result)
{
  StepEnd *end = g_new0 (StepEnd, 1);

  end->scope = g_strdup (scope);
  end->step = g_strdup (step);
  end->ordinal = ordinal;
  end->token = token;
  end->state = state;
  end->result = g_strdup (result);
  return end;
}

/* --- Sealing: results hold echoed addresses. --- */

static char *
row_name (const char *scope, const char *step, int ordinal)
{
  return g_strdup_printf ("%s/%s/%d", scope, step, ordinal);
}

static GBytes *
seal (Runner *runner, const char *scope, const char *step, int ordinal, const char *result,
      char **ret_key)
{
  g_autofree char *name = row_name (scope, step, ordinal);
  g_autoptr (RowKey) key = NULL;

  if (!result) {
    *ret_key = NULL;
    return NULL;
  }
  key = row_key_new (program_sealer (runner->program));
  *ret_key = g_strdup (row_key_wrapped (key));
  return row_key_seal (key, "step_journal", name, "result", result);
}

static void
journal_row_free (gpointer data)
{
  JournalRow *row = data;

  g_free (row->step);
  g_free (row->state);
  g_free (row->digest);
  g_free (row->note);
  g_free (row->result);
  g_free (row);
}

static gboolean
read_row (Run *run, const char *scope, DbRows *rows, guint i, GPtrArray *journal, GError **error)
{
  JournalRow *row = g_new0 (JournalRow, 1);
  g_autoptr (GBytes) sealed = db_rows_bytes (rows, i, "result_ciphertext");

  row->step = g_strdup (db_rows_text (rows, i, "step"));
  row->ordinal = (int)db_rows_int (rows, i, "ordinal");
  row->token = db_rows_int (rows, i, "token");
  row->state = g_strdup (db_rows_text (rows, i, "state"));
  row->digest = g_strdup (db_rows_text (rows, i, "digest"));
  row->note = g_strdup (db_rows_text (rows, i, "note"));
  row->started_at_ms = db_rows_int (rows, i, "started_at_ms");
  row->finished_at_ms = db_rows_int (rows, i, "finished_at_ms");
  g_ptr_array_add (journal, row);
  if (sealed) {
    g_autofree char *name = row_name (scope, row->step, row->ordinal);
    g_autoptr (RowKey) key = row_key_open (program_sealer (run->runner->program),
                                           db_rows_text (rows, i, "encrypted_kms_key"), error);
    row->result = key ? row_key_unseal (key, "step_journal", name, "result", sealed, error) : NULL;
    return row->result != NULL;
  }
  return TRUE;
}

static gboolean
read_journal (Run *run, OwnScope *own, GError **error)
{
  g_autoptr (GPtrArray) journal = g_ptr_array_new_with_free_func (journal_row_free);
  g_autoptr (DbRows) rows = NULL;
  Db *db = NULL;

  if (own->journal)
    return TRUE;
  /* What has ended and is not written yet must not be lost from the picture. */
  if (run->ends->len > 0 && !run_flush_ends (run, error))
    return FALSE;
  db = run_db_take (run, error);
  if (!db)
    return FALSE;
  rows = db_query (db, error, SQL_JOURNAL_READ, "t", own->scope);
  run_db_give (run, db);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (!read_row (run, own->scope, rows, i, journal, error))
      return FALSE;
  own->journal = g_steal_pointer (&journal);
  return TRUE;
}

static JournalRow *
newest (OwnScope *own, const char *step)
{
  JournalRow *found = NULL;

  for (guint i = 0; own->journal && i < own->journal->len; i++) {
    JournalRow *row = g_ptr_array_index (own->journal, i);
    if (strcmp (row->step, step) == 0 && (!found || row->ordinal > found->ordinal))
      found = row;
  }
  return found;
}

static OwnScope *
must_own (Run *run, const char *scope)
{
  OwnScope *own = run_own_scope (run, scope ? scope : run->scope.scope);

  g_assert (own != NULL); /* a step of a scope that was not taken with run_take_scope() */
  return own;
}

const JournalRow *
run_journal_find (Run *run, const char *scope, const char *step_name, GError **error)
{
  OwnScope *own = must_own (run, scope);

  return read_journal (run, own, error) ? newest (own, step_name) : NULL;
}

guint
run_journal_unknowns (Run *run, const char *scope, const char *step_name)
{
  OwnScope *own = must_own (run, scope);
  guint count = 0;

  for (guint i = 0; own->journal && i < own->journal->len; i++) {
    const JournalRow *row = g_ptr_array_index (own->journal, i);
    count += strcmp (row->step, step_name) == 0 &&
             (strcmp (row->state, "unknown") == 0 || strcmp (row->state, "not there") == 0);
  }
  return count;
}

gboolean
step_was_given_up (Run *run, const char *scope, const char *step_name)
{
  const JournalRow *row = newest (must_own (run, scope), step_name);

  return row && strcmp (row->state, "given up") == 0;
}

void
run_step_note (Run *run, const char *note)
{
  g_free (run->note);
  run->note = g_strdup (note);
}

void
run_forget_journal (Run *run)
{
  for (guint i = 0; i < run->scopes->len; i++)
    g_clear_pointer (&((OwnScope *)g_ptr_array_index (run->scopes, i))->journal, g_ptr_array_unref);
}

/* --- The step desk --- */

static gboolean
write_ends (Db *db, Runner *runner, GPtrArray *ends, gboolean are_new, GError **error)
{
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();
  g_autoptr (GPtrArray) states = g_ptr_array_new ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new ();
  g_autoptr (GPtrArray) results = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) ordinals = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) started = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (DbRows) hit = NULL;

  for (guint i = 0; i < ends->len; i++) {
    StepEnd *end = g_ptr_array_index (ends, i);
    gint64 ordinal = end->ordinal;
    char *key = NULL;

    if (end->is_new != are_new)
      continue;
    end->is_hit = FALSE;
    g_ptr_array_add (scopes, end->scope);
    g_ptr_array_add (steps, end->step);
    g_ptr_array_add (states, (char *)end->state);
    g_ptr_array_add (notes, end->note);
    g_ptr_array_add (results,
                     seal (runner, end->scope, end->step, end->ordinal, end->result, &key));
    g_ptr_array_add (keys, key);
    g_array_append_val (ordinals, ordinal);
    g_array_append_val (tokens, end->token);
    g_array_append_val (started, end->started_at_ms);
  }
  if (scopes->len == 0)
    return TRUE;
  if (are_new)
    hit = db_query (db, error, SQL_JOURNAL_READ_ENDED, "NNIINNBNI", scopes, steps, ordinals->data,
                    (gsize)ordinals->len, tokens->data, (gsize)tokens->len, states, notes, results,
                    keys, started->data, (gsize)started->len);
  else
    hit = db_query (db, error, SQL_JOURNAL_END, "NNIINNBN", scopes, steps, ordinals->data,
                    (gsize)ordinals->len, tokens->data, (gsize)tokens->len, states, notes, results,
                    keys);
  if (!hit)
    return FALSE;
  for (guint i = 0; i < ends->len; i++) {
    StepEnd *end = g_ptr_array_index (ends, i);

    if (end->is_new) {
      end->is_hit = TRUE; /* a read that was written by another, or not at all, is asked again;
                             nothing depends on it */
      continue;
    }
    for (guint k = 0; k < db_rows_count (hit) && !end->is_hit; k++)
      end->is_hit = strcmp (db_rows_text (hit, k, "scope"), end->scope) == 0 &&
                    strcmp (db_rows_text (hit, k, "step"), end->step) == 0 &&
                    db_rows_int (hit, k, "ordinal") == end->ordinal;
  }
  return TRUE;
}

gboolean
journal_write_ends (Db *db, Runner *runner, GPtrArray *ends, GError **error)
{
  return write_ends (db, runner, ends, FALSE, error) && write_ends (db, runner, ends, TRUE, error);
}

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

    if (!unit->has_start)
      continue;
    g_array_append_val (numbers, i);
    g_array_append_val (ordinals, ordinal);
    g_array_append_val (tokens, unit->token);
    g_array_append_val (group_rows, unit->run->group_row_id);
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

/* A suspect that finishes a step is a bystander again. */
static gboolean
clear_suspects (Db *db, GPtrArray *units, GError **error)
{
  for (guint i = 0; i < units->len; i++) {
    StepUnit *unit = g_ptr_array_index (units, i);
    const Delivery *delivery = unit->run->delivery;

    if (delivery->record.is_suspect && unit->ends->len > 0 &&
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
  return journal_write_ends (db, batch->runner, ends, error) &&
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
  Settlement settlement;
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();
  gboolean is_fine = TRUE;

  if (unit->needs_token) {
    g_autoptr (DbRows) rows = db_query (db, error, SQL_RUN_TOKEN, "ti", unit->scope, unit->token);
    if (!rows)
      return FALSE;
    if (db_rows_count (rows) == 0) {
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the run row has another token");
      return FALSE;
    }
  }
  settlement_init (&settlement, single->runner->program, db, single->runner->consumer->name,
                   kafka_headers_get (unit->run->delivery->headers, "traceparent"),
                   unit->run->delivery->replay);
  settlement.step_result = unit->step_result;
  g_ptr_array_add (alone, unit);
  is_fine = journal_write_ends (db, single->runner, unit->ends, error);
  for (guint i = 0; is_fine && i < unit->ends->len; i++)
    if (!((StepEnd *)g_ptr_array_index (unit->ends, i))->is_hit) {
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
      is_fine = FALSE;
    }
  is_fine = is_fine && (!unit->work || unit->work (&settlement, unit->run, unit->data, error)) &&
            (!unit->second_work ||
             unit->second_work (&settlement, unit->run, unit->second_data, error)) &&
            write_starts (db, alone, error) && clear_suspects (db, alone, error);
  if (is_fine && unit->has_start && !unit->start_hit) {
    /* What the work has written must not stand without the start. */
    g_set_error (error, PIPELINE_ERROR,
                 unit->group_is_over ? PIPELINE_ERROR_GROUP_OVER : PIPELINE_ERROR_LOST,
                 "the step was refused its start");
    is_fine = FALSE;
  }
  is_fine = is_fine && outbox_insert (db, program_instance_id (single->runner->program),
                                      settlement.rows, error);
  if (is_fine) {
    g_clear_pointer (&single->rows, g_ptr_array_unref);
    single->rows = g_steal_pointer (&settlement.rows);
  }
  settlement_clear (&settlement);
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

void
steps_do (Desk *desk, GPtrArray *batch, gpointer data)
{
  Runner *runner = data;
  g_autoptr (GPtrArray) shared = g_ptr_array_new ();
  g_autoptr (GPtrArray) own = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  Batch together = { runner, shared };

  /* Sorted before the first is done: a unit lies on its worker's stack and is gone then. */
  for (guint i = 0; i < batch->len; i++) {
    StepUnit *unit = g_ptr_array_index (batch, i);
    gboolean is_own = unit->work || unit->second_work || unit->needs_token;
    g_ptr_array_add (is_own ? own : shared, unit);
  }
  CRASH_POINT ("steps/before-commit");
  if (shared->len > 0 && !desk_transaction (desk, FALSE, do_shared, &together, &error))
    for (guint i = 0; i < shared->len; i++) /* a conflict redoes its members singly */
      do_one (desk, runner, g_ptr_array_index (shared, i));
  CRASH_POINT ("steps/after-commit");
  for (guint i = 0; i < shared->len; i++)
    unit_done (runner, g_ptr_array_index (shared, i));
  for (guint i = 0; i < own->len; i++) {
    StepUnit *unit = g_ptr_array_index (own, i);
    CRASH_POINT ("steps/before-own-commit");
    do_one (desk, runner, unit);
    CRASH_POINT ("steps/after-own-commit");
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
    JournalRow *row = own ? newest (own, end->step) : NULL;

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
static gboolean
submit (Run *run, StepUnit *unit, GError **error)
{
  gboolean has_finished = FALSE, are_hit = TRUE;

  for (guint i = 0; i < run->ends->len; i++)
    has_finished = has_finished ||
                   strcmp (((StepEnd *)g_ptr_array_index (run->ends, i))->state, "finished") == 0;
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
  if (has_finished && are_hit)
    runner_no_suspect (run->runner, run->delivery);
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

  return run->ends->len == 0 || submit (run, &unit, error);
}

gboolean
run_transaction (Run *run, SettleWork work, gpointer data, GError **error)
{
  OwnScope *own = g_ptr_array_index (run->scopes, 0);
  StepUnit unit = {
    .work = work, .data = data, .needs_token = TRUE, .scope = own->scope, .token = own->token
  };

  if (!submit (run, &unit, error))
    return FALSE;
  run_forget_journal (run);
  return TRUE;
}

/* --- A step --- */

typedef struct {
  Run *run;
  const Step *step;
  gpointer data;
  OwnScope *own;
  char *digest;
  int ordinal; /* of the row in hand */
} StepRun;

static char *
digest_of (Run *run, const Step *step)
{
  return step->request
             ? sealer_hmac (program_sealer (run->runner->program), "digest", step->request)
             : NULL;
}

static gboolean
digest_differs (Run *run, const Step *step, const JournalRow *row)
{
  g_auto (GStrv) all = NULL;

  if (!row->digest || !step->request)
    return FALSE;
  all = sealer_hmac_all (program_sealer (run->runner->program), "digest",
                         step->request); /* keys may have been rotated */
  return !g_strv_contains ((const char *const *)all, row->digest);
}

static JournalRow *
add_row (StepRun *s, const StepUnit *unit)
{
  JournalRow *row = g_new0 (JournalRow, 1);

  row->step = g_strdup (s->step->name);
  row->ordinal = s->ordinal;
  row->token = s->own->token;
  row->state = g_strdup ("started");
  row->digest = g_strdup (s->digest);
  row->note = g_strdup (unit->note);
  row->started_at_ms = unit->started_at_ms;
  g_ptr_array_add (s->own->journal, row);
  return row;
}

static void
add_end (StepRun *s, const char *state, const char *result)
{
  JournalRow *row = newest (s->own, s->step->name);

  g_ptr_array_add (s->run->ends, step_end_new (s->own->scope, s->step->name, s->ordinal, row->token,
                                               state, result));
}

/* Events that go with an end which a person or operations should know of. */
static gboolean
tell_given_up (Settlement *settlement, Run *run, gpointer data, GError **error)
{
  const Step *step = data;
  g_autofree char *reason = g_strconcat ("gave up ", step->name, NULL);

  if (!run->scope.claim_group_id)
    return settlement_monitoring_event (settlement, "given-up", NULL, 0, reason, error);
  if (!settlement_claim_event (settlement, run->scope.claim_group_id, "STEP", run->scope.claim_id,
                               "started", "given up", reason, error) ||
      !settlement_monitoring_event (settlement, "given-up", run->scope.claim_group_id,
                                    run->scope.claim_id, reason, error))
    return FALSE;
  /* A note that people may miss is a smaller thing than two of them; the rest needs somebody. */
  return run->scope.claim_id == 0 ||
         settlement_needs_person (settlement, run->scope.claim_group_id, run->scope.claim_id,
                                  reason, 0, error);
}

static gboolean
tell_orphan (Settlement *settlement, Run *run, gpointer data, GError **error)
{
  const Step *step = data;
  g_autofree char *detail = g_strdup_printf ("%s: %s", step->name, step->orphan);

  return settlement_monitoring_event (settlement, "orphan", run->scope.claim_group_id,
                                      run->scope.claim_id, detail, error);
}

static gboolean
give_up (StepRun *s, GError **error)
{
  StepUnit unit = { .work = tell_given_up, .data = (gpointer)s->step };

  add_end (s, "given up", NULL);
  log_warning ("a step is given up", "step", s->step->name, NULL);
  metrics_count ("steps_given_up_total", 1, "step", s->step->name, NULL);
  return submit (s->run, &unit, error);
}

/* Found started: its outcome is unknown. TRUE: *ret_result, or NULL for start it (again). */
static gboolean
settle_unknown (StepRun *s, JournalRow *row, char **ret_result, GError **error)
{
  Run *run = s->run;
  gint64 settled_at = row->started_at_ms + s->step->timeout_ms + run->runner->unknown_settle_ms;
  gint64 rest = settled_at - clock_database_now_ms ();
  StepUnit take = { 0 };
  g_autofree char *result = NULL;

  s->ordinal = row->ordinal;
  if (GUARD (SETTLE_WAIT) && rest > 0) /* the request may still be running on the other side */
    return run_snooze (run, MIN (rest + 1, SNOOZE_MAX_MS),
                       "a call of unknown outcome is not settled yet", error);
  if (!s->step->look && !s->step->once && digest_differs (run, s->step, row)) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DIGEST,
                 "%s was started with another request", s->step->name);
    return FALSE;
  }
  /* Its token into the row before he looks: the old worker can no longer end it. */
  if (row->token != s->own->token) {
    StepTake given = { s->own->scope, s->step->name, row->ordinal, row->token, s->own->token };
    take.work = take_step_work;
    take.data = &given;
    take.needs_token = TRUE;
    take.scope = s->own->scope;
    take.token = s->own->token;
    if (!submit (run, &take, error))
      return FALSE;
    row->token = s->own->token;
  }
  metrics_count ("steps_unknown_total", 1, "step", s->step->name, NULL);
  if (s->step->look && GUARD (LOOK)) {
    switch (s->step->look (run, s->data, &result, error)) {
    case LOOK_FAILED:
      return FALSE;
    case LOOK_THERE: {
      StepUnit end = { .work = s->step->on_end, .data = s->data, .step_result = result };
      add_end (s, "finished", result ? result : "");
      log_info ("an unknown call had worked", "step", s->step->name, NULL);
      if (s->step->on_end && !submit (run, &end, error))
        return FALSE;
      *ret_result = result ? g_steal_pointer (&result) : g_strdup ("");
      return TRUE;
    }
    case LOOK_NOT_THERE:
      add_end (s, "not there", NULL);
      return TRUE;
    case LOOK_CANNOT:
      break;
    }
  } else if (s->step->once) {
    if (!give_up (s, error))
      return FALSE;
    *ret_result = g_strdup ("");
    return TRUE;
  }
  add_end (s, "unknown", NULL);
  if (s->step->orphan) {
    StepUnit end = { .work = tell_orphan, .data = (gpointer)s->step };
    return submit (run, &end, error);
  }
  return TRUE;
}

static gboolean
start (StepRun *s, GError **error)
{
  Run *run = s->run;
  g_autofree char *note = g_steal_pointer (&run->note);
  gint64 before = clock_monotonic_ms ();
  const JournalRow *last = newest (s->own, s->step->name);
  StepUnit unit = {
    .has_start = TRUE,
    .scope = s->own->scope,
    .step = s->step->name,
    .digest = s->digest,
    .note = note,
    .token = s->own->token,
    .work = s->step->on_start,
    .data = s->data,
  };

  s->ordinal = unit.ordinal = last ? last->ordinal + 1 : 1;
  if (!submit (run, &unit, error)) {
    if (g_error_matches (*error, DB_ERROR, DB_ERROR_UNIQUE)) {
      g_clear_error (error); /* another owner has started it between our reading and now */
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was started by another");
    }
    return FALSE;
  }
  if (!unit.start_hit) {
    g_set_error (
        error, PIPELINE_ERROR, unit.group_is_over ? PIPELINE_ERROR_GROUP_OVER : PIPELINE_ERROR_LOST,
        unit.group_is_over ? "the group has left accepted" : "the run row has another token");
    return FALSE;
  }
  add_row (s, &unit);
  if (clock_monotonic_ms () - before > run->runner->send_within_ms) {
    /* A worker that slept this long may not send: somebody may be looking already. */
    add_end (s, "failed", NULL);
    if (!run_flush_ends (run, error))
      return FALSE;
    return run_snooze (run, 1000, "the commit before a call took too long; nothing was sent",
                       error);
  }
  return TRUE;
}

/* The call has failed, or nobody knows. Always FALSE, but for a step that is given up. */
static char *
judge_call (StepRun *s, GError *problem, GError **error)
{
  Run *run = s->run;
  Verdict verdict = verdict_of (problem);

  gboolean is_last = run_attempt (run) + 1 >= run->runner->attempts_max;

  if (!s->step->is_read && call_outcome (problem) == CALL_UNKNOWN &&
      !(s->step->after_insert && is_last)) {
    log_warning ("the outcome of a call is unknown", "step", s->step->name, "error",
                 problem->message, NULL);
    metrics_count ("calls_unknown_total", 1, "step", s->step->name, NULL);
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN, "%s: %s", s->step->name,
                 problem->message);
    g_error_free (problem);
    return NULL; /* the row stays started */
  }
  if (!s->step->is_read && s->step->after_insert &&
      (verdict == VERDICT_DEAD || (verdict == VERDICT_RETRY && is_last))) {
    g_error_free (problem);
    return give_up (s, error) ? g_strdup ("") : NULL;
  }
  if (!s->step->is_read)
    add_end (s, "failed", NULL);
  g_propagate_prefixed_error (error, problem, "%s: ", s->step->name);
  return NULL;
}

static char *
call (StepRun *s, GError **error)
{
  Run *run = s->run;
  GError *problem = NULL;
  gint64 before = clock_monotonic_ms ();
  gboolean is_repeat = run_journal_unknowns (run, s->own->scope, s->step->name) > 0;
  char *result = NULL;

  CRASH_POINT_OF ("call/before", s->step->name);
  result = s->step->call (run, s->data, &problem);
  CRASH_POINT_OF ("call/after", s->step->name);
  metrics_observe_ms ("call_duration_seconds", clock_monotonic_ms () - before, "outcome",
                      result                                   ? "finished"
                      : call_outcome (problem) == CALL_UNKNOWN ? "unknown"
                                                               : "failed",
                      NULL);
  if (!result && s->step->read)
    result = s->step->read (run, s->data, problem, is_repeat);
  if (!result)
    return judge_call (s, problem, error);
  g_clear_error (&problem);
  return result;
}

static char *
do_step (StepRun *s, GError **error)
{
  Run *run = s->run;
  const Step *step = s->step;
  JournalRow *row = NULL;
  char *result = NULL;

  if (!read_journal (run, s->own, error))
    return NULL;
  row = newest (s->own, step->name);
  if (row && strcmp (row->state, "finished") == 0)
    return g_strdup (row->result ? row->result : "");
  if (row && strcmp (row->state, "given up") == 0)
    return g_strdup ("");
  if (!run_may_go_on (run, error))
    return NULL;
  if (row && strcmp (row->state, "started") == 0) {
    if (!settle_unknown (s, row, &result, error))
      return NULL;
    if (result)
      return result;
    /* What ended above is written with the new start. */
    for (guint i = 0; i < run->ends->len; i++)
      if (strcmp (((StepEnd *)g_ptr_array_index (run->ends, i))->step, step->name) == 0) {
        g_free (row->state);
        row->state = g_strdup (((StepEnd *)g_ptr_array_index (run->ends, i))->state);
      }
  }
  if (row && (strcmp (row->state, "unknown") == 0 || strcmp (row->state, "not there") == 0) &&
      digest_differs (run, step, row)) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DIGEST,
                 "%s would be repeated with another request", step->name);
    return NULL;
  }
  if (step->is_read) {
    StepEnd *end = NULL;
    s->ordinal = row ? row->ordinal + 1 : 1;
    result = call (s, error);
    if (!result)
      return NULL;
    end = step_end_new (s->own->scope, step->name, s->ordinal, s->own->token, "finished", result);
    end->is_new = TRUE;
    end->started_at_ms = clock_database_now_ms ();
    g_ptr_array_add (run->ends, end);
    return result;
  }
  if (!start (s, error))
    return NULL;
  result = call (s, error);
  if (!result || step_was_given_up (run, s->own->scope, step->name))
    return result;
  add_end (s, "finished", result);
  if (step->on_end) {
    StepUnit unit = { .work = step->on_end, .data = s->data, .step_result = result };
    if (!submit (run, &unit, error))
      g_clear_pointer (&result, g_free);
  } else if (!run_may_go_on (run, NULL)) {
    /* Handed over meanwhile: record the answer, and do nothing else. */
    if (!run_flush_ends (run, error))
      g_clear_pointer (&result, g_free);
  }
  return result;
}

char *
run_step (Run *run, const Step *step, gpointer data, GError **error)
{
  GError *problem = NULL;
  StepRun s = { .run = run, .step = step, .data = data, .own = must_own (run, step->scope) };
  char *result = NULL;

  log_context_set ("step", step->name);
  s.digest = digest_of (run, step);
  result = do_step (&s, &problem);
  g_free (s.digest);
  log_context_set ("step", NULL);
  if (result)
    return result;
  if (run->ends->len > 0 && run_order (run) != RUN_GOES_ON)
    (void)run_flush_ends (run, NULL); /* LOST is what is reported */
  g_propagate_error (error, problem);
  return NULL;
}

char *
run_read (Run *run, const char *name, StepCall call_it, gpointer data, GError **error)
{
  GError *problem = NULL;
  char *result = NULL;

  if (!run_may_go_on (run, error))
    return NULL;
  log_context_set ("step", name);
  result = call_it (run, data, &problem);
  log_context_set ("step", NULL);
  if (!result)
    g_propagate_prefixed_error (error, problem, "%s: ", name);
  return result;
}

/* --- Another one's step --- */

gboolean
settlement_take_step (Settlement *settlement, const char *scope, const char *step, int ordinal,
                      gint64 token_as_read, gint64 new_token, gboolean *ret_hit, GError **error)
{
  guint count = 0;

  if (!db_execute (settlement->db, &count, error, SQL_JOURNAL_TAKE, "ttiii", scope, step,
                   (gint64)ordinal, token_as_read, new_token))
    return FALSE;
  *ret_hit = count == 1;
  return TRUE;
}

gboolean
take_step_work (Settlement *settlement, Run *run, gpointer data, GError **error)
{
  const StepTake *given = data;
  gboolean is_hit = FALSE;

  (void)run;
  if (!settlement_take_step (settlement, given->scope, given->step, given->ordinal,
                             given->token_as_read, given->new_token, &is_hit, error))
    return FALSE;
  if (!is_hit)
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
  return is_hit;
}

gboolean
settlement_end_step (Settlement *settlement, const char *scope, const char *step, int ordinal,
                     gint64 token_as_read, const char *from_state, const char *new_state,
                     const char *result, const char *note, gboolean *ret_hit, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *name = row_name (scope, step, ordinal);
  g_autoptr (GBytes) sealed = NULL;
  guint count = 0;

  if (result) {
    g_autoptr (RowKey) fresh = row_key_new (program_sealer (settlement->program));
    key = g_strdup (row_key_wrapped (fresh));
    sealed = row_key_seal (fresh, "step_journal", name, "result", result);
  }
  if (!db_execute (settlement->db, &count, error, SQL_JOURNAL_END_ONE, "ttiitttbt", scope, step,
                   (gint64)ordinal, token_as_read, from_state, new_state, note, sealed, key))
    return FALSE;
  *ret_hit = count == 1;
  return TRUE;
}
