/* PostgreSQL over libpq: connection, statement, rows, transaction, and what the server's errors
 * mean.
 *
 * Parameters travel in binary form with declared types, save text, whose type the server infers, so
 * that "t" also serves uuid, date and timestamptz columns. Results travel as text. The pool is in
 * pool.c. Sources: PostgreSQL 15 manual, "libpq", "Frontend/Backend Protocol" and "Error Codes". */
#include "db/db.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "db/connection.h"

G_DEFINE_QUARK (db_error_quark, db_error)

enum {
  MAX_PARAMETERS = 32,
  MAX_PREPARED = 512, /* statements are constants of the program; beyond this they run unprepared */
  MAX_CONFLICTS = 10,
  SCRATCH_KEPT = 1 << 20, /* bytes of a parameter buffer that outlive their statement */
};

/* Type numbers of PostgreSQL's catalogue; they never change. */
enum {
  OID_INFERRED = 0,
  OID_BOOL = 16,
  OID_BYTEA = 17,
  OID_INT8 = 20,
  OID_TEXT = 25,
  OID_BYTEA_ARRAY = 1001,
  OID_TEXT_ARRAY = 1009,
  OID_INT8_ARRAY = 1016,
};

typedef struct {
  char *sql;
  char *types;
  char name[16];
} Statement;

struct Db {
  char *url;
  PGconn *connection;
  gboolean is_broken;
  GHashTable *statements; /* Statement as set member */
  GByteArray *scratch;    /* encoded parameters of the statement under way */
};

struct DbRows {
  PGresult *result;
};

/* ---- statements
 * ------------------------------------------------------------------------------------------------
 */

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

/* ---- errors
 * ----------------------------------------------------------------------------------------------------
 */

static DbError
error_code_of (const char *sqlstate)
{
  /* No connection, too little of something, shut down, or a server that has become read-only: it is
   * the database that is ill, not the statement. */
  if (g_str_has_prefix (sqlstate, "08") || g_str_has_prefix (sqlstate, "53") ||
      g_str_has_prefix (sqlstate, "57P") || g_str_has_prefix (sqlstate, "58") ||
      g_str_equal (sqlstate, "25P03") || g_str_equal (sqlstate, "25006"))
    return DB_ERROR_AWAY;
  /* Serialisation, deadlock, lock time-out, and a statement that was cancelled from outside. */
  if (g_str_equal (sqlstate, "40001") || g_str_equal (sqlstate, "40P01") ||
      g_str_equal (sqlstate, "55P03") || g_str_equal (sqlstate, "57014"))
    return DB_ERROR_CONFLICT;
  if (g_str_equal (sqlstate, "23505") || g_str_equal (sqlstate, "23P01"))
    return DB_ERROR_UNIQUE;
  if (g_str_has_prefix (sqlstate, "23"))
    return DB_ERROR_CHECK;
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

/* ---- connection
 * ------------------------------------------------------------------------------------------------
 */

/* The library is silent, and a notice may hold values. */
static void
ignore_notice (void *data G_GNUC_UNUSED, const PGresult *result G_GNUC_UNUSED)
{
}

/* What we rely on, whatever role, database or server say. A process that is stopped inside a
 * transaction must not keep its row locks for ever: no transaction of ours waits for anything
 * outside the database. All our statements go by key: prepared while a table is small they would be
 * planned as a scan of it, and the generic plan stays when it has grown (measured). */
static const char SESSION[] = "set timezone = 'UTC';"
                              "set datestyle = 'ISO';"
                              "set bytea_output = 'hex';"
                              "set default_transaction_isolation = 'read committed';"
                              "set idle_in_transaction_session_timeout = '15s';"
                              "set enable_seqscan = off";

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
  const char *const values[] = { "5",     "1",    "10", "5", "3", "25000", g_get_prgname (),
                                 db->url, "UTF8", NULL };
  g_autoptr (PGresult) result = NULL;

  g_clear_pointer (&db->connection, PQfinish);
  g_hash_table_remove_all (db->statements);
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
  PQsetNoticeReceiver (db->connection, ignore_notice, NULL);
  /* PQerrorMessage() of a lost connection would repeat DETAIL; results have their fields all the
   * same. */
  (void)PQsetErrorVerbosity (db->connection, PQERRORS_SQLSTATE); /* the old one is the default */

  result = PQexec (db->connection, SESSION);
  if (!is_success (result)) {
    set_error_from_result (db, result, error);
    return FALSE;
  }
  db->is_broken = FALSE;
  return TRUE;
}

