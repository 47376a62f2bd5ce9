/* A thread that does its round, waits, and does it again, until it is told to end.
 *
 * For what is done beside the work and never by its moment: looks, chores, pushed numbers. */
#pragma once

#include <glib.h>

typedef struct Rounds Rounds;

/* One round. Returns: ms until the next one. */
typedef gint64 (*Round) (gpointer data);

/* @name borrowed: the thread's. Nothing is done before rounds_begin(). */
Rounds *rounds_new (const char *name, Round round, gpointer data);
void rounds_begin (Rounds *rounds, gint64 first_ms); /* the first round comes after so long */

/* Any thread; a long round asks, and ends early. */
gboolean rounds_are_ending (Rounds *rounds);
gboolean rounds_rest (Rounds *rounds, gint64 ms); /* in a round. FALSE: it is to end */

/* Tells it to end, and waits until @until_us of the monotonic clock for the round under way. FALSE:
 * that one is not over; asked again later, or never freed. */
gboolean rounds_end (Rounds *rounds, gint64 until_us);
/* Waits for the round under way, however long. NULL is fine. */
void rounds_free (Rounds *rounds);
