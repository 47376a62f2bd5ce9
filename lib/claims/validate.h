/* What a claim must and should be. Lenient rules refuse; strict ones are warnings unless the
 * setting says otherwise.
 * Source: README.md, rules 1 to 5, and schemas/json/claim.schema.json, which
 * says the same (tests/integration/claim-schema holds the two against each other). */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include <glib.h>

typedef enum {
  /* Refused in every mode: what is enforced today, and rules of ours that keep data from being lost
   * */
  CLAIM_RULE_LENIENT,
  CLAIM_RULE_STRICT,  /* refused in strict mode, a warning else */
  CLAIM_RULE_WARNING, /* never refused */
} ClaimRule;

typedef struct {
  /* JSON pointer in storage (snake_case) terms; "" is the document root; a missing key names its
   * parent */
  char *pointer;
  char *message; /* never holds a value, nor a key that is not one of the claim's own */
  ClaimRule rule;
} ClaimFinding;
void claim_finding_free (ClaimFinding *finding);

/* More findings than this are not told: nothing grows without a bound. The lenient ones come
 * first. */
#define CLAIM_FINDINGS_MAX 200

/**
 * claim_validate:
 * @parent: with veteran_information where the caller has merged it in; borrowed, not altered
 *
 * Looks at everything; stops at no finding. Depth and size are the caller's to bound.
 *
 * Returns: of ClaimFinding *, owned, maybe empty.
 */
GPtrArray *claim_validate (const json_t *parent);
