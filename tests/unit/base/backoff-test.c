/* Pauses grow to their bound and begin anew after a success. */
#include "base/backoff.h"

static void
test_pauses_grow_to_their_bound (void)
{
  const gint64 expected[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
  Backoff backoff;

  backoff_init (&backoff, 100, 1000);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (backoff_failed (&backoff), ==, expected[i]);
}

static void
test_no_number_is_too_large (void)
{
  Backoff backoff;

  backoff_init (&backoff, 3, G_MAXINT64);
  for (guint i = 0; i < 200; i++)
    g_assert_cmpint (backoff_failed (&backoff), >=, 3);
  g_assert_cmpint (backoff_failed (&backoff), ==, G_MAXINT64);

  backoff_init (&backoff, 50, 50);
  g_assert_cmpint (backoff_failed (&backoff), ==, 50);
  g_assert_cmpint (backoff_failed (&backoff), ==, 50);
}

static void
test_success_begins_anew (void)
{
  Backoff backoff;

  backoff_init (&backoff, 100, 1000);
  backoff_succeeded (&backoff);
  g_assert_cmpint (backoff_failed (&backoff), ==, 100);
  g_assert_cmpint (backoff_failed (&backoff), ==, 200);
  backoff_succeeded (&backoff);
  g_assert_cmpint (backoff_failed (&backoff), ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/backoff/pauses-grow-to-their-bound", test_pauses_grow_to_their_bound);
  g_test_add_func ("/base/backoff/no-number-is-too-large", test_no_number_is_too_large);
  g_test_add_func ("/base/backoff/success-begins-anew", test_success_begins_anew);
  return g_test_run ();
}
