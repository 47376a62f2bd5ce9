/* The Veteran's lock, and what to do when another child has it. See veteran-lock.h. */
#include "submission/veteran-lock.h"

#include "base/crash-point.h"
#include "submission/establish.sql.h"
#include "submission/insert-settling.h"

/* How long a finder waits for the holder before it looks later, in parts of read limit and settle time: together a little
 * longer than these. By default 0.5, 4, 30, 60 and 60 s. */
static const gint64 finder_waits[] = { 1, 8, 60, 120, 120 };
#define FINDER_WAIT_PARTS 300

VeteranLock
veteran_lock_own (Submission *submission)
{
  return (VeteranLock){
    .submission = submission,
    .veteran = submission->group->veteran_id,
    .claim_id = submission->child->claim_id,
    .token = run_token (submission->run),
  };
}

gboolean
veteran_lock_take (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  VeteranLock *lock = data;
  guint count = 0;

  if (!db_execute (transaction_db (transaction), &count, error, SQL_LOCK_TAKE, "tii", lock->veteran,
                   lock->claim_id, lock->token))
    return FALSE;
  lock->is_hit = count == 1;
  return TRUE;
}

static gboolean
free_lock (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const VeteranLock *lock = data;

  return db_execute (transaction_db (transaction), NULL, error, SQL_LOCK_FREE, "tiit",
                     lock->veteran, lock->claim_id, lock->token, INSERT_STEP);
}

void
veteran_lock_release (Submission *submission)
{
  VeteranLock lock = veteran_lock_own (submission);

  (void)run_transaction (submission->run, free_lock, &lock, NULL);
}

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
veteran_lock_meet_holder (Submission *submission, GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  g_autoptr (Inserts) inserts = NULL;
  g_autoptr (GError) problem = NULL;
  VeteranLock lock = veteran_lock_own (submission);
  gint64 holder, holder_token;
  Settled settled;
  Db *db = run_db_take (submission->run, error);

  if (!db)
    return FALSE;
  rows = db_query (db, error, SQL_LOCK_READ, "tt", lock.veteran, INSERT_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0 || db_rows_int (rows, 0, "claim_id") == lock.claim_id)
    return TRUE;
  holder = db_rows_int (rows, 0, "claim_id");
  holder_token = db_rows_int (rows, 0, "token");
  if (db_rows_boolean (rows, 0, "is_held"))
    return hold_behind (submission, holder, error);
  inserts = inserts_load (submission, holder, db_rows_text (rows, 0, "form_id"), error);
  if (!inserts)
    return FALSE;
  /* Read in two statements: what counts is compared again in the transaction that takes the row
   * over. */
  if (inserts_stand (inserts, "started")
          ? GUARD (SETTLE_WAIT) && inserts->age_ms < insert_limit_ms (submission)
          : db_rows_int (rows, 0, "age_ms") < insert_limit_ms (submission))
    return wait_for_holder (submission, error);

  if (!inserts_stand (inserts, "started")) /* nothing is under way: only the row is left of it */
    return insert_take_lock_over (submission, inserts, holder_token, error);
  settled = insert_settle (submission, inserts, holder_token, &problem);
  if (settled == SETTLED_UNCLEAR)
    return hold_behind (submission, holder, error);
  if (settled == SETTLED_NO_LOOK)
    return wait_for_holder (submission, error);
  if (settled == SETTLED_FAILED) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return TRUE;
}
