/* multipart/form-data: what is taken and what is refused, at once and byte by byte. */
#include "http/multipart.h"

#include <string.h>

#define NAME(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"
#define ONE(head)  "--b\r\n" head "\r\nx\r\n--b--\r\n"

/* Everything that the reader says of @text, in a line: (name|filename|type)data. */
static char *
read_in_pieces (const char *text, gsize length, gsize piece)
{
  g_autoptr (MultipartReader) reader = multipart_reader_new ("b");
  GString *said = g_string_new (NULL);
  gboolean is_whole = FALSE;

  for (gsize at = 0; at < length; at += piece) {
    const char *bytes = text + at;
    gsize left = MIN (piece, length - at);

    for (MultipartStep step = MULTIPART_PART; step != MULTIPART_MORE && step != MULTIPART_END;) {
      const MultipartPart *part = multipart_reader_part (reader);
      const char *data = NULL;
      gsize data_length = 0;

      step = multipart_reader_step (reader, &bytes, &left, &data, &data_length);
      is_whole = step == MULTIPART_END;
      if (step == MULTIPART_PART)
        g_string_append_printf (said, "(%s|%s|%s)", part->name,
                                part->filename ? part->filename : "-",
                                part->content_type ? part->content_type : "-");
      if (step == MULTIPART_DATA)
        g_string_append_len (said, data, (gssize)data_length);
      if (step == MULTIPART_PART_END)
        g_string_append_c (said, ';');
      if (step == MULTIPART_MALFORMED) {
        g_string_append_printf (said, "!%s", multipart_reader_problem (reader));
        return g_string_free (said, FALSE);
      }
    }
    g_assert_cmpuint (left, ==, 0);
  }
  g_string_append (said, is_whole ? "." : "…");
  return g_string_free (said, FALSE);
}

static void
check (const char *text, gsize length, const char *expected)
{
  g_test_message ("%s", text);
  for (gsize piece = 1; piece <= length; piece += piece < 10 ? 1 : 7) {
    g_autofree char *said = read_in_pieces (text, length, piece);

    g_assert_cmpstr (said, ==, expected);
  }
}

