/* embedded-broker: a Kafka broker for the demo and for scenarios that need no more than one.
 *
 *   speaks   Kafka's protocol on a free loopback port, told on stdout and in address-file
 *   holds    all topics of topics.json, with every consumer's retry tiers; in memory only
 *
 * It is librdkafka's mock cluster in a process of its own. That interface is experimental, so this
 * is the only file that uses it. The mock makes a topic with four partitions as soon as somebody
 * asks about one that is missing; therefore all topics are there, with the right number, before the
 * address is told. It knows no retention, no admin calls, no offsets by time and no transactions,
 * and a group's first join takes 3 s: whatever needs those runs on Apache Kafka.
 *
 * Source: schemas/README.md, 1; lib/kafka/README.md, 6 and 11; rdkafka_mock.h of librdkafka
 * 2.0.2. */
#include <errno.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/settings.h"
#include "kafka/retry-tiers.h"

#define PARTITIONS_MAX 1000

#define BROKER_ERROR (broker_error_quark ())
typedef enum {
  BROKER_ERROR_TABLE,
  BROKER_ERROR_LIBRARY,
} BrokerError;
static G_DEFINE_QUARK (broker_error_quark, broker_error)

    static const Setting settings_rows[] = {
      { "topic-prefix", SETTING_TEXT, "dependents.", "Put before the name of every topic." },
      { "retry-tiers", SETTING_TEXT, "",
        "Waits of the retry tiers, such as 15s*3,2m*3; empty takes each consumer's from "
        "topics-file." },
      { "topics-file", SETTING_FILE, TOPICS_FILE, "The table of topics." },
      { "address-file", SETTING_TEXT, "",
        "Gets the line KAFKA_BROKERS=… once all topics are there." },
      { "log-level", SETTING_CHOICE, "info", "Least level that is logged.",
        "debug|info|warning|error" },
      { NULL },
    };

static const Setting *const settings_tables[] = { settings_rows, NULL };

/* What the topics are made from. */
typedef struct {
  rd_kafka_mock_cluster_t *cluster;
  const char *prefix;
  int partitions;
  GHashTable *made; /* full names: a tier named twice by its consumer is one topic */
} Topics;

static gboolean
make_topic (Topics *topics, const char *name, GError **error)
{
  g_autofree char *full_name = g_strconcat (topics->prefix, name, NULL);
  rd_kafka_resp_err_t failure;

  if (g_hash_table_contains (topics->made, full_name))
    return TRUE;

  /* About once in ten starts the mock's thread misses a wake-up and a topic waits for its next
   * look, 1 s later. */
  failure = rd_kafka_mock_topic_create (topics->cluster, full_name, topics->partitions, 1);
  if (failure) {
    g_set_error (error, BROKER_ERROR, BROKER_ERROR_LIBRARY, "cannot make topic %s: %s", full_name,
                 rd_kafka_err2str (failure));
    return FALSE;
  }
  g_hash_table_add (topics->made, g_steal_pointer (&full_name));
  return TRUE;
}

