/* An Avro schema as a tree, its canonical form and its fingerprint; the table of compiled-in
 * versions. */
#include "events/schema.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/error.h"
#include "events/schemas.h"

#define TEXT_MAX_BYTES (1024 * 1024)
#define DEPTH_MAX      32
#define TYPES_MAX      2000

struct Schema {
  int references;
  char *text;
  char *canonical;
  guint64 fingerprint;
  const SchemaType *root;
  GPtrArray *types; /* owns every SchemaType of the tree, which may point at itself */
};

typedef struct {
  GPtrArray *types;
  GHashTable *named; /* full name, borrowed → SchemaType */
  GError **error;
} Parser;

/* By SchemaKind; the first eight are the primitive ones. */
static const char *const kind_names[] = { "null",   "boolean", "int",    "long",   "float",
                                          "double", "bytes",   "string", "record", "enum",
                                          "array",  "map",     "union",  "fixed" };
#define PRIMITIVE_COUNT 8

static void
field_free (gpointer data)
{
  SchemaField *field = data;

  g_free (field->name);
  json_decref (field->default_value);
  g_free (field);
}

static void
type_free (gpointer data)
{
  SchemaType *type = data;

  g_free (type->name);
  g_free (type->default_symbol);
  g_clear_pointer (&type->fields, g_ptr_array_unref);
  g_clear_pointer (&type->symbols, g_ptr_array_unref);
  g_clear_pointer (&type->branches, g_ptr_array_unref);
  g_free (type);
}

static gpointer
refuse (Parser *parser, const char *why)
{
  g_set_error (parser->error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "no Avro schema: %s", why);
  return NULL;
}

static SchemaType *
add_type (Parser *parser, SchemaKind kind)
{
  SchemaType *type;

  if (parser->types->len >= TYPES_MAX)
    return refuse (parser, "too many types");
  type = g_new0 (SchemaType, 1);
  type->kind = kind;
  g_ptr_array_add (parser->types, type);
  return type;
}

static gboolean
is_name (const char *text, gboolean dots)
{
  gboolean at_start = TRUE;

  if (!text)
    return FALSE;
  for (; *text; text++) {
    if (dots && !at_start && *text == '.') {
      at_start = TRUE;
      continue;
    }
    if (!g_ascii_isalpha (*text) && *text != '_' && (at_start || !g_ascii_isdigit (*text)))
      return FALSE;
    at_start = FALSE;
  }
  return !at_start;
}

static char *
full_name (const char *name, const char *space)
{
  if (strchr (name, '.') || !space || *space == '\0')
    return g_strdup (name);
  return g_strconcat (space, ".", name, NULL);
}

static char *
space_of (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot ? g_strndup (name, (gsize)(dot - name)) : g_strdup ("");
}

static const SchemaType *parse_type (Parser *parser, const json_t *json, const char *space,
                                     guint depth);

static const SchemaType *
parse_name (Parser *parser, const char *name, const char *space)
{
  g_autofree char *full = NULL;
  const SchemaType *type;

  for (guint i = 0; i < PRIMITIVE_COUNT; i++)
    if (g_str_equal (name, kind_names[i]))
      return add_type (parser, (SchemaKind)i);

  full = full_name (name, space);
  type = g_hash_table_lookup (parser->named, full);
  return type ? type : refuse (parser, "a name of no type");
}