static void
test_taken (void)
{
  static const struct {
    const char *text, *said;
  } cases[] = {
    { ONE (NAME ("a")), "(a|-|-)x;." },
    { "--b\r\n" NAME ("a") "\r\n\r\n--b--", "(a|-|-);." },
    { "--b--\r\n", "." },
    { "--b--", "." },
    { "--b\r\n" NAME ("a") "\r\n1\r\n--b\r\n" NAME ("b") "Content-Type: application/pdf\r\n\r\n"
                                                         "2\r\n--b--\r\n",
      "(a|-|-)1;(b|-|application/pdf)2;." },
    { ONE ("CONTENT-DISPOSITION:form-data;NAME=a;filename=b.pdf\r\ncontent-type:\ttext/plain \r\n"),
      "(a|b.pdf|text/plain)x;." },
    { ONE ("Content-Disposition: form-data; filename=\"x; name=\\\"y\\\"\"; name=\"a b\"\r\n"),
      "(a b|x; name=\"y\"|-)x;." },
    { ONE ("Content-Disposition: form-data; name=\"a\"; filename=\"Zoë.pdf\"\r\n"),
      "(a|Zoë.pdf|-)x;." },
    { ONE ("X-Other: anything\r\n" NAME ("a") "Content-Transfer-Encoding: binary\r\n"),
      "(a|-|-)x;." },
    /* What looks like a boundary and is none. */
    { "--b\r\n" NAME ("a") "\r\n\r\r\n\r\n-\r\n--\r\n--c\n--b\r--b--b\r\n\r\n--b--\r\n",
      "(a|-|-)\r\r\n\r\n-\r\n--\r\n--c\n--b\r--b--b\r\n;." },
    { "--b\r\n" NAME ("a") "\r\n--b\r\n--b--\r\n", "(a|-|-)--b;." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check (cases[i].text, strlen (cases[i].text), cases[i].said);
}

#define HEAD_MALFORMED "!A part's head is malformed."
#define NO_NAME        "!A part has no Content-Disposition of form-data with a name."
#define ENCODED        "!A part has a Content-Transfer-Encoding, which nobody reads."
#define NO_BEGINNING   "!The body does not begin with its boundary."
#define NO_LINE_END    "!A boundary is followed by something else than a line's end."
#define BEHIND         "!Something stands behind the last boundary."

static void
test_refused (void)
{
  static const struct {
    const char *text, *said;
  } cases[] = {
    { "preamble\r\n" ONE (NAME ("a")), NO_BEGINNING },
    { "\r\n" ONE (NAME ("a")), NO_BEGINNING },
    { "-b\r\n", NO_BEGINNING },
    { "--c\r\n", NO_BEGINNING },
    { "--b \r\n" NAME ("a") "\r\nx\r\n--b--\r\n", NO_LINE_END },
    { "--b\n" NAME ("a") "\r\nx\r\n--b--\r\n", NO_LINE_END },
    { "--b\r\n" NAME ("a") "\r\nx\r\n--bc\r\n", "(a|-|-)x;" NO_LINE_END },
    { "--b\r\n" NAME ("a") "\r\nx\r\n--b-\r\n", "(a|-|-)x;" NO_LINE_END },
    { ONE (NAME ("a")) "epilogue", "(a|-|-)x;" BEHIND },
    { ONE (NAME ("a")) "\r\n", "(a|-|-)x;" BEHIND },
    { "--b--\n", BEHIND },
    { ONE (""), NO_NAME },
    { ONE ("Content-Type: text/plain\r\n"), NO_NAME },
    { ONE ("Content-Disposition: attachment; name=\"a\"\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-data\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-data; filename=\"a\"\r\n"), NO_NAME },
    { ONE (NAME ("")), NO_NAME },
    { ONE ("Content-Disposition: form-data; name=\"a\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-data; name=a; name=b\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-data; name=a junk\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-datax; name=a\r\n"), NO_NAME },
    { ONE ("Content-Disposition: form-data; name=\"\xff\"\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") NAME ("b")), HEAD_MALFORMED },
    { ONE (NAME ("a") "Content-Type: a/b\r\nContent-Type: a/b\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") " folded\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "No-Colon\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "X : y\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "X: a\rb\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "X: a\nb\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "X: \001\r\n"), HEAD_MALFORMED },
    { ONE (NAME ("a") "Content-Transfer-Encoding: base64\r\n"), ENCODED },
  };
  static const char nul[] = "--b\r\n" NAME ("a") "X: a\0b\r\n\r\nx\r\n--b--\r\n";
  static const char nul_behind[] = "--b--\r\n\0";

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check (cases[i].text, strlen (cases[i].text), cases[i].said);
  check (nul, sizeof nul - 1, HEAD_MALFORMED);
  check (nul_behind, sizeof nul_behind - 1, BEHIND);
}

/* Every beginning of a good body is unfinished, and nothing of it is refused. */
static void
test_cut_off (void)
{
  static const char text[] =
      "--b\r\n" NAME ("a") "\r\n1\r\n-\r\n--b\r\n" NAME ("c") "\r\n2\r\n--b--";

  for (gsize length = 1; length < sizeof text - 1; length++) {
    g_autofree char *said = read_in_pieces (text, length, length);

    g_assert_true (g_str_has_suffix (said, "…"));
  }
}

static void
test_bytes_of_any_value (void)
{
  g_autoptr (GString) text = g_string_new ("--b\r\n" NAME ("a") "\r\n");
  g_autoptr (GString) expected = g_string_new ("(a|-|-)");
  g_autoptr (MultipartReader) reader = multipart_reader_new ("b");
  g_autoptr (GString) got = g_string_new (NULL);
  const char *bytes = NULL, *data = NULL;
  gsize left = 0, length = 0;
  MultipartStep step = MULTIPART_MORE;

  for (int i = 0; i < 256; i++)
    g_string_append_c (expected, (char)i);
  g_string_erase (expected, 0, strlen ("(a|-|-)"));
  g_string_append_len (text, expected->str, (gssize)expected->len);
  g_string_append (text, "\r\n--b--\r\n");
  bytes = text->str;
  left = text->len;
  while ((step = multipart_reader_step (reader, &bytes, &left, &data, &length)) != MULTIPART_END) {
    g_assert_cmpint (step, !=, MULTIPART_MALFORMED);
    if (step == MULTIPART_DATA)
      g_string_append_len (got, data, (gssize)length);
  }
  g_assert_true (g_string_equal (got, expected));
}

static void
test_bounds (void)
{
  g_autofree char *filler = g_strnfill (MULTIPART_HEAD_MAX, 'x');
  g_autofree char *head = g_strconcat ("--b\r\nX: ", filler, NULL);
  g_autofree char *said = read_in_pieces (head, strlen (head), 100);
  g_autofree char *long_name = g_strnfill (MULTIPART_NAME_MAX + 1, 'n');
  g_autofree char *named = g_strdup_printf (ONE (NAME ("%s")), long_name);
  g_autofree char *fits = g_strdup_printf (ONE (NAME ("%s")), long_name + 1);
  g_autofree char *fits_said = g_strdup_printf ("(%s|-|-)x;.", long_name + 1);

  g_assert_cmpstr (said, ==, "!A part's head is too large.");
  check (named, strlen (named), NO_NAME);
  check (fits, strlen (fits), fits_said);
}

static void
test_boundary (void)
{
  static const struct {
    const char *type, *boundary;
  } cases[] = {
    { "multipart/form-data; boundary=abc", "abc" },
    { "Multipart/Form-Data;BOUNDARY=\"a b:c\"", "a b:c" },
    { "multipart/form-data; charset=utf-8; boundary=----x", "----x" },
    { "multipart/form-data", NULL },
    { "multipart/form-data; boundary=", NULL },
    { "multipart/form-data; boundary=\"\"", NULL },
    { "multipart/form-data; boundary=\"a \"", NULL },
    { "multipart/form-data; boundary=\"a\\\"b\"", NULL },
    { "multipart/form-data; boundary=a; boundary=b", NULL },
    { "multipart/form-data; boundary=a b", NULL },
    { "multipart/form-datax; boundary=a", NULL },
    { "multipart/mixed; boundary=a", NULL },
    { "application/json", NULL },
    { NULL, NULL },
  };
  g_autofree char *filler = g_strnfill (MULTIPART_BOUNDARY_MAX + 1, 'x');
  g_autofree char *long_type = g_strconcat ("multipart/form-data; boundary=", filler, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *boundary = multipart_boundary (cases[i].type);

    g_assert_cmpstr (boundary, ==, cases[i].boundary);
  }
  g_assert_null (multipart_boundary (long_type));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/multipart/what-is-taken", test_taken);
  g_test_add_func ("/http/multipart/what-is-refused", test_refused);
  g_test_add_func ("/http/multipart/cut-off-anywhere", test_cut_off);
  g_test_add_func ("/http/multipart/bytes-of-any-value", test_bytes_of_any_value);
  g_test_add_func ("/http/multipart/bounds", test_bounds);
  g_test_add_func ("/http/multipart/the-boundary-of-a-type", test_boundary);
  return g_test_run ();
}
