/* vnp benefit claim: the draft that stands beside the benefit claim. Source: README.md, fact 17. */
#pragma once

#include "bgs/bgs.h"

typedef struct {
  const char *proc_id;
  const char *veteran_participant_id; /* the Veteran's VNP id: claimant and Veteran */
  const char *address_id;             /* vnpPtcpntAddrsId of the Veteran's address */
  const char *location_id;
  const char *net_worth_over_limit; /* "Y", "N" or NULL */
  const char *received_day; /* YYYY-MM-DD: the day of submission, the same on every attempt */
} BgsVnpClaim;

/* Kept: vnpBnftClaimId vnpProcID bnftClaimTypeCd claimJrsdtnLctnId intakeJrsdtnLctnId
 * ptcpntClmantId. */
char *bgs_vnp_claim_create (BgsClient *client, const BgsCaller *caller, const BgsVnpClaim *claim,
                            GError **error);
char *bgs_vnp_claim_digest_text (const BgsVnpClaim *claim);

/* The whole row is replaced, so what the clients of old left out is sent again. */
typedef struct {
  const char *vnp_claim_id;
  const char *proc_id;
  const char *veteran_participant_id; /* VNP id */
  const char *claimant_id;            /* ptcpntClmantId of the create's reply */
  const char *address_id;
  const char *increment;  /* endPrdctTypeCd */
  const char *claim_type; /* claimTypeCode of the insert's reply */
  const char *received_day;
  const char *benefit_claim_id;                       /* of the insert's reply */
  const char *intake_location_id, *claim_location_id; /* of the create's reply */
  const char *program_type;                           /* programTypeCode of the insert's reply */
  const char *status;                                 /* statusTypeCode of the insert's reply */
  const char *net_worth_over_limit;
} BgsVnpClaimUpdate;

/* Repeating it is harmless. Kept: "". */
char *bgs_vnp_claim_update (BgsClient *client, const BgsCaller *caller,
                            const BgsVnpClaimUpdate *update, GError **error);
char *bgs_vnp_claim_update_digest_text (const BgsVnpClaimUpdate *update);
