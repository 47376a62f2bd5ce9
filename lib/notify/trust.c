/* Whether an e-mail may be risked. See trust.h. */
#include "notify/trust.h"

#include "base/clock.h"

/* What an outage that spares e-mails to nobody costs: one of each process at its beginning (and those
 * under way with it), then one after each pause. */
#define MAX_PAUSE_MS (15 * 60 * G_GINT64_CONSTANT (1000))
#define FORGOTTEN    3 /* as many answers in succession: as if none had been lost */

struct NotifyTrust {
  gint64 first_pause_ms;
  GMutex lock;
  gboolean is_in_doubt, is_on_trial;
  guint answered;              /* in succession, since the last loss */
  gint64 lost_at_ms, pause_ms; /* monotonic; the last loss, and the pause that it began */
};

NotifyTrust *
notify_trust_new (gint64 first_pause_ms)
{
  NotifyTrust *trust = g_new0 (NotifyTrust, 1);

  trust->is_in_doubt = TRUE;
  trust->first_pause_ms = first_pause_ms;
  trust->answered = FORGOTTEN;
  g_mutex_init (&trust->lock);
  return trust;
}

void
notify_trust_free (NotifyTrust *trust)
{
  if (!trust)
    return;
  g_mutex_clear (&trust->lock);
  g_free (trust);
}

NotifyEntry
notify_trust_enter (NotifyTrust *trust)
{
  NotifyEntry entry = NOTIFY_ENTRY_FREE;

  g_mutex_lock (&trust->lock);
  if (trust->is_in_doubt) {
    entry = trust->is_on_trial ? NOTIFY_ENTRY_WAIT : NOTIFY_ENTRY_TRIAL;
    trust->is_on_trial = TRUE;
  }
  g_mutex_unlock (&trust->lock);
  return entry;
}

void
notify_trust_leave (NotifyTrust *trust, NotifyEntry entry)
{
  if (entry != NOTIFY_ENTRY_TRIAL)
    return;
  g_mutex_lock (&trust->lock);
  trust->is_on_trial = FALSE;
  g_mutex_unlock (&trust->lock);
}

gint64
notify_trust_pause_ms (NotifyTrust *trust)
{
  gint64 left_ms;

  g_mutex_lock (&trust->lock);
  left_ms = trust->is_in_doubt ? trust->lost_at_ms + trust->pause_ms - clock_monotonic_ms () : 0;
  g_mutex_unlock (&trust->lock);
  return MAX (left_ms, 0);
}

/* The first loss begins no pause: that the service answers again is asked with an e-mail to nobody,
 * as often as one likes. One that follows soon says that this answer is worth little. */
static void
lose (NotifyTrust *trust)
{
  if (trust->answered >= FORGOTTEN)
    trust->pause_ms = 0;
  else
    trust->pause_ms = CLAMP (2 * trust->pause_ms, trust->first_pause_ms, MAX_PAUSE_MS);
  trust->answered = 0;
  trust->lost_at_ms = clock_monotonic_ms ();
}

/* Those that were under way with the one that began the doubt say nothing new. */
void
notify_trust_note (NotifyTrust *trust, NotifyEntry entry, NotifyFate fate)
{
  g_mutex_lock (&trust->lock);
  if (!trust->is_in_doubt || entry == NOTIFY_ENTRY_TRIAL) {
    trust->is_in_doubt = fate != NOTIFY_FATE_ANSWERED;
    if (fate == NOTIFY_FATE_LOST)
      lose (trust);
    else if (fate == NOTIFY_FATE_ANSWERED)
      trust->answered++;
  }
  g_mutex_unlock (&trust->lock);
}
