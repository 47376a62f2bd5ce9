/* VA Notify: where it is, who we are, and one e-mail through it. What can go wrong stands here, what
 * it means in verdicts.h.
 *
 * There is no idempotency key: a repeated POST sends a second e-mail. Nothing is repeated in this
 * room but what was certainly not taken. Source: README.md. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>
#include "base/settings.h"
#include "notify/trust.h"

#define NOTIFY_ERROR (notify_error_quark ())
GQuark notify_error_quark (void);
typedef enum {
  NOTIFY_ERROR_NOT_SENT,      /* not connected: nothing has happened */
  NOTIFY_ERROR_OWN,           /* nothing was sent, for want of something of this process */
  NOTIFY_ERROR_AWAY,          /* it does not answer, or has lately left e-mails unanswered */
  NOTIFY_ERROR_BETWEEN,       /* something between us and the service refuses, not the service */
  NOTIFY_ERROR_UNKNOWN,       /* sent, and no usable answer: the e-mail may be on its way */
  NOTIFY_ERROR_UNAVAILABLE,   /* a status that says "later"; it may be on its way all the same */
  NOTIFY_ERROR_RATE,          /* over the service's rate; notify_client_wait_ms() says until when */
  NOTIFY_ERROR_DAY_LIMIT,     /* over the day's limit; the same */
  NOTIFY_ERROR_CLOCK,         /* our tokens are out of time, also the second one */
  NOTIFY_ERROR_CONFIGURATION, /* our key, address or templates: no e-mail's fault */
  NOTIFY_ERROR_SCHEMA,        /* it breaks their schema elsewhere than in its address */
  NOTIFY_ERROR_REFUSED,       /* for good: this e-mail is wrong */
} NotifyError;

typedef struct NotifyClient NotifyClient; /* thread safe */

/* notify-url, notify-api-key, notify-callback-url, notify-timeout-ms, notify-connect-timeout-ms,
 * notify-risk-pause, notify-ca-file, notify-verify-tls, notify-max-connection-age-s */
extern const Setting notify_settings[];
/* Errors: %SETTINGS_ERROR_INVALID: an address or a key that is none. */
NotifyClient *notify_client_new (const Settings *settings, GError **error);
void notify_client_free (NotifyClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifyClient, notify_client_free)

/* One e-mail; all borrowed. */
typedef struct {
  const char *template_id;       /* UUID */
  const char *address;           /* where it goes */
  const json_t *personalisation; /* an object: the template's values */
  const char *reference;         /* ours; comes back in callbacks */
} NotifyMail;

/* Whether one may be risked now; borrowed. Whoever sends enters first, and leaves when it is over. */
NotifyTrust *notify_client_trust (NotifyClient *client);

/**
 * notify_ask:
 *
 * Sends @mail to an address of theirs that is nobody's, without our reference. TRUE: the service
 * answers, and has nothing against anything but the address. Waits as notify_send().
 *
 * Errors: %NOTIFY_ERROR_AWAY: it does not answer, or none may be risked yet; all others of the
 * service concern every e-mail.
 */
gboolean notify_ask (NotifyClient *client, const NotifyMail *mail, GError **error);

/**
 * notify_send:
 * @entry: as entered; one on trial has been asked for before: what its schema lacks is its own
 *
 * Waits at most notify_send_limit_ms(): a token that is out of time is made anew once.
 *
 * Errors: %NOTIFY_ERROR. After %NOTIFY_ERROR_UNKNOWN and %NOTIFY_ERROR_UNAVAILABLE the e-mail may be
 * on its way, and must not be sent again; after all others nothing was sent.
 * Returns: the notification's id at VA Notify, owned: accepted, not delivered.
 */
char *notify_send (NotifyClient *client, const NotifyMail *mail, NotifyEntry entry, GError **error);

/* The longest that a call may be under way before its first byte: the connect limit. */
gint64 notify_call_limit_ms (const Settings *settings);
/* The longest that notify_send() may take. */
gint64 notify_send_limit_ms (const Settings *settings);
/* How long a limit of theirs is still used up, 0: none is. Until then nothing is sent. */
gint64 notify_client_wait_ms (NotifyClient *client);
