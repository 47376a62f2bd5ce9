/* One submission into the database; see store.h. */
#include "store.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "base/span.h"
#include "claims/attachment.h"
#include "claims/claim-group.h"
#include "claims/split.h"
#include "claims/validate.h"
#include "events/claim-submitted.h"
#include "program/program.h"
#include "program/record.h"
#include "producers/claim-api/store.sql.h"

G_DEFINE_QUARK (store_error_quark, store_error)

/* How long to ask after a COMMIT without an answer, and to try again while nothing has happened
 * yet. */
#define ASK_MS        5000
#define ASK_PAUSE_US  50000
#define TRY_AGAIN_MS  2000
/* From the end of a statement that took too long to the answer's last byte. */
#define ANSWER_MS     50
/* The trace of a claim whose number is not made yet. */
#define NOT_KNOWN_YET "00-00000000000000000000000000000000-0000000000000000-01"

typedef struct {
  Program *program;
  const StoreRequest *request;
  GPtrArray *children; /* of ClaimChildForm * */
  char **key_hmacs;    /* under every known HMAC key; NULL without a key */
  char **body_hmacs;
  char **same_hmacs; /* the whole request; NULL without a window */
  gboolean is_repeat;
  char *transaction_id;
  char *guid;  /* of a group stored by this request; NULL on a repeat */
  char *trace; /* of that group */
  char *answer;
} Storing;

static void
storing_clear (Storing *storing)
{
  g_clear_pointer (&storing->children, g_ptr_array_unref);
  g_clear_pointer (&storing->key_hmacs, g_strfreev);
  g_clear_pointer (&storing->body_hmacs, g_strfreev);
  g_clear_pointer (&storing->same_hmacs, g_strfreev);
  g_clear_pointer (&storing->transaction_id, g_free);
  g_clear_pointer (&storing->guid, g_free);
  g_clear_pointer (&storing->trace, g_free);
  g_clear_pointer (&storing->answer, g_free);
}

/* --- The answer --- */

static json_t *
warnings_of (const Received *submission)
{
  json_t *warnings = json_array ();

  for (guint i = 0; i < submission->warnings->len; i++) {
    const ClaimFinding *finding = g_ptr_array_index (submission->warnings, i);

    json_array_append_new (
        warnings, json_pack ("{ssss}", "pointer", finding->pointer, "title", finding->message));
  }
  return warnings;
}

static char *
answer_for (const ClaimGroup *group, const Received *submission)
{
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, group->parent_claim_id);
  g_autofree char *submitted_at = clock_format_iso (group->submitted_at_ms);
  g_autoptr (json_t) answer = json_pack (
      "{s{ssss s{ss s[] ss ss ss}} s{so}}", "data", "id", id, "type", "saved_claims", "attributes",
      "submitted_at", submitted_at, "regional_office", "confirmation_number", group->guid, "guid",
      group->guid, "form", "686C-674", "meta", "warnings", warnings_of (submission));
  char *text = json_dumps (answer, JSON_COMPACT);
  char *owned = g_strdup (text);

  free (text);
  return owned;
}

/* --- Idempotency --- */

/* TRUE with storing->answer set when the key came before with this body; TRUE without it when it is
 * new. */
static gboolean
look_for_key (Storing *storing, Db *db, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (!storing->key_hmacs)
    return TRUE;
  if (!db_execute (db, NULL, error, SQL_DROP_OLD_IDEMPOTENCY_KEY, "T", storing->key_hmacs))
    return FALSE;
  rows = db_query (db, error, SQL_FIND_IDEMPOTENCY_KEY, "T", storing->key_hmacs);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0)
    return TRUE;
  if (!g_strv_contains ((const char *const *)storing->body_hmacs,
                        db_rows_text (rows, 0, "body_hmac"))) {
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_OTHER_BODY,
                         "this Idempotency-Key was used for another request");
    return FALSE;
  }
  storing->answer = g_strdup (db_rows_text (rows, 0, "answer"));
  storing->is_repeat = TRUE;
  return TRUE;
}

