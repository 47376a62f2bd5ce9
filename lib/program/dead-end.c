/* Dead ends, see dead-end.h. */
#include "program/dead-end.h"

#include "program/dead-end.sql.h"

/* A dead letter that is watched has its group's scope; what nobody watches gets a mark of its own. */
static const char *
mark_of (Transaction *transaction, const DeadEnd *end)
{
  OutboxRow *row = g_ptr_array_index (transaction->rows, transaction->rows->len - 1);

  if (!row->scope)
    row->scope = g_strconcat ("quarantine:", end->source, NULL);
  return row->scope;
}

gboolean
dead_end_write (Transaction *transaction, const DeadEnd *end, GError **error)
{
  static const Record none = { .message_id = (char *)"" };
  const Record *record = end->record ? end->record : &none;
  g_autofree char *topic = g_strconcat (transaction->writer->topic_prefix, end->topic, NULL);
  const char *mark = mark_of (transaction, end);

  return db_queue (transaction->db, error, SQL_DEAD_END_WRITE, "ttttttitiiitti",
                   transaction->source, topic, mark, end->source ? end->source : "", end->scope,
                   end->claim_group_id, end->claim_id, record->message_id, (gint64)record->hop,
                   (gint64)record->replay, (gint64)end->attempts, end->error_class,
                   end->error_message ? end->error_message : "", end->first_failed_at_ms);
}
