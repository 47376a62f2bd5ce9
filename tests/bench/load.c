/* bench-load: makes the records of the benches, and looks at what became of them; with librdkafka
 * alone.
 *
 *   bench-load BROKERS make N [KEYS BYTES]  N records to dependents.bench.in, as fast as can be (1,000 keys, 200 bytes)
 *   bench-load BROKERS make N KEYS BYTES traced   each in a trace of its own
 *   bench-load BROKERS pace N RATE          N such records, each of a key of its own, RATE a second
 *   bench-load BROKERS topic NAME P         makes a topic with P partitions
 *   bench-load BROKERS remake NAME P        the same, without what a topic of that name held
 *   bench-load BROKERS watch NAME           prints how many records were ever written to it, 20 times a second
 *   bench-load BROKERS read NAME            prints a line for each of its records: its time in ms as the broker noted
 *                                           it, and the number that the value begins with
 *
 *   bench-load BROKERS count NAME           reads all of its records, and prints how many and the seconds from the first
 *                                           question to the last record
 *   bench-load BROKERS copies NAME N GROUPS N records like the first one in it, of GROUPS claim groups that are called
 *                                           00000000-0000-4000-8000-000000000000 and so on
 *
 * A remade topic's records bear the broker's time (LogAppendTime), so that no writer's clock has a
 * say. */
#include <glib.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "kafka/client.h"

#define VALUE_BYTES   200
#define MOST_BYTES    100000
#define NUMBER_DIGITS 20
#define KEYS          1000
#define GUID_LENGTH   36
#define WATCH_MS      50

static rd_kafka_t *
client (rd_kafka_type_t type, const char *brokers, const char *group)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char text[512];
  rd_kafka_t *handle;

  rd_kafka_conf_set (conf, "bootstrap.servers", brokers, text, sizeof text);
  rd_kafka_conf_set (conf, "log_level", "3", text, sizeof text); /* a young broker is no news */
  if (group) {
    rd_kafka_conf_set (conf, "group.id", group, text, sizeof text);
    rd_kafka_conf_set (conf, "enable.auto.commit", "false", text, sizeof text);
    rd_kafka_conf_set (conf, "enable.partition.eof", "true", text, sizeof text);
  } else {
    rd_kafka_conf_set (conf, "queue.buffering.max.messages", "1000000", text, sizeof text);
    rd_kafka_conf_set (conf, "enable.idempotence", "true", text, sizeof text);
  }
  handle = rd_kafka_new (type, conf, text, sizeof text);
  if (!handle)
    g_error ("bench-load: %s", text);
  return handle;
}

/* @headers: given away; may be NULL. */
static void
hand_in (rd_kafka_t *producer, const char *topic, const void *key, size_t key_length,
         const void *value, size_t length, rd_kafka_headers_t *headers)
{
  while (rd_kafka_producev (
             producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
             RD_KAFKA_V_KEY (key, key_length), RD_KAFKA_V_VALUE ((void *)value, length),
             RD_KAFKA_V_HEADERS (headers), RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_poll (producer, 10);
}

static rd_kafka_headers_t *
trace_of (gint64 number)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (1);
  char trace[64];

  g_snprintf (trace, sizeof trace, "00-%032" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER "x-01",
              (guint64)number + 1, (guint64)number + 1);
  rd_kafka_header_add (headers, "traceparent", -1, trace, -1);
  return headers;
}

/* @rate: records a second, 0 for as fast as can be */
static void
make (const char *brokers, gint64 count, gint64 keys, gint64 bytes, gint64 rate, gboolean is_traced)
{
  rd_kafka_t *producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  gint64 begun = g_get_monotonic_time ();
  g_autofree char *value = g_strnfill ((gsize)bytes, 'x');
  char key[32];

  for (gint64 i = 0; i < count; i++) {
    char number[NUMBER_DIGITS + 1];
    g_snprintf (number, sizeof number, "%0*" G_GINT64_FORMAT, NUMBER_DIGITS, i);
    memcpy (value, number, NUMBER_DIGITS);
    g_snprintf (key, sizeof key, "key-%" G_GINT64_FORMAT, i % keys);
    hand_in (producer, "dependents.bench.in", key, strlen (key), value, (size_t)bytes,
             is_traced ? trace_of (i) : NULL);
    rd_kafka_poll (producer, 0);
    while (rate > 0 && (g_get_monotonic_time () - begun) / 1000 * rate < i * 1000)
      rd_kafka_poll (producer, 1); /* waits for its millisecond */
  }
  if (rd_kafka_flush (producer, 60000))
    g_error ("bench-load: not all records were written");
  rd_kafka_destroy (producer);
}

static rd_kafka_topic_partition_list_t *
partitions_of (rd_kafka_t *handle, const char *name, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, 30000, &error);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (1);

  if (!counts || !g_hash_table_contains (counts, name))
    g_error ("bench-load: topic %s: %s", name, error ? error->message : "it is not there");
  rd_kafka_topic_partition_list_add_range (
      list, name, 0, GPOINTER_TO_INT (g_hash_table_lookup (counts, name)) - 1);
  for (int i = 0; i < list->cnt; i++)
    list->elems[i].offset = offset;
  return list;
}

