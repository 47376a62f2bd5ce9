/* Test builds: what a child that was taken over might try. PRESS_ATTEMPT names it; it happens when
 * the walls stand. In other builds all this is nothing. */
#pragma once

#ifdef CRASH_POINTS
void attempt (void);
#define ATTEMPT() attempt ()
#else
#define ATTEMPT() ((void)0)
#endif
