/* The take desk: counts a delivery before any work, decodes it, looks into the inbox, takes its run
 * row. All records taken at one moment share these statements: one commit of counts, which gives
 * nothing out and is asynchronous, and one of run rows. It knows no runner and decides nothing:
 * each delivery gets its answer. */
#pragma once

#include "pipeline/run-inside.h"
#include "pipeline/window.h"

typedef enum {
  TAKEN_OWNED,      /* its run row is ours: a worker's */
  TAKEN_SEEN,       /* the inbox has it */
  TAKEN_STALE,      /* of an older replay than its group's */
  TAKEN_OVER,       /* its group is settled: nothing of it is to be done */
  TAKEN_UNREADABLE, /* does not decode, a tombstone, or of no scope that we can take */
  TAKEN_CONDEMNED,  /* it has ended its process too often */
  TAKEN_HELD,       /* somebody holds its run row, or its partition's count */
  TAKEN_BUSY,       /* another record of its scope was taken at the same moment */
  TAKEN_LOST,       /* stopped meanwhile, or its partition has gone */
} TakenOutcome;

/* @delivery has a run when it was decoded. @why for UNREADABLE, OVER and CONDEMNED; taken. In the
 * desk's thread. */
typedef void (*TakenAnswer) (Delivery *delivery, TakenOutcome outcome, GError *why_taken,
                             gpointer data);
/* A suspect's count is closed: it may snooze. */
typedef void (*PutBackAnswer) (Delivery *delivery, gpointer data);

typedef struct TakeDesk TakeDesk;
typedef struct {
  const Context *context;
  const RunPlace *place;
  Window *window;
  TakenAnswer taken;
  PutBackAnswer put_back;
  gpointer data;
} TakeOptions;

TakeDesk *take_desk_new (const TakeOptions *options);
void take_desk_free (TakeDesk *desk); /* after what waits there; NULL is fine */

/* Each returns at once. */
/* Of Delivery *, in state TAKING */
void take_records (TakeDesk *desk, const GPtrArray *deliveries);
/* Assigned: what the database knows of its records is read, then it is open */
void take_open (TakeDesk *desk, Lane *lane);
void take_reopen (TakeDesk *desk, Lane *lane);           /* it was held */
void take_recount (TakeDesk *desk, Lane *lane);          /* its stored counts are stale */
void take_put_back (TakeDesk *desk, Delivery *delivery); /* a suspect that has come to no verdict */
/* Revoked or lost (of Lane *): counts are closed. Waits for it, at most @ms. */
void take_close (TakeDesk *desk, const GPtrArray *lanes, gint64 ms);
