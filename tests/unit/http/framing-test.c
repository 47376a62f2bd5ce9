/* Raw requests over a real socket: what may be read in two ways is refused and the connection ends,
 * so that nothing that stands behind it is carried out. */
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/request-head.h"

/* What each request of the table is followed by on its connection. */
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

typedef struct {
  const char *name;
  const char *raw;
  int status;
  gsize length; /* of raw when it holds a NUL; else 0 */
} Case;

#define POST           "POST /a HTTP/1.1\r\nHost: h\r\n"
#define GET            "GET /a HTTP/1.1\r\nHost: h\r\n"
#define WITH_NUL(text) text, 400, sizeof (text) - 1

#define TWENTY "xxxxxxxxxxxxxxxxxxxx"
#define EIGHTY TWENTY TWENTY TWENTY TWENTY

/* Each of them alone ends its connection. */
static const Case refused[] = {
  { "two-lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400 },
  { "two-equal-lengths", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400 },
  { "lengths-in-a-list", POST "Content-Length: 5, 5\r\n\r\nhello", 400 },
  { "length-with-chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400 },
  { "chunked-with-length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    400 },
  { "length-with-plus", POST "Content-Length: +5\r\n\r\nhello", 400 },
  { "length-below-nothing", POST "Content-Length: -5\r\n\r\nhello", 400 },
  { "length-in-hexadecimal", POST "Content-Length: 0x5\r\n\r\nhello", 400 },
  { "length-with-fraction", POST "Content-Length: 5.0\r\n\r\nhello", 400 },
  { "length-with-blank-inside", POST "Content-Length: 5 5\r\n\r\nhello", 400 },
  { "length-empty", POST "Content-Length:\r\n\r\nhello", 400 },
  { "length-over-64-bits", POST "Content-Length: 18446744073709551621\r\n\r\nhello", 400 },
  { "length-behind-a-form-feed", POST "Content-Length: \f5\r\n\r\nhello", 400 },
  { "length-before-a-form-feed", POST "Content-Length: 5\f\r\n\r\nhello", 400 },
  { "coding-behind-a-form-feed", POST "Transfer-Encoding:\fchunked\r\n\r\n0\r\n\r\n", 400 },
  { "coding-behind-a-vertical-tab", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 400 },
  { "blank-before-the-colon", POST "Content-Length : 5\r\n\r\nhello", 400 },
  { "tab-before-the-colon", POST "Content-Length\t: 5\r\n\r\nhello", 400 },
  { "blank-before-a-harmless-colon", GET "X-Any : 5\r\n\r\n", 400 },
  { "blank-before-the-first-name", "GET /a HTTP/1.1\r\n Host: h\r\n\r\n", 400 },
  { "folded-line", GET "X-Any: a\r\n b\r\n\r\n", 400 },
  { "folded-by-a-tab", GET "X-Any: a\r\n\tContent-Length: 9\r\n\r\n", 400 },
  { "folded-coding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400 },
  { "no-colon", GET "X-Any\r\n\r\n", 400 },
  { "no-name", GET ": x\r\n\r\n", 400 },
  { "name-with-a-bracket", GET "X[Any]: x\r\n\r\n", 400 },
  { "control-in-a-value", GET "X-Any: a\001b\r\n\r\n", 400 },
  { "gzip-then-chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 },
  { "chunked-then-gzip", POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501 },
  { "chunked-by-half", POST "Transfer-Encoding: chunke\r\n\r\n0\r\n\r\n", 501 },
  { "chunked-in-quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 501 },
  { "chunked-with-vertical-tab", POST "Transfer-Encoding: \013chunked\r\n\r\n0\r\n\r\n", 400 },
  { "identity", POST "Transfer-Encoding: identity\r\n\r\n", 501 },
  { "two-codings", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400 },
  { "two-codings-one-unknown",
    POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400 },
  { "chunked-in-1.0", "POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400 },
  { "no-host", "GET /a HTTP/1.1\r\n\r\n", 400 },
  { "two-hosts", GET "Host: i\r\n\r\n", 400 },
  { "two-equal-hosts", GET "Host: h\r\n\r\n", 400 },
  { "empty-host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400 },
  { "host-with-a-path", "GET /a HTTP/1.1\r\nHost: h/b\r\n\r\n", 400 },
  { "host-with-two-words", "GET /a HTTP/1.1\r\nHost: h i\r\n\r\n", 400 },
  { "two-authorizations", GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400 },
  { "nul-in-a-value", WITH_NUL (GET "X-Any: a\0b\r\n\r\n") },
  { "nul-in-a-name", WITH_NUL (GET "X-\0Any: a\r\n\r\n") },
  { "nul-in-the-path", WITH_NUL ("GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n") },
  { "nul-before-all", WITH_NUL ("\0GET /a HTTP/1.1\r\nHost: h\r\n\r\n") },
  { "escaped-nul", "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "escaped-line-break", "GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "broken-escape", "GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "line-feeds-alone", "GET /a HTTP/1.1\nHost: h\n\n", 400 },
  { "line-feed-in-a-value", GET "X-Any: a\nContent-Length: 9\r\n\r\n", 400 },
  { "carriage-return-alone", GET "X-Any: a\rContent-Length: 9\r\n\r\n", 400 },
  { "two-empty-lines-first", "\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "two-blanks-in-the-line", "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "tab-in-the-line", "GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "no-version", "GET /a\r\nHost: h\r\n\r\n", 400 },
  { "lower-case-version", "GET /a http/1.1\r\nHost: h\r\n\r\n", 400 },
  { "version-2", "GET /a HTTP/2.0\r\nHost: h\r\n\r\n", 505 },
  { "version-1.10", "GET /a HTTP/1.10\r\nHost: h\r\n\r\n", 505 },
  { "method-with-a-bracket", "G[T /a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "whole-url", "GET http://i/a HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "unknown-expectation", POST "Expect: tea\r\nContent-Length: 5\r\n\r\nhello", 417 },
  { "chunk-size-with-0x", POST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400 },
  { "chunk-size-negative", POST "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400 },
  { "chunk-size-missing", POST "Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n", 400 },
  { "chunk-size-with-blank", POST "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
    400 },
  { "chunk-size-over-64-bits",
    POST "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", 400 },
  { "chunk-longer-than-said", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
    400 },
  { "chunk-line-feed-alone", POST "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", 400 },
  { "chunk-extension-with-line-feed",
    POST "Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n", 400 },
  { "trailer-without-a-colon", POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum\r\n\r\n", 400 },
  { "trailer-with-a-blank-before-the-colon",
    POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum : 1\r\n\r\n", 400 },
  { "trailer-that-is-a-request",
    POST "Transfer-Encoding: chunked\r\n\r\n0\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
  { "trailer-without-a-name", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n: 1\r\n\r\n", 400 },
  { "trailer-folded", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n X: y\r\n\r\n", 400 },
};

/* Each of them is carried out, and so is what follows it. */
static const Case taken[] = {
  { "plain", GET "\r\n", 200 },
  { "counted", POST "Content-Length: 5\r\n\r\nhello", 200 },
  { "counted-with-blanks-around", POST "Content-Length: \t5 \r\n\r\nhello", 200 },
  { "leading-zeros", POST "Content-Length: 005\r\n\r\nhello", 200 },
  { "chunked", POST "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200 },
  { "chunked-by-any-case", POST "TRANSFER-ENCODING: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200 },
  { "chunk-extension", POST "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n", 200 },
  { "trailer", POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 200 },
  { "one-empty-line-first", "\r\n" GET "\r\n", 200 },
  { "field-twice", GET "X-Any: a\r\nX-Any: b\r\n\r\n", 200 },
  { "bytes-above-ascii", GET "X-Any: \xc3\xa9\r\n\r\n", 200 },
  { "empty-value", GET "X-Any:\r\n\r\n", 200 },
};

static char *served; /* the paths, in order; one server at a time */

static HttpReply *
answer (const HttpServerRequest *request, gpointer data)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);
  char *all = g_strconcat (served, request->path, length ? "=" : "", body, " ", NULL);

  (void)data;
  g_free (served);
  served = all;
  return http_reply_new (200, "text/plain", "fine");
}

/* Sends in pieces of @step bytes and gives everything that is answered until the server closes. */
static char *
converse (HttpServer *server, const char *raw, gsize length, gsize step)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons (http_server_port (server)) };
  struct timeval limit = { .tv_sec = 20 };
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  GString *heard = g_string_new (NULL);
  char buffer[4096];
  ssize_t got = 0;

  g_assert_cmpint (connect (fd, (struct sockaddr *)&address, sizeof address), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  for (gsize i = 0; i < length; i += step)
    (void)send (fd, raw + i, MIN (step, length - i), MSG_NOSIGNAL); /* it may close before */
  (void)shutdown (fd, SHUT_WR);
  while ((got = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (heard, buffer, got);
  g_assert_cmpint (got, ==, 0); /* an answer and its end, no reset */
  close (fd);
  return g_string_free (heard, FALSE);
}

static guint
count_of (const char *text, const char *part)
{
  guint count = 0;

  for (; (text = strstr (text, part)); text += strlen (part))
    count++;
  return count;
}

/* @before comes first on the same connection. */
static char *
converse_about (const Case *given, const char *before, gsize step)
{
  g_autoptr (HttpServer) server = http_server_start (&(HttpServerOptions){ 0 }, answer, NULL, NULL);
  g_autoptr (GByteArray) raw = g_byte_array_new ();

  g_free (served);
  served = g_strdup ("");
  g_byte_array_append (raw, (const guint8 *)before, (guint)strlen (before));
  g_byte_array_append (raw, (const guint8 *)given->raw,
                       (guint)(given->length ? given->length : strlen (given->raw)));
  g_byte_array_append (raw, (const guint8 *)SMUGGLED, (guint)strlen (SMUGGLED));
  return converse (server, (const char *)raw->data, raw->len, step);
}

static void
test_refused (gconstpointer data)
{
  const Case *given = data;
  g_autofree char *status = g_strdup_printf ("HTTP/1.1 %d ", given->status);
  static const gsize steps[] = { 100000, 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autofree char *alone = converse_about (given, "", steps[i]);
    g_autofree char *served_alone = g_strdup (served);
    g_autofree char *kept = converse_about (given, GET "\r\n", steps[i]);

    g_assert_cmpuint (count_of (alone, "HTTP/1.1 "), ==, 1);
    g_assert_true (g_str_has_prefix (alone, status));
    g_assert_nonnull (strstr (alone, "\r\nConnection: close\r\n"));
    g_assert_cmpstr (served_alone, ==, "");
    /* The same on a connection that had a good request before. */
    g_assert_cmpuint (count_of (kept, "HTTP/1.1 "), ==, 2);
    g_assert_nonnull (strstr (kept, status));
    g_assert_cmpstr (served, ==, "/a ");
  }
}

static void
test_taken (gconstpointer data)
{
  const Case *given = data;
  gboolean has_body = strstr (given->raw, "hel") || strstr (given->raw, "llo");
  static const gsize steps[] = { 100000, 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autofree char *heard = converse_about (given, "", steps[i]);

    g_assert_cmpuint (count_of (heard, "HTTP/1.1 200 "), ==, 2);
    g_assert_cmpstr (served, ==, has_body ? "/a=hello /smuggled " : "/a /smuggled ");
  }
}

static void
bounded (const char *begin, const char *filler, guint times, int status)
{
  g_autoptr (GString) raw = g_string_new (begin);
  g_autofree char *heard = NULL;
  Case given = { "bounded", NULL, status };
  g_autofree char *line = g_strdup_printf ("HTTP/1.1 %d ", status);

  for (guint i = 0; i < times; i++)
    g_string_append (raw, filler);
  given.raw = raw->str;
  heard = converse_about (&given, "", 100000);
  g_assert_true (g_str_has_prefix (heard, line));
  g_assert_cmpstr (served, ==, "");
}

static void
test_bounds (void)
{
  g_autofree char *path = g_strnfill (REQUEST_TARGET_MAX, 'a');
  g_autofree char *line = g_strdup_printf ("GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", path);
  g_autofree char *method = g_strnfill (REQUEST_METHOD_MAX + 1, 'A');
  g_autofree char *other = g_strdup_printf ("%s /a HTTP/1.1\r\nHost: h\r\n\r\n", method);

  bounded (GET, "X-Any: y\r\n", REQUEST_HEAD_MAX_FIELDS, 431);
  bounded (GET "X-Long: ", EIGHTY, REQUEST_HEAD_MAX_BYTES / 80 + 1, 431);
  bounded (line, "", 1, 414);
  bounded (other, "", 1, 400);
  bounded (POST "Transfer-Encoding: chunked\r\n\r\n1;", EIGHTY, 10, 400);
  bounded (POST "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: " EIGHTY "\r\n", 200, 400);
}

/* After a body too large to be read the connection ends. */
static void
test_length_over_the_bound (void)
{
  const Case given[] = {
    { "too-long", POST "Content-Length: 999999999999999999\r\n\r\nhello", 413 },
    /* A chunk says its length before it comes, like a body. */
    { "chunk-too-long", POST "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\nhello", 413 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (given); i++) {
    g_autofree char *heard = converse_about (&given[i], "", 100000);

    g_assert_true (g_str_has_prefix (heard, "HTTP/1.1 413 "));
    g_assert_cmpuint (count_of (heard, "HTTP/1.1 "), ==, 1);
    g_assert_cmpstr (served, ==, "");
  }
}

static void
test_http_1_0 (void)
{
  Case without_host = { "1.0", "GET /a HTTP/1.0\r\n\r\n", 200 };
  g_autofree char *heard = converse_about (&without_host, "", 100000);

  g_assert_true (g_str_has_prefix (heard, "HTTP/1.1 200 "));
  g_assert_nonnull (strstr (heard, "\r\nConnection: close\r\n"));
  g_assert_cmpstr (served, ==,
                   "/a "); /* one request a connection: what follows is not carried out */
}

int
main (int argc, char **argv)
{
  int result = 0;

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *path = g_strconcat ("/http/framing/refuses-", refused[i].name, NULL);

    g_test_add_data_func (path, &refused[i], test_refused);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++) {
    g_autofree char *path = g_strconcat ("/http/framing/takes-", taken[i].name, NULL);

    g_test_add_data_func (path, &taken[i], test_taken);
  }
  g_test_add_func ("/http/framing/bounds-of-a-head", test_bounds);
  g_test_add_func ("/http/framing/length-over-the-bound", test_length_over_the_bound);
  g_test_add_func ("/http/framing/http-1.0-ends-after-one", test_http_1_0);
  result = g_test_run ();
  g_free (served);
  return result;
}
