/* The breaker as several processes share it: three programs of this test on one database, each with
 * a breaker of its own. Every test has its own downstream, named after it. needs: postgres */
#include "pipeline/breaker.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "events/monitoring-event.h"
#include "kafka/client.h"
#include "support/database.h"

#define PROCESSES 3
#define FAILURES  3 /* that open it */
#define WAIT_S    30
#define NEVER_MS  300 /* how long something is watched that must not happen */
#define ANY_KEY   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static GMutex change_lock;
static GCond change_told;

static void
count_change (gpointer data)
{
  g_atomic_int_inc ((gint *)data);
  g_mutex_lock (&change_lock);
  g_cond_broadcast (&change_told);
  g_mutex_unlock (&change_lock);
}

/* At most a millisecond: not everything that is waited for is told. */
static void
await_change (void)
{
  g_mutex_lock (&change_lock);
  (void)g_cond_wait_until (&change_told, &change_lock, g_get_monotonic_time () + 1000);
  g_mutex_unlock (&change_lock);
}

/* Waits for what another thread does. */
#define UNTIL(condition) UNTIL_IN (WAIT_S, condition)
#define UNTIL_IN(seconds, condition)                                                               \
  do {                                                                                             \
    gint64 until_us = g_get_monotonic_time () + (seconds)*G_USEC_PER_SEC;                          \
    while (!(condition)) {                                                                         \
      if (g_get_monotonic_time () > until_us)                                                      \
        g_error ("%s: waited in vain for " #condition, G_STRLOC);                                  \
      await_change ();                                                                             \
    }                                                                                              \
  } while (0)

typedef struct {
  Settings *settings;
  Program *program;
} Process;

static Process processes[PROCESSES];

typedef struct {
  Db *db;
  const char *downstream;
  Breaker *breakers[PROCESSES];
  gint changes[PROCESSES]; /* calls of BreakerChanged; atomic */
} Fixture;

/* --- verbs --- */

static void
set (const char *name, const char *value)
{
  for (guint i = 0; i < PROCESSES; i++)
    settings_override (processes[i].settings, name, value);
}

static Breaker *
start (Fixture *fixture, guint process)
{
  return fixture->breakers[process] = breaker_new (processes[process].program, fixture->downstream,
                                                   count_change, &fixture->changes[process]);
}

static void
start_all (Fixture *fixture)
{
  for (guint i = 0; i < PROCESSES; i++)
    (void)start (fixture, i);
}

/* A query with the downstream as $1 and one number "n". */
static gint64
number (Fixture *fixture, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows = db_query (fixture->db, &error, sql, "t", fixture->downstream);

  g_assert_no_error (error);
  g_assert_cmpuint (db_rows_count (rows), ==, 1);
  return db_rows_int (rows, 0, "n");
}

static void
change_row (Fixture *fixture, const char *sql)
{
  g_autoptr (GError) error = NULL;
  guint count = 0;

  db_execute (fixture->db, &count, &error, sql, "t", fixture->downstream);
  g_assert_no_error (error);
  g_assert_cmpuint (count, >, 0);
}

static gint64
rows_of_failures (Fixture *fixture)
{
  return number (fixture, "select count (*) as n from breaker_failures where downstream = $1");
}

/* 0 also while nobody has looked yet. */
static gint64
change_no (Fixture *fixture)
{
  return number (fixture,
                 "select coalesce (max (change_no), 0) as n from breakers where downstream = $1");
}

static gboolean
state_is (Fixture *fixture, const char *state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows =
      db_query (fixture->db, &error, "select 1 from breakers where downstream = $1 and state = $2",
                "tt", fixture->downstream, state);

  g_assert_no_error (error);
  return db_rows_count (rows) == 1;
}

static gboolean
is_open (Breaker *breaker)
{
  return breaker_open_since_ms (breaker) != 0;
}

static gboolean
admits (Breaker *breaker, BreakerCall *ret_call)
{
  gint64 wait_ms = 0;

  if (breaker_admits (breaker, ret_call, &wait_ms))
    return TRUE;
  g_assert_cmpint (wait_ms, >=, 1);
  g_assert_cmpint (wait_ms, <=, 60000);
  return FALSE;
}

/* Asks until it is let through. */
static BreakerCall
call (Breaker *breaker)
{
  BreakerCall admitted = { 0 };

  UNTIL (admits (breaker, &admitted));
  return admitted;
}

static void
call_and_report (Breaker *breaker, const char *scope, BreakerReport report)
{
  BreakerCall admitted = call (breaker);

  breaker_report (breaker, &admitted, scope, report);
}

static void
fails (Breaker *breaker, const char *scope)
{
  call_and_report (breaker, scope, BREAKER_DOWN);
}

static void
works (Breaker *breaker)
{
  call_and_report (breaker, NULL, BREAKER_WORKED);
}

static gboolean
all_are_open (Fixture *fixture, gboolean expected)
{
  for (guint i = 0; i < PROCESSES; i++)
    if (fixture->breakers[i] && is_open (fixture->breakers[i]) != expected)
      return FALSE;
  return TRUE;
}

/* Through that process; all know it afterwards. */
static void
open_it (Fixture *fixture, Breaker *breaker)
{
  fails (breaker, "a");
  fails (breaker, "b");
  fails (breaker, "c");
  UNTIL (all_are_open (fixture, TRUE));
  g_assert_true (state_is (fixture, "open"));
}

/* The kinds of all events of this test's breaker, in order, without "breaker-". */
static char *
events (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DbRows) rows =
      db_query (fixture->db, &error, "select value from seen_events order by id", "");
  g_autofree char *about = g_strconcat (fixture->downstream, ": ", NULL);
  GString *kinds = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < db_rows_count (rows); i++) {
    g_autoptr (GBytes) value = db_rows_bytes (rows, i, "value");
    g_autoptr (MonitoringEvent) event =
        monitoring_event_decode (program_codec (processes[0].program), value, &error);

    g_assert_no_error (error);
    if (!g_str_has_prefix (event->detail, about))
      continue;
    g_assert_true (g_str_has_prefix (event->kind, "breaker-"));
    g_string_append_printf (kinds, "%s%s", kinds->len ? " " : "",
                            event->kind + strlen ("breaker-"));
  }
  return g_string_free (kinds, FALSE);
}

