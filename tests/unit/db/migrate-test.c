/* The schema forward, back and forward again; what an edited, a newer and an older schema are told.
 * needs: postgres */
#include "db/migrate.h"

#include <string.h>

#include "support/database.h"

static void
migrate_to (Db *db, int version)
{
  g_autoptr (GError) error = NULL;

  db_migrate (db, version, 0, &error);
  g_assert_no_error (error);
}

static char *
dump_schema (void)
{
  const char *command[] = { "pg_dump", "--schema-only", g_getenv ("DATABASE_URL"), NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *dump = NULL;
  g_auto (GStrv) lines = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &dump, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);

  /* Newer releases of pg_dump guard their output with a random word, in lines "\\restrict WORD". */
  lines = g_strsplit (dump, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (lines[i][0] == '\\')
      lines[i][0] = '\0';
  return g_strjoinv ("\n", lines);
}

static void
assert_same_schema (const char *one, const char *other)
{
  if (!g_str_equal (one, other)) {
    g_test_message ("%s\n---- differs from ----\n%s", one, other);
    g_test_fail ();
  }
}

static void
test_back_and_forth (void)
{
  g_autoptr (Db) db = database_open ();
  g_autofree char *empty = dump_schema ();
  g_autoptr (GPtrArray) forward = g_ptr_array_new_with_free_func (g_free);
  int version = -1;

  for (int to = 1; to <= db_schema_version_expected (); to++) {
    migrate_to (db, to);
    g_assert_true (db_schema_version (db, &version, NULL));
    g_assert_cmpint (version, ==, to);
    g_ptr_array_add (forward, dump_schema ());
  }
  g_assert_false (g_str_equal (g_ptr_array_index (forward, 0), empty));

  for (int to = db_schema_version_expected () - 1; to > 0; to--) {
    g_autofree char *back = NULL;
    migrate_to (db, to);
    back = dump_schema ();
    assert_same_schema (back, g_ptr_array_index (forward, to - 1));
  }

  {
    g_autofree char *back = NULL, *again = NULL;
    migrate_to (db, 0);
    back = dump_schema ();
    assert_same_schema (back, empty);
    migrate_to (db, -1);
    again = dump_schema ();
    assert_same_schema (again, g_ptr_array_index (forward, forward->len - 1));
  }
}

static void
test_check_says_what_to_do (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) none = NULL, behind = NULL, ahead = NULL, ahead_too = NULL, past = NULL;

  migrate_to (db, 0);
  g_assert_false (db_schema_check (db, &none));
  g_assert_error (none, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND);
  g_assert_nonnull (strstr (none->message, "no schema yet"));
  g_assert_nonnull (strstr (none->message, "run `pipelinectl migrate`"));

  migrate_to (db, db_schema_version_expected () - 1);
  g_assert_false (db_schema_check (db, &behind));
  g_assert_error (behind, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND);
  g_assert_nonnull (strstr (behind->message, "run `pipelinectl migrate`"));

  migrate_to (db, -1);
  g_assert_true (db_schema_check (db, NULL));
  database_run (db, "insert into schema_migrations (version, name, checksum) "
                    "select max (version) + 1, 'of-tomorrow', 'x' from schema_migrations");
  g_assert_false (db_schema_check (db, &ahead));
  g_assert_error (ahead, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD);
  g_assert_false (db_migrate (db, 0, 0, &ahead_too));
  g_assert_error (ahead_too, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD);
  database_run (db, "delete from schema_migrations where name = 'of-tomorrow'");
  g_assert_true (db_schema_check (db, NULL));

  g_assert_false (db_migrate (db, db_schema_version_expected () + 1, 0, &past));
  g_assert_error (past, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_VERSION);
}

/* Rights come after the last migration: whoever looks in between waits. */
static void
test_no_rights_yet (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) early = NULL, error = NULL;

  migrate_to (db, -1);
  database_run (db, "create role looks_early");
  database_run (db, "set role looks_early");
  g_assert_false (db_schema_check (db, &early));
  g_assert_error (early, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_BEHIND);
  g_assert_nonnull (strstr (early->message, "run `pipelinectl migrate`"));
  database_run (db, "reset role");
  g_assert_true (db_grant (db, "consumer", "looks_early", &error));
  database_run (db, "set role looks_early");
  g_assert_true (db_schema_check (db, &error));
  g_assert_no_error (error);
  database_run (db, "reset role");
  database_run (db, "drop owned by looks_early");
  database_run (db, "drop role looks_early");
}

