/* Events as bytes: the frame around a value, the registry's ids, and the way between a struct and
 * its fields. The binary encoding is avro-c's for writing and reading.c's for reading. */
#include "events/codec.h"

#include <avro.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "events/event.h"
#include "events/reading.h"
#include "events/schema.h"

/* Confluent: 0 and the id, most significant byte first. */
#define CONFLUENT_MAGIC          0x00
#define CONFLUENT_HEAD_BYTES     5
/* Single-object encoding: two marks and the fingerprint, least significant byte first. */
#define SINGLE_OBJECT_MARK_1     0xc3
#define SINGLE_OBJECT_MARK_2     0x01
#define SINGLE_OBJECT_HEAD_BYTES 10
#define HEAD_MAX_BYTES           SINGLE_OBJECT_HEAD_BYTES

/* Ids of foreign schemas that are remembered; more of them than that have no honest writer. */
#define IDS_MAX 1000

static const EventType *const event_types[] = {
  &claim_submitted_type, &child_claim_ready_type,      &papers_ready_type,
  &claim_event_type,     &notification_requested_type, &monitoring_event_type,
};

/* avro-c counts references and keeps its last error in ways that need one thread at a time; a value
 * is used again, for making one costs more than filling it. */
typedef struct {
  GMutex lock;
  const EventType *type;
  const Schema *schema;
  avro_schema_t avro;
  avro_value_iface_t *iface;
  avro_value_t value;
} Encoder;

struct EventCodec {
  RegistryAsk ask;
  gpointer ask_data;
  GMutex lock;               /* the two tables; never held while the registry is asked */
  GHashTable *id_by_subject; /* subject → id + 1 */
  GHashTable *schema_by_id;  /* id → Schema, owned */
  Encoder encoders[G_N_ELEMENTS (event_types)];
};

static gboolean
kind_fits (EventFieldKind kind, const SchemaType *type)
{
  switch (kind) {
  case EVENT_TEXT:
    return type->kind == SCHEMA_STRING;
  case EVENT_TEXT_OR_NULL:
  case EVENT_PROSE_OR_NULL:
    return schema_find_branch (type, SCHEMA_NULL) >= 0 &&
           schema_find_branch (type, SCHEMA_STRING) >= 0;
  case EVENT_NUMBER:
    return type->kind == SCHEMA_INT || type->kind == SCHEMA_LONG;
  case EVENT_NUMBER_OR_ZERO:
    return schema_find_branch (type, SCHEMA_NULL) >= 0 &&
           schema_find_branch (type, SCHEMA_LONG) >= 0;
  case EVENT_SYMBOL:
    return type->kind == SCHEMA_ENUM;
  }
  g_assert_not_reached ();
}

/* A struct that forgot a field of its schema would lose it silently. */
static void
check_type (const EventType *type)
{
  const SchemaType *record = schema_root (schema_newest (type->stem));
  guint count = 0;

  for (const EventField *field = type->fields; field->name; field++, count++) {
    const SchemaField *described = schema_find_field (record, field->name);

    if (!described || !kind_fits (field->kind, described->type))
      g_error ("schema %s and its struct disagree about %s", type->stem, field->name);
  }
  if (count != record->fields->len)
    g_error ("schema %s has fields that its struct has not", type->stem);
}

static void
encoder_init (Encoder *encoder, const EventType *type)
{
  const char *text;

  check_type (type);
  g_mutex_init (&encoder->lock);
  encoder->type = type;
  encoder->schema = schema_newest (type->stem);
  text = schema_text (encoder->schema);
  if (avro_schema_from_json_length (text, strlen (text), &encoder->avro) != 0)
    g_error ("schema %s: %s", type->stem, avro_strerror ());
  encoder->iface = avro_generic_class_from_schema (encoder->avro);
  if (!encoder->iface || avro_generic_value_new (encoder->iface, &encoder->value) != 0)
    g_error ("schema %s: %s", type->stem, avro_strerror ());
}

