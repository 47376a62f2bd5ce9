/* Answers: who has written them, what they mean for the call, and what they hold. One table says
 * what a status and a body mean; it errs on the side of asking again, for what is refused here for
 * good is a claim that no machine carries on. */
#include "intake/answer.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define ANY_STATUS      0, 999
#define ANY_CALL        (-1)
#define ANY_BODY        (-1)
#define CODE_MAX        64
#define GUID_MAX        64
#define LOCATION_MAX    8192
#define XML_LOOK_BYTES  4096
#define STATUS_WORD_MAX 32
#define UNKNOWN_ID_CODE "DOC105"
#define FINAL_BY_CODE   "DOC1" /* errors of the package; those of the service may heal */

G_DEFINE_QUARK (intake_error_quark, intake_error)

/* --- Who has written it --- */

static json_t *
load (GBytes *body)
{
  return json_loadb (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, NULL);
}

/* Foreign words go into logs and headers: nothing but a code may look like one. */
static char *
code_of (const char *text, gsize length)
{
  if (!text || length == 0 || length > CODE_MAX)
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '-' && text[i] != '_')
      return NULL;
  return g_strndup (text, length);
}

static char *
code_of_json (json_t *value)
{
  const char *text = json_string_value (value);

  return code_of (text, text ? strlen (text) : 0);
}

/* S3's errors are flat and short, so the two elements that matter are looked for. */
static gboolean
is_storage_error (GBytes *body, char **ret_code)
{
  gsize length = 0;
  const char *data = g_bytes_get_data (body, &length);
  g_autofree char *text = g_strndup (data ? data : "", MIN (length, XML_LOOK_BYTES));
  const char *error = strstr (text, "<Error>");
  const char *code = error ? strstr (error, "<Code>") : NULL;
  const char *end = code ? strstr (code, "</Code>") : NULL;

  if (!end || (error != text && !g_str_has_prefix (text, "<?xml")))
    return FALSE;
  code += strlen ("<Code>");
  *ret_code = code_of (code, (gsize)(end - code));
  return TRUE;
}

IntakeBody
intake_body_of (GBytes *body, char **ret_code)
{
  g_autoptr (json_t) json = load (body);
  json_t *errors = json_object_get (json, "errors");

  *ret_code = NULL;
  if (json_is_object (json_object_get (json, "data")) ||
      json_is_array (json_object_get (json, "data")))
    return INTAKE_BODY_DATA;
  if (json_is_array (errors)) {
    *ret_code = code_of_json (json_object_get (json_array_get (errors, 0), "code"));
    return INTAKE_BODY_ERRORS;
  }
  if (json_is_string (json_object_get (json, "message")))
    return INTAKE_BODY_GATEWAY;
  return !json && is_storage_error (body, ret_code) ? INTAKE_BODY_STORAGE : INTAKE_BODY_OTHER;
}

/* --- What it means --- */

typedef struct {
  int call; /* ANY_CALL */
  long from, to;
  int body;         /* ANY_BODY */
  const char *code; /* NULL: any */
  int error;        /* CARRIED_OUT */
  const char *says;
} AnswerRow;

#define CARRIED_OUT (-1)

