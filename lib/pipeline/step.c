/* A step: started before the request, ended after it, and what an unknown means. See step.h. */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "pipeline/run-inside.h"
#include "pipeline/step-next.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"

typedef struct {
  Run *run;
  const Step *step;
  gpointer data;
  OwnScope *own;
  char *digest;
  int ordinal; /* of the row in hand */
} StepRun;

/* --- The breaker: who is let through tells what came of it. --- */

typedef struct {
  Breaker *breaker; /* NULL: nobody has to be asked */
  BreakerCall call;
} Pass;

static gboolean
get_pass (Run *run, const char *downstream, Pass *ret_pass, GError **error)
{
  gint64 wait_ms = 0;

  ret_pass->breaker = context_breaker (run->place->context, downstream);
  return !ret_pass->breaker || breaker_admits (ret_pass->breaker, &ret_pass->call, &wait_ms) ||
         run_wait_for_downstream (run, wait_ms, "the downstream is away", error);
}

static void
give_back (Run *run, Pass *pass, const char *scope, BreakerReport told)
{
  const char *group = run_claim_group_id (run); /* what one form has poisoned counts once */

  if (pass->breaker)
    breaker_report (pass->breaker, &pass->call,
                    scope   ? scope
                    : group ? group
                            : run_scope (run),
                    told);
}

/* @problem NULL: it was answered. */
static void
report (Run *run, Pass *pass, const GError *problem)
{
  gboolean is_away = problem && verdict_is_downstream_away (problem);

  run_note_away (run, is_away ? pass->breaker : NULL);
  pass->call.error_class = verdict_error_class (problem);
  give_back (run, pass, verdict_is_for_all (problem) ? BREAKER_EVERYBODY : NULL,
             run->away                                  ? BREAKER_DOWN
             : problem && !verdict_downstream (problem) ? BREAKER_NOT_CALLED
                                                        : BREAKER_WORKED);
}

static char *
digest_of (Run *run, const Step *step)
{
  return step->request ? sealer_hmac (run_sealer (run), "digest", step->request) : NULL;
}

static gboolean
digest_differs (Run *run, const Step *step, const JournalRow *row)
{
  g_auto (GStrv) all = NULL;

  if (!row->digest || !step->request)
    return FALSE;
  all =
      sealer_hmac_all (run_sealer (run), "digest", step->request); /* keys may have been rotated */
  return !g_strv_contains ((const char *const *)all, row->digest);
}

/* "create-person/child-1" is told as "create-person". */
static void
kind_of (const Step *step, char *kind, gsize size)
{
  g_strlcpy (kind, step->name, MIN (size, strcspn (step->name, "/") + 1));
}

static void
count_step (const Step *step, const char *outcome)
{
  char kind[64];

  kind_of (step, kind, sizeof kind);
  metrics_count (METRIC_STEPS, 1, kind, outcome, NULL);
}

static void
count_found_unknown (const Step *step)
{
  char kind[64];

  kind_of (step, kind, sizeof kind);
  metrics_count (METRIC_STEPS_UNKNOWN, 1, kind, NULL);
}

static void
count_call (const Step *step, gint64 ms, gboolean worked, const GError *problem)
{
  gboolean is_unknown = !worked && call_outcome (problem) == CALL_UNKNOWN;

  metrics_observe_ms (METRIC_CALL_SECONDS, ms,
                      worked       ? "finished"
                      : is_unknown ? "unknown"
                                   : "failed",
                      NULL);
  count_step (step, worked ? "ok" : is_unknown ? "unknown" : "failed");
}

static const JournalRow *
newest (const StepRun *s)
{
  return run_journal_row (s->own, s->step->name);
}

static void
add_end (StepRun *s, const char *state, const char *result)
{
  run_add_end (s->run, s->own, s->step->name, s->ordinal, state, result);
}

