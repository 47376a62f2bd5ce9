/* A desk, see desk.h. */
#include "pipeline/desk.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"

#define AGAIN_MS      100 /* the first pause while the database is away; they grow */
#define AGAIN_MAX_MS  5000
#define CONFLICTS_MAX 10
#define STATEMENT_MAX_MS                                                                           \
  5000 /* ours take milliseconds: one that hangs must not hold up a desk for long */

struct Desk {
  DeskOptions options;
  GThread *thread;
  GMutex lock;
  GCond changed;
  GPtrArray *waiting;
  gboolean stopping;
  gboolean is_idle; /* waits for the first item: nobody else has to be woken */
  Db *db;
  gint64 away_since_ms; /* monotonic; 0: it answers */
  Backoff pause;
};

static gpointer
serve (gpointer data)
{
  Desk *desk = data;

  for (;;) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();

    g_mutex_lock (&desk->lock);
    desk->is_idle = TRUE;
    while (desk->waiting->len == 0 && !desk->stopping)
      g_cond_wait (&desk->changed, &desk->lock);
    desk->is_idle = FALSE;
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
  backoff_init (&desk->pause, AGAIN_MS, AGAIN_MAX_MS);
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
  if (desk->is_idle)
    g_cond_signal (&desk->changed);
  g_mutex_unlock (&desk->lock);
}

void
desk_add_all (Desk *desk, const GPtrArray *items)
{
  if (items->len == 0)
    return;
  g_mutex_lock (&desk->lock);
  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (desk->waiting, g_ptr_array_index (items, i));
  if (desk->is_idle)
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

/* Away for too long ends the process; else it is told, and waited for. */
static void
endure (Desk *desk, const GError *problem)
{
  gint64 now_ms = clock_monotonic_ms ();

  if (desk->away_since_ms == 0)
    desk->away_since_ms = now_ms;
  if (desk->options.program)
    program_note_trouble (desk->options.program, desk->options.name, problem->message);
  if (now_ms - desk->away_since_ms > desk->options.wait_ms)
    desk->options.ill (problem->message, desk->options.data);
  desk_wait (desk, backoff_failed (&desk->pause));
}

static void
note_answered (Desk *desk)
{
  if (desk->away_since_ms == 0)
    return;
  desk->away_since_ms = 0;
  backoff_succeeded (&desk->pause);
  if (desk->options.program)
    program_note_trouble (desk->options.program, desk->options.name, NULL);
}

Db *
desk_db (Desk *desk)
{
  if (desk->db && db_is_broken (desk->db))
    g_clear_pointer (&desk->db, db_close);
  while (!desk->db) {
    g_autoptr (GError) error = NULL;

    desk->db = db_open (desk->options.database_url, &error);
    if (desk->db && desk->options.lock_ms &&
        !db_set_timeouts (desk->db, desk->options.lock_ms, STATEMENT_MAX_MS, &error))
      g_clear_pointer (&desk->db, db_close);
    if (!desk->db)
      endure (desk, error);
  }
  return desk->db;
}

/* Travels with the transaction, when it is another time than that of the one before. */
static gboolean
begin (const Desk *desk, Db *db, guint flags, GError **error)
{
  gint64 lock_ms = desk->options.lock_ms;

  if (flags & DESK_HARDLY_WAITS)
    lock_ms = MAX (1, lock_ms / 10);
  if (desk->options.lock_ms && !db_set_timeouts (db, lock_ms, STATEMENT_MAX_MS, error))
    return FALSE;
  return flags & DESK_ASYNCHRONOUS ? db_begin_asynchronous (db, error) : db_begin (db, error);
}

void
desk_make_sure (Desk *desk)
{
  for (;;) {
    g_autoptr (GError) problem = NULL;

    if (db_primary_acknowledges (desk_db (desk), &problem))
      return;
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY) ||
        g_error_matches (problem, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
      endure (desk, problem);
      continue;
    }
    log_limited (LOG_LEVEL_WARNING, "acknowledge", "the database acknowledges no commit", "error",
                 problem ? problem->message : "a commit ended with a warning", NULL);
    endure (desk, problem ? problem
                          : &(GError){ DB_ERROR, DB_ERROR_AWAY, "a commit ended with a warning" });
  }
}

gboolean
desk_transaction (Desk *desk, guint flags, DbWork work, gpointer data, GError **error)
{
  for (guint conflicts = 0;;) {
    g_autoptr (GError) problem = NULL;
    Db *db = desk_db (desk);

    if (begin (desk, db, flags, &problem) && work (db, data, &problem) &&
        db_commit (db, &problem)) {
      note_answered (desk);
      return TRUE;
    }
    db_rollback (db);
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY)) {
      /* Also a server that answers and cannot work: shutting down, full, read-only. */
      endure (desk, problem);
      continue;
    }
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
      desk_make_sure (desk);
    else
      note_answered (desk);
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_CONFLICT) && flags & DESK_REPEATS &&
        ++conflicts < CONFLICTS_MAX)
      continue;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
}
