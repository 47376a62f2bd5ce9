/* Work with an asker who may go; see errand.h. */
#include "errand.h"

struct Errands {
  GMutex lock; /* guards what follows, and every errand */
  GCond changed;
  guint max_left, left, running;
};

struct Errand {
  Errands *errands;
  ErrandWork work;
  gpointer data;
  GDestroyNotify free_data;
  gboolean has_begun, is_done, is_left;
};

Errands *
errands_new (guint max_left)
{
  Errands *errands = g_new0 (Errands, 1);

  errands->max_left = max_left;
  g_mutex_init (&errands->lock);
  g_cond_init (&errands->changed);
  return errands;
}

gboolean
errands_free (Errands *errands, gint64 timeout_ms)
{
  gint64 until = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean is_idle;

  if (!errands)
    return TRUE;
  g_mutex_lock (&errands->lock);
  while (errands->running > 0 && g_cond_wait_until (&errands->changed, &errands->lock, until))
    continue;
  is_idle = errands->running == 0;
  g_mutex_unlock (&errands->lock);
  if (!is_idle)
    return FALSE;
  g_mutex_clear (&errands->lock);
  g_cond_clear (&errands->changed);
  g_free (errands);
  return TRUE;
}

static gpointer
run (gpointer data)
{
  Errand *errand = data;
  Errands *errands = errand->errands;
  gboolean is_left;

  errand->work (errand, errand->data);
  g_mutex_lock (&errands->lock);
  errand->is_done = TRUE;
  is_left = errand->is_left;
  if (is_left) { /* nobody else knows the errand any more */
    errands->left--;
    errand->free_data (errand->data);
    g_free (errand);
  }
  errands->running--;
  g_cond_broadcast (&errands->changed);
  g_mutex_unlock (&errands->lock);
  return NULL;
}

ErrandEnd
errands_run (Errands *errands, ErrandWork work, gpointer data, GDestroyNotify free_data,
             gint64 until_us)
{
  Errand *errand = NULL;
  GThread *thread = NULL;
  ErrandEnd end = ERRAND_NOT_BEGUN;

  g_mutex_lock (&errands->lock);
  if (errands->left < errands->max_left) {
    errand = g_new0 (Errand, 1);
    *errand = (Errand){ errands, work, data, free_data, FALSE, FALSE, FALSE };
    thread = g_thread_try_new ("errand", run, errand, NULL);
  }
  if (!thread) {
    g_mutex_unlock (&errands->lock);
    g_free (errand);
    free_data (data);
    return ERRAND_NOT_BEGUN;
  }
  g_thread_unref (thread);
  errands->running++;
  while (!errand->is_done && g_cond_wait_until (&errands->changed, &errands->lock, until_us))
    continue;
  if (errand->is_done) {
    g_free (errand);
    end = ERRAND_DONE;
  } else {
    errand->is_left = TRUE;
    errands->left++;
    end = errand->has_begun ? ERRAND_LEFT : ERRAND_NOT_BEGUN;
  }
  g_mutex_unlock (&errands->lock);
  return end;
}

gboolean
errand_may_begin (Errand *errand)
{
  Errands *errands = errand->errands;
  gboolean may_begin;

  g_mutex_lock (&errands->lock);
  may_begin = !errand->is_left;
  if (may_begin)
    errand->has_begun = TRUE;
  g_mutex_unlock (&errands->lock);
  return may_begin;
}
