/* claim-api as pipelinectl meets it; see claim-api-client.h. */
#include "claim-api-client.h"

#include <string.h>

#include "base/text.h"
#include "http/http.h"

#define PATH       "/dependents_benefits/v0/claims"
#define TIMEOUT_MS 30000
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
claim_api_client_new (const Settings *settings)
{
  const HttpClientOptions options = { .ca_file = settings_text (settings, "claim-api-ca-file"),
                                      .verify = TRUE };
  ClaimApiClient *client = g_new0 (ClaimApiClient, 1);

  client->http = http_client_new (&options);
  client->url = g_strconcat (settings_text (settings, "claim-api-url"), PATH, NULL);
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
static json_t *
ask (ClaimApiClient *client, const HttpRequest *request, long *ret_status, GError **error)
{
  for (guint tries = 1;; tries++) {
    g_autoptr (GError) problem = NULL;
    g_autoptr (HttpAnswer) answer = http_send (client->http, request, &problem);

    if (tries == TRIES || !may_come_right (answer, problem)) {
      if (answer)
        return read_answer (answer, ret_status);
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
    g_usleep (PAUSE_US);
  }
}

json_t *
claim_api_submit (ClaimApiClient *client, const json_t *body, long *ret_status, GError **error)
{
  g_autofree char *uuid = text_new_uuid ();
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", uuid, NULL);
  const char *const headers[] = { client->authorization, key, "Content-Type: application/json",
                                  NULL };
  char *text = json_dumps (body, JSON_COMPACT);
  const HttpRequest request = { .method = "POST",
                                .url = client->url,
                                .headers = headers,
                                .body = text,
                                .body_length = strlen (text),
                                .timeout_ms = TIMEOUT_MS };
  json_t *answer = ask (client, &request, ret_status, error);

  free (text);
  return answer;
}

json_t *
claim_api_status (ClaimApiClient *client, const char *guid, long *ret_status, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (guid, NULL, FALSE);
  g_autofree char *url = g_strconcat (client->url, "/", escaped, "/status", NULL);
  const char *const headers[] = { client->authorization, NULL };
  const HttpRequest request = { .url = url, .headers = headers, .timeout_ms = TIMEOUT_MS };

  return ask (client, &request, ret_status, error);
}
