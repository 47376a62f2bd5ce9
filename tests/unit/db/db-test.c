/* Parameters come back whole, errors say what happened and nothing of a row, lost connections are
 * told apart. needs: postgres */
#include "db/db.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support/database.h"

/* --- parameters and rows --- */

static void
test_parameters_come_back (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;
  const guint8 raw[] = { 0, 1, '\\', '\'', 0xff, 0 };
  g_autoptr (GBytes) bytes = g_bytes_new (raw, sizeof raw);
  g_autoptr (GBytes) no_bytes = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) back = NULL, back_empty = NULL, back_null = NULL;

  rows = db_query (db, &error,
                   "select $1::text as text, $2::text as null_text, $3 as number, $4 as truth, "
                   "$5 as bytes, $6 as empty_bytes, $7 as null_bytes, $8::uuid as id, "
                   "$9 as lie, $10::date as day",
                   "ttiobbbtot", "O'Hara \"\\ {1,2} \xc3\xa9", NULL, G_MININT64, TRUE, bytes,
                   no_bytes, NULL, "6C6F6E67-0000-4000-8000-000000000001", FALSE, "2026-11-21");
  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 1);
  g_assert_cmpstr (db_rows_text (rows, 0, "text"), ==, "O'Hara \"\\ {1,2} \xc3\xa9");
  g_assert_null (db_rows_text (rows, 0, "null_text"));
  g_assert_true (db_rows_is_null (rows, 0, "null_text"));
  g_assert_cmpint (db_rows_int (rows, 0, "number"), ==, G_MININT64);
  g_assert_true (db_rows_boolean (rows, 0, "truth"));
  g_assert_false (db_rows_boolean (rows, 0, "lie"));
  back = db_rows_bytes (rows, 0, "bytes");
  g_assert_true (g_bytes_equal (back, bytes));
  back_empty = db_rows_bytes (rows, 0, "empty_bytes");
  g_assert_nonnull (back_empty);
  g_assert_cmpuint (g_bytes_get_size (back_empty), ==, 0);
  back_null = db_rows_bytes (rows, 0, "null_bytes");
  g_assert_null (back_null);
  g_assert_cmpstr (db_rows_text (rows, 0, "id"), ==, "6c6f6e67-0000-4000-8000-000000000001");
  g_assert_cmpstr (db_rows_text (rows, 0, "day"), ==, "2026-11-21");
}

static void
test_arrays_come_back (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;
  char *texts[] = { "plain", "", "NULL", "a,b{}\"'\\ \n\xe2\x82\xac", NULL };
  const gint64 numbers[] = { 0, -1, G_MAXINT64, G_MININT64 };
  const guint8 raw[] = { 0, 0xff, '\\', 'x' };
  g_autoptr (GPtrArray) elements = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) maybe = g_ptr_array_new ();

  g_ptr_array_add (elements, g_bytes_new (raw, sizeof raw));
  g_ptr_array_add (elements, g_bytes_new (NULL, 0));
  g_ptr_array_add (elements, g_bytes_new_static ("x", 1));
  g_ptr_array_add (elements, g_bytes_new_static ("NULL", 4));
  g_ptr_array_add (maybe, NULL);
  g_ptr_array_add (maybe, "");
  g_ptr_array_add (maybe, "b");
  g_ptr_array_add (maybe, NULL);

  rows = db_query (db, &error,
                   "select * from unnest ($1, $2, $3, $4) with ordinality "
                   "as line (text, number, bytes, maybe, place) order by place",
                   "TIBN", texts, numbers, (gsize)4, elements, maybe);
  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 4);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GBytes) bytes = db_rows_bytes (rows, i, "bytes");
    g_assert_cmpstr (db_rows_text (rows, i, "text"), ==, texts[i]);
    g_assert_cmpint (db_rows_int (rows, i, "number"), ==, numbers[i]);
    g_assert_true (g_bytes_equal (bytes, g_ptr_array_index (elements, i)));
    g_assert_cmpstr (db_rows_text (rows, i, "maybe"), ==, g_ptr_array_index (maybe, i));
  }
}

