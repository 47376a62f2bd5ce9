/* The group member, see consumer.h. */
#include "kafka/consumer.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "kafka/statistics.h"

struct KafkaPartition {
  rd_kafka_queue_t *queue;
  gpointer callers;
  char *topic;
  int number;
  gint64 committed; /* the broker knows it; -1: nothing */
};

struct KafkaConsumer {
  rd_kafka_t *handle;
  rd_kafka_queue_t *main_queue;
  KafkaConsumerEvents events;
  gpointer data;
  int wake_fd;
  GMutex lock;           /* of what follows */
  GPtrArray *partitions; /* of KafkaPartition *; only the owning thread changes which */
  guint assignments;     /* how often they have changed */
  /* end of it */
  gint has_stored; /* atomic: since the last commit; for crash points only */
  gboolean is_fatal;
};

static const char *const defaults[] = {
  "auto.offset.reset",
  "earliest",
  "enable.auto.commit",
  "false",
  "enable.auto.offset.store",
  "false",
  "partition.assignment.strategy",
  "range",
  "heartbeat.interval.ms",
  "1000",
  "queued.min.messages",
  "100", /* of each partition, and a consumer has those of all its tiers: memory */
  "queued.max.messages.kbytes",
  "1024",
  "fetch.wait.max.ms",
  /* New data wakes a fetch; an empty one costs the broker a look at every partition and tier, and
   * one that does not name a partition, because enough of it waits here, must end before that is
   * asked for again */
  "250",
  "topic.metadata.refresh.interval.ms",
  KAFKA_METADATA_REFRESH_MS,
  "socket.nagle.disable",
  "true",
  "allow.auto.create.topics",
  "false",
  "log.connection.close",
  "false",
  "statistics.interval.ms",
  KAFKA_STATISTICS_MS,
  NULL,
};

static void
partition_free (gpointer data)
{
  KafkaPartition *partition = data;

  rd_kafka_queue_io_event_enable (partition->queue, -1, NULL, 0);
  rd_kafka_queue_destroy (partition->queue);
  g_free (partition->topic);
  g_free (partition);
}

static void
hand_over (KafkaConsumer *consumer, rd_kafka_topic_partition_list_t *list)
{
  static const guint64 one = 1;

  g_mutex_lock (&consumer->lock);
  consumer->assignments++;
  for (int i = 0; i < list->cnt; i++) {
    KafkaPartition *partition = g_new0 (KafkaPartition, 1);
    partition->topic = g_strdup (list->elems[i].topic);
    partition->number = list->elems[i].partition;
    partition->committed = -1;
    g_ptr_array_add (consumer->partitions, partition);
  }
  g_mutex_unlock (&consumer->lock);
  for (guint i = 0; i < consumer->partitions->len; i++) {
    KafkaPartition *partition = g_ptr_array_index (consumer->partitions, i);

    partition->queue =
        rd_kafka_queue_get_partition (consumer->handle, partition->topic, partition->number);
    rd_kafka_queue_forward (partition->queue, NULL);
    rd_kafka_queue_io_event_enable (partition->queue, consumer->wake_fd, &one, sizeof one);
    partition->callers =
        consumer->events.on_assign (partition, partition->topic, partition->number, consumer->data);
  }
  rd_kafka_assign (consumer->handle, list);
}

static void
take_away (KafkaConsumer *consumer)
{
  gboolean lost = rd_kafka_assignment_lost (consumer->handle);
  g_autoptr (GPtrArray) callers = g_ptr_array_new ();

  for (guint i = 0; i < consumer->partitions->len; i++)
    g_ptr_array_add (callers,
                     ((KafkaPartition *)g_ptr_array_index (consumer->partitions, i))->callers);
  if (callers->len > 0)
    consumer->events.on_revoke (callers, lost, consumer->data);
  if (!lost)
    kafka_consumer_commit (consumer, TRUE);
  g_mutex_lock (&consumer->lock);
  consumer->assignments++;
  g_ptr_array_set_size (consumer->partitions, 0);
  g_mutex_unlock (&consumer->lock);
  rd_kafka_assign (consumer->handle, NULL);
}

static void
on_rebalance (rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
              void *opaque)
{
  KafkaConsumer *consumer = opaque;
  char count[16];

  (void)handle;
  g_snprintf (count, sizeof count, "%d", list->cnt);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    log_info ("partitions assigned", "count", count, NULL);
    hand_over (consumer, list);
  } else {
    log_info ("partitions revoked", "count", count, NULL);
    take_away (consumer);
  }
}

/* --- Whether a log is still the one that was read --- */

