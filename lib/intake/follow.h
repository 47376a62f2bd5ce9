/* What the status of a package means for those who wait for it: one table. Pure.
 * Source: README.md, "What a status means". */
#pragma once

#include "intake/answer.h"

typedef enum {
  INTAKE_NEXT_FOLLOW,   /* goes on by itself: ask again */
  INTAKE_NEXT_HEALS,    /* an error that is not final: ask again; a person, when it lasts */
  INTAKE_NEXT_RECEIVED, /* in the Veteran's folder: the end that was hoped for */
  INTAKE_NEXT_ANEW,     /* lost there: sent anew as a package of its own, once */
  INTAKE_NEXT_REFUSED,  /* ended without success: the Veteran is told */
  INTAKE_NEXT_AT_VA,    /* somebody at VA has it, and no more news will come: a person here */
} IntakeNext;

IntakeNext intake_next (const IntakeUpload *upload);
/* "FOLLOW" … for events and logs. */
const char *intake_next_name (IntakeNext next);
