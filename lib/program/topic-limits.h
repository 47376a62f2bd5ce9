/* What the broker says of topics that are written to: how many partitions, and how large a record
 * each takes. Thread safe. */
#pragma once

#include "kafka/producer.h"

typedef struct TopicLimits TopicLimits;

/* @asks_sizes: the broker answers administrators' questions (broker-admin). */
TopicLimits *topic_limits_new (gboolean asks_sizes);
void topic_limits_free (TopicLimits *limits); /* NULL is let through */

/* @topics: full names, NULL-ended. Errors: %KAFKA_ERROR_AWAY. */
gboolean topic_limits_learn (TopicLimits *limits, rd_kafka_t *handle, const char *const *topics,
                             int timeout_ms, GError **error);
/* Every 5 minutes, and sooner once something was refused; returns at once when it is not due. What
 * the broker does not tell now stays as it was. */
void topic_limits_learn_again (TopicLimits *limits, rd_kafka_t *handle);
void topic_limits_learn_soon (TopicLimits *limits);

gsize topic_limits_least (TopicLimits *limits); /* of all topics; %KAFKA_BATCH_BYTES at most */
/* Bytes of key, value and headers; 0: unknown. */
gsize topic_limits_record (TopicLimits *limits, const char *topic);
int topic_limits_partitions (TopicLimits *limits, const char *topic); /* 0: unknown */
