#include "events/codec.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/child-claim-ready.h"
#include "events/claim-event.h"
#include "events/claim-submitted.h"
#include "events/monitoring-event.h"
#include "events/notification-requested.h"
#include "events/papers-ready.h"
#include "events/schema.h"

#define GUID "7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11"

/* A registry in memory. Ids go up from 41 as subjects come. */
typedef struct {
  GMutex lock;
  GPtrArray *texts; /* id - 41 → schema text */
  GPtrArray *asked; /* "METHOD path" */
  gboolean is_down;
  const char *answer; /* given instead, when not NULL */
} Registry;

static char *
ask (const char *method, const char *path, const char *body, gpointer data, GError **error)
{
  Registry *registry = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&registry->lock);

  g_ptr_array_add (registry->asked, g_strconcat (method, " ", path, NULL));
  if (registry->is_down) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY, "it is down");
    return NULL;
  }
  if (registry->answer)
    return g_strdup (registry->answer);
  if (g_str_equal (method, "POST")) {
    g_autoptr (json_t) json = json_loads (body, 0, NULL);
    const char *text = json_string_value (json_object_get (json, "schema"));

    for (guint i = 0; i < registry->texts->len; i++)
      if (g_str_equal (g_ptr_array_index (registry->texts, i), text))
        return g_strdup_printf ("{\"id\":%u}", 41 + i);
    g_ptr_array_add (registry->texts, g_strdup (text));
    return g_strdup_printf ("{\"id\":%u}", 40 + registry->texts->len);
  }
  for (guint i = 0; i < registry->texts->len; i++) {
    g_autofree char *own_path = g_strdup_printf ("/schemas/ids/%u", 41 + i);

    if (g_str_equal (path, own_path)) {
      g_autoptr (json_t) json =
          json_pack ("{s:s}", "schema", g_ptr_array_index (registry->texts, i));

      return json_dumps (json, 0);
    }
  }
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "not here");
  return NULL;
}

static void
registry_init (Registry *registry)
{
  memset (registry, 0, sizeof *registry);
  g_mutex_init (&registry->lock);
  registry->texts = g_ptr_array_new_with_free_func (g_free);
  registry->asked = g_ptr_array_new_with_free_func (g_free);
}

