/* The ledger of e-mails. See ledger.h. */
#include "notify/ledger.h"

#include <string.h>

#include "base/text.h"
#include "claims/error.h"
#include "claims/group-facts.h"
#include "notify/callback.h"
#include "notify/ledger.sql.h"

#define ERROR_KIND  "error"
#define ERROR_AGAIN "error_again"

/* --- Rows --- */

void
ledger_row_free (LedgerRow *row)
{
  if (!row)
    return;
  g_free (row->guid);
  g_free (row->kind);
  g_free (row->state);
  g_free (row->reference);
  g_free (row->notification_id);
  g_free (row);
}

/* Takes the rows. */
static LedgerRow *
row_of (DbRows *rows_taken)
{
  g_autoptr (DbRows) rows = rows_taken;
  LedgerRow *row;

  if (!rows || db_rows_count (rows) == 0)
    return NULL;
  row = g_new0 (LedgerRow, 1);
  row->id = db_rows_int (rows, 0, "id");
  row->parent_claim_id = db_rows_int (rows, 0, "saved_claim_id");
  row->guid = g_strdup (db_rows_text (rows, 0, "claim_group_guid"));
  row->kind = g_strdup (db_rows_text (rows, 0, "kind"));
  row->state = g_strdup (db_rows_text (rows, 0, "state"));
  row->reference = g_strdup (db_rows_text (rows, 0, "reference"));
  row->notification_id = g_strdup (db_rows_text (rows, 0, "notification_id"));
  return row;
}

LedgerRow *
ledger_find (Db *db, gint64 parent_claim_id, const char *kind, GError **error)
{
  return row_of (db_query (db, error, SQL_MAIL_OF_KIND, "it", parent_claim_id, kind));
}

LedgerRow *
ledger_get (Db *db, gint64 parent_claim_id, const char *kind, GError **error)
{
  g_autoptr (GError) problem = NULL;
  LedgerRow *row = ledger_find (db, parent_claim_id, kind, &problem);

  if (!row && !problem)
    g_set_error_literal (&problem, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
                         "nobody has asked for this e-mail");
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return row;
}

LedgerRow *
ledger_find_told (Db *db, const char *reference, const char *notification_id, GError **error)
{
  return row_of (db_query (db, error, SQL_MAIL_TOLD, "tt",
                           text_is_uuid (reference) ? reference : NULL, notification_id));
}

/* --- The table of states --- */

/* A bounce wins over a delivery, in both orders. What was thought not to be sent, or unknown, may turn
 * out to be on its way, and so may what we have given up waiting for. Nothing leads out of off, nor out
 * of a bounce that was told. */
static const struct {
  const char *from, *to;
} moves[] = {
  { MAIL_REQUESTED, MAIL_SENT },      { MAIL_REQUESTED, MAIL_DEFERRED },
  { MAIL_REQUESTED, MAIL_DELIVERED }, { MAIL_REQUESTED, MAIL_BOUNCED },
  { MAIL_REQUESTED, MAIL_FAILED },    { MAIL_REQUESTED, MAIL_UNKNOWN },
  { MAIL_REQUESTED, MAIL_OFF },       { MAIL_UNKNOWN, MAIL_SENT },
  { MAIL_UNKNOWN, MAIL_DEFERRED },    { MAIL_UNKNOWN, MAIL_DELIVERED },
  { MAIL_UNKNOWN, MAIL_BOUNCED },     { MAIL_FAILED, MAIL_SENT },
  { MAIL_FAILED, MAIL_DEFERRED },     { MAIL_FAILED, MAIL_DELIVERED },
  { MAIL_SENT, MAIL_DEFERRED },       { MAIL_SENT, MAIL_DELIVERED },
  { MAIL_SENT, MAIL_BOUNCED },        { MAIL_DEFERRED, MAIL_DELIVERED },
  { MAIL_DEFERRED, MAIL_BOUNCED },    { MAIL_DELIVERED, MAIL_BOUNCED },
};

/* A bounce that was told stays their last word, whatever comes after it in disorder. */
static gboolean
is_bounce (const char *told)
{
  return told && notify_news_of (told) == NOTIFY_NEWS_BOUNCED;
}

/* Nobody has told it: their last word was that it is still on its way. */
static gboolean
was_given_up (const char *from, const char *told)
{
  return g_str_equal (from, MAIL_BOUNCED) && told && !is_bounce (told);
}

static gboolean
is_allowed (const char *from, const char *told, const char *to)
{
  if (was_given_up (from, told))
    return g_str_equal (to, MAIL_DELIVERED);
  for (gsize i = 0; i < G_N_ELEMENTS (moves); i++)
    if (g_str_equal (moves[i].from, from) && g_str_equal (moves[i].to, to))
      return TRUE;
  return FALSE;
}

static gboolean
is_on_its_way (const char *state)
{
  return g_str_equal (state, MAIL_SENT) || g_str_equal (state, MAIL_DEFERRED) ||
         g_str_equal (state, MAIL_DELIVERED);
}

/* --- What follows --- */

/* Another error e-mail of the group, of which @sql asks; the answer stands in its only column. */
static gboolean
ask_of_others (Transaction *transaction, const LedgerRow *row, const char *sql, gboolean *ret_is,
               GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (transaction_db (transaction), error, sql, "ii", row->parent_claim_id, row->id);

  if (rows)
    *ret_is = db_rows_boolean (rows, 0, "it_is");
  return rows != NULL;
}

