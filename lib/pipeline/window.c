/* What the runner has in hand: the window of each partition, whose turn it is by key, what may be taken next, and what
 * becomes of it all when partitions come and go. Source: design section 5 (1, 2, 10), Rebalance and shutdown. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "pipeline/delivery.h"

#define UNFINISHED_MAX 1000 /* a partition with this many unfinished records is not read further */
#define OUTBOX_WAITING_MAX                                                                         \
  20000                    /* more rows than this without a delivery report: nothing new is taken */
#define SETTLING_MAX   256 /* verdicts that wait for their commit; more and nothing new is taken */
#define RETAKE_MS      1000
#define DUE_SLACK_MS   60000 /* a due time further ahead than its tier and this is none of ours */
#define OUTAGE_LOOK_MS 60000 /* between two looks for what has waited too long */

/* --- Partitions and keys --- */

Partition *
partition_ref (Partition *partition)
{
  return g_atomic_rc_box_acquire (partition);
}

static void
partition_clear (gpointer data)
{
  Partition *partition = data;

  g_free (partition->topic);
  g_hash_table_unref (partition->records);
  g_queue_clear (&partition->window);
}

void
partition_unref (Partition *partition)
{
  g_atomic_rc_box_release_full (partition, partition_clear);
}

typedef struct {
  Delivery *busy; /* the one in hand */
  GQueue parked;  /* Delivery *, in order */
} KeyState;

static void
key_state_free (gpointer data)
{
  KeyState *state = data;

  g_queue_clear (&state->parked);
  g_free (state);
}

GHashTable *
window_keys_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, key_state_free);
}

static void
delivery_free (Delivery *delivery)
{
  run_free (delivery->run);
  rd_kafka_message_destroy (delivery->message);
  kafka_headers_free (delivery->headers);
  partition_unref (delivery->partition);
  g_free (delivery->failures);
  g_free (delivery->key);
  g_free (delivery->message_id);
  g_free (delivery);
}

GArray *
partition_open_offsets (Partition *partition)
{
  GArray *open = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (GList *link = partition->window.head; link; link = link->next) {
    Delivery *delivery = link->data;
    /* A suspect has a row of its own. */
    if ((delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_RUNNING ||
         delivery->state == DELIVERY_SETTLING) &&
        !delivery->record.is_suspect)
      g_array_append_val (open, delivery->offset);
  }
  return open;
}

void
runner_wake (Runner *runner)
{
  guint64 one = 1;

  (void)!write (runner->wake_fd, &one, sizeof one); /* full only when it is awake already */
}

/* The lowest unfinished record of each partition bounds what may be committed. */
static void
advance (Runner *runner, Partition *partition)
{
  gint64 next = -1;
  Delivery *head;

  while ((head = g_queue_peek_head (&partition->window)) && head->state == DELIVERY_FINISHED) {
    next = head->offset + 1;
    delivery_free (g_queue_pop_head (&partition->window));
  }
  if (next < 0 || !partition->kafka)
    return;
  CRASH_POINT ("offset/before-store");
  if (kafka_consumer_store (runner->kafka, partition->topic, partition->number, next))
    partition->stored = next;
  CRASH_POINT ("offset/after-store");
}

/* Its key goes to the next record in line. With the lock held. */
static void
release_key (Runner *runner, Delivery *delivery)
{
  KeyState *state = delivery->key ? g_hash_table_lookup (runner->keys, delivery->key) : NULL;

  if (!state || state->busy != delivery)
    return;
  state->busy = g_queue_pop_head (&state->parked);
  if (state->busy) {
    state->busy->state = DELIVERY_DUE;
    g_queue_push_tail (&runner->due, state->busy);
  } else {
    g_hash_table_remove (runner->keys, delivery->key);
  }
}

/* With the lock held. */
static void
leave_flight (Runner *runner, Delivery *delivery)
{
  if (delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_RUNNING)
    runner->in_flight--;
  else if (delivery->state == DELIVERY_SETTLING)
    runner->settling--;
  if (runner->solo == delivery)
    runner->solo = NULL;
}

