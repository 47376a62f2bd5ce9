/* The frame of a simulator. An exchange is a column of verbs (see exchange()); what it means is the
 * service's affair, how it goes wrong is the rules'. Source: README.md. */
#include "control/simulator.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "control/ledger.h"
#include "control/rules.h"

#define CONTROL_PREFIX "/_simulator/"
/* A hang without delay_ms ends here at the latest, so that forgotten ones do not pile up. */
#define MAX_HANG_MS    (15 * 60 * 1000)

const Setting simulator_settings[] = {
  { "port", SETTING_NUMBER, "0", "TCP port on 127.0.0.1; 0 takes a free one.", .max = 65535 },
  { "address-file", SETTING_TEXT, "",
    "File that gets the line URL=http://127.0.0.1:PORT when ready." },
  { "ledger-size", SETTING_NUMBER, "100000", "Exchanges that the ledger keeps.", .min = 1,
    .max = 10000000 },
  { "ledger-bytes", SETTING_NUMBER, "268435456", "Bytes that the ledger keeps.", .min = 1048576,
    .max = G_MAXINT64 },
  { "answer-delay-ms", SETTING_NUMBER, "0", "Milliseconds to wait before every call is acted on.",
    .max = 3600000 },
  { "max-connections", SETTING_NUMBER, "4096", "Connections that may be open at once.", .min = 1,
    .max = 100000 },
  { "log-level", SETTING_CHOICE, "info", "Least level of the log lines that are written.",
    .choices = "debug|info|warning|error" },
  { NULL },
};

typedef struct {
  const SimulatorService *service;
  Ledger *ledger;
  Rules *rules;

  GMutex lock; /* guards what follows */
  GCond woken;
  gboolean stopping;
  gint64 answer_delay_ms;
  guint64 calls;
  guint concurrent, most_concurrent;
  GHashTable *calls_of; /* operation → guint64 */
} Simulator;

HttpReply *
simulator_reply_json (int status, json_t *json)
{
  char *text = json_dumps (json, JSON_COMPACT);
  HttpReply *reply = http_reply_new (status, NULL, text);

  free (text);
  json_decref (json);
  return reply;
}

HttpReply *
simulator_refuse (int status, const char *problem)
{
  return simulator_reply_json (status, json_pack ("{s:s}", "error", problem));
}

json_t *
simulator_read_json (const HttpServerRequest *request, HttpReply **ret_refusal)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);
  json_error_t error = { 0 };
  json_t *json = json_loadb (body ? body : "", length, JSON_REJECT_DUPLICATES, &error);

  if (json_is_object (json))
    return json;
  *ret_refusal = simulator_refuse (400, json ? "the body must be a JSON object" : error.text);
  json_decref (json);
  return NULL;
}

/* Waits @ms, or, with @until_gone (may be NULL), until the rule whose order that is has been
 * deleted. FALSE when the simulator is stopping. */
static gboolean
wait_ms (Simulator *simulator, gint64 ms, const RuleOrder *until_gone)
{
  gint64 end_us = g_get_monotonic_time () + ms * 1000;
  gboolean goes_on;

  g_mutex_lock (&simulator->lock);
  while (!simulator->stopping && !(until_gone && !rules_have (simulator->rules, until_gone)))
    if (!g_cond_wait_until (&simulator->woken, &simulator->lock, end_us))
      break;
  goes_on = !simulator->stopping;
  g_mutex_unlock (&simulator->lock);
  return goes_on;
}

/* Counts a call in and says how long every call has to wait. */
static gint64
enter (Simulator *simulator, const char *operation)
{
  guint64 *count = NULL;
  gint64 delay_ms = 0;

  g_mutex_lock (&simulator->lock);
  simulator->calls++;
  simulator->concurrent++;
  simulator->most_concurrent = MAX (simulator->most_concurrent, simulator->concurrent);
  count = g_hash_table_lookup (simulator->calls_of, operation);
  /* Names come from clients: what no simulator knows shares one row. */
  if (!count && g_hash_table_size (simulator->calls_of) < 256) {
    count = g_new0 (guint64, 1);
    g_hash_table_insert (simulator->calls_of, g_strdup (operation), count);
  }
  if (count)
    ++*count;
  delay_ms = simulator->answer_delay_ms;
  g_mutex_unlock (&simulator->lock);
  return delay_ms;
}