EventCodec *
event_codec_new (RegistryAsk ask, gpointer data)
{
  EventCodec *codec = g_new0 (EventCodec, 1);

  codec->ask = ask;
  codec->ask_data = data;
  g_mutex_init (&codec->lock);
  codec->id_by_subject = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  codec->schema_by_id = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)schema_unref);
  for (guint i = 0; i < G_N_ELEMENTS (event_types); i++)
    encoder_init (&codec->encoders[i], event_types[i]);
  return codec;
}

void
event_codec_free (EventCodec *codec)
{
  if (!codec)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (event_types); i++) {
    Encoder *encoder = &codec->encoders[i];

    avro_value_decref (&encoder->value);
    avro_value_iface_decref (encoder->iface);
    avro_schema_decref (encoder->avro);
    g_mutex_clear (&encoder->lock);
  }
  g_hash_table_unref (codec->id_by_subject);
  g_hash_table_unref (codec->schema_by_id);
  g_mutex_clear (&codec->lock);
  g_free (codec);
}

static Encoder *
get_encoder (EventCodec *codec, const char *stem)
{
  for (guint i = 0; i < G_N_ELEMENTS (event_types); i++)
    if (g_str_equal (event_types[i]->stem, stem))
      return &codec->encoders[i];
  g_error ("no event of schema %s", stem);
}

static void
remember_schema (EventCodec *codec, guint32 id, const Schema *schema)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&codec->lock);

  if (g_hash_table_size (codec->schema_by_id) >= IDS_MAX)
    g_hash_table_remove_all (codec->schema_by_id);
  g_hash_table_replace (codec->schema_by_id, GUINT_TO_POINTER (id), schema_ref ((Schema *)schema));
}

/* Registers, which gives the id that is there already when the schema is. */
static gboolean
register_schema (EventCodec *codec, const char *subject, const Schema *schema, guint32 *ret_id,
                 GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (subject, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/subjects/", escaped, "/versions", NULL);
  g_autoptr (json_t) request = json_pack ("{s:s}", "schema", schema_text (schema));
  char *body = json_dumps (request, JSON_COMPACT);
  g_autoptr (GError) problem = NULL;
  g_autofree char *answer = codec->ask ("POST", path, body, codec->ask_data, &problem);
  g_autoptr (json_t) json = NULL;
  const json_t *id;

  free (body);
  /* Whatever it says, the event is not to blame for it: also a 404 here is a registry that is not
   * one. */
  if (!answer) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY, "registering %s: %s", subject,
                 problem->message);
    return FALSE;
  }
  json = json_loads (answer, 0, NULL);
  id = json_object_get (json, "id");
  if (!json_is_integer (id) || json_integer_value (id) < 0 ||
      json_integer_value (id) > G_MAXINT32) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY,
                 "registering %s: the registry's answer has no id", subject);
    return FALSE;
  }
  *ret_id = (guint32)json_integer_value (id);
  return TRUE;
}

static gboolean
get_id (EventCodec *codec, const char *topic, const Schema *schema, guint32 *ret_id, GError **error)
{
  g_autofree char *subject = g_strconcat (topic, "-value", NULL);
  guint stored;

  g_mutex_lock (&codec->lock);
  stored = GPOINTER_TO_UINT (g_hash_table_lookup (codec->id_by_subject, subject));
  g_mutex_unlock (&codec->lock);
  if (stored > 0) {
    *ret_id = stored - 1;
    return TRUE;
  }

  if (!register_schema (codec, subject, schema, ret_id, error))
    return FALSE;
  remember_schema (codec, *ret_id, schema);
  g_mutex_lock (&codec->lock);
  g_hash_table_replace (codec->id_by_subject, g_steal_pointer (&subject),
                        GUINT_TO_POINTER (*ret_id + 1));
  g_mutex_unlock (&codec->lock);
  return TRUE;
}

