/* From one form submission to its child claims; see split.h. */
#include "claims/split.h"

#include "claims/answers.h"
#include "claims/content.h"

#define OPTIONS     "view:selectable686_options"
#define APPLICATION "dependents_application"

void
claim_child_form_free (ClaimChildForm *child)
{
  if (!child)
    return;
  json_decref (child->form);
  g_free (child);
}

static ClaimChildForm *
claim_child_form_new (const char *form_type, json_t *form)
{
  ClaimChildForm *child = g_new0 (ClaimChildForm, 1);

  child->form_type = form_type;
  child->form = form;
  return child;
}

/* Only the top-level copy decides; a value that is neither yes nor no has been refused before
 * (validate.c). */
const char *const claim_options_686c[] = {
  "report_death",
  "report_divorce",
  "add_child",
  "report_stepchild_not_in_household",
  "report_marriage_of_child_under18",
  "child_marriage",
  "report_child18_or_older_is_not_attending_school",
  "add_spouse",
  "add_disabled_child",
  NULL,
};

gboolean
claim_has_686c (const json_t *parent)
{
  return claim_option_of (parent, claim_options_686c) == ANSWER_YES;
}

gboolean
claim_has_674 (const json_t *parent)
{
  return claim_option (parent, "report674") == ANSWER_YES;
}

static void
copy_keys (json_t *to, const json_t *from, const char *const *keys)
{
  for (; *keys; keys++) {
    json_t *value = json_object_get (from, *keys);

    if (value)
      json_object_set_new (to, *keys, json_deep_copy (value));
  }
}

static ClaimChildForm *
make_686c (const json_t *parent)
{
  static const char *const top[] = {
    "veteran_information",
    OPTIONS,
    "statement_of_truth_signature",
    "statement_of_truth_certified",
    "veteran_was_married_before",
    "spouse_was_married_before",
    NULL,
  };
  static const char *const application[] = {
    "veteran_contact_information",
    "household_income",
    "spouse_information",
    "current_marriage_information",
    "does_live_with_spouse",
    "veteran_marriage_history",
    "spouse_marriage_history",
    /* Either keeps a history back, wherever it stands. */
    "veteran_was_married_before",
    "spouse_was_married_before",
    "children_to_add",
    "report_divorce",
    "step_children",
    "deaths",
    "child_marriage",
    "child_stopped_attending_school",
    "spouse_supporting_documents",
    "child_supporting_documents",
    NULL,
  };
  const json_t *sent = json_object_get (parent, APPLICATION);
  json_t *form = json_object ();

  copy_keys (form, parent, top);
  if (sent) {
    json_t *kept = json_object ();

    copy_keys (kept, sent, application);
    json_object_set_new (form, APPLICATION, kept);
    /* The 686c takes its options from the top level; the copy is its own, so the parent keeps
     * report674. */
    (void)json_object_del (json_object_get (form, OPTIONS), "report674"); /* absent is fine */
  }
  return claim_child_form_new ("21-686C", form);
}

static ClaimChildForm *
make_674 (const json_t *parent, const json_t *sent, const json_t *student)
{
  static const char *const top[] = {
    "veteran_information",
    "statement_of_truth_signature",
    "statement_of_truth_certified",
    NULL,
  };
  static const char *const application[] = {
    "veteran_contact_information",
    "child_stopped_attending_school",
    "days_till_expires",
    "privacy_agreement_accepted",
    OPTIONS,
    "view:add_or_remove_dependents",
    "view:remove_dependent_options",
    "view:completed_child_stopped_attending_school",
    NULL,
  };
  const json_t *nested = json_object_get (sent, OPTIONS);
  json_t *form = json_object (), *kept = json_object (), *students = json_array ();

  copy_keys (form, parent, top);
  /* The 674 takes its options from inside the application, all of them, and null where that copy is
   * missing. */
  json_object_set_new (form, OPTIONS, nested ? json_deep_copy (nested) : json_null ());

  copy_keys (kept, sent, application);
  json_array_append_new (students, json_deep_copy (student));
  json_object_set_new (kept, "student_information", students);
  json_object_set_new (form, APPLICATION, kept);
  return claim_child_form_new ("21-674", form);
}

GPtrArray *
claim_split (const json_t *parent)
{
  g_autoptr (json_t) content = claim_content (parent);
  GPtrArray *children = g_ptr_array_new_with_free_func ((GDestroyNotify)claim_child_form_free);

  if (claim_has_686c (parent))
    g_ptr_array_add (children, make_686c (content));
  if (claim_has_674 (parent)) {
    const json_t *sent = json_object_get (content, APPLICATION);
    const json_t *students = json_object_get (sent, "student_information");
    gsize i;
    json_t *student;

    json_array_foreach (students, i, student) if (!json_is_null (student))
        g_ptr_array_add (children, make_674 (content, sent, student));
  }
  return children;
}
