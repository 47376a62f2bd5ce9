/* Whose turn it is of the rows that are not simply handed over: those that were not taken go again,
 * together, after pauses that grow while nothing at all is taken; those that were refused, perhaps
 * for what was in one batch with them, go one at a time. Knows tickets, no rows; the time is given,
 * as by clock_monotonic_ms(). Not locked: its owner's, under the owner's lock. */
#pragma once

#include <glib.h>

typedef struct OutboxTurns OutboxTurns;

OutboxTurns *outbox_turns_new (void);
void outbox_turns_free (OutboxTurns *turns);

/* It was not taken: again with the others. */
void outbox_turns_again (OutboxTurns *turns, guint64 ticket, gint64 now_ms);
/* Those whose pause is over, in order, once: of guint64 *, owned, to be freed with g_free(). The
 * next pause is twice as long. Empty: there are none. */
GQueue outbox_turns_take_again (OutboxTurns *turns, gint64 now_ms);
/* Something was taken: pauses begin anew. */
void outbox_turns_note_taken (OutboxTurns *turns);

/* It goes alone, after those that do already. */
void outbox_turns_alone (OutboxTurns *turns, guint64 ticket);
/* It went alone and was not taken: again, alone, and none of them before a pause is over. */
void outbox_turns_alone_again (OutboxTurns *turns, guint64 ticket, gint64 now_ms);
/* The next one that goes alone: it is out until it is back. 0: one is out, or none is due. */
guint64 outbox_turns_next_alone (OutboxTurns *turns, gint64 now_ms);
/* Whether it was the one that is out, and is back: the next may go. */
gboolean outbox_turns_note_back (OutboxTurns *turns, guint64 ticket);

gboolean outbox_turns_are_due (const OutboxTurns *turns, gint64 now_ms);
/* When the next turn comes, @until_ms at the latest; may be over. */
gint64 outbox_turns_due_ms (const OutboxTurns *turns, gint64 until_ms);
