/* Bearer tokens from a file; see tokens.h. */
#include "http/tokens.h"

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
  const char *role; /* one of the options'; NULL: there are none */
} Token;

struct Tokens {
  char *setting, *path;
  const char *const *roles;
  guint edition;
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

/* Cuts "name:" or "name:role:" off @line, which is changed: the token, or NULL and what is wrong.
 * @ret_name NULL: it has none. */
static const char *
split (char *line, const char *const *roles, const char **ret_name, const char **ret_role,
       const char **ret_fault)
{
  char *colon = strchr (line, ':');
  char *second = colon && roles ? strchr (colon + 1, ':') : NULL;
  char *token = second ? second + 1 : colon ? colon + 1 : line;

  *ret_name = *ret_role = NULL;
  if (roles && !second) {
    *ret_fault = "it is not name:role:token";
    return NULL;
  }
  if (second)
    *second = '\0';
  if (colon) {
    *colon = '\0';
    *ret_name = g_strchomp (line);
  }
  for (; roles && *roles; roles++)
    if (g_str_equal (*roles, g_strstrip (colon + 1)))
      *ret_role = *roles;
  if (second && !*ret_role) {
    *ret_fault = "its role is none";
    return NULL;
  }
  return token + strspn (token, " \t");
}

/* @ret_fault: of the first line that is no token; the others are taken. */
static GPtrArray *
parse (const char *text, const char *const *roles, char **ret_fault)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *known = g_ptr_array_new_with_free_func (token_free);

  for (guint i = 0; lines[i]; i++) {
    char *line = g_strstrip (lines[i]);
    const char *name, *role, *fault = NULL, *given;
    Token *token;

    if (*line == '\0' || *line == '#')
      continue;
    given = split (line, roles, &name, &role, &fault);
    if (given)
      fault = fault_of (name, given, known);
    if (fault) {
      if (!*ret_fault)
        *ret_fault = g_strdup_printf ("line %u is no token: %s", i + 1, fault);
      continue;
    }
    token = g_new0 (Token, 1);
    token->token = g_strdup (given);
    token->name = name ? g_strdup (name) : name_by_digest (given);
    token->role = role;
    g_ptr_array_add (known, token);
  }
  return known;
}

/* --- The file --- */

static gboolean
fail (const Tokens *tokens, const char *why, GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s %s", tokens->setting, tokens->path,
               why);
  return FALSE;
}

/* Text and state of one and the same file, though another may take its place meanwhile. */
static gboolean
read_file (const Tokens *tokens, char **ret_text, struct stat *ret_state, GError **error)
{
  /* A pipe that nobody writes would be waited for, and everybody with it. */
  int fd = open (tokens->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  g_autofree char *text = NULL;
  gsize length = 0;
  ssize_t got = 0;
  gboolean done = FALSE;

  if (fd < 0)
    return fail (tokens, errno == ENOENT ? "is not there" : "cannot be read", error);
  if (fstat (fd, ret_state) != 0 || !S_ISREG (ret_state->st_mode))
    (void)fail (tokens, "is no file", error);
  else if (ret_state->st_mode & (S_IRWXO | S_IWGRP))
    (void)fail (tokens, "is open to others; chmod 600 (or 640) makes it yours", error);
  else if (ret_state->st_size > FILE_MAX_BYTES)
    (void)fail (tokens, "is larger than 1 MiB", error);
  else {
    text = g_malloc (FILE_MAX_BYTES + 1);
    while (length < FILE_MAX_BYTES && (got = read (fd, text + length, FILE_MAX_BYTES - length)) > 0)
      length += (gsize)got;
    text[length] = '\0';
    done = got >= 0 || fail (tokens, "cannot be read", error);
    if (done && strlen (text) != length) /* what stands behind it would be read by nobody */
      done = fail (tokens, "holds a NUL byte", error);
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
  metrics_gauge (METRIC_API_TOKENS, known->len, NULL);
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
  if (!read_file (tokens, &text, &state, &error)) {
    text = g_strdup ("");
  }
  tokens->seen = state;
  tokens->was_fresh = state.st_ino != 0 && is_fresh (&state);
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, error ? error->message : text, -1);
  if (g_strcmp0 (digest, tokens->digest) == 0)
    return;
  g_free (tokens->digest);
  tokens->digest = g_steal_pointer (&digest);
  tokens->edition++;
  use (tokens, parse (text, tokens->roles, &fault));
  count = g_strdup_printf ("%u", tokens->known->len);
  if (tokens->known->len == 0)
    log_failure ("nobody can come in: the changed token-file has no token", "setting",
                 tokens->setting, "error", error ? error->message : fault, NULL);
  else if (fault)
    log_failure ("the token-file was read again, but for a line", "setting", tokens->setting,
                 "tokens", count, "error", fault, NULL);
  else
    log_info ("the token-file was read again", "setting", tokens->setting, "tokens", count, NULL);
}

Tokens *
tokens_new (const TokensOptions *options, GError **error)
{
  g_autoptr (GPtrArray) known = NULL;
  g_autofree char *text = NULL;
  g_autofree char *fault = NULL;
  struct stat state = { 0 };
  Tokens *tokens = g_new0 (Tokens, 1);

  tokens->setting = g_strdup (options->setting);
  tokens->path = g_strdup (options->path);
  tokens->roles = options->roles;
  g_mutex_init (&tokens->lock);
  if (read_file (tokens, &text, &state, error))
    known = parse (text, tokens->roles, &fault);
  if (!known || fault || known->len == 0) {
    if (known)
      (void)fail (tokens, fault ? fault : "has no token; write one a line", error);
    tokens_free (tokens);
    return NULL;
  }
  tokens->seen = state;
  tokens->was_fresh = is_fresh (&state);
  tokens->digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  use (tokens, g_steal_pointer (&known));
  return tokens;
}

void
tokens_free (Tokens *tokens)
{
  if (!tokens)
    return;
  g_clear_pointer (&tokens->known, g_ptr_array_unref);
  g_mutex_clear (&tokens->lock);
  g_free (tokens->digest);
  g_free (tokens->path);
  g_free (tokens->setting);
  g_free (tokens);
}

const char *
tokens_of_bearer (const char *authorization)
{
  static const char scheme[] = "Bearer ";

  if (!authorization || g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) != 0)
    return NULL;
  authorization += strlen (scheme);
  return authorization + strspn (authorization, " ");
}

char *
tokens_find (Tokens *tokens, const char *given, const char **ret_role)
{
  char *name = NULL;

  if (!given)
    return NULL;
  g_mutex_lock (&tokens->lock);
  read_again (tokens);
  /* Every token is looked at, so that time does not tell which one came close. */
  for (guint i = 0; i < tokens->known->len; i++) {
    const Token *token = g_ptr_array_index (tokens->known, i);

    if (text_equal_constant_time (given, token->token) && !name) {
      name = g_strdup (token->name);
      if (ret_role)
        *ret_role = token->role;
    }
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

guint
tokens_edition (Tokens *tokens)
{
  guint edition;

  g_mutex_lock (&tokens->lock);
  read_again (tokens);
  edition = tokens->edition;
  g_mutex_unlock (&tokens->lock);
  return edition;
}
