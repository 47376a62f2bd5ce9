/* The runner: a poll thread that hands out work, workers that handle it, desks that count and
 * settle. The life of a message is told in README.md. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "claims/insert-record.h"
#include "pipeline/delivery.h"
#include "program/topics.h"

#define COMMIT_EVERY_MS   1000
#define RECOUNT_EVERY_MS  1000
#define POLL_MS           500
#define TICK_OLD_MS       60000
#define BATCH_MAX         100
#define RETAKE_MS         1000
#define ILL_PAUSE_MAX_MS  60000
#define BROKER_TIMEOUT_MS 10000

const Setting runner_settings[] = {
  { "in-flight", SETTING_NUMBER, "64", "Records worked on at the same time.", NULL, 1, 1000 },
  { "quarantine-after", SETTING_NUMBER, "3",
    "Deaths of the process, in succession, after which a record is quarantined.", NULL, 1, 100 },
  { "look-tier", SETTING_TEXT, "1h",
    "The one of retry-tiers in which a claim waits to be looked for again, without an attempt." },
  { "unknown-settle-ms", SETTING_NUMBER, "30000",
    "Added to the read limit before a call of unknown outcome is touched.", NULL, 1, 600000 },
  { "send-within-ms", SETTING_NUMBER, "5000",
    "A call that is not sent this soon after its start was journalled is not sent.", NULL, 1,
    60000 },
  { "revoke-drain-ms", SETTING_NUMBER, "3000",
    "How long a revoke waits for work to come to its next step boundary.", NULL, 0, 60000 },
  { "shutdown-deadline", SETTING_DURATION, "25s",
    "How long a shutdown waits for calls that are still out." },
  { NULL },
};

void
runner_ill (const char *why, gpointer data)
{
  (void)data;
  log_last_words ("this process cannot go on; all it had is delivered again", "error", why, NULL);
  _exit (1);
}

/* --- Workers --- */

void
delivery_log_context (const Delivery *delivery)
{
  char number[16], offset[24], claim[24];

  g_snprintf (number, sizeof number, "%d", delivery->partition->number);
  g_snprintf (offset, sizeof offset, "%" G_GINT64_FORMAT, delivery->offset);
  log_context_set ("topic", delivery->partition->topic);
  log_context_set ("partition", number);
  log_context_set ("offset", offset);
  if (delivery->run && delivery->run->scope.claim_group_id)
    log_context_set ("claim_group_id", delivery->run->scope.claim_group_id);
  if (delivery->run && delivery->run->scope.claim_id) {
    g_snprintf (claim, sizeof claim, "%" G_GINT64_FORMAT, delivery->run->scope.claim_id);
    log_context_set ("claim_id", claim);
  }
}

/* A call that failed because its downstream is away for everyone costs no attempt. */
static Verdict
spare_attempt (Run *run, Verdict verdict, GError **error)
{
  g_autoptr (GError) why = NULL;
  gint64 next;

  if (verdict != VERDICT_RETRY || !run->away ||
      g_error_matches (*error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER) ||
      !breaker_opens_within (run->away, BREAKER_OPENS_WITHIN_MS))
    return verdict;
  why = g_steal_pointer (error);
  next = breaker_next_ms (run->away);
  /* Behind those that have not failed: one poisoned claim must not be the probe each time. */
  (void)run_wait_for_downstream (
      run, (next < 0 ? 0 : MAX (0, next - clock_monotonic_ms ())) + RETAKE_MS, why->message, error);
  return verdict_of (*error);
}

