/* Beside the records: error e-mails that are deferred for too long, and what operators must see of all
 * e-mails, from the database, for a process may be gone before anybody has read its counters.
 *
 * A thread. Each round is harmless beside that of another process. */
#pragma once

#include "program/program.h"

/* email-deferred-max */
extern const Setting overdue_settings[];

typedef struct Overdue Overdue;
Overdue *overdue_start (Program *program, const Settings *settings);
/* Waits for the round under way. NULL is fine. */
void overdue_stop (Overdue *overdue);
