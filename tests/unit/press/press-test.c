/* The parent's side with stand-ins for the child: whatever that does, its end has one meaning, and
 * nobody and nothing is left behind. The child itself is tested by tests/integration/press/. */
#include "press/press.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* "A refusal of page 7", "two pages and a note", in the bytes of a PressReport. */
#define SH_REPORT(refusal, page, pages, notes)                                                     \
  "printf '\\" refusal "\\0\\0\\0\\" page "\\0\\0\\0\\" pages "\\0\\0\\0\\" notes "\\0\\0\\0' "    \
  ">&4\n"

static const PressPlace place = { 5, 5.5 };

/* A script in the child's place; owned path. */
static char *
stand_in (const char *script)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat ("#!/bin/sh\n", script, NULL);
  char *path = NULL;
  int fd = g_file_open_tmp ("press-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (write (fd, whole, strlen (whole)), ==, (gssize)strlen (whole));
  g_assert_cmpint (fchmod (fd, 0700), ==, 0);
  close (fd);
  return path;
}

static PressResult *
press_with (const char *script, const char *document, gint64 clock_ms, GError **error)
{
  g_autofree char *path = stand_in (script);
  g_autoptr (Press) press = press_new (path, 1, clock_ms);
  g_autoptr (GBytes) bytes = g_bytes_new (document, strlen (document));
  g_autoptr (GBytes) stamps = g_bytes_new_static ("stamps", 6);
  int fd = press_hold (bytes, error);
  PressResult *result = press_document (press, fd, stamps, &place, 1, 0, error);

  close (fd);
  g_unlink (path);
  return result;
}

static char *
text_of (const PressResult *result)
{
  char *text = g_malloc0 ((gsize)result->length + 1);

  g_assert_cmpint (read (result->fd, text, (size_t)result->length), ==, result->length);
  return text;
}

static void
test_child_has_what_it_needs_and_nothing_else (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result =
      press_with ("cat\necho \" $1\"\ncat <&3\n"
                  "ls /proc/self/fd | tr '\\n' ' '\n" SH_REPORT ("0", "0", "2", "5"),
                  "document", 0, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (result->refusal, ==, PRESS_FINE);
  g_assert_cmpuint (result->pages, ==, 2);
  g_assert_cmpuint (result->notes, ==, PRESS_NOTE_SCRIPTS_REMOVED | PRESS_NOTE_REPAIRED);
  text = text_of (result);
  /* 5 is what ls looks with. */
  g_assert_cmpstr (text, ==, "document 5,5.5\nstamps0 1 2 3 4 5 ");
}

#ifndef CRASH_POINTS
static void
test_child_has_no_environment (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result = NULL;
  g_autofree char *text = NULL;

  g_setenv ("DEPENDENTS_MASTER_KEYS", "secret", TRUE);
  result = press_with ("env\n" SH_REPORT ("0", "0", "1", "0"), "document", 0, &error);
  g_assert_no_error (error);
  text = text_of (result);
  g_assert_null (strstr (text, "secret"));
}
#endif

static void
test_result_cannot_be_changed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result =
      press_with ("echo result\n" SH_REPORT ("0", "0", "1", "0"), "document", 0, &error);

  g_assert_no_error (error);
  g_assert_cmpint (write (result->fd, "x", 1), ==, -1);
  g_assert_cmpint (ftruncate (result->fd, 0), ==, -1);
}

static void
test_document_can_only_be_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result =
      press_with ("echo x >&0 && echo written || echo kept\n" SH_REPORT ("0", "0", "1", "0"),
                  "document", 0, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = text_of (result);
  g_assert_cmpstr (text, ==, "kept\n");
}

typedef struct {
  const char *script;
  PressRefusal refusal;
  guint page;
  const char *ended;
} End;

static const End ends[] = {
  { SH_REPORT ("6", "7", "0", "0"), PRESS_PASSWORD, 7, NULL },
  { "exit 3\n", PRESS_TOO_COMPLEX, 0, "memory" },
  { "kill -SEGV $$\n", PRESS_TOO_COMPLEX, 0, "crash" },
  { "kill -KILL $$\n", PRESS_TOO_COMPLEX, 0, "killed" },
  { "kill -SYS $$\n", PRESS_TOO_COMPLEX, 0, "abort or forbidden call" },
  { "kill -XCPU $$\n", PRESS_TOO_COMPLEX, 0, "processor time" },
  { "kill -XFSZ $$\n", PRESS_GROWN_TOO_LARGE, 0, NULL },
  { "exit 1\n", PRESS_TOO_COMPLEX, 0, "no report" },
  { "exit 0\n", PRESS_TOO_COMPLEX, 0, "no report" },
  { "printf 1234 >&4\n", PRESS_TOO_COMPLEX, 0, "no report" },
  { SH_REPORT ("77", "0", "0", "0"), PRESS_TOO_COMPLEX, 0, "no report" }, /* no such refusal */
  { "echo x\n" SH_REPORT ("0", "0", "1", "20"), PRESS_TOO_COMPLEX, 0, "no report" }, /* nor note */
  { SH_REPORT ("0", "0", "1", "0"), PRESS_TOO_COMPLEX, 0, "no report" }, /* nothing there */
  /* What is not the document's doing is over when there is a report. */
  { SH_REPORT ("23", "0", "0", "0") "exit 4\n", PRESS_TOO_COMPLEX, 0, "no report" },
  { "exec /bin/sleep 60\n", PRESS_TOO_COMPLEX, 0, "clock" },
};

