#include "events/reading.h"

#include <string.h>

#include "events/codec.h"

/* Everything Avro has, and a record that may hold itself. */
static const char everything[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"null\",\"type\":\"null\"},"
    "{\"name\":\"boolean\",\"type\":\"boolean\"},"
    "{\"name\":\"int\",\"type\":\"int\"},"
    "{\"name\":\"long\",\"type\":\"long\"},"
    "{\"name\":\"float\",\"type\":\"float\"},"
    "{\"name\":\"double\",\"type\":\"double\"},"
    "{\"name\":\"bytes\",\"type\":\"bytes\"},"
    "{\"name\":\"string\",\"type\":\"string\"},"
    "{\"name\":\"enum\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\",\"Y\"]}},"
    "{\"name\":\"array\",\"type\":{\"type\":\"array\",\"items\":\"int\"}},"
    "{\"name\":\"map\",\"type\":{\"type\":\"map\",\"values\":\"string\"}},"
    "{\"name\":\"fixed\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"union\",\"type\":[\"null\",\"long\"]},"
    "{\"name\":\"record\",\"type\":[\"null\",\"R\"]},"
    "{\"name\":\"last\",\"type\":\"string\"}]}";

static const guint8 one_of_everything[] = {
  0x01,                                                       /* boolean */
  0xff, 0xff, 0xff, 0xff, 0x0f,                               /* int -2147483648 */
  0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, /* long 9223372036854775807 */
  0x00, 0x00, 0x80, 0x3f,                                     /* float */
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0x3f,             /* double */
  0x04, 0x00, 0xff,                                           /* two bytes */
  0x06, 0xc3, 0xa9, 'x',                                      /* string éx */
  0x02,                                                       /* enum Y */
  0x04, 0x02, 0x04, 0x01, 0x02, 0x06, 0x00, /* array: 1, 2; a block of 1 with size; end */
  0x02, 0x02, 'k',  0x02, 'v',  0x00,       /* map k: v */
  0x01, 0x02, 0x03,                         /* fixed */
  0x02, 0x0e,                               /* union: long 7 */
  0x00,                                     /* no record within */
  0x00,                                     /* empty string */
};

static gboolean
note (const char *name, const FieldValue *value, gpointer data, GError **error)
{
  GString *notes = data;

  (void)error;
  g_string_append_printf (notes, "%s:%d:%" G_GINT64_FORMAT ":%s ", name, (int)value->kind,
                          value->number, value->text ? value->text : "-");
  return TRUE;
}

static Schema *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  Schema *schema = schema_parse (text, &error);

  g_assert_no_error (error);
  return schema;
}

