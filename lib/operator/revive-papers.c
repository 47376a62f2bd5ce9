/* A group's papers are sent on their way again, see revive-papers.h. */
#include "operator/revive-papers.h"

#include "claims/group-facts.h"
#include "claims/paper.h"
#include "operator/audit.h"
#include "operator/revive-papers.sql.h"
#include "program/claim-record.h"

static void
paper_free (gpointer data)
{
  RevivePaper *paper = data;

  g_free (paper->state);
  g_free (paper->upload);
  g_free (paper);
}

void
revive_papers_free (gpointer data)
{
  RevivePapers *papers = data;

  if (!papers)
    return;
  g_free (papers->guid);
  g_free (papers->group_state);
  g_free (papers->told);
  g_free (papers->fingerprint);
  g_ptr_array_unref (papers->papers);
  g_free (papers);
}

/* --- Facts --- */

static RevivePapers *
papers_of_row (const DbRows *rows, guint row)
{
  RevivePapers *papers = g_new0 (RevivePapers, 1);

  papers->guid = g_strdup (db_rows_text (rows, row, "guid"));
  papers->group_state = g_strdup (db_rows_text (rows, row, "group_state"));
  papers->parent_claim_id = db_rows_int (rows, row, "parent_claim_id");
  papers->replay = (guint)db_rows_int (rows, row, "replay");
  papers->next = (guint)db_rows_int (rows, row, "next");
  papers->is_held = db_rows_boolean (rows, row, "is_held");
  papers->fingerprint = g_strdup ("");
  papers->papers = g_ptr_array_new_with_free_func (paper_free);
  return papers;
}

static void
add_row (RevivePapers *papers, const DbRows *rows, guint row)
{
  g_autofree char *before = papers->fingerprint;
  RevivePaper *paper;

  papers->fingerprint = g_strconcat (before, db_rows_text (rows, row, "fingerprint"), NULL);
  if (db_rows_is_null (rows, row, "paper_no"))
    return;
  paper = g_new0 (RevivePaper, 1);
  paper->number = (guint)db_rows_int (rows, row, "paper_no");
  paper->state = g_strdup (db_rows_text (rows, row, "state"));
  paper->upload = g_strdup (db_rows_text (rows, row, "upload"));
  paper->is_settled = db_rows_boolean (rows, row, "is_settled");
  paper->is_on_its_way = db_rows_boolean (rows, row, "is_on_its_way");
  g_ptr_array_add (papers->papers, paper);
}

/* --- What is told of them --- */

static gboolean
is_state (const RevivePaper *paper, const char *state)
{
  return g_str_equal (paper->state, state);
}

gboolean
revive_paper_is_evidences (const RevivePaper *paper)
{
  return is_state (paper, PAPER_PENDING);
}

gboolean
revive_paper_is_backups (const RevivePaper *paper)
{
  return is_state (paper, PAPER_REFUSED) && !paper->is_settled;
}

static const char *const fates[] = {
  "stored",
  "to be uploaded",
  "to be looked for in the folder",
  "to go by a package",
  "in a package that is on its way",
  "there by a package",
  "without a place: pipelinectl resolve",
  "not asked for",
};

static const char *
fate_of (const RevivePaper *paper)
{
  if (is_state (paper, PAPER_STORED))
    return fates[0];
  if (revive_paper_is_evidences (paper))
    return fates[paper->upload && g_str_equal (paper->upload, "started") ? 2 : 1];
  if (revive_paper_is_backups (paper))
    return fates[3];
  if (is_state (paper, PAPER_BY_INTAKE))
    return fates[paper->is_on_its_way ? 4 : 5];
  return fates[is_state (paper, PAPER_REFUSED) ? 6 : 7];
}

/* Those that have it, "papers 1, 2 are stored"; NULL: none has. Owned. */
static char *
tell_fate (const RevivePapers *papers, const char *fate)
{
  g_autoptr (GString) numbers = g_string_new (NULL);
  guint count = 0;

  for (guint i = 0; i < papers->papers->len; i++) {
    const RevivePaper *paper = g_ptr_array_index (papers->papers, i);

    if (fate_of (paper) == fate)
      g_string_append_printf (numbers, "%s%u", count++ ? ", " : "", paper->number);
  }
  if (count == 0)
    return NULL;
  return g_strdup_printf (count == 1 ? "paper %s is %s" : "papers %s are %s", numbers->str, fate);
}

static void
end_facts (gpointer guid G_GNUC_UNUSED, gpointer data, gpointer unused G_GNUC_UNUSED)
{
  RevivePapers *papers = data;
  g_autofree char *before = papers->fingerprint;
  g_autoptr (GString) told = g_string_new (NULL);

  papers->fingerprint = g_compute_checksum_for_string (G_CHECKSUM_SHA256, before, -1);
  for (guint i = 0; i < G_N_ELEMENTS (fates); i++) {
    g_autofree char *of_fate = tell_fate (papers, fates[i]);

    if (of_fate)
      g_string_append_printf (told, "%s%s", told->len ? "; " : "", of_fate);
  }
  papers->told = g_strdup (told->str);
}

