/* What every program is, see program.h: its start, one thing after the other, and its stop. What
 * goes on in between is in housekeeping.c, chores.c, outbox.c and health.c. */
#include "program/program.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/metrics.h"
#include "db/migrate.h"
#include "kafka/client.h"
#include "program/chores.h"
#include "program/health.h"
#include "program/housekeeping.h"
#include "program/outbox.h"
#include "program/program.sql.h"
#include "program/registry.h"
#include "program/renewal.h"
#include "program/signals.h"
#include "program/statsd.h"
#include "program/topics.h"
#include "program/traces.h"
#include "program/transaction.h"
#include "program/watch.h"

G_DEFINE_QUARK (program_error_quark, program_error)

#define WAIT_MS         2000 /* between two tries at start */
#define BEAT_LATE_MS    4000 /* a heartbeat may be so late before the process is not ready */
#define TOPICS_TRIES    3
#define TOPICS_MS       5000
#define FLUSH_AT_END_MS 5000

const Setting program_settings[] = {
  { "metrics-port", SETTING_NUMBER, "0",
    "Port of /metrics, /livez and /readyz; 0 takes a free one.", NULL, 0, 65535 },
  { "metrics-address", SETTING_TEXT, "127.0.0.1", "Address of that port." },
  { "address-file", SETTING_TEXT, "",
    "File that gets METRICS_URL=… (and URL=…) when the program is ready." },
  { "log-level", SETTING_CHOICE, "info", "Least level of the log lines.",
    "debug|info|warning|error" },
  { "schema-registry-url", SETTING_TEXT, "",
    "Confluent schema registry; empty: Avro single-object encoding." },
  { "heartbeat-interval-ms", SETTING_NUMBER, "5000",
    "How often a process says in the database that it is alive.", NULL, 100, 60000 },
  { "instance-timeout-ms", SETTING_NUMBER, "30000",
    "A process without a heartbeat for this long counts as dead.", NULL, 1000, 600000 },
  { "watch-every", SETTING_DURATION, "60s",
    "How often one process looks whether Kafka has lost a claim's record; 0s: never." },
  { "statsd-address", SETTING_TEXT, "",
    "host:port that gets the metrics as DogStatsD over UDP; empty: nobody." },
  { "statsd-every", SETTING_DURATION, "10s", "How often it gets them." },
  { "otlp-url", SETTING_TEXT, "",
    "OpenTelemetry receiver that gets spans as OTLP/JSON, http://host:4318; empty: nobody." },
  { "renew-every", SETTING_DURATION, "0s",
    "How often it looks whether files that it reads at the start alone have changed; it then ends, "
    "one process of a program at a time, for whoever watches over it to start it again; 0s: "
    "never." },
  { "renew-notice", SETTING_DURATION, "15s",
    "How long it is not ready before it ends for that, so that nobody asks it any more." },
  { "inbox-days", SETTING_NUMBER, "30", "Days for which handled messages are remembered.", NULL, 1,
    3650 },
  { NULL },
};

struct Program {
  char *name;
  const Settings *settings;
  char *instance_id;
  int signal_fd;
  Health *health;
  Housekeeping *house;
  gboolean takes_leases; /* else it is neither relay nor watcher */
  Chores *chores;
  Renewal *renewal;
  Watch *watch;
  DbPool *pool;
  Sealer *sealer;
  Registry *registry;
  TransactionWriter writer;
  Outbox *outbox;
  Statsd *statsd;
  Traces *traces;
};

/* --- Start --- */

static char **
every_second (char **pairs, guint first)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  for (guint i = first; i < g_strv_length (pairs); i += 2)
    g_ptr_array_add (texts, g_strdup (pairs[i]));
  g_ptr_array_add (texts, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&texts), FALSE);
}

/* The fingerprint of ours under @name; NULL when we do not have that key. */
static const char *
own_fingerprint (char **pairs, const char *name)
{
  for (guint i = 0; pairs[i] && pairs[i + 1]; i += 2)
    if (g_str_equal (pairs[i], name))
      return pairs[i + 1];
  return NULL;
}

/* Writes down which keys seal, and looks whether we have all that have sealed before: more of them
 * do no harm, so a new key is brought in behind the current one, process by process, and made the
 * first in a second round. */
