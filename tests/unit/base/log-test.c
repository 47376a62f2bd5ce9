#include "base/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/metrics.h"

static gint64 monotonic_ms;

static gint64
wall (void)
{
  return 1795287900123; /* 2026-11-21T19:05:00.123Z */
}

static gint64
monotonic (void)
{
  return monotonic_ms;
}

/* What @speak writes to stderr. */
static char *
heard (void (*speak) (void))
{
  int saved = dup (STDERR_FILENO);
  int pipe_ends[2];
  char *text = g_malloc0 (65536);
  gsize length = 0;
  ssize_t got;

  g_assert_cmpint (pipe (pipe_ends), ==, 0);
  dup2 (pipe_ends[1], STDERR_FILENO);
  close (pipe_ends[1]);
  speak ();
  g_assert_true (log_flush (10000));
  dup2 (saved, STDERR_FILENO);
  close (saved);
  while ((got = read (pipe_ends[0], text + length, 65535 - length)) > 0)
    length += (gsize)got;
  close (pipe_ends[0]);
  return text;
}

static json_t *
line_of (const char *text)
{
  json_error_t error;
  json_t *line = json_loads (text, JSON_REJECT_DUPLICATES, &error);

  if (!line)
    g_error ("no JSON: %s in %s", error.text, text);
  g_assert_cmpstr (strchr (text, '\n'), ==, "\n");
  return line;
}

static const char *
field (const json_t *line, const char *name)
{
  return json_string_value (json_object_get (line, name));
}

static void
speak_fields (void)
{
  log_info ("a \"claim\" moved\n", "claim_id", "17", "reason", NULL, "path", "a\\b\t\x01", NULL);
}

static void
a_line_is_one_json_object (void)
{
  g_autofree char *text = heard (speak_fields);
  g_autoptr (json_t) line = line_of (text);

  g_assert_true (g_str_has_prefix (
      text, "{\"at\":\"2026-11-21T19:05:00.123Z\",\"level\":\"info\",\"program\":\"tester\","));
  g_assert_cmpstr (field (line, "message"), ==, "a \"claim\" moved\n");
  g_assert_cmpstr (field (line, "claim_id"), ==, "17");
  g_assert_cmpstr (field (line, "path"), ==, "a\\b\t\x01");
  g_assert_null (json_object_get (line, "reason"));
}

static void
speak_context (void)
{
  log_context_set ("claim_id", "17");
  log_context_set ("topic", "claims.686c");
  log_context_set ("step", "create-proc");
  log_context_set ("step", NULL);
  log_context_set ("topic", "claims.674");
  log_info ("moved", "claim_id", "18", "level", "own", NULL);
  log_context_clear ();
}

static void
context_is_added_and_the_call_wins (void)
{
  g_autofree char *text = heard (speak_context);
  g_autoptr (json_t) line = line_of (text);

  g_assert_cmpstr (field (line, "claim_id"), ==, "18");
  g_assert_cmpstr (field (line, "topic"), ==, "claims.674");
  g_assert_cmpstr (field (line, "level"), ==, "info");
  g_assert_cmpstr (field (line, "field_level"), ==, "own");
  g_assert_null (json_object_get (line, "step"));
}

static gpointer
speak_in_thread (gpointer data)
{
  (void)data;
  log_info ("from a thread", NULL);
  return NULL;
}

static void
speak_beside (void)
{
  log_context_set ("claim_id", "17");
  g_thread_join (g_thread_new ("other", speak_in_thread, NULL));
  log_context_clear ();
}

static void
context_belongs_to_its_thread (void)
{
  g_autofree char *text = heard (speak_beside);
  g_autoptr (json_t) line = line_of (text);

  g_assert_null (json_object_get (line, "claim_id"));
}

static void
speak_levels (void)
{
  log_init ("tester", "warning");
  log_info ("not this", NULL);
  log_warning ("this", NULL);
  g_assert_false (log_is_enabled (LOG_LEVEL_INFO));
  g_assert_true (log_is_enabled (LOG_LEVEL_ERROR));
  log_init ("tester", "debug");
}

static void
lower_levels_are_silent (void)
{
  g_autofree char *text = heard (speak_levels);
  g_autoptr (json_t) line = line_of (text);

  g_assert_cmpstr (field (line, "message"), ==, "this");
  g_assert_cmpstr (field (line, "level"), ==, "warning");
}

static void
speak_long (void)
{
  g_autofree char *value = g_strnfill (100000, 'x');

  log_failure ("long", "detail", value, "broken", "ab\xc3(", NULL);
}

static void
values_are_bounded_and_valid (void)
{
  g_autofree char *text = heard (speak_long);
  g_autoptr (json_t) line = line_of (text);

  g_assert_cmpuint (strlen (text), <, 4096);
  g_assert_true (g_str_has_suffix (field (line, "detail"), "x…"));
  g_assert_cmpstr (field (line, "broken"), ==, "ab\xef\xbf\xbd(");
}

static void
speak_often (void)
{
  for (guint i = 0; i < 5; i++)
    log_limited (LOG_LEVEL_WARNING, "kind", "again", NULL);
  log_limited (LOG_LEVEL_WARNING, "other kind", "other", NULL);
  monotonic_ms += 59999;
  log_limited (LOG_LEVEL_WARNING, "kind", "again", NULL);
  monotonic_ms += 1;
  log_limited (LOG_LEVEL_WARNING, "kind", "again", NULL);
}

static void
repeated_lines_are_counted (void)
{
  g_autofree char *text = heard (speak_often);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_null (strstr (lines[0], "held_back"));
  g_assert_nonnull (strstr (lines[1], "\"other\""));
  g_assert_nonnull (strstr (lines[2], "\"held_back\":\"5\""));
}

