/* A claim group is stored and accepted. */
#include "events/claim-submitted.h"

#include "events/event.h"

static const EventField fields[] = {
  { "claim_group_id", EVENT_TEXT, G_STRUCT_OFFSET (ClaimSubmitted, claim_group_id) },
  { "parent_claim_id", EVENT_NUMBER, G_STRUCT_OFFSET (ClaimSubmitted, parent_claim_id) },
  { "submitted_at", EVENT_NUMBER, G_STRUCT_OFFSET (ClaimSubmitted, submitted_at_ms) },
  { NULL },
};

const EventType claim_submitted_type = { "claim-submitted", sizeof (ClaimSubmitted), fields };

GBytes *
claim_submitted_encode (EventCodec *codec, const char *topic, const ClaimSubmitted *event,
                        GError **error)
{
  return event_encode (codec, topic, &claim_submitted_type, event, error);
}

gpointer
claim_submitted_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &claim_submitted_type, value, error);
}

void
claim_submitted_free (gpointer event)
{
  event_free (&claim_submitted_type, event);
}
