/* The window under generated sequences: every operation in any order, as far as its callers may
 * order them, against a model that knows nothing of queues. What must hold is looked at after each
 * operation; the seed is told, and can be given with --seed. */
#include "pipeline/window.h"

#define OPERATIONS  100000
#define ERROR_MS    7
#define KEYS        6 /* and none */
#define BACKLOG     6
#define MAX_WAIT_MS 600
#define TIER_MS     400

static const WindowLimits limits = {
  .in_flight = 4, .ahead = 3, .settling = 3, .unfinished = 8, .outage_max_wait_ms = MAX_WAIT_MS
};
static const gint64 tiers[] = { 0, 0, TIER_MS, TIER_MS };

/* --- The model --- */

/* A record as the broker has it. */
typedef struct {
  char key; /* 0: none */
  gint64 not_before_ms;
  gboolean is_suspect; /* as the database has it */
  gint64 waiting_since_ms;
  guint settled; /* how often */
} Written;

/* A partition. */
typedef struct {
  Partition *partition;
  GArray *records;     /* of Written; its offsets are their places */
  Lane *lane;          /* a reference; NULL: not ours */
  GPtrArray *readings; /* of this assignment, from the lowest unfinished on */
  gboolean is_open, is_ordered;
  gint64 read, stored; /* offsets */
} Log;

/* What each is, as far as its users know: what has been read is in line, wherever the window keeps
 * it. */
typedef enum { IN_LINE, TAKING, READY, RUNNING, SETTLING, SNOOZING, FINISHED } ModelState;

/* A record in hand of the window. */
typedef struct {
  Delivery *delivery;
  Log *log;
  gint64 offset;
  char key;
  ModelState state;
  gboolean is_lost, is_ordered, is_aside, has_key, is_suspect;
  gint64 wake_at_ms;
  guint64 turn; /* of its last handing out */
} Reading;

typedef struct {
  Window *window;
  WindowMoment moment;
  Log logs[G_N_ELEMENTS (tiers)];
  GPtrArray *readings; /* of Reading *: all there are */
  GRand *random;
  guint64 turns;
  guint reads, finished, given_up, alone, worn_out, asides;
} Model;

static gboolean
is_in_hand (const Reading *reading)
{
  return reading->state >= TAKING && reading->state <= SETTLING;
}

static guint
count (const Model *model, ModelState state)
{
  guint n = 0;

  for (guint i = 0; i < model->readings->len; i++)
    n += ((Reading *)g_ptr_array_index (model->readings, i))->state == state;
  return n;
}

static guint
in_flight (const Model *model)
{
  return count (model, TAKING) + count (model, READY) + count (model, RUNNING);
}

static void
drop (Model *model, Reading *reading, guint *counter)
{
  (*counter)++;
  g_ptr_array_remove_fast (model->readings, reading);
}

/* A suspect that has neither got on nor come to a verdict. */
static const Reading *
solo (const Model *model)
{
  for (guint i = 0; i < model->readings->len; i++) {
    const Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->is_suspect && reading->state >= TAKING && reading->state <= RUNNING)
      return reading;
  }
  return NULL;
}

static gboolean
is_key_taken (const Model *model, const Reading *by)
{
  for (guint i = 0; i < model->readings->len; i++) {
    const Reading *other = g_ptr_array_index (model->readings, i);

    if (other != by && other->has_key && by->key && other->key == by->key)
      return TRUE;
  }
  return FALSE;
}

static gint64
lowest_unfinished (const Log *log)
{
  return log->readings->len > 0 ? ((Reading *)g_ptr_array_index (log->readings, 0))->offset
                                : log->read;
}

static guint
unfinished (const Log *log)
{
  guint n = log->readings->len;

  /* Its head is read, and not in line yet. */
  return n > 0 && ((Reading *)g_ptr_array_index (log->readings, n - 1))->delivery->state ==
                      DELIVERY_HELD
             ? n - 1
             : n;
}

/* --- Its own look at the window --- */

static void
check (const Model *model)
{
  WindowCounts counts = window_counts (model->window);

  g_assert_cmpuint (counts.in_hand, ==, in_flight (model) + count (model, SETTLING));
  g_assert_cmpuint (counts.ready, ==, count (model, READY));
  g_assert_cmpuint (counts.running, ==, count (model, RUNNING));
  g_assert_cmpuint (counts.settling, ==, count (model, SETTLING));
  g_assert_cmpuint (counts.snoozing, ==, count (model, SNOOZING));
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    g_assert_cmpuint (unfinished (&model->logs[i]), <=, limits.unfinished);
}

