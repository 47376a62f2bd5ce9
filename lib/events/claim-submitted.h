/* A claim group is stored and accepted. Schema: schemas/avro/claim-submitted.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *claim_group_id; /* the group's guid */
  gint64 parent_claim_id;
  gint64 submitted_at_ms; /* UTC */
} ClaimSubmitted;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *claim_submitted_encode (EventCodec *codec, const char *topic, const ClaimSubmitted *event,
                                GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer claim_submitted_decode (EventCodec *codec, GBytes *value, GError **error);
void claim_submitted_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClaimSubmitted, claim_submitted_free)
