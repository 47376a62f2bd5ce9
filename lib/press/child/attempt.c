/* See attempt.h. By system call, so that no library stands between. */
#include "press/child/attempt.h"

#ifdef CRASH_POINTS
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "press/report.h"

/* Told by their exit status: they got through, or were denied. */
#define EXIT_DENIED  40
#define EXIT_ALLOWED 41

static void
try_call (const char *name)
{
  static const char path[] = "/etc/passwd";
  char *const nothing[] = { NULL };
  long result = 0;

  if (g_str_equal (name, "socket"))
    result = syscall (SYS_socket, AF_INET, SOCK_STREAM, 0);
  else if (g_str_equal (name, "openat"))
    result = syscall (SYS_openat, AT_FDCWD, path, O_RDONLY);
  else if (g_str_equal (name, "execve"))
    result = syscall (SYS_execve, "/bin/true", nothing, nothing);
  else if (g_str_equal (name, "fork"))
    result = syscall (SYS_clone, SIGCHLD, 0, 0, 0, 0);
  else if (g_str_equal (name, "kill"))
    result = syscall (SYS_kill, 0, 0);
  else if (g_str_equal (name, "ptrace"))
    result = syscall (SYS_ptrace, 0, 0, 0, 0);
  else if (g_str_equal (name, "mmap-code"))
    result = (long)syscall (SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  else if (g_str_equal (name, "mmap-shared-file"))
    result = (long)syscall (SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
                            PRESS_FD_RESULT, 0);
  else if (g_str_equal (name, "mprotect"))
    result = syscall (SYS_mprotect, NULL, 0, PROT_READ);
  else if (g_str_equal (name, "ioctl"))
    result = syscall (SYS_ioctl, 0, 0, 0);
  else
    g_error ("no such attempt: %s", name);
  _exit (result == -1 && errno == EACCES ? EXIT_DENIED : EXIT_ALLOWED);
}

/* Limits. */
static void
use_up (const char *what)
{
  static char block[1 << 20];

  if (g_str_equal (what, "time"))
    for (;;)
      ;
  while (g_str_equal (what, "memory"))
    if (!malloc (sizeof block))
      _exit (EXIT_DENIED);
  while (g_str_equal (what, "output"))
    if (write (PRESS_FD_RESULT, block, sizeof block) < 0)
      _exit (EXIT_DENIED);
}

void
attempt (void)
{
  const char *name = g_getenv ("PRESS_ATTEMPT");

  if (!name)
    return;
  if (g_str_equal (name, "say-it-is-ours"))
    _exit (PRESS_EXIT_OWN);
  use_up (name);
  try_call (name);
}
#endif
