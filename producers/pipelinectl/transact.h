/* Transactions of an operator whose process is a program. */
#pragma once

#include "program/program.h"

/* An OperatorTransact; @program: Program *. */
gboolean transact (TransactionWork work, gpointer work_data, gpointer program, GError **error);