/* What has happened is that and no more: one event per change. */
static void
assert_events (Fixture *fixture, const char *expected)
{
  g_autofree char *kinds = events (fixture);
  g_auto (GStrv) each = g_strsplit (expected, " ", -1);

  g_assert_cmpstr (kinds, ==, expected);
  g_assert_cmpint (change_no (fixture), ==, g_strv_length (each));
}

static void
set_up (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  fixture->db = database_open ();
  fixture->downstream = g_test_get_path ();
  set ("breaker-failures", G_STRINGIFY (FAILURES));
  set ("breaker-window", "5m");
  set ("breaker-probe-ms", "50");
  set ("breaker-probe-max-ms", "200");
  set ("breaker-probe-limit-ms", "600000");
  set ("breaker-look-ms", "20");
}

static void
tear_down (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  for (guint i = 0; i < PROCESSES; i++)
    breaker_free (fixture->breakers[i]);
  db_close (fixture->db);
}

/* --- opening --- */

static void
test_opens (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  BreakerCall admitted;
  Breaker *breaker;
  gint64 before_ms, wait_ms = 0, reported_us;
  const double opened = metrics_value (METRIC_BREAKER_CHANGES, fixture->downstream, "open", NULL);

  set ("breaker-look-ms", "60000"); /* it must not take a look to notice one's own change */
  set ("breaker-probe-ms", "600000");
  before_ms = database_number (
      fixture->db, "select (extract (epoch from clock_timestamp ()) * 1000)::bigint - 1 as n");
  breaker = start (fixture, 0);
  fails (breaker, "a");
  g_assert_cmpuint (breaker_limit (breaker, 64), ==, 64);
  g_assert_cmpint (breaker_next_ms (breaker), ==, -1);
  fails (breaker, "b");
  UNTIL (rows_of_failures (fixture) == 2);
  g_assert_false (is_open (breaker));
  fails (breaker, "c");
  reported_us = g_get_monotonic_time ();
  UNTIL (is_open (breaker));
  g_test_message ("open %.1f ms after the deciding report",
                  (g_get_monotonic_time () - reported_us) / 1000.0);

  g_assert_false (breaker_admits (breaker, &admitted, &wait_ms));
  g_assert_cmpint (wait_ms, ==, 60000); /* the longest snooze; the probe is later */
  g_assert_cmpuint (breaker_limit (breaker, 64), ==, 0);
  g_assert_cmpint (breaker_open_since_ms (breaker), >=, before_ms);
  g_assert_cmpint (breaker_open_since_ms (breaker), ==,
                   number (fixture, "select (extract (epoch from opened_at) * 1000)::bigint as n "
                                    "from breakers where downstream = $1"));
  g_assert_cmpint (ABS (breaker_next_ms (breaker) - clock_monotonic_ms () - 600000), <, 20000);
  g_assert_cmpint (rows_of_failures (fixture), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&fixture->changes[0]), ==, 2); /* known; open */
  g_assert_cmpfloat (metrics_value (METRIC_BREAKER_STATE, fixture->downstream, NULL), ==, 2);
  g_assert_cmpfloat (
      metrics_value (METRIC_BREAKER_CHANGES, fixture->downstream, "open", NULL) - opened, ==, 1);
  assert_events (fixture, "open");
}

static void
test_counted_over_processes (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  set ("breaker-probe-ms", "600000");
  start_all (fixture);
  fails (fixture->breakers[0], "a");
  fails (fixture->breakers[1], "b");
  fails (fixture->breakers[2], "c");
  UNTIL (all_are_open (fixture, TRUE));
  assert_events (fixture, "open");
}

