/* The parent's side: a place, three memfds, a child with nothing else in hand, and what its end
 * means. See press.h. */
#include "press/press.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM  "attachment-press"
#define CLOCK_MS 30000
#define SEALS    (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

G_DEFINE_QUARK (press - error - quark, press_error)

struct Press {
  char *program;
  gint64 clock_ms;
  GMutex lock;
  GCond left;
  guint free_places;
};

/* What one child is given and leaves behind. */
typedef struct {
  int document, stamps, result, report, nowhere;
} Descriptors;

typedef struct {
  gboolean is_over_time;
  int status; /* waitpid() */
} ChildEnd;

static gboolean take_place (Press *press, gint64 wait_ms);
static void leave_place (Press *press);
static gboolean is_too_large (int document_fd, gboolean *ret_is, GError **error);
static PressResult *press_in_child (Press *press, int document_fd, GBytes *stamps,
                                    const PressPlace *places, guint place_count, GError **error);
static gboolean open_descriptors (Descriptors *fds, int document_fd, GBytes *stamps,
                                  GError **error);
static void close_descriptors (Descriptors *fds);
static gboolean run_child (const Press *press, const Descriptors *fds, const PressPlace *places,
                           guint place_count, ChildEnd *ret_end, GError **error);
static PressResult *result_of (const ChildEnd *end, Descriptors *fds, GError **error);

static PressResult *
refused (PressRefusal refusal, guint page, const char *ended)
{
  PressResult *result = g_new0 (PressResult, 1);

  result->refusal = refusal;
  result->page = page;
  result->ended = ended;
  result->fd = -1;
  return result;
}

static gboolean
own_trouble (GError **error, const char *doing)
{
  int number = errno;

  g_set_error (error, PRESS_ERROR, PRESS_ERROR_OWN, "%s: %s", doing, g_strerror (number));
  return FALSE;
}

PressResult *
press_document (Press *press, int document_fd, GBytes *stamps, const PressPlace *places,
                guint place_count, gint64 wait_ms, GError **error)
{
  gboolean is_large = FALSE;
  PressResult *result;

  g_return_val_if_fail (place_count <= PRESS_MAX_STAMPS, NULL);
  if (!is_too_large (document_fd, &is_large, error))
    return NULL;
  if (is_large)
    return refused (PRESS_TOO_LARGE, 0, NULL);

  if (!take_place (press, wait_ms)) {
    g_set_error (error, PRESS_ERROR, PRESS_ERROR_BUSY, "other documents are under way");
    return NULL;
  }
  result = press_in_child (press, document_fd, stamps, places, place_count, error);
  leave_place (press);
  return result;
}

static PressResult *
press_in_child (Press *press, int document_fd, GBytes *stamps, const PressPlace *places,
                guint place_count, GError **error)
{
  Descriptors fds = { -1, -1, -1, -1, -1 };
  ChildEnd end = { 0 };
  PressResult *result = NULL;

  if (open_descriptors (&fds, document_fd, stamps, error) &&
      run_child (press, &fds, places, place_count, &end, error))
    result = result_of (&end, &fds, error);
  close_descriptors (&fds);
  return result;
}

/* --- Places --- */

static gboolean
take_place (Press *press, gint64 wait_ms)
{
  gint64 until_us = g_get_monotonic_time () + wait_ms * 1000;
  gboolean is_taken;

  g_mutex_lock (&press->lock);
  while (press->free_places == 0 && g_cond_wait_until (&press->left, &press->lock, until_us))
    ;
  is_taken = press->free_places > 0;
  if (is_taken)
    press->free_places--;
  g_mutex_unlock (&press->lock);
  return is_taken;
}

static void
leave_place (Press *press)
{
  g_mutex_lock (&press->lock);
  press->free_places++;
  g_cond_signal (&press->left);
  g_mutex_unlock (&press->lock);
}

/* --- Descriptors --- */

static gboolean
is_too_large (int document_fd, gboolean *ret_is, GError **error)
{
  struct stat about;

  if (fstat (document_fd, &about) != 0)
    return own_trouble (error, "the size of a document");
  *ret_is = about.st_size > PRESS_MAX_BYTES;
  return TRUE;
}

/* @fd_taken at a number that the child has no use for, so that handing them over overwrites none.
 */
static int
lifted (int fd_taken, const char *doing, GError **error)
{
  int fd = fd_taken < 0 ? -1 : fcntl (fd_taken, F_DUPFD_CLOEXEC, PRESS_FD_REPORT + 1);

  if (fd < 0)
    own_trouble (error, doing);
  if (fd_taken >= 0)
    close (fd_taken);
  return fd;
}

