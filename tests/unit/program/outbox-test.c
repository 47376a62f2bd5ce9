/* The outbox with a broker inside its own producer (librdkafka's mock cluster): what is refused,
 * what is left by a dead process, what was committed without an answer. needs: postgres */
#include "program/outbox.h"

#include <librdkafka/rdkafka_mock.h>

#include "base/metrics.h"
#include "base/text.h"
#include "support/database.h"

#define WAIT_S      30
#define API_PRODUCE 0

typedef struct {
  Settings *settings;
  Db *db;
  char *instance_id;
  Lease *relay;
  Outbox *outbox;
  gint refusals_told; /* atomic */
} Fixture;

#define UNTIL(condition)                                                                           \
  do {                                                                                             \
    gint64 until_us = g_get_monotonic_time () + WAIT_S * G_USEC_PER_SEC;                           \
    while (!(condition)) {                                                                         \
      if (g_get_monotonic_time () > until_us)                                                      \
        g_error ("%s: waited in vain for " #condition, G_STRLOC);                                  \
      g_thread_yield (); /* what is waited for is in the database: nobody tells us */              \
    }                                                                                              \
  } while (0)

static Settings *
read_settings (void)
{
  static const Setting *const tables[] = { kafka_settings, db_settings, NULL };
  g_autofree char *database = g_strconcat ("--database-url=", g_getenv ("DATABASE_URL"), NULL);
  const char *given[] = { "outbox-test", database, "--broker-admin=no",
                          "--kafka.test.mock.num.brokers=1", NULL };
  char **argv = (char **)given;
  int argc = G_N_ELEMENTS (given) - 1;
  g_autoptr (GError) error = NULL;
  Settings *settings = settings_parse ("outbox-test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  return settings;
}

/* Its event is a row of its own. */
static gboolean
count_refusal (Db *db, const OutboxRow *row, const char *text, GPtrArray **ret_rows, gpointer data,
               GError **error)
{
  Fixture *fixture = data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);

  g_assert_nonnull (text);
  g_assert_cmpstr (row->topic, ==, "refusing");
  g_atomic_int_inc (&fixture->refusals_told);
  g_ptr_array_add (rows,
                   outbox_row_new (g_strdup ("events"), -1, NULL, NULL, kafka_headers_new ()));
  if (!outbox_insert (db, fixture->instance_id, rows, error))
    return FALSE;
  *ret_rows = g_steal_pointer (&rows);
  return TRUE;
}

static void
start_process (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  OutboxOptions options = { .database_url = g_getenv ("DATABASE_URL"),
                            .instance_timeout_ms = 30000,
                            .refused = count_refusal,
                            .data = fixture };

  g_free (fixture->instance_id);
  options.instance_id = fixture->instance_id = text_new_uuid ();
  lease_free (fixture->relay);
  options.relay = fixture->relay = lease_new ("relay", fixture->instance_id);
  fixture->outbox = outbox_new (fixture->settings, &options, &error);
  g_assert_no_error (error);
}

/* Whoever was it is gone. */
static void
become_relay (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  database_run (fixture->db, "delete from leases");
  lease_keep (fixture->relay, fixture->db, &error);
  g_assert_no_error (error);
  g_assert_true (lease_is_held (fixture->relay));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void)data;
  fixture->settings = read_settings ();
  fixture->db = database_open_migrated ();
  database_run (fixture->db, "delete from outbox; delete from instances");
  start_process (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void)data;
  outbox_free (fixture->outbox);
  lease_free (fixture->relay);
  db_close (fixture->db);
  settings_free (fixture->settings);
  g_free (fixture->instance_id);
}

/* In the transaction that is open. */
static GPtrArray *
insert_rows (Db *db, const char *instance_id, const char *topic, gint32 partition, guint count)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (outbox_row_free);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (rows, outbox_row_new (g_strdup (topic), partition, g_bytes_new ("k", 1),
                                           g_bytes_new ("v", 1), kafka_headers_new ()));
  outbox_insert (db, instance_id, rows, &error);
  g_assert_no_error (error);
  return rows;
}

