/* What a claim must and should be; see validate.h.
 *
 * One table per object of the form: its keys, which are required, and the check of each. Rules that
 * join several keys stand in a function beside their table. Source: README.md, rules 1 to 4. */
#include "claims/validate.h"

#include <math.h>
#include <string.h>

#include "claims/answers.h"
#include "claims/content.h"
#include "claims/key-case.h"
#include "claims/split.h"

#define APPLICATION "dependents_application"
#define OPTIONS     "view:selectable686_options"

typedef struct {
  GPtrArray *findings;
  GString *path;  /* only keys of ours and array indices: a foreign key could be a person's name */
  ClaimRule rule; /* what a finding breaks here */
  const json_t *sent; /* the document as it came */
} Checker;

typedef void (*Check) (Checker *checker, const json_t *value);

typedef struct {
  const char *key;
  enum { OPTIONAL, REQUIRED } presence;
  Check check; /* NULL: anything */
} Member;

void
claim_finding_free (ClaimFinding *finding)
{
  if (!finding)
    return;
  g_free (finding->pointer);
  g_free (finding->message);
  g_free (finding);
}

static void
found_as (Checker *checker, ClaimRule rule, const char *key, const char *message)
{
  ClaimFinding *finding;

  if (checker->findings->len >= CLAIM_FINDINGS_MAX)
    return;
  finding = g_new0 (ClaimFinding, 1);
  finding->pointer =
      key ? g_strconcat (checker->path->str, "/", key, NULL) : g_strdup (checker->path->str);
  finding->message = g_strdup (message);
  finding->rule = rule;
  g_ptr_array_add (checker->findings, finding);
}

static void
found (Checker *checker, const char *message)
{
  found_as (checker, checker->rule, NULL, message);
}

/* The place that is being looked at, in the document as it came; NULL when it is not there. */
static const json_t *
as_sent (const Checker *checker)
{
  g_auto (GStrv) steps = g_strsplit (checker->path->str, "/", -1);
  const json_t *at = checker->sent;

  for (guint i = 1; at && steps[0] && steps[i]; i++)
    at = json_is_array (at) ? json_array_get (at, (gsize)g_ascii_strtoull (steps[i], NULL, 10))
                            : json_object_get (at, steps[i]);
  return at;
}

/* What is there and says nothing is found at its own place, what is not there at its parent's. */
static void
found_missing (Checker *checker, ClaimRule rule, const char *key)
{
  g_autofree char *message = NULL;

  if (checker->findings->len >= CLAIM_FINDINGS_MAX)
    return;
  if (json_object_get (as_sent (checker), key)) {
    found_as (checker, rule, key, "needs content");
    return;
  }
  message = g_strdup_printf ("needs %s", key);
  found_as (checker, rule, NULL, message);
}

static gboolean
has (const json_t *object, const char *key)
{
  return json_object_get (object, key) != NULL;
}

static gboolean
is_text (const json_t *value, const char *expected)
{
  return json_is_string (value) && strcmp (json_string_value (value), expected) == 0;
}

static void
need (Checker *checker, const json_t *object, const char *key)
{
  if (!has (object, key))
    found_missing (checker, checker->rule, key);
}

/* What should be there without today's schema saying so with effect: told, never refused. */
static void
should_have (Checker *checker, const json_t *object, const char *key)
{
  if (!has (object, key))
    found_missing (checker, CLAIM_RULE_WARNING, key);
}

static void
check_at (Checker *checker, const char *key, const json_t *value, Check check)
{
  gsize length = checker->path->len;

  g_string_append_printf (checker->path, "/%s", key);
  check (checker, value);
  g_string_truncate (checker->path, length);
}

/* The papers and BGS read snake_case only, so a key in camelCase is lost without a word. */
static void
warn_of_camel_case (Checker *checker, const json_t *object, const Member *members)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)object, key, value)
  {
    g_autofree char *snake = claim_key_to_snake (key);
    const Member *member = members;

    if (strcmp (snake, key) == 0)
      continue;
    while (member->key && strcmp (member->key, snake) != 0)
      member++;
    if (member->key) {
      g_autofree char *message =
          g_strdup_printf ("has %s in camelCase, which is not read", member->key);
      found_as (checker, CLAIM_RULE_WARNING, NULL, message);
    } else
      found_as (checker, CLAIM_RULE_WARNING, NULL, "has a key in camelCase, which is not read");
  }
}

