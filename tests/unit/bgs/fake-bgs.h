/* A BGS of one answer for the tests of this room: keeps the last request, gives what it was told.
 *
 * fake_request() writes a request body in one line, "name=value" in the order sent, "name:nil" for
 * nil, braces for children. */
#pragma once

#include <libxml/parser.h>
#include <string.h>
#include "base/clock.h"
#include "bgs/bgs.h"
#include "http/server.h"

#define NOW    "2026-11-21T19:05:07Z"
#define NOW_MS 1795287907000
#define J5     " jrnDt=" NOW " jrnLctnId=281 jrnStatusTypeCd=U jrnUserId=VAgovAPI jrnObjId=VAgovAPI"
#define J5X    " jrnDt=" NOW " jrnLctnId=281 jrnObjId=VAgovAPI jrnStatusTypeCd=U jrnUserId=VAgovAPI"

typedef struct {
  HttpServer *server;
  BgsClient *client;
  BgsCaller caller;
  GMutex lock;
  char *path, *request, *action, *content_type, *authorization; /* of the last request */
  guint requests;
  int status;
  char *reply;
} FakeBgs;

static inline HttpReply *
fake_answer (const HttpServerRequest *request, gpointer data)
{
  FakeBgs *fake = data;
  HttpReply *reply = NULL;

  g_mutex_lock (&fake->lock);
  g_free (fake->path);
  g_free (fake->request);
  g_free (fake->action);
  g_free (fake->content_type);
  g_free (fake->authorization);
  fake->path = g_strdup (request->path);
  fake->request = g_strdup (g_bytes_get_data (request->body, NULL));
  fake->action = g_strdup (g_hash_table_lookup (request->headers, "soapaction"));
  fake->content_type = g_strdup (g_hash_table_lookup (request->headers, "content-type"));
  fake->authorization = g_strdup (g_hash_table_lookup (request->headers, "authorization"));
  fake->requests++;
  reply = http_reply_new (fake->status, "text/xml; charset=utf-8", fake->reply);
  g_mutex_unlock (&fake->lock);
  return reply;
}

/* Read under the lock: a call that failed had perhaps no answer that came after the count. */
static inline guint
fake_requests (FakeBgs *fake)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->lock);

  return fake->requests;
}

static inline gint64
fake_now_ms (void)
{
  return NOW_MS;
}

