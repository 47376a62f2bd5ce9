/* From the text of a claim to a submission that may be stored, or to the answer that says why
 * not. */
#pragma once

#include "body.h"
#include "http/server.h"
#include "received.h"

typedef struct {
  BodyBounds bounds;
  gsize max_claim_bytes;
  gboolean is_strict;
} ClaimRules;

/**
 * claim_read:
 * @text: JSON; keys in camelCase when @is_camel
 * @ret_body, @ret_received: owned by the caller
 *
 * Returns: NULL when the claim breaks no rule; else a 400, 413 or 422, and nothing is set.
 */
HttpReply *claim_read (GBytes *text, const ClaimRules *rules, gboolean is_camel, json_t **ret_body,
                       Received **ret_received);
