/* PostgreSQL, thinly: one connection, one statement, its rows.
 *
 * Queries are named and live in the .sql files beside their callers (SQL_TAKE_RUN and so on); each
 * is prepared once per connection, in the trip that runs it first, known by its text and parameter
 * types. A connection belongs to one thread at a time. Sessions run in UTC, read committed, without
 * JIT, in schema public, and end when they are idle in a transaction for 15 s. No statement waits
 * for a lock or runs for longer than the time-outs, see db_set_timeouts(). */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define DB_ERROR (db_error_quark ())
GQuark db_error_quark (void);
typedef enum {
  /* No connection, or lost before COMMIT was sent: nothing has happened. Also a server that is
   * full, shutting down or read-only. Outside a transaction a lost statement may have run. */
  DB_ERROR_AWAY,
  /* COMMIT sent, and no answer, or one with a warning: read the inbox row to learn it; before what
   * is not there is believed: db_primary_acknowledges(). */
  DB_ERROR_COMMIT_UNKNOWN,
  DB_ERROR_CONFLICT,  /* deadlock or serialisation failure: repeat the transaction */
  DB_ERROR_UNIQUE,    /* a unique constraint; its name is in the message */
  DB_ERROR_CHECK,     /* check, not-null or foreign-key constraint */
  DB_ERROR_STATEMENT, /* everything else: a mistake of ours */
  /* lock_timeout, statement_timeout, or cancelled from outside: somebody was waited for, nothing
   * has happened, others may go on. Not repeated by db_transaction(). */
  DB_ERROR_TIMEOUT,
  DB_ERROR_DENIED, /* the role that we connect as may not do this; nothing has happened */
} DbError;
/* Nothing can be done with this database now. Any other failure is of that piece of work alone (a
 * row that somebody holds, a mistake of ours): who works through many goes on with the next. */
gboolean db_is_away (const GError *error);
/* Somebody holds what it needs, or a deadlock was broken: nothing has happened, and it may go well
 * later. */
gboolean db_is_held (const GError *error);

enum { DB_PARAMETERS_MAX = 32 }; /* of one statement; a column counts as one */

typedef struct Db Db;
typedef struct DbRows DbRows;
typedef struct DbColumns DbColumns;

Db *db_open (const char *url, GError **error);
void db_close (Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Db, db_close)
gboolean
db_is_broken (const Db *db); /* DB_ERROR_AWAY or COMMIT_UNKNOWN was met; close or reset it */
gboolean db_reset (Db *db, GError **error); /* connects again */

/* Time-outs of the connections that are opened from now on (database-lock-timeout-ms,
 * database-statement-timeout-ms), and of all how long the server may say nothing beyond that
 * (database-silence-ms): once at a program's start, which it also warns when database-url leads to
 * another machine and nobody verifies which. Without it the settings' defaults count. A URL that
 * came by database-url-file is read again for each connection: another user or password counts from
 * then on, another database only after a restart. */
void db_configure (const Settings *settings);

/**
 * db_set_timeouts:
 * @lock_ms: a statement's longest wait for one lock
 * @statement_ms: a statement's longest run, its waits included
 *
 * Others than the settings' for this connection, db_reset() included; 0 is no limit. Sends nothing:
 * the change travels with the next trip, but inside an open transaction none of it holds before
 * that one has ended.
 * Errors: DB_ERROR_STATEMENT for a number below 0 or above 2^31 - 1.
 */
gboolean db_set_timeouts (Db *db, gint64 lock_ms, gint64 statement_ms, GError **error);

/**
 * db_query:
 * @types: one letter a parameter, at most 32: t text (const char *, NULL is SQL NULL), i bigint
 *   (gint64: cast a narrower one), b bytea (GBytes *, may be NULL), o boolean (int), T text[] (char
 *   **, NULL-terminated; elements never NULL), I bigint[] (const gint64 * followed by gsize count:
 *   cast that too), B bytea[] (GPtrArray of GBytes *, elements may be NULL), N text[] with NULLs
 *   (GPtrArray of const char *). NULL for T, B, N is SQL NULL. C: the columns of a DbColumns *
 *   (never NULL), as many parameters as it has columns, each an array. The server infers the type
 *   of a t from its place in the statement, so it serves uuid, date and timestamptz too; where it
 *   cannot, and for arrays of other types, write a cast: $1::text, unnest ($2::uuid[]),
 *   $3::integer.
 *
 * Errors: see DbError. The server's primary message, SQLSTATE and constraint name are passed on,
 * parameters and the values of a row never.
 * Returns: the rows (maybe none), owned by the caller; NULL on failure.
 */
DbRows *db_query (Db *db, GError **error, const char *sql, const char *types, ...);
/* For statements whose rows do not matter. @ret_count (may be NULL): rows affected. */
gboolean db_execute (Db *db, guint *ret_count, GError **error, const char *sql, const char *types,
                     ...);
/* Several statements without parameters in one go: migrations. */
gboolean db_script (Db *db, const char *sql, GError **error);

/**
 * db_begin:
 *
 * A transaction needs one trip to the server: BEGIN travels with its first statement, COMMIT may
 * travel with its last.
 *
 *   db_begin (db, error) &&
 *   db_queue (db, error, SQL_MARK, "i", id) &&            nothing is sent yet
 *   (rows = db_query_last (db, error, SQL_TAKE, "t", x)) && BEGIN, SQL_MARK, SQL_TAKE, COMMIT; the one trip
 *   db_commit (db, error)                                 says TRUE, sends nothing
 *
 * Transactions do not nest. Sends nothing, so that a server which cannot work is met with the first
 * statement.
 * Errors: DB_ERROR_AWAY when the connection is known to be lost.
 */
