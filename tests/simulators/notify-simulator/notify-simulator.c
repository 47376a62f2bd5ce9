/* notify-simulator: VA Notify's e-mails, in memory.
 *
 *   speaks   JSON on the real path; callbacks of its own, signed; control calls under /_simulator/
 *   is       strict: token, schema with all faults in one list, templates and their placeholders
 *   leaves   rules, ledger and drops to tests/simulators/control
 *
 * Source: lib/notify/README.md, the facts; README.md beside this says what it keeps to. */
#include <jansson.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exposure.h"
#include "base/settings.h"
#include "control/simulator.h"
#include "notify-simulator/notifications.h"
#include "notify-simulator/token.h"

#define MAIL_PATH       "/v2/notifications/email"
#define MAX_BODY_BYTES  1048576
#define CALLBACK_MAX    255
#define BILLING_MAX     256
#define CALLBACKS_MAX   100
#define DAY_S           (24 * 3600)
#define SIMULATED       "@notifications.va.gov"
#define RATE_INTERVAL_S 60

static const Setting settings_rows[] = {
  { "notify-expected-key", SETTING_TEXT, "", "The service's API key: name, service id, secret.",
    .secret = TRUE, .required = TRUE },
  { "notify-known-templates", SETTING_TEXT, "",
    "Templates, each a UUID and its placeholders with blanks between, a semicolon after each.",
    .required = TRUE },
  { "notify-last-status", SETTING_TEXT, "delivered",
    "What becomes of each e-mail by itself; none: nothing." },
  { "notify-callback-delay-ms", SETTING_NUMBER, "100", "From acceptance to what becomes of it.",
    .max = 3600000 },
  { "notify-callback-retry-ms", SETTING_NUMBER, "1000",
    "From a callback that failed to the next try; doubled each time, at most 300 s.", .min = 1,
    .max = 300000 },
  { "notify-service-callback-url", SETTING_TEXT, "",
    "Where the service's callbacks go, of requests that name no other URL; empty: nowhere." },
  { "notify-callback-token", SETTING_TEXT, "", "The bearer token that those carry.",
    .secret = TRUE },
  { "notify-rate", SETTING_NUMBER, "0", "Requests of 60 s; 0: without end.", .max = 1000000 },
  { "notify-day-limit", SETTING_NUMBER, "0", "Requests of a day, UTC; 0: without end.",
    .max = 1000000 },
  { NULL },
};

typedef struct {
  Notifications *notifications;
  ServiceKey key;
  GHashTable *templates; /* id -> placeholders, NULL-terminated */
  guint rate, day_limit;

  GMutex lock; /* guards what follows, and key.is_revoked */
  gint64 window, day;
  guint in_window, in_day;
  gboolean callback_first;
} Service;

typedef struct {
  const HttpServerRequest *request;
  gboolean is_mail;
} Call;

/* --- Faults --- */

static json_t *
fault (const char *error, const char *message)
{
  return json_pack ("{s:s, s:s}", "error", error, "message", message);
}

static HttpReply *
refuse_all (int status, json_t *faults)
{
  return simulator_reply_json (status,
                               json_pack ("{s:i, s:o}", "status_code", status, "errors", faults));
}

static HttpReply *
refuse (int status, const char *error, const char *message)
{
  return refuse_all (status, json_pack ("[o]", fault (error, message)));
}

/* --- Who asks, and how often --- */

