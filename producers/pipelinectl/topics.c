/* pipelinectl topics: makes the topics of schemas/topics.json, or checks that the broker's are as
 * it says.
 *
 * The embedded broker has them all from the start and answers no question about them
 * (broker-admin=no): then only names and partitions are looked at. */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "kafka/client.h"
#include "kafka/topic-settings.h"
#include "kafka/retry-tiers.h"
#include "program/topics.h"
#include "broker.h"
#include "former-tiers.h"
#include "grow.h"
#include "output.h"
#include "pipelinectl.h"

#define NAMES_PAUSE_US     100000
/* What the name of a topic is made of, to Kafka. */
#define KAFKA_NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const Setting topics_settings[] = {
  { "replication-factor", SETTING_NUMBER, "0",
    "Copies of each partition: create gives them to topics that it makes, and makes none beside "
    "others "
    "of fewer; check wants them. 0 leaves it to the broker's default.",
    NULL, 0, 100 },
  { "log-level", SETTING_CHOICE, "warning", "Least level of the log lines.",
    "debug|info|warning|error" },
  { "partitions", SETTING_NUMBER, "0",
    "How many partitions: create gives them to topics that it makes, and makes none beside others "
    "of another number (0: as many as others have); check wants them; grow gives them to all.",
    NULL, 0, 10000 },
  { "min-insync-replicas", SETTING_NUMBER, "0",
    "Copies that have to be written before a record counts: create gives this to topics that it "
    "makes, and makes none beside others of less; check wants it. 0 leaves it to the brokers.",
    NULL, 0, 100 },
  { "wait", SETTING_DURATION, "1h",
    "For grow: how long to wait until everything is handled that was taken in." },
  { NULL },
};
static const Setting *const tables[] = { topics_settings, tier_settings, kafka_settings, NULL };
/* It looks whether anything is on its way. */
static const Setting *const tables_of_grow[] = { topics_settings, tier_settings, kafka_settings,
                                                 db_settings, NULL };

/* --- What create and check ask of topics that are there --- */

/* What is not as was asked, a line each, and what is to be done about it. */
typedef struct {
  GString *wrong, *todo;
} Findings;

/* A key must be with one member in all topics that are ordered, so none is made beside others of another number; of the
 * others, more is no fault. */
static void
judge_partitions (const Broker *broker, GHashTable *counts, Findings *findings)
{
  int wanted = (int)settings_number (broker->settings, "partitions");
  int most = topics_most_partitions (counts, broker->prefix, broker->table);
  gsize told = findings->wrong->len;

  for (guint i = 0; wanted > 0 && i < broker->table->len; i++) {
    const Topic *topic = g_ptr_array_index (broker->table, i);
    g_autofree char *name = broker_topic (broker, topic);
    int count = GPOINTER_TO_INT (g_hash_table_lookup (counts, name));

    if (count > 0 && (topic->is_ordered ? count != wanted : count < topic->partitions))
      g_string_append_printf (findings->wrong, "%s has %d partitions instead of %d\n", name, count,
                              wanted);
  }
  if (findings->wrong->len > told && wanted < most)
    g_string_append_printf (findings->todo, " None can be taken away: ask for %d.", most);
  else if (findings->wrong->len > told)
    g_string_append_printf (findings->todo, " Run: pipelinectl topics grow --partitions %d.",
                            wanted);
}

/* @names: full ones, NULL-ended. More than was asked for is no fault: nothing is lost by it. */
static gboolean
judge_insync (const Broker *broker, const char *const *names, Findings *findings, GError **error)
{
  gint64 wanted = settings_number (broker->settings, "min-insync-replicas");
  gsize told = findings->wrong->len;
  g_autoptr (GHashTable) values = NULL;

  if (wanted == 0 || !names[0])
    return TRUE;
  values = kafka_topic_setting (broker->handle, names, KAFKA_TOPIC_INSYNC, ADMIN_TIMEOUT_MS, error);
  if (!values)
    return FALSE;
  for (guint i = 0; names[i]; i++) {
    const gint64 *value = g_hash_table_lookup (values, names[i]);

    if (!value)
      g_string_append_printf (findings->wrong, "%s: its " KAFKA_TOPIC_INSYNC " cannot be read\n",
                              names[i]);
    else if (*value < wanted)
      g_string_append_printf (findings->wrong,
                              "%s has " KAFKA_TOPIC_INSYNC "=%" G_GINT64_FORMAT
                              " instead of %" G_GINT64_FORMAT "\n",
                              names[i], *value, wanted);
  }
  if (findings->wrong->len > told)
    g_string_append (findings->todo,
                     " Set " KAFKA_TOPIC_INSYNC " with the broker's kafka-configs tool.");
  return TRUE;
}