static gboolean
check_is_object (Checker *checker, const json_t *value)
{
  if (json_is_object (value))
    return TRUE;
  found (checker, "must be an object");
  return FALSE;
}

static gboolean
check_members (Checker *checker, const json_t *value, const Member *members)
{
  if (!check_is_object (checker, value))
    return FALSE;

  for (const Member *member = members; member->key; member++) {
    const json_t *inner = json_object_get (value, member->key);

    if (!inner) {
      if (member->presence == REQUIRED)
        found_missing (checker, checker->rule, member->key);
    } else if (member->check)
      check_at (checker, member->key, inner, member->check);
  }
  if (checker->rule != CLAIM_RULE_LENIENT)
    warn_of_camel_case (checker, value, members);
  return TRUE;
}

static void
check_each (Checker *checker, const json_t *value, Check check)
{
  if (!json_is_array (value)) {
    found (checker,
           json_is_object (value) ? "must be an array, and is an object" : "must be an array");
    return;
  }
  for (gsize i = 0; i < json_array_size (value); i++) {
    g_autofree char *index = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

    if (!json_is_null (json_array_get (value, i))) /* nothing, see claims/content.h */
      check_at (checker, index, json_array_get (value, i), check);
  }
}

/* --- Values --- */

static gboolean
check_string (Checker *checker, const json_t *value)
{
  if (json_is_string (value))
    return TRUE;
  found (checker, "must be a string");
  return FALSE;
}

static void
check_text (Checker *checker, const json_t *value)
{
  (void)check_string (checker, value); /* the finding is all */
}

static void
check_boolean (Checker *checker, const json_t *value)
{
  if (!json_is_boolean (value))
    found (checker, "must be true or false");
}

static void
check_integer (Checker *checker, const json_t *value)
{
  double real = json_number_value (value);

  /* 3.0 is an integer in JSON Schema. */
  if (!json_is_integer (value) && !(json_is_real (value) && floor (real) == real))
    found (checker, "must be an integer");
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
    found (checker, message);
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

static void
check_1_to_50 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 1, 50);
}

static void
check_1_to_51 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 1, 51);
}

static void
check_up_to_10 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 0, 10);
}

static void
check_up_to_51 (Checker *checker, const json_t *value)
{
  check_length (checker, value, 0, 51);
}

static void
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

static void
check_ssn (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && !is_digits (json_string_value (value), 9, 9))
    found (checker, "must be nine digits");
}

/* Spouse, child and student may have none, with a reason. */
static void
check_no_ssn_reason (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && claim_answer (QUESTION_NO_SSN, value) == ANSWER_UNKNOWN)
    found (checker, "must be NONRESIDENT_ALIEN or NONE_ASSIGNED");
}

static void
need_ssn_or_reason (Checker *checker, const json_t *person)
{
  if (json_is_true (json_object_get (person, "no_ssn")))
    need (checker, person, "no_ssn_reason");
  else
    need (checker, person, "ssn");
}

static void
check_last_four (Checker *checker, const json_t *value)
{
  if (check_string (checker, value) && !is_digits (json_string_value (value), 4, 4))
    found (checker, "must be four digits");
}

static void
check_ssn_last_four (Checker *checker, const json_t *value)
{
  check_last_four (checker, value);
  if (is_text (value, "0000"))
    found (checker, "must not be all zeros");
}

static void
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
    found (checker, "must be up to two capital letters and five to eight digits");
}

/* The pattern only: 30 February passes. */
static void
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
  found (checker, "must be a date written YYYY-MM-DD");
}

static void
check_email (Checker *checker, const json_t *value)
{
  const char *text, *at;
  glong length;

  if (!check_string (checker, value))
    return;
  text = json_string_value (value);
  at = strchr (text, '@');
  if (!at || at == text || at[1] == '\0' || strchr (at + 1, '@') || strpbrk (text, " \t\r\n"))
    found (checker, "must be an e-mail address");
  length = g_utf8_strlen (text, -1);
  if (length > 256)
    found (checker, "must have at most 256 characters");
  else if (length > 254)
    found_as (checker, CLAIM_RULE_WARNING, NULL, "is longer than mail servers take (254)");
}

