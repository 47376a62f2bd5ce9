/* Bearer tokens from a file; see tokens.h. */
#include "tokens.h"

#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"

struct Tokens {
  char *path;
  GMutex lock;
  char **known;
  struct timespec changed; /* of the file as read */
  ino_t inode;
};

static char **
read_tokens (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GPtrArray *known = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  known = g_ptr_array_new ();
  for (char **line = lines; *line; line++) {
    g_strstrip (*line);
    if (**line != '\0' && **line != '#')
      g_ptr_array_add (known, g_strdup (*line));
  }
  g_ptr_array_add (known, NULL);
  if (known->len == 1) {
    g_ptr_array_free (known, TRUE);
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                 "token-file: %s has no token; write one a line", path);
    return NULL;
  }
  return (char **)g_ptr_array_free (known, FALSE);
}

static gboolean
has_changed (Tokens *tokens)
{
  struct stat now;

  if (stat (tokens->path, &now) != 0)
    return FALSE; /* being replaced: the next request looks again */
  if (now.st_ino == tokens->inode && now.st_mtim.tv_sec == tokens->changed.tv_sec &&
      now.st_mtim.tv_nsec == tokens->changed.tv_nsec)
    return FALSE;
  tokens->inode = now.st_ino;
  tokens->changed = now.st_mtim;
  return TRUE;
}

Tokens *
tokens_new (const char *path, GError **error)
{
  Tokens *tokens = g_new0 (Tokens, 1);

  tokens->path = g_strdup (path);
  g_mutex_init (&tokens->lock);
  (void)has_changed (tokens); /* notes what is about to be read */
  tokens->known = read_tokens (path, error);
  if (!tokens->known)
    g_clear_pointer (&tokens, tokens_free);
  return tokens;
}

void
tokens_free (Tokens *tokens)
{
  if (!tokens)
    return;
  g_strfreev (tokens->known);
  g_mutex_clear (&tokens->lock);
  g_free (tokens->path);
  g_free (tokens);
}

static void
read_again (Tokens *tokens)
{
  g_autoptr (GError) error = NULL;
  char **known = NULL;

  if (!has_changed (tokens))
    return;
  known = read_tokens (tokens->path, &error);
  if (!known) {
    log_limited (LOG_LEVEL_WARNING, "token-file", "the changed token-file is not used", "error",
                 error->message, NULL);
    return;
  }
  g_strfreev (tokens->known);
  tokens->known = known;
  log_info ("the token-file was read again", NULL);
}

gboolean
tokens_allow (Tokens *tokens, const char *authorization)
{
  static const char scheme[] = "Bearer ";
  gboolean allowed = FALSE;
  const char *given;

  if (!authorization || g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) != 0)
    return FALSE;
  given = authorization + strlen (scheme);
  given += strspn (given, " ");

  g_mutex_lock (&tokens->lock);
  read_again (tokens);
  /* Every token is looked at, so that time does not tell which one came close. */
  for (char **known = tokens->known; *known; known++)
    allowed |= text_equal_constant_time (given, *known);
  g_mutex_unlock (&tokens->lock);
  return allowed;
}
