/* libcurl, thinly: one request, one answer, one time limit. Knows whether the request may have
 * been acted on.
 *
 * Source: README.md, "What may have been acted on". */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define HTTP_ERROR (http_error_quark ())
GQuark http_error_quark (void);
typedef enum {
  /* Not connected, refused, name not found, TLS not agreed: no byte of the request was sent. */
  HTTP_ERROR_NOT_SENT,
  /* After the first byte: time-out, reset, curl 52, 55, 56, 65 … : it may have been acted on. */
  HTTP_ERROR_NO_ANSWER,
  HTTP_ERROR_TIMEOUT,   /* the same, for the limit */
  HTTP_ERROR_TOO_LARGE, /* the answer is over the bound: acted on, unreadable */
  /* No byte was sent, and the peer has no part in it: no descriptor, no memory, a certificate or
   * key that cannot be read or does not match, nobody trusted. */
  HTTP_ERROR_OWN,
} HttpError;

typedef struct {
  const char *method; /* NULL: GET, or POST when there is a body */
  const char *url;
  const char *const *headers; /* "Name: value", NULL-terminated, at most 16; may be NULL */
  const char *body;           /* may be NULL */
  gsize body_length;
  gint64 connect_timeout_ms; /* 0: 10,000 */
  gint64 timeout_ms;         /* whole call, monotonic; 0: 120,000 */
  gsize max_answer_bytes;    /* 0: 8 MiB */
  gboolean once; /* not to be re-sent by libcurl: the body goes out without a seek function */
} HttpRequest;

typedef struct {
  long status;
  GBytes *body;       /* never NULL; a NUL byte follows it */
  char *content_type; /* may be NULL */
} HttpAnswer;
void http_answer_free (HttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpAnswer, http_answer_free)

/* Thread safe; keeps connections, hands a handle to one call at a time, and none on that has
 * failed. */
typedef struct HttpClient HttpClient;
typedef struct {
  const char *ca_file, *certificate_file, *key_file; /* NULL or "": system defaults, none */
  gboolean verify;
  long max_connection_age_s; /* CURLOPT_MAXAGE_CONN; below the server's keep-alive */
} HttpClientOptions;
HttpClient *http_client_new (const HttpClientOptions *options);
void http_client_free (HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpClient, http_client_free)

/* @request->timeout_ms counts from here. Any HTTP status is an answer, not an error. */
HttpAnswer *http_send (HttpClient *client, const HttpRequest *request, GError **error);
