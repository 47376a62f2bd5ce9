/* States of the USA by their two letters or their names. Source: README.md, facts 24 and 25. */
#pragma once

#include <glib.h>

/* The code, static; NULL for NULL, blank and what names none. Case, dots and blanks do not
 * matter. */
const char *bgs_state_code (const char *text);
/* AA, AE or AP. */
gboolean bgs_state_is_military (const char *code);
/* The military state whose ZIPs begin as @zip does; NULL when it is none of theirs. */
const char *bgs_state_of_military_zip (const char *zip);
