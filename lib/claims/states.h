/* The states of groups and children: one table of allowed transitions, one function that changes
 * each. Handlers do not call these: program/transaction.h does, for every change has its event.
 * Source: README.md, rule 9. */
#pragma once

#include "db/db.h"

typedef struct {
  const char *from, *to;
  const char *when; /* the reason, for the operator */
} StateTransition;
const StateTransition *claim_states_of_groups (void); /* ended by from == NULL */
const StateTransition *claim_states_of_children (void);

gboolean claim_states_allow (const StateTransition *table, const char *from, const char *to);

/**
 * claim_states_change_group:
 * Locks the group's row (FOR NO KEY UPDATE) and changes its state; *ret_from is the old state
 * (owned). A redrive (failure to accepted) adds one to the replay number.
 *
 * Errors: CLAIMS_ERROR_TRANSITION when the table has no such row, when a group would succeed at BGS
 * with a child that is not submitted, or on a redrive after the backup has begun (nothing is
 * changed); CLAIMS_ERROR_NOT_FOUND.
 */
gboolean claim_states_change_group (Db *db, const char *guid, const char *to, char **ret_from,
                                    GError **error);
/**
 * claim_states_change_child:
 * The same for a child; locks the group's row first. "submitted" is refused here, it needs the
 * benefit claim id: claim_group_child_submitted().
 */
gboolean claim_states_change_child (Db *db, gint64 claim_id, const char *to, char **ret_from,
                                    GError **error);
