/* Papers of a group and their tries, as rows. needs: postgres */
#include "claims/paper.h"

#include "claims/error.h"
#include "claims/package.h"
#include "support/database.h"
#include "support/stored-claims.h"

#define UUID "00000000-0000-4000-8000-000000000001"

static ClaimGroup *
new_group (Db *db, guint attachments)
{
  static int number = 0;
  g_autoptr (Sealer) sealer = stored_claims_sealer ("h1:" STORED_CLAIMS_KEY_ONE);
  g_autofree char *participant_id = g_strdup_printf ("61000%d", ++number);
  ClaimGroup *group = stored_claims_group (db, sealer, participant_id, 1);

  for (guint i = 0; i < attachments; i++) {
    g_autofree char *sql = g_strdup_printf (
        "insert into persistent_attachments (saved_claim_id, position, name_ciphertext, "
        "content_ciphertext, encrypted_kms_key, document_type_id) "
        "values (%" G_GINT64_FORMAT ", %u, '', '', '', %s)",
        group->parent_claim_id, i, i == 0 ? "null" : "15");

    database_run (db, sql);
  }
  return group;
}

static guint
add (Db *db, const ClaimGroup *group, gboolean is_on)
{
  g_autoptr (GError) error = NULL;
  guint count = 99;

  papers_add (db, group->guid, is_on, &count, &error);
  g_assert_no_error (error);
  return count;
}

static GPtrArray *
list (Db *db, const ClaimGroup *group)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *papers = papers_list (db, group->guid, &error);

  g_assert_no_error (error);
  return papers;
}

static const Paper *
paper_at (const GPtrArray *papers, guint i)
{
  return g_ptr_array_index (papers, i);
}

static void
change (Db *db, const Paper *paper, const char *to, const PaperChange *with, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;

  paper_change (db, paper->id, to, with, &from, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (from, ==, wanted);
}

static void
test_forms_then_attachments (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 2);
  g_autoptr (GPtrArray) papers = NULL;
  static const int types[] = { 148, 142, 10, 15 };

  g_assert_cmpuint (add (db, group, TRUE), ==, 4);
  papers = list (db, group);
  g_assert_cmpuint (papers->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    const Paper *paper = paper_at (papers, i);

    g_assert_cmpuint (paper->number, ==, i + 1);
    g_assert_cmpint (paper->document_type, ==, types[i]);
    g_assert_cmpstr (paper->state, ==, PAPER_PENDING);
    g_assert_cmpuint (paper->attachment_no, ==, i < 2 ? 0 : i - 1);
    g_assert_true (g_str_has_suffix (paper->content_name, ".pdf"));
    g_assert_nonnull (strstr (paper->content_name, group->guid));
    g_assert_cmpint (paper->claim_id, ==,
                     i < 2 ? ((ChildClaim *)group->children->pdata[i])->claim_id
                           : group->parent_claim_id);
  }
  g_assert_cmpstr (paper_at (papers, 1)->form_type, ==, "21-674");
  g_assert_null (paper_at (papers, 2)->form_type);
}

static void
test_added_once (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 1);

  g_assert_cmpuint (add (db, group, TRUE), ==, 3);
  g_assert_cmpuint (add (db, group, TRUE), ==, 0);
}

static void
test_off_are_attachments_alone (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 2), bare = new_group (db, 0);
  g_autoptr (GPtrArray) papers = NULL;

  g_assert_cmpuint (add (db, group, FALSE), ==, 2);
  g_assert_cmpuint (add (db, bare, FALSE), ==, 0);
  papers = list (db, group);
  g_assert_cmpuint (papers->len, ==, 2);
  g_assert_cmpstr (paper_at (papers, 0)->state, ==, PAPER_OFF);
  g_assert_true (paper_at (papers, 0)->is_settled);
}

