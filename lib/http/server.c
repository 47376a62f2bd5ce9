/* A bounded HTTP/1.1 server over libmicrohttpd: one thread per connection, so that a handler may
 * block.
 *
 * What libmicrohttpd does not have is a limit on how long a request may take to arrive: its
 * time-out is an idle limit, and a client that sends a byte now and then is never ended by it
 * (measured). So every connection carries a deadline of our own, and one watchdog thread shuts down
 * the sockets that are over theirs. What is said by whom, and to which path, is the handler's
 * affair. Source: design section 7, and the bounds of claim-api. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_MAX_BODY_BYTES      1048576
#define DEFAULT_MAX_CONNECTIONS     256
#define DEFAULT_REQUEST_DEADLINE_MS 10000
/* An answer that nobody takes: without an end its connection would be held for good. */
#define ANSWER_DEADLINE_MS          30000
/* A body over the bound is read and thrown away up to here, so that the client gets to read its
 * 413; closing with unread data would reset the connection and take the answer away. */
#define MAX_DISCARDED_BYTES         (64 * (guint64)1048576)
#define MAX_ADDRESS                 64

typedef enum { RECEIVING, HANDLING, ANSWERING } ConnectionPhase;

typedef struct {
  int fd;
  ConnectionPhase phase;
  gint64 deadline_us; /* monotonic; meaningless while HANDLING */
  guint requests;
  char peer[MAX_ADDRESS];
} Connection;

struct HttpServer {
  struct MHD_Daemon *daemon;
  HttpHandler handler;
  gpointer data;
  gsize max_body_bytes;
  gint64 request_deadline_us;
  guint16 port;
  int listen_fd;

  GMutex lock; /* guards what follows, and the phase and deadline of every connection */
  GCond changed;
  GHashTable *connections; /* set of Connection * */
  gboolean stopping;
  GThread *watchdog;
};

/* One request while it arrives. */
typedef struct {
  char *query;
  gboolean has_nul_in_path;
  gboolean begun;
  gboolean too_large;
  guint64 discarded;
  GByteArray *body;
} Exchange;

HttpReply *
http_reply_take (int status, const char *content_type, char *body)
{
  HttpReply *reply = g_new0 (HttpReply, 1);

  reply->status = status;
  reply->content_type = content_type;
  if (body)
    reply->body = g_bytes_new_take (body, strlen (body));
  return reply;
}

HttpReply *
http_reply_new (int status, const char *content_type, const char *body)
{
  return http_reply_take (status, content_type, g_strdup (body));
}

void
http_reply_header (HttpReply *reply, const char *name, const char *value)
{
  if (!reply->headers)
    reply->headers = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (reply->headers, g_strdup_printf ("%s: %s", name, value));
}

void
http_reply_free (HttpReply *reply)
{
  if (!reply)
    return;
  g_clear_pointer (&reply->body, g_bytes_unref);
  g_clear_pointer (&reply->headers, g_ptr_array_unref);
  g_free (reply);
}

char *
http_query_value (const char *query, const char *name)
{
  g_auto (GStrv) pairs = g_strsplit (query ? query : "", "&", 256);

  for (guint i = 0; pairs[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);
    g_autofree char *key = NULL;

    if (!pair[0])
      continue;
    for (guint j = 0; pair[j]; j++)
      g_strdelimit (pair[j], "+", ' ');
    key = g_uri_unescape_string (pair[0], NULL);
    if (g_strcmp0 (key, name) == 0)
      return pair[1] ? g_uri_unescape_string (pair[1], NULL) : g_strdup ("");
  }
  return NULL;
}

