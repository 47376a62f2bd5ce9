/* Facts of a claim group that its way leaves behind: proc, benefit claims, attempts, holds. Written in
 * the transaction of whoever has found them out; nothing of it is sealed. */
#pragma once

#include "db/db.h"

/* Locks the groups' own rows (FOR NO KEY UPDATE), in ascending order of row id. A transaction that
 * changes several groups calls this before it touches any of them. Unknown guids are passed
 * over. */
gboolean claim_groups_lock (Db *db, char **guids, GError **error);

/* Writes the proc id and, with it, the reasons for review (NULL: none); refuses
 * (CLAIMS_ERROR_TRANSITION) to replace another proc id. The same one again changes nothing: the
 * first decision stands. */
gboolean claim_group_set_proc (Db *db, const char *guid, const char *proc_id,
                               const char *review_reasons, GError **error);

/**
 * claim_group_child_submitted:
 * Under the group's row lock: child becomes submitted with its benefit claim id, and when it was
 * the last one, nobody is closer yet and the group is accepted, it becomes the closer.
 * *ret_is_closer also when it was before. The same benefit claim id again changes nothing.
 *
 * Errors: CLAIMS_ERROR_TRANSITION (child is dead or stopped, or has another benefit claim),
 * CLAIMS_ERROR_NOT_FOUND, DB_ERROR_UNIQUE (another child has this benefit claim).
 * Source: README.md, rule 10.
 */
gboolean claim_group_child_submitted (Db *db, const char *guid, gint64 claim_id,
                                      const char *bgs_claim_id, gboolean *ret_is_closer,
                                      GError **error);

/* Submission and attempt rows: one attempt row per try, written again as it goes on. @status
 * pending, unknown, submitted or failure; what is submitted stays so. @error_message is neutral
 * text: never a name, SSN or request. */
gboolean claim_attempt_record (Db *db, gint64 claim_id, const char *form_type, guint attempt_no,
                               const char *status, const char *bgs_claim_id,
                               const char *error_class, const char *error_message, GError **error);
/* The reason of a hold whose step is in doubt, and whose request would be another one now. */
#define HOLD_CHANGED_UNDER_A_STEP "changed-under-a-step"
/* needs-person: opens a hold once per (claim, reason). @claim_id may be the parent's for a group.
 * @behind_claim_id 0: behind nobody. Errors: CLAIMS_ERROR_NOT_FOUND when the claim is not one of
 * the group. */
gboolean claim_hold_open (Db *db, const char *guid, gint64 claim_id, const char *reason,
                          gint64 behind_claim_id, GError **error);
/* What the person chooses from, with the hold that stands open: a JSON array of objects, none of
 * them personal. */
gboolean claim_hold_candidates (Db *db, gint64 claim_id, const char *reason, const char *json,
                                GError **error);
/* The hold that stands open holds up the record of the group's papers, too. */
gboolean claim_hold_of_papers (Db *db, gint64 claim_id, const char *reason, GError **error);
