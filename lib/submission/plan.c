#include "submission/plan.h"

#include "base/text.h"
#include "bgs/countries.h"
#include "bgs/limits.h"
#include "bgs/names.h"
#include "bgs/phone.h"
#include "bgs/states.h"
#include "claims/answers.h"
#include "claims/content.h"
#include "claims/values.h"
#include "submission/form.h"
#include "submission/unread.h"

#include <string.h>

/* --- Findings. --- */

static const struct {
  const char *code, *text;
} texts_of_codes[] = {
  { "unclear-answer", "the answer is none that the form knows" },
  { "missing-answer", "an answer that decides is missing" },
  { "contradiction", "two answers contradict each other" },
  { "twice", "the same person stands in this list twice" },
  { "cut", "the text is longer than BGS can hold and was cut" },
  { "letters-lost",
    "letters of the text cannot be written in those that BGS takes and are missing" },
  { "not-writable", "nothing of the text can be written in the letters that BGS takes" },
  { "corrected", "replaced by what its ZIP code or territory says" },
  { "too-long", "longer than BGS can hold, and another text when it is cut; it is not sent" },
  { "left-out", "BGS has no place for it beside the others" },
  { "no-date", "no day of the calendar" },
  { "missing-date", "a day from which on somebody is paid for or not is missing" },
  { "future-date", "a day after the claim was submitted" },
  { "no-amount", "no amount" },
  { "negative-amount", "an amount below zero" },
  { "missing-number", "the SSN is missing, and nothing says that there is none" },
  { "no-number", "no such number: another count of digits, or letters beside them" },
  { "no-zip", "no ZIP code" },
  { "no-address", "a state or country alone is no address; it is not sent" },
  { "unknown-state", "no state of the USA" },
  { "state-abroad", "a state beside a foreign country" },
  { "unknown-country", "no country that BGS knows" },
  { "missing-country", "the country is missing" },
  { "missing-city", "the city is missing, and BGS takes no claim without one" },
  { "missing-name", "a name is missing, and BGS takes nobody without one" },
  { "unclear-military-address", "state and ZIP code do not say which military area it is" },
  { "military-zip", "the ZIP code is the military's, and the city and state are not" },
  { "not-chosen", "data of a choice that was not made; nothing of it is sent" },
  { "not-applicable", "another answer says that it does not count; it is not sent" },
  { "unknown-choice",
    "a choice that is none of the form's, or not written as one; nothing of it is sent" },
  { "not-read", "of no meaning for BGS at this place; it is not sent" },
  { "more", "more of this kind" },
};

const char *
plan_finding_text (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts_of_codes); i++)
    if (strcmp (texts_of_codes[i].code, code) == 0)
      return texts_of_codes[i].text;
  return code;
}

/* Copies into the plan; NULL stays NULL. */
static const char *
keep (Plan *plan, const char *value)
{
  return value ? g_string_chunk_insert_const (plan->texts, value) : NULL;
}

/* @field and @value are the plan's. */
static void
find (Plan *plan, PlanWeight weight, const char *code, const char *field, const char *value)
{
  PlanFinding *finding;

  if (plan->findings->len == PLAN_FINDINGS_MAX - 1 && weight != PLAN_PAPER) {
    code = "more";
    field = value = "";
    weight = PLAN_REVIEW;
  }
  if (plan->findings->len >= PLAN_FINDINGS_MAX) {
    finding = g_ptr_array_index (plan->findings, PLAN_FINDINGS_MAX - 1);
    if (weight != PLAN_PAPER || finding->weight == PLAN_PAPER)
      return;
  } else {
    finding = g_new0 (PlanFinding, 1);
    g_ptr_array_add (plan->findings, finding);
  }
  *finding = (PlanFinding){ code, field, value, weight };
}

/* --- Values of the document, and where they stand. --- */

typedef struct {
  const json_t *value; /* NULL: not there */
  const char *path;    /* the plan's */
} Node;

static Node
at (Plan *plan, Node node, const char *key)
{
  g_autofree char *path = *node.path ? g_strconcat (node.path, "/", key, NULL) : g_strdup (key);

  return (Node){ json_object_get (node.value, key), keep (plan, path) };
}

static Node
entry (Plan *plan, Node list, gsize index)
{
  g_autofree char *path = g_strdup_printf ("%s/%" G_GSIZE_FORMAT, list.path, index);

  return (Node){ json_array_get (list.value, index), keep (plan, path) };
}

/* The next entry of a list that is something, from *@index on; FALSE at its end. */
static gboolean
next_entry (Plan *plan, Node list, gsize *index, Node *ret_entry)
{
  for (; *index < json_array_size (list.value); (*index)++) {
    if (json_is_null (json_array_get (list.value, *index)))
      continue;
    *ret_entry = entry (plan, list, (*index)++);
    return TRUE;
  }
  return FALSE;
}

static void
has_read (Plan *plan, Node node)
{
  if (node.value)
    g_hash_table_add (plan->read, (gpointer)node.path);
}

/* Another answer says that @node, and all below it, does not count. */
static void
set_aside (Plan *plan, Node node, PlaceIs place_is)
{
  if (node.value)
    g_hash_table_insert (plan->set_aside, (gpointer)node.path, GINT_TO_POINTER (place_is));
}

/* Text as the claim has it; a number is one too. NULL when it is absent or nothing of the kind,
 * which is found as unread then. */
static const char *
text (Plan *plan, Node node)
{
  g_autofree char *number = NULL;
  double real = json_real_value (node.value);

  if (json_is_string (node.value)) {
    has_read (plan, node);
    return keep (plan, json_string_value (node.value));
  }
  if (!json_is_number (node.value))
    return NULL;
  has_read (plan, node);
  if (json_is_integer (node.value))
    number = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (node.value));
  else
    /* As it was typed: a third decimal is nobody's to round. */
    number = g_strdup_printf ("%.15g", real);
  return keep (plan, number);
}