/* Inserted and committed; not yet published. */
static GPtrArray *
make_rows (Db *db, const char *instance_id, const char *topic, gint32 partition, guint count)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *rows;

  db_begin (db, &error);
  g_assert_no_error (error);
  rows = insert_rows (db, instance_id, topic, partition, count);
  db_commit (db, &error);
  g_assert_no_error (error);
  return rows;
}

static gint64
rows_of (Fixture *fixture, const char *condition)
{
  g_autofree char *sql = g_strconcat ("select count(*) as n from outbox where ", condition, NULL);

  return database_number (fixture->db, sql);
}

static void
leave_dead_row (Db *db)
{
  g_autofree char *dead = text_new_uuid ();
  g_autoptr (GPtrArray) rows = make_rows (db, dead, "relayed", -1, 1);
}

static rd_kafka_mock_cluster_t *
broker (Fixture *fixture)
{
  return rd_kafka_handle_mock_cluster (outbox_kafka_handle (fixture->outbox));
}

/* --- Numbers --- */

static void
test_numbers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) some = make_rows (fixture->db, fixture->instance_id, "t", -1, 3);
  g_autoptr (GPtrArray) more = make_rows (fixture->db, fixture->instance_id, "t", -1, 1);
  gint64 first = ((OutboxRow *)g_ptr_array_index (some, 0))->id;
  g_autofree char *there =
      g_strdup_printf ("id between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, first, first + 3);

  (void)data;
  g_assert_cmpint (first, >, 0);
  g_assert_cmpint (((OutboxRow *)g_ptr_array_index (more, 0))->id, ==, first + 3);
  g_assert_cmpint (rows_of (fixture, there), ==, 4);
  outbox_publish (fixture->outbox, some);
  outbox_publish (fixture->outbox, more);
  g_assert_cmpuint (some->len, ==, 0);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
  g_assert_cmpint (rows_of (fixture, "true"), ==, 0);
}

/* A stranger holds one row: the others are deleted, it is told, and it goes when it is free. */
static void
test_a_row_is_held (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = make_rows (fixture->db, fixture->instance_id, "t", -1, 3);
  g_autoptr (GPtrArray) later = NULL;
  g_autoptr (Db) stranger = database_open ();
  g_autoptr (GError) error = NULL;
  g_autofree char *its_id =
      g_strdup_printf ("id = %" G_GINT64_FORMAT, ((OutboxRow *)g_ptr_array_index (rows, 1))->id);
  g_autofree char *hold = g_strconcat ("update outbox set headers = headers where ", its_id, NULL);
  double told = metrics_value (METRIC_ROW_HELD, NULL);

  (void)data;
  g_assert_true (db_begin (stranger, &error));
  database_run (stranger, hold);
  outbox_publish (fixture->outbox, rows);
  UNTIL (rows_of (fixture, "true") == 1);
  g_assert_cmpint (rows_of (fixture, its_id), ==, 1);
  later = make_rows (fixture->db, fixture->instance_id, "t", -1, 5);
  outbox_publish (fixture->outbox, later);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000)); /* nor does a shutdown wait */
  g_assert_cmpint (rows_of (fixture, "true"), ==, 1);
  g_assert_cmpfloat (metrics_value (METRIC_ROW_HELD, NULL), >, told);
  db_rollback (stranger);
  UNTIL (rows_of (fixture, "true") == 0);
}

/* Two processes give the same numbers. */
static void
test_numbers_of_two (Fixture *fixture, gconstpointer data)
{
  (void)data;
  leave_dead_row (fixture->db);
  leave_dead_row (fixture->db);
  database_run (fixture->db, "update outbox set id = 7");
  become_relay (fixture);
  UNTIL (rows_of (fixture, "true") == 0);
}

/* --- Others' transactions --- */

