/* vnp child school. Source: README.md, fact 12. */
#include "bgs/child-school.h"

#include "bgs/client.h"
#include "bgs/limits.h"

static const BgsOperation school_create = {
  "/VnpChildSchoolWebServiceBean/VnpChildSchoolService",
  "http://childSchoolService.services.vonapp.vba.va.gov/",
  "vnpChildSchoolCreate",
  .is_harmless = TRUE,
};

static void
write_nils (BgsBody *body, const char *const *names)
{
  for (gsize i = 0; names[i]; i++)
    bgs_body_text (body, names[i], NULL);
}

static BgsBody *
write_school (BgsBody *body, const BgsChildSchool *school)
{
  static const char *const previous[] = {
    "prevHoursPerWkNum",
    "prevSessnsPerWkNum",
    "prevSchoolNm",
    "prevSchoolCntryNm",
    "prevSchoolAddrsOneTxt",
    "prevSchoolAddrsTwoTxt",
    "prevSchoolAddrsThreeTxt",
    "prevSchoolCityNm",
    "prevSchoolPostalCd",
    "prevSchoolAddrsZipNbr",
    NULL,
  };
  static const char *const current[] = {
    "curntSchoolAddrsOneTxt",
    "curntSchoolAddrsTwoTxt",
    "curntSchoolAddrsThreeTxt",
    "curntSchoolPostalCd",
    "curntSchoolCityNm",
    "curntSchoolAddrsZipNbr",
    "curntSchoolCntryNm",
    "courseNameTxt",
    "curntSessnsPerWkNum",
    "curntHoursPerWkNum",
    NULL,
  };

  BgsFit fit; /* whoever plans has seen it before */
  g_autofree char *name = bgs_element_fit (BGS_ELEMENT_SCHOOL_NAME, school->school_name, &fit);

  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", school->proc_id);
  bgs_body_required (body, "vnpPtcpntId", school->participant_id);
  bgs_body_day (body, "lastTermStartDt", school->last_term_start);
  bgs_body_day (body, "lastTermEndDt", school->last_term_end);
  write_nils (body, previous);
  bgs_body_private (body, "curntSchoolNm", name);
  write_nils (body, current);
  bgs_body_text (body, "schoolActualExpctdStartDt", school->expected_start);
  bgs_body_day (body, "schoolTermStartDt", school->term_start);
  bgs_body_day (body, "gradtnDt", school->graduation);
  bgs_body_text (body, "fullTimeStudntTypeCd", NULL);
  bgs_body_text (body, "partTimeSchoolSubjctTxt", NULL);
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_child_school_create (BgsClient *client, const BgsCaller *caller, const BgsChildSchool *school,
                         GError **error)
{
  return bgs_call_for_id (client, caller, &school_create,
                          write_school (bgs_client_body (client, &school_create), school),
                          "vnpChildSchoolId", error);
}

char *
bgs_child_school_digest_text (const BgsChildSchool *school)
{
  return bgs_body_digest (write_school (bgs_body_new (&school_create, NULL, 0), school));
}
