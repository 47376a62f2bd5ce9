/* How a process is: /livez, /readyz and /metrics on one port, from before the first thing is waited
 * for. Knows nobody: others tell it what stands in their way, and when it is over. */
#pragma once

#include <glib.h>

typedef struct Health Health;

/**
 * health_new:
 * @beat_within_ms: a heartbeat that is older than this says that the database does not answer
 *
 * Serves at once; not ready. Errors: those of http_server_start().
 */
Health *health_new (const char *address, guint16 port, gint64 beat_within_ms, GError **error);
/* Ends the serving and waits for requests under way: then what the functions below were given may
 * go. NULL is fine. */
void health_close (Health *health);
void health_free (Health *health); /* after everybody who tells it anything has ended */
guint16 health_port (Health *health);

/* Why it is not ready, in words for an operator; NULL: it is, as far as that goes. Copied. */
void health_set_waiting (Health *health, const char *why);
/* The database has taken a heartbeat. */
void health_note_beat (Health *health);

/**
 * health_note_trouble:
 * @kind: a constant, a label of the gauge trouble{kind="…"}
 * @why: an error's text; NULL: it is over, or there was none
 *
 * What stands for more than 3 s makes the process not ready, with its kind in the answer. One line
 * a kind and minute says why, one says that it is over. Cheap enough for each success to call it.
 * Any thread; @health NULL is fine.
 */
void health_note_trouble (Health *health, const char *kind, const char *why);

/* /livez asks both. NULL takes one back: when this returns it is not asked any more. */
typedef enum { HEALTH_OF_OUTBOX, HEALTH_OF_WORK, HEALTH_CHECKS } HealthOf;
typedef gboolean (*HealthCheck) (gpointer data);
void health_set_liveness (Health *health, HealthOf of, HealthCheck is_alive, gpointer data);
/* /readyz asks it when nothing else stands in the way: NULL, or a line that says why not. */
typedef const char *(*HealthReadiness) (gpointer data);
void health_set_readiness (Health *health, HealthReadiness readiness, gpointer data);
/* Called before the metrics are told, for gauges that are read and not noted. */
void health_set_gauges (Health *health, void (*note_gauges) (gpointer data), gpointer data);
void health_read_gauges (Health *health); /* calls it */
