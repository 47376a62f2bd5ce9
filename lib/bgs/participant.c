/* vnp participant. Source: README.md, fact 8. */
#include "bgs/participant.h"

#include "bgs/client.h"

static const BgsOperation participant_create = {
  "/VnpPtcpntWebServiceBean/VnpPtcpntService",
  "http://ptcpntService.services.vonapp.vba.va.gov/",
  "vnpPtcpntCreate",
  .is_harmless = TRUE,
};

static BgsBody *
write_participant (BgsBody *body, const BgsParticipant *participant)
{
  bgs_body_open (body, "arg0");
  bgs_body_text (body, "vnpPtcpntId", NULL);
  bgs_body_required (body, "vnpProcId", participant->proc_id);
  bgs_body_text (body, "fraudInd", NULL);
  bgs_body_audit (body, BGS_AUDIT_LISTED);
  bgs_body_text (body, "legacyPoaCd", NULL);
  bgs_body_text (body, "miscVendorInd", NULL);
  bgs_body_text (body, "ptcpntShortNm", NULL);
  bgs_body_text (body, "ptcpntTypeNm", "Person");
  bgs_body_text (body, "taxIdfctnNbr", NULL);
  bgs_body_text (body, "tinWaiverReasonTypeCd", NULL);
  bgs_body_text (body, "ptcpntFkPtcpntId", NULL);
  bgs_body_text (body, "corpPtcpntId", participant->corporate_participant_id);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_participant_create (BgsClient *client, const BgsCaller *caller,
                        const BgsParticipant *participant, GError **error)
{
  return bgs_call_for_id (
      client, caller, &participant_create,
      write_participant (bgs_client_body (client, &participant_create), participant), "vnpPtcpntId",
      error);
}

char *
bgs_participant_digest_text (const BgsParticipant *participant)
{
  return bgs_body_digest (
      write_participant (bgs_body_new (&participant_create, NULL, 0), participant));
}
