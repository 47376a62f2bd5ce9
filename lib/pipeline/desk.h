/* A desk: one thread with one connection, at which what waits at the same moment shares a
 * transaction.
 *
 * A database that is away (also one that is full, read-only or has no connection left) is waited
 * for with growing pauses, told once a kind and minute, and gives the process up after wait_ms. A
 * desk decides nothing about a message. */
#pragma once

#include "program/program.h"

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
  gint64
      lock_ms; /* how long a statement waits for somebody's row; 0: as database-lock-timeout-ms says */
  Program *program; /* that has the trouble; NULL: nobody is told */
  DeskWork work;
  DeskIll ill;
  gpointer data;
} DeskOptions;

Desk *desk_new (const DeskOptions *options);
void desk_add (Desk *desk, gpointer item);
void desk_add_all (Desk *desk, const GPtrArray *items); /* in order; takes none of the array */
void desk_free (Desk *desk); /* after the items that are there now; NULL is fine */

/* For a desk's own work: waits, or less when an item comes. */
void desk_wait (Desk *desk, gint64 ms);

/* The desk's connection; waits for the database. */
Db *desk_db (Desk *desk);
/* What the server has not acknowledged may be gone after a failover, though it can be read now:
 * waits until a later commit is acknowledged. Whoever gives away what he has read, and keeps
 * nothing of it, asks first. */
void desk_make_sure (Desk *desk);

typedef enum {
  DESK_REPEATS = 1 << 0,      /* again after a conflict */
  DESK_ASYNCHRONOUS = 1 << 1, /* the commit gives nothing out: it need not have reached the disk */
  /* A statement waits a tenth of lock_ms for somebody's row: somebody holds one of many, and who of
   * them it is is found one by one, while all behind them wait. */
  DESK_HARDLY_WAITS = 1 << 2,
} DeskFlags;
/**
 * desk_transaction:
 * BEGIN, @work, COMMIT on the desk's connection. A connection lost before COMMIT was sent:
 * everything again, for as long as the database may be away. Errors: those of @work;
 * %DB_ERROR_CONFLICT; %DB_ERROR_TIMEOUT (somebody holds a row for too long);
 * %DB_ERROR_COMMIT_UNKNOWN: the database has been asked to acknowledge a later commit since, so
 * that what the caller reads now of that transaction is true.
 */
gboolean desk_transaction (Desk *desk, guint flags, DbWork work, gpointer data, GError **error);
