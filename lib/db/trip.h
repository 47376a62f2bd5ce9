/* One trip to the server: any number of statements sent together, then their answers read.
 *
 * Owns the statements that are prepared on the connection and those that wait to be sent. A
 * statement met for the first time is prepared in the trip that runs it. Knows nothing of
 * transactions but which statement is the COMMIT, for what is lost or warned of there leaves it
 * unknown. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdarg.h>

#include "db/rows.h"

typedef struct Trip Trip;

/* @data: as given. Whether a server that has said nothing for so long is waited for once more. */
typedef gboolean (*TripWaits) (gpointer data);

typedef enum {
  TRIP_DONE,
  TRIP_REFUSED,     /* a statement failed, what followed was not run */
  TRIP_ROLLED_BACK, /* COMMIT was answered with ROLLBACK: a statement of an earlier trip had failed */
  TRIP_WARNED,      /* COMMIT succeeded with a warning */
  TRIP_LOST,        /* the connection is of no use any more */
  TRIP_SILENT,      /* likewise: the server has it, and says nothing */
} TripEnd;

typedef struct {
  TripEnd end;
  /* Owned. DONE: of the last statement but COMMIT and those whose rows go elsewhere; REFUSED: the
   * error; LOST: the server's farewell, if there was one. */
  PGresult *result;
  gboolean is_of_commit; /* REFUSED: it was COMMIT that failed; LOST, SILENT: it was under way */
  gboolean
      settings_failed; /* what went before a trip_add_break() failed; nothing else depends on it */
} TripOutcome;

/* @waits is asked, in the thread of the trip, when the server has been silent for too long; @data is
 * borrowed. */
Trip *trip_new (TripWaits waits, gpointer data);
void trip_free (Trip *trip);
/* Another connection: nothing waits, nothing is prepared. Also puts it into non-blocking mode and
 * listens for notices. */
void trip_use_connection (Trip *trip, PGconn *connection);

/* @copies: see parameters_collect(). */
void trip_add (Trip *trip, gboolean copies, const char *sql, const char *types, va_list arguments);
/* The rows of the statement that was added last: put there when they have arrived, and kept alive
 * until then. */
void trip_want_rows (Trip *trip, DbRows *rows);
void trip_add_plain (Trip *trip, const char *sql); /* without parameters */
void trip_add_commit (Trip *trip);
/* Puts a statement without parameters before all others, apart from their transaction. */
void trip_add_setting (Trip *trip, const char *sql);
void trip_drop (Trip *trip); /* what waits is not sent */
guint trip_count (const Trip *trip);
gsize trip_bytes (const Trip *trip); /* of copied parameters */

/* Sends what waits and reads every answer. Nothing waits afterwards. @silence_ms: how long the server
 * may say nothing; 0: for ever. */
TripOutcome trip_run (Trip *trip, gint64 silence_ms);
/* Statements without parameters, apart from what waits; several are separated by semicolons.
 * Returns: owned, the last one's result or the first error; NULL: the connection is of no use any
 * more. */
PGresult *trip_run_plain (Trip *trip, const char *sql, gint64 silence_ms);