static void
test_empty_and_null_arrays (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;
  char *none[] = { NULL };
  g_autoptr (GPtrArray) empty = g_ptr_array_new ();

  rows = db_query (db, &error,
                   "select cardinality ($1) as a, cardinality ($2) as b, cardinality ($3) as c, "
                   "cardinality ($4) as d, $5 is null as e, $6 is null as f, $7 is null as g",
                   "TIBNTBN", none, NULL, (gsize)0, empty, empty, NULL, NULL, NULL);
  g_assert_no_error (error);
  for (const char *column = "abcd"; *column; column++) {
    const char name[] = { *column, '\0' };
    g_assert_cmpstr (db_rows_text (rows, 0, name), ==, "0");
  }
  for (const char *column = "efg"; *column; column++) {
    const char name[] = { *column, '\0' };
    g_assert_true (db_rows_boolean (rows, 0, name));
  }
}

/* A batch whose encoded form is far larger than what the buffer begins with. */
static void
test_large_batch (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (DbRows) rows = NULL;
  gsize length = 0;

  for (guint i = 0; i < 2000; i++) {
    g_ptr_array_add (texts, g_strnfill (i, 'a' + (char)(i % 26)));
    length += i;
  }
  rows = db_query (db, &error, "select sum (length (t)) as n, count (*) as c from unnest ($1) t",
                   "N", texts);
  g_assert_no_error (error);
  g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, length);
  g_assert_cmpint (db_rows_int (rows, 0, "c"), ==, 2000);
}

static void
test_count_of_rows_affected (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  guint count = 99;

  database_run (db, "create temporary table t (n integer)");
  g_assert_true (db_execute (db, &count, &error,
                             "insert into t select generate_series (1, $1::integer)", "i",
                             G_GINT64_CONSTANT (7)));
  g_assert_cmpuint (count, ==, 7);
  g_assert_true (
      db_execute (db, &count, &error, "delete from t where n > $1", "i", G_GINT64_CONSTANT (99)));
  g_assert_cmpuint (count, ==, 0);
}

static void
test_prepared_once (void)
{
  static const char query[] = "select $1::text as same";
  g_autoptr (Db) db = database_open ();

  for (guint i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *copy = g_strdup (query); /* may well lie where the last one lay */
    g_autoptr (DbRows) constant = db_query (db, &error, query, "t", "x");
    g_autoptr (DbRows) copied = db_query (db, &error, copy, "t", "x");
    g_autoptr (DbRows) other = NULL;

    g_assert_no_error (error);
    memcpy (copy, "select $1::text as diff", sizeof query); /* another text at a known address */
    other = db_query (db, &error, copy, "t", "x");
    g_assert_no_error (error);
    g_assert_cmpstr (db_rows_text (other, 0, "diff"), ==, "x");
  }
  g_assert_cmpint (database_number (db, "select count (*) as n from pg_prepared_statements "
                                        "where statement like 'select $1::text as %'"),
                   ==, 2);
}

static void
test_many_statements (void)
{
  g_autoptr (Db) db = database_open ();

  for (guint i = 0; i < 600; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *sql = g_strdup_printf ("select $1::integer + %u as n", i);
    g_autoptr (DbRows) rows = db_query (db, &error, sql, "i", G_GINT64_CONSTANT (1));
    g_assert_no_error (error);
    g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, i + 1);
  }
  g_assert_cmpint (database_number (db, "select count (*) as n from pg_prepared_statements"), <=,
                   512);
}