gboolean db_begin (Db *db, GError **error);
/* The same; its commit does not wait for the disk (synchronous_commit = off): a crash of the server
 * may take it back. */
gboolean db_begin_asynchronous (Db *db, GError **error);

/**
 * db_queue:
 *
 * A statement of the open transaction whose rows do not matter. It is sent, in order, with the next
 * db_query(), db_execute(), db_query_last(), db_script() or db_commit(), and that call fails with
 * its error, nothing after it having been run. Parameters are copied. When 256 statements or 4 MB
 * wait, the next call of this function sends them, so an error here may be that of an earlier one.
 */
gboolean db_queue (Db *db, GError **error, const char *sql, const char *types, ...);

/**
 * db_queue_rows:
 *
 * As db_queue(), for a statement whose rows are wanted once it has arrived: several answers from
 * one trip. They may be asked for after the call that has sent it has succeeded, db_commit()
 * included; asking before is a mistake that ends the program.
 *
 * Returns: owned, may be freed at any time; NULL on failure.
 */
DbRows *db_queue_rows (Db *db, GError **error, const char *sql, const char *types, ...);

/* Sends what is queued, if anything is. Errors: those of the statements. */
gboolean db_send (Db *db, GError **error);

/**
 * db_query_last:
 *
 * As db_query(), with COMMIT in the same trip. After it only db_commit() may come, or
 * db_rollback(), which is too late to take anything back.
 *
 * Errors: those of what is queued, of @sql and of COMMIT (a deferred constraint): nothing was
 * committed, roll back. DB_ERROR_COMMIT_UNKNOWN when the connection was lost, even if it had been
 * lost before @sql arrived.
 */
DbRows *db_query_last (Db *db, GError **error, const char *sql, const char *types, ...);

/* What is queued, and COMMIT, in one trip; none when there was no statement since db_begin(), or
 * db_query_last() has been there. Errors: those of db_query_last(). */
gboolean db_commit (Db *db, GError **error);
/* Never fails; a lost connection is noted for db_is_broken(). What is queued is forgotten. */
void db_rollback (Db *db);

/**
 * db_primary_acknowledges:
 *
 * Commits a transaction of its own (a record in the log, no row), and waits for it as
 * synchronous_commit and synchronous_standby_names demand. After DB_ERROR_COMMIT_UNKNOWN a row that
 * is there was committed; one that is *not there* proves nothing on a server that others have left
 * for a new primary, or that replays its log still. Whoever looks what has become of a commit
 * therefore looks on a new connection, and calls this on it before he believes what he did not
 * find.
 *
 * Waits for as long as a synchronous standby is away. Not within a transaction.
 * Errors: DB_ERROR_COMMIT_UNKNOWN: not acknowledged; DB_ERROR_AWAY: also a standby, or read-only.
 */
gboolean db_primary_acknowledges (Db *db, GError **error);

/* Runs @work between BEGIN and COMMIT; repeats it on DB_ERROR_CONFLICT (10 times). */
typedef gboolean (*DbWork) (Db *db, gpointer data, GError **error);
gboolean db_transaction (Db *db, DbWork work, gpointer data, GError **error);

/**
 * db_columns_new:
 * @types: one letter a column: t text (may be NULL), i bigint (gint64: cast a narrower one), b
 *   bytea (GBytes *, may be NULL), o boolean (int)
 *
 * Rows for `from unnest ($1::text[], $2::bigint[]) as given (name, number)`: gathered row by row,
 * so that no column can be longer than another, and sent as one array a column with the letter C.
 *
 *   g_autoptr (DbColumns) given = db_columns_new ("ti");
 *   db_columns_add (given, name, (gint64)number);
 *   db_query (db, error, SQL_ADD, "C", given);
 */
DbColumns *db_columns_new (const char *types);
/* One row: a value a column, copied. */
void db_columns_add (DbColumns *columns, ...);
guint db_columns_count (const DbColumns *columns); /* rows */
void db_columns_free (DbColumns *columns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbColumns, db_columns_free)

guint db_rows_count (const DbRows *rows);
gboolean db_rows_is_null (const DbRows *rows, guint row, const char *column);
const char *db_rows_text (const DbRows *rows, guint row,
                          const char *column); /* borrowed; NULL for SQL NULL */
gint64 db_rows_int (const DbRows *rows, guint row, const char *column); /* 0 for NULL */
gboolean db_rows_boolean (const DbRows *rows, guint row, const char *column);
GBytes *db_rows_bytes (const DbRows *rows, guint row,
                       const char *column); /* owned; NULL for SQL NULL */
void db_rows_free (DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DbRows, db_rows_free)

/* A bounded pool. db_pool_take() waits for a free connection and reconnects a broken one; error
 * only DB_ERROR_AWAY. */
typedef struct DbPool DbPool;
DbPool *db_pool_new (const char *url, guint max_connections);
void db_pool_free (DbPool *pool);
/* As it is now: connections that are idle and in use, how many there may be, and who waits. */
typedef struct {
  guint idle, in_use, max, waiters;
} DbPoolCounts;
DbPoolCounts db_pool_counts (DbPool *pool);
Db *db_pool_take (DbPool *pool, GError **error);
void db_pool_give (DbPool *pool, Db *db); /* NULL is fine */

/* database-url (secret), database-connections, database-wait-ms, database-…-timeout-ms */
extern const Setting db_settings[];
