/* The window, see window.h. */
#include "pipeline/window.h"

#include <string.h>

#define RATE_SLOT_MS                                                                               \
  50 /* what has left in the last one or two of these bounds what is taken ahead */
#define HELD_FIRST_MS  1000 /* before a held lane is opened again; doubled */
#define HELD_MAX_MS    15000
#define OUTAGE_LOOK_MS 60000 /* between two looks for what has waited too long */

struct Lane {
  Partition *partition;
  gpointer source; /* NULL: revoked */
  Delivery *head;  /* read, and held until it is due; NULL: not read yet, or none there */
  gboolean is_open;
  gboolean has_begun;
  gboolean counts_stale;
  gint64 open_at_ms;   /* a held one, monotonic; 0: it is not held, or is being opened */
  gint64 held_ms;      /* its last pause; 0: none since it was open */
  GQueue unfinished;   /* Delivery *, by offset: unfinished, or finished behind an unfinished one */
  GQueue in_hand;      /* Delivery *, of these: as they were taken; far fewer where keys wait */
  gint64 next;         /* may be stored; -1: nothing new */
  GHashTable *records; /* offset -> RecordState *, found in the database at the opening */
};

typedef struct {
  Delivery *busy; /* the one in hand, due or snoozing */
  GQueue parked;  /* Delivery *, in order */
} KeyState;

struct Window {
  WindowLimits limits;
  GMutex lock;
  GCond changed;
  GThread *holder;  /* who has the lock */
  GPtrArray *lanes; /* of Lane *, references */
  guint turn;       /* whose turn it is to be read */
  GHashTable *keys; /* key -> KeyState * */
  GQueue due;       /* Delivery * */
  GSequence *snoozing;
  guint counts[DELIVERY_STATES]; /* of all deliveries, forgotten ones too; HELD is not counted */
  Delivery *solo;                /* the suspect that runs alone */
  gboolean is_clearing;          /* who is in hand has been told to step aside for one */
  gint64 outage_look_at_ms;
  gint64 slot_ms; /* begin of the slot below */
  guint left_in_slot, left_before;
};

static void
lock (Window *window)
{
  g_mutex_lock (&window->lock);
  window->holder = g_thread_self ();
}

static void
unlock (Window *window)
{
  window->holder = NULL;
  g_mutex_unlock (&window->lock);
}

/* The lock is let go meanwhile. */
static gboolean
wait_until (Window *window, gint64 until_us)
{
  gboolean is_in_time;

  window->holder = NULL;
  is_in_time = g_cond_wait_until (&window->changed, &window->lock, until_us);
  window->holder = g_thread_self ();
  return is_in_time;
}

/* --- Lanes --- */

Lane *
lane_ref (Lane *lane)
{
  return g_atomic_rc_box_acquire (lane);
}

static void
lane_clear (gpointer data)
{
  Lane *lane = data;

  partition_unref (lane->partition);
  g_hash_table_unref (lane->records);
  g_queue_clear (&lane->unfinished);
}

void
lane_unref (Lane *lane)
{
  g_atomic_rc_box_release_full (lane, lane_clear);
}

const Partition *
lane_partition (const Lane *lane)
{
  return lane->partition;
}

static void
key_state_free (gpointer data)
{
  KeyState *state = data;

  g_queue_clear (&state->parked);
  g_free (state);
}

Window *
window_new (const WindowLimits *limits)
{
  Window *window = g_new0 (Window, 1);

  window->limits = *limits;
  g_mutex_init (&window->lock);
  g_cond_init (&window->changed);
  window->lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);
  window->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, key_state_free);
  window->snoozing = g_sequence_new (NULL);
  g_queue_init (&window->due);
  return window;
}

void
window_free (Window *window)
{
  if (!window)
    return;
  g_assert (window->lanes->len == 0);
  g_ptr_array_unref (window->lanes);
  g_hash_table_unref (window->keys);
  g_sequence_free (window->snoozing);
  g_queue_clear (&window->due);
  g_mutex_clear (&window->lock);
  g_cond_clear (&window->changed);
  g_free (window);
}

