/* Statements travel together: how many trips a transaction takes, and that each failure of a trip
 * is told as what it is. needs: postgres */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/database.h"

/* --- the wire, watched --- */

typedef enum { CUT_NEVER, CUT_COMMIT, CUT_ANSWER_OF_COMMIT, SILENT_AT_COMMIT } Cut;

/* Stands between one connection and its server. Counts how often the client has spoken after the
 * server had: what was sent in one trip can not be counted as two, nor two as one. Can cut the
 * connection around the first COMMIT, or say nothing any more: of what is sent then the server hears
 * nothing. */
typedef struct {
  int listening;
  guint16 server_port;
  Cut cut;
  gint trips;
  GThread *thread;
} Proxy;

static struct sockaddr_in
loopback (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (port) };

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  return address;
}

/* Forwards to @to unless that is -1. Returns: bytes read, 0 at the end. */
static gssize
move_bytes (int from, int to, char *buffer, gsize size)
{
  gssize length = recv (from, buffer, size, 0);

  if (length > 0 && to >= 0)
    g_assert_cmpint (send (to, buffer, (gsize)length, MSG_NOSIGNAL), ==, length);
  return MAX (length, 0);
}

/* The text of a statement that is prepared; "synchronous_commit" is none. */
static gboolean
prepares_commit (const char *buffer, gssize length)
{
  return memmem (buffer, (gsize)length, "\0commit", sizeof "\0commit") != NULL;
}

/* Returns: 0, when the client has closed the connection. */
static gssize
wait_for_farewell (int client, char *buffer, gsize size)
{
  while (move_bytes (client, -1, buffer, size) > 0)
    ;
  return 0;
}

static gpointer
run_proxy (gpointer data)
{
  Proxy *proxy = data;
  int client = accept (proxy->listening, NULL, NULL);
  int server = socket (AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback (proxy->server_port);
  gboolean server_spoke = TRUE;
  char buffer[65536];

  close (proxy->listening); /* it is for one connection: who asks for another is refused at once */
  g_assert_cmpint (connect (server, (struct sockaddr *)&address, sizeof address), ==, 0);
  for (;;) {
    struct pollfd ends[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
    gssize length;
    gboolean is_commit;

    g_assert_cmpint (poll (ends, 2, -1), >, 0);
    if (ends[1].revents) {
      server_spoke = TRUE;
      if (move_bytes (server, client, buffer, sizeof buffer) == 0)
        break;
    }
    if (!ends[0].revents)
      continue;
    length = move_bytes (client, -1, buffer, sizeof buffer);
    if (server_spoke && length > 0)
      g_atomic_int_inc (&proxy->trips);
    server_spoke = FALSE;
    is_commit = proxy->cut != CUT_NEVER && prepares_commit (buffer, length);
    if (length > 0 && is_commit && proxy->cut == SILENT_AT_COMMIT)
      length = wait_for_farewell (client, buffer, sizeof buffer);
    if (length == 0 || (is_commit && proxy->cut == CUT_COMMIT))
      break;
    g_assert_cmpint (send (server, buffer, (gsize)length, MSG_NOSIGNAL), ==, length);
    if (is_commit) {
      /* The answer proves the commit; it goes no further. */
      g_assert_cmpint (move_bytes (server, -1, buffer, sizeof buffer), >, 0);
      break;
    }
  }
  close (client);
  close (server);
  return NULL;
}

static Db *
open_through_proxy (Proxy *proxy, Db *direct, Cut cut)
{
  struct sockaddr_in address = loopback (0);
  socklen_t length = sizeof address;
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;
  Db *db;

  proxy->server_port =
      (guint16)database_number (direct, "select current_setting ('port')::integer as n");
  proxy->cut = cut;
  proxy->listening = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (bind (proxy->listening, (struct sockaddr *)&address, length), ==, 0);
  g_assert_cmpint (listen (proxy->listening, 1), ==, 0);
  g_assert_cmpint (getsockname (proxy->listening, (struct sockaddr *)&address, &length), ==, 0);
  proxy->thread = g_thread_new ("proxy", run_proxy, proxy);
  url = g_strdup_printf (
      "postgresql://dependents@127.0.0.1:%u/dependents?sslmode=disable&gssencmode=disable",
      ntohs (address.sin_port));
  db = db_open (url, &error);
  g_assert_no_error (error);
  return db;
}

static void
close_with_proxy (Proxy *proxy, Db *db)
{
  db_close (db);
  g_thread_join (proxy->thread);
}

/* Since the last call. */
static int
trips_of (Proxy *proxy)
{
  int trips = g_atomic_int_get (&proxy->trips);

  g_atomic_int_set (&proxy->trips, 0);
  return trips;
}

/* --- helpers --- */

#define ADD "insert into things values ($1, $2)"

static void
make_things (Db *db)
{
  database_run (db, "drop table if exists things; create table things (n bigint, text text, "
                    "constraint n_is_once unique (n) deferrable initially deferred, "
                    "constraint text_is_short check (length (text) < 10))");
}

static gint64
count_things (Db *db)
{
  return database_number (db, "select count (*) as n from things");
}

static void
add (Db *db, gint64 n)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (db_queue (db, &error, ADD, "it", n, "x"));
  g_assert_no_error (error);
}

/* The last statement of a transaction, with one that waits before it, must fail. */
static void
assert_last_fails (Db *db, DbError code, const char *sql)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (db_query_last (db, &error, sql, ""));
  g_assert_error (error, DB_ERROR, (int)code);
}

