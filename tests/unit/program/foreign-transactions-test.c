/* Transactions that stand open are told, also those of another database and of roles that hide
 * them. needs: postgres */
#include "program/foreign-transactions.h"

#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "support/database.h"

static gint64 monotonic_ms = 1000000;

static gint64
monotonic (void)
{
  return monotonic_ms;
}

static guint
look (ForeignTransactions *transactions, Db *db, gint64 over_s)
{
  g_autoptr (GError) error = NULL;
  guint count = 0;

  foreign_transactions_look (transactions, db, over_s, &count, &error);
  g_assert_no_error (error);
  return count;
}

/* The test's server, with another user or database. */
static Db *
open_as (const char *user, const char *database)
{
  g_auto (GStrv) before_at = g_strsplit (g_getenv ("DATABASE_URL"), "@", 2);
  g_auto (GStrv) address = g_strsplit (before_at[1], "/", 2);
  g_autofree char *url = g_strdup_printf ("postgresql://%s@%s/%s", user, address[0], database);
  g_autoptr (GError) error = NULL;
  Db *db = db_open (url, &error);

  g_assert_no_error (error);
  return db;
}

static double
oldest (void)
{
  return metrics_value (METRIC_OLDEST_FOREIGN_TRANSACTION, NULL);
}

static void
test_of_another_database (void)
{
  g_autoptr (ForeignTransactions) transactions = foreign_transactions_new ();
  g_autoptr (Db) db = database_open ();
  g_autoptr (Db) other = open_as ("dependents", "postgres");

  g_assert_cmpuint (look (transactions, db, 0), ==, 0);
  g_assert_cmpfloat (oldest (), ==, 0);
  database_run (other, "begin; select 1"); /* idle in a transaction, without an id */
  g_assert_cmpuint (look (transactions, db, -1), ==, 1);
  g_assert_cmpuint (look (transactions, db, 60), ==, 0);
  g_assert_cmpfloat (oldest (), <, 60);
  database_run (other, "commit");
  g_assert_cmpuint (look (transactions, db, -1), ==, 0);
  g_assert_cmpfloat (oldest (), ==, 0);
}

static void
test_whose_time_is_hidden (void)
{
  g_autoptr (ForeignTransactions) transactions = foreign_transactions_new ();
  g_autoptr (Db) other = database_open (), db = NULL;

  database_run (other, "drop role if exists plain; create role plain login");
  db = open_as ("plain", "postgres");
  clock_set_source (NULL, monotonic);
  database_run (other, "begin; select pg_current_xact_id ()");
  g_assert_cmpuint (look (transactions, db, 60), ==, 0);
  monotonic_ms += 60001;
  g_assert_cmpuint (look (transactions, db, 60), ==, 1);
  g_assert_cmpfloat (oldest (), ==, 60.001);

  /* The next one of that connection is another one. */
  database_run (other, "commit; begin; select pg_current_xact_id ()");
  g_assert_cmpuint (look (transactions, db, 60), ==, 0);
  database_run (other, "commit");
  clock_set_source (NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/foreign-transactions/of-another-database", test_of_another_database);
  g_test_add_func ("/program/foreign-transactions/whose-time-is-hidden", test_whose_time_is_hidden);
  return g_test_run ();
}
