/* Every pair of states is tried against the tables of states, written down here once
 * more. needs: postgres */
#include "claims/states.h"
#include "claims/group-facts.h"

#include "support/database.h"
#include "support/stored-claims.h"

static const char *const group_states[] = { "pending", "accepted",   "success",
                                            "failure", "processing", "failed" };
static const char *const child_states[] = { "pending", "submitted", "dead", "stopped", "held" };

/* Rows from, columns to, in the order above. */
static const char *const groups_may[] = {
  /* pending    */ "-a----",
  /* accepted   */ "--sf--",
  /* success    */ "------",
  /* failure    */ "-a--pF",
  /* processing */ "--sf-F",
  /* failed     */ "------",
};
/* "submitted" is claim_group_child_submitted()'s alone. */
static const char *const children_may[] = {
  /* pending   */ "--dsh",
  /* submitted */ "-----",
  /* dead      */ "p----",
  /* stopped   */ "p----",
  /* held      */ "p-ds-",
};

typedef struct {
  Db *db;
  Sealer *sealer;
  ClaimGroup *group;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  fixture->db = database_open_migrated ();
  fixture->sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
  fixture->group = stored_claims_group (fixture->db, fixture->sealer, "600001", 1);
}

static void
tear_down (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  claim_group_free (fixture->group);
  sealer_free (fixture->sealer);
  db_close (fixture->db);
}

static void
put (Db *db, const char *assignment, gint64 claim_id)
{
  g_autofree char *sql =
      g_strdup_printf ("update saved_claim_groups set %s where saved_claim_id = %" G_GINT64_FORMAT,
                       assignment, claim_id);

  database_run (db, sql);
}

static void
put_state (Db *db, const char *state, gint64 claim_id)
{
  g_autofree char *assignment = g_strdup_printf ("status = '%s'", state);

  put (db, assignment, claim_id);
}

static void
assert_state (Db *db, gint64 claim_id, const char *state)
{
  g_autoptr (DbRows) rows = db_query (
      db, NULL, "select status from saved_claim_groups where saved_claim_id = $1", "i", claim_id);

  g_assert_cmpstr (db_rows_text (rows, 0, "status"), ==, state);
}

/* "submitted" needs its benefit claim; one of its own for each claim. */
static void
give_benefit_claims (Db *db)
{
  database_run (db, "update saved_claim_groups set bgs_claim_id = 'B' || saved_claim_id "
                    "where saved_claim_id <> parent_claim_id");
}

static void
test_groups (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  gint64 own = fixture->group->parent_claim_id;

  give_benefit_claims (fixture->db);
  for (guint i = 0; i < fixture->group->children->len; i++)
    put_state (fixture->db, "submitted", stored_claims_child (fixture->group, i));

  for (guint from = 0; from < G_N_ELEMENTS (group_states); from++)
    for (guint to = 0; to < G_N_ELEMENTS (group_states); to++) {
      g_autoptr (GError) error = NULL;
      g_autofree char *old = NULL;
      gboolean may = groups_may[from][to] != '-';

      put_state (fixture->db, group_states[from], own);
      g_test_message ("%s to %s", group_states[from], group_states[to]);
      g_assert_cmpint (claim_states_change_group (fixture->db, fixture->group->guid,
                                                  group_states[to], &old, &error),
                       ==, may);
      assert_state (fixture->db, own, group_states[may ? to : from]);
      g_assert_cmpstr (old, ==, may ? group_states[from] : NULL);
      if (!may)
        g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
    }
}

static void
test_children (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  gint64 child = stored_claims_child (fixture->group, 1);

  give_benefit_claims (fixture->db);
  for (guint from = 0; from < G_N_ELEMENTS (child_states); from++)
    for (guint to = 0; to < G_N_ELEMENTS (child_states); to++) {
      g_autoptr (GError) error = NULL;
      g_autofree char *old = NULL;
      gboolean may = children_may[from][to] != '-';

      put_state (fixture->db, child_states[from], child);
      g_test_message ("%s to %s", child_states[from], child_states[to]);
      g_assert_cmpint (
          claim_states_change_child (fixture->db, child, child_states[to], &old, &error), ==, may);
      assert_state (fixture->db, child, child_states[may ? to : from]);
      g_assert_cmpstr (old, ==, may ? child_states[from] : NULL);
      if (!may)
        g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
    }
  assert_state (fixture->db, stored_claims_child (fixture->group, 0), "pending");
}

static void
test_success_needs_all_children (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;
  const char *guid = fixture->group->guid;

  give_benefit_claims (fixture->db);
  put_state (fixture->db, "submitted", stored_claims_child (fixture->group, 0));
  g_assert_false (claim_states_change_group (fixture->db, guid, "success", &from, &error));
  g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
  g_assert_null (from);
  assert_state (fixture->db, fixture->group->parent_claim_id, "accepted");

  put_state (fixture->db, "submitted", stored_claims_child (fixture->group, 1));
  g_assert_true (claim_states_change_group (fixture->db, guid, "success", &from, NULL));
  g_assert_cmpstr (from, ==, "accepted");
}

