/* The uploads that the service knows, and how they move on by themselves. Thread safe.
 *
 * What was PUT is judged by a thread of its own, as the server does it after its 200. Time is this
 * machine's, and can be put forward. Source: README.md, "How an upload moves on". */
#pragma once

#include <glib.h>
#include <jansson.h>

#define LOCATION_LIFE_MS (900 * 1000)
#define PENDING_LIFE_MS  (20 * 60 * 1000)

typedef struct Uploads Uploads;

typedef struct {
  gint64 step_ms;          /* from one status to the next */
  const char *last_status; /* where it stops by itself: uploaded … vbms */
  gint64 report_cache_ms;
} UploadsOptions;

Uploads *uploads_new (const UploadsOptions *options);
void uploads_free (Uploads *uploads);
void uploads_clear (Uploads *uploads);

gint64 uploads_now_ms (Uploads *uploads);
void uploads_put_clock_forward (Uploads *uploads, gint64 ms);

/* The guid of a new one; owned. */
char *uploads_create (Uploads *uploads);
/* UTC ms; -1: there is none of this guid. */
gint64 uploads_created_ms (Uploads *uploads, const char *guid);
/* What was PUT; FALSE when there is none of this guid. One that has moved on is left as it is. */
gboolean uploads_store (Uploads *uploads, const char *guid, GBytes *object);

/* An item of the wire, a new reference; NULL when there is none of this guid.
 * @location, @pretended_status: may be NULL. What is told here is what a report tells too. */
json_t *uploads_item (Uploads *uploads, const char *guid, const char *location,
                      const char *pretended_status);
/* @ids: a list. One item for each different one; unknown ones are DOC105. */
json_t *uploads_report (Uploads *uploads, json_t *ids);

/* Waits until everything that was PUT has been judged. */
json_t *uploads_state (Uploads *uploads);
/* A part as it was sent, by its name; NULL when there is none. */
GBytes *uploads_part (Uploads *uploads, const char *guid, const char *name, const char **ret_type);

/* What has become of an upload, said by a test. */
typedef struct {
  const char *guid;   /* NULL: all that are not final */
  const char *status; /* of the wire */
  const char *code, *detail;
  int is_final;         /* -1: as the status and the code have it */
  json_t *uploaded_pdf; /* shown in place of its own; NULL: its own */
} Advance;
/* -1: no such status; else how many it was said of. It moves on by itself no more, and the next
 * report tells it. Waits like uploads_state(). */
int uploads_advance (Uploads *uploads, const Advance *advance);
