#include "submission/plan-place.h"

#include "bgs/countries.h"
#include "bgs/states.h"

PlanPlace
plan_place (Node holder)
{
  Node location = node_at (holder, "location");
  Node country = node_at (location, "country"), state = node_at (location, "state");
  Answer outside = node_answer (node_at (holder, "outside_usa"), QUESTION_YES_NO);
  const char *typed_country = node_text (country), *typed_state = node_text (state);
  const char *territory = bgs_country_us_state (typed_country);
  const char *code = bgs_state_code (typed_state);
  PlanPlace read = { .city =
                         node_fitted (node_at (location, "city"), BGS_ELEMENT_CITY, PLAN_REVIEW) };
  gboolean is_usa;

  read.country =
      territory ? "USA"
                : plan_reading_keep (holder.reading, bgs_country_name (typed_country, read.city));
  if (typed_country && !read.country)
    node_find (country, PLAN_REVIEW, "unknown-country");
  is_usa = read.country ? g_str_equal (read.country, "USA") : !typed_country;

  if (outside == ANSWER_YES && ((read.country && is_usa) || (!typed_country && code)))
    node_find (node_at (holder, "outside_usa"), PLAN_REVIEW, "contradiction");
  else if (outside == ANSWER_NO && typed_country && !is_usa)
    node_find (node_at (holder, "outside_usa"), PLAN_REVIEW, "contradiction");
  if (outside == ANSWER_YES && !typed_country)
    is_usa = FALSE;

  if (territory) {
    if (typed_state && g_strcmp0 (code, territory) != 0)
      node_find (state, PLAN_TOLD, "corrected");
    read.state = territory;
  } else if (is_usa) {
    if (typed_state && !code)
      node_find (state, PLAN_REVIEW, "unknown-state");
    read.state = code;
  } else if (typed_state)
    node_find (state, PLAN_TOLD, "state-abroad");
  return read;
}

static const struct {
  BgsAddressIssue issue;
  const char *code, *key;
  PlanWeight weight, weight_of_veteran;
} address_findings[] = {
  { BGS_ADDRESS_STREET_CUT, "cut", "street", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_STREET_EMPTY, "not-writable", "street", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_CITY_CUT, "cut", "city", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_CITY_EMPTY, "not-writable", "city", PLAN_PAPER, PLAN_PAPER },
  { BGS_ADDRESS_CITY_NOT_SENT, "left-out", "city", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_STATE_UNKNOWN, "unknown-state", "state", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_STATE_CORRECTED, "corrected", "state", PLAN_TOLD, PLAN_TOLD },
  { BGS_ADDRESS_STATE_UNCLEAR, "unclear-military-address", "state", PLAN_REVIEW, PLAN_REVIEW },
  /* The insert takes ZIP and country from the Veteran's address, and does not go without. */
  { BGS_ADDRESS_COUNTRY_UNKNOWN, "unknown-country", "country", PLAN_REVIEW, PLAN_PAPER },
  { BGS_ADDRESS_COUNTRY_REPLACED, "corrected", "country", PLAN_TOLD, PLAN_TOLD },
  { BGS_ADDRESS_ZIP_CUT, "cut", "postal_code", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_ZIP_MALFORMED, "no-zip", "postal_code", PLAN_REVIEW, PLAN_PAPER },
  { BGS_ADDRESS_ZIP_MILITARY, "military-zip", "postal_code", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_STATE_ABROAD, "state-abroad", "state", PLAN_TOLD, PLAN_TOLD },
  { BGS_ADDRESS_POSTAL_CODE_CUT, "cut", "postal_code", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_PROVINCE_CUT, "cut", "state", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_STREET_LETTERS_LOST, "letters-lost", "street", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_CITY_LETTERS_LOST, "letters-lost", "city", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_PROVINCE_LETTERS_LOST, "letters-lost", "state", PLAN_REVIEW, PLAN_REVIEW },
  { BGS_ADDRESS_POSTAL_CODE_LETTERS_LOST, "letters-lost", "postal_code", PLAN_REVIEW, PLAN_REVIEW },
};

const BgsAddress *
plan_place_address (Plan *plan, Node given, gboolean is_veteran)
{
  const BgsAddressSource source = {
    .street = node_text (node_at (given, "street")),
    .street2 = node_text (node_at (given, "street2")),
    .street3 = node_text (node_at (given, "street3")),
    .city = node_text (node_at (given, "city")),
    .state = node_text (node_at (given, "state")),
    .postal_code = node_text (node_at (given, "postal_code")),
    .country = node_text (node_at (given, "country")),
  };
  BgsAddress *made;

  if (!source.street && !source.street2 && !source.street3 && !source.city && !source.postal_code) {
    /* A country that the page has filled in, at most. */
    if (source.state || source.country)
      node_find (given, PLAN_TOLD, "no-address");
    return NULL;
  }
  made = bgs_address_new (&source);
  for (guint i = 0; i < G_N_ELEMENTS (address_findings); i++)
    if (made->issues & address_findings[i].issue)
      node_find (node_at (given, address_findings[i].key),
                 is_veteran ? address_findings[i].weight_of_veteran : address_findings[i].weight,
                 address_findings[i].code);
  if (made->issues & BGS_ADDRESS_COUNTRY_MISSING)
    node_find (node_at (given, "country"), is_veteran && !made->country ? PLAN_PAPER : PLAN_REVIEW,
               "missing-country");
  g_ptr_array_add (plan->addresses, made);
  return made;
}

const BgsAddress *
plan_place_address_of_dependent (Plan *plan, Answer lives_with_veteran, Node own)
{
  if (lives_with_veteran != ANSWER_YES)
    return plan_place_address (plan, own, FALSE);
  node_set_aside (own, PLACE_NOT_APPLICABLE);
  return plan->veteran_address;
}
