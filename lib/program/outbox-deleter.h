/* Published rows leave the database, and memory with it. A row that somebody holds is set aside and
 * deleted later, alone, after growing pauses; the others go on, and neither a flush nor a shutdown
 * waits for it. The outbox's thread only, so without a lock. */
#pragma once

#include "program/outbox-flight.h"

typedef struct OutboxDeleter OutboxDeleter;

/* @instance_id: this process. Both borrowed. */
OutboxDeleter *outbox_deleter_new (const char *instance_id, OutboxFlight *flight);
void outbox_deleter_free (OutboxDeleter *deleter); /* with those that are held; NULL is fine */

/* Takes out of @rows (of OutboxRow *, published) what it has deleted or set aside. What is left on
 * failure is the caller's. A statement waits for somebody's row as long as @db lets it. Errors:
 * database errors. */
gboolean outbox_deleter_delete (OutboxDeleter *deleter, Db *db, GPtrArray *rows, GError **error);
/* Those that somebody held, when their pause is over; what cannot be deleted stays set aside.
 * Errors: database errors. */
gboolean outbox_deleter_delete_held (OutboxDeleter *deleter, Db *db, GError **error);
/* When those that are held are tried again, by clock_monotonic_ms(); G_MAXINT64: there are none. */
gint64 outbox_deleter_due_ms (const OutboxDeleter *deleter);
/* Whether @row, of this process, is set aside. */
gboolean outbox_deleter_holds (const OutboxDeleter *deleter, const OutboxRow *row);
