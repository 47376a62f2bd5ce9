/* One HTTP request over libcurl, whose failure says whether the request may have been acted on, and
 * whose trouble it was.
 *
 * What an answer means is the caller's affair: any status is an answer. So is every repeat;
 * libcurl's own, on a connection that it had kept, is prevented for a request that is to go out
 * once. A handle is set up once and kept with its connection as long as it answers; one that has
 * failed is thrown away, for libcurl keeps more of a failure in it than its documentation tells
 * (7.88: that a body could not be rewound, of which the next call dies before its first byte). */
#include "http/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exposure.h"
#include "base/metrics.h"
#include "base/span.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_TIMEOUT_MS         120000
#define DEFAULT_MAX_ANSWER_BYTES   (8 * (gsize)1048576)

#define FIRST_ANSWER_BYTES     4096
#define MAX_HEADERS            16
/* What a resolver has open at the same moment: a pair of sockets to be woken by, a file, a
 * socket. */
#define DESCRIPTORS_TO_RESOLVE 4

G_DEFINE_QUARK (http_error_quark, http_error)

/* What libcurl's callbacks see of a call. */
typedef struct {
  const HttpRequest *request;
  gsize sent_of_body;
  GByteArray *answer;
  gsize max_answer_bytes;
  gboolean is_too_large;
  int own_errno; /* of a socket that this process was not given; 0: none */
} Call;

typedef struct {
  CURL *curl;
  Call call; /* of the call under way: here, so that what libcurl keeps a pointer to stays */
} Handle;

struct HttpClient {
  char *ca_file, *certificate_file, *key_file;
  gboolean verify;
  long max_connection_age_s;

  GMutex lock;
  /* Of Handle; the last one given back is the first one taken, so connections stay warm */
  GPtrArray *idle;
};

void
http_answer_free (HttpAnswer *answer)
{
  if (!answer)
    return;
  g_clear_pointer (&answer->body, g_bytes_unref);
  g_clear_pointer (&answer->headers, g_hash_table_unref);
  g_free (answer);
}

const char *
http_answer_header (const HttpAnswer *answer, const char *name)
{
  return g_hash_table_lookup (answer->headers, name);
}

static char *
copy_unless_empty (const char *text)
{
  return text && *text ? g_strdup (text) : NULL;
}

static void
handle_free (gpointer data)
{
  Handle *handle = data;

  curl_easy_cleanup (handle->curl);
  g_free (handle);
}

HttpClient *
http_client_new (const HttpClientOptions *options)
{
  static gsize is_ready = 0;
  HttpClient *client = NULL;

  if (g_once_init_enter (&is_ready)) {
    if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK)
      g_error ("libcurl cannot be initialised");
    g_once_init_leave (&is_ready, 1);
  }
  client = g_new0 (HttpClient, 1);
  client->ca_file = copy_unless_empty (options->ca_file);
  client->certificate_file = copy_unless_empty (options->certificate_file);
  client->key_file = copy_unless_empty (options->key_file);
  client->verify = options->verify;
  client->max_connection_age_s = options->max_connection_age_s;
  g_mutex_init (&client->lock);
  client->idle = g_ptr_array_new_with_free_func (handle_free);
  return client;
}

void
http_client_free (HttpClient *client)
{
  if (!client)
    return;
  g_ptr_array_unref (client->idle);
  g_mutex_clear (&client->lock);
  g_free (client->ca_file);
  g_free (client->certificate_file);
  g_free (client->key_file);
  g_free (client);
}

static size_t
read_body (char *buffer, size_t size, size_t count, void *user)
{
  Call *call = user;
  gsize length = MIN (size * count, call->request->body_length - call->sent_of_body);

  if (call->request->read_body && length > 0) {
    gssize got = call->request->read_body (call->request->read_body_data, buffer, length);

    if (got <= 0)
      return CURL_READFUNC_ABORT;
    call->sent_of_body += (gsize)got;
    return (size_t)got;
  }
  if (length == 0)
    return 0;
  memcpy (buffer, call->request->body + call->sent_of_body, length);
  call->sent_of_body += length;
  return length;
}

static size_t
collect_answer (char *data, size_t size, size_t count, void *user)
{
  Call *call = user;
  gsize length = size * count;

  if (length > call->max_answer_bytes - call->answer->len) {
    call->is_too_large = TRUE;
    return 0;
  }
  g_byte_array_append (call->answer, (const guint8 *)data, (guint)length);
  return length;
}

