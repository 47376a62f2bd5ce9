/* A refused record, noted in its row, see outbox-refusal.h. */
#include "program/outbox-refusal.h"

#include "base/log.h"

OutboxRefusal *
outbox_refusal_new (OutboxRow *row_taken, const char *text)
{
  OutboxRefusal *refusal = g_new0 (OutboxRefusal, 1);

  refusal->row = row_taken;
  refusal->text = g_strdup (text);
  return refusal;
}

void
outbox_refusal_free (gpointer data)
{
  OutboxRefusal *refusal = data;

  if (!refusal)
    return;
  outbox_row_free (refusal->row);
  g_free (refusal->text);
  g_free (refusal);
}

static gboolean
note_in_row (const OutboxRefusal *refusal, Db *db, const OutboxNoter *noter, gboolean *ret_is_first,
             GPtrArray **ret_rows, GError **error)
{
  const OutboxRow *row = refusal->row;
  g_autoptr (GError) problem = NULL;

  if (!outbox_row_note_refusal (db, noter->instance_id, row, refusal->text, ret_is_first, error))
    return FALSE;
  if (!*ret_is_first || !noter->refused ||
      noter->refused (db, row, refusal->text, ret_rows, noter->data, &problem))
    return TRUE;
  if (problem->domain == DB_ERROR) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  log_failure ("a refused record has no event", "error", problem->message, NULL);
  return TRUE;
}

gboolean
outbox_refusal_note (const OutboxRefusal *refusal, Db *db, const OutboxNoter *noter,
                     GPtrArray **ret_events, GError **error)
{
  g_autoptr (GPtrArray) events = NULL;
  gboolean is_first = FALSE;

  if (!db_begin (db, error))
    return FALSE;
  if (!note_in_row (refusal, db, noter, &is_first, &events, error) || !db_commit (db, error)) {
    db_rollback (db);
    return FALSE;
  }
  if (is_first)
    log_failure ("a topic does not take a record; it is tried again with growing pauses", "topic",
                 refusal->row->topic, "error", refusal->text, "message_id",
                 kafka_headers_get (refusal->row->headers, "dp-message-id"), NULL);
  *ret_events = g_steal_pointer (&events);
  return TRUE;
}
