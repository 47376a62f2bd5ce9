/* A claim group is sent on its way again, see revive.h. */
#include "operator/revive.h"

#include <string.h>

#include "claims/group-facts.h"
#include "claims/insert-record.h"
#include "operator/audit.h"
#include "operator/revive.sql.h"
#include "program/claim-record.h"

G_DEFINE_QUARK (revive_error_quark, revive_error)

static void
child_free (gpointer data)
{
  ReviveChild *child = data;

  g_free (child->form_type);
  g_free (child->state);
  g_free (child->benefit_claim_id);
  g_free (child);
}

void
revive_group_free (gpointer data)
{
  ReviveGroup *group = data;

  if (!group)
    return;
  g_free (group->guid);
  g_free (group->state);
  g_free (group->proc_id);
  g_free (group->review_reasons);
  g_free (group->emails);
  g_free (group->fingerprint);
  g_ptr_array_unref (group->children);
  g_free (group);
}

/* --- Facts --- */

static ReviveGroup *
group_of_row (const DbRows *rows, guint row)
{
  ReviveGroup *group = g_new0 (ReviveGroup, 1);

  group->guid = g_strdup (db_rows_text (rows, row, "guid"));
  group->state = g_strdup (db_rows_text (rows, row, "state"));
  group->proc_id = g_strdup (db_rows_text (rows, row, "proc_id"));
  group->review_reasons = g_strdup (db_rows_text (rows, row, "review_reasons"));
  group->emails = g_strdup (db_rows_text (rows, row, "emails"));
  group->parent_claim_id = db_rows_int (rows, row, "parent_claim_id");
  group->closer = db_rows_int (rows, row, "closer");
  group->replay = (guint)db_rows_int (rows, row, "replay");
  group->has_backup = db_rows_boolean (rows, row, "has_backup");
  group->fingerprint = g_strdup ("");
  group->children = g_ptr_array_new_with_free_func (child_free);
  return group;
}

/* The group's row, or one of its children. */
static void
add_row (ReviveGroup *group, const DbRows *rows, guint row)
{
  gint64 claim_id = db_rows_int (rows, row, "claim_id");
  g_autofree char *before = group->fingerprint;
  ReviveChild *child;

  group->fingerprint = g_strconcat (before, db_rows_text (rows, row, "fingerprint"), NULL);
  if (claim_id == group->parent_claim_id) {
    group->is_held = db_rows_boolean (rows, row, "is_held");
    return;
  }
  child = g_new0 (ReviveChild, 1);
  child->claim_id = claim_id;
  child->form_type = g_strdup (db_rows_text (rows, row, "form_id"));
  child->state = g_strdup (db_rows_text (rows, row, "child_state"));
  child->benefit_claim_id = g_strdup (db_rows_text (rows, row, "bgs_claim_id"));
  child->is_held = db_rows_boolean (rows, row, "is_held");
  group->is_insert_unknown |= db_rows_boolean (rows, row, "is_unknown");
  g_ptr_array_add (group->children, child);
}

/* One fingerprint, however many claims. */
static void
seal_fingerprint (gpointer guid G_GNUC_UNUSED, gpointer data, gpointer unused G_GNUC_UNUSED)
{
  ReviveGroup *group = data;
  g_autofree char *before = group->fingerprint;

  group->fingerprint = g_compute_checksum_for_string (G_CHECKSUM_SHA256, before, -1);
}

GHashTable *
revive_groups_find (Db *db, const GPtrArray *guids, GError **error)
{
  g_autoptr (GHashTable) groups =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, revive_group_free);
  g_autoptr (DbRows) rows = NULL;

  if (guids->len == 0)
    return g_steal_pointer (&groups);
  rows = db_query (db, error, SQL_REVIVE_FACTS, "Nt", guids, INSERT_STEP);
  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    ReviveGroup *group = g_hash_table_lookup (groups, db_rows_text (rows, i, "guid"));

    if (!group) {
      group = group_of_row (rows, i);
      g_hash_table_insert (groups, group->guid, group);
    }
    add_row (group, rows, i);
  }
  g_hash_table_foreach (groups, seal_fingerprint, NULL);
  return g_steal_pointer (&groups);
}

/* --- The decision --- */

const char *
revive_kind_name (ReviveKind kind)
{
  switch (kind) {
  case REVIVE_NOTHING:
    return "nothing";
  case REVIVE_SEND:
    return "send";
  case REVIVE_BEGIN:
    return "begin again";
  case REVIVE_REFUSE:
    return "refuse";
  }
  g_assert_not_reached ();
}

