/* PostgreSQL over libpq: connection, statement, rows, transaction, and what the server's errors
 * mean.
 *
 * Parameters are encoded in parameters.c, results travel as text. How statements travel together is
 * in trip.c, the pool in pool.c. Sources: PostgreSQL 15 manual, "libpq" and "Error Codes". */
#include "db/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exposure.h"
#include "base/log.h"
#include "db/connection.sql.h"
#include "db/rows.h"
#include "db/trip.h"

G_DEFINE_QUARK (db_error_quark, db_error)

gboolean
db_is_away (const GError *error)
{
  return g_error_matches (error, DB_ERROR, DB_ERROR_AWAY) ||
         g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN);
}

gboolean
db_is_held (const GError *error)
{
  return g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT) ||
         g_error_matches (error, DB_ERROR, DB_ERROR_CONFLICT);
}

enum {
  MAX_CONFLICTS = 10,
  QUEUED_MAX = 256,           /* statements that wait for a trip; the next one makes them go */
  QUEUED_BYTES_MAX = 4 << 20, /* of their parameters, likewise */
  SLOW_MAX = 8,  /* statements of one trip that may each last as long as a statement may */
  ASK_MS = 5000, /* why the server is silent */
};

typedef enum {
  STATE_NONE,
  STATE_BEGUN,     /* BEGIN waits for the first statement */
  STATE_OPEN,      /* BEGIN was sent; what became of the transaction is the server's to say */
  STATE_COMMITTED, /* with its last statement; db_commit() is still to come */
  STATE_UNKNOWN,   /* DB_ERROR_COMMIT_UNKNOWN was told */
} State;

struct Db {
  char *url;
  PGconn *connection;
  gboolean is_broken;
  State state;
  guint begin_count; /* statements that BEGIN consists of, while it waits */
  gint64 lock_timeout_ms, statement_timeout_ms;
  gboolean timeouts_are_due; /* the session has others */
  gboolean asks_of_another;  /* why that one's server is silent: see waits_for_standby () */
  Trip *trip;
};

/* --- errors --- */

static DbError
error_code_of (const char *sqlstate)
{
  /* No connection, too little of something, shut down, or a server that has become read-only: it is
   * the database that is ill, not the statement. */
  if (g_str_has_prefix (sqlstate, "08") || g_str_has_prefix (sqlstate, "53") ||
      g_str_has_prefix (sqlstate, "57P") || g_str_has_prefix (sqlstate, "58") ||
      g_str_equal (sqlstate, "25P03") || g_str_equal (sqlstate, "25006"))
    return DB_ERROR_AWAY;
  if (g_str_equal (sqlstate, "40001") || g_str_equal (sqlstate, "40P01"))
    return DB_ERROR_CONFLICT;
  /* lock_timeout, statement_timeout; also a statement that was cancelled from outside. */
  if (g_str_equal (sqlstate, "55P03") || g_str_equal (sqlstate, "57014"))
    return DB_ERROR_TIMEOUT;
  if (g_str_equal (sqlstate, "23505") || g_str_equal (sqlstate, "23P01"))
    return DB_ERROR_UNIQUE;
  if (g_str_has_prefix (sqlstate, "23"))
    return DB_ERROR_CHECK;
  if (g_str_equal (sqlstate, "42501"))
    return DB_ERROR_DENIED;
  return DB_ERROR_STATEMENT;
}

/* libpq's texts about a connection run over several lines and name host, port and user, never the
 * password. */
static char *
connection_message (PGconn *connection)
{
  char *message = g_strdup (PQerrorMessage (connection));

  g_strdelimit (message, "\n\t", ' ');
  return g_strstrip (message);
}

static void
set_error_lost (Db *db, DbError code, GError **error)
{
  g_autofree char *message = connection_message (db->connection);

  db->is_broken = TRUE;
  g_set_error (error, DB_ERROR, code, "the connection to the database was lost%s: %s",
               code == DB_ERROR_COMMIT_UNKNOWN ? " after COMMIT had been sent" : "",
               *message ? message : "no answer");
}