static gboolean
record_secrets (Program *program, Db *db, GError **error)
{
  g_auto (GStrv) current = sealer_fingerprints (program->sealer, SEALER_CURRENT_KEYS);
  g_auto (GStrv) all = sealer_fingerprints (program->sealer, SEALER_ALL_KEYS);
  g_auto (GStrv) names = every_second (current, 0);
  g_auto (GStrv) fingerprints = every_second (current, 1);
  g_autoptr (DbRows) rows = NULL;

  rows = db_query (db, error, SQL_SECRETS_IN_USE, "");
  for (guint i = 0; rows && i < db_rows_count (rows); i++) {
    const char *name = db_rows_text (rows, i, "name");
    const char *own = own_fingerprint (all, name);

    if (g_strcmp0 (own, db_rows_text (rows, i, "fingerprint")) == 0)
      continue;
    g_set_error (
        error, PROGRAM_ERROR, PROGRAM_ERROR_SECRETS,
        own ? "%s is another key than the one of that name which the programs of this "
              "database use; give all of them the same"
            : "%s is missing: the programs of this database seal or have sealed with it. Put "
              "it into master-keys or hmac-keys, behind the current one, until "
              "`pipelinectl keys rewrap` says that it may go",
        name);
    return FALSE;
  }
  return rows && db_execute (db, NULL, error, SQL_RECORD_SECRETS, "TT", names, fingerprints);
}

/* A signal ends the process meanwhile, see signals.h. */
static void
wait_for (Program *program, const char *what, const char *why, const GError *problem, gint64 ms)
{
  health_set_waiting (program->health, why);
  log_limited (LOG_LEVEL_WARNING, what, what, "error", problem->message, NULL);
  g_usleep ((gulong)ms * 1000);
}

static const char broker_away[] = "waiting for the broker (kafka-brokers)";

static gboolean
learn_leases (Program *program, Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_MAY_TAKE_LEASES, "");

  program->takes_leases = rows && db_rows_boolean (rows, 0, "is_given");
  return rows != NULL;
}

/* A database that is away, and a schema that is not there yet or behind, come by themselves; one
 * that does not admit this program does not. */
static gboolean
meet_database (Program *program, GError **error)
{
  static const char away[] = "waiting for the database (database-url)";

  for (;;) {
    g_autoptr (GError) problem = NULL;
    g_autoptr (Db) db = db_open (settings_text (program->settings, "database-url"), &problem);

    if (db && db_schema_check (db, &problem) && record_secrets (program, db, &problem) &&
        learn_leases (program, db, &problem) &&
        housekeeping_first_beat (program->house, db, &problem))
      return TRUE;
    if (g_error_matches (problem, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND)) {
      wait_for (program, "waiting for the database's schema", problem->message, problem, WAIT_MS);
    } else if (g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY)) {
      wait_for (program, away, away, problem, WAIT_MS);
    } else {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
}

/* Of an event that is refused itself there is none. */
static gboolean
tell_refused (Db *db, const OutboxRow *row, const char *text, GPtrArray **ret_rows, gpointer data,
              GError **error)
{
  Program *program = data;
  g_autofree char *own = program_topic (program, "monitoring-events");
  g_autofree char *detail = g_strdup_printf ("%s: %s", row->topic, text);
  Transaction transaction;
  gboolean done;

  if (strcmp (row->topic, own) == 0)
    return TRUE;
  transaction_init (&transaction, &program->writer, db, program->name, NULL, 0);
  done = transaction_monitoring_event (&transaction, "outbox-refused", NULL, 0, detail, error) &&
         outbox_insert (db, program->instance_id, transaction.rows, error);
  if (done)
    *ret_rows = g_steal_pointer (&transaction.rows);
  transaction_clear (&transaction);
  return done;
}

static GPtrArray *
program_topics (Program *program)
{
  return topics_of_program (program->name, settings_has (program->settings, "retry-tiers")
                                               ? settings_text (program->settings, "retry-tiers")
                                               : NULL);
}

/* What the outbox needs to know of the topics that it writes to. */
static gboolean
learn_topics (Program *program, const GPtrArray *table, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < table->len; i++) {
    const Topic *topic = g_ptr_array_index (table, i);

    metrics_learn (&metric_label_topic, topic->name);
    g_ptr_array_add (names, program_topic (program, topic->name));
  }
  g_ptr_array_add (names, NULL);
  return outbox_learn_topics (program->outbox, (const char *const *)names->pdata, TOPICS_MS, error);
}

