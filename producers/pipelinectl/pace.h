/* Work at a bounded rate: what each piece takes counts, and what was missed is not made up for. */
#pragma once

#include "program/program.h"

typedef struct {
  gint64 due_us; /* of the next piece, monotonic; 0: at once */
} Pace;
/* Waits until the next piece may begin, at most @rate a second. TRUE: a signal has come. */
gboolean pace_wait (Pace *pace, Program *program, int rate);
