/* The API key is cut from its end, and its token is what the standard says: read here by hand. */
#include "notify/key.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/settings.h"

#define SERVICE "d6aa2c68-a2d9-4437-ab19-3ae8eb202553"
#define SECRET  "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
#define TOKEN                                                                                      \
  "Zm9v-YmFy_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NT-_"

static void
test_cut (void)
{
  static const struct {
    const char *text, *secret;
  } cases[] = {
    { "dependents-" SERVICE "-" SECRET, SECRET },
    { "a-name-with-hyphens-" SERVICE "-" SECRET, SECRET },
    { SERVICE "-" SERVICE "-" SECRET, SECRET },
    { "dependents-" SERVICE "-" TOKEN, TOKEN },
    { "a-b-" SERVICE "-" TOKEN, TOKEN },
  };
  static const char *const wrong[] = { "",
                                       "dependents",
                                       SERVICE "-" SECRET,
                                       "-" SERVICE "-" SECRET,
                                       "dependents-" SERVICE SECRET,
                                       "dependents-" SECRET,
                                       "dependents-" SERVICE "_" SECRET,
                                       "dependents-" SERVICE "-" SECRET " ",
                                       "dependents-" SERVICE "-short" };

  g_assert_cmpuint (strlen (TOKEN), ==, 86);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (NotifyKey) key = notify_key_parse (cases[i].text, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (key->service_id, ==, SERVICE);
    g_assert_cmpstr (key->secret, ==, cases[i].secret);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", wrong[i]);
    g_assert_null (notify_key_parse (wrong[i], &error));
    g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
    g_assert_null (strstr (error->message, SECRET));
  }
}

static json_t *
part_of (const char *text)
{
  g_autoptr (GString) plain = g_string_new (text);
  g_autofree guchar *bytes = NULL;
  gsize length = 0;

  g_string_replace (plain, "-", "+", 0);
  g_string_replace (plain, "_", "/", 0);
  while (plain->len % 4)
    g_string_append_c (plain, '=');
  bytes = g_base64_decode (plain->str, &length);
  return json_loadb ((const char *)bytes, length, 0, NULL);
}

static void
test_token (void)
{
  g_autoptr (NotifyKey) key = notify_key_parse ("x-" SERVICE "-" SECRET, NULL);
  g_autofree char *token = notify_key_token (key, 1763751900);
  g_auto (GStrv) parts = g_strsplit (token, ".", -1);
  g_autoptr (json_t) head = part_of (parts[0]);
  g_autoptr (json_t) claims = part_of (parts[1]);
  g_autoptr (json_t) expected = json_pack ("{ss si}", "iss", SERVICE, "iat", 1763751900);
  g_autofree char *later = notify_key_token (key, 1763751901);

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  g_assert_cmpstr (json_string_value (json_object_get (head, "alg")), ==, "HS256");
  g_assert_cmpstr (json_string_value (json_object_get (head, "typ")), ==, "JWT");
  g_assert_true (json_equal (claims, expected));
  g_assert_cmpstr (later, !=, token); /* the signature is the simulator's to look at */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/key/is-cut-from-its-end", test_cut);
  g_test_add_func ("/notify/key/makes-a-token", test_token);
  return g_test_run ();
}
