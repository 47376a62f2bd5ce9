/* Counts what has been published, see tally.h. What an event says stands in its CloudEvents type
 * too, so its value is not decoded. */
#include "program/tally.h"

#include <string.h>

#include "base/metrics.h"
#include "program/cloud-event.h"

/* Of a group: "failed" is the only end that is none; what was sent by paper ends from there. */
static void
tally_group (const char *state, const char *from)
{
  if (strcmp (state, "failed") == 0)
    metrics_count (METRIC_GROUPS_SETTLED, 1, "failure", NULL);
  else if (strcmp (state, "success") == 0)
    metrics_count (METRIC_GROUPS_SETTLED, 1,
                   g_strcmp0 (from, "processing") == 0 ? "backup" : "success", NULL);
}

/* "group.success" */
static void
tally_result (const char *type, const char *from)
{
  g_autofree char *words = g_strdelimit (g_strdup (type), ".", ' ');

  metrics_count (METRIC_RESULT_EVENTS, 1, words, NULL);
  if (g_str_has_prefix (type, "group."))
    tally_group (type + strlen ("group."), from);
}

static void
tally_monitoring (const char *kind)
{
  static const struct {
    const char *kind;
    Metric metric;
    const char *outcome;
  } ends[] = {
    { "set-up-success", METRIC_SETUPS, "success" },
    { "set-up-failure", METRIC_SETUPS, "failure" },
    { "silent-failure", METRIC_SILENT_FAILURES, "happened" },
    { "silent-failure-avoided", METRIC_SILENT_FAILURES, "avoided" },
    { "silent-failure-avoided-unconfirmed", METRIC_SILENT_FAILURES, "avoided_unconfirmed" },
  };

  metrics_count (METRIC_MONITORING_EVENTS, 1, kind, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    if (strcmp (ends[i].kind, kind) == 0)
      metrics_count (ends[i].metric, 1, ends[i].outcome, NULL);
}

void
tally_published (const char *topic, const KafkaHeaders *headers)
{
  const char *type = kafka_headers_get (headers, CLOUD_EVENT_TYPE);

  metrics_count (METRIC_OUTBOX_PUBLISHED, 1, topic, NULL);
  if (!type)
    return;
  if (g_str_has_prefix (type, CLOUD_EVENT_MONITORING))
    tally_monitoring (type + strlen (CLOUD_EVENT_MONITORING));
  else if (g_str_has_prefix (type, CLOUD_EVENT_RESULT))
    tally_result (type + strlen (CLOUD_EVENT_RESULT),
                  kafka_headers_get (headers, CLOUD_EVENT_FROM));
}
