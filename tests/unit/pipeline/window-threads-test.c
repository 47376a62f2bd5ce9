/* The window between its threads: poll, take, workers, settle, as life.c brings them together,
 * while partitions go and come. Made for the thread sanitizer too. */
#include "pipeline/crew.h"
#include "pipeline/window.h"

#define LOGS        4
#define RECORDS     1500 /* of each */
#define KEYS        12
#define REVOKES     300
#define ASSIGNMENTS (LOGS + REVOKES)
#define WORKERS     4
#define SLEEP_MS    5
#define DEADLINE_US (240 * G_USEC_PER_SEC) /* of a thread sanitizer on a machine that has no time */

/* What one thread hands to another. (GLib's own queue locks where the thread sanitizer does not see
 * it.) */
typedef struct {
  GMutex lock;
  GCond added;
  GQueue items;
} Channel;

/* A partition: its records are their offsets. Of the poll thread, but for what is settled. */
typedef struct {
  Lane *lane;
  Partition *partition; /* of this assignment: its number is the assignment's */
  gint64 read, stored;
  gint settled[RECORDS]; /* atomic: how often */
} Log;

typedef struct {
  Window *window;
  Crew *crew;
  Log logs[LOGS];
  guint assignments;
  gint are_gone[ASSIGNMENTS]; /* atomic: window_revoke() has returned */
  gint busy[KEYS];            /* atomic: from a worker's begin to what becomes of it */
  Channel to_take, to_settle;
  GMutex lock;
  GCond woken;
  gboolean is_woken;
  gint lost_while_taking; /* atomic */
} House;

static const WindowLimits limits = {
  .in_flight = WORKERS, .ahead = 20, .settling = 30, .unfinished = 40, .outage_max_wait_ms = 1000
};

typedef struct {
  Delivery *delivery; /* or */
  Lane *lane;         /* to open; a reference */
} TakeItem;

static int end_mark;

static void
channel_init (Channel *channel)
{
  g_mutex_init (&channel->lock);
  g_cond_init (&channel->added);
  g_queue_init (&channel->items);
}

static void
channel_clear (Channel *channel)
{
  g_assert_cmpuint (g_queue_get_length (&channel->items), ==, 0);
  g_mutex_clear (&channel->lock);
  g_cond_clear (&channel->added);
}

static void
push (Channel *channel, gpointer item)
{
  g_mutex_lock (&channel->lock);
  g_queue_push_tail (&channel->items, item);
  g_cond_signal (&channel->added);
  g_mutex_unlock (&channel->lock);
}

/* All there is, at least one, and at most @count. The mark comes alone. */
static GPtrArray *
pop (Channel *channel, guint count)
{
  GPtrArray *items = g_ptr_array_new ();

  g_mutex_lock (&channel->lock);
  while (g_queue_is_empty (&channel->items))
    g_cond_wait (&channel->added, &channel->lock);
  while (items->len < count && !g_queue_is_empty (&channel->items) &&
         (items->len == 0 || g_queue_peek_head (&channel->items) != &end_mark))
    g_ptr_array_add (items, g_queue_pop_head (&channel->items));
  g_mutex_unlock (&channel->lock);
  return items;
}

static gboolean
is_end (const GPtrArray *items)
{
  return g_ptr_array_index (items, 0) == &end_mark;
}

static void
wake (House *house)
{
  g_mutex_lock (&house->lock);
  house->is_woken = TRUE;
  g_cond_signal (&house->woken);
  g_mutex_unlock (&house->lock);
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

static Log *
log_of (House *house, const Delivery *delivery)
{
  return &house->logs[delivery->partition->topic[0] - '0'];
}

static gint *
busy_of (House *house, const Delivery *delivery)
{
  return &house->busy[delivery->key[0] - 'a'];
}

static gboolean
is_gone (House *house, const Delivery *delivery)
{
  return g_atomic_int_get (&house->are_gone[delivery->partition->number]);
}

static void
snooze (House *house, Delivery *delivery, Mover mover)
{
  window_snooze (house->window, delivery, now_ms () + g_random_int_range (0, 3), mover);
  wake (house);
}

/* --- The take desk --- */

static void
take (House *house, Delivery *delivery)
{
  /* What the inbox says. */
  gboolean is_seen = g_atomic_int_get (&log_of (house, delivery)->settled[delivery->offset]) > 0;
  gboolean was_gone = is_gone (house, delivery), is_ready;

  if (is_seen) {
    g_autoptr (GPtrArray) alone = g_ptr_array_new ();

    g_ptr_array_add (alone, delivery);
    window_finish (house->window, alone, MOVER_TAKE);
    wake (house);
    return;
  }
  is_ready = window_ready (house->window, delivery);
  g_assert_false (is_ready && was_gone);
  if (is_ready) {
    crew_add (house->crew, delivery);
    return;
  }
  g_atomic_int_inc (&house->lost_while_taking);
  snooze (house, delivery, MOVER_TAKE);
}

static void
count (House *house, GPtrArray *deliveries)
{
  g_autoptr (GPtrArray) lanes = window_lanes_of (house->window, deliveries);

  for (guint i = 0; i < lanes->len; i++) {
    g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gint64));

    (void)window_open_offsets (house->window, g_ptr_array_index (lanes, i), offsets);
    (void)window_lane_begins (house->window, g_ptr_array_index (lanes, i));
  }
}

