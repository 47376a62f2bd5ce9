/* The settle desk: state, inbox row and outbox rows of a delivery in one transaction, shared by
 * those that wait at the same moment. Source: design section 5 (7 to 9). */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "claims/claim-group.h"
#include "pipeline/delivery.h"
#include "pipeline/settle.sql.h"

#define AGAIN_MS 1000

SettleUnit *
settle_unit_new (Delivery *delivery, Verdict verdict, GError *error_taken)
{
  SettleUnit *unit = g_new0 (SettleUnit, 1);

  unit->delivery = delivery;
  unit->verdict = verdict;
  unit->error = error_taken;
  unit->spends_attempt = !g_error_matches (error_taken, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER);
  if (verdict == VERDICT_RETRY && unit->spends_attempt &&
      delivery_is_last_attempt (delivery, delivery->runner->attempts_max))
    unit->verdict = VERDICT_DEAD; /* the last retry is used up */
  return unit;
}

static void
unit_free (SettleUnit *unit)
{
  g_clear_error (&unit->error);
  transaction_clear (&unit->transaction);
  g_free (unit);
}

static const char *
claim_group_of (const SettleUnit *unit)
{
  return unit->delivery->run ? unit->delivery->run->scope.claim_group_id : NULL;
}

static gint64
claim_of (const SettleUnit *unit)
{
  return unit->delivery->run ? unit->delivery->run->scope.claim_id : 0;
}

/* --- What each verdict writes --- */

static gboolean
record_attempt (SettleUnit *unit, const char *status, GError **error)
{
  Delivery *delivery = unit->delivery;
  const Consumer *consumer = delivery->runner->consumer;

  if (!delivery->run || !delivery->run->message || unit->is_bare)
    return TRUE;
  /* Who records attempts tells of them too; for the others the event is all there is. */
  if (consumer->attempted)
    return consumer->attempted (&unit->transaction, delivery->run, delivery->run->message, status,
                                unit->error, error);
  return !claim_group_of (unit) ||
         transaction_claim_event (&unit->transaction, claim_group_of (unit), "ATTEMPT",
                                  claim_of (unit), NULL, status, verdict_error_class (unit->error),
                                  error);
}

static const char *
attempt_status (const SettleUnit *unit)
{
  return g_error_matches (unit->error, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN) ? "unknown"
                                                                               : "failure";
}

