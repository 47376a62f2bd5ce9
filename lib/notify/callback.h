/* What VA Notify tells of an e-mail afterwards: who has told it, and what it means. Pure functions
 * over bytes. Source: README.md, "Callbacks". */
#pragma once

#include <glib.h>

#define NOTIFY_CALLBACK_MAX_BYTES 16384
#define NOTIFY_SIGNATURE_HEADER   "x-enp-signature"

/* What a status means for those who wait. */
typedef enum {
  NOTIFY_NEWS_NONE,       /* a word that is none of an e-mail's, or that nobody has told us of */
  NOTIFY_NEWS_ON_ITS_WAY, /* accepted, and no more */
  NOTIFY_NEWS_DEFERRED,   /* not delivered yet: a mailbox that is full or away */
  NOTIFY_NEWS_DELIVERED,  /* the receiving server has taken it */
  NOTIFY_NEWS_BOUNCED,    /* it will not be delivered */
} NotifyNews;
NotifyNews notify_news_of (const char *status);

/* Of the address that it tells nothing is kept. */
typedef struct {
  char *id;        /* the notification's, a UUID in lower case */
  char *reference; /* ours, or NULL */
  char *status;    /* their word */
} NotifyCallback;
/* NULL: no JSON object, or one without id and status. */
NotifyCallback *notify_callback_parse (GBytes *body);
void notify_callback_free (NotifyCallback *callback);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifyCallback, notify_callback_free)

/* Whether @signature (a header's value; may be NULL) is that of @body under one of @secrets
 * (NULL-terminated). Compares with every one, each in constant time. */
gboolean notify_callback_is_signed (GBytes *body, const char *signature,
                                    const char *const *secrets);
/* The signature of @body under @secret, owned; NULL: it holds what cannot be signed. */
char *notify_callback_signature (GBytes *body, const char *secret);
