#include <glib.h>

#include "papers/countries.h"

static void
a_country_in_two_letters (void)
{
  g_assert_cmpstr (papers_country_code ("USA"), ==, "US");
  g_assert_cmpstr (papers_country_code ("us"), ==, "US");
  g_assert_cmpstr (papers_country_code ("DEU"), ==, "DE");
  g_assert_cmpstr (papers_country_code ("france"), ==, "FR");
  g_assert_cmpstr (papers_country_code ("PRI"), ==, "PR");
  g_assert_null (papers_country_code ("Atlantis"));
  g_assert_null (papers_country_code (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/papers/countries/in-two-letters", a_country_in_two_letters);
  return g_test_run ();
}
