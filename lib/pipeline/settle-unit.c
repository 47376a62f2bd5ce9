/* What a delivery's settlement writes, see settle-unit.h. */
#include "pipeline/settle-unit.h"

#include <string.h>

#include "base/crash-point.h"
#include "claims/claim-group.h"
#include "claims/group-facts.h"
#include "pipeline/next-record.h"
#include "pipeline/suspects.h"
#include "pipeline/verdicts.h"
#include "pipeline/waits.h"
#include "program/claim-record.h"

SettleUnit *
settle_unit_new (Delivery *delivery, SettleKind kind, GError *why_taken)
{
  SettleUnit *unit = g_new0 (SettleUnit, 1);

  unit->delivery = delivery;
  unit->kind = kind;
  unit->why = why_taken;
  return unit;
}

void
settle_unit_free (SettleUnit *unit)
{
  g_clear_error (&unit->why);
  transaction_clear (&unit->transaction);
  g_free (unit);
}

const char *
settle_unit_group (const SettleUnit *unit)
{
  return run_group (unit->delivery->run);
}

static gint64
claim_of (const SettleUnit *unit)
{
  return unit->delivery->run ? unit->delivery->run->scope.claim_id : 0;
}

static gboolean
has_message (const SettleUnit *unit)
{
  return unit->delivery->run && unit->delivery->run->message;
}

/* --- What each kind writes --- */

typedef gboolean (*SettleWrite) (const Context *context, SettleUnit *unit, GError **error);

static NextRecord
next_record_of (const Context *context, SettleUnit *unit)
{
  return (NextRecord){
    .context = context,
    .transaction = &unit->transaction,
    .delivery = unit->delivery,
    .scope = unit->delivery->run ? unit->delivery->run->scope.scope : NULL,
    .why = unit->why,
  };
}

static gboolean
tell (SettleUnit *unit, const char *kind, const char *detail, GError **error)
{
  return transaction_monitoring_event (&unit->transaction, kind, settle_unit_group (unit),
                                       claim_of (unit), detail, error);
}

static gboolean
record_attempt (const Context *context, SettleUnit *unit, GError **error)
{
  const char *status =
      g_error_matches (unit->why, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN) ? "unknown" : "failure";

  if (!has_message (unit) || unit->is_bare)
    return TRUE;
  /* Who records attempts tells of them too; for the others the event is all there is. */
  if (context->consumer->attempted)
    return context->consumer->attempted (&unit->transaction, unit->delivery->run,
                                         unit->delivery->run->message, status, unit->why, error);
  return !settle_unit_group (unit) ||
         transaction_claim_event (&unit->transaction, settle_unit_group (unit), "ATTEMPT",
                                  claim_of (unit), NULL, status, verdict_error_class (unit->why),
                                  error);
}

/* Its group has failed under it, or is settled: a child that was pending is stopped. */
static gboolean
stop_child (SettleUnit *unit, GError **error)
{
  gboolean is_changed;

  return claim_of (unit) == 0 ||
         transaction_try_child (&unit->transaction, settle_unit_group (unit), claim_of (unit),
                                "stopped", "the group has failed", &is_changed, error);
}

static gboolean
write_done (const Context *context G_GNUC_UNUSED, SettleUnit *unit, GError **error)
{
  Run *run = unit->delivery->run;

  if (g_error_matches (unit->why, PIPELINE_ERROR, PIPELINE_ERROR_GROUP_OVER))
    return stop_child (unit, error);
  for (guint i = 0; run && i < run->on_settle->len; i++) {
    SettleItem *item = g_ptr_array_index (run->on_settle, i);

    if (!item->work (&unit->transaction, run, item->data, error))
      return FALSE;
  }
  return TRUE;
}

/* Into its tier, and what it waits for there. */
static gboolean
write_wait (const Context *context, SettleUnit *unit, gboolean spends_attempt, GError **error)
{
  const NextRecord next = next_record_of (context, unit);
  NextWait wait;

  next_record_to_tier (&next, spends_attempt, &wait);
  CRASH_POINT ("retry/before-commit");
  return waits_begin (unit->transaction.db, context, unit->delivery, &wait, unit->why, error);
}

static gboolean
write_retry (const Context *context, SettleUnit *unit, GError **error)
{
  return write_wait (context, unit, TRUE, error) && record_attempt (context, unit, error) &&
         tell (unit, "retry", verdict_error_class (unit->why), error);
}

static gboolean
write_later (const Context *context, SettleUnit *unit, GError **error)
{
  return write_wait (context, unit, FALSE, error) &&
         tell (unit, "look-later", unit->why->message, error);
}

static gboolean
write_snooze (const Context *context, SettleUnit *unit, GError **error)
{
  Delivery *delivery = unit->delivery;

  if (delivery->run && delivery->run->waits_for_downstream && delivery->known.waiting_since_ms == 0)
    return suspects_keep_waiting (unit->transaction.db, context->consumer->name, delivery, error);
  /* While it snoozes it stays a suspect, but it is not in hand. */
  return !delivery->known.is_suspect ||
         suspects_close (unit->transaction.db, context->consumer->name, delivery, error);
}

