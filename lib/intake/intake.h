/* The Benefits Intake API: where it is, who we are, and what can go wrong. A package is sent in two
 * calls (upload.h), and followed by reports (report.h).
 *
 * Nothing is repeated in this room. Source: README.md. */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define INTAKE_ERROR (intake_error_quark ())
GQuark intake_error_quark (void);
typedef enum {
  INTAKE_ERROR_NOT_SENT,      /* not connected: nothing has happened */
  INTAKE_ERROR_OWN,           /* nothing was sent, for want of something of this process */
  INTAKE_ERROR_ARGUMENT,      /* our data cannot make a package: nothing was sent */
  INTAKE_ERROR_UNKNOWN,       /* sent, and no usable answer: it may have been acted on */
  INTAKE_ERROR_UNAVAILABLE,   /* a status that says "later" of the service; it may have been … */
  INTAKE_ERROR_QUOTA,         /* used up; intake_client_wait_ms() says until when */
  INTAKE_ERROR_CONFIGURATION, /* our key, or our address: no claim's fault, no use in repeating */
  INTAKE_ERROR_REFUSED,       /* for good: the request itself is wrong */
  INTAKE_ERROR_LOCATION,      /* the storage does not take this location (any more): a new create */
  INTAKE_ERROR_DAMAGED,       /* what was stored is not what was sent: the same PUT again */
} IntakeError;

typedef struct IntakeClient IntakeClient; /* thread safe */

/* intake-url, intake-api-key, intake-timeout-ms, intake-connect-timeout-ms, intake-ca-file,
 * intake-verify-tls, intake-max-connection-age-s */
extern const Setting intake_settings[];
IntakeClient *intake_client_new (const Settings *settings, GError **error);
void intake_client_free (IntakeClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IntakeClient, intake_client_free)

/* The longest that a call may be under way before its first byte: the connect limit. */
gint64 intake_call_limit_ms (const Settings *settings);
/* The longest wait for one answer; of a PUT see intake_upload_limit_ms(). */
gint64 intake_client_timeout_ms (const IntakeClient *client);
/* How long the quota is still used up, 0: it is not. Until then calls of the API end with
 * %INTAKE_ERROR_QUOTA without being sent; at most INTAKE_MAX_WAIT_MS. */
#define INTAKE_MAX_WAIT_MS (5 * 60 * 1000)
gint64 intake_client_wait_ms (IntakeClient *client);
