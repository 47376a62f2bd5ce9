/* What is stored comes back, sealed and bound to its place; one row a Veteran, one closer a group.
 * needs: postgres */
#include "claims/claim-group.h"
#include "claims/group-facts.h"

#include <string.h>

#include "claims/states.h"
#include "support/database.h"
#include "support/stored-claims.h"

#define NOWHERE "00000000-0000-4000-8000-000000000000"

typedef struct {
  Db *db;
  Sealer *sealer;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  fixture->db = database_open_migrated ();
  fixture->sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
}

static void
tear_down (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  sealer_free (fixture->sealer);
  db_close (fixture->db);
}

static void
run_with_id (Db *db, const char *sql, gint64 id)
{
  g_autoptr (GError) error = NULL;

  db_execute (db, NULL, &error, sql, "i", id);
  g_assert_no_error (error);
}

/* --- store and load --- */

static void
test_comes_back (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) user_data = stored_claims_user_data ("600100", "796-11-1111");
  g_autoptr (ClaimGroup) stored = NULL, loaded = NULL, without = NULL;
  gint64 before;

  /* 2026-11-22T05:30:00.123Z is still the 21st in Chicago. */
  stored = stored_claims_try (fixture->db, fixture->sealer, user_data, 8, 1795325400123, &error);
  g_assert_no_error (error);
  loaded = claim_group_load (fixture->db, fixture->sealer, stored->guid, &error);
  g_assert_no_error (error);

  g_assert_cmpstr (loaded->guid, ==, stored->guid);
  g_assert_cmpint (loaded->row_id, ==, stored->row_id);
  g_assert_cmpint (loaded->parent_claim_id, ==, stored->parent_claim_id);
  g_assert_cmpstr (loaded->veteran_id, ==, stored->veteran_id);
  g_assert_cmpstr (loaded->state, ==, "pending");
  g_assert_cmpstr (stored->state, ==, "pending");
  g_assert_null (loaded->proc_id);
  g_assert_null (loaded->review_reasons);
  g_assert_cmpint (loaded->submitted_at_ms, ==, 1795325400123);
  g_assert_cmpstr (loaded->submission_day, ==, "2026-11-21");
  g_assert_cmpstr (stored->submission_day, ==, "2026-11-21");
  g_assert_cmpuint (loaded->replay, ==, 0);
  g_assert_cmpint (loaded->closer, ==, 0);
  g_assert_false (claim_group_is_settled (loaded));
  g_assert_true (json_equal (loaded->user_data, user_data));

  g_assert_cmpuint (loaded->children->len, ==, 9);
  before = loaded->parent_claim_id;
  for (guint i = 0; i < loaded->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (loaded->children, i);
    g_autoptr (json_t) form =
        claim_load_form (fixture->db, fixture->sealer, child->claim_id, &error);
    g_assert_no_error (error);
    g_assert_cmpint (json_integer_value (json_object_get (form, "which")), ==, i);
    g_assert_cmpstr (child->form_type, ==, i ? "21-674" : "21-686C");
    g_assert_cmpstr (child->state, ==, "pending");
    g_assert_null (child->bgs_claim_id);
    g_assert_cmpint (child->claim_id, >, before);
    g_assert_cmpint (child->claim_id, ==, stored_claims_child (stored, i));
    g_assert_true (claim_group_child (loaded, child->claim_id) == child);
    before = child->claim_id;
  }
  g_assert_null (claim_group_child (loaded, loaded->parent_claim_id));
  {
    g_autoptr (json_t) form =
        claim_load_form (fixture->db, fixture->sealer, loaded->parent_claim_id, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (json_string_value (json_object_get (form, "which")), ==, "parent");
  }

  without = claim_group_load (fixture->db, NULL, stored->guid, &error);
  g_assert_no_error (error);
  g_assert_null (without->user_data);
}

/* Row locks go in ascending id, the group's own row before its children's. */
static void
test_row_ids_ascend (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600101", 4);

  g_assert_cmpint (database_number (fixture->db,
                                    "select count (*) as n from saved_claim_groups own "
                                    "join saved_claim_groups child using (parent_claim_id) "
                                    "where own.saved_claim_id = own.parent_claim_id "
                                    "and child.saved_claim_id <> child.parent_claim_id "
                                    "and (child.id <= own.id)"),
                   ==, 0);
  g_assert_cmpint (group->row_id, >, 0);
}

