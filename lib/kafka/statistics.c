/* Reads librdkafka's statistics, see statistics.h. What has another shape than expected is left out:
 * a figure that is missing is no reason to stop. */
#include "kafka/statistics.h"

#include <jansson.h>
#include <string.h>

#include "base/metrics.h"

static gint64
int_of (const json_t *object, const char *name)
{
  return json_integer_value (json_object_get (object, name));
}

static const char *
text_of (const json_t *object, const char *name)
{
  const char *text = json_string_value (json_object_get (object, name));

  return text ? text : "";
}

static void
note_brokers (const char *client, json_t *brokers)
{
  gint64 up = 0, timeouts = 0, retransmits = 0, disconnects = 0, slowest_us = 0;
  const char *name;
  json_t *broker;

  json_object_foreach (brokers, name, broker)
  {
    if (strcmp (text_of (broker, "state"), "UP") == 0)
      up++;
    timeouts += int_of (broker, "req_timeouts");
    retransmits += int_of (broker, "txretries");
    disconnects += int_of (broker, "disconnects");
    slowest_us = MAX (slowest_us, int_of (json_object_get (broker, "rtt"), "p99"));
  }
  metrics_gauge (METRIC_KAFKA_BROKERS_UP, (double)up, client, NULL);
  metrics_gauge (METRIC_KAFKA_ROUNDTRIP, (double)slowest_us / G_USEC_PER_SEC, client, NULL);
  metrics_set_count (METRIC_KAFKA_REQUEST_TIMEOUTS, timeouts, client, NULL);
  metrics_set_count (METRIC_KAFKA_RETRANSMITS, retransmits, client, NULL);
  metrics_set_count (METRIC_KAFKA_DISCONNECTS, disconnects, client, NULL);
}

static void
note_group (const json_t *group)
{
  metrics_set_count (METRIC_KAFKA_REBALANCES, int_of (group, "rebalance_cnt"), NULL);
  metrics_gauge (METRIC_KAFKA_GROUP_STEADY, strcmp (text_of (group, "join_state"), "steady") == 0,
                 NULL);
  metrics_gauge (METRIC_KAFKA_PARTITIONS, (double)int_of (group, "assignment_size"), NULL);
}

/* The library tells -1 where nothing was ever handled: then all that the log has is to be. */
static gint64
lag_of (const json_t *partition)
{
  gint64 end = int_of (partition, "ls_offset");
  gint64 done = MAX (int_of (partition, "stored_offset"), int_of (partition, "committed_offset"));

  if (end < 0)
    return -1;
  return MAX (0, end - (done >= 0 ? done : MAX (0, int_of (partition, "lo_offset"))));
}

static gint64
note_partitions (json_t *topics, KafkaLagTold told, gpointer data)
{
  gint64 fetched = 0;
  const char *topic, *number;
  json_t *of_topic, *partition;

  json_object_foreach (topics, topic, of_topic)
  {
    json_object_foreach (json_object_get (of_topic, "partitions"), number, partition)
    {
      gint64 lag = lag_of (partition);

      /* -1 is an internal one; one that is not fetched is not assigned. */
      if (int_of (partition, "partition") < 0 ||
          strcmp (text_of (partition, "fetch_state"), "none") == 0)
        continue;
      fetched += int_of (partition, "fetchq_cnt");
      if (told && lag >= 0)
        told (topic, (int)int_of (partition, "partition"), lag, data);
    }
  }
  return fetched;
}

void
kafka_statistics_note (const char *client, const char *json, gsize length, KafkaLagTold told,
                       gpointer data)
{
  json_t *all = json_loadb (json, length, 0, NULL);
  const json_t *group = json_object_get (all, "cgrp");
  gint64 fetched;

  if (!all)
    return;
  note_brokers (client, json_object_get (all, "brokers"));
  fetched = note_partitions (json_object_get (all, "topics"), told, data);
  if (group)
    note_group (group);
  metrics_gauge (METRIC_KAFKA_QUEUED, (double)(group ? fetched : int_of (all, "msg_cnt")), client,
                 NULL);
  json_decref (all);
}
