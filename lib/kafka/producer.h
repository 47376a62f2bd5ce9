/* A producer: idempotent, with a delivery report for every record. Thread safe.
 * A record is published when its report says so, and not before. Source: README.md, 8.
 */
#pragma once

#include "kafka/client.h"
#include "kafka/headers.h"

typedef enum {
  KAFKA_PUBLISHED,
  /* Certainly or possibly not written: publish it again, readers drop doubles by message id */
  KAFKA_NOT_PUBLISHED,
  /* Its topic does not take it: too large, a partition that is not there; or it was in one batch
   * with such a record */
  KAFKA_REFUSED,
} KafkaReport;
/* Where a published record lies. */
typedef struct {
  gint32 partition;
  gint64 offset; /* -1: the broker did not tell, as of a batch that it had already */
} KafkaPlace;
/* Runs in the producer's own thread; must not block. @place holds for KAFKA_PUBLISHED only. */
typedef void (*KafkaReported) (gpointer opaque, KafkaReport report, KafkaPlace place,
                               const char *text, gpointer data);

typedef struct KafkaProducer KafkaProducer;
#define KAFKA_BATCH_BYTES 1000000
/* @batch_max_bytes: of records that go together; a larger one goes alone. Not more than
 *   KAFKA_BATCH_BYTES. */
KafkaProducer *kafka_producer_new (const Settings *settings, gsize batch_max_bytes,
                                   KafkaReported reported, gpointer data, GError **error);
/* Does not flush; see kafka_producer_flush(). */
void kafka_producer_free (KafkaProducer *producer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaProducer, kafka_producer_free)

/**
 * kafka_producer_send:
 * @partition: -1: chosen by key (murmur2, as the Java clients do)
 * @value: NULL is a tombstone
 * Returns: FALSE when the local queue is full: the caller keeps the record and tries again.
 * Everything else is reported.
 */
gboolean kafka_producer_send (KafkaProducer *producer, const char *topic, gint32 partition,
                              GBytes *key, GBytes *value, const KafkaHeaders *headers,
                              gpointer opaque);
/* Waits until all reports have come; FALSE after @timeout_ms. */
gboolean kafka_producer_flush (KafkaProducer *producer, int timeout_ms);
rd_kafka_t *kafka_producer_handle (KafkaProducer *producer);
gboolean kafka_producer_is_fatal (KafkaProducer *producer);
