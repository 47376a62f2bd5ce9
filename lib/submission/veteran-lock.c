/* The rows of the Veteran's lock. See veteran-lock.h. */
#include "submission/veteran-lock.h"

#include "claims/insert-record.h"
#include "submission/veteran-lock.sql.h"

VeteranLock
veteran_lock_own (const Submission *submission)
{
  return (VeteranLock){
    .veteran = submission->group->veteran_id,
    .claim_id = submission->child->claim_id,
    .token = run_token (submission->run),
  };
}

/* Whoever has a row of his own now: of an insert that has ended meanwhile it goes again. Travels with
 * what follows, so it costs no trip; where the row is not ours it finds none. */
static gboolean
drop_late (Transaction *transaction, const VeteranLock *lock, GError **error)
{
  return db_queue (transaction_db (transaction), error, SQL_LOCK_OF_FINISHED, "tiit", lock->veteran,
                   lock->claim_id, lock->token, INSERT_STEP);
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
  return drop_late (transaction, lock, error);
}

gboolean
veteran_lock_mark (Transaction *transaction, const VeteranLock *lock, const char *increment,
                   gboolean *ret_hit, GError **error)
{
  guint count = 0;

  if (!db_execute (transaction_db (transaction), &count, error, SQL_LOCK_MARK, "tiit",
                   lock->veteran, lock->claim_id, lock->token, increment))
    return FALSE;
  *ret_hit = count == 1;
  return TRUE;
}

gboolean
veteran_lock_take_over (Transaction *transaction, const VeteranLock *lock, gint64 holder,
                        gint64 holder_token, gboolean *ret_hit, GError **error)
{
  guint count = 0;

  if (!db_execute (transaction_db (transaction), &count, error, SQL_LOCK_TAKE_OVER, "tiiii",
                   lock->veteran, holder, holder_token, lock->claim_id, lock->token))
    return FALSE;
  *ret_hit = count == 1;
  return drop_late (transaction, lock, error);
}

gboolean
veteran_lock_end (Transaction *transaction, const VeteranLock *lock, GError **error)
{
  return db_execute (transaction_db (transaction), NULL, error, SQL_LOCK_END, "ti", lock->veteran,
                     lock->claim_id);
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

gboolean
veteran_lock_free_all (Db *db, gint64 claim_id, GError **error)
{
  return db_execute (db, NULL, error, SQL_FREE_LOCKS_OF_CLAIM, "i", claim_id);
}

void
lock_holder_clear (LockHolder *holder)
{
  g_free (holder->form_type);
}

gboolean
veteran_lock_read (Submission *submission, LockHolder *ret_holder, GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  Db *db = run_db_take (submission->run, error);

  if (!db)
    return FALSE;
  rows = db_query (db, error, SQL_LOCK_READ, "t", submission->group->veteran_id);
  run_db_give (submission->run, db);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0)
    return TRUE;
  *ret_holder = (LockHolder){
    .claim_id = db_rows_int (rows, 0, "claim_id"),
    .token = db_rows_int (rows, 0, "token"),
    .form_type = g_strdup (db_rows_text (rows, 0, "form_id")),
    .age_ms = db_rows_int (rows, 0, "age_ms"),
    .is_held = db_rows_boolean (rows, 0, "is_held"),
  };
  return TRUE;
}