/* Microseconds: when the poisoned claim last failed, as stored. */
static gint64
failed_at (Fixture *fixture)
{
  return number (fixture,
                 "select coalesce (max ((extract (epoch from at) * 1000000)::bigint), 0) as n "
                 "from breaker_failures where downstream = $1");
}

static void
test_one_claim_never_opens (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  start_all (fixture);
  for (guint i = 0; i < PROCESSES; i++) {
    for (guint n = 0; n < 2 * FAILURES; n++) {
      gint64 before = failed_at (fixture);
      UNTIL ((fails (fixture->breakers[i], "poisoned"), failed_at (fixture)) > before);
    }
  }
  g_assert_cmpint (rows_of_failures (fixture), ==, 1);
  g_assert_cmpint (change_no (fixture), ==, 0);

  /* It counts, once. */
  fails (fixture->breakers[0], "b");
  UNTIL (rows_of_failures (fixture) == 2);
  g_assert_cmpint (change_no (fixture), ==, 0);
  fails (fixture->breakers[0], "c");
  UNTIL (is_open (fixture->breakers[0]));
}

static void
test_success_elsewhere_clears (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  start_all (fixture);
  fails (fixture->breakers[0], "a");
  fails (fixture->breakers[0], "b");
  UNTIL (rows_of_failures (fixture) == 2);
  /* Two processes place the moments of their reports in the database's time to within some
   * milliseconds: one success may seem to have come before the failure. The next one does not. */
  UNTIL ((works (fixture->breakers[1]), rows_of_failures (fixture)) == 0);
  fails (fixture->breakers[0], "c");
  UNTIL (rows_of_failures (fixture) == 1);
  g_assert_cmpint (change_no (fixture), ==, 0);
}

static void
test_success_between_clears_at_once (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);

  for (guint i = 0; i < 20; i++) {
    fails (breaker, "a");
    fails (breaker, "b");
    works (breaker);
    fails (breaker, "c");
    works (breaker);
  }
  UNTIL (rows_of_failures (fixture) == 0);
  g_assert_cmpint (change_no (fixture), ==, 0);

  /* Only those after the success count, however late the success is written. */
  fails (breaker, "a");
  works (breaker);
  fails (breaker, "b");
  fails (breaker, "c");
  UNTIL (rows_of_failures (fixture) == 2);
  g_assert_cmpint (change_no (fixture), ==, 0);
  fails (breaker, "a");
  UNTIL (is_open (breaker));
}

static void
test_old_failures_do_not_count (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);

  fails (breaker, "a");
  fails (breaker, "b");
  UNTIL (rows_of_failures (fixture) == 2);
  /* By more than the window: the moment of a failure is its process's guess of the database's clock. */
  change_row (fixture,
              "update breaker_failures set at = at - interval '6 minutes' where downstream = $1");
  fails (breaker, "c");
  UNTIL (rows_of_failures (fixture) == 1);
  g_assert_cmpint (change_no (fixture), ==, 0);
}

/* --- several at once --- */

typedef struct {
  Breaker *breaker;
  BreakerCall call;
  const char *scope;
  gint *start; /* atomic: all wait for it */
  guint admitted;
} Racer;

static gpointer
race_to_open (gpointer data)
{
  Racer *racer = data;

  while (!g_atomic_int_get (racer->start))
    ;
  breaker_report (racer->breaker, &racer->call, racer->scope, BREAKER_DOWN);
  return NULL;
}

static gpointer
race_to_probe (gpointer data)
{
  Racer *racer = data;
  gint64 until_ms;

  while (!g_atomic_int_get (racer->start))
    ;
  until_ms = clock_monotonic_ms () + NEVER_MS;
  while (clock_monotonic_ms () < until_ms) {
    BreakerCall admitted;

    racer->admitted += admits (racer->breaker, &admitted); /* never reported: the probe hangs */
    await_change ();
  }
  return NULL;
}

static void
race (Racer *racers, guint count, GThreadFunc runner)
{
  GThread *threads[2 * PROCESSES];
  gint begins = 0;

  for (guint i = 0; i < count; i++) {
    racers[i].start = &begins;
    threads[i] = g_thread_new ("racer", runner, &racers[i]);
  }
  g_atomic_int_set (&begins, 1);
  for (guint i = 0; i < count; i++)
    g_thread_join (threads[i]);
}

static void
test_opened_once (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  static const char *const scopes[] = { "a", "b", "c", "d", "e", "f" };
  Racer racers[2 * PROCESSES] = { 0 };

  set ("breaker-probe-ms", "600000");
  start_all (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (racers); i++)
    racers[i] = (Racer){ .breaker = fixture->breakers[i % PROCESSES],
                         .call = call (fixture->breakers[i % PROCESSES]),
                         .scope = scopes[i] };
  race (racers, G_N_ELEMENTS (racers), race_to_open);
  UNTIL (all_are_open (fixture, TRUE));
  assert_events (fixture, "open");
}

