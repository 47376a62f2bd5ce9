/* The table of states and the one function that changes each. Events and e-mails that go with a
 * change are the pipeline's. Source: README.md, rule 9. */
#include "claims/states.h"

#include "claims/error.h"
#include "claims/states.sql.h"

static const StateTransition of_groups[] = {
  { "pending", "accepted", "group, children and the first message are committed together" },
  { "accepted", "success",
    "all children are submitted and the proc is closed, or its close given up" },
  { "accepted", "failure", "the set-up or a child has failed for good" },
  { "failure", "processing", "the backup package was accepted" },
  { "failure", "failed", "the backup has failed for good: error e-mail" },
  { "failure", "accepted", "an operator has it begin again" },
  { "processing", "success", "the package has reached the claims folder" },
  { "processing", "failure", "the package was lost on its way and a second one is made" },
  { "processing", "failed", "the package was refused for good: error e-mail" },
  { NULL },
};

static const StateTransition of_children[] = {
  { "pending", "submitted", "its benefit claim is recorded, the rest is finished or given up" },
  { "pending", "dead", "it has failed for good" },
  { "pending", "stopped", "its group failed under it" },
  { "pending", "held", "a person must decide" },
  { "held", "pending", "a person has decided: it goes on" },
  { "held", "submitted", "a person has decided: its benefit claim was found" },
  { "held", "dead", "a person has decided: it goes by paper" },
  { "held", "stopped", "its group failed while it waited for a person" },
  { "dead", "pending", "an operator has its group begin again" },
  { "stopped", "pending", "an operator has its group begin again" },
  { NULL },
};

const StateTransition *
claim_states_of_groups (void)
{
  return of_groups;
}

const StateTransition *
claim_states_of_children (void)
{
  return of_children;
}

gboolean
claim_states_allow (const StateTransition *table, const char *from, const char *to)
{
  for (; table->from; table++)
    if (g_str_equal (table->from, from) && g_str_equal (table->to, to))
      return TRUE;
  return FALSE;
}

/* --- groups --- */

/* A group that ends well with a claim left behind would be a claim lost in silence. */
static gboolean
require_all_submitted (Db *db, const char *guid, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_COUNT_OPEN_CHILDREN, "t", guid);

  if (!rows)
    return FALSE;
  if (db_rows_int (rows, 0, "open") == 0)
    return TRUE;
  g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
               "claim group %s cannot succeed: %" G_GINT64_FORMAT " of its claims not submitted",
               guid, db_rows_int (rows, 0, "open"));
  return FALSE;
}

gboolean
claim_states_change_group (Db *db, const char *guid, const char *to, char **ret_from,
                           GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOCK_GROUP_STATE, "t", guid);
  const char *from;
  gboolean is_redrive;

  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no claim group %s", guid);
    return FALSE;
  }

  from = db_rows_text (rows, 0, "status");
  if (!claim_states_allow (of_groups, from, to)) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                 "claim group %s does not go from %s to %s", guid, from, to);
    return FALSE;
  }
  is_redrive = g_str_equal (from, "failure") && g_str_equal (to, "accepted");
  if (is_redrive && db_rows_boolean (rows, 0, "has_backup")) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                 "claim group %s cannot begin again: its backup has begun", guid);
    return FALSE;
  }
  if (g_str_equal (from, "accepted") && g_str_equal (to, "success") &&
      !require_all_submitted (db, guid, error))
    return FALSE;

  if (!db_execute (db, NULL, error, SQL_CHANGE_GROUP, "iti", db_rows_int (rows, 0, "id"), to,
                   (gint64)(is_redrive ? 1 : 0)))
    return FALSE;
  *ret_from = g_strdup (from);
  return TRUE;
}

/* --- children --- */

gboolean
claim_states_change_child (Db *db, gint64 claim_id, const char *to, char **ret_from, GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  const char *from;

  if (g_str_equal (to, "submitted")) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                 "claim %" G_GINT64_FORMAT " is not submitted without its benefit claim id",
                 claim_id);
    return FALSE;
  }

  /* The state is read by the second statement, when the lock is ours. */
  if (!db_execute (db, NULL, error, SQL_LOCK_GROUP_OF_CHILD, "i", claim_id))
    return FALSE;
  rows = db_query (db, error, SQL_CHILD_STATE, "i", claim_id);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
                 "there is no child claim %" G_GINT64_FORMAT, claim_id);
    return FALSE;
  }

  from = db_rows_text (rows, 0, "status");
  if (!claim_states_allow (of_children, from, to)) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                 "claim %" G_GINT64_FORMAT " does not go from %s to %s", claim_id, from, to);
    return FALSE;
  }
  if (!db_execute (db, NULL, error, SQL_CHANGE_CHILD, "it", claim_id, to))
    return FALSE;
  *ret_from = g_strdup (from);
  return TRUE;
}
