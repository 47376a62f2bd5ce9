/* Names and streets in the characters that BGS takes; see names.h. */
#include "bgs/names.h"

#include <string.h>
#include "latin/ascii.h"

#define STREET_CHARS "+#@%&()_:',.-/"

char *
bgs_ascii (const char *utf8)
{
  return utf8 ? latin_ascii (utf8, 0) : NULL;
}

char *
bgs_street_text (const char *utf8)
{
  g_autofree char *ascii = utf8 ? latin_ascii (utf8, ' ') : NULL;
  GString *street;

  if (!ascii)
    return NULL;
  street = g_string_new (NULL);
  for (const char *at = ascii; *at; at++) {
    if (g_ascii_isalnum (*at) || strchr (STREET_CHARS, *at))
      g_string_append_c (street, *at);
    else if (street->len > 0 && street->str[street->len - 1] != ' ')
      g_string_append_c (street, ' ');
  }
  return g_strchomp (g_string_free (street, FALSE));
}

char *
bgs_name_text (const char *utf8)
{
  g_autofree char *ascii = bgs_ascii (utf8);
  gboolean has_letter = FALSE;
  GString *name;

  if (!utf8)
    return NULL;
  name = g_string_new (NULL);
  for (const char *at = ascii; *at; at++)
    if (g_ascii_isalpha (*at) || *at == '/' || *at == '-') {
      has_letter |= g_ascii_isalpha (*at);
      g_string_append_c (name, *at);
    } else if (g_ascii_isspace (*at) && name->len > 0 && name->str[name->len - 1] != ' ')
      g_string_append_c (name, ' ');
  if (!has_letter) /* a dash is nobody's name */
    g_string_truncate (name, 0);
  return g_strstrip (g_string_free (name, FALSE));
}