static gboolean
check_topics (Program *program, const GPtrArray *table, GError **error)
{
  g_autofree char *unequal = NULL;

  if (!topics_check (outbox_kafka_handle (program->outbox),
                     settings_text (program->settings, "topic-prefix"), table, TOPICS_MS, &unequal,
                     error))
    return FALSE;
  metrics_gauge (METRIC_TOPICS_UNEQUAL, unequal ? 1 : 0, NULL);
  if (unequal)
    log_warning ("topics differ in partitions", "text", unequal, NULL);
  return learn_topics (program, table, error);
}

static gboolean
meet_broker (Program *program, GError **error)
{
  g_autoptr (GPtrArray) table = program_topics (program);

  for (guint tries = 0;;) {
    g_autoptr (GError) problem = NULL;

    if (check_topics (program, table, &problem))
      return TRUE;
    if (g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_TOPIC_MISSING)) {
      wait_for (program, "waiting for topics", problem->message, problem, WAIT_MS);
      continue;
    }
    /* Topics that were made a moment ago may not be known everywhere yet. */
    if (!g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_AWAY) && ++tries >= TOPICS_TRIES) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    wait_for (program, broker_away, broker_away, problem, tries ? 500 : WAIT_MS);
  }
}

/* Every schema this program writes is registered before the first event, which is made inside a
 * transaction. */
