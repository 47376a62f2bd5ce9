/* The step journal as rows: read, ended, taken over. Knows no run: whoever works on a claim,
 * answers for a person or tells its history uses these. What the rows mean is pipeline/step.h's. */
#pragma once

#include "base/seal.h"
#include "program/transaction.h"

typedef struct {
  char *step;
  int ordinal;
  gint64 token;
  char *state;
  char *digest;
  char *note;
  char *result; /* unsealed; NULL while started */
  gint64 started_at_ms, finished_at_ms;
} JournalRow;

/* All rows of a scope, by step and ordinal; of JournalRow *, owned. Errors: database; SEAL_ERROR
 * for a result that does not open. */
GPtrArray *journal_read (Db *db, Sealer *sealer, const char *scope, GError **error);
/* A row to add to these; state "" until set. */
JournalRow *journal_row_new (const char *step, int ordinal, gint64 token);
/* The newest row of a step; NULL: never started. Borrowed. */
JournalRow *journal_newest (const GPtrArray *rows, const char *step);
/* Earlier starts of a step that ended without an answer (unknown, not there). */
guint journal_unknowns (const GPtrArray *rows, const char *step);

/* The end of a step, kept until the next commit. */
typedef struct {
  char *scope, *step;
  int ordinal;
  gint64 token;
  const char *state;    /* static */
  char *note;           /* NULL: unchanged */
  char *result;         /* plain; sealed when written */
  gboolean is_new;      /* a read: the row is written only now */
  gint64 started_at_ms; /* of a read */
  gboolean is_hit;      /* out: the row stood as it should */
} StepEnd;
StepEnd *step_end_new (const char *scope, const char *step, int ordinal, gint64 token,
                       const char *state, const char *result);
void step_end_free (gpointer end);
/* Writes @ends (of StepEnd *) and notes is_hit in each: a row is ended only where it stands started
 * under that token. A read that another has written is hit all the same: nothing depends on it.
 * Errors: database. */
gboolean journal_write_ends (Db *db, Sealer *sealer, const GPtrArray *ends, GError **error);

/* Who settles a step found started under another token takes over that step alone, so that its old
 * worker can no longer end it. Conditional on ordinal, token and state started; *ret_hit tells. */
gboolean journal_take_step (Transaction *transaction, const char *scope, const char *step,
                            int ordinal, gint64 token_as_read, gint64 new_token, gboolean *ret_hit,
                            GError **error);
/* Ends a row. @from_state "started" or "not there" (an insert that was looked for, and acted late).
 * Conditional on ordinal, token and @from_state. @result NULL: none; sealed here. @note NULL:
 * unchanged. */
gboolean journal_end_step (Transaction *transaction, const char *scope, const char *step,
                           int ordinal, gint64 token_as_read, const char *from_state,
                           const char *new_state, const char *result, const char *note,
                           gboolean *ret_hit, GError **error);
/* Ends what stands started by giving it up, as read: @rows has scope, step, ordinal and token. Not to
 * hit it any more is no error. */
gboolean journal_give_up (Transaction *transaction, const DbRows *rows, guint row, GError **error);
