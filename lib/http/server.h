/* libmicrohttpd, thinly: a bounded HTTP/1.1 server for claim-api, metrics and the simulators.
 *
 * A handler runs in a thread of its connection and may block. Bodies are collected before it is
 * called. The whole request, from the first byte to the last of its body, must arrive within
 * request_deadline_ms by our own clock (libmicrohttpd's time-out is an idle limit and never ends
 * a client that dribbles: measured), else it is cut off. */
#pragma once

#include <glib.h>

typedef struct {
  const char *method, *path, *query; /* path decoded, without the query; query raw or "" */
  GHashTable *headers;               /* lower-case name -> value */
  GBytes *body;
  const char *peer; /* address without port */
  guint request_no; /* on this connection, from 1 */
} HttpServerRequest;

typedef struct {
  int status;               /* 0: close the connection without an answer */
  const char *content_type; /* NULL: application/json; borrowed */
  GBytes *body;             /* owned by the reply; may be NULL */
  GPtrArray *headers;       /* of char *, "Name: value", owned; may be NULL */
  gboolean close;           /* close the connection after the answer */
} HttpReply;

HttpReply *http_reply_new (int status, const char *content_type,
                           const char *body);                                  /* copies the body */
HttpReply *http_reply_take (int status, const char *content_type, char *body); /* takes the body */
void http_reply_header (HttpReply *reply, const char *name, const char *value);
void http_reply_free (HttpReply *reply);

typedef HttpReply *(*HttpHandler) (const HttpServerRequest *request, gpointer data);

typedef struct {
  const char *address;                   /* NULL: 127.0.0.1 */
  guint16 port;                          /* 0: a free one, see http_server_port() */
  gsize max_body_bytes;                  /* over it: 413 without calling the handler; 0: 1 MiB */
  guint max_connections;                 /* 0: 256 */
  guint max_connections_per_address;     /* 0: no limit */
  gint64 request_deadline_ms;            /* 0: 10,000 */
  const char *certificate_pem, *key_pem; /* contents; NULL: plain HTTP */
} HttpServerOptions;

typedef struct HttpServer HttpServer;
HttpServer *http_server_start (const HttpServerOptions *options, HttpHandler handler, gpointer data,
                               GError **error);
guint16 http_server_port (const HttpServer *server);
void http_server_stop (HttpServer *server); /* waits for handlers; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpServer, http_server_stop)
char *http_query_value (const char *query, const char *name); /* decoded; NULL when absent */
