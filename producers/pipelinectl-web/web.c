/* pipelinectl-web: the operators' page. What the commands of pipelinectl show, as HTML and as JSON,
 * from the same functions (lib/operator).
 *
 *   reads    the database; the broker only where somebody asks for it
 *   needs    the database and a file of tokens. It has no keys, and nothing in it could open what
 *            is sealed (tests/integration/web/links_test.py)
 *   writes   what an operator does, each with a row of operator_actions
 *
 * It is no program of the pipeline: it has no instance, no outbox of its own and no broker to wait
 * for, so that it tells what is wrong while others are down. Source: README.md, Decisions. */
#include <jansson.h>
#include <string.h>

#include "acts.h"
#include "base/cleanup.h"
#include "base/exposure.h"
#include "base/log.h"
#include "base/text.h"
#include "db/migrate.h"
#include "door.h"
#include "frame.h"
#include "html.h"
#include "http/server.h"
#include "kafka/client.h"
#include "pages.h"
#include "producers/pipelinectl-web/style.css.h"
#include "program/signals.h"
#include "program/topics.h"

#define JSON_TYPE  "application/json"
#define HTML_TYPE  "text/html; charset=utf-8"
#define BODY_BYTES 16384 /* a form of ours is far smaller */
/* No script, no style, picture, frame or font but our one stylesheet; forms go to us alone. */
#define POLICY                                                                                     \
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri "    \
  "'none'"

typedef struct {
  const Settings *settings;
  Door *door;
  DbPool *pool;
  Minutes *minutes;
  OperatorDesk *desk;
} Web;

/* --- Answers --- */

static HttpReply *
reply_with (int status, const char *type, char *body_taken)
{
  HttpReply *reply = http_reply_take (status, type, body_taken);

  http_reply_header (reply, "Content-Security-Policy", POLICY);
  http_reply_header (reply, "X-Content-Type-Options", "nosniff");
  http_reply_header (reply, "X-Frame-Options", "DENY");
  /* Not no-referrer: browsers would then send forms with Origin: null. */
  http_reply_header (reply, "Referrer-Policy", "same-origin");
  http_reply_header (reply, "Cache-Control", "no-store");
  return reply;
}

static HttpReply *
reply_text (int status, const char *text)
{
  return reply_with (status, "text/plain; charset=utf-8", g_strconcat (text, "\n", NULL));
}

static HttpReply *
reply_json (int status, const json_t *document)
{
  char *dumped = json_dumps (document, JSON_INDENT (2));
  char *text = g_strconcat (dumped, "\n", NULL);

  free (dumped); /* jansson's, not GLib's */
  return reply_with (status, JSON_TYPE, text);
}

static HttpReply *
reply_problem (int status, gboolean is_json, const Caller *caller, const char *text)
{
  if (is_json) {
    g_autoptr (json_t) document = json_pack ("{s:s}", "error", text);

    return reply_json (status, document);
  }
  return reply_with (status, HTML_TYPE, page_problem (text, caller));
}

static HttpReply *
reply_see (const char *where)
{
  HttpReply *reply = reply_with (303, "text/plain; charset=utf-8", g_strdup (""));

  http_reply_header (reply, "Location", where);
  return reply;
}

static HttpReply *
reply_method (const char *allowed)
{
  HttpReply *reply = reply_text (405, "This path takes another method.");

  http_reply_header (reply, "Allow", allowed);
  return reply;
}

static HttpReply *
reply_too_many (gboolean is_json)
{
  HttpReply *reply =
      reply_problem (429, is_json, NULL, "Too many failed logins from this address; wait a minute");

  http_reply_header (reply, "Retry-After", "60");
  return reply;
}

