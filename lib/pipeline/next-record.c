/* The next record, see next-record.h. */
#include "pipeline/next-record.h"

#include "kafka/retry-tiers.h"
#include "pipeline/run-inside.h"
#include "pipeline/verdicts.h"
#include "program/dead-end.h"
#include "program/journal-effect.h"
#include "program/record-fit.h"

#define OURS_AT_MOST 4096 /* bytes of our headers, framing included */

static RecordStep
step_of (const NextRecord *next, gboolean spends_attempt)
{
  return (RecordStep){
    .topic = next->delivery->partition->topic,
    .partition = next->delivery->partition->number,
    .offset = next->delivery->offset,
    .now_ms = next->transaction->now_ms,
    .reason = next->why ? next->why->message : NULL,
    .error_class = verdict_error_class (next->why),
    .spends_attempt = spends_attempt,
    .keeps_effects = next->context->consumer->begins_anew,
  };
}

static GBytes *
copy_of (gconstpointer data, gsize length)
{
  return data ? g_bytes_new (data, length) : NULL;
}

static RecordRoom
room_of (const Context *context, const char *topic)
{
  Outbox *outbox = program_outbox (context->program);
  g_autofree char *name = program_topic (context->program, topic);

  return (RecordRoom){ .limit = outbox_record_limit (outbox, name),
                       .partitions = outbox_partitions (outbox, name) };
}

/* Of a claim or a group it is watched on its way; where no consumer reads it, nobody expects it to
 * move. A dead letter is its group's, whichever claim has died; what outlives its group is no part
 * of its end. */
static const char *
scope_to_watch (const NextRecord *next, const char *topic)
{
  const Run *run = next->delivery->run;

  if (!run || !run_group (run) || g_str_equal (topic, QUARANTINE))
    return NULL;
  return g_str_equal (topic, context_dead_letter (next->context)) && !run->scope.outlives_group
             ? run_group (run)
             : run_scope (run);
}

/* Original bytes, tombstones as tombstones, to the same partition number. One that does
 * not fit goes to quarantine by reference. Returns where it goes. */
static const char *
pass_on (const NextRecord *next, const char *wanted, KafkaHeaders *headers_taken)
{
  const Delivery *delivery = next->delivery;
  const rd_kafka_message_t *message = delivery->message;
  gint32 partition = delivery->partition->number;
  GBytes *key = copy_of (message->key, message->key_len);
  GBytes *value = copy_of (message->payload, message->len);
  g_autofree char *reference =
      record_place (delivery->partition->topic, delivery->partition->number, delivery->offset);
  RecordRoom room = room_of (next->context, wanted);
  const char *topic = wanted;

  record_fit_headers (headers_taken);
  if (record_fit (&room, &partition, &key, &value, headers_taken, reference) == RECORD_BY_REFERENCE)
    topic = QUARANTINE;
  transaction_add_row (next->transaction, topic, partition, key, value, headers_taken);
  transaction_emit_scope (next->transaction, scope_to_watch (next, topic));
  return topic;
}

gboolean
next_record_fits_tier (const Context *context, const Delivery *delivery)
{
  const RecordRoom room = room_of (context, context->consumer->topic);
  gsize limit = room.limit ? room.limit : RECORD_LIMIT_UNKNOWN;

  return delivery->message->len + delivery->message->key_len +
             kafka_headers_size (delivery->record->headers) + OURS_AT_MOST <=
         limit;
}

/* After those that had taken effect when another consumer gave it up. */
static void
add_steps (KafkaHeaders *headers, const char *steps)
{
  const char *before = kafka_headers_get (headers, RECORD_STEPS);
  g_autofree char *all = NULL;

  if (!steps)
    return;
  all = before ? g_strconcat (before, ",", steps, NULL) : g_strdup (steps);
  kafka_headers_set (headers, RECORD_STEPS, all);
}

/* It goes no further by itself: said where an operator looks. */
static gboolean
note_end (const NextRecord *next, const char *topic, GError **error)
{
  const Delivery *delivery = next->delivery;
  const Run *run = delivery->run;
  g_autofree char *source =
      record_place (delivery->partition->topic, delivery->partition->number, delivery->offset);
  const DeadEnd end = {
    .topic = topic,
    .source = source,
    .scope = run ? run->scope.scope : NULL,
    .claim_group_id = run_group (run),
    .claim_id = run ? run->scope.claim_id : 0,
    .record = delivery->record,
    .attempts = delivery->record->attempt + 1, /* as its headers say */
    .first_failed_at_ms = delivery->record->first_failed_at_ms
                              ? delivery->record->first_failed_at_ms
                              : next->transaction->now_ms,
    .error_class = next->why ? verdict_error_class (next->why) : "",
    .error_message = next->why ? next->why->message : NULL,
  };

  return dead_end_write (next->transaction, &end, error);
}

gboolean
next_record_away (const NextRecord *next, const char *topic, const char **ret_topic, GError **error)
{
  const RecordStep step = step_of (next, TRUE);
  const char *in_doubt = next->context->consumer->in_doubt;
  g_autofree char *steps = NULL;
  gboolean is_in_doubt = FALSE;
  KafkaHeaders *headers = NULL;

  /* What its reader needs to know beside the record: what has taken effect already. */
  if (next->scope && !journal_in_effect (next->transaction->db, next->scope,
                                         in_doubt ? in_doubt : "", &steps, &is_in_doubt, error))
    return FALSE;
  headers = record_next_headers (next->delivery->record, &step);
  add_steps (headers, steps);
  if (is_in_doubt)
    kafka_headers_set (headers, RECORD_INSERT, "unknown");
  *ret_topic = pass_on (next, topic, headers);
  return note_end (next, *ret_topic, error);
}

void
next_record_to_tier (const NextRecord *next, gboolean spends_attempt, NextWait *ret_wait)
{
  const Context *context = next->context;
  const Delivery *delivery = next->delivery;
  const RetryTier *tier = spends_attempt
                              ? retry_tiers_of (context->tiers, delivery->record->attempt + 1)
                              : context->look_tier;
  g_autofree char *topic = retry_topic (context->consumer->name, tier->name);
  RecordStep step = step_of (next, spends_attempt);

  step.consumer = context->consumer->name;
  step.waiting_since_ms = delivery->known.waiting_since_ms;
  if (!spends_attempt && step.waiting_since_ms == 0)
    step.waiting_since_ms = step.now_ms;
  step.not_before_ms = step.now_ms + tier->wait_ms +
                       retry_jitter_ms (topic, delivery->partition->number, tier->wait_ms);
  *ret_wait = (NextWait){ .attempt = delivery->record->attempt + (spends_attempt ? 1 : 0),
                          .is_look = !spends_attempt,
                          .due_ms = step.not_before_ms,
                          .waiting_since_ms = step.waiting_since_ms };
  (void)g_strlcpy (ret_wait->topic, topic, sizeof ret_wait->topic);
  /* It fits: asked before */
  (void)pass_on (next, topic, record_next_headers (delivery->record, &step));
}