/* A text as its element holds it. */
static const char *
fitted (Plan *plan, Node node, BgsElement element, PlanWeight when_empty)
{
  BgsFit fit;
  g_autofree char *value = bgs_element_fit (element, text (plan, node), &fit);

  if (fit == BGS_FIT_CUT)
    find (plan, PLAN_REVIEW, "cut", node.path, NULL);
  if (fit == BGS_FIT_LETTERS_LOST)
    find (plan, PLAN_REVIEW, "letters-lost", node.path, NULL);
  if (fit == BGS_FIT_TOO_LONG)
    find (plan, PLAN_REVIEW, "too-long", node.path, NULL);
  if (fit == BGS_FIT_EMPTY)
    find (plan, when_empty, "not-writable", node.path, NULL);
  return keep (plan, text_is_blank (value) ? NULL : value);
}

/* What somebody has said where a table has no row for it: a few words, for the note. */
static const char *
said (Plan *plan, Node node)
{
  g_autofree char *ascii = bgs_street_text (json_string_value (node.value));
  g_autofree char *few = text_truncate_chars (ascii, 40);

  return keep (plan, few && *few ? few : NULL);
}

/* An answer by the table; what no row names is found. */
static Answer
answer (Plan *plan, Node node, Question question)
{
  Answer read = claim_answer (question, node.value);

  if (json_is_object (node.value) || json_is_array (node.value)) {
    find (plan, PLAN_REVIEW, "unclear-answer", node.path, NULL);
    return ANSWER_UNKNOWN; /* its leaves are found as unread besides */
  }
  has_read (plan, node);
  if (read == ANSWER_UNKNOWN)
    find (plan, PLAN_REVIEW, "unclear-answer", node.path, said (plan, node));
  return read;
}

/* The same where something is decided by it, so that it must be there. */
static Answer
decision (Plan *plan, Node node, Question question)
{
  Answer read = answer (plan, node, question);

  if (read == ANSWER_MISSING)
    find (plan, PLAN_REVIEW, "missing-answer", node.path, NULL);
  return read;
}

static const char *
yes_no_of (Answer read)
{
  return read == ANSWER_YES ? "Y" : read == ANSWER_NO ? "N" : NULL;
}

/* "Y", "N"; NA is no answer. */
static const char *
income (Plan *plan, Node node)
{
  return yes_no_of (answer (plan, node, QUESTION_INCOME));
}

static const char *
flag (Plan *plan, Node node)
{
  return yes_no_of (answer (plan, node, QUESTION_YES_NO));
}

/* A day of the calendar, YYYY-MM-DD, maybe with a time behind it. */
static const char *
day (Plan *plan, Node node)
{
  const char *typed = text (plan, node);
  g_autofree char *plain = typed ? g_strstrip (g_strdup (typed)) : NULL;

  if (!typed)
    return NULL;
  if (claim_is_day (plain)) {
    plain[10] = '\0';
    return keep (plan, plain);
  }
  find (plan, PLAN_REVIEW, "no-date", node.path, NULL);
  return NULL;
}

/* The same where it says from when on somebody is paid for, so that it must be there. */
static const char *
day_that_decides (Plan *plan, Node node)
{
  if (!text (plan, node))
    find (plan, PLAN_REVIEW, "missing-date", node.path, NULL);
  return day (plan, node);
}

/* What has happened has done so when the claim was submitted. */
static const char *
not_in_future (Plan *plan, Node node, const char *read)
{
  if (read && plan->submission_day && strcmp (read, plan->submission_day) > 0)
    find (plan, PLAN_REVIEW, "future-date", node.path, NULL);
  return read;
}

static const char *
past_day (Plan *plan, Node node)
{
  return not_in_future (plan, node, day (plan, node));
}

static const char *
past_day_that_decides (Plan *plan, Node node)
{
  return not_in_future (plan, node, day_that_decides (plan, node));
}

/* @read: claim_ssn() or claim_file_number() */
static const char *
number_of (Plan *plan, Node node, char *(*read) (const char *text))
{
  const char *typed = text (plan, node);
  g_autofree char *found = read (typed);

  if (typed && !found)
    find (plan, PLAN_REVIEW, "no-number", node.path, NULL);
  return keep (plan, found);
}

/* A plain number: without dollar sign, blanks and the commas between thousands. */
static const char *
amount (Plan *plan, Node node)
{
  const char *typed = text (plan, node);
  g_autofree char *plain = claim_amount (typed);

  if (typed && !plain)
    find (plan, PLAN_REVIEW, "no-amount", node.path, NULL);
  if (plain && *plain == '-' && strpbrk (plain, "123456789"))
    find (plan, PLAN_REVIEW, "negative-amount", node.path, NULL);
  return keep (plan, plain);
}

typedef struct {
  Answer answer;
  const char *word; /* BGS's; NULL ends the table */
} Word;

/* NULL where the table has none: nothing is made up. */
static const char *
word_of (Answer answer, const Word *words)
{
  for (; words->word; words++)
    if (words->answer == answer)
      return words->word;
  return NULL;
}

/* Why a marriage ended, in BGS's three words. Source: README.md, rule 6. */
static const char *
end_of_marriage (Plan *plan, Node node)
{
  static const Word words[] = {
    { ANSWER_DEATH, "Death" }, { ANSWER_DIVORCE, "Divorce" }, { ANSWER_ANNULMENT, "Other" },
    { ANSWER_OTHER, "Other" }, { ANSWER_MISSING, NULL },
  };

  return word_of (decision (plan, node, QUESTION_END_OF_MARRIAGE), words);
}

typedef struct {
  const char *country, *state, *city;
} Place;

/* @holder: has outside_usa and location. BGS knows states of the USA alone; a province of another
 * country has no element here. */
