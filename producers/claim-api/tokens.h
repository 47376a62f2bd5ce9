/* The bearer tokens that may submit and ask: "name:token", one a line in a file, several for
 * rotation and for several callers; # begins a comment. A token has at least 32 characters. The
 * file is nobody's but its owner's and his group's to read. */
#pragma once

#include <glib.h>

#define TOKEN_MIN_CHARS      32
#define TOKEN_NAME_MAX_CHARS 64

typedef struct Tokens Tokens;

/* Errors: G_FILE_ERROR: it cannot be read, others may read or write it, it has no token, or a line
 * that is none. The texts name lines, never what stands in them. */
Tokens *tokens_new (const char *path, GError **error);
void tokens_free (Tokens *tokens);

/**
 * tokens_name_caller:
 * @authorization: the value of an Authorization header; may be NULL
 *
 * Compares with every token in constant time. The file is read again when it has changed: a line
 * that is none is left out, and a file that is gone, empty or open to others lets nobody in, both
 * with an error in the log. Thread safe.
 *
 * Returns: the name of the token, owned; NULL when nobody may come in with it. A token without a
 * name is called unnamed- and the beginning of its digest.
 */
char *tokens_name_caller (Tokens *tokens, const char *authorization);

/* Whether nobody can come in, as the file stands now. */
gboolean tokens_are_none (Tokens *tokens);
