/* BGS has taken all claims of a group: its papers are to be stored. */
#include "events/papers-ready.h"

#include "events/event.h"

static const EventField fields[] = {
  { "claim_group_id", EVENT_TEXT, G_STRUCT_OFFSET (PapersReady, claim_group_id) },
  { "parent_claim_id", EVENT_NUMBER, G_STRUCT_OFFSET (PapersReady, parent_claim_id) },
  { NULL },
};

const EventType papers_ready_type = { "papers-ready", sizeof (PapersReady), fields };

GBytes *
papers_ready_encode (EventCodec *codec, const char *topic, const PapersReady *event, GError **error)
{
  return event_encode (codec, topic, &papers_ready_type, event, error);
}

gpointer
papers_ready_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &papers_ready_type, value, error);
}

void
papers_ready_free (gpointer event)
{
  event_free (&papers_ready_type, event);
}