static HttpReply *
judge_token (Service *service, const HttpServerRequest *request)
{
  static const char *const texts[] = {
    [TOKEN_UNREADABLE] = "Invalid token: signature, api token is not valid",
    [TOKEN_NO_ISSUER] = "Invalid token: iss field not provided",
    [TOKEN_UNKNOWN_SERVICE] = "Invalid token: service not found",
    [TOKEN_OUT_OF_TIME] = "Error: Your system clock must be accurate to within 30 seconds",
    [TOKEN_REVOKED] = "Invalid token: API key revoked",
    [TOKEN_WRONG_SIGNATURE] = "Invalid token: signature, api token not found",
  };
  gint64 now_s = notifications_now_ms (service->notifications) / 1000;
  TokenFinding finding;

  g_mutex_lock (&service->lock);
  finding =
      token_check (&service->key, g_hash_table_lookup (request->headers, "authorization"), now_s);
  g_mutex_unlock (&service->lock);
  switch (finding) {
  case TOKEN_FINE:
    return NULL;
  case TOKEN_MISSING:
    return refuse (401, "AuthError", "Unauthorized, authentication token must be provided");
  case TOKEN_NOT_BEARER:
    return refuse (401, "AuthError", "Unauthorized, authentication bearer scheme must be used");
  case TOKEN_UNREADABLE:
  case TOKEN_NO_ISSUER:
  case TOKEN_UNKNOWN_SERVICE:
  case TOKEN_OUT_OF_TIME:
  case TOKEN_REVOKED:
  case TOKEN_WRONG_SIGNATURE:
    return refuse (403, "AuthError", texts[finding]);
  }
  g_assert_not_reached ();
}

/* Counts it in. */
static HttpReply *
judge_limits (Service *service)
{
  gint64 now_s = notifications_now_ms (service->notifications) / 1000;
  g_autofree char *text = NULL;
  gboolean is_over_rate, is_over_day;

  g_mutex_lock (&service->lock);
  if (service->window != now_s / RATE_INTERVAL_S) {
    service->window = now_s / RATE_INTERVAL_S;
    service->in_window = 0;
  }
  if (service->day != now_s / DAY_S) {
    service->day = now_s / DAY_S;
    service->in_day = 0;
  }
  is_over_rate = service->rate && service->in_window >= service->rate;
  is_over_day = service->day_limit && service->in_day >= service->day_limit;
  if (!is_over_rate && !is_over_day) {
    service->in_window++;
    service->in_day++;
  }
  g_mutex_unlock (&service->lock);
  if (is_over_rate) {
    text = g_strdup_printf ("Exceeded rate limit for key type NORMAL of %u requests per %d seconds",
                            service->rate, RATE_INTERVAL_S);
    return refuse (429, "RateLimitError", text);
  }
  if (!is_over_day)
    return NULL;
  text = g_strdup_printf ("Exceeded send limits (%u) for today", service->day_limit);
  return refuse (429, "TooManyRequestsError", text);
}

/* --- The schema: all faults in one list --- */

static void
add_fault (json_t *faults, const char *name, const char *what)
{
  g_autofree char *message = g_strconcat (name, " ", what, NULL);

  json_array_append_new (faults, fault ("ValidationError", message));
}

static gboolean
is_address (const char *text)
{
  const char *at = text ? strchr (text, '@') : NULL;

  return at && at != text && !strchr (at + 1, '@') && strchr (at + 1, '.') &&
         !strpbrk (text, " \t\n,;<>()") && at[1] != '.' && !g_str_has_suffix (text, ".");
}

/* http is for a receiver on this machine, which has no certificate. */
static gboolean
is_callback_url (const char *text)
{
  g_autoptr (GUri) uri = text ? g_uri_parse (text, G_URI_FLAGS_NONE, NULL) : NULL;

  return uri && strlen (text) <= CALLBACK_MAX &&
         (strcmp (g_uri_get_scheme (uri), "https") == 0 ||
          (strcmp (g_uri_get_scheme (uri), "http") == 0 &&
           host_is_this_machine (g_uri_get_host (uri))));
}

static void
check_known (json_t *body, json_t *faults)
{
  static const char *const known[] = { "template_id",     "email_address", "recipient_identifier",
                                       "personalisation", "reference",     "callback_url",
                                       "billing_code",    "scheduled_for", NULL };
  const char *name;
  json_t *value;

  json_object_foreach (body, name, value) if (!g_strv_contains (known, name))
      add_fault (faults, name, "was unexpected: additional properties are not allowed");
}

