/* Addresses, names and countries as BGS wants them. */
#include "bgs/address.h"

#include <string.h>
#include "bgs/countries.h"
#include "bgs/limits.h"
#include "bgs/names.h"

static void
lines_are (const char *street, const char *one, const char *two, const char *three, gboolean is_cut)
{
  g_autoptr (BgsAddress) address =
      bgs_address_new (&(BgsAddressSource){ .street = street, .country = "USA" });

  g_assert_cmpstr (address->line_one, ==, one);
  g_assert_cmpstr (address->line_two, ==, two);
  g_assert_cmpstr (address->line_three, ==, three);
  g_assert_cmpint ((address->issues & BGS_ADDRESS_STREET_CUT) != 0, ==, is_cut);
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
  lines_are ("Größe* Straße No. 5, Apt #3", "Grosse Strasse No.", "5, Apt #3", NULL, FALSE);
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
  zip_is (" 00011 1234 ", "00011", "1234");
  zip_is ("00011-", "00011", NULL);
  zip_is ("00011-12", "00011", NULL); /* told: see below */
  zip_is ("0001", "0001", NULL);
  zip_is ("A0011 1", NULL, NULL);
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
    { "DE", NULL, "Germany" },
    { " gb ", NULL, "United Kingdom" },
    { "United States", NULL, "USA" },
    { "united states of america", NULL, "USA" },
    { "U.S.A.", NULL, "USA" },
    { "The Netherlands", NULL, "Netherlands" },
    { "CÔTE D’IVOIRE", NULL, "Cote d'Ivoire" },
    { "Republic of Korea", NULL, "South Korea" },
    { "turkey", "Adana", "Turkey (Adana only)" },
    { "Saint Lucia", NULL, "St. Lucia" },
    { "Congo", NULL, NULL }, /* which one? */
    { "Korea", NULL, NULL },
    { "Atlantis", NULL, NULL },
    { "XXX", NULL, NULL },
    { "日本", NULL, NULL },
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

    if (!name)
      continue;
    g_assert_true (g_str_is_ascii (name));
    g_assert_cmpuint (strlen (name), <=, 50);
    g_assert_cmpstr (bgs_country_name (name, NULL), ==, name);
    count++;
  }
  g_assert_cmpuint (count, ==, 249 + 1);
  count = 0;
  for (guint i = 0; i < 26 * 26; i++) {
    char code[] = { (char)('A' + i / 26), (char)('A' + i % 26), '\0' };

    count += bgs_country_name (code, NULL) != NULL;
  }
  g_assert_cmpuint (count, ==, 249 + 1); /* and UK */
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
    { "李", "li" },
    { "Łukasz Ødegård", "Lukasz Odegard" },
    { "Straße", "Strasse" },
    { "Anne‑Þórsdóttir", "Anne-Thorsdottir" },
    { "ÞÓR", "THOR" },
    { "Ægir Œuvre", "Aegir Oeuvre" },
    { "Νίκος", "Nikos" },
    { "De  la\n\tCruz", "De la Cruz" },
    { "🙂", "" },
    { " -", "" },
    { "/", "" },
    { "a\xff"
      "b",
      "ab" },
    { NULL, NULL },
  };
  const char *const streets[][2] = {
    { "12½ Élan Ave. `!*%&@^#4", "12 1/2 Elan Ave. %&@ #4" },
    { "5\t Main;St?\"x\"", "5 Main St x" },
    { "1-2-3 千代田", "1-2-3 qian dai tian" },
    { "3🙂4", "3 4" },
    { "🙂", "" },
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

static void
issues_are (BgsAddressSource source, guint issues)
{
  g_autoptr (BgsAddress) address = bgs_address_new (&source);

  if (address->issues != issues)
    g_error ("%s, %s, %s: issues %x instead of %x", source.city, source.state, source.postal_code,
             address->issues, issues);
}

static void
test_issues (void)
{
  const char *const city_31 = "Rancho Santa Margarita Height N";

  issues_are ((BgsAddressSource){ .street = "1 Main St",
                                  .city = "Anytown",
                                  .state = "Ohio",
                                  .postal_code = "00001-2345",
                                  .country = "us" },
              0);
  issues_are ((BgsAddressSource){ .city = city_31, .country = "USA" }, BGS_ADDRESS_CITY_CUT);
  issues_are ((BgsAddressSource){ .city = "🙂", .street = "🙂", .country = "USA" },
              BGS_ADDRESS_CITY_EMPTY | BGS_ADDRESS_STREET_EMPTY);
  /* One of its parts is enough. */
  issues_are ((BgsAddressSource){ .street = "?", .street2 = "Apt 4", .country = "USA" },
              BGS_ADDRESS_STREET_EMPTY);
  issues_are ((BgsAddressSource){ .street = "1 Main St", .street3 = "🙂", .country = "USA" },
              BGS_ADDRESS_STREET_EMPTY);
  issues_are ((BgsAddressSource){ .street = "1 Main St", .street2 = " ", .country = "USA" }, 0);
  issues_are ((BgsAddressSource){ .city = "#", .country = "USA" }, BGS_ADDRESS_CITY_EMPTY);
  /* A ZIP of the military alone. */
  issues_are (
      (BgsAddressSource){
          .city = "Anytown", .state = "OH", .postal_code = "09012", .country = "USA" },
      BGS_ADDRESS_ZIP_MILITARY);
  issues_are (
      (BgsAddressSource){
          .city = "Anytown", .state = "FL", .postal_code = "34101", .country = "USA" },
      0);
  issues_are ((BgsAddressSource){ .state = "ON", .country = "USA" }, BGS_ADDRESS_STATE_UNKNOWN);
  issues_are ((BgsAddressSource){ .state = "OH" }, 0);
  issues_are ((BgsAddressSource){ .postal_code = "00001" }, BGS_ADDRESS_COUNTRY_MISSING);
  issues_are ((BgsAddressSource){ .state = "ON", .postal_code = "00001" },
              BGS_ADDRESS_COUNTRY_MISSING);
  issues_are ((BgsAddressSource){ .country = "Atlantis" }, BGS_ADDRESS_COUNTRY_UNKNOWN);
  issues_are ((BgsAddressSource){ .country = "USA", .postal_code = "00002-23" },
              BGS_ADDRESS_ZIP_CUT);
  issues_are ((BgsAddressSource){ .country = "USA", .postal_code = "1234" },
              BGS_ADDRESS_ZIP_MALFORMED);
  issues_are ((BgsAddressSource){ .country = "CAN", .state = "ON", .postal_code = "K1A 0B1" }, 0);
  issues_are ((BgsAddressSource){ .country = "DEU", .state = "GA" }, BGS_ADDRESS_STATE_ABROAD);
  issues_are ((BgsAddressSource){ .country = "USA", .postal_code = "00000" },
              BGS_ADDRESS_ZIP_MALFORMED);
  issues_are ((BgsAddressSource){ .country = "CAN", .postal_code = "12345678901234567" },
              BGS_ADDRESS_POSTAL_CODE_CUT);
  issues_are ((BgsAddressSource){ .country = "DEU",
                                  .state = "Nordrhein-Westfalen und noch ein Landesteil dazu" },
              BGS_ADDRESS_PROVINCE_CUT);
}

/* What a value is cut to, and that it is at a word. */
static void
test_limits (void)
{
  static const struct {
    BgsElement element;
    const char *given, *expected;
    BgsFit fit;
  } rows[] = {
    { BGS_ELEMENT_CITY, "Rancho Santa Margarita Heights North", "Rancho Santa Margarita Heights",
      BGS_FIT_CUT },
    { BGS_ELEMENT_CITY, "Rancho Santa Margarita Heights", "Rancho Santa Margarita Heights",
      BGS_FIT_WHOLE },
    { BGS_ELEMENT_CITY, "Llanfairpwllgwyngyllgogerychwyrndrobwll", "Llanfairpwllgwyngyllgogerychwy",
      BGS_FIT_CUT },
    { BGS_ELEMENT_CITY, "東京", "dong jing", BGS_FIT_WHOLE },
    { BGS_ELEMENT_CITY, "🙂", NULL, BGS_FIT_EMPTY },
    { BGS_ELEMENT_CITY, "ᏣᎳᎩ City", "City", BGS_FIT_LETTERS_LOST },
    { BGS_ELEMENT_CITY, "ᏣᎳᎩ", NULL, BGS_FIT_EMPTY },
    { BGS_ELEMENT_CITY, "Boston 🙂", "Boston", BGS_FIT_WHOLE },
    { BGS_ELEMENT_CITY, "Hawaiʻi", "Hawai'i", BGS_FIT_WHOLE },
    { BGS_ELEMENT_LAST_NAME, "ᏣᎳᎩ Smith", "Smith", BGS_FIT_LETTERS_LOST },
    { BGS_ELEMENT_LAST_NAME, "Smith 3rd", "Smith rd", BGS_FIT_LETTERS_LOST },
    { BGS_ELEMENT_LAST_NAME, "عبد Łukasz O’Neil", "bd Lukasz ONeil", BGS_FIT_WHOLE },
    { BGS_ELEMENT_REMARKS, "see ᏣᎳᎩ school", "see  school", BGS_FIT_LETTERS_LOST },
    { BGS_ELEMENT_CITY, " ", "", BGS_FIT_WHOLE },
    { BGS_ELEMENT_CITY, NULL, NULL, BGS_FIT_WHOLE },
    { BGS_ELEMENT_MIDDLE_NAME, "Maria Magdalena Josephine Antonia", "Maria Magdalena Josephine",
      BGS_FIT_CUT },
    { BGS_ELEMENT_ZIP, "123456", NULL, BGS_FIT_TOO_LONG },
    { BGS_ELEMENT_EMAIL, "jurgen@example.com", "jurgen@example.com", BGS_FIT_WHOLE },
    { BGS_ELEMENT_EMAIL, "jürgen@example.com", NULL, BGS_FIT_EMPTY },
    { BGS_ELEMENT_SUFFIX, "Jr.", "Jr.", BGS_FIT_WHOLE },
    { BGS_ELEMENT_SCHOOL_NAME, "École d’Été", "Ecole d'Ete", BGS_FIT_WHOLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    BgsFit fit, again;
    g_autofree char *fitted = bgs_element_fit (rows[i].element, rows[i].given, &fit);
    g_autofree char *twice = bgs_element_fit (rows[i].element, fitted, &again);

    g_assert_cmpstr (fitted, ==, rows[i].expected);
    g_assert_cmpint (fit, ==, rows[i].fit);
    g_assert_cmpstr (twice, ==, fitted);
    g_assert_cmpint (again, ==, BGS_FIT_WHOLE);
  }
}

static void
test_military_states (void)
{
  static const struct {
    const char *city, *state, *zip, *country; /* as typed */
    const char *office, *postal;              /* NULL, NULL: not military */
    guint issues;
  } rows[] = {
    { "APO", "AE", "09012", "USA", "APO", "AE", 0 },
    { "apo", NULL, "96201", "USA", "APO", "AP", BGS_ADDRESS_STATE_CORRECTED },
    { "A.P.O.", "AA", "34002", NULL, "APO", "AA", 0 },
    { "FPO AP", "AP", "96601", "USA", "FPO", "AP", 0 },
    { "FPO AP", NULL, "96601", "USA", "FPO", "AP", 0 },
    { "APO, AE 09012", NULL, "09012-1234", "US", "APO", "AE", 0 },
    { "APO", "OH", "09012", "USA", "APO", "AE", BGS_ADDRESS_STATE_CORRECTED },
    { "APO", "AP", "09012", "USA", "APO", "AE", BGS_ADDRESS_STATE_CORRECTED },
    { "APO AP", "AE", "09012", "USA", "APO", "AE", BGS_ADDRESS_STATE_CORRECTED },
    { "APO", "OH", "00001", "USA", "APO", NULL, BGS_ADDRESS_STATE_UNCLEAR },
    { "APO", "AA", "00040", "USA", "APO", "AA", BGS_ADDRESS_STATE_UNCLEAR },
    { "APO", NULL, NULL, "USA", "APO", NULL, BGS_ADDRESS_STATE_UNCLEAR },
    { "APO", "AE", NULL, "USA", "APO", "AE", 0 },
    { "FPO AP", "AE", NULL, "USA", "FPO", NULL, BGS_ADDRESS_STATE_UNCLEAR },
    { "Ramstein", "AE", "09012", "USA", NULL, "AE",
      BGS_ADDRESS_STATE_UNCLEAR | BGS_ADDRESS_CITY_NOT_SENT },
    { "APO", "Armed Forces Europe", "09012", "DEU", "APO", "AE", BGS_ADDRESS_COUNTRY_REPLACED },
    { "Apo", "Davao", "8000", "PHL", NULL, NULL, 0 },
    { "Apo Springs", "OH", "00001", "USA", NULL, NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (BgsAddress) address =
        bgs_address_new (&(BgsAddressSource){ .city = rows[i].city,
                                              .state = rows[i].state,
                                              .postal_code = rows[i].zip,
                                              .country = rows[i].country });
    gboolean is_military = rows[i].office || rows[i].postal;

    g_test_message ("%s %s %s", rows[i].city, rows[i].state, rows[i].zip);
    g_assert_cmpint (address->kind == BGS_ADDRESS_MILITARY, ==, is_military);
    g_assert_cmpstr (address->military_post_office_type, ==, rows[i].office);
    g_assert_cmpstr (address->military_postal_type, ==, rows[i].postal);
    g_assert_cmphex (address->issues, ==, rows[i].issues);
    g_assert_cmpint (address->city == NULL, ==, is_military);
  }
}

static void
test_states_and_territories (void)
{
  static const struct {
    const char *country, *state, *expected;
    guint issues;
  } rows[] = {
    { "PR", NULL, "PR", 0 },
    { "Puerto Rico", "PR", "PR", 0 },
    { "GUM", NULL, "GU", 0 },
    { "U.S. Virgin Islands", NULL, "VI", 0 },
    { "asm", NULL, "AS", 0 },
    { "MP", NULL, "MP", 0 },
    { "PRI", "OH", "PR", BGS_ADDRESS_STATE_CORRECTED },
    { "USA", "Ohio", "OH", 0 },
    { "USA", " new  york ", "NY", 0 },
    { "USA", "n.y.", "NY", 0 },
    { "USA", "Washington D.C.", "DC", 0 },
    { "USA", "Ontario", NULL, BGS_ADDRESS_STATE_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (BgsAddress) address = bgs_address_new (&(BgsAddressSource){
        .city = "Anytown", .state = rows[i].state, .country = rows[i].country });

    g_assert_cmpstr (address->country, ==, "USA");
    g_assert_cmpstr (address->state, ==, rows[i].expected);
    g_assert_cmphex (address->issues, ==, rows[i].issues);
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
  g_test_add_func ("/bgs/address/what-was-not-taken-as-typed", test_issues);
  g_test_add_func ("/bgs/address/military-by-city-state-and-zip", test_military_states);
  g_test_add_func ("/bgs/address/states-and-territories", test_states_and_territories);
  g_test_add_func ("/bgs/limits/cut-at-a-word", test_limits);
  g_test_add_func ("/bgs/countries/every-code-has-a-name-that-fits", test_countries);
  g_test_add_func ("/bgs/names/in-the-characters-bgs-takes", test_texts);
  return g_test_run ();
}
