/* The schema's versions: the numbered migrations of schemas/sql, compiled in, forward and back.
 *
 * A program is as old as the newest migration it knows. A migration whose schema older programs can
 * still use, so that both run side by side while one replaces the other, says so in a line of its
 * own, "-- admits: N": the oldest one that can. One that says nothing admits none that does not
 * know it. The database keeps what was said with the history. */
#pragma once

#include "db/db.h"

#define DB_SCHEMA_ERROR (db_schema_error_quark ())
GQuark db_schema_error_quark (void);
typedef enum {
  DB_SCHEMA_ERROR_BEHIND, /* the database lacks migrations that this program needs */
  /* It has migrations that this program does not know, and that do not admit it */
  DB_SCHEMA_ERROR_AHEAD,
  DB_SCHEMA_ERROR_EDITED,  /* a migration was changed after it had been applied */
  DB_SCHEMA_ERROR_VERSION, /* no such version */
} DbSchemaError;

int db_schema_version_expected (void); /* the newest compiled-in migration */
/* The newest applied one; 0 on a database without our tables. */
gboolean db_schema_version (Db *db, int *ret_version, GError **error);

/* Whether this program can work on the schema: its own, or a newer one that admits it. The message
 * names what to do.
 * Errors: DB_SCHEMA_ERROR_… but VERSION (BEHIND also when there is no schema: it may yet come), and
 * database errors. */
gboolean db_schema_check (Db *db, GError **error);

/**
 * db_migrate:
 * @to_version: 0 (nothing of ours is left) to db_schema_version_expected(), or -1 for that
 * @lock_ms: how long a migration waits for a table that somebody uses; 0: for ever. All who come
 *   after it wait as well, so programs that run are better served by short waits, repeated.
 *
 * Brings the schema to @to_version, forward or back, each migration in a transaction of its own:
 * what was done before an error stays, and calling it again goes on. Several at once are safe, they
 * wait for each other, without a limit. Going back drops the data of what it takes away. A table is
 * rewritten in as long as it takes; the connection has its own time-outs again afterwards.
 *
 * Errors: DB_SCHEMA_ERROR_… but BEHIND, and database errors; the failed migration is named.
 */
gboolean db_migrate (Db *db, int to_version, gint64 lock_ms, GError **error);

/* @name: of a migration that was applied or taken back, as "0013-operator". */
typedef void (*DbMigrateTell) (const char *name, gpointer data);
/* The same; @tell hears of each migration once its transaction is committed. */
gboolean db_migrate_telling (Db *db, int to_version, gint64 lock_ms, DbMigrateTell tell,
                             gpointer data, GError **error);

/**
 * db_grant:
 * @part: "consumer", "claim-api", "reader" or "operator", see schemas/sql/0019-roles.up.sql
 *
 * Gives a role that exists what that part needs, and takes all else of ours away from it, in one
 * transaction. For who owns the tables. Errors: DB_ERROR_STATEMENT, with what the server says of it.
 */
gboolean db_grant (Db *db, const char *part, const char *role, GError **error);

/**
 * db_migrate_losses:
 * @to_version: 0 to the applied one
 *
 * What the way back would lose, found by going it in a transaction that is taken back: it holds the
 * tables as long as that takes. Errors: as db_migrate().
 * Returns: of char *, one a table, column or deleted rows, with how many rows; empty when nothing stands there; owned.
 */
GPtrArray *db_migrate_losses (Db *db, int to_version, gint64 lock_ms, GError **error);
