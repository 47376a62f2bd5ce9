/* One child claim may go to BGS: its group's proc and proc forms exist. Schema:
 * schemas/avro/child-claim-ready.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *claim_group_id; /* the group's guid */
  gint64 claim_id;      /* the child claim */
  char *proc_id;        /* the BGS proc that all children of the group share */
} ChildClaimReady;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *child_claim_ready_encode (EventCodec *codec, const char *topic,
                                  const ChildClaimReady *event, GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer child_claim_ready_decode (EventCodec *codec, GBytes *value, GError **error);
void child_claim_ready_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChildClaimReady, child_claim_ready_free)
