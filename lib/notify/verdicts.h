/* The page of verdicts of this room, for a consumer's descriptor. */
#pragma once

#include "pipeline/policy.h"

#define DOWNSTREAM_NOTIFY "notify"

extern const VerdictPage *const notify_verdicts[]; /* NULL-terminated */
