/* The rows that this process knows, each in one place: it waits for its report, is published and to
 * be deleted, or is refused and that is to be noted. Neither locked nor clocked: its owner's, under
 * the owner's lock.
 *
 * A row that waits is found by its ticket, which a report brings back: the number of a row of our
 * own, a larger one for others' rows. Rows of other instances stay known, wherever they have gone,
 * until they are forgotten. */
#pragma once

#include "program/outbox-refusal.h"

typedef struct OutboxKnown OutboxKnown;

OutboxKnown *outbox_known_new (void);
void outbox_known_free (OutboxKnown *known); /* with all rows that are in it */

/* --- Rows that wait; owned --- */

/* Gives @row its ticket. FALSE: it waits already, or is another process's and known; it stays the
 * caller's. */
gboolean outbox_known_add (OutboxKnown *known, OutboxRow *row);
OutboxRow *outbox_known_find (OutboxKnown *known, guint64 ticket); /* borrowed; NULL: none waits */
/* It waits no more and is to be deleted; @place: where it lies. Borrowed; NULL: none waited. */
OutboxRow *outbox_known_publish (OutboxKnown *known, guint64 ticket, KafkaPlace place);
/* It waits no more, and its refusal is to be noted. One must wait. */
void outbox_known_refuse (OutboxKnown *known, guint64 ticket, const char *text);
void outbox_known_drop (OutboxKnown *known, guint64 ticket); /* forgotten. One must wait */

/* --- Rows to delete (of OutboxRow *) and to note (of OutboxRefusal *) --- */

/* Hands them out, the arrays and what is in them: rows are the caller's until they are forgotten or
 * put back. */
void outbox_known_take (OutboxKnown *known, GPtrArray **ret_published, GPtrArray **ret_refused);
/* They wait with what has come since; both are empty then. */
void outbox_known_put_back (OutboxKnown *known, GPtrArray *published, GPtrArray *refused);
void outbox_known_forget (OutboxKnown *known, OutboxRow *row_taken); /* frees it */

/* --- Asked --- */

/* @row: as read from the database. */
gboolean outbox_known_has (const OutboxKnown *known, const OutboxRow *row);
guint outbox_known_waiting (const OutboxKnown *known);
guint outbox_known_to_delete (const OutboxKnown *known);
guint outbox_known_to_note (const OutboxKnown *known);
guint outbox_known_of_others (const OutboxKnown *known); /* those handed out too */
