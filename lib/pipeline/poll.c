/* The poll thread, see poll.h. */
#include "pipeline/poll.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/rounds.h"
#include "base/text.h"
#include "base/wake.h"
#include "kafka/consumer.h"
#include "pipeline/backlog.h"

#define COMMIT_EVERY_MS 1000
#define TICK_EVERY_MS   1000
#define SLEEP_MAX_MS    500
#define TICK_OLD_MS     60000
#define LOGS_EVERY_MS   10000
#define LOGS_ASK_MS     2000
#define OUTBOX_WAITING_MAX                                                                         \
  20000 /* more rows than this without a delivery report: nothing new is taken */

struct Poll {
  const Context *context;
  Window *window;
  Life *life;
  Backlog *backlog;
  KafkaConsumer *kafka;
  Wake wake;
  Rounds *logs;
  gpointer other_log; /* atomic; char *: "topic/partition", see kafka_consumer_find_other_log() */
  gint last_look_ms;  /* atomic; of the monotonic clock, as far as it fits */
  gboolean was_away;
};

void
poll_wake (gpointer data)
{
  Poll *poll = data;

  wake_up (&poll->wake);
}

gboolean
poll_is_alive (gpointer data)
{
  Poll *poll = data;

  return (gint)clock_monotonic_ms () - g_atomic_int_get (&poll->last_look_ms) < TICK_OLD_MS;
}

Poll *
poll_new (const Context *context, Window *window)
{
  Poll *poll = g_new0 (Poll, 1);

  poll->context = context;
  poll->window = window;
  poll->backlog = backlog_new (context, window);
  wake_init (&poll->wake);
  poll->last_look_ms = (gint)clock_monotonic_ms ();
  return poll;
}

void
poll_free (Poll *poll)
{
  if (!poll)
    return;
  rounds_free (poll->logs);
  kafka_consumer_free (poll->kafka);
  backlog_free (poll->backlog);
  wake_clear (&poll->wake);
  g_free (poll->other_log);
  g_free (poll);
}

/* --- Rebalance --- */

static void
store (gpointer source G_GNUC_UNUSED, const Partition *partition, gint64 next, gpointer data)
{
  Poll *poll = data;

  CRASH_POINT ("offset/before-store");
  /* Refused when the partition is not ours any more: then it is somebody else's to store. */
  (void)kafka_consumer_store (poll->kafka, partition->topic, partition->number, next);
  CRASH_POINT ("offset/after-store");
}

static gpointer
on_assign (KafkaPartition *kafka, const char *topic, int number, gpointer data)
{
  Poll *poll = data;
  const char *plain = topic + strlen (settings_text (poll->context->settings, "topic-prefix"));
  const char *tier = retry_topic_tier (poll->context->consumer->name, plain);
  Partition *partition = NULL;
  gint64 tier_wait_ms = 0;
  Lane *lane;

  if (tier && !parse_duration_ms (tier, &tier_wait_ms))
    tier_wait_ms = 0; /* named like a tier by somebody else: nothing in it has to wait */
  partition = partition_new (topic, number, tier_wait_ms);
  lane = window_assign (poll->window, partition, kafka);
  partition_unref (partition);
  backlog_assign (poll->backlog, topic, number);
  life_assign (poll->life, lane);
  return lane;
}

static void
on_revoke (GPtrArray *lanes, gboolean lost, gpointer data)
{
  Poll *poll = data;

  life_revoke (poll->life, lanes, lost,
               settings_number (poll->context->settings, "revoke-drain-ms"), store, poll);
  backlog_revoke_all (poll->backlog); /* the assignor is eager: all of them go */
}

static void
on_lag (const char *topic, int number, gint64 lag, gpointer data)
{
  Poll *poll = data;

  backlog_note_lag (poll->backlog, topic, number, lag);
}

/* Asked beside the work: the answer may take its time. */
static gint64
look_at_logs (gpointer data)
{
  Poll *poll = data;
  char *other = kafka_consumer_find_other_log (poll->kafka, LOGS_ASK_MS);

  if (other && g_atomic_pointer_compare_and_exchange (&poll->other_log, NULL, other))
    poll_wake (poll);
  else
    g_free (other);
  return LOGS_EVERY_MS;
}

gboolean
poll_join (Poll *poll, Life *life, char **topics, GError **error)
{
  static const KafkaConsumerEvents events = { on_assign, on_revoke, on_lag };
  g_autofree char *group = program_topic (poll->context->program, poll->context->consumer->name);

  poll->life = life;
  poll->kafka =
      kafka_consumer_new (poll->context->settings, group, &events, poll, poll->wake.fd, error);
  if (!poll->kafka || !kafka_consumer_subscribe (poll->kafka, topics, error))
    return FALSE;
  poll->logs = rounds_new ("logs", look_at_logs, poll);
  rounds_begin (poll->logs, LOGS_EVERY_MS);
  return TRUE;
}

void
poll_leave (Poll *poll)
{
  g_clear_pointer (&poll->logs, rounds_free);
  kafka_consumer_close (poll->kafka);
}

/* --- Reading --- */

static gboolean
is_source (const Context *context, const Partition *partition)
{
  const char *prefix = settings_text (context->settings, "topic-prefix");

  return strcmp (partition->topic + strlen (prefix), context->consumer->topic) == 0;
}

