/* The server's bounds, spoken to byte by byte. */
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/http.h"

typedef struct {
  GMutex lock;
  GCond changed;
  guint handled;
  gboolean may_answer; /* "/wait" blocks until this is set */
  char *last;          /* what the handler saw */
  GBytes *kept;        /* the body of "/keep" */
} Seen;

/* The thread of a connection that asked for "/linger" takes its time to end. */
#define LINGER_MS 20

static void
linger (gpointer seen)
{
  (void)seen;
  (void)poll (NULL, 0, LINGER_MS);
}

static GPrivate lingering = G_PRIVATE_INIT (linger);

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  Seen *seen = data;
  const char *token = g_hash_table_lookup (request->headers, "x-token");
  HttpReply *reply = NULL;

  g_mutex_lock (&seen->lock);
  seen->handled++;
  g_free (seen->last);
  seen->last = g_strdup_printf ("%s %s ?%s token=%s body=%s peer=%s no=%u caller=%s",
                                request->method, request->path, request->query, token ? token : "-",
                                (const char *)g_bytes_get_data (request->body, NULL), request->peer,
                                request->request_no, request->caller ? request->caller : "-");
  if (g_str_equal (request->path, "/keep"))
    seen->kept = g_bytes_ref (request->body);
  g_cond_broadcast (&seen->changed);
  while (g_str_equal (request->path, "/wait") && !seen->may_answer)
    g_cond_wait (&seen->changed, &seen->lock);
  g_mutex_unlock (&seen->lock);

  if (g_str_equal (request->path, "/linger"))
    g_private_set (&lingering, seen);
  if (g_str_equal (request->path, "/nothing"))
    return http_reply_new (0, NULL, NULL);
  reply = http_reply_new (200, "text/plain", "fine");
  http_reply_header (reply, "X-Extra", "a: b");
  reply->close = g_str_equal (request->path, "/close");
  return reply;
}

static Seen *
seen_new (void)
{
  Seen *seen = g_new0 (Seen, 1);

  g_mutex_init (&seen->lock);
  g_cond_init (&seen->changed);
  return seen;
}

static void
seen_free (Seen *seen)
{
  g_mutex_clear (&seen->lock);
  g_cond_clear (&seen->changed);
  g_free (seen->last);
  g_clear_pointer (&seen->kept, g_bytes_unref);
  g_free (seen);
}

static HttpServer *
start (Seen *seen, const HttpServerOptions *options)
{
  g_autoptr (GError) error = NULL;
  HttpServer *server = http_server_start (options, answer, seen, &error);

  g_assert_no_error (error);
  return server;
}

