/* Addresses, names and countries as BGS wants them. */
#include "bgs/address.h"

#include <string.h>
#include "bgs/countries.h"
#include "bgs/names.h"

static void
lines_are (const char *street, const char *one, const char *two, const char *three, gboolean is_cut)
{
  g_autoptr (BgsAddress) address =
      bgs_address_new (&(BgsAddressSource){ .street = street, .country = "USA" });

  g_assert_cmpstr (address->line_one, ==, one);
  g_assert_cmpstr (address->line_two, ==, two);
  g_assert_cmpstr (address->line_three, ==, three);
  g_assert_cmpint (address->is_cut, ==, is_cut);
}

static void
test_lines (void)
{
  lines_are (NULL, NULL, NULL, NULL, FALSE);
  lines_are ("  ", NULL, NULL, NULL, FALSE);
  lines_are ("1 Main  \t St", "1 Main St", NULL, NULL, FALSE);
  lines_are ("1234567890123456789", "1234567890123456789", NULL, NULL, FALSE);
  lines_are ("123456789 123456789", "123456789 123456789", NULL, NULL, FALSE);
  lines_are ("1234567890 123456789", "1234567890", "123456789", NULL, FALSE);
  lines_are ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrs", "tuvwxyz", NULL, FALSE);
  lines_are ("5 abcdefghijklmnopqrstuvwxyz 9", "5", "abcdefghijklmnopqrs", "tuvwxyz 9", FALSE);
  lines_are ("aaaaaaaaaaaaaaa bbbbbbbbbbbbbbb ccccccccccccccc ddd", "aaaaaaaaaaaaaaa",
             "bbbbbbbbbbbbbbb", "ccccccccccccccc ddd", FALSE);
  lines_are ("aaaaaaaaaaaaaaa bbbbbbbbbbbbbbb ccccccccccccccc dddd e", "aaaaaaaaaaaaaaa",
             "bbbbbbbbbbbbbbb", "ccccccccccccccc", TRUE);
  lines_are ("Größe* Straße No. 5, Apt #3", "Groe Strae No. 5,", "Apt #3", NULL, FALSE);
}

static void
test_three_lines_are_joined (void)
{
  g_autoptr (BgsAddress) address =
      bgs_address_new (&(BgsAddressSource){ .street = "1 Main St",
                                            .street2 = "Apt 5",
                                            .street3 = "Rear",
                                            .city = " São Paulo ",
                                            .state = "SP",
                                            .postal_code = " 01310-100 ",
                                            .country = "bra" });

  g_assert_cmpstr (address->line_one, ==, "1 Main St Apt 5");
  g_assert_cmpstr (address->line_two, ==, "Rear");
  g_assert_cmpint (address->kind, ==, BGS_ADDRESS_FOREIGN);
  g_assert_cmpstr (address->city, ==, "Sao Paulo");
  g_assert_cmpstr (address->country, ==, "Brazil");
  g_assert_cmpstr (address->foreign_postal_code, ==, "01310-100");
  g_assert_cmpstr (address->province, ==, "SP");
  g_assert_null (address->state);
  g_assert_null (address->zip);
  g_assert_null (address->zip_suffix);
}

static void
zip_is (const char *postal_code, const char *zip, const char *suffix)
{
  g_autoptr (BgsAddress) address = bgs_address_new (&(BgsAddressSource){
      .city = "Anytown", .state = "NM", .postal_code = postal_code, .country = "US" });

  g_assert_cmpint (address->kind, ==, BGS_ADDRESS_USA);
  g_assert_cmpstr (address->country, ==, "USA");
  g_assert_cmpstr (address->state, ==, "NM");
  g_assert_cmpstr (address->province, ==, "NM");
  g_assert_cmpstr (address->zip, ==, zip);
  g_assert_cmpstr (address->zip_suffix, ==, suffix);
  g_assert_null (address->foreign_postal_code);
}

static void
test_zip (void)
{
  zip_is ("00011", "00011", NULL);
  zip_is ("00011-1234", "00011", "1234");
  zip_is ("000111234", "00011", "1234");
  zip_is ("0001", "0001", NULL);
  zip_is ("A0011 1", "A0011 1", NULL);
  zip_is ("", NULL, NULL);
  zip_is (NULL, NULL, NULL);
}

