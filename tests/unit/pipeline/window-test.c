/* The window, case by case, with neither broker nor database. Sequences of everything together are
 * generated in window-sequences-test.c; threads drive it in window-threads-test.c. */
#include <string.h>

#include "unit/pipeline/window-fixture.h"

static const WindowLimits limits = {
  .in_flight = 4, .ahead = 3, .settling = 3, .unfinished = 6, .outage_max_wait_ms = HOUR_MS
};

static const WindowLimits wide = {
  .in_flight = 4, .ahead = 3, .settling = 100, .unfinished = 100, .outage_max_wait_ms = HOUR_MS
};

/* --- Keys and turns --- */

static void
one_of_a_key_is_in_hand_at_a_time (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *first;

  write_all (fixture, source, "aab");
  assert_handed_out (fixture, "0/0 0/2");
  first = taken (fixture, 0);
  settle (fixture, taken (fixture, 1));
  for (DeliveryState state = DELIVERY_READY; state <= DELIVERY_SETTLING; state++) {
    carry (fixture, first, state);
    assert_handed_out (fixture, "");
  }
  finish (fixture, first, MOVER_SETTLE);
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

/* The key's next record comes from whichever partition it was read first. */
static void
a_key_is_one_over_all_partitions (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0), *tier = assigned (fixture, 1000);

  write_all (fixture, source, "a");
  write_all (fixture, tier, "aa");
  assert_handed_out (fixture, "0/0");
  settle_all (fixture);
  assert_handed_out (fixture, "1/0");
  settle_all (fixture);
  assert_handed_out (fixture, "1/1");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
keys_go_in_parallel_and_none_blocks_nobody (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  write_all (fixture, source, "a b ");
  assert_handed_out (fixture, "0/0 0/1 0/2 0/3");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
partitions_take_turns (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *sources[] = { assigned (fixture, 0), assigned (fixture, 0), assigned (fixture, 0) };

  write_all (fixture, sources[0], "abcdef");
  write_all (fixture, sources[2], "uvw");
  assert_handed_out (fixture, "0/0 2/0 0/1 2/1");
  settle_all (fixture);
  write_all (fixture, sources[1], "xyz");
  assert_handed_out (fixture, "0/2 1/0 2/2 0/3 1/1 0/4 1/2"); /* three ahead: four have left */
  settle_all (fixture);
  assert_handed_out (fixture, "0/5");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
nothing_is_read_before_it_is_open_or_while_it_may_not (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = source_new (fixture, 0);

  assign (fixture, source);
  write_all (fixture, source, "ab");
  assert_handed_out (fixture, "");
  g_assert_cmpuint (source->questions, ==, 0);
  window_open (fixture->window, source->lane, no_records ());
  fixture->moment.may_read = FALSE;
  assert_handed_out (fixture, "");
  g_assert_cmpuint (source->questions, ==, 0);
  fixture->moment.may_read = TRUE;
  assert_handed_out (fixture, "0/0 0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

static guint
count_lanes_to_open (Fixture *fixture)
{
  g_autoptr (GPtrArray) lanes = window_lanes_to_open (fixture->window, fixture->moment.now_ms);

  return lanes->len;
}

/* A stranger holds its count: the others go on, nobody spins, and it is tried again ever seldomer.
 */
static void
a_held_lane_keeps_nobody_waiting_or_awake (void)
{
  static const gint64 pauses_ms[] = { 1000, 2000, 4000, 8000, 15000, 15000 };
  Fixture *fixture = fixture_new (&limits);
  Source *held = assigned (fixture, 100), *other = assigned (fixture, 0);

  (void)write_at (fixture, held, 0, "a", 50);
  assert_handed_out (fixture, ""); /* its head is read, and not due */
  pass (fixture, 100);
  for (guint i = 0; i < G_N_ELEMENTS (pauses_ms); i++) {
    window_hold (fixture->window, held->lane, fixture->moment.now_ms);
    g_assert_false (window_lane_is_open (fixture->window, held->lane));
    write_all (fixture, other, "b");
    g_assert_cmpuint (hand_out (fixture), ==, 1);
    settle_all (fixture);
    g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 60000), ==, 60000);
    pass (fixture, pauses_ms[i] - 1);
    g_assert_cmpuint (count_lanes_to_open (fixture), ==, 0);
    pass (fixture, 1);
    g_assert_cmpuint (count_lanes_to_open (fixture), ==, 1);
    g_assert_cmpuint (count_lanes_to_open (fixture), ==, 0); /* it is being opened */
  }
  window_open (fixture->window, held->lane, no_records ());
  assert_handed_out (fixture, "0/0");
  settle_all (fixture);
  window_hold (fixture->window, held->lane, fixture->moment.now_ms);
  pass (fixture, pauses_ms[0]);
  g_assert_cmpuint (count_lanes_to_open (fixture), ==, 1); /* pauses begin anew */
  fixture_free (fixture);
}

/* --- Tiers --- */

static void
a_tiers_head_is_held_until_it_is_due_and_never_early (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *tier = assigned (fixture, 5000), *source = assigned (fixture, 0);

  (void)write_at (fixture, tier, 0, "a", 100);
  (void)write_at (fixture, tier, 1, "b", 150);
  assert_handed_out (fixture, "");
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 5000), ==, 100 + ERROR_MS);
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 40), ==, 40);
  g_assert_cmpuint (tier->questions, ==, 1);
  pass (fixture, 100 + ERROR_MS - 1);
  write_all (fixture, source, "a"); /* a held one does not block its key */
  assert_handed_out (fixture, "1/0");
  settle_all (fixture);
  pass (fixture, 1);
  assert_handed_out (fixture, "0/0");
  settle_all (fixture);
  pass (fixture, 49);
  assert_handed_out (fixture, "");
  pass (fixture, 1);
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

/* --- Bounds --- */

static void
an_unfinished_record_stops_the_reading_of_its_partition_only (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *stuck = assigned (fixture, 0), *other = assigned (fixture, 0);
  Delivery *first;

  write_all (fixture, stuck, "aaaaaaaa");
  assert_handed_out (fixture, "0/0");
  first = taken (fixture, 0);
  g_assert_cmpuint (g_queue_get_length (&stuck->unread), ==, 2); /* six of eight are read */
  write_all (fixture, other, "xyz");
  assert_handed_out (fixture, "1/0 1/1 1/2");
  settle_all (fixture);
  settle (fixture, first);
  assert_handed_out (fixture, "0/1");
  for (guint i = 2; i < 8; i++) {
    settle_all (fixture);
    g_assert_cmpuint (hand_out (fixture), ==, 1);
  }
  settle_all (fixture);
  fixture_free (fixture);
}

