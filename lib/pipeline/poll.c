/* The poll thread, see poll.h. */
#include "pipeline/poll.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/text.h"
#include "kafka/consumer.h"

#define COMMIT_EVERY_MS 1000
#define TICK_EVERY_MS   1000
#define SLEEP_MAX_MS    500
#define TICK_OLD_MS     60000
#define OUTBOX_WAITING_MAX                                                                         \
  20000 /* more rows than this without a delivery report: nothing new is taken */

struct Poll {
  const Context *context;
  Window *window;
  Life *life;
  KafkaConsumer *kafka;
  int wake_fd;
  gint is_woken;     /* atomic: the descriptor has been written to since the last look */
  gint last_look_ms; /* atomic; of the monotonic clock, as far as it fits */
  gboolean was_away;
};

void
poll_wake (gpointer data)
{
  Poll *poll = data;
  guint64 one = 1;

  if (g_atomic_int_compare_and_exchange (&poll->is_woken, FALSE, TRUE))
    (void)!write (poll->wake_fd, &one, sizeof one); /* full only when it is awake already */
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
  poll->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  poll->last_look_ms = (gint)clock_monotonic_ms ();
  return poll;
}

void
poll_free (Poll *poll)
{
  if (!poll)
    return;
  kafka_consumer_free (poll->kafka);
  close (poll->wake_fd);
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
  life_assign (poll->life, lane);
  return lane;
}

static void
on_revoke (GPtrArray *lanes, gboolean lost, gpointer data)
{
  Poll *poll = data;

  life_revoke (poll->life, lanes, lost,
               settings_number (poll->context->settings, "revoke-drain-ms"), store, poll);
}

gboolean
poll_join (Poll *poll, Life *life, char **topics, GError **error)
{
  static const KafkaConsumerEvents events = { on_assign, on_revoke };
  g_autofree char *group = program_topic (poll->context->program, poll->context->consumer->name);

  poll->life = life;
  poll->kafka =
      kafka_consumer_new (poll->context->settings, group, &events, poll, poll->wake_fd, error);
  return poll->kafka && kafka_consumer_subscribe (poll->kafka, topics, error);
}

void
poll_leave (Poll *poll)
{
  kafka_consumer_close (poll->kafka);
}

/* --- Reading --- */

static Delivery *
read_next (gpointer source, Partition *partition, gpointer data G_GNUC_UNUSED)
{
  rd_kafka_message_t *message = kafka_partition_take (source);

  return message ? delivery_of_message (partition, message, clock_database_now_ms ()) : NULL;
}

static WindowMoment
moment_now (const Poll *poll)
{
  Breaker *breaker = context_breaker (poll->context, NULL);
  guint in_flight = poll->context->in_flight;

  return (WindowMoment){
    .now_ms = clock_monotonic_ms (),
    .database_now_ms = clock_database_now_ms (),
    .database_error_ms = clock_database_error_ms (),
    .allowed = breaker ? breaker_limit (breaker, in_flight) : in_flight,
    .away_since_ms = breaker ? breaker_open_since_ms (breaker) : 0,
    .may_read = outbox_waiting (program_outbox (poll->context->program)) <= OUTBOX_WAITING_MAX,
  };
}

static void
hand_out (Poll *poll)
{
  const WindowMoment moment = moment_now (poll);
  g_autoptr (GPtrArray) to_take = g_ptr_array_new ();
  gboolean is_away = moment.allowed == 0 && moment.away_since_ms > 0;

  if (is_away && !poll->was_away)
    life_give_back (poll->life);
  poll->was_away = is_away;
  window_hand_out (poll->window, &moment, read_next, poll, to_take);
  if (!GUARD (COMMIT_LAST))
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

/* *ret_stops: a signal has come. */
static gboolean
look (Poll *poll, gboolean *ret_stops, GError **error)
{
  guint64 count;

  *ret_stops = sleep_until_woken (poll->wake_fd, program_signal_fd (poll->context->program),
                                  sleeps_ms (poll));
  g_atomic_int_set (&poll->is_woken, FALSE);
  (void)!read (poll->wake_fd, &count, sizeof count);
  if (*ret_stops)
    return TRUE;
  if (!kafka_consumer_serve (poll->kafka, 0, error))
    return FALSE;
  g_atomic_int_set (&poll->last_look_ms, (gint)clock_monotonic_ms ());
  hand_out (poll);
  window_store (poll->window, store, poll);
  return TRUE;
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
      tick_at_ms = now_ms + TICK_EVERY_MS;
    }
  }
  return FALSE;
}
