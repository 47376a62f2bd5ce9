/* The statement that starts steps: whoever waits beside the owner of a run row starts nothing.
 * needs: postgres */
#include "pipeline/step-desk.sql.h"
#include "support/database.h"

/* Two deliveries of one scope, with the tokens 1 and 2, are about to start its first step; the run
 * row has 2. */
static void
test_only_the_owner_starts (void)
{
  static const gint64 numbers[] = { 0, 1 }, ordinals[] = { 1, 1 }, tokens[] = { 1, 2 },
                      group_rows[] = { 0, 0 };
  char *scopes[] = { "a", "a", NULL }, *steps[] = { "create-proc", "create-proc", NULL };
  char *nothing[] = { "", "", NULL }, *states[] = { "accepted", NULL };
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;

  database_run (db, "insert into runs (scope, instance_id, token) values "
                    "('a', '00000000-0000-0000-0000-000000000001', 2)");
  rows = db_query (db, &error, SQL_JOURNAL_START, "ITTIITTIT", numbers, (gsize)2, scopes, steps,
                   ordinals, (gsize)2, tokens, (gsize)2, nothing, nothing, group_rows, (gsize)2,
                   states);
  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (db_rows_boolean (rows, i, "is_started"), ==, db_rows_int (rows, i, "n") == 1);
  g_assert_cmpint (database_number (db, "select token as n from step_journal where scope = 'a'"),
                   ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/step-desk/only-the-owner-starts", test_only_the_owner_starts);
  return g_test_run ();
}
