/* A step: one effect outside our database, journalled before and after. The third outcome lives
 * here.
 *
 *   started   is committed as the last thing before the request
 *   finished  has a result, and is never called again
 *   failed    not connected, or a well-formed refusal: nothing happened
 *   given up  failed for good after the insert: the child is submitted all the same
 *   unknown   ended without an answer, and the step was made again (or what it made is left as an
 * orphan draft) not there an insert that was looked for and not found; its increment stays this
 * child's
 *
 * The end of a step and the start of the next are one commit. Source: README.md, rule 6. */
#pragma once

#include "pipeline/run.h"
#include "program/journal.h"

#define STEP_NOTHING_TO_SEND "nothing-to-send"

typedef struct Step Step;

/* The call. Returns the result to be journalled (owned; "" when there is nothing to keep), or NULL
 * and an error: call_outcome() in verdicts.h tells from it whether the step failed or is unknown.
 */
typedef char *(*StepCall) (Run *run, gpointer data, GError **error);

/* How to look, after the settle time, for what an unknown call may have done. */
typedef enum {
  LOOK_THERE,     /* *ret_result is the step's result: finished */
  LOOK_NOT_THERE, /* ended; the step may be made again */
  /* It cannot be found out (the finder itself faulted): as NOT_THERE, where a repeat is safe */
  LOOK_CANNOT,
  LOOK_FAILED, /* the look failed: error is set, try again later */
} LookOutcome;
typedef LookOutcome (*StepLook) (Run *run, gpointer data, char **ret_result, GError **error);

/* Whether an error is, for this step, an answer ("ORA-00001 naming PK_VNP_PROC_FORM: the form is
 * there").
 * @is_repeat: an earlier start of this step ended unknown. Returns the result, owned, or NULL: not
 * an answer. */
typedef char *(*StepRead) (Run *run, gpointer data, const GError *error, gboolean is_repeat);

struct Step {
  /* Stored contract; kebab-case, with an index where there are several: "create-person/child-2" */
  const char *name;
  const char *scope; /* NULL: run_scope(); else one taken with run_take_scope() */
  gboolean is_read;  /* changes nothing: journalled when finished only; unknown means ask again */
  const char *downstream; /* whose breaker it passes; NULL: the consumer's first */
  /* What the digest is made of: the request without its clock fields; borrowed; may be NULL */
  const char *request;
  /* NULL: there is nothing to send any more. What stands started is settled; what would be started is
   * refused (PIPELINE_ERROR_DEAD, STEP_NOTHING_TO_SEND) */
  StepCall call;
  StepLook look; /* NULL: repeat without looking (drafts, updates that replace the row) */
  StepRead read; /* NULL: no error is an answer */
  /* Never repeated after an unknown that a look, if there is one, has not settled: journalled given up
   * (notes, e-mails) */
  gboolean once;
  gboolean looks_here; /* the look asks nobody but our own database */
  /* Best effort: what fails, or gets no answer, is given up at once, with an event */
  gboolean optional;
  /* Cannot die: when it fails for good it is given up, with event, alert and needs-person */
  gboolean after_insert;
  /* What an unknown leaves behind, for the monitoring event, or NULL: "an orphan draft" */
  const char *orphan;
  /* In the transaction that journals started, before it; an error refuses the start */
  RunWork on_start;
  RunWork on_end; /* in the transaction that journals finished */
  /* Read limit; after started + it + unknown-settle-ms an unknown may be touched */
  gint64 timeout_ms;
};

/**
 * run_step:
 *
 * Gives the journalled result when the step has finished before; else settles what stands started,
 * then starts and calls. On unknown the row stays started. Errors: those of the call;
 * %PIPELINE_ERROR_UNKNOWN, _LOST, _BOUNDARY, _GROUP_OVER, _SNOOZE (somebody's unknown is not
 * settled yet). Returns: the result, owned; "" for a step given up — ask step_was_given_up().
 */
char *run_step (Run *run, const Step *step, gpointer data, GError **error);
gboolean step_was_given_up (Run *run, const char *scope, const char *step_name);

/* The newest row of a step. Borrowed until the run ends or the journal is read again. */
const JournalRow *run_journal_find (Run *run, const char *scope, const char *step_name,
                                    GError **error);
/* Number of earlier starts of a step that ended without an answer (unknown, not there). */
guint run_journal_unknowns (Run *run, const char *scope, const char *step_name);

/* The not-personal note that the next start of a step carries (the increment of an insert). */
void run_step_note (Run *run, const char *note);

/* A question that is asked anew each time and changes nothing (the increment, a look for claims):
 * not journalled, with step boundary and log context as for a step. @downstream: as in a step.
 * Returns what @call returns. */
char *run_read (Run *run, const char *name, const char *downstream, StepCall call, gpointer data,
                GError **error);
