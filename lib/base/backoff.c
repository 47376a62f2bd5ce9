/* See backoff.h. */
#include "base/backoff.h"

void
backoff_init (Backoff *backoff, gint64 first_ms, gint64 longest_ms)
{
  g_return_if_fail (first_ms > 0 && longest_ms >= first_ms);
  *backoff = (Backoff){ .first_ms = first_ms, .longest_ms = longest_ms };
}

gint64
backoff_failed (Backoff *backoff)
{
  gint64 pause = backoff->first_ms;

  /* Halving the bound, not doubling the pause, cannot overflow. */
  for (guint64 i = 0; i < backoff->failures && pause < backoff->longest_ms; i++)
    pause = pause > backoff->longest_ms / 2 ? backoff->longest_ms : pause * 2;
  backoff->failures++;
  return pause;
}

void
backoff_succeeded (Backoff *backoff)
{
  backoff->failures = 0;
}
