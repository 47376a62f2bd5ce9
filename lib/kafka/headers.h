/* Record headers: ours are text and replaced, foreign ones are bytes and pass through untouched.
 *
 * Source: README.md, 9. */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>

typedef struct KafkaHeaders KafkaHeaders;

KafkaHeaders *kafka_headers_new (void);
KafkaHeaders *kafka_headers_copy (const KafkaHeaders *headers);
KafkaHeaders *kafka_headers_of_message (const rd_kafka_message_t *message);
void kafka_headers_free (KafkaHeaders *headers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaHeaders, kafka_headers_free)

/* Appends a foreign header as it is; @value NULL is a NULL value. */
void kafka_headers_add_foreign (KafkaHeaders *headers, const char *name, gconstpointer value,
                                gsize length);
/* Replaces all headers of that name; @text NULL removes them. Text is cut at 1,024 bytes (at a
 * character). */
void kafka_headers_set (KafkaHeaders *headers, const char *name, const char *text);
void kafka_headers_set_int (KafkaHeaders *headers, const char *name, gint64 value);
/* Takes out all whose names begin with @prefix. */
void kafka_headers_drop (KafkaHeaders *headers, const char *prefix);
/* The newest header of that name as text, borrowed; NULL when absent, NULL-valued or not UTF-8. */
const char *kafka_headers_get (const KafkaHeaders *headers, const char *name);
/* @fallback when absent or no decimal integer within the bounds. */
gint64 kafka_headers_get_int (const KafkaHeaders *headers, const char *name, gint64 min, gint64 max,
                              gint64 fallback);

/* Shortens the texts of @names (NULL-ended, the least important first) until the headers whose
 * names begin with @prefix have at most @budget bytes, names counted, or nothing is left to
 * shorten. */
void kafka_headers_fit (KafkaHeaders *headers, const char *prefix, gsize budget,
                        const char *const *names);

/* Bytes that the headers take in a record, its own framing of them counted (at its largest). */
gsize kafka_headers_size (const KafkaHeaders *headers);
/* Takes out headers whose names do not begin with @prefix, the largest first, until
 * kafka_headers_size() is at most @budget or only @prefix's are left. Returns: how many. */
guint kafka_headers_drop_foreign (KafkaHeaders *headers, const char *prefix, gsize budget);

/* For the outbox row: length-prefixed, any bytes. kafka_headers_unpack() gives NULL for bytes it
 * did not make. */
GBytes *kafka_headers_pack (const KafkaHeaders *headers);
KafkaHeaders *kafka_headers_unpack (GBytes *packed);
rd_kafka_headers_t *kafka_headers_to_rd (const KafkaHeaders *headers);
