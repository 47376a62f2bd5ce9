/* BGS has taken all claims of a group: its papers are to be stored. Schema:
 * schemas/avro/papers-ready.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *claim_group_id; /* the group's guid */
  gint64 parent_claim_id;
} PapersReady;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *papers_ready_encode (EventCodec *codec, const char *topic, const PapersReady *event,
                             GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer papers_ready_decode (EventCodec *codec, GBytes *value, GError **error);
void papers_ready_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PapersReady, papers_ready_free)
