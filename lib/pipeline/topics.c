/* The table of topics, see topics.h. */
#include "pipeline/topics.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "kafka/client.h"
#include "pipeline/topics.json.h"

void
topic_free (gpointer data)
{
  Topic *topic = data;

  g_free (topic->name);
  g_free (topic->retry_tier);
  g_free (topic->schema);
  g_free (topic);
}

static Topic *
topic_new (char *name_taken, int partitions, gint64 retention_ms)
{
  Topic *topic = g_new0 (Topic, 1);

  topic->name = name_taken;
  topic->partitions = partitions;
  topic->retention_ms = retention_ms;
  return topic;
}

/* Tiers are written 15s*3,2m*3: each tier is one topic, however often it is used. */
static void
add_tiers (GPtrArray *table, const char *consumer, const char *tiers, int partitions,
           gint64 retention_ms)
{
  g_auto (GStrv) parts = g_strsplit (tiers, ",", -1);

  for (guint i = 0; parts[i]; i++) {
    g_auto (GStrv) tier = g_strsplit (parts[i], "*", 2);
    Topic *topic =
        topic_new (g_strdup_printf ("%s.retry-%s", consumer, tier[0]), partitions, retention_ms);

    topic->retry_tier = g_strdup (tier[0]);
    g_assert (parse_duration_ms (tier[0], &topic->retry_delay_ms));
    g_ptr_array_add (table, topic);
  }
}

GPtrArray *
topics_table (void)
{
  g_autoptr (GPtrArray) table = g_ptr_array_new_with_free_func (topic_free);
  g_autoptr (json_t) root = json_loads (topics_json, 0, NULL);
  json_t *entry, *consumers = json_object_get (root, "consumers");
  int partitions = json_integer_value (json_object_get (root, "partitions"));
  const char *consumer;
  size_t i;

  g_assert (root && partitions > 0);
  json_array_foreach (json_object_get (root, "topics"), i, entry)
  {
    const char *schema = json_string_value (json_object_get (entry, "schema"));
    Topic *topic =
        topic_new (g_strdup (json_string_value (json_object_get (entry, "name"))), partitions,
                   json_integer_value (json_object_get (entry, "retention_ms")));

    topic->schema = schema ? g_strndup (schema, strlen (schema) - strlen (".avsc")) : NULL;
    g_ptr_array_add (table, topic);
  }
  json_object_foreach (consumers, consumer, entry)
      add_tiers (table, consumer, json_string_value (json_object_get (entry, "retry_tiers")),
                 partitions, json_integer_value (json_object_get (root, "retry_retention_ms")));
  return g_steal_pointer (&table);
}

gboolean
topics_check (rd_kafka_t *handle, const char *prefix, int timeout_ms, GError **error)
{
  g_autoptr (GPtrArray) table = topics_table ();
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autoptr (GString) wrong = g_string_new (NULL);
  gboolean has_wrong_count = FALSE;

  if (!counts)
    return FALSE;
  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);
    g_autofree char *name = g_strconcat (prefix, topic->name, NULL);
    int count = GPOINTER_TO_INT (g_hash_table_lookup (counts, name));

    if (count == topic->partitions)
      continue;
    has_wrong_count = has_wrong_count || count > 0;
    g_string_append (wrong, wrong->len ? "; " : "");
    if (count == 0)
      g_string_append_printf (wrong, "%s is missing", name);
    else
      g_string_append_printf (wrong, "%s has %d partitions instead of %d", name, count,
                              topic->partitions);
  }
  if (wrong->len == 0)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
               "topics are not as schemas/topics.json says: %s. Run: pipelinectl topics create%s",
               wrong->str,
               has_wrong_count ? ", after a topic with another number of partitions has been "
                                 "deleted or altered with the "
                                 "broker's own tool (order by key needs the same number everywhere)"
                               : "");
  return FALSE;
}
