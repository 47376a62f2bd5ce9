/* Records that fit their topic: what is left out, and in which order. */
#include "program/record-fit.h"

#include <string.h>

#define REFERENCE "dependents.claims.submitted/3/77"

typedef struct {
  gint32 partition;
  GBytes *key, *value;
  KafkaHeaders *headers;
} Record;

static GBytes *
bytes_of (gsize length)
{
  g_autofree char *text = g_strnfill (length, 'x');

  return g_bytes_new (text, length);
}

static Record
record_new (gsize key, gsize value)
{
  Record record = { 3, bytes_of (key), bytes_of (value), kafka_headers_new () };

  kafka_headers_set (record.headers, "dp-message-id", "one");
  return record;
}

static void
record_clear (Record *record)
{
  g_clear_pointer (&record->key, g_bytes_unref);
  g_clear_pointer (&record->value, g_bytes_unref);
  kafka_headers_free (record->headers);
}

static RecordFit
fit (Record *record, gsize limit, int partitions)
{
  const RecordRoom room = { limit, partitions };

  return record_fit (&room, &record->partition, &record->key, &record->value, record->headers,
                     REFERENCE);
}

static gsize
size_of (const Record *record)
{
  return (record->key ? g_bytes_get_size (record->key) : 0) +
         (record->value ? g_bytes_get_size (record->value) : 0) +
         kafka_headers_size (record->headers);
}

static void
what_fits_is_untouched (void)
{
  Record record = record_new (36, 200);
  g_autoptr (GBytes) before = kafka_headers_pack (record.headers);
  g_autoptr (GBytes) after = NULL;

  g_assert_cmpint (fit (&record, size_of (&record), 12), ==, RECORD_WHOLE);
  after = kafka_headers_pack (record.headers);
  g_assert_true (g_bytes_equal (before, after));
  g_assert_cmpint (record.partition, ==, 3);
  g_assert_cmpuint (g_bytes_get_size (record.value), ==, 200);
  record_clear (&record);
}

static void
a_partition_that_is_not_there_becomes_the_keys (void)
{
  Record record = record_new (36, 200);

  g_assert_cmpint (fit (&record, 0, 4), ==, RECORD_WHOLE);
  g_assert_cmpint (record.partition, ==, 3);
  g_assert_cmpint (fit (&record, 0, 0), ==, RECORD_WHOLE); /* unknown */
  g_assert_cmpint (record.partition, ==, 3);
  g_assert_cmpint (fit (&record, 0, 3), ==, RECORD_WHOLE);
  g_assert_cmpint (record.partition, ==, -1);
  record_clear (&record);
}

static void
foreign_headers_give_way_and_are_counted (void)
{
  Record record = record_new (36, 200);
  g_autofree char *large = g_strnfill (5000, 'h');

  kafka_headers_add_foreign (record.headers, "x-small", "s", 1);
  kafka_headers_add_foreign (record.headers, "x-large", large, 5000);
  kafka_headers_add_foreign (record.headers, "x-larger", large, 4999 + 1);
  g_assert_cmpint (fit (&record, 2000, 12), ==, RECORD_TRIMMED);
  g_assert_cmpuint (size_of (&record), <=, 2000);
  g_assert_cmpstr (kafka_headers_get (record.headers, "x-small"), ==, "s");
  g_assert_cmpstr (kafka_headers_get (record.headers, "dp-headers-dropped"), ==, "2");
  g_assert_cmpstr (kafka_headers_get (record.headers, "dp-message-id"), ==, "one");
  g_assert_null (kafka_headers_get (record.headers, "dp-reference"));
  g_assert_cmpuint (g_bytes_get_size (record.value), ==, 200);
  record_clear (&record);
}

static void
what_cannot_fit_is_referred_to (void)
{
  Record record = record_new (36, 1040000);

  kafka_headers_add_foreign (record.headers, "x-small", "s", 1);
  g_assert_cmpint (fit (&record, 0, 12), ==, RECORD_BY_REFERENCE);
  g_assert_cmpuint (size_of (&record), <, 1000);
  g_assert_nonnull (record.value); /* no tombstone */
  g_assert_cmpuint (g_bytes_get_size (record.value), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (record.key), ==, 36);
  g_assert_cmpstr (kafka_headers_get (record.headers, "dp-reference"), ==, REFERENCE);
  g_assert_cmpstr (kafka_headers_get (record.headers, "dp-size"), ==, "1040000");
  g_assert_cmpstr (kafka_headers_get (record.headers, "x-small"), ==, "s");
  record_clear (&record);
}

static void
a_key_that_cannot_fit_goes_too (void)
{
  Record record = record_new (900000, 900000);

  g_assert_cmpint (fit (&record, 100000, 12), ==, RECORD_BY_REFERENCE);
  g_assert_null (record.key);
  g_assert_cmpuint (size_of (&record), <, 1000);
  record_clear (&record);
}

static void
a_tombstone_stays_one (void)
{
  Record record = record_new (900000, 0);

  g_clear_pointer (&record.value, g_bytes_unref);
  g_assert_cmpint (fit (&record, 100000, 12), ==, RECORD_BY_REFERENCE);
  g_assert_null (record.value);
  g_assert_cmpstr (kafka_headers_get (record.headers, "dp-size"), ==, "0");
  record_clear (&record);
}

/* Whatever comes, what comes out fits, with all of ours. */
static void
generated_records_fit (void)
{
  for (guint i = 0; i < 300; i++) {
    Record record =
        record_new ((gsize)g_test_rand_int_range (0, 3000), (gsize)g_test_rand_int_range (0, 9000));
    gsize limit = (gsize)g_test_rand_int_range (1000, 12000);
    guint headers = (guint)g_test_rand_int_range (0, 40);
    gboolean fits;

    for (guint k = 0; k < headers; k++) {
      g_autofree char *name =
          g_strdup_printf ("%c%d", g_test_rand_int_range (1, 127), g_test_rand_int ());
      g_autofree char *text = g_strnfill ((gsize)g_test_rand_int_range (0, 500), 'h');
      kafka_headers_add_foreign (record.headers, name, text, strlen (text));
    }
    fits = size_of (&record) <= limit;
    g_assert_cmpint (fit (&record, limit, 12) == RECORD_WHOLE, ==, fits);
    g_assert_cmpuint (size_of (&record), <=, limit);
    g_assert_cmpstr (kafka_headers_get (record.headers, "dp-message-id"), ==, "one");
    record_clear (&record);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program/record-fit/what-fits-is-untouched", what_fits_is_untouched);
  g_test_add_func ("/program/record-fit/a-partition-that-is-not-there-becomes-the-key's",
                   a_partition_that_is_not_there_becomes_the_keys);
  g_test_add_func ("/program/record-fit/foreign-headers-give-way-and-are-counted",
                   foreign_headers_give_way_and_are_counted);
  g_test_add_func ("/program/record-fit/what-cannot-fit-is-referred-to",
                   what_cannot_fit_is_referred_to);
  g_test_add_func ("/program/record-fit/a-key-that-cannot-fit-goes-too",
                   a_key_that_cannot_fit_goes_too);
  g_test_add_func ("/program/record-fit/a-tombstone-stays-one", a_tombstone_stays_one);
  g_test_add_func ("/program/record-fit/generated-records-fit", generated_records_fit);
  return g_test_run ();
}
