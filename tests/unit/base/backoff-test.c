/* Pauses grow to their bound and begin anew after a success; one line a minute tells of them. */
#include "base/backoff.h"

static void
test_pauses_grow_to_their_bound (void)
{
  const gint64 expected[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
  Backoff backoff;

  backoff_init (&backoff, 100, 1000);
  g_assert_true (backoff_may_try (&backoff, 0));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (backoff_failed (&backoff, 5000), ==, expected[i]);
}

static void
test_no_number_is_too_large (void)
{
  Backoff backoff;

  backoff_init (&backoff, 3, G_MAXINT64);
  for (guint i = 0; i < 200; i++)
    g_assert_cmpint (backoff_failed (&backoff, 0), >=, 3);
  g_assert_cmpint (backoff_failed (&backoff, 0), ==, G_MAXINT64);

  backoff_init (&backoff, 50, 50);
  g_assert_cmpint (backoff_failed (&backoff, 0), ==, 50);
  g_assert_cmpint (backoff_failed (&backoff, 0), ==, 50);
}

static void
test_next_attempt_comes_after_the_pause (void)
{
  Backoff backoff;

  backoff_init (&backoff, 100, 1000);
  backoff_failed (&backoff, 5000);
  g_assert_false (backoff_may_try (&backoff, 5099));
  g_assert_cmpint (backoff_wait_ms (&backoff, 5001), ==, 99);
  g_assert_true (backoff_may_try (&backoff, 5100));
  g_assert_cmpint (backoff_wait_ms (&backoff, 7000), ==, 0);
}

static void
test_success_begins_anew (void)
{
  Backoff backoff;

  backoff_init (&backoff, 100, 1000);
  g_assert_cmpint (backoff_succeeded (&backoff, 10), ==, -1);
  backoff_failed (&backoff, 20);
  g_assert_cmpint (backoff_succeeded (&backoff, 30), ==, -1); /* nobody has heard of it */

  backoff_failed (&backoff, 1000);
  g_assert_true (backoff_tells (&backoff, 1000));
  backoff_failed (&backoff, 2000);
  g_assert_cmpint (backoff_succeeded (&backoff, 4500), ==, 3500);
  g_assert_true (backoff_may_try (&backoff, 4500));
  g_assert_cmpint (backoff_failed (&backoff, 4500), ==, 100);
  g_assert_true (backoff_tells (&backoff, 4500));
}

static void
test_one_line_a_minute (void)
{
  Backoff backoff;
  guint lines = 0;

  backoff_init (&backoff, 100, 100);
  for (gint64 now = 0; now < 10 * 60 * 1000; now += 100) {
    backoff_failed (&backoff, now);
    lines += backoff_tells (&backoff, now) ? 1 : 0;
  }
  g_assert_cmpuint (lines, ==, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/backoff/pauses-grow-to-their-bound", test_pauses_grow_to_their_bound);
  g_test_add_func ("/base/backoff/no-number-is-too-large", test_no_number_is_too_large);
  g_test_add_func ("/base/backoff/next-attempt-comes-after-the-pause",
                   test_next_attempt_comes_after_the_pause);
  g_test_add_func ("/base/backoff/success-begins-anew", test_success_begins_anew);
  g_test_add_func ("/base/backoff/one-line-a-minute", test_one_line_a_minute);
  return g_test_run ();
}
