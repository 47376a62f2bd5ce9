/* Configuration shared by consumers and producers, see client.h. */
#include "kafka/client.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/exposure.h"
#include "base/log.h"

#define SCRAM_MENDED_IN 0x020601ff
#define ASK_AGAIN_US    100000

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

static char *
property (const rd_kafka_conf_t *conf, const char *name)
{
  char value[4096] = "";
  size_t size = sizeof value;

  return rd_kafka_conf_get (conf, name, value, &size) == RD_KAFKA_CONF_OK ? g_strdup (value)
                                                                          : g_strdup ("");
}

/* Of "PLAINTEXT://host:port", where scheme and port may be left out. */
static char *
host_of (const char *broker)
{
  const char *authority = strstr (broker, "://");
  const char *host = authority ? authority + strlen ("://") : broker;
  const char *bracket = strchr (host, ']');
  const char *colon = strchr (bracket ? bracket : host, ':');

  return g_strndup (host, colon ? (gsize)(colon - host) : strlen (host));
}

static void
warn_of_exposure (const rd_kafka_conf_t *conf)
{
  g_autofree char *protocol = property (conf, "security.protocol");
  g_autofree char *verifies = property (conf, "enable.ssl.certificate.verification");
  g_autofree char *identifies = property (conf, "ssl.endpoint.identification.algorithm");
  g_autofree char *brokers = property (conf, "bootstrap.servers");
  g_auto (GStrv) each = g_strsplit (brokers, ",", -1);
  const char *what = NULL;

  if (g_str_has_suffix (protocol, "plaintext"))
    what = "unencrypted";
  else if (!g_str_equal (verifies, "true") || !g_str_equal (identifies, "https"))
    what = "unverified";
  for (gsize i = 0; what && each[i]; i++) {
    g_autofree char *host = host_of (g_strstrip (each[i]));

    exposure_warn ("kafka-brokers", host, what,
                   "kafka.security.protocol=ssl (or sasl_ssl), with certificate and name verified");
  }
}

/* Once: each handle of a process is made with the same. Source: README.md, rule 17. */
static void
warn_of_scram (const rd_kafka_conf_t *conf)
{
  static gsize is_told;
  g_autofree char *protocol = property (conf, "security.protocol");
  g_autofree char *mechanism = property (conf, "sasl.mechanisms");

  if (rd_kafka_version () >= SCRAM_MENDED_IN || !g_str_has_prefix (protocol, "sasl") ||
      !g_str_has_prefix (mechanism, "SCRAM") || !g_once_init_enter (&is_told))
    return;
  log_warning (
      "brokers of Apache Kafka 3.7.2, 3.8.1, 3.9.0 and later refuse SCRAM of this librdkafka",
      "mechanism", mechanism, "librdkafka", rd_kafka_version_str (), "remedy",
      "a client certificate (kafka.security.protocol=ssl), or librdkafka 2.6.1 and later", NULL);
  g_once_init_leave (&is_told, 1);
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
  /* Source: README.md, rule 13. */
  if (is_consumer && !set (conf, "isolation.level", "read_uncommitted", error))
    goto failed;
  for (guint i = 0; defaults && defaults[i]; i += 2)
    if (!set (conf, defaults[i], defaults[i + 1], error))
      goto failed;
  g_hash_table_iter_init (&iter, settings_kafka (settings));
  while (g_hash_table_iter_next (&iter, &property, &value))
    if (!g_strv_contains (foreign, property) && !set (conf, property, value, error))
      goto failed;
  warn_of_exposure (conf);
  warn_of_scram (conf);
  return conf;

failed:
  rd_kafka_conf_destroy (conf);
  return NULL;
}

rd_kafka_t *
kafka_onlooker_new (const Settings *settings, const char *what, const char *const *defaults,
                    const char *const *fixed, GError **error)
{
  rd_kafka_conf_t *conf = kafka_conf_new (settings, TRUE, defaults, error);
  rd_kafka_t *handle;
  char text[512];

  if (!conf)
    return NULL;
  if (!set (conf, "group.instance.id", "", error))
    goto failed;
  for (guint i = 0; fixed[i]; i += 2)
    if (!set (conf, fixed[i], fixed[i + 1], error))
      goto failed;
  handle = rd_kafka_new (RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (handle)
    return handle;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "%s: %s", what, text);

failed:
  rd_kafka_conf_destroy (conf); /* a handle owns it, when there is one */
  return NULL;
}

/* Of a topic that is well. */
typedef int (*TopicCount) (const struct rd_kafka_metadata_topic *topic);

static GHashTable *
count_topics (rd_kafka_t *handle, TopicCount count, int timeout_ms, GError **error)
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
                           GINT_TO_POINTER (count (&metadata->topics[i])));
  rd_kafka_metadata_destroy (metadata);
  return g_steal_pointer (&counts);
}

static int
partitions_of (const struct rd_kafka_metadata_topic *topic)
{
  return topic->partition_cnt;
}

static int
copies_of (const struct rd_kafka_metadata_topic *topic)
{
  int least = topic->partition_cnt > 0 ? G_MAXINT : 0;

  for (int i = 0; i < topic->partition_cnt; i++)
    least = MIN (least, topic->partitions[i].replica_cnt);
  return least;
}

GHashTable *
kafka_topic_partitions (rd_kafka_t *handle, int timeout_ms, GError **error)
{
  return count_topics (handle, partitions_of, timeout_ms, error);
}

GHashTable *
kafka_topic_copies (rd_kafka_t *handle, int timeout_ms, GError **error)
{
  return count_topics (handle, copies_of, timeout_ms, error);
}

/* A partition that had no leader when the library learnt of it has none for it until it learns of the
 * topic again; of one that this handle does not read that takes it minutes. Source:
 * rd_kafka_topic_partition_list_get_leaders() of 2.0.2. */
static void
learn_again (rd_kafka_t *handle, const char *name, int timeout_ms)
{
  rd_kafka_topic_t *topic = rd_kafka_topic_new (handle, name, NULL);
  const struct rd_kafka_metadata *metadata = NULL;

  if (rd_kafka_metadata (handle, 0, topic, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_metadata_destroy (metadata);
  rd_kafka_topic_destroy (topic);
}

rd_kafka_resp_err_t
kafka_ask_offset (rd_kafka_t *handle, const char *topic, int partition, gint64 at, int timeout_ms,
                  gint64 *ret_offset)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (1);
  rd_kafka_resp_err_t code;

  rd_kafka_topic_partition_list_add (list, topic, partition)->offset = at;
  code = rd_kafka_offsets_for_times (handle, list, timeout_ms);
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    learn_again (handle, topic, timeout_ms); /* for the next question */
  *ret_offset = list->elems[0].offset;
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].err : code;
}

rd_kafka_resp_err_t
kafka_ask_ends (rd_kafka_t *handle, const char *topic, int partition, int timeout_ms,
                gint64 *ret_low, gint64 *ret_high)
{
  rd_kafka_resp_err_t code =
      kafka_ask_offset (handle, topic, partition, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, ret_low);

  return code == RD_KAFKA_RESP_ERR_NO_ERROR
             ? kafka_ask_offset (handle, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms,
                                 ret_high)
             : code;
}

gboolean
kafka_shall_ask_again (rd_kafka_resp_err_t code, gint64 until_ms)
{
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || clock_monotonic_ms () >= until_ms)
    return FALSE;
  g_usleep (ASK_AGAIN_US);
  return TRUE;
}