/* One that was handed out: was it its turn? */
static void
check_handed_out (Model *model, Reading *reading)
{
  const Log *log = reading->log;

  g_assert_false (reading->is_lost);
  g_assert_true (log->lane && log->is_open);
  g_assert_cmpint (reading->state, ==, IN_LINE);
  g_assert_false (is_key_taken (model, reading));
  if (reading->delivery->due_ms)
    g_assert_cmpint (reading->delivery->due_ms + ERROR_MS, <=, model->moment.database_now_ms);
  for (guint i = 0; i < log->readings->len; i++) {
    const Reading *before = g_ptr_array_index (log->readings, i);

    if (before == reading)
      break;
    g_assert_false (reading->key && before->key == reading->key && before->state != FINISHED);
  }
  g_assert_cmpint (reading->is_suspect, ==, reading->delivery->known.is_suspect);
  if (model->moment.allowed == 0)
    g_assert_cmpint (model->moment.database_now_ms - reading->delivery->known.waiting_since_ms, >,
                     MAX_WAIT_MS);
}

static gboolean
suspect_waits (const Model *model)
{
  for (guint i = 0; i < model->readings->len; i++) {
    const Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->state == IN_LINE && reading->is_suspect &&
        reading->delivery->state == DELIVERY_DUE)
      return TRUE;
  }
  return FALSE;
}

/* Only for a suspect, and then whoever is in hand; what has to leave for good stays told so. */
static void
check_who_steps_aside (Model *model)
{
  gboolean was_asked = FALSE;

  for (guint i = 0; i < model->readings->len; i++) {
    Reading *reading = g_ptr_array_index (model->readings, i);
    gboolean is_aside = delivery_order (reading->delivery) == RUN_STEPS_ASIDE;

    was_asked |= is_aside && !reading->is_aside;
    reading->is_aside = is_aside;
  }
  g_assert_true (!was_asked || suspect_waits (model));
  model->asides += was_asked;
}

static gboolean
may_go_on (const Reading *reading)
{
  return !reading->is_lost && !reading->is_ordered && !reading->is_aside;
}

/* None is left that could have been handed out, had there been room for it. */
static void
check_none_is_forgotten (const Model *model)
{
  if (model->moment.allowed < limits.in_flight || !model->moment.may_read || solo (model) ||
      in_flight (model) >= limits.in_flight || count (model, SETTLING) >= limits.settling)
    return;
  if (suspect_waits (model)) {
    g_assert_cmpuint (in_flight (model) + count (model, SETTLING), >, 0);
    for (guint i = 0; i < model->readings->len; i++) {
      const Reading *reading = g_ptr_array_index (model->readings, i);

      if (reading->state >= TAKING && reading->state <= RUNNING)
        g_assert_false (may_go_on (reading));
    }
    return;
  }
  for (guint i = 0; i < model->readings->len; i++) {
    const Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->state == IN_LINE && reading->delivery->state != DELIVERY_HELD)
      g_assert_true (is_key_taken (model, reading));
  }
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    const Log *log = &model->logs[i];
    const Written *next;

    if (!log->lane || !log->is_open || unfinished (log) >= limits.unfinished)
      continue;
    if (lowest_unfinished (log) + unfinished (log) == (gint64)log->records->len)
      continue;
    next = &g_array_index (log->records, Written, lowest_unfinished (log) + unfinished (log));
    g_assert_true (log->partition->tier_wait_ms > 0);
    g_assert_cmpint (next->not_before_ms + ERROR_MS, >, model->moment.database_now_ms);
  }
}

/* --- Operations --- */

