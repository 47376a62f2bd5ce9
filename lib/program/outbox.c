/* The outbox, see outbox.h. One thread deletes published rows, publishes again what was not taken,
 * and relays. */
#include "program/outbox.h"

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/outbox.sql.h"

#define RETRY_MS  500
#define LOOK_MS   1000 /* between two looks for rows of dead instances */
#define GATHER_MS 20   /* deletions gather this long */
#define SWEEP_MS  60000

struct Outbox {
  KafkaProducer *producer;
  char *database_url, *instance_id;
  gint64 instance_timeout_ms;
  GThread *thread;
  GMutex lock;
  GCond changed;
  GHashTable
      *waiting; /* id -> OutboxRow *: handed to the producer or waiting to be; owns the rows */
  GQueue again; /* ids (gint64 *) to publish again at again_at_ms */
  gint64 again_at_ms;
  GArray *published; /* ids to delete */
  gboolean is_relay, sweep, stopping, deleting;
  gint64 sweep_at_ms, look_at_ms;
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
  g_free (row->topic);
  g_clear_pointer (&row->key, g_bytes_unref);
  g_clear_pointer (&row->value, g_bytes_unref);
  kafka_headers_free (row->headers);
  g_free (row);
}

gboolean
outbox_insert (Db *db, const char *instance_id, GPtrArray *rows, GError **error)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GArray) partitions = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (DbRows) ids = NULL;

  if (rows->len == 0)
    return TRUE;
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);
    gint64 partition = row->partition;

    g_ptr_array_add (topics, row->topic);
    g_array_append_val (partitions, partition);
    g_ptr_array_add (keys, row->key);
    g_ptr_array_add (values, row->value);
    g_ptr_array_add (headers, kafka_headers_pack (row->headers));
  }
  g_ptr_array_add (topics, NULL);
  ids = db_query (db, error, SQL_OUTBOX_INSERT, "tTIBBB", instance_id, topics->pdata,
                  partitions->data, (gsize)partitions->len, keys, values, headers);
  if (!ids)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    ((OutboxRow *)g_ptr_array_index (rows, i))->id = db_rows_int (ids, i, "id");
  return TRUE;
}

static gint64 *
id_new (gint64 id)
{
  gint64 *copy = g_new (gint64, 1);

  *copy = id;
  return copy;
}

static void
publish_later (Outbox *outbox, gint64 id)
{
  g_queue_push_tail (&outbox->again, id_new (id));
  outbox->again_at_ms = clock_monotonic_ms () + RETRY_MS;
  g_cond_broadcast (&outbox->changed);
}

/* Runs in the producer's thread; the opaque is the row's id, so that a report never refers to freed
 * memory. */
static void
reported (gpointer opaque, KafkaReport report, const char *text, gpointer data)
{
  Outbox *outbox = data;
  gint64 id = (gint64)(gintptr)opaque;

  g_mutex_lock (&outbox->lock);
  switch (report) {
  case KAFKA_PUBLISHED:
    CRASH_POINT ("outbox/reported");
    g_hash_table_remove (outbox->waiting, &id);
    g_array_append_val (outbox->published, id);
    if (outbox->published->len == 1 || outbox->stopping)
      g_cond_broadcast (&outbox->changed);
    break;
  case KAFKA_REFUSED:
    metrics_count ("outbox_refused_total", 1, NULL);
    log_limited (LOG_LEVEL_ERROR, "outbox-refused",
                 "the broker refuses a record of the outbox; its row stays", "error", text, NULL);
    publish_later (outbox, id);
    break;
  case KAFKA_NOT_PUBLISHED:
    log_limited (LOG_LEVEL_WARNING, "outbox", "a record was not published, and will be again",
                 "error", text, NULL);
    publish_later (outbox, id);
    break;
  }
  g_mutex_unlock (&outbox->lock);
}

/* Not under the lock: a full local queue and a refusal are reported at once, in this thread. */
static void
hand_over (Outbox *outbox, gint64 id, const OutboxRow *row)
{
  if (!kafka_producer_send (outbox->producer, row->topic, row->partition, row->key, row->value,
                            row->headers, (gpointer)(gintptr)id)) {
    g_mutex_lock (&outbox->lock);
    publish_later (outbox, id);
    g_mutex_unlock (&outbox->lock);
  }
}

