/* A program's transactions for an operator, see transact.h. */
#include "transact.h"

gboolean
transact (TransactionWork work, gpointer work_data, gpointer program, GError **error)
{
  return program_transaction (program, work, work_data, error);
}
