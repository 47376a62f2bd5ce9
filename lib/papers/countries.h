/* Countries in the two letters that a form has room for. */
#pragma once

#include <glib.h>

/* @text: a code of ISO 3166 in two or three letters, or an English name, in any case. Returns: the
 * code, static; %NULL for what names no country. */
const char *papers_country_code (const char *text);
