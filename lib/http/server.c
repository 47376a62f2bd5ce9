/* The server: who is let in, what is read of him, and what he is told. One thread per connection,
 * so that a handler may block; one that accepts.
 *
 * Every wait has an end: a request's arrival (request_deadline_ms), an answer that nobody takes,
 * and the time for which a refused client is listened to. Memory has one too: a head's buffer per
 * connection, and of bodies what max_bodies_bytes allows for all. What is asked, by whom and of
 * which path is the judge's and the handler's affair. */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/request-head.h"
#include "http/wire.h"

#define DEFAULT_MAX_BODY_BYTES      1048576
#define DEFAULT_MAX_CONNECTIONS     256
#define DEFAULT_REQUEST_DEADLINE_MS 10000
/* An answer that nobody takes: without an end its connection would be held for good. */
#define ANSWER_DEADLINE_US          (30 * G_USEC_PER_SEC)
/* A refused client is listened to for this long and this much, so that he gets to read why. */
#define DRAIN_US                    (5 * G_USEC_PER_SEC)
#define DRAIN_BYTES                 (64 * (guint64)1048576)
/* Connections over the bounds that are being told so; while there are more, nobody is accepted. */
#define MAX_TURNED_AWAY             64
#define TURN_AWAY_US                (2 * G_USEC_PER_SEC)
#define RETRY_AFTER_S               "5"
#define BODY_STEP_BYTES             65536
/* Room for a chunked body that is taken is set aside in steps of this many bytes. */
#define TAKEN_STEP_BYTES            1048576
/* The deadline of a body that is taken grows by 1 s for each MB that has come: by what came and not
 * by what was declared, so that nobody who dribbles is given more time. */
#define TAKEN_US_A_BYTE             1
#define MAX_ADDRESS                 64
#define BACKLOG                     512

typedef struct {
  HttpServer *server;
  GThread *thread;
  Wire wire;
  int turned_away; /* 0, or the status of the answer: 429 or 503 */
  guint requests;
  char peer[MAX_ADDRESS];
  gint64 began_us;  /* monotonic */
  gsize start, end; /* of what has been read and not yet used */
  char input[REQUEST_HEAD_MAX_BYTES];
} Connection;

/* Bounds of bodies, and what is under way. */
typedef struct {
  guint64 max_one, max_all; /* max_all 0: no bound */
  guint64 used;             /* guarded by the server's lock */
} Room;

struct HttpServer {
  HttpHandler handler;
  HttpJudge judge;
  HttpRefusal refusal;
  gpointer data;
  Room collected, taken;
  guint max_connections, max_per_address;
  gint64 request_deadline_us;
  guint16 port;
  int listen_fd, stop_fd;
  SSL_CTX *tls;
  GThread *accepting;

  GMutex lock; /* guards what follows */
  GCond changed;
  GHashTable *addresses; /* address -> how many connections */
  GPtrArray *ended;      /* of GThread *: to be joined */
  guint connections, turned_away;
  gboolean stopping;
};

/* One request while it arrives. */
typedef struct {
  RequestHead *head;
  char *body; /* with a NUL behind it */
  gsize length, capacity;
  Room *room;       /* the server's, for bodies of this kind */
  guint64 reserved; /* of it */
  HttpBodyTaker taker;
  guint64 taken;
  char *caller;
} Exchange;

/* --- Answers --- */

static HttpReply *
refuse (HttpServer *server, int status, const char *text)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  HttpReply *reply = server->refusal ? server->refusal (status, text)
                                     : http_reply_new (status, "text/plain; charset=utf-8", line);

  if (status == 429 || status == 503)
    http_reply_header (reply, "Retry-After", RETRY_AFTER_S);
  reply->close = TRUE;
  return reply;
}

static const char *
reason_of (int status)
{
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 307, "Temporary Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 409, "Conflict" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].status == status)
      return reasons[i].reason;
  return "Answer";
}

