/* What consumers and producers of librdkafka share: configuration from settings, log lines, fatal
 * errors.
 *
 * Settings under "kafka." pass through; group properties among them go to consumers only. */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>
#include "base/settings.h"

#define KAFKA_ERROR (kafka_error_quark ())
GQuark kafka_error_quark (void);
typedef enum {
  KAFKA_ERROR_SETTING,       /* the library refuses a property */
  KAFKA_ERROR_AWAY,          /* no broker answers */
  KAFKA_ERROR_TOPICS,        /* a topic is not as it must be */
  KAFKA_ERROR_TOPIC_MISSING, /* nothing else is wrong with them: they may yet come */
  KAFKA_ERROR_FATAL,         /* the handle never recovers: exit */
} KafkaError;

/* How often a client asks by itself how many partitions its topics have. */
#define KAFKA_METADATA_REFRESH_MS "30000"

/* @defaults: alternating property, value, NULL-ended; passed-through settings win over them. */
rd_kafka_conf_t *kafka_conf_new (const Settings *settings, gboolean is_consumer,
                                 const char *const *defaults, GError **error);

/* A consumer that only looks: it is no member of a group, whatever else the process is. @defaults as
 * above, may be NULL; @fixed, of the same form, win over passed-through settings. @what it looks for,
 * for the error. Errors: %KAFKA_ERROR_SETTING. */
rd_kafka_t *kafka_onlooker_new (const Settings *settings, const char *what,
                                const char *const *defaults, const char *const *fixed,
                                GError **error);

extern const Setting kafka_settings[]; /* kafka-brokers, topic-prefix, broker-admin */

/* Partition counts by name of all topics the cluster has (asked without naming one, so that none is
 * made). Errors: %KAFKA_ERROR_AWAY. */
GHashTable *kafka_topic_partitions (rd_kafka_t *handle, int timeout_ms, GError **error);
/* The same of how many replicas a partition of it has, of that one which has the fewest. */
GHashTable *kafka_topic_copies (rd_kafka_t *handle, int timeout_ms, GError **error);

/* @at: ms of the epoch, for the first record that was written then or later; or
 * %RD_KAFKA_OFFSET_BEGINNING, %RD_KAFKA_OFFSET_END. Within @timeout_ms (twice that of a partition
 * without a leader), unlike the library's own question for both ends (README, rule 10). */
rd_kafka_resp_err_t kafka_ask_offset (rd_kafka_t *handle, const char *topic, int partition,
                                      gint64 at, int timeout_ms, gint64 *ret_offset);
/* How far a log reaches: its first offset, and the one after its last; each within @timeout_ms. */
rd_kafka_resp_err_t kafka_ask_ends (rd_kafka_t *handle, const char *topic, int partition,
                                    int timeout_ms, gint64 *ret_low, gint64 *ret_high);

/* After a question to the broker that ended with @code: whether to ask it once more, after a short
 * pause. A partition's leader or a group's coordinator may be changing, or be new and not known
 * yet. FALSE at @until_ms (monotonic), and where it was answered. */
gboolean kafka_shall_ask_again (rd_kafka_resp_err_t code, gint64 until_ms);