static void
prepare_key (Storing *storing)
{
  const StoreRequest *request = storing->request;
  Sealer *sealer = program_sealer (storing->program);
  char *canonical;

  if (!request->body)
    return;
  canonical = json_dumps (request->body, JSON_COMPACT | JSON_SORT_KEYS);
  if (request->idempotency_key) {
    storing->key_hmacs = sealer_hmac_all (sealer, "idempotency", request->idempotency_key);
    storing->body_hmacs = sealer_hmac_all (sealer, "idempotency-body", canonical);
  }
  if (request->same_claim_window_ms > 0)
    storing->same_hmacs = sealer_hmac_all (sealer, "same-claim", canonical);
  free (canonical);
}

/* --- The same claim again --- */

/* People send again what seems to hang. TRUE with storing->answer set when this very request, whose
 * document and Veteran it holds, came within the window. */
static gboolean
look_for_same_claim (Storing *storing, Db *db, GError **error)
{
  const StoreRequest *request = storing->request;
  g_autoptr (DbRows) rows = NULL;

  if (!storing->same_hmacs)
    return TRUE;
  if (!db_execute (db, NULL, error, SQL_DROP_OLD_SAME_CLAIM, "Ti", storing->same_hmacs,
                   request->same_claim_window_ms))
    return FALSE;
  rows = db_query (db, error, SQL_FIND_SAME_CLAIM, "Ti", storing->same_hmacs,
                   request->same_claim_window_ms);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0)
    return TRUE;
  storing->answer = g_strdup (db_rows_text (rows, 0, "answer"));
  storing->is_repeat = TRUE;
  /* A key of its own stands for that answer from now on. */
  return !storing->key_hmacs ||
         db_execute (db, NULL, error, SQL_ADD_IDEMPOTENCY_KEY, "tttt", storing->key_hmacs[0],
                     storing->body_hmacs[0], db_rows_text (rows, 0, "guid"), storing->answer);
}

/* --- The transaction --- */

/* Whether somebody still waits for the answer; and how long he does. */
static gboolean
is_still_wanted (const StoreRequest *request, gint64 *ret_left_ms, GError **error)
{
  gint64 left_ms = (request->until_us - g_get_monotonic_time ()) / 1000 - ANSWER_MS;

  if (left_ms > 0 && (!request->errand || errand_may_begin (request->errand))) {
    *ret_left_ms = left_ms;
    return TRUE;
  }
  g_set_error_literal (error, STORE_ERROR, STORE_ERROR_AWAY,
                       "the database did not answer in time; nothing was stored");
  return FALSE;
}