static gboolean
make_tiers (Topics *topics, const char *consumer, const char *text, GError **error)
{
  g_autoptr (GPtrArray) tiers = retry_tiers_parse (text, error);

  if (!tiers) {
    g_prefix_error (error, "%s: ", consumer);
    return FALSE;
  }
  for (guint i = 0; i < tiers->len; i++) {
    g_autofree char *name =
        retry_topic (consumer, ((const RetryTier *)g_ptr_array_index (tiers, i))->name);

    if (!make_topic (topics, name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
make_topics (Topics *topics, json_t *table, const char *retry_tiers, GError **error)
{
  json_t *list = json_object_get (table, "topics"), *topic;
  json_t *consumers = json_object_get (table, "consumers"), *consumer;
  json_int_t partitions = json_integer_value (json_object_get (table, "partitions"));
  const char *name;
  size_t i;

  if (partitions < 1 || partitions > PARTITIONS_MAX || !json_array_size (list) ||
      !json_object_size (consumers)) {
    g_set_error_literal (error, BROKER_ERROR, BROKER_ERROR_TABLE,
                         "the table of topics lacks partitions, topics or consumers");
    return FALSE;
  }
  topics->partitions = (int)partitions;

  json_array_foreach (list, i, topic)
  {
    name = json_string_value (json_object_get (topic, "name"));
    if (!name) {
      g_set_error (error, BROKER_ERROR, BROKER_ERROR_TABLE, "topic %" G_GSIZE_FORMAT " has no name",
                   i + 1);
      return FALSE;
    }
    if (!make_topic (topics, name, error))
      return FALSE;
  }

  json_object_foreach (consumers, name, consumer)
  {
    const char *tiers = json_string_value (json_object_get (consumer, "retry_tiers"));

    if (*retry_tiers)
      tiers = retry_tiers;
    if (tiers && !make_tiers (topics, name, tiers, error))
      return FALSE;
  }
  return TRUE;
}

static json_t *
load_table (const char *path, GError **error)
{
  json_error_t malformed;
  json_t *table = json_load_file (path, JSON_REJECT_DUPLICATES, &malformed);

  if (!table)
    g_set_error (error, BROKER_ERROR, BROKER_ERROR_TABLE, "%s:%d: %s", path, malformed.line,
                 malformed.text);
  return table;
}

/* The client whose threads the mock cluster lives in; it talks to nobody. */
static rd_kafka_t *
new_host (GError **error)
{
  char reason[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  rd_kafka_t *host = NULL;

  /* Warnings and worse: the notice that a client has no broker to talk to is no news here. */
  if (rd_kafka_conf_set (conf, "log_level", "4", reason, sizeof reason) == RD_KAFKA_CONF_OK)
    host = rd_kafka_new (RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  if (!host) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, BROKER_ERROR, BROKER_ERROR_LIBRARY, "cannot start librdkafka: %s", reason);
  }
  return host;
}

static gboolean
tell_address (const char *brokers, const char *path, GError **error)
{
  g_autofree char *line = g_strdup_printf ("KAFKA_BROKERS=%s\n", brokers);

  /* By a rename: who waits for the file never reads half of it. */
  if (*path && !g_file_set_contents (path, line, -1, error))
    return FALSE;
  if (fputs (line, stdout) < 0 || fflush (stdout) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "stdout: %s",
                 g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

/* Returns when SIGTERM or SIGINT has come, or at once with an error. */
static gboolean
serve (const Settings *settings, rd_kafka_mock_cluster_t *cluster, const sigset_t *stop,
       GError **error)
{
  g_autoptr (GHashTable) made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (json_t) table = NULL;
  Topics topics = { .cluster = cluster,
                    .prefix = settings_text (settings, "topic-prefix"),
                    .made = made };
  const char *brokers = rd_kafka_mock_cluster_bootstraps (cluster);
  g_autofree char *count = NULL;
  int signal_number;

  table = load_table (settings_text (settings, "topics-file"), error);
  if (!table || !make_topics (&topics, table, settings_text (settings, "retry-tiers"), error) ||
      !tell_address (brokers, settings_text (settings, "address-file"), error))
    return FALSE;

  count = g_strdup_printf ("%u", g_hash_table_size (made));
  log_info ("listening", "brokers", brokers, "topics", count, NULL);
  (void)sigwait (stop, &signal_number); /* fails only for a set with an unknown signal */
  log_info ("stopped", NULL);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (Settings) settings = NULL;
  g_autoptr (GError) error = NULL;
  rd_kafka_mock_cluster_t *cluster = NULL;
  rd_kafka_t *host = NULL;
  sigset_t stop;

  /* Before any thread is made, so that all of them leave these signals to sigwait. */
  sigemptyset (&stop);
  sigaddset (&stop, SIGTERM);
  sigaddset (&stop, SIGINT);
  sigprocmask (SIG_BLOCK, &stop, NULL);

  settings = settings_parse_or_exit ("embedded-broker", "",
                                     "A Kafka broker in memory, for demo and tests.",
                                     settings_tables, NULL, &argc, &argv);
  log_init ("embedded-broker", settings_text (settings, "log-level"));

  host = new_host (&error);
  if (host) {
    cluster = rd_kafka_mock_cluster_new (host, 1);
    if (!cluster)
      g_set_error_literal (&error, BROKER_ERROR, BROKER_ERROR_LIBRARY,
                           "cannot start the mock cluster");
  }
  if (cluster && !serve (settings, cluster, &stop, &error))
    g_assert (error);

  if (error)
    log_failure ("cannot serve", "error", error->message, NULL);
  if (cluster)
    rd_kafka_mock_cluster_destroy (cluster);
  if (host)
    rd_kafka_destroy (host);
  return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
