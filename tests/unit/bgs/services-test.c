/* Each service: what goes out, element by element in the order of the wire, and what is kept of
 * both dialects' replies. */
#include "bgs/address-service.h"
#include "bgs/benefit-claim-finder.h"
#include "bgs/benefit-claim.h"
#include "bgs/bid.h"
#include "bgs/child-school.h"
#include "bgs/child-student.h"
#include "bgs/kept.h"
#include "bgs/notes.h"
#include "bgs/participant.h"
#include "bgs/person.h"
#include "bgs/phone.h"
#include "bgs/proc-form.h"
#include "bgs/proc.h"
#include "bgs/relationship.h"
#include "bgs/routing.h"
#include "bgs/standard-data.h"
#include "bgs/vnp-benefit-claim.h"
#include "unit/bgs/fake-bgs.h"

#define PROC      "http://procService.services.v2.vonapp.vba.va.gov/"
#define PROC_FORM "http://procFormService.services.vonapp.vba.va.gov/"
#define PTCPNT    "http://ptcpntService.services.vonapp.vba.va.gov/"
#define PERSON    "http://personService.services.vonapp.vba.va.gov/"
#define ADDRS     "http://ptcpntAddrsService.services.vonapp.vba.va.gov/"
#define PHONE     "http://ptcpntPhoneService.services.vonapp.vba.va.gov/"
#define SCHOOL    "http://childSchoolService.services.vonapp.vba.va.gov/"
#define STUDENT   "http://childStudentService.services.vonapp.vba.va.gov/"
#define RLNSHP    "http://ptcpntRlnshpService.services.vonapp.vba.va.gov/"
#define VNP_CLAIM "http://bnftClaimService.services.vonapp.vba.va.gov/"
#define CLAIM     "http://services.share.benefits.vba.va.gov/"
#define CLAIM_V1  "http://benefitclaim.services.vetsnet.vba.va.gov/"
#define STD_DATA  "http://standarddata.services.vetsnet.vba.va.gov/"
#define ROUTING   "http://www.va.gov/vba/corp/schema/roRoutingService/v20101101"
#define NOTES     "http://services.mapd.benefits.vba.va.gov/"

static void
sent (FakeBgs *fake, const char *path, const char *xml_namespace, const char *action,
      const char *expected)
{
  g_autofree char *line = fake_request (fake);
  g_autofree char *declared = g_strdup_printf ("xmlns:t=\"%s\"", xml_namespace);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", action);

  g_assert_cmpstr (line, ==, expected);
  g_assert_cmpstr (fake->path, ==, path);
  g_assert_cmpstr (fake->action, ==, quoted);
  g_assert_cmpstr (fake->content_type, ==, "text/xml;charset=UTF-8");
  g_assert_nonnull (strstr (fake->request, declared));
}

static void
kept_is (const char *kept, const char *name, const char *expected)
{
  g_autofree char *value = bgs_kept_value (kept, name);

  g_assert_cmpstr (value, ==, expected);
}

static void
no_clock_in (char *digest, const char *must_have)
{
  g_assert_null (strstr (digest, "jrn"));
  g_assert_null (strstr (digest, "2026-11-21T19"));
  g_assert_nonnull (strstr (digest, must_have));
  g_free (digest);
}

/* A required element without a value: nothing is sent, and the text names the element alone. */
static void
refuses (FakeBgs *fake, char *result, GError *error, const char *message)
{
  g_assert_null (result);
  g_assert_error (error, BGS_ERROR, BGS_ERROR_ARGUMENT);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_cmpuint (fake_requests (fake), ==, 0);
  g_error_free (error);
}

/* Whether a repeat would do harm is said of each operation: then a fault that BGS is not known to
 * give proves nothing. */
#define FOREIGN_FAULT_IS(code, create, thing)                                                      \
  {                                                                                                \
    g_autoptr (GError) problem = NULL;                                                             \
                                                                                                   \
    fake_faults (fake, "backend read timed out", NULL);                                            \
    g_assert_null (create (fake->client, &fake->caller, thing, &problem));                         \
    g_assert_error (problem, BGS_ERROR, code);                                                     \
  }

static void
test_header (void)
{
  FakeBgs *fake = fake_start ();
  BgsPhone phone = { .proc_id = "1", .participant_id = "2", .number = "2025550101" };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  fake_says_new (fake, PHONE, "vnpPtcpntPhoneCreate",
                 "<return><vnpPtcpntPhoneId>5</vnpPtcpntPhoneId></return>");
  fake->caller.external_uid = "1012\"<uid>&'";
  fake->caller.external_key = "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ, ninety";
  first = bgs_phone_create (fake->client, &fake->caller, &phone, NULL);
  g_assert_cmpstr (first, ==, "5");
  g_assert_nonnull (
      strstr (fake->request,
              "<w:UsernameToken><w:Username>VAgovAPI</w:Username></w:UsernameToken>"
              "<v:VaServiceHeaders xmlns:v=\"http://vbawebservices.vba.va.gov/vawss\">"
              "<v:CLIENT_MACHINE>10.1.2.3</v:CLIENT_MACHINE><v:STN_ID>281</v:STN_ID>"
              "<v:applicationName>VAgovAPI</"
              "v:applicationName><v:ExternalUid>1012&quot;&lt;uid&gt;&amp;&#39;</v:ExternalUid>"
              "<v:ExternalKey>ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ</v:ExternalKey></"
              "v:VaServiceHeaders></w:Security>"));
  second = bgs_phone_create (fake->client, NULL, &phone, NULL);
  g_assert_nonnull (
      strstr (fake->request, "<v:ExternalUid></v:ExternalUid><v:ExternalKey></v:ExternalKey>"));
  fake_stop (fake);
}

static void
test_proc (void)
{
  FakeBgs *fake = fake_start ();
  BgsProc proc = { .state = BGS_PROC_STARTED };
  BgsProcUpdate update = { .proc_id = "3830249",
                           .state = BGS_PROC_READY,
                           .created_at = "2026-11-20T01:02:03Z" };
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *updated = NULL;
  g_autofree char *state = NULL;
  g_autofree char *none = NULL;

  fake_says_new (fake, PROC, "vnpProcCreate",
                 "<return><vnpProcId>3830249</vnpProcId><vnpProcTypeCd>DEPCHG</vnpProcTypeCd>"
                 "<creatdDt>2026-11-21T19:05:07Z</creatdDt></return>");
  kept = bgs_proc_create (fake->client, &fake->caller, &proc, &error);
  g_assert_no_error (error);
  kept_is (kept, "vnpProcId", "3830249");
  kept_is (kept, "creatdDt", NOW);
  sent (fake, "/VnpProcWebServiceBeanV2/VnpProcServiceV2", PROC, "vnpProcCreate",
        "vnpProcCreate{arg0{vnpProcTypeCd=DEPCHG vnpProcStateTypeCd=Started creatdDt=" NOW
        " lastModifdDt=" NOW " submtdDt=" NOW J5 "}}");
  no_clock_in (bgs_proc_digest_text (&proc), "Started");

  fake_says_new (fake, PROC, "vnpProcUpdate", "<return><vnpProcId>3830249</vnpProcId></return>");
  updated = bgs_proc_update (fake->client, &fake->caller, &update, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (updated, ==, "");
  sent (fake, "/VnpProcWebServiceBeanV2/VnpProcServiceV2", PROC, "vnpProcUpdate",
        "vnpProcUpdate{arg0{vnpProcId=3830249 vnpProcTypeCd=DEPCHG vnpProcStateTypeCd=Ready"
        " creatdDt=2026-11-20T01:02:03Z lastModifdDt=" NOW " submtdDt=" NOW J5 "}}");
  no_clock_in (bgs_proc_update_digest_text (&update), "2026-11-20T01:02:03Z");

  fake_says_new (fake, PROC, "vnpProcFindByPrimaryKey",
                 "<return><vnpProcId>3830249</vnpProcId><vnpProcStateTypeCd>Started</"
                 "vnpProcStateTypeCd></return>");
  g_assert_true (bgs_proc_find (fake->client, &fake->caller, "3830249", &state, &error));
  g_assert_cmpstr (state, ==, "Started");
  sent (fake, "/VnpProcWebServiceBeanV2/VnpProcServiceV2", PROC, "vnpProcFindByPrimaryKey",
        "vnpProcFindByPrimaryKey{vnpProcId=3830249}");
  fake_says_new (fake, PROC, "vnpProcFindByPrimaryKey", "");
  g_assert_true (bgs_proc_find (fake->client, &fake->caller, "3830249", &none, &error));
  g_assert_null (none);
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_proc_create, &proc);
  fake_stop (fake);
}

