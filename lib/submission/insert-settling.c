/* Settling an insert without an answer. See insert-settling.h. */
#include "submission/insert-settling.h"

#include "base/crash-point.h"
#include "pipeline/step.h"
#include "submission/insert-settling.sql.h"
#include "submission/veteran-lock.h"

char *
insert_kept_of_claim (const BgsClaimRow *claim)
{
  const InsertResult result = {
    .benefit_claim_id = claim->claim_id,
    .claim_type = claim->claim_type,
    .claimant_id = claim->claimant_id,
    .program_type = claim->program_type,
    .service_type = claim->service_type,
    .status = claim->status,
  };

  return insert_result_format (&result);
}

typedef struct {
  const Inserts *inserts;
  gint64 token; /* of the row as it stands */
  gint64 new_token;
  const char *new_state;
  const char *result;
  const char *note;
  const char *benefit_claim_id;
  const VeteranLock *take_over; /* NULL, or whose lock row comes with it: that of the holder */
  gint64 holder_token;
  const VeteranLock *end_lock; /* NULL, or the lock row that ends with it: our own */
  gboolean is_hit;
} Settling;

static gboolean
take_insert (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Settling *settling = data;
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, settling->inserts->claim_id);

  return journal_take_step (transaction, scope, INSERT_STEP, settling->inserts->ordinal,
                            settling->token, settling->new_token, &settling->is_hit, error);
}

/* A miss is no error and writes nothing: the transaction is ended by one, so that nothing half-done
 * stands. */
static gboolean
miss (Settling *settling, GError **error)
{
  settling->is_hit = FALSE;
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE,
               "the insert or its lock row has changed meanwhile");
  return FALSE;
}

/* The lock row as read, and after it the insert as read: the holder's start waits for our row lock
 * or we see it. */
static gboolean
take_lock_over (Transaction *transaction, Settling *settling, GError **error)
{
  const Inserts *inserts = settling->inserts;
  g_autoptr (DbRows) rows = NULL;
  gboolean is_hit;

  if (!veteran_lock_take_over (transaction, settling->take_over, inserts->claim_id,
                               settling->holder_token, &is_hit, error))
    return FALSE;
  if (!is_hit)
    return miss (settling, error);
  rows = db_query (transaction_db (transaction), error, SQL_NEWEST_INSERT, "it", inserts->claim_id,
                   INSERT_STEP);
  if (!rows)
    return FALSE;
  if (GUARD (RECHECK) &&
      (db_rows_count (rows) == 0
           ? inserts->ordinal != 0
           : db_rows_int (rows, 0, "ordinal") != inserts->ordinal ||
                 db_rows_int (rows, 0, "token") != settling->token ||
                 g_strcmp0 (db_rows_text (rows, 0, "state"), inserts->state) != 0))
    return miss (settling, error);
  return TRUE;
}

/* Lock row, end of the insert and what follows from it, in one transaction. */
static gboolean
end_insert (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Settling *settling = data;
  const Inserts *inserts = settling->inserts;
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, inserts->claim_id);

  settling->is_hit = TRUE;
  if (settling->take_over && !take_lock_over (transaction, settling, error))
    return FALSE;
  if (settling->new_state) {
    if (!journal_end_step (transaction, scope, INSERT_STEP, inserts->ordinal, settling->token,
                           inserts->state, settling->new_state, settling->result, settling->note,
                           &settling->is_hit, error))
      return FALSE;
    if (!settling->is_hit)
      return miss (settling, error);
  }
  if (settling->benefit_claim_id && !inserts_record_found (transaction_db (transaction), inserts,
                                                           settling->benefit_claim_id, error))
    return FALSE;
  return !settling->end_lock || veteran_lock_end (transaction, settling->end_lock, error);
}

/* TRUE: done or missed, see is_hit. */
static gboolean
settle_in_transaction (Submission *submission, RunWork work, Settling *settling, GError **error)
{
  g_autoptr (GError) problem = NULL;

  settling->is_hit = TRUE;
  if (run_transaction (submission->run, work, settling, &problem))
    return TRUE;
  if (!settling->is_hit)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

typedef struct {
  Submission *submission;
  GPtrArray *claims; /* of BgsClaimRow */
} ClaimsRead;

static char *
read_claims (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  ClaimsRead *read = data;
  Submission *submission = read->submission;

  read->claims = bgs_claims_find (submission->bgs, &submission->veteran->caller,
                                  submission->veteran->participant_id, error);
  return read->claims ? g_strdup ("") : NULL;
}

gboolean
insert_leave_others_out (Db *db, const GPtrArray *claims, gint64 claim_id, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (DbRows) recorded = NULL;

  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);

    if (claim->claim_id)
      g_ptr_array_add (ids, claim->claim_id);
  }
  g_ptr_array_add (ids, NULL);
  recorded = db_query (db, error, SQL_RECORDED_ELSEWHERE, "Ti", (char **)ids->pdata, claim_id);
  if (!recorded)
    return FALSE;
  for (guint row = 0; row < db_rows_count (recorded); row++)
    for (guint i = 0; i < claims->len; i++) {
      BgsClaimRow *claim = g_ptr_array_index (claims, i);

      /* Recorded elsewhere it cannot be this child's, but its increment is taken all the same. */
      if (GUARD (OURS) &&
          g_strcmp0 (claim->claim_id, db_rows_text (recorded, row, "bgs_claim_id")) == 0) {
        g_free (claim->claim_type);
        claim->claim_type = g_strdup ("");
      }
    }
  return TRUE;
}

