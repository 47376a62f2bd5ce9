/* How parameters.c reads a DbColumns, see db.h. */
#pragma once

#include "db/db.h"

/* Column @i as an array in the server's binary form, for the parameter's value. */
typedef struct {
  char type; /* as it would be written for an array of its own: N, I, B, O */
  GByteArray *elements;
} DbColumn;

struct DbColumns {
  guint column_count;
  guint row_count;
  DbColumn columns[DB_PARAMETERS_MAX];
};
