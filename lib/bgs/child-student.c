/* vnp child student. Source: README.md, fact 13. */
#include "bgs/child-student.h"

#include "bgs/client.h"
#include "bgs/limits.h"

#define PATH      "/VnpChildStudentWebServiceBean/VnpChildStudentService"
#define NAMESPACE "http://childStudentService.services.vonapp.vba.va.gov/"

static const BgsOperation student_create = { PATH, NAMESPACE, "vnpChildStudentCreate" };
static const BgsOperation student_find = { PATH, NAMESPACE, "vnpChildStudentFindByPrimaryKey",
                                           .is_harmless = TRUE };

static BgsBody *
write_student (BgsBody *body, const BgsChildStudent *student)
{
  BgsFit fit; /* whoever plans has seen it before */
  g_autofree char *remarks = bgs_element_fit (BGS_ELEMENT_REMARKS, student->remarks, &fit);

  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", student->proc_id);
  bgs_body_required (body, "vnpPtcpntId", student->participant_id);
  bgs_body_text (body, "savingAmt", student->savings);
  bgs_body_text (body, "realEstateAmt", student->real_estate);
  bgs_body_text (body, "otherAssetAmt", student->other_assets);
  bgs_body_private (body, "rmks", remarks);
  bgs_body_day (body, "marageDt", student->marriage_date);
  bgs_body_text (body, "agencyPayingTuitnNm", NULL);
  bgs_body_text (body, "stockBondAmt", student->securities);
  bgs_body_text (body, "govtPaidTuitnInd", student->is_tuition_paid_by_government);
  bgs_body_day (body, "govtPaidTuitnStartDt", student->tuition_start_date);
  bgs_body_text (body, "termYearEmplmtIncomeAmt", student->earnings);
  bgs_body_text (body, "termYearOtherIncomeAmt", student->other_income);
  bgs_body_text (body, "termYearSsaIncomeAmt", student->social_security);
  bgs_body_text (body, "termYearAnntyIncomeAmt", student->annuities);
  /* The second year has another order than the first. */
  bgs_body_text (body, "nextYearAnntyIncomeAmt", student->next_annuities);
  bgs_body_text (body, "nextYearEmplmtIncomeAmt", student->next_earnings);
  bgs_body_text (body, "nextYearOtherIncomeAmt", student->next_other_income);
  bgs_body_text (body, "nextYearSsaIncomeAmt", student->next_social_security);
  bgs_body_text (body, "acrdtdSchoolInd", student->is_school_accredited);
  bgs_body_text (body, "atndedSchoolCntnusInd", student->is_full_time);
  bgs_body_text (body, "stopedAtndngSchoolDt", NULL);
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_child_student_create (BgsClient *client, const BgsCaller *caller,
                          const BgsChildStudent *student, GError **error)
{
  return bgs_call_for_key (client, caller, &student_create,
                           write_student (bgs_client_body (client, &student_create), student),
                           "vnpPtcpntId", student->participant_id, error);
}

char *
bgs_child_student_digest_text (const BgsChildStudent *student)
{
  return bgs_body_digest (write_student (bgs_body_new (&student_create, NULL, 0), student));
}

gboolean
bgs_child_student_find (BgsClient *client, const BgsCaller *caller, const char *participant_id,
                        gboolean *ret_exists, GError **error)
{
  return bgs_find_by_participant (client, caller, &student_find, participant_id, ret_exists, error);
}