static void
test_idle_transactions (Fixture *fixture, gconstpointer data)
{
  g_autofree char *url = g_strdup (g_getenv ("DATABASE_URL"));
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) here = database_open ();
  g_autoptr (Db) elsewhere = NULL;

  (void)data;
  database_run (fixture->db, "drop database if exists elsewhere");
  database_run (fixture->db, "create database elsewhere");
  {
    /* The same server, its other database. */
    char *name = strrchr (url, '/');
    char *query = name ? strchr (name, '?') : NULL;
    g_autofree char *options = g_strdup (query ? query : "");
    g_autofree char *other = NULL;

    g_assert_nonnull (name);
    *name = '\0';
    other = g_strconcat (url, "/elsewhere", options, NULL);
    elsewhere = db_open (other, &error);
    g_assert_no_error (error);
  }
  database_run (elsewhere, "set idle_in_transaction_session_timeout = 0");
  database_run (here, "set idle_in_transaction_session_timeout = 0");
  db_begin (elsewhere, &error);
  g_assert_no_error (error);
  database_run (elsewhere, "create table mark (n integer)");
  db_begin (here, &error);
  g_assert_no_error (error);
  database_run (here, "create table mark (n integer)");

  leave_dead_row (fixture->db);
  become_relay (fixture);
  UNTIL (rows_of (fixture, "true") == 0);
  db_rollback (here);
  db_rollback (elsewhere);
  g_clear_pointer (&elsewhere, db_close);
  database_run (fixture->db, "drop database elsewhere");
}

/* A row of a dead process whose transaction ends late is found by a later look. */
static void
test_late_commit (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dead = text_new_uuid ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) late = database_open ();
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  (void)data;
  db_begin (late, &error);
  first = insert_rows (late, dead, "relayed", -1, 1);
  g_assert_cmpint (database_number (late, "select count(*) as n from outbox"), ==,
                   1); /* it is there now */
  second = make_rows (fixture->db, dead, "relayed", -1, 1);
  become_relay (fixture);
  UNTIL (rows_of (fixture, "true") == 0);
  db_commit (late, &error);
  g_assert_no_error (error);
  UNTIL (rows_of (fixture, "true") == 0);
}

static void
test_living_are_left_alone (Fixture *fixture, gconstpointer data)
{
  g_autofree char *living = text_new_uuid ();
  g_autofree char *sql =
      g_strdup_printf ("insert into instances (id, program) values ('%s', 'x')", living);
  g_autoptr (GPtrArray) rows = NULL;

  (void)data;
  database_run (fixture->db, sql);
  rows = make_rows (fixture->db, living, "relayed", -1, 1);
  leave_dead_row (fixture->db);
  become_relay (fixture);
  UNTIL (rows_of (fixture, "true") == 1);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
  g_assert_cmpint (rows_of (fixture, "true"), ==, 1);
  database_run (fixture->db, "update instances set ended_at = clock_timestamp ()");
  UNTIL (rows_of (fixture, "true") == 0);
}

static void
test_commit_without_an_answer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = make_rows (fixture->db, fixture->instance_id, "t", -1, 3);

  (void)data;
  outbox_sweep_soon (fixture->outbox);
  UNTIL (rows_of (fixture, "true") == 0);
  /* Whoever committed them may come later all the same. */
  outbox_publish (fixture->outbox, rows);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
}

static void
test_old_rows_are_gauged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *living = text_new_uuid ();
  g_autofree char *sql =
      g_strdup_printf ("insert into instances (id, program) values ('%s', 'x')", living);
  g_autoptr (GPtrArray) rows = NULL;

  (void)data;
  database_run (fixture->db, sql);
  rows = make_rows (fixture->db, living, "t", -1, 1);
  database_run (fixture->db,
                "update outbox set created_at = clock_timestamp () - interval '3 minutes'");
  become_relay (fixture);
  UNTIL (metrics_value (METRIC_OUTBOX_OLDEST, NULL) >= 180);
  lease_give (fixture->relay, fixture->db);
  UNTIL (metrics_value (METRIC_OUTBOX_OLDEST, NULL) == 0);
}

