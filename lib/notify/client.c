/* Where VA Notify is, who we are, and one e-mail from request to answer. The one place where a
 * failure of HTTP becomes one of the service, and where its limits are kept. Source: README.md,
 * "What a failure means". */
#include <string.h>

#include "base/clock.h"
#include "base/exposure.h"
#include "base/text.h"
#include "http/http.h"
#include "notify/answer.h"
#include "notify/key.h"

#define MAIL_PATH        "/v2/notifications/email"
#define CALLBACK_MAX     255
#define RATE_MS          60000 /* their rate is one of a minute; no answer says how long */
#define DAY_MS           (24 * 3600 * G_GINT64_CONSTANT (1000))
/* Theirs, for tests: accepted, and never sent. */
#define NOBODYS_ADDRESS  "simulate-delivered@notifications.va.gov"
#define MAX_ANSWER_BYTES 1048576

const Setting notify_settings[] = {
  { .name = "notify-url",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Where VA Notify is: scheme, host and port, without its path.",
    .required = TRUE },
  { .name = "notify-api-key",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "API key of VA Notify: name, service id and secret, joined by hyphens.",
    .secret = TRUE,
    .required = TRUE },
  { .name = "notify-callback-url",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Where VA Notify tells what has become of an e-mail: claim-api's path for it, https; "
            "empty: what is configured there for the service." },
  { .name = "notify-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "30000",
    .help = "Longest wait for one answer.",
    .min = 1,
    .max = 600000 },
  { .name = "notify-connect-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "10000",
    .help = "Longest wait for a connection to VA Notify.",
    .min = 1,
    .max = 600000 },
  { .name = "notify-risk-pause",
    .type = SETTING_DURATION,
    .default_value = "15s",
    .help = "How long no e-mail is risked after one that got no answer, where the one before it "
            "had got none either; twice as long each time, at most 15 min." },
  { .name = "notify-ca-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Certificates to trust for it (PEM); empty: the system's." },
  { .name = "notify-verify-tls",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether the peer's certificate is checked; no for test hosts only." },
  { .name = "notify-max-connection-age-s",
    .type = SETTING_NUMBER,
    .default_value = "20",
    .help =
        "A connection idle for longer is not used again; keep it below the server's keep-alive.",
    .min = 1,
    .max = 3600 },
  { NULL },
};

struct NotifyClient {
  char *url;          /* with the path */
  char *callback_url; /* NULL: theirs */
  NotifyKey *key;
  gint64 timeout_ms, connect_timeout_ms;
  HttpClient *http;

  GMutex lock;
  gint64 closed_until_ms; /* monotonic: of their limits */
  NotifyError closed_by;  /* which of them */
  NotifyTrust *trust;
};

/* --- Settings --- */

/* https, but for this machine: their rule, and callbacks hold addresses. */
static gboolean
is_callback_url (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);

  return uri && strlen (url) <= CALLBACK_MAX &&
         (g_str_equal (g_uri_get_scheme (uri), "https") ||
          (g_str_equal (g_uri_get_scheme (uri), "http") &&
           host_is_this_machine (g_uri_get_host (uri))));
}

static gboolean
read_addresses (NotifyClient *client, const Settings *settings, gboolean verify, GError **error)
{
  g_autofree char *url = http_url_setting (settings, "notify-url", verify, error);
  const char *callback_url = settings_text (settings, "notify-callback-url");

  if (!url)
    return FALSE;
  client->url = g_strconcat (url, MAIL_PATH, NULL);
  if (!*callback_url)
    return TRUE;
  if (!is_callback_url (callback_url)) {
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                 "notify-callback-url must be https:// and have at most %d characters",
                 CALLBACK_MAX);
    return FALSE;
  }
  client->callback_url = g_strdup (callback_url);
  return TRUE;
}

NotifyClient *
notify_client_new (const Settings *settings, GError **error)
{
  g_autoptr (NotifyClient) client = g_new0 (NotifyClient, 1);
  const HttpClientOptions options = http_client_options (settings, "notify");

  g_mutex_init (&client->lock);
  client->trust = notify_trust_new (settings_duration_ms (settings, "notify-risk-pause"));
  client->timeout_ms = settings_number (settings, "notify-timeout-ms");
  client->connect_timeout_ms = settings_number (settings, "notify-connect-timeout-ms");
  if (!read_addresses (client, settings, options.verify, error))
    return NULL;
  client->key = notify_key_parse (settings_text (settings, "notify-api-key"), error);
  if (!client->key) {
    g_prefix_error (error, "notify-api-key: ");
    return NULL;
  }
  client->http = http_client_new (&options);
  return g_steal_pointer (&client);
}

