/* Retry tiers: the topics in which a message waits for its next attempt, one for each length of
 * wait.
 *
 * Written "15s*3,2m*3,1h": three retries of 15 s, three of 2 min, one of an hour. Each wait is one
 * topic of its consumer, named by it and used as often as it is written. A tier is a FIFO, so waits
 * in it must not cross: the jitter is a fixed part of the wait for each partition of each tier.
 * Source: README.md, 6. */
#pragma once

#include <glib.h>

#define RETRY_TIERS_MAX 1000 /* retries altogether */

typedef struct {
  char *name; /* "15s", as written */
  gint64 wait_ms;
  guint repeats;
} RetryTier;

/* Array of RetryTier *, owned; "" is none. Errors: %SETTINGS_ERROR_INVALID, naming the part that is
 * no tier. */
GPtrArray *retry_tiers_parse (const char *text, GError **error);

guint retry_tiers_count (const GPtrArray *tiers); /* retries, all repeats counted */
/* The tier of that retry, from 1; NULL when there is none. Borrowed. */
const RetryTier *retry_tiers_of (const GPtrArray *tiers, guint retry);
/* NULL: not one of them */
const RetryTier *retry_tiers_find (const GPtrArray *tiers, const char *name);

/* "form-674.retry-15s", without prefix; owned */
char *retry_topic (const char *consumer, const char *tier_name);
/* The tier's name in a topic's, borrowed; NULL when it is not one of @consumer's retry topics.
 * @topic without prefix. */
const char *retry_topic_tier (const char *consumer, const char *topic);

/* 0 to a tenth of @wait_ms, the same for every record of that partition. @topic without prefix. */
gint64 retry_jitter_ms (const char *topic, int partition, gint64 wait_ms);

/* For how long a record may lie in a tier: its wait with the largest jitter, and as long as it may
 * wait for a downstream that is away. A topic that keeps records for less would lose them. */
gint64 retry_tier_needs_ms (gint64 wait_ms, gint64 outage_max_wait_ms);
