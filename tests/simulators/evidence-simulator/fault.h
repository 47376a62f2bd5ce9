/* How the service says no. Source: README.md, "Errors". */
#pragma once

#include "http/server.h"

/* @code: "VEFSERR…"; its status and its text are the table's, those of a code that is not there
 * follow from its digits. @first, @second: what the text names, in its order; may be NULL. */
HttpReply *fault_reply (const char *code, const char *first, const char *second);
gboolean fault_is_code (const char *text);

/* What is said before the service itself is asked; @key: "UNAUTHORIZED" … */
HttpReply *fault_outside (int status, const char *key, const char *text);
/* What could not be understood at all. */
HttpReply *fault_empty (void);
