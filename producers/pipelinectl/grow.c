/* pipelinectl topics grow, see grow.h. */
#include "grow.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "confirm.h"
#include "db/db.h"
#include "kafka/client.h"
#include "kafka/retry-tiers.h"
#include "kafka/waiting.h"
#include "operator/audit.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/grow.sql.h"

#define LOOK_PAUSE_US    500000
#define LEARN_SLACK_MS   5000 /* for the programs' own pauses and a slow answer */
#define METADATA_REFRESH "topic.metadata.refresh.interval.ms"

/* What is still to be done before the topics may grow. */
typedef struct {
  Broker *broker;
  Db *db;
  GHashTable *counts;  /* name -> partitions */
  GHashTable *waiting; /* consumer -> KafkaWaiting * */
  GString *holding;    /* what is in the way; empty: nothing */
  gint64 ends;         /* the sum of all ends that were looked at */
} Drain;

static void
hold (Drain *drain, const char *topic, gint64 count, const char *what)
{
  g_string_append_printf (drain->holding, "%s%s: %" G_GINT64_FORMAT " %s",
                          drain->holding->len ? "; " : "", topic, count, what);
}

static gboolean
look_at_topic (Drain *drain, const char *consumer, const char *name, GError **error)
{
  KafkaWaiting *waiting = g_hash_table_lookup (drain->waiting, consumer);
  int partitions = GPOINTER_TO_INT (g_hash_table_lookup (drain->counts, name));
  gint64 count;

  if (!waiting) {
    g_autofree char *group = g_strconcat (drain->broker->prefix, consumer, NULL);

    waiting = kafka_waiting_new (drain->broker->settings, group, NULL, error);
    if (!waiting)
      return FALSE;
    g_hash_table_insert (drain->waiting, g_strdup (consumer), waiting);
  }
  count = kafka_waiting_count (waiting, name, partitions, ADMIN_TIMEOUT_MS, &drain->ends, error);
  if (count > 0)
    hold (drain, name, count, "records are still to be handled");
  return count >= 0;
}

/* A source, its tiers, and those that a setting named before. */
static gboolean
look_at_consumer (Drain *drain, const Topic *source, GError **error)
{
  g_autofree char *name = broker_topic (drain->broker, source);
  gsize prefix = strlen (drain->broker->prefix);
  GHashTableIter iter;
  gpointer topic;

  if (!look_at_topic (drain, source->reader, name, error))
    return FALSE;
  g_hash_table_iter_init (&iter, drain->counts);
  while (g_hash_table_iter_next (&iter, &topic, NULL))
    if (g_str_has_prefix (topic, drain->broker->prefix) &&
        retry_topic_tier (source->reader, (char *)topic + prefix) &&
        !look_at_topic (drain, source->reader, topic, error))
      return FALSE;
  return TRUE;
}

