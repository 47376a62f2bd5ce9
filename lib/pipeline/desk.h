/* A desk: one thread with one connection, at which what waits at the same moment shares a
 * transaction.
 *
 * Source: design section 5, Sharing and Database away. */
#pragma once

#include "db/db.h"

typedef struct Desk Desk;

/* Does @batch (at most max_batch items, in the order they came) with desk_transaction() or
 * desk_db(). Items stay their owner's. Must deal with every item: no error leaves a desk. */
typedef void (*DeskWork) (Desk *desk, GPtrArray *batch, gpointer data);
/* The database has not answered for database-wait-ms: the process is ill. Does not return to the
 * desk's caller. */
typedef void (*DeskIll) (const char *why, gpointer data);

typedef struct {
  const char *name;
  const char *database_url;
  guint max_batch;
  gint64 wait_ms; /* how long the database may be away */
  DeskWork work;
  DeskIll ill;
  gpointer data;
} DeskOptions;

Desk *desk_new (const DeskOptions *options);
void desk_add (Desk *desk, gpointer item);
void desk_free (Desk *desk); /* after the items that are there now; NULL is fine */

/* For a desk's own work: waits, or less when an item comes. */
void desk_wait (Desk *desk, gint64 ms);

/* The desk's connection; waits for the database. */
Db *desk_db (Desk *desk);

/**
 * desk_transaction:
 * BEGIN, @work, COMMIT on the desk's connection. A connection lost before COMMIT was sent:
 * everything again, for as long as the database may be away. Conflicts: again, when
 * @repeat_conflicts. Errors: those of @work; %DB_ERROR_CONFLICT; %DB_ERROR_COMMIT_UNKNOWN (the
 * caller reads what became of it).
 */
gboolean desk_transaction (Desk *desk, gboolean repeat_conflicts, DbWork work, gpointer data,
                           GError **error);
