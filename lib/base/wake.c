/* One write for many who wake, see wake.h. */
#include "base/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

void
wake_init (Wake *wake)
{
  wake->fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  wake->is_woken = FALSE;
}

void
wake_clear (Wake *wake)
{
  close (wake->fd);
}

void
wake_up (Wake *wake)
{
  guint64 one = 1;

  if (g_atomic_int_compare_and_exchange (&wake->is_woken, FALSE, TRUE))
    (void)!write (wake->fd, &one, sizeof one); /* full only when it is awake already */
}

/* In this order: who comes between the two does not write, and what he has to say is looked at
 * next. The other way round his write would be read away, and nobody would write again. */
void
wake_seen (Wake *wake)
{
  guint64 count;

  (void)!read (wake->fd, &count, sizeof count);
  g_atomic_int_set (&wake->is_woken, FALSE);
}