static gpointer
take_thread (gpointer data)
{
  House *house = data;

  for (;;) {
    g_autoptr (GPtrArray) items = pop (&house->to_take, 10);
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();

    if (is_end (items))
      return NULL;
    for (guint i = 0; i < items->len; i++) {
      g_autofree TakeItem *item = g_ptr_array_index (items, i);

      if (item->delivery) {
        g_ptr_array_add (batch, item->delivery);
        continue;
      }
      window_open (house->window, item->lane,
                   g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free));
      lane_unref (item->lane);
      wake (house);
    }
    count (house, batch);
    for (guint i = 0; i < 20; i++) /* the database's answer; partitions go meanwhile */
      g_thread_yield ();
    for (guint i = 0; i < batch->len; i++)
      take (house, g_ptr_array_index (batch, i));
  }
}

/* --- Workers --- */

static void
handle (gpointer item, gpointer data)
{
  House *house = data;
  Delivery *delivery = item;
  gboolean was_gone = is_gone (house, delivery), begins = window_begin (house->window, delivery);

  g_assert_false (begins && was_gone);
  if (!begins) {
    snooze (house, delivery, MOVER_WORKER);
    return;
  }
  g_assert_cmpint (g_atomic_int_add (busy_of (house, delivery), 1), ==, 0);
  if (g_random_int_range (0, 4) == 0)
    window_progress (house->window, delivery);
  g_thread_yield ();
  if (delivery_order (delivery) != RUN_GOES_ON || g_random_int_range (0, 20) == 0) {
    g_atomic_int_add (busy_of (house, delivery), -1);
    snooze (house, delivery, MOVER_WORKER);
    return;
  }
  window_settling (house->window, delivery, MOVER_WORKER);
  push (&house->to_settle, delivery);
  wake (house);
}

/* --- The settle desk --- */

static gpointer
settle_thread (gpointer data)
{
  House *house = data;

  for (;;) {
    g_autoptr (GPtrArray) items = pop (&house->to_settle, 10);
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();

    if (is_end (items))
      return NULL;
    for (guint i = 0; i < items->len; i++) {
      Delivery *delivery = g_ptr_array_index (items, i);

      g_atomic_int_add (busy_of (house, delivery), -1);
      if (g_random_int_range (0, 20) == 0) {
        window_count_snooze (house->window, delivery);
        snooze (house, delivery, MOVER_SETTLE);
        continue;
      }
      g_atomic_int_inc (&log_of (house, delivery)->settled[delivery->offset]);
      g_ptr_array_add (batch, delivery);
    }
    window_finish (house->window, batch, MOVER_SETTLE);
    wake (house);
  }
}

/* --- The poll thread --- */

static Delivery *
read_next (gpointer source, Partition *partition, gpointer data G_GNUC_UNUSED)
{
  Log *log = source;
  char key;

  if (log->read == RECORDS)
    return NULL;
  key = (char)('a' + (log->read * 7 + log->read / 5) % KEYS);
  return delivery_new (partition, NULL, log->read++, &key, 1, -1, 1000, kafka_headers_new ());
}

static void
store_one (gpointer source, const Partition *partition, gint64 next, gpointer data)
{
  House *house = data;
  Log *log = source;

  g_assert_false (g_atomic_int_get (&house->are_gone[partition->number]));
  g_assert_cmpint (next, >, log->stored);
  for (gint64 offset = log->stored; offset < next; offset++)
    g_assert_cmpint (g_atomic_int_get (&log->settled[offset]), >, 0);
  log->stored = next;
}

static void
assign (House *house, guint i)
{
  Log *log = &house->logs[i];
  char topic[] = { (char)('0' + i), '\0' };
  TakeItem *item = g_new0 (TakeItem, 1);

  log->read = log->stored;
  log->partition = partition_new (topic, (int)house->assignments++, 0);
  log->lane = lane_ref (window_assign (house->window, log->partition, log));
  item->lane = lane_ref (log->lane);
  push (&house->to_take, item);
}

static gboolean
has_to_stop (gconstpointer item, gpointer data G_GNUC_UNUSED)
{
  return delivery_order (item) != RUN_GOES_ON;
}

