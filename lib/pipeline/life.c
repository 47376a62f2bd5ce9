/* The life of a message, see life.h.
 *
 *   poll.c      reads a record ................................ due ──► life_take()
 *   take.c      counts, decodes, looks into the inbox, owns ──► taken()
 *   crew.c      a worker takes it ────────────────────────────► handle(): the consumer's story
 *   judge.c     what its error means ─────────────────────────► judged
 *   settle.c    state, inbox row, outbox rows: one commit ────► settled()
 *   poll.c      stores the offset, once all before it are settled
 *
 * A delivery leaves this way in two others only: it snoozes, and is due again; or its partition
 * goes, and it is forgotten. */
#include "pipeline/life.h"

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/span.h"
#include "pipeline/crew.h"
#include "pipeline/judge.h"
#include "pipeline/next-record.h"
#include "pipeline/settle.h"
#include "pipeline/take.h"
#include "pipeline/verdicts.h"

#define RETAKE_MS     1000
#define BUSY_MS       250
#define ILL_MAX_MS    60000
#define ILL_DOUBLINGS 6
#define HELD_FIRST_MS                                                                              \
  500 /* before a settlement whose rows somebody holds is tried again; doubled */
#define HELD_MAX_MS     60000
#define CLOSE_COUNTS_MS 1000

struct Life {
  const Context *context;
  Window *window;
  LifeWake wake;
  gpointer data;
  RunPlace place;
  StepDesk *steps;
  TakeDesk *take;
  SettleDesk *settle;
  Crew *crew;
  GMutex lock;         /* what follows */
  GPtrArray *held;     /* of HeldUnit * */
  gint64 ill_since_ms; /* monotonic; 0: well */
  guint refused;       /* the settle desk's: units that the database has in no shape */
};

typedef struct {
  SettleUnit *unit;
  gint64 due_ms;
} HeldUnit;

static void
wake (Life *life)
{
  life->wake (life->data);
}

static void
log_context (const Life *life, const Delivery *delivery)
{
  char claim[24], number[16];

  delivery_log_context (delivery);
  g_snprintf (number, sizeof number, "%u", delivery->known.deaths + 1);
  log_context_set ("consumer", life->context->consumer->name);
  log_context_set ("delivery_no", number); /* in succession, of those that ended their process */
  if (!delivery->run)
    return;
  if (run_group (delivery->run))
    log_context_set ("claim_group_id", run_group (delivery->run));
  if (run_claim_id (delivery->run)) {
    g_snprintf (claim, sizeof claim, "%" G_GINT64_FORMAT, run_claim_id (delivery->run));
    log_context_set ("claim_id", claim);
  }
}

static void
finish (Life *life, Delivery *delivery, Mover mover)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  run_end (delivery);
  g_ptr_array_add (alone, delivery);
  window_finish (life->window, alone, mover);
  wake (life);
}

/* Taken again after a moment; forgotten when its partition has gone. */
static void
snooze (Life *life, Delivery *delivery, gint64 ms, Mover mover)
{
  run_end (delivery);
  window_snooze (life->window, delivery, clock_monotonic_ms () + ms, mover);
  wake (life);
}

/* Of one that was told to stop. Who has only made way for a suspect is in line again at once, behind
 * it. */
static gint64
stopped_ms (const Delivery *delivery)
{
  return delivery_order (delivery) == RUN_STEPS_ASIDE ? 0 : RETAKE_MS;
}

static void
settle (Life *life, Delivery *delivery, SettleKind kind, GError *why_taken, Mover mover)
{
  if ((kind == SETTLE_RETRY || kind == SETTLE_LATER) &&
      !next_record_fits_tier (life->context, delivery))
    kind = SETTLE_QUARANTINE;
  window_settling (life->window, delivery, mover);
  settle_desk_add (life->settle, settle_unit_new (delivery, kind, why_taken));
  wake (life); /* there is room for another one */
}

/* --- Taken --- */