static gboolean
settle_done (SettleUnit *unit, GError **error)
{
  Run *run = unit->delivery->run;
  g_autoptr (GError) problem = NULL;

  if (g_error_matches (unit->error, PIPELINE_ERROR, PIPELINE_ERROR_GROUP_OVER)) {
    if (run->scope.claim_id == 0 ||
        transaction_change_child (&unit->transaction, run->scope.claim_group_id,
                                  run->scope.claim_id, "stopped", "the group has failed", &problem))
      return TRUE;
    if (g_error_matches (problem, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION))
      return TRUE; /* submitted, dead, or stopped before */
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  for (guint i = 0; run && i < run->on_settle->len; i++) {
    SettleItem *item = g_ptr_array_index (run->on_settle, i);
    if (!item->work (&unit->transaction, run, item->data, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
settle_retry (SettleUnit *unit, GError **error)
{
  next_record_to_tier (unit);
  CRASH_POINT ("retry/before-commit");
  if (!unit->spends_attempt)
    return transaction_monitoring_event (&unit->transaction, "look-later", claim_group_of (unit),
                                         claim_of (unit), unit->error->message, error);
  return record_attempt (unit, attempt_status (unit), error) &&
         transaction_monitoring_event (&unit->transaction, "retry", claim_group_of (unit),
                                       claim_of (unit), verdict_error_class (unit->error), error);
}

static gboolean
settle_snooze (SettleUnit *unit, GError **error)
{
  Delivery *delivery = unit->delivery;
  const char *consumer = delivery->runner->consumer->name, *topic = delivery->partition->topic;
  gint64 number = delivery->partition->number;

  if (delivery->run->waits_for_downstream && delivery->record.waiting_since_ms == 0) {
    g_autoptr (DbRows) rows = db_query (unit->transaction.db, error, SQL_KEEP_WAITING, "ttii",
                                        consumer, topic, number, delivery->offset);
    if (!rows)
      return FALSE;
    delivery->record.waiting_since_ms = db_rows_int (rows, 0, "waiting_since_ms");
    delivery->record.has_row = TRUE;
    return TRUE;
  }
  /* While it snoozes it stays a suspect, but it is not in hand. */
  return !delivery->record.is_suspect || take_close_suspect (unit->transaction.db, delivery, error);
}

static gboolean
settle_hold (SettleUnit *unit, GError **error)
{
  Run *run = unit->delivery->run;
  const char *reason = run->hold_reason ? run->hold_reason : verdict_error_class (unit->error);
  g_autoptr (GError) problem = NULL;
  gint64 claim_id = claim_of (unit);

  if (!run->scope.claim_group_id)
    return transaction_monitoring_event (&unit->transaction, "hold", NULL, 0, reason, error);
  if (claim_id &&
      !transaction_change_child (&unit->transaction, run->scope.claim_group_id, claim_id, "held",
                                 reason, &problem) &&
      !g_error_matches (problem, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (claim_id == 0) { /* a group's message: the mark goes to its parent claim */
    g_autoptr (ClaimGroup) group =
        claim_group_load (unit->transaction.db, NULL, run->scope.claim_group_id, error);
    if (!group)
      return FALSE;
    claim_id = group->parent_claim_id;
  }
  return transaction_needs_person (&unit->transaction, run->scope.claim_group_id, claim_id, reason,
                                   run->hold_behind, error) &&
         record_attempt (unit, attempt_status (unit), error);
}

static gboolean
settle_dead (SettleUnit *unit, GError **error)
{
  Delivery *delivery = unit->delivery;
  const Consumer *consumer = delivery->runner->consumer;
  gboolean has_message = delivery->run && delivery->run->message, goes_out = has_message;

  if (unit->is_quarantine &&
      (!next_record_away (unit, "quarantine", error) ||
       !transaction_monitoring_event (&unit->transaction, "quarantine", claim_group_of (unit),
                                      claim_of (unit), verdict_error_class (unit->error), error)))
    return FALSE;
  if (!has_message)
    return TRUE; /* what does not decode never goes to the dead letter */
  if (!record_attempt (unit, attempt_status (unit), error))
    return FALSE;
  if (consumer->give_up && !unit->is_bare &&
      !consumer->give_up (&unit->transaction, delivery->run, delivery->run->message, unit->error,
                          &goes_out, error))
    return FALSE;
  if (!goes_out)
    return TRUE;
  return next_record_away (unit, "claims.dead-letter", error) &&
         transaction_monitoring_event (&unit->transaction, "dead-letter", claim_group_of (unit),
                                       claim_of (unit), verdict_error_class (unit->error), error);
}

static gboolean
settle_one (SettleUnit *unit, GError **error)
{
  if (unit->is_stale)
    return TRUE;
  switch (unit->verdict) {
  case VERDICT_DONE:
    return settle_done (unit, error);
  case VERDICT_RETRY:
    return settle_retry (unit, error);
  case VERDICT_SNOOZE:
    return settle_snooze (unit, error);
  case VERDICT_HOLD:
    return settle_hold (unit, error);
  case VERDICT_DEAD:
    return settle_dead (unit, error);
  case VERDICT_ILL:
  case VERDICT_LOST:
    break; /* never come here */
  }
  g_assert_not_reached ();
}

static gboolean
writes_inbox (const SettleUnit *unit)
{
  return unit->verdict != VERDICT_SNOOZE;
}

static const char *
inbox_verdict (const SettleUnit *unit)
{
  return unit->is_stale        ? "STALE"
         : unit->is_quarantine ? "QUARANTINE"
                               : verdict_name (unit->verdict);
}

/* --- The shared transaction --- */

typedef struct {
  Runner *runner;
  GPtrArray *units;
} Batch;

static gboolean
write_ends (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) ends = g_ptr_array_new ();

  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    for (guint k = 0; unit->delivery->run && k < unit->delivery->run->ends->len; k++)
      g_ptr_array_add (ends, g_ptr_array_index (unit->delivery->run->ends, k));
  }
  if (!journal_write_ends (db, program_sealer (batch->runner->program), ends, error))
    return FALSE;
  journal_pass_points ("end/before-commit", ends);
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    for (guint k = 0; unit->delivery->run && k < unit->delivery->run->ends->len; k++)
      if (!((StepEnd *)g_ptr_array_index (unit->delivery->run->ends, k))->is_hit)
        unit->is_lost = TRUE;
  }
  return TRUE;
}

/* Every run row of the delivery still holds its token. */
static gboolean
holds_all (const Run *run, GHashTable *tokens)
{
  for (guint i = 0; run && i < run->scopes->len; i++) {
    const OwnScope *own = g_ptr_array_index (run->scopes, i);
    const gint64 *token = g_hash_table_lookup (tokens, own->scope);

    if (!token || *token != own->token)
      return FALSE;
  }
  return TRUE;
}

static gboolean
hold_tokens (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (GHashTable) tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (DbRows) rows = NULL;

  for (guint i = 0; i < batch->units->len; i++) {
    Run *run = ((SettleUnit *)g_ptr_array_index (batch->units, i))->delivery->run;
    for (guint k = 0; run && k < run->scopes->len; k++)
      g_ptr_array_add (scopes, ((OwnScope *)g_ptr_array_index (run->scopes, k))->scope);
  }
  if (scopes->len == 0)
    return TRUE;
  rows = db_query (db, error, SQL_HOLD_TOKENS, "N", scopes);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 token = db_rows_int (rows, i, "token");
    g_hash_table_insert (tokens, g_strdup (db_rows_text (rows, i, "scope")),
                         g_memdup2 (&token, sizeof token));
  }
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    if (GUARD (TOKEN) && !holds_all (unit->delivery->run, tokens))
      unit->is_lost = TRUE;
  }
  return TRUE;
}

static gboolean
write_inbox (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GPtrArray) verdicts = g_ptr_array_new ();
  g_autoptr (GArray) hops = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) replays = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GHashTable) written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (DbRows) rows = NULL;

  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    gint64 hop = unit->delivery->hop, replay = unit->delivery->replay;

    if (unit->is_lost || !writes_inbox (unit))
      continue;
    g_ptr_array_add (ids, unit->delivery->message_id);
    g_ptr_array_add (verdicts, (char *)inbox_verdict (unit));
    g_array_append_val (hops, hop);
    g_array_append_val (replays, replay);
  }
  if (ids->len == 0)
    return TRUE;
  rows = db_query (db, error, SQL_INBOX_INSERT, "tNIIN", batch->runner->consumer->name, ids,
                   hops->data, (gsize)hops->len, replays->data, (gsize)replays->len, verdicts);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    g_hash_table_add (written, g_strdup_printf ("%s/%d/%d", db_rows_text (rows, i, "message_id"),
                                                (int)db_rows_int (rows, i, "hop"),
                                                (int)db_rows_int (rows, i, "replay")));
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    g_autofree char *key = g_strdup_printf ("%s/%u/%u", unit->delivery->message_id,
                                            unit->delivery->hop, unit->delivery->replay);
    if (!unit->is_lost && writes_inbox (unit))
      unit->is_seen =
          GUARD (INBOX) &&
          !g_hash_table_remove (written, key); /* two of one key in a batch: one of them */
  }
  return TRUE;
}