/* While a release replaces another, both work on the newer schema, if it says so. */
static void
test_newer_one_may_admit (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) refused = NULL, back = NULL, later = NULL;

  migrate_to (db, -1);
  database_run (db, "insert into schema_migrations (version, name, checksum, admits) "
                    "select max (version) + 1, 'of-tomorrow', 'x', max (version) from "
                    "schema_migrations");
  g_assert_true (db_schema_check (db, NULL));
  g_assert_false (db_migrate (db, 0, 0, &back));
  g_assert_error (back, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD);

  /* What one after the other does not admit is not admitted. */
  database_run (db, "insert into schema_migrations (version, name, checksum, admits) "
                    "select max (version) + 1, 'of-the-day-after', 'x', max (version) + 1 from "
                    "schema_migrations");
  g_assert_false (db_schema_check (db, &refused));
  g_assert_error (refused, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD);
  database_run (db, "insert into schema_migrations (version, name, checksum, admits) "
                    "select max (version) + 1, 'later', 'x', 1 from schema_migrations");
  g_assert_false (db_schema_check (db, &later));
  g_assert_error (later, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_AHEAD);
  database_run (db, "delete from schema_migrations where checksum = 'x'");
}

/* A history that an older release has written, without what it admits. */
static void
test_older_history_is_read (void)
{
  g_autoptr (Db) db = database_open ();

  migrate_to (db, -1);
  database_run (db, "alter table schema_migrations drop column admits");
  g_assert_true (db_schema_check (db, NULL));
  migrate_to (db, db_schema_version_expected () - 1);
  migrate_to (db, -1);
  g_assert_true (db_schema_check (db, NULL));
  g_assert_cmpint (
      database_number (db, "select count (*) as n from schema_migrations where admits is not null"),
      ==, 1);
}

static void
test_edited_is_refused (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) checked = NULL, migrated = NULL;

  migrate_to (db, 1);
  database_run (db, "update schema_migrations set checksum = 'of another text'");
  g_assert_false (db_migrate (db, -1, 0, &migrated));
  g_assert_error (migrated, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_EDITED);
  g_assert_nonnull (strstr (migrated->message, "migration 0001-claims "));
  g_assert_false (db_schema_check (db, &checked));
  g_assert_error (checked, DB_SCHEMA_ERROR, DB_SCHEMA_ERROR_EDITED);

  database_run (db, "drop schema public cascade; create schema public");
  migrate_to (db, -1);
}

/* A step that fails leaves the steps before it, nothing of itself, and can be done again. */
static void
test_failure_leaves_a_whole_version (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  int version = -1;

  migrate_to (db, 0);
  database_run (db, "create table outbox (in_the_way integer)");
  g_assert_false (db_migrate (db, -1, 0, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_STATEMENT);
  g_assert_nonnull (strstr (error->message, "migration 0002-pipeline: "));
  g_assert_true (db_schema_version (db, &version, NULL));
  g_assert_cmpint (version, ==, 1);
  database_run (db, "drop table outbox");
  migrate_to (db, -1);
  g_assert_true (db_schema_check (db, NULL));
}

static gpointer
migrate_in_thread (gpointer unused G_GNUC_UNUSED)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  db_migrate (db, -1, 0, &error);
  return g_steal_pointer (&error);
}

static void
test_several_at_once (void)
{
  g_autoptr (Db) db = database_open ();
  GThread *threads[6];

  migrate_to (db, 0);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("migrate", migrate_in_thread, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    g_autoptr (GError) error = g_thread_join (threads[i]);
    g_assert_no_error (error);
  }
  g_assert_true (db_schema_check (db, NULL));
}

static gpointer
migrate_impatiently (gpointer data)
{
  migrate_to (data, -1);
  return NULL;
}

