/* What the files of this room share and nobody else needs. */
#pragma once

#include "program/outbox.h"
#include "program/program.h"

Outbox *program_outbox (Program *program);

/* /livez asks it: poll tick fresh. */
typedef gboolean (*ProgramLiveness) (gpointer data);
void program_set_liveness (Program *program, ProgramLiveness is_alive, gpointer data);

/* Step units with work of their own cannot share a transaction; at two desks their commits can share a flush. */
#define OWN_DESKS        2
/* A consumer's desks: take, steps, settle and those. The rest of database-connections is its workers' pool. */
#define DESK_CONNECTIONS (3 + OWN_DESKS)