static Connection *
connection_of (struct MHD_Connection *mhd)
{
  const union MHD_ConnectionInfo *info = NULL;

  info = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/* Sets a connection's phase and its next deadline, @limit_us from now. */
static void
connection_enter (HttpServer *server, Connection *connection, ConnectionPhase phase,
                  gint64 limit_us)
{
  g_mutex_lock (&server->lock);
  connection->phase = phase;
  connection->deadline_us = g_get_monotonic_time () + limit_us;
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
}

static void
connection_notify (void *data, struct MHD_Connection *mhd, void **socket_context,
                   enum MHD_ConnectionNotificationCode code)
{
  HttpServer *server = data;
  Connection *connection = NULL;
  const union MHD_ConnectionInfo *info = NULL;

  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    connection = *socket_context;
    *socket_context = NULL;
    g_mutex_lock (&server->lock);
    /* libmicrohttpd closes the descriptor after this call, so the watchdog never meets a reused
     * one. */
    g_hash_table_remove (server->connections, connection);
    g_cond_broadcast (&server->changed);
    g_mutex_unlock (&server->lock);
    return;
  }

  connection = g_new0 (Connection, 1);
  connection->fd = -1;
  info = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info)
    connection->fd = info->connect_fd;
  info = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info && info->client_addr) {
    socklen_t length = info->client_addr->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6)
                                                                : sizeof (struct sockaddr_in);

    if (getnameinfo (info->client_addr, length, connection->peer, sizeof connection->peer, NULL, 0,
                     NI_NUMERICHOST) != 0)
      connection->peer[0] = '\0';
  }
  *socket_context = connection;

  g_mutex_lock (&server->lock);
  connection->deadline_us = g_get_monotonic_time () + server->request_deadline_us;
  g_hash_table_add (server->connections, connection);
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
}

/* Shuts down what is over its deadline. Sleeps until the nearest one; a server without connections
 * never wakes. */
static gpointer
watch_deadlines (gpointer data)
{
  HttpServer *server = data;

  g_mutex_lock (&server->lock);
  while (!server->stopping) {
    GHashTableIter iter;
    gpointer key = NULL;
    gint64 now = g_get_monotonic_time ();
    gint64 next = G_MAXINT64;

    g_hash_table_iter_init (&iter, server->connections);
    while (g_hash_table_iter_next (&iter, &key, NULL)) {
      Connection *connection = key;

      if (connection->phase == HANDLING || connection->deadline_us == G_MAXINT64)
        continue;
      if (connection->deadline_us <= now) {
        (void)shutdown (connection->fd, SHUT_RDWR); /* it may have gone by itself */
        connection->deadline_us = G_MAXINT64;
      } else {
        next = MIN (next, connection->deadline_us);
      }
    }
    if (next == G_MAXINT64)
      g_cond_wait (&server->changed, &server->lock);
    else
      (void)g_cond_wait_until (&server->changed, &server->lock, next);
  }
  g_mutex_unlock (&server->lock);
  return NULL;
}

/* The first thing libmicrohttpd says about a request: its target as sent. What is given back is the
 * request's context. */
static void *
begin_exchange (void *data, const char *uri, struct MHD_Connection *mhd)
{
  HttpServer *server = data;
  Connection *connection = connection_of (mhd);
  Exchange *exchange = g_new0 (Exchange, 1);
  const char *question = strchr (uri, '?');
  g_autofree char *path = g_strndup (uri, question ? (gsize)(question - uri) : strlen (uri));

  exchange->query = g_strdup (question ? question + 1 : "");
  exchange->has_nul_in_path = strstr (path, "%00") != NULL;
  exchange->body = g_byte_array_new ();
  connection->requests++;
  /* The first request counts from the connection's start. A later one may have begun after a long
   * pause. */
  if (connection->requests > 1)
    connection_enter (server, connection, RECEIVING, server->request_deadline_us);
  return exchange;
}

static void
end_exchange (void *data, struct MHD_Connection *mhd, void **context,
              enum MHD_RequestTerminationCode code)
{
  HttpServer *server = data;
  Connection *connection = connection_of (mhd);
  Exchange *exchange = *context;