void
notify_client_free (NotifyClient *client)
{
  if (!client)
    return;
  http_client_free (client->http);
  notify_key_free (client->key);
  g_mutex_clear (&client->lock);
  notify_trust_free (client->trust);
  g_free (client->url);
  g_free (client->callback_url);
  g_free (client);
}

gint64
notify_call_limit_ms (const Settings *settings)
{
  return settings_number (settings, "notify-connect-timeout-ms");
}

gint64
notify_send_limit_ms (const Settings *settings)
{
  return 2 * settings_number (settings, "notify-timeout-ms");
}

/* --- Their limits --- */

/* @ret_limit: which it is; NULL: nobody asks. */
static gint64
wait_for_limit (NotifyClient *client, NotifyError *ret_limit)
{
  gint64 left_ms;

  g_mutex_lock (&client->lock);
  left_ms = client->closed_until_ms - clock_monotonic_ms ();
  if (ret_limit)
    *ret_limit = client->closed_by;
  g_mutex_unlock (&client->lock);
  return MAX (left_ms, 0);
}

gint64
notify_client_wait_ms (NotifyClient *client)
{
  return wait_for_limit (client, NULL);
}

static void
close_for (NotifyClient *client, NotifyError limit, gint64 ms)
{
  gint64 until_ms = clock_monotonic_ms () + ms;

  g_mutex_lock (&client->lock);
  if (until_ms > client->closed_until_ms) {
    client->closed_until_ms = until_ms;
    client->closed_by = limit;
  }
  g_mutex_unlock (&client->lock);
}

/* A day's limit is not given anew before the next day, UTC. */
static void
note_limit (NotifyClient *client, const GError *problem)
{
  gint64 now_ms = clock_database_now_ms ();

  if (g_error_matches (problem, NOTIFY_ERROR, NOTIFY_ERROR_RATE))
    close_for (client, NOTIFY_ERROR_RATE, RATE_MS);
  if (g_error_matches (problem, NOTIFY_ERROR, NOTIFY_ERROR_DAY_LIMIT))
    close_for (client, NOTIFY_ERROR_DAY_LIMIT, DAY_MS - now_ms % DAY_MS);
}

/* --- One call --- */

/* The house's clock, which is the database's: a machine that is wrong makes no token that is. */
static char *
authorization (const NotifyClient *client)
{
  g_autofree char *token = notify_key_token (client->key, clock_database_now_ms () / 1000);

  return token ? g_strconcat ("Authorization: Bearer ", token, NULL) : NULL;
}

/* What was not sent has not happened; of anything else nobody knows. */
static GError *
failure_of_http (GError *cause_taken)
{
  GError *problem;
  int code = NOTIFY_ERROR_UNKNOWN;

  if (g_error_matches (cause_taken, HTTP_ERROR, HTTP_ERROR_OWN))
    code = NOTIFY_ERROR_OWN;
  else if (g_error_matches (cause_taken, HTTP_ERROR, HTTP_ERROR_NOT_SENT))
    code = NOTIFY_ERROR_NOT_SENT;
  problem = g_error_new_literal (NOTIFY_ERROR, code, cause_taken->message);
  g_error_free (cause_taken);
  return problem;
}

static char *
post (NotifyClient *client, const char *body, GError **error)
{
  g_autofree char *bearer = authorization (client);
  GError *cause = NULL;
  g_autoptr (HttpAnswer) answer = NULL;
  HttpRequest request = {
    .url = client->url,
    .headers = (const char *[]){ bearer, "Content-Type: application/json",
                                 "Accept: application/json", NULL },
    .body = body,
    .body_length = strlen (body),
    .connect_timeout_ms = client->connect_timeout_ms,
    .timeout_ms = client->timeout_ms,
    .max_answer_bytes = MAX_ANSWER_BYTES,
    .peer = "notify",
    .operation = "email",
    .once = TRUE,
  };

  if (!bearer) {
    g_set_error_literal (error, NOTIFY_ERROR, NOTIFY_ERROR_OWN, "no memory for a token");
    return NULL;
  }
  answer = http_send (client->http, &request, &cause);
  if (answer)
    return notify_judge (answer->status, answer->body, error);
  g_propagate_error (error, failure_of_http (cause));
  return NULL;
}

