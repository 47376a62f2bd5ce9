/* The crew: the workers of a process. Each takes the next item itself, and calls one more only when
 * there is more to do, so that a batch costs about one wake-up. Threads are started when needed and
 * go when nothing was left to do for a while. */
#pragma once

#include <glib.h>

typedef struct Crew Crew;
typedef void (*CrewWork) (gpointer item, gpointer data); /* in a worker's thread */

Crew *crew_new (guint max_workers, CrewWork work, gpointer data);
void crew_add (Crew *crew, gpointer item);
/* Those that nobody has begun, in order, taken back; @matches NULL: all. Owned array. */
typedef gboolean (*CrewMatch) (gconstpointer item, gpointer data);
GPtrArray *crew_withdraw (Crew *crew, CrewMatch matches, gpointer data);
/* Waits for who is at work; what nobody has begun must have been withdrawn. NULL is fine. */
void crew_free (Crew *crew);
