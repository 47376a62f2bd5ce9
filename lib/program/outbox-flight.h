/* What this process's outbox has in flight: the rows in its memory, and the Kafka producer that
 * carries them.
 *
 *   made, or found ─► waiting ─► published ────────────► deleted, forgotten
 *                      ▲  │ └──► refused, alone as well ─► noted, forgotten
 *                      └──┘ not taken: again after a pause; refused with others: again, alone
 *
 * Makers publish here, the producer's thread reports here, and the outbox's thread waits here for
 * what the reports leave it to do. So one lock and one condition, private to outbox-flight.c; a
 * report takes the lock once. It is never held while a record is sent or a statement runs. The
 * database is not known here.
 *
 * A row that waits is the flight's own, freed at its report at the earliest. Published and refused
 * ones become the outbox's thread's with outbox_flight_wait(), which gives them to forget, or back.
 * A row of another process stays known from when it is found until it is forgotten, so that a look
 * meanwhile does not publish it twice. */
#pragma once

#include "program/outbox-refusal.h"
#include "program/topic-limits.h"

typedef struct OutboxFlight OutboxFlight;

/* @settings, @limits: borrowed; @limits is told when a record is refused. Errors: those of
 * kafka_producer_new(). */
OutboxFlight *outbox_flight_new (const Settings *settings, TopicLimits *limits, GError **error);
/* When nobody is at it any more. NULL is fine. */
void outbox_flight_free (OutboxFlight *flight);

/* --- Any thread --- */

/* Takes the rows (of OutboxRow *) out of @rows. One that waits already, or is another process's and
 * known, is freed. Never blocks. */
void outbox_flight_publish (OutboxFlight *flight, GPtrArray *rows);
guint outbox_flight_waiting (OutboxFlight *flight); /* rows that have no report yet */
/* Waits until nothing waits and the outbox's thread has done what came of it; FALSE after
 * @timeout_ms. */
gboolean outbox_flight_flush (OutboxFlight *flight, gint64 timeout_ms);

/* What somebody asks of the outbox's thread, kept until that takes it. */
typedef enum {
  OUTBOX_SWEEP = 1 << 0,        /* look for rows of this process that it does not know */
  OUTBOX_FOLLOW_LEASE = 1 << 1, /* the relay's lease was got or lost */
} OutboxErrand;
void outbox_flight_ask (OutboxFlight *flight, OutboxErrand errand);
/* From now on the outbox's thread only ends what there is. */
void outbox_flight_stop (OutboxFlight *flight);

rd_kafka_t *outbox_flight_handle (OutboxFlight *flight);
gboolean outbox_flight_is_fatal (OutboxFlight *flight);
/* Before the first row: batches of at most @bytes from now on, by a producer, and a handle, that
 * are new. Errors: those of kafka_producer_new(); the former one stays. */
gboolean outbox_flight_limit_batches (OutboxFlight *flight, gsize bytes, GError **error);

/* --- The outbox's thread --- */

/**
 * outbox_flight_wait:
 * @until_ms: as by clock_monotonic_ms(); may be over
 * @gather_until_ms: with something to delete it waits at least until then, for more
 * @ret_published: of OutboxRow *, out in the log: to delete. Owned; the rows too, until they are
 *   forgotten or given back
 * @ret_refused: of OutboxRefusal *, to note. Owned
 *
 * Waits for something to do: rows to delete or to note, to publish again, an errand, the stop. From
 * then until outbox_flight_rest() a flush waits for what it gave, if that is anything.
 *
 * Returns: FALSE: stop, for nothing is left; the arrays are there, and empty.
 */
gboolean outbox_flight_wait (OutboxFlight *flight, gint64 until_ms, gint64 gather_until_ms,
                             GPtrArray **ret_published, GPtrArray **ret_refused);
/* What outbox_flight_wait() gave is done, or was given back. */
void outbox_flight_rest (OutboxFlight *flight);
/* Waits @ms, or less when anything changes; FALSE at once: stop. */
gboolean outbox_flight_pause (OutboxFlight *flight, gint64 ms);
/* Whether it was asked for since it was last taken. */
gboolean outbox_flight_take_errand (OutboxFlight *flight, OutboxErrand errand);

/* Hands over what is due again, and the next of those that go alone. @is_relay: whether this
 * process still publishes others' rows; else it forgets those whose turn comes. */
void outbox_flight_publish_due (OutboxFlight *flight, gboolean is_relay);

/* Whether @row, as read from the database, is here: waits, or is to be deleted or noted, or is
 * another process's and not forgotten. */
gboolean outbox_flight_knows (OutboxFlight *flight, const OutboxRow *row);
guint outbox_flight_of_others (OutboxFlight *flight); /* how many rows it knows of them */

/* Rows that outbox_flight_wait() gave, when the database no longer has them or has them as refused:
 * freed. */
void outbox_flight_forget (OutboxFlight *flight, OutboxRow *row_taken);
void outbox_flight_forget_all (OutboxFlight *flight, GPtrArray *rows); /* @rows is empty then */
/* What could not be deleted or noted waits with what has come since; both are empty then. */
void outbox_flight_give_back (OutboxFlight *flight, GPtrArray *published, GPtrArray *refused);