/* The claim that a person has to look at: a group's message is held by its parent claim. */
static gboolean
claim_to_hold (SettleUnit *unit, gint64 *ret_claim_id, GError **error)
{
  g_autoptr (ClaimGroup) group = NULL;

  *ret_claim_id = claim_of (unit);
  if (*ret_claim_id)
    return TRUE;
  group = claim_group_load (unit->transaction.db, NULL, settle_unit_group (unit), error);
  if (group)
    *ret_claim_id = group->parent_claim_id;
  return group != NULL;
}

static gboolean
write_hold (const Context *context, SettleUnit *unit, GError **error)
{
  const Run *run = unit->delivery->run;
  const char *reason = run->hold_reason ? run->hold_reason : verdict_error_class (unit->why);
  gboolean is_changed;
  gint64 claim_id;

  if (!settle_unit_group (unit))
    return tell (unit, "hold", reason, error);
  return (claim_of (unit) == 0 ||
          transaction_try_child (&unit->transaction, settle_unit_group (unit), claim_of (unit),
                                 "held", reason, &is_changed, error)) &&
         claim_to_hold (unit, &claim_id, error) &&
         transaction_needs_person (&unit->transaction, settle_unit_group (unit), claim_id, reason,
                                   run->hold_behind, error) &&
         (!run->hold_candidates || claim_hold_candidates (unit->transaction.db, claim_id, reason,
                                                          run->hold_candidates, error)) &&
         (!claim_record_is_scope_of_papers (run_scope (run)) ||
          claim_hold_of_papers (unit->transaction.db, claim_id, reason, error)) &&
         record_attempt (context, unit, error);
}

static gboolean
write_dead (const Context *context, SettleUnit *unit, GError **error)
{
  const Consumer *consumer = context->consumer;
  const NextRecord next = next_record_of (context, unit);
  Run *run = unit->delivery->run;
  const char *topic = NULL;
  gboolean goes_out = TRUE;

  if (!record_attempt (context, unit, error))
    return FALSE;
  if (consumer->give_up && !unit->is_bare &&
      !consumer->give_up (&unit->transaction, run, run->message, unit->why, &goes_out, error))
    return FALSE;
  if (!goes_out)
    return TRUE;
  return next_record_away (&next, context_dead_letter (context), &topic, error) &&
         tell (unit, strcmp (topic, QUARANTINE) == 0 ? "quarantine" : "dead-letter",
               verdict_error_class (unit->why), error);
}

/* What does not decode never goes to the dead letter; what does ends its group all the same. */
static gboolean
write_quarantine (const Context *context, SettleUnit *unit, GError **error)
{
  const NextRecord next = next_record_of (context, unit);
  const char *topic = NULL;

  return next_record_away (&next, QUARANTINE, &topic, error) &&
         tell (unit, "quarantine", verdict_error_class (unit->why), error) &&
         (!has_message (unit) || unit->is_bare || write_dead (context, unit, error));
}

static gboolean
write_nothing (const Context *context G_GNUC_UNUSED, SettleUnit *unit G_GNUC_UNUSED,
               GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

static const struct {
  const char *name, *label;
  gboolean has_inbox_row;
  SettleWrite write;
} kinds[] = {
  [SETTLE_DONE] = { "DONE", "done", TRUE, write_done },
  [SETTLE_RETRY] = { "RETRY", "retry", TRUE, write_retry },
  [SETTLE_LATER] = { "RETRY", "later", TRUE, write_later },
  [SETTLE_SNOOZE] = { "SNOOZE", "snooze", FALSE, write_snooze },
  [SETTLE_HOLD] = { "HOLD", "hold", TRUE, write_hold },
  [SETTLE_DEAD] = { "DEAD", "dead", TRUE, write_dead },
  [SETTLE_QUARANTINE] = { "QUARANTINE", "quarantine", TRUE, write_quarantine },
  [SETTLE_STALE] = { "STALE", "stale", TRUE, write_nothing },
};

const char *
settle_kind_name (SettleKind kind)
{
  return kinds[kind].name;
}

const char *
settle_kind_label (SettleKind kind)
{
  return kinds[kind].label;
}

gboolean
settle_kind_has_inbox_row (SettleKind kind)
{
  return kinds[kind].has_inbox_row;
}

gboolean
settle_unit_is_retry (const SettleUnit *unit)
{
  return unit->kind == SETTLE_RETRY || unit->kind == SETTLE_LATER;
}

/* What waited does so no longer, and a suspect that is settled is none. */
static gboolean
forget (const Context *context, const SettleUnit *unit, GError **error)
{
  Db *db = unit->transaction.db;

  if (!kinds[unit->kind].has_inbox_row)
    return TRUE;
  if (!settle_unit_is_retry (unit) && !waits_end (db, unit->delivery, error))
    return FALSE;
  return !unit->delivery->known.has_row ||
         suspects_forget (db, context->consumer->name, unit->delivery, error);
}

gboolean
settle_unit_write (SettleUnit *unit, const Context *context, GError **error)
{
  return kinds[unit->kind].write (context, unit, error) && forget (context, unit, error);
}
