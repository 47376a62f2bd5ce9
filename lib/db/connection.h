/* What this room's files need to know of a connection and others do not. */
#pragma once

#include "db/db.h"

/* One system call: broken, or the server has closed it while nobody used it. */
gboolean db_connection_is_stale (Db *db);
gboolean db_connection_is_in_transaction (Db *db);
void db_connection_timeouts (const Db *db, gint64 *ret_lock_ms, gint64 *ret_statement_ms);
void db_connection_use_default_timeouts (Db *db);
void db_connection_is_of_no_use (Db *db); /* for db_is_broken() */

#define DB_LOCK_TIMEOUT_MS      2000
#define DB_STATEMENT_TIMEOUT_MS 30000
#define DB_SILENCE_MS           30000