static gboolean
may_have_body (int status)
{
  return status >= 200 && status != 204 && status != 304;
}

/* Takes the reply. FALSE when the connection is to be closed. */
static gboolean
send_reply (Connection *connection, HttpReply *reply, gboolean is_head_only, gboolean keep)
{
  gint64 deadline = g_get_monotonic_time () + ANSWER_DEADLINE_US;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%a, %d %b %Y %H:%M:%S GMT");
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length = reply->body ? g_bytes_get_size (reply->body) : 0;
  gboolean has_body = may_have_body (reply->status);
  gboolean done;

  g_string_printf (text, "HTTP/1.1 %d %s\r\nDate: %s\r\n", reply->status, reason_of (reply->status),
                   date);
  if (has_body)
    g_string_append_printf (text, "Content-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n",
                            reply->content_type ? reply->content_type : "application/json", length);
  for (guint i = 0; reply->headers && i < reply->headers->len; i++) {
    const char *line = g_ptr_array_index (reply->headers, i);

    /* A line break in a value would begin a header, or a body, of somebody else's making. */
    if (!strpbrk (line, "\r\n"))
      g_string_append_printf (text, "%s\r\n", line);
  }
  keep = keep && !reply->close;
  g_string_append (text, keep ? "\r\n" : "Connection: close\r\n\r\n");
  /* A small body goes in the same packet. */
  if (has_body && !is_head_only && length > 0 && length <= BODY_STEP_BYTES)
    g_string_append_len (text, g_bytes_get_data (reply->body, NULL), (gssize)length);
  done = wire_write (&connection->wire, text->str, text->len, deadline);
  if (done && has_body && !is_head_only && length > BODY_STEP_BYTES)
    done = wire_write (&connection->wire, g_bytes_get_data (reply->body, NULL), length, deadline);
  http_reply_free (reply);
  return done && keep;
}

/* Refuses and says so; the connection is to be closed after it. */
static gboolean
turn_down (Connection *connection, HttpReply *reply)
{
  reply->close = TRUE;
  (void)send_reply (connection, reply, FALSE, FALSE);
  wire_drain (&connection->wire, DRAIN_BYTES, g_get_monotonic_time () + DRAIN_US);
  return FALSE;
}

static gboolean
turn_down_as (Connection *connection, int status, const char *text)
{
  return turn_down (connection, refuse (connection->server, status, text));
}

/* --- A request arrives --- */

static gboolean
is_stopping (HttpServer *server)
{
  gboolean stopping;

  g_mutex_lock (&server->lock);
  stopping = server->stopping;
  g_mutex_unlock (&server->lock);
  return stopping;
}

/* Sets @bytes aside for a body. FALSE when all bodies under way have no more room. */
static gboolean
reserve (HttpServer *server, Exchange *exchange, guint64 bytes)
{
  Room *room = exchange->room;
  gboolean has_room;

  g_mutex_lock (&server->lock);
  has_room =
      room->max_all == 0 || (room->used <= room->max_all && bytes <= room->max_all - room->used);
  if (has_room) {
    room->used += bytes;
    exchange->reserved += bytes;
  }
  g_mutex_unlock (&server->lock);
  return has_room;
}

static void
exchange_clear (HttpServer *server, Exchange *exchange)
{
  /* First what the bytes stand in, then their room. */
  if (exchange->taker.free_data)
    exchange->taker.free_data (exchange->taker.data);
  g_clear_pointer (&exchange->body, g_free);
  if (exchange->room) {
    g_mutex_lock (&server->lock);
    exchange->room->used -= exchange->reserved;
    g_mutex_unlock (&server->lock);
  }
  g_clear_pointer (&exchange->head, request_head_free);
  g_clear_pointer (&exchange->caller, g_free);
}

/* Reads until the head is whole: its length, or 0 when the connection is to be closed; the client
 * has been told why where there is something to tell. @ret_deadline_us: of the request. */
