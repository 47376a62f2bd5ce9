/* Where BGS and BID are, who we are, and one call from body to reply.
 *
 * The one place where a failure of HTTP becomes a failure of BGS. What is asked is known to the
 * services' files. Source: README.md, facts 1, 2 and 21, and "What a failure means". */
#include "bgs/client.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"

G_DEFINE_QUARK (bgs_error_quark, bgs_error)
G_DEFINE_QUARK (bid_error_quark, bid_error)

const Setting bgs_answer_settings[] = {
  { .name = "bgs-read-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "120000",
    .help = "Longest wait for one BGS answer.",
    .min = 1,
    .max = 3600000 },
  { NULL },
};

const Setting bgs_settings[] = {
  { .name = "bgs-url",
    .type = SETTING_TEXT,
    .help = "Where BGS is: scheme, host and port, without the services' paths.",
    .default_value = "",
    .required = TRUE },
  { .name = "bid-url",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Where BID is, for the pension read: scheme, host and port." },
  { .name = "bid-token",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "Bearer token for BID.",
    .secret = TRUE },
  { .name = "bgs-connect-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "10000",
    .help = "Longest wait for a connection to BGS.",
    .min = 1,
    .max = 600000 },
  { .name = "bid-timeout-ms",
    .type = SETTING_NUMBER,
    .default_value = "15000",
    .help = "Longest wait for one BID answer, connection included.",
    .min = 1,
    .max = 600000 },
  { .name = "bgs-username",
    .type = SETTING_TEXT,
    .default_value = "VAgovAPI",
    .help = "Service account, which BGS journals as the user.",
    .required = TRUE },
  { .name = "bgs-station-id",
    .type = SETTING_TEXT,
    .default_value = "281",
    .help = "Station id of every call.",
    .required = TRUE },
  { .name = "bgs-application",
    .type = SETTING_TEXT,
    .default_value = "VAgovAPI",
    .help = "Application name of every call.",
    .required = TRUE },
  { .name = "bgs-client-machine",
    .type = SETTING_TEXT,
    .default_value = "",
    .help = "IPv4 address of this machine as told to BGS; empty: the first private one." },
  { .name = "bgs-certificate-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Client certificate for BGS (PEM); goes with bgs-key-file." },
  { .name = "bgs-key-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Private key of bgs-certificate-file (PEM)." },
  { .name = "bgs-ca-file",
    .type = SETTING_FILE,
    .default_value = "",
    .help = "Certificates to trust for BGS and BID (PEM); empty: the system's." },
  { .name = "bgs-verify-tls",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether the peer's certificate is checked; no for test hosts only." },
  { .name = "bgs-max-connection-age-s",
    .type = SETTING_NUMBER,
    .default_value = "20",
    .help =
        "A connection idle for longer is not used again; keep it below the server's keep-alive.",
    .min = 1,
    .max = 3600 },
  { NULL },
};

struct BgsClient {
  char *url, *bid_url; /* without a slash at the end */
  char *bid_authorization;
  char *client_machine;
  char *username, *station_id, *application;
  BgsAudit audit;
  gint64 read_timeout_ms, connect_timeout_ms, bid_timeout_ms;
  HttpClient *http, *bid_http;
};

static gboolean
is_private (guint32 address)
{
  return (address >> 24) == 10 || (address >> 20) == 0xAC1 || (address >> 16) == 0xC0A8;
}

static char *
first_private_address (void)
{
  struct ifaddrs *interfaces = NULL;
  char text[INET_ADDRSTRLEN] = "127.0.0.1";

  if (getifaddrs (&interfaces) != 0)
    return g_strdup (text);
  for (struct ifaddrs *at = interfaces; at; at = at->ifa_next) {
    struct sockaddr_in address = { 0 };

    if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
      continue;
    memcpy (&address, at->ifa_addr, sizeof address);
    if (is_private (ntohl (address.sin_addr.s_addr)) &&
        inet_ntop (AF_INET, &address.sin_addr, text, sizeof text))
      break;
  }
  freeifaddrs (interfaces);
  return g_strdup (text);
}

/* What is wrong with them shows at the start, and not with the first claim. */
static gboolean
check_certificates (const HttpClientOptions *options, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gint64 expires_at_s = 0;

  if (!http_certificates_check (options, &expires_at_s, &problem)) {
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                 "bgs-certificate-file, bgs-key-file, bgs-ca-file: %s", problem->message);
    return FALSE;
  }
  if (expires_at_s > 0)
    metrics_seconds_until (METRIC_CERTIFICATE_LEFT, expires_at_s, NULL);
  return TRUE;
}

BgsClient *
bgs_client_new (const Settings *settings, GError **error)
{
  g_autoptr (BgsClient) client = g_new0 (BgsClient, 1);
  HttpClientOptions options = http_client_options (settings, "bgs");

  client->url = http_url_setting (settings, "bgs-url", options.verify, error);
  if (!client->url)
    return NULL;
  client->bid_url = http_url_setting (settings, "bid-url", options.verify, error);
  if (!client->bid_url)
    return NULL;
  if (settings_is_set (settings, "bgs-certificate-file") !=
      settings_is_set (settings, "bgs-key-file")) {
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                         "bgs-certificate-file and bgs-key-file go together: set both or neither");
    return NULL;
  }

  client->bid_authorization =
      g_strdup_printf ("Authorization: Bearer %s", settings_text (settings, "bid-token"));
  client->username = g_strdup (settings_text (settings, "bgs-username"));
  client->station_id = g_strdup (settings_text (settings, "bgs-station-id"));
  client->application = g_strdup (settings_text (settings, "bgs-application"));
  client->client_machine = settings_is_set (settings, "bgs-client-machine")
                               ? g_strdup (settings_text (settings, "bgs-client-machine"))
                               : first_private_address ();
  client->audit = (BgsAudit){ .station_id = client->station_id,
                              .username = client->username,
                              .application = client->application };
  client->read_timeout_ms = settings_number (settings, "bgs-read-timeout-ms");
  client->connect_timeout_ms = settings_number (settings, "bgs-connect-timeout-ms");
  client->bid_timeout_ms = settings_number (settings, "bid-timeout-ms");

  client->bid_http = http_client_new (&options);
  options.certificate_file = settings_text (settings, "bgs-certificate-file");
  options.key_file = settings_text (settings, "bgs-key-file");
  if (!check_certificates (&options, error))
    return NULL;
  client->http = http_client_new (&options);
  return g_steal_pointer (&client);
}

