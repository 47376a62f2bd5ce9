/* The notifications that the service has accepted, and what it tells of them afterwards. Thread safe.
 *
 * Callbacks go out in threads of their own: signed, late, again after a time-out, 429 or 5xx, not
 * again after any other answer. Source: README.md, "Callbacks". */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct Notifications Notifications;

typedef struct {
  const char *secret;        /* signs callbacks; borrowed */
  const char *service_url;   /* where callbacks go that have no URL of their own; "": nowhere */
  const char *service_token; /* what they carry then */
  const char *last_status;   /* what becomes of each by itself; "none": nothing is told */
  gint64 delay_ms;           /* from acceptance to that */
  gint64 retry_ms;           /* after the first failed try; doubled each time, at most 300 s */
} NotificationsOptions;

Notifications *notifications_new (const NotificationsOptions *options);
void notifications_free (Notifications *notifications);
void notifications_clear (Notifications *notifications);

gint64 notifications_now_ms (Notifications *notifications);
void notifications_put_clock_forward (Notifications *notifications, gint64 ms);

/* A request that was found good. @waits: not before its first callback has been answered.
 * Returns: its id, owned. */
char *notifications_accept (Notifications *notifications, json_t *request, gboolean waits);
void notifications_count_simulated (Notifications *notifications);

/* From now on those to an address that contains @contains end with @status, or with nothing ("none"). */
void notifications_expect (Notifications *notifications, const char *contains, const char *status);

/* What has become of one (@id NULL: of all that have not ended), told by @times callbacks. -1: no
 * such status; else of how many. */
int notifications_advance (Notifications *notifications, const char *id, const char *status,
                           int times);

/* An object: notifications, and how many simulated ones there were. */
json_t *notifications_state (Notifications *notifications);