static void
speak_glib (void)
{
  g_log_structured ("Some-Library", G_LOG_LEVEL_WARNING, "MESSAGE", "a %s", "word");
}

static void
glib_speaks_the_same_way (void)
{
  g_autofree char *text = heard (speak_glib);
  g_autoptr (json_t) line = line_of (text);

  g_assert_cmpstr (field (line, "message"), ==, "a word");
  g_assert_cmpstr (field (line, "level"), ==, "warning");
  g_assert_cmpstr (field (line, "domain"), ==, "Some-Library");
}

/* --- Nobody reads --- */

#define SAID 5000 /* lines of 1 KiB: more than pipe and queue hold */

static void
say_much (void)
{
  g_autofree char *filler = g_strnfill (1000, 'x');

  for (guint i = 0; i < SAID; i++) {
    g_autofree char *number = g_strdup_printf ("%u", i);
    log_info ("much", "n", number, "filler", filler, NULL);
  }
}

static gpointer
read_all (gpointer data)
{
  GString *text = g_string_new (NULL);
  char part[65536];
  ssize_t got;

  while ((got = read (GPOINTER_TO_INT (data), part, sizeof part)) > 0)
    g_string_append_len (text, part, got);
  return g_string_free (text, FALSE);
}

/* How many lines were seen, each later than the one before, and how many a notice tells of. */
static guint
count_in_order (char **lines, gint64 *ret_told)
{
  gint64 last = -1;
  guint seen = 0;

  *ret_told = 0;
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    g_autoptr (json_t) line = json_loads (lines[i], 0, NULL);
    const char *message = field (line, "message");

    if (g_str_equal (message, "much")) {
      gint64 number = g_ascii_strtoll (field (line, "n"), NULL, 10);
      g_assert_cmpint (number, >, last);
      last = number;
      seen++;
    } else if (strstr (message, "lines were dropped")) {
      *ret_told += g_ascii_strtoll (message, NULL, 10);
      g_assert_cmpint (g_ascii_strtoll (field (line, "info"), NULL, 10), ==,
                       g_ascii_strtoll (message, NULL, 10));
    } else
      g_assert_cmpstr (message, ==, lines[i + 1] && *lines[i + 1] ? "last" : "after");
  }
  return seen;
}

static void
nobody_reading_holds_up_nobody (void)
{
  int saved = dup (STDERR_FILENO), pipe_ends[2];
  double before = metrics_value (METRIC_LOG_LINES_DROPPED, "info", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GThread *reader;
  gint64 told;
  guint seen;

  g_assert_cmpint (pipe (pipe_ends), ==, 0);
  dup2 (pipe_ends[1], STDERR_FILENO);
  close (pipe_ends[1]);
  say_much ();
  g_assert_false (log_flush (10));
  log_last_words ("last", NULL);

  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (pipe_ends[0]));
  g_assert_true (log_flush (60000));
  log_info ("after", NULL);
  g_assert_true (log_flush (60000));
  dup2 (saved, STDERR_FILENO);
  close (saved);
  text = g_thread_join (reader);
  close (pipe_ends[0]);

  lines = g_strsplit (text, "\n", -1);
  g_assert_nonnull (strstr (text, "\"last\""));
  seen = count_in_order (lines, &told);
  g_assert_cmpuint (seen, <, SAID);
  g_assert_cmpint (told, ==, SAID - seen);
  g_assert_cmpfloat (metrics_value (METRIC_LOG_LINES_DROPPED, "info", NULL) - before, ==,
                     SAID - seen);
}

static void
nobody_reading_holds_up_no_exit (void)
{
  if (g_test_subprocess ()) {
    int pipe_ends[2];

    g_assert_cmpint (pipe (pipe_ends), ==, 0);
    dup2 (pipe_ends[1], STDERR_FILENO);
    say_much ();
    exit (0);
  }
  g_test_trap_subprocess (NULL, 20 * G_USEC_PER_SEC, 0);
  g_test_trap_assert_passed ();
}

static void
last_words_are_heard (void)
{
  if (g_test_subprocess ()) {
    log_last_words ("the last of it", NULL);
    _exit (0);
  }
  for (guint i = 0; i < 20; i++) {
    g_test_trap_subprocess (NULL, 0, 0);
    g_test_trap_assert_passed ();
    g_test_trap_assert_stderr ("*the last of it*");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  clock_set_source (wall, monotonic);
  log_init ("tester", "debug");
  g_test_add_func ("/base/log/a-line-is-one-json-object", a_line_is_one_json_object);
  g_test_add_func ("/base/log/context-is-added-and-the-call-wins",
                   context_is_added_and_the_call_wins);
  g_test_add_func ("/base/log/context-belongs-to-its-thread", context_belongs_to_its_thread);
  g_test_add_func ("/base/log/lower-levels-are-silent", lower_levels_are_silent);
  g_test_add_func ("/base/log/values-are-bounded-and-valid", values_are_bounded_and_valid);
  g_test_add_func ("/base/log/repeated-lines-are-counted", repeated_lines_are_counted);
  g_test_add_func ("/base/log/glib-speaks-the-same-way", glib_speaks_the_same_way);
  g_test_add_func ("/base/log/nobody-reading-holds-up-nobody", nobody_reading_holds_up_nobody);
  g_test_add_func ("/base/log/nobody-reading-holds-up-no-exit", nobody_reading_holds_up_no_exit);
  g_test_add_func ("/base/log/last-words-are-heard", last_words_are_heard);
  return g_test_run ();
}
