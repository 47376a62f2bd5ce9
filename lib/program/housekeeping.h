/* What a process keeps while it lives: its heartbeat, its offset to the database's clock, its
 * leases, and an eye on who locks its tables. One thread with a connection of its own, so that a
 * full pool makes nobody look dead. */
#pragma once

#include "program/health.h"
#include "program/lease.h"

typedef struct {
  const char *database_url, *instance_id, *program;
  gint64 interval_ms; /* between two heartbeats */
  Health *health;
} HousekeepingOptions;

typedef struct Housekeeping Housekeeping;
Housekeeping *housekeeping_new (const HousekeepingOptions *options); /* copies the texts */

/* The first heartbeat, on the caller's connection, before anything needs the clock. Errors:
 * database errors. */
gboolean housekeeping_first_beat (Housekeeping *house, Db *db, GError **error);
/* How many records wait in this process's memory: told with the next heartbeat. Any thread. */
void housekeeping_note_snoozing (Housekeeping *house, guint count);
/* An operator holds this program, as of the last heartbeat. Any thread. */
gboolean housekeeping_is_paused (Housekeeping *house);
/* Names a lease that it then takes when it can and renews; the same name again is the same one.
 * @name is a constant. The lease lives as long as @house. Any thread. */
Lease *housekeeping_lease (Housekeeping *house, const char *name);
void housekeeping_start (Housekeeping *house);

/* Gives the leases, marks the instance as ended, ends the thread. NULL and never started are
 * fine. */
void housekeeping_stop (Housekeeping *house);
void housekeeping_free (Housekeeping *house); /* after all who ask its leases */