static void
leave (Simulator *simulator)
{
  g_mutex_lock (&simulator->lock);
  simulator->concurrent--;
  g_mutex_unlock (&simulator->lock);
}

static HttpReply *
close_without_answer (void)
{
  HttpReply *reply = http_reply_new (0, NULL, NULL);

  reply->close = TRUE;
  return reply;
}

static gpointer
copy_text (gconstpointer text, gpointer unused)
{
  (void)unused;
  return g_strdup (text);
}

/* Made for one answer and gone with it: many rules may have large ones. */
static GBytes *
repeated (GBytes *body, guint times)
{
  g_autoptr (GByteArray) whole = NULL;
  gsize length = 0;
  const guint8 *data = g_bytes_get_data (body, &length);

  if (times == 1)
    return g_bytes_ref (body);
  whole = g_byte_array_sized_new ((guint)(length * times));
  for (guint i = 0; i < times; i++)
    g_byte_array_append (whole, data, (guint)length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&whole));
}

static HttpReply *
given_answer (const RuleOrder *order)
{
  HttpReply *reply = http_reply_new (
      order->status, order->content_type ? order->content_type : "text/xml; charset=utf-8", NULL);

  reply->body = repeated (order->body, order->repeat);
  reply->headers = g_ptr_array_copy (order->headers, copy_text, NULL);
  g_ptr_array_set_free_func (reply->headers, g_free);
  return reply;
}

static HttpReply *
act (Simulator *simulator, gpointer call, gboolean *ret_acted)
{
  HttpReply *reply = simulator->service->act (call, simulator->service->data);

  *ret_acted = reply->status >= 200 && reply->status < 300;
  return reply;
}

/* What the order says, or plainly acting without one. */
static HttpReply *
obey (Simulator *simulator, const RuleOrder *order, gpointer call, gint64 delay_ms,
      gboolean *ret_acted)
{
  if (order)
    delay_ms += order->delay_ms;
  if (order && (order->action == RULE_HANG || order->action == RULE_HOLD)) {
    gboolean goes_on = wait_ms (simulator, order->delay_ms ? delay_ms : MAX_HANG_MS, order);

    return order->action == RULE_HOLD && goes_on ? act (simulator, call, ret_acted)
                                                 : close_without_answer ();
  }
  if (delay_ms > 0 && !wait_ms (simulator, delay_ms, NULL))
    return close_without_answer ();
  if (!order)
    return act (simulator, call, ret_acted);

  switch (order->action) {
  case RULE_ANSWER:
    return given_answer (order);
  case RULE_ANSWER_AFTER:
    http_reply_free (act (simulator, call, ret_acted));
    return given_answer (order);
  case RULE_DROP_BEFORE:
    return close_without_answer ();
  case RULE_DROP_AFTER:
    http_reply_free (act (simulator, call, ret_acted));
    return close_without_answer ();
  case RULE_DELAY:
  case RULE_HOLD:
  case RULE_HANG:
    break;
  }
  return act (simulator, call, ret_acted);
}

/* One call of the service, from arrival to answer. */
static HttpReply *
exchange (Simulator *simulator, const HttpServerRequest *request)
{
  const SimulatorService *service = simulator->service;
  gpointer call = service->read (request, service->data);
  const char *operation = service->operation (call);
  guint64 seq = ledger_begin (simulator->ledger, request, operation);
  gint64 delay_ms = enter (simulator, operation);
  g_autoptr (RuleOrder) order = rules_take (simulator->rules, operation, request);
  gboolean acted = FALSE;
  HttpReply *reply = obey (simulator, order, call, delay_ms, &acted);

  leave (simulator);
  ledger_end (simulator->ledger, seq, reply->status,
              order && order->repeat > 1 ? order->body : reply->body, order ? order->name : NULL,
              acted);
  service->forget (call);
  return reply;
}

static gboolean
is_method (const HttpServerRequest *request, const char *method)
{
  return g_str_equal (request->method, method);
}

