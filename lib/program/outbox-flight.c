/* What is in flight, see outbox-flight.h. */
#include "program/outbox-flight.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/outbox-known.h"
#include "program/outbox-turns.h"
#include "program/tally.h"

struct OutboxFlight {
  const Settings *settings;
  TopicLimits *limits;
  const char *topic_prefix; /* borrowed from the settings */
  KafkaProducer *producer;  /* set under the lock, and before there are rows */
  GMutex lock;              /* of what follows */
  GCond changed;
  OutboxKnown *known;
  OutboxTurns *turns;
  guint errands; /* OutboxErrand */
  gboolean stopping;
  gboolean busy; /* the outbox's thread has rows to delete or to note */
};

/* --- Reports; under the lock --- */

static void
publish_alone (OutboxFlight *flight, OutboxRow *row)
{
  row->goes_alone = TRUE;
  outbox_turns_alone (flight->turns, row->ticket);
  g_cond_broadcast (&flight->changed);
}

/* A row may be older than the prefix. */
static const char *
plain_topic (const OutboxFlight *flight, const char *topic)
{
  return g_str_has_prefix (topic, flight->topic_prefix) ? topic + strlen (flight->topic_prefix)
                                                        : topic;
}

static void
note_published (OutboxFlight *flight, guint64 ticket, KafkaPlace place)
{
  const OutboxRow *row = outbox_known_publish (flight->known, ticket, place);

  outbox_turns_note_taken (flight->turns);
  if (!row)
    return;
  tally_published (plain_topic (flight, row->topic), row->headers);
  if (outbox_known_to_delete (flight->known) == 1 || flight->stopping)
    g_cond_broadcast (&flight->changed);
}

/* A broker refuses a batch as a whole, so what is refused goes once more, alone, before the refusal
 * is its own. */
static void
note_refused (OutboxFlight *flight, guint64 ticket, const char *text)
{
  OutboxRow *row = outbox_known_find (flight->known, ticket);

  if (!row)
    return;
  if (!row->goes_alone) {
    publish_alone (flight, row);
    return;
  }
  metrics_count (METRIC_OUTBOX_REFUSALS, 1, NULL);
  outbox_known_refuse (flight->known, ticket, text);
  topic_limits_learn_soon (flight->limits);
  g_cond_broadcast (&flight->changed);
}

static void
note_not_published (OutboxFlight *flight, guint64 ticket, const char *text)
{
  const OutboxRow *row = outbox_known_find (flight->known, ticket);

  log_limited (LOG_LEVEL_WARNING, "outbox", "a record was not published, and will be again",
               "topic", row ? row->topic : NULL, "error", text, NULL);
  if (!row)
    return;
  if (row->goes_alone)
    outbox_turns_alone_again (flight->turns, ticket, clock_monotonic_ms ());
  else
    outbox_turns_again (flight->turns, ticket, clock_monotonic_ms ());
  g_cond_broadcast (&flight->changed);
}

/* Runs in the producer's thread; the opaque is the row's ticket, so that a report never refers to
 * freed memory. */
static void
reported (gpointer opaque, KafkaReport report, KafkaPlace place, const char *text, gpointer data)
{
  OutboxFlight *flight = data;
  guint64 ticket = (guint64)(guintptr)opaque;

  g_mutex_lock (&flight->lock);
  if (outbox_turns_note_back (flight->turns, ticket))
    g_cond_broadcast (&flight->changed);
  switch (report) {
  case KAFKA_PUBLISHED:
    CRASH_POINT ("outbox/reported");
    note_published (flight, ticket, place);
    break;
  case KAFKA_REFUSED:
    note_refused (flight, ticket, text);
    break;
  case KAFKA_NOT_PUBLISHED:
    note_not_published (flight, ticket, text);
    break;
  }
  g_mutex_unlock (&flight->lock);
}

/* --- Publishing --- */

/* Not under the lock: a full local queue and a refusal are reported at once, in this thread. A row
 * that waits is freed at its report only. */
static void
hand_over (OutboxFlight *flight, const OutboxRow *row)
{
  guint64 ticket = row->ticket;

  if (!kafka_producer_send (flight->producer, row->topic, row->partition, row->key, row->value,
                            row->headers, (gpointer)(guintptr)ticket))
    reported ((gpointer)(guintptr)ticket, KAFKA_NOT_PUBLISHED, (KafkaPlace){ -1, -1 },
              "the producer's queue is full", flight);
}