/* The primary text only: DETAIL shows the values of the row. The primary text of a data exception
 * (class 22) shows the value that did not fit, so that class is told by its code alone. */
static void
set_error_from_result (Db *db, const PGresult *result, GError **error)
{
  const char *sqlstate = PQresultErrorField (result, PG_DIAG_SQLSTATE);
  const char *primary = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  const char *constraint = PQresultErrorField (result, PG_DIAG_CONSTRAINT_NAME);
  DbError code;

  if (PQstatus (db->connection) == CONNECTION_BAD || !sqlstate) {
    set_error_lost (db, DB_ERROR_AWAY, error);
    return;
  }

  code = error_code_of (sqlstate);
  if (code == DB_ERROR_AWAY)
    db->is_broken = TRUE;
  if (g_str_has_prefix (sqlstate, "22"))
    primary = "a value does not fit its type";
  g_set_error (error, DB_ERROR, code, "%s (SQLSTATE %s%s%s)", primary ? primary : "no message",
               sqlstate, constraint ? ", constraint " : "", constraint ? constraint : "");
}

static gboolean
is_success (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

/* --- connection --- */

/* What we rely on, whatever role, database or server say. A process that is stopped inside a
 * transaction must not keep its row locks for ever: no transaction of ours waits for anything
 * outside the database. All our statements go by key: prepared while a table is small they would be
 * planned as a scan of it, and the generic plan stays when it has grown (measured); what is planned
 * so looks dear and would be compiled at each run (measured: 1.7 s on empty tables). And no plan is
 * made for the values of one run: it would be the same one, made again. A schema of the role's own
 * name goes before public by default, and whoever may make one could put tables in the place of
 * ours. Sessions wait for work for as long as there is none: one that the server ends meanwhile
 * fails the next statement. A commit that does not wait for the disk loses a journal's *started* in
 * a crash of the server, and its call is made again: what a server says of its standbys stays, off
 * does not. A commit's warning has to be sent to be heard. */
static const char SESSION[] = "set timezone = 'UTC';"
                              "set datestyle = 'ISO';"
                              "set bytea_output = 'hex';"
                              "set default_transaction_isolation = 'read committed';"
                              "set idle_in_transaction_session_timeout = '15s';"
                              "set idle_session_timeout = 0;"
                              "set enable_seqscan = off;"
                              "set jit = off;"
                              "set plan_cache_mode = force_generic_plan;"
                              "set search_path = public;"
                              "set client_min_messages = warning;"
                              "select set_config ('synchronous_commit', 'on', false) "
                              "where current_setting ('synchronous_commit') = 'off'";

/* Of all connections of the process, see db_configure(). */
static gint64 default_lock_timeout_ms = DB_LOCK_TIMEOUT_MS;
static gint64 default_statement_timeout_ms = DB_STATEMENT_TIMEOUT_MS;
static gint64 default_silence_ms = DB_SILENCE_MS;
static char *url_file; /* NULL: the URL came otherwise */

static gboolean
has_numeric_port (const PQconninfoOption *options)
{
  for (; options->keyword; options++)
    if (g_str_equal (options->keyword, "port") && options->val &&
        strspn (options->val, "0123456789,") != strlen (options->val))
      return FALSE;
  return TRUE;
}

/* A password that should have been percent-encoded makes libpq take pieces of it for host or port,
 * and its texts name host and port. So more is asked of a URL than libpq does. */
static gboolean
is_well_formed (const char *url)
{
  PQconninfoOption *options = PQconninfoParse (url, NULL);
  const char *authority = strstr (url, "://");
  gboolean is_clear = options && has_numeric_port (options);

  PQconninfoFree (options);
  if (is_clear && authority) {
    const char *at = strchr (authority + 3, '@');
    const char *slash = strchr (authority + 3, '/');
    is_clear = !at || (!strchr (at + 1, '@') && (!slash || at < slash));
  }
  return is_clear;
}

/* The server ends what lasts longer than statement_timeout. One that says nothing even then (its
 * process stands still, or somebody between us holds the connection and forwards nothing) would be
 * waited for, unseen, for ever. */
static gint64
silence_ms (const Db *db, guint statements)
{
  if (db->asks_of_another)
    return ASK_MS;
  if (default_silence_ms == 0 || db->statement_timeout_ms == 0)
    return 0;
  return default_silence_ms + MIN (statements, SLOW_MAX) * db->statement_timeout_ms;
}

static const char *
option_value (const PQconninfoOption *options, const char *keyword)
{
  for (; options && options->keyword; options++)
    if (g_str_equal (options->keyword, keyword))
      return options->val;
  return NULL;
}

/* Whether both lead to the same database, whoever asks there. */
static gboolean
is_same_database (const char *one, const char *other)
{
  static const char *const places[] = { "host", "hostaddr", "port", "dbname" };
  PQconninfoOption *first = PQconninfoParse (one, NULL), *second = PQconninfoParse (other, NULL);
  gboolean is_same = first && second;

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    is_same = is_same &&
              g_strcmp0 (option_value (first, places[i]), option_value (second, places[i])) == 0;
  PQconninfoFree (first);
  PQconninfoFree (second);
  return is_same;
}

/* A password that was changed in the file since is taken over; another database is not, for some of
 * our connections would be there and some here. */
static void
renew_url (Db *db)
{
  char *now = url_file ? settings_secret_now (url_file) : NULL;

  if (now && is_well_formed (now) && is_same_database (db->url, now)) {
    explicit_bzero (db->url, strlen (db->url));
    g_free (db->url);
    db->url = g_steal_pointer (&now);
  }
  if (now)
    explicit_bzero (now, strlen (now));
  g_free (now);
}

static gboolean
open_connection (Db *db, GError **error)
{
  /* Before "dbname", so that the URL may say otherwise. A dead peer is noticed within half a
   * minute. */
  static const char *const names[] = { "connect_timeout",           "keepalives",
                                       "keepalives_idle",           "keepalives_interval",
                                       "keepalives_count",          "tcp_user_timeout",
                                       "fallback_application_name", "dbname",
                                       "client_encoding",           NULL };
  const char *values[] = {
    "5", "1", "10", "5", "3", "25000", g_get_prgname (), NULL, "UTF8", NULL
  };
  g_autofree char *session = NULL;
  g_autoptr (PGresult) result = NULL;

  renew_url (db);
  values[7] = db->url;
  g_clear_pointer (&db->connection, PQfinish);
  trip_drop (db->trip);
  db->state = STATE_NONE;
  db->is_broken = TRUE;

  /* libpq's text on a malformed URL quotes it, password and all. */
  if (!is_well_formed (db->url)) {
    g_set_error_literal (
        error, DB_ERROR, DB_ERROR_AWAY,
        "the database's URL is malformed; it reads postgresql://user:password@host:"
        "port/database, with %40 for @ and %2F for / in a password");
    return FALSE;
  }

  db->connection = PQconnectdbParams (names, values, TRUE);
  if (PQstatus (db->connection) != CONNECTION_OK) {
    g_autofree char *message = connection_message (db->connection);
    g_set_error (error, DB_ERROR, DB_ERROR_AWAY, "cannot reach the database: %s", message);
    return FALSE;
  }
  trip_use_connection (db->trip, db->connection);
  /* PQerrorMessage() of a lost connection would repeat DETAIL; results have their fields all the
   * same. */
  (void)PQsetErrorVerbosity (db->connection, PQERRORS_SQLSTATE); /* the old one is the default */

  session = g_strdup_printf ("%s; set lock_timeout = %" G_GINT64_FORMAT
                             "; set statement_timeout = %" G_GINT64_FORMAT,
                             SESSION, db->lock_timeout_ms, db->statement_timeout_ms);
  result = trip_run_plain (db->trip, session, silence_ms (db, 1));
  if (!is_success (result)) {
    set_error_from_result (db, result, error);
    return FALSE;
  }
  db->timeouts_are_due = FALSE;
  db->is_broken = FALSE;
  return TRUE;
}

/* Below verify-full anybody on the way can be the server. What the URL does not say the environment
 * may. */
static void
warn_of_exposure (const char *url)
{
  PQconninfoOption *given = PQconninfoParse (url, NULL);
  PQconninfoOption *defaults = PQconndefaults ();
  const char *values[] = { "hostaddr", "host", "sslmode" };
  g_auto (GStrv) hosts = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
    const char *value = option_value (given, values[i]);

    values[i] = value ? value : option_value (defaults, values[i]);
  }
  hosts = g_strsplit (values[0] ? values[0] : values[1] ? values[1] : "", ",", -1);
  for (gsize i = 0; given && hosts[i] && g_strcmp0 (values[2], "verify-full") != 0; i++)
    exposure_warn ("database-url", hosts[i], "unverified, perhaps unencrypted",
                   "sslmode=verify-full");
  PQconninfoFree (given);
  PQconninfoFree (defaults);
}

