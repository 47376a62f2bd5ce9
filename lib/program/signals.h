/* SIGTERM and SIGINT. From the first line of the process on, one of them ends it, also where the
 * kernel does nothing by default (PID 1 of a container): before signals_open() and until
 * signals_begin_serving() at once, as the signal itself would; then whoever serves reads them and
 * stops in good order. */
#pragma once

#include <glib.h>

/* Blocks both in this thread and those it will make; returns a descriptor that is readable once one
 * has come. Until signals_begin_serving() a thread of its own ends the process then, whatever the
 * others wait for. Close it with signals_close(). */
int signals_open (void);
/* From here on the owner of the descriptor asks. */
void signals_begin_serving (void);
void signals_close (int fd);
/* TRUE when one has come, which stays so; waits at most @ms. */
gboolean signals_wait (int fd, gint64 ms);