void
runner_to_settle (Runner *runner, SettleUnit *unit_taken)
{
  Delivery *delivery = unit_taken->delivery;

  g_mutex_lock (&runner->lock);
  leave_flight (
      runner,
      delivery); /* a suspect is a bystander again, unless it snoozes: then it is not in hand */
  delivery->state = DELIVERY_SETTLING;
  runner->settling++;
  g_mutex_unlock (&runner->lock);
  desk_add (runner->settle_desk, unit_taken);
  runner_wake (runner); /* a worker is free */
}

/* Out of everything; with the lock held. */
static void
forget (Runner *runner, Delivery *delivery)
{
  leave_flight (runner, delivery);
  release_key (runner, delivery);
  if (!delivery->is_forgotten)
    g_queue_remove (&delivery->partition->window, delivery);
  delivery_free (delivery);
}

void
runner_finish (Runner *runner, Delivery *delivery)
{
  Partition *partition = delivery->partition;

  g_mutex_lock (&runner->lock);
  if (delivery->is_forgotten) {
    forget (runner, delivery);
  } else {
    leave_flight (runner, delivery);
    release_key (runner, delivery);
    delivery->state = DELIVERY_FINISHED;
    g_clear_pointer (&delivery->run, run_free);
    partition->counts_stale = TRUE;
    advance (runner, partition);
  }
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
  runner_wake (runner);
}

static int
by_wake (gconstpointer a, gconstpointer b, gpointer data)
{
  const Delivery *one = a, *two = b;

  (void)data;
  return (one->wake_at_ms > two->wake_at_ms) - (one->wake_at_ms < two->wake_at_ms);
}

void
runner_snooze (Runner *runner, Delivery *delivery, gint64 ms)
{
  g_mutex_lock (&runner->lock);
  if (delivery->is_forgotten) {
    forget (runner, delivery);
  } else {
    leave_flight (runner, delivery);
    delivery->state = DELIVERY_SNOOZING;
    delivery->wake_at_ms = clock_monotonic_ms () + ms;
    delivery->partition->counts_stale = TRUE;
    g_clear_pointer (&delivery->run, run_free);
    g_sequence_insert_sorted (runner->snoozing, delivery, by_wake, NULL);
  }
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
  runner_wake (runner);
}

void
runner_drop (Runner *runner, Delivery *delivery)
{
  gboolean is_forgotten;

  g_mutex_lock (&runner->lock);
  is_forgotten = delivery->is_forgotten;
  if (is_forgotten)
    forget (runner, delivery);
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
  if (!is_forgotten) /* stopped at its boundary while a revoke waits: it stays until the partition
                        goes */
    runner_snooze (runner, delivery, RETAKE_MS);
}

void
runner_has_progress (Runner *runner, Delivery *delivery)
{
  delivery->record.waiting_since_ms = 0; /* its worker's alone, as long as it runs */
  if (!delivery->record.is_suspect)
    return;
  g_mutex_lock (&runner->lock);
  delivery->record.is_suspect = FALSE;
  delivery->record.deaths = 0;
  if (runner->solo == delivery)
    runner->solo = NULL;
  g_mutex_unlock (&runner->lock);
  runner_wake (runner);
}

/* --- Taking --- */

/* When a tier's record may be taken. One without a due time of ours, or with one that its tier cannot have, would hold
 * up all behind it: it waits as long as its tier does. */
static gint64
due_ms_of (const Partition *partition, const Delivery *delivery)
{
  gint64 since = rd_kafka_message_timestamp (delivery->message, NULL), latest;

  if (partition->tier_wait_ms == 0)
    return 0;
  if (since < 0)
    since = clock_database_now_ms ();
  latest = since + partition->tier_wait_ms + partition->tier_wait_ms / 10 + DUE_SLACK_MS;
  return MIN (latest, kafka_headers_get_int (delivery->headers, "dp-not-before", 0, G_MAXINT64,
                                             since + partition->tier_wait_ms));
}

