/* A transaction, see transaction.h. */
#include "program/transaction.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "claims/error.h"
#include "claims/group-facts.h"
#include "claims/states.h"
#include "events/claim-event.h"
#include "events/monitoring-event.h"
#include "events/notification-requested.h"
#include "program/cloud-event.h"
#include "program/record.h"
#include "program/transaction.sql.h"

#define TRIES 10

void
transaction_init (Transaction *transaction, const TransactionWriter *writer, Db *db,
                  const char *source, const char *traceparent, guint replay)
{
  memset (transaction, 0, sizeof *transaction);
  transaction->writer = writer;
  transaction->db = db;
  transaction->source = source;
  transaction->traceparent = traceparent;
  transaction->replay = replay;
  transaction->now_ms = clock_database_now_ms ();
  transaction->rows = g_ptr_array_new_with_free_func (outbox_row_free);
}

void
transaction_clear (Transaction *transaction)
{
  g_clear_pointer (&transaction->rows, g_ptr_array_unref);
}

/* Returns: as transaction_run(), of one try. */
static GPtrArray *
try_once (const TransactionWriter *writer, Db *db, const char *source, TransactionWork work,
          gpointer data, GError **error)
{
  GPtrArray *rows = NULL;
  Transaction transaction;

  transaction_init (&transaction, writer, db, source, NULL, 0);
  if (db_begin (db, error) && work (&transaction, data, error) &&
      outbox_insert (db, writer->instance_id, transaction.rows, error) && db_commit (db, error))
    rows = g_steal_pointer (&transaction.rows);
  else
    db_rollback (db);
  transaction_clear (&transaction);
  return rows;
}

