/* The dp- headers, see record.h. */
#include "program/record.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"

#define OURS            "dp-"
#define MESSAGE_ID      "dp-message-id"
#define HOP             "dp-hop"
#define REPLAY          "dp-replay"
#define ATTEMPT         "dp-attempt"
#define ATTEMPTS_OF     "dp-attempts-of"
#define WAITING_SINCE   "dp-waiting-since"
#define FIRST_FAILED_AT "dp-first-failed-at"
#define FAILURES        "dp-failures"
#define TRACEPARENT     "traceparent"

#define ATTEMPT_MAX        10000
#define TEXT_MAX_BYTES     1024 /* of a header of ours */
#define FAILURES_MAX_BYTES 900
#define OURS_MAX_BYTES     3072 /* our headers of a record, names and values */
#define FAILURE_SEPARATOR  "; "
#define KEY_MAX_BYTES      255

/* --- Reading --- */

static gboolean
is_id (const char *text)
{
  gsize length = text ? strlen (text) : 0;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return FALSE;
  return length > 0 && length <= RECORD_ID_MAX_BYTES;
}

/* Source: W3C Trace Context, version 00: 00-<32 hex>-<16 hex>-<2 hex>, lower case, no id of zeros
 * alone. */
static gboolean
is_traceparent (const char *text)
{
  static const char shape[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

  if (!text || strlen (text) != strlen (shape))
    return FALSE;
  for (gsize i = 0; i < strlen (shape); i++)
    if (shape[i] == 'x' ? !strchr ("0123456789abcdef", text[i]) : text[i] != shape[i])
      return FALSE;
  return strspn (text + 3, "0") < 32 && strspn (text + 36, "0") < 16;
}

static char *
text_of (const KafkaHeaders *headers, const char *name)
{
  const char *text = kafka_headers_get (headers, name);

  return text && strlen (text) <= TEXT_MAX_BYTES ? g_strdup (text) : NULL;
}

char *
record_header (const rd_kafka_message_t *message, const char *name)
{
  rd_kafka_headers_t *headers = NULL;
  const void *value = NULL;
  size_t length = 0;

  if (rd_kafka_message_headers (message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last (headers, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      !value || !g_utf8_validate_len (value, length, NULL))
    return NULL;
  return g_strndup (value, length);
}

char *
record_message_id (const rd_kafka_message_t *message)
{
  char *id = record_header (message, MESSAGE_ID);

  if (is_id (id))
    return id;
  g_free (id);
  return record_place (rd_kafka_topic_name (message->rkt), message->partition, message->offset);
}

char *
record_place (const char *topic, int partition, gint64 offset)
{
  return g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT, topic, partition, offset);
}

Record *
record_read (const char *topic, int partition, gint64 offset, KafkaHeaders *headers_taken)
{
  Record *record = g_new0 (Record, 1);
  const char *id = kafka_headers_get (headers_taken, MESSAGE_ID);
  const char *first = kafka_headers_get (headers_taken, FIRST_FAILED_AT);
  const char *trace = kafka_headers_get (headers_taken, TRACEPARENT);

  record->headers = headers_taken;
  record->message_id = is_id (id) ? g_strdup (id) : record_place (topic, partition, offset);
  record->hop = kafka_headers_get_int (headers_taken, HOP, 0, G_MAXINT - 1, 0);
  record->replay = record_replay (headers_taken);
  record->attempt = kafka_headers_get_int (headers_taken, ATTEMPT, 0, ATTEMPT_MAX, 0);
  record->not_before_ms =
      kafka_headers_get_int (headers_taken, RECORD_NOT_BEFORE, 0, G_MAXINT64, 0);
  record->waiting_since_ms = kafka_headers_get_int (headers_taken, WAITING_SINCE, 0, G_MAXINT64, 0);
  if (first &&
      (!clock_parse_iso (first, &record->first_failed_at_ms) || record->first_failed_at_ms < 0))
    record->first_failed_at_ms = 0;
  record->attempts_of = text_of (headers_taken, ATTEMPTS_OF);
  record->failures = text_of (headers_taken, FAILURES);
  record->source = text_of (headers_taken, RECORD_SOURCE);
  record->traceparent = is_traceparent (trace) ? g_strdup (trace) : NULL;
  record->steps = text_of (headers_taken, RECORD_STEPS);
  record->insert_in_doubt =
      g_strcmp0 (kafka_headers_get (headers_taken, RECORD_INSERT), "unknown") == 0;
  return record;
}

void
record_disown (Record *record, const char *topic, int partition, gint64 offset)
{
  g_free (record->message_id);
  record->message_id = record_place (topic, partition, offset);
  record->hop = record->replay = 0;
}

void
record_begin_anew (Record *record, const char *consumer)
{
  if (g_strcmp0 (record->attempts_of, consumer) == 0)
    return;
  record->attempt = 0;
  record->waiting_since_ms = 0;
}

void
record_set_apart (Record *record, const char *scope)
{
  g_autofree char *both = g_strdup_printf ("%s %s", scope, record->message_id);

  g_free (record->message_id);
  record->message_id = g_compute_checksum_for_string (G_CHECKSUM_SHA256, both, -1);
}

void
record_free (Record *record)
{
  if (!record)
    return;
  g_free (record->message_id);
  g_free (record->attempts_of);
  g_free (record->failures);
  g_free (record->source);
  g_free (record->traceparent);
  g_free (record->steps);
  kafka_headers_free (record->headers);
  g_free (record);
}

guint
record_replay (const KafkaHeaders *headers)
{
  return (guint)kafka_headers_get_int (headers, REPLAY, 0, G_MAXINT - 1, 0);
}

char *
record_key (gconstpointer key, gsize length)
{
  if (!key || length == 0)
    return NULL;
  if (length <= KEY_MAX_BYTES && g_utf8_validate_len (key, length, NULL))
    return g_strndup (key, length);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, key, length);
}

/* --- Writing --- */

static char *
new_traceparent (void)
{
  return g_strdup_printf ("00-%08x%08x%08x%08x-%08x%08x-01", g_random_int (), g_random_int (),
                          g_random_int (), g_random_int () | 1, g_random_int (),
                          g_random_int () | 1);
}

char *
record_trace_of_group (const char *guid)
{
  g_autofree char *plain = g_ascii_strdown (guid, -1);
  g_auto (GStrv) parts = g_strsplit (plain, "-", -1);
  g_autofree char *id = g_strjoinv ("", parts);
  g_autofree char *trace = g_strdup_printf ("00-%s-%.16s-01", id, id);

  return is_traceparent (trace) ? g_steal_pointer (&trace) : NULL;
}

KafkaHeaders *
record_new_headers (const char *message_id, guint replay, const char *traceparent)
{
  KafkaHeaders *headers = kafka_headers_new ();
  g_autofree char *begun = traceparent ? NULL : new_traceparent ();

  kafka_headers_set (headers, MESSAGE_ID, message_id);
  kafka_headers_set_int (headers, HOP, 0);
  kafka_headers_set_int (headers, ATTEMPT, 0);
  kafka_headers_set_int (headers, REPLAY, replay);
  kafka_headers_set (headers, TRACEPARENT, traceparent ? traceparent : begun);
  return headers;
}

/* "1 2026-11-21T19:05:00.123Z bgs-fault; 2 …": the first failure and the newest ones, within the
 * bound. On one line, for the tools that show headers do so. A history that is too long to be ours
 * gives way to the newest. */
static char *
add_failure (const char *failures, guint attempt, gint64 at_ms, const char *error_class)
{
  g_autofree char *at = clock_format_iso (at_ms);
  g_autofree char *newest =
      g_strdup_printf ("%u %s %s", attempt, at, error_class ? error_class : "-");
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
  if (text->len > FAILURES_MAX_BYTES)
    g_string_printf (text, "…" FAILURE_SEPARATOR "%s", newest);
  return g_string_free (text, FALSE);
}

static void
set_time (KafkaHeaders *headers, const char *name, gint64 ms)
{
  if (ms)
    kafka_headers_set_int (headers, name, ms);
}

KafkaHeaders *
record_next_headers (const Record *record, const RecordStep *step)
{
  KafkaHeaders *headers = kafka_headers_copy (record->headers);
  g_autofree char *here = record_place (step->topic, step->partition, step->offset);
  gint64 first_ms = record->first_failed_at_ms;

  if (!first_ms && step->spends_attempt)
    first_ms = step->now_ms;
  /* A name with our prefix that is none of ours would be taken for our word, and crowd ours out of
   * their bound. */
  kafka_headers_drop (headers, OURS);
  kafka_headers_set (headers, MESSAGE_ID, record->message_id);
  kafka_headers_set_int (headers, HOP, record->hop + (GUARD (HOP) ? 1 : 0));
  kafka_headers_set_int (headers, ATTEMPT, record->attempt + (step->spends_attempt ? 1 : 0));
  kafka_headers_set_int (headers, REPLAY, record->replay);
  kafka_headers_set (headers, ATTEMPTS_OF, step->consumer);
  kafka_headers_set (headers, TRACEPARENT, record->traceparent);
  set_time (headers, RECORD_NOT_BEFORE, step->not_before_ms);
  set_time (headers, WAITING_SINCE, step->waiting_since_ms);
  kafka_headers_set (headers, RECORD_SOURCE, record->source ? record->source : here);
  kafka_headers_set (headers, RECORD_REASON, step->reason);
  kafka_headers_set (headers, RECORD_ERROR_CLASS, step->error_class);
  kafka_headers_set (headers, FAILURES, record->failures);
  if (step->keeps_effects) {
    kafka_headers_set (headers, RECORD_STEPS, record->steps);
    kafka_headers_set (headers, RECORD_INSERT, record->insert_in_doubt ? "unknown" : NULL);
  }
  if (first_ms) {
    g_autofree char *first = clock_format_iso (first_ms);

    kafka_headers_set (headers, FIRST_FAILED_AT, first);
  }
  if (step->spends_attempt) {
    g_autofree char *failures =
        add_failure (record->failures, record->attempt + 1, step->now_ms, step->error_class);

    kafka_headers_set (headers, FAILURES, failures);
  }
  return headers;
}

void
record_fit_headers (KafkaHeaders *headers)
{
  static const char *const shortened[] = { RECORD_STEPS, FAILURES, RECORD_REASON, NULL };

  kafka_headers_fit (headers, OURS, OURS_MAX_BYTES, shortened);
}
