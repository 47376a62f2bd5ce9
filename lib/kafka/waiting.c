/* What a group has still to handle, see waiting.h. Source: README.md, rules 12 to 14. */
#include "kafka/waiting.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "kafka/log-view.h"

struct KafkaWaiting {
  rd_kafka_t *observer;
  KafkaReader *reader;
  const char *due_header;
  gint64 oldest_ms;
};

KafkaWaiting *
kafka_waiting_new (const Settings *settings, const char *group, const char *due_header,
                   GError **error)
{
  g_autoptr (KafkaWaiting) waiting = g_new0 (KafkaWaiting, 1);

  waiting->due_header = due_header;
  waiting->observer = kafka_group_observer_new (settings, group, error);
  if (!waiting->observer)
    return NULL;
  waiting->reader = kafka_reader_new (settings, error);
  return waiting->reader ? g_steal_pointer (&waiting) : NULL;
}

void
kafka_waiting_free (KafkaWaiting *waiting)
{
  if (!waiting)
    return;
  kafka_reader_free (waiting->reader);
  kafka_group_observer_free (waiting->observer);
  g_free (waiting);
}

static gboolean
note_failure (rd_kafka_resp_err_t code, GError **error)
{
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  g_set_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY, "the broker does not answer: %s",
               rd_kafka_err2str (code));
  return FALSE;
}

/* One that cannot be told of a partition fails the whole: it would count as never committed. */
static rd_kafka_resp_err_t
worst_of (rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t *list)
{
  for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
    code = list->elems[i].err;
  return code;
}

static gboolean
ask_committed (KafkaWaiting *waiting, rd_kafka_topic_partition_list_t *list, int timeout_ms,
               GError **error)
{
  gint64 until_ms = clock_monotonic_ms () + timeout_ms;
  rd_kafka_resp_err_t code;

  do
    code = worst_of (rd_kafka_committed (waiting->observer, list, timeout_ms), list);
  while (kafka_shall_ask_again (code, until_ms));
  return note_failure (code, error);
}

static gboolean
ask_ends (KafkaWaiting *waiting, const char *topic, int partition, int timeout_ms, gint64 *ret_low,
          gint64 *ret_high, GError **error)
{
  gint64 until_ms = clock_monotonic_ms () + timeout_ms;
  rd_kafka_resp_err_t code;

  do
    code = kafka_ask_ends (waiting->observer, topic, partition, timeout_ms, ret_low, ret_high);
  while (kafka_shall_ask_again (code, until_ms));
  return note_failure (code, error);
}

/* From where the group reads on: never committed is a negative number, and in a log that was made
 * again what was committed may lie behind its end. */
static gint64
next_of (gint64 committed, gint64 low, gint64 high)
{
  return committed > high ? low : MAX (low, committed);
}

static void
note_oldest (KafkaWaiting *waiting, const KafkaWanted *first)
{
  gint64 due_ms = first->written_ms;

  if (first->headers && waiting->due_header)
    due_ms = kafka_headers_get_int (first->headers, waiting->due_header, 1, G_MAXINT64, due_ms);
  if (due_ms > 0)
    waiting->oldest_ms = waiting->oldest_ms ? MIN (waiting->oldest_ms, due_ms) : due_ms;
}

gint64
kafka_waiting_oldest_ms (const KafkaWaiting *waiting)
{
  return waiting->oldest_ms;
}

/* Offsets that no record has end the log where a transaction is over, for its marker has one, and
 * where records were compacted away. What is committed never passes them. */
static gint64
count_records (KafkaWaiting *waiting, const GPtrArray *wanted, const gint64 *counts, int timeout_ms,
               GError **error)
{
  gint64 count = 0;

  if (wanted->len > 0 &&
      !kafka_reader_read (waiting->reader, wanted, wanted->len, timeout_ms, error))
    return -1;
  for (guint i = 0; i < wanted->len; i++) {
    const KafkaWanted *first = g_ptr_array_index (wanted, i);

    if (first->is_end)
      continue;
    count += counts[i];
    note_oldest (waiting, first);
  }
  return count;
}

gint64
kafka_waiting_count (KafkaWaiting *waiting, const char *topic, int partitions, int timeout_ms,
                     gint64 *ret_end, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (partitions);
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (kafka_wanted_free);
  g_autofree gint64 *counts = g_new0 (gint64, partitions);

  for (int i = 0; i < partitions; i++)
    rd_kafka_topic_partition_list_add (list, topic, i);
  if (!ask_committed (waiting, list, timeout_ms, error))
    return -1;
  for (int i = 0; i < partitions; i++) {
    gint64 low = 0, high = 0, next;

    if (!ask_ends (waiting, topic, i, timeout_ms, &low, &high, error))
      return -1;
    if (ret_end)
      *ret_end += high;
    next = next_of (list->elems[i].offset, low, high);
    if (next < high) {
      KafkaWanted *one = g_new0 (KafkaWanted, 1);

      one->topic = topic;
      one->partition = i;
      one->offset = next;
      counts[wanted->len] = high - next;
      g_ptr_array_add (wanted, one);
    }
  }
  return count_records (waiting, wanted, counts, timeout_ms, error);
}
