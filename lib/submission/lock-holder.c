/* Another child has the Veteran's lock. See lock-holder.h. */
#include "submission/lock-holder.h"

#include "base/crash-point.h"
#include "submission/insert-settling.h"
#include "submission/veteran-lock.h"

/* How long a finder waits for the holder before it looks later, in parts of read limit and settle
 * time: together a little longer than these. By default 0.5, 4, 30, 60 and 60 s. */
static const gint64 finder_waits[] = { 1, 8, 60, 120, 120 };
#define FINDER_WAIT_PARTS 300

static gboolean
wait_for_holder (Submission *submission, GError **error)
{
  guint waited = run_snoozes (submission->run);

  if (waited < G_N_ELEMENTS (finder_waits))
    return run_snooze (submission->run,
                       insert_limit_ms (submission) * finder_waits[waited] / FINDER_WAIT_PARTS,
                       "another claim of the Veteran is inserting", error);
  return run_look_later (submission->run, "another claim of the Veteran is inserting", error);
}

static gboolean
hold_behind (Submission *submission, gint64 holder, GError **error)
{
  g_autofree char *reason = g_strdup_printf ("behind %" G_GINT64_FORMAT, holder);

  return run_hold (submission->run, reason, holder, error);
}

gboolean
lock_holder_meet (Submission *submission, GError **error)
{
  g_auto (LockHolder) holder = { 0 };
  g_autoptr (Inserts) inserts = NULL;
  g_autoptr (GError) problem = NULL;
  Settled settled;

  if (!veteran_lock_read (submission, &holder, error))
    return FALSE;
  if (holder.claim_id == 0 || holder.claim_id == submission->child->claim_id)
    return TRUE;
  if (holder.is_held)
    return hold_behind (submission, holder.claim_id, error);
  inserts = inserts_load (submission, holder.claim_id, holder.form_type, error);
  if (!inserts)
    return FALSE;
  /* Read in two statements: what counts is compared again in the transaction that takes the row
   * over. */
  if (inserts_stand (inserts, "started")
          ? GUARD (SETTLE_WAIT) && inserts->age_ms < insert_limit_ms (submission)
          : holder.age_ms < insert_limit_ms (submission))
    return wait_for_holder (submission, error);

  if (!inserts_stand (inserts, "started")) /* nothing is under way: only the row is left of it */
    return insert_take_lock_over (submission, inserts, holder.token, error);
  settled = insert_settle (submission, inserts, holder.token, &problem);
  if (settled == SETTLED_UNCLEAR)
    return hold_behind (submission, holder.claim_id, error);
  if (settled == SETTLED_NO_LOOK)
    return wait_for_holder (submission, error);
  if (settled == SETTLED_FAILED) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return TRUE;
}