gboolean
event_codec_prepare (EventCodec *codec, const char *topic, const char *stem, GError **error)
{
  guint32 id;

  return !codec->ask || get_id (codec, topic, get_encoder (codec, stem)->schema, &id, error);
}

/* The frame before the value; *ret_length is what of @head is used. */
static gboolean
write_head (EventCodec *codec, const char *topic, const Schema *schema, guint8 *head,
            gsize *ret_length, GError **error)
{
  guint64 fingerprint = schema_fingerprint (schema);
  guint32 id;

  if (codec->ask) {
    if (!get_id (codec, topic, schema, &id, error))
      return FALSE;
    head[0] = CONFLUENT_MAGIC;
    for (guint i = 0; i < 4; i++)
      head[1 + i] = (guint8)(id >> (24 - 8 * i));
    *ret_length = CONFLUENT_HEAD_BYTES;
    return TRUE;
  }
  head[0] = SINGLE_OBJECT_MARK_1;
  head[1] = SINGLE_OBJECT_MARK_2;
  for (guint i = 0; i < 8; i++)
    head[2 + i] = (guint8)(fingerprint >> (8 * i));
  *ret_length = SINGLE_OBJECT_HEAD_BYTES;
  return TRUE;
}

static gboolean
refuse_field (GError **error, const EventType *type, const char *field, const char *why)
{
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "%s: field %s %s", type->stem, field,
               why);
  return FALSE;
}

/* A text for people, valid and not too long; the cut shows. */
static char *
fit_prose (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  if (strlen (valid) <= EVENT_PROSE_MAX_BYTES)
    return g_steal_pointer (&valid);
  *g_utf8_find_prev_char (valid, valid + EVENT_PROSE_MAX_BYTES + 1) = '\0';
  return g_strconcat (valid, "…", NULL);
}

static gboolean
fill_text (const EventType *type, const EventField *field, const SchemaType *described,
           avro_value_t *slot, const char *text, GError **error)
{
  g_autofree char *prose = NULL;
  avro_value_t branch = *slot;
  int failed;

  if (text && field->kind == EVENT_PROSE_OR_NULL)
    text = prose = fit_prose (text);
  if (!text && field->kind == EVENT_TEXT)
    return refuse_field (error, type, field->name, "is not set");
  if (text && strlen (text) > EVENT_TEXT_MAX_BYTES)
    return refuse_field (error, type, field->name, "is too long");
  if (text && !g_utf8_validate (text, -1, NULL))
    return refuse_field (error, type, field->name, "is not UTF-8");

  if (described->kind == SCHEMA_UNION)
    avro_value_set_branch (slot, schema_find_branch (described, text ? SCHEMA_STRING : SCHEMA_NULL),
                           &branch);
  failed = text ? avro_value_set_string (&branch, text) : avro_value_set_null (&branch);
  return failed ? refuse_field (error, type, field->name, "cannot be written") : TRUE;
}

static gboolean
fill_number (const EventType *type, const EventField *field, const SchemaType *described,
             avro_value_t *slot, gint64 number, GError **error)
{
  avro_value_t branch = *slot;
  int failed;

  if (described->kind == SCHEMA_INT) {
    if (number < G_MININT32 || number > G_MAXINT32)
      return refuse_field (error, type, field->name, "is too large");
    failed = avro_value_set_int (slot, (int32_t)number);
  } else if (described->kind == SCHEMA_LONG)
    failed = avro_value_set_long (slot, number);
  else {
    avro_value_set_branch (slot, schema_find_branch (described, number ? SCHEMA_LONG : SCHEMA_NULL),
                           &branch);
    failed = number ? avro_value_set_long (&branch, number) : avro_value_set_null (&branch);
  }
  return failed ? refuse_field (error, type, field->name, "cannot be written") : TRUE;
}