static int
new_memfd (const char *name, GError **error)
{
  return lifted (memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create", error);
}

static gboolean
write_all (int fd, const char *bytes, gsize length, GError **error)
{
  while (length > 0) {
    ssize_t done = write (fd, bytes, length);

    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return own_trouble (error, "writing into memory");
    bytes += done;
    length -= (gsize)done;
  }
  return TRUE;
}

int
press_hold (GBytes *bytes, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  int fd = new_memfd ("press-held", error);

  if (fd < 0)
    return -1;
  if (!write_all (fd, data, length, error)) {
    close (fd);
    return -1;
  }
  if (fcntl (fd, F_ADD_SEALS, SEALS) != 0 || lseek (fd, 0, SEEK_SET) != 0) {
    own_trouble (error, "sealing memory");
    close (fd);
    return -1;
  }
  return fd;
}

/* The child gets an offset of its own, and no way to write. */
static int
open_for_reading (int fd, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);

  return lifted (open (path, O_RDONLY | O_CLOEXEC), "opening a document for reading", error);
}

/* A file of a spool directory has no seals, and one that is sealed already takes no more. */
static gboolean
seal_document (int fd, GError **error)
{
  if (fcntl (fd, F_ADD_SEALS, SEALS) == 0 || errno == EINVAL || errno == EPERM)
    return TRUE;
  return own_trouble (error, "sealing a document");
}

static gboolean
open_descriptors (Descriptors *fds, int document_fd, GBytes *stamps, GError **error)
{
  return seal_document (document_fd, error) &&
         (fds->document = open_for_reading (document_fd, error)) >= 0 &&
         (fds->stamps = press_hold (stamps, error)) >= 0 &&
         (fds->result = new_memfd ("press-result", error)) >= 0 &&
         (fds->report = new_memfd ("press-report", error)) >= 0 &&
         (fds->nowhere = lifted (open ("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null", error)) >=
             0;
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
close_descriptors (Descriptors *fds)
{
  close_fd (&fds->document);
  close_fd (&fds->stamps);
  close_fd (&fds->result);
  close_fd (&fds->report);
  close_fd (&fds->nowhere);
}

/* --- The child --- */

/* What libraries say of a foreign file, on stderr, goes nowhere. */
static void
give_descriptors (posix_spawn_file_actions_t *actions, const Descriptors *fds)
{
  const int given[][2] = { { fds->document, PRESS_FD_DOCUMENT },
                           { fds->result, PRESS_FD_RESULT },
                           { fds->nowhere, STDERR_FILENO },
                           { fds->stamps, PRESS_FD_STAMPS },
                           { fds->report, PRESS_FD_REPORT } };

  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    posix_spawn_file_actions_adddup2 (actions, given[i][0], given[i][1]);
  posix_spawn_file_actions_addclosefrom_np (actions, PRESS_FD_REPORT + 1);
}

/* No environment: it may hold secrets. Test builds hand down what their sanitizers and attempts go
 * by. */
static char **
environment_of_child (void)
{
#ifdef CRASH_POINTS
  return environ;
#else
  static char *nothing[] = { NULL };

  return nothing;
#endif
}

/* argv[0] and the places; owned. */
static char **
arguments_of_child (const PressPlace *places, guint place_count)
{
  char **argv = g_new0 (char *, place_count + 2);

  argv[0] = g_strdup (PROGRAM);
  for (guint i = 0; i < place_count; i++) {
    char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

    argv[i + 1] = g_strconcat (g_ascii_dtostr (x, sizeof x, places[i].x), ",",
                               g_ascii_dtostr (y, sizeof y, places[i].y), NULL);
  }
  return argv;
}

/* Signals that this process ignores or blocks are as usual in the child. */
static int
spawn (const Press *press, const Descriptors *fds, char **argv, pid_t *ret_pid)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  int result;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawn_file_actions_init (&actions);
  give_descriptors (&actions, fds);
  result =
      posix_spawn (ret_pid, press->program, &actions, &attributes, argv, environment_of_child ());
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attributes);
  return result;
}

/* FALSE: it still runs. @ended: readable at its end. */
static gboolean
wait_for_end (int ended, gint64 until_us)
{
  struct pollfd end = { .fd = ended, .events = POLLIN };
  gint64 left_us;

  while ((left_us = until_us - g_get_monotonic_time ()) > 0) {
    if (poll (&end, 1, (int)(left_us / 1000) + 1) > 0)
      return TRUE;
    /* A signal for this thread may have ended the wait. */
  }
  return FALSE;
}

/* Whatever happens here, nobody is left behind: it is ended, and its end is taken. */
static gboolean
run_child (const Press *press, const Descriptors *fds, const PressPlace *places, guint place_count,
           ChildEnd *ret_end, GError **error)
{
  g_auto (GStrv) argv = arguments_of_child (places, place_count);
  gint64 until_us = g_get_monotonic_time () + press->clock_ms * 1000;
  gboolean is_well;
  pid_t pid = 0;
  int ended;

  errno = spawn (press, fds, argv, &pid);
  if (errno != 0)
    return own_trouble (error, press->program);

  ended = pidfd_open (pid, 0);
  is_well = ended >= 0 || own_trouble (error, "pidfd_open");
  if (!is_well || !wait_for_end (ended, until_us)) {
    ret_end->is_over_time = TRUE;
    kill (pid, SIGKILL);
  }
  close_fd (&ended);
  while (waitpid (pid, &ret_end->status, 0) < 0)
    if (errno != EINTR)
      return is_well && own_trouble (error, "waiting for " PROGRAM);
  return is_well;
}

