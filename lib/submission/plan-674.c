#include "submission/plan-674.h"

#include "submission/plan-people.h"
#include "submission/plan-place.h"

static const char *
family_of_student (Node student)
{
  static const NodeWord words[] = {
    { ANSWER_BIOLOGICAL, "Biological" },
    { ANSWER_STEPCHILD, "Stepchild" },
    { ANSWER_ADOPTED, "Adopted Child" },
    { ANSWER_MISSING, NULL },
  };

  return node_word (node_decision (node_at (student, "relationship_to_student"), QUESTION_STUDENT),
                    words);
}

static BgsChildSchool
school_of_student (Node school)
{
  Node term = node_at (school, "current_term_dates");
  Node last_term = node_at (school, "last_term_school_information");
  Answer attended =
      node_answer (node_at (school, "student_did_attend_school_last_term"), QUESTION_YES_NO);
  gboolean has_last_term = attended != ANSWER_NO;

  if (!has_last_term)
    node_set_aside (last_term, PLACE_NOT_APPLICABLE);

  return (BgsChildSchool){
    .school_name = node_fitted (node_at (school, "name"), BGS_ELEMENT_SCHOOL_NAME, PLAN_REVIEW),
    .term_start = node_day_that_decides (node_at (term, "official_school_start_date")),
    .expected_start = node_day (node_at (term, "expected_student_start_date")),
    .graduation = node_day (node_at (term, "expected_graduation_date")),
    .last_term_start = has_last_term ? node_day (node_at (last_term, "term_begin")) : NULL,
    .last_term_end = has_last_term ? node_day (node_at (last_term, "date_term_ended")) : NULL,
  };
}

static void
add_student (Plan *plan, Node given, int person)
{
  Node school = node_at (given, "school_information");
  Node earned = node_at (given, "student_earnings_from_school_year");
  Node expected = node_at (given, "student_expected_earnings_next_year");
  Node worth = node_at (given, "student_networth_information");
  PlanStudent *student = g_new0 (PlanStudent, 1);

  student->person = person;
  student->school = school_of_student (school);
  student->student = (BgsChildStudent){
    .savings = node_amount (node_at (worth, "savings")),
    .real_estate = node_amount (node_at (worth, "real_estate")),
    .other_assets = node_amount (node_at (worth, "other_assets")),
    .securities = node_amount (node_at (worth, "securities")),
    .remarks = node_fitted (node_at (given, "remarks"), BGS_ELEMENT_REMARKS, PLAN_REVIEW),
    .marriage_date = node_past_day (node_at (given, "marriage_date")),
    .is_tuition_paid_by_government =
        node_flag_that_decides (node_at (given, "tuition_is_paid_by_gov_agency")),
    .tuition_start_date = node_day (node_at (given, "benefit_payment_date")),
    .earnings = node_amount (node_at (earned, "earnings_from_all_employment")),
    .other_income = node_amount (node_at (earned, "all_other_income")),
    .social_security = node_amount (node_at (earned, "annual_social_security_payments")),
    .annuities = node_amount (node_at (earned, "other_annuities_income")),
    .next_earnings = node_amount (node_at (expected, "earnings_from_all_employment")),
    .next_other_income = node_amount (node_at (expected, "all_other_income")),
    .next_social_security = node_amount (node_at (expected, "annual_social_security_payments")),
    .next_annuities = node_amount (node_at (expected, "other_annuities_income")),
    .is_school_accredited = node_flag_that_decides (node_at (school, "is_school_accredited")),
    .is_full_time = node_flag_that_decides (node_at (school, "student_is_enrolled_full_time")),
  };
  g_ptr_array_add (plan->students, student);
}

void
plan_674 (Plan *plan, Node document)
{
  Node students = node_at (node_at (document, "dependents_application"), "student_information");
  Node student;
  gsize i = 0;

  while (node_next (students, &i, &student)) {
    int index = plan_people_add_child (plan, "student-#", (guint)i, student);
    Node was_married = node_at (student, "was_married");
    BgsRelationship *link;

    plan_people_at (plan, index)->person.ever_married = node_flag_that_decides (was_married);
    if (g_strcmp0 (plan_people_at (plan, index)->person.ever_married, "N") == 0 &&
        node_at (student, "marriage_date").value)
      node_find (was_married, PLAN_REVIEW, "contradiction");
    plan_people_at (plan, index)->address =
        plan_place_address (plan, node_at (student, "address"), FALSE);
    plan_people_call (plan, index);
    add_student (plan, student, index);

    link = plan_people_link (plan, PLAN_LINKS_OF_VETERAN, PLAN_VETERAN, index, "Child",
                             family_of_student (student));
    link->has_income = node_income (node_at (student, "student_income"));
  }
}