static void
test_only_one_probes (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Racer racers[2 * PROCESSES] = { 0 };
  guint admitted = 0;

  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  for (guint i = 0; i < G_N_ELEMENTS (racers); i++)
    racers[i] = (Racer){ .breaker = fixture->breakers[i % PROCESSES] };
  race (racers, G_N_ELEMENTS (racers), race_to_probe);
  for (guint i = 0; i < G_N_ELEMENTS (racers); i++)
    admitted += racers[i].admitted;
  g_assert_cmpuint (admitted, ==, 1);
  g_assert_true (state_is (fixture, "half-open"));
  g_assert_cmpint (number (fixture, "select (probe_until - interval '600 s' < probe_at)::int as n "
                                    "from breakers where downstream = $1"),
                   ==, 0); /* by the database's clock never early */
  assert_events (fixture, "open half-open");
  {
    guint limits = 0;
    for (guint i = 0; i < PROCESSES; i++)
      limits += breaker_limit (fixture->breakers[i], 64);
    g_assert_cmpuint (limits, ==, 1);
  }
}

/* --- the probe --- */

static void
test_due_lets_one_record_come (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker;

  set ("breaker-probe-ms", "300");
  breaker = start (fixture, 0);
  open_it (fixture, breaker);
  while (clock_monotonic_ms () < breaker_next_ms (breaker)) { /* -1 once it is due */
    guint limit = breaker_limit (breaker, 64);
    if (clock_monotonic_ms () < breaker_next_ms (breaker))
      g_assert_cmpuint (limit, ==, 0);
    await_change ();
  }
  UNTIL (breaker_limit (breaker, 64) == 1);
  g_assert_cmpint (breaker_next_ms (breaker), ==, -1);
  g_assert_true (state_is (fixture, "open")); /* nobody has asked: nobody takes it */
  assert_events (fixture, "open");
}

static gint64
wait_ms (Fixture *fixture)
{
  return number (fixture, "select wait_ms as n from breakers where downstream = $1");
}

static void
test_failed_probe_reopens (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  static const gint64 waits[] = { 100, 200, 200 };
  Breaker *breaker = start (fixture, 0);
  gint64 since_ms;

  open_it (fixture, breaker);
  since_ms = breaker_open_since_ms (breaker);
  g_assert_cmpint (wait_ms (fixture), ==, 50);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++) {
    BreakerCall probe = call (breaker);

    g_assert_true (state_is (fixture, "half-open"));
    g_assert_cmpint (breaker_open_since_ms (breaker), ==, since_ms);
    breaker_report (breaker, &probe, "a", BREAKER_DOWN);
    UNTIL (state_is (fixture, "open"));
    g_assert_cmpint (wait_ms (fixture), ==, waits[i]);
    g_assert_cmpint (number (fixture, "select (probe_at < clock_timestamp ())::int as n "
                                      "from breakers where downstream = $1"),
                     ==, 0);
  }
  g_assert_cmpint (breaker_open_since_ms (breaker), ==, since_ms);
  assert_events (fixture, "open half-open open half-open open half-open open");
}

static void
close_it (Fixture *fixture, Breaker *breaker)
{
  works (breaker);
  UNTIL (!is_open (breaker));
  g_assert_true (state_is (fixture, "closed"));
}

static void
test_closes (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  gint changes;

  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  changes = g_atomic_int_get (&fixture->changes[2]);
  close_it (fixture, fixture->breakers[1]);
  UNTIL (all_are_open (fixture, FALSE));
  UNTIL (g_atomic_int_get (&fixture->changes[2]) > changes);
  assert_events (fixture, "open half-open closed");

  /* A new outage begins with the first wait again. */
  open_it (fixture, fixture->breakers[2]);
  g_assert_cmpint (wait_ms (fixture), ==, 50);
  assert_events (fixture, "open half-open closed open");
}

static void
test_not_called_frees_the_place (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);
  BreakerCall probe, another;
  gint changes;

  open_it (fixture, breaker);
  probe = call (breaker);
  g_assert_false (admits (breaker, &another));
  changes = g_atomic_int_get (&fixture->changes[0]);
  breaker_report (breaker, &probe, NULL, BREAKER_NOT_CALLED);
  g_assert_cmpint (g_atomic_int_get (&fixture->changes[0]), >, changes); /* for who was refused */
  g_assert_true (admits (breaker, &another));
  breaker_report (breaker, &another, NULL, BREAKER_WORKED);
  UNTIL (state_is (fixture, "closed"));
  assert_events (fixture, "open half-open closed");
}

static void
test_unused_probe_is_given_back (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  BreakerCall probe;

  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  probe = call (fixture->breakers[0]);
  breaker_report (fixture->breakers[0], &probe, NULL, BREAKER_NOT_CALLED);
  works (fixture->breakers[1]); /* long before breaker-probe-limit-ms */
  UNTIL (state_is (fixture, "closed"));
  assert_events (fixture, "open half-open half-open closed");
}