static gboolean
fill_symbol (const EventType *type, const EventField *field, const SchemaType *described,
             avro_value_t *slot, const char *symbol, GError **error)
{
  int index = symbol ? schema_find_symbol (described, symbol) : -1;

  if (index < 0)
    return refuse_field (error, type, field->name, "is no symbol of the schema");
  if (avro_value_set_enum (slot, index) != 0)
    return refuse_field (error, type, field->name, "cannot be written");
  return TRUE;
}

static gboolean
fill_value (Encoder *encoder, gconstpointer event, GError **error)
{
  const EventType *type = encoder->type;
  const SchemaType *record = schema_root (encoder->schema);

  /* Every field is set each time, so that nothing of the last event stays. */
  for (const EventField *field = type->fields; field->name; field++) {
    const SchemaType *described = schema_find_field (record, field->name)->type;
    gconstpointer member = (const char *)event + field->offset;
    avro_value_t slot;
    gboolean filled = FALSE;

    if (avro_value_get_by_name (&encoder->value, field->name, &slot, NULL) != 0)
      return refuse_field (error, type, field->name, "cannot be written");
    switch (field->kind) {
    case EVENT_TEXT:
    case EVENT_TEXT_OR_NULL:
    case EVENT_PROSE_OR_NULL:
      filled = fill_text (type, field, described, &slot, *(char *const *)member, error);
      break;
    case EVENT_NUMBER:
    case EVENT_NUMBER_OR_ZERO:
      filled = fill_number (type, field, described, &slot, *(const gint64 *)member, error);
      break;
    case EVENT_SYMBOL:
      filled = fill_symbol (type, field, described, &slot, *(const char *const *)member, error);
      break;
    }
    if (!filled)
      return FALSE;
  }
  return TRUE;
}

/* Head and value in one piece. Holding the encoder's lock. */
static GBytes *
write_value (Encoder *encoder, const guint8 *head, gsize head_length, GError **error)
{
  size_t length = 0;
  guint8 *bytes;
  avro_writer_t writer;
  int failed;

  if (avro_value_sizeof (&encoder->value, &length) != 0 ||
      head_length + length > EVENT_VALUE_MAX_BYTES) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "%s: the value is too long",
                 encoder->type->stem);
    return NULL;
  }
  bytes = g_malloc (head_length + length);
  memcpy (bytes, head, head_length);
  writer = avro_writer_memory ((char *)bytes + head_length, (int64_t)length);
  failed = avro_value_write (writer, &encoder->value);
  if (!failed && avro_writer_tell (writer) != (int64_t)length)
    failed = TRUE;
  avro_writer_free (writer);
  if (failed) {
    g_free (bytes);
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "%s: the value cannot be written",
                 encoder->type->stem);
    return NULL;
  }
  return g_bytes_new_take (bytes, head_length + length);
}

GBytes *
event_encode (EventCodec *codec, const char *topic, const EventType *type, gconstpointer event,
              GError **error)
{
  Encoder *encoder = get_encoder (codec, type->stem);
  guint8 head[HEAD_MAX_BYTES];
  gsize head_length = 0;
  g_autoptr (GMutexLocker) locker = NULL;

  /* First the id, which may mean to wait for the registry; then the lock. */
  if (!write_head (codec, topic, encoder->schema, head, &head_length, error))
    return NULL;
  locker = g_mutex_locker_new (&encoder->lock);
  if (!fill_value (encoder, event, error))
    return NULL;
  return write_value (encoder, head, head_length, error);
}

static Schema *
fetch_schema (EventCodec *codec, guint32 id, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/schemas/ids/%u", id);
  g_autofree char *answer = NULL;
  g_autoptr (json_t) json = NULL;
  const char *text;

  if (!codec->ask) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN,
                 "the value names the registry's schema %u, and no registry is configured", id);
    return NULL;
  }
  answer = codec->ask ("GET", path, NULL, codec->ask_data, error);
  if (!answer) {
    g_prefix_error (error, "schema %u: ", id);
    return NULL;
  }
  json = json_loads (answer, 0, NULL);
  text = json_string_value (json_object_get (json, "schema"));
  if (!text) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY,
                 "schema %u: the registry's answer has no schema", id);
    return NULL;
  }
  return schema_parse (text, error);
}

