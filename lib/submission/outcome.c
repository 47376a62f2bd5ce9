/* What both form consumers' descriptors share: whose journal a message uses, the client, and what
 * DEAD means. */
#include "base/crash-point.h"
#include "base/text.h"
#include "claims/group-facts.h"
#include "db/db.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"
#include "submission/close.sql.h"
#include "submission/hand-on.h"
#include "submission/submission.h"
#include "submission/veteran-lock.h"

const Setting *const submission_consumer_settings[] = { bgs_settings, bgs_answer_settings,
                                                        submission_settings, hand_on_settings,
                                                        NULL };
const char *const submission_downstreams[] = { DOWNSTREAM_BGS, DOWNSTREAM_BID, NULL };

gpointer
submission_decode (EventCodec *codec, GBytes *value, const Record *record G_GNUC_UNUSED,
                   GError **error)
{
  return child_claim_ready_decode (codec, value, error);
}

void
submission_scope (gconstpointer message, RunScope *ret_scope)
{
  const ChildClaimReady *ready = message;

  ret_scope->scope = g_strdup_printf ("%" G_GINT64_FORMAT, ready->claim_id);
  ret_scope->claim_group_id = ready->claim_group_id;
  ret_scope->claim_id = ready->claim_id;
}

gpointer
submission_start (const Settings *settings, GError **error)
{
  /* Else every claim that needs the answer would wait for a service that nobody has named. */
  if (settings_boolean (settings, "pension-check") && !settings_is_set (settings, "bid-url")) {
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                         "bid-url must be set, or pension-check be no");
    return NULL;
  }
  return bgs_client_new (settings, error);
}

void
submission_stop (gpointer context)
{
  bgs_client_free (context);
}

/* The benefit claim that the child has, or NULL: then it can still die. */
static gboolean
find_recorded (Db *db, gint64 claim_id, char **ret_benefit_claim_id, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_RECORDED_BENEFIT_CLAIM, "i", claim_id);

  if (!rows)
    return FALSE;
  *ret_benefit_claim_id =
      db_rows_count (rows) ? g_strdup (db_rows_text (rows, 0, "bgs_claim_id")) : NULL;
  return TRUE;
}

gboolean
submission_attempted (Transaction *transaction, Run *run, gconstpointer message, const char *status,
                      const GError *reason, GError **error)
{
  const ChildClaimReady *ready = message;
  Db *db = transaction_db (transaction);
  g_autofree char *benefit_claim_id = NULL;
  g_autoptr (DbRows) child = NULL;

  /* What comes after the insert is tried again, but it is no attempt at the claim any more. */
  if (!find_recorded (db, ready->claim_id, &benefit_claim_id, error))
    return FALSE;
  if (benefit_claim_id)
    return TRUE;
  child = db_query (db, error, SQL_FORM_OF_CLAIM, "i", ready->claim_id);
  if (!child)
    return FALSE;
  if (db_rows_count (child) == 0)
    return TRUE;
  return claim_attempt_record (db, ready->claim_id, db_rows_text (child, 0, "form_id"),
                               run_attempt (run) + 1, status, NULL, verdict_error_class (reason),
                               reason->message, error) &&
         transaction_claim_event (transaction, ready->claim_group_id, "ATTEMPT", ready->claim_id,
                                  "pending", status, verdict_error_class (reason), error);
}

/* Update, note and close that nobody will finish any more: journalled as given up, so that nothing
 * waits for them. */
static gboolean
give_up_started (Transaction *transaction, const char *scope, const char *group_scope,
                 GError **error)
{
  const char *const scopes[] = { scope, group_scope, NULL };
  g_autoptr (DbRows) rows =
      db_query (transaction_db (transaction), error, SQL_STARTED_STEPS, "T", scopes);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (!journal_give_up (transaction, rows, i, error))
      return FALSE;
  return TRUE;
}

/* After the insert a child cannot die: it is submitted, the rest is given up, and a person told. */
static gboolean
give_up_the_rest (Transaction *transaction, Run *run, const ChildClaimReady *ready,
                  const char *benefit_claim_id, GError **error)
{
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) before =
      db_query (db, error, SQL_CHILD_STATE, "ti", ready->claim_group_id, ready->claim_id);
  gboolean is_closer = FALSE, is_news, changed;

  if (!before || !claim_group_child_submitted (db, ready->claim_group_id, ready->claim_id,
                                               benefit_claim_id, &is_closer, error))
    return FALSE;
  is_news = g_strcmp0 (db_rows_text (before, 0, "status"), "submitted") != 0;
  if (is_news && !transaction_claim_event (transaction, ready->claim_group_id, "CLAIM",
                                           ready->claim_id, db_rows_text (before, 0, "status"),
                                           "submitted", "the rest is given up", error))
    return FALSE;
  if (is_news && is_closer &&
      !hand_on_papers (transaction, run, ready->claim_group_id,
                       db_rows_int (before, 0, "parent_claim_id"), error))
    return FALSE;
  if (!give_up_started (transaction, run_scope (run),
                        is_closer ? ready->claim_group_id : run_scope (run), error) ||
      !transaction_needs_person (transaction, ready->claim_group_id, ready->claim_id,
                                 is_closer ? "gave up after the insert, the close included"
                                           : "gave up after the insert",
                                 0, error))
    return FALSE;
  if (!is_closer)
    return TRUE;
  return transaction_try_group (transaction, ready->claim_group_id, "success",
                                "all children are submitted, the close is given up", &changed,
                                error) &&
         (!changed ||
          transaction_mail (transaction, ready->claim_group_id,
                            db_rows_int (before, 0, "parent_claim_id"), "RECEIVED", error));
}

gboolean
submission_give_up (Transaction *transaction, Run *run, gconstpointer message, const GError *reason,
                    gboolean *ret_dead_letter, GError **error)
{
  const ChildClaimReady *ready = message;
  Db *db = transaction_db (transaction);
  const char *why = verdict_error_class (reason);
  g_autofree char *benefit_claim_id = NULL;
  gboolean changed;

  /* Lock rows before the group's row. Even where its insert is unknown: the dead letter says so,
   * and others may go on, but not with this child's increment. */
  if (!veteran_lock_free_all (db, ready->claim_id, error) ||
      !db_execute (db, NULL, error, SQL_LOCK_GROUP, "t", ready->claim_group_id) ||
      !find_recorded (db, ready->claim_id, &benefit_claim_id, error))
    return FALSE;
  if (benefit_claim_id && GUARD (QUARANTINE_LATE)) {
    *ret_dead_letter = FALSE;
    return give_up_the_rest (transaction, run, ready, benefit_claim_id, error);
  }
  if (!transaction_try_child (transaction, ready->claim_group_id, ready->claim_id, "dead", why,
                              &changed, error) ||
      !transaction_try_group (transaction, ready->claim_group_id, "failure", why, &changed, error))
    return FALSE;
  /* Only the death that moves the group sends it the backup way. */
  *ret_dead_letter = changed;
  return TRUE;
}