/* min.insync.replicas promises nothing where there are fewer copies: a broker then counts those that
 * there are. */
static gboolean
judge_copies (const Broker *broker, const char *const *names, Findings *findings, GError **error)
{
  int wanted = (int)settings_number (broker->settings, "replication-factor");
  gsize told = findings->wrong->len;
  g_autoptr (GHashTable) copies = NULL;

  if (wanted == 0 || !names[0])
    return TRUE;
  copies = kafka_topic_copies (broker->handle, ADMIN_TIMEOUT_MS, error);
  if (!copies)
    return FALSE;
  for (guint i = 0; names[i]; i++) {
    int count = GPOINTER_TO_INT (g_hash_table_lookup (copies, names[i]));

    if (count > 0 && count < wanted)
      g_string_append_printf (findings->wrong, "%s has %d of %d copies\n", names[i], count, wanted);
  }
  if (findings->wrong->len > told)
    g_string_append (findings->todo,
                     " Make copies with the broker's kafka-reassign-partitions tool.");
  return TRUE;
}

/* Whether those that are there are as was asked. */
static gboolean
judge_existing (const Broker *broker, Findings *findings, GError **error)
{
  g_autoptr (GHashTable) counts = kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!counts)
    return FALSE;
  for (guint i = 0; i < broker->table->len; i++) {
    g_autofree char *name = broker_topic (broker, g_ptr_array_index (broker->table, i));

    if (g_hash_table_contains (counts, name))
      g_ptr_array_add (names, g_steal_pointer (&name));
  }
  g_ptr_array_add (names, NULL);
  judge_partitions (broker, counts, findings);
  return judge_copies (broker, (const char *const *)names->pdata, findings, error) &&
         judge_insync (broker, (const char *const *)names->pdata, findings, error);
}

/* FALSE with %KAFKA_ERROR_TOPICS: they are not; @then is what has become of the others. */
static gboolean
check_existing (const Broker *broker, const char *then, GError **error)
{
  g_autoptr (GString) wrong = g_string_new (NULL), todo = g_string_new (NULL);
  Findings findings = { wrong, todo };

  if (!judge_existing (broker, &findings, error))
    return FALSE;
  if (wrong->len == 0)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
               "topics are there that are not as was asked:\n%s%s%s", wrong->str, then, todo->str);
  return FALSE;
}

/* --- create --- */

/* Without a question to the broker. */
static gboolean
check_wishes (const Broker *broker, GError **error)
{
  int partitions = (int)settings_number (broker->settings, "partitions");
  int copies = (int)settings_number (broker->settings, "replication-factor");
  int insync = (int)settings_number (broker->settings, "min-insync-replicas");
  int least = 0;

  for (guint i = 0; i < broker->table->len; i++)
    least = MAX (least, ((const Topic *)g_ptr_array_index (broker->table, i))->partitions);
  if (strspn (broker->prefix, KAFKA_NAME_LETTERS) < strlen (broker->prefix))
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                 "--topic-prefix \"%s\": a topic's name has letters, digits, dots, dashes and "
                 "underscores",
                 broker->prefix);
  else if (partitions > 0 && partitions < least)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                 "--partitions %d: programs start with %d or more", partitions, least);
  else if (insync > 0 && copies == 0)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                 "--min-insync-replicas %d needs --replication-factor: with fewer copies than that "
                 "nothing could be written",
                 insync);
  else if (insync > copies)
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                 "--min-insync-replicas %d is more than --replication-factor %d: nothing could be "
                 "written",
                 insync, copies);
  else
    return TRUE;
  return FALSE;
}

