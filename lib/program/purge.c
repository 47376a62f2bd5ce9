/* The purge, see purge.h. */
#include "program/purge.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "program/purge.sql.h"

#define LOCK_MS      2000
#define STATEMENT_MS 60000

gboolean
purge_prepare (Db *db, GError **error)
{
  /* What is lost in a crash of the server is purged again. */
  return db_set_timeouts (db, LOCK_MS, STATEMENT_MS, error) &&
         db_script (db, "set synchronous_commit = off", error);
}

typedef struct {
  const char *table, *sql;
  const char *from; /* before the first row */
} Purge;

static const Purge by_age[] = {
  { "inbox", SQL_PURGE_INBOX, "-infinity" },
  { "idempotency_keys", SQL_PURGE_IDEMPOTENCY_KEYS, "-infinity" },
};

static const Purge by_walk[] = {
  { "runs", SQL_PURGE_RUNS, "" },
  { "dead_ends", SQL_PURGE_DEAD_ENDS, "0" },
  { "instances", SQL_PURGE_INSTANCES, "00000000-0000-0000-0000-000000000000" },
};

static gboolean
purge_table (Db *db, const Purge *purge, const PurgeOptions *options, GError **error)
{
  g_autofree char *mark = g_strdup (purge->from);
  gint64 seen, gone, began;

  do {
    g_autoptr (DbRows) rows = NULL;

    began = clock_monotonic_ms ();
    rows =
        db_query (db, error, purge->sql, "iti", options->inbox_days, mark, (gint64)options->batch);
    if (!rows)
      return FALSE;
    seen = db_rows_int (rows, 0, "seen");
    gone = db_rows_int (rows, 0, "gone");
    if (gone > 0)
      metrics_count (METRIC_PURGED_ROWS, gone, purge->table, NULL);
    if (!db_rows_is_null (rows, 0, "mark")) {
      g_free (mark);
      mark = g_strdup (db_rows_text (rows, 0, "mark"));
    }
  } while (seen == options->batch && options->rest (clock_monotonic_ms () - began, options->data));
  return TRUE;
}

gboolean
purge_by_age (Db *db, const PurgeOptions *options, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (by_age); i++)
    if (!purge_table (db, &by_age[i], options, error))
      return FALSE;
  return TRUE;
}

gboolean
purge_by_walk (Db *db, const PurgeOptions *options, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (by_walk); i++)
    if (!purge_table (db, &by_walk[i], options, error))
      return FALSE;
  return TRUE;
}
