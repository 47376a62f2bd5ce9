/* Rows go when their time is over, in batches that leave the database to others. */
#pragma once

#include "db/db.h"

typedef struct {
  gint64 inbox_days;
  guint batch; /* rows a statement */
  /* Between two batches: @worked_ms is what the last one took. FALSE: the round ends here. */
  gboolean (*rest) (gint64 worked_ms, gpointer data);
  gpointer data;
} PurgeOptions;

/* First, once a connection: it can wait, and others cannot, so it never stands long behind a row
 * lock. */
gboolean purge_prepare (Db *db, GError **error);

/**
 * purge_by_age:
 *
 * Deletes what is too old from the tables that have an index by age (inbox, idempotency_keys),
 * until a batch finds less than it may. Counts purged_rows_total{table}. Errors: database errors;
 * what was deleted before one stays deleted.
 */
gboolean purge_by_age (Db *db, const PurgeOptions *options, GError **error);

/* The same for tables that have none (runs, dead_ends, instances), by walking each along its key: once a day
 * will do. */
gboolean purge_by_walk (Db *db, const PurgeOptions *options, GError **error);
