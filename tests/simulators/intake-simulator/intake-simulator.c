/* intake-simulator: the Lighthouse Benefits Intake API, its gateway and its object storage, in
 * memory.
 *
 *   speaks   JSON on the real paths; S3's PUT to a signed location; control calls under
 *            /_simulator/
 *   is       strict: it reads a package with the server's own parser, judges its PDFs with qpdf and
 *            pdfinfo, and says so later, as the server does
 *   leaves   rules, ledger and drops to tests/simulators/control
 *
 * Source: lib/intake/README.md, the facts; README.md beside this says what it keeps to. */
#include <openssl/rand.h>
#include <string.h>

#include "base/settings.h"
#include "control/simulator.h"
#include "base/cleanup.h" /* after jansson.h */
#include "document/document.h"
#include "intake-simulator/gateway.h"
#include "intake-simulator/storage.h"

#define API_PATH            "/services/vba_documents/v1/"
#define MAX_BODY_BYTES      (5 * (gsize)1073741824)
#define REQUEST_DEADLINE_MS (15 * 60 * 1000) /* a location's life */
#define REPORT_MAX_IDS      1000

static const Setting settings_rows[] = {
  { "intake-expected-key", SETTING_TEXT, "", "Key that every call of the API needs; empty: any.",
    .secret = TRUE },
  { "intake-quota", SETTING_NUMBER, "60", "Calls of the API a minute; 0: without end.",
    .max = 1000000 },
  { "intake-step-ms", SETTING_NUMBER, "0", "From one status of an upload to the next.",
    .max = 3600000 },
  { "intake-last-status", SETTING_CHOICE, "received", "Status at which an upload stops by itself.",
    .choices = "uploaded|received|processing|success|vbms" },
  { "intake-report-cache-ms", SETTING_NUMBER, "3600000", "How old a row of a report may be.",
    .max = 86400000 },
  { "intake-location-scheme", SETTING_CHOICE, "http", "https: something before it brings TLS.",
    .choices = "http|https" },
  { NULL },
};

typedef struct {
  Uploads *uploads;
  Storage storage;
  Gateway gateway;
} Intake;

typedef struct Call Call;
typedef HttpReply *(*Answer) (Intake *intake, const Call *call);
struct Call {
  const HttpServerRequest *request;
  const char *operation; /* "": none of ours */
  const char *guid;      /* of the path; may be NULL */
  Answer answer;         /* of an API call */
};

/* --- The API --- */

static HttpReply *
refuse (int status, const char *title, const char *detail, const char *code)
{
  g_autofree char *number = g_strdup_printf ("%d", status);

  return simulator_reply_json (status, json_pack ("{s:[{s:s, s:s, s:s, s:s}]}", "errors", "title",
                                                  title, "detail", detail, "code",
                                                  code ? code : number, "status", number));
}

static HttpReply *
answer_create (Intake *intake, const Call *call)
{
  const char *host = g_hash_table_lookup (call->request->headers, "host");
  g_autofree char *guid = uploads_create (intake->uploads);
  g_autofree char *location = storage_location (&intake->storage, guid, host ? host : "");

  return simulator_reply_json (
      202, json_pack ("{s:o}", "data", uploads_item (intake->uploads, guid, location, NULL)));
}

static gboolean
can_be_pretended (const char *status)
{
  static const char *const words[] = { "pending", "uploaded", "received", "processing",
                                       "success", "vbms",     "error",    NULL };

  return status && g_strv_contains (words, status);
}

static HttpReply *
answer_status (Intake *intake, const Call *call)
{
  const char *pretended = g_hash_table_lookup (call->request->headers, "status-override");
  json_t *item = NULL;
  g_autofree char *detail = NULL;

  if (pretended && !can_be_pretended (pretended))
    return refuse (422, "Invalid status", "Status-Override is none of the statuses", NULL);
  item = uploads_item (intake->uploads, call->guid, NULL, pretended);
  if (item)
    return simulator_reply_json (200, json_pack ("{s:o}", "data", item));
  detail = g_strdup_printf ("The record identified by %s could not be found", call->guid);
  return refuse (404, "Record not found", detail, NULL);
}

