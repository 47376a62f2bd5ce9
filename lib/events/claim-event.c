/* One change of state of a group, a claim, an attempt, a step or an e-mail. */
#include "events/claim-event.h"

#include "events/event.h"

static const EventField fields[] = {
  { "claim_group_id", EVENT_TEXT, G_STRUCT_OFFSET (ClaimEvent, claim_group_id) },
  { "sequence", EVENT_NUMBER, G_STRUCT_OFFSET (ClaimEvent, sequence) },
  { "subject", EVENT_SYMBOL, G_STRUCT_OFFSET (ClaimEvent, subject) },
  { "claim_id", EVENT_NUMBER_OR_ZERO, G_STRUCT_OFFSET (ClaimEvent, claim_id) },
  { "from_state", EVENT_TEXT_OR_NULL, G_STRUCT_OFFSET (ClaimEvent, from_state) },
  { "to_state", EVENT_TEXT, G_STRUCT_OFFSET (ClaimEvent, to_state) },
  { "reason", EVENT_PROSE_OR_NULL, G_STRUCT_OFFSET (ClaimEvent, reason) },
  { "consumer", EVENT_TEXT, G_STRUCT_OFFSET (ClaimEvent, consumer) },
  { "replay", EVENT_NUMBER, G_STRUCT_OFFSET (ClaimEvent, replay) },
  { "at", EVENT_NUMBER, G_STRUCT_OFFSET (ClaimEvent, at_ms) },
  { NULL },
};

const EventType claim_event_type = { "claim-event", sizeof (ClaimEvent), fields };

GBytes *
claim_event_encode (EventCodec *codec, const char *topic, const ClaimEvent *event, GError **error)
{
  return event_encode (codec, topic, &claim_event_type, event, error);
}

gpointer
claim_event_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &claim_event_type, value, error);
}

void
claim_event_free (gpointer event)
{
  event_free (&claim_event_type, event);
}
