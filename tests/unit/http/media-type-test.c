#include "http/media-type.h"

static void
test_kind (void)
{
  static const char json[] = "application/json";

  g_assert_true (media_type_is ("application/json", json));
  g_assert_true (media_type_is ("Application/JSON ; charset=utf-8", json));
  g_assert_true (media_type_is ("application/json;", json));
  g_assert_false (media_type_is (NULL, json));
  g_assert_false (media_type_is ("", json));
  g_assert_false (media_type_is ("application/jsonx", json));
  g_assert_false (media_type_is ("application/json, text/plain", json));
  g_assert_false (media_type_is ("text/plain; application/json", json));
}

static void
test_charset (void)
{
  static const char *const utf8[] = {
    "application/json",
    "application/json;",
    "application/json; charset=utf-8",
    "application/json;charset=\"UTF-8\"",
    "application/json; CharSet=utf8;",
    "application/json; charset=us-ascii",
    "application/json; version=1; charset=Utf-8",
    "application/json; version=\"a;charset=x\"",
  };
  static const char *const others[] = {
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-8x",
    "application/json; charset=\"\"",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json; charset=utf-8; charset=utf-8",
    "application/json; charset",
    "application/json; charset=",
    "application/json; charset =utf-8",
    "application/json; charset=\"utf-8",
    "application/json; charset=utf-8, application/json",
  };

  g_assert_true (media_type_is_utf8 (NULL));
  for (guint i = 0; i < G_N_ELEMENTS (utf8); i++) {
    g_test_message ("%s", utf8[i]);
    g_assert_true (media_type_is_utf8 (utf8[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_test_message ("%s", others[i]);
    g_assert_false (media_type_is_utf8 (others[i]));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/media-type/whatever-its-parameters", test_kind);
  g_test_add_func ("/http/media-type/what-can-be-read-as-utf-8", test_charset);
  return g_test_run ();
}
