/* What the thread sanitizer has to be told of GLib: its mutexes and conditions are futexes of its
 * own, in a library that is not instrumented, so that every access under a GMutex would look like a
 * race, and a real one would drown. These functions stand before GLib's in every program of the
 * tsan preset, tell the sanitizer, and call GLib's.
 *
 * Only what the repository uses is here: another kind of lock shows itself by a report that names
 * what it guards. Calls inside GLib are not caught (it is linked with -Bsymbolic-functions),
 * therefore the thread pool has its own entry.
 * Source: sanitizer/tsan_interface.h of gcc 12. */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* GLib's own function. Looking it up needs no lock: dlsym gives the same answer to everybody. */
#define REAL(name) ((__typeof__ (&name))real (#name))

static void *
real (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);

  if (!function)
    __builtin_trap ();
  return function;
}

static void
taken (GMutex *mutex)
{
  __tsan_mutex_post_lock (mutex, 0, 0);
}

static void
given (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
}

void
g_mutex_lock (GMutex *mutex)
{
  __tsan_mutex_pre_lock (mutex, 0);
  REAL (g_mutex_lock) (mutex);
  taken (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean is_taken;

  __tsan_mutex_pre_lock (mutex, __tsan_mutex_try_lock);
  is_taken = REAL (g_mutex_trylock) (mutex);
  __tsan_mutex_post_lock (mutex,
                          __tsan_mutex_try_lock | (is_taken ? 0 : __tsan_mutex_try_lock_failed), 0);
  return is_taken;
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  REAL (g_mutex_unlock) (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

void
g_mutex_clear (GMutex *mutex)
{
  __tsan_mutex_destroy (mutex, 0);
  REAL (g_mutex_clear) (mutex);
}

void
g_cond_wait (GCond *condition, GMutex *mutex)
{
  given (mutex);
  REAL (g_cond_wait) (condition, mutex);
  __tsan_mutex_pre_lock (mutex, 0);
  taken (mutex);
}

gboolean
g_cond_wait_until (GCond *condition, GMutex *mutex, gint64 end_us)
{
  gboolean is_signalled;

  given (mutex);
  is_signalled = REAL (g_cond_wait_until) (condition, mutex, end_us);
  __tsan_mutex_pre_lock (mutex, 0);
  taken (mutex);
  return is_signalled;
}

/* The quick way of g_once_init_enter() is an atomic read in the caller, which is instrumented; only
 * GLib's write is not. */
#undef g_once_init_enter
gboolean
g_once_init_enter (volatile void *location)
{
  gboolean is_mine = REAL (g_once_init_enter) (location);

  if (!is_mine)
    __tsan_acquire ((void *)location);
  return is_mine;
}

#undef g_once_init_leave
void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *)location);
  REAL (g_once_init_leave) (location, result);
}

/* --- Boxes with an atomic count: who frees one comes after everybody who has let it go. --- */

static __thread GDestroyNotify clear_box;

static void
clear_freed_box (gpointer box)
{
  GDestroyNotify clear = clear_box;

  __tsan_acquire (box);
  if (clear)
    clear (box);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  GDestroyNotify outer = clear_box;

  __tsan_release (box);
  clear_box = clear;
  REAL (g_atomic_rc_box_release_full) (box, clear_freed_box);
  clear_box = outer;
}

/* --- Thread pools: what was pushed is handed over. --- */

typedef struct {
  GFunc function;
  gpointer data;
} Pool; /* lives as long as the process, and there are few */

static void
run_pushed (gpointer pushed, gpointer data)
{
  const Pool *pool = data;

  __tsan_acquire (pushed);
  pool->function (pushed, pool->data);
}

GThreadPool *
g_thread_pool_new (GFunc function, gpointer data, gint max_threads, gboolean exclusive,
                   GError **error)
{
  Pool *pool = g_new (Pool, 1);

  *pool = (Pool){ function, data };
  return REAL (g_thread_pool_new) (run_pushed, pool, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return REAL (g_thread_pool_push) (pool, data, error);
}
