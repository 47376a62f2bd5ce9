/* The outbox, see outbox.h. One thread deletes published rows, publishes again what was not taken, notes refusals,
 * and relays. */
#include "program/outbox.h"

#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "kafka/topic-settings.h"
#include "program/outbox.sql.h"
#include "program/record.h"

#define RETRY_MS       500
#define RETRY_MAX_MS   10000 /* between two tries of a database that cannot work */
#define RETRY_MAX_MS   10000 /* between two tries while nothing at all is taken */
#define LOOK_MS        1000  /* between two looks for rows of dead instances */
#define GATHER_MS      20    /* deletions gather this long */
#define SWEEP_MS       60000
#define SWEEPS_SOON    5      /* a COMMIT without an answer may become visible late */
#define SWEEP_AGE_MS   1000   /* younger rows are about to be published by who has committed them */
#define STATE_MS       10000  /* between two looks at what waits */
#define OLD_MS         60000  /* what waits longer is told, once in this time */
#define PAGE_ROWS      1000   /* rows read at a time */
#define RELAY_MAX_ROWS 5000   /* of dead instances, in memory */
#define LEARN_MS       300000 /* between two looks at the topics */
#define LEARN_SOON_MS  10000  /* the same while records are refused */
#define LEARN_WAIT_MS  3000
#define FRAME_BYTES                                                                                \
  128 /* of a batch of one record: 61 of the batch, the rest the record's own, at their largest */
#define FOREIGN_TICKETS (G_GUINT64_CONSTANT (1) << 62) /* below: numbers of our own rows */
#define NO_INSTANCE     "00000000-0000-0000-0000-000000000000"

typedef struct {
  int partitions;
  gsize record_limit; /* 0: unknown */
} KnownTopic;

typedef struct {
  OutboxRow *row;
  char *text;
} Refusal;

struct Outbox {
  KafkaProducer *producer;
  const Settings *settings;
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
  GPtrArray *refused;   /* of Refusal *: to note */
  GHashTable *topics;   /* name -> KnownTopic * */
  char **topic_names;
  gboolean is_relay, has_lease_changed, sweep, stopping, busy, learn_soon;
  guint sweeps_left;
  gint64 sweep_at_ms, look_at_ms, state_at_ms, old_told_ms, learn_at_ms, learned_ms;
  gint64 own_refused_at_ms; /* when to look for own refused rows that are due; 0: there are none */
  Backoff database_pause;   /* the thread's */
};

OutboxRow *
outbox_row_new (char *topic_taken, gint32 partition, GBytes *key_taken, GBytes *value_taken,
                KafkaHeaders *headers_taken)
{
  OutboxRow *row = g_new0 (OutboxRow, 1);

  row->topic = topic_taken;
  row->partition = partition;
  row->key = key_taken;
  row->value = value_taken;
  row->headers = headers_taken;
  return row;
}

void
outbox_row_free (gpointer data)
{
  OutboxRow *row = data;

  if (!row)
    return;
  g_free (row->instance_id);
  g_free (row->topic);
  g_clear_pointer (&row->key, g_bytes_unref);
  g_clear_pointer (&row->value, g_bytes_unref);
  kafka_headers_free (row->headers);
  g_free (row->scope);
  g_free (row);
}

static void
refusal_free (gpointer data)
{
  Refusal *refusal = data;

  outbox_row_free (refusal->row);
  g_free (refusal->text);
  g_free (refusal);
}

/* One process is one instance, so one counter serves. */
static gint64
next_id (void)
{
  static gint64 last = 0;

  return __atomic_add_fetch (&last, 1, __ATOMIC_RELAXED);
}

gboolean
outbox_insert (Db *db, const char *instance_id, GPtrArray *rows, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GArray) partitions = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();

  if (rows->len == 0)
    return TRUE;
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);
    gint64 partition = row->partition;

    row->id = next_id ();
    g_array_append_val (ids, row->id);
    g_ptr_array_add (topics, row->topic);
    g_array_append_val (partitions, partition);
    g_ptr_array_add (keys, row->key);
    g_ptr_array_add (values, row->value);
    g_ptr_array_add (headers, kafka_headers_pack (row->headers));
    g_ptr_array_add (scopes, row->scope);
  }
  g_ptr_array_add (topics, NULL);
  return db_queue (db, error, SQL_OUTBOX_INSERT, "tITIBBBN", instance_id, ids->data,
                   (gsize)ids->len, topics->pdata, partitions->data, (gsize)partitions->len, keys,
                   values, headers, scopes);
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

