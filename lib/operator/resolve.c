/* A person's answer about a claim that is held, see resolve.h. */
#include "operator/resolve.h"

#include "base/cleanup.h"
#include "claims/group-facts.h"
#include "claims/insert-record.h"
#include "claims/paper.h"
#include "operator/audit.h"
#include "operator/resolve.sql.h"
#include "operator/revive.h"
#include "program/dead-end.h"
#include "program/journal-effect.h"
#include "program/record.h"

G_DEFINE_QUARK (resolve_error_quark, resolve_error)

const char *
resolve_answer_name (ResolveAnswer answer)
{
  switch (answer) {
  case RESOLVE_ADOPT:
    return "adopt";
  case RESOLVE_NOT_THERE:
    return "not-there";
  case RESOLVE_AGAIN:
    return "again";
  case RESOLVE_PAPER:
    return "paper";
  }
  g_assert_not_reached ();
}

void
resolve_clear (Resolve *resolve)
{
  g_clear_pointer (&resolve->fingerprint, g_free);
  g_clear_pointer (&resolve->veteran_id, g_free);
  g_clear_pointer (&resolve->guid, g_free);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, RESOLVE_ERROR, RESOLVE_ERROR_REFUSED, why);
  return FALSE;
}

/* --- Records --- */

/* Its replay number is one above the group's, so that it is told from the record that is held. */
static gboolean
emit_again (Transaction *transaction, const ClaimRecord *found, GError **error)
{
  transaction_set_origin (transaction, NULL, found->replay + 1);
  return claim_record_emit (transaction, found, error);
}

static gboolean
emit_dead_letter (Transaction *transaction, const ClaimRecord *found, GError **error)
{
  g_autoptr (GBytes) value = claim_record_encode (transaction->writer, found, error);
  g_autofree char *scope = claim_record_scope (found); /* of the journal */
  g_autofree char *source =
      g_strconcat (transaction->writer->topic_prefix, claim_record_topic (found), "/-1/-1",
                   NULL); /* the record itself is not at hand */
  g_autoptr (DbRows) failed =
      db_query (transaction_db (transaction), error, SQL_ATTEMPTS_FAILED, "i", found->claim_id);
  g_autofree char *steps = NULL;
  gboolean is_in_doubt = FALSE;
  const DeadEnd end = {
    .topic = "claims.dead-letter",
    .scope = scope,
    .claim_group_id = found->guid,
    .claim_id = claim_record_is_group (found) ? 0 : found->claim_id,
    .attempts = failed ? (guint)db_rows_int (failed, 0, "count") : 0,
    .first_failed_at_ms = failed ? db_rows_int (failed, 0, "first_ms") : 0,
    .error_class = "resolved-paper",
    .error_message = "a person sent it by paper",
  };

  if (!value || !failed ||
      !journal_in_effect (transaction_db (transaction), scope, INSERT_STEP, &steps, &is_in_doubt,
                          error) ||
      !transaction_emit (transaction, "claims.dead-letter", found->guid, found->veteran_id, value,
                         error))
    return FALSE;
  transaction_emit_scope (transaction, found->guid); /* the group's from here on */
  transaction_emit_header (transaction, RECORD_SOURCE, source);
  transaction_emit_header (transaction, RECORD_REASON, "a person sent it by paper");
  transaction_emit_header (transaction, RECORD_ERROR_CLASS, "resolved-paper");
  transaction_emit_header (transaction, RECORD_STEPS, steps);
  if (is_in_doubt)
    transaction_emit_header (transaction, RECORD_INSERT, "unknown");
  if (!dead_end_write (transaction, &end, error))
    return FALSE;
  return transaction_monitoring_event (transaction, "dead-letter", found->guid,
                                       claim_record_is_group (found) ? 0 : found->claim_id,
                                       "resolved-paper", error);
}

/* --- Papers that found no place --- */

/* From the start, the folder first: what a person has mended may be there. An upload that was given up
 * without an answer is looked for. */
