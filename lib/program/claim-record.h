/* The record that a claim's or a group's consumer reads, made anew from the database: for who sends
 * it again (a person's answer, a redrive, the watch). Records carry ids only, so nothing of the
 * first one is needed. */
#pragma once

#include "program/transaction.h"

/* A claim and its group, as found. The group itself goes by its parent claim. */
typedef struct {
  gint64 claim_id, parent_claim_id, submitted_at_ms;
  guint replay; /* the group's */
  /* Set by the caller: not the group's own record, but that of its papers */
  gboolean is_of_papers;
  gboolean has_pending_papers; /* else what is left of them is backup's */
  char *form_type, *state, *benefit_claim_id;
  char *guid, *group_state, *veteran_id, *proc_id;
} ClaimRecord;
void claim_record_free (ClaimRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClaimRecord, claim_record_free)

/* NULL without @error: there is no such claim. Errors: database. */
ClaimRecord *claim_record_find (Db *db, gint64 claim_id, GError **error);

gboolean claim_record_is_group (const ClaimRecord *record);
/* As in runs: the child claim's id, the group's guid, that of its papers. Owned. */
char *claim_record_scope (const ClaimRecord *record);
/* "GUID/papers", owned; and whether a scope is one. */
char *claim_record_scope_of_papers (const char *guid);
gboolean claim_record_is_scope_of_papers (const char *scope);
/* Its consumer's source, without prefix. A group that has failed is backup's. */
const char *claim_record_topic (const ClaimRecord *record);

/* Its value. Errors: CLAIMS_ERROR_INVALID for a child whose group has no proc id yet,
 * EVENTS_ERROR. */
GBytes *claim_record_encode (const TransactionWriter *writer, const ClaimRecord *record,
                             GError **error);
/* Into its source topic, as a new message with the transaction's replay number. Errors: as
 * above. */
gboolean claim_record_emit (Transaction *transaction, const ClaimRecord *record, GError **error);