static void
taken (Delivery *delivery, TakenOutcome outcome, GError *why_taken, gpointer data)
{
  Life *life = data;

  switch (outcome) {
  case TAKEN_OWNED:
    if (window_ready (life->window, delivery))
      crew_add (life->crew, delivery);
    else
      snooze (life, delivery, stopped_ms (delivery), MOVER_TAKE);
    return;
  case TAKEN_SEEN:
    metrics_count (METRIC_DOUBLES, 1, NULL);
    finish (life, delivery, MOVER_TAKE);
    return;
  case TAKEN_STALE:
    settle (life, delivery, SETTLE_STALE, NULL, MOVER_TAKE);
    return;
  case TAKEN_OVER:
    settle (life, delivery, SETTLE_DONE, why_taken, MOVER_TAKE);
    return;
  case TAKEN_UNREADABLE:
    delivery_disown (delivery);
    settle (life, delivery, SETTLE_QUARANTINE, why_taken, MOVER_TAKE);
    return;
  case TAKEN_CONDEMNED:
    settle (life, delivery, SETTLE_QUARANTINE, why_taken, MOVER_TAKE);
    return;
  case TAKEN_HELD: /* each try costs those behind it half a second: they come seldomer */
    window_count_snooze (life->window, delivery);
    snooze (life, delivery, MIN (HELD_MAX_MS, RETAKE_MS << MIN (delivery->snoozes, ILL_DOUBLINGS)),
            MOVER_TAKE);
    return;
  case TAKEN_BUSY: /* the one that was taken should be through by then */
    snooze (life, delivery, BUSY_MS, MOVER_TAKE);
    return;
  case TAKEN_LOST:
    snooze (life, delivery, RETAKE_MS, MOVER_TAKE);
    return;
  }
  g_assert_not_reached ();
}

static void
put_back (Delivery *delivery, gpointer data)
{
  snooze (data, delivery, RETAKE_MS, MOVER_TAKE);
}

/* --- Handled, judged --- */

/* This process is ill when nothing but trouble of its own has come for as long as the database may
 * be away. */
static void
note_health (Life *life, const GError *illness)
{
  gint64 now_ms = clock_monotonic_ms (), since_ms;

  g_mutex_lock (&life->lock);
  since_ms = life->ill_since_ms;
  life->ill_since_ms = !illness ? 0 : since_ms ? since_ms : now_ms;
  g_mutex_unlock (&life->lock);
  if (!illness && since_ms)
    program_note_trouble (life->context->program, "handler", NULL);
  if (illness)
    program_note_trouble (life->context->program, "handler", illness->message);
  if (illness && since_ms && now_ms - since_ms > life->context->database_wait_ms)
    context_ill (illness->message);
}

/* The token is another's, a revoke waits, or this process is ill: taken again from the inbox look,
 * if it is still ours. */
static void
without_verdict (Life *life, Delivery *delivery, Verdict verdict, GError *why_taken)
{
  gboolean stops = delivery_order (delivery) != RUN_GOES_ON;
  gboolean at_boundary = g_error_matches (why_taken, PIPELINE_ERROR, PIPELINE_ERROR_BOUNDARY);
  gint64 pause_ms = at_boundary ? stopped_ms (delivery) : RETAKE_MS;

  log_line (verdict == VERDICT_ILL ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "no verdict", "error",
            why_taken->message, NULL);
  if (verdict == VERDICT_ILL) { /* each try writes a start and its end: they come seldomer */
    pause_ms = MIN (ILL_MAX_MS, RETAKE_MS << MIN (delivery->snoozes, ILL_DOUBLINGS));
    window_count_snooze (life->window, delivery);
    note_health (life, why_taken);
  }
  log_context_clear ();
  g_error_free (why_taken);
  if (delivery->known.is_suspect && !(verdict == VERDICT_LOST && stops))
    take_put_back (life->take, delivery);
  else if (stops || verdict != VERDICT_LOST || GUARD (RETAKE))
    snooze (life, delivery, pause_ms, MOVER_WORKER);
}

/* A record's handling: a span of its claim's trace, whatever its hop. */
static void
begin_span (const Life *life, const Delivery *delivery, Span *span)
{
  const Record *record = delivery->record;
  const Run *run = delivery->run;

  span_begin (span, SPAN_CONSUMER, record->traceparent, life->context->consumer->name);
  if (!span->is_on)
    return;
  span_set (span, "messaging.system", "kafka");
  span_set (span, "messaging.destination.name", delivery->partition->topic);
  span_set_int (span, "messaging.destination.partition.id", delivery->partition->number);
  span_set_int (span, "messaging.kafka.offset", delivery->offset);
  span_set_int (span, "dependents.hop", record->hop);
  span_set_int (span, "dependents.attempt", record->attempt + 1);
  span_set (span, "dependents.claim_group_id", run_group (run));
  if (run_claim_id (run))
    span_set_int (span, "dependents.claim_id", run_claim_id (run));
}