static gboolean
parse_fields (Parser *parser, SchemaType *record, const json_t *fields, const char *space,
              guint depth)
{
  record->fields = g_ptr_array_new_with_free_func (field_free);
  if (!json_is_array (fields))
    return refuse (parser, "a record without fields") != NULL;

  for (gsize i = 0; i < json_array_size (fields); i++) {
    const json_t *json = json_array_get (fields, i);
    const char *name = json_string_value (json_object_get (json, "name"));
    const json_t *type = json_object_get (json, "type");
    SchemaField *field;

    if (!is_name (name, FALSE) || schema_find_field (record, name))
      return refuse (parser, "a field without a name of its own") != NULL;
    field = g_new0 (SchemaField, 1);
    g_ptr_array_add (record->fields, field);
    field->name = g_strdup (name);
    field->default_value = json_incref (json_object_get (json, "default"));
    field->type = parse_type (parser, type, space, depth);
    if (!field->type)
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_symbols (Parser *parser, SchemaType *type, const json_t *json)
{
  const json_t *symbols = json_object_get (json, "symbols");
  const json_t *default_symbol = json_object_get (json, "default");

  type->symbols = g_ptr_array_new_with_free_func (g_free);
  if (json_array_size (symbols) == 0)
    return refuse (parser, "an enum without symbols") != NULL;

  for (gsize i = 0; i < json_array_size (symbols); i++) {
    const char *symbol = json_string_value (json_array_get (symbols, i));

    if (!is_name (symbol, FALSE) || schema_find_symbol (type, symbol) >= 0)
      return refuse (parser, "an enum with a wrong or double symbol") != NULL;
    g_ptr_array_add (type->symbols, g_strdup (symbol));
  }
  if (default_symbol) {
    if (!json_is_string (default_symbol) ||
        schema_find_symbol (type, json_string_value (default_symbol)) < 0)
      return refuse (parser, "an enum whose default is no symbol of it") != NULL;
    type->default_symbol = g_strdup (json_string_value (default_symbol));
  }
  return TRUE;
}

/* Record, enum and fixed. */
static const SchemaType *
parse_named (Parser *parser, SchemaKind kind, const json_t *json, const char *enclosing,
             guint depth)
{
  const char *name = json_string_value (json_object_get (json, "name"));
  const json_t *given = json_object_get (json, "namespace");
  const char *space = given ? json_string_value (given) : enclosing;
  g_autofree char *own_space = NULL;
  SchemaType *type;

  if (!is_name (name, TRUE) || (given && !space) || (space && *space && !is_name (space, TRUE)))
    return refuse (parser, "a type without a name");
  type = add_type (parser, kind);
  if (!type)
    return NULL;
  type->name = full_name (name, space);
  own_space = space_of (type->name);
  if (!g_hash_table_insert (parser->named, type->name, type))
    return refuse (parser, "two types of one name");

  switch ((int)kind) {
  case SCHEMA_RECORD:
    if (!parse_fields (parser, type, json_object_get (json, "fields"), own_space, depth))
      return NULL;
    break;
  case SCHEMA_ENUM:
    if (!parse_symbols (parser, type, json))
      return NULL;
    break;
  case SCHEMA_FIXED:
    if (!json_is_integer (json_object_get (json, "size")))
      return refuse (parser, "a fixed type without a size");
    type->size = json_integer_value (json_object_get (json, "size"));
    if (type->size < 0)
      return refuse (parser, "a fixed type with a negative size");
    break;
  }
  return type;
}

static const SchemaType *
parse_union (Parser *parser, const json_t *json, const char *space, guint depth)
{
  SchemaType *type = add_type (parser, SCHEMA_UNION);

  if (!type)
    return NULL;
  type->branches = g_ptr_array_new ();
  if (json_array_size (json) == 0)
    return refuse (parser, "a union of nothing");
  for (gsize i = 0; i < json_array_size (json); i++) {
    const SchemaType *branch = parse_type (parser, json_array_get (json, i), space, depth);

    if (!branch)
      return NULL;
    if (branch->kind == SCHEMA_UNION)
      return refuse (parser, "a union in a union");
    g_ptr_array_add (type->branches, (gpointer)branch);
  }
  return type;
}

static const SchemaType *
parse_object (Parser *parser, const json_t *json, const char *space, guint depth)
{
  const char *name = json_string_value (json_object_get (json, "type"));
  SchemaType *type;

  if (!name)
    return refuse (parser, "a type without a type");
  if (g_str_equal (name, "record"))
    return parse_named (parser, SCHEMA_RECORD, json, space, depth);
  if (g_str_equal (name, "enum"))
    return parse_named (parser, SCHEMA_ENUM, json, space, depth);
  if (g_str_equal (name, "fixed"))
    return parse_named (parser, SCHEMA_FIXED, json, space, depth);
  if (g_str_equal (name, "array") || g_str_equal (name, "map")) {
    gboolean is_array = g_str_equal (name, "array");

    type = add_type (parser, is_array ? SCHEMA_ARRAY : SCHEMA_MAP);
    if (!type)
      return NULL;
    type->items =
        parse_type (parser, json_object_get (json, is_array ? "items" : "values"), space, depth);
    return type->items ? type : NULL;
  }
  /* A primitive in long form; what a logical type says beside it does not change the bytes. */
  return parse_name (parser, name, space);
}

static const SchemaType *
parse_type (Parser *parser, const json_t *json, const char *space, guint depth)
{
  if (depth == 0)
    return refuse (parser, "too deep");
  if (json_is_string (json))
    return parse_name (parser, json_string_value (json), space);
  if (json_is_array (json))
    return parse_union (parser, json, space, depth - 1);
  if (json_is_object (json))
    return parse_object (parser, json, space, depth - 1);
  return refuse (parser, "a type is missing");
}

static void append_canonical (GString *text, const SchemaType *type, GHashTable *seen);

/* Names and symbols hold nothing that JSON would escape: is_name() saw to it. */
static void
append_list (GString *text, const char *name, const GPtrArray *list, GHashTable *seen)
{
  g_string_append_printf (text, ",\"%s\":[", name);
  for (guint i = 0; i < list->len; i++) {
    if (i > 0)
      g_string_append_c (text, ',');
    if (seen) {
      const SchemaField *field = g_ptr_array_index (list, i);

      g_string_append_printf (text, "{\"name\":\"%s\",\"type\":", field->name);
      append_canonical (text, field->type, seen);
      g_string_append_c (text, '}');
    } else
      g_string_append_printf (text, "\"%s\"", (const char *)g_ptr_array_index (list, i));
  }
  g_string_append_c (text, ']');
}

static void
append_named (GString *text, const SchemaType *type, GHashTable *seen)
{
  if (!g_hash_table_add (seen, (gpointer)type)) {
    g_string_append_printf (text, "\"%s\"", type->name);
    return;
  }
  g_string_append_printf (text, "{\"name\":\"%s\",\"type\":\"%s\"", type->name,
                          kind_names[type->kind]);
  if (type->fields)
    append_list (text, "fields", type->fields, seen);
  else if (type->symbols)
    append_list (text, "symbols", type->symbols, NULL);
  else
    g_string_append_printf (text, ",\"size\":%" G_GINT64_FORMAT, type->size);
  g_string_append_c (text, '}');
}

static void
append_canonical (GString *text, const SchemaType *type, GHashTable *seen)
{
  switch (type->kind) {
  case SCHEMA_NULL:
  case SCHEMA_BOOLEAN:
  case SCHEMA_INT:
  case SCHEMA_LONG:
  case SCHEMA_FLOAT:
  case SCHEMA_DOUBLE:
  case SCHEMA_BYTES:
  case SCHEMA_STRING:
    g_string_append_printf (text, "\"%s\"", kind_names[type->kind]);
    break;
  case SCHEMA_RECORD:
  case SCHEMA_ENUM:
  case SCHEMA_FIXED:
    append_named (text, type, seen);
    break;
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    g_string_append_printf (text, "{\"type\":\"%s\",\"%s\":", kind_names[type->kind],
                            type->kind == SCHEMA_ARRAY ? "items" : "values");
    append_canonical (text, type->items, seen);
    g_string_append_c (text, '}');
    break;
  case SCHEMA_UNION:
    g_string_append_c (text, '[');
    for (guint i = 0; i < type->branches->len; i++) {
      if (i > 0)
        g_string_append_c (text, ',');
      append_canonical (text, g_ptr_array_index (type->branches, i), seen);
    }
    g_string_append_c (text, ']');
    break;
  }
}

guint64
schema_crc64 (gconstpointer data, gsize length)
{
  static const guint64 empty = G_GUINT64_CONSTANT (0xc15d213aa4d7a795);
  const guint8 *bytes = data;
  guint64 crc = empty;

  /* Bit by bit: it is done once for each schema, and a table would be longer than the work. */
  for (gsize i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (guint bit = 0; bit < 8; bit++)
      crc = (crc >> 1) ^ (crc & 1 ? empty : 0);
  }
  return crc;
}

Schema *
schema_parse (const char *text, GError **error)
{
  g_autoptr (GPtrArray) types = g_ptr_array_new_with_free_func (type_free);
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (json_t) json = NULL;
  Parser parser = { types, named, error };
  json_error_t problem;
  const SchemaType *root;
  GString *canonical;
  Schema *schema;

  if (strlen (text) > TEXT_MAX_BYTES)
    return refuse (&parser, "too long");
  json = json_loads (text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
  if (!json)
    return refuse (&parser, "no JSON");
  root = parse_type (&parser, json, NULL, DEPTH_MAX);
  if (!root)
    return NULL;

  canonical = g_string_new (NULL);
  append_canonical (canonical, root, seen);
  schema = g_new0 (Schema, 1);
  schema->references = 1;
  schema->text = g_strdup (text);
  schema->fingerprint = schema_crc64 (canonical->str, canonical->len);
  schema->canonical = g_string_free (canonical, FALSE);
  schema->root = root;
  schema->types = g_steal_pointer (&types);
  return schema;
}

Schema *
schema_ref (Schema *schema)
{
  g_atomic_int_inc (&schema->references);
  return schema;
}

void
schema_unref (Schema *schema)
{
  if (!schema || !g_atomic_int_dec_and_test (&schema->references))
    return;
  g_ptr_array_unref (schema->types);
  g_free (schema->canonical);
  g_free (schema->text);
  g_free (schema);
}

const SchemaType *
schema_root (const Schema *schema)
{
  return schema->root;
}

const char *
schema_text (const Schema *schema)
{
  return schema->text;
}

const char *
schema_canonical (const Schema *schema)
{
  return schema->canonical;
}

guint64
schema_fingerprint (const Schema *schema)
{
  return schema->fingerprint;
}

const SchemaField *
schema_find_field (const SchemaType *record, const char *name)
{
  for (guint i = 0; i < record->fields->len; i++) {
    const SchemaField *field = g_ptr_array_index (record->fields, i);

    if (g_str_equal (field->name, name))
      return field;
  }
  return NULL;
}

int
schema_find_symbol (const SchemaType *type, const char *symbol)
{
  for (guint i = 0; i < type->symbols->len; i++)
    if (g_str_equal (g_ptr_array_index (type->symbols, i), symbol))
      return (int)i;
  return -1;
}

int
schema_find_branch (const SchemaType *type, SchemaKind kind)
{
  for (guint i = 0; type->branches && i < type->branches->len; i++)
    if (((const SchemaType *)g_ptr_array_index (type->branches, i))->kind == kind)
      return (int)i;
  return -1;
}

/* The compiled-in schemas, parsed once, by row of embedded_schemas. */
static Schema *const *
known_schemas (void)
{
  static gsize once;
  static Schema *known[G_N_ELEMENTS (embedded_schemas)];

  if (g_once_init_enter (&once)) {
    for (guint i = 0; i < G_N_ELEMENTS (embedded_schemas); i++) {
      g_autoptr (GError) error = NULL;

      known[i] = schema_parse (embedded_schemas[i].text, &error);
      if (!known[i])
        g_error ("schema %s, version %d: %s", embedded_schemas[i].stem, embedded_schemas[i].version,
                 error->message);
    }
    g_once_init_leave (&once, 1);
  }
  return known;
}

const Schema *
schema_version (const char *stem, guint version)
{
  for (guint i = 0; i < G_N_ELEMENTS (embedded_schemas); i++)
    if (embedded_schemas[i].version == (int)version && g_str_equal (embedded_schemas[i].stem, stem))
      return known_schemas ()[i];
  return NULL;
}

const Schema *
schema_newest (const char *stem)
{
  const Schema *schema = schema_version (stem, 0);

  if (!schema)
    g_error ("no schema %s.avsc", stem);
  return schema;
}

const Schema *
schema_by_fingerprint (guint64 fingerprint)
{
  Schema *const *known = known_schemas ();

  for (guint i = 0; i < G_N_ELEMENTS (embedded_schemas); i++)
    if (known[i]->fingerprint == fingerprint)
      return known[i];
  return NULL;
}