/* Finished ones behind an unfinished one count: their offsets are not stored yet. */
static void
finished_behind_an_unfinished_one_count_as_unfinished (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *first;
  guint count = 0;

  write_all (fixture, source, "abcdefgh");
  assert_handed_out (fixture, "0/0 0/1 0/2 0/3");
  first = taken (fixture, 0);
  g_ptr_array_remove_index (fixture->taken, 0);
  do {
    count += fixture->taken->len;
    settle_all (fixture);
  } while (hand_out (fixture) > 0);
  g_assert_cmpuint (count, ==, 5);
  settle (fixture, first);
  assert_handed_out (fixture, "0/6 0/7");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
no_more_are_in_flight_than_the_bound (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  write_all (fixture, source, "abcdef");
  assert_handed_out (fixture, "0/0 0/1 0/2 0/3");
  carry (fixture, taken (fixture, 0), DELIVERY_READY);
  carry (fixture, taken (fixture, 1), DELIVERY_RUNNING);
  (void)window_counts (fixture->window);
  g_assert_cmpuint (window_counts (fixture->window).in_hand, ==, 4);
  {
    g_autoptr (GPtrArray) before = g_steal_pointer (&fixture->taken);

    fixture->taken = g_ptr_array_new ();
    assert_handed_out (fixture, "");
    pass (fixture, 200);
    for (guint i = 0; i < before->len; i++)
      settle (fixture, g_ptr_array_index (before, i));
  }
  pass (fixture, 200); /* long ago */
  assert_handed_out (fixture, "0/4 0/5");
  settle_all (fixture);
  fixture_free (fixture);
}

/* How many of a row without end are handed out. */
static guint
room (Fixture *fixture)
{
  Source *source = g_ptr_array_index (fixture->sources, 0);

  while (g_queue_get_length (&source->unread) < 20)
    (void)write_one (fixture, source, NULL);
  return hand_out (fixture);
}

static void
as_many_are_taken_ahead_as_have_left_of_late (void)
{
  Fixture *fixture = fixture_new (&wide);

  (void)assigned (fixture, 0);
  g_assert_cmpuint (room (fixture), ==, 4); /* nothing has left yet */
  settle (fixture, taken (fixture, 0));
  settle (fixture, taken (fixture, 1));
  g_ptr_array_remove_range (fixture->taken, 0, 2);
  {
    g_autoptr (GPtrArray) two = g_ptr_array_copy (fixture->taken, NULL, NULL);

    g_assert_cmpuint (room (fixture), ==, 4); /* two places, and two ahead */
    for (guint i = 0; i < two->len; i++)
      settle (fixture, g_ptr_array_index (two, i));
  }
  settle_all (fixture); /* eight have left */
  g_assert_cmpuint (room (fixture), ==, 4 + 3);
  settle_all (fixture);
  pass (fixture, 50); /* what has left in the slot before still counts, what before that does not */
  g_assert_cmpuint (room (fixture), ==, 4 + 3);
  for (guint i = 0; i < fixture->taken->len; i++)
    carry (fixture, taken (fixture, i), DELIVERY_READY);
  window_give_back (fixture->window, fixture->taken);
  pass (fixture, 50);
  g_assert_cmpuint (room (fixture), ==, 4);
  settle_all (fixture);
  pass (fixture, 1000);
  g_assert_cmpuint (room (fixture), ==, 4);
  settle_all (fixture);
  fixture_free (fixture);
}

static void
nothing_is_taken_ahead_while_the_breaker_allows_fewer (void)
{
  Fixture *fixture = fixture_new (&wide);

  (void)assigned (fixture, 0);
  g_assert_cmpuint (room (fixture), ==, 4);
  settle_all (fixture);
  for (guint allowed = 0; allowed < limits.in_flight; allowed++) {
    fixture->moment.allowed = allowed;
    g_assert_cmpuint (room (fixture), ==, allowed);
    settle_all (fixture);
  }
  fixture->moment.allowed = limits.in_flight;
  g_assert_cmpuint (room (fixture), ==, 4 + 3);
  settle_all (fixture);
  fixture_free (fixture);
}

static void
verdicts_that_wait_for_their_commit_bound_what_is_taken (void)
{
  Fixture *fixture = fixture_new (&limits);
  g_autoptr (GPtrArray) waiting = NULL;

  (void)assigned (fixture, 0);
  g_assert_cmpuint (room (fixture), ==, 4);
  for (guint i = 0; i < 3; i++)
    carry (fixture, taken (fixture, i), DELIVERY_SETTLING);
  waiting = g_ptr_array_copy (fixture->taken, NULL, NULL);
  g_assert_cmpuint (room (fixture), ==, 0);
  finish (fixture, g_ptr_array_index (waiting, 0), MOVER_SETTLE);
  g_assert_cmpuint (room (fixture), >, 0);
  settle_all (fixture);
  for (guint i = 1; i < 4; i++)
    settle (fixture, g_ptr_array_index (waiting, i));
  fixture_free (fixture);
}

/* --- Suspects --- */

/* "Bystander, suspect, bystander", of which the first one runs. */
static Delivery *
with_suspect (Fixture *fixture)
{
  Delivery *first;
  Source *source = source_new (fixture, 0);
  GHashTable *records = no_records ();

  assign (fixture, source);
  add_record (records, 1, TRUE, 0);
  window_open (fixture->window, source->lane, records);
  write_all (fixture, source, "a");
  g_assert_cmpuint (hand_out (fixture), ==, 1);
  first = taken (fixture, 0);
  carry (fixture, first, DELIVERY_RUNNING);
  write_all (fixture, source, "bc");
  return first;
}

/* A suspect that runs, after all before it have finished. */
static Delivery *
suspect_runs (Fixture *fixture)
{
  Delivery *first = with_suspect (fixture), *suspect;

  assert_handed_out (fixture, "");
  carry (fixture, first, DELIVERY_SETTLING);
  assert_handed_out (fixture, "");
  finish (fixture, first, MOVER_SETTLE);
  assert_handed_out (fixture, "0/1");
  suspect = taken (fixture, 0);
  g_assert_true (suspect->known.is_suspect);
  g_assert_cmpuint (suspect->known.deaths, ==, 1);
  assert_handed_out (fixture, "");
  carry (fixture, suspect, DELIVERY_RUNNING);
  assert_handed_out (fixture, "");
  return suspect;
}

static void
a_suspect_runs_alone_until_its_verdict (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *suspect = suspect_runs (fixture);

  carry (fixture, suspect, DELIVERY_SETTLING);
  assert_handed_out (fixture, "0/2");
  settle_all (fixture);
  finish (fixture, suspect, MOVER_SETTLE);
  fixture_free (fixture);
}

static void
a_suspect_that_gets_on_is_a_bystander_again (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *suspect = suspect_runs (fixture);

  suspect->known.waiting_since_ms = 5;
  window_progress (fixture->window, suspect);
  g_assert_false (suspect->known.is_suspect);
  g_assert_cmpuint (suspect->known.deaths, ==, 0);
  g_assert_cmpint (suspect->known.waiting_since_ms, ==, 0);
  assert_handed_out (fixture, "0/2");
  settle_all (fixture);
  settle (fixture, suspect);
  fixture_free (fixture);
}

/* Not the whole of each claim: until a step has ended, and then the next one's turn has come. */
static void
a_suspect_that_waits_has_those_in_hand_step_aside (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *first = with_suspect (fixture), *suspect;

  g_assert_cmpint (delivery_order (first), ==, RUN_GOES_ON);
  assert_handed_out (fixture, "");
  g_assert_cmpint (delivery_order (first), ==, RUN_STEPS_ASIDE);
  snooze (fixture, first, 10);
  assert_handed_out (fixture, "0/1");
  suspect = taken (fixture, 0);
  g_assert_cmpint (delivery_order (suspect), ==, RUN_GOES_ON);
  carry (fixture, suspect, DELIVERY_RUNNING);
  window_progress (fixture->window, suspect);
  pass (fixture, 10);
  assert_handed_out (fixture, "0/0 0/2"); /* aside no more */
  g_assert_cmpint (delivery_order (first), ==, RUN_GOES_ON);
  g_assert_cmpint (delivery_order (suspect), ==, RUN_GOES_ON);

  settle_all (fixture);
  settle (fixture, suspect);
  fixture_free (fixture);
}

static void
a_suspect_that_snoozes_lets_others_run_and_is_alone_again_after (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *suspect = suspect_runs (fixture), *other;

  snooze (fixture, suspect, 10);
  assert_handed_out (fixture, "0/2");
  other = taken (fixture, 0);
  carry (fixture, other, DELIVERY_RUNNING);
  pass (fixture, 10);
  assert_handed_out (fixture, "");
  settle (fixture, other);
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
a_suspect_that_is_given_back_lets_go (void)
{
  Fixture *fixture = fixture_new (&limits);

  settle (fixture, with_suspect (fixture));
  assert_handed_out (fixture, "0/1");
  carry (fixture, taken (fixture, 0), DELIVERY_READY);
  window_give_back (fixture->window, fixture->taken);
  assert_handed_out (fixture, "0/1"); /* first in line, and alone */
  settle_all (fixture);
  assert_handed_out (fixture, "0/2");
  settle_all (fixture);
  fixture_free (fixture);
}

/* Whatever its end, nobody waits for a suspect that has gone. */
static void
a_suspect_that_is_lost_lets_go_when_its_worker_is_through (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *suspect = suspect_runs (fixture);
  Source *other = assigned (fixture, 0);

  take_away (fixture, g_ptr_array_index (fixture->sources, 0));
  write_all (fixture, other, "x");
  assert_handed_out (fixture, "");
  snooze (fixture, suspect, 10);
  assert_handed_out (fixture, "1/0");
  settle_all (fixture);
  fixture_free (fixture);
}

/* It has to wait for what is in hand, and whoever finishes that wakes the poll thread: a head that
 * is due meanwhile is no reason to look again at once, and again. */
static void
a_suspect_that_waits_keeps_nobody_awake (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *tier = assigned (fixture, 5000);
  Delivery *first;

  (void)write_at (fixture, tier, 0, "t", 100);
  (void)hand_out (fixture);
  first = with_suspect (fixture);
  assert_handed_out (fixture, "");
  pass (fixture, 100 + ERROR_MS);
  assert_handed_out (fixture, "");
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 500), ==, 500);
  settle (fixture, first);
  assert_handed_out (fixture, "1/1");
  settle_all (fixture);
  g_assert_cmpuint (hand_out (fixture), ==, 2);
  settle_all (fixture);
  fixture_free (fixture);
}

