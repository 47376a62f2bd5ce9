/* The page of verdicts of this room, for a consumer's descriptor. */
#pragma once

#include "pipeline/policy.h"

extern const VerdictPage *const dossier_verdicts[]; /* NULL-terminated */
