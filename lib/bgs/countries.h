/* ISO 3166 alpha-3 codes to the country names that BGS knows. Source: BGS reference 7.1;
 * decisions 19, 20, 21. */
#pragma once

#include <glib.h>

/**
 * bgs_country_name:
 * @code: alpha-3, or "US"; case does not matter
 * @city: may be NULL; BGS knows two Turkeys, told apart by the city
 *
 * For addresses and for places of birth, marriage and the end of a marriage alike.
 *
 * Returns: "USA", or a name of at most 50 ASCII characters, static; what is no code of ours comes
 * back as it is;
 * NULL for NULL or blank.
 */
const char *bgs_country_name (const char *code, const char *city);