/* A string is all the schema asks; what is no amount is printed as text on the addendum. */
static void
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
    found_as (checker, CLAIM_RULE_WARNING, NULL,
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

static void
check_one_of (Checker *checker, const json_t *value, const char *const *choices,
              const char *message)
{
  if (check_string (checker, value) && !is_one_of (json_string_value (value), choices))
    found (checker, message);
}

static void
check_end_of_marriage (Checker *checker, const json_t *value)
{
  static const char *const choices[] = { "Death", "Divorce", "Annulment", "Other", NULL };

  check_one_of (checker, value, choices, "must be Death, Divorce, Annulment or Other");
}

static void
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
    known += has (value, member->key);
  if (json_object_size (value) > known)
    found (checker, "has another key than first, middle and last");
}

static void
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

static void
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
    found_as (checker, checker->rule, "state", message);
  if (json_is_string (postal_code))
    check_at (checker, "postal_code", postal_code, check_up_to_10);
}

static void
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
      found_missing (checker, checker->rule, "country");
    if (json_is_string (state))
      check_at (checker, "state", state, check_up_to_51);
    if (json_is_string (postal_code))
      check_at (checker, "postal_code", postal_code, check_up_to_51);
    if (is_text (country, "US"))
      found_as (checker, CLAIM_RULE_WARNING, "country",
                "should be USA: US counts as another country");
  }
}

static void
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

static void
need_domestic (Checker *checker, const json_t *place)
{
  need (checker, place, "city");
  need (checker, place, "state");
}

static void
need_foreign (Checker *checker, const json_t *place)
{
  need (checker, place, "city");
  need (checker, place, "country");
}

static void
need_either (Checker *checker, const json_t *place)
{
  gboolean state = has (place, "state"), country = has (place, "country");

  if (!has (place, "city"))
    found (checker, "needs city");
  if (!state && !country)
    found (checker, "needs state, or country when abroad");
  else if (state && country && has (place, "city"))
    found (checker, "has state and country, which tells neither home nor abroad");
}

static void
need_zip (Checker *checker, const json_t *place)
{
  const json_t *zip = json_object_get (place, "postal_code");

  if (!zip)
    found_missing (checker, checker->rule, "postal_code");
  else if (json_is_string (zip) && !is_digits (json_string_value (zip), 5, 5))
    found_as (checker, checker->rule, "postal_code", "must be five digits");
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

  if (!has (place, "country"))
    need_domestic_birth (checker, place);
  else {
    need (checker, place, "city");
    if (has (place, "city") && has (place, "state") && json_is_string (zip) &&
        is_digits (json_string_value (zip), 5, 5))
      found (checker, "has state and country, which tells neither home nor abroad");
  }
}

/* @value holds outside_usa and location; a marriage holds them among its other keys. */
static void
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

static void
check_location (Checker *checker, const json_t *value)
{
  if (check_members (checker, value, location_members))
    check_variant (checker, value, need_domestic, need_foreign, need_either);
}

static void
check_birth_location (Checker *checker, const json_t *value)
{
  if (check_members (checker, value, location_members))
    check_variant (checker, value, need_domestic_birth, need_foreign, need_either_birth);
}

/* --- dependents_application --- */

static void
check_contact (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "veteran_address", REQUIRED, check_address },
    { "phone_number", REQUIRED, check_phone },
    { "email_address", REQUIRED, check_email },
    { "international_phone_number", OPTIONAL, NULL },
    { "electronic_correspondence", OPTIONAL, NULL },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_spouse (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "ssn", OPTIONAL, check_ssn },
    { "no_ssn", OPTIONAL, check_boolean },
    { "no_ssn_reason", OPTIONAL, check_no_ssn_reason },
    { "birth_date", REQUIRED, check_date },
    { "is_veteran", REQUIRED, check_boolean },
    { "va_file_number", OPTIONAL, check_text },
    { "service_number", OPTIONAL, check_service_number },
    { NULL },
  };

  if (check_members (checker, value, members))
    need_ssn_or_reason (checker, value);
}

