#include "base/text.h"

#include <string.h>

static void
blank_is_white_space_only (void)
{
  g_assert_true (text_is_blank (NULL));
  g_assert_true (text_is_blank (""));
  g_assert_true (text_is_blank (" \t\r\n"));
  g_assert_false (text_is_blank (" x "));
}

static void
digits_leave_the_rest_out (void)
{
  g_autofree char *none = text_digits (NULL);
  g_autofree char *phone = text_digits ("(555) 010-0199 ext. 7");

  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (phone, ==, "55501001997");
}

static void
truncates_by_characters (void)
{
  g_autofree char *short_enough = text_truncate_chars ("Núñez", 5);
  g_autofree char *cut = text_truncate_chars ("Núñez", 3);
  g_autofree char *empty = text_truncate_chars ("Núñez", 0);
  g_autofree char *damaged = text_truncate_chars ("ab\xc3", 10);

  g_assert_cmpstr (short_enough, ==, "Núñez");
  g_assert_cmpstr (cut, ==, "Núñ");
  g_assert_cmpstr (empty, ==, "");
  g_assert_cmpstr (damaged, ==, "ab\xef\xbf\xbd");
  g_assert_null (text_truncate_chars (NULL, 3));
}

static void
compares_secrets (void)
{
  g_assert_true (text_equal_constant_time ("token", "token"));
  g_assert_false (text_equal_constant_time ("token", "tokeN"));
  g_assert_false (text_equal_constant_time ("token", "token1"));
  g_assert_false (text_equal_constant_time (NULL, "token"));
  g_assert_false (text_equal_constant_time (NULL, NULL));
}

static void
hex_there_and_back (void)
{
  static const guint8 bytes[] = { 0x00, 0x0f, 0xa0, 0xff };
  g_autofree char *hex = text_hex (bytes, sizeof bytes);
  g_autoptr (GBytes) back = text_unhex ("000FA0ff");
  g_autoptr (GBytes) empty = text_unhex ("");

  g_assert_cmpstr (hex, ==, "000fa0ff");
  g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), bytes, sizeof bytes);
  g_assert_cmpint (g_bytes_get_size (empty), ==, 0);
  g_assert_null (text_unhex (NULL));
  g_assert_null (text_unhex ("0"));
  g_assert_null (text_unhex ("0g"));
  g_assert_null (text_unhex ("-1"));
}

static void
uuids_are_version_4_and_new (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++) {
    char *uuid = text_new_uuid ();

    g_assert_cmpuint (strlen (uuid), ==, 36);
    g_assert_true (text_is_uuid (uuid));
    g_assert_cmpint (uuid[14], ==, '4');
    g_assert_nonnull (strchr ("89ab", uuid[19]));
    g_assert_true (g_hash_table_add (seen, uuid));
  }
  g_assert_false (text_is_uuid (NULL));
  g_assert_false (text_is_uuid ("2f9c1d1e-0000-4000-8000-00000000000"));
  g_assert_false (text_is_uuid ("2f9c1d1e-0000-4000-8000-00000000000g"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/text/blank-is-white-space-only", blank_is_white_space_only);
  g_test_add_func ("/base/text/digits-leave-the-rest-out", digits_leave_the_rest_out);
  g_test_add_func ("/base/text/truncates-by-characters", truncates_by_characters);
  g_test_add_func ("/base/text/compares-secrets", compares_secrets);
  g_test_add_func ("/base/text/hex-there-and-back", hex_there_and_back);
  g_test_add_func ("/base/text/uuids-are-version-4-and-new", uuids_are_version_4_and_new);
  return g_test_run ();
}
