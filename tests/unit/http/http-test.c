/* What a failed call says about whether the request was acted on, with real sockets and a peer that
 * plays each failure. */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "http/server.h"

typedef enum {
  CLOSE_AT_ONCE,       /* accepts and closes with a reset: nothing is read */
  CLOSE_AFTER_READ,    /* reads the whole request, then closes: curl 52 */
  RESET_WHILE_SENDING, /* reads a little, then resets */
  HALF_AN_ANSWER,      /* says ten bytes and sends four: curl 18 */
  NEVER_ANSWER,        /* reads and waits for the client to go */
  NO_TLS,              /* answers a TLS hello with something else */
  SECOND_IS_ACTED_ON, /* answers the first request; acts on the second of a connection and closes */
  SECOND_IS_THE_LAST, /* the same, and nobody listens from before it closes */
  GARBAGE,            /* an answer that is no HTTP */
} Play;

typedef struct {
  Play play;
  int listen_fd;
  guint16 port;
  GThread *thread;
  gint acted; /* whole requests read */
  gint connections;
  char head[4096]; /* of the last request */
} Peer;

static void
reset (int fd)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/* Reads one whole request (headers and Content-Length body); FALSE when the client went before. */
static gboolean
read_request (Peer *peer, int fd)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[65536];
  gsize wanted = G_MAXSIZE;

  while (text->len < wanted) {
    ssize_t got = recv (fd, buffer, sizeof buffer, 0);
    const char *end = NULL;
    const char *length = NULL;

    if (got <= 0)
      return FALSE;
    g_string_append_len (text, buffer, got);
    end = strstr (text->str, "\r\n\r\n");
    if (!end)
      continue;
    length = strstr (text->str, "Content-Length: ");
    wanted = (gsize)(end - text->str) + 4 + (length ? g_ascii_strtoull (length + 16, NULL, 10) : 0);
  }
  g_strlcpy (peer->head, text->str, sizeof peer->head);
  g_atomic_int_inc (&peer->acted);
  return TRUE;
}

static void
say (int fd, const char *text)
{
  g_assert_cmpint (send (fd, text, strlen (text), MSG_NOSIGNAL), ==, (gssize)strlen (text));
}

