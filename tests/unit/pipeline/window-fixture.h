/* A window with neither broker nor database: partitions that a test writes to, a reader of them,
 * and a moment that the test moves. Beside a test, included once. */
#pragma once

#include <string.h>

#include "pipeline/window.h"

#define ERROR_MS 7 /* of the database's clock */
#define HOUR_MS  G_GINT64_CONSTANT (3600000)

typedef struct {
  Partition *partition;
  Lane *lane;      /* a reference; NULL: not assigned */
  GQueue unread;   /* of Delivery * */
  gint64 end;      /* the next offset to be written */
  gint64 stored;   /* -1: nothing */
  guint stores;    /* how often */
  guint questions; /* of the window for a record */
} Source;

typedef struct {
  Window *window;
  WindowMoment moment;
  GPtrArray *sources; /* of Source * */
  GPtrArray *taken;   /* by the last hand_out() */
} Fixture;

static inline void
source_free (gpointer data)
{
  Source *source = data;
  Delivery *delivery;

  while ((delivery = g_queue_pop_head (&source->unread)))
    delivery_free (delivery);
  g_clear_pointer (&source->lane, lane_unref);
  partition_unref (source->partition);
  g_free (source);
}

static inline Fixture *
fixture_new (const WindowLimits *limits)
{
  Fixture *fixture = g_new0 (Fixture, 1);

  fixture->window = window_new (limits);
  fixture->sources = g_ptr_array_new_with_free_func (source_free);
  fixture->taken = g_ptr_array_new ();
  fixture->moment = (WindowMoment){ .now_ms = 1000,
                                    .database_now_ms = 1000 * HOUR_MS,
                                    .database_error_ms = ERROR_MS,
                                    .allowed = limits->in_flight,
                                    .may_read = TRUE };
  return fixture;
}

static inline void
pass (Fixture *fixture, gint64 ms)
{
  fixture->moment.now_ms += ms;
  fixture->moment.database_now_ms += ms;
}

/* --- Partitions --- */

static inline Source *
source_new (Fixture *fixture, gint64 tier_wait_ms)
{
  Source *source = g_new0 (Source, 1);

  source->partition = partition_new ("claims.686c", (int)fixture->sources->len, tier_wait_ms);
  source->stored = -1;
  g_queue_init (&source->unread);
  g_ptr_array_add (fixture->sources, source);
  return source;
}

static inline void
assign (Fixture *fixture, Source *source)
{
  source->lane = lane_ref (window_assign (fixture->window, source->partition, source));
}

static inline GHashTable *
no_records (void)
{
  return g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
}

/* What the database knows of a record, for window_open(). */
static inline void
add_record (GHashTable *records, gint64 offset, gboolean is_suspect, gint64 waiting_since_ms)
{
  RecordState *record = g_new0 (RecordState, 1);

  record->offset = offset;
  record->has_row = TRUE;
  record->is_suspect = is_suspect;
  record->deaths = is_suspect ? 1 : 0;
  record->waiting_since_ms = waiting_since_ms;
  g_hash_table_insert (records, &record->offset, record);
}

static inline Source *
assigned (Fixture *fixture, gint64 tier_wait_ms)
{
  Source *source = source_new (fixture, tier_wait_ms);

  assign (fixture, source);
  window_open (fixture->window, source->lane, no_records ());
  return source;
}

/* @wait_ms: from now, of a tier's. */
static inline Delivery *
write_at (Fixture *fixture, Source *source, gint64 offset, const char *key, gint64 wait_ms)
{
  KafkaHeaders *headers = kafka_headers_new ();
  Delivery *delivery;

  if (source->partition->tier_wait_ms)
    kafka_headers_set_int (headers, "dp-not-before", fixture->moment.database_now_ms + wait_ms);
  delivery =
      delivery_new (source->partition, NULL, offset, key, key ? strlen (key) : 0,
                    fixture->moment.database_now_ms, fixture->moment.database_now_ms, headers);
  g_queue_push_tail (&source->unread, delivery);
  source->end = offset + 1;
  return delivery;
}

/* In a tier: due now. */
static inline Delivery *
write_one (Fixture *fixture, Source *source, const char *key)
{
  return write_at (fixture, source, source->end, key, -ERROR_MS);
}

/* One record a letter; a blank has no key. */
static inline void
write_all (Fixture *fixture, Source *source, const char *keys)
{
  for (; *keys; keys++) {
    char key[] = { *keys, '\0' };

    (void)write_one (fixture, source, *keys == ' ' ? NULL : key);
  }
}

static inline Delivery *
read_next (gpointer data, Partition *partition, gpointer fixture G_GNUC_UNUSED)
{
  Source *source = data;

  g_assert_true (source->partition == partition);
  source->questions++;
  return g_queue_pop_head (&source->unread);
}

static inline void
store_one (gpointer data, const Partition *partition, gint64 next, gpointer fixture G_GNUC_UNUSED)
{
  Source *source = data;

  g_assert_true (source->partition == partition);
  g_assert_cmpint (next, >, source->stored);
  source->stored = next;
  source->stores++;
}

