/* backup: the last resort. A group that has failed goes to the Benefits Intake service by paper; so
 * do the papers of a group that BGS has taken which its folder does not take (remainder.h).
 *
 *   reads    claims.dead-letter         keyed by Veteran: the record that failed for good, or our
 *            own, where a package was lost on its way
 *   emits    events and e-mail requests, with the message's transaction; backup.dead-letter
 *   calls    BGS: the look for inserts, the proc's update. Intake: create, PUT, status
 *   repeat   safe. One package is accepted a number, whoever reads which of a group's records: what
 *            is to be done is asked of the rows, and each call is a journalled step
 *   dead     the group has failed: error e-mail, and a person reads backup.dead-letter. Papers of a
 *            group that is established: a person alone is told
 *   beside   the follower: what becomes of packages that were accepted (follower.h)
 *
 * Source: README.md beside this file. */
#include "base/spool.h"
#include "claims/claim-group.h"
#include "claims/group-facts.h"
#include "claims/package.h"
#include "dossier/verdicts.h"
#include "events/child-claim-ready.h"
#include "events/claim-submitted.h"
#include "events/papers-ready.h"
#include "follower.h"
#include "intake/verdicts.h"
#include "parcel.h"
#include "pipeline/consumer.h"
#include "pipeline/run.h"
#include "pipeline/verdicts.h"
#include "program/claim-record.h"
#include "remainder.h"
#include "sending.h"
#include "submission/leftovers.h"
#include "submission/submission.h"

/* What the process has. */
typedef struct {
  IntakeClient *intake;
  BgsClient *bgs;
  Papers *papers;
  Press *press;
  DossierRoom *room;
  Follower *follower;
  const Settings *settings;
} Clients;

/* Whose record it is: a group's, one of its children's, or that of its papers. */
typedef struct {
  char *guid;
  gboolean is_of_papers;
} Asked;

/* What the story works on. */
typedef struct {
  Run *run;
  Clients *clients;
  Dossier *dossier;
  GPtrArray *papers; /* of Paper *: those that are to go; NULL: the whole group */
  guint package_no;
} Backup;

static Backup *open_group (Run *run, const Asked *asked, GError **error);
static void backup_free (Backup *backup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Backup, backup_free)
static gboolean settle_what_is_left (Backup *backup, GError **error);
static Parcel *make_parcel (Backup *backup, GError **error);
static gboolean send_parcel (Backup *backup, const Parcel *parcel, GError **error);

static gboolean
send_by_paper (Run *run, gconstpointer message, GError **error)
{
  const Asked *asked = message;
  g_autoptr (Backup) backup = open_group (run, asked, error);
  g_autoptr (Parcel) parcel = NULL;

  if (!backup)
    return FALSE;
  if (asked->is_of_papers && backup->papers->len == 0)
    return run_skip (run, "each of its papers has its end");
  if (!asked->is_of_papers && !g_str_equal (backup->dossier->group->state, "failure"))
    return run_skip (run, "the group is no failure: its package is on its way, or it goes on");

  /* Nobody writes on; the proc is held for a person. Papers are of a group that is through. */
  if (!asked->is_of_papers && !settle_what_is_left (backup, error))
    return FALSE;
  parcel = make_parcel (backup, error); /* before the location, which lives for 900 s */
  return parcel && send_parcel (backup, parcel, error);
}

/* --- The group --- */

static gboolean
load (Backup *backup, Db *db, const Asked *asked, GError **error)
{
  backup->dossier = dossier_load (db, run_sealer (backup->run), asked->guid, error);
  if (!backup->dossier || !package_number (db, asked->guid, &backup->package_no, error))
    return FALSE;
  if (asked->is_of_papers)
    backup->papers = remainder_list (db, asked->guid, error);
  return !asked->is_of_papers || backup->papers;
}

static Backup *
open_group (Run *run, const Asked *asked, GError **error)
{
  g_autoptr (Backup) backup = g_new0 (Backup, 1);
  Db *db = run_db_take (run, error);
  gboolean is_loaded;

  backup->run = run;
  backup->clients = run_context (run);
  if (!db)
    return NULL;
  is_loaded = load (backup, db, asked, error);
  run_db_give (run, db);
  return is_loaded ? g_steal_pointer (&backup) : NULL;
}

