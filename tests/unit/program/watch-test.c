/* What follows from a place, the broker's answer and the database's; and what the database says of
 * a claim. needs: postgres */
#include "program/watch.h"

#include "program/claim-record.h"
#include "program/outbox.sql.h"
#include "program/watch.sql.h"
#include "support/database.h"

#define GROUP    "11111111-1111-4111-8111-111111111111"
#define VETERAN  "22222222-2222-4222-8222-222222222222"
#define INSTANCE "33333333-3333-4333-8333-333333333333"

/* --- The decision --- */

static const WatchFacts open_claim = { .offset = 50, .is_open = TRUE };
/* Its record lies there, unread. */
static const WatchLog whole_log = { .low = 10, .high = 100, .committed = 50 };

static void
check (const WatchFacts *facts, const WatchLog *log, WatchVerdict verdict, const char *why)
{
  const char *found = "";

  g_assert_cmpint (watch_judge (facts, log, &found), ==, verdict);
  g_assert_cmpstr (found, ==, why);
}

static void
test_moves_while_it_lies_there (void)
{
  WatchLog log = whole_log;

  check (&open_claim, &log, WATCH_MOVING, NULL);
  log.committed = -1; /* a group that has not begun */
  check (&open_claim, &log, WATCH_MOVING, NULL);
  log.at = WATCH_AT_SAME;
  check (&open_claim, &log, WATCH_MOVING, NULL);
  log.low = 50;
  log.high = 51;
  check (&open_claim, &log, WATCH_MOVING, NULL);
}

static void
test_lost (void)
{
  WatchLog log = whole_log;

  log.committed = 51;
  check (&open_claim, &log, WATCH_LOST, "passed");
  log = whole_log;
  log.low = 51;
  check (&open_claim, &log, WATCH_LOST, "before-the-log");
  log = whole_log;
  log.low = 0;
  log.high = 50;
  log.committed = 0;
  check (&open_claim, &log, WATCH_LOST, "beyond-the-log");
  log = whole_log;
  log.at = WATCH_AT_ANOTHER;
  check (&open_claim, &log, WATCH_LOST, "another-record");
  log = (WatchLog){ .low = 0, .high = 0, .committed = -1 }; /* made again, and empty */
  check (&open_claim, &log, WATCH_LOST, "beyond-the-log");
}

/* Each of these alone, with a log that has lost everything. */
static void
test_nothing_is_missed (void)
{
  const WatchLog empty = { .low = 100, .high = 100, .committed = 100 };
  WatchFacts facts[5];

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    facts[i] = open_claim;
  facts[0].is_open = FALSE;
  facts[1].is_held = TRUE;
  facts[2].is_in_outbox = TRUE;
  facts[3].is_in_hand = TRUE;
  facts[4].is_young = TRUE;
  check (&open_claim, &empty, WATCH_LOST, "passed");
  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    check (&facts[i], &empty, WATCH_MOVING, NULL);
}

static void
test_nobody_knows (void)
{
  WatchFacts facts = open_claim;
  WatchLog log = { .is_missing = TRUE, .low = 0, .high = 0, .committed = 100 };

  check (&facts, &log, WATCH_UNKNOWN, NULL); /* to a topic that is not there nothing can be sent */
  log = (WatchLog){ .low = -1, .high = -1, .committed = 100 };
  check (&facts, &log, WATCH_UNKNOWN, NULL);
  facts.offset = -1;
  check (&facts, &whole_log, WATCH_UNKNOWN, NULL);
}

/* --- What the database says --- */

/* A group of claim 1 with the children 2 and 3, set up; a process that lives. */
static Db *
open_with_group (void)
{
  Db *db = database_open_migrated ();

  database_run (
      db,
      "truncate record_places, outbox, runs, instances, deliveries, step_journal, holds, "
      "saved_claim_groups, saved_claims, veterans cascade;"
      "insert into veterans (id, lookup) values ('" VETERAN "', 'x');"
      "insert into saved_claims (id, guid, form_id, form_ciphertext, encrypted_kms_key) select i, "
      "gen_random_uuid (), case i when 1 then '686C-674' when 2 then '21-686C' else '21-674' end, "
      "'', '' from generate_series (1, 3) as i;"
      "insert into saved_claim_groups (id, claim_group_guid, parent_claim_id, saved_claim_id, "
      "status, veteran_id, submitted_at, submission_day, proc_id) select i, '" GROUP
      "', 1, i, case i when 1 then 'accepted' else 'pending' end, '" VETERAN "', "
      "case i when 1 then clock_timestamp () end, case i when 1 then current_date end, 'p' from "
      "generate_series (1, 3) as i;"
      "insert into instances (id, program) values ('" INSTANCE "', 'form-686c');"
      "insert into record_places (scope, topic, partition, record_offset, replay, made_at, "
      "written_at) values ('" GROUP "', 't.claims.submitted', 1, 5, 0, now (), now () - interval "
      "'1 hour'), ('2', 't.claims.686c', 1, 7, 0, now (), now () - interval '1 hour')");
  return db;
}

