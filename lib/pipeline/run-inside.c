/* A run: how it begins and ends, what its handler may ask (run.h), and how a handler is left. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/run-inside.h"

#define SNOOZE_MAX_MS 60000

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
run_begin (const RunPlace *place, Delivery *delivery)
{
  Run *run = g_new0 (Run, 1);

  g_assert (!delivery->run);
  run->place = place;
  run->delivery = delivery;
  run->scopes = g_ptr_array_new_with_free_func (own_scope_free);
  run->ends = g_ptr_array_new_with_free_func (step_end_free);
  run->on_settle = g_ptr_array_new_with_free_func (settle_item_free);
  delivery->run = run;
  return run;
}

void
run_end (Delivery *delivery)
{
  Run *run = g_steal_pointer (&delivery->run);

  if (!run)
    return;
  if (run->message)
    run->place->context->consumer->free_message (run->message);
  g_free (run->scope.scope);
  g_ptr_array_unref (run->scopes);
  g_ptr_array_unref (run->ends);
  g_ptr_array_unref (run->on_settle);
  g_free (run->note);
  g_free (run->hold_reason);
  g_free (run->hold_candidates);
  g_free (run);
}

gboolean
run_decode (Run *run, GError **error)
{
  const Consumer *consumer = run->place->context->consumer;
  const rd_kafka_message_t *message = run->delivery->message;
  g_autoptr (GBytes) value = NULL;

  if (!message->payload) { /* says nothing that a handler of ours could do; a person sees it */
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_TOMBSTONE, "a tombstone");
    return FALSE;
  }
  value = g_bytes_new_static (message->payload, message->len);
  run->message = consumer->decode (program_codec (run->place->context->program), value,
                                   run->delivery->record, error);
  if (!run->message)
    return FALSE;
  if (consumer->scope)
    consumer->scope (run->message, &run->scope);
  if (run->scope.claim_group_id && !text_is_uuid (run->scope.claim_group_id)) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "the claim group's id is no uuid");
    return FALSE;
  }
  return TRUE;
}

void
run_own (Run *run, gint64 token, gint64 group_row_id)
{
  OwnScope *own = g_new0 (OwnScope, 1);

  own->scope = g_strdup (run->scope.scope);
  own->token = token;
  g_ptr_array_set_size (run->scopes, 0);
  g_ptr_array_add (run->scopes, own);
  run->group_row_id = group_row_id;
}

const char *
run_inbox_scope (const Run *run)
{
  return run && run->scope.scope ? run->scope.scope : "";
}

const char *
run_group (const Run *run)
{
  return run ? run->scope.claim_group_id : NULL;
}

gboolean
run_may_go_on (Run *run, GError **error)
{
  switch (delivery_order (run->delivery)) {
  case RUN_GOES_ON:
    return TRUE;
  case RUN_STEPS_ASIDE:
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

void
run_note_away (Run *run, Breaker *away)
{
  run->away = away;
}

/* --- What the message says --- */

const char *
run_message_id (const Run *run)
{
  return run->delivery->record->message_id;
}

guint
run_hop (const Run *run)
{
  return run->delivery->record->hop;
}

guint
run_attempt (const Run *run)
{
  return run->delivery->record->attempt;
}

guint
run_replay (const Run *run)
{
  return run->delivery->record->replay;
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
  return run->place->context->consumer->name;
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
  return run->place->context->clients;
}

const Settings *
run_settings (const Run *run)
{
  return run->place->context->settings;
}

Sealer *
run_sealer (const Run *run)
{
  return program_sealer (run->place->context->program);
}

EventCodec *
run_codec (const Run *run)
{
  return program_codec (run->place->context->program);
}

char *
run_topic (const Run *run, const char *name)
{
  return program_topic (run->place->context->program, name);
}

Db *
run_db_take (Run *run, GError **error)
{
  return db_pool_take (program_pool (run->place->context->program), error);
}

void
run_db_give (Run *run, Db *db)
{
  db_pool_give (program_pool (run->place->context->program), db);
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
  gint64 since = run->delivery->known.waiting_since_ms;

  run->waits_for_downstream = TRUE;
  if (!since || clock_database_now_ms () - since <= run->place->context->outage_max_wait_ms)
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

void
run_hold_candidates (Run *run, const char *json)
{
  g_free (run->hold_candidates);
  run->hold_candidates = g_strdup (json);
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