static HttpReply *
answer_report (Intake *intake, const Call *call)
{
  g_autoptr (json_t) body =
      json_loadb (g_bytes_get_data (call->request->body, NULL),
                  g_bytes_get_size (call->request->body), JSON_REJECT_DUPLICATES, NULL);
  json_t *ids = json_object_get (body, "ids");
  gsize count = json_array_size (ids);
  g_autofree char *detail = NULL;

  if (!json_is_array (ids) || count == 0)
    return refuse (400, "Missing or invalid ids", "\"ids\" must be a list of 1 to 1000 items",
                   "111");
  if (count > REPORT_MAX_IDS) {
    detail = g_strdup_printf ("\"ids\" cannot exceed %d items (submitted %" G_GSIZE_FORMAT ")",
                              REPORT_MAX_IDS, count);
    return refuse (400, "Too many items submitted", detail, "111");
  }
  return simulator_reply_json (200,
                               json_pack ("{s:o}", "data", uploads_report (intake->uploads, ids)));
}

static HttpReply *
answer_validate (Intake *intake, const Call *call)
{
  static const char *const findings[] = {
    [DOCUMENT_MISSING] = "Document was not provided",
    [DOCUMENT_TOO_LARGE] = "Document exceeds the file size limit of 100 MB",
    [DOCUMENT_OVERSIZED] = "Document exceeds the page size limit of 78 in. x 101 in.",
    [DOCUMENT_LOCKED] = "Document is locked with a user password",
    [DOCUMENT_NO_PDF] = "Document is not a PDF",
    [DOCUMENT_INVALID] = "Document is not a valid PDF",
  };
  Document document = { 0 };
  const char *type = g_hash_table_lookup (call->request->headers, "content-type");
  DocumentFinding finding = g_strcmp0 (type, "application/pdf") == 0
                                ? document_look (call->request->body, &document)
                                : DOCUMENT_NO_PDF;

  (void)intake;
  if (finding != DOCUMENT_FINE)
    return refuse (422, "Document failed validation", findings[finding], NULL);
  return simulator_reply_json (200,
                               json_pack ("{s:{s:s, s:{s:s}}}", "data", "type",
                                          "documentValidation", "attributes", "status", "valid"));
}

/* --- Which call it is --- */

static gpointer
read_call (const HttpServerRequest *request, gpointer data)
{
  static const struct {
    const char *method, *path, *operation;
    Answer answer;
  } calls[] = {
    { "POST", "uploads", "create", answer_create },
    { "POST", "uploads/report", "report", answer_report },
    { "POST", "uploads/validate_document", "validate", answer_validate },
  };
  Call *call = g_new0 (Call, 1);
  const char *path = NULL;

  (void)data;
  call->request = request;
  call->operation = "";
  if (g_str_has_prefix (request->path, STORAGE_PATH))
    call->operation = "put";
  if (!g_str_has_prefix (request->path, API_PATH))
    return call;
  path = request->path + strlen (API_PATH);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    if (g_str_equal (request->method, calls[i].method) && g_str_equal (path, calls[i].path)) {
      call->operation = calls[i].operation;
      call->answer = calls[i].answer;
      return call;
    }
  if (g_str_equal (request->method, "GET") && g_str_has_prefix (path, "uploads/") &&
      !strchr (path + strlen ("uploads/"), '/')) {
    call->operation = "status";
    call->guid = path + strlen ("uploads/");
    call->answer = answer_status;
  }
  return call;
}

static const char *
operation_of_call (gconstpointer call)
{
  return ((const Call *)call)->operation;
}

static HttpReply *
answer_nothing_there (void)
{
  return http_reply_new (404, "application/json; charset=utf-8",
                         "{\"message\":\"no Route matched with those values\"}");
}

static HttpReply *
carry_out (gpointer data, gpointer intake_data)
{
  Call *call = data;
  Intake *intake = intake_data;
  HttpReply *reply = NULL;
  Quota quota = { 0 };

  if (g_str_has_prefix (call->request->path, STORAGE_PATH))
    return storage_answer (&intake->storage, call->request);
  if (!g_str_has_prefix (call->request->path, API_PATH))
    return answer_nothing_there ();
  reply = gateway_refusal (&intake->gateway, call->request, &quota);
  if (reply)
    return reply;
  reply = call->answer ? call->answer (intake, call)
                       : refuse (404, "Not found", "There are no routes matching that path", NULL);
  gateway_add_headers (&quota, reply);
  return reply;
}

/* --- For tests --- */

static json_t *
state_of_intake (gpointer data)
{
  return uploads_state (((Intake *)data)->uploads);
}

static void
clear_intake (gpointer data)
{
  uploads_clear (((Intake *)data)->uploads);
}