Lane *
window_assign (Window *window, Partition *partition, gpointer source)
{
  Lane *lane = g_atomic_rc_box_new0 (Lane);

  lane->partition = partition_ref (partition);
  lane->source = source;
  lane->next = -1;
  lane->records = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_queue_init (&lane->unfinished);
  g_queue_init (&lane->in_hand);
  lock (window);
  g_ptr_array_add (window->lanes, lane);
  unlock (window);
  return lane;
}

void
window_open (Window *window, Lane *lane, GHashTable *records_taken)
{
  GHashTable *before = lane->records;

  lock (window);
  lane->records = records_taken;
  lane->is_open = TRUE;
  lane->open_at_ms = lane->held_ms = 0;
  unlock (window);
  g_hash_table_unref (before);
}

void
window_hold (Window *window, Lane *lane, gint64 now_ms)
{
  lock (window);
  lane->is_open = FALSE;
  lane->held_ms = lane->held_ms ? MIN (HELD_MAX_MS, 2 * lane->held_ms) : HELD_FIRST_MS;
  lane->open_at_ms = now_ms + lane->held_ms;
  unlock (window);
}

gboolean
window_lane_is_open (Window *window, Lane *lane)
{
  gboolean is_open;

  lock (window);
  is_open = lane->is_open;
  unlock (window);
  return is_open;
}

gboolean
window_lane_is_ours (Window *window, Lane *lane)
{
  gboolean is_ours;

  lock (window);
  is_ours = lane->source != NULL;
  unlock (window);
  return is_ours;
}

GPtrArray *
window_lanes_to_open (Window *window, gint64 now_ms)
{
  GPtrArray *due = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);

  lock (window);
  for (guint i = 0; i < window->lanes->len; i++) {
    Lane *lane = g_ptr_array_index (window->lanes, i);

    if (lane->open_at_ms == 0 || lane->open_at_ms > now_ms)
      continue;
    lane->open_at_ms = 0;
    g_ptr_array_add (due, lane_ref (lane));
  }
  unlock (window);
  return due;
}

gboolean
window_open_offsets (Window *window, Lane *lane, GArray *ret_offsets)
{
  gboolean is_ours;

  lock (window);
  is_ours = lane->source != NULL;
  lane->counts_stale = FALSE;
  for (GList *link = lane->in_hand.head; is_ours && link; link = link->next) {
    const Delivery *delivery = link->data;

    if (!delivery->known.is_suspect)
      g_array_append_val (ret_offsets, delivery->offset);
  }
  unlock (window);
  return is_ours;
}

GPtrArray *
window_lanes_of (Window *window, const GPtrArray *deliveries)
{
  GPtrArray *lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);

  lock (window);
  for (guint i = 0; i < deliveries->len; i++) {
    Lane *lane = ((const Delivery *)g_ptr_array_index (deliveries, i))->lane;

    if (lane && !g_ptr_array_find (lanes, lane, NULL))
      g_ptr_array_add (lanes, lane_ref (lane));
  }
  unlock (window);
  return lanes;
}

gboolean
window_lane_begins (Window *window, Lane *lane)
{
  gboolean begins;

  lock (window);
  begins = !lane->has_begun;
  lane->has_begun = TRUE;
  unlock (window);
  return begins;
}

static gint64
could_begin_ms (const Delivery *delivery)
{
  return delivery->due_ms ? delivery->due_ms : MAX (0, delivery->appended_at_ms);
}

void
window_backlog (Window *window, gint64 database_now_ms, WindowBacklogTold told, gpointer data)
{
  lock (window);
  for (guint i = 0; i < window->lanes->len; i++) {
    const Lane *lane = g_ptr_array_index (window->lanes, i);
    const Delivery *oldest = lane->unfinished.length > 0 ? lane->unfinished.head->data : lane->head;
    WindowBacklog of_lane = { .partition = lane->partition };

    if (oldest && could_begin_ms (oldest) <= database_now_ms)
      of_lane.since_ms = could_begin_ms (oldest);
    if (lane->head)
      of_lane.next_due_ms = lane->head->due_ms;
    told (&of_lane, data);
  }
  unlock (window);
}

