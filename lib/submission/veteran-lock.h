/* The Veteran's lock: one row a Veteran, which outlives process, connection and database restart. Source: design
 * section 6, "The Veteran's lock". */
#pragma once

#include "submission/inserts.h"

typedef struct {
  Submission *submission;
  const char *veteran;    /* veteran key */
  gint64 claim_id, token; /* ours */
  gboolean is_hit;        /* taken */
} VeteranLock;

/* The lock as this delivery would hold it. Borrows from @submission. */
VeteranLock veteran_lock_own (Submission *submission);
/* Takes the row when it is free or this child's already; is_hit tells. For run_transaction(). */
gboolean veteran_lock_take (Transaction *transaction, Run *run, gpointer lock, GError **error);
/* Frees it, but for a row whose insert stands started. Where it fails the row stays, and ages: who
 * finds it then takes it over. */
void veteran_lock_release (Submission *submission);

/**
 * veteran_lock_meet_holder:
 *
 * Another child has the row: waits for it, or settles what it has left behind, with the row.
 *
 * Errors: %PIPELINE_ERROR_SNOOZE, %PIPELINE_ERROR_HOLD (behind the holder), database.
 * Returns: TRUE: the row may be free, or is ours: try again.
 */
gboolean veteran_lock_meet_holder (Submission *submission, GError **error);
