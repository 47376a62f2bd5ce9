/* A delivery: the table of its moves and who may make them, when it is due, the order to stop, its
 * key. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/delivery.h"

#define NOW_MS  G_GINT64_CONSTANT (1700000000000)
#define WAIT_MS 900000
#define EDGE_MS (WAIT_MS + WAIT_MS / 10 + 60000) /* no due time of ours is further ahead */

static const Mover movers[] = { MOVER_POLL, MOVER_TAKE, MOVER_WORKER, MOVER_SETTLE };

static Delivery *
new_delivery (Partition *partition, KafkaHeaders *headers_taken)
{
  return delivery_new (partition, NULL, 7, "veteran", 7, NOW_MS, NOW_MS,
                       headers_taken ? headers_taken : kafka_headers_new ());
}

/* --- Moves --- */

static void
the_table_leads_from_the_head_to_the_end (void)
{
  gboolean reached[DELIVERY_STATES] = { [DELIVERY_HELD] = TRUE }, left[DELIVERY_STATES] = { FALSE };
  guint count;
  const DeliveryMove *moves = delivery_moves (&count);

  for (guint round = 0; round < DELIVERY_STATES; round++)
    for (guint i = 0; i < count; i++)
      if (reached[moves[i].from])
        reached[moves[i].to] = TRUE;
  for (guint i = 0; i < count; i++)
    left[moves[i].from] = TRUE;
  for (DeliveryState state = 0; state < DELIVERY_STATES; state++) {
    g_test_message ("%s", delivery_state_name (state));
    g_assert_true (reached[state]);
    g_assert_cmpint (left[state], ==, state != DELIVERY_FINISHED);
  }
}

/* Going backwards: from everywhere there is a way to the end. */
static void
nothing_is_stuck (void)
{
  gboolean ends[DELIVERY_STATES] = { [DELIVERY_FINISHED] = TRUE };
  guint count;
  const DeliveryMove *moves = delivery_moves (&count);

  for (guint round = 0; round < DELIVERY_STATES; round++)
    for (guint i = 0; i < count; i++)
      if (ends[moves[i].to])
        ends[moves[i].from] = TRUE;
  for (DeliveryState state = 0; state < DELIVERY_STATES; state++)
    g_assert_true (ends[state]);
}

static void
every_row_is_one_move_with_a_mover_and_a_reason (void)
{
  guint count;
  const DeliveryMove *moves = delivery_moves (&count);

  for (guint i = 0; i < count; i++) {
    g_assert_cmpint (moves[i].from, <, DELIVERY_STATES);
    g_assert_cmpint (moves[i].to, <, DELIVERY_STATES);
    g_assert_cmpint (moves[i].from, !=, moves[i].to);
    g_assert_cmpuint (moves[i].movers, !=, 0);
    g_assert_cmpuint (
        moves[i].movers & ~(guint)(MOVER_POLL | MOVER_TAKE | MOVER_WORKER | MOVER_SETTLE), ==, 0);
    g_assert_true (moves[i].when && *moves[i].when);
    for (guint k = 0; k < i; k++)
      g_assert_false (moves[k].from == moves[i].from && moves[k].to == moves[i].to);
  }
}

static void
every_state_has_a_name_of_its_own (void)
{
  for (DeliveryState state = 0; state < DELIVERY_STATES; state++) {
    g_assert_nonnull (delivery_state_name (state));
    for (DeliveryState other = 0; other < state; other++)
      g_assert_cmpstr (delivery_state_name (other), !=, delivery_state_name (state));
  }
}