/* While an insert is in doubt its child cannot die: it goes on, looking only, up to outage-max-wait. */
static Verdict
spare_insert_in_doubt (Run *run, Verdict verdict, GError **error)
{
  gboolean is_last = verdict == VERDICT_RETRY &&
                     !g_error_matches (*error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER) &&
                     delivery_is_last_attempt (run->delivery, run->runner->attempts_max);
  g_autoptr (GError) why = NULL;
  const JournalRow *insert;

  if ((verdict != VERDICT_DEAD && !is_last) || run->is_worn_out || run->scopes->len == 0)
    return verdict;
  insert = run_journal_find (run, NULL, INSERT_STEP, &why);
  if (!why && (!insert || strcmp (insert->state, "started") != 0))
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

/* Each try of an ill process writes a start and its end: they come seldomer, the longer it is ill. */
static gint64
ill_pause_ms (Delivery *delivery)
{
  return MIN (ILL_PAUSE_MAX_MS, RETAKE_MS << MIN (delivery->snoozes++, 6));
}

Breaker *
runner_breaker (Runner *runner, const char *downstream)
{
  const char *const *names = runner->consumer->downstreams;

  for (guint i = 0; i < runner->breakers->len; i++)
    if (!downstream || strcmp (names[i], downstream) == 0)
      return g_ptr_array_index (runner->breakers, i);
  return NULL;
}

void
runner_handle (gpointer data, gpointer runner_data)
{
  Runner *runner = runner_data;
  Delivery *delivery = data;
  Run *run = delivery->run;
  GError *error = NULL;
  Verdict verdict;

  g_mutex_lock (&runner->lock);
  delivery->state = DELIVERY_RUNNING;
  g_mutex_unlock (&runner->lock);
  delivery_log_context (delivery);
  log_debug ("start", NULL);
  CRASH_POINT ("handle/before");
  verdict =
      runner->consumer->handle (run, run->message, &error) ? VERDICT_DONE : verdict_of (error);
  verdict = spare_attempt (run, verdict, &error);
  verdict = spare_insert_in_doubt (run, verdict, &error);
  CRASH_POINT ("handle/after");
  if (verdict == VERDICT_LOST || verdict == VERDICT_ILL) {
    log_line (verdict == VERDICT_ILL ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "no verdict", "error",
              error->message, NULL);
    log_context_clear ();
    g_error_free (error);
    if (verdict == VERDICT_LOST && run_order (delivery->run) != RUN_GOES_ON)
      runner_drop (runner, delivery);
    else if (delivery->record.is_suspect)
      desk_add (runner->take_desk, take_item_new (TAKE_PUT_BACK, NULL, delivery));
    else if (verdict != VERDICT_LOST || GUARD (RETAKE))
      runner_snooze (runner, delivery,
                     verdict == VERDICT_ILL ? ill_pause_ms (delivery)
                                            : RETAKE_MS); /* taken again from the inbox look */
    return;
  }
  log_context_clear ();
  runner_to_settle (runner, settle_unit_new (delivery, verdict, error));
}

/* --- The poll thread --- */

static void
recount (Runner *runner)
{
  for (guint i = 0; i < runner->partitions->len; i++) {
    Partition *partition = g_ptr_array_index (runner->partitions, i);
    if (partition->counts_stale && partition->is_open) {
      partition->counts_stale = FALSE;
      desk_add (runner->take_desk, take_item_new (TAKE_RECOUNT, partition, NULL));
    }
  }
}

static gboolean
poll_once (Runner *runner, GError **error)
{
  struct pollfd fds[] = { { .fd = runner->wake_fd, .events = POLLIN },
                          { .fd = program_signal_fd (runner->program), .events = POLLIN } };
  guint64 count;
  int timeout;

  g_mutex_lock (&runner->lock);
  timeout = (int)window_sleeps_ms (runner, POLL_MS);
  g_mutex_unlock (&runner->lock);
  (void)poll (fds, G_N_ELEMENTS (fds), timeout); /* woken or not, everything is looked at */
  (void)!read (runner->wake_fd, &count, sizeof count);
  if (fds[1].revents & POLLIN) {
    g_mutex_lock (&runner->lock);
    runner->is_stopping = TRUE;
    g_mutex_unlock (&runner->lock);
    return TRUE;
  }
  if (!kafka_consumer_serve (runner->kafka, 0, error))
    return FALSE;
  g_mutex_lock (&runner->lock);
  runner->tick_ms = clock_monotonic_ms ();
  window_hand_out (runner);
  g_mutex_unlock (&runner->lock);
  return TRUE;
}

static gboolean
poll_until_stopped (Runner *runner, GError **error)
{
  gint64 commit_at = 0, recount_at = 0;

  while (!runner->is_stopping) {
    gint64 now;

    if (!poll_once (runner, error))
      return FALSE;
    now = clock_monotonic_ms ();
    if (now >= commit_at) {
      kafka_consumer_commit (runner->kafka, FALSE);
      commit_at = now + COMMIT_EVERY_MS;
    }
    if (now >= recount_at) {
      g_mutex_lock (&runner->lock);
      recount (runner);
      metrics_gauge ("records_in_flight", runner->in_flight, NULL);
      metrics_gauge ("records_snoozing", g_sequence_get_length (runner->snoozing), NULL);
      g_mutex_unlock (&runner->lock);
      recount_at = now + RECOUNT_EVERY_MS;
    }
  }
  return TRUE;
}

static gboolean
is_alive (gpointer data)
{
  Runner *runner = data;

  return clock_monotonic_ms () - runner->tick_ms < TICK_OLD_MS;
}

/* --- Start and stop --- */

static gpointer
watch_close (gpointer data)
{
  Runner *runner = data;
  gint64 until = g_get_monotonic_time () +
                 (settings_duration_ms (runner->settings, "shutdown-deadline") + 5000) * 1000;

  g_mutex_lock (&runner->lock);
  while (runner->is_stopping && g_cond_wait_until (&runner->changed, &runner->lock, until))
    ;
  if (runner->is_stopping) {
    log_last_words ("a shutdown hangs; ended by the watchdog", NULL);
    _exit (1);
  }
  g_mutex_unlock (&runner->lock);
  return NULL;
}

/* Leave first, so that others take over; then wait for calls still out, whose workers record the
 * answers. */
static void
shut_down (Runner *runner)
{
  gint64 until =
      g_get_monotonic_time () + settings_duration_ms (runner->settings, "shutdown-deadline") * 1000;
  GThread *watchdog = g_thread_new ("watchdog", watch_close, runner);

  log_info ("stopping", NULL);
  program_set_ready (runner->program, FALSE);
  kafka_consumer_close (runner->kafka);
  g_mutex_lock (&runner->lock);
  while (runner->in_flight + runner->settling > 0 &&
         g_cond_wait_until (&runner->changed, &runner->lock, until))
    ;
  if (runner->in_flight + runner->settling > 0)
    log_warning ("calls are still out at the shutdown-deadline; they stand journalled as started",
                 NULL);
  g_mutex_unlock (&runner->lock);
  if (runner->in_flight + runner->settling > 0) {
    (void)log_flush (1000);
    _exit (0); /* their threads cannot be joined; everything they did is in the journal */
  }
  g_thread_pool_free (runner->workers, FALSE, TRUE);
  desk_free (runner->take_desk);
  desk_free (runner->step_desk);
  for (guint i = 0; i < OWN_DESKS; i++)
    desk_free (runner->own_desks[i]);
  desk_free (runner->settle_desk);
  kafka_consumer_free (runner->kafka);
  g_mutex_lock (&runner->lock);
  runner->is_stopping = FALSE;
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
  g_thread_join (watchdog);
}

static Desk *
new_desk (Runner *runner, const char *name, DeskWork work)
{
  DeskOptions options = {
    .name = name,
    .database_url = settings_text (runner->settings, "database-url"),
    .max_batch = BATCH_MAX,
    .wait_ms = settings_number (runner->settings, "database-wait-ms"),
    .work = work,
    .ill = runner_ill,
    .data = runner,
  };

  return desk_new (&options);
}

static gboolean
limits_fit (Runner *runner, GError **error)
{
  gint64 limit =
      runner->consumer->call_limit_ms ? runner->consumer->call_limit_ms (runner->settings) : 0;

  runner->unknown_settle_ms = settings_number (runner->settings, "unknown-settle-ms");
  runner->send_within_ms = settings_number (runner->settings, "send-within-ms");
  if (runner->unknown_settle_ms >= limit + runner->send_within_ms)
    return TRUE;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "unknown-settle-ms must not be less than send-within-ms and the longest connect "
               "timeout together, %" G_GINT64_FORMAT " ms: a call may be under way that long",
               limit + runner->send_within_ms);
  return FALSE;
}

