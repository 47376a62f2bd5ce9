/* The Veteran's lock: one row a Veteran, which outlives process, connection and database restart.
 * Every statement on it is here; what a delivery does that finds it held is lock-holder.h's. Rules:
 * the README of this room. */
#pragma once

#include "submission/submission.h"

typedef struct {
  const char *veteran;    /* veteran key; borrowed from the submission */
  gint64 claim_id, token; /* ours */
  gboolean is_hit;        /* taken */
} VeteranLock;

/* The lock as this delivery would hold it. */
VeteranLock veteran_lock_own (const Submission *submission);
/* Takes the row when it is free or this child's already; is_hit tells. For run_transaction(). */
gboolean veteran_lock_take (Transaction *transaction, Run *run, gpointer lock, GError **error);
/* Writes @increment into our row, in the transaction that journals the insert as started. @ret_hit
 * FALSE: it is not ours any more. */
gboolean veteran_lock_mark (Transaction *transaction, const VeteranLock *lock,
                            const char *increment, gboolean *ret_hit, GError **error);
/* The row becomes ours if it is still @holder's under @holder_token; @ret_hit tells. */
gboolean veteran_lock_take_over (Transaction *transaction, const VeteranLock *lock, gint64 holder,
                                 gint64 holder_token, gboolean *ret_hit, GError **error);
/* With the end of the insert: no delivery of this claim needs the row. */
gboolean veteran_lock_end (Transaction *transaction, const VeteranLock *lock, GError **error);
/* Frees it, but for a row whose insert stands started. Where it fails the row stays, and ages: who
 * finds it then takes it over. */
void veteran_lock_release (Submission *submission);
/* Frees every row of a claim that ends, whatever stands started. */
gboolean veteran_lock_free_all (Db *db, gint64 claim_id, GError **error);

/* Who has the row. */
typedef struct {
  gint64 claim_id, token; /* 0: it is free */
  char *form_type;
  gint64 age_ms;    /* of the row, by the database's clock */
  gboolean is_held; /* a person is to decide on the claim */
} LockHolder;
void lock_holder_clear (LockHolder *holder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LockHolder, lock_holder_clear)
gboolean veteran_lock_read (Submission *submission, LockHolder *ret_holder, GError **error);
