/* The BGS client: where it is, who we are, and what can go wrong. One pair of files per service
 * beside this one.
 *
 * Every call waits at most bgs-read-timeout-ms, sends its body once (HttpRequest.once), and
 * tells failed from unknown. */
#pragma once

#include <glib.h>
#include "base/settings.h"

#define BGS_ERROR (bgs_error_quark ())
GQuark bgs_error_quark (void);
typedef enum {
  BGS_ERROR_NOT_SENT, /* not connected: nothing has happened */
  BGS_ERROR_OWN,      /* nothing was sent, for want of something of this process (HTTP_ERROR_OWN) */
  BGS_ERROR_ARGUMENT, /* a value that BGS requires is missing: nothing was sent */
  BGS_ERROR_FAULT,    /* a well-formed SOAP fault: refused; its useful text, see bgs/fault.h */
  /* A well-formed fault that proves nothing: it stands beside a result; or it is none that BGS is
   * known to give, of a call that must not be repeated blindly. It may have been acted on. */
  BGS_ERROR_UNPROVEN,
  BGS_ERROR_UNKNOWN, /* sent, and no usable answer: it may have been acted on */
} BgsError;

/* BID is a service of its own behind an address of its own: that one of the two is away says
 * nothing of the other. */
#define BID_ERROR (bid_error_quark ())
GQuark bid_error_quark (void);
typedef enum {
  BID_ERROR_NOT_SENT,    /* not connected, or bid-url is empty */
  BID_ERROR_OWN,         /* nothing was sent, for want of something of this process */
  BID_ERROR_NO_ANSWER,   /* sent, and no answer that can be read */
  BID_ERROR_UNAVAILABLE, /* HTTP 429, 500 and above */
  BID_ERROR_REFUSED,     /* any other HTTP error status */
  BID_ERROR_ARGUMENT,    /* the participant id is missing or no number: nothing was sent */
} BidError;

typedef struct BgsClient BgsClient; /* thread safe */

/* bgs-url, bid-url, bid-token, bgs-connect-timeout-ms, bid-timeout-ms,
 * bgs-username, bgs-station-id, bgs-application, bgs-client-machine, bgs-certificate-file,
 * bgs-key-file, bgs-ca-file, bgs-verify-tls, bgs-max-connection-age-s. */
extern const Setting bgs_settings[];
/* bgs-read-timeout-ms, for which a client asks as well: also of who tells what becomes of a call. */
extern const Setting bgs_answer_settings[];
BgsClient *bgs_client_new (const Settings *settings, GError **error);
void bgs_client_free (BgsClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsClient, bgs_client_free)
gint64 bgs_client_read_timeout_ms (const BgsClient *client); /* the longest wait for one answer */
/* The longest that a call may be under way before its first byte: the connect limit. */
gint64 bgs_call_limit_ms (const Settings *settings);
/* What BGS journals as jrnUserId, maybe in upper case. */
const char *bgs_client_username (const BgsClient *client);

/* Who asks: goes into VaServiceHeaders. */
typedef struct {
  const char *external_uid; /* ICN, else account uuid */
  const char *external_key; /* common name, else e-mail; cut at 39 characters here */
  /* What no error of his calls may tell, beside what the call sends: whatever his whole claim
   * holds, for BGS may write of one person in the answer to another's call. NULL-terminated; NULL:
   * nothing. */
  const char *const *private_values;
} BgsCaller;

/* How a service function reads, everywhere in this room:
 *
 *   char *bgs_thing_create (client, caller, const BgsThing *thing, GError **error)
 *     Waits at most bgs-read-timeout-ms. Gives what is to be kept of the reply, owned: an id, ""
 *     where nothing is, or a small JSON text of reply values (bgs/kept.h). NULL when error is set.
 *   char *bgs_thing_digest_text (const BgsThing *thing)
 *     The request without its clock and audit fields: the same text as long as the same would be
 *     sent. Holds personal data.
 *
 * Texts in the structs are borrowed; NULL goes out as a nil element, "" as an empty one. Days
 * are YYYY-MM-DD and go out as noon UTC. A fault's message is "<operation>: <text>", the text as
 * BGS wrote it but for personal data. */
