/* evidence-simulator: the Claims Evidence API, folders of Veterans' papers, in memory.
 *
 *   speaks   JSON and multipart on the real paths; control calls under /_simulator/
 *   is       strict: the token, the folder, the schema of the payload, names, types, the PDF
 *   leaves   rules, ledger and drops to tests/simulators/control
 *
 * README.md beside this: what it keeps to, what is known of it and what is assumed. */
#include <signal.h>
#include <string.h>

#include "base/settings.h"
#include "base/text.h"
#include "control/simulator.h"
#include "base/cleanup.h" /* after jansson.h */
#include "document/document.h"
#include "evidence-simulator/bearer.h"
#include "evidence-simulator/fault.h"
#include "evidence-simulator/files.h"
#include "evidence-simulator/form.h"
#include "evidence-simulator/refusals.h"

#define API_PATH            "/api/v1/rest/"
#define MAX_BODY_BYTES      (256 * (gsize)1048576)
#define REQUEST_DEADLINE_MS (15 * 60 * 1000)
#define PDF                 "application/pdf"
#define PAGE_MAX_RESULTS    10000

static const Setting settings_rows[] = {
  { "evidence-expected-secret", SETTING_TEXT, "", "Secret that signs the tokens.", .secret = TRUE,
    .required = TRUE },
  { "evidence-time-zone", SETTING_TEXT, "America/New_York",
    "Where the service is: a document's day is not past its own." },
  { "evidence-document-types", SETTING_TEXT,
    "10,20,23,27,28,34,52,73,86,95,97,103,129,131,136,142,148,164,174,178,179,211,423",
    "Document type ids that are known, with commas between." },
  { "evidence-disabled-identifiers", SETTING_TEXT, "SEARCH",
    "Kinds of folder identifiers that are not enabled, with commas between." },
  { "evidence-duplicate-code", SETTING_TEXT, "VEFSERR40060",
    "Code of the refusal of a name that the folder has." },
  { "evidence-search-lag-ms", SETTING_NUMBER, "0", "From an upload until a search finds it.",
    .max = 3600000 },
  { "evidence-kept-bytes", SETTING_NUMBER, "268435456",
    "Bytes of files that are kept; beyond it the oldest are forgotten, but that they were there.",
    .min = 1, .max = G_MAXINT64 },
  { NULL },
};

typedef struct {
  Files *files;
  Bearers *bearers;
  Refusals *refusals;
  GHashTable *type_ids;
  char **disabled;
  const char *duplicate_code;
} Evidence;

typedef struct Call Call;
typedef HttpReply *(*Answer) (Evidence *evidence, const Call *call);
struct Call {
  const HttpServerRequest *request;
  const char *operation; /* "": none of ours */
  char *uuid;            /* of the path; may be NULL */
  gboolean has_folder;   /* needs X-Folder-URI */
  Folder folder;         /* once it has been read */
  Answer answer;
};

/* --- Upload --- */

static const FormPart *
find_part (const GPtrArray *parts, const char *name)
{
  for (guint i = 0; i < parts->len; i++) {
    const FormPart *part = g_ptr_array_index (parts, i);

    if (strcmp (part->name, name) == 0)
      return part;
  }
  return NULL;
}

/* Exactly payload and file, each once: as many as there are names. */
static gboolean
are_parts (const GPtrArray *parts)
{
  const FormPart *payload = find_part (parts, "payload");
  const FormPart *file = find_part (parts, "file");

  return parts->len == 2 && payload && file && !payload->file_name && file->file_name &&
         (!payload->type || g_str_has_prefix (payload->type, "application/json"));
}

/* By what it begins with; NULL: nobody knows. */
static const char *
sniff (GBytes *content)
{
  static const struct {
    const char *begin;
    gsize length;
    const char *type;
  } types[] = {
    { "%PDF-", 5, PDF },
    { "\x89PNG\r\n\x1a\n", 8, "image/png" },
    { "\xff\xd8\xff", 3, "image/jpeg" },
    { "II*\0", 4, "image/tiff" },
    { "MM\0*", 4, "image/tiff" },
    { "GIF8", 4, "image/gif" },
    { "PK\x03\x04", 4, "application/zip" },
  };
  gsize length = 0;
  const char *bytes = g_bytes_get_data (content, &length);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (length >= types[i].length && memcmp (bytes, types[i].begin, types[i].length) == 0)
      return types[i].type;
  return NULL;
}

