/* Which keys the inbox has: all four parts of one count. needs: postgres */
#include "db/columns.h"
#include "pipeline/settle.sql.h"
#include "support/database.h"

typedef struct {
  const char *message_id;
  gint64 hop, replay;
} Key;

static DbColumns *
columns_of (const Key *keys, guint count)
{
  DbColumns *columns = db_columns_new ("tiitt");

  for (guint i = 0; i < count; i++)
    db_columns_add (columns, keys[i].message_id, keys[i].hop, keys[i].replay, "", "DONE");
  return columns;
}

static guint
count_found (Db *db, const char *consumer, const Key *keys, guint count)
{
  g_autoptr (DbColumns) asked = columns_of (keys, count);
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) found = db_query (db, &error, SQL_INBOX_FIND, "tC", consumer, asked);

  g_assert_no_error (error);
  return db_rows_count (found);
}

static void
only_the_whole_key_is_found (void)
{
  static const Key there[] = { { "one", 0, 0 }, { "two", 3, 1 } };
  static const Key asked[] = { { "two", 3, 1 }, { "two", 3, 0 },   { "two", 2, 1 },
                               { "one", 0, 0 }, { "other", 0, 0 }, { "two", 3, 1 } };
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (DbColumns) rows = columns_of (there, G_N_ELEMENTS (there));
  g_autoptr (GError) error = NULL;

  database_run (db, "delete from inbox");
  g_assert_true (db_execute (db, NULL, &error, SQL_INBOX_ADD, "tC", "inbox-test", rows));
  g_assert_no_error (error);
  g_assert_cmpuint (count_found (db, "inbox-test", asked, G_N_ELEMENTS (asked)), ==, 3);
  g_assert_cmpuint (count_found (db, "other", asked, G_N_ELEMENTS (asked)), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/inbox/only-the-whole-key-is-found", only_the_whole_key_is_found);
  return g_test_run ();
}