static int
dial (HttpServer *server)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons (http_server_port (server)) };
  struct timeval limit = { .tv_sec = 20 };
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  g_assert_cmpint (connect (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

static void
say (int fd, const char *text)
{
  /* The server may have closed: that is what is tested */
  (void)send (fd, text, strlen (text), MSG_NOSIGNAL);
}

static char *
hear (int fd, ssize_t *ret_last)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];

  while ((*ret_last = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (text, buffer, *ret_last);
  return g_string_free (text, FALSE);
}

/* Everything until the server closes. */
static char *
hear_all (int fd)
{
  ssize_t last;

  return hear (fd, &last);
}

/* The same of a server that closes without a reset. */
static char *
hear_to_the_end (int fd)
{
  ssize_t last;
  char *text = hear (fd, &last);

  g_assert_cmpint (last, ==, 0);
  return text;
}

/* One answer with a body of "fine". */
static char *
hear_answer (int fd)
{
  GString *text = g_string_new (NULL);
  char byte = 0;

  while (!g_str_has_suffix (text->str, "fine") && recv (fd, &byte, 1, 0) == 1)
    g_string_append_c (text, byte);
  return g_string_free (text, FALSE);
}

static void
test_request (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  int fd = dial (server);

  say (fd,
       "POST /a%20b?x=1&y=%2F HTTP/1.1\r\nHost: h\r\nX-Token: t\r\nContent-Length: 5\r\n\r\nhello");
  first = hear_answer (fd);
  g_assert_nonnull (strstr (first, "HTTP/1.1 200"));
  g_assert_nonnull (strstr (first, "X-Extra: a: b\r\n"));
  g_assert_nonnull (strstr (first, "Content-Type: text/plain\r\n"));
  g_assert_cmpstr (seen->last, ==,
                   "POST /a b ?x=1&y=%2F token=t body=hello peer=127.0.0.1 no=1 caller=-");
  say (fd, "GET / HTTP/1.1\r\nHost: h\r\nX-Token: t\r\nX-Token: u\r\n\r\n");
  second = hear_answer (fd);
  g_assert_cmpstr (seen->last, ==, "GET / ? token=t, u body= peer=127.0.0.1 no=2 caller=-");
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

/* Where no answer has been heard, nothing else orders the handler's writing before our reading. */
static guint
handled (Seen *seen)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&seen->lock);

  return seen->handled;
}

static void
test_no_answer (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  heard = hear_all (fd);
  g_assert_cmpstr (heard, ==, "");
  g_assert_cmpuint (handled (seen), ==, 1);
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

static void
test_close (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
  heard = hear_all (fd);
  g_assert_nonnull (strstr (heard, "Connection: close"));
  g_assert_true (g_str_has_suffix (heard, "fine"));
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

static void
too_large (const char *head, gsize body)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .max_body_bytes = 1000 });
  int fd = dial (server);
  g_autofree char *filler = g_strnfill (body, 'x');
  g_autofree char *heard = NULL;

  say (fd, head);
  say (fd, filler);
  say (fd, "\r\n0\r\n\r\n"); /* ends a chunked body; after any other it is the start of nothing */
  heard = hear_all (fd);
  g_assert_nonnull (strstr (heard, "HTTP/1.1 413"));
  g_assert_cmpuint (seen->handled, ==, 0);
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

static void
test_too_large (void)
{
  too_large ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", 1001);
  too_large ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n", 3000000);
  too_large ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n", 2000);
  too_large ("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n",
             0);
}

static void
test_exactly_the_bound (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .max_body_bytes = 5 });
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  heard = hear_answer (fd);
  g_assert_nonnull (strstr (heard, "HTTP/1.1 200"));
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

/* A handler may keep a body beyond the request and the server. */
static void
test_body_kept (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "POST /keep HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  heard = hear_answer (fd);
  close (fd);
  http_server_stop (server);
  g_assert_cmpmem (g_bytes_get_data (seen->kept, NULL), g_bytes_get_size (seen->kept), "hello", 5);
  seen_free (seen);
}

/* Sends @text and then a byte every 20 ms for as long as the server listens; gives the time until
 * it was cut off. */
static gint64
dribble (HttpServer *server, const char *text)
{
  int fd = dial (server);
  gint64 begin = g_get_monotonic_time ();
  struct timeval limit = { .tv_usec = 20000 };
  char byte = 0;

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  say (fd, text);
  while (recv (fd, &byte, 1, 0) < 0 && g_get_monotonic_time () - begin < 10 * G_USEC_PER_SEC)
    say (fd, "x");
  close (fd);
  return (g_get_monotonic_time () - begin) / 1000;
}

static void
test_deadline (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .request_deadline_ms = 300 });
  const char *beginnings[] = { "", "GET /", "GET / HTTP/1.1\r\nHost: h\r\nX-Long: ",
                               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++) {
    gint64 took = dribble (server, beginnings[i]);

    g_assert_cmpint (took, >=, 290);
    g_assert_cmpint (took, <, 3000);
  }
  g_assert_cmpuint (seen->handled, ==, 0);
  http_server_stop (server);
  seen_free (seen);
}

static void
test_silent_client (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .request_deadline_ms = 200 });
  gint64 begin = g_get_monotonic_time ();
  int fd = dial (server);
  g_autofree char *heard = hear_all (fd);

  g_assert_cmpstr (heard, ==, "");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

