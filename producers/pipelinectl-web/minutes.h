/* What became of messages by the minute, over the last hours. A minute that is over does not change:
 * only the newest are asked for again. */
#pragma once

#include <jansson.h>

#include "db/db.h"

#define MINUTES_KEPT 180

typedef struct Minutes Minutes;
Minutes *minutes_new (void);
void minutes_free (Minutes *minutes);
/* { "at", "settled", "retried", "dead" } of each of the last MINUTES_KEPT, the oldest first; owned.
 * Errors: database. Thread safe. */
json_t *minutes_read (Minutes *minutes, Db *db, GError **error);
