/* The broker as `pipelinectl topics` asks it. */
#pragma once

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include "base/settings.h"
#include "program/topics.h"

#define ADMIN_TIMEOUT_MS 30000

typedef struct {
  const Settings *settings;
  const char *prefix;
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
  GPtrArray *table; /* of Topic * */
  json_t *told;     /* what --json prints at the end; NULL: each thing as a line of text, at once */
} Broker;

/* That @what ("created") holds of a topic: a line, or a member of the list of that name. */
void broker_tell (const Broker *broker, const char *name, const char *what);
/* Where progress goes: what --json prints is one document alone. */
FILE *broker_progress (const Broker *broker);

/* Connects; settings and the rest are there. Errors: %KAFKA_ERROR. */
gboolean broker_open (Broker *broker, GError **error);
void broker_close (Broker *broker);                            /* also one that was never open */
char *broker_topic (const Broker *broker, const Topic *topic); /* its full name; owned */
rd_kafka_AdminOptions_t *broker_admin_options (Broker *broker, rd_kafka_admin_op_t operation);
/* The answer to an admin request; owned by the caller. Errors: %KAFKA_ERROR_AWAY. */
rd_kafka_event_t *broker_await (Broker *broker, GError **error);