static gboolean
forget_record (Db *db, SettleUnit *unit, GError **error)
{
  return !unit->delivery->record.has_row || !writes_inbox (unit) ||
         take_forget_record (db, unit->delivery, error);
}

/* A transaction that is shared between groups locks them all at first touch, in ascending id order.
 */
static gboolean
lock_groups (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();

  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    if (claim_group_of (unit) && unit->verdict != VERDICT_SNOOZE && !unit->is_lost &&
        !unit->is_seen && !unit->is_stale)
      g_ptr_array_add (guids, (char *)claim_group_of (unit));
  }
  if (guids->len == 0)
    return TRUE;
  g_ptr_array_add (guids, NULL);
  return claim_groups_lock (db, (char **)guids->pdata, error);
}

/* Without the guard SETTLE_ATOMIC the inbox row is committed before the rest. */
static gboolean
cut_in_two (Db *db, GError **error)
{
  if (!GUARD (SETTLE_ATOMIC) && !(db_commit (db, error) && db_begin (db, error)))
    return FALSE;
  CRASH_POINT ("settle/amid");
  return TRUE;
}

static int
by_group_row (gconstpointer a, gconstpointer b)
{
  const Run *one = (*(SettleUnit *const *)a)->delivery->run,
            *two = (*(SettleUnit *const *)b)->delivery->run;
  gint64 x = one ? one->group_row_id : 0, y = two ? two->group_row_id : 0;

  return (x > y) - (x < y);
}

