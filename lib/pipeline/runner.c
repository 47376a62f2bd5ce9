/* The runner: one poll thread that takes records fairly over partitions, one of a key at a time,
 * bounded; workers that handle them; desks that count and settle. The life of a message is told in
 * README.md. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "bgs/bgs.h"
#include "pipeline/delivery.h"

#define UNFINISHED_MAX                                                                             \
  1000 /* a partition with this many unfinished records is not read further \
                               */
#define COMMIT_EVERY_MS  1000
#define RECOUNT_EVERY_MS 1000
#define POLL_MS          500
#define TICK_OLD_MS      60000
#define OUTBOX_WAITING_MAX                                                                         \
  20000 /* more rows than this without a delivery report: nothing new is taken */
#define BATCH_MAX 100
#define RETAKE_MS 1000

const Setting runner_settings[] = {
  { "in-flight", SETTING_NUMBER, "64", "Records worked on at the same time.", NULL, 1, 1000 },
  { "quarantine-after", SETTING_NUMBER, "3",
    "Deaths of the process, in succession, after which a record is quarantined.", NULL, 1, 100 },
  { "retry-wait-ms", SETTING_NUMBER, "5000",
    "Wait before the first retry; it grows by this much with each.", NULL, 1, 60000 },
  { "retry-wait-max-ms", SETTING_NUMBER, "60000", "Longest such wait.", NULL, 1, 60000 },
  { "attempts", SETTING_NUMBER, "17",
    "Attempts after which a message is dead: the first and its retries.", NULL, 1, 100 },
  { "unknown-settle-ms", SETTING_NUMBER, "30000",
    "Added to the read limit before a call of unknown outcome is touched.", NULL, 1, 600000 },
  { "send-within-ms", SETTING_NUMBER, "5000",
    "A call that is not sent this soon after its start was journalled is not sent.", NULL, 1,
    60000 },
  { "outage-max-wait", SETTING_DURATION, "48h",
    "How long a claim waits for an open breaker or an unknown insert." },
  { "revoke-drain-ms", SETTING_NUMBER, "3000",
    "How long a revoke waits for work to come to its next step boundary.", NULL, 0, 60000 },
  { "shutdown-deadline", SETTING_DURATION, "25s",
    "How long a shutdown waits for calls that are still out." },
  { NULL },
};

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