/* Whoever goes on to commit after a failure must not hear that all is well. */
static void
assert_commit_fails (Db *db, DbError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, (int)code);
}

/* The connection is as good as new. */
static void
assert_still_works (Db *db, gint64 expected_things)
{
  db_rollback (db);
  g_assert_false (db_is_broken (db));
  g_assert_true (db_begin (db, NULL));
  g_assert_cmpint (count_things (db), ==, expected_things);
  g_assert_true (db_commit (db, NULL));
}

/* --- trips --- */

static void
transaction_of_two (Db *db, gint64 n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;

  g_assert_true (db_begin (db, &error));
  add (db, n);
  rows = db_query_last (db, &error, "select n from things where n = $1", "i", n);
  g_assert_no_error (error);
  g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, n);
  g_assert_true (db_commit (db, &error));
  g_assert_no_error (error);
}

static void
test_trips (void)
{
  g_autoptr (Db) direct = database_open ();
  Proxy proxy = { 0 };
  Db *db = open_through_proxy (&proxy, direct, CUT_NEVER);

  make_things (direct);
  g_assert_cmpint (trips_of (&proxy), >, 0);

  g_assert_cmpint (database_number (db, "select 1 as n"), ==, 1); /* prepared on the way */
  g_assert_cmpint (trips_of (&proxy), ==, 1);

  transaction_of_two (db, 1); /* four statements to prepare */
  g_assert_cmpint (trips_of (&proxy), ==, 1);
  transaction_of_two (db, 2);
  g_assert_cmpint (trips_of (&proxy), ==, 1);

  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, ADD, "it", (gint64)3, "x"));
  g_assert_cmpint (trips_of (&proxy), ==, 1);
  add (db, 4);
  add (db, 5);
  g_assert_cmpint (trips_of (&proxy), ==, 0);
  g_assert_true (db_commit (db, NULL));
  g_assert_cmpint (trips_of (&proxy), ==, 1);
  g_assert_cmpint (count_things (direct), ==, 5);

  g_assert_true (db_begin_asynchronous (db, NULL));
  add (db, 6);
  g_assert_true (db_commit (db, NULL));
  g_assert_cmpint (trips_of (&proxy), ==, 1);

  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_commit (db, NULL));
  g_assert_true (db_begin_asynchronous (db, NULL));
  g_assert_true (db_commit (db, NULL));
  g_assert_true (db_begin (db, NULL));
  db_rollback (db);
  g_assert_true (db_begin (db, NULL));
  add (db, 7);
  db_rollback (db);
  g_assert_cmpint (trips_of (&proxy), ==, 0);
  g_assert_cmpint (count_things (db), ==, 6);
  g_assert_cmpint (trips_of (&proxy), ==, 1);

  /* Travels along. It has an end of its own, after which the server may speak before the rest has come
   * through: nobody waits for it. */
  g_assert_true (db_set_timeouts (db, 1000, 2000, NULL));
  g_assert_cmpint (trips_of (&proxy), ==, 0);
  transaction_of_two (db, 7);
  g_assert_cmpint (trips_of (&proxy), <=, 2);
  close_with_proxy (&proxy, db);
}

