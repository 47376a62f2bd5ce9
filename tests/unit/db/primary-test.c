/* A commit that no standby has confirmed is not known to be one, and a server that cannot confirm
 * any is not believed. needs: postgres */
#include "support/database.h"

typedef struct {
  gboolean (*work) (Db *db, GError **error); /* ends with a commit */
  Db *db;
  gint64 pid;
  GThread *thread;
  gint is_done;
  GError *error;
} Commit;

static gpointer
run_commit (gpointer data)
{
  Commit *commit = data;
  gboolean done = commit->work (commit->db, &commit->error);

  g_atomic_int_set (&commit->is_done, 1);
  return GINT_TO_POINTER (done);
}

/* @synchronous_commit: the scratch server has it off. */
static void
start_commit (Commit *commit, gboolean (*work) (Db *db, GError **error),
              const char *synchronous_commit)
{
  g_autofree char *sql = g_strdup_printf ("set synchronous_commit = %s", synchronous_commit);

  commit->work = work;
  commit->db = database_open ();
  database_run (commit->db, sql);
  commit->pid = database_number (commit->db, "select pg_backend_pid () as n");
  commit->thread = g_thread_new ("commit", run_commit, commit);
}

static gboolean
end_commit (Commit *commit)
{
  return GPOINTER_TO_INT (g_thread_join (commit->thread));
}

static void
assert_unknown (Commit *commit)
{
  g_assert_false (end_commit (commit));
  g_assert_error (commit->error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN);
  g_assert_true (db_is_broken (commit->db));
  g_clear_error (&commit->error);
  db_close (commit->db);
}

/* FALSE: it has not waited at all. */
static gboolean
cancel_wait_of (Db *db, Commit *commit)
{
  g_autofree char *waits =
      g_strdup_printf ("select count (*) as n from pg_stat_activity where pid = %d and "
                       "wait_event = 'SyncRep'",
                       (int)commit->pid);
  g_autofree char *cancel = g_strdup_printf ("select pg_cancel_backend (%d)", (int)commit->pid);

  while (database_number (db, waits) == 0) {
    if (g_atomic_int_get (&commit->is_done))
      return FALSE;
    g_thread_yield ();
  }
  database_run (db, cancel);
  return TRUE;
}

static void
set_standby (Db *db, const char *name)
{
  g_autofree char *sql =
      g_strdup_printf ("alter system set synchronous_standby_names = '%s'", name);

  database_run (db, sql);
  database_run (db, "select pg_reload_conf ()");
}

/* Commits of sessions that wait for standbys hang from now on, for there is no standby of that
 * name. The server takes the change over when it comes to it. */
static void
demand_standby (Db *db)
{
  gboolean waits = FALSE;

  set_standby (db, "nobody");
  while (!waits) {
    Commit probe = { 0 };

    start_commit (&probe, db_primary_acknowledges, "on");
    waits = cancel_wait_of (db, &probe);
    (void)end_commit (&probe);
    g_clear_error (&probe.error);
    db_close (probe.db);
  }
}

/* Two ways to end a transaction. */

static gboolean
add_and_commit (Db *db, GError **error)
{
  return db_begin (db, error) && db_execute (db, NULL, error, "insert into kept values (1)", "") &&
         db_commit (db, error);
}

static gboolean
add_at_last (Db *db, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (!db_begin (db, error))
    return FALSE;
  rows = db_query_last (db, error, "insert into kept values (2)", "");
  return rows && db_commit (db, error);
}

static void
test_cancelled_wait_is_unknown (void)
{
  g_autoptr (Db) db = database_open ();
  gboolean (*const ways[]) (Db *, GError **) = { add_and_commit, add_at_last };

  database_run (db, "drop table if exists kept; create table kept (n integer)");
  demand_standby (db);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    Commit commit = { 0 };

    start_commit (&commit, ways[i], "on");
    g_assert_true (cancel_wait_of (db, &commit));
    assert_unknown (&commit);
    g_assert_cmpint (database_number (db, "select count (*) as n from kept"), ==, i + 1);
  }
  set_standby (db, "");
}

static void
test_statement_may_warn (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;

  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_queue (db, NULL, "do $$ begin raise warning 'of its own'; end $$", ""));
  rows = db_query_last (db, &error, "do $$ begin raise warning 'of its own'; end $$", "");
  g_assert_no_error (error);
  g_assert_true (db_commit (db, &error));
  g_assert_no_error (error);
}

static void
test_primary_acknowledges (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  Commit cancelled = { 0 }, patient = { 0 };

  g_assert_true (db_primary_acknowledges (db, &error));
  g_assert_no_error (error);
  g_assert_cmpint (database_number (db, "select 1 as n"), ==, 1); /* no transaction is left */

  demand_standby (db);
  start_commit (&cancelled, db_primary_acknowledges, "on");
  g_assert_true (cancel_wait_of (db, &cancelled));
  assert_unknown (&cancelled);

  start_commit (&patient, db_primary_acknowledges, "on");
  set_standby (db, "");
  g_assert_true (end_commit (&patient));
  g_assert_no_error (patient.error);
  db_close (patient.db);
}

/* Its wait for a standby is no silence, however long it lasts. */
static void
test_standby_is_waited_for (void)
{
  g_autoptr (Db) db = database_open ();
  g_autofree char *waits = NULL;
  Commit patient = { 0 };

  demand_standby (db);
  database_configure ("2000", "500", "50"); /* four statements: 2 s */
  start_commit (&patient, db_primary_acknowledges, "on");
  waits =
      g_strdup_printf ("select count (*) as n from pg_stat_activity where pid = %d and wait_event "
                       "= 'SyncRep' and state_change < clock_timestamp () - interval '5 s'",
                       (int)patient.pid);
  while (database_number (db, waits) == 0 && !g_atomic_int_get (&patient.is_done))
    g_thread_yield ();
  g_assert_false (g_atomic_int_get (&patient.is_done));
  set_standby (db, "");
  g_assert_true (end_commit (&patient));
  g_assert_no_error (patient.error);
  db_close (patient.db);
  database_configure ("2000", "30000", "30000");
}

/* Whatever the session thinks of commits in general. */
static void
test_session_that_never_waits (void)
{
  g_autoptr (Db) db = database_open ();
  Commit commit = { 0 };

  demand_standby (db);
  start_commit (&commit, db_primary_acknowledges, "off");
  g_assert_true (cancel_wait_of (db, &commit));
  assert_unknown (&commit);
  set_standby (db, "");
}

static void
test_read_only_server_acknowledges_nothing (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  database_run (db, "set default_transaction_read_only = on");
  g_assert_false (db_primary_acknowledges (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
  g_assert_true (db_is_broken (db));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/db/commit/cancelled-wait-is-unknown", test_cancelled_wait_is_unknown);
  g_test_add_func ("/db/commit/a-statement-may-warn", test_statement_may_warn);
  g_test_add_func ("/db/primary/acknowledges", test_primary_acknowledges);
  g_test_add_func ("/db/primary/a-standby-is-waited-for", test_standby_is_waited_for);
  g_test_add_func ("/db/primary/is-waited-for-by-any-session", test_session_that_never_waits);
  g_test_add_func ("/db/primary/read-only-is-none", test_read_only_server_acknowledges_nothing);
  return g_test_run ();
}
