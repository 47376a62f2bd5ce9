/* Settings that topics have at the broker, which must answer admin calls (setting broker-admin). */
#pragma once

#include "kafka/client.h"

#define KAFKA_TOPIC_RETENTION    "retention.ms"      /* -1: for ever */
#define KAFKA_TOPIC_RECORD_LIMIT "max.message.bytes" /* of a batch, its frame counted */
#define KAFKA_TOPIC_INSYNC       "min.insync.replicas"

/* Source: README.md, rule 15. */
#define KAFKA_TOPIC_COMPRESSION "compression.type"
#define KAFKA_UNCOMPRESSED      "uncompressed"

/**
 * kafka_topic_setting_texts:
 * @topics: full names, NULL-ended
 *
 * Waits at most @timeout_ms and a little. Errors: %KAFKA_ERROR_AWAY.
 * Returns: name -> char *, without topics whose setting cannot be read; owned.
 */
GHashTable *kafka_topic_setting_texts (rd_kafka_t *handle, const char *const *topics,
                                       const char *setting, int timeout_ms, GError **error);

/**
 * kafka_topic_setting:
 * @setting: one whose values are numbers
 *
 * As above. Returns: name -> gint64 *, without topics whose setting cannot be read; owned.
 */
GHashTable *kafka_topic_setting (rd_kafka_t *handle, const char *const *topics, const char *setting,
                                 int timeout_ms, GError **error);
