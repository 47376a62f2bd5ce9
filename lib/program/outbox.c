/* The outbox, see outbox.h: its face, and its thread, which hands rows on to those who each do one
 * thing with them. In turn it publishes again what was not taken, deletes what was published, notes
 * what was refused, and looks for what nobody else will publish. What it shares with other threads
 * is in the flight, under the flight's lock; all else is its own. */
#include "program/outbox.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "db/connection.h"
#include "program/outbox-deleter.h"
#include "program/outbox-finder.h"
#include "program/outbox-flight.h"
#include "program/outbox-refusal.h"
#include "program/outbox.sql.h"
#include "program/topic-limits.h"

#define WAIT_MAX_MS  5000
#define GATHER_MS    20  /* deletions gather this long */
#define LOCK_MAX_MS  500 /* how long a statement waits for somebody's row */
#define RETRY_MS     500
#define RETRY_MAX_MS 10000 /* while the database cannot work */

struct Outbox {
  TopicLimits *limits;
  char *database_url, *instance_id;
  OutboxNoter noter;
  Lease *relay;
  Health *health;
  OutboxFlight *flight;
  GThread *thread;
  OutboxDeleter *deleter; /* this and what follows is the thread's */
  OutboxFinder *finder;
  Backoff database_pause;
};

/* --- The thread --- */

/* When the next thing is due that nobody will wake us for; may be over. */
static gint64
next_due_ms (const Outbox *outbox)
{
  gint64 until_ms = clock_monotonic_ms () + WAIT_MAX_MS;

  return MIN (until_ms,
              MIN (outbox_finder_due_ms (outbox->finder), outbox_deleter_due_ms (outbox->deleter)));
}

static Db *
open_database (Outbox *outbox, GError **error)
{
  Db *db = db_open (outbox->database_url, error);

  if (db && (!db_set_timeouts (db, LOCK_MAX_MS, DB_STATEMENT_TIMEOUT_MS, error) ||
             !db_execute (db, NULL, error, SQL_OUTBOX_ASYNCHRONOUS, "")))
    g_clear_pointer (&db, db_close);
  return db;
}

/* FALSE: stop. */
static gboolean
wait_for_database (Outbox *outbox, const GError *error)
{
  health_note_trouble (outbox->health, "outbox",
                       error ? error->message : "the database does not answer");
  return outbox_flight_pause (outbox->flight, backoff_failed (&outbox->database_pause));
}

static gboolean
note_refusals (Outbox *outbox, Db *db, GPtrArray *refusals, GError **error)
{
  while (refusals->len > 0) {
    OutboxRefusal *refusal = g_ptr_array_index (refusals, 0);
    g_autoptr (GPtrArray) events = NULL;

    if (!outbox_refusal_note (refusal, db, &outbox->noter, &events, error))
      return FALSE;
    if (events)
      outbox_flight_publish (outbox->flight, events);
    outbox_finder_note_refused (outbox->finder, refusal->row->instance_id == NULL);
    outbox_flight_forget (outbox->flight, g_steal_pointer (&refusal->row));
    g_ptr_array_remove_index (refusals, 0);
  }
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Outbox *outbox = data;
  Db *db = NULL;
  gint64 last_deleted_ms = 0;
  gboolean go_on = TRUE;

  while (go_on) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) published = NULL;
    g_autoptr (GPtrArray) refused = NULL;

    go_on = outbox_flight_wait (outbox->flight, next_due_ms (outbox), last_deleted_ms + GATHER_MS,
                                &published, &refused);
    if (!go_on)
      break;
    outbox_flight_publish_due (outbox->flight, outbox_finder_follow_lease (outbox->finder));
    if (!db)
      db = open_database (outbox, &error);
    if (!db || !outbox_deleter_delete (outbox->deleter, db, published, &error) ||
        !outbox_deleter_delete_held (outbox->deleter, db, &error) ||
        !note_refusals (outbox, db, refused, &error) ||
        !outbox_finder_look (outbox->finder, db, &error)) {
      outbox_flight_give_back (outbox->flight, published, refused);
      g_clear_pointer (&db, db_close);
      go_on = wait_for_database (outbox, error);
    } else {
      health_note_trouble (outbox->health, "outbox", NULL);
      backoff_succeeded (&outbox->database_pause);
    }
    topic_limits_learn_again (outbox->limits, outbox_flight_handle (outbox->flight));
    last_deleted_ms = clock_monotonic_ms ();
    outbox_flight_rest (outbox->flight);
  }
  db_close (db);
  return NULL;
}

