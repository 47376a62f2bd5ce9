/* Crash points, see crash-point.h. */
#include "base/crash-point.h"

#ifdef CRASH_POINTS
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static GMutex lock;
static GHashTable *passed;
static gint is_dying; /* atomic */

static guint
count_passing (const char *full)
{
  guint count;

  if (!passed)
    passed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (passed, full)) + 1;
  g_hash_table_insert (passed, g_strdup (full), GUINT_TO_POINTER (count));
  return count;
}

static void
write_down (const char *list, const char *full)
{
  g_autofree char *line = g_strconcat (full, "\n", NULL);
  int file = open (list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

  if (file < 0)
    return;
  (void)!write (file, line, strlen (line)); /* a lost name is a point that is not walked */
  close (file);
}

static gboolean
is_now (const char *wanted, const char *full, guint count)
{
  g_auto (GStrv) parts = wanted ? g_strsplit (wanted, ":", 2) : NULL;

  return parts && parts[0] && strcmp (parts[0], full) == 0 &&
         count == (parts[1] ? g_ascii_strtoull (parts[1], NULL, 10) : 1);
}

static gpointer
die_soon (gpointer data)
{
  g_usleep ((gulong)GPOINTER_TO_INT (data) * 1000);
  kill (getpid (), SIGKILL);
  return NULL;
}

/* An answer that is quicker than the death is not taken in either. */
static void
wait_for_death (void)
{
  while (g_atomic_int_get (&is_dying))
    pause ();
}

void
crash_point (const char *name, const char *of, int after_ms)
{
  const char *list = g_getenv ("CRASH_LIST"), *at = g_getenv ("CRASH_AT"),
             *stop_at = g_getenv ("CRASH_STOP_AT");
  g_autofree char *full = NULL;
  guint count;

  if (!list && !at && !stop_at)
    return;
  wait_for_death ();
  full = of ? g_strdup_printf ("%s/%s", name, of) : g_strdup (name);
  g_mutex_lock (&lock);
  count = count_passing (full);
  if (count == 1 && list)
    write_down (list, full);
  g_mutex_unlock (&lock);
  if (is_now (at, full, count)) {
    if (after_ms == 0)
      kill (getpid (), SIGKILL);
    g_atomic_int_set (&is_dying, TRUE);
    g_thread_unref (g_thread_new ("die-soon", die_soon, GINT_TO_POINTER (after_ms)));
  }
  if (is_now (stop_at, full, count))
    raise (SIGSTOP); /* to this very thread: it stops here, and all others with it */
}

int
crash_guard (const char *name)
{
  const char *without = g_getenv ("CRASH_WITHOUT");
  g_auto (GStrv) names = without ? g_strsplit (without, ",", -1) : NULL;

  return !names || !g_strv_contains ((const char *const *)names, name);
}
#endif