static HttpReply *
reply_failure (const GError *error, gboolean is_json, const Caller *caller)
{
  gboolean is_away = g_error_matches (error, DB_ERROR, DB_ERROR_AWAY);

  log_limited (LOG_LEVEL_ERROR, "page", "a page could not be made", "error", error->message, NULL);
  if (is_away || error->domain == DB_SCHEMA_ERROR)
    return reply_problem (503, is_json, caller, "The database does not answer");
  if (g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT))
    return reply_problem (503, is_json, caller, "The database has not answered in time");
  if (g_error_matches (error, DB_ERROR, DB_ERROR_DENIED))
    return reply_problem (
        403, is_json, caller,
        "Nothing was done: the role by which this page uses the database may not do it; "
        "role-operator may act, role-reader may read");
  if (error->domain == KAFKA_ERROR)
    return reply_problem (503, is_json, caller, "The broker does not answer");
  return reply_problem (500, is_json, caller, "This page could not be made; the log says why");
}

/* --- Coming in, and out --- */

/* A path of ours that somebody wanted before he was asked who he is. */
static const char *
path_of_ours (const char *next)
{
  if (!next || next[0] != '/' || next[1] == '/' || next[1] == '\\')
    return "/";
  for (const char *c = next; *c; c++)
    if (!g_ascii_isgraph (*c))
      return "/";
  return next;
}

static HttpReply *
draw_login (int status, const char *next, const char *problem)
{
  GString *page = page_begin ("Log in", "", NULL);

  html_put (page, "<h1>Dependents pipeline</h1>\n<form class=\"login\" method=\"post\" "
                  "action=\"/login\">\n");
  if (problem)
    html_put (page, "<p class=\"worst bad\" role=\"alert\">%s.</p>\n", problem);
  html_put (page,
            "<label>Token <input name=\"token\" type=\"password\" required autofocus "
            "autocomplete=\"current-password\"></label>\n"
            "<input type=\"hidden\" name=\"next\" value=\"%s\">\n"
            "<button>Log in</button>\n</form>\n"
            "<p class=\"empty\">A link from elsewhere comes without the cookie: "
            "<a href=\"%s\">go on</a> if you are logged in.</p>\n",
            next, next);
  return reply_with (status, HTML_TYPE, page_end (page));
}

static char *
form_value (const HttpServerRequest *request, const char *name)
{
  /* A NUL stands behind the body. */
  return http_query_text (g_bytes_get_data (request->body, NULL), name);
}

static gboolean
is_form (const HttpServerRequest *request)
{
  const char *type = g_hash_table_lookup (request->headers, "content-type");

  return type && g_ascii_strncasecmp (type, "application/x-www-form-urlencoded",
                                      strlen ("application/x-www-form-urlencoded")) == 0;
}

static HttpReply *
log_in (Web *web, const HttpServerRequest *request)
{
  g_autofree char *token = form_value (request, "token"), *next = form_value (request, "next");
  g_autofree char *cookie = NULL;
  HttpReply *reply;

  if (!is_form (request) || !door_is_own_form (request))
    return reply_problem (403, FALSE, NULL, "This form did not come from a page of ours");
  switch (door_let_in (web->door, request, token ? g_strstrip (token) : "", &cookie)) {
  case DOOR_CLOSED:
    return reply_too_many (FALSE);
  case DOOR_STRANGER:
    return draw_login (403, path_of_ours (next), "No such token is known");
  case DOOR_OPEN:
    break;
  }
  reply = reply_see (path_of_ours (next));
  http_reply_header (reply, "Set-Cookie", cookie);
  return reply;
}

static HttpReply *
answer_login (Web *web, const HttpServerRequest *request)
{
  g_autofree char *next = http_query_value (request->query, "next");

  if (g_str_equal (request->method, "POST"))
    return log_in (web, request);
  if (!g_str_equal (request->method, "GET") && !g_str_equal (request->method, "HEAD"))
    return reply_method ("GET, POST");
  return draw_login (200, path_of_ours (next), NULL);
}

