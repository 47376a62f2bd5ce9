/* Named points at which a test build can be made to die, and guards that it can be made to do
 * without.
 *
 * CRASH_AT=NAME[:N] kills the process (SIGKILL, nothing is flushed) at the N-th passing of NAME,
 * default the first. CRASH_LIST=FILE appends the name of each point passed for the first time,
 * which is how a walk finds them. CRASH_WITHOUT=GUARD takes a guard out. In other builds all this
 * is nothing. Source: design section 11. */
#pragma once

#ifdef CRASH_POINTS
void crash_point (const char *name, const char *of);
int crash_guard (const char *name);
#define CRASH_POINT(name)        crash_point (name, NULL)
#define CRASH_POINT_OF(name, of) crash_point (name, of)
#define GUARD(name)              crash_guard (#name)
#else
#define CRASH_POINT(name)        ((void)0)
#define CRASH_POINT_OF(name, of) ((void)0)
#define GUARD(name)              1
#endif