static gsize
read_head (Connection *connection, gint64 *ret_deadline_us)
{
  HttpServer *server = connection->server;
  gboolean has_begun = connection->requests == 0; /* the first one began with the connection */
  gint64 deadline =
      (has_begun ? connection->began_us : g_get_monotonic_time ()) + server->request_deadline_us;
  HeadScanner scanner = { 0 };

  memmove (connection->input, connection->input + connection->start,
           connection->end - connection->start);
  connection->end -= connection->start;
  connection->start = 0;
  for (;;) {
    gsize length = 0;
    gssize got;

    switch (request_head_scan (&scanner, connection->input, connection->end, &length)) {
    case HEAD_COMPLETE:
      *ret_deadline_us = deadline;
      return length;
    case HEAD_MALFORMED:
      (void)turn_down_as (connection, 400, "The request is malformed.");
      return 0;
    case HEAD_PARTIAL:
      break;
    }
    if (connection->end == sizeof connection->input) {
      (void)turn_down_as (connection, 431, "The request's header fields are too large.");
      return 0;
    }
    got = wire_read (&connection->wire, connection->input + connection->end,
                     sizeof connection->input - connection->end, deadline, WIRE_UNTIL_STOP);
    if (got <= 0)
      return 0;
    connection->end += (gsize)got;
    if (!has_begun) /* after a pause, whose length says nothing about the request */
      deadline = g_get_monotonic_time () + server->request_deadline_us;
    has_begun = TRUE;
  }
}

/* More input, into the buffer that the head came in; it is empty. */
static gboolean
read_more (Connection *connection, gint64 deadline_us)
{
  gssize got = wire_read (&connection->wire, connection->input, sizeof connection->input,
                          deadline_us, WIRE_UNTIL_STOP);

  connection->start = 0;
  connection->end = got > 0 ? (gsize)got : 0;
  return got > 0;
}

/* A body of known length: its room is set aside beforehand, and touched as it comes. */
static gboolean
read_counted_body (Connection *connection, Exchange *exchange, gint64 deadline_us)
{
  gsize here = (gsize)MIN (exchange->head->length, connection->end - connection->start);

  exchange->body = g_malloc (exchange->head->length + 1);
  if (here > 0)
    memcpy (exchange->body, connection->input + connection->start, here);
  connection->start += here;
  for (exchange->length = here; exchange->length < exchange->head->length;) {
    gssize got =
        wire_read (&connection->wire, exchange->body + exchange->length,
                   exchange->head->length - exchange->length, deadline_us, WIRE_UNTIL_STOP);

    if (got <= 0)
      return FALSE;
    exchange->length += (gsize)got;
  }
  return TRUE;
}

/* Room for @more bytes of a chunked body that fit, set aside as it grows; else the status to
 * answer. */
static int
make_room (HttpServer *server, Exchange *exchange, gsize more)
{
  gsize capacity = exchange->capacity;

  while (capacity < exchange->length + more)
    capacity = MIN (MAX (BODY_STEP_BYTES, capacity * 2), exchange->room->max_one);
  if (capacity == exchange->capacity)
    return 0;
  if (!reserve (server, exchange, capacity - exchange->capacity))
    return 503;
  exchange->body = g_realloc (exchange->body, capacity + 1);
  exchange->capacity = capacity;
  return 0;
}

static const char *
text_of_refused_body (int status)
{
  return status == 413 ? "The body is too large."
                       : "Too many bodies are on their way at once. Try again.";
}

/* A chunk says how long it is: of one that cannot fit nothing is waited for. */
static gboolean
chunk_fits (const Exchange *exchange, gsize length, guint64 rest)
{
  gsize room = exchange->room->max_one - exchange->length - exchange->taken;

  return length <= room && rest <= room - length;
}