static Delivery *
delivery_new (Runner *runner, Partition *partition, rd_kafka_message_t *message)
{
  Delivery *delivery = g_new0 (Delivery, 1);
  const RecordState *record = NULL;
  const char *id, *first;

  delivery->runner = runner;
  delivery->partition = partition_ref (partition);
  delivery->message = message;
  delivery->offset = message->offset;
  if (message->key && message->key_len > 0 && message->key_len < 256 &&
      g_utf8_validate (message->key, message->key_len, NULL))
    delivery->key = g_strndup (message->key, message->key_len);
  delivery->headers = kafka_headers_of_message (message);
  id = kafka_headers_get (delivery->headers, "dp-message-id");
  if (id && *id)
    delivery->message_id = g_strdup (id);
  else
    delivery->message_id = g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT, partition->topic,
                                            partition->number, message->offset);
  delivery->hop = kafka_headers_get_int (delivery->headers, "dp-hop", 0, G_MAXINT, 0);
  delivery->replay = kafka_headers_get_int (delivery->headers, "dp-replay", 0, G_MAXINT, 0);
  record = g_hash_table_lookup (partition->records, &message->offset);
  if (record) {
    delivery->record = *record;
    g_hash_table_remove (partition->records, &message->offset);
  }
  if (delivery->record.waiting_since_ms == 0)
    delivery->record.waiting_since_ms =
        kafka_headers_get_int (delivery->headers, "dp-waiting-since", 0, G_MAXINT64, 0);
  delivery->attempt = kafka_headers_get_int (delivery->headers, "dp-attempt", 0, 10000, 0);
  delivery->failures = g_strdup (kafka_headers_get (delivery->headers, "dp-failures"));
  first = kafka_headers_get (delivery->headers, "dp-first-failed-at");
  if (first && !clock_parse_iso (first, &delivery->first_failed_at_ms))
    delivery->first_failed_at_ms = 0;
  delivery->due_ms = due_ms_of (partition, delivery);
  return delivery;
}

/* A record is in our hands: into the window, and to its key's line. */
static void
line_up (Runner *runner, Delivery *delivery)
{
  KeyState *state = NULL;

  if (delivery->due_ms) {
    CRASH_POINT ("tier/due");
    metrics_observe_ms ("retry_lateness_seconds", clock_database_now_ms () - delivery->due_ms,
                        NULL);
  }
  g_queue_push_tail (&delivery->partition->window, delivery);
  if (delivery->key) {
    state = g_hash_table_lookup (runner->keys, delivery->key);
    if (state) {
      delivery->state = DELIVERY_PARKED;
      g_queue_push_tail (&state->parked, delivery);
      return;
    }
    state = g_new0 (KeyState, 1);
    g_queue_init (&state->parked);
    state->busy = delivery;
    g_hash_table_insert (runner->keys, g_strdup (delivery->key), state);
  }
  delivery->state = DELIVERY_DUE;
  g_queue_push_tail (&runner->due, delivery);
}

/* How long until the head may be taken; 0: now. Never early, by the database's clock. */
static gint64
head_waits_ms (const Delivery *head)
{
  return head->due_ms
             ? MAX (0, head->due_ms + clock_database_error_ms () - clock_database_now_ms ())
             : 0;
}

/* The head of a partition, read when there is none in hand; NULL: nothing there, or no more may be read. In a tier it is
 * the next due of all, for all of them wait the same time. */
static Delivery *
head_of (Runner *runner, Partition *partition)
{
  rd_kafka_message_t *message;

  if (!partition->is_open || partition->window.length >= UNFINISHED_MAX)
    return NULL;
  if (!partition->head) {
    message = kafka_partition_take (partition->kafka);
    if (message) {
      partition->head = delivery_new (runner, partition, message);
      partition->head->state = DELIVERY_HELD;
    }
  }
  return partition->head;
}

