/* Something that operations should know. Schema: schemas/avro/monitoring-event.avsc. */
#pragma once

#include "events/codec.h"

typedef struct {
  char *consumer;
  char *kind; /* retry, dead-letter, quarantine, hold, … */
  char *claim_group_id;
  gint64 claim_id; /* 0: not about one claim */
  char *detail;    /* never personal data; cut at 4096 bytes */
  gint64 at_ms;    /* UTC */
} MonitoringEvent;

/* @topic is the full name, prefix included: it names the registry's subject. Asks the registry once
 * per topic.
 * Errors: %EVENTS_ERROR_MALFORMED (a field that may not be empty is, or does not fit),
 * %EVENTS_ERROR_REGISTRY. */
GBytes *monitoring_event_encode (EventCodec *codec, const char *topic, const MonitoringEvent *event,
                                 GError **error);
/* The struct, owned; @value NULL (a tombstone) is malformed. Errors: all three of codec.h. */
gpointer monitoring_event_decode (EventCodec *codec, GBytes *value, GError **error);
void monitoring_event_free (gpointer event); /* only for what _decode() gave */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MonitoringEvent, monitoring_event_free)