static void
test_amounts_keep_their_digits (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) user_data = stored_claims_user_data ("600102", NULL);
  g_autoptr (json_t) parent = json_loads ("{\"a\":1.1,\"b\":123456789.01,\"c\":\"0.10\"}", 0, NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  NewClaimGroup given = { parent, none, user_data, 0, NULL };
  g_autoptr (ClaimGroup) group = claim_group_store (fixture->db, fixture->sealer, &given, &error);
  g_autoptr (json_t) form = NULL;

  g_assert_no_error (error);
  form = claim_load_form (fixture->db, fixture->sealer, group->parent_claim_id, &error);
  g_assert_no_error (error);
  g_assert_true (json_equal (form, parent));
}

static void
test_not_there (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  const char *const guids[] = { NOWHERE, "no guid at all", "" };
  g_autoptr (GError) no_claim = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (guids); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (claim_group_load (fixture->db, NULL, guids[i], &error));
    g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
  }
  g_assert_null (claim_load_form (fixture->db, fixture->sealer, 987654321, &no_claim));
  g_assert_error (no_claim, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
}

/* --- sealed --- */

static char *
dump_data (void)
{
  const char *command[] = { "pg_dump", "--data-only", g_getenv ("DATABASE_URL"), NULL };
  g_autoptr (GError) error = NULL;
  char *dump = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, &dump, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return dump;
}

/* In any column of any table, as text or as the hex form of bytes. */
static gboolean
dump_has (const char *dump, const char *word)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (const char *c = word; *c; c++)
    g_string_append_printf (hex, "%02x", (guint8)*c);
  return strstr (dump, word) || strstr (dump, hex->str);
}

static void
test_nothing_personal_is_readable (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) user_data = json_pack ("{s:{s:s,s:s}}", "veteran_information", "ssn",
                                            "796-33-7731", "email", "canaryMail");
  g_autoptr (json_t) parent = json_pack ("{s:s}", "name", "canaryParent");
  g_autoptr (GPtrArray) children =
      g_ptr_array_new_with_free_func ((GDestroyNotify)claim_child_form_free);
  ClaimChildForm *child = g_new0 (ClaimChildForm, 1);
  NewClaimGroup given = { parent, children, user_data, 0, NULL };
  g_autoptr (ClaimGroup) group = NULL;
  g_autofree char *dump = NULL;

  child->form_type = "21-686C";
  child->form = json_pack ("{s:s}", "name", "canaryChild");
  g_ptr_array_add (children, child);
  group = claim_group_store (fixture->db, fixture->sealer, &given, &error);
  g_assert_no_error (error);

  dump = dump_data ();
  g_assert_true (dump_has (dump, group->guid)); /* the search does find what is there */
  g_assert_false (dump_has (dump, "canaryParent"));
  g_assert_false (dump_has (dump, "canaryChild"));
  g_assert_false (dump_has (dump, "canaryMail"));
  g_assert_false (dump_has (dump, "796-33-7731"));
  g_assert_false (dump_has (dump, "796337731"));
}

