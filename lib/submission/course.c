/* The steps of a claim by name, see course.h. */
#include "submission/course.h"

#include <string.h>

#include "claims/insert-record.h"

CourseTraits
course_traits (const char *step)
{
  static const char *const looked_for[] = {
    "create-proc-form/", "create-person/", "create-veteran-person",
    "create-student/",   INSERT_STEP,      "put-package/"
  };
  CourseTraits traits = { .once = g_str_equal (step, "write-note") };

  for (guint i = 0; i < G_N_ELEMENTS (looked_for); i++)
    traits.looks |= g_str_has_prefix (step, looked_for[i]);
  return traits;
}

static void
add (GPtrArray *names, const char *name)
{
  g_ptr_array_add (names, g_strdup (name));
}

static void
add_of (GPtrArray *names, const char *begin, const char *slot)
{
  g_ptr_array_add (names, g_strconcat (begin, slot, NULL));
}

static const char *
slot_of (const Plan *plan, guint person)
{
  return ((const PlanPerson *)g_ptr_array_index (plan->persons, person))->slot;
}

static const char *
slot_of_student (const Plan *plan, guint student)
{
  return slot_of (
      plan, (guint)((const PlanStudent *)g_ptr_array_index (plan->students, student))->person);
}

static void
add_planned (GPtrArray *names, const Plan *plan, const PlanCall *call)
{
  switch (call->kind) {
  case PLAN_PARTICIPANT:
    add_of (names, "create-participant/", slot_of (plan, call->index));
    return;
  case PLAN_PERSON:
    add_of (names, "create-person/", slot_of (plan, call->index));
    return;
  case PLAN_ADDRESS:
    add_of (names, "create-address/", slot_of (plan, call->index));
    return;
  case PLAN_RELATIONSHIP:
    add_of (names, RELATIONSHIP_STEP,
            ((const PlanRelationship *)g_ptr_array_index (plan->relationships, call->index))->slot);
    return;
  case PLAN_SCHOOL:
    add_of (names, "create-school/", slot_of_student (plan, call->index));
    return;
  case PLAN_STUDENT:
    add_of (names, "create-student/", slot_of_student (plan, call->index));
    return;
  }
  g_assert_not_reached ();
}

GPtrArray *
course_of_child (const Plan *plan, const Veteran *veteran, const CourseNeeds *needs)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  add (names, "create-veteran-participant");
  add (names, "create-veteran-address");
  add (names, "find-regional-office");
  add (names, "find-location");
  add (names, "create-veteran-person");
  if (veteran->phone_number)
    add (names, "create-veteran-phone");
  for (guint i = 0; i < plan->calls->len; i++)
    add_planned (names, plan, &g_array_index (plan->calls, PlanCall, i));
  add (names, "create-vnp-claim");
  if (needs->asks_pension)
    add (names, "read-pension");
  add (names, INSERT_STEP);
  add (names, "update-vnp-claim");
  if (needs->needs_review || needs->is_doubtful)
    add (names, "write-note");
  return names;
}

GPtrArray *
course_of_group (gboolean has_686c, gboolean has_674)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  add (names, "create-proc");
  if (has_686c)
    add (names, "create-proc-form/21-686C");
  if (has_674)
    add (names, "create-proc-form/21-674");
  return names;
}