/* A process that starts a second program says the same again, while threads of the first one read. */
static void
keep_number (gint64 *kept, gint64 number)
{
  if (*kept != number)
    *kept = number;
}

void
db_configure (const Settings *settings)
{
  const char *file = settings_is_set (settings, "database-url-file")
                         ? settings_text (settings, "database-url-file")
                         : NULL;

  warn_of_exposure (settings_text (settings, "database-url"));
  keep_number (&default_lock_timeout_ms, settings_number (settings, "database-lock-timeout-ms"));
  keep_number (&default_statement_timeout_ms,
               settings_number (settings, "database-statement-timeout-ms"));
  keep_number (&default_silence_ms, settings_number (settings, "database-silence-ms"));
  if (g_strcmp0 (url_file, file) == 0)
    return;
  g_free (url_file);
  url_file = g_strdup (file);
}

static gboolean waits_for_standby (gpointer data);

static Db *
open_for (const char *url, gboolean asks_of_another, GError **error)
{
  Db *db = g_new0 (Db, 1);

  db->url = g_strdup (url);
  db->trip = trip_new (waits_for_standby, db);
  db->lock_timeout_ms = default_lock_timeout_ms;
  db->statement_timeout_ms = default_statement_timeout_ms;
  db->asks_of_another = asks_of_another;
  if (!open_connection (db, error))
    g_clear_pointer (&db, db_close);
  return db;
}