static void
test_moved_document_does_not_open (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600103", 1);
  gint64 to = stored_claims_child (group, 0), from = stored_claims_child (group, 1);

  g_assert_true (db_execute (fixture->db, NULL, NULL,
                             "update saved_claims c set form_ciphertext = d.form_ciphertext, "
                             "encrypted_kms_key = d.encrypted_kms_key "
                             "from saved_claims d where c.id = $1 and d.id = $2",
                             "ii", to, from));
  g_assert_null (claim_load_form (fixture->db, fixture->sealer, to, &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
}

static void
test_moved_user_data_does_not_open (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimGroup) to = stored_claims_group (fixture->db, fixture->sealer, "600104", 0);
  g_autoptr (ClaimGroup) from = stored_claims_group (fixture->db, fixture->sealer, "600105", 0);

  g_assert_true (
      db_execute (fixture->db, NULL, NULL,
                  "update saved_claim_groups c set user_data_ciphertext = d.user_data_ciphertext, "
                  "encrypted_kms_key = d.encrypted_kms_key "
                  "from saved_claim_groups d where c.id = $1 and d.id = $2",
                  "ii", to->row_id, from->row_id));
  g_assert_null (claim_group_load (fixture->db, fixture->sealer, to->guid, &error));
  g_assert_error (error, SEAL_ERROR, SEAL_ERROR_DAMAGED);
}

static void
test_document_that_is_no_json (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600106", 0);
  gint64 claim_id = stored_claims_child (group, 0);
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, claim_id);
  g_autoptr (RowKey) key = row_key_new (fixture->sealer);
  g_autoptr (GBytes) sealed =
      row_key_seal (key, "saved_claims", id, "form_ciphertext", "{\"canary");

  g_assert_true (db_execute (fixture->db, NULL, NULL,
                             "update saved_claims set form_ciphertext = $2, encrypted_kms_key = $3 "
                             "where id = $1",
                             "ibt", claim_id, sealed, row_key_wrapped (key)));
  g_assert_null (claim_load_form (fixture->db, fixture->sealer, claim_id, &error));
  g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID);
  g_assert_null (strstr (error->message, "canary"));
}

/* --- the Veteran's row --- */

static char *
veteran_of (Db *db, Sealer *sealer, const char *participant_id, const char *ssn)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) user_data = stored_claims_user_data (participant_id, ssn);
  g_autoptr (ClaimGroup) group = stored_claims_try (db, sealer, user_data, 0, 0, &error);

  g_assert_no_error (error);
  return g_strdup (group->veteran_id);
}

static void
test_one_key_per_veteran (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autofree char *one = veteran_of (fixture->db, fixture->sealer, "600201", "796-22-0001");
  g_autofree char *again = veteran_of (fixture->db, fixture->sealer, " 600201 ", NULL);
  g_autofree char *other = veteran_of (fixture->db, fixture->sealer, "600202", "796-22-0001");
  g_autofree char *by_ssn = veteran_of (fixture->db, fixture->sealer, NULL, "796-22-0003");
  g_autofree char *by_digits = veteran_of (fixture->db, fixture->sealer, "  ", "796220003");
  /* A participant id that reads like an SSN is another Veteran. */
  g_autofree char *same_digits = veteran_of (fixture->db, fixture->sealer, "796220003", NULL);

  g_assert_cmpstr (one, ==, again);
  g_assert_cmpstr (one, !=, other);
  g_assert_cmpstr (by_ssn, ==, by_digits);
  g_assert_cmpstr (by_ssn, !=, one);
  g_assert_cmpstr (by_ssn, !=, same_digits);
}

static void
test_nobody_is_refused (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  const char *const ssns[] = { NULL, "", "796-22-000", "no number" };
  gint64 before = database_number (fixture->db, "select count (*) as n from saved_claims");

  for (guint i = 0; i < G_N_ELEMENTS (ssns); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (json_t) user_data = stored_claims_user_data ("", ssns[i]);
    g_assert_null (stored_claims_try (fixture->db, fixture->sealer, user_data, 0, 0, &error));
    g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID);
    g_assert_null (strstr (error->message, "796"));
  }
  g_assert_cmpint (database_number (fixture->db, "select count (*) as n from saved_claims"), ==,
                   before);
}

static void
test_key_survives_rotation (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (Sealer) both =
      stored_claims_sealer ("h2:" STORED_CLAIMS_KEY_TWO ",h1:" STORED_CLAIMS_KEY_ONE);
  g_autoptr (Sealer) only_new = stored_claims_sealer ("h2:" STORED_CLAIMS_KEY_TWO);
  g_autofree char *before = veteran_of (fixture->db, fixture->sealer, "600210", NULL);
  g_autofree char *during = veteran_of (fixture->db, both, "600210", NULL);
  g_autofree char *after = veteran_of (fixture->db, only_new, "600210", NULL);

  g_assert_cmpstr (before, ==, during);
  g_assert_cmpstr (before, ==, after);
}