static gboolean
set_back (Transaction *transaction, const char *guid, const Paper *paper, GError **error)
{
  const PaperChange nothing = { 0 };
  g_autofree char *scope = claim_record_scope_of_papers (guid);
  g_autofree char *step = g_strdup_printf (UPLOAD_STEP "%u", paper->number);
  gboolean is_changed = FALSE;

  return db_execute (transaction_db (transaction), NULL, error, SQL_DOUBT_AGAIN, "tt", scope,
                     step) &&
         transaction_try_paper (transaction, guid, paper, PAPER_PENDING, &nothing, "resolved",
                                &is_changed, error);
}

/* Those whose record is held or lost go on with a new one, too; what has its own still does nothing
 * twice. */
static gboolean
send_papers_again (Transaction *transaction, const ClaimRecord *found, GError **error)
{
  g_autoptr (GPtrArray) papers = papers_list (transaction_db (transaction), found->guid, error);
  ClaimRecord record = *found; /* borrowed */
  gboolean is_any_open = FALSE;

  for (guint i = 0; papers && i < papers->len; i++) {
    const Paper *paper = g_ptr_array_index (papers, i);
    gboolean is_refused = g_str_equal (paper->state, PAPER_REFUSED);

    if (is_refused && paper->is_settled) {
      if (!set_back (transaction, found->guid, paper, error))
        return FALSE;
      record.has_pending_papers = TRUE;
    }
    is_any_open |= is_refused || g_str_equal (paper->state, PAPER_PENDING);
  }
  record.is_of_papers = TRUE;
  return papers && (!is_any_open || emit_again (transaction, &record, error));
}

/* --- What each answer writes --- */

static gboolean
may_adopt (const Resolve *resolve, Db *db, const ClaimRecord *found, GError **error)
{
  g_autoptr (DbRows) elsewhere = NULL, seen = NULL;

  if (g_strcmp0 (found->state, "submitted") == 0)
    return g_strcmp0 (found->benefit_claim_id, resolve->adopted_id) == 0 ||
           refuse (error, "the claim is submitted with another benefit claim");
  elsewhere =
      db_query (db, error, SQL_RECORDED_ELSEWHERE, "ti", resolve->adopted_id, found->claim_id);
  if (!elsewhere)
    return FALSE;
  if (db_rows_count (elsewhere) > 0)
    return refuse (error, "another claim has this benefit claim");
  seen = db_query (db, error, SQL_IS_SEEN, "it", found->claim_id, resolve->adopted_id);
  if (!seen)
    return FALSE;
  return resolve->is_unseen || db_rows_boolean (seen, 0, "is_seen") ||
         refuse (error,
                 "nothing written down about this claim names this benefit claim: look at it in "
                 "BGS, then pipelinectl resolve --adopt with --unseen");
}

/* Ends the insert's newest row, or a new one where none is open. Not by journal.h: that seals, and the
 * operators' page has nothing that could. */
static gboolean
journal_adoption (Transaction *transaction, const ClaimRecord *found, const char *adopted_id,
                  GError **error)
{
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_NEWEST_INSERT, "it", found->claim_id, INSERT_STEP);
  g_autoptr (DbRows) fresh = NULL;
  gboolean has_row = rows && db_rows_count (rows) == 1;
  const char *state = has_row ? db_rows_text (rows, 0, "state") : "";
  gint64 ordinal = has_row ? db_rows_int (rows, 0, "ordinal") : 0;
  gint64 token = has_row ? db_rows_int (rows, 0, "token") : 0;
  g_autofree char *note =
      insert_note_adopt (has_row ? db_rows_text (rows, 0, "note") : NULL, adopted_id);
  guint count = 0;

  if (!rows)
    return FALSE;
  if (g_str_equal (state, "finished"))
    return refuse (error, "the claim's insert has finished by itself: use --again");
  if (!g_str_equal (state, "started") && !g_str_equal (state, "not there")) {
    fresh = db_query (db, error, SQL_BEGIN_INSERT, "iti", found->claim_id, INSERT_STEP, ++ordinal);
    if (!fresh)
      return FALSE;
    token = db_rows_int (fresh, 0, "token");
    state = "started";
  }
  if (!db_execute (db, &count, error, SQL_ADOPT_INSERT, "itiitt", found->claim_id, INSERT_STEP,
                   ordinal, token, state, note))
    return FALSE;
  return count == 1 || refuse (error, "the insert's journal has changed meanwhile: try again");
}

