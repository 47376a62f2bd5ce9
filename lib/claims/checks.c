/* What single answers must be, see checks.h. */
#include "claims/checks.h"

#include <math.h>
#include <string.h>

#include "claims/answers.h"

/* --- Values --- */

static gboolean
check_string (Checker *checker, const json_t *value)
{
  if (json_is_string (value))
    return TRUE;
  checker_found (checker, "must be a string");
  return FALSE;
}

void
check_text (Checker *checker, const json_t *value)
{
  (void)check_string (checker, value); /* the finding is all */
}

void
check_boolean (Checker *checker, const json_t *value)
{
  if (!json_is_boolean (value))
    checker_found (checker, "must be true or false");
}

void
check_integer (Checker *checker, const json_t *value)
{
  double real = json_number_value (value);

  /* 3.0 is an integer in JSON Schema. */
  if (!json_is_integer (value) && !(json_is_real (value) && floor (real) == real))
    checker_found (checker, "must be an integer");
}

/* Characters, not bytes. */
static void
check_length (Checker *checker, const json_t *value, glong min, glong max)
{
  glong length;

  if (!check_string (checker, value))
    return;
  length = g_utf8_strlen (json_string_value (value), -1);
  if (length < min || length > max) {
    g_autofree char *message = NULL;

    if (max == G_MAXLONG)
      message = g_strdup_printf ("must have at least %ld characters", min);
    else
      message = g_strdup_printf ("must have %ld to %ld characters", min, max);
    checker_found (checker, message);
  }
}

static void
check_1_to_30 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 1, 30);
}

static void
check_up_to_30 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 0, 30);
}

void
check_1_to_50 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 1, 50);
}

static void
check_1_to_51 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 1, 51);
}

void
check_up_to_10 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 0, 10);
}

static void
check_up_to_51 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 0, 51);
}

void
check_phone (Checker *checker, const json_t *value)
{
  check_length (checker, value, 10, G_MAXLONG);
}

static gboolean
is_digits (const char *text, gsize min, gsize max)
{
  gsize count = strspn (text, "0123456789");

  return count >= min && count <= max && text[count] == '\0';
}

void
check_ssn (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && !is_digits (json_string_value (value), 9, 9))
    checker_found (checker, "must be nine digits");
}

/* Spouse, child and student may have none, with a reason. */
void
check_no_ssn_reason (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && claim_answer (QUESTION_NO_SSN, value) == ANSWER_UNKNOWN)
    checker_found (checker, "must be NONRESIDENT_ALIEN or NONE_ASSIGNED");
}

void
need_ssn_or_reason (Checker *checker, const json_t *person)
{
  if (json_is_true (json_object_get (person, "no_ssn")))
    checker_need (checker, person, "no_ssn_reason");
  else
    checker_need (checker, person, "ssn");
}

void
check_last_four (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && !is_digits (json_string_value (value), 4, 4))
    checker_found (checker, "must be four digits");
}

void
check_ssn_last_four (Checker *checker, const json_t *value)
{
  check_last_four (checker, value);
  if (is_text (value, "0000"))
    checker_found (checker, "must not be all zeros");
}

void
check_service_number (Checker *checker, const json_t *value)
{
  const char *text;
  gsize letters = 0;

  if (!check_string (checker, value))
    return;
  text = json_string_value (value);
  while (letters < 2 && g_ascii_isupper (text[letters]))
    letters++;
  if (!is_digits (text + letters, 5, 8))
    checker_found (checker, "must be up to two capital letters and five to eight digits");
}

/* The pattern only: 30 February passes. */
void
check_date (Checker *checker, const json_t *value)
{
  const char *text;

  if (!check_string (checker, value))
    return;
  text = json_string_value (value);
  if (strlen (text) == 10 && text[4] == '-' && text[7] == '-' && strspn (text, "0123456789") == 4 &&
      g_ascii_isdigit (text[5]) && g_ascii_isdigit (text[6]) && is_digits (text + 8, 2, 2)) {
    int month = (text[5] - '0') * 10 + text[6] - '0';
    int day = (text[8] - '0') * 10 + text[9] - '0';

    if (month >= 1 && month <= 12 && day >= 1 && day <= 31)
      return;
  }
  checker_found (checker, "must be a date written YYYY-MM-DD");
}

