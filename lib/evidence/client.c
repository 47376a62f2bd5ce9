/* Where the service is, who we are, and one call from request to answer. The one place where a
 * failure of HTTP becomes one of the service. Source: README.md, "What a failure means". */
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "evidence/answer.h"
#include "evidence/form.h"
#include "evidence/token.h"
#include "http/http.h"

#define FILES_PATH       "/files"
#define SEARCH_PATH      "/folders/files:search"
#define MB               1000000
#define MB_MS            1000 /* a slow line still carries 8 Mbit/s */
#define TOKENS           2
#define MAX_ANSWER_BYTES 1048576
#define RESULTS_A_PAGE   10 /* of one name there is one */

const Setting evidence_settings[] = {
  { .name = "evidence-url",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Where the Claims Evidence API is, up to and with /api/v1/rest.",
    .required = TRUE },
  { .name = "evidence-secret",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Secret that signs the tokens for the Claims Evidence API.",
    .secret = TRUE,
    .required = TRUE },
  { .name = "evidence-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "30000",
    .help = "Longest wait for one answer; a paper gets a second more for each million bytes.",
    .min = 1,
    .max = 600000 },
  { .name = "evidence-connect-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "10000",
    .help = "Longest wait for a connection to the Claims Evidence API.",
    .min = 1,
    .max = 600000 },
  { .name = "evidence-ca-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Certificates to trust for it (PEM); empty: the system's." },
  { .name = "evidence-verify-tls",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether the peer's certificate is checked; no for test hosts only." },
  { .name = "evidence-max-connection-age-s",
    .type = SETTING_NUMBER,
    .default_value = "20",
    .help =
        "A connection idle for longer is not used again; keep it below the server's keep-alive.",
    .min = 1,
    .max = 3600 },
  { NULL },
};

struct EvidenceClient {
  char *files_url, *search_url;
  char *secret;
  gint64 timeout_ms, connect_timeout_ms;
  HttpClient *http;
};

EvidenceClient *
evidence_client_new (const Settings *settings, GError **error)
{
  g_autoptr (EvidenceClient) client = g_new0 (EvidenceClient, 1);
  const HttpClientOptions options = http_client_options (settings, "evidence");
  g_autofree char *url = http_url_setting (settings, "evidence-url", options.verify, error);

  if (!url)
    return NULL;
  client->files_url = g_strconcat (url, FILES_PATH, NULL);
  client->search_url = g_strconcat (url, SEARCH_PATH, NULL);
  client->secret = g_strdup (settings_text (settings, "evidence-secret"));
  client->timeout_ms = settings_number (settings, "evidence-timeout-ms");
  client->connect_timeout_ms = settings_number (settings, "evidence-connect-timeout-ms");
  client->http = http_client_new (&options);
  return g_steal_pointer (&client);
}

void
evidence_client_free (EvidenceClient *client)
{
  if (!client)
    return;
  http_client_free (client->http);
  g_free (client->files_url);
  g_free (client->search_url);
  g_free (client->secret);
  g_free (client);
}

gint64
evidence_call_limit_ms (const Settings *settings)
{
  return settings_number (settings, "evidence-connect-timeout-ms");
}

static gint64
limit_ms (gint64 timeout_ms, gsize bytes)
{
  return timeout_ms + (gint64)((bytes + MB - 1) / MB) * MB_MS;
}

gint64
evidence_upload_limit_ms (const Settings *settings, gsize bytes)
{
  return TOKENS * limit_ms (settings_number (settings, "evidence-timeout-ms"), bytes);
}

char *
evidence_folder (const char *participant_id, const char *ssn)
{
  if (participant_id && *participant_id)
    return g_strconcat ("VETERAN:PARTICIPANT_ID:", participant_id, NULL);
  return ssn && *ssn ? g_strconcat ("VETERAN:SSN:", ssn, NULL) : NULL;
}

/* --- One call --- */

/* What was not sent has not happened; of anything else nobody knows. */
static void
set_failure (GError **error, const char *what, GError *cause_taken)
{
  int code = EVIDENCE_ERROR_UNKNOWN;

  if (g_error_matches (cause_taken, HTTP_ERROR, HTTP_ERROR_OWN))
    code = EVIDENCE_ERROR_OWN;
  else if (g_error_matches (cause_taken, HTTP_ERROR, HTTP_ERROR_NOT_SENT))
    code = EVIDENCE_ERROR_NOT_SENT;
  g_set_error (error, EVIDENCE_ERROR, code, "%s: %s", what, cause_taken->message);
  g_error_free (cause_taken);
}

/* With a token of its own, by the house's clock, which is the database's: a machine that is wrong
 * makes no token that is. @request: but for its headers. */
static HttpAnswer *
send_once (EvidenceClient *client, HttpRequest *request, const char *folder,
           const char *content_type, GError **error)
{
  g_autofree char *token = evidence_token (client->secret, clock_database_now_ms () / 1000);
  g_autofree char *bearer = g_strconcat ("Authorization: Bearer ", token ? token : "", NULL);
  g_autofree char *whose = g_strconcat ("X-Folder-URI: ", folder, NULL);
  g_autofree char *type = g_strconcat ("Content-Type: ", content_type, NULL);
  GError *cause = NULL;
  HttpAnswer *answer;

  if (!token) {
    g_set_error_literal (error, EVIDENCE_ERROR, EVIDENCE_ERROR_OWN, "no memory for a token");
    return NULL;
  }
  request->method = "POST";
  request->headers = (const char *[]){ bearer, whose, type, "Accept: application/json", NULL };
  request->connect_timeout_ms = client->connect_timeout_ms;
  request->max_answer_bytes = MAX_ANSWER_BYTES;
  request->peer = "evidence";
  request->once = TRUE;
  answer = http_send (client->http, request, &cause);
  if (!answer)
    set_failure (error, request->operation, cause);
  return answer;
}

/* --- Upload --- */

static EvidenceFile *
upload_once (EvidenceClient *client, const EvidencePaper *paper, EvidenceForm *form, GError **error)
{
  g_autoptr (HttpAnswer) answer = NULL;
  HttpRequest request = {
    .url = client->files_url,
    .body_length = evidence_form_bytes (form),
    .read_body = evidence_form_read,
    .read_body_data = form,
    .timeout_ms = limit_ms (client->timeout_ms, paper->length),
    .operation = "upload",
  };

  evidence_form_rewind (form);
  answer = send_once (client, &request, paper->folder, evidence_form_content_type (form), error);
  return answer
             ? evidence_judge_upload (answer->status, answer->body, evidence_form_md5 (form), error)
             : NULL;
}

/* A token that is not taken may have been too long on its way. */
EvidenceFile *
evidence_upload (EvidenceClient *client, const EvidencePaper *paper, GError **error)
{
  g_autoptr (EvidenceForm) form = evidence_form_new (paper);
  g_autoptr (GError) problem = NULL;
  EvidenceFile *file = NULL;

  for (guint i = 0; !file && i < TOKENS; i++) {
    g_clear_error (&problem);
    file = upload_once (client, paper, form, &problem);
    if (!file && !g_error_matches (problem, EVIDENCE_ERROR, EVIDENCE_ERROR_TOKEN))
      break;
  }
  if (!file)
    g_propagate_error (error, g_steal_pointer (&problem));
  return file;
}

/* --- Search --- */

static char *
question_for (const char *content_name)
{
  g_autoptr (json_t) question = json_pack (
      "{s{si si} s{s{ss ss}}}", "pageRequest", "resultsPerPage", RESULTS_A_PAGE, "page", 1,
      "filters", "systemData.contentName", "evaluationType", "EQUALS", "value", content_name);

  return text_of_json (question);
}

static gboolean
find_once (EvidenceClient *client, const char *folder, const char *content_name, char **ret_uuid,
           GError **error)
{
  g_autofree char *question = question_for (content_name);
  g_autoptr (HttpAnswer) answer = NULL;
  HttpRequest request = {
    .url = client->search_url,
    .body = question,
    .body_length = strlen (question),
    .timeout_ms = client->timeout_ms,
    .operation = "search",
  };

  answer = send_once (client, &request, folder, "application/json", error);
  return answer &&
         evidence_judge_search (answer->status, answer->body, content_name, ret_uuid, error);
}

gboolean
evidence_find (EvidenceClient *client, const char *folder, const char *content_name,
               char **ret_uuid, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (find_once (client, folder, content_name, ret_uuid, &problem))
    return TRUE;
  if (g_error_matches (problem, EVIDENCE_ERROR, EVIDENCE_ERROR_TOKEN))
    return find_once (client, folder, content_name, ret_uuid, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
