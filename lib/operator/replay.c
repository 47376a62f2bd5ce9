/* A replay's plan, carried out, see replay.h. */
#include "operator/replay.h"

#include "operator/audit.h"
#include "operator/replay.sql.h"
#include "operator/revive-papers.h"

void
replay_record_free (ReplayRecord *record)
{
  if (!record)
    return;
  g_free (record->guid);
  g_free (record->source);
  g_free (record->fingerprint);
  g_free (record);
}

static void
record_free (gpointer record)
{
  replay_record_free (record);
}

gboolean
replay_begin (const ReplayWork *work, gint64 records, gint64 to_send, GError **error)
{
  g_autofree char *user = work->who ? NULL : audit_user ();

  return db_execute (work->db, NULL, error, SQL_REPLAY_BEGIN, "tttii", work->plan,
                     user ? user : work->who, work->reason, records, to_send);
}

GHashTable *
replay_recorded (Db *db, const char *plan, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_REPLAY_RECORDED, "t", plan);
  GHashTable *recorded;

  if (!rows)
    return NULL;
  recorded = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 n = db_rows_int (rows, i, "n");

    g_hash_table_add (recorded, g_memdup2 (&n, sizeof n));
  }
  return recorded;
}

gboolean
replay_end (Db *db, const char *plan, GError **error)
{
  return db_execute (db, NULL, error, SQL_REPLAY_END, "t", plan) &&
         db_execute (db, NULL, error, SQL_REPLAY_FORGET_OFFER, "t", plan);
}

/* --- One record --- */

typedef struct {
  const ReplayWork *work;
  const ReplayRecord *record;
  gboolean was_done;
} Sending;

/* In the transaction that sends it. */
static gboolean
record_sent (Transaction *transaction, gint64 action_id G_GNUC_UNUSED, gpointer data,
             GError **error)
{
  Sending *sending = data;
  guint count = 0;

  if (!db_execute (transaction_db (transaction), &count, error, SQL_REPLAY_RECORD, "tittt",
                   sending->work->plan, sending->record->n, sending->record->guid, "sent", NULL))
    return FALSE;
  sending->was_done = count == 0;
  if (!sending->was_done)
    return TRUE;
  g_set_error_literal (error, REVIVE_ERROR, REVIVE_ERROR_CHANGED, "another one has come to it");
  return FALSE;
}

static ReplayOutcome
record_refused (const Sending *sending, const char *why, char **ret_why, GError **error)
{
  guint count = 0;

  if (!db_execute (sending->work->db, &count, error, SQL_REPLAY_RECORD, "tittt",
                   sending->work->plan, sending->record->n, sending->record->guid, "refused", why))
    return REPLAY_FAILED;
  if (count == 0)
    return REPLAY_WAS_DONE;
  if (ret_why)
    *ret_why = g_strdup (why);
  return REPLAY_REFUSED;
}

ReplayOutcome
replay_send (const ReplayWork *work, const ReplayRecord *record, char **ret_why, GError **error)
{
  Sending sending = { .work = work, .record = record };
  ReviveOrder order = {
    .guid = record->guid,
    .claim_id = record->claim_id,
    .replays_max = work->replays_max,
    .fingerprint = record->fingerprint,
    .action = "replay apply",
    .subject = record->source,
    .who = work->who,
    .reason = work->reason,
    .beside = record_sent,
    .data = &sending,
  };
  g_autoptr (GError) problem = NULL;

  if (work->transact (record->is_of_papers ? revive_papers : revive_group, &order, work->owner,
                      &problem))
    return REPLAY_SENT;
  if (sending.was_done)
    return REPLAY_WAS_DONE;
  if (problem->domain == REVIVE_ERROR)
    return record_refused (&sending, problem->message, ret_why, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return REPLAY_FAILED;
}

/* --- A plan that is offered to the page --- */

static gint64
total (const json_t *totals, const char *name)
{
  return json_integer_value (json_object_get (totals, name));
}

gboolean
replay_offer (Db *db, const json_t *totals, const char *reason, gboolean *ret_new, GError **error)
{
  g_autofree char *who = audit_user ();
  guint count = 0;

  if (!db_execute (db, &count, error, SQL_REPLAY_OFFER, "tttiiiii",
                   json_string_value (json_object_get (totals, "seal")), who, reason,
                   total (totals, "records"), total (totals, "groups_to_send"),
                   total (totals, "calls"), total (totals, "looks"), total (totals, "replays_max")))
    return FALSE;
  *ret_new = count == 1;
  return TRUE;
}

gboolean
replay_offer_records (Db *db, const char *plan, const GPtrArray *records, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("ititto");

  for (guint i = 0; i < records->len; i++) {
    const ReplayRecord *record = g_ptr_array_index (records, i);

    db_columns_add (given, record->n, record->guid, record->claim_id, record->source,
                    record->fingerprint, record->is_of_papers);
  }
  return db_execute (db, NULL, error, SQL_REPLAY_OFFER_RECORDS, "tC", plan, given);
}

void
replay_offer_free (ReplayOffer *offer)
{
  if (!offer)
    return;
  g_free (offer->plan);
  g_free (offer->at);
  g_free (offer->who);
  g_clear_pointer (&offer->next, g_ptr_array_unref);
  g_free (offer);
}

static ReplayRecord *
record_of_row (const DbRows *rows, guint row)
{
  ReplayRecord *record = g_new0 (ReplayRecord, 1);

  record->n = db_rows_int (rows, row, "n");
  record->claim_id = db_rows_int (rows, row, "claim_id");
  record->is_of_papers = db_rows_boolean (rows, row, "is_of_papers");
  record->guid = g_strdup (db_rows_text (rows, row, "guid"));
  record->source = g_strdup (db_rows_text (rows, row, "source"));
  record->fingerprint = g_strdup (db_rows_text (rows, row, "fingerprint"));
  return record;
}

ReplayOffer *
replay_offer_read (Db *db, const char *plan, gint64 limit, GError **error)
{
  g_autoptr (DbRows) offered = db_query (db, error, SQL_REPLAY_OFFERED, "t", plan), next = NULL;
  g_autoptr (ReplayOffer) offer = NULL;

  if (!offered || db_rows_count (offered) == 0)
    return NULL;
  next = db_query (db, error, SQL_REPLAY_NEXT, "ti", plan, limit);
  if (!next)
    return NULL;
  offer = g_new0 (ReplayOffer, 1);
  offer->plan = g_strdup (plan);
  offer->at = g_strdup (db_rows_text (offered, 0, "at"));
  offer->who = g_strdup (db_rows_text (offered, 0, "who"));
  offer->records = db_rows_int (offered, 0, "records");
  offer->to_send = db_rows_int (offered, 0, "to_send");
  offer->calls = db_rows_int (offered, 0, "calls");
  offer->looks = db_rows_int (offered, 0, "looks");
  offer->replays_max = (guint)db_rows_int (offered, 0, "replays_max");
  offer->rest = db_rows_int (offered, 0, "rest");
  offer->next = g_ptr_array_new_with_free_func (record_free);
  for (guint i = 0; i < db_rows_count (next); i++)
    g_ptr_array_add (offer->next, record_of_row (next, i));
  return g_steal_pointer (&offer);
}