void
outbox_flight_publish (OutboxFlight *flight, GPtrArray *rows)
{
  g_autoptr (GPtrArray) mine = g_ptr_array_new ();

  if (rows->len == 0)
    return;
  g_mutex_lock (&flight->lock);
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);

    if (!outbox_known_add (flight->known, row))
      outbox_row_free (row); /* a sweep was faster */
    else if (row->goes_alone)
      publish_alone (flight, row);
    else
      g_ptr_array_add (mine, row);
  }
  g_mutex_unlock (&flight->lock);
  g_free (g_ptr_array_steal (rows, NULL)); /* the rows themselves are taken */
  CRASH_POINT ("outbox/before-publish");
  /* A row is freed at its report only, and each is sent once here, so it is still there when its
   * turn comes. */
  for (guint i = 0; i < mine->len; i++)
    hand_over (flight, g_ptr_array_index (mine, i));
  CRASH_POINT ("outbox/after-publish");
}

/* A process that is no longer the relay leaves others' rows to who is. */
static OutboxRow *
still_ours (OutboxFlight *flight, guint64 ticket, gboolean is_relay)
{
  OutboxRow *row = outbox_known_find (flight->known, ticket);

  if (!row || !row->instance_id || is_relay)
    return row;
  outbox_known_drop (flight->known, ticket);
  return NULL;
}

static void
publish_again (OutboxFlight *flight, gboolean is_relay)
{
  GQueue tickets;
  guint64 *ticket;

  g_mutex_lock (&flight->lock);
  tickets = outbox_turns_take_again (flight->turns, clock_monotonic_ms ());
  g_mutex_unlock (&flight->lock);
  while ((ticket = g_queue_pop_head (&tickets))) {
    OutboxRow *row;

    g_mutex_lock (&flight->lock);
    row = still_ours (flight, *ticket, is_relay);
    g_mutex_unlock (&flight->lock);
    if (row)
      hand_over (flight, row);
    g_free (ticket);
  }
}

static void
publish_next_alone (OutboxFlight *flight, gboolean is_relay)
{
  OutboxRow *row = NULL;
  guint64 ticket;

  g_mutex_lock (&flight->lock);
  while (!row && (ticket = outbox_turns_next_alone (flight->turns, clock_monotonic_ms ())) != 0) {
    row = still_ours (flight, ticket, is_relay);
    if (!row)
      (void)outbox_turns_note_back (flight->turns, ticket); /* nothing goes out */
  }
  g_mutex_unlock (&flight->lock);
  if (row)
    hand_over (flight, row);
}

void
outbox_flight_publish_due (OutboxFlight *flight, gboolean is_relay)
{
  publish_again (flight, is_relay);
  publish_next_alone (flight, is_relay);
}

/* --- What the outbox's thread waits for, and takes --- */

static gboolean
has_work (const OutboxFlight *flight)
{
  return outbox_known_to_delete (flight->known) > 0 || outbox_known_to_note (flight->known) > 0 ||
         flight->errands != 0 || outbox_turns_are_due (flight->turns, clock_monotonic_ms ());
}

static void
wait_until (OutboxFlight *flight, gint64 until_ms)
{
  g_cond_wait_until (&flight->changed, &flight->lock,
                     g_get_monotonic_time () + (until_ms - clock_monotonic_ms () + 1) * 1000);
}

gboolean
outbox_flight_wait (OutboxFlight *flight, gint64 until_ms, gint64 gather_until_ms,
                    GPtrArray **ret_published, GPtrArray **ret_refused)
{
  gboolean go_on;

  g_mutex_lock (&flight->lock);
  while (!flight->stopping && !has_work (flight) &&
         clock_monotonic_ms () < outbox_turns_due_ms (flight->turns, until_ms))
    wait_until (flight, outbox_turns_due_ms (flight->turns, until_ms));
  if (outbox_known_to_delete (flight->known) > 0)
    while (clock_monotonic_ms () < gather_until_ms && !flight->stopping)
      wait_until (flight, gather_until_ms);
  outbox_known_take (flight->known, ret_published, ret_refused);
  flight->busy = (*ret_published)->len > 0 || (*ret_refused)->len > 0;
  go_on = !flight->stopping || flight->busy;
  g_mutex_unlock (&flight->lock);
  return go_on;
}

void
outbox_flight_rest (OutboxFlight *flight)
{
  g_mutex_lock (&flight->lock);
  flight->busy = FALSE;
  g_cond_broadcast (&flight->changed);
  g_mutex_unlock (&flight->lock);
}

gboolean
outbox_flight_pause (OutboxFlight *flight, gint64 ms)
{
  gboolean go_on;

  g_mutex_lock (&flight->lock);
  go_on = !flight->stopping;
  if (go_on)
    wait_until (flight, clock_monotonic_ms () + ms);
  g_mutex_unlock (&flight->lock);
  return go_on;
}

gboolean
outbox_flight_take_errand (OutboxFlight *flight, OutboxErrand errand)
{
  gboolean is_asked;

  g_mutex_lock (&flight->lock);
  is_asked = (flight->errands & errand) != 0;
  flight->errands &= ~(guint)errand;
  g_mutex_unlock (&flight->lock);
  return is_asked;
}

