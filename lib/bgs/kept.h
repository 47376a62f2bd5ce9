/* What is kept of a reply: a small JSON object of text values under the wire's own element
 * names.
 *
 * A step's result is one text. Where the flow goes on with more than an id, that text is such an
 * object. */
#pragma once

#include <glib.h>

/* A value by its wire name, owned; NULL when it is not there, or when @kept is no such object. */
char *bgs_kept_value (const char *kept, const char *name);
