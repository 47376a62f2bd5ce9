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

/* Gives the next bytes of a body, 1 to @size. Anything else: they cannot be had, and the call ends
 * with HTTP_ERROR_NO_ANSWER, for the peer has an unfinished request. */
typedef gssize (*HttpBodyReader) (gpointer data, char *buffer, gsize size);

typedef struct {
  const char *method; /* NULL: GET, or POST when there is a body */
  const char *url;
  const char *const *headers; /* "Name: value", NULL-terminated, at most 16; may be NULL */
  const char *body;           /* may be NULL */
  gsize body_length;
  /* In place of @body: asked until it has given @body_length bytes. It cannot be rewound, so such
   * a body is never re-sent by libcurl. May be NULL. */
  HttpBodyReader read_body;
  gpointer read_body_data;
  gint64 connect_timeout_ms; /* 0: 10,000 */
  gint64 timeout_ms;         /* whole call, monotonic; 0: 120,000 */
  gsize max_answer_bytes;    /* 0: 8 MiB */
  /* Whom it asks for what, as the table of metrics names them; NULL: it is not counted. */
  const char *peer, *operation;
  gboolean once; /* not to be re-sent by libcurl: the body goes out without a seek function */
} HttpRequest;

typedef struct {
  long status;
  GBytes *body;        /* never NULL; a NUL byte follows it */
  GHashTable *headers; /* lower-case name -> value; see http_answer_header() */
} HttpAnswer;
void http_answer_free (HttpAnswer *answer);
/* Of several fields of a name the first; NULL when there is none. Borrowed. @name: lower case. */
const char *http_answer_header (const HttpAnswer *answer, const char *name);
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

/* Of the settings PREFIX-ca-file, PREFIX-verify-tls and PREFIX-max-connection-age-s; no certificate
 * of our own. Texts are borrowed from @settings. */
HttpClientOptions http_client_options (const Settings *settings, const char *prefix);

/* The URL in setting @name without slashes at its end; "" when there is none. Warns once of one that
 * reaches another machine unencrypted or, without @verify, not knowing who answers.
 * Errors: %SETTINGS_ERROR_INVALID. */
char *http_url_setting (const Settings *settings, const char *name, gboolean verify,
                        GError **error);

/**
 * http_certificates_check:
 *
 * Loads what @options names, as each connection will: certificate and chain, key, authorities; and
 * sees that the key is the certificate's. Certificate and key go together.
 *
 * Errors: %HTTP_ERROR_OWN, with what is wrong with which of them.
 * Returns: TRUE; *@ret_expires_at_s is the Unix time until which the certificate holds, 0 without
 * one.
 */
gboolean http_certificates_check (const HttpClientOptions *options, gint64 *ret_expires_at_s,
                                  GError **error);

/* @request->timeout_ms counts from here. Any HTTP status is an answer, not an error. */
HttpAnswer *http_send (HttpClient *client, const HttpRequest *request, GError **error);
