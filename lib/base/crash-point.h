/* Named points at which a test build can be made to die or to stand still, and guards that it can
 * be made to do without.
 *
 *   CRASH_AT=NAME[:N]        ends the process (SIGKILL, nothing is flushed) at the N-th passing of
 *                            NAME, default the first
 *   CRASH_STOP_AT=NAME[:N]   stops it there (SIGSTOP) until somebody continues it
 *   CRASH_LIST=FILE          gets the name of each point passed for the first time, which is how a
 *                            walk finds them
 *   CRASH_WITHOUT=GUARD,…    takes guards out
 *
 * Without these variables, and in other builds, all this is nothing. Source: README.md, rule 7. */
#pragma once

#ifdef CRASH_POINTS
/* How long after a CRASH_POINT_SOON its process dies: the request is out. Until then nobody passes
 * another point, so that its answer is not taken in, however soon it comes. */
#define CRASH_SOON_MS 10

void crash_point (const char *name, const char *of, int after_ms);
int crash_guard (const char *name);
#define CRASH_POINT(name) crash_point (name, NULL, 0)
#define CRASH_POINT_OF(name, of)                                                                   \
  crash_point (name, of, 0) /* NAME/OF: a point of its own for each */
#define CRASH_POINT_SOON(name, of) crash_point (name, of, CRASH_SOON_MS)
#define GUARD(name)                crash_guard (#name)
#else
#define CRASH_POINT(name)          ((void)0)
#define CRASH_POINT_OF(name, of)   ((void)0)
#define CRASH_POINT_SOON(name, of) ((void)0)
#define GUARD(name)                1
#endif
