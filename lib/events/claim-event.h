/* One change of state of a group, a claim, an attempt, a step or an e-mail. Schema:
 * schemas/avro/claim-event.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *claim_group_id; /* the group's guid */
  gint64 sequence;      /* gapless per group, from 1 */
  const char *subject; /* GROUP, CLAIM, ATTEMPT, STEP, EMAIL, PAPER; OTHER: a later one; borrowed */
  gint64 claim_id;     /* 0: not about one claim */
  char *from_state;    /* NULL: there was none */
  char *to_state;
  char *reason;   /* neutral text, never personal data; cut at 4096 bytes */
  char *consumer; /* who caused it */
  gint64 replay;  /* the group's replay number */
  gint64 at_ms;   /* UTC */
} ClaimEvent;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *claim_event_encode (EventCodec *codec, const char *topic, const ClaimEvent *event,
                            GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer claim_event_decode (EventCodec *codec, GBytes *value, GError **error);
void claim_event_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClaimEvent, claim_event_free)