gboolean
outbox_flight_knows (OutboxFlight *flight, const OutboxRow *row)
{
  gboolean is_known;

  g_mutex_lock (&flight->lock);
  is_known = outbox_known_has (flight->known, row);
  g_mutex_unlock (&flight->lock);
  return is_known;
}

guint
outbox_flight_of_others (OutboxFlight *flight)
{
  guint count;

  g_mutex_lock (&flight->lock);
  count = outbox_known_of_others (flight->known);
  g_mutex_unlock (&flight->lock);
  return count;
}

void
outbox_flight_forget (OutboxFlight *flight, OutboxRow *row_taken)
{
  g_mutex_lock (&flight->lock);
  outbox_known_forget (flight->known, row_taken);
  g_mutex_unlock (&flight->lock);
}

void
outbox_flight_forget_all (OutboxFlight *flight, GPtrArray *rows)
{
  g_mutex_lock (&flight->lock);
  for (guint i = 0; i < rows->len; i++)
    outbox_known_forget (flight->known, g_ptr_array_index (rows, i));
  g_mutex_unlock (&flight->lock);
  g_ptr_array_set_size (rows, 0);
}

void
outbox_flight_give_back (OutboxFlight *flight, GPtrArray *published, GPtrArray *refused)
{
  g_mutex_lock (&flight->lock);
  outbox_known_put_back (flight->known, published, refused);
  g_mutex_unlock (&flight->lock);
}

/* --- What others ask --- */

void
outbox_flight_ask (OutboxFlight *flight, OutboxErrand errand)
{
  g_mutex_lock (&flight->lock);
  flight->errands |= errand;
  g_cond_broadcast (&flight->changed);
  g_mutex_unlock (&flight->lock);
}

void
outbox_flight_stop (OutboxFlight *flight)
{
  g_mutex_lock (&flight->lock);
  flight->stopping = TRUE;
  g_cond_broadcast (&flight->changed);
  g_mutex_unlock (&flight->lock);
}

guint
outbox_flight_waiting (OutboxFlight *flight)
{
  guint count;

  g_mutex_lock (&flight->lock);
  count = outbox_known_waiting (flight->known);
  g_mutex_unlock (&flight->lock);
  return count;
}

gboolean
outbox_flight_flush (OutboxFlight *flight, gint64 timeout_ms)
{
  gint64 until = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean done;

  g_mutex_lock (&flight->lock);
  while (!(done = outbox_known_waiting (flight->known) == 0 &&
                  outbox_known_to_delete (flight->known) == 0 &&
                  outbox_known_to_note (flight->known) == 0 && !flight->busy)) {
    if (g_get_monotonic_time () >= until)
      break;
    g_cond_wait_until (&flight->changed, &flight->lock,
                       MIN (until, g_get_monotonic_time () + 20000));
  }
  g_mutex_unlock (&flight->lock);
  return done;
}

/* --- The producer --- */

rd_kafka_t *
outbox_flight_handle (OutboxFlight *flight)
{
  return kafka_producer_handle (flight->producer);
}

gboolean
outbox_flight_is_fatal (OutboxFlight *flight)
{
  gboolean is_fatal;

  g_mutex_lock (&flight->lock);
  is_fatal = kafka_producer_is_fatal (flight->producer);
  g_mutex_unlock (&flight->lock);
  return is_fatal;
}

gboolean
outbox_flight_limit_batches (OutboxFlight *flight, gsize bytes, GError **error)
{
  KafkaProducer *former;
  KafkaProducer *producer = kafka_producer_new (flight->settings, bytes, reported, flight, error);

  if (!producer)
    return FALSE;
  g_mutex_lock (&flight->lock);
  former = flight->producer; /* nothing has been sent by it yet */
  flight->producer = producer;
  g_mutex_unlock (&flight->lock);
  kafka_producer_free (former);
  return TRUE;
}

OutboxFlight *
outbox_flight_new (const Settings *settings, TopicLimits *limits, GError **error)
{
  OutboxFlight *flight = g_new0 (OutboxFlight, 1);

  g_mutex_init (&flight->lock);
  g_cond_init (&flight->changed);
  flight->settings = settings;
  flight->limits = limits;
  flight->topic_prefix = settings_text (settings, "topic-prefix");
  flight->known = outbox_known_new ();
  flight->turns = outbox_turns_new ();
  flight->producer = kafka_producer_new (settings, KAFKA_BATCH_BYTES, reported, flight, error);
  if (!flight->producer) {
    outbox_flight_free (flight);
    return NULL;
  }
  return flight;
}

void
outbox_flight_free (OutboxFlight *flight)
{
  if (!flight)
    return;
  kafka_producer_free (flight->producer);
  outbox_turns_free (flight->turns);
  outbox_known_free (flight->known);
  g_mutex_clear (&flight->lock);
  g_cond_clear (&flight->changed);
  g_free (flight);
}