static Place
place (Plan *plan, Node holder)
{
  Node location = at (plan, holder, "location");
  Node country = at (plan, location, "country"), state = at (plan, location, "state");
  Answer outside = answer (plan, at (plan, holder, "outside_usa"), QUESTION_YES_NO);
  const char *typed_country = text (plan, country), *typed_state = text (plan, state);
  const char *territory = bgs_country_us_state (typed_country);
  const char *code = bgs_state_code (typed_state);
  Place read = { .city =
                     fitted (plan, at (plan, location, "city"), BGS_ELEMENT_CITY, PLAN_REVIEW) };
  gboolean is_usa;

  read.country = territory ? "USA" : keep (plan, bgs_country_name (typed_country, read.city));
  if (typed_country && !read.country)
    find (plan, PLAN_REVIEW, "unknown-country", country.path, NULL);
  is_usa = read.country ? g_str_equal (read.country, "USA") : !typed_country;

  if (outside == ANSWER_YES && ((read.country && is_usa) || (!typed_country && code)))
    find (plan, PLAN_REVIEW, "contradiction", at (plan, holder, "outside_usa").path, NULL);
  else if (outside == ANSWER_NO && typed_country && !is_usa)
    find (plan, PLAN_REVIEW, "contradiction", at (plan, holder, "outside_usa").path, NULL);
  if (outside == ANSWER_YES && !typed_country)
    is_usa = FALSE;

  if (territory) {
    if (typed_state && g_strcmp0 (code, territory) != 0)
      find (plan, PLAN_TOLD, "corrected", state.path, NULL);
    read.state = territory;
  } else if (is_usa) {
    if (typed_state && !code)
      find (plan, PLAN_REVIEW, "unknown-state", state.path, NULL);
    read.state = code;
  } else if (typed_state)
    find (plan, PLAN_TOLD, "state-abroad", state.path, NULL);
  return read;
}

/* --- People. --- */

static void
call (Plan *plan, PlanCallKind kind, guint index)
{
  PlanCall next = { kind, index };

  g_array_append_val (plan->calls, next);
}

static PlanPerson *
planned (Plan *plan, int index)
{
  return g_ptr_array_index (plan->persons, index);
}

static BgsPerson *
person_at (Plan *plan, int index)
{
  return &planned (plan, index)->person;
}

static const char *
name_part (Plan *plan, Node part, BgsElement element)
{
  const char *name = fitted (plan, part, element, PLAN_PAPER);

  if (!json_is_string (part.value) && !name)
    find (plan, PLAN_PAPER, "missing-name", part.path, NULL);
  return name;
}

/* A person with nothing but a name (and no calls yet). @slot: a # in it is replaced by @number. */
static int
add_person (Plan *plan, const char *slot, guint number, Node full_name, BgsPersonRows rows)
{
  PlanPerson *person = g_new0 (PlanPerson, 1);
  const char *place_of_number = strchr (slot, '#');
  g_autofree char *numbered = place_of_number
                                  ? g_strdup_printf ("%.*s%u%s", (int)(place_of_number - slot),
                                                     slot, number, place_of_number + 1)
                                  : g_strdup (slot);

  person->slot = g_string_chunk_insert_const (plan->texts, numbered);
  person->field = full_name.path;
  person->person.rows = rows;
  person->person.first_name =
      name_part (plan, at (plan, full_name, "first"), BGS_ELEMENT_FIRST_NAME);
  person->person.last_name = name_part (plan, at (plan, full_name, "last"), BGS_ELEMENT_LAST_NAME);
  if (rows == BGS_PERSON_WHOLE) {
    person->person.middle_name =
        fitted (plan, at (plan, full_name, "middle"), BGS_ELEMENT_MIDDLE_NAME, PLAN_REVIEW);
    person->person.suffix =
        fitted (plan, at (plan, full_name, "suffix"), BGS_ELEMENT_SUFFIX, PLAN_REVIEW);
  }
  g_ptr_array_add (plan->persons, person);
  return plan->persons->len - 1;
}

/* Why somebody has no SSN, in BGS's codes (lib/bgs/README.md, fact 9). */
static const char *
no_ssn_reason (Plan *plan, Node person, const char *ssn)
{
  static const Word words[] = {
    { ANSWER_NONRESIDENT_ALIEN, "NRA" },
    { ANSWER_NONE_ASSIGNED, "NSAS" },
    { ANSWER_MISSING, NULL },
  };
  Node no_ssn = at (plan, person, "no_ssn"), why = at (plan, person, "no_ssn_reason");
  Answer has_none = answer (plan, no_ssn, QUESTION_YES_NO);
  Answer reason = answer (plan, why, QUESTION_NO_SSN);

  if (ssn) {
    if (has_none == ANSWER_YES || (reason != ANSWER_MISSING && has_none != ANSWER_NO))
      find (plan, PLAN_REVIEW, "contradiction", no_ssn.path, NULL);
    else if (reason != ANSWER_MISSING)
      find (plan, PLAN_TOLD, "not-applicable", why.path, NULL);
    return NULL;
  }
  if (has_none == ANSWER_YES && reason == ANSWER_MISSING)
    find (plan, PLAN_REVIEW, "missing-answer", why.path, NULL);
  return word_of (reason, words);
}

/* The same with SSN and birth date, which most dependents have. */
static int
add_with_birth_date (Plan *plan, const char *slot, guint number, Node dependent,
                     const char *birth_date)
{
  int index = add_person (plan, slot, number, at (plan, dependent, "full_name"), BGS_PERSON_WHOLE);

  person_at (plan, index)->birth_date = birth_date;
  person_at (plan, index)->ssn = number_of (plan, at (plan, dependent, "ssn"), claim_ssn);
  person_at (plan, index)->no_ssn_reason =
      no_ssn_reason (plan, dependent, person_at (plan, index)->ssn);
  return index;
}

/* Where the form asks for it. */
static void
find_missing_ssn (Plan *plan, Node person)
{
  Node number = at (plan, person, "ssn");
  Answer has_none = claim_answer_at (QUESTION_YES_NO, person.value, "no_ssn");
  gboolean has_reason = json_object_get (person.value, "no_ssn_reason") != NULL;

  if (!number.value && has_none != ANSWER_YES && (has_none == ANSWER_NO || !has_reason))
    find (plan, PLAN_REVIEW, "missing-number", number.path, NULL);
}

static int
add_dependent (Plan *plan, const char *slot, guint number, Node dependent)
{
  find_missing_ssn (plan, dependent);
  return add_with_birth_date (plan, slot, number, dependent,
                              past_day (plan, at (plan, dependent, "birth_date")));
}

