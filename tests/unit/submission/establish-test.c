#include <glib.h>

#include "bgs/benefit-claim-finder.h"
#include "submission/insert-look.h"

#define US "VAgovAPI"

static GPtrArray *
notes (const char *first, ...)
{
  GPtrArray *made = g_ptr_array_new_with_free_func ((GDestroyNotify)insert_note_free);
  va_list more;

  va_start (more, first);
  for (const char *text = first; text; text = va_arg (more, const char *)) {
    InsertNote *note = insert_note_parse (text);

    g_assert_nonnull (note);
    g_ptr_array_add (made, note);
  }
  va_end (more);
  return made;
}

static void
claim (GPtrArray *claims, const char *id, const char *increment, const char *type, const char *day,
       const char *user, const char *status)
{
  BgsClaimRow *row = g_new0 (BgsClaimRow, 1);

  row->claim_id = g_strdup (id);
  row->increment = g_strdup (increment);
  row->claim_type = g_strdup (type);
  row->received_day = g_strdup (day);
  row->first_user = g_strdup (user);
  row->status = g_strdup (status);
  g_ptr_array_add (claims, row);
}

static GPtrArray *
no_claims (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)bgs_claim_row_free);
}

#define NOTE_134 "increment=134 type=130SSRD day=2026-11-21"
#define NOTE_135 "increment=135 type=130SSRD day=2026-11-21"

static void
test_found (void)
{
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NULL);
  g_autoptr (GPtrArray) claims = no_claims ();
  InsertLook look;

  claim (claims, "1", "133", "130SSRD", "2026-11-21", US, "PEND");
  /* BGS writes us in upper case */
  claim (claims, "2", "134", "130SSRD", "2026-11-21", "VAGOVAPI", "PEND");
  look = insert_look (sent, claims, US);
  g_assert_cmpint (look.sight, ==, INSERT_FOUND);
  g_assert_cmpstr (look.claim->claim_id, ==, "2");
  g_assert_cmpstr (look.note->increment, ==, "134");
}

/* An increment, a type, a day or a hand that is not as journalled: somebody else's, and the
 * increment is taken. */
static void
test_not_ours (void)
{
  static const char *const others[][4] = {
    { "134", "130DPNEBNADJ", "2026-11-21", US },
    { "134", "130SSRD", "2026-11-20", US },
    { "134", "130SSRD", "2026-11-21", "SOMEBODY" },
  };
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (GPtrArray) claims = no_claims ();
    InsertLook look;

    claim (claims, "1", others[i][0], others[i][1], others[i][2], others[i][3], "PEND");
    look = insert_look (sent, claims, US);
    g_assert_cmpint (look.sight, ==, INSERT_NOT_THERE);
    g_assert_true (look.is_taken);
  }
}

static void
test_not_there (void)
{
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NULL);
  g_autoptr (GPtrArray) claims = no_claims ();
  InsertLook look;

  look = insert_look (sent, claims, US);
  g_assert_cmpint (look.sight, ==, INSERT_NOT_THERE);
  g_assert_false (look.is_taken);
  /* A closed claim of somebody else has let its increment go. */
  claim (claims, "1", "134", "400SUPP", "2020-01-01", "SOMEBODY", "CLR");
  look = insert_look (sent, claims, US);
  g_assert_cmpint (look.sight, ==, INSERT_NOT_THERE);
  g_assert_false (look.is_taken);
}

static void
test_unclear (void)
{
  static const char *const states[] = { "CLR", "CAN", "RFD" };
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NULL);
  g_autoptr (GPtrArray) several = no_claims ();
  g_autoptr (GPtrArray) nobodys = no_claims ();

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    g_autoptr (GPtrArray) claims = no_claims ();

    claim (claims, "1", "134", "130SSRD", "2026-11-21", US, states[i]);
    g_assert_cmpint (insert_look (sent, claims, US).sight, ==, INSERT_UNCLEAR);
  }
  claim (several, "1", "134", "130SSRD", "2026-11-21", US, "PEND");
  claim (several, "2", "134", "130SSRD", "2026-11-21", US, "PEND");
  g_assert_cmpint (insert_look (sent, several, US).sight, ==, INSERT_UNCLEAR);
  claim (nobodys, "1", "134", "130SSRD", "2026-11-21", NULL, "PEND");
  g_assert_cmpint (insert_look (sent, nobodys, US).sight, ==, INSERT_UNCLEAR);
}

