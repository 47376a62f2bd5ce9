/* Transactions of anybody on this database server that stand open for long: nothing that they may
 * have changed is final, vacuum stops at them, and nobody else tells. */
#pragma once

#include "db/db.h"

typedef struct ForeignTransactions ForeignTransactions; /* what the last look saw; one thread */
ForeignTransactions *foreign_transactions_new (void);
void foreign_transactions_free (ForeignTransactions *transactions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ForeignTransactions, foreign_transactions_free)

/**
 * foreign_transactions_look:
 * @over_s: older ones are told: one line with process id, database and age of the oldest, never a
 *   query
 * @ret_count: how many are older; may be NULL
 *
 * Sets the gauge oldest_foreign_transaction_seconds (0: none). Those are counted that are idle or
 * have a transaction id, in any database, prepared ones too. A role that may not see another's
 * times counts from the look that saw it first. Errors: database errors.
 */
gboolean foreign_transactions_look (ForeignTransactions *transactions, Db *db, gint64 over_s,
                                    guint *ret_count, GError **error);
