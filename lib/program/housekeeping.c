/* Heartbeat, clock and leases, see housekeeping.h. */
#include "program/housekeeping.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/housekeeping.sql.h"

#define LEASES_MAX     8
#define RETRY_MS       1000 /* after a failure */
#define OFFSET_WARN_MS 1000

/* A heartbeat behind somebody's lock is none: it fails, is told, and is tried again. */
#define LOCK_MS      2000
#define STATEMENT_MS 5000

struct Housekeeping {
  char *database_url, *instance_id, *program;
  gint64 interval_ms;
  Health *health;
  GThread *thread;
  GMutex lock;
  GCond changed;
  gboolean stopping, is_lease_new;
  gint is_paused; /* atomic */
  gint snoozing;  /* atomic; -1: not told */
  Lease *leases[LEASES_MAX];
  const char *names[LEASES_MAX];
  guint lease_count;
};

Housekeeping *
housekeeping_new (const HousekeepingOptions *options)
{
  Housekeeping *house = g_new0 (Housekeeping, 1);

  house->database_url = g_strdup (options->database_url);
  house->instance_id = g_strdup (options->instance_id);
  house->program = g_strdup (options->program);
  house->interval_ms = options->interval_ms;
  house->health = options->health;
  house->snoozing = -1;
  g_mutex_init (&house->lock);
  g_cond_init (&house->changed);
  return house;
}

void
housekeeping_free (Housekeeping *house)
{
  if (!house)
    return;
  for (guint i = 0; i < house->lease_count; i++)
    lease_free (house->leases[i]);
  g_mutex_clear (&house->lock);
  g_cond_clear (&house->changed);
  g_free (house->database_url);
  g_free (house->instance_id);
  g_free (house->program);
  g_free (house);
}

/* --- Heartbeat, clock, tables --- */

static gboolean
compare_clocks (Db *db, GError **error)
{
  gint64 before = clock_now_ms ();
  g_autoptr (DbRows) rows = db_query (db, error, SQL_CLOCK, "");

  if (!rows)
    return FALSE;
  clock_note_database (before, clock_now_ms (), db_rows_int (rows, 0, "now_ms"));
  metrics_gauge (METRIC_DATABASE_CLOCK_OFFSET, clock_database_offset_ms () / 1000.0, NULL);
  metrics_gauge (METRIC_DATABASE_CLOCK_ERROR, clock_database_error_ms () / 1000.0, NULL);
  return TRUE;
}

static gboolean
beat (Housekeeping *house, Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_HEARTBEAT, "tti", house->instance_id,
                                      house->program, (gint64)g_atomic_int_get (&house->snoozing));

  if (!rows)
    return FALSE;
  g_atomic_int_set (&house->is_paused, db_rows_boolean (rows, 0, "is_paused"));
  if (!compare_clocks (db, error))
    return FALSE;
  if (ABS (clock_database_offset_ms ()) > OFFSET_WARN_MS)
    log_limited (LOG_LEVEL_WARNING, "clock",
                 "this machine's clock differs from the database's by more than 1 s", NULL);
  health_note_beat (house->health);
  return TRUE;
}

/* One row that is held is one claim's trouble; a table is everybody's. */
static gboolean
look_for_table_locks (Housekeeping *house, Db *db, GError **error)
{
  g_autoptr (DbRows) locks = db_query (db, error, SQL_TABLE_LOCKS, "");
  g_autofree char *why = NULL;

  if (!locks)
    return FALSE;
  if (db_rows_count (locks) > 0)
    why = g_strdup_printf ("somebody locks the table %s (%s, process %" G_GINT64_FORMAT
                           " of the database)",
                           db_rows_text (locks, 0, "name"), db_rows_text (locks, 0, "mode"),
                           db_rows_int (locks, 0, "pid"));
  health_note_trouble (house->health, "table-lock", why);
  return TRUE;
}

gboolean
housekeeping_first_beat (Housekeeping *house, Db *db, GError **error)
{
  /* The first answers of a connection are slow: two more for the clock. */
  return beat (house, db, error) && compare_clocks (db, error) && compare_clocks (db, error);
}

void
housekeeping_note_snoozing (Housekeeping *house, guint count)
{
  g_atomic_int_set (&house->snoozing, (gint)count);
}

gboolean
housekeeping_is_paused (Housekeeping *house)
{
  return g_atomic_int_get (&house->is_paused);
}

