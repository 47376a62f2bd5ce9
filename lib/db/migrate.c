/* Applies the compiled-in migrations and compares a database with them. */
#include "db/migrate.h"

#include <string.h>

#include "db/connection.h"
#include "db/migrate.sql.h"

typedef struct {
  int version;
  const char *name;
  const char *up, *down;
} Migration;

#include "db/migrations.h" /* migrations[]: number n at index n - 1 */

G_DEFINE_QUARK (db_schema_error_quark, db_schema_error)

int
db_schema_version_expected (void)
{
  return G_N_ELEMENTS (migrations);
}

/* Of what changed the schema; a better way back may be written later. */
static char *
checksum_of (const Migration *migration)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, migration->up, -1);
}

/* The oldest program that can use what the migration makes, by the newest migration it knows: its
 * line "-- admits: N". One that says nothing admits no program that does not know it. */
static int
admitted_by (const Migration *migration)
{
  static const char word[] = "-- admits: ";
  const char *line = g_str_has_prefix (migration->up, word)
                         ? migration->up
                         : strstr (migration->up, "\n-- admits: ");
  int version;

  if (!line)
    return migration->version;
  version = (int)g_ascii_strtoll (strstr (line, word) + strlen (word), NULL, 10);
  g_assert (version > 0 && version <= migration->version);
  return version;
}

/* Compares one row of the history with what is compiled in. */
static gboolean
is_as_applied (const DbRows *rows, guint row, GError **error)
{
  int version = (int)db_rows_int (rows, row, "version");
  const Migration *migration;
  g_autofree char *checksum = NULL;

  if (version != (int)row + 1) {
    g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_EDITED,
                 "the database's table schema_migrations has version %d where %u belongs; "
                 "restore its row, or the database from a backup",
                 version, row + 1);
    return FALSE;
  }
  migration = &migrations[version - 1];
  checksum = checksum_of (migration);
  if (!g_str_equal (db_rows_text (rows, row, "checksum"), checksum)) {
    g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_EDITED,
                 "migration %04d-%s was applied to this database with another text than this "
                 "program's: put the old text back and write the change as a new migration",
                 version, migration->name);
    return FALSE;
  }
  return TRUE;
}

/* The applied version, and the oldest that it admits, after all that is known of the history has
 * been compared. */
static gboolean
read_history (Db *db, int *ret_version, int *ret_admitted, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LIST_MIGRATIONS, "");
  int admitted = 0;

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    if ((int)i < db_schema_version_expected () && !is_as_applied (rows, i, error))
      return FALSE;
    admitted = MAX (admitted, (int)db_rows_int (rows, i, "admits"));
  }
  *ret_version = (int)db_rows_count (rows);
  *ret_admitted = admitted;
  return TRUE;
}

static void
set_error_ahead (int version, GError **error)
{
  g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD,
               "the database's schema is at version %d, this program knows %d and older ones: "
               "install the release the schema belongs to, or go back with that release's "
               "`pipelinectl migrate`",
               version, db_schema_version_expected ());
}

static gboolean
has_history (Db *db, gboolean *ret_has, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_HAS_MIGRATION_TABLE, "");

  if (!rows)
    return FALSE;
  *ret_has = db_rows_boolean (rows, 0, "is_there");
  return TRUE;
}

gboolean
db_schema_version (Db *db, int *ret_version, GError **error)
{
  gboolean has = FALSE;
  g_autoptr (DbRows) rows = NULL;

  if (!has_history (db, &has, error))
    return FALSE;
  if (!has) {
    *ret_version = 0;
    return TRUE;
  }
  rows = db_query (db, error, SQL_LIST_MIGRATIONS, "");
  if (!rows)
    return FALSE;
  *ret_version = (int)db_rows_count (rows);
  return TRUE;
}

gboolean
db_schema_check (Db *db, GError **error)
{
  gboolean has = FALSE;
  int version = 0, admitted = 0;

  if (!has_history (db, &has, error))
    return FALSE;
  if (has && !read_history (db, &version, &admitted, error))
    return FALSE;
  if (version >= db_schema_version_expected ()) {
    if (admitted <= db_schema_version_expected ())
      return TRUE;
    set_error_ahead (version, error);
    return FALSE;
  }
  if (version == 0)
    g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND,
                 "the database has no schema yet, this program needs version %d: "
                 "run `pipelinectl migrate`",
                 db_schema_version_expected ());
  else
    g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND,
                 "the database's schema is at version %d, this program needs %d: "
                 "run `pipelinectl migrate`",
                 version, db_schema_version_expected ());
  return FALSE;
}

/* --- steps --- */

typedef struct {
  int to_version;
  gboolean is_there; /* out: nothing is left to do */
} Step;

static gboolean
go_forward (Db *db, const Migration *migration, GError **error)
{
  g_autofree char *checksum = checksum_of (migration);

  if (db_script (db, migration->up, error) &&
      db_execute (db, NULL, error, SQL_ADD_MIGRATION, "itti", (gint64)migration->version,
                  migration->name, checksum, (gint64)admitted_by (migration)))
    return TRUE;
  g_prefix_error (error, "migration %04d-%s: ", migration->version, migration->name);
  return FALSE;
}

static gboolean
go_back (Db *db, const Migration *migration, GError **error)
{
  if (db_script (db, migration->down, error) &&
      db_execute (db, NULL, error, SQL_REMOVE_MIGRATION, "i", (gint64)migration->version))
    return TRUE;
  g_prefix_error (error, "way back of migration %04d-%s: ", migration->version, migration->name);
  return FALSE;
}

/* One migration; whoever holds the lock looks anew how far the others have come. */
static gboolean
take_step (Db *db, gpointer data, GError **error)
{
  Step *step = data;
  int version = 0, admitted = 0;

  step->is_there = FALSE;
  if (!db_execute (db, NULL, error, SQL_TAKE_MIGRATION_LOCK, "") ||
      !db_execute (db, NULL, error, SQL_MAKE_MIGRATION_TABLE, "") ||
      !db_execute (db, NULL, error, SQL_COMPLETE_MIGRATION_TABLE, "") ||
      !read_history (db, &version, &admitted, error))
    return FALSE;
  if (version > db_schema_version_expected ()) { /* nor does it know the way back */
    set_error_ahead (version, error);
    return FALSE;
  }

  if (version < step->to_version)
    return go_forward (db, &migrations[version], error);
  if (version > step->to_version)
    return go_back (db, &migrations[version - 1], error);
  step->is_there = TRUE;
  return version > 0 || db_execute (db, NULL, error, SQL_DROP_EMPTY_MIGRATION_TABLE, "");
}

gboolean
db_migrate (Db *db, int to_version, GError **error)
{
  Step step = { .to_version = to_version < 0 ? db_schema_version_expected () : to_version };
  gint64 lock_ms, statement_ms;
  gboolean is_done = TRUE;

  if (to_version < -1 || to_version > db_schema_version_expected ()) {
    g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_VERSION,
                 "there is no schema version %d; this program knows 0 (none) to %d", to_version,
                 db_schema_version_expected ());
    return FALSE;
  }

  db_connection_timeouts (db, &lock_ms, &statement_ms);
  (void)db_set_timeouts (db, 0, 0, NULL); /* cannot fail */
  while (is_done && !step.is_there)
    is_done = db_transaction (db, take_step, &step, error);
  (void)db_set_timeouts (db, lock_ms, statement_ms, NULL);
  return is_done;
}
