/* Record headers: the outbox's packed form, and what a record with any headers is read as. */
#include "program/record.h"

#include <string.h>

#include "fuzz.h"
#include "program/record-fit.h"

#define NOW_MS         G_GINT64_CONSTANT (1700000000000)
#define OURS_MAX_BYTES 3072 /* record.h */
#define FRAME_BYTES    10   /* of a header, counted by kafka_headers_size() */
#define OURS_COUNT_MAX 20
#define HOPS           3

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Record, record_free)

static KafkaHeaders *
next_headers (const Record *record, const char *reason)
{
  RecordStep step = { .topic = "claims.686c",
                      .partition = 3,
                      .offset = 7,
                      .now_ms = NOW_MS,
                      .reason = reason,
                      .error_class = "bgs-timeout",
                      .spends_attempt = TRUE,
                      .not_before_ms = NOW_MS + 15000 };

  return record_next_headers (record, &step);
}

static void
seed_of (const KafkaHeaders *headers)
{
  g_autoptr (GBytes) packed = kafka_headers_pack (headers);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (packed, &length);

  fuzz_seed (bytes, length);
}

void
fuzz_seeds (void)
{
  KafkaHeaders *headers =
      record_new_headers ("c0ffee00-0000-4000-8000-000000000001", 2,
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

  kafka_headers_add_foreign (headers, "x-foreign", "\377\000bytes", 7);
  kafka_headers_add_foreign (headers, "x-null", NULL, 0);
  for (guint i = 0; i < HOPS; i++) {
    g_autoptr (Record) record = NULL;

    seed_of (headers);
    record = record_read ("claims.686c.retry-15s", 3, 7, headers);
    headers = next_headers (record, "insertBenefitClaim: HTTP 503: no usable answer");
  }
  kafka_headers_set (headers, RECORD_STEPS, "create-proc,insert");
  kafka_headers_set (headers, "dp-insert", "unknown");
  seed_of (headers);
  kafka_headers_free (headers);
}

static gsize
size_of_ours (const KafkaHeaders *headers)
{
  g_autoptr (KafkaHeaders) ours = kafka_headers_copy (headers);

  kafka_headers_drop_foreign (ours, "dp-", 0);
  return kafka_headers_size (ours);
}

static void
check_record (const Record *record)
{
  fuzz_check_line (record->message_id);
  g_assert_cmpuint (strlen (record->message_id), <=, RECORD_ID_MAX_BYTES);
  g_assert_cmpint (record->not_before_ms, >=, 0);
  g_assert_cmpint (record->waiting_since_ms, >=, 0);
  g_assert_cmpint (record->first_failed_at_ms, >=, 0);
  for (gsize i = 0; record->traceparent && i < strlen (record->traceparent); i++)
    g_assert_true (g_ascii_isgraph (record->traceparent[i]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) packed = g_bytes_new (data, size);
  g_autofree char *key = record_key (data, size);
  KafkaHeaders *headers = kafka_headers_unpack (packed);
  g_autoptr (KafkaHeaders) copy = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GBytes) no_key = NULL;
  g_autoptr (GBytes) value = NULL;
  RecordRoom room = { .limit = size / 2 + 100, .partitions = 3 };
  gint32 partition = 5;

  g_assert_true (!key || g_utf8_validate (key, -1, NULL));
  if (!headers)
    return 0;
  again = kafka_headers_pack (headers);
  g_assert_true (g_bytes_equal (packed, again));

  copy = kafka_headers_copy (headers);
  for (guint i = 0; i < HOPS; i++) {
    g_autoptr (Record) record = record_read ("claims.686c", 3, 7, headers);
    g_autoptr (Record) read_again = NULL;

    check_record (record);
    headers = next_headers (record, "no answer");
    g_assert_cmpuint (size_of_ours (headers), <=, OURS_MAX_BYTES + OURS_COUNT_MAX * FRAME_BYTES);
    read_again = record_read ("claims.686c", 4, 9, kafka_headers_copy (headers));
    g_assert_cmpstr (read_again->message_id, ==, record->message_id);
    g_assert_cmpuint (read_again->replay, ==, record->replay);
    g_assert_cmpuint (read_again->attempt, >=, record->attempt);
    g_assert_cmpint (read_again->not_before_ms, ==, NOW_MS + 15000);
  }
  kafka_headers_free (headers);

  value = g_bytes_new (data, size);
  if (record_fit (&room, &partition, &no_key, &value, copy, "claims.686c/3/7") == RECORD_WHOLE)
    g_assert_cmpuint (g_bytes_get_size (value) + kafka_headers_size (copy), <=, room.limit);
  g_assert_cmpint (partition, ==, -1);
  return 0;
}
