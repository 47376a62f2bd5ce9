/* Countries as people write them to the names that BGS knows: alpha-3, alpha-2, English names, in
 * any case. Source: README.md, fact 25. */
#pragma once

#include <glib.h>

/**
 * bgs_country_name:
 * @text: a code of ISO 3166 or an English name; NULL or blank gives NULL
 * @city: may be NULL; BGS knows two Turkeys, told apart by the city
 *
 * For addresses and for places of birth, marriage and the end of a marriage alike.
 *
 * Returns: "USA", or a name of at most 50 ASCII characters, static; NULL for what names no country:
 * nothing is made up.
 */
const char *bgs_country_name (const char *text, const char *city);
/* The state that a territory of the USA is when somebody takes it for a country: "PR" for Puerto
 * Rico; else NULL. */
const char *bgs_country_us_state (const char *text);
