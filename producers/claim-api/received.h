/* A request's body read as a submission: the claim to store, whose it is, what is attached, and
 * what is wrong with it. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

#include "attachments.h"

typedef struct {
  json_t *parent;         /* the parent claim as it is stored */
  json_t *user_data;      /* { "veteran_information": … } of the signed-in user */
  GPtrArray *attachments; /* of Attachment * */
  GPtrArray *refusals;    /* of ClaimFinding *; empty: the submission may be stored */
  GPtrArray *warnings;    /* of ClaimFinding * */
} Received;
void received_free (Received *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Received, received_free)

/**
 * received_read:
 * @body: an object within the bounds of body_parse(), keys in snake_case; borrowed
 * @is_strict: strict findings refuse instead of warning
 *
 * Keeps every key but a veteran_information beside user_data, which comes with the user; of what
 * nobody reads there is a warning. A body without dependents_application, or with nothing in it, is
 * itself taken for the content of that key.
 *
 * Source: lib/claims/README.md, rules 1, 2 and 7. Returns: the submission, owned; it is complete
 * only when there are no refusals.
 */
Received *received_read (const json_t *body, gboolean is_strict);

/* Bytes of @body as compact JSON, attachments left out: what a claim itself weighs. */
gsize submission_claim_bytes (const json_t *body);