/* What a header says of its wait counts where the database has nothing; what both know is the
 * database's. */
static void
what_the_database_knows_goes_with_its_record (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = source_new (fixture, 0);
  GHashTable *records = no_records ();

  assign (fixture, source);
  add_record (records, 1, FALSE, 77);
  add_record (records, 2, FALSE, 0);
  window_open (fixture->window, source->lane, records);
  for (guint i = 0; i < 3; i++) {
    Delivery *delivery = write_one (fixture, source, NULL);

    delivery->known.waiting_since_ms = 55;
  }
  assert_handed_out (fixture, "0/0 0/1 0/2");
  g_assert_false (taken (fixture, 0)->known.has_row);
  g_assert_cmpint (taken (fixture, 0)->known.waiting_since_ms, ==, 55);
  g_assert_true (taken (fixture, 1)->known.has_row);
  g_assert_cmpint (taken (fixture, 1)->known.waiting_since_ms, ==, 77);
  g_assert_true (taken (fixture, 2)->known.has_row);
  g_assert_cmpint (taken (fixture, 2)->known.waiting_since_ms, ==, 55);
  settle_all (fixture);
  fixture_free (fixture);
}

/* --- Snoozing --- */

static void
snoozed_ones_block_their_key_and_wake_in_order (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  write_all (fixture, source, "abcdabcd");
  g_assert_cmpuint (hand_out (fixture), ==, 4);
  carry (fixture, taken (fixture, 1), DELIVERY_READY);
  carry (fixture, taken (fixture, 2), DELIVERY_RUNNING);
  carry (fixture, taken (fixture, 3), DELIVERY_SETTLING);
  snooze (fixture, taken (fixture, 0), 30);
  snooze (fixture, taken (fixture, 1), 20);
  snooze (fixture, taken (fixture, 2), 20);
  snooze (fixture, taken (fixture, 3), 10);
  assert_counts (fixture, 0, 0, 0, 0, 4);
  assert_handed_out (fixture, "");
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 500), ==, 10);
  pass (fixture, 9);
  assert_handed_out (fixture, "");
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 500), ==, 1);
  pass (fixture, 1);
  assert_handed_out (fixture, "0/3");
  settle_all (fixture);
  pass (fixture, 20);
  assert_handed_out (fixture, "0/1 0/2 0/0");
  assert_counts (fixture, 3, 0, 0, 0, 0);
  settle_all (fixture);
  while (hand_out (fixture) > 0)
    settle_all (fixture);
  store (fixture);
  g_assert_cmpint (source->stored, ==, 8);
  fixture_free (fixture);
}

