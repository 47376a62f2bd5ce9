/* The dp- headers: whatever a foreign producer writes is read as ours or as nothing, and the next
 * record's headers are whole, bounded and replaced. */
#include <string.h>

#include "base/clock.h"
#include "program/record.h"

#define ID       "c0ffee00-0000-4000-8000-000000000001"
#define TRACE    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define FALLBACK "claims.686c/3/7"
#define NOW_MS   G_GINT64_CONSTANT (1700000000000)

#define MAX_OURS_BYTES  3072
#define MAX_TEXT_BYTES  1024
#define MAX_FAILURES    900
#define MAX_HEADER_READ 6000

static Record *
read_headers (KafkaHeaders *headers_taken)
{
  return record_read ("claims.686c", 3, 7, headers_taken);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Record, record_free)

/* One header as it came; @value NULL is a NULL value. */
static Record *
read_one (const char *name, const char *value, gsize length)
{
  KafkaHeaders *headers = kafka_headers_new ();

  kafka_headers_add_foreign (headers, name, value, length);
  return read_headers (headers);
}

static Record *
read_text (const char *name, const char *value)
{
  return read_one (name, value, value ? strlen (value) : 0);
}

static RecordStep
step_of (gboolean spends_attempt)
{
  return (RecordStep){ .topic = "claims.686c",
                       .partition = 3,
                       .offset = 7,
                       .now_ms = NOW_MS,
                       .reason = "no answer",
                       .error_class = "bgs-timeout",
                       .spends_attempt = spends_attempt };
}

/* --- Reading --- */

static void
a_record_without_headers_is_its_first (void)
{
  g_autoptr (Record) record = read_headers (kafka_headers_new ());

  g_assert_cmpstr (record->message_id, ==, FALLBACK);
  g_assert_cmpuint (record->hop, ==, 0);
  g_assert_cmpuint (record->replay, ==, 0);
  g_assert_cmpuint (record->attempt, ==, 0);
  g_assert_cmpint (record->not_before_ms, ==, 0);
  g_assert_cmpint (record->waiting_since_ms, ==, 0);
  g_assert_cmpint (record->first_failed_at_ms, ==, 0);
  g_assert_null (record->failures);
  g_assert_null (record->source);
  g_assert_null (record->traceparent);
  g_assert_null (record->steps);
  g_assert_false (record->insert_in_doubt);
}

static void
what_we_wrote_is_read_back (void)
{
  KafkaHeaders *headers = record_new_headers (ID, 2, TRACE);
  g_autoptr (Record) record = NULL;

  kafka_headers_set_int (headers, "dp-hop", 5);
  kafka_headers_set_int (headers, "dp-attempt", 3);
  kafka_headers_set_int (headers, "dp-not-before", NOW_MS);
  kafka_headers_set_int (headers, "dp-waiting-since", NOW_MS - 1);
  kafka_headers_set (headers, "dp-first-failed-at", "2023-11-14T22:13:20.000Z");
  kafka_headers_set (headers, "dp-failures", "1 2023-11-14T22:13:20.000Z bgs-fault");
  kafka_headers_set (headers, "dp-source", "dependents.claims.686c/1/44");
  kafka_headers_set (headers, "dp-steps", "create-proc,create-person/child-2");
  kafka_headers_set (headers, "dp-insert", "unknown");
  record = read_headers (headers);
  g_assert_cmpstr (record->message_id, ==, ID);
  g_assert_cmpuint (record->hop, ==, 5);
  g_assert_cmpuint (record->replay, ==, 2);
  g_assert_cmpuint (record->attempt, ==, 3);
  g_assert_cmpint (record->not_before_ms, ==, NOW_MS);
  g_assert_cmpint (record->waiting_since_ms, ==, NOW_MS - 1);
  g_assert_cmpint (record->first_failed_at_ms, ==, NOW_MS);
  g_assert_cmpstr (record->failures, ==, "1 2023-11-14T22:13:20.000Z bgs-fault");
  g_assert_cmpstr (record->source, ==, "dependents.claims.686c/1/44");
  g_assert_cmpstr (record->traceparent, ==, TRACE);
  g_assert_cmpstr (record->steps, ==, "create-proc,create-person/child-2");
  g_assert_true (record->insert_in_doubt);
}