/* --- Start and end --- */

/* The thread's, which borrow what is the outbox's. */
static void
make_parts (Outbox *outbox, const OutboxOptions *options)
{
  OutboxFinderOptions finder = { .instance_id = outbox->instance_id,
                                 .instance_timeout_ms = options->instance_timeout_ms,
                                 .relay = options->relay,
                                 .flight = outbox->flight };

  outbox->noter = (OutboxNoter){ .instance_id = outbox->instance_id,
                                 .refused = options->refused,
                                 .data = options->data };
  outbox->deleter = outbox_deleter_new (outbox->instance_id, outbox->flight);
  finder.deleter = outbox->deleter;
  outbox->finder = outbox_finder_new (&finder);
}

static void
wake_for_lease (gpointer data)
{
  Outbox *outbox = data;

  outbox_flight_ask (outbox->flight, OUTBOX_FOLLOW_LEASE);
}

Outbox *
outbox_new (const Settings *settings, const OutboxOptions *options, GError **error)
{
  Outbox *outbox = g_new0 (Outbox, 1);

  outbox->limits = topic_limits_new (settings_boolean (settings, "broker-admin"));
  outbox->database_url = g_strdup (options->database_url);
  outbox->instance_id = g_strdup (options->instance_id);
  outbox->relay = options->relay;
  outbox->health = options->health;
  backoff_init (&outbox->database_pause, RETRY_MS, RETRY_MAX_MS);
  outbox->flight = outbox_flight_new (settings, outbox->limits, error);
  if (!outbox->flight) {
    outbox_free (outbox);
    return NULL;
  }
  make_parts (outbox, options);
  if (outbox->relay)
    lease_on_change (outbox->relay, wake_for_lease, outbox);
  outbox->thread = g_thread_new ("outbox", work, outbox);
  return outbox;
}

void
outbox_free (Outbox *outbox)
{
  if (!outbox)
    return;
  if (outbox->relay)
    lease_on_change (outbox->relay, NULL, NULL);
  if (outbox->thread) {
    outbox_flight_stop (outbox->flight);
    g_thread_join (outbox->thread);
  }
  outbox_finder_free (outbox->finder);
  outbox_flight_free (outbox->flight);
  outbox_deleter_free (outbox->deleter);
  topic_limits_free (outbox->limits);
  g_free (outbox->database_url);
  g_free (outbox->instance_id);
  g_free (outbox);
}

/* --- What others ask --- */

void
outbox_publish (Outbox *outbox, GPtrArray *rows)
{
  outbox_flight_publish (outbox->flight, rows);
}

void
outbox_sweep_soon (Outbox *outbox)
{
  outbox_flight_ask (outbox->flight, OUTBOX_SWEEP);
}

guint
outbox_waiting (Outbox *outbox)
{
  return outbox_flight_waiting (outbox->flight);
}

gboolean
outbox_flush (Outbox *outbox, gint64 timeout_ms)
{
  return outbox_flight_flush (outbox->flight, timeout_ms);
}

rd_kafka_t *
outbox_kafka_handle (Outbox *outbox)
{
  return outbox_flight_handle (outbox->flight);
}

gboolean
outbox_is_fatal (Outbox *outbox)
{
  return outbox_flight_is_fatal (outbox->flight);
}

/* --- Topics --- */

gboolean
outbox_learn_topics (Outbox *outbox, const char *const *topics, int timeout_ms, GError **error)
{
  gsize least;

  if (!topic_limits_learn (outbox->limits, outbox_flight_handle (outbox->flight), topics,
                           timeout_ms, error))
    return FALSE;
  least = topic_limits_least (outbox->limits);
  return least >= KAFKA_BATCH_BYTES || outbox_flight_limit_batches (outbox->flight, least, error);
}

gsize
outbox_record_limit (Outbox *outbox, const char *topic)
{
  return topic_limits_record (outbox->limits, topic);
}

int
outbox_partitions (Outbox *outbox, const char *topic)
{
  return topic_limits_partitions (outbox->limits, topic);
}
