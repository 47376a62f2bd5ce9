/* Published rows leave the database, see outbox-deleter.h. */
#include "program/outbox-deleter.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"

#define HELD_BATCH_MS 2000 /* all those that are tried alone, at a time */
#define HELD_FIRST_MS 1000 /* before what somebody held is tried again; doubled */
#define HELD_MAX_MS   60000

struct OutboxDeleter {
  const char *instance_id;
  OutboxFlight *flight;
  GPtrArray *held;   /* of OutboxRow *: published, and somebody holds what deleting them needs */
  gint64 held_at_ms; /* when those are tried again; 0: there are none */
  Backoff held_pause;
};

OutboxDeleter *
outbox_deleter_new (const char *instance_id, OutboxFlight *flight)
{
  OutboxDeleter *deleter = g_new0 (OutboxDeleter, 1);

  deleter->instance_id = instance_id;
  deleter->flight = flight;
  deleter->held = g_ptr_array_new ();
  backoff_init (&deleter->held_pause, HELD_FIRST_MS, HELD_MAX_MS);
  return deleter;
}

void
outbox_deleter_free (OutboxDeleter *deleter)
{
  if (!deleter)
    return;
  g_ptr_array_set_free_func (deleter->held, outbox_row_free);
  g_ptr_array_unref (deleter->held);
  g_free (deleter);
}

/* Takes @rows out of memory once they are out of the database. */
static gboolean
delete_together (OutboxDeleter *deleter, Db *db, GPtrArray *rows, GError **error)
{
  if (!outbox_rows_delete (db, deleter->instance_id, rows, error))
    return FALSE;
  outbox_flight_forget_all (deleter->flight, rows);
  return TRUE;
}

static void
hold (OutboxDeleter *deleter, OutboxRow *row, const GError *problem)
{
  if (problem) {
    log_limited (LOG_LEVEL_WARNING, "outbox-held",
                 "somebody holds a row that a published record needs; it is deleted later", "topic",
                 row->topic, "error", problem->message, NULL);
    metrics_count (METRIC_ROW_HELD, 1, NULL);
  }
  g_ptr_array_add (deleter->held, row);
}

/* What somebody holds is set aside, what there is no time for likewise; the others go. */
static gboolean
delete_singly (OutboxDeleter *deleter, Db *db, GPtrArray *rows, GError **error)
{
  gint64 until_ms = clock_monotonic_ms () + HELD_BATCH_MS;

  for (; rows->len > 0; g_ptr_array_remove_index (rows, 0)) {
    OutboxRow *row = g_ptr_array_index (rows, 0);
    g_autoptr (GPtrArray) alone = g_ptr_array_new ();
    g_autoptr (GError) problem = NULL;

    g_ptr_array_add (alone, row);
    if (clock_monotonic_ms () < until_ms && delete_together (deleter, db, alone, &problem))
      continue;
    if (problem && !db_is_held (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    hold (deleter, row, problem);
  }
  return TRUE;
}

gboolean
outbox_deleter_delete (OutboxDeleter *deleter, Db *db, GPtrArray *rows, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows->len == 0)
    return TRUE;
  CRASH_POINT ("outbox/before-delete");
  if (!delete_together (deleter, db, rows, &problem)) {
    if (!db_is_held (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (!delete_singly (deleter, db, rows, error))
      return FALSE;
  }
  CRASH_POINT ("outbox/after-delete");
  return TRUE;
}

gboolean
outbox_deleter_delete_held (OutboxDeleter *deleter, Db *db, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  gboolean is_fine;

  if (deleter->held->len > 0 && deleter->held_at_ms == 0)
    deleter->held_at_ms = clock_monotonic_ms () + backoff_failed (&deleter->held_pause);
  if (deleter->held->len == 0 || clock_monotonic_ms () < deleter->held_at_ms)
    return TRUE;
  rows = g_steal_pointer (&deleter->held);
  deleter->held = g_ptr_array_new ();
  is_fine = delete_singly (deleter, db, rows, error);
  for (guint i = 0; i < rows->len; i++)
    hold (deleter, g_ptr_array_index (rows, i), NULL);
  deleter->held_at_ms = 0;
  if (deleter->held->len == 0)
    backoff_succeeded (&deleter->held_pause);
  else
    deleter->held_at_ms = clock_monotonic_ms () + backoff_failed (&deleter->held_pause);
  return is_fine;
}

gint64
outbox_deleter_due_ms (const OutboxDeleter *deleter)
{
  return deleter->held_at_ms ? deleter->held_at_ms : G_MAXINT64;
}

gboolean
outbox_deleter_holds (const OutboxDeleter *deleter, const OutboxRow *row)
{
  for (guint i = 0; i < deleter->held->len; i++) {
    const OutboxRow *held = g_ptr_array_index (deleter->held, i);

    if (!held->instance_id && held->id == row->id)
      return TRUE;
  }
  return FALSE;
}