/* What the promises of the room hang on, whatever else the table comes to allow. */
static void
guarantees_stand_in_the_table (void)
{
  for (DeliveryState from = 0; from < DELIVERY_STATES; from++)
    for (guint m = 0; m < G_N_ELEMENTS (movers); m++) {
      /* Counted before any work: only what was at the take desk gets a worker. */
      g_assert_cmpint (delivery_may_move (from, DELIVERY_READY, movers[m]), ==,
                       from == DELIVERY_TAKING && movers[m] == MOVER_TAKE);
      g_assert_cmpint (delivery_may_move (from, DELIVERY_RUNNING, movers[m]), ==,
                       from == DELIVERY_READY && movers[m] == MOVER_WORKER);
      /* An offset goes on after its commit, or when the inbox has it. */
      g_assert_cmpint (delivery_may_move (from, DELIVERY_FINISHED, movers[m]), ==,
                       (from == DELIVERY_SETTLING && movers[m] == MOVER_SETTLE) ||
                           (from == DELIVERY_TAKING && movers[m] == MOVER_TAKE));
      /* What is out of the lane stays out. */
      g_assert_false (delivery_may_move (DELIVERY_FINISHED, from, movers[m]));
      /* Only the poll thread reads and hands out. */
      if (movers[m] != MOVER_POLL)
        g_assert_false (delivery_may_move (from, DELIVERY_TAKING, movers[m]));
    }
}

/* In a process of its own, for a move that is not allowed ends it. */
static gboolean
ends_its_process (Delivery *delivery, DeliveryState to, Mover mover, const GThread *holder)
{
  pid_t child = fork ();
  int status = 0;

  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    (void)!freopen ("/dev/null", "w", stdout);
    (void)!freopen ("/dev/null", "w", stderr);
    delivery_move (delivery, to, mover, holder);
    _exit (delivery->state == to ? 0 : 3);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFSIGNALED (status);
}

static void
only_moves_of_the_table_are_made (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);
  guint count, refused = 0, made = 0;
  const DeliveryMove *moves = delivery_moves (&count);

  for (DeliveryState from = 0; from < DELIVERY_STATES; from++)
    for (DeliveryState to = 0; to < DELIVERY_STATES; to++)
      for (guint m = 0; m < G_N_ELEMENTS (movers); m++) {
        Delivery *delivery = new_delivery (partition, NULL);
        gboolean is_listed = FALSE;

        for (guint i = 0; i < count; i++)
          is_listed |= moves[i].from == from && moves[i].to == to && (moves[i].movers & movers[m]);
        delivery->state = from;
        g_assert_cmpint (delivery_may_move (from, to, movers[m]), ==, is_listed);
        if (is_listed) {
          delivery_move (delivery, to, movers[m], g_thread_self ());
          g_assert_cmpint (delivery->state, ==, to);
          made++;
        } else {
          g_assert_true (ends_its_process (delivery, to, movers[m], g_thread_self ()));
          refused++;
        }
        delivery_free (delivery);
      }
  g_assert_cmpuint (made + refused, ==, DELIVERY_STATES * DELIVERY_STATES * 4);
  g_assert_cmpuint (made, >=, count);
  partition_unref (partition);
}

static void
a_refused_move_says_which (void)
{
  Partition *partition;

  if (g_test_subprocess ()) {
    partition = partition_new ("claims.686c", 3, 0);
    delivery_move (new_delivery (partition, NULL), DELIVERY_RUNNING, MOVER_WORKER,
                   g_thread_self ());
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*may not go from held to running*");
}

static gpointer
own_thread (gpointer data G_GNUC_UNUSED)
{
  return NULL;
}

/* Nobody's lock, and another thread's. */
static void
whoever_does_not_hold_the_lock_moves_nothing (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);
  Delivery *delivery = new_delivery (partition, NULL);
  GThread *other = g_thread_new ("other", own_thread, NULL);

  g_assert_false (ends_its_process (delivery, DELIVERY_DUE, MOVER_POLL, g_thread_self ()));
  g_assert_true (ends_its_process (delivery, DELIVERY_DUE, MOVER_POLL, NULL));
  g_assert_true (ends_its_process (delivery, DELIVERY_DUE, MOVER_POLL, other));
  g_thread_join (other);
  delivery_free (delivery);
  partition_unref (partition);
}