/* Locked. */
static KafkaPartition *
find_partition (const KafkaConsumer *consumer, const rd_kafka_topic_partition_t *wanted)
{
  for (guint i = 0; i < consumer->partitions->len; i++) {
    KafkaPartition *partition = g_ptr_array_index (consumer->partitions, i);

    if (partition->number == wanted->partition && strcmp (partition->topic, wanted->topic) == 0)
      return partition;
  }
  return NULL;
}

static void
on_commit (rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
           void *opaque)
{
  KafkaConsumer *consumer = opaque;

  (void)handle;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || !list)
    return;
  g_mutex_lock (&consumer->lock);
  for (int i = 0; i < list->cnt; i++) {
    const rd_kafka_topic_partition_t *done = &list->elems[i];
    KafkaPartition *partition = find_partition (consumer, done);

    if (partition && done->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      partition->committed = MAX (partition->committed, done->offset);
  }
  g_mutex_unlock (&consumer->lock);
}

/* With what has been committed of each, as far as we know. */
static rd_kafka_topic_partition_list_t *
list_partitions (KafkaConsumer *consumer, GArray *known, guint *ret_assignments)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (4);

  g_mutex_lock (&consumer->lock);
  *ret_assignments = consumer->assignments;
  for (guint i = 0; i < consumer->partitions->len; i++) {
    const KafkaPartition *partition = g_ptr_array_index (consumer->partitions, i);

    rd_kafka_topic_partition_list_add (list, partition->topic, partition->number);
    g_array_append_val (known, partition->committed);
  }
  g_mutex_unlock (&consumer->lock);
  return list;
}

char *
kafka_consumer_find_other_log (KafkaConsumer *consumer, int timeout_ms)
{
  g_autoptr (GArray) known = g_array_new (FALSE, FALSE, sizeof (gint64));
  guint assignments;
  g_autoptr (rd_kafka_topic_partition_list_t) list =
      list_partitions (consumer, known, &assignments);
  char *other = NULL;

  if (list->cnt == 0 ||
      rd_kafka_committed (consumer->handle, list, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return NULL;
  g_mutex_lock (&consumer->lock);
  for (int i = 0; i < list->cnt && consumer->assignments == assignments; i++) {
    const rd_kafka_topic_partition_t *found = &list->elems[i];
    KafkaPartition *partition = g_ptr_array_index (consumer->partitions, i);
    const gint64 committed = MAX (found->offset, -1);

    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      continue;
    if (!other && committed < g_array_index (known, gint64, i))
      other = g_strdup_printf ("%s/%d", found->topic, found->partition);
    partition->committed = MAX (partition->committed, committed);
  }
  g_mutex_unlock (&consumer->lock);
  return other;
}

static void
on_error (rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
  KafkaConsumer *consumer = opaque;

  (void)handle;
  if (code == RD_KAFKA_RESP_ERR__FATAL)
    consumer->is_fatal = TRUE;
  log_limited (LOG_LEVEL_WARNING, "consumer", "kafka consumer", "error", rd_kafka_err2name (code),
               "text", reason, NULL);
}

static int
on_statistics (rd_kafka_t *handle, char *json, size_t length, void *opaque)
{
  const KafkaConsumer *consumer = opaque;

  (void)handle;
  kafka_statistics_note ("consumer", json, length, consumer->events.on_lag, consumer->data);
  return 0; /* the library frees it */
}

KafkaConsumer *
kafka_consumer_new (const Settings *settings, const char *group, const KafkaConsumerEvents *events,
                    gpointer data, int wake_fd, GError **error)
{
  static const guint64 one = 1;
  KafkaConsumer *consumer = NULL;
  rd_kafka_conf_t *conf = kafka_conf_new (settings, TRUE, defaults, error);
  char text[512];

  if (!conf)
    return NULL;
  consumer = g_new0 (KafkaConsumer, 1);
  consumer->events = *events;
  consumer->data = data;
  consumer->wake_fd = wake_fd;
  consumer->partitions = g_ptr_array_new_with_free_func (partition_free);
  g_mutex_init (&consumer->lock);
  rd_kafka_conf_set_opaque (conf, consumer);
  rd_kafka_conf_set_rebalance_cb (conf, on_rebalance);
  rd_kafka_conf_set_offset_commit_cb (conf, on_commit);
  rd_kafka_conf_set_error_cb (conf, on_error);
  rd_kafka_conf_set_stats_cb (conf, on_statistics);
  if (rd_kafka_conf_set (conf, "group.id", group, text, sizeof text) == RD_KAFKA_CONF_OK)
    consumer->handle = rd_kafka_new (RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (!consumer->handle) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "consumer: %s", text);
    g_ptr_array_unref (consumer->partitions);
    g_mutex_clear (&consumer->lock);
    g_free (consumer);
    return NULL;
  }
  rd_kafka_poll_set_consumer (consumer->handle);
  consumer->main_queue = rd_kafka_queue_get_consumer (consumer->handle);
  rd_kafka_queue_io_event_enable (consumer->main_queue, wake_fd, &one, sizeof one);
  return consumer;
}

gboolean
kafka_consumer_subscribe (KafkaConsumer *consumer, char **topics, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (4);
  rd_kafka_resp_err_t code;

  for (guint i = 0; topics[i]; i++)
    rd_kafka_topic_partition_list_add (list, topics[i], RD_KAFKA_PARTITION_UA);
  code = rd_kafka_subscribe (consumer->handle, list);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "subscribe: %s", rd_kafka_err2str (code));
  return FALSE;
}