static void
reads_every_type (void)
{
  g_autoptr (Schema) schema = parse (everything);
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  reading_record (schema, one_of_everything, sizeof one_of_everything, note, notes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (notes->str, ==,
                   "null:0:0:- boolean:1:1:- int:2:-2147483648:- long:3:9223372036854775807:- "
                   "float:4:0:- double:5:0:- bytes:6:0:- string:7:0:éx enum:9:0:Y array:10:0:- "
                   "map:11:0:- fixed:13:0:- union:3:7:- record:0:0:- last:7:0: ");
}

static void
assert_malformed (const char *fields, const void *bytes, gsize length)
{
  g_autofree char *text =
      g_strconcat ("{\"type\":\"record\",\"name\":\"R\",\"fields\":[", fields, "]}", NULL);
  g_autoptr (Schema) schema = parse (text);
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  /* A copy of exactly that size, so that valgrind and the sanitizers see a step too far. */
  g_autofree guint8 *exact = g_memdup2 (bytes, length);

  if (reading_record (schema, exact, length, note, notes, &error))
    g_error ("read %s as %s", fields, notes->str);
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
}

#define FIELD(type)                   "{\"name\":\"x\",\"type\":" type "}"
#define ASSERT_MALFORMED(type, bytes) assert_malformed (FIELD (type), bytes, sizeof (bytes) - 1)

static void
refuses_what_is_not_there (void)
{
  g_autoptr (Schema) schema = parse (everything);

  for (gsize length = 0; length < sizeof one_of_everything; length++) {
    g_autofree guint8 *exact = g_memdup2 (one_of_everything, length);
    g_autoptr (GString) notes = g_string_new (NULL);
    g_autoptr (GError) error = NULL;

    g_assert_false (reading_record (schema, exact, length, note, notes, &error));
    g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
  }
}

static void
refuses_what_does_not_fit (void)
{
  ASSERT_MALFORMED ("\"int\"", "\x02\x02");                                  /* a byte too many */
  ASSERT_MALFORMED ("\"int\"", "\x80\x80\x80\x80\x10");                      /* 2147483648 */
  ASSERT_MALFORMED ("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"); /* 65 bits */
  ASSERT_MALFORMED ("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00");
  ASSERT_MALFORMED ("\"boolean\"", "\x02");
  ASSERT_MALFORMED ("\"string\"", "\x01"); /* length -1 */
  ASSERT_MALFORMED ("\"string\"", "\x04"
                                  "a");
  ASSERT_MALFORMED ("\"string\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                  "a");
  ASSERT_MALFORMED ("\"string\"", "\x02\xc3"); /* half a character */
  ASSERT_MALFORMED ("\"string\"", "\x04"
                                  "a\0");
  ASSERT_MALFORMED ("\"bytes\"", "\x01");
  ASSERT_MALFORMED ("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}", "\x02");
  ASSERT_MALFORMED ("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}", "\x01");
  ASSERT_MALFORMED ("[\"null\",\"int\"]", "\x04");
  ASSERT_MALFORMED ("{\"type\":\"fixed\",\"name\":\"F\",\"size\":9223372036854775807}", "\x04");
}

static void
refuses_too_much (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree guint8 *nested = g_malloc (100000);

  /* 2^62 nothings, in blocks of either kind; they take no bytes. */
  ASSERT_MALFORMED ("{\"type\":\"array\",\"items\":\"null\"}",
                    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00");
  ASSERT_MALFORMED ("{\"type\":\"array\",\"items\":\"null\"}",
                    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00");

  /* A text of 64 KiB and 1. */
  g_string_append (text, "\x82\x80\x08");
  for (guint i = 0; i <= 65536; i++)
    g_string_append_c (text, 'x');
  assert_malformed (FIELD ("\"string\""), text->str, text->len);

  /* A record in itself, 40 times, well closed; and 100,000 times, which must not eat the stack. */
  memset (nested, 0x02, 100000);
  nested[40] = 0x00;
  assert_malformed (FIELD ("[\"null\",\"R\"]"), nested, 41);
  nested[40] = 0x02;
  assert_malformed (FIELD ("[\"null\",\"R\"]"), nested, 100000);
}

static gboolean
say_no (const char *name, const FieldValue *value, gpointer data, GError **error)
{
  (void)name, (void)value, (void)data;
  g_set_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN, "no");
  return FALSE;
}

static void
stops_when_told (void)
{
  g_autoptr (Schema) schema = parse (everything);
  g_autoptr (GError) error = NULL;

  g_assert_false (
      reading_record (schema, one_of_everything, sizeof one_of_everything, say_no, NULL, &error));
  g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_UNKNOWN);
}

static void
survives_random_bytes (void)
{
  g_autoptr (Schema) schema = parse (everything);
  guint rounds = g_test_slow () ? 2000000 : 20000;

  for (guint round = 0; round < rounds; round++) {
    gsize length = (gsize)g_test_rand_int_range (0, 2 * sizeof one_of_everything);
    g_autofree guint8 *bytes = g_malloc (length);
    g_autoptr (GString) notes = g_string_new (NULL);
    g_autoptr (GError) error = NULL;

    for (gsize i = 0; i < length; i++)
      bytes[i] = (guint8)g_test_rand_int_range (0, 256);
    /* Every other one is a good value with a few bytes changed, to come further in. */
    if (round % 2) {
      gsize changed = (gsize)g_test_rand_int_range (0, 4);

      g_free (bytes);
      length = sizeof one_of_everything;
      bytes = g_memdup2 (one_of_everything, length);
      for (gsize i = 0; i < changed; i++)
        bytes[g_test_rand_int_range (0, (gint32)length)] = (guint8)g_test_rand_int_range (0, 256);
    }
    if (!reading_record (schema, bytes, length, note, notes, &error))
      g_assert_error (error, EVENTS_ERROR, EVENTS_ERROR_MALFORMED);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/reading/reads-every-type", reads_every_type);
  g_test_add_func ("/events/reading/refuses-what-is-not-there", refuses_what_is_not_there);
  g_test_add_func ("/events/reading/refuses-what-does-not-fit", refuses_what_does_not_fit);
  g_test_add_func ("/events/reading/refuses-too-much", refuses_too_much);
  g_test_add_func ("/events/reading/stops-when-told", stops_when_told);
  g_test_add_func ("/events/reading/survives-random-bytes", survives_random_bytes);
  return g_test_run ();
}
