#include "base/settings.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const Setting shared_rows[] = {
  { "bgs-test-url", SETTING_TEXT, "http://localhost", "Where the test's service is." },
  { "test-token", SETTING_TEXT, "", "A secret word.", .secret = TRUE, .required = TRUE },
  { "kafka-brokers", SETTING_TEXT, "", "Where the brokers are." },
  { NULL },
};
static const Setting own_rows[] = {
  { "test-in-flight", SETTING_NUMBER, "64", "How many at a time.", .min = 1, .max = 1000 },
  { "test-any-number", SETTING_NUMBER, "0", "Any count." },
  { "test-dry-run", SETTING_BOOLEAN, "no", "Only look." },
  { "test-wait", SETTING_DURATION, "30s", "How long to wait." },
  { "test-colour", SETTING_CHOICE, "red", "Which one.", .choices = "red|green" },
  { "test-file", SETTING_FILE, "", "A file." },
  { NULL },
};
static const Setting *const tables[] = { shared_rows, own_rows, shared_rows, NULL };

/* Parses a command line of words, without and with the required one. */
static Settings *
parse_words (const char *line, GStrv *ret_operands, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_autofree char **argv = g_memdup2 (words, (g_strv_length (words) + 1) * sizeof (char *));
  char **left = argv;
  int argc = (int)g_strv_length (words);
  Settings *settings = settings_parse ("tester", "FILE…", "Tests.", tables, &argc, &left, error);

  if (settings && ret_operands)
    *ret_operands = g_strdupv (left);
  return settings;
}

static Settings *
parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat ("tester --test-token=t", *line ? " " : "", line, NULL);
  Settings *settings = parse_words (whole, NULL, &error);

  g_assert_no_error (error);
  return settings;
}

static void
assert_refused (const char *line, SettingsError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat ("tester --test-token=hush ", line, NULL);
  g_autoptr (Settings) settings = parse_words (whole, NULL, &error);

  g_assert_null (settings);
  g_assert_error (error, SETTINGS_ERROR, (int)code);
  if (!strstr (error->message, message))
    g_error ("“%s” does not say “%s”", error->message, message);
  g_assert_null (strstr (error->message, "hush"));
}

static void
defaults_hold (void)
{
  g_autoptr (Settings) settings = parse ("");

  g_assert_cmpstr (settings_text (settings, "bgs-test-url"), ==, "http://localhost");
  g_assert_cmpint (settings_number (settings, "test-in-flight"), ==, 64);
  g_assert_false (settings_boolean (settings, "test-dry-run"));
  g_assert_cmpint (settings_duration_ms (settings, "test-wait"), ==, 30000);
  g_assert_cmpstr (settings_text (settings, "test-colour"), ==, "red");
  g_assert_false (settings_is_set (settings, "test-file"));
  g_assert_true (settings_is_set (settings, "test-token"));
  g_assert_true (settings_has (settings, "test-wait"));
  g_assert_false (settings_has (settings, "test-nothing"));
}

static void
command_line_wins (void)
{
  g_autoptr (Settings) settings = NULL;

  g_setenv ("DEPENDENTS_TEST_WAIT", "2m", TRUE);
  g_setenv ("DEPENDENTS_TEST_IN_FLIGHT", "5", TRUE);
  g_setenv ("DEPENDENTS_BGS_TEST_URL", "", TRUE);
  settings = parse ("--test-wait 3h --test-dry-run --test-colour=green");
  g_assert_cmpint (settings_duration_ms (settings, "test-wait"), ==, 3 * 3600 * 1000);
  g_assert_cmpint (settings_number (settings, "test-in-flight"), ==, 5);
  g_assert_true (settings_boolean (settings, "test-dry-run"));
  g_assert_cmpstr (settings_text (settings, "test-colour"), ==, "green");
  g_assert_cmpstr (settings_text (settings, "bgs-test-url"), ==, "");
  g_unsetenv ("DEPENDENTS_TEST_WAIT");
  g_unsetenv ("DEPENDENTS_TEST_IN_FLIGHT");
  g_unsetenv ("DEPENDENTS_BGS_TEST_URL");
}

