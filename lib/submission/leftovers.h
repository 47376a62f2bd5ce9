/* What the form consumers have left open in a group that has failed: settled before its package is
 * made, so that the package tells the truth and nobody writes on.
 *
 * Nothing of the group starts any more, for who journals a start reads the group's row. What stands
 * started is waited for; once no request of it can act, drafts, notes and updates are given up
 * without a look, and an insert is looked for: one answered look is enough. An insert that a child
 * has died with, given out as unknown, is nobody's to wait for; nor is one that BGS cannot be asked
 * about for outage-max-wait. Source: README.md, rules 8 to 11, and "When a group fails". */
#pragma once

#include "submission/submission.h"

/* Borrowed throughout. */
typedef struct {
  Run *run; /* of the group */
  BgsClient *bgs;
  const ClaimGroup *group;
  const Veteran *veteran;
} Leftovers;

/**
 * leftovers_settle:
 *
 * Marks the group as begun (backup_begun_at): from then on nobody redrives it. TRUE at once when it
 * was before.
 *
 * Errors: %PIPELINE_ERROR_SNOOZE (something may still act), %PIPELINE_ERROR_LOOK_LATER (BGS cannot
 * be asked), %PIPELINE_ERROR_GROUP_OVER (the group is not a failure any more), database.
 */
gboolean leftovers_settle (const Leftovers *leftovers, GError **error);

/**
 * leftovers_hold_proc:
 *
 * Moves the group's proc, where it is open, to the state in which a person reviews it. Best effort:
 * a BGS that refuses or is away holds nobody up.
 */
gboolean leftovers_hold_proc (const Leftovers *leftovers, GError **error);

/* What a paper has to say of a child. */
typedef enum {
  INSERT_NONE,    /* nothing was sent that could be there */
  INSERT_MADE,    /* its benefit claim is known */
  INSERT_MISSED,  /* sent, looked for, and not there */
  INSERT_UNKNOWN, /* sent, and nobody knows */
} InsertKnown;
typedef struct {
  gint64 claim_id;
  InsertKnown insert;
  char *benefit_claim_id; /* INSERT_MADE */
} ChildKnown;
void child_known_free (gpointer child);
/* Of ChildKnown *, in the order of the group's children; owned. Errors: database. */
GPtrArray *leftovers_children (Db *db, const char *guid, GError **error);
