/* What the consumers would do with a group that is sent on its way again: step by step, by the same
 * pure decision (step-next.h), over a journal that is only read. */
#pragma once

#include <jansson.h>

#include "base/seal.h"
#include "base/settings.h"
#include "operator/revive.h"
#include "submission/course.h"

/**
 * replay_steps_of:
 * @settings: with the consumers' rows: limits of calls, and which reads are made
 *
 * Array of { "claim_id" (null: the set-up's), "step", "next": give, wait, look, again,
 * give up, hold, start }, owned, in the order in which they come; alone { "step": "set-up", "next":
 * "refuse", "why" } where the set-up sends the group by paper. A step behind one that does not give its result depends on that
 * one's end, and is told as it stands now. Reads personal data, tells none. Errors: database, SEAL_ERROR.
 */
json_t *replay_steps_of (Db *db, Sealer *sealer, const Settings *settings, const ReviveGroup *group,
                         GError **error);
/* Adds one of them. @claim_id: 0: null. @limit_ms: after its start no request can act any more. */
void replay_step_add (json_t *steps, gint64 claim_id, const GPtrArray *journal, const char *step,
                      CourseTraits traits, gint64 limit_ms);