GPtrArray *
window_stale_lanes (Window *window)
{
  GPtrArray *stale = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);

  lock (window);
  for (guint i = 0; i < window->lanes->len; i++) {
    Lane *lane = g_ptr_array_index (window->lanes, i);

    if (lane->counts_stale && lane->is_open)
      g_ptr_array_add (stale, lane_ref (lane));
  }
  unlock (window);
  return stale;
}

/* --- Moves; with the lock held --- */

static void
leave_hand (Lane *lane, Delivery *delivery)
{
  g_queue_unlink (&lane->in_hand, &delivery->hand);
  delivery->hand.data = NULL;
}

/* Of a delivery that still has a lane. */
static void
keep_hand (Delivery *delivery)
{
  gboolean is_there = delivery->hand.data != NULL;

  if (is_there == delivery_is_in_hand (delivery))
    return;
  if (is_there) {
    leave_hand (delivery->lane, delivery);
  } else {
    delivery->hand.data = delivery;
    g_queue_push_tail_link (&delivery->lane->in_hand, &delivery->hand);
  }
}

static void
move (Window *window, Delivery *delivery, DeliveryState to, Mover mover)
{
  gboolean had_worker = delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_READY ||
                        delivery->state == DELIVERY_RUNNING;

  if (delivery->state != DELIVERY_HELD)
    window->counts[delivery->state]--;
  delivery_move (delivery, to, mover, window->holder);
  window->counts[to]++;
  if (delivery->lane)
    keep_hand (delivery);
  if (had_worker && (to == DELIVERY_SETTLING || to == DELIVERY_FINISHED))
    window->left_in_slot++;
  if (window->solo == delivery && !delivery_is_in_hand (delivery))
    window->solo = NULL;
}

static guint
in_flight (const Window *window)
{
  return window->counts[DELIVERY_TAKING] + window->counts[DELIVERY_READY] +
         window->counts[DELIVERY_RUNNING];
}

static guint
in_hand (const Window *window)
{
  return in_flight (window) + window->counts[DELIVERY_SETTLING];
}

static void
make_due (Window *window, Delivery *delivery, Mover mover)
{
  move (window, delivery, DELIVERY_DUE, mover);
  g_queue_push_tail (&window->due, delivery);
}

/* Its key goes to the next record in line. */
static void
release_key (Window *window, Delivery *delivery, Mover mover)
{
  KeyState *state = delivery->key ? g_hash_table_lookup (window->keys, delivery->key) : NULL;

  if (!state || state->busy != delivery)
    return;
  state->busy = g_queue_pop_head (&state->parked);
  if (state->busy)
    make_due (window, state->busy, mover);
  else
    g_hash_table_remove (window->keys, delivery->key);
}

/* Out of all counts and queues; the caller frees it when the lock is let go. */
static void
forget (Window *window, Delivery *delivery, Mover mover)
{
  release_key (window, delivery, mover);
  window->counts[delivery->state]--;
  if (window->solo == delivery)
    window->solo = NULL;
}

/* --- Reading and handing out --- */

/* How long until a head may be taken; 0: now. Never early, by the database's clock. */
static gint64
head_waits_ms (const Delivery *head, const WindowMoment *moment)
{
  return head->due_ms ? MAX (0, head->due_ms + moment->database_error_ms - moment->database_now_ms)
                      : 0;
}

/* The head of a lane, read when there is none in hand; NULL: nothing there, or no more may be read.
 * In a tier it is the next due of all, for all of them wait the same time. */
static Delivery *
head_of (Window *window, Lane *lane, WindowReader reader, gpointer data)
{
  if (!lane->is_open || lane->unfinished.length >= window->limits.unfinished)
    return NULL;
  if (!lane->head) {
    lane->head = reader (lane->source, lane->partition, data);
    if (lane->head) {
      const RecordState *known = g_hash_table_lookup (lane->records, &lane->head->offset);

      lane->head->lane = lane;
      if (known) {
        gint64 since_ms = lane->head->known.waiting_since_ms;

        lane->head->known = *known;
        if (lane->head->known.waiting_since_ms == 0)
          lane->head->known.waiting_since_ms = since_ms;
        g_hash_table_remove (lane->records, &lane->head->offset);
      }
    }
  }
  return lane->head;
}

