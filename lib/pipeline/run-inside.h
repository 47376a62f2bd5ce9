/* A run from inside the room: what the desks write for it and what judging reads. Handlers see
 * run.h.
 *
 * A run belongs to one thread at a time: the take desk's, its worker's, the settle desk's. run.c
 * and run-journal.c write it, the others ask them. */
#pragma once

#include "pipeline/context.h"
#include "pipeline/delivery.h"
#include "pipeline/run.h"
#include "pipeline/step-desk.h"
#include "program/journal.h"

/* A scope whose run row this delivery holds. */
typedef struct {
  char *scope;
  gint64 token;
  GPtrArray *journal; /* of JournalRow *, oldest first; NULL: not read yet */
} OwnScope;

typedef struct {
  RunWork work;
  gpointer data;
  GDestroyNotify free_data;
} SettleItem;

/* What a run needs of the process beside its context. */
typedef struct {
  const Context *context;
  StepDesk *steps;
  /* A step has finished: a suspect is a bystander again. */
  void (*progress) (Delivery *delivery, gpointer data);
  gpointer data;
} RunPlace;

struct Run {
  const RunPlace *place;
  Delivery *delivery;
  gpointer message; /* NULL: not decoded */
  RunScope scope;
  gint64 group_row_id;  /* 0: no group */
  GPtrArray *scopes;    /* of OwnScope *; the first is the message's own */
  GPtrArray *ends;      /* of StepEnd *: not yet committed */
  GPtrArray *on_settle; /* of SettleItem * */
  char *note;           /* for the next start */
  gint64 snooze_ms;
  gboolean waits_for_downstream; /* what it leaves the handler for counts towards outage-max-wait */
  gboolean is_worn_out;          /* waited longer than that: it may die with an insert in doubt */
  Breaker *away; /* the last call failed because this downstream is away; borrowed */
  char *hold_reason;
  gint64 hold_behind;
  char *hold_candidates; /* JSON; NULL: none were seen */
};

/* Makes the delivery's run; run_end() frees it. NULL is fine. */
Run *run_begin (const RunPlace *place, Delivery *delivery);
void run_end (Delivery *delivery);
/* Message and scope from the record's value. Errors: EVENTS_ERROR. */
gboolean run_decode (Run *run, GError **error);
/* Its run row, as just taken; what was owned before is forgotten. */
void run_own (Run *run, gint64 token, gint64 group_row_id);
/* Whose inbox row it writes: its scope, "" for none. NULL is fine. Borrowed. */
const char *run_inbox_scope (const Run *run);
/* NULL: none. Borrowed. */
const char *run_group (const Run *run);

/* --- run.c: leaving a handler --- */

gboolean run_may_go_on (Run *run, GError **error); /* LOST or BOUNDARY otherwise */
/* Until a downstream may be back: SNOOZE, or DEAD when it has waited longer than
 * outage-max-wait. */
gboolean run_wait_for_downstream (Run *run, gint64 ms, const char *reason, GError **error);
/* Who answered last: NULL, or the breaker of a downstream that is away for everyone. */
void run_note_away (Run *run, Breaker *away);

/* --- run-journal.c: its picture of the journal --- */

OwnScope *run_own_scope (Run *run, const char *scope); /* NULL: not taken */
/* NULL: the message's own; asserts that it was taken */
OwnScope *run_must_own (Run *run, const char *scope);
gboolean run_journal_load (Run *run, OwnScope *own, GError **error);
/* The newest row of a step, as loaded. Borrowed; NULL: never started. */
const JournalRow *run_journal_row (const OwnScope *own, const char *step);
/* A step of ours was journalled as started. */
void run_journal_started (Run *run, OwnScope *own, const StepUnit *unit);
/* The row has another owner now: us. */
void run_journal_taken (OwnScope *own, const char *step);
/* An end, written with the next commit. The picture shows it at once. */
void run_add_end (Run *run, OwnScope *own, const char *step, int ordinal, const char *state,
                  const char *result);
/* A read that has finished: its row is made with the next commit. */
void run_add_read (Run *run, OwnScope *own, const char *step, int ordinal, const char *result);
/* Hands a unit with the run's ends to the step desk, waits, and takes its outcome apart: LOST when
 * a row was settled by another, or a commit got no answer. A unit that carries an answer is kept
 * and tried again while somebody holds a row of it; one that carries none snoozes. */
gboolean run_submit (Run *run, StepUnit *unit, GError **error);
/* Writes what has ended, now; TRUE when every row stood as it should. */
gboolean run_flush_ends (Run *run, GError **error);
/* The crash point NAME of each step that ends */
void run_pass_points (const char *name, const GPtrArray *ends);
