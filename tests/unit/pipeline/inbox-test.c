/* Of several settlements with one inbox key in a batch the first has the row: its scope, its
 * verdict. needs: postgres */
#include "db/columns.h"
#include "pipeline/settle.sql.h"
#include "support/database.h"

#define KEYS  7
#define UNITS 200 /* more than are sorted without moving equals */

static void
the_first_of_one_key_has_the_row (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (DbColumns) given = db_columns_new ("tiitt");
  g_autoptr (DbRows) written = NULL;
  g_autoptr (GError) error = NULL;

  database_run (db, "delete from inbox");
  for (guint i = 0; i < UNITS; i++) {
    g_autofree char *id = g_strdup_printf ("id-%u", (UNITS - i) % KEYS);
    g_autofree char *scope = g_strdup_printf ("%u", i);

    db_columns_add (given, id, G_GINT64_CONSTANT (0), G_GINT64_CONSTANT (0), scope,
                    i < KEYS ? "DONE" : "RETRY");
  }
  written = db_query (db, &error, SQL_INBOX_INSERT, "tC", "inbox-test", given);
  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (written), ==, KEYS);
  g_assert_cmpint (database_number (db, "select count (*) as n from inbox where verdict = 'DONE' "
                                        "and scope::integer < 7"),
                   ==, KEYS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/inbox/the-first-of-one-key-has-the-row",
                   the_first_of_one_key_has_the_row);
  return g_test_run ();
}
