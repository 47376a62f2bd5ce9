/* Rows that travel as one array a column. Elements are kept as they go over the wire, so that
 * sending them is a copy. */
#include "db/columns.h"

#include <string.h>

#include "db/array.h"

static char
array_letter (char type)
{
  switch (type) {
  case 't':
    return 'N';
  case 'i':
    return 'I';
  case 'b':
    return 'B';
  case 'o':
    return 'O';
  default:
    g_error ("no column type is written '%c'", type);
  }
}

DbColumns *
db_columns_new (const char *types)
{
  DbColumns *columns = g_new0 (DbColumns, 1);

  for (; *types; types++) {
    g_assert_cmpuint (columns->column_count, <, DB_PARAMETERS_MAX);
    columns->columns[columns->column_count++] =
        (DbColumn){ array_letter (*types), g_byte_array_new () };
  }
  return columns;
}

void
db_columns_free (DbColumns *columns)
{
  if (!columns)
    return;
  for (guint i = 0; i < columns->column_count; i++)
    g_byte_array_unref (columns->columns[i].elements);
  g_free (columns);
}

guint
db_columns_count (const DbColumns *columns)
{
  return columns->row_count;
}

static void
add_bytes (GByteArray *elements, GBytes *bytes)
{
  gsize length = 0;
  const void *data = bytes ? g_bytes_get_data (bytes, &length) : NULL;

  if (bytes)
    array_append_element (elements, data, length);
  else
    array_append_null (elements);
}

static void
add_text (GByteArray *elements, const char *text)
{
  if (text)
    array_append_element (elements, text, strlen (text));
  else
    array_append_null (elements);
}

static void
add_boolean (GByteArray *elements, gboolean truth)
{
  guint8 byte = truth != FALSE;

  array_append_element (elements, &byte, sizeof byte);
}

void
db_columns_add (DbColumns *columns, ...)
{
  va_list values;

  va_start (values, columns);
  for (guint i = 0; i < columns->column_count; i++) {
    GByteArray *elements = columns->columns[i].elements;

    switch (columns->columns[i].type) {
    case 'N':
      add_text (elements, va_arg (values, const char *));
      break;
    case 'I':
      array_append_int64 (elements, va_arg (values, gint64));
      break;
    case 'B':
      add_bytes (elements, va_arg (values, GBytes *));
      break;
    case 'O':
      add_boolean (elements, va_arg (values, gboolean));
      break;
    default:
      g_assert_not_reached ();
    }
  }
  va_end (values);
  columns->row_count++;
}
