/* Letters outside ASCII written in Latin ones, for those who take ASCII alone: ICU's "Any-Latin;
 * Latin-ASCII", by which the papers go too. Thread safe. */
#pragma once

#include <glib.h>

/* @gap: what a character without any ASCII form becomes; 0: nothing. Control characters that are
 * no white space have none. Damaged UTF-8 is mended first. Idempotent; owned, never NULL. */
char *latin_ascii (const char *utf8, char gap);

/* Whether a letter or digit has no ASCII form, so that latin_ascii() leaves it out. Signs and
 * pictures are neither, nor are breathings and the like, which modify a letter. */
gboolean latin_loses_letters (const char *utf8);