static gboolean
meet_registry (Program *program, GError **error)
{
  static const char away[] = "waiting for the schema registry (schema-registry-url)";
  g_autoptr (GPtrArray) table = program_topics (program);

  for (guint i = 0; i < table->len;) {
    const Topic *topic = g_ptr_array_index (table, i);
    g_autofree char *name = program_topic (program, topic->name);
    g_autoptr (GError) problem = NULL;

    if (!topic->schema ||
        event_codec_prepare (registry_codec (program->registry), name, topic->schema, &problem)) {
      i++;
      continue;
    }
    if (!g_error_matches (problem, EVENTS_ERROR, EVENTS_ERROR_REGISTRY)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    wait_for (program, away, away, problem, WAIT_MS);
  }
  return TRUE;
}

static void
tell_configuration (Program *program)
{
  g_auto (GStrv) pairs = settings_effective (program->settings);
  g_autofree char *port = g_strdup_printf ("%u", program_metrics_port (program));

  log_info ("starting", "instance_id", program->instance_id, "metrics_port", port, "librdkafka",
            rd_kafka_version_str (), NULL);
  for (guint i = 0; pairs[i] && pairs[i + 1]; i += 2)
    log_debug ("setting", "name", pairs[i], "value", pairs[i + 1], NULL);
}

/* A consumer's desks count among its connections; housekeeping, outbox and the chores have one each
 * beside them. */
static guint
pool_size (const Settings *settings)
{
  guint all = settings_number (settings, "database-connections");
  guint at_desks = settings_has (settings, "in-flight") ? PROGRAM_DESK_CONNECTIONS : 0;

  return all > at_desks + 1 ? all - at_desks : 2;
}

static gboolean
open_door (Program *program, GError **error)
{
  const Settings *settings = program->settings;
  gint64 interval = settings_number (settings, "heartbeat-interval-ms");

  program->health = health_new (
      settings_text (settings, "metrics-address"), settings_number (settings, "metrics-port"),
      MIN (settings_number (settings, "instance-timeout-ms"), interval + BEAT_LATE_MS), error);
  return program->health != NULL;
}

static gboolean
begin_telling (Program *program, GError **error)
{
  g_autoptr (GError) problem = NULL;

  program->statsd = statsd_start (program->settings, program->name, program->health, &problem);
  if (!problem)
    program->traces =
        traces_start (program->settings, program->name, program->instance_id, &problem);
  if (!problem)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static void
make_house (Program *program)
{
  const HousekeepingOptions options = {
    .database_url = settings_text (program->settings, "database-url"),
    .instance_id = program->instance_id,
    .program = program->name,
    .interval_ms = settings_number (program->settings, "heartbeat-interval-ms"),
    .health = program->health,
  };

  program->house = housekeeping_new (&options);
}

static gboolean
open_sealer (Program *program, GError **error)
{
  g_autoptr (GError) problem = NULL;

  program->sealer = sealer_from_settings (program->settings, &problem);
  if (!program->sealer) /* keys that are none are a wrong setting */
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, problem->message);
  return program->sealer != NULL;
}

static gboolean
outbox_is_alive (gpointer outbox)
{
  return !outbox_is_fatal (outbox);
}

/* What is read and not noted. */
static void
note_gauges (gpointer data)
{
  Program *program = data;
  DbPoolCounts pool = db_pool_counts (program->pool);

  metrics_gauge (METRIC_OUTBOX_UNPUBLISHED, outbox_waiting (program->outbox), NULL);
  metrics_gauge (METRIC_DATABASE_CONNECTIONS, pool.idle, "idle", NULL);
  metrics_gauge (METRIC_DATABASE_CONNECTIONS, pool.in_use, "in-use", NULL);
  metrics_gauge (METRIC_DATABASE_CONNECTIONS_MAX, pool.max, NULL);
  metrics_gauge (METRIC_DATABASE_WAITERS, pool.waiters, NULL);
}

static gboolean
open_outbox (Program *program, GError **error)
{
  const Settings *settings = program->settings;
  const OutboxOptions options = {
    .database_url = settings_text (settings, "database-url"),
    .instance_id = program->instance_id,
    .instance_timeout_ms = settings_number (settings, "instance-timeout-ms"),
    .relay = program->takes_leases ? program_lease (program, "relay") : NULL,
    .health = program->health,
    .refused = tell_refused,
    .data = program,
  };

  program->outbox = outbox_new (settings, &options, error);
  if (!program->outbox)
    return FALSE;
  health_set_liveness (program->health, HEALTH_OF_OUTBOX, outbox_is_alive, program->outbox);
  health_set_gauges (program->health, note_gauges, program);
  return TRUE;
}

static gboolean
transact (TransactionWork work, gpointer work_data, gpointer program, GError **error)
{
  return program_transaction (program, work, work_data, error);
}

static void
begin_watch (Program *program, gint64 every_ms)
{
  const WatchOptions watch = {
    .settings = program->settings,
    .outbox = program->outbox,
    .every_ms = every_ms,
    .lease = program_lease (program, "watch"),
    .transact = transact,
    .data = program,
  };

  program->watch = watch_start (&watch);
}

/* What one process does for all. */
static void
begin_turns (Program *program)
{
  const ChoresOptions chores = {
    .database_url = settings_text (program->settings, "database-url"),
    .inbox_days = settings_number (program->settings, "inbox-days"),
    .lease = program_lease (program, "relay"),
  };
  const gint64 watch_every_ms = settings_duration_ms (program->settings, "watch-every");

  program->chores = chores_start (&chores);
  if (watch_every_ms > 0)
    begin_watch (program, watch_every_ms);
}

static void
begin_work (Program *program)
{
  housekeeping_start (program->house);
  if (program->takes_leases) {
    begin_turns (program);
    renewal_begin (program->renewal);
  }
  signals_begin_serving ();
  program_set_ready (program, TRUE);
}

static Renewal *
make_renewal (Program *program)
{
  const RenewalOptions options = {
    .settings = program->settings,
    .program = program->name,
    .instance_id = program->instance_id,
    .health = program->health,
  };

  return renewal_new (&options);
}

Program *
program_start (const char *name, const Settings *settings, GError **error)
{
  Program *program = g_new0 (Program, 1);

  log_init (name, settings_text (settings, "log-level"));
  metrics_start (name);
  db_configure (settings);
  program->name = g_strdup (name);
  program->settings = settings;
  program->instance_id = text_new_uuid ();
  program->signal_fd = signals_open ();
  if (!open_sealer (program, error) || !open_door (program, error) ||
      !begin_telling (program, error))
    goto failed;
  program->renewal = make_renewal (program);
  tell_configuration (program);
  make_house (program);
  if (!meet_database (program, error) || !(program->registry = registry_open (settings, error)))
    goto failed;
  program->writer = (TransactionWriter){
    .instance_id = program->instance_id,
    .topic_prefix = settings_text (settings, "topic-prefix"),
    .codec = registry_codec (program->registry),
    .sealer = program->sealer,
  };
  program->pool = db_pool_new (settings_text (settings, "database-url"), pool_size (settings));
  if (!open_outbox (program, error) || !meet_broker (program, error) ||
      !meet_registry (program, error))
    goto failed;
  begin_work (program);
  return program;

failed:
  program_stop (program);
  return NULL;
}

/* --- Stop --- */

void
program_stop (Program *program)
{
  if (!program)
    return;
  if (program->health)
    program_set_ready (program, FALSE);
  renewal_free (program->renewal);
  watch_stop (program->watch);
  if (program->outbox)
    (void)outbox_flush (program->outbox, FLUSH_AT_END_MS); /* what is left is the relay's */
  chores_stop (program->chores);
  housekeeping_stop (program->house);
  traces_stop (program->traces);
  statsd_stop (program->statsd);
  health_close (program->health);
  outbox_free (program->outbox);
  housekeeping_free (program->house); /* with the leases that outbox and chores asked */
  if (program->pool)
    db_pool_free (program->pool);
  registry_close (program->registry);
  sealer_free (program->sealer);
  health_free (program->health);
  signals_close (program->signal_fd);
  g_free (program->instance_id);
  g_free (program->name);
  g_free (program);
}

/* --- Signals, health, leases --- */

int
program_signal_fd (Program *program)
{
  return program->signal_fd;
}

gboolean
program_wait_for_stop (Program *program, gint64 ms)
{
  return signals_wait (program->signal_fd, ms);
}

gboolean
program_wait_for_broker (Program *program, const GError *problem)
{
  wait_for (program, broker_away, broker_away, problem, 0);
  return !program_wait_for_stop (program, WAIT_MS);
}

void
program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data)
{
  health_set_liveness (program->health, HEALTH_OF_WORK, is_alive, data);
}