static json_t *
check_schema (json_t *body)
{
  json_t *faults = json_array ();
  json_t *template = json_object_get (body, "template_id");
  json_t *address = json_object_get (body, "email_address");
  json_t *personalisation = json_object_get (body, "personalisation");
  json_t *reference = json_object_get (body, "reference");
  json_t *url = json_object_get (body, "callback_url");
  json_t *billing = json_object_get (body, "billing_code");

  check_known (body, faults);
  if (!template)
    add_fault (faults, "template_id", "is a required property");
  else if (!json_is_string (template) || !g_uuid_string_is_valid (json_string_value (template)))
    add_fault (faults, "template_id", "is not a valid UUID");
  if (!address && !json_object_get (body, "recipient_identifier"))
    add_fault (faults, "email_address", "or recipient_identifier is required");
  if (address && !is_address (json_string_value (address)))
    add_fault (faults, "email_address", "Not a valid email address");
  if (personalisation && !json_is_object (personalisation))
    add_fault (faults, "personalisation", "should contain key value pairs");
  if (reference && !json_is_string (reference) && !json_is_null (reference))
    add_fault (faults, "reference", "is not of type string");
  if (url && !is_callback_url (json_string_value (url)))
    add_fault (faults, "callback_url", "is not a valid URI that is using HTTPS");
  if (billing && (!json_is_string (billing) || json_string_length (billing) > BILLING_MAX))
    add_fault (faults, "billing_code", "is too long");
  return faults;
}

/* --- Templates --- */

static HttpReply *
judge_template (Service *service, json_t *body)
{
  const char *id = json_string_value (json_object_get (body, "template_id"));
  json_t *values = json_object_get (body, "personalisation");
  g_autofree char *key = g_ascii_strdown (id, -1);
  char **placeholders = g_hash_table_lookup (service->templates, key);
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  g_autofree char *names = NULL, *text = NULL;

  if (!placeholders)
    return refuse (400, "BadRequestError", "Template not found");
  for (gsize i = 0; placeholders[i]; i++)
    if (!json_object_get (values, placeholders[i]))
      g_ptr_array_add (missing, placeholders[i]);
  if (missing->len == 0)
    return NULL;
  g_ptr_array_add (missing, NULL);
  names = g_strjoinv (", ", (char **)missing->pdata);
  text = g_strdup_printf ("Missing personalisation: %s", names);
  return refuse (400, "BadRequestError", text);
}

static gboolean
read_templates (Service *service, const char *text)
{
  g_auto (GStrv) entries = g_strsplit (text, ";", -1);

  for (gsize i = 0; entries[i]; i++) {
    char **words;

    if (!*g_strstrip (entries[i]))
      continue;
    words = g_strsplit (entries[i], " ", -1);
    if (!g_uuid_string_is_valid (words[0])) {
      g_strfreev (words);
      return FALSE;
    }
    g_hash_table_insert (service->templates, g_ascii_strdown (words[0], -1), g_strdupv (words + 1));
    g_strfreev (words);
  }
  return TRUE;
}

/* --- One e-mail --- */

/* Test addresses of the service's own: nothing is sent and nothing is told. */
static gboolean
is_simulated (const char *address)
{
  static const char *const names[] = { "simulate-delivered" SIMULATED,
                                       "simulate-delivered-2" SIMULATED,
                                       "simulate-delivered-3" SIMULATED, NULL };

  return address && g_strv_contains (names, address);
}

static json_t *
member (json_t *body, const char *name)
{
  json_t *value = json_object_get (body, name);

  return value ? json_incref (value) : json_null ();
}

