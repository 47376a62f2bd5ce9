/* Changes of state with their events, in one place: nothing ends without an event. */
#pragma once

#include "pipeline/run.h"

/* Change and event in the settlement's transaction. Errors: CLAIMS_ERROR_TRANSITION and database
 * errors. */
gboolean settlement_change_group (Settlement *settlement, const char *claim_group_id,
                                  const char *to, const char *reason, GError **error);
gboolean settlement_change_child (Settlement *settlement, const char *claim_group_id,
                                  gint64 claim_id, const char *to, const char *reason,
                                  GError **error);
/* needs-person with event and monitoring event. */
gboolean settlement_needs_person (Settlement *settlement, const char *claim_group_id,
                                  gint64 claim_id, const char *reason, gint64 behind_claim_id,
                                  GError **error);