Db *
db_open (const char *url, GError **error)
{
  return open_for (url, FALSE, error);
}

/* A TripWaits. No time-out of the server ends a commit's wait for its standby: that is no silence
 * to give up for, as the commit stands, and each try would leave one more session that waits. */
static gboolean
waits_for_standby (gpointer data)
{
  const Db *db = data;
  g_autoptr (Db) other = db->asks_of_another ? NULL : open_for (db->url, TRUE, NULL);
  g_autoptr (DbRows) rows = other ? db_query (other, NULL, SQL_WAITS_FOR_STANDBY, "i",
                                              (gint64)PQbackendPID (db->connection))
                                  : NULL;
  gboolean waits = rows && db_rows_count (rows) == 1;

  if (waits)
    log_limited (LOG_LEVEL_WARNING, "standby-awaited", "a commit waits for its synchronous standby",
                 NULL);
  return waits;
}

void
db_close (Db *db)
{
  if (!db)
    return;
  PQfinish (db->connection);
  trip_free (db->trip);
  g_free (db->url);
  g_free (db);
}

gboolean
db_is_broken (const Db *db)
{
  return db->is_broken;
}

gboolean
db_reset (Db *db, GError **error)
{
  return open_connection (db, error);
}

gboolean
db_set_timeouts (Db *db, gint64 lock_ms, gint64 statement_ms, GError **error)
{
  if (lock_ms < 0 || lock_ms > G_MAXINT || statement_ms < 0 || statement_ms > G_MAXINT) {
    g_set_error_literal (error, DB_ERROR, DB_ERROR_STATEMENT,
                         "a time-out is a number of milliseconds from 0 to 2147483647");
    return FALSE;
  }
  if (db->lock_timeout_ms == lock_ms && db->statement_timeout_ms == statement_ms)
    return TRUE;
  db->lock_timeout_ms = lock_ms;
  db->statement_timeout_ms = statement_ms;
  db->timeouts_are_due = TRUE;
  return TRUE;
}