static void
test_session_is_ours (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;

  database_run (db, "alter role dependents set timezone = 'America/Chicago'; "
                    "alter role dependents set bytea_output = 'escape'; "
                    "alter role dependents set default_transaction_isolation = 'serializable'; "
                    "alter role dependents set search_path = 'nowhere'; "
                    "alter role dependents set client_min_messages = 'error'; "
                    "alter role dependents set synchronous_commit = off; "
                    "alter role dependents set idle_session_timeout = '1s'; "
                    "alter role dependents set jit = on");
  g_assert_true (db_reset (db, &error));
  rows = db_query (db, &error,
                   "select current_setting ('timezone') as zone, "
                   "current_setting ('transaction_isolation') as isolation, "
                   "current_setting ('search_path') as path, current_setting ('jit') as jit, "
                   "current_setting ('client_min_messages') as messages, "
                   "current_setting ('idle_session_timeout') as idle, "
                   "current_setting ('synchronous_commit') as commits",
                   "");
  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (rows, 0, "zone"), ==, "UTC");
  g_assert_cmpstr (db_rows_text (rows, 0, "isolation"), ==, "read committed");
  g_assert_cmpstr (db_rows_text (rows, 0, "path"), ==, "public");
  g_assert_cmpstr (db_rows_text (rows, 0, "jit"), ==, "off");
  g_assert_cmpstr (db_rows_text (rows, 0, "messages"), ==, "warning");
  g_assert_cmpstr (db_rows_text (rows, 0, "commits"), ==, "on");
  g_assert_cmpstr (db_rows_text (rows, 0, "idle"), ==, "0");
  database_run (db, "alter role dependents reset all");
}

/* What is said of standbys is the operator's choice. */
static void
test_other_commits_stay (void)
{
  static const char *const choices[] = { "local", "remote_write", "remote_apply" };
  g_autoptr (Db) db = database_open ();

  for (guint i = 0; i < G_N_ELEMENTS (choices); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (DbRows) rows = NULL;
    g_autofree char *sql =
        g_strdup_printf ("alter role dependents set synchronous_commit = '%s'", choices[i]);

    database_run (db, sql);
    g_assert_true (db_reset (db, &error));
    rows = db_query (db, &error, "select current_setting ('synchronous_commit') as commits", "");
    g_assert_no_error (error);
    g_assert_cmpstr (db_rows_text (rows, 0, "commits"), ==, choices[i]);
  }
  database_run (db, "alter role dependents reset all");
}

/* --- errors --- */

static void
make_table_with_rules (Db *db)
{
  database_run (db, "drop table if exists ruled; create table ruled (n integer not null, ssn text, "
                    "constraint ssn_is_once unique (ssn), "
                    "constraint n_is_small check (n < 10))");
}

static void
assert_refused (Db *db, DbError code, const char *named, const char *sql, const char *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (db_execute (db, NULL, &error, sql, "t", value));
  g_assert_error (error, DB_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, named));
  g_assert_null (strstr (error->message, value));
  g_assert_false (db_is_broken (db));
}

static void
test_errors_name_rules_not_values (void)
{
  g_autoptr (Db) db = database_open ();

  make_table_with_rules (db);
  database_run (db, "insert into ruled values (1, '796-11-1111')");
  assert_refused (db, DB_ERROR_UNIQUE, "ssn_is_once", "insert into ruled values (1, $1)",
                  "796-11-1111");
  assert_refused (db, DB_ERROR_CHECK, "n_is_small", "insert into ruled values (777, $1)",
                  "796-11-2222");
  assert_refused (db, DB_ERROR_CHECK, "\"n\"", "insert into ruled values (null, $1)",
                  "796-11-2222");
  /* The server's text is: invalid input syntax for type integer: "796-11-2222" */
  assert_refused (db, DB_ERROR_STATEMENT, "22P02", "insert into ruled (n) values ($1)",
                  "796-11-2222");
  assert_refused (db, DB_ERROR_STATEMENT, "22007", "select $1::date", "born 796-11-2222");
  assert_refused (db, DB_ERROR_STATEMENT, "42P01", "select from nowhere where x = $1", "796");
}

