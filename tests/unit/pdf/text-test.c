#include "pdf/text.h"

typedef struct {
  PdfFonts *fonts;
  GArray *odd;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void)data;
  fixture->fonts = pdf_fonts_open (&error);
  g_assert_no_error (error);
  fixture->odd = g_array_new (FALSE, FALSE, sizeof (gunichar));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void)data;
  g_array_unref (fixture->odd);
  pdf_fonts_free (fixture->fonts);
}

static void
prints (Fixture *fixture, const char *typed, gboolean may_break, const char *printed)
{
  g_autofree char *text = pdf_text_printable (fixture->fonts, typed, may_break, fixture->odd);

  g_assert_cmpstr (text, ==, printed);
}

static void
letters_of_our_fonts_stay (Fixture *fixture, gconstpointer data)
{
  (void)data;
  prints (fixture, "Ada O'Hara-Wu", FALSE, "Ada O'Hara-Wu");
  prints (fixture, "Łódź Ξενοφών Щукин שלום محمد 東京 김민준", FALSE,
          "Łódź Ξενοφών Щукин שלום محمد 東京 김민준");
  prints (fixture, "e\xcc\x81", FALSE, "é"); /* NFC */
  prints (fixture,
          "a\xe2\x80\x8c"
          "b",
          FALSE,
          "a\xe2\x80\x8c"
          "b"); /* a joiner is part of a word */
  g_assert_cmpuint (fixture->odd->len, ==, 0);
}

static void
what_cannot_be_seen_is_said (Fixture *fixture, gconstpointer data)
{
  (void)data;
  prints (fixture,
          "a\xe2\x80\xae"
          "b\x07\xe2\x80\xae",
          FALSE, "a[U+202E]b[U+0007][U+202E]");
  prints (fixture, "\xe0\xb8\x81", FALSE, "[U+0E01]"); /* Thai */
  prints (fixture,
          "\xef\xbb\xbf"
          "a\xc2\xad",
          FALSE, "[U+FEFF]a[U+00AD]");
  g_assert_cmpuint (fixture->odd->len, ==, 5);
  g_assert_cmpuint (g_array_index (fixture->odd, gunichar, 0), ==, 0x202E);
}

static void
lines_break_where_they_may (Fixture *fixture, gconstpointer data)
{
  (void)data;
  prints (fixture,
          "a\r\nb\tc\xe2\x80\xa8"
          "d\xc2\xa0"
          "e",
          TRUE, "a\nb c\nd e");
  prints (fixture, "a\r\nb\tc", FALSE, "a b c");
  g_assert_cmpuint (fixture->odd->len, ==, 0);
}

static void
names_and_joined_letters (void)
{
  g_autofree char *name = pdf_text_name (0x202E);

  g_assert_cmpstr (name, ==, "U+202E RIGHT-TO-LEFT OVERRIDE");
  g_assert_true (pdf_text_is_joined ("Ben שלום"));
  g_assert_true (pdf_text_is_joined ("محمد"));
  g_assert_false (pdf_text_is_joined ("東京 Ξενοφών é"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/pdf/text/letters-of-our-fonts-stay", Fixture, NULL, set_up,
              letters_of_our_fonts_stay, tear_down);
  g_test_add ("/pdf/text/what-cannot-be-seen-is-said", Fixture, NULL, set_up,
              what_cannot_be_seen_is_said, tear_down);
  g_test_add ("/pdf/text/lines-break-where-they-may", Fixture, NULL, set_up,
              lines_break_where_they_may, tear_down);
  g_test_add_func ("/pdf/text/names-and-joined-letters", names_and_joined_letters);
  return g_test_run ();
}
