/* claim-api as pipelinectl meets it; see claim-api-client.h. */
#include "claim-api-client.h"

#include <string.h>

#include "base/text.h"
#include "http/http.h"

#define PATH       "/dependents_benefits/v0/claims"
#define TIMEOUT_MS 30000
#define FILE_MS    30000 /* claim-api looks at each for so long at most */
#define BYTES_A_MS 1000
#define TRIES      6
#define PAUSE_US   500000

const Setting claim_api_client_settings[] = {
  { "claim-api-url", SETTING_TEXT, "http://127.0.0.1:8080", "Where claim-api listens." },
  { "claim-api-token", SETTING_TEXT, "", "One of its bearer tokens.", .secret = TRUE,
    .required = TRUE },
  { "claim-api-ca-file", SETTING_FILE, "",
    "Authorities in PEM that its certificate is checked against; empty: the system's." },
  { NULL },
};

struct ClaimApiClient {
  HttpClient *http;
  char *url;
  char *authorization;
};

ClaimApiClient *
claim_api_client_new (const Settings *settings, GError **error)
{
  const HttpClientOptions options = { .ca_file = settings_text (settings, "claim-api-ca-file"),
                                      .verify = TRUE };
  g_autofree char *url = http_url_setting (settings, "claim-api-url", TRUE, error);
  ClaimApiClient *client;

  if (!url)
    return NULL;
  client = g_new0 (ClaimApiClient, 1);
  client->http = http_client_new (&options);
  client->url = g_strconcat (url, PATH, NULL);
  client->authorization =
      g_strconcat ("Authorization: Bearer ", settings_text (settings, "claim-api-token"), NULL);
  return client;
}

void
claim_api_client_free (ClaimApiClient *client)
{
  if (!client)
    return;
  http_client_free (client->http);
  g_free (client->url);
  g_free (client->authorization);
  g_free (client);
}

static json_t *
read_answer (const HttpAnswer *answer, long *ret_status)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  json_t *document = json_loadb (text, length, 0, NULL);

  *ret_status = answer->status;
  return document ? document : json_object (); /* a proxy's page: the status tells enough */
}

static gboolean
may_come_right (const HttpAnswer *answer, const GError *error)
{
  return answer ? answer->status == 503 : error->domain == HTTP_ERROR;
}

/* Safe to repeat: a submission carries its idempotency key, and a status only reads. */
static HttpAnswer *
ask (ClaimApiClient *client, const HttpRequest *request, GError **error)
{
  for (guint tries = 1;; tries++) {
    g_autoptr (GError) problem = NULL;
    g_autoptr (HttpAnswer) answer = NULL;

    if (request->read_body)
      upload_body_rewind (request->read_body_data);
    answer = http_send (client->http, request, &problem);
    if (tries == TRIES || !may_come_right (answer, problem)) {
      if (problem)
        g_propagate_error (error, g_steal_pointer (&problem));
      return g_steal_pointer (&answer);
    }
    g_usleep (PAUSE_US);
  }
}

json_t *
claim_api_submit (ClaimApiClient *client, const json_t *body, const AttachedFiles *files,
                  long *ret_status, gboolean *ret_is_repeat, GError **error)
{
  g_autofree char *uuid = text_new_uuid ();
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", uuid, NULL);
  char *text = json_dumps (body, JSON_COMPACT);
  g_autoptr (UploadBody) upload = files ? upload_body_new (text, files) : NULL;
  g_autofree char *type = g_strconcat (
      "Content-Type: ", upload ? upload_body_content_type (upload) : "application/json", NULL);
  const char *const headers[] = { client->authorization, key, type, NULL };
  HttpRequest request = { .method = "POST",
                          .url = client->url,
                          .headers = headers,
                          .body = text,
                          .body_length = strlen (text),
                          .timeout_ms = TIMEOUT_MS };
  g_autoptr (HttpAnswer) answer = NULL;

  if (upload) {
    request.body = NULL;
    request.read_body = upload_body_read;
    request.read_body_data = upload;
    request.body_length = upload_body_length (upload);
    request.timeout_ms +=
        (gint64)attached_files_count (files) * FILE_MS + (gint64)request.body_length / BYTES_A_MS;
  }
  answer = ask (client, &request, error);
  free (text);
  if (!answer)
    return NULL;
  *ret_is_repeat = g_strcmp0 (http_answer_header (answer, "repeated"), "true") == 0;
  return read_answer (answer, ret_status);
}

json_t *
claim_api_status (ClaimApiClient *client, const char *guid, long *ret_status, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (guid, NULL, FALSE);
  g_autofree char *url = g_strconcat (client->url, "/", escaped, "/status", NULL);
  const char *const headers[] = { client->authorization, NULL };
  const HttpRequest request = { .url = url, .headers = headers, .timeout_ms = TIMEOUT_MS };
  g_autoptr (HttpAnswer) answer = ask (client, &request, error);

  return answer ? read_answer (answer, ret_status) : NULL;
}
