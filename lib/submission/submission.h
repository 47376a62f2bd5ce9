/* One child claim on its way to BGS: what the stories of form-686c and form-674 are told in.
 *
 * A function here is one or several journalled steps. On a redelivery the story is told again from
 * the top; a finished step gives its result and is not called, so the story goes on where it was.
 * Step names are a stored contract. Source: README.md, rules 1, 2 and 8, and "Step names". */
#pragma once

#include "bgs/bgs.h"
#include "claims/claim-group.h"
#include "events/child-claim-ready.h"
#include "pipeline/consumer.h"
#include "pipeline/run.h"
#include "program/journal.h"
#include "submission/decisions.h"
#include "submission/plan.h"
#include "submission/veteran.h"

#define SUBMISSION_ERROR (submission_error_quark ())
GQuark submission_error_quark (void);
typedef enum {
  SUBMISSION_ERROR_INCREMENT, /* BGS gives no increment that it also takes: RETRY */
  SUBMISSION_ERROR_OFFICE,    /* no regional office can be told from BGS's list: RETRY */
} SubmissionError;

/* Filled from top to bottom as the story goes on. Belongs to one run. */
typedef struct {
  Run *run;
  BgsClient *bgs;
  ClaimGroup *group;
  const ChildClaim *child;
  Veteran *veteran;
  Plan *plan;
  gboolean is_removal;
  char *proc_id;

  char *veteran_id; /* the Veteran's VNP participant id */
  char *address;    /* kept reply of his address: its values are used onward, not ours */
  char *office_number, *location_id;
  GPtrArray *participant_ids; /* char *, by index of plan->persons */
  char *vnp_claim;            /* kept reply */
  gboolean has_pension;
  char *increment;
  char *benefit_claim; /* kept reply of the insert */
  char *benefit_claim_id;
} Submission;

/* Loads group, child and plan. Errors: database, seal, %CLAIMS_ERROR_NOT_FOUND. */
Submission *submission_open (Run *run, const ChildClaimReady *ready, GError **error);
void submission_free (Submission *submission);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Submission, submission_free)

/* The child is dead or stopped: nothing is to be done for it until somebody redrives its group. */
gboolean submission_has_ended (const Submission *submission);
/* Its benefit claim is recorded and everything after it done or given up; only closing may be left.
 */
/* Nothing to do then: TRUE. But a group that is accepted has no child that has ended so: HOLD. */
gboolean submission_stay_ended (Submission *submission, GError **error);
gboolean submission_is_submitted (const Submission *submission);
gboolean submission_needs_review (const Submission *submission);

/* Participant, address, regional office, person and phone of the Veteran. */
gboolean submission_write_veteran (Submission *submission, GError **error);
/* The plan: people, addresses, relationships, schools and students. */
gboolean submission_write_plan (Submission *submission, GError **error);
gboolean submission_create_vnp_claim (Submission *submission, GError **error);
/* Asks BID whether the Veteran receives a pension, where the end product depends on it. */
gboolean submission_ask_pension (Submission *submission, GError **error);
/**
 * submission_establish:
 *
 * Increment and insert under the Veteran's lock. After it the child cannot die.
 *
 * Errors: %PIPELINE_ERROR_SNOOZE (the lock is held, or an insert is not settled yet, or could not
 * be looked for), %PIPELINE_ERROR_HOLD (a person must decide; the Veteran's row stays),
 * %SUBMISSION_ERROR_INCREMENT and BGS's faults (RETRY or DEAD; the row is free again), and those of
 * run_step().
 */
gboolean submission_establish (Submission *submission, GError **error);
gboolean submission_update_vnp_claim (Submission *submission, GError **error);
/* A note on the benefit claim when a person has to look at it. */
gboolean submission_write_note (Submission *submission, GError **error);
/* What the note says. @doubtful: slots of relationships that may exist twice. Owned. */
char *submission_note_text (const Submission *submission, const GPtrArray *doubtful);
/* The child is submitted, and the last one of its group closes the proc. */
gboolean submission_close (Submission *submission, GError **error);

#define DOWNSTREAM_BGS "bgs"
#define DOWNSTREAM_BID "bid"

/* --- The same for both form consumers' descriptors. --- */

extern const Setting *const submission_consumer_settings[];
/* BGS, and BID, which answers the pension read only */
extern const char *const submission_downstreams[];
/* What errors of BGS, BID and this room mean: for a consumer that calls with any of them. */
extern const VerdictPage *const submission_verdicts[];
gpointer submission_decode (EventCodec *codec, GBytes *value, const Record *record, GError **error);
void submission_scope (gconstpointer message, RunScope *ret_scope);
gpointer submission_start (const Settings *settings, GError **error);
void submission_stop (gpointer context);
/* DEAD: the child is dead and, when the group stood accepted, the group a failure. A child whose
 * benefit claim is recorded cannot die: what is left is given up and a person told. */
gboolean submission_give_up (Transaction *transaction, Run *run, gconstpointer message,
                             const GError *reason, gboolean *ret_dead_letter, GError **error);
gboolean submission_attempted (Transaction *transaction, Run *run, gconstpointer message,
                               const char *status, const GError *reason, GError **error);