gboolean
db_connection_is_stale (Db *db)
{
  struct pollfd waiting = { .fd = PQsocket (db->connection), .events = POLLIN };

  /* Nobody listens for notifications here: what arrives unasked is the server's farewell. */
  return db->is_broken || waiting.fd < 0 || poll (&waiting, 1, 0) != 0;
}

void
db_connection_timeouts (const Db *db, gint64 *ret_lock_ms, gint64 *ret_statement_ms)
{
  *ret_lock_ms = db->lock_timeout_ms;
  *ret_statement_ms = db->statement_timeout_ms;
}

void
db_connection_use_default_timeouts (Db *db)
{
  (void)db_set_timeouts (db, default_lock_timeout_ms, default_statement_timeout_ms, NULL);
}

void
db_connection_is_of_no_use (Db *db)
{
  db->is_broken = TRUE;
}

gboolean
db_connection_is_in_transaction (Db *db)
{
  return db->state != STATE_NONE || PQtransactionStatus (db->connection) != PQTRANS_IDLE;
}

/* --- statements, sent --- */

/* A trip that was given up half way leaves the connection in pipeline mode, and of no use. */
static gboolean
is_lost (const Db *db)
{
  return PQstatus (db->connection) != CONNECTION_OK ||
         PQpipelineStatus (db->connection) != PQ_PIPELINE_OFF;
}

/* What became of the transaction whose COMMIT was sent. */
static void
set_error_of_commit (Db *db, const TripOutcome *outcome, GError **error)
{
  g_autoptr (GError) failure = NULL;

  set_error_from_result (db, outcome->result, &failure);
  if (failure->code != DB_ERROR_AWAY) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return;
  }
  /* Of a server that is ill while it commits nobody knows how far it came. */
  failure->code = DB_ERROR_COMMIT_UNKNOWN;
  db->state = STATE_UNKNOWN;
  g_propagate_error (error, g_steal_pointer (&failure));
}

static void
set_error_from_trip (Db *db, const TripOutcome *outcome, GError **error)
{
  switch (outcome->end) {
  case TRIP_DONE:
    g_assert_not_reached ();
  case TRIP_REFUSED:
    if (outcome->is_of_commit)
      set_error_of_commit (db, outcome, error);
    else
      set_error_from_result (db, outcome->result, error);
    return;
  case TRIP_ROLLED_BACK:
    g_set_error_literal (error, DB_ERROR, DB_ERROR_STATEMENT,
                         "the transaction was rolled back, for one of its statements had failed");
    return;
  case TRIP_WARNED:
    db->is_broken = TRUE;
    db->state = STATE_UNKNOWN;
    log_limited (LOG_LEVEL_WARNING, "commit-warning",
                 "a commit was not confirmed by the synchronous standby", NULL);
    g_set_error_literal (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN,
                         "COMMIT succeeded with a warning: the standby has not confirmed it");
    return;
  case TRIP_SILENT:
    db->is_broken = TRUE;
    if (outcome->is_of_commit)
      db->state = STATE_UNKNOWN;
    log_limited (LOG_LEVEL_WARNING, "database-silent",
                 "the database does not answer; the connection is given up", NULL);
    g_set_error (error, DB_ERROR, outcome->is_of_commit ? DB_ERROR_COMMIT_UNKNOWN : DB_ERROR_AWAY,
                 "the database has said nothing for too long%s",
                 outcome->is_of_commit ? ", after COMMIT had been sent" : "");
    return;
  case TRIP_LOST:
    if (outcome->is_of_commit)
      db->state = STATE_UNKNOWN;
    set_error_lost (db, outcome->is_of_commit ? DB_ERROR_COMMIT_UNKNOWN : DB_ERROR_AWAY, error);
    return;
  }
}

/* A session's setting that is made within a transaction would go with its rollback. */
static gboolean
timeouts_can_go (const Db *db)
{
  return db->timeouts_are_due && db->state != STATE_OPEN;
}