void
check_email (Checker *checker, const json_t *value)
{
  const char *text, *at;
  glong length;

  if (!check_string (checker, value))
    return;
  text = json_string_value (value);
  at = strchr (text, '@');
  if (!at || at == text || at[1] == '\0' || strchr (at + 1, '@') || strpbrk (text, " \t\r\n"))
    checker_found (checker, "must be an e-mail address");
  length = g_utf8_strlen (text, -1);
  if (length > 256)
    checker_found (checker, "must have at most 256 characters");
  else if (length > 254)
    checker_found_as (checker, CLAIM_RULE_WARNING, NULL, "is longer than mail servers take (254)");
}

/* A string is all the schema asks; what is no amount is printed as text on the addendum. */
void
check_money (Checker *checker, const json_t *value)
{
  const char *text;
  gsize dollars;

  if (!check_string (checker, value))
    return;
  text = json_string_value (value);
  dollars = strspn (text, "0123456789");
  if (dollars == 0 ||
      (text[dollars] != '\0' && !(text[dollars] == '.' && is_digits (text + dollars + 1, 2, 2))))
    checker_found_as (checker, CLAIM_RULE_WARNING, NULL,
                      "is not an amount in dollars or dollars and cents");
}

static gboolean
is_one_of (const char *text, const char *const *choices)
{
  for (; *choices; choices++)
    if (strcmp (*choices, text) == 0)
      return TRUE;
  return FALSE;
}

void
check_one_of (Checker *checker, const json_t *value, const char *const *choices,
              const char *message)
{
  if (check_string (checker, value) && !is_one_of (json_string_value (value), choices))
    checker_found (checker, message);
}

void
check_end_of_marriage (Checker *checker, const json_t *value)
{
  static const char *const choices[] = { "Death", "Divorce", "Annulment", "Other", NULL };

  check_one_of (checker, value, choices, "must be Death, Divorce, Annulment or Other");
}

void
check_name (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "first", REQUIRED, check_1_to_30 },
    { "middle", OPTIONAL, check_up_to_30 },
    { "last", REQUIRED, check_1_to_30 },
    { NULL },
  };
  gsize known = 0;

  if (!check_members (checker, value, members))
    return;
  for (const Member *member = members; member->key; member++)
    known += has_key (value, member->key);
  if (json_object_size (value) > known)
    checker_found (checker, "has another key than first, middle and last");
}

void
check_loose_name (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "first", REQUIRED, check_text },
    { "middle", OPTIONAL, check_text },
    { "last", REQUIRED, check_text },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_file (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "name", OPTIONAL, check_text },
    { "size", OPTIONAL, check_integer },
    { "confirmation_code", OPTIONAL, check_text },
    { NULL },
  };

  check_members (checker, value, members);
}

void
check_files (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_file);
}

/* --- Addresses and places --- */

/* clang-format off */
static const char *const states_usa[] = {
  "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS",
  "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY",
  "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV",
  "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI", "FM", "MH", "PW", "AA", "AE", "AP", NULL
};
static const char *const states_can[] = {
  "AB", "BC", "MB", "NB", "NL", "NT", "NS", "NU", "ON", "PE", "QC", "SK", "YT", NULL
};
static const char *const states_mex[] = {
  "aguascalientes", "baja-california-norte", "baja-california-sur", "campeche", "chiapas",
  "chihuahua", "coahuila", "colima", "distrito-federal", "durango", "guanajuato", "guerrero",
  "hidalgo", "jalisco", "mexico", "michoacan", "morelos", "nayarit", "nuevo-leon", "oaxaca",
  "puebla", "queretaro", "quintana-roo", "san-luis-potosi", "sinaloa", "sonora", "tabasco",
  "tamaulipas", "tlaxcala", "veracruz", "yucatan", "zacatecas", NULL
};
/* clang-format on */

static void
check_state_of (Checker *checker, const json_t *address, const char *const *states,
                const char *message)
{
  const json_t *state = json_object_get (address, "state");
  const json_t *postal_code = json_object_get (address, "postal_code");

  if (json_is_string (state) && !is_one_of (json_string_value (state), states))
    checker_found_as (checker, checker->rule, "state", message);
  if (json_is_string (postal_code))
    check_at (checker, "postal_code", postal_code, check_up_to_10);
}

