/* bench-load: makes and carries the records of `bench runner`, with librdkafka alone.
 *
 *   bench-load BROKERS make N        N records of 200 bytes, 1,000 keys, to dependents.bench.in; the time is not counted
 *   bench-load BROKERS pace N RATE   N such records, each of a key of its own, RATE a second
 *   bench-load BROKERS plain N       consume N, produce each to dependents.bench.out, commit: prints records per second
 *   bench-load BROKERS topic NAME P  makes a topic with P partitions */
#include <glib.h>
#include <librdkafka/rdkafka.h>
#include <string.h>

#include "base/settings.h"
#include "kafka/client.h"

#define VALUE_BYTES 200
#define KEYS        1000

static rd_kafka_t *
client (rd_kafka_type_t type, const char *brokers, const char *group)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char text[512];
  rd_kafka_t *handle;

  rd_kafka_conf_set (conf, "bootstrap.servers", brokers, text, sizeof text);
  rd_kafka_conf_set (conf, "queue.buffering.max.messages", "1000000", text, sizeof text);
  if (group) {
    rd_kafka_conf_set (conf, "group.id", group, text, sizeof text);
    rd_kafka_conf_set (conf, "auto.offset.reset", "earliest", text, sizeof text);
    rd_kafka_conf_set (conf, "enable.auto.commit", "false", text, sizeof text);
  } else {
    rd_kafka_conf_set (conf, "enable.idempotence", "true", text, sizeof text);
  }
  handle = rd_kafka_new (type, conf, text, sizeof text);
  if (!handle)
    g_error ("bench-load: %s", text);
  return handle;
}

static void
hand_in (rd_kafka_t *producer, const char *topic, const void *key, size_t key_length,
         const void *value, size_t length)
{
  while (rd_kafka_producev (
             producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
             RD_KAFKA_V_KEY (key, key_length), RD_KAFKA_V_VALUE ((void *)value, length),
             RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_poll (producer, 10);
}

/* @rate: records a second, 0 for as fast as can be */
static void
make (const char *brokers, gint64 count, gint64 keys, gint64 rate)
{
  rd_kafka_t *producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  gint64 begun = g_get_monotonic_time ();
  char value[VALUE_BYTES], key[32];

  memset (value, 'x', sizeof value);
  for (gint64 i = 0; i < count; i++) {
    char number[24];
    g_snprintf (number, sizeof number, "%020" G_GINT64_FORMAT, i);
    memcpy (value, number, 20);
    g_snprintf (key, sizeof key, "key-%" G_GINT64_FORMAT, i % keys);
    hand_in (producer, "dependents.bench.in", key, strlen (key), value, sizeof value);
    rd_kafka_poll (producer, 0);
    while (rate > 0 && (g_get_monotonic_time () - begun) / 1000 * rate < i * 1000)
      rd_kafka_poll (producer, 1); /* waits for its millisecond */
  }
  rd_kafka_flush (producer, 60000);
  rd_kafka_destroy (producer);
}

static void
plain (const char *brokers, gint64 count)
{
  rd_kafka_t *producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  rd_kafka_t *consumer = client (RD_KAFKA_CONSUMER, brokers, "plain");
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new (1);
  gint64 begun = 0, done = 0;

  rd_kafka_poll_set_consumer (consumer);
  rd_kafka_topic_partition_list_add (topics, "dependents.bench.in", RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe (consumer, topics);
  while (done < count) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll (consumer, 1000);
    if (message && !message->err) {
      if (!begun)
        begun = g_get_monotonic_time ();
      hand_in (producer, "dependents.bench.out", message->key, message->key_len, message->payload,
               message->len);
      rd_kafka_poll (producer, 0);
      done++;
    }
    if (message)
      rd_kafka_message_destroy (message);
  }
  rd_kafka_flush (producer, 60000);
  rd_kafka_commit (consumer, NULL, 0);
  g_print ("%.0f\n", count / ((g_get_monotonic_time () - begun) / 1e6));
  rd_kafka_topic_partition_list_destroy (topics);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
  rd_kafka_destroy (producer);
}

/* A topic is made before every broker knows of it. */
static void
await_topic (rd_kafka_t *producer, const char *name)
{
  gint64 until = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  gboolean is_there = FALSE;

  while (!is_there) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GHashTable) counts = kafka_topic_partitions (producer, 30000, &error);

    is_there = counts && g_hash_table_contains (counts, name);
    if (!is_there && g_get_monotonic_time () > until)
      g_error ("bench-load: topic %s is made and not to be seen", name);
    if (!is_there)
      rd_kafka_poll (producer, 50);
  }
}

static void
make_topic (const char *brokers, const char *name, int partitions)
{
  rd_kafka_t *producer = client (RD_KAFKA_PRODUCER, brokers, NULL);
  char text[512] = "";
  rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new (name, partitions, 1, text, sizeof text);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (producer);
  rd_kafka_event_t *event;

  rd_kafka_CreateTopics (producer, &topic, 1, NULL, queue);
  event = rd_kafka_queue_poll (queue, 30000);
  if (!event || rd_kafka_event_error (event))
    g_error ("bench-load: topic %s was not made", name);
  rd_kafka_event_destroy (event);
  rd_kafka_queue_destroy (queue);
  rd_kafka_NewTopic_destroy (topic);
  await_topic (producer, name);
  rd_kafka_destroy (producer);
}

int
main (int argc, char **argv)
{
  gint64 count = 0, rate = 0;

  if (argc == 4 && parse_int64 (argv[3], 1, G_MAXINT, &count)) {
    if (strcmp (argv[2], "make") == 0)
      make (argv[1], count, KEYS, 0);
    else if (strcmp (argv[2], "plain") == 0)
      plain (argv[1], count);
    return 0;
  }
  if (argc == 5 && strcmp (argv[2], "pace") == 0 && parse_int64 (argv[3], 1, G_MAXINT, &count) &&
      parse_int64 (argv[4], 1, 100000, &rate)) {
    make (argv[1], count, count, rate);
    return 0;
  }
  if (argc == 5 && strcmp (argv[2], "topic") == 0 && parse_int64 (argv[4], 1, 1000, &count)) {
    make_topic (argv[1], argv[3], (int)count);
    return 0;
  }
  g_printerr ("usage: bench-load BROKERS make N | pace N RATE | plain N | topic NAME PARTITIONS\n");
  return 2;
}