/* Into the lane, and to its key's line. */
static void
line_up (Window *window, Lane *lane, Delivery *delivery)
{
  KeyState *state = delivery->key ? g_hash_table_lookup (window->keys, delivery->key) : NULL;

  lane->head = NULL;
  g_queue_push_tail (&lane->unfinished, delivery);
  if (state) {
    move (window, delivery, DELIVERY_PARKED, MOVER_POLL);
    g_queue_push_tail (&state->parked, delivery);
    return;
  }
  if (delivery->key) {
    state = g_new0 (KeyState, 1);
    g_queue_init (&state->parked);
    state->busy = delivery;
    g_hash_table_insert (window->keys, g_strdup (delivery->key), state);
  }
  make_due (window, delivery, MOVER_POLL);
}

/* One record of the next lane that has one. FALSE: none has. */
static gboolean
read_one (Window *window, const WindowMoment *moment, WindowReader reader, gpointer data)
{
  for (guint tries = 0; tries < window->lanes->len; tries++) {
    Lane *lane = g_ptr_array_index (window->lanes, window->turn++ % window->lanes->len);
    Delivery *head = head_of (window, lane, reader, data);

    if (!head || head_waits_ms (head, moment) > 0)
      continue;
    line_up (window, lane, head);
    return TRUE;
  }
  return FALSE;
}

static void
wake_snoozing (Window *window, gint64 now_ms)
{
  for (GSequenceIter *iter = g_sequence_get_begin_iter (window->snoozing);
       !g_sequence_iter_is_end (iter); iter = g_sequence_get_begin_iter (window->snoozing)) {
    Delivery *delivery = g_sequence_get (iter);

    if (delivery->wake_at_ms > now_ms)
      break;
    g_sequence_remove (iter);
    delivery->sleeping = NULL;
    make_due (window, delivery, MOVER_POLL);
  }
}

/* Records that leave quickly are taken ahead of workers, as many as have left of late: a batch
 * shares its statements, and a worker finds the next one ready. Slow ones are not: they would lie
 * here counted and owned, and a death would make suspects of them all. */
static guint
taken_ahead (Window *window, gint64 now_ms)
{
  if (now_ms - window->slot_ms >= RATE_SLOT_MS) {
    window->left_before = now_ms - window->slot_ms < 2 * RATE_SLOT_MS ? window->left_in_slot : 0;
    window->left_in_slot = 0;
    window->slot_ms = now_ms;
  }
  return MIN (window->limits.ahead, MAX (window->left_in_slot, window->left_before));
}

static guint
bound_in_flight (Window *window, const WindowMoment *moment)
{
  return moment->allowed < window->limits.in_flight
             ? moment->allowed
             : window->limits.in_flight + taken_ahead (window, moment->now_ms);
}

static gboolean
has_room (const Window *window, guint bound)
{
  return !window->solo && in_flight (window) < bound &&
         window->counts[DELIVERY_SETTLING] < window->limits.settling;
}

/* A suspect waits: who is in hand stops at its next step boundary and is taken again. Else a death
 * with many claims in hand would cost the whole time of each, one after another, not that of a step
 * or two. */
static void
clear_the_way (Window *window)
{
  if (window->is_clearing)
    return;
  for (guint i = 0; i < window->lanes->len; i++)
    for (GList *link = ((Lane *)g_ptr_array_index (window->lanes, i))->in_hand.head; link;
         link = link->next)
      delivery_give_order (link->data, RUN_STEPS_ASIDE);
  window->is_clearing = TRUE;
}

/* FALSE: it is a suspect, and has to wait until it would run alone. */
static gboolean
hand_over (Window *window, GList *link, const WindowMoment *moment, GPtrArray *ret_to_take)
{
  Delivery *delivery = link->data;

  if (delivery->known.is_suspect) {
    if (in_hand (window) > 0) {
      clear_the_way (window);
      return FALSE;
    }
    window->solo = delivery;
  }
  window->is_clearing = FALSE;
  delivery_back_in_line (delivery);
  g_queue_delete_link (&window->due, link);
  move (window, delivery, DELIVERY_TAKING, MOVER_POLL);
  delivery->taken_at_ms = moment->now_ms;
  g_ptr_array_add (ret_to_take, delivery);
  return TRUE;
}

/* --- While a downstream is away, nothing is taken but what has waited too long --- */