/* By paper, a group succeeds whatever has become of its children at BGS. */
static void
test_success_by_paper (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *from = NULL;

  put_state (fixture->db, "dead", stored_claims_child (fixture->group, 0));
  put_state (fixture->db, "processing", fixture->group->parent_claim_id);
  g_assert_true (
      claim_states_change_group (fixture->db, fixture->group->guid, "success", &from, NULL));
}

static void
test_redrive (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL, *never = NULL;
  g_autoptr (ClaimGroup) group = NULL;
  const char *guid = fixture->group->guid;
  gint64 own = fixture->group->parent_claim_id;

  put_state (fixture->db, "failure", own);
  g_assert_true (claim_states_change_group (fixture->db, guid, "accepted", &from, NULL));
  group = claim_group_load (fixture->db, NULL, guid, NULL);
  g_assert_cmpuint (group->replay, ==, fixture->group->replay + 1);

  put_state (fixture->db, "failure", own);
  put (fixture->db, "backup_begun_at = clock_timestamp ()", own);
  g_assert_false (claim_states_change_group (fixture->db, guid, "accepted", &never, &error));
  g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
  assert_state (fixture->db, own, "failure");
}

static void
test_unknown (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) no_group = NULL, no_child = NULL, not_a_child = NULL;
  g_autofree char *from = NULL;

  g_assert_false (claim_states_change_group (fixture->db, "00000000-0000-4000-8000-000000000000",
                                             "accepted", &from, &no_group));
  g_assert_error (no_group, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
  g_assert_false (claim_states_change_child (fixture->db, 987654321, "dead", &from, &no_child));
  g_assert_error (no_child, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
  g_assert_false (claim_states_change_child (fixture->db, fixture->group->parent_claim_id, "dead",
                                             &from, &not_a_child));
  g_assert_error (not_a_child, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
}

typedef struct {
  gint64 claim_id;
  const char *to;
} Change;

static gpointer
change_in_thread (gpointer data)
{
  const Change *change = data;
  g_autoptr (Db) db = database_open ();
  g_autofree char *from = NULL;
  GError *error = NULL;

  if (db_begin (db, &error) &&
      claim_states_change_child (db, change->claim_id, change->to, &from, &error))
    db_commit (db, &error);
  else
    db_rollback (db);
  return error;
}

/* Whoever has to wait for the lock sees what the first one has made of the child. */
static void
test_only_one_changes (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  for (guint round = 0; round < 20; round++) {
    Change changes[] = { { stored_claims_child (fixture->group, 0), "dead" },
                         { stored_claims_child (fixture->group, 0), "held" } };
    GThread *threads[2];
    guint failures = 0;

    put_state (fixture->db, "pending", changes[0].claim_id);
    for (guint i = 0; i < 2; i++)
      threads[i] = g_thread_new ("change", change_in_thread, &changes[i]);
    for (guint i = 0; i < 2; i++) {
      g_autoptr (GError) error = g_thread_join (threads[i]);
      if (error) {
        /* held to dead is allowed, dead to held is not. */
        g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
        g_assert_cmpuint (i, ==, 1);
        failures++;
      }
    }
    g_assert_cmpuint (failures, <=, 1);
    assert_state (fixture->db, changes[0].claim_id, "dead");
  }
}

static void
test_reasons (void)
{
  const StateTransition *const tables[] = { claim_states_of_groups (),
                                            claim_states_of_children () };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const StateTransition *row = tables[i]; row->from; row++)
      g_assert_cmpuint (strlen (row->when), >, 10);
  g_assert_true (claim_states_allow (claim_states_of_children (), "pending", "submitted"));
  g_assert_true (claim_states_allow (claim_states_of_children (), "held", "submitted"));
  g_assert_false (claim_states_allow (claim_states_of_children (), "dead", "submitted"));
  g_assert_false (claim_states_allow (claim_states_of_children (), "stopped", "submitted"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/claims/states/groups-change-as-the-table-says", test_groups);
  ADD ("/claims/states/children-change-as-the-table-says", test_children);
  ADD ("/claims/states/success-needs-all-children", test_success_needs_all_children);
  ADD ("/claims/states/success-by-paper-does-not", test_success_by_paper);
  ADD ("/claims/states/redrive-counts-and-ends-with-the-backup", test_redrive);
  ADD ("/claims/states/unknown-is-not-found", test_unknown);
  ADD ("/claims/states/second-change-sees-the-first", test_only_one_changes);
  g_test_add_func ("/claims/states/every-row-has-a-reason", test_reasons);
  return g_test_run ();
}