void
program_set_readiness (Program *program, ProgramReadiness readiness, gpointer data)
{
  health_set_readiness (program->health, readiness, data);
}

guint16
program_metrics_port (Program *program)
{
  return health_port (program->health);
}

void
program_set_ready (Program *program, gboolean ready)
{
  health_set_waiting (program->health, ready ? NULL : "stopping");
}

void
program_note_trouble (Program *program, const char *kind, const char *why)
{
  health_note_trouble (program->health, kind, why);
}

void
program_note_snoozing (Program *program, guint count)
{
  housekeeping_note_snoozing (program->house, count);
}

gboolean
program_is_paused (Program *program)
{
  return housekeeping_is_paused (program->house);
}

Lease *
program_lease (Program *program, const char *name)
{
  return housekeeping_lease (program->house, name);
}

void
program_announce (Program *program, const char *url)
{
  const char *path = settings_text (program->settings, "address-file");
  g_autofree char *port = g_strdup_printf ("%u", program_metrics_port (program));
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  log_info ("listening", "metrics_port", port, "url", url, NULL);
  if (*path == '\0')
    return;
  g_string_printf (text, "METRICS_URL=http://127.0.0.1:%s\n", port);
  if (url)
    g_string_append_printf (text, "URL=%s\n", url);
  if (!g_file_set_contents (path, text->str, text->len, &error))
    log_failure ("the address-file cannot be written", "error", error->message, NULL);
}

/* --- What others ask for --- */

DbPool *
program_pool (Program *program)
{
  return program->pool;
}

Sealer *
program_sealer (Program *program)
{
  return program->sealer;
}

EventCodec *
program_codec (Program *program)
{
  return registry_codec (program->registry);
}

const TransactionWriter *
program_writer (Program *program)
{
  return &program->writer;
}

const Settings *
program_settings_of (Program *program)
{
  return program->settings;
}

const char *
program_instance_id (Program *program)
{
  return program->instance_id;
}

Outbox *
program_outbox (Program *program)
{
  return program->outbox;
}

char *
program_topic (Program *program, const char *name)
{
  return g_strconcat (settings_text (program->settings, "topic-prefix"), name, NULL);
}

gboolean
program_transaction (Program *program, TransactionWork work, gpointer data, GError **error)
{
  Db *db = db_pool_take (program->pool, error);
  g_autoptr (GPtrArray) rows = NULL;
  GError *problem = NULL;

  if (!db)
    return FALSE;
  rows = transaction_run (&program->writer, db, program->name, work, data, &problem);
  if (rows)
    outbox_publish (program->outbox, rows);
  else if (g_error_matches (problem, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
    outbox_sweep_soon (program->outbox);
  if (!rows)
    g_propagate_error (error, problem);
  db_pool_give (program->pool, db);
  return rows != NULL;
}

gboolean
program_acknowledges (Program *program, GError **error)
{
  Db *db = db_pool_take (program->pool, error);
  gboolean is_acknowledged = db && db_primary_acknowledges (db, error);

  db_pool_give (program->pool, db);
  return is_acknowledged;
}

gboolean
program_flush (Program *program, gint64 timeout_ms, GError **error)
{
  if (outbox_flush (program->outbox, timeout_ms))
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY,
               "the broker has not confirmed all records; they stay in the outbox");
  return FALSE;
}