static void
snoozes_in_a_row_are_counted (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *delivery;

  write_all (fixture, source, "a");
  (void)hand_out (fixture);
  delivery = taken (fixture, 0);
  window_count_snooze (fixture->window, delivery);
  window_count_snooze (fixture->window, delivery);
  g_assert_cmpuint (delivery->snoozes, ==, 2);
  settle (fixture, delivery);
  fixture_free (fixture);
}

/* --- Its downstream is away --- */

static void
go_away (Fixture *fixture)
{
  fixture->moment.allowed = 0;
  fixture->moment.away_since_ms = fixture->moment.database_now_ms;
}

static void
nothing_is_handed_out_while_away (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  write_all (fixture, source, "ab");
  go_away (fixture);
  for (guint i = 0; i < 60; i++) {
    pass (fixture, HOUR_MS / 60);
    assert_handed_out (fixture, "");
  }
  fixture->moment.allowed = 1; /* a probe */
  assert_handed_out (fixture, "0/0");
  settle_all (fixture);
  fixture->moment = (WindowMoment){ .now_ms = fixture->moment.now_ms,
                                    .database_now_ms = fixture->moment.database_now_ms,
                                    .allowed = limits.in_flight,
                                    .may_read = TRUE };
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
worn_out_ones_are_handed_out_while_away (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0), *tier = assigned (fixture, 5000);
  gint64 away_since_ms;
  Delivery *delivery;

  /* One has waited before, and says so. */
  go_away (fixture);
  away_since_ms = fixture->moment.away_since_ms;
  delivery = write_one (fixture, source, "a");
  delivery->known.waiting_since_ms = fixture->moment.database_now_ms - HOUR_MS + 1000;
  (void)write_at (fixture, tier, 0, "b", 100);
  assert_handed_out (fixture, "");
  pass (fixture, 60000);
  assert_handed_out (fixture, "0/0");
  g_assert_cmpint (delivery->known.waiting_since_ms, ==, away_since_ms - HOUR_MS + 1000);
  settle_all (fixture);
  /* The other one waits since it was due. */
  fixture->moment.database_now_ms = away_since_ms + 100 + HOUR_MS;
  fixture->moment.now_ms += HOUR_MS;
  assert_handed_out (fixture, "");
  pass (fixture, 60000);
  assert_handed_out (fixture, "1/0");
  g_assert_cmpint (taken (fixture, 0)->known.waiting_since_ms, ==, away_since_ms + 100);
  settle_all (fixture);
  fixture_free (fixture);
}

/* Those that wait in line already, whichever place they have. */
static void
worn_out_ones_in_line_overtake (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *second;

  write_all (fixture, source, "abc");
  g_assert_cmpuint (hand_out (fixture), ==, 3);
  second = taken (fixture, 1);
  for (guint i = 0; i < 3; i++)
    carry (fixture, taken (fixture, i), DELIVERY_READY);
  window_give_back (fixture->window, fixture->taken);
  go_away (fixture);
  second->known.waiting_since_ms = fixture->moment.database_now_ms - HOUR_MS - 1;
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

/* So many are looked at that a look costs something. */
static void
worn_out_ones_are_looked_for_once_a_minute (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *delivery = write_one (fixture, source, NULL);

  go_away (fixture);
  delivery->known.waiting_since_ms = fixture->moment.database_now_ms - HOUR_MS;
  assert_handed_out (fixture, ""); /* not longer than that, by a millisecond */
  g_assert_cmpuint (source->questions, ==, 1);
  pass (fixture, 59999);
  assert_handed_out (fixture, "");
  pass (fixture, 1);
  assert_handed_out (fixture, "0/0");
  settle_all (fixture);
  fixture_free (fixture);
}

static void
worn_out_ones_are_bounded_too (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  for (guint i = 0; i < 6; i++)
    write_one (fixture, source, NULL)->known.waiting_since_ms = 1;
  go_away (fixture);
  assert_handed_out (fixture, "0/0 0/1 0/2 0/3");
  settle_all (fixture);
  assert_handed_out (fixture, "0/4 0/5"); /* until none is left */
  settle_all (fixture);
  fixture_free (fixture);
}

static void
one_that_a_key_blocks_is_not_handed_out_worn_out (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *first;

  write_all (fixture, source, "a");
  assert_handed_out (fixture, "0/0");
  first = taken (fixture, 0);
  write_one (fixture, source, "a")->known.waiting_since_ms = 1;
  go_away (fixture);
  assert_handed_out (fixture, "");
  settle (fixture, first);
  pass (fixture, 60000);
  assert_handed_out (fixture, "0/1");
  settle_all (fixture);
  fixture_free (fixture);
}

/* --- Offsets and counts --- */

static void
the_lowest_unfinished_offset_is_stored (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0), *other = assigned (fixture, 0);
  g_autoptr (GPtrArray) four = NULL;

  (void)write_at (fixture, source, 10, "a", 0);
  (void)write_at (fixture, source, 11, "b", 0);
  (void)write_at (fixture, source, 15, "c", 0); /* compacted away, or a transaction's mark */
  (void)write_at (fixture, source, 16, "a", 0);
  write_all (fixture, other, "x");
  g_assert_cmpuint (hand_out (fixture), ==, 4);
  four = g_ptr_array_copy (fixture->taken, NULL, NULL);
  store (fixture);
  g_assert_cmpuint (source->stores, ==, 0);
  settle (fixture, g_ptr_array_index (four, 2)); /* 11 */
  store (fixture);
  g_assert_cmpuint (source->stores, ==, 0);
  settle (fixture, g_ptr_array_index (four, 0)); /* 10 */
  store (fixture);
  g_assert_cmpint (source->stored, ==, 12);
  settle (fixture, g_ptr_array_index (four, 3)); /* 15 */
  store (fixture);
  store (fixture);
  g_assert_cmpint (source->stored, ==, 16);
  g_assert_cmpuint (source->stores, ==, 2);
  g_assert_cmpuint (other->stores, ==, 0);
  settle (fixture, g_ptr_array_index (four, 1));
  store (fixture);
  g_assert_cmpint (other->stored, ==, 1);
  assert_handed_out (fixture, "0/16");
  settle_all (fixture);
  store (fixture);
  g_assert_cmpint (source->stored, ==, 17);
  fixture_free (fixture);
}