static Delivery *
read_one (gpointer source, Partition *partition, gpointer data)
{
  Log *log = source;
  Model *model = data;
  Reading *reading;
  Written *record;
  KafkaHeaders *headers;

  g_assert_true (log->partition == partition && log->is_open);
  g_assert_cmpuint (unfinished (log), <, limits.unfinished);
  if (log->read == (gint64)log->records->len)
    return NULL;
  reading = g_new0 (Reading, 1);
  record = &g_array_index (log->records, Written, log->read);
  headers = kafka_headers_new ();
  if (record->not_before_ms)
    kafka_headers_set_int (headers, "dp-not-before", record->not_before_ms);
  reading->delivery =
      delivery_new (partition, NULL, log->read, &record->key, record->key ? 1 : 0,
                    model->moment.database_now_ms, model->moment.database_now_ms, headers);
  reading->log = log;
  reading->offset = log->read++;
  reading->key = record->key;
  reading->is_suspect = record->is_suspect;
  g_ptr_array_add (model->readings, reading);
  g_ptr_array_add (log->readings, reading);
  model->reads++;
  return reading->delivery;
}

static void
wake (Model *model)
{
  for (guint i = 0; i < model->readings->len; i++) {
    Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->state == SNOOZING && reading->wake_at_ms <= model->moment.now_ms)
      reading->state = IN_LINE;
  }
}

static void
hand_out (Model *model)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new ();
  gboolean was_solo = solo (model) != NULL, was_full = count (model, SETTLING) >= limits.settling;
  guint bound = model->moment.allowed < limits.in_flight ? model->moment.allowed
                                                         : limits.in_flight + limits.ahead;

  if (model->moment.away_since_ms)
    bound = MAX (bound, limits.in_flight);
  wake (model);
  window_hand_out (model->window, &model->moment, read_one, model, taken);
  g_assert_false ((was_solo || was_full) && taken->len > 0);
  for (guint i = 0; i < taken->len; i++) {
    Reading *reading = NULL;

    for (guint k = 0; !reading && k < model->readings->len; k++) {
      Reading *other = g_ptr_array_index (model->readings, k);

      if (other->delivery == g_ptr_array_index (taken, i))
        reading = other;
    }
    g_assert_nonnull (reading);
    check_handed_out (model, reading);
    if (reading->is_suspect) {
      g_assert_cmpuint (in_flight (model) + count (model, SETTLING), ==, 0);
      g_assert_cmpuint (taken->len, ==, 1);
    }
    model->alone += reading->is_suspect;
    model->worn_out += model->moment.allowed == 0;
    reading->is_aside = FALSE;
    reading->state = TAKING;
    reading->has_key = TRUE;
    reading->turn = model->turns++;
  }
  if (taken->len > 0)
    g_assert_cmpuint (in_flight (model), <=, bound);
  check_who_steps_aside (model);
  check_none_is_forgotten (model);
  if (model->moment.may_read) /* nothing new before time passes or somebody wakes it */
    g_assert_cmpint (window_sleeps_ms (model->window, &model->moment, 500), >, 0);
  g_assert_cmpint (window_sleeps_ms (model->window, &model->moment, 500), <=, 500);
}

/* Any one in that state, or NULL. */
static Reading *
any (Model *model, ModelState state)
{
  guint n = count (model, state), at = n ? g_rand_int_range (model->random, 0, n) : 0;

  for (guint i = 0; n && i < model->readings->len; i++) {
    Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->state == state && at-- == 0)
      return reading;
  }
  return NULL;
}

static void
finished (Model *model, Reading *reading)
{
  Log *log = reading->log;

  g_array_index (log->records, Written, reading->offset).settled++;
  reading->state = FINISHED;
  reading->has_key = FALSE;
  if (reading->is_lost) {
    drop (model, reading, &model->finished);
    return;
  }
  while (log->readings->len > 0 &&
         ((Reading *)g_ptr_array_index (log->readings, 0))->state == FINISHED) {
    drop (model, g_ptr_array_index (log->readings, 0), &model->finished);
    g_ptr_array_remove_index (log->readings, 0);
  }
}

/* Several of one commit. */
static void
finish (Model *model, ModelState from, guint at_most, Mover mover)
{
  g_autoptr (GPtrArray) readings = g_ptr_array_new ();
  g_autoptr (GPtrArray) deliveries = g_ptr_array_new ();

  for (guint i = 0; i < model->readings->len && readings->len < at_most; i++) {
    Reading *reading = g_ptr_array_index (model->readings, i);

    if (reading->state != from || g_rand_boolean (model->random))
      continue;
    g_ptr_array_add (readings, reading);
    g_ptr_array_add (deliveries, reading->delivery);
  }
  window_finish (model->window, deliveries, mover);
  for (guint i = 0; i < readings->len; i++)
    finished (model, g_ptr_array_index (readings, i));
}

