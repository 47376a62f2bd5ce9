/* claim-api: takes a claim in, answers at once, and tells how far it has come.
 *
 *   POST /dependents_benefits/v0/claims                  stores a claim group and enqueues it
 *   GET  /dependents_benefits/v0/claims/GUID/status      its states
 *
 *   emits    claims.submitted (keyed by Veteran), claim-events, notifications: through the outbox
 *   waits    for one commit, and for nothing else: BGS is never called here
 *
 * Everything is checked before anything is stored; then all of it is stored in one transaction. The
 * contract is schemas/openapi.yaml. Source: design sections 1 and 4, claim document reference
 * sections 5 to 9. */
#include <string.h>

#include "answers.h"
#include "base/log.h"
#include "base/metrics.h"
#include "body.h"
#include "claims/claim-group.h"
#include "status.h"
#include "http/server.h"
#include "kafka/client.h"
#include "program/program.h"
#include "store.h"
#include "submission.h"
#include "tokens.h"

#define CLAIMS_PATH         "/dependents_benefits/v0/claims"
#define STATUS_SUFFIX       "/status"
#define RETRY_AFTER_S       "5"
#define IDEMPOTENCY_KEY_MAX 255

typedef struct {
  Program *program;
  const Settings *settings;
  Tokens *tokens;
  BodyBounds bounds;
  gsize max_claim_bytes;
  gboolean is_strict;
} ClaimApi;

static HttpReply *route (ClaimApi *api, const HttpServerRequest *request);
static HttpReply *take_claim (ClaimApi *api, const HttpServerRequest *request);
static HttpReply *tell_status (ClaimApi *api, const HttpServerRequest *request);

/* --- The story --- */

static const char *
header (const HttpServerRequest *request, const char *name)
{
  return g_hash_table_lookup (request->headers, name);
}

static gboolean
wants_camel (const HttpServerRequest *request)
{
  const char *inflection = header (request, "x-key-inflection");

  return inflection && g_ascii_strcasecmp (inflection, "camel") == 0;
}

static gboolean
is_json (const HttpServerRequest *request)
{
  const char *type = header (request, "content-type");
  g_auto (GStrv) parts = g_strsplit (type ? type : "", ";", 2);
  const char *media = parts[0] ? g_strstrip (parts[0]) : "";

  return g_ascii_strcasecmp (media, "application/json") == 0 ||
         g_ascii_strcasecmp (media, "application/vnd.api+json") == 0;
}

static gboolean
is_usable_key (const char *key)
{
  gsize length = strlen (key);

  if (length < 1 || length > IDEMPOTENCY_KEY_MAX)
    return FALSE;
  for (const char *c = key; *c; c++)
    if (!g_ascii_isgraph (*c) && *c != ' ')
      return FALSE;
  return TRUE;
}

/* W3C Trace Context, version 00; anything else starts a new trace. */
static gboolean
is_traceparent (const char *text)
{
  static const char shape[] = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";

  if (!text || strlen (text) != strlen (shape))
    return FALSE;
  for (gsize i = 0; shape[i]; i++)
    if (shape[i] == 'h' ? !(g_ascii_isdigit (text[i]) || (text[i] >= 'a' && text[i] <= 'f'))
                        : text[i] != shape[i])
      return FALSE;
  return TRUE;
}

static HttpReply *
answer_away (const char *detail)
{
  HttpReply *reply = answer_error (503, "Service unavailable", detail);

  http_reply_header (reply, "Retry-After", RETRY_AFTER_S);
  return reply;
}

static HttpReply *
answer_store_error (const GError *error, gboolean has_key)
{
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_OTHER_BODY))
    return answer_error (409, "Conflict",
                         "The Idempotency-Key was used before for another request.");
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_AWAY)) {
    log_limited (LOG_LEVEL_WARNING, "store", "no claim can be stored", "error", error->message,
                 NULL);
    return answer_away ("The claim was not stored, for the database does not answer. Try again.");
  }
  log_failure ("a claim was not stored", "error", error->message, NULL);
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_UNKNOWN))
    return answer_away (has_key
                            ? "The database did not say whether the claim was stored. Try again "
                              "with the same Idempotency-Key."
                            : "The database did not say whether the claim was stored.");
  return answer_error (500, "Internal error", "The claim was not stored.");
}

