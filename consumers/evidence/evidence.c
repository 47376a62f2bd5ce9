/* evidence: the papers of a claim group that BGS has taken reach the Veteran's folder.
 *
 *   reads    claims.evidence            keyed by Veteran: written when a group's last child is
 *            submitted
 *   emits    events, with the steps and the message's transaction; claims.dead-letter
 *   calls    Claims Evidence: an upload a paper, a search where nobody knows what came of one
 *   repeat   safe. What is to be done is asked of the papers' rows; each upload is a journalled
 *            step, and a name is in a folder once
 *   dead     what is not stored goes to backup, which sends just these papers by Benefits Intake.
 *            The group's success stands
 *
 * Source: README.md beside this file. */
#include "base/spool.h"
#include "consumers/evidence/evidence.sql.h"
#include "dossier/verdicts.h"
#include "events/papers-ready.h"
#include "evidence/verdicts.h"
#include "pipeline/consumer.h"
#include "pipeline/verdicts.h"
#include "program/claim-record.h"
#include "program/journal.h"
#include "storing.h"
#include "submission/leftovers.h"

/* What the process has. */
typedef struct {
  EvidenceClient *evidence;
  Papers *papers;
  Press *press;
  DossierRoom *room;
} Clients;

/* What the story works on. */
typedef struct {
  Run *run;
  Clients *clients;
  Dossier *dossier;
  GPtrArray *known;  /* of ChildKnown *, by the group's children */
  GPtrArray *papers; /* of Paper * */
  char *folder;      /* NULL: nobody knows whose it is */
} Evidence;

static Evidence *open_group (Run *run, const PapersReady *ready, GError **error);
static void evidence_free (Evidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Evidence, evidence_free)
static gboolean store_each (Evidence *evidence, gboolean *ret_all_stored, GError **error);

static gboolean
store_papers (Run *run, gconstpointer message, GError **error)
{
  g_autoptr (Evidence) evidence = open_group (run, message, error);
  gboolean are_all_stored = FALSE;

  if (!evidence || !store_each (evidence, &are_all_stored, error))
    return FALSE;
  return are_all_stored || run_refuse (run, "papers-refused", error); /* backup sends those */
}

/* --- The group --- */

static gboolean
load (Evidence *evidence, Db *db, const PapersReady *ready, GError **error)
{
  const Veteran *veteran;

  evidence->dossier = dossier_load (db, run_sealer (evidence->run), ready->claim_group_id, error);
  if (!evidence->dossier)
    return FALSE;
  veteran = evidence->dossier->veteran;
  evidence->folder = evidence_folder (veteran->participant_id, veteran->ssn);
  evidence->known = leftovers_children (db, ready->claim_group_id, error);
  if (!evidence->known)
    return FALSE;
  evidence->papers = papers_list (db, ready->claim_group_id, error);
  return evidence->papers != NULL;
}

static Evidence *
open_group (Run *run, const PapersReady *ready, GError **error)
{
  g_autoptr (Evidence) evidence = g_new0 (Evidence, 1);
  Db *db = run_db_take (run, error);
  gboolean is_loaded;

  evidence->run = run;
  evidence->clients = run_context (run);
  is_loaded = db && load (evidence, db, ready, error);
  run_db_give (run, db);
  return is_loaded ? g_steal_pointer (&evidence) : NULL;
}

static void
evidence_free (Evidence *evidence)
{
  if (!evidence)
    return;
  dossier_free (evidence->dossier);
  g_clear_pointer (&evidence->known, g_ptr_array_unref);
  g_clear_pointer (&evidence->papers, g_ptr_array_unref);
  g_free (evidence->folder);
  g_free (evidence);
}

/* --- Its papers --- */

static gboolean
is_state (const Paper *paper, const char *state)
{
  return g_str_equal (paper->state, state);
}

static StoringEnd
store_one (const Evidence *evidence, const Paper *paper, GError **error)
{
  const PaperMaker maker = { .run = evidence->run,
                             .papers = evidence->clients->papers,
                             .press = evidence->clients->press,
                             .room = evidence->clients->room,
                             .dossier = evidence->dossier,
                             .known = evidence->known };
  const Storing storing = { .maker = &maker,
                            .evidence = evidence->clients->evidence,
                            .paper = paper,
                            .folder = evidence->folder };

  return storing_store (&storing, error);
}

