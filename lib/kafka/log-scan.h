/* Reads parts of logs from their beginning to an end that is fixed before: by assignment alone, so
 * that no group is joined and no group's offsets move. Offsets may have holes. One thread. */
#pragma once

#include "kafka/client.h"

typedef struct {
  char *topic; /* full name */
  int partition;
  gint64 from, to; /* offsets; @to is the one after the last */
} KafkaStretch;
KafkaStretch *kafka_stretch_new (const char *topic, int partition, gint64 from, gint64 to);
void kafka_stretch_free (gpointer stretch);

typedef struct KafkaScan KafkaScan;
/* Errors: %KAFKA_ERROR_SETTING. */
KafkaScan *kafka_scan_new (const Settings *settings, GError **error);
void kafka_scan_free (KafkaScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaScan, kafka_scan_free)

/* How far a partition's log reaches now, as a stretch from its first record to its end. NULL +
 * %KAFKA_ERROR_AWAY. */
KafkaStretch *kafka_scan_whole (KafkaScan *scan, const char *topic, int partition, int timeout_ms,
                                GError **error);
/* The first offset whose record was written at or after @since_ms by whoever wrote it; the end
 * where there is none. -1 + %KAFKA_ERROR_AWAY, also from a broker that cannot tell. */
gint64 kafka_scan_offset_at (KafkaScan *scan, const KafkaStretch *stretch, gint64 since_ms,
                             int timeout_ms, GError **error);

/* Begins to read @stretches (of KafkaStretch *, borrowed until the scan is freed), those of one
 * partition once. Errors: %KAFKA_ERROR_SETTING. */
gboolean kafka_scan_begin (KafkaScan *scan, const GPtrArray *stretches, GError **error);
/* A record, borrowed for the call; NULL: nothing has come for a moment. FALSE: no more are wanted. */
typedef gboolean (*KafkaScanRecord) (const rd_kafka_message_t *message, gpointer data);
/**
 * kafka_scan_read:
 *
 * Gives every record of all of them to @record, those of a partition in their order, and returns
 * when all have been read or no more are wanted. Errors: %KAFKA_ERROR_AWAY when nothing comes for
 * @timeout_ms.
 */
gboolean kafka_scan_read (KafkaScan *scan, int timeout_ms, KafkaScanRecord record, gpointer data,
                          GError **error);