/* One request a look: asked for the latest time, the broker answers with the next offset of each
 * partition. */
static void
watch (const char *brokers, const char *name)
{
  rd_kafka_t *consumer = client (RD_KAFKA_CONSUMER, brokers, "bench-watch");
  rd_kafka_topic_partition_list_t *list = partitions_of (consumer, name, RD_KAFKA_OFFSET_END);

  for (;;) {
    gint64 sum = 0;

    for (int i = 0; i < list->cnt; i++)
      list->elems[i].offset = RD_KAFKA_OFFSET_END;
    if (!rd_kafka_offsets_for_times (consumer, list, 10000)) {
      for (int i = 0; i < list->cnt; i++)
        sum += MAX (list->elems[i].offset, 0);
      printf ("%" G_GINT64_FORMAT "\n", sum);
      if (fflush (stdout))
        break; /* nobody reads any more */
    }
    g_usleep (WATCH_MS * 1000);
  }
  rd_kafka_topic_partition_list_destroy (list);
  rd_kafka_destroy (consumer);
}

static gboolean
print_record (const rd_kafka_message_t *message, gpointer data G_GNUC_UNUSED)
{
  rd_kafka_timestamp_type_t type;

  printf ("%" G_GINT64_FORMAT " %.*s\n", (gint64)rd_kafka_message_timestamp (message, &type),
          (int)MIN (message->len, NUMBER_DIGITS), (const char *)message->payload);
  return TRUE;
}

/* @see: FALSE: no more. */
static void
read_all (const char *brokers, const char *name,
          gboolean (*see) (const rd_kafka_message_t *message, gpointer data), gpointer data)
{
  rd_kafka_t *consumer = client (RD_KAFKA_CONSUMER, brokers, "bench-read");
  rd_kafka_topic_partition_list_t *list = partitions_of (consumer, name, RD_KAFKA_OFFSET_BEGINNING);
  gboolean goes_on = TRUE;
  int ended = 0;

  rd_kafka_poll_set_consumer (consumer);
  rd_kafka_assign (consumer, list);
  while (goes_on && ended < list->cnt) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll (consumer, 10000);

    if (!message)
      g_error ("bench-load: topic %s cannot be read to its end", name);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      ended++;
    else if (!message->err)
      goes_on = see (message, data);
    rd_kafka_message_destroy (message);
  }
  rd_kafka_topic_partition_list_destroy (list);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
}

static gboolean
count_record (const rd_kafka_message_t *message G_GNUC_UNUSED, gpointer data)
{
  ++*(gint64 *)data;
  return TRUE;
}