static gboolean
is_worn_out (const Window *window, Delivery *delivery, const WindowMoment *moment)
{
  gint64 since_ms = delivery->known.waiting_since_ms;

  if (since_ms == 0) /* held here since it came, or since the breaker opened */
    since_ms = MAX (moment->away_since_ms, MAX (delivery->due_ms, delivery->appended_at_ms));
  if (moment->database_now_ms - since_ms <= window->limits.outage_max_wait_ms)
    return FALSE;
  delivery->known.waiting_since_ms = since_ms;
  return TRUE;
}

/* One that is worn out, made due when it is the head of a lane. NULL: none. */
static GList *
find_worn_out (Window *window, const WindowMoment *moment, WindowReader reader, gpointer data)
{
  for (GList *link = window->due.head; link; link = link->next)
    if (is_worn_out (window, link->data, moment))
      return link;
  for (guint i = 0; i < window->lanes->len; i++) {
    Lane *lane = g_ptr_array_index (window->lanes, i);
    Delivery *head = head_of (window, lane, reader, data);

    if (!head || head_waits_ms (head, moment) > 0 || !is_worn_out (window, head, moment))
      continue;
    line_up (window, lane, head);
    if (head->state == DELIVERY_DUE)
      return window->due.tail;
  }
  return NULL;
}

/* They make no call: the first step that asks the breaker ends them. Looked for once a minute, and
 * until none is left. */
static void
hand_out_worn_out (Window *window, const WindowMoment *moment, WindowReader reader, gpointer data,
                   GPtrArray *ret_to_take)
{
  if (moment->away_since_ms == 0 || moment->now_ms < window->outage_look_at_ms)
    return;
  while (has_room (window, window->limits.in_flight)) {
    GList *link = find_worn_out (window, moment, reader, data);

    if (!link)
      window->outage_look_at_ms =
          moment->now_ms + MIN (OUTAGE_LOOK_MS, MAX (1, window->limits.outage_max_wait_ms / 4));
    if (!link || !hand_over (window, link, moment, ret_to_take))
      return;
  }
}

void
window_hand_out (Window *window, const WindowMoment *moment, WindowReader reader, gpointer data,
                 GPtrArray *ret_to_take)
{
  guint bound;

  lock (window);
  wake_snoozing (window, moment->now_ms);
  bound = bound_in_flight (window, moment);
  while (has_room (window, bound)) {
    if (g_queue_is_empty (&window->due) &&
        !(moment->may_read && read_one (window, moment, reader, data)))
      break;
    if (window->due.head && !hand_over (window, window->due.head, moment, ret_to_take))
      break;
  }
  hand_out_worn_out (window, moment, reader, data, ret_to_take);
  unlock (window);
}

gint64
window_sleeps_ms (Window *window, const WindowMoment *moment, gint64 ms)
{
  GSequenceIter *first;

  lock (window);
  first = g_sequence_get_begin_iter (window->snoozing);
  if (!g_sequence_iter_is_end (first))
    ms = MIN (ms, ((Delivery *)g_sequence_get (first))->wake_at_ms - moment->now_ms);
  /* Heads are read when nobody is in line. Who stays in line while there is room is a suspect: what
   * it waits for wakes us. */
  if (has_room (window, bound_in_flight (window, moment)) && moment->may_read &&
      g_queue_is_empty (&window->due))
    for (guint i = 0; i < window->lanes->len; i++) {
      const Lane *lane = g_ptr_array_index (window->lanes, i);

      if (lane->head && lane->is_open && lane->unfinished.length < window->limits.unfinished)
        ms = MIN (ms, head_waits_ms (lane->head, moment));
    }
  unlock (window);
  return MAX (0, ms);
}

/* --- What becomes of it --- */

/* Ours, and nobody has told it to stop. With the lock held. */
static gboolean
goes_on (const Delivery *delivery)
{
  return delivery->lane && delivery_order (delivery) == RUN_GOES_ON;
}

static gboolean
go_on_as (Window *window, Delivery *delivery, DeliveryState to, Mover mover)
{
  gboolean is_moved;

  lock (window);
  is_moved = goes_on (delivery);
  if (is_moved)
    move (window, delivery, to, mover);
  unlock (window);
  return is_moved;
}