static gboolean
adopt (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found, GError **error)
{
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) attempt = NULL;

  if (g_strcmp0 (found->state, "submitted") == 0)
    return TRUE;
  if (!journal_adoption (transaction, found, resolve->adopted_id, error))
    return FALSE;
  attempt = db_query (db, error, SQL_LAST_ATTEMPT, "i", found->claim_id);
  return attempt &&
         claim_attempt_record (db, found->claim_id, found->form_type,
                               (guint)db_rows_int (attempt, 0, "attempt_no"), "submitted",
                               resolve->adopted_id, NULL, NULL, error) &&
         db_execute (db, NULL, error, SQL_FREE_VETERAN, "i", found->claim_id);
}

static gboolean
allow_again (Db *db, const ClaimRecord *found, GError **error)
{
  return db_execute (db, NULL, error, SQL_FORGET_DIGESTS, "itt", found->claim_id, found->guid,
                     HOLD_CHANGED_UNDER_A_STEP);
}

static gboolean
to_pending (Transaction *transaction, const ClaimRecord *found, const char *why, GError **error)
{
  if (claim_record_is_group (found) || !g_str_equal (found->state, "held"))
    return TRUE;
  return transaction_change_child (transaction, found->guid, found->claim_id, "pending", why,
                                   error);
}

/* Only the death that moves the group sends it the backup way. */
static gboolean
send_by_paper (Transaction *transaction, const ClaimRecord *found, GError **error)
{
  if (!db_execute (transaction_db (transaction), NULL, error, SQL_FREE_VETERAN, "i",
                   found->claim_id))
    return FALSE;
  if (!claim_record_is_group (found) &&
      !transaction_change_child (transaction, found->guid, found->claim_id, "dead",
                                 "resolved-paper", error))
    return FALSE;
  if (!g_str_equal (found->group_state, "accepted"))
    return TRUE;
  return transaction_change_group (transaction, found->guid, "failure", "resolved-paper", error) &&
         emit_dead_letter (transaction, found, error);
}

/* No record of it goes on: its package is with somebody else, or it has its end. */
static gboolean
is_followed (const ClaimRecord *found)
{
  return claim_record_is_group (found) && !g_str_equal (found->group_state, "accepted") &&
         !g_str_equal (found->group_state, "failure");
}

static gboolean
write_answer (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found,
              GError **error)
{
  Db *db = transaction_db (transaction);
  gboolean is_written = FALSE;

  switch (resolve->answer) {
  case RESOLVE_ADOPT:
    is_written = adopt (resolve, transaction, found, error);
    break;
  case RESOLVE_NOT_THERE:
    is_written =
        db_execute (db, NULL, error, SQL_INSERT_DID_NOT_HAPPEN, "it", found->claim_id, INSERT_STEP);
    break;
  case RESOLVE_AGAIN:
    is_written = allow_again (db, found, error) && send_papers_again (transaction, found, error);
    break;
  case RESOLVE_PAPER:
    return send_by_paper (transaction, found, error);
  }
  if (!is_written || !to_pending (transaction, found, "resolved", error))
    return FALSE;
  return is_followed (found) || emit_again (transaction, found, error);
}

/* --- What stood behind it --- */

static gboolean
free_one (Resolve *resolve, Transaction *transaction, gint64 claim_id, GError **error)
{
  g_autoptr (ClaimRecord) behind =
      claim_record_find (transaction_db (transaction), claim_id, error);

  if (!behind || !g_str_equal (behind->state, "held"))
    return !error || !*error;
  resolve->freed++;
  return to_pending (transaction, behind, "freed", error) &&
         emit_again (transaction, behind, error);
}