/* Hands bytes to the taker. FALSE when he has refused, or there is no room: it was told. */
static gboolean
hand_over (Connection *connection, Exchange *exchange, const char *bytes, gsize length,
           gint64 *deadline_us)
{
  gint64 began_us = g_get_monotonic_time ();
  HttpReply *refusal = NULL;

  if (length > exchange->room->max_one - exchange->taken)
    return turn_down_as (connection, 413, text_of_refused_body (413));
  if (exchange->taken + length > exchange->reserved &&
      !reserve (connection->server, exchange, MAX (length, TAKEN_STEP_BYTES)))
    return turn_down_as (connection, 503, text_of_refused_body (503));
  exchange->taken += length;
  refusal = exchange->taker.take (exchange->taker.data, bytes, length);
  if (refusal)
    return turn_down (connection, refusal);
  *deadline_us += g_get_monotonic_time () - began_us + (gint64)length * TAKEN_US_A_BYTE;
  return TRUE;
}

/* A body of known length that is taken; its room is set aside. */
static gboolean
pass_counted_body (Connection *connection, Exchange *exchange, gint64 deadline_us)
{
  for (guint64 left = exchange->head->length; left > 0;) {
    gsize here = (gsize)MIN (left, connection->end - connection->start);

    if (here == 0 && !read_more (connection, deadline_us))
      return FALSE;
    if (here > 0 && !hand_over (connection, exchange, connection->input + connection->start, here,
                                &deadline_us))
      return FALSE;
    connection->start += here;
    left -= here;
  }
  return TRUE;
}

static gboolean
read_chunked_body (Connection *connection, Exchange *exchange, gint64 deadline_us)
{
  ChunkReader reader = { 0 };

  for (;;) {
    const char *from = connection->input + connection->start;
    gsize left = connection->end - connection->start;
    const char *data = NULL;
    gsize length = 0;
    ChunkStep step = chunk_reader_step (&reader, &from, &left, &data, &length);
    int refused = 0;

    connection->start = connection->end - left;
    switch (step) {
    case CHUNK_DATA:
      if (!chunk_fits (exchange, length, reader.left))
        return turn_down_as (connection, 413, text_of_refused_body (413));
      if (exchange->taker.take) {
        if (!hand_over (connection, exchange, data, length, &deadline_us))
          return FALSE;
        break;
      }
      refused = make_room (connection->server, exchange, length);
      if (refused)
        return turn_down_as (connection, refused, text_of_refused_body (refused));
      memcpy (exchange->body + exchange->length, data, length);
      exchange->length += length;
      break;
    case CHUNK_MORE:
      if (!read_more (connection, deadline_us))
        return FALSE;
      break;
    case CHUNK_MALFORMED:
      return turn_down_as (connection, 400, "The chunks of the body are malformed.");
    case CHUNK_END:
      return TRUE;
    }
  }
}

static HttpServerRequest
request_of (const Connection *connection, const Exchange *exchange)
{
  return (HttpServerRequest){ .method = exchange->head->method,
                              .path = exchange->head->path,
                              .query = exchange->head->query,
                              .headers = exchange->head->headers,
                              .peer = connection->peer,
                              .request_no = connection->requests,
                              .caller = exchange->caller,
                              .taker = exchange->taker };
}

/* What the head alone decides: who asks, and whether the body is worth reading. NULL to go on. */
static HttpReply *
judge (Connection *connection, Exchange *exchange)
{
  HttpServer *server = connection->server;
  HttpServerRequest request = request_of (connection, exchange);
  HttpReply *refusal = server->judge ? server->judge (&request, server->data) : NULL;

  exchange->caller = request.caller;
  exchange->taker = request.taker;
  exchange->room = exchange->taker.take ? &server->taken : &server->collected;
  if (!refusal && exchange->head->length > exchange->room->max_one)
    refusal = refuse (server, 413, text_of_refused_body (413));
  if (!refusal && !reserve (server, exchange, exchange->head->length))
    refusal = refuse (server, 503, text_of_refused_body (503));
  return refusal;
}

