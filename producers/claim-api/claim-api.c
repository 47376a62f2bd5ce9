/* claim-api: takes a claim in, answers at once, and tells how far it has come.
 *
 *   POST /dependents_benefits/v0/claims                  stores a claim group and enqueues it
 *   GET  /dependents_benefits/v0/claims/GUID/status      its states
 *   POST /dependents_benefits/v0/notify/callbacks        what has become of an e-mail (callbacks.h)
 *
 *   emits    claims.submitted (keyed by Veteran), claim-events, notifications: through the outbox
 *   waits    for one commit, and for nothing else: BGS is never called here
 *
 * A claim comes as JSON, or as multipart/form-data with its attachments, which are then taken as a
 * stream (upload.h). Who asks, for what and how much is judged when the headers are in
 * (lib/http/README.md); everything is checked before anything is stored; then all of it is stored
 * in one transaction, by an errand that a caller waits for until request-deadline-ms and no
 * longer. The contract is schemas/openapi.yaml. What a claim is: lib/claims/README.md. */
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/exposure.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/spool.h"
#include "callbacks.h"
#include "claims/claim-group.h"
#include "errand.h"
#include "status.h"
#include "http/media-type.h"
#include "http/multipart.h"
#include "http/server.h"
#include "http/tokens.h"
#include "kafka/client.h"
#include "program/program.h"
#include "reading.h"
#include "store.h"
#include "upload.h"

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
/* For the database too, a MB of attachments is worth a second. */
#define STORE_US_A_BYTE     1
#define PRESSES             2
/* A body is a mapping of its own, given back whole; the C library would raise this by itself. */
#define MAPPED_BYTES        131072

typedef struct {
  Program *program;
  const Settings *settings;
  Tokens *tokens;
  Callbacks *callbacks;
  ClaimRules rules;
  AttachmentDesk desk;
  gint64 same_claim_window_ms;
  gint64 patience_us; /* for the database, of one request */
  Errands *errands;
  GMutex lock;
  gint64 trouble_until_us; /* monotonic; 0: the last claim could be stored. Guarded by lock */
} ClaimApi;

static HttpReply *take_claim (ClaimApi *api, const HttpServerRequest *request);
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
is_json (const char *type)
{
  return media_type_is (type, "application/json") ||
         media_type_is (type, "application/vnd.api+json");
}

