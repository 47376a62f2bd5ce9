/* Sample events of every schema, for readers that are not ours; and the other way round.
 *
 *   encode-samples fingerprints                       stem, version, fingerprint, canonical form;
 * one schema a line encode-samples encode FOLDER [REGISTRY]           FOLDER/<stem>.<case>: one
 * value encode-samples decode STEM FILE [REGISTRY]        name=value lines of the value in FILE
 *
 * With the address of a registry in Confluent's framing, without one in single-object encoding.
 * Exit status of a value that cannot be read: 3 malformed, 4 unknown, 5 the registry does not
 * answer. */
#include <stdio.h>

#include "events/child-claim-ready.h"
#include "events/claim-event.h"
#include "events/claim-submitted.h"
#include "events/monitoring-event.h"
#include "events/notification-requested.h"
#include "events/papers-ready.h"
#include "events/schema.h"
#include "program/registry.h"

#define GUID  "7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11"
#define AT_MS G_GINT64_CONSTANT (1795287900123) /* 2026-11-21T19:05:00.123Z */

static int
list_fingerprints (void)
{
  static const char *const stems[] = { "claim-submitted",        "child-claim-ready",
                                       "papers-ready",           "claim-event",
                                       "notification-requested", "monitoring-event" };

  for (guint i = 0; i < G_N_ELEMENTS (stems); i++) {
    const Schema *schema;

    for (guint version = 0; (schema = schema_version (stems[i], version)); version++)
      printf ("%s\t%u\t%016" G_GINT64_MODIFIER "x\t%s\n", stems[i], version,
              schema_fingerprint (schema), schema_canonical (schema));
  }
  return 0;
}

static gboolean
save (const char *folder, const char *name, GBytes *value, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return value && g_file_set_contents (path, g_bytes_get_data (value, NULL),
                                       (gssize)g_bytes_get_size (value), error);
}

static gboolean
encode (EventCodec *codec, const char *folder, GError **error)
{
  ClaimSubmitted submitted = { (char *)GUID, 12, AT_MS };
  ChildClaimReady ready = { (char *)GUID, G_MAXINT64, (char *)"3829671" };
  ClaimEvent full = { (char *)GUID,
                      3,
                      "CLAIM",
                      14,
                      (char *)"pending",
                      (char *)"submitted",
                      (char *)"Grüße, “recorded”",
                      (char *)"form-686c",
                      2,
                      AT_MS };
  ClaimEvent bare = { (char *)GUID,        1, "GROUP", 0, NULL, (char *)"accepted", NULL,
                      (char *)"claim-api", 0, -1 };
  NotificationRequested mail = { (char *)GUID, 12, "IN_PROGRESS", AT_MS };
  MonitoringEvent monitoring = { (char *)"proc-setup", (char *)"retry",
                                 (char *)GUID,         14,
                                 (char *)"tier 15m",   AT_MS };
  PapersReady papers = { (char *)GUID, 12 };
  MonitoringEvent quiet = { (char *)"proc-setup", (char *)"warning", NULL, 0, NULL, AT_MS };
  g_autoptr (GBytes) one = NULL, two = NULL, three = NULL, four = NULL, five = NULL, six = NULL,
                     seven = NULL, eight = NULL;

  return (one = claim_submitted_encode (codec, "t.claims.submitted", &submitted, error)) &&
         save (folder, "claim-submitted.full", one, error) &&
         (two = child_claim_ready_encode (codec, "t.claims.674", &ready, error)) &&
         save (folder, "child-claim-ready.full", two, error) &&
         (three = claim_event_encode (codec, "t.claim-events", &full, error)) &&
         save (folder, "claim-event.full", three, error) &&
         (four = claim_event_encode (codec, "t.claim-events", &bare, error)) &&
         save (folder, "claim-event.bare", four, error) &&
         (five = notification_requested_encode (codec, "t.notifications", &mail, error)) &&
         save (folder, "notification-requested.full", five, error) &&
         (six = monitoring_event_encode (codec, "t.monitoring-events", &monitoring, error)) &&
         save (folder, "monitoring-event.full", six, error) &&
         (seven = monitoring_event_encode (codec, "t.monitoring-events", &quiet, error)) &&
         save (folder, "monitoring-event.bare", seven, error) &&
         (eight = papers_ready_encode (codec, "t.claims.evidence", &papers, error)) &&
         save (folder, "papers-ready.full", eight, error);
}

static void
show_text (const char *name, const char *text)
{
  if (text)
    printf ("%s=%s\n", name, text);
  else
    printf ("%s\n", name);
}

static void
show_number (const char *name, gint64 number)
{
  printf ("%s=%" G_GINT64_FORMAT "\n", name, number);
}

static gboolean
decode (EventCodec *codec, const char *stem, const char *path, GError **error)
{
  g_autofree char *content = NULL;
  gsize length = 0;
  g_autoptr (GBytes) value = NULL;

  if (!g_file_get_contents (path, &content, &length, error))
    return FALSE;
  value = g_bytes_new_take (g_steal_pointer (&content), length);

  if (g_str_equal (stem, "claim-submitted")) {
    g_autoptr (ClaimSubmitted) event = claim_submitted_decode (codec, value, error);

    if (!event)
      return FALSE;
    show_text ("claim_group_id", event->claim_group_id);
    show_number ("parent_claim_id", event->parent_claim_id);
    show_number ("submitted_at", event->submitted_at_ms);
    return TRUE;
  }
  if (g_str_equal (stem, "claim-event")) {
    g_autoptr (ClaimEvent) event = claim_event_decode (codec, value, error);

    if (!event)
      return FALSE;
    show_text ("claim_group_id", event->claim_group_id);
    show_number ("sequence", event->sequence);
    show_text ("subject", event->subject);
    show_number ("claim_id", event->claim_id);
    show_text ("from_state", event->from_state);
    show_text ("to_state", event->to_state);
    show_text ("reason", event->reason);
    show_text ("consumer", event->consumer);
    show_number ("replay", event->replay);
    show_number ("at", event->at_ms);
    return TRUE;
  }
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not among those read here", stem);
  return FALSE;
}

static int
status_of (const GError *error)
{
  if (error->domain != EVENTS_ERROR)
    return 1;
  switch ((EventsError)error->code) {
  case EVENTS_ERROR_MALFORMED:
    return 3;
  case EVENTS_ERROR_UNKNOWN:
    return 4;
  case EVENTS_ERROR_REGISTRY:
    return 5;
  }
  return 1;
}

int
main (int argc, char **argv)
{
  g_autoptr (Registry) registry = NULL;
  g_autoptr (GError) error = NULL;
  EventCodec *codec;
  gboolean done = FALSE;
  int operands;

  if (argc == 2 && g_str_equal (argv[1], "fingerprints"))
    return list_fingerprints ();
  operands = argc > 1 && g_str_equal (argv[1], "decode") ? 2 : 1;
  if (argc < 2 + operands || argc > 3 + operands) {
    fprintf (stderr, "Usage: see the head of encode-samples.c\n");
    return 2;
  }

  registry = registry_new (argc == 3 + operands ? argv[2 + operands] : "");
  codec = registry_codec (registry);
  if (g_str_equal (argv[1], "encode"))
    done = encode (codec, argv[2], &error);
  else if (g_str_equal (argv[1], "decode"))
    done = decode (codec, argv[2], argv[3], &error);
  else
    return 2;
  if (!done) {
    fprintf (stderr, "%s\n", error->message);
    return status_of (error);
  }
  return 0;
}
