/* The increment and the insert: the one call of the whole flow that makes money move and cannot be
 * taken back.
 *
 * BGS takes an increment once, neither reserves nor locks it when it is asked for, and makes a
 * benefit claim for every insert that it takes. So both calls happen under a lock per Veteran that
 * outlives process and connection, a child sends another increment only when somebody else is seen
 * to have taken its own, and nobody uses an increment that another child has sent without an
 * answer. tests/model has these rules as a checked model; changing one means changing that
 * first. */
#include "submission/submission.h"

#include <string.h>

#include "base/crash-point.h"
#include "bgs/benefit-claim.h"
#include "bgs/kept.h"
#include "bgs/standard-data.h"
#include "pipeline/step.h"
#include "submission/establish.sql.h"
#include "submission/insert-settling.h"
#include "submission/lock-holder.h"
#include "submission/veteran-lock.h"

#define INCREMENTS_ASKED_MAX 3
#define LAG_ATTEMPTS_MAX     3
/* So many sends of one child may end unknown one soon after the other; then it waits in look-tier
 * between them, and no longer than outage-max-wait. */
#define SENDS_AT_ONCE_MAX    3
/* Each makes a change that another one can only undo by making
 * one of its own. */
#define ROUNDS_MAX           12

/* --- The increment. --- */

static char *
ask_increment (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Submission *submission = data;

  return bgs_increment_find (submission->bgs, &submission->veteran->caller,
                             submission->veteran->participant_id,
                             increment_claim_type (submission->child->form_type), error);
}

static GPtrArray *
reserved_increments (Submission *submission, GError **error)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func ((GDestroyNotify)insert_note_free);
  g_autoptr (DbRows) rows = NULL;
  Db *db = run_db_take (submission->run, error);

  if (!db)
    return NULL;
  rows = db_query (db, error, SQL_RESERVED_INCREMENTS, "tit", submission->group->veteran_id,
                   submission->child->claim_id, INSERT_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    InsertNote *note = insert_note_parse (db_rows_text (rows, i, "note"));

    if (note)
      g_ptr_array_add (notes, note);
  }
  return g_steal_pointer (&notes);
}

static gboolean
is_kept_free (const char *increment, const GPtrArray *reserved)
{
  return GUARD (RESERVED) && increment_is_reserved (increment, reserved);
}

/* What BGS gives, or the next one when another child has sent that and does not know what came of
 * it. */
static char *
new_increment (Submission *submission, GError **error)
{
  g_autofree char *asked = run_read (submission->run, "find-increment", DOWNSTREAM_BGS,
                                     ask_increment, submission, error);
  g_autoptr (GPtrArray) reserved = NULL;
  g_autoptr (GPtrArray) claims = NULL;
  gboolean no_look;
  char *next;

  if (!asked)
    return NULL;
  reserved = reserved_increments (submission, error);
  if (!reserved)
    return NULL;
  if (!is_kept_free (asked, reserved))
    return g_steal_pointer (&asked);
  claims = insert_find_claims (submission, submission->child->claim_id, &no_look, error);
  if (!claims)
    return NULL;
  next = increment_next_free (asked, claims, reserved);
  if (!next)
    g_set_error (error, SUBMISSION_ERROR, SUBMISSION_ERROR_INCREMENT,
                 "increments from %s on are taken or under way for another claim", asked);
  return next;
}

/* --- The insert. --- */

typedef struct {
  Submission *submission;
  BgsBenefitClaim claim;
  VeteranLock lock;
} Insert;

static char *
call_insert (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Insert *insert = data;

  return bgs_benefit_claim_insert (insert->submission->bgs, &insert->submission->veteran->caller,
                                   &insert->claim, error);
}

/* The start is conditional on the lock row being this delivery's own. */
static gboolean
check_lock (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Insert *insert = data;
  gboolean is_hit;

  if (!veteran_lock_mark (transaction, &insert->lock, insert->claim.increment, &is_hit, error))
    return FALSE;
  if (!is_hit && GUARD (LOCK_CHECK) && GUARD (VETERAN_LOCK))
    return run_snooze (run, 1000, "the Veteran's lock has passed to another claim", error);
  return TRUE;
}

static gboolean
end_lock (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Insert *insert = data;
  const Submission *submission = insert->submission;
  Db *db = transaction_db (transaction);
  g_autofree char *id = bgs_kept_value (transaction_step_result (transaction), "benefitClaimID");

  return inserts_record_benefit_claim (db, insert->lock.claim_id, submission->child->form_type,
                                       run_attempt (run) + 1, id, error) &&
         veteran_lock_end (transaction, &insert->lock, error);
}

/* An insert that is sent again has to be the one that was sent before: code or data may have
 * changed under it. */
static gboolean
is_same_request (Submission *submission, const char *digest, const char *request)
{
  g_auto (GStrv) all = NULL;

  if (!digest)
    return TRUE;
  all = sealer_hmac_all (run_sealer (submission->run), "digest",
                         request); /* keys may have been rotated */
  return g_strv_contains ((const char *const *)all, digest);
}

