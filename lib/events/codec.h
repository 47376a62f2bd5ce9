/* Events as bytes: Avro, with a schema registry or without.
 *
 * With a registry: Confluent wire format (0, id as 4 bytes, body), each schema registered under
 * TopicNameStrategy ("<topic>-value") from the .avsc file's own text. Without: Avro single-object
 * encoding (C3 01, CRC-64-AVRO of the canonical form, body). Reading accepts both, and every older
 * version of a schema: a value is read with its writer's schema, then copied field by name; missing
 * fields take the .avsc default. Source: schemas/README.md, 3. */
#pragma once

#include "events/error.h"

/* Asks the registry; method GET or POST, path such as "/subjects/x-value/versions". Returns the
 * JSON body of a 200, NULL + error otherwise: EVENTS_ERROR_UNKNOWN for 404, EVENTS_ERROR_REGISTRY
 * for everything that may pass. The events room knows no HTTP: programs hand this in
 * (program/registry.h). */
typedef char *(*RegistryAsk) (const char *method, const char *path, const char *body, gpointer data,
                              GError **error);

typedef struct EventCodec EventCodec;
/* Ask NULL: single-object encoding. Thread safe, caches ids */
EventCodec *event_codec_new (RegistryAsk ask, gpointer data);

/**
 * event_codec_prepare:
 * @topic: full name, prefix included
 * @stem: "claim-submitted": schemas/avro/claim-submitted.avsc
 *
 * Registers the schema under the topic's subject now, so that no later encode asks the registry,
 * least of all within a database transaction. Call it at start for every topic that the program may
 * write. Without a registry it does nothing. A stem without a schema is a programming mistake
 * (g_error).
 *
 * Errors: %EVENTS_ERROR_REGISTRY, also for a registry that refuses the schema as incompatible.
 */
gboolean event_codec_prepare (EventCodec *codec, const char *topic, const char *stem,
                              GError **error);
void event_codec_free (EventCodec *codec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EventCodec, event_codec_free)