static void
an_id_is_ours_or_none (void)
{
  static const struct {
    const char *value;
    gsize length;
  } foreign[] = { { NULL, 0 },   { "", 0 },   { "a b", 3 },  { "a\n", 2 },
                  { "\x7f", 1 }, { "é", 2 },  { "\xff", 1 }, { "a\0b", 3 },
                  { "\0", 1 },   { " a", 2 }, { "\xc3", 1 }, { "\t", 1 } };
  g_autofree char *long_one = g_strnfill (MAX_HEADER_READ, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++) {
    g_autoptr (Record) record = read_one ("dp-message-id", foreign[i].value, foreign[i].length);

    g_assert_cmpstr (record->message_id, ==, FALLBACK);
  }
  for (gsize length = 1; length <= MAX_HEADER_READ; length += length < 200 ? 1 : 1000) {
    g_autoptr (Record) record = read_one ("dp-message-id", long_one, length);

    if (length <= RECORD_ID_MAX_BYTES)
      g_assert_cmpmem (record->message_id, strlen (record->message_id), long_one, length);
    else
      g_assert_cmpstr (record->message_id, ==, FALLBACK);
  }
}

static void
a_number_is_ours_or_none (void)
{
  static const struct {
    const char *name;
    gint64 max;
  } numbers[] = { { "dp-hop", G_MAXINT - 1 },
                  { "dp-replay", G_MAXINT - 1 },
                  { "dp-attempt", 10000 },
                  { "dp-not-before", G_MAXINT64 },
                  { "dp-waiting-since", G_MAXINT64 } };
  static const char *const foreign[] = { NULL,
                                         "",
                                         "-1",
                                         "-0x1",
                                         "0x10",
                                         "1e3",
                                         "1.0",
                                         " 1",
                                         "1 ",
                                         "+1",
                                         "one",
                                         "\xff",
                                         "1\n",
                                         "--1",
                                         "9223372036854775808",
                                         "-9223372036854775809",
                                         "99999999999999999999999999999999999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    const gint64 ours[] = { 0, 1, 17, numbers[i].max - 1, numbers[i].max };

    for (guint k = 0; k < G_N_ELEMENTS (ours) + G_N_ELEMENTS (foreign) + 1; k++) {
      g_autofree char *text = NULL;
      g_autoptr (Record) record = NULL;
      gint64 expected = k < G_N_ELEMENTS (ours) ? ours[k] : 0, got;

      if (k < G_N_ELEMENTS (ours))
        text = g_strdup_printf ("%" G_GINT64_FORMAT, ours[k]);
      else if (k < G_N_ELEMENTS (ours) + G_N_ELEMENTS (foreign))
        text = g_strdup (foreign[k - G_N_ELEMENTS (ours)]);
      else if (numbers[i].max < G_MAXINT64)
        text = g_strdup_printf ("%" G_GINT64_FORMAT, numbers[i].max + 1);
      g_test_message ("%s: %s", numbers[i].name, text);
      record = read_text (numbers[i].name, text);
      got = i == 0   ? record->hop
            : i == 1 ? record->replay
            : i == 2 ? record->attempt
            : i == 3 ? record->not_before_ms
                     : record->waiting_since_ms;
      g_assert_cmpint (got, ==, expected);
    }
  }
}

static void
a_time_is_ours_or_none (void)
{
  static const struct {
    const char *text;
    gint64 ms;
  } times[] = { { "2023-11-14T22:13:20.000Z", NOW_MS },
                { "2023-11-14T22:13:20Z", NOW_MS },
                { "2023-11-14T22:13:20", 0 }, /* of what zone? */
                { "yesterday", 0 },
                { "", 0 },
                { "1700000000000", 0 },
                { "2023-13-14T22:13:20.000Z", 0 },
                { "1011-11-14T22:13:20.000Z", 0 }, /* before 1970 there were no records */
                { NULL, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autoptr (Record) record = read_text ("dp-first-failed-at", times[i].text);

    g_assert_cmpint (record->first_failed_at_ms, ==, times[i].ms);
  }
}

static void
a_trace_is_one_that_the_standard_allows (void)
{
  static const char *const foreign[] = {
    NULL,
    "",
    "00",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
    "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319cb7ad6b7169203331-0123",
  };
  static const char *const ours[] = { TRACE,
                                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                                      "00-00000000000000000000000000000001-0000000000000001-ff" };

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++) {
    g_autoptr (Record) record = read_text ("traceparent", foreign[i]);

    g_test_message ("%s", foreign[i]);
    g_assert_null (record->traceparent);
  }
  for (guint i = 0; i < G_N_ELEMENTS (ours); i++) {
    g_autoptr (Record) record = read_text ("traceparent", ours[i]);

    g_assert_cmpstr (record->traceparent, ==, ours[i]);
  }
}

