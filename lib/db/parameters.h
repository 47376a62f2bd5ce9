/* The parameters of one statement in the form libpq takes them. See db_query() for the letters. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>
#include <stdarg.h>

#include "db/db.h"

typedef struct {
  guint count;
  char types[DB_PARAMETERS_MAX + 1]; /* one letter a parameter: what it is prepared for */
  Oid oids[DB_PARAMETERS_MAX];
  const char *values[DB_PARAMETERS_MAX];
  int lengths[DB_PARAMETERS_MAX];
  int formats[DB_PARAMETERS_MAX];
  gssize offsets[DB_PARAMETERS_MAX]; /* into bytes, which moves while it grows; -1: not there */
  GByteArray *bytes;
} Parameters;

void parameters_init (Parameters *parameters);
void parameters_clear (Parameters *parameters);
/* Large values must not stay with the connection for good. */
void parameters_trim (Parameters *parameters);

/* @copies: texts and bytes are copied; else they are borrowed and must live until the statement is
 *   sent. */
void parameters_collect (Parameters *parameters, gboolean copies, const char *types,
                         va_list arguments);
