/* The table of topics, see topics.h. */
#include "program/topics.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kafka/client.h"
#include "kafka/topic-settings.h"
#include "kafka/retry-tiers.h"
#include "program/topics.json.h"

#define MS_OF_DAY 86400000LL

const Setting tier_settings[] = {
  { "retry-tiers", SETTING_TEXT, "",
    "Waits between attempts, such as 15s*3,2m*3; empty takes each consumer's from the table of "
    "topics." },
  { "outage-max-wait", SETTING_DURATION, "48h",
    "How long a claim waits for a downstream that is away or an unknown insert." },
  { NULL },
};

void
topic_free (gpointer data)
{
  Topic *topic = data;

  g_free (topic->name);
  g_free (topic->consumer);
  g_free (topic->reader);
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

static json_t *
load_table (void)
{
  json_t *root = json_loads (topics_json, 0, NULL);

  g_assert (root && json_integer_value (json_object_get (root, "partitions")) > 0);
  return root;
}

const Topic *
topics_find (const GPtrArray *table, const char *name)
{
  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);

    if (strcmp (topic->name, name) == 0)
      return topic;
  }
  return NULL;
}

/* Each tier is one topic, however often it is used. */
static void
add_tiers (GPtrArray *table, const json_t *root, const char *consumer, const char *retry_tiers)
{
  g_autofree char *text = topics_retry_tiers (consumer, retry_tiers);
  g_autoptr (GPtrArray) tiers = retry_tiers_parse (text, NULL);

  g_assert (tiers != NULL); /* the setting was looked at before, the table is tested */
  for (guint i = 0; i < tiers->len; i++) {
    const RetryTier *tier = g_ptr_array_index (tiers, i);
    g_autofree char *name = retry_topic (consumer, tier->name);
    Topic *topic;

    if (topics_find (table, name))
      continue;
    topic = topic_new (g_steal_pointer (&name),
                       (int)json_integer_value (json_object_get (root, "partitions")),
                       json_integer_value (json_object_get (root, "retry_retention_ms")));
    topic->is_ordered = TRUE;
    topic->consumer = g_strdup (consumer);
    topic->retry_tier = g_strdup (tier->name);
    topic->retry_delay_ms = tier->wait_ms;
    g_ptr_array_add (table, topic);
  }
}

static char *
reader_of (const json_t *root, const char *source)
{
  const char *consumer;
  json_t *entry;

  json_object_foreach (json_object_get (root, "consumers"), consumer, entry)
  {
    if (g_strcmp0 (json_string_value (json_object_get (entry, "topic")), source) == 0)
      return g_strdup (consumer);
  }
  return NULL;
}

static GPtrArray *
without_tiers (const json_t *root)
{
  GPtrArray *table = g_ptr_array_new_with_free_func (topic_free);
  int partitions = (int)json_integer_value (json_object_get (root, "partitions"));
  json_t *entry;
  size_t i;

  json_array_foreach (json_object_get (root, "topics"), i, entry)
  {
    const char *schema = json_string_value (json_object_get (entry, "schema"));
    Topic *topic =
        topic_new (g_strdup (json_string_value (json_object_get (entry, "name"))), partitions,
                   json_integer_value (json_object_get (entry, "retention_ms")));

    topic->reader = reader_of (root, topic->name);
    topic->is_ordered = !json_is_false (json_object_get (entry, "ordered"));
    topic->schema = schema ? g_strndup (schema, strlen (schema) - strlen (".avsc")) : NULL;
    g_ptr_array_add (table, topic);
  }
  return table;
}

GPtrArray *
topics_table (const char *retry_tiers)
{
  g_autoptr (json_t) root = load_table ();
  GPtrArray *table = without_tiers (root);
  const char *consumer;
  json_t *entry;

  json_object_foreach (json_object_get (root, "consumers"), consumer, entry)
      add_tiers (table, root, consumer, retry_tiers);
  return table;
}

GPtrArray *
topics_of_program (const char *name, const char *retry_tiers)
{
  g_autoptr (json_t) root = load_table ();
  GPtrArray *table = without_tiers (root);

  add_tiers (table, root, name, retry_tiers);
  return table;
}

char *
topics_retry_tiers (const char *consumer, const char *retry_tiers)
{
  g_autoptr (json_t) root = load_table ();
  const json_t *entry = json_object_get (json_object_get (root, "consumers"), consumer);
  const char *own = json_string_value (json_object_get (entry, "retry_tiers"));

  return g_strdup (retry_tiers && *retry_tiers ? retry_tiers : own ? own : "");
}

static int
count_of (GHashTable *counts, const char *prefix, const Topic *topic)
{
  g_autofree char *name = g_strconcat (prefix, topic->name, NULL);

  return GPOINTER_TO_INT (g_hash_table_lookup (counts, name));
}

int
topics_most_partitions (GHashTable *counts, const char *prefix, const GPtrArray *table)
{
  int most = 0;

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);

    if (topic->is_ordered)
      most = MAX (most, count_of (counts, prefix, topic));
  }
  return most;
}

