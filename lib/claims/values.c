#include "claims/values.h"

#include <string.h>

/* More digits than this are no sum of money. */
#define AMOUNT_MAX_BYTES 64

/* Of nobody in a claim is anything told from other years; 0021 is a slip for 2021, or for 1921. */
#define YEAR_FIRST 1850
#define YEAR_LAST  2199

/* A time of day with its zone, of whatever precision. */
static gboolean
is_time (const char *text)
{
  return strspn (text, "0123456789") >= 2 && strspn (text, "0123456789:.,+-Zz") == strlen (text);
}

gboolean
claim_is_day (const char *text)
{
  guint64 year;

  if (!text || strlen (text) < 10 || text[4] != '-' || text[7] != '-' ||
      (text[10] != '\0' && (text[10] != 'T' || !is_time (text + 11))))
    return FALSE;
  for (guint i = 0; i < 10; i++)
    if (i != 4 && i != 7 && !g_ascii_isdigit (text[i]))
      return FALSE;
  year = g_ascii_strtoull (text, NULL, 10);
  return year >= YEAR_FIRST && year <= YEAR_LAST &&
         g_date_valid_dmy ((GDateDay)g_ascii_strtoull (text + 8, NULL, 10),
                           (GDateMonth)g_ascii_strtoull (text + 5, NULL, 10), (GDateYear)year);
}

/* Commas part groups of three digits, from the first group on; none stands behind the point. */
static gboolean
commas_part_thousands (const char *number)
{
  gsize first = strspn (number, "0123456789");

  if (number[first] != ',')
    return strchr (number, ',') == NULL;
  if (first == 0 || first > 3)
    return FALSE;
  for (number += first; *number == ','; number += 4)
    if (strspn (number + 1, "0123456789") != 3)
      return FALSE;
  return strchr (number, ',') == NULL;
}

/* Without dollar sign and blanks. One between digits parts them as a comma does: 12 50 is no 1250. */
static GString *
without_gaps (const char *text)
{
  GString *number = g_string_new (NULL);
  gboolean is_gap = FALSE;

  for (; *text; text++) {
    gboolean is_mark = *text == '$' || g_ascii_isspace (*text);

    if (!is_mark && is_gap && number->len > 0 && g_ascii_isdigit (*text) &&
        strchr ("0123456789.", number->str[number->len - 1]))
      g_string_append_c (number, ',');
    if (!is_mark)
      g_string_append_c (number, *text);
    is_gap = is_mark;
  }
  return number;
}

char *
claim_amount (const char *text)
{
  g_autoptr (GString) number = NULL;
  g_autoptr (GString) plain = g_string_new (NULL);
  gsize whole;

  if (!text || strlen (text) > AMOUNT_MAX_BYTES)
    return NULL;
  number = without_gaps (text);
  if (strchr (text, '$') != strrchr (text, '$') ||
      !commas_part_thousands (number->str + (number->str[0] == '-')))
    return NULL;
  for (const char *at = number->str; *at; at++)
    if (*at != ',')
      g_string_append_c (plain, *at);

  text = plain->str + (plain->str[0] == '-');
  whole = strspn (text, "0123456789");
  if (text[whole] == '.') {
    gsize cents = strspn (text + whole + 1, "0123456789");

    if (whole + cents == 0 || cents > 2 || text[whole + 1 + cents] != '\0')
      return NULL;
    if (cents == 0)
      g_string_truncate (plain, plain->len - 1);
  } else if (whole == 0 || text[whole] != '\0')
    return NULL;
  return g_strdup (plain->str);
}

/* --- Numbers of people. --- */

/* Letters and digits of any alphabet count as such. */
static char *
number_of_digits (const char *text, gsize least, gsize most)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  if (!text)
    return NULL;
  for (; *text; text = g_utf8_next_char (text)) {
    if (g_ascii_isdigit (*text))
      g_string_append_c (digits, *text);
    else if (g_unichar_isalnum (g_utf8_get_char (text)))
      return NULL;
  }
  return digits->len >= least && digits->len <= most ? g_strdup (digits->str) : NULL;
}

char *
claim_ssn (const char *text)
{
  return number_of_digits (text, 9, 9);
}

char *
claim_file_number (const char *text)
{
  while (text && g_ascii_isspace (*text))
    text++;
  return number_of_digits (text && g_ascii_toupper (*text) == 'C' ? text + 1 : text, 8, 9);
}