static void
serve (Peer *peer, int fd)
{
  char byte = 0;

  switch (peer->play) {
  case CLOSE_AT_ONCE:
    reset (fd);
    break;
  case CLOSE_AFTER_READ:
    read_request (peer, fd);
    break;
  case RESET_WHILE_SENDING:
    (void)recv (fd, &byte, 1, 0);
    reset (fd);
    break;
  case HALF_AN_ANSWER:
    if (read_request (peer, fd))
      say (fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour");
    break;
  case NEVER_ANSWER:
    if (read_request (peer, fd))
      (void)recv (fd, &byte, 1, 0);
    break;
  case NO_TLS:
    (void)recv (fd, &byte, 1, 0);
    say (fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    break;
  case SECOND_IS_ACTED_ON:
  case SECOND_IS_THE_LAST:
    if (read_request (peer, fd)) {
      say (fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      read_request (peer, fd);
    }
    if (peer->play == SECOND_IS_THE_LAST)
      shutdown (peer->listen_fd, SHUT_RDWR);
    break;
  case GARBAGE:
    if (read_request (peer, fd))
      say (fd, "\x01\x02 what is this\r\n\r\n");
    break;
  }
}

static gpointer
run_peer (gpointer data)
{
  Peer *peer = data;
  int fd = -1;

  while ((fd = accept (peer->listen_fd, NULL, NULL)) >= 0 || errno == EMFILE) {
    if (fd < 0)
      continue; /* a test has taken the descriptors away, for a moment */
    g_atomic_int_inc (&peer->connections);
    serve (peer, fd);
    close (fd);
  }
  return NULL;
}

static Peer *
peer_start_at (Play play, guint16 port)
{
  Peer *peer = g_new0 (Peer, 1);
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons (port) };
  socklen_t length = sizeof address;
  int yes = 1;

  peer->play = play;
  peer->listen_fd = socket (AF_INET, SOCK_STREAM, 0);
  setsockopt (peer->listen_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  g_assert_cmpint (bind (peer->listen_fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (listen (peer->listen_fd, 16), ==, 0);
  getsockname (peer->listen_fd, (struct sockaddr *)&address, &length);
  peer->port = ntohs (address.sin_port);
  peer->thread = g_thread_new ("peer", run_peer, peer);
  return peer;
}

static Peer *
peer_start (Play play)
{
  return peer_start_at (play, 0);
}

static void
peer_stop (Peer *peer)
{
  shutdown (peer->listen_fd, SHUT_RDWR);
  g_thread_join (peer->thread);
  close (peer->listen_fd);
  g_free (peer);
}

static HttpAnswer *
post (HttpClient *client, const char *scheme, guint16 port, gboolean once, gsize length,
      gint64 timeout_ms, GError **error)
{
  g_autofree char *url = g_strdup_printf ("%s://127.0.0.1:%u/thing", scheme, port);
  g_autofree char *body = g_strnfill (length, 'x');
  HttpRequest request = {
    .url = url, .body = body, .body_length = length, .once = once, .timeout_ms = timeout_ms
  };

  return http_send (client, &request, error);
}

static HttpClient *
new_client (void)
{
  return http_client_new (&(HttpClientOptions){ .verify = TRUE });
}

static void
fails_with (Play play, const char *scheme, gsize length, HttpError expected)
{
  for (int once = 0; once <= 1; once++) {
    g_autoptr (HttpClient) client = new_client ();
    g_autoptr (GError) error = NULL;
    Peer *peer = peer_start (play);

    g_assert_null (post (client, scheme, peer->port, once, length, 300, &error));
    g_assert_error (error, HTTP_ERROR, (gint)expected);
    g_assert_cmpint (g_atomic_int_get (&peer->connections), ==, 1);
    peer_stop (peer);
  }
}

static void
test_refused (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (CLOSE_AT_ONCE);
  guint16 port = peer->port;

  peer_stop (peer);
  g_assert_null (post (client, "http", port, TRUE, 10, 0, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT);
}

static void
test_name_not_found (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  HttpRequest request = { .url = "http://no-such-host.invalid/", .body = "x", .body_length = 1 };

  g_assert_null (http_send (client, &request, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT);
}

/* A listener whose queue is full drops the connection request: nothing was sent when the limit is
 * reached. */
static void
test_connect_timeout (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM, 0);
  int fillers[4] = { -1, -1, -1, -1 };

  g_assert_cmpint (bind (listener, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  getsockname (listener, (struct sockaddr *)&address, &length);
  for (gsize i = 0; i < G_N_ELEMENTS (fillers); i++) {
    fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect (fillers[i], (struct sockaddr *)&address, sizeof address);
  }
  g_assert_null (post (client, "http", ntohs (address.sin_port), TRUE, 10, 200, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT);
  for (gsize i = 0; i < G_N_ELEMENTS (fillers); i++)
    close (fillers[i]);
  close (listener);
}

static void
test_tls_not_agreed (void)
{
  fails_with (NO_TLS, "https", 10, HTTP_ERROR_NOT_SENT);
}

static void
test_closed_after_reading (void)
{
  fails_with (CLOSE_AFTER_READ, "http", 1000, HTTP_ERROR_NO_ANSWER);
}

static void
test_reset_while_sending (void)
{
  fails_with (RESET_WHILE_SENDING, "http", 32 * 1024 * 1024, HTTP_ERROR_NO_ANSWER);
}

static void
test_half_an_answer (void)
{
  fails_with (HALF_AN_ANSWER, "http", 10, HTTP_ERROR_NO_ANSWER);
}

static void
test_garbage (void)
{
  fails_with (GARBAGE, "http", 10, HTTP_ERROR_NO_ANSWER);
}

static void
test_timeout_after_sending (void)
{
  fails_with (NEVER_ANSWER, "http", 10, HTTP_ERROR_TIMEOUT);
}

/* Closed with a reset right after accept: it depends on the moment whether a byte went out, so two
 * answers are right, and a request that was not read is never told as answered. */
static void
test_closed_at_once (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (CLOSE_AT_ONCE);

  g_assert_null (post (client, "http", peer->port, TRUE, 10, 2000, &error));
  g_assert_true (error->domain == HTTP_ERROR);
  g_assert_true (error->code == HTTP_ERROR_NO_ANSWER || error->code == HTTP_ERROR_NOT_SENT);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 0);
  peer_stop (peer);
}

/* The server acts on the second request of a connection and closes: one logical call, one request,
 * outcome unknown. */
static void
test_once_is_once (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (HttpAnswer) first = NULL;
  g_autoptr (HttpAnswer) third = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) after = NULL;
  Peer *peer = peer_start (SECOND_IS_ACTED_ON);

  first = post (client, "http", peer->port, TRUE, 500, 2000, &error);
  g_assert_no_error (error);
  g_assert_nonnull (first);
  g_assert_null (post (client, "http", peer->port, TRUE, 500, 2000, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NO_ANSWER);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 2);
  third = post (client, "http", peer->port, TRUE, 500, 2000, &after);
  g_assert_no_error (after);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 3);
  g_clear_pointer (&client, http_client_free);
  peer_stop (peer);
}

#define COMES_BACK_MS 20000 /* no time-out is meant: each ends by what its peer does */

/* A server that dies in the middle of a request, is away, and comes back on the same port: nothing
 * of what failed is kept. libcurl 7.88 keeps that a body has to be rewound, when the connection for
 * that is refused: with the same handle the next call would end before its first byte, and be told
 * as a peer that cannot be reached. */
static void
test_comes_back (void)
{
  const Play deaths[] = { SECOND_IS_THE_LAST, CLOSE_AFTER_READ, RESET_WHILE_SENDING, HALF_AN_ANSWER,
                          GARBAGE };

  for (gsize i = 0; i < G_N_ELEMENTS (deaths); i++) {
    g_autoptr (HttpClient) client = new_client ();
    g_autoptr (HttpAnswer) kept = NULL;
    g_autoptr (HttpAnswer) answer = NULL;
    g_autoptr (GError) dies = NULL;
    g_autoptr (GError) away = NULL;
    g_autoptr (GError) back = NULL;
    Peer *peer = peer_start (deaths[i]);
    guint16 port = peer->port;

    if (deaths[i] == SECOND_IS_THE_LAST)
      kept = post (client, "http", port, TRUE, 500, COMES_BACK_MS, NULL);
    g_assert_null (post (client, "http", port, TRUE, 1024 * 1024, COMES_BACK_MS, &dies));
    g_assert_error (dies, HTTP_ERROR, HTTP_ERROR_NO_ANSWER);
    peer_stop (peer);
    g_assert_null (post (client, "http", port, TRUE, 500, COMES_BACK_MS, &away));
    g_assert_error (away, HTTP_ERROR, HTTP_ERROR_NOT_SENT);
    peer = peer_start_at (SECOND_IS_ACTED_ON, port);
    answer = post (client, "http", port, TRUE, 500, COMES_BACK_MS, &back);
    g_assert_no_error (back);
    g_clear_pointer (&client, http_client_free);
    peer_stop (peer);
  }
}

/* --- What this process lacks is not the peer's trouble. --- */

/* Runs @call with no descriptor left above those that are open. */
static void
without_descriptors (void (*call) (HttpClient *client, guint16 port), HttpClient *client,
                     guint16 port)
{
  struct rlimit before, none;
  int lowest = dup (0); /* the next one that would be given */

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = (rlim_t)lowest;
  close (lowest);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  call (client, port);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
}

static void
fails_by_itself (HttpClient *client, const char *url)
{
  for (int once = 0; once <= 1; once++) {
    g_autoptr (GError) error = NULL;
    HttpRequest request = {
      .url = url, .body = "x", .body_length = 1, .once = once, .timeout_ms = 5000
    };

    g_assert_null (http_send (client, &request, &error));
    g_assert_error (error, HTTP_ERROR, HTTP_ERROR_OWN);
  }
}

static void
by_address (HttpClient *client, guint16 port)
{
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/", port);

  fails_by_itself (client, url);
}

/* A resolver that cannot open its files and sockets says that there is no such name. */
static void
by_name (HttpClient *client, guint16 port)
{
  g_autofree char *url = g_strdup_printf ("http://localhost.localdomain:%u/", port);

  fails_by_itself (client, url);
}

static void
test_no_descriptor (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (HttpAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (SECOND_IS_ACTED_ON);

  without_descriptors (by_address, client, peer->port);
  without_descriptors (by_name, client, peer->port);
  g_assert_cmpint (g_atomic_int_get (&peer->connections), ==, 0);
  answer = post (client, "http", peer->port, TRUE, 500, 2000, &error);
  g_assert_no_error (error); /* with descriptors it was there all the time */
  g_clear_pointer (&client, http_client_free);
  peer_stop (peer);
}

static void
test_no_certificate (void)
{
  const HttpClientOptions options[] = {
    { .verify = TRUE, .ca_file = "/nowhere/ca.pem" },
    { .verify = FALSE, .certificate_file = "/nowhere/cert.pem", .key_file = "/nowhere/key.pem" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autoptr (HttpClient) client = http_client_new (&options[i]);
    Peer *peer = peer_start (NO_TLS);
    g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u/", peer->port);

    fails_by_itself (client, url);
    peer_stop (peer);
  }
}

/* The same without once shows that the guard does something: libcurl sends the request again by
 * itself. */
static void
test_not_once_is_sent_again (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (HttpAnswer) first = NULL;
  g_autoptr (HttpAnswer) second = NULL;
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (SECOND_IS_ACTED_ON);

  first = post (client, "http", peer->port, FALSE, 500, 2000, &error);
  second = post (client, "http", peer->port, FALSE, 500, 2000, &error);
  g_assert_no_error (error);
  g_assert_nonnull (second);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 3);
  g_clear_pointer (&client, http_client_free);
  peer_stop (peer);
}

static void
test_once_without_body (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (HttpAnswer) first = NULL;
  g_autoptr (HttpAnswer) second = NULL;
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (SECOND_IS_ACTED_ON);

  first = post (client, "http", peer->port, TRUE, 500, 2000, &error);
  g_assert_no_error (error);
  g_assert_nonnull (first);
  g_clear_pointer (&first, http_answer_free);
  /* The kept connection would close under it; a request that cannot fail to rewind goes on a
   * connection of its own. */
  shutdown (peer->listen_fd, SHUT_RD);
  g_assert_null (post (client, "http", peer->port, TRUE, 0, 300, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 1);
  g_clear_pointer (&client, http_client_free);
  peer_stop (peer);
}

static void
test_no_expect_header (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (CLOSE_AFTER_READ);

  g_assert_null (post (client, "http", peer->port, TRUE, 3 * 1024 * 1024, 5000, &error));
  g_assert_null (strstr (peer->head, "Expect"));
  g_assert_null (strstr (peer->head, "urlencoded"));
  g_assert_nonnull (strstr (peer->head, "Accept-Encoding: gzip\r\n"));
  g_assert_nonnull (strstr (peer->head, "Content-Length: 3145728\r\n"));
  peer_stop (peer);
}

/* A signature is made of every letter. */
static void
test_url_as_it_is (void)
{
  static const char path[] = "/a/../b/./c//d%2fe%2Ff+g%20h?X-Sig=i%2F+j&k=/../l&m=";
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (CLOSE_AFTER_READ);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u%s", peer->port, path);
  g_autofree char *expected = g_strconcat ("PUT ", path, " HTTP/1.1\r\n", NULL);
  const HttpRequest request = { .method = "PUT", .url = url, .body = "x", .body_length = 1 };

  g_assert_null (http_send (client, &request, &error));
  g_assert_true (g_str_has_prefix (peer->head, expected));
  peer_stop (peer);
}

static HttpReply *
answer_plainly (const HttpServerRequest *request, gpointer data)
{
  (void)data;
  if (g_str_equal (request->path, "/long"))
    return http_reply_take (200, "text/plain", g_strnfill (1000, 'a'));
  return http_reply_take (g_str_equal (request->path, "/bad") ? 500 : 201, "text/plain",
                          g_strdup_printf ("%s %s %s", request->method, request->path,
                                           (const char *)g_bytes_get_data (request->body, NULL)));
}

static void
test_answers (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, answer_plainly, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();
  g_autofree char *base = g_strdup_printf ("http://127.0.0.1:%u", http_server_port (server));
  const struct {
    const char *method, *path, *body;
    long status;
    const char *answer;
  } cases[] = {
    { NULL, "/a", NULL, 201, "GET /a " },        { NULL, "/a", "text", 201, "POST /a text" },
    { "PUT", "/b", "more", 201, "PUT /b more" }, { "DELETE", "/c", NULL, 201, "DELETE /c " },
    { NULL, "/bad", "x", 500, "POST /bad x" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    for (int once = 0; once <= 1; once++) {
      g_autofree char *url = g_strconcat (base, cases[i].path, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (HttpAnswer) answer = NULL;
      HttpRequest request = { .method = cases[i].method,
                              .url = url,
                              .body = cases[i].body,
                              .body_length = cases[i].body ? strlen (cases[i].body) : 0,
                              .once = once };

      answer = http_send (client, &request, &error);
      g_assert_no_error (error);
      g_assert_cmpint (answer->status, ==, cases[i].status);
      g_assert_cmpstr (g_bytes_get_data (answer->body, NULL), ==, cases[i].answer);
      g_assert_cmpuint (g_bytes_get_size (answer->body), ==, strlen (cases[i].answer));
      g_assert_cmpstr (http_answer_header (answer, "content-type"), ==, "text/plain");
    }
  }
}

static void
test_answer_bound (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, answer_plainly, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/long", http_server_port (server));
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = NULL;
  HttpRequest request = { .url = url, .max_answer_bytes = 1000 };

  answer = http_send (client, &request, &error);
  g_assert_no_error (error);
  request.max_answer_bytes = 999;
  g_assert_null (http_send (client, &request, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_TOO_LARGE);
}

static HttpReply *
answer_with_headers (const HttpServerRequest *request, gpointer data)
{
  HttpReply *reply = http_reply_new (429, NULL, "{}");

  (void)request, (void)data;
  http_reply_header (reply, "ETag", "\"abc\"");
  http_reply_header (reply, "RateLimit-Reset", "17");
  http_reply_header (reply, "X-Two", "first");
  http_reply_header (reply, "X-Two", "second");
  return reply;
}

static void
test_answer_headers (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, answer_with_headers, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/", http_server_port (server));
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = http_send (client, &(HttpRequest){ .url = url }, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (http_answer_header (answer, "etag"), ==, "\"abc\"");
  g_assert_cmpstr (http_answer_header (answer, "ratelimit-reset"), ==, "17");
  g_assert_cmpstr (http_answer_header (answer, "x-two"), ==, "first");
  g_assert_null (http_answer_header (answer, "retry-after"));
}

/* A body that is made while it is sent: all of one letter. */
typedef struct {
  gsize given, breaks_at; /* 0: it never breaks */
} Source;

static gssize
give_letters (gpointer data, char *buffer, gsize size)
{
  Source *source = data;

  if (source->breaks_at && source->given >= source->breaks_at)
    return -1;
  size = MIN (size, 1000);
  memset (buffer, 'z', size);
  source->given += size;
  return (gssize)size;
}

static HttpAnswer *
put_letters (HttpClient *client, guint16 port, Source *source, GError **error)
{
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/thing", port);
  HttpRequest request = {
    .method = "PUT",
    .url = url,
    .body_length = 70001,
    .read_body = give_letters,
    .read_body_data = source,
    .timeout_ms = 10000,
  };

  return http_send (client, &request, error);
}

static HttpReply *
count_letters (const HttpServerRequest *request, gpointer data)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);
  const char *declared = g_hash_table_lookup (request->headers, "content-length");

  (void)data;
  g_assert_null (g_hash_table_lookup (request->headers, "content-type"));
  g_assert_null (g_hash_table_lookup (request->headers, "transfer-encoding"));
  return http_reply_take (
      200, "text/plain",
      g_strdup_printf ("%s %s %" G_GSIZE_FORMAT, request->method, declared, strspn (body, "z")));
}

static void
test_streamed_body (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, count_letters, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();

  for (int i = 0; i < 2; i++) { /* the second on the connection of the first */
    g_autoptr (GError) error = NULL;
    Source source = { 0 };
    g_autoptr (HttpAnswer) answer =
        put_letters (client, http_server_port (server), &source, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (g_bytes_get_data (answer->body, NULL), ==, "PUT 70001 70001");
    g_assert_cmpuint (source.given, ==, 70001);
  }
}

static void
test_streamed_body_breaks (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, count_letters, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Source source = { .breaks_at = 30000 };

  g_assert_null (put_letters (client, http_server_port (server), &source, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NO_ANSWER);
}

/* A kept connection breaks under it: not begun again, as there is no beginning to go back to. */
static void
test_streamed_body_is_once (void)
{
  g_autoptr (HttpClient) client = new_client ();
  g_autoptr (GError) error = NULL;
  Peer *peer = peer_start (SECOND_IS_ACTED_ON);
  Source first = { 0 }, second = { 0 };
  g_autoptr (HttpAnswer) answer = put_letters (client, peer->port, &first, &error);

  g_assert_no_error (error);
  g_assert_null (put_letters (client, peer->port, &second, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_NO_ANSWER);
  g_assert_cmpint (g_atomic_int_get (&peer->acted), ==, 2);
  g_assert_cmpuint (second.given, ==, 70001);
  peer_stop (peer);
}

static gpointer
send_many (gpointer data)
{
  gpointer *both = data;

  for (int i = 0; i < 50; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HttpAnswer) answer =
        post (both[0], "http", (guint16)GPOINTER_TO_UINT (both[1]), TRUE, 2000, 10000, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (answer->body), ==, 2000 + strlen ("POST /thing "));
  }
  return NULL;
}

static void
test_many_threads (void)
{
  g_autoptr (HttpServer) server =
      http_server_start (&(HttpServerOptions){ 0 }, answer_plainly, NULL, NULL);
  g_autoptr (HttpClient) client = new_client ();
  gpointer both[] = { client, GUINT_TO_POINTER ((guint)http_server_port (server)) };
  GThread *threads[8] = { NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("sender", send_many, both);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* --- What clients are made of --- */

static const Setting peer_settings[] = {
  { .name = "peer-url", .type = SETTING_TEXT, .default_value = "" },
  { .name = "peer-ca-file", .type = SETTING_FILE, .default_value = "" },
  { .name = "peer-verify-tls", .type = SETTING_BOOLEAN, .default_value = "yes" },
  { .name = "peer-max-connection-age-s",
    .type = SETTING_NUMBER,
    .default_value = "20",
    .min = 1,
    .max = 60 },
  { NULL },
};

static Settings *
settings_with (const char *first, const char *second)
{
  const Setting *const tables[] = { peer_settings, NULL };
  char *arguments[] = { (char *)"test", (char *)first, (char *)second, NULL };
  char **argv = arguments;
  int argc = 3;
  GError *error = NULL;
  Settings *settings = settings_parse ("test", "", "", tables, &argc, &argv, &error);

  g_assert_no_error (error);
  return settings;
}

static void
test_url_of_a_setting (void)
{
  static const struct {
    const char *given, *url; /* NULL: refused */
  } cases[] = {
    { "", "" },
    { "http://bgs", "http://bgs" },
    { "https://bgs:8443/", "https://bgs:8443" },
    { "https://bgs/services//", "https://bgs/services" },
    { "/", NULL },
    { "bgs:8443", NULL },
    { "ftp://bgs", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *argument = g_strconcat ("--peer-url=", cases[i].given, NULL);
    g_autoptr (Settings) settings = settings_with (argument, "--peer-verify-tls=yes");
    g_autoptr (GError) error = NULL;
    g_autofree char *url = http_url_setting (settings, "peer-url", TRUE, &error);

    g_assert_cmpstr (url, ==, cases[i].url);
    if (cases[i].url) {
      g_assert_no_error (error);
      continue;
    }
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
    g_assert_cmpstr (error->message, ==, "peer-url must begin with http:// or https://");
  }
}

/* What leaves the machine unprotected is said when the setting is read, so nobody can forget it. */
static void
test_url_of_a_setting_is_warned_of (void)
{
  static const struct {
    const char *argument;
    gboolean verify;
    const char *said; /* NULL: nothing */
  } cases[] = {
    { "--peer-url=http://bgs", TRUE, "*peer-url*unencrypted*" },
    { "--peer-url=https://bgs", FALSE, "*peer-url*unverified*" },
    { "--peer-url=https://bgs", TRUE, NULL },
    { "--peer-url=http://127.0.0.1:80", FALSE, NULL },
    { "--peer-url=", FALSE, NULL },
  };

  if (g_test_subprocess ()) {
    const guint i = (guint)g_ascii_strtoull (g_getenv ("CASE"), NULL, 10);
    g_autoptr (Settings) settings = settings_with (cases[i].argument, "--peer-verify-tls=yes");
    g_autofree char *url = http_url_setting (settings, "peer-url", cases[i].verify, NULL);

    g_assert_nonnull (url);
    g_assert_true (log_flush (10000));
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *number = g_strdup_printf ("%u", i);

    g_setenv ("CASE", number, TRUE);
    g_test_trap_subprocess (NULL, 0, 0);
    g_test_trap_assert_passed ();
    if (cases[i].said)
      g_test_trap_assert_stderr (cases[i].said);
    else
      g_test_trap_assert_stderr_unmatched ("*unprotected*");
  }
}

static void
test_options_of_settings (void)
{
  g_autoptr (Settings) given =
      settings_with ("--peer-verify-tls=no", "--peer-max-connection-age-s=7");
  const HttpClientOptions options = http_client_options (given, "peer");

  g_assert_false (options.verify);
  g_assert_cmpint (options.max_connection_age_s, ==, 7);
  g_assert_cmpstr (options.ca_file, ==, "");
  g_assert_null (options.certificate_file);
  g_assert_null (options.key_file);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/http/refused-is-not-sent", test_refused);
  g_test_add_func ("/http/http/name-not-found-is-not-sent", test_name_not_found);
  g_test_add_func ("/http/http/connect-time-out-is-not-sent", test_connect_timeout);
  g_test_add_func ("/http/http/tls-not-agreed-is-not-sent", test_tls_not_agreed);
  g_test_add_func ("/http/http/closed-at-once-is-no-answer-or-not-sent", test_closed_at_once);
  g_test_add_func ("/http/http/closed-after-reading-is-no-answer", test_closed_after_reading);
  g_test_add_func ("/http/http/reset-while-sending-is-no-answer", test_reset_while_sending);
  g_test_add_func ("/http/http/half-an-answer-is-no-answer", test_half_an_answer);
  g_test_add_func ("/http/http/garbage-is-no-answer", test_garbage);
  g_test_add_func ("/http/http/time-out-after-sending-is-told", test_timeout_after_sending);
  g_test_add_func ("/http/http/once-is-one-request-and-unknown", test_once_is_once);
  g_test_add_func ("/http/http/a-server-that-dies-and-comes-back", test_comes_back);
  g_test_add_func ("/http/http/no-descriptor-is-our-own-trouble", test_no_descriptor);
  g_test_add_func ("/http/http/no-certificate-is-our-own-trouble", test_no_certificate);
  g_test_add_func ("/http/http/without-once-libcurl-sends-again", test_not_once_is_sent_again);
  g_test_add_func ("/http/http/once-without-body-takes-a-new-connection", test_once_without_body);
  g_test_add_func ("/http/http/no-expect-header", test_no_expect_header);
  g_test_add_func ("/http/http/a-url-goes-out-as-it-is", test_url_as_it_is);
  g_test_add_func ("/http/http/any-status-is-an-answer", test_answers);
  g_test_add_func ("/http/http/answer-over-the-bound", test_answer_bound);
  g_test_add_func ("/http/http/answer-headers-are-given-out", test_answer_headers);
  g_test_add_func ("/http/http/a-body-can-be-streamed", test_streamed_body);
  g_test_add_func ("/http/http/a-streamed-body-that-breaks-is-no-answer",
                   test_streamed_body_breaks);
  g_test_add_func ("/http/http/a-streamed-body-is-sent-once", test_streamed_body_is_once);
  g_test_add_func ("/http/http/many-threads", test_many_threads);
  g_test_add_func ("/http/http/url-of-a-setting", test_url_of_a_setting);
  g_test_add_func ("/http/http/url-of-a-setting-is-warned-of", test_url_of_a_setting_is_warned_of);
  g_test_add_func ("/http/http/options-of-settings", test_options_of_settings);
  return g_test_run ();
}