static void
nothing_is_stored_for_a_lost_partition (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  g_autoptr (GPtrArray) both = NULL;

  write_all (fixture, source, "ab");
  g_assert_cmpuint (hand_out (fixture), ==, 2);
  both = g_ptr_array_copy (fixture->taken, NULL, NULL);
  settle (fixture, g_ptr_array_index (both, 0));
  carry (fixture, g_ptr_array_index (both, 1), DELIVERY_SETTLING);
  take_away (fixture, source);
  store (fixture);
  finish (fixture, g_ptr_array_index (both, 1), MOVER_SETTLE);
  store (fixture);
  g_assert_cmpuint (source->stores, ==, 0);
  fixture_free (fixture);
}

static char *
open_offsets (Fixture *fixture, Lane *lane)
{
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gint64));
  GString *text = g_string_new (NULL);

  if (!window_open_offsets (fixture->window, lane, offsets))
    g_string_append (text, "revoked");
  for (guint i = 0; i < offsets->len; i++)
    g_string_append_printf (text, "%" G_GINT64_FORMAT " ", g_array_index (offsets, gint64, i));
  return g_string_free (text, FALSE);
}

#define assert_open_offsets(fixture, lane, expected)                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *open_ = open_offsets (fixture, lane);                                         \
                                                                                                   \
    g_assert_cmpstr (open_, ==, expected);                                                         \
  }                                                                                                \
  G_STMT_END

static gboolean
is_stale (Fixture *fixture, const Lane *lane)
{
  g_autoptr (GPtrArray) stale = window_stale_lanes (fixture->window);

  return g_ptr_array_find (stale, lane, NULL);
}

static void
counts_are_open_while_in_hand_and_stale_when_that_ends (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Lane *lane = lane_ref (source->lane);
  g_autoptr (GPtrArray) four = NULL;

  write_all (fixture, source, "abcda");
  assert_open_offsets (fixture, lane, "");
  g_assert_cmpuint (hand_out (fixture), ==, 4);
  four = g_ptr_array_copy (fixture->taken, NULL, NULL);
  assert_open_offsets (fixture, lane, "0 1 2 3 ");
  carry (fixture, g_ptr_array_index (four, 0), DELIVERY_READY);
  carry (fixture, g_ptr_array_index (four, 1), DELIVERY_RUNNING);
  carry (fixture, g_ptr_array_index (four, 2), DELIVERY_SETTLING);
  assert_open_offsets (fixture, lane, "0 1 2 3 ");
  g_assert_false (is_stale (fixture, lane));
  finish (fixture, g_ptr_array_index (four, 2), MOVER_SETTLE);
  g_assert_true (is_stale (fixture, lane));
  assert_open_offsets (fixture, lane, "0 1 3 ");
  g_assert_false (is_stale (fixture, lane));
  snooze (fixture, g_ptr_array_index (four, 1), 1000);
  g_assert_true (is_stale (fixture, lane));
  assert_open_offsets (fixture, lane, "0 3 ");
  g_ptr_array_set_size (fixture->taken, 0);
  g_ptr_array_add (fixture->taken, g_ptr_array_index (four, 0));
  window_give_back (fixture->window, fixture->taken);
  g_assert_true (is_stale (fixture, lane));
  assert_open_offsets (fixture, lane, "3 ");
  finish (fixture, g_ptr_array_index (four, 3), MOVER_TAKE); /* seen before */
  g_assert_true (is_stale (fixture, lane));
  take_away (fixture, source);
  g_assert_false (is_stale (fixture, lane));
  assert_open_offsets (fixture, lane, "revoked");
  lane_unref (lane);
  fixture_free (fixture);
}

static void
a_suspects_count_is_its_own (void)
{
  Fixture *fixture = fixture_new (&limits);
  Delivery *suspect = suspect_runs (fixture);

  assert_open_offsets (fixture, suspect->lane, "");
  window_progress (fixture->window, suspect);
  assert_open_offsets (fixture, suspect->lane, "1 ");
  settle (fixture, suspect);
  fixture_free (fixture);
}

static void
a_lane_begins_once_and_is_told_once (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0), *other = assigned (fixture, 0);
  g_autoptr (GPtrArray) lanes = NULL;
  g_autoptr (GPtrArray) left = NULL;

  g_assert_true (window_lane_begins (fixture->window, source->lane));
  g_assert_false (window_lane_begins (fixture->window, source->lane));
  g_assert_true (window_lane_begins (fixture->window, other->lane));
  write_all (fixture, source, "ab");
  write_all (fixture, other, "xy");
  g_assert_cmpuint (hand_out (fixture), ==, 4);
  lanes = window_lanes_of (fixture->window, fixture->taken);
  g_assert_cmpuint (lanes->len, ==, 2);
  g_assert_true (g_ptr_array_index (lanes, 0) == source->lane);
  g_assert_true (lane_partition (g_ptr_array_index (lanes, 1)) == other->partition);
  take_away (fixture, source);
  left = window_lanes_of (fixture->window, fixture->taken);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_true (g_ptr_array_index (left, 0) == other->lane);
  for (guint i = 0; i < fixture->taken->len; i++)
    snooze (fixture, taken (fixture, i), 1);
  fixture_free (fixture);
}

/* --- A partition goes --- */

/* One record of key "a" in that state, with another of its key parked behind it in a partition that
 * stays. */
typedef struct {
  Fixture *fixture;
  Source *source, *other;
  Delivery *delivery;
} Going;