/* Without a wish one that is ordered by key gets as many partitions as the others have by now. */
static rd_kafka_NewTopic_t *
new_topic (const Broker *broker, const Topic *topic, int most, GError **error)
{
  char reason[256];
  g_autofree char *name = broker_topic (broker, topic);
  g_autofree char *retention = g_strdup_printf ("%" G_GINT64_FORMAT, topic->retention_ms);
  gint64 factor = settings_number (broker->settings, "replication-factor");
  int partitions = (int)settings_number (broker->settings, "partitions");
  const char *insync = settings_text (broker->settings, "min-insync-replicas");
  rd_kafka_NewTopic_t *fresh;

  if (partitions == 0)
    partitions = topic->is_ordered ? MAX (most, topic->partitions) : topic->partitions;
  fresh =
      rd_kafka_NewTopic_new (name, partitions, factor ? (int)factor : -1, reason, sizeof reason);

  if (!fresh) {
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "%s: %s", name, reason);
    return NULL;
  }
  /* They fail on NULL only. */
  (void)rd_kafka_NewTopic_set_config (fresh, KAFKA_TOPIC_RETENTION, retention);
  (void)rd_kafka_NewTopic_set_config (fresh, KAFKA_TOPIC_COMPRESSION, KAFKA_UNCOMPRESSED);
  if (settings_number (broker->settings, "min-insync-replicas") > 0)
    (void)rd_kafka_NewTopic_set_config (fresh, KAFKA_TOPIC_INSYNC, insync);
  return fresh;
}

/* What all have in common is told once. */
static void
note_failed (const Broker *broker, const rd_kafka_topic_result_t *result, GHashTable *failed)
{
  const char *text = rd_kafka_topic_result_error_string (result);
  gint64 factor = settings_number (broker->settings, "replication-factor");
  g_autofree char *why =
      factor > 0 &&
              rd_kafka_topic_result_error (result) == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR
          ? g_strdup_printf ("--replication-factor %" G_GINT64_FORMAT " cannot be had: %s", factor,
                             text)
          : g_strdup (text);
  GPtrArray *names = g_hash_table_lookup (failed, why);

  if (!names) {
    names = g_ptr_array_new_with_free_func (g_free);
    g_hash_table_insert (failed, g_steal_pointer (&why), names);
  }
  g_ptr_array_add (names, g_strdup (rd_kafka_topic_result_name (result)));
}

static void
names_free (gpointer names)
{
  g_ptr_array_unref (names);
}

static gboolean
tell_created (const Broker *broker, rd_kafka_event_t *event, GError **error)
{
  size_t count = 0;
  const rd_kafka_topic_result_t **results =
      rd_kafka_CreateTopics_result_topics (rd_kafka_event_CreateTopics_result (event), &count);
  g_autoptr (GHashTable) failed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, names_free);
  g_autoptr (GString) told = g_string_new (NULL);
  GHashTableIter iter;
  gpointer why, names;

  for (size_t i = 0; i < count; i++) {
    const char *name = rd_kafka_topic_result_name (results[i]);

    switch ((int)rd_kafka_topic_result_error (results[i])) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      broker_tell (broker, name, "created");
      break;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
      broker_tell (broker, name, "exists");
      break;
    default:
      note_failed (broker, results[i], failed);
    }
  }
  if (g_hash_table_size (failed) == 0)
    return TRUE;
  g_hash_table_iter_init (&iter, failed);
  while (g_hash_table_iter_next (&iter, &why, &names)) {
    const GPtrArray *those = names;

    g_string_append_printf (told, "%s%s", told->len ? "; " : "",
                            (char *)g_ptr_array_index (those, 0));
    if (those->len > 1)
      g_string_append_printf (told, " and %u more", those->len - 1);
    g_string_append_printf (told, ": %s", (char *)why);
  }
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS, "topics could not be created: %s",
               told->str);
  return FALSE;
}

/* A topic is made before every broker knows of it; who starts next must not miss it. */
static gboolean
await_names (Broker *broker, GError **error)
{
  gint64 until = clock_monotonic_ms () + ADMIN_TIMEOUT_MS;

  for (;;) {
    g_autoptr (GHashTable) counts =
        kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
    guint missing = 0;

    if (!counts)
      return FALSE;
    for (guint i = 0; i < broker->table->len; i++) {
      g_autofree char *name = broker_topic (broker, g_ptr_array_index (broker->table, i));

      missing += !g_hash_table_contains (counts, name);
    }
    if (missing == 0)
      return TRUE;
    if (clock_monotonic_ms () > until) {
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                   "%u topics are made and not to be seen yet", missing);
      return FALSE;
    }
    g_usleep (NAMES_PAUSE_US);
  }
}