static void
end_span (const Life *life, const Delivery *delivery, Span *span, Verdict verdict,
          const GError *error)
{
  const gboolean has_verdict = verdict != VERDICT_LOST && verdict != VERDICT_ILL;

  if (!span->is_on)
    return;
  span_set (span, "dependents.verdict",
            has_verdict ? settle_kind_label (judge_kind (life->context, delivery, verdict, error))
                        : "none");
  span_end (span, verdict == VERDICT_DONE || verdict == VERDICT_SNOOZE
                      ? NULL
                      : verdict_error_class (error));
}

static void
handle (gpointer item, gpointer data)
{
  Life *life = data;
  Delivery *delivery = item;
  GError *error = NULL;
  Verdict verdict;
  Span span;

  if (!window_begin (life->window, delivery)) {
    snooze (life, delivery, stopped_ms (delivery), MOVER_WORKER);
    return;
  }
  log_context (life, delivery);
  log_debug ("start", NULL);
  begin_span (life, delivery, &span);
  CRASH_POINT ("handle/before");
  (void)life->context->consumer->handle (delivery->run, delivery->run->message, &error);
  verdict = judge (delivery->run, &error);
  CRASH_POINT ("handle/after");
  end_span (life, delivery, &span, verdict, error);
  if (verdict == VERDICT_LOST || verdict == VERDICT_ILL) {
    without_verdict (life, delivery, verdict, error);
    return;
  }
  note_health (life, NULL);
  log_context_clear ();
  settle (life, delivery, judge_kind (life->context, delivery, verdict, error), error,
          MOVER_WORKER);
}

/* A step has finished: it ends nobody's process. */
static void
progress (Delivery *delivery, gpointer data)
{
  Life *life = data;
  gboolean was_suspect = delivery->known.is_suspect;

  window_progress (life->window, delivery);
  if (was_suspect)
    wake (life);
}

/* --- Settled --- */

static const char *
reason_of_death (const SettleUnit *unit)
{
  const Run *run = unit->delivery->run;

  if (!run || !run->message)
    return "undecodable";
  return verdict_of (unit->why) == VERDICT_DEAD ? "permanent" : "exhausted";
}

static const char *
tier_it_went_to (const Context *context, const SettleUnit *unit)
{
  const RetryTier *tier =
      unit->kind == SETTLE_LATER
          ? context->look_tier
          : retry_tiers_of (context->tiers, unit->delivery->record->attempt + 1);

  return tier->name;
}

static void
count_verdict (const Life *life, const SettleUnit *unit)
{
  const Delivery *delivery = unit->delivery;
  const char *label = settle_kind_label (unit->kind);

  metrics_count (METRIC_MESSAGES, 1, label, NULL);
  if (unit->kind == SETTLE_SNOOZE)
    return;
  metrics_observe_ms (METRIC_MESSAGE_SECONDS, clock_monotonic_ms () - delivery->taken_at_ms, label,
                      NULL);
  if (unit->kind == SETTLE_RETRY || unit->kind == SETTLE_LATER)
    metrics_count (METRIC_TIER_RECORDS, 1, tier_it_went_to (life->context, unit), NULL);
  if (unit->kind == SETTLE_DEAD || unit->kind == SETTLE_QUARANTINE)
    metrics_count (METRIC_DEAD_LETTERS, 1, reason_of_death (unit), NULL);
}

static void
log_verdict (const Life *life, const SettleUnit *unit)
{
  const Delivery *delivery = unit->delivery;
  const char *name = settle_kind_name (unit->kind);
  gboolean is_done = unit->kind == SETTLE_DONE;
  char elapsed[24], attempt[16];

  if (unit->kind == SETTLE_SNOOZE || (is_done && !log_is_enabled (LOG_LEVEL_INFO)))
    return;
  log_context (life, delivery);
  g_snprintf (elapsed, sizeof elapsed, "%" G_GINT64_FORMAT,
              clock_monotonic_ms () - delivery->taken_at_ms);
  g_snprintf (attempt, sizeof attempt, "%u", delivery->record->attempt + 1);
  log_line (is_done ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "settled", "verdict", name, "attempt",
            attempt, "elapsed_ms", elapsed, "error_class", verdict_error_class (unit->why), "error",
            unit->why ? unit->why->message : NULL, NULL);
  log_context_clear ();
}

/* Refused in every shape, it keeps the offset of its partition where it is: that is this process's
 * trouble, until the last of them is settled or another's. */
