/* The end of a child, and of its group.
 *
 * The rating engine reads a proc as soon as it says Ready, so it must not say so while a sibling
 * writes under it. That the last child is submitted, and that it is the closer, is one transaction
 * under the group's row lock; only that child's message closes, as a journalled step of the group,
 * and its inbox row is written with the group's success, so that a redelivery goes on here. */
#include "submission/submission.h"

#include "base/crash-point.h"
#include "bgs/kept.h"
#include "bgs/proc.h"
#include "claims/group-facts.h"
#include "pipeline/step.h"
#include "submission/close.sql.h"
#include "submission/course.h"
#include "submission/hand-on.h"

typedef struct {
  Submission *submission;
  gboolean is_closer;
} Ending;

/* The child's state with its events, once: a redelivery finds it submitted. */
static gboolean
record_submitted (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  Ending *ending = data;
  const Submission *submission = ending->submission;
  const char *guid = submission->group->guid;
  gint64 claim_id = submission->child->claim_id;
  g_autoptr (DbRows) before = NULL;

  if (!db_execute (transaction_db (transaction), NULL, error, SQL_LOCK_GROUP, "t", guid))
    return FALSE;
  before = db_query (transaction_db (transaction), error, SQL_CHILD_STATE, "ti", guid, claim_id);
  if (!before ||
      !claim_group_child_submitted (transaction_db (transaction), guid, claim_id,
                                    submission->benefit_claim_id, &ending->is_closer, error))
    return FALSE;
  if (g_strcmp0 (db_rows_text (before, 0, "status"), "submitted") == 0)
    return TRUE;
  return transaction_claim_event (transaction, guid, "ATTEMPT", claim_id, "pending", "submitted",
                                  NULL, error) &&
         transaction_claim_event (transaction, guid, "CLAIM", claim_id,
                                  db_rows_text (before, 0, "status"), "submitted", NULL, error) &&
         (!ending->is_closer ||
          hand_on_papers (transaction, run, guid, submission->group->parent_claim_id, error));
}

/* A review is decided by proc-setup; a relationship that may be there twice asks for one
 * afterwards. */
static gboolean
find_closing_state (Submission *submission, const char **ret_state, GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  Db *db;

  *ret_state = BGS_PROC_MANUAL;
  if (submission_needs_review (submission))
    return TRUE;
  db = run_db_take (submission->run, error);
  if (!db)
    return FALSE;
  rows = db_query (db, error, SQL_DOUBTFUL_RELATIONSHIPS, "tt", submission->group->guid,
                   RELATIONSHIP_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return FALSE;
  if (db_rows_int (rows, 0, "count") == 0)
    *ret_state = BGS_PROC_READY;
  return TRUE;
}

typedef struct {
  Submission *submission;
  BgsProcUpdate update;
} Closing;

static char *
call_close (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Closing *closing = data;

  return bgs_proc_update (closing->submission->bgs, &closing->submission->veteran->caller,
                          &closing->update, error);
}

/* With the message's transaction, when the submission has gone: the parent claim's id is all that
 * is handed on. */
static gboolean
settle_group (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const gint64 *parent_claim_id = data;
  const char *guid = run_claim_group_id (run);

  return transaction_change_group (transaction, guid, "success", "all children are submitted",
                                   error) &&
         transaction_mail (transaction, guid, *parent_claim_id, "RECEIVED", error);
}

static gboolean
close_proc (Submission *submission, GError **error)
{
  Run *run = submission->run;
  const char *guid = submission->group->guid;
  const JournalRow *created;
  g_autoptr (GError) problem = NULL;
  g_autofree char *created_at = NULL;
  g_autofree char *request = NULL;
  g_autofree char *result = NULL;
  Closing closing = { .submission = submission, .update = { .proc_id = submission->proc_id } };
  Step step = {
    .name = "close-proc",
    .scope = guid,
    .call = call_close,
    .after_insert = TRUE,
    .timeout_ms = bgs_client_read_timeout_ms (submission->bgs),
  };

  if (!run_take_scope (run, guid, error))
    return FALSE;
  created = run_journal_find (run, guid, "create-proc", &problem);
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  /* An update replaces the whole row: the moment of creation is sent again. */
  created_at = created ? bgs_kept_value (created->result, "creatdDt") : NULL;
  closing.update.created_at = created_at;
  if (!find_closing_state (submission, &closing.update.state, error))
    return FALSE;
  step.request = request = bgs_proc_update_digest_text (&closing.update);
  result = run_step (run, &step, &closing, error);
  return result != NULL;
}

gboolean
submission_close (Submission *submission, GError **error)
{
  Ending ending = { .submission = submission };

  CRASH_POINT ("submitted/before");
  if (!run_transaction (submission->run, record_submitted, &ending, error))
    return FALSE;
  CRASH_POINT ("submitted/after");
  if (!ending.is_closer && GUARD (CLOSER))
    return TRUE; /* a sibling is still under way, or another one closes */
  if (!close_proc (submission, error))
    return FALSE;
  run_on_settle (
      submission->run, settle_group,
      g_memdup2 (&submission->group->parent_claim_id, sizeof submission->group->parent_claim_id),
      g_free);
  return TRUE;
}
