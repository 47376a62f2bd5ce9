/* vnp person. Source: README.md, facts 9 and 22. */
#include "bgs/person.h"

#include "base/text.h"
#include "bgs/client.h"
#include "bgs/limits.h"

#define PATH      "/VnpPersonWebServiceBean/VnpPersonService"
#define NAMESPACE "http://personService.services.vonapp.vba.va.gov/"

static const BgsOperation person_create = { PATH, NAMESPACE, "vnpPersonCreate" };
static const BgsOperation person_find = { PATH, NAMESPACE, "vnpPersonFindByPrimaryKey",
                                          .is_harmless = TRUE };

/* Nine digits, however they were typed. */
static void
write_ssn (BgsBody *body, const BgsPerson *person)
{
  g_autofree char *digits = text_digits (person->ssn);

  bgs_body_private (body, "ssnNbr", *digits ? digits : NULL);
}

/* As the element holds it. Whoever plans has seen before whether something is lost. */
static char *
fitted (BgsElement element, const char *text)
{
  BgsFit fit;

  return bgs_element_fit (element, text, &fit);
}

static void
write_rest (BgsBody *body, const BgsPerson *person)
{
  g_autofree char *suffix = fitted (BGS_ELEMENT_SUFFIX, person->suffix);
  g_autofree char *birth_city = fitted (BGS_ELEMENT_CITY, person->birth_city);

  bgs_body_text (body, "suffixNm", suffix);
  bgs_body_day (body, "brthdyDt", person->birth_date);
  bgs_body_text (body, "birthCntryNm", person->birth_country);
  bgs_body_text (body, "birthStateCd", person->birth_state);
  bgs_body_private (body, "birthCityNm", birth_city);
  bgs_body_private (body, "fileNbr", person->file_number);
  write_ssn (body, person);
  if (person->no_ssn_reason) /* an element of the few who have none */
    bgs_body_text (body, "noSsnReasonTypeCd", person->no_ssn_reason);
  bgs_body_day (body, "deathDt", person->death_date);
  bgs_body_text (body, "everMariedInd", person->ever_married);
  bgs_body_text (body, "vetInd", person->is_veteran);
  bgs_body_text (body, "martlStatusTypeCd", person->marital_status);
  bgs_body_text (body, "vnpSruslyDsabldInd", person->is_seriously_disabled);
}

static BgsBody *
write_person (BgsBody *body, const BgsPerson *person)
{
  g_autofree char *first = fitted (BGS_ELEMENT_FIRST_NAME, person->first_name);
  g_autofree char *middle = fitted (BGS_ELEMENT_MIDDLE_NAME, person->middle_name);
  g_autofree char *last = fitted (BGS_ELEMENT_LAST_NAME, person->last_name);

  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", person->proc_id);
  bgs_body_required (body, "vnpPtcpntId", person->participant_id);
  bgs_body_required_private (body, "firstNm", first);
  if (person->rows == BGS_PERSON_WHOLE)
    bgs_body_private (body, "middleNm", middle);
  bgs_body_required_private (body, "lastNm", last);
  switch (person->rows) {
  case BGS_PERSON_WHOLE:
    write_rest (body, person);
    break;
  case BGS_PERSON_OTHER_PARENT:
    bgs_body_day (body, "brthdyDt", person->birth_date);
    write_ssn (body, person);
    break;
  case BGS_PERSON_GUARDIAN:
    break;
  }
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_person_create (BgsClient *client, const BgsCaller *caller, const BgsPerson *person,
                   GError **error)
{
  return bgs_call_for_key (client, caller, &person_create,
                           write_person (bgs_client_body (client, &person_create), person),
                           "vnpPtcpntId", person->participant_id, error);
}

char *
bgs_person_digest_text (const BgsPerson *person)
{
  return bgs_body_digest (write_person (bgs_body_new (&person_create, NULL, 0), person));
}

gboolean
bgs_person_find (BgsClient *client, const BgsCaller *caller, const char *participant_id,
                 gboolean *ret_exists, GError **error)
{
  return bgs_find_by_participant (client, caller, &person_find, participant_id, ret_exists, error);
}
