/* The rows of a statement. Values travel as text. */
#include "db/rows.h"

DbRows *
db_rows_new (PGresult *result)
{
  DbRows *rows = g_new0 (DbRows, 1);

  rows->result = result;
  rows->references = 1;
  return rows;
}

/* PQfnumber() copies and folds the name at each call; rows have few columns. */
static int
column_number (const DbRows *rows, const char *column)
{
  int count;

  g_assert (rows->result); /* db_queue_rows (): not sent yet */
  count = PQnfields (rows->result);

  for (int i = 0; i < count; i++)
    if (g_str_equal (PQfname (rows->result, i), column))
      return i;
  g_error ("the query has no column %s", column);
}

guint
db_rows_count (const DbRows *rows)
{
  g_assert (rows->result);
  return (guint)PQntuples (rows->result);
}

gboolean
db_rows_is_null (const DbRows *rows, guint row, const char *column)
{
  g_assert_cmpuint (row, <, db_rows_count (rows));
  return PQgetisnull (rows->result, (int)row, column_number (rows, column)) != 0;
}

const char *
db_rows_text (const DbRows *rows, guint row, const char *column)
{
  int number = column_number (rows, column);

  g_assert_cmpuint (row, <, db_rows_count (rows));
  if (PQgetisnull (rows->result, (int)row, number))
    return NULL;
  return PQgetvalue (rows->result, (int)row, number);
}

gint64
db_rows_int (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);

  return text ? g_ascii_strtoll (text, NULL, 10) : 0;
}

gboolean
db_rows_boolean (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);

  return text && text[0] == 't';
}

GBytes *
db_rows_bytes (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);
  unsigned char *bytes;
  size_t length = 0;

  if (!text)
    return NULL;
  bytes = PQunescapeBytea ((const unsigned char *)text, &length);
  if (!bytes)
    g_error ("no memory for a bytea value");
  return g_bytes_new_with_free_func (bytes, length, PQfreemem, bytes);
}

void
db_rows_free (DbRows *rows)
{
  if (!rows || --rows->references > 0)
    return;
  PQclear (rows->result);
  g_free (rows);
}