/* One that fails by itself holds up no other; the first such failure is the record's. */
static gboolean
store_each (Evidence *evidence, gboolean *ret_all_stored, GError **error)
{
  g_autoptr (GError) first = NULL;
  gboolean are_stored = TRUE;

  for (guint i = 0; i < evidence->papers->len; i++) {
    const Paper *paper = g_ptr_array_index (evidence->papers, i);
    g_autoptr (GError) problem = NULL;
    StoringEnd end = is_state (paper, PAPER_PENDING)   ? store_one (evidence, paper, &problem)
                     : is_state (paper, PAPER_REFUSED) ? STORING_REFUSED
                                                       : STORING_STORED;

    if (problem && !storing_is_its_own (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (problem && !first)
      first = g_steal_pointer (&problem);
    are_stored &= end != STORING_REFUSED || paper->is_settled;
  }
  if (first) {
    g_propagate_error (error, g_steal_pointer (&first));
    return FALSE;
  }
  *ret_all_stored = are_stored;
  return TRUE;
}

/* --- The end without success --- */

/* Each paper has attempts of its own: of those that were under way when the message failed. */
static gboolean
record_attempt (Transaction *transaction, Run *run G_GNUC_UNUSED, gconstpointer message,
                const char *status, const GError *reason, GError **error)
{
  const PapersReady *ready = message;

  return papers_attempts_end (transaction_db (transaction), ready->claim_group_id, status,
                              verdict_error_class (reason), reason->message, error);
}

/* An upload that nobody has an answer to is waited for no longer; whose, says its step. */
static gboolean
give_up_started (Transaction *transaction, Run *run, GHashTable *in_doubt, GError **error)
{
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_UPLOADS_IN_DOUBT,
                                      "tt", run_scope (run), UPLOAD_STEP);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    if (db_rows_boolean (rows, i, "is_started") && !journal_give_up (transaction, rows, i, error))
      return FALSE;
    g_hash_table_add (in_doubt, GUINT_TO_POINTER ((guint)db_rows_int (rows, i, "paper_no")));
  }
  return TRUE;
}

/* What is not stored is backup's, by the dead letter. */
static gboolean
hand_to_backup (Transaction *transaction, Run *run, gconstpointer message, const GError *reason,
                gboolean *ret_dead_letter, GError **error)
{
  const PapersReady *ready = message;
  const char *guid = ready->claim_group_id;
  g_autoptr (GHashTable) in_doubt = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) papers = NULL;

  if (!give_up_started (transaction, run, in_doubt, error))
    return FALSE;
  papers = papers_list (transaction_db (transaction), guid, error);
  if (!papers)
    return FALSE;
  *ret_dead_letter = FALSE;
  for (guint i = 0; i < papers->len; i++) {
    const Paper *paper = g_ptr_array_index (papers, i);
    gboolean is_doubtful = g_hash_table_contains (in_doubt, GUINT_TO_POINTER (paper->number));

    if (is_state (paper, PAPER_PENDING) &&
        !storing_refuse (transaction, guid, paper, verdict_error_class (reason), is_doubtful,
                         error))
      return FALSE;
    *ret_dead_letter |= !paper->is_settled;
  }
  return TRUE;
}

/* --- The consumer --- */

static gpointer
decode (EventCodec *codec, GBytes *value, const Record *record G_GNUC_UNUSED, GError **error)
{
  return papers_ready_decode (codec, value, error);
}

static void
scope_of_papers (gconstpointer message, RunScope *ret_scope)
{
  const PapersReady *ready = message;

  ret_scope->scope = claim_record_scope_of_papers (ready->claim_group_id);
  ret_scope->claim_group_id = ready->claim_group_id;
  ret_scope->outlives_group = TRUE; /* the proc may not be closed yet, or long ago */
}

static void
clients_free (gpointer data)
{
  Clients *clients = data;

  if (!clients)
    return;
  evidence_client_free (clients->evidence);
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
  clients->papers = papers_open (settings, error);
  if (!clients->papers)
    return NULL;
  clients->press = press_new (NULL, 1, 0);
  clients->room = dossier_room_new (settings_number (settings, "max-papers-bytes"));
  clients->evidence = evidence_client_new (settings, error);
  return clients->evidence ? g_steal_pointer (&clients) : NULL;
}

static const Setting own_settings[] = {
  { .name = "max-papers-bytes",
    .type = SETTING_NUMBER,
    .default_value = "300000000",
    .help = "Most bytes of attachments that papers in hand hold together, in memory; what finds no "
            "room waits. One that is larger goes alone.",
    .min = 1,
    .max = 17179869184 },
  { NULL },
};
static const Setting *const settings[] = { evidence_settings, papers_settings, spool_settings,
                                           own_settings, NULL };
static const char *const downstreams[] = { DOWNSTREAM_EVIDENCE, NULL };

int
main (int argc, char **argv)
{
  const VerdictPage *const verdicts[] = { evidence_verdicts[0], dossier_verdicts[0], NULL };
  const Consumer evidence = {
    .name = "evidence",
    .topic = "claims.evidence",
    .decode = decode,
    .free_message = papers_ready_free,
    .scope = scope_of_papers,
    .handle = store_papers,
    .give_up = hand_to_backup,
    .attempted = record_attempt,
    .downstreams = downstreams,
    .in_doubt = UPLOAD_STEP,
    .verdicts = verdicts,
    .call_limit_ms = evidence_call_limit_ms,
    .start = start,
    .stop = clients_free,
    .settings = settings,
  };

  return consumer_main (&evidence, argc, argv);
}
