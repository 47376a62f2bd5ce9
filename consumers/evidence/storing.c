/* The upload of one paper. See storing.h. */
#include "storing.h"

#include <jansson.h>

#include "base/cleanup.h"
#include "base/metrics.h"
#include "base/text.h"
#include "bgs/kept.h"
#include "claims/group-facts.h"
#include "evidence/verdicts.h"
#include "pipeline/step.h"
#include "pipeline/verdicts.h"

/* Refusals after an upload that had no answer, before one is believed. */
#define DOUBTS_MAX 3

/* An upload under way. */
typedef struct {
  const Storing *storing;
  EvidencePaper paper;
  const char *step;
} Upload;

/* --- The call --- */

static char *
kept_of (const char *uuid, gboolean is_told_other_md5)
{
  g_autoptr (json_t) kept = json_pack ("{ss}", "uuid", uuid);

  if (is_told_other_md5)
    json_object_set_new (kept, "md5", json_string ("other"));
  return text_of_json (kept);
}

static gboolean
is_refusal (const GError *problem)
{
  return g_error_matches (problem, EVIDENCE_ERROR, EVIDENCE_ERROR_REFUSED) ||
         g_error_matches (problem, EVIDENCE_ERROR, EVIDENCE_ERROR_FAULT);
}

/* NULL: it is not there, or nobody can tell; the refusal stands then. */
static char *
find_quietly (const Upload *upload)
{
  char *uuid = NULL;

  return evidence_find (upload->storing->evidence, upload->paper.folder, upload->paper.content_name,
                        &uuid, NULL)
             ? uuid
             : NULL;
}

/* The refusal may be that of a name which an earlier upload has taken. All unknowns of this paper's
 * upload count, those of before a person sent it again, too: so it ends, whatever the folder says. One
 * that is believed in error goes by a package whose cover says that it may be in the folder. */
static gboolean
is_doubtful (Run *run, const Upload *upload)
{
  guint unknowns = run_journal_unknowns (run, NULL, upload->step);

  return unknowns > 0 && unknowns <= DOUBTS_MAX;
}

static char *
call_upload (Run *run, gpointer data, GError **error)
{
  const Upload *upload = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (EvidenceFile) file =
      evidence_upload (upload->storing->evidence, &upload->paper, &problem);
  g_autofree char *there = NULL;

  if (file)
    return kept_of (file->uuid, file->is_told_other_md5);
  there = is_refusal (problem) ? find_quietly (upload) : NULL;
  if (there)
    return kept_of (there, FALSE);
  if (is_refusal (problem) && is_doubtful (run, upload)) {
    g_set_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_UNKNOWN, "after one without an answer: %s",
                 problem->message);
    return NULL;
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static LookOutcome
look_in_folder (Run *run G_GNUC_UNUSED, gpointer data, char **ret_result, GError **error)
{
  const Upload *upload = data;
  g_autofree char *uuid = NULL;

  if (!evidence_find (upload->storing->evidence, upload->paper.folder, upload->paper.content_name,
                      &uuid, error))
    return LOOK_FAILED;
  if (!uuid)
    return LOOK_NOT_THERE;
  *ret_result = kept_of (uuid, FALSE);
  return LOOK_THERE;
}

/* --- What is written with it --- */

static gboolean
lock_group (Transaction *transaction, const char *guid, GError **error)
{
  char *guids[] = { (char *)guid, NULL };

  return claim_groups_lock (transaction_db (transaction), guids, error);
}

static gboolean
begin_attempt (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Upload *upload = data;

  return lock_group (transaction, run_claim_group_id (run), error) &&
         paper_attempt_begin (transaction_db (transaction), upload->storing->paper->id, error);
}

/* Two of one paper, or one that is not what was sent: somebody has to look. */
static gboolean
tell_oddity (Transaction *transaction, const char *guid, gint64 parent_claim_id, const char *what,
             const Paper *paper, GError **error)
{
  g_autofree char *detail = g_strdup_printf ("%s: paper %u", what, paper->number);

  return transaction_monitoring_event (transaction, what, guid, 0, detail, error) &&
         transaction_needs_person (transaction, guid, parent_claim_id, what, 0, error);
}

static gboolean
note_stored (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Upload *upload = data;
  const Paper *paper = upload->storing->paper;
  const char *guid = run_claim_group_id (run);
  gint64 parent_claim_id = upload->storing->maker->dossier->group->parent_claim_id;
  g_autofree char *uuid = bgs_kept_value (transaction_step_result (transaction), "uuid");
  g_autofree char *md5 = bgs_kept_value (transaction_step_result (transaction), "md5");
  const PaperChange change = { .uuid = uuid };
  gboolean is_changed = FALSE;

  if (!lock_group (transaction, guid, error) ||
      !paper_attempt_end (transaction_db (transaction), paper->id, "stored", NULL, NULL, error) ||
      !transaction_try_paper (transaction, guid, paper, PAPER_STORED, &change, NULL, &is_changed,
                              error))
    return FALSE;
  if (!is_changed) /* an answer that came when it had gone by paper */
    return tell_oddity (transaction, guid, parent_claim_id, "papers-twice", paper, error);
  return !md5 || tell_oddity (transaction, guid, parent_claim_id, "papers-other-md5", paper, error);
}

gboolean
storing_refuse (Transaction *transaction, const char *guid, const Paper *paper, const char *why,
                gboolean is_in_doubt, GError **error)
{
  const PaperChange change = { .error_class = why, .is_in_doubt = is_in_doubt };
  gboolean is_changed = FALSE;

  if (!transaction_try_paper (transaction, guid, paper, PAPER_REFUSED, &change, why, &is_changed,
                              error))
    return FALSE;
  if (is_changed)
    metrics_count (METRIC_PAPERS, 1, "refused", NULL);
  return TRUE;
}

typedef struct {
  const Storing *storing;
  const char *why, *message;
  gboolean is_in_doubt;
} Refusal;

static gboolean
write_refusal (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Refusal *refusal = data;
  const Paper *paper = refusal->storing->paper;

  return lock_group (transaction, run_claim_group_id (run), error) &&
         paper_attempt_end (transaction_db (transaction), paper->id, "failure", refusal->why,
                            refusal->message, error) &&
         storing_refuse (transaction, run_claim_group_id (run), paper, refusal->why,
                         refusal->is_in_doubt, error);
}

/* --- The story of a paper --- */

static char *
step_of (const Paper *paper)
{
  return g_strdup_printf (UPLOAD_STEP "%u", paper->number);
}

/* A rule of ours is told by its own word. */
static StoringEnd
refuse (const Storing *storing, const GError *problem, GError **error)
{
  Run *run = storing->maker->run;
  gboolean is_our_rule = g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_DEAD);
  g_autofree char *step = step_of (storing->paper);
  g_autoptr (GError) unread = NULL;
  Refusal refusal = { .storing = storing,
                      .why = is_our_rule ? problem->message : verdict_error_class (problem),
                      .message = problem->message };

  (void)run_journal_find (run, NULL, step, &unread); /* so that it is read */
  if (unread) {
    g_propagate_error (error, g_steal_pointer (&unread));
    return STORING_FAILED;
  }
  refusal.is_in_doubt = run_journal_unknowns (run, NULL, step) > 0;
  return run_transaction (run, write_refusal, &refusal, error) ? STORING_REFUSED : STORING_FAILED;
}

