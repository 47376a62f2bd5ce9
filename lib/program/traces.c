/* Sends spans, see traces.h. */
#include "program/traces.h"

#include <jansson.h>
#include <string.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/span.h"
#include "http/http.h"

#define QUEUE_MAX    2048
#define BATCH_MAX    256
#define EVERY_MS     1000
#define APART_MS     250 /* so at most 1,024 a second, whatever the work: they must cost little */
#define TIMEOUT_MS   5000
#define LAST_MS      2000
#define PAUSE_MS     1000
#define PAUSE_MAX_MS 30000
#define ANSWER_MAX   65536
#define TRACES_PATH  "/v1/traces"

struct Traces {
  char *program, *instance_id, *url;
  HttpClient *http;
  GThread *thread;
  gint stopping;
};

/* --- OTLP/JSON: ids in hex, 64-bit numbers as text, kinds as numbers ---
 *
 * Written by hand: at full speed there is a span for each record. */

static void
append_text (GString *body, const char *text)
{
  g_string_append_c (body, '"');
  for (const char *c = text; *c; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_c (body, '\\');
    g_string_append_c (body, (guchar)*c < 0x20 ? ' ' : *c);
  }
  g_string_append_c (body, '"');
}

static void
append_attribute (GString *body, const char *key, const char *value)
{
  g_string_append (body, "{\"key\":");
  append_text (body, key);
  g_string_append (body, ",\"value\":{\"stringValue\":");
  append_text (body, value);
  g_string_append (body, "}}");
}

static void
append_span (GString *body, const Span *span)
{
  g_string_append_printf (body, "{\"traceId\":\"%s\",\"spanId\":\"%s\",", span->trace, span->id);
  if (*span->parent)
    g_string_append_printf (body, "\"parentSpanId\":\"%s\",", span->parent);
  g_string_append (body, "\"name\":");
  append_text (body, span->name);
  g_string_append_printf (body,
                          ",\"kind\":%d,\"startTimeUnixNano\":\"%" G_GINT64_FORMAT
                          "000\",\"endTimeUnixNano\":\"%" G_GINT64_FORMAT "000\",\"attributes\":[",
                          (int)span->kind, span->began_us, span->ended_us);
  for (guint i = 0; i < span->attribute_count; i++) {
    if (i > 0)
      g_string_append_c (body, ',');
    append_attribute (body, span->attributes[i].key, span->attributes[i].value);
  }
  g_string_append_c (body, ']');
  if (*span->failure) {
    g_string_append (body, ",\"status\":{\"code\":2,\"message\":");
    append_text (body, span->failure);
    g_string_append_c (body, '}');
  }
  g_string_append_c (body, '}');
}

