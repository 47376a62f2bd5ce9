/* Facts of a claim group, see group-facts.h. */
#include "claims/group-facts.h"

#include "base/crash-point.h"
#include "claims/error.h"
#include "claims/group-facts.sql.h"
#include "claims/states.h"

gboolean
claim_groups_lock (Db *db, char **guids, GError **error)
{
  return db_execute (db, NULL, error, SQL_LOCK_GROUPS, "T", guids);
}

/* Returns: the group's own row, locked until the transaction ends. */
static DbRows *
lock_group (Db *db, const char *guid, GError **error)
{
  g_autoptr (DbRows) own = db_query (db, error, SQL_LOCK_GROUP, "t", guid);

  if (!own)
    return NULL;
  if (db_rows_count (own) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no claim group %s", guid);
    return NULL;
  }
  return g_steal_pointer (&own);
}

gboolean
claim_group_set_proc (Db *db, const char *guid, const char *proc_id, const char *review_reasons,
                      GError **error)
{
  g_autoptr (DbRows) own = lock_group (db, guid, error);
  const char *known;

  if (!own)
    return FALSE;
  known = db_rows_text (own, 0, "proc_id");
  if (!known)
    return db_execute (db, NULL, error, SQL_SET_PROC, "ttt", guid, proc_id, review_reasons);
  if (g_str_equal (known, proc_id))
    return TRUE;
  g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
               "claim group %s has proc %s and is not given proc %s", guid, known, proc_id);
  return FALSE;
}

/* What the other rows say about a child that is about to become submitted. */
typedef struct {
  gboolean is_there;
  gboolean was_submitted;
  guint others_open;
} Children;

/* Refuses a child that cannot become submitted with this benefit claim. */
static gboolean
look_at_children (const DbRows *rows, gint64 claim_id, const char *bgs_claim_id,
                  Children *ret_children, GError **error)
{
  Children children = { 0 };

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *state = db_rows_text (rows, i, "status");
    const char *known = db_rows_text (rows, i, "bgs_claim_id");
    gboolean is_submitted = g_str_equal (state, "submitted");

    if (db_rows_int (rows, i, "claim_id") != claim_id) {
      children.others_open += !is_submitted;
      continue;
    }
    children.is_there = TRUE;
    children.was_submitted = is_submitted;
    if (is_submitted ? g_strcmp0 (known, bgs_claim_id) != 0
                     : !claim_states_allow (claim_states_of_children (), state, "submitted")) {
      g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                   "claim %" G_GINT64_FORMAT
                   " is %s with benefit claim %s and does not become submitted with %s",
                   claim_id, state, known ? known : "none", bgs_claim_id);
      return FALSE;
    }
  }

  if (!children.is_there) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
                 "claim %" G_GINT64_FORMAT " is not one of its claim group", claim_id);
    return FALSE;
  }
  *ret_children = children;
  return TRUE;
}

/* The first one stays the closer. */
static gboolean
is_free_to_close (gint64 closer)
{
  return !(GUARD (CLOSER_FIRST) && closer != 0);
}

gboolean
claim_group_child_submitted (Db *db, const char *guid, gint64 claim_id, const char *bgs_claim_id,
                             gboolean *ret_is_closer, GError **error)
{
  g_autoptr (DbRows) own = lock_group (db, guid, error);
  g_autoptr (DbRows) rows = NULL;
  Children children;
  gint64 parent_claim_id, closer;

  if (!own)
    return FALSE;
  parent_claim_id = db_rows_int (own, 0, "parent_claim_id");
  closer = db_rows_int (own, 0, "closer");

  rows = db_query (db, error, SQL_LIST_CHILDREN, "i", parent_claim_id);
  if (!rows || !look_at_children (rows, claim_id, bgs_claim_id, &children, error))
    return FALSE;

  if (!children.was_submitted &&
      !db_execute (db, NULL, error, SQL_SUBMIT_CHILD, "it", claim_id, bgs_claim_id))
    return FALSE;

  /* The first writer closes the proc, nobody after it; a group that has failed is not closed at
   * all. */
  if (is_free_to_close (closer) && children.others_open == 0 &&
      g_str_equal (db_rows_text (own, 0, "status"), "accepted")) {
    if (!db_execute (db, NULL, error, SQL_SET_CLOSER, "ii", parent_claim_id, claim_id))
      return FALSE;
    closer = claim_id;
  }
  *ret_is_closer = closer == claim_id;
  return TRUE;
}

gboolean
claim_attempt_record (Db *db, gint64 claim_id, const char *form_type, guint attempt_no,
                      const char *status, const char *bgs_claim_id, const char *error_class,
                      const char *error_message, GError **error)
{
  return db_execute (db, NULL, error, SQL_RECORD_ATTEMPT, "ititttt", claim_id, form_type,
                     (gint64)attempt_no, status, bgs_claim_id, error_class, error_message);
}

gboolean
claim_hold_open (Db *db, const char *guid, gint64 claim_id, const char *reason,
                 gint64 behind_claim_id, GError **error)
{
  guint count = 0;

  if (!db_execute (db, &count, error, SQL_OPEN_HOLD, "titi", guid, claim_id, reason,
                   behind_claim_id))
    return FALSE;
  if (count == 1)
    return TRUE;
  g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
               "claim %" G_GINT64_FORMAT " is not one of claim group %s", claim_id, guid);
  return FALSE;
}

gboolean
claim_hold_candidates (Db *db, gint64 claim_id, const char *reason, const char *json,
                       GError **error)
{
  return db_execute (db, NULL, error, SQL_HOLD_CANDIDATES, "itt", claim_id, reason, json);
}

gboolean
claim_hold_of_papers (Db *db, gint64 claim_id, const char *reason, GError **error)
{
  return db_execute (db, NULL, error, SQL_HOLD_OF_PAPERS, "it", claim_id, reason);
}
