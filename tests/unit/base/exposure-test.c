#include "base/exposure.h"

static void
test_this_machine (void)
{
  static const char *const here[] = {
    "",          "/run/postgresql", "@abstract", "127.0.0.1",   "127.9.9.9",        "::1",
    "localhost", "LOCALHOST",       "[::1]",     "a.localhost", "::ffff:127.0.0.1",
  };
  static const char *const elsewhere[] = {
    "10.0.0.1", "0.0.0.0",  "127.example.com", "::",           "[fe80::1]", "::ffff:10.0.0.1",
    "db",       "localhos", "localhost.com",   "notlocalhost",
  };

  g_assert_true (host_is_this_machine (NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (here); i++) {
    g_test_message ("%s", here[i]);
    g_assert_true (host_is_this_machine (here[i]));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (elsewhere); i++) {
    g_test_message ("%s", elsewhere[i]);
    g_assert_false (host_is_this_machine (elsewhere[i]));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/exposure/which-hosts-are-this-machine", test_this_machine);
  return g_test_run ();
}