static gboolean
free_those_behind (Resolve *resolve, Transaction *transaction, GError **error)
{
  g_autofree char *resolution = g_strdup_printf ("freed with %" G_GINT64_FORMAT, resolve->claim_id);
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_RESOLVE_HOLDS_BEHIND,
                                      "it", resolve->claim_id, resolution);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (!free_one (resolve, transaction, db_rows_int (rows, i, "claim_id"), error))
      return FALSE;
  return TRUE;
}

/* --- Who is locked, and what may be decided --- */

static gboolean
lock_rows (const Resolve *resolve, Db *db, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();
  g_autoptr (DbRows) behind = NULL;

  if (!db_execute (db, NULL, error, SQL_LOCK_VETERAN, "t", resolve->veteran_id))
    return FALSE;
  behind = db_query (db, error, SQL_GROUPS_BEHIND, "i", resolve->claim_id);
  if (!behind)
    return FALSE;
  g_ptr_array_add (guids, resolve->guid);
  for (guint i = 0; i < db_rows_count (behind); i++)
    g_ptr_array_add (guids, (gpointer)db_rows_text (behind, i, "claim_group_guid"));
  g_ptr_array_add (guids, NULL);
  return claim_groups_lock (db, (char **)guids->pdata, error);
}

/* Only looks: before a person is asked, and again in the transaction. */
static gboolean
is_decidable (const Resolve *resolve, Db *db, const ClaimRecord *found, GError **error)
{
  g_autoptr (DbRows) holds = db_query (db, error, SQL_OPEN_HOLDS, "i", resolve->claim_id);
  gboolean is_submitted = g_strcmp0 (found->state, "submitted") == 0;

  if (!holds)
    return FALSE;
  if (db_rows_count (holds) == 0)
    return refuse (error, "no person has to decide about this claim");
  if (claim_record_is_group (found) && !g_str_equal (found->group_state, "accepted"))
    return resolve->answer == RESOLVE_AGAIN ||
           refuse (error, "the group goes by paper already: use --again");
  if (claim_record_is_group (found))
    return resolve->answer == RESOLVE_AGAIN || resolve->answer == RESOLVE_PAPER ||
           refuse (error, "a group's set-up has no insert: use --again or --paper");
  if (is_submitted && resolve->answer == RESOLVE_NOT_THERE)
    return refuse (error, "the claim is submitted: use --again, or --adopt with its benefit claim");
  if (is_submitted && resolve->answer == RESOLVE_PAPER)
    return refuse (error, "the claim has a benefit claim: by paper it would be established twice");
  if (!is_submitted && !g_str_equal (found->state, "held"))
    return refuse (error, "the claim is not held: nothing of it waits for an answer");
  return resolve->answer != RESOLVE_ADOPT || may_adopt (resolve, db, found, error);
}

/* --- What would be done --- */

static const char *
outcome_of (ResolveAnswer answer)
{
  switch (answer) {
  case RESOLVE_ADOPT:
    return "this benefit claim is the claim's own, and the rest goes on";
  case RESOLVE_NOT_THERE:
    return "the insert counts as failed, and another one is sent";
  case RESOLVE_AGAIN:
    return "it is looked for and tried again; what stands in doubt may be repeated";
  case RESOLVE_PAPER:
    return "the claim goes by paper, and its group fails";
  }
  g_assert_not_reached ();
}

static json_t *
holds_of (const DbRows *holds)
{
  json_t *array = json_array ();

  for (guint i = 0; i < db_rows_count (holds); i++) {
    const char *candidates = db_rows_text (holds, i, "candidates");

    (void)json_array_append_new (
        array, json_pack ("{s:s,s:s,s:o}", "opened_at", db_rows_text (holds, i, "opened_at"),
                          "reason", db_rows_text (holds, i, "reason"), "candidates",
                          candidates ? json_string (candidates) : json_null ()));
  }
  return array;
}