/* Those that may be ours, and nobody else's. */
static void
test_candidates (void)
{
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NULL);
  g_autoptr (GPtrArray) claims = no_claims ();
  g_autofree char *seen = NULL;

  claim (claims, "1", "134", "130SSRD", "2026-11-21", US, "CLR");
  claim (claims, "2", "134", "130SSRD", "2026-11-21", "SOMEBODY", "PEND");
  claim (claims, "3", "134", "130SSRD", "2026-11-21", NULL, "PEND");
  claim (claims, "4", "135", "130SSRD", "2026-11-21", US, "PEND");
  seen = insert_look_candidates (sent, claims, US);
  g_assert_cmpstr (seen, ==,
                   "[{\"benefit_claim_id\":\"1\",\"status\":\"CLR\",\"type\":\"130SSRD\","
                   "\"increment\":\"134\",\"received\":\"2026-11-21\"},"
                   "{\"benefit_claim_id\":\"3\",\"status\":\"PEND\",\"type\":\"130SSRD\","
                   "\"increment\":\"134\",\"received\":\"2026-11-21\"}]");
}

/* A first send acts after it was looked for in vain, and another increment has been sent since. */
static void
test_earlier_increment_is_ours_too (void)
{
  g_autoptr (GPtrArray) sent = notes (NOTE_134, NOTE_135, NULL);
  g_autoptr (GPtrArray) claims = no_claims ();
  InsertLook look;

  claim (claims, "1", "134", "130SSRD", "2026-11-21", US, "PEND");
  look = insert_look (sent, claims, US);
  g_assert_cmpint (look.sight, ==, INSERT_FOUND);
  g_assert_cmpstr (look.note->increment, ==, "134");
  claim (claims, "2", "135", "130SSRD", "2026-11-21", US, "PEND");
  g_assert_cmpint (insert_look (sent, claims, US).sight, ==, INSERT_UNCLEAR);
}

static void
test_next_free (void)
{
  g_autoptr (GPtrArray) reserved = notes (NOTE_134, NULL);
  g_autoptr (GPtrArray) claims = no_claims ();
  g_autofree char *next = NULL;
  g_autofree char *after = NULL;
  g_autofree char *none = NULL;

  next = increment_next_free ("134", claims, reserved);
  g_assert_cmpstr (next, ==, "135");
  claim (claims, "1", "135", "130SSRD", "2026-11-21", "SOMEBODY", "PEND");
  claim (claims, "2", "136", "130SSRD", "2026-11-21", "SOMEBODY", "CAN");
  after = increment_next_free ("134", claims, reserved);
  g_assert_cmpstr (after, ==, "136");
  for (guint i = 130; i < 150; i++) {
    g_autofree char *taken = g_strdup_printf ("%u", i);

    claim (claims, "3", taken, "130SSRD", "2026-11-21", "SOMEBODY", "PEND");
  }
  none = increment_next_free ("134", claims, reserved);
  g_assert_null (none);
  g_assert_null (increment_next_free ("x", claims, reserved));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/establish/a-pending-claim-as-journalled-is-ours", test_found);
  g_test_add_func ("/submission/establish/what-differs-is-somebody-elses", test_not_ours);
  g_test_add_func ("/submission/establish/not-there", test_not_there);
  g_test_add_func ("/submission/establish/a-person-decides-what-is-unclear", test_unclear);
  g_test_add_func ("/submission/establish/what-a-person-chooses-from", test_candidates);
  g_test_add_func ("/submission/establish/an-earlier-increment-is-ours-too",
                   test_earlier_increment_is_ours_too);
  g_test_add_func ("/submission/establish/nobody-uses-a-reserved-increment", test_next_free);
  return g_test_run ();
}