/* The writer's schema, with a reference. */
static Schema *
get_schema_by_id (EventCodec *codec, guint32 id, GError **error)
{
  Schema *schema;

  g_mutex_lock (&codec->lock);
  schema = g_hash_table_lookup (codec->schema_by_id, GUINT_TO_POINTER (id));
  if (schema)
    schema_ref (schema);
  g_mutex_unlock (&codec->lock);
  if (schema)
    return schema;

  schema = fetch_schema (codec, id, error);
  if (schema)
    remember_schema (codec, id, schema);
  return schema;
}

/* Whose value this is; *ret_body is where it begins. */
static Schema *
read_head (EventCodec *codec, const guint8 *bytes, gsize length, gsize *ret_body, GError **error)
{
  if (length >= CONFLUENT_HEAD_BYTES && bytes[0] == CONFLUENT_MAGIC) {
    guint32 id =
        (guint32)bytes[1] << 24 | (guint32)bytes[2] << 16 | (guint32)bytes[3] << 8 | bytes[4];

    *ret_body = CONFLUENT_HEAD_BYTES;
    return get_schema_by_id (codec, id, error);
  }
  if (length >= SINGLE_OBJECT_HEAD_BYTES && bytes[0] == SINGLE_OBJECT_MARK_1 &&
      bytes[1] == SINGLE_OBJECT_MARK_2) {
    guint64 fingerprint = 0;
    const Schema *schema;

    for (guint i = 0; i < 8; i++)
      fingerprint |= (guint64)bytes[2 + i] << (8 * i);
    *ret_body = SINGLE_OBJECT_HEAD_BYTES;
    schema = schema_by_fingerprint (fingerprint);
    if (!schema) {
      g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN,
                   "no version of our schemas has the fingerprint %016" G_GINT64_MODIFIER "x",
                   fingerprint);
      return NULL;
    }
    return schema_ref ((Schema *)schema);
  }
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED,
               "the value is neither in Confluent's nor in Avro's single-object framing");
  return NULL;
}

typedef struct {
  const EventType *type;
  const SchemaType *reader; /* the newest record */
  gpointer event;
  guint64 seen; /* bit i: type->fields[i] */
} Copy;

static gboolean
refuse_kind (GError **error, const char *field)
{
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED,
               "field %s has a type that it never had in our schemas", field);
  return FALSE;
}

static gboolean
store_symbol (const SchemaType *type, const char *symbol, const char **ret_symbol, GError **error)
{
  int index = schema_find_symbol (type, symbol);

  if (index < 0 && type->default_symbol)
    index = schema_find_symbol (type, type->default_symbol);
  if (index < 0) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN,
                 "a symbol that only a later version of %s has", type->name);
    return FALSE;
  }
  *ret_symbol = g_ptr_array_index (type->symbols, (guint)index);
  return TRUE;
}

static gboolean
store_field (const EventField *field, const SchemaType *reader, gpointer event,
             const FieldValue *value, GError **error)
{
  gpointer member = (char *)event + field->offset;
  gboolean is_number = value->kind == SCHEMA_INT || value->kind == SCHEMA_LONG;

  switch (field->kind) {
  case EVENT_TEXT:
  case EVENT_TEXT_OR_NULL:
  case EVENT_PROSE_OR_NULL:
    if (value->kind != SCHEMA_STRING && (value->kind != SCHEMA_NULL || field->kind == EVENT_TEXT))
      return refuse_kind (error, field->name);
    *(char **)member = value->kind == SCHEMA_STRING ? g_strdup (value->text) : NULL;
    return TRUE;
  case EVENT_NUMBER:
  case EVENT_NUMBER_OR_ZERO:
    if (!is_number && (value->kind != SCHEMA_NULL || field->kind == EVENT_NUMBER))
      return refuse_kind (error, field->name);
    *(gint64 *)member = is_number ? value->number : 0;
    return TRUE;
  case EVENT_SYMBOL:
    if (value->kind != SCHEMA_ENUM)
      return refuse_kind (error, field->name);
    return store_symbol (schema_find_field (reader, field->name)->type, value->text, member, error);
  }
  g_assert_not_reached ();
}