static char *
body_of (const NotifyClient *client, const NotifyMail *mail)
{
  g_autoptr (json_t) body =
      json_pack ("{ss ss sO}", "template_id", mail->template_id, "email_address", mail->address,
                 "personalisation", mail->personalisation);

  if (mail->reference)
    json_object_set_new (body, "reference", json_string (mail->reference));
  if (client->callback_url)
    json_object_set_new (body, "callback_url", json_string (client->callback_url));
  return text_of_json (body);
}

/* A token that is out of time is made anew once: it may have waited on its way. */
static char *
post_mail (NotifyClient *client, const NotifyMail *mail, GError **error)
{
  g_autofree char *body = body_of (client, mail);
  g_autoptr (GError) problem = NULL;
  char *id = post (client, body, &problem);

  if (g_error_matches (problem, NOTIFY_ERROR, NOTIFY_ERROR_CLOCK)) {
    g_clear_error (&problem);
    id = post (client, body, &problem);
  }
  note_limit (client, problem);
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return id;
}

/* --- Whether it may be risked --- */

NotifyTrust *
notify_client_trust (NotifyClient *client)
{
  return client->trust;
}

static gboolean
is_error (const GError *problem, NotifyError code)
{
  return g_error_matches (problem, NOTIFY_ERROR, (int)code);
}

static gboolean
may_send (NotifyClient *client, GError **error)
{
  NotifyError limit;
  gint64 wait_ms = wait_for_limit (client, &limit);

  if (wait_ms > 0)
    g_set_error (error, NOTIFY_ERROR, (int)limit,
                 "not sent: a limit of theirs is used up for another %" G_GINT64_FORMAT " ms",
                 wait_ms);
  return wait_ms == 0;
}

static gboolean
may_risk (NotifyClient *client, GError **error)
{
  gint64 wait_ms = notify_trust_pause_ms (client->trust);

  if (wait_ms > 0)
    g_set_error (error, NOTIFY_ERROR, NOTIFY_ERROR_AWAY,
                 "not sent: the last that were got no answer; none is risked for another "
                 "%" G_GINT64_FORMAT " ms",
                 wait_ms);
  return wait_ms == 0;
}

static NotifyFate
fate_of (const GError *problem)
{
  if (is_error (problem, NOTIFY_ERROR_UNKNOWN) || is_error (problem, NOTIFY_ERROR_UNAVAILABLE))
    return NOTIFY_FATE_LOST;
  if (is_error (problem, NOTIFY_ERROR_BETWEEN) || is_error (problem, NOTIFY_ERROR_NOT_SENT) ||
      is_error (problem, NOTIFY_ERROR_SCHEMA))
    return NOTIFY_FATE_NOT_TAKEN;
  return NOTIFY_FATE_ANSWERED;
}

/* With everything that the e-mail itself would have but its address: what is refused here is refused
 * for all. That nobody's address is would not be @mail's fault. */
gboolean
notify_ask (NotifyClient *client, const NotifyMail *mail, GError **error)
{
  NotifyMail nobodys = *mail;
  g_autoptr (GError) problem = NULL;
  g_autofree char *id = NULL;

  nobodys.address = NOBODYS_ADDRESS;
  nobodys.reference = NULL;
  if (!may_send (client, error) || !may_risk (client, error))
    return FALSE;
  id = post_mail (client, &nobodys, &problem);
  if (!problem || is_error (problem, NOTIFY_ERROR_REFUSED))
    return TRUE;
  if (fate_of (problem) != NOTIFY_FATE_ANSWERED && !is_error (problem, NOTIFY_ERROR_SCHEMA))
    g_set_error (error, NOTIFY_ERROR, NOTIFY_ERROR_AWAY, "it does not answer yet: %s",
                 problem->message);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

char *
notify_send (NotifyClient *client, const NotifyMail *mail, NotifyEntry entry, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *id;

  if (!may_send (client, error))
    return NULL;
  id = post_mail (client, mail, &problem);
  if (is_error (problem, NOTIFY_ERROR_SCHEMA) && entry == NOTIFY_ENTRY_TRIAL)
    problem->code = NOTIFY_ERROR_REFUSED; /* nobody's was taken: it is this one's own */
  if (!is_error (problem, NOTIFY_ERROR_OWN))
    notify_trust_note (client->trust, entry, fate_of (problem));
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return id;
}
