/* See backoff.h. */
#include "base/backoff.h"

enum { TELL_EVERY_MS = 60000 };

void
backoff_init (Backoff *backoff, gint64 first_ms, gint64 longest_ms)
{
  g_return_if_fail (first_ms > 0 && longest_ms >= first_ms);
  *backoff = (Backoff){ .first_ms = first_ms, .longest_ms = longest_ms };
}

gint64
backoff_failed (Backoff *backoff, gint64 now_ms)
{
  gint64 pause = backoff->first_ms;

  if (backoff->failures == 0)
    backoff->since_ms = now_ms;
  /* Halving the bound, not doubling the pause, cannot overflow. */
  for (guint64 i = 0; i < backoff->failures && pause < backoff->longest_ms; i++)
    pause = pause > backoff->longest_ms / 2 ? backoff->longest_ms : pause * 2;
  backoff->failures++;
  backoff->next_at_ms = now_ms + pause;
  return pause;
}

gint64
backoff_succeeded (Backoff *backoff, gint64 now_ms)
{
  gint64 lasted = backoff->failures > 0 && backoff->was_told ? now_ms - backoff->since_ms : -1;

  backoff_init (backoff, backoff->first_ms, backoff->longest_ms);
  return lasted;
}

gboolean
backoff_may_try (const Backoff *backoff, gint64 now_ms)
{
  return now_ms >= backoff->next_at_ms;
}

gint64
backoff_wait_ms (const Backoff *backoff, gint64 now_ms)
{
  return MAX (backoff->next_at_ms - now_ms, 0);
}

gboolean
backoff_tells (Backoff *backoff, gint64 now_ms)
{
  if (backoff->was_told && now_ms - backoff->told_at_ms < TELL_EVERY_MS)
    return FALSE;
  backoff->was_told = TRUE;
  backoff->told_at_ms = now_ms;
  return TRUE;
}