GPtrArray *
transaction_run (const TransactionWriter *writer, Db *db, const char *source, TransactionWork work,
                 gpointer data, GError **error)
{
  for (guint tries = 1;; tries++) {
    g_autoptr (GError) problem = NULL;
    GPtrArray *rows = try_once (writer, db, source, work, data, &problem);

    if (rows)
      return rows;
    if (tries == TRIES || !g_error_matches (problem, DB_ERROR, DB_ERROR_CONFLICT)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  }
}

Db *
transaction_db (Transaction *transaction)
{
  return transaction->db;
}

const char *
transaction_step_result (const Transaction *transaction)
{
  return transaction->step_result;
}

static char *
topic_of (const Transaction *transaction, const char *name)
{
  return g_strconcat (transaction->writer->topic_prefix, name, NULL);
}

void
transaction_add_row (Transaction *transaction, const char *topic, gint32 partition,
                     GBytes *key_taken, GBytes *value_taken, KafkaHeaders *headers_taken)
{
  g_ptr_array_add (transaction->rows, outbox_row_new (topic_of (transaction, topic), partition,
                                                      key_taken, value_taken, headers_taken));
}

/* Unique without asking anybody: the instance's id is random and never used again. */
static char *
new_message_id (Transaction *transaction)
{
  static guint64 next = 0;

  return g_strdup_printf ("%s-%" G_GUINT64_FORMAT, transaction->writer->instance_id,
                          __atomic_fetch_add (&next, 1, __ATOMIC_RELAXED));
}

/* The one that its submitter brought, else its own. *ret_trace NULL: there is no such group. */
static gboolean
trace_of_group (Transaction *transaction, const char *claim_group_id, char **ret_trace,
                GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  const char *brought;

  if (!text_is_uuid (claim_group_id))
    return TRUE;
  rows = db_query (transaction->db, error, SQL_TRACE_OF_GROUP, "t", claim_group_id);
  if (!rows)
    return FALSE;
  brought = db_rows_count (rows) > 0 ? db_rows_text (rows, 0, "traceparent") : NULL;
  *ret_trace = brought ? g_strdup (brought) : record_trace_of_group (claim_group_id);
  return TRUE;
}

/* What tells of a group belongs to the group's trace where it has none from its message. NULL +
 * error: the trace could not be read. */
static KafkaHeaders *
new_headers (Transaction *transaction, const char *claim_group_id, char **ret_message_id,
             GError **error)
{
  g_autofree char *id = new_message_id (transaction);
  const char *given = transaction->traceparent;
  g_autofree char *own = NULL;
  KafkaHeaders *headers;

  if (!given && !trace_of_group (transaction, claim_group_id, &own, error))
    return NULL;
  headers = record_new_headers (id, transaction->replay, given ? given : own);
  if (ret_message_id)
    *ret_message_id = g_steal_pointer (&id);
  return headers;
}

static GBytes *
bytes_of (const char *text)
{
  return text ? g_bytes_new (text, strlen (text)) : NULL;
}

gboolean
transaction_emit (Transaction *transaction, const char *topic, const char *claim_group_id,
                  const char *key, GBytes *value, GError **error)
{
  KafkaHeaders *headers = new_headers (transaction, claim_group_id, NULL, error);

  if (!headers)
    return FALSE;
  transaction_add_row (transaction, topic, -1, bytes_of (key), value ? g_bytes_ref (value) : NULL,
                       headers);
  return TRUE;
}

void
transaction_set_origin (Transaction *transaction, const char *traceparent, guint replay)
{
  transaction->traceparent = traceparent;
  transaction->replay = replay;
}

void
transaction_emit_header (Transaction *transaction, const char *name, const char *text)
{
  OutboxRow *row = g_ptr_array_index (transaction->rows, transaction->rows->len - 1);

  kafka_headers_set (row->headers, name, text);
}

void
transaction_emit_scope (Transaction *transaction, const char *scope)
{
  OutboxRow *row = g_ptr_array_index (transaction->rows, transaction->rows->len - 1);

  g_free (row->scope);
  row->scope = g_strdup (scope);
}

/* CloudEvents 1.0, Kafka binary mode: result and monitoring events carry these beside ours. */
static void
add_cloud_event (KafkaHeaders *headers, const char *id, const char *type, const char *source,
                 gint64 at_ms, const char *subject)
{
  g_autofree char *time = clock_format_iso (at_ms);
  g_autofree char *uri = g_strconcat ("/dependents/", source, NULL);

  kafka_headers_set (headers, "content-type", "application/avro");
  kafka_headers_set (headers, "ce_specversion", "1.0");
  kafka_headers_set (headers, "ce_id", id);
  kafka_headers_set (headers, CLOUD_EVENT_TYPE, type);
  kafka_headers_set (headers, "ce_source", uri);
  kafka_headers_set (headers, "ce_time", time);
  if (subject)
    kafka_headers_set (headers, "ce_subject", subject);
}

gboolean
transaction_claim_event (Transaction *transaction, const char *claim_group_id, const char *subject,
                         gint64 claim_id, const char *from_state, const char *to_state,
                         const char *reason, GError **error)
{
  g_autoptr (DbRows) next =
      db_query (transaction->db, error, SQL_NEXT_SEQUENCE, "t", claim_group_id);
  g_autofree char *topic = topic_of (transaction, "claim-events");
  g_autoptr (GBytes) value = NULL;
  KafkaHeaders *headers = NULL;
  g_autofree char *type = NULL, *id = NULL;
  ClaimEvent event = {
    .claim_group_id = (char *)claim_group_id,
    .subject = (char *)subject,
    .claim_id = claim_id,
    .from_state = (char *)from_state,
    .to_state = (char *)to_state,
    .reason = (char *)reason,
    .consumer = (char *)transaction->source,
    .replay = transaction->replay,
    .at_ms = transaction->now_ms,
  };

  if (!next)
    return FALSE;
  if (db_rows_count (next) != 1) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "no claim group %s", claim_group_id);
    return FALSE;
  }
  event.sequence = db_rows_int (next, 0, "sequence");
  value = claim_event_encode (transaction->writer->codec, topic, &event, error);
  if (!value)
    return FALSE;
  headers = new_headers (transaction, claim_group_id, &id, error);
  if (!headers)
    return FALSE;
  type = g_strdup_printf (CLOUD_EVENT_RESULT "%s.%s", subject, to_state);
  for (char *c = type; *c; c++)
    *c = *c == ' ' ? '-' : g_ascii_tolower (*c);
  add_cloud_event (headers, id, type, transaction->source, transaction->now_ms, claim_group_id);
  kafka_headers_set_int (headers, "ce_sequence", event.sequence);
  kafka_headers_set (headers, CLOUD_EVENT_FROM, from_state);
  transaction_add_row (transaction, "claim-events", -1, bytes_of (claim_group_id),
                       g_steal_pointer (&value), headers);
  return TRUE;
}

gboolean
transaction_mail (Transaction *transaction, const char *claim_group_id, gint64 parent_claim_id,
                  const char *kind, GError **error)
{
  g_autofree char *topic = topic_of (transaction, "notifications");
  g_autofree char *stored = g_ascii_strdown (kind, -1);
  NotificationRequested event = {
    .claim_group_id = (char *)claim_group_id,
    .claim_id = parent_claim_id,
    .kind = (char *)kind,
    .at_ms = transaction->now_ms,
  };
  g_autoptr (GBytes) value = NULL;
  KafkaHeaders *headers;
  guint count = 0;

  /* One e-mail of a kind per claim: a second request is none. */
  if (!db_execute (transaction->db, &count, error, SQL_MAIL_REQUEST, "it", parent_claim_id, stored))
    return FALSE;
  if (count == 0)
    return TRUE;
  value = notification_requested_encode (transaction->writer->codec, topic, &event, error);
  headers = value ? new_headers (transaction, claim_group_id, NULL, error) : NULL;
  if (!headers)
    return FALSE;
  transaction_add_row (transaction, "notifications", -1, bytes_of (claim_group_id),
                       g_steal_pointer (&value), headers);
  return TRUE;
}

