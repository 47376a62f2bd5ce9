/* claim-api: takes a claim in, answers at once, and tells how far it has come.
 *
 *   POST /dependents_benefits/v0/claims                  stores a claim group and enqueues it
 *   GET  /dependents_benefits/v0/claims/GUID/status      its states
 *
 *   emits    claims.submitted (keyed by Veteran), claim-events, notifications: through the outbox
 *   waits    for one commit, and for nothing else: BGS is never called here
 *
 * Who asks, for what and how much is judged when the headers are in (lib/http/README.md);
 * everything is checked before anything is stored; then all of it is stored in one transaction, by
 * an errand that a caller waits for until request-deadline-ms and no longer. The contract is
 * schemas/openapi.yaml. What a claim is: lib/claims/README.md. */
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/log.h"
#include "base/metrics.h"
#include "body.h"
#include "claims/claim-group.h"
#include "errand.h"
#include "status.h"
#include "http/server.h"
#include "kafka/client.h"
#include "program/program.h"
#include "store.h"
#include "received.h"
#include "tokens.h"

#define CLAIMS_PATH         "/dependents_benefits/v0/claims"
#define STATUS_SUFFIX       "/status"
#define RETRY_AFTER_S       "5"
#define IDEMPOTENCY_KEY_MAX 255
/* After a claim that could not be stored /readyz says so for this long, or until one could. */
#define TROUBLE_US          (10 * G_USEC_PER_SEC)
#define PROBE_US            (2 * G_USEC_PER_SEC)
/* What is left of request-deadline-ms for the answer itself. */
#define ANSWER_SHARE        20
#define LEAVE_MS            5000
/* A body is a mapping of its own, given back whole; the C library would raise this by itself. */
#define MAPPED_BYTES        131072

typedef struct {
  Program *program;
  const Settings *settings;
  Tokens *tokens;
  BodyBounds bounds;
  gsize max_claim_bytes;
  gint64 same_claim_window_ms;
  gboolean is_strict;
  gint64 patience_us; /* for the database, of one request */
  Errands *errands;
  GMutex lock;
  gint64 trouble_until_us; /* monotonic; 0: the last claim could be stored. Guarded by lock */
} ClaimApi;

static HttpReply *take_claim (ClaimApi *api, const HttpServerRequest *request, gint64 until_us);
static HttpReply *tell_status (ClaimApi *api, const HttpServerRequest *request, gint64 until_us);

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

/* Whether claims can be stored, as far as the last one tells: /readyz asks. */
static void
note_database (ClaimApi *api, gboolean answers)
{
  g_mutex_lock (&api->lock);
  api->trouble_until_us = answers ? 0 : g_get_monotonic_time () + TROUBLE_US;
  g_mutex_unlock (&api->lock);
}

static HttpReply *
answer_not_stored (ClaimApi *api, const char *why)
{
  note_database (api, FALSE);
  log_limited (LOG_LEVEL_WARNING, "store", "no claim can be stored", "error", why, NULL);
  return answer_away ("The claim was not stored, for the database does not answer. Try again.");
}

static HttpReply *
answer_unknown (ClaimApi *api, const char *why, gboolean has_key)
{
  note_database (api, FALSE);
  log_failure ("whether a claim was stored is not known", "error", why, NULL);
  return answer_away (has_key ? "The database did not say whether the claim was stored. Try again "
                                "with the same Idempotency-Key."
                              : "The database did not say whether the claim was stored.");
}

static HttpReply *
answer_store_error (ClaimApi *api, const GError *error, gboolean has_key)
{
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_OTHER_BODY))
    return answer_error (409, "Conflict",
                         "The Idempotency-Key was used before for another request.");
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_AWAY))
    return answer_not_stored (api, error->message);
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_UNKNOWN))
    return answer_unknown (api, error->message, has_key);
  log_failure ("a claim was not stored", "error", error->message, NULL);
  return answer_error (500, "Internal error", "The claim was not stored.");
}

