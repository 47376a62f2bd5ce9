/* Bearer tokens from a file; see tokens.h. */
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

#define FILE_MAX_BYTES 1048576
#define TOKEN_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
#define NAME_ALPHABET  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
/* A file's times are coarse: what was written within this time of the last look may hide behind the
 * same one. */
#define FRESH_S        2

typedef struct {
  char *name, *token;
} Token;

struct Tokens {
  char *path;
  GMutex lock;
  GPtrArray *known; /* of Token * */
  struct stat seen; /* of the file as read; zeroed: not there */
  gboolean was_fresh;
  char *digest; /* of its text */
};

static void
token_free (gpointer data)
{
  Token *token = data;

  memset (token->token, 0, strlen (token->token));
  g_free (token->token);
  g_free (token->name);
  g_free (token);
}

/* --- The text --- */

static char *
name_by_digest (const char *token)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);

  digest[8] = '\0';
  return g_strconcat ("unnamed-", digest, NULL);
}

/* What is wrong with "name:token" or "token"; NULL when it is right. */
static const char *
fault_of (const char *name, const char *token, GPtrArray *known)
{
  if (name && (*name == '\0' || strlen (name) > TOKEN_NAME_MAX_CHARS ||
               strspn (name, NAME_ALPHABET) != strlen (name)))
    return "its name is not 1 to 64 letters, digits, dots, dashes or underscores";
  if (strspn (token, TOKEN_ALPHABET) != strlen (token))
    return "its token has characters that no bearer token has";
  if (strlen (token) < TOKEN_MIN_CHARS)
    return "its token is shorter than 32 characters";
  for (guint i = 0; i < known->len; i++)
    if (g_str_equal (((Token *)g_ptr_array_index (known, i))->token, token))
      return "its token stands there before";
  return NULL;
}

/* @ret_fault (may be NULL): of the first line that is no token; the others are taken. */
static GPtrArray *
parse (const char *text, char **ret_fault)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *known = g_ptr_array_new_with_free_func (token_free);

  for (guint i = 0; lines[i]; i++) {
    char *line = g_strstrip (lines[i]);
    char *colon = strchr (line, ':');
    const char *given = colon ? colon + 1 : line;
    const char *fault;
    Token *token;

    if (*line == '\0' || *line == '#')
      continue;
    given += strspn (given, " \t");
    if (colon)
      *colon = '\0';
    fault = fault_of (colon ? g_strchomp (line) : NULL, given, known);
    if (fault) {
      if (!*ret_fault)
        *ret_fault = g_strdup_printf ("line %u is no token: %s", i + 1, fault);
      continue;
    }
    token = g_new0 (Token, 1);
    token->token = g_strdup (given);
    token->name = colon ? g_strdup (line) : name_by_digest (given);
    g_ptr_array_add (known, token);
  }
  return known;
}

/* --- The file --- */

static gboolean
fail (const char *path, const char *why, GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "token-file: %s %s", path, why);
  return FALSE;
}

/* Text and state of one and the same file, though another may take its place meanwhile. */
static gboolean
read_file (const char *path, char **ret_text, struct stat *ret_state, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autofree char *text = NULL;
  gsize length = 0;
  ssize_t got = 0;
  gboolean done = FALSE;

  if (fd < 0)
    return fail (path, errno == ENOENT ? "is not there" : "cannot be read", error);
  if (fstat (fd, ret_state) != 0 || !S_ISREG (ret_state->st_mode))
    (void)fail (path, "is no file", error);
  else if (ret_state->st_mode & (S_IRWXO | S_IWGRP))
    (void)fail (path, "is open to others; chmod 600 (or 640) makes it yours", error);
  else if (ret_state->st_size > FILE_MAX_BYTES)
    (void)fail (path, "is larger than 1 MiB", error);
  else {
    text = g_malloc (FILE_MAX_BYTES + 1);
    while (length < FILE_MAX_BYTES && (got = read (fd, text + length, FILE_MAX_BYTES - length)) > 0)
      length += (gsize)got;
    text[length] = '\0';
    done = got >= 0 || fail (path, "cannot be read", error);
  }
  close (fd);
  if (done)
    *ret_text = g_strdup (text);
  return done;
}