/* A group has failed, and the Veteran does not know: somebody must see to it. */
static gboolean
tell_silent_failure (Transaction *transaction, const LedgerRow *row, const char *why,
                     GError **error)
{
  gboolean is_told = FALSE;

  if (!ask_of_others (transaction, row, SQL_OTHER_ERROR_MAIL_IS_OPEN, &is_told, error))
    return FALSE;
  if (is_told)
    return TRUE;
  return transaction_monitoring_event (transaction, SILENT_FAILURE, row->guid, 0, why, error) &&
         transaction_needs_person (transaction, row->guid, row->parent_claim_id, SILENT_FAILURE, 0,
                                   error);
}

/* The Veteran is told after all: nobody has to see to it any more. */
static gboolean
close_hold (Transaction *transaction, const LedgerRow *row, const char *reason, GError **error)
{
  return db_execute (transaction_db (transaction), NULL, error, SQL_CLOSE_HOLD_OF_MAIL, "it",
                     row->parent_claim_id, reason);
}

/* The first error e-mail of a group that is known to be on its way; @from: its state before. */
static gboolean
tell_avoided (Transaction *transaction, const LedgerRow *row, const char *from, GError **error)
{
  gboolean was = FALSE;

  if (is_on_its_way (from))
    return TRUE;
  return close_hold (transaction, row, SILENT_FAILURE, error) &&
         ask_of_others (transaction, row, SQL_ERROR_MAIL_WAS_ON_ITS_WAY, &was, error) &&
         (was || transaction_monitoring_event (transaction, "silent-failure-avoided", row->guid, 0,
                                               row->kind, error));
}

static gboolean
tell_error_mail (Transaction *transaction, const LedgerRow *row, const char *from,
                 const LedgerNews *news, GError **error)
{
  gboolean is_over = g_str_equal (news->to, MAIL_BOUNCED) || g_str_equal (news->to, MAIL_FAILED);
  gboolean may_go_elsewhere = g_str_equal (row->kind, ERROR_KIND) && news->by_its_address;
  gboolean has_gone_elsewhere = FALSE;

  if (g_str_equal (from, MAIL_UNKNOWN) && !close_hold (transaction, row, ERROR_MAIL_UNKNOWN, error))
    return FALSE;
  if (is_on_its_way (news->to))
    return tell_avoided (transaction, row, from, error);
  if (g_str_equal (news->to, MAIL_UNKNOWN))
    return transaction_needs_person (transaction, row->guid, row->parent_claim_id,
                                     ERROR_MAIL_UNKNOWN, 0, error);
  if (!is_over)
    return TRUE;
  if (may_go_elsewhere &&
      !ask_of_others (transaction, row, SQL_OTHER_ERROR_MAIL_IS_THERE, &has_gone_elsewhere, error))
    return FALSE;
  return may_go_elsewhere && !has_gone_elsewhere
             ? transaction_mail (transaction, row->guid, row->parent_claim_id, "ERROR_AGAIN", error)
             : tell_silent_failure (transaction, row, news->why, error);
}

static gboolean
tell (Transaction *transaction, const LedgerRow *row, const char *from, const LedgerNews *news,
      GError **error)
{
  g_autofree char *reason =
      news->why ? g_strdup_printf ("%s: %s", row->kind, news->why) : g_strdup (row->kind);
  g_autofree char *what = g_strconcat ("email-", news->to, NULL);
  gboolean is_error_mail =
      g_str_equal (row->kind, ERROR_KIND) || g_str_equal (row->kind, ERROR_AGAIN);
  gboolean is_trouble = g_str_equal (news->to, MAIL_BOUNCED) ||
                        g_str_equal (news->to, MAIL_FAILED) || g_str_equal (news->to, MAIL_UNKNOWN);

  return transaction_claim_event (transaction, row->guid, "EMAIL", row->parent_claim_id, from,
                                  news->to, reason, error) &&
         (!is_trouble ||
          transaction_monitoring_event (transaction, what, row->guid, 0, reason, error)) &&
         (!is_error_mail || tell_error_mail (transaction, row, from, news, error));
}

gboolean
ledger_move (Transaction *transaction, const LedgerRow *row, const LedgerNews *news,
             gboolean *ret_moved, GError **error)
{
  Db *db = transaction_db (transaction);
  char *guids[] = { row->guid, NULL };
  g_autoptr (DbRows) rows = NULL;
  const char *from, *told;

  if (ret_moved)
    *ret_moved = FALSE;
  if (!claim_groups_lock (db, guids, error))
    return FALSE;
  rows = db_query (db, error, SQL_LOCK_MAIL, "i", row->id);
  if (!rows)
    return FALSE;
  from = db_rows_text (rows, 0, "state");
  told = db_rows_text (rows, 0, "told");
  if (!is_allowed (from, told, news->to))
    return db_execute (db, NULL, error, SQL_MAIL_NOTED, "itt", row->id, news->notification_id,
                       is_bounce (told) ? NULL : news->told);
  if (ret_moved)
    *ret_moved = TRUE;
  return db_execute (db, NULL, error, SQL_MAIL_MOVED, "itttt", row->id, news->to,
                     news->notification_id, news->told, news->why) &&
         tell (transaction, row, from, news, error);
}