/* What a role may not do is told from a mistake, and the connection stays. */
static void
test_role_that_may_not_is_denied (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  make_table_with_rules (db);
  database_run (db, "set role pg_monitor");
  g_assert_false (db_execute (db, NULL, &error, "insert into ruled (n) values (1)", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_DENIED);
  g_assert_false (db_is_broken (db));
}

/* The database's own trouble: no statement is to blame, and another connection may find it over. */
static void
test_ill_server_is_away (void)
{
  /* disk full, out of memory, too many connections, shutting down, read-only, an I/O error */
  static const char *const states[] = { "53100", "53200", "53300", "57P01",
                                        "57P03", "25006", "58030" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    g_autoptr (Db) db = database_open ();
    g_autoptr (GError) error = NULL;
    g_autofree char *sql = g_strdup_printf (
        "do $$ begin raise exception 'ill' using errcode = '%s'; end $$", states[i]);

    g_assert_true (db_begin (db, NULL));
    g_assert_null (db_query_last (db, &error, sql, ""));
    g_assert_error (error, DB_ERROR, DB_ERROR_AWAY); /* it was no COMMIT that failed */
    g_assert_true (db_is_broken (db));
  }
}

static void
test_malformed_url_is_not_repeated (void)
{
  const char *const urls[] = { "postgresql://me:hunter2/x@127.0.0.1:1/d",
                               "postgresql://me:x@hunter2@127.0.0.1:1/d",
                               "postgresql://hunter2:1/x@127.0.0.1:1/d",
                               "postgresql://me:x@127.0.0.1:1/d?nonsense=hunter2",
                               "password=hunter2 nonsense=hunter2",
                               "host=127.0.0.1 port=hunter2",
                               "hunter2" };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (db_open (urls[i], &error));
    g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
    g_assert_null (strstr (error->message, "hunter2"));
  }
}

static void
test_no_server (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (db_open ("postgresql://me:hunter2@127.0.0.1:1/d", &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
  g_assert_nonnull (strstr (error->message, "127.0.0.1"));
  g_assert_null (strstr (error->message, "hunter2"));
  g_assert_null (strchr (error->message, '\n'));
}

/* --- transactions --- */

typedef struct {
  guint calls;
  guint conflicts; /* how many calls meet one */
} Conflicting;

static gboolean
work_with_conflicts (Db *db, gpointer data, GError **error)
{
  Conflicting *conflicting = data;

  if (!db_execute (db, NULL, error, "insert into ruled values (1, null)", ""))
    return FALSE;
  if (conflicting->calls++ >= conflicting->conflicts)
    return TRUE;
  return db_script (db, "do $$ begin raise exception 'again' using errcode = '40001'; end $$",
                    error);
}

static void
test_conflicts_are_repeated (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL, beyond = NULL;
  Conflicting three = { .conflicts = 3 }, always = { .conflicts = G_MAXUINT };

  make_table_with_rules (db);
  g_assert_true (db_transaction (db, work_with_conflicts, &three, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (three.calls, ==, 4);
  g_assert_cmpint (database_number (db, "select count (*) as n from ruled"), ==, 1);

  g_assert_false (db_transaction (db, work_with_conflicts, &always, &beyond));
  g_assert_error (beyond, DB_ERROR, DB_ERROR_CONFLICT);
  g_assert_cmpuint (always.calls, ==, 11);
  g_assert_cmpint (database_number (db, "select count (*) as n from ruled"), ==, 1);
}

static gboolean
work_that_breaks_a_rule (Db *db, gpointer calls, GError **error)
{
  ++*(guint *)calls;
  return db_execute (db, NULL, error, "insert into ruled values (1, 'x')", "") &&
         db_execute (db, NULL, error, "insert into ruled values (1, 'x')", "");
}

static void
test_failed_work_is_rolled_back_once (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  guint calls = 0;

  make_table_with_rules (db);
  g_assert_false (db_transaction (db, work_that_breaks_a_rule, &calls, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_UNIQUE);
  g_assert_cmpuint (calls, ==, 1);
  g_assert_cmpint (database_number (db, "select count (*) as n from ruled"), ==, 0);
}

/* COMMIT answers a transaction in which something failed with success, and rolls it back. */
static void
test_commit_after_a_failure_is_an_error (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  make_table_with_rules (db);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, "insert into ruled values (1, 'x')", ""));
  g_assert_false (db_execute (db, NULL, NULL, "insert into ruled values (77, 'y')", ""));
  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_STATEMENT);
  g_assert_cmpint (database_number (db, "select count (*) as n from ruled"), ==, 0);
}

static gpointer
lock_row_two_then_one (gpointer unused G_GNUC_UNUSED)
{
  g_autoptr (Db) db = database_open ();
  GError *error = NULL;

  g_assert_true (db_begin (db, NULL));
  database_run (db, "update ruled set ssn = null where n = 2");
  database_run (db, "select pg_advisory_lock (1)"); /* until the other one has row one */
  if (db_execute (db, NULL, &error, "update ruled set ssn = null where n = 1", ""))
    db_commit (db, &error);
  return error;
}

static void
test_deadlock_is_a_conflict (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) mine = NULL, theirs = NULL;
  GThread *thread;

  make_table_with_rules (db);
  database_run (db, "insert into ruled values (1, null), (2, null)");
  database_run (db, "select pg_advisory_lock (1)");
  thread = g_thread_new ("other", lock_row_two_then_one, NULL);
  while (database_number (db, "select count (*) as n from pg_locks where not granted") == 0)
    g_thread_yield ();
  g_assert_true (db_begin (db, NULL));
  database_run (db, "update ruled set ssn = null where n = 1");
  database_run (db, "select pg_advisory_unlock (1)");
  if (db_execute (db, NULL, &mine, "update ruled set ssn = null where n = 2", ""))
    g_assert_true (db_commit (db, NULL));
  else
    db_rollback (db);
  theirs = g_thread_join (thread);

  g_assert_true ((mine == NULL) != (theirs == NULL));
  if (mine)
    g_assert_error (mine, DB_ERROR, DB_ERROR_CONFLICT);
  else
    g_assert_error (theirs, DB_ERROR, DB_ERROR_CONFLICT);
}

/* --- time-outs --- */

static void
assert_timeouts (Db *db, const char *lock, const char *statement)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (db, &error,
                                      "select current_setting ('lock_timeout') as lock, "
                                      "current_setting ('statement_timeout') as statement",
                                      "");

  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (rows, 0, "lock"), ==, lock);
  g_assert_cmpstr (db_rows_text (rows, 0, "statement"), ==, statement);
}