static gboolean
read_body (Connection *connection, Exchange *exchange, gint64 deadline_us)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  gboolean has_body = exchange->head->is_chunked || exchange->head->length > 0;

  if (exchange->head->expects_continue && has_body && connection->start == connection->end &&
      !wire_write (&connection->wire, go_on, strlen (go_on), deadline_us))
    return FALSE;
  if (exchange->head->is_chunked ? !read_chunked_body (connection, exchange, deadline_us)
      : exchange->taker.take     ? !pass_counted_body (connection, exchange, deadline_us)
                                 : !read_counted_body (connection, exchange, deadline_us))
    return FALSE;
  if (!exchange->body)
    exchange->body = g_malloc (1);
  exchange->body[exchange->length] = '\0'; /* not counted, so that text can be read as such */
  return TRUE;
}

/* Lets the handler answer. FALSE when the connection is to be closed. */
static gboolean
answer (Connection *connection, Exchange *exchange)
{
  HttpServer *server = connection->server;
  HttpServerRequest request = request_of (connection, exchange);
  gboolean is_head_only = g_str_equal (request.method, "HEAD");
  HttpReply *reply = NULL;

  /* The handler may keep it. */
  request.body =
      g_bytes_new_with_free_func (exchange->body, exchange->length, g_free, exchange->body);
  exchange->body = NULL;
  reply = server->handler (&request, server->data);
  g_bytes_unref (request.body);
  if (!reply)
    reply = refuse (server, 500, "Internal error.");
  if (reply->status == 0) {
    http_reply_free (reply);
    return FALSE;
  }
  return send_reply (connection, reply, is_head_only,
                     exchange->head->is_persistent && !is_stopping (server));
}

/* One request and its answer. FALSE when the connection is to be closed. */
static gboolean
serve_request (Connection *connection)
{
  HttpServer *server = connection->server;
  Exchange exchange = { 0 };
  g_autoptr (GError) error = NULL;
  HttpReply *refusal = NULL;
  gint64 deadline = 0;
  gsize length = read_head (connection, &deadline);
  gboolean goes_on = FALSE;

  if (length == 0)
    return FALSE;
  connection->requests++;
  exchange.head = request_head_parse (connection->input, length, &error);
  connection->start = length;
  if (!exchange.head)
    return turn_down_as (connection, error->code, error->message);

  refusal = judge (connection, &exchange);
  if (refusal && (exchange.head->is_chunked || exchange.head->length > 0))
    goes_on = turn_down (connection, refusal);
  else if (refusal)
    goes_on = send_reply (connection, refusal, g_str_equal (exchange.head->method, "HEAD"),
                          exchange.head->is_persistent);
  else if (read_body (connection, &exchange, deadline))
    goes_on = answer (connection, &exchange);
  exchange_clear (server, &exchange);
  return goes_on;
}

/* --- Connections --- */

/* The lock is held. */
static void
count_address (HttpServer *server, const char *peer, int by)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (server->addresses, peer)) + (guint)by;

  if (count == 0)
    g_hash_table_remove (server->addresses, peer);
  else
    g_hash_table_replace (server->addresses, g_strdup (peer), GUINT_TO_POINTER (count));
}

/* Joins threads whose connections have ended. */
static void
join_all (GPtrArray *threads)
{
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (g_ptr_array_index (threads, i));
  g_ptr_array_unref (threads);
}

/* The last word of a connection's thread. It joins those that ended before it, so that an idle
 * server keeps a few at most. Nobody is joined by two, and who is joined waits for nobody any more:
 * else each would wait for the one before him, in a row of threads without a bound. Until then the
 * connection counts. */
static void
connection_end (Connection *connection)
{
  HttpServer *server = connection->server;
  GPtrArray *earlier = NULL;

  g_mutex_lock (&server->lock);
  earlier = g_steal_pointer (&server->ended);
  server->ended = g_ptr_array_new ();
  g_mutex_unlock (&server->lock);
  join_all (earlier);
  wire_close (&connection->wire);

  g_mutex_lock (&server->lock);
  if (connection->turned_away) {
    server->turned_away--;
  } else {
    server->connections--;
    count_address (server, connection->peer, -1);
  }
  if (connection->thread)
    g_ptr_array_add (server->ended, connection->thread);
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock); /* from here on the server may be gone */
  g_free (connection);
}

