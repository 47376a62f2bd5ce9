/* Parts of logs, see log-scan.h. */
#include "kafka/log-scan.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* How long nothing may come before the fetchers are woken. */
#define PATIENCE_MIN_MS 5
#define PATIENCE_MAX_MS 320
#define WAKE_MS         1000

struct KafkaScan {
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
  GPtrArray *readings; /* of Reading * */
  guint open;
  GThread *waker; /* from the first record on */
  GMutex lock;
  GCond changed;
  gboolean is_wanted, is_over; /* under the lock: a wake, and no more of them */
};

typedef struct {
  const KafkaStretch *stretch;
  rd_kafka_topic_t *topic;
  gboolean is_over;
} Reading;

KafkaStretch *
kafka_stretch_new (const char *topic, int partition, gint64 from, gint64 to)
{
  KafkaStretch *stretch = g_new0 (KafkaStretch, 1);

  *stretch = (KafkaStretch){ g_strdup (topic), partition, from, to };
  return stretch;
}

void
kafka_stretch_free (gpointer data)
{
  KafkaStretch *stretch = data;

  if (!stretch)
    return;
  g_free (stretch->topic);
  g_free (stretch);
}

/* A bounded store of what was fetched and not handed out, however many partitions there are: a fetch each, which is
 * taken out of it whole, so that a larger one costs memory and brings nothing. */
static const char *const defaults[] = {
  "enable.auto.commit",
  "false",
  "queued.max.messages.kbytes",
  "1024",
  "enable.partition.eof",
  "true",
  "allow.auto.create.topics",
  "false",
  "log.connection.close",
  "false",
  NULL,
};

KafkaScan *
kafka_scan_new (const Settings *settings, GError **error)
{
  /* What retention has taken meanwhile is skipped: the next record there is. */
  static const char *const fixed[] = { "auto.offset.reset", "earliest", NULL };
  rd_kafka_t *handle = kafka_onlooker_new (settings, "scan", defaults, fixed, error);
  KafkaScan *scan;

  if (!handle)
    return NULL;
  scan = g_new0 (KafkaScan, 1);
  scan->handle = handle;
  scan->queue = rd_kafka_queue_new (handle);
  scan->readings = g_ptr_array_new ();
  g_mutex_init (&scan->lock);
  g_cond_init (&scan->changed);
  return scan;
}

static void
end_waker (KafkaScan *scan)
{
  if (!scan->waker)
    return;
  g_mutex_lock (&scan->lock);
  scan->is_over = TRUE;
  g_cond_signal (&scan->changed);
  g_mutex_unlock (&scan->lock);
  g_thread_join (scan->waker);
}

void
kafka_scan_free (KafkaScan *scan)
{
  if (!scan)
    return;
  end_waker (scan);
  for (guint i = 0; i < scan->readings->len; i++) {
    Reading *reading = g_ptr_array_index (scan->readings, i);

    rd_kafka_consume_stop (reading->topic, reading->stretch->partition);
    rd_kafka_topic_destroy (reading->topic);
    g_free (reading);
  }
  g_ptr_array_unref (scan->readings);
  rd_kafka_queue_destroy (scan->queue);
  rd_kafka_destroy (scan->handle);
  g_mutex_clear (&scan->lock);
  g_cond_clear (&scan->changed);
  g_free (scan);
}

static gboolean
fail_away (rd_kafka_resp_err_t code, const char *what, GError **error)
{
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "%s: %s", what, rd_kafka_err2str (code));
  return FALSE;
}

KafkaStretch *
kafka_scan_whole (KafkaScan *scan, const char *topic, int partition, int timeout_ms, GError **error)
{
  gint64 until_ms = clock_monotonic_ms () + timeout_ms;
  gint64 low = 0, high = 0;
  rd_kafka_resp_err_t code;

  do
    code = kafka_ask_ends (scan->handle, topic, partition, timeout_ms, &low, &high);
  while (kafka_shall_ask_again (code, until_ms));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)fail_away (code, topic, error);
    return NULL;
  }
  return kafka_stretch_new (topic, partition, low, high);
}

gint64
kafka_scan_offset_at (KafkaScan *scan, const KafkaStretch *stretch, gint64 since_ms, int timeout_ms,
                      GError **error)
{
  gint64 offset = 0;
  rd_kafka_resp_err_t code = kafka_ask_offset (scan->handle, stretch->topic, stretch->partition,
                                               since_ms, timeout_ms, &offset);

  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)fail_away (code, stretch->topic, error);
    return -1;
  }
  return offset >= 0 ? offset : stretch->to;
}

gboolean
kafka_scan_begin (KafkaScan *scan, const GPtrArray *stretches, GError **error)
{
  for (guint i = 0; i < stretches->len; i++) {
    const KafkaStretch *stretch = g_ptr_array_index (stretches, i);
    Reading *reading;

    if (stretch->from >= stretch->to)
      continue;
    reading = g_new0 (Reading, 1);
    reading->stretch = stretch;
    reading->topic = rd_kafka_topic_new (scan->handle, stretch->topic, NULL);
    g_ptr_array_add (scan->readings, reading);
    if (rd_kafka_consume_start_queue (reading->topic, stretch->partition, stretch->from,
                                      scan->queue) != 0) {
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "%s: %s", stretch->topic,
                   rd_kafka_err2str (rd_kafka_last_error ()));
      return FALSE;
    }
    scan->open++;
  }
  return TRUE;
}

