/* The walls: from sandbox_enter() on this process opens nothing, starts nothing, talks to nobody,
 * and has bounded memory, time and output. Source: README.md, "The walls". */
#pragma once

#include <glib.h>

/* Whether this build has them. A sanitizer needs terabytes of addresses and calls of its own, so a
 * sanitized child has no walls; the tests of the walls run with the other builds. */
gboolean sandbox_is_built_in (void);

/* Before the first byte of the document, after everything that opens a file was done once.
 * FALSE: they do not stand, and nothing foreign may be read. */
gboolean sandbox_enter (void);