GPtrArray *
insert_find_claims (Submission *submission, gint64 claim_id, gboolean *ret_no_look, GError **error)
{
  ClaimsRead read = { .submission = submission };
  g_autofree char *answered =
      run_read (submission->run, "find-benefit-claims", DOWNSTREAM_BGS, read_claims, &read, error);
  g_autoptr (GPtrArray) claims = read.claims;
  gboolean is_done;
  Db *db;

  *ret_no_look = FALSE;
  if (!answered) {
    *ret_no_look = error && (*error)->domain == BGS_ERROR;
    return NULL;
  }
  db = run_db_take (submission->run, error);
  is_done = db && insert_leave_others_out (db, claims, claim_id, error);
  run_db_give (submission->run, db);
  return is_done ? g_steal_pointer (&claims) : NULL;
}

Settled
insert_settle (Submission *submission, const Inserts *inserts, gint64 holder_token, GError **error)
{
  VeteranLock lock = veteran_lock_own (submission);
  Settling settling = { .inserts = inserts, .token = inserts->token, .new_token = lock.token };
  g_autoptr (GPtrArray) claims = NULL;
  g_autofree char *result = NULL;
  g_autofree char *note = NULL, *candidates = NULL;
  gboolean no_look = FALSE;
  InsertLook look = { .sight = INSERT_NOT_THERE };

  if (inserts_stand (inserts, "started") && inserts->token != lock.token) {
    if (!settle_in_transaction (submission, take_insert, &settling, error))
      return SETTLED_FAILED;
    if (!settling.is_hit)
      return SETTLED_AGAIN;
    settling.token = lock.token;
  }
  if (GUARD (LOOK)) {
    claims = insert_find_claims (submission, inserts->claim_id, &no_look, error);
    if (!claims)
      return no_look ? SETTLED_NO_LOOK : SETTLED_FAILED;
    look = insert_look (inserts->notes, claims, bgs_client_username (submission->bgs));
  }
  switch (look.sight) {
  case INSERT_UNCLEAR:
    candidates =
        insert_look_candidates (inserts->notes, claims, bgs_client_username (submission->bgs));
    if (holder_token == 0) /* what is seen of another child is not what this one is held for */
      run_hold_candidates (submission->run, candidates);
    return SETTLED_UNCLEAR;
  case INSERT_FOUND:
    settling.new_state = "finished";
    settling.result = result = insert_kept_of_claim (look.claim);
    settling.note = note = insert_note_format (look.note);
    settling.benefit_claim_id = look.claim->claim_id;
    break;
  case INSERT_NOT_THERE:
    settling.new_state = inserts_stand (inserts, "started") ? "not there" : NULL;
    break;
  }
  if (holder_token) {
    settling.take_over = &lock;
    settling.holder_token = holder_token;
  } else if (look.sight == INSERT_FOUND) {
    settling.end_lock = &lock;
  }
  CRASH_POINT ("insert/before-settled");
  if (!settle_in_transaction (submission, end_insert, &settling, error))
    return SETTLED_FAILED;
  CRASH_POINT ("insert/after-settled");
  if (!settling.is_hit)
    return SETTLED_AGAIN;
  if (look.sight == INSERT_FOUND)
    return SETTLED_FOUND;
  return look.is_taken ? SETTLED_TAKEN : SETTLED_FREE;
}

gboolean
insert_take_lock_over (Submission *submission, const Inserts *inserts, gint64 holder_token,
                       GError **error)
{
  VeteranLock lock = veteran_lock_own (submission);
  Settling settling = {
    .inserts = inserts, .token = inserts->token, .take_over = &lock, .holder_token = holder_token
  };

  CRASH_POINT ("lock/before-take-over");
  return settle_in_transaction (submission, end_insert, &settling, error);
}

gint64
insert_limit_ms (const Submission *submission)
{
  return bgs_client_read_timeout_ms (submission->bgs) +
         settings_number (run_settings (submission->run), "unknown-settle-ms");
}