/* The first row that fits counts. */
static const AnswerRow answer_rows[] = {
  { INTAKE_CALL_PUT, 200, 200, ANY_BODY, NULL, CARRIED_OUT, NULL },
  { INTAKE_CALL_CREATE, 202, 202, INTAKE_BODY_DATA, NULL, CARRIED_OUT, NULL },
  { INTAKE_CALL_STATUS, 200, 200, INTAKE_BODY_DATA, NULL, CARRIED_OUT, NULL },
  { INTAKE_CALL_STATUS, 404, 404, INTAKE_BODY_ERRORS, NULL, CARRIED_OUT, NULL }, /* none of it */
  { INTAKE_CALL_REPORT, 200, 200, INTAKE_BODY_DATA, NULL, CARRIED_OUT, NULL },

  /* The key. Who has written a 403 matters: a firewall's page says nothing of our key. */
  { INTAKE_CALL_PUT, 403, 403, INTAKE_BODY_STORAGE, NULL, INTAKE_ERROR_LOCATION,
    "the storage does not take this location" },
  { ANY_CALL, 401, 401, ANY_BODY, NULL, INTAKE_ERROR_CONFIGURATION, "the key is not known" },
  { ANY_CALL, 403, 403, INTAKE_BODY_GATEWAY, NULL, INTAKE_ERROR_CONFIGURATION,
    "the key is not allowed" },
  { ANY_CALL, 403, 403, INTAKE_BODY_ERRORS, NULL, INTAKE_ERROR_CONFIGURATION,
    "the key is not allowed" },
  { ANY_CALL, 403, 403, ANY_BODY, NULL, INTAKE_ERROR_UNAVAILABLE, "something between refuses" },

  { ANY_CALL, 429, 429, ANY_BODY, NULL, INTAKE_ERROR_QUOTA, "the quota is used up" },

  /* The API says of itself what is not there in a list of errors, and of reading calls it has said
   * so above; any other 404 is about the address that we were configured with. */
  { ANY_CALL, 404, 404, INTAKE_BODY_GATEWAY, NULL, INTAKE_ERROR_CONFIGURATION,
    "there is no such service (intake-url)" },
  { INTAKE_CALL_STATUS, 404, 404, ANY_BODY, NULL, INTAKE_ERROR_CONFIGURATION,
    "there is no such service (intake-url)" },
  { INTAKE_CALL_REPORT, 404, 404, ANY_BODY, NULL, INTAKE_ERROR_CONFIGURATION,
    "there is no such service (intake-url)" },

  /* What the storage says with a 400 of a transfer that went wrong, not of what was sent. */
  { INTAKE_CALL_PUT, 400, 400, INTAKE_BODY_STORAGE, "RequestTimeout", INTAKE_ERROR_UNAVAILABLE,
    "the transfer took too long" },
  { INTAKE_CALL_PUT, 400, 400, INTAKE_BODY_STORAGE, "IncompleteBody", INTAKE_ERROR_UNAVAILABLE,
    "the transfer broke off" },
  { INTAKE_CALL_PUT, 400, 400, INTAKE_BODY_STORAGE, "BadDigest", INTAKE_ERROR_DAMAGED,
    "damaged on its way" },
  { INTAKE_CALL_PUT, 400, 400, INTAKE_BODY_STORAGE, "ExpiredToken", INTAKE_ERROR_LOCATION,
    "the storage does not take this location" },

  { ANY_CALL, 400, 400, ANY_BODY, NULL, INTAKE_ERROR_REFUSED, "refused" },
  { ANY_CALL, 404, 404, ANY_BODY, NULL, INTAKE_ERROR_REFUSED, "refused" },
  { ANY_CALL, 411, 411, ANY_BODY, NULL, INTAKE_ERROR_REFUSED, "refused" },
  { ANY_CALL, 413, 413, ANY_BODY, NULL, INTAKE_ERROR_REFUSED, "too large" },
  { ANY_CALL, 422, 422, ANY_BODY, NULL, INTAKE_ERROR_REFUSED, "refused" },

  { ANY_CALL, 408, 408, ANY_BODY, NULL, INTAKE_ERROR_UNAVAILABLE, "took too long" },
  { ANY_CALL, 500, 500, ANY_BODY, NULL, INTAKE_ERROR_UNAVAILABLE, "not available" },
  { ANY_CALL, 502, 504, ANY_BODY, NULL, INTAKE_ERROR_UNAVAILABLE, "not available" },
  /* Also success without what belongs to it, and statuses that nobody has told us of. */
  { ANY_CALL, ANY_STATUS, ANY_BODY, NULL, INTAKE_ERROR_UNKNOWN, "no usable answer" },
};

const char *
intake_call_name (IntakeCall call)
{
  switch (call) {
  case INTAKE_CALL_CREATE:
    return "create";
  case INTAKE_CALL_PUT:
    return "put";
  case INTAKE_CALL_STATUS:
    return "status";
  case INTAKE_CALL_REPORT:
    return "report";
  }
  g_assert_not_reached ();
}

static const AnswerRow *
row_of (IntakeCall call, long status, IntakeBody body, const char *code)
{
  const AnswerRow *row = answer_rows;

  while (!((row->call == ANY_CALL || row->call == (int)call) && status >= row->from &&
           status <= row->to && (row->body == ANY_BODY || row->body == (int)body) &&
           (!row->code || g_strcmp0 (row->code, code) == 0)))
    row++; /* the last one fits all */
  return row;
}

gboolean
intake_judge (IntakeCall call, long status, GBytes *body, GError **error)
{
  g_autofree char *code = NULL;
  IntakeBody kind = intake_body_of (body, &code);
  const AnswerRow *row = row_of (call, CLAMP (status, 0, 999), kind, code);

  if (row->error == CARRIED_OUT)
    return TRUE;
  g_set_error (error, INTAKE_ERROR, row->error, "%s: %s (HTTP %ld%s%s)", intake_call_name (call),
               row->says, status, code ? ", " : "", code ? code : "");
  return FALSE;
}

/* --- What it holds --- */

static const struct {
  const char *word;
  IntakeStatus status;
  gboolean is_final; /* where the answer does not say; of an error its code decides */
} status_words[] = {
  { "pending", INTAKE_STATUS_PENDING, FALSE },   { "uploaded", INTAKE_STATUS_UPLOADED, FALSE },
  { "received", INTAKE_STATUS_RECEIVED, FALSE }, { "processing", INTAKE_STATUS_PROCESSING, FALSE },
  { "success", INTAKE_STATUS_SUCCESS, FALSE },   { "vbms", INTAKE_STATUS_VBMS, TRUE },
  { "error", INTAKE_STATUS_ERROR, FALSE },       { "expired", INTAKE_STATUS_EXPIRED, TRUE },
};

void
intake_location_free (IntakeLocation *location)
{
  if (!location)
    return;
  g_free (location->guid);
  g_free (location->location);
  g_free (location);
}