/* Their threads end while the next ones are being let in. */
static gpointer
hang_up_often (gpointer data)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  for (guint i = 0; i < 1000; i++) {
    int fd = dial (data);

    setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close (fd);
  }
  return NULL;
}

static void
test_hang_up (void)
{
  Seen *seen = seen_new ();
  /* None is turned away. */
  HttpServer *server = start (seen, &(HttpServerOptions){ .max_connections = 5000 });
  GThread *clients[4];
  g_autofree char *heard = NULL;
  int fd;

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    clients[i] = g_thread_new ("client", hang_up_often, server);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    g_thread_join (clients[i]);
  fd = dial (server);
  say (fd, "GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
  heard = hear_answer (fd);
  g_assert_true (g_str_has_suffix (heard, "fine"));
  close (fd);
  http_server_stop (server);
  g_assert_cmpuint (seen->handled, ==, 1);
  seen_free (seen);
}

/* A handler may take longer than a request may. */
static gpointer
let_answer (gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  while (seen->handled == 0)
    g_cond_wait (&seen->changed, &seen->lock);
  (void)g_cond_wait_until (&seen->changed, &seen->lock, g_get_monotonic_time () + 500000);
  seen->may_answer = TRUE;
  g_cond_broadcast (&seen->changed);
  g_mutex_unlock (&seen->lock);
  return NULL;
}

static void
test_slow_handler (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .request_deadline_ms = 100 });
  GThread *helper = g_thread_new ("helper", let_answer, seen);
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  heard = hear_answer (fd);
  g_assert_nonnull (strstr (heard, "HTTP/1.1 200"));
  g_thread_join (helper);
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

