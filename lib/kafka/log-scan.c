/* Parts of logs, see log-scan.h. */
#include "kafka/log-scan.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* How long nothing may come before the fetcher is woken. */
#define PATIENCE_MIN_MS 5
#define PATIENCE_MAX_MS 320
#define WAKE_MS         1000

struct KafkaScan {
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
  GPtrArray *readings; /* of Reading * */
  guint open;
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
  return scan;
}

void
kafka_scan_free (KafkaScan *scan)
{
  if (!scan)
    return;
  for (guint i = 0; i < scan->readings->len; i++) {
    Reading *reading = g_ptr_array_index (scan->readings, i);

    rd_kafka_consume_stop (reading->topic, reading->stretch->partition);
    rd_kafka_topic_destroy (reading->topic);
    g_free (reading);
  }
  g_ptr_array_unref (scan->readings);
  rd_kafka_queue_destroy (scan->queue);
  rd_kafka_destroy (scan->handle);
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
  int64_t low = 0, high = 0;
  rd_kafka_resp_err_t code;

  do
    code =
        rd_kafka_query_watermark_offsets (scan->handle, topic, partition, &low, &high, timeout_ms);
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
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (1);
  rd_kafka_resp_err_t code;

  rd_kafka_topic_partition_list_add (list, stretch->topic, stretch->partition)->offset = since_ms;
  code = rd_kafka_offsets_for_times (scan->handle, list, timeout_ms);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    code = list->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)fail_away (code, stretch->topic, error);
    return -1;
  }
  return list->elems[0].offset >= 0 ? list->elems[0].offset : stretch->to;
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

/* A thread of librdkafka that has found the store full sleeps for up to a second, however soon there
 * is room again; any request of its broker wakes it. Source: rdkafka_broker.c of 2.0.2; from 2.2 on
 * fetch.queue.backoff.ms says how long. */
static void
wake_fetcher (KafkaScan *scan)
{
  int64_t low, high;

  for (guint i = 0; i < scan->readings->len; i++) {
    const Reading *reading = g_ptr_array_index (scan->readings, i);

    if (reading->is_over)
      continue;
    (void)rd_kafka_query_watermark_offsets (scan->handle, reading->stretch->topic,
                                            reading->stretch->partition, &low, &high, WAKE_MS);
    return;
  }
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
    wake_fetcher (taking->scan);
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
      wake_fetcher (scan);
      patience_ms = MIN (2 * patience_ms, PATIENCE_MAX_MS);
    }
  }
  if (scan->open > 0 && !taking.is_given_up)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "%u partitions have more, and nothing comes",
                 scan->open);
  return scan->open == 0 || taking.is_given_up;
}