/* Several answers from the trip that also commits; one that nobody asks for any more is no harm. */
static void
test_queued_rows (void)
{
  g_autoptr (Db) direct = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) one = NULL, two = NULL;
  Proxy proxy = { 0 };
  Db *db = open_through_proxy (&proxy, direct, CUT_NEVER);

  make_things (direct);
  (void)trips_of (&proxy);
  g_assert_true (db_begin (db, &error));
  add (db, 1);
  one = db_queue_rows (db, &error, "select n from things order by n", "");
  add (db, 2);
  db_rows_free (db_queue_rows (db, &error, "select n + 10 as n from things", ""));
  two = db_queue_rows (db, &error, "select n from things order by n", "");
  g_assert_cmpint (trips_of (&proxy), ==, 0);
  g_assert_true (db_commit (db, &error));
  g_assert_no_error (error);
  g_assert_cmpint (trips_of (&proxy), ==, 1);
  g_assert_cmpuint (db_rows_count (one), ==, 1);
  g_assert_cmpuint (db_rows_count (two), ==, 2);
  g_assert_cmpint (db_rows_int (two, 1, "n"), ==, 2);

  g_assert_true (db_begin (db, &error));
  g_assert_true (db_send (db, &error)); /* nothing but BEGIN waits */
  g_assert_cmpint (trips_of (&proxy), ==, 0);
  g_clear_pointer (&one, db_rows_free);
  one = db_queue_rows (db, &error, "select count (*) as n from things", "");
  g_assert_true (db_send (db, &error));
  g_assert_cmpint (trips_of (&proxy), ==, 1);
  g_assert_cmpint (db_rows_int (one, 0, "n"), ==, 2);
  g_assert_true (db_commit (db, &error));
  close_with_proxy (&proxy, db);
}

static void
ask_too_early (void)
{
  g_autoptr (Db) db = database_open ();
  DbRows *rows;

  g_assert_true (db_begin (db, NULL));
  rows = db_queue_rows (db, NULL, "select 1 as n", "");
  (void)db_rows_count (rows);
}

/* What a failed trip has not brought is not there, and the connection goes on. */
static void
test_queued_rows_of_a_failed_trip (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  if (g_test_subprocess ()) {
    ask_too_early ();
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();

  make_things (db);
  g_assert_true (db_begin (db, &error));
  add (db, 1);
  db_rows_free (db_queue_rows (db, &error, "select 1 / 0 as n", ""));
  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_STATEMENT);
  assert_still_works (db, 0);
}

static void
test_asynchronous_is_for_one_transaction (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (DbRows) within = NULL, after = NULL;

  database_run (db, "set synchronous_commit = on");
  g_assert_true (db_begin_asynchronous (db, NULL));
  within = db_query_last (db, NULL, "select current_setting ('synchronous_commit') as it", "");
  g_assert_true (db_commit (db, NULL));
  after = db_query (db, NULL, "select current_setting ('synchronous_commit') as it", "");
  g_assert_cmpstr (db_rows_text (within, 0, "it"), ==, "off");
  g_assert_cmpstr (db_rows_text (after, 0, "it"), ==, "on");
}

static void
test_queued_parameters_are_copied (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (DbRows) rows = NULL;
  char text[] = "short";
  const guint8 raw[] = { 0, 1, 0xff };
  GBytes *bytes = g_bytes_new (raw, sizeof raw), *none = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) back = NULL, back_empty = NULL;

  database_run (db, "create temporary table copied (text text, missing text, bytes bytea, "
                    "empty bytea, null_bytes bytea, n bigint)");
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_queue (db, NULL, "insert into copied values ($1, $2, $3, $4, $5, $6)", "ttbbbi",
                           text, NULL, bytes, none, NULL, (gint64)-7));
  memset (text, '!', sizeof text - 1);
  g_bytes_unref (bytes);
  g_bytes_unref (none);
  rows = db_query_last (db, NULL, "select * from copied", "");
  g_assert_true (db_commit (db, NULL));
  g_assert_cmpstr (db_rows_text (rows, 0, "text"), ==, "short");
  g_assert_true (db_rows_is_null (rows, 0, "missing"));
  back = db_rows_bytes (rows, 0, "bytes");
  g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), raw, sizeof raw);
  back_empty = db_rows_bytes (rows, 0, "empty");
  g_assert_cmpuint (g_bytes_get_size (back_empty), ==, 0);
  g_assert_true (db_rows_is_null (rows, 0, "null_bytes"));
  g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, -7);
}

