/* Countries in two letters; see countries.h. */
#include "papers/countries.h"

#include <unicode/uloc.h>
#include <unicode/ustring.h>

/* ICU's English name of a country. */
static gboolean
is_named (const char *code, const char *text)
{
  g_autofree char *locale = g_strconcat ("und_", code, NULL);
  UChar name[128];
  char utf8[256];
  UErrorCode trouble = U_ZERO_ERROR;

  (void)uloc_getDisplayCountry (locale, "en", name, G_N_ELEMENTS (name), &trouble);
  (void)u_strToUTF8 (utf8, sizeof utf8, NULL, name, -1, &trouble);
  return U_SUCCESS (trouble) && g_ascii_strcasecmp (utf8, text) == 0;
}

const char *
papers_country_code (const char *text)
{
  for (const char *const *code = uloc_getISOCountries (); *code; code++) {
    g_autofree char *locale = g_strconcat ("und_", *code, NULL);

    if (g_ascii_strcasecmp (*code, text) == 0 ||
        g_ascii_strcasecmp (uloc_getISO3Country (locale), text) == 0 || is_named (*code, text))
      return *code;
  }
  return NULL;
}
