/* A package as our client writes it and the server's own parser reads it: any bytes at all are a
 * payload or a problem, and whatever stands in the documents of a package, the same documents come
 * out. */
#include "intake-simulator/payload.h"

#include <string.h>

#include "fuzz.h"
#include "intake/package.h"

#define HEADS                                                                                      \
  "--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: "                     \
  "application/json\r\n\r\n{}\r\n"                                                                 \
  "--b\r\ncontent-type: application/pdf\r\ncontent-disposition: form-data; "                       \
  "filename=\"x;name=y\"; name=content\r\n\r\n"

void
fuzz_seeds (void)
{
  fuzz_seed_text (HEADS "%PDF-1.4\r\n--b--\r\n");
  fuzz_seed_text (HEADS "\r\n--b\r\nContent-Disposition: x; name=\"\"\r\n\r\n");
  fuzz_seed_text (
      "data:multipart/form-data;base64,LS1iDQpDb250ZW50LVR5cGU6IGFwcGxpY2F0aW9uL3BkZg0K");
  fuzz_seed_text ("one document\r\n--package-\r\n");
  FUZZ_SEED_LITERAL ("a\r\0--\r\n\0\r\n--package");
  fuzz_seed_text ("\r\n\r\n");
}

static void
parse_anything (GBytes *object)
{
  g_autofree char *problem = NULL;
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) parts = payload_parse (object, &problem);

  g_assert_true ((parts == NULL) == (problem != NULL));
  for (guint i = 0; parts && i < parts->len; i++) {
    const Part *part = g_ptr_array_index (parts, i);
    g_autoptr (GBytes) sent = part_as_sent (part);

    g_assert_true (*part->name && g_hash_table_add (names, part->name));
    g_assert_cmpuint (g_bytes_get_size (part->bytes), <=, g_bytes_get_size (object));
    g_assert_cmpuint (g_bytes_get_size (part->bytes) - g_bytes_get_size (sent), <=, 2);
    (void)payload_is_known_part (part->name);
  }
}

/* In pieces that begin and end anywhere. */
static GBytes *
read_package (const IntakePackage *package, gsize piece)
{
  g_autoptr (IntakeStream) stream = intake_stream_new (package);
  GByteArray *whole = g_byte_array_new ();
  char buffer[256];
  gssize got;

  while ((got = intake_stream_read (stream, buffer, piece)) > 0)
    g_byte_array_append (whole, (const guint8 *)buffer, (guint)got);
  g_assert_cmpuint (whole->len, ==, intake_package_bytes (package));
  return g_byte_array_free_to_bytes (whole);
}

static void
send_and_read (GBytes *document, gsize piece)
{
  g_autoptr (IntakePackage) package = intake_package_new ("{}");
  g_autoptr (GBytes) object = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  g_autofree char *problem = NULL;

  intake_package_add_bytes (package, document);
  intake_package_add_bytes (package, document);
  object = read_package (package, piece);
  parts = payload_parse (object, &problem);
  g_assert_cmpstr (problem, ==, NULL);
  g_assert_cmpuint (parts->len, ==, 3);
  for (guint i = 1; i < parts->len; i++) {
    const Part *part = g_ptr_array_index (parts, i);
    g_autoptr (GBytes) sent = part_as_sent (part);

    g_assert_cmpstr (part->name, ==, i == 1 ? "content" : "attachment1");
    g_assert_true (g_bytes_equal (sent, document));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  parse_anything (bytes);
  send_and_read (bytes, 1 + (size ? data[0] % 255 : 0));
  return 0;
}