typedef struct {
  Sealer *sealer;
  const char *participant_id;
  gint *waiting; /* threads that have not begun; all go on when it is 0 */
  char *veteran_id;
  GError *error;
} FirstClaim;

static gpointer
store_first_claim (gpointer data)
{
  FirstClaim *claim = data;
  g_autoptr (Db) db = database_open ();
  g_autoptr (json_t) user_data = stored_claims_user_data (claim->participant_id, NULL);
  g_autoptr (ClaimGroup) group = NULL;

  g_assert_true (db_begin (db, NULL));
  g_atomic_int_add (claim->waiting, -1);
  while (g_atomic_int_get (claim->waiting) > 0)
    g_thread_yield ();
  group = stored_claims_try (db, claim->sealer, user_data, 1, 0, &claim->error);
  if (group && db_commit (db, &claim->error))
    claim->veteran_id = g_strdup (group->veteran_id);
  return NULL;
}

static void
test_concurrent_first_claims (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  for (guint round = 0; round < 10; round++) {
    g_autofree char *participant_id = g_strdup_printf ("60022%u", round);
    FirstClaim claims[8];
    GThread *threads[G_N_ELEMENTS (claims)];
    gint waiting = G_N_ELEMENTS (claims);

    for (guint i = 0; i < G_N_ELEMENTS (claims); i++) {
      claims[i] = (FirstClaim){ fixture->sealer, participant_id, &waiting, NULL, NULL };
      threads[i] = g_thread_new ("first", store_first_claim, &claims[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS (claims); i++) {
      g_thread_join (threads[i]);
      g_assert_no_error (claims[i].error);
      g_assert_cmpstr (claims[i].veteran_id, ==, claims[0].veteran_id);
    }
    for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
      g_free (claims[i].veteran_id);
  }
}

/* --- facts of the main way --- */

static void
test_proc_is_written_once (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) other = NULL, nowhere = NULL;
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600301", 0);
  g_autoptr (ClaimGroup) loaded = NULL;

  g_assert_true (claim_group_set_proc (fixture->db, group->guid, "3830001", "a\nb", NULL));
  g_assert_true (claim_group_set_proc (fixture->db, group->guid, "3830001", NULL, NULL));
  g_assert_false (claim_group_set_proc (fixture->db, group->guid, "3830002", NULL, &other));
  g_assert_error (other, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
  g_assert_false (claim_group_set_proc (fixture->db, NOWHERE, "3830002", NULL, &nowhere));
  g_assert_error (nowhere, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);

  loaded = claim_group_load (fixture->db, NULL, group->guid, NULL);
  g_assert_cmpstr (loaded->proc_id, ==, "3830001");
  g_assert_cmpstr (loaded->review_reasons, ==, "a\nb");
}

static gboolean
submit (Fixture *fixture, const ClaimGroup *group, guint index, const char *bgs_claim_id)
{
  g_autoptr (GError) error = NULL;
  gboolean is_closer = 99;

  g_assert_true (claim_group_child_submitted (fixture->db, group->guid,
                                              stored_claims_child (group, index), bgs_claim_id,
                                              &is_closer, &error));
  g_assert_no_error (error);
  return is_closer;
}

static void
assert_not_submitted (Fixture *fixture, const char *guid, gint64 claim_id, const char *bgs_claim_id,
                      GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  gboolean is_closer = 99;

  g_assert_false (
      claim_group_child_submitted (fixture->db, guid, claim_id, bgs_claim_id, &is_closer, &error));
  g_assert_error (error, domain, code);
  g_assert_cmpint (is_closer, ==, 99);
}

static void
test_last_child_closes (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600401", 2);
  g_autoptr (ClaimGroup) loaded = NULL;

  g_assert_false (submit (fixture, group, 1, "401-1"));
  g_assert_false (submit (fixture, group, 0, "401-0"));
  g_assert_false (submit (fixture, group, 0, "401-0")); /* again: still another one is open */
  g_assert_true (submit (fixture, group, 2, "401-2"));
  g_assert_true (submit (fixture, group, 2, "401-2")); /* delivered again */
  g_assert_false (submit (fixture, group, 0, "401-0"));
  g_assert_false (submit (fixture, group, 1, "401-1"));

  loaded = claim_group_load (fixture->db, NULL, group->guid, NULL);
  g_assert_cmpint (loaded->closer, ==, stored_claims_child (group, 2));
  for (guint i = 0; i < 3; i++) {
    const ChildClaim *child = g_ptr_array_index (loaded->children, i);
    g_autofree char *expected = g_strdup_printf ("401-%u", i);
    g_assert_cmpstr (child->state, ==, "submitted");
    g_assert_cmpstr (child->bgs_claim_id, ==, expected);
  }
}

static void
test_submitted_is_refused (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600402", 2);
  g_autoptr (ClaimGroup) other = stored_claims_group (fixture->db, fixture->sealer, "600403", 0);
  g_autofree char *from = NULL;
  gint64 first = stored_claims_child (group, 0), second = stored_claims_child (group, 1);

  g_assert_false (submit (fixture, group, 0, "402-0"));
  assert_not_submitted (fixture, group->guid, first, "402-x", CLAIMS_ERROR,
                        CLAIMS_ERROR_TRANSITION);
  assert_not_submitted (fixture, group->guid, second, "402-0", DB_ERROR, DB_ERROR_UNIQUE);
  assert_not_submitted (fixture, group->guid, stored_claims_child (other, 0), "402-3", CLAIMS_ERROR,
                        CLAIMS_ERROR_NOT_FOUND);
  assert_not_submitted (fixture, group->guid, group->parent_claim_id, "402-3", CLAIMS_ERROR,
                        CLAIMS_ERROR_NOT_FOUND);
  assert_not_submitted (fixture, NOWHERE, first, "402-0", CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);

  g_assert_true (claim_states_change_child (fixture->db, second, "dead", &from, NULL));
  assert_not_submitted (fixture, group->guid, second, "402-1", CLAIMS_ERROR,
                        CLAIMS_ERROR_TRANSITION);
}

/* The benefit claim of a child is recorded all the same, but nobody closes the proc of a failed
 * group. */
static void
test_failed_group_is_not_closed (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600404", 0);
  g_autoptr (ClaimGroup) loaded = NULL;
  g_autofree char *from = NULL;

  g_assert_true (claim_states_change_group (fixture->db, group->guid, "failure", &from, NULL));
  g_assert_false (submit (fixture, group, 0, "404-0"));
  loaded = claim_group_load (fixture->db, NULL, group->guid, NULL);
  g_assert_cmpint (loaded->closer, ==, 0);
}

/* --- siblings at the same moment --- */

enum { GROUPS = 48, CHILDREN = 4, THREADS = 8 };

typedef struct {
  ClaimGroup *group;
  guint child;
} Job;

typedef struct {
  Job jobs[GROUPS * CHILDREN];
  guint per_transaction;
  gint next;            /* the first job that nobody has taken */
  gint closers[GROUPS]; /* answers "you are the closer" */
} Storm;

static gboolean
submit_batch (Db *db, Storm *storm, guint begin, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();
  gboolean is_closer[8] = { FALSE };

  for (guint i = 0; i < storm->per_transaction; i++)
    g_ptr_array_add (guids, storm->jobs[begin + i].group->guid);
  g_ptr_array_add (guids, NULL);

  if (!db_begin (db, error) ||
      (storm->per_transaction > 1 && !claim_groups_lock (db, (char **)guids->pdata, error)))
    return FALSE;
  for (guint i = 0; i < storm->per_transaction; i++) {
    const Job *job = &storm->jobs[begin + i];
    gint64 claim_id = stored_claims_child (job->group, job->child);
    g_autofree char *bgs_claim_id = g_strdup_printf ("storm-%" G_GINT64_FORMAT, claim_id);
    if (!claim_group_child_submitted (db, job->group->guid, claim_id, bgs_claim_id, &is_closer[i],
                                      error))
      return FALSE;
  }
  if (!db_commit (db, error))
    return FALSE;
  for (guint i = 0; i < storm->per_transaction; i++)
    if (is_closer[i])
      g_atomic_int_inc (&storm->closers[storm->jobs[begin + i].group->replay]);
  return TRUE;
}

static gpointer
work_off_jobs (gpointer data)
{
  Storm *storm = data;
  g_autoptr (Db) db = database_open ();

  for (;;) {
    GError *error = NULL;
    guint begin = (guint)g_atomic_int_add (&storm->next, (gint)storm->per_transaction);
    if (begin >= G_N_ELEMENTS (storm->jobs))
      return NULL;
    if (!submit_batch (db, storm, begin, &error))
      return error;
  }
}

/* Every group has exactly one closer, and no transaction meets a deadlock. */
static void
run_storm (Fixture *fixture, guint per_transaction, gboolean keeps_siblings_together)
{
  g_autofree Storm *storm = g_new0 (Storm, 1);
  ClaimGroup *groups[GROUPS];
  GThread *threads[THREADS];

  storm->per_transaction = per_transaction;
  for (guint i = 0; i < GROUPS; i++) {
    g_autofree char *participant_id = g_strdup_printf ("6005%02u", i);
    groups[i] = stored_claims_group (fixture->db, fixture->sealer, participant_id, CHILDREN - 1);
    groups[i]->replay = i; /* borrowed by the test: which group it is */
    for (guint j = 0; j < CHILDREN; j++)
      storm->jobs[i * CHILDREN + j] = (Job){ groups[i], j };
  }
  if (!keeps_siblings_together)
    for (guint i = G_N_ELEMENTS (storm->jobs) - 1; i > 0; i--) {
      guint other = (guint)g_test_rand_int_range (0, (gint32)i + 1);
      Job job = storm->jobs[i];
      storm->jobs[i] = storm->jobs[other];
      storm->jobs[other] = job;
    }

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("storm", work_off_jobs, storm);
  for (guint i = 0; i < THREADS; i++) {
    g_autoptr (GError) error = g_thread_join (threads[i]);
    g_assert_no_error (error);
  }
  for (guint i = 0; i < GROUPS; i++) {
    g_autoptr (ClaimGroup) loaded = claim_group_load (fixture->db, NULL, groups[i]->guid, NULL);
    g_assert_cmpint (storm->closers[i], ==, 1);
    g_assert_cmpint (loaded->closer, !=, 0);
    for (guint j = 0; j < CHILDREN; j++) {
      const ChildClaim *child = g_ptr_array_index (loaded->children, j);
      g_assert_cmpstr (child->state, ==, "submitted");
    }
    claim_group_free (groups[i]);
  }
}

static void
test_siblings_at_once (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  run_storm (fixture, 1, TRUE);
}

static void
test_shared_transactions_at_once (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  run_storm (fixture, 6, FALSE);
}

/* --- attempts and holds --- */

static void
record (Db *db, gint64 claim_id, guint attempt_no, const char *status, const char *bgs_claim_id,
        const char *latest)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = NULL;

  claim_attempt_record (db, claim_id, "21-674", attempt_no, status, bgs_claim_id,
                        bgs_claim_id ? NULL : "bgs-fault", NULL, &error);
  g_assert_no_error (error);
  rows =
      db_query (db, &error, "select latest_status from bgs_submissions where saved_claim_id = $1",
                "i", claim_id);
  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (rows, 0, "latest_status"), ==, latest);
}

