/* Settings from any command line: words parted by NUL bytes. A refusal is a line; what is taken is
 * within its bounds, and no secret is in what is shown. */
#include "base/settings.h"

#include <string.h>

#include "fuzz.h"

#define WORDS_MAX 24

static const Setting rows[] = {
  { "test-url", SETTING_TEXT, "http://localhost", "Where the test's service is." },
  { "test-token", SETTING_TEXT, "", "A secret word.", .secret = TRUE },
  { "kafka-brokers", SETTING_TEXT, "", "Where the brokers are." },
  { "test-in-flight", SETTING_NUMBER, "64", "How many at a time.", .min = 1, .max = 1000 },
  { "test-any-number", SETTING_NUMBER, "0", "Any count." },
  { "test-dry-run", SETTING_BOOLEAN, "no", "Only look." },
  { "test-wait", SETTING_DURATION, "30s", "How long to wait." },
  { "test-colour", SETTING_CHOICE, "red", "Which one.", .choices = "red|green" },
  { "test-file", SETTING_FILE, "", "A file." },
  { NULL },
};
static const Setting *const tables[] = { rows, NULL };

static void
seed_of_words (const char *line)
{
  gsize length = strlen (line);
  g_autofree char *words = g_strdelimit (g_strdup (line), " ", '\1');

  for (gsize i = 0; i < length; i++)
    if (words[i] == '\1')
      words[i] = '\0';
  fuzz_seed (words, length);
}

void
fuzz_seeds (void)
{
  seed_of_words ("--test-url=http://h --test-in-flight 7 --test-dry-run one two -- --three");
  seed_of_words ("--test-token Quexalotl --test-wait=15m --test-colour green");
  seed_of_words ("--kafka.socket.timeout.ms=10 --kafka.sasl.password=Quexalotl");
  seed_of_words ("--test-any-number -1 --test-wait 99999999999d --test-dry-run=maybe");
  seed_of_words ("--test-url postgresql://u:Quexalotl@h/db --test-file / --test-token-file /x");
}

static void
check_values (const Settings *settings)
{
  g_auto (GStrv) shown = settings_effective (settings);
  const char *choice = settings_text (settings, "test-colour");
  gint64 in_flight = settings_number (settings, "test-in-flight");

  g_assert_true (in_flight >= 1 && in_flight <= 1000);
  g_assert_cmpint (settings_number (settings, "test-any-number"), >=, 0);
  g_assert_cmpint (settings_duration_ms (settings, "test-wait"), >=, 0);
  g_assert_true (g_str_equal (choice, "red") || g_str_equal (choice, "green"));
  settings_boolean (settings, "test-dry-run");
  g_assert_nonnull (settings_kafka (settings));
  for (guint i = 0; shown[i]; i += 2) {
    g_assert_nonnull (shown[i + 1]);
    if (g_str_equal (shown[i], "test-token"))
      g_assert_true (g_str_equal (shown[i + 1], "***") || *shown[i + 1] == '\0');
  }
}

static void
check_number (const char *word)
{
  gint64 number = 0, ms = 0;

  if (parse_int64 (word, -5, 1000000, &number)) {
    g_autofree char *again = g_strdup_printf ("%" G_GINT64_FORMAT, number);
    gint64 same = 0;

    g_assert_true (number >= -5 && number <= 1000000);
    g_assert_true (parse_int64 (again, -5, 1000000, &same) && same == number);
  }
  if (parse_duration_ms (word, &ms))
    g_assert_cmpint (ms, >=, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (GStrv) words = fuzz_texts (data, size, WORDS_MAX);
  guint count = g_strv_length (words);
  g_autofree char **argv = g_new0 (char *, count + 2);
  char **left = argv;
  int argc = (int)count + 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (Settings) settings = NULL;

  argv[0] = (char *)"fuzz";
  for (guint i = 0; i < count; i++) {
    /* These end the program, and no device is to be read. */
    if (g_str_has_prefix (words[i], "--help") || g_str_has_prefix (words[i], "--version") ||
        g_str_equal (words[i], "-h") || strstr (words[i], "/dev") || strstr (words[i], "/proc"))
      return 0;
    argv[i + 1] = words[i];
    check_number (words[i]);
  }
  settings = settings_parse ("fuzz", "FILE…", "Fuzz.", tables, &argc, &left, &error);
  g_assert_true ((settings == NULL) == (error != NULL));
  if (!settings) {
    g_assert_true (error->domain == SETTINGS_ERROR && *error->message);
    return 0;
  }
  g_assert_true (argc >= 1 && argc <= (int)count + 1);
  check_values (settings);
  return 0;
}
