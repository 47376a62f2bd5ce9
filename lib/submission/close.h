/* The end of a child, and of its group.
 *
 * The rating engine reads a proc as soon as it says Ready, so it must not say so while a sibling
 * writes under it. That the last child is submitted, and that it is the closer, is one transaction
 * under the group's row lock; only that child's message closes, as a journalled step of the group,
 * and its inbox row is written with the group's success, so that a redelivery goes on here. Source:
 * design section 7, "closed once"; section 4, states. */
#pragma once

#include "submission/submission.h"

gboolean close_child (Submission *submission, GError **error);
