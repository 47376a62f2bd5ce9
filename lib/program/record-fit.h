/* Whether a record that goes on fits the topic it goes to, and what becomes of one that does not.
 * Pure. */
#pragma once

#include "kafka/headers.h"

#define RECORD_LIMIT_UNKNOWN                                                                       \
  999872 /* bytes; where the broker does not say: below Kafka's default */

typedef struct {
  /* Bytes of key, value and headers a record of the topic may have: outbox_record_limit(); 0:
   * unknown */
  gsize limit;
  int partitions; /* the topic has at least: outbox_partitions(); 0: unknown */
} RecordRoom;

typedef enum {
  RECORD_WHOLE,
  RECORD_TRIMMED, /* without some foreign headers: dp-headers-dropped says how many */
  /* Without its value, and without its key if that is too large as well: dp-reference says where
   * the bytes lie (topic/partition/offset), dp-size how many the value has */
  RECORD_BY_REFERENCE,
} RecordFit;

/**
 * record_fit:
 * @partition: in, out: becomes -1 (by key) where the topic has fewer partitions
 * @key, @value: in, out; owned, NULL allowed. A value that is left out becomes an empty one: a
 *   tombstone means something else
 * @headers: ours begin with "dp-" and stay; others go, the largest first, as far as they must
 * @reference: topic/partition/offset of the record as it was read
 *
 * Ours are within their own budget before (kafka_headers_fit()). A record that comes out
 * RECORD_BY_REFERENCE is for quarantine: its reader is a person. Never send one to a retry tier or
 * the dead letter, whose readers need the value; records of claims hold ids only, so what is too
 * large there is padding or foreign.
 */
RecordFit record_fit (const RecordRoom *room, gint32 *partition, GBytes **key, GBytes **value,
                      KafkaHeaders *headers, const char *reference);
