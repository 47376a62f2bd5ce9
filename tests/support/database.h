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

  db_migrate (db, -1, &error);
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