/* Takes @known. */
static void
use (Tokens *tokens, GPtrArray *known)
{
  g_clear_pointer (&tokens->known, g_ptr_array_unref);
  tokens->known = known;
  metrics_gauge ("claim_api_tokens", known->len, NULL);
  for (guint i = 0; i < known->len; i++) {
    const Token *token = g_ptr_array_index (known, i);

    if (g_str_has_prefix (token->name, "unnamed-"))
      log_warning ("a token has no name: write name:token, so that who submits can be told",
                   "token", token->name, NULL);
  }
}

static gboolean
is_fresh (const struct stat *state)
{
  return g_get_real_time () / G_USEC_PER_SEC - state->st_ctim.tv_sec < FRESH_S;
}

static gboolean
has_changed (Tokens *tokens)
{
  struct stat now = { 0 };

  if (stat (tokens->path, &now) != 0)
    return tokens->seen.st_ino != 0; /* told once */
  return tokens->was_fresh || now.st_ino != tokens->seen.st_ino ||
         now.st_dev != tokens->seen.st_dev || now.st_size != tokens->seen.st_size ||
         memcmp (&now.st_ctim, &tokens->seen.st_ctim, sizeof now.st_ctim) != 0;
}

/* The lock is held. */
static void
read_again (Tokens *tokens)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *digest = NULL;
  g_autofree char *fault = NULL;
  g_autofree char *count = NULL;
  struct stat state = { 0 };

  if (!has_changed (tokens))
    return;
  if (!read_file (tokens->path, &text, &state, &error)) {
    text = g_strdup ("");
  }
  tokens->seen = state;
  tokens->was_fresh = state.st_ino != 0 && is_fresh (&state);
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, error ? error->message : text, -1);
  if (g_strcmp0 (digest, tokens->digest) == 0)
    return;
  g_free (tokens->digest);
  tokens->digest = g_steal_pointer (&digest);
  use (tokens, parse (text, &fault));
  count = g_strdup_printf ("%u", tokens->known->len);
  if (tokens->known->len == 0)
    log_failure ("nobody can come in: the changed token-file has no token", "error",
                 error ? error->message : fault, NULL);
  else if (fault)
    log_failure ("the token-file was read again, but for a line", "tokens", count, "error", fault,
                 NULL);
  else
    log_info ("the token-file was read again", "tokens", count, NULL);
}

Tokens *
tokens_new (const char *path, GError **error)
{
  g_autoptr (GPtrArray) known = NULL;
  g_autofree char *text = NULL;
  g_autofree char *fault = NULL;
  struct stat state = { 0 };
  Tokens *tokens;

  if (!read_file (path, &text, &state, error))
    return NULL;
  known = parse (text, &fault);
  if (fault || known->len == 0) {
    (void)fail (path, fault ? fault : "has no token; write name:token, one a line", error);
    return NULL;
  }
  tokens = g_new0 (Tokens, 1);
  tokens->path = g_strdup (path);
  tokens->seen = state;
  tokens->was_fresh = is_fresh (&state);
  tokens->digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_mutex_init (&tokens->lock);
  use (tokens, g_steal_pointer (&known));
  return tokens;
}

void
tokens_free (Tokens *tokens)
{
  if (!tokens)
    return;
  g_ptr_array_unref (tokens->known);
  g_mutex_clear (&tokens->lock);
  g_free (tokens->digest);
  g_free (tokens->path);
  g_free (tokens);
}

char *
tokens_name_caller (Tokens *tokens, const char *authorization)
{
  static const char scheme[] = "Bearer ";
  char *name = NULL;
  const char *given;

  if (!authorization || g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) != 0)
    return NULL;
  given = authorization + strlen (scheme);
  given += strspn (given, " ");

  g_mutex_lock (&tokens->lock);
  read_again (tokens);
  /* Every token is looked at, so that time does not tell which one came close. */
  for (guint i = 0; i < tokens->known->len; i++) {
    const Token *token = g_ptr_array_index (tokens->known, i);

    if (text_equal_constant_time (given, token->token) && !name)
      name = g_strdup (token->name);
  }
  g_mutex_unlock (&tokens->lock);
  return name;
}

gboolean
tokens_are_none (Tokens *tokens)
{
  gboolean are_none;

  g_mutex_lock (&tokens->lock);
  read_again (tokens);
  are_none = tokens->known->len == 0;
  g_mutex_unlock (&tokens->lock);
  return are_none;
}