static void
take_away (House *house, guint i, gboolean is_lost)
{
  Log *log = &house->logs[i];
  g_autoptr (GPtrArray) lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);
  g_autoptr (GPtrArray) ready = NULL;

  g_ptr_array_add (lanes, lane_ref (log->lane));
  window_order (house->window, lanes, is_lost ? RUN_LOST : RUN_AT_BOUNDARY);
  ready = crew_withdraw (house->crew, has_to_stop, NULL);
  for (guint k = 0; k < ready->len; k++)
    snooze (house, g_ptr_array_index (ready, k), MOVER_POLL);
  if (!is_lost && g_random_boolean ())
    (void)window_wait (house->window, lanes, g_get_monotonic_time () + 1000);
  window_store (house->window, store_one, house);
  window_revoke (house->window, lanes);
  g_atomic_int_set (&house->are_gone[log->partition->number], TRUE);
  g_clear_pointer (&log->lane, lane_unref);
  g_clear_pointer (&log->partition, partition_unref);
}

static void
sleep_until_woken (House *house, const WindowMoment *moment)
{
  gint64 until_us =
      g_get_monotonic_time () + window_sleeps_ms (house->window, moment, SLEEP_MS) * 1000;

  g_mutex_lock (&house->lock);
  while (!house->is_woken && g_cond_wait_until (&house->woken, &house->lock, until_us))
    ;
  house->is_woken = FALSE;
  g_mutex_unlock (&house->lock);
}

static gboolean
is_all_stored (const House *house)
{
  for (guint i = 0; i < LOGS; i++)
    if (house->logs[i].stored < RECORDS)
      return FALSE;
  return TRUE;
}

static void
look (House *house)
{
  const WindowMoment moment = {
    .now_ms = now_ms (), .database_now_ms = 1000, .allowed = WORKERS, .may_read = TRUE
  };
  g_autoptr (GPtrArray) to_take = g_ptr_array_new ();

  sleep_until_woken (house, &moment);
  window_hand_out (house->window, &moment, read_next, house, to_take);
  for (guint i = 0; i < to_take->len; i++) {
    TakeItem *item = g_new0 (TakeItem, 1);

    item->delivery = g_ptr_array_index (to_take, i);
    push (&house->to_take, item);
  }
  window_store (house->window, store_one, house);
}

static void
give_back (House *house)
{
  g_autoptr (GPtrArray) ready = crew_withdraw (house->crew, NULL, NULL);

  window_give_back (house->window, ready);
}

static void
a_revoke_meets_every_thread (void)
{
  House *house = g_new0 (House, 1);
  gint64 deadline_us = g_get_monotonic_time () + DEADLINE_US;
  GThread *taker, *settler;

  house->window = window_new (&limits);
  house->crew = crew_new (WORKERS, handle, house);
  channel_init (&house->to_take);
  channel_init (&house->to_settle);
  g_mutex_init (&house->lock);
  g_cond_init (&house->woken);
  taker = g_thread_new ("take", take_thread, house);
  settler = g_thread_new ("settle", settle_thread, house);
  for (guint i = 0; i < LOGS; i++)
    assign (house, i);
  for (guint looks = 1; !is_all_stored (house); looks++) {
    look (house);
    if (looks % 4 == 0 && house->assignments < ASSIGNMENTS) {
      guint i = g_random_int_range (0, LOGS);

      take_away (house, i, g_random_boolean ());
      assign (house, i);
    }
    if (looks % 16 == 0)
      give_back (house);
    g_assert_cmpint (g_get_monotonic_time (), <, deadline_us);
  }
  for (guint i = 0; i < LOGS; i++)
    take_away (house, i, FALSE);
  g_assert_true (window_wait_idle (house->window, deadline_us));
  push (&house->to_take, &end_mark);
  g_thread_join (taker);
  crew_free (house->crew);
  push (&house->to_settle, &end_mark);
  g_thread_join (settler);
  g_assert_cmpuint (window_counts (house->window).in_hand, ==, 0);
  g_assert_cmpuint (window_counts (house->window).snoozing, ==, 0);
  g_test_message ("%u assignments, %d times stopped while it was taken", house->assignments,
                  g_atomic_int_get (&house->lost_while_taking));
  g_assert_cmpuint (house->assignments, >, 50);
  g_assert_cmpint (g_atomic_int_get (&house->lost_while_taking), >, 0);
  window_free (house->window);
  channel_clear (&house->to_take);
  channel_clear (&house->to_settle);
  g_mutex_clear (&house->lock);
  g_cond_clear (&house->woken);
  g_free (house);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/window/threads/a-revoke-meets-every-thread",
                   a_revoke_meets_every_thread);
  return g_test_run ();
}