void
outbox_publish (Outbox *outbox, GPtrArray *rows)
{
  g_autoptr (GPtrArray) mine = g_ptr_array_new ();

  g_mutex_lock (&outbox->lock);
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);
    g_hash_table_insert (outbox->waiting, id_new (row->id), row);
    g_ptr_array_add (mine, row);
  }
  g_mutex_unlock (&outbox->lock);
  if (rows->len > 0) {
    GDestroyNotify none = NULL;
    g_ptr_array_set_free_func (rows, none);
    g_ptr_array_set_size (rows, 0);
    g_ptr_array_set_free_func (rows, outbox_row_free);
  }
  if (mine->len > 0)
    CRASH_POINT ("outbox/before-publish");
  /* A row is freed at its report only, and each is sent once here, so it is still there when its
   * turn comes. */
  for (guint i = 0; i < mine->len; i++) {
    const OutboxRow *row = g_ptr_array_index (mine, i);
    hand_over (outbox, row->id, row);
  }
  if (mine->len > 0)
    CRASH_POINT ("outbox/after-publish");
}

static void
publish_again (Outbox *outbox)
{
  GQueue ids = G_QUEUE_INIT;
  gint64 *id;

  g_mutex_lock (&outbox->lock);
  if (clock_monotonic_ms () >= outbox->again_at_ms) {
    ids = outbox->again;
    g_queue_init (&outbox->again);
  }
  g_mutex_unlock (&outbox->lock);
  while ((id = g_queue_pop_head (&ids))) {
    OutboxRow *row;

    g_mutex_lock (&outbox->lock);
    row = g_hash_table_lookup (outbox->waiting, id);
    g_mutex_unlock (&outbox->lock);
    if (row)
      hand_over (outbox, *id, row);
    g_free (id);
  }
}

/* Rows from the database that this process does not know yet are published as if just made. */
static gboolean
publish_found (Outbox *outbox, DbRows *found)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);

  for (guint i = 0; i < db_rows_count (found); i++) {
    g_autoptr (GBytes) packed = db_rows_bytes (found, i, "headers");
    KafkaHeaders *headers = kafka_headers_unpack (packed);
    gint64 id = db_rows_int (found, i, "id");
    gboolean known;
    OutboxRow *row;

    g_mutex_lock (&outbox->lock);
    known = g_hash_table_contains (outbox->waiting, &id);
    for (guint k = 0; !known && k < outbox->published->len; k++)
      known = g_array_index (outbox->published, gint64, k) == id;
    g_mutex_unlock (&outbox->lock);
    if (known || !headers) {
      kafka_headers_free (headers);
      continue;
    }
    row = outbox_row_new (
        g_strdup (db_rows_text (found, i, "topic")),
        db_rows_is_null (found, i, "partition") ? -1 : (gint32)db_rows_int (found, i, "partition"),
        db_rows_bytes (found, i, "key"), db_rows_bytes (found, i, "value"), headers);
    row->id = id;
    g_ptr_array_add (rows, row);
  }
  if (rows->len > 0) {
    char count[16];
    g_snprintf (count, sizeof count, "%u", rows->len);
    log_info ("publishing outbox rows that nobody else will", "count", count, NULL);
    metrics_count ("outbox_relayed_total", rows->len, NULL);
    outbox_publish (outbox, rows);
  }
  return db_rows_count (found) > 0;
}

static gboolean
delete_published (Outbox *outbox, Db *db, GArray *ids, GError **error)
{
  if (ids->len == 0)
    return TRUE;
  CRASH_POINT ("outbox/before-delete");
  if (db_execute (db, NULL, error, SQL_OUTBOX_DELETE, "I", ids->data, (gsize)ids->len)) {
    CRASH_POINT ("outbox/after-delete");
    return TRUE;
  }
  g_mutex_lock (&outbox->lock);
  g_array_append_vals (outbox->published, ids->data, ids->len);
  g_mutex_unlock (&outbox->lock);
  return FALSE;
}

static gboolean
look (Outbox *outbox, Db *db, GError **error)
{
  gint64 now = clock_monotonic_ms ();
  gboolean sweep, relay;

  g_mutex_lock (&outbox->lock);
  sweep = outbox->sweep || now >= outbox->sweep_at_ms;
  relay = outbox->is_relay && GUARD (RELAY) && now >= outbox->look_at_ms;
  outbox->sweep = FALSE;
  g_mutex_unlock (&outbox->lock);
  if (sweep) {
    g_autoptr (DbRows) found = db_query (db, error, SQL_OUTBOX_OWN, "t", outbox->instance_id);
    if (!found)
      return FALSE;
    publish_found (outbox, found);
    outbox->sweep_at_ms = now + SWEEP_MS;
  }
  if (relay) {
    g_autoptr (DbRows) found =
        db_query (db, error, SQL_OUTBOX_OF_THE_DEAD, "i", outbox->instance_timeout_ms);
    if (!found)
      return FALSE;
    publish_found (outbox, found);
    outbox->look_at_ms = now + LOOK_MS;
  }
  return TRUE;
}