static void
test_stopping_gives_the_probe (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  (void)call (fixture->breakers[0]);
  g_clear_pointer (&fixture->breakers[0], breaker_free);
  works (fixture->breakers[1]);
  UNTIL (state_is (fixture, "closed"));
  assert_events (fixture, "open half-open half-open closed");
}

static void
test_late_prober_is_replaced (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  BreakerCall late, probe;
  gint64 until_ms;
  gint changes;

  set ("breaker-probe-limit-ms", "400");
  settings_override (processes[0].settings, "breaker-look-ms", "60000"); /* it does not see it */
  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  late = call (fixture->breakers[0]);
  until_ms = number (fixture, "select (extract (epoch from probe_until) * 1000)::bigint as n "
                              "from breakers where downstream = $1");
  probe = call (fixture->breakers[1]); /* the first is dead, for all that is known */
  g_assert_cmpint (number (fixture,
                           "select (extract (epoch from probe_until) * 1000)::bigint - 400 "
                           "as n from breakers where downstream = $1"),
                   >=, until_ms); /* not before */
  assert_events (fixture, "open half-open half-open");

  /* The first one was only slow, and knows nothing. It decides nothing any more. */
  changes = g_atomic_int_get (&fixture->changes[0]);
  breaker_report (fixture->breakers[0], &late, NULL, BREAKER_WORKED);
  UNTIL (g_atomic_int_get (&fixture->changes[0]) > changes);
  assert_events (fixture, "open half-open half-open");
  breaker_report (fixture->breakers[1], &probe, "b", BREAKER_DOWN);
  UNTIL (state_is (fixture, "open"));
  assert_events (fixture, "open half-open half-open open");
}

static void
test_reports_of_an_earlier_state_say_nothing (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);
  BreakerCall early[2 * FAILURES], probe;

  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    early[i] = call (breaker);
  open_it (fixture, breaker);
  breaker_report (breaker, &early[0], NULL, BREAKER_WORKED);
  probe = call (breaker);
  breaker_report (breaker, &early[1], "b", BREAKER_DOWN);
  breaker_report (breaker, &probe, NULL, BREAKER_WORKED);
  UNTIL (!is_open (breaker));
  assert_events (fixture, "open half-open closed");

  /* Hung since before the outage: they do not begin the next one. */
  for (guint i = 2; i < G_N_ELEMENTS (early); i++) {
    g_autofree char *scope = g_strdup_printf ("hung-%u", i);
    breaker_report (breaker, &early[i], scope, BREAKER_DOWN);
  }
  fails (breaker, "a");
  UNTIL (rows_of_failures (fixture) == 1);
  assert_events (fixture, "open half-open closed");
}

/* --- the ramp --- */

/* What the database's clock allows now. */
static guint
allowed (Fixture *fixture)
{
  return 1u << number (fixture,
                       "select floor (extract (epoch from clock_timestamp () - closed_at))::bigint "
                       "as n from breakers where downstream = $1");
}

static void
assert_within_the_ramp (Fixture *fixture, Breaker *breaker, guint at_least)
{
  guint limit = 0;

  UNTIL ((limit = breaker_limit (breaker, 100000)) >= at_least);
  g_assert_cmpuint (limit, <=, allowed (fixture));
  g_assert_cmpuint (limit & (limit - 1), ==, 0);
}

static void
test_ramp_doubles (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker;
  guint in_flight = 0;
  gint64 wait = 0, next_ms;
  BreakerCall admitted[64];

  start_all (fixture);
  open_it (fixture, fixture->breakers[0]);
  close_it (fixture, fixture->breakers[0]);
  breaker = fixture->breakers[2]; /* each process */
  UNTIL (!is_open (breaker));
  for (guint seconds = 0; seconds < 5; seconds++) {
    for (guint i = 0; i < PROCESSES; i++)
      assert_within_the_ramp (fixture, fixture->breakers[i], 1u << seconds);
    change_row (fixture, "update breakers set closed_at = closed_at - interval '1 second' "
                         "where downstream = $1");
  }
  g_assert_cmpuint (breaker_limit (breaker, 3), ==, 3);
  next_ms = breaker_next_ms (breaker);
  g_assert_cmpint (next_ms, >, 0);
  g_assert_cmpint (next_ms - clock_monotonic_ms (), <=, 1000);

  /* Calls are counted too. */
  change_row (fixture, "update breakers set closed_at = clock_timestamp () - interval '2 seconds' "
                       "where downstream = $1");
  UNTIL (breaker_limit (breaker, 100000) <= 8); /* it has looked */
  while (in_flight < G_N_ELEMENTS (admitted) &&
         breaker_admits (breaker, &admitted[in_flight], &wait))
    in_flight++;
  g_assert_cmpuint (in_flight, >=, 4);
  g_assert_cmpuint (in_flight, <=, allowed (fixture));
  g_assert_cmpint (wait, >=, 1);
  g_assert_cmpint (wait, <=, 1000);

  /* After a while there is no limit. */
  change_row (fixture, "update breakers set closed_at = clock_timestamp () - interval '10 seconds' "
                       "where downstream = $1");
  UNTIL (breaker_limit (breaker, 100000) == 100000);
  g_assert_cmpint (breaker_next_ms (breaker), ==, -1);
  g_assert_true (admits (breaker, &admitted[0]));
}

