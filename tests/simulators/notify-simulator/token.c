/* A JWT is read by hand: what a client's library makes is held against the standard, not against
 * that library. */
#include "notify-simulator/token.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"

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

/* Base 64 for URLs, without padding. */
static guchar *
decode (const char *text, gsize *ret_length)
{
  g_autoptr (GString) plain = g_string_new (text);

  for (char *c = plain->str; *c; c++)
    *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
  while (plain->len % 4)
    g_string_append_c (plain, '=');
  return g_base64_decode (plain->str, ret_length);
}

static json_t *
decode_json (const char *text)
{
  gsize length = 0;
  g_autofree guchar *bytes = decode (text, &length);

  return json_loadb ((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
}

static gboolean
is_signed (const ServiceKey *key, char **parts)
{
  g_autofree char *message = g_strconcat (parts[0], ".", parts[1], NULL);
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)key->secret, strlen (key->secret));
  guint8 expected[32];
  gsize length = 0, expected_length = sizeof expected;
  g_autofree guchar *given = decode (parts[2], &length);

  g_hmac_update (hmac, (const guchar *)message, -1);
  g_hmac_get_digest (hmac, expected, &expected_length);
  return length == expected_length && memcmp (given, expected, length) == 0;
}

static gboolean
has_right_header (const char *part)
{
  g_autoptr (json_t) header = decode_json (part);

  return g_strcmp0 (json_string_value (json_object_get (header, "alg")), "HS256") == 0 &&
         g_strcmp0 (json_string_value (json_object_get (header, "typ")), "JWT") == 0;
}

TokenFinding
token_check (const ServiceKey *key, const char *authorization, gint64 now_s)
{
  g_auto (GStrv) parts = NULL;
  g_autoptr (json_t) claims = NULL;
  const char *issuer;
  json_t *issued_at;

  if (!authorization)
    return TOKEN_MISSING;
  if (g_ascii_strncasecmp (authorization, "Bearer ", 7) != 0)
    return TOKEN_NOT_BEARER;
  parts = g_strsplit (authorization + 7, ".", 4);
  claims = g_strv_length (parts) == 3 ? decode_json (parts[1]) : NULL;
  if (!claims || !has_right_header (parts[0]))
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
  return is_signed (key, parts) ? TOKEN_FINE : TOKEN_WRONG_SIGNATURE;
}
