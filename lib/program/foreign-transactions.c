/* A look at the transactions of the whole server, see foreign-transactions.h. */
#include "program/foreign-transactions.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/foreign-transactions.sql.h"

struct ForeignTransactions {
  GHashTable *first_seen; /* "pid xid" -> monotonic ms (gint64 *), of those whose time is hidden */
};

ForeignTransactions *
foreign_transactions_new (void)
{
  ForeignTransactions *transactions = g_new0 (ForeignTransactions, 1);

  transactions->first_seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return transactions;
}

void
foreign_transactions_free (ForeignTransactions *transactions)
{
  if (!transactions)
    return;
  g_hash_table_unref (transactions->first_seen);
  g_free (transactions);
}

/* By our clock, from the look that saw it first; @now_seen gets what this look has seen. */
static gint64
hidden_age_ms (ForeignTransactions *transactions, const DbRows *rows, guint i, GHashTable *now_seen)
{
  char *key =
      g_strdup_printf ("%s %s", db_rows_text (rows, i, "pid"), db_rows_text (rows, i, "xid"));
  gint64 now = clock_monotonic_ms ();
  const gint64 *first = g_hash_table_lookup (transactions->first_seen, key);
  gint64 *since = g_new (gint64, 1);

  *since = first ? *first : now;
  g_hash_table_replace (now_seen, key, since);
  return now - *since;
}

static void
tell (const DbRows *rows, guint oldest, gint64 age_ms, guint count)
{
  g_autofree char *age = g_strdup_printf ("%" G_GINT64_FORMAT, age_ms / 1000);
  g_autofree char *others = g_strdup_printf ("%u", count - 1);

  log_warning ("a transaction stands open on the database server; outbox rows may wait for it, and "
               "vacuum does: end it, or what holds it",
               "pid", db_rows_text (rows, oldest, "pid"), "database",
               db_rows_text (rows, oldest, "database"), "age_s", age, "others", others, NULL);
}

gboolean
foreign_transactions_look (ForeignTransactions *transactions, Db *db, gint64 over_s,
                           guint *ret_count, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_FOREIGN_TRANSACTIONS, "");
  g_autoptr (GHashTable) now_seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gint64 oldest_ms = 0;
  guint count = 0, oldest = 0;

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 age_ms = db_rows_is_null (rows, i, "age_ms")
                        ? hidden_age_ms (transactions, rows, i, now_seen)
                        : db_rows_int (rows, i, "age_ms");

    if (age_ms > oldest_ms) {
      oldest_ms = age_ms;
      oldest = i;
    }
    count += age_ms > over_s * 1000;
  }
  g_hash_table_unref (transactions->first_seen);
  transactions->first_seen = g_steal_pointer (&now_seen);
  metrics_gauge (METRIC_OLDEST_FOREIGN_TRANSACTION, oldest_ms / 1000.0, NULL);
  if (count > 0)
    tell (rows, oldest, oldest_ms, count);
  if (ret_count)
    *ret_count = count;
  return TRUE;
}
