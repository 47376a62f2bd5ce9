/* What the files of this room share and nobody else needs. */
#pragma once

#include "pipeline/outbox.h"
#include "pipeline/program.h"

Outbox *program_outbox (Program *program);

/* /livez asks it: poll tick fresh, no fatal error. */
typedef gboolean (*ProgramLiveness) (gpointer data);
void program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data);
