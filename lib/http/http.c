/* One HTTP request over libcurl, whose failure says whether the request may have been acted on.
 *
 * What an answer means is the caller's affair: any status is an answer. So is every repeat;
 * libcurl's own, on a connection that it had kept, is prevented for a request that is to go out
 * once. Source: design sections 6 and 7. */
#include "http/http.h"

#include <curl/curl.h>
#include <string.h>

#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_TIMEOUT_MS         120000
#define DEFAULT_MAX_ANSWER_BYTES   (8 * (gsize)1048576)

G_DEFINE_QUARK (http_error_quark, http_error)

struct HttpClient {
  char *ca_file, *certificate_file, *key_file;
  gboolean verify;
  long max_connection_age_s;

  GMutex lock;
  GPtrArray *idle; /* of CURL *; the last one given back is the first one taken, so connections stay
                      warm */
};

/* What libcurl's callbacks see of a call. */
typedef struct {
  const HttpRequest *request;
  gsize sent_of_body;
  gboolean has_sent; /* a byte of the request is on the wire */
  GByteArray *answer;
  gsize max_answer_bytes;
  gboolean is_too_large;
} Call;

void
http_answer_free (HttpAnswer *answer)
{
  if (!answer)
    return;
  g_clear_pointer (&answer->body, g_bytes_unref);
  g_free (answer->content_type);
  g_free (answer);
}