static void
test_ways_to_an_end (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 1);
  g_autoptr (GPtrArray) papers = NULL;
  const PackageSent sent = { UUID, 1, 1, 1000 };
  g_autoptr (GError) error = NULL;

  add (db, group, TRUE);
  papers = list (db, group);
  change (db, paper_at (papers, 0), PAPER_STORED, &(PaperChange){ .uuid = UUID }, "pending");
  change (db, paper_at (papers, 1), PAPER_REFUSED,
          &(PaperChange){ .error_class = "evidence-schema", .is_in_doubt = TRUE }, "pending");
  package_attempt_begin (db, group->guid, 1, "686C-674-V2", UUID, &error);
  g_assert_no_error (error);
  g_assert_true (package_accepted (db, group->guid, 1, &sent, &error));
  change (db, paper_at (papers, 1), PAPER_BY_INTAKE, &(PaperChange){ .package_no = 1 }, "refused");

  g_ptr_array_unref (papers);
  papers = list (db, group);
  g_assert_cmpstr (paper_at (papers, 0)->state, ==, PAPER_STORED);
  g_assert_true (paper_at (papers, 0)->is_settled);
  g_assert_cmpstr (paper_at (papers, 1)->state, ==, PAPER_BY_INTAKE);
  g_assert_true (paper_at (papers, 1)->is_settled);
  g_assert_true (paper_at (papers, 1)->is_in_doubt);
  g_assert_cmpstr (paper_at (papers, 1)->error_class, ==, "evidence-schema");
  g_assert_false (paper_at (papers, 2)->is_settled);
  g_assert_cmpint (paper_at (papers, 0)->package_id, ==, 0);
  g_assert_cmpint (paper_at (papers, 1)->package_id, >, 0);
}

static void
test_what_is_stored_stays_so (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 0);
  g_autoptr (GPtrArray) papers = NULL;
  static const char *const others[] = { PAPER_REFUSED, PAPER_BY_INTAKE, PAPER_PENDING,
                                        PAPER_STORED };

  add (db, group, TRUE);
  papers = list (db, group);
  change (db, paper_at (papers, 0), PAPER_STORED, &(PaperChange){ .uuid = UUID }, "pending");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *from = NULL;

    g_assert_false (
        paper_change (db, paper_at (papers, 0)->id, others[i], &(PaperChange){ 0 }, &from, &error));
    g_assert_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION);
  }
}

static void
test_what_is_given_up_is_settled (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 0);
  g_autoptr (GPtrArray) papers = NULL;
  g_autoptr (GError) error = NULL;
  guint count = 0;

  add (db, group, TRUE);
  papers = list (db, group);
  change (db, paper_at (papers, 1), PAPER_REFUSED, &(PaperChange){ .error_class = "x" }, "pending");
  papers_give_up (db, group->guid, &count, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count, ==, 1);
  g_ptr_array_unref (papers);
  papers = list (db, group);
  g_assert_false (paper_at (papers, 0)->is_settled);
  g_assert_true (paper_at (papers, 1)->is_settled);
}

static void
assert_attempts (Db *db, const Paper *paper, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (
      db, &error,
      "select string_agg (attempt_no || ' ' || status || coalesce (' ' || error_class, ''), "
      "', ' order by attempt_no) as attempts from claims_evidence_api_submission_attempts "
      "where claims_evidence_api_submissions_id = $1",
      "i", paper->id);

  g_assert_no_error (error);
  g_assert_cmpstr (db_rows_text (rows, 0, "attempts"), ==, wanted);
}

static void
test_a_row_a_try (void)
{
  g_autoptr (Db) db = database_open_migrated ();
  g_autoptr (ClaimGroup) group = new_group (db, 0);
  g_autoptr (GPtrArray) papers = NULL;
  const Paper *paper;
  g_autoptr (GError) error = NULL;

  add (db, group, TRUE);
  papers = list (db, group);
  paper = paper_at (papers, 0);
  paper_attempt_end (db, paper->id, "failure", "evidence-not-reached", "text", &error);
  assert_attempts (db, paper, "1 failure evidence-not-reached");
  paper_attempt_begin (db, paper->id, &error);
  assert_attempts (db, paper, "1 failure evidence-not-reached, 2 pending");
  paper_attempt_end (db, paper->id, "unknown", "unknown-outcome", "text", &error);
  paper_attempt_begin (db, paper->id, &error);
  assert_attempts (db, paper,
                   "1 failure evidence-not-reached, 2 failure unknown-outcome, 3 pending");
  paper_attempt_end (db, paper->id, "stored", NULL, NULL, &error);
  assert_attempts (db, paper,
                   "1 failure evidence-not-reached, 2 failure unknown-outcome, 3 stored");
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/paper/forms-by-claim-then-attachments-as-uploaded",
                   test_forms_then_attachments);
  g_test_add_func ("/claims/paper/a-group-has-its-papers-once", test_added_once);
  g_test_add_func ("/claims/paper/switched-off-attachments-alone-have-a-row",
                   test_off_are_attachments_alone);
  g_test_add_func ("/claims/paper/stored-or-refused-and-by-intake", test_ways_to_an_end);
  g_test_add_func ("/claims/paper/what-is-stored-stays-so", test_what_is_stored_stays_so);
  g_test_add_func ("/claims/paper/what-is-given-up-is-settled", test_what_is_given_up_is_settled);
  g_test_add_func ("/claims/paper/a-row-a-try", test_a_row_a_try);
  return g_test_run ();
}
