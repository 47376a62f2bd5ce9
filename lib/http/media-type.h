/* Content-Type and its like, read strictly: one reading, or none. Pure functions over text. Source:
 * RFC 9110 (5.6.6, 8.3.1). */
#pragma once

#include <glib.h>

/* Whether @content_type (NULL: no) is @media, "type/subtype", whatever its parameters. */
gboolean media_type_is (const char *content_type, const char *media);
/* Whether what @content_type (NULL: none) says of a text can be read as UTF-8: it names no charset,
 * UTF-8, or ASCII, which is a part of it. FALSE as well when its parameters are malformed. */
gboolean media_type_is_utf8 (const char *content_type);

/* --- For headers of that kind. --- */

/* The first place from @at on that is neither blank nor tab. */
const char *media_skip_blanks (const char *at);
/* The token at *@at, which is moved behind it. Owned; NULL: there is none. */
char *media_token (const char **at);
/* Lower-case name -> value of the parameters from @at on, which stands behind a word. Owned; NULL:
 * malformed, or one comes twice. */
GHashTable *media_parameters (const char *at);
