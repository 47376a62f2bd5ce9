/* The life of a message: taken, handled, judged, settled. Every hand-over of a delivery between
 * threads is on this page's source; the desks answer, and here stands what each answer means. */
#pragma once

#include "kafka/consumer.h"
#include "pipeline/context.h"
#include "pipeline/window.h"

typedef struct Life Life;

/* The poll thread is to look again: any thread. */
typedef void (*LifeWake) (gpointer data);

Life *life_new (const Context *context, Window *window, LifeWake wake, gpointer data);
/* After the window is idle. NULL is fine. */
void life_free (Life *life);

/* --- The poll thread's --- */

void life_take (Life *life, const GPtrArray *deliveries); /* in state TAKING */
/* Its downstream has just gone away: what no worker has begun is due again. */
void life_give_back (Life *life);
/* What could not be settled a moment ago is tried again; counts that are stale are written. */
void life_tick (Life *life);
void life_assign (Life *life, Lane *lane);
/* Work of these lanes stops at its next boundary, for up to @drain_ms; @store is called before they
 * go. @lost: they have gone already. */
void life_revoke (Life *life, GPtrArray *lanes, gboolean lost, gint64 drain_ms, WindowStore store,
                  gpointer data);
