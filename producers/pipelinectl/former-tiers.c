/* Former retry tiers, see former-tiers.h. */
#include "former-tiers.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kafka/client.h"
#include "kafka/retry-tiers.h"
#include "program/topics.h"

#define LEADER_PAUSE_US 100000

/* A client that may ask what the group has committed; it joins nothing. NULL: error is set. */
static rd_kafka_t *
client_of_group (const Settings *settings, const char *group, GError **error)
{
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

/* Records that the group has not committed; -1: error is set. */
static gint64
count_waiting (rd_kafka_t *client, const char *topic, int partitions, int timeout_ms,
               GError **error)
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
    count += high - MAX (low, list->elems[i].offset); /* never committed: a negative number */
  }
  return count;
}

/* The consumers that have tiers, each once. Borrowed from @table. */
static GPtrArray *
consumers_of (const GPtrArray *table)
{
  GPtrArray *consumers = g_ptr_array_new ();

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);

    if (topic->consumer &&
        !g_ptr_array_find_with_equal_func (consumers, topic->consumer, g_str_equal, NULL))
      g_ptr_array_add (consumers, topic->consumer);
  }
  return consumers;
}

static gboolean
tell_of_consumer (const char *consumer, GHashTable *counts, const Settings *settings,
                  const GPtrArray *table, int timeout_ms, GError **error)
{
  const char *prefix = settings_text (settings, "topic-prefix");
  g_autofree char *group = g_strconcat (prefix, consumer, NULL);
  rd_kafka_t *client = NULL;
  gboolean is_fine = TRUE;
  GHashTableIter iter;
  gpointer topic, partitions;

  g_hash_table_iter_init (&iter, counts);
  while (is_fine && g_hash_table_iter_next (&iter, &topic, &partitions)) {
    const char *plain = g_str_has_prefix (topic, prefix) ? (char *)topic + strlen (prefix) : "";
    gint64 waiting;

    if (!retry_topic_tier (consumer, plain) || topics_find (table, plain))
      continue;
    if (!client)
      client = client_of_group (settings, group, error);
    waiting = client
                  ? count_waiting (client, topic, GPOINTER_TO_INT (partitions), timeout_ms, error)
                  : -1;
    is_fine = waiting >= 0;
    if (waiting == 0)
      printf ("%s is no retry tier any more; it is empty and may be deleted\n", (char *)topic);
    else if (waiting > 0)
      printf ("%s is no retry tier any more; %" G_GINT64_FORMAT
              " records are still to be handled in it\n",
              (char *)topic, waiting);
  }
  if (client)
    rd_kafka_destroy (client);
  return is_fine;
}

gboolean
former_tiers_tell (rd_kafka_t *handle, const Settings *settings, const GPtrArray *table,
                   int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autoptr (GPtrArray) consumers = consumers_of (table);

  if (!counts)
    return FALSE;
  for (guint i = 0; i < consumers->len; i++)
    if (!tell_of_consumer (g_ptr_array_index (consumers, i), counts, settings, table, timeout_ms,
                           error))
      return FALSE;
  return TRUE;
}