/* @digest: of the insert that this one repeats; NULL: a first send */
static gboolean
send_insert (Submission *submission, const char *increment, const char *digest, GError **error)
{
  const EndProduct *product =
      decide_end_product (submission->child->form_type, submission_needs_review (submission),
                          submission->is_removal, submission->has_pension);
  Insert insert = {
    .submission = submission,
    .lock = veteran_lock_own (submission),
    .claim = {
      .file_number = submission->veteran->file_number,
      .ssn = submission->veteran->ssn,
      .corporate_participant_id = submission->veteran->participant_id,
      .claim_type = product->code,
      .claim_type_name = product->name,
      .first_name = submission->veteran->first_name,
      .last_name = submission->veteran->last_name,
      .address = submission->address,
      .office_number = submission->office_number,
      .received_day = submission->group->submission_day,
    },
  };
  const InsertNote note = { (char *)increment, (char *)product->code,
                            submission->group->submission_day };
  g_autofree char *note_text = insert_note_format (&note);
  /* Made without the increment, which stands in the note: another increment is no other request. */
  g_autofree char *request = bgs_benefit_claim_digest_text (&insert.claim);
  const Step step = {
    .name = INSERT_STEP,
    .request = request,
    .call = call_insert,
    .on_start = check_lock,
    .on_end = end_lock,
    .timeout_ms = bgs_client_read_timeout_ms (submission->bgs),
  };

  if (!is_same_request (submission, digest, request)) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DIGEST,
                 INSERT_STEP " was sent with another request");
    return FALSE;
  }
  insert.claim.increment = increment;
  run_step_note (submission->run, note_text);
  submission->benefit_claim = run_step (submission->run, &step, &insert, error);
  return submission->benefit_claim != NULL;
}

/* --- The story. --- */

/* What one delivery remembers of its rounds. */
typedef struct {
  char *again;   /* the increment to be sent again; NULL: ask for one */
  char *refused; /* the last one that BGS did not take */
  guint asked;
  gboolean repeat_was_refused;
} Rounds;

static void
rounds_clear (Rounds *rounds)
{
  g_free (rounds->again);
  g_free (rounds->refused);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rounds, rounds_clear)

typedef enum { ROUND_AGAIN, ROUND_DONE, ROUND_FAILED } Round;

static gboolean
take_finished (Submission *submission, const JournalRow *row)
{
  g_autoptr (InsertNote) note = insert_note_parse (row->note);

  submission->benefit_claim = row->result ? g_strdup (row->result) : insert_note_result (row->note);
  submission->increment = note ? g_strdup (note->increment) : NULL;
  return submission->benefit_claim != NULL;
}

/* Our own insert was sent and is not known to have failed: wait until no request of it can act,
 * look, decide. */
static Round
settle_own (Submission *submission, const Inserts *inserts, Rounds *rounds, GError **error)
{
  const InsertNote *last = g_ptr_array_index (inserts->notes, inserts->notes->len - 1);
  gint64 rest = insert_limit_ms (submission) - inserts->age_ms;
  g_autoptr (GError) problem = NULL;

  if (inserts_stand (inserts, "started") && rest > 0 && GUARD (SETTLE_WAIT)) {
    (void)run_snooze (submission->run, MIN (rest + 1, 60000), "the insert is not settled yet",
                      error);
    return ROUND_FAILED;
  }
  switch (insert_settle (submission, inserts, 0, &problem)) {
  case SETTLED_AGAIN:
  case SETTLED_FOUND:
    return ROUND_AGAIN;
  case SETTLED_FREE:
    g_free (rounds->again);
    rounds->again = GUARD (SAME_INC) ? g_strdup (last->increment) : NULL;
    return ROUND_DONE;
  case SETTLED_TAKEN:
    g_clear_pointer (&rounds->again, g_free);
    return ROUND_DONE;
  case SETTLED_UNCLEAR:
    (void)run_hold (submission->run, "the insert's benefit claim is not clear", 0, error);
    return ROUND_FAILED;
  case SETTLED_NO_LOOK:
    (void)run_look_later (submission->run, "the insert's outcome cannot be looked for", error);
    return ROUND_FAILED;
  case SETTLED_FAILED:
    break;
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return ROUND_FAILED;
}

/* BGS says that the increment is in use. On a first send it is somebody else's; on a repeat it may
 * be our own. */
static Round
after_refusal (Rounds *rounds, const char *increment, gboolean is_repeat, GError *problem,
               GError **error)
{
  gboolean same_twice = g_strcmp0 (rounds->refused, increment) == 0;

  g_free (rounds->refused);
  rounds->refused = g_strdup (increment);
  if (is_repeat && !rounds->repeat_was_refused) {
    rounds->repeat_was_refused = TRUE;
    g_error_free (problem);
    return ROUND_AGAIN;
  }
  if (is_repeat || same_twice || rounds->asked >= INCREMENTS_ASKED_MAX) {
    g_propagate_error (error, problem);
    return ROUND_FAILED;
  }
  g_error_free (problem);
  return ROUND_AGAIN;
}

static Round
send_round (Submission *submission, const Inserts *inserts, Rounds *rounds, GError **error)
{
  gboolean is_repeat = rounds->again != NULL;
  g_autofree char *increment = g_steal_pointer (&rounds->again);
  GError *problem = NULL;

  if (!increment) {
    increment = new_increment (submission, error);
    if (!increment)
      return ROUND_FAILED;
    rounds->asked++;
  }
  if (send_insert (submission, increment, is_repeat ? inserts->digest : NULL, &problem)) {
    g_free (submission->increment);
    submission->increment = g_steal_pointer (&increment);
    return ROUND_DONE;
  }
  if (bgs_benefit_claim_is_duplicate (problem))
    return after_refusal (rounds, increment, is_repeat, problem, error);
  if (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN)) {
    /* No attempt is spent on an insert in doubt, and the row stays: the next delivery waits, looks,
     * and goes on. */
    if (inserts->notes->len + 1 < SENDS_AT_ONCE_MAX)
      (void)run_snooze (submission->run, 1000, problem->message, error);
    else
      (void)run_look_later (submission->run, problem->message, error);
    g_error_free (problem);
    return ROUND_FAILED;
  }
  g_propagate_error (error, problem);
  return ROUND_FAILED;
}