static gboolean
read_tiers (Runner *runner, GError **error)
{
  g_autofree char *text =
      topics_retry_tiers (runner->consumer->name, settings_text (runner->settings, "retry-tiers"));
  const char *look_tier = settings_text (runner->settings, "look-tier");

  runner->tiers = retry_tiers_parse (text, error);
  if (!runner->tiers)
    return FALSE;
  runner->attempts_max = 1 + retry_tiers_count (runner->tiers);
  runner->look_tier = retry_tiers_find (runner->tiers, look_tier);
  if (runner->look_tier || runner->tiers->len == 0)
    return TRUE;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "look-tier: “%s” is not one of retry-tiers (%s)", look_tier, text);
  return FALSE;
}

static void
wake_for_breaker (gpointer runner)
{
  runner_wake (runner);
}

static void
make_breakers (Runner *runner)
{
  const char *const *names = runner->consumer->downstreams;

  runner->breakers = g_ptr_array_new_with_free_func ((GDestroyNotify)breaker_free);
  for (guint i = 0; names && names[i]; i++)
    g_ptr_array_add (runner->breakers,
                     breaker_new (runner->program, names[i], wake_for_breaker, runner));
}

/* Its source, its tiers, and tiers that have been; each keeps its records long enough, and no longer than the inbox. */
static char **
topics_of (Runner *runner, GError **error)
{
  const char *name = runner->consumer->name;
  const char *prefix = settings_text (runner->settings, "topic-prefix");
  rd_kafka_t *handle = outbox_kafka_handle (program_outbox (runner->program));
  g_autoptr (GPtrArray) table =
      topics_of_program (name, settings_text (runner->settings, "retry-tiers"));
  g_auto (GStrv) topics = topics_to_read (handle, prefix, table, name, runner->consumer->topic,
                                          BROKER_TIMEOUT_MS, error);

  if (topics && settings_boolean (runner->settings, "broker-admin") &&
      !topics_check_retention (handle, prefix, name, topics, runner->outage_max_wait_ms,
                               settings_number (runner->settings, "inbox-days"), BROKER_TIMEOUT_MS,
                               error))
    return NULL;
  return g_steal_pointer (&topics);
}

