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
 *
 * Brings the schema to @to_version, forward or back, each migration in a transaction of its own:
 * what was done before an error stays, and calling it again goes on. Several at once are safe, they
 * wait for each other. Going back drops the data of what it takes away. Without time-outs: a table
 * is locked when its users let it go, and rewritten in as long as it takes; the connection has its
 * own again afterwards.
 *
 * Errors: DB_SCHEMA_ERROR_… but BEHIND, and database errors; the failed migration is named.
 */
gboolean db_migrate (Db *db, int to_version, GError **error);
