/* How long topics keep their records: asked of the broker, which must answer admin calls (setting broker-admin). */
#pragma once

#include "kafka/client.h"

/**
 * kafka_topic_retentions:
 * @topics: full names, NULL-ended
 *
 * Waits at most @timeout_ms and a little. Errors: %KAFKA_ERROR_AWAY.
 * Returns: name -> gint64 *, retention.ms (-1: for ever), without topics whose retention cannot be read; owned.
 */
GHashTable *kafka_topic_retentions (rd_kafka_t *handle, const char *const *topics, int timeout_ms,
                                    GError **error);