static void
operands_are_left (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) operands = NULL;
  g_autofree char *joined = NULL;
  g_autoptr (Settings) settings =
      parse_words ("tester one --test-dry-run two --test-token t --test-wait=1s - -- --three",
                   &operands, &error);

  g_assert_no_error (error);
  joined = g_strjoinv (" ", operands);
  g_assert_cmpstr (joined, ==, "tester one two - --three");
  g_assert_true (settings_boolean (settings, "test-dry-run"));
}

static void
refuses_malformed_values (void)
{
  assert_refused ("--test-in-flight=0", SETTINGS_ERROR_INVALID, "from 1 to 1000");
  assert_refused ("--test-in-flight=1001", SETTINGS_ERROR_INVALID, "--test-in-flight");
  assert_refused ("--test-in-flight=64x", SETTINGS_ERROR_INVALID, "64x");
  assert_refused ("--test-in-flight=", SETTINGS_ERROR_INVALID, "whole number");
  assert_refused ("--test-any-number=-1", SETTINGS_ERROR_INVALID, "whole number");
  assert_refused ("--test-dry-run=maybe", SETTINGS_ERROR_INVALID, "neither yes nor no");
  assert_refused ("--test-wait=30", SETTINGS_ERROR_INVALID, "duration");
  assert_refused ("--test-colour=blue", SETTINGS_ERROR_INVALID, "red|green");
  assert_refused ("--test-file=/nonexistent/file", SETTINGS_ERROR_INVALID, "read");
  assert_refused ("--test-file=/tmp", SETTINGS_ERROR_INVALID, "read");
  assert_refused ("--test-wait", SETTINGS_ERROR_INVALID, "needs a value");
}

static void
refuses_unknown_options (void)
{
  assert_refused ("--test-colours=red", SETTINGS_ERROR_UNKNOWN,
                  "--test-colours is no setting of this program (--help lists them); "
                  "do you mean --test-colour?");
  assert_refused ("--hlep", SETTINGS_ERROR_UNKNOWN, "do you mean --help?");
  assert_refused ("--xyzzy", SETTINGS_ERROR_UNKNOWN,
                  "--xyzzy is no setting of this program (--help lists them)");
  assert_refused ("--test-wai=1s", SETTINGS_ERROR_UNKNOWN, "--test-wai");
  assert_refused ("-v", SETTINGS_ERROR_UNKNOWN, "-v");
  assert_refused ("--kafka.", SETTINGS_ERROR_UNKNOWN, "--kafka.");
  /* master-keys is another program's: fine in the environment, not here. */
  assert_refused ("--master-keys=x", SETTINGS_ERROR_UNKNOWN, "--master-keys");
}

static void
required_must_be_set (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = parse_words ("tester", NULL, &error);

  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "DEPENDENTS_TEST_TOKEN"));
}

static void
environment_knows_the_neighbours (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = NULL;
  g_autoptr (Settings) refused = NULL;

  g_setenv ("DEPENDENTS_MASTER_KEYS", "not ours", TRUE);
  settings = parse ("");
  g_unsetenv ("DEPENDENTS_MASTER_KEYS");

  g_setenv ("DEPENDENTS_MASTER_KEYZ", "nobody's", TRUE);
  refused = parse_words ("tester --test-token=t", NULL, &error);
  g_unsetenv ("DEPENDENTS_MASTER_KEYZ");
  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_UNKNOWN);
  g_assert_nonnull (strstr (error->message, "DEPENDENTS_MASTER_KEYZ"));
  g_assert_null (strstr (error->message, "nobody's"));
}

static void
kafka_settings_pass_through (void)
{
  g_autoptr (Settings) settings = NULL;
  GHashTable *kafka;

  g_setenv ("DEPENDENTS_KAFKA_BROKERS", "127.0.0.1:9092", TRUE);
  g_setenv ("DEPENDENTS_KAFKA_SOCKET_TIMEOUT_MS", "1000", TRUE);
  g_setenv ("DEPENDENTS_KAFKA_CLIENT_ID", "env", TRUE);
  settings = parse ("--kafka.client.id=line --kafka.sasl.password pw");
  kafka = settings_kafka (settings);
  g_assert_cmpstr (settings_text (settings, "kafka-brokers"), ==, "127.0.0.1:9092");
  g_assert_cmpuint (g_hash_table_size (kafka), ==, 3);
  g_assert_cmpstr (g_hash_table_lookup (kafka, "socket.timeout.ms"), ==, "1000");
  g_assert_cmpstr (g_hash_table_lookup (kafka, "client.id"), ==, "line");
  g_assert_cmpstr (g_hash_table_lookup (kafka, "sasl.password"), ==, "pw");
  g_unsetenv ("DEPENDENTS_KAFKA_BROKERS");
  g_unsetenv ("DEPENDENTS_KAFKA_SOCKET_TIMEOUT_MS");
  g_unsetenv ("DEPENDENTS_KAFKA_CLIENT_ID");
}