/* One record of the next partition that has one. FALSE: none has. */
static gboolean
read_one (Runner *runner)
{
  for (guint tries = 0; tries < runner->partitions->len; tries++) {
    Partition *partition =
        g_ptr_array_index (runner->partitions, runner->turn++ % runner->partitions->len);
    Delivery *head = head_of (runner, partition);

    if (!head || head_waits_ms (head) > 0)
      continue;
    partition->head = NULL;
    line_up (runner, head);
    return TRUE;
  }
  return FALSE;
}

static gboolean
wake_snoozing (Runner *runner)
{
  gint64 now = clock_monotonic_ms ();
  gboolean any = FALSE;

  for (GSequenceIter *iter = g_sequence_get_begin_iter (runner->snoozing);
       !g_sequence_iter_is_end (iter); iter = g_sequence_get_begin_iter (runner->snoozing)) {
    Delivery *delivery = g_sequence_get (iter);
    if (delivery->wake_at_ms > now)
      break;
    g_sequence_remove (iter);
    delivery->state = DELIVERY_DUE;
    g_queue_push_tail (&runner->due, delivery);
    any = TRUE;
  }
  return any;
}

/* Up to so many records: as many as there are workers, fewer while the downstream is away or has just come back. */
static gboolean
has_room (Runner *runner, guint allowed)
{
  return !runner->is_stopping && !runner->solo && runner->in_flight < allowed &&
         runner->settling < SETTLING_MAX;
}

/* More than what is due already; else what has been read could not be got rid of. */
static gboolean
may_read (Runner *runner)
{
  return g_queue_is_empty (&runner->due) &&
         outbox_waiting (program_outbox (runner->program)) <= OUTBOX_WAITING_MAX;
}

static guint
allowed_in_flight (Runner *runner)
{
  Breaker *breaker = runner_breaker (runner, NULL);

  return breaker ? breaker_limit (breaker, runner->in_flight_max) : runner->in_flight_max;
}

/* The first of those that are due. FALSE: it has to wait until it would run alone. */
static gboolean
hand_out (Runner *runner, GList *link)
{
  Delivery *delivery = link->data;

  if (delivery->record.is_suspect) {
    if (runner->in_flight + runner->settling > 0)
      return FALSE;
    runner->solo = delivery;
  }
  g_queue_delete_link (&runner->due, link);
  delivery->state = DELIVERY_TAKING;
  delivery->taken_at_ms = clock_monotonic_ms ();
  runner->in_flight++;
  if (!GUARD (COMMIT_LAST))
    (void)kafka_consumer_store (runner->kafka, delivery->partition->topic,
                                delivery->partition->number, delivery->offset + 1);
  desk_add (runner->take_desk, take_item_new (TAKE_RECORD, NULL, delivery));
  return TRUE;
}

/* --- While a downstream is away, nothing is taken but what has waited too long --- */

static gboolean
is_worn_out (const Runner *runner, Delivery *delivery, gint64 away_since_ms)
{
  gint64 since = delivery->record.waiting_since_ms;

  if (since == 0) /* held here since it came, or since the breaker opened */
    since = MAX (away_since_ms,
                 MAX (delivery->due_ms, rd_kafka_message_timestamp (delivery->message, NULL)));
  if (clock_database_now_ms () - since <= runner->outage_max_wait_ms)
    return FALSE;
  delivery->record.waiting_since_ms = since;
  return TRUE;
}

/* One that is worn out, made due when it is the head of a partition. NULL: none. */
static GList *
find_worn_out (Runner *runner, gint64 away_since_ms)
{
  for (GList *link = runner->due.head; link; link = link->next)
    if (is_worn_out (runner, link->data, away_since_ms))
      return link;
  for (guint i = 0; i < runner->partitions->len; i++) {
    Partition *partition = g_ptr_array_index (runner->partitions, i);
    Delivery *head = head_of (runner, partition);

    if (!head || head_waits_ms (head) > 0 || !is_worn_out (runner, head, away_since_ms))
      continue;
    partition->head = NULL;
    line_up (runner, head);
    if (head->state == DELIVERY_DUE)
      return runner->due.tail;
  }
  return NULL;
}