static gboolean
create (Broker *broker, int *ret_exit_code, GError **error)
{
  g_autoptr (GPtrArray) fresh =
      g_ptr_array_new_with_free_func ((GDestroyNotify)rd_kafka_NewTopic_destroy);
  rd_kafka_AdminOptions_t *options;
  rd_kafka_event_t *event;
  g_autoptr (GHashTable) counts = NULL;
  gboolean created;
  int most;

  if (!settings_boolean (broker->settings, "broker-admin")) {
    fputs ("broker-admin=no: the broker makes its topics itself\n", broker_progress (broker));
    return TRUE;
  }
  if (!check_wishes (broker, error)) {
    *ret_exit_code = EXIT_USAGE;
    return FALSE;
  }
  counts = kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
  if (!counts)
    return FALSE;
  most = topics_most_partitions (counts, broker->prefix, broker->table);
  if (!check_existing (broker, "Nothing was made.", error))
    return FALSE;
  for (guint i = 0; i < broker->table->len; i++) {
    rd_kafka_NewTopic_t *topic =
        new_topic (broker, g_ptr_array_index (broker->table, i), most, error);

    if (!topic)
      return FALSE;
    g_ptr_array_add (fresh, topic);
  }
  options = broker_admin_options (broker, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_CreateTopics (broker->handle, (rd_kafka_NewTopic_t **)fresh->pdata, fresh->len, options,
                         broker->queue);
  rd_kafka_AdminOptions_destroy (options);
  event = broker_await (broker, error);
  if (!event)
    return FALSE;
  created = tell_created (broker, event, error);
  rd_kafka_event_destroy (event);
  /* Another one may have made some of them meanwhile. */
  return created && await_names (broker, error) &&
         check_existing (broker, "Others were made beside them.", error) &&
         topics_check (broker->handle, broker->prefix, broker->table, ADMIN_TIMEOUT_MS, NULL,
                       error);
}

/* --- check --- */

static void
judge_retention (const Broker *broker, const Topic *topic, const gint64 *retention_ms,
                 GString *wrong)
{
  g_autofree char *name = broker_topic (broker, topic);
  gint64 needed_ms = retry_tier_needs_ms (
      topic->retry_delay_ms, settings_duration_ms (broker->settings, "outage-max-wait"));

  if (!retention_ms)
    g_string_append_printf (wrong, "%s: its retention cannot be read\n", name);
  else if (topic->retry_tier && *retention_ms != -1 && *retention_ms <= needed_ms)
    g_string_append_printf (wrong,
                            "%s keeps records for %" G_GINT64_FORMAT
                            " ms, and its tier needs more than %" G_GINT64_FORMAT " ms\n",
                            name, *retention_ms, needed_ms);
  else if (*retention_ms != topic->retention_ms)
    g_string_append_printf (
        wrong, "%s keeps records for %" G_GINT64_FORMAT " ms instead of %" G_GINT64_FORMAT " ms\n",
        name, *retention_ms, topic->retention_ms);
}

static void
judge_compression (const Broker *broker, const Topic *topic, const char *compression,
                   GString *wrong)
{
  g_autofree char *name = broker_topic (broker, topic);

  if (g_strcmp0 (compression, KAFKA_UNCOMPRESSED) != 0)
    g_string_append_printf (wrong,
                            "%s has compression.type=%s instead of " KAFKA_UNCOMPRESSED
                            ": a small batch may hold a record that fits into no memory\n",
                            name, compression ? compression : "?");
}

static gboolean
check_settings (Broker *broker, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) retentions = NULL, compressions = NULL;
  g_autoptr (GString) wrong = g_string_new (NULL);

  if (!check_existing (broker, "They stay so.", error))
    return FALSE;
  for (guint i = 0; i < broker->table->len; i++)
    g_ptr_array_add (names, broker_topic (broker, g_ptr_array_index (broker->table, i)));
  g_ptr_array_add (names, NULL);
  retentions = kafka_topic_setting (broker->handle, (const char *const *)names->pdata,
                                    KAFKA_TOPIC_RETENTION, ADMIN_TIMEOUT_MS, error);
  compressions = retentions
                     ? kafka_topic_setting_texts (broker->handle, (const char *const *)names->pdata,
                                                  KAFKA_TOPIC_COMPRESSION, ADMIN_TIMEOUT_MS, error)
                     : NULL;
  if (!compressions)
    return FALSE;
  for (guint i = 0; i < broker->table->len; i++) {
    const Topic *topic = g_ptr_array_index (broker->table, i);
    const char *name = g_ptr_array_index (names, i);

    judge_retention (broker, topic, g_hash_table_lookup (retentions, name), wrong);
    judge_compression (broker, topic, g_hash_table_lookup (compressions, name), wrong);
  }
  if (wrong->len == 0)
    return TRUE;
  g_strchomp (wrong->str);
  g_set_error (
      error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
      "topics are not as schemas/topics.json says:\n%s\nSet retention.ms and compression.type with "
      "the broker's kafka-configs tool.",
      wrong->str);
  return FALSE;
}

