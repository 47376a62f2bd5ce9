/* multipart/form-data: any bytes are read to the same end however they are cut, and whatever stands
 * in a package of our own comes out as it went in. */
#include "http/multipart.h"

#include <string.h>

#include "fuzz.h"
#include "intake/package.h"

void
fuzz_seeds (void)
{
  fuzz_seed_literals ("tests/unit/http/multipart-test.c", "\007", 1);
  fuzz_seed_text ("\001multipart/form-data; boundary=\"a b\"; charset=utf-8");
  FUZZ_SEED_LITERAL (
      "\003--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\0\r\r\n--\r\n--b--\r\n");
}

/* What the reader says, without where one run of data ends and the next begins. */
static GString *
read_in_pieces (const char *boundary, const char *text, gsize length, gsize piece)
{
  g_autoptr (MultipartReader) reader = multipart_reader_new (boundary);
  GString *said = g_string_new (NULL);
  MultipartStep step = MULTIPART_MORE;

  for (gsize at = 0; at < length && step != MULTIPART_MALFORMED; at += piece) {
    const char *bytes = text + at;
    gsize left = MIN (piece, length - at);

    do {
      const char *data = NULL;
      gsize data_length = 0;

      step = multipart_reader_step (reader, &bytes, &left, &data, &data_length);
      if (step == MULTIPART_PART)
        g_string_append_printf (said, "\n(%s)", multipart_reader_part (reader)->name);
      if (step == MULTIPART_DATA) {
        g_assert_cmpuint (data_length, >, 0);
        g_string_append_len (said, data, (gssize)data_length);
      }
    } while (step != MULTIPART_MORE && step != MULTIPART_END && step != MULTIPART_MALFORMED);
    g_assert_true (left == 0 || step == MULTIPART_MALFORMED);
  }
  if (step == MULTIPART_MALFORMED)
    fuzz_check_line (multipart_reader_problem (reader));
  g_string_append_printf (said, "\n%d", step);
  return said;
}

static void
read_both_ways (const char *boundary, const char *text, gsize length, gsize piece)
{
  GString *whole = read_in_pieces (boundary, text, length, MAX (length, 1));
  GString *pieces = read_in_pieces (boundary, text, length, piece);

  g_assert_true (g_string_equal (whole, pieces));
  g_string_free (whole, TRUE);
  g_string_free (pieces, TRUE);
}

/* The same as our own client writes it. */
static void
read_package (const char *text, gsize length, gsize piece)
{
  g_autoptr (IntakePackage) package = intake_package_new ("{}");
  g_autoptr (IntakeStream) stream = intake_stream_new (package);
  g_autoptr (GBytes) document = g_bytes_new (text, length);
  g_autofree char *boundary = multipart_boundary (intake_package_content_type (package));
  GString *whole = g_string_new (NULL);
  GString *expected = g_string_new ("\n(metadata){}\n(content)");
  GString *said = NULL;
  char buffer[4096];
  gssize got;

  intake_package_add_bytes (package, document);
  while ((got = intake_stream_read (stream, buffer, sizeof buffer)) > 0)
    g_string_append_len (whole, buffer, got);
  said = read_in_pieces (boundary, whole->str, whole->len, piece);
  g_string_append_len (expected, text, (gssize)length);
  g_string_append_printf (expected, "\n%d", MULTIPART_END);
  g_assert_true (g_string_equal (said, expected));
  g_string_free (whole, TRUE);
  g_string_free (expected, TRUE);
  g_string_free (said, TRUE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *)data + 1;
  g_autofree char *type = NULL;
  g_autofree char *boundary = NULL;
  gsize piece;

  if (size == 0)
    return 0;
  piece = 1 + data[0] % 16;
  type = g_strndup (text, size - 1);
  boundary = multipart_boundary (type);
  g_assert_true (!boundary || strlen (boundary) <= MULTIPART_BOUNDARY_MAX);
  read_both_ways ("b", text, size - 1, piece);
  read_package (text, size - 1, piece);
  return 0;
}
