/* librdkafka's own figures, as far as they matter: brokers, their answers, the group, and how much
 * of each partition is not handled yet. Source: README.md, 12. */
#pragma once

#include <glib.h>

/* How often, unless kafka.statistics.interval.ms says otherwise; with 0 there are none. */
#define KAFKA_STATISTICS_MS "10000"

/* @topic: full name. @lag: records that are not handled, stored offsets counted. */
typedef void (*KafkaLagTold) (const char *topic, int partition, gint64 lag, gpointer data);

/**
 * kafka_statistics_note:
 * @client: "producer" or "consumer", a label
 * @json: what the library has emitted
 * @told: called for each assigned partition; may be NULL
 */
void kafka_statistics_note (const char *client, const char *json, gsize length, KafkaLagTold told,
                            gpointer data);
