/* Reads Avro's binary encoding of a record with its writer's schema, field by field.
 *
 * Why not avro-c's reader: it believes a length before it has looked whether so many bytes are
 * there, does not give the memory back when they are not (measured with 1.11.1: 32 MiB for seven
 * bytes), and counts through arrays of nothing as long as it is told to. These bytes come from a
 * topic that others may write to. */
#pragma once

#include "events/schema.h"

typedef struct {
  SchemaKind kind; /* of the value itself: a union has become its branch */
  gint64 number;   /* int, long, boolean */
  /* String: valid UTF-8 without a 0 byte; enum: the symbol. Borrowed for the call */
  const char *text;
} FieldValue;

/* Other kinds come without a content; they are only known to be well-formed. FALSE + error stops
 * the reading. */
typedef gboolean (*FieldFound) (const char *name, const FieldValue *value, gpointer data,
                                GError **error);

/* @length is exactly the record: fewer and more bytes are refused. Bounds: a text 64 KiB, 32
 * levels, 100,000 values.
 * Errors: %EVENTS_ERROR_MALFORMED, and those of @found. */
gboolean reading_record (const Schema *writer, const guint8 *bytes, gsize length, FieldFound found,
                         gpointer data, GError **error);