Db *
db_open (const char *url, GError **error)
{
  Db *db = g_new0 (Db, 1);

  db->url = g_strdup (url);
  db->statements = g_hash_table_new_full (statement_hash, statement_equal, statement_free, NULL);
  db->scratch = g_byte_array_new ();
  if (!open_connection (db, error))
    g_clear_pointer (&db, db_close);
  return db;
}

void
db_close (Db *db)
{
  if (!db)
    return;
  PQfinish (db->connection);
  g_hash_table_destroy (db->statements);
  g_byte_array_unref (db->scratch);
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
db_connection_is_stale (Db *db)
{
  struct pollfd waiting = { .fd = PQsocket (db->connection), .events = POLLIN };

  /* Nobody listens for notifications here: what arrives unasked is the server's farewell. */
  return db->is_broken || waiting.fd < 0 || poll (&waiting, 1, 0) != 0;
}

gboolean
db_connection_is_in_transaction (Db *db)
{
  return PQtransactionStatus (db->connection) != PQTRANS_IDLE;
}

/* ---- parameters
 * ------------------------------------------------------------------------------------------------
 */

typedef struct {
  guint count;
  Oid oids[MAX_PARAMETERS];
  const char *values[MAX_PARAMETERS];
  int lengths[MAX_PARAMETERS];
  int formats[MAX_PARAMETERS];
  gssize offsets[MAX_PARAMETERS]; /* into the scratch buffer, which moves while it grows; -1: not
                                     there */
} Parameters;

static void
append_int32 (GByteArray *scratch, gint32 value)
{
  guint32 network = GUINT32_TO_BE ((guint32)value);

  g_byte_array_append (scratch, (const guint8 *)&network, sizeof network);
}

static void
append_int64 (GByteArray *scratch, gint64 value)
{
  guint64 network = GUINT64_TO_BE ((guint64)value);

  g_byte_array_append (scratch, (const guint8 *)&network, sizeof network);
}

/* Length and bytes; a NULL @data with no length is an empty element. */
static void
append_element (GByteArray *scratch, const void *data, gsize length)
{
  append_int32 (scratch, (gint32)length);
  if (length)
    g_byte_array_append (scratch, data, (guint)length);
}

static void
append_null (GByteArray *scratch)
{
  append_int32 (scratch, -1);
}

/* The head of a one-dimensional array in the server's binary form; an empty one has no dimension at
 * all. */
static void
append_array_head (GByteArray *scratch, Oid element, gsize count)
{
  append_int32 (scratch, count ? 1 : 0);
  append_int32 (scratch, 1); /* may hold NULLs */
  append_int32 (scratch, (gint32)element);
  if (!count)
    return;
  append_int32 (scratch, (gint32)count);
  append_int32 (scratch, 1); /* first index */
}

static void
append_text_array (GByteArray *scratch, char **texts)
{
  append_array_head (scratch, OID_TEXT, g_strv_length (texts));
  for (gsize i = 0; texts[i]; i++)
    append_element (scratch, texts[i], strlen (texts[i]));
}

static void
append_text_or_null_array (GByteArray *scratch, const GPtrArray *texts)
{
  append_array_head (scratch, OID_TEXT, texts->len);
  for (guint i = 0; i < texts->len; i++) {
    const char *text = g_ptr_array_index (texts, i);
    if (text)
      append_element (scratch, text, strlen (text));
    else
      append_null (scratch);
  }
}

static void
append_bytes_array (GByteArray *scratch, const GPtrArray *elements)
{
  append_array_head (scratch, OID_BYTEA, elements->len);
  for (guint i = 0; i < elements->len; i++) {
    GBytes *element = g_ptr_array_index (elements, i);
    gsize length = 0;
    const void *data = element ? g_bytes_get_data (element, &length) : NULL;
    if (element)
      append_element (scratch, data, length);
    else
      append_null (scratch);
  }
}

static void
append_int_array (GByteArray *scratch, const gint64 *numbers, gsize count)
{
  append_array_head (scratch, OID_INT8, count);
  for (gsize i = 0; i < count; i++) {
    append_int32 (scratch, sizeof (gint64));
    append_int64 (scratch, numbers[i]);
  }
}

static void
collect_parameters (Db *db, Parameters *parameters, const char *types, va_list arguments)
{
  GByteArray *scratch = db->scratch;

  memset (parameters, 0, sizeof *parameters);
  g_byte_array_set_size (scratch, 0);

  for (guint i = 0; types[i]; i++) {
    gsize begin = scratch->len;
    gboolean is_encoded = TRUE;

    g_assert_cmpuint (i, <, MAX_PARAMETERS);
    parameters->count = i + 1;
    parameters->formats[i] = 1;
    parameters->offsets[i] = -1;

    switch (types[i]) {
    case 't':
      parameters->formats[i] = 0;
      parameters->oids[i] = OID_INFERRED;
      parameters->values[i] = va_arg (arguments, const char *);
      is_encoded = FALSE;
      break;
    case 'i':
      parameters->oids[i] = OID_INT8;
      append_int64 (scratch, va_arg (arguments, gint64));
      break;
    case 'o': {
      guint8 truth = va_arg (arguments, int) != 0;
      parameters->oids[i] = OID_BOOL;
      g_byte_array_append (scratch, &truth, 1);
      break;
    }
    case 'b': {
      GBytes *bytes = va_arg (arguments, GBytes *);
      gsize length = 0;
      const void *data = bytes ? g_bytes_get_data (bytes, &length) : NULL;
      parameters->oids[i] = OID_BYTEA;
      /* A NULL value is SQL NULL for libpq, and GLib's empty bytes have NULL data. */
      parameters->values[i] = bytes && !data ? "" : data;
      parameters->lengths[i] = (int)length;
      is_encoded = FALSE;
      break;
    }
    case 'T': {
      char **texts = va_arg (arguments, char **);
      parameters->oids[i] = OID_TEXT_ARRAY;
      is_encoded = texts != NULL;
      if (texts)
        append_text_array (scratch, texts);
      break;
    }
    case 'N': {
      const GPtrArray *texts = va_arg (arguments, const GPtrArray *);
      parameters->oids[i] = OID_TEXT_ARRAY;
      is_encoded = texts != NULL;
      if (texts)
        append_text_or_null_array (scratch, texts);
      break;
    }
    case 'B': {
      const GPtrArray *elements = va_arg (arguments, const GPtrArray *);
      parameters->oids[i] = OID_BYTEA_ARRAY;
      is_encoded = elements != NULL;
      if (elements)
        append_bytes_array (scratch, elements);
      break;
    }
    case 'I': {
      const gint64 *numbers = va_arg (arguments, const gint64 *);
      gsize count = va_arg (arguments, gsize);
      parameters->oids[i] = OID_INT8_ARRAY;
      append_int_array (scratch, numbers, count);
      break;
    }
    default:
      g_error ("no parameter type is written '%c'", types[i]);
    }

    if (is_encoded) {
      parameters->offsets[i] = (gssize)begin;
      parameters->lengths[i] = (int)(scratch->len - begin);
    }
  }

  for (guint i = 0; i < parameters->count; i++)
    if (parameters->offsets[i] >= 0)
      parameters->values[i] = (const char *)scratch->data + parameters->offsets[i];
}

/* A batch of large values must not stay with the connection for good. */
static void
trim_scratch (Db *db)
{
  if (db->scratch->len <= SCRATCH_KEPT)
    return;
  g_byte_array_unref (db->scratch);
  db->scratch = g_byte_array_new ();
}

/* ---- statements, sent
 * ------------------------------------------------------------------------------------------ */

/* Returns: the statement, prepared; NULL with @error unset when there are too many to prepare this
 * one. */
static const Statement *
prepare (Db *db, const char *sql, const char *types, const Parameters *parameters, GError **error)
{
  const Statement wanted = { .sql = (char *)sql, .types = (char *)types };
  Statement *statement = g_hash_table_lookup (db->statements, &wanted);
  g_autoptr (PGresult) result = NULL;
  guint known = g_hash_table_size (db->statements);

  if (statement || known >= MAX_PREPARED)
    return statement;

  statement = g_new0 (Statement, 1);
  statement->sql = g_strdup (sql);
  statement->types = g_strdup (types);
  g_snprintf (statement->name, sizeof statement->name, "s%u", known);

  result =
      PQprepare (db->connection, statement->name, sql, (int)parameters->count, parameters->oids);
  if (!is_success (result)) {
    set_error_from_result (db, result, error);
    statement_free (statement);
    return NULL;
  }
  g_hash_table_add (db->statements, statement);
  return statement;
}

static PGresult *
run_va (Db *db, GError **error, const char *sql, const char *types, va_list arguments)
{
  Parameters parameters;
  const Statement *statement;
  g_autoptr (GError) failure = NULL;
  g_autoptr (PGresult) result = NULL;

  if (PQstatus (db->connection) != CONNECTION_OK) {
    set_error_lost (db, DB_ERROR_AWAY, error);
    return NULL;
  }

  collect_parameters (db, &parameters, types, arguments);
  statement = prepare (db, sql, types, &parameters, &failure);
  if (failure) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }

  if (statement)
    result = PQexecPrepared (db->connection, statement->name, (int)parameters.count,
                             parameters.values, parameters.lengths, parameters.formats, 0);
  else
    result = PQexecParams (db->connection, sql, (int)parameters.count, parameters.oids,
                           parameters.values, parameters.lengths, parameters.formats, 0);
  trim_scratch (db);
  if (!is_success (result)) {
    set_error_from_result (db, result, error);
    return NULL;
  }
  return g_steal_pointer (&result);
}

