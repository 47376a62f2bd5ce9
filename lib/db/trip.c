/* See trip.h. libpq's pipeline mode: a trip ends with a Sync, up to which an error makes the server
 * skip what follows. Source: PostgreSQL 15 manual, "Pipeline Mode" and "Extended Query". */
#include "db/trip.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "db/parameters.h"

enum {
  PREPARED_MAX = 512, /* statements are constants of the program; beyond this they run unprepared */
  COMMANDS_KEPT = 16, /* emptied ones that wait for the next trip */
};

typedef struct {
  char *sql;
  char *types;
  char name[16];
  gboolean is_prepared;
  gboolean is_parsing; /* an earlier command of the trip under way prepares it */
} Statement;

typedef enum { COMMAND_STATEMENT, COMMAND_COMMIT, COMMAND_SETTING } CommandKind;

typedef struct {
  CommandKind kind;
  Statement *statement; /* borrowed; NULL: too many to prepare this one */
  char *sql;            /* without a statement */
  Parameters parameters;
  DbRows *rows;    /* a reference; NULL: they do not matter, or are the outcome's */
  gboolean parses; /* its answer begins with the one to Parse */
} Command;

struct Trip {
  PGconn *connection;     /* borrowed */
  GHashTable *statements; /* Statement as set member */
  GPtrArray *commands;    /* of Command */
  GPtrArray *kept;        /* of Command, emptied */
  gsize bytes;
  gboolean awaits_commit;
  gboolean was_warned;
  TripWaits waits;
  gpointer data;
  gint64 silence_ms; /* of the trip under way */
  gboolean is_silent;
};

/* --- statements --- */

static void
statement_free (gpointer data)
{
  Statement *statement = data;

  g_free (statement->sql);
  g_free (statement->types);
  g_free (statement);
}

static guint
statement_hash (gconstpointer data)
{
  const Statement *statement = data;

  return g_str_hash (statement->sql);
}

/* By text and not by address alone: a text on the heap can come back at an address seen before. */
static gboolean
statement_equal (gconstpointer a, gconstpointer b)
{
  const Statement *one = a, *other = b;

  return g_str_equal (one->sql, other->sql) && g_str_equal (one->types, other->types);
}

/* Returns: borrowed; NULL when there are too many. */
static Statement *
find_statement (Trip *trip, const char *sql, const char *types)
{
  const Statement wanted = { .sql = (char *)sql, .types = (char *)types };
  Statement *statement = g_hash_table_lookup (trip->statements, &wanted);
  guint known = g_hash_table_size (trip->statements);

  if (statement || known >= PREPARED_MAX)
    return statement;
  statement = g_new0 (Statement, 1);
  statement->sql = g_strdup (sql);
  statement->types = g_strdup (types);
  g_snprintf (statement->name, sizeof statement->name, "s%u", known);
  g_hash_table_add (trip->statements, statement);
  return statement;
}

/* --- commands --- */

static void
command_free (gpointer data)
{
  Command *command = data;

  g_free (command->sql);
  db_rows_free (command->rows);
  parameters_clear (&command->parameters);
  g_free (command);
}

static Command *
command_new (Trip *trip)
{
  Command *command;

  if (trip->kept->len > 0)
    return g_ptr_array_steal_index_fast (trip->kept, trip->kept->len - 1);
  command = g_new0 (Command, 1);
  parameters_init (&command->parameters);
  return command;
}

static void
set_statement (Trip *trip, Command *command, const char *sql)
{
  command->statement = find_statement (trip, sql, command->parameters.types);
  if (!command->statement)
    command->sql = g_strdup (sql);
}

static void
set_plain (Trip *trip, Command *command, const char *sql)
{
  command->parameters.count = 0;
  command->parameters.types[0] = '\0';
  set_statement (trip, command, sql);
}

void
trip_add (Trip *trip, gboolean copies, const char *sql, const char *types, va_list arguments)
{
  Command *command = command_new (trip);

  parameters_collect (&command->parameters, copies, types, arguments);
  set_statement (trip, command, sql);
  trip->bytes += command->parameters.bytes->len;
  g_ptr_array_add (trip->commands, command);
}

