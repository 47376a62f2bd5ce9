#include "submission/survey.h"

#include "base/text.h"
#include "bgs/limits.h"
#include "claims/answers.h"
#include "claims/content.h"
#include "claims/key-case.h"
#include "claims/split.h"
#include "claims/values.h"
#include "submission/planner.h"
#include "submission/unread.h"
#include "submission/veteran.h"

#include <string.h>

#define APPLICATION  "dependents_application"
#define INFORMATION  "veteran_information"
#define OPTIONS      "view:selectable686_options"
#define STUDENT      APPLICATION "/student_information/0"
/* A claim has some dozen children at most; a form that has more is looked at in part, and a person
 * sees that. */
#define CHILDREN_MAX 500
#define SURVEY_MAX   300

typedef struct {
  const char *submission_day;
  GPtrArray *findings;
  GHashTable *seen;   /* "CODE FIELD" */
  GHashTable *people; /* who stands where: see has_met() */
} Survey;

static void
finding_free (gpointer data)
{
  SurveyFinding *finding = data;

  g_free (finding->field);
  g_free (finding);
}

static void
find (Survey *survey, PlanWeight weight, const char *code, const char *field)
{
  g_autofree char *once = g_strdup_printf ("%s %s", code, field);
  SurveyFinding *finding;

  if (g_hash_table_contains (survey->seen, once))
    return;
  /* Room for one that decides is always left. */
  if (survey->findings->len >= SURVEY_MAX && weight != PLAN_PAPER)
    return;
  if (survey->findings->len > SURVEY_MAX)
    return;
  g_hash_table_add (survey->seen, g_steal_pointer (&once));
  finding = g_new0 (SurveyFinding, 1);
  finding->code = code;
  finding->field = g_strdup (field);
  finding->weight = weight;
  g_ptr_array_add (survey->findings, finding);
}

/* --- The children. --- */

/* A 674 has one student, whose number in the parent is @student. */
static char *
field_in_parent (const char *field, const char *form_type, gsize student)
{
  gsize length = strlen (STUDENT);

  if (strcmp (form_type, "21-674") != 0 || strncmp (field, STUDENT, length) != 0)
    return g_strdup (field);
  return g_strdup_printf (APPLICATION "/student_information/%" G_GSIZE_FORMAT "%s", student,
                          field + length);
}

/* "child-" of "child-3": the list somebody stands in. */
static char *
list_of_slot (const char *slot)
{
  return g_strndup (slot, strcspn (slot, "0123456789"));
}

/* Whether @key was met before, and with another name then. */
static gboolean
has_met (Survey *survey, const char *key, const char *name, gboolean *ret_is_other)
{
  const char *before = g_hash_table_lookup (survey->people, key);

  *ret_is_other = before && strcmp (before, name) != 0;
  if (!before)
    g_hash_table_insert (survey->people, g_strdup (key), g_strdup (name));
  return before != NULL;
}

/* From when on somebody was the Veteran's, or a spouse's; "" where it is not said. */
static const char *
begin_of (const Plan *plan, guint index)
{
  for (guint i = 0; i < plan->relationships->len; i++) {
    const PlanRelationship *link = g_ptr_array_index (plan->relationships, i);

    if (link->b == (int)index && link->relationship.begin_date)
      return link->relationship.begin_date;
  }
  return "";
}

/* One SSN is of one person, in all lists; and one person is once in a list, by SSN or by name and
 * birth date; who has neither (a former spouse), by name and the day it began, for two may marry
 * twice. Others than dependents (parents, guardians) may be there for several of them. */