static HttpReply *
take_claim (ClaimApi *api, const HttpServerRequest *request)
{
  gboolean is_camel = wants_camel (request);
  const char *key = header (request, "idempotency-key");
  const char *traceparent = header (request, "traceparent");
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) body = NULL;
  g_autoptr (Submission) submission = NULL;
  g_autofree char *answer = NULL;
  StoreRequest store;

  if (!is_json (request))
    return answer_error (415, "Unsupported media type", "Content-Type must be application/json.");
  if (key && !is_usable_key (key))
    return answer_error (400, "Bad request",
                         "Idempotency-Key must have 1 to 255 printable ASCII characters.");

  body = body_parse (request->body, &api->bounds, is_camel, &error);
  if (!body)
    return answer_error (400, "Bad request", error->message);
  if (submission_claim_bytes (body) > api->max_claim_bytes)
    return answer_error (413, "Content too large", "The claim is larger than max-claim-bytes.");

  submission = submission_read (body, api->is_strict);
  if (submission->refusals->len > 0)
    return answer_refusals (submission->refusals, is_camel);

  store = (StoreRequest){ .submission = submission,
                          .idempotency_key = key,
                          .traceparent = is_traceparent (traceparent) ? traceparent : NULL,
                          .body = key ? body : NULL };
  answer = store_submission (api->program, &store, &error);
  if (!answer)
    return answer_store_error (error, key != NULL);
  return answer_text (200, answer, is_camel);
}

/* The guid in CLAIMS_PATH/GUID/status; NULL when the path is another. */
static char *
guid_in (const char *path)
{
  const char *guid = path + strlen (CLAIMS_PATH "/");
  const char *end;

  if (!g_str_has_prefix (path, CLAIMS_PATH "/") || !g_str_has_suffix (path, STATUS_SUFFIX))
    return NULL;
  end = path + strlen (path) - strlen (STATUS_SUFFIX);
  if (end <= guid || memchr (guid, '/', (gsize)(end - guid)))
    return NULL;
  return g_strndup (guid, (gsize)(end - guid));
}

static HttpReply *
tell_status (ClaimApi *api, const HttpServerRequest *request)
{
  g_autofree char *given = guid_in (request->path);
  g_autofree char *guid = g_ascii_strdown (given, -1);
  g_autoptr (GError) error = NULL;
  g_autofree char *report = NULL;
  g_autoptr (json_t) document = NULL;
  Db *db = db_pool_take (program_pool (api->program), &error);

  if (db)
    report = status_report (db, guid, &error);
  db_pool_give (program_pool (api->program), db);
  if (g_error_matches (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND))
    return answer_error (404, "Not found", "No claim group has this number.");
  if (!report) {
    log_limited (LOG_LEVEL_WARNING, "status", "a status cannot be read", "error", error->message,
                 NULL);
    return answer_away ("The status cannot be read, for the database does not answer. Try again.");
  }
  document = json_pack ("{s{ss ss so}}", "data", "id", guid, "type", "claim_groups", "attributes",
                        json_loads (report, 0, NULL));
  return answer_document (200, document, wants_camel (request));
}

/* --- Who may come in, and where to --- */

static HttpReply *
refuse_method (const char *allowed)
{
  HttpReply *reply = answer_error (405, "Method not allowed", "This path takes another method.");

  http_reply_header (reply, "Allow", allowed);
  return reply;
}

static HttpReply *
refuse_stranger (void)
{
  HttpReply *reply = answer_error (401, "Not authorized", "A valid bearer token is needed.");

  http_reply_header (reply, "WWW-Authenticate", "Bearer realm=\"claims\"");
  return reply;
}

static HttpReply *
route (ClaimApi *api, const HttpServerRequest *request)
{
  gboolean is_claims = strcmp (request->path, CLAIMS_PATH) == 0;
  g_autofree char *guid = guid_in (request->path);

  if (!is_claims && !guid)
    return answer_error (404, "Not found", "There is nothing at this path.");
  if (is_claims && strcmp (request->method, "POST") != 0)
    return refuse_method ("POST");
  if (guid && strcmp (request->method, "GET") != 0)
    return refuse_method ("GET");
  if (!tokens_allow (api->tokens, header (request, "authorization")))
    return refuse_stranger ();
  return is_claims ? take_claim (api, request) : tell_status (api, request);
}

static HttpReply *
answer_request (const HttpServerRequest *request, gpointer data)
{
  gint64 began = g_get_monotonic_time ();
  HttpReply *reply = route (data, request);
  gint64 elapsed_ms = (g_get_monotonic_time () - began) / 1000;
  g_autofree char *status = g_strdup_printf ("%d", reply->status);
  /* Methods are anybody's text; only ours become label values. */
  const char *method = strcmp (request->method, "POST") == 0  ? "POST"
                       : strcmp (request->method, "GET") == 0 ? "GET"
                                                              : "other";

  metrics_count ("claim_api_requests_total", 1, "method", method, "status", status, NULL);
  metrics_observe_ms ("claim_api_request_seconds", elapsed_ms, "method", method, NULL);
  log_debug ("answered", "method", method, "status", status, NULL);
  return reply;
}

/* --- Settings and main --- */