/* FieldFound: a field that a later version added is passed over. */
static gboolean
copy_field (const char *name, const FieldValue *value, gpointer data, GError **error)
{
  Copy *copy = data;

  for (guint i = 0; copy->type->fields[i].name; i++) {
    if (!g_str_equal (copy->type->fields[i].name, name))
      continue;
    copy->seen |= G_GUINT64_CONSTANT (1) << i;
    return store_field (&copy->type->fields[i], copy->reader, copy->event, value, error);
  }
  return TRUE;
}

/* The default of the newest schema, as the value it stands for. */
static gboolean
copy_default (Copy *copy, const EventField *field, GError **error)
{
  const SchemaField *described = schema_find_field (copy->reader, field->name);
  const json_t *json = described->default_value;
  FieldValue value = { 0 };

  if (!json) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "field %s is missing", field->name);
    return FALSE;
  }
  if (json_is_integer (json)) {
    value.kind = SCHEMA_LONG;
    value.number = json_integer_value (json);
  } else if (json_is_string (json)) {
    value.kind = field->kind == EVENT_SYMBOL ? SCHEMA_ENUM : SCHEMA_STRING;
    value.text = json_string_value (json);
  } else if (!json_is_null (json))
    return refuse_kind (error, field->name);
  return store_field (field, copy->reader, copy->event, &value, error);
}

static gboolean
copy_record (Copy *copy, const Schema *writer, const guint8 *bytes, gsize length, GError **error)
{
  const SchemaType *record = schema_root (writer);

  if (record->kind != SCHEMA_RECORD || !g_str_equal (record->name, copy->reader->name)) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "the value is of another schema");
    return FALSE;
  }
  if (!reading_record (writer, bytes, length, copy_field, copy, error))
    return FALSE;
  for (guint i = 0; copy->type->fields[i].name; i++)
    if (!(copy->seen & G_GUINT64_CONSTANT (1) << i) &&
        !copy_default (copy, &copy->type->fields[i], error))
      return FALSE;
  return TRUE;
}

gpointer
event_decode (EventCodec *codec, const EventType *type, GBytes *value, GError **error)
{
  g_autoptr (Schema) writer = NULL;
  const guint8 *bytes;
  gsize length = 0, body = 0;
  Copy copy = { type, schema_root (schema_newest (type->stem)), NULL, 0 };

  if (!value) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "%s: there is no value", type->stem);
    return NULL;
  }
  bytes = g_bytes_get_data (value, &length);
  if (length > EVENT_VALUE_MAX_BYTES) {
    g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "%s: the value is too long",
                 type->stem);
    return NULL;
  }
  writer = read_head (codec, bytes, length, &body, error);
  if (!writer) {
    g_prefix_error (error, "%s: ", type->stem);
    return NULL;
  }

  copy.event = g_malloc0 (type->size);
  if (!copy_record (&copy, writer, bytes + body, length - body, error)) {
    g_prefix_error (error, "%s: ", type->stem);
    event_free (type, copy.event);
    return NULL;
  }
  return copy.event;
}

void
event_free (const EventType *type, gpointer event)
{
  if (!event)
    return;
  for (const EventField *field = type->fields; field->name; field++) {
    switch (field->kind) {
    case EVENT_TEXT:
    case EVENT_TEXT_OR_NULL:
    case EVENT_PROSE_OR_NULL:
      g_free (*(char **)((char *)event + field->offset));
      break;
    case EVENT_NUMBER:
    case EVENT_NUMBER_OR_ZERO:
    case EVENT_SYMBOL: /* the schema's */
      break;
    }
  }
  g_free (event);
}
