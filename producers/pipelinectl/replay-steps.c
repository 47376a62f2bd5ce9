/* What would be done, see replay-steps.h. */
#include "replay-steps.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "pipeline/step-next.h"
#include "program/journal.h"
#include "submission/course.h"
#include "submission/decisions.h"
#include "submission/planner.h"
#include "submission/set-up.h"

typedef struct {
  Db *db;
  Sealer *sealer;
  const Settings *settings;
  const ReviveGroup *group;
  ClaimGroup *loaded;
  GPtrArray *of_group;   /* the group's journal */
  gboolean needs_review; /* as its set-up has decided, or would */
  gint64 limit_ms;       /* after its start no request can act any more */
  json_t *steps;
} Planning;

static void
planning_clear (Planning *planning)
{
  claim_group_free (planning->loaded);
  g_clear_pointer (&planning->of_group, g_ptr_array_unref);
  g_clear_pointer (&planning->steps, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Planning, planning_clear)

/* A look means what the step says of an unknown. */
static const char *
next_name (StepNext next, CourseTraits traits)
{
  switch (next) {
  case STEP_GIVE:
    return "give";
  case STEP_WAIT:
    return "wait";
  case STEP_LOOK:
    return traits.looks ? "look" : traits.once ? "give up" : "again";
  case STEP_HOLD:
    return "hold";
  case STEP_START:
    return "start";
  }
  g_assert_not_reached ();
}

/* The request is taken to be as it was: another one is met by the consumer, who holds. */
void
replay_step_add (json_t *steps, gint64 claim_id, const GPtrArray *journal, const char *step,
                 CourseTraits traits, gint64 limit_ms)
{
  const StepRule rule = {
    .looks = traits.looks, .once = traits.once, .is_same_request = TRUE, .limit_ms = limit_ms
  };
  gint64 wait_ms;
  StepNext next = step_next (&rule, journal_newest (journal, step), clock_database_now_ms (),
                             clock_database_error_ms (), &wait_ms);

  (void)json_array_append_new (steps, json_pack ("{s:o,s:s,s:s}", "claim_id",
                                                 claim_id ? json_integer (claim_id) : json_null (),
                                                 "step", step, "next", next_name (next, traits)));
}

static void
add_step (Planning *planning, gint64 claim_id, const GPtrArray *journal, const char *step)
{
  replay_step_add (planning->steps, claim_id, journal, step, course_traits (step),
                   planning->limit_ms);
}

static void
add_course (Planning *planning, gint64 claim_id, const GPtrArray *journal, const GPtrArray *course)
{
  for (guint i = 0; i < course->len; i++)
    add_step (planning, claim_id, journal, g_ptr_array_index (course, i));
}

static gboolean
has_child (const ReviveGroup *group, const char *form_type)
{
  for (guint i = 0; i < group->children->len; i++)
    if (g_str_equal (((const ReviveChild *)g_ptr_array_index (group->children, i))->form_type,
                     form_type))
      return TRUE;
  return FALSE;
}

static void
add_set_up (Planning *planning)
{
  g_autoptr (GPtrArray) course = course_of_group (has_child (planning->group, "21-686C"),
                                                  has_child (planning->group, "21-674"));

  add_course (planning, 0, planning->of_group, course);
}

/* --- A child --- */

/* A relationship that was made again after an unknown is named in a note. */
static gboolean
is_doubtful (const Plan *plan, const GPtrArray *journal)
{
  for (guint i = 0; i < plan->relationships->len; i++) {
    const PlanRelationship *relationship = g_ptr_array_index (plan->relationships, i);
    g_autofree char *step = g_strconcat (RELATIONSHIP_STEP, relationship->slot, NULL);
    const JournalRow *row = journal_newest (journal, step);

    /* One that stands started will have been unknown. */
    if (journal_unknowns (journal, step) > 0 || (row && g_str_equal (row->state, "started")))
      return TRUE;
  }
  return FALSE;
}

/* When all others are submitted it closes the proc; of several that are on their way one will, and
 * the last of them is taken for it. */
static gboolean
closes (const ReviveGroup *group, const ReviveChild *child)
{
  const ReviveChild *last = NULL;

  if (group->closer)
    return group->closer == child->claim_id;
  for (guint i = 0; i < group->children->len; i++) {
    const ReviveChild *one = g_ptr_array_index (group->children, i);

    if (!g_str_equal (one->state, "submitted"))
      last = one;
  }
  return last == child;
}

static gboolean
add_child (Planning *planning, const ReviveChild *child, GError **error)
{
  const ReviveGroup *own = planning->group;
  const ClaimGroup *group = planning->loaded;
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, child->claim_id);
  g_autoptr (json_t) form =
      claim_load_form (planning->db, planning->sealer, child->claim_id, error);
  g_autoptr (GPtrArray) journal =
      form ? journal_read (planning->db, planning->sealer, scope, error) : NULL;
  g_autoptr (json_t) merged = NULL;
  g_autoptr (Veteran) veteran = NULL;
  g_autoptr (Plan) plan = NULL;
  g_autoptr (GPtrArray) course = NULL;
  CourseNeeds needs = { .needs_review = planning->needs_review };
  gboolean is_removal;

  if (!journal)
    return FALSE;
  merged = veteran_merge (form, group->user_data);
  veteran = veteran_new (form, group->user_data);
  plan = planner_plan (child->form_type, merged, group->submission_day);
  is_removal = settings_boolean (planning->settings, "removal-check") &&
               g_str_equal (child->form_type, "21-686C") && decide_removal (merged);
  needs.is_doubtful = is_doubtful (plan, journal);
  needs.asks_pension =
      settings_boolean (planning->settings, "pension-check") && (needs.needs_review || is_removal);
  course = course_of_child (plan, veteran, &needs);
  if (!g_str_equal (child->state, "submitted"))
    add_course (planning, child->claim_id, journal, course);
  if (closes (own, child))
    add_step (planning, 0, planning->of_group, "close-proc");
  return TRUE;
}