/* Until when a child or student is paid for goes by his age. */
static int
add_child (Plan *plan, const char *slot, guint number, Node child)
{
  find_missing_ssn (plan, child);
  return add_with_birth_date (plan, slot, number, child,
                              past_day_that_decides (plan, at (plan, child, "birth_date")));
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

/* NULL when there is nothing that could be an address. */
static const BgsAddress *
address (Plan *plan, Node given, gboolean is_veteran)
{
  const BgsAddressSource source = {
    .street = text (plan, at (plan, given, "street")),
    .street2 = text (plan, at (plan, given, "street2")),
    .street3 = text (plan, at (plan, given, "street3")),
    .city = text (plan, at (plan, given, "city")),
    .state = text (plan, at (plan, given, "state")),
    .postal_code = text (plan, at (plan, given, "postal_code")),
    .country = text (plan, at (plan, given, "country")),
  };
  BgsAddress *made;

  if (!source.street && !source.street2 && !source.street3 && !source.city && !source.postal_code) {
    /* A country that the page has filled in, at most. */
    if (source.state || source.country)
      find (plan, PLAN_TOLD, "no-address", given.path, NULL);
    return NULL;
  }
  made = bgs_address_new (&source);
  for (guint i = 0; i < G_N_ELEMENTS (address_findings); i++)
    if (made->issues & address_findings[i].issue)
      find (plan, is_veteran ? address_findings[i].weight_of_veteran : address_findings[i].weight,
            address_findings[i].code, at (plan, given, address_findings[i].key).path, NULL);
  if (made->issues & BGS_ADDRESS_COUNTRY_MISSING)
    find (plan, is_veteran && !made->country ? PLAN_PAPER : PLAN_REVIEW, "missing-country",
          at (plan, given, "country").path, NULL);
  g_ptr_array_add (plan->addresses, made);
  return made;
}

/* Who lives with the Veteran has his address, whatever else is given. */
static const BgsAddress *
address_of_dependent (Plan *plan, Answer lives_with_veteran, Node own)
{
  if (lives_with_veteran != ANSWER_YES)
    return address (plan, own, FALSE);
  set_aside (plan, own, PLACE_NOT_APPLICABLE);
  return plan->veteran_address;
}

static void
call_person (Plan *plan, int index)
{
  call (plan, PLAN_PARTICIPANT, index);
  call (plan, PLAN_PERSON, index);
  if (planned (plan, index)->address)
    call (plan, PLAN_ADDRESS, index);
}

/* Relationships are collected in the groups of README.md, rule 2, and called group by group, after
 * all people. */
typedef enum {
  LINKS_STEPCHILD_LEFT,
  LINKS_OTHER_PARENT,
  LINKS_OF_SPOUSE,
  LINKS_OF_VETERAN,
  LINKS_COUNT
} LinkGroup;

typedef struct {
  Plan *plan;
  Node form, application;
  GArray *links[LINKS_COUNT]; /* of guint: indices into relationships */
  int spouse;                 /* index of the spouse, -1: none in this claim */
  Answer lives_together;      /* of Veteran and spouse */
} Planner;

static gboolean
is_chosen (Planner *planner, const char *option)
{
  return claim_option (planner->form.value, option) == ANSWER_YES;
}

static Node
of_application (Planner *planner, const char *key)
{
  return at (planner->plan, planner->application, key);
}

static BgsRelationship *
add_link (Planner *planner, LinkGroup group, int a, int b, const char *type,
          const char *family_type)
{
  PlanRelationship *link = g_new0 (PlanRelationship, 1);
  guint index = planner->plan->relationships->len;

  link->slot = planned (planner->plan, b)->slot;
  link->a = a;
  link->b = b;
  link->relationship.participant_type = type;
  link->relationship.family_type = family_type;
  g_ptr_array_add (planner->plan->relationships, link);
  g_array_append_val (planner->links[group], index);
  return &link->relationship;
}

static void
plan_death (Planner *planner, Node death, guint number)
{
  static const struct {
    Answer who;
    const char *type, *family_type, *end_type;
  } kinds[] = {
    { ANSWER_SPOUSE, "Spouse", "Spouse", "Death" },
    { ANSWER_CHILD, "Child", "Child", NULL },
    { ANSWER_PARENT, "Guardian", "Other", NULL },
  };
  Plan *plan = planner->plan;
  Answer who = decision (plan, at (plan, death, "dependent_type"), QUESTION_WHO_DIED);
  int index = add_dependent (plan, "deceased-#", number, death);
  BgsRelationship *link;

  person_at (plan, index)->death_date =
      past_day_that_decides (plan, at (plan, death, "dependent_death_date"));
  person_at (plan, index)->is_veteran = "N";
  call_person (plan, index);

  /* Whoever it was, he is the Veteran's; as what, is left open where the claim does not say. */
  link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].who == who) {
      link->participant_type = kinds[i].type;
      link->family_type = kinds[i].family_type;
      link->end_type = kinds[i].end_type;
    }
  link->end_date = person_at (plan, index)->death_date;
  link->has_income = income (plan, at (plan, death, "deceased_dependent_income"));
  if (who == ANSWER_SPOUSE) {
    Place where = place (plan, at (plan, death, "dependent_death_location"));

    link->end_country = where.country;
    link->end_state = where.state;
    link->end_city = where.city;
  } else
    set_aside (plan, at (plan, death, "dependent_death_location"), PLACE_NO_ELEMENT);
}

static void
plan_deaths (Planner *planner)
{
  Node deaths = of_application (planner, "deaths"), death;
  gsize i = 0;

  if (!is_chosen (planner, "report_death"))
    return;
  while (next_entry (planner->plan, deaths, &i, &death))
    plan_death (planner, death, (guint)i);
}

