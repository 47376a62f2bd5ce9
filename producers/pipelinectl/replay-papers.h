/* What evidence and backup would do with a group's papers that are sent on their way again: step by
 * step, by the consumers' own decision (step-next.h), over a journal that is only read. */
#pragma once

#include <jansson.h>

#include "base/seal.h"
#include "base/settings.h"
#include "operator/revive-papers.h"

/**
 * replay_papers_steps:
 * @settings: with the consumers' rows
 *
 * Array of { "claim_id" (null), "step", "next" } as replay-steps.h, owned: each paper that is stored, or
 * that evidence would store, by its number; then what backup would make for those that the folder has
 * refused. Which of them refuses what it is given now nobody knows: that goes by a package, too. How
 * long a paper's call may last depends on its length: it is looked for a little later than "look" says.
 * Errors: database, SEAL_ERROR.
 */
json_t *replay_papers_steps (Db *db, Sealer *sealer, const Settings *settings,
                             const RevivePapers *papers, GError **error);
