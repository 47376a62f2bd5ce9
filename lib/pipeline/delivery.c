/* A delivery and its table of moves, see delivery.h. */
#include "pipeline/delivery.h"

#include "base/clock.h"
#include "base/log.h"

#define DUE_SLACK_MS 60000 /* a due time further ahead than its tier and this is none of ours */

static const DeliveryMove moves[] = {
  { DELIVERY_HELD, DELIVERY_DUE, MOVER_POLL, "it is due, and no other of its key is in hand" },
  { DELIVERY_HELD, DELIVERY_PARKED, MOVER_POLL, "it is due, and another of its key is in hand" },
  { DELIVERY_PARKED, DELIVERY_DUE, MOVER_POLL | MOVER_TAKE | MOVER_WORKER | MOVER_SETTLE,
    "the one before it has let go of the key" },
  { DELIVERY_DUE, DELIVERY_TAKING, MOVER_POLL, "there is room" },
  { DELIVERY_TAKING, DELIVERY_READY, MOVER_TAKE, "counted, decoded, owned" },
  { DELIVERY_TAKING, DELIVERY_SETTLING, MOVER_TAKE, "stale, unreadable, over or condemned" },
  { DELIVERY_TAKING, DELIVERY_FINISHED, MOVER_TAKE, "the inbox has it already" },
  { DELIVERY_TAKING, DELIVERY_SNOOZING, MOVER_TAKE, "stopped before it was owned" },
  { DELIVERY_READY, DELIVERY_RUNNING, MOVER_WORKER, "a worker is free" },
  { DELIVERY_READY, DELIVERY_DUE, MOVER_POLL, "given back: its downstream is away" },
  { DELIVERY_READY, DELIVERY_SNOOZING, MOVER_POLL | MOVER_WORKER, "stopped before it ran" },
  { DELIVERY_RUNNING, DELIVERY_SETTLING, MOVER_WORKER, "it has its verdict" },
  { DELIVERY_RUNNING, DELIVERY_SNOOZING, MOVER_TAKE | MOVER_WORKER, "no verdict: taken again" },
  { DELIVERY_SETTLING, DELIVERY_FINISHED, MOVER_SETTLE, "settled" },
  { DELIVERY_SETTLING, DELIVERY_SNOOZING, MOVER_SETTLE, "not now, or not as decided" },
  { DELIVERY_SNOOZING, DELIVERY_DUE, MOVER_POLL, "it wakes" },
};

static const char *const state_names[DELIVERY_STATES] = {
  [DELIVERY_HELD] = "held",         [DELIVERY_PARKED] = "parked",
  [DELIVERY_DUE] = "due",           [DELIVERY_TAKING] = "taking",
  [DELIVERY_READY] = "ready",       [DELIVERY_RUNNING] = "running",
  [DELIVERY_SETTLING] = "settling", [DELIVERY_SNOOZING] = "snoozing",
  [DELIVERY_FINISHED] = "finished",
};

const DeliveryMove *
delivery_moves (guint *ret_count)
{
  *ret_count = G_N_ELEMENTS (moves);
  return moves;
}

const char *
delivery_state_name (DeliveryState state)
{
  return state_names[state];
}

gboolean
delivery_may_move (DeliveryState from, DeliveryState to, Mover mover)
{
  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    if (moves[i].from == from && moves[i].to == to)
      return (moves[i].movers & mover) != 0;
  return FALSE;
}

void
delivery_move (Delivery *delivery, DeliveryState to, Mover mover, const GThread *holder)
{
  g_assert (holder == g_thread_self ());
  if (!delivery_may_move (delivery->state, to, mover))
    g_error ("a delivery may not go from %s to %s", state_names[delivery->state], state_names[to]);
  delivery->state = to;
}

/* --- Partitions --- */

Partition *
partition_new (const char *topic, int number, gint64 tier_wait_ms)
{
  Partition *partition = g_atomic_rc_box_new0 (Partition);

  partition->topic = g_strdup (topic);
  partition->number = number;
  partition->tier_wait_ms = tier_wait_ms;
  return partition;
}

Partition *
partition_ref (Partition *partition)
{
  return g_atomic_rc_box_acquire (partition);
}

static void
partition_clear (gpointer data)
{
  g_free (((Partition *)data)->topic);
}

void
partition_unref (Partition *partition)
{
  g_atomic_rc_box_release_full (partition, partition_clear);
}

/* --- Deliveries --- */

