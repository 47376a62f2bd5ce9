/* Whose turn it is to be published again, or alone. */
#include "program/outbox-turns.h"

#define NOW   1000000
#define NEVER (NOW + 3600000)

static void
check_again (OutboxTurns *turns, gint64 now_ms, guint64 first, guint count)
{
  GQueue tickets = outbox_turns_take_again (turns, now_ms);

  g_assert_cmpuint (tickets.length, ==, count);
  for (guint i = 0; i < count; i++) {
    g_autofree guint64 *ticket = g_queue_pop_head (&tickets);

    g_assert_cmpuint (*ticket, ==, first + i);
  }
}

/* The first of them begins the pause; all go together, in order, once. */
static void
test_again (void)
{
  OutboxTurns *turns = outbox_turns_new ();

  g_assert_false (outbox_turns_are_due (turns, NEVER));
  g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NEVER);
  outbox_turns_again (turns, 7, NOW);
  outbox_turns_again (turns, 8, NOW + 400);
  g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NOW + 500);
  g_assert_cmpint (outbox_turns_due_ms (turns, NOW), ==, NOW);
  g_assert_false (outbox_turns_are_due (turns, NOW + 499));
  check_again (turns, NOW + 499, 0, 0);
  g_assert_true (outbox_turns_are_due (turns, NOW + 500));
  check_again (turns, NOW + 500, 7, 2);
  check_again (turns, NEVER, 0, 0);
  outbox_turns_free (turns);
}

static void
test_pauses_grow (void)
{
  static const gint64 pauses[] = { 500, 1000, 2000, 4000, 8000, 10000, 10000 };
  OutboxTurns *turns = outbox_turns_new ();

  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++) {
    outbox_turns_again (turns, 7, NOW);
    g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NOW + pauses[i]);
    check_again (turns, NOW + pauses[i], 7, 1);
  }
  outbox_turns_note_taken (turns);
  outbox_turns_again (turns, 7, NOW);
  g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NOW + 500);
  outbox_turns_free (turns);
}

static void
test_alone (void)
{
  OutboxTurns *turns = outbox_turns_new ();

  outbox_turns_alone (turns, 7);
  outbox_turns_alone (turns, 8);
  g_assert_true (outbox_turns_are_due (turns, NOW));
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW), ==, 7);
  /* It is out: nobody else, and no time to wait for. */
  g_assert_cmpuint (outbox_turns_next_alone (turns, NEVER), ==, 0);
  g_assert_false (outbox_turns_are_due (turns, NEVER));
  g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NEVER);
  g_assert_false (outbox_turns_note_back (turns, 8));
  g_assert_true (outbox_turns_note_back (turns, 7));
  g_assert_false (outbox_turns_note_back (turns, 7));
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW), ==, 8);
  outbox_turns_free (turns);
}

/* What went alone and was not taken keeps all that go alone waiting, and comes after them. */
static void
test_alone_again (void)
{
  OutboxTurns *turns = outbox_turns_new ();

  outbox_turns_alone (turns, 7);
  outbox_turns_alone (turns, 8);
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW), ==, 7);
  g_assert_true (outbox_turns_note_back (turns, 7));
  outbox_turns_alone_again (turns, 7, NOW);
  g_assert_cmpint (outbox_turns_due_ms (turns, NEVER), ==, NOW + 500);
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW + 499), ==, 0);
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW + 500), ==, 8);
  g_assert_true (outbox_turns_note_back (turns, 8));
  g_assert_cmpuint (outbox_turns_next_alone (turns, NOW + 500), ==, 7);
  outbox_turns_free (turns);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/outbox-turns/what-was-not-taken-goes-again-together", test_again);
  g_test_add_func ("/program/outbox-turns/pauses-grow-until-something-is-taken", test_pauses_grow);
  g_test_add_func ("/program/outbox-turns/one-at-a-time-goes-alone", test_alone);
  g_test_add_func ("/program/outbox-turns/what-went-alone-goes-again-alone", test_alone_again);
  return g_test_run ();
}