static HttpReply *
control_advance (Intake *intake, const HttpServerRequest *request)
{
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = simulator_read_json (request, &refusal);
  json_error_t error = { 0 };
  Advance advance = { .is_final = -1 };
  int count;

  if (!json)
    return refusal;
  if (json_unpack_ex (json, &error, JSON_STRICT, "{s?s, s:s, s?s, s?s, s?b, s?o}", "guid",
                      &advance.guid, "status", &advance.status, "code", &advance.code, "detail",
                      &advance.detail, "final_status", &advance.is_final, "uploaded_pdf",
                      &advance.uploaded_pdf) != 0)
    return simulator_refuse (400, error.text);
  count = uploads_advance (intake->uploads, &advance);
  if (count < 0)
    return simulator_refuse (400, "there is no such status");
  if (count == 0 && advance.guid)
    return simulator_refuse (404, "there is no such upload");
  return simulator_reply_json (200, json_pack ("{s:i}", "advanced", count));
}

static HttpReply *
control_clock (Intake *intake, const HttpServerRequest *request)
{
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = simulator_read_json (request, &refusal);
  json_int_t forward_s = -1;

  if (!json)
    return refusal;
  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:I}", "forward_s", &forward_s) != 0 ||
      forward_s < 0 || forward_s > 10 * 366 * 86400LL)
    return simulator_refuse (400, "{\"forward_s\": seconds}");
  uploads_put_clock_forward (intake->uploads, forward_s * 1000);
  return simulator_reply_json (200, json_object ());
}

/* uploads/GUID/PART */
static HttpReply *
control_part (Intake *intake, const char *what)
{
  g_auto (GStrv) words = g_strsplit (what, "/", 4);
  const char *type = NULL;
  GBytes *bytes =
      g_strv_length (words) == 3 ? uploads_part (intake->uploads, words[1], words[2], &type) : NULL;
  HttpReply *reply = NULL;

  if (!bytes)
    return simulator_refuse (404, "there is no such upload or part");
  reply = http_reply_new (200, type, NULL);
  reply->body = bytes;
  return reply;
}

static HttpReply *
control_intake (const HttpServerRequest *request, const char *what, gpointer data)
{
  Intake *intake = data;

  if (g_str_equal (request->method, "POST") && g_str_equal (what, "advance"))
    return control_advance (intake, request);
  if (g_str_equal (request->method, "POST") && g_str_equal (what, "clock"))
    return control_clock (intake, request);
  if (g_str_equal (request->method, "GET") && g_str_has_prefix (what, "uploads/"))
    return control_part (intake, what);
  return NULL;
}

static int
serve (const Settings *settings)
{
  guint8 secret[32];
  UploadsOptions options = {
    .step_ms = settings_number (settings, "intake-step-ms"),
    .last_status = settings_text (settings, "intake-last-status"),
    .report_cache_ms = settings_number (settings, "intake-report-cache-ms"),
  };
  Intake intake = { .uploads = uploads_new (&options) };
  const SimulatorService service = {
    .name = "intake-simulator",
    .max_body_bytes = MAX_BODY_BYTES,
    .request_deadline_ms = REQUEST_DEADLINE_MS,
    .data = &intake,
    .read = read_call,
    .operation = operation_of_call,
    .act = carry_out,
    .forget = g_free,
    .state = state_of_intake,
    .clear_state = clear_intake,
    .control = control_intake,
  };
  int status = 1;

  intake.gateway = (Gateway){ .expected_key = settings_text (settings, "intake-expected-key"),
                              .per_minute = (guint)settings_number (settings, "intake-quota"),
                              .uploads = intake.uploads };
  g_mutex_init (&intake.gateway.lock);
  if (RAND_bytes (secret, sizeof secret) == 1) {
    intake.storage = (Storage){ .secret = g_bytes_new (secret, sizeof secret),
                                .scheme = settings_text (settings, "intake-location-scheme"),
                                .uploads = intake.uploads };
    status = simulator_serve (&service, settings);
    g_bytes_unref (intake.storage.secret);
  }
  uploads_free (intake.uploads);
  g_mutex_clear (&intake.gateway.lock);
  return status;
}

int
main (int argc, char **argv)
{
  const Setting *const tables[] = { simulator_settings, settings_rows, NULL };
  g_autoptr (Settings) settings = settings_parse_or_exit (
      "intake-simulator", NULL, "Simulates the Benefits Intake API.", tables, NULL, &argc, &argv);
  g_autoptr (GError) error = NULL;

  if (argc > 1) {
    g_printerr ("intake-simulator: %s: no operands are taken\n", argv[1]);
    return 2;
  }
  if (!document_can_look (&error)) {
    g_printerr ("intake-simulator: %s\n", error->message);
    return 1;
  }
  return serve (settings);
}