void
trip_want_rows (Trip *trip, DbRows *rows)
{
  Command *last = g_ptr_array_index (trip->commands, trip->commands->len - 1);

  rows->references++;
  last->rows = rows;
}

void
trip_add_plain (Trip *trip, const char *sql)
{
  Command *command = command_new (trip);

  set_plain (trip, command, sql);
  g_ptr_array_add (trip->commands, command);
}

void
trip_add_commit (Trip *trip)
{
  Command *command = command_new (trip);

  command->kind = COMMAND_COMMIT;
  set_plain (trip, command, "commit");
  g_ptr_array_add (trip->commands, command);
}

/* Its text changes with its values: not worth one of the prepared statements. */
void
trip_add_setting (Trip *trip, const char *sql)
{
  Command *command = command_new (trip);

  command->kind = COMMAND_SETTING;
  command->parameters.count = 0;
  command->sql = g_strdup (sql);
  g_ptr_array_insert (trip->commands, 0, command);
}

void
trip_drop (Trip *trip)
{
  while (trip->commands->len > 0) {
    Command *command = g_ptr_array_steal_index_fast (trip->commands, trip->commands->len - 1);

    if (trip->kept->len >= COMMANDS_KEPT) {
      command_free (command);
      continue;
    }
    g_clear_pointer (&command->sql, g_free);
    g_clear_pointer (&command->rows, db_rows_free);
    parameters_trim (&command->parameters);
    command->statement = NULL;
    command->kind = COMMAND_STATEMENT;
    command->parses = FALSE;
    g_ptr_array_add (trip->kept, command);
  }
  trip->bytes = 0;
}

guint
trip_count (const Trip *trip)
{
  return trip->commands->len;
}

gsize
trip_bytes (const Trip *trip)
{
  return trip->bytes;
}

Trip *
trip_new (TripWaits waits, gpointer data)
{
  Trip *trip = g_new0 (Trip, 1);

  trip->waits = waits;
  trip->data = data;

  trip->statements = g_hash_table_new_full (statement_hash, statement_equal, statement_free, NULL);
  trip->commands = g_ptr_array_new_with_free_func (command_free);
  trip->kept = g_ptr_array_new_with_free_func (command_free);
  return trip;
}

void
trip_free (Trip *trip)
{
  g_ptr_array_unref (trip->commands);
  g_ptr_array_unref (trip->kept);
  g_hash_table_unref (trip->statements);
  g_free (trip);
}

/* A notice may hold values: only its code is looked at. "Cancelled wait for synchronous
 * replication" arrives as 01000 or, when the server shuts down meanwhile, as 57P01: committed here,
 * and maybe nowhere else. */
static void
hear_notice (void *data, const PGresult *notice)
{
  Trip *trip = data;
  const char *sqlstate = PQresultErrorField (notice, PG_DIAG_SQLSTATE);

  if (trip->awaits_commit && sqlstate &&
      (g_str_has_prefix (sqlstate, "01") || g_str_has_prefix (sqlstate, "57")))
    trip->was_warned = TRUE;
}

void
trip_use_connection (Trip *trip, PGconn *connection)
{
  trip_drop (trip);
  g_hash_table_remove_all (trip->statements);
  trip->connection = connection;
  PQsetNoticeReceiver (connection, hear_notice, trip);
  (void)PQsetnonblocking (connection, 1); /* fails on a lost connection, which is met later */
}

/* --- there --- */

/* FALSE: too little memory, or the connection is lost. */
static gboolean
send_command (Trip *trip, Command *command)
{
  Statement *statement = command->statement;
  const Parameters *parameters = &command->parameters;
  int count = (int)parameters->count;

  command->parses = statement && !statement->is_prepared && !statement->is_parsing;
  if (command->parses) {
    if (!PQsendPrepare (trip->connection, statement->name, statement->sql, count, parameters->oids))
      return FALSE;
    statement->is_parsing = TRUE;
  }
  if (statement)
    return PQsendQueryPrepared (trip->connection, statement->name, count, parameters->values,
                                parameters->lengths, parameters->formats, 0) != 0;
  return PQsendQueryParams (trip->connection, command->sql, count, parameters->oids,
                            parameters->values, parameters->lengths, parameters->formats, 0) != 0;
}

