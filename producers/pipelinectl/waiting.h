/* What a consumer group has still to handle in a topic. */
#pragma once

#include <librdkafka/rdkafka.h>
#include "base/settings.h"

/* A client that may ask what the consumer's group has committed; it joins nothing.
 * rd_kafka_destroy() ends it. NULL: error is set. */
rd_kafka_t *waiting_client_new (const Settings *settings, const char *consumer, GError **error);

/* Records that the group has not committed; -1: error is set (%KAFKA_ERROR_AWAY). @ret_end: grows
 * by the partitions' ends, so that an equal sum later says that nothing has been written; may be
 * NULL. */
gint64 waiting_count (rd_kafka_t *client, const char *topic, int partitions, int timeout_ms,
                      gint64 *ret_end, GError **error);