static Going
going (DeliveryState state)
{
  Fixture *fixture = fixture_new (&limits);
  Going going = { fixture, assigned (fixture, 0), assigned (fixture, 0), NULL };

  going.delivery = write_one (fixture, going.source, "a");
  assert_handed_out (fixture, "0/0");
  write_all (fixture, going.other, "a");
  assert_handed_out (fixture, "");
  carry (fixture, going.delivery, state == DELIVERY_SNOOZING ? DELIVERY_READY : state);
  if (state == DELIVERY_SNOOZING)
    snooze (fixture, going.delivery, 1000);
  g_assert_cmpint (going.delivery->state, ==, state);
  return going;
}

static void
assert_none_in_hand (Fixture *fixture, Lane *lane)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  g_ptr_array_add (alone, lane);
  g_assert_true (window_wait (fixture->window, alone, 0));
}

static void
in_hand_it_is_lost_and_its_key_stays_busy_until_it_ends (void)
{
  for (DeliveryState state = DELIVERY_TAKING; state <= DELIVERY_SETTLING; state++) {
    Going it = going (state);
    Lane *lane = lane_ref (it.source->lane);

    order (it.fixture, it.source, RUN_AT_BOUNDARY);
    g_assert_cmpint (delivery_order (it.delivery), ==, RUN_AT_BOUNDARY);
    take_away (it.fixture, it.source);
    g_assert_cmpint (delivery_order (it.delivery), ==, RUN_LOST);
    g_assert_null (it.delivery->lane);
    g_assert_cmpuint (window_counts (it.fixture->window).in_hand, ==, 1);
    assert_none_in_hand (it.fixture, lane);
    assert_handed_out (it.fixture, "");
    if (state == DELIVERY_SETTLING)
      finish (it.fixture, it.delivery, MOVER_SETTLE);
    else
      snooze (it.fixture, it.delivery, 1000);
    assert_counts (it.fixture, 0, 0, 0, 0, 0);
    assert_handed_out (it.fixture, "1/0");
    settle_all (it.fixture);
    store (it.fixture);
    g_assert_cmpint (it.source->stored, ==, -1);
    g_assert_cmpint (it.other->stored, ==, 1);
    lane_unref (lane);
    fixture_free (it.fixture);
  }
}

/* A verdict that it comes to all the same is settled: the token says whether it counts. */
static void
lost_while_it_runs_it_may_be_settled (void)
{
  for (guint by_take = 0; by_take < 2; by_take++) {
    Going it = going (by_take ? DELIVERY_TAKING : DELIVERY_RUNNING);

    take_away (it.fixture, it.source);
    window_settling (it.fixture->window, it.delivery, by_take ? MOVER_TAKE : MOVER_WORKER);
    assert_counts (it.fixture, 1, 0, 0, 1, 0);
    assert_handed_out (it.fixture, "");
    finish (it.fixture, it.delivery, MOVER_SETTLE);
    assert_handed_out (it.fixture, "1/0");
    settle_all (it.fixture);
    fixture_free (it.fixture);
  }
}

static void
lost_and_seen_before_it_is_forgotten (void)
{
  Going it = going (DELIVERY_TAKING);

  take_away (it.fixture, it.source);
  finish (it.fixture, it.delivery, MOVER_TAKE);
  assert_counts (it.fixture, 0, 0, 0, 0, 0);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  fixture_free (it.fixture);
}

static void
lost_and_given_back_it_is_forgotten (void)
{
  Going it = going (DELIVERY_READY);

  take_away (it.fixture, it.source);
  g_ptr_array_set_size (it.fixture->taken, 0);
  g_ptr_array_add (it.fixture->taken, it.delivery);
  window_give_back (it.fixture->window, it.fixture->taken);
  assert_counts (it.fixture, 0, 0, 0, 0, 0);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  fixture_free (it.fixture);
}

static void
snoozing_it_is_forgotten_at_once (void)
{
  Going it = going (DELIVERY_SNOOZING);

  take_away (it.fixture, it.source);
  assert_counts (it.fixture, 0, 0, 0, 0, 0);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  pass (it.fixture, 2000);
  assert_handed_out (it.fixture, "");
  fixture_free (it.fixture);
}

static void
held_it_is_forgotten_at_once (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *tier = assigned (fixture, 5000);

  (void)write_at (fixture, tier, 0, "a", 100);
  assert_handed_out (fixture, "");
  g_assert_cmpuint (g_queue_get_length (&tier->unread), ==, 0);
  take_away (fixture, tier);
  g_assert_cmpint (window_sleeps_ms (fixture->window, &fixture->moment, 500), ==, 500);
  pass (fixture, 1000);
  assert_handed_out (fixture, "");
  fixture_free (fixture);
}

/* Three of a key, the first due, with a fourth in a partition that stays. */
static void
due_and_parked_they_are_forgotten_at_once (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0), *other = assigned (fixture, 0);

  write_all (fixture, source, "aaa");
  assert_handed_out (fixture, "0/0");
  write_all (fixture, other, "a");
  carry (fixture, taken (fixture, 0), DELIVERY_READY);
  window_give_back (fixture->window, fixture->taken); /* due */
  write_all (fixture, other, "b");
  assert_handed_out (fixture, "0/0 1/1"); /* and the fourth was read */
  settle (fixture, taken (fixture, 1));
  carry (fixture, taken (fixture, 0), DELIVERY_READY);
  g_ptr_array_set_size (fixture->taken, 1);
  window_give_back (fixture->window, fixture->taken);
  take_away (fixture, source);
  assert_counts (fixture, 0, 0, 0, 0, 0);
  assert_handed_out (fixture, "1/0");
  settle_all (fixture);
  fixture_free (fixture);
}

/* Parked behind one of a partition that stays, in front of one that stays too. */
static void
parked_between_others_it_leaves_the_line (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *going = assigned (fixture, 0), *other = assigned (fixture, 0);
  Delivery *first;

  write_all (fixture, other, "a");
  assert_handed_out (fixture, "1/0");
  first = taken (fixture, 0);
  write_all (fixture, going, "aa");
  assert_handed_out (fixture, "");
  write_all (fixture, other, "a");
  assert_handed_out (fixture, "");
  take_away (fixture, going);
  settle (fixture, first);
  assert_handed_out (fixture, "1/1");
  settle_all (fixture);
  assert_handed_out (fixture, "");
  fixture_free (fixture);
}

static void
finished_behind_an_unfinished_one_it_is_forgotten_at_once (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);
  Delivery *first;

  write_all (fixture, source, "ab");
  g_assert_cmpuint (hand_out (fixture), ==, 2);
  first = taken (fixture, 0);
  settle (fixture, taken (fixture, 1));
  take_away (fixture, source);
  assert_counts (fixture, 1, 0, 0, 0, 0);
  snooze (fixture, first, 1);
  fixture_free (fixture);
}

