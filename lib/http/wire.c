/* Sockets and OpenSSL under deadlines; see wire.h. */
#include "http/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

/* OpenSSL would ask the terminal. */
static int
no_password (char *buffer, int size, int is_writing, void *data)
{
  (void)buffer, (void)size, (void)is_writing, (void)data;
  return 0;
}

static gboolean
use_certificates (SSL_CTX *context, const char *pem)
{
  BIO *text = BIO_new_mem_buf (pem, -1);
  X509 *certificate = PEM_read_bio_X509 (text, NULL, no_password, NULL);
  gboolean done = certificate && SSL_CTX_use_certificate (context, certificate) == 1;

  X509_free (certificate);
  while (done && (certificate = PEM_read_bio_X509 (text, NULL, no_password, NULL))) {
    done = SSL_CTX_add0_chain_cert (context, certificate) == 1; /* takes it */
    if (!done)
      X509_free (certificate);
  }
  BIO_free (text);
  return done;
}

static gboolean
use_key (SSL_CTX *context, const char *pem)
{
  BIO *text = BIO_new_mem_buf (pem, -1);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (text, NULL, no_password, NULL);
  gboolean done = key && SSL_CTX_use_PrivateKey (context, key) == 1;

  EVP_PKEY_free (key);
  BIO_free (text);
  return done;
}

SSL_CTX *
wire_tls_new (const char *certificate_pem, const char *key_pem, GError **error)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());
  const char *why = NULL;

  if (!context || SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION) != 1)
    why = "OpenSSL offers no TLS 1.2";
  else if (!use_certificates (context, certificate_pem))
    why = "the certificate is none in PEM, or its key is too short to be trusted";
  else if (!use_key (context, key_pem))
    why = "the certificate's key is no private key in PEM without a password, or belongs to "
          "another certificate";
  else if (SSL_CTX_check_private_key (context) != 1)
    why = "certificate and key do not belong together";
  ERR_clear_error ();
  if (why) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot serve HTTPS: %s", why);
    SSL_CTX_free (context);
    return NULL;
  }
  SSL_CTX_set_options (context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode (context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

/* Whether the socket is ready for @events. */
static gboolean
wait_for (Wire *wire, short events, gint64 deadline_us, WirePatience patience)
{
  struct pollfd fds[] = { { .fd = wire->fd, .events = events },
                          { .fd = wire->stop_fd, .events = POLLIN } };
  int count = 0;

  do {
    gint64 left_us = deadline_us - g_get_monotonic_time ();

    if (left_us <= 0)
      return FALSE;
    count = poll (fds, patience == WIRE_UNTIL_STOP ? 2 : 1,
                  (int)MIN ((left_us + 999) / 1000, G_MAXINT));
  } while (count < 0 && errno == EINTR);
  return count > 0 && fds[0].revents != 0;
}

/* What to wait for before the same call again; 0: it has failed. */
static short
wanted_events (Wire *wire, gssize result, short events)
{
  if (!wire->tls)
    return errno == EAGAIN || errno == EINTR ? events : 0;
  switch (SSL_get_error (wire->tls, (int)result)) {
  case SSL_ERROR_WANT_READ:
    return POLLIN;
  case SSL_ERROR_WANT_WRITE:
    return POLLOUT;
  default:
    return 0;
  }
}

/* Whether the first byte is a letter, as a method's; no record of TLS begins with one. */
static gboolean
begins_with_letter (Wire *wire, gint64 deadline_us)
{
  char first = '\0';
  gssize got = 0;

  do
    got = recv (wire->fd, &first, 1, MSG_PEEK);
  while (got < 0 && (errno == EAGAIN || errno == EINTR) &&
         wait_for (wire, POLLIN, deadline_us, WIRE_UNTIL_STOP));
  return got == 1 && g_ascii_isalpha (first);
}

WireGreeting
wire_greet (Wire *wire, SSL_CTX *context, gint64 deadline_us)
{
  if (begins_with_letter (wire, deadline_us))
    return WIRE_PLAIN;
  wire->tls = SSL_new (context);
  if (!wire->tls || SSL_set_fd (wire->tls, wire->fd) != 1)
    return WIRE_FAILED;
  for (;;) {
    int result = 0;
    short events = 0;

    ERR_clear_error ();
    result = SSL_accept (wire->tls);
    if (result == 1)
      return WIRE_GREETED;
    events = wanted_events (wire, result, POLLIN);
    if (!events || !wait_for (wire, events, deadline_us, WIRE_UNTIL_STOP)) {
      g_clear_pointer (&wire->tls, SSL_free);
      return WIRE_FAILED;
    }
  }
}

gssize
wire_read (Wire *wire, void *to, gsize size, gint64 deadline_us, WirePatience patience)
{
  for (;;) {
    gssize got = 0;
    short events = 0;

    ERR_clear_error ();
    got = wire->tls ? SSL_read (wire->tls, to, (int)MIN (size, G_MAXINT))
                    : recv (wire->fd, to, size, 0);
    if (got > 0 || (got == 0 && !wire->tls))
      return got;
    events = wanted_events (wire, got, POLLIN);
    if (!events || !wait_for (wire, events, deadline_us, patience))
      return -1;
  }
}

gboolean
wire_write (Wire *wire, gconstpointer data, gsize size, gint64 deadline_us)
{
  const char *from = data;

  while (size > 0) {
    gssize sent = 0;
    short events = 0;

    ERR_clear_error ();
    sent = wire->tls ? SSL_write (wire->tls, from, (int)MIN (size, G_MAXINT))
                     : send (wire->fd, from, size, MSG_NOSIGNAL);
    if (sent > 0) {
      from += sent;
      size -= (gsize)sent;
      continue;
    }
    events = wanted_events (wire, sent, POLLOUT);
    if (!events || !wait_for (wire, events, deadline_us, WIRE_TO_THE_END))
      return FALSE;
  }
  return TRUE;
}

void
wire_drain (Wire *wire, guint64 max_bytes, gint64 deadline_us)
{
  char dropped[16384];

  if (wire->tls)
    (void)SSL_shutdown (wire->tls); /* best effort: the peer may have gone */
  (void)shutdown (wire->fd, SHUT_WR);
  for (;;) {
    /* Below TLS: what comes is not decrypted to be dropped. */
    gssize got = recv (wire->fd, dropped, sizeof dropped, 0);

    if (got == 0 || (got > 0 && (guint64)got >= max_bytes))
      return;
    if (got > 0)
      max_bytes -= (guint64)got;
    else if (errno != EINTR &&
             (errno != EAGAIN || !wait_for (wire, POLLIN, deadline_us, WIRE_UNTIL_STOP)))
      return;
    if (g_get_monotonic_time () > deadline_us)
      return;
  }
}

void
wire_close (Wire *wire)
{
  g_clear_pointer (&wire->tls, SSL_free);
  if (wire->fd >= 0)
    close (wire->fd);
  wire->fd = -1;
}