static void
test_proc_form (void)
{
  FakeBgs *fake = fake_start ();
  BgsProcForm form = { .proc_id = "7", .form_type = "21-686C" };
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;
  gboolean exists = FALSE;

  fake_says_old (
      fake, PROC_FORM, "vnpProcFormCreate",
      "<return><compId><formTypeCd>21-686c</formTypeCd><vnpProcId>7</vnpProcId></compId></return>");
  made = bgs_proc_form_create (fake->client, &fake->caller, &form, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (made, ==, "");
  sent (fake, "/VnpProcFormWebServiceBean/VnpProcFormService", PROC_FORM, "vnpProcFormCreate",
        "vnpProcFormCreate{arg0{compId{vnpProcId=7 formTypeCd=21-686c}" J5X "}}");
  no_clock_in (bgs_proc_form_digest_text (&form), "21-686c");

  fake_says_new (
      fake, PROC_FORM, "vnpProcFormFindByPrimaryKey",
      "<return><compId><formTypeCd>21-686c</formTypeCd><vnpProcId>7</vnpProcId></compId></return>");
  g_assert_true (bgs_proc_form_find (fake->client, &fake->caller, &form, &exists, &error));
  g_assert_true (exists);
  sent (fake, "/VnpProcFormWebServiceBean/VnpProcFormService", PROC_FORM,
        "vnpProcFormFindByPrimaryKey",
        "vnpProcFormFindByPrimaryKey{vnpProcId=7 formTypeCd=21-686c}");
  /* Not there, in both dialects. */
  fake_says_new (fake, PROC_FORM, "vnpProcFormFindByPrimaryKey", "");
  g_assert_true (bgs_proc_form_find (fake->client, &fake->caller, &form, &exists, &error));
  g_assert_false (exists);
  exists = TRUE;
  fake_says_old (fake, PROC_FORM, "vnpProcFormFindByPrimaryKey",
                 "<return><compId><formTypeCd/><vnpProcId>0</vnpProcId></compId></return>");
  g_assert_true (bgs_proc_form_find (fake->client, &fake->caller, &form, &exists, &error));
  g_assert_false (exists);

  g_assert_cmpstr (bgs_proc_form_wire_type ("21-674"), ==, "21-674");
  g_assert_null (bgs_proc_form_wire_type ("21-686c"));
  g_assert_null (bgs_proc_form_wire_type (NULL));

  fake_faults (
      fake,
      "EJB Exception: ; nested: ORA-00001: unique constraint (CORPPROD.PK_VNP_PROC_FORM) violated\n"
      " {prepstmnt 1 INSERT",
      NULL);
  g_assert_null (bgs_proc_form_create (fake->client, &fake->caller, &form, &error));
  g_assert_true (bgs_proc_form_is_duplicate (error));
  g_clear_error (&error);
  fake_faults (fake, "ORA-00001: unique constraint (CORPPROD.PK_VNP_PERSON) violated", NULL);
  g_assert_null (bgs_proc_form_create (fake->client, &fake->caller, &form, &error));
  g_assert_false (bgs_proc_form_is_duplicate (error));
  g_assert_false (bgs_proc_form_is_duplicate (NULL));
  fake_stop (fake);
}

static void
test_participant (void)
{
  FakeBgs *fake = fake_start ();
  BgsParticipant veteran = { .proc_id = "7", .corporate_participant_id = "600061742" };
  BgsParticipant child = { .proc_id = "7" };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *other = NULL;

  fake_says_new (fake, PTCPNT, "vnpPtcpntCreate",
                 "<return><vnpPtcpntId>149471</vnpPtcpntId><vnpProcId>7</vnpProcId></return>");
  id = bgs_participant_create (fake->client, &fake->caller, &veteran, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "149471");
  sent (fake, "/VnpPtcpntWebServiceBean/VnpPtcpntService", PTCPNT, "vnpPtcpntCreate",
        "vnpPtcpntCreate{arg0{vnpPtcpntId:nil vnpProcId=7 fraudInd:nil" J5X
        " legacyPoaCd:nil miscVendorInd:nil ptcpntShortNm:nil ptcpntTypeNm=Person taxIdfctnNbr:nil"
        " tinWaiverReasonTypeCd:nil ptcpntFkPtcpntId:nil corpPtcpntId=600061742}}");
  no_clock_in (bgs_participant_digest_text (&veteran), "600061742");
  other = bgs_participant_create (fake->client, &fake->caller, &child, &error);
  g_assert_nonnull (strstr (fake->request, "<corpPtcpntId xsi:nil=\"true\"/></arg0>"));
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_participant_create, &veteran);
  fake_stop (fake);
}