static Reading *
reading_of (const KafkaScan *scan, const rd_kafka_message_t *message)
{
  const char *name = message->rkt ? rd_kafka_topic_name (message->rkt) : "";

  for (guint i = 0; i < scan->readings->len; i++) {
    Reading *reading = g_ptr_array_index (scan->readings, i);

    if (reading->stretch->partition == message->partition &&
        strcmp (reading->stretch->topic, name) == 0)
      return reading;
  }
  return NULL;
}

/* Whether it is one of the stretch's; notes where that ends. */
static gboolean
belongs (KafkaScan *scan, Reading *reading, const rd_kafka_message_t *message)
{
  gboolean is_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF
                        ? message->offset >= reading->stretch->to
                        : message->offset + 1 >= reading->stretch->to;
  gboolean is_record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;

  if (reading->is_over || (!is_record && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF))
    return FALSE;
  if (is_end) {
    reading->is_over = TRUE;
    scan->open--;
  }
  return is_record && message->offset < reading->stretch->to;
}

/* --- Waking --- */

/* A thread of librdkafka that has found the store full sleeps for up to a second, however soon there
 * is room again; any request of its broker wakes it. Source: rdkafka_broker.c of 2.0.2; from 2.2 on
 * fetch.queue.backoff.ms says how long. Of each broker that leads one of them. */
static gpointer
wake_fetchers (gpointer data)
{
  KafkaScan *scan = data;
  g_autoptr (rd_kafka_topic_partition_list_t) all =
      rd_kafka_topic_partition_list_new ((int)scan->readings->len);

  for (guint i = 0; i < scan->readings->len; i++) {
    const KafkaStretch *stretch = ((Reading *)g_ptr_array_index (scan->readings, i))->stretch;

    (void)rd_kafka_topic_partition_list_add (all, stretch->topic, stretch->partition);
  }
  g_mutex_lock (&scan->lock);
  while (!scan->is_over) {
    if (!scan->is_wanted) {
      g_cond_wait (&scan->changed, &scan->lock);
      continue;
    }
    scan->is_wanted = FALSE;
    g_mutex_unlock (&scan->lock);
    for (int i = 0; i < all->cnt; i++)
      all->elems[i].offset = RD_KAFKA_OFFSET_END;
    (void)rd_kafka_offsets_for_times (scan->handle, all, WAKE_MS);
    g_mutex_lock (&scan->lock);
  }
  g_mutex_unlock (&scan->lock);
  return NULL;
}

/* By a thread of its own: the answer comes after whatever the broker does before. */
static void
want_wake (KafkaScan *scan)
{
  g_mutex_lock (&scan->lock);
  scan->is_wanted = TRUE;
  g_cond_signal (&scan->changed);
  g_mutex_unlock (&scan->lock);
}

/* What lies in the store is taken out of it at once and given to @record, while the store is filled again: the fetcher
 * is woken by the first of each such lot. */
typedef struct {
  KafkaScan *scan;
  KafkaScanRecord record;
  gpointer data;
  gboolean is_given_up;
  guint taken;   /* of this lot, with what librdkafka says of itself */
  guint records; /* of them */
} Taking;

static void
take (rd_kafka_message_t *message, void *data)
{
  Taking *taking = data;
  Reading *reading = reading_of (taking->scan, message);

  if (taking->taken++ == 0)
    want_wake (taking->scan);
  if (!reading || taking->is_given_up || !belongs (taking->scan, reading, message))
    return;
  taking->records++;
  taking->is_given_up = !taking->record (message, taking->data);
}

gboolean
kafka_scan_read (KafkaScan *scan, int timeout_ms, KafkaScanRecord record, gpointer data,
                 GError **error)
{
  Taking taking = { .scan = scan, .record = record, .data = data };
  gint64 until_ms = clock_monotonic_ms () + timeout_ms;
  gint64 left_ms;
  int patience_ms = PATIENCE_MIN_MS;

  if (!scan->waker)
    scan->waker = g_thread_new ("waker", wake_fetchers, scan);
  while (scan->open > 0 && !taking.is_given_up &&
         (left_ms = until_ms - clock_monotonic_ms ()) > 0) {
    taking.taken = taking.records = 0;
    (void)rd_kafka_consume_callback_queue (scan->queue, (int)MIN (left_ms, patience_ms), take,
                                           &taking);
    if (taking.records > 0)
      until_ms = clock_monotonic_ms () + timeout_ms;
    if (taking.taken > 0) {
      patience_ms = PATIENCE_MIN_MS;
    } else {
      want_wake (scan);
      taking.is_given_up = !record (NULL, data);
      patience_ms = MIN (2 * patience_ms, PATIENCE_MAX_MS);
    }
  }
  if (scan->open > 0 && !taking.is_given_up)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "%u partitions have more, and nothing comes",
                 scan->open);
  return scan->open == 0 || taking.is_given_up;
}