/* Stopping waits for the handler and delivers its answer. */
static void
test_stop_waits (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  GThread *helper = g_thread_new ("helper", let_answer, seen);
  int fd = dial (server);
  int idle = dial (server);
  g_autofree char *heard = NULL;

  say (fd, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  g_mutex_lock (&seen->lock);
  while (seen->handled == 0)
    g_cond_wait (&seen->changed, &seen->lock);
  g_mutex_unlock (&seen->lock);
  http_server_stop (server);
  g_assert_true (seen->may_answer);
  heard = hear_answer (fd);
  g_assert_nonnull (strstr (heard, "HTTP/1.1 200"));
  g_thread_join (helper);
  close (fd);
  close (idle);
  seen_free (seen);
}

static void
test_connections_per_address (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .max_connections_per_address = 2 });
  int fds[3] = { dial (server), dial (server), -1 };
  g_autofree char *refused = NULL;
  g_autofree char *heard = NULL;
  g_autofree char *heard_too = NULL;

  /* Both are there for certain once they have been answered. */
  say (fds[0], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  heard = hear_answer (fds[0]);
  say (fds[1], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  heard_too = hear_answer (fds[1]);
  fds[2] = dial (server);
  say (fds[2], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  refused = hear_all (fds[2]);
  g_assert_true (g_str_has_prefix (refused, "HTTP/1.1 429 "));
  g_assert_nonnull (strstr (refused, "\r\nRetry-After: "));
  g_assert_cmpuint (seen->handled, ==, 2);
  for (gsize i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
  http_server_stop (server);
  seen_free (seen);
}

/* One over the bound of all is told so, and there is room again once another has gone. */
static void
test_connections (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ .max_connections = 1 });
  int first = dial (server);
  g_autofree char *heard = NULL;
  gboolean is_let_in = FALSE;

  say (first, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  heard = hear_answer (first);
  for (gboolean is_held = TRUE; !is_let_in; is_held = FALSE) {
    int next = dial (server);
    g_autofree char *told = NULL;

    say (next, "GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
    told = hear_all (next);
    close (next);
    is_let_in = g_str_has_prefix (told, "HTTP/1.1 200 ");
    g_assert_true (is_let_in || g_str_has_prefix (told, "HTTP/1.1 503 "));
    g_assert_false (is_let_in && is_held);
    if (is_held)
      close (first);
  }
  http_server_stop (server);
  seen_free (seen);
}

static guint
threads_of_this_process (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (tasks))
    count++;
  return count;
}

/* However slowly they end: the bounds are those of what the server keeps, not of what it counts. */
static void
test_threads_that_linger (void)
{
  HttpServerOptions options = { .max_connections = 8 };
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &options);
  guint most = 0;

  for (guint i = 0; i < 500; i++) {
    int fd = dial (server);
    g_autofree char *heard = NULL;

    say (fd, "GET /linger HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    heard = hear_all (fd);
    close (fd);
    most = MAX (most, threads_of_this_process ());
  }
  http_server_stop (server);
  /* Those that serve, that turn away, and that are on their way out. */
  g_assert_cmpuint (most, <, 8 + 64 + 50);
  seen_free (seen);
}

/* Lets in who says so; everybody else is refused before his body. */
static HttpReply *
judge_by_token (HttpServerRequest *request, gpointer data)
{
  const char *token = g_hash_table_lookup (request->headers, "x-token");

  (void)data;
  g_assert_null (request->body);
  if (g_strcmp0 (token, "good") != 0)
    return http_reply_new (401, "text/plain", "who?");
  request->caller = g_strdup ("somebody");
  return NULL;
}

static void
test_judged_before_the_body (void)
{
  Seen *seen = seen_new ();
  HttpServer *server =
      start (seen, &(HttpServerOptions){ .judge = judge_by_token, .max_body_bytes = 10 });
  static const char *const bodies[] = { "Content-Length: 16777216\r\n", "Content-Length: 5\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Content-Length: 5\r\nExpect: 100-continue\r\n" };
  int fd = -1;
  g_autofree char *twice = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autofree char *head = g_strconcat ("POST / HTTP/1.1\r\nHost: h\r\n", bodies[i], "\r\n", NULL);
    g_autofree char *heard = NULL;

    fd = dial (server);
    say (fd, head); /* and not one byte of the body */
    heard = hear_all (fd);
    g_assert_true (g_str_has_prefix (heard, "HTTP/1.1 401 "));
    g_assert_nonnull (strstr (heard, "\r\nConnection: close\r\n"));
    g_assert_true (g_str_has_suffix (heard, "who?"));
    close (fd);
  }
  g_assert_cmpuint (seen->handled, ==, 0);
  /* Without a body the connection goes on. */
  fd = dial (server);
  say (fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nX-Token: good\r\n"
           "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
  twice = hear_all (fd);
  g_assert_true (g_str_has_prefix (twice, "HTTP/1.1 401 "));
  g_assert_nonnull (strstr (twice, "HTTP/1.1 200 "));
  g_assert_nonnull (strstr (seen->last, "body=hello"));
  g_assert_nonnull (strstr (seen->last, "caller=somebody"));
  close (fd);
  http_server_stop (server);
  seen_free (seen);
}

/* While one body waits in its handler, another one is over the bound of all: counted or chunked. */
static void
test_bodies_under_way (void)
{
  Seen *seen = seen_new ();
  HttpServer *server =
      start (seen, &(HttpServerOptions){ .max_body_bytes = 200000, .max_bodies_bytes = 200000 });
  g_autofree char *filler = g_strnfill (150000, 'x');
  static const char *const others[] = { "Content-Length: 60000\r\n\r\n",
                                        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n" };
  int holding = dial (server);
  g_autofree char *held = NULL;
  g_autofree char *again = NULL;
  int fd = -1;

  say (holding, "POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 150000\r\n\r\n");
  say (holding, filler);
  g_mutex_lock (&seen->lock);
  while (seen->handled == 0)
    g_cond_wait (&seen->changed, &seen->lock);
  g_mutex_unlock (&seen->lock);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree char *heard = NULL;

    fd = dial (server);
    say (fd, "POST / HTTP/1.1\r\nHost: h\r\n");
    say (fd, others[i]);
    heard = hear_all (fd);
    g_assert_true (g_str_has_prefix (heard, "HTTP/1.1 503 "));
    g_assert_nonnull (strstr (heard, "\r\nRetry-After: "));
    close (fd);
  }
  g_assert_cmpuint (seen->handled, ==, 1);
  g_mutex_lock (&seen->lock);
  seen->may_answer = TRUE;
  g_cond_broadcast (&seen->changed);
  g_mutex_unlock (&seen->lock);
  held = hear_answer (holding);
  say (holding, "GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
  again = hear_all (holding); /* its room has been given back by now */
  g_clear_pointer (&again, g_free);
  fd = dial (server);
  say (fd, "POST /close HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n249F0\r\n");
  say (fd, filler);
  say (fd, "\r\n0\r\n\r\n");
  again = hear_all (fd);
  g_assert_true (g_str_has_prefix (again, "HTTP/1.1 200 "));
  close (fd);
  close (holding);
  http_server_stop (server);
  seen_free (seen);
}

static void
test_port_taken (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = start (seen, &(HttpServerOptions){ 0 });
  HttpServerOptions same = { .port = http_server_port (server) };
  HttpServerOptions wrong = { .address = "not an address" };
  HttpServerOptions no_key = { .certificate_pem = "nonsense", .key_pem = "nonsense" };
  g_autoptr (GError) taken = NULL;
  g_autoptr (GError) malformed = NULL;
  g_autoptr (GError) unusable = NULL;

  g_assert_null (http_server_start (&same, answer, seen, &taken));
  g_assert_nonnull (strstr (taken->message, "Address already in use"));
  g_assert_null (http_server_start (&wrong, answer, seen, &malformed));
  g_assert_nonnull (malformed);
  g_assert_null (http_server_start (&no_key, answer, seen, &unusable));
  g_assert_nonnull (strstr (unusable->message, "certificate"));
  http_server_stop (server);
  http_server_stop (NULL);
  seen_free (seen);
}

static char *
pem_of (BIO *memory)
{
  char *data = NULL;
  long length = BIO_get_mem_data (memory, &data);
  char *text = g_strndup (data, (gsize)length);

  BIO_free (memory);
  return text;
}

/* A key and a certificate for "localhost", signed by itself. */
static void
make_certificate (char **ret_certificate, char **ret_key)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  X509 *certificate = X509_new ();
  X509_NAME *name = X509_get_subject_name (certificate);
  BIO *certificate_text = BIO_new (BIO_s_mem ());
  BIO *key_text = BIO_new (BIO_s_mem ());

  X509_set_version (certificate, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -3600);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
  X509_set_pubkey (certificate, key);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                              0);
  X509_set_issuer_name (certificate, name);
  g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
  PEM_write_bio_X509 (certificate_text, certificate);
  PEM_write_bio_PrivateKey (key_text, key, NULL, NULL, 0, NULL, NULL);
  *ret_certificate = pem_of (certificate_text);
  *ret_key = pem_of (key_text);
  X509_free (certificate);
  EVP_PKEY_free (key);
}

static void
test_tls (void)
{
  Seen *seen = seen_new ();
  HttpServer *server = NULL;
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;
  g_autofree char *url = NULL;
  g_autofree char *file = NULL;
  g_autoptr (HttpClient) trusting = NULL;
  g_autoptr (HttpClient) distrusting = http_client_new (&(HttpClientOptions){ .verify = TRUE });
  g_autoptr (HttpAnswer) heard = NULL;
  g_autoptr (GError) error = NULL;
  HttpRequest request = { 0 };
  int fd = g_file_open_tmp ("certificate-XXXXXX", &file, NULL);

  make_certificate (&certificate, &key);
  g_assert_cmpint (write (fd, certificate, strlen (certificate)), ==, (gssize)strlen (certificate));
  close (fd);
  server = start (seen, &(HttpServerOptions){ .certificate_pem = certificate,
                                              .key_pem = key,
                                              .request_deadline_ms = 1000 });
  url = g_strdup_printf ("https://localhost:%u/a", http_server_port (server));
  request = (HttpRequest){ .url = url, .body = "hello", .body_length = 5, .once = TRUE };
  trusting = http_client_new (&(HttpClientOptions){ .verify = TRUE, .ca_file = file });
  heard = http_send (trusting, &request, &error);
  g_assert_no_error (error);
  g_assert_cmpint (heard->status, ==, 200);
  /* A peer that is not trusted is told nothing; whom to trust is the caller's own affair. */
  g_assert_null (http_send (distrusting, &request, &error));
  g_assert_error (error, HTTP_ERROR, HTTP_ERROR_OWN);
  g_assert_cmpuint (seen->handled, ==, 1);
  g_assert_cmpint (dribble (server, ""), <, 5000);
  unlink (file);
  http_server_stop (server);
  seen_free (seen);
}

/* Whoever does not speak TLS is told so where he would understand it, and ended without a reset. */
static void
test_no_tls (void)
{
  static const struct {
    const char *sent;
    const char *answered; /* how it begins; NULL: nothing that could be read */
  } cases[] = {
    { "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 " },
    { "DELETE /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123456789",
      "HTTP/1.1 400 " },
    { "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 " },
    { "\r\n\r\n\r\n\r\n", NULL },
    { "\x16\x03\x01\x7f\xff garbage garbage garbage garbage garbage garbage", NULL },
    { "\x80\x2e\x01 a hello of long ago, longer than its header says it is", NULL },
  };
  Seen *seen = seen_new ();
  HttpServer *server = NULL;
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;
  g_autoptr (GError) error = NULL;

  make_certificate (&certificate, &key);
  server = start (seen, &(HttpServerOptions){ .certificate_pem = certificate, .key_pem = key });
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *heard = NULL;
    int fd = dial (server);

    say (fd, cases[i].sent);
    heard = hear_to_the_end (fd);
    g_assert_true (cases[i].answered ? g_str_has_prefix (heard, cases[i].answered)
                                     : !g_str_has_prefix (heard, "HTTP/"));
    close (fd);
  }
  g_assert_cmpuint (seen->handled, ==, 0);
  g_assert_true (http_server_can_use (certificate, key, &error));
  g_assert_no_error (error);
  g_assert_false (http_server_can_use (certificate, certificate, &error));
  g_assert_nonnull (strstr (error->message, "no private key"));
  http_server_stop (server);
  seen_free (seen);
}

