/* The schemas of this repository may only grow in few ways: a field with a default, a symbol at an
 * enum's end, a default for an enum. Each version is compared with the one before it, and the newest must be the .avsc
 * itself. The rule is tested on made-up pairs first. Source: schemas/README.md, 3. */
#include "events/schema.h"

#include <string.h>

static char *refusal (const SchemaType *older, const SchemaType *newer);

static char *
refusal_of_records (const SchemaType *older, const SchemaType *newer)
{
  for (guint i = 0; i < older->fields->len; i++) {
    const SchemaField *before = g_ptr_array_index (older->fields, i);
    const SchemaField *now = schema_find_field (newer, before->name);
    g_autofree char *inner = NULL;

    if (!now)
      return g_strdup_printf ("field %s is gone", before->name);
    inner = refusal (before->type, now->type);
    if (inner)
      return g_strdup_printf ("field %s: %s", before->name, inner);
    if (before->default_value && !now->default_value)
      return g_strdup_printf ("field %s has lost its default", before->name);
    if (before->default_value && !json_equal (before->default_value, now->default_value))
      return g_strdup_printf ("field %s has another default", before->name);
  }
  for (guint i = 0; i < newer->fields->len; i++) {
    const SchemaField *now = g_ptr_array_index (newer->fields, i);

    if (!schema_find_field (older, now->name) && !now->default_value)
      return g_strdup_printf ("field %s is new and has no default", now->name);
  }
  return NULL;
}

static char *
refusal_of_enums (const SchemaType *older, const SchemaType *newer)
{
  for (guint i = 0; i < older->symbols->len; i++)
    if (i >= newer->symbols->len ||
        !g_str_equal (g_ptr_array_index (older->symbols, i), g_ptr_array_index (newer->symbols, i)))
      return g_strdup ("symbols may only be added at the end");
  if (older->default_symbol && g_strcmp0 (older->default_symbol, newer->default_symbol) != 0)
    return g_strdup ("the default is gone, or another one");
  return NULL;
}

/* Why @newer may not follow @older; NULL when it may. */
static char *
refusal (const SchemaType *older, const SchemaType *newer)
{
  if (older->kind != newer->kind)
    return g_strdup ("another type");
  if (g_strcmp0 (older->name, newer->name) != 0)
    return g_strdup ("another name");
  if (older->kind == SCHEMA_RECORD)
    return refusal_of_records (older, newer);
  if (older->kind == SCHEMA_ENUM)
    return refusal_of_enums (older, newer);
  if (older->kind == SCHEMA_FIXED && older->size != newer->size)
    return g_strdup ("another size");
  if (older->items)
    return refusal (older->items, newer->items);
  if (older->branches) {
    if (older->branches->len != newer->branches->len)
      return g_strdup ("other branches");
    for (guint i = 0; i < older->branches->len; i++) {
      char *inner =
          refusal (g_ptr_array_index (older->branches, i), g_ptr_array_index (newer->branches, i));
      if (inner)
        return inner;
    }
  }
  return NULL;
}

#define RECORD(fields)    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define FIELD_DEFAULT(name, type, value)                                                           \
  "{\"name\":\"" name "\",\"type\":" type ",\"default\":" value "}"
#define ENUM_DEFAULT(symbols, value)                                                               \
  "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "],\"default\":" value "}"
#define ENUM(symbols) "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]}"