static void
in_hand_is_from_the_take_desk_to_the_commit (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);
  Delivery *delivery = new_delivery (partition, NULL);

  for (delivery->state = 0; delivery->state < DELIVERY_STATES; delivery->state++)
    g_assert_cmpint (delivery_is_in_hand (delivery), ==,
                     delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_READY ||
                         delivery->state == DELIVERY_RUNNING ||
                         delivery->state == DELIVERY_SETTLING);
  delivery_free (delivery);
  partition_unref (partition);
}

/* --- When it is due --- */

static gint64
due_ms (gint64 wait_ms, gint64 timestamp_ms, const char *not_before)
{
  Partition *partition = partition_new ("form-686c.retry-15m", 3, wait_ms);
  KafkaHeaders *headers = kafka_headers_new ();
  Delivery *delivery;
  gint64 due;

  if (not_before)
    kafka_headers_add_foreign (headers, "dp-not-before", not_before, strlen (not_before));
  delivery = delivery_new (partition, NULL, 7, NULL, 0, timestamp_ms, NOW_MS, headers);
  due = delivery->due_ms;
  delivery_free (delivery);
  partition_unref (partition);
  return due;
}

static gint64
due_by_header (gint64 not_before_ms, gint64 timestamp_ms)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, not_before_ms);

  return due_ms (WAIT_MS, timestamp_ms, text);
}

static void
of_the_source_it_is_never_held (void)
{
  g_assert_cmpint (due_ms (0, NOW_MS, NULL), ==, 0);
  g_assert_cmpint (due_ms (0, NOW_MS, "1700009999999"), ==, 0);
  g_assert_cmpint (due_ms (0, -1, NULL), ==, 0);
}

static void
of_a_tier_it_is_due_as_its_header_says (void)
{
  const gint64 appended_ms = NOW_MS - 5000;

  g_assert_cmpint (due_by_header (NOW_MS + 1, appended_ms), ==, NOW_MS + 1);
  g_assert_cmpint (due_by_header (NOW_MS - 1, appended_ms), ==, NOW_MS - 1);
  g_assert_cmpint (due_by_header (1, appended_ms), ==, 1);
  g_assert_cmpint (due_by_header (appended_ms + EDGE_MS, appended_ms), ==, appended_ms + EDGE_MS);
}

static void
without_a_due_time_it_waits_as_long_as_its_tier (void)
{
  const char *const none_of_ours[] = { NULL, "",     "0",
                                       "-1", "soon", "17e11",
                                       " 1", "0x10", "99999999999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (none_of_ours); i++) {
    g_assert_cmpint (due_ms (WAIT_MS, NOW_MS - 5000, none_of_ours[i]), ==, NOW_MS - 5000 + WAIT_MS);
    g_assert_cmpint (due_ms (WAIT_MS, NOW_MS + 1, none_of_ours[i]), ==, NOW_MS + WAIT_MS);
  }
}

/* All behind it in its tier would wait for it. */
static void
no_due_time_is_further_ahead_than_its_tier (void)
{
  g_assert_cmpint (due_by_header (NOW_MS + EDGE_MS + 1, NOW_MS), ==, NOW_MS + EDGE_MS);
  g_assert_cmpint (due_by_header (G_MAXINT64, NOW_MS), ==, NOW_MS + EDGE_MS);
  g_assert_cmpint (due_by_header (G_MAXINT64, NOW_MS - 1000), ==, NOW_MS - 1000 + EDGE_MS);
}

/* A producer may write any timestamp into a record. */
static void
no_timestamp_is_later_than_now (void)
{
  const gint64 absurd[] = { NOW_MS + 1, NOW_MS + 86400000, G_MAXINT64 - 1, G_MAXINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (absurd); i++) {
    Partition *partition = partition_new ("claims.686c", 3, 0);
    Delivery *delivery =
        delivery_new (partition, NULL, 7, NULL, 0, absurd[i], NOW_MS, kafka_headers_new ());

    g_assert_cmpint (delivery->appended_at_ms, ==, NOW_MS);
    delivery_free (delivery);
    partition_unref (partition);
  }
}

