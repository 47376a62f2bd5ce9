/* A run's picture of its journal: read once a scope, and following what was committed. */
#include <string.h>

#include "base/crash-point.h"
#include "pipeline/delivery.h"

gboolean
journal_load (Run *run, OwnScope *own, GError **error)
{
  Db *db = NULL;

  if (own->journal)
    return TRUE;
  /* What has ended and is not written yet must not be lost from the picture. */
  if (run->ends->len > 0 && !run_flush_ends (run, error))
    return FALSE;
  db = run_db_take (run, error);
  if (!db)
    return FALSE;
  own->journal = journal_read (db, program_sealer (run->runner->program), own->scope, error);
  run_db_give (run, db);
  return own->journal != NULL;
}

OwnScope *
run_must_own (Run *run, const char *scope)
{
  OwnScope *own = run_own_scope (run, scope ? scope : run->scope.scope);

  g_assert (own != NULL); /* a step of a scope that was not taken with run_take_scope() */
  return own;
}

const JournalRow *
run_journal_find (Run *run, const char *scope, const char *step_name, GError **error)
{
  OwnScope *own = run_must_own (run, scope);

  return journal_load (run, own, error) ? journal_newest (own->journal, step_name) : NULL;
}

guint
run_journal_unknowns (Run *run, const char *scope, const char *step_name)
{
  return journal_unknowns (run_must_own (run, scope)->journal, step_name);
}

gboolean
step_was_given_up (Run *run, const char *scope, const char *step_name)
{
  const JournalRow *row = journal_newest (run_must_own (run, scope)->journal, step_name);

  return row && strcmp (row->state, "given up") == 0;
}

void
run_step_note (Run *run, const char *note)
{
  g_free (run->note);
  run->note = g_strdup (note);
}

void
run_forget_journal (Run *run)
{
  for (guint i = 0; i < run->scopes->len; i++)
    g_clear_pointer (&((OwnScope *)g_ptr_array_index (run->scopes, i))->journal, g_ptr_array_unref);
}

void
journal_pass_points (const char *name, GPtrArray *ends)
{
  (void)name;
  for (guint i = 0; i < ends->len; i++)
    CRASH_POINT_OF (name, ((StepEnd *)g_ptr_array_index (ends, i))->step);
}

gboolean
take_step_work (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const StepTake *given = data;
  gboolean is_hit = FALSE;

  (void)run;
  if (!journal_take_step (transaction, given->scope, given->step, given->ordinal,
                          given->token_as_read, given->new_token, &is_hit, error))
    return FALSE;
  if (!is_hit)
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST, "the step was settled by another");
  return is_hit;
}
