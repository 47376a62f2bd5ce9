/* Who we are, anew with each request. Source: README.md, "The token". */
#pragma once

#include <glib.h>

/* A JWT (HS256) with an id of its own, good for 15 minutes from @now_s (Unix time). NULL: no memory
 * for it. Owned. */
char *evidence_token (const char *secret, gint64 now_s);