/* The partition went while the take desk waited: no worker, and the record is read again by whoever
 * has it now. */
static void
revoked_while_it_is_taken_no_worker_gets_it (void)
{
  Going it = going (DELIVERY_TAKING);

  take_away (it.fixture, it.source);
  g_assert_false (window_ready (it.fixture->window, it.delivery));
  g_assert_cmpint (it.delivery->state, ==, DELIVERY_TAKING);
  snooze (it.fixture, it.delivery, 1000);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  fixture_free (it.fixture);
}

static void
revoked_while_it_is_ready_no_worker_begins (void)
{
  Going it = going (DELIVERY_READY);

  take_away (it.fixture, it.source);
  g_assert_false (window_begin (it.fixture->window, it.delivery));
  g_assert_cmpint (it.delivery->state, ==, DELIVERY_READY);
  snooze (it.fixture, it.delivery, 1000);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  fixture_free (it.fixture);
}

/* The order alone, before the partition has gone, is enough. */
static void
ordered_to_stop_nothing_goes_further (void)
{
  const RunOrder orders[] = { RUN_AT_BOUNDARY, RUN_LOST };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
    Going taking = going (DELIVERY_TAKING), ready = going (DELIVERY_READY);

    order (taking.fixture, taking.source, orders[i]);
    g_assert_false (window_ready (taking.fixture->window, taking.delivery));
    snooze (taking.fixture, taking.delivery, 1000);
    assert_counts (taking.fixture, 0, 0, 0, 0, 1); /* still ours, and given up with the lane */
    fixture_free (taking.fixture);
    order (ready.fixture, ready.source, orders[i]);
    g_assert_false (window_begin (ready.fixture->window, ready.delivery));
    snooze (ready.fixture, ready.delivery, 1000);
    fixture_free (ready.fixture);
  }
}

static void
assigned_again_it_starts_anew (void)
{
  Going it = going (DELIVERY_RUNNING);
  Source *again;

  take_away (it.fixture, it.source);
  again = assigned (it.fixture, 0);
  write_all (it.fixture, again, "ab");
  assert_handed_out (it.fixture, "2/1"); /* "a" is in hand still, and one is parked before it */
  settle_all (it.fixture);
  snooze (it.fixture, it.delivery, 1000);
  assert_handed_out (it.fixture, "1/0");
  settle_all (it.fixture);
  assert_handed_out (it.fixture, "2/0");
  settle_all (it.fixture);
  store (it.fixture);
  g_assert_cmpint (again->stored, ==, 2);
  fixture_free (it.fixture);
}

/* What the database knew came after the partition had gone. */
static void
opened_after_it_has_gone_it_is_not_read (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = source_new (fixture, 0);
  Lane *lane;

  assign (fixture, source);
  write_all (fixture, source, "a");
  lane = lane_ref (source->lane);
  take_away (fixture, source);
  window_open (fixture->window, lane, no_records ());
  assert_handed_out (fixture, "");
  g_assert_cmpuint (source->questions, ==, 0);
  lane_unref (lane);
  fixture_free (fixture);
}

static void
several_go_together (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *one = assigned (fixture, 0), *two = assigned (fixture, 0), *stays = assigned (fixture, 0);
  g_autoptr (GPtrArray) lanes = lane_of (one);

  write_all (fixture, one, "ab");
  write_all (fixture, two, "ab");
  write_all (fixture, stays, "ab");
  g_assert_cmpuint (hand_out (fixture), ==, 2);
  for (guint i = 0; i < 2; i++)
    carry (fixture, taken (fixture, i), DELIVERY_READY);
  window_give_back (fixture->window, fixture->taken);
  g_ptr_array_add (lanes, lane_ref (two->lane));
  window_revoke (fixture->window, lanes);
  g_clear_pointer (&one->lane, lane_unref);
  g_clear_pointer (&two->lane, lane_unref);
  g_assert_cmpuint (hand_out (fixture), ==, 2);
  settle_all (fixture);
  store (fixture);
  g_assert_cmpint (stays->stored, ==, 2);
  fixture_free (fixture);
}

static void
waiting_for_work_ends_in_time_or_when_it_is_done (void)
{
  for (DeliveryState state = DELIVERY_TAKING; state <= DELIVERY_SETTLING; state++) {
    Going it = going (state);
    g_autoptr (GPtrArray) lanes = lane_of (it.source);
    g_autoptr (GPtrArray) others = lane_of (it.other);
    gint64 past_us = g_get_monotonic_time () - 1;

    g_assert_true (window_wait (it.fixture->window, others, past_us)); /* parked is not in hand */
    g_assert_false (window_wait (it.fixture->window, lanes, past_us));
    g_assert_false (window_wait_idle (it.fixture->window, past_us));
    snooze (it.fixture, it.delivery, 1000);
    g_assert_true (window_wait (it.fixture->window, lanes, past_us));
    g_assert_true (window_wait_idle (it.fixture->window, past_us));
    fixture_free (it.fixture);
  }
}

/* --- Given back --- */

static void
given_back_they_keep_their_order_in_front_of_the_others (void)
{
  Fixture *fixture = fixture_new (&limits);
  Source *source = assigned (fixture, 0);

  write_all (fixture, source, "abcd ");
  g_assert_cmpuint (hand_out (fixture), ==, 4);
  for (guint i = 0; i < 4; i++)
    carry (fixture, taken (fixture, i), DELIVERY_READY);
  snooze (fixture, taken (fixture, 3), 0); /* due again, behind those given back */
  g_ptr_array_set_size (fixture->taken, 3);
  window_give_back (fixture->window, fixture->taken);
  go_away (fixture);
  assert_handed_out (fixture, "");
  fixture->moment.allowed = 2;
  fixture->moment.away_since_ms = 0;
  assert_handed_out (fixture, "0/0 0/1");
  settle_all (fixture);
  fixture->moment.allowed = 2;
  assert_handed_out (fixture, "0/2 0/3");
  settle_all (fixture);
  assert_handed_out (fixture, "0/4");
  settle_all (fixture);
  fixture_free (fixture);
}

