/* The bearer tokens that may submit and ask: one a line in a file, several for rotation, # begins a
 * comment. */
#pragma once

#include <glib.h>

typedef struct Tokens Tokens;

/* Errors: G_FILE_ERROR; the file has no token. */
Tokens *tokens_new (const char *path, GError **error);
void tokens_free (Tokens *tokens);

/* Whether the value of an Authorization header carries one of the tokens. Compares with every token
 * in constant time. Reads the file again when it has changed; while that fails the tokens read
 * before stay good. Thread safe. */
gboolean tokens_allow (Tokens *tokens, const char *authorization);
