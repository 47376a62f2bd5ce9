/* Parameters travel in binary form with declared types, save text, whose type the server infers, so
 * that "t" also serves uuid, date and timestamptz columns. Source: PostgreSQL 15 manual, "libpq"
 * and "Frontend/Backend Protocol". */
#include "db/parameters.h"

#include <string.h>

#include "db/array.h"
#include "db/columns.h"

enum { BYTES_KEPT = 1 << 20 }; /* of a buffer that outlive their statement */

/* Type numbers of PostgreSQL's catalogue; they never change. */
enum {
  OID_INFERRED = 0,
  OID_BOOL = 16,
  OID_BYTEA = 17,
  OID_INT8 = 20,
  OID_TEXT = 25,
  OID_BOOL_ARRAY = 1000,
  OID_BYTEA_ARRAY = 1001,
  OID_TEXT_ARRAY = 1009,
  OID_INT8_ARRAY = 1016,
};

void
parameters_init (Parameters *parameters)
{
  memset (parameters, 0, sizeof *parameters);
  parameters->bytes = g_byte_array_new ();
}

void
parameters_clear (Parameters *parameters)
{
  g_clear_pointer (&parameters->bytes, g_byte_array_unref);
}

void
parameters_trim (Parameters *parameters)
{
  if (parameters->bytes->len <= BYTES_KEPT)
    return;
  g_byte_array_unref (parameters->bytes);
  parameters->bytes = g_byte_array_new ();
}

static void
append_text_array (GByteArray *scratch, char **texts)
{
  array_append_head (scratch, OID_TEXT, g_strv_length (texts));
  for (gsize i = 0; texts[i]; i++)
    array_append_element (scratch, texts[i], strlen (texts[i]));
}

static void
append_text_or_null_array (GByteArray *scratch, const GPtrArray *texts)
{
  array_append_head (scratch, OID_TEXT, texts->len);
  for (guint i = 0; i < texts->len; i++) {
    const char *text = g_ptr_array_index (texts, i);
    if (text)
      array_append_element (scratch, text, strlen (text));
    else
      array_append_null (scratch);
  }
}

static void
append_bytes_array (GByteArray *scratch, const GPtrArray *elements)
{
  array_append_head (scratch, OID_BYTEA, elements->len);
  for (guint i = 0; i < elements->len; i++) {
    GBytes *element = g_ptr_array_index (elements, i);
    gsize length = 0;
    const void *data = element ? g_bytes_get_data (element, &length) : NULL;
    if (element)
      array_append_element (scratch, data, length);
    else
      array_append_null (scratch);
  }
}

static void
append_int_array (GByteArray *scratch, const gint64 *numbers, gsize count)
{
  array_append_head (scratch, OID_INT8, count);
  for (gsize i = 0; i < count; i++)
    array_append_int64 (scratch, numbers[i]);
}

/* What begins at @begin and ends here is the value of a parameter. */
static void
set_encoded (Parameters *parameters, guint i, guint begin)
{
  parameters->offsets[i] = (gssize)begin;
  parameters->lengths[i] = (int)(parameters->bytes->len - begin);
}

static void
collect_text (Parameters *parameters, guint i, gboolean copies, const char *text)
{
  guint begin = parameters->bytes->len;

  parameters->formats[i] = 0;
  parameters->oids[i] = OID_INFERRED;
  parameters->values[i] = text;
  if (!copies || !text)
    return;
  g_byte_array_append (parameters->bytes, (const guint8 *)text, (guint)strlen (text) + 1);
  set_encoded (parameters, i, begin);
}

static void
collect_bytes (Parameters *parameters, guint i, gboolean copies, GBytes *bytes)
{
  guint begin = parameters->bytes->len;
  gsize length = 0;
  const void *data = bytes ? g_bytes_get_data (bytes, &length) : NULL;

  parameters->oids[i] = OID_BYTEA;
  /* A NULL value is SQL NULL for libpq, and GLib's empty bytes have NULL data. */
  parameters->values[i] = bytes && !data ? "" : data;
  parameters->lengths[i] = (int)length;
  if (!copies || length == 0)
    return;
  g_byte_array_append (parameters->bytes, data, (guint)length);
  set_encoded (parameters, i, begin);
}

