/* A desk, see desk.h. */
#include "pipeline/desk.h"

#include "base/clock.h"
#include "base/log.h"

#define AGAIN_MS      200
#define CONFLICTS_MAX 10

struct Desk {
  DeskOptions options;
  GThread *thread;
  GMutex lock;
  GCond changed;
  GPtrArray *waiting;
  gboolean stopping;
  Db *db;
};

static gpointer
serve (gpointer data)
{
  Desk *desk = data;

  for (;;) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();

    g_mutex_lock (&desk->lock);
    while (desk->waiting->len == 0 && !desk->stopping)
      g_cond_wait (&desk->changed, &desk->lock);
    for (guint i = 0; i < desk->waiting->len && i < desk->options.max_batch; i++)
      g_ptr_array_add (batch, g_ptr_array_index (desk->waiting, i));
    if (batch->len > 0)
      g_ptr_array_remove_range (desk->waiting, 0, batch->len);
    g_mutex_unlock (&desk->lock);
    if (batch->len == 0)
      return NULL;
    desk->options.work (desk, batch, desk->options.data);
  }
}

Desk *
desk_new (const DeskOptions *options)
{
  Desk *desk = g_new0 (Desk, 1);

  desk->options = *options;
  g_mutex_init (&desk->lock);
  g_cond_init (&desk->changed);
  desk->waiting = g_ptr_array_new ();
  desk->thread = g_thread_new (options->name, serve, desk);
  return desk;
}

void
desk_add (Desk *desk, gpointer item)
{
  g_mutex_lock (&desk->lock);
  g_ptr_array_add (desk->waiting, item);
  if (desk->waiting->len == 1)
    g_cond_signal (&desk->changed);
  g_mutex_unlock (&desk->lock);
}

void
desk_free (Desk *desk)
{
  if (!desk)
    return;
  g_mutex_lock (&desk->lock);
  desk->stopping = TRUE;
  g_cond_signal (&desk->changed);
  g_mutex_unlock (&desk->lock);
  g_thread_join (desk->thread);
  db_close (desk->db);
  g_ptr_array_unref (desk->waiting);
  g_mutex_clear (&desk->lock);
  g_cond_clear (&desk->changed);
  g_free (desk);
}

void
desk_wait (Desk *desk, gint64 ms)
{
  g_mutex_lock (&desk->lock);
  g_cond_wait_until (&desk->changed, &desk->lock, g_get_monotonic_time () + ms * 1000);
  g_mutex_unlock (&desk->lock);
}

Db *
desk_db (Desk *desk)
{
  gint64 since = clock_monotonic_ms ();

  if (desk->db && db_is_broken (desk->db))
    g_clear_pointer (&desk->db, db_close);
  while (!desk->db) {
    g_autoptr (GError) error = NULL;

    desk->db = db_open (desk->options.database_url, &error);
    if (desk->db)
      break;
    log_limited (LOG_LEVEL_WARNING, desk->options.name, "waiting for the database", "error",
                 error->message, NULL);
    if (clock_monotonic_ms () - since > desk->options.wait_ms)
      desk->options.ill (error->message, desk->options.data);
    desk_wait (desk, AGAIN_MS);
  }
  return desk->db;
}

gboolean
desk_transaction (Desk *desk, gboolean repeat_conflicts, DbWork work, gpointer data, GError **error)
{
  gint64 away_since = 0;

  for (guint conflicts = 0;;) {
    g_autoptr (GError) problem = NULL;
    Db *db = desk_db (desk);

    if (db_begin (db, &problem) && work (db, data, &problem) && db_commit (db, &problem))
      return TRUE;
    db_rollback (db);
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY)) {
      /* Also a server that answers and cannot work: shutting down, full, read-only. */
      if (away_since == 0)
        away_since = clock_monotonic_ms ();
      if (clock_monotonic_ms () - away_since > desk->options.wait_ms)
        desk->options.ill (problem->message, desk->options.data);
      if (!db_is_broken (db))
        desk_wait (desk, AGAIN_MS);
      continue;
    }
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_CONFLICT) && repeat_conflicts &&
        ++conflicts < CONFLICTS_MAX)
      continue;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
}
