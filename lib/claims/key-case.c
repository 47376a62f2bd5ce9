/* Keys between camelCase and snake_case; see key-case.h. */
#include "claims/key-case.h"

#include <string.h>

static gboolean
is_upper_or_digit (char c)
{
  return g_ascii_isupper (c) || g_ascii_isdigit (c);
}

char *
claim_key_to_snake (const char *key)
{
  gsize length = strlen (key);
  GString *snake = g_string_sized_new (length + 8);

  for (gsize i = 0; i < length; i++) {
    char c = key[i];
    char before = i > 0 ? key[i - 1] : '\0';

    /* A capital opens a word after a small letter or a digit ("isSchool", "686Options"), and as the
     * last capital of a run when a small letter follows ("SSNLast"). */
    if (g_ascii_isupper (c) && (g_ascii_islower (before) || g_ascii_isdigit (before) ||
                                (is_upper_or_digit (before) && g_ascii_islower (key[i + 1]))))
      g_string_append_c (snake, '_');
    g_string_append_c (snake, g_ascii_tolower (c));
  }
  return g_string_free (snake, FALSE);
}

char *
claim_key_to_camel (const char *key)
{
  GString *camel = g_string_sized_new (strlen (key));

  for (const char *c = key; *c; c++) {
    if (*c == '_' && c > key && g_ascii_isalnum (c[1]))
      g_string_append_c (camel, g_ascii_toupper (*++c));
    else
      g_string_append_c (camel, *c);
  }
  return g_string_free (camel, FALSE);
}
