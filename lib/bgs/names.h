/* How names, streets and other texts are written for BGS, which takes ASCII alone. All are
 * idempotent; NULL stays NULL.
 *
 * Letters outside ASCII are written in Latin ones, by the rules that the papers follow too: ICU's
 * "Any-Latin; Latin-ASCII". Source: README.md, fact 22. */
#pragma once

#include <glib.h>

/* Any text: transliterated; what has no ASCII form then, and control characters, are gone. White
 * space stays. */
char *bgs_ascii (const char *utf8);
/* First, middle and last names: letters, white space, / and -, nothing else. */
char *bgs_name_text (const char *utf8);
/* Streets and cities: a-z A-Z 0-9 + # @ % & ( ) _ : ' , . - / and single blanks; anything else
 * becomes a blank. */
char *bgs_street_text (const char *utf8);
