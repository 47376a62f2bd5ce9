/* What a person may know of a claim group's way: states and ids, no personal data. Source:
 * schemas/README.md, 2. */
#pragma once

#include "db/db.h"

/**
 * status_report:
 *
 * Reads everything in one statement, so that its parts fit each other.
 *
 * Errors: %CLAIMS_ERROR_NOT_FOUND when @guid is no group's (malformed ones included); database
 * errors.
 * Returns: a JSON object with group, state, needs_person, submitted_at, submitted_by, claims[],
 * proc_id, package, emails[], as text; owned by the caller.
 */
char *status_report (Db *db, const char *guid, GError **error);