static void
test_ramp_tells_of_a_free_place (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);
  BreakerCall first, second;
  gint64 wait = 0;
  gint changes;

  open_it (fixture, breaker);
  close_it (fixture, breaker);
  change_row (fixture, "update breakers set closed_at = clock_timestamp () + interval '1 hour' "
                       "where downstream = $1"); /* stays in its first second */
  UNTIL (breaker_next_ms (breaker) > clock_monotonic_ms () + 10000);
  first = call (breaker);
  g_assert_false (breaker_admits (breaker, &second, &wait));
  changes = g_atomic_int_get (&fixture->changes[0]);
  breaker_report (breaker, &first, NULL, BREAKER_WORKED);
  g_assert_cmpint (g_atomic_int_get (&fixture->changes[0]), ==, changes + 1);
  g_assert_true (breaker_admits (breaker, &second, &wait));
}

/* --- looking --- */

/* Never less: the programs live on, and a monotonic clock does not go back */
static gint64 ahead_ms;

static gint64
monotonic_ahead (void)
{
  return g_get_monotonic_time () / 1000 + __atomic_load_n (&ahead_ms, __ATOMIC_ACQUIRE);
}

static void
test_old_knowledge_is_renewed (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  clock_set_source (NULL, monotonic_ahead);
  set ("breaker-probe-ms", "600000");
  (void)start (fixture, 0);
  set ("breaker-look-ms", "60000");
  (void)start (fixture, 1);
  UNTIL (g_atomic_int_get (&fixture->changes[1]) == 1); /* known; from here on it is idle */
  fails (fixture->breakers[0], "a");
  fails (fixture->breakers[0], "b");
  fails (fixture->breakers[0], "c");
  UNTIL (is_open (fixture->breakers[0]));
  g_assert_false (is_open (fixture->breakers[1]));
  __atomic_store_n (&ahead_ms, 121000, __ATOMIC_RELEASE);
  (void)breaker_limit (fixture->breakers[1], 64);
  UNTIL (is_open (fixture->breakers[1])); /* the next look would be a minute away */
}

static void
test_idle_success_is_told_in_time (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  (void)start (fixture, 0);
  set ("breaker-look-ms", "2000"); /* every 20 s while idle */
  (void)start (fixture, 1);
  UNTIL (g_atomic_int_get (&fixture->changes[1]) == 1);
  fails (fixture->breakers[0], "a");
  UNTIL (rows_of_failures (fixture) == 1);
  /* Again, since one success may seem to have come before the failure, as above. */
  UNTIL_IN (12, (works (fixture->breakers[1]), rows_of_failures (fixture)) == 0);
}

/* --- the database does not answer --- */

/* Statements about the breaker wait for as long as the fixture's transaction is open. */
static void
hold_table (Fixture *fixture)
{
  g_assert_true (db_begin (fixture->db, NULL));
  database_run (fixture->db, "lock table breakers in access exclusive mode");
}

static void
test_callers_never_wait (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker;
  BreakerCall admitted = { 0 };

  hold_table (fixture);
  breaker = start (fixture, 0);
  g_assert_false (admits (breaker, &admitted)); /* not known yet */
  g_assert_cmpuint (breaker_limit (breaker, 64), ==, 0);
  db_rollback (fixture->db);
  UNTIL (breaker_limit (breaker, 64) == 64);

  /* A caller who waited would wait for the end of this very thread's transaction. */
  hold_table (fixture);
  for (guint i = 0; i < FAILURES; i++) {
    g_autofree char *scope = g_strdup_printf ("%u", i);
    g_assert_true (admits (breaker, &admitted));
    breaker_report (breaker, &admitted, scope, BREAKER_DOWN);
  }
  g_assert_true (admits (breaker, &admitted));
  g_assert_cmpuint (breaker_limit (breaker, 64), ==, 64);
  db_rollback (fixture->db);
  UNTIL (is_open (breaker));
}

/* One that has failed: how it ends must be known before it costs an attempt. */
typedef struct {
  Breaker *breaker;
  GThread *thread;
  gint is_back; /* atomic */
} Failed;

static gpointer
wait_for_opening (gpointer data)
{
  Failed *failed = data;
  gboolean opens = breaker_opens_within (failed->breaker, 1);

  g_atomic_int_set (&failed->is_back, TRUE);
  return GINT_TO_POINTER (opens);
}