/* By its data, unless the option says no. */
static void
plan_divorce (Planner *planner)
{
  Plan *plan = planner->plan;
  Node divorce = of_application (planner, "report_divorce");
  BgsRelationship *link;
  Place where;
  int index;

  if (!form_has_divorce (planner->form.value))
    return;
  /* Whose SSN the form does not ask for. */
  index = add_with_birth_date (plan, "divorced-spouse", 0, divorce,
                               past_day (plan, at (plan, divorce, "birth_date")));
  person_at (plan, index)->is_veteran = "N";
  call_person (plan, index);

  link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->end_date = past_day_that_decides (plan, at (plan, divorce, "date"));
  link->end_type = end_of_marriage (plan, at (plan, divorce, "reason_marriage_ended"));
  link->has_income = income (plan, at (plan, divorce, "spouse_income"));
  where = place (plan, at (plan, divorce, "divorce_location"));
  link->end_country = where.country;
  link->end_state = where.state;
  link->end_city = where.city;
}

/* The flag is in no real claim; only a plain "no" keeps a history back. */
static gboolean
was_married_before (Planner *planner, const char *flag)
{
  Plan *plan = planner->plan;
  Answer inside = answer (plan, of_application (planner, flag), QUESTION_YES_NO);
  Answer beside = answer (plan, at (plan, planner->form, flag), QUESTION_YES_NO);

  return (inside != ANSWER_MISSING ? inside : beside) != ANSWER_NO;
}

static void
plan_former_marriage (Planner *planner, Node marriage, const char *slot, guint number,
                      LinkGroup group, int a)
{
  Plan *plan = planner->plan;
  int index = add_person (plan, slot, number, at (plan, marriage, "full_name"), BGS_PERSON_WHOLE);
  BgsRelationship *link = add_link (planner, group, a, index, "Spouse", "Ex-Spouse");
  Place began = place (plan, at (plan, marriage, "start_location"));
  Place ended = place (plan, at (plan, marriage, "end_location"));

  call_person (plan, index);
  link->begin_date = past_day (plan, at (plan, marriage, "start_date"));
  link->end_date = past_day (plan, at (plan, marriage, "end_date"));
  link->end_type = end_of_marriage (plan, at (plan, marriage, "reason_marriage_ended"));
  link->marriage_country = began.country;
  link->marriage_state = began.state;
  link->marriage_city = began.city;
  link->end_country = ended.country;
  link->end_state = ended.state;
  link->end_city = ended.city;
}

static void
plan_former_marriages (Planner *planner, const char *key, const char *flag, const char *slot,
                       LinkGroup group, int a)
{
  Node history = of_application (planner, key), marriage;
  gsize i = 0;

  if (!was_married_before (planner, flag)) {
    set_aside (planner->plan, history, PLACE_NOT_APPLICABLE);
    return;
  }
  while (next_entry (planner->plan, history, &i, &marriage))
    plan_former_marriage (planner, marriage, slot, (guint)i, group, a);
}

/* The spouse is made a person before the spouse's former marriages need an index, but called after
 * them. */
static void
add_spouse (Planner *planner)
{
  Plan *plan = planner->plan;
  Node spouse = of_application (planner, "spouse_information");
  Node own = at (plan, of_application (planner, "does_live_with_spouse"), "address");
  BgsPerson *person;

  if (!is_chosen (planner, "add_spouse") || !json_is_object (spouse.value))
    return;
  planner->spouse = add_dependent (plan, "spouse", 0, spouse);
  person = person_at (plan, planner->spouse);
  person->ever_married = "Y";
  person->marital_status = plan->marital_status;
  person->is_veteran =
      yes_no_of (decision (plan, at (plan, spouse, "is_veteran"), QUESTION_YES_NO));
  if (g_strcmp0 (person->is_veteran, "N") == 0)
    set_aside (plan, at (plan, spouse, "va_file_number"), PLACE_NOT_APPLICABLE);
  else
    person->file_number = number_of (plan, at (plan, spouse, "va_file_number"), claim_file_number);
  planned (plan, planner->spouse)->address =
      address_of_dependent (plan, planner->lives_together, own);
}

static void
plan_spouse (Planner *planner)
{
  static const Word living[] = {
    { ANSWER_YES, "Spouse" },
    { ANSWER_NO, "Estranged Spouse" },
    { ANSWER_MISSING, NULL },
  };
  Plan *plan = planner->plan;
  Node marriage = of_application (planner, "current_marriage_information");
  Node together = of_application (planner, "does_live_with_spouse");
  BgsRelationship *link;
  Place where;

  if (planner->spouse < 0)
    return;
  call_person (plan, planner->spouse);
  link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, planner->spouse, "Spouse",
                   word_of (planner->lives_together, living));
  link->begin_date = past_day_that_decides (plan, at (plan, marriage, "date"));
  link->has_income = income (plan, at (plan, together, "spouse_income"));
  where = place (plan, marriage);
  link->marriage_country = where.country;
  link->marriage_state = where.state;
  link->marriage_city = where.city;
  /* It decides the review: decisions.c. */
  (void)decision (plan, at (plan, marriage, "type_of_marriage"), QUESTION_MARRIAGE);
}

/* NULL when the claim does not say it clearly. */
static const char *
family_of_child (Plan *plan, Node child)
{
  Node biological = at (plan, child, "is_biological_child");
  Node relationship = at (plan, child, "relationship_to_child");
  Answer is_biological = answer (plan, biological, QUESTION_YES_NO);
  Answer stepchild = answer (plan, at (plan, relationship, "stepchild"), QUESTION_YES_NO);
  Answer adopted = answer (plan, at (plan, relationship, "adopted"), QUESTION_YES_NO);
  gboolean is_other = stepchild == ANSWER_YES || adopted == ANSWER_YES;

  if ((is_biological == ANSWER_YES && is_other) ||
      (stepchild == ANSWER_YES && adopted == ANSWER_YES)) {
    find (plan, PLAN_REVIEW, "contradiction", relationship.path, NULL);
    return NULL;
  }
  if (is_biological == ANSWER_YES)
    return "Biological";
  if (is_other)
    return stepchild == ANSWER_YES ? "Stepchild" : "Adopted Child";
  if (is_biological == ANSWER_NO && stepchild == ANSWER_NO && adopted == ANSWER_NO)
    return "Other";
  find (plan, PLAN_REVIEW, "missing-answer",
        is_biological == ANSWER_MISSING ? biological.path : relationship.path, NULL);
  return NULL;
}

