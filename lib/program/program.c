/* What every program is, see program.h. One housekeeping thread keeps the heartbeat, the clock's
 * offset, the relay's lease and the purge. */
#include "program/program.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "db/migrate.h"
#include "http/server.h"
#include "kafka/client.h"
#include "program/outbox.h"
#include "program/program.sql.h"
#include "program/registry.h"
#include "program/transaction.h"
#include "program/topics.h"

G_DEFINE_QUARK (program_error_quark, program_error)

#define WAIT_MS        2000 /* between two tries at start */
#define LEASE_MS       30000
#define LEASE_RENEW_MS 10000
#define LEASE_STOP_MS                                                                              \
  20000 /* a holder that has not renewed for this long of its monotonic clock stops */
#define PURGE_EVERY_MS    600000
#define PURGE_ROWS        5000
#define OFFSET_WARN_MS    1000
#define OFFSET_UNREADY_MS 10000

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
  { "heartbeat-interval-ms", SETTING_NUMBER, "10000",
    "How often a process says in the database that it is alive.", NULL, 100, 60000 },
  { "instance-timeout-ms", SETTING_NUMBER, "30000",
    "A process without a heartbeat for this long counts as dead.", NULL, 1000, 600000 },
  { "inbox-days", SETTING_NUMBER, "30", "Days for which handled messages are remembered.", NULL, 1,
    3650 },
  { NULL },
};

struct Program {
  char *name;
  const Settings *settings;
  char *instance_id;
  int signal_fd;
  DbPool *pool;
  Sealer *sealer;
  HttpClient *http;
  RegistryAccess registry;
  EventCodec *codec;
  Outbox *outbox;
  HttpServer *metrics;
  GThread *housekeeping;
  GMutex lock;
  GCond changed;
  gboolean stopping, is_ready;
  gint64 heartbeat_done_ms; /* monotonic; 0: never */
  gint64 lease_token, lease_renewed_ms, purge_at_ms;
  ProgramLiveness is_alive;
  gpointer is_alive_data;
  ProgramReadiness readiness;
  gpointer readiness_data;
};

/* --- Signals --- */

static int
block_signals (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGINT);
  /* Before any thread is made, so that all inherit it. */
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  signal (SIGPIPE, SIG_IGN);
  return signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
program_signal_fd (Program *program)
{
  return program->signal_fd;
}

gboolean
program_wait_for_stop (Program *program, gint64 ms)
{
  struct pollfd fd = { .fd = program->signal_fd, .events = POLLIN };
  gint64 until = clock_monotonic_ms () + ms;

  /* The signal is left in the descriptor, so that everybody who asks sees it. */
  for (;;) {
    int count = poll (&fd, 1, (int)MAX (0, until - clock_monotonic_ms ()));
    if (count > 0)
      return TRUE;
    if (count == 0 || errno != EINTR)
      return FALSE;
  }
}

/* --- Housekeeping --- */

static gboolean
compare_clocks (Db *db, GError **error)
{
  gint64 before = clock_now_ms ();
  g_autoptr (DbRows) rows = db_query (db, error, SQL_CLOCK, "");

  if (!rows)
    return FALSE;
  clock_note_database (before, clock_now_ms (), db_rows_int (rows, 0, "now_ms"));
  metrics_gauge ("database_clock_offset_seconds", clock_database_offset_ms () / 1000.0, NULL);
  metrics_gauge ("database_clock_error_seconds", clock_database_error_ms () / 1000.0, NULL);
  return TRUE;
}

static gboolean
beat (Program *program, Db *db, GError **error)
{
  if (!db_execute (db, NULL, error, SQL_HEARTBEAT, "tt", program->instance_id, program->name) ||
      !compare_clocks (db, error))
    return FALSE;
  if (ABS (clock_database_offset_ms ()) > OFFSET_WARN_MS)
    log_limited (LOG_LEVEL_WARNING, "clock",
                 "this machine's clock differs from the database's by more than 1 s", NULL);
  g_mutex_lock (&program->lock);
  program->heartbeat_done_ms = clock_monotonic_ms ();
  g_mutex_unlock (&program->lock);
  return TRUE;
}

static gboolean
keep_lease (Program *program, Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_TAKE_LEASE, "ttii", "relay",
                                      program->instance_id, (gint64)LEASE_MS, program->lease_token);

  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 1) {
    program->lease_token = db_rows_int (rows, 0, "token");
    program->lease_renewed_ms = clock_monotonic_ms ();
    outbox_set_relay (program->outbox, TRUE);
  } else {
    program->lease_token = 0;
    outbox_set_relay (program->outbox, FALSE);
  }
  return TRUE;
}