static gboolean
check_all (Broker *broker, GError **error)
{
  gboolean is_whole = settings_boolean (broker->settings, "broker-admin");

  if (broker->told) {
    (void)json_object_set_new (broker->told, "topics", json_integer (broker->table->len));
    (void)json_object_set_new (broker->told, "settings_looked_at", json_boolean (is_whole));
    (void)json_object_set_new (broker->told, "former_tiers", json_array ());
  }
  if (!topics_check (broker->handle, broker->prefix, broker->table, ADMIN_TIMEOUT_MS, NULL, error))
    return FALSE;
  if (is_whole && (!check_settings (broker, error) || !former_tiers_tell (broker, error)))
    return FALSE;
  if (!broker->told)
    printf (is_whole ? "%u topics are as they should be\n"
                     : "%u topics are there; broker-admin=no: their settings are not looked at\n",
            broker->table->len);
  return TRUE;
}

/* What is wrong is the answer, too. */
static gboolean
check (Broker *broker, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean is_fine = check_all (broker, &problem);

  if (broker->told) {
    (void)json_object_set_new (broker->told, "is_fine", json_boolean (is_fine));
    (void)json_object_set_new (broker->told, "wrong",
                               is_fine ? json_null () : json_string (problem->message));
  }
  if (!is_fine)
    g_propagate_error (error, g_steal_pointer (&problem));
  return is_fine;
}

static gboolean
is_grow (char **argv)
{
  return g_strv_contains ((const char *const *)argv, "grow");
}

int
topics_main (int argc, char **argv)
{
  static const char *const words[] = { "create", "check", "grow", NULL };
  g_autofree char *reason = NULL;
  gboolean is_yes = FALSE, is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "grow: why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &is_yes, "grow: does it without asking.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "create|check|grow",
      "Makes the topics of schemas/topics.json, checks them, or gives them more partitions.",
      options, is_grow (argv) ? tables_of_grow : tables, &argc, &argv);
  const char *tiers = settings_text (settings, "retry-tiers");
  g_autoptr (GPtrArray) table = NULL;
  Broker broker = { .settings = settings, .prefix = settings_text (settings, "topic-prefix") };
  const char *what = argc == 2 ? argv[1] : "";
  g_autoptr (GPtrArray) parsed = NULL;
  g_autoptr (json_t) told = is_json ? json_object () : NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_known = FALSE, done = FALSE;
  int exit_code = EXIT_FAILED;

  for (guint i = 0; words[i]; i++)
    is_known = is_known || strcmp (what, words[i]) == 0;
  if (!is_known)
    return complain (EXIT_USAGE, "topics takes one word: create, check or grow");
  log_init ("pipelinectl", settings_text (settings, "log-level"));
  parsed = retry_tiers_parse (tiers, &error);
  if (*tiers && !parsed)
    return complain (EXIT_USAGE, "%s", error->message);
  g_clear_error (&error);
  broker.table = table = topics_table (tiers);
  broker.told = told;
  if (!broker_open (&broker, &error))
    done = FALSE;
  else if (strcmp (what, "create") == 0)
    done = create (&broker, &exit_code, &error);
  else if (strcmp (what, "check") == 0)
    done = check (&broker, &error);
  else
    done = grow_topics (&broker, reason, is_yes, &exit_code, &error);
  broker_close (&broker);
  if (told && json_object_size (told) > 0)
    print_json (told);
  if (done)
    return EXIT_DONE;
  return error ? complain (exit_code, "%s", error->message) : exit_code;
}