static void
test_query_value (void)
{
  g_autofree char *plain = http_query_value ("a=1&since=42", "since");
  g_autofree char *decoded = http_query_value ("q=a%20b+c%2B", "q");
  g_autofree char *empty = http_query_value ("q", "q");

  g_assert_cmpstr (plain, ==, "42");
  g_assert_cmpstr (decoded, ==, "a b c+");
  g_assert_cmpstr (empty, ==, "");
  g_assert_null (http_query_value ("a=1", "b"));
  g_assert_null (http_query_value ("", "b"));
  g_assert_null (http_query_value (NULL, "b"));
  g_assert_null (http_query_value ("b=%zz", "b"));
}

/* --- A body that is taken --- */

typedef struct {
  GMutex lock; /* guards what follows */
  GCond changed;
  GString *taken;
  guint freed;
  gboolean may_go_on; /* "wait" in a body blocks until this is set */
} Taken;

static HttpReply *
take (gpointer data, const char *bytes, gsize length)
{
  Taken *taken = data;
  HttpReply *refusal = NULL;

  g_mutex_lock (&taken->lock);
  g_string_append_len (taken->taken, bytes, (gssize)length);
  g_cond_broadcast (&taken->changed);
  while (g_str_has_suffix (taken->taken->str, "wait") && !taken->may_go_on)
    g_cond_wait (&taken->changed, &taken->lock);
  if (strstr (taken->taken->str, "bad"))
    refusal = http_reply_new (422, "text/plain", "bad");
  g_mutex_unlock (&taken->lock);
  return refusal;
}

