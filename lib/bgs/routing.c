/* The routing service, the only one whose inner elements are qualified. Source: README.md, fact 16.
 */
#include "bgs/routing.h"

#include "bgs/client.h"

static const BgsOperation office_find = {
  "/RORoutingServiceWS/RORoutingService",
  "http://www.va.gov/vba/corp/schema/roRoutingService/v20101101",
  "GetRegionalOfficeByZipCode",
  .is_qualified = TRUE,
  .is_harmless = TRUE,
};

gboolean
bgs_routing_find (BgsClient *client, const BgsCaller *caller, const char *zip, const char *country,
                  char **ret_number, GError **error)
{
  BgsBody *body = bgs_client_body (client, &office_find);
  g_autoptr (BgsReply) reply = NULL;

  bgs_body_open (body, "searchROCriteria");
  bgs_body_private (body, "zipCode", zip ? zip : "");
  bgs_body_text (body, "country", country ? country : "");
  bgs_body_text (body, "province", "");
  bgs_body_close (body, "searchROCriteria");
  bgs_body_text (body, "lob", "CP");
  reply = bgs_call (client, caller, &office_find, body, error);
  if (!reply)
    return FALSE;
  *ret_number =
      bgs_node_child_id (bgs_node_child (bgs_reply_root (reply), "regionalOffice"), "number");
  return TRUE;
}
