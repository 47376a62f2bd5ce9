/* SIGTERM and SIGINT, see signals.h. */
#include "program/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define SAY_MS 100

static const int ending[] = { SIGTERM, SIGINT };

/* --- Before the start --- */

/* What the signal would do by itself; PID 1 is spared by the kernel, and does it itself. Only calls
 * that a signal handler may make. */
static void
end_as_signalled (int number)
{
  sigset_t set;

  (void)signal (number, SIG_DFL);
  sigemptyset (&set);
  sigaddset (&set, number);
  pthread_sigmask (SIG_UNBLOCK, &set, NULL);
  (void)raise (number);
  _exit (128 + number);
}

/* Before main(). What is earlier still is the loader's time, in which no line of ours can act. */
__attribute__ ((constructor (101))) static void
end_when_signalled (void)
{
  struct sigaction action = { .sa_handler = end_as_signalled }, old;

  sigemptyset (&action.sa_mask);
  for (guint i = 0; i < G_N_ELEMENTS (ending); i++)
    /* A shell's background job is started with SIGINT ignored, and it stays so. */
    if (sigaction (ending[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
      (void)sigaction (ending[i], &action, NULL);
}

/* --- While starting --- */

static GThread *watcher;
static int watched_fd = -1, enough_fd = -1;

static gpointer
end_the_start (gpointer unused)
{
  struct pollfd fds[] = { { .fd = watched_fd, .events = POLLIN },
                          { .fd = enough_fd, .events = POLLIN } };
  struct signalfd_siginfo signal_info = { .ssi_signo = SIGTERM };

  (void)unused;
  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno == EINTR)
    ;
  if (fds[1].revents || !fds[0].revents)
    return NULL; /* left in the descriptor for who serves */
  (void)!read (watched_fd, &signal_info, sizeof signal_info);
  log_info ("stopped before the start was over; nothing had been taken", NULL);
  (void)log_flush (SAY_MS);
  end_as_signalled ((int)signal_info.ssi_signo);
  return NULL;
}

int
signals_open (void)
{
  sigset_t set;
  int fd;

  sigemptyset (&set);
  for (guint i = 0; i < G_N_ELEMENTS (ending); i++)
    sigaddset (&set, ending[i]);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  (void)signal (SIGPIPE, SIG_IGN);
  fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (!watcher) { /* a test has several programs in one process */
    watched_fd = fd;
    enough_fd = eventfd (0, EFD_CLOEXEC);
    watcher = g_thread_new ("start-watch", end_the_start, NULL);
  }
  return fd;
}

void
signals_begin_serving (void)
{
  guint64 enough = 1;

  if (!watcher)
    return;
  (void)!write (enough_fd, &enough, sizeof enough);
  g_thread_join (g_steal_pointer (&watcher));
  close (enough_fd);
}

void
signals_close (int fd)
{
  signals_begin_serving (); /* of a start that has failed */
  close (fd);
}

gboolean
signals_wait (int fd, gint64 ms)
{
  struct pollfd waiting = { .fd = fd, .events = POLLIN };
  gint64 until = clock_monotonic_ms () + ms;

  /* The signal is left in the descriptor, so that everybody who asks sees it. */
  for (;;) {
    int count = poll (&waiting, 1, (int)MAX (0, until - clock_monotonic_ms ()));
    if (count > 0)
      return TRUE;
    if (count == 0 || errno != EINTR)
      return FALSE;
  }
}
