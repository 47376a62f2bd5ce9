/* What a group has still to handle, see waiting.h. */
#include "waiting.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "kafka/client.h"

#define LEADER_PAUSE_US 100000

rd_kafka_t *
waiting_client_new (const Settings *settings, const char *consumer, GError **error)
{
  g_autofree char *group = g_strconcat (settings_text (settings, "topic-prefix"), consumer, NULL);
  char reason[512] = "";
  rd_kafka_conf_t *conf = kafka_conf_new (settings, TRUE, NULL, error);
  rd_kafka_t *client;

  if (!conf)
    return NULL;
  client = rd_kafka_conf_set (conf, "group.id", group, reason, sizeof reason) == RD_KAFKA_CONF_OK
               ? rd_kafka_new (RD_KAFKA_CONSUMER, conf, reason, sizeof reason)
               : NULL;
  if (client)
    return client;
  rd_kafka_conf_destroy (conf);
  g_set_error_literal (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, reason);
  return NULL;
}

static gboolean
note_failure (rd_kafka_resp_err_t code, GError **error)
{
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "the broker does not answer: %s",
               rd_kafka_err2str (code));
  return FALSE;
}

/* The leader of a partition may be changing, or be new and not known yet. */
static rd_kafka_resp_err_t
ask_watermarks (rd_kafka_t *client, const char *topic, int partition, int timeout_ms,
                gint64 *ret_low, gint64 *ret_high)
{
  gint64 until = clock_monotonic_ms () + timeout_ms;

  for (;;) {
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets (client, topic, partition, ret_low, ret_high, timeout_ms);

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || clock_monotonic_ms () >= until)
      return code;
    g_usleep (LEADER_PAUSE_US);
  }
}

gint64
waiting_count (rd_kafka_t *client, const char *topic, int partitions, int timeout_ms,
               gint64 *ret_end, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (partitions);
  gint64 count = 0;

  for (int i = 0; i < partitions; i++)
    rd_kafka_topic_partition_list_add (list, topic, i);
  if (!note_failure (rd_kafka_committed (client, list, timeout_ms), error))
    return -1;
  for (int i = 0; i < partitions; i++) {
    gint64 low = 0, high = 0;

    if (!note_failure (ask_watermarks (client, topic, i, timeout_ms, &low, &high), error))
      return -1;
    if (ret_end)
      *ret_end += high;
    count += high - MAX (low, list->elems[i].offset); /* never committed: a negative number */
  }
  return count;
}
