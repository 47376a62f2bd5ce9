/* The steps of a claim by name, in the order in which its consumer makes them: for who says what
 * would happen, without calling anybody. What a name means for an unknown outcome stands here once;
 * the steps themselves are held against it when they run. Source: README.md, rules 1 and 8. */
#pragma once

#include "claims/claim-group.h"
#include "pipeline/step-next.h"
#include "submission/plan.h"
#include "submission/veteran.h"

#define RELATIONSHIP_STEP "create-relationship/" /* and the slot; close.sql counts by this prefix */

typedef struct {
  gboolean looks; /* an unknown is looked for */
  gboolean once;  /* an unknown is given up, never repeated */
} CourseTraits;
CourseTraits course_traits (const char *step);

/* What a child's course depends on beside its document. */
typedef struct {
  gboolean needs_review; /* the group's proc is for review */
  gboolean is_doubtful;  /* a relationship may exist twice */
  gboolean asks_pension; /* pension-check, and rule 5 */
} CourseNeeds;
/* Names, owned; reads are among them. The close of the proc is its group's. */
GPtrArray *course_of_child (const Plan *plan, const Veteran *veteran, const CourseNeeds *needs);
/* proc-setup's. */
GPtrArray *course_of_group (gboolean has_686c, gboolean has_674);