static void
survey_person (Survey *survey, const Plan *plan, guint index, const char *field)
{
  const PlanPerson *planned = g_ptr_array_index (plan->persons, index);
  const BgsPerson *person = &planned->person;
  const char *day = person->birth_date ? person->birth_date : begin_of (plan, index);
  g_autofree char *list = list_of_slot (planned->slot);
  g_autofree char *name = g_strdup_printf ("%s %s", person->first_name, person->last_name);
  g_autofree char *small = g_ascii_strdown (name, -1);
  g_autofree char *by_ssn = g_strdup_printf ("ssn %s", person->ssn);
  g_autofree char *in_list = g_strdup_printf ("%s %s", list, person->ssn);
  g_autofree char *by_name = g_strdup_printf ("%s %s %s", list, day, small);
  gboolean is_other = FALSE, is_twice = FALSE, ignored;

  if (person->rows != BGS_PERSON_WHOLE)
    return;
  if (person->ssn) {
    has_met (survey, by_ssn, small, &is_other);
    is_twice |= has_met (survey, in_list, small, &ignored);
  }
  if (person->birth_date || !person->ssn)
    is_twice |= has_met (survey, by_name, small, &ignored);
  if (is_other)
    find (survey, PLAN_REVIEW, "contradiction", field);
  else if (is_twice)
    find (survey, PLAN_REVIEW, "twice", field);
}

static void
survey_child (Survey *survey, const ClaimChildForm *child, const json_t *user_data, gsize student)
{
  g_autoptr (json_t) merged = veteran_merge (child->form, user_data);
  g_autoptr (Plan) plan = planner_plan (child->form_type, merged, survey->submission_day);

  for (guint i = 0; i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);
    g_autofree char *field = field_in_parent (finding->field, child->form_type, student);

    find (survey, finding->weight, finding->code, field);
  }
  for (guint i = 0; i < plan->persons->len; i++) {
    const PlanPerson *planned = g_ptr_array_index (plan->persons, i);
    g_autofree char *field = field_in_parent (planned->field, child->form_type, student);

    survey_person (survey, plan, i, field);
  }
}

/* The number of the student who comes after @number in the parent: those who are nothing have no
 * child. */
static gsize
next_student (const json_t *parent, gsize number)
{
  const json_t *students =
      json_object_get (json_object_get (parent, APPLICATION), "student_information");

  while (number < json_array_size (students) &&
         claim_is_nothing (json_array_get (students, number)))
    number++;
  return number;
}

static void
survey_children (Survey *survey, const json_t *parent, const GPtrArray *children,
                 const json_t *user_data)
{
  gsize student = 0;

  for (guint i = 0; i < children->len && i < CHILDREN_MAX; i++) {
    const ClaimChildForm *child = g_ptr_array_index (children, i);

    if (strcmp (child->form_type, "21-674") == 0)
      student = next_student (parent, student);
    survey_child (survey, child, user_data, student);
    student += strcmp (child->form_type, "21-674") == 0;
  }
  if (children->len > CHILDREN_MAX)
    find (survey, PLAN_REVIEW, "more", APPLICATION);
}

/* --- What no child has. --- */

static gboolean
has_child (const GPtrArray *children, const char *form_type)
{
  for (guint i = 0; i < children->len; i++)
    if (strcmp (((const ClaimChildForm *)g_ptr_array_index (children, i))->form_type, form_type) ==
        0)
      return TRUE;
  return FALSE;
}

static void
survey_rest (Survey *survey, const json_t *parent, const GPtrArray *children)
{
  gboolean has_686c = has_child (children, "21-686C"), has_674 = has_child (children, "21-674");
  const char *key;
  json_t *value;

  json_object_foreach (json_object_get (parent, APPLICATION), key, value)
  {
    UnreadKey kind = unread_key (key);
    gboolean is_contact = strcmp (key, "veteran_contact_information") == 0;
    g_autofree char *field = g_strconcat (APPLICATION "/", kind == KEY_UNKNOWN ? "*" : key, NULL);

    if (claim_is_nothing (value))
      continue;
    if (kind == KEY_UNKNOWN)
      find (survey, PLAN_REVIEW, "not-read", field);
    else if ((kind == KEY_OF_686C && !has_686c && !is_contact) || (kind == KEY_OF_674 && !has_674))
      find (survey, PLAN_TOLD, "not-chosen", field);
  }
}

/* A part of the form that stands beside the application, in whatever case, is an answer that nobody
 * reads; what else stands there and nobody knows may be the sender's own. */
static void
survey_beside (Survey *survey, const json_t *parent)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)parent, key, value)
  {
    g_autofree char *snake = claim_key_to_snake (key);
    UnreadKey kind = unread_key (snake);

    if (kind == KEY_OF_PAGE || strcmp (key, APPLICATION) == 0 || claim_is_nothing (value))
      continue;
    if (kind == KEY_UNKNOWN)
      find (survey, PLAN_TOLD, "not-read", "*");
    else
      find (survey, PLAN_REVIEW, "not-read", snake);
  }
}

