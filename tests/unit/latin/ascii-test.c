/* What is written for letters outside ASCII. */
#include "latin/ascii.h"

static void
test_ascii (void)
{
  static const struct {
    const char *text;
    char gap;
    const char *ascii;
  } cases[] = {
    { "Ann Lee-O'Neil", 0, "Ann Lee-O'Neil" },
    { "Zoë Łukasz Åse", 0, "Zoe Lukasz Ase" },
    { "Þór Ægir", 0, "Thor Aegir" },
    { "Дмитрий", 0, "Dmitrij" },
    { "Νίκος", 0, "Nikos" },
    { "李小龍", 0, "li xiao long" },
    { "½", 0, " 1/2" },
    { "a\tb\nc", 0, "a\tb\nc" },
    { "a\001b\u200bc", 0, "abc" },
    { "John\u00adson", 0, "Johnson" },
    { "Haupt\u00adstraße 5", ' ', "Hauptstrasse 5" },
    { "😀", 0, "" },
    { "x😀y", ' ', "x y" },
    { "bad\xff"
      "byte",
      0, "badbyte" },
    { "", 0, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *once = latin_ascii (cases[i].text, cases[i].gap);
    g_autofree char *twice = latin_ascii (once, cases[i].gap);

    g_assert_cmpstr (once, ==, cases[i].ascii);
    g_assert_cmpstr (twice, ==, once);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/latin/ascii/letters-are-written-in-latin-ones", test_ascii);
  return g_test_run ();
}