static void
plan_other_parent (Planner *planner, Node child, guint number)
{
  Plan *plan = planner->plan;
  Node full_name = at (plan, child, "biological_parent_name");
  BgsRelationship *link;
  BgsPerson *person;
  int index;

  if (!json_is_object (full_name.value))
    return;
  index = add_person (plan, "child-#-parent", number, full_name, BGS_PERSON_OTHER_PARENT);
  person = person_at (plan, index);
  person->birth_date = past_day (plan, at (plan, child, "biological_parent_dob"));
  person->ssn = number_of (plan, at (plan, child, "biological_parent_ssn"), claim_ssn);
  call_person (plan, index);

  link = add_link (planner, LINKS_OTHER_PARENT, PLAN_VETERAN, index, "Spouse", "Spouse");
  link->event_date = link->begin_date = day (plan, at (plan, child, "date_entered_household"));
}

/* BGS asks for the other parent of a stepchild alone. */
static void
set_other_parent_aside (Plan *plan, Node child)
{
  static const char *const keys[] = { "biological_parent_name", "biological_parent_ssn",
                                      "biological_parent_dob", "date_entered_household" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    set_aside (plan, at (plan, child, keys[i]), PLACE_NO_ELEMENT);
}

static void
plan_child (Planner *planner, Node child, guint number)
{
  Plan *plan = planner->plan;
  int index = add_child (plan, "child-#", number, child);
  BgsPerson *person = person_at (plan, index);
  Place born = place (plan, at (plan, child, "birth_location"));
  Node disability = at (plan, child, "does_child_have_disability");
  Answer lives_here =
      decision (plan, at (plan, child, "does_child_live_with_you"), QUESTION_YES_NO);
  BgsRelationship *link;

  person->birth_country = born.country;
  person->birth_state = born.state;
  person->birth_city = born.city;
  person->ever_married =
      yes_no_of (decision (plan, at (plan, child, "has_child_ever_been_married"), QUESTION_YES_NO));
  person->is_seriously_disabled =
      flag (plan, at (plan, child, "does_child_have_permanent_disability"));
  if (g_strcmp0 (person->is_seriously_disabled, "Y") == 0 &&
      claim_answer (QUESTION_YES_NO, disability.value) == ANSWER_NO)
    find (plan, PLAN_REVIEW, "contradiction", disability.path, NULL);
  planned (plan, index)->address =
      address_of_dependent (plan, lives_here, at (plan, child, "address"));
  call_person (plan, index);

  link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child",
                   family_of_child (plan, child));
  link->child_was_married = person->ever_married;
  link->has_income = income (plan, at (plan, child, "income_in_last_year"));
  if (g_strcmp0 (person->ever_married, "Y") == 0)
    link->end_type = end_of_marriage (plan, at (plan, child, "marriage_end_reason"));
  else if (g_strcmp0 (person->ever_married, "N") == 0)
    set_aside (plan, at (plan, child, "marriage_end_reason"), PLACE_NOT_APPLICABLE);

  if (g_strcmp0 (link->family_type, "Stepchild") == 0)
    plan_other_parent (planner, child, number);
  else
    set_other_parent_aside (plan, child);
}

static void
plan_children (Planner *planner)
{
  Node children = of_application (planner, "children_to_add"), child;
  gsize i = 0;

  if (!is_chosen (planner, "add_child") && !is_chosen (planner, "add_disabled_child"))
    return;
  while (next_entry (planner->plan, children, &i, &child))
    plan_child (planner, child, (guint)i);
}

/* A share that is given counts, whether the Veteran says that he supports the child or not. */
static const char *
share_of_support (Plan *plan, Node stepchild)
{
  static const Word words[] = {
    { ANSWER_HALF, ".5" },
    { ANSWER_MORE_THAN_HALF, ".75" },
    { ANSWER_LESS_THAN_HALF, ".25" },
    { ANSWER_MISSING, NULL },
  };
  Node supports = at (plan, stepchild, "supporting_stepchild");
  Node share = at (plan, stepchild, "living_expenses_paid");
  gboolean is_needed = answer (plan, supports, QUESTION_YES_NO) == ANSWER_YES;

  return word_of (is_needed ? decision (plan, share, QUESTION_SHARE)
                            : answer (plan, share, QUESTION_SHARE),
                  words);
}

static void
plan_stepchild_who_left (Planner *planner, Node stepchild, guint number)
{
  Plan *plan = planner->plan;
  int child = add_dependent (plan, "stepchild-#", number, stepchild);
  int guardian =
      add_person (plan, "stepchild-#-guardian", number,
                  at (plan, stepchild, "who_does_the_stepchild_live_with"), BGS_PERSON_GUARDIAN);
  BgsRelationship *link;

  planned (plan, child)->address = address (plan, at (plan, stepchild, "address"), FALSE);
  call (plan, PLAN_PARTICIPANT, child);
  call (plan, PLAN_PARTICIPANT, guardian);
  call (plan, PLAN_PERSON, guardian);
  call (plan, PLAN_PERSON, child);
  if (planned (plan, child)->address)
    call (plan, PLAN_ADDRESS, child);

  link = add_link (planner, LINKS_STEPCHILD_LEFT, guardian, child, "Guardian", "Other");
  link->support_share = share_of_support (plan, stepchild);
}

static void
plan_stepchildren_who_left (Planner *planner)
{
  Node stepchildren = of_application (planner, "step_children"), stepchild;
  gsize i = 0;

  if (!is_chosen (planner, "report_stepchild_not_in_household"))
    return;
  while (next_entry (planner->plan, stepchildren, &i, &stepchild))
    plan_stepchild_who_left (planner, stepchild, (guint)i);
}