static HttpReply *
log_out (Web *web, const HttpServerRequest *request, const Caller *caller)
{
  g_autofree char *cookie = NULL, *csrf = form_value (request, "csrf");
  HttpReply *reply;

  if (!g_str_equal (request->method, "POST"))
    return reply_method ("POST");
  if (!door_is_own_form (request) || !text_equal_constant_time (csrf, caller->csrf))
    return reply_problem (403, FALSE, caller, "This form did not come from a page of ours");
  cookie = door_let_out (web->door, request);
  reply = reply_see ("/login");
  http_reply_header (reply, "Set-Cookie", cookie);
  return reply;
}

static HttpReply *
ask_who (const HttpServerRequest *request, gboolean is_json)
{
  g_autofree char *whole = NULL, *part = NULL, *where = NULL;
  HttpReply *reply;

  if (is_json) {
    reply = reply_problem (401, TRUE, NULL, "A token is needed");
    http_reply_header (reply, "WWW-Authenticate", "Bearer");
    return reply;
  }
  if (g_str_equal (request->method, "POST"))
    return draw_login (401, "/",
                       "Your login is over, and nothing was done: log in, then do it again");
  whole = *request->query ? g_strdup_printf ("%s?%s", request->path, request->query)
                          : g_strdup (request->path);
  part = html_url_part (whole);
  where = g_strconcat ("/login?next=", part, NULL);
  return reply_see (where);
}

/* --- Pages --- */

static HttpReply *
draw (const Page *page, const json_t *document, const PageRequest *request)
{
  const char *go_to = json_string_value (json_object_get (document, "go_to"));
  GString *html;

  if (go_to)
    return reply_see (go_to);
  html = page_begin (page->title, page->path, request->caller);
  page->draw (html, document, request);
  return reply_with (200, HTML_TYPE, page_end (html));
}

static HttpReply *
make_page (Web *web, const Page *page, PageRequest *request, gboolean is_json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) document = NULL;

  request->db = db_pool_take (web->pool, &error);
  if (request->db && db_schema_check (request->db, &error))
    document = page->read (request, &error);
  db_pool_give (web->pool, request->db);
  if (error)
    return reply_failure (error, is_json, request->caller);
  if (!document)
    return reply_problem (404, is_json, request->caller, "There is nothing of this name");
  return is_json ? reply_json (200, document) : draw (page, document, request);
}

static HttpReply *
act (Web *web, const HttpServerRequest *request, const Caller *caller)
{
  g_autofree char *csrf = NULL;
  const ActRequest asked = { .settings = web->settings,
                             .pool = web->pool,
                             .desk = web->desk,
                             .caller = caller,
                             .form = g_bytes_get_data (request->body, NULL) };
  g_autoptr (GError) error = NULL;
  int status;
  char *page;

  if (!g_str_equal (request->method, "POST"))
    return reply_method ("POST");
  csrf = form_value (request, "csrf");
  if (!is_form (request) || !door_is_own_form (request) || !caller->csrf ||
      !text_equal_constant_time (csrf, caller->csrf))
    return reply_problem (403, FALSE, caller, "This form did not come from a page of ours");
  if (!caller->may_act)
    return reply_problem (403, FALSE, caller, "You may read, and not act");
  page = acts_answer (request->path, &asked, &status, &error);
  return page ? reply_with (status, HTML_TYPE, page) : reply_failure (error, FALSE, caller);
}

/* What cannot be read selects nothing: left out it would select everything. */
static gboolean
is_text (const char *query)
{
  g_autofree char *text = g_uri_unescape_string (query, NULL);

  return text && g_utf8_validate (text, -1, NULL);
}

