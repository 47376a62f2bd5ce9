/* What an operator looks at, see look.h. */
#include "operator/look.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "kafka/client.h"
#include "kafka/log-view.h"
#include "kafka/waiting.h"
#include "operator/look.sql.h"
#include "program/record.h"
#include "program/topics.h"

#define BROKER_MS 5000
#define ALIVE_S   30

const LookColumn look_columns_of_waiting[] = {
  { "consumer", LOOK_TEXT }, { "topic", LOOK_TEXT },     { "downstream", LOOK_TEXT },
  { "count", LOOK_NUMBER },  { "overdue", LOOK_NUMBER }, { "next_due", LOOK_TEXT },
  { "last_due", LOOK_TEXT }, { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_consumers[] = {
  { "program", LOOK_TEXT },           { "instance", LOOK_TEXT },     { "started_at", LOOK_TEXT },
  { "heartbeat_age_s", LOOK_NUMBER }, { "in_flight", LOOK_NUMBER },  { "snoozing", LOOK_NUMBER },
  { "is_paused", LOOK_FLAG },         { "paused_since", LOOK_TEXT }, { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_breakers[] = {
  { "downstream", LOOK_TEXT }, { "state", LOOK_TEXT },     { "opened_at", LOOK_TEXT },
  { "next_probe", LOOK_TEXT }, { "closed_at", LOOK_TEXT }, { "failures", LOOK_NUMBER },
  { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_stuck[] = {
  { "group", LOOK_TEXT },
  { "state", LOOK_TEXT },
  { "age_s", LOOK_NUMBER },
  { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_groups[] = {
  { "state", LOOK_TEXT },
  { "count", LOOK_NUMBER },
  { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_overview[] = {
  { "holds", LOOK_NUMBER },
  { "waiting", LOOK_NUMBER },
  { "dead_ends_of_24_h", LOOK_NUMBER },
  { "quarantined", LOOK_NUMBER },
  { "breakers_open", LOOK_NUMBER },
  { "paused", LOOK_NUMBER },
  { "instances", LOOK_NUMBER },
  { "to_publish", LOOK_NUMBER },
  { "oldest_open_group_s", LOOK_NUMBER },
  { "oldest_open_group", LOOK_TEXT },
  { NULL, LOOK_TEXT },
};
/* What is asked for; the rest of an overview is put together. */
static const LookColumn of_figures[] = {
  { "holds", LOOK_NUMBER },           { "dead_ends_of_24_h", LOOK_NUMBER },
  { "quarantined", LOOK_NUMBER },     { "breakers_open", LOOK_NUMBER },
  { "paused", LOOK_NUMBER },          { "instances", LOOK_NUMBER },
  { "to_publish", LOOK_NUMBER },      { "oldest_open_group_s", LOOK_NUMBER },
  { "oldest_open_group", LOOK_TEXT }, { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_holds[] = {
  { "id", LOOK_NUMBER },        { "opened_at", LOOK_TEXT },         { "group", LOOK_TEXT },
  { "group_state", LOOK_TEXT }, { "claim_id", LOOK_NUMBER },        { "form_type", LOOK_TEXT },
  { "reason", LOOK_TEXT },      { "behind_claim_id", LOOK_NUMBER }, { "candidates", LOOK_TEXT },
  { NULL, LOOK_TEXT },
};
const LookColumn look_columns_of_replays[] = {
  { "plan", LOOK_TEXT },      { "offered_at", LOOK_TEXT }, { "offered_by", LOOK_TEXT },
  { "began_at", LOOK_TEXT },  { "ended_at", LOOK_TEXT },   { "records", LOOK_NUMBER },
  { "to_send", LOOK_NUMBER }, { "sent", LOOK_NUMBER },     { "refused", LOOK_NUMBER },
  { NULL, LOOK_TEXT },
};

/* --- Members --- */

const char *
look_text (const json_t *object, const char *name)
{
  return json_string_value (json_object_get (object, name));
}

gint64
look_number (const json_t *object, const char *name)
{
  return json_integer_value (json_object_get (object, name));
}

/* --- Rows --- */

static json_t *
value_of (const DbRows *rows, guint row, const LookColumn *column)
{
  if (db_rows_is_null (rows, row, column->name))
    return json_null ();
  if (column->kind == LOOK_NUMBER)
    return json_integer (db_rows_int (rows, row, column->name));
  if (column->kind == LOOK_FLAG)
    return json_boolean (db_rows_boolean (rows, row, column->name));
  return json_string (db_rows_text (rows, row, column->name));
}

json_t *
look_rows (const DbRows *rows, const LookColumn *columns)
{
  json_t *array = json_array ();

  for (guint i = 0; i < db_rows_count (rows); i++) {
    json_t *object = json_object ();

    for (const LookColumn *column = columns; column->name; column++)
      (void)json_object_set_new (object, column->name, value_of (rows, i, column));
    (void)json_array_append_new (array, object);
  }
  return array;
}

static json_t *
ask (Db *db, const char *sql, const LookColumn *columns, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, sql, "");

  return rows ? look_rows (rows, columns) : NULL;
}

json_t *
look_waiting (Db *db, GError **error)
{
  return ask (db, SQL_LOOK_WAITING, look_columns_of_waiting, error);
}

json_t *
look_consumers (Db *db, GError **error)
{
  return ask (db, SQL_LOOK_CONSUMERS, look_columns_of_consumers, error);
}

json_t *
look_pauses (Db *db, GError **error)
{
  static const LookColumn columns[] = {
    { "consumer", LOOK_TEXT },
    { "since", LOOK_TEXT },
    { NULL, LOOK_TEXT },
  };

  return ask (db, SQL_LOOK_PAUSES, columns, error);
}

json_t *
look_breakers (Db *db, GError **error)
{
  return ask (db, SQL_LOOK_BREAKERS, look_columns_of_breakers, error);
}

json_t *
look_replays (Db *db, GError **error)
{
  return ask (db, SQL_LOOK_REPLAYS, look_columns_of_replays, error);
}

json_t *
look_minutes (Db *db, gint64 back_s, GError **error)
{
  static const LookColumn columns[] = {
    { "at", LOOK_TEXT },     { "settled", LOOK_NUMBER }, { "retried", LOOK_NUMBER },
    { "dead", LOOK_NUMBER }, { NULL, LOOK_TEXT },
  };
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOOK_MINUTES, "i", back_s);

  return rows ? look_rows (rows, columns) : NULL;
}

json_t *
look_stuck (Db *db, gint64 older_s, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOOK_STUCK, "i", older_s);

  return rows ? look_rows (rows, look_columns_of_stuck) : NULL;
}

/* What BGS showed is a document, not a text. */
static void
open_candidates (json_t *holds)
{
  for (gsize i = 0; i < json_array_size (holds); i++) {
    json_t *hold = json_array_get (holds, i);
    const char *text = json_string_value (json_object_get (hold, "candidates"));

    if (text)
      (void)json_object_set_new (hold, "candidates", json_loads (text, 0, NULL));
  }
}

json_t *
look_holds (Db *db, gint64 before, gint64 limit, GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_LOOK_HOLDS, "ii", before ? before : G_MAXINT64, limit);
  json_t *holds = rows ? look_rows (rows, look_columns_of_holds) : NULL;

  if (holds)
    open_candidates (holds);
  return holds;
}

static gint64
sum_of (const json_t *rows, const char *name)
{
  gint64 sum = 0;

  for (gsize i = 0; i < json_array_size (rows); i++)
    sum += look_number (json_array_get (rows, i), name);
  return sum;
}

json_t *
look_overview (Db *db, const json_t *waiting, GError **error)
{
  g_autoptr (json_t) figures = ask (db, SQL_LOOK_OVERVIEW, of_figures, error);
  json_t *groups = figures ? ask (db, SQL_LOOK_GROUPS, look_columns_of_groups, error) : NULL;
  json_t *overview;

  if (!groups)
    return NULL;
  overview = json_incref (json_array_get (figures, 0));
  (void)json_object_set_new (overview, "waiting", json_integer (sum_of (waiting, "count")));
  (void)json_object_set_new (overview, "groups", groups);
  return overview;
}

/* --- What lies before a consumer --- */

typedef struct {
  gint64 messages, oldest_ms;
} Lag;

/* Of its source and its tiers, by the broker. FALSE: it does not tell. */
static gboolean
find_lag (const Settings *settings, const GPtrArray *topics, GHashTable *partitions,
          const char *consumer, Lag *ret_lag)
{
  const char *prefix = settings_text (settings, "topic-prefix");
  g_autofree char *group = g_strconcat (prefix, consumer, NULL);
  g_autoptr (KafkaWaiting) waiting = kafka_waiting_new (settings, group, RECORD_NOT_BEFORE, NULL);
  Lag lag = { 0, 0 };

  for (guint i = 0; waiting && i < topics->len; i++) {
    const Topic *topic = g_ptr_array_index (topics, i);
    g_autofree char *name = g_strconcat (prefix, topic->name, NULL);
    int count = GPOINTER_TO_INT (g_hash_table_lookup (partitions, name));
    gint64 found;

    if (count == 0 ||
        (g_strcmp0 (topic->reader, consumer) != 0 && g_strcmp0 (topic->consumer, consumer) != 0))
      continue;
    found = kafka_waiting_count (waiting, name, count, BROKER_MS, NULL, NULL);
    if (found < 0)
      return FALSE;
    lag.messages += found;
  }
  if (!waiting)
    return FALSE;
  lag.oldest_ms = kafka_waiting_oldest_ms (waiting);
  *ret_lag = lag;
  return TRUE;
}

static void
add_lag (json_t *consumer, const Lag *lag)
{
  gint64 late_ms = lag->oldest_ms ? g_get_real_time () / 1000 - lag->oldest_ms : 0;

  (void)json_object_set_new (consumer, "lag", json_integer (lag->messages));
  (void)json_object_set_new (consumer, "lag_s", json_integer (MAX (0, late_ms) / 1000));
}

void
look_add_lags (const Settings *settings, json_t *consumers)
{
  g_autoptr (GPtrArray) topics = topics_table (settings_text (settings, "retry-tiers"));
  rd_kafka_t *handle = kafka_group_observer_new (settings, "pipelinectl", NULL);
  g_autoptr (GHashTable) partitions =
      handle ? kafka_topic_partitions (handle, BROKER_MS, NULL) : NULL;

  for (gsize i = 0; i < json_array_size (consumers); i++) {
    json_t *one = json_array_get (consumers, i);
    const char *program = json_string_value (json_object_get (one, "program"));
    Lag lag;

    if (partitions && find_lag (settings, topics, partitions, program, &lag)) {
      add_lag (one, &lag);
    } else {
      (void)json_object_set_new (one, "lag", json_null ());
      (void)json_object_set_new (one, "lag_s", json_null ());
    }
  }
  kafka_group_observer_free (handle);
}

gboolean
look_is_consumer (const char *name)
{
  g_autoptr (GPtrArray) topics = topics_table (NULL);

  for (guint i = 0; i < topics->len; i++)
    if (g_strcmp0 (((const Topic *)g_ptr_array_index (topics, i))->reader, name) == 0)
      return TRUE;
  return FALSE;
}

/* --- The worst thing --- */

/* The newest heartbeat of a program. */
static gint64
least_age_s (const json_t *consumers, const char *program)
{
  gint64 least = G_MAXINT64;

  for (gsize i = 0; i < json_array_size (consumers); i++) {
    const json_t *one = json_array_get (consumers, i);

    if (g_strcmp0 (look_text (one, "program"), program) == 0)
      least = MIN (least, look_number (one, "heartbeat_age_s"));
  }
  return least;
}

static char *
tell_silent (const json_t *consumers)
{
  for (gsize i = 0; i < json_array_size (consumers); i++) {
    const char *program = look_text (json_array_get (consumers, i), "program");
    gint64 age_s = least_age_s (consumers, program);

    if (age_s > ALIVE_S)
      return g_strdup_printf ("%s does not run: its last heartbeat was %" G_GINT64_FORMAT " s ago",
                              program, age_s);
  }
  return NULL;
}

static char *
tell_breaker (const json_t *breakers)
{
  for (gsize i = 0; i < json_array_size (breakers); i++) {
    const json_t *one = json_array_get (breakers, i);

    if (g_strcmp0 (look_text (one, "state"), "closed") != 0)
      return g_strdup_printf ("%s is away for everyone since %s; one call asks again at %s",
                              look_text (one, "downstream"), look_text (one, "opened_at"),
                              look_text (one, "next_probe"));
  }
  return NULL;
}

static char *
tell_paused (const json_t *consumers)
{
  for (gsize i = 0; i < json_array_size (consumers); i++) {
    const json_t *one = json_array_get (consumers, i);

    if (json_is_true (json_object_get (one, "is_paused")))
      return g_strdup_printf ("%s is paused since %s", look_text (one, "program"),
                              look_text (one, "paused_since"));
  }
  return NULL;
}

static char *
tell_overdue (const json_t *waiting)
{
  gint64 overdue = sum_of (waiting, "overdue");

  return overdue > 0
             ? g_strdup_printf ("%" G_GINT64_FORMAT " records are due and have not been taken yet",
                                overdue)
             : NULL;
}

static char *
tell_count (gint64 count, const char *one, const char *several)
{
  return count == 0   ? NULL
         : count == 1 ? g_strdup (one)
                      : g_strdup_printf ("%" G_GINT64_FORMAT " %s", count, several);
}

char *
look_worst (const json_t *overview, const json_t *consumers, const json_t *breakers,
            const json_t *waiting, const char **ret_about)
{
  char *said = NULL;

#define SAY(about, sentence)                                                                       \
  if (!said && (said = (sentence)))                                                                \
  *ret_about = about
  *ret_about = NULL;
  SAY ("consumers", look_number (overview, "instances") == 0 ? g_strdup ("Nothing runs") : NULL);
  SAY ("consumers", tell_silent (consumers));
  SAY ("breakers", tell_breaker (breakers));
  SAY ("quarantine", tell_count (look_number (overview, "quarantined"),
                                 "One record is in quarantine", "records are in quarantine"));
  SAY ("holds", tell_count (look_number (overview, "holds"), "One claim waits for a person",
                            "claims wait for a person"));
  SAY ("consumers", tell_paused (consumers));
  SAY ("dead-letters", tell_count (look_number (overview, "dead_ends_of_24_h"),
                                   "One record has failed for good within 24 h",
                                   "records have failed for good within 24 h"));
  SAY ("waiting", tell_overdue (waiting));
#undef SAY
  return said ? said : g_strdup ("All well");
}
