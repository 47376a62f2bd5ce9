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

void
crash_point (const char *name, const char *of)
{
  const char *list = g_getenv ("CRASH_LIST"), *at = g_getenv ("CRASH_AT");
  g_autofree char *full = NULL;
  guint count;

  if (!list && !at)
    return;
  full = of ? g_strdup_printf ("%s/%s", name, of) : g_strdup (name);
  g_mutex_lock (&lock);
  if (!passed)
    passed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (passed, full)) + 1;
  g_hash_table_insert (passed, g_strdup (full), GUINT_TO_POINTER (count));
  if (count == 1 && list) {
    g_autofree char *line = g_strconcat (full, "\n", NULL);
    int file = open (list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file >= 0) {
      (void)!write (file, line,
                    strlen (line)); /* a lost name only means a point that is not walked */
      close (file);
    }
  }
  g_mutex_unlock (&lock);
  if (at) {
    g_auto (GStrv) parts = g_strsplit (at, ":", 2);
    guint64 wanted = parts[1] ? g_ascii_strtoull (parts[1], NULL, 10) : 1;
    if (strcmp (parts[0], full) == 0 && count == wanted)
      kill (getpid (), SIGKILL);
  }
}

int
crash_guard (const char *name)
{
  const char *without = g_getenv ("CRASH_WITHOUT");

  return !without || strcmp (without, name) != 0;
}
#endif