static gboolean
says (Db *db, const char *scope, const char *what)
{
  g_autofree char *query = g_strdup_printf (
      "select (%s)::integer as n from watched_places where scope = '%s'", what, scope);

  return database_number (db, query) == 1;
}

static void
test_open_and_over (void)
{
  g_autoptr (Db) db = open_with_group ();

  g_assert_true (says (db, "2", "is_open and not is_over"));
  g_assert_true (says (db, GROUP, "is_over and not is_open")); /* it is set up */
  database_run (db, "update saved_claim_groups set proc_id = null");
  g_assert_true (says (db, GROUP, "is_open and not is_over"));
  g_assert_false (says (db, "2", "is_open"));
  database_run (db, "update saved_claim_groups set proc_id = 'p', replay = 1");
  g_assert_false (says (db, "2", "is_open")); /* of an older replay */
  database_run (db, "update saved_claim_groups set replay = 0; "
                    "update saved_claim_groups set status = 'submitted', "
                    "bgs_claim_id = '9' where id = 2");
  g_assert_true (says (db, "2", "is_over and not is_open"));
  database_run (db, "update saved_claim_groups set closer = 2 where id = 1");
  g_assert_true (says (db, "2", "is_open and not is_over")); /* it still has to close */
  database_run (db, "update saved_claim_groups set status = 'failure' where id = 1");
  g_assert_true (says (db, "2", "is_over and not is_open"));
}

/* The record of a group that has failed is backup's, wherever it was before; those of its claims
 * are over. Once the package is accepted, rows are followed and no record. */
static void
test_failed_group (void)
{
  g_autoptr (Db) db = open_with_group ();
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimRecord) record = NULL;

  database_run (db, "update record_places set topic = 't.claims.dead-letter' where scope = '" GROUP
                    "'; update saved_claim_groups set status = 'failure' where id = 1");
  g_assert_true (says (db, GROUP, "is_open and not is_over"));
  g_assert_true (says (db, "2", "is_over and not is_open"));
  record = claim_record_find (db, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (claim_record_topic (record), ==, "claims.dead-letter");
  database_run (db, "update saved_claim_groups set replay = 1 where id = 1");
  g_assert_false (says (db, GROUP, "is_open"));
  database_run (db, "update saved_claim_groups set replay = 0, status = 'processing' where id = 1");
  g_assert_true (says (db, GROUP, "is_over and not is_open"));
}

/* A later replay's record of a group that is set up has its children to hand on. */
static void
test_open_again (void)
{
  g_autoptr (Db) db = open_with_group ();

  database_run (db, "update record_places set replay = 1 where topic = 't.claims.submitted'");
  g_assert_true (says (db, GROUP, "is_open and not is_over"));
  database_run (db, "update record_places set replay = 1;"
                    "insert into outbox (instance_id, id, topic, headers, scope) values "
                    "(gen_random_uuid (), 1, 't.claims.674', '', '3')");
  g_assert_false (says (db, GROUP, "is_open"));
}

static void
test_held_and_in_hand (void)
{
  g_autoptr (Db) db = open_with_group ();

  g_assert_true (says (db, "2", "not is_held and not is_in_outbox and not is_in_hand"));
  database_run (db, "insert into holds (claim_group_id, claim_id, reason) values (1, 2, 'x')");
  g_assert_true (says (db, "2", "is_held"));
  database_run (db,
                "update holds set resolved_at = now ();"
                "insert into deliveries (consumer, topic, partition, instance_id, "
                "open_offsets) values ('form-686c', 't.claims.686c', 1, '" INSTANCE "', '{6,7}')");
  g_assert_true (says (db, "2", "is_in_hand and not is_held"));
  database_run (db, "update deliveries set open_offsets = '{6,8}'");
  g_assert_false (says (db, "2", "is_in_hand"));
  database_run (db, "insert into runs (scope, instance_id, token) values ('2', '" INSTANCE
                    "', 4); insert into step_journal (scope, step, ordinal, token, state) values "
                    "('2', 's', 1, 4, 'started')");
  g_assert_true (says (db, "2", "is_in_hand")); /* a call may still be out */
  database_run (db, "update instances set heartbeat_at = now () - interval '2 minutes'");
  g_assert_false (says (db, "2", "is_in_hand"));
}

