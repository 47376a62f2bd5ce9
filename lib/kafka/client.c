/* Configuration shared by consumers and producers, see client.h. */
#include "kafka/client.h"

#include <string.h>

#include "base/log.h"

G_DEFINE_QUARK (kafka_error_quark, kafka_error)

const Setting kafka_settings[] = {
  { "kafka-brokers", SETTING_TEXT, "127.0.0.1:9092",
    "Bootstrap brokers, host:port, separated by commas." },
  { "topic-prefix", SETTING_TEXT, "dependents.",
    "Comes before the name of every topic and consumer group." },
  { "broker-admin", SETTING_BOOLEAN, "yes",
    "Whether the broker answers questions about topics' settings (the embedded broker does not)." },
  { NULL },
};

/* Properties that only a member of a group understands; a producer warns about them. */
static const char *const consumer_properties[] = {
  "group.id",
  "group.instance.id",
  "session.timeout.ms",
  "heartbeat.interval.ms",
  "max.poll.interval.ms",
  "partition.assignment.strategy",
  "auto.offset.reset",
  "enable.auto.commit",
  "enable.auto.offset.store",
  "queued.min.messages",
  "queued.max.messages.kbytes",
  "fetch.wait.max.ms",
  "fetch.min.bytes",
  "fetch.max.bytes",
  "fetch.message.max.bytes",
  "fetch.error.backoff.ms",
  "isolation.level",
  "check.crcs",
  "allow.auto.create.topics",
  "enable.partition.eof",
  "auto.commit.interval.ms",
  "group.protocol.type",
  "coordinator.query.interval.ms",
  NULL,
};
static const char *const producer_properties[] = {
  "enable.idempotence",
  "queue.buffering.max.kbytes",
  "queue.buffering.max.messages",
  "queue.buffering.max.ms",
  "linger.ms",
  "partitioner",
  "delivery.timeout.ms",
  "message.timeout.ms",
  "acks",
  "request.required.acks",
  "compression.type",
  "compression.codec",
  "batch.size",
  "batch.num.messages",
  "message.send.max.retries",
  "retries",
  "transactional.id",
  "sticky.partitioning.linger.ms",
  "request.timeout.ms",
  NULL,
};

static void
on_log (const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
  (void)handle;
  log_limited (level <= 3 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, facility, "kafka client",
               "facility", facility, "text", text, NULL);
}

static gboolean
set (rd_kafka_conf_t *conf, const char *property, const char *value, GError **error)
{
  char text[512];

  if (rd_kafka_conf_set (conf, property, value, text, sizeof text) == RD_KAFKA_CONF_OK)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "kafka.%s: %s", property, text);
  return FALSE;
}

rd_kafka_conf_t *
kafka_conf_new (const Settings *settings, gboolean is_consumer, const char *const *defaults,
                GError **error)
{
  const char *const *foreign = is_consumer ? producer_properties : consumer_properties;
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  GHashTableIter iter;
  gpointer property, value;

  rd_kafka_conf_set_log_cb (conf, on_log);
  if (!set (conf, "bootstrap.servers", settings_text (settings, "kafka-brokers"), error))
    goto failed;
  for (guint i = 0; defaults && defaults[i]; i += 2)
    if (!set (conf, defaults[i], defaults[i + 1], error))
      goto failed;
  g_hash_table_iter_init (&iter, settings_kafka (settings));
  while (g_hash_table_iter_next (&iter, &property, &value))
    if (!g_strv_contains (foreign, property) && !set (conf, property, value, error))
      goto failed;
  return conf;

failed:
  rd_kafka_conf_destroy (conf);
  return NULL;
}

GHashTable *
kafka_topic_partitions (rd_kafka_t *handle, int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t code = rd_kafka_metadata (handle, 1, NULL, &metadata, timeout_ms);

  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "no broker answers: %s",
                 rd_kafka_err2str (code));
    return NULL;
  }
  for (int i = 0; i < metadata->topic_cnt; i++)
    if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
      g_hash_table_insert (counts, g_strdup (metadata->topics[i].topic),
                           GINT_TO_POINTER (metadata->topics[i].partition_cnt));
  rd_kafka_metadata_destroy (metadata);
  return g_steal_pointer (&counts);
}
