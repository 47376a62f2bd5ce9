/* What the five pairs of files share: an event's struct described as a table of fields, and what
 * codec.c does by such a table. Only for this room. */
#pragma once

#include <glib.h>

typedef enum {
  EVENT_TEXT,         /* char *, never NULL: refused when it is damaged or too long */
  EVENT_TEXT_OR_NULL, /* char * */
  /* char *, for people: mended and cut when written, for a long reason must not stop an event */
  EVENT_PROSE_OR_NULL,
  EVENT_NUMBER,         /* gint64; an int or a long in the schema */
  EVENT_NUMBER_OR_ZERO, /* gint64; null in the schema is 0 */
  EVENT_SYMBOL,         /* const char *, borrowed: a symbol of the newest schema's enum */
} EventFieldKind;

typedef struct {
  const char *name; /* in the schema */
  EventFieldKind kind;
  gsize offset;
} EventField;

typedef struct {
  const char *stem; /* schemas/avro/<stem>.avsc */
  gsize size;
  const EventField *fields; /* every field of the newest schema, ended by a row without a name */
} EventType;

extern const EventType claim_submitted_type;
extern const EventType child_claim_ready_type;
extern const EventType papers_ready_type;
extern const EventType claim_event_type;
extern const EventType notification_requested_type;
extern const EventType monitoring_event_type;

typedef struct EventCodec EventCodec; /* codec.h */

GBytes *event_encode (EventCodec *codec, const char *topic, const EventType *type,
                      gconstpointer event, GError **error);
gpointer event_decode (EventCodec *codec, const EventType *type, GBytes *value, GError **error);
void event_free (const EventType *type, gpointer event);
