/* One accepted connection of the server, plain or TLS: reads and writes that end at a deadline. For
 * server.c alone. */
#pragma once

#include <openssl/ssl.h>

#include <glib.h>

typedef struct {
  int fd;      /* non-blocking */
  SSL *tls;    /* NULL: plain */
  int stop_fd; /* readable once the server stops */
} Wire;

typedef enum {
  WIRE_TO_THE_END, /* goes on while the server stops */
  WIRE_UNTIL_STOP, /* ends when the server stops */
} WirePatience;

typedef enum {
  WIRE_GREETED,
  WIRE_PLAIN,  /* the peer speaks no TLS, but something like HTTP; nothing of it has been read */
  WIRE_FAILED, /* no agreement, or the peer has gone */
} WireGreeting;

/* Errors: a text that says what is wrong with certificate or key. */
SSL_CTX *wire_tls_new (const char *certificate_pem, const char *key_pem, GError **error);

/* Deadlines are monotonic. All %WIRE_FAILED, FALSE, or at most 0, once the peer has gone, the
 * deadline is over or the server stops. */
WireGreeting wire_greet (Wire *wire, SSL_CTX *context, gint64 deadline_us); /* the TLS handshake */
gssize wire_read (Wire *wire, void *to, gsize size, gint64 deadline_us, WirePatience patience);
gboolean wire_write (Wire *wire, gconstpointer data, gsize size, gint64 deadline_us);
/* Says that nothing more comes, then reads and drops what does until the peer has closed too, or
 * @max_bytes or the deadline are reached: closing with unread data would reset the connection, and
 * the answer on its way would be lost. */
void wire_drain (Wire *wire, guint64 max_bytes, gint64 deadline_us);
void wire_close (Wire *wire);
