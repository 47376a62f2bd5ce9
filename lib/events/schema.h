/* An Avro schema as a tree: what reading needs, and its canonical form and fingerprint.
 *
 * Why not avro-c's: its tree does not keep defaults, nothing of it computes the canonical form, and
 * a schema that came over the network must have bounds. Source: Avro specification 1.11, "Schema
 * Declaration", "Parsing Canonical Form for Schemas", "Schema Fingerprints". Errors are of
 * error.h's domain. */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
  SCHEMA_NULL,
  SCHEMA_BOOLEAN,
  SCHEMA_INT,
  SCHEMA_LONG,
  SCHEMA_FLOAT,
  SCHEMA_DOUBLE,
  SCHEMA_BYTES,
  SCHEMA_STRING,
  SCHEMA_RECORD,
  SCHEMA_ENUM,
  SCHEMA_ARRAY,
  SCHEMA_MAP,
  SCHEMA_UNION,
  SCHEMA_FIXED,
} SchemaKind;

typedef struct SchemaType SchemaType;

typedef struct {
  char *name;
  const SchemaType *type;
  json_t *default_value; /* NULL: none; the JSON null is a default */
} SchemaField;

struct SchemaType {
  SchemaKind kind;
  char *name;         /* with namespace; record, enum and fixed */
  GPtrArray *fields;  /* SchemaField; record */
  GPtrArray *symbols; /* char *; enum */
  /* Enum: what stands for a symbol that the reader does not know; NULL: none */
  char *default_symbol;
  GPtrArray *branches;     /* SchemaType; union */
  const SchemaType *items; /* array; map: its values */
  gint64 size;             /* fixed */
};

typedef struct Schema Schema;

/* Bounds: 1 MiB of text, 32 levels, 2000 types. Errors: %EVENTS_ERROR_MALFORMED: no Avro schema, or
 * over a bound. */
Schema *schema_parse (const char *text, GError **error);
Schema *schema_ref (Schema *schema); /* atomic */
void schema_unref (Schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Schema, schema_unref)

const SchemaType *schema_root (const Schema *schema);
const char *schema_text (const Schema *schema);      /* as parsed */
const char *schema_canonical (const Schema *schema); /* Parsing Canonical Form */
guint64 schema_fingerprint (const Schema *schema);   /* CRC-64-AVRO of the canonical form */

/* NULL or -1 when absent. */
const SchemaField *schema_find_field (const SchemaType *record, const char *name);
int schema_find_symbol (const SchemaType *type, const char *symbol);
int schema_find_branch (const SchemaType *type, SchemaKind kind);

guint64 schema_crc64 (gconstpointer data, gsize length);

/* The compiled-in versions. Known for the life of the process, borrowed. */
/* Of schemas/avro/<stem>.avsc; g_error when absent */
const Schema *schema_newest (const char *stem);
const Schema *schema_by_fingerprint (guint64 fingerprint);      /* any version; NULL when unknown */
const Schema *schema_version (const char *stem, guint version); /* from 1; NULL when absent */
