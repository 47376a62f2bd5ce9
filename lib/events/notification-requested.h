/* One e-mail to send; the address stays in the database. Schema:
 * schemas/avro/notification-requested.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *claim_group_id; /* the group's guid */
  gint64 claim_id;      /* the parent claim */
  const char *kind;     /* SUBMITTED, IN_PROGRESS, RECEIVED, ERROR, ERROR_AGAIN; borrowed */
  gint64 at_ms;         /* UTC */
} NotificationRequested;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *notification_requested_encode (EventCodec *codec, const char *topic,
                                       const NotificationRequested *event, GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer notification_requested_decode (EventCodec *codec, GBytes *value, GError **error);
void notification_requested_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotificationRequested, notification_requested_free)
