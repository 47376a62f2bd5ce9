/* Growing pauses between attempts.
 *
 * For trouble that ends by itself and that asking more often makes worse: a database without room,
 * read-only or away. */
#pragma once

#include <glib.h>

typedef struct {
  gint64 first_ms, longest_ms; /* the pauses: first_ms, twice that, and so on up to longest_ms */
  guint64 failures;            /* since the last success */
} Backoff;

void backoff_init (Backoff *backoff, gint64 first_ms, gint64 longest_ms);

/* An attempt has failed. Returns: ms to wait before the next one, first_ms to longest_ms. */
gint64 backoff_failed (Backoff *backoff);
void backoff_succeeded (Backoff *backoff); /* pauses begin anew */
