/* Nothing that changes something is done by one word. */
#pragma once

#include <glib.h>

/* TRUE: --yes was given, or a person at the terminal says so. Else FALSE, and it has been said
 * why. */
gboolean confirm (gboolean is_yes, const char *question);
/* FALSE: said on stderr that --reason must say why. */
gboolean reason_is_given (const char *reason);