/* They make no call: the first step that asks the breaker ends them. Looked for once a minute, and until none is left. */
static void
hand_out_worn_out (Runner *runner)
{
  Breaker *breaker = runner_breaker (runner, NULL);
  gint64 away_since_ms = breaker ? breaker_open_since_ms (breaker) : 0;

  if (away_since_ms == 0 || clock_monotonic_ms () < runner->outage_look_at_ms)
    return;
  while (has_room (runner, runner->in_flight_max)) {
    GList *link = find_worn_out (runner, away_since_ms);

    if (!link)
      runner->outage_look_at_ms =
          clock_monotonic_ms () + MIN (OUTAGE_LOOK_MS, MAX (1, runner->outage_max_wait_ms / 4));
    if (!link || !hand_out (runner, link))
      return;
  }
}

/* Hands out as much work as is allowed. A suspect waits until nothing else is in flight, and then
 * runs alone. */
void
window_hand_out (Runner *runner)
{
  wake_snoozing (runner);
  while (has_room (runner, allowed_in_flight (runner))) {
    if (g_queue_is_empty (&runner->due) && !(may_read (runner) && read_one (runner)))
      break;
    if (runner->due.head && !hand_out (runner, runner->due.head))
      break;
  }
  hand_out_worn_out (runner);
}

/* How long the poll thread may sleep, at most @ms: until a snooze ends, a head is due, or the breaker may change. */
gint64
window_sleeps_ms (Runner *runner, gint64 ms)
{
  GSequenceIter *first = g_sequence_get_begin_iter (runner->snoozing);
  Breaker *breaker = runner_breaker (runner, NULL);
  gint64 now = clock_monotonic_ms (), next = breaker ? breaker_next_ms (breaker) : -1;

  if (!g_sequence_iter_is_end (first))
    ms = MIN (ms, ((Delivery *)g_sequence_get (first))->wake_at_ms - now);
  if (next >= 0)
    ms = MIN (ms, MAX (1, next - now));
  if (!has_room (runner, allowed_in_flight (runner)) || !may_read (runner))
    return MAX (0, ms); /* whoever makes room wakes it */
  for (guint i = 0; i < runner->partitions->len; i++) {
    const Partition *partition = g_ptr_array_index (runner->partitions, i);

    if (partition->head && partition->window.length < UNFINISHED_MAX)
      ms = MIN (ms, head_waits_ms (partition->head));
  }
  return MAX (0, ms);
}

/* --- Rebalance --- */

gpointer
window_on_assign (KafkaPartition *kafka, const char *topic, int number, gpointer data)
{
  Runner *runner = data;
  Partition *partition = g_atomic_rc_box_new0 (Partition);
  const char *tier;

  partition->kafka = kafka;
  partition->topic = g_strdup (topic);
  partition->number = number;
  partition->stored = -1;
  tier = retry_topic_tier (runner->consumer->name,
                           topic + strlen (settings_text (runner->settings, "topic-prefix")));
  if (tier && !parse_duration_ms (tier, &partition->tier_wait_ms))
    partition->tier_wait_ms = 0; /* named like a tier by somebody else: nothing in it has to wait */
  partition->records = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_queue_init (&partition->window);
  g_mutex_lock (&runner->lock);
  g_ptr_array_add (runner->partitions, partition);
  g_mutex_unlock (&runner->lock);
  desk_add (runner->take_desk, take_item_new (TAKE_OPEN, partition, NULL));
  return partition;
}

static gboolean
is_in_hand (const Delivery *delivery)
{
  return delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_RUNNING ||
         delivery->state == DELIVERY_SETTLING;
}