static void
forgotten (Model *model, Reading *reading)
{
  drop (model, reading, &model->given_up);
}

static void
snooze (Model *model, Reading *reading, Mover mover)
{
  gint64 wake_at_ms = model->moment.now_ms + g_rand_int_range (model->random, -5, 400);

  if (!reading)
    return;
  window_snooze (model->window, reading->delivery, wake_at_ms, mover);
  if (reading->is_lost) {
    forgotten (model, reading);
    return;
  }
  reading->state = SNOOZING;
  reading->wake_at_ms = wake_at_ms;
}

static void
make_ready (Model *model)
{
  Reading *reading = any (model, TAKING);
  gboolean is_ready;

  if (!reading)
    return;
  is_ready = window_ready (model->window, reading->delivery);
  g_assert_cmpint (is_ready, ==, may_go_on (reading));
  if (is_ready)
    reading->state = READY;
  else
    snooze (model, reading, MOVER_TAKE);
}

static void
begin (Model *model)
{
  Reading *reading = any (model, READY);
  gboolean begins;

  if (!reading)
    return;
  begins = window_begin (model->window, reading->delivery);
  g_assert_cmpint (begins, ==, may_go_on (reading));
  if (begins)
    reading->state = RUNNING;
  else
    snooze (model, reading, MOVER_WORKER);
}

static void
come_to_a_verdict (Model *model, ModelState from, Mover mover)
{
  Reading *reading = any (model, from);

  if (!reading)
    return;
  window_settling (model->window, reading->delivery, mover);
  reading->state = SETTLING;
}

static void
forget_row (Log *log, gint64 offset)
{
  g_array_index (log->records, Written, offset).is_suspect = FALSE;
  g_array_index (log->records, Written, offset).waiting_since_ms = 0;
}

static void
get_on (Model *model)
{
  Reading *reading = any (model, RUNNING);

  if (!reading)
    return;
  window_progress (model->window, reading->delivery);
  reading->is_suspect = FALSE;
  if (!reading->is_lost) /* else the new owner has read its row already, or counts for itself */
    forget_row (reading->log, reading->offset);
}

static gint
by_turn (gconstpointer a, gconstpointer b)
{
  const Reading *one = *(Reading *const *)a, *two = *(Reading *const *)b;

  return (one->turn > two->turn) - (one->turn < two->turn);
}

static void
give_back (Model *model)
{
  g_autoptr (GPtrArray) readings = g_ptr_array_new ();
  g_autoptr (GPtrArray) deliveries = g_ptr_array_new ();

  for (guint i = 0; i < model->readings->len; i++)
    if (((Reading *)g_ptr_array_index (model->readings, i))->state == READY)
      g_ptr_array_add (readings, g_ptr_array_index (model->readings, i));
  g_ptr_array_sort (readings, by_turn);
  for (guint i = 0; i < readings->len; i++)
    g_ptr_array_add (deliveries, ((Reading *)g_ptr_array_index (readings, i))->delivery);
  window_give_back (model->window, deliveries);
  for (guint i = 0; i < readings->len; i++) {
    Reading *reading = g_ptr_array_index (readings, i);

    if (reading->is_lost)
      forgotten (model, reading);
    else
      reading->state = IN_LINE;
  }
}

static void
store_one (gpointer source, const Partition *partition, gint64 next, gpointer data G_GNUC_UNUSED)
{
  Log *log = source;

  g_assert_true (log->partition == partition);
  g_assert_nonnull (log->lane);
  g_assert_cmpint (next, >, log->stored);
  g_assert_cmpint (next, ==, lowest_unfinished (log));
  log->stored = next;
}

static void
store (Model *model)
{
  window_store (model->window, store_one, model);
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    if (model->logs[i].lane)
      g_assert_cmpint (model->logs[i].stored, ==, lowest_unfinished (&model->logs[i]));
}

