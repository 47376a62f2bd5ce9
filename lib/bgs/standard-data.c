/* Standard data. Source: README.md, facts 15 and 16. */
#include "bgs/standard-data.h"

#include "bgs/client.h"

#define PATH      "/StandardDataWebServiceBean/StandardDataWebService"
#define NAMESPACE "http://standarddata.services.vetsnet.vba.va.gov/"

static const BgsOperation increment_find = { PATH, NAMESPACE, "findBenefitClaimTypeIncrement",
                                             .is_harmless = TRUE };
static const BgsOperation offices_find = { PATH, NAMESPACE, "findRegionalOffices",
                                           .is_harmless = TRUE };

char *
bgs_increment_find (BgsClient *client, const BgsCaller *caller,
                    const char *corporate_participant_id, const char *base_type, GError **error)
{
  BgsBody *body = bgs_client_body (client, &increment_find);
  g_autoptr (BgsReply) reply = NULL;
  char *increment = NULL;

  bgs_body_required (body, "ptcpntId", corporate_participant_id);
  bgs_body_required (body, "bnftClaimTypeCd", base_type);
  bgs_body_text (body, "pgmTypeCd", "CPL");
  reply = bgs_call (client, caller, &increment_find, body, error);
  if (!reply)
    return NULL;
  increment = bgs_node_child_id (bgs_reply_root (reply), "return");
  return increment ? increment : bgs_reply_lacks (&increment_find, "increment", error);
}

static void
free_office (gpointer data)
{
  BgsRegionalOffice *office = data;

  g_free (office->location_id);
  g_free (office->station_number);
  g_free (office->name);
  g_free (office);
}

GPtrArray *
bgs_regional_offices_find (BgsClient *client, const BgsCaller *caller, GError **error)
{
  g_autoptr (BgsReply) reply =
      bgs_call (client, caller, &offices_find, bgs_client_body (client, &offices_find), error);
  GPtrArray *offices = NULL;

  if (!reply)
    return NULL;
  offices = g_ptr_array_new_with_free_func (free_office);
  for (const BgsNode *row = bgs_node_child (bgs_reply_root (reply), "return"); row;
       row = bgs_node_next (row)) {
    BgsRegionalOffice *office = g_new0 (BgsRegionalOffice, 1);

    office->location_id = bgs_node_child_id (row, "lctnId");
    office->station_number = bgs_node_child_text (row, "stationNumber");
    office->name = bgs_node_child_text (row, "nm");
    g_ptr_array_add (offices, office);
  }
  return offices;
}

const char *
bgs_regional_offices_location (const GPtrArray *offices, const char *station_number)
{
  for (guint i = 0; i < offices->len; i++) {
    const BgsRegionalOffice *office = g_ptr_array_index (offices, i);

    if (station_number && office->location_id &&
        g_strcmp0 (office->station_number, station_number) == 0)
      return office->location_id;
  }
  return NULL;
}
