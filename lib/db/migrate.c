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

/* A role that may not read it yet may be given its rights in a moment: that is behind, too. */
static gboolean
has_history (Db *db, gboolean *ret_has, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_HAS_MIGRATION_TABLE, "");

  if (!rows)
    return FALSE;
  *ret_has = db_rows_boolean (rows, 0, "is_there");
  if (!*ret_has || db_rows_boolean (rows, 0, "may_be_read"))
    return TRUE;
  g_set_error_literal (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND,
                       "this program's role has no rights in the database's schema yet: "
                       "run `pipelinectl migrate` with its --role-… set to it");
  return FALSE;
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
  gint64 lock_ms;
  /* Out: */
  const Migration *taken;
  gboolean is_there; /* nothing is left to do */
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

/* How far the schema is, once nobody else changes it. */
static gboolean
take_turn (Db *db, gint64 lock_ms, int *ret_version, GError **error)
{
  int admitted = 0;

  if (!db_execute (db, NULL, error, SQL_TAKE_MIGRATION_LOCK, "") ||
      !db_execute (db, NULL, error, SQL_MAKE_MIGRATION_TABLE, "") ||
      !db_execute (db, NULL, error, SQL_COMPLETE_MIGRATION_TABLE, "") ||
      !db_execute (db, NULL, error, SQL_LIMIT_LOCK_WAIT, "i", lock_ms) ||
      !read_history (db, ret_version, &admitted, error))
    return FALSE;
  if (*ret_version <= db_schema_version_expected ())
    return TRUE;
  set_error_ahead (*ret_version, error); /* nor is the way back known */
  return FALSE;
}

/* One migration; whoever holds the lock looks anew how far the others have come. */
static gboolean
take_step (Db *db, gpointer data, GError **error)
{
  Step *step = data;
  int version = 0;

  step->is_there = FALSE;
  step->taken = NULL;
  if (!take_turn (db, step->lock_ms, &version, error))
    return FALSE;
  if (version != step->to_version) {
    gboolean is_forward = version < step->to_version;

    step->taken = &migrations[is_forward ? version : version - 1];
    return is_forward ? go_forward (db, step->taken, error) : go_back (db, step->taken, error);
  }
  step->is_there = TRUE;
  return version > 0 || db_execute (db, NULL, error, SQL_DROP_EMPTY_MIGRATION_TABLE, "");
}

static gboolean
is_known_version (int version, GError **error)
{
  if (version >= 0 && version <= db_schema_version_expected ())
    return TRUE;
  g_set_error (error, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_VERSION,
               "there is no schema version %d; this program knows 0 (none) to %d", version,
               db_schema_version_expected ());
  return FALSE;
}

static gboolean
take_steps (Db *db, Step *step, DbMigrateTell tell, gpointer data, GError **error)
{
  while (!step->is_there) {
    if (!db_transaction (db, take_step, step, error))
      return FALSE;
    if (tell && step->taken) {
      g_autofree char *name = g_strdup_printf ("%04d-%s", step->taken->version, step->taken->name);

      tell (name, data);
    }
  }
  return TRUE;
}

gboolean
db_migrate_telling (Db *db, int to_version, gint64 lock_ms, DbMigrateTell tell, gpointer data,
                    GError **error)
{
  Step step = { .to_version = to_version == -1 ? db_schema_version_expected () : to_version,
                .lock_ms = lock_ms };
  gint64 own_lock_ms, statement_ms;
  gboolean is_done;

  if (!is_known_version (step.to_version, error))
    return FALSE;
  db_connection_timeouts (db, &own_lock_ms, &statement_ms);
  (void)db_set_timeouts (db, 0, 0, NULL); /* cannot fail */
  is_done = take_steps (db, &step, tell, data, error);
  (void)db_set_timeouts (db, own_lock_ms, statement_ms, NULL);
  return is_done;
}

gboolean
db_migrate (Db *db, int to_version, gint64 lock_ms, GError **error)
{
  return db_migrate_telling (db, to_version, lock_ms, NULL, NULL, error);
}

/* --- Who may do what --- */

typedef struct {
  const char *part, *role;
} Grant;

