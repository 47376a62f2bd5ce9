/* Reads a Veteran's benefit claims: the look after an insert of unknown outcome.
 * Source: README.md, fact 20; "ours" is rule 10 of lib/submission/README.md. */
#pragma once

#include "bgs/bgs.h"

/* A claim as BGS has it; NULL where it says nothing. */
typedef struct {
  char *claim_id;
  char *claim_type;   /* bnftClaimTypeCd */
  char *increment;    /* cpClaimEndPrdctTypeCd */
  char *status;       /* PEND, CLR, CAN, … */
  char *program_type; /* pgmTypeCd */
  char *service_type; /* svcTypeCd */
  char *claimant_id;  /* ptcpntClmantId */
  char *received_at;  /* claimRcvdDt as told */
  char *received_day; /* its day in America/Chicago, YYYY-MM-DD */
  char *first_user;   /* jrnUserId of the earliest bnftClaimLcStatus */
} BgsClaimRow;
void bgs_claim_row_free (BgsClaimRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BgsClaimRow, bgs_claim_row_free)

/* findBnftClaimDetailByPtcpntId. Returns: array of BgsClaimRow, owned; empty when there is none.
 * Replies reach 750 kB. */
GPtrArray *bgs_claims_find (BgsClient *client, const BgsCaller *caller,
                            const char *corporate_participant_id, GError **error);
/* findBnftClaim. TRUE with *ret_row NULL: no such claim. first_user is not told by it. */
gboolean bgs_claim_find (BgsClient *client, const BgsCaller *caller, const char *claim_id,
                         BgsClaimRow **ret_row, GError **error);