static void
a_text_over_its_bound_is_none (void)
{
  static const char *const names[] = { "dp-failures", "dp-source", "dp-steps" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize length = MAX_TEXT_BYTES - 1; length <= MAX_TEXT_BYTES + 1; length++) {
      g_autofree char *text = g_strnfill (length, 'x');
      g_autoptr (Record) record = read_text (names[i], text);
      g_autoptr (Record) not_text = read_one (names[i], "a\xff", 2);
      const char *const got[] = { record->failures, record->source, record->steps };

      g_assert_cmpstr (got[i], ==, length <= MAX_TEXT_BYTES ? text : NULL);
      g_assert_null (not_text->failures);
      g_assert_null (not_text->source);
      g_assert_null (not_text->steps);
    }
}

static void
an_insert_is_in_doubt_when_it_says_unknown_alone (void)
{
  static const char *const others[] = { NULL, "", "known", "Unknown", "unknown " };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (Record) record = read_text ("dp-insert", others[i]);

    g_assert_false (record->insert_in_doubt);
  }
}

/* A producer that appends instead of replacing. */
static void
of_several_the_newest_counts (void)
{
  KafkaHeaders *headers = kafka_headers_new ();
  g_autoptr (Record) record = NULL;
  g_autoptr (Record) again = NULL;

  kafka_headers_add_foreign (headers, "dp-message-id", "one", 3);
  kafka_headers_add_foreign (headers, "dp-hop", "1", 1);
  kafka_headers_add_foreign (headers, "dp-message-id", "two", 3);
  kafka_headers_add_foreign (headers, "dp-hop", "2", 1);
  record = read_headers (headers);
  g_assert_cmpstr (record->message_id, ==, "two");
  g_assert_cmpuint (record->hop, ==, 2);
  headers = kafka_headers_copy (record->headers);
  kafka_headers_add_foreign (headers, "dp-message-id", NULL, 0);
  kafka_headers_add_foreign (headers, "dp-hop", "-1", 2);
  again = read_headers (headers);
  g_assert_cmpstr (again->message_id, ==, FALLBACK);
  g_assert_cmpuint (again->hop, ==, 0);
}

static void
a_key_is_text_or_its_digest (void)
{
  g_autofree char *text = record_key ("veteran", 7);
  g_autofree char *part = record_key ("veteran", 3);
  g_autofree char *bytes = record_key ("\xff\xfe", 2);
  g_autofree char *with_nul = record_key ("a\0b", 3);
  g_autofree char *filler = g_strnfill (6000, 'k');
  g_autofree char *longest = record_key (filler, 255);
  g_autofree char *longer = record_key (filler, 256);
  g_autofree char *long_one = record_key (filler, 6000);

  g_assert_null (record_key (NULL, 0));
  g_assert_null (record_key ("", 0));
  g_assert_cmpstr (text, ==, "veteran");
  g_assert_cmpstr (part, ==, "vet");
  g_assert_cmpuint (strlen (bytes), ==, 64);
  g_assert_cmpuint (strlen (with_nul), ==, 64);
  g_assert_cmpuint (strlen (longest), ==, 255);
  g_assert_cmpuint (strlen (longer), ==, 64);
  g_assert_cmpuint (strlen (long_one), ==, 64);
  g_assert_cmpstr (longer, !=, long_one);
}

/* --- Writing --- */

typedef void (*Each) (const char *name, const char *value, gsize length, gpointer data);

static void
for_each (const KafkaHeaders *headers, Each each, gpointer data)
{
  rd_kafka_headers_t *rd = kafka_headers_to_rd (headers);
  const char *name;
  const void *value;
  size_t length;

  for (size_t i = 0; !rd_kafka_header_get_all (rd, i, &name, &value, &length); i++)
    each (name, value, length, data);
  rd_kafka_headers_destroy (rd);
}

static gboolean
is_ours (const char *name)
{
  return g_str_has_prefix (name, "dp-");
}

static void
add_foreign (const char *name, const char *value, gsize length, gpointer data)
{
  GByteArray *bytes = data;
  guint64 size = value ? length : G_MAXUINT64;

  if (is_ours (name) || strcmp (name, "traceparent") == 0)
    return;
  g_byte_array_append (bytes, (const guint8 *)name, strlen (name) + 1);
  g_byte_array_append (bytes, (const guint8 *)&size, sizeof size);
  if (value)
    g_byte_array_append (bytes, (const guint8 *)value, length);
}