static void
count_freed (gpointer data)
{
  Taken *taken = data;

  g_mutex_lock (&taken->lock);
  taken->freed++;
  g_cond_broadcast (&taken->changed);
  g_mutex_unlock (&taken->lock);
}

static HttpReply *
name_taker (HttpServerRequest *request, gpointer data)
{
  request->taker = (HttpBodyTaker){ take, count_freed, data };
  return NULL;
}

static HttpReply *
answer_taken (const HttpServerRequest *request, gpointer data)
{
  g_assert_true (request->taker.data == data);
  g_assert_cmpuint (g_bytes_get_size (request->body), ==, 0);
  return http_reply_new (200, "text/plain", "fine");
}

static HttpServer *
start_taking (Taken *taken, HttpServerOptions options)
{
  g_autoptr (GError) error = NULL;
  HttpServer *server = NULL;

  *taken = (Taken){ .taken = g_string_new (NULL) };
  options.judge = name_taker;
  server = http_server_start (&options, answer_taken, taken, &error);
  g_assert_no_error (error);
  return server;
}

static void
stop_taking (HttpServer *server, Taken *taken, guint requests)
{
  http_server_stop (server);
  g_assert_cmpuint (taken->freed, ==, requests);
  g_string_free (taken->taken, TRUE);
}

