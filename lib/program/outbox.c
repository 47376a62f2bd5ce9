/* The outbox, see outbox.h. One thread deletes published rows, publishes again what was not taken,
 * notes refusals, and relays. */
#include "program/outbox.h"

#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "db/connection.h"
#include "program/outbox.sql.h"
#include "program/tally.h"
#include "program/topic-limits.h"

#define RETRY_MS        500
#define RETRY_MAX_MS    10000 /* while nothing at all is taken, or the database cannot work */
#define LOOK_MS         1000  /* between two looks for rows of dead instances */
#define GATHER_MS       20    /* deletions gather this long */
#define LOCK_MAX_MS     500   /* how long a statement waits for somebody's row */
#define HELD_BATCH_MS   2000  /* and all those that are tried alone, at a time */
#define HELD_FIRST_MS   1000  /* before what somebody held is tried again; doubled */
#define HELD_MAX_MS     60000
#define SWEEP_MS        60000
#define SWEEPS_SOON     5     /* a COMMIT without an answer may become visible late */
#define SWEEP_AGE_MS    1000  /* younger rows are about to be published by who has committed them */
#define STATE_MS        10000 /* between two looks at what waits */
#define OLD_MS          60000 /* what waits longer is told, once in this time */
#define PAGE_ROWS       1000  /* rows read at a time */
#define RELAY_MAX_ROWS  5000  /* of dead instances, in memory */
#define FOREIGN_TICKETS (G_GUINT64_CONSTANT (1) << 62) /* below: numbers of our own rows */
#define NO_INSTANCE     "00000000-0000-0000-0000-000000000000"

typedef struct {
  OutboxRow *row;
  char *text;
} Refusal;

struct Outbox {
  KafkaProducer *producer;
  const Settings *settings;
  TopicLimits *limits;
  const char *topic_prefix; /* borrowed from the settings */
  char *database_url, *instance_id;
  gint64 instance_timeout_ms;
  OutboxRefused refused_hook;
  gpointer hook_data;
  Lease *relay;
  Health *health;
  GThread *thread;
  GMutex lock;
  GCond changed;
  GHashTable
      *waiting; /* ticket -> OutboxRow *: handed to the producer or waiting to be; owns the rows */
  GHashTable
      *foreign; /* set of OutboxRow *: those of other instances that are known here; borrowed */
  guint64 next_foreign;
  GQueue again; /* tickets to publish again at again_at_ms */
  gint64 again_at_ms, again_pause_ms;
  GQueue alone;      /* tickets to publish one at a time, from alone_at_ms on */
  guint64 alone_now; /* the one that is out; 0: none */
  gint64 alone_at_ms;
  GPtrArray *published; /* of OutboxRow *: to delete */
  GPtrArray *held;      /* of OutboxRow *: published, and somebody holds what deleting them needs */
  GPtrArray *refused;   /* of Refusal *: to note */
  gboolean is_relay, has_lease_changed, sweep, stopping, busy;
  guint sweeps_left;
  gint64 sweep_at_ms, look_at_ms, state_at_ms, old_told_ms;
  gint64 own_refused_at_ms; /* when to look for own refused rows that are due; 0: there are none */
  gint64 held_at_ms;        /* when those that are held are tried again; 0: there are none */
  Backoff database_pause, held_pause; /* the thread's */
};

static void
refusal_free (gpointer data)
{
  Refusal *refusal = data;

  outbox_row_free (refusal->row);
  g_free (refusal->text);
  g_free (refusal);
}

/* --- Rows that are known here; all under the lock --- */

static guint
hash_of_row (gconstpointer data)
{
  const OutboxRow *row = data;

  return g_str_hash (row->instance_id) ^ g_int64_hash (&row->id);
}

static gboolean
is_same_row (gconstpointer a, gconstpointer b)
{
  const OutboxRow *one = a, *other = b;

  return one->id == other->id && strcmp (one->instance_id, other->instance_id) == 0;
}

static guint64 *
ticket_new (guint64 ticket)
{
  guint64 *copy = g_new (guint64, 1);

  *copy = ticket;
  return copy;
}

static void
forget (Outbox *outbox, OutboxRow *row)
{
  if (row->instance_id)
    g_hash_table_remove (outbox->foreign, row);
  outbox_row_free (row);
}

static OutboxRow *
steal_waiting (Outbox *outbox, guint64 ticket)
{
  gpointer key = NULL, row = NULL;

  if (!g_hash_table_steal_extended (outbox->waiting, &ticket, &key, &row))
    return NULL;
  g_free (key);
  return row;
}

