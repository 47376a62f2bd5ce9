/* A package byte by byte, as it goes out. */
#include "intake/package.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "intake/intake.h"

#define METADATA "{\"a\":1}"

static int
file_with (const char *text)
{
  int fd = memfd_create ("test", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  return fd;
}

static void
add_text (IntakePackage *package, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  intake_package_add_bytes (package, bytes);
}

/* Read in pieces of at most @piece bytes. */
static char *
read_all (const IntakePackage *package, gsize piece, char **ret_md5)
{
  g_autoptr (IntakeStream) stream = intake_stream_new (package);
  GString *whole = g_string_new (NULL);
  g_autofree char *buffer = g_malloc (piece);
  gssize got;

  while ((got = intake_stream_read (stream, buffer, piece)) > 0)
    g_string_append_len (whole, buffer, got);
  g_assert_cmpint (got, ==, 0);
  if (ret_md5)
    *ret_md5 = g_strdup (intake_stream_md5 (stream));
  return g_string_free (whole, FALSE);
}

static void
test_bytes (void)
{
  g_autoptr (IntakePackage) package = intake_package_new (METADATA);
  const char *type = intake_package_content_type (package);
  const char *boundary = type + strlen ("multipart/form-data; boundary=");
  g_autofree char *expected = NULL;
  g_autofree char *expected_md5 = NULL;
  int fd = file_with ("second document");

  add_text (package, "main\r\ndocument\r\n");
  intake_package_add_file (package, fd, strlen ("second document"));
  add_text (package, "third");

  g_assert_true (g_str_has_prefix (type, "multipart/form-data; boundary=package-"));
  expected = g_strdup_printf ("--%s\r\nContent-Disposition: form-data; name=\"metadata\"\r\n"
                              "Content-Type: application/json\r\n\r\n" METADATA
                              "\r\n--%s\r\nContent-Disposition: form-data; name=\"content\"\r\n"
                              "Content-Type: application/pdf\r\n\r\nmain\r\ndocument\r\n"
                              "\r\n--%s\r\nContent-Disposition: form-data; name=\"attachment1\"\r\n"
                              "Content-Type: application/pdf\r\n\r\nsecond document"
                              "\r\n--%s\r\nContent-Disposition: form-data; name=\"attachment2\"\r\n"
                              "Content-Type: application/pdf\r\n\r\nthird\r\n--%s--\r\n",
                              boundary, boundary, boundary, boundary, boundary);
  expected_md5 = g_compute_checksum_for_string (G_CHECKSUM_MD5, expected, -1);
  g_assert_cmpuint (intake_package_bytes (package), ==, strlen (expected));
  for (gsize piece = 1; piece < 700; piece += 7) { /* the same again and again, from the start */
    g_autofree char *md5 = NULL;
    g_autofree char *whole = read_all (package, piece, &md5);

    g_assert_cmpstr (whole, ==, expected);
    g_assert_cmpstr (md5, ==, expected_md5);
  }
  close (fd);
}

static void
test_boundary (void)
{
  g_autoptr (IntakePackage) one = intake_package_new (METADATA);
  g_autoptr (IntakePackage) other = intake_package_new (METADATA);

  g_assert_cmpstr (intake_package_content_type (one), !=, intake_package_content_type (other));
}

static void
test_short_file (void)
{
  g_autoptr (IntakePackage) package = intake_package_new (METADATA);
  g_autoptr (IntakeStream) stream = intake_stream_new (package);
  char buffer[4096];
  int fd = file_with ("short");
  gssize got;

  intake_package_add_file (package, fd, 6);
  while ((got = intake_stream_read (stream, buffer, sizeof buffer)) > 0)
    continue;
  g_assert_cmpint (got, ==, -1);
  close (fd);
}

static void
refused (IntakePackage *package)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (intake_package_check (package, &error));
  g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT);
}

static void
test_limits (void)
{
  g_autoptr (IntakePackage) none = intake_package_new (METADATA);
  g_autoptr (IntakePackage) empty = intake_package_new (METADATA);
  g_autoptr (IntakePackage) large = intake_package_new (METADATA);
  g_autoptr (IntakePackage) fits = intake_package_new (METADATA);
  g_autoptr (IntakePackage) many = intake_package_new (METADATA);
  GError *error = NULL;

  refused (none);
  add_text (empty, "x");
  add_text (empty, "");
  refused (empty);
  intake_package_add_file (large, -1, INTAKE_DOCUMENT_MAX_BYTES + 1);
  refused (large);
  intake_package_add_file (fits, -1, INTAKE_DOCUMENT_MAX_BYTES);
  g_assert_true (intake_package_check (fits, &error));
  g_assert_no_error (error);
  for (int i = 0; i < 50; i++)
    intake_package_add_file (many, -1, INTAKE_DOCUMENT_MAX_BYTES);
  refused (many);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/package/its-bytes", test_bytes);
  g_test_add_func ("/intake/package/its-boundary-is-its-own", test_boundary);
  g_test_add_func ("/intake/package/a-file-that-is-too-short-is-told", test_short_file);
  g_test_add_func ("/intake/package/what-cannot-be-sent", test_limits);
  return g_test_run ();
}