static gboolean
settle_batch (Db *db, gpointer data, GError **error)
{
  Batch *batch = data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new (); /* borrowed */

  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    Delivery *delivery = unit->delivery;

    unit->is_lost = unit->is_seen = FALSE;
    transaction_clear (&unit->transaction);
    transaction_init (&unit->transaction, batch->runner->program, db, batch->runner->consumer->name,
                      kafka_headers_get (delivery->headers, "traceparent"), delivery->replay);
  }
  /* Row locks on groups are taken in ascending id order. */
  g_ptr_array_sort (batch->units, by_group_row);
  if (!write_ends (db, batch, error) || !hold_tokens (db, batch, error) ||
      !write_inbox (db, batch, error) || !cut_in_two (db, error) || !lock_groups (db, batch, error))
    return FALSE;
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);

    if (unit->is_lost || unit->is_seen)
      continue;
    if (!settle_one (unit, error) || !forget_record (db, unit, error))
      return FALSE;
    for (guint k = !GUARD (OUTBOX_RETRY) && unit->verdict == VERDICT_RETRY ? 1 : 0;
         k < unit->transaction.rows->len; k++)
      g_ptr_array_add (rows, g_ptr_array_index (unit->transaction.rows, k));
  }
  return outbox_insert (db, program_instance_id (batch->runner->program), rows, error);
}

/* --- After the commit --- */

static void
log_verdict (SettleUnit *unit)
{
  Delivery *delivery = unit->delivery;
  char elapsed[24], attempt[16];
  const char *name = inbox_verdict (unit);

  metrics_count ("verdicts_total", 1, "verdict", name, NULL);
  if (unit->verdict == VERDICT_SNOOZE ||
      (unit->verdict == VERDICT_DONE && !log_is_enabled (LOG_LEVEL_INFO)))
    return;
  delivery_log_context (delivery);
  g_snprintf (elapsed, sizeof elapsed, "%" G_GINT64_FORMAT,
              clock_monotonic_ms () - delivery->taken_at_ms);
  g_snprintf (attempt, sizeof attempt, "%u", delivery->attempt + 1);
  log_line (unit->verdict == VERDICT_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "settled",
            "verdict", name, "attempt", attempt, "elapsed_ms", elapsed, "error_class",
            verdict_error_class (unit->error), "error", unit->error ? unit->error->message : NULL,
            NULL);
  log_context_clear ();
}