/* A DbWork; one at a time, for two would change the same rows of the catalogue. */
static gboolean
grant (Db *db, gpointer data, GError **error)
{
  const Grant *given = data;

  return db_execute (db, NULL, error, SQL_TAKE_MIGRATION_LOCK, "") &&
         db_execute (db, NULL, error, SQL_GRANT_PART, "tt", given->part, given->role);
}

gboolean
db_grant (Db *db, const char *part, const char *role, GError **error)
{
  Grant given = { part, role };

  if (db_transaction (db, grant, &given, error))
    return TRUE;
  g_prefix_error (error, "role %s: ", role);
  return FALSE;
}

/* --- What the way back would lose --- */

typedef struct {
  int to_version;
  gint64 lock_ms;
  GPtrArray *losses; /* of char * */
} Look;

/* What goes when all that is younger is taken back. NULL on failure. */
static DbRows *
go_back_and_return (Db *db, int version, int to_version, GError **error)
{
  g_autoptr (DbRows) lost = NULL;

  if (!db_execute (db, NULL, error, SQL_REMEMBER_COLUMNS, "") ||
      !db_execute (db, NULL, error, SQL_MARK_THE_WAY_BACK, ""))
    return NULL;
  for (; version > to_version; version--)
    if (!go_back (db, &migrations[version - 1], error))
      return NULL;
  lost = db_query (db, error, SQL_LIST_LOST, "");
  if (!lost || !db_execute (db, NULL, error, SQL_RETURN_FROM_THE_WAY_BACK, ""))
    return NULL;
  return g_steal_pointer (&lost);
}

static void
add_loss (GPtrArray *losses, const char *table, const char *column, gint64 deleted, gint64 count)
{
  if (deleted > 0)
    g_ptr_array_add (losses, g_strdup_printf ("%s: %" G_GINT64_FORMAT " rows", table, deleted));
  else if (count > 0 && !*column)
    g_ptr_array_add (losses, g_strdup_printf ("table %s: %" G_GINT64_FORMAT " rows", table, count));
  else if (count > 0)
    g_ptr_array_add (losses, g_strdup_printf ("column %s.%s: set in %" G_GINT64_FORMAT " rows",
                                              table, column, count));
}

static gboolean
count_lost (Db *db, const DbRows *lost, GPtrArray *losses, GError **error)
{
  guint count = db_rows_count (lost);
  g_auto (GStrv) names = g_new0 (char *, count + 1);
  g_auto (GStrv) columns = g_new0 (char *, count + 1);
  g_autoptr (DbRows) counts = NULL;

  for (guint i = 0; i < count; i++) {
    names[i] = g_strdup (db_rows_text (lost, i, "tab"));
    columns[i] = g_strdup (db_rows_text (lost, i, "col"));
  }
  counts = db_query (db, error, SQL_COUNT_LOST, "TT", names, columns);
  for (guint i = 0; counts && i < count; i++)
    add_loss (losses, names[i], columns[i], db_rows_int (lost, i, "deleted"),
              db_rows_int (counts, i, "count"));
  return counts != NULL;
}

/* A DbWork. */
static gboolean
look_back (Db *db, gpointer data, GError **error)
{
  Look *look = data;
  g_autoptr (DbRows) lost = NULL;
  int version = 0;

  g_ptr_array_set_size (look->losses, 0);
  if (!take_turn (db, look->lock_ms, &version, error))
    return FALSE;
  lost = go_back_and_return (db, version, look->to_version, error);
  return lost && count_lost (db, lost, look->losses, error);
}

GPtrArray *
db_migrate_losses (Db *db, int to_version, gint64 lock_ms, GError **error)
{
  g_autoptr (GPtrArray) losses = g_ptr_array_new_with_free_func (g_free);
  Look look = { to_version, lock_ms, losses };
  gint64 own_lock_ms, statement_ms;
  gboolean is_done;

  if (!is_known_version (to_version, error))
    return NULL;
  db_connection_timeouts (db, &own_lock_ms, &statement_ms);
  (void)db_set_timeouts (db, 0, 0, NULL); /* cannot fail */
  is_done = db_transaction (db, look_back, &look, error);
  (void)db_set_timeouts (db, own_lock_ms, statement_ms, NULL);
  return is_done ? g_steal_pointer (&losses) : NULL;
}
