/* Growing pauses between attempts, and the one line a while that tells of them. Pure: the clock is
 * passed in.
 *
 * For trouble that ends by itself and that asking more often makes worse: a database without room,
 * read-only or away. */
#pragma once

#include <glib.h>

typedef struct {
  gint64 first_ms, longest_ms; /* the pauses: first_ms, twice that, and so on up to longest_ms */
  guint64 failures;            /* since the last success */
  gint64 since_ms;             /* of the first of them */
  gint64 next_at_ms;           /* not before then; 0: at once */
  gint64 told_at_ms;
  gboolean was_told;
} Backoff;

void backoff_init (Backoff *backoff, gint64 first_ms, gint64 longest_ms);

/* An attempt has failed. Returns: ms to wait before the next one, first_ms to longest_ms. */
gint64 backoff_failed (Backoff *backoff, gint64 now_ms);
/* One has succeeded. Returns: for how long it had failed, in ms, when backoff_tells() had said so;
 * else -1: what was not told needs no end. */
gint64 backoff_succeeded (Backoff *backoff, gint64 now_ms);

gboolean backoff_may_try (const Backoff *backoff, gint64 now_ms);
gint64 backoff_wait_ms (const Backoff *backoff, gint64 now_ms); /* until then; 0: now */

/* Whether this failure is to be told: the first one, and one a minute from then on. One Backoff a
 * kind of trouble makes it one line a kind and minute. */
gboolean backoff_tells (Backoff *backoff, gint64 now_ms);