static void
test_timeouts_are_configured (void)
{
  g_autoptr (Db) before = database_open (), db = NULL;

  assert_timeouts (before, "2s", "30s"); /* the settings' defaults */
  database_configure ("123", "0", "30000");
  db = database_open ();
  assert_timeouts (db, "123ms", "0");
  g_assert_true (db_reset (db, NULL));
  assert_timeouts (db, "123ms", "0");
  assert_timeouts (before, "2s", "30s");
  database_configure ("2000", "30000", "30000");
}

static void
test_timeouts_of_one_connection (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  g_assert_true (db_set_timeouts (db, 70, 80000, NULL));
  assert_timeouts (db, "70ms", "80s");
  g_assert_true (db_reset (db, NULL));
  assert_timeouts (db, "70ms", "80s");

  /* They do not go with the transaction that they have travelled with. */
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_set_timeouts (db, 60, 0, NULL));
  assert_timeouts (db, "60ms", "0");
  db_rollback (db);
  assert_timeouts (db, "60ms", "0");

  /* Nor come before the end of one. */
  g_assert_true (db_begin (db, NULL));
  database_run (db, "select 1");
  g_assert_true (db_set_timeouts (db, 50, 0, NULL));
  assert_timeouts (db, "60ms", "0");
  g_assert_true (db_commit (db, NULL));
  assert_timeouts (db, "50ms", "0");

  g_assert_true (db_set_timeouts (db, 40, 0, NULL));
  database_run (db, "do $$ begin assert current_setting ('lock_timeout') = '40ms'; end $$");

  g_assert_false (db_set_timeouts (db, -1, 0, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_STATEMENT);
  assert_timeouts (db, "40ms", "0");
}

static gboolean
work_that_waits (Db *db, gpointer calls, GError **error)
{
  ++*(guint *)calls;
  return db_execute (db, NULL, error, "update ruled set ssn = 'y' where n = 1", "");
}

