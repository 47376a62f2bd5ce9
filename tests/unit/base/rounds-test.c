/* Rounds come one after another, with their pauses, until they are told to end. */
#include "base/rounds.h"

#define LONG_MS 3600000

typedef struct {
  Rounds *rounds;
  GMutex lock;
  GCond changed;
  guint done;
  gboolean is_inside, may_leave;
  gint64 pause_ms;
} Table;

static void
wait_until_done (Table *table, guint count)
{
  g_mutex_lock (&table->lock);
  while (table->done < count)
    g_cond_wait (&table->changed, &table->lock);
  g_mutex_unlock (&table->lock);
}

static gint64
count_it (gpointer data)
{
  Table *table = data;

  g_mutex_lock (&table->lock);
  table->done++;
  g_cond_broadcast (&table->changed);
  g_mutex_unlock (&table->lock);
  return table->pause_ms;
}

/* Stays inside until it may leave. */
static gint64
linger (gpointer data)
{
  Table *table = data;

  g_mutex_lock (&table->lock);
  table->is_inside = TRUE;
  g_cond_broadcast (&table->changed);
  while (!table->may_leave)
    g_cond_wait (&table->changed, &table->lock);
  g_mutex_unlock (&table->lock);
  return 0;
}

static gint64
rest_in_it (gpointer data)
{
  Table *table = data;

  g_assert_true (rounds_rest (table->rounds, 1));
  count_it (table);
  g_assert_false (rounds_rest (table->rounds, LONG_MS));
  g_assert_true (rounds_are_ending (table->rounds));
  return 0;
}

static void
test_one_after_another (void)
{
  Table table = { .pause_ms = 10 };
  gint64 began_us = g_get_monotonic_time ();

  table.rounds = rounds_new ("test", count_it, &table);
  rounds_begin (table.rounds, 10);
  wait_until_done (&table, 5);
  g_assert_cmpint (g_get_monotonic_time () - began_us, >=, 50 * 1000);
  rounds_free (table.rounds);
}

static void
test_no_pause_is_waited_out_at_the_end (void)
{
  Table first = { 0 }, later = { .pause_ms = LONG_MS };

  first.rounds = rounds_new ("test", count_it, &first);
  rounds_begin (first.rounds, LONG_MS);
  rounds_free (first.rounds);
  g_assert_cmpuint (first.done, ==, 0);

  later.rounds = rounds_new ("test", count_it, &later);
  rounds_begin (later.rounds, 0);
  wait_until_done (&later, 1);
  rounds_free (later.rounds);
  g_assert_cmpuint (later.done, ==, 1);
}

static void
test_a_round_that_is_not_over (void)
{
  Table table = { 0 };

  table.rounds = rounds_new ("test", linger, &table);
  g_assert_true (rounds_end (table.rounds, 0)); /* never begun */
  rounds_free (table.rounds);
  table.rounds = rounds_new ("test", linger, &table);
  rounds_begin (table.rounds, 0);
  g_mutex_lock (&table.lock);
  while (!table.is_inside)
    g_cond_wait (&table.changed, &table.lock);
  g_mutex_unlock (&table.lock);

  g_assert_false (rounds_are_ending (table.rounds));
  g_assert_false (rounds_end (table.rounds, g_get_monotonic_time () + 1000));
  g_assert_true (rounds_are_ending (table.rounds));
  g_mutex_lock (&table.lock);
  table.may_leave = TRUE;
  g_cond_broadcast (&table.changed);
  g_mutex_unlock (&table.lock);
  g_assert_true (rounds_end (table.rounds, G_MAXINT64));
  rounds_free (table.rounds);
}

static void
test_a_long_round_rests (void)
{
  Table table = { 0 };

  table.rounds = rounds_new ("test", rest_in_it, &table);
  rounds_begin (table.rounds, 0);
  wait_until_done (&table, 1);
  rounds_free (table.rounds);
  rounds_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rounds/one-after-another", test_one_after_another);
  g_test_add_func ("/rounds/no-pause-is-waited-out-at-the-end",
                   test_no_pause_is_waited_out_at_the_end);
  g_test_add_func ("/rounds/a-round-that-is-not-over", test_a_round_that_is_not_over);
  g_test_add_func ("/rounds/a-long-round-rests", test_a_long_round_rests);
  return g_test_run ();
}