static HttpReply *
answer_page (Web *web, const HttpServerRequest *request)
{
  g_autofree char *operand = NULL;
  g_autoptr (Caller) caller = NULL;
  gboolean is_json;
  const Page *page = page_find (request->path, &operand, &is_json);
  gboolean is_logout = g_str_equal (request->path, "/logout");
  PageRequest asked = {
    .settings = web->settings, .minutes = web->minutes, .query = request->query, .operand = operand
  };

  /* A stranger is not told what is where. */
  switch (door_ask (web->door, request, is_json, &caller)) {
  case DOOR_CLOSED:
    return reply_too_many (is_json);
  case DOOR_STRANGER:
    return ask_who (request, is_json);
  case DOOR_OPEN:
    break;
  }
  if (is_logout)
    return log_out (web, request, caller);
  if (g_str_has_prefix (request->path, ACTS_PATH))
    return act (web, request, caller);
  if (!page)
    return reply_problem (404, is_json, caller, "There is nothing of this name");
  if (!g_str_equal (request->method, "GET") && !g_str_equal (request->method, "HEAD"))
    return reply_method ("GET");
  if (!is_text (request->query))
    return reply_problem (400, is_json, caller, "What stands behind the question mark is no text");
  asked.caller = caller;
  return make_page (web, page, &asked, is_json);
}

/* --- Whether it lives --- */

static HttpReply *
answer_readiness (Web *web)
{
  g_autoptr (GError) error = NULL;
  Db *db;
  gboolean is_ready;

  if (door_lets_nobody_in (web->door))
    return reply_text (503, "nobody can come in: the web-token-file has no token");
  db = db_pool_take (web->pool, &error);
  is_ready = db && db_schema_check (db, &error);
  db_pool_give (web->pool, db);
  return is_ready ? reply_text (200, "ready") : reply_text (503, error->message);
}

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  Web *web = data;

  if (g_str_equal (request->path, "/style.css"))
    return reply_with (200, "text/css; charset=utf-8", g_strdup (style_css));
  if (g_str_equal (request->path, "/livez"))
    return reply_text (200, "live");
  if (g_str_equal (request->path, "/readyz"))
    return answer_readiness (web);
  if (g_str_equal (request->path, "/favicon.ico"))
    return reply_text (404, "There is no picture.");
  if (g_str_equal (request->path, "/login"))
    return answer_login (web, request);
  return answer_page (web, request);
}

static HttpReply *
refuse (int status, const char *text)
{
  return reply_text (status, text);
}

/* --- Settings and main --- */

static const Setting web_settings[] = {
  { "web-address", SETTING_TEXT, "127.0.0.1",
    "Address that the page listens on; another than this machine's needs web-certificate-file." },
  { "web-port", SETTING_NUMBER, "0",
    "Port that the page listens on; 0 takes a free one, told in the log.", NULL, 0, 65535 },
  { "web-certificate-file", SETTING_FILE, "",
    "Certificate chain in PEM; with web-key-file, HTTPS instead of HTTP." },
  { "web-key-file", SETTING_FILE, "", "Private key of web-certificate-file, in PEM." },
  { "renew-every", SETTING_DURATION, "0s",
    "How often certificate and key are looked at: when they have changed the page ends, to be "
    "started with them. 0: never." },
  { "schema-registry-url", SETTING_TEXT, "",
    "Confluent schema registry; empty: Avro single-object encoding." },
  { "address-file", SETTING_TEXT, "", "File that gets URL=… when the page can be asked for." },
  { "log-level", SETTING_CHOICE, "info", "Least level of the log lines.",
    "debug|info|warning|error" },
  { NULL },
};

static const Setting *const tables[] = { web_settings,   door_settings, db_settings,
                                         kafka_settings, tier_settings, NULL };

static gboolean
refuse_setting (GError **error, const char *text)
{
  g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, text);
  return FALSE;
}

static gboolean
is_secure (const Settings *settings)
{
  return settings_is_set (settings, "web-certificate-file");
}

static gboolean
settings_fit (const Settings *settings, GError **error)
{
  if (is_secure (settings) != settings_is_set (settings, "web-key-file"))
    return refuse_setting (
        error, "web-certificate-file and web-key-file belong together: set both or neither");
  if (!is_secure (settings) && !host_is_this_machine (settings_text (settings, "web-address")))
    return refuse_setting (error, "web-address is not this machine's own: tokens and claims would "
                                  "pass unencrypted. Set web-certificate-file and web-key-file, or "
                                  "leave it at 127.0.0.1");
  return TRUE;
}