static HttpReply *
control_ledger (Simulator *simulator, const HttpServerRequest *request)
{
  g_autofree char *since_text = http_query_value (request->query, "since");
  g_autofree char *limit_text = http_query_value (request->query, "limit");
  gint64 since = 0, limit = 0;

  if (is_method (request, "DELETE")) {
    ledger_clear (simulator->ledger);
    return simulator_reply_json (200, json_object ());
  }
  if (!is_method (request, "GET"))
    return simulator_refuse (405, "GET or DELETE");
  if ((since_text && !parse_int64 (since_text, 0, G_MAXINT64, &since)) ||
      (limit_text && !parse_int64 (limit_text, 0, G_MAXINT32, &limit)))
    return simulator_refuse (400, "since and limit are numbers from 0");
  return http_reply_take (200, NULL, ledger_json (simulator->ledger, (guint64)since, (guint)limit));
}

static HttpReply *
control_state (Simulator *simulator, const HttpServerRequest *request)
{
  const SimulatorService *service = simulator->service;

  if (is_method (request, "GET"))
    return simulator_reply_json (200, service->state (service->data));
  if (!is_method (request, "DELETE"))
    return simulator_refuse (405, "GET or DELETE");
  service->clear_state (service->data);
  return simulator_reply_json (200, json_object ());
}

static HttpReply *
add_rules (Simulator *simulator, const HttpServerRequest *request)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);
  json_error_t error = { 0 };
  g_autoptr (json_t) posted = json_loadb (body ? body : "", length, JSON_REJECT_DUPLICATES, &error);
  g_autoptr (json_t) shown = json_array ();
  gsize count = json_is_array (posted) ? json_array_size (posted) : 1;

  if (!posted)
    return simulator_refuse (400, error.text);
  for (gsize i = 0; i < count; i++) {
    json_t *one = json_is_array (posted) ? json_array_get (posted, i) : posted;
    g_autofree char *problem = NULL;
    json_t *rule = rules_add (simulator->rules, one, &problem);

    if (!rule)
      return simulator_refuse (400, problem);
    json_array_append_new (shown, rule);
  }
  return simulator_reply_json (
      200, json_is_array (posted) ? json_incref (shown) : json_incref (json_array_get (shown, 0)));
}

static HttpReply *
control_rules (Simulator *simulator, const HttpServerRequest *request)
{
  g_autofree char *name = http_query_value (request->query, "name");
  guint removed = 0;

  if (is_method (request, "GET"))
    return simulator_reply_json (200, rules_json (simulator->rules));
  if (is_method (request, "POST"))
    return add_rules (simulator, request);
  if (!is_method (request, "DELETE"))
    return simulator_refuse (405, "GET, POST or DELETE");

  removed = rules_remove (simulator->rules, name);
  g_mutex_lock (&simulator->lock);
  g_cond_broadcast (&simulator->woken);
  g_mutex_unlock (&simulator->lock);
  return simulator_reply_json (200, json_pack ("{s:i}", "removed", (int)removed));
}

static json_t *
statistics_json (Simulator *simulator)
{
  json_t *by_operation = json_object ();
  GHashTableIter iter;
  gpointer name = NULL, count = NULL;
  guint entries = 0;
  gsize bytes = 0;
  guint64 dropped = 0;

  ledger_count (simulator->ledger, &entries, &bytes, &dropped);
  g_hash_table_iter_init (&iter, simulator->calls_of);
  while (g_hash_table_iter_next (&iter, &name, &count))
    json_object_set_new (by_operation, name, json_integer ((json_int_t) * (guint64 *)count));
  return json_pack ("{s:I, s:i, s:i, s:o, s:{s:i, s:I, s:I}}", "calls",
                    (json_int_t)simulator->calls, "concurrent", (int)simulator->concurrent,
                    "most_concurrent", (int)simulator->most_concurrent, "calls_of", by_operation,
                    "ledger", "entries", (int)entries, "bytes", (json_int_t)bytes, "dropped",
                    (json_int_t)dropped);
}

static HttpReply *
control_statistics (Simulator *simulator, const HttpServerRequest *request)
{
  json_t *statistics = NULL;

  if (!is_method (request, "GET") && !is_method (request, "DELETE"))
    return simulator_refuse (405, "GET or DELETE");
  g_mutex_lock (&simulator->lock);
  if (is_method (request, "DELETE")) {
    simulator->calls = 0;
    simulator->most_concurrent = simulator->concurrent;
    g_hash_table_remove_all (simulator->calls_of);
  }
  statistics = statistics_json (simulator);
  g_mutex_unlock (&simulator->lock);
  return simulator_reply_json (200, statistics);
}