static void
count (const char *brokers, const char *name)
{
  gint64 begun = g_get_monotonic_time (), records = 0;

  read_all (brokers, name, count_record, &records);
  printf ("%" G_GINT64_FORMAT " %.3f\n", records,
          (double)(g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
}

/* What a record is made like. */
typedef struct {
  char *value;
  size_t length;
  rd_kafka_headers_t *headers;
} Pattern;

static gboolean
take_pattern (const rd_kafka_message_t *message, gpointer data)
{
  Pattern *pattern = data;
  rd_kafka_headers_t *headers = NULL;

  pattern->value = g_memdup2 (message->payload, message->len);
  pattern->length = message->len;
  if (!rd_kafka_message_headers (message, &headers))
    pattern->headers = rd_kafka_headers_copy (headers);
  return FALSE;
}

/* Where the pattern's guid stands. */
static char *
find_guid (const Pattern *pattern)
{
  for (size_t i = 0; i + GUID_LENGTH <= pattern->length; i++) {
    g_autofree char *word = g_strndup (pattern->value + i, GUID_LENGTH);

    if (g_uuid_string_is_valid (word))
      return pattern->value + i;
  }
  g_error ("bench-load: no claim group is named in the first record");
}

static void
copies (const char *brokers, const char *name, gint64 count, gint64 groups)
{
  Pattern pattern = { 0 };
  rd_kafka_t *producer;
  char *guid;

  read_all (brokers, name, take_pattern, &pattern);
  guid = find_guid (&pattern);
  producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  for (gint64 i = 0; i < count; i++) {
    char word[GUID_LENGTH + 1];

    g_snprintf (word, sizeof word, "00000000-0000-4000-8000-%012" G_GINT64_FORMAT, i % groups);
    memcpy (guid, word, GUID_LENGTH);
    hand_in (producer, name, word, GUID_LENGTH, pattern.value, pattern.length,
             rd_kafka_headers_copy (pattern.headers));
    rd_kafka_poll (producer, 0);
  }
  if (rd_kafka_flush (producer, 60000))
    g_error ("bench-load: not all records were written");
  rd_kafka_headers_destroy (pattern.headers);
  g_free (pattern.value);
  rd_kafka_destroy (producer);
}

/* What is made or deleted is not known everywhere at once. */
static void
await_topic (rd_kafka_t *producer, const char *name, gboolean is_wanted)
{
  gint64 until = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gboolean is_there = !is_wanted;

  while (is_there != is_wanted) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GHashTable) counts = kafka_topic_partitions (producer, 30000, &error);

    if (counts)
      is_there = g_hash_table_contains (counts, name);
    if (is_there != is_wanted && g_get_monotonic_time () > until)
      g_error ("bench-load: topic %s is %s and %s to be seen", name, is_wanted ? "made" : "deleted",
               is_wanted ? "not" : "still");
    if (is_there != is_wanted)
      rd_kafka_poll (producer, 50);
  }
}

