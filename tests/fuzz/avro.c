/* Values of topics. The first byte chooses: a value of one of the five events; a foreign schema
 * with a value of it; or an answer of the schema registry with a value that names its schema. What
 * can be read can be written, and is then the same. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/claim-event.h"
#include "events/claim-submitted.h"
#include "events/event.h"
#include "events/reading.h"
#include "fuzz.h"

#define TOPIC "dependents.any"

/* avro-c lays a record's fields out without alignment, and the codecs here live on: their texts
 * would count as lost. */
const char *__lsan_default_options (void);
const char *
__lsan_default_options (void)
{
  return "use_unaligned=1";
}

enum { VALUE_OF_OURS, VALUE_OF_ANY_SCHEMA, VALUE_BY_REGISTRY, KINDS };

static const EventType *const types[] = {
  &claim_submitted_type,        &child_claim_ready_type, &claim_event_type,
  &notification_requested_type, &monitoring_event_type,
};

static char *
no_registry (const char *method, const char *path, const char *body, gpointer data, GError **error)
{
  const char *answer = *(const char **)data;

  (void)method;
  (void)path;
  (void)body;
  if (!answer)
    g_set_error_literal (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "it is not there");
  return g_strdup (answer);
}

/* --- Seeds --- */

static void
seed_of (guint8 kind, const char *text, const guint8 *bytes, gsize length)
{
  g_autoptr (GByteArray) seed = g_byte_array_new ();

  g_byte_array_append (seed, &kind, 1);
  if (text)
    g_byte_array_append (seed, (const guint8 *)text, (guint)strlen (text) + 1);
  g_byte_array_append (seed, bytes, (guint)length);
  fuzz_seed (seed->data, seed->len);
}

/* @value as it is, with its schema beside it, and as a registry would serve it. */
static void
seeds_of (GBytes *value, const char *stem)
{
  const char *schema = schema_text (schema_newest (stem));
  g_autoptr (json_t) answer = json_pack ("{s:s}", "schema", schema);
  char *answer_text = json_dumps (answer, 0);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (value, &length);

  seed_of (VALUE_OF_OURS, NULL, bytes, length);
  seed_of (VALUE_OF_ANY_SCHEMA, schema, bytes + 10, length - 10);
  seed_of (VALUE_BY_REGISTRY, answer_text, bytes + 10, length - 10);
  free (answer_text);
}

void
fuzz_seeds (void)
{
  static const guint8 kind = VALUE_OF_ANY_SCHEMA;
  g_autoptr (EventCodec) codec = event_codec_new (NULL, NULL);
  ClaimSubmitted submitted = { .claim_group_id = (char *)"7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11",
                               .parent_claim_id = 12,
                               .submitted_at_ms = G_GINT64_CONSTANT (1795287900123) };
  ClaimEvent event = { .claim_group_id = submitted.claim_group_id,
                       .sequence = 3,
                       .subject = "CLAIM",
                       .claim_id = 14,
                       .from_state = (char *)"pending",
                       .to_state = (char *)"submitted",
                       .reason = (char *)"benefit claim recorded",
                       .consumer = (char *)"form-686c",
                       .at_ms = submitted.submitted_at_ms };
  g_autoptr (GBytes) first = claim_submitted_encode (codec, TOPIC, &submitted, NULL);
  g_autoptr (GBytes) second = claim_event_encode (codec, TOPIC, &event, NULL);

  seeds_of (first, "claim-submitted");
  seeds_of (second, "claim-event");
  fuzz_seed_literals ("tests/unit/events/schema-test.c", &kind, 1);
  fuzz_seed_literals ("tests/unit/events/reading-test.c", &kind, 1);
}

/* --- What is checked --- */

static void
check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == EVENTS_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_value (EventCodec *codec, EventCodec *writer, GBytes *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) written = NULL;
    g_autoptr (GBytes) again = NULL;
    gpointer event = event_decode (codec, types[i], value, &error);
    gpointer same;

    if (!event) {
      check_error (error);
      continue;
    }
    written = event_encode (writer, TOPIC, types[i], event, &error);
    g_assert_no_error (error);
    same = event_decode (writer, types[i], written, &error);
    g_assert_no_error (error);
    again = event_encode (writer, TOPIC, types[i], same, &error);
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (written, again));
    event_free (types[i], same);
    event_free (types[i], event);
  }
}

static gboolean
found (const char *name, const FieldValue *value, gpointer data, GError **error)
{
  (void)data;
  (void)error;
  g_assert_nonnull (name);
  if (value->kind == SCHEMA_STRING) {
    g_assert_true (g_utf8_validate (value->text, -1, NULL));
    g_assert_cmpuint (strlen (value->text), <=, EVENT_TEXT_MAX_BYTES);
  }
  return TRUE;
}

static void
check_schema (const char *text, const guint8 *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Schema) schema = schema_parse (text, &error);
  g_autoptr (Schema) canonical = NULL;

  if (!schema) {
    check_error (error);
    return;
  }
  canonical = schema_parse (schema_canonical (schema), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (schema_canonical (canonical), ==, schema_canonical (schema));
  g_assert_cmpuint (schema_fingerprint (canonical), ==, schema_fingerprint (schema));
  if (schema_root (schema)->kind == SCHEMA_RECORD &&
      !reading_record (schema, bytes, length, found, NULL, &error))
    check_error (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static EventCodec *alone, *with_registry;
  static const char *answer;
  static guint32 id;
  const guint8 *bytes = data + 1;
  gsize length = size - 1;
  g_autofree char *text = NULL;

  if (size == 0)
    return 0;
  if (!alone) {
    alone = event_codec_new (NULL, NULL);
    with_registry = event_codec_new (no_registry, &answer);
  }
  if (data[0] % KINDS == VALUE_OF_OURS) {
    g_autoptr (GBytes) value = g_bytes_new (bytes, length);

    answer = NULL;
    check_value (alone, alone, value);
    check_value (with_registry, alone, value);
    return 0;
  }
  text = g_strndup ((const char *)bytes, length);
  bytes += MIN (strlen (text) + 1, length);
  length -= MIN (strlen (text) + 1, length);
  if (data[0] % KINDS == VALUE_OF_ANY_SCHEMA)
    check_schema (text, bytes, length);
  else {
    g_autoptr (GByteArray) value = g_byte_array_new ();
    g_autoptr (GBytes) whole = NULL;
    /* Another id each time, for what an id means never changes. */
    guint8 head[] = { 0, (guint8)(id >> 24), (guint8)(id >> 16), (guint8)(id >> 8), (guint8)id };

    id++;
    g_byte_array_append (value, head, sizeof head);
    g_byte_array_append (value, bytes, (guint)length);
    whole = g_bytes_new (value->data, value->len);
    answer = text;
    check_value (with_registry, alone, whole);
  }
  return 0;
}