/* Everything else goes into the buffer. Returns: FALSE for SQL NULL. */
static gboolean
encode (GByteArray *bytes, char type, Oid *ret_oid, va_list *arguments)
{
  switch (type) {
  case 'i': {
    /* Not within the macro: without optimisation it evaluates its argument eight times. */
    guint64 number = (guint64)va_arg (*arguments, gint64);
    guint64 network = GUINT64_TO_BE (number);
    *ret_oid = OID_INT8;
    g_byte_array_append (bytes, (const guint8 *)&network, sizeof network);
    return TRUE;
  }
  case 'o': {
    guint8 truth = va_arg (*arguments, int) != 0;
    *ret_oid = OID_BOOL;
    g_byte_array_append (bytes, &truth, 1);
    return TRUE;
  }
  case 'T': {
    char **texts = va_arg (*arguments, char **);
    *ret_oid = OID_TEXT_ARRAY;
    if (texts)
      append_text_array (bytes, texts);
    return texts != NULL;
  }
  case 'N': {
    const GPtrArray *texts = va_arg (*arguments, const GPtrArray *);
    *ret_oid = OID_TEXT_ARRAY;
    if (texts)
      append_text_or_null_array (bytes, texts);
    return texts != NULL;
  }
  case 'B': {
    const GPtrArray *elements = va_arg (*arguments, const GPtrArray *);
    *ret_oid = OID_BYTEA_ARRAY;
    if (elements)
      append_bytes_array (bytes, elements);
    return elements != NULL;
  }
  case 'I': {
    const gint64 *numbers = va_arg (*arguments, const gint64 *);
    gsize count = va_arg (*arguments, gsize);
    *ret_oid = OID_INT8_ARRAY;
    append_int_array (bytes, numbers, count);
    return TRUE;
  }
  default:
    g_error ("no parameter type is written '%c'", type);
  }
}

/* Room for one more. Returns: its index. */
static guint
next_parameter (Parameters *parameters, char type)
{
  guint i = parameters->count++;

  g_assert_cmpuint (i, <, DB_PARAMETERS_MAX);
  parameters->types[i] = type;
  parameters->values[i] = NULL;
  parameters->lengths[i] = 0;
  parameters->formats[i] = 1;
  parameters->offsets[i] = -1;
  return i;
}

static void
collect_column (Parameters *parameters, const DbColumn *column, guint row_count)
{
  guint i = next_parameter (parameters, column->type), begin = parameters->bytes->len;
  Oid element = column->type == 'N'   ? OID_TEXT
                : column->type == 'I' ? OID_INT8
                : column->type == 'B' ? OID_BYTEA
                                      : OID_BOOL;

  parameters->oids[i] = column->type == 'N'   ? OID_TEXT_ARRAY
                        : column->type == 'I' ? OID_INT8_ARRAY
                        : column->type == 'B' ? OID_BYTEA_ARRAY
                                              : OID_BOOL_ARRAY;
  array_append_head (parameters->bytes, element, row_count);
  g_byte_array_append (parameters->bytes, column->elements->data, column->elements->len);
  set_encoded (parameters, i, begin);
}

static void
collect_columns (Parameters *parameters, const DbColumns *columns)
{
  for (guint i = 0; i < columns->column_count; i++)
    collect_column (parameters, &columns->columns[i], columns->row_count);
}

static void
add_parameter (Parameters *parameters, gboolean copies, char type, va_list *arguments)
{
  guint i, begin = parameters->bytes->len;

  if (type == 'C') {
    collect_columns (parameters, va_arg (*arguments, const DbColumns *));
    return;
  }
  i = next_parameter (parameters, type);
  if (type == 't')
    collect_text (parameters, i, copies, va_arg (*arguments, const char *));
  else if (type == 'b')
    collect_bytes (parameters, i, copies, va_arg (*arguments, GBytes *));
  else if (encode (parameters->bytes, type, &parameters->oids[i], arguments))
    set_encoded (parameters, i, begin);
}

void
parameters_collect (Parameters *parameters, gboolean copies, const char *types, va_list arguments)
{
  va_list rest; /* where va_list is an array, a parameter of that type has no address of its own */

  va_copy (rest, arguments);
  parameters->count = 0;
  g_byte_array_set_size (parameters->bytes, 0);
  for (; *types; types++)
    add_parameter (parameters, copies, *types, &rest);
  parameters->types[parameters->count] = '\0';
  va_end (rest);

  for (guint i = 0; i < parameters->count; i++)
    if (parameters->offsets[i] >= 0)
      parameters->values[i] = (const char *)parameters->bytes->data + parameters->offsets[i];
}