static gboolean
look_at_topics (Drain *drain, GError **error)
{
  const GPtrArray *table = drain->broker->table;

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);

    if (topic->reader && !look_at_consumer (drain, topic, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
look_at_outbox (Drain *drain, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (DbRows) rows = NULL;

  for (guint i = 0; i < drain->broker->table->len; i++) {
    const Topic *topic = g_ptr_array_index (drain->broker->table, i);

    if (topic->is_ordered)
      g_ptr_array_add (names, broker_topic (drain->broker, topic));
  }
  g_ptr_array_add (names, NULL);
  rows = db_query (drain->db, error, SQL_OUTBOX_OF_TOPICS, "T", names->pdata);
  if (rows && db_rows_int (rows, 0, "count") > 0)
    hold (drain, "outbox", db_rows_int (rows, 0, "count"), "records are still to be published");
  return rows != NULL;
}

static gboolean
look_at_intake (Drain *drain, GError **error)
{
  g_autoptr (DbRows) rows = db_query (drain->db, error, SQL_INTAKE_ALIVE, "");

  if (rows && db_rows_int (rows, 0, "count") > 0)
    hold (drain, "claim-api", db_rows_int (rows, 0, "count"), "running; stop it first");
  return rows != NULL;
}

static gboolean
look_everywhere (Drain *drain, GError **error)
{
  return (!db_is_broken (drain->db) || db_reset (drain->db, error)) &&
         look_at_intake (drain, error) && look_at_topics (drain, error) &&
         look_at_outbox (drain, error);
}

/* Broker or database may be away for a moment: then nothing is known, and that is in the way. */
static gboolean
look (Drain *drain, GError **error)
{
  g_autoptr (GError) problem = NULL;

  g_string_truncate (drain->holding, 0);
  drain->ends = 0;
  if (look_everywhere (drain, &problem))
    return TRUE;
  if (g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_AWAY) ||
      g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY)) {
    g_string_assign (drain->holding, problem->message);
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* Topics are not looked at in one moment: a record may have gone from one that was not yet empty to
 * one that was already seen. Two looks that find nothing, with nothing written in between, prove
 * that there is nothing. */
static gboolean
await_drained (Drain *drain, int *ret_exit_code, GError **error)
{
  gint64 until = clock_monotonic_ms () + settings_duration_ms (drain->broker->settings, "wait");
  g_autofree char *told = NULL;
  gint64 ends_before = -1;

  for (;;) {
    if (!look (drain, error))
      return FALSE;
    if (drain->holding->len == 0 && drain->ends == ends_before)
      return TRUE;
    ends_before = drain->holding->len == 0 ? drain->ends : -1;
    if (drain->holding->len > 0 && clock_monotonic_ms () >= until) {
      *ret_exit_code = EXIT_TOO_LONG;
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS, "nothing was grown. In the way: %s",
                   drain->holding->str);
      return FALSE;
    }
    if (drain->holding->len > 0 && g_strcmp0 (told, drain->holding->str) != 0) {
      g_free (told);
      told = g_strdup (drain->holding->str);
      fprintf (broker_progress (drain->broker), "waiting: %s\n", told);
      (void)fflush (stdout); /* for whoever watches */
    }
    g_usleep (LOOK_PAUSE_US);
  }
}

/* --- Growing --- */

/* Full names of what has fewer partitions than @target; owned. */
static GPtrArray *
too_small (Broker *broker, GHashTable *counts, int target)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  gsize prefix = strlen (broker->prefix);
  GHashTableIter iter;
  gpointer name, count;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &name, &count)) {
    const char *plain = g_str_has_prefix (name, broker->prefix) ? (char *)name + prefix : "";
    const Topic *topic = topics_find (broker->table, plain);
    /* Without an order of keys it may have another number, as long as programs start with it. */
    int wanted = topic && !topic->is_ordered ? MIN (topic->partitions, target) : target;
    gboolean is_ours = topic != NULL;

    for (guint i = 0; !is_ours && i < broker->table->len; i++) {
      const Topic *source = g_ptr_array_index (broker->table, i);

      is_ours = source->reader && retry_topic_tier (source->reader, plain);
    }
    if (is_ours && GPOINTER_TO_INT (count) < wanted)
      g_ptr_array_add (names, g_strdup (name));
  }
  return names;
}

static gboolean
read_grown (const Broker *broker, rd_kafka_event_t *event, GError **error)
{
  size_t count = 0;
  const rd_kafka_topic_result_t **results = rd_kafka_CreatePartitions_result_topics (
      rd_kafka_event_CreatePartitions_result (event), &count);
  g_autoptr (GString) failed = g_string_new (NULL);

  for (size_t i = 0; i < count; i++)
    if (rd_kafka_topic_result_error (results[i]) == RD_KAFKA_RESP_ERR_NO_ERROR)
      broker_tell (broker, rd_kafka_topic_result_name (results[i]), "grown");
    else
      g_string_append_printf (failed, "%s%s: %s", failed->len ? "; " : "",
                              rd_kafka_topic_result_name (results[i]),
                              rd_kafka_topic_result_error_string (results[i]));
  if (failed->len == 0)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
               "not all topics could be grown; claim-api must not be started before they are: %s",
               failed->str);
  return FALSE;
}

static gboolean
grow (Broker *broker, GPtrArray *names, int target, GError **error)
{
  g_autoptr (GPtrArray) wishes =
      g_ptr_array_new_with_free_func ((GDestroyNotify)rd_kafka_NewPartitions_destroy);
  rd_kafka_AdminOptions_t *options;
  rd_kafka_event_t *event;
  char reason[256];
  gboolean done;

  if (names->len == 0)
    return TRUE;
  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (wishes, rd_kafka_NewPartitions_new (g_ptr_array_index (names, i),
                                                         (size_t)target, reason, sizeof reason));
  options = broker_admin_options (broker, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
  rd_kafka_CreatePartitions (broker->handle, (rd_kafka_NewPartitions_t **)wishes->pdata,
                             wishes->len, options, broker->queue);
  rd_kafka_AdminOptions_destroy (options);
  event = broker_await (broker, error);
  if (!event)
    return FALSE;
  done = read_grown (broker, event, error);
  rd_kafka_event_destroy (event);
  return done;
}

static gboolean
await_counts (Broker *broker, int target, GError **error)
{
  gint64 until = clock_monotonic_ms () + ADMIN_TIMEOUT_MS;

  for (;;) {
    g_autoptr (GHashTable) counts =
        kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
    g_autoptr (GPtrArray) names = counts ? too_small (broker, counts, target) : NULL;

    if (!counts)
      return FALSE;
    if (names->len == 0)
      return TRUE;
    if (clock_monotonic_ms () > until) {
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                   "%s is grown and its partitions are not to be seen yet; run it again",
                   (char *)g_ptr_array_index (names, 0));
      return FALSE;
    }
    g_usleep (LOOK_PAUSE_US);
  }
}

