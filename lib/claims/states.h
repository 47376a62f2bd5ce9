/* The states of groups and children: one table of allowed transitions, one function that changes each.
 * Handlers do not call these: pipeline/states.h does, for every change has its event. Source: design section 4. */
#pragma once

#include "db/db.h"

typedef struct {
  const char *from, *to;
  const char *when;          /* the reason, for the operator */
} StateTransition;
const StateTransition *claim_states_of_groups (void);   /* ended by from == NULL */
const StateTransition *claim_states_of_children (void);

/**
 * claim_states_change_group:
 * Locks the group's row (FOR NO KEY UPDATE) and changes its state; *ret_from is the old state (owned).
 * Errors: CLAIMS_ERROR_TRANSITION when the table has no such row (nothing is changed), CLAIMS_ERROR_NOT_FOUND.
 */
gboolean claim_states_change_group (Db *db, const char *guid, const char *to, char **ret_from, GError **error);
gboolean claim_states_change_child (Db *db, gint64 claim_id, const char *to, char **ret_from, GError **error);
