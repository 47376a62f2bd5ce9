/* Days and amounts as they are typed. */
#include "claims/values.h"

static void
amounts_are_plain_numbers (void)
{
  static const char *const rows[][2] = {
    { "$1,234.50", "1234.50" },
    { "1234.5", "1234.5" },
    { " $ 12 000 ", "12000" },
    { "1,234,567", "1234567" },
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
  g_test_add_func ("/claims/values/days-are-of-the-calendar", days_are_of_the_calendar);
  return g_test_run ();
}