static void
assert_foreign_alike (const KafkaHeaders *one, const KafkaHeaders *two)
{
  g_autoptr (GByteArray) of_one = g_byte_array_new ();
  g_autoptr (GByteArray) of_two = g_byte_array_new ();

  for_each (one, add_foreign, of_one);
  for_each (two, add_foreign, of_two);
  g_assert_cmpmem (of_one->data, of_one->len, of_two->data, of_two->len);
}

typedef struct {
  gsize bytes;
  GHashTable *names; /* each once */
} Ours;

static void
look_at_ours (const char *name, const char *value, gsize length, gpointer data)
{
  Ours *ours = data;

  if (!is_ours (name))
    return;
  ours->bytes += strlen (name) + length;
  g_assert_nonnull (value);
  g_assert_cmpuint (length, <=, MAX_TEXT_BYTES);
  g_assert_true (g_utf8_validate_len (value, length, NULL));
  g_assert_true (g_hash_table_add (ours->names, g_strdup (name)));
}

/* Returns: their bytes. */
static gsize
assert_ours_are_sound (const KafkaHeaders *headers)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Ours ours = { 0, names };

  for_each (headers, look_at_ours, &ours);
  return ours.bytes;
}

static void
a_new_message_has_an_id_and_a_trace (void)
{
  g_autoptr (Record) traced = read_headers (record_new_headers (ID, 4, TRACE));
  g_autoptr (Record) begun = read_headers (record_new_headers (ID, 0, NULL));
  g_autoptr (Record) other = read_headers (record_new_headers (ID, 0, NULL));

  g_assert_cmpstr (traced->message_id, ==, ID);
  g_assert_cmpuint (traced->replay, ==, 4);
  g_assert_cmpuint (traced->hop, ==, 0);
  g_assert_cmpuint (traced->attempt, ==, 0);
  g_assert_cmpstr (traced->traceparent, ==, TRACE);
  g_assert_nonnull (begun->traceparent);
  g_assert_nonnull (other->traceparent);
  g_assert_cmpstr (begun->traceparent, !=, other->traceparent);
}

static void
a_group_has_a_trace_of_its_own (void)
{
  g_autofree char *trace = record_trace_of_group ("7D0F7F0E-55b2-4b0b-9d43-0a3f8f0b7c11");

  g_assert_cmpstr (trace, ==, "00-7d0f7f0e55b24b0b9d430a3f8f0b7c11-7d0f7f0e55b24b0b-01");
  g_assert_null (record_trace_of_group ("no guid"));
  g_assert_null (record_trace_of_group ("00000000-0000-0000-0000-000000000000"));
}

static void
the_next_record_is_a_hop_further (void)
{
  g_autoptr (Record) first = read_headers (record_new_headers (ID, 2, TRACE));
  RecordStep step = step_of (FALSE);
  g_autoptr (Record) second = NULL;
  g_autoptr (Record) third = NULL;
  g_autoptr (Record) fourth = NULL;
  g_autoptr (Record) fifth = NULL;

  step.waiting_since_ms = NOW_MS - 5;
  step.not_before_ms = NOW_MS + 9;
  second = record_read ("form-686c.retry-1h", 3, 90, record_next_headers (first, &step));
  g_assert_cmpstr (second->message_id, ==, ID);
  g_assert_cmpuint (second->hop, ==, 1);
  g_assert_cmpuint (second->attempt, ==, 0);
  g_assert_cmpuint (second->replay, ==, 2);
  g_assert_cmpint (second->waiting_since_ms, ==, NOW_MS - 5);
  g_assert_cmpint (second->not_before_ms, ==, NOW_MS + 9);
  g_assert_cmpstr (second->source, ==, FALLBACK);
  g_assert_cmpstr (second->traceparent, ==, TRACE);
  g_assert_cmpint (second->first_failed_at_ms, ==, 0);
  g_assert_null (second->failures);

  step = step_of (TRUE);
  step.topic = "form-686c.retry-1h";
  step.offset = 90;
  third = record_read ("form-686c.retry-15s", 3, 11, record_next_headers (second, &step));
  g_assert_cmpuint (third->hop, ==, 2);
  g_assert_cmpuint (third->attempt, ==, 1);
  g_assert_cmpstr (third->source, ==, FALLBACK); /* where it began */
  g_assert_cmpint (third->not_before_ms, ==, 0);
  g_assert_cmpint (third->waiting_since_ms, ==, 0);
  g_assert_cmpint (third->first_failed_at_ms, ==, NOW_MS);
  g_assert_cmpstr (third->failures, ==, "1 2023-11-14T22:13:20.000Z bgs-timeout");

  step.now_ms = NOW_MS + 1000;
  step.error_class = "bgs-fault";
  fourth = record_read ("claims.dead-letter", 3, 1, record_next_headers (third, &step));
  g_assert_cmpint (fourth->first_failed_at_ms, ==, NOW_MS);
  g_assert_cmpstr (fourth->failures, ==,
                   "1 2023-11-14T22:13:20.000Z bgs-timeout; 2 2023-11-14T22:13:21.000Z bgs-fault");
  g_assert_cmpstr (kafka_headers_get (fourth->headers, "dp-reason"), ==, "no answer");

  step = step_of (FALSE); /* waits, and keeps its history */
  fifth = record_read ("form-686c.retry-1h", 3, 2, record_next_headers (fourth, &step));
  g_assert_cmpuint (fifth->hop, ==, 4);
  g_assert_cmpuint (fifth->attempt, ==, 2);
  g_assert_cmpint (fifth->first_failed_at_ms, ==, NOW_MS);
  g_assert_cmpstr (fifth->failures, ==, fourth->failures);
  g_assert_cmpstr (kafka_headers_get (fourth->headers, "dp-error-class"), ==, "bgs-fault");
}

