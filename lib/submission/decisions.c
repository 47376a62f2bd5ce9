#include "submission/decisions.h"

#include "claims/answers.h"
#include "submission/form.h"

#include <string.h>

const Setting submission_settings[] = {
  { .name = "removal-check",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether a 686c that takes a dependent away gets an end product of its own." },
  { .name = "pension-check",
    .type = SETTING_BOOLEAN,
    .default_value = "yes",
    .help = "Whether BID is asked if the Veteran receives a pension." },
  { .name = NULL },
};

static const json_t *
application (const json_t *form)
{
  return json_object_get (form, "dependents_application");
}

static gboolean
child_left_school (const json_t *form)
{
  return form_has_option (form, "report_child18_or_older_is_not_attending_school");
}

static gboolean
stepchild_left_household (const json_t *form)
{
  return form_has_option (form, "report_stepchild_not_in_household");
}

static gboolean
child_married (const json_t *form)
{
  return form_has_option (form, "report_marriage_of_child_under18") ||
         form_has_option (form, "child_marriage");
}

static gboolean
marriage_is_not_ceremonial (const json_t *form)
{
  const json_t *marriage = json_object_get (application (form), "current_marriage_information");
  Answer type;

  if (!form_has_option (form, "add_spouse"))
    return FALSE;
  type = claim_answer_at (QUESTION_MARRIAGE, marriage, "type_of_marriage");
  return type == ANSWER_COMMON_LAW || type == ANSWER_TRIBAL || type == ANSWER_PROXY ||
         type == ANSWER_OTHER;
}

static gboolean
child_or_parent_died (const json_t *form)
{
  const json_t *deaths = json_object_get (application (form), "deaths");
  const json_t *death;
  size_t i;

  if (!form_has_option (form, "report_death"))
    return FALSE;
  json_array_foreach (deaths, i, death)
  {
    Answer who = claim_answer_at (QUESTION_WHO_DIED, death, "dependent_type");

    if (who == ANSWER_CHILD || who == ANSWER_PARENT)
      return TRUE;
  }
  return FALSE;
}

/* In the order of README.md, rule 4. The last row does not depend on the 686c's document. */
static const struct {
  const char *code;
  gboolean (*applies) (const json_t *form_686c);
  const char *text;
} review_rules[] = {
  { "child-left-school", child_left_school, "a child over 18 has left school" },
  { "stepchild-left-household", stepchild_left_household,
    "a stepchild has left the Veteran's household" },
  { "child-married", child_married, "a child under 18 has married" },
  { "non-ceremonial-marriage", marriage_is_not_ceremonial,
    "the marriage is neither civil nor ceremonial" },
  { "child-or-parent-died", child_or_parent_died, "a child or a dependent parent has died" },
  { "686c-with-674", NULL, "a 686c and a 674 were submitted together" },
};

static void
add_reason (GString *reasons, const char *code, const char *field)
{
  g_string_append_printf (reasons, "%s%s%s%s", reasons->len > 0 ? "\n" : "", code, field ? " " : "",
                          field ? field : "");
}

char *
decide_review (const json_t *form_686c, guint count_674, const GPtrArray *findings)
{
  g_autoptr (GString) reasons = g_string_new (NULL);
  guint told = 0;

  for (guint i = 0; form_686c && i < G_N_ELEMENTS (review_rules); i++)
    if (review_rules[i].applies ? review_rules[i].applies (form_686c) : count_674 > 0)
      add_reason (reasons, review_rules[i].code, NULL);
  for (guint i = 0; findings && i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);

    if (finding->weight != PLAN_REVIEW)
      continue;
    if (told++ < REVIEW_FINDINGS_MAX)
      add_reason (reasons, finding->code, finding->field);
    else if (told == REVIEW_FINDINGS_MAX + 1)
      add_reason (reasons, "more", NULL);
  }
  return reasons->len ? g_string_free (g_steal_pointer (&reasons), FALSE) : NULL;
}

const char *
review_reason_text (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (review_rules); i++)
    if (g_str_equal (review_rules[i].code, code))
      return review_rules[i].text;
  return NULL;
}

gboolean
decide_removal (const json_t *form_686c)
{
  return child_left_school (form_686c) || stepchild_left_household (form_686c) ||
         child_married (form_686c) || form_has_option (form_686c, "report_death") ||
         form_has_option (form_686c, "report_divorce") || form_has_divorce (form_686c);
}

/* Source: README.md, rule 5. */
static const struct {
  const char *form_type;
  gboolean is_manual, is_removal, has_pension;
  EndProduct end_product;
} end_products[] = {
  { "21-686C", FALSE, FALSE, FALSE, { "130DPNEBNADJ", "130 - Automated Dependency 686c" } },
  { "21-686C", FALSE, TRUE, FALSE, { "130SSRD", "Self Service - Removal of Dependent" } },
  { "21-686C", FALSE, TRUE, TRUE, { "130SSRDPMC", "PMC - Self Service - Removal of Dependent" } },
  { "21-686C", TRUE, FALSE, FALSE, { "130DPEBNAJRE", "eBenefits Dependency Adjustment Reject" } },
  { "21-686C",
    TRUE,
    FALSE,
    TRUE,
    { "130DAEBNPMCR", "PMC eBenefits Dependency Adjustment Reject" } },
  { "21-686C", TRUE, TRUE, FALSE, { "130SSRDE", "Self Service - Removal of Dependent Exception" } },
  { "21-686C",
    TRUE,
    TRUE,
    TRUE,
    { "130SSRDPMCE", "PMC - Self Service - Removal of Dependent Exceptn" } },
  { "21-674", FALSE, FALSE, FALSE, { "130SCHATTEBN", "130 - Automated School Attendance 674" } },
  { "21-674", TRUE, FALSE, FALSE, { "130SCHEBNREJ", "eBenefits School Attendance Reject" } },
  { "21-674", TRUE, FALSE, TRUE, { "130SCAEBPMCR", "PMC eBenefits School Attendance Reject" } },
};

const EndProduct *
decide_end_product (const char *form_type, gboolean is_manual, gboolean is_removal,
                    gboolean has_pension)
{
  gboolean is_674 = g_str_equal (form_type, "21-674");

  /* Nobody is removed by a 674; and pension is not asked for a claim that is neither manual nor a
   * removal. */
  is_removal = is_removal && !is_674;
  has_pension = has_pension && (is_manual || is_removal);
  for (guint i = 0; i < G_N_ELEMENTS (end_products); i++)
    if (g_str_equal (end_products[i].form_type, form_type) &&
        end_products[i].is_manual == is_manual && end_products[i].is_removal == is_removal &&
        end_products[i].has_pension == has_pension)
      return &end_products[i].end_product;
  g_assert_not_reached ();
}

const char *
increment_claim_type (const char *form_type)
{
  return g_str_equal (form_type, "21-674") ? "130SCHATTEBN" : "130DPNEBNADJ";
}