static HttpReply *
control_answer_delay (Simulator *simulator, const HttpServerRequest *request)
{
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = NULL;
  json_int_t delay_ms = -1;

  if (!is_method (request, "POST"))
    return simulator_refuse (405, "POST");
  json = simulator_read_json (request, &refusal);
  if (!json)
    return refusal;
  if (json_unpack_ex (json, NULL, JSON_STRICT, "{s:I}", "delay_ms", &delay_ms) != 0 ||
      delay_ms < 0 || delay_ms > 3600000)
    return simulator_refuse (400, "{\"delay_ms\": 0 to 3600000}");
  g_mutex_lock (&simulator->lock);
  simulator->answer_delay_ms = delay_ms;
  g_mutex_unlock (&simulator->lock);
  return simulator_reply_json (200, json_pack ("{s:I}", "delay_ms", delay_ms));
}

static HttpReply *
control (Simulator *simulator, const HttpServerRequest *request)
{
  static const struct {
    const char *what;
    HttpReply *(*answer) (Simulator *simulator, const HttpServerRequest *request);
  } calls[] = {
    { "ledger", control_ledger },
    { "state", control_state },
    { "rules", control_rules },
    { "statistics", control_statistics },
    { "answer-delay", control_answer_delay },
  };
  const char *what = request->path + strlen (CONTROL_PREFIX);
  HttpReply *reply = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (g_str_equal (what, calls[i].what))
      return calls[i].answer (simulator, request);
  if (simulator->service->control)
    reply = simulator->service->control (request, what, simulator->service->data);
  return reply ? reply : simulator_refuse (404, "no such control call");
}

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  Simulator *simulator = data;

  if (g_str_has_prefix (request->path, CONTROL_PREFIX))
    return control (simulator, request);
  return exchange (simulator, request);
}

/* Tells the world where we are: the log always, the address file when one is set. */
static gboolean
announce (const Settings *settings, const char *url, GError **error)
{
  const char *path = settings_text (settings, "address-file");
  g_autofree char *line = g_strdup_printf ("URL=%s\n", url);

  /* Written whole or not at all, for somebody waits for it. */
  if (settings_is_set (settings, "address-file") && !g_file_set_contents (path, line, -1, error)) {
    g_prefix_error (error, "writing the address file: ");
    return FALSE;
  }
  log_info ("listening", "url", url, NULL);
  return TRUE;
}

static void
stop_waits (Simulator *simulator)
{
  g_mutex_lock (&simulator->lock);
  simulator->stopping = TRUE;
  g_cond_broadcast (&simulator->woken);
  g_mutex_unlock (&simulator->lock);
}

int
simulator_serve (const SimulatorService *service, const Settings *settings)
{
  g_autoptr (GError) error = NULL;
  HttpServer *server = NULL;
  g_autofree char *url = NULL;
  sigset_t signals;
  int caught = 0, status = 1;
  HttpServerOptions options = {
    .port = (guint16)settings_number (settings, "port"),
    .max_body_bytes = service->max_body_bytes,
    .request_deadline_ms = service->request_deadline_ms,
    .max_connections = (guint)settings_number (settings, "max-connections"),
  };
  Simulator simulator = {
    .service = service,
    .ledger = ledger_new ((guint)settings_number (settings, "ledger-size"),
                          (gsize)settings_number (settings, "ledger-bytes")),
    .rules = rules_new (),
    .answer_delay_ms = settings_number (settings, "answer-delay-ms"),
    .calls_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
  };

  log_init (service->name, settings_text (settings, "log-level"));
  g_mutex_init (&simulator.lock);
  g_cond_init (&simulator.woken);
  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  pthread_sigmask (SIG_BLOCK, &signals, NULL); /* threads inherit it; sigwait() below takes them */

  server = http_server_start (&options, answer, &simulator, &error);
  if (server) {
    url = g_strdup_printf ("http://127.0.0.1:%u", http_server_port (server));
    if (announce (settings, url, &error)) {
      (void)sigwait (&signals, &caught); /* fails for a wrong set only */
      status = 0;
    }
  }
  if (error)
    log_failure ("cannot serve", "error", error->message, NULL);

  stop_waits (&simulator);
  http_server_stop (server);
  ledger_free (simulator.ledger);
  rules_free (simulator.rules);
  g_hash_table_unref (simulator.calls_of);
  g_mutex_clear (&simulator.lock);
  g_cond_clear (&simulator.woken);
  return status;
}