/* --- The choices. --- */

static gboolean
is_option (const char *key)
{
  return strcmp (key, "report674") == 0 || g_strv_contains (claim_options_686c, key);
}

/* A copy of the choices chooses nothing, and is told where it says something else. Where data
 * stand under an option's name they are no copy. */
static void
survey_copy (Survey *survey, const json_t *parent, const json_t *holder, const char *place)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)holder, key, value)
  {
    g_autofree char *field = *place ? g_strconcat (place, "/", key, NULL) : g_strdup (key);
    Answer said = claim_answer (QUESTION_YES_NO, value);

    if (is_option (key) && !json_is_object (value) && !json_is_array (value) &&
        said != ANSWER_MISSING &&
        (said == ANSWER_YES) != (claim_option (parent, key) == ANSWER_YES))
      find (survey, PLAN_TOLD, "contradiction", field);
  }
}

/* A key that is no option's (addSpouse, ADD_SPOUSE) chooses nothing, and is not dropped without a
 * word unless it says no. */
static void
survey_keys_of_choices (Survey *survey, const json_t *choices, PlanWeight weight, const char *field)
{
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)choices, key, value)
  {
    Answer said = claim_answer (QUESTION_YES_NO, value);

    if (!is_option (key) && said != ANSWER_NO && said != ANSWER_MISSING)
      find (survey, weight, "unknown-choice", field);
  }
}

static void
survey_choices (Survey *survey, const json_t *parent)
{
  static const char *const pages[] = { "view:add_dependent_options",
                                       "view:remove_dependent_options", NULL };
  const json_t *application = json_object_get (parent, APPLICATION);
  const json_t *inside = json_object_get (application, OPTIONS);

  survey_keys_of_choices (survey, json_object_get (parent, OPTIONS), PLAN_REVIEW, OPTIONS "/*");
  survey_keys_of_choices (survey, inside, PLAN_TOLD, APPLICATION "/" OPTIONS "/*");
  survey_copy (survey, parent, inside, APPLICATION "/" OPTIONS);
  for (const char *const *page = pages; *page; page++) {
    g_autofree char *place = g_strconcat (APPLICATION "/", *page, NULL);

    survey_copy (survey, parent, json_object_get (application, *page), place);
  }
  survey_copy (survey, parent, application, APPLICATION);
  survey_copy (survey, parent, parent, "");
}

/* --- The Veteran. --- */

static void
survey_name (Survey *survey, const char *name, const char *field, BgsElement element,
             gboolean is_required)
{
  BgsFit fit;
  g_autofree char *fitted = bgs_element_fit (element, name, &fit);

  if (is_required && !name)
    find (survey, PLAN_PAPER, "missing-name", field);
  if (fit == BGS_FIT_CUT)
    find (survey, PLAN_REVIEW, "cut", field);
  if (fit == BGS_FIT_LETTERS_LOST)
    find (survey, PLAN_REVIEW, "letters-lost", field);
  if (fit == BGS_FIT_EMPTY)
    find (survey, is_required ? PLAN_PAPER : PLAN_REVIEW, "not-writable", field);
}