static HttpReply *
judge_file (GBytes *content, const char *content_name, Document *ret_document)
{
  const char *type = sniff (content);
  const char *extension = strrchr (content_name, '.') + 1;

  if (g_bytes_get_size (content) == 0)
    return fault_reply ("VEFSERR40010", NULL, NULL);
  if (!type)
    return fault_reply ("VEFSERR50001", PDF, NULL);
  if (strcmp (type, PDF) != 0)
    return fault_reply ("VEFSERR41501", type, PDF);
  if (g_ascii_strcasecmp (extension, "pdf") != 0)
    return fault_reply ("VEFSERR41502", type, extension);
  switch (document_look (content, ret_document)) {
  case DOCUMENT_FINE:
    return NULL;
  case DOCUMENT_MISSING:
  case DOCUMENT_TOO_LARGE:
    return fault_reply ("VEFSERR40010", NULL, NULL);
  case DOCUMENT_OVERSIZED:
  case DOCUMENT_LOCKED:
  case DOCUMENT_NO_PDF:
  case DOCUMENT_INVALID:
    return fault_reply ("VEFSERR50012", PDF, PDF);
  }
  g_assert_not_reached ();
}

static HttpReply *
answer_upload (Evidence *evidence, const Call *call)
{
  g_autoptr (GPtrArray) parts = form_parse (
      call->request->body, g_hash_table_lookup (call->request->headers, "content-type"));
  g_autofree char *today = files_today (evidence->files);
  g_auto (Payload) payload = { 0 };
  Document document = { 0 };
  GBytes *content = NULL;
  HttpReply *refusal = NULL;
  json_t *answer = NULL;

  if (!parts || !are_parts (parts))
    return fault_reply ("VEFSERR40010", NULL, NULL);
  refusal =
      payload_read (find_part (parts, "payload")->bytes,
                    &(PayloadRules){ .type_ids = evidence->type_ids, .today = today }, &payload);
  if (refusal)
    return refusal;
  content = find_part (parts, "file")->bytes;
  refusal = judge_file (content, payload.content_name, &document);
  if (refusal)
    return refusal;
  answer = files_add (evidence->files, &call->folder, &payload, content, &document);
  if (!answer)
    return fault_reply (evidence->duplicate_code, "contentName", payload.content_name);
  return simulator_reply_json (200, answer);
}

/* --- Search --- */

/* NULL and @ret_name filled, NULL where none is asked for; or a refusal. */
static HttpReply *
read_filters (json_t *filters, const char **ret_name)
{
  json_t *filter = json_object_get (filters, "systemData.contentName");
  const char *evaluation = NULL;

  if (json_object_size (filters) != (filter ? 1 : 0))
    return fault_reply ("VEFSERR40010", NULL, NULL);
  if (!filter)
    return NULL;
  if (json_unpack_ex (filter, NULL, JSON_STRICT, "{s:s, s:s}", "evaluationType", &evaluation,
                      "value", ret_name) != 0)
    return fault_reply ("VEFSERR40001", "systemData.contentName", NULL);
  if (strcmp (evaluation, "EQUALS") != 0)
    return fault_reply ("VEFSERR50015", evaluation, "systemData.contentName");
  return NULL;
}

static HttpReply *
answer_search (Evidence *evidence, const Call *call)
{
  g_autoptr (json_t) body =
      json_loadb (g_bytes_get_data (call->request->body, NULL),
                  g_bytes_get_size (call->request->body), JSON_REJECT_DUPLICATES, NULL);
  json_t *filters = NULL, *sort = NULL;
  json_int_t per_page = 0, page = 0;
  const char *content_name = NULL;
  HttpReply *refusal = NULL;

  if (!body)
    return fault_empty ();
  if (json_unpack_ex (body, NULL, JSON_STRICT, "{s:{s:I, s:I}, s:o, s?o}", "pageRequest",
                      "resultsPerPage", &per_page, "page", &page, "filters", &filters, "sort",
                      &sort) != 0 ||
      per_page < 1 || per_page > PAGE_MAX_RESULTS || page < 1 || page > G_MAXINT ||
      !json_is_object (filters))
    return fault_reply ("VEFSERR40001", "pageRequest or filters", NULL);
  if (sort && (!json_is_array (sort) || json_array_size (sort) > 0))
    return fault_reply ("VEFSERR40010", NULL, NULL);
  refusal = read_filters (filters, &content_name);
  if (refusal)
    return refusal;
  return simulator_reply_json (200, files_search (evidence->files, &call->folder, content_name,
                                                  (guint)per_page, (guint)page));
}

/* --- The rest --- */

static HttpReply *
answer_data (Evidence *evidence, const Call *call)
{
  json_t *item = NULL;

  if (!g_uuid_string_is_valid (call->uuid))
    return fault_reply ("VEFSERR40010", NULL, NULL);
  item = files_item (evidence->files, call->uuid);
  return item ? simulator_reply_json (200, item) : fault_reply ("VEFSERR40402", call->uuid, NULL);
}

