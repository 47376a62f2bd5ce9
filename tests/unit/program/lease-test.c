/* Leases: one holder at a time, by the database's clock; a holder that could not renew stops by its
 * own. needs: postgres */
#include "program/lease.h"

#include "base/clock.h"
#include "support/database.h"

#define ONE   "00000000-0000-0000-0000-000000000001"
#define OTHER "00000000-0000-0000-0000-000000000002"

static gint64 monotonic_ms = 1000000;

static gint64
monotonic (void)
{
  return monotonic_ms;
}

static void
keep (Lease *lease, Db *db)
{
  g_autoptr (GError) error = NULL;

  lease_keep (lease, db, &error);
  g_assert_no_error (error);
}

static void
run_out (Db *db)
{
  database_run (db, "update leases set until = clock_timestamp () - interval '1 second'");
}

static gboolean
guard (Lease *lease, Db *db)
{
  g_autoptr (GError) error = NULL;
  gboolean held = FALSE;

  lease_guard (lease, db, &held, &error);
  g_assert_no_error (error);
  return held;
}

static void
test_one_holds_it (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (Lease) one = lease_new ("relay", ONE), other = lease_new ("relay", OTHER);
  g_autoptr (Lease) watch = lease_new ("watch", OTHER);
  gint64 token;

  g_assert_false (lease_is_held (one));
  keep (one, db);
  keep (other, db);
  keep (watch, db);
  g_assert_true (lease_is_held (one));
  g_assert_false (lease_is_held (other));
  g_assert_true (lease_is_held (watch));

  token = lease_token (one);
  keep (one, db);
  g_assert_cmpint (lease_token (one), ==, token);

  run_out (db);
  keep (other, db);
  g_assert_cmpint (lease_token (other), >, token);
  g_assert_true (lease_is_held (one)); /* it does not know yet: what it writes asks */
  g_assert_false (guard (one, db));
  g_assert_true (guard (other, db));
  keep (one, db);
  g_assert_false (lease_is_held (one));

  lease_give (other, db);
  g_assert_false (lease_is_held (other));
  keep (one, db);
  g_assert_true (lease_is_held (one));
  lease_give (one, db);
  lease_give (watch, db);
}

/* One that ran out and that nobody wanted is the same one. */
static void
test_run_out_and_renewed (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (Lease) one = lease_new ("relay", ONE);
  gint64 token;

  keep (one, db);
  token = lease_token (one);
  run_out (db);
  keep (one, db);
  g_assert_cmpint (lease_token (one), ==, token);
  lease_give (one, db);
}

static void
test_stops_before_others_can_begin (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (Lease) one = lease_new ("relay", ONE);

  clock_set_source (NULL, monotonic);
  keep (one, db);
  monotonic_ms += 19999;
  g_assert_true (lease_is_held (one));
  monotonic_ms += 1;
  g_assert_false (lease_is_held (one));
  g_assert_cmpint (lease_token (one), ==, 0);
  g_assert_false (guard (one, db)); /* the row still has its token, and it may not use it */
  keep (one, db);
  g_assert_true (lease_is_held (one));
  lease_give (one, db);
  clock_set_source (NULL, NULL);
}

/* Taking over waits for the transaction of the holder. */
static void
test_guard_keeps_others_out (void)
{
  g_autoptr (Db) db = database_open_migrated (), beside = database_open ();
  g_autoptr (Lease) one = lease_new ("relay", ONE), other = lease_new ("relay", OTHER);
  g_autoptr (GError) begun = NULL, error = NULL;

  keep (one, db);
  run_out (db);
  g_assert_true (db_begin (db, &begun));
  g_assert_true (guard (one, db));
  database_run (beside, "set lock_timeout = '100ms'");
  g_assert_false (lease_keep (other, beside, &error));
  g_assert_nonnull (error);
  db_rollback (db);
  keep (other, beside);
  g_assert_true (lease_is_held (other));
  lease_give (other, beside);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/lease/one-holds-it", test_one_holds_it);
  g_test_add_func ("/program/lease/run-out-and-renewed-is-the-same", test_run_out_and_renewed);
  g_test_add_func ("/program/lease/stops-before-others-can-begin",
                   test_stops_before_others_can_begin);
  g_test_add_func ("/program/lease/guard-keeps-others-out", test_guard_keeps_others_out);
  return g_test_run ();
}
