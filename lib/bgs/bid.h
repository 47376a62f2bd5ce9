/* BID: whether a Veteran receives pension. JSON over REST, unlike the rest of this room. Source:
 * README.md, fact 21. */
#pragma once

#include "bgs/bgs.h"

/* Errors: BID_ERROR_…; their texts hold neither id nor answer. A read: all may be asked again.
 * Waits at most bid-timeout-ms. */
gboolean bgs_pension_find (BgsClient *client, const char *corporate_participant_id,
                           gboolean *ret_in_receipt, GError **error);