/* From when it is read each of them would wait as long as its tier, one behind the other. */
static void
without_any_time_of_its_own_it_waits_for_nothing (void)
{
  const gint64 no_times[] = { G_MININT64, -1, NOW_MS + 60001, NOW_MS + 86400000, G_MAXINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (no_times); i++) {
    g_assert_cmpint (due_ms (WAIT_MS, no_times[i], NULL), ==, 0);
    g_assert_cmpint (due_ms (WAIT_MS, no_times[i], "soon"), ==, 0);
    g_assert_cmpint (due_by_header (G_MAXINT64, no_times[i]), ==, 0);
    g_assert_cmpint (due_by_header (NOW_MS + EDGE_MS + 1, no_times[i]), ==, 0);
    /* Ours, and the clock that wrote it is wrong. */
    g_assert_cmpint (due_by_header (NOW_MS + WAIT_MS, no_times[i]), ==, NOW_MS + WAIT_MS);
  }
}

/* --- What it says of itself --- */

static void
it_has_waited_since_its_header_says_but_not_from_tomorrow_on (void)
{
  const struct {
    gint64 header_ms, since_ms;
  } expected[] = {
    { 0, 0 }, { 1, 1 }, { NOW_MS, NOW_MS }, { NOW_MS + 1, NOW_MS }, { G_MAXINT64, NOW_MS }
  };
  Partition *partition = partition_new ("claims.686c", 3, 0);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    KafkaHeaders *headers = kafka_headers_new ();
    Delivery *delivery;

    if (expected[i].header_ms)
      kafka_headers_set_int (headers, "dp-waiting-since", expected[i].header_ms);
    delivery = new_delivery (partition, headers);
    g_assert_cmpint (delivery->known.waiting_since_ms, ==, expected[i].since_ms);
    g_assert_cmpint (delivery->known.offset, ==, 7);
    g_assert_false (delivery->known.is_suspect || delivery->known.has_row);
    delivery_free (delivery);
  }
  partition_unref (partition);
}

static void
the_order_only_goes_further (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);
  const RunOrder orders[] = { RUN_GOES_ON, RUN_STEPS_ASIDE, RUN_AT_BOUNDARY, RUN_LOST };

  for (guint a = 0; a < G_N_ELEMENTS (orders); a++)
    for (guint b = 0; b < G_N_ELEMENTS (orders); b++) {
      Delivery *delivery = new_delivery (partition, NULL);

      g_assert_cmpint (delivery_order (delivery), ==, RUN_GOES_ON);
      delivery_give_order (delivery, orders[a]);
      g_assert_cmpint (delivery_order (delivery), ==, orders[a]);
      delivery_give_order (delivery, orders[b]);
      g_assert_cmpint (delivery_order (delivery), ==, MAX (orders[a], orders[b]));
      delivery_back_in_line (delivery);
      g_assert_cmpint (delivery_order (delivery), ==,
                       MAX (orders[a], orders[b]) == RUN_STEPS_ASIDE ? RUN_GOES_ON
                                                                     : MAX (orders[a], orders[b]));
      delivery_free (delivery);
    }
  partition_unref (partition);
}

static void
the_last_attempt_is_the_one_that_uses_them_up (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);

  for (guint attempt = 0; attempt < 20; attempt++) {
    KafkaHeaders *headers = kafka_headers_new ();
    Delivery *delivery;

    kafka_headers_set_int (headers, "dp-attempt", attempt);
    delivery = new_delivery (partition, headers);
    g_assert_cmpint (delivery_is_last_attempt (delivery, 17), ==, attempt >= 16);
    g_assert_true (delivery_is_last_attempt (delivery, 1));
    delivery_free (delivery);
  }
  partition_unref (partition);
}