/* --- Leases --- */

Lease *
housekeeping_lease (Housekeeping *house, const char *name)
{
  Lease *lease = NULL;

  g_mutex_lock (&house->lock);
  for (guint i = 0; i < house->lease_count && !lease; i++)
    if (strcmp (house->names[i], name) == 0)
      lease = house->leases[i];
  if (!lease) {
    g_assert (house->lease_count < LEASES_MAX);
    lease = lease_new (name, house->instance_id);
    house->names[house->lease_count] = name;
    house->leases[house->lease_count++] = lease;
    house->is_lease_new = TRUE;
    g_cond_broadcast (&house->changed);
  }
  g_mutex_unlock (&house->lock);
  return lease;
}

/* Leases are added at the end and stay, so those below the count need no lock. */
static guint
count_leases (Housekeeping *house)
{
  guint count;

  g_mutex_lock (&house->lock);
  count = house->lease_count;
  g_mutex_unlock (&house->lock);
  return count;
}

static gboolean
keep_leases (Housekeeping *house, Db *db, GError **error)
{
  guint count = count_leases (house);

  for (guint i = 0; i < count; i++)
    if (!lease_keep (house->leases[i], db, error))
      return FALSE;
  return TRUE;
}

/* --- The thread --- */

/* FALSE: stop. */
static gboolean
wait_for (Housekeeping *house, gint64 ms)
{
  gint64 until = g_get_monotonic_time () + ms * 1000;
  gboolean go_on;

  g_mutex_lock (&house->lock);
  while (!house->stopping && !house->is_lease_new &&
         g_cond_wait_until (&house->changed, &house->lock, until))
    ;
  go_on = !house->stopping;
  g_mutex_unlock (&house->lock);
  return go_on;
}

static gboolean
reconnect (Housekeeping *house, Db **db, GError **error)
{
  if (*db)
    return TRUE;
  *db = db_open (house->database_url, error);
  return *db && db_set_timeouts (*db, LOCK_MS, STATEMENT_MS, error);
}

static void
leave (Housekeeping *house, Db *db)
{
  guint count = count_leases (house);

  if (!db)
    return; /* leases run out, and the instance is dead after its time-out */
  for (guint i = 0; i < count; i++)
    lease_give (house->leases[i], db);
  (void)db_execute (db, NULL, NULL, SQL_INSTANCE_ENDED, "t", house->instance_id);
  db_close (db);
}

static gboolean
take_note_of_new_lease (Housekeeping *house)
{
  gboolean is_new;

  g_mutex_lock (&house->lock);
  is_new = house->is_lease_new;
  house->is_lease_new = FALSE; /* should the database be away, all are asked for again anyway */
  g_mutex_unlock (&house->lock);
  return is_new;
}

static gpointer
keep_house (gpointer data)
{
  Housekeeping *house = data;
  gint64 renew_at = 0, wait_ms = 0;
  Db *db = NULL;

  while (wait_for (house, wait_ms)) {
    g_autoptr (GError) error = NULL;
    gboolean has_new_lease = take_note_of_new_lease (house);
    gboolean is_fine = reconnect (house, &db, &error) && beat (house, db, &error);
    gint64 now = clock_monotonic_ms ();

    if (is_fine && (has_new_lease || now >= renew_at)) {
      is_fine = keep_leases (house, db, &error);
      renew_at = is_fine ? now + LEASE_RENEW_MS : 0;
    }
    is_fine = is_fine && look_for_table_locks (house, db, &error);
    health_note_trouble (house->health, "heartbeat", is_fine ? NULL : error->message);
    if (!is_fine) {
      renew_at = 0;
      g_clear_pointer (&db, db_close);
    }
    wait_ms = MIN (house->interval_ms, is_fine ? LEASE_RENEW_MS : RETRY_MS);
  }
  leave (house, db);
  return NULL;
}

void
housekeeping_start (Housekeeping *house)
{
  house->thread = g_thread_new ("housekeeping", keep_house, house);
}

void
housekeeping_stop (Housekeeping *house)
{
  if (!house)
    return;
  g_mutex_lock (&house->lock);
  house->stopping = TRUE;
  g_cond_broadcast (&house->changed);
  g_mutex_unlock (&house->lock);
  if (house->thread)
    g_thread_join (g_steal_pointer (&house->thread));
}
