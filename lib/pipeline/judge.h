/* What a handler's end means: the verdict of its error, and where an attempt, or a claim, must be
 * spared. */
#pragma once

#include "pipeline/run-inside.h"
#include "pipeline/settle-unit.h"
#include "pipeline/verdicts.h"

/* @error: what the handler gave, NULL when it returned TRUE; replaced where the verdict's reason is
 *   another. May wait 250 ms for a breaker to open. LOST and ILL are no verdicts on the message. */
Verdict judge (Run *run, GError **error);
/* How that verdict is settled; not for LOST and ILL. */
SettleKind judge_kind (const Context *context, const Delivery *delivery, Verdict verdict,
                       const GError *error);
/* The database would not have it: how it is settled instead. FALSE: nothing else is left, it has to
 * be tried again. */
gboolean judge_refusal (const Context *context, SettleUnit *unit, const GError *refusal);