/* What the admin client answers for one topic. */
static rd_kafka_resp_err_t
topic_result (rd_kafka_queue_t *queue)
{
  rd_kafka_event_t *event = rd_kafka_queue_poll (queue, 30000);
  const rd_kafka_topic_result_t **results = NULL;
  rd_kafka_resp_err_t error;
  size_t count = 0;

  if (!event)
    return RD_KAFKA_RESP_ERR__TIMED_OUT;
  error = rd_kafka_event_error (event);
  if (!error) {
    results = rd_kafka_event_type (event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT
                  ? rd_kafka_CreateTopics_result_topics (rd_kafka_event_CreateTopics_result (event),
                                                         &count)
                  : rd_kafka_DeleteTopics_result_topics (rd_kafka_event_DeleteTopics_result (event),
                                                         &count);
    if (count == 1)
      error = rd_kafka_topic_result_error (results[0]);
  }
  rd_kafka_event_destroy (event);
  return error;
}

static void
delete_topic (rd_kafka_t *producer, rd_kafka_queue_t *queue, const char *name)
{
  rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new (name);
  rd_kafka_resp_err_t error;

  rd_kafka_DeleteTopics (producer, &topic, 1, NULL, queue);
  error = topic_result (queue);
  rd_kafka_DeleteTopic_destroy (topic);
  if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return;
  if (error)
    g_error ("bench-load: topic %s was not deleted: %s", name, rd_kafka_err2str (error));
  await_topic (producer, name, FALSE);
}

static void
make_topic (const char *brokers, const char *name, int partitions, gboolean is_remade)
{
  rd_kafka_t *producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  char text[512] = "";
  rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new (name, partitions, 1, text, sizeof text);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (producer);
  rd_kafka_resp_err_t error;

  if (is_remade)
    delete_topic (producer, queue, name);
  if (is_remade)
    rd_kafka_NewTopic_set_config (topic, "message.timestamp.type", "LogAppendTime");
  rd_kafka_CreateTopics (producer, &topic, 1, NULL, queue);
  error = topic_result (queue);
  if (error)
    g_error ("bench-load: topic %s was not made: %s", name, rd_kafka_err2str (error));
  rd_kafka_queue_destroy (queue);
  rd_kafka_NewTopic_destroy (topic);
  await_topic (producer, name, TRUE);
  rd_kafka_destroy (producer);
}

/* Number @i of the command line; @fallback when it is not there, 0 (which nothing takes) when it is
 * none. */
static gint64
argument (int argc, char **argv, int i, gint64 max, gint64 fallback)
{
  gint64 value = 0;

  if (i >= argc)
    return fallback;
  return parse_int64 (argv[i], 1, max, &value) ? value : 0;
}

int
main (int argc, char **argv)
{
  const char *what = argc >= 4 ? argv[2] : "";

  if (strcmp (what, "make") == 0 &&
      (argc == 4 || argc == 6 || (argc == 7 && strcmp (argv[6], "traced") == 0))) {
    gint64 count = argument (argc, argv, 3, G_MAXINT, 0);
    gint64 keys = argument (argc, argv, 4, G_MAXINT, KEYS);
    gint64 bytes = argument (argc, argv, 5, MOST_BYTES, VALUE_BYTES);

    if (count && keys && bytes >= NUMBER_DIGITS) {
      make (argv[1], count, keys, bytes, 0, argc == 7);
      return 0;
    }
  }
  if (strcmp (what, "pace") == 0 && argc == 5) {
    gint64 count = argument (argc, argv, 3, G_MAXINT, 0);
    gint64 rate = argument (argc, argv, 4, 100000, 0);

    if (count && rate) {
      make (argv[1], count, count, VALUE_BYTES, rate, FALSE);
      return 0;
    }
  }
  if ((strcmp (what, "topic") == 0 || strcmp (what, "remake") == 0) && argc == 5) {
    gint64 partitions = argument (argc, argv, 4, 1000, 0);

    if (partitions) {
      make_topic (argv[1], argv[3], (int)partitions, what[0] == 'r');
      return 0;
    }
  }
  if (strcmp (what, "watch") == 0 && argc == 4) {
    watch (argv[1], argv[3]);
    return 0;
  }
  if (strcmp (what, "read") == 0 && argc == 4) {
    read_all (argv[1], argv[3], print_record, NULL);
    return 0;
  }
  if (strcmp (what, "count") == 0 && argc == 4) {
    count (argv[1], argv[3]);
    return 0;
  }
  if (strcmp (what, "copies") == 0 && argc == 6) {
    gint64 records = argument (argc, argv, 4, G_MAXINT, 0);
    gint64 groups = argument (argc, argv, 5, G_MAXINT, 0);

    if (records && groups) {
      copies (argv[1], argv[3], records, groups);
      return 0;
    }
  }
  g_printerr (
      "usage: bench-load BROKERS make N [KEYS BYTES [traced]] | pace N RATE | topic NAME "
      "PARTITIONS | "
      "remake NAME PARTITIONS | watch NAME | read NAME | count NAME | copies NAME N GROUPS\n");
  return 2;
}
