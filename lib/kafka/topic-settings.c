/* Settings of topics, see topic-settings.h. */
#include "kafka/topic-settings.h"

#include <string.h>

#include "base/cleanup.h"

#define ANSWER_SLACK_MS 5000 /* the library's own time-out comes first */

static void
note_value (GHashTable *values, const rd_kafka_ConfigResource_t *resource, const char *setting)
{
  size_t count = 0;
  const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs (resource, &count);

  for (size_t i = 0; i < count; i++)
    if (strcmp (rd_kafka_ConfigEntry_name (entries[i]), setting) == 0 &&
        rd_kafka_ConfigEntry_value (entries[i]))
      g_hash_table_insert (values, g_strdup (rd_kafka_ConfigResource_name (resource)),
                           g_strdup (rd_kafka_ConfigEntry_value (entries[i])));
}

static void
ask (rd_kafka_t *handle, const char *const *topics, int timeout_ms, rd_kafka_queue_t *queue)
{
  g_autoptr (GPtrArray) asked =
      g_ptr_array_new_with_free_func ((GDestroyNotify)rd_kafka_ConfigResource_destroy);
  rd_kafka_AdminOptions_t *options =
      rd_kafka_AdminOptions_new (handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  char reason[256];

  for (guint i = 0; topics[i]; i++)
    g_ptr_array_add (asked, rd_kafka_ConfigResource_new (RD_KAFKA_RESOURCE_TOPIC, topics[i]));
  /* Fails out of range only */
  (void)rd_kafka_AdminOptions_set_request_timeout (options, timeout_ms, reason, sizeof reason);
  rd_kafka_DescribeConfigs (handle, (rd_kafka_ConfigResource_t **)asked->pdata, asked->len, options,
                            queue);
  rd_kafka_AdminOptions_destroy (options);
}

GHashTable *
kafka_topic_setting_texts (rd_kafka_t *handle, const char *const *topics, const char *setting,
                           int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (rd_kafka_queue_t) queue = rd_kafka_queue_new (handle);
  const rd_kafka_ConfigResource_t **resources;
  rd_kafka_event_t *event;
  size_t count = 0;

  ask (handle, topics, timeout_ms, queue);
  event = rd_kafka_queue_poll (queue, timeout_ms + ANSWER_SLACK_MS);
  if (!event || rd_kafka_event_error (event)) {
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "no broker tells topics' settings: %s",
                 event ? rd_kafka_event_error_string (event) : "timed out");
    if (event)
      rd_kafka_event_destroy (event);
    return NULL;
  }
  resources = rd_kafka_DescribeConfigs_result_resources (
      rd_kafka_event_DescribeConfigs_result (event), &count);
  for (size_t i = 0; i < count; i++)
    note_value (values, resources[i], setting);
  rd_kafka_event_destroy (event);
  return g_steal_pointer (&values);
}

GHashTable *
kafka_topic_setting (rd_kafka_t *handle, const char *const *topics, const char *setting,
                     int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) texts =
      kafka_topic_setting_texts (handle, topics, setting, timeout_ms, error);
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer name, text;
  gint64 value;

  if (!texts)
    return NULL;
  g_hash_table_iter_init (&iter, texts);
  while (g_hash_table_iter_next (&iter, &name, &text))
    if (parse_int64 (text, -1, G_MAXINT64, &value))
      g_hash_table_insert (values, g_strdup (name), g_memdup2 (&value, sizeof value));
  return g_steal_pointer (&values);
}