gboolean
window_ready (Window *window, Delivery *delivery)
{
  return go_on_as (window, delivery, DELIVERY_READY, MOVER_TAKE);
}

gboolean
window_begin (Window *window, Delivery *delivery)
{
  return go_on_as (window, delivery, DELIVERY_RUNNING, MOVER_WORKER);
}

void
window_settling (Window *window, Delivery *delivery, Mover mover)
{
  lock (window);
  move (window, delivery, DELIVERY_SETTLING, mover);
  /* What runs alone does so for its work: with a verdict it ends nobody's process. */
  if (window->solo == delivery)
    window->solo = NULL;
  unlock (window);
}

static void
free_all (GPtrArray *deliveries)
{
  for (guint i = 0; i < deliveries->len; i++)
    delivery_free (g_ptr_array_index (deliveries, i));
}

/* The lowest unfinished record of a lane bounds what may be stored. */
static void
advance (Lane *lane, GPtrArray *ret_done)
{
  Delivery *first;

  while ((first = g_queue_peek_head (&lane->unfinished)) && first->state == DELIVERY_FINISHED) {
    lane->next = first->offset + 1;
    g_ptr_array_add (ret_done, g_queue_pop_head (&lane->unfinished));
  }
}

void
window_finish (Window *window, GPtrArray *deliveries, Mover mover)
{
  g_autoptr (GPtrArray) done = g_ptr_array_new ();

  lock (window);
  for (guint i = 0; i < deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (deliveries, i);

    if (!delivery->lane) {
      forget (window, delivery, mover);
      g_ptr_array_add (done, delivery);
      continue;
    }
    move (window, delivery, DELIVERY_FINISHED, mover);
    release_key (window, delivery, mover);
    delivery->lane->counts_stale = TRUE;
    if (delivery->lane->unfinished.head->data == delivery) {
      guint from = done->len;

      advance (delivery->lane, done);
      window->counts[DELIVERY_FINISHED] -= done->len - from;
    }
  }
  g_cond_broadcast (&window->changed);
  unlock (window);
  free_all (done);
}

static int
by_wake (gconstpointer a, gconstpointer b, gpointer data G_GNUC_UNUSED)
{
  const Delivery *one = a, *two = b;

  return (one->wake_at_ms > two->wake_at_ms) - (one->wake_at_ms < two->wake_at_ms);
}

void
window_snooze (Window *window, Delivery *delivery, gint64 wake_at_ms, Mover mover)
{
  Delivery *forgotten = NULL;

  lock (window);
  if (delivery->lane) {
    move (window, delivery, DELIVERY_SNOOZING, mover);
    delivery->wake_at_ms = wake_at_ms;
    delivery->lane->counts_stale = TRUE;
    delivery->sleeping = g_sequence_insert_sorted (window->snoozing, delivery, by_wake, NULL);
  } else {
    forget (window, delivery, mover);
    forgotten = delivery;
  }
  g_cond_broadcast (&window->changed);
  unlock (window);
  delivery_free (forgotten);
}

void
window_count_snooze (Window *window, Delivery *delivery)
{
  lock (window);
  delivery->snoozes++;
  unlock (window);
}

void
window_progress (Window *window, Delivery *delivery)
{
  lock (window);
  delivery->known.is_suspect = FALSE;
  delivery->known.deaths = 0;
  delivery->known.waiting_since_ms = 0;
  delivery->snoozes = 0;
  if (window->solo == delivery)
    window->solo = NULL;
  unlock (window);
}

void
window_give_back (Window *window, GPtrArray *deliveries)
{
  g_autoptr (GPtrArray) forgotten = g_ptr_array_new ();

  lock (window);
  for (guint i = deliveries->len; i > 0; i--) { /* in front of the others, in their order */
    Delivery *delivery = g_ptr_array_index (deliveries, i - 1);

    if (!delivery->lane) {
      forget (window, delivery, MOVER_POLL);
      g_ptr_array_add (forgotten, delivery);
      continue;
    }
    move (window, delivery, DELIVERY_DUE, MOVER_POLL);
    delivery->lane->counts_stale = TRUE;
    g_queue_push_head (&window->due, delivery);
  }
  g_cond_broadcast (&window->changed);
  unlock (window);
  free_all (forgotten);
}