/* The reader of dead letters begins with none of the attempts that others have spent; what it has
 * spent itself stands, also in its source, where a record that was lost is sent again. */
static void
others_attempts_are_not_its_own (void)
{
  RecordStep step = step_of (TRUE);
  g_autoptr (Record) died = read_headers (record_new_headers (ID, 2, TRACE));
  g_autoptr (Record) letter = NULL;
  g_autoptr (Record) waits = NULL;
  g_autoptr (Record) again = NULL;
  g_autoptr (Record) refused = NULL;
  KafkaHeaders *headers;

  died->attempt = 16;
  headers = record_next_headers (died, &step);
  kafka_headers_set (headers, RECORD_STEPS, "create-person");
  kafka_headers_set (headers, RECORD_INSERT, "unknown");
  letter = record_read ("claims.dead-letter", 3, 1, headers);
  g_assert_cmpuint (letter->attempt, ==, 17);
  letter->waiting_since_ms = NOW_MS;
  record_begin_anew (letter, "backup");
  g_assert_cmpuint (letter->attempt, ==, 0);
  g_assert_cmpint (letter->waiting_since_ms, ==, 0);
  g_assert_cmpuint (letter->hop, ==, 1);
  g_assert_cmpstr (letter->message_id, ==, ID);

  step.consumer = "backup";
  step.keeps_effects = TRUE;
  waits = record_read ("backup.retry-15s", 3, 1, record_next_headers (letter, &step));
  g_assert_cmpuint (waits->attempt, ==, 1);
  g_assert_cmpuint (waits->hop, ==, 2);
  g_assert_cmpstr (waits->steps, ==, "create-person");
  g_assert_true (waits->insert_in_doubt);
  g_assert_cmpint (waits->first_failed_at_ms, ==, NOW_MS);

  step.spends_attempt = FALSE;
  step.consumer = waits->attempts_of; /* as the watch does */
  again = record_read ("claims.dead-letter", 3, 9, record_next_headers (waits, &step));
  record_begin_anew (again, "backup");
  g_assert_cmpuint (again->attempt, ==, 1);
  g_assert_cmpuint (again->hop, ==, 3);

  step.consumer = NULL;
  refused = record_read ("backup.dead-letter", 3, 1, record_next_headers (again, &step));
  g_assert_null (refused->attempts_of);
}

/* An id that was not there, or none of ours, stays what it has become. */
static void
the_id_of_a_foreign_record_stays_with_it (void)
{
  const RecordStep step = step_of (TRUE);
  g_autoptr (Record) first = read_text ("dp-message-id", "not ours");
  g_autoptr (Record) second =
      record_read ("form-686c.retry-15s", 0, 99, record_next_headers (first, &step));

  g_assert_cmpstr (second->message_id, ==, FALLBACK);
}