static HttpReply *
answer_not_enabled (Evidence *evidence, const Call *call)
{
  (void)evidence;
  (void)call;
  return fault_reply ("VEFSERR50102", NULL, NULL);
}

static HttpReply *
answer_not_found (Evidence *evidence, const Call *call)
{
  (void)evidence;
  (void)call;
  return fault_reply ("VEFSERR40401", NULL, NULL);
}

/* --- Which call it is --- */

/* A path that has a UUID in it where @pattern has a *. */
static gboolean
path_fits (const char *path, const char *pattern, char **ret_uuid)
{
  const char *star = strchr (pattern, '*');
  gsize before = star ? (gsize)(star - pattern) : 0;
  const char *end = NULL;

  if (!star)
    return strcmp (path, pattern) == 0;
  if (strncmp (path, pattern, before) != 0)
    return FALSE;
  end = path + before + strcspn (path + before, "/");
  if (end == path + before || strcmp (end, star + 1) != 0)
    return FALSE;
  *ret_uuid = g_strndup (path + before, (gsize)(end - path) - before);
  return TRUE;
}

static gpointer
read_call (const HttpServerRequest *request, gpointer data)
{
  static const struct {
    const char *method, *path, *operation;
    gboolean has_folder;
    Answer answer;
  } calls[] = {
    { "POST", "files", "upload", TRUE, answer_upload },
    { "POST", "folders/files:search", "search", TRUE, answer_search },
    { "GET", "files/*/data", "data", FALSE, answer_data },
    { "PUT", "files/*/data", "update-data", FALSE, answer_not_enabled },
    { "POST", "files/*", "update", TRUE, answer_not_enabled },
  };
  Call *call = g_new0 (Call, 1);

  (void)data;
  call->request = request;
  call->operation = "";
  if (!g_str_has_prefix (request->path, API_PATH))
    return call;
  call->answer = answer_not_found;
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    if (strcmp (request->method, calls[i].method) == 0 &&
        path_fits (request->path + strlen (API_PATH), calls[i].path, &call->uuid)) {
      call->operation = calls[i].operation;
      call->has_folder = calls[i].has_folder;
      call->answer = calls[i].answer;
      break;
    }
  return call;
}

static void
forget_call (gpointer data)
{
  Call *call = data;

  g_free (call->uuid);
  folder_clear (&call->folder);
  g_free (call);
}

static const char *
operation_of_call (gconstpointer call)
{
  return ((const Call *)call)->operation;
}

static HttpReply *
carry_out (gpointer data, gpointer evidence_data)
{
  Call *call = data;
  Evidence *evidence = evidence_data;
  HttpReply *refusal = NULL;

  if (!call->answer)
    return fault_outside (404, "NOT_FOUND", "There is nothing at this path.");
  refusal =
      bearers_refusal (evidence->bearers, call->request, files_now_ms (evidence->files) / 1000);
  if (!refusal && call->has_folder)
    refusal = folder_read (call->request, evidence->disabled, &call->folder);
  if (!refusal)
    refusal = refusals_take (evidence->refusals, call->operation, call->folder.uri, call->request);
  return refusal ? refusal : call->answer (evidence, call);
}

/* --- For tests --- */

static json_t *
state_of_evidence (gpointer data)
{
  return files_state (((Evidence *)data)->files);
}

static void
clear_evidence (gpointer data)
{
  Evidence *evidence = data;

  files_clear (evidence->files);
  bearers_clear (evidence->bearers);
  refusals_clear (evidence->refusals);
}

static HttpReply *
control_refuse (Evidence *evidence, json_t *json)
{
  g_autofree char *problem = refusals_add (evidence->refusals, json);

  return problem ? simulator_refuse (400, problem) : simulator_reply_json (200, json_incref (json));
}

static HttpReply *
control_clock (Evidence *evidence, json_t *json)
{
  json_int_t forward_s = -1;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:I}", "forward_s", &forward_s) != 0 ||
      ABS (forward_s) > 10 * 366 * 86400LL)
    return simulator_refuse (400, "{\"forward_s\": seconds}");
  files_put_clock_forward (evidence->files, forward_s * 1000);
  return simulator_reply_json (200, json_object ());
}

static HttpReply *
control_behaviour (Evidence *evidence, json_t *json)
{
  json_int_t lag_ms = -1;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:I}", "search_lag_ms", &lag_ms) != 0 ||
      lag_ms < 0 || lag_ms > 3600000)
    return simulator_refuse (400, "{\"search_lag_ms\": 0 to 3600000}");
  files_set_search_lag_ms (evidence->files, lag_ms);
  return simulator_reply_json (200, json_object ());
}

