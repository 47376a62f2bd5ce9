/* Where the API is, who we are, and one call from request to answer. The one place where a failure
 * of HTTP becomes one of the API, and where the quota is kept. Source: README.md, "What a failure
 * means". */
#include "intake/client.h"

#include <string.h>
#include "base/clock.h"

#define API_PATH      "/services/vba_documents/v1"
#define QUOTA_SECONDS 60 /* the quota is one of a minute, where the answer does not say */

const Setting intake_settings[] = {
  { .name = "intake-url",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Where the Benefits Intake API is: scheme, host and port, without its path.",
    .required = TRUE },
  { .name = "intake-api-key",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Key of the Benefits Intake API.",
    .secret = TRUE,
    .required = TRUE },
  { .name = "intake-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "30000",
    .help = "Longest wait for one answer; a package gets a second more for each million bytes.",
    .min = 1,
    .max = 600000 },
  { .name = "intake-connect-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "10000",
    .help = "Longest wait for a connection to the Benefits Intake API or its storage.",
    .min = 1,
    .max = 600000 },
  { .name = "intake-ca-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Certificates to trust for it (PEM); empty: the system's." },
  { .name = "intake-verify-tls",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether the peer's certificate is checked; no for test hosts only." },
  { .name = "intake-max-connection-age-s",
    .type = SETTING_NUMBER,
    .default_value = "20",
    .help =
        "A connection idle for longer is not used again; keep it below the server's keep-alive.",
    .min = 1,
    .max = 3600 },
  { NULL },
};

struct IntakeClient {
  char *base; /* with the API's path */
  char *key_header;
  gboolean is_https;
  gint64 timeout_ms, connect_timeout_ms;
  HttpClient *http;

  GMutex lock;
  gint64 closed_until_ms; /* monotonic: of the quota */
};

IntakeClient *
intake_client_new (const Settings *settings, GError **error)
{
  g_autoptr (IntakeClient) client = g_new0 (IntakeClient, 1);
  const HttpClientOptions options = http_client_options (settings, "intake");
  g_autofree char *url = http_url_setting (settings, "intake-url", options.verify, error);

  g_mutex_init (&client->lock);
  if (!url)
    return NULL;
  client->is_https = g_str_has_prefix (url, "https://");
  client->base = g_strconcat (url, API_PATH, NULL);
  client->key_header = g_strconcat ("apikey: ", settings_text (settings, "intake-api-key"), NULL);
  client->timeout_ms = settings_number (settings, "intake-timeout-ms");
  client->connect_timeout_ms = settings_number (settings, "intake-connect-timeout-ms");
  client->http = http_client_new (&options);
  return g_steal_pointer (&client);
}

void
intake_client_free (IntakeClient *client)
{
  if (!client)
    return;
  http_client_free (client->http);
  g_mutex_clear (&client->lock);
  g_free (client->base);
  g_free (client->key_header);
  g_free (client);
}

gint64
intake_call_limit_ms (const Settings *settings)
{
  return settings_number (settings, "intake-connect-timeout-ms");
}

gint64
intake_client_timeout_ms (const IntakeClient *client)
{
  return client->timeout_ms;
}

gint64
intake_client_connect_timeout_ms (const IntakeClient *client)
{
  return client->connect_timeout_ms;
}

gboolean
intake_client_trusts (const IntakeClient *client, const char *url)
{
  return !client->is_https || g_str_has_prefix (url, "https://");
}

/* --- The quota --- */

gint64
intake_client_wait_ms (IntakeClient *client)
{
  gint64 left_ms;

  g_mutex_lock (&client->lock);
  left_ms = client->closed_until_ms - clock_monotonic_ms ();
  g_mutex_unlock (&client->lock);
  return MAX (left_ms, 0);
}

/* Seconds in a header; -1: not there, or no number (Retry-After may be a date). */
static gint64
seconds_in (const HttpAnswer *answer, const char *name)
{
  const char *text = http_answer_header (answer, name);
  gint64 seconds = -1;

  return text && parse_int64 (text, 0, INTAKE_MAX_WAIT_MS / 1000, &seconds) ? seconds : -1;
}

static void
note_quota (IntakeClient *client, const HttpAnswer *answer)
{
  gint64 seconds = seconds_in (answer, "ratelimit-reset");

  if (seconds < 0)
    seconds = seconds_in (answer, "retry-after");
  if (seconds < 0)
    seconds = QUOTA_SECONDS;
  g_mutex_lock (&client->lock);
  client->closed_until_ms = clock_monotonic_ms () + MAX (seconds, 1) * 1000;
  g_mutex_unlock (&client->lock);
}

/* --- Calls --- */

/* What was not sent has not happened; of anything else nobody knows. */
static HttpAnswer *
send_request (IntakeClient *client, const HttpRequest *request, const char *what, GError **error)
{
  GError *cause = NULL;
  HttpAnswer *answer = http_send (client->http, request, &cause);
  int code = INTAKE_ERROR_UNKNOWN;

  if (answer)
    return answer;
  if (g_error_matches (cause, HTTP_ERROR, HTTP_ERROR_OWN))
    code = INTAKE_ERROR_OWN;
  else if (g_error_matches (cause, HTTP_ERROR, HTTP_ERROR_NOT_SENT))
    code = INTAKE_ERROR_NOT_SENT;
  g_set_error (error, INTAKE_ERROR, code, "%s: %s", what, cause->message);
  g_error_free (cause);
  return NULL;
}

HttpAnswer *
intake_call (IntakeClient *client, IntakeCall call, const char *path, const char *body,
             GError **error)
{
  g_autofree char *url = g_strconcat (client->base, path, NULL);
  g_autoptr (HttpAnswer) answer = NULL;
  g_autoptr (GError) judgement = NULL;
  gint64 wait_ms = intake_client_wait_ms (client);
  HttpRequest request = {
    .url = url,
    .headers = (const char *[]){ client->key_header, "Accept: application/json",
                                 body ? "Content-Type: application/json" : NULL, NULL },
    .body = body,
    .body_length = body ? strlen (body) : 0,
    .connect_timeout_ms = client->connect_timeout_ms,
    .timeout_ms = client->timeout_ms,
    .peer = "intake",
    .operation = intake_call_name (call),
    .once = call == INTAKE_CALL_CREATE,
  };

  if (wait_ms > 0) {
    g_set_error (error, INTAKE_ERROR, INTAKE_ERROR_QUOTA,
                 "not sent: the quota is used up for another %" G_GINT64_FORMAT " ms", wait_ms);
    return NULL;
  }
  answer = send_request (client, &request, path, error);
  if (!answer)
    return NULL;
  if (intake_judge (call, answer->status, answer->body, &judgement))
    return g_steal_pointer (&answer);
  if (g_error_matches (judgement, INTAKE_ERROR, INTAKE_ERROR_QUOTA))
    note_quota (client, answer);
  g_propagate_error (error, g_steal_pointer (&judgement));
  return NULL;
}

HttpAnswer *
intake_put (IntakeClient *client, const HttpRequest *request, GError **error)
{
  g_autoptr (HttpAnswer) answer = send_request (client, request, "put", error);

  if (!answer || !intake_judge (INTAKE_CALL_PUT, answer->status, answer->body, error))
    return NULL;
  return g_steal_pointer (&answer);
}
