/* A bounded HTTP/1.1 server of our own for claim-api, metrics and the simulators.
 *
 * A handler runs in a thread of its connection and may block. What is asked is judged when its
 * head is in, and only then a body is read; it is collected before the handler is called, or goes
 * to a taker that the judge names, as it comes. Framing is strict (request-head.h): what two
 * readers could take differently is answered 400 or 501 and the connection is closed. The whole
 * request, from the first byte to the last of its body, must arrive within request_deadline_ms,
 * else it is cut off; for a taken body that grows. Whoever is refused is told so: the answer is
 * sent, and what he still sends is read and thrown away for a while, for closing with unread data
 * would reset the connection and take the answer away. */
#pragma once

#include <glib.h>

typedef struct HttpReply HttpReply;

/* Takes a body while it arrives, in place of it being collected. */
typedef struct {
  /* The next bytes, in the connection's thread; may block, which does not count against the
   * request's deadline. NULL to go on; a refusal ends the request. */
  HttpReply *(*take) (gpointer data, const char *bytes, gsize length);
  GDestroyNotify free_data; /* after the answer, or once the body has been cut off */
  gpointer data;
} HttpBodyTaker;

typedef struct {
  const char *method, *path, *query; /* path decoded, without the query; query raw or "" */
  GHashTable *headers;               /* lower-case name -> value */
  GBytes *body;                      /* NULL while it is judged; a NUL byte stands behind it.
                                        Empty when it was taken */
  const char *peer;                  /* address without port */
  guint request_no;                  /* on this connection, from 1 */
  char *caller;        /* who asks, as the judge found; owned by the request; NULL: not found out */
  HttpBodyTaker taker; /* as the judge set it; .data is the request's. .take NULL: collected */
} HttpServerRequest;

struct HttpReply {
  int status;               /* 0: close the connection without an answer */
  const char *content_type; /* NULL: application/json; borrowed */
  GBytes *body;             /* owned by the reply; may be NULL */
  GPtrArray *headers;       /* of char *, "Name: value", owned; may be NULL */
  gboolean close;           /* close the connection after the answer */
};

/* Copies the body */
HttpReply *http_reply_new (int status, const char *content_type, const char *body);
HttpReply *http_reply_take (int status, const char *content_type, char *body); /* takes the body */
void http_reply_header (HttpReply *reply, const char *name, const char *value);
void http_reply_free (HttpReply *reply);

typedef HttpReply *(*HttpHandler) (const HttpServerRequest *request, gpointer data);
/* Called when the head is in: a refusal, or NULL to go on. May set request->caller and
 * request->taker. */
typedef HttpReply *(*HttpJudge) (HttpServerRequest *request, gpointer data);
/* How the server's own refusals look; @text is a sentence. */
typedef HttpReply *(*HttpRefusal) (int status, const char *text);

typedef struct {
  const char *address;                   /* NULL: 127.0.0.1 */
  guint16 port;                          /* 0: a free one, see http_server_port() */
  gsize max_body_bytes;                  /* over it: 413 without calling the handler; 0: 1 MiB */
  gsize max_bodies_bytes;                /* of all requests under way; over it 503; 0: no bound */
  gsize max_taken_bytes;                 /* the same two for bodies that are taken; */
  gsize max_all_taken_bytes;             /* 0: none can be, and no bound */
  guint max_connections;                 /* over it 503; 0: 256 */
  guint max_connections_per_address;     /* over it 429; 0: no bound */
  gint64 request_deadline_ms;            /* 0: 10,000; and 1 s for each MB that was taken */
  const char *certificate_pem, *key_pem; /* contents; NULL: plain HTTP. TLS 1.2 or better */
  HttpJudge judge;                       /* with the handler's data; NULL: everybody goes on */
  HttpRefusal refusal;                   /* NULL: plain text */
} HttpServerOptions;

/* Whether a server could be started with them, before there is one. Errors: a text that says what is
 * wrong with certificate or key. */
gboolean http_server_can_use (const char *certificate_pem, const char *key_pem, GError **error);

typedef struct HttpServer HttpServer;
HttpServer *http_server_start (const HttpServerOptions *options, HttpHandler handler, gpointer data,
                               GError **error);
guint16 http_server_port (const HttpServer *server);
void http_server_stop (HttpServer *server); /* waits for handlers; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpServer, http_server_stop)
char *http_query_value (const char *query, const char *name); /* decoded; NULL when absent */
char *http_query_text (const char *query, const char *name);  /* likewise when it is no UTF-8 */
