/* claim-api as pipelinectl meets it: submits and asks, over HTTP. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "base/settings.h"
#include "upload.h"

/* claim-api-url, claim-api-token, claim-api-ca-file */
extern const Setting claim_api_client_settings[];

typedef struct ClaimApiClient ClaimApiClient; /* thread safe */
/* Errors: %SETTINGS_ERROR_INVALID. */
ClaimApiClient *claim_api_client_new (const Settings *settings, GError **error);
void claim_api_client_free (ClaimApiClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClaimApiClient, claim_api_client_free)

/**
 * claim_api_submit:
 * @body: a request of claim-api; borrowed
 * @files: sent beside it, as multipart/form-data; NULL: none. Borrowed
 *
 * Waits for 30 s, and longer by 30 s a file and 1 s a MB. Sends it under an idempotency key of its
 * own, so that it may be sent again when no answer came.
 *
 * Errors: that of the last try. Every HTTP status is an answer.
 * Returns: the answer's JSON, owned; *@ret_status is its HTTP status. *@ret_is_repeat: the claim
 * was there before, and this is the answer that was given then.
 */
json_t *claim_api_submit (ClaimApiClient *client, const json_t *body, const AttachedFiles *files,
                          long *ret_status, gboolean *ret_is_repeat, GError **error);
/* The same for a group's status. */
json_t *claim_api_status (ClaimApiClient *client, const char *guid, long *ret_status,
                          GError **error);