static const char *
value_of (GStrv pairs, const char *name)
{
  for (guint i = 0; pairs[i]; i += 2)
    if (g_str_equal (pairs[i], name))
      return pairs[i + 1];
  return NULL;
}

static void
secrets_are_masked (void)
{
  g_autoptr (Settings) settings = parse ("--kafka.sasl.password pw --kafka.client.id=c");
  g_auto (GStrv) pairs = settings_effective (settings);

  g_assert_cmpstr (value_of (pairs, "test-token"), ==, "***");
  g_assert_cmpstr (value_of (pairs, "test-in-flight"), ==, "64");
  g_assert_cmpstr (value_of (pairs, "kafka.sasl.password"), ==, "***");
  g_assert_cmpstr (value_of (pairs, "kafka.client.id"), ==, "c");
}

static void
malformed_secrets_are_not_shown (void)
{
  static const Setting secret_number[] = {
    { "test-pin", SETTING_NUMBER, "", "A secret number.", .secret = TRUE },
    { NULL },
  };
  static const Setting *const secret_tables[] = { secret_number, NULL };
  char *words[] = { "tester", "--test-pin=12x34", NULL };
  char **argv = words;
  int argc = 2;
  g_autoptr (GError) error = NULL;

  g_assert_null (settings_parse ("tester", "", "", secret_tables, &argc, &argv, &error));
  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
  g_assert_null (strstr (error->message, "12x34"));
}

static void
overrides_are_checked_too (void)
{
  g_autoptr (Settings) settings = parse ("");

  settings_override (settings, "test-wait", "5s");
  g_assert_cmpint (settings_duration_ms (settings, "test-wait"), ==, 5000);
  settings_override (settings, "test-wait", settings_text (settings, "test-wait"));
  g_assert_cmpstr (settings_text (settings, "test-wait"), ==, "5s");
}

static void
reads_a_file_that_is_there (void)
{
  g_autofree char *path = NULL;
  g_autofree char *option = NULL;
  g_autoptr (Settings) settings = NULL;
  int fd = g_file_open_tmp ("settings-XXXXXX", &path, NULL);

  g_close (fd, NULL);
  option = g_strconcat ("--test-file=", path, NULL);
  settings = parse (option);
  g_assert_cmpstr (settings_text (settings, "test-file"), ==, path);
  g_unlink (path);
}

static void
help_child (void)
{
  char *words[] = { "tester", "--test-wait=wrong", "--help", NULL };
  char **argv = words;
  int argc = 3;

  (void)settings_parse ("tester", "FILE…", "Tests.", tables, &argc, &argv, NULL);
  g_assert_not_reached ();
}

static void
help_lists_everything (void)
{
  if (g_test_subprocess ())
    help_child ();
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*Usage: tester*FILE…*");
  g_test_trap_assert_stdout (
      "*--test-wait DURATION*How long to wait.*Default: 30s. Environment: DEPENDENTS_TEST_WAIT*");
  g_test_trap_assert_stdout ("*--test-in-flight NUMBER*From 1 to 1000.*");
  g_test_trap_assert_stdout ("*--test-colour red|green*");
  g_test_trap_assert_stdout ("*--test-token TEXT*required*");
}

static const char *own_path;

static void
wrong_use_exits_with_2 (void)
{
  char *argv[] = { (char *)own_path, "--be-a-program", NULL };
  g_autofree char *complaint = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &complaint, &status, &error);
  g_assert_no_error (error);
  g_assert_false (g_spawn_check_wait_status (status, &error));
  g_assert_error (error, G_SPAWN_EXIT_ERROR, 2);
  g_assert_true (g_str_has_prefix (complaint, "tester: --nothing is no setting"));
}

