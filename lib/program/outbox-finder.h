/* Looks into the database for rows that nobody else will publish, and publishes them: those of this
 * process that were committed without its knowing, those of it that were refused and are due again,
 * and, as the relay, those of dead processes (outbox.h says what the relay may read). The relay
 * also tells what waits. The outbox's thread only, so without a lock. */
#pragma once

#include "program/lease.h"
#include "program/outbox-deleter.h"

typedef struct OutboxFinder OutboxFinder;
typedef struct {
  const char *instance_id;    /* this process */
  gint64 instance_timeout_ms; /* an instance without a heartbeat for this long is dead */
  Lease *relay;               /* whose holder is the relay; NULL: never this process */
  OutboxFlight *flight;
  const OutboxDeleter *deleter; /* what it holds is published already */
} OutboxFinderOptions;

OutboxFinder *outbox_finder_new (const OutboxFinderOptions *options); /* all of them borrowed */
void outbox_finder_free (OutboxFinder *finder);                       /* NULL is fine */

/* Whether this process is the relay, by its own clock also where nobody renews the lease. Until it
 * is asked again this holds. */
gboolean outbox_finder_follow_lease (OutboxFinder *finder);
/* Looks for whatever is due, with queries on @db, which waits for them. What a failed look owes, the
 * next one does. Errors: database errors; those of db_primary_acknowledges(). */
gboolean outbox_finder_look (OutboxFinder *finder, Db *db, GError **error);
/* A refusal was noted in its row: it is looked for when it is due, if it is this process's own, and
 * what waits is told at once. */
void outbox_finder_note_refused (OutboxFinder *finder, gboolean is_own);
/* When the next look is due that nobody will wake us for, by clock_monotonic_ms(); may be over. */
gint64 outbox_finder_due_ms (const OutboxFinder *finder);
