/* What waits in tiers, see waits.h. */
#include "pipeline/waits.h"

#include "pipeline/run-inside.h"
#include "pipeline/verdicts.h"
#include "pipeline/waits.sql.h"

gboolean
waits_begin (Db *db, const Context *context, const Delivery *delivery, const NextWait *wait,
             const GError *why, GError **error)
{
  const Run *run = delivery->run;
  const Record *record = delivery->record;
  const char *scope = run ? run->scope.scope : NULL;
  g_autofree char *topic = program_topic (context->program, wait->topic);

  if (!scope)
    return TRUE;
  return db_queue (db, error, SQL_WAIT_BEGIN, "ttttitiiiottii", scope, run_group (run),
                   context->consumer->name, topic, (gint64)delivery->partition->number,
                   record->message_id, (gint64)record->hop + 1, (gint64)record->replay,
                   (gint64)wait->attempt, wait->is_look, verdict_error_class (why), why->message,
                   wait->due_ms, wait->waiting_since_ms);
}

gboolean
waits_end (Db *db, const Delivery *delivery, GError **error)
{
  const Run *run = delivery->run;
  const Record *record = delivery->record;

  if (!run || !run->scope.scope || record->hop == 0)
    return TRUE;
  return db_queue (db, error, SQL_WAIT_END, "ttii", run->scope.scope, record->message_id,
                   (gint64)record->hop, (gint64)record->replay);
}
