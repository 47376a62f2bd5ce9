/* Changes that an operator makes beside claims: a consumer is paused, a downstream called away. Each
 * in one transaction with its row of operator_actions. */
#pragma once

#include "db/db.h"

typedef enum {
  CHANGE_PAUSE, /* of a consumer: takes nothing new, in all its processes */
  CHANGE_RESUME,
  CHANGE_OPEN_BREAKER,  /* of a downstream: nothing calls it for a minute, then one call asks */
  CHANGE_CLOSE_BREAKER, /* it is called again at once */
} ChangeKind;
const char *change_name (ChangeKind kind); /* "pause" */

typedef struct {
  ChangeKind kind;
  const char *subject; /* the consumer, the downstream */
  const char *who;     /* NULL: the user of this process */
  const char *reason;
  gboolean is_changed; /* out: else it was so before */
} Change;
/* Errors: database. */
gboolean change_make (Db *db, Change *change, GError **error);