/* FALSE: it is known already, and is the caller's. */
static gboolean
take_in (Outbox *outbox, OutboxRow *row)
{
  if (row->instance_id) {
    if (g_hash_table_contains (outbox->foreign, row))
      return FALSE;
    g_hash_table_add (outbox->foreign, row);
    row->ticket = FOREIGN_TICKETS + ++outbox->next_foreign;
  } else {
    row->ticket = (guint64)row->id;
    if (g_hash_table_contains (outbox->waiting, &row->ticket))
      return FALSE;
  }
  g_hash_table_insert (outbox->waiting, ticket_new (row->ticket), row);
  return TRUE;
}

static void
publish_later (Outbox *outbox, guint64 ticket)
{
  if (outbox->again.length == 0)
    outbox->again_at_ms = clock_monotonic_ms () + outbox->again_pause_ms;
  g_queue_push_tail (&outbox->again, ticket_new (ticket));
  g_cond_broadcast (&outbox->changed);
}

static void
publish_alone (Outbox *outbox, OutboxRow *row)
{
  row->goes_alone = TRUE;
  g_queue_push_tail (&outbox->alone, ticket_new (row->ticket));
  g_cond_broadcast (&outbox->changed);
}

/* A row may be older than the prefix. */
static const char *
plain_topic (const Outbox *outbox, const char *topic)
{
  return g_str_has_prefix (topic, outbox->topic_prefix) ? topic + strlen (outbox->topic_prefix)
                                                        : topic;
}

static void
note_published (Outbox *outbox, guint64 ticket, KafkaPlace place)
{
  OutboxRow *row = steal_waiting (outbox, ticket);

  outbox->again_pause_ms = RETRY_MS;
  if (!row)
    return;
  tally_published (plain_topic (outbox, row->topic), row->headers);
  row->place = place;
  g_ptr_array_add (outbox->published, row);
  if (outbox->published->len == 1 || outbox->stopping)
    g_cond_broadcast (&outbox->changed);
}

/* A broker refuses a batch as a whole, so what is refused goes once more, alone, before the refusal
 * is its own. */
static void
note_refused (Outbox *outbox, guint64 ticket, const char *text)
{
  OutboxRow *row = g_hash_table_lookup (outbox->waiting, &ticket);
  Refusal *refusal;

  if (!row)
    return;
  if (!row->goes_alone) {
    publish_alone (outbox, row);
    return;
  }
  metrics_count (METRIC_OUTBOX_REFUSALS, 1, NULL);
  refusal = g_new0 (Refusal, 1);
  refusal->row = steal_waiting (outbox, ticket);
  refusal->text = g_strdup (text);
  g_ptr_array_add (outbox->refused, refusal);
  topic_limits_learn_soon (outbox->limits);
  g_cond_broadcast (&outbox->changed);
}

static void
note_not_published (Outbox *outbox, guint64 ticket, const char *text)
{
  const OutboxRow *row = g_hash_table_lookup (outbox->waiting, &ticket);

  log_limited (LOG_LEVEL_WARNING, "outbox", "a record was not published, and will be again",
               "topic", row ? row->topic : NULL, "error", text, NULL);
  if (row && row->goes_alone) {
    outbox->alone_at_ms = clock_monotonic_ms () + RETRY_MS;
    g_queue_push_tail (&outbox->alone, ticket_new (ticket));
    g_cond_broadcast (&outbox->changed);
  } else if (row) {
    publish_later (outbox, ticket);
  }
}

/* Runs in the producer's thread; the opaque is the row's ticket, so that a report never refers to
 * freed memory. */
static void
reported (gpointer opaque, KafkaReport report, KafkaPlace place, const char *text, gpointer data)
{
  Outbox *outbox = data;
  guint64 ticket = (guint64)(guintptr)opaque;

  g_mutex_lock (&outbox->lock);
  if (outbox->alone_now == ticket) {
    outbox->alone_now = 0;
    g_cond_broadcast (&outbox->changed);
  }
  switch (report) {
  case KAFKA_PUBLISHED:
    CRASH_POINT ("outbox/reported");
    note_published (outbox, ticket, place);
    break;
  case KAFKA_REFUSED:
    note_refused (outbox, ticket, text);
    break;
  case KAFKA_NOT_PUBLISHED:
    note_not_published (outbox, ticket, text);
    break;
  }
  g_mutex_unlock (&outbox->lock);
}

/* Not under the lock: a full local queue and a refusal are reported at once, in this thread. A row
 * that waits is freed at its report only. */