static gboolean
is_state (const char *state, const char *wanted)
{
  return g_str_equal (state, wanted);
}

gboolean
revive_sends_child (const ReviveGroup *group, const ReviveChild *child)
{
  if (is_state (child->state, "submitted"))
    return child->claim_id == group->closer;
  return !child->is_held && !is_state (child->state, "held");
}

static const ReviveChild *
find_child (const ReviveGroup *group, gint64 claim_id)
{
  for (guint i = 0; i < group->children->len; i++) {
    const ReviveChild *child = g_ptr_array_index (group->children, i);

    if (child->claim_id == claim_id)
      return child;
  }
  return NULL;
}

static gboolean
sends_any (const ReviveGroup *group)
{
  gboolean sends = !group->proc_id; /* the set-up */

  for (guint i = 0; i < group->children->len; i++)
    sends |= revive_sends_child (group, g_ptr_array_index (group->children, i));
  return sends;
}

static ReviveKind
decide_accepted (const ReviveGroup *group, const ReviveChild *child, const char **ret_why)
{
  *ret_why = "it is not finished";
  if (child && is_state (child->state, "submitted") && child->claim_id != group->closer) {
    *ret_why = "the claim is established";
    return REVIVE_NOTHING;
  }
  if (!child && group->proc_id) {
    *ret_why = "the group is set up";
    return REVIVE_NOTHING;
  }
  if (child ? child->is_held || is_state (child->state, "held") : group->is_held) {
    *ret_why = "a person must decide about it: pipelinectl resolve";
    return REVIVE_REFUSE;
  }
  if (child && (is_state (child->state, "dead") || is_state (child->state, "stopped"))) {
    *ret_why = "the claim has ended and its group has not";
    return REVIVE_REFUSE;
  }
  if (child && !group->proc_id) {
    *ret_why = "its group has no proc yet";
    return REVIVE_REFUSE;
  }
  return REVIVE_SEND;
}

static ReviveKind
decide_failure (const ReviveGroup *group, const ReviveChild *child, const char **ret_why)
{
  *ret_why = "the group had failed";
  if (child && is_state (child->state, "submitted")) {
    *ret_why = "the claim is established";
    return REVIVE_NOTHING;
  }
  if (group->has_backup) {
    *ret_why = "its backup has begun: it goes by paper";
    return REVIVE_REFUSE;
  }
  if (group->is_insert_unknown) {
    *ret_why = "nobody knows of one of its inserts: it may be established";
    return REVIVE_REFUSE;
  }
  if (!sends_any (group)) {
    *ret_why = "a person must decide about it: pipelinectl resolve";
    return REVIVE_REFUSE;
  }
  return REVIVE_BEGIN;
}

ReviveKind
revive_decide (const ReviveGroup *group, gint64 claim_id, guint replays_max, const char **ret_why)
{
  const ReviveChild *child = claim_id ? find_child (group, claim_id) : NULL;
  ReviveKind kind = REVIVE_NOTHING;

  *ret_why = "the group is done";
  if (claim_id && !child) {
    *ret_why = "the claim is none of its group";
    return REVIVE_REFUSE;
  }
  if (is_state (group->state, "processing"))
    *ret_why = "its package is on its way";
  else if (is_state (group->state, "failed")) {
    *ret_why = "it has failed by paper too, and its Veteran was told: a person takes it up";
    return REVIVE_REFUSE;
  } else if (is_state (group->state, "accepted"))
    kind = decide_accepted (group, child, ret_why);
  else if (is_state (group->state, "failure"))
    kind = decide_failure (group, child, ret_why);
  if ((kind == REVIVE_SEND || kind == REVIVE_BEGIN) && group->replay >= replays_max) {
    *ret_why = "it has been replayed as often as replays-max allows";
    return REVIVE_REFUSE;
  }
  return kind;
}

/* --- The transaction --- */

gpointer
revive_find_locked (Db *db, const char *guid, ReviveFind find, GError **error)
{
  char *guids[] = { (char *)guid, NULL };
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
  g_autoptr (GHashTable) all = NULL;
  gpointer key = NULL, one = NULL;

  g_ptr_array_add (wanted, (gpointer)guid);
  if (!claim_groups_lock (db, guids, error))
    return NULL;
  all = find (db, wanted, error);
  if (!all)
    return NULL;
  if (g_hash_table_steal_extended (all, guid, &key, &one))
    return one;
  g_set_error (error, REVIVE_ERROR, REVIVE_ERROR_REFUSED, "there is no such group");
  return NULL;
}

