/* Reads benefit claims. Source: README.md, fact 20. */
#include "bgs/benefit-claim-finder.h"

#include <string.h>
#include "base/clock.h"
#include "bgs/client.h"

#define PATH      "/BenefitClaimWebServiceBean/BenefitClaimWebServiceV1"
#define NAMESPACE "http://benefitclaim.services.vetsnet.vba.va.gov/"

static const BgsOperation details_find = { PATH, NAMESPACE, "findBnftClaimDetailByPtcpntId",
                                           .is_harmless = TRUE };
static const BgsOperation claim_find = { PATH, NAMESPACE, "findBnftClaim", .is_harmless = TRUE };

void
bgs_claim_row_free (BgsClaimRow *row)
{
  if (!row)
    return;
  g_free (row->claim_id);
  g_free (row->claim_type);
  g_free (row->increment);
  g_free (row->status);
  g_free (row->program_type);
  g_free (row->service_type);
  g_free (row->claimant_id);
  g_free (row->received_at);
  g_free (row->received_day);
  g_free (row->first_user);
  g_free (row);
}

/* Who journalled the first life-cycle status. One without a readable time never counts as the
 * first. */
static char *
first_user_of (const BgsNode *claim)
{
  g_autofree char *user = NULL;
  gint64 earliest = G_MAXINT64;

  for (const BgsNode *status = bgs_node_child (claim, "bnftClaimLcStatus"); status;
       status = bgs_node_next (status)) {
    g_autofree char *changed = bgs_node_child_text (status, "chngdDt");
    g_autofree char *journalled = bgs_node_child_text (status, "jrnDt");
    gint64 at = 0;

    if (!changed || !clock_parse_iso (changed, &at))
      if (!journalled || !clock_parse_iso (journalled, &at))
        continue;
    if (at >= earliest)
      continue;
    earliest = at;
    g_free (user);
    user = bgs_node_child_text (status, "jrnUserId");
  }
  return g_steal_pointer (&user);
}

/* The Chicago day of a timestamp; a date without a time is that day already. */
static char *
chicago_day_of (const char *text)
{
  gint64 at = 0;

  if (!text || !clock_parse_iso (text, &at))
    return NULL;
  return strlen (text) == 10 ? g_strdup (text) : clock_chicago_day (at);
}

static BgsClaimRow *
read_row (const BgsNode *claim)
{
  BgsClaimRow *row = g_new0 (BgsClaimRow, 1);

  row->claim_id = bgs_node_child_id (claim, "bnftClaimId");
  row->claim_type = bgs_node_child_text (claim, "bnftClaimTypeCd");
  row->increment = bgs_node_child_text (claim, "cpClaimEndPrdctTypeCd");
  row->status = bgs_node_child_text (claim, "statusTypeCd");
  row->program_type = bgs_node_child_text (claim, "pgmTypeCd");
  row->service_type = bgs_node_child_text (claim, "svcTypeCd");
  row->claimant_id = bgs_node_child_id (claim, "ptcpntClmantId");
  row->received_at = bgs_node_child_text (claim, "claimRcvdDt");
  row->received_day = chicago_day_of (row->received_at);
  row->first_user = first_user_of (claim);
  return row;
}

GPtrArray *
bgs_claims_find (BgsClient *client, const BgsCaller *caller, const char *corporate_participant_id,
                 GError **error)
{
  BgsBody *body = bgs_client_body (client, &details_find);
  g_autoptr (BgsReply) reply = NULL;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)bgs_claim_row_free);

  bgs_body_required (body, "ptcpntId", corporate_participant_id);
  reply = bgs_call (client, caller, &details_find, body, error);
  if (!reply)
    return NULL;
  for (const BgsNode *claim = bgs_node_child (bgs_reply_root (reply), "BnftClaimDetail"); claim;
       claim = bgs_node_next (claim)) {
    BgsClaimRow *row = read_row (claim);

    g_ptr_array_add (rows, row);
    /* A list that cannot be read whole must not be taken for one without our claim. */
    if (!row->claim_id) {
      bgs_reply_lacks (&details_find, "bnftClaimId in a row", error);
      return NULL;
    }
  }
  return g_steal_pointer (&rows);
}

gboolean
bgs_claim_find (BgsClient *client, const BgsCaller *caller, const char *claim_id,
                BgsClaimRow **ret_row, GError **error)
{
  BgsBody *body = bgs_client_body (client, &claim_find);
  g_autoptr (BgsReply) reply = NULL;
  g_autoptr (BgsClaimRow) row = NULL;
  const BgsNode *claim = NULL;

  bgs_body_required (body, "bnftClaimId", claim_id);
  reply = bgs_call (client, caller, &claim_find, body, error);
  if (!reply)
    return FALSE;
  claim = bgs_node_child (bgs_reply_root (reply), "BnftClaimDTO");
  if (claim)
    row = read_row (claim);
  *ret_row = row && row->claim_id ? g_steal_pointer (&row) : NULL;
  return TRUE;
}
