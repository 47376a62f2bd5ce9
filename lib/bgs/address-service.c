/* vnp participant address. Source: README.md, fact 10. */
#include "bgs/address-service.h"

#include "bgs/client.h"
#include "bgs/limits.h"

static const BgsOperation address_create = {
  "/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService",
  "http://ptcpntAddrsService.services.vonapp.vba.va.gov/",
  "vnpPtcpntAddrsCreate",
  .is_harmless = TRUE,
};

static BgsBody *
write_address (BgsBody *body, const BgsAddressRow *row)
{
  const BgsAddress *address = row->address;
  BgsFit fit; /* whoever plans has seen it before */
  g_autofree char *email = bgs_element_fit (BGS_ELEMENT_EMAIL, row->email, &fit);

  bgs_body_open (body, "arg0");
  bgs_body_now (body, "efctvDt");
  bgs_body_required (body, "vnpPtcpntId", row->participant_id);
  bgs_body_required (body, "vnpProcId", row->proc_id);
  bgs_body_text (body, "ptcpntAddrsTypeNm", "Mailing");
  bgs_body_text (body, "sharedAddrsInd", "N");
  bgs_body_private (body, "addrsOneTxt", address->line_one);
  bgs_body_private (body, "addrsTwoTxt", address->line_two);
  bgs_body_private (body, "addrsThreeTxt", address->line_three);
  bgs_body_private (body, "cityNm", address->city);
  bgs_body_text (body, "cntryNm", address->country);
  bgs_body_text (body, "postalCd", address->state); /* the state: the name misleads */
  bgs_body_private (body, "frgnPostalCd", address->foreign_postal_code);
  bgs_body_text (body, "mltyPostalTypeCd", address->military_postal_type);
  bgs_body_text (body, "mltyPostOfficeTypeCd", address->military_post_office_type);
  bgs_body_private (body, "zipPrefixNbr", address->zip);
  if (address->zip_suffix)
    bgs_body_text (body, "zipFirstSuffixNbr", address->zip_suffix);
  bgs_body_text (body, "prvncNm", address->province);
  bgs_body_private (body, "emailAddrsTxt", email);
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_address_create (BgsClient *client, const BgsCaller *caller, const BgsAddressRow *row,
                    GError **error)
{
  static const char *const kept_names[] = {
    "vnpPtcpntAddrsId",
    "addrsOneTxt",
    "addrsTwoTxt",
    "addrsThreeTxt",
    "cityNm",
    "cntryNm",
    "postalCd",
    "frgnPostalCd",
    "zipPrefixNbr",
    "zipFirstSuffixNbr",
    "prvncNm",
    "mltyPostalTypeCd",
    "mltyPostOfficeTypeCd",
    NULL,
  };
  BgsBody *body = write_address (bgs_client_body (client, &address_create), row);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &address_create, body, error);
  const BgsNode *echo = NULL;
  g_autofree char *id = NULL;

  if (!reply)
    return NULL;
  echo = bgs_node_child (bgs_reply_root (reply), "return");
  id = bgs_node_child_id (echo, "vnpPtcpntAddrsId");
  if (!id)
    return bgs_reply_lacks (&address_create, "vnpPtcpntAddrsId", error);
  return bgs_keep (echo, kept_names);
}

char *
bgs_address_digest_text (const BgsAddressRow *row)
{
  return bgs_body_digest (write_address (bgs_body_new (&address_create, NULL, 0), row));
}