static void
check_marriage (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "type_of_marriage", REQUIRED, check_text },
    { "type_other", OPTIONAL, check_text },
    { "date", REQUIRED, check_date },
    { "outside_usa", OPTIONAL, check_boolean },
    { "location", REQUIRED, check_place },
    { NULL },
  };

  if (!check_members (checker, value, members))
    return;
  if (is_text (json_object_get (value, "type_of_marriage"), "OTHER"))
    need (checker, value, "type_other");
  check_variant (checker, value, need_domestic, need_foreign, need_either);
}

static void
check_living_together (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "spouse_does_live_with_veteran", REQUIRED, check_boolean },
    { "spouse_income", OPTIONAL, check_text },
    { "current_spouse_reason_for_separation", OPTIONAL, check_text },
    { "address", OPTIONAL, check_address },
    { "other", OPTIONAL, check_text },
    { NULL },
  };

  if (!check_members (checker, value, members))
    return;
  if (json_is_false (json_object_get (value, "spouse_does_live_with_veteran"))) {
    need (checker, value, "current_spouse_reason_for_separation");
    need (checker, value, "address");
  }
}

static void
check_former_marriage (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "start_date", REQUIRED, check_date },
    { "end_date", REQUIRED, check_date },
    { "start_location", REQUIRED, check_location },
    { "end_location", REQUIRED, check_location },
    { "reason_marriage_ended", REQUIRED, check_end_of_marriage },
    { "other_reason_marriage_ended", OPTIONAL, check_text },
    { NULL },
  };

  if (check_members (checker, value, members) &&
      is_text (json_object_get (value, "reason_marriage_ended"), "Other"))
    need (checker, value, "other_reason_marriage_ended");
}

static void
check_former_marriages (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_former_marriage);
}

static void
check_relationship_to_child (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "adopted", OPTIONAL, check_boolean },
    { "stepchild", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_child (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "birth_date", REQUIRED, check_date },
    { "ssn", OPTIONAL, check_ssn },
    { "no_ssn", OPTIONAL, check_boolean },
    { "no_ssn_reason", OPTIONAL, check_no_ssn_reason },
    { "birth_location", REQUIRED, check_birth_location },
    { "is_biological_child", REQUIRED, check_boolean },
    { "relationship_to_child", OPTIONAL, check_relationship_to_child },
    { "is_biological_child_of_spouse", REQUIRED, check_boolean },
    { "date_entered_household", REQUIRED, check_date },
    { "biological_parent_name", REQUIRED, check_name },
    { "biological_parent_ssn", REQUIRED, check_ssn },
    { "biological_parent_dob", REQUIRED, check_date },
    { "does_child_have_disability", REQUIRED, check_boolean },
    { "does_child_have_permanent_disability", OPTIONAL, check_boolean },
    { "does_child_live_with_you", REQUIRED, check_boolean },
    { "address", OPTIONAL, check_address },
    { "living_with", OPTIONAL, check_loose_name },
    { "has_child_ever_been_married", REQUIRED, check_boolean },
    { "marriage_end_date", OPTIONAL, check_date },
    { "marriage_end_reason", OPTIONAL, check_end_of_marriage },
    { "marriage_end_description", OPTIONAL, check_text },
    { "income_in_last_year", OPTIONAL, check_text },
    { "school_age_in_school", OPTIONAL, NULL },
    { NULL },
  };

  if (!check_members (checker, value, members))
    return;
  need_ssn_or_reason (checker, value);

  /* What the schema means and states without effect (4.8, end): told, not refused. */
  if (json_is_false (json_object_get (value, "is_biological_child")))
    should_have (checker, value, "relationship_to_child");
  if (json_is_true (json_object_get (value, "does_child_have_disability")))
    should_have (checker, value, "does_child_have_permanent_disability");
  if (json_is_false (json_object_get (value, "does_child_live_with_you"))) {
    should_have (checker, value, "living_with");
    should_have (checker, value, "address");
  }
  if (json_is_true (json_object_get (value, "has_child_ever_been_married")))
    should_have (checker, value, "marriage_end_date");
  if (json_is_true (json_object_get (value, "has_child_ever_been_married")) ||
      has (value, "marriage_end_date"))
    should_have (checker, value, "marriage_end_reason");
  if (is_text (json_object_get (value, "marriage_end_reason"), "Other"))
    should_have (checker, value, "marriage_end_description");
}

static void
check_children (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_child);
}

