/* What a claim must and should be. Lenient rules refuse; strict ones are warnings unless the
 * setting says otherwise.
 * Source: README.md, rules 1 to 5, and schemas/json/claim.schema.json, which
 * says the same (tests/integration/claim-schema holds the two against each other). */
#pragma once

#include <jansson.h>
#include "base/cleanup.h"
#include "claims/finding.h"

/**
 * claim_validate:
 * @parent: with veteran_information where the caller has merged it in; borrowed, not altered
 *
 * Looks at everything; stops at no finding. Depth and size are the caller's to bound.
 *
 * Returns: of ClaimFinding *, owned, maybe empty.
 */
GPtrArray *claim_validate (const json_t *parent);