/* Large ones take their time: whether somebody still waits is asked before each. */
static gboolean
add_attachments (Storing *storing, Db *db, Sealer *sealer, gint64 claim_id, GError **error)
{
  const GPtrArray *attachments = storing->request->submission->attachments;

  for (guint i = 0; i < attachments->len; i++) {
    const Attachment *given = g_ptr_array_index (attachments, i);
    const NewClaimAttachment attachment = { .position = i,
                                            .name = given->name,
                                            .document_type = given->document_type,
                                            .fd = given->fd,
                                            .length = given->length };
    gint64 left_ms = 0;

    if (!is_still_wanted (storing->request, &left_ms, error) ||
        !claim_attachment_store (db, sealer, claim_id, &attachment, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
hand_to_proc_setup (Storing *storing, Transaction *transaction, const ClaimGroup *group,
                    GError **error)
{
  g_autofree char *topic = program_topic (storing->program, "claims.submitted");
  ClaimSubmitted event = { .claim_group_id = group->guid,
                           .parent_claim_id = group->parent_claim_id,
                           .submitted_at_ms = group->submitted_at_ms };
  g_autoptr (GBytes) value =
      claim_submitted_encode (program_codec (storing->program), topic, &event, error);

  if (!value || !transaction_emit (transaction, "claims.submitted", group->guid, group->veteran_id,
                                   value, error))
    return FALSE;
  transaction_emit_scope (transaction, group->guid);
  return TRUE;
}

static gboolean
store_group (Storing *storing, Transaction *transaction, gint64 now_ms, GError **error)
{
  const Received *submission = storing->request->submission;
  Sealer *sealer = program_sealer (storing->program);
  Db *db = transaction_db (transaction);
  NewClaimGroup given = { .parent_form = submission->parent,
                          .child_forms = storing->children,
                          .user_data = submission->user_data,
                          .submitted_at_ms = now_ms,
                          .submitted_by = storing->request->submitted_by,
                          .traceparent = storing->request->traceparent };
  g_autoptr (ClaimGroup) group = claim_group_store (db, sealer, &given, error);

  if (!group)
    return FALSE;
  storing->answer = answer_for (group, submission);
  storing->guid = g_strdup (group->guid);
  g_free (storing->trace);
  storing->trace = storing->request->traceparent ? g_strdup (storing->request->traceparent)
                                                 : record_trace_of_group (group->guid);
  transaction_set_origin (transaction, storing->trace, 0);
  /* Early: another request with this key waits here, and not after all its work. */
  if (storing->key_hmacs &&
      !db_execute (db, NULL, error, SQL_ADD_IDEMPOTENCY_KEY, "tttt", storing->key_hmacs[0],
                   storing->body_hmacs[0], group->guid, storing->answer))
    return FALSE;
  if (storing->same_hmacs &&
      !db_execute (db, NULL, error, SQL_ADD_IDEMPOTENCY_KEY, "tttt", storing->same_hmacs[0],
                   storing->same_hmacs[0], group->guid, storing->answer))
    return FALSE;
  return add_attachments (storing, db, sealer, group->parent_claim_id, error) &&
         transaction_change_group (transaction, group->guid, "accepted", "submitted", error) &&
         transaction_mail (transaction, group->guid, group->parent_claim_id, "SUBMITTED", error) &&
         hand_to_proc_setup (storing, transaction, group, error);
}

/* A TransactionWork; run again from the start after a conflict. */
static gboolean
store (Transaction *transaction, gpointer data, GError **error)
{
  Storing *storing = data;
  g_autoptr (DbRows) start = NULL;
  gint64 left_ms = 0;

  g_clear_pointer (&storing->answer, g_free);
  g_clear_pointer (&storing->guid, g_free);
  g_clear_pointer (&storing->transaction_id, g_free);
  if (!is_still_wanted (storing->request, &left_ms, error))
    return FALSE;
  start = db_query (transaction_db (transaction), error, SQL_TRANSACTION_START, "i", left_ms);
  if (!start)
    return FALSE;
  storing->transaction_id = g_strdup (db_rows_text (start, 0, "id"));
  storing->is_repeat = FALSE;
  if (!look_for_key (storing, transaction_db (transaction), error))
    return FALSE;
  if (!storing->answer && !look_for_same_claim (storing, transaction_db (transaction), error))
    return FALSE;
  return storing->answer
             ? TRUE
             : store_group (storing, transaction, db_rows_int (start, 0, "now_ms"), error);
}

/* --- A COMMIT without an answer --- */

typedef enum { FATE_COMMITTED, FATE_ABORTED, FATE_UNKNOWN } Fate;

static Fate
fate_of (Program *program, const char *transaction_id)
{
  gint64 until = clock_monotonic_ms () + ASK_MS;

  do {
    Db *db = db_pool_take (program_pool (program), NULL); /* away: asked again */
    g_autoptr (DbRows) rows =
        db ? db_query (db, NULL, SQL_TRANSACTION_STATUS, "t", transaction_id) : NULL;
    const char *status = rows ? db_rows_text (rows, 0, "status") : NULL;
    /* Also a commit whose wait for a standby was cut short: it is believed once a later one is
     * acknowledged. */
    gboolean is_committed =
        g_strcmp0 (status, "committed") == 0 && db_primary_acknowledges (db, NULL);
    gboolean is_aborted = g_strcmp0 (status, "aborted") == 0;

    db_pool_give (program_pool (program), db);
    if (is_committed)
      return FATE_COMMITTED;
    if (is_aborted)
      return FATE_ABORTED;
    g_usleep (ASK_PAUSE_US);
  } while (clock_monotonic_ms () < until);
  return FATE_UNKNOWN;
}

/* Nothing has happened and it may be over at once: a connection that the server had closed while it
 * was idle, or the row of another request with the same key, which is there to be read now. */
static gboolean
is_worth_another_try (const GError *error)
{
  return g_error_matches (error, DB_ERROR, DB_ERROR_AWAY) ||
         g_error_matches (error, DB_ERROR, DB_ERROR_UNIQUE);
}

static gboolean
settle_unknown (Storing *storing, GError **error)
{
  switch (fate_of (storing->program, storing->transaction_id)) {
  case FATE_COMMITTED:
    return TRUE;
  case FATE_ABORTED:
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_AWAY,
                         "the database ended the transaction; nothing was stored");
    return FALSE;
  case FATE_UNKNOWN:
    break;
  }
  g_set_error_literal (error, STORE_ERROR, STORE_ERROR_UNKNOWN,
                       "the database did not say whether the claim was stored");
  return FALSE;
}

/* Of a claim that was stored before there is no trace to tell it in, unless its caller has one. */
static void
end_span (Span *span, const Storing *storing, gboolean is_stored)
{
  if (!storing->request->traceparent && !storing->guid) {
    span_drop (span);
    return;
  }
  if (!storing->request->traceparent && storing->trace)
    span_join (span, storing->trace, TRUE);
  span_set (span, "dependents.claim_group_id", storing->guid);
  span_end (span, is_stored ? NULL : "not-stored");
}

static void
count_stored (const Storing *storing)
{
  metrics_count (METRIC_CLAIMS_RECEIVED, 1, storing->is_repeat ? "repeated" : "taken", NULL);
  if (!storing->guid)
    return;
  metrics_count (METRIC_GROUPS_CREATED, 1, NULL);
  for (guint i = 0; i < storing->children->len; i++) {
    const ClaimChildForm *child = g_ptr_array_index (storing->children, i);

    metrics_count (METRIC_CLAIMS_CREATED, 1, child->form_type, NULL);
  }
}

char *
store_submission (Program *program, const StoreRequest *request, gboolean *ret_is_repeat,
                  GError **error)
{
  Storing storing = { .program = program, .request = request };
  gint64 until = clock_monotonic_ms () + TRY_AGAIN_MS;
  gint64 tries_left = settings_number (program_settings_of (program), "database-connections") + 3;
  g_autoptr (GError) problem = NULL;
  char *answer = NULL;
  gboolean done;
  Span span;

  span_begin (&span, SPAN_SERVER, request->traceparent ? request->traceparent : NOT_KNOWN_YET,
              "store a claim");
  storing.children = claim_split (request->submission->parent);
  prepare_key (&storing);

  while (!(done = program_transaction (program, store, &storing, &problem)) &&
         is_worth_another_try (problem) && --tries_left > 0 && clock_monotonic_ms () < until)
    g_clear_error (&problem);

  if (done && storing.is_repeat && !program_acknowledges (program, NULL))
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_UNKNOWN,
                         "the database has the claim, and does not say that it will be kept");
  else if (done)
    answer = g_steal_pointer (&storing.answer);
  else if (g_error_matches (problem, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
    if (settle_unknown (&storing, error))
      answer = g_steal_pointer (&storing.answer);
  } else if (g_error_matches (problem, DB_ERROR, DB_ERROR_AWAY) || db_is_held (problem))
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_AWAY, problem->message);
  else
    g_propagate_error (error, g_steal_pointer (&problem));

  if (answer)
    count_stored (&storing);
  if (answer && storing.guid)
    log_info ("a claim was stored", "claim_group_id", storing.guid, "submitted_by",
              request->submitted_by, NULL);
  end_span (&span, &storing, answer != NULL);
  *ret_is_repeat = answer && storing.is_repeat;
  storing_clear (&storing);
  return answer;
}