static gboolean
add_children (Planning *planning, GError **error)
{
  const ReviveGroup *group = planning->group;

  for (guint i = 0; i < group->children->len; i++) {
    const ReviveChild *child = g_ptr_array_index (group->children, i);

    if (revive_sends_child (group, child) && !add_child (planning, child, error))
      return FALSE;
  }
  return TRUE;
}

/* --- The whole --- */

/* A set-up that refuses the group calls nobody. */
static gboolean
add_all (Planning *planning, GError **error)
{
  g_auto (SetUpLook) look = { 0 };
  g_autofree char *refusal = NULL;

  planning->needs_review = planning->group->review_reasons != NULL;
  if (planning->group->proc_id)
    return add_children (planning, error);
  if (!set_up_look (planning->db, planning->sealer, planning->loaded, &look, error))
    return FALSE;
  refusal = set_up_refusal (&look);
  if (refusal)
    return json_array_append_new (planning->steps,
                                  json_pack ("{s:n,s:s,s:s,s:s}", "claim_id", "step", "set-up",
                                             "next", "refuse", "why", refusal)) == 0;
  planning->needs_review = look.review_reasons != NULL;
  add_set_up (planning);
  return add_children (planning, error);
}

json_t *
replay_steps_of (Db *db, Sealer *sealer, const Settings *settings, const ReviveGroup *group,
                 GError **error)
{
  g_auto (Planning) planning = { .db = db,
                                 .sealer = sealer,
                                 .settings = settings,
                                 .group = group,
                                 .loaded = claim_group_load (db, sealer, group->guid, error),
                                 .limit_ms = settings_number (settings, "bgs-read-timeout-ms") +
                                             settings_number (settings, "unknown-settle-ms"),
                                 .steps = json_array () };

  planning.of_group = planning.loaded ? journal_read (db, sealer, group->guid, error) : NULL;
  return planning.of_group && add_all (&planning, error) ? g_steal_pointer (&planning.steps) : NULL;
}
