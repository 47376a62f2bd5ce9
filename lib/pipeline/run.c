/* A run as its handler sees it, see run.h. */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "pipeline/delivery.h"
#include "pipeline/run.sql.h"

#define SNOOZE_MAX_MS 60000

G_DEFINE_QUARK (pipeline_error_quark, pipeline_error)

static void
own_scope_free (gpointer data)
{
  OwnScope *own = data;

  g_free (own->scope);
  g_clear_pointer (&own->journal, g_ptr_array_unref);
  g_free (own);
}

static void
settle_item_free (gpointer data)
{
  SettleItem *item = data;

  if (item->free_data)
    item->free_data (item->data);
  g_free (item);
}

Run *
run_new (Delivery *delivery)
{
  Run *run = g_new0 (Run, 1);

  run->runner = delivery->runner;
  run->delivery = delivery;
  run->scopes = g_ptr_array_new_with_free_func (own_scope_free);
  run->ends = g_ptr_array_new_with_free_func (step_end_free);
  run->on_settle = g_ptr_array_new_with_free_func (settle_item_free);
  return run;
}

void
run_free (Run *run)
{
  if (!run)
    return;
  if (run->message)
    run->runner->consumer->free_message (run->message);
  g_free (run->scope.scope);
  g_ptr_array_unref (run->scopes);
  g_ptr_array_unref (run->ends);
  g_ptr_array_unref (run->on_settle);
  g_free (run->note);
  g_free (run->hold_reason);
  g_free (run);
}

OwnScope *
run_own_scope (Run *run, const char *scope)
{
  for (guint i = 0; i < run->scopes->len; i++) {
    OwnScope *own = g_ptr_array_index (run->scopes, i);
    if (strcmp (own->scope, scope) == 0)
      return own;
  }
  return NULL;
}

RunOrder
run_order (Run *run)
{
  return g_atomic_int_get (&run->order);
}

gboolean
run_may_go_on (Run *run, GError **error)
{
  switch (run_order (run)) {
  case RUN_GOES_ON:
    return TRUE;
  case RUN_AT_BOUNDARY:
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_BOUNDARY, "stopped at a step boundary");
    return FALSE;
  case RUN_LOST:
    break;
  }
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST,
               "the partition has gone to another process");
  return FALSE;
}

/* --- What the message says --- */

const char *
run_message_id (const Run *run)
{
  return run->delivery->message_id;
}

guint
run_hop (const Run *run)
{
  return run->delivery->hop;
}

guint
run_attempt (const Run *run)
{
  return run->delivery->attempt;
}

guint
run_replay (const Run *run)
{
  return run->delivery->replay;
}

gint64
run_due_ms (const Run *run)
{
  return run->delivery->due_ms;
}

const char *
run_scope (const Run *run)
{
  return run->scope.scope;
}

const char *
run_claim_group_id (const Run *run)
{
  return run->scope.claim_group_id;
}

gint64
run_claim_id (const Run *run)
{
  return run->scope.claim_id;
}

gint64
run_token (const Run *run)
{
  return run->scopes->len > 0 ? ((OwnScope *)g_ptr_array_index (run->scopes, 0))->token : 0;
}

const char *
run_key (const Run *run)
{
  return run->delivery->key;
}

const char *
run_consumer (const Run *run)
{
  return run->runner->consumer->name;
}

guint
run_snoozes (const Run *run)
{
  return run->delivery->snoozes;
}

/* --- What the process has --- */

gpointer
run_context (const Run *run)
{
  return run->runner->context;
}

const Settings *
run_settings (const Run *run)
{
  return run->runner->settings;
}

Sealer *
run_sealer (const Run *run)
{
  return program_sealer (run->runner->program);
}

EventCodec *
run_codec (const Run *run)
{
  return program_codec (run->runner->program);
}

char *
run_topic (const Run *run, const char *name)
{
  return program_topic (run->runner->program, name);
}

Db *
run_db_take (Run *run, GError **error)
{
  return db_pool_take (program_pool (run->runner->program), error);
}

void
run_db_give (Run *run, Db *db)
{
  db_pool_give (program_pool (run->runner->program), db);
}

/* --- Leaving a handler --- */

gboolean
run_snooze (Run *run, gint64 ms, const char *reason, GError **error)
{
  run->snooze_ms = CLAMP (ms, 1, SNOOZE_MAX_MS);
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE, "%s", reason);
  return FALSE;
}

/* It counts from the first such moment, until a step has finished. */
static gboolean
may_wait_on (Run *run, const char *reason, GError **error)
{
  gint64 since = run->delivery->record.waiting_since_ms;

  run->waits_for_downstream = TRUE;
  if (!since || clock_database_now_ms () - since <= run->runner->outage_max_wait_ms)
    return TRUE;
  run->is_worn_out = TRUE;
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE,
               "waited longer than outage-max-wait: %s", reason);
  return FALSE;
}

gboolean
run_look_later (Run *run, const char *reason, GError **error)
{
  if (may_wait_on (run, reason, error))
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOOK_LATER, "%s", reason);
  return FALSE;
}

gboolean
run_wait_for_downstream (Run *run, gint64 ms, const char *reason, GError **error)
{
  return may_wait_on (run, reason, error) && run_snooze (run, ms, reason, error);
}

gboolean
run_hold (Run *run, const char *reason, gint64 behind_claim_id, GError **error)
{
  g_free (run->hold_reason);
  run->hold_reason = g_strdup (reason);
  run->hold_behind = behind_claim_id;
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_HOLD, "%s", reason);
  return FALSE;
}

gboolean
run_refuse (Run *run, const char *reason, GError **error)
{
  (void)run;
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DEAD, "%s", reason);
  return FALSE;
}

gboolean
run_skip (Run *run, const char *reason)
{
  (void)run;
  log_debug ("nothing to do", "reason", reason, NULL);
  return TRUE;
}

void
run_on_settle (Run *run, RunWork work, gpointer data, GDestroyNotify free_data)
{
  SettleItem *item = g_new0 (SettleItem, 1);

  item->work = work;
  item->data = data;
  item->free_data = free_data;
  g_ptr_array_add (run->on_settle, item);
}

/* --- A second scope --- */

typedef struct {
  const char *scope;
  gint64 token;
} Take;

static gboolean
take_scope (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  Take *take = data;
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_TAKE_SCOPE, "tt",
                                      take->scope, program_instance_id (run->runner->program));

  if (!rows)
    return FALSE;
  take->token = db_rows_int (rows, 0, "token");
  return TRUE;
}

gboolean
run_take_scope (Run *run, const char *scope, GError **error)
{
  Take take = { scope, 0 };
  OwnScope *own = NULL;

  if (run_own_scope (run, scope))
    return TRUE;
  CRASH_POINT ("second-scope/before");
  if (!run_transaction (run, take_scope, &take, error))
    return FALSE;
  CRASH_POINT ("second-scope/after");
  own = g_new0 (OwnScope, 1);
  own->scope = g_strdup (scope);
  own->token = take.token;
  g_ptr_array_add (run->scopes, own);
  return TRUE;
}