static void
registry_clear (Registry *registry)
{
  g_ptr_array_unref (registry->texts);
  g_ptr_array_unref (registry->asked);
  g_mutex_clear (&registry->lock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Registry, registry_clear)

static const ClaimSubmitted submitted = { .claim_group_id = (char *)GUID,
                                          .parent_claim_id = 12,
                                          .submitted_at_ms = 1795287900123 };

static const ClaimEvent full_event = {
  .claim_group_id = (char *)GUID,
  .sequence = 3,
  .subject = "CLAIM",
  .claim_id = 14,
  .from_state = (char *)"pending",
  .to_state = (char *)"submitted",
  .reason = (char *)"benefit claim recorded",
  .consumer = (char *)"form-686c",
  .replay = 2,
  .at_ms = 1795287900123,
};

static void
assert_same_claim_event (const ClaimEvent *a, const ClaimEvent *b)
{
  g_assert_cmpstr (a->claim_group_id, ==, b->claim_group_id);
  g_assert_cmpint (a->sequence, ==, b->sequence);
  g_assert_cmpstr (a->subject, ==, b->subject);
  g_assert_cmpint (a->claim_id, ==, b->claim_id);
  g_assert_cmpstr (a->from_state, ==, b->from_state);
  g_assert_cmpstr (a->to_state, ==, b->to_state);
  g_assert_cmpstr (a->reason, ==, b->reason);
  g_assert_cmpstr (a->consumer, ==, b->consumer);
  g_assert_cmpint (a->replay, ==, b->replay);
  g_assert_cmpint (a->at_ms, ==, b->at_ms);
}

static ClaimEvent *
decode_claim_event (EventCodec *codec, GBytes *value)
{
  g_autoptr (GError) error = NULL;
  ClaimEvent *event = claim_event_decode (codec, value, &error);

  g_assert_no_error (error);
  return event;
}

static void
assert_come_back (EventCodec *codec)
{
  g_autoptr (GError) error = NULL;
  ClaimEvent bare = full_event;
  ChildClaimReady ready = { (char *)GUID, G_MAXINT64, (char *)"proc-9" };
  NotificationRequested mail = { (char *)GUID, 12, "IN_PROGRESS", -1 };
  MonitoringEvent monitoring = { (char *)"proc-setup", (char *)"retry", NULL, 0, NULL, 5 };
  PapersReady papers = { (char *)GUID, 12 };
  GBytes *bytes[7] = { NULL };
  g_autoptr (ClaimSubmitted) got_submitted = NULL;
  g_autoptr (ClaimEvent) got_full = NULL;
  g_autoptr (ClaimEvent) got_bare = NULL;
  g_autoptr (ChildClaimReady) got_ready = NULL;
  g_autoptr (NotificationRequested) got_mail = NULL;
  g_autoptr (MonitoringEvent) got_monitoring = NULL;
  g_autoptr (PapersReady) got_papers = NULL;

  bare.claim_id = 0;
  bare.from_state = NULL;
  bare.reason = NULL;
  bare.subject = "GROUP";

  bytes[0] = claim_submitted_encode (codec, "d.claims.submitted", &submitted, &error);
  bytes[1] = claim_event_encode (codec, "d.claim-events", &full_event, &error);
  bytes[2] = claim_event_encode (codec, "d.claim-events", &bare, &error);
  bytes[3] = child_claim_ready_encode (codec, "d.claims.674", &ready, &error);
  bytes[4] = notification_requested_encode (codec, "d.notifications", &mail, &error);
  bytes[5] = monitoring_event_encode (codec, "d.monitoring-events", &monitoring, &error);
  bytes[6] = papers_ready_encode (codec, "d.claims.evidence", &papers, &error);
  g_assert_no_error (error);

  got_submitted = claim_submitted_decode (codec, bytes[0], &error);
  got_ready = child_claim_ready_decode (codec, bytes[3], &error);
  got_mail = notification_requested_decode (codec, bytes[4], &error);
  got_monitoring = monitoring_event_decode (codec, bytes[5], &error);
  got_papers = papers_ready_decode (codec, bytes[6], &error);
  g_assert_no_error (error);
  got_full = decode_claim_event (codec, bytes[1]);
  got_bare = decode_claim_event (codec, bytes[2]);

  g_assert_cmpstr (got_submitted->claim_group_id, ==, GUID);
  g_assert_cmpint (got_submitted->parent_claim_id, ==, 12);
  g_assert_cmpint (got_submitted->submitted_at_ms, ==, 1795287900123);
  assert_same_claim_event (got_full, &full_event);
  assert_same_claim_event (got_bare, &bare);
  g_assert_cmpint (got_ready->claim_id, ==, G_MAXINT64);
  g_assert_cmpstr (got_ready->proc_id, ==, "proc-9");
  g_assert_cmpstr (got_papers->claim_group_id, ==, GUID);
  g_assert_cmpint (got_papers->parent_claim_id, ==, 12);
  g_assert_cmpstr (got_mail->kind, ==, "IN_PROGRESS");
  g_assert_cmpint (got_mail->at_ms, ==, -1);
  g_assert_cmpstr (got_monitoring->kind, ==, "retry");
  g_assert_null (got_monitoring->claim_group_id);
  g_assert_null (got_monitoring->detail);
  g_assert_cmpint (got_monitoring->claim_id, ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++)
    g_clear_pointer (&bytes[i], g_bytes_unref);
}

static void
come_back_without_a_registry (void)
{
  g_autoptr (EventCodec) codec = event_codec_new (NULL, NULL);
  g_autoptr (GBytes) bytes = claim_submitted_encode (codec, "t", &submitted, NULL);
  g_autoptr (GError) error = NULL;
  /* C3 01, the fingerprint and the record, as fastavro has them. */
  static const guint8 wanted[] =
      "\xc3\x01\x15\xfc\xe7\x6b\x3a\x22\x9e\xc4\x48" GUID "\x18\xb6\xff\xfa\xf7\xbf\x68";

  assert_come_back (codec);
  g_assert_true (event_codec_prepare (codec, "t", "claim-submitted", &error));
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), wanted,
                   sizeof wanted - 1);
}

