/* One child claim may go to BGS: its group's proc and proc forms exist. */
#include "events/child-claim-ready.h"

#include "events/event.h"

static const EventField fields[] = {
  { "claim_group_id", EVENT_TEXT, G_STRUCT_OFFSET (ChildClaimReady, claim_group_id) },
  { "claim_id", EVENT_NUMBER, G_STRUCT_OFFSET (ChildClaimReady, claim_id) },
  { "proc_id", EVENT_TEXT, G_STRUCT_OFFSET (ChildClaimReady, proc_id) },
  { NULL },
};

const EventType child_claim_ready_type = { "child-claim-ready", sizeof (ChildClaimReady), fields };

GBytes *
child_claim_ready_encode (EventCodec *codec, const char *topic, const ChildClaimReady *event,
                          GError **error)
{
  return event_encode (codec, topic, &child_claim_ready_type, event, error);
}

gpointer
child_claim_ready_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &child_claim_ready_type, value, error);
}

void
child_claim_ready_free (gpointer event)
{
  event_free (&child_claim_ready_type, event);
}