static inline void
store (Fixture *fixture)
{
  window_store (fixture->window, store_one, fixture);
}

/* --- Work --- */

static inline guint
hand_out (Fixture *fixture)
{
  g_ptr_array_set_size (fixture->taken, 0);
  window_hand_out (fixture->window, &fixture->moment, read_next, fixture, fixture->taken);
  return fixture->taken->len;
}

static inline Delivery *
taken (const Fixture *fixture, guint i)
{
  g_assert_cmpuint (i, <, fixture->taken->len);
  return g_ptr_array_index (fixture->taken, i);
}

/* "0/3 1/0": partition and offset of each. */
static inline char *
names_of (const GPtrArray *deliveries)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < deliveries->len; i++) {
    const Delivery *delivery = g_ptr_array_index (deliveries, i);

    g_string_append_printf (text, "%s%d/%" G_GINT64_FORMAT, i ? " " : "",
                            delivery->partition->number, delivery->offset);
  }
  return g_string_free (text, FALSE);
}

#define assert_handed_out(fixture, names)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *handed_out_ = NULL;                                                           \
                                                                                                   \
    (void)hand_out (fixture);                                                                      \
    handed_out_ = names_of ((fixture)->taken);                                                     \
    g_assert_cmpstr (handed_out_, ==, names);                                                      \
  }                                                                                                \
  G_STMT_END

static inline void
finish (Fixture *fixture, Delivery *delivery, Mover mover)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  g_ptr_array_add (alone, delivery);
  window_finish (fixture->window, alone, mover);
}

/* As far as that state, from TAKING. */
static inline void
carry (Fixture *fixture, Delivery *delivery, DeliveryState to)
{
  if (delivery->state == DELIVERY_TAKING && to > DELIVERY_TAKING)
    g_assert_true (window_ready (fixture->window, delivery));
  if (delivery->state == DELIVERY_READY && to > DELIVERY_READY)
    g_assert_true (window_begin (fixture->window, delivery));
  if (delivery->state == DELIVERY_RUNNING && to > DELIVERY_RUNNING)
    window_settling (fixture->window, delivery, MOVER_WORKER);
}

static inline void
settle (Fixture *fixture, Delivery *delivery)
{
  carry (fixture, delivery, DELIVERY_SETTLING);
  finish (fixture, delivery, MOVER_SETTLE);
}

/* Those of the last hand_out() that stand as they were handed out. */
static inline void
settle_all (Fixture *fixture)
{
  for (guint i = 0; i < fixture->taken->len; i++)
    settle (fixture, taken (fixture, i));
  g_ptr_array_set_size (fixture->taken, 0);
}

/* From where it stands, by whom it belongs to there. */
static inline void
snooze (Fixture *fixture, Delivery *delivery, gint64 ms)
{
  static const Mover movers[DELIVERY_STATES] = {
    [DELIVERY_TAKING] = MOVER_TAKE,
    [DELIVERY_READY] = MOVER_WORKER,
    [DELIVERY_RUNNING] = MOVER_WORKER,
    [DELIVERY_SETTLING] = MOVER_SETTLE,
  };

  window_snooze (fixture->window, delivery, fixture->moment.now_ms + ms, movers[delivery->state]);
}

static inline GPtrArray *
lane_of (const Source *source)
{
  GPtrArray *lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);

  g_ptr_array_add (lanes, lane_ref (source->lane));
  return lanes;
}

static inline void
order (Fixture *fixture, const Source *source, RunOrder what)
{
  g_autoptr (GPtrArray) lanes = lane_of (source);

  window_order (fixture->window, lanes, what);
}

static inline void
take_away (Fixture *fixture, Source *source)
{
  g_autoptr (GPtrArray) lanes = lane_of (source);

  g_clear_pointer (&source->lane, lane_unref);
  window_revoke (fixture->window, lanes);
}

#define assert_counts(fixture, is_in_hand, is_ready, is_running, is_settling, is_snoozing)         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    WindowCounts counts_ = window_counts ((fixture)->window);                                      \
                                                                                                   \
    g_assert_cmpuint (counts_.in_hand, ==, is_in_hand);                                            \
    g_assert_cmpuint (counts_.ready, ==, is_ready);                                                \
    g_assert_cmpuint (counts_.running, ==, is_running);                                            \
    g_assert_cmpuint (counts_.settling, ==, is_settling);                                          \
    g_assert_cmpuint (counts_.snoozing, ==, is_snoozing);                                          \
  }                                                                                                \
  G_STMT_END

/* All that was handed out has been settled, snoozes, or was lost and has come back. */
static inline void
fixture_free (Fixture *fixture)
{
  for (guint i = 0; i < fixture->sources->len; i++)
    if (((Source *)g_ptr_array_index (fixture->sources, i))->lane)
      take_away (fixture, g_ptr_array_index (fixture->sources, i));
  assert_counts (fixture, 0, 0, 0, 0, 0);
  window_free (fixture->window);
  g_ptr_array_unref (fixture->sources);
  g_ptr_array_unref (fixture->taken);
  g_free (fixture);
}
