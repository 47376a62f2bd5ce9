/* A group's papers are sent on their way again, see revive-papers.h. */
#include "operator/revive-papers.h"

#include "claims/paper.h"
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

typedef enum {
  FATE_STORED,
  FATE_UPLOAD,
  FATE_LOOK,
  FATE_PACKAGE,
  FATE_ON_ITS_WAY,
  FATE_ARRIVED,
  FATE_NO_PLACE,
  FATE_NOT_ASKED,
} Fate;

static const char *const fates[] = {
  [FATE_STORED] = "stored",
  [FATE_UPLOAD] = "to be uploaded",
  [FATE_LOOK] = "to be looked for in the folder",
  [FATE_PACKAGE] = "to go by a package",
  [FATE_ON_ITS_WAY] = "in a package that is on its way",
  [FATE_ARRIVED] = "there by a package",
  [FATE_NO_PLACE] = "without a place: pipelinectl resolve",
  [FATE_NOT_ASKED] = "not asked for",
};

static Fate
fate_of (const RevivePaper *paper)
{
  if (is_state (paper, PAPER_STORED))
    return FATE_STORED;
  if (revive_paper_is_evidences (paper))
    return paper->upload && g_str_equal (paper->upload, "started") ? FATE_LOOK : FATE_UPLOAD;
  if (revive_paper_is_backups (paper))
    return FATE_PACKAGE;
  if (is_state (paper, PAPER_BY_INTAKE))
    return paper->is_on_its_way ? FATE_ON_ITS_WAY : FATE_ARRIVED;
  return is_state (paper, PAPER_REFUSED) ? FATE_NO_PLACE : FATE_NOT_ASKED;
}

/* Those that have it, "papers 1, 2 are stored"; NULL: none has. Owned. */
static char *
tell_fate (const RevivePapers *papers, Fate fate)
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
  return g_strdup_printf (count == 1 ? "paper %s is %s" : "papers %s are %s", numbers->str,
                          fates[fate]);
}

static void
end_facts (gpointer guid G_GNUC_UNUSED, gpointer data, gpointer unused G_GNUC_UNUSED)
{
  RevivePapers *papers = data;
  g_autofree char *before = papers->fingerprint;
  g_autoptr (GString) told = g_string_new (NULL);

  papers->fingerprint = g_compute_checksum_for_string (G_CHECKSUM_SHA256, before, -1);
  for (Fate fate = FATE_STORED; fate <= FATE_NOT_ASKED; fate++) {
    g_autofree char *of_fate = tell_fate (papers, fate);

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
  g_autoptr (DbRows) rows = NULL;

  if (guids->len == 0)
    return g_steal_pointer (&all);
  rows = db_query (db, error, SQL_REVIVE_PAPERS_FACTS, "Nt", guids, UPLOAD_STEP);
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

gboolean
revive_find_both (Db *db, const GPtrArray *guids, const GPtrArray *of_papers,
                  ReviveFacts *ret_facts, GError **error)
{
  ret_facts->groups = revive_groups_find (db, guids, error);
  ret_facts->papers = ret_facts->groups ? revive_papers_find (db, of_papers, error) : NULL;
  return ret_facts->papers != NULL;
}

void
revive_facts_clear (ReviveFacts *facts)
{
  g_clear_pointer (&facts->groups, g_hash_table_unref);
  g_clear_pointer (&facts->papers, g_hash_table_unref);
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

ReviveStanding
revive_standing_of (const ReviveFacts *facts, const char *guid, gboolean is_of_papers)
{
  if (!guid)
    return (ReviveStanding){ 0 };
  return (ReviveStanding){ .group = is_of_papers ? NULL : g_hash_table_lookup (facts->groups, guid),
                           .papers =
                               is_of_papers ? g_hash_table_lookup (facts->papers, guid) : NULL };
}

const char *
revive_standing_fingerprint (const ReviveStanding *standing)
{
  return standing->papers  ? standing->papers->fingerprint
         : standing->group ? standing->group->fingerprint
                           : NULL;
}

ReviveKind
revive_standing_decide (const ReviveStanding *standing, gint64 claim_id, guint replays_max,
                        const char **ret_why)
{
  if (standing->papers)
    return revive_papers_decide (standing->papers, replays_max, ret_why);
  if (standing->group)
    return revive_decide (standing->group, claim_id, replays_max, ret_why);
  *ret_why = "the database does not have its group";
  return REVIVE_REFUSE;
}

/* --- The transaction --- */

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
  g_autoptr (RevivePapers) papers = revive_find_locked (db, order->guid, revive_papers_find, error);
  g_autofree char *scope = claim_record_scope_of_papers (order->guid);
  const char *why;
  ReviveKind kind;

  if (!papers || !revive_is_as_looked_at (order, papers->fingerprint, error))
    return FALSE;
  kind = revive_papers_decide (papers, order->replays_max, &why);
  return revive_may (kind, why, error) &&
         db_execute (db, NULL, error, SQL_REVIVE_PAPERS_TOKEN, "t", scope) &&
         emit (transaction, papers, error) &&
         revive_write_down (transaction, order, SQL_REVIVE_PAPERS_DEAD_ENDS, scope, error);
}
