/* Days, amounts and numbers of people as they are typed. */
#include "claims/values.h"

static void
amounts_are_plain_numbers (void)
{
  static const char *const rows[][2] = {
    { "$1,234.50", "1234.50" },
    { "1234.5", "1234.5" },
    { " $ 12 000 ", "12000" },
    { "1,234,567", "1234567" },
    { "1 234 567.50", "1234567.50" },
    { "1, 234 .50 $", "1234.50" },
    { "12 50", NULL }, /* 12.50, or two sums */
    { "1000 1500", NULL },
    { "12$50", NULL },
    { "1. 5", NULL },
    { "-5", "-5" },
    { ".50", ".50" },
    { "0", "0" },
    { "1.234,50", NULL }, /* European, or a slip: nobody guesses */
    { "12,34", NULL },
    { "1,2345", NULL },
    { ",123", NULL },
    { "5.", "5" },
    { "1500.255", NULL }, /* to be rounded by nobody */
    { "1.2.3", NULL },
    { "$$5", NULL },
    { "about 5", NULL },
    { "USD 5", NULL },
    { ".", NULL },
    { "$", NULL },
    { "", NULL },
    { NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *amount = claim_amount (rows[i][0]);

    g_assert_cmpstr (amount, ==, rows[i][1]);
  }
}

static void
numbers_of_people_have_no_letters (void)
{
  static const struct {
    const char *typed, *ssn, *file_number;
  } rows[] = {
    { "666010102", "666010102", "666010102" },
    { " 666-01-0102 ", "666010102", "666010102" },
    { "666\u00a001\u20130102", "666010102", "666010102" },
    { "12345678", NULL, "12345678" },
    { "C12345678", NULL, "12345678" },
    { " c 12 345 678", NULL, "12345678" },
    { "CC12345678", NULL, NULL },
    { "12345678C", NULL, NULL },
    { "X666010102", NULL, NULL },
    { "C666010102", NULL, "666010102" },
    { "666O10102", NULL, NULL },
    { "6660101O2 7", NULL, NULL },
    { "666010102 or 666010103", NULL, NULL },
    { "66601010", NULL, "66601010" },
    { "6660101022", NULL, NULL },
    { "\uff16\uff16\uff16010102", NULL, NULL },
    { "", NULL, NULL },
    { NULL, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *ssn = claim_ssn (rows[i].typed);
    g_autofree char *file_number = claim_file_number (rows[i].typed);

    g_assert_cmpstr (ssn, ==, rows[i].ssn);
    g_assert_cmpstr (file_number, ==, rows[i].file_number);
  }
}

static void
days_are_of_the_calendar (void)
{
  g_assert_true (claim_is_day ("2024-02-29"));
  g_assert_true (claim_is_day ("2024-02-29T12:00:00Z"));
  g_assert_true (claim_is_day ("2024-02-29T23:30:00.5-08:00"));
  g_assert_true (claim_is_day ("2024-02-29T23"));
  g_assert_false (claim_is_day ("2024-02-29T"));
  g_assert_false (claim_is_day ("2024-02-29Tuesday"));
  g_assert_false (claim_is_day ("2024-02-29T12:00 or so"));
  g_assert_false (claim_is_day ("2023-02-29"));
  g_assert_false (claim_is_day ("2023-00-10"));
  g_assert_false (claim_is_day ("2023-XX-XX"));
  g_assert_false (claim_is_day ("2023-01"));
  g_assert_false (claim_is_day ("2023-01-011"));
  g_assert_false (claim_is_day ("01/02/2023"));
  g_assert_true (claim_is_day ("1850-01-01"));
  g_assert_false (claim_is_day ("0021-04-18"));
  g_assert_false (claim_is_day ("2221-04-18"));
  g_assert_false (claim_is_day (NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/claims/values/amounts-are-plain-numbers", amounts_are_plain_numbers);
  g_test_add_func ("/claims/values/numbers-of-people-have-no-letters",
                   numbers_of_people_have_no_letters);
  g_test_add_func ("/claims/values/days-are-of-the-calendar", days_are_of_the_calendar);
  return g_test_run ();
}