static void
add_timeouts (Db *db)
{
  g_autofree char *sql =
      g_strdup_printf ("select set_config ('lock_timeout', '%" G_GINT64_FORMAT "', false), "
                       "set_config ('statement_timeout', '%" G_GINT64_FORMAT "', false)",
                       db->lock_timeout_ms, db->statement_timeout_ms);

  trip_add_setting (db->trip, sql);
}

/* Sends what waits. @ret_result (may be NULL): of the last statement but COMMIT, owned. */
static gboolean
travel (Db *db, PGresult **ret_result, GError **error)
{
  gboolean sets_timeouts = timeouts_can_go (db);
  TripOutcome outcome;

  if (db->state == STATE_BEGUN)
    db->state = STATE_OPEN;
  if (is_lost (db)) {
    trip_drop (db->trip);
    set_error_lost (db, DB_ERROR_AWAY, error);
    return FALSE;
  }
  if (sets_timeouts)
    add_timeouts (db);
  outcome = trip_run (db->trip, silence_ms (db, trip_count (db->trip)));
  if (sets_timeouts)
    db->timeouts_are_due =
        outcome.end == TRIP_LOST || outcome.end == TRIP_SILENT || outcome.settings_failed;
  if (outcome.end == TRIP_DONE && ret_result)
    *ret_result = g_steal_pointer (&outcome.result);
  else if (outcome.end != TRIP_DONE)
    set_error_from_trip (db, &outcome, error);
  PQclear (outcome.result);
  return outcome.end == TRIP_DONE;
}

/* db_query_last() has ended the transaction: what comes after it would run outside, unnoticed. */
static void
assert_not_ended (const Db *db)
{
  if (db->state == STATE_COMMITTED)
    g_error ("a statement between db_query_last () and db_commit ()");
}

static PGresult *
run_va (Db *db, GError **error, const char *sql, const char *types, va_list arguments)
{
  PGresult *result = NULL;

  assert_not_ended (db);
  trip_add (db->trip, FALSE, sql, types, arguments);
  return travel (db, &result, error) ? result : NULL;
}

DbRows *
db_query (Db *db, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  PGresult *result;

  va_start (arguments, types);
  result = run_va (db, error, sql, types, arguments);
  va_end (arguments);
  return result ? db_rows_new (result) : NULL;
}

gboolean
db_execute (Db *db, guint *ret_count, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  g_autoptr (PGresult) result = NULL;

  va_start (arguments, types);
  result = run_va (db, error, sql, types, arguments);
  va_end (arguments);
  if (!result)
    return FALSE;

  if (ret_count)
    *ret_count = (guint)g_ascii_strtoull (PQcmdTuples (result), NULL, 10);
  return TRUE;
}

static gboolean
queue_va (Db *db, GError **error, const char *sql, const char *types, va_list arguments)
{
  g_assert (db->state == STATE_BEGUN || db->state == STATE_OPEN);
  if ((trip_count (db->trip) >= QUEUED_MAX || trip_bytes (db->trip) >= QUEUED_BYTES_MAX) &&
      !travel (db, NULL, error))
    return FALSE;
  trip_add (db->trip, TRUE, sql, types, arguments);
  return TRUE;
}

gboolean
db_queue (Db *db, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  gboolean is_queued;

  va_start (arguments, types);
  is_queued = queue_va (db, error, sql, types, arguments);
  va_end (arguments);
  return is_queued;
}

DbRows *
db_queue_rows (Db *db, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  DbRows *rows = NULL;

  va_start (arguments, types);
  if (queue_va (db, error, sql, types, arguments)) {
    rows = db_rows_new (NULL);
    trip_want_rows (db->trip, rows);
  }
  va_end (arguments);
  return rows;
}

gboolean
db_send (Db *db, GError **error)
{
  guint waiting = trip_count (db->trip);

  assert_not_ended (db);
  return waiting == 0 || (db->state == STATE_BEGUN && waiting == db->begin_count) ||
         travel (db, NULL, error);
}