  (void)code;
  *context = NULL;
  if (exchange) {
    g_free (exchange->query);
    g_byte_array_unref (exchange->body);
    g_free (exchange);
  }
  if (connection)
    connection_enter (server, connection, RECEIVING, server->request_deadline_us);
}

static enum MHD_Result
collect_header (void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
  GHashTable *headers = data;
  char *key = g_ascii_strdown (name, -1);
  const char *earlier = g_hash_table_lookup (headers, key);

  (void)kind;
  value = value ? value : "";
  g_hash_table_replace (headers, key,
                        earlier ? g_strconcat (earlier, ", ", value, NULL) : g_strdup (value));
  return MHD_YES;
}

static void
unref_bytes (void *bytes)
{
  g_bytes_unref (bytes);
}

/* Takes the reply. */
static enum MHD_Result
send_reply (HttpServer *server, struct MHD_Connection *mhd, HttpReply *reply)
{
  struct MHD_Response *response = NULL;
  enum MHD_Result result = MHD_NO;
  GBytes *body = NULL;
  gboolean is_stopping = FALSE;

  g_mutex_lock (&server->lock);
  is_stopping = server->stopping;
  g_mutex_unlock (&server->lock);

  body = reply->body ? g_bytes_ref (reply->body) : g_bytes_new_static ("", 0);
  response = MHD_create_response_from_buffer_with_free_callback_cls (
      g_bytes_get_size (body), (void *)g_bytes_get_data (body, NULL), unref_bytes, body);
  if (!response) {
    g_bytes_unref (body);
    http_reply_free (reply);
    return MHD_NO;
  }
  MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE,
                           reply->content_type ? reply->content_type : "application/json");
  for (guint i = 0; reply->headers && i < reply->headers->len; i++) {
    g_auto (GStrv) pair = g_strsplit (g_ptr_array_index (reply->headers, i), ": ", 2);

    if (g_strv_length (pair) == 2)
      MHD_add_response_header (response, pair[0], pair[1]);
  }
  if (reply->close || is_stopping)
    MHD_add_response_header (response, MHD_HTTP_HEADER_CONNECTION, "close");
  result = MHD_queue_response (mhd, (unsigned int)reply->status, response);
  MHD_destroy_response (response);
  http_reply_free (reply);
  return result;
}

static HttpReply *
refuse (int status, const char *body)
{
  HttpReply *reply = http_reply_new (status, "text/plain; charset=utf-8", body);

  reply->close = TRUE;
  return reply;
}

