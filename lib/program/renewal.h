/* Files that are read at the start alone, and change while a program runs: certificates, keys and
 * passwords of services. A process that sees new ones ends in good order, and whoever watches over
 * it starts it with them. Of the processes of one program one does so at a time: the next one may
 * when one of them has started again, so that files which do not work end no more than one. */
#pragma once

#include "base/settings.h"
#include "program/health.h"

typedef struct {
  const Settings *settings;
  const char *program, *instance_id;
  Health *health;
} RenewalOptions;

typedef struct Renewal Renewal;

/* Notes what the files hold; who makes something of them does so later. NULL: renew-every is 0. */
Renewal *renewal_new (const RenewalOptions *options);
/* From here on it looks. NULL is fine, here and below. */
void renewal_begin (Renewal *renewal);
void renewal_free (Renewal *renewal); /* waits for the look under way */