/* What the record before said of itself alone. */
static void
what_does_not_hold_any_more_is_not_carried_on (void)
{
  KafkaHeaders *headers = record_new_headers (ID, 0, "nonsense");
  RecordStep step = step_of (FALSE);
  g_autoptr (Record) record = NULL;
  g_autoptr (KafkaHeaders) next = NULL;
  static const char *const gone[] = { "dp-not-before", "dp-waiting-since", "dp-steps",
                                      "dp-insert",     "dp-reason",        "dp-error-class",
                                      "traceparent" };

  kafka_headers_set_int (headers, "dp-not-before", NOW_MS);
  kafka_headers_set_int (headers, "dp-waiting-since", NOW_MS);
  kafka_headers_set (headers, "dp-steps", "create-proc");
  kafka_headers_set (headers, "dp-insert", "unknown");
  kafka_headers_set (headers, "dp-reason", "before");
  kafka_headers_set (headers, "dp-error-class", "before");
  record = read_headers (headers);
  step.reason = step.error_class = NULL;
  next = record_next_headers (record, &step);
  for (guint i = 0; i < G_N_ELEMENTS (gone); i++)
    g_assert_null (kafka_headers_get (next, gone[i]));
}

/* The prefix is ours: whoever reads such a header takes it for our word, and nobody bounds it. */
static void
a_foreign_name_with_our_prefix_ends_here (void)
{
  g_autofree char *filler = g_strnfill (100000, 'x');
  KafkaHeaders *headers = record_new_headers (ID, 0, TRACE);
  const RecordStep step = step_of (TRUE);
  g_autoptr (Record) record = NULL;
  g_autoptr (KafkaHeaders) next = NULL;

  kafka_headers_add_foreign (headers, "dp-junk", filler, 100000);
  kafka_headers_add_foreign (headers, "dp-", "x", 1);
  kafka_headers_add_foreign (headers, "dp-reference", filler, 100000);
  kafka_headers_add_foreign (headers, "dpx", "stays", 5);
  kafka_headers_add_foreign (headers, "DP-junk", "stays", 5);
  record = read_headers (headers);
  next = record_next_headers (record, &step);
  record_fit_headers (next);
  g_assert_null (kafka_headers_get (next, "dp-junk"));
  g_assert_null (kafka_headers_get (next, "dp-"));
  g_assert_null (kafka_headers_get (next, "dp-reference"));
  g_assert_cmpstr (kafka_headers_get (next, "dpx"), ==, "stays");
  g_assert_cmpstr (kafka_headers_get (next, "DP-junk"), ==, "stays");
  g_assert_cmpstr (kafka_headers_get (next, "dp-reason"), ==, "no answer");
  g_assert_nonnull (kafka_headers_get (next, "dp-failures"));
}

/* The first failure and the newest ones, with a mark where some are left out. */
static void
the_history_has_its_bound (void)
{
  Record *record = read_headers (record_new_headers (ID, 0, TRACE));
  RecordStep step = step_of (TRUE);

  for (guint attempt = 1; attempt <= 200; attempt++) {
    Record *next;
    g_autofree char *newest = NULL;
    g_auto (GStrv) parts = NULL;
    gboolean has_gap;

    step.now_ms = NOW_MS + attempt * 1000;
    next = record_read ("t", 3, attempt, record_next_headers (record, &step));
    record_free (record);
    record = next;
    g_assert_cmpuint (record->attempt, ==, attempt);
    g_assert_cmpuint (strlen (record->failures), <=, MAX_FAILURES);
    g_assert_true (g_str_has_prefix (record->failures, "1 2023-11-14T22:13:21.000Z bgs-timeout"));
    newest = g_strdup_printf ("%u ", attempt);
    parts = g_strsplit (record->failures, "; ", -1);
    g_assert_true (g_str_has_prefix (parts[g_strv_length (parts) - 1], newest));
    has_gap = g_strv_contains ((const char *const *)parts, "…");
    g_assert_cmpint (has_gap, ==, g_strv_length (parts) - (has_gap ? 1 : 0) < attempt);
    if (attempt > 30) /* as many as fit */
      g_assert_cmpuint (strlen (record->failures), >, MAX_FAILURES - 60);
  }
  record_free (record);
}

/* The newest failure is told whatever stood there before. */
static void
a_foreign_history_gives_way (void)
{
  for (gsize length = 1; length <= MAX_TEXT_BYTES; length += 31) {
    const RecordStep step = step_of (TRUE);
    g_autofree char *text = g_strnfill (length, 'x');
    g_autoptr (Record) record = read_text ("dp-failures", text);
    g_autoptr (Record) next = read_headers (record_next_headers (record, &step));

    g_assert_cmpuint (strlen (next->failures), <=, MAX_FAILURES);
    g_assert_true (g_str_has_suffix (next->failures, "; 1 2023-11-14T22:13:20.000Z bgs-timeout"));
  }
}

static void
a_failure_without_a_class_is_told_without (void)
{
  RecordStep step = step_of (TRUE);
  g_autoptr (Record) record = read_headers (kafka_headers_new ());
  g_autoptr (Record) next = NULL;

  step.error_class = NULL;
  next = read_headers (record_next_headers (record, &step));
  g_assert_cmpstr (next->failures, ==, "1 2023-11-14T22:13:20.000Z -");
}

