/* Places in logs, see log-view.h. */
#include "kafka/log-view.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#define ANSWER_SLACK_MS 2000 /* the library's own time-out comes first */

KafkaLogView *
kafka_log_view_new (const char *topic, int partition)
{
  KafkaLogView *view = g_new0 (KafkaLogView, 1);

  view->topic = g_strdup (topic);
  view->partition = partition;
  view->low = view->high = view->committed = -1;
  return view;
}

void
kafka_log_view_free (gpointer data)
{
  KafkaLogView *view = data;

  if (!view)
    return;
  g_free (view->topic);
  g_free (view);
}

static gboolean
fail (GError **error, const char *what, const char *why)
{
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "%s: %s", what, why);
  return FALSE;
}

rd_kafka_t *
kafka_group_observer_new (const Settings *settings, const char *group, GError **error)
{
  const char *const fixed[] = { "group.id", group, NULL };

  return kafka_onlooker_new (settings, "observer", NULL, fixed, error);
}

void
kafka_group_observer_free (rd_kafka_t *observer)
{
  if (observer)
    rd_kafka_destroy_flags (observer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

/* Source: README.md, rule 12: not the admin call. */
gboolean
kafka_log_view_ask_committed (const Settings *settings, const char *group, const GPtrArray *views,
                              int timeout_ms, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list =
      rd_kafka_topic_partition_list_new ((int)views->len);
  rd_kafka_t *observer = kafka_group_observer_new (settings, group, error);
  rd_kafka_resp_err_t code;

  if (!observer)
    return FALSE;
  for (guint i = 0; i < views->len; i++) {
    const KafkaLogView *view = g_ptr_array_index (views, i);

    rd_kafka_topic_partition_list_add (list, view->topic, view->partition);
  }
  code = rd_kafka_committed (observer, list, timeout_ms);
  kafka_group_observer_free (observer);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail (error, "no broker tells how far a consumer group has come",
                 rd_kafka_err2str (code));
  for (guint i = 0; i < views->len; i++) {
    KafkaLogView *view = g_ptr_array_index (views, i);
    const rd_kafka_topic_partition_t *found = &list->elems[i];

    if (found->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      view->committed = MAX (found->offset, -1);
  }
  return TRUE;
}

/* --- Single records --- */

struct KafkaReader {
  rd_kafka_t *handle;
};

/* An offset that is not there is an error that comes back, and no reason to read something else.
 * The fetch that goes on behind a record that was read must end before the next one is asked for:
 * it waits for nothing. */
static const char *const defaults[] = {
  "enable.auto.commit",
  "false",
  "queued.min.messages",
  "100",
  "queued.max.messages.kbytes",
  "1024",
  "fetch.wait.max.ms",
  "5",
  "fetch.error.backoff.ms",
  "5",
  "enable.partition.eof",
  "true",
  "allow.auto.create.topics",
  "false",
  "log.connection.close",
  "false",
  NULL,
};

void
kafka_wanted_free (gpointer data)
{
  KafkaWanted *wanted = data;

  kafka_headers_free (wanted->headers);
  g_free (wanted);
}

KafkaReader *
kafka_reader_new (const Settings *settings, GError **error)
{
  static const char *const fixed[] = { "auto.offset.reset", "error", NULL };
  rd_kafka_t *handle = kafka_onlooker_new (settings, "reader", defaults, fixed, error);
  KafkaReader *reader;

  if (!handle)
    return NULL;
  reader = g_new0 (KafkaReader, 1);
  reader->handle = handle;
  return reader;
}

void
kafka_reader_free (KafkaReader *reader)
{
  if (!reader)
    return;
  rd_kafka_destroy (reader->handle);
  g_free (reader);
}

gboolean
kafka_log_view_ask_ends (KafkaReader *reader, KafkaLogView *view, int timeout_ms, GError **error)
{
  gint64 low = -1, high = -1;
  rd_kafka_resp_err_t code =
      kafka_ask_ends (reader->handle, view->topic, view->partition, timeout_ms, &low, &high);

  switch ((int)code) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    view->low = low;
    view->high = high;
    return TRUE;
  case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    return TRUE; /* not known now: the next look asks again */
  default:
    return fail (error, "no broker tells how far a log reaches", rd_kafka_err2str (code));
  }
}

/* One partition that is read, from the first offset that is wanted of it. */
typedef struct {
  rd_kafka_topic_t *topic;
  const char *name;
  int partition;
  GPtrArray *wanted; /* of KafkaWanted *, borrowed */
  gint64 first;
  guint open; /* not answered */
  gboolean is_over;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  rd_kafka_consume_stop (reading->topic, reading->partition);
  rd_kafka_topic_destroy (reading->topic);
  g_ptr_array_unref (reading->wanted);
  g_free (reading);
}

static Reading *
find_reading (const GPtrArray *readings, const char *topic, int partition)
{
  for (guint i = 0; i < readings->len; i++) {
    Reading *reading = g_ptr_array_index (readings, i);

    if (reading->partition == partition && strcmp (reading->name, topic) == 0)
      return reading;
  }
  return NULL;
}

static GPtrArray *
group_by_partition (KafkaReader *reader, const GPtrArray *wanted)
{
  GPtrArray *readings = g_ptr_array_new_with_free_func (reading_free);

  for (guint i = 0; i < wanted->len; i++) {
    KafkaWanted *one = g_ptr_array_index (wanted, i);
    Reading *reading = find_reading (readings, one->topic, one->partition);

    if (!reading) {
      reading = g_new0 (Reading, 1);
      reading->topic = rd_kafka_topic_new (reader->handle, one->topic, NULL);
      reading->name = one->topic;
      reading->partition = one->partition;
      reading->wanted = g_ptr_array_new ();
      reading->first = one->offset;
      g_ptr_array_add (readings, reading);
    }
    g_ptr_array_add (reading->wanted, one);
    reading->first = MIN (reading->first, one->offset);
    reading->open++;
  }
  return readings;
}

/* What comes at @offset answers for all before it as well. */
static void
answer (Reading *reading, gint64 offset, const rd_kafka_message_t *message)
{
  for (guint i = 0; i < reading->wanted->len; i++) {
    KafkaWanted *one = g_ptr_array_index (reading->wanted, i);

    if (one->is_answered || one->offset > offset || (one->offset == offset && !message))
      continue;
    one->is_answered = TRUE;
    one->is_end = !message;
    one->headers = one->offset == offset ? kafka_headers_of_message (message) : NULL;
    one->written_ms = one->headers ? MAX (0, rd_kafka_message_timestamp (message, NULL)) : 0;
    reading->open--;
  }
}

/* Whether the partition has no more to say. */
static gboolean
take (Reading *reading, const rd_kafka_message_t *message)
{
  switch ((int)message->err) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    answer (reading, message->offset, message);
    return reading->open == 0;
  case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    answer (reading, message->offset, NULL);
    return TRUE;
  default:
    return TRUE; /* what is not answered stays so */
  }
}

static void
read_all (const GPtrArray *readings, rd_kafka_queue_t *queue, guint records_max, int timeout_ms)
{
  gint64 until_ms = clock_monotonic_ms () + timeout_ms;
  guint left = readings->len;
  gint64 left_ms;

  while (left > 0 && records_max > 0 && (left_ms = until_ms - clock_monotonic_ms ()) > 0) {
    g_autoptr (rd_kafka_message_t) message = rd_kafka_consume_queue (queue, (int)left_ms);
    Reading *reading =
        message && message->rkt
            ? find_reading (readings, rd_kafka_topic_name (message->rkt), message->partition)
            : NULL;

    if (!reading || reading->is_over)
      continue;
    records_max--;
    reading->is_over = take (reading, message);
    left -= reading->is_over;
  }
}

gboolean
kafka_reader_read (KafkaReader *reader, const GPtrArray *wanted, guint records_max, int timeout_ms,
                   GError **error)
{
  g_autoptr (GPtrArray) readings = group_by_partition (reader, wanted);
  g_autoptr (rd_kafka_queue_t) queue = rd_kafka_queue_new (reader->handle);

  for (guint i = 0; i < readings->len; i++) {
    const Reading *reading = g_ptr_array_index (readings, i);

    if (rd_kafka_consume_start_queue (reading->topic, reading->partition, reading->first, queue) !=
        0) {
      g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_SETTING, "%s: %s", reading->name,
                   rd_kafka_err2str (rd_kafka_last_error ()));
      return FALSE;
    }
  }
  read_all (readings, queue, records_max, timeout_ms);
  return TRUE;
}