/* Old rows go in batches, by whoever is the relay. */
static gboolean
purge (Program *program, Db *db, GError **error)
{
  gint64 days = settings_number (program->settings, "inbox-days");

  return db_execute (db, NULL, error, SQL_PURGE_INBOX, "ii", days, (gint64)PURGE_ROWS) &&
         db_execute (db, NULL, error, SQL_PURGE_IDEMPOTENCY_KEYS, "i", (gint64)PURGE_ROWS) &&
         db_execute (db, NULL, error, SQL_PURGE_INSTANCES, "i", (gint64)PURGE_ROWS);
}

static gpointer
keep_house (gpointer data)
{
  Program *program = data;
  gint64 interval = settings_number (program->settings, "heartbeat-interval-ms");
  Db *db = NULL;
  gint64 renew_at = 0;

  g_mutex_lock (&program->lock);
  while (!program->stopping) {
    g_autoptr (GError) error = NULL;
    gint64 now = clock_monotonic_ms ();
    gboolean is_fine;

    g_mutex_unlock (&program->lock);
    if (!db)
      db = db_open (settings_text (program->settings, "database-url"), &error);
    is_fine = db && beat (program, db, &error);
    if (is_fine && now >= renew_at) {
      is_fine = keep_lease (program, db, &error);
      renew_at = now + LEASE_RENEW_MS;
    }
    if (is_fine && program->lease_token && now >= program->purge_at_ms) {
      is_fine = purge (program, db, &error);
      program->purge_at_ms = now + PURGE_EVERY_MS;
    }
    if (!is_fine) {
      log_limited (LOG_LEVEL_WARNING, "heartbeat", "no heartbeat: the database does not answer",
                   "error", error ? error->message : NULL, NULL);
      g_clear_pointer (&db, db_close);
    }
    if (program->lease_token && clock_monotonic_ms () - program->lease_renewed_ms > LEASE_STOP_MS) {
      program->lease_token = 0;
      outbox_set_relay (program->outbox, FALSE);
    }
    g_mutex_lock (&program->lock);
    if (!program->stopping)
      g_cond_wait_until (&program->changed, &program->lock,
                         g_get_monotonic_time () +
                             (is_fine ? interval : MIN (interval, 1000)) * 1000);
  }
  g_mutex_unlock (&program->lock);
  if (db) {
    if (program->lease_token)
      (void)db_execute (db, NULL, NULL, SQL_GIVE_LEASE, "ti", "relay",
                        program->lease_token); /* it runs out by itself */
    (void)db_execute (db, NULL, NULL, SQL_INSTANCE_ENDED, "t",
                      program->instance_id); /* else dead after its time-out */
    db_close (db);
  }
  return NULL;
}

/* --- /metrics, /livez, /readyz --- */

static gboolean
is_ready (Program *program, const char **ret_why)
{
  gint64 age;
  gboolean ready;
  ProgramReadiness readiness;
  const char *why = NULL;

  g_mutex_lock (&program->lock);
  readiness = program->readiness;
  age = clock_monotonic_ms () - program->heartbeat_done_ms;
  ready = program->is_ready;
  g_mutex_unlock (&program->lock);
  if (!ready)
    *ret_why = "starting or stopping\n";
  else if (program->heartbeat_done_ms == 0 ||
           age > settings_number (program->settings, "instance-timeout-ms"))
    *ret_why = "the database does not answer\n";
  else if (ABS (clock_database_offset_ms ()) > OFFSET_UNREADY_MS)
    *ret_why = "the clock differs from the database's by more than 10 s\n";
  else if (readiness && (why = readiness (program->readiness_data)))
    *ret_why = why;
  else
    return TRUE;
  return FALSE;
}

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  Program *program = data;
  const char *why = "ok\n";

  if (strcmp (request->path, "/metrics") == 0) {
    metrics_gauge ("outbox_waiting", outbox_waiting (program->outbox), NULL);
    return http_reply_take (200, "text/plain; version=0.0.4; charset=utf-8", metrics_render ());
  }
  if (strcmp (request->path, "/readyz") == 0) {
    gboolean ready = is_ready (program, &why); /* before why is read */
    return http_reply_new (ready ? 200 : 503, "text/plain", why);
  }
  if (strcmp (request->path, "/livez") == 0) {
    gboolean alive = !outbox_is_fatal (program->outbox) &&
                     (!program->is_alive || program->is_alive (program->is_alive_data));
    return http_reply_new (alive ? 200 : 503, "text/plain", alive ? "ok\n" : "stuck\n");
  }
  return http_reply_new (404, "text/plain", "not found\n");
}

void
program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data)
{
  program->is_alive_data = data;
  program->is_alive = is_alive;
}

void
program_set_readiness (Program *program, ProgramReadiness readiness, gpointer data)
{
  g_mutex_lock (&program->lock);
  program->readiness_data = data;
  program->readiness = readiness;
  g_mutex_unlock (&program->lock);
}