/* A program that knows the former number would write a key to its former partition. */
static void
await_programs (const Broker *broker)
{
  const char *text = g_hash_table_lookup (settings_kafka (broker->settings), METADATA_REFRESH);
  gint64 ms = 0;

  if (!text || !parse_int64 (text, 0, G_MAXINT32, &ms))
    (void)parse_int64 (KAFKA_METADATA_REFRESH_MS, 0, G_MAXINT32, &ms); /* a constant of ours */
  ms += LEARN_SLACK_MS;
  fprintf (broker_progress (broker),
           "waiting %" G_GINT64_FORMAT " s until every running program has learnt it\n", ms / 1000);
  (void)fflush (stdout); /* for whoever watches */
  g_usleep ((gulong)ms * 1000);
}

static void
waiting_free (gpointer waiting)
{
  kafka_waiting_free (waiting);
}

static gboolean
check_wish (Broker *broker, GHashTable *counts, int target, int *ret_exit_code, GError **error)
{
  int most = topics_most_partitions (counts, broker->prefix, broker->table);

  *ret_exit_code = EXIT_USAGE;
  if (!settings_boolean (broker->settings, "broker-admin"))
    g_set_error_literal (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                         "broker-admin=no: this broker grows no topics");
  else if (target < 1)
    g_set_error_literal (error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
                         "topics grow needs --partitions N, how many each topic shall have");
  else if (target < most)
    g_set_error (
        error, KAFKA_ERROR, KAFKA_ERROR_TOPICS,
        "there are %d partitions already, and none can be taken away: --partitions %d at least",
        most, most);
  else
    return TRUE;
  return FALSE;
}

static gboolean
agree (const GPtrArray *names, int target, gboolean is_yes)
{
  g_autofree char *question =
      g_strdup_printf ("%u topics get %d partitions each once all is handled, and can never have "
                       "fewer again.",
                       names->len, target);

  for (guint i = 0; i < names->len; i++)
    fprintf (stderr, "%s grows to %d partitions\n", (char *)g_ptr_array_index (names, i), target);
  return confirm (is_yes, question);
}

static gboolean
write_action (Db *db, const GPtrArray *names, int target, const char *reason, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("%u topics to %d partitions", names->len, target);
  const Action action = { .action = "topics grow", .subject = subject, .reason = reason };

  return audit_write (db, &action, NULL, error);
}

gboolean
grow_topics (Broker *broker, const char *reason, gboolean is_yes, int *ret_exit_code,
             GError **error)
{
  int target = (int)settings_number (broker->settings, "partitions");
  g_autoptr (GHashTable) counts = kafka_topic_partitions (broker->handle, ADMIN_TIMEOUT_MS, error);
  g_autoptr (GHashTable) waiting =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, waiting_free);
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GString) holding = g_string_new (NULL);
  g_autoptr (Db) db = NULL;
  Drain drain = { .broker = broker, .counts = counts, .waiting = waiting, .holding = holding };

  if (!counts || !check_wish (broker, counts, target, ret_exit_code, error))
    return FALSE;
  names = too_small (broker, counts, target);
  if (broker->told)
    (void)json_object_set_new (broker->told, "partitions", json_integer (target));
  if (names->len == 0) {
    fprintf (broker_progress (broker), "all topics have %d partitions\n", target);
    return TRUE;
  }
  if (!reason_is_given (reason) || !agree (names, target, is_yes))
    return FALSE;
  *ret_exit_code = EXIT_FAILED;
  drain.db = db = db_open (settings_text (broker->settings, "database-url"), error);
  if (!db || !await_drained (&drain, ret_exit_code, error) ||
      !write_action (db, names, target, reason, error) || !grow (broker, names, target, error) ||
      !await_counts (broker, target, error))
    return FALSE;
  await_programs (broker);
  fprintf (broker_progress (broker), "%u topics have %d partitions now; claim-api may be started\n",
           names->len, target);
  return TRUE;
}