void
bgs_client_free (BgsClient *client)
{
  if (!client)
    return;
  http_client_free (client->http);
  http_client_free (client->bid_http);
  g_free (client->url);
  g_free (client->bid_url);
  g_free (client->bid_authorization);
  g_free (client->client_machine);
  g_free (client->username);
  g_free (client->station_id);
  g_free (client->application);
  g_free (client);
}

gint64
bgs_client_read_timeout_ms (const BgsClient *client)
{
  return client->read_timeout_ms;
}

gint64
bgs_call_limit_ms (const Settings *settings)
{
  return settings_number (settings, "bgs-connect-timeout-ms");
}

const char *
bgs_client_username (const BgsClient *client)
{
  return client->username;
}

/* What was not sent has not happened; of anything else nobody knows. */
static int
code_for (const GError *cause, int own, int not_sent, int sent)
{
  if (g_error_matches (cause, HTTP_ERROR, HTTP_ERROR_OWN))
    return own;
  return g_error_matches (cause, HTTP_ERROR, HTTP_ERROR_NOT_SENT) ? not_sent : sent;
}

BgsBody *
bgs_client_body (BgsClient *client, const BgsOperation *operation)
{
  return bgs_body_new (operation, &client->audit, clock_database_now_ms ());
}

BgsReply *
bgs_call (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation, BgsBody *body,
          GError **error)
{
  g_autoptr (BgsBody) owned = body;
  g_autofree char *element = bgs_body_end (owned, error);
  g_autofree char *envelope = NULL;
  g_autofree char *url = NULL;
  g_autofree char *action = NULL;
  g_autoptr (HttpAnswer) answer = NULL;
  GError *cause = NULL;
  HttpRequest request = { 0 };

  if (!element)
    return NULL;
  envelope = bgs_envelope (operation, &client->audit, client->client_machine, caller, element);
  url = g_strconcat (client->url, operation->path, NULL);
  action = g_strdup_printf ("SOAPAction: \"%s\"", operation->operation);
  request = (HttpRequest){
    .url = url,
    .headers =
        (const char *[]){ "Content-Type: text/xml;charset=UTF-8", "Accept: */*", action, NULL },
    .body = envelope,
    .body_length = strlen (envelope),
    .connect_timeout_ms = client->connect_timeout_ms,
    .timeout_ms = client->read_timeout_ms,
    .peer = "bgs",
    .operation = operation->operation,
    .once = TRUE,
  };
  answer = http_send (client->http, &request, &cause);
  if (!answer) {
    g_set_error (error, BGS_ERROR,
                 code_for (cause, BGS_ERROR_OWN, BGS_ERROR_NOT_SENT, BGS_ERROR_UNKNOWN), "%s: %s",
                 operation->operation, cause->message);
    g_error_free (cause);
    return NULL;
  }
  if (caller) { /* who asks is a name, or an e-mail address */
    bgs_body_hide (owned, caller->external_uid);
    bgs_body_hide (owned, caller->external_key);
    for (gsize i = 0; caller->private_values && caller->private_values[i]; i++)
      bgs_body_hide (owned, caller->private_values[i]);
  }
  return bgs_reply_parse (operation, answer->status, answer->body, bgs_body_private_values (owned),
                          error);
}