/* A claim on its way into the database. It owns what it needs, for its caller may be gone. */
typedef struct {
  ClaimApi *api;
  Received *submission;
  json_t *body; /* NULL when nothing is known again by it */
  char *key, *traceparent, *caller;
  gint64 until_us;
  char *answer;
  gboolean is_repeat;
  GError *error;
} Storage;

static void
storage_free (gpointer data)
{
  Storage *storage = data;

  if (!storage)
    return;
  received_free (storage->submission);
  json_decref (storage->body);
  g_free (storage->key);
  g_free (storage->traceparent);
  g_free (storage->caller);
  g_free (storage->answer);
  g_clear_error (&storage->error);
  g_free (storage);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Storage, storage_free)

static void
store_claim (Errand *errand, gpointer data)
{
  Storage *storage = data;
  StoreRequest request = { .submission = storage->submission,
                           .idempotency_key = storage->key,
                           .traceparent = storage->traceparent,
                           .body = storage->body,
                           .same_claim_window_ms = storage->api->same_claim_window_ms,
                           .submitted_by = storage->caller,
                           .errand = errand,
                           .until_us = storage->until_us };

  storage->answer =
      store_submission (storage->api->program, &request, &storage->is_repeat, &storage->error);
}

/* Takes the storage. */
static HttpReply *
answer_stored (ClaimApi *api, Storage *storage, gboolean is_camel)
{
  gboolean has_key = storage->key != NULL;
  g_autoptr (Storage) owned = NULL;
  HttpReply *reply;

  switch (errands_run (api->errands, store_claim, storage, storage_free, storage->until_us)) {
  case ERRAND_NOT_BEGUN:
    return answer_not_stored (api, "no connection to it was free in time");
  case ERRAND_LEFT:
    return answer_unknown (api, "the database did not answer in time", has_key);
  case ERRAND_DONE:
    break;
  }
  owned = storage;
  if (!storage->answer)
    return answer_store_error (api, storage->error, has_key);
  note_database (api, TRUE);
  reply = answer_text (200, storage->answer, is_camel);
  if (storage->is_repeat)
    http_reply_header (reply, "Repeated", "true");
  return reply;
}

static HttpReply *
take_claim (ClaimApi *api, const HttpServerRequest *request, gint64 until_us)
{
  gboolean is_camel = wants_camel (request);
  const char *key = header (request, "idempotency-key");
  const char *traceparent = header (request, "traceparent");
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) body = NULL;
  g_autoptr (Received) submission = NULL;
  Storage *storage;

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

  submission = received_read (body, api->is_strict);
  if (submission->refusals->len > 0)
    return answer_refusals (submission->refusals, is_camel);

  storage = g_new0 (Storage, 1);
  *storage =
      (Storage){ .api = api,
                 .submission = g_steal_pointer (&submission),
                 .body = key || api->same_claim_window_ms > 0 ? g_steal_pointer (&body) : NULL,
                 .key = g_strdup (key),
                 .traceparent = is_traceparent (traceparent) ? g_strdup (traceparent) : NULL,
                 .caller = g_strdup (request->caller),
                 .until_us = until_us };
  return answer_stored (api, storage, is_camel);
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

typedef struct {
  ClaimApi *api;
  char *guid, *report;
  GError *error;
} Inquiry;