/* NULL for both where there is none. */
typedef struct {
  char *certificate, *key;
} Pair;

static void
pair_clear (Pair *pair)
{
  g_free (pair->certificate);
  g_free (pair->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gboolean
read_pair (const Settings *settings, Pair *ret_pair, GError **error)
{
  return !is_secure (settings) ||
         (g_file_get_contents (settings_text (settings, "web-certificate-file"),
                               &ret_pair->certificate, NULL, error) &&
          g_file_get_contents (settings_text (settings, "web-key-file"), &ret_pair->key, NULL,
                               error));
}

/* What cannot be read has not been replaced yet. */
static gboolean
is_replaced (const Settings *settings, const Pair *pair)
{
  g_auto (Pair) now = { NULL, NULL };

  return read_pair (settings, &now, NULL) && (g_strcmp0 (now.certificate, pair->certificate) != 0 ||
                                              g_strcmp0 (now.key, pair->key) != 0);
}

static HttpServer *
open_server (Web *web, const Pair *pair, GError **error)
{
  const Settings *settings = web->settings;
  const HttpServerOptions options = {
    .address = settings_text (settings, "web-address"),
    .port = (guint16)settings_number (settings, "web-port"),
    .max_body_bytes = BODY_BYTES,
    .refusal = refuse,
    .certificate_pem = pair->certificate,
    .key_pem = pair->key,
  };

  return http_server_start (&options, answer, web, error);
}

static gboolean
announce (const Settings *settings, guint16 port, GError **error)
{
  const char *address = settings_text (settings, "web-address");
  const char *path = settings_text (settings, "address-file");
  g_autofree char *url = g_strdup_printf (strchr (address, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                                          is_secure (settings) ? "https" : "http", address, port);
  g_autofree char *line = g_strdup_printf ("URL=%s\n", url);

  log_info ("listening", "url", url, NULL);
  return *path == '\0' || g_file_set_contents (path, line, -1, error);
}

static gboolean
serve (Web *web, int signal_fd, GError **error)
{
  gint64 every_ms = settings_duration_ms (web->settings, "renew-every");
  g_auto (Pair) pair = { NULL, NULL };
  g_autoptr (HttpServer) server = NULL;

  if (read_pair (web->settings, &pair, error))
    server = open_server (web, &pair, error);
  if (!server || !announce (web->settings, http_server_port (server), error))
    return FALSE;
  signals_begin_serving ();
  while (!signals_wait (signal_fd, every_ms > 0 ? every_ms : G_MAXINT))
    if (every_ms > 0 && is_replaced (web->settings, &pair)) {
      log_info ("certificate or key has changed: the page ends, to be started with it", NULL);
      break;
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (Settings) settings =
      settings_parse_or_exit ("pipelinectl-web", "", "Shows operators how all stands, as a page.",
                              tables, NULL, &argc, &argv);
  g_autoptr (GError) error = NULL;
  Web web = { .settings = settings };
  int signal_fd;

  log_init ("pipelinectl-web", settings_text (settings, "log-level"));
  db_configure (settings);
  signal_fd = signals_open ();
  if (settings_fit (settings, &error))
    web.door = door_new (settings, is_secure (settings), &error);
  if (web.door)
    web.desk = operator_desk_new (settings, &error);
  if (web.desk) {
    web.pool = db_pool_new (settings_text (settings, "database-url"),
                            (guint)settings_number (settings, "database-connections"));
    web.minutes = minutes_new ();
    (void)serve (&web, signal_fd, &error); /* error tells */
    minutes_free (web.minutes);
    db_pool_free (web.pool);
  }
  operator_desk_free (web.desk);
  door_free (web.door);
  signals_close (signal_fd);
  if (!error)
    return 0;
  log_failure ("the page cannot go on", "error", error->message, NULL);
  return error->domain == SETTINGS_ERROR || error->domain == G_FILE_ERROR ? 2 : 1;
}
