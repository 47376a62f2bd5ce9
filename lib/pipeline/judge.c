/* What a handler's end means, see judge.h. */
#include "pipeline/judge.h"

#include <string.h>

#include "base/clock.h"
#include "claims/claim-group.h"
#include "pipeline/step.h"

#define RETAKE_MS   1000
#define DATABASE_MS 1000 /* a statement waited for somebody: doubled with each snooze in a row */
#define DOUBLINGS   5

static gboolean
is_last (const Run *run)
{
  return delivery_is_last_attempt (run->delivery, run->place->context->attempts_max);
}

static gboolean
looks_later (const GError *error)
{
  return g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER);
}

/* A call that failed because its downstream is away for everyone costs no attempt. */
static Verdict
spare_attempt (Run *run, Verdict verdict, GError **error)
{
  g_autoptr (GError) why = NULL;
  gint64 next_ms;

  if (verdict != VERDICT_RETRY || !run->away || looks_later (*error) ||
      !breaker_opens_within (run->away, BREAKER_OPENS_WITHIN_MS))
    return verdict;
  why = g_steal_pointer (error);
  next_ms = breaker_next_ms (run->away);
  /* Behind those that have not failed: one poisoned claim must not be the probe each time. */
  (void)run_wait_for_downstream (
      run, (next_ms < 0 ? 0 : MAX (0, next_ms - clock_monotonic_ms ())) + RETAKE_MS, why->message,
      error);
  return verdict_of (*error);
}

/* A row that a stranger holds, a statement that hangs: not the message's fault, and no attempt. */
static Verdict
spare_held (Run *run, Verdict verdict, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (verdict != VERDICT_RETRY || (!g_error_matches (*error, DB_ERROR, DB_ERROR_TIMEOUT) &&
                                   !g_error_matches (*error, DB_ERROR, DB_ERROR_CONFLICT)))
    return verdict;
  why = g_steal_pointer (error);
  (void)run_snooze (run, DATABASE_MS << MIN (run_snoozes (run), DOUBLINGS), why->message, error);
  return VERDICT_SNOOZE;
}

/* A step of its, or of its kind, stands started. */
static gboolean
is_in_doubt (Run *run, const char *step, gboolean *ret_is, GError **error)
{
  OwnScope *own = run_must_own (run, NULL);

  if (!run_journal_load (run, own, error))
    return FALSE;
  *ret_is = FALSE;
  for (guint i = 0; i < own->journal->len; i++) {
    const JournalRow *row = g_ptr_array_index (own->journal, i);

    *ret_is |= strcmp (row->state, "started") == 0 &&
               (g_str_has_suffix (step, "/") ? g_str_has_prefix (row->step, step)
                                             : strcmp (row->step, step) == 0);
  }
  return TRUE;
}

/* While the step that it cannot die after is in doubt, it goes on, looking only, up to
 * outage-max-wait. */
static Verdict
spare_in_doubt (Run *run, Verdict verdict, GError **error)
{
  const char *step = run->place->context->consumer->in_doubt;
  g_autoptr (GError) why = NULL;
  gboolean is = FALSE;

  if (!step || run->is_worn_out || run->scopes->len == 0)
    return verdict;
  if (verdict != VERDICT_DEAD &&
      !(verdict == VERDICT_RETRY && !looks_later (*error) && is_last (run)))
    return verdict;
  if (is_in_doubt (run, step, &is, &why) && !is)
    return verdict;
  if (why) { /* nobody knows: not the moment to let it die */
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (&why));
    return verdict_of (*error) == VERDICT_ILL ? VERDICT_ILL : VERDICT_LOST;
  }
  why = g_steal_pointer (error);
  (void)run_look_later (run, why->message, error);
  return verdict_of (*error);
}

Verdict
judge (Run *run, GError **error)
{
  Verdict verdict = verdict_of (*error);

  verdict = spare_attempt (run, verdict, error);
  verdict = spare_held (run, verdict, error);
  return spare_in_doubt (run, verdict, error);
}

SettleKind
judge_kind (const Context *context, const Delivery *delivery, Verdict verdict, const GError *error)
{
  switch (verdict) {
  case VERDICT_DONE:
    return SETTLE_DONE;
  case VERDICT_SNOOZE:
    return SETTLE_SNOOZE;
  case VERDICT_HOLD:
    return SETTLE_HOLD;
  case VERDICT_DEAD:
    return SETTLE_DEAD;
  case VERDICT_RETRY:
    if (looks_later (error))
      return context->look_tier ? SETTLE_LATER : SETTLE_DEAD;
    return delivery_is_last_attempt (delivery, context->attempts_max) ? SETTLE_DEAD : SETTLE_RETRY;
  case VERDICT_ILL:
  case VERDICT_LOST:
    break;
  }
  g_assert_not_reached ();
}

/* The database does not have the group of the message: nobody's state is to be told, and nothing of
 * it was done. */
static gboolean
names_nobody (const SettleUnit *unit, const GError *refusal)
{
  const Run *run = unit->delivery->run;

  return (!run || run->group_row_id == 0) &&
         (g_error_matches (refusal, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND) ||
          g_error_matches (refusal, DB_ERROR, DB_ERROR_CHECK));
}

/* What could not be settled as decided is a failure of the attempt; where even that is refused,
 * because the database does not have the group of the message, it is settled without it; and what
 * is refused even then is quarantined. So is the death of a claim that is there: it may be
 * established, and without its consumer's word nobody knows whether paper may be sent. */
gboolean
judge_refusal (const Context *context, SettleUnit *unit, const GError *refusal)
{
  switch (unit->kind) {
  case SETTLE_DONE:
  case SETTLE_HOLD:
    g_clear_error (&unit->why);
    unit->why = g_error_copy (refusal);
    unit->kind = judge_kind (context, unit->delivery, VERDICT_RETRY, unit->why);
    return TRUE;
  case SETTLE_RETRY:
  case SETTLE_LATER:
    if (!unit->is_bare)
      unit->is_bare = TRUE;
    else
      unit->kind = SETTLE_QUARANTINE;
    return TRUE;
  case SETTLE_DEAD:
    if (unit->is_bare || !names_nobody (unit, refusal))
      unit->kind = SETTLE_QUARANTINE;
    unit->is_bare = TRUE;
    return TRUE;
  case SETTLE_QUARANTINE:
    if (unit->is_bare)
      return FALSE;
    unit->is_bare = TRUE;
    return TRUE;
  case SETTLE_STALE:
  case SETTLE_SNOOZE:
    return FALSE;
  }
  g_assert_not_reached ();
}