/* --- Refusals --- */

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) fine = NULL;
  g_autoptr (GPtrArray) bad = NULL;

  (void)data;
  become_relay (fixture);
  bad = make_rows (fixture->db, fixture->instance_id, "refusing", 99, 1);
  fine = make_rows (fixture->db, fixture->instance_id, "t", -1, 2);
  outbox_publish (fixture->outbox, bad);
  outbox_publish (fixture->outbox, fine);
  /* Nobody waits for it. */
  UNTIL (rows_of (fixture, "refused_at is not null") == 1);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
  g_assert_cmpuint (outbox_waiting (fixture->outbox), ==, 0);
  g_assert_cmpint (rows_of (fixture, "true"), ==, 1);
  UNTIL (metrics_value (METRIC_OUTBOX_REFUSED, NULL) == 1);
  /* It is tried again, and told once. */
  UNTIL (rows_of (fixture, "refusals >= 2") == 1);
  g_assert_cmpint (g_atomic_int_get (&fixture->refusals_told), ==, 1);
  g_assert_cmpint (rows_of (fixture, "again_at > clock_timestamp () + interval '1 second'"), ==, 1);

  /* Another process goes on where this one ended. */
  outbox_free (fixture->outbox);
  start_process (fixture);
  database_run (
      fixture->db,
      "update outbox set again_at = clock_timestamp () - interval '1 second', refusals = 20");
  become_relay (fixture);
  UNTIL (rows_of (fixture, "refusals = 21") == 1);
  g_assert_cmpint (rows_of (fixture,
                            "again_at between clock_timestamp () + interval '4 minutes' and "
                            "clock_timestamp () + interval '5 minutes'"),
                   ==, 1);
  g_assert_cmpint (g_atomic_int_get (&fixture->refusals_told), ==, 1);

  /* Its topic takes it after all. */
  database_run (
      fixture->db,
      "update outbox set again_at = clock_timestamp () - interval '1 second', partition = 0");
  UNTIL (rows_of (fixture, "true") == 0);
}

/* A batch is refused as a whole: its records go alone then, and none has been refused itself. */
static void
test_refused_batch (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) first = make_rows (fixture->db, fixture->instance_id, "t", 0, 1);
  g_autoptr (GPtrArray) rows = NULL;

  (void)data;
  outbox_publish (fixture->outbox, first); /* the topic is known after that */
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
  rows = make_rows (fixture->db, fixture->instance_id, "t", 0, 20);
  rd_kafka_mock_push_request_errors (broker (fixture), API_PRODUCE, 1,
                                     RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  outbox_publish (fixture->outbox, rows);
  g_assert_true (outbox_flush (fixture->outbox, WAIT_S * 1000));
  g_assert_cmpint (rows_of (fixture, "true"), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&fixture->refusals_told), ==, 0);
}

/* --- Topics --- */

static void
test_topics_are_learned (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "known", "missing", NULL };
  g_autoptr (GError) error = NULL;

  (void)data;
  rd_kafka_mock_topic_create (broker (fixture), "known", 7, 1);
  g_assert_cmpint (outbox_partitions (fixture->outbox, "known"), ==, 0);
  outbox_learn_topics (fixture->outbox, names, WAIT_S * 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpint (outbox_partitions (fixture->outbox, "known"), ==, 7);
  g_assert_cmpint (outbox_partitions (fixture->outbox, "missing"), ==, 0);
  g_assert_cmpuint (outbox_record_limit (fixture->outbox, "known"), ==,
                    0); /* this broker does not say */
}

#define ADD(name, function)                                                                        \
  g_test_add ("/program/outbox/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("numbers-are-the-process's-own", test_numbers);
  ADD ("two-processes-may-give-the-same-number", test_numbers_of_two);
  ADD ("a-held-row-keeps-no-other-waiting", test_a_row_is_held);
  ADD ("an-idle-transaction-holds-up-no-row", test_idle_transactions);
  ADD ("a-late-commit-of-a-dead-process-is-found", test_late_commit);
  ADD ("rows-of-the-living-are-left-alone", test_living_are_left_alone);
  ADD ("a-commit-without-an-answer-is-swept", test_commit_without_an_answer);
  ADD ("old-rows-are-gauged", test_old_rows_are_gauged);
  ADD ("a-refused-row-is-told-once-and-tried-with-growing-pauses", test_refused);
  ADD ("of-a-refused-batch-each-record-goes-alone", test_refused_batch);
  ADD ("topics-are-learned", test_topics_are_learned);
  return g_test_run ();
}
