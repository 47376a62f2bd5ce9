/* Bearer tokens from a file: "name:token", one a line, several for rotation and for several callers;
 * # begins a comment. Where callers have roles, "name:role:token". A token has at least 32
 * characters. The file is nobody's but its owner's and his group's to read. */
#pragma once

#include <glib.h>

#define TOKEN_MIN_CHARS      32
#define TOKEN_NAME_MAX_CHARS 64

typedef struct Tokens Tokens;

typedef struct {
  const char *setting; /* that names the file, for texts */
  const char *path;
  const char *const *roles; /* NULL-ended; NULL: callers have none, and a token may have no name */
} TokensOptions;

/* @options: borrowed while it runs, the roles for life. Errors: G_FILE_ERROR: it cannot be read,
 * others may read or write it, it has no token, or a line that is none. The texts name lines, never
 * what stands in them. */
Tokens *tokens_new (const TokensOptions *options, GError **error);
void tokens_free (Tokens *tokens);

/**
 * tokens_find:
 * @token: as it was given; may be NULL
 * @ret_role: one of the options' roles; NULL where there are none; may be NULL
 *
 * Compares with every token in constant time. The file is read again when it has changed: a line
 * that is none is left out, and a file that is gone, empty or open to others lets nobody in, both
 * with an error in the log. Thread safe.
 *
 * Returns: the name of the token, owned; NULL when nobody may come in with it. A token without a
 * name is called unnamed- and the beginning of its digest.
 */
char *tokens_find (Tokens *tokens, const char *token, const char **ret_role);
/* The token in the value of an Authorization header, borrowed; NULL: there is none. */
const char *tokens_of_bearer (const char *authorization);

/* Whether nobody can come in, as the file stands now. */
gboolean tokens_are_none (Tokens *tokens);
/* Rises whenever what stands in the file has changed: what was allowed before may be so no more. */
guint tokens_edition (Tokens *tokens);