static const Setting settings_rows[] = {
  { "bind-address", SETTING_TEXT, "127.0.0.1", "Address to listen on." },
  { "port", SETTING_NUMBER, "0", "Port to listen on; 0 takes a free one, told in the log.", NULL, 0,
    65535 },
  { "token-file", SETTING_FILE, "",
    "File with the bearer tokens, one a line, # begins a comment; read again when it changes.",
    .required = TRUE },
  { "certificate-file", SETTING_FILE, "",
    "Certificate chain in PEM; with key-file, HTTPS instead of HTTP." },
  { "key-file", SETTING_FILE, "", "Private key of certificate-file, in PEM." },
  { "claim-strictness", SETTING_CHOICE, "lenient",
    "What refuses a claim: the rules enforced today (lenient; strict findings are warnings), or "
    "all.",
    "lenient|strict" },
  { "request-deadline-ms", SETTING_NUMBER, "10000",
    "Longest time from a request's first byte to its last; over it the connection is cut off.",
    NULL, 100, 600000 },
  { "max-body-bytes", SETTING_NUMBER, "16777216",
    "Largest request, attachments included; over it 413.", NULL, 1024, 134217728 },
  { "max-claim-bytes", SETTING_NUMBER, "1048576",
    "Largest claim, attachments left out; over it 413.", NULL, 1024, 16777216 },
  { "max-json-depth", SETTING_NUMBER, "32", "Deepest nesting of a request's JSON; over it 400.",
    NULL, 4, 1000 },
  { "max-array-length", SETTING_NUMBER, "100",
    "Most elements of an array in a request's JSON; over it 400.", NULL, 1, 100000 },
  { "max-connections", SETTING_NUMBER, "256", "Most connections at a time.", NULL, 1, 100000 },
  { "max-connections-per-address", SETTING_NUMBER, "64",
    "Most connections at a time from one address; 0 for no limit.", NULL, 0, 100000 },
  { NULL },
};

static const Setting *const tables[] = { settings_rows, program_settings, kafka_settings,
                                         seal_settings, db_settings,      NULL };

static gboolean
read_pem (const Settings *settings, const char *name, char **ret_pem, GError **error)
{
  return !settings_is_set (settings, name) ||
         g_file_get_contents (settings_text (settings, name), ret_pem, NULL, error);
}

static HttpServer *
open_door (ClaimApi *api, GError **error)
{
  const Settings *settings = api->settings;
  g_autofree char *certificate = NULL, *key = NULL;
  HttpServerOptions options = {
    .address = settings_text (settings, "bind-address"),
    .port = (guint16)settings_number (settings, "port"),
    .max_body_bytes = (gsize)settings_number (settings, "max-body-bytes"),
    .max_connections = (guint)settings_number (settings, "max-connections"),
    .max_connections_per_address = (guint)settings_number (settings, "max-connections-per-address"),
    .request_deadline_ms = settings_number (settings, "request-deadline-ms"),
  };

  if (settings_is_set (settings, "certificate-file") != settings_is_set (settings, "key-file")) {
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                         "certificate-file and key-file belong together: set both or neither");
    return NULL;
  }
  if (!read_pem (settings, "certificate-file", &certificate, error) ||
      !read_pem (settings, "key-file", &key, error))
    return NULL;
  options.certificate_pem = certificate;
  options.key_pem = key;
  return http_server_start (&options, answer_request, api, error);
}

static gboolean
serve (ClaimApi *api, GError **error)
{
  g_autoptr (HttpServer) server = open_door (api, error);
  g_autofree char *url = NULL;
  const char *scheme = settings_is_set (api->settings, "certificate-file") ? "https" : "http";
  const char *address = settings_text (api->settings, "bind-address");

  if (!server)
    return FALSE;
  url = g_strdup_printf (strchr (address, ':') ? "%s://[%s]:%u" : "%s://%s:%u", scheme, address,
                         http_server_port (server));
  program_announce (api->program, url);
  while (!program_wait_for_stop (api->program, 60000))
    continue;
  program_set_ready (api->program, FALSE);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (Settings) settings = settings_parse_or_exit (
      "claim-api", "", "Takes claims in over HTTP and tells their states.", tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  ClaimApi api = {
    .settings = settings,
    .bounds = { .max_depth = (guint)settings_number (settings, "max-json-depth"),
                .max_array_length = (guint)settings_number (settings, "max-array-length") },
    .max_claim_bytes = (gsize)settings_number (settings, "max-claim-bytes"),
    .is_strict = strcmp (settings_text (settings, "claim-strictness"), "strict") == 0,
  };
  gboolean is_setting;

  metrics_describe ("claim_api_requests_total", "Requests answered, by method and status.");
  metrics_describe ("claim_api_request_seconds", "Time from a request's last byte to its answer.");

  api.tokens = tokens_new (settings_text (settings, "token-file"), &error);
  if (api.tokens)
    api.program = program_start ("claim-api", settings, &error);
  if (api.program)
    (void)serve (&api, &error); /* error tells */
  program_stop (api.program);
  tokens_free (api.tokens);
  if (!error)
    return 0;

  log_failure ("claim-api cannot go on", "error", error->message, NULL);
  is_setting = error->domain == SETTINGS_ERROR || error->domain == G_FILE_ERROR;
  return is_setting ? 2 : 1;
}