static void
ours_give_way_the_least_important_first (void)
{
  g_autofree char *steps = g_strnfill (1024, 's');
  g_autofree char *reason = g_strnfill (1024, 'r');
  g_autofree char *source = g_strnfill (1024, 'q');
  KafkaHeaders *headers = record_new_headers (ID, 0, TRACE);
  RecordStep step = step_of (TRUE);
  g_autoptr (Record) record = NULL;
  g_autoptr (KafkaHeaders) next = NULL;

  kafka_headers_set (headers, "dp-source", source);
  record = read_headers (headers);
  step.reason = reason;
  next = record_next_headers (record, &step);
  kafka_headers_set (next, "dp-steps", steps);
  kafka_headers_set (next, "dp-insert", "unknown");
  record_fit_headers (next);
  g_assert_cmpuint (assert_ours_are_sound (next), ==, MAX_OURS_BYTES);
  g_assert_cmpuint (strlen (kafka_headers_get (next, "dp-steps")), <, 1024);
  g_assert_cmpuint (strlen (kafka_headers_get (next, "dp-reason")), ==, 1024);
  g_assert_cmpstr (kafka_headers_get (next, "dp-insert"), ==, "unknown");
  g_assert_cmpstr (kafka_headers_get (next, "dp-message-id"), ==, ID);
}

/* --- Whatever comes --- */

static char *
random_value (GRand *random, gsize *ret_length)
{
  static const char *const likely[] = { "0",
                                        "1",
                                        "16",
                                        "10000",
                                        "2147483646",
                                        "9223372036854775807",
                                        "-1",
                                        "1700000000000",
                                        TRACE,
                                        ID,
                                        "2023-11-14T22:13:20.000Z",
                                        "unknown",
                                        "claims.686c/3/7",
                                        "a; b; c; …; d" };
  gint kind = g_rand_int_range (random, 0, 8);
  char *value;

  *ret_length = 0;
  if (kind == 0)
    return NULL;
  if (kind < 5) {
    value = g_strdup (likely[g_rand_int_range (random, 0, G_N_ELEMENTS (likely))]);
    *ret_length = strlen (value);
    return value;
  }
  *ret_length = g_rand_int_range (random, 0, kind == 5 ? MAX_HEADER_READ : 40);
  value = g_malloc (*ret_length + 1);
  for (gsize i = 0; i < *ret_length; i++)
    value[i] =
        (char)(kind == 6 ? g_rand_int_range (random, 0, 256) : g_rand_int_range (random, 33, 127));
  return value;
}

static KafkaHeaders *
random_headers (GRand *random)
{
  static const char *const names[] = { "dp-message-id",
                                       "dp-hop",
                                       "dp-replay",
                                       "dp-attempt",
                                       "dp-attempts-of",
                                       "dp-not-before",
                                       "dp-waiting-since",
                                       "dp-first-failed-at",
                                       "dp-failures",
                                       "dp-source",
                                       "dp-reason",
                                       "dp-error-class",
                                       "dp-steps",
                                       "dp-insert",
                                       "dp-junk",
                                       "dp-size",
                                       "traceparent",
                                       "tracestate",
                                       "x-foreign",
                                       "x-foreign",
                                       "" };
  KafkaHeaders *headers = kafka_headers_new ();

  for (gint n = g_rand_int_range (random, 0, 30); n > 0; n--) {
    gsize length;
    g_autofree char *value = random_value (random, &length);

    kafka_headers_add_foreign (headers, names[g_rand_int_range (random, 0, G_N_ELEMENTS (names))],
                               value, length);
  }
  return headers;
}

static void
assert_sound (const Record *record)
{
  gsize id = strlen (record->message_id);

  g_assert_cmpuint (id, >, 0);
  g_assert_cmpuint (id, <=, RECORD_ID_MAX_BYTES);
  for (gsize i = 0; i < id; i++)
    g_assert_true (g_ascii_isgraph (record->message_id[i]));
  g_assert_cmpuint (record->hop, <, G_MAXINT);
  g_assert_cmpuint (record->replay, <, G_MAXINT);
  g_assert_cmpuint (record->attempt, <=, 10000);
  g_assert_cmpint (record->not_before_ms, >=, 0);
  g_assert_cmpint (record->waiting_since_ms, >=, 0);
  g_assert_true (!record->failures || strlen (record->failures) <= MAX_TEXT_BYTES);
  g_assert_true (!record->source || strlen (record->source) <= MAX_TEXT_BYTES);
  g_assert_true (!record->steps || strlen (record->steps) <= MAX_TEXT_BYTES);
}

