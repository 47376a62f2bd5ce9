/* The token is what the service asks for: read here by hand, its signature made anew. */
#include "evidence/token.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

#define SECRET "a secret of the tests"
#define NOW_S  G_GINT64_CONSTANT (1795287900)

static void
to_url_safe (char *text)
{
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
}

static json_t *
part_of (const char *text)
{
  g_autoptr (GString) plain = g_string_new (text);
  g_autofree guchar *bytes = NULL;
  gsize length = 0;

  g_strdelimit (plain->str, "-", '+');
  g_strdelimit (plain->str, "_", '/');
  while (plain->len % 4 != 0)
    g_string_append_c (plain, '=');
  bytes = g_base64_decode (plain->str, &length);
  return json_loadb ((const char *)bytes, length, 0, NULL);
}

static char *
signature_of (char **parts)
{
  g_autofree char *text = g_strjoin (".", parts[0], parts[1], NULL);
  g_autofree guint8 *digest = g_malloc (32);
  gsize length = 32;
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)SECRET, strlen (SECRET));
  char *signature;

  g_hmac_update (hmac, (const guchar *)text, -1);
  g_hmac_get_digest (hmac, digest, &length);
  signature = g_base64_encode (digest, length);
  to_url_safe (signature);
  return signature;
}

static const char *
text_in (const json_t *claims, const char *name)
{
  return json_string_value (json_object_get (claims, name));
}

static void
test_claims (void)
{
  g_autofree char *token = evidence_token (SECRET, NOW_S);
  g_auto (GStrv) parts = g_strsplit (token, ".", 4);
  g_autoptr (json_t) head = part_of (parts[0]), claims = part_of (parts[1]);
  g_autofree char *signature = signature_of (parts);

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  g_assert_cmpstr (text_in (head, "alg"), ==, "HS256");
  g_assert_cmpuint (json_object_size (claims), ==, 7);
  g_assert_true (text_is_uuid (text_in (claims, "jti")));
  g_assert_cmpint (json_integer_value (json_object_get (claims, "iat")), ==, NOW_S);
  g_assert_cmpint (json_integer_value (json_object_get (claims, "exp")), ==, NOW_S + 900);
  g_assert_cmpstr (text_in (claims, "iss"), ==, "VAGOV");
  g_assert_cmpstr (text_in (claims, "applicationID"), ==, "VAGOV");
  g_assert_cmpstr (text_in (claims, "userID"), ==, "VAGOVSYSACCT");
  g_assert_cmpstr (text_in (claims, "stationID"), ==, "283");
  g_assert_cmpstr (parts[2], ==, signature);
}

static void
test_each_its_own (void)
{
  g_autofree char *one = evidence_token (SECRET, NOW_S), *other = evidence_token (SECRET, NOW_S);

  g_assert_cmpstr (one, !=, other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evidence/token/claims-and-signature", test_claims);
  g_test_add_func ("/evidence/token/no-two-are-the-same", test_each_its_own);
  return g_test_run ();
}
