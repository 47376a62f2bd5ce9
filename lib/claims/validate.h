/* What a claim must and should be. Lenient rules refuse; strict ones are warnings unless the setting says otherwise.
 * Source: claim document reference, sections 1 to 4, and schemas/json/claim.schema.json. */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

typedef struct {
  char *pointer;             /* JSON pointer in storage (snake_case) terms; "" is the document root; a missing key names its parent */
  char *message;             /* never holds the value */
  gboolean is_strict;        /* breaks a strict rule only */
} ClaimFinding;
void claim_finding_free (ClaimFinding *finding);
/* @parent: with veteran_information where the caller has merged it in. Of ClaimFinding *, owned, maybe empty. */
GPtrArray *claim_validate (const json_t *parent);