static void
whatever_comes_goes_on_sound (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (g_test_rand_int ());

  for (guint round = 0; round < 3000; round++) {
    g_autoptr (KafkaHeaders) first = random_headers (random);
    Record *record = read_headers (kafka_headers_copy (first));

    for (guint hop = 0; hop < 5; hop++) {
      RecordStep step = step_of (g_rand_boolean (random));
      g_autoptr (KafkaHeaders) next = NULL;
      Record *after;

      step.waiting_since_ms = g_rand_boolean (random) ? NOW_MS : 0;
      step.not_before_ms = g_rand_boolean (random) ? NOW_MS : 0;
      assert_sound (record);
      next = record_next_headers (record, &step);
      record_fit_headers (next);
      assert_foreign_alike (first, next);
      g_assert_cmpuint (assert_ours_are_sound (next), <=, MAX_OURS_BYTES);
      after = read_headers (g_steal_pointer (&next));
      g_assert_cmpstr (after->message_id, ==, record->message_id);
      g_assert_cmpuint (after->replay, ==, record->replay);
      g_assert_cmpstr (after->traceparent, ==, record->traceparent);
      if (record->hop < G_MAXINT - 1)
        g_assert_cmpuint (after->hop, ==, record->hop + 1);
      if (record->attempt < 10000)
        g_assert_cmpuint (after->attempt, ==, record->attempt + (step.spends_attempt ? 1 : 0));
      g_assert_cmpstr (after->source, ==, record->source ? record->source : FALLBACK);
      g_assert_cmpint (after->waiting_since_ms, ==, step.waiting_since_ms);
      g_assert_cmpint (after->not_before_ms, ==, step.not_before_ms);
      g_assert_false (after->insert_in_doubt);
      if (record->first_failed_at_ms || step.spends_attempt)
        g_assert_cmpint (after->first_failed_at_ms, ==,
                         record->first_failed_at_ms ? record->first_failed_at_ms : NOW_MS);
      record_free (record);
      record = after;
    }
    record_free (record);
  }
}

#define ADD(name, function) g_test_add_func ("/program/record/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a-record-without-headers-is-its-first", a_record_without_headers_is_its_first);
  ADD ("what-we-wrote-is-read-back", what_we_wrote_is_read_back);
  ADD ("an-id-is-ours-or-none", an_id_is_ours_or_none);
  ADD ("a-number-is-ours-or-none", a_number_is_ours_or_none);
  ADD ("a-time-is-ours-or-none", a_time_is_ours_or_none);
  ADD ("a-trace-is-one-that-the-standard-allows", a_trace_is_one_that_the_standard_allows);
  ADD ("a-text-over-its-bound-is-none", a_text_over_its_bound_is_none);
  ADD ("an-insert-is-in-doubt-when-it-says-unknown-alone",
       an_insert_is_in_doubt_when_it_says_unknown_alone);
  ADD ("of-several-the-newest-counts", of_several_the_newest_counts);
  ADD ("a-key-is-text-or-its-digest", a_key_is_text_or_its_digest);
  ADD ("a-new-message-has-an-id-and-a-trace", a_new_message_has_an_id_and_a_trace);
  ADD ("a-group-has-a-trace-of-its-own", a_group_has_a_trace_of_its_own);
  ADD ("the-next-record-is-a-hop-further", the_next_record_is_a_hop_further);
  ADD ("others-attempts-are-not-its-own", others_attempts_are_not_its_own);
  ADD ("the-id-of-a-foreign-record-stays-with-it", the_id_of_a_foreign_record_stays_with_it);
  ADD ("what-does-not-hold-any-more-is-not-carried-on",
       what_does_not_hold_any_more_is_not_carried_on);
  ADD ("a-foreign-name-with-our-prefix-ends-here", a_foreign_name_with_our_prefix_ends_here);
  ADD ("the-history-has-its-bound", the_history_has_its_bound);
  ADD ("a-foreign-history-gives-way", a_foreign_history_gives_way);
  ADD ("a-failure-without-a-class-is-told-without", a_failure_without_a_class_is_told_without);
  ADD ("ours-give-way-the-least-important-first", ours_give_way_the_least_important_first);
  ADD ("whatever-comes-goes-on-sound", whatever_comes_goes_on_sound);
  return g_test_run ();
}
