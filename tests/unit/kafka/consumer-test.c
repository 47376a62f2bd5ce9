/* A partition that the broker does not give out, by librdkafka's mock cluster: it is told. */
#include "kafka/consumer.h"

#include <librdkafka/rdkafka_mock.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/settings.h"

#define TOPIC     "topic"
#define WAIT_US   (60 * G_USEC_PER_SEC)
#define API_FETCH 1
#define REFUSALS  50 /* more than are asked for until the first one is told */

typedef struct {
  GPtrArray *partitions; /* of KafkaPartition * */
} Member;

static gpointer
on_assign (KafkaPartition *partition, const char *topic, int number, gpointer data)
{
  Member *member = data;

  g_assert_cmpstr (topic, ==, TOPIC);
  g_assert_cmpint (number, ==, 0);
  g_ptr_array_add (member->partitions, partition);
  return partition;
}

static void
on_revoke (GPtrArray *callers, gboolean lost, gpointer data)
{
  Member *member = data;

  (void)callers;
  (void)lost;
  g_ptr_array_set_size (member->partitions, 0);
}

static Settings *
settings_of (rd_kafka_mock_cluster_t *cluster)
{
  static const Setting *const tables[] = { kafka_settings, NULL };
  g_autofree char *brokers =
      g_strconcat ("--kafka-brokers=", rd_kafka_mock_cluster_bootstraps (cluster), NULL);
  char *given[] = { "consumer-test", brokers, "--broker-admin=no", NULL };
  char **argv = given;
  int argc = G_N_ELEMENTS (given) - 1;
  g_autoptr (GError) error = NULL;
  Settings *settings = settings_parse ("consumer-test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  return settings;
}

/* stderr goes to a file of this test's own. Returns: its name; owned. */
static char *
catch_log (int *ret_stderr)
{
  g_autoptr (GError) error = NULL;
  char *name = NULL;
  int fd = g_file_open_tmp ("consumer-test.XXXXXX", &name, &error);

  g_assert_no_error (error);
  *ret_stderr = dup (STDERR_FILENO);
  g_assert_cmpint (dup2 (fd, STDERR_FILENO), ==, STDERR_FILENO);
  close (fd);
  return name;
}

static gboolean
is_told (const char *log)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  return strstr (text, "a partition cannot be read") && strstr (text, "\"topic\":\"" TOPIC "\"") &&
         strstr (text, "\"level\":\"warning\"") && strstr (text, "TOPIC_AUTHORIZATION_FAILED");
}

static void
refuse_to_give_out (rd_kafka_mock_cluster_t *cluster)
{
  for (guint i = 0; i < REFUSALS; i++)
    rd_kafka_mock_push_request_errors (cluster, API_FETCH, 1,
                                       RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
}

static void
test_unreadable_partition_is_told (void)
{
  static const KafkaConsumerEvents events = { on_assign, on_revoke };
  char *topics[] = { TOPIC, NULL };
  char text[256];
  rd_kafka_t *owner = rd_kafka_new (RD_KAFKA_PRODUCER, rd_kafka_conf_new (), text, sizeof text);
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new (owner, 1);
  Settings *settings = settings_of (cluster);
  Member member = { g_ptr_array_new () };
  int wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK), own_stderr;
  g_autofree char *log = catch_log (&own_stderr);
  gint64 until_us = g_get_monotonic_time () + WAIT_US;
  g_autoptr (GError) error = NULL;
  KafkaConsumer *consumer;
  gboolean told;

  rd_kafka_mock_topic_create (cluster, TOPIC, 1, 1);
  refuse_to_give_out (cluster);
  consumer = kafka_consumer_new (settings, "group", &events, &member, wake_fd, &error);
  g_assert_no_error (error);
  g_assert_true (kafka_consumer_subscribe (consumer, topics, &error));
  while (!(told = is_told (log)) && g_get_monotonic_time () < until_us) {
    g_assert_true (kafka_consumer_serve (consumer, 50, &error));
    if (member.partitions->len > 0)
      g_assert_null (kafka_partition_take (g_ptr_array_index (member.partitions, 0)));
  }
  g_assert_cmpint (dup2 (own_stderr, STDERR_FILENO), ==, STDERR_FILENO);
  close (own_stderr);
  g_assert_true (told);

  kafka_consumer_close (consumer);
  kafka_consumer_free (consumer);
  g_ptr_array_unref (member.partitions);
  settings_free (settings);
  rd_kafka_mock_cluster_destroy (cluster);
  rd_kafka_destroy (owner);
  close (wake_fd);
  (void)unlink (log);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/consumer/unreadable-partition-is-told",
                   test_unreadable_partition_is_told);
  return g_test_run ();
}