static void
note_published (Outbox *outbox, guint64 ticket, KafkaPlace place)
{
  OutboxRow *row = steal_waiting (outbox, ticket);

  outbox->again_pause_ms = RETRY_MS;
  if (!row)
    return;
  row->place = place;
  g_ptr_array_add (outbox->published, row);
  if (outbox->published->len == 1 || outbox->stopping)
    g_cond_broadcast (&outbox->changed);
}

/* A broker refuses a batch as a whole, so what is refused goes once more, alone, before the refusal is its own. */
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
  metrics_count ("outbox_refused_total", 1, NULL);
  refusal = g_new0 (Refusal, 1);
  refusal->row = steal_waiting (outbox, ticket);
  refusal->text = g_strdup (text);
  g_ptr_array_add (outbox->refused, refusal);
  outbox->learn_soon = TRUE;
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

/* Runs in the producer's thread; the opaque is the row's ticket, so that a report never refers to freed
 * memory. */
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

/* Not under the lock: a full local queue and a refusal are reported at once, in this thread. A row that waits is freed
 * at its report only. */
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

static OutboxRow *
read_row (const Outbox *outbox, DbRows *found, guint i)
{
  g_autoptr (GBytes) packed = db_rows_bytes (found, i, "headers");
  KafkaHeaders *headers = kafka_headers_unpack (packed);
  const char *instance_id = db_rows_text (found, i, "instance_id");
  OutboxRow *row;

  if (!headers) {
    log_limited (LOG_LEVEL_ERROR, "outbox-unreadable",
                 "headers of an outbox row are not what this program writes; the row stays",
                 "instance_id", instance_id, "id", db_rows_text (found, i, "id"), NULL);
    return NULL;
  }
  row = outbox_row_new (
      g_strdup (db_rows_text (found, i, "topic")),
      db_rows_is_null (found, i, "partition") ? -1 : (gint32)db_rows_int (found, i, "partition"),
      db_rows_bytes (found, i, "key"), db_rows_bytes (found, i, "value"), headers);
  row->id = db_rows_int (found, i, "id");
  row->scope = g_strdup (db_rows_text (found, i, "scope"));
  row->goes_alone = db_rows_int (found, i, "refusals") > 0;
  if (strcmp (instance_id, outbox->instance_id) != 0)
    row->instance_id = g_strdup (instance_id);
  return row;
}

static gboolean
is_known (Outbox *outbox, const OutboxRow *row)
{
  guint64 ticket = (guint64)row->id;

  if (row->instance_id)
    return g_hash_table_contains (outbox->foreign, row);
  if (g_hash_table_contains (outbox->waiting, &ticket))
    return TRUE;
  for (guint i = 0; i < outbox->published->len; i++)
    if (((OutboxRow *)g_ptr_array_index (outbox->published, i))->ticket == ticket)
      return TRUE;
  for (guint i = 0; i < outbox->refused->len; i++)
    if (((Refusal *)g_ptr_array_index (outbox->refused, i))->row->ticket == ticket)
      return TRUE;
  return FALSE;
}

/* Rows that this process does not know yet are published as if just made. */
static void
publish_found (Outbox *outbox, DbRows *found)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);
  guint fresh = 0;

  for (guint i = 0; i < db_rows_count (found); i++) {
    OutboxRow *row = read_row (outbox, found, i);
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
  if (fresh > 0) { /* of what was refused before nothing more is said */
    char count[16];
    g_snprintf (count, sizeof count, "%u", fresh);
    log_info ("publishing outbox rows that nobody else will", "count", count, NULL);
    metrics_count ("outbox_relayed_total", fresh, NULL);
  }
  outbox_publish (outbox, rows);
}

