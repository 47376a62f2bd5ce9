/* Start and stop of a consumer. What happens in between is life.c's. */
#include <unistd.h>

#include "base/log.h"
#include "pipeline/context.h"
#include "pipeline/poll.h"
#include "pipeline/verdicts.h"
#include "program/topics.h"

#define BROKER_TIMEOUT_MS 10000
#define WATCHDOG_SLACK_MS 5000
#define TICK_US           (G_USEC_PER_SEC / 2)

/* A partition reads at most so many unfinished records; so many verdicts may wait for their commit,
 * and so many records be taken ahead of workers: what a batch can hold, a few times. */
static const WindowLimits usual_limits = { .ahead = 500, .settling = 2000, .unfinished = 1000 };

typedef struct {
  Context context;
  Window *window;
  Life *life;
  Poll *poll;
} Runner;

/* --- Start --- */

/* Its source, its tiers, and tiers that have been; each keeps its records long enough, and no
 * longer than the inbox. */
static char **
topics_of (const Context *context, GError **error)
{
  const char *name = context->consumer->name;
  const char *prefix = settings_text (context->settings, "topic-prefix");
  rd_kafka_t *handle = outbox_kafka_handle (program_outbox (context->program));
  g_autoptr (GPtrArray) table =
      topics_of_program (name, settings_text (context->settings, "retry-tiers"));
  g_auto (GStrv) topics = topics_to_read (handle, prefix, table, name, context->consumer->topic,
                                          BROKER_TIMEOUT_MS, error);

  if (topics && settings_boolean (context->settings, "broker-admin") &&
      !topics_check_retention (handle, prefix, name, topics, context->outage_max_wait_ms,
                               settings_number (context->settings, "inbox-days"), BROKER_TIMEOUT_MS,
                               error))
    return NULL;
  return g_steal_pointer (&topics);
}

/* A broker that goes away between the start's questions comes back by itself. */
static char **
await_topics (const Context *context, GError **error)
{
  for (;;) {
    g_autoptr (GError) problem = NULL;
    char **topics = topics_of (context, &problem);

    if (topics) {
      program_set_ready (context->program, TRUE);
      return topics;
    }
    if (g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_AWAY) &&
        program_wait_for_broker (context->program, problem))
      continue;
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
}

/* What is wrong with the settings is told before anybody is waited for. */
static gboolean
begin (Runner *runner, GError **error)
{
  Context *context = &runner->context;
  const Consumer *consumer = context->consumer;

  if (!context_read (context, error))
    return FALSE;
  context->clients = consumer->start ? consumer->start (context->settings, error) : NULL;
  if (consumer->start && !context->clients)
    return FALSE;
  context->program = program_start (consumer->name, context->settings, error);
  return context->program != NULL;
}

static gboolean
join (Runner *runner, GError **error)
{
  Context *context = &runner->context;
  g_auto (GStrv) topics = await_topics (context, error);
  WindowLimits limits = usual_limits;

  if (!topics)
    return FALSE;
  limits.in_flight = context->in_flight;
  limits.outage_max_wait_ms = context->outage_max_wait_ms;
  runner->window = window_new (&limits);
  runner->poll = poll_new (context, runner->window);
  context_make_breakers (context, poll_wake, runner->poll);
  program_set_liveness (context->program, poll_is_alive, runner->poll);
  runner->life = life_new (context, runner->window, poll_wake, runner->poll);
  if (context->consumer->begin_beside)
    context->consumer->begin_beside (context->clients, context->program);
  return poll_join (runner->poll, runner->life, topics, error);
}

/* --- Stop --- */

typedef struct {
  GMutex lock;
  GCond done;
  gboolean is_done;
  gint64 until_us;
} Watchdog;

/* Ends first, and says so after: nothing that hangs may hold it up. */
static gpointer
watch (gpointer data)
{
  Watchdog *watchdog = data;

  g_mutex_lock (&watchdog->lock);
  while (!watchdog->is_done &&
         g_cond_wait_until (&watchdog->done, &watchdog->lock, watchdog->until_us))
    ;
  if (!watchdog->is_done) {
    log_last_words ("a shutdown hangs; ended by the watchdog", NULL);
    _exit (1);
  }
  g_mutex_unlock (&watchdog->lock);
  return NULL;
}

/* Leave first, so that others take over; then wait for calls still out, whose workers record the
 * answers. */
static void
stop (Runner *runner)
{
  const Context *context = &runner->context;
  gint64 deadline_ms = settings_duration_ms (context->settings, "shutdown-deadline");
  gint64 until_us = g_get_monotonic_time () + deadline_ms * 1000;
  Watchdog watchdog = { .until_us = until_us + WATCHDOG_SLACK_MS * 1000 };
  GThread *thread = NULL;
  gboolean is_idle;

  g_mutex_init (&watchdog.lock);
  g_cond_init (&watchdog.done);
  thread = g_thread_new ("watchdog", watch, &watchdog);
  log_info ("stopping", NULL);
  program_set_ready (context->program, FALSE);
  poll_leave (runner->poll);
  /* What could not be settled a moment ago is tried again meanwhile. */
  while (!(is_idle = window_wait_idle (runner->window, g_get_monotonic_time () + TICK_US)) &&
         g_get_monotonic_time () < until_us)
    life_tick (runner->life);
  if (context->consumer->end_beside && !context->consumer->end_beside (context->clients, until_us))
    is_idle = FALSE;
  if (!is_idle) {
    log_warning ("calls are still out at the shutdown-deadline; they stand journalled as started",
                 NULL);
    (void)log_flush (1000);
    _exit (0); /* their threads cannot be joined; everything they did is in the journal */
  }
  life_free (runner->life);
  if (context->consumer->stop)
    context->consumer->stop (context->clients);
  context_clear (&runner->context);
  program_stop (context->program); /* after it nobody asks whether the poll thread is alive */
  poll_free (runner->poll);
  window_free (runner->window);
  g_mutex_lock (&watchdog.lock);
  watchdog.is_done = TRUE;
  g_cond_broadcast (&watchdog.done);
  g_mutex_unlock (&watchdog.lock);
  g_thread_join (thread);
  g_mutex_clear (&watchdog.lock);
  g_cond_clear (&watchdog.done);
}

static Settings *
read_settings (const Consumer *consumer, int *argc, char ***argv)
{
  g_autoptr (GPtrArray) tables = g_ptr_array_new ();

  g_ptr_array_add (tables, (gpointer)context_settings);
  g_ptr_array_add (tables, (gpointer)unknown_settings);
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
  return settings_parse_or_exit (consumer->name, "",
                                 "One consumer of the dependents claims pipeline.",
                                 (const Setting *const *)tables->pdata, NULL, argc, argv);
}

int
consumer_main (const Consumer *consumer, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Settings *settings = NULL;
  Runner runner = { .context = { .consumer = consumer } };

  verdicts_use (consumer->verdicts);
  settings = read_settings (consumer, &argc, &argv);
  runner.context.settings = settings;
  if (!begin (&runner, &error) || !join (&runner, &error)) {
    log_failure ("cannot start", "error", error->message, NULL);
    (void)log_flush (1000);
    /* Threads of the program may be at work: what libraries do at an exit() is not for them. */
    _exit (g_error_matches (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID) ? 2 : 1);
  }
  program_announce (runner.context.program, NULL);
  if (!poll_run (runner.poll, &error))
    context_ill (error->message);
  stop (&runner);
  settings_free (settings);
  log_info ("stopped", NULL);
  return 0;
}