char *
bgs_reply_lacks (const BgsOperation *operation, const char *name, GError **error)
{
  g_set_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN, "%s: the reply has no %s", operation->operation,
               name);
  return NULL;
}

char *
bgs_call_for_id (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                 BgsBody *body, const char *id_name, GError **error)
{
  g_autoptr (BgsReply) reply = bgs_call (client, caller, operation, body, error);
  char *id = NULL;

  if (!reply)
    return NULL;
  id = bgs_node_child_id (bgs_node_child (bgs_reply_root (reply), "return"), id_name);
  return id ? id : bgs_reply_lacks (operation, id_name, error);
}

char *
bgs_call_for_key (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                  BgsBody *body, const char *key_name, const char *key, GError **error)
{
  g_autofree char *id = bgs_call_for_id (client, caller, operation, body, key_name, error);

  if (!id)
    return NULL;
  if (g_strcmp0 (id, key) != 0) {
    g_set_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN, "%s: the reply is about another %s",
                 operation->operation, key_name);
    return NULL;
  }
  return g_strdup ("");
}

gboolean
bgs_find_by_participant (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                         const char *participant_id, gboolean *ret_exists, GError **error)
{
  BgsBody *body = bgs_client_body (client, operation);
  g_autoptr (BgsReply) reply = NULL;
  g_autofree char *found = NULL;

  bgs_body_required (body, "vnpPtcpntId", participant_id);
  reply = bgs_call (client, caller, operation, body, error);
  if (!reply)
    return FALSE;
  found = bgs_node_child_id (bgs_node_child (bgs_reply_root (reply), "return"), "vnpPtcpntId");
  *ret_exists = g_strcmp0 (found, participant_id) == 0;
  return TRUE;
}

/* An older server writes 0 where a number is nil. */
static gboolean
is_nil_number (const char *name, const char *value)
{
  return g_str_equal (value, "0") &&
         (g_str_has_suffix (name, "Id") || g_str_has_suffix (name, "ID") ||
          g_str_has_suffix (name, "Nbr"));
}

char *
bgs_keep (const BgsNode *node, const char *const *names)
{
  g_autoptr (json_t) object = json_object ();

  for (gsize i = 0; names[i]; i++) {
    g_autofree char *value = bgs_node_child_text (node, names[i]);

    if (value && !is_nil_number (names[i], value))
      json_object_set_new (object, names[i], json_string (value));
  }
  return text_of_json (object);
}

HttpAnswer *
bgs_bid_get (BgsClient *client, const char *path, GError **error)
{
  g_autofree char *url = g_strconcat (client->bid_url, path, NULL);
  GError *cause = NULL;
  HttpAnswer *answer = NULL;
  HttpRequest request = {
    .url = url,
    .headers = (const char *[]){ client->bid_authorization, "Accept: application/json",
                                 "Content-Type: application/json", NULL },
    .connect_timeout_ms = client->bid_timeout_ms,
    .timeout_ms = client->bid_timeout_ms,
    .peer = "bid",
    .operation = "pension",
  };

  if (!*client->bid_url) {
    g_set_error_literal (error, BID_ERROR, BID_ERROR_NOT_SENT,
                         "awards pension: the setting bid-url is empty");
    return NULL;
  }
  answer = http_send (client->bid_http, &request, &cause);
  if (answer)
    return answer;
  g_set_error (error, BID_ERROR,
               code_for (cause, BID_ERROR_OWN, BID_ERROR_NOT_SENT, BID_ERROR_NO_ANSWER),
               "awards pension: %s", cause->message);
  g_error_free (cause);
  return NULL;
}
