/* Names and streets in the characters that BGS takes. Source: BGS reference 7.2. */
#include "bgs/names.h"

#include <string.h>

/* Decomposed, so that an accent falls off its letter, and without what is not ASCII then. */
static char *
to_ascii (const char *utf8)
{
  g_autofree char *valid = g_utf8_make_valid (utf8, -1);
  g_autofree char *decomposed = g_utf8_normalize (valid, -1, G_NORMALIZE_NFKD);
  GString *ascii = g_string_new (NULL);

  for (const char *at = decomposed; *at; at++)
    if (g_ascii_isprint (*at) || g_ascii_isspace (*at))
      if (!strchr ("`!*%&@^", *at))
        g_string_append_c (ascii, *at);
  return g_string_free (ascii, FALSE);
}

char *
bgs_street_text (const char *utf8)
{
  return utf8 ? g_strstrip (to_ascii (utf8)) : NULL;
}

char *
bgs_name_text (const char *utf8)
{
  g_autofree char *ascii = NULL;
  GString *name = NULL;

  if (!utf8)
    return NULL;
  ascii = to_ascii (utf8);
  name = g_string_new (NULL);
  for (const char *at = ascii; *at; at++)
    if (g_ascii_isalpha (*at) || g_ascii_isspace (*at) || *at == '/' || *at == '-')
      g_string_append_c (name, *at);
  return g_strstrip (g_string_free (name, FALSE));
}