static char *
copy_unless_empty (const char *text)
{
  return text && *text ? g_strdup (text) : NULL;
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
  client->idle = g_ptr_array_new_with_free_func (curl_easy_cleanup);
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

static CURL *
take_handle (HttpClient *client)
{
  CURL *handle = NULL;

  g_mutex_lock (&client->lock);
  if (client->idle->len > 0)
    handle = g_ptr_array_steal_index (client->idle, client->idle->len - 1);
  g_mutex_unlock (&client->lock);
  if (!handle)
    return curl_easy_init ();
  curl_easy_reset (handle); /* the options only: connections stay */
  return handle;
}

static void
give_handle (HttpClient *client, CURL *handle)
{
  g_mutex_lock (&client->lock);
  g_ptr_array_add (client->idle, handle);
  g_mutex_unlock (&client->lock);
}

/* libcurl tells here what it has written, after it has written it. */
static int
watch_sending (CURL *handle, curl_infotype type, char *data, size_t size, void *user)
{
  Call *call = user;

  (void)handle;
  (void)data;
  if ((type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) && size > 0)
    call->has_sent = TRUE;
  return 0;
}

static size_t
read_body (char *buffer, size_t size, size_t count, void *user)
{
  Call *call = user;
  gsize length = MIN (size * count, call->request->body_length - call->sent_of_body);

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

static struct curl_slist *
make_headers (const HttpRequest *request)
{
  struct curl_slist *list = NULL;
  gboolean has_type = FALSE;

  for (gsize i = 0; request->headers && request->headers[i]; i++) {
    list = curl_slist_append (list, request->headers[i]);
    if (g_ascii_strncasecmp (request->headers[i], "Content-Type:", 13) == 0)
      has_type = TRUE;
  }
  if (request->body && !has_type)
    list = curl_slist_append (list, "Content-Type:"); /* libcurl would make it a web form */
  /* With Expect libcurl would wait for a go-ahead that old servers never give. */
  return curl_slist_append (list, "Expect:");
}

static void
set_body (CURL *handle, Call *call)
{
  const HttpRequest *request = call->request;

  curl_easy_setopt (handle, CURLOPT_POST, 1L);
  curl_easy_setopt (handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
  if (request->once) {
    /* There is no seek function, on purpose: when a kept connection breaks under the request,
     * libcurl would send it again by itself, and cannot. It then ends with code 65. */
    curl_easy_setopt (handle, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt (handle, CURLOPT_READDATA, call);
  } else {
    curl_easy_setopt (handle, CURLOPT_POSTFIELDS, request->body);
  }
}

static void
set_up (HttpClient *client, CURL *handle, Call *call, struct curl_slist *headers)
{
  const HttpRequest *request = call->request;
  gint64 connect_ms =
      request->connect_timeout_ms ? request->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
  gint64 whole_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;

  curl_easy_setopt (handle, CURLOPT_URL, request->url);
  curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (handle, CURLOPT_PROXY, ""); /* settings say where to go, not the environment */
  curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
  /* HTTP/2 has ways of its own to send a request again. */
  curl_easy_setopt (handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt (handle, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt (handle, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
  curl_easy_setopt (handle, CURLOPT_TIMEOUT_MS, (long)whole_ms);
  if (client->max_connection_age_s > 0)
    curl_easy_setopt (handle, CURLOPT_MAXAGE_CONN, client->max_connection_age_s);
  curl_easy_setopt (handle, CURLOPT_SSL_VERIFYPEER, client->verify ? 1L : 0L);
  curl_easy_setopt (handle, CURLOPT_SSL_VERIFYHOST, client->verify ? 2L : 0L);
  if (client->ca_file)
    curl_easy_setopt (handle, CURLOPT_CAINFO, client->ca_file);
  if (client->certificate_file)
    curl_easy_setopt (handle, CURLOPT_SSLCERT, client->certificate_file);
  if (client->key_file)
    curl_easy_setopt (handle, CURLOPT_SSLKEY, client->key_file);

  curl_easy_setopt (handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, collect_answer);
  curl_easy_setopt (handle, CURLOPT_WRITEDATA, call);
  curl_easy_setopt (handle, CURLOPT_DEBUGFUNCTION, watch_sending);
  curl_easy_setopt (handle, CURLOPT_DEBUGDATA, call);
  curl_easy_setopt (handle, CURLOPT_VERBOSE, 1L); /* else libcurl does not tell what it has sent */

  if (request->body)
    set_body (handle, call);
  else if (g_strcmp0 (request->method, "HEAD") == 0)
    curl_easy_setopt (handle, CURLOPT_NOBODY, 1L);
  if (request->once && (!request->body || request->body_length == 0))
    curl_easy_setopt (handle, CURLOPT_FRESH_CONNECT, 1L); /* no body that could fail to rewind */
  if (request->method && g_strcmp0 (request->method, "HEAD") != 0)
    curl_easy_setopt (handle, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Only a byte that was not sent makes a failure certain; and code 55 is never trusted to mean none.
 */
static void
set_failure (const Call *call, CURLcode code, GError **error)
{
  HttpError kind = HTTP_ERROR_NO_ANSWER;

  if (call->is_too_large) {
    g_set_error (error, HTTP_ERROR, HTTP_ERROR_TOO_LARGE,
                 "the answer is over %" G_GSIZE_FORMAT " bytes", call->max_answer_bytes);
    return;
  }
  if (!call->has_sent && code != CURLE_SEND_ERROR)
    kind = HTTP_ERROR_NOT_SENT;
  else if (code == CURLE_OPERATION_TIMEDOUT)
    kind = HTTP_ERROR_TIMEOUT;
  g_set_error (error, HTTP_ERROR, (gint)kind, "%s (curl %d: %s)",
               kind == HTTP_ERROR_NOT_SENT ? "not sent" : "sent, and no whole answer came",
               (int)code, curl_easy_strerror (code));
}

static HttpAnswer *
make_answer (CURL *handle, Call *call)
{
  HttpAnswer *answer = g_new0 (HttpAnswer, 1);
  const char *type = NULL;
  gsize length = call->answer->len;

  curl_easy_getinfo (handle, CURLINFO_RESPONSE_CODE, &answer->status);
  curl_easy_getinfo (handle, CURLINFO_CONTENT_TYPE, &type);
  answer->content_type = g_strdup (type);
  g_byte_array_append (call->answer, (const guint8 *)"", 1);
  answer->body =
      g_bytes_new_with_free_func (call->answer->data, length, (GDestroyNotify)g_byte_array_unref,
                                  g_byte_array_ref (call->answer));
  return answer;
}

HttpAnswer *
http_send (HttpClient *client, const HttpRequest *request, GError **error)
{
  g_autoptr (GByteArray) collected = g_byte_array_new ();
  Call call = { .request = request, .answer = collected };
  struct curl_slist *headers = NULL;
  HttpAnswer *answer = NULL;
  CURL *handle = NULL;
  CURLcode code = CURLE_OK;

  call.max_answer_bytes =
      request->max_answer_bytes ? request->max_answer_bytes : DEFAULT_MAX_ANSWER_BYTES;
  handle = take_handle (client);
  if (!handle) {
    g_set_error_literal (error, HTTP_ERROR, HTTP_ERROR_NOT_SENT, "not sent (no libcurl handle)");
    return NULL;
  }
  headers = make_headers (request);
  set_up (client, handle, &call, headers);
  code = curl_easy_perform (handle);
  if (code == CURLE_OK)
    answer = make_answer (handle, &call);
  else
    set_failure (&call, code, error);
  curl_easy_reset (handle); /* it must not keep pointers into this frame */
  curl_slist_free_all (headers);
  give_handle (client, handle);
  return answer;
}