gboolean
kafka_consumer_serve (KafkaConsumer *consumer, int timeout_ms, GError **error)
{
  for (;;) {
    g_autoptr (rd_kafka_message_t) message = rd_kafka_consumer_poll (consumer->handle, timeout_ms);
    char text[256] = "";

    timeout_ms = 0;
    if (!consumer->is_fatal && message && message->err != RD_KAFKA_RESP_ERR__FATAL) {
      /* A record can only come this way before its partition's queue was cut, which is done before
       * fetching starts. */
      g_assert (message->err != RD_KAFKA_RESP_ERR_NO_ERROR);
      log_limited (LOG_LEVEL_INFO, "event", "kafka consumer", "error",
                   rd_kafka_err2name (message->err), NULL);
      continue;
    }
    if (!consumer->is_fatal && !message)
      return TRUE;
    rd_kafka_fatal_error (consumer->handle, text, sizeof text);
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_FATAL, "the consumer cannot recover: %s", text);
    return FALSE;
  }
}

/* The library tries again, and nobody else tells: the process is well, and the partition stands. */
static void
tell_unreadable (const KafkaPartition *partition, const rd_kafka_message_t *message)
{
  char number[16];

  g_snprintf (number, sizeof number, "%d", partition->number);
  log_limited (LOG_LEVEL_WARNING, "partition", "a partition cannot be read; it is tried again",
               "topic", partition->topic, "partition", number, "error",
               rd_kafka_err2name (message->err), "text", rd_kafka_message_errstr (message), NULL);
}

rd_kafka_message_t *
kafka_partition_take (KafkaPartition *partition)
{
  for (;;) {
    rd_kafka_message_t *message = rd_kafka_consume_queue (partition->queue, 0);

    if (!message || message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      return message;
    tell_unreadable (partition, message);
    rd_kafka_message_destroy (message);
  }
}

gboolean
kafka_consumer_store (KafkaConsumer *consumer, const char *topic, int number, gint64 offset)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (1);

  rd_kafka_topic_partition_list_add (list, topic, number)->offset = offset;
  g_atomic_int_set (&consumer->has_stored, TRUE);
  return rd_kafka_offsets_store (consumer->handle, list) == RD_KAFKA_RESP_ERR_NO_ERROR &&
         list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void
kafka_consumer_commit (KafkaConsumer *consumer, gboolean wait)
{
  rd_kafka_resp_err_t code;
  gboolean has_stored = g_atomic_int_compare_and_exchange (&consumer->has_stored, TRUE, FALSE);

  if (has_stored)
    CRASH_POINT ("offset/before-commit");
  code = rd_kafka_commit (consumer->handle, NULL, wait ? 0 : 1);
  if (has_stored)
    CRASH_POINT ("offset/after-commit");
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
    log_limited (LOG_LEVEL_WARNING, "commit", "offsets not committed", "error",
                 rd_kafka_err2name (code), NULL);
}

void
kafka_consumer_close (KafkaConsumer *consumer)
{
  rd_kafka_resp_err_t code = rd_kafka_consumer_close (consumer->handle);

  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    log_warning ("leaving the group", "error", rd_kafka_err2name (code), NULL);
}

void
kafka_consumer_free (KafkaConsumer *consumer)
{
  if (!consumer)
    return;
  g_ptr_array_unref (consumer->partitions);
  rd_kafka_queue_destroy (consumer->main_queue);
  rd_kafka_destroy (consumer->handle);
  g_mutex_clear (&consumer->lock);
  g_free (consumer);
}

rd_kafka_t *
kafka_consumer_handle (KafkaConsumer *consumer)
{
  return consumer->handle;
}
