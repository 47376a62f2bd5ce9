/* Rows that nobody else will publish, see outbox-finder.h. */
#include "program/outbox-finder.h"

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/outbox.sql.h"

#define LOOK_MS        1000 /* between two looks for rows of dead instances */
#define SWEEP_MS       60000
#define SWEEPS_SOON    5     /* a COMMIT without an answer may become visible late */
#define SWEEP_AGE_MS   1000  /* younger rows are about to be published by who has committed them */
#define STATE_MS       10000 /* between two looks at what waits */
#define OLD_MS         60000 /* what waits longer is told, once in this time */
#define PAGE_ROWS      1000  /* rows read at a time */
#define RELAY_MAX_ROWS 5000  /* of dead instances, in memory */
#define NO_INSTANCE    "00000000-0000-0000-0000-000000000000"

struct OutboxFinder {
  OutboxFinderOptions options;
  gboolean is_relay;
  guint sweeps_left;
  gint64 sweep_at_ms, look_at_ms, state_at_ms, old_told_ms;
  gint64 own_refused_at_ms; /* when to look for own refused rows that are due; 0: there are none */
};

OutboxFinder *
outbox_finder_new (const OutboxFinderOptions *options)
{
  OutboxFinder *finder = g_new0 (OutboxFinder, 1);

  finder->options = *options;
  finder->sweep_at_ms = clock_monotonic_ms () + SWEEP_MS;
  return finder;
}

void
outbox_finder_free (OutboxFinder *finder)
{
  g_free (finder);
}

/* --- What is found --- */

static gboolean
is_known (const OutboxFinder *finder, const OutboxRow *row)
{
  return outbox_flight_knows (finder->options.flight, row) ||
         (!row->instance_id && outbox_deleter_holds (finder->options.deleter, row));
}

/* Rows that this process does not know yet are published as if just made; once a later commit is
 * acknowledged, for theirs may have ended without its standby's word, and be gone after a failover:
 * the record would be of a claim that nobody has. */
static gboolean
publish_found (OutboxFinder *finder, DbRows *found, Db *db, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);
  guint fresh = 0;

  for (guint i = 0; i < db_rows_count (found); i++) {
    OutboxRow *row = outbox_row_read (found, i, finder->options.instance_id);

    if (!row)
      continue;
    if (is_known (finder, row)) {
      outbox_row_free (row);
      continue;
    }
    fresh += row->goes_alone ? 0 : 1;
    g_ptr_array_add (rows, row);
  }
  if (rows->len > 0 && !db_primary_acknowledges (db, error))
    return FALSE;
  if (fresh > 0) { /* of what was refused before nothing more is said */
    char count[16];
    g_snprintf (count, sizeof count, "%u", fresh);
    log_info ("publishing outbox rows that nobody else will", "count", count, NULL);
    metrics_count (METRIC_OUTBOX_RELAYED, fresh, NULL);
  }
  outbox_flight_publish (finder->options.flight, rows);
  return TRUE;
}

static gboolean
look_for_own (OutboxFinder *finder, Db *db, GError **error)
{
  gint64 after = 0;
  guint count;

  do {
    g_autoptr (DbRows) found =
        db_query (db, error, SQL_OUTBOX_OWN, "tiii", finder->options.instance_id, after,
                  (gint64)SWEEP_AGE_MS, (gint64)PAGE_ROWS);

    if (!found || !publish_found (finder, found, db, error))
      return FALSE;
    count = db_rows_count (found);
    if (count > 0)
      after = db_rows_int (found, count - 1, "id");
  } while (count == PAGE_ROWS);
  return TRUE;
}

static gboolean
look_for_own_refused (OutboxFinder *finder, Db *db, GError **error)
{
  g_autoptr (DbRows) found = db_query (db, error, SQL_OUTBOX_OWN_REFUSED, "ti",
                                       finder->options.instance_id, (gint64)PAGE_ROWS);
  g_autoptr (DbRows) left = NULL;

  if (!found || !publish_found (finder, found, db, error))
    return FALSE;
  left = db_query (db, error, SQL_OUTBOX_OWN_REFUSED_COUNT, "t", finder->options.instance_id);
  if (!left)
    return FALSE;
  finder->own_refused_at_ms =
      db_rows_int (left, 0, "count") > 0 ? clock_monotonic_ms () + LOOK_MS : 0;
  return TRUE;
}