/* The first digits of what is answered; 0: nothing was. */
static int
ask_taken (HttpServer *server, const char *request)
{
  int fd = dial (server);
  g_autofree char *heard = NULL;

  say (fd, request);
  heard = hear_all (fd);
  close (fd);
  return strlen (heard) > 12 ? (int)g_ascii_strtoll (heard + 9, NULL, 10) : 0;
}

#define COUNTED(n)                                                                                 \
  "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " n "\r\n\r\n"
#define CHUNKED                                                                                    \
  "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

static void
test_taken (void)
{
  Taken taken;
  HttpServer *server = start_taking (&taken, (HttpServerOptions){ .max_taken_bytes = 10 });

  g_assert_cmpint (ask_taken (server, COUNTED ("5") "hello"), ==, 200);
  g_assert_cmpint (ask_taken (server, COUNTED ("0")), ==, 200);
  g_assert_cmpint (ask_taken (server, CHUNKED "5\r\nworld\r\n5\r\nagain\r\n0\r\n\r\n"), ==, 200);
  g_assert_cmpstr (taken.taken->str, ==, "helloworldagain");
  g_assert_cmpint (ask_taken (server, COUNTED ("11") "hello"), ==, 413);
  g_assert_cmpint (ask_taken (server, CHUNKED "5\r\nworld\r\n6\r\nagain!\r\n0\r\n\r\n"), ==, 413);
  /* Refused in the middle: nobody waits for the rest. */
  g_assert_cmpint (ask_taken (server, COUNTED ("9") "bad"), ==, 422);
  stop_taking (server, &taken, 6);
}

static void
test_taken_room (void)
{
  Taken taken;
  HttpServer *server = start_taking (
      &taken, (HttpServerOptions){ .max_taken_bytes = 3000000, .max_all_taken_bytes = 3000000 });
  int holding = dial (server);

  say (holding, COUNTED ("2500000") "x");
  g_mutex_lock (&taken.lock);
  while (taken.taken->len == 0)
    g_cond_wait (&taken.changed, &taken.lock);
  g_mutex_unlock (&taken.lock);
  g_assert_cmpint (ask_taken (server, COUNTED ("500001") "x"), ==, 503);
  g_assert_cmpint (ask_taken (server, CHUNKED "1\r\nx\r\n0\r\n\r\n"), ==, 503); /* 1 MiB a step */
  g_assert_cmpint (ask_taken (server, COUNTED ("1") "x"), ==, 200);
  close (holding);
  g_mutex_lock (&taken.lock);
  while (taken.freed < 4)
    g_cond_wait (&taken.changed, &taken.lock);
  g_mutex_unlock (&taken.lock);
  g_assert_cmpint (ask_taken (server, CHUNKED "1\r\nx\r\n0\r\n\r\n"), ==, 200);
  stop_taking (server, &taken, 5);
}

