/* Whether an e-mail may be risked: one that gets no answer is never sent again, so none goes out
 * while it is not known that the service answers. Pure but for its lock; thread safe. Source:
 * README.md, "In doubt". */
#pragma once

#include <glib.h>

#include "base/cleanup.h"

typedef struct NotifyTrust NotifyTrust;

/* In doubt, for a new process knows nothing of what others have met.
 * @first_pause_ms: the pause that a loss begins which follows another; twice as long each time, at
 * most 15 min. */
NotifyTrust *notify_trust_new (gint64 first_pause_ms);
void notify_trust_free (NotifyTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifyTrust, notify_trust_free)

typedef enum {
  NOTIFY_ENTRY_FREE,  /* it may be sent */
  NOTIFY_ENTRY_TRIAL, /* it alone may be: ask first, then send */
  NOTIFY_ENTRY_WAIT,  /* another one is on trial */
} NotifyEntry;

/* Each is ended by notify_trust_leave(). */
NotifyEntry notify_trust_enter (NotifyTrust *trust);
void notify_trust_leave (NotifyTrust *trust, NotifyEntry entry);

/* How long none may be risked, ms: those risked lately got no answer although one to nobody did. */
gint64 notify_trust_pause_ms (NotifyTrust *trust);

typedef enum {
  NOTIFY_FATE_ANSWERED,  /* the service has said what it is */
  NOTIFY_FATE_LOST,      /* no answer: it will never be sent again */
  NOTIFY_FATE_NOT_TAKEN, /* it has certainly not gone out, and whose fault that is nobody knows */
} NotifyFate;

/* What has become of an e-mail that was sent. */
void notify_trust_note (NotifyTrust *trust, NotifyEntry entry, NotifyFate fate);