guint16
program_metrics_port (Program *program)
{
  return http_server_port (program->metrics);
}

void
program_set_ready (Program *program, gboolean ready)
{
  g_mutex_lock (&program->lock);
  program->is_ready = ready;
  g_mutex_unlock (&program->lock);
}

void
program_announce (Program *program, const char *url)
{
  const char *path = settings_text (program->settings, "address-file");
  g_autofree char *metrics_url =
      g_strdup_printf ("http://127.0.0.1:%u", program_metrics_port (program));
  g_autofree char *port = g_strdup_printf ("%u", program_metrics_port (program));
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  log_info ("listening", "metrics_port", port, "url", url, NULL);
  if (*path == '\0')
    return;
  g_string_printf (text, "METRICS_URL=%s\n", metrics_url);
  if (url)
    g_string_append_printf (text, "URL=%s\n", url);
  if (!g_file_set_contents (path, text->str, text->len, &error))
    log_failure ("the address-file cannot be written", "error", error->message, NULL);
}

/* --- Start --- */

static gboolean
record_secrets (Program *program, Db *db, GError **error)
{
  g_autofree char *fingerprint = sealer_fingerprint (program->sealer);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_RECORD_SECRET, "tt", "keys", fingerprint);

  if (!rows)
    return FALSE;
  if (g_strcmp0 (db_rows_text (rows, 0, "fingerprint"), fingerprint) == 0)
    return TRUE;
  g_set_error (error, PROGRAM_ERROR, PROGRAM_ERROR_SECRETS,
               "master-keys or hmac-keys differ from those the other programs use with this "
               "database; give all the same, "
               "or delete the row of shared_secrets when rotating them on purpose");
  return FALSE;
}

