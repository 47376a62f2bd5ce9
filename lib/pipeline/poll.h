/* The poll thread: reads records, answers rebalances, stores and commits offsets. */
#pragma once

#include "pipeline/life.h"

typedef struct Poll Poll;

Poll *poll_new (const Context *context, Window *window);
void poll_free (Poll *poll); /* NULL is fine */
/* There may be something to hand out or to store; any thread. LifeWake, BreakerChanged. */
void poll_wake (gpointer poll);
/* Joins the consumer group; @topics with prefix. @life borrowed. */
gboolean poll_join (Poll *poll, Life *life, char **topics, GError **error);
/* Until SIGTERM or SIGINT. Errors: %KAFKA_ERROR_FATAL. */
gboolean poll_run (Poll *poll, GError **error);
/* Leaves the group; work comes to its boundary as for a revoke. */
void poll_leave (Poll *poll);
/* Whether it has looked lately; any thread. */
gboolean poll_is_alive (gpointer poll);