/* Whether the headers alone say that the body is not worth waiting for. */
static gboolean
is_refused_by_length (HttpServer *server, struct MHD_Connection *mhd, Exchange *exchange)
{
  const char *length =
      MHD_lookup_connection_value (mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  const char *expect = MHD_lookup_connection_value (mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT);
  guint64 bytes = length ? g_ascii_strtoull (length, NULL, 10) : 0;

  if (bytes <= server->max_body_bytes)
    return FALSE;
  exchange->too_large = TRUE;
  return expect || bytes > server->max_body_bytes + MAX_DISCARDED_BYTES;
}

static enum MHD_Result
access_handler (void *data, struct MHD_Connection *mhd, const char *url, const char *method,
                const char *version, const char *upload, size_t *upload_size, void **context)
{
  HttpServer *server = data;
  Connection *connection = connection_of (mhd);
  Exchange *exchange = *context;
  g_autoptr (GHashTable) headers = NULL;
  g_autoptr (GBytes) body = NULL;
  HttpServerRequest request = { 0 };
  HttpReply *reply = NULL;

  (void)version;
  if (!exchange || !connection)
    return MHD_NO;

  if (!exchange->begun) {
    exchange->begun = TRUE;
    if (is_refused_by_length (server, mhd, exchange)) {
      connection_enter (server, connection, ANSWERING, ANSWER_DEADLINE_MS * 1000);
      return send_reply (server, mhd, refuse (413, "The body is too large.\n"));
    }
    return MHD_YES;
  }

  if (*upload_size > 0) {
    if (exchange->body->len + *upload_size > server->max_body_bytes)
      exchange->too_large = TRUE;
    if (exchange->too_large) {
      g_byte_array_set_size (exchange->body, 0);
      exchange->discarded += *upload_size;
      if (exchange->discarded > server->max_body_bytes + MAX_DISCARDED_BYTES)
        return MHD_NO;
    } else {
      g_byte_array_append (exchange->body, (const guint8 *)upload, (guint)*upload_size);
    }
    *upload_size = 0;
    return MHD_YES;
  }

  if (exchange->too_large || exchange->has_nul_in_path) {
    connection_enter (server, connection, ANSWERING, ANSWER_DEADLINE_MS * 1000);
    return send_reply (server, mhd,
                       exchange->too_large ? refuse (413, "The body is too large.\n")
                                           : refuse (400, "The path is malformed.\n"));
  }

  connection_enter (server, connection, HANDLING, 0);
  headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  MHD_get_connection_values (mhd, MHD_HEADER_KIND, collect_header, headers);
  /* A NUL byte after the body, which is not counted, so that text can be read as such. */
  g_byte_array_append (exchange->body, (const guint8 *)"", 1);
  body = g_bytes_new_with_free_func (exchange->body->data, exchange->body->len - 1,
                                     (GDestroyNotify)g_byte_array_unref,
                                     g_byte_array_ref (exchange->body));
  request = (HttpServerRequest){ .method = method,
                                 .path = url,
                                 .query = exchange->query,
                                 .headers = headers,
                                 .body = body,
                                 .peer = connection->peer,
                                 .request_no = connection->requests };
  reply = server->handler (&request, server->data);
  connection_enter (server, connection, ANSWERING, ANSWER_DEADLINE_MS * 1000);
  if (!reply)
    reply = http_reply_new (500, "text/plain; charset=utf-8", "Internal error.\n");
  if (reply->status == 0) {
    http_reply_free (reply);
    return MHD_NO;
  }
  return send_reply (server, mhd, reply);
}

/* A bound and listening socket, so that a taken port is told with its reason. */
static int
open_listener (const char *address, guint16 port, guint16 *ret_port, GError **error)
{
  struct addrinfo hints = { .ai_family = AF_UNSPEC,
                            .ai_socktype = SOCK_STREAM,
                            .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
  struct addrinfo *found = NULL;
  struct sockaddr_storage bound = { 0 };
  socklen_t length = sizeof bound;
  char service[16] = "";
  int one = 1;
  int fd = -1;
  int saved = 0;

  g_snprintf (service, sizeof service, "%u", port);
  if (getaddrinfo (address, service, &hints, &found) != 0) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                 "cannot listen on %s: not a numeric IP address", address);
    return -1;
  }
  fd = socket (found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      bind (fd, found->ai_addr, found->ai_addrlen) != 0 || listen (fd, 128) != 0 ||
      getsockname (fd, (struct sockaddr *)&bound, &length) != 0) {
    saved = errno;
    freeaddrinfo (found);
    if (fd >= 0)
      close (fd);
    g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (saved),
                 "cannot listen on %s port %u: %s", address, port, g_strerror (saved));
    return -1;
  }
  freeaddrinfo (found);
  *ret_port = bound.ss_family == AF_INET6 ? ntohs (((struct sockaddr_in6 *)&bound)->sin6_port)
                                          : ntohs (((struct sockaddr_in *)&bound)->sin_port);
  return fd;
}