static void
test_lock_of_a_stranger_is_a_timeout (void)
{
  g_autoptr (Db) stranger = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL;
  guint calls = 0;

  make_table_with_rules (stranger);
  database_run (stranger, "insert into ruled values (1, 'a'), (2, 'b')");
  g_assert_true (db_begin (stranger, NULL));
  database_run (stranger, "select from ruled where n = 1 for update");
  g_assert_true (db_set_timeouts (db, 20, 0, NULL));
  g_assert_false (db_transaction (db, work_that_waits, &calls, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_TIMEOUT);
  g_assert_cmpuint (calls, ==, 1);
  g_assert_false (db_is_broken (db));
  database_run (db, "update ruled set ssn = 'c' where n = 2"); /* others go on */
  db_rollback (stranger);
  g_clear_error (&error);
  g_assert_true (db_transaction (db, work_that_waits, &calls, &error));
}

static void
test_statement_that_hangs_is_a_timeout (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  g_assert_true (db_set_timeouts (db, 0, 20, NULL));
  g_assert_false (db_execute (db, NULL, &error, "select pg_sleep (3600)", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_TIMEOUT);
  g_assert_false (db_is_broken (db));
  g_assert_cmpint (database_number (db, "select 1 as n"), ==, 1);
}

/* --- lost connections --- */

static void
test_killed_in_a_transaction_is_away (void)
{
  g_autoptr (Db) killer = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL, again = NULL;

  make_table_with_rules (killer);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, "insert into ruled values (1, 'x')", ""));
  database_kill (killer, db);
  g_assert_false (db_execute (db, NULL, &error, "insert into ruled values (1, 'y')", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
  g_assert_true (db_is_broken (db));
  g_assert_false (db_commit (db, &again));
  g_assert_error (again, DB_ERROR, DB_ERROR_AWAY); /* COMMIT was never sent */
  db_rollback (db);
  g_assert_cmpint (database_number (killer, "select count (*) as n from ruled"), ==, 0);

  g_assert_true (db_reset (db, NULL));
  g_assert_false (db_is_broken (db));
  g_assert_true (db_execute (db, NULL, NULL, "insert into ruled values (1, 'y')", ""));
}

/* Between the last statement and COMMIT nobody can tell any more whether COMMIT arrived. */
static void
test_killed_before_commit_is_unknown (void)
{
  g_autoptr (Db) killer = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL;

  make_table_with_rules (killer);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, "insert into ruled values (1, 'x')", ""));
  database_kill (killer, db);
  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN);
  g_assert_true (db_is_broken (db));
}