static void
check_divorce (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "birth_date", REQUIRED, check_date },
    { "date", REQUIRED, check_date },
    { "divorce_location", REQUIRED, check_location },
    { "reason_marriage_ended", REQUIRED, check_end_of_marriage },
    { "explanation_of_other", OPTIONAL, check_text },
    { "spouse_income", OPTIONAL, check_text },
    { NULL },
  };

  if (check_members (checker, value, members) &&
      is_text (json_object_get (value, "reason_marriage_ended"), "Other"))
    need (checker, value, "explanation_of_other");
}

static void
check_stepchild (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "ssn", REQUIRED, check_ssn },
    { "birth_date", REQUIRED, check_date },
    { "who_does_the_stepchild_live_with", REQUIRED, check_loose_name },
    { "address", REQUIRED, check_address },
    { "supporting_stepchild", REQUIRED, check_boolean },
    { "living_expenses_paid", OPTIONAL, check_text },
    { NULL },
  };

  if (check_members (checker, value, members) &&
      json_is_true (json_object_get (value, "supporting_stepchild")))
    need (checker, value, "living_expenses_paid");
}

static void
check_stepchildren (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_stepchild);
}

static void
check_dependent_type (Checker *checker, const json_t *value)
{
  static const char *const choices[] = { "SPOUSE", "DEPENDENT_PARENT", "CHILD", NULL };

  check_one_of (checker, value, choices, "must be SPOUSE, DEPENDENT_PARENT or CHILD");
}

static void
check_child_status (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "child_under18", OPTIONAL, check_boolean },
    { "step_child", OPTIONAL, check_boolean },
    { "adopted", OPTIONAL, check_boolean },
    { "disabled", OPTIONAL, check_boolean },
    { "child_over18_in_school", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_death (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "dependent_type", REQUIRED, check_dependent_type },
    { "child_status", OPTIONAL, check_child_status },
    { "full_name", REQUIRED, check_name },
    { "ssn", REQUIRED, check_ssn },
    { "birth_date", REQUIRED, check_date },
    { "dependent_death_date", REQUIRED, check_date },
    { "dependent_death_location", REQUIRED, check_location },
    { "deceased_dependent_income", OPTIONAL, check_text },
    { NULL },
  };

  if (check_members (checker, value, members) &&
      is_text (json_object_get (value, "dependent_type"), "CHILD"))
    need (checker, value, "child_status");
}

static void
check_deaths (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_death);
}

static void
check_child_marriage (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },        { "ssn", REQUIRED, check_ssn },
    { "birth_date", REQUIRED, check_date },       { "date_married", REQUIRED, check_date },
    { "dependent_income", OPTIONAL, check_text }, { NULL },
  };

  check_members (checker, value, members);
}

static void
check_child_marriages (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_child_marriage);
}

static void
check_stopped_school (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "ssn", REQUIRED, check_ssn },
    { "birth_date", REQUIRED, check_date },
    { "date_child_left_school", REQUIRED, check_date },
    { "dependent_income", OPTIONAL, check_text },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_stopped_schools (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_stopped_school);
}

static void
check_programs (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "ch35", OPTIONAL, check_boolean },
    { "fry", OPTIONAL, check_boolean },
    { "feca", OPTIONAL, check_boolean },
    { "other", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_term (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "official_school_start_date", REQUIRED, check_date },
    { "expected_student_start_date", REQUIRED, check_date },
    { "expected_graduation_date", REQUIRED, check_date },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_last_term (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "term_begin", OPTIONAL, check_text },
    { "date_term_ended", OPTIONAL, check_text },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
need_last_term (Checker *checker, const json_t *value)
{
  need (checker, value, "term_begin");
  need (checker, value, "date_term_ended");
}

static void
check_school (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "name", REQUIRED, check_text },
    { "student_is_enrolled_full_time", REQUIRED, check_boolean },
    { "is_school_accredited", REQUIRED, check_boolean },
    { "current_term_dates", REQUIRED, check_term },
    { "student_did_attend_school_last_term", REQUIRED, check_boolean },
    { "last_term_school_information", OPTIONAL, check_last_term },
    { "date_full_time_ended", OPTIONAL, check_date },
    { NULL },
  };
  const json_t *last_term;

  if (!check_members (checker, value, members) ||
      !json_is_true (json_object_get (value, "student_did_attend_school_last_term")))
    return;
  last_term = json_object_get (value, "last_term_school_information");
  if (!last_term)
    need (checker, value, "last_term_school_information");
  else if (json_is_object (last_term))
    check_at (checker, "last_term_school_information", last_term, need_last_term);
}