#define ADD(name, function) g_test_add_func ("/pipeline/window/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("one-of-a-key-is-in-hand-at-a-time", one_of_a_key_is_in_hand_at_a_time);
  ADD ("a-key-is-one-over-all-partitions", a_key_is_one_over_all_partitions);
  ADD ("keys-go-in-parallel-and-none-blocks-nobody", keys_go_in_parallel_and_none_blocks_nobody);
  ADD ("partitions-take-turns", partitions_take_turns);
  ADD ("nothing-is-read-before-it-is-open-or-while-it-may-not",
       nothing_is_read_before_it_is_open_or_while_it_may_not);
  ADD ("a-held-lane-keeps-nobody-waiting-or-awake", a_held_lane_keeps_nobody_waiting_or_awake);
  ADD ("a-tiers-head-is-held-until-it-is-due-and-never-early",
       a_tiers_head_is_held_until_it_is_due_and_never_early);
  ADD ("an-unfinished-record-stops-the-reading-of-its-partition-only",
       an_unfinished_record_stops_the_reading_of_its_partition_only);
  ADD ("finished-behind-an-unfinished-one-count-as-unfinished",
       finished_behind_an_unfinished_one_count_as_unfinished);
  ADD ("no-more-are-in-flight-than-the-bound", no_more_are_in_flight_than_the_bound);
  ADD ("as-many-are-taken-ahead-as-have-left-of-late",
       as_many_are_taken_ahead_as_have_left_of_late);
  ADD ("nothing-is-taken-ahead-while-the-breaker-allows-fewer",
       nothing_is_taken_ahead_while_the_breaker_allows_fewer);
  ADD ("verdicts-that-wait-for-their-commit-bound-what-is-taken",
       verdicts_that_wait_for_their_commit_bound_what_is_taken);
  ADD ("a-suspect-runs-alone-until-its-verdict", a_suspect_runs_alone_until_its_verdict);
  ADD ("a-suspect-that-waits-has-those-in-hand-step-aside",
       a_suspect_that_waits_has_those_in_hand_step_aside);
  ADD ("a-suspect-that-gets-on-is-a-bystander-again", a_suspect_that_gets_on_is_a_bystander_again);
  ADD ("a-suspect-that-snoozes-lets-others-run-and-is-alone-again-after",
       a_suspect_that_snoozes_lets_others_run_and_is_alone_again_after);
  ADD ("a-suspect-that-is-given-back-lets-go", a_suspect_that_is_given_back_lets_go);
  ADD ("a-suspect-that-is-lost-lets-go-when-its-worker-is-through",
       a_suspect_that_is_lost_lets_go_when_its_worker_is_through);
  ADD ("a-suspect-that-waits-keeps-nobody-awake", a_suspect_that_waits_keeps_nobody_awake);
  ADD ("what-the-database-knows-goes-with-its-record",
       what_the_database_knows_goes_with_its_record);
  ADD ("snoozed-ones-block-their-key-and-wake-in-order",
       snoozed_ones_block_their_key_and_wake_in_order);
  ADD ("snoozes-in-a-row-are-counted", snoozes_in_a_row_are_counted);
  ADD ("nothing-is-handed-out-while-away", nothing_is_handed_out_while_away);
  ADD ("worn-out-ones-are-handed-out-while-away", worn_out_ones_are_handed_out_while_away);
  ADD ("worn-out-ones-in-line-overtake", worn_out_ones_in_line_overtake);
  ADD ("worn-out-ones-are-looked-for-once-a-minute", worn_out_ones_are_looked_for_once_a_minute);
  ADD ("worn-out-ones-are-bounded-too", worn_out_ones_are_bounded_too);
  ADD ("one-that-a-key-blocks-is-not-handed-out-worn-out",
       one_that_a_key_blocks_is_not_handed_out_worn_out);
  ADD ("the-lowest-unfinished-offset-is-stored", the_lowest_unfinished_offset_is_stored);
  ADD ("nothing-is-stored-for-a-lost-partition", nothing_is_stored_for_a_lost_partition);
  ADD ("counts-are-open-while-in-hand-and-stale-when-that-ends",
       counts_are_open_while_in_hand_and_stale_when_that_ends);
  ADD ("a-suspects-count-is-its-own", a_suspects_count_is_its_own);
  ADD ("a-lane-begins-once-and-is-told-once", a_lane_begins_once_and_is_told_once);
  ADD ("revoke/in-hand-it-is-lost-and-its-key-stays-busy-until-it-ends",
       in_hand_it_is_lost_and_its_key_stays_busy_until_it_ends);
  ADD ("revoke/lost-while-it-runs-it-may-be-settled", lost_while_it_runs_it_may_be_settled);
  ADD ("revoke/lost-and-seen-before-it-is-forgotten", lost_and_seen_before_it_is_forgotten);
  ADD ("revoke/lost-and-given-back-it-is-forgotten", lost_and_given_back_it_is_forgotten);
  ADD ("revoke/snoozing-it-is-forgotten-at-once", snoozing_it_is_forgotten_at_once);
  ADD ("revoke/held-it-is-forgotten-at-once", held_it_is_forgotten_at_once);
  ADD ("revoke/due-and-parked-they-are-forgotten-at-once",
       due_and_parked_they_are_forgotten_at_once);
  ADD ("revoke/parked-between-others-it-leaves-the-line", parked_between_others_it_leaves_the_line);
  ADD ("revoke/finished-behind-an-unfinished-one-it-is-forgotten-at-once",
       finished_behind_an_unfinished_one_it_is_forgotten_at_once);
  ADD ("revoke/while-it-is-taken-no-worker-gets-it", revoked_while_it_is_taken_no_worker_gets_it);
  ADD ("revoke/while-it-is-ready-no-worker-begins", revoked_while_it_is_ready_no_worker_begins);
  ADD ("revoke/ordered-to-stop-nothing-goes-further", ordered_to_stop_nothing_goes_further);
  ADD ("revoke/assigned-again-it-starts-anew", assigned_again_it_starts_anew);
  ADD ("revoke/opened-after-it-has-gone-it-is-not-read", opened_after_it_has_gone_it_is_not_read);
  ADD ("revoke/several-go-together", several_go_together);
  ADD ("revoke/waiting-for-work-ends-in-time-or-when-it-is-done",
       waiting_for_work_ends_in_time_or_when_it_is_done);
  ADD ("given-back-they-keep-their-order-in-front-of-the-others",
       given_back_they_keep_their_order_in_front_of_the_others);
  return g_test_run ();
}
