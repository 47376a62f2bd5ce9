/* Wakes a thread that sleeps in poll(), with one write however many wake it.
 *
 * The sleeper polls `fd` for reading, calls wake_seen() and then looks at everything: what was said
 * before a wake_up() is looked at, and a wake_up() after wake_seen() ends the next sleep. */
#pragma once

#include <glib.h>

typedef struct {
  int fd;        /* an eventfd; others may write to it as well */
  gint is_woken; /* atomic: written to since the last look */
} Wake;

void wake_init (Wake *wake);
void wake_clear (Wake *wake);
void wake_up (Wake *wake);   /* any thread; never waits */
void wake_seen (Wake *wake); /* the sleeper, before it looks */
