/* See media-type.h. */
#include "http/media-type.h"

#include <string.h>

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c));
}

const char *
media_skip_blanks (const char *at)
{
  while (*at == ' ' || *at == '\t')
    at++;
  return at;
}

char *
media_token (const char **at)
{
  const char *from = *at;

  while (is_token_char (**at))
    ++*at;
  return *at > from ? g_strndup (from, (gsize)(*at - from)) : NULL;
}

/* A quoted string may have a backslash before any character. NULL: it does not end. */
static char *
take_quoted (const char **at)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (++*at; **at && **at != '"'; ++*at) {
    if (**at == '\\' && (*at)[1])
      ++*at;
    g_string_append_c (text, **at);
  }
  if (**at != '"')
    return NULL;
  ++*at;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

GHashTable *
media_parameters (const char *at)
{
  g_autoptr (GHashTable) parameters =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (at = media_skip_blanks (at); *at == ';'; at = media_skip_blanks (at)) {
    g_autofree char *name = NULL;
    g_autofree char *value = NULL;
    g_autofree char *lower = NULL;

    at = media_skip_blanks (at + 1);
    if (*at == ';' || *at == '\0')
      continue; /* an empty one may stand there */
    name = media_token (&at);
    if (!name || *at != '=')
      return NULL;
    at++;
    value = *at == '"' ? take_quoted (&at) : media_token (&at);
    lower = g_ascii_strdown (name, -1);
    if (!value || g_hash_table_contains (parameters, lower))
      return NULL;
    g_hash_table_insert (parameters, g_steal_pointer (&lower), g_steal_pointer (&value));
  }
  return *at == '\0' ? g_steal_pointer (&parameters) : NULL;
}

/* Where the parameters begin; NULL when it is of another kind. */
static const char *
behind_media (const char *content_type, const char *media)
{
  gsize length = strlen (media);

  if (!content_type || g_ascii_strncasecmp (content_type, media, length) != 0)
    return NULL;
  content_type = media_skip_blanks (content_type + length);
  return *content_type == ';' || *content_type == '\0' ? content_type : NULL;
}

gboolean
media_type_is (const char *content_type, const char *media)
{
  return behind_media (content_type, media) != NULL;
}

gboolean
media_type_is_utf8 (const char *content_type)
{
  static const char *const same[] = { "utf-8", "utf8", "us-ascii", "ascii" };
  const char *at = content_type ? strchr (content_type, ';') : NULL;
  g_autoptr (GHashTable) parameters = NULL;
  const char *charset;

  if (!at)
    return TRUE;
  parameters = media_parameters (at);
  if (!parameters)
    return FALSE;
  charset = g_hash_table_lookup (parameters, "charset");
  for (guint i = 0; charset && i < G_N_ELEMENTS (same); i++)
    if (g_ascii_strcasecmp (charset, same[i]) == 0)
      return TRUE;
  return !charset;
}
