/* A bounded rate, see pace.h. */
#include "pace.h"

gboolean
pace_wait (Pace *pace, Program *program, int rate)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 left_us = pace->due_us - now_us;

  pace->due_us = MAX (pace->due_us, now_us) + G_USEC_PER_SEC / rate;
  return program_wait_for_stop (program, left_us > 0 ? (left_us + 999) / 1000 : 0);
}