/* A compressed body is no JSON, and what would come of it when it is unpacked has no bound here. */
static gboolean
is_plain (const char *content_encoding)
{
  return !content_encoding || *content_encoding == '\0' ||
         g_ascii_strcasecmp (content_encoding, "identity") == 0;
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

/* A claim that comes as a stream. */
typedef struct {
  Upload *upload;
  char *caller;
} Incoming;

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

/* The claim of a JSON body, or of an upload that has arrived; else the answer. */
static HttpReply *
read_request (ClaimApi *api, const HttpServerRequest *request, json_t **ret_body,
              Received **ret_submission)
{
  gboolean is_camel = wants_camel (request);
  HttpReply *reply = NULL;

  if (request->taker.take)
    return upload_finish (((Incoming *)request->taker.data)->upload, ret_body, ret_submission);
  reply = claim_read (request->body, &api->rules, is_camel, ret_body, ret_submission);
  if (reply)
    return reply;
  reply =
      attachments_hold ((*ret_submission)->attachments, &api->desk, (*ret_submission)->refusals);
  if (!reply && (*ret_submission)->refusals->len > 0)
    reply = answer_refusals ((*ret_submission)->refusals, is_camel);
  return reply;
}

static HttpReply *
take_claim (ClaimApi *api, const HttpServerRequest *request)
{
  const char *key = header (request, "idempotency-key");
  const char *traceparent = header (request, "traceparent");
  g_autoptr (json_t) body = NULL;
  g_autoptr (Received) submission = NULL;
  HttpReply *refusal = read_request (api, request, &body, &submission);
  Storage *storage;
  gint64 until_us;

  if (refusal)
    return refusal;
  until_us = g_get_monotonic_time () + api->patience_us +
             attachments_bytes (submission->attachments) * STORE_US_A_BYTE;
  storage = g_new0 (Storage, 1);
  *storage =
      (Storage){ .api = api,
                 .until_us = until_us,
                 .submission = g_steal_pointer (&submission),
                 .body = key || api->same_claim_window_ms > 0 ? g_steal_pointer (&body) : NULL,
                 .key = g_strdup (key),
                 .traceparent = is_traceparent (traceparent) ? g_strdup (traceparent) : NULL,
                 .caller = g_strdup (request->caller) };
  return answer_stored (api, storage, wants_camel (request));
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
count_answer (const char *method, const char *caller, const HttpReply *reply)
{
  g_autofree char *status = g_strdup_printf ("%d", reply->status);

  metrics_count (METRIC_API_REQUESTS, 1, method, status, NULL);
  log_debug ("answered", "method", method, "status", status, "caller", caller, NULL);
}

static gpointer
incoming_new (ClaimApi *api, const HttpServerRequest *request, const char *boundary)
{
  Incoming *incoming = g_new0 (Incoming, 1);

  incoming->upload = upload_new (boundary, &api->rules, &api->desk, wants_camel (request));
  incoming->caller = g_strdup (request->caller);
  return incoming;
}

static void
incoming_free (gpointer data)
{
  Incoming *incoming = data;

  upload_free (incoming->upload);
  g_free (incoming->caller);
  g_free (incoming);
}

static HttpReply *
take_bytes (gpointer data, const char *bytes, gsize length)
{
  Incoming *incoming = data;
  HttpReply *reply = upload_take (incoming->upload, bytes, length);

  if (reply)
    count_answer ("POST", incoming->caller, reply);
  return reply;
}

static HttpReply *
refuse_encoding (void)
{
  HttpReply *reply =
      answer_error (415, "Unsupported media type", "Content-Encoding must be identity, or absent.");

  http_reply_header (reply, "Accept-Encoding", "identity");
  return reply;
}

/* Before a body is read, what the headers say of it. */
static HttpReply *
judge_submission (const HttpServerRequest *request)
{
  const char *key = header (request, "idempotency-key");
  const char *type = header (request, "content-type");
  g_autofree char *boundary = multipart_boundary (type);

  if (!boundary && media_type_is (type, "multipart/form-data"))
    return answer_error (400, "Bad request", "Content-Type has no well-formed boundary.");
  if (!boundary && !is_json (type))
    return answer_error (415, "Unsupported media type",
                         "Content-Type must be application/json or multipart/form-data.");
  if (!media_type_is_utf8 (type))
    return answer_error (415, "Unsupported media type",
                         "Content-Type must name the charset UTF-8, or none.");
  if (!is_plain (header (request, "content-encoding")))
    return refuse_encoding ();
  if (key && !is_usable_key (key))
    return answer_error (400, "Bad request",
                         "Idempotency-Key must have 1 to 255 printable ASCII characters.");
  return NULL;
}

static gboolean
is_callback (const HttpServerRequest *request)
{
  return strcmp (request->path, CALLBACKS_PATH) == 0;
}

/* VA Notify has a proof of its own instead of one of our tokens. */
static HttpReply *
judge_callback (ClaimApi *api, HttpServerRequest *request)
{
  HttpReply *reply = callbacks_judge (api->callbacks, request);

  if (!reply)
    request->caller = g_strdup (CALLBACKS_CALLER);
  return reply;
}

/* Token, route, method: judged when the headers are in. A stranger is not told what is where. */
static HttpReply *
judge (ClaimApi *api, HttpServerRequest *request)
{
  gboolean is_claims = strcmp (request->path, CLAIMS_PATH) == 0;
  g_autofree char *guid = guid_in (request->path);

  if (is_callback (request))
    return judge_callback (api, request);
  request->caller =
      tokens_find (api->tokens, tokens_of_bearer (header (request, "authorization")), NULL);
  if (!request->caller) {
    const char *reason = header (request, "authorization") ? "unknown token" : "no token";

    metrics_count (METRIC_API_STRANGERS, 1, reason, NULL);
    log_limited (LOG_LEVEL_WARNING, "stranger", "somebody without a valid token was refused",
                 "peer", request->peer, "reason", reason, NULL);
    return refuse_stranger ();
  }
  if (!is_claims && !guid)
    return answer_error (404, "Not found", "There is nothing at this path.");
  if (strcmp (request->method, is_claims ? "POST" : "GET") != 0)
    return refuse_method (is_claims ? "POST" : "GET");
  return is_claims ? judge_submission (request) : NULL;
}

static HttpReply *
judge_request (HttpServerRequest *request, gpointer data)
{
  ClaimApi *api = data;
  HttpReply *reply = judge (api, request);
  g_autofree char *boundary = multipart_boundary (header (request, "content-type"));

  if (reply)
    count_answer (method_label (request), request->caller, reply);
  else if (boundary && strcmp (request->path, CLAIMS_PATH) == 0)
    request->taker =
        (HttpBodyTaker){ take_bytes, incoming_free, incoming_new (api, request, boundary) };
  return reply;
}

static HttpReply *
answer_request (const HttpServerRequest *request, gpointer data)
{
  ClaimApi *api = data;
  gint64 began = g_get_monotonic_time ();
  gint64 until_us = began + api->patience_us;
  gboolean is_claims = strcmp (request->path, CLAIMS_PATH) == 0;
  HttpReply *reply = is_claims               ? take_claim (api, request)
                     : is_callback (request) ? callbacks_take (api->callbacks, api->program,
                                                               api->errands, request, until_us)
                                             : tell_status (api, request, until_us);

  metrics_observe_ms (METRIC_API_SECONDS, (g_get_monotonic_time () - began) / 1000,
                      method_label (request), NULL);
  count_answer (method_label (request), request->caller, reply);
  if (is_claims && reply->status >= 400)
    metrics_count (METRIC_CLAIMS_RECEIVED, 1, reply->status < 500 ? "refused" : "not-now", NULL);
  return reply;
}

/* What the server itself refuses: framing, sizes, numbers of connections. */
static HttpReply *
answer_refusal (int status, const char *text)
{
  g_autofree char *label = g_strdup_printf ("%d", status);

  metrics_count (METRIC_API_REQUESTS, 1, "other", label, NULL);
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
    .required = TRUE, .read_again = TRUE },
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
    "from there to the answer: over it 503. A second more for each MB of attachments.",
    NULL, 100, 600000 },
  { "max-body-bytes", SETTING_NUMBER, "16777216",
    "Largest request in JSON, attachments in it included; over it 413.", NULL, 1024, 134217728 },
  { "max-bodies-bytes", SETTING_NUMBER, "67108864",
    "Most bytes of all requests in JSON under way together, at least max-body-bytes; over it 503.",
    NULL, 1024, 17179869184 },
  { "max-attachments-bytes", SETTING_NUMBER, "500000000",
    "Most bytes of a claim's attachments together, each up to 100,000,000; over it 413.", NULL,
    1024, 2000000000 },
  { "max-uploads-bytes", SETTING_NUMBER, "1000000000",
    "Most bytes of all claims with attachments under way together, in memory unless "
    "spool-directory "
    "is set, at least one such claim; over it 503.",
    NULL, 1024, 17179869184 },
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
    "one address. Where callers come without one, set it: one of them could hold all connections.",
    NULL, 0, 100000 },
  { NULL },
};