static void
the_rule_holds (void)
{
  static const struct {
    const char *older, *newer, *why; /* why NULL: allowed */
  } pairs[] = {
    { RECORD (FIELD ("a", "\"long\"")), RECORD (FIELD ("a", "\"long\"")), NULL },
    { RECORD (FIELD ("a", "\"long\"")),
      RECORD (FIELD_DEFAULT ("b", "\"int\"", "0") "," FIELD ("a", "\"long\"")), NULL },
    { RECORD (FIELD ("a", "\"long\"")),
      RECORD (FIELD ("a", "\"long\"") "," FIELD_DEFAULT ("b", "[\"null\",\"string\"]", "null")),
      NULL },
    { RECORD (FIELD ("a", "\"long\"")), RECORD (FIELD ("a", "\"long\"") "," FIELD ("b", "\"int\"")),
      "has no default" },
    { RECORD (FIELD ("a", "\"long\"")), RECORD (""), "gone" },
    { RECORD (FIELD ("a", "\"long\"")), RECORD (FIELD_DEFAULT ("b", "\"long\"", "0")), "gone" },
    { RECORD (FIELD ("a", "\"int\"")), RECORD (FIELD ("a", "\"long\"")), "another type" },
    { RECORD (FIELD_DEFAULT ("a", "\"int\"", "0")), RECORD (FIELD ("a", "\"int\"")),
      "lost its default" },
    { RECORD (FIELD_DEFAULT ("a", "\"int\"", "0")), RECORD (FIELD_DEFAULT ("a", "\"int\"", "1")),
      "another default" },
    { RECORD (FIELD ("a", "[\"null\",\"int\"]")), RECORD (FIELD ("a", "[\"int\",\"null\"]")),
      "another type" },
    { RECORD (FIELD ("a", "[\"null\",\"int\"]")),
      RECORD (FIELD ("a", "[\"null\",\"int\",\"string\"]")), "other branches" },
    { ENUM ("\"X\""), ENUM ("\"X\",\"Y\""), NULL },
    { ENUM ("\"X\""), ENUM ("\"Y\",\"X\""), "at the end" },
    { ENUM ("\"X\",\"Y\""), ENUM ("\"X\""), "at the end" },
    { ENUM ("\"X\",\"Y\""), ENUM ("\"Y\",\"X\""), "at the end" },
    { ENUM ("\"X\""), ENUM_DEFAULT ("\"X\",\"Y\"", "\"Y\""), NULL },
    { ENUM_DEFAULT ("\"X\"", "\"X\""), ENUM ("\"X\""), "default is gone" },
    { ENUM_DEFAULT ("\"X\"", "\"X\""), ENUM_DEFAULT ("\"X\",\"Y\"", "\"Y\""), "another one" },
    { RECORD (FIELD ("e", ENUM ("\"X\""))), RECORD (FIELD ("e", ENUM ("\"Z\""))), "at the end" },
    { "{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}",
      "{\"type\":\"record\",\"name\":\"Q\",\"fields\":[]}", "another name" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autoptr (Schema) older = schema_parse (pairs[i].older, NULL);
    g_autoptr (Schema) newer = schema_parse (pairs[i].newer, NULL);
    g_autofree char *why = refusal (schema_root (older), schema_root (newer));

    if (!pairs[i].why)
      g_assert_cmpstr (why, ==, NULL);
    else if (!why || !strstr (why, pairs[i].why))
      g_error ("%s → %s: “%s” instead of “%s”", pairs[i].older, pairs[i].newer, why, pairs[i].why);
  }
}

static void
every_version_follows_the_one_before (void)
{
  g_autoptr (GDir) dir = g_dir_open (SOURCE_DIR "/schemas/avro", 0, NULL);
  const char *file;
  guint count = 0;

  while ((file = g_dir_read_name (dir))) {
    g_autofree char *stem = NULL;
    const Schema *before, *now;
    guint version = 1;

    if (!g_str_has_suffix (file, ".avsc"))
      continue;
    count++;
    stem = g_strndup (file, strlen (file) - strlen (".avsc"));
    before = schema_version (stem, 1);
    if (!before)
      g_error ("schemas/avro/versions/%s/1.avsc is missing", stem);
    while ((now = schema_version (stem, ++version))) {
      g_autofree char *why = refusal (schema_root (before), schema_root (now));

      if (why)
        g_error ("%s, version %u after %u: %s", stem, version, version - 1, why);
      before = now;
    }
    {
      g_autofree char *why = refusal (schema_root (before), schema_root (schema_newest (stem)));

      if (why)
        g_error ("%s.avsc after version %u: %s", stem, version - 1, why);
    }
    if (!g_str_equal (schema_text (before), schema_text (schema_newest (stem))))
      g_error ("%s.avsc has changed: keep a copy as schemas/avro/versions/%s/%u.avsc", stem, stem,
               version);
  }
  g_assert_cmpuint (count, >=, 5);
}

static void
assert_has_defaults (const SchemaType *type, const char *stem)
{
  if (type->kind == SCHEMA_ENUM && g_strcmp0 (type->default_symbol, "OTHER") != 0)
    g_error ("%s.avsc: %s has no default OTHER", stem, type->name);
  for (guint i = 0; type->fields && i < type->fields->len; i++)
    assert_has_defaults (((const SchemaField *)g_ptr_array_index (type->fields, i))->type, stem);
  for (guint i = 0; type->branches && i < type->branches->len; i++)
    assert_has_defaults (g_ptr_array_index (type->branches, i), stem);
  if (type->items)
    assert_has_defaults (type->items, stem);
}

/* Of those that anybody may read, and whose readers are not ours to change first. */
static void
enums_of_published_events_have_a_default (void)
{
  static const char *const stems[] = { "claim-event", "monitoring-event" };

  for (guint i = 0; i < G_N_ELEMENTS (stems); i++)
    assert_has_defaults (schema_root (schema_newest (stems[i])), stems[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/evolution/the-rule-holds", the_rule_holds);
  g_test_add_func ("/events/evolution/every-version-follows-the-one-before",
                   every_version_follows_the_one_before);
  g_test_add_func ("/events/evolution/enums-of-published-events-have-a-default",
                   enums_of_published_events_have_a_default);
  return g_test_run ();
}
