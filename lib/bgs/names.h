/* How names and street texts are written for BGS. Both are idempotent. Source: BGS reference
 * 7.2. */
#pragma once

#include <glib.h>

/* First, middle and last names: ASCII letters, white space, / and -, nothing else. NULL stays
 * NULL. */
char *bgs_name_text (const char *utf8);
/* Streets and cities: ASCII without ` ! * % & @ ^. NULL stays NULL. */
char *bgs_street_text (const char *utf8);