static gpointer
serve_connection (gpointer data)
{
  Connection *connection = data;
  HttpServer *server = connection->server;
  gint64 limit = connection->turned_away ? TURN_AWAY_US : server->request_deadline_us;
  WireGreeting greeting;
  sigset_t set;

  /* OpenSSL writes without MSG_NOSIGNAL. */
  sigemptyset (&set);
  sigaddset (&set, SIGPIPE);
  (void)pthread_sigmask (SIG_BLOCK, &set, NULL);

  g_mutex_lock (&server->lock); /* until connection->thread is set */
  g_mutex_unlock (&server->lock);
  greeting = server->tls ? wire_greet (&connection->wire, server->tls, connection->began_us + limit)
                         : WIRE_GREETED;
  if (greeting == WIRE_PLAIN)
    (void)turn_down_as (connection, 400, "This port takes HTTPS, and no plain HTTP.");
  else if (greeting == WIRE_FAILED)
    wire_drain (&connection->wire, DRAIN_BYTES, g_get_monotonic_time () + TURN_AWAY_US);
  else {
    if (connection->turned_away) {
      HttpReply *reply =
          refuse (server, connection->turned_away, "Too many connections at once. Try again.");

      (void)send_reply (connection, reply, FALSE, FALSE);
      wire_drain (&connection->wire, DRAIN_BYTES, connection->began_us + limit);
    } else {
      while (serve_request (connection))
        continue;
      if (connection->requests > 0)
        wire_drain (&connection->wire, 0, 0); /* what was sent is delivered, and its end told */
    }
  }
  connection_end (connection);
  return NULL;
}

/* The lock is held. The status to turn a newcomer away with, or 0. */
static int
is_one_too_many (HttpServer *server, const char *peer)
{
  guint of_address = GPOINTER_TO_UINT (g_hash_table_lookup (server->addresses, peer));

  if (server->connections >= server->max_connections)
    return 503;
  return server->max_per_address && of_address >= server->max_per_address ? 429 : 0;
}

static void
let_in (HttpServer *server, int fd, const struct sockaddr *address, socklen_t length)
{
  Connection *connection = g_new0 (Connection, 1);
  gboolean has_thread;
  int one = 1;

  connection->server = server;
  connection->wire = (Wire){ .fd = fd, .stop_fd = server->stop_fd };
  connection->began_us = g_get_monotonic_time ();
  (void)setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* only faster */
  if (getnameinfo (address, length, connection->peer, sizeof connection->peer, NULL, 0,
                   NI_NUMERICHOST) != 0)
    connection->peer[0] = '\0';

  g_mutex_lock (&server->lock);
  connection->turned_away = is_one_too_many (server, connection->peer);
  if (connection->turned_away) {
    server->turned_away++;
  } else {
    server->connections++;
    count_address (server, connection->peer, 1);
  }
  connection->thread = g_thread_try_new ("http", serve_connection, connection, NULL);
  has_thread = connection->thread != NULL;
  g_mutex_unlock (&server->lock); /* from here on the connection is its thread's, or gone */
  if (!has_thread)
    connection_end (connection); /* no thread can be had: nothing to be told with */
}