static void
hand_over (Outbox *outbox, const OutboxRow *row)
{
  guint64 ticket = row->ticket;

  if (!kafka_producer_send (outbox->producer, row->topic, row->partition, row->key, row->value,
                            row->headers, (gpointer)(guintptr)ticket))
    reported ((gpointer)(guintptr)ticket, KAFKA_NOT_PUBLISHED, (KafkaPlace){ -1, -1 },
              "the producer's queue is full", outbox);
}

void
outbox_publish (Outbox *outbox, GPtrArray *rows)
{
  g_autoptr (GPtrArray) mine = g_ptr_array_new ();
  GDestroyNotify none = NULL;

  if (rows->len == 0)
    return;
  g_mutex_lock (&outbox->lock);
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);

    if (!take_in (outbox, row))
      outbox_row_free (row); /* a sweep was faster */
    else if (row->goes_alone)
      publish_alone (outbox, row);
    else
      g_ptr_array_add (mine, row);
  }
  g_mutex_unlock (&outbox->lock);
  g_ptr_array_set_free_func (rows, none);
  g_ptr_array_set_size (rows, 0);
  g_ptr_array_set_free_func (rows, outbox_row_free);
  CRASH_POINT ("outbox/before-publish");
  /* A row is freed at its report only, and each is sent once here, so it is still there when its
   * turn comes. */
  for (guint i = 0; i < mine->len; i++)
    hand_over (outbox, g_ptr_array_index (mine, i));
  CRASH_POINT ("outbox/after-publish");
}

/* A process that is no longer the relay leaves others' rows to who is. */
static OutboxRow *
still_ours (Outbox *outbox, guint64 ticket)
{
  OutboxRow *row = g_hash_table_lookup (outbox->waiting, &ticket);

  if (!row || !row->instance_id || outbox->is_relay)
    return row;
  forget (outbox, steal_waiting (outbox, ticket));
  return NULL;
}

static void
publish_again (Outbox *outbox)
{
  GQueue tickets = G_QUEUE_INIT;
  guint64 *ticket;

  g_mutex_lock (&outbox->lock);
  if (outbox->again.length > 0 && clock_monotonic_ms () >= outbox->again_at_ms) {
    tickets = outbox->again;
    g_queue_init (&outbox->again);
    outbox->again_pause_ms = MIN (2 * outbox->again_pause_ms, RETRY_MAX_MS);
  }
  g_mutex_unlock (&outbox->lock);
  while ((ticket = g_queue_pop_head (&tickets))) {
    OutboxRow *row;

    g_mutex_lock (&outbox->lock);
    row = still_ours (outbox, *ticket);
    g_mutex_unlock (&outbox->lock);
    if (row)
      hand_over (outbox, row);
    g_free (ticket);
  }
}

static void
publish_next_alone (Outbox *outbox)
{
  OutboxRow *row = NULL;

  g_mutex_lock (&outbox->lock);
  while (!row && outbox->alone_now == 0 && outbox->alone.length > 0 &&
         clock_monotonic_ms () >= outbox->alone_at_ms) {
    g_autofree guint64 *ticket = g_queue_pop_head (&outbox->alone);

    row = still_ours (outbox, *ticket);
    if (row)
      outbox->alone_now = *ticket;
  }
  g_mutex_unlock (&outbox->lock);
  if (row)
    hand_over (outbox, row);
}

/* --- Rows from the database --- */

static gboolean
has_ticket (const GPtrArray *rows, guint64 ticket)
{
  for (guint i = 0; i < rows->len; i++)
    if (((OutboxRow *)g_ptr_array_index (rows, i))->ticket == ticket)
      return TRUE;
  return FALSE;
}

static gboolean
is_known (Outbox *outbox, const OutboxRow *row)
{
  guint64 ticket = (guint64)row->id;

  if (row->instance_id)
    return g_hash_table_contains (outbox->foreign, row);
  if (g_hash_table_contains (outbox->waiting, &ticket))
    return TRUE;
  if (has_ticket (outbox->published, ticket) || has_ticket (outbox->held, ticket))
    return TRUE;
  for (guint i = 0; i < outbox->refused->len; i++)
    if (((Refusal *)g_ptr_array_index (outbox->refused, i))->row->ticket == ticket)
      return TRUE;
  return FALSE;
}

/* Rows that this process does not know yet are published as if just made; once a later commit is
 * acknowledged, for theirs may have ended without its standby's word, and be gone after a failover:
 * the record would be of a claim that nobody has. */
