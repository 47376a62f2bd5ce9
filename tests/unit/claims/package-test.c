/* Packages and their attempts, as rows. needs: postgres */
#include "claims/package.h"

#include "support/database.h"
#include "support/stored-claims.h"

#define FORM "686C-674-V2"
#define ONE  "00000000-0000-4000-8000-000000000001"
#define TWO  "00000000-0000-4000-8000-000000000002"

static ClaimGroup *
new_group (Db *db)
{
  static int number = 0;
  g_autoptr (Sealer) sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
  g_autofree char *participant_id = g_strdup_printf ("60000%d", ++number);

  database_run (db,
                "delete from lighthouse_submission_attempts; delete from lighthouse_submissions");
  return stored_claims_group (db, sealer, participant_id, 1);
}

static guint
number_of (Db *db, const ClaimGroup *group)
{
  g_autoptr (GError) error = NULL;
  guint number = 0;

  package_number (db, group->guid, &number, &error);
  g_assert_no_error (error);
  return number;
}

static void
begin (Db *db, const ClaimGroup *group, guint number, const char *uuid)
{
  g_autoptr (GError) error = NULL;

  package_attempt_begin (db, group->guid, number, FORM, uuid, &error);
  g_assert_no_error (error);
}

static void
end (Db *db, const ClaimGroup *group, guint number, const char *status, const char *error_class)
{
  g_autoptr (GError) error = NULL;

  package_attempt_end (db, group->guid, number, FORM, status, error_class, "text", &error);
  g_assert_no_error (error);
}

static gboolean
accept (Db *db, const ClaimGroup *group, guint number, const char *uuid)
{
  const PackageSent sent = { uuid, 2, 13, 3600000 };
  g_autoptr (GError) error = NULL;
  gboolean is_new = package_accepted (db, group->guid, number, &sent, &error);

  g_assert_no_error (error);
  return is_new;
}

/* All attempts as "package.attempt status class", and what each package shows. */
static void
assert_rows (Db *db, const char *attempts, const char *packages)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows =
      db_query (db, &error,
                "select (select string_agg (package_no || '.' || attempt_no || ' ' || status || "
                "coalesce (' ' || error_class, '') || coalesce (' ' || right "
                "(a.benefits_intake_uuid, 1), ''), "
                "', ' order by package_no, attempt_no) from lighthouse_submission_attempts a "
                "join lighthouse_submissions s on s.id = lighthouse_submission_id) as attempts, "
                "(select string_agg (package_no || ' ' || latest_status, ', ' order by package_no) "
                "from lighthouse_submissions) as packages",
                "");

  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (rows, 0, "attempts"), ==, attempts);
  g_assert_cmpstr (db_rows_text (rows, 0, "packages"), ==, packages);
}

static void
test_sent_at_once (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db);

  g_assert_cmpuint (number_of (db, group), ==, 1);
  begin (db, group, 1, ONE);
  begin (db, group, 1, ONE); /* a redelivery finds the location */
  assert_rows (db, "1.1 pending 1", "1 pending");
  g_assert_true (accept (db, group, 1, ONE));
  g_assert_false (accept (db, group, 1, ONE));
  assert_rows (db, "1.1 sent 1", "1 sent");
  g_assert_cmpuint (number_of (db, group), ==, 2);
}

/* A try without a location is an attempt too; an answer that is lost belongs to its own. */
static void
test_fails_on_the_way (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db);

  end (db, group, 1, "failure", "intake-away");
  begin (db, group, 1, ONE);
  end (db, group, 1, "unknown", "unknown-outcome");
  assert_rows (db, "1.1 failure intake-away, 1.2 unknown unknown-outcome 1", "1 unknown");
  g_assert_cmpuint (number_of (db, group), ==, 1);
  end (db, group, 1, "failure", "intake-location");
  begin (db, group, 1, TWO);
  assert_rows (db, "1.1 failure intake-away, 1.2 failure intake-location 1, 1.3 pending 2",
               "1 pending");
  g_assert_false (accept (db, group, 1, ONE)); /* not what the package is sent by */
  g_assert_true (accept (db, group, 1, TWO));
  assert_rows (db, "1.1 failure intake-away, 1.2 failure intake-location 1, 1.3 sent 2", "1 sent");
}

/* Waited for in vain: a PUT of unknown outcome stays unknown, where none was out it has failed. */
static void
test_waited_in_vain (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db);

  end (db, group, 1, "failure", "outage-max-wait");
  assert_rows (db, "1.1 failure outage-max-wait", "1 failure");
  begin (db, group, 1, ONE);
  end (db, group, 1, "unknown", "unknown-outcome");
  end (db, group, 1, "failure", "outage-max-wait");
  assert_rows (db, "1.1 failure outage-max-wait, 1.2 unknown outage-max-wait 1", "1 unknown");
}

static void
test_second_package (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db);

  begin (db, group, 1, ONE);
  g_assert_true (accept (db, group, 1, ONE));
  begin (db, group, number_of (db, group), TWO);
  assert_rows (db, "1.1 sent 1, 2.1 pending 2", "1 sent, 2 pending");
}

/* By whose step its location was made, and not by that of another one whose number begins alike. */
static void
test_of_papers (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db);
  g_autofree char *steps =
      g_strdup_printf ("insert into step_journal (scope, step, ordinal, token, state) values "
                       "('%s', 'create-location/1-1', 1, 1, 'started'), "
                       "('%s/papers', 'create-location/12-1', 1, 2, 'started')",
                       group->guid, group->guid);

  begin (db, group, 1, ONE);
  begin (db, group, 12, TWO);
  database_run (db, steps);
  g_assert_cmpint (database_number (db, "select s.package_no as n from lighthouse_submissions s "
                                        "join packages_of_papers o on o.id = s.id"),
                   ==, 12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/package/sent-at-once", test_sent_at_once);
  g_test_add_func ("/claims/package/fails-on-the-way", test_fails_on_the_way);
  g_test_add_func ("/claims/package/waited-in-vain", test_waited_in_vain);
  g_test_add_func ("/claims/package/second-package", test_second_package);
  g_test_add_func ("/claims/package/of-papers", test_of_papers);
  return g_test_run ();
}