/* Events that go with an end which a person or operations should know of. */
static gboolean
tell_given_up (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Step *step = data;
  g_autofree char *reason = g_strconcat ("gave up ", step->name, NULL);

  if (!run->scope.claim_group_id)
    return transaction_monitoring_event (transaction, "given-up", NULL, 0, reason, error);
  if (!transaction_claim_event (transaction, run->scope.claim_group_id, "STEP", run->scope.claim_id,
                                "started", "given up", reason, error) ||
      !transaction_monitoring_event (transaction, "given-up", run->scope.claim_group_id,
                                     run->scope.claim_id, reason, error))
    return FALSE;
  /* A note that people may miss is a smaller thing than two of them; the rest needs somebody. */
  return run->scope.claim_id == 0 ||
         transaction_needs_person (transaction, run->scope.claim_group_id, run->scope.claim_id,
                                   reason, 0, error);
}

static gboolean
tell_orphan (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Step *step = data;
  g_autofree char *detail = g_strdup_printf ("%s: %s", step->name, step->orphan);

  return transaction_monitoring_event (transaction, "orphan", run->scope.claim_group_id,
                                       run->scope.claim_id, detail, error);
}

static gboolean
give_up (StepRun *s, GError **error)
{
  StepUnit unit = { .work = tell_given_up, .data = (gpointer)s->step };

  add_end (s, "given up", NULL);
  log_warning ("a step is given up", "step", s->step->name, NULL);
  count_step (s->step, "given-up");
  return run_submit (s->run, &unit, error);
}

static LookOutcome
look (StepRun *s, char **ret_result, GError **error)
{
  g_autoptr (GError) problem = NULL;
  LookOutcome outcome;
  Pass pass = { 0 };

  if (!s->step->looks_here && !get_pass (s->run, s->step->downstream, &pass, error))
    return LOOK_FAILED;
  CRASH_POINT_OF ("look/before", s->step->name);
  outcome = s->step->look (s->run, s->data, ret_result, &problem);
  CRASH_POINT_OF ("look/after", s->step->name);
  report (s->run, &pass, problem);
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return outcome;
}

/* Its token into the row before he looks: the old worker can no longer end it. */
typedef struct {
  const char *scope, *step;
  int ordinal;
  gint64 token_as_read, new_token;
} StepTake;

static gboolean
take_step (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const StepTake *given = data;
  gboolean is_hit = FALSE;

  if (!journal_take_step (transaction, given->scope, given->step, given->ordinal,
                          given->token_as_read, given->new_token, &is_hit, error))
    return FALSE;
  if (!is_hit)
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
  return is_hit;
}

static gboolean
take_over (StepRun *s, const JournalRow *row, GError **error)
{
  StepTake given = { s->own->scope, s->step->name, row->ordinal, row->token, s->own->token };
  StepUnit take = { .work = take_step,
                    .data = &given,
                    .needs_token = TRUE,
                    .scope = s->own->scope,
                    .token = s->own->token };

  if (row->token == s->own->token)
    return TRUE;
  if (!run_submit (s->run, &take, error))
    return FALSE;
  run_journal_taken (s->own, s->step->name);
  return TRUE;
}

/* What was looked for is there. NULL + error: its end could not be written with what follows from
 * it. */
static char *
adopt (StepRun *s, char *result_taken, GError **error)
{
  g_autofree char *result = result_taken ? result_taken : g_strdup ("");
  StepUnit end = { .work = s->step->on_end, .data = s->data, .step_result = result };

  add_end (s, "finished", result);
  log_info ("an unknown call had worked", "step", s->step->name, NULL);
  if (s->step->on_end && !run_submit (s->run, &end, error))
    return NULL;
  return g_steal_pointer (&result);
}