static gboolean
look_for_own (Outbox *outbox, Db *db, GError **error)
{
  gint64 after = 0;
  guint count;

  do {
    g_autoptr (DbRows) found = db_query (db, error, SQL_OUTBOX_OWN, "tiii", outbox->instance_id,
                                         after, (gint64)SWEEP_AGE_MS, (gint64)PAGE_ROWS);

    if (!found)
      return FALSE;
    count = db_rows_count (found);
    publish_found (outbox, found);
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

  if (!found)
    return FALSE;
  publish_found (outbox, found);
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

    if (!found)
      return FALSE;
    count = db_rows_count (found);
    publish_found (outbox, found);
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
  metrics_gauge ("outbox_refused", db_rows_int (state, 0, "refused"), NULL);
  metrics_gauge ("outbox_oldest_seconds", oldest_ms / 1000.0, NULL);
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

static gboolean
carries_somebodys (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (((OutboxRow *)g_ptr_array_index (rows, i))->scope)
      return TRUE;
  return FALSE;
}

static gboolean
delete_and_note_places (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  g_autoptr (DbColumns) told = db_columns_new ("tiiii");

  for (guint i = 0; i < rows->len; i++) {
    const OutboxRow *row = g_ptr_array_index (rows, i);

    db_columns_add (told, row->instance_id ? row->instance_id : outbox->instance_id, row->id,
                    (gint64)row->place.partition, row->place.offset,
                    row->scope ? (gint64)record_replay (row->headers) : 0);
  }
  return db_execute (db, NULL, error, SQL_OUTBOX_DELETE_AND_NOTE, "C", told);
}

/* One statement a batch; what carries nobody's record pays for no place. */
static gboolean
delete_rows (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  g_autoptr (GArray) own = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) makers = g_ptr_array_new ();

  if (carries_somebodys (rows))
    return delete_and_note_places (outbox, db, rows, error);
  for (guint i = 0; i < rows->len; i++) {
    const OutboxRow *row = g_ptr_array_index (rows, i);

    g_array_append_val (row->instance_id ? others : own, row->id);
    if (row->instance_id)
      g_ptr_array_add (makers, row->instance_id);
  }
  g_ptr_array_add (makers, NULL);
  return (own->len == 0 || db_execute (db, NULL, error, SQL_OUTBOX_DELETE, "tI",
                                       outbox->instance_id, own->data, (gsize)own->len)) &&
         (others->len == 0 || db_execute (db, NULL, error, SQL_OUTBOX_DELETE_OF_OTHERS, "TI",
                                          makers->pdata, others->data, (gsize)others->len));
}

/* Takes @rows out of memory once they are out of the database. */
static gboolean
delete_published (Outbox *outbox, Db *db, GPtrArray *rows, GError **error)
{
  if (rows->len == 0)
    return TRUE;
  CRASH_POINT ("outbox/before-delete");
  if (!delete_rows (outbox, db, rows, error))
    return FALSE;
  CRASH_POINT ("outbox/after-delete");
  g_mutex_lock (&outbox->lock);
  for (guint i = 0; i < rows->len; i++)
    forget (outbox, g_ptr_array_index (rows, i));
  g_mutex_unlock (&outbox->lock);
  g_ptr_array_set_size (rows, 0);
  return TRUE;
}

/* The row's own count says whether it is the first time, over all processes that have tried. */
static gboolean
note_in_row (Outbox *outbox, Db *db, const Refusal *refusal, gboolean *ret_is_first,
             GPtrArray **ret_rows, GError **error)
{
  const OutboxRow *row = refusal->row;
  g_autoptr (DbRows) noted = NULL;
  g_autoptr (GError) problem = NULL;

  noted =
      db_query (db, error, SQL_OUTBOX_REFUSED, "tit",
                row->instance_id ? row->instance_id : outbox->instance_id, row->id, refusal->text);
  if (!noted)
    return FALSE;
  *ret_is_first = db_rows_count (noted) == 1 && db_rows_int (noted, 0, "refusals") == 1;
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

static GHashTable *
ask_topics (Outbox *outbox, int timeout_ms, GError **error)
{
  rd_kafka_t *handle = kafka_producer_handle (outbox->producer);
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autoptr (GHashTable) limits = NULL;
  g_autoptr (GHashTable) topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (!counts)
    return NULL;
  if (settings_boolean (outbox->settings, "broker-admin")) {
    limits = kafka_topic_setting (handle, (const char *const *)outbox->topic_names,
                                  KAFKA_TOPIC_RECORD_LIMIT, timeout_ms, error);
    if (!limits)
      return NULL;
  }
  for (guint i = 0; outbox->topic_names[i]; i++) {
    KnownTopic *topic = g_new0 (KnownTopic, 1);
    const gint64 *limit = limits ? g_hash_table_lookup (limits, outbox->topic_names[i]) : NULL;

    topic->partitions = GPOINTER_TO_INT (g_hash_table_lookup (counts, outbox->topic_names[i]));
    topic->record_limit = limit && *limit > FRAME_BYTES ? (gsize)*limit - FRAME_BYTES : 0;
    g_hash_table_insert (topics, g_strdup (outbox->topic_names[i]), topic);
  }
  return g_steal_pointer (&topics);
}

static gsize
least_limit (GHashTable *topics)
{
  gsize least = KAFKA_BATCH_BYTES;
  GHashTableIter iter;
  gpointer topic;

  g_hash_table_iter_init (&iter, topics);
  while (g_hash_table_iter_next (&iter, NULL, &topic))
    if (((KnownTopic *)topic)->record_limit > 0)
      least = MIN (least, ((KnownTopic *)topic)->record_limit);
  return least;
}

gboolean
outbox_learn_topics (Outbox *outbox, const char *const *topics, int timeout_ms, GError **error)
{
  GHashTable *learned;
  gsize least;

  g_strfreev (outbox->topic_names);
  outbox->topic_names = g_strdupv ((char **)topics);
  learned = ask_topics (outbox, timeout_ms, error);
  if (!learned)
    return FALSE;
  least = least_limit (learned);
  if (least < KAFKA_BATCH_BYTES) {
    KafkaProducer *former, *producer;

    producer = kafka_producer_new (outbox->settings, least, reported, outbox, error);
    if (!producer) {
      g_hash_table_unref (learned);
      return FALSE;
    }
    g_mutex_lock (&outbox->lock);
    former = outbox->producer; /* nothing has been sent by it yet */
    outbox->producer = producer;
    g_mutex_unlock (&outbox->lock);
    kafka_producer_free (former);
  }
  g_mutex_lock (&outbox->lock);
  g_clear_pointer (&outbox->topics, g_hash_table_unref);
  outbox->topics = learned;
  outbox->learned_ms = clock_monotonic_ms ();
  outbox->learn_at_ms = outbox->learned_ms + LEARN_MS;
  g_mutex_unlock (&outbox->lock);
  return TRUE;
}

static void
learn_again (Outbox *outbox)
{
  g_autoptr (GHashTable) learned = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = clock_monotonic_ms ();
  gboolean due;

  g_mutex_lock (&outbox->lock);
  due = outbox->topics && (now >= outbox->learn_at_ms ||
                           (outbox->learn_soon && now >= outbox->learned_ms + LEARN_SOON_MS));
  if (due) {
    outbox->learn_soon = FALSE;
    outbox->learned_ms = now;
    outbox->learn_at_ms = now + LEARN_MS;
  }
  g_mutex_unlock (&outbox->lock);
  if (!due)
    return;
  learned = ask_topics (outbox, LEARN_WAIT_MS, &error);
  if (!learned) {
    log_limited (LOG_LEVEL_WARNING, "outbox-topics", "the broker does not tell its topics", "error",
                 error->message, NULL);
    return;
  }
  g_mutex_lock (&outbox->lock);
  g_hash_table_unref (outbox->topics);
  outbox->topics = g_steal_pointer (&learned);
  g_mutex_unlock (&outbox->lock);
}

static KnownTopic
known_topic (Outbox *outbox, const char *name)
{
  KnownTopic known = { 0 };
  const KnownTopic *topic;

  g_mutex_lock (&outbox->lock);
  topic = outbox->topics ? g_hash_table_lookup (outbox->topics, name) : NULL;
  if (topic)
    known = *topic;
  g_mutex_unlock (&outbox->lock);
  return known;
}

gsize
outbox_record_limit (Outbox *outbox, const char *topic)
{
  return known_topic (outbox, topic).record_limit;
}

int
outbox_partitions (Outbox *outbox, const char *topic)
{
  return known_topic (outbox, topic).partitions;
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

/* Waits until there is something to do, at most 5 s; gives what to delete and to note. FALSE: stop. */
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

  if (db && !db_execute (db, NULL, error, SQL_OUTBOX_ASYNCHRONOUS, ""))
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
    wait_until (outbox, clock_monotonic_ms () +
                            backoff_failed (&outbox->database_pause, clock_monotonic_ms ()));
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
    metrics_gauge ("outbox_refused", 0, NULL);
    metrics_gauge ("outbox_oldest_seconds", 0, NULL);
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
        !note_refusals (outbox, db, refused, &error) || !look (outbox, db, &error)) {
      give_back (outbox, published, refused);
      g_clear_pointer (&db, db_close);
      go_on = wait_for_database (outbox, error);
    } else {
      health_note_trouble (outbox->health, "outbox", NULL);
      (void)backoff_succeeded (&outbox->database_pause, clock_monotonic_ms ());
    }
    learn_again (outbox);
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
  outbox->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, outbox_row_free);
  outbox->foreign = g_hash_table_new (hash_of_row, is_same_row);
  outbox->published = g_ptr_array_new ();
  outbox->refused = g_ptr_array_new_with_free_func (refusal_free);
  outbox->again_pause_ms = RETRY_MS;
  backoff_init (&outbox->database_pause, RETRY_MS, RETRY_MAX_MS);
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
  g_ptr_array_unref (outbox->refused);
  if (outbox->topics)
    g_hash_table_unref (outbox->topics);
  g_strfreev (outbox->topic_names);
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