static void
test_attempts (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600601", 1);
  gint64 claim_id = stored_claims_child (group, 1);
  g_autoptr (DbRows) rows = NULL;

  record (fixture->db, claim_id, 1, "pending", NULL, "pending");
  record (fixture->db, claim_id, 1, "failure", NULL, "failure");
  record (fixture->db, claim_id, 2, "pending", NULL, "pending");
  /* A late word about an older try */
  record (fixture->db, claim_id, 1, "unknown", NULL, "pending");
  record (fixture->db, claim_id, 2, "submitted", "601-1", "submitted");
  record (fixture->db, claim_id, 2, "failure", NULL, "submitted");

  rows = db_query (
      fixture->db, NULL,
      "select a.status, a.bgs_claim_id, s.bgs_claim_id as of_submission "
      "from bgs_submission_attempts a join bgs_submissions s on s.id = a.bgs_submission_id "
      "where s.saved_claim_id = $1 order by attempt_no",
      "i", claim_id);
  g_assert_cmpuint (db_rows_count (rows), ==, 2);
  g_assert_cmpstr (db_rows_text (rows, 0, "status"), ==, "unknown");
  g_assert_cmpstr (db_rows_text (rows, 1, "status"), ==, "submitted");
  g_assert_cmpstr (db_rows_text (rows, 1, "bgs_claim_id"), ==, "601-1");
  g_assert_cmpstr (db_rows_text (rows, 1, "of_submission"), ==, "601-1");
}