static gboolean
take_tokens (Db *db, const ReviveGroup *group, GError **error)
{
  g_autoptr (GPtrArray) scopes = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (scopes, g_strdup (group->guid));
  for (guint i = 0; i < group->children->len; i++) {
    const ReviveChild *child = g_ptr_array_index (group->children, i);

    g_ptr_array_add (scopes, g_strdup_printf ("%" G_GINT64_FORMAT, child->claim_id));
  }
  return db_execute (db, NULL, error, SQL_REVIVE_TOKENS, "N", scopes);
}

static gboolean
emit_one (Transaction *transaction, gint64 claim_id, GError **error)
{
  g_autoptr (ClaimRecord) record =
      claim_record_find (transaction_db (transaction), claim_id, error);

  if (!record)
    return FALSE;
  transaction_set_origin (transaction, NULL, record->replay);
  return claim_record_emit (transaction, record, error);
}

static gboolean
send_child (Transaction *transaction, const ReviveGroup *group, const ReviveChild *child,
            const char *why, GError **error)
{
  if (!revive_sends_child (group, child))
    return TRUE;
  if ((is_state (child->state, "dead") || is_state (child->state, "stopped")) &&
      !transaction_change_child (transaction, group->guid, child->claim_id, "pending", why, error))
    return FALSE;
  return !group->proc_id || emit_one (transaction, child->claim_id, error);
}

static gboolean
begin (Transaction *transaction, const ReviveGroup *group, ReviveKind kind, const char *why,
       GError **error)
{
  if (kind == REVIVE_BEGIN)
    return transaction_change_group (transaction, group->guid, "accepted", why, error);
  return db_execute (transaction_db (transaction), NULL, error, SQL_REVIVE_COUNT, "t", group->guid);
}

gboolean
revive_is_as_looked_at (const ReviveOrder *order, const char *fingerprint, GError **error)
{
  if (!order->fingerprint || g_str_equal (order->fingerprint, fingerprint))
    return TRUE;
  g_set_error (error, REVIVE_ERROR, REVIVE_ERROR_CHANGED, "it has changed since it was looked at");
  return FALSE;
}

gboolean
revive_may (ReviveKind kind, const char *why, GError **error)
{
  if (kind == REVIVE_SEND || kind == REVIVE_BEGIN)
    return TRUE;
  g_set_error_literal (error, REVIVE_ERROR, REVIVE_ERROR_REFUSED, why);
  return FALSE;
}

gboolean
revive_write_down (Transaction *transaction, const ReviveOrder *order, const char *sql_dead_ends,
                   const char *whose, GError **error)
{
  Db *db = transaction_db (transaction);
  const Action action = { .who = order->who,
                          .action = order->action,
                          .subject = order->subject,
                          .guid = order->guid,
                          .claim_id = order->claim_id,
                          .reason = order->reason };
  gint64 action_id;

  return audit_write (db, &action, &action_id, error) &&
         db_execute (db, NULL, error, sql_dead_ends, "ti", whose, action_id) &&
         (!order->beside || order->beside (transaction, action_id, order->data, error));
}

gboolean
revive_group (Transaction *transaction, gpointer data, GError **error)
{
  const ReviveOrder *order = data;
  Db *db = transaction_db (transaction);
  g_autoptr (ReviveGroup) group = revive_find_locked (db, order->guid, revive_groups_find, error);
  const char *why;
  ReviveKind kind;

  if (!group || !revive_is_as_looked_at (order, group->fingerprint, error))
    return FALSE;
  kind = revive_decide (group, order->claim_id, order->replays_max, &why);
  if (!revive_may (kind, why, error) || !begin (transaction, group, kind, order->action, error) ||
      !take_tokens (db, group, error))
    return FALSE;
  for (guint i = 0; i < group->children->len; i++)
    if (!send_child (transaction, group, g_ptr_array_index (group->children, i), order->action,
                     error))
      return FALSE;
  if (!group->proc_id && !emit_one (transaction, group->parent_claim_id, error))
    return FALSE;
  return revive_write_down (transaction, order, SQL_REVIVE_DEAD_ENDS, order->guid, error);
}
