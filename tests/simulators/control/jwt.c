/* Strict: base 64 for URLs without padding, nothing else between the dots. */
#include "control/jwt.h"

#include <string.h>
#include "base/cleanup.h"

#define BEARER "Bearer "

const char *
jwt_of_bearer (const char *authorization)
{
  if (!authorization || g_ascii_strncasecmp (authorization, BEARER, strlen (BEARER)) != 0)
    return NULL;
  return authorization + strlen (BEARER);
}

/* NULL when it is none. */
static guchar *
decode (const char *text, gsize *ret_length)
{
  g_autoptr (GString) plain = g_string_new (text);

  for (char *c = plain->str; *c; c++) {
    if (!g_ascii_isalnum (*c) && *c != '-' && *c != '_')
      return NULL;
    *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
  }
  while (plain->len % 4)
    g_string_append_c (plain, '=');
  return g_base64_decode (plain->str, ret_length);
}

static json_t *
decode_json (const char *text)
{
  gsize length = 0;
  g_autofree guchar *bytes = decode (text, &length);

  return bytes ? json_loadb ((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static gboolean
has_right_header (const char *part)
{
  g_autoptr (json_t) header = decode_json (part);

  return g_strcmp0 (json_string_value (json_object_get (header, "alg")), "HS256") == 0 &&
         g_strcmp0 (json_string_value (json_object_get (header, "typ")), "JWT") == 0;
}

json_t *
jwt_read (const char *token)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", 4);

  return g_strv_length (parts) == 3 && has_right_header (parts[0]) ? decode_json (parts[1]) : NULL;
}

gboolean
jwt_is_signed (const char *token, const char *secret)
{
  const char *dot = strrchr (token, '.');
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)secret, strlen (secret));
  guint8 expected[32];
  gsize length = 0, expected_length = sizeof expected;
  g_autofree guchar *given = decode (dot + 1, &length);

  g_hmac_update (hmac, (const guchar *)token, dot - token);
  g_hmac_get_digest (hmac, expected, &expected_length);
  return given && length == expected_length && memcmp (given, expected, length) == 0;
}
