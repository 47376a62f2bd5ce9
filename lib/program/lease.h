/* A lease: one process at a time does a named work (the relay, the watch). It lasts 30 s and is
 * renewed every 10 s by housekeeping; a holder that has not renewed for 20 s of its monotonic clock
 * holds it no more, 10 s before somebody else can. That is for who only repeats harmless work; a
 * write that must not happen twice asks lease_guard() in its own transaction. */
#pragma once

#include "db/db.h"

typedef struct Lease Lease;

/* @name borrowed: a constant, and the key of its row; @instance_id is copied. */
Lease *lease_new (const char *name, const char *instance_id);
void lease_free (Lease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lease, lease_free)

#define LEASE_RENEW_MS 10000

/* Renews it, or takes it if it is free or has run out. Not to get it is no error. One thread. */
gboolean lease_keep (Lease *lease, Db *db, GError **error);
/* Before an end: somebody else may have it at once. It runs out by itself if this fails. */
void lease_give (Lease *lease, Db *db);

/* @changed is called, in the thread that keeps it, when it was got or lost; it asks nothing of the
 * lease. NULL: nobody is any more. One. */
typedef void (*LeaseChanged) (gpointer data);
void lease_on_change (Lease *lease, LeaseChanged changed, gpointer data);

/* Any thread, without asking the database. */
gboolean lease_is_held (Lease *lease);
/* 0 when it is not held. A later holder always has a larger one. */
gint64 lease_token (Lease *lease);

/**
 * lease_guard:
 * @ret_held: whether the row still carries our token
 *
 * In a transaction: until it ends nobody else gets the lease, so its writes are the holder's.
 * Errors: database errors.
 */
gboolean lease_guard (Lease *lease, Db *db, gboolean *ret_held, GError **error);
