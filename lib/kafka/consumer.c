/* The group member, see consumer.h. */
#include "kafka/consumer.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/crash-point.h"
#include "base/log.h"

struct KafkaPartition {
  rd_kafka_queue_t *queue;
  gpointer callers;
  char *topic;
  int number;
};

struct KafkaConsumer {
  rd_kafka_t *handle;
  rd_kafka_queue_t *main_queue;
  KafkaConsumerEvents events;
  gpointer data;
  int wake_fd;
  GPtrArray *partitions; /* of KafkaPartition * */
  gint has_stored;       /* atomic: since the last commit; for crash points only */
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

  for (int i = 0; i < list->cnt; i++) {
    KafkaPartition *partition = g_new0 (KafkaPartition, 1);
    partition->topic = g_strdup (list->elems[i].topic);
    partition->number = list->elems[i].partition;
    partition->queue =
        rd_kafka_queue_get_partition (consumer->handle, partition->topic, partition->number);
    rd_kafka_queue_forward (partition->queue, NULL);
    rd_kafka_queue_io_event_enable (partition->queue, consumer->wake_fd, &one, sizeof one);
    g_ptr_array_add (consumer->partitions, partition);
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
  g_ptr_array_set_size (consumer->partitions, 0);
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
  rd_kafka_conf_set_opaque (conf, consumer);
  rd_kafka_conf_set_rebalance_cb (conf, on_rebalance);
  rd_kafka_conf_set_error_cb (conf, on_error);
  if (rd_kafka_conf_set (conf, "group.id", group, text, sizeof text) == RD_KAFKA_CONF_OK)
    consumer->handle = rd_kafka_new (RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (!consumer->handle) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "consumer: %s", text);
    g_ptr_array_unref (consumer->partitions);
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

rd_kafka_message_t *
kafka_partition_take (KafkaPartition *partition)
{
  for (;;) {
    rd_kafka_message_t *message = rd_kafka_consume_queue (partition->queue, 0);

    if (!message || message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      return message;
    log_limited (LOG_LEVEL_INFO, "partition", "kafka partition", "error",
                 rd_kafka_err2name (message->err), NULL);
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
  g_free (consumer);
}

rd_kafka_t *
kafka_consumer_handle (KafkaConsumer *consumer)
{
  return consumer->handle;
}