static void
test_person (void)
{
  FakeBgs *fake = fake_start ();
  BgsPerson person = { .proc_id = "7",
                       .participant_id = "11",
                       .first_name = "Zoë",
                       .middle_name = "O'Neil",
                       .last_name = "Smith-Jones & Co.",
                       .suffix = "Jr.",
                       .birth_date = "1990-01-02",
                       .birth_country = "Cote d'Ivoire",
                       .birth_state = "CA",
                       .birth_city = "Anytown",
                       .file_number = "666000001",
                       .ssn = "666-00-0001",
                       .death_date = "2020-02-29T12:00:00+00:00",
                       .ever_married = "Y",
                       .is_veteran = "N",
                       .marital_status = "Married",
                       .is_seriously_disabled = "N" };
  BgsPerson guardian = { .rows = BGS_PERSON_GUARDIAN,
                         .proc_id = "7",
                         .participant_id = "11",
                         .first_name = "A",
                         .middle_name = "M",
                         .last_name = "B",
                         .ssn = "666000001" };
  BgsPerson parent = { .rows = BGS_PERSON_OTHER_PARENT,
                       .proc_id = "7",
                       .participant_id = "11",
                       .first_name = "A",
                       .middle_name = "M",
                       .last_name = "B",
                       .ssn = "666000001",
                       .birth_date = "1980-05-06" };
  BgsPerson bare = {
    .proc_id = "7", .participant_id = "11", .first_name = "A", .last_name = "B", .suffix = ""
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;
  char *results[3] = { NULL };
  gboolean exists = FALSE;

  fake_says_new (fake, PERSON, "vnpPersonCreate", "<return><vnpPtcpntId>11</vnpPtcpntId></return>");
  made = bgs_person_create (fake->client, &fake->caller, &person, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (made, ==, "");
  sent (
      fake, "/VnpPersonWebServiceBean/VnpPersonService", PERSON, "vnpPersonCreate",
      "vnpPersonCreate{arg0{vnpProcId=7 vnpPtcpntId=11 firstNm=Zoe middleNm=ONeil "
      "lastNm=Smith-Jones Co"
      " suffixNm=Jr. brthdyDt=1990-01-02T12:00:00+00:00 birthCntryNm=Cote d'Ivoire birthStateCd=CA"
      " birthCityNm=Anytown fileNbr=666000001 ssnNbr=666000001 deathDt=2020-02-29T12:00:00+00:00 "
      "everMariedInd=Y"
      " vetInd=N martlStatusTypeCd=Married vnpSruslyDsabldInd=N" J5 "}}");
  g_assert_nonnull (strstr (fake->request, "Cote d&#39;Ivoire"));
  no_clock_in (bgs_person_digest_text (&person), "1990-01-02T12:00:00+00:00");

  results[0] = bgs_person_create (fake->client, &fake->caller, &guardian, &error);
  sent (fake, "/VnpPersonWebServiceBean/VnpPersonService", PERSON, "vnpPersonCreate",
        "vnpPersonCreate{arg0{vnpProcId=7 vnpPtcpntId=11 firstNm=A lastNm=B" J5 "}}");
  results[1] = bgs_person_create (fake->client, &fake->caller, &parent, &error);
  sent (fake, "/VnpPersonWebServiceBean/VnpPersonService", PERSON, "vnpPersonCreate",
        "vnpPersonCreate{arg0{vnpProcId=7 vnpPtcpntId=11 firstNm=A lastNm=B"
        " brthdyDt=1980-05-06T12:00:00+00:00 ssnNbr=666000001" J5 "}}");
  results[2] = bgs_person_create (fake->client, &fake->caller, &bare, &error);
  sent (fake, "/VnpPersonWebServiceBean/VnpPersonService", PERSON, "vnpPersonCreate",
        "vnpPersonCreate{arg0{vnpProcId=7 vnpPtcpntId=11 firstNm=A middleNm:nil lastNm=B suffixNm= "
        "brthdyDt:nil"
        " birthCntryNm:nil birthStateCd:nil birthCityNm:nil fileNbr:nil ssnNbr:nil deathDt:nil "
        "everMariedInd:nil"
        " vetInd:nil martlStatusTypeCd:nil vnpSruslyDsabldInd:nil" J5 "}}");
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    g_free (results[i]);

  /* The key was sent: a reply about another row is no answer to this call. */
  fake_says_new (fake, PERSON, "vnpPersonCreate", "<return><vnpPtcpntId>12</vnpPtcpntId></return>");
  g_assert_null (bgs_person_create (fake->client, &fake->caller, &bare, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_clear_error (&error);

  fake_says_new (fake, PERSON, "vnpPersonFindByPrimaryKey",
                 "<return><vnpPtcpntId>11</vnpPtcpntId></return>");
  g_assert_true (bgs_person_find (fake->client, &fake->caller, "11", &exists, &error));
  g_assert_true (exists);
  sent (fake, "/VnpPersonWebServiceBean/VnpPersonService", PERSON, "vnpPersonFindByPrimaryKey",
        "vnpPersonFindByPrimaryKey{vnpPtcpntId=11}");
  fake_says_old (fake, PERSON, "vnpPersonFindByPrimaryKey", "<return/>");
  g_assert_true (bgs_person_find (fake->client, &fake->caller, "11", &exists, &error));
  g_assert_false (exists);
  FOREIGN_FAULT_IS (BGS_ERROR_UNPROVEN, bgs_person_create, &person);
  fake_stop (fake);
}

static void
test_missing (void)
{
  FakeBgs *fake = fake_start ();
  BgsPerson no_letters = {
    .proc_id = "7", .participant_id = "11", .first_name = "🙂", .last_name = "B"
  };
  BgsPerson no_day = { .proc_id = "7",
                       .participant_id = "11",
                       .first_name = "A",
                       .last_name = "B",
                       .birth_date = "02/03/1990" };
  BgsPerson no_such_day = { .proc_id = "7",
                            .participant_id = "11",
                            .first_name = "A",
                            .last_name = "B",
                            .birth_date = "2023-02-29" };
  BgsProcForm form = { .proc_id = "7", .form_type = "21-526" };
  BgsChildSchool school = { .proc_id = "7" };
  BgsPhone phone = { .proc_id = "7", .participant_id = "11" };
  BgsBenefitClaim claim = { .file_number = "666000001" };
  BgsNote note = { .claim_id = "1", .corporate_participant_id = "2" };
  GError *error = NULL;
  char *result = NULL;

  result = bgs_person_create (fake->client, &fake->caller, &no_letters, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpPersonCreate: firstNm is missing");
  result = bgs_person_create (fake->client, &fake->caller, &no_day, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpPersonCreate: brthdyDt is not a day");
  result = bgs_person_create (fake->client, &fake->caller, &no_such_day, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpPersonCreate: brthdyDt is not a day");
  result = bgs_proc_form_create (fake->client, &fake->caller, &form, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpProcFormCreate: formTypeCd is missing");
  result = bgs_child_school_create (fake->client, &fake->caller, &school, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpChildSchoolCreate: vnpPtcpntId is missing");
  result = bgs_phone_create (fake->client, &fake->caller, &phone, &error);
  refuses (fake, result, g_steal_pointer (&error), "vnpPtcpntPhoneCreate: phoneNbr is missing");
  result = bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error);
  refuses (fake, result, g_steal_pointer (&error), "insertBenefitClaim: ssn is missing");
  result = bgs_note_create (fake->client, &fake->caller, &note, &error);
  refuses (fake, result, g_steal_pointer (&error), "createNote: txt is missing");
  result = bgs_increment_find (fake->client, &fake->caller, NULL, "130DPNEBNADJ", &error);
  refuses (fake, result, g_steal_pointer (&error),
           "findBenefitClaimTypeIncrement: ptcpntId is missing");
  g_assert_false (bgs_pension_find (fake->client, "12/../34", &(gboolean){ 0 }, &error));
  g_assert_error (error, BID_ERROR, BID_ERROR_ARGUMENT);
  g_assert_cmpstr (error->message, ==, "awards pension: the participant id is missing");
  g_assert_cmpuint (fake->requests, ==, 0);
  g_clear_error (&error);
  fake_stop (fake);
}

static void
test_address (void)
{
  FakeBgs *fake = fake_start ();
  BgsAddressSource source = { .street = "8200 Doby Lane",
                              .street2 = "Apt 4",
                              .city = "Pasadena",
                              .state = "CA",
                              .postal_code = "00021-1234",
                              .country = "USA" };
  BgsAddressSource away = {
    .street = "1 Rue X", .city = "Paris", .state = "Ile", .postal_code = "75001", .country = "FRA"
  };
  BgsAddressSource military = {
    .street = "PSC 1", .city = "apo", .state = "AE", .postal_code = "09012", .country = "USA"
  };
  g_autoptr (BgsAddress) address = bgs_address_new (&source);
  g_autoptr (BgsAddress) foreign = bgs_address_new (&away);
  g_autoptr (BgsAddress) post = bgs_address_new (&military);
  BgsAddressRow row = {
    .proc_id = "7", .participant_id = "11", .address = address, .email = "a@example.com"
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *kept_foreign = NULL;
  g_autofree char *kept_military = NULL;

  fake_says_old (
      fake, ADDRS, "vnpPtcpntAddrsCreate",
      "<return><vnpPtcpntAddrsId>116942</vnpPtcpntAddrsId><addrsOneTxt>8200 Doby Lane</addrsOneTxt>"
      "<addrsTwoTxt></addrsTwoTxt><addrsThreeTxt/><cityNm>Pasadena</cityNm><cntryNm>USA</cntryNm>"
      "<frgnPostalCd/><trsurySeqNbr>0</trsurySeqNbr><postalCd>CA</postalCd><zipPrefixNbr>00021</"
      "zipPrefixNbr>"
      "</return>");
  kept = bgs_address_create (fake->client, &fake->caller, &row, &error);
  g_assert_no_error (error);
  kept_is (kept, "vnpPtcpntAddrsId", "116942");
  kept_is (kept, "addrsOneTxt", "8200 Doby Lane");
  kept_is (kept, "addrsTwoTxt", NULL);
  kept_is (kept, "frgnPostalCd", NULL);
  kept_is (kept, "zipPrefixNbr", "00021");
  sent (fake, "/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService", ADDRS, "vnpPtcpntAddrsCreate",
        "vnpPtcpntAddrsCreate{arg0{efctvDt=" NOW
        " vnpPtcpntId=11 vnpProcId=7 ptcpntAddrsTypeNm=Mailing"
        " sharedAddrsInd=N addrsOneTxt=8200 Doby Lane Apt addrsTwoTxt=4 addrsThreeTxt:nil "
        "cityNm=Pasadena cntryNm=USA"
        " postalCd=CA frgnPostalCd:nil mltyPostalTypeCd:nil mltyPostOfficeTypeCd:nil "
        "zipPrefixNbr=00021"
        " zipFirstSuffixNbr=1234 prvncNm=CA emailAddrsTxt=a@example.com" J5 "}}");
  no_clock_in (bgs_address_digest_text (&row), "Pasadena");

  row = (BgsAddressRow){ .proc_id = "7", .participant_id = "11", .address = foreign };
  kept_foreign = bgs_address_create (fake->client, &fake->caller, &row, &error);
  sent (fake, "/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService", ADDRS, "vnpPtcpntAddrsCreate",
        "vnpPtcpntAddrsCreate{arg0{efctvDt=" NOW
        " vnpPtcpntId=11 vnpProcId=7 ptcpntAddrsTypeNm=Mailing"
        " sharedAddrsInd=N addrsOneTxt=1 Rue X addrsTwoTxt:nil addrsThreeTxt:nil cityNm=Paris "
        "cntryNm=France"
        " postalCd:nil frgnPostalCd=75001 mltyPostalTypeCd:nil mltyPostOfficeTypeCd:nil "
        "zipPrefixNbr:nil"
        " prvncNm=Ile emailAddrsTxt:nil" J5 "}}");
  row.address = post;
  kept_military = bgs_address_create (fake->client, &fake->caller, &row, &error);
  sent (
      fake, "/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService", ADDRS, "vnpPtcpntAddrsCreate",
      "vnpPtcpntAddrsCreate{arg0{efctvDt=" NOW
      " vnpPtcpntId=11 vnpProcId=7 ptcpntAddrsTypeNm=Mailing"
      " sharedAddrsInd=N addrsOneTxt=PSC 1 addrsTwoTxt:nil addrsThreeTxt:nil cityNm:nil cntryNm=USA"
      " postalCd:nil frgnPostalCd:nil mltyPostalTypeCd=AE mltyPostOfficeTypeCd=APO "
      "zipPrefixNbr=09012"
      " prvncNm:nil emailAddrsTxt:nil" J5 "}}");
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_address_create, &row);
  fake_stop (fake);
}

static void
test_phone (void)
{
  FakeBgs *fake = fake_start ();
  g_autofree char *number = bgs_phone_number ("(202) 555-0101");
  BgsPhone phone = { .proc_id = "7", .participant_id = "11", .number = number };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  g_assert_null (bgs_phone_number ("22025550101"));
  g_assert_null (bgs_phone_number ("555-0101"));
  /* Ten digits, and no number of the USA. */
  g_assert_null (bgs_phone_number ("+49 30 123456"));
  g_assert_null (bgs_phone_number ("+2025550101"));
  g_assert_null (bgs_phone_number ("202-555-010 ext. 1"));
  g_assert_null (bgs_phone_number ("202-555-010x1"));
  g_assert_null (bgs_phone_number ("202-555-010 доб. 1"));
  g_assert_null (bgs_phone_number ("20255501012"));
  g_assert_null (bgs_phone_number ("2025550101\uff12"));
  g_assert_null (bgs_phone_number (NULL));
  fake_says_new (
      fake, PHONE, "vnpPtcpntPhoneCreate",
      "<return><vnpPtcpntPhoneId>116</vnpPtcpntPhoneId><phoneNbr>2025550101</phoneNbr></return>");
  id = bgs_phone_create (fake->client, &fake->caller, &phone, &error);
  g_assert_cmpstr (id, ==, "116");
  sent (fake, "/VnpPtcpntPhoneWebServiceBean/VnpPtcpntPhoneService", PHONE, "vnpPtcpntPhoneCreate",
        "vnpPtcpntPhoneCreate{arg0{vnpProcId=7 vnpPtcpntId=11 phoneTypeNm=Daytime "
        "phoneNbr=2025550101 efctvDt=" NOW J5 "}}");
  no_clock_in (bgs_phone_digest_text (&phone), "2025550101");
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_phone_create, &phone);
  fake_stop (fake);
}

static void
test_child_school (void)
{
  FakeBgs *fake = fake_start ();
  BgsChildSchool school = { .proc_id = "7",
                            .participant_id = "11",
                            .last_term_start = "2025-01-08",
                            .last_term_end = "2025-05-20",
                            .school_name = "Example \"State\" <U>",
                            .expected_start = "2025-08-25",
                            .term_start = "2025-08-26",
                            .graduation = "2029-05-18" };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  fake_says_new (fake, SCHOOL, "vnpChildSchoolCreate",
                 "<return><vnpChildSchoolId>9</vnpChildSchoolId></return>");
  id = bgs_child_school_create (fake->client, &fake->caller, &school, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "9");
  sent (fake, "/VnpChildSchoolWebServiceBean/VnpChildSchoolService", SCHOOL, "vnpChildSchoolCreate",
        "vnpChildSchoolCreate{arg0{vnpProcId=7 vnpPtcpntId=11 "
        "lastTermStartDt=2025-01-08T12:00:00+00:00"
        " lastTermEndDt=2025-05-20T12:00:00+00:00 prevHoursPerWkNum:nil prevSessnsPerWkNum:nil "
        "prevSchoolNm:nil"
        " prevSchoolCntryNm:nil prevSchoolAddrsOneTxt:nil prevSchoolAddrsTwoTxt:nil "
        "prevSchoolAddrsThreeTxt:nil"
        " prevSchoolCityNm:nil prevSchoolPostalCd:nil prevSchoolAddrsZipNbr:nil "
        "curntSchoolNm=Example \"State\" <U>"
        " curntSchoolAddrsOneTxt:nil curntSchoolAddrsTwoTxt:nil curntSchoolAddrsThreeTxt:nil "
        "curntSchoolPostalCd:nil"
        " curntSchoolCityNm:nil curntSchoolAddrsZipNbr:nil curntSchoolCntryNm:nil courseNameTxt:nil"
        " curntSessnsPerWkNum:nil curntHoursPerWkNum:nil schoolActualExpctdStartDt=2025-08-25"
        " schoolTermStartDt=2025-08-26T12:00:00+00:00 gradtnDt=2029-05-18T12:00:00+00:00 "
        "fullTimeStudntTypeCd:nil"
        " partTimeSchoolSubjctTxt:nil" J5 "}}");
  g_assert_nonnull (strstr (fake->request, "Example &quot;State&quot; &lt;U&gt;"));
  no_clock_in (bgs_child_school_digest_text (&school), "2029-05-18");
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_child_school_create, &school);
  fake_stop (fake);
}

static void
test_child_student (void)
{
  FakeBgs *fake = fake_start ();
  BgsChildStudent student = { .proc_id = "7",
                              .participant_id = "11",
                              .savings = "1",
                              .real_estate = "2",
                              .other_assets = "3",
                              .securities = "4",
                              .remarks = "It's so",
                              .marriage_date = "2025-06-07",
                              .is_tuition_paid_by_government = "Y",
                              .tuition_start_date = "2025-08-25",
                              .earnings = "5",
                              .other_income = "6",
                              .social_security = "7",
                              .annuities = "8",
                              .next_annuities = "9",
                              .next_earnings = "10",
                              .next_other_income = "11",
                              .next_social_security = "12",
                              .is_school_accredited = "Y",
                              .is_full_time = "N" };
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;
  gboolean exists = FALSE;

  fake_says_new (fake, STUDENT, "vnpChildStudentCreate",
                 "<return><vnpPtcpntId>11</vnpPtcpntId></return>");
  made = bgs_child_student_create (fake->client, &fake->caller, &student, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (made, ==, "");
  sent (
      fake, "/VnpChildStudentWebServiceBean/VnpChildStudentService", STUDENT,
      "vnpChildStudentCreate",
      "vnpChildStudentCreate{arg0{vnpProcId=7 vnpPtcpntId=11 savingAmt=1 realEstateAmt=2 "
      "otherAssetAmt=3"
      " rmks=It's so marageDt=2025-06-07T12:00:00+00:00 agencyPayingTuitnNm:nil stockBondAmt=4 "
      "govtPaidTuitnInd=Y"
      " govtPaidTuitnStartDt=2025-08-25T12:00:00+00:00 termYearEmplmtIncomeAmt=5 "
      "termYearOtherIncomeAmt=6"
      " termYearSsaIncomeAmt=7 termYearAnntyIncomeAmt=8 nextYearAnntyIncomeAmt=9 "
      "nextYearEmplmtIncomeAmt=10"
      " nextYearOtherIncomeAmt=11 nextYearSsaIncomeAmt=12 acrdtdSchoolInd=Y atndedSchoolCntnusInd=N"
      " stopedAtndngSchoolDt:nil" J5 "}}");
  no_clock_in (bgs_child_student_digest_text (&student), "It&#39;s so");
  fake_says_new (fake, STUDENT, "vnpChildStudentFindByPrimaryKey",
                 "<return><vnpPtcpntId>12</vnpPtcpntId></return>");
  g_assert_true (bgs_child_student_find (fake->client, &fake->caller, "12", &exists, &error));
  g_assert_true (exists);
  g_assert_true (bgs_child_student_find (fake->client, &fake->caller, "11", &exists, &error));
  g_assert_false (exists);
  FOREIGN_FAULT_IS (BGS_ERROR_UNPROVEN, bgs_child_student_create, &student);
  fake_stop (fake);
}

static void
test_relationship (void)
{
  FakeBgs *fake = fake_start ();
  BgsRelationship link = { .proc_id = "7",
                           .from_participant_id = "11",
                           .to_participant_id = "12",
                           .participant_type = "Spouse",
                           .family_type = "Ex-Spouse",
                           .event_date = "2001-02-03",
                           .begin_date = "2002-03-04",
                           .end_date = "2003-04-05",
                           .marriage_country = "USA",
                           .marriage_state = "CA",
                           .marriage_city = "Here",
                           .end_country = "USA",
                           .end_state = "NV",
                           .end_city = "There",
                           .end_type = "Divorce",
                           .support_share = ".5",
                           .child_was_married = "N",
                           .has_income = "Y" };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  fake_says_new (fake, RLNSHP, "vnpPtcpntRlnshpCreate",
                 "<return><vnpPtcpntRlnshpId>55</vnpPtcpntRlnshpId></return>");
  id = bgs_relationship_create (fake->client, &fake->caller, &link, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "55");
  sent (fake, "/VnpPtcpntRlnshpWebServiceBean/VnpPtcpntRlnshpService", RLNSHP,
        "vnpPtcpntRlnshpCreate",
        "vnpPtcpntRlnshpCreate{arg0{vnpProcId=7 vnpPtcpntIdA=11 vnpPtcpntIdB=12 "
        "ptcpntRlnshpTypeNm=Spouse"
        " familyRlnshpTypeNm=Ex-Spouse eventDt=2001-02-03T12:00:00+00:00 "
        "beginDt=2002-03-04T12:00:00+00:00"
        " endDt=2003-04-05T12:00:00+00:00 marageCntryNm=USA marageStateCd=CA marageCityNm=Here"
        " marageTrmntnCntryNm=USA marageTrmntnStateCd=NV marageTrmntnCityNm=There "
        "marageTrmntnTypeCd=Divorce"
        " mthlySupportFromVetAmt=.5 childPrevlyMarriedInd=N depHasIncomeInd=Y" J5 "}}");
  no_clock_in (bgs_relationship_digest_text (&link), "Ex-Spouse");
  FOREIGN_FAULT_IS (BGS_ERROR_UNPROVEN, bgs_relationship_create, &link);
  fake_stop (fake);
}

static void
test_vnp_claim (void)
{
  FakeBgs *fake = fake_start ();
  BgsVnpClaim claim = { .proc_id = "7",
                        .veteran_participant_id = "11",
                        .address_id = "116942",
                        .location_id = "335",
                        .net_worth_over_limit = "N",
                        .received_day = "2026-11-20" };
  BgsVnpClaimUpdate update = { .vnp_claim_id = "426090",
                               .proc_id = "7",
                               .veteran_participant_id = "11",
                               .claimant_id = "11",
                               .address_id = "116942",
                               .increment = "134",
                               .claim_type = "130SSRD",
                               .received_day = "2026-11-20",
                               .benefit_claim_id = "600195988",
                               .intake_location_id = "335",
                               .claim_location_id = "336",
                               .program_type = "CPL",
                               .status = "PEND" };
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *updated = NULL;

  fake_says_old (
      fake, VNP_CLAIM, "vnpBnftClaimCreate",
      "<return><vnpBnftClaimId>426090</vnpBnftClaimId><bnftClaimTypeCd>130DPNEBNADJ</"
      "bnftClaimTypeCd>"
      "<claimJrsdtnLctnId>335</claimJrsdtnLctnId><intakeJrsdtnLctnId>0</intakeJrsdtnLctnId>"
      "<ptcpntClmantId>11</ptcpntClmantId><vnpProcID>7</vnpProcID></return>");
  kept = bgs_vnp_claim_create (fake->client, &fake->caller, &claim, &error);
  g_assert_no_error (error);
  kept_is (kept, "vnpBnftClaimId", "426090");
  kept_is (kept, "vnpProcID", "7");
  kept_is (kept, "claimJrsdtnLctnId", "335");
  kept_is (kept, "intakeJrsdtnLctnId", NULL);
  sent (fake, "/VnpBnftClaimWebServiceBean/VnpBnftClaimService", VNP_CLAIM, "vnpBnftClaimCreate",
        "vnpBnftClaimCreate{arg0{claimRcvdDt=2026-11-20T12:00:00+00:00 ptcpntClmantId=11 "
        "ptcpntMailAddrsId=116942"
        " vnpPtcpntVetId=11 claimJrsdtnLctnId=335 intakeJrsdtnLctnId=335 netWorthOverLimitInd=N "
        "statusTypeCd=CURR"
        " svcTypeCd=CP pgmTypeCd=COMP bnftClaimTypeCd=130DPNEBNADJ atchmsInd=N" J5
        " vnpProcID=7}}");
  no_clock_in (bgs_vnp_claim_digest_text (&claim), "2026-11-20");

  fake_says_new (fake, VNP_CLAIM, "vnpBnftClaimUpdate",
                 "<return><vnpBnftClaimId>426090</vnpBnftClaimId></return>");
  updated = bgs_vnp_claim_update (fake->client, &fake->caller, &update, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (updated, ==, "");
  sent (fake, "/VnpBnftClaimWebServiceBean/VnpBnftClaimService", VNP_CLAIM, "vnpBnftClaimUpdate",
        "vnpBnftClaimUpdate{arg0{vnpBnftClaimId=426090 vnpPtcpntVetId=11 endPrdctTypeCd=134 "
        "bnftClaimTypeCd=130SSRD"
        " claimRcvdDt=2026-11-20T12:00:00+00:00 bnftClaimId=600195988 intakeJrsdtnLctnId=335 "
        "claimJrsdtnLctnId=336"
        " pgmTypeCd=CPL ptcpntClmantId=11 statusTypeCd=PEND svcTypeCd=CP netWorthOverLimitInd:nil"
        " ptcpntMailAddrsId=116942 atchmsInd=N" J5 " vnpProcID=7}}");
  no_clock_in (bgs_vnp_claim_update_digest_text (&update), "600195988");
  FOREIGN_FAULT_IS (BGS_ERROR_FAULT, bgs_vnp_claim_create, &claim);
  fake_stop (fake);
}

/* All 77, in the order of the wire. */
static const char insert_elements[] =
    "insertBenefitClaim{benefitClaimInput{fileNumber=666000001 ssn=666000002 benefitClaimType=1 "
    "payee=00 endProduct=134"
    " endProductCode=130SSRD firstName=Sam lastName=O Neil city=Pasadena state=CA postalCode=00021 "
    "country=USA"
    " disposition=M sectionUnitNo=555 folderWithClaim=N endProductName=Self Service - Removal of "
    "Dependent"
    " preDischargeIndicator=N dateOfClaim=11/20/2026 titleName:nil middleName:nil suffixName:nil"
    " addressLine1=8200 Doby Lane addressLine2:nil addressLine3:nil postalCodePlus4:nil "
    "dayTimeAreaCode:nil"
    " dayTimePhoneNumber:nil nightTimeAreaCode:nil nightTimePhoneNumber:nil emailAddress:nil "
    "suspenseDate:nil"
    " futureReason:nil claimantSsn:nil beneficiaryDateOfBirth:nil powerOfAttorney:nil "
    "gulfWarRegistryPermit:nil"
    " suppressAcknowledgementLetter:nil specialIssueCase:nil inTakeSite:nil soj=310 "
    "mltyPostalTypeCd:nil"
    " mltyPostOfficeTypeCd:nil foreignMailCode:nil addressType:nil bypassIndicator:nil "
    "bnftClaimId:nil"
    " allowPoaAccess:nil allowPoaCadd:nil submtrRoleTypeCd:nil submtrApplcnTypeCd:nil awardSoj:nil"
    " powNumberOfDays:nil homelessIndicator:nil ptcpntIdClaimant=600061742 preDschrgTypeCd:nil "
    "personOrgInd:nil"
    " payeeOrgName:nil payeeOrgType:nil payeeOrgTitle:nil groupOneValidatedInd:nil prvncNm:nil "
    "trtryNm:nil"
    " treasuryMailingAddress1:nil treasuryMailingAddress2:nil treasuryMailingAddress3:nil"
    " treasuryMailingAddress4:nil treasuryMailingAddress5:nil treasuryMailingAddress6:nil "
    "fiduciaryOneLastName:nil"
    " fiduciaryOneFirstName:nil fiduciaryOneMiddleName:nil fiduciaryOneSuffixName:nil "
    "fiduciaryOrgName:nil"
    " ptcpntIdFiduciaryOne:nil fiduciaryOrgTitle:nil fiduciaryOrgType:nil "
    "fiduciaryPrepPhraseType:nil}}";

static void
test_insert (void)
{
  FakeBgs *fake = fake_start ();
  BgsBenefitClaim claim = {
    .file_number = "666-00-0001",
    .ssn = "666-00-0002",
    .corporate_participant_id = "600061742",
    .increment = "134",
    .claim_type = "130SSRD",
    .claim_type_name = "Self Service - Removal of Dependent",
    .first_name = "Sam",
    .last_name = "O Neil.",
    .address = "{\"cityNm\":\"Pasadena\",\"postalCd\":\"CA\",\"zipPrefixNbr\":\"00021\","
               "\"cntryNm\":\"USA\","
               "\"addrsOneTxt\":\"8200 Doby Lane\",\"zipFirstSuffixNbr\":\"1234\"}",
    .office_number = "310",
    .received_day = "2026-11-20",
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  g_autofree char *foreign = NULL;
  g_autofree char *military = NULL;
  g_autofree char *line = NULL;

  fake_says_new (fake, CLAIM, "insertBenefitClaim",
                 "<return><benefitClaimRecord><benefitClaimID>600195988</benefitClaimID>"
                 "<claimTypeCode>130SSRD</claimTypeCode><participantClaimantID>600061742</"
                 "participantClaimantID>"
                 "<programTypeCode>CPL</programTypeCode><returnCode>SHAR 9999</returnCode>"
                 "<serviceTypeCode>CP</serviceTypeCode><statusTypeCode>PEND</statusTypeCode></"
                 "benefitClaimRecord>"
                 "<returnCode>GUIE05000</returnCode><returnMessage>fine</returnMessage></return>");
  kept = bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error);
  g_assert_no_error (error);
  kept_is (kept, "benefitClaimID", "600195988");
  kept_is (kept, "claimTypeCode", "130SSRD");
  kept_is (kept, "programTypeCode", "CPL");
  kept_is (kept, "serviceTypeCode", "CP");
  kept_is (kept, "statusTypeCode", "PEND");
  kept_is (kept, "participantClaimantID", "600061742");
  sent (fake, "/BenefitClaimServiceBean/BenefitClaimWebService", CLAIM, "insertBenefitClaim",
        insert_elements);
  line = bgs_benefit_claim_digest_text (&claim);
  g_assert_nonnull (strstr (line, "<dateOfClaim>11/20/2026</dateOfClaim>"));

  claim.address = "{\"cityNm\":\"Paris\",\"cntryNm\":\"France\",\"frgnPostalCd\":\"75001\","
                  "\"addrsOneTxt\":\"1 Rue\"}";
  foreign = bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error);
  g_assert_nonnull (strstr (
      fake->request, "<foreignMailCode>75001</foreignMailCode><addressType>INT</addressType>"));
  claim.address =
      "{\"cntryNm\":\"USA\",\"mltyPostalTypeCd\":\"AE\",\"mltyPostOfficeTypeCd\":\"APO\","
      "\"zipPrefixNbr\":\"09012\"}";
  military = bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error);
  g_assert_nonnull (strstr (fake->request, "<city xsi:nil=\"true\"/>"));
  g_assert_nonnull (strstr (
      fake->request,
      "<mltyPostalTypeCd>AE</mltyPostalTypeCd><mltyPostOfficeTypeCd>APO</mltyPostOfficeTypeCd>"
      "<foreignMailCode xsi:nil=\"true\"/><addressType>OVR</addressType>"));
  g_assert_no_error (error);

  fake_says_new (
      fake, CLAIM, "insertBenefitClaim",
      "<return><benefitClaimRecord><benefitClaimID>600195988</benefitClaimID></benefitClaimRecord>"
      "<returnCode>GUIE99999</returnCode></return>");
  g_assert_null (bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_clear_error (&error);
  fake_says_old (
      fake, CLAIM, "insertBenefitClaim",
      "<return><benefitClaimRecord><benefitClaimID>0</benefitClaimID></benefitClaimRecord>"
      "<returnCode>GUIE05000</returnCode></return>");
  g_assert_null (bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_clear_error (&error);
  fake_faults (fake, "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
               "<detail><ns0:ShareException "
               "xmlns:ns0=\"http://services.share.benefits.vba.va.gov/\"><message>"
               "GUIE50010 - Duplicate Benefit Claims found on the Corporate "
               "Database</message></ns0:ShareException>"
               "</detail>");
  g_assert_null (bgs_benefit_claim_insert (fake->client, &fake->caller, &claim, &error));
  g_assert_cmpstr (
      error->message, ==,
      "insertBenefitClaim: GUIE50010 - Duplicate Benefit Claims found on the Corporate Database");
  g_assert_true (bgs_benefit_claim_is_duplicate (error));
  FOREIGN_FAULT_IS (BGS_ERROR_UNPROVEN, bgs_benefit_claim_insert, &claim);
  fake_stop (fake);
}

static void
test_claims_find (void)
{
  FakeBgs *fake = fake_start ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (BgsClaimRow) one = NULL;
  BgsClaimRow *absent = NULL;
  const BgsClaimRow *row = NULL;

  fake_says_new (
      fake, CLAIM_V1, "findBnftClaimDetailByPtcpntId",
      "<BnftClaimDetail><bnftClaimId>600131328</bnftClaimId>"
      "<bnftClaimLcStatus><bnftClaimId>1</bnftClaimId><chngdDt>2026-08-06T08:42:33-05:00</chngdDt>"
      "<jrnUserId>LATER</jrnUserId></bnftClaimLcStatus>"
      "<bnftClaimLcStatus><chngdDt>2026-08-06T08:42:33-04:00</chngdDt><jrnUserId>VAGOVAPI</"
      "jrnUserId>"
      "</bnftClaimLcStatus><bnftClaimLcStatus><jrnUserId>TIMELESS</jrnUserId></bnftClaimLcStatus>"
      "<bnftClaimTypeCd>130SSRD</bnftClaimTypeCd><claimRcvdDt>2026-11-21T01:00:00Z</claimRcvdDt>"
      "<cpClaimEndPrdctTypeCd>134</cpClaimEndPrdctTypeCd><pgmTypeCd>CPL</pgmTypeCd>"
      "<ptcpntClmantId>600061742</ptcpntClmantId><statusTypeCd>PEND</statusTypeCd></"
      "BnftClaimDetail>"
      "<BnftClaimDetail><bnftClaimId>600131329</bnftClaimId><claimRcvdDt>2026-11-21</claimRcvdDt>"
      "</BnftClaimDetail>");
  rows = bgs_claims_find (fake->client, &fake->caller, "600061742", &error);
  g_assert_no_error (error);
  sent (fake, "/BenefitClaimWebServiceBean/BenefitClaimWebServiceV1", CLAIM_V1,
        "findBnftClaimDetailByPtcpntId", "findBnftClaimDetailByPtcpntId{ptcpntId=600061742}");
  g_assert_cmpuint (rows->len, ==, 2);
  row = g_ptr_array_index (rows, 0);
  g_assert_cmpstr (row->claim_id, ==, "600131328");
  g_assert_cmpstr (row->claim_type, ==, "130SSRD");
  g_assert_cmpstr (row->increment, ==, "134");
  g_assert_cmpstr (row->status, ==, "PEND");
  g_assert_cmpstr (row->program_type, ==, "CPL");
  g_assert_cmpstr (row->claimant_id, ==, "600061742");
  g_assert_cmpstr (row->received_day, ==, "2026-11-20");
  g_assert_cmpstr (row->first_user, ==, "VAGOVAPI");
  row = g_ptr_array_index (rows, 1);
  g_assert_cmpstr (row->received_day, ==, "2026-11-21");
  g_assert_null (row->increment);
  g_assert_null (row->first_user);

  fake_says_old (fake, CLAIM_V1, "findBnftClaimDetailByPtcpntId", "");
  none = bgs_claims_find (fake->client, &fake->caller, "600061742", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  fake_says_old (fake, CLAIM_V1, "findBnftClaimDetailByPtcpntId",
                 "<BnftClaimDetail><bnftClaimId>0</bnftClaimId></BnftClaimDetail>");
  g_assert_null (bgs_claims_find (fake->client, &fake->caller, "600061742", &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_clear_error (&error);

  fake_says_new (
      fake, CLAIM_V1, "findBnftClaim",
      "<BnftClaimDTO><bnftClaimId>5</bnftClaimId><statusTypeCd>CLR</statusTypeCd></BnftClaimDTO>");
  g_assert_true (bgs_claim_find (fake->client, &fake->caller, "5", &one, &error));
  g_assert_cmpstr (one->status, ==, "CLR");
  sent (fake, "/BenefitClaimWebServiceBean/BenefitClaimWebServiceV1", CLAIM_V1, "findBnftClaim",
        "findBnftClaim{bnftClaimId=5}");
  fake_says_new (fake, CLAIM_V1, "findBnftClaim", "");
  g_assert_true (bgs_claim_find (fake->client, &fake->caller, "5", &absent, &error));
  g_assert_null (absent);
  fake_stop (fake);
}

static void
test_standard_data (void)
{
  FakeBgs *fake = fake_start ();
  g_autoptr (GError) error = NULL;
  g_autofree char *increment = NULL;
  g_autoptr (GPtrArray) offices = NULL;

  fake_says_new (fake, STD_DATA, "findBenefitClaimTypeIncrement", "<return>134</return>");
  increment = bgs_increment_find (fake->client, &fake->caller, "600061742", "130SCHATTEBN", &error);
  g_assert_cmpstr (increment, ==, "134");
  sent (fake, "/StandardDataWebServiceBean/StandardDataWebService", STD_DATA,
        "findBenefitClaimTypeIncrement",
        "findBenefitClaimTypeIncrement{ptcpntId=600061742 bnftClaimTypeCd=130SCHATTEBN "
        "pgmTypeCd=CPL}");
  fake_says_old (fake, STD_DATA, "findBenefitClaimTypeIncrement", "<return/>");
  g_assert_null (
      bgs_increment_find (fake->client, &fake->caller, "600061742", "130SCHATTEBN", &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_UNKNOWN);
  g_clear_error (&error);

  fake_says_new (
      fake, STD_DATA, "findRegionalOffices",
      "<return><lctnId>340</lctnId><nm>Albuquerque</nm><stationNumber>340</stationNumber></return>"
      "<return><lctnId>375</lctnId><nm>Boise</nm><stationNumber>347</stationNumber></return>"
      "<return><lctnId>347</lctnId><nm>St. "
      "Petersburg</nm><stationNumber>317</stationNumber></return>");
  offices = bgs_regional_offices_find (fake->client, &fake->caller, &error);
  g_assert_no_error (error);
  sent (fake, "/StandardDataWebServiceBean/StandardDataWebService", STD_DATA, "findRegionalOffices",
        "findRegionalOffices=");
  g_assert_cmpuint (offices->len, ==, 3);
  g_assert_cmpstr (bgs_regional_offices_location (offices, "347"), ==, "375");
  g_assert_null (bgs_regional_offices_location (offices, "999"));
  g_assert_null (bgs_regional_offices_location (offices, NULL));
  fake_stop (fake);
}

static void
test_routing (void)
{
  FakeBgs *fake = fake_start ();
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  char *none = NULL;

  fake_says (fake, 200,
             "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>"
             "<GetRegionalOfficeByZipCodeResponse xmlns=\"" ROUTING
             "\" xmlns:n=\"http://www.va.gov/vba/corp/schema/ro/"
             "v20101101\"><regionalOffice><n:number>310</n:number><n:name>Philadelphia</n:name></"
             "regionalOffice>"
             "</GetRegionalOfficeByZipCodeResponse></S:Body></S:Envelope>");
  g_assert_true (bgs_routing_find (fake->client, &fake->caller, "00021", NULL, &number, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (number, ==, "310");
  sent (fake, "/RORoutingServiceWS/RORoutingService", ROUTING, "GetRegionalOfficeByZipCode",
        "GetRegionalOfficeByZipCode{searchROCriteria{zipCode=00021 country= province=} lob=CP}");
  g_assert_nonnull (strstr (fake->request, "<t:searchROCriteria><t:zipCode>00021</t:zipCode>"));
  fake_says_new (fake, ROUTING, "GetRegionalOfficeByZipCode", "");
  g_assert_true (bgs_routing_find (fake->client, &fake->caller, "00021", "USA", &none, &error));
  g_assert_null (none);
  fake_faults (fake, "No regional office for zip 00021", NULL);
  g_assert_false (bgs_routing_find (fake->client, &fake->caller, "00021", "USA", &none, &error));
  g_assert_error (error, BGS_ERROR, BGS_ERROR_FAULT);
  g_assert_cmpstr (error->message, ==, "GetRegionalOfficeByZipCode: No regional office for zip …");
  fake_stop (fake);
}

static void
test_note (void)
{
  FakeBgs *fake = fake_start ();
  BgsNote note = { .claim_id = "600195988",
                   .corporate_participant_id = "600061742",
                   .text = "Review it." };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  fake_says_new (fake, NOTES, "createNote",
                 "<note><callId>17</callId><noteId>52965953</noteId></note>");
  id = bgs_note_create (fake->client, &fake->caller, &note, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "52965953");
  sent (fake, "/DevelopmentNotesService/DevelopmentNotesService", NOTES, "createNote",
        "createNote{note{jrnDt=" NOW
        " jrnLctnId=281 jrnObjId=VAgovAPI jrnSttTc=I jrnUserId=VAgovAPI"
        " name=Claim rejected by VA.gov bnftClmNoteTc=CLMDVLNOTE clmId=600195988 "
        "ptcpntId=600061742 txt=Review it.}}");
  no_clock_in (bgs_note_digest_text (&note), "Review it.");
  FOREIGN_FAULT_IS (BGS_ERROR_UNPROVEN, bgs_note_create, &note);
  fake_stop (fake);
}

static void
test_pension (void)
{
  FakeBgs *fake = fake_start ();
  gboolean in_receipt = FALSE;
  GError *error = NULL;
  const struct {
    int status;
    const char *body;
    BidError expected;
  } failures[] = {
    { 401, "{}", BID_ERROR_REFUSED },
    { 404, "600061742 not found", BID_ERROR_REFUSED },
    { 503, "", BID_ERROR_UNAVAILABLE },
    { 429, "slow down", BID_ERROR_UNAVAILABLE },
    { 302, "", BID_ERROR_NO_ANSWER },
    { 200, "", BID_ERROR_NO_ANSWER },
    { 200, "<html>", BID_ERROR_NO_ANSWER },
    { 200, "[]", BID_ERROR_NO_ANSWER },
    { 200, "{\"awardsPension\":{\"isInReceiptOfPension\":\"true\"}}", BID_ERROR_NO_ANSWER },
  };

  fake_says (fake, 200,
             "{\"awardsPension\":{\"veteranId\":600061742,\"isEligibleForPension\":false,"
             "\"isInReceiptOfPension\":true,\"netWorthLimit\":1.5}}");
  g_assert_true (bgs_pension_find (fake->client, "600061742", &in_receipt, &error));
  g_assert_no_error (error);
  g_assert_true (in_receipt);
  g_assert_cmpstr (fake->path, ==, "/api/v1/awards/pension/600061742");
  g_assert_cmpstr (fake->authorization, ==, "Bearer opensesame");
  fake_says (fake, 200, "{\"awardsPension\":{\"isInReceiptOfPension\":false}}");
  g_assert_true (bgs_pension_find (fake->client, "600061742", &in_receipt, &error));
  g_assert_false (in_receipt);

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++) {
    fake_says (fake, failures[i].status, failures[i].body);
    g_assert_false (bgs_pension_find (fake->client, "600061742", &in_receipt, &error));
    g_assert_error (error, BID_ERROR, (gint)failures[i].expected);
    g_assert_null (strstr (error->message, "600061742"));
    g_clear_error (&error);
  }
  fake_stop (fake);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/services/header-says-who-asks", test_header);
  g_test_add_func ("/bgs/services/proc", test_proc);
  g_test_add_func ("/bgs/services/proc-form", test_proc_form);
  g_test_add_func ("/bgs/services/participant", test_participant);
  g_test_add_func ("/bgs/services/person", test_person);
  g_test_add_func ("/bgs/services/what-is-missing-is-not-sent", test_missing);
  g_test_add_func ("/bgs/services/address", test_address);
  g_test_add_func ("/bgs/services/phone", test_phone);
  g_test_add_func ("/bgs/services/child-school", test_child_school);
  g_test_add_func ("/bgs/services/child-student", test_child_student);
  g_test_add_func ("/bgs/services/relationship", test_relationship);
  g_test_add_func ("/bgs/services/vnp-benefit-claim", test_vnp_claim);
  g_test_add_func ("/bgs/services/insert-has-all-77-elements", test_insert);
  g_test_add_func ("/bgs/services/benefit-claims-are-found", test_claims_find);
  g_test_add_func ("/bgs/services/standard-data", test_standard_data);
  g_test_add_func ("/bgs/services/routing", test_routing);
  g_test_add_func ("/bgs/services/note", test_note);
  g_test_add_func ("/bgs/services/pension", test_pension);
  return g_test_run ();
}
