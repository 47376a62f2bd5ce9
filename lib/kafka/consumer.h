/* A member of a consumer group whose partitions each keep a queue of their own, cut from the main
 * queue.
 *
 * The main queue then carries events only (rebalances, errors); a record is taken when somebody is
 * free to work on it, which is the flow control. One thread owns all calls below, but one. Source:
 * README.md, 2 to 7. */
#pragma once

#include "kafka/client.h"
#include "kafka/headers.h"
#include "kafka/statistics.h"

typedef struct KafkaConsumer KafkaConsumer;
/* One assignment of one partition; gone after on_revoke */
typedef struct KafkaPartition KafkaPartition;

typedef struct {
  /* Both run inside kafka_consumer_serve() or _close(). on_revoke may wait for work to reach its
   * boundary; offsets stored before it returns are committed, unless the partitions were lost.
   * on_assign gives the caller's own partition. */
  gpointer (*on_assign) (KafkaPartition *partition, const char *topic, int number, gpointer data);
  void (*on_revoke) (GPtrArray *callers_partitions, gboolean lost, gpointer data);
  /* Every statistics.interval.ms, of each assigned partition; may be NULL. */
  KafkaLagTold on_lag;
} KafkaConsumerEvents;

/* @wake_fd: an eventfd that is written to when something came. @group: full name of the consumer
 * group. */
KafkaConsumer *kafka_consumer_new (const Settings *settings, const char *group,
                                   const KafkaConsumerEvents *events, gpointer data, int wake_fd,
                                   GError **error);
/* Once, for the life of the handle */
gboolean kafka_consumer_subscribe (KafkaConsumer *consumer, char **topics, GError **error);

/* Serves what the main queue holds, at most @timeout_ms. Errors: only %KAFKA_ERROR_FATAL. */
gboolean kafka_consumer_serve (KafkaConsumer *consumer, int timeout_ms, GError **error);

/* The next record, or NULL when none is there now; owned by the caller. Never waits. */
rd_kafka_message_t *kafka_partition_take (KafkaPartition *partition);

/* @offset: the next to read (lowest unfinished). Refused by the library for partitions that are not
 * ours any more: FALSE. */
gboolean kafka_consumer_store (KafkaConsumer *consumer, const char *topic, int number,
                               gint64 offset);
void kafka_consumer_commit (KafkaConsumer *consumer, gboolean wait); /* what has been stored */

/* A partition of ours, "topic/number", of which the broker has forgotten what we have committed: its
 * log is not the one that was read, and records may lie below our position that nobody will read.
 * NULL: none, or it is not known. Any thread but that of the other calls; waits at most
 * @timeout_ms. Owned. Source: README.md, 16. */
char *kafka_consumer_find_other_log (KafkaConsumer *consumer, int timeout_ms);

/* Leaves the group (runs on_revoke). */
void kafka_consumer_close (KafkaConsumer *consumer);
void kafka_consumer_free (KafkaConsumer *consumer);
rd_kafka_t *kafka_consumer_handle (KafkaConsumer *consumer);
