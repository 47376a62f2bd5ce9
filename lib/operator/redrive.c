/* Dead ends that are sent on their way again, see redrive.h. */
#include "operator/redrive.h"

#include "operator/dead-ends.sql.h"
#include "operator/revive-papers.h"

static void
case_free (gpointer data)
{
  RedriveCase *it = data;

  g_free (it->guid);
  g_free (it->topic);
  g_free (it->cause);
  g_free (it->fingerprint);
  g_free (it->why);
  g_free (it->said);
  g_free (it);
}

static RedriveCase *
case_of_row (const DbRows *rows, guint row)
{
  RedriveCase *it = g_new0 (RedriveCase, 1);

  it->id = db_rows_int (rows, row, "id");
  it->claim_id = db_rows_int (rows, row, "claim_id");
  it->guid = g_strdup (db_rows_text (rows, row, "guid"));
  it->topic = g_strdup (db_rows_text (rows, row, "topic"));
  it->cause = g_strdup (db_rows_text (rows, row, "error_class"));
  it->is_of_papers = db_rows_boolean (rows, row, "is_of_papers");
  it->kind = REVIVE_REFUSE;
  return it;
}

static void
decide (RedriveCase *it, const ReviveFacts *found, guint replays_max)
{
  const ReviveStanding standing = revive_standing_of (found, it->guid, it->is_of_papers);
  const char *why;

  it->kind = revive_standing_decide (&standing, it->claim_id, replays_max, &why);
  it->fingerprint = g_strdup (revive_standing_fingerprint (&standing));
  if (!it->guid)
    why = "it could not be decoded: nobody knows whose it is";
  it->why = g_strdup (why);
}

GPtrArray *
redrive_find (Db *db, const RedriveQuestion *question, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new (), of_papers = g_ptr_array_new ();
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func (case_free);
  g_auto (ReviveFacts) found = { 0 };
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_DEAD_ENDS_TO_REDRIVE, "TIt", question->topics,
                (const gint64 *)question->ids->data, (gsize)question->ids->len, question->cause);

  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    RedriveCase *it = case_of_row (rows, i);

    g_ptr_array_add (cases, it);
    if (it->guid)
      g_ptr_array_add (it->is_of_papers ? of_papers : guids, it->guid);
  }
  if (!revive_find_both (db, guids, of_papers, &found, error))
    return NULL;
  for (guint i = 0; i < cases->len; i++)
    decide (g_ptr_array_index (cases, i), &found, question->replays_max);
  return g_steal_pointer (&cases);
}

gboolean
redrive_is_to_do (const RedriveCase *it)
{
  return it->kind == REVIVE_SEND || it->kind == REVIVE_BEGIN;
}

json_t *
redrive_tell (const RedriveCase *it, gboolean is_tried)
{
  const char *why = it->said                                            ? it->said
                    : is_tried && redrive_is_to_do (it) && !it->is_done ? "not reached"
                                                                        : it->why;

  return json_pack ("{s:I,s:o,s:s,s:s,s:b,s:s}", "id", (json_int_t)it->id, "group",
                    it->guid ? json_string (it->guid) : json_null (), "cause", it->cause, "what",
                    revive_kind_name (it->kind), "done", (int)it->is_done, "why", why);
}

gboolean
redrive_one (const RedriveOrder *order, RedriveCase *it, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("%s, dead end %" G_GINT64_FORMAT, it->topic, it->id);
  ReviveOrder revive = {
    .guid = it->guid,
    .claim_id = it->claim_id,
    .replays_max = order->replays_max,
    .fingerprint = it->fingerprint,
    .action = "redrive",
    .subject = subject,
    .who = order->who,
    .reason = order->reason,
  };
  GError *problem = NULL;

  it->is_done = order->transact (it->is_of_papers ? revive_papers : revive_group, &revive,
                                 order->owner, &problem);
  if (it->is_done)
    return TRUE;
  /* A stranger's lock on one row is no reason to leave the others. */
  if (g_error_matches (problem, DB_ERROR, DB_ERROR_TIMEOUT)) {
    it->said = g_strdup ("somebody has a lock on it: redrive it once more");
  } else if (problem->domain == REVIVE_ERROR) {
    it->said = g_strdup (problem->message);
  } else {
    g_propagate_error (error, problem);
    return FALSE;
  }
  g_error_free (problem);
  return TRUE;
}