void
window_store (Window *window, WindowStore store, gpointer data)
{
  lock (window);
  for (guint i = 0; i < window->lanes->len; i++) {
    Lane *lane = g_ptr_array_index (window->lanes, i);

    if (lane->next < 0)
      continue;
    store (lane->source, lane->partition, lane->next, data);
    lane->next = -1;
  }
  unlock (window);
}

/* --- Rebalance --- */

static guint
count_in_hand (GPtrArray *lanes)
{
  guint count = 0;

  for (guint i = 0; i < lanes->len; i++)
    count += ((const Lane *)g_ptr_array_index (lanes, i))->in_hand.length;
  return count;
}

void
window_order (Window *window, GPtrArray *lanes, RunOrder order)
{
  lock (window);
  for (guint i = 0; i < lanes->len; i++)
    for (GList *link = ((Lane *)g_ptr_array_index (lanes, i))->unfinished.head; link;
         link = link->next)
      delivery_give_order (link->data, order);
  unlock (window);
}

gboolean
window_wait (Window *window, GPtrArray *lanes, gint64 until_us)
{
  guint left;

  lock (window);
  while ((left = count_in_hand (lanes)) > 0 && wait_until (window, until_us))
    ;
  unlock (window);
  return left == 0;
}

/* Takes a lane's delivery out of whatever queue it waits in; what is in hand stays its worker's. */
static void
take_out (Window *window, Delivery *delivery, GPtrArray *ret_forgotten)
{
  switch (delivery->state) {
  case DELIVERY_PARKED: {
    KeyState *state = g_hash_table_lookup (window->keys, delivery->key);

    g_queue_remove (&state->parked, delivery);
    break;
  }
  case DELIVERY_DUE:
    g_queue_remove (&window->due, delivery);
    break;
  case DELIVERY_SNOOZING:
    g_sequence_remove (delivery->sleeping);
    delivery->sleeping = NULL;
    break;
  case DELIVERY_TAKING:
  case DELIVERY_READY:
  case DELIVERY_RUNNING:
  case DELIVERY_SETTLING:
    leave_hand (delivery->lane, delivery);
    delivery->lane = NULL;
    delivery_give_order (delivery, RUN_LOST);
    return;
  case DELIVERY_FINISHED:
    break;
  case DELIVERY_HELD:
    g_assert_not_reached (); /* never lined up */
  }
  forget (window, delivery, MOVER_POLL);
  g_ptr_array_add (ret_forgotten, delivery);
}

void
window_revoke (Window *window, GPtrArray *lanes)
{
  g_autoptr (GPtrArray) forgotten = g_ptr_array_new ();

  lock (window);
  for (guint i = 0; i < lanes->len; i++) {
    Lane *lane = g_ptr_array_index (lanes, i);
    Delivery *delivery;

    if (lane->head)
      g_ptr_array_add (forgotten, g_steal_pointer (&lane->head));
    /* From the back: a key that is let go must not make one due that is about to be taken out. */
    while ((delivery = g_queue_pop_tail (&lane->unfinished)))
      take_out (window, delivery, forgotten);
    lane->source = NULL;
    lane->is_open = FALSE;
  }
  for (guint i = 0; i < lanes->len; i++)
    g_ptr_array_remove (window->lanes, g_ptr_array_index (lanes, i));
  unlock (window);
  free_all (forgotten);
}

/* --- Counts --- */

WindowCounts
window_counts (Window *window)
{
  WindowCounts counts;

  lock (window);
  counts = (WindowCounts){ .in_hand = in_hand (window),
                           .running = window->counts[DELIVERY_RUNNING],
                           .ready = window->counts[DELIVERY_READY],
                           .settling = window->counts[DELIVERY_SETTLING],
                           .snoozing = window->counts[DELIVERY_SNOOZING] };
  unlock (window);
  return counts;
}

gboolean
window_wait_idle (Window *window, gint64 until_us)
{
  gboolean is_idle;

  lock (window);
  while (!(is_idle = in_hand (window) == 0) && wait_until (window, until_us))
    ;
  unlock (window);
  return is_idle;
}