static void
test_waits_for_what_it_wrote (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Failed failed = { .breaker = start (fixture, 0) };
  gint64 held_us;

  UNTIL (breaker_limit (failed.breaker, 64) == 64);
  hold_table (fixture);
  fails (failed.breaker, "a");
  fails (failed.breaker, "b");
  fails (failed.breaker, "c");
  failed.thread = g_thread_new ("failed", wait_for_opening, &failed);
  held_us = g_get_monotonic_time ();
  UNTIL (g_get_monotonic_time () >
         held_us + 300000); /* a slow commit, much more than it was given */
  g_assert_false (g_atomic_int_get (&failed.is_back));
  db_rollback (fixture->db);
  g_assert_true (GPOINTER_TO_INT (g_thread_join (failed.thread)));
}

/* Many wait, so that some come to look only when what was reported last is already being written. */
static void
test_waits_for_what_is_being_written (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  Breaker *breaker = start (fixture, 0);
  Failed failed[64];

  UNTIL (breaker_limit (breaker, 64) == 64);
  hold_table (fixture);
  fails (breaker, "a");
  UNTIL (database_number (fixture->db, "select count (*) as n from pg_locks where not granted") >
         0);
  fails (breaker, "b");
  fails (breaker, "c");
  for (gsize i = 0; i < G_N_ELEMENTS (failed); i++) {
    failed[i] = (Failed){ .breaker = breaker };
    failed[i].thread = g_thread_new ("failed", wait_for_opening, &failed[i]);
  }
  db_rollback (fixture->db);
  for (gsize i = 0; i < G_N_ELEMENTS (failed); i++)
    g_assert_true (GPOINTER_TO_INT (g_thread_join (failed[i].thread)));
}

static void
test_waits_for_what_others_wrote (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  set ("breaker-probe-ms", "600000");
  (void)start (fixture, 0);
  set ("breaker-look-ms", "60000"); /* the next look of its own would be a minute away */
  (void)start (fixture, 1);
  fails (fixture->breakers[1], "a");
  UNTIL (rows_of_failures (fixture) == 1);
  g_assert_false (breaker_opens_within (fixture->breakers[1], 1));
  fails (fixture->breakers[0], "b");
  fails (fixture->breakers[0], "c");
  UNTIL (is_open (fixture->breakers[0]));
  g_assert_false (is_open (fixture->breakers[1]));
  g_assert_true (breaker_opens_within (fixture->breakers[1], 1));
}

/* For all but the fixture's own connection. */
static void
database_away (Fixture *fixture, gboolean away)
{
  g_autofree char *server = g_path_get_dirname (g_getenv ("DATABASE_URL"));
  g_autofree char *url = g_strconcat (server, "/postgres", NULL); /* not from inside */
  g_autofree char *end = g_strdup_printf (
      "select pg_terminate_backend (pid) from pg_stat_activity where datname = 'dependents' and "
      "pid <> %" G_GINT64_FORMAT,
      database_number (fixture->db, "select pg_backend_pid ()::bigint as n"));
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = db_open (url, &error);

  g_assert_no_error (error);
  database_run (db, away ? "alter database dependents with allow_connections false"
                         : "alter database dependents with allow_connections true");
  if (away)
    database_run (db, end);
}

static void
test_database_away_keeps_the_state (Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
  BreakerCall admitted = { 0 };
  gint64 until_ms;
  Breaker *breaker;

  set ("breaker-probe-ms", "600000");
  breaker = start (fixture, 0);
  works (breaker);
  database_away (fixture, TRUE);
  for (guint i = 0; i < FAILURES; i++) {
    g_autofree char *scope = g_strdup_printf ("%u", i);
    g_assert_true (admits (breaker, &admitted));
    breaker_report (breaker, &admitted, scope, BREAKER_DOWN);
  }
  until_ms = clock_monotonic_ms () + NEVER_MS;
  while (clock_monotonic_ms () < until_ms) {
    g_assert_cmpuint (breaker_limit (breaker, 64), ==, 64);
    g_assert_false (is_open (breaker));
    await_change ();
  }
  g_assert_cmpint (rows_of_failures (fixture), ==, 0);
  database_away (fixture, FALSE);
  UNTIL (is_open (breaker)); /* nothing was forgotten */

  database_away (fixture, TRUE);
  until_ms = clock_monotonic_ms () + NEVER_MS;
  while (clock_monotonic_ms () < until_ms) {
    g_assert_cmpuint (breaker_limit (breaker, 64), ==, 0);
    g_assert_false (admits (breaker, &admitted));
    await_change ();
  }
  database_away (fixture, FALSE);
  change_row (fixture, "update breakers set probe_at = clock_timestamp () where downstream = $1");
  works (breaker);
  UNTIL (state_is (fixture, "closed"));
  assert_events (fixture, "open half-open closed");
}

/* --- the programs --- */