/* Whether this process or this machine has run out of something, whomever it was for. */
static gboolean
is_want (int number)
{
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

/* libcurl tells of a socket that it was not given as of a peer that does not answer. */
static curl_socket_t
open_socket (void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
  Call *call = user;
  int fd = socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

  (void)purpose;
  if (fd < 0 && is_want (errno))
    call->own_errno = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* All that is the same for every call. */
static Handle *
handle_new (HttpClient *client)
{
  CURL *curl = curl_easy_init ();
  Handle *handle = NULL;

  if (!curl)
    return NULL;
  handle = g_new0 (Handle, 1);
  handle->curl = curl;
  curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (curl, CURLOPT_PROXY, ""); /* settings say where to go, not the environment */
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_PATH_AS_IS, 1L); /* it may be part of what was signed */
  /* HTTP/2 has ways of its own to send a request again. */
  curl_easy_setopt (curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt (curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (client->max_connection_age_s > 0)
    curl_easy_setopt (curl, CURLOPT_MAXAGE_CONN, client->max_connection_age_s);
  curl_easy_setopt (curl, CURLOPT_SSL_VERIFYPEER, client->verify ? 1L : 0L);
  curl_easy_setopt (curl, CURLOPT_SSL_VERIFYHOST, client->verify ? 2L : 0L);
  if (client->ca_file)
    curl_easy_setopt (curl, CURLOPT_CAINFO, client->ca_file);
  if (client->certificate_file)
    curl_easy_setopt (curl, CURLOPT_SSLCERT, client->certificate_file);
  if (client->key_file)
    curl_easy_setopt (curl, CURLOPT_SSLKEY, client->key_file);
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, collect_answer);
  curl_easy_setopt (curl, CURLOPT_WRITEDATA, &handle->call);
  curl_easy_setopt (curl, CURLOPT_READFUNCTION, read_body);
  curl_easy_setopt (curl, CURLOPT_READDATA, &handle->call);
  curl_easy_setopt (curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt (curl, CURLOPT_OPENSOCKETDATA, &handle->call);
  return handle;
}

static Handle *
take_handle (HttpClient *client)
{
  Handle *handle = NULL;

  g_mutex_lock (&client->lock);
  if (client->idle->len > 0)
    handle = g_ptr_array_steal_index (client->idle, client->idle->len - 1);
  g_mutex_unlock (&client->lock);
  return handle ? handle : handle_new (client);
}

static void
give_handle (HttpClient *client, Handle *handle)
{
  g_mutex_lock (&client->lock);
  g_ptr_array_add (client->idle, handle);
  g_mutex_unlock (&client->lock);
}

static gboolean
has_body (const HttpRequest *request)
{
  return request->body || request->read_body;
}

/* As libcurl wants them, in @nodes: nothing is copied. */
static struct curl_slist *
list_headers (const HttpRequest *request, struct curl_slist *nodes)
{
  gboolean has_type = FALSE;
  gsize count = 0;

  for (gsize i = 0; request->headers && request->headers[i]; i++) {
    g_assert (count < MAX_HEADERS);
    nodes[count++].data = (char *)request->headers[i];
    if (g_ascii_strncasecmp (request->headers[i], "Content-Type:", 13) == 0)
      has_type = TRUE;
  }
  if (has_body (request) && !has_type)
    nodes[count++].data = (char *)"Content-Type:"; /* libcurl would make it a web form */
  /* With Expect libcurl would wait for a go-ahead that old servers never give. */
  nodes[count++].data = (char *)"Expect:";
  for (gsize i = 0; i < count; i++)
    nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
  return nodes;
}

static void
set_body (CURL *curl, const HttpRequest *request)
{
  curl_easy_setopt (curl, CURLOPT_POST, 1L);
  curl_easy_setopt (curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
  /* Where it is to go out once it is read by read_body(), and there is no seek function, on
   * purpose: when a kept connection breaks under the request, libcurl would send it again by
   * itself, and cannot. It then ends with code 65. */
  curl_easy_setopt (curl, CURLOPT_POSTFIELDS,
                    request->once || request->read_body ? NULL : request->body);
}

/* What belongs to this call. Every option that any call sets is set anew. */
static void
set_up (Handle *handle, const HttpRequest *request, struct curl_slist *headers)
{
  CURL *curl = handle->curl;
  gboolean is_head = !has_body (request) && g_strcmp0 (request->method, "HEAD") == 0;

  curl_easy_setopt (curl, CURLOPT_URL, request->url);
  curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT_MS,
                    (long)(request->connect_timeout_ms ? request->connect_timeout_ms
                                                       : DEFAULT_CONNECT_TIMEOUT_MS));
  curl_easy_setopt (curl, CURLOPT_TIMEOUT_MS,
                    (long)(request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS));
  curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
  if (has_body (request))
    set_body (curl, request);
  else
    curl_easy_setopt (curl, is_head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
  curl_easy_setopt (curl, CURLOPT_CUSTOMREQUEST, is_head ? NULL : request->method);
  /* Without a body that could fail to rewind. */
  curl_easy_setopt (curl, CURLOPT_FRESH_CONNECT,
                    request->once && (!has_body (request) || request->body_length == 0) ? 1L : 0L);
}

/* It must not keep pointers into what was only lent for the call. */
static void
forget_call (Handle *handle)
{
  curl_easy_setopt (handle->curl, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt (handle->curl, CURLOPT_POSTFIELDS, NULL);
  handle->call = (Call){ 0 };
}

/* TRUE: a byte of the request, or of one that libcurl sent before it for the same call, is out. */
static gboolean
has_sent (CURL *curl)
{
  long bytes = 0;

  return curl_easy_getinfo (curl, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes > 0;
}

/* A name server that could not be asked for want of a descriptor is told as one that does not know
 * the name. Whether there are some is seen by opening them. */
static gboolean
can_open_descriptors (void)
{
  int fds[DESCRIPTORS_TO_RESOLVE];
  gsize count = 0;
  gboolean is_wanting = FALSE;

  while (count < G_N_ELEMENTS (fds) && !is_wanting) {
    fds[count] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
    is_wanting = fds[count] < 0 && is_want (errno);
    if (fds[count] < 0)
      break;
    count++;
  }
  while (count > 0)
    close (fds[--count]);
  return !is_wanting;
}

/* Of a request of which no byte was sent: it ended for something that this process lacks. */
static gboolean
is_own_trouble (const Call *call, CURLcode code)
{
  switch ((int)code) {
  case CURLE_FAILED_INIT:
  case CURLE_OUT_OF_MEMORY:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_CERTPROBLEM: /* our certificate or key: unreadable, or not of each other */
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE: /* whom to trust: unreadable … */
  /* … or not whom we meet; the peer's own fault shows to all */
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_SSL_INVALIDCERTSTATUS:
    return TRUE;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return !can_open_descriptors ();
  default:
    return call->own_errno != 0;
  }
}

/* Only a byte that was not sent makes a failure certain; and code 55 is never trusted to mean
 * none. */
static void
set_failure (CURL *curl, const Call *call, CURLcode code, GError **error)
{
  if (call->is_too_large) {
    g_set_error (error, HTTP_ERROR, HTTP_ERROR_TOO_LARGE,
                 "the answer is over %" G_GSIZE_FORMAT " bytes", call->max_answer_bytes);
    return;
  }
  if (has_sent (curl) || code == CURLE_SEND_ERROR) {
    g_set_error (error, HTTP_ERROR,
                 code == CURLE_OPERATION_TIMEDOUT ? HTTP_ERROR_TIMEOUT : HTTP_ERROR_NO_ANSWER,
                 "sent, and no whole answer came (curl %d: %s)", (int)code,
                 curl_easy_strerror (code));
    return;
  }
  if (is_own_trouble (call, code))
    g_set_error (error, HTTP_ERROR, HTTP_ERROR_OWN,
                 "not sent, for want of something of this process's own: %s (curl %d); look at its "
                 "limits, memory and certificate files",
                 call->own_errno ? g_strerror (call->own_errno) : curl_easy_strerror (code),
                 (int)code);
  else
    g_set_error (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT, "not sent (curl %d: %s)", (int)code,
                 curl_easy_strerror (code));
}

/* libcurl bounds how much of them it takes: 300 kB. */
static GHashTable *
answer_headers (CURL *curl)
{
  GHashTable *headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  struct curl_header *field = NULL;

  while ((field = curl_easy_nextheader (curl, CURLH_HEADER, -1, field))) {
    char *name = g_ascii_strdown (field->name, -1);

    if (g_hash_table_contains (headers, name))
      g_free (name);
    else
      g_hash_table_insert (headers, name, g_strdup (field->value));
  }
  return headers;
}

static HttpAnswer *
make_answer (CURL *curl, Call *call)
{
  HttpAnswer *answer = g_new0 (HttpAnswer, 1);
  gsize length = call->answer->len;

  curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &answer->status);
  answer->headers = answer_headers (curl);
  g_byte_array_append (call->answer, (const guint8 *)"", 1);
  answer->body =
      g_bytes_new_with_free_func (call->answer->data, length, (GDestroyNotify)g_byte_array_unref,
                                  g_byte_array_ref (call->answer));
  return answer;
}

static const char *
name_of (char *buffer, gsize size, const char *prefix, const char *what)
{
  g_snprintf (buffer, size, "%s-%s", prefix, what);
  return buffer;
}

HttpClientOptions
http_client_options (const Settings *settings, const char *prefix)
{
  char name[64];

  return (HttpClientOptions){
    .ca_file = settings_text (settings, name_of (name, sizeof name, prefix, "ca-file")),
    .verify = settings_boolean (settings, name_of (name, sizeof name, prefix, "verify-tls")),
    .max_connection_age_s = (long)settings_number (
        settings, name_of (name, sizeof name, prefix, "max-connection-age-s")),
  };
}

static void
warn_of_exposure (const char *setting, const char *url, gboolean verify)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_PARSE_RELAXED, NULL);
  const char *host = uri ? g_uri_get_host (uri) : NULL;

  if (!uri) /* http_send() will say it */
    return;
  if (g_ascii_strcasecmp (g_uri_get_scheme (uri), "https") != 0)
    exposure_warn (setting, host, "unencrypted", "https");
  else if (!verify)
    exposure_warn (setting, host, "unverified", "verifying who answers");
}

char *
http_url_setting (const Settings *settings, const char *name, gboolean verify, GError **error)
{
  char *url = g_strdup (settings_text (settings, name));

  if (*url && !g_str_has_prefix (url, "http://") && !g_str_has_prefix (url, "https://")) {
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                 "%s must begin with http:// or https://", name);
    g_free (url);
    return NULL;
  }
  while (g_str_has_suffix (url, "/"))
    url[strlen (url) - 1] = '\0';
  if (*url)
    warn_of_exposure (name, url, verify);
  return url;
}

static const char *
class_of (const HttpAnswer *answer)
{
  static const char *const classes[] = { "none", "none", "2xx", "3xx", "4xx", "5xx" };

  return answer && answer->status >= 100 && answer->status < 600 ? classes[answer->status / 100]
                                                                 : "none";
}

static HttpAnswer *
send_it (HttpClient *client, const HttpRequest *request, GError **error)
{
  g_autoptr (GByteArray) collected = g_byte_array_sized_new (FIRST_ANSWER_BYTES);
  struct curl_slist headers[MAX_HEADERS + 2];
  HttpAnswer *answer = NULL;
  Handle *handle = take_handle (client);
  CURLcode code = CURLE_OK;

  if (!handle) {
    g_set_error_literal (error, HTTP_ERROR, HTTP_ERROR_OWN,
                         "not sent: libcurl gives no handle; look at this process's memory");
    return NULL;
  }
  handle->call = (Call){
    .request = request,
    .answer = collected,
    .max_answer_bytes =
        request->max_answer_bytes ? request->max_answer_bytes : DEFAULT_MAX_ANSWER_BYTES,
  };
  set_up (handle, request, list_headers (request, headers));
  code = curl_easy_perform (handle->curl);
  if (code == CURLE_OK)
    answer = make_answer (handle->curl, &handle->call);
  else
    set_failure (handle->curl, &handle->call, code, error);
  forget_call (handle);
  if (answer)
    give_handle (client, handle);
  else
    handle_free (handle);
  return answer;
}

HttpAnswer *
http_send (HttpClient *client, const HttpRequest *request, GError **error)
{
  gint64 before_ms = clock_monotonic_ms ();
  HttpAnswer *answer;
  char what[96];
  Span span;

  if (!request->peer)
    return send_it (client, request, error);
  g_snprintf (what, sizeof what, "%s %s", request->peer, request->operation);
  span_begin (&span, SPAN_CLIENT, NULL, what);
  answer = send_it (client, request, error);
  span_set (&span, "peer.service", request->peer);
  if (answer)
    span_set_int (&span, "http.response.status_code", answer->status);
  span_end (&span, answer && answer->status < 400 ? NULL : class_of (answer));
  metrics_observe_ms (METRIC_HTTP_SECONDS, clock_monotonic_ms () - before_ms, what, NULL);
  metrics_count (METRIC_HTTP_REQUESTS, 1, what, class_of (answer), NULL);
  return answer;
}