/* A migration waits for whoever uses a table, in a session that otherwise waits for nobody. */
static void
test_no_timeouts (void)
{
  g_autoptr (Db) other = database_open (), db = database_open ();
  g_autofree char *waits = NULL;
  GThread *thread;

  migrate_to (other, 0);
  waits = g_strdup_printf (
      "select count (*) as n from pg_stat_activity where pid = %d and wait_event_type = "
      "'Lock' and clock_timestamp () > query_start + interval '50 ms'",
      (int)database_number (db, "select pg_backend_pid () as n"));
  g_assert_true (db_begin (other, NULL));
  database_run (other, "select pg_advisory_xact_lock (7210686674)");
  g_assert_true (db_set_timeouts (db, 1, 10000, NULL));
  thread = g_thread_new ("migrate", migrate_impatiently, db);
  while (database_number (other, waits) == 0)
    g_thread_yield ();
  g_assert_true (db_commit (other, NULL));
  g_thread_join (thread);
  g_assert_cmpint (database_number (db, "select setting::bigint as n from pg_settings "
                                        "where name = 'lock_timeout'"),
                   ==, 1);
}

/* Somebody uses a table: a migration that may not wait for ever leaves all as it is, and says which. */
static void
test_lock_wait_is_limited (void)
{
  g_autoptr (Db) other = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL;
  int version = 0;

  migrate_to (other, -1);
  g_assert_true (db_begin (other, NULL));
  database_run (other, "lock table saved_claim_groups in access share mode");
  g_assert_false (db_migrate (db, 0, 20, &error));
  g_assert_nonnull (strstr (error->message, "migration 00"));
  g_assert_true (db_schema_version (db, &version, NULL));
  g_assert_cmpint (version, >, 0);
  g_assert_true (db_commit (other, NULL));
  g_clear_error (&error);
  db_migrate (db, 0, 20, &error);
  g_assert_no_error (error);
}

/* A table, a column and rows that the way back deletes are each told; and nothing has gone. */
static void
test_losses (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) none = NULL, losses = NULL;
  g_autofree char *before = NULL, *after = NULL, *told = NULL;

  migrate_to (db, -1);
  before = dump_schema ();
  none = db_migrate_losses (db, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);

  database_run (db,
                "insert into operator_actions (who, action, subject, reason) values "
                "('me', 'pause', 'backup', 'x'), ('me', 'pause', 'notify', 'x');"
                "insert into breakers (downstream, state, change_no) values ('x', 'closed', 3);"
                "insert into saved_claims (id, guid, form_id, form_ciphertext, encrypted_kms_key) "
                "values (1, gen_random_uuid (), '686C-674', '', 'm');"
                "insert into claim_notifications (saved_claim_id, kind, state) values "
                "(1, 'error_again', 'sent')");
  losses = db_migrate_losses (db, 2, 0, &error);
  g_assert_no_error (error);
  g_ptr_array_add (losses, NULL);
  told = g_strjoinv ("\n", (char **)losses->pdata);
  g_assert_nonnull (strstr (told, "table operator_actions: 2 rows"));
  g_assert_nonnull (strstr (told, "column breakers.change_no: set in 1 rows"));
  g_assert_nonnull (strstr (told, "claim_notifications: 1 rows"));
  g_assert_null (strstr (told, "holds"));
  after = dump_schema ();
  assert_same_schema (before, after);
  g_assert_cmpint (database_number (db, "select count (*) as n from claim_notifications"), ==, 1);
  database_run (db, "truncate operator_actions, breakers, saved_claims cascade");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/db/migrate/back-and-forth-is-the-same-schema", test_back_and_forth);
  g_test_add_func ("/db/migrate/check-says-what-to-do", test_check_says_what_to_do);
  g_test_add_func ("/db/migrate/newer-one-may-admit", test_newer_one_may_admit);
  g_test_add_func ("/db/migrate/older-history-is-read", test_older_history_is_read);
  g_test_add_func ("/db/migrate/edited-is-refused", test_edited_is_refused);
  g_test_add_func ("/db/migrate/failure-leaves-a-whole-version",
                   test_failure_leaves_a_whole_version);
  g_test_add_func ("/db/migrate/waits-without-time-outs", test_no_timeouts);
  g_test_add_func ("/db/migrate/who-has-no-rights-yet-is-early", test_no_rights_yet);
  g_test_add_func ("/db/migrate/waits-for-a-table-as-long-as-told", test_lock_wait_is_limited);
  g_test_add_func ("/db/migrate/tells-what-the-way-back-loses", test_losses);
  g_test_add_func ("/db/migrate/several-at-once-are-safe", test_several_at_once);
  return g_test_run ();
}
