/* Who has done what, when and why: a row of operator_actions, in the transaction that does it. */
#pragma once

#include <jansson.h>

#include "db/db.h"

#define REASON_MAX 500 /* characters */

typedef struct {
  const char *who;     /* NULL: the user of this process, and where */
  const char *action;  /* the subcommand */
  const char *subject; /* what it is done to */
  const char *guid;    /* the claim group's; NULL: none */
  gint64 claim_id;     /* 0: none */
  const char *reason;  /* a person's free text */
  const json_t *detail;
} Action;

/* The user of this process, and where; who stands behind sudo, not root. Owned. */
char *audit_user (void);
/* @ret_id may be NULL. Errors: database. */
gboolean audit_write (Db *db, const Action *action, gint64 *ret_id, GError **error);
/* Whether it says why: not blank, at most REASON_MAX characters, none that steers a terminal. */
gboolean audit_is_reason (const char *text);
