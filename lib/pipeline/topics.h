/* The table of topics, compiled in from schemas/topics.json. */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>
#include "base/settings.h"

typedef struct {
  char *name; /* without prefix */
  int partitions;
  gint64 retention_ms;
  char *schema;     /* stem in schemas/avro; NULL: bytes of the original record */
  char *retry_tier; /* "15s" for <c>.retry-15s; NULL for the others */
  gint64 retry_delay_ms;
} Topic;
void topic_free (gpointer topic);

/* All topics, the retry tiers of every consumer included; of Topic *, owned. */
GPtrArray *topics_table (void);

/* Compares the cluster's topics with the table's. The error names every missing topic and every
 * wrong partition count and what to do. Errors: KAFKA_ERROR_AWAY (ask again), KAFKA_ERROR_TOPICS.
 */
gboolean topics_check (rd_kafka_t *handle, const char *prefix, int timeout_ms, GError **error);
