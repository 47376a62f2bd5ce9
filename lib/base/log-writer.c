/* The queue of log lines and the thread that writes them, see log-writer.h.
 *
 * Turned down: O_NONBLOCK on stderr, for the open file is shared with other processes, which would
 * find their own writes refused; and poll() before a write, for another process can fill the pipe
 * in between. */
#include "base/log-writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUE_MAX_BYTES   (1024 * 1024)
#define LAST_MAX_BYTES    (64 * 1024) /* over that, for last words */
#define FLUSH_AT_EXIT_MS  1000
#define THREAD_STACK_SIZE (128 * 1024)

static GMutex lock;
static GCond came, went;
static GQueue lines = G_QUEUE_INIT; /* of GString * */
static gsize waiting_bytes;         /* of the queue, and of the line being written */
static guint64 put_count, written_count;
static guint64 dropped[LOG_WRITER_LEVELS];
/* From the first line without room until half of the queue is free again: told once, not for
 * each. */
static gboolean is_dropping, is_running;
static LogWriterNotice make_notice;

static void
wait_until_writable (void)
{
  struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

  (void)poll (&fd, 1, -1); /* whatever it says, write() tells what is so */
}

/* One write(2) a line where the system lets us, so that lines of several processes on one pipe do
 * not run into each other. */
static void
write_line (const GString *line)
{
  gsize done = 0;

  while (done < line->len) {
    ssize_t written = write (STDERR_FILENO, line->str + done, line->len - done);

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0 && errno == EAGAIN) { /* somebody else has made it non-blocking */
      wait_until_writable ();
      continue;
    }
    if (written <= 0)
      return; /* closed, or nobody reads any more: no reason to stop the work */
    done += (gsize)written;
  }
}

static void
push (GString *line)
{
  g_queue_push_tail (&lines, line);
  waiting_bytes += line->len;
  put_count++;
}

static gboolean
has_dropped (void)
{
  for (guint i = 0; i < LOG_WRITER_LEVELS; i++)
    if (dropped[i] > 0)
      return TRUE;
  return FALSE;
}

static void
push_notice (void)
{
  is_dropping = FALSE;
  if (make_notice && has_dropped ())
    push (make_notice (dropped));
  for (guint i = 0; i < LOG_WRITER_LEVELS; i++)
    dropped[i] = 0;
}

static void *
write_lines (void *unused)
{
  (void)unused;
  g_mutex_lock (&lock);
  for (;;) {
    GString *line;
    gsize length;

    if (g_queue_is_empty (&lines) && has_dropped ())
      push_notice ();
    line = g_queue_pop_head (&lines);
    if (!line) {
      g_cond_wait (&came, &lock);
      continue;
    }
    g_mutex_unlock (&lock);
    write_line (line);
    length = line->len;
    g_string_free (line, TRUE);
    g_mutex_lock (&lock);
    waiting_bytes -= length;
    written_count++;
    g_cond_broadcast (&went);
  }
  return NULL;
}

static void
flush_at_exit (void)
{
  (void)log_writer_flush (FLUSH_AT_EXIT_MS); /* nobody reads: what is left is lost with us */
}

/* All signals stay with the program's other threads: one that is blocked there must not find this
 * thread and end the process. */
static void
start_thread (void)
{
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  pthread_attr_init (&attributes);
  pthread_attr_setdetachstate (&attributes, PTHREAD_CREATE_DETACHED);
  (void)pthread_attr_setstacksize (&attributes, THREAD_STACK_SIZE); /* a larger one will do */
  is_running = pthread_create (&thread, &attributes, write_lines, NULL) == 0;
  pthread_attr_destroy (&attributes);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (is_running)
    (void)atexit (flush_at_exit);
}

void
log_writer_init (LogWriterNotice notice)
{
  g_mutex_lock (&lock);
  make_notice = notice;
  g_mutex_unlock (&lock);
}

gboolean
log_writer_put (int level, GString *line, gboolean is_last)
{
  gsize room = QUEUE_MAX_BYTES + (is_last ? LAST_MAX_BYTES : 0);
  gboolean fits;

  g_mutex_lock (&lock);
  if (!is_running)
    start_thread (); /* without one, the queue fills and the next line tries again */
  fits = waiting_bytes + line->len <= room;
  if (is_dropping && !is_last && waiting_bytes > QUEUE_MAX_BYTES / 2)
    fits = FALSE;
  if (!fits) {
    is_dropping = TRUE;
    dropped[level]++;
  } else {
    if (is_dropping && waiting_bytes <= QUEUE_MAX_BYTES / 2)
      push_notice ();
    push (line);
    g_cond_signal (&came);
  }
  g_mutex_unlock (&lock);
  if (!fits)
    g_string_free (line, TRUE);
  return fits;
}

gboolean
log_writer_flush (gint64 timeout_ms)
{
  gint64 until = g_get_monotonic_time () + timeout_ms * 1000;
  gboolean is_written;
  guint64 target;

  g_mutex_lock (&lock);
  target = put_count;
  while (!(is_written = written_count >= target) && g_cond_wait_until (&went, &lock, until))
    ;
  g_mutex_unlock (&lock);
  return is_written;
}