static Delivery *
read_next (gpointer source, Partition *partition, gpointer data)
{
  const Poll *poll = data;
  const Consumer *consumer = poll->context->consumer;
  rd_kafka_message_t *message = kafka_partition_take (source);
  Delivery *delivery;

  if (!message)
    return NULL;
  delivery = delivery_of_message (partition, message, clock_database_now_ms ());
  if (consumer->begins_anew && is_source (poll->context, partition))
    delivery_begin_anew (delivery, consumer->name);
  return delivery;
}

static gboolean
is_outbox_full (const Poll *poll)
{
  return outbox_waiting (program_outbox (poll->context->program)) > OUTBOX_WAITING_MAX;
}

static WindowMoment
moment_now (const Poll *poll)
{
  Breaker *breaker = context_breaker (poll->context, NULL);
  gboolean is_paused = program_is_paused (poll->context->program);
  guint in_flight = poll->context->in_flight;

  return (WindowMoment){
    .now_ms = clock_monotonic_ms (),
    .database_now_ms = clock_database_now_ms (),
    .database_error_ms = clock_database_error_ms (),
    .allowed = is_paused ? 0
               : breaker ? breaker_limit (breaker, in_flight)
                         : in_flight,
    .away_since_ms = breaker ? breaker_open_since_ms (breaker) : 0,
    .may_read = !is_outbox_full (poll),
  };
}

/* The offset follows the settlement. */
static gboolean
commits_last (void)
{
  return GUARD (COMMIT_LAST);
}

static void
hand_out (Poll *poll)
{
  const WindowMoment moment = moment_now (poll);
  g_autoptr (GPtrArray) to_take = g_ptr_array_new ();
  gboolean is_away = moment.allowed == 0 &&
                     (moment.away_since_ms > 0 || program_is_paused (poll->context->program));

  if (is_away && !poll->was_away)
    life_give_back (poll->life);
  poll->was_away = is_away;
  window_hand_out (poll->window, &moment, read_next, poll, to_take);
  if (!commits_last ())
    for (guint i = 0; i < to_take->len; i++) {
      const Delivery *delivery = g_ptr_array_index (to_take, i);

      store (NULL, delivery->partition, delivery->offset + 1, poll);
    }
  life_take (poll->life, to_take);
}

/* Until a snooze ends, a head is due, or the breaker may change. */
static int
sleeps_ms (const Poll *poll)
{
  const WindowMoment moment = moment_now (poll);
  Breaker *breaker = context_breaker (poll->context, NULL);
  gint64 next_ms = breaker ? breaker_next_ms (breaker) : -1;
  gint64 ms = window_sleeps_ms (poll->window, &moment, SLEEP_MAX_MS);

  return (int)(next_ms < 0 ? ms : MIN (ms, MAX (1, next_ms - moment.now_ms)));
}

/* Woken or not, everything is looked at afterwards. TRUE: a signal has come. */
static gboolean
sleep_until_woken (int wake_fd, int signal_fd, int ms)
{
  struct pollfd fds[] = { { .fd = wake_fd, .events = POLLIN },
                          { .fd = signal_fd, .events = POLLIN } };

  (void)poll (fds, G_N_ELEMENTS (fds), ms);
  return (fds[1].revents & POLLIN) != 0;
}

/* The next start reads it from what is committed, so from its beginning. */
static gboolean
is_log_the_same (const Poll *poll, GError **error)
{
  const char *other = g_atomic_pointer_get (&poll->other_log);

  if (other)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_FATAL,
                 "%s was made anew under its reader: to be read from its beginning, start again",
                 other);
  return !other;
}

/* *ret_stops: a signal has come. */
static gboolean
look (Poll *poll, gboolean *ret_stops, GError **error)
{
  *ret_stops = sleep_until_woken (poll->wake.fd, program_signal_fd (poll->context->program),
                                  sleeps_ms (poll));
  wake_seen (&poll->wake);
  if (*ret_stops)
    return TRUE;
  if (!kafka_consumer_serve (poll->kafka, 0, error) || !is_log_the_same (poll, error))
    return FALSE;
  g_atomic_int_set (&poll->last_look_ms, (gint)clock_monotonic_ms ());
  hand_out (poll);
  window_store (poll->window, store, poll);
  return TRUE;
}

/* A broker that takes nothing of ours, or a topic that has gone, stops the reading too. */
static void
note_unpublished (const Poll *poll)
{
  program_note_trouble (
      poll->context->program, "publish",
      is_outbox_full (poll) ? "more records wait for Kafka than may; nothing new is read" : NULL);
}

gboolean
poll_run (Poll *poll, GError **error)
{
  gint64 commit_at_ms = 0, tick_at_ms = 0;
  gboolean stops = FALSE;

  while (look (poll, &stops, error)) {
    gint64 now_ms = clock_monotonic_ms ();

    if (stops)
      return TRUE;
    if (now_ms >= commit_at_ms) {
      kafka_consumer_commit (poll->kafka, FALSE);
      commit_at_ms = now_ms + COMMIT_EVERY_MS;
    }
    if (now_ms >= tick_at_ms) {
      life_tick (poll->life);
      backlog_tell (poll->backlog);
      note_unpublished (poll);
      tick_at_ms = now_ms + TICK_EVERY_MS;
    }
  }
  return FALSE;
}