/* Waits until there is something to do, at most LOOK_MS; gives the ids to delete. FALSE: stop. */
static gboolean
wait_for_work (Outbox *outbox, GArray *ret_ids, gint64 gather_until_ms)
{
  gint64 until = g_get_monotonic_time () + (outbox->is_relay ? LOOK_MS : 5 * LOOK_MS) * 1000;
  gboolean go_on;

  g_mutex_lock (&outbox->lock);
  while (!outbox->stopping && outbox->published->len == 0 && !outbox->sweep &&
         !(outbox->again.length > 0 && clock_monotonic_ms () >= outbox->again_at_ms)) {
    gint64 end =
        outbox->again.length > 0 ? MIN (until, g_get_monotonic_time () + RETRY_MS * 1000) : until;
    if (!g_cond_wait_until (&outbox->changed, &outbox->lock, end) &&
        g_get_monotonic_time () >= until)
      break;
  }
  if (outbox->published->len > 0 && !outbox->stopping)
    while (clock_monotonic_ms () < gather_until_ms && !outbox->stopping)
      g_cond_wait_until (&outbox->changed, &outbox->lock,
                         g_get_monotonic_time () +
                             (gather_until_ms - clock_monotonic_ms () + 1) * 1000);
  g_array_append_vals (ret_ids, outbox->published->data, outbox->published->len);
  g_array_set_size (outbox->published, 0);
  outbox->deleting = ret_ids->len > 0;
  go_on = !outbox->stopping || ret_ids->len > 0;
  g_mutex_unlock (&outbox->lock);
  return go_on;
}

static gpointer
work (gpointer data)
{
  Outbox *outbox = data;
  Db *db = NULL;
  gint64 last_deleted_ms = 0;

  for (;;) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

    if (!wait_for_work (outbox, ids, last_deleted_ms + GATHER_MS))
      break;
    publish_again (outbox);
    if (!db) {
      db = db_open (outbox->database_url, &error);
      if (db && !db_execute (db, NULL, &error, SQL_OUTBOX_ASYNCHRONOUS, ""))
        g_clear_pointer (&db, db_close);
    }
    if (!db || !delete_published (outbox, db, ids, &error) || !look (outbox, db, &error)) {
      log_limited (LOG_LEVEL_WARNING, "outbox-database", "the outbox waits for the database",
                   "error", error ? error->message : NULL, NULL);
      if (!db && ids->len > 0) {
        g_mutex_lock (&outbox->lock);
        g_array_append_vals (outbox->published, ids->data, ids->len);
        g_mutex_unlock (&outbox->lock);
      }
      g_clear_pointer (&db, db_close);
      g_mutex_lock (&outbox->lock);
      if (outbox->stopping) {
        g_mutex_unlock (&outbox->lock);
        break;
      }
      g_cond_wait_until (&outbox->changed, &outbox->lock,
                         g_get_monotonic_time () + RETRY_MS * 1000);
      g_mutex_unlock (&outbox->lock);
    }
    last_deleted_ms = clock_monotonic_ms ();
    g_mutex_lock (&outbox->lock);
    outbox->deleting = FALSE;
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
  outbox->waiting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, outbox_row_free);
  outbox->published = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_queue_init (&outbox->again);
  outbox->database_url = g_strdup (options->database_url);
  outbox->instance_id = g_strdup (options->instance_id);
  outbox->instance_timeout_ms = options->instance_timeout_ms;
  outbox->sweep_at_ms = clock_monotonic_ms () + SWEEP_MS;
  outbox->producer = kafka_producer_new (settings, reported, outbox, error);
  if (!outbox->producer) {
    outbox_free (outbox);
    return NULL;
  }
  outbox->thread = g_thread_new ("outbox", work, outbox);
  return outbox;
}

void
outbox_free (Outbox *outbox)
{
  if (!outbox)
    return;
  g_mutex_lock (&outbox->lock);
  outbox->stopping = TRUE;
  g_cond_broadcast (&outbox->changed);
  g_mutex_unlock (&outbox->lock);
  if (outbox->thread)
    g_thread_join (outbox->thread);
  kafka_producer_free (outbox->producer);
  g_hash_table_unref (outbox->waiting);
  g_array_unref (outbox->published);
  g_queue_clear_full (&outbox->again, g_free);
  g_free (outbox->database_url);
  g_free (outbox->instance_id);
  g_mutex_clear (&outbox->lock);
  g_cond_clear (&outbox->changed);
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

void
outbox_set_relay (Outbox *outbox, gboolean active)
{
  g_mutex_lock (&outbox->lock);
  if (outbox->is_relay != active)
    log_info (active ? "this process is the relay now" : "this process is not the relay any more",
              NULL);
  outbox->is_relay = active;
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
                  !outbox->deleting)) {
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
  return kafka_producer_is_fatal (outbox->producer);
}
