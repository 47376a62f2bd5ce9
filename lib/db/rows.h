/* The rows of a statement, shared by who asked for them and, until it has been made, by the trip
 * that brings them. */
#pragma once

#include <libpq-fe.h>

#include "db/db.h"

struct DbRows {
  PGresult *result; /* NULL: not there yet */
  guint references; /* a connection belongs to one thread, and so do these */
};

/* @result: owned from now on; NULL: they come with the trip. One reference; db_rows_free() gives
 * one back. */
DbRows *db_rows_new (PGresult *result);
