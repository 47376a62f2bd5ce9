/* What the form consumers have left open. See leftovers.h. */
#include "submission/leftovers.h"

#include <string.h>

#include "base/crash-point.h"
#include "bgs/kept.h"
#include "bgs/proc.h"
#include "claims/insert-record.h"
#include "pipeline/step.h"
#include "submission/insert-settling.h"
#include "submission/leftovers.sql.h"
#include "submission/veteran-lock.h"

#define HOLD_PROC_STEP "hold-proc"
#define OWN_STEPS      "^(hold-proc|create-location/|put-package/)"
/* Each ends with something settled that another one only finds. */
#define ROUNDS_MAX     40

/* --- Inserts --- */

/* A child's view, as settling an insert wants it. */
static Submission
submission_of (const Leftovers *leftovers, const ChildClaim *child)
{
  return (Submission){
    .run = leftovers->run,
    .bgs = leftovers->bgs,
    .group = (ClaimGroup *)leftovers->group,
    .child = child,
    .veteran = (Veteran *)leftovers->veteran,
  };
}

/* Nobody waits for it: the package says that it is unknown. */
static void
exempt (GHashTable *exempted, const ChildClaim *child)
{
  g_hash_table_add (exempted, g_strdup_printf ("%" G_GINT64_FORMAT, child->claim_id));
}

/* A child that has died with its insert in doubt was given out so, after all the waiting that there
 * is. */
static gboolean
was_given_out (const ChildClaim *child)
{
  return g_str_equal (child->state, "dead") && GUARD (UNKNOWN_EXEMPT);
}

/* BGS could not be asked: later, until that has lasted for outage-max-wait. */
static gboolean
ask_later (const Leftovers *leftovers, const ChildClaim *child, GHashTable *exempted,
           GError *problem, GError **error)
{
  g_autoptr (GError) why = problem;

  if (!g_error_matches (why, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE)) {
    g_autofree char *reason = g_strdup (why->message);

    g_clear_error (&why);
    (void)run_look_later (leftovers->run, reason, &why);
  }
  if (!g_error_matches (why, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE)) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  exempt (exempted, child);
  return TRUE;
}

/* Nobody of this child will need it any more. */
static gboolean
free_lock (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const ChildClaim *child = data;

  return veteran_lock_free_all (transaction_db (transaction), child->claim_id, error);
}

