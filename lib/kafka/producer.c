/* The producer, see producer.h. */
#include "kafka/producer.h"

#include "base/log.h"
#include "kafka/statistics.h"

struct KafkaProducer {
  rd_kafka_t *handle;
  KafkaReported reported;
  gpointer data;
  GThread *thread; /* serves delivery reports */
  gint stopping;
  gint fatal;
};

/* One request in flight a connection. With more, a fresh producer's first batch to a partition can
 * meet a passing error while the second is accepted: a broker that has no state of the producer
 * takes any first sequence number, and librdkafka 2.0.2 then reports the first batch as written,
 * which it never was (found by killing, seen in the segments). */
static const char *const defaults[] = {
  "max.in.flight",
  "1",
  "enable.idempotence",
  "true",
  "queue.buffering.max.kbytes",
  "65536",
  "linger.ms",
  "2",
  "partitioner",
  "murmur2_random",
  "delivery.timeout.ms",
  "60000",
  "message.max.bytes",
  /* Less than the queue holds; how large a record may be is its topic's to say, and may change */
  "60000000",
  "topic.metadata.refresh.interval.ms",
  KAFKA_METADATA_REFRESH_MS,
  "socket.nagle.disable",
  "true",
  "allow.auto.create.topics",
  "false",
  "statistics.interval.ms",
  KAFKA_STATISTICS_MS,
  NULL,
};

/* This record is not taken, whatever else passes; everything else may pass by itself. Of a batch
 * that is too large all records are refused. */
static const rd_kafka_resp_err_t refusals[] = {
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG,
  RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,   RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_INVALID_RECORD,
};

static KafkaReport
report_of (rd_kafka_resp_err_t code)
{
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return KAFKA_PUBLISHED;
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (code == refusals[i])
      return KAFKA_REFUSED;
  return KAFKA_NOT_PUBLISHED;
}

static void
on_report (rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
  KafkaProducer *producer = opaque;

  (void)handle;
  producer->reported (message->_private, report_of (message->err),
                      (KafkaPlace){ message->partition, MAX (message->offset, -1) },
                      rd_kafka_err2str (message->err), producer->data);
}

static void
on_error (rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
  KafkaProducer *producer = opaque;
  char text[256];

  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    rd_kafka_fatal_error (handle, text, sizeof text);
    log_failure ("the producer cannot recover", "error", text, NULL);
    g_atomic_int_set (&producer->fatal, 1);
    return;
  }
  log_limited (LOG_LEVEL_WARNING, "producer", "kafka producer", "error", rd_kafka_err2name (code),
               "text", reason, NULL);
}

static int
on_statistics (rd_kafka_t *handle, char *json, size_t length, void *opaque)
{
  (void)handle;
  (void)opaque;
  kafka_statistics_note ("producer", json, length, NULL, NULL);
  return 0; /* the library frees it */
}

static gpointer
serve (gpointer data)
{
  KafkaProducer *producer = data;

  while (!g_atomic_int_get (&producer->stopping))
    rd_kafka_poll (producer->handle, 200);
  return NULL;
}

KafkaProducer *
kafka_producer_new (const Settings *settings, gsize batch_max_bytes, KafkaReported reported,
                    gpointer data, GError **error)
{
  KafkaProducer *producer = NULL;
  g_autofree char *batch =
      g_strdup_printf ("%" G_GSIZE_FORMAT, MIN (batch_max_bytes, KAFKA_BATCH_BYTES));
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  rd_kafka_conf_t *conf;
  char text[512];

  for (guint i = 0; defaults[i]; i++)
    g_ptr_array_add (all, (char *)defaults[i]);
  g_ptr_array_add (all, (char *)"batch.size");
  g_ptr_array_add (all, batch);
  g_ptr_array_add (all, NULL);
  conf = kafka_conf_new (settings, FALSE, (const char *const *)all->pdata, error);

  if (!conf)
    return NULL;
  producer = g_new0 (KafkaProducer, 1);
  producer->reported = reported;
  producer->data = data;
  rd_kafka_conf_set_opaque (conf, producer);
  rd_kafka_conf_set_dr_msg_cb (conf, on_report);
  rd_kafka_conf_set_error_cb (conf, on_error);
  rd_kafka_conf_set_stats_cb (conf, on_statistics);
  producer->handle = rd_kafka_new (RD_KAFKA_PRODUCER, conf, text, sizeof text);
  if (!producer->handle) {
    rd_kafka_conf_destroy (conf); /* it owns the configuration only when it succeeds */
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "producer: %s", text);
    g_free (producer);
    return NULL;
  }
  producer->thread = g_thread_new ("reports", serve, producer);
  return producer;
}

void
kafka_producer_free (KafkaProducer *producer)
{
  if (!producer)
    return;
  g_atomic_int_set (&producer->stopping, 1);
  g_thread_join (producer->thread);
  rd_kafka_destroy (producer->handle);
  g_free (producer);
}

gboolean
kafka_producer_send (KafkaProducer *producer, const char *topic, gint32 partition, GBytes *key,
                     GBytes *value, const KafkaHeaders *headers, gpointer opaque)
{
  rd_kafka_headers_t *rd_headers = kafka_headers_to_rd (headers);
  gsize key_length = 0, length = 0;
  const void *key_data = key ? g_bytes_get_data (key, &key_length) : NULL;
  const void *data = value ? g_bytes_get_data (value, &length) : NULL;
  rd_kafka_resp_err_t code;

  /* An empty value is not a tombstone: librdkafka tells them apart by the pointer. */
  code = rd_kafka_producev (
      producer->handle, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_PARTITION (partition),
      RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY (key_data, key_length),
      RD_KAFKA_V_VALUE ((void *)(value && !data ? "" : data), length),
      RD_KAFKA_V_HEADERS (rd_headers), RD_KAFKA_V_OPAQUE (opaque), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  rd_kafka_headers_destroy (rd_headers); /* on failure it is still ours */
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return FALSE;
  producer->reported (opaque, report_of (code), (KafkaPlace){ -1, -1 }, rd_kafka_err2str (code),
                      producer->data);
  return TRUE;
}

gboolean
kafka_producer_flush (KafkaProducer *producer, int timeout_ms)
{
  return rd_kafka_flush (producer->handle, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_t *
kafka_producer_handle (KafkaProducer *producer)
{
  return producer->handle;
}

gboolean
kafka_producer_is_fatal (KafkaProducer *producer)
{
  return g_atomic_int_get (&producer->fatal) != 0;
}