static void
test_idle_transaction_is_ended (void)
{
  g_autoptr (Db) killer = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (database_number (db, "select setting::integer as n from pg_settings "
                                        "where name = 'idle_in_transaction_session_timeout'"),
                   ==, 15000);
  /* The same end, sooner. */
  database_run (db, "set idle_in_transaction_session_timeout = '1ms'");
  {
    gint64 pid = database_number (db, "select pg_backend_pid () as n");
    g_autofree char *look =
        g_strdup_printf ("select count (*) as n from pg_stat_activity where pid = %d", (int)pid);
    g_assert_true (db_begin (db, NULL));
    /* In one trip with BEGIN: between two of them the server would be as quick. */
    g_assert_true (db_execute (db, NULL, NULL, "select 1", ""));
    while (database_number (killer, look) > 0)
      g_thread_yield ();
  }
  g_assert_false (db_execute (db, NULL, &error, "select 1", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
}

/* --- pool --- */

typedef struct {
  DbPool *pool;
  gint in_use, most_in_use;
} Crowd;

static gpointer
use_pool (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < 50; i++) {
    g_autoptr (GError) error = NULL;
    Db *db = db_pool_take (crowd->pool, &error);
    gint now = g_atomic_int_add (&crowd->in_use, 1) + 1, most;

    g_assert_no_error (error);
    do
      most = g_atomic_int_get (&crowd->most_in_use);
    while (now > most && !g_atomic_int_compare_and_exchange (&crowd->most_in_use, most, now));
    g_assert_cmpint (database_number (db, "select 1 as n from pg_sleep (0.001)"), ==, 1);
    g_atomic_int_add (&crowd->in_use, -1);
    db_pool_give (crowd->pool, db);
  }
  return NULL;
}

static void
test_pool_is_bounded (void)
{
  Crowd crowd = { .pool = db_pool_new (g_getenv ("DATABASE_URL"), 3) };
  GThread *threads[10];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("crowd", use_pool, &crowd);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (crowd.most_in_use, ==, 3);
  db_pool_free (crowd.pool);
}

static void
test_pool_replaces_dead_connections (void)
{
  g_autoptr (Db) killer = database_open ();
  DbPool *pool = db_pool_new (g_getenv ("DATABASE_URL"), 1);
  Db *db = db_pool_take (pool, NULL);

  db_pool_give (pool, db);
  database_kill (killer, db); /* while it lies idle */
  db = db_pool_take (pool, NULL);
  g_assert_cmpint (database_number (db, "select 1 as n"), ==, 1);

  database_kill (killer, db); /* while it is used */
  g_assert_false (db_script (db, "select 1", NULL));
  db_pool_give (pool, db);
  db = db_pool_take (pool, NULL);
  g_assert_cmpint (database_number (db, "select 1 as n"), ==, 1);

  g_assert_true (db_begin (db, NULL)); /* forgotten */
  db_pool_give (pool, db);
  db = db_pool_take (pool, NULL);
  g_assert_true (db_begin (db, NULL));
  db_rollback (db);
  db_pool_give (pool, db);
  db_pool_free (pool);
}

static void
test_pool_gives_no_others_timeouts (void)
{
  DbPool *pool = db_pool_new (g_getenv ("DATABASE_URL"), 1);
  Db *db = db_pool_take (pool, NULL);

  g_assert_true (db_set_timeouts (db, 1, 1000, NULL));
  assert_timeouts (db, "1ms", "1s");
  db_pool_give (pool, db);
  db = db_pool_take (pool, NULL);
  assert_timeouts (db, "2s", "30s");
  db_pool_give (pool, db);
  db_pool_free (pool);
}

static void
test_pool_without_server_fails_and_recovers_its_place (void)
{
  DbPool *pool = db_pool_new ("postgresql://me@127.0.0.1:1/d", 1);

  for (guint i = 0; i < 3;
       i++) { /* a place that were not freed would make the second wait for ever */
    g_autoptr (GError) error = NULL;
    g_assert_null (db_pool_take (pool, &error));
    g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
  }
  db_pool_free (pool);
}

/* --- A URL that changes in its file --- */

static char *
user_of (Db *db)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (db, &error, "select current_user::text as name", "");

  g_assert_no_error (error);
  return g_strdup (db_rows_text (rows, 0, "name"));
}

static void
write_url (const char *path, const char *url)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, url, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

/* DATABASE_URL with another user, or another database, in it. */
static char *
url_with (const char *user, const char *database)
{
  const char *url = g_getenv ("DATABASE_URL");
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD, NULL);
  g_autoptr (GUri) other = g_uri_build_with_user (
      G_URI_FLAGS_HAS_PASSWORD, "postgresql", user ? user : g_uri_get_user (uri), NULL, NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), database ? database : g_uri_get_path (uri),
      g_uri_get_query (uri), NULL);

  return g_uri_to_string (other);
}

