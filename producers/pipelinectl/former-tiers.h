/* Retry topics that retry-tiers no longer names. Their consumers still read them, so they run
 * empty, and nobody deletes a topic that may still hold a claim without being told that it does
 * not. */
#pragma once

#include <librdkafka/rdkafka.h>
#include "base/settings.h"

/* Prints a line for each: how many records wait in it, or that it may be deleted. @table: of Topic
 * *. Each answer is waited for at most @timeout_ms. Errors: %KAFKA_ERROR_AWAY. */
gboolean former_tiers_tell (rd_kafka_t *handle, const Settings *settings, const GPtrArray *table,
                            int timeout_ms, GError **error);
