/* The purge goes by its index, takes all that is too old and nothing else, and rests between
 * batches. needs: postgres */
#include "program/purge.h"

#include <string.h>

#include "program/purge.sql.h"
#include "support/database.h"

typedef struct {
  guint rests;
  guint stop_after;
} Rests;

static gboolean
rest (gint64 worked_ms, gpointer data)
{
  Rests *rests = data;

  g_assert_cmpint (worked_ms, >=, 0);
  return ++rests->rests != rests->stop_after;
}

static void
empty (Db *db)
{
  database_run (db, "truncate inbox, idempotency_keys, runs, instances, outbox");
}

static void
fill_inbox (Db *db)
{
  database_run (db,
                "insert into inbox (consumer, message_id, hop, replay, verdict, handled_at) "
                "select 'c', 'old' || i, 0, 0, 'DONE', clock_timestamp () - interval '30 days' "
                "- i * interval '1 second' from generate_series (1, 250) as i;"
                "insert into inbox (consumer, message_id, hop, replay, verdict, handled_at) "
                "select 'c', 'young' || i, 0, 0, 'DONE', clock_timestamp () - interval '29 days' "
                "from generate_series (1, 7) as i");
}

static void
purge (Db *db, gboolean (*how) (Db *, const PurgeOptions *, GError **), Rests *rests)
{
  const PurgeOptions options = { .inbox_days = 30, .batch = 100, .rest = rest, .data = rests };
  g_autoptr (GError) error = NULL;

  how (db, &options, &error);
  g_assert_no_error (error);
}

static void
test_all_that_is_too_old (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  Rests rests = { 0 };

  empty (db);
  g_assert_true (purge_prepare (db, NULL));
  fill_inbox (db);
  database_run (db,
                "insert into idempotency_keys (key_hmac, body_hmac, claim_group_guid, answer, "
                "created_at) select 'k' || i, '', gen_random_uuid (), '', clock_timestamp () - i "
                "* interval '7 hours' from generate_series (1, 8) as i");
  purge (db, purge_by_age, &rests);
  g_assert_cmpint (database_number (db, "select count (*) as n from inbox"), ==, 7);
  g_assert_cmpint (
      database_number (db, "select count (*) as n from inbox where message_id like 'young%'"), ==,
      7);
  g_assert_cmpint (database_number (db, "select count (*) as n from idempotency_keys"), ==, 3);
  g_assert_cmpuint (rests.rests, ==, 2); /* 100, 100, 50; the keys are one short batch */
}

/* Rows of one moment, of a settlement of many, are no reason to stop. */
static void
test_many_of_one_moment (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  Rests rests = { 0 };

  empty (db);
  fill_inbox (db);
  database_run (db, "update inbox set handled_at = timestamptz '2020-01-01'");
  purge (db, purge_by_age, &rests);
  g_assert_cmpint (database_number (db, "select count (*) as n from inbox"), ==, 0);
}

static void
test_ends_when_told (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  Rests rests = { .stop_after = 1 };

  empty (db);
  fill_inbox (db);
  purge (db, purge_by_age, &rests);
  g_assert_cmpint (database_number (db, "select count (*) as n from inbox"), ==, 157);
}

static void
test_walk (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  Rests rests = { 0 };

  empty (db);
  database_run (db,
                "insert into runs (scope, instance_id, token, taken_at) "
                "select i::text, gen_random_uuid (), i, clock_timestamp () - "
                "case when i % 3 = 0 then interval '29 days' else interval '31 days' end "
                "from generate_series (1, 300) as i;"
                "insert into instances (id, program, heartbeat_at) values "
                "('00000000-0000-0000-0000-000000000001', 'gone', clock_timestamp () - interval "
                "'8 days'), "
                "('00000000-0000-0000-0000-000000000002', 'gone, with a row', clock_timestamp () "
                "- interval '8 days'), "
                "('00000000-0000-0000-0000-000000000003', 'not long ago', clock_timestamp () - "
                "interval '6 days');"
                "insert into outbox (id, instance_id, topic, headers) values "
                "(1, '00000000-0000-0000-0000-000000000002', 't', '')");
  purge (db, purge_by_walk, &rests);
  g_assert_cmpint (database_number (db, "select count (*) as n from runs"), ==, 100);
  g_assert_cmpint (database_number (db, "select count (*) as n from runs where taken_at < "
                                        "clock_timestamp () - interval '30 days'"),
                   ==, 0);
  g_assert_cmpint (
      database_number (db, "select count (*) as n from instances where program = 'gone'"), ==, 0);
  g_assert_cmpint (database_number (db, "select count (*) as n from instances"), ==, 2);
  empty (db);
}

static char *
plan_of (Db *db, const char *sql, const char *from)
{
  g_autofree char *explain = g_strconcat ("explain ", sql, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (db, &error, explain, "iti", (gint64)30, from, (gint64)5000);
  GString *plan = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < db_rows_count (rows); i++)
    g_string_append_printf (plan, "%s\n", db_rows_text (rows, i, "QUERY PLAN"));
  return g_string_free (plan, FALSE);
}

/* A condition of the index, not a filter of what it gives: that would read all that is young. */
static void
check_plan (Db *db, const char *sql, const char *from, const char *index)
{
  g_autofree char *plan = plan_of (db, sql, from);

  if (!strstr (plan, index) || strstr (plan, "Seq Scan"))
    g_error ("not by %s:\n%s", index, plan);
}

/* With other plans allowed than our sessions like: those of a server that has been told nothing. */
static void
test_goes_by_its_index (void)
{
  g_autoptr (Db) db = database_open_migrated ();

  empty (db);
  database_run (db, "insert into inbox (consumer, message_id, hop, replay, verdict) "
                    "select 'c', 'm' || i, 0, 0, 'DONE' from generate_series (1, 20000) as i;"
                    "analyze inbox; set enable_seqscan = on");
  check_plan (db, SQL_PURGE_INBOX, "-infinity", "using inbox_by_age on inbox");
  check_plan (db, SQL_PURGE_INBOX, "-infinity",
              "Index Cond: ((handled_at < (statement_timestamp()");
  database_run (db, "set enable_seqscan = off");
  check_plan (db, SQL_PURGE_IDEMPOTENCY_KEYS, "-infinity",
              "Index Cond: ((created_at < (statement_timestamp()");
  check_plan (db, SQL_PURGE_RUNS, "", "runs_pkey");
  check_plan (db, SQL_PURGE_INSTANCES, "00000000-0000-0000-0000-000000000000", "instances_pkey");
  empty (db);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/purge/all-that-is-too-old", test_all_that_is_too_old);
  g_test_add_func ("/program/purge/many-of-one-moment", test_many_of_one_moment);
  g_test_add_func ("/program/purge/ends-when-told", test_ends_when_told);
  g_test_add_func ("/program/purge/walk", test_walk);
  g_test_add_func ("/program/purge/goes-by-its-index", test_goes_by_its_index);
  return g_test_run ();
}
