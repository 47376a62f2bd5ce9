/* The inside of a BgsClient, for the services' files of this room alone. */
#pragma once

#include "bgs/envelope.h"
#include "http/http.h"

/**
 * bgs_call:
 * @body: taken
 *
 * Ends @body, sends it once inside an envelope, and parses the reply. Waits at most
 * bgs-read-timeout-ms.
 * Errors: as in bgs.h. Returns: the reply, or NULL.
 */
BgsReply *bgs_call (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                    BgsBody *body, GError **error);
/* A body to be sent with this client's audit fields and clock. */
BgsBody *bgs_client_body (BgsClient *client, const BgsOperation *operation);

/* The same, where the reply is a row in <return>. Gives return/@id_name, or %BGS_ERROR_UNKNOWN
 * when it is not there. */
char *bgs_call_for_id (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                       BgsBody *body, const char *id_name, GError **error);
/* The same, where the row's key was sent: gives "", or %BGS_ERROR_UNKNOWN when return/@key_name
 * is not @key. */
char *bgs_call_for_key (BgsClient *client, const BgsCaller *caller, const BgsOperation *operation,
                        BgsBody *body, const char *key_name, const char *key, GError **error);
/* A finder by the primary key vnpPtcpntId. */
gboolean bgs_find_by_participant (BgsClient *client, const BgsCaller *caller,
                                  const BgsOperation *operation, const char *participant_id,
                                  gboolean *ret_exists, GError **error);

/* A JSON object of the children of @node with these names (ended by NULL), for what has a value. */
char *bgs_keep (const BgsNode *node, const char *const *names);

/* Sets %BGS_ERROR_UNKNOWN "<operation>: the reply has no <name>" and returns NULL. */
char *bgs_reply_lacks (const BgsOperation *operation, const char *name, GError **error);

/* A GET to BID. Errors: %BID_ERROR_NOT_SENT, %BID_ERROR_NO_ANSWER. */
HttpAnswer *bgs_bid_get (BgsClient *client, const char *path, GError **error);
