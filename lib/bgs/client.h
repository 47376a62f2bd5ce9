/* The inside of a BgsClient, for the services' files of this room alone. */
#pragma once

#include "bgs/envelope.h"
#include "http/http.h"

/**
 * bgs_call:
 * @body: taken
 *
 * Ends @body, sends it once inside an envelope, and parses the reply. Waits at most bgs-read-timeout-ms.
 * Errors: as in bgs.h. Returns: the reply, or NULL.
 */
BgsReply *bgs_call (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation, BgsBody *body,
                    GError **error);
/* A body to be sent with this client's audit fields and clock. */
BgsBody *bgs_client_body (BgsClient *client, const BgsOperation *operation);

/* Sets %BGS_ERROR_UNKNOWN "<operation>: the reply has no <name>" and returns NULL. */
char *bgs_reply_lacks (const BgsOperation *operation, const char *name, GError **error);

/* A GET to BID. Errors: %BGS_ERROR_NOT_SENT, %BGS_ERROR_UNKNOWN. */
HttpAnswer *bgs_bid_get (BgsClient *client, const char *path, GError **error);
