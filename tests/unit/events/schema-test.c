#include "events/schema.h"

#include <string.h>

#include "events/codec.h"

static Schema *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  Schema *schema = schema_parse (text, &error);

  g_assert_no_error (error);
  return schema;
}

/* The test vectors of the Avro project (share/test/data/schema-tests.txt): schema, canonical form,
 * fingerprint. */
static void
fingerprints_are_the_known_ones (void)
{
  static const struct {
    const char *text, *canonical;
    guint64 fingerprint;
  } vectors[] = {
    { "\"null\"", "\"null\"", G_GUINT64_CONSTANT (0x63dd24e7cc258f8a) },
    { "{\"type\":\"null\"}", "\"null\"", G_GUINT64_CONSTANT (0x63dd24e7cc258f8a) },
    { "\"boolean\"", "\"boolean\"", G_GUINT64_CONSTANT (0x9f42fc78a4d4f764) },
    { "\"int\"", "\"int\"", G_GUINT64_CONSTANT (0x7275d51a3f395c8f) },
    { "\"string\"", "\"string\"", G_GUINT64_CONSTANT (0x8f014872634503c7) },
    { "[ \"int\" , {\"type\":\"boolean\"} ]", "[\"int\",\"boolean\"]",
      G_GUINT64_CONSTANT (0x4ad63578080c1602) },
    { "{\"fields\":[], \"type\":\"record\", \"name\":\"foo\"}",
      "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}",
      G_GUINT64_CONSTANT (0xbd0c50c84319be7e) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (Schema) schema = parse (vectors[i].text);

    g_assert_cmpstr (schema_canonical (schema), ==, vectors[i].canonical);
    g_assert_cmphex (schema_fingerprint (schema), ==, vectors[i].fingerprint);
  }
}

/* Names get their namespace, a second mention is the name, what does not change bytes is gone. */
static void
canonical_form_of_a_whole_tree (void)
{
  g_autoptr (Schema) schema =
      parse ("{ \"type\": \"record\", \"name\": \"Node\", \"namespace\": \"a.b\", \"doc\": \"d\", "
             "\"fields\": ["
             "{ \"name\": \"next\", \"type\": [\"null\", \"Node\"], \"default\": null, \"order\": "
             "\"ignore\" },"
             "{ \"name\": \"k\", \"type\": { \"type\": \"enum\", \"name\": \"c.K\", \"symbols\": "
             "[\"X\", \"Y\"] } },"
             "{ \"name\": \"m\", \"type\": { \"type\": \"map\", \"values\":"
             "   { \"type\": \"fixed\", \"name\": \"F\", \"size\": 12 } } },"
             "{ \"name\": \"at\", \"type\": { \"type\": \"long\", \"logicalType\": "
             "\"timestamp-millis\" } },"
             "{ \"name\": \"k2\", \"type\": \"c.K\" }, { \"name\": \"f2\", \"type\": \"F\" } ] }");

  g_assert_cmpstr (
      schema_canonical (schema), ==,
      "{\"name\":\"a.b.Node\",\"type\":\"record\",\"fields\":["
      "{\"name\":\"next\",\"type\":[\"null\",\"a.b.Node\"]},"
      "{\"name\":\"k\",\"type\":{\"name\":\"c.K\",\"type\":\"enum\",\"symbols\":[\"X\",\"Y\"]}},"
      "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{\"name\":\"a.b.F\",\"type\":"
      "\"fixed\",\"size\":12}}},"
      "{\"name\":\"at\",\"type\":\"long\"},"
      "{\"name\":\"k2\",\"type\":\"c.K\"},{\"name\":\"f2\",\"type\":\"a.b.F\"}]}");
}

static void
refuses_what_is_no_schema (void)
{
  static const char *const wrong[] = {
    "",
    "{",
    "3",
    "null",
    "\"strings\"",
    "{}",
    "[]",
    "[\"null\",[\"int\"]]",
    "{\"type\":\"record\"}",
    "{\"type\":\"record\",\"name\":\"a\"}",
    "{\"type\":\"record\",\"name\":\"1a\",\"fields\":[]}",
    "{\"type\":\"record\",\"name\":\"a\\\"\",\"fields\":[]}",
    "{\"type\":\"record\",\"name\":\"a..b\",\"fields\":[]}",
    "{\"type\":\"record\",\"name\":\"a\",\"namespace\":7,\"fields\":[]}",
    "{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\"}]}",
    "{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\",\"type\":\"b\"}]}",
    "{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"},"
    "{\"name\":\"x\",\"type\":\"int\"}]}",
    "{\"type\":\"enum\",\"name\":\"a\",\"symbols\":[]}",
    "{\"type\":\"enum\",\"name\":\"a\",\"symbols\":[\"X\",\"X\"]}",
    "{\"type\":\"enum\",\"name\":\"a\",\"symbols\":[\"X-Y\"]}",
    "{\"type\":\"enum\",\"name\":\"a\",\"symbols\":[\"X\"],\"default\":\"Y\"}",
    "{\"type\":\"fixed\",\"name\":\"a\",\"size\":-1}",
    "{\"type\":\"fixed\",\"name\":\"a\"}",
    "{\"type\":\"array\"}",
    "{\"type\":\"map\",\"values\":\"b\"}",
    "{\"type\":\"int\",\"type\":\"long\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    if (schema_parse (wrong[i], &error))
      g_error ("taken for a schema: %s", wrong[i]);
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
  }
}