static void
order_runs (GPtrArray *partitions, RunOrder order)
{
  for (guint i = 0; i < partitions->len; i++)
    for (GList *link = ((Partition *)g_ptr_array_index (partitions, i))->window.head; link;
         link = link->next) {
      Delivery *delivery = link->data;
      if (is_in_hand (delivery) && delivery->run)
        g_atomic_int_set (&delivery->run->order, order);
    }
}

static guint
count_in_hand (GPtrArray *partitions)
{
  guint count = 0;

  for (guint i = 0; i < partitions->len; i++)
    for (GList *link = ((Partition *)g_ptr_array_index (partitions, i))->window.head; link;
         link = link->next)
      count += is_in_hand (link->data);
  return count;
}

/* What waits is given back untouched; what still hangs in a call is handed over as started. */
static void
empty_window (Runner *runner, Partition *partition)
{
  GList *link;

  if (partition->head)
    delivery_free (g_steal_pointer (&partition->head));
  while ((link = partition->window.head)) {
    Delivery *delivery = link->data;

    switch (delivery->state) {
    case DELIVERY_HELD: /* never in the window */
      g_assert_not_reached ();
    case DELIVERY_PARKED: {
      KeyState *state = g_hash_table_lookup (runner->keys, delivery->key);
      if (state)
        g_queue_remove (&state->parked, delivery);
      forget (runner, delivery);
      break;
    }
    case DELIVERY_DUE:
      g_queue_remove (&runner->due, delivery);
      forget (runner, delivery);
      break;
    case DELIVERY_SNOOZING: {
      GSequenceIter *iter = g_sequence_get_begin_iter (runner->snoozing);
      while (!g_sequence_iter_is_end (iter) && g_sequence_get (iter) != delivery)
        iter = g_sequence_iter_next (iter);
      if (!g_sequence_iter_is_end (iter))
        g_sequence_remove (iter);
      forget (runner, delivery);
      break;
    }
    case DELIVERY_TAKING:
    case DELIVERY_RUNNING:
    case DELIVERY_SETTLING:
      delivery->is_forgotten = TRUE; /* freed when its worker is through */
      if (delivery->run)
        g_atomic_int_set (&delivery->run->order, RUN_LOST);
      g_queue_delete_link (&partition->window, link);
      break;
    case DELIVERY_FINISHED:
      delivery_free (delivery);
      g_queue_delete_link (&partition->window, link);
      break;
    }
  }
}

void
window_on_revoke (GPtrArray *partitions, gboolean lost, gpointer data)
{
  Runner *runner = data;
  gint64 until =
      g_get_monotonic_time () + settings_number (runner->settings, "revoke-drain-ms") * 1000;
  TakeItem *close = take_item_new (TAKE_CLOSE, NULL, NULL);

  close->partitions = g_ptr_array_new_with_free_func ((GDestroyNotify)partition_unref);
  g_mutex_lock (&runner->lock);
  order_runs (partitions, lost ? RUN_LOST : RUN_AT_BOUNDARY);
  while (!lost && count_in_hand (partitions) > 0 &&
         g_cond_wait_until (&runner->changed, &runner->lock, until))
    order_runs (partitions, RUN_AT_BOUNDARY); /* what was being taken has a run now */
  for (guint i = 0; i < partitions->len; i++) {
    Partition *partition = g_ptr_array_index (partitions, i);

    empty_window (runner, partition);
    partition->kafka = NULL;
    partition->is_open = FALSE;
    g_ptr_array_add (close->partitions, partition_ref (partition));
    g_ptr_array_remove (runner->partitions, partition);
  }
  desk_add (runner->take_desk, close);
  until = g_get_monotonic_time () + G_USEC_PER_SEC;
  while (!close->is_done && g_cond_wait_until (&runner->changed, &runner->lock, until))
    ;
  if (close->is_done) /* else the desk still has it: a database that is away keeps a few bytes */
    take_item_free (close);
  g_mutex_unlock (&runner->lock);
}
