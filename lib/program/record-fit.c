/* Records that fit their topic, see record-fit.h. */
#include "program/record-fit.h"

#define OURS        "dp-"
/* The headers that this file may add: names, frames, and their longest texts (a topic has up to 249
 * characters). */
#define ADDED_BYTES 420

static gsize
size_of (GBytes *bytes)
{
  return bytes ? g_bytes_get_size (bytes) : 0;
}

static gsize
size_of_ours (const KafkaHeaders *headers)
{
  g_autoptr (KafkaHeaders) ours = kafka_headers_copy (headers);

  (void)kafka_headers_drop_foreign (ours, OURS, 0); /* the count is of no interest */
  return kafka_headers_size (ours);
}

static void
refer_to (GBytes **key, GBytes **value, KafkaHeaders *headers, gsize limit, const char *reference)
{
  kafka_headers_set (headers, "dp-reference", reference);
  kafka_headers_set_int (headers, "dp-size", (gint64)size_of (*value));
  if (*value) {
    g_bytes_unref (*value);
    *value = g_bytes_new_static ("", 0);
  }
  if (size_of (*key) + size_of_ours (headers) + ADDED_BYTES > limit)
    g_clear_pointer (key, g_bytes_unref);
}

RecordFit
record_fit (const RecordRoom *room, gint32 *partition, GBytes **key, GBytes **value,
            KafkaHeaders *headers, const char *reference)
{
  gsize limit = room->limit ? room->limit : RECORD_LIMIT_UNKNOWN;
  gsize bytes = size_of (*key) + size_of (*value);
  RecordFit fit = RECORD_WHOLE;
  guint dropped;

  if (room->partitions > 0 && *partition >= room->partitions)
    *partition = -1;
  if (bytes + kafka_headers_size (headers) <= limit)
    return RECORD_WHOLE;
  if (bytes + size_of_ours (headers) + ADDED_BYTES > limit) {
    fit = RECORD_BY_REFERENCE;
    refer_to (key, value, headers, limit, reference);
    bytes = size_of (*key) + size_of (*value);
  }
  dropped = kafka_headers_drop_foreign (
      headers, OURS, limit > bytes + ADDED_BYTES ? limit - bytes - ADDED_BYTES : 0);
  if (dropped == 0)
    return fit;
  kafka_headers_set_int (headers, "dp-headers-dropped", dropped);
  return MAX (fit, RECORD_TRIMMED);
}
