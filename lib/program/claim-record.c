/* Records made anew, see claim-record.h. */
#include "program/claim-record.h"

#include "claims/claim-group.h"
#include "events/child-claim-ready.h"
#include "events/claim-submitted.h"
#include "events/papers-ready.h"
#include "program/claim-record.sql.h"

#define OF_PAPERS "/papers"

void
claim_record_free (ClaimRecord *record)
{
  if (!record)
    return;
  g_free (record->form_type);
  g_free (record->state);
  g_free (record->benefit_claim_id);
  g_free (record->guid);
  g_free (record->group_state);
  g_free (record->veteran_id);
  g_free (record->proc_id);
  g_free (record);
}

ClaimRecord *
claim_record_find (Db *db, gint64 claim_id, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_CLAIM_RECORD_FIND, "i", claim_id);
  ClaimRecord *found;

  if (!rows || db_rows_count (rows) == 0)
    return NULL;
  found = g_new0 (ClaimRecord, 1);
  found->claim_id = claim_id;
  found->parent_claim_id = db_rows_int (rows, 0, "parent_claim_id");
  found->submitted_at_ms = db_rows_int (rows, 0, "submitted_at_ms");
  found->has_pending_papers = db_rows_boolean (rows, 0, "has_pending_papers");
  found->replay = (guint)db_rows_int (rows, 0, "replay");
  found->form_type = g_strdup (db_rows_text (rows, 0, "form_id"));
  found->state = g_strdup (db_rows_text (rows, 0, "status"));
  found->benefit_claim_id = g_strdup (db_rows_text (rows, 0, "bgs_claim_id"));
  found->guid = g_strdup (db_rows_text (rows, 0, "claim_group_guid"));
  found->group_state = g_strdup (db_rows_text (rows, 0, "group_status"));
  found->veteran_id = g_strdup (db_rows_text (rows, 0, "veteran_id"));
  found->proc_id = g_strdup (db_rows_text (rows, 0, "proc_id"));
  return found;
}

gboolean
claim_record_is_group (const ClaimRecord *record)
{
  return record->claim_id == record->parent_claim_id;
}

char *
claim_record_scope_of_papers (const char *guid)
{
  return g_strconcat (guid, OF_PAPERS, NULL);
}

gboolean
claim_record_is_scope_of_papers (const char *scope)
{
  return g_str_has_suffix (scope, OF_PAPERS);
}

char *
claim_record_scope (const ClaimRecord *record)
{
  if (record->is_of_papers)
    return claim_record_scope_of_papers (record->guid);
  return claim_record_is_group (record) ? g_strdup (record->guid)
                                        : g_strdup_printf ("%" G_GINT64_FORMAT, record->claim_id);
}

/* The topic whose records have this value. */
static const char *
topic_of_value (const ClaimRecord *record)
{
  return record->is_of_papers                         ? "claims.evidence"
         : claim_record_is_group (record)             ? "claims.submitted"
         : g_str_equal (record->form_type, "21-686C") ? "claims.686c"
                                                      : "claims.674";
}

const char *
claim_record_topic (const ClaimRecord *record)
{
  gboolean is_backups = record->is_of_papers ? !record->has_pending_papers
                                             : claim_record_is_group (record) &&
                                                   g_str_equal (record->group_state, "failure");

  return is_backups ? "claims.dead-letter" : topic_of_value (record);
}

GBytes *
claim_record_encode (const TransactionWriter *writer, const ClaimRecord *record, GError **error)
{
  g_autofree char *topic = g_strconcat (writer->topic_prefix, topic_of_value (record), NULL);
  ClaimSubmitted submitted = { .claim_group_id = record->guid,
                               .parent_claim_id = record->parent_claim_id,
                               .submitted_at_ms = record->submitted_at_ms };
  PapersReady papers = { .claim_group_id = record->guid,
                         .parent_claim_id = record->parent_claim_id };
  ChildClaimReady ready = { .claim_group_id = record->guid,
                            .claim_id = record->claim_id,
                            .proc_id = record->proc_id };

  if (record->is_of_papers)
    return papers_ready_encode (writer->codec, topic, &papers, error);
  if (claim_record_is_group (record))
    return claim_submitted_encode (writer->codec, topic, &submitted, error);
  if (!record->proc_id) {
    g_set_error_literal (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID,
                         "the claim's group has no proc id: its set-up is to be resolved first");
    return NULL;
  }
  return child_claim_ready_encode (writer->codec, topic, &ready, error);
}

gboolean
claim_record_emit (Transaction *transaction, const ClaimRecord *record, GError **error)
{
  g_autoptr (GBytes) value = claim_record_encode (transaction->writer, record, error);
  g_autofree char *scope = claim_record_scope (record);

  if (!value || !transaction_emit (transaction, claim_record_topic (record), record->guid,
                                   record->veteran_id, value, error))
    return FALSE;
  transaction_emit_scope (transaction, scope);
  return TRUE;
}