/* files/UUID */
static HttpReply *
control_file (Evidence *evidence, const char *what)
{
  GBytes *content = files_content (evidence->files, what + strlen ("files/"));
  HttpReply *reply = NULL;

  if (!content)
    return simulator_refuse (404, "there is no such file, or it is not kept any more");
  reply = http_reply_new (200, PDF, NULL);
  reply->body = content;
  return reply;
}

static HttpReply *
control (const HttpServerRequest *request, const char *what, gpointer data)
{
  static const struct {
    const char *what;
    HttpReply *(*answer) (Evidence *evidence, json_t *json);
  } calls[] = {
    { "refuse", control_refuse },
    { "clock", control_clock },
    { "behaviour", control_behaviour },
  };
  Evidence *evidence = data;

  if (strcmp (request->method, "GET") == 0 && g_str_has_prefix (what, "files/"))
    return control_file (evidence, what);
  if (strcmp (what, "refuse") == 0 && strcmp (request->method, "GET") == 0)
    return simulator_reply_json (200, refusals_json (evidence->refusals));
  if (strcmp (what, "refuse") == 0 && strcmp (request->method, "DELETE") == 0) {
    refusals_clear (evidence->refusals);
    return simulator_reply_json (200, json_object ());
  }
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    if (strcmp (request->method, "POST") == 0 && strcmp (what, calls[i].what) == 0) {
      HttpReply *refusal = NULL;
      g_autoptr (json_t) json = simulator_read_json (request, &refusal);

      return json ? calls[i].answer (evidence, json) : refusal;
    }
  return NULL;
}

/* --- Life --- */

/* FALSE: one is no number. */
static gboolean
read_type_ids (GHashTable *type_ids, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (gsize i = 0; words[i]; i++) {
    gint64 id = 0;

    if (!parse_int64 (words[i], 1, G_MAXINT, &id))
      return FALSE;
    g_hash_table_add (type_ids, GINT_TO_POINTER ((int)id));
  }
  return TRUE;
}

static int
serve (const Settings *settings)
{
  g_auto (GStrv) disabled =
      g_strsplit (settings_text (settings, "evidence-disabled-identifiers"), ",", -1);
  Evidence evidence = {
    .files = files_new (settings_text (settings, "evidence-time-zone"),
                        (gsize)settings_number (settings, "evidence-kept-bytes")),
    .bearers = bearers_new (settings_text (settings, "evidence-expected-secret")),
    .refusals = refusals_new (),
    .type_ids = g_hash_table_new (NULL, NULL),
    .disabled = disabled,
    .duplicate_code = settings_text (settings, "evidence-duplicate-code"),
  };
  const SimulatorService service = {
    .name = "evidence-simulator",
    .max_body_bytes = MAX_BODY_BYTES,
    .request_deadline_ms = REQUEST_DEADLINE_MS,
    .data = &evidence,
    .read = read_call,
    .operation = operation_of_call,
    .act = carry_out,
    .forget = forget_call,
    .state = state_of_evidence,
    .clear_state = clear_evidence,
    .control = control,
  };
  int status = 2;

  if (!evidence.files || !fault_is_code (evidence.duplicate_code) ||
      !read_type_ids (evidence.type_ids, settings_text (settings, "evidence-document-types"))) {
    g_printerr ("evidence-simulator: evidence-time-zone, evidence-duplicate-code or "
                "evidence-document-types is malformed\n");
  } else {
    files_set_search_lag_ms (evidence.files, settings_number (settings, "evidence-search-lag-ms"));
    status = simulator_serve (&service, settings);
  }
  files_free (evidence.files);
  bearers_free (evidence.bearers);
  refusals_free (evidence.refusals);
  g_hash_table_unref (evidence.type_ids);
  return status;
}

int
main (int argc, char **argv)
{
  const Setting *const tables[] = { simulator_settings, settings_rows, NULL };
  g_autoptr (Settings) settings = settings_parse_or_exit (
      "evidence-simulator", NULL, "Simulates the Claims Evidence API.", tables, NULL, &argc, &argv);
  g_autoptr (GError) error = NULL;

  if (argc > 1) {
    g_printerr ("evidence-simulator: %s: no operands are taken\n", argv[1]);
    return 2;
  }
  if (!document_can_look (&error)) {
    g_printerr ("evidence-simulator: %s\n", error->message);
    return 1;
  }
  return serve (settings);
}
