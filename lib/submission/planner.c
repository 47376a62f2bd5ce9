#include "submission/planner.h"

#include "bgs/phone.h"
#include "claims/content.h"
#include "submission/plan-674.h"
#include "submission/plan-686c.h"
#include "submission/plan-place.h"

static void
plan_contact (Plan *plan, Node document)
{
  Node application = node_at (document, "dependents_application");
  Node contact = node_at (application, "veteran_contact_information");
  Node phone = node_at (contact, "phone_number");
  Node where = node_at (contact, "veteran_address");
  const char *typed = node_text (phone);
  g_autofree char *number = bgs_phone_number (typed);

  plan->veteran_address = plan_place_address (plan, where, TRUE);
  if (!plan->veteran_address ||
      (plan->veteran_address->kind != BGS_ADDRESS_MILITARY && !plan->veteran_address->city &&
       !(plan->veteran_address->issues & BGS_ADDRESS_CITY_EMPTY)))
    node_find (node_at (where, "city"), PLAN_PAPER, "missing-city");
  if (plan->veteran_address && plan->veteran_address->kind != BGS_ADDRESS_FOREIGN &&
      !plan->veteran_address->zip)
    node_find (node_at (where, "postal_code"), PLAN_PAPER, "no-zip");
  if (typed && !number)
    node_find (phone, PLAN_REVIEW, "no-number");
  (void)node_fitted (node_at (contact, "email_address"), BGS_ELEMENT_EMAIL, PLAN_REVIEW);
}

/* All people are known to BGS before the first relationship. */
static void
call_relationships (Plan *plan)
{
  for (PlanLinks group = 0; group < PLAN_LINKS_COUNT; group++)
    for (guint i = 0; i < plan->relationships->len; i++)
      if (((const PlanRelationship *)g_ptr_array_index (plan->relationships, i))->group == group)
        plan_call (plan, PLAN_RELATIONSHIP, i);
}

static void
call_students (Plan *plan)
{
  for (guint i = 0; i < plan->students->len; i++) {
    plan_call (plan, PLAN_SCHOOL, i);
    plan_call (plan, PLAN_STUDENT, i);
  }
}

Plan *
planner_plan (const char *form_type, const json_t *form, const char *submission_day)
{
  Plan *plan = plan_new (submission_day);
  g_autoptr (json_t) content = claim_content (form);
  Node document = { plan->reading, content, "" };

  plan_contact (plan, document);
  if (g_str_equal (form_type, "21-674"))
    plan_674 (plan, document);
  else
    plan_686c (plan, document);
  plan_reading_find_unread (plan->reading, form_type, content);

  call_relationships (plan);
  call_students (plan);
  return plan;
}
