/* The increment and the insert: the one call of the whole flow that makes money move and cannot be
 * taken back.
 *
 * BGS takes an increment once, neither reserves nor locks it when it is asked for, and makes a
 * benefit claim for every insert that it takes. So both calls happen under a lock per Veteran that
 * outlives process and connection, a child sends another increment only when somebody else is seen
 * to have taken its own, and nobody uses an increment that another child has sent without an
 * answer. shared/model has these rules as a checked model; changing one means changing that first.
 * Source: design section 6, "The Veteran's lock" and "Ours". */
#pragma once

#include "bgs/benefit-claim-finder.h"
#include "submission/submission.h"

#define INSERT_STEP "insert-benefit-claim"

/**
 * establish_benefit_claim:
 *
 * Sets @submission's increment and benefit_claim (the kept reply, or what the look found in its
 * place).
 *
 * Errors: %PIPELINE_ERROR_SNOOZE (the lock is held, or an insert is not settled yet, or could not
 * be looked for), %PIPELINE_ERROR_HOLD (a person must decide; the Veteran's row stays),
 * %SUBMISSION_ERROR_INCREMENT and BGS's faults (RETRY or DEAD; the row is free again), and those of
 * run_step().
 */
gboolean establish_benefit_claim (Submission *submission, GError **error);

/* --- What an insert's journal row says of itself, and the look. Open for tests. --- */

/* The note of an insert's row: not personal, and all that "ours" needs. */
typedef struct {
  char *increment;  /* endProduct */
  char *claim_type; /* endProductCode */
  char *day;        /* YYYY-MM-DD, of submission */
} InsertNote;
char *insert_note_format (const InsertNote *note);
InsertNote *insert_note_parse (const char *text); /* NULL when it is no such note; owned */
void insert_note_free (InsertNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (InsertNote, insert_note_free)

typedef enum {
  INSERT_FOUND, /* one claim, pending: adopt it */
  INSERT_NOT_THERE,
  INSERT_UNCLEAR, /* cleared, cancelled, several, or by an unknown hand: a person decides, nothing
                     is inserted */
} InsertSight;

typedef struct {
  InsertSight sight;
  const BgsClaimRow *claim; /* FOUND: borrowed from the claims looked at */
  const InsertNote *note;   /* FOUND: which of the notes it was */
  gboolean is_taken; /* NOT_THERE: an open claim of somebody else has the last increment sent */
} InsertLook;

/**
 * insert_look:
 * @notes: array of InsertNote: every insert of the child that was sent and is not known to have
 * failed, oldest first
 * @claims: array of BgsClaimRow: all that BGS knows of the Veteran, without those that another
 * child has recorded
 * @username: ours, as BGS journals it
 */
InsertLook insert_look (const GPtrArray *notes, const GPtrArray *claims, const char *username);

/* The lowest increment from @asked on that no open claim has and nobody has reserved; owned. NULL:
 * none within ten. */
char *increment_next_free (const char *asked, const GPtrArray *claims,
                           const GPtrArray *reserved_notes);
