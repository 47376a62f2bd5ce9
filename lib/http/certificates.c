/* The client's certificate, key and authorities, looked at before they are needed; see http.h. */
#include "http/http.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <time.h>

/* OpenSSL would ask the terminal. */
static int
no_password (char *buffer, int size, int is_writing, void *data)
{
  (void)buffer, (void)size, (void)is_writing, (void)data;
  return 0;
}

static gboolean
is_given (const char *file)
{
  return file && *file;
}

static gint64
expiry_of (SSL_CTX *context)
{
  const ASN1_TIME *not_after = X509_get0_notAfter (SSL_CTX_get0_certificate (context));
  struct tm utc = { 0 };

  return ASN1_TIME_to_tm (not_after, &utc) == 1 ? (gint64)timegm (&utc) : 0;
}

/* NULL when all is well. */
static const char *
fault_of (SSL_CTX *context, const HttpClientOptions *options)
{
  if (is_given (options->ca_file) &&
      SSL_CTX_load_verify_locations (context, options->ca_file, NULL) != 1)
    return "the authorities are no certificates in PEM";
  if (!is_given (options->certificate_file))
    return NULL;
  if (SSL_CTX_use_certificate_chain_file (context, options->certificate_file) != 1)
    return "the certificate is no certificate in PEM";
  if (SSL_CTX_use_PrivateKey_file (context, options->key_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key (context) != 1)
    return "the key is no private key in PEM without a password, or belongs to another certificate";
  return NULL;
}

gboolean
http_certificates_check (const HttpClientOptions *options, gint64 *ret_expires_at_s, GError **error)
{
  SSL_CTX *context = SSL_CTX_new (TLS_client_method ());
  const char *fault = "OpenSSL gives no context";

  if (context) {
    SSL_CTX_set_default_passwd_cb (context, no_password);
    fault = fault_of (context, options);
  }
  if (!fault)
    *ret_expires_at_s = is_given (options->certificate_file) ? expiry_of (context) : 0;
  SSL_CTX_free (context);
  if (fault)
    g_set_error_literal (error, HTTP_ERROR, HTTP_ERROR_OWN, fault);
  return !fault;
}