static int
be_a_program (void)
{
  char *words[] = { "tester", "--nothing", NULL };
  char **argv = words;
  int argc = 2;

  (void)settings_parse_or_exit ("tester", "", "Tests.", tables, NULL, &argc, &argv);
  return 0;
}

/* Neither a dump nor another process of this user gets to a program's memory. */
static void
a_program_is_not_dumped (void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  g_test_skip ("a sanitizer looks into its own process");
#else
  if (g_test_subprocess ()) {
    char *words[] = { "tester", NULL };
    char **argv = words;
    int argc = 1;

    g_setenv ("DEPENDENTS_TEST_TOKEN", "hush", TRUE);
    g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 1);
    settings_free (settings_parse_or_exit ("tester", "", "Tests.", tables, NULL, &argc, &argv));
    g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 0);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
#endif
}

static void
names_are_collected_from_the_rows (void)
{
  static const char source[] = "static const Setting rows[] = {\n"
                               "  { \"zebra-url\", SETTING_TEXT, \"\", \"Z.\" },\n"
                               "  { \"broken-row\",\n    SETTING_NUMBER, \"1\", \"B.\" },\n"
                               "  { .name = \"named-row\", .type = SETTING_FILE },\n"
                               "  { \"zebra-url\", SETTING_TEXT, \"\", \"Again.\" },\n"
                               "  { \"no-setting\", OTHER_TEXT },\n"
                               "};\n";
  g_autofree char *path = NULL;
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  int status = -1;
  int fd = g_file_open_tmp ("rows-XXXXXX.c", &path, NULL);
  char *argv[] = { "awk", "-f", SOURCE_DIR "/lib/base/setting-names.awk", path, NULL };

  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, source, -1, NULL));
  g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  g_assert_nonnull (
      strstr (output, "  \"broken-row\",\n  \"named-row\",\n  \"zebra-url\",\n  NULL\n"));
  g_assert_null (strstr (output, "no-setting"));
  g_unlink (path);
}

static void
numbers_are_strict (void)
{
  static const char *const wrong[] = {
    "", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "9223372036854775808", "-9223372036854775809",
  };
  gint64 value = 7;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    if (parse_int64 (wrong[i], G_MININT64, G_MAXINT64, &value))
      g_error ("taken for a number: “%s”", wrong[i]);
  g_assert_false (parse_int64 (NULL, 0, 1, &value));
  g_assert_false (parse_int64 ("5", 6, 9, &value));
  g_assert_cmpint (value, ==, 7);

  g_assert_true (parse_int64 ("9223372036854775807", 0, G_MAXINT64, &value));
  g_assert_cmpint (value, ==, G_MAXINT64);
  g_assert_true (parse_int64 ("-9223372036854775808", G_MININT64, 0, &value));
  g_assert_cmpint (value, ==, G_MININT64);
  g_assert_true (parse_int64 ("007", 0, 9, &value));
  g_assert_cmpint (value, ==, 7);
}

static void
durations_have_a_unit (void)
{
  static const struct {
    const char *text;
    gint64 ms;
  } right[] = {
    { "250ms", 250 },     { "30s", 30000 },    { "15m", 900000 },
    { "48h", 172800000 }, { "2d", 172800000 }, { "0s", 0 },
  };
  static const char *const wrong[] = {
    "", "s", "5", "-5s", "1.5s", "5 s", "5S", "5w", "1h30m", "9223372036854775807s", "5sx",
  };
  gint64 ms = 0;

  for (guint i = 0; i < G_N_ELEMENTS (right); i++) {
    g_assert_true (parse_duration_ms (right[i].text, &ms));
    g_assert_cmpint (ms, ==, right[i].ms);
  }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    if (parse_duration_ms (wrong[i], &ms))
      g_error ("taken for a duration: “%s”", wrong[i]);
  g_assert_false (parse_duration_ms (NULL, &ms));
}

/* --- Secrets --- */

static char *
secret_file (const char *text, int mode)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("secret-XXXXXX", &path, NULL);

  close (fd);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, (mode_t)mode), ==, 0);
  return g_steal_pointer (&path);
}