static void
backup_free (Backup *backup)
{
  if (!backup)
    return;
  dossier_free (backup->dossier);
  g_clear_pointer (&backup->papers, g_ptr_array_unref);
  g_free (backup);
}

/* --- The steps --- */

static gboolean
settle_what_is_left (Backup *backup, GError **error)
{
  const Leftovers leftovers = { .run = backup->run,
                                .bgs = backup->clients->bgs,
                                .group = backup->dossier->group,
                                .veteran = backup->dossier->veteran };

  return leftovers_settle (&leftovers, error) && leftovers_hold_proc (&leftovers, error);
}

static Parcel *
make_parcel (Backup *backup, GError **error)
{
  Run *run = backup->run;
  Db *db = run_db_take (run, error);
  g_autoptr (GPtrArray) known =
      db ? leftovers_children (db, backup->dossier->group->guid, error) : NULL;
  ParcelOf of = {
    .run = run,
    .papers = backup->clients->papers,
    .press = backup->clients->press,
    .room = backup->clients->room,
    .dossier = backup->dossier,
    .known = known,
    .only = backup->papers,
  };

  run_db_give (run, db);
  return known ? parcel_new (&of, error) : NULL;
}

/* What the transaction of an accepted package writes: owned, for the story is over by then. */
typedef struct {
  gint64 parent_claim_id;
  guint package_no, document_count, page_count;
  char *uuid;
  gint64 ask_after_ms;
  GArray *refusals;  /* of ParcelRefusal */
  GArray *changes;   /* of ParcelChange */
  GPtrArray *papers; /* of Paper *; NULL: it was the whole group's */
} Accepted;

static void
accepted_free (gpointer data)
{
  Accepted *accepted = data;

  g_free (accepted->uuid);
  g_array_unref (accepted->refusals);
  g_array_unref (accepted->changes);
  g_clear_pointer (&accepted->papers, g_ptr_array_unref);
  g_free (accepted);
}

/* The door had taken them: the paper says it, and somebody here has to know. */
static gboolean
tell_refusals (Transaction *transaction, const char *guid, const Accepted *accepted, GError **error)
{
  for (guint i = 0; i < accepted->refusals->len; i++) {
    const ParcelRefusal *refusal = &g_array_index (accepted->refusals, ParcelRefusal, i);
    g_autofree char *reason =
        g_strdup_printf ("attachment %u left out: %s%s%s", refusal->number, refusal->code,
                         refusal->ended ? ", " : "", refusal->ended ? refusal->ended : "");

    if (!transaction_monitoring_event (transaction, "attachment-left-out", guid, 0, reason,
                                       error) ||
        !transaction_needs_person (transaction, guid, accepted->parent_claim_id, reason, 0, error))
      return FALSE;
  }
  return TRUE;
}

