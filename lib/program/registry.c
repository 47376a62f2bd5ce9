/* The schema registry over HTTP, see registry.h. */
#include "program/registry.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "http/http.h"

#define SCHEMA_NOT_FOUND 40403

struct Registry {
  char *url;        /* "": there is none */
  HttpClient *http; /* NULL: likewise */
  EventCodec *codec;
};

/* A 404 of a proxy or of a wrong address says nothing about a schema: only the registry's own code
 * does. */
static gboolean
knows_no_schema (GBytes *body)
{
  g_autoptr (json_t) answer =
      json_loadb (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, NULL);

  return json_integer_value (json_object_get (answer, "error_code")) == SCHEMA_NOT_FOUND;
}

/* A RegistryAsk. */
static char *
ask (const char *method, const char *path, const char *body, gpointer data, GError **error)
{
  const Registry *registry = data;
  g_autofree char *url = g_strconcat (registry->url, path, NULL);
  const char *const headers[] = { "Content-Type: application/vnd.schemaregistry.v1+json",
                                  "Accept: application/vnd.schemaregistry.v1+json", NULL };
  HttpRequest request = {
    .method = method,
    .url = url,
    .headers = headers,
    .body = body,
    .body_length = body ? strlen (body) : 0,
    .connect_timeout_ms = 5000,
    .timeout_ms = 10000,
    .max_answer_bytes = 1024 * 1024,
  };
  g_autoptr (GError) problem = NULL;
  g_autoptr (HttpAnswer) answer = http_send (registry->http, &request, &problem);

  if (!answer) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY,
                 "the schema registry does not answer: %s", problem->message);
    return NULL;
  }
  if (answer->status == 404 && knows_no_schema (answer->body)) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "the schema registry does not know %s",
                 path);
    return NULL;
  }
  if (answer->status != 200) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY, "the schema registry answers %ld",
                 answer->status);
    return NULL;
  }
  return g_strndup (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body));
}

Registry *
registry_new (const char *url)
{
  const HttpClientOptions http = { .verify = TRUE };
  Registry *registry = g_new0 (Registry, 1);

  registry->url = g_strdup (url);
  registry->http = *url ? http_client_new (&http) : NULL;
  registry->codec = event_codec_new (registry->http ? ask : NULL, registry);
  return registry;
}

Registry *
registry_open (const Settings *settings, GError **error)
{
  g_autofree char *url = http_url_setting (settings, "schema-registry-url", TRUE, error);

  return url ? registry_new (url) : NULL;
}

void
registry_close (Registry *registry)
{
  if (!registry)
    return;
  event_codec_free (registry->codec);
  http_client_free (registry->http);
  g_free (registry->url);
  g_free (registry);
}

EventCodec *
registry_codec (Registry *registry)
{
  return registry->codec;
}