static void
after_commit (Runner *runner, SettleUnit *unit)
{
  Delivery *delivery = unit->delivery;

  if (delivery->run)
    journal_pass_points ("end/after-commit", delivery->run->ends);
  if (unit->is_lost) {
    metrics_count ("tokens_lost_total", 1, NULL);
    if (!GUARD (RETAKE))
      return;
    runner_snooze (runner, delivery,
                   AGAIN_MS); /* taken again from the inbox look, if it is still ours */
    return;
  }
  if (unit->is_seen) {
    metrics_count ("doubles_total", 1, NULL);
    runner_finish (runner, delivery);
    return;
  }
  log_verdict (unit);
  if (unit->verdict == VERDICT_RETRY)
    CRASH_POINT ("retry/after-commit");
  outbox_publish (program_outbox (runner->program), unit->transaction.rows);
  if (unit->verdict == VERDICT_RETRY)
    CRASH_POINT ("retry/after-publish");
  if (unit->verdict == VERDICT_SNOOZE) {
    delivery->snoozes++;
    runner_snooze (runner, delivery, delivery->run->snooze_ms);
  } else {
    runner_finish (runner, delivery);
  }
}

/* What could not be settled as decided is a failure of the attempt; where even that is refused, because the
 * database does not have the claim or group of the message, it is settled without them. FALSE: neither helps. */
static gboolean
settle_otherwise (SettleUnit *unit, GError *error_taken)
{
  gboolean names_nobody = g_error_matches (error_taken, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND) ||
                          g_error_matches (error_taken, DB_ERROR, DB_ERROR_CHECK);

  log_failure ("a transaction is refused", "verdict", verdict_name (unit->verdict), "error",
               error_taken->message, NULL);
  metrics_count ("settlements_refused_total", 1, NULL);
  if (!unit->is_bare &&
      (unit->verdict == VERDICT_RETRY || (unit->verdict == VERDICT_DEAD && names_nobody))) {
    unit->is_bare = TRUE;
    g_error_free (error_taken);
    return TRUE;
  }
  if (unit->verdict == VERDICT_DONE || unit->verdict == VERDICT_HOLD) {
    g_clear_error (&unit->error);
    unit->error = error_taken;
    unit->spends_attempt = TRUE;
    unit->verdict = delivery_is_last_attempt (unit->delivery, unit->delivery->runner->attempts_max)
                        ? VERDICT_DEAD
                        : VERDICT_RETRY;
    return TRUE;
  }
  g_error_free (error_taken);
  return FALSE;
}

static void
settle_singly (Desk *desk, Runner *runner, SettleUnit *unit)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();
  Batch batch = { runner, alone };

  g_ptr_array_add (alone, unit);
  for (guint tries = 0; tries < 5; tries++) {
    GError *error = NULL;

    if (desk_transaction (desk, TRUE, settle_batch, &batch, &error)) {
      after_commit (runner, unit);
      return;
    }
    if (g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
      outbox_sweep_soon (
          program_outbox (runner->program)); /* if it was written, the inbox row says so now */
      g_error_free (error);
      continue;
    }
    if (g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT)) { /* somebody holds a lock: later */
      log_limited (LOG_LEVEL_WARNING, "settle-timeout", "a settlement waits for a lock", "error",
                   error->message, NULL);
      g_error_free (error);
      continue;
    }
    if (!settle_otherwise (unit, error))
      break;
  }
  runner_snooze (runner, unit->delivery, 60000);
}

void
settle_do (Desk *desk, GPtrArray *batch, gpointer data)
{
  Runner *runner = data;
  Batch together = { runner, batch };
  g_autoptr (GError) error = NULL;

  CRASH_POINT ("settle/before-commit");
  if (desk_transaction (desk, FALSE, settle_batch, &together, &error)) {
    CRASH_POINT ("settle/after-commit");
    for (guint i = 0; i < batch->len; i++)
      after_commit (runner, g_ptr_array_index (batch, i));
  } else {
    if (g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
      outbox_sweep_soon (program_outbox (runner->program));
    for (guint i = 0; i < batch->len; i++)
      settle_singly (desk, runner, g_ptr_array_index (batch, i));
  }
  for (guint i = 0; i < batch->len; i++)
    unit_free (g_ptr_array_index (batch, i));
}