/* NULL: all are equal. */
static char *
tell_unequal (GHashTable *counts, const char *prefix, const GPtrArray *table)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int most = topics_most_partitions (counts, prefix, table);

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);
    int count = count_of (counts, prefix, topic);

    if (topic->is_ordered && count < most)
      g_string_append_printf (text, "%s%s%s has %d partitions", text->len ? ", " : "", prefix,
                              topic->name, count);
  }
  if (text->len == 0)
    return NULL;
  g_string_append_printf (
      text,
      " and others %d: records of one Veteran may be handled out of their order until all have "
      "the same number. Run: pipelinectl topics grow --partitions %d",
      most, most);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
check_each (GHashTable *counts, const char *prefix, const GPtrArray *table, GError **error)
{
  g_autoptr (GString) wrong = g_string_new (NULL);
  gboolean is_missing = FALSE;
  int most = topics_most_partitions (counts, prefix, table), too_few = 0;

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);
    int count = count_of (counts, prefix, topic);

    if (count >= topic->partitions)
      continue;
    g_string_append_printf (wrong, "%s%s%s ", wrong->len ? "; " : "", prefix, topic->name);
    if (count == 0) {
      is_missing = TRUE;
      g_string_append (wrong, "is missing");
    } else {
      too_few = MAX (too_few, MAX (most, topic->partitions));
      g_string_append_printf (wrong, "has %d partitions instead of %d", count, topic->partitions);
    }
  }
  if (wrong->len == 0)
    return TRUE;
  g_string_append_printf (wrong, ". Run: %s", is_missing ? "pipelinectl topics create" : "");
  if (too_few > 0)
    g_string_append_printf (wrong, "%spipelinectl topics grow --partitions %d",
                            is_missing ? ", then: " : "", too_few);
  g_set_error (error, KAFKA_ERROR, too_few > 0 ? KAFKA_ERROR_TOPICS : KAFKA_ERROR_TOPIC_MISSING,
               "topics are not as schemas/topics.json says: %s", wrong->str);
  return FALSE;
}

gboolean
topics_check (rd_kafka_t *handle, const char *prefix, const GPtrArray *table, int timeout_ms,
              char **ret_unequal, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autofree char *unequal = NULL;

  if (!counts || !check_each (counts, prefix, table, error))
    return FALSE;
  unequal = tell_unequal (counts, prefix, table);
  if (unequal && !ret_unequal) {
    g_set_error_literal (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS, unequal);
    return FALSE;
  }
  if (ret_unequal)
    *ret_unequal = g_steal_pointer (&unequal);
  return TRUE;
}

char **
topics_to_read (rd_kafka_t *handle, const char *prefix, const GPtrArray *table,
                const char *consumer, const char *source, int timeout_ms, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, timeout_ms, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  char *source_name = g_strconcat (prefix, source, NULL);
  GHashTableIter iter;
  gpointer name, partitions;

  g_ptr_array_add (names, source_name);
  if (!counts)
    return NULL;
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &name, &partitions)) {
    const char *plain = g_str_has_prefix (name, prefix) ? (char *)name + strlen (prefix) : "";

    if (!retry_topic_tier (consumer, plain))
      continue;
    if (!topics_find (table, plain))
      log_info ("reading a retry tier that the setting no longer names", "topic", name, NULL);
    if (partitions != g_hash_table_lookup (counts, source_name))
      log_warning (
          "a retry tier has another number of partitions than its source; pipelinectl topics check "
          "says what to do",
          "topic", name, NULL);
    g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

gboolean
topics_check_retention (rd_kafka_t *handle, const char *prefix, const char *consumer, char **names,
                        gint64 outage_max_wait_ms, gint64 inbox_days, int timeout_ms,
                        GError **error)
{
  g_autoptr (GHashTable) retentions = kafka_topic_setting (
      handle, (const char *const *)names, KAFKA_TOPIC_RETENTION, timeout_ms, error);
  g_autoptr (GString) wrong = g_string_new (NULL);
  const char *unread = NULL;

  if (!retentions)
    return FALSE;
  for (guint i = 0; names[i]; i++) {
    const gint64 *retention_ms = g_hash_table_lookup (retentions, names[i]);
    const char *tier = retry_topic_tier (consumer, names[i] + strlen (prefix));
    gint64 wait_ms = 0, needed_ms;

    if (!retention_ms) {
      unread = names[i];
      continue;
    }
    if (*retention_ms < 0 || *retention_ms > inbox_days * MS_OF_DAY)
      g_string_append_printf (wrong,
                              "%s keeps records for longer than the inbox (inbox-days) remembers "
                              "them: what is handled could be handled again; ",
                              names[i]);
    if (!tier || !parse_duration_ms (tier, &wait_ms))
      continue;
    needed_ms = retry_tier_needs_ms (wait_ms, outage_max_wait_ms);
    if (*retention_ms >= 0 && *retention_ms <= needed_ms)
      g_string_append_printf (wrong,
                              "%s keeps records for %" G_GINT64_FORMAT
                              " ms, and its tier needs more than %" G_GINT64_FORMAT " ms; ",
                              names[i], *retention_ms, needed_ms);
  }
  if (wrong->len > 0)
    g_set_error (
        error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
        "%sset retention.ms with the broker's own tool (pipelinectl topics check shows all)",
        wrong->str);
  else if (unread)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY,
                 "the broker does not tell the retention of %s (one that may not be asked: "
                 "broker-admin = false)",
                 unread);
  return wrong->len == 0 && !unread;
}