static Runner *
runner_new (const Consumer *consumer, const Settings *settings, GError **error)
{
  static const KafkaConsumerEvents events = { window_on_assign, window_on_revoke };
  g_autofree char *group = NULL;
  g_auto (GStrv) topics = NULL;
  Runner *runner = g_new0 (Runner, 1);

  runner->consumer = consumer;
  runner->settings = settings;
  g_mutex_init (&runner->lock);
  g_cond_init (&runner->changed);
  runner->partitions = g_ptr_array_new_with_free_func ((GDestroyNotify)partition_unref);
  runner->keys = window_keys_new ();
  runner->snoozing = g_sequence_new (NULL);
  g_queue_init (&runner->due);
  runner->in_flight_max = settings_number (settings, "in-flight");
  runner->quarantine_after = settings_number (settings, "quarantine-after");
  runner->outage_max_wait_ms = settings_duration_ms (settings, "outage-max-wait");
  runner->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  runner->tick_ms = clock_monotonic_ms ();
  if (!limits_fit (runner, error) || !read_tiers (runner, error))
    return NULL;
  runner->context = consumer->start ? consumer->start (settings, error) : NULL;
  if (consumer->start && !runner->context)
    return NULL; /* what is wrong with the settings is told before anybody is waited for */
  runner->program = program_start (consumer->name, settings, error);
  if (!runner->program)
    return NULL;
  topics = topics_of (runner, error);
  if (!topics)
    return NULL;
  make_breakers (runner);
  program_set_liveness (runner->program, is_alive, runner);
  runner->workers =
      g_thread_pool_new (runner_handle, runner, (int)runner->in_flight_max, FALSE, error);
  /* Workers are kept for a while: starting a thread costs more than handling a message. */
  g_thread_pool_set_max_unused_threads ((int)runner->in_flight_max);
  g_thread_pool_set_max_idle_time (10000);
  runner->take_desk = new_desk (runner, "take", take_do);
  runner->step_desk = new_desk (runner, "steps", steps_do);
  runner->settle_desk = new_desk (runner, "settle", settle_do);
  for (guint i = 0; i < OWN_DESKS; i++)
    runner->own_desks[i] = new_desk (runner, "own-steps", steps_do_own);
  group = program_topic (runner->program, consumer->name);
  runner->kafka = kafka_consumer_new (settings, group, &events, runner, runner->wake_fd, error);
  return runner->kafka && kafka_consumer_subscribe (runner->kafka, topics, error) ? runner : NULL;
}

/* What is left once everything that used it has stopped. */
static void
runner_free (Runner *runner)
{
  g_ptr_array_unref (runner->partitions);
  g_ptr_array_unref (runner->tiers);
  g_hash_table_unref (runner->keys);
  g_sequence_free (runner->snoozing);
  g_queue_clear (&runner->due);
  close (runner->wake_fd);
  g_mutex_clear (&runner->lock);
  g_cond_clear (&runner->changed);
  g_free (runner);
}

int
consumer_main (const Consumer *consumer, int argc, char **argv)
{
  g_autoptr (GPtrArray) tables = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  Settings *settings = NULL;
  Runner *runner = NULL;
  gboolean is_fine;

  g_ptr_array_add (tables, (gpointer)runner_settings);
  g_ptr_array_add (tables, (gpointer)tier_settings);
  if (consumer->downstreams)
    g_ptr_array_add (tables, (gpointer)breaker_settings);
  g_ptr_array_add (tables, (gpointer)program_settings);
  g_ptr_array_add (tables, (gpointer)kafka_settings);
  g_ptr_array_add (tables, (gpointer)db_settings);
  g_ptr_array_add (tables, (gpointer)seal_settings);
  for (guint i = 0; consumer->settings && consumer->settings[i]; i++)
    g_ptr_array_add (tables, (gpointer)consumer->settings[i]);
  g_ptr_array_add (tables, NULL);
  verdicts_use (consumer->verdicts);
  settings =
      settings_parse_or_exit (consumer->name, "", "One consumer of the dependents claims pipeline.",
                              (const Setting *const *)tables->pdata, &argc, &argv);
  runner = runner_new (consumer, settings, &error);
  if (!runner) {
    log_failure ("cannot start", "error", error->message, NULL);
    return g_error_matches (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID) ? 2 : 1;
  }
  program_announce (runner->program, NULL);
  is_fine = poll_until_stopped (runner, &error);
  if (!is_fine)
    runner_ill (error->message, runner);
  shut_down (runner);
  if (consumer->stop)
    consumer->stop (runner->context);
  g_ptr_array_unref (runner->breakers);
  program_stop (runner->program);
  runner_free (runner);
  settings_free (settings);
  log_info ("stopped", NULL);
  return 0;
}
