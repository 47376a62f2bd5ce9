/* vnp participant relationship. Source: README.md, fact 14. */
#include "bgs/relationship.h"

#include "bgs/client.h"
#include "bgs/limits.h"

static const BgsOperation relationship_create = {
  "/VnpPtcpntRlnshpWebServiceBean/VnpPtcpntRlnshpService",
  "http://ptcpntRlnshpService.services.vonapp.vba.va.gov/",
  "vnpPtcpntRlnshpCreate",
};

static BgsBody *
write_relationship (BgsBody *body, const BgsRelationship *relationship)
{
  BgsFit fit; /* whoever plans has seen it before */
  g_autofree char *marriage_city =
      bgs_element_fit (BGS_ELEMENT_CITY, relationship->marriage_city, &fit);
  g_autofree char *end_city = bgs_element_fit (BGS_ELEMENT_CITY, relationship->end_city, &fit);

  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", relationship->proc_id);
  bgs_body_required (body, "vnpPtcpntIdA", relationship->from_participant_id);
  bgs_body_required (body, "vnpPtcpntIdB", relationship->to_participant_id);
  bgs_body_text (body, "ptcpntRlnshpTypeNm", relationship->participant_type);
  bgs_body_text (body, "familyRlnshpTypeNm", relationship->family_type);
  bgs_body_day (body, "eventDt", relationship->event_date);
  bgs_body_day (body, "beginDt", relationship->begin_date);
  bgs_body_day (body, "endDt", relationship->end_date);
  bgs_body_text (body, "marageCntryNm", relationship->marriage_country);
  bgs_body_text (body, "marageStateCd", relationship->marriage_state);
  bgs_body_private (body, "marageCityNm", marriage_city);
  bgs_body_text (body, "marageTrmntnCntryNm", relationship->end_country);
  bgs_body_text (body, "marageTrmntnStateCd", relationship->end_state);
  bgs_body_private (body, "marageTrmntnCityNm", end_city);
  bgs_body_text (body, "marageTrmntnTypeCd", relationship->end_type);
  bgs_body_text (body, "mthlySupportFromVetAmt", relationship->support_share);
  bgs_body_text (body, "childPrevlyMarriedInd", relationship->child_was_married);
  bgs_body_text (body, "depHasIncomeInd", relationship->has_income);
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_relationship_create (BgsClient *client, const BgsCaller *caller,
                         const BgsRelationship *relationship, GError **error)
{
  return bgs_call_for_id (
      client, caller, &relationship_create,
      write_relationship (bgs_client_body (client, &relationship_create), relationship),
      "vnpPtcpntRlnshpId", error);
}

char *
bgs_relationship_digest_text (const BgsRelationship *relationship)
{
  return bgs_body_digest (
      write_relationship (bgs_body_new (&relationship_create, NULL, 0), relationship));
}