/* Whatever its papers wait for a person for; a person who is asked about its other work holds none
 * of them up. */
static void
test_held_papers (void)
{
  g_autoptr (Db) db = open_with_group ();

  database_run (
      db, "insert into claims_evidence_api_submissions (claim_group_id, saved_claim_id, paper_no, "
          "form_id, document_type_id, content_name) values (1, 2, 1, '21-686C', 148, 'a.pdf');"
          "insert into record_places (scope, topic, partition, record_offset, replay, made_at) "
          "values ('" GROUP "/papers', 't.claims.evidence', 1, 9, 0, now ())");
  g_assert_true (says (db, GROUP "/papers", "is_open and not is_held"));
  database_run (
      db, "insert into holds (claim_group_id, claim_id, reason) values (1, 1, 'digest-differs')");
  g_assert_true (says (db, GROUP "/papers", "not is_held"));
  g_assert_true (says (db, GROUP, "is_held"));
  database_run (db, "update holds set of_papers = true");
  g_assert_true (says (db, GROUP "/papers", "is_held"));
  database_run (db, "update holds set resolved_at = now ()");
  g_assert_true (says (db, GROUP "/papers", "is_open and not is_held"));
}

static void
test_forgotten_when_over (void)
{
  g_autoptr (Db) db = open_with_group ();
  g_autoptr (GError) error = NULL;
  guint count = 0;

  g_assert_true (db_execute (db, &count, &error, SQL_WATCH_FORGET, "i", G_GINT64_CONSTANT (60000)));
  g_assert_cmpuint (count, ==, 1);
  g_assert_cmpint (
      database_number (db, "select count (*) as n from record_places where scope = '2'"), ==, 1);
}

/* --- Where a record lies is noted by the statement that deletes its row --- */

static void
report (Db *db, gint64 id, gint64 offset)
{
  g_autoptr (DbColumns) told = db_columns_new ("tiiii");
  g_autoptr (GError) error = NULL;

  db_columns_add (told, INSTANCE, id, G_GINT64_CONSTANT (1), offset, G_GINT64_CONSTANT (0));
  db_execute (db, NULL, &error, SQL_OUTBOX_DELETE_AND_NOTE, "C", told);
  g_assert_no_error (error);
}

static gint64
offset_noted (Db *db)
{
  return database_number (
      db, "select coalesce (record_offset, -1) as n from record_places where scope = '2'");
}

static void
test_newest_record_counts (void)
{
  g_autoptr (Db) db = open_with_group ();

  database_run (
      db,
      "insert into outbox (instance_id, id, topic, headers, scope, created_at) select '" INSTANCE
      "', i, 't.x', '', case when i < 4 then '2' end, now () + i * interval '1 second' "
      "from generate_series (1, 4) as i;"
      "update record_places set missed_at = now ()");
  report (db, 2, 12);
  g_assert_cmpint (offset_noted (db), ==, 12);
  g_assert_cmpint (
      database_number (
          db, "select count (*) as n from record_places where scope = '2' and missed_at is null"),
      ==, 1);
  report (db, 1, 11); /* an earlier one whose report comes late */
  g_assert_cmpint (offset_noted (db), ==, 12);
  report (db, 3, -1);
  g_assert_cmpint (offset_noted (db), ==, -1);
  report (db, 4, 99); /* nobody's */
  g_assert_cmpint (database_number (db, "select count (*) as n from record_places"), ==, 2);
  g_assert_cmpint (database_number (db, "select count (*) as n from outbox"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/watch/moves-while-it-lies-there", test_moves_while_it_lies_there);
  g_test_add_func ("/program/watch/lost", test_lost);
  g_test_add_func ("/program/watch/nothing-is-missed", test_nothing_is_missed);
  g_test_add_func ("/program/watch/nobody-knows", test_nobody_knows);
  g_test_add_func ("/program/watch/open-and-over", test_open_and_over);
  g_test_add_func ("/program/watch/failed-group", test_failed_group);
  g_test_add_func ("/program/watch/open-again-by-a-later-replay", test_open_again);
  g_test_add_func ("/program/watch/held-and-in-hand", test_held_and_in_hand);
  g_test_add_func ("/program/watch/held-papers", test_held_papers);
  g_test_add_func ("/program/watch/forgotten-when-over", test_forgotten_when_over);
  g_test_add_func ("/program/watch/newest-record-counts", test_newest_record_counts);
  return g_test_run ();
}
