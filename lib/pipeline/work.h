/* Work that a run does inside a transaction: its own, a step's, or that of its settlement. Nothing
 * in it may call outside or block on another lock; it is done again from the start after a
 * conflict. */
#pragma once

#include "program/transaction.h"

typedef struct Run Run;

typedef gboolean (*RunWork) (Transaction *transaction, Run *run, gpointer data, GError **error);
