/* How far a group has come and what it has still to handle, asked of a broker inside this process
 * (librdkafka's mock cluster) that answers late or is not the group's coordinator: an error or an
 * answer, and the process lives. */
#include "kafka/log-view.h"

#include <librdkafka/rdkafka_mock.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/settings.h"
#include "kafka/waiting.h"

#define GROUP            "group"
#define TOPIC            "topic"
#define TIMEOUT_MS       500
#define WAIT_S           30
#define API_OFFSET_FETCH 9

typedef struct {
  rd_kafka_t *owner;
  rd_kafka_mock_cluster_t *cluster;
  Settings *settings;
} Fixture;

static void
start (Fixture *fixture, gconstpointer data)
{
  static const Setting *const tables[] = { kafka_settings, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *brokers = NULL;
  char text[256];

  (void)data;
  fixture->owner = rd_kafka_new (RD_KAFKA_PRODUCER, rd_kafka_conf_new (), text, sizeof text);
  g_assert_nonnull (fixture->owner);
  fixture->cluster = rd_kafka_mock_cluster_new (fixture->owner, 1);
  rd_kafka_mock_topic_create (fixture->cluster, TOPIC, 2, 1);
  brokers =
      g_strconcat ("--kafka-brokers=", rd_kafka_mock_cluster_bootstraps (fixture->cluster), NULL);
  {
    const char *given[] = { "log-view-test", brokers, "--broker-admin=no", NULL };
    char **argv = (char **)given;
    int argc = G_N_ELEMENTS (given) - 1;

    fixture->settings = settings_parse ("log-view-test", "", "", tables, &argc, &argv, &error);
  }
  g_assert_no_error (error);
}

static void
end (Fixture *fixture, gconstpointer data)
{
  (void)data;
  settings_free (fixture->settings);
  rd_kafka_mock_cluster_destroy (fixture->cluster);
  rd_kafka_destroy (fixture->owner);
}

static gboolean
ask (Fixture *fixture, const GPtrArray *views, GError **error)
{
  return kafka_log_view_ask_committed (fixture->settings, GROUP, views, TIMEOUT_MS, error);
}

static GPtrArray *
new_views (void)
{
  GPtrArray *views = g_ptr_array_new_with_free_func (kafka_log_view_free);

  for (int i = 0; i < 2; i++)
    g_ptr_array_add (views, kafka_log_view_new (TOPIC, i));
  return views;
}

static void
commit (Fixture *fixture, int partition, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (rd_kafka_topic_partition_list_t) list = rd_kafka_topic_partition_list_new (1);
  rd_kafka_conf_t *conf = kafka_conf_new (fixture->settings, TRUE, NULL, &error);
  rd_kafka_t *member;
  char text[256];

  g_assert_no_error (error);
  rd_kafka_conf_set (conf, "group.id", GROUP, text, sizeof text);
  member = rd_kafka_new (RD_KAFKA_CONSUMER, conf, text, sizeof text);
  g_assert_nonnull (member);
  rd_kafka_topic_partition_list_add (list, TOPIC, partition)->offset = offset;
  g_assert_cmpint (rd_kafka_commit (member, list, FALSE), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy (member);
}

static void
assert_committed (const GPtrArray *views)
{
  g_assert_cmpint (((KafkaLogView *)g_ptr_array_index (views, 0))->committed, ==, -1);
  g_assert_cmpint (((KafkaLogView *)g_ptr_array_index (views, 1))->committed, ==, 7);
}

static void
test_committed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) views = new_views ();
  g_autoptr (GError) error = NULL;

  (void)data;
  commit (fixture, 1, 7);
  g_assert_true (ask (fixture, views, &error));
  g_assert_no_error (error);
  assert_committed (views);
}

/* As a broker says while the group moves to another one: at each restart of a cluster. */
static void
test_not_coordinator (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) views = new_views ();
  g_autoptr (GError) error = NULL;

  (void)data;
  commit (fixture, 1, 7);
  rd_kafka_mock_push_request_errors (fixture->cluster, API_OFFSET_FETCH, 1,
                                     RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  if (!ask (fixture, views, &error)) {
    g_assert_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY);
    g_assert_true (ask (fixture, views, NULL));
  }
  assert_committed (views);
}

/* The question is given up while the library still looks for whom to ask; that answer comes later.
 */
static void
test_late (Fixture *fixture, gconstpointer data)
{
  gint64 until_us = g_get_monotonic_time () + WAIT_S * G_USEC_PER_SEC;
  g_autoptr (GPtrArray) views = new_views ();

  (void)data;
  commit (fixture, 1, 7);
  rd_kafka_mock_broker_set_rtt (fixture->cluster, 1, TIMEOUT_MS * 3);
  for (int i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (ask (fixture, views, &error));
    g_assert_error (error, KAFKA_ERROR, KAFKA_ERROR_AWAY);
  }
  rd_kafka_mock_broker_set_rtt (fixture->cluster, 1, 0);
  while (!ask (fixture, views, NULL))
    g_assert_cmpint (g_get_monotonic_time (), <, until_us);
  assert_committed (views);
}

