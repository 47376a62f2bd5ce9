/* pause: what holds a pod's namespaces while its containers come and go. Process 1 of a sandbox, so it also reaps. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void
end (int signal_no)
{
  (void)signal_no;
  _exit (0);
}

static void
reap (int signal_no)
{
  (void)signal_no;
  while (waitpid (-1, NULL, WNOHANG) > 0)
    ;
}

int
main (void)
{
  signal (SIGTERM, end);
  signal (SIGINT, end);
  signal (SIGCHLD, reap);
  for (;;)
    pause ();
}
