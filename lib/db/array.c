/* Arrays in binary form, see array.h. Source: PostgreSQL 15, array_recv (). */
#include "db/array.h"

static void
append_int32 (GByteArray *bytes, gint32 value)
{
  guint32 network = GUINT32_TO_BE ((guint32)value);

  g_byte_array_append (bytes, (const guint8 *)&network, sizeof network);
}

void
array_append_head (GByteArray *bytes, Oid element, gsize count)
{
  append_int32 (bytes, count ? 1 : 0); /* an empty array has no dimension at all */
  append_int32 (bytes, 1);             /* may hold NULLs */
  append_int32 (bytes, (gint32)element);
  if (!count)
    return;
  append_int32 (bytes, (gint32)count);
  append_int32 (bytes, 1); /* first index */
}

void
array_append_element (GByteArray *bytes, const void *data, gsize length)
{
  append_int32 (bytes, (gint32)length);
  if (length)
    g_byte_array_append (bytes, data, (guint)length);
}

void
array_append_int64 (GByteArray *bytes, gint64 number)
{
  guint64 network = GUINT64_TO_BE ((guint64)number);

  array_append_element (bytes, &network, sizeof network);
}

void
array_append_null (GByteArray *bytes)
{
  append_int32 (bytes, -1);
}