static inline Settings *
fake_settings (guint16 port, const char *extra)
{
  const Setting *tables[] = { bgs_settings, bgs_answer_settings, NULL };
  g_autofree char *bgs = g_strdup_printf ("--bgs-url=http://127.0.0.1:%u/", port);
  g_autofree char *bid = g_strdup_printf ("--bid-url=http://127.0.0.1:%u", port);
  char *arguments[] = { (char *)"test",
                        bgs,
                        bid,
                        (char *)"--bid-token=opensesame",
                        (char *)"--bgs-client-machine=10.1.2.3",
                        (char *)extra,
                        NULL };
  char **argv = arguments;
  int argc = extra ? 6 : 5;
  GError *error = NULL;
  Settings *settings = settings_parse ("test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  return settings;
}

static inline FakeBgs *
fake_start (void)
{
  FakeBgs *fake = g_new0 (FakeBgs, 1);
  g_autoptr (Settings) settings = NULL;
  GError *error = NULL;

  clock_set_source (fake_now_ms, NULL);
  g_mutex_init (&fake->lock);
  fake->server = http_server_start (&(HttpServerOptions){ 0 }, fake_answer, fake, &error);
  g_assert_no_error (error);
  settings = fake_settings (http_server_port (fake->server), NULL);
  fake->client = bgs_client_new (settings, &error);
  g_assert_no_error (error);
  fake->caller = (BgsCaller){ .external_uid = "uid", .external_key = "key" };
  return fake;
}

static inline void
fake_stop (FakeBgs *fake)
{
  bgs_client_free (fake->client);
  http_server_stop (fake->server);
  g_mutex_clear (&fake->lock);
  g_free (fake->path);
  g_free (fake->request);
  g_free (fake->action);
  g_free (fake->content_type);
  g_free (fake->authorization);
  g_free (fake->reply);
  g_free (fake);
  clock_set_source (NULL, NULL);
}

static inline void
fake_says (FakeBgs *fake, int status, const char *reply)
{
  g_mutex_lock (&fake->lock);
  g_free (fake->reply);
  fake->reply = g_strdup (reply);
  fake->status = status;
  g_mutex_unlock (&fake->lock);
}

/* An answer of the newer server: env: header, prefix ns0. */
static inline void
fake_says_new (FakeBgs *fake, const char *xml_namespace, const char *operation, const char *content)
{
  g_autofree char *reply = g_strdup_printf (
      "<?xml version='1.0' encoding='UTF-8'?><S:Envelope "
      "xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\""
      " xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><env:Header><work:WorkContext"
      " xmlns:work=\"http://oracle.com/weblogic/soap/workarea/\">rO0AB</work:WorkContext></"
      "env:Header><S:Body>"
      "<ns0:%sResponse xmlns:ns0=\"%s\">%s</ns0:%sResponse></S:Body></S:Envelope>",
      operation, xml_namespace, content, operation);

  fake_says (fake, 200, reply);
}

/* The same of the older one: S: header, prefix ns2. */
static inline void
fake_says_old (FakeBgs *fake, const char *xml_namespace, const char *operation, const char *content)
{
  g_autofree char *reply =
      g_strdup_printf ("<?xml version='1.0' encoding='UTF-8'?><S:Envelope "
                       "xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">"
                       "<S:Header/><S:Body><ns2:%sResponse "
                       "xmlns:ns2=\"%s\">%s</ns2:%sResponse></S:Body></S:Envelope>",
                       operation, xml_namespace, content, operation);

  fake_says (fake, 200, reply);
}

static inline void
fake_faults (FakeBgs *fake, const char *text, const char *detail)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  g_autofree char *reply = g_strdup_printf (
      "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>"
      "<ns0:Fault "
      "xmlns:ns0=\"http://schemas.xmlsoap.org/soap/envelope/\"><faultcode>ns0:Server</faultcode>"
      "<faultstring>%s</faultstring>%s</ns0:Fault></S:Body></S:Envelope>",
      escaped, detail ? detail : "");

  fake_says (fake, 500, reply);
}

static inline void
fake_flatten (GString *line, const xmlNode *node)
{
  for (const xmlNode *child = node->children; child; child = child->next) {
    xmlChar *nil = NULL;
    xmlChar *content = NULL;

    if (child->type != XML_ELEMENT_NODE)
      continue;
    if (line->len > 0 && line->str[line->len - 1] != '{')
      g_string_append_c (line, ' ');
    g_string_append (line, (const char *)child->name);
    nil = xmlGetNsProp ((xmlNode *)child, BAD_CAST "nil",
                        BAD_CAST "http://www.w3.org/2001/XMLSchema-instance");
    content = xmlNodeGetContent (child);
    if (nil) {
      g_assert_null (child->children);
      g_string_append (line, ":nil");
    } else if (child->children && child->children->type == XML_ELEMENT_NODE) {
      g_string_append_c (line, '{');
      fake_flatten (line, child);
      g_string_append_c (line, '}');
    } else {
      g_string_append_printf (line, "=%s", (const char *)content);
    }
    xmlFree (nil);
    xmlFree (content);
  }
}

/* The body element of the last request, flattened; checks the envelope around it on the way. */
static inline char *
fake_request (FakeBgs *fake)
{
  GString *line = g_string_new (NULL);
  xmlDoc *document = xmlReadMemory (fake->request, (int)strlen (fake->request), NULL, NULL, 0);
  xmlNode *envelope = NULL;
  xmlNode *body = NULL;

  g_assert_nonnull (document);
  envelope = xmlDocGetRootElement (document);
  g_assert_cmpstr ((const char *)envelope->name, ==, "Envelope");
  g_assert_cmpstr ((const char *)envelope->children->name, ==, "Header");
  body = envelope->children->next;
  g_assert_cmpstr ((const char *)body->name, ==, "Body");
  fake_flatten (line, body);
  xmlFreeDoc (document);
  return g_string_free (line, FALSE);
}