static void
delivery_free (Delivery *delivery)
{
  run_free (delivery->run);
  rd_kafka_message_destroy (delivery->message);
  kafka_headers_free (delivery->headers);
  partition_unref (delivery->partition);
  g_free (delivery->record.failures);
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

static void
leave_flight (Runner *runner, Delivery *delivery)
{
  if (delivery->state == DELIVERY_TAKING || delivery->state == DELIVERY_RUNNING ||
      delivery->state == DELIVERY_SETTLING)
    runner->in_flight--;
  if (runner->solo == delivery)
    runner->solo = NULL;
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
runner_no_suspect (Runner *runner, Delivery *delivery)
{
  if (!delivery->record.is_suspect)
    return;
  g_mutex_lock (&runner->lock);
  delivery->record.is_suspect = FALSE;
  delivery->record.deaths = 0;
  delivery->record.waiting_since_ms = 0;
  if (runner->solo == delivery)
    runner->solo = NULL;
  g_mutex_unlock (&runner->lock);
  runner_wake (runner);
}

void
runner_ill (const char *why, gpointer data)
{
  (void)data;
  log_failure ("this process cannot go on; all it had is delivered again", "error", why, NULL);
  _exit (1);
}

/* --- Workers --- */

void
delivery_log_context (const Delivery *delivery)
{
  char number[16], offset[24], claim[24];

  g_snprintf (number, sizeof number, "%d", delivery->partition->number);
  g_snprintf (offset, sizeof offset, "%" G_GINT64_FORMAT, delivery->offset);
  log_context_set ("topic", delivery->partition->topic);
  log_context_set ("partition", number);
  log_context_set ("offset", offset);
  if (delivery->run && delivery->run->scope.claim_group_id)
    log_context_set ("claim_group_id", delivery->run->scope.claim_group_id);
  if (delivery->run && delivery->run->scope.claim_id) {
    g_snprintf (claim, sizeof claim, "%" G_GINT64_FORMAT, delivery->run->scope.claim_id);
    log_context_set ("claim_id", claim);
  }
}

void
runner_handle (gpointer data, gpointer runner_data)
{
  Runner *runner = runner_data;
  Delivery *delivery = data;
  GError *error = NULL;
  Verdict verdict;

  g_mutex_lock (&runner->lock);
  delivery->state = DELIVERY_RUNNING;
  g_mutex_unlock (&runner->lock);
  delivery_log_context (delivery);
  log_debug ("start", NULL);
  CRASH_POINT ("handle/before");
  verdict = runner->consumer->handle (delivery->run, delivery->run->message, &error)
                ? VERDICT_DONE
                : verdict_of (error);
  CRASH_POINT ("handle/after");
  if (verdict == VERDICT_LOST || verdict == VERDICT_ILL) {
    log_line (verdict == VERDICT_ILL ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "no verdict", "error",
              error->message, NULL);
    log_context_clear ();
    g_error_free (error);
    if (verdict == VERDICT_LOST && run_order (delivery->run) != RUN_GOES_ON)
      runner_drop (runner, delivery);
    else
      runner_snooze (runner, delivery, RETAKE_MS); /* taken again from the inbox look */
    return;
  }
  log_context_clear ();
  g_mutex_lock (&runner->lock);
  delivery->state = DELIVERY_SETTLING;
  if (verdict != VERDICT_SNOOZE && runner->solo == delivery)
    runner->solo = NULL; /* a bystander again: what it does from here on is ours, not its */
  g_mutex_unlock (&runner->lock);
  desk_add (runner->settle_desk, settle_unit_new (delivery, verdict, error));
}

/* --- Taking --- */

static Delivery *
delivery_new (Runner *runner, Partition *partition, rd_kafka_message_t *message)
{
  Delivery *delivery = g_new0 (Delivery, 1);
  const RecordState *record = NULL;
  const char *id;

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
    delivery->record.failures = g_strdup (record->failures);
    g_hash_table_remove (partition->records, &message->offset);
  }
  if (delivery->record.attempt == 0)
    delivery->record.attempt = kafka_headers_get_int (delivery->headers, "dp-attempt", 0, 10000, 0);
  return delivery;
}

/* A record is in our hands: into the window, and to its key's line. */
static void
line_up (Runner *runner, Partition *partition, rd_kafka_message_t *message)
{
  Delivery *delivery = delivery_new (runner, partition, message);
  KeyState *state = NULL;
  gint64 wait = delivery->record.not_before_ms - clock_database_now_ms ();

  g_queue_push_tail (&partition->window, delivery);
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
  if (delivery->record.not_before_ms && wait > 0) {
    delivery->state = DELIVERY_SNOOZING;
    delivery->wake_at_ms = clock_monotonic_ms () + wait;
    g_sequence_insert_sorted (runner->snoozing, delivery, by_wake, NULL);
    return;
  }
  delivery->state = DELIVERY_DUE;
  g_queue_push_tail (&runner->due, delivery);
}

/* One record of the next partition that has one. FALSE: none has. */
static gboolean
read_one (Runner *runner)
{
  for (guint tries = 0; tries < runner->partitions->len; tries++) {
    Partition *partition =
        g_ptr_array_index (runner->partitions, runner->turn++ % runner->partitions->len);
    rd_kafka_message_t *message;

    if (!partition->is_open || partition->window.length >= UNFINISHED_MAX)
      continue;
    message = kafka_partition_take (partition->kafka);
    if (!message)
      continue;
    line_up (runner, partition, message);
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

/* Hands out as much work as is allowed. A suspect waits until nothing else is in flight, and then
 * runs alone. */
static void
hand_out (Runner *runner)
{
  wake_snoozing (runner);
  while (!runner->is_stopping && !runner->solo && runner->in_flight < runner->in_flight_max) {
    Delivery *delivery = g_queue_peek_head (&runner->due);

    if (!delivery) {
      if (outbox_waiting (program_outbox (runner->program)) > OUTBOX_WAITING_MAX ||
          !read_one (runner))
        return;
      continue;
    }
    if (delivery->record.is_suspect) {
      if (runner->in_flight > 0)
        return;
      runner->solo = delivery;
    }
    g_queue_pop_head (&runner->due);
    delivery->state = DELIVERY_TAKING;
    delivery->taken_at_ms = clock_monotonic_ms ();
    runner->in_flight++;
    desk_add (runner->take_desk, take_item_new (TAKE_RECORD, NULL, delivery));
  }
}

/* --- Rebalance --- */

static gpointer
on_assign (KafkaPartition *kafka, const char *topic, int number, gpointer data)
{
  Runner *runner = data;
  Partition *partition = g_atomic_rc_box_new0 (Partition);

  partition->kafka = kafka;
  partition->topic = g_strdup (topic);
  partition->number = number;
  partition->stored = -1;
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

  while ((link = partition->window.head)) {
    Delivery *delivery = link->data;

    switch (delivery->state) {
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

static void
on_revoke (GPtrArray *partitions, gboolean lost, gpointer data)
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

/* --- The poll thread --- */

static void
recount (Runner *runner)
{
  for (guint i = 0; i < runner->partitions->len; i++) {
    Partition *partition = g_ptr_array_index (runner->partitions, i);
    if (partition->counts_stale && partition->is_open) {
      partition->counts_stale = FALSE;
      desk_add (runner->take_desk, take_item_new (TAKE_RECOUNT, partition, NULL));
    }
  }
}

static int
next_timeout (Runner *runner)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (runner->snoozing);
  gint64 wait = POLL_MS;

  if (!g_sequence_iter_is_end (iter))
    wait =
        CLAMP (((Delivery *)g_sequence_get (iter))->wake_at_ms - clock_monotonic_ms (), 0, POLL_MS);
  return (int)wait;
}

static gboolean
poll_once (Runner *runner, GError **error)
{
  struct pollfd fds[] = { { .fd = runner->wake_fd, .events = POLLIN },
                          { .fd = program_signal_fd (runner->program), .events = POLLIN } };
  guint64 count;
  int timeout;

  g_mutex_lock (&runner->lock);
  timeout = next_timeout (runner);
  g_mutex_unlock (&runner->lock);
  (void)poll (fds, G_N_ELEMENTS (fds), timeout); /* woken or not, everything is looked at */
  (void)!read (runner->wake_fd, &count, sizeof count);
  if (fds[1].revents & POLLIN) {
    g_mutex_lock (&runner->lock);
    runner->is_stopping = TRUE;
    g_mutex_unlock (&runner->lock);
    return TRUE;
  }
  if (!kafka_consumer_serve (runner->kafka, 0, error))
    return FALSE;
  g_mutex_lock (&runner->lock);
  runner->tick_ms = clock_monotonic_ms ();
  hand_out (runner);
  g_mutex_unlock (&runner->lock);
  return TRUE;
}

static gboolean
poll_until_stopped (Runner *runner, GError **error)
{
  gint64 commit_at = 0, recount_at = 0;

  while (!runner->is_stopping) {
    gint64 now;

    if (!poll_once (runner, error))
      return FALSE;
    now = clock_monotonic_ms ();
    if (now >= commit_at) {
      CRASH_POINT ("offset/before-commit");
      kafka_consumer_commit (runner->kafka, FALSE);
      commit_at = now + COMMIT_EVERY_MS;
    }
    if (now >= recount_at) {
      g_mutex_lock (&runner->lock);
      recount (runner);
      metrics_gauge ("records_in_flight", runner->in_flight, NULL);
      metrics_gauge ("records_snoozing", g_sequence_get_length (runner->snoozing), NULL);
      g_mutex_unlock (&runner->lock);
      recount_at = now + RECOUNT_EVERY_MS;
    }
  }
  return TRUE;
}

static gboolean
is_alive (gpointer data)
{
  Runner *runner = data;

  return clock_monotonic_ms () - runner->tick_ms < TICK_OLD_MS;
}

/* --- Start and stop --- */

static gpointer
watch_close (gpointer data)
{
  Runner *runner = data;
  gint64 until = g_get_monotonic_time () +
                 (settings_duration_ms (runner->settings, "shutdown-deadline") + 5000) * 1000;

  g_mutex_lock (&runner->lock);
  while (runner->is_stopping && g_cond_wait_until (&runner->changed, &runner->lock, until))
    ;
  if (runner->is_stopping) {
    log_warning ("a shutdown hangs; ended by the watchdog", NULL);
    _exit (1);
  }
  g_mutex_unlock (&runner->lock);
  return NULL;
}

/* Leave first, so that others take over; then wait for calls still out, whose workers record the
 * answers. */
static void
shut_down (Runner *runner)
{
  gint64 until =
      g_get_monotonic_time () + settings_duration_ms (runner->settings, "shutdown-deadline") * 1000;
  GThread *watchdog = g_thread_new ("watchdog", watch_close, runner);

  log_info ("stopping", NULL);
  program_set_ready (runner->program, FALSE);
  kafka_consumer_close (runner->kafka);
  g_mutex_lock (&runner->lock);
  while (runner->in_flight > 0 && g_cond_wait_until (&runner->changed, &runner->lock, until))
    ;
  if (runner->in_flight > 0)
    log_warning ("calls are still out at the shutdown-deadline; they stand journalled as started",
                 NULL);
  g_mutex_unlock (&runner->lock);
  if (runner->in_flight > 0)
    _exit (0); /* their threads cannot be joined; everything they did is in the journal */
  g_thread_pool_free (runner->workers, FALSE, TRUE);
  desk_free (runner->take_desk);
  desk_free (runner->step_desk);
  desk_free (runner->settle_desk);
  kafka_consumer_free (runner->kafka);
  g_mutex_lock (&runner->lock);
  runner->is_stopping = FALSE;
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
  g_thread_join (watchdog);
}

static Desk *
new_desk (Runner *runner, const char *name, DeskWork work)
{
  DeskOptions options = {
    .name = name,
    .database_url = settings_text (runner->settings, "database-url"),
    .max_batch = BATCH_MAX,
    .wait_ms = settings_number (runner->settings, "database-wait-ms"),
    .work = work,
    .ill = runner_ill,
    .data = runner,
  };

  return desk_new (&options);
}

static gboolean
limits_fit (Runner *runner, GError **error)
{
  gint64 connect = settings_has (runner->settings, "bgs-connect-timeout-ms")
                       ? settings_number (runner->settings, "bgs-connect-timeout-ms")
                       : 0;

  runner->unknown_settle_ms = settings_number (runner->settings, "unknown-settle-ms");
  runner->send_within_ms = settings_number (runner->settings, "send-within-ms");
  if (runner->unknown_settle_ms >= connect + runner->send_within_ms)
    return TRUE;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "unknown-settle-ms must not be less than bgs-connect-timeout-ms + send-within-ms: a "
               "call may be under way that long");
  return FALSE;
}

static Runner *
runner_new (const Consumer *consumer, const Settings *settings, GError **error)
{
  static const KafkaConsumerEvents events = { on_assign, on_revoke };
  g_autofree char *topic = NULL, *group = NULL;
  char *topics[2] = { NULL, NULL };
  Runner *runner = g_new0 (Runner, 1);

  runner->consumer = consumer;
  runner->settings = settings;
  g_mutex_init (&runner->lock);
  g_cond_init (&runner->changed);
  runner->partitions = g_ptr_array_new_with_free_func ((GDestroyNotify)partition_unref);
  runner->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, key_state_free);
  runner->snoozing = g_sequence_new (NULL);
  g_queue_init (&runner->due);
  runner->in_flight_max = settings_number (settings, "in-flight");
  runner->quarantine_after = settings_number (settings, "quarantine-after");
  runner->attempts_max = settings_number (settings, "attempts");
  runner->retry_wait_ms = settings_number (settings, "retry-wait-ms");
  runner->retry_wait_max_ms = settings_number (settings, "retry-wait-max-ms");
  runner->outage_max_wait_ms = settings_duration_ms (settings, "outage-max-wait");
  runner->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  runner->tick_ms = clock_monotonic_ms ();
  if (!limits_fit (runner, error))
    return NULL;
  runner->program = program_start (consumer->name, settings, error);
  if (!runner->program)
    return NULL;
  runner->context = consumer->start ? consumer->start (settings, error) : NULL;
  if (consumer->start && !runner->context)
    return NULL;
  program_set_liveness (runner->program, is_alive, runner);
  runner->workers =
      g_thread_pool_new (runner_handle, runner, (int)runner->in_flight_max, FALSE, error);
  /* Workers are kept for a while: starting a thread costs more than handling a message. */
  g_thread_pool_set_max_unused_threads ((int)runner->in_flight_max);
  g_thread_pool_set_max_idle_time (10000);
  runner->take_desk = new_desk (runner, "take", take_do);
  runner->step_desk = new_desk (runner, "steps", steps_do);
  runner->settle_desk = new_desk (runner, "settle", settle_do);
  group = program_topic (runner->program, consumer->name);
  topics[0] = topic = program_topic (runner->program, consumer->topic);
  runner->kafka = kafka_consumer_new (settings, group, &events, runner, runner->wake_fd, error);
  return runner->kafka && kafka_consumer_subscribe (runner->kafka, topics, error) ? runner : NULL;
}

int
consumer_main (const Consumer *consumer, int argc, char **argv)
{
  g_autoptr (GPtrArray) tables = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  Settings *settings = NULL;
  Runner *runner = NULL;
  gboolean is_fine;

  g_ptr_array_add (tables, (gpointer)runner_settings);
  g_ptr_array_add (tables, (gpointer)program_settings);
  g_ptr_array_add (tables, (gpointer)kafka_settings);
  g_ptr_array_add (tables, (gpointer)db_settings);
  g_ptr_array_add (tables, (gpointer)seal_settings);
  for (guint i = 0; consumer->settings && consumer->settings[i]; i++)
    g_ptr_array_add (tables, (gpointer)consumer->settings[i]);
  g_ptr_array_add (tables, NULL);
  settings =
      settings_parse_or_exit (consumer->name, "", "One consumer of the dependents claims pipeline.",
                              (const Setting *const *)tables->pdata, &argc, &argv);
  runner = runner_new (consumer, settings, &error);
  if (!runner) {
    log_failure ("cannot start", "error", error->message, NULL);
    return g_error_matches (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID) ? 2 : 1;
  }
  program_announce (runner->program, NULL);
  is_fine = poll_until_stopped (runner, &error);
  if (!is_fine)
    runner_ill (error->message, runner);
  shut_down (runner);
  if (consumer->stop)
    consumer->stop (runner->context);
  program_stop (runner->program);
  log_info ("stopped", NULL);
  return 0;
}
