/* What to do next about a step, see step-next.h. */
#include "pipeline/step-next.h"

#include <string.h>

#include "base/crash-point.h"

static gboolean
is_state (const JournalRow *row, const char *state)
{
  return strcmp (row->state, state) == 0;
}

StepNext
step_next (const StepRule *rule, const JournalRow *row, gint64 now_ms, gint64 error_ms,
           gint64 *ret_wait_ms)
{
  gint64 rest_ms;

  *ret_wait_ms = 0;
  if (!row || is_state (row, "failed"))
    return STEP_START;
  if (is_state (row, "finished") || is_state (row, "given up"))
    return STEP_GIVE;
  if (is_state (row, "unknown") || is_state (row, "not there"))
    return rule->is_same_request ? STEP_START : STEP_HOLD;
  rest_ms = row->started_at_ms + rule->limit_ms + error_ms - now_ms;
  if (GUARD (SETTLE_WAIT) && rest_ms > 0) {
    *ret_wait_ms = rest_ms + 1;
    return STEP_WAIT;
  }
  /* What is looked for or given up does not send the other request. */
  return rule->looks || rule->once || rule->is_same_request ? STEP_LOOK : STEP_HOLD;
}
