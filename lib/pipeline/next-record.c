/* The next record, see next-record.h. */
#include "pipeline/next-record.h"

#include "kafka/retry-tiers.h"
#include "pipeline/verdicts.h"
#include "program/journal.h"

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
  };
}

static GBytes *
copy_of (gconstpointer data, gsize length)
{
  return data ? g_bytes_new (data, length) : NULL;
}

/* Original bytes, tombstones as tombstones, to the same partition number. */
static void
pass_on (const NextRecord *next, const char *topic, KafkaHeaders *headers_taken)
{
  const rd_kafka_message_t *message = next->delivery->message;

  record_fit_headers (headers_taken);
  transaction_add_row (next->transaction, topic, next->delivery->partition->number,
                       copy_of (message->key, message->key_len),
                       copy_of (message->payload, message->len), headers_taken);
}

gboolean
next_record_away (const NextRecord *next, const char *topic, gboolean spends_attempt,
                  GError **error)
{
  const RecordStep step = step_of (next, spends_attempt);
  const char *in_doubt = next->context->consumer->in_doubt;
  g_autofree char *steps = NULL;
  gboolean is_in_doubt = FALSE;
  KafkaHeaders *headers = NULL;

  /* What its reader needs to know beside the record: what has taken effect already. */
  if (next->scope && !journal_in_effect (next->transaction->db, next->scope,
                                         in_doubt ? in_doubt : "", &steps, &is_in_doubt, error))
    return FALSE;
  headers = record_next_headers (next->delivery->record, &step);
  kafka_headers_set (headers, RECORD_STEPS, steps);
  kafka_headers_set (headers, RECORD_INSERT, is_in_doubt ? "unknown" : NULL);
  pass_on (next, topic, headers);
  return TRUE;
}

void
next_record_to_tier (const NextRecord *next, gboolean spends_attempt)
{
  const Context *context = next->context;
  const Delivery *delivery = next->delivery;
  const RetryTier *tier = spends_attempt
                              ? retry_tiers_of (context->tiers, delivery->record->attempt + 1)
                              : context->look_tier;
  g_autofree char *topic = retry_topic (context->consumer->name, tier->name);
  RecordStep step = step_of (next, spends_attempt);

  step.waiting_since_ms = delivery->known.waiting_since_ms;
  if (!spends_attempt && step.waiting_since_ms == 0)
    step.waiting_since_ms = step.now_ms;
  step.not_before_ms = step.now_ms + tier->wait_ms +
                       retry_jitter_ms (topic, delivery->partition->number, tier->wait_ms);
  pass_on (next, topic, record_next_headers (delivery->record, &step));
}