/* When a tier's record may be taken. One without a due time of ours, or with one that its tier cannot
 * have, would hold up all behind it: it waits from its own time on as long as its tier does. One
 * whose time says nothing either (none, or one that is still to come) is none of ours: it waits for
 * nothing, for each of many such would wait anew from when it is read. */
static gint64
due_ms_of (const Partition *partition, const Record *record, gint64 timestamp_ms,
           gint64 database_now_ms)
{
  const gint64 wait_ms = partition->tier_wait_ms;
  const gint64 longest_ms = wait_ms + wait_ms / 10 + DUE_SLACK_MS;
  gint64 since = MIN (timestamp_ms, database_now_ms);

  if (wait_ms == 0)
    return 0;
  if (timestamp_ms < 0 || timestamp_ms > database_now_ms + DUE_SLACK_MS)
    return record->not_before_ms <= database_now_ms + longest_ms ? record->not_before_ms : 0;
  return MIN (since + longest_ms, record->not_before_ms ? record->not_before_ms : since + wait_ms);
}

Delivery *
delivery_new (Partition *partition, rd_kafka_message_t *message_taken, gint64 offset,
              gconstpointer key, gsize key_length, gint64 timestamp_ms, gint64 database_now_ms,
              KafkaHeaders *headers_taken)
{
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->partition = partition_ref (partition);
  delivery->message = message_taken;
  delivery->offset = offset;
  delivery->key = record_key (key, key_length);
  delivery->record = record_read (partition->topic, partition->number, offset, headers_taken);
  /* A producer may write any time: what lies ahead of us begins now, or it would wait for its
   * day. */
  delivery->appended_at_ms = MIN (timestamp_ms, database_now_ms);
  delivery->due_ms = due_ms_of (partition, delivery->record, timestamp_ms, database_now_ms);
  delivery->known.offset = offset;
  delivery->known.waiting_since_ms = MIN (delivery->record->waiting_since_ms, database_now_ms);
  delivery->state = DELIVERY_HELD;
  return delivery;
}

Delivery *
delivery_of_message (Partition *partition, rd_kafka_message_t *message_taken,
                     gint64 database_now_ms)
{
  return delivery_new (partition, message_taken, message_taken->offset, message_taken->key,
                       message_taken->key_len, rd_kafka_message_timestamp (message_taken, NULL),
                       database_now_ms, kafka_headers_of_message (message_taken));
}

void
delivery_free (Delivery *delivery)
{
  if (!delivery)
    return;
  g_assert (!delivery->run);
  if (delivery->message)
    rd_kafka_message_destroy (delivery->message);
  record_free (delivery->record);
  partition_unref (delivery->partition);
  g_free (delivery->key);
  g_free (delivery);
}

RunOrder
delivery_order (const Delivery *delivery)
{
  return g_atomic_int_get (&delivery->order);
}

void
delivery_give_order (Delivery *delivery, RunOrder order)
{
  if ((gint)order > g_atomic_int_get (&delivery->order))
    g_atomic_int_set (&delivery->order, order);
}

void
delivery_back_in_line (Delivery *delivery)
{
  (void)g_atomic_int_compare_and_exchange (&delivery->order, RUN_STEPS_ASIDE, RUN_GOES_ON);
}

gboolean
delivery_is_in_hand (const Delivery *delivery)
{
  return delivery->state >= DELIVERY_TAKING && delivery->state <= DELIVERY_SETTLING;
}

gboolean
delivery_is_last_attempt (const Delivery *delivery, guint attempts_max)
{
  return delivery->record->attempt + 1 >= attempts_max;
}

void
delivery_begin_anew (Delivery *delivery, const char *consumer)
{
  record_begin_anew (delivery->record, consumer);
  delivery->known.waiting_since_ms =
      MIN (delivery->record->waiting_since_ms, delivery->known.waiting_since_ms);
}

void
delivery_disown (Delivery *delivery)
{
  record_disown (delivery->record, delivery->partition->topic, delivery->partition->number,
                 delivery->offset);
}

void
delivery_log_context (const Delivery *delivery)
{
  char number[16], offset[24];

  g_snprintf (number, sizeof number, "%d", delivery->partition->number);
  g_snprintf (offset, sizeof offset, "%" G_GINT64_FORMAT, delivery->offset);
  log_context_set ("topic", delivery->partition->topic);
  log_context_set ("partition", number);
  log_context_set ("offset", offset);
}