static gboolean
look_for_insert (const Leftovers *leftovers, const ChildClaim *child, const Inserts *inserts,
                 GHashTable *exempted, GError **error)
{
  Submission submission = submission_of (leftovers, child);
  g_autoptr (GError) problem = NULL;

  switch (insert_settle (&submission, inserts, 0, &problem)) {
  case SETTLED_AGAIN:
  case SETTLED_FOUND:
    return TRUE;
  case SETTLED_FREE:
  case SETTLED_TAKEN:
    return run_transaction (leftovers->run, free_lock, (gpointer)child, error);
  case SETTLED_UNCLEAR: /* a person decides; the package does not wait for him */
    exempt (exempted, child);
    return TRUE;
  case SETTLED_NO_LOOK:
    return ask_later (leftovers, child, exempted, g_steal_pointer (&problem), error);
  case SETTLED_FAILED:
    break;
  }
  if (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE))
    return ask_later (leftovers, child, exempted, g_steal_pointer (&problem), error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* What a call may still be at is not touched. Without the guard BACKUP_SETTLES nothing ever is. */
static gboolean
may_be_settled (gint64 rest_ms)
{
  return GUARD (BACKUP_SETTLES) && rest_ms <= 0;
}

static gboolean
settle_insert (const Leftovers *leftovers, const ChildClaim *child, GHashTable *exempted,
               GError **error)
{
  Submission submission = submission_of (leftovers, child);
  g_autoptr (Inserts) inserts = NULL;
  gint64 rest_ms;

  if (was_given_out (child)) {
    exempt (exempted, child);
    return TRUE;
  }
  inserts = inserts_load (&submission, child->claim_id, child->form_type, error);
  if (!inserts)
    return FALSE;
  if (!inserts_stand (inserts, "started"))
    return TRUE;
  rest_ms = insert_limit_ms (&submission) - inserts->age_ms;
  if (!may_be_settled (rest_ms))
    return run_snooze (leftovers->run, rest_ms + 1, "an insert of the group is not settled yet",
                       error);
  return look_for_insert (leftovers, child, inserts, exempted, error);
}

static gboolean
settle_inserts (const Leftovers *leftovers, GHashTable *exempted, GError **error)
{
  for (guint i = 0; GUARD (BACKUP_WAIT) && i < leftovers->group->children->len; i++)
    if (!settle_insert (leftovers, g_ptr_array_index (leftovers->group->children, i), exempted,
                        error))
      return FALSE;
  return TRUE;
}

/* --- The beginning --- */

typedef struct {
  const Leftovers *leftovers;
  GHashTable *exempted; /* scopes whose insert nobody waits for */
  gint64 limit_ms;
  gboolean is_unsettled; /* out: an insert has come to light that was not there before */
} Beginning;

static gboolean
settle_step (Transaction *transaction, Beginning *beginning, const DbRows *rows, guint i,
             GError **error)
{
  Run *run = beginning->leftovers->run;
  gint64 rest_ms = beginning->limit_ms - db_rows_int (rows, i, "age_ms");

  if (g_str_equal (db_rows_text (rows, i, "step"), INSERT_STEP)) {
    if (g_hash_table_contains (beginning->exempted, db_rows_text (rows, i, "scope")))
      return TRUE;
    beginning->is_unsettled = TRUE;
    return run_snooze (run, 1, "an insert of the group is not settled yet", error);
  }
  if (!may_be_settled (rest_ms))
    return run_snooze (run, rest_ms + 1, "a step of the group is not settled yet", error);
  return journal_give_up (transaction, rows, i, error);
}

static char **
scopes_of (const ClaimGroup *group)
{
  GPtrArray *scopes = g_ptr_array_new ();

  g_ptr_array_add (scopes, g_strdup (group->guid));
  for (guint i = 0; i < group->children->len; i++) {
    const ChildClaim *child = g_ptr_array_index (group->children, i);

    g_ptr_array_add (scopes, g_strdup_printf ("%" G_GINT64_FORMAT, child->claim_id));
  }
  g_ptr_array_add (scopes, NULL);
  return (char **)g_ptr_array_free (scopes, FALSE);
}

static gboolean
settle_steps (Transaction *transaction, Beginning *beginning, GError **error)
{
  g_auto (GStrv) scopes = scopes_of (beginning->leftovers->group);
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_STEPS_LEFT_STARTED,
                                      "Tt", scopes, OWN_STEPS);

  if (!rows)
    return FALSE;
  for (guint i = 0; GUARD (BACKUP_WAIT) && i < db_rows_count (rows); i++)
    if (!settle_step (transaction, beginning, rows, i, error))
      return FALSE;
  return TRUE;
}

/* Under the group's row: who redrives the group waits for it, and sees the mark. */
static gboolean
begin (Transaction *transaction, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Beginning *beginning = data;
  const char *guid = beginning->leftovers->group->guid;
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_GROUP_TO_BEGIN, "t", guid);

  if (!rows)
    return FALSE;
  if (GUARD (BACKUP_CHECK) && g_strcmp0 (db_rows_text (rows, 0, "status"), "failure") != 0) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_GROUP_OVER,
                 "the group is not a failure any more");
    return FALSE;
  }
  if (db_rows_boolean (rows, 0, "has_begun"))
    return TRUE;
  return settle_steps (transaction, beginning, error) &&
         db_execute (db, NULL, error, SQL_BEGIN_BACKUP, "t", guid);
}

