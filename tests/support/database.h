/* Verbs for tests that need PostgreSQL (needs: postgres): DATABASE_URL names a scratch server of
 * this test alone. */
#pragma once

#include "db/db.h"
#include "db/migrate.h"

static inline Db *
database_open (void)
{
  g_autoptr (GError) error = NULL;
  Db *db = db_open (g_getenv ("DATABASE_URL"), &error);

  g_assert_no_error (error);
  return db;
}

/* Creates our schema, or finds it. */
static inline Db *
database_open_migrated (void)
{
  g_autoptr (GError) error = NULL;
  Db *db = database_open ();

  db_migrate (db, -1, 0, &error);
  g_assert_no_error (error);
  return db;
}

static inline void
database_run (Db *db, const char *sql)
{
  g_autoptr (GError) error = NULL;

  db_script (db, sql, &error);
  g_assert_no_error (error);
}

/* What the settings say of connections that are opened from now on. */
static inline void
database_configure (const char *lock_ms, const char *statement_ms, const char *silence_ms)
{
  const Setting *const tables[] = { db_settings, NULL };
  g_autofree char *lock = g_strconcat ("--database-lock-timeout-ms=", lock_ms, NULL);
  g_autofree char *statement = g_strconcat ("--database-statement-timeout-ms=", statement_ms, NULL);
  g_autofree char *silence = g_strconcat ("--database-silence-ms=", silence_ms, NULL);
  char *words[] = { "test", "--database-url=x", lock, statement, silence, NULL };
  char **argv = words;
  int argc = G_N_ELEMENTS (words) - 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = settings_parse ("test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  db_configure (settings);
}

/* The number in the one row and column "n" of a query. */
static inline gint64
database_number (Db *db, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (db, &error, sql, "");

  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 1);
  return db_rows_int (rows, 0, "n");
}
/* Ends the other connection from this one, and waits until its server process is gone. */
static inline void
database_kill (Db *killer, Db *victim)
{
  g_autofree char *kill = NULL, *look = NULL;
  gint64 pid = database_number (victim, "select pg_backend_pid () as n");

  kill = g_strdup_printf ("select pg_terminate_backend (%d)", (int)pid);
  look = g_strdup_printf ("select count (*) as n from pg_stat_activity where pid = %d", (int)pid);
  database_run (killer, kill);
  while (database_number (killer, look) > 0)
    g_thread_yield ();
}
