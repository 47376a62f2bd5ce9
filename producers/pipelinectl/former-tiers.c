/* Former retry tiers, see former-tiers.h. */
#include "former-tiers.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "kafka/client.h"
#include "kafka/retry-tiers.h"
#include "kafka/waiting.h"
#include "program/topics.h"

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

static void
tell_of_tier (const Broker *broker, const char *topic, gint64 count)
{
  if (broker->told)
    (void)json_array_append_new (
        json_object_get (broker->told, "former_tiers"),
        json_pack ("{s:s,s:I}", "topic", topic, "records", (json_int_t)count));
  else if (count == 0)
    printf ("%s is no retry tier any more; it is empty and may be deleted\n", topic);
  else
    printf ("%s is no retry tier any more; %" G_GINT64_FORMAT
            " records are still to be handled in it\n",
            topic, count);
}

static gboolean
tell_of_consumer (const Broker *broker, const char *consumer, GHashTable *counts, GError **error)
{
  const char *prefix = broker->prefix;
  g_autofree char *group = g_strconcat (prefix, consumer, NULL);
  g_autoptr (KafkaWaiting) waiting = NULL;
  gboolean is_fine = TRUE;
  GHashTableIter iter;
  gpointer topic, partitions;

  g_hash_table_iter_init (&iter, counts);
  while (is_fine && g_hash_table_iter_next (&iter, &topic, &partitions)) {
    const char *plain = g_str_has_prefix (topic, prefix) ? (char *)topic + strlen (prefix) : "";
    gint64 count = -1;

    if (!retry_topic_tier (consumer, plain) || topics_find (broker->table, plain))
      continue;
    if (!waiting)
      waiting = kafka_waiting_new (broker->settings, group, NULL, error);
    if (waiting)
      count = kafka_waiting_count (waiting, topic, GPOINTER_TO_INT (partitions), ADMIN_TIMEOUT_MS,
                                   NULL, error);
    is_fine = count >= 0;
    if (is_fine)
      tell_of_tier (broker, topic, count);
  }
  return is_fine;
}

gboolean
former_tiers_tell (const Broker *broker, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
  g_autoptr (GPtrArray) consumers = consumers_of (broker->table);

  if (!counts)
    return FALSE;
  for (guint i = 0; i < consumers->len; i++)
    if (!tell_of_consumer (broker, g_ptr_array_index (consumers, i), counts, error))
      return FALSE;
  return TRUE;
}