static const Setting *const tables[] = { settings_rows,      program_settings,
                                         kafka_settings,     seal_settings,
                                         db_settings,        spool_settings,
                                         callbacks_settings, NULL };

/* Both stay NULL where HTTP is served. */
static gboolean
read_certificate (const Settings *settings, char **ret_certificate, char **ret_key, GError **error)
{
  gboolean has_certificate = settings_is_set (settings, "certificate-file");

  if (has_certificate != settings_is_set (settings, "key-file")) {
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                         "certificate-file and key-file belong together: set both or neither");
    return FALSE;
  }
  return !has_certificate ||
         (g_file_get_contents (settings_text (settings, "certificate-file"), ret_certificate, NULL,
                               error) &&
          g_file_get_contents (settings_text (settings, "key-file"), ret_key, NULL, error) &&
          http_server_can_use (*ret_certificate, *ret_key, error));
}

/* What is wrong with a setting is told before anybody is waited for. */
static gboolean
certificate_fits (const Settings *settings, GError **error)
{
  g_autofree char *certificate = NULL, *key = NULL;

  return read_certificate (settings, &certificate, &key, error);
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
    .max_taken_bytes = upload_max_bytes (&api->rules, &api->desk),
    .max_all_taken_bytes = MAX ((gsize)settings_number (settings, "max-uploads-bytes"),
                                upload_max_bytes (&api->rules, &api->desk)),
    .request_deadline_ms = settings_number (settings, "request-deadline-ms"),
    .judge = judge_request,
    .refusal = answer_refusal,
  };

  if (!read_certificate (settings, &certificate, &key, error))
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
  if (!settings_is_set (api->settings, "certificate-file") && !host_is_this_machine (address))
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
  g_autoptr (Settings) settings =
      settings_parse_or_exit ("claim-api", "", "Takes claims in over HTTP and tells their states.",
                              tables, NULL, &argc, &argv);
  g_autoptr (GError) error = NULL;
  ClaimApi api = {
    .settings = settings,
    .rules = { .bounds = { .max_depth = (guint)settings_number (settings, "max-json-depth"),
                           .max_array_length =
                               (guint)settings_number (settings, "max-array-length") },
               .max_claim_bytes = (gsize)settings_number (settings, "max-claim-bytes"),
               .is_strict = strcmp (settings_text (settings, "claim-strictness"), "strict") == 0 },
    .desk = { .spool_directory = settings_text (settings, "spool-directory"),
              .max_bytes = settings_number (settings, "max-attachments-bytes") },
    .same_claim_window_ms = settings_duration_ms (settings, "same-claim-window"),
  };
  const TokensOptions door = { .setting = "token-file",
                               .path = settings_text (settings, "token-file") };
  gint64 deadline_us = settings_number (settings, "request-deadline-ms") * 1000;
  gboolean is_setting;

  (void)mallopt (M_MMAP_THRESHOLD, MAPPED_BYTES);
  g_mutex_init (&api.lock);
  api.patience_us = deadline_us - deadline_us / ANSWER_SHARE;
  api.desk.press = press_new (NULL, PRESSES, 0);
  api.errands = errands_new ((guint)settings_number (settings, "database-connections"));
  if (certificate_fits (settings, &error))
    api.tokens = tokens_new (&door, &error);
  if (api.tokens)
    api.callbacks = callbacks_new (settings, &error);
  if (api.callbacks && spool_is_usable (api.desk.spool_directory, &error))
    api.program = program_start ("claim-api", settings, &error);
  if (api.program)
    (void)serve (&api, &error); /* error tells */
  if (!errands_free (api.errands, LEAVE_MS)) {
    /* Their connections are in use: the server ends their transactions, others publish our rows. */
    log_failure ("ends with statements that the database has not answered", NULL);
    _exit (1);
  }
  program_stop (api.program);
  press_free (api.desk.press);
  tokens_free (api.tokens);
  callbacks_free (api.callbacks);
  if (!error)
    return 0;

  log_failure ("claim-api cannot go on", "error", error->message, NULL);
  is_setting = error->domain == SETTINGS_ERROR || error->domain == G_FILE_ERROR;
  return is_setting ? 2 : 1;
}
