/* What is said of a claim, from what was read of it. */
#include "operator/outlook.h"

#define AT_MS 1764536400000 /* 2025-11-30T21:00:00Z */

static const OutlookWork lying = {
  .name = "21-686C 17",
  .consumer = "form-686c",
  .state = "pending",
  .claim_id = 17,
  .topic = "dependents.claims.686c",
  .partition = 10,
  .offset = 3,
  .is_alive = TRUE,
};

static void
assert_said (OutlookWork work, const char *now, const char *next)
{
  Outlook outlook = { 0 };

  outlook_of_work (&work, AT_MS, &outlook);
  g_assert_cmpstr (outlook.now, ==, now);
  g_assert_cmpstr (outlook.next, ==, next);
  outlook_clear (&outlook);
}

static void
test_lying (void)
{
  assert_said (lying, "the record of 21-686C 17 lies at dependents.claims.686c/10/3",
               "form-686c takes it when its turn comes");
}

static void
test_in_doubt (void)
{
  OutlookWork work = lying;

  work.open_step = "insert-benefit-claim";
  work.step_ms = AT_MS;
  assert_said (work,
               "what has become of insert-benefit-claim of 21-686C 17, sent at "
               "2025-11-30T21:00:00.000Z, is not known",
               "form-686c looks when no request of it can act any more: after the call's limit and "
               "unknown-settle-ms");
  work.settled_ms = AT_MS + 90000;
  assert_said (
      work,
      "what has become of insert-benefit-claim of 21-686C 17, sent at "
      "2025-11-30T21:00:00.000Z, is not known",
      "form-686c looks at 2025-11-30T21:01:30.000Z, when no request of it can act any more");
  work.is_in_hand = TRUE;
  assert_said (work,
               "form-686c has 21-686C 17 in hand: insert-benefit-claim stands started since "
               "2025-11-30T21:00:00.000Z",
               "its next step, at once");
  work.is_in_hand = FALSE;
  work.is_alive = FALSE; /* what hinders comes first */
  assert_said (work, "21-686C 17 waits: no form-686c is running",
               "nothing until a form-686c is started");
}

static void
test_commands_are_whole (void)
{
  OutlookWork work = lying;

  work.hold_reason = "the insert's benefit claim is not clear";
  work.held_ms = AT_MS;
  assert_said (
      work,
      "21-686C 17 waits for a person since 2025-11-30T21:00:00.000Z: the insert's benefit "
      "claim is not clear",
      "nothing until somebody decides: pipelinectl resolve 17 --reason TEXT and an answer");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/operator/outlook/a-record-lies-somewhere", test_lying);
  g_test_add_func ("/operator/outlook/a-call-of-unknown-outcome", test_in_doubt);
  g_test_add_func ("/operator/outlook/commands-are-whole", test_commands_are_whole);
  return g_test_run ();
}