static GString *
request_of (const Traces *traces, const GPtrArray *spans)
{
  GString *body = g_string_sized_new (256 + 1024 * (gsize)spans->len);

  g_string_append (body, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
  append_attribute (body, "service.name", traces->program);
  g_string_append_c (body, ',');
  append_attribute (body, "service.namespace", "dependents");
  g_string_append_c (body, ',');
  append_attribute (body, "service.instance.id", traces->instance_id);
  g_string_append (body,
                   "]},\"scopeSpans\":[{\"scope\":{\"name\":\"dependents-pipeline\"},\"spans\":[");
  for (guint i = 0; i < spans->len; i++) {
    if (i > 0)
      g_string_append_c (body, ',');
    append_span (body, g_ptr_array_index (spans, i));
  }
  g_string_append (body, "]}]}]}");
  return body;
}

/* How many of the batch the receiver did not take, by its own word. */
static gint64
rejected (const HttpAnswer *answer)
{
  gsize length;
  const char *bytes = g_bytes_get_data (answer->body, &length);
  g_autoptr (json_t) said = json_loadb (bytes, length, 0, NULL);
  const json_t *count = json_object_get (json_object_get (said, "partialSuccess"), "rejectedSpans");

  return json_is_string (count) ? g_ascii_strtoll (json_string_value (count), NULL, 10)
                                : json_integer_value (count);
}

/* FALSE: nothing was taken. */
static gboolean
send_batch (Traces *traces, const GPtrArray *spans, gint64 timeout_ms)
{
  static const char *const headers[] = { "Content-Type: application/json", NULL };
  g_autoptr (GString) body = request_of (traces, spans);
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = NULL;
  const HttpRequest request = { .url = traces->url,
                                .headers = headers,
                                .body = body->str,
                                .body_length = body->len,
                                .connect_timeout_ms = timeout_ms,
                                .timeout_ms = timeout_ms,
                                .max_answer_bytes = ANSWER_MAX };
  gint64 lost = spans->len;

  answer = http_send (traces->http, &request, &error);
  if (answer && answer->status >= 200 && answer->status < 300)
    lost = CLAMP (rejected (answer), 0, (gint64)spans->len);
  metrics_count (METRIC_SPANS_SENT, spans->len - lost, NULL);
  metrics_count (METRIC_SPANS_DROPPED, lost, NULL);
  if (lost > 0) {
    g_autofree char *status = answer ? g_strdup_printf ("%ld", answer->status) : NULL;

    log_limited (LOG_LEVEL_WARNING, "spans", "spans were dropped", "status", status, "error",
                 error ? error->message : NULL, NULL);
  }
  return lost < spans->len;
}

static gpointer
work (gpointer data)
{
  Traces *traces = data;
  Backoff pause;
  gint64 wait_ms = EVERY_MS;

  backoff_init (&pause, PAUSE_MS, PAUSE_MAX_MS);
  while (!g_atomic_int_get (&traces->stopping)) {
    g_autoptr (GPtrArray) spans = spans_wait (BATCH_MAX, wait_ms);

    wait_ms = EVERY_MS;
    if (spans->len == 0)
      continue;
    g_usleep (APART_MS * 1000);
    if (send_batch (traces, spans, g_atomic_int_get (&traces->stopping) ? LAST_MS : TIMEOUT_MS))
      backoff_succeeded (&pause);
    else
      wait_ms = backoff_failed (&pause);
  }
  for (;;) {
    g_autoptr (GPtrArray) spans = spans_wait (BATCH_MAX, 0);

    if (spans->len == 0 || !send_batch (traces, spans, LAST_MS))
      return NULL;
  }
}

/* http://collector:4318 stands for its /v1/traces. */
static char *
url_of (const Settings *settings, GError **error)
{
  g_autofree char *given = http_url_setting (settings, "otlp-url", TRUE, error);
  const char *host = given ? strstr (given, "://") + strlen ("://") : NULL;

  if (!given)
    return NULL;
  return strchr (host, '/') ? g_steal_pointer (&given) : g_strconcat (given, TRACES_PATH, NULL);
}

Traces *
traces_start (const Settings *settings, const char *program, const char *instance_id,
              GError **error)
{
  const HttpClientOptions options = { .verify = TRUE };
  Traces *traces;
  char *url;

  if (!settings_is_set (settings, "otlp-url"))
    return NULL;
  url = url_of (settings, error);
  if (!url)
    return NULL;
  traces = g_new0 (Traces, 1);
  traces->program = g_strdup (program);
  traces->instance_id = g_strdup (instance_id);
  traces->url = url;
  traces->http = http_client_new (&options);
  spans_take (QUEUE_MAX);
  traces->thread = g_thread_new ("traces", work, traces);
  return traces;
}

void
traces_stop (Traces *traces)
{
  if (!traces)
    return;
  g_atomic_int_set (&traces->stopping, TRUE);
  spans_wake ();
  g_thread_join (traces->thread);
  spans_take (0);
  http_client_free (traces->http);
  g_free (traces->program);
  g_free (traces->instance_id);
  g_free (traces->url);
  g_free (traces);
}