static void
note_refused (Life *life, SettleUnit *unit, const GError *refusal)
{
  if (!unit->is_refused)
    life->refused++;
  unit->is_refused = TRUE;
  program_note_trouble (life->context->program, "settlement", refusal->message);
}

static void
end_unit (Life *life, SettleUnit *unit)
{
  if (unit->is_refused && --life->refused == 0)
    program_note_trouble (life->context->program, "settlement", NULL);
  settle_unit_free (unit);
}

static void
after_snooze (Life *life, SettleUnit *unit)
{
  Delivery *delivery = unit->delivery;
  gint64 ms = delivery->run->snooze_ms;

  end_unit (life, unit);
  window_count_snooze (life->window, delivery);
  snooze (life, delivery, ms, MOVER_SETTLE);
}

/* All of one commit together: their keys, their offsets, one look of the poll thread. */
static void
after_commit (Life *life, const GPtrArray *units)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();

  for (guint i = 0; i < units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (units, i);

    count_verdict (life, unit);
    log_verdict (life, unit);
    if (unit->kind == SETTLE_SNOOZE) {
      after_snooze (life, unit);
      continue;
    }
    run_end (unit->delivery);
    g_ptr_array_add (finished, unit->delivery);
    end_unit (life, unit);
  }
  if (finished->len == 0)
    return;
  window_finish (life->window, finished, MOVER_SETTLE);
  wake (life);
}

/* Its key is in the inbox: whether it has been handled, or another scope's record bears its id, is
 * known when it is taken. */
static void
after_double (Life *life, SettleUnit *unit)
{
  Delivery *delivery = unit->delivery;

  end_unit (life, unit);
  snooze (life, delivery, BUSY_MS, MOVER_SETTLE);
}

static void
after_loss (Life *life, SettleUnit *unit)
{
  Delivery *delivery = unit->delivery;

  metrics_count (METRIC_TOKENS_LOST, 1, NULL);
  end_unit (life, unit);
  if (GUARD (RETAKE))
    snooze (life, delivery, RETAKE_MS, MOVER_SETTLE);
}

/* It keeps what it has to write, answers of calls among it, and is tried again after a pause. */
static void
hold_on (Life *life, SettleUnit *unit, const char *why)
{
  HeldUnit *held = g_new0 (HeldUnit, 1);

  log_limited (LOG_LEVEL_WARNING, "settlement-waits", "a settlement has to wait", "error", why,
               NULL);
  metrics_count (METRIC_SETTLEMENTS_WAITED, 1, NULL);
  held->unit = unit;
  held->due_ms =
      clock_monotonic_ms () + MIN (HELD_MAX_MS, (gint64)HELD_FIRST_MS << MIN (unit->tries, 10));
  unit->tries++;
  g_mutex_lock (&life->lock);
  g_ptr_array_add (life->held, held);
  g_mutex_unlock (&life->lock);
}

static void
after_refusal (Life *life, SettleUnit *unit, const GError *refusal)
{
  log_context (life, unit->delivery);
  log_failure ("a settlement is refused", "verdict", settle_kind_name (unit->kind), "error",
               refusal->message, NULL);
  log_context_clear ();
  metrics_count (METRIC_SETTLEMENTS_REFUSED, 1, NULL);
  if (judge_refusal (life->context, unit, refusal)) {
    settle_desk_add (life->settle, unit);
  } else {
    note_refused (life, unit, refusal);
    hold_on (life, unit, refusal->message);
  }
}

static void
settled (const GPtrArray *units, SettledOutcome outcome, const GError *refusal, gpointer data)
{
  Life *life = data;

  if (outcome == SETTLED_WRITTEN) {
    after_commit (life, units);
    return;
  }
  for (guint i = 0; i < units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (units, i);

    if (outcome == SETTLED_SEEN)
      after_double (life, unit);
    else if (outcome == SETTLED_LOST)
      after_loss (life, unit);
    else if (outcome == SETTLED_HELD)
      hold_on (life, unit, refusal->message);
    else
      after_refusal (life, unit, refusal);
  }
}

/* --- The poll thread's --- */