gboolean
leftovers_settle (const Leftovers *leftovers, GError **error)
{
  g_autoptr (GHashTable) exempted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const Submission any = { .run = leftovers->run, .bgs = leftovers->bgs };
  Beginning beginning = { .leftovers = leftovers,
                          .exempted = exempted,
                          .limit_ms = insert_limit_ms (&any) };

  for (guint i = 0; i < ROUNDS_MAX; i++) {
    g_autoptr (GError) problem = NULL;

    if (!settle_inserts (leftovers, exempted, error))
      return FALSE;
    CRASH_POINT ("backup/before-begin");
    beginning.is_unsettled = FALSE;
    if (run_transaction (leftovers->run, begin, &beginning, &problem)) {
      CRASH_POINT ("backup/after-begin");
      return TRUE;
    }
    if (!beginning.is_unsettled) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
  return run_snooze (leftovers->run, 1000, "inserts of the group are not settled yet", error);
}

/* --- The proc --- */

typedef struct {
  const Leftovers *leftovers;
  BgsProcUpdate update;
} Holding;

static char *
call_hold (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Holding *holding = data;

  return bgs_proc_update (holding->leftovers->bgs, &holding->leftovers->veteran->caller,
                          &holding->update, error);
}

/* While BGS is away the step has not begun: the package does not wait for it. One that stands
 * started is settled first. */
static gboolean
is_left_out (Run *run, const GError *problem)
{
  const JournalRow *row = run_journal_find (run, NULL, HOLD_PROC_STEP, NULL);

  return (!row || !g_str_equal (row->state, "started")) &&
         (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE) ||
          g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_OUTAGE));
}

gboolean
leftovers_hold_proc (const Leftovers *leftovers, GError **error)
{
  Run *run = leftovers->run;
  g_autoptr (GError) problem = NULL;
  const JournalRow *created = run_journal_find (run, NULL, "create-proc", &problem);
  g_autofree char *proc_id = NULL, *created_at = NULL, *request = NULL, *result = NULL;
  Holding holding = { .leftovers = leftovers, .update = { .state = BGS_PROC_MANUAL } };
  Step step = {
    .name = HOLD_PROC_STEP,
    .downstream = DOWNSTREAM_BGS,
    .call = call_hold,
    .optional = TRUE,
    .timeout_ms = bgs_client_read_timeout_ms (leftovers->bgs),
  };

  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  /* None, or opened in that state */
  if (!created || !created->result || leftovers->group->review_reasons)
    return TRUE;
  holding.update.proc_id = proc_id = bgs_kept_value (created->result, "vnpProcId");
  holding.update.created_at = created_at = bgs_kept_value (created->result, "creatdDt");
  step.request = request = bgs_proc_update_digest_text (&holding.update);
  result = run_step (run, &step, &holding, &problem);
  if (result || is_left_out (run, problem))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* --- The children, for the papers --- */

void
child_known_free (gpointer data)
{
  ChildKnown *child = data;

  g_free (child->benefit_claim_id);
  g_free (child);
}

static InsertKnown
known_by (const char *benefit_claim_id, const char *insert_state)
{
  if (benefit_claim_id)
    return INSERT_MADE;
  if (g_strcmp0 (insert_state, "started") == 0)
    return INSERT_UNKNOWN;
  return g_strcmp0 (insert_state, "not there") == 0 ? INSERT_MISSED : INSERT_NONE;
}

GPtrArray *
leftovers_children (Db *db, const char *guid, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_CHILDREN_KNOWN, "tt", guid, INSERT_STEP);
  GPtrArray *children;

  if (!rows)
    return NULL;
  children = g_ptr_array_new_with_free_func (child_known_free);
  for (guint i = 0; i < db_rows_count (rows); i++) {
    ChildKnown *child = g_new0 (ChildKnown, 1);

    child->claim_id = db_rows_int (rows, i, "claim_id");
    child->benefit_claim_id = g_strdup (db_rows_text (rows, i, "bgs_claim_id"));
    child->insert = known_by (child->benefit_claim_id, db_rows_text (rows, i, "insert_state"));
    g_ptr_array_add (children, child);
  }
  return children;
}