/* What was declared gives nobody time; what the taker needs for itself takes nobody's. */
static void
test_taken_deadline (void)
{
  Taken taken;
  HttpServer *server = start_taking (
      &taken, (HttpServerOptions){ .max_taken_bytes = 100000000, .request_deadline_ms = 1000 });
  gint64 began_us = g_get_monotonic_time ();
  gint64 until_us = 0;
  int fd = 0;

  g_assert_cmpint (ask_taken (server, COUNTED ("100000000") "x"), ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - began_us, <, 10 * G_USEC_PER_SEC);

  fd = dial (server);
  say (fd, COUNTED ("8") "wait");
  g_mutex_lock (&taken.lock);
  while (!strstr (taken.taken->str, "wait"))
    g_cond_wait (&taken.changed, &taken.lock);
  until_us = g_get_monotonic_time () + 1200000; /* over the deadline, and the taker still works */
  while (g_cond_wait_until (&taken.changed, &taken.lock, until_us))
    continue;
  taken.may_go_on = TRUE;
  g_cond_broadcast (&taken.changed);
  g_mutex_unlock (&taken.lock);
  g_assert_cmpint (poll (&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 100), ==, 0); /* open */
  say (fd, "done");
  {
    g_autofree char *heard = hear_all (fd);

    g_assert_true (g_str_has_prefix (heard, "HTTP/1.1 200 "));
  }
  close (fd);
  stop_taking (server, &taken, 2);
}

/* A MB that has come gives a second more. */
static void
test_taken_grows (void)
{
  Taken taken;
  HttpServer *server = start_taking (
      &taken, (HttpServerOptions){ .max_taken_bytes = 100000000, .request_deadline_ms = 200 });
  g_autofree char *megabyte = g_strnfill (1000000, 'x');
  gint64 began_us = g_get_monotonic_time ();
  g_autofree char *heard = NULL;
  int fd = dial (server);

  say (fd, COUNTED ("2000000"));
  say (fd, megabyte);
  heard = hear_all (fd); /* nothing, at the deadline */
  g_assert_cmpstr (heard, ==, "");
  g_assert_cmpint (g_get_monotonic_time () - began_us, >=, 1100000);
  close (fd);
  stop_taking (server, &taken, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/server/hands-over-what-was-asked", test_request);
  g_test_add_func ("/http/server/status-0-closes-without-an-answer", test_no_answer);
  g_test_add_func ("/http/server/closes-when-told", test_close);
  g_test_add_func ("/http/server/body-over-the-bound-is-413", test_too_large);
  g_test_add_func ("/http/server/body-of-exactly-the-bound", test_exactly_the_bound);
  g_test_add_func ("/http/server/body-may-be-kept", test_body_kept);
  g_test_add_func ("/http/server/dribbling-client-is-cut-off", test_deadline);
  g_test_add_func ("/http/server/silent-client-is-cut-off", test_silent_client);
  g_test_add_func ("/http/server/clients-that-hang-up-at-once", test_hang_up);
  g_test_add_func ("/http/server/handler-may-be-slow", test_slow_handler);
  g_test_add_func ("/http/server/stop-waits-for-answers", test_stop_waits);
  g_test_add_func ("/http/server/connections-per-address", test_connections_per_address);
  g_test_add_func ("/http/server/connections-of-all", test_connections);
  g_test_add_func ("/http/server/threads-that-linger", test_threads_that_linger);
  g_test_add_func ("/http/server/judges-before-the-body", test_judged_before_the_body);
  g_test_add_func ("/http/server/bodies-under-way-are-bounded", test_bodies_under_way);
  g_test_add_func ("/http/server/body-is-taken-as-it-comes", test_taken);
  g_test_add_func ("/http/server/taken-bodies-under-way-are-bounded", test_taken_room);
  g_test_add_func ("/http/server/taken-body-has-time-for-what-came", test_taken_deadline);
  g_test_add_func ("/http/server/taken-body-has-a-second-a-megabyte", test_taken_grows);
  g_test_add_func ("/http/server/says-why-it-cannot-start", test_port_taken);
  g_test_add_func ("/http/server/tls", test_tls);
  g_test_add_func ("/http/server/no-tls", test_no_tls);
  g_test_add_func ("/http/server/query-values", test_query_value);
  return g_test_run ();
}
