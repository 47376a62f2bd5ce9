/* What a claim must and should be; see validate.h.
 *
 * One table per object of the form: its keys, which are required, and the check of each. Rules that
 * join several keys stand in a function beside their table. Source: README.md, rules 1 to 4. */
#include "claims/validate.h"

#include <string.h>

#include "claims/answers.h"
#include "claims/checks.h"
#include "claims/content.h"
#include "claims/split.h"

#define APPLICATION "dependents_application"
#define OPTIONS     "view:selectable686_options"

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
    checker_need (checker, value, "type_other");
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
    checker_need (checker, value, "current_spouse_reason_for_separation");
    checker_need (checker, value, "address");
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
    checker_need (checker, value, "other_reason_marriage_ended");
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
    checker_should_have (checker, value, "relationship_to_child");
  if (json_is_true (json_object_get (value, "does_child_have_disability")))
    checker_should_have (checker, value, "does_child_have_permanent_disability");
  if (json_is_false (json_object_get (value, "does_child_live_with_you"))) {
    checker_should_have (checker, value, "living_with");
    checker_should_have (checker, value, "address");
  }
  if (json_is_true (json_object_get (value, "has_child_ever_been_married")))
    checker_should_have (checker, value, "marriage_end_date");
  if (json_is_true (json_object_get (value, "has_child_ever_been_married")) ||
      has_key (value, "marriage_end_date"))
    checker_should_have (checker, value, "marriage_end_reason");
  if (is_text (json_object_get (value, "marriage_end_reason"), "Other"))
    checker_should_have (checker, value, "marriage_end_description");
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
    checker_need (checker, value, "explanation_of_other");
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
    checker_need (checker, value, "living_expenses_paid");
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
    checker_need (checker, value, "child_status");
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
  checker_need (checker, value, "term_begin");
  checker_need (checker, value, "date_term_ended");
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
    checker_need (checker, value, "last_term_school_information");
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
    checker_need (checker, value, "other_program_or_benefit");
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
  if (has_key (value, "spouse_information")) {
    /* The paper needs all three; see the rows marked P. */
    checker_should_have (checker, value, "does_live_with_spouse");
    checker_should_have (checker, value, "current_marriage_information");
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
    checker_should_have (checker, value, "ssn");
}

static void
check_option (Checker *checker, const json_t *value)
{
  /* Not just "not chosen": a form that the Veteran did choose would be left out without a word. */
  if (claim_answer (QUESTION_YES_NO, value) == ANSWER_UNKNOWN)
    checker_found (checker, "must be true or false");
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
  checker_found (checker, "nothing is selected");
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
  else if (has_key_in_other_case (application, key)) {
    message = g_strdup_printf ("needs %s, for %s is selected; a key of this name in another case "
                               "is there, which is not read",
                               key, option);
    checker_found (checker, message);
  } else if (has_key_in_other_case (application, APPLICATION)) {
    message = g_strdup_printf ("needs %s, for %s is selected; " APPLICATION
                               " is there in another case, which is not read",
                               key, option);
    checker_found (checker, message);
  } else if (json_object_get (checker_sent (checker), key)) {
    message = g_strdup_printf (option_data[row].shape == LIST
                                   ? "needs at least one entry with content, for %s is selected"
                                   : "needs content, for %s is selected",
                               option);
    checker_found_as (checker, checker->rule, key, message);
  } else {
    message = g_strdup_printf ("needs %s, for %s is selected", key, option);
    checker_found (checker, message);
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
    checker_found_as (&checker, CLAIM_RULE_LENIENT, APPLICATION, "must be an object");
  else if (application)
    need_data_of_options (&checker, content, application);

  checker.rule = CLAIM_RULE_STRICT;
  if (!application)
    checker_found_missing (&checker, any_option ? CLAIM_RULE_LENIENT : CLAIM_RULE_STRICT,
                           APPLICATION);
  else if (json_is_object (application))
    check_at (&checker, APPLICATION, application, check_application);

  drop_doubles (checker.findings);
  return checker.findings;
}
