/* BID: whether a Veteran receives pension. JSON over REST, unlike the rest of this room. Source:
 * BGS reference 4.20. */
#pragma once

#include "bgs/bgs.h"

/* A service of its own behind an address of its own: that one of the two is away says nothing of the other. */
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

/* Errors: BID_ERROR_…; their texts hold neither id nor answer. A read: all may be asked again. Waits at most
 * bid-timeout-ms. */
gboolean bgs_pension_find (BgsClient *client, const char *corporate_participant_id,
                           gboolean *ret_in_receipt, GError **error);