static void
write_some (Model *model)
{
  Log *log = &model->logs[g_rand_int_range (model->random, 0, G_N_ELEMENTS (model->logs))];
  gint64 last_ms = log->records->len > 0
                       ? g_array_index (log->records, Written, log->records->len - 1).not_before_ms
                       : 0;

  if ((gint64)log->records->len - log->read > BACKLOG) /* else no head would ever be waited for */
    return;
  for (gint n = g_rand_int_range (model->random, 1, 5); n > 0; n--) {
    gint key = g_rand_int_range (model->random, 0, KEYS + 1);
    Written record = { .key = key == KEYS ? 0 : 'a' + key };

    if (log->partition->tier_wait_ms)
      last_ms = record.not_before_ms = MAX (
          last_ms, model->moment.database_now_ms + g_rand_int_range (model->random, 0, TIER_MS));
    if (g_rand_int_range (model->random, 0, 40) == 0)
      record.is_suspect = TRUE;
    if (g_rand_int_range (model->random, 0, 20) == 0)
      record.waiting_since_ms =
          model->moment.database_now_ms - g_rand_int_range (model->random, 0, 2 * MAX_WAIT_MS);
    g_array_append_val (log->records, record);
    if (log->is_open) /* its rows have been read: it is nobody's suspect */
      forget_row (log, log->records->len - 1);
  }
}

static void
assign (Model *model, Log *log)
{
  if (log->lane)
    return;
  log->lane = lane_ref (window_assign (model->window, log->partition, log));
  log->is_open = log->is_ordered = FALSE;
  log->read = log->stored;
}

static void
open_it (Model *model, Log *log)
{
  GHashTable *known = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);

  if (!log->lane || log->is_open) {
    g_hash_table_unref (known);
    return;
  }
  for (guint i = 0; i < log->records->len; i++) {
    const Written *record = &g_array_index (log->records, Written, i);
    RecordState *row;

    if (i < log->stored || (!record->is_suspect && !record->waiting_since_ms))
      continue;
    row = g_new0 (RecordState, 1);
    row->offset = i;
    row->has_row = TRUE;
    row->is_suspect = record->is_suspect;
    row->deaths = 1;
    row->waiting_since_ms = record->waiting_since_ms;
    g_hash_table_insert (known, &row->offset, row);
  }
  window_open (model->window, log->lane, known);
  log->is_open = TRUE;
}

static GPtrArray *
some_lanes (Model *model, gboolean ordered, GPtrArray *ret_logs)
{
  GPtrArray *lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);

  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    Log *log = &model->logs[i];

    if (!log->lane || (ordered && !log->is_ordered) || g_rand_int_range (model->random, 0, 3) == 0)
      continue;
    g_ptr_array_add (lanes, lane_ref (log->lane));
    g_ptr_array_add (ret_logs, log);
  }
  return lanes;
}

static void
order (Model *model)
{
  g_autoptr (GPtrArray) logs = g_ptr_array_new ();
  g_autoptr (GPtrArray) lanes = some_lanes (model, FALSE, logs);

  window_order (model->window, lanes, RUN_AT_BOUNDARY);
  for (guint i = 0; i < logs->len; i++) {
    Log *log = g_ptr_array_index (logs, i);

    log->is_ordered = TRUE;
    for (guint k = 0; k < log->readings->len; k++) {
      Reading *reading = g_ptr_array_index (log->readings, k);

      if (reading->delivery->state != DELIVERY_HELD)
        reading->is_ordered = TRUE;
    }
  }
}

/* What is in hand is lost, all else given up. */
static void
take_away (Model *model, GPtrArray *lanes, GPtrArray *logs)
{
  window_revoke (model->window, lanes);
  for (guint i = 0; i < logs->len; i++) {
    Log *log = g_ptr_array_index (logs, i);

    for (guint k = 0; k < log->readings->len; k++) {
      Reading *reading = g_ptr_array_index (log->readings, k);

      if (!is_in_hand (reading)) {
        forgotten (model, reading);
        continue;
      }
      reading->is_lost = TRUE;
      /* Whoever has it next finds its count open, when this process has died of it. */
      if (g_rand_boolean (model->random))
        g_array_index (log->records, Written, reading->offset).is_suspect = TRUE;
      g_assert_cmpint (delivery_order (reading->delivery), ==, RUN_LOST);
    }
    g_ptr_array_set_size (log->readings, 0);
    g_clear_pointer (&log->lane, lane_unref);
    log->is_open = FALSE;
  }
}