static void
produce (Fixture *fixture, int partition, guint count)
{
  g_autoptr (GError) error = NULL;
  rd_kafka_conf_t *conf = kafka_conf_new (fixture->settings, FALSE, NULL, &error);
  rd_kafka_t *producer;
  char text[256];

  g_assert_no_error (error);
  producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, text, sizeof text);
  g_assert_nonnull (producer);
  for (guint i = 0; i < count; i++)
    g_assert_cmpint (rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (TOPIC),
                                        RD_KAFKA_V_PARTITION (partition),
                                        RD_KAFKA_V_VALUE ("v", (size_t)1), RD_KAFKA_V_END),
                     ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_cmpint (rd_kafka_flush (producer, WAIT_S * 1000), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy (producer);
}

static void
assert_waiting (Fixture *fixture, gint64 count, gint64 end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KafkaWaiting) waiting = kafka_waiting_new (fixture->settings, GROUP, NULL, &error);
  gint64 ends = 0;

  g_assert_no_error (error);
  for (int i = 0; i < 2; i++) { /* and asked again it says the same */
    ends = 0;
    g_assert_cmpint (kafka_waiting_count (waiting, TOPIC, 2, WAIT_S * 1000, &ends, &error), ==,
                     count);
    g_assert_no_error (error);
    g_assert_cmpint (ends, ==, end);
  }
}

/* One partition of which something was committed, and one of which nothing was. */
static void
test_waiting (Fixture *fixture, gconstpointer data)
{
  (void)data;
  assert_waiting (fixture, 0, 0);
  produce (fixture, 0, 3);
  produce (fixture, 1, 2);
  assert_waiting (fixture, 5, 5);
  commit (fixture, 0, 1);
  assert_waiting (fixture, 4, 5);
  commit (fixture, 0, 3);
  commit (fixture, 1, 2);
  assert_waiting (fixture, 0, 5);
}

static void
test_waiting_while_coordinator_moves (Fixture *fixture, gconstpointer data)
{
  (void)data;
  produce (fixture, 0, 3);
  commit (fixture, 0, 1);
  rd_kafka_mock_push_request_errors (fixture->cluster, API_OFFSET_FETCH, 2,
                                     RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                     RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  assert_waiting (fixture, 2, 3);
}

/* What was committed lies behind the end: consumers begin anew. */
static void
test_waiting_in_a_log_made_again (Fixture *fixture, gconstpointer data)
{
  (void)data;
  produce (fixture, 0, 3);
  commit (fixture, 0, 7);
  assert_waiting (fixture, 3, 3);
}

/* What the library has learnt meanwhile is that it has none. */
static void
test_leader_that_comes_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  rd_kafka_t *handle = kafka_group_observer_new (fixture->settings, GROUP, &error);
  gint64 low, high, until_ms;
  rd_kafka_resp_err_t code;

  (void)data;
  g_assert_no_error (error);
  produce (fixture, 0, 3);
  rd_kafka_mock_partition_set_leader (fixture->cluster, TOPIC, 0, -1);
  code = kafka_ask_ends (handle, TOPIC, 0, TIMEOUT_MS, &low, &high);
  g_assert_cmpint (code, !=, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_mock_partition_set_leader (fixture->cluster, TOPIC, 0, 1);
  until_ms = clock_monotonic_ms () + WAIT_S * 1000;
  do
    code = kafka_ask_ends (handle, TOPIC, 0, TIMEOUT_MS, &low, &high);
  while (kafka_shall_ask_again (code, until_ms));
  g_assert_cmpstr (rd_kafka_err2name (code), ==, rd_kafka_err2name (RD_KAFKA_RESP_ERR_NO_ERROR));
  g_assert_cmpint (high - low, ==, 3);
  kafka_group_observer_free (handle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/kafka/log-view/" path, Fixture, NULL, start, test, end)
  ADD ("how-far-a-group-has-come", test_committed);
  ADD ("a-broker-that-is-not-the-coordinator", test_not_coordinator);
  ADD ("an-answer-that-comes-late", test_late);
  ADD ("records-that-wait", test_waiting);
  ADD ("records-that-wait-while-the-coordinator-moves", test_waiting_while_coordinator_moves);
  ADD ("records-that-wait-in-a-log-made-again", test_waiting_in_a_log_made_again);
  ADD ("a-leader-that-comes-back", test_leader_that_comes_back);
  return g_test_run ();
}
