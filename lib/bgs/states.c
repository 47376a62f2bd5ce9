/* States of the USA; see states.h. */
#include "bgs/states.h"

#include <string.h>
#include "base/text.h"
#include "bgs/names.h"

/* Longer texts name no state. */
#define STATE_MAX_BYTES 100

static const struct {
  char code[3];
  const char *name; /* small letters alone */
} states[] = {
  { "AL", "alabama" },
  { "AK", "alaska" },
  { "AZ", "arizona" },
  { "AR", "arkansas" },
  { "CA", "california" },
  { "CO", "colorado" },
  { "CT", "connecticut" },
  { "DE", "delaware" },
  { "FL", "florida" },
  { "GA", "georgia" },
  { "HI", "hawaii" },
  { "ID", "idaho" },
  { "IL", "illinois" },
  { "IN", "indiana" },
  { "IA", "iowa" },
  { "KS", "kansas" },
  { "KY", "kentucky" },
  { "LA", "louisiana" },
  { "ME", "maine" },
  { "MD", "maryland" },
  { "MA", "massachusetts" },
  { "MI", "michigan" },
  { "MN", "minnesota" },
  { "MS", "mississippi" },
  { "MO", "missouri" },
  { "MT", "montana" },
  { "NE", "nebraska" },
  { "NV", "nevada" },
  { "NH", "newhampshire" },
  { "NJ", "newjersey" },
  { "NM", "newmexico" },
  { "NY", "newyork" },
  { "NC", "northcarolina" },
  { "ND", "northdakota" },
  { "OH", "ohio" },
  { "OK", "oklahoma" },
  { "OR", "oregon" },
  { "PA", "pennsylvania" },
  { "RI", "rhodeisland" },
  { "SC", "southcarolina" },
  { "SD", "southdakota" },
  { "TN", "tennessee" },
  { "TX", "texas" },
  { "UT", "utah" },
  { "VT", "vermont" },
  { "VA", "virginia" },
  { "WA", "washington" },
  { "WV", "westvirginia" },
  { "WI", "wisconsin" },
  { "WY", "wyoming" },
  { "DC", "districtofcolumbia" },
  { "DC", "washingtondc" },
  { "AS", "americansamoa" },
  { "GU", "guam" },
  { "MP", "northernmarianaislands" },
  { "MP", "commonwealthofthenorthernmarianaislands" },
  { "PR", "puertorico" },
  { "VI", "virginislands" },
  { "VI", "usvirginislands" },
  { "FM", "federatedstatesofmicronesia" },
  { "FM", "micronesia" },
  { "MH", "marshallislands" },
  { "PW", "palau" },
  { "AA", "armedforcesamericas" },
  { "AE", "armedforceseurope" },
  { "AP", "armedforcespacific" },
};

const char *
bgs_state_code (const char *text)
{
  g_autofree char *ascii = NULL;
  g_autoptr (GString) letters = NULL;

  if (text_is_blank (text) || strlen (text) > STATE_MAX_BYTES)
    return NULL;
  ascii = bgs_ascii (text);
  letters = g_string_new (NULL);
  for (const char *at = ascii; *at; at++)
    if (g_ascii_isalpha (*at))
      g_string_append_c (letters, g_ascii_tolower (*at));
    else if (g_ascii_isdigit (*at))
      return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_ascii_strcasecmp (states[i].code, letters->str) == 0 ||
        strcmp (states[i].name, letters->str) == 0)
      return states[i].code;
  return NULL;
}

gboolean
bgs_state_is_military (const char *code)
{
  return g_strcmp0 (code, "AA") == 0 || g_strcmp0 (code, "AE") == 0 || g_strcmp0 (code, "AP") == 0;
}

const char *
bgs_state_of_military_zip (const char *zip)
{
  static const struct {
    const char *first, *last, *state; /* the first three digits */
  } ranges[] = {
    { "340", "340", "AA" },
    { "090", "098", "AE" },
    { "962", "966", "AP" },
  };

  if (!zip || strlen (zip) != 5)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (strncmp (zip, ranges[i].first, 3) >= 0 && strncmp (zip, ranges[i].last, 3) <= 0)
      return ranges[i].state;
  return NULL;
}
