/* What one process does for all, each minute, in a thread and on a connection of its own: the
 * purge, and the look for transactions that stand open. */
#pragma once

#include "program/lease.h"

typedef struct {
  const char *database_url;
  gint64 inbox_days;
  Lease *lease; /* whose holder does them */
} ChoresOptions;

typedef struct Chores Chores;
Chores *chores_start (const ChoresOptions *options);
/* Waits for the statement under way. NULL is fine. */
void chores_stop (Chores *chores);