static void
survey_veteran (Survey *survey, const GPtrArray *children, const json_t *user_data)
{
  const ClaimChildForm *first = g_ptr_array_index (children, 0);
  g_autoptr (Veteran) veteran = veteran_new (first->form, user_data);
  g_autoptr (json_t) merged = veteran_merge (first->form, user_data);
  const json_t *said = json_object_get (merged, "veteran_information");
  const char *born = json_string_value (json_object_get (said, "birth_date"));
  const json_t *number = json_object_get (said, "va_file_number");
  const json_t *ssn = json_object_get (said, "ssn");

  survey_name (survey, veteran->first_name, "veteran_information/full_name/first",
               BGS_ELEMENT_FIRST_NAME, TRUE);
  survey_name (survey, veteran->middle_name, "veteran_information/full_name/middle",
               BGS_ELEMENT_MIDDLE_NAME, FALSE);
  survey_name (survey, veteran->last_name, "veteran_information/full_name/last",
               BGS_ELEMENT_LAST_NAME, TRUE);
  survey_name (survey, veteran->suffix, "veteran_information/full_name/suffix", BGS_ELEMENT_SUFFIX,
               FALSE);
  /* The insert has it and goes without it never; a participant id does not stand in for it. */
  if (!veteran->ssn)
    find (survey, PLAN_PAPER, claim_is_nothing (ssn) ? "missing-number" : "no-number",
          "veteran_information/ssn");
  if (veteran->birth_date && survey->submission_day &&
      strncmp (veteran->birth_date, survey->submission_day, strlen (survey->submission_day)) > 0)
    find (survey, PLAN_REVIEW, "future-date", "veteran_information/birth_date");
  if (!text_is_blank (born) && !veteran->birth_date)
    find (survey, PLAN_REVIEW, "no-date", "veteran_information/birth_date");
  /* The SSN stands in for it. */
  if (!claim_is_nothing (number) && !veteran_has_file_number (merged))
    find (survey, PLAN_TOLD, "no-number", "veteran_information/va_file_number");
}

/* --- What came with the user. --- */

/* What somebody reads of it: BGS, the papers or the e-mails. */
static const char *const keys_of_user[] = {
  "full_name", "birth_date",     "ssn",         "va_file_number", "service_number",   "icn",
  "uuid",      "participant_id", "common_name", "email",          "va_profile_email", NULL,
};

/* The pages show no more of a number; it is nothing new where the whole one is there. */
static void
survey_last_four (Survey *survey, const json_t *user, const char *key, const char *whole,
                  const char *field)
{
  const char *said = json_string_value (json_object_get (user, key));
  const char *number = json_string_value (json_object_get (user, whole));
  g_autofree char *digits = text_digits (number);

  if (!said || strlen (digits) < strlen (said))
    find (survey, PLAN_TOLD, "not-read", field);
  else if (strcmp (digits + strlen (digits) - strlen (said), said) != 0)
    find (survey, PLAN_TOLD, "contradiction", field);
}

/* A key of the table in another case is an answer that nobody reads; what else is there and nobody
 * knows may be the service's own. */
static void
survey_user (Survey *survey, const json_t *user_data)
{
  const json_t *user = json_object_get (user_data, INFORMATION);
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *)user_data, key, value)
  {
    if (strcmp (key, INFORMATION) != 0 && !claim_is_nothing (value))
      find (survey, PLAN_TOLD, "not-read", "user_data/*");
  }
  json_object_foreach ((json_t *)user, key, value)
  {
    g_autofree char *snake = claim_key_to_snake (key);
    g_autofree char *field = g_strconcat (INFORMATION "/", snake, NULL);

    if (claim_is_nothing (value) || g_strv_contains (keys_of_user, key))
      continue;
    if (strcmp (key, "ssn_last_four") == 0)
      survey_last_four (survey, user, key, "ssn", field);
    else if (strcmp (key, "va_file_last_four") == 0)
      survey_last_four (survey, user, key, "va_file_number", field);
    else if (g_strv_contains (keys_of_user, snake))
      find (survey, PLAN_REVIEW, "not-read", field);
    else
      find (survey, PLAN_TOLD, "not-read", INFORMATION "/*");
  }
}

GPtrArray *
survey_claim (const json_t *parent, const GPtrArray *children, const json_t *user_data,
              const char *submission_day)
{
  Survey survey = {
    .submission_day = submission_day,
    .findings = g_ptr_array_new_with_free_func (finding_free),
    .seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .people = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
  };

  if (children->len > 0)
    survey_veteran (&survey, children, user_data);
  survey_user (&survey, user_data);
  survey_children (&survey, parent, children, user_data);
  survey_rest (&survey, parent, children);
  survey_beside (&survey, parent);
  survey_choices (&survey, parent);
  g_hash_table_unref (survey.seen);
  g_hash_table_unref (survey.people);
  return survey.findings;
}

const SurveyFinding *
survey_paper (const GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);

    if (finding->weight == PLAN_PAPER)
      return finding;
  }
  return NULL;
}
