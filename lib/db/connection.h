/* What pool.c needs to know of a connection and others do not. */
#pragma once

#include "db/db.h"

/* One system call: broken, or the server has closed it while nobody used it. */
gboolean db_connection_is_stale (Db *db);
gboolean db_connection_is_in_transaction (Db *db);