static HttpReply *
answer_accepted (Service *service, json_t *body, const char *id)
{
  g_autofree char *uri = g_strconcat ("/v2/notifications/", id, NULL);
  const char *template = json_string_value (json_object_get (body, "template_id"));
  g_autofree char *template_uri = g_strconcat ("/v2/template/", template, NULL);

  (void)service;
  return simulator_reply_json (
      201, json_pack ("{s:s, s:o, s:s, s:{s:s, s:s}, s:{s:s, s:i, s:s}, s:o, s:o, s:o}", "id", id,
                      "reference", member (body, "reference"), "uri", uri, "content", "subject",
                      "Your dependents claim", "body", "Dear <redacted>, <redacted>", "template",
                      "id", template, "version", 1, "uri", template_uri, "scheduled_for",
                      member (body, "scheduled_for"), "billing_code", member (body, "billing_code"),
                      "callback_url", member (body, "callback_url")));
}

static HttpReply *
accept (Service *service, json_t *body)
{
  gboolean callback_first;
  g_autofree char *id = NULL;

  if (is_simulated (json_string_value (json_object_get (body, "email_address")))) {
    notifications_count_simulated (service->notifications);
    id = g_uuid_string_random ();
    return answer_accepted (service, body, id);
  }
  g_mutex_lock (&service->lock);
  callback_first = service->callback_first;
  g_mutex_unlock (&service->lock);
  id = notifications_accept (service->notifications, body, callback_first);
  return answer_accepted (service, body, id);
}

static HttpReply *
take_mail (Service *service, const HttpServerRequest *request)
{
  g_autoptr (json_t) body =
      json_loadb (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body),
                  JSON_REJECT_DUPLICATES, NULL);
  g_autoptr (json_t) faults = NULL;
  HttpReply *refusal = judge_token (service, request);

  if (!refusal)
    refusal = judge_limits (service);
  if (refusal)
    return refusal;
  if (!json_is_object (body))
    return refuse (400, "BadRequestError", "Invalid JSON supplied in POST data");
  faults = check_schema (body);
  if (json_array_size (faults) > 0)
    return refuse_all (400, g_steal_pointer (&faults));
  refusal = judge_template (service, body);
  return refusal ? refusal : accept (service, body);
}

/* --- Which call it is --- */

static gpointer
read_call (const HttpServerRequest *request, gpointer data)
{
  Call *call = g_new0 (Call, 1);

  (void)data;
  call->request = request;
  call->is_mail = strcmp (request->method, "POST") == 0 && strcmp (request->path, MAIL_PATH) == 0;
  return call;
}

static const char *
operation_of_call (gconstpointer call)
{
  return ((const Call *)call)->is_mail ? "email" : "";
}

static HttpReply *
carry_out (gpointer call_data, gpointer service)
{
  const Call *call = call_data;

  return call->is_mail ? take_mail (service, call->request)
                       : refuse (404, "NoResultFound", "The requested URL was not found");
}

/* --- For tests --- */

static json_t *
state_of_service (gpointer service)
{
  return notifications_state (((Service *)service)->notifications);
}

static void
clear_service (gpointer data)
{
  Service *service = data;

  notifications_clear (service->notifications);
  g_mutex_lock (&service->lock);
  service->key.is_revoked = FALSE;
  service->callback_first = FALSE;
  service->in_window = service->in_day = 0;
  g_mutex_unlock (&service->lock);
}

static HttpReply *
control_advance (Service *service, json_t *json)
{
  const char *id = NULL, *status = NULL;
  int times = 1, count;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s?s, s:s, s?i}", "id", &id, "status", &status,
                      "times", &times) != 0 ||
      times < 1 || times > CALLBACKS_MAX)
    return simulator_refuse (400, "{\"id\", \"status\", \"times\"}");
  count = notifications_advance (service->notifications, id, status, times);
  if (count < 0)
    return simulator_refuse (400, "there is no such status");
  if (count == 0 && id)
    return simulator_refuse (404, "there is no such notification");
  return simulator_reply_json (200, json_pack ("{s:i}", "advanced", count));
}

static HttpReply *
control_expect (Service *service, json_t *json)
{
  const char *contains = NULL, *status = NULL;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:s, s:s}", "contains", &contains, "status",
                      &status) != 0)
    return simulator_refuse (400, "{\"contains\", \"status\"}");
  notifications_expect (service->notifications, contains, status);
  return simulator_reply_json (200, json_object ());
}

