/* Rows gathered in columns come back as they were. needs: postgres */
#include <string.h>

#include "support/database.h"

#define BACK                                                                                       \
  "select * from unnest ($1::text[], $2::bigint[], $3::bytea[], $4::boolean[]) with ordinality "   \
  "as line (text, number, bytes, truth, place) order by place"

static void
test_rows_come_back (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbColumns) given = db_columns_new ("tibo");
  const guint8 raw[] = { 0, 0xff, '\\' };
  g_autoptr (GBytes) bytes = g_bytes_new (raw, sizeof raw);
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) back = NULL, back_empty = NULL;
  g_autoptr (DbRows) rows = NULL;
  char text[] = "NULL";

  db_columns_add (given, text, G_MININT64, bytes, TRUE);
  memset (text, '!', sizeof text - 1); /* copied */
  db_columns_add (given, NULL, G_MAXINT64, NULL, FALSE);
  db_columns_add (given, "", (gint64)-1, none, 2);
  g_assert_cmpuint (db_columns_count (given), ==, 3);
  for (guint i = 0; i < 2; i++) { /* sent as often as one likes */
    db_rows_free (g_steal_pointer (&rows));
    rows = db_query (db, &error, BACK, "C", given);
    g_assert_no_error (error);
  }
  g_assert_cmpuint (db_rows_count (rows), ==, 3);
  g_assert_cmpstr (db_rows_text (rows, 0, "text"), ==, "NULL");
  g_assert_cmpstr (db_rows_text (rows, 1, "text"), ==, NULL);
  g_assert_cmpstr (db_rows_text (rows, 2, "text"), ==, "");
  g_assert_cmpint (db_rows_int (rows, 0, "number"), ==, G_MININT64);
  g_assert_cmpint (db_rows_int (rows, 1, "number"), ==, G_MAXINT64);
  g_assert_cmpint (db_rows_int (rows, 2, "number"), ==, -1);
  back = db_rows_bytes (rows, 0, "bytes");
  g_assert_true (g_bytes_equal (back, bytes));
  g_assert_true (db_rows_is_null (rows, 1, "bytes"));
  back_empty = db_rows_bytes (rows, 2, "bytes");
  g_assert_cmpuint (g_bytes_get_size (back_empty), ==, 0);
  g_assert_true (db_rows_boolean (rows, 0, "truth"));
  g_assert_false (db_rows_boolean (rows, 1, "truth"));
  g_assert_true (db_rows_boolean (rows, 2, "truth"));
}

static void
test_no_rows (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbColumns) given = db_columns_new ("tibo");
  g_autoptr (DbRows) rows = db_query (db, &error, BACK, "C", given);

  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 0);
}

/* Beside other parameters, more than one of them, and in a statement that waits. */
static void
test_among_other_parameters (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;
  DbColumns *numbers = db_columns_new ("ii");

  database_run (db, "create temporary table sums (name text, a bigint, b bigint, n bigint)");
  for (gint64 i = 1; i <= 3; i++)
    db_columns_add (numbers, i, 10 * i);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_queue (
      db, NULL,
      "insert into sums select $1, sum (a), sum (b), $4 from unnest ($2, $3) as given (a, b)",
      "tCi", "x", numbers, (gint64)7));
  db_columns_free (numbers);
  rows = db_query_last (db, &error, "select * from sums", "");
  g_assert_no_error (error);
  g_assert_true (db_commit (db, NULL));
  g_assert_cmpstr (db_rows_text (rows, 0, "name"), ==, "x");
  g_assert_cmpint (db_rows_int (rows, 0, "a"), ==, 6);
  g_assert_cmpint (db_rows_int (rows, 0, "b"), ==, 60);
  g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, 7);
}

/* The letter C is no type: a statement is prepared for each set of columns. */
static void
test_prepared_for_its_columns (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbColumns) texts = db_columns_new ("t"), numbers = db_columns_new ("i");
  static const char query[] = "select max (x)::text as x from unnest ($1) as given (x)";
  g_autoptr (DbRows) of_texts = NULL, of_numbers = NULL;

  db_columns_add (texts, "9");
  db_columns_add (texts, "10");
  db_columns_add (numbers, (gint64)9);
  db_columns_add (numbers, (gint64)10);
  of_texts = db_query (db, &error, query, "C", texts);
  g_assert_no_error (error);
  of_numbers = db_query (db, &error, query, "C", numbers);
  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (of_texts, 0, "x"), ==, "9");
  g_assert_cmpstr (db_rows_text (of_numbers, 0, "x"), ==, "10");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/db/columns/rows-come-back", test_rows_come_back);
  g_test_add_func ("/db/columns/no-rows-are-empty-arrays", test_no_rows);
  g_test_add_func ("/db/columns/stand-among-other-parameters", test_among_other_parameters);
  g_test_add_func ("/db/columns/prepared-for-their-types", test_prepared_for_its_columns);
  return g_test_run ();
}