HttpServer *
http_server_start (const HttpServerOptions *options, HttpHandler handler, gpointer data,
                   GError **error)
{
  const char *address = options->address ? options->address : "127.0.0.1";
  gboolean is_tls = options->certificate_pem && options->key_pem;
  unsigned int flags =
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC;
  HttpServer *server = NULL;
  guint16 port = 0;
  int fd = -1;

  g_return_val_if_fail (handler != NULL, NULL);

  fd = open_listener (address, options->port, &port, error);
  if (fd < 0)
    return NULL;

  server = g_new0 (HttpServer, 1);
  server->handler = handler;
  server->data = data;
  server->max_body_bytes =
      options->max_body_bytes ? options->max_body_bytes : DEFAULT_MAX_BODY_BYTES;
  server->request_deadline_us =
      (options->request_deadline_ms ? options->request_deadline_ms : DEFAULT_REQUEST_DEADLINE_MS) *
      1000;
  server->port = port;
  server->listen_fd = fd;
  g_mutex_init (&server->lock);
  g_cond_init (&server->changed);
  server->connections = g_hash_table_new_full (NULL, NULL, g_free, NULL);

  struct MHD_OptionItem items[] = {
    { MHD_OPTION_LISTEN_SOCKET, fd, NULL },
    { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_notify, server },
    { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)end_exchange, server },
    { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin_exchange, server },
    { MHD_OPTION_CONNECTION_LIMIT,
      options->max_connections ? options->max_connections : DEFAULT_MAX_CONNECTIONS, NULL },
    { MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->max_connections_per_address, NULL },
    { is_tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)options->certificate_pem },
    { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key_pem },
    { MHD_OPTION_END, 0, NULL },
  };
  if (is_tls)
    flags |= MHD_USE_TLS;
  server->daemon = MHD_start_daemon (flags, 0, NULL, NULL, access_handler, server, MHD_OPTION_ARRAY,
                                     items, MHD_OPTION_END);
  if (!server->daemon) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot serve HTTP%s on %s port %u%s",
                 is_tls ? "S" : "", address, port,
                 is_tls ? ": look at the certificate and its key" : "");
    close (fd);
    g_hash_table_unref (server->connections);
    g_mutex_clear (&server->lock);
    g_cond_clear (&server->changed);
    g_free (server);
    return NULL;
  }
  server->watchdog = g_thread_new ("http-deadlines", watch_deadlines, server);
  return server;
}

guint16
http_server_port (const HttpServer *server)
{
  return server->port;
}

/* Whether a handler runs or its answer is on its way. The lock is held. */
static gboolean
is_busy (HttpServer *server)
{
  GHashTableIter iter;
  gpointer key = NULL;

  g_hash_table_iter_init (&iter, server->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (((Connection *)key)->phase != RECEIVING)
      return TRUE;
  return FALSE;
}

void
http_server_stop (HttpServer *server)
{
  gint64 end_us = 0;

  if (!server)
    return;

  /* Nobody new; what has been asked is answered; then the rest, idle or half a request, is cut off.
   */
  (void)MHD_quiesce_daemon (server->daemon); /* gives listen_fd back to us */
  g_mutex_lock (&server->lock);
  server->stopping = TRUE;
  g_cond_broadcast (&server->changed);
  while (is_busy (server)) {
    GHashTableIter iter;
    gpointer key = NULL;

    end_us = g_get_monotonic_time () + G_USEC_PER_SEC;
    (void)g_cond_wait_until (&server->changed, &server->lock, end_us);
    /* The watchdog has gone: answers that nobody takes are ended here. */
    g_hash_table_iter_init (&iter, server->connections);
    while (g_hash_table_iter_next (&iter, &key, NULL)) {
      Connection *connection = key;

      if (connection->phase == ANSWERING && connection->deadline_us <= g_get_monotonic_time ())
        (void)shutdown (connection->fd, SHUT_RDWR);
    }
  }
  g_mutex_unlock (&server->lock);
  g_thread_join (server->watchdog);
  MHD_stop_daemon (server->daemon);
  close (server->listen_fd);
  g_hash_table_unref (server->connections);
  g_mutex_clear (&server->lock);
  g_cond_clear (&server->changed);
  g_free (server);
}