static gboolean
meet_database (Program *program, GError **error)
{
  for (;;) {
    g_autoptr (GError) problem = NULL;
    g_autoptr (Db) db = db_open (settings_text (program->settings, "database-url"), &problem);

    /* The first answers of a connection are slow: two more for the clock. */
    if (db && db_schema_check (db, &problem) && record_secrets (program, db, &problem) &&
        beat (program, db, &problem) && compare_clocks (db, &problem) &&
        compare_clocks (db, &problem))
      return TRUE;
    if (!g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    log_warning ("waiting for the database (database-url)", "error", problem->message, NULL);
    if (program_wait_for_stop (program, WAIT_MS)) {
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
  transaction_init (&transaction, program, db, program->name, NULL, 0);
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

  for (guint i = 0; i < table->len; i++)
    g_ptr_array_add (names, program_topic (program, ((Topic *)g_ptr_array_index (table, i))->name));
  g_ptr_array_add (names, NULL);
  return outbox_learn_topics (program->outbox, (const char *const *)names->pdata, 5000, error);
}

static gboolean
check_topics (Program *program, const GPtrArray *table, GError **error)
{
  g_autofree char *unequal = NULL;

  if (!topics_check (outbox_kafka_handle (program->outbox),
                     settings_text (program->settings, "topic-prefix"), table, 5000, &unequal,
                     error))
    return FALSE;
  metrics_gauge ("topics_unequal", unequal ? 1 : 0, NULL);
  if (unequal)
    log_warning ("topics differ in partitions", "text", unequal, NULL);
  return learn_topics (program, table, error);
}

static gboolean
meet_broker (Program *program, GError **error)
{
  g_autoptr (GPtrArray) table = program_topics (program);
  gint64 tries = 0;

  for (;;) {
    g_autoptr (GError) problem = NULL;

    if (check_topics (program, table, &problem))
      return TRUE;
    /* Topics that were made a moment ago may not be known everywhere yet. */
    if (!g_error_matches (problem, KAFKA_ERROR, KAFKA_ERROR_AWAY) && ++tries >= 3) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    log_warning ("waiting for the broker (kafka-brokers)", "error", problem->message, NULL);
    if (program_wait_for_stop (program, tries ? 500 : WAIT_MS)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
}

/* Every schema this program writes is registered before the first event, which is made inside a transaction. */
static gboolean
meet_registry (Program *program, GError **error)
{
  g_autoptr (GPtrArray) table = program_topics (program);

  for (guint i = 0; i < table->len;) {
    const Topic *topic = g_ptr_array_index (table, i);
    g_autofree char *name = program_topic (program, topic->name);
    g_autoptr (GError) problem = NULL;

    if (!topic->schema || event_codec_prepare (program->codec, name, topic->schema, &problem)) {
      i++;
      continue;
    }
    if (!g_error_matches (problem, EVENTS_ERROR, EVENTS_ERROR_REGISTRY)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    log_warning ("waiting for the schema registry (schema-registry-url)", "error", problem->message,
                 NULL);
    if (program_wait_for_stop (program, WAIT_MS)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
  return TRUE;
}

static void
tell_configuration (Program *program)
{
  g_auto (GStrv) pairs = settings_effective (program->settings);

  log_info ("starting", "instance_id", program->instance_id, "librdkafka", rd_kafka_version_str (),
            NULL);
  for (guint i = 0; pairs[i] && pairs[i + 1]; i += 2)
    log_debug ("setting", "name", pairs[i], "value", pairs[i + 1], NULL);
}

/* A consumer's desks count among its connections; heartbeat and outbox have one each beside them. */
static guint
pool_size (const Settings *settings)
{
  guint all = settings_number (settings, "database-connections");
  guint at_desks = settings_has (settings, "in-flight") ? PROGRAM_DESK_CONNECTIONS : 0;

  return all > at_desks + 1 ? all - at_desks : 2;
}

Program *
program_start (const char *name, const Settings *settings, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Program *program = g_new0 (Program, 1);
  const HttpClientOptions http = { .verify = TRUE };
  HttpServerOptions server = { .address = settings_text (settings, "metrics-address"),
                               .port = settings_number (settings, "metrics-port") };
  OutboxOptions outbox = { .database_url = settings_text (settings, "database-url"),
                           .instance_timeout_ms = settings_number (settings, "instance-timeout-ms"),
                           .refused = tell_refused,
                           .data = program };

  log_init (name, settings_text (settings, "log-level"));
  db_configure (settings);
  program->name = g_strdup (name);
  program->settings = settings;
  program->instance_id = text_new_uuid ();
  program->signal_fd = block_signals ();
  g_mutex_init (&program->lock);
  g_cond_init (&program->changed);
  outbox.instance_id = program->instance_id;
  tell_configuration (program);

  program->sealer = sealer_from_settings (settings, &problem);
  if (!program->sealer) /* keys that are none are a wrong setting */
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, problem->message);
  if (!program->sealer || !meet_database (program, error))
    goto failed;
  if (settings_is_set (settings, "schema-registry-url")) {
    program->http = http_client_new (&http);
    program->registry =
        (RegistryAccess){ program->http, settings_text (settings, "schema-registry-url") };
  }
  program->codec = event_codec_new (program->http ? registry_ask : NULL, &program->registry);
  program->pool = db_pool_new (settings_text (settings, "database-url"), pool_size (settings));
  program->outbox = outbox_new (settings, &outbox, error);
  if (!program->outbox)
    goto failed;
  program->metrics = http_server_start (&server, answer, program, error);
  if (!program->metrics || !meet_broker (program, error) || !meet_registry (program, error))
    goto failed;
  program->housekeeping = g_thread_new ("housekeeping", keep_house, program);
  program_set_ready (program, TRUE);
  return program;

failed:
  program_stop (program);
  return NULL;
}

void
program_stop (Program *program)
{
  if (!program)
    return;
  program_set_ready (program, FALSE);
  if (program->outbox)
    (void)outbox_flush (program->outbox, 5000); /* what is left is the relay's */
  g_mutex_lock (&program->lock);
  program->stopping = TRUE;
  g_cond_broadcast (&program->changed);
  g_mutex_unlock (&program->lock);
  if (program->housekeeping)
    g_thread_join (program->housekeeping);
  http_server_stop (program->metrics);
  outbox_free (program->outbox);
  if (program->pool)
    db_pool_free (program->pool);
  event_codec_free (program->codec);
  http_client_free (program->http);
  sealer_free (program->sealer);
  close (program->signal_fd);
  g_mutex_clear (&program->lock);
  g_cond_clear (&program->changed);
  g_free (program->instance_id);
  g_free (program->name);
  g_free (program);
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
  return program->codec;
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
  gboolean done = FALSE;

  for (guint tries = 0; db && !done && tries < 10; tries++) {
    g_autoptr (GError) problem = NULL;
    Transaction transaction;

    transaction_init (&transaction, program, db, program->name, NULL, 0);
    done = db_begin (db, &problem) && work (&transaction, data, &problem) &&
           outbox_insert (db, program->instance_id, transaction.rows, &problem) &&
           db_commit (db, &problem);
    if (done) {
      outbox_publish (program->outbox, transaction.rows);
    } else {
      db_rollback (db);
      if (g_error_matches (problem, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
        outbox_sweep_soon (program->outbox);
      if (!g_error_matches (problem, DB_ERROR, DB_ERROR_CONFLICT) || tries == 9) {
        g_propagate_error (error, g_steal_pointer (&problem));
        tries = 10;
      }
    }
    transaction_clear (&transaction);
  }
  db_pool_give (program->pool, db);
  return done;
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