static HttpReply *
control_clock (Service *service, json_t *json)
{
  json_int_t forward_s = 0;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:I}", "forward_s", &forward_s) != 0 ||
      ABS (forward_s) > 10 * 366 * (json_int_t)DAY_S)
    return simulator_refuse (400, "{\"forward_s\": seconds}");
  notifications_put_clock_forward (service->notifications, forward_s * 1000);
  return simulator_reply_json (200, json_object ());
}

static HttpReply *
control_behaviour (Service *service, json_t *json)
{
  int is_revoked = -1, callback_first = -1;

  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s?b, s?b}", "revoked", &is_revoked,
                      "callback_first", &callback_first) != 0)
    return simulator_refuse (400, "{\"revoked\", \"callback_first\"}");
  g_mutex_lock (&service->lock);
  if (is_revoked >= 0)
    service->key.is_revoked = is_revoked;
  if (callback_first >= 0)
    service->callback_first = callback_first;
  g_mutex_unlock (&service->lock);
  return simulator_reply_json (200, json_object ());
}

static HttpReply *
control (const HttpServerRequest *request, const char *what, gpointer service)
{
  static const struct {
    const char *what;
    HttpReply *(*answer) (Service *service, json_t *json);
  } calls[] = {
    { "advance", control_advance },
    { "expect", control_expect },
    { "clock", control_clock },
    { "behaviour", control_behaviour },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    if (strcmp (request->method, "POST") == 0 && strcmp (what, calls[i].what) == 0) {
      HttpReply *refusal = NULL;
      g_autoptr (json_t) json = simulator_read_json (request, &refusal);

      return json ? calls[i].answer (service, json) : refusal;
    }
  return NULL;
}

/* --- Life --- */

static void
free_words (gpointer words)
{
  g_strfreev (words);
}

static int
serve (const Settings *settings)
{
  Service service = {
    .rate = (guint)settings_number (settings, "notify-rate"),
    .day_limit = (guint)settings_number (settings, "notify-day-limit"),
    .templates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_words),
  };
  const SimulatorService of = {
    .name = "notify-simulator",
    .max_body_bytes = MAX_BODY_BYTES,
    .data = &service,
    .read = read_call,
    .operation = operation_of_call,
    .act = carry_out,
    .forget = g_free,
    .state = state_of_service,
    .clear_state = clear_service,
    .control = control,
  };
  sigset_t signals;
  int status = 2;

  /* Before the first thread: only the frame's takes them. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  g_mutex_init (&service.lock);
  if (!service_key_read (&service.key, settings_text (settings, "notify-expected-key")) ||
      !read_templates (&service, settings_text (settings, "notify-known-templates"))) {
    g_printerr ("notify-simulator: notify-expected-key or notify-known-templates is malformed\n");
  } else {
    service.notifications = notifications_new (&(NotificationsOptions){
        .secret = service.key.secret,
        .service_url = settings_text (settings, "notify-service-callback-url"),
        .service_token = settings_text (settings, "notify-callback-token"),
        .last_status = settings_text (settings, "notify-last-status"),
        .delay_ms = settings_number (settings, "notify-callback-delay-ms"),
        .retry_ms = settings_number (settings, "notify-callback-retry-ms"),
    });
    status = simulator_serve (&of, settings);
  }
  notifications_free (service.notifications);
  service_key_clear (&service.key);
  g_hash_table_unref (service.templates);
  g_mutex_clear (&service.lock);
  return status;
}

int
main (int argc, char **argv)
{
  const Setting *const tables[] = { simulator_settings, settings_rows, NULL };
  g_autoptr (Settings) settings = settings_parse_or_exit (
      "notify-simulator", NULL, "Simulates the e-mails of VA Notify.", tables, NULL, &argc, &argv);

  if (argc > 1) {
    g_printerr ("notify-simulator: %s: no operands are taken\n", argv[1]);
    return 2;
  }
  return serve (settings);
}
