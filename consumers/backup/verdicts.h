/* What errors mean of the rooms that backup alone stands on: papers, press, files. */
#pragma once

#include "pipeline/policy.h"

extern const VerdictPage *const backup_verdicts[]; /* NULL-terminated */