static void
come_back_with_a_registry (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (EventCodec) other = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ClaimSubmitted) got = NULL;
  g_autoptr (GError) error = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  assert_come_back (codec);
  /* Each subject once, and never a schema that was registered here. */
  g_assert_cmpuint (registry.asked->len, ==, 6);
  g_assert_cmpstr (g_ptr_array_index (registry.asked, 0), ==,
                   "POST /subjects/d.claims.submitted-value/versions");
  g_assert_cmpstr (g_ptr_array_index (registry.texts, 0), ==,
                   schema_text (schema_newest ("claim-submitted")));

  bytes = claim_submitted_encode (codec, "d.claims.submitted", &submitted, &error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), 6, "\0\0\0\0\x29\x48", 6);

  /* Another process asks for the id once. */
  other = event_codec_new (ask, &registry);
  got = claim_submitted_decode (other, bytes, &error);
  g_assert_no_error (error);
  g_clear_pointer (&got, claim_submitted_free);
  got = claim_submitted_decode (other, bytes, &error);
  g_assert_cmpint (got->parent_claim_id, ==, 12);
  g_assert_cmpuint (registry.asked->len, ==, 7);
  g_assert_cmpstr (g_ptr_array_index (registry.asked, 6), ==, "GET /schemas/ids/41");
}

static void
prepared_topics_need_no_registry (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  g_assert_true (event_codec_prepare (codec, "t", "claim-submitted", &error));
  registry.is_down = TRUE;
  bytes = claim_submitted_encode (codec, "t", &submitted, &error);
  g_assert_no_error (error);
  g_assert_nonnull (bytes);
}

static void
reads_both_framings (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) with = NULL;
  g_autoptr (EventCodec) without = event_codec_new (NULL, NULL);
  g_autoptr (GBytes) single = claim_event_encode (without, "t", &full_event, NULL);
  g_autoptr (GBytes) confluent = NULL;
  g_autoptr (ClaimEvent) got = NULL;
  g_autoptr (GError) error = NULL;

  registry_init (&registry);
  with = event_codec_new (ask, &registry);
  got = decode_claim_event (with, single);
  assert_same_claim_event (got, &full_event);
  g_assert_cmpuint (registry.asked->len, ==, 0);

  confluent = claim_event_encode (with, "t", &full_event, NULL);
  g_assert_null (claim_event_decode (without, confluent, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN);
}

static void
registry_away_means_to_wait (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\0\0\0\0\x29\x00", 6);
  static const char *const nonsense[] = { "",
                                          "<html>",
                                          "{}",
                                          "[]",
                                          "{\"id\":\"7\"}",
                                          "{\"id\":-1}",
                                          "{\"id\":4294967296}",
                                          "{\"schema\":7}" };
  GError *error = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  registry.is_down = TRUE;
  g_assert_null (claim_submitted_encode (codec, "t", &submitted, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY);
  g_clear_error (&error);
  g_assert_null (claim_submitted_decode (codec, bytes, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY);
  g_clear_error (&error);

  registry.is_down = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++) {
    registry.answer = nonsense[i];
    g_assert_null (claim_submitted_encode (codec, "t", &submitted, &error));
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY);
    g_clear_error (&error);
    g_assert_null (claim_submitted_decode (codec, bytes, &error));
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY);
    g_clear_error (&error);
  }

  /* Nothing of that was remembered. */
  registry.answer = NULL;
  g_assert_true (event_codec_prepare (codec, "t", "claim-submitted", &error));
  g_assert_no_error (error);
}