static void
inquiry_free (gpointer data)
{
  Inquiry *inquiry = data;

  if (!inquiry)
    return;
  g_free (inquiry->guid);
  g_free (inquiry->report);
  g_clear_error (&inquiry->error);
  g_free (inquiry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inquiry, inquiry_free)

static void
inquire (Errand *errand, gpointer data)
{
  Inquiry *inquiry = data;
  Db *db = db_pool_take (program_pool (inquiry->api->program), &inquiry->error);

  if (db && errand_may_begin (errand))
    inquiry->report = status_report (db, inquiry->guid, &inquiry->error);
  db_pool_give (program_pool (inquiry->api->program), db);
}

static HttpReply *
tell_status (ClaimApi *api, const HttpServerRequest *request, gint64 until_us)
{
  g_autofree char *given = guid_in (request->path);
  g_autofree char *guid = g_ascii_strdown (given, -1);
  g_autoptr (json_t) document = NULL;
  g_autoptr (Inquiry) inquiry = NULL;
  Inquiry *errand = g_new0 (Inquiry, 1);

  errand->api = api;
  errand->guid = g_strdup (guid);
  if (errands_run (api->errands, inquire, errand, inquiry_free, until_us) == ERRAND_DONE)
    inquiry = errand;
  if (inquiry && g_error_matches (inquiry->error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND))
    return answer_error (404, "Not found", "No claim group has this number.");
  if (!inquiry || !inquiry->report) {
    note_database (api, FALSE);
    log_limited (LOG_LEVEL_WARNING, "status", "a status cannot be read", "error",
                 inquiry ? inquiry->error->message : "the database did not answer in time", NULL);
    return answer_away ("The status cannot be read, for the database does not answer. Try again.");
  }
  document = json_pack ("{s{ss ss so}}", "data", "id", guid, "type", "claim_groups", "attributes",
                        json_loads (inquiry->report, 0, NULL));
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

/* Methods are anybody's text; only ours become label values. */
static const char *
method_label (const HttpServerRequest *request)
{
  return strcmp (request->method, "POST") == 0  ? "POST"
         : strcmp (request->method, "GET") == 0 ? "GET"
                                                : "other";
}

static void
count_answer (const HttpServerRequest *request, const HttpReply *reply)
{
  g_autofree char *status = g_strdup_printf ("%d", reply->status);

  metrics_count ("claim_api_requests_total", 1, "method", method_label (request), "status", status,
                 NULL);
  log_debug ("answered", "method", method_label (request), "status", status, "caller",
             request->caller, NULL);
}

/* Token, route, method: judged when the headers are in. A stranger is not told what is where. */
static HttpReply *
judge (ClaimApi *api, HttpServerRequest *request)
{
  gboolean is_claims = strcmp (request->path, CLAIMS_PATH) == 0;
  g_autofree char *guid = guid_in (request->path);

  request->caller = tokens_name_caller (api->tokens, header (request, "authorization"));
  if (!request->caller) {
    const char *reason = header (request, "authorization") ? "unknown token" : "no token";

    metrics_count ("claim_api_strangers_total", 1, "reason", reason, NULL);
    log_limited (LOG_LEVEL_WARNING, "stranger", "somebody without a valid token was refused",
                 "peer", request->peer, "reason", reason, NULL);
    return refuse_stranger ();
  }
  if (!is_claims && !guid)
    return answer_error (404, "Not found", "There is nothing at this path.");
  if (strcmp (request->method, is_claims ? "POST" : "GET") != 0)
    return refuse_method (is_claims ? "POST" : "GET");
  return NULL;
}

static HttpReply *
judge_request (HttpServerRequest *request, gpointer data)
{
  HttpReply *reply = judge (data, request);

  if (reply)
    count_answer (request, reply);
  return reply;
}

static HttpReply *
answer_request (const HttpServerRequest *request, gpointer data)
{
  ClaimApi *api = data;
  gint64 began = g_get_monotonic_time ();
  gboolean is_claims = strcmp (request->path, CLAIMS_PATH) == 0;
  HttpReply *reply = is_claims ? take_claim (api, request, began + api->patience_us)
                               : tell_status (api, request, began + api->patience_us);

  metrics_observe_ms ("claim_api_request_seconds", (g_get_monotonic_time () - began) / 1000,
                      "method", method_label (request), NULL);
  count_answer (request, reply);
  return reply;
}

/* What the server itself refuses: framing, sizes, numbers of connections. */
static HttpReply *
answer_refusal (int status, const char *text)
{
  g_autofree char *label = g_strdup_printf ("%d", status);

  metrics_count ("claim_api_requests_total", 1, "method", "other", "status", label, NULL);
  log_limited (LOG_LEVEL_WARNING, "refusal", "a request was refused", "status", label, "reason",
               text, NULL);
  return answer_error (status,
                       status == 413   ? "Content too large"
                       : status == 429 ? "Too many requests"
                       : status == 503 ? "Service unavailable"
                       : status == 500 ? "Internal error"
                                       : "Bad request",
                       text);
}

/* --- Readiness --- */

static const char *
what_is_wrong (gpointer data)
{
  ClaimApi *api = data;
  gboolean is_in_trouble;

  g_mutex_lock (&api->lock);
  is_in_trouble = g_get_monotonic_time () < api->trouble_until_us;
  g_mutex_unlock (&api->lock);
  if (tokens_are_none (api->tokens))
    return "nobody can come in: the token-file has no token\n";
  return is_in_trouble ? "no claim can be stored: the database does not answer\n" : NULL;
}

static void
probe (Errand *errand, gpointer data)
{
  Inquiry *inquiry = data;
  Db *db = db_pool_take (program_pool (inquiry->api->program), &inquiry->error);

  (void)errand;
  db_pool_give (program_pool (inquiry->api->program), db);
}

/* While something is wrong nobody may come: whoever looks at /readyz sends no request that would
 * show that it is over. So a connection is asked for, and as long as none is to be had the trouble
 * goes on. */
static void
look_after_database (ClaimApi *api)
{
  Inquiry *inquiry = NULL;
  gboolean is_in_trouble, answers;

  g_mutex_lock (&api->lock);
  is_in_trouble = api->trouble_until_us != 0;
  g_mutex_unlock (&api->lock);
  if (!is_in_trouble)
    return;
  inquiry = g_new0 (Inquiry, 1);
  inquiry->api = api;
  answers = errands_run (api->errands, probe, inquiry, inquiry_free,
                         g_get_monotonic_time () + PROBE_US) == ERRAND_DONE;
  if (answers) {
    answers = inquiry->error == NULL;
    inquiry_free (inquiry);
  }
  if (!answers)
    note_database (api, FALSE);
  g_mutex_lock (&api->lock);
  if (api->trouble_until_us <= g_get_monotonic_time ())
    api->trouble_until_us = 0;
  g_mutex_unlock (&api->lock);
}

/* --- Settings and main --- */

static const Setting settings_rows[] = {
  { "bind-address", SETTING_TEXT, "127.0.0.1", "Address to listen on." },
  { "port", SETTING_NUMBER, "0", "Port to listen on; 0 takes a free one, told in the log.", NULL, 0,
    65535 },
  { "token-file", SETTING_FILE, "",
    "File with the bearer tokens, name:token, one a line, at least 32 characters each, # begins a "
    "comment; others may not read it (chmod 600). Read again when it changes.",
    .required = TRUE },
  { "certificate-file", SETTING_FILE, "",
    "Certificate chain in PEM; with key-file, HTTPS instead of HTTP." },
  { "key-file", SETTING_FILE, "", "Private key of certificate-file, in PEM." },
  { "claim-strictness", SETTING_CHOICE, "lenient",
    "What refuses a claim: the rules enforced today (lenient; strict findings are warnings), or "
    "all.",
    "lenient|strict" },
  { "same-claim-window", SETTING_DURATION, "10m",
    "How long the same document of the same Veteran, sent again without a key or with another, "
    "gives "
    "the first group and answer with the header Repeated; 0: never." },
  { "request-deadline-ms", SETTING_NUMBER, "10000",
    "Longest time from a request's first byte to its last, over it the connection is cut off; and "
    "from there to the answer: over it 503.",
    NULL, 100, 600000 },
  { "max-body-bytes", SETTING_NUMBER, "16777216",
    "Largest request, attachments included; over it 413.", NULL, 1024, 134217728 },
  { "max-bodies-bytes", SETTING_NUMBER, "67108864",
    "Most bytes of all requests under way together, at least max-body-bytes; over it 503.", NULL,
    1024, 17179869184 },
  { "max-claim-bytes", SETTING_NUMBER, "1048576",
    "Largest claim, attachments left out; over it 413.", NULL, 1024, 16777216 },
  { "max-json-depth", SETTING_NUMBER, "32", "Deepest nesting of a request's JSON; over it 400.",
    NULL, 4, 1000 },
  { "max-array-length", SETTING_NUMBER, "100",
    "Most elements of an array in a request's JSON; over it 400.", NULL, 1, 100000 },
  { "max-connections", SETTING_NUMBER, "256", "Most connections at a time; over it 503.", NULL, 1,
    100000 },
  { "max-connections-per-address", SETTING_NUMBER, "0",
    "Most connections at a time from one address, over it 429; 0 for no limit, since a proxy is "
    "one "
    "address.",
    NULL, 0, 100000 },
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
    .max_bodies_bytes = MAX ((gsize)settings_number (settings, "max-bodies-bytes"),
                             (gsize)settings_number (settings, "max-body-bytes")),
    .request_deadline_ms = settings_number (settings, "request-deadline-ms"),
    .judge = judge_request,
    .refusal = answer_refusal,
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
is_of_this_machine (const char *address)
{
  return g_str_has_prefix (address, "127.") || g_str_equal (address, "::1");
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
  if (!settings_is_set (api->settings, "certificate-file") && !is_of_this_machine (address))
    log_warning (
        "claims and tokens come in unencrypted: set certificate-file and key-file, or let a "
        "proxy of this machine end TLS and bind to 127.0.0.1",
        "bind_address", address, NULL);
  program_set_readiness (api->program, what_is_wrong, api);
  program_announce (api->program, url);
  while (!program_wait_for_stop (api->program, 1000))
    look_after_database (api);
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
    .same_claim_window_ms = settings_duration_ms (settings, "same-claim-window"),
    .max_claim_bytes = (gsize)settings_number (settings, "max-claim-bytes"),
    .is_strict = strcmp (settings_text (settings, "claim-strictness"), "strict") == 0,
  };
  gint64 deadline_us = settings_number (settings, "request-deadline-ms") * 1000;
  gboolean is_setting;

  (void)mallopt (M_MMAP_THRESHOLD, MAPPED_BYTES);
  g_mutex_init (&api.lock);
  api.patience_us = deadline_us - deadline_us / ANSWER_SHARE;
  api.errands = errands_new ((guint)settings_number (settings, "database-connections"));
  metrics_describe ("claim_api_requests_total", "Requests answered, by method and status.");
  metrics_describe ("claim_api_strangers_total", "Requests without a valid token, by reason.");
  metrics_describe ("claim_api_tokens", "Tokens that may come in; 0: nobody can.");
  metrics_describe ("claim_api_request_seconds", "Time from a request's last byte to its answer.");

  api.tokens = tokens_new (settings_text (settings, "token-file"), &error);
  if (api.tokens)
    api.program = program_start ("claim-api", settings, &error);
  if (api.program)
    (void)serve (&api, &error); /* error tells */
  if (!errands_free (api.errands, LEAVE_MS)) {
    /* Their connections are in use: the server ends their transactions, others publish our rows. */
    log_failure ("ends with statements that the database has not answered", NULL);
    _exit (1);
  }
  program_stop (api.program);
  tokens_free (api.tokens);
  if (!error)
    return 0;

  log_failure ("claim-api cannot go on", "error", error->message, NULL);
  is_setting = error->domain == SETTINGS_ERROR || error->domain == G_FILE_ERROR;
  return is_setting ? 2 : 1;
}
