/* insertBenefitClaim: the one call that cannot be taken back. To be sent under the Veteran's
 * lock alone.
 *
 * BGS takes an increment once; a second insert with it faults with GUIE50010. Source: README.md,
 * fact 18. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *file_number; /* the SSN when there is none */
  const char *ssn;
  const char *corporate_participant_id;
  const char *increment;              /* endProduct */
  const char *claim_type;             /* endProductCode: lib/submission/README.md, rule 5 */
  const char *claim_type_name;        /* endProductName */
  const char *first_name, *last_name; /* normalised here */
  const char *address;                /* what bgs_address_create() kept: the values of the reply */
  const char *office_number;          /* soj: the station number of the routing call */
  const char *received_day;           /* YYYY-MM-DD; goes out as MM/DD/YYYY */
} BgsBenefitClaim;

/* Kept: benefitClaimID claimTypeCode participantClaimantID programTypeCode serviceTypeCode
 * statusTypeCode. */
char *bgs_benefit_claim_insert (BgsClient *client, const BgsCaller *caller,
                                const BgsBenefitClaim *claim, GError **error);
char *bgs_benefit_claim_digest_text (const BgsBenefitClaim *claim);
/* Whether an error says that the increment is taken (GUIE50010). */
gboolean bgs_benefit_claim_is_duplicate (const GError *error);
