/* One e-mail to send; the address stays in the database. */
#include "events/notification-requested.h"

#include "events/event.h"

static const EventField fields[] = {
  { "claim_group_id", EVENT_TEXT, G_STRUCT_OFFSET (NotificationRequested, claim_group_id) },
  { "claim_id", EVENT_NUMBER, G_STRUCT_OFFSET (NotificationRequested, claim_id) },
  { "kind", EVENT_SYMBOL, G_STRUCT_OFFSET (NotificationRequested, kind) },
  { "at", EVENT_NUMBER, G_STRUCT_OFFSET (NotificationRequested, at_ms) },
  { NULL },
};

const EventType notification_requested_type = { "notification-requested",
                                                sizeof (NotificationRequested), fields };

GBytes *
notification_requested_encode (EventCodec *codec, const char *topic,
                               const NotificationRequested *event, GError **error)
{
  return event_encode (codec, topic, &notification_requested_type, event, error);
}

gpointer
notification_requested_decode (EventCodec *codec, GBytes *value, GError **error)
{
  return event_decode (codec, &notification_requested_type, value, error);
}

void
notification_requested_free (gpointer event)
{
  event_free (&notification_requested_type, event);
}
