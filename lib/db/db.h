/* PostgreSQL, thinly: one connection, one statement, its rows.
 *
 * Queries are named and live in the .sql files beside their callers (SQL_TAKE_RUN and so on); each is
 * prepared once per connection, known by its text and parameter types. A connection belongs to one thread at a
 * time. Sessions run in UTC, read committed, and end when they are idle in a transaction for 15 s. */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define DB_ERROR (db_error_quark ())
GQuark db_error_quark (void);
typedef enum {
  DB_ERROR_AWAY, /* no connection, or lost before COMMIT was sent: nothing has happened. Also a server that is
                             * full, shutting down or read-only. Outside a transaction a lost statement may have run */
  DB_ERROR_COMMIT_UNKNOWN, /* COMMIT sent, no answer: read the inbox row to learn it */
  DB_ERROR_CONFLICT,       /* deadlock or serialisation failure: repeat the transaction */
  DB_ERROR_UNIQUE,         /* a unique constraint; its name is in the message */
  DB_ERROR_CHECK,          /* check, not-null or foreign-key constraint */
  DB_ERROR_STATEMENT,      /* everything else: a mistake of ours */
} DbError;

typedef struct Db Db;
typedef struct DbRows DbRows;

Db *db_open (const char *url, GError **error);
void db_close (Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Db, db_close)
gboolean
db_is_broken (const Db *db); /* DB_ERROR_AWAY or COMMIT_UNKNOWN was met; close or reset it */
gboolean db_reset (Db *db, GError **error); /* connects again */

/**
 * db_query:
 * @types: one letter a parameter, at most 32: t text (const char *, NULL is SQL NULL), i bigint (gint64: cast a
 *   narrower one), b bytea (GBytes *, may be NULL), o boolean (int), T text[] (char **, NULL-terminated; elements
 *   never NULL), I bigint[] (const gint64 * followed by gsize count: cast that too), B bytea[] (GPtrArray of
 *   GBytes *, elements may be NULL), N text[] with NULLs (GPtrArray of const char *). NULL for T, B, N is SQL NULL.
 *   The server infers the type of a t from its place in the statement, so it serves uuid, date and timestamptz too;
 *   where it cannot, and for arrays of other types, write a cast: $1::text, unnest ($2::uuid[]), $3::integer.
 *
 * Errors: see DbError. The server's primary message, SQLSTATE and constraint name are passed on, parameters and the
 * values of a row never.
 * Returns: the rows (maybe none), owned by the caller; NULL on failure.
 */
DbRows *db_query (Db *db, GError **error, const char *sql, const char *types, ...);
/* For statements whose rows do not matter. @ret_count (may be NULL): rows affected. */
gboolean db_execute (Db *db, guint *ret_count, GError **error, const char *sql, const char *types,
                     ...);
/* Several statements without parameters in one go: migrations. */
gboolean db_script (Db *db, const char *sql, GError **error);

gboolean db_begin (Db *db, GError **error);
gboolean db_commit (Db *db, GError **error);
void db_rollback (Db *db); /* never fails; a lost connection is noted for db_is_broken() */

/* Runs @work between BEGIN and COMMIT; repeats it on DB_ERROR_CONFLICT (10 times). */
typedef gboolean (*DbWork) (Db *db, gpointer data, GError **error);
gboolean db_transaction (Db *db, DbWork work, gpointer data, GError **error);

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

/* A bounded pool. db_pool_take() waits for a free connection and reconnects a broken one; error only DB_ERROR_AWAY. */
typedef struct DbPool DbPool;
DbPool *db_pool_new (const char *url, guint max_connections);
void db_pool_free (DbPool *pool);
Db *db_pool_take (DbPool *pool, GError **error);
void db_pool_give (DbPool *pool, Db *db); /* NULL is fine */

extern const Setting
    db_settings[]; /* database-url (secret), database-connections, database-wait-ms */