static gboolean
look_for_those_of_the_dead (OutboxFinder *finder, Db *db, GError **error)
{
  g_autofree char *instance_id = g_strdup (NO_INSTANCE);
  gint64 after = 0;
  guint count;

  do {
    g_autoptr (DbRows) found =
        db_query (db, error, SQL_OUTBOX_OF_THE_DEAD, "itii", finder->options.instance_timeout_ms,
                  instance_id, after, (gint64)PAGE_ROWS);

    if (!found || !publish_found (finder, found, db, error))
      return FALSE;
    count = db_rows_count (found);
    if (count > 0) {
      after = db_rows_int (found, count - 1, "id");
      g_free (instance_id);
      instance_id = g_strdup (db_rows_text (found, count - 1, "instance_id"));
    }
  } while (count == PAGE_ROWS && outbox_flight_of_others (finder->options.flight) < RELAY_MAX_ROWS);
  return TRUE;
}

/* The relay tells for all; the others' gauges are 0. */
static gboolean
tell_state (OutboxFinder *finder, Db *db, gint64 now, GError **error)
{
  g_autoptr (DbRows) state = db_query (db, error, SQL_OUTBOX_STATE, "");
  gint64 oldest_ms;

  if (!state)
    return FALSE;
  oldest_ms = db_rows_int (state, 0, "oldest_ms");
  metrics_gauge (METRIC_OUTBOX_REFUSED, db_rows_int (state, 0, "refused"), NULL);
  metrics_gauge (METRIC_OUTBOX_OLDEST, oldest_ms / 1000.0, NULL);
  if (oldest_ms > OLD_MS && (finder->old_told_ms == 0 || now >= finder->old_told_ms + OLD_MS)) {
    g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, oldest_ms / 1000);

    log_warning ("a row of the outbox waits: is the broker there, and the process that made it?",
                 "seconds", seconds, NULL);
    finder->old_told_ms = now;
  }
  return TRUE;
}

/* --- When --- */

gboolean
outbox_finder_follow_lease (OutboxFinder *finder)
{
  gboolean is_relay;

  /* Taken before the lease is asked. */
  (void)outbox_flight_take_errand (finder->options.flight, OUTBOX_FOLLOW_LEASE);
  is_relay = finder->options.relay && lease_is_held (finder->options.relay);
  if (finder->is_relay && !is_relay) {
    metrics_gauge (METRIC_OUTBOX_REFUSED, 0, NULL);
    metrics_gauge (METRIC_OUTBOX_OLDEST, 0, NULL);
  }
  finder->is_relay = is_relay;
  return is_relay;
}

gboolean
outbox_finder_look (OutboxFinder *finder, Db *db, GError **error)
{
  gint64 now = clock_monotonic_ms ();
  gboolean is_asked = outbox_flight_take_errand (finder->options.flight, OUTBOX_SWEEP);
  gboolean is_relay = finder->is_relay && GUARD (RELAY);

  if (is_asked)
    finder->sweeps_left = SWEEPS_SOON;
  if (is_asked || now >= finder->sweep_at_ms) {
    if (!look_for_own (finder, db, error)) {
      finder->sweep_at_ms = now; /* what a failed look owes, the next one does */
      return FALSE;
    }
    if (finder->sweeps_left > 0)
      finder->sweeps_left--;
    finder->sweep_at_ms = now + (finder->sweeps_left > 0 ? SWEEP_AGE_MS : SWEEP_MS);
  }
  if (finder->own_refused_at_ms && now >= finder->own_refused_at_ms &&
      !look_for_own_refused (finder, db, error))
    return FALSE;
  if (is_relay && now >= finder->look_at_ms) {
    if (outbox_flight_of_others (finder->options.flight) < RELAY_MAX_ROWS &&
        !look_for_those_of_the_dead (finder, db, error))
      return FALSE;
    finder->look_at_ms = now + LOOK_MS;
  }
  if (is_relay && now >= finder->state_at_ms) {
    if (!tell_state (finder, db, now, error))
      return FALSE;
    finder->state_at_ms = now + STATE_MS;
  }
  return TRUE;
}

void
outbox_finder_note_refused (OutboxFinder *finder, gboolean is_own)
{
  if (is_own)
    finder->own_refused_at_ms = clock_monotonic_ms () + LOOK_MS;
  finder->state_at_ms = 0;
}

gint64
outbox_finder_due_ms (const OutboxFinder *finder)
{
  gint64 due = finder->sweep_at_ms;

  if (finder->is_relay && GUARD (RELAY))
    due = MIN (due, MIN (finder->look_at_ms, finder->state_at_ms));
  if (finder->own_refused_at_ms)
    due = MIN (due, finder->own_refused_at_ms);
  return due;
}