static void
secret_comes_from_its_file (void)
{
  g_autofree char *path = secret_file ("hush hush\n", 0640);
  g_autofree char *line = g_strconcat ("tester --test-token-file=", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = parse_words (line, NULL, &error);
  g_auto (GStrv) effective = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (settings_text (settings, "test-token"), ==, "hush hush");
  effective = settings_effective (settings);
  for (guint i = 0; effective[i]; i++)
    g_assert_null (strstr (effective[i], "hush"));
  g_unlink (path);
}

static void
assert_secret_refused (const char *text, int mode, const char *more, const char *message)
{
  g_autofree char *path = secret_file (text, mode);
  g_autofree char *line = g_strconcat ("tester --test-token-file=", path, more, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = parse_words (line, NULL, &error);

  g_assert_null (settings);
  g_assert_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, message));
  g_assert_null (strstr (error->message, "hush"));
  g_unlink (path);
}

static void
secret_files_that_are_none (void)
{
  g_autofree char *large = g_strnfill (70000, 'x');

  assert_secret_refused ("hush", 0644, "", "chmod 600");
  assert_secret_refused ("hush", 0660, "", "chmod 600");
  assert_secret_refused ("\n", 0600, "", "empty");
  assert_secret_refused (large, 0600, "", "too large");
  assert_secret_refused ("hush", 0600, " --test-token=hush", "both set");
}

static void
secrets_of_the_broker_library_come_from_files (void)
{
  g_autofree char *path = secret_file ("hush", 0600);
  g_autofree char *line = g_strconcat ("--kafka.sasl.password.file=", path, NULL);
  g_autoptr (Settings) settings = parse (line);

  g_assert_cmpstr (g_hash_table_lookup (settings_kafka (settings), "sasl.password"), ==, "hush");
  g_assert_null (g_hash_table_lookup (settings_kafka (settings), "sasl.password.file"));
  g_unlink (path);
}

