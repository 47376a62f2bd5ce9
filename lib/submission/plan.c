#include "submission/plan.h"

Plan *
plan_new (const char *submission_day)
{
  Plan *plan = g_new0 (Plan, 1);

  plan->persons = g_ptr_array_new_with_free_func (g_free);
  plan->relationships = g_ptr_array_new_with_free_func (g_free);
  plan->students = g_ptr_array_new_with_free_func (g_free);
  plan->calls = g_array_new (FALSE, FALSE, sizeof (PlanCall));
  plan->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify)bgs_address_free);
  plan->reading = plan_reading_new (submission_day);
  plan->findings = plan->reading->findings;
  return plan;
}

void
plan_call (Plan *plan, PlanCallKind kind, guint index)
{
  PlanCall next = { kind, index };

  g_array_append_val (plan->calls, next);
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
  g_array_unref (plan->calls);
  g_ptr_array_unref (plan->addresses);
  plan_reading_free (plan->reading);
  g_free (plan);
}
