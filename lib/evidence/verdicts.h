/* The page of verdicts of this room, for a consumer's descriptor. */
#pragma once

#include "pipeline/policy.h"

#define DOWNSTREAM_EVIDENCE "evidence"

extern const VerdictPage *const evidence_verdicts[]; /* NULL-terminated */
