/* The evidence-simulator's reader of multipart/form-data: any bytes at all are parts or none, and
 * whatever stands in a file, the same file comes out. */
#include "evidence-simulator/form.h"

#include <string.h>

#include "fuzz.h"

#define TYPE "multipart/form-data; boundary=b"
#define HEADS                                                                                      \
  "--b\r\nContent-Disposition: form-data; name=\"payload\"\r\nContent-Type: "                      \
  "application/json\r\n\r\n{}\r\n"                                                                 \
  "--b \t\r\ncontent-disposition: form-data; filename=\"x;\\\"name=y\"; name=file\r\n\r\n"

void
fuzz_seeds (void)
{
  fuzz_seed_text (HEADS "%PDF-1.4\r\n--b--\r\n");
  fuzz_seed_text ("before\r\n" HEADS "\r\n--b--behind");
  fuzz_seed_text (HEADS "\r\n--b\r\nContent-Disposition: form-data; name=\"\r\n\r\n\r\n--b--");
  fuzz_seed_text ("--b--");
  FUZZ_SEED_LITERAL ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\0\r\n--b");
}

static void
read_anything (GBytes *body, const char *type)
{
  g_autoptr (GPtrArray) parts = form_parse (body, type);
  gsize length = 0;

  for (guint i = 0; parts && i < parts->len; i++) {
    const FormPart *part = g_ptr_array_index (parts, i);

    g_assert_true (*part->name);
    length += g_bytes_get_size (part->bytes);
  }
  g_assert_cmpuint (length, <=, g_bytes_get_size (body));
}

/* The boundary must not stand in the file: a sender sees to that. */
static void
send_and_read (GBytes *file)
{
  static const char begin[] =
      "--boundary-of-this-form\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
  static const char end[] = "\r\n--boundary-of-this-form--\r\n";
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  const FormPart *part = NULL;

  g_byte_array_append (whole, (const guint8 *)begin, strlen (begin));
  g_byte_array_append (whole, g_bytes_get_data (file, NULL), (guint)g_bytes_get_size (file));
  g_byte_array_append (whole, (const guint8 *)end, strlen (end));
  body = g_bytes_new (whole->data, whole->len);
  parts = form_parse (body, "multipart/form-data; boundary=boundary-of-this-form");
  g_assert_nonnull (parts);
  g_assert_cmpuint (parts->len, ==, 1);
  part = g_ptr_array_index (parts, 0);
  g_assert_cmpstr (part->name, ==, "file");
  g_assert_cmpstr (part->file_name, ==, "f");
  g_assert_true (g_bytes_equal (part->bytes, file));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autofree char *text = g_strndup ((const char *)data, size);

  read_anything (bytes, TYPE);
  read_anything (bytes, text); /* a type as strange as the body */
  if (!memmem (data, size, "boundary-of-this-form", strlen ("boundary-of-this-form")))
    send_and_read (bytes);
  return 0;
}