#define LENGTH_NOTE "%" G_GUINT64_FORMAT " bytes"

/* How long its newest upload may be under way, by what it was started with. */
static gint64
limit_of (const Run *run, const JournalRow *row)
{
  return evidence_upload_limit_ms (run_settings (run),
                                   row->note ? (gsize)g_ascii_strtoull (row->note, NULL, 10) : 0);
}

static Step
step_for (const Upload *upload, gint64 timeout_ms)
{
  return (Step){ .name = upload->step,
                 .call = call_upload,
                 .look = look_in_folder,
                 .on_start = begin_attempt,
                 .on_end = note_stored,
                 .timeout_ms = timeout_ms };
}

static gboolean
do_upload (const Storing *storing, Upload *upload, const PaperDocument *document, GError **error)
{
  Run *run = storing->maker->run;
  g_autofree char *note = g_strdup_printf (LENGTH_NOTE, (guint64)document->length);
  Step step = step_for (upload, evidence_upload_limit_ms (run_settings (run), document->length));
  g_autofree char *result = NULL;

  run_step_note (run, note);
  result = run_step (run, &step, upload, error);
  if (result)
    metrics_count (METRIC_PAPERS, 1, "stored", NULL);
  return result != NULL;
}

static gboolean
is_nothing_to_send (const GError *problem)
{
  return g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_DEAD) &&
         g_str_equal (problem->message, STEP_NOTHING_TO_SEND);
}

/* There is no document any more, for @why: an upload that nobody knows of is looked for all the
 * same. */
static gboolean
look_without (const Storing *storing, Upload *upload, GError *why_taken, GError **error)
{
  Run *run = storing->maker->run;
  Verdict verdict = verdict_of (why_taken);
  g_autoptr (GError) why = why_taken, problem = NULL;
  g_autofree char *result = NULL;
  const JournalRow *row = NULL;
  Step step;

  if (verdict == VERDICT_RETRY || verdict == VERDICT_DEAD)
    row = run_journal_find (run, NULL, upload->step, &problem);
  if (row && g_str_equal (row->state, "started")) {
    step = step_for (upload, limit_of (run, row));
    step.call = NULL;
    result = run_step (run, &step, upload, &problem);
  }
  if (result)
    metrics_count (METRIC_PAPERS, 1, "stored", NULL);
  else if (problem && !is_nothing_to_send (problem))
    g_propagate_error (error, g_steal_pointer (&problem));
  else
    g_propagate_error (error, g_steal_pointer (&why));
  return result != NULL;
}

static gboolean
upload (const Storing *storing, GError **error)
{
  const Paper *paper = storing->paper;
  const char *day = storing->maker->dossier->group->submission_day;
  g_autoptr (GError) problem = NULL;
  g_autoptr (PaperDocument) document = paper_document_new (storing->maker, paper, &problem);
  g_autofree char *name = step_of (paper);
  Upload under_way = { .storing = storing, .step = name };

  if (!document) {
    under_way.paper =
        (EvidencePaper){ .folder = storing->folder, .content_name = paper->content_name };
    return look_without (storing, &under_way, g_steal_pointer (&problem), error);
  }
  under_way.paper = paper_document_to_store (document, paper, storing->folder, day);
  return do_upload (storing, &under_way, document, error);
}

/* Of a paper: that the whole record has waited too long is another matter. */
static gboolean
is_for_good (const GError *problem)
{
  return verdict_of (problem) == VERDICT_DEAD &&
         (problem->domain == EVIDENCE_ERROR ||
          g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_DEAD));
}

gboolean
storing_is_its_own (const GError *problem)
{
  return g_error_matches (problem, EVIDENCE_ERROR, EVIDENCE_ERROR_FAULT);
}

StoringEnd
storing_store (const Storing *storing, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!storing->folder)
    (void)run_refuse (storing->maker->run, "no-folder", &problem);
  else if (upload (storing, &problem))
    return STORING_STORED;
  if (is_for_good (problem))
    return refuse (storing, problem, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return STORING_FAILED;
}