/* Through the server's Unix socket, whose buffers stay small. */
static Db *
open_through_unix_socket (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (db, &error,
                                      "select current_setting ('unix_socket_directories') as "
                                      "folder, current_setting ('port') as port",
                                      "");
  g_autofree char *url = NULL;
  Db *near;

  g_assert_no_error (error);
  url = g_strdup_printf ("host=%s port=%s user=dependents dbname=dependents",
                         db_rows_text (rows, 0, "folder"), db_rows_text (rows, 0, "port"));
  near = db_open (url, &error);
  g_assert_no_error (error);
  return near;
}

/* Far more than the buffers between both sides hold, in both directions at once. */
static void
test_large_trips_do_not_block (void)
{
  g_autoptr (Db) db = open_through_unix_socket ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (1 << 20, 'x');
  g_autofree char *larger = g_strnfill (8 << 20, 'y');
  g_autoptr (DbRows) rows = NULL;

  database_run (db, "create temporary table counted (n bigint)");
  g_assert_true (db_begin (db, NULL));
  for (guint i = 0; i < 15; i++) {
    /* Its rows are sent back, though nobody wants them. */
    g_assert_true (db_queue (db, &error, "select $1::text, $1::text, $1::text", "t", text));
    g_assert_true (db_queue (db, &error, "insert into counted values (length ($1))", "t", text));
  }
  for (guint i = 0; i < 1000; i++)
    g_assert_true (
        db_queue (db, &error, "insert into counted values ($1)", "i", G_GINT64_CONSTANT (1)));
  rows = db_query_last (
      db, &error, "select length ($1) as length, sum (n) as n, count (*) as rows from counted", "t",
      larger);
  g_assert_no_error (error);
  g_assert_true (db_commit (db, &error));
  g_assert_cmpint (db_rows_int (rows, 0, "length"), ==, 8 << 20);
  g_assert_cmpint (db_rows_int (rows, 0, "n"), ==, (15 << 20) + 1000);
  g_assert_cmpint (db_rows_int (rows, 0, "rows"), ==, 1015);
}

static void
test_prepared_anew_on_a_new_connection (void)
{
  g_autoptr (Db) db = database_open ();

  make_things (db);
  transaction_of_two (db, 1);
  g_assert_true (db_begin (db, NULL));
  add (db, 99); /* forgotten with the connection */
  g_assert_true (db_reset (db, NULL));
  transaction_of_two (db, 2);
  g_assert_cmpint (count_things (db), ==, 2);
  g_assert_cmpint (database_number (db, "select count (*) as n from pg_prepared_statements "
                                        "where statement like '%things%'"),
                   ==, 4); /* this one, too */
}

/* --- a statement fails --- */

static void
test_queued_statement_fails (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  make_things (db);
  database_run (db, "drop sequence if exists steps; create sequence steps");
  for (guint i = 0; i < 2; i++) { /* also when all is prepared */
    g_clear_error (&error);
    g_assert_true (db_begin (db, NULL));
    add (db, 1);
    g_assert_true (db_queue (db, NULL, ADD, "it", (gint64)2, "far too long for it"));
    g_assert_null (db_query_last (db, &error, "select nextval ('steps')", ""));
    g_assert_error (error, DB_ERROR, DB_ERROR_CHECK);
    g_assert_nonnull (strstr (error->message, "text_is_short"));
    assert_commit_fails (db, DB_ERROR_STATEMENT);
    assert_still_works (db, 0);
  }
  g_clear_error (&error);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_queue (db, NULL, ADD, "it", (gint64)2, "far too long for it"));
  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_CHECK);
  assert_still_works (db, 0);

  g_clear_error (&error);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_queue (db, NULL, ADD, "it", (gint64)2, "far too long for it"));
  g_assert_false (db_execute (db, NULL, &error, "select nextval ('steps')", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_CHECK);
  assert_still_works (db, 0);
  /* What stood behind the failure was not run. */
  g_assert_cmpint (database_number (db, "select nextval ('steps') as n"), ==, 1);
}