static gboolean
publish_found (Outbox *outbox, DbRows *found, Db *db, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);
  guint fresh = 0;

  for (guint i = 0; i < db_rows_count (found); i++) {
    OutboxRow *row = outbox_row_read (found, i, outbox->instance_id);
    gboolean known;

    if (!row)
      continue;
    g_mutex_lock (&outbox->lock);
    known = is_known (outbox, row);
    g_mutex_unlock (&outbox->lock);
    if (known) {
      outbox_row_free (row);
      continue;
    }
    fresh += row->goes_alone ? 0 : 1;
    g_ptr_array_add (rows, row);
  }
  if (rows->len > 0 && !db_primary_acknowledges (db, error))
    return FALSE;
  if (fresh > 0) { /* of what was refused before nothing more is said */
    char count[16];
    g_snprintf (count, sizeof count, "%u", fresh);
    log_info ("publishing outbox rows that nobody else will", "count", count, NULL);
    metrics_count (METRIC_OUTBOX_RELAYED, fresh, NULL);
  }
  outbox_publish (outbox, rows);
  return TRUE;
}

static gboolean
look_for_own (Outbox *outbox, Db *db, GError **error)
{
  gint64 after = 0;
  guint count;

  do {
    g_autoptr (DbRows) found = db_query (db, error, SQL_OUTBOX_OWN, "tiii", outbox->instance_id,
                                         after, (gint64)SWEEP_AGE_MS, (gint64)PAGE_ROWS);

    if (!found || !publish_found (outbox, found, db, error))
      return FALSE;
    count = db_rows_count (found);
    if (count > 0)
      after = db_rows_int (found, count - 1, "id");
  } while (count == PAGE_ROWS);
  return TRUE;
}

static gboolean
look_for_own_refused (Outbox *outbox, Db *db, GError **error)
{
  g_autoptr (DbRows) found =
      db_query (db, error, SQL_OUTBOX_OWN_REFUSED, "ti", outbox->instance_id, (gint64)PAGE_ROWS);
  g_autoptr (DbRows) left = NULL;

  if (!found || !publish_found (outbox, found, db, error))
    return FALSE;
  left = db_query (db, error, SQL_OUTBOX_OWN_REFUSED_COUNT, "t", outbox->instance_id);
  if (!left)
    return FALSE;
  outbox->own_refused_at_ms =
      db_rows_int (left, 0, "count") > 0 ? clock_monotonic_ms () + LOOK_MS : 0;
  return TRUE;
}

static gboolean
look_for_those_of_the_dead (Outbox *outbox, Db *db, GError **error)
{
  g_autofree char *instance_id = g_strdup (NO_INSTANCE);
  gint64 after = 0;
  guint count, known;

  do {
    g_autoptr (DbRows) found =
        db_query (db, error, SQL_OUTBOX_OF_THE_DEAD, "itii", outbox->instance_timeout_ms,
                  instance_id, after, (gint64)PAGE_ROWS);

    if (!found || !publish_found (outbox, found, db, error))
      return FALSE;
    count = db_rows_count (found);
    if (count > 0) {
      after = db_rows_int (found, count - 1, "id");
      g_free (instance_id);
      instance_id = g_strdup (db_rows_text (found, count - 1, "instance_id"));
    }
    g_mutex_lock (&outbox->lock);
    known = g_hash_table_size (outbox->foreign);
    g_mutex_unlock (&outbox->lock);
  } while (count == PAGE_ROWS && known < RELAY_MAX_ROWS);
  return TRUE;
}

/* The relay tells for all; the others' gauges are 0. */
static gboolean
tell_state (Outbox *outbox, Db *db, gint64 now, GError **error)
{
  g_autoptr (DbRows) state = db_query (db, error, SQL_OUTBOX_STATE, "");
  gint64 oldest_ms;

  if (!state)
    return FALSE;
  oldest_ms = db_rows_int (state, 0, "oldest_ms");
  metrics_gauge (METRIC_OUTBOX_REFUSED, db_rows_int (state, 0, "refused"), NULL);
  metrics_gauge (METRIC_OUTBOX_OLDEST, oldest_ms / 1000.0, NULL);
  if (oldest_ms > OLD_MS && (outbox->old_told_ms == 0 || now >= outbox->old_told_ms + OLD_MS)) {
    g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, oldest_ms / 1000);

    log_warning ("a row of the outbox waits: is the broker there, and the process that made it?",
                 "seconds", seconds, NULL);
    outbox->old_told_ms = now;
  }
  return TRUE;
}

