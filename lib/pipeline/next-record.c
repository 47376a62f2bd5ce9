/* The next record of a message that goes on from here: into a retry tier, the dead letter or quarantine. Key, value and foreign
 * headers as they came, ours replaced. Source: design sections 5 (Backoff) and 12; consumer notes section 9. */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "kafka/retry-tiers.h"
#include "claims/insert-record.h"
#include "pipeline/delivery.h"

#define FAILURES_MAX_BYTES 900  /* first and last failures; a header holds 1,024 */
#define OURS_MAX_BYTES     3072 /* our headers of a record, names and values */
#define FAILURE_SEPARATOR  "; "

/* "1 2026-11-21T19:05:00.123Z bgs-fault; 2 …": the first failure and the newest ones, within the budget. On one line, for
 * the tools that show headers do so. */
static char *
add_failure (const char *failures, guint attempt, gint64 at_ms, const GError *error)
{
  g_autofree char *at = clock_format_iso (at_ms);
  g_autofree char *newest = g_strdup_printf ("%u %s %s", attempt, at, verdict_error_class (error));
  g_auto (GStrv) before = g_strsplit (failures ? failures : "", FAILURE_SEPARATOR, -1);
  GString *text = g_string_new (failures);
  guint first = 1;

  if (text->len > 0)
    g_string_append (text, FAILURE_SEPARATOR);
  g_string_append (text, newest);
  while (text->len > FAILURES_MAX_BYTES && first < g_strv_length (before)) {
    g_string_printf (text, "%s" FAILURE_SEPARATOR "…", before[0]);
    for (guint i = ++first; before[i]; i++)
      g_string_append_printf (text, FAILURE_SEPARATOR "%s", before[i]);
    g_string_append_printf (text, FAILURE_SEPARATOR "%s", newest);
  }
  return g_string_free (text, FALSE);
}

/* The headers of the next record of this message: foreign ones as they came, ours replaced. */
static KafkaHeaders *
next_headers (const SettleUnit *unit)
{
  const Delivery *delivery = unit->delivery;
  KafkaHeaders *headers = kafka_headers_copy (delivery->headers);
  gint64 now_ms = unit->transaction.now_ms;
  g_autofree char *source = g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT, delivery->partition->topic,
                                             delivery->partition->number, delivery->offset);

  kafka_headers_set (headers, "dp-message-id", delivery->message_id);
  kafka_headers_set_int (headers, "dp-hop", delivery->hop + (GUARD (HOP) ? 1 : 0));
  kafka_headers_set_int (headers, "dp-attempt", delivery->attempt + (unit->spends_attempt ? 1 : 0));
  kafka_headers_set_int (headers, "dp-replay", delivery->replay);
  kafka_headers_set (headers, "dp-not-before", NULL);
  kafka_headers_set (headers, "dp-waiting-since", NULL);
  if (!kafka_headers_get (headers, "dp-source"))
    kafka_headers_set (headers, "dp-source", source);
  kafka_headers_set (headers, "dp-reason", unit->error ? unit->error->message : NULL);
  kafka_headers_set (headers, "dp-error-class", verdict_error_class (unit->error));
  if (unit->spends_attempt) {
    g_autofree char *first =
        clock_format_iso (delivery->first_failed_at_ms ? delivery->first_failed_at_ms : now_ms);
    g_autofree char *failures =
        add_failure (delivery->failures, delivery->attempt + 1, now_ms, unit->error);

    kafka_headers_set (headers, "dp-first-failed-at", first);
    kafka_headers_set (headers, "dp-failures", failures);
  }
  return headers;
}

/* What its reader needs to know beside that: what has taken effect already. */
static KafkaHeaders *
diagnosis (SettleUnit *unit, GError **error)
{
  Delivery *delivery = unit->delivery;
  g_autoptr (KafkaHeaders) headers = next_headers (unit);

  if (delivery->run && delivery->run->scope.scope) {
    g_autofree char *steps = NULL;
    gboolean is_in_doubt = FALSE;

    if (!journal_in_effect (unit->transaction.db, delivery->run->scope.scope, INSERT_STEP, &steps,
                            &is_in_doubt, error))
      return NULL;
    kafka_headers_set (headers, "dp-steps", steps);
    kafka_headers_set (headers, "dp-insert", is_in_doubt ? "unknown" : NULL);
  }
  return g_steal_pointer (&headers);
}

static GBytes *
copy_of (gconstpointer data, gsize length)
{
  return data ? g_bytes_new (data, length) : NULL;
}

/* Original bytes, tombstones as tombstones, to the same partition number. */
static void
pass_on (SettleUnit *unit, const char *topic, KafkaHeaders *headers_taken)
{
  static const char *const shortened[] = { "dp-steps", "dp-failures", "dp-reason", NULL };
  const rd_kafka_message_t *message = unit->delivery->message;

  kafka_headers_fit (headers_taken, "dp-", OURS_MAX_BYTES, shortened);
  transaction_add_row (&unit->transaction, topic, unit->delivery->partition->number,
                       copy_of (message->key, message->key_len),
                       copy_of (message->payload, message->len), headers_taken);
}

gboolean
next_record_away (SettleUnit *unit, const char *topic, GError **error)
{
  KafkaHeaders *headers = diagnosis (unit, error);

  if (headers)
    pass_on (unit, topic, headers);
  return headers != NULL;
}

void
next_record_to_tier (SettleUnit *unit)
{
  const Delivery *delivery = unit->delivery;
  const Runner *runner = delivery->runner;
  const RetryTier *tier = unit->spends_attempt
                              ? retry_tiers_of (runner->tiers, delivery->attempt + 1)
                              : runner->look_tier;
  g_autofree char *topic = retry_topic (runner->consumer->name, tier->name);
  gint64 waiting_since_ms = delivery->record.waiting_since_ms;
  KafkaHeaders *headers = next_headers (unit);

  if (!unit->spends_attempt && waiting_since_ms == 0)
    waiting_since_ms = unit->transaction.now_ms;
  if (waiting_since_ms)
    kafka_headers_set_int (headers, "dp-waiting-since", waiting_since_ms);
  kafka_headers_set_int (headers, "dp-not-before",
                         unit->transaction.now_ms + tier->wait_ms +
                             retry_jitter_ms (topic, delivery->partition->number, tier->wait_ms));
  pass_on (unit, topic, headers);
}
