/* A record as ours: the dp- headers, read and written here and nowhere else.
 *
 * A foreign producer can write anything into a header. What is no value of ours, or over its bound,
 * counts as not there, so that nothing that comes from outside can be too long for a row, a log
 * line or the next record. Foreign headers are carried on byte for byte; ours are replaced, never
 * appended, and together have at most 3,072 bytes. The prefix dp- is ours: a name with it that is
 * none of ours goes no further.
 *
 *   dp-message-id, dp-hop, dp-replay   the inbox key; hop rises with every record of a message
 *   dp-attempt                         attempts spent; chooses the tier
 *   dp-attempts-of                     tiers: whose attempts these are
 *   dp-not-before                      tiers: UTC ms of the database's clock
 *   dp-waiting-since                   tiers: since when it has waited for a downstream
 *   dp-source, dp-reason, dp-error-class, dp-first-failed-at, dp-failures
 *                                      tiers, dead letter, quarantine: where it came from, why, since when
 *   dp-steps, dp-insert                dead letter, quarantine: what had taken effect; "unknown" when nobody
 * knows; carried on by who reads dead letters */
#pragma once

#include "kafka/headers.h"

#define RECORD_ID_MAX_BYTES 128

#define RECORD_SOURCE      "dp-source"
#define RECORD_REASON      "dp-reason"
#define RECORD_ERROR_CLASS "dp-error-class"
#define RECORD_STEPS       "dp-steps"
#define RECORD_INSERT      "dp-insert"
#define RECORD_NOT_BEFORE  "dp-not-before"

typedef struct {
  char *message_id; /* the header's, or topic/partition/offset */
  guint hop, replay, attempt;
  gint64 not_before_ms;      /* 0: none */
  gint64 waiting_since_ms;   /* 0: not */
  gint64 first_failed_at_ms; /* 0: never */
  char *attempts_of;         /* the consumer that has spent them; NULL: not said */
  char *failures;            /* first and last failures, neutral texts; NULL: none */
  char *source;              /* where the message's first record lies; NULL: this is it */
  char *traceparent;         /* NULL: none, or none that W3C Trace Context allows */
  char *steps;               /* finished before it died, with commas; NULL */
  gboolean insert_in_doubt;
  KafkaHeaders *headers; /* all, as they came */
} Record;

/* Takes @headers. */
Record *record_read (const char *topic, int partition, gint64 offset, KafkaHeaders *headers_taken);
void record_free (Record *record);
/* "topic/partition/offset": where a record lies. Owned. */
char *record_place (const char *topic, int partition, gint64 offset);
/* Its id is that of its place from now on: what is no record of ours must not be taken for the
 * message whose id it bears. */
void record_disown (Record *record, const char *topic, int partition, gint64 offset);
/* Another scope's record has come under its id first, and has the inbox row: from now on it goes
 * under an id of @scope's own, the same however often it comes. Hop and replay stay. */
void record_set_apart (Record *record, const char *scope);

/* The replay number alone. */
guint record_replay (const KafkaHeaders *headers);

/* For a consumer that reads what others have given up: what they have spent and waited is not its
 * own, unless the record says that it is. History, source and reason stay. */
void record_begin_anew (Record *record, const char *consumer);

/* What record_read() and kafka_headers_get() would say of a message's id and of a header, for who
 * wants no more of very many: owned, as record_read()'s; owned, NULL as there. */
char *record_message_id (const rd_kafka_message_t *message);
char *record_header (const rd_kafka_message_t *message, const char *name);
/* What orders records: the key as text, also one that is long or no text at all. Owned; NULL: none,
 * it is in nobody's way. */
char *record_key (gconstpointer key, gsize length);

/* --- Writing --- */

/* The trace of a claim group whose submitter brought none: its guid is the trace's id, so that all who
 * tell of the group tell of the same. NULL: no guid. Owned. */
char *record_trace_of_group (const char *guid);
/* The headers of a message's first record. @traceparent NULL begins a trace. Owned. */
KafkaHeaders *record_new_headers (const char *message_id, guint replay, const char *traceparent);

typedef struct {
  const char *topic; /* where this record lies */
  int partition;
  gint64 offset;
  gint64 now_ms;
  const char *reason, *error_class; /* NULL: none */
  gboolean spends_attempt;
  const char *consumer;                   /* whose attempts they are; NULL: nobody's from here on */
  gboolean keeps_effects;                 /* what it says of dp-steps and dp-insert holds on */
  gint64 not_before_ms, waiting_since_ms; /* 0: none */
} RecordStep;
/* The headers of its next record: hop + 1, the attempt when one is spent, its history. Owned. */
KafkaHeaders *record_next_headers (const Record *record, const RecordStep *step);
/* The texts give way, the least important first, until ours have their bound. */
void record_fit_headers (KafkaHeaders *headers);