static gboolean
look (Outbox *outbox, Db *db, GError **error)
{
  gint64 now = clock_monotonic_ms ();
  gboolean sweep, is_relay;
  guint known;

  g_mutex_lock (&outbox->lock);
  sweep = outbox->sweep || now >= outbox->sweep_at_ms;
  if (outbox->sweep)
    outbox->sweeps_left = SWEEPS_SOON;
  is_relay = outbox->is_relay && GUARD (RELAY);
  known = g_hash_table_size (outbox->foreign);
  outbox->sweep = FALSE;
  g_mutex_unlock (&outbox->lock);
  if (sweep) {
    if (!look_for_own (outbox, db, error)) {
      outbox->sweep_at_ms = now; /* what a failed look owes, the next one does */
      return FALSE;
    }
    if (outbox->sweeps_left > 0)
      outbox->sweeps_left--;
    outbox->sweep_at_ms = now + (outbox->sweeps_left > 0 ? SWEEP_AGE_MS : SWEEP_MS);
  }
  if (outbox->own_refused_at_ms && now >= outbox->own_refused_at_ms &&
      !look_for_own_refused (outbox, db, error))
    return FALSE;
  if (is_relay && now >= outbox->look_at_ms) {
    if (known < RELAY_MAX_ROWS && !look_for_those_of_the_dead (outbox, db, error))
      return FALSE;
    outbox->look_at_ms = now + LOOK_MS;
  }
  if (is_relay && now >= outbox->state_at_ms) {
    if (!tell_state (outbox, db, now, error))
      return FALSE;
    outbox->state_at_ms = now + STATE_MS;
  }
  return TRUE;
}

/* --- Reports --- */

/* Takes @rows out of memory once they are out of the database. */
static gboolean
delete_together (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  if (!outbox_rows_delete (db, outbox->instance_id, rows, error))
    return FALSE;
  g_mutex_lock (&outbox->lock);
  for (guint i = 0; i < rows->len; i++)
    forget (outbox, g_ptr_array_index (rows, i));
  g_mutex_unlock (&outbox->lock);
  g_ptr_array_set_size (rows, 0);
  return TRUE;
}

static gboolean
is_held (const GError *error)
{
  return g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT) ||
         g_error_matches (error, DB_ERROR, DB_ERROR_CONFLICT);
}

static void
hold (Outbox *outbox, OutboxRow *row, const GError *problem)
{
  if (problem) {
    log_limited (LOG_LEVEL_WARNING, "outbox-held",
                 "somebody holds a row that a published record needs; it is deleted later", "topic",
                 row->topic, "error", problem->message, NULL);
    metrics_count (METRIC_ROW_HELD, 1, NULL);
  }
  g_ptr_array_add (outbox->held, row);
}