/* A process's own command line can be read by everybody on the machine. */
static void
refused_on_the_command_line (const char *word, const char *hint)
{
  if (g_test_subprocess ()) {
    char *words[] = { "tester", (char *)word, NULL };
    char **argv = words;
    int argc = 2;

    settings_free (settings_parse_or_exit ("tester", "", "Tests.", tables, NULL, &argc, &argv));
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (hint);
  g_test_trap_assert_stderr_unmatched ("*hush*");
}

static void
secret_is_refused_on_the_command_line (void)
{
  refused_on_the_command_line ("--test-token=hush", "*DEPENDENTS_TEST_TOKEN or --test-token-file*");
}

static void
secret_of_the_broker_library_is_refused_too (void)
{
  refused_on_the_command_line ("--kafka.sasl.password=hush",
                               "*DEPENDENTS_KAFKA_SASL_PASSWORD or --kafka.sasl.password.file*");
}

static void
used_secret_is_wiped (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = NULL;
  const char *borrowed = NULL;

  g_setenv ("DEPENDENTS_TEST_TOKEN", "hush", TRUE);
  settings = parse_words ("tester", NULL, &error);
  g_assert_no_error (error);
  borrowed = settings_text (settings, "test-token");
  g_assert_cmpstr (borrowed, ==, "hush");
  settings_wipe (settings, "test-token");
  g_assert_cmpmem (borrowed, 4, "\0\0\0\0", 4);
  g_unsetenv ("DEPENDENTS_TEST_TOKEN");
}

#define TELL_ENVIRONMENT "--tell-environment"

/* What others of this user can read of a process that has its settings. */
static int
tell_environment (void)
{
  g_autoptr (Settings) settings = parse_words ("tester", NULL, NULL);
  g_autofree char *block = NULL;
  gsize length = 0;

  if (!settings || strcmp (settings_text (settings, "test-token"), "hush, own") != 0 ||
      g_strcmp0 (g_hash_table_lookup (settings_kafka (settings), "sasl.password"),
                 "hush, broker's") != 0 ||
      !g_file_get_contents ("/proc/self/environ", &block, &length, NULL))
    return 1;
  for (gsize i = 0; i < length; i++)
    putchar (block[i] ? block[i] : '\n');
  return 0;
}

static void
environment_keeps_no_secret (void)
{
  char *argv[] = { (char *)own_path, TELL_ENVIRONMENT, NULL };
  char *variables[] = { "DEPENDENTS_TEST_TOKEN=hush, own",
                        "DEPENDENTS_TEST_WAIT=5s",
                        "DEPENDENTS_KAFKA_SASL_PASSWORD=hush, broker's",
                        "DEPENDENTS_KAFKA_CLIENT_ID=tester",
                        "DEPENDENTS_BID_TOKEN=hush, a neighbour's",
                        NULL };
  g_autofree char *told = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  g_spawn_sync (NULL, argv, variables, G_SPAWN_DEFAULT, NULL, NULL, &told, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  g_assert_nonnull (strstr (told, "DEPENDENTS_TEST_TOKEN="));
  g_assert_nonnull (strstr (told, "DEPENDENTS_TEST_WAIT=5s\n"));
  g_assert_nonnull (strstr (told, "DEPENDENTS_KAFKA_CLIENT_ID=tester\n"));
  g_assert_null (strstr (told, "hush"));
}

static void
urls_lose_user_and_password (void)
{
  g_autoptr (Settings) settings = parse ("--bgs-test-url=https://user:hush@bgs:8443/x?y=a@b");
  g_auto (GStrv) effective = settings_effective (settings);

  for (guint i = 0; effective[i]; i++)
    g_assert_null (strstr (effective[i], "hush"));
  g_assert_true (g_strv_contains ((const char *const *)effective, "https://***@bgs:8443/x?y=a@b"));
  g_assert_cmpstr (settings_text (settings, "bgs-test-url"), ==,
                   "https://user:hush@bgs:8443/x?y=a@b");
}

int
main (int argc, char **argv)
{
  own_path = argv[0];
  if (argc == 2 && g_str_equal (argv[1], "--be-a-program"))
    return be_a_program ();
  if (argc == 2 && g_str_equal (argv[1], TELL_ENVIRONMENT))
    return tell_environment ();

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/settings/defaults-hold", defaults_hold);
  g_test_add_func ("/base/settings/command-line-wins", command_line_wins);
  g_test_add_func ("/base/settings/operands-are-left", operands_are_left);
  g_test_add_func ("/base/settings/refuses-malformed-values", refuses_malformed_values);
  g_test_add_func ("/base/settings/refuses-unknown-options", refuses_unknown_options);
  g_test_add_func ("/base/settings/required-must-be-set", required_must_be_set);
  g_test_add_func ("/base/settings/environment-knows-the-neighbours",
                   environment_knows_the_neighbours);
  g_test_add_func ("/base/settings/kafka-settings-pass-through", kafka_settings_pass_through);
  g_test_add_func ("/base/settings/secrets-are-masked", secrets_are_masked);
  g_test_add_func ("/base/settings/malformed-secrets-are-not-shown",
                   malformed_secrets_are_not_shown);
  g_test_add_func ("/base/settings/overrides-are-checked-too", overrides_are_checked_too);
  g_test_add_func ("/base/settings/reads-a-file-that-is-there", reads_a_file_that_is_there);
  g_test_add_func ("/base/settings/help-lists-everything", help_lists_everything);
  g_test_add_func ("/base/settings/wrong-use-exits-with-2", wrong_use_exits_with_2);
  g_test_add_func ("/base/settings/a-program-is-not-dumped", a_program_is_not_dumped);
  g_test_add_func ("/base/settings/names-are-collected-from-the-rows",
                   names_are_collected_from_the_rows);
  g_test_add_func ("/base/settings/numbers-are-strict", numbers_are_strict);
  g_test_add_func ("/base/settings/durations-have-a-unit", durations_have_a_unit);
  g_test_add_func ("/base/settings/secret-from-a-file", secret_comes_from_its_file);
  g_test_add_func ("/base/settings/secret-files-that-are-none", secret_files_that_are_none);
  g_test_add_func ("/base/settings/kafka-secret-from-a-file",
                   secrets_of_the_broker_library_come_from_files);
  g_test_add_func ("/base/settings/secret-on-the-command-line",
                   secret_is_refused_on_the_command_line);
  g_test_add_func ("/base/settings/kafka-secret-on-the-command-line",
                   secret_of_the_broker_library_is_refused_too);
  g_test_add_func ("/base/settings/used-secret-is-wiped", used_secret_is_wiped);
  g_test_add_func ("/base/settings/environment-keeps-no-secret", environment_keeps_no_secret);
  g_test_add_func ("/base/settings/urls-lose-user-and-password", urls_lose_user_and_password);
  return g_test_run ();
}