static void
check_earnings (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "earnings_from_all_employment", OPTIONAL, check_money },
    { "annual_social_security_payments", OPTIONAL, check_money },
    { "other_annuities_income", OPTIONAL, check_money },
    { "all_other_income", OPTIONAL, check_money },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_net_worth (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "savings", OPTIONAL, check_money },     { "securities", OPTIONAL, check_money },
    { "real_estate", OPTIONAL, check_money }, { "other_assets", OPTIONAL, check_money },
    { "total_value", OPTIONAL, check_money }, { NULL },
  };

  check_members (checker, value, members);
}

/* The parent's list; the child's disagrees with it and is not applied (4.13). */
static void
check_student (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", REQUIRED, check_name },
    { "birth_date", REQUIRED, check_date },
    { "ssn", OPTIONAL, check_ssn },
    { "no_ssn", OPTIONAL, check_boolean },
    { "no_ssn_reason", OPTIONAL, check_no_ssn_reason },
    { "relationship_to_student", REQUIRED, check_text },
    { "is_parent", OPTIONAL, NULL },
    { "address", REQUIRED, check_address },
    { "was_married", REQUIRED, check_boolean },
    { "marriage_date", OPTIONAL, check_date },
    { "type_of_program_or_benefit", REQUIRED, check_programs },
    { "other_program_or_benefit", OPTIONAL, check_text },
    { "tuition_is_paid_by_gov_agency", REQUIRED, check_boolean },
    { "benefit_payment_date", OPTIONAL, check_date },
    { "school_information", REQUIRED, check_school },
    { "claims_or_receives_pension", OPTIONAL, check_boolean },
    { "student_income", OPTIONAL, check_text },
    { "student_earnings_from_school_year", OPTIONAL, check_earnings },
    { "student_expected_earnings_next_year", OPTIONAL, check_earnings },
    { "student_networth_information", OPTIONAL, check_net_worth },
    { "remarks", OPTIONAL, check_text },
    { NULL },
  };

  if (!check_members (checker, value, members))
    return;
  need_ssn_or_reason (checker, value);
  if (json_is_true (
          json_object_get (json_object_get (value, "type_of_program_or_benefit"), "other")))
    need (checker, value, "other_program_or_benefit");
}

static void
check_students (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_student);
}

static void
check_add_or_remove (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "add", OPTIONAL, check_boolean },
    { "remove", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
}

/* The choices on the form's first pages, in each of their copies. */
static void
check_choices (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "add_spouse", OPTIONAL, check_boolean },
    { "add_child", OPTIONAL, check_boolean },
    { "add_disabled_child", OPTIONAL, check_boolean },
    { "report674", OPTIONAL, check_boolean },
    { "report_divorce", OPTIONAL, check_boolean },
    { "report_death", OPTIONAL, check_boolean },
    { "report_stepchild_not_in_household", OPTIONAL, check_boolean },
    { "report_marriage_of_child_under18", OPTIONAL, check_boolean },
    { "child_marriage", OPTIONAL, check_boolean },
    { "report_child18_or_older_is_not_attending_school", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
}

static void
check_application (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "veteran_contact_information", REQUIRED, check_contact },
    { "household_income", OPTIONAL, check_boolean },
    { "spouse_information", OPTIONAL, check_spouse },
    { "current_marriage_information", OPTIONAL, check_marriage },
    { "does_live_with_spouse", OPTIONAL, check_living_together },
    { "veteran_marriage_history", OPTIONAL, check_former_marriages },
    { "spouse_marriage_history", OPTIONAL, check_former_marriages },
    { "children_to_add", OPTIONAL, check_children },
    { "report_divorce", OPTIONAL, check_divorce },
    { "step_children", OPTIONAL, check_stepchildren },
    { "deaths", OPTIONAL, check_deaths },
    { "child_marriage", OPTIONAL, check_child_marriages },
    { "child_stopped_attending_school", OPTIONAL, check_stopped_schools },
    { "spouse_supporting_documents", OPTIONAL, check_files },
    { "child_supporting_documents", OPTIONAL, check_files },
    { "student_information", OPTIONAL, check_students },
    { "days_till_expires", OPTIONAL, check_integer },
    { "privacy_agreement_accepted", OPTIONAL, check_boolean },
    { OPTIONS, OPTIONAL, check_choices },
    { "view:add_or_remove_dependents", OPTIONAL, check_add_or_remove },
    { "view:remove_dependent_options", OPTIONAL, check_choices },
    { "view:add_dependent_options", OPTIONAL, check_choices },
    { "view:completed_child_stopped_attending_school", OPTIONAL, check_boolean },
    { NULL },
  };

  check_members (checker, value, members);
  if (has (value, "spouse_information")) {
    /* The paper needs all three; see the rows marked P. */
    should_have (checker, value, "does_live_with_spouse");
    should_have (checker, value, "current_marriage_information");
  }
}

