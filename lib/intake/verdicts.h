/* The page of verdicts of this room, for a consumer's descriptor. */
#pragma once

#include "pipeline/policy.h"

#define DOWNSTREAM_INTAKE "intake"

extern const VerdictPage *const intake_verdicts[]; /* NULL-terminated */