/* Found started, and nobody can be under way. TRUE: *ret_result, or NULL for start it (again). */
static gboolean
settle_unknown (StepRun *s, const JournalRow *row, char **ret_result, GError **error)
{
  char *found = NULL;

  s->ordinal = row->ordinal;
  if (!take_over (s, row, error))
    return FALSE;
  count_found_unknown (s->step);
  if (s->step->look && GUARD (LOOK)) {
    switch (look (s, &found, error)) {
    case LOOK_FAILED:
      return FALSE;
    case LOOK_THERE:
      *ret_result = adopt (s, found, error);
      return *ret_result != NULL;
    case LOOK_NOT_THERE:
      add_end (s, "not there", NULL);
      return TRUE;
    case LOOK_CANNOT:
      break;
    }
  }
  if (s->step->once && GUARD (ONCE)) {
    *ret_result = give_up (s, error) ? g_strdup ("") : NULL;
    return *ret_result != NULL;
  }
  add_end (s, "unknown", NULL);
  if (s->step->orphan) {
    StepUnit end = { .work = tell_orphan, .data = (gpointer)s->step };
    return run_submit (s->run, &end, error);
  }
  return TRUE;
}

static gboolean
start (StepRun *s, GError **error)
{
  Run *run = s->run;
  g_autofree char *note = g_steal_pointer (&run->note);
  gint64 before = clock_monotonic_ms ();
  const JournalRow *last = newest (s);
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
  if (!run_submit (run, &unit, error)) {
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
  run_journal_started (run, s->own, &unit);
  if (GUARD (SEND_WITHIN) && clock_monotonic_ms () - before > run->place->context->send_within_ms) {
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

  /* An outage spends no attempt, and so not the last one. */
  gboolean is_last = delivery_is_last_attempt (run->delivery, run->place->context->attempts_max) &&
                     !(run->away && breaker_opens_within (run->away, BREAKER_OPENS_WITHIN_MS));

  if (s->step->optional && (verdict == VERDICT_RETRY || verdict == VERDICT_DEAD)) {
    log_warning ("a step that is best effort has failed", "step", s->step->name, "error",
                 problem->message, NULL);
    g_error_free (problem);
    return give_up (s, error) ? g_strdup ("") : NULL;
  }
  if (!s->step->is_read && call_outcome (problem) == CALL_UNKNOWN &&
      !(s->step->after_insert && is_last)) {
    log_warning ("the outcome of a call is unknown", "step", s->step->name, "error",
                 problem->message, NULL);
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
  if (!s->step->is_read) {
    add_end (s, "failed", NULL);
    /* An ill process settles nothing with which the end would be written. */
    if (verdict == VERDICT_ILL)
      (void)run_flush_ends (run, NULL);
  }
  g_propagate_prefixed_error (error, problem, "%s: ", s->step->name);
  return NULL;
}

static char *
call (StepRun *s, Pass *pass, GError **error)
{
  Run *run = s->run;
  GError *problem = NULL;
  gint64 before = clock_monotonic_ms ();
  gboolean is_repeat = run_journal_unknowns (run, s->own->scope, s->step->name) > 0;
  char *result = NULL;

  log_context_set ("step", s->step->name);
  CRASH_POINT_OF ("call/before", s->step->name);
  CRASH_POINT_SOON ("call/during", s->step->name);
  result = s->step->call (run, s->data, &problem);
  CRASH_POINT_OF ("call/after", s->step->name);
  log_context_set ("step", NULL);
  count_call (s->step, clock_monotonic_ms () - before, result != NULL, problem);
  report (run, pass, problem);
  if (!result && s->step->read)
    result = s->step->read (run, s->data, problem, is_repeat);
  if (!result)
    return judge_call (s, problem, error);
  g_clear_error (&problem);
  return result;
}

/* Changes nothing, so it is asked until it has an answer, and journalled then. */
static char *
read_it (StepRun *s, GError **error)
{
  const JournalRow *row = newest (s);
  char *result = NULL;
  Pass pass;

  s->ordinal = row ? row->ordinal + 1 : 1;
  if (!get_pass (s->run, s->step->downstream, &pass, error))
    return NULL;
  result = call (s, &pass, error);
  if (result)
    run_add_read (s->run, s->own, s->step->name, s->ordinal, result);
  return result;
}

static char *
end_it (StepRun *s, char *result_taken, GError **error)
{
  g_autofree char *result = result_taken;
  StepUnit unit = { .work = s->step->on_end, .data = s->data, .step_result = result };
  gboolean is_written = TRUE;

  add_end (s, "finished", result);
  if (s->step->on_end)
    is_written = run_submit (s->run, &unit, error);
  else if (!run_may_go_on (s->run,
                           NULL)) /* handed over meanwhile: record the answer, and no more */
    is_written = run_flush_ends (s->run, error);
  return is_written ? g_steal_pointer (&result) : NULL;
}

static char *
start_and_call (StepRun *s, GError **error)
{
  char *result = NULL;
  Pass pass;

  /* Started is the last thing before the request: what may keep it waiting is had before. */
  if (!get_pass (s->run, s->step->downstream, &pass, error))
    return NULL;
  if (!start (s, error)) {
    give_back (s->run, &pass, NULL, BREAKER_NOT_CALLED);
    return NULL;
  }
  result = call (s, &pass, error);
  if (!result || step_was_given_up (s->run, s->own->scope, s->step->name))
    return result;
  return end_it (s, result, error);
}

static StepNext
decide (StepRun *s, const JournalRow *row, gint64 *ret_wait_ms)
{
  const StepRule rule = {
    .looks = s->step->look != NULL,
    .once = s->step->once,
    .is_same_request = !row || !digest_differs (s->run, s->step, row),
    .limit_ms = s->step->timeout_ms + s->run->place->context->unknown_settle_ms,
  };

  return step_next (&rule, row, clock_database_now_ms (), clock_database_error_ms (), ret_wait_ms);
}

static char *
do_step (StepRun *s, GError **error)
{
  const JournalRow *row = NULL;
  char *result = NULL;
  gint64 wait_ms = 0;

  if (!run_journal_load (s->run, s->own, error))
    return NULL;
  row = newest (s);
  for (;;) {
    StepNext next = decide (s, row, &wait_ms);

    if (next == STEP_GIVE)
      return g_strdup (row->result ? row->result : "");
    if (!run_may_go_on (s->run, error))
      return NULL;
    switch (next) {
    case STEP_WAIT: /* the request may still be running on the other side */
      (void)run_snooze (s->run, wait_ms, "a call of unknown outcome is not settled yet", error);
      return NULL;
    case STEP_HOLD:
      g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DIGEST,
                   "%s was started with another request", s->step->name);
      return NULL;
    case STEP_START:
      if (!s->step->call) {
        (void)run_refuse (s->run, STEP_NOTHING_TO_SEND, error);
        return NULL;
      }
      return s->step->is_read ? read_it (s, error) : start_and_call (s, error);
    case STEP_LOOK: /* what ends here is written with the new start */
      if (!settle_unknown (s, row, &result, error) || result)
        return result;
      row = newest (s);
      continue;
    case STEP_GIVE:
      g_assert_not_reached ();
    }
  }
}

char *
run_step (Run *run, const Step *step, gpointer data, GError **error)
{
  GError *problem = NULL;
  StepRun s = { .run = run, .step = step, .data = data, .own = run_must_own (run, step->scope) };
  char *result = NULL;

  log_context_set ("step", step->name);
  s.digest = digest_of (run, step);
  result = do_step (&s, &problem);
  g_free (s.digest);
  log_context_set ("step", NULL);
  if (result)
    return result;
  if (run->ends->len > 0 && delivery_order (run->delivery) != RUN_GOES_ON)
    (void)run_flush_ends (run, NULL); /* LOST is what is reported */
  g_propagate_error (error, problem);
  return NULL;
}

char *
run_read (Run *run, const char *name, const char *downstream, StepCall call_it, gpointer data,
          GError **error)
{
  GError *problem = NULL;
  char *result = NULL;
  Pass pass;

  if (!run_may_go_on (run, error) || !get_pass (run, downstream, &pass, error))
    return NULL;
  log_context_set ("step", name);
  CRASH_POINT_OF ("read/before", name);
  result = call_it (run, data, &problem);
  CRASH_POINT_OF ("read/after", name);
  report (run, &pass, problem);
  log_context_set ("step", NULL);
  if (!result)
    g_propagate_prefixed_error (error, problem, "%s: ", name);
  return result;
}