GHashTable *
revive_papers_find (Db *db, const GPtrArray *guids, GError **error)
{
  g_autoptr (GHashTable) all =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, revive_papers_free);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_REVIVE_PAPERS_FACTS, "Nt", guids, UPLOAD_STEP);

  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    RevivePapers *papers = g_hash_table_lookup (all, db_rows_text (rows, i, "guid"));

    if (!papers) {
      papers = papers_of_row (rows, i);
      g_hash_table_insert (all, papers->guid, papers);
    }
    add_row (papers, rows, i);
  }
  g_hash_table_foreach (all, end_facts, NULL);
  return g_steal_pointer (&all);
}

/* --- The decision --- */

ReviveKind
revive_papers_decide (const RevivePapers *papers, guint replays_max, const char **ret_why)
{
  gboolean is_any_open = FALSE, is_any_left = FALSE;

  *ret_why = papers->papers->len > 0 ? papers->told : "the group has no papers to be stored";
  for (guint i = 0; i < papers->papers->len; i++) {
    const RevivePaper *paper = g_ptr_array_index (papers->papers, i);

    is_any_open |= revive_paper_is_evidences (paper) || revive_paper_is_backups (paper);
    is_any_left |= is_state (paper, PAPER_REFUSED) && paper->is_settled;
  }
  if (!is_any_open)
    return is_any_left ? REVIVE_REFUSE : REVIVE_NOTHING;
  if (papers->is_held) {
    *ret_why = "a person must decide about its papers: pipelinectl resolve";
    return REVIVE_REFUSE;
  }
  if (papers->replay >= replays_max) {
    *ret_why = "its papers have been replayed as often as replays-max allows";
    return REVIVE_REFUSE;
  }
  return REVIVE_SEND;
}

/* --- The transaction --- */

static RevivePapers *
find_locked (Db *db, const char *guid, GError **error)
{
  char *guids[] = { (char *)guid, NULL };
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
  g_autoptr (GHashTable) all = NULL;
  gpointer key = NULL, papers = NULL;

  g_ptr_array_add (wanted, (gpointer)guid);
  if (!claim_groups_lock (db, guids, error))
    return NULL;
  all = revive_papers_find (db, wanted, error);
  if (!all)
    return NULL;
  if (g_hash_table_steal_extended (all, guid, &key, &papers))
    return papers;
  g_set_error (error, REVIVE_ERROR, REVIVE_ERROR_REFUSED, "there is no such group");
  return NULL;
}

static gboolean
is_as_looked_at (const ReviveOrder *order, const RevivePapers *papers, GError **error)
{
  const char *why;

  if (order->fingerprint && !g_str_equal (order->fingerprint, papers->fingerprint)) {
    g_set_error (error, REVIVE_ERROR, REVIVE_ERROR_CHANGED,
                 "it has changed since it was looked at");
    return FALSE;
  }
  if (revive_papers_decide (papers, order->replays_max, &why) == REVIVE_SEND)
    return TRUE;
  g_set_error_literal (error, REVIVE_ERROR, REVIVE_ERROR_REFUSED, why);
  return FALSE;
}

static gboolean
emit (Transaction *transaction, const RevivePapers *papers, GError **error)
{
  g_autoptr (ClaimRecord) record =
      claim_record_find (transaction_db (transaction), papers->parent_claim_id, error);

  if (!record)
    return FALSE;
  record->is_of_papers = TRUE;
  transaction_set_origin (transaction, NULL, papers->next);
  return claim_record_emit (transaction, record, error);
}

gboolean
revive_papers (Transaction *transaction, gpointer data, GError **error)
{
  const ReviveOrder *order = data;
  Db *db = transaction_db (transaction);
  g_autoptr (RevivePapers) papers = find_locked (db, order->guid, error);
  g_autofree char *scope = claim_record_scope_of_papers (order->guid);
  const Action action = { .who = order->who,
                          .action = order->action,
                          .subject = order->subject,
                          .guid = order->guid,
                          .reason = order->reason };
  gint64 action_id;

  return papers && is_as_looked_at (order, papers, error) &&
         db_execute (db, NULL, error, SQL_REVIVE_PAPERS_TOKEN, "t", scope) &&
         emit (transaction, papers, error) && audit_write (db, &action, &action_id, error) &&
         db_execute (db, NULL, error, SQL_REVIVE_PAPERS_DEAD_ENDS, "ti", scope, action_id) &&
         (!order->beside || order->beside (transaction, action_id, order->data, error));
}