void
check_address (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "street", OPTIONAL, check_1_to_50 },   { "street2", OPTIONAL, check_1_to_50 },
    { "street3", OPTIONAL, NULL },           { "city", OPTIONAL, check_1_to_51 },
    { "country", OPTIONAL, check_text },     { "state", OPTIONAL, check_text },
    { "postal_code", OPTIONAL, check_text }, { NULL },
  };
  const json_t *country, *state, *postal_code;

  if (!check_members (checker, value, members))
    return;
  country = json_object_get (value, "country");
  state = json_object_get (value, "state");
  postal_code = json_object_get (value, "postal_code");

  if (is_text (country, "USA"))
    check_state_of (checker, value, states_usa, "must be a state code of the USA");
  else if (is_text (country, "CAN"))
    check_state_of (checker, value, states_can, "must be a province code of Canada");
  else if (is_text (country, "MEX"))
    check_state_of (checker, value, states_mex,
                    "must be a state of Mexico, in lower case with hyphens");
  else {
    /* Without a country no state, and each state of the three lists, would fit more than one of
     * the four variants. */
    if (!country &&
        (!state || (json_is_string (state) && (is_one_of (json_string_value (state), states_usa) ||
                                               is_one_of (json_string_value (state), states_can) ||
                                               is_one_of (json_string_value (state), states_mex)))))
      checker_found_missing (checker, checker->rule, "country");
    if (json_is_string (state))
      check_at (checker, "state", state, check_up_to_51);
    if (json_is_string (postal_code))
      check_at (checker, "postal_code", postal_code, check_up_to_51);
    if (is_text (country, "US"))
      checker_found_as (checker, CLAIM_RULE_WARNING, "country",
                        "should be USA: US counts as another country");
  }
}

void
check_place (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "city", OPTIONAL, check_text },
    { "state", OPTIONAL, check_text },
    { "country", OPTIONAL, check_text },
    { "postal_code", OPTIONAL, check_text },
    { NULL },
  };

  check_members (checker, value, members);
}

void
need_domestic (Checker *checker, const json_t *place)
{
  checker_need (checker, place, "city");
  checker_need (checker, place, "state");
}

void
need_foreign (Checker *checker, const json_t *place)
{
  checker_need (checker, place, "city");
  checker_need (checker, place, "country");
}

void
need_either (Checker *checker, const json_t *place)
{
  gboolean state = has_key (place, "state"), country = has_key (place, "country");

  if (!has_key (place, "city"))
    checker_found (checker, "needs city");
  if (!state && !country)
    checker_found (checker, "needs state, or country when abroad");
  else if (state && country && has_key (place, "city"))
    checker_found (checker, "has state and country, which tells neither home nor abroad");
}

static void
need_zip (Checker *checker, const json_t *place)
{
  const json_t *zip = json_object_get (place, "postal_code");

  if (!zip)
    checker_found_missing (checker, checker->rule, "postal_code");
  else if (json_is_string (zip) && !is_digits (json_string_value (zip), 5, 5))
    checker_found_as (checker, checker->rule, "postal_code", "must be five digits");
}

static void
need_domestic_birth (Checker *checker, const json_t *place)
{
  need_domestic (checker, place);
  need_zip (checker, place);
}

static void
need_either_birth (Checker *checker, const json_t *place)
{
  const json_t *zip = json_object_get (place, "postal_code");

  if (!has_key (place, "country"))
    need_domestic_birth (checker, place);
  else {
    checker_need (checker, place, "city");
    if (has_key (place, "city") && has_key (place, "state") && json_is_string (zip) &&
        is_digits (json_string_value (zip), 5, 5))
      checker_found (checker, "has state and country, which tells neither home nor abroad");
  }
}

/* @value holds outside_usa and location; a marriage holds them among its other keys. */
void
check_variant (Checker *checker, const json_t *value, Check domestic, Check foreign, Check either)
{
  const json_t *outside = json_object_get (value, "outside_usa");
  const json_t *place = json_object_get (value, "location");

  if (!json_is_object (place))
    return; /* told before */
  if (!outside)
    check_at (checker, "location", place, either);
  else if (json_is_false (outside))
    check_at (checker, "location", place, domestic);
  else if (json_is_true (outside))
    check_at (checker, "location", place, foreign);
}

static const Member location_members[] = {
  { "outside_usa", OPTIONAL, check_boolean },
  { "location", REQUIRED, check_place },
  { NULL },
};

void
check_location (Checker *checker, const json_t *value)
{
  if (check_members (checker, value, location_members))
    check_variant (checker, value, need_domestic, need_foreign, need_either);
}

void
check_birth_location (Checker *checker, const json_t *value)
{
  if (check_members (checker, value, location_members))
    check_variant (checker, value, need_domestic_birth, need_foreign, need_either_birth);
}