/* What somebody holds is set aside, what there is no time for likewise; the others go. */
static gboolean
delete_singly (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  gint64 until_ms = clock_monotonic_ms () + HELD_BATCH_MS;

  for (; rows->len > 0; g_ptr_array_remove_index (rows, 0)) {
    OutboxRow *row = g_ptr_array_index (rows, 0);
    g_autoptr (GPtrArray) alone = g_ptr_array_new ();
    g_autoptr (GError) problem = NULL;

    g_ptr_array_add (alone, row);
    if (clock_monotonic_ms () < until_ms && delete_together (outbox, db, alone, &problem))
      continue;
    if (problem && !is_held (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    hold (outbox, row, problem);
  }
  return TRUE;
}

static gboolean
delete_published (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows->len == 0)
    return TRUE;
  CRASH_POINT ("outbox/before-delete");
  if (!delete_together (outbox, db, rows, &problem)) {
    if (!is_held (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (!delete_singly (outbox, db, rows, error))
      return FALSE;
  }
  CRASH_POINT ("outbox/after-delete");
  return TRUE;
}

/* Those that somebody held, when their pause is over. */
static gboolean
delete_held (Outbox *outbox, Db *db, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  gboolean is_fine;

  if (outbox->held->len > 0 && outbox->held_at_ms == 0)
    outbox->held_at_ms = clock_monotonic_ms () + backoff_failed (&outbox->held_pause);
  if (outbox->held->len == 0 || clock_monotonic_ms () < outbox->held_at_ms)
    return TRUE;
  rows = g_steal_pointer (&outbox->held);
  outbox->held = g_ptr_array_new ();
  is_fine = delete_singly (outbox, db, rows, error);
  for (guint i = 0; i < rows->len; i++)
    hold (outbox, g_ptr_array_index (rows, i), NULL);
  outbox->held_at_ms = 0;
  if (outbox->held->len == 0)
    backoff_succeeded (&outbox->held_pause);
  else
    outbox->held_at_ms = clock_monotonic_ms () + backoff_failed (&outbox->held_pause);
  return is_fine;
}

static gboolean
note_in_row (Outbox *outbox, Db *db, const Refusal *refusal, gboolean *ret_is_first,
             GPtrArray **ret_rows, GError **error)
{
  const OutboxRow *row = refusal->row;
  g_autoptr (GError) problem = NULL;

  if (!outbox_row_note_refusal (db, outbox->instance_id, row, refusal->text, ret_is_first, error))
    return FALSE;
  if (!*ret_is_first || !outbox->refused_hook ||
      outbox->refused_hook (db, row, refusal->text, ret_rows, outbox->hook_data, &problem))
    return TRUE;
  if (problem->domain == DB_ERROR) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  log_failure ("a refused record has no event", "error", problem->message, NULL);
  return TRUE;
}

static gboolean
note_refusal (Outbox *outbox, Db *db, const Refusal *refusal, GError **error)
{
  g_autoptr (GPtrArray) events = NULL;
  gboolean is_first = FALSE;

  if (!db_begin (db, error))
    return FALSE;
  if (!note_in_row (outbox, db, refusal, &is_first, &events, error) || !db_commit (db, error)) {
    db_rollback (db);
    return FALSE;
  }
  if (is_first)
    log_failure ("a topic does not take a record; it is tried again with growing pauses", "topic",
                 refusal->row->topic, "error", refusal->text, "message_id",
                 kafka_headers_get (refusal->row->headers, "dp-message-id"), NULL);
  if (events)
    outbox_publish (outbox, events);
  return TRUE;
}

static gboolean
note_refusals (Outbox *outbox, Db *db, GPtrArray *refusals, GError **error)
{
  while (refusals->len > 0) {
    Refusal *refusal = g_ptr_array_index (refusals, 0);

    if (!note_refusal (outbox, db, refusal, error))
      return FALSE;
    if (!refusal->row->instance_id)
      outbox->own_refused_at_ms = clock_monotonic_ms () + LOOK_MS;
    g_mutex_lock (&outbox->lock);
    forget (outbox, g_steal_pointer (&refusal->row));
    g_mutex_unlock (&outbox->lock);
    g_ptr_array_remove_index (refusals, 0);
    outbox->state_at_ms = 0;
  }
  return TRUE;
}

/* --- Topics --- */

gboolean
outbox_learn_topics (Outbox *outbox, const char *const *topics, int timeout_ms, GError **error)
{
  KafkaProducer *former, *producer;
  gsize least;

  if (!topic_limits_learn (outbox->limits, kafka_producer_handle (outbox->producer), topics,
                           timeout_ms, error))
    return FALSE;
  least = topic_limits_least (outbox->limits);
  if (least >= KAFKA_BATCH_BYTES)
    return TRUE;
  producer = kafka_producer_new (outbox->settings, least, reported, outbox, error);
  if (!producer)
    return FALSE;
  g_mutex_lock (&outbox->lock);
  former = outbox->producer; /* nothing has been sent by it yet */
  outbox->producer = producer;
  g_mutex_unlock (&outbox->lock);
  kafka_producer_free (former);
  return TRUE;
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

/* --- The thread --- */

static gboolean
has_work (const Outbox *outbox)
{
  gint64 now = clock_monotonic_ms ();

  return outbox->published->len > 0 || outbox->refused->len > 0 || outbox->sweep ||
         outbox->has_lease_changed || (outbox->again.length > 0 && now >= outbox->again_at_ms) ||
         (outbox->alone.length > 0 && outbox->alone_now == 0 && now >= outbox->alone_at_ms);
}

/* When the next thing is due that nobody will wake us for; may be over. */
static gint64
next_due_ms (const Outbox *outbox)
{
  gint64 due = outbox->sweep_at_ms;

  if (outbox->is_relay && GUARD (RELAY))
    due = MIN (due, MIN (outbox->look_at_ms, outbox->state_at_ms));
  if (outbox->own_refused_at_ms)
    due = MIN (due, outbox->own_refused_at_ms);
  if (outbox->held_at_ms)
    due = MIN (due, outbox->held_at_ms);
  if (outbox->again.length > 0)
    due = MIN (due, outbox->again_at_ms);
  if (outbox->alone.length > 0 && outbox->alone_now == 0)
    due = MIN (due, outbox->alone_at_ms);
  return due;
}

static void
wait_until (Outbox *outbox, gint64 until_ms)
{
  g_cond_wait_until (&outbox->changed, &outbox->lock,
                     g_get_monotonic_time () + (until_ms - clock_monotonic_ms () + 1) * 1000);
}

static GPtrArray *
steal_all (GPtrArray **array, GDestroyNotify free_func)
{
  GPtrArray *all = *array;

  *array = g_ptr_array_new_with_free_func (free_func);
  return all;
}

/* Waits until there is something to do, at most 5 s; gives what to delete and to note. FALSE: stop.
 */
static gboolean
wait_for_work (Outbox *outbox, GPtrArray **ret_published, GPtrArray **ret_refused,
               gint64 gather_until_ms)
{
  gint64 until = clock_monotonic_ms () + 5 * LOOK_MS;
  gboolean go_on;

  g_mutex_lock (&outbox->lock);
  while (!outbox->stopping && !has_work (outbox) &&
         clock_monotonic_ms () < MIN (until, next_due_ms (outbox)))
    wait_until (outbox, MIN (until, next_due_ms (outbox)));
  if (outbox->published->len > 0)
    while (clock_monotonic_ms () < gather_until_ms && !outbox->stopping)
      wait_until (outbox, gather_until_ms);
  *ret_published = steal_all (&outbox->published, NULL);
  *ret_refused = steal_all (&outbox->refused, refusal_free);
  outbox->busy = (*ret_published)->len > 0 || (*ret_refused)->len > 0;
  go_on = !outbox->stopping || outbox->busy;
  g_mutex_unlock (&outbox->lock);
  return go_on;
}

/* What could not be deleted or noted waits with what has come since. */
static void
give_back (Outbox *outbox, GPtrArray *published, GPtrArray *refused)
{
  g_mutex_lock (&outbox->lock);
  for (guint i = 0; i < published->len; i++)
    g_ptr_array_add (outbox->published, g_ptr_array_index (published, i));
  g_ptr_array_set_size (published, 0);
  while (refused->len > 0)
    g_ptr_array_add (outbox->refused, g_ptr_array_steal_index (refused, 0));
  g_mutex_unlock (&outbox->lock);
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
  gboolean go_on;

  health_note_trouble (outbox->health, "outbox",
                       error ? error->message : "the database does not answer");
  g_mutex_lock (&outbox->lock);
  go_on = !outbox->stopping;
  if (go_on)
    wait_until (outbox, clock_monotonic_ms () + backoff_failed (&outbox->database_pause));
  g_mutex_unlock (&outbox->lock);
  return go_on;
}

static void
wake_for_lease (gpointer data)
{
  Outbox *outbox = data;

  g_mutex_lock (&outbox->lock);
  outbox->has_lease_changed = TRUE;
  g_cond_broadcast (&outbox->changed);
  g_mutex_unlock (&outbox->lock);
}

/* Whether this process is the relay, by its own clock also where nobody renews the lease. */
static void
follow_lease (Outbox *outbox)
{
  gboolean is_relay;

  g_mutex_lock (&outbox->lock);
  outbox->has_lease_changed = FALSE; /* before it is asked */
  g_mutex_unlock (&outbox->lock);
  is_relay = outbox->relay && lease_is_held (outbox->relay);
  g_mutex_lock (&outbox->lock);
  if (outbox->is_relay && !is_relay) {
    metrics_gauge (METRIC_OUTBOX_REFUSED, 0, NULL);
    metrics_gauge (METRIC_OUTBOX_OLDEST, 0, NULL);
  }
  outbox->is_relay = is_relay;
  g_mutex_unlock (&outbox->lock);
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

    go_on = wait_for_work (outbox, &published, &refused, last_deleted_ms + GATHER_MS);
    if (!go_on)
      break;
    follow_lease (outbox);
    publish_again (outbox);
    publish_next_alone (outbox);
    if (!db)
      db = open_database (outbox, &error);
    if (!db || !delete_published (outbox, db, published, &error) ||
        !delete_held (outbox, db, &error) || !note_refusals (outbox, db, refused, &error) ||
        !look (outbox, db, &error)) {
      give_back (outbox, published, refused);
      g_clear_pointer (&db, db_close);
      go_on = wait_for_database (outbox, error);
    } else {
      health_note_trouble (outbox->health, "outbox", NULL);
      backoff_succeeded (&outbox->database_pause);
    }
    topic_limits_learn_again (outbox->limits, kafka_producer_handle (outbox->producer));
    last_deleted_ms = clock_monotonic_ms ();
    g_mutex_lock (&outbox->lock);
    outbox->busy = FALSE;
    g_cond_broadcast (&outbox->changed);
    g_mutex_unlock (&outbox->lock);
  }
  db_close (db);
  return NULL;
}

Outbox *
outbox_new (const Settings *settings, const OutboxOptions *options, GError **error)
{
  Outbox *outbox = g_new0 (Outbox, 1);

  g_mutex_init (&outbox->lock);
  g_cond_init (&outbox->changed);
  outbox->settings = settings;
  outbox->limits = topic_limits_new (settings_boolean (settings, "broker-admin"));
  outbox->topic_prefix = settings_text (settings, "topic-prefix");
  outbox->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, outbox_row_free);
  outbox->foreign = g_hash_table_new (hash_of_row, is_same_row);
  outbox->published = g_ptr_array_new ();
  outbox->held = g_ptr_array_new ();
  outbox->refused = g_ptr_array_new_with_free_func (refusal_free);
  outbox->again_pause_ms = RETRY_MS;
  backoff_init (&outbox->database_pause, RETRY_MS, RETRY_MAX_MS);
  backoff_init (&outbox->held_pause, HELD_FIRST_MS, HELD_MAX_MS);
  outbox->database_url = g_strdup (options->database_url);
  outbox->instance_id = g_strdup (options->instance_id);
  outbox->instance_timeout_ms = options->instance_timeout_ms;
  outbox->refused_hook = options->refused;
  outbox->hook_data = options->data;
  outbox->relay = options->relay;
  outbox->health = options->health;
  outbox->sweep_at_ms = clock_monotonic_ms () + SWEEP_MS;
  outbox->producer = kafka_producer_new (settings, KAFKA_BATCH_BYTES, reported, outbox, error);
  if (!outbox->producer) {
    outbox_free (outbox);
    return NULL;
  }
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
  g_mutex_lock (&outbox->lock);
  outbox->stopping = TRUE;
  g_cond_broadcast (&outbox->changed);
  g_mutex_unlock (&outbox->lock);
  if (outbox->thread)
    g_thread_join (outbox->thread);
  kafka_producer_free (outbox->producer);
  g_queue_clear_full (&outbox->again, g_free);
  g_queue_clear_full (&outbox->alone, g_free);
  g_hash_table_unref (outbox->foreign);
  g_hash_table_unref (outbox->waiting);
  g_ptr_array_set_free_func (outbox->published, outbox_row_free);
  g_ptr_array_unref (outbox->published);
  g_ptr_array_set_free_func (outbox->held, outbox_row_free);
  g_ptr_array_unref (outbox->held);
  g_ptr_array_unref (outbox->refused);
  topic_limits_free (outbox->limits);
  g_mutex_clear (&outbox->lock);
  g_cond_clear (&outbox->changed);
  g_free (outbox->database_url);
  g_free (outbox->instance_id);
  g_free (outbox);
}

void
outbox_sweep_soon (Outbox *outbox)
{
  g_mutex_lock (&outbox->lock);
  outbox->sweep = TRUE;
  g_cond_broadcast (&outbox->changed);
  g_mutex_unlock (&outbox->lock);
}

guint
outbox_waiting (Outbox *outbox)
{
  guint count;

  g_mutex_lock (&outbox->lock);
  count = g_hash_table_size (outbox->waiting);
  g_mutex_unlock (&outbox->lock);
  return count;
}

gboolean
outbox_flush (Outbox *outbox, gint64 timeout_ms)
{
  gint64 until = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean done;

  g_mutex_lock (&outbox->lock);
  while (!(done = g_hash_table_size (outbox->waiting) == 0 && outbox->published->len == 0 &&
                  outbox->refused->len == 0 && !outbox->busy)) {
    if (g_get_monotonic_time () >= until)
      break;
    g_cond_wait_until (&outbox->changed, &outbox->lock,
                       MIN (until, g_get_monotonic_time () + 20000));
  }
  g_mutex_unlock (&outbox->lock);
  return done;
}

rd_kafka_t *
outbox_kafka_handle (Outbox *outbox)
{
  return kafka_producer_handle (outbox->producer);
}

gboolean
outbox_is_fatal (Outbox *outbox)
{
  gboolean is_fatal;

  g_mutex_lock (&outbox->lock);
  is_fatal = kafka_producer_is_fatal (outbox->producer);
  g_mutex_unlock (&outbox->lock);
  return is_fatal;
}