static void
revoke_some (Model *model)
{
  g_autoptr (GPtrArray) logs = g_ptr_array_new ();
  g_autoptr (GPtrArray) lanes = some_lanes (model, g_rand_boolean (model->random), logs);

  take_away (model, lanes, logs);
}

/* Until those that were ordered have gone nothing is handed out, for the poll thread waits in the
 * revoke. */
static gboolean
is_revoking (const Model *model)
{
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    if (model->logs[i].lane && model->logs[i].is_ordered)
      return TRUE;
  return FALSE;
}

static int
by_offset (gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *)a, two = *(const gint64 *)b;

  return (one > two) - (one < two);
}

static void
look_at_counts (Model *model)
{
  g_autoptr (GPtrArray) stale = window_stale_lanes (model->window);

  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    Log *log = &model->logs[i];
    g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gint64));
    guint n = 0;

    if (!log->lane)
      continue;
    g_assert_true (window_open_offsets (model->window, log->lane, offsets));
    g_array_sort (offsets, by_offset);
    for (guint k = 0; k < log->readings->len; k++) {
      const Reading *reading = g_ptr_array_index (log->readings, k);

      if (!is_in_hand (reading) || reading->is_suspect)
        continue;
      g_assert_cmpuint (n, <, offsets->len);
      g_assert_cmpint (g_array_index (offsets, gint64, n++), ==, reading->offset);
    }
    g_assert_cmpuint (offsets->len, ==, n);
  }
}

static void
weather (Model *model)
{
  switch (g_rand_int_range (model->random, 0, 6)) {
  case 0:
    model->moment.allowed = 0;
    model->moment.away_since_ms = model->moment.database_now_ms;
    return;
  case 1:
    model->moment.allowed = g_rand_int_range (model->random, 1, limits.in_flight);
    return;
  case 2:
    model->moment.may_read = FALSE;
    return;
  default:
    model->moment.allowed = limits.in_flight;
    model->moment.away_since_ms = 0;
    model->moment.may_read = TRUE;
    return;
  }
}

static void
pass (Model *model, gint64 ms)
{
  model->moment.now_ms += ms;
  model->moment.database_now_ms += ms;
}

static void
assign_one (Model *model)
{
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    if (!model->logs[i].lane) {
      assign (model, &model->logs[i]);
      return;
    }
}

static void
open_one (Model *model)
{
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    if (model->logs[i].lane && !model->logs[i].is_open) {
      open_it (model, &model->logs[i]);
      return;
    }
}

static void
operate (Model *model)
{
  gint what = g_rand_int_range (model->random, 0, 200);

  if (what < 40) {
    if (!is_revoking (model))
      hand_out (model);
  } else if (what < 65) {
    make_ready (model);
  } else if (what < 90) {
    begin (model);
  } else if (what < 110) {
    come_to_a_verdict (model, RUNNING, MOVER_WORKER);
  } else if (what < 113) {
    come_to_a_verdict (model, TAKING, MOVER_TAKE);
  } else if (what < 135) {
    finish (model, SETTLING, 10, MOVER_SETTLE);
  } else if (what < 137) {
    finish (model, TAKING, 1, MOVER_TAKE);
  } else if (what < 139) {
    snooze (model, any (model, TAKING), MOVER_TAKE);
  } else if (what < 141) {
    snooze (model, any (model, READY), g_rand_boolean (model->random) ? MOVER_WORKER : MOVER_POLL);
  } else if (what < 143) {
    snooze (model, any (model, RUNNING),
            g_rand_boolean (model->random) ? MOVER_WORKER : MOVER_TAKE);
  } else if (what < 145) {
    snooze (model, any (model, SETTLING), MOVER_SETTLE);
  } else if (what < 150) {
    get_on (model);
  } else if (what < 153) {
    give_back (model);
  } else if (what < 163) {
    store (model);
  } else if (what < 178) {
    pass (model, g_rand_int_range (model->random, 0, 20));
  } else if (what < 179) {
    pass (model, g_rand_int_range (model->random, 0, 5) == 0 ? 3000 : 100);
  } else if (what < 188) {
    if (is_revoking (model))
      revoke_some (model);
    else
      assign_one (model);
  } else if (what < 194) {
    open_one (model);
  } else if (what < 195) {
    gint rare = g_rand_int_range (model->random, 0, 8);

    if (rare == 0)
      order (model);
    else if (rare == 1)
      revoke_some (model);
  } else if (what < 198) {
    look_at_counts (model);
  } else {
    weather (model);
  }
  check (model);
}