static void
test_last_statement_fails (void)
{
  g_autoptr (Db) db = database_open ();

  make_things (db);
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  assert_last_fails (db, DB_ERROR_CHECK, "insert into things values (2, 'far too long for it')");
  assert_commit_fails (db, DB_ERROR_STATEMENT);
  assert_still_works (db, 0);

  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  assert_last_fails (db, DB_ERROR_STATEMENT, "select 1 / 0");
  assert_still_works (db, 0);
}

static void
test_failed_prepare_is_not_remembered (void)
{
  g_autoptr (Db) db = database_open ();

  database_run (db, "drop table if exists things, later");
  for (guint i = 0; i < 2; i++) {
    g_assert_true (db_begin (db, NULL));
    assert_last_fails (db, DB_ERROR_STATEMENT, "select count (*) as n from later");
    db_rollback (db);
  }
  /* Nor is one that was not reached. */
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  assert_last_fails (db, DB_ERROR_STATEMENT, "select 1 as never_reached");
  db_rollback (db);

  make_things (db);
  database_run (db, "create table later ()");
  transaction_of_two (db, 1);
  g_assert_cmpint (database_number (db, "select count (*) as n from later"), ==, 0);
  g_assert_true (db_execute (db, NULL, NULL, "select 1 as never_reached", ""));
  database_run (db, "drop table later");
}

static void
test_commit_itself_fails (void)
{
  g_autoptr (Db) db = database_open ();
  g_autoptr (GError) error = NULL;

  make_things (db);
  for (guint i = 0; i < 2; i++) {
    g_assert_true (db_begin (db, NULL));
    add (db, 1);
    add (db, 1);
    assert_last_fails (db, DB_ERROR_UNIQUE, "select 1");
    assert_commit_fails (db, DB_ERROR_STATEMENT);
    assert_still_works (db, 0);
  }
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  add (db, 1);
  g_assert_false (db_commit (db, &error));
  g_assert_error (error, DB_ERROR, DB_ERROR_UNIQUE);
  assert_commit_fails (db, DB_ERROR_STATEMENT);
  assert_still_works (db, 0);
}

/* Locks row @first, and when the other one has done so too, both of them. */
typedef struct {
  gint *waiting;
  gint64 first, second;
  GError *error;
} Rival;

static gpointer
lock_both (gpointer data)
{
  Rival *rival = data;
  g_autoptr (Db) db = database_open ();
  g_autoptr (DbRows) rows = NULL;
  static const char lock[] = "update things set text = null where n = $1";

  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, lock, "i", rival->first));
  g_atomic_int_add (rival->waiting, -1);
  while (g_atomic_int_get (rival->waiting) > 0)
    g_thread_yield ();
  g_assert_true (db_queue (db, NULL, lock, "i", rival->second));
  rows = db_query_last (db, &rival->error, "select 1", "");
  db_rollback (db);
  return NULL;
}

static void
test_deadlock_in_the_last_trip (void)
{
  g_autoptr (Db) db = database_open ();
  gint waiting = 2;
  Rival rivals[] = { { &waiting, 1, 2, NULL }, { &waiting, 2, 1, NULL } };
  GThread *threads[2];
  GError *error;

  make_things (db);
  database_run (db, "insert into things values (1), (2)");
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("rival", lock_both, &rivals[i]);
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_assert_true ((rivals[0].error == NULL) != (rivals[1].error == NULL));
  error = rivals[0].error ? rivals[0].error : rivals[1].error;
  g_assert_error (error, DB_ERROR, DB_ERROR_CONFLICT);
  g_error_free (error);
}

/* --- the connection is lost --- */

#define SUICIDE "select pg_terminate_backend (pg_backend_pid ())"