static void
test_new_password_counts (void)
{
  g_autofree char *path = g_strdup_printf ("%s/db-test-url-%d", g_get_tmp_dir (), (int)getpid ());
  g_autofree char *first = url_with (NULL, NULL), *second = url_with ("second", NULL);
  g_autofree char *elsewhere = url_with ("second", "/elsewhere"), *before = NULL, *same = NULL,
                  *after = NULL, *still = NULL;
  g_autofree char *option = g_strconcat ("--database-url-file=", path, NULL);
  const Setting *const tables[] = { db_settings, NULL };
  char *words[] = { "test", option, NULL }, **argv = words;
  int argc = 2;
  g_autoptr (Db) db = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = NULL;

  write_url (path, first);
  settings = settings_parse ("test", "", "", tables, &argc, &argv, &error);
  g_assert_no_error (error);
  db_configure (settings);
  db = db_open (settings_text (settings, "database-url"), &error);
  g_assert_no_error (error);
  before = user_of (db);
  database_run (db, "drop role if exists second; create role second login");

  write_url (path, second);
  same = user_of (db); /* one that stands is not ended for it */
  g_assert_cmpstr (same, ==, before);
  g_assert_true (db_reset (db, NULL));
  after = user_of (db);
  g_assert_cmpstr (after, ==, "second");

  write_url (path, elsewhere);
  g_assert_true (db_reset (db, NULL));
  write_url (path, "");
  g_assert_true (db_reset (db, NULL));
  still = user_of (db);
  g_assert_cmpstr (still, ==, "second");
  g_unlink (path);
  database_configure ("2000", "30000", "30000");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/db/query/parameters-come-back", test_parameters_come_back);
  g_test_add_func ("/db/query/arrays-come-back", test_arrays_come_back);
  g_test_add_func ("/db/query/empty-and-null-arrays-differ", test_empty_and_null_arrays);
  g_test_add_func ("/db/query/large-batch-is-whole", test_large_batch);
  g_test_add_func ("/db/query/counts-rows-affected", test_count_of_rows_affected);
  g_test_add_func ("/db/query/is-prepared-once-by-its-text", test_prepared_once);
  g_test_add_func ("/db/query/prepared-statements-are-bounded", test_many_statements);
  g_test_add_func ("/db/session/does-not-depend-on-the-role", test_session_is_ours);
  g_test_add_func ("/db/session/waits-for-standbys-as-the-role-says", test_other_commits_stay);
  g_test_add_func ("/db/error/names-rules-not-values", test_errors_name_rules_not_values);
  g_test_add_func ("/db/error/role-that-may-not-is-denied", test_role_that_may_not_is_denied);
  g_test_add_func ("/db/error/ill-server-is-away", test_ill_server_is_away);
  g_test_add_func ("/db/error/malformed-url-is-not-repeated", test_malformed_url_is_not_repeated);
  g_test_add_func ("/db/error/no-server-is-away", test_no_server);
  g_test_add_func ("/db/error/deadlock-is-a-conflict", test_deadlock_is_a_conflict);
  g_test_add_func ("/db/transaction/conflicts-are-repeated", test_conflicts_are_repeated);
  g_test_add_func ("/db/transaction/failed-work-is-rolled-back-once",
                   test_failed_work_is_rolled_back_once);
  g_test_add_func ("/db/transaction/commit-after-a-failure-is-an-error",
                   test_commit_after_a_failure_is_an_error);
  g_test_add_func ("/db/timeout/is-a-setting", test_timeouts_are_configured);
  g_test_add_func ("/db/timeout/of-one-connection", test_timeouts_of_one_connection);
  g_test_add_func ("/db/timeout/lock-of-a-stranger", test_lock_of_a_stranger_is_a_timeout);
  g_test_add_func ("/db/timeout/statement-that-hangs", test_statement_that_hangs_is_a_timeout);
  g_test_add_func ("/db/lost/in-a-transaction-is-away", test_killed_in_a_transaction_is_away);
  g_test_add_func ("/db/lost/before-commit-is-unknown", test_killed_before_commit_is_unknown);
  g_test_add_func ("/db/lost/idle-transaction-is-ended", test_idle_transaction_is_ended);
  g_test_add_func ("/db/url/new-password-counts-for-new-connections", test_new_password_counts);
  g_test_add_func ("/db/pool/is-bounded", test_pool_is_bounded);
  g_test_add_func ("/db/pool/replaces-dead-connections", test_pool_replaces_dead_connections);
  g_test_add_func ("/db/pool/time-outs-are-not-passed-on", test_pool_gives_no_others_timeouts);
  g_test_add_func ("/db/pool/failure-frees-its-place",
                   test_pool_without_server_fails_and_recovers_its_place);
  return g_test_run ();
}
