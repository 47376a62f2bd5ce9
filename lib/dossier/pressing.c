/* One attachment: opened, pressed. See pressing.h. */
#include "dossier/pressing.h"

#include <unistd.h>

#include "base/spool.h"
#include "claims/attachment.h"
#include "claims/error.h"

#define LETTER_WIDTH  612
#define LETTER_HEIGHT 792
#define PRESS_WAIT_MS 60000 /* one at a time */
#define PRESS_BUSY_MS 1000

GBytes *
pressing_stamps (Papers *papers, gint64 submitted_at_ms, GError **error)
{
  return papers_print_stamps (papers, LETTER_WIDTH, LETTER_HEIGHT, submitted_at_ms, error);
}

/* No other look will find it as it came. A master key that is not there is another matter: somebody
 * can bring it. */
static gboolean
is_damaged (const GError *problem)
{
  return g_error_matches (problem, SEAL_ERROR, SEAL_ERROR_DAMAGED) ||
         g_error_matches (problem, CLAIMS_ERROR, CLAIMS_ERROR_INVALID);
}

/* Opened, in a file without a name; the caller closes it. -1 on failure. */
static int
open_attachment (Run *run, gint64 id, GError **error)
{
  Db *db = run_db_take (run, error);
  int fd = db ? spool_file_new (settings_text (run_settings (run), "spool-directory"), error) : -1;
  gint64 length;

  if (fd >= 0 && !claim_attachment_read (db, run_sealer (run), id, fd, &length, error)) {
    (void)close (fd);
    fd = -1;
  }
  run_db_give (run, db);
  return fd;
}

/* The door has had it looked at: what has only run out of time here, or was killed, is looked at
 * once more. */
static PressResult *
press_twice (Press *press, int fd, GBytes *stamps, GError **error)
{
  static const PressPlace corner = { 0, 0 };
  g_autoptr (PressResult) first =
      press_document (press, fd, stamps, &corner, 1, PRESS_WAIT_MS, error);

  return first && first->is_perhaps_ours
             ? press_document (press, fd, stamps, &corner, 1, PRESS_WAIT_MS, error)
             : g_steal_pointer (&first);
}

gboolean
pressing_press (Run *run, Press *press, gint64 attachment_id, GBytes *stamps,
                PressResult **ret_result, GError **error)
{
  g_autoptr (GError) problem = NULL;
  int fd = open_attachment (run, attachment_id, &problem);
  PressResult *result;

  if (fd < 0 && is_damaged (problem)) {
    *ret_result = NULL;
    return TRUE;
  }
  if (fd < 0) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  result = press_twice (press, fd, stamps, &problem);
  (void)close (fd); /* read by now */
  if (!result && g_error_matches (problem, PRESS_ERROR, PRESS_ERROR_BUSY))
    return run_snooze (run, PRESS_BUSY_MS, problem->message, error);
  if (!result) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  *ret_result = result;
  return TRUE;
}
