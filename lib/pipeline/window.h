/* The window: what is in hand of each partition, whose turn it is by key, what may be taken next,
 * and what becomes of it all when partitions come and go.
 *
 * Pure: it knows no broker, no database, no setting and no clock. Records come from a reader that
 * its caller hands in, the moment is an argument, and work is handed out as values. It has a lock
 * of its own; any thread may call it, but for what is marked "poll thread".
 *
 * One record of a key at a time, keys in parallel, partitions in turn. A tier's head is held until
 * it is due. A suspect runs alone. A partition with too many unfinished records is not read
 * further. Source: README.md, "The life of a message". */
#pragma once

#include "pipeline/delivery.h"

typedef struct Window Window;
typedef struct Lane Lane; /* one assignment of one partition; gone after window_revoke() */

typedef struct {
  guint in_flight;  /* records that are worked on at the same time */
  guint ahead;      /* taken beyond these, while records leave as fast */
  guint settling;   /* verdicts that wait for their commit; more and nothing new is taken */
  guint unfinished; /* of a partition; more and it is not read further */
  gint64 outage_max_wait_ms;
} WindowLimits;

typedef struct {
  gint64 now_ms; /* monotonic */
  /* A held head is due when the first is past by the second */
  gint64 database_now_ms, database_error_ms;
  guint allowed; /* how many the breaker lets be in flight; in_flight and more: it is closed */
  gint64 away_since_ms; /* since when the breaker is open, by the database's clock; 0: it is not */
  gboolean may_read;    /* FALSE: what has been read could not be got rid of */
} WindowMoment;

Window *window_new (const WindowLimits *limits);
void window_free (Window *window); /* all lanes revoked, nothing in hand */

/* --- Poll thread --- */

/* @source is the reader's. Nothing is read before window_open(). */
Lane *window_assign (Window *window, Partition *partition, gpointer source);
/* The next record of a partition, or NULL: none there now. Called with the window's lock held; must
 * not wait. */
typedef Delivery *(*WindowReader) (gpointer source, Partition *partition, gpointer data);
/**
 * window_hand_out:
 * @ret_to_take: gets Delivery *, moved to TAKING, in order
 *
 * As much work as the moment allows. While the downstream is away: only what has waited longer than
 * outage_max_wait_ms.
 */
void window_hand_out (Window *window, const WindowMoment *moment, WindowReader reader,
                      gpointer data, GPtrArray *ret_to_take);
/* Until there may be more, at most @ms, without anybody waking it. */
gint64 window_sleeps_ms (Window *window, const WindowMoment *moment, gint64 ms);
/* Ready ones that no worker has begun (withdrawn by the caller from the crew): due again. */
void window_give_back (Window *window, GPtrArray *deliveries);

/* Called for each lane whose lowest unfinished record has moved: all before @next is settled. */
typedef void (*WindowStore) (gpointer source, const Partition *partition, gint64 next,
                             gpointer data);
void window_store (Window *window, WindowStore store, gpointer data);
/* Lanes whose stored counts differ from the true ones; of Lane *, references (lane_unref). */
GPtrArray *window_stale_lanes (Window *window);

/* Held lanes whose pause is over, each once; of Lane *, references (lane_unref). */
GPtrArray *window_lanes_to_open (Window *window, gint64 now_ms);

/* A revoke in three steps: order, wait until what is in hand has come to its boundary, take
 * away. */
void window_order (Window *window, GPtrArray *lanes, RunOrder order);
gboolean window_wait (Window *window, GPtrArray *lanes, gint64 until_us); /* FALSE: not in time */
/* What waits is given back untouched; what still is in hand is lost, and forgotten when its worker
 * is through. */
void window_revoke (Window *window, GPtrArray *lanes);

/* --- Any thread --- */

Lane *lane_ref (Lane *lane);
void lane_unref (Lane *lane);
const Partition *lane_partition (const Lane *lane);

/* The lanes of these, each once; of Lane *, references (lane_unref). Those that have gone are left
 * out. */
GPtrArray *window_lanes_of (Window *window, const GPtrArray *deliveries);
/* What the database knows about its records has been read: @records of RecordState * by offset,
 * taken. */
void window_open (Window *window, Lane *lane, GHashTable *records_taken);
/* Somebody holds rows without which none of its records may be begun: nothing more is read from it
 * until it is opened again. That is due after a pause, which grows while it is held in succession.
 */
void window_hold (Window *window, Lane *lane, gint64 now_ms);
gboolean window_lane_is_open (Window *window, Lane *lane);
gboolean window_lane_is_ours (Window *window, Lane *lane); /* FALSE: revoked */
/* The offsets whose counts are open, in no order, suspects left out: they have rows of their own.
 * Counts as stored from now on. FALSE: revoked meanwhile. */
gboolean window_open_offsets (Window *window, Lane *lane, GArray *ret_offsets);
/* TRUE once: the first record of this lane is taken. */
gboolean window_lane_begins (Window *window, Lane *lane);

/* Each FALSE: it is lost, or has to stop here; the caller drops it. */
gboolean window_ready (Window *window, Delivery *delivery);
gboolean window_begin (Window *window, Delivery *delivery);
/* It has its verdict, and no worker. @mover: the take desk, or its worker. */
void window_settling (Window *window, Delivery *delivery, Mover mover);
/* Settled, or seen before: their offsets may go on. Frees what no lane keeps. */
void window_finish (Window *window, GPtrArray *deliveries, Mover mover);
/* Not now: until @wake_at_ms. One that is lost is forgotten. */
void window_snooze (Window *window, Delivery *delivery, gint64 wake_at_ms, Mover mover);
/* It snoozes as decided, in a row with those before. */
void window_count_snooze (Window *window, Delivery *delivery);
/* A step has finished: a suspect is a bystander again. */
void window_progress (Window *window, Delivery *delivery);

/* What waits in a partition, @since_ms: the moment from which its oldest unfinished record could
 * have been handled (0: none could, by now); @next_due_ms: when the head of a tier is due (0: there
 * is none, or it is the source). Both by the database's clock. */
typedef struct {
  const Partition *partition;
  gint64 since_ms, next_due_ms;
} WindowBacklog;
/* Called for each lane with the window's lock held; must not wait. */
typedef void (*WindowBacklogTold) (const WindowBacklog *of_lane, gpointer data);
void window_backlog (Window *window, gint64 database_now_ms, WindowBacklogTold told, gpointer data);

typedef struct {
  guint in_hand; /* taking to settling */
  guint running, ready, settling, snoozing;
} WindowCounts;
WindowCounts window_counts (Window *window);
/* Waits until nothing is in hand. FALSE: not in time. */
gboolean window_wait_idle (Window *window, gint64 until_us);
