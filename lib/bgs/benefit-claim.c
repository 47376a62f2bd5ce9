/* insertBenefitClaim: 77 elements, always all of them. Source: README.md, fact 18. */
#include "bgs/benefit-claim.h"

#include <string.h>
#include "base/text.h"
#include "bgs/client.h"
#include "bgs/kept.h"
#include "bgs/limits.h"

#define INSERTED "GUIE05000"

static const BgsOperation claim_insert = {
  "/BenefitClaimServiceBean/BenefitClaimWebService",
  "http://services.share.benefits.vba.va.gov/",
  "insertBenefitClaim",
};

static void
write_nils (BgsBody *body, const char *const *names)
{
  for (gsize i = 0; names[i]; i++)
    bgs_body_text (body, names[i], NULL);
}

static char *
without_dashes (const char *number)
{
  GString *text = g_string_new (NULL);

  for (const char *at = number ? number : ""; *at; at++)
    if (*at != '-' && !g_ascii_isspace (*at))
      g_string_append_c (text, *at);
  return g_string_free (text, FALSE);
}

/* MM/DD/YYYY of YYYY-MM-DD; NULL when it is none, which the missing element then tells. */
static char *
american_day (const char *day)
{
  if (!day || strlen (day) != 10)
    return NULL;
  return g_strdup_printf ("%.2s/%.2s/%.4s", day + 5, day + 8, day);
}

/* Elements 1 to 21. */
static void
write_claim_and_name (BgsBody *body, const BgsBenefitClaim *claim)
{
  BgsFit fit; /* whoever plans has seen it before */
  g_autofree char *file_number = without_dashes (claim->file_number);
  g_autofree char *ssn = text_digits (claim->ssn);
  g_autofree char *first = bgs_element_fit (BGS_ELEMENT_FIRST_NAME, claim->first_name, &fit);
  g_autofree char *last = bgs_element_fit (BGS_ELEMENT_LAST_NAME, claim->last_name, &fit);
  g_autofree char *city = bgs_kept_value (claim->address, "cityNm");
  g_autofree char *state = bgs_kept_value (claim->address, "postalCd");
  g_autofree char *zip = bgs_kept_value (claim->address, "zipPrefixNbr");
  g_autofree char *country = bgs_kept_value (claim->address, "cntryNm");
  g_autofree char *day = american_day (claim->received_day);

  bgs_body_required_private (body, "fileNumber", file_number);
  bgs_body_required_private (body, "ssn", ssn);
  bgs_body_text (body, "benefitClaimType", "1");
  bgs_body_text (body, "payee", "00");
  bgs_body_required (body, "endProduct", claim->increment);
  bgs_body_required (body, "endProductCode", claim->claim_type);
  bgs_body_required_private (body, "firstName", first);
  bgs_body_required_private (body, "lastName", last);
  bgs_body_private (body, "city", city); /* nil for a military address */
  bgs_body_text (body, "state", state);
  bgs_body_private (body, "postalCode", zip);
  bgs_body_required (body, "country", country);
  bgs_body_text (body, "disposition", "M");
  bgs_body_text (body, "sectionUnitNo", "555");
  bgs_body_text (body, "folderWithClaim", "N");
  bgs_body_required (body, "endProductName", claim->claim_type_name);
  bgs_body_text (body, "preDischargeIndicator", "N");
  bgs_body_required (body, "dateOfClaim", day);
  bgs_body_text (body, "titleName", NULL);
  bgs_body_text (body, "middleName", NULL);
  bgs_body_text (body, "suffixName", NULL);
}

/* Elements 22 to 44. */
static void
write_address (BgsBody *body, const BgsBenefitClaim *claim)
{
  static const char *const before_office[] = {
    "postalCodePlus4",
    "dayTimeAreaCode",
    "dayTimePhoneNumber",
    "nightTimeAreaCode",
    "nightTimePhoneNumber",
    "emailAddress",
    "suspenseDate",
    "futureReason",
    "claimantSsn",
    "beneficiaryDateOfBirth",
    "powerOfAttorney",
    "gulfWarRegistryPermit",
    "suppressAcknowledgementLetter",
    "specialIssueCase",
    "inTakeSite",
    NULL,
  };
  g_autofree char *line_one = bgs_kept_value (claim->address, "addrsOneTxt");
  g_autofree char *line_two = bgs_kept_value (claim->address, "addrsTwoTxt");
  g_autofree char *line_three = bgs_kept_value (claim->address, "addrsThreeTxt");
  g_autofree char *military = bgs_kept_value (claim->address, "mltyPostalTypeCd");
  g_autofree char *post_office = bgs_kept_value (claim->address, "mltyPostOfficeTypeCd");
  g_autofree char *foreign = bgs_kept_value (claim->address, "frgnPostalCd");
  g_autofree char *country = bgs_kept_value (claim->address, "cntryNm");
  const char *type = NULL;

  if (military || post_office)
    type = "OVR";
  else if (country && !g_str_equal (country, "USA"))
    type = "INT";
  bgs_body_private (body, "addressLine1", line_one);
  bgs_body_private (body, "addressLine2", line_two);
  bgs_body_private (body, "addressLine3", line_three);
  write_nils (body, before_office);
  bgs_body_text (body, "soj", claim->office_number);
  bgs_body_text (body, "mltyPostalTypeCd", military);
  bgs_body_text (body, "mltyPostOfficeTypeCd", post_office);
  bgs_body_private (body, "foreignMailCode", foreign);
  bgs_body_text (body, "addressType", type);
}