/* A child who married and a child who left school differ in their date only. */
static void
plan_event_of_child (Planner *planner, const char *key, const char *slot, const char *date,
                     gboolean has_married)
{
  Plan *plan = planner->plan;
  Node children = of_application (planner, key), child;
  gsize i = 0;

  while (next_entry (plan, children, &i, &child)) {
    int index = add_dependent (plan, slot, (guint)i, child);
    BgsRelationship *link;

    if (has_married)
      person_at (plan, index)->ever_married = "Y";
    call_person (plan, index);
    link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child", "Biological");
    link->event_date = has_married ? past_day_that_decides (plan, at (plan, child, date))
                                   : day_that_decides (plan, at (plan, child, date));
    link->child_was_married = has_married ? "Y" : NULL;
    link->has_income = income (plan, at (plan, child, "dependent_income"));
  }
}

static void
plan_686c (Planner *planner)
{
  Plan *plan = planner->plan;

  plan_deaths (planner);
  plan_divorce (planner);
  plan_former_marriages (planner, "veteran_marriage_history", "veteran_was_married_before",
                         "veteran-former-spouse-#", LINKS_OF_VETERAN, PLAN_VETERAN);
  add_spouse (planner);
  if (planner->spouse >= 0)
    plan_former_marriages (planner, "spouse_marriage_history", "spouse_was_married_before",
                           "spouse-former-spouse-#", LINKS_OF_SPOUSE, planner->spouse);
  else
    set_aside (plan, of_application (planner, "spouse_marriage_history"), PLACE_NOT_APPLICABLE);
  plan_spouse (planner);
  plan_children (planner);
  plan_stepchildren_who_left (planner);
  if (is_chosen (planner, "report_marriage_of_child_under18") ||
      is_chosen (planner, "child_marriage"))
    plan_event_of_child (planner, "child_marriage", "married-child-#", "date_married", TRUE);
  if (is_chosen (planner, "report_child18_or_older_is_not_attending_school"))
    plan_event_of_child (planner, "child_stopped_attending_school", "former-student-#",
                         "date_child_left_school", FALSE);
  plan->net_worth_over_limit = flag (plan, of_application (planner, "household_income"));
}

/* --- Students. --- */

static const char *
family_of_student (Plan *plan, Node student)
{
  static const Word words[] = {
    { ANSWER_BIOLOGICAL, "Biological" },
    { ANSWER_STEPCHILD, "Stepchild" },
    { ANSWER_ADOPTED, "Adopted Child" },
    { ANSWER_MISSING, NULL },
  };

  return word_of (decision (plan, at (plan, student, "relationship_to_student"), QUESTION_STUDENT),
                  words);
}

static BgsChildSchool
school_of_student (Plan *plan, Node school)
{
  Node term = at (plan, school, "current_term_dates");
  Node last_term = at (plan, school, "last_term_school_information");
  Answer attended =
      answer (plan, at (plan, school, "student_did_attend_school_last_term"), QUESTION_YES_NO);
  gboolean has_last_term = attended != ANSWER_NO;

  if (!has_last_term)
    set_aside (plan, last_term, PLACE_NOT_APPLICABLE);

  return (BgsChildSchool){
    .school_name = fitted (plan, at (plan, school, "name"), BGS_ELEMENT_SCHOOL_NAME, PLAN_REVIEW),
    .term_start = day_that_decides (plan, at (plan, term, "official_school_start_date")),
    .expected_start = day (plan, at (plan, term, "expected_student_start_date")),
    .graduation = day (plan, at (plan, term, "expected_graduation_date")),
    .last_term_start = has_last_term ? day (plan, at (plan, last_term, "term_begin")) : NULL,
    .last_term_end = has_last_term ? day (plan, at (plan, last_term, "date_term_ended")) : NULL,
  };
}

static void
add_student (Plan *plan, Node given, int person)
{
  Node school = at (plan, given, "school_information");
  Node earned = at (plan, given, "student_earnings_from_school_year");
  Node expected = at (plan, given, "student_expected_earnings_next_year");
  Node worth = at (plan, given, "student_networth_information");
  PlanStudent *student = g_new0 (PlanStudent, 1);

  student->person = person;
  student->school = school_of_student (plan, school);
  student->student = (BgsChildStudent){
    .savings = amount (plan, at (plan, worth, "savings")),
    .real_estate = amount (plan, at (plan, worth, "real_estate")),
    .other_assets = amount (plan, at (plan, worth, "other_assets")),
    .securities = amount (plan, at (plan, worth, "securities")),
    .remarks = fitted (plan, at (plan, given, "remarks"), BGS_ELEMENT_REMARKS, PLAN_REVIEW),
    .marriage_date = past_day (plan, at (plan, given, "marriage_date")),
    .is_tuition_paid_by_government = yes_no_of (
        decision (plan, at (plan, given, "tuition_is_paid_by_gov_agency"), QUESTION_YES_NO)),
    .tuition_start_date = day (plan, at (plan, given, "benefit_payment_date")),
    .earnings = amount (plan, at (plan, earned, "earnings_from_all_employment")),
    .other_income = amount (plan, at (plan, earned, "all_other_income")),
    .social_security = amount (plan, at (plan, earned, "annual_social_security_payments")),
    .annuities = amount (plan, at (plan, earned, "other_annuities_income")),
    .next_earnings = amount (plan, at (plan, expected, "earnings_from_all_employment")),
    .next_other_income = amount (plan, at (plan, expected, "all_other_income")),
    .next_social_security = amount (plan, at (plan, expected, "annual_social_security_payments")),
    .next_annuities = amount (plan, at (plan, expected, "other_annuities_income")),
    .is_school_accredited =
        yes_no_of (decision (plan, at (plan, school, "is_school_accredited"), QUESTION_YES_NO)),
    .is_full_time = yes_no_of (
        decision (plan, at (plan, school, "student_is_enrolled_full_time"), QUESTION_YES_NO)),
  };
  g_ptr_array_add (plan->students, student);
}

