/* The table of topics, compiled in from schemas/topics.json, and whether a cluster's topics are as
 * it says. */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>
#include "base/settings.h"

/* retry-tiers and what tiers depend on; for consumers, and for who makes or checks their topics. */
extern const Setting tier_settings[];

typedef struct {
  char *name;     /* without prefix */
  int partitions; /* at least, and when it is made */
  /* By key, with equal numbers of partitions: what the pipeline itself reads */
  gboolean is_ordered;
  gint64 retention_ms;
  char *schema;     /* stem in schemas/avro; NULL: bytes of the original record */
  char *consumer;   /* whose retry tier it is; NULL for the others */
  char *reader;     /* the consumer that has it as its source; NULL for the others */
  char *retry_tier; /* "15s" for <c>.retry-15s; NULL for the others */
  gint64 retry_delay_ms;
} Topic;
void topic_free (gpointer topic);

/* All topics, the retry tiers of every consumer included; of Topic *, owned. @retry_tiers: a valid
 * setting retry-tiers; NULL or "": each consumer's own in the table. */
GPtrArray *topics_table (const char *retry_tiers);
/* The topics that a program needs: all but other consumers' retry tiers. A consumer that the table
 * does not have (a bench's) has the tiers of @retry_tiers, if any. */
GPtrArray *topics_of_program (const char *name, const char *retry_tiers);
/* Borrowed; NULL: not one of them */
const Topic *topics_find (const GPtrArray *table, const char *name);
/* A consumer's retry-tiers as they hold: the setting's, else the table's; "" for none. Owned. */
char *topics_retry_tiers (const char *consumer, const char *retry_tiers);

/**
 * topics_check:
 * @table: of Topic *
 * @ret_unequal: NULL, or says which of the topics that are ordered by key have fewer partitions
 *   than others, and what to do; owned. Where it may be NULL itself, that is an error.
 *
 * Compares the cluster's topics with the table, whose number of partitions is the least. Topics
 * that were grown are no reason not to start: records go on (by key, where their own partition is
 * not there), claims are safe by token and lock; what is lost is that a Veteran's records are
 * handled one after another. The error names every missing topic and every one that has too few
 * partitions, and what to do. Errors: %KAFKA_ERROR_AWAY and %KAFKA_ERROR_TOPIC_MISSING (ask again),
 * %KAFKA_ERROR_TOPICS.
 */
gboolean topics_check (rd_kafka_t *handle, const char *prefix, const GPtrArray *table,
                       int timeout_ms, char **ret_unequal, GError **error);

/* The most partitions that one of those ordered by key has. @counts: of
 * kafka_topic_partitions(). */
int topics_most_partitions (GHashTable *counts, const char *prefix, const GPtrArray *table);

/**
 * topics_to_read:
 * @table: of Topic *, with the tiers of @consumer
 *
 * The full names of what a consumer subscribes to: @source, its tiers, and every other <c>.retry-…
 * that the cluster has, for what waits in a tier that the setting no longer names is not forgotten.
 * Tells of one with another partition count: its records go to members that do not have their keys.
 * Errors: %KAFKA_ERROR_AWAY.
 * Source: schemas/README.md, 1. Returns: NULL-ended, owned (g_strfreev).
 */
char **topics_to_read (rd_kafka_t *handle, const char *prefix, const GPtrArray *table,
                       const char *consumer, const char *source, int timeout_ms, GError **error);

/**
 * topics_check_retention:
 * @names: full names, NULL-ended, of one consumer's source and tiers
 *
 * Refuses a tier that loses records before they are due, and a topic whose records can come again
 * after the inbox has forgotten them. Errors: %KAFKA_ERROR_AWAY, also of a topic that was made this
 * moment, which not every broker knows; %KAFKA_ERROR_TOPICS. Source: schemas/README.md, 1.
 */
gboolean topics_check_retention (rd_kafka_t *handle, const char *prefix, const char *consumer,
                                 char **names, gint64 outage_max_wait_ms, gint64 inbox_days,
                                 int timeout_ms, GError **error);