DbRows *
db_query (Db *db, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;
  PGresult *result;
  DbRows *rows;

  va_start (arguments, types);
  result = run_va (db, error, sql, types, arguments);
  va_end (arguments);
  if (!result)
    return NULL;

  rows = g_new0 (DbRows, 1);
  rows->result = result;
  return rows;
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

gboolean
db_script (Db *db, const char *sql, GError **error)
{
  g_autoptr (PGresult) result = PQexec (db->connection, sql);

  if (is_success (result))
    return TRUE;
  set_error_from_result (db, result, error);
  return FALSE;
}

/* ---- transactions
 * ---------------------------------------------------------------------------------------------- */

gboolean
db_begin (Db *db, GError **error)
{
  if (PQstatus (db->connection) == CONNECTION_OK)
    g_assert (PQtransactionStatus (db->connection) == PQTRANS_IDLE); /* they do not nest */
  return db_script (db, "begin", error);
}

gboolean
db_commit (Db *db, GError **error)
{
  g_autoptr (PGresult) result = NULL;

  if (PQstatus (db->connection) != CONNECTION_OK) {
    set_error_lost (db, DB_ERROR_AWAY, error);
    return FALSE;
  }

  result = PQexec (db->connection, "commit");
  /* Even a farewell of the server does not tell whether it came before or after the commit. */
  if (PQstatus (db->connection) != CONNECTION_OK) {
    set_error_lost (db, DB_ERROR_COMMIT_UNKNOWN, error);
    return FALSE;
  }
  if (!is_success (result)) {
    GError *failure = NULL;
    set_error_from_result (db, result, &failure);
    if (g_error_matches (failure, DB_ERROR, DB_ERROR_AWAY))
      failure->code = DB_ERROR_COMMIT_UNKNOWN;
    g_propagate_error (error, failure);
    return FALSE;
  }
  /* COMMIT of a transaction in which a statement has failed succeeds, as a ROLLBACK. */
  if (!g_str_equal (PQcmdStatus (result), "COMMIT")) {
    g_set_error_literal (error, DB_ERROR, DB_ERROR_STATEMENT,
                         "the transaction was rolled back, for one of its statements had failed");
    return FALSE;
  }
  return TRUE;
}

void
db_rollback (Db *db)
{
  g_autoptr (PGresult) result = NULL;

  if (PQstatus (db->connection) == CONNECTION_OK &&
      PQtransactionStatus (db->connection) == PQTRANS_IDLE)
    return;
  result = PQexec (db->connection, "rollback");
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

/* ---- rows
 * ------------------------------------------------------------------------------------------------------
 */

/* PQfnumber() copies and folds the name at each call; rows have few columns. */
static int
column_number (const DbRows *rows, const char *column)
{
  int count = PQnfields (rows->result);

  for (int i = 0; i < count; i++)
    if (g_str_equal (PQfname (rows->result, i), column))
      return i;
  g_error ("the query has no column %s", column);
}

guint
db_rows_count (const DbRows *rows)
{
  return (guint)PQntuples (rows->result);
}

gboolean
db_rows_is_null (const DbRows *rows, guint row, const char *column)
{
  g_assert_cmpuint (row, <, db_rows_count (rows));
  return PQgetisnull (rows->result, (int)row, column_number (rows, column)) != 0;
}

const char *
db_rows_text (const DbRows *rows, guint row, const char *column)
{
  int number = column_number (rows, column);

  g_assert_cmpuint (row, <, db_rows_count (rows));
  if (PQgetisnull (rows->result, (int)row, number))
    return NULL;
  return PQgetvalue (rows->result, (int)row, number);
}

gint64
db_rows_int (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);

  return text ? g_ascii_strtoll (text, NULL, 10) : 0;
}

gboolean
db_rows_boolean (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);

  return text && text[0] == 't';
}

GBytes *
db_rows_bytes (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);
  unsigned char *bytes;
  size_t length = 0;

  if (!text)
    return NULL;
  bytes = PQunescapeBytea ((const unsigned char *)text, &length);
  if (!bytes)
    g_error ("no memory for a bytea value");
  return g_bytes_new_with_free_func (bytes, length, PQfreemem, bytes);
}

void
db_rows_free (DbRows *rows)
{
  if (!rows)
    return;
  PQclear (rows->result);
  g_free (rows);
}
