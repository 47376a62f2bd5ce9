/* A second word, see confirm.h. */
#include "confirm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operator/audit.h"
#include "pipelinectl.h"

gboolean
confirm (gboolean is_yes, const char *question)
{
  char answer[16] = "";

  if (is_yes)
    return TRUE;
  if (!isatty (STDIN_FILENO)) {
    (void)complain (EXIT_USAGE, "%s Nothing was done: say so with --yes", question);
    return FALSE;
  }
  fprintf (stderr, "%s [y/N] ", question);
  if (fgets (answer, sizeof answer, stdin) &&
      (strcmp (answer, "y\n") == 0 || strcmp (answer, "yes\n") == 0))
    return TRUE;
  (void)complain (EXIT_USAGE, "nothing was done");
  return FALSE;
}

gboolean
reason_is_given (const char *reason)
{
  if (audit_is_reason (reason))
    return TRUE;
  (void)complain (EXIT_USAGE, "--reason must say why, in up to %d characters", REASON_MAX);
  return FALSE;
}