static void
assert_lost (Db *db, const GError *error, DbError code)
{
  g_assert_error (error, DB_ERROR, (int)code);
  g_assert_true (db_is_broken (db));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_lost_before_the_last_trip (void)
{
  g_autoptr (Db) killer = database_open (), db = database_open ();
  g_autoptr (GError) error = NULL;

  make_things (killer);
  g_assert_true (db_begin (db, NULL));
  g_assert_true (db_execute (db, NULL, NULL, ADD, "it", (gint64)1, "x"));
  database_kill (killer, db);
  add (db, 2);
  g_assert_null (db_query_last (db, &error, "select 1", ""));
  assert_lost (db, error, DB_ERROR_COMMIT_UNKNOWN);
  assert_commit_fails (db, DB_ERROR_COMMIT_UNKNOWN); /* still */
  db_rollback (db);
  g_assert_true (db_reset (db, NULL));
  assert_still_works (db, 0);
}

static void
test_lost_in_a_trip (void)
{
  g_autoptr (Db) db = database_open (), other = database_open ();
  g_autoptr (GError) away = NULL, unknown = NULL, again = NULL, never = NULL;

  make_things (other);
  g_assert_true (db_begin (db, NULL)); /* without COMMIT */
  add (db, 1);
  g_assert_false (db_execute (db, NULL, &away, SUICIDE, ""));
  assert_lost (db, away, DB_ERROR_AWAY);
  assert_commit_fails (db, DB_ERROR_AWAY);
  db_rollback (db);
  g_assert_false (db_begin (db, &never));
  g_assert_error (never, DB_ERROR, DB_ERROR_AWAY);

  g_assert_true (db_reset (db, NULL)); /* with it */
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  g_assert_null (db_query_last (db, &unknown, SUICIDE, ""));
  assert_lost (db, unknown, DB_ERROR_COMMIT_UNKNOWN);
  db_rollback (db);

  g_assert_true (db_reset (db, NULL));
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  g_assert_true (db_queue (db, NULL, SUICIDE, ""));
  g_assert_false (db_commit (db, &again));
  assert_lost (db, again, DB_ERROR_COMMIT_UNKNOWN);
  g_assert_cmpint (count_things (other), ==, 0);
}

static void
test_lost_after_the_last_trip (void)
{
  g_autoptr (Db) db = database_open (), killer = database_open ();
  g_autofree char *kill = NULL;
  g_autoptr (DbRows) rows = NULL;
  g_autoptr (GError) error = NULL;

  make_things (killer);
  kill = g_strdup_printf ("select pg_terminate_backend (%d)",
                          (int)database_number (db, "select pg_backend_pid () as n"));
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  rows = db_query_last (db, NULL, "select 1", "");
  g_assert_nonnull (rows);
  database_run (killer, kill);
  g_assert_true (db_commit (db, &error)); /* it was, whatever has come since */
  g_assert_no_error (error);
  g_assert_cmpint (count_things (killer), ==, 1);
}

static void
lose_connection_at_commit (Cut cut, gboolean with_last_statement, gint64 expected_things)
{
  g_autoptr (Db) direct = database_open ();
  g_autoptr (GError) error = NULL;
  Proxy proxy = { 0 };
  Db *db = open_through_proxy (&proxy, direct, cut);

  make_things (direct);
  g_assert_true (db_begin (db, NULL));
  if (with_last_statement) {
    add (db, 1);
    g_assert_null (db_query_last (db, &error, "select 1", ""));
  } else {
    g_assert_true (db_execute (db, NULL, NULL, ADD, "it", (gint64)1, "x"));
    g_assert_false (db_commit (db, &error));
  }
  assert_lost (db, error, DB_ERROR_COMMIT_UNKNOWN);
  close_with_proxy (&proxy, db);
  g_assert_cmpint (count_things (direct), ==, expected_things);
}

static void
test_answer_of_commit_is_lost (void)
{
  lose_connection_at_commit (CUT_ANSWER_OF_COMMIT, FALSE, 1);
  lose_connection_at_commit (CUT_ANSWER_OF_COMMIT, TRUE, 1);
}

static void
test_commit_itself_is_lost (void)
{
  lose_connection_at_commit (CUT_COMMIT, FALSE, 0);
  lose_connection_at_commit (CUT_COMMIT, TRUE, 0);
}

/* From now on an answer that does not come within half a second is none. */
static void
lose_patience (Db *db)
{
  database_configure ("2000", "30000", "100");
  g_assert_true (db_set_timeouts (db, 100, 100, NULL));
}

/* A server that takes what it is sent and says nothing is given up, and not believed. */
static void
test_silent_server (void)
{
  g_autoptr (Db) direct = database_open ();
  g_autoptr (GError) error = NULL;
  Proxy proxy = { 0 };
  Db *db = open_through_proxy (&proxy, direct, SILENT_AT_COMMIT);

  make_things (direct);
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  lose_patience (db);
  assert_last_fails (db, DB_ERROR_COMMIT_UNKNOWN, "select 1 as n");
  g_assert_true (db_is_broken (db));
  assert_commit_fails (db, DB_ERROR_COMMIT_UNKNOWN);
  db_rollback (db);
  close_with_proxy (&proxy, db);
  g_assert_cmpint (count_things (direct), ==, 0);

  /* What carries no COMMIT has not happened. Its text is for the proxy alone. */
  db = open_through_proxy (&proxy, direct, SILENT_AT_COMMIT);
  lose_patience (db);
  g_assert_null (db_query (db, &error, "commit", ""));
  g_assert_error (error, DB_ERROR, DB_ERROR_AWAY);
  g_assert_true (db_is_broken (db));
  close_with_proxy (&proxy, db);
  database_configure ("2000", "30000", "30000");
}

static void
test_pool_takes_back_what_is_open (void)
{
  DbPool *pool = db_pool_new (g_getenv ("DATABASE_URL"), 1);
  Db *db = db_pool_take (pool, NULL);

  make_things (db);
  g_assert_true (db_begin (db, NULL));
  add (db, 1);
  db_pool_give (pool, db);
  db = db_pool_take (pool, NULL);
  g_assert_cmpint (count_things (db), ==, 0);
  transaction_of_two (db, 2);
  db_pool_give (pool, db);
  db_pool_free (pool);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/db/trip/queued-rows", test_queued_rows);
  g_test_add_func ("/db/trip/queued-rows/failed", test_queued_rows_of_a_failed_trip);
  g_test_add_func ("/db/trip/a-transaction-is-one", test_trips);
  g_test_add_func ("/db/trip/asynchronous-is-for-one-transaction",
                   test_asynchronous_is_for_one_transaction);
  g_test_add_func ("/db/trip/queued-parameters-are-copied", test_queued_parameters_are_copied);
  g_test_add_func ("/db/trip/large-ones-do-not-block", test_large_trips_do_not_block);
  g_test_add_func ("/db/trip/prepared-anew-on-a-new-connection",
                   test_prepared_anew_on_a_new_connection);
  g_test_add_func ("/db/trip/queued-statement-fails", test_queued_statement_fails);
  g_test_add_func ("/db/trip/last-statement-fails", test_last_statement_fails);
  g_test_add_func ("/db/trip/failed-prepare-is-not-remembered",
                   test_failed_prepare_is_not_remembered);
  g_test_add_func ("/db/trip/commit-itself-fails", test_commit_itself_fails);
  g_test_add_func ("/db/trip/deadlock-in-the-last-one-is-a-conflict",
                   test_deadlock_in_the_last_trip);
  g_test_add_func ("/db/trip/lost-before-the-last-one-is-unknown", test_lost_before_the_last_trip);
  g_test_add_func ("/db/trip/lost-in-one", test_lost_in_a_trip);
  g_test_add_func ("/db/trip/lost-after-the-last-one-is-committed", test_lost_after_the_last_trip);
  g_test_add_func ("/db/trip/answer-of-commit-is-lost", test_answer_of_commit_is_lost);
  g_test_add_func ("/db/trip/commit-itself-is-lost", test_commit_itself_is_lost);
  g_test_add_func ("/db/trip/silent-server-is-given-up", test_silent_server);
  g_test_add_func ("/db/trip/pool-takes-back-what-is-open", test_pool_takes_back_what_is_open);
  return g_test_run ();
}