static void
test_military (void)
{
  const char *const cities[] = { "APO", "dpo", " Fpo " };
  const char *const types[] = { "APO", "DPO", "FPO" };

  for (gsize i = 0; i < G_N_ELEMENTS (cities); i++) {
    g_autoptr (BgsAddress) address = bgs_address_new (&(BgsAddressSource){
        .street = "PSC 1", .city = cities[i], .state = "ae", .postal_code = "09012-3456" });

    g_assert_cmpint (address->kind, ==, BGS_ADDRESS_MILITARY);
    g_assert_cmpstr (address->military_post_office_type, ==, types[i]);
    g_assert_cmpstr (address->military_postal_type, ==, "AE");
    g_assert_cmpstr (address->zip, ==, "09012");
    g_assert_cmpstr (address->zip_suffix, ==, "3456");
    g_assert_cmpstr (address->country, ==, "USA");
    g_assert_null (address->city);
    g_assert_null (address->state);
    g_assert_null (address->province);
    g_assert_null (address->foreign_postal_code);
  }
}

static void
test_countries (void)
{
  const char *const pairs[][3] = {
    { "USA", NULL, "USA" },
    { "US", NULL, "USA" },
    { "fra", NULL, "France" },
    { "ABW", NULL, "Aruba" },
    { "ZWE", NULL, "Zimbabwe" },
    { "KOR", NULL, "South Korea" },
    { "PRK", NULL, "North Korea" },
    { "COG", NULL, "Congo, People's Republic of" },
    { "COD", NULL, "Congo, Democratic Republic of" },
    { "CIV", NULL, "Cote d'Ivoire" },
    { "SCG", NULL, "Serbia" },
    { "STP", NULL, "Sao-Tome/Principe" },
    { "YEM", NULL, "Yemen Arab Republic" },
    { "TUR", "ADANA", "Turkey (Adana only)" },
    { "TUR", "Ankara", "Turkey (except Adana)" },
    { "TUR", NULL, "Turkey (except Adana)" },
    { "France", NULL, "France" },
    { "XXX", NULL, "XXX" },
    { "", NULL, NULL },
    { NULL, NULL, NULL },
  };
  guint count = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpstr (bgs_country_name (pairs[i][0], pairs[i][1]), ==, pairs[i][2]);

  /* The look-up finds every row, and every name fits its column. */
  for (guint i = 0; i < 26 * 26 * 26; i++) {
    char code[] = { (char)('A' + i / 676), (char)('A' + i / 26 % 26), (char)('A' + i % 26), '\0' };
    const char *name = bgs_country_name (code, NULL);

    g_assert_true (g_str_is_ascii (name));
    g_assert_cmpuint (strlen (name), <=, 50);
    count += !g_str_equal (name, code) || g_str_equal (code, "USA");
  }
  g_assert_cmpuint (count, ==, 249 + 1);
}

static void
test_texts (void)
{
  const char *const names[][2] = {
    { "José", "Jose" },
    { "O'Brien", "OBrien" },
    { "Smith-Jones/Ray", "Smith-Jones/Ray" },
    { " Mary Ann ", "Mary Ann" },
    { "J. R. 3rd", "J R rd" },
    { "ﬁona", "fiona" },
    { "李", "" },
    { "a\xff"
      "b",
      "ab" },
    { NULL, NULL },
  };
  const char *const streets[][2] = {
    { "12½ Élan Ave. `!*%&@^#4", "1212 Elan Ave. #4" },
    { "O'Hare Rd", "O'Hare Rd" },
    { NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *once = bgs_name_text (names[i][0]);
    g_autofree char *twice = bgs_name_text (once);

    g_assert_cmpstr (once, ==, names[i][1]);
    g_assert_cmpstr (twice, ==, once);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (streets); i++) {
    g_autofree char *once = bgs_street_text (streets[i][0]);
    g_autofree char *twice = bgs_street_text (once);

    g_assert_cmpstr (once, ==, streets[i][1]);
    g_assert_cmpstr (twice, ==, once);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/address/street-is-cut-into-lines", test_lines);
  g_test_add_func ("/bgs/address/foreign", test_three_lines_are_joined);
  g_test_add_func ("/bgs/address/zip-and-four-more", test_zip);
  g_test_add_func ("/bgs/address/military", test_military);
  g_test_add_func ("/bgs/countries/every-code-has-a-name-that-fits", test_countries);
  g_test_add_func ("/bgs/names/in-the-characters-bgs-takes", test_texts);
  return g_test_run ();
}
