/* What can go wrong with a value that is, or shall become, an event, and how large it may be. */
#pragma once

#include <glib.h>

#define EVENTS_ERROR (events_error_quark ())
GQuark events_error_quark (void);
typedef enum {
  EVENTS_ERROR_MALFORMED, /* these bytes are no event of ours: quarantine */
  EVENTS_ERROR_UNKNOWN,   /* a schema we do not know and the registry has not: quarantine */
  EVENTS_ERROR_REGISTRY,  /* the registry does not answer: wait */
} EventsError;

/* Bounds: a whole value; one text of it, read or written; a text for people is cut when written. */
#define EVENT_VALUE_MAX_BYTES (1024 * 1024)
#define EVENT_TEXT_MAX_BYTES  (64 * 1024)
#define EVENT_PROSE_MAX_BYTES 4096
