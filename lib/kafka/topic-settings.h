/* Settings that topics have at the broker, which must answer admin calls (setting broker-admin). */
#pragma once

#include "kafka/client.h"

#define KAFKA_TOPIC_RETENTION    "retention.ms"      /* -1: for ever */
#define KAFKA_TOPIC_RECORD_LIMIT "max.message.bytes" /* of a batch, its frame counted */

/**
 * kafka_topic_setting:
 * @topics: full names, NULL-ended
 * @setting: one whose values are numbers
 *
 * Waits at most @timeout_ms and a little. Errors: %KAFKA_ERROR_AWAY.
 * Returns: name -> gint64 *, without topics whose setting cannot be read; owned.
 */
GHashTable *kafka_topic_setting (rd_kafka_t *handle, const char *const *topics, const char *setting,
                                 int timeout_ms, GError **error);