static void
keys_of_any_bytes_order_alike_only_when_they_are_alike (void)
{
  static const struct {
    const char *bytes;
    gsize length;
  } keys[] = { { "a", 1 },    { "b", 1 },        { "a\0", 2 },      { "a\0b", 3 },
               { "\xff", 1 }, { "\xff\xfe", 2 }, { "\xc3\xa9", 2 }, { " ", 1 } };
  Partition *partition = partition_new ("claims.686c", 3, 0);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *long_one = g_strnfill (5000, 'k');

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    for (guint twice = 0; twice < 2; twice++) {
      Delivery *delivery = delivery_new (partition, NULL, i, keys[i].bytes, keys[i].length, NOW_MS,
                                         NOW_MS, kafka_headers_new ());

      g_assert_true (g_utf8_validate (delivery->key, -1, NULL));
      g_assert_cmpint (g_hash_table_add (seen, g_strdup (delivery->key)), ==, twice == 0);
      delivery_free (delivery);
    }
  for (gsize length = 255; length < 258; length++) {
    Delivery *delivery =
        delivery_new (partition, NULL, 1, long_one, length, NOW_MS, NOW_MS, kafka_headers_new ());

    g_assert_cmpuint (strlen (delivery->key), ==, length == 255 ? 255 : 64);
    g_assert_true (g_hash_table_add (seen, g_strdup (delivery->key)));
    delivery_free (delivery);
  }
  partition_unref (partition);
}

static void
without_a_key_it_is_in_nobodys_way (void)
{
  Partition *partition = partition_new ("claims.686c", 3, 0);

  for (guint is_empty = 0; is_empty < 2; is_empty++) {
    Delivery *delivery = delivery_new (partition, NULL, 1, is_empty ? "" : NULL, 0, NOW_MS, NOW_MS,
                                       kafka_headers_new ());

    g_assert_null (delivery->key);
    delivery_free (delivery);
  }
  delivery_free (NULL);
  partition_unref (partition);
}

#define ADD(name, function) g_test_add_func ("/pipeline/delivery/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("the-table-leads-from-the-head-to-the-end", the_table_leads_from_the_head_to_the_end);
  ADD ("nothing-is-stuck", nothing_is_stuck);
  ADD ("every-row-is-one-move-with-a-mover-and-a-reason",
       every_row_is_one_move_with_a_mover_and_a_reason);
  ADD ("every-state-has-a-name-of-its-own", every_state_has_a_name_of_its_own);
  ADD ("guarantees-stand-in-the-table", guarantees_stand_in_the_table);
  ADD ("only-moves-of-the-table-are-made", only_moves_of_the_table_are_made);
  ADD ("a-refused-move-says-which", a_refused_move_says_which);
  ADD ("whoever-does-not-hold-the-lock-moves-nothing",
       whoever_does_not_hold_the_lock_moves_nothing);
  ADD ("in-hand-is-from-the-take-desk-to-the-commit", in_hand_is_from_the_take_desk_to_the_commit);
  ADD ("of-the-source-it-is-never-held", of_the_source_it_is_never_held);
  ADD ("of-a-tier-it-is-due-as-its-header-says", of_a_tier_it_is_due_as_its_header_says);
  ADD ("without-a-due-time-it-waits-as-long-as-its-tier",
       without_a_due_time_it_waits_as_long_as_its_tier);
  ADD ("no-due-time-is-further-ahead-than-its-tier", no_due_time_is_further_ahead_than_its_tier);
  ADD ("no-timestamp-is-later-than-now", no_timestamp_is_later_than_now);
  ADD ("without-any-time-of-its-own-it-waits-for-nothing",
       without_any_time_of_its_own_it_waits_for_nothing);
  ADD ("it-has-waited-since-its-header-says-but-not-from-tomorrow-on",
       it_has_waited_since_its_header_says_but_not_from_tomorrow_on);
  ADD ("the-order-only-goes-further", the_order_only_goes_further);
  ADD ("the-last-attempt-is-the-one-that-uses-them-up",
       the_last_attempt_is_the_one_that_uses_them_up);
  ADD ("keys-of-any-bytes-order-alike-only-when-they-are-alike",
       keys_of_any_bytes_order_alike_only_when_they_are_alike);
  ADD ("without-a-key-it-is-in-nobodys-way", without_a_key_it_is_in_nobodys_way);
  return g_test_run ();
}