static void
test_every_end_has_one_meaning (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    gboolean is_slow = strstr (ends[i].script, "sleep") != NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (PressResult) result =
        press_with (ends[i].script, "document", is_slow ? 200 : 0, &error);

    g_test_message ("%s", ends[i].script);
    g_assert_no_error (error);
    g_assert_cmpint (result->refusal, ==, ends[i].refusal);
    g_assert_cmpuint (result->page, ==, ends[i].page);
    g_assert_cmpstr (result->ended, ==, ends[i].ended);
    g_assert_cmpint (result->is_perhaps_ours, ==,
                     g_strcmp0 (ends[i].ended, "clock") == 0 ||
                         g_strcmp0 (ends[i].ended, "killed") == 0);
    g_assert_cmpint (result->fd, ==, -1);
  }
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
}

static void
test_own_trouble_is_no_verdict (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (Press) press = press_new ("/nowhere/attachment-press", 1, 0);
  g_autoptr (GError) error = NULL;
  int fd = press_hold (bytes, &error);

  g_assert_null (press_document (press, fd, bytes, NULL, 0, 0, &error));
  g_assert_error (error, PRESS_ERROR, PRESS_ERROR_OWN);
  g_clear_error (&error);

  g_assert_null (press_with ("exit 4\n", "document", 0, &error));
  g_assert_error (error, PRESS_ERROR, PRESS_ERROR_OWN);
  close (fd);
}

static void
test_too_large_a_document_starts_nobody (void)
{
  g_autoptr (GBytes) stamps = g_bytes_new_static ("x", 1);
  g_autoptr (Press) press = press_new ("/nowhere/attachment-press", 1, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result = NULL;
  int fd = memfd_create ("large", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (ftruncate (fd, PRESS_MAX_BYTES + 1), ==, 0);
  result = press_document (press, fd, stamps, NULL, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result->refusal, ==, PRESS_TOO_LARGE);
  close (fd);
}

/* --- Places --- */

typedef struct {
  Press *press;
  GBytes *bytes;
  int document;
  PressResult *result;
} Caller;

static gpointer
call (gpointer data)
{
  Caller *caller = data;

  caller->result =
      press_document (caller->press, caller->document, caller->bytes, NULL, 0, 10000, NULL);
  return NULL;
}

/* The first one's child waits until somebody opens a pipe. */
static void
test_places_are_bounded (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("press-XXXXXX", &error);
  g_autofree char *pipe = g_build_filename (folder, "pipe", NULL);
  g_autofree char *script =
      g_strdup_printf ("echo > %s\ncat < %s\n" SH_REPORT ("0", "0", "1", "0"), pipe, pipe);
  g_autofree char *path = stand_in (script);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (Press) press = press_new (path, 1, 0);
  Caller first = { press, bytes, press_hold (bytes, &error), NULL };
  char waiting[2];
  GThread *thread;
  int fd;

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  thread = g_thread_new ("first", call, &first);
  fd = open (pipe, O_RDONLY);
  g_assert_cmpint (read (fd, waiting, sizeof waiting), ==, 1);
  close (fd);

  g_assert_null (press_document (press, first.document, bytes, NULL, 0, 0, &error));
  g_assert_error (error, PRESS_ERROR, PRESS_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_null (press_document (press, first.document, bytes, NULL, 0, 50, &error));
  g_assert_error (error, PRESS_ERROR, PRESS_ERROR_BUSY);

  fd = open (pipe, O_WRONLY);
  g_assert_cmpint (write (fd, "done", 4), ==, 4);
  close (fd);
  g_thread_join (thread);
  g_assert_cmpint (first.result->refusal, ==, PRESS_FINE);
  press_result_free (first.result);
  close (first.document);
  g_unlink (pipe);
  g_unlink (path);
  g_rmdir (folder);
}

/* --- Words --- */

static void
test_every_refusal_has_words (void)
{
  for (guint refusal = 0; refusal < PRESS_REFUSALS; refusal++) {
    g_autofree char *sentence = press_refusal_sentence ((PressRefusal)refusal, 0);
    g_autofree char *of_page = press_refusal_sentence ((PressRefusal)refusal, 3);

    g_assert_cmpstr (press_refusal_code ((PressRefusal)refusal), !=, "");
    g_assert_true (g_str_has_suffix (sentence, "."));
    g_assert_true (g_str_has_prefix (of_page, "Page 3: "));
    for (guint other = 0; other < refusal; other++)
      g_assert_cmpstr (press_refusal_code ((PressRefusal)refusal), !=,
                       press_refusal_code ((PressRefusal)other));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/press/child/has-what-it-needs-and-nothing-else",
                   test_child_has_what_it_needs_and_nothing_else);
#ifndef CRASH_POINTS
  g_test_add_func ("/press/child/has-no-environment", test_child_has_no_environment);
#endif
  g_test_add_func ("/press/result/cannot-be-changed", test_result_cannot_be_changed);
  g_test_add_func ("/press/document/can-only-be-read", test_document_can_only_be_read);
  g_test_add_func ("/press/every-end-has-one-meaning", test_every_end_has_one_meaning);
  g_test_add_func ("/press/own-trouble-is-no-verdict", test_own_trouble_is_no_verdict);
  g_test_add_func ("/press/too-large-a-document-starts-nobody",
                   test_too_large_a_document_starts_nobody);
  g_test_add_func ("/press/places-are-bounded", test_places_are_bounded);
  g_test_add_func ("/press/every-refusal-has-words", test_every_refusal_has_words);
  return g_test_run ();
}