/* A setting stands outside the transaction that follows: that one's rollback would take it back. */
static gboolean
send_all (Trip *trip)
{
  if (!PQenterPipelineMode (trip->connection))
    return FALSE;
  for (guint i = 0; i < trip->commands->len; i++) {
    Command *command = g_ptr_array_index (trip->commands, i);
    if (!send_command (trip, command) ||
        (command->kind == COMMAND_SETTING && !PQpipelineSync (trip->connection)))
      return FALSE;
  }
  return PQpipelineSync (trip->connection) != 0;
}

/* FALSE: the server has been silent for too long. A lost connection is no silence: whoever reads
 * from it is told. */
static gboolean
wait_for_wire (Trip *trip, short events)
{
  struct pollfd wire = { .fd = PQsocket (trip->connection), .events = events };
  gint64 limit_ms = trip->silence_ms;

  if (wire.fd < 0) /* closed on our side already */
    return TRUE;
  for (gint64 until_ms = clock_monotonic_ms () + limit_ms;;) {
    gint64 left_ms = limit_ms ? MAX (0, until_ms - clock_monotonic_ms ()) : -1;
    int ready = poll (&wire, 1, (int)MIN (left_ms, G_MAXINT));

    if (ready > 0 || (ready < 0 && errno != EINTR))
      return TRUE;
    if (ready < 0 || clock_monotonic_ms () < until_ms)
      continue;
    if (!trip->waits (trip->data))
      break;
    until_ms = clock_monotonic_ms () + limit_ms;
  }
  trip->is_silent = TRUE;
  return FALSE;
}

/* The server does not read on while its answers to the first statements find no room: both sides
 * would wait for ever for each other to read, so answers are taken in while there is something left
 * to send. */
static void
flush_all (Trip *trip)
{
  while (PQflush (trip->connection) == 1) {
    if (!wait_for_wire (trip, POLLIN | POLLOUT))
      return;
    if (!PQconsumeInput (trip->connection))
      return;
  }
}

/* --- and back --- */