static gint64
open_holds (Db *db, gint64 claim_id)
{
  g_autoptr (DbRows) rows = db_query (
      db, NULL, "select count (*) as n from holds where claim_id = $1 and resolved_at is null", "i",
      claim_id);

  return db_rows_int (rows, 0, "n");
}

static void
test_holds (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClaimGroup) group = stored_claims_group (fixture->db, fixture->sealer, "600701", 1);
  g_autoptr (ClaimGroup) other = stored_claims_group (fixture->db, fixture->sealer, "600702", 0);
  gint64 claim_id = stored_claims_child (group, 0);

  g_assert_true (claim_hold_open (fixture->db, group->guid, claim_id, "cleared", 0, NULL));
  g_assert_true (claim_hold_open (fixture->db, group->guid, claim_id, "cleared", 0, NULL));
  g_assert_cmpint (open_holds (fixture->db, claim_id), ==, 1);
  g_assert_true (claim_hold_open (fixture->db, group->guid, claim_id, "behind", 77, NULL));
  g_assert_cmpint (open_holds (fixture->db, claim_id), ==, 2);
  g_assert_true (
      claim_hold_open (fixture->db, group->guid, group->parent_claim_id, "close", 0, NULL));
  g_assert_cmpint (open_holds (fixture->db, group->parent_claim_id), ==, 1);

  run_with_id (fixture->db,
               "update holds set resolved_at = clock_timestamp (), resolution = 'again' "
               "where claim_id = $1",
               claim_id);
  g_assert_true (claim_hold_open (fixture->db, group->guid, claim_id, "cleared", 0, NULL));
  g_assert_cmpint (open_holds (fixture->db, claim_id), ==, 1);

  g_assert_false (claim_hold_open (fixture->db, other->guid, claim_id, "cleared", 0, &error));
  g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/claims/group/comes-back", test_comes_back);
  ADD ("/claims/group/row-ids-ascend", test_row_ids_ascend);
  ADD ("/claims/group/amounts-keep-their-digits", test_amounts_keep_their_digits);
  ADD ("/claims/group/not-there-is-not-found", test_not_there);
  ADD ("/claims/sealed/nothing-personal-is-readable", test_nothing_personal_is_readable);
  ADD ("/claims/sealed/moved-document-does-not-open", test_moved_document_does_not_open);
  ADD ("/claims/sealed/moved-user-data-does-not-open", test_moved_user_data_does_not_open);
  ADD ("/claims/sealed/document-that-is-no-json-is-told-neutrally", test_document_that_is_no_json);
  ADD ("/claims/veteran/has-one-key", test_one_key_per_veteran);
  ADD ("/claims/veteran/nobody-is-refused", test_nobody_is_refused);
  ADD ("/claims/veteran/key-survives-rotation", test_key_survives_rotation);
  ADD ("/claims/veteran/concurrent-first-claims-share-one-row", test_concurrent_first_claims);
  ADD ("/claims/proc/is-written-once", test_proc_is_written_once);
  ADD ("/claims/submitted/last-child-closes", test_last_child_closes);
  ADD ("/claims/submitted/is-refused", test_submitted_is_refused);
  ADD ("/claims/submitted/failed-group-is-not-closed", test_failed_group_is_not_closed);
  ADD ("/claims/submitted/siblings-at-once-have-one-closer", test_siblings_at_once);
  ADD ("/claims/submitted/shared-transactions-do-not-deadlock", test_shared_transactions_at_once);
  ADD ("/claims/attempt/newest-is-the-submission's", test_attempts);
  ADD ("/claims/hold/is-open-once-per-reason", test_holds);
  return g_test_run ();
}