static void
depth_and_size_are_bounded (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) wide = g_string_new ("{\"type\":\"record\",\"name\":\"a\",\"fields\":[");
  g_autofree char *very_deep = g_strnfill (500000, '[');
  g_autofree char *very_long = g_strnfill (2 * 1024 * 1024, ' ');
  const char *texts[] = { NULL, NULL, very_deep, very_long };

  for (guint i = 0; i < 100; i++)
    g_string_append (deep, "{\"type\":\"array\",\"items\":");
  g_string_append (deep, "\"int\"");
  for (guint i = 0; i < 100; i++)
    g_string_append_c (deep, '}');
  for (guint i = 0; i < 3000; i++)
    g_string_append_printf (wide, "%s{\"name\":\"x%u\",\"type\":\"int\"}", i ? "," : "", i);
  g_string_append (wide, "]}");
  texts[0] = deep->str;
  texts[1] = wide->str;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (schema_parse (texts[i], &error));
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
  }
}

static void
compiled_in_are_the_files (void)
{
  static const char *const stems[] = { "claim-submitted",        "child-claim-ready",
                                       "papers-ready",           "claim-event",
                                       "notification-requested", "monitoring-event" };

  for (guint i = 0; i < G_N_ELEMENTS (stems); i++) {
    const Schema *newest = schema_newest (stems[i]);
    g_autofree char *path = g_strconcat (SOURCE_DIR "/schemas/avro/", stems[i], ".avsc", NULL);
    g_autofree char *text = NULL;

    g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
    g_assert_cmpstr (schema_text (newest), ==, text);
    g_assert_nonnull (schema_version (stems[i], 1));
    g_assert_cmpstr (schema_canonical (schema_by_fingerprint (schema_fingerprint (newest))), ==,
                     schema_canonical (newest));
  }
  g_assert_null (schema_by_fingerprint (1));
  g_assert_null (schema_version ("claim-event", 9999));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/schema/fingerprints-are-the-known-ones",
                   fingerprints_are_the_known_ones);
  g_test_add_func ("/events/schema/canonical-form-of-a-whole-tree", canonical_form_of_a_whole_tree);
  g_test_add_func ("/events/schema/refuses-what-is-no-schema", refuses_what_is_no_schema);
  g_test_add_func ("/events/schema/depth-and-size-are-bounded", depth_and_size_are_bounded);
  g_test_add_func ("/events/schema/compiled-in-are-the-files", compiled_in_are_the_files);
  return g_test_run ();
}