static char *
fingerprint_of (Db *db, const char *guid, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
  g_autoptr (GHashTable) groups = NULL;
  const ReviveGroup *group;

  g_ptr_array_add (wanted, (gpointer)guid);
  groups = revive_groups_find (db, wanted, error);
  group = groups ? g_hash_table_lookup (groups, guid) : NULL;
  return !groups ? NULL : g_strdup (group ? group->fingerprint : "");
}

json_t *
resolve_plan (Db *db, Resolve *resolve, GError **error)
{
  GError *problem = NULL;
  g_autoptr (ClaimRecord) found = claim_record_find (db, resolve->claim_id, &problem);
  g_autoptr (DbRows) holds = NULL, behind = NULL;

  if (problem)
    g_propagate_error (error, problem);
  if (!found || !is_decidable (resolve, db, found, error))
    return NULL;
  holds = db_query (db, error, SQL_OPEN_HOLDS, "i", resolve->claim_id);
  behind = holds ? db_query (db, error, SQL_COUNT_BEHIND, "i", resolve->claim_id) : NULL;
  resolve_clear (resolve);
  resolve->fingerprint = behind ? fingerprint_of (db, found->guid, error) : NULL;
  if (!resolve->fingerprint)
    return NULL;
  resolve->veteran_id = g_steal_pointer (&found->veteran_id);
  resolve->guid = g_strdup (found->guid);
  return json_pack (
      "{s:I,s:s,s:s,s:s,s:o,s:s,s:o,s:s,s:I}", "claim_id", (json_int_t)resolve->claim_id, "group",
      found->guid, "form_type", found->form_type, "state", found->state, "holds", holds_of (holds),
      "answer", resolve_answer_name (resolve->answer), "adopts",
      resolve->adopted_id ? json_string (resolve->adopted_id) : json_null (), "outcome",
      outcome_of (resolve->answer), "behind", (json_int_t)db_rows_int (behind, 0, "count"));
}

/* --- The transaction --- */

static gboolean
is_as_looked_at (const Resolve *resolve, Db *db, GError **error)
{
  g_autofree char *now = fingerprint_of (db, resolve->guid, error);

  if (!now)
    return FALSE;
  if (!resolve->fingerprint || g_str_equal (now, resolve->fingerprint))
    return TRUE;
  g_set_error_literal (error, RESOLVE_ERROR, RESOLVE_ERROR_CHANGED,
                       "its group has changed since it was looked at");
  return FALSE;
}

/* A TransactionWork; run again from the start after a conflict. */
gboolean
resolve_claim (Transaction *transaction, gpointer data, GError **error)
{
  Resolve *resolve = data;
  Db *db = transaction_db (transaction);
  g_autofree char *resolution =
      g_strdup_printf ("%s: %s", resolve_answer_name (resolve->answer), resolve->reason);
  g_autofree char *subject = g_strdup_printf ("%" G_GINT64_FORMAT " --%s", resolve->claim_id,
                                              resolve_answer_name (resolve->answer));
  const Action action = { .who = resolve->who,
                          .action = "resolve",
                          .subject = subject,
                          .guid = resolve->guid,
                          .claim_id = resolve->claim_id,
                          .reason = resolve->reason };
  g_autoptr (ClaimRecord) found = NULL;

  resolve->freed = 0;
  if (!lock_rows (resolve, db, error))
    return FALSE;
  found = claim_record_find (db, resolve->claim_id, error);
  if (!found)
    return error && *error ? FALSE : refuse (error, "the claim is gone");
  return is_as_looked_at (resolve, db, error) && is_decidable (resolve, db, found, error) &&
         write_answer (resolve, transaction, found, error) &&
         db_execute (db, NULL, error, SQL_RESOLVE_HOLDS, "it", resolve->claim_id, resolution) &&
         free_those_behind (resolve, transaction, error) && audit_write (db, &action, NULL, error);
}