/* Stamped all the same: a signature that does not hold any more, say. */
static gboolean
tell_changes (Transaction *transaction, const char *guid, const Accepted *accepted, GError **error)
{
  for (guint i = 0; i < accepted->changes->len; i++) {
    const ParcelChange *change = &g_array_index (accepted->changes, ParcelChange, i);
    g_autofree char *notes = press_notes_text (change->notes);
    g_autofree char *detail = g_strdup_printf ("attachment %u: %s", change->number, notes);

    if (!transaction_monitoring_event (transaction, "attachment-changed", guid, 0, detail, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
move_group (Transaction *transaction, const char *guid, gint64 parent_claim_id, GError **error)
{
  return transaction_change_group (transaction, guid, "processing", "the package was accepted",
                                   error) &&
         transaction_mail (transaction, guid, parent_claim_id, "IN_PROGRESS", error);
}

static gboolean
settle_accepted (Transaction *transaction, Run *run, gpointer data, GError **error)
{
  const Accepted *accepted = data;
  const char *guid = run_claim_group_id (run);
  const PackageSent sent = { .uuid = accepted->uuid,
                             .document_count = accepted->document_count,
                             .page_count = accepted->page_count,
                             .ask_after_ms = accepted->ask_after_ms };
  g_autoptr (GError) problem = NULL;

  if (!package_accepted (transaction_db (transaction), guid, accepted->package_no, &sent,
                         &problem)) {
    if (!problem)
      g_set_error (&problem, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                   "package %u of the group is not what was sent", accepted->package_no);
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return tell_refusals (transaction, guid, accepted, error) &&
         tell_changes (transaction, guid, accepted, error) &&
         transaction_claim_event (transaction, guid, "ATTEMPT", 0, "pending", "sent",
                                  "the package was accepted", error) &&
         (accepted->papers ? remainder_accepted (transaction, guid, accepted->papers,
                                                 accepted->refusals, accepted->package_no, error)
                           : move_group (transaction, guid, accepted->parent_claim_id, error));
}

static gboolean
send_parcel (Backup *backup, const Parcel *parcel, GError **error)
{
  const Sending sending = { .run = backup->run,
                            .intake = backup->clients->intake,
                            .package = parcel->package,
                            .request = parcel->digest,
                            .package_no = backup->package_no };
  g_autofree char *uuid = NULL;
  Accepted *accepted;

  if (!sending_send (&sending, &uuid, error))
    return FALSE;
  accepted = g_new0 (Accepted, 1);
  *accepted = (Accepted){
    .parent_claim_id = backup->dossier->group->parent_claim_id,
    .package_no = backup->package_no,
    .document_count = parcel->document_count,
    .page_count = parcel->page_count,
    .uuid = g_steal_pointer (&uuid),
    .ask_after_ms = settings_duration_ms (run_settings (backup->run), "package-ask-every"),
    .refusals = g_array_ref (parcel->refusals),
    .changes = g_array_ref (parcel->changes),
    .papers = backup->papers ? g_ptr_array_ref (backup->papers) : NULL,
  };
  run_on_settle (backup->run, settle_accepted, accepted, accepted_free);
  return TRUE;
}

/* --- The end without success --- */

/* Each try of a package is an attempt; what is over before one is made is the group's own end. */
static gboolean
record_attempt (Transaction *transaction, Run *run, gconstpointer message, const char *status,
                const GError *reason, GError **error)
{
  const char *guid = ((const Asked *)message)->guid;
  const char *why = verdict_error_class (reason);
  Db *db = transaction_db (transaction);
  char *guids[] = { (char *)guid, NULL };
  guint number = 0;

  (void)run;
  return claim_groups_lock (db, guids, error) && package_number (db, guid, &number, error) &&
         package_attempt_end (db, guid, number, PACKAGE_FORM, status, why, reason->message,
                              error) &&
         transaction_claim_event (transaction, guid, "ATTEMPT", 0, "pending", status, why, error);
}

static gboolean
fail_group (Transaction *transaction, Run *run, gconstpointer message, const GError *reason,
            gboolean *ret_dead_letter, GError **error)
{
  const Asked *asked = message;
  const char *guid = asked->guid;
  g_autoptr (ClaimGroup) group = claim_group_load (transaction_db (transaction), NULL, guid, error);
  const char *why = g_error_matches (reason, PIPELINE_ERROR, PIPELINE_ERROR_DEAD)
                        ? reason->message
                        : verdict_error_class (reason);

  (void)run;
  if (asked->is_of_papers)
    return group && remainder_give_up (transaction, guid, group->parent_claim_id, why, error);
  /* Where it is no failure any more somebody else has ended it. */
  return group &&
         transaction_try_group (transaction, guid, "failed", why, ret_dead_letter, error) &&
         (!*ret_dead_letter ||
          transaction_mail (transaction, guid, group->parent_claim_id, "ERROR", error));
}

/* --- The consumer --- */

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  g_free (asked->guid);
  g_free (asked);
}

static Asked *
asked_new (const char *guid, gboolean is_of_papers)
{
  Asked *asked = g_new0 (Asked, 1);

  *asked = (Asked){ .guid = g_strdup (guid), .is_of_papers = is_of_papers };
  return asked;
}

/* FALSE: it is a record of another kind, or cannot be read at all: *error is set for the latter. */
static gboolean
is_other (GError *problem_taken, GError **error)
{
  if (g_error_matches (problem_taken, EVENTS_ERROR, EVENTS_ERROR_MALFORMED)) {
    g_error_free (problem_taken);
    return TRUE;
  }
  g_propagate_error (error, problem_taken);
  return FALSE;
}

/* A dead letter is the record that has failed, byte for byte: of a child, of the whole group, or of
 * its papers. All that is wanted of it is whose it is. */
static gpointer
decode (EventCodec *codec, GBytes *value, const Record *record G_GNUC_UNUSED, GError **error)
{
  GError *problem = NULL;
  g_autoptr (ChildClaimReady) child = child_claim_ready_decode (codec, value, &problem);
  g_autoptr (PapersReady) papers = NULL;
  g_autoptr (ClaimSubmitted) group = NULL;

  if (child)
    return asked_new (child->claim_group_id, FALSE);
  if (!is_other (g_steal_pointer (&problem), error))
    return NULL;
  papers = papers_ready_decode (codec, value, &problem);
  if (papers)
    return asked_new (papers->claim_group_id, TRUE);
  if (!is_other (g_steal_pointer (&problem), error))
    return NULL;
  group = claim_submitted_decode (codec, value, error);
  return group ? asked_new (group->claim_group_id, FALSE) : NULL;
}

static void
scope_of_group (gconstpointer message, RunScope *ret_scope)
{
  const Asked *asked = message;

  ret_scope->scope =
      asked->is_of_papers ? claim_record_scope_of_papers (asked->guid) : g_strdup (asked->guid);
  ret_scope->claim_group_id = asked->guid;
  ret_scope->outlives_group = asked->is_of_papers;
}

static void
clients_free (gpointer data)
{
  Clients *clients = data;

  if (!clients)
    return;
  follower_free (clients->follower);
  intake_client_free (clients->intake);
  bgs_client_free (clients->bgs);
  papers_free (clients->papers);
  press_free (clients->press);
  dossier_room_free (clients->room);
  g_free (clients);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clients, clients_free)

static gpointer
start (const Settings *settings, GError **error)
{
  g_autoptr (Clients) clients = g_new0 (Clients, 1);

  if (!spool_is_usable (settings_text (settings, "spool-directory"), error))
    return NULL;
  clients->settings = settings;
  clients->bgs = bgs_client_new (settings, error);
  if (!clients->bgs)
    return NULL;
  clients->papers = papers_open (settings, error);
  if (!clients->papers)
    return NULL;
  clients->press = press_new (NULL, 1, 0);
  clients->room = dossier_room_new (settings_number (settings, "max-packages-bytes"));
  clients->intake = intake_client_new (settings, error);
  return clients->intake ? g_steal_pointer (&clients) : NULL;
}

static void
begin_beside (gpointer context, Program *program)
{
  Clients *clients = context;
  const FollowerOptions options = { .program = program,
                                    .settings = clients->settings,
                                    .intake = clients->intake,
                                    .bgs = clients->bgs };

  clients->follower = follower_start (&options);
}

static gboolean
end_beside (gpointer context, gint64 until_us)
{
  const Clients *clients = context;

  return follower_stop (clients->follower, until_us);
}

/* The longer of the two: both may be under way. */
static gint64
call_limit_ms (const Settings *settings)
{
  return MAX (bgs_call_limit_ms (settings), intake_call_limit_ms (settings));
}

static const Setting *const settings[] = { bgs_settings,      bgs_answer_settings,
                                           intake_settings,   papers_settings,
                                           follower_settings, parcel_settings,
                                           spool_settings,    NULL };
static const char *const downstreams[] = { DOWNSTREAM_INTAKE, DOWNSTREAM_BGS, NULL };
static const char *const works_in[] = { "failure", NULL };

int
main (int argc, char **argv)
{
  const VerdictPage *const verdicts[] = { dossier_verdicts[0], intake_verdicts[0],
                                          submission_verdicts[0], NULL };
  const Consumer backup = {
    .name = "backup",
    .topic = "claims.dead-letter",
    .decode = decode,
    .free_message = asked_free,
    .scope = scope_of_group,
    .handle = send_by_paper,
    .give_up = fail_group,
    .attempted = record_attempt,
    .downstreams = downstreams,
    .begins_anew = TRUE,
    .dead_letter = "backup.dead-letter",
    .works_in = works_in,
    .verdicts = verdicts,
    .call_limit_ms = call_limit_ms,
    .start = start,
    .stop = clients_free,
    .begin_beside = begin_beside,
    .end_beside = end_beside,
    .settings = settings,
  };

  return consumer_main (&backup, argc, argv);
}