/* --- The document --- */

static void
check_veteran (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "full_name", OPTIONAL, check_name },
    { "birth_date", OPTIONAL, check_date },
    { "ssn_last_four", OPTIONAL, check_ssn_last_four },
    { "va_file_last_four", OPTIONAL, check_last_four },
    { NULL },
  };

  if (check_members (checker, value, members))
    should_have (checker, value, "ssn");
}

static void
check_option (Checker *checker, const json_t *value)
{
  /* Not just "not chosen": a form that the Veteran did choose would be left out without a word. */
  if (claim_answer (QUESTION_YES_NO, value) == ANSWER_UNKNOWN)
    found (checker, "must be true or false");
}

static void
check_options (Checker *checker, const json_t *value)
{
  static const Member members[] = {
    { "report_death", OPTIONAL, check_option },
    { "report_divorce", OPTIONAL, check_option },
    { "add_child", OPTIONAL, check_option },
    { "report_stepchild_not_in_household", OPTIONAL, check_option },
    { "report_marriage_of_child_under18", OPTIONAL, check_option },
    { "child_marriage", OPTIONAL, check_option },
    { "report_child18_or_older_is_not_attending_school", OPTIONAL, check_option },
    { "add_spouse", OPTIONAL, check_option },
    { "add_disabled_child", OPTIONAL, check_option },
    { "report674", OPTIONAL, check_option },
    { NULL },
  };

  if (!check_members (checker, value, members))
    return;
  for (const Member *member = members; member->key; member++)
    if (claim_answer_at (QUESTION_YES_NO, value, member->key) == ANSWER_YES)
      return;
  found (checker, "nothing is selected");
}

static void
check_is_entry (Checker *checker, const json_t *value)
{
  (void)check_is_object (checker, value); /* the finding is all */
}

static void
check_entries (Checker *checker, const json_t *value)
{
  check_each (checker, value, check_is_entry);
}

/* What an option needs: without it a group would be made with nobody on it. */
static const struct {
  const char *option, *key;
  enum { ONE, LIST } shape;
} option_data[] = {
  { "add_spouse", "spouse_information", ONE },
  { "add_child", "children_to_add", LIST },
  { "add_disabled_child", "children_to_add", LIST },
  { "report_divorce", "report_divorce", ONE },
  { "report_death", "deaths", LIST },
  { "report_stepchild_not_in_household", "step_children", LIST },
  { "report_marriage_of_child_under18", "child_marriage", LIST },
  { "child_marriage", "child_marriage", LIST },
  { "report_child18_or_older_is_not_attending_school", "child_stopped_attending_school", LIST },
  { "report674", "student_information", LIST },
};

static gboolean
is_letter_of_key (char c)
{
  return c != '_' && c != '-' && c != ' ';
}

/* Whether @written is @key in another case: ChildrenToAdd, childrenToAdd, CHILDREN-TO-ADD. */
static gboolean
is_key_in_other_case (const char *written, const char *key)
{
  for (;;) {
    while (*written && !is_letter_of_key (*written))
      written++;
    while (*key && !is_letter_of_key (*key))
      key++;
    if (!*written || !*key)
      return !*written && !*key;
    if (g_ascii_tolower (*written++) != g_ascii_tolower (*key++))
      return FALSE;
  }
}

