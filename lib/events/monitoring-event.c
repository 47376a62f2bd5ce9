/* Something that operations should know. */
#include "events/monitoring-event.h"

#include "events/event.h"

static const EventField fields[] = {
  { "consumer", EVENT_TEXT, G_STRUCT_OFFSET (MonitoringEvent, consumer) },
  { "kind", EVENT_TEXT, G_STRUCT_OFFSET (MonitoringEvent, kind) },
  { "claim_group_id", EVENT_TEXT_OR_NULL, G_STRUCT_OFFSET (MonitoringEvent, claim_group_id) },
  { "claim_id", EVENT_NUMBER_OR_ZERO, G_STRUCT_OFFSET (MonitoringEvent, claim_id) },
  { "detail", EVENT_PROSE_OR_NULL, G_STRUCT_OFFSET (MonitoringEvent, detail) },
  { "at", EVENT_NUMBER, G_STRUCT_OFFSET (MonitoringEvent, at_ms) },
  { NULL },
};

const EventType monitoring_event_type = { "monitoring-event", sizeof (MonitoringEvent), fields };

GBytes *
monitoring_event_encode (EventCodec *codec, const char *topic, const MonitoringEvent *event,
                         GError **error)
{
  return event_encode (codec, topic, &monitoring_event_type, event, error);
}

gpointer
monitoring_event_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &monitoring_event_type, value, error);
}

void
monitoring_event_free (gpointer event)
{
  event_free (&monitoring_event_type, event);
}
