/* Whether a server's word about what is not there can be believed. Source: PostgreSQL 15 manual,
 * "Synchronous Replication". */
#include "db/connection.h"
#include "db/primary.sql.h"

gboolean
db_primary_acknowledges (Db *db, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (!db_begin (db, error))
    return FALSE;
  if (db_queue (db, error, SQL_WAIT_FOR_STANDBYS, ""))
    rows = db_query_last (db, error, SQL_WRITE_TO_THE_LOG, "");
  if (!rows) {
    db_rollback (db);
    return FALSE;
  }
  (void)db_commit (db, NULL); /* it has been */
  if (db_rows_boolean (rows, 0, "is_primary"))
    return TRUE;
  db_connection_is_of_no_use (db);
  g_set_error_literal (
      error, DB_ERROR, DB_ERROR_AWAY,
      "the database is a standby or read-only: what is not in it may be committed elsewhere");
  return FALSE;
}