static gboolean
has_in_other_case (const json_t *application, const char *key)
{
  const char *written;
  json_t *value;

  json_object_foreach ((json_t *)application, written,
                       value) if (strcmp (written, key) != 0 &&
                                  is_key_in_other_case (written, key)) return TRUE;
  return FALSE;
}

static void
need_data_of (Checker *checker, const json_t *application, guint row)
{
  const char *option = option_data[row].option, *key = option_data[row].key;
  const json_t *data = json_object_get (application, key);
  g_autofree char *message = NULL;

  if (data && option_data[row].shape == ONE)
    check_at (checker, key, data, check_is_entry);
  else if (data)
    check_at (checker, key, data, check_entries);
  else if (has_in_other_case (application, key)) {
    message = g_strdup_printf ("needs %s, for %s is selected; a key of this name in another case "
                               "is there, which is not read",
                               key, option);
    found (checker, message);
  } else if (json_object_get (as_sent (checker), key)) {
    message = g_strdup_printf (option_data[row].shape == LIST
                                   ? "needs at least one entry with content, for %s is selected"
                                   : "needs content, for %s is selected",
                               option);
    found_as (checker, checker->rule, key, message);
  } else {
    message = g_strdup_printf ("needs %s, for %s is selected", key, option);
    found (checker, message);
  }
}

/* In every mode. */
static void
need_data_of_options (Checker *checker, const json_t *parent, const json_t *application)
{
  gsize length = checker->path->len;

  g_string_append_printf (checker->path, "/%s", APPLICATION);
  for (guint row = 0; row < G_N_ELEMENTS (option_data); row++)
    if (claim_option (parent, option_data[row].option) == ANSWER_YES)
      need_data_of (checker, application, row);
  g_string_truncate (checker->path, length);
}

static gboolean
same_finding (const ClaimFinding *a, const ClaimFinding *b)
{
  return strcmp (a->pointer, b->pointer) == 0 && strcmp (a->message, b->message) == 0;
}

/* Rules of two shelves can say the same of one place (a student that is no object): the first,
 * lenient one stays. */
static void
drop_doubles (GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++)
    for (guint k = findings->len - 1; k > i; k--)
      if (same_finding (g_ptr_array_index (findings, i), g_ptr_array_index (findings, k)))
        g_ptr_array_remove_index (findings, k);
}

/* The document as it is judged. A signature may be empty: that it is there is all
 * that today's service asks. */
static json_t *
judged (const json_t *parent)
{
  static const char signature[] = "statement_of_truth_signature";
  json_t *content = claim_content (parent);
  json_t *signed_as = json_object_get (parent, signature);

  if (json_is_string (signed_as))
    json_object_set (content, signature, signed_as);
  if (json_is_object (json_object_get (parent, APPLICATION)) &&
      !json_object_get (content, APPLICATION))
    json_object_set_new (content, APPLICATION, json_object ()); /* its keys are what is missing */
  return content;
}

GPtrArray *
claim_validate (const json_t *parent)
{
  static const Member members[] = {
    { "statement_of_truth_signature", REQUIRED, check_text },
    { "statement_of_truth_certified", REQUIRED, check_boolean },
    { OPTIONS, REQUIRED, check_options },
    { "veteran_information", OPTIONAL, check_veteran },
    { NULL },
  };
  g_autoptr (GString) path = g_string_new (NULL);
  g_autoptr (json_t) content = judged (parent);
  Checker checker = { .path = path, .rule = CLAIM_RULE_LENIENT, .sent = parent };
  const json_t *application = json_object_get (content, APPLICATION);
  gboolean any_option = claim_has_686c (content) || claim_has_674 (content);

  checker.findings = g_ptr_array_new_with_free_func ((GDestroyNotify)claim_finding_free);
  if (!check_members (&checker, content, members))
    return checker.findings;

  if (application && !json_is_object (application))
    found_as (&checker, CLAIM_RULE_LENIENT, APPLICATION, "must be an object");
  else if (application)
    need_data_of_options (&checker, content, application);

  checker.rule = CLAIM_RULE_STRICT;
  if (!application)
    found_missing (&checker, any_option ? CLAIM_RULE_LENIENT : CLAIM_RULE_STRICT, APPLICATION);
  else if (json_is_object (application))
    check_at (&checker, APPLICATION, application, check_application);

  drop_doubles (checker.findings);
  return checker.findings;
}