static void
die_with_parent (gpointer unused G_GNUC_UNUSED)
{
  (void)prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* A program of ours starts with a broker only. Returns its address. */
static char *
start_broker (GPid *ret_pid)
{
  const char *command[] = { EMBEDDED_BROKER, "--log-level=warning", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GIOChannel) output = NULL;
  int fd = -1;

  g_spawn_async_with_pipes (NULL, (char **)command, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                            die_with_parent, NULL, ret_pid, NULL, &fd, NULL, &error);
  g_assert_no_error (error);
  output = g_io_channel_unix_new (fd);
  g_io_channel_set_close_on_unref (output, TRUE);
  g_io_channel_read_line (output, &line, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (line, "KAFKA_BROKERS="));
  return g_strdup (g_strchomp (line) + strlen ("KAFKA_BROKERS="));
}

static void
start_process (Process *process, const char *brokers)
{
  static const Setting *const tables[] = { program_settings, kafka_settings,   db_settings,
                                           seal_settings,    breaker_settings, NULL };
  g_autofree char *database = g_strconcat ("--database-url=", g_getenv ("DATABASE_URL"), NULL);
  g_autofree char *kafka = g_strconcat ("--kafka-brokers=", brokers, NULL);
  const char *given[] = { "breaker-test",
                          database,
                          kafka,
                          "--broker-admin=no",
                          "--log-level=warning",
                          "--master-keys=m1:" ANY_KEY,
                          "--hmac-keys=h1:" ANY_KEY,
                          NULL };
  char **argv = (char **)given;
  int argc = G_N_ELEMENTS (given) - 1;
  g_autoptr (GError) error = NULL;

  process->settings = settings_parse ("breaker-test", "", "", tables, &argc, &argv, &error);
  g_assert_no_error (error);
  process->program = program_start ("breaker-test", process->settings, &error);
  g_assert_no_error (error);
}

/* Rows leave the outbox when they are published: a copy is kept of those that tell of
 * monitoring. */
static void
keep_events (void)
{
  g_autoptr (Db) db = database_open_migrated ();

  database_run (db, "create table seen_events (id bigint primary key, value bytea not null);"
                    "create function see () returns trigger language plpgsql as $$ begin "
                    "insert into seen_events values (new.id, new.value); return null; end $$;"
                    "create trigger see after insert on outbox for each row "
                    "when (new.topic = 'dependents.monitoring-events') execute function see ()");
}

#define ADD(name, test)                                                                            \
  g_test_add ("/pipeline/breaker/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *brokers = NULL;
  GPid broker;
  int status;

  g_test_init (&argc, &argv, NULL);
  ADD ("opens-after-different-claims-have-failed", test_opens);
  ADD ("failures-are-counted-over-all-processes", test_counted_over_processes);
  ADD ("one-claim-never-opens-it-however-often-it-fails", test_one_claim_never_opens);
  ADD ("a-success-in-another-process-clears-the-failures", test_success_elsewhere_clears);
  ADD ("a-success-in-between-clears-at-once", test_success_between_clears_at_once);
  ADD ("old-failures-do-not-count", test_old_failures_do_not_count);
  ADD ("several-open-it-once", test_opened_once);
  ADD ("only-one-of-several-probes", test_only_one_probes);
  ADD ("a-due-probe-lets-one-record-come-and-is-taken-by-who-asks", test_due_lets_one_record_come);
  ADD ("a-failed-probe-reopens-for-longer", test_failed_probe_reopens);
  ADD ("an-answered-probe-closes-for-all", test_closes);
  ADD ("a-call-that-was-not-made-frees-the-place", test_not_called_frees_the_place);
  ADD ("an-unused-probe-is-given-back", test_unused_probe_is_given_back);
  ADD ("who-stops-gives-the-probe-to-the-others", test_stopping_gives_the_probe);
  ADD ("a-late-prober-is-replaced-and-decides-nothing", test_late_prober_is_replaced);
  ADD ("reports-of-an-earlier-state-say-nothing", test_reports_of_an_earlier_state_say_nothing);
  ADD ("calls-in-flight-double-each-second-after-it-closed", test_ramp_doubles);
  ADD ("a-place-that-becomes-free-on-the-ramp-is-told", test_ramp_tells_of_a_free_place);
  ADD ("old-knowledge-is-renewed-when-somebody-asks", test_old_knowledge_is_renewed);
  ADD ("a-success-is-told-within-a-look-by-who-was-idle", test_idle_success_is_told_in_time);
  ADD ("callers-never-wait-for-the-database", test_callers_never_wait);
  ADD ("who-failed-waits-for-what-it-wrote", test_waits_for_what_it_wrote);
  ADD ("who-failed-waits-for-what-is-being-written", test_waits_for_what_is_being_written);
  ADD ("who-failed-waits-for-what-others-wrote", test_waits_for_what_others_wrote);
  ADD ("a-database-away-keeps-the-state", test_database_away_keeps_the_state);

  brokers = start_broker (&broker);
  keep_events ();
  for (guint i = 0; i < PROCESSES; i++)
    start_process (&processes[i], brokers);
  status = g_test_run ();
  for (guint i = 0; i < PROCESSES; i++) {
    program_stop (processes[i].program);
    settings_free (processes[i].settings);
  }
  kill (broker, SIGTERM);
  waitpid (broker, NULL, 0);
  return status;
}
