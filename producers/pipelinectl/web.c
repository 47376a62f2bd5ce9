/* pipelinectl web: becomes pipelinectl-web, which lies beside it. A program of its own, because this
 * one can open what is sealed, and the page must not be able to. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "pipelinectl.h"

int
web_main (int argc G_GNUC_UNUSED, char **argv)
{
  static const char *const keys[] = { "DEPENDENTS_MASTER_KEYS", "DEPENDENTS_MASTER_KEYS_FILE",
                                      "DEPENDENTS_HMAC_KEYS", "DEPENDENTS_HMAC_KEYS_FILE" };
  g_autofree char *own = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (own ? own : "/usr/bin/pipelinectl");
  g_autofree char *path = g_build_filename (folder, "pipelinectl-web", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_unsetenv (keys[i]);
  argv[0] = path;
  execv (path, argv);
  return complain (EXIT_FAILED, "%s cannot be run: %s", path, strerror (errno));
}