gboolean
transaction_monitoring_event (Transaction *transaction, const char *kind,
                              const char *claim_group_id, gint64 claim_id, const char *detail,
                              GError **error)
{
  g_autofree char *topic = topic_of (transaction, "monitoring-events");
  g_autofree char *type = g_strconcat (CLOUD_EVENT_MONITORING, kind, NULL);
  MonitoringEvent event = {
    .consumer = (char *)transaction->source,
    .kind = (char *)kind,
    .claim_group_id = (char *)claim_group_id,
    .claim_id = claim_id,
    .detail = (char *)detail,
    .at_ms = transaction->now_ms,
  };
  g_autoptr (GBytes) value =
      monitoring_event_encode (transaction->writer->codec, topic, &event, error);
  KafkaHeaders *headers = NULL;
  g_autofree char *id = NULL;

  headers = value ? new_headers (transaction, claim_group_id, &id, error) : NULL;
  if (!headers)
    return FALSE;
  add_cloud_event (headers, id, type, transaction->source, transaction->now_ms, claim_group_id);
  transaction_add_row (transaction, "monitoring-events", -1, bytes_of (transaction->source),
                       g_steal_pointer (&value), headers);
  return TRUE;
}

gboolean
transaction_change_group (Transaction *transaction, const char *claim_group_id, const char *to,
                          const char *reason, GError **error)
{
  g_autofree char *from = NULL;

  return claim_states_change_group (transaction->db, claim_group_id, to, &from, error) &&
         transaction_claim_event (transaction, claim_group_id, "GROUP", 0, from, to, reason, error);
}

gboolean
transaction_change_child (Transaction *transaction, const char *claim_group_id, gint64 claim_id,
                          const char *to, const char *reason, GError **error)
{
  g_autofree char *from = NULL;

  return claim_states_change_child (transaction->db, claim_id, to, &from, error) &&
         transaction_claim_event (transaction, claim_group_id, "CLAIM", claim_id, from, to, reason,
                                  error);
}

/* Takes @problem. */
static gboolean
allow_refusal (GError *problem, gboolean *ret_changed, GError **error)
{
  *ret_changed = problem == NULL;
  if (problem && !g_error_matches (problem, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION)) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  g_clear_error (&problem);
  return TRUE;
}

gboolean
transaction_try_group (Transaction *transaction, const char *claim_group_id, const char *to,
                       const char *reason, gboolean *ret_changed, GError **error)
{
  GError *problem = NULL;

  (void)transaction_change_group (transaction, claim_group_id, to, reason, &problem);
  return allow_refusal (problem, ret_changed, error);
}

gboolean
transaction_try_child (Transaction *transaction, const char *claim_group_id, gint64 claim_id,
                       const char *to, const char *reason, gboolean *ret_changed, GError **error)
{
  GError *problem = NULL;

  (void)transaction_change_child (transaction, claim_group_id, claim_id, to, reason, &problem);
  return allow_refusal (problem, ret_changed, error);
}

gboolean
transaction_try_paper (Transaction *transaction, const char *claim_group_id, const Paper *paper,
                       const char *to, const PaperChange *change, const char *reason,
                       gboolean *ret_changed, GError **error)
{
  g_autofree char *from = NULL;
  GError *problem = NULL;

  if (paper_change (transaction->db, paper->id, to, change, &from, &problem) &&
      !transaction_claim_event (transaction, claim_group_id, "PAPER", paper->claim_id, from, to,
                                reason, error))
    return FALSE;
  return allow_refusal (problem, ret_changed, error);
}

gboolean
transaction_needs_person (Transaction *transaction, const char *claim_group_id, gint64 claim_id,
                          const char *reason, gint64 behind_claim_id, GError **error)
{
  return db_execute (transaction->db, NULL, error, SQL_LOCK_GROUP, "t", claim_group_id) &&
         claim_hold_open (transaction->db, claim_group_id, claim_id, reason, behind_claim_id,
                          error) &&
         transaction_claim_event (transaction, claim_group_id, "CLAIM", claim_id, NULL,
                                  "needs-person", reason, error) &&
         transaction_monitoring_event (transaction, "needs-person", claim_group_id, claim_id,
                                       reason, error);
}
