/* In the order of the service's own checks. */
#include "notify-simulator/token.h"

#include <string.h>
#include "control/jwt.h"
#include "base/cleanup.h" /* after jansson.h */

#define UUID_CHARS  36
#define TOLERANCE_S 30

gboolean
service_key_read (ServiceKey *key, const char *text)
{
  gsize length = strlen (text);
  const char *secret, *service;

  if (length < 2 * UUID_CHARS + 3)
    return FALSE;
  secret = text + length - UUID_CHARS;
  service = secret - 1 - UUID_CHARS;
  key->secret = g_strdup (secret);
  key->service_id = g_strndup (service, UUID_CHARS);
  return secret[-1] == '-' && service[-1] == '-' && g_uuid_string_is_valid (key->secret) &&
         g_uuid_string_is_valid (key->service_id);
}

void
service_key_clear (ServiceKey *key)
{
  g_clear_pointer (&key->service_id, g_free);
  g_clear_pointer (&key->secret, g_free);
}

TokenFinding
token_check (const ServiceKey *key, const char *authorization, gint64 now_s)
{
  const char *token = jwt_of_bearer (authorization);
  g_autoptr (json_t) claims = NULL;
  const char *issuer;
  json_t *issued_at;

  if (!authorization)
    return TOKEN_MISSING;
  if (!token)
    return TOKEN_NOT_BEARER;
  claims = jwt_read (token);
  if (!claims)
    return TOKEN_UNREADABLE;
  issuer = json_string_value (json_object_get (claims, "iss"));
  issued_at = json_object_get (claims, "iat");
  if (!issuer)
    return TOKEN_NO_ISSUER;
  if (strcmp (issuer, key->service_id) != 0)
    return TOKEN_UNKNOWN_SERVICE;
  if (!json_is_integer (issued_at) || ABS (json_integer_value (issued_at) - now_s) > TOLERANCE_S)
    return TOKEN_OUT_OF_TIME;
  if (key->is_revoked)
    return TOKEN_REVOKED;
  return jwt_is_signed (token, key->secret) ? TOKEN_FINE : TOKEN_WRONG_SIGNATURE;
}