static gpointer
accept_connections (gpointer data)
{
  HttpServer *server = data;
  struct pollfd fds[] = { { .fd = server->listen_fd, .events = POLLIN },
                          { .fd = server->stop_fd, .events = POLLIN } };

  while (poll (fds, G_N_ELEMENTS (fds), -1) >= 0 || errno == EINTR) {
    struct sockaddr_storage address = { 0 };
    socklen_t length = sizeof address;
    int fd = -1;

    if (fds[1].revents)
      break;
    g_mutex_lock (&server->lock);
    while (server->turned_away >= MAX_TURNED_AWAY && !server->stopping)
      g_cond_wait (&server->changed, &server->lock);
    g_mutex_unlock (&server->lock);
    fd = accept4 (server->listen_fd, (struct sockaddr *)&address, &length,
                  SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
      let_in (server, fd, (struct sockaddr *)&address, length);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
      (void)poll (fds + 1, 1, 100); /* until somebody has closed one */
  }
  return NULL;
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
  fd = socket (found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      bind (fd, found->ai_addr, found->ai_addrlen) != 0 || listen (fd, BACKLOG) != 0 ||
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

static void
server_free (HttpServer *server)
{
  if (server->listen_fd >= 0)
    close (server->listen_fd);
  if (server->stop_fd >= 0)
    close (server->stop_fd);
  SSL_CTX_free (server->tls);
  g_hash_table_unref (server->addresses);
  g_clear_pointer (&server->ended, g_ptr_array_unref);
  g_mutex_clear (&server->lock);
  g_cond_clear (&server->changed);
  g_free (server);
}

HttpServer *
http_server_start (const HttpServerOptions *options, HttpHandler handler, gpointer data,
                   GError **error)
{
  const char *address = options->address ? options->address : "127.0.0.1";
  HttpServer *server = NULL;

  g_return_val_if_fail (handler != NULL, NULL);

  server = g_new0 (HttpServer, 1);
  server->handler = handler;
  server->judge = options->judge;
  server->refusal = options->refusal;
  server->data = data;
  server->collected.max_one =
      options->max_body_bytes ? options->max_body_bytes : DEFAULT_MAX_BODY_BYTES;
  server->collected.max_all = options->max_bodies_bytes;
  server->taken.max_one = options->max_taken_bytes;
  server->taken.max_all = options->max_all_taken_bytes;
  server->max_connections =
      options->max_connections ? options->max_connections : DEFAULT_MAX_CONNECTIONS;
  server->max_per_address = options->max_connections_per_address;
  server->request_deadline_us =
      (options->request_deadline_ms ? options->request_deadline_ms : DEFAULT_REQUEST_DEADLINE_MS) *
      1000;
  server->listen_fd = -1;
  server->stop_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_mutex_init (&server->lock);
  g_cond_init (&server->changed);
  server->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  server->ended = g_ptr_array_new ();

  if (server->stop_fd < 0)
    g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_MFILE, "no file descriptor is free");
  else if (options->certificate_pem && options->key_pem)
    server->tls = wire_tls_new (options->certificate_pem, options->key_pem, error);
  if (server->stop_fd >= 0 && (server->tls || !options->certificate_pem || !options->key_pem))
    server->listen_fd = open_listener (address, options->port, &server->port, error);
  if (server->listen_fd < 0) {
    server_free (server);
    return NULL;
  }
  server->accepting = g_thread_new ("http-accept", accept_connections, server);
  return server;
}

gboolean
http_server_can_use (const char *certificate_pem, const char *key_pem, GError **error)
{
  SSL_CTX *context = wire_tls_new (certificate_pem, key_pem, error);

  SSL_CTX_free (context);
  return context != NULL;
}

guint16
http_server_port (const HttpServer *server)
{
  return server->port;
}

void
http_server_stop (HttpServer *server)
{
  guint64 one = 1;

  if (!server)
    return;

  /* Nobody new; what has been asked is answered; the rest, idle or half a request, is cut off. */
  g_mutex_lock (&server->lock);
  server->stopping = TRUE;
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
  if (write (server->stop_fd, &one, sizeof one) != sizeof one)
    g_critical ("an eventfd takes no 1");
  g_thread_join (server->accepting);
  g_mutex_lock (&server->lock);
  while (server->connections + server->turned_away > 0)
    g_cond_wait (&server->changed, &server->lock);
  g_mutex_unlock (&server->lock);
  join_all (g_steal_pointer (&server->ended));
  server_free (server);
}