static void
unknown_schemas_are_unknown (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (GBytes) id = g_bytes_new_static ("\0\0\0\x12\x34\x00", 6);
  g_autoptr (GBytes) fingerprint = g_bytes_new_static ("\xc3\x01\1\2\3\4\5\6\7\x08\0", 11);
  g_autoptr (GBytes) text_id = g_bytes_new_static ("\0\0\0\0\x29\x00", 6);
  GError *error = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  g_assert_null (claim_submitted_decode (codec, id, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN);
  g_clear_error (&error);
  g_assert_null (claim_submitted_decode (codec, fingerprint, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN);
  g_clear_error (&error);

  /* A registry holds other kinds of schemas as well. */
  g_ptr_array_add (registry.texts, g_strdup ("syntax = \"proto3\";"));
  g_assert_null (claim_submitted_decode (codec, text_id, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
  g_clear_error (&error);
}

static void
assert_malformed (EventCodec *codec, gconstpointer bytes, gsize length)
{
  /* A piece of memory of exactly that length. */
  g_autoptr (GBytes) value = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;

  g_assert_null (claim_submitted_decode (codec, value, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
}

static void
refuses_what_is_no_event (void)
{
  g_autoptr (EventCodec) codec = event_codec_new (NULL, NULL);
  g_autoptr (GBytes) good = claim_submitted_encode (codec, "t", &submitted, NULL);
  g_autoptr (GBytes) other = NULL;
  g_autofree char *too_long = g_malloc0 (EVENT_VALUE_MAX_BYTES + 1);
  NotificationRequested mail = { (char *)GUID, 12, "ERROR", 1 };
  gsize length = 0;
  const char *bytes = g_bytes_get_data (good, &length);
  g_autofree char *longer = g_malloc0 (length + 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (claim_submitted_decode (codec, NULL, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);

  for (gsize cut = 0; cut < length; cut++)
    assert_malformed (codec, bytes, cut);
  memcpy (longer, bytes, length);
  assert_malformed (codec, longer, length + 1);
  assert_malformed (codec, "\0\0\0\0", 4);
  assert_malformed (codec, "{\"claim_group_id\": 1}", 21);
  assert_malformed (codec, "\xc3\x02\x15\xfc\xe7\x6b\x3a\x22\x9e\xc4", 10);
  assert_malformed (codec, too_long, EVENT_VALUE_MAX_BYTES + 1);

  /* A good event, on the wrong topic. */
  other = notification_requested_encode (codec, "t", &mail, NULL);
  assert_malformed (codec, g_bytes_get_data (other, NULL), g_bytes_get_size (other));
}

static void
refuses_to_write_half_an_event (void)
{
  g_autoptr (EventCodec) codec = event_codec_new (NULL, NULL);
  g_autofree char *long_text = g_strnfill (EVENT_TEXT_MAX_BYTES + 1, 'x');
  struct {
    const char *field;
    ClaimEvent event;
  } wrong[] = {
    { "claim_group_id", full_event }, { "subject", full_event }, { "subject", full_event },
    { "to_state", full_event },       { "replay", full_event },  { "from_state", full_event },
  };

  wrong[0].event.claim_group_id = NULL;
  wrong[1].event.subject = NULL;
  wrong[2].event.subject = "claim";
  wrong[3].event.to_state = (char *)"a\xc3";
  wrong[4].event.replay = G_MAXINT64;
  wrong[5].event.from_state = long_text;
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) good = NULL;
    g_autoptr (ClaimEvent) got = NULL;

    g_assert_null (claim_event_encode (codec, "t", &wrong[i].event, &error));
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
    if (!strstr (error->message, wrong[i].field))
      g_error ("“%s” does not name %s", error->message, wrong[i].field);

    /* The failed one leaves nothing in the next. */
    good = claim_event_encode (codec, "t", &full_event, NULL);
    got = decode_claim_event (codec, good);
    assert_same_claim_event (got, &full_event);
  }
}

static void
prose_is_cut_and_mended (void)
{
  g_autoptr (EventCodec) codec = event_codec_new (NULL, NULL);
  g_autoptr (GString) long_text = g_string_new ("x");
  ClaimEvent event = full_event;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ClaimEvent) got = NULL;

  while (long_text->len < 100000)
    g_string_append (long_text, "é");
  event.reason = long_text->str;
  bytes = claim_event_encode (codec, "t", &event, NULL);
  got = decode_claim_event (codec, bytes);
  g_assert_cmpuint (strlen (got->reason), ==, 4095 + strlen ("…"));
  g_assert_true (g_str_has_suffix (got->reason, "éé…"));

  g_clear_pointer (&bytes, g_bytes_unref);
  g_clear_pointer (&got, claim_event_free);
  event.reason = (char *)"a\xc3(";
  bytes = claim_event_encode (codec, "t", &event, NULL);
  got = decode_claim_event (codec, bytes);
  g_assert_cmpstr (got->reason, ==, "a\xef\xbf\xbd(");
}

/* A writer of another time: no reason and no replay yet, a field more, other order, other order of
 * symbols. */
static const char other_times[] =
    "{\"type\":\"record\",\"name\":\"ClaimEvent\",\"namespace\":\"gov.va.dependents\",\"fields\":["
    "{\"name\":\"consumer\",\"type\":\"string\"},"
    "{\"name\":\"subject\",\"type\":{\"type\":\"enum\",\"name\":\"Subject\",\"symbols\":"
    "[\"STEP\",\"FAMILY\",\"CLAIM\",\"GROUP\"]}},"
    "{\"name\":\"extra\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
    "{\"name\":\"claim_group_id\",\"type\":\"string\"},"
    "{\"name\":\"claim_id\",\"type\":[\"long\",\"null\"]},"
    "{\"name\":\"sequence\",\"type\":\"int\"},"
    "{\"name\":\"to_state\",\"type\":\"string\"},"
    "{\"name\":\"at\",\"type\":\"long\"}]}";

static const char later_request[] =
    "{\"type\":\"record\",\"name\":\"NotificationRequested\",\"namespace\":\"gov.va.dependents\","
    "\"fields\":[{\"name\":\"claim_group_id\",\"type\":\"string\"},{\"name\":\"claim_id\",\"type\":"
    "\"long\"},{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"MailKind\",\"symbols\":"
    "[\"SUBMITTED\",\"FAREWELL\"]}},{\"name\":\"at\",\"type\":\"long\"}]}";

static void
reads_writers_of_other_times (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (GBytes) group = g_bytes_new_static ("\0\0\0\0\x29\2c\6\2\2e\0\2g\0\x0e\6\2s\2", 20);
  g_autoptr (GBytes) family = g_bytes_new_static ("\0\0\0\0\x29\2c\2\2\2e\0\2g\0\x0e\6\2s\2", 20);
  g_autoptr (GBytes) request = g_bytes_new_static ("\0\0\0\0\x2a\2g\2\2\2", 10);
  g_autoptr (ClaimEvent) got = NULL;
  g_autoptr (GError) error = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  g_ptr_array_add (registry.texts, g_strdup (other_times));
  got = decode_claim_event (codec, group);
  g_assert_cmpstr (got->subject, ==, "GROUP");
  g_assert_cmpstr (got->consumer, ==, "c");
  g_assert_cmpstr (got->claim_group_id, ==, "g");
  g_assert_cmpint (got->claim_id, ==, 7);
  g_assert_cmpint (got->sequence, ==, 3);
  g_assert_cmpstr (got->to_state, ==, "s");
  g_assert_null (got->from_state);
  g_assert_null (got->reason);
  g_assert_cmpint (got->replay, ==, 0);
  g_assert_cmpint (got->at_ms, ==, 1);

  /* A symbol from the future is told as one: it must not become one of ours. */
  g_clear_pointer (&got, claim_event_free);
  got = decode_claim_event (codec, family);
  g_assert_cmpstr (got->subject, ==, "OTHER");
  g_assert_cmpint (got->sequence, ==, 3);

  /* Where it asks for something it is not taken. */
  g_ptr_array_add (registry.texts, g_strdup (later_request));
  g_assert_null (notification_requested_decode (codec, request, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN);
}

static void
refuses_writers_of_other_things (void)
{
  static const char *const texts[] = {
    /* a required field is missing */
    "{\"type\":\"record\",\"name\":\"ClaimSubmitted\",\"namespace\":\"gov.va.dependents\","
    "\"fields\":["
    "{\"name\":\"claim_group_id\",\"type\":\"string\"}]}",
    /* another type */
    "{\"type\":\"record\",\"name\":\"ClaimSubmitted\",\"namespace\":\"gov.va.dependents\","
    "\"fields\":["
    "{\"name\":\"claim_group_id\",\"type\":\"string\"},{\"name\":\"parent_claim_id\",\"type\":"
    "\"string\"},"
    "{\"name\":\"submitted_at\",\"type\":\"long\"}]}",
    /* another namespace */
    "{\"type\":\"record\",\"name\":\"ClaimSubmitted\",\"fields\":["
    "{\"name\":\"claim_group_id\",\"type\":\"string\"},{\"name\":\"parent_claim_id\",\"type\":"
    "\"long\"},"
    "{\"name\":\"submitted_at\",\"type\":\"long\"}]}",
    "\"string\"",
  };
  static const char *const bodies[] = { "\0\0\0\0\x29\2g", "\0\0\0\0\x2a\2g\2p\2",
                                        "\0\0\0\0\x2b\2g\2\2", "\0\0\0\0\x2c\2g" };
  static const gsize lengths[] = { 7, 10, 9, 7 };
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_ptr_array_add (registry.texts, g_strdup (texts[i]));
    assert_malformed (codec, bodies[i], lengths[i]);
  }
}

static void
survives_random_bytes (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  g_autoptr (EventCodec) plain = event_codec_new (NULL, NULL);
  GBytes *seeds[2] = { NULL, NULL };
  guint rounds = g_test_slow () ? 2000000 : 20000;

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  seeds[0] = claim_event_encode (codec, "t", &full_event, NULL);
  seeds[1] = claim_event_encode (plain, "t", &full_event, NULL);
  for (guint round = 0; round < rounds; round++) {
    gsize length = 0;
    const guint8 *seed = g_bytes_get_data (seeds[round % 2], &length);
    g_autofree guint8 *bytes = g_memdup2 (seed, length);
    guint changes = (guint)g_test_rand_int_range (0, 5);
    gsize kept = (gsize)g_test_rand_int_range (0, (gint32)length + 1);
    g_autoptr (GBytes) value = NULL;
    g_autoptr (ClaimEvent) got = NULL;
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < changes; i++)
      bytes[g_test_rand_int_range (round % 4 < 2 ? 10 : 0, (gint32)length)] =
          (guint8)g_test_rand_int_range (0, 256);
    value = g_bytes_new (bytes, round % 8 < 4 ? length : kept);
    got = claim_event_decode (codec, value, &error);
    g_assert_true (!got == (error != NULL));
    if (error)
      g_assert_true (error->domain == EVENTS_ERROR);
  }
  g_clear_pointer (&seeds[0], g_bytes_unref);
  g_clear_pointer (&seeds[1], g_bytes_unref);
}

static gpointer
encode_and_decode (gpointer codec)
{
  for (guint i = 0; i < 2000; i++) {
    ClaimEvent event = full_event;
    g_autofree char *topic = g_strdup_printf ("t%u", i % 7);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (ClaimEvent) got = NULL;

    event.sequence = g_random_int_range (1, 1000000);
    bytes = claim_event_encode (codec, topic, &event, NULL);
    got = decode_claim_event (codec, bytes);
    assert_same_claim_event (got, &event);
  }
  return NULL;
}

static void
threads_share_a_codec (void)
{
  g_auto (Registry) registry;
  g_autoptr (EventCodec) codec = NULL;
  GThread *threads[4];

  registry_init (&registry);
  codec = event_codec_new (ask, &registry);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("codec", encode_and_decode, codec);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  /* Two threads may ask for one subject at the same moment; none asks again. */
  g_assert_cmpuint (registry.asked->len, >=, 7);
  g_assert_cmpuint (registry.asked->len, <=, 7 * G_N_ELEMENTS (threads));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/codec/come-back-without-a-registry", come_back_without_a_registry);
  g_test_add_func ("/events/codec/come-back-with-a-registry", come_back_with_a_registry);
  g_test_add_func ("/events/codec/prepared-topics-need-no-registry",
                   prepared_topics_need_no_registry);
  g_test_add_func ("/events/codec/reads-both-framings", reads_both_framings);
  g_test_add_func ("/events/codec/registry-away-means-to-wait", registry_away_means_to_wait);
  g_test_add_func ("/events/codec/unknown-schemas-are-unknown", unknown_schemas_are_unknown);
  g_test_add_func ("/events/codec/refuses-what-is-no-event", refuses_what_is_no_event);
  g_test_add_func ("/events/codec/refuses-to-write-half-an-event", refuses_to_write_half_an_event);
  g_test_add_func ("/events/codec/prose-is-cut-and-mended", prose_is_cut_and_mended);
  g_test_add_func ("/events/codec/reads-writers-of-other-times", reads_writers_of_other_times);
  g_test_add_func ("/events/codec/refuses-writers-of-other-things",
                   refuses_writers_of_other_things);
  g_test_add_func ("/events/codec/survives-random-bytes", survives_random_bytes);
  g_test_add_func ("/events/codec/threads-share-a-codec", threads_share_a_codec);
  return g_test_run ();
}
