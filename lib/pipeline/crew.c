/* The crew, see crew.h. */
#include "pipeline/crew.h"

#define IDLE_MAX_S                                                                                 \
  10 /* starting a thread costs more than handling a message; keeping one costs its stack */

struct Crew {
  guint max_workers;
  CrewWork work;
  gpointer data;
  GMutex lock;
  GCond called, gone;
  GQueue items;
  guint workers, idle;
  gboolean is_calling; /* somebody has been called and is not here yet */
  gboolean is_closing;
};

static gpointer work (gpointer crew);

/* One more, unless one is on the way: who arrives calls the next. With the lock held. */
static void
call_one (Crew *crew)
{
  if (crew->is_calling || g_queue_is_empty (&crew->items))
    return;
  if (crew->idle > 0) {
    crew->is_calling = TRUE;
    g_cond_signal (&crew->called);
  } else if (crew->workers < crew->max_workers) {
    crew->is_calling = TRUE;
    crew->workers++;
    g_thread_unref (g_thread_new ("worker", work, crew));
  }
}

/* NULL: it may go. With the lock held. */
static gpointer
next_item (Crew *crew)
{
  gint64 until_us = g_get_monotonic_time () + IDLE_MAX_S * G_USEC_PER_SEC;

  while (g_queue_is_empty (&crew->items)) {
    gboolean is_called;

    if (crew->is_closing)
      return NULL;
    crew->idle++;
    is_called = g_cond_wait_until (&crew->called, &crew->lock, until_us);
    crew->idle--;
    crew->is_calling = FALSE; /* called or not: whoever comes back counts as arrived */
    if (!is_called && g_queue_is_empty (&crew->items))
      return NULL;
  }
  return g_queue_pop_head (&crew->items);
}

static gpointer
work (gpointer data)
{
  Crew *crew = data;
  gpointer item;

  g_mutex_lock (&crew->lock);
  crew->is_calling = FALSE;
  while ((item = next_item (crew))) {
    call_one (crew);
    g_mutex_unlock (&crew->lock);
    crew->work (item, crew->data);
    g_mutex_lock (&crew->lock);
  }
  crew->workers--;
  call_one (crew);
  if (crew->workers == 0)
    g_cond_signal (&crew->gone);
  g_mutex_unlock (&crew->lock);
  return NULL;
}

Crew *
crew_new (guint max_workers, CrewWork work_it, gpointer data)
{
  Crew *crew = g_new0 (Crew, 1);

  crew->max_workers = max_workers;
  crew->work = work_it;
  crew->data = data;
  g_mutex_init (&crew->lock);
  g_cond_init (&crew->called);
  g_cond_init (&crew->gone);
  g_queue_init (&crew->items);
  return crew;
}

void
crew_add (Crew *crew, gpointer item)
{
  g_mutex_lock (&crew->lock);
  g_queue_push_tail (&crew->items, item);
  call_one (crew);
  g_mutex_unlock (&crew->lock);
}

GPtrArray *
crew_withdraw (Crew *crew, CrewMatch matches, gpointer data)
{
  GPtrArray *withdrawn = g_ptr_array_new ();
  GQueue kept = G_QUEUE_INIT;
  gpointer item;

  g_mutex_lock (&crew->lock);
  while ((item = g_queue_pop_head (&crew->items)))
    if (!matches || matches (item, data))
      g_ptr_array_add (withdrawn, item);
    else
      g_queue_push_tail (&kept, item);
  crew->items = kept;
  g_mutex_unlock (&crew->lock);
  return withdrawn;
}

void
crew_free (Crew *crew)
{
  if (!crew)
    return;
  g_mutex_lock (&crew->lock);
  g_assert (g_queue_is_empty (&crew->items));
  crew->is_closing = TRUE;
  g_cond_broadcast (&crew->called);
  while (crew->workers > 0)
    g_cond_wait (&crew->gone, &crew->lock);
  g_mutex_unlock (&crew->lock);
  g_mutex_clear (&crew->lock);
  g_cond_clear (&crew->called);
  g_cond_clear (&crew->gone);
  g_free (crew);
}
