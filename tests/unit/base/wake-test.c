/* Nobody who is woken sleeps on, whatever the moment. */
#include "base/wake.h"

#include <poll.h>
#include <unistd.h>

ssize_t __real_read (int fd, void *bytes, size_t length);
ssize_t __wrap_read (int fd, void *bytes, size_t length);

static Wake wake;
static gboolean speaks_before, speaks_after; /* somebody wakes just then */

/* The linker gives us each read of the room: the moments that other threads would have to meet. */
ssize_t
__wrap_read (int fd, void *bytes, size_t length)
{
  ssize_t result;

  if (speaks_before)
    wake_up (&wake);
  result = __real_read (fd, bytes, length);
  if (speaks_after)
    wake_up (&wake);
  return result;
}

static gboolean
sleeps (void)
{
  struct pollfd fd = { .fd = wake.fd, .events = POLLIN };

  return poll (&fd, 1, 0) == 0;
}

static void
test_many_words_are_one_write (void)
{
  guint64 writes;

  g_assert_true (sleeps ());
  wake_up (&wake);
  wake_up (&wake);
  g_assert_cmpint (__real_read (wake.fd, &writes, sizeof writes), ==, sizeof writes);
  g_assert_cmpuint (writes, ==, 1);
  wake_seen (&wake);
}

/* Who is woken by a neighbour's write, or by time, looks as well. */
static void
test_a_word_during_a_look_hushes_none_after_it (void)
{
  for (guint moments = 0; moments < 8; moments++) {
    if (moments & 1)
      wake_up (&wake);
    speaks_before = (moments & 2) != 0;
    speaks_after = (moments & 4) != 0;
    wake_seen (&wake);
    speaks_before = speaks_after = FALSE;
    wake_up (&wake);
    g_assert_false (sleeps ());
    wake_seen (&wake);
    g_assert_true (sleeps ());
  }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  wake_init (&wake);
  g_test_add_func ("/wake/many-words-are-one-write", test_many_words_are_one_write);
  g_test_add_func ("/wake/a-word-during-a-look-hushes-none-after-it",
                   test_a_word_during_a_look_hushes_none_after_it);
  status = g_test_run ();
  wake_clear (&wake);
  return status;
}
