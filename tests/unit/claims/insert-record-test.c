/* What the journal keeps of an insert: written by consumers and persons, read by both. */
#include "claims/insert-record.h"

#define NOTE_134 "increment=134 type=130SSRD day=2026-11-21"

static void
test_note (void)
{
  g_autoptr (InsertNote) note = insert_note_parse (NOTE_134);
  g_autofree char *text = insert_note_format (note);

  g_assert_cmpstr (text, ==, NOTE_134);
  g_assert_null (insert_note_parse (NULL));
  g_assert_null (insert_note_parse ("increment=134 type=130SSRD"));
  g_assert_null (insert_note_parse ("increment= type=130SSRD day=2026-11-21"));
}

static void
test_result (void)
{
  const InsertResult whole = { "600200301", "130SSRD", "600131328", "CPX", "CX", "CLR" };
  const InsertResult known = { .benefit_claim_id = "600200301" };
  g_autofree char *text = insert_result_format (&whole);
  g_autofree char *least = insert_result_format (&known);

  g_assert_cmpstr (text, ==,
                   "{\"benefitClaimID\":\"600200301\",\"claimTypeCode\":\"130SSRD\","
                   "\"participantClaimantID\":\"600131328\",\"programTypeCode\":\"CPX\","
                   "\"serviceTypeCode\":\"CX\",\"statusTypeCode\":\"CLR\"}");
  g_assert_cmpstr (least, ==,
                   "{\"benefitClaimID\":\"600200301\",\"programTypeCode\":\"CPL\","
                   "\"serviceTypeCode\":\"CP\",\"statusTypeCode\":\"PEND\"}");
}

/* Beside what was sent, which stays readable; and where nothing was. */
static void
test_adoption (void)
{
  g_autofree char *beside = insert_note_adopt (NOTE_134, "600200301");
  g_autofree char *alone = insert_note_adopt (NULL, "600200301");
  g_autofree char *result = insert_note_result (beside);
  g_autofree char *least = insert_note_result (alone);
  g_autoptr (InsertNote) note = insert_note_parse (beside);
  g_autofree char *text = insert_note_format (note);

  g_assert_cmpstr (text, ==, NOTE_134);
  g_assert_null (insert_note_parse (alone));
  g_assert_cmpstr (result, ==,
                   "{\"benefitClaimID\":\"600200301\",\"claimTypeCode\":\"130SSRD\","
                   "\"programTypeCode\":\"CPL\",\"serviceTypeCode\":\"CP\","
                   "\"statusTypeCode\":\"PEND\"}");
  g_assert_cmpstr (least, ==,
                   "{\"benefitClaimID\":\"600200301\",\"programTypeCode\":\"CPL\","
                   "\"serviceTypeCode\":\"CP\",\"statusTypeCode\":\"PEND\"}");
  g_assert_null (insert_note_result (NOTE_134));
  g_assert_null (insert_note_result (NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/insert-record/note-is-read-as-written", test_note);
  g_test_add_func ("/claims/insert-record/adoption-stands-beside-what-was-sent", test_adoption);
  g_test_add_func ("/claims/insert-record/result-as-bgs-would-have-answered", test_result);
  return g_test_run ();
}