static gboolean
is_success (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

/* PQgetResult() that does not wait for ever. Returns: owned; NULL also when the server is silent. */
static PGresult *
next_result (Trip *trip)
{
  while (!trip->is_silent && PQisBusy (trip->connection))
    if (wait_for_wire (trip, POLLIN) && !PQconsumeInput (trip->connection))
      break; /* lost: it is what comes next */
  return trip->is_silent ? NULL : PQgetResult (trip->connection);
}

/* The answer to one message. Returns: owned; NULL when there is none any more. */
static PGresult *
read_answer (Trip *trip)
{
  PGresult *result = next_result (trip);
  PGresult *more;

  while (result && (more = next_result (trip)) != NULL)
    PQclear (more);
  return result;
}

static gboolean
read_sync (Trip *trip)
{
  g_autoptr (PGresult) result = next_result (trip);

  return PQresultStatus (result) == PGRES_PIPELINE_SYNC;
}

/* Takes @result. The first failure counts: what follows it was not run. */
static void
keep_failure (const Command *command, PGresult *result, TripOutcome *outcome)
{
  if (outcome->end == TRIP_REFUSED) {
    PQclear (result);
    return;
  }
  PQclear (outcome->result);
  outcome->result = result;
  outcome->end = TRIP_REFUSED;
  outcome->is_of_commit = command->kind == COMMAND_COMMIT;
}

/* Takes @result. */
static void
keep_result (const Command *command, PGresult *result, TripOutcome *outcome)
{
  if (command->rows) {
    command->rows->result = result;
    return;
  }
  if (command->kind == COMMAND_STATEMENT) {
    PQclear (outcome->result);
    outcome->result = result;
    return;
  }
  /* COMMIT of a transaction in which a statement has failed succeeds, as a ROLLBACK. */
  if (command->kind == COMMAND_COMMIT && !g_str_equal (PQcmdStatus (result), "COMMIT"))
    outcome->end = TRIP_ROLLED_BACK;
  PQclear (result);
}

/* FALSE: the connection is lost. */
static gboolean
read_command (Trip *trip, const Command *command, TripOutcome *outcome)
{
  PGresult *result;

  if (command->parses) {
    result = read_answer (trip);
    if (!result)
      return FALSE;
    command->statement->is_prepared = PQresultStatus (result) == PGRES_COMMAND_OK;
    if (command->statement->is_prepared)
      PQclear (result);
    else
      keep_failure (command, result, outcome);
  }

  trip->awaits_commit = command->kind == COMMAND_COMMIT;
  result = read_answer (trip);
  trip->awaits_commit = FALSE;
  if (!result)
    return FALSE;
  if (is_success (result))
    keep_result (command, result, outcome);
  else
    keep_failure (command, result, outcome);
  return TRUE;
}

/* Nothing that follows depends on a setting. */
static gboolean
read_end_of_setting (Trip *trip, TripOutcome *outcome)
{
  outcome->settings_failed = outcome->end != TRIP_DONE;
  outcome->end = TRIP_DONE;
  g_clear_pointer (&outcome->result, PQclear);
  return read_sync (trip);
}

static gboolean
read_all (Trip *trip, TripOutcome *outcome)
{
  for (guint i = 0; i < trip->commands->len; i++) {
    const Command *command = g_ptr_array_index (trip->commands, i);

    if (!read_command (trip, command, outcome) ||
        (command->kind == COMMAND_SETTING && !read_end_of_setting (trip, outcome)))
      return FALSE;
  }
  return read_sync (trip) && PQstatus (trip->connection) == CONNECTION_OK &&
         PQexitPipelineMode (trip->connection);
}

static gboolean
carries_commit (const Trip *trip)
{
  const Command *last =
      trip->commands->len > 0 ? g_ptr_array_index (trip->commands, trip->commands->len - 1) : NULL;

  return last && last->kind == COMMAND_COMMIT;
}

static void
end_lost (const Trip *trip, TripOutcome *outcome)
{
  if (outcome->end != TRIP_REFUSED)
    g_clear_pointer (&outcome->result, PQclear);
  outcome->end = trip->is_silent ? TRIP_SILENT : TRIP_LOST;
  outcome->is_of_commit = carries_commit (trip);
}

static void
begin_to_wait (Trip *trip, gint64 silence_ms)
{
  trip->silence_ms = silence_ms;
  trip->is_silent = FALSE;
}

TripOutcome
trip_run (Trip *trip, gint64 silence_ms)
{
  TripOutcome outcome = { .end = TRIP_DONE };

  trip->was_warned = FALSE;
  begin_to_wait (trip, silence_ms);
  if (!send_all (trip)) {
    end_lost (trip, &outcome);
  } else {
    flush_all (trip);
    if (!read_all (trip, &outcome))
      end_lost (trip, &outcome);
    else if (outcome.end == TRIP_DONE && trip->was_warned)
      outcome.end = TRIP_WARNED;
  }
  for (guint i = 0; i < trip->commands->len; i++) {
    Command *command = g_ptr_array_index (trip->commands, i);
    if (command->statement)
      command->statement->is_parsing = FALSE;
  }
  trip_drop (trip);
  return outcome;
}

PGresult *
trip_run_plain (Trip *trip, const char *sql, gint64 silence_ms)
{
  PGresult *last = NULL, *result;

  begin_to_wait (trip, silence_ms);
  if (!PQsendQuery (trip->connection, sql))
    return NULL;
  flush_all (trip);
  while ((result = next_result (trip))) {
    PQclear (last);
    last = result;
  }
  if (trip->is_silent)
    g_clear_pointer (&last, PQclear);
  return last;
}
