/* Reads Avro's binary encoding. Source: Avro specification 1.11, "Binary Encoding". */
#include "events/reading.h"

#include <string.h>

#include "events/error.h"

#define LEVELS_MAX 32
#define VALUES_MAX 100000

typedef struct {
  const guint8 *at;
  const guint8 *end;
  guint values_left;
  GString *text; /* the last string read */
} Reader;

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED,
               "the value does not read as its schema says: %s", why);
  return FALSE;
}

static gboolean
take (Reader *reader, guint64 count, GError **error)
{
  if (count > (guint64)(reader->end - reader->at))
    return refuse (error, "it is cut off");
  reader->at += count;
  return TRUE;
}

/* A zigzag number of at most ten bytes. */
static gboolean
take_long (Reader *reader, gint64 *ret_value, GError **error)
{
  guint64 value = 0;

  for (guint shift = 0; shift < 64; shift += 7) {
    guint8 byte;

    if (!take (reader, 1, error))
      return FALSE;
    byte = reader->at[-1];
    if (shift == 63 && byte > 1)
      break;
    value |= (guint64)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *ret_value = (gint64)(value >> 1) ^ -(gint64)(value & 1);
      return TRUE;
    }
  }
  return refuse (error, "a number has too many bytes");
}

/* The index of a branch or symbol. */
static gboolean
take_index (Reader *reader, guint count, guint *ret_index, GError **error)
{
  gint64 index;

  if (!take_long (reader, &index, error))
    return FALSE;
  if (index < 0 || index >= count)
    return refuse (error, "a choice that the schema does not offer");
  *ret_index = (guint)index;
  return TRUE;
}

/* Bytes behind their length; *ret_start points into the value. */
static gboolean
take_bytes (Reader *reader, const guint8 **ret_start, gint64 *ret_length, GError **error)
{
  const guint8 *start;

  if (!take_long (reader, ret_length, error))
    return FALSE;
  if (*ret_length < 0)
    return refuse (error, "a negative length");
  start = reader->at;
  if (!take (reader, (guint64)*ret_length, error))
    return FALSE;
  *ret_start = start;
  return TRUE;
}

static gboolean
take_string (Reader *reader, FieldValue *ret_value, GError **error)
{
  const guint8 *start = NULL;
  gint64 length;

  if (!take_bytes (reader, &start, &length, error))
    return FALSE;
  if (length > EVENT_TEXT_MAX_BYTES)
    return refuse (error, "a text is too long");
  if (!g_utf8_validate_len ((const char *)start, (gsize)length, NULL))
    return refuse (error, "a text is not UTF-8, or has a 0 byte");
  g_string_truncate (reader->text, 0);
  g_string_append_len (reader->text, (const char *)start, (gssize)length);
  ret_value->text = reader->text->str;
  return TRUE;
}

static gboolean take_value (Reader *reader, const SchemaType *type, guint levels,
                            FieldValue *ret_value, GError **error);

/* Blocks of items, each behind its count; a negative count has the block's bytes behind it; 0 ends.
 */
static gboolean
take_blocks (Reader *reader, const SchemaType *type, guint levels, GError **error)
{
  for (;;) {
    gint64 count, bytes;

    if (!take_long (reader, &count, error))
      return FALSE;
    if (count == 0)
      return TRUE;
    if (count < 0 && !take_long (reader, &bytes, error))
      return FALSE;
    /* Negative or not: each item costs one of values_left, so that the count needs no bound of its
     * own. */
    for (guint64 left = count < 0 ? -(guint64)count : (guint64)count; left > 0; left--) {
      FieldValue ignored = { 0 };

      if (type->kind == SCHEMA_MAP && !take_string (reader, &ignored, error))
        return FALSE;
      if (!take_value (reader, type->items, levels, &ignored, error))
        return FALSE;
    }
  }
}

static gboolean
take_fields (Reader *reader, const SchemaType *type, guint levels, GError **error)
{
  for (guint i = 0; i < type->fields->len; i++) {
    const SchemaField *field = g_ptr_array_index (type->fields, i);
    FieldValue ignored = { 0 };

    if (!take_value (reader, field->type, levels, &ignored, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_value (Reader *reader, const SchemaType *type, guint levels, FieldValue *ret_value,
            GError **error)
{
  const guint8 *start = NULL;
  gint64 length;
  guint index;

  if (levels == 0)
    return refuse (error, "it is too deep");
  if (reader->values_left == 0)
    return refuse (error, "it has too many values");
  reader->values_left--;

  ret_value->kind = type->kind;
  switch (type->kind) {
  case SCHEMA_NULL:
    return TRUE;
  case SCHEMA_BOOLEAN:
    if (!take (reader, 1, error))
      return FALSE;
    if (reader->at[-1] > 1)
      return refuse (error, "a boolean is neither 0 nor 1");
    ret_value->number = reader->at[-1];
    return TRUE;
  case SCHEMA_INT:
    if (!take_long (reader, &ret_value->number, error))
      return FALSE;
    if (ret_value->number < G_MININT32 || ret_value->number > G_MAXINT32)
      return refuse (error, "an int of more than 32 bits");
    return TRUE;
  case SCHEMA_LONG:
    return take_long (reader, &ret_value->number, error);
  case SCHEMA_FLOAT:
    return take (reader, 4, error);
  case SCHEMA_DOUBLE:
    return take (reader, 8, error);
  case SCHEMA_FIXED:
    return take (reader, (guint64)type->size, error);
  case SCHEMA_BYTES:
    return take_bytes (reader, &start, &length, error);
  case SCHEMA_STRING:
    return take_string (reader, ret_value, error);
  case SCHEMA_ENUM:
    if (!take_index (reader, type->symbols->len, &index, error))
      return FALSE;
    ret_value->text = g_ptr_array_index (type->symbols, index);
    return TRUE;
  case SCHEMA_UNION:
    return take_index (reader, type->branches->len, &index, error) &&
           take_value (reader, g_ptr_array_index (type->branches, index), levels - 1, ret_value,
                       error);
  case SCHEMA_RECORD:
    return take_fields (reader, type, levels - 1, error);
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    return take_blocks (reader, type, levels - 1, error);
  }
  g_assert_not_reached ();
}

gboolean
reading_record (const Schema *writer, const guint8 *bytes, gsize length, FieldFound found,
                gpointer data, GError **error)
{
  const SchemaType *record = schema_root (writer);
  g_autoptr (GString) text = g_string_sized_new (64);
  Reader reader = { bytes, bytes + length, VALUES_MAX, text };

  if (record->kind != SCHEMA_RECORD)
    return refuse (error, "the schema is no record");
  for (guint i = 0; i < record->fields->len; i++) {
    const SchemaField *field = g_ptr_array_index (record->fields, i);
    FieldValue value = { 0 };

    if (!take_value (&reader, field->type, LEVELS_MAX, &value, error) ||
        !found (field->name, &value, data, error)) {
      g_prefix_error (error, "field %s: ", field->name);
      return FALSE;
    }
  }
  if (reader.at != reader.end)
    return refuse (error, "there are bytes behind its end");
  return TRUE;
}
