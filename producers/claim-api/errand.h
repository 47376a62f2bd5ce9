/* Work for whose end its asker waits until a deadline and no longer: a database that does not
 * answer must not keep a caller. Work that was left behind goes on alone and is bounded in
 * number. */
#pragma once

#include <glib.h>

typedef struct Errands Errands;
typedef struct Errand Errand;

typedef enum {
  ERRAND_DONE,      /* the data is the asker's again */
  ERRAND_NOT_BEGUN, /* and will not: nothing has happened. The data is gone */
  ERRAND_LEFT,      /* begun and left behind: its outcome is not known. The data is gone */
} ErrandEnd;

typedef void (*ErrandWork) (Errand *errand, gpointer data);

/* @max_left: while so many are left behind, no further one is begun. */
Errands *errands_new (guint max_left);
/* Waits at most @timeout_ms for those left behind. FALSE when some still run: then nothing is
 * freed, and the process should end without taking down what they use. */
gboolean errands_free (Errands *errands, gint64 timeout_ms);

/**
 * errands_run:
 * @free_data: called for @data by nobody on %ERRAND_DONE, and once otherwise
 * @until_us: monotonic
 *
 * Runs @work in a thread of its own and waits for its end.
 */
ErrandEnd errands_run (Errands *errands, ErrandWork work, gpointer data, GDestroyNotify free_data,
                       gint64 until_us);

/* To be asked by the work before anything that lasts: FALSE once its asker has gone, and nothing
 * may be done any more. */
gboolean errand_may_begin (Errand *errand);