/* BGS says that the increment is taken, perhaps by our own first send, and shows no claim that has
 * it. Its list may lag behind; what must not happen is that the child dies of it, for then its
 * claim would be established twice. */
static Round
refuse_to_guess (Submission *submission, const Rounds *rounds, GError **error)
{
  if (run_attempt (submission->run) + 1 >= LAG_ATTEMPTS_MAX)
    (void)run_hold (submission->run, "the insert is refused as a duplicate, and no claim is shown",
                    0, error);
  else
    g_set_error (error, SUBMISSION_ERROR, SUBMISSION_ERROR_INCREMENT,
                 "increment %s is refused as taken, and no claim has it", rounds->again);
  return ROUND_FAILED;
}

static Round
one_round (Submission *submission, Rounds *rounds, GError **error)
{
  VeteranLock lock = veteran_lock_own (submission);
  const JournalRow *row;
  g_autoptr (Inserts) inserts = NULL;
  g_autoptr (GError) problem = NULL;
  Round round;

  row = run_journal_find (submission->run, NULL, INSERT_STEP, &problem);
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return ROUND_FAILED;
  }
  if (row && g_str_equal (row->state, "finished") && take_finished (submission, row))
    return ROUND_DONE;

  CRASH_POINT ("lock/before");
  if (!run_transaction (submission->run, veteran_lock_take, &lock, error))
    return ROUND_FAILED;
  CRASH_POINT ("lock/after");
  if (!lock.is_hit && GUARD (VETERAN_LOCK))
    return lock_holder_meet (submission, error) ? ROUND_AGAIN : ROUND_FAILED;

  inserts = inserts_load (submission, lock.claim_id, submission->child->form_type, error);
  if (!inserts)
    return ROUND_FAILED;
  if (inserts_stand (
          inserts, "finished")) { /* an earlier delivery has had its answer between our two looks */
    veteran_lock_release (submission);
    return ROUND_AGAIN;
  }
  if (inserts->notes->len > 0) {
    round = settle_own (submission, inserts, rounds, error);
    if (round != ROUND_DONE)
      return round;
    if (rounds->again && rounds->repeat_was_refused)
      return refuse_to_guess (submission, rounds, error);
  }
  return send_round (submission, inserts, rounds, error);
}

/* A verdict that leaves an insert in doubt keeps the Veteran's row, every other one frees it. The
 * statement itself refuses to free a row whose insert stands started. */
static gboolean
keeps_lock (const GError *error)
{
  return g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_HOLD) ||
         g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST);
}

/* Sets increment and benefit_claim: the kept reply, or what the look found in its place. */
static gboolean
establish_benefit_claim (Submission *submission, GError **error)
{
  g_auto (Rounds) rounds = { 0 };
  g_autoptr (GError) problem = NULL;

  for (guint i = 0; i < ROUNDS_MAX; i++) {
    switch (one_round (submission, &rounds, &problem)) {
    case ROUND_DONE:
      return TRUE;
    case ROUND_AGAIN:
      continue;
    case ROUND_FAILED:
      if (!keeps_lock (problem))
        veteran_lock_release (submission);
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
  veteran_lock_release (submission);
  return run_snooze (submission->run, 1000, "the Veteran's lock is much asked for", error);
}

gboolean
submission_establish (Submission *submission, GError **error)
{
  if (!establish_benefit_claim (submission, error))
    return FALSE;
  g_free (submission->benefit_claim_id);
  submission->benefit_claim_id = bgs_kept_value (submission->benefit_claim, "benefitClaimID");
  /* What is kept does not change, and with a benefit claim somewhere the child must not die. */
  return submission->benefit_claim_id ||
         run_hold (submission->run, "the kept insert has no benefit claim", 0, error);
}
