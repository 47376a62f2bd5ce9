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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/insert-record/note-is-read-as-written", test_note);
  g_test_add_func ("/claims/insert-record/result-as-bgs-would-have-answered", test_result);
  return g_test_run ();
}