void
intake_upload_free (IntakeUpload *upload)
{
  if (!upload)
    return;
  g_free (upload->guid);
  g_free (upload->status_word);
  g_free (upload->code);
  g_free (upload->detail);
  g_free (upload);
}

/* It becomes part of a path, and of a row's key. */
static gboolean
is_guid (const char *text)
{
  gsize length = text ? strlen (text) : 0;

  if (length == 0 || length > GUID_MAX)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '-')
      return FALSE;
  return TRUE;
}

static gboolean
is_url (const char *text)
{
  if (!text || strlen (text) > LOCATION_MAX ||
      (!g_str_has_prefix (text, "http://") && !g_str_has_prefix (text, "https://")))
    return FALSE;
  for (; *text; text++)
    if (!g_ascii_isgraph (*text))
      return FALSE;
  return TRUE;
}

IntakeLocation *
intake_location_parse (GBytes *body, GError **error)
{
  g_autoptr (json_t) json = load (body);
  json_t *data = json_object_get (json, "data");
  const char *guid = json_string_value (json_object_get (data, "id"));
  const char *url =
      json_string_value (json_object_get (json_object_get (data, "attributes"), "location"));
  IntakeLocation *location = NULL;

  if (!is_guid (guid) || !is_url (url)) {
    g_set_error (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN, "create: the answer has no %s",
                 is_guid (guid) ? "location" : "id");
    return NULL;
  }
  location = g_new0 (IntakeLocation, 1);
  location->guid = g_strdup (guid);
  location->location = g_strdup (url);
  return location;
}

/* By word; whether it is final where the answer does not say. */
static void
set_status (IntakeUpload *upload, const char *word)
{
  upload->status_word = text_truncate_chars (word, STATUS_WORD_MAX);
  for (gsize i = 0; i < G_N_ELEMENTS (status_words); i++)
    if (strcmp (word, status_words[i].word) == 0) {
      upload->status = status_words[i].status;
      upload->is_final = status_words[i].is_final;
    }
  if (upload->status == INTAKE_STATUS_ERROR)
    upload->is_final = upload->code && g_str_has_prefix (upload->code, FINAL_BY_CODE);
}

static int
count_in (json_t *object, const char *name)
{
  json_t *value = json_object_get (object, name);
  json_int_t number = json_integer_value (value);

  return json_is_integer (value) && number >= 0 && number <= G_MAXINT ? (int)number : -1;
}

/* NULL: it is no item. */
static IntakeUpload *
upload_of (json_t *item)
{
  json_t *attributes = json_object_get (item, "attributes");
  const char *guid = json_string_value (json_object_get (item, "id"));
  const char *word = json_string_value (json_object_get (attributes, "status"));
  const char *updated_at = json_string_value (json_object_get (attributes, "updated_at"));
  json_t *final_status = json_object_get (attributes, "final_status");
  json_t *pdf = json_object_get (attributes, "uploaded_pdf");
  IntakeUpload *upload = NULL;

  if (!is_guid (guid) || !word || !*word)
    return NULL;
  upload = g_new0 (IntakeUpload, 1);
  upload->guid = g_strdup (guid);
  upload->code = code_of_json (json_object_get (attributes, "code"));
  upload->detail = text_truncate_chars (json_string_value (json_object_get (attributes, "detail")),
                                        INTAKE_DETAIL_MAX_CHARS);
  set_status (upload, word);
  if (json_is_boolean (final_status))
    upload->is_final = json_is_true (final_status);
  if (updated_at)
    (void)clock_parse_iso (updated_at, &upload->updated_at_ms);
  upload->documents = count_in (pdf, "total_documents");
  upload->pages = count_in (pdf, "total_pages");
  return upload;
}

IntakeUpload *
intake_upload_new_unknown (const char *guid)
{
  IntakeUpload *upload = g_new0 (IntakeUpload, 1);

  upload->guid = g_strdup (guid);
  upload->code = g_strdup (UNKNOWN_ID_CODE);
  upload->documents = upload->pages = -1;
  set_status (upload, "error");
  return upload;
}

IntakeUpload *
intake_upload_parse (GBytes *body, GError **error)
{
  g_autoptr (json_t) json = load (body);
  IntakeUpload *upload = upload_of (json_object_get (json, "data"));

  if (!upload)
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "status: the answer has no status");
  return upload;
}

GHashTable *
intake_report_parse (GBytes *body, GError **error)
{
  g_autoptr (json_t) json = load (body);
  json_t *data = json_object_get (json, "data");
  GHashTable *uploads = NULL;

  if (!json_is_array (data)) {
    g_set_error_literal (error, INTAKE_ERROR, INTAKE_ERROR_UNKNOWN,
                         "report: the answer has no list");
    return NULL;
  }
  uploads =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)intake_upload_free);
  for (gsize i = 0; i < json_array_size (data); i++) {
    IntakeUpload *upload = upload_of (json_array_get (data, i));

    if (upload)
      g_hash_table_replace (uploads, upload->guid, upload);
  }
  return uploads;
}
