/* Small text helpers with more than one user. */
#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

gboolean
text_is_blank (const char *text)
{
  if (!text)
    return TRUE;
  for (; *text; text++)
    if (!g_ascii_isspace (*text))
      return FALSE;
  return TRUE;
}

char *
text_digits (const char *text)
{
  GString *digits = g_string_new (NULL);

  for (; text && *text; text++)
    if (g_ascii_isdigit (*text))
      g_string_append_c (digits, *text);
  return g_string_free (digits, FALSE);
}

char *
text_truncate_chars (const char *utf8, glong chars)
{
  g_autofree char *valid = NULL;

  if (!utf8)
    return NULL;
  /* Foreign text may be damaged; counting characters in it would run over its end. */
  valid = g_utf8_make_valid (utf8, -1);
  if (chars < 0 || g_utf8_strlen (valid, -1) <= chars)
    return g_steal_pointer (&valid);
  return g_utf8_substring (valid, 0, chars);
}

gboolean
text_equal_constant_time (const char *a, const char *b)
{
  gsize length;

  if (!a || !b)
    return FALSE;
  length = strlen (a);
  return length == strlen (b) && CRYPTO_memcmp (a, b, length) == 0;
}

char *
text_hex (gconstpointer data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  const guint8 *bytes = data;
  char *hex = g_malloc (2 * length + 1);

  for (gsize i = 0; i < length; i++) {
    hex[2 * i] = digits[bytes[i] >> 4];
    hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  hex[2 * length] = '\0';
  return hex;
}

GBytes *
text_unhex (const char *hex)
{
  g_autofree guint8 *bytes = NULL;
  gsize length;

  if (!hex)
    return NULL;
  length = strlen (hex);
  if (length % 2 != 0)
    return NULL;

  bytes = g_malloc (length / 2 + 1);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isxdigit (hex[i]))
      return NULL;
  for (gsize i = 0; i < length / 2; i++)
    bytes[i] =
        (guint8)(g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return g_bytes_new_take (g_steal_pointer (&bytes), length / 2);
}

char *
text_new_uuid (void)
{
  guint8 bytes[16];
  g_autofree char *hex = NULL;

  /* Not GLib's: its generator is no cryptographic one, and these numbers are handed to strangers.
   */
  if (RAND_bytes (bytes, sizeof bytes) != 1)
    g_error ("the system has no random numbers");
  bytes[6] = (guint8)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (guint8)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 9562 */

  hex = text_hex (bytes, sizeof bytes);
  return g_strdup_printf ("%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

gboolean
text_is_uuid (const char *text)
{
  return text && g_uuid_string_is_valid (text);
}

char *
text_of_json (const json_t *document)
{
  char *dumped = json_dumps (document, JSON_COMPACT);
  char *text = g_strdup (dumped);

  free (dumped); /* jansson's, not GLib's */
  return text;
}

char *
text_mask_userinfo (const char *text)
{
  GString *masked = g_string_new (NULL);
  const char *scheme = NULL;

  while ((scheme = strstr (text, "://"))) {
    const char *authority = scheme + strlen ("://");
    gsize length = strcspn (authority, "/?# \t\n\"'<>");
    const char *at = g_strrstr_len (authority, (gssize)length, "@");

    g_string_append_len (masked, text, authority - text);
    if (at)
      g_string_append (masked, "***");
    text = at ? at : authority;
  }
  g_string_append (masked, text);
  return g_string_free (masked, FALSE);
}