gboolean
db_script (Db *db, const char *sql, GError **error)
{
  g_autoptr (PGresult) result = NULL;

  assert_not_ended (db);
  if ((trip_count (db->trip) > 0 || timeouts_can_go (db)) && !travel (db, NULL, error))
    return FALSE;
  if (is_lost (db)) {
    set_error_lost (db, DB_ERROR_AWAY, error);
    return FALSE;
  }
  result = PQexec (db->connection, sql);
  if (is_success (result))
    return TRUE;
  set_error_from_result (db, result, error);
  return FALSE;
}

/* --- transactions --- */

static gboolean
begin (Db *db, gboolean is_asynchronous, GError **error)
{
  if (is_lost (db)) {
    set_error_lost (db, DB_ERROR_AWAY, error);
    return FALSE;
  }
  /* They do not nest. */
  g_assert (db->state != STATE_BEGUN && PQtransactionStatus (db->connection) == PQTRANS_IDLE);
  trip_add_plain (db->trip, "begin");
  if (is_asynchronous)
    trip_add_plain (db->trip, "set local synchronous_commit = off");
  db->begin_count = trip_count (db->trip);
  db->state = STATE_BEGUN;
  return TRUE;
}

gboolean
db_begin (Db *db, GError **error)
{
  return begin (db, FALSE, error);
}

gboolean
db_begin_asynchronous (Db *db, GError **error)
{
  return begin (db, TRUE, error);
}

DbRows *
db_query_last (Db *db, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  PGresult *result = NULL;

  g_assert (db->state == STATE_BEGUN || db->state == STATE_OPEN);
  va_start (arguments, types);
  trip_add (db->trip, FALSE, sql, types, arguments);
  va_end (arguments);
  trip_add_commit (db->trip);
  if (!travel (db, &result, error))
    return NULL;
  db->state = STATE_COMMITTED;
  return db_rows_new (result);
}

/* The transaction was left open on our side; is it over on the server's? */
static gboolean
is_over (const Db *db)
{
  return trip_count (db->trip) == 0 && PQtransactionStatus (db->connection) == PQTRANS_IDLE;
}

static gboolean
commit_open (Db *db, GError **error)
{
  if (!is_lost (db) && is_over (db)) {
    /* It went with the COMMIT that failed. */
    set_error_from_trip (db, &(TripOutcome){ .end = TRIP_ROLLED_BACK }, error);
    return FALSE;
  }
  trip_add_commit (db->trip);
  if (!travel (db, NULL, error))
    return FALSE;
  db->state = STATE_NONE;
  return TRUE;
}

gboolean
db_commit (Db *db, GError **error)
{
  switch (db->state) {
  case STATE_NONE:
    g_set_error_literal (error, DB_ERROR, DB_ERROR_STATEMENT, "there is no transaction to commit");
    return FALSE;
  case STATE_BEGUN:
    if (trip_count (db->trip) > db->begin_count)
      return commit_open (db, error);
    trip_drop (db->trip);
    db->state = STATE_NONE;
    return TRUE;
  case STATE_OPEN:
    return commit_open (db, error);
  case STATE_COMMITTED:
    db->state = STATE_NONE;
    return TRUE;
  case STATE_UNKNOWN:
    g_set_error_literal (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN,
                         "whether the transaction was committed is not known");
    return FALSE;
  }
  g_assert_not_reached ();
}

void
db_rollback (Db *db)
{
  g_autoptr (PGresult) result = NULL;

  trip_drop (db->trip);
  db->state = STATE_NONE;
  if (is_lost (db)) {
    db->is_broken = TRUE;
    return;
  }
  if (PQtransactionStatus (db->connection) == PQTRANS_IDLE)
    return;
  result = trip_run_plain (db->trip, "rollback", silence_ms (db, 1));
  if (!is_success (result))
    db->is_broken = TRUE;
}

gboolean
db_transaction (Db *db, DbWork work, gpointer data, GError **error)
{
  for (guint conflicts = 0;; conflicts++) {
    g_autoptr (GError) failure = NULL;

    if (db_begin (db, &failure) && work (db, data, &failure) && db_commit (db, &failure))
      return TRUE;

    g_assert (failure);
    db_rollback (db);
    if (!g_error_matches (failure, DB_ERROR, DB_ERROR_CONFLICT) || conflicts == MAX_CONFLICTS) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  }
}
