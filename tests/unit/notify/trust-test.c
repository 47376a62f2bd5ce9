/* When an e-mail may be risked, as the clock goes on. */
#include "notify/trust.h"

#include "base/clock.h"

static gint64 now_ms;

static gint64
given_time (void)
{
  return now_ms;
}

/* One is tried, with that end; says how it entered. */
static NotifyEntry
try_one (NotifyTrust *trust, NotifyFate fate)
{
  NotifyEntry entry = notify_trust_enter (trust);

  notify_trust_note (trust, entry, fate);
  notify_trust_leave (trust, entry);
  return entry;
}

/* Of a process that has just been started. */
static NotifyTrust *
trust_new (void)
{
  now_ms = 1000;
  clock_set_source (given_time, given_time);
  return notify_trust_new (15000);
}

/* Of one whose e-mails are answered. */
static NotifyTrust *
trust_at_work (void)
{
  NotifyTrust *trust = trust_new ();

  try_one (trust, NOTIFY_FATE_ANSWERED);
  return trust;
}

/* A process that is started in an outage knows nothing of it: the first is asked for. */
static void
test_started (void)
{
  g_autoptr (NotifyTrust) trust = trust_new ();

  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);
  g_assert_cmpint (try_one (trust, NOTIFY_FATE_ANSWERED), ==, NOTIFY_ENTRY_TRIAL);
  g_assert_cmpint (try_one (trust, NOTIFY_FATE_ANSWERED), ==, NOTIFY_ENTRY_FREE);
  clock_set_source (NULL, NULL);
}

static void
test_one_at_a_time (void)
{
  g_autoptr (NotifyTrust) trust = trust_at_work ();
  NotifyEntry before = notify_trust_enter (trust), trial;

  g_assert_cmpint (try_one (trust, NOTIFY_FATE_LOST), ==, NOTIFY_ENTRY_FREE);
  trial = notify_trust_enter (trust);
  g_assert_cmpint (trial, ==, NOTIFY_ENTRY_TRIAL);
  g_assert_cmpint (notify_trust_enter (trust), ==, NOTIFY_ENTRY_WAIT);
  notify_trust_leave (trust, NOTIFY_ENTRY_WAIT); /* who only waits ends nobody's trial */
  g_assert_cmpint (notify_trust_enter (trust), ==, NOTIFY_ENTRY_WAIT);
  /* What was under way before proves nothing. */
  notify_trust_note (trust, before, NOTIFY_FATE_ANSWERED);
  notify_trust_leave (trust, before);
  g_assert_cmpint (notify_trust_enter (trust), ==, NOTIFY_ENTRY_WAIT);

  notify_trust_note (trust, trial, NOTIFY_FATE_ANSWERED);
  notify_trust_leave (trust, trial);
  g_assert_cmpint (try_one (trust, NOTIFY_FATE_ANSWERED), ==, NOTIFY_ENTRY_FREE);
  clock_set_source (NULL, NULL);
}

/* An hour in which those to nobody are taken and all others are not. */
static void
test_partial_outage (void)
{
  g_autoptr (NotifyTrust) trust = trust_at_work ();
  guint lost = 0;

  for (gint64 end_ms = now_ms + 3600 * 1000; now_ms < end_ms; now_ms += 1000)
    if (notify_trust_pause_ms (trust) == 0) {
      try_one (trust, NOTIFY_FATE_LOST);
      lost++;
    }
  g_test_message ("%u lost in an hour", lost);
  g_assert_cmpuint (lost, <=, 12);
  g_assert_cmpuint (lost, >=, 6);
  now_ms += 900 * 1000;
  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);
  g_assert_cmpint (try_one (trust, NOTIFY_FATE_ANSWERED), ==, NOTIFY_ENTRY_TRIAL);
  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);

  /* Lost again soon after: the pauses go on growing. After some answers in succession they begin anew. */
  try_one (trust, NOTIFY_FATE_ANSWERED);
  try_one (trust, NOTIFY_FATE_LOST);
  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 900 * 1000);
  now_ms += 900 * 1000;
  for (int i = 0; i < 3; i++)
    try_one (trust, NOTIFY_FATE_ANSWERED);
  try_one (trust, NOTIFY_FATE_LOST);
  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);
  clock_set_source (NULL, NULL);
}

/* Those under way together are one loss. */
static void
test_together (void)
{
  g_autoptr (NotifyTrust) trust = trust_at_work ();
  NotifyEntry one = notify_trust_enter (trust), other = notify_trust_enter (trust);

  notify_trust_note (trust, one, NOTIFY_FATE_LOST);
  notify_trust_note (trust, other, NOTIFY_FATE_LOST);
  g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);
  clock_set_source (NULL, NULL);
}

/* Nothing was risked: it is asked first, as often as one likes. */
static void
test_not_taken (void)
{
  g_autoptr (NotifyTrust) trust = trust_at_work ();

  try_one (trust, NOTIFY_FATE_NOT_TAKEN);
  for (int i = 0; i < 3; i++) {
    g_assert_cmpint (notify_trust_pause_ms (trust), ==, 0);
    g_assert_cmpint (try_one (trust, NOTIFY_FATE_NOT_TAKEN), ==, NOTIFY_ENTRY_TRIAL);
  }
  clock_set_source (NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/trust/a-new-process-asks-first", test_started);
  g_test_add_func ("/notify/trust/in-doubt-one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/notify/trust/an-outage-that-spares-nobodys-costs-few", test_partial_outage);
  g_test_add_func ("/notify/trust/those-under-way-together-are-one-loss", test_together);
  g_test_add_func ("/notify/trust/what-was-not-taken-begins-no-pause", test_not_taken);
  return g_test_run ();
}
