/* The follower: what becomes of packages that were accepted, until nothing more will come.
 *
 * A thread of one process at a time, by a lease. Packages are asked for in reports of up to 1,000,
 * every package-ask-every in their first day, every package-ask-later afterwards. What follows from
 * an answer stands in following.h; each package is judged in a transaction of its own, under its
 * group's row, conditional on the lease and on its turn to be asked. Beside that, once an hour,
 * inserts that were given out as unknown are looked for in BGS, while their package is followed. */
#pragma once

#include "bgs/bgs.h"
#include "intake/intake.h"
#include "program/program.h"

/* package-ask-every, package-ask-later, package-expired-max, insert-look-every */
extern const Setting follower_settings[];

/* Borrowed for as long as it runs. */
typedef struct {
  Program *program;
  const Settings *settings;
  IntakeClient *intake;
  BgsClient *bgs;
} FollowerOptions;

typedef struct Follower Follower;
Follower *follower_start (const FollowerOptions *options);
/* FALSE: it still waits for an answer at @until_us (monotonic), and goes on. NULL is fine. */
gboolean follower_stop (Follower *follower, gint64 until_us);
void follower_free (Follower *follower); /* once it has stopped; NULL is fine */
