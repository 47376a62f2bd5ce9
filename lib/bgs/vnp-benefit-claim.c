/* vnp benefit claim. Source: README.md, fact 17. */
#include "bgs/vnp-benefit-claim.h"

#include "bgs/client.h"

#define PATH             "/VnpBnftClaimWebServiceBean/VnpBnftClaimService"
#define NAMESPACE        "http://bnftClaimService.services.vonapp.vba.va.gov/"
/* The code of every draft, also for a 674; the update puts the final one in. */
#define DRAFT_CLAIM_TYPE "130DPNEBNADJ"

static const BgsOperation claim_create = { PATH, NAMESPACE, "vnpBnftClaimCreate",
                                           .is_harmless = TRUE };
static const BgsOperation claim_update = { PATH, NAMESPACE, "vnpBnftClaimUpdate",
                                           .is_harmless = TRUE };

static BgsBody *
write_claim (BgsBody *body, const BgsVnpClaim *claim)
{
  bgs_body_open (body, "arg0");
  bgs_body_required_day (body, "claimRcvdDt", claim->received_day);
  bgs_body_required (body, "ptcpntClmantId", claim->veteran_participant_id);
  bgs_body_text (body, "ptcpntMailAddrsId", claim->address_id);
  bgs_body_text (body, "vnpPtcpntVetId", claim->veteran_participant_id);
  bgs_body_text (body, "claimJrsdtnLctnId", claim->location_id);
  bgs_body_text (body, "intakeJrsdtnLctnId", claim->location_id);
  bgs_body_text (body, "netWorthOverLimitInd", claim->net_worth_over_limit);
  bgs_body_text (body, "statusTypeCd", "CURR");
  bgs_body_text (body, "svcTypeCd", "CP");
  bgs_body_text (body, "pgmTypeCd", "COMP");
  bgs_body_text (body, "bnftClaimTypeCd", DRAFT_CLAIM_TYPE);
  bgs_body_text (body, "atchmsInd", "N");
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  /* Capital ID: the usual spelling is ignored */
  bgs_body_required (body, "vnpProcID", claim->proc_id);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_vnp_claim_create (BgsClient *client, const BgsCaller *caller, const BgsVnpClaim *claim,
                      GError **error)
{
  static const char *const kept_names[] = {
    "vnpBnftClaimId", "vnpProcID", "bnftClaimTypeCd", "claimJrsdtnLctnId", "intakeJrsdtnLctnId",
    "ptcpntClmantId", NULL
  };
  BgsBody *body = write_claim (bgs_client_body (client, &claim_create), claim);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &claim_create, body, error);
  const BgsNode *row = NULL;
  g_autofree char *id = NULL;

  if (!reply)
    return NULL;
  row = bgs_node_child (bgs_reply_root (reply), "return");
  id = bgs_node_child_id (row, "vnpBnftClaimId");
  if (!id)
    return bgs_reply_lacks (&claim_create, "vnpBnftClaimId", error);
  return bgs_keep (row, kept_names);
}

char *
bgs_vnp_claim_digest_text (const BgsVnpClaim *claim)
{
  return bgs_body_digest (write_claim (bgs_body_new (&claim_create, NULL, 0), claim));
}

static BgsBody *
write_update (BgsBody *body, const BgsVnpClaimUpdate *update)
{
  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpBnftClaimId", update->vnp_claim_id);
  bgs_body_text (body, "vnpPtcpntVetId", update->veteran_participant_id);
  bgs_body_text (body, "endPrdctTypeCd", update->increment);
  bgs_body_required (body, "bnftClaimTypeCd", update->claim_type);
  bgs_body_required_day (body, "claimRcvdDt", update->received_day);
  bgs_body_text (body, "bnftClaimId", update->benefit_claim_id);
  bgs_body_required (body, "intakeJrsdtnLctnId", update->intake_location_id);
  bgs_body_required (body, "claimJrsdtnLctnId", update->claim_location_id);
  bgs_body_required (body, "pgmTypeCd", update->program_type);
  bgs_body_required (body, "ptcpntClmantId", update->claimant_id);
  bgs_body_required (body, "statusTypeCd", update->status);
  bgs_body_text (body, "svcTypeCd", "CP");
  bgs_body_text (body, "netWorthOverLimitInd", update->net_worth_over_limit);
  /* What is not sent is cleared: these two go out again beside vnpPtcpntVetId. */
  bgs_body_text (body, "ptcpntMailAddrsId", update->address_id);
  bgs_body_text (body, "atchmsInd", "N");
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_required (body, "vnpProcID", update->proc_id);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_vnp_claim_update (BgsClient *client, const BgsCaller *caller, const BgsVnpClaimUpdate *update,
                      GError **error)
{
  return bgs_call_for_key (client, caller, &claim_update,
                           write_update (bgs_client_body (client, &claim_update), update),
                           "vnpBnftClaimId", update->vnp_claim_id, error);
}

char *
bgs_vnp_claim_update_digest_text (const BgsVnpClaimUpdate *update)
{
  return bgs_body_digest (write_update (bgs_body_new (&claim_update, NULL, 0), update));
}