static void
plan_674 (Planner *planner)
{
  Plan *plan = planner->plan;
  Node students = of_application (planner, "student_information"), student;
  gsize i = 0;

  while (next_entry (plan, students, &i, &student)) {
    int index = add_child (plan, "student-#", (guint)i, student);
    Node was_married = at (plan, student, "was_married");
    BgsRelationship *link;

    person_at (plan, index)->ever_married =
        yes_no_of (decision (plan, was_married, QUESTION_YES_NO));
    if (g_strcmp0 (person_at (plan, index)->ever_married, "N") == 0 &&
        at (plan, student, "marriage_date").value)
      find (plan, PLAN_REVIEW, "contradiction", was_married.path, NULL);
    planned (plan, index)->address = address (plan, at (plan, student, "address"), FALSE);
    call_person (plan, index);
    add_student (plan, student, index);

    link = add_link (planner, LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child",
                     family_of_student (plan, student));
    link->has_income = income (plan, at (plan, student, "student_income"));
  }
}

/* --- The plan. --- */

static void
plan_contact (Planner *planner)
{
  Plan *plan = planner->plan;
  Node contact = of_application (planner, "veteran_contact_information");
  Node phone = at (plan, contact, "phone_number");
  Node where = at (plan, contact, "veteran_address");
  const char *typed = text (plan, phone);
  g_autofree char *number = bgs_phone_number (typed);

  plan->veteran_address = address (plan, where, TRUE);
  if (!plan->veteran_address ||
      (plan->veteran_address->kind != BGS_ADDRESS_MILITARY && !plan->veteran_address->city &&
       !(plan->veteran_address->issues & BGS_ADDRESS_CITY_EMPTY)))
    find (plan, PLAN_PAPER, "missing-city", at (plan, where, "city").path, NULL);
  if (plan->veteran_address && plan->veteran_address->kind != BGS_ADDRESS_FOREIGN &&
      !plan->veteran_address->zip)
    find (plan, PLAN_PAPER, "no-zip", at (plan, where, "postal_code").path, NULL);
  if (typed && !number)
    find (plan, PLAN_REVIEW, "no-number", phone.path, NULL);
  (void)fitted (plan, at (plan, contact, "email_address"), BGS_ELEMENT_EMAIL, PLAN_REVIEW);
}

/* Sent only where the form has a current marriage; without an answer there is no status. */
static void
plan_marital_status (Planner *planner)
{
  Node answered = at (planner->plan, of_application (planner, "does_live_with_spouse"),
                      "spouse_does_live_with_veteran");
  gboolean is_married = of_application (planner, "current_marriage_information").value != NULL;

  if (is_married || is_chosen (planner, "add_spouse"))
    planner->lives_together = decision (planner->plan, answered, QUESTION_YES_NO);
  if (is_married && planner->lives_together == ANSWER_YES)
    planner->plan->marital_status = "Married";
  else if (is_married && planner->lives_together == ANSWER_NO)
    planner->plan->marital_status = "Separated";
}

static PlaceIs
place_is (const char *path, gpointer data)
{
  const Plan *plan = data;
  gpointer how;

  if (g_hash_table_lookup_extended (plan->set_aside, path, NULL, &how))
    return GPOINTER_TO_INT (how);
  return g_hash_table_contains (plan->read, path) ? PLACE_READ : PLACE_NOT_READ;
}

static void
found_unread (const char *path, Unread unread, gpointer data)
{
  static const struct {
    PlanWeight weight;
    const char *code;
  } kinds[] = {
    [UNREAD_NOT_CHOSEN] = { PLAN_TOLD, "not-chosen" },
    [UNREAD_NOT_APPLICABLE] = { PLAN_TOLD, "not-applicable" },
    [UNREAD_UNKNOWN] = { PLAN_REVIEW, "not-read" },
  };

  find (data, kinds[unread].weight, kinds[unread].code, keep (data, path), NULL);
}

Plan *
plan_new (const char *form_type, const json_t *form, const char *submission_day)
{
  Plan *plan = g_new0 (Plan, 1);
  g_autoptr (json_t) content = claim_content (form);
  Planner planner = { .plan = plan, .form = { content, "" }, .spouse = -1 };
  gboolean is_674 = g_str_equal (form_type, "21-674");

  plan->persons = g_ptr_array_new_with_free_func (g_free);
  plan->relationships = g_ptr_array_new_with_free_func (g_free);
  plan->students = g_ptr_array_new_with_free_func (g_free);
  plan->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify)bgs_address_free);
  plan->findings = g_ptr_array_new_with_free_func (g_free);
  plan->calls = g_array_new (FALSE, FALSE, sizeof (PlanCall));
  plan->texts = g_string_chunk_new (4096);
  plan->submission_day = keep (plan, submission_day);
  plan->read = g_hash_table_new (g_str_hash, g_str_equal);
  plan->set_aside = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint group = 0; group < LINKS_COUNT; group++)
    planner.links[group] = g_array_new (FALSE, FALSE, sizeof (guint));
  planner.application = at (plan, planner.form, "dependents_application");

  plan_contact (&planner);
  if (is_674)
    plan_674 (&planner);
  else {
    plan_marital_status (&planner);
    plan_686c (&planner);
  }
  unread_find (form_type, content, place_is, found_unread, plan);

  for (guint group = 0; group < LINKS_COUNT; group++) {
    for (guint i = 0; i < planner.links[group]->len; i++)
      call (plan, PLAN_RELATIONSHIP, g_array_index (planner.links[group], guint, i));
    g_array_unref (planner.links[group]);
  }
  for (guint i = 0; i < plan->students->len; i++) {
    call (plan, PLAN_SCHOOL, i);
    call (plan, PLAN_STUDENT, i);
  }
  return plan;
}

gboolean
plan_has (const Plan *plan, PlanWeight weight)
{
  for (guint i = 0; i < plan->findings->len; i++)
    if (((const PlanFinding *)g_ptr_array_index (plan->findings, i))->weight == weight)
      return TRUE;
  return FALSE;
}

void
plan_free (Plan *plan)
{
  if (!plan)
    return;
  g_ptr_array_unref (plan->persons);
  g_ptr_array_unref (plan->relationships);
  g_ptr_array_unref (plan->students);
  g_ptr_array_unref (plan->addresses);
  g_ptr_array_unref (plan->findings);
  g_array_unref (plan->calls);
  g_hash_table_unref (plan->read);
  g_hash_table_unref (plan->set_aside);
  g_string_chunk_free (plan->texts);
  g_free (plan);
}
