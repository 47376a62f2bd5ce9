#include "submission/survey.h"

#include "base/text.h"
#include "bgs/limits.h"
#include "claims/content.h"
#include "claims/split.h"
#include "claims/values.h"
#include "submission/unread.h"
#include "submission/veteran.h"

#include <string.h>

#define APPLICATION  "dependents_application"
#define STUDENT      APPLICATION "/student_information/0"
/* A claim has some dozen children at most; a form that has more is looked at in part, and a person
 * sees that. */
#define CHILDREN_MAX 500
#define SURVEY_MAX   300

typedef struct {
  GPtrArray *findings;
  GHashTable *seen; /* "CODE FIELD" */
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

static void
survey_child (Survey *survey, const ClaimChildForm *child, const json_t *user_data, gsize student)
{
  g_autoptr (json_t) merged = veteran_merge (child->form, user_data);
  g_autoptr (Plan) plan = plan_new (child->form_type, merged);

  for (guint i = 0; i < plan->findings->len; i++) {
    const PlanFinding *finding = g_ptr_array_index (plan->findings, i);
    g_autofree char *field = field_in_parent (finding->field, child->form_type, student);

    find (survey, finding->weight, finding->code, field);
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

  survey_name (survey, veteran->first_name, "veteran_information/full_name/first",
               BGS_ELEMENT_FIRST_NAME, TRUE);
  survey_name (survey, veteran->middle_name, "veteran_information/full_name/middle",
               BGS_ELEMENT_MIDDLE_NAME, FALSE);
  survey_name (survey, veteran->last_name, "veteran_information/full_name/last",
               BGS_ELEMENT_LAST_NAME, TRUE);
  survey_name (survey, veteran->suffix, "veteran_information/full_name/suffix", BGS_ELEMENT_SUFFIX,
               FALSE);
  if (!text_is_blank (born) && !veteran->birth_date)
    find (survey, PLAN_REVIEW, "no-date", "veteran_information/birth_date");
  /* The SSN stands in for it. */
  if (!claim_is_nothing (number) && !veteran_has_file_number (merged))
    find (survey, PLAN_TOLD, "no-number", "veteran_information/va_file_number");
}

GPtrArray *
survey_claim (const json_t *parent, const GPtrArray *children, const json_t *user_data)
{
  Survey survey = {
    .findings = g_ptr_array_new_with_free_func (finding_free),
    .seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };

  if (children->len > 0)
    survey_veteran (&survey, children, user_data);
  survey_children (&survey, parent, children, user_data);
  survey_rest (&survey, parent, children);
  g_hash_table_unref (survey.seen);
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