/* --- What its end means --- */

static const char *
word_for_signal (int number)
{
  switch (number) {
  case SIGSYS:
    return "abort or forbidden call"; /* abort() needs calls that are forbidden too */
  case SIGXCPU:
    return "processor time";
  default:
    return "crash";
  }
}

/* Only numbers that can be: a child that was taken over may have written anything. */
static gboolean
read_report (int fd, PressReport *ret_report)
{
  PressReport report;

  if (pread (fd, &report, sizeof report, 0) != (ssize_t)sizeof report ||
      report.refusal >= PRESS_REFUSALS || (report.notes & ~PRESS_NOTES_ALL) != 0)
    return FALSE;
  *ret_report = report;
  return TRUE;
}

/* TRUE: its descriptor is the result's from now on. */
static gboolean
take_result (int *fd, PressResult *result, GError **error)
{
  struct stat about;

  if (fcntl (*fd, F_ADD_SEALS, SEALS) != 0 || fstat (*fd, &about) != 0 ||
      lseek (*fd, 0, SEEK_SET) != 0)
    return own_trouble (error, "sealing a result");
  result->length = about.st_size;
  result->fd = *fd;
  *fd = -1;
  return TRUE;
}

/* Any document may meet with it on a machine that is short of time or memory. */
static PressResult *
ended_from_outside (const char *ended)
{
  PressResult *result = refused (PRESS_TOO_COMPLEX, 0, ended);

  result->is_perhaps_ours = TRUE;
  return result;
}

static PressResult *
result_of (const ChildEnd *end, Descriptors *fds, GError **error)
{
  PressReport report;
  gboolean has_report;
  g_autoptr (PressResult) result = NULL;

  if (end->is_over_time)
    return ended_from_outside ("clock");
  if (WIFSIGNALED (end->status) && WTERMSIG (end->status) == SIGKILL)
    return ended_from_outside ("killed");
  if (WIFSIGNALED (end->status) && WTERMSIG (end->status) == SIGXFSZ)
    return refused (PRESS_GROWN_TOO_LARGE, 0, NULL);
  if (WIFSIGNALED (end->status))
    return refused (PRESS_TOO_COMPLEX, 0, word_for_signal (WTERMSIG (end->status)));
  if (WEXITSTATUS (end->status) == PRESS_EXIT_MEMORY)
    return refused (PRESS_TOO_COMPLEX, 0, "memory");
  has_report = read_report (fds->report, &report);
  if (WEXITSTATUS (end->status) == PRESS_EXIT_OWN && !has_report) {
    g_set_error (error, PRESS_ERROR, PRESS_ERROR_OWN,
                 PROGRAM " could not shut itself in, or could not read the stamps");
    return NULL;
  }
  if (WEXITSTATUS (end->status) != PRESS_EXIT_REPORTED || !has_report)
    return refused (PRESS_TOO_COMPLEX, 0, "no report");
  if (report.refusal != PRESS_FINE)
    return refused (report.refusal, report.page, NULL);

  result = refused (PRESS_FINE, 0, NULL);
  result->notes = report.notes;
  result->pages = report.pages;
  if (!take_result (&fds->result, result, error))
    return NULL;
  if (result->length > PRESS_MAX_BYTES)
    return refused (PRESS_GROWN_TOO_LARGE, 0, NULL);
  if (result->length == 0)
    return refused (PRESS_TOO_COMPLEX, 0, "no report");
  return g_steal_pointer (&result);
}

/* --- New and free --- */

/* Programs of ours are installed in one folder. */
static char *
beside_this_program (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (self ? self : "");

  return g_build_filename (folder, PROGRAM, NULL);
}

Press *
press_new (const char *program, guint at_once, gint64 clock_ms)
{
  Press *press = g_new0 (Press, 1);

  g_assert (at_once > 0);
  press->program = program ? g_strdup (program) : beside_this_program ();
  press->clock_ms = clock_ms > 0 ? clock_ms : CLOCK_MS;
  press->free_places = at_once;
  g_mutex_init (&press->lock);
  g_cond_init (&press->left);
  return press;
}

void
press_free (Press *press)
{
  if (!press)
    return;
  g_mutex_clear (&press->lock);
  g_cond_clear (&press->left);
  g_free (press->program);
  g_free (press);
}

void
press_result_free (PressResult *result)
{
  if (!result)
    return;
  if (result->fd >= 0)
    close (result->fd);
  g_free (result);
}