Life *
life_new (const Context *context, Window *window, LifeWake wake_it, gpointer data)
{
  Life *life = g_new0 (Life, 1);
  TakeOptions take = { .context = context,
                       .place = &life->place,
                       .window = window,
                       .taken = taken,
                       .put_back = put_back,
                       .data = life };

  life->context = context;
  life->window = window;
  life->wake = wake_it;
  life->data = data;
  g_mutex_init (&life->lock);
  life->held = g_ptr_array_new_with_free_func (g_free);
  life->steps = step_desk_new (context);
  life->place = (RunPlace){ context, life->steps, progress, life };
  life->crew = crew_new (context->in_flight, handle, life);
  life->settle = settle_desk_new (context, settled, life);
  life->take = take_desk_new (&take);
  return life;
}

void
life_free (Life *life)
{
  if (!life)
    return;
  take_desk_free (life->take);
  crew_free (life->crew);
  step_desk_free (life->steps);
  settle_desk_free (life->settle);
  g_ptr_array_unref (life->held);
  g_mutex_clear (&life->lock);
  g_free (life);
}

void
life_take (Life *life, const GPtrArray *deliveries)
{
  const gint64 now_ms = clock_database_now_ms ();

  for (guint i = 0; i < deliveries->len; i++) {
    const Delivery *delivery = g_ptr_array_index (deliveries, i);

    if (delivery->due_ms && delivery->snoozes == 0)
      metrics_observe_ms (METRIC_RETRY_LATENESS, now_ms - delivery->due_ms, NULL);
  }
  take_records (life->take, deliveries);
}

void
life_give_back (Life *life)
{
  g_autoptr (GPtrArray) ready = crew_withdraw (life->crew, NULL, NULL);

  for (guint i = 0; i < ready->len; i++)
    run_end (g_ptr_array_index (ready, i));
  window_give_back (life->window, ready);
}

static void
retry_held (Life *life)
{
  gint64 now_ms = clock_monotonic_ms ();
  g_autoptr (GPtrArray) due = g_ptr_array_new ();

  g_mutex_lock (&life->lock);
  for (guint i = life->held->len; i > 0; i--) {
    HeldUnit *held = g_ptr_array_index (life->held, i - 1);

    if (held->due_ms > now_ms)
      continue;
    g_ptr_array_add (due, held->unit);
    g_ptr_array_remove_index (life->held, i - 1);
  }
  metrics_gauge (METRIC_SETTLEMENTS_WAITING, life->held->len, NULL);
  g_mutex_unlock (&life->lock);
  for (guint i = 0; i < due->len; i++)
    settle_desk_add (life->settle, g_ptr_array_index (due, i));
}

void
life_tick (Life *life)
{
  g_autoptr (GPtrArray) stale = window_stale_lanes (life->window);
  g_autoptr (GPtrArray) held = window_lanes_to_open (life->window, clock_monotonic_ms ());
  WindowCounts counts = window_counts (life->window);

  for (guint i = 0; i < stale->len; i++)
    take_recount (life->take, g_ptr_array_index (stale, i));
  for (guint i = 0; i < held->len; i++)
    take_reopen (life->take, g_ptr_array_index (held, i));
  retry_held (life);
  metrics_gauge (METRIC_RECORDS_IN_FLIGHT, counts.in_hand - counts.settling, NULL);
  metrics_gauge (METRIC_RECORDS_SNOOZING, counts.snoozing, NULL);
  program_note_snoozing (life->context->program, counts.snoozing);
}

void
life_assign (Life *life, Lane *lane)
{
  take_open (life->take, lane);
}

static gboolean
has_to_stop (gconstpointer item, gpointer data G_GNUC_UNUSED)
{
  return delivery_order (item) != RUN_GOES_ON;
}

void
life_revoke (Life *life, GPtrArray *lanes, gboolean lost, gint64 drain_ms, WindowStore store,
             gpointer data)
{
  gint64 until_us = g_get_monotonic_time () + drain_ms * 1000;
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);
  g_autoptr (GPtrArray) ready = NULL;

  for (guint i = 0; i < lanes->len; i++)
    g_ptr_array_add (kept, lane_ref (g_ptr_array_index (lanes, i)));
  window_order (life->window, kept, lost ? RUN_LOST : RUN_AT_BOUNDARY);
  ready = crew_withdraw (life->crew, has_to_stop, NULL);
  for (guint i = 0; i < ready->len; i++)
    snooze (life, g_ptr_array_index (ready, i), RETAKE_MS, MOVER_POLL);
  if (!lost)
    (void)window_wait (life->window, kept, until_us);
  window_store (life->window, store, data);
  window_revoke (life->window, kept);
  take_close (life->take, kept, CLOSE_COUNTS_MS);
}