/* --- All of it --- */

static Model *
model_new (void)
{
  Model *model = g_new0 (Model, 1);

  model->random = g_rand_new_with_seed (g_test_rand_int ());
  model->window = window_new (&limits);
  model->readings = g_ptr_array_new_with_free_func (g_free);
  model->moment = (WindowMoment){ .now_ms = 1000,
                                  .database_now_ms = G_GINT64_CONSTANT (1700000000000),
                                  .database_error_ms = ERROR_MS,
                                  .allowed = limits.in_flight,
                                  .may_read = TRUE };
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    model->logs[i].partition = partition_new ("claims.686c", (int)i, tiers[i]);
    model->logs[i].records = g_array_new (FALSE, TRUE, sizeof (Written));
    model->logs[i].readings = g_ptr_array_new ();
  }
  return model;
}

/* Whatever is in hand comes to its end, and all that was written is done. */
static void
come_to_rest (Model *model)
{
  g_autoptr (GPtrArray) lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);
  g_autoptr (GPtrArray) logs = g_ptr_array_new ();
  gboolean is_all = FALSE;

  model->moment.allowed = limits.in_flight;
  model->moment.away_since_ms = 0;
  model->moment.may_read = TRUE;
  while (is_revoking (model))
    revoke_some (model);
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    assign (model, &model->logs[i]);
    open_it (model, &model->logs[i]);
  }
  for (guint tries = 0; !is_all; tries++) {
    g_assert_cmpuint (tries, <, 100000);
    hand_out (model);
    while (count (model, TAKING) > 0)
      make_ready (model);
    while (count (model, READY) > 0)
      begin (model);
    while (count (model, RUNNING) > 0)
      come_to_a_verdict (model, RUNNING, MOVER_WORKER);
    finish (model, SETTLING, 10, MOVER_SETTLE);
    store (model);
    check (model);
    pass (model, 20);
    is_all = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
      is_all &= model->logs[i].stored == (gint64)model->logs[i].records->len;
  }
  while (count (model, SETTLING) > 0)
    finish (model, SETTLING, 10, MOVER_SETTLE);
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    g_ptr_array_add (lanes, lane_ref (model->logs[i].lane));
    g_ptr_array_add (logs, &model->logs[i]);
  }
  take_away (model, lanes, logs);
  check (model);
}

static void
model_free (Model *model)
{
  window_free (model->window);
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++) {
    partition_unref (model->logs[i].partition);
    g_array_unref (model->logs[i].records);
    g_ptr_array_unref (model->logs[i].readings);
  }
  g_ptr_array_unref (model->readings);
  g_rand_free (model->random);
  g_free (model);
}

static void
whatever_happens_nothing_is_lost_doubled_or_early (void)
{
  Model *model = model_new ();
  guint written = 0, settled = 0;

  for (guint i = 0; i < OPERATIONS; i++) {
    if (i % 3 == 0)
      write_some (model);
    operate (model);
  }
  come_to_rest (model);
  g_assert_cmpuint (model->readings->len, ==, 0);
  g_assert_cmpuint (model->finished + model->given_up, ==, model->reads);
  for (guint i = 0; i < G_N_ELEMENTS (model->logs); i++)
    for (guint k = 0; k < model->logs[i].records->len; k++) {
      written++;
      settled += g_array_index (model->logs[i].records, Written, k).settled > 0;
    }
  g_assert_cmpuint (settled, ==, written);
  g_test_message ("%u records, read %u times, %u given up, %u alone, %u worn out", written,
                  model->reads, model->given_up, model->alone, model->worn_out);
  /* Neither an idle nor a blocked sequence shows anything. */
  g_assert_cmpuint (model->given_up, >, 100);
  g_assert_cmpuint (model->alone, >, 5);
  g_assert_cmpuint (model->asides, >, 5);
  g_assert_cmpuint (model->worn_out, >, 5);
  g_assert_cmpuint (model->finished, >, OPERATIONS / 100);
  model_free (model);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/window/sequences/nothing-is-lost-doubled-or-early",
                   whatever_happens_nothing_is_lost_doubled_or_early);
  return g_test_run ();
}
