/* The API key. See key.h. */
#include "notify/key.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>
#include "base/settings.h"

#define UUID_CHARS  36
#define TOKEN_CHARS 86

/* The newer kind of secret: a URL-safe token, which may hold hyphens itself. */
static gboolean
is_token (const char *text)
{
  for (; *text; text++)
    if (!g_ascii_isalnum (*text) && *text != '-' && *text != '_')
      return FALSE;
  return TRUE;
}

static gboolean
is_uuid (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);

  return g_uuid_string_is_valid (copy);
}

/* From the end, for the name may hold hyphens. NULL: it does not end in a secret of that length. */
static NotifyKey *
cut (const char *text, gsize secret_length)
{
  gsize length = strlen (text);
  const char *secret = text + length - secret_length, *service;
  NotifyKey *key;

  if (length < secret_length + UUID_CHARS + 3) /* a name of one letter at least, and two hyphens */
    return NULL;
  service = secret - 1 - UUID_CHARS;
  if (secret[-1] != '-' || service[-1] != '-' || !is_uuid (service, UUID_CHARS))
    return NULL;
  if (secret_length == UUID_CHARS ? !is_uuid (secret, UUID_CHARS) : !is_token (secret))
    return NULL;
  key = g_new0 (NotifyKey, 1);
  key->service_id = g_strndup (service, UUID_CHARS);
  key->secret = g_strdup (secret);
  return key;
}

NotifyKey *
notify_key_parse (const char *text, GError **error)
{
  NotifyKey *key = cut (text, UUID_CHARS);

  if (!key)
    key = cut (text, TOKEN_CHARS);
  if (!key)
    g_set_error_literal (
        error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
        "a VA Notify API key is a name, the service's id and a secret, with hyphens "
        "between them");
  return key;
}

void
notify_key_free (NotifyKey *key)
{
  if (!key)
    return;
  g_free (key->service_id);
  g_free (key->secret);
  g_free (key);
}

char *
notify_key_token (const NotifyKey *key, gint64 now_s)
{
  jwt_t *jwt = NULL;
  char *made = NULL, *token = NULL;

  if (jwt_new (&jwt) == 0 &&
      jwt_set_alg (jwt, JWT_ALG_HS256, (const unsigned char *)key->secret,
                   (int)strlen (key->secret)) == 0 &&
      jwt_add_grant (jwt, "iss", key->service_id) == 0 &&
      jwt_add_grant_int (jwt, "iat", (long)now_s) == 0)
    made = jwt_encode_str (jwt);
  token = g_strdup (made);
  free (made); /* libjwt's, not GLib's */
  jwt_free (jwt);
  return token;
}
