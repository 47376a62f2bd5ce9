/* One thread, one clock, see rounds.h. */
#include "base/rounds.h"

struct Rounds {
  const char *name;
  Round round;
  gpointer data;
  gint64 first_ms;
  GThread *thread; /* NULL: not begun, or joined */
  GMutex lock;
  GCond changed;
  gboolean is_ending, has_ended;
};

gboolean
rounds_rest (Rounds *rounds, gint64 ms)
{
  gint64 until_us = g_get_monotonic_time () + ms * 1000;
  gboolean go_on;

  g_mutex_lock (&rounds->lock);
  while (!rounds->is_ending && g_cond_wait_until (&rounds->changed, &rounds->lock, until_us))
    ;
  go_on = !rounds->is_ending;
  g_mutex_unlock (&rounds->lock);
  return go_on;
}

static gpointer
work (gpointer data)
{
  Rounds *rounds = data;

  for (gint64 ms = rounds->first_ms; rounds_rest (rounds, ms);)
    ms = rounds->round (rounds->data);
  g_mutex_lock (&rounds->lock);
  rounds->has_ended = TRUE;
  g_cond_broadcast (&rounds->changed);
  g_mutex_unlock (&rounds->lock);
  return NULL;
}

Rounds *
rounds_new (const char *name, Round round, gpointer data)
{
  Rounds *rounds = g_new0 (Rounds, 1);

  rounds->name = name;
  rounds->round = round;
  rounds->data = data;
  g_mutex_init (&rounds->lock);
  g_cond_init (&rounds->changed);
  return rounds;
}

void
rounds_begin (Rounds *rounds, gint64 first_ms)
{
  rounds->first_ms = first_ms;
  rounds->thread = g_thread_new (rounds->name, work, rounds);
}

gboolean
rounds_are_ending (Rounds *rounds)
{
  gboolean is_ending;

  g_mutex_lock (&rounds->lock);
  is_ending = rounds->is_ending;
  g_mutex_unlock (&rounds->lock);
  return is_ending;
}

static void
tell_to_end (Rounds *rounds)
{
  rounds->is_ending = TRUE;
  g_cond_broadcast (&rounds->changed);
}

gboolean
rounds_end (Rounds *rounds, gint64 until_us)
{
  gboolean has_ended;

  g_mutex_lock (&rounds->lock);
  tell_to_end (rounds);
  while (rounds->thread && !rounds->has_ended &&
         g_cond_wait_until (&rounds->changed, &rounds->lock, until_us))
    ;
  has_ended = !rounds->thread || rounds->has_ended;
  g_mutex_unlock (&rounds->lock);
  return has_ended;
}

void
rounds_free (Rounds *rounds)
{
  if (!rounds)
    return;
  g_mutex_lock (&rounds->lock);
  tell_to_end (rounds);
  g_mutex_unlock (&rounds->lock);
  if (rounds->thread)
    g_thread_join (rounds->thread);
  g_mutex_clear (&rounds->lock);
  g_cond_clear (&rounds->changed);
  g_free (rounds);
}
