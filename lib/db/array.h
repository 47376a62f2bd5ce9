/* A one-dimensional array in the server's binary form, which array_recv () reads: its head, then
 * its elements. */
#pragma once

#include <glib.h>
#include <libpq-fe.h>

void array_append_head (GByteArray *bytes, Oid element, gsize count);
/* A NULL @data with no length is an empty element. */
void array_append_element (GByteArray *bytes, const void *data, gsize length);
void array_append_int64 (GByteArray *bytes, gint64 number);
void array_append_null (GByteArray *bytes);