static BgsBody *
write_claim (BgsBody *body, const BgsBenefitClaim *claim)
{
  static const char *const before_claimant[] = {
    "bypassIndicator",    "bnftClaimId", "allowPoaAccess",  "allowPoaCadd",      "submtrRoleTypeCd",
    "submtrApplcnTypeCd", "awardSoj",    "powNumberOfDays", "homelessIndicator", NULL,
  };
  static const char *const after_claimant[] = {
    "preDschrgTypeCd",
    "personOrgInd",
    "payeeOrgName",
    "payeeOrgType",
    "payeeOrgTitle",
    "groupOneValidatedInd",
    "prvncNm",
    "trtryNm",
    "treasuryMailingAddress1",
    "treasuryMailingAddress2",
    "treasuryMailingAddress3",
    "treasuryMailingAddress4",
    "treasuryMailingAddress5",
    "treasuryMailingAddress6",
    "fiduciaryOneLastName",
    "fiduciaryOneFirstName",
    "fiduciaryOneMiddleName",
    "fiduciaryOneSuffixName",
    "fiduciaryOrgName",
    "ptcpntIdFiduciaryOne",
    "fiduciaryOrgTitle",
    "fiduciaryOrgType",
    "fiduciaryPrepPhraseType",
    NULL,
  };

  bgs_body_open (body, "benefitClaimInput");
  write_claim_and_name (body, claim);
  write_address (body, claim);
  write_nils (body, before_claimant);
  bgs_body_required (body, "ptcpntIdClaimant", claim->corporate_participant_id);
  write_nils (body, after_claimant);
  bgs_body_close (body, "benefitClaimInput");
  return body;
}

char *
bgs_benefit_claim_insert (BgsClient *client, const BgsCaller *caller, const BgsBenefitClaim *claim,
                          GError **error)
{
  static const char *const kept_names[] = { "benefitClaimID",
                                            "claimTypeCode",
                                            "participantClaimantID",
                                            "programTypeCode",
                                            "serviceTypeCode",
                                            "statusTypeCode",
                                            NULL };
  BgsBody *body = write_claim (bgs_client_body (client, &claim_insert), claim);
  g_autoptr (BgsReply) reply = bgs_call (client, caller, &claim_insert, body, error);
  const BgsNode *result = NULL;
  const BgsNode *record = NULL;
  g_autofree char *code = NULL;
  g_autofree char *id = NULL;

  if (!reply)
    return NULL;
  result = bgs_node_child (bgs_reply_root (reply), "return");
  code = bgs_node_child_text (result, "returnCode");
  record = bgs_node_child (result, "benefitClaimRecord");
  id = bgs_node_child_id (record, "benefitClaimID");
  if (!id)
    return bgs_reply_lacks (&claim_insert, "benefitClaimID", error);
  /* Another code beside an id says neither yes nor no: the look decides. */
  if (code && !g_str_equal (code, INSERTED)) {
    g_set_error_literal (error, BGS_ERROR, BGS_ERROR_UNKNOWN,
                         "insertBenefitClaim: the reply has an id and no success code");
    return NULL;
  }
  return bgs_keep (record, kept_names);
}

char *
bgs_benefit_claim_digest_text (const BgsBenefitClaim *claim)
{
  return bgs_body_digest (write_claim (bgs_body_new (&claim_insert, NULL, 0), claim));
}

gboolean
bgs_benefit_claim_is_duplicate (const GError *error)
{
  return g_error_matches (error, BGS_ERROR, BGS_ERROR_FAULT) &&
         strstr (error->message, "GUIE50010");
}
