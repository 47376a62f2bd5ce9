/* The follower, see follower.h. */
#include "follower.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rounds.h"
#include "bgs/benefit-claim-finder.h"
#include "claims/claim-group.h"
#include "claims/group-facts.h"
#include "claims/insert-record.h"
#include "consumers/backup/follower.sql.h"
#include "following.h"
#include "intake/report.h"
#include "program/claim-record.h"
#include "program/journal.h"
#include "program/record.h"
#include "remainder.h"
#include "submission/insert-settling.h"
#include "submission/veteran.h"

#define LEASE     "package-follower"
#define PAUSE_MS  5000  /* between two looks at whose turn it is, at most */
#define FAILED_MS 60000 /* after a report that could not be had */
#define LOOKS_MAX 100   /* inserts looked for in one round */

const Setting follower_settings[] = {
  { "package-ask-every", SETTING_DURATION, "1h",
    "How often intake is asked about a package in the first day after it was accepted." },
  { "package-ask-later", SETTING_DURATION, "6h",
    "How often intake is asked about a package after its first day." },
  { "package-expired-max", SETTING_NUMBER, "20",
    "Packages that may expire within an hour; more stop until an operator lets them go on.", NULL,
    0, 100000 },
  { "insert-look-every", SETTING_DURATION, "1h",
    "How often an insert given out as unknown is looked for while its package is followed." },
  { NULL },
};

struct Follower {
  FollowerOptions options;
  Lease *lease;
  Rounds *rounds;
  /* the thread's own */
  gint64 ask_every_ms, look_at_ms;
};

/* --- One package --- */

/* What its transaction works on. */
typedef struct {
  Follower *follower;
  gint64 package_id;
  const char *guid;
  const IntakeUpload *upload;
  /* read in it */
  gint64 parent_claim_id;
  guint replay;
  gboolean is_of_papers; /* of a group that is established */
  guint package_no;
  Follow next;
} Judging;

static FollowFacts
facts_of (const Judging *judging, const DbRows *rows)
{
  const Settings *settings = judging->follower->options.settings;
  gboolean is_same =
      g_strcmp0 (db_rows_text (rows, 0, "intake_status"), judging->upload->status_word) == 0;

  return (FollowFacts){
    .package_no = (guint)db_rows_int (rows, 0, "package_no"),
    .group_state = db_rows_text (rows, 0, "group_status"),
    .is_of_papers = judging->is_of_papers,
    .has_come_to_nothing = g_strcmp0 (db_rows_text (rows, 0, "latest_status"), "failure") == 0,
    .has_arrived = g_strcmp0 (db_rows_text (rows, 0, "latest_status"), "vbms") == 0,
    .sent_ms_ago = db_rows_int (rows, 0, "sent_ms"),
    .status_ms_ago =
        is_same && !db_rows_is_null (rows, 0, "status_ms") ? db_rows_int (rows, 0, "status_ms") : 0,
    .is_released = db_rows_boolean (rows, 0, "is_released"),
    .expired_count = (guint)db_rows_int (rows, 0, "expired_count") + 1,
    .expired_max = (guint)settings_number (settings, "package-expired-max"),
    .ask_every_ms = settings_duration_ms (settings, "package-ask-every"),
    .ask_later_ms = settings_duration_ms (settings, "package-ask-later"),
    .document_count = db_rows_int (rows, 0, "document_count"),
    .page_count = db_rows_int (rows, 0, "page_count"),
  };
}

/* Its own text may hold what the Veteran has written. */
static gboolean
write_told (Transaction *transaction, const Judging *judging, const char *status, GError **error)
{
  const IntakeUpload *upload = judging->upload;
  Sealer *sealer = transaction->writer->sealer;
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, judging->package_id);
  g_autoptr (RowKey) key = upload->detail ? row_key_new (sealer) : NULL;
  g_autoptr (GBytes) detail = key ? row_key_seal (key, "lighthouse_submissions", id,
                                                  "intake_detail_ciphertext", upload->detail)
                                  : NULL;

  return db_execute (transaction_db (transaction), NULL, error, SQL_PACKAGE_TOLD, "ittbtoito",
                     judging->package_id, upload->status_word, upload->code, detail,
                     key ? row_key_wrapped (key) : NULL, (int)upload->is_final,
                     judging->next.ask_after_ms, status,
                     (int)(judging->next.action == FOLLOW_STOPPED)) &&
         (!status || db_execute (transaction_db (transaction), NULL, error, SQL_ATTEMPT_TOLD, "itt",
                                 judging->package_id, status, upload->code));
}

static gboolean
tell_attempt (Transaction *transaction, const Judging *judging, const char *status, const char *why,
              GError **error)
{
  return write_told (transaction, judging, status, error) &&
         transaction_claim_event (transaction, judging->guid, "ATTEMPT", 0, "sent", status, why,
                                  error);
}

static gboolean
arrive (Transaction *transaction, const Judging *judging, GError **error)
{
  if (!tell_attempt (transaction, judging, "vbms", "the package is in the folder", error))
    return FALSE;
  return judging->is_of_papers ||
         (transaction_change_group (transaction, judging->guid, "success",
                                    "the package is in the folder", error) &&
          transaction_mail (transaction, judging->guid, judging->parent_claim_id, "RECEIVED",
                            error));
}

/* The Veteran was told of a failure, and has none: somebody should know. */
static gboolean
heal (Transaction *transaction, const Judging *judging, GError **error)
{
  return tell_attempt (transaction, judging, "vbms", "the package has arrived after all", error) &&
         (!judging->is_of_papers ||
          remainder_healed (transaction, judging->guid, judging->package_id, judging->package_no,
                            error)) &&
         transaction_monitoring_event (transaction, "package-healed", judging->guid, 0,
                                       "it was declared a failure before", error) &&
         transaction_needs_person (transaction, judging->guid, judging->parent_claim_id,
                                   "package-healed", 0, error);
}

static const char *
why_of (const IntakeUpload *upload)
{
  return upload->code ? upload->code : upload->status_word;
}

/* The group is backup's again: its record goes with the change. */
static gboolean
send_anew (Transaction *transaction, const Judging *judging, GError **error)
{
  const char *why = why_of (judging->upload);
  g_autoptr (ClaimRecord) record = NULL;

  if (!tell_attempt (transaction, judging, "failure", why, error) ||
      !(judging->is_of_papers
            ? remainder_lost (transaction, judging->guid, judging->package_id, why, error)
            : transaction_change_group (transaction, judging->guid, "failure", why, error)))
    return FALSE;
  record = claim_record_find (transaction_db (transaction), judging->parent_claim_id, error);
  if (!record)
    return FALSE;
  record->is_of_papers = judging->is_of_papers;
  if (!claim_record_emit (transaction, record, error))
    return FALSE;
  transaction_emit_header (transaction, RECORD_REASON, "the package was lost on its way");
  transaction_emit_header (transaction, RECORD_ERROR_CLASS, why);
  return transaction_monitoring_event (transaction, "second-package", judging->guid, 0, why, error);
}

static gboolean
fail (Transaction *transaction, const Judging *judging, GError **error)
{
  const char *why = why_of (judging->upload);

  if (!tell_attempt (transaction, judging, "failure", why, error))
    return FALSE;
  if (judging->is_of_papers)
    return remainder_lost (transaction, judging->guid, judging->package_id, why, error) &&
           remainder_give_up (transaction, judging->guid, judging->parent_claim_id, why, error);
  return transaction_change_group (transaction, judging->guid, "failed", why, error) &&
         transaction_mail (transaction, judging->guid, judging->parent_claim_id, "ERROR", error);
}

/* Once for a reason. */
static gboolean
ask_person (Transaction *transaction, const Judging *judging, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (!judging->next.person)
    return TRUE;
  rows = db_query (transaction_db (transaction), error, SQL_WAS_ASKED_SINCE, "iti",
                   judging->parent_claim_id, judging->next.person, judging->package_id);
  if (!rows)
    return FALSE;
  return db_rows_boolean (rows, 0, "was_asked") ||
         transaction_needs_person (transaction, judging->guid, judging->parent_claim_id,
                                   judging->next.person, 0, error);
}

/* Nobody has to look for a package whose end is known. */
static gboolean
answer_silence (Transaction *transaction, const Judging *judging, GError **error)
{
  return judging->next.action == FOLLOW_ON || judging->next.action == FOLLOW_STOPPED ||
         db_execute (transaction_db (transaction), NULL, error, SQL_SILENCE_IS_OVER, "i",
                     judging->parent_claim_id);
}

static gboolean
act (Transaction *transaction, const Judging *judging, GError **error)
{
  if (!ask_person (transaction, judging, error) || !answer_silence (transaction, judging, error))
    return FALSE;
  switch (judging->next.action) {
  case FOLLOW_ON:
    return write_told (transaction, judging, NULL, error);
  case FOLLOW_ARRIVED:
    return arrive (transaction, judging, error);
  case FOLLOW_HEALED:
    return heal (transaction, judging, error);
  case FOLLOW_ANEW:
    return send_anew (transaction, judging, error);
  case FOLLOW_STOPPED:
    return write_told (transaction, judging, NULL, error) &&
           transaction_monitoring_event (transaction, "package-stopped", judging->guid, 0,
                                         "too many have expired: an operator lets them go on",
                                         error);
  case FOLLOW_FAILED:
    return fail (transaction, judging, error);
  }
  g_assert_not_reached ();
}

/* A TransactionWork; run again from the start after a conflict. */
static gboolean
judge (Transaction *transaction, gpointer data, GError **error)
{
  Judging *judging = data;
  Db *db = transaction_db (transaction);
  char *guids[] = { (char *)judging->guid, NULL };
  gboolean is_held = FALSE;
  g_autoptr (DbRows) rows = NULL;
  FollowFacts facts;

  if (!lease_guard (judging->follower->lease, db, &is_held, error))
    return FALSE;
  if (!is_held)
    return TRUE;
  if (!claim_groups_lock (db, guids, error))
    return FALSE;
  rows = db_query (db, error, SQL_PACKAGE_TO_JUDGE, "i", judging->package_id);
  if (!rows || db_rows_count (rows) == 0)
    return rows != NULL;
  judging->parent_claim_id = db_rows_int (rows, 0, "parent_claim_id");
  transaction_set_origin (transaction, NULL, (guint)db_rows_int (rows, 0, "replay"));
  judging->is_of_papers = db_rows_boolean (rows, 0, "is_of_papers");
  judging->package_no = (guint)db_rows_int (rows, 0, "package_no");
  facts = facts_of (judging, rows);
  judging->next = follow (&facts, judging->upload);
  return act (transaction, judging, error);
}

static gboolean
judge_package (Follower *follower, gint64 package_id, const char *guid, const IntakeUpload *upload,
               GError **error)
{
  Judging judging = {
    .follower = follower, .package_id = package_id, .guid = guid, .upload = upload
  };

  CRASH_POINT ("follower/before");
  if (!program_transaction (follower->options.program, judge, &judging, error))
    return FALSE;
  CRASH_POINT ("follower/after");
  if (judging.next.action != FOLLOW_ON)
    log_info ("a package has come to an end", "claim_group_id", judging.guid, "status",
              upload->status_word, "code", upload->code, NULL);
  if (follow_is_not_known (upload))
    log_limited (LOG_LEVEL_ERROR, "packages-not-known",
                 "the service does not know guids that it has given out: is intake-url the right "
                 "one?",
                 "claim_group_id", judging.guid, NULL);
  if (judging.next.action == FOLLOW_STOPPED)
    log_limited (LOG_LEVEL_ERROR, "packages-stopped",
                 "too many packages have expired: no second ones go out until pipelinectl "
                 "release-packages",
                 NULL);
  return TRUE;
}

/* --- A round --- */

static DbRows *
find (Follower *follower, const char *sql, const char *types, gint64 limit, GError **error)
{
  DbPool *pool = program_pool (follower->options.program);
  Db *db = db_pool_take (pool, error);
  DbRows *rows = db ? db_query (db, error, sql, types, limit) : NULL;

  db_pool_give (pool, db);
  return rows;
}

/* Its next turn. Of one that is not in the report there is no news. */
static gboolean
pass_over (Follower *follower, gint64 package_id, GError **error)
{
  DbPool *pool = program_pool (follower->options.program);
  Db *db = db_pool_take (pool, error);
  gboolean is_done = db && db_execute (db, NULL, error, SQL_PACKAGE_WITHOUT_NEWS, "ii", package_id,
                                       follower->ask_every_ms);

  db_pool_give (pool, db);
  return is_done;
}

/* One that cannot be judged, now or for good, holds up no other. FALSE: the database is away, or
 * holds also what says when its turn is. */
static gboolean
handle_package (Follower *follower, gint64 package_id, const char *guid, const IntakeUpload *upload,
                GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!upload)
    return pass_over (follower, package_id, error);
  if (judge_package (follower, package_id, guid, upload, &problem))
    return TRUE;
  if (db_is_away (problem)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  log_limited (LOG_LEVEL_ERROR, "package-not-judged",
               "what has become of a package could not be noted; it is asked for again",
               "claim_group_id", guid, "status", upload->status_word, "error", problem->message,
               NULL);
  return pass_over (follower, package_id, error);
}

/* All of the report, whatever stands in the way of some. */
static gboolean
handle_report (Follower *follower, const DbRows *rows, GHashTable *report, GError **error)
{
  GError *first = NULL;

  for (guint i = 0; i < db_rows_count (rows) && !rounds_are_ending (follower->rounds); i++) {
    g_autoptr (GError) problem = NULL;

    if (handle_package (
            follower, db_rows_int (rows, i, "id"), db_rows_text (rows, i, "claim_group_guid"),
            g_hash_table_lookup (report, db_rows_text (rows, i, "benefits_intake_uuid")), &problem))
      continue;
    if (!first)
      first = g_steal_pointer (&problem);
    if (db_is_away (first))
      break;
  }
  if (first)
    g_propagate_error (error, first);
  return !first;
}

/* FALSE without @error: nobody's turn. */
static gboolean
ask_about_packages (Follower *follower, GError **error)
{
  g_autoptr (DbRows) rows = find (follower, SQL_PACKAGES_TO_ASK, "i", INTAKE_REPORT_MAX_IDS, error);
  g_autoptr (GPtrArray) uuids = g_ptr_array_new ();
  g_autoptr (GHashTable) report = NULL;

  if (!rows || db_rows_count (rows) == 0)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    g_ptr_array_add (uuids, (gpointer)db_rows_text (rows, i, "benefits_intake_uuid"));
  g_ptr_array_add (uuids, NULL);
  report = intake_report (follower->options.intake, (const char *const *)uuids->pdata, error);
  if (!report)
    return FALSE;
  metrics_count (METRIC_PACKAGE_REPORTS, 1, NULL);
  return handle_report (follower, rows, report, error);
}

static void
tell_waiting (Follower *follower, GError **error)
{
  g_autoptr (DbRows) rows = find (follower, SQL_PACKAGES_THAT_WAIT, "", 0, error);

  if (!rows)
    return;
  metrics_gauge (METRIC_PACKAGES_STOPPED, (double)db_rows_int (rows, 0, "stopped"), NULL);
  metrics_gauge (METRIC_PACKAGES_NOT_KNOWN, (double)db_rows_int (rows, 0, "not_known"), NULL);
  metrics_gauge (METRIC_PACKAGES_WITHOUT_NEWS, (double)db_rows_int (rows, 0, "without_news"), NULL);
}

/* --- Inserts that were given out as unknown --- */

typedef struct {
  Follower *follower;
  const char *guid;
  gint64 claim_id;
  const Inserts *inserts;
  InsertLook look;
} Sighting;

/* Recorded where it is clear, and told in any case: the package may say that nobody knows. */
static gboolean
tell_sighting (Transaction *transaction, gpointer data, GError **error)
{
  const Sighting *sighting = data;
  const char *id = sighting->look.claim ? sighting->look.claim->claim_id : NULL;
  Db *db = transaction_db (transaction);
  g_autofree char *reason =
      id ? g_strdup_printf ("benefit claim %s was made: a package was sent too", id)
         : g_strdup ("a benefit claim may have been made: a package was sent too");
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, sighting->claim_id);
  g_autofree char *result = id ? insert_kept_of_claim (sighting->look.claim) : NULL;
  char *guids[] = { (char *)sighting->guid, NULL };
  g_autoptr (DbRows) rows = NULL;
  gboolean is_held = FALSE, is_hit = FALSE;

  if (!lease_guard (sighting->follower->lease, db, &is_held, error) || !is_held)
    return !error || !*error;
  if (!claim_groups_lock (db, guids, error))
    return FALSE;
  rows = db_query (db, error, SQL_WAS_ASKED_ABOUT, "it", sighting->claim_id, reason);
  if (!rows || db_rows_boolean (rows, 0, "was_asked"))
    return rows != NULL;
  if (id && (!journal_end_step (transaction, scope, INSERT_STEP, sighting->inserts->ordinal,
                                sighting->inserts->token, "started", "finished", result, NULL,
                                &is_hit, error) ||
             (is_hit && !inserts_record_found (db, sighting->inserts, id, error))))
    return FALSE;
  return transaction_monitoring_event (transaction, "benefit-claim-beside-package", sighting->guid,
                                       sighting->claim_id, reason, error) &&
         transaction_needs_person (transaction, sighting->guid, sighting->claim_id, reason, 0,
                                   error);
}

/* What a look needs of a child. */
typedef struct {
  ClaimGroup *group;
  Veteran *veteran;
  Inserts *inserts;
} Looked;

static void
looked_clear (Looked *looked)
{
  claim_group_free (looked->group);
  veteran_free (looked->veteran);
  inserts_free (looked->inserts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Looked, looked_clear)

static gboolean
load_looked (Follower *follower, Db *db, const char *guid, gint64 claim_id, Looked *looked,
             GError **error)
{
  Sealer *sealer = program_sealer (follower->options.program);
  g_autoptr (json_t) form = NULL;
  const ChildClaim *child;

  looked->group = claim_group_load (db, sealer, guid, error);
  child = looked->group ? claim_group_child (looked->group, claim_id) : NULL;
  form = child ? claim_load_form (db, sealer, claim_id, error) : NULL;
  if (!form)
    return FALSE;
  looked->veteran = veteran_new (form, looked->group->user_data);
  looked->inserts = inserts_read (db, claim_id, child->form_type, error);
  return looked->inserts != NULL;
}

static gboolean
look_for_insert (Follower *follower, const char *guid, gint64 claim_id, GError **error)
{
  const FollowerOptions *options = &follower->options;
  DbPool *pool = program_pool (options->program);
  Db *db = db_pool_take (pool, error);
  g_auto (Looked) looked = { 0 };
  g_autoptr (GPtrArray) claims = NULL;
  Sighting sighting = { .follower = follower, .guid = guid, .claim_id = claim_id };
  gboolean is_done = db && load_looked (follower, db, guid, claim_id, &looked, error);

  db_pool_give (pool, db);
  if (!is_done)
    return FALSE;
  claims = bgs_claims_find (options->bgs, &looked.veteran->caller, looked.veteran->participant_id,
                            error);
  db = claims ? db_pool_take (pool, error) : NULL;
  is_done = db && insert_leave_others_out (db, claims, claim_id, error);
  db_pool_give (pool, db);
  if (!is_done)
    return FALSE;
  sighting.inserts = looked.inserts;
  sighting.look = insert_look (looked.inserts->notes, claims, bgs_client_username (options->bgs));
  return sighting.look.sight == INSERT_NOT_THERE ||
         program_transaction (options->program, tell_sighting, &sighting, error);
}

static gboolean
look_for_inserts (Follower *follower, GError **error)
{
  DbPool *pool = program_pool (follower->options.program);
  Db *db = db_pool_take (pool, error);
  g_autoptr (DbRows) rows =
      db ? db_query (db, error, SQL_INSERTS_UNKNOWN, "ti", INSERT_STEP, (gint64)LOOKS_MAX) : NULL;

  db_pool_give (pool, db);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows) && !rounds_are_ending (follower->rounds); i++) {
    g_autoptr (GError) problem = NULL;

    /* One that cannot be looked for keeps no other waiting. */
    if (!look_for_insert (follower, db_rows_text (rows, i, "claim_group_guid"),
                          db_rows_int (rows, i, "claim_id"), &problem))
      log_limited (LOG_LEVEL_WARNING, "insert-look",
                   "an insert given out as unknown could not be looked for; again later", "error",
                   problem ? problem->message : NULL, NULL);
  }
  return TRUE;
}

/* --- The thread --- */

static gboolean
do_round (Follower *follower, GError **error)
{
  gint64 now_ms = clock_monotonic_ms ();
  g_autoptr (GError) problem = NULL;

  while (!rounds_are_ending (follower->rounds) && lease_is_held (follower->lease) &&
         ask_about_packages (follower, &problem))
    ;
  /* Also where nobody could be asked: that has to be seen. */
  tell_waiting (follower, problem ? NULL : &problem);
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (now_ms < follower->look_at_ms)
    return TRUE;
  follower->look_at_ms =
      now_ms + settings_duration_ms (follower->options.settings, "insert-look-every");
  return look_for_inserts (follower, error);
}

/* A failure holds up nobody's work, so it is told, and no reason not to be ready. */
static gint64
one_round (gpointer data)
{
  Follower *follower = data;
  g_autoptr (GError) error = NULL;
  gint64 pause_ms = MIN (PAUSE_MS, follower->ask_every_ms);

  if (!lease_is_held (follower->lease) || do_round (follower, &error))
    return pause_ms;
  if (!rounds_are_ending (follower->rounds))
    log_limited (LOG_LEVEL_WARNING, "package-follower",
                 "packages could not be asked for; again soon", "error",
                 error ? error->message : NULL, NULL);
  return MIN (FAILED_MS, follower->ask_every_ms);
}

Follower *
follower_start (const FollowerOptions *options)
{
  Follower *follower = g_new0 (Follower, 1);

  follower->options = *options;
  follower->lease = program_lease (options->program, LEASE);
  follower->ask_every_ms = settings_duration_ms (options->settings, "package-ask-every");
  follower->rounds = rounds_new ("follower", one_round, follower);
  rounds_begin (follower->rounds, 0);
  return follower;
}

gboolean
follower_stop (Follower *follower, gint64 until_us)
{
  return !follower || rounds_end (follower->rounds, until_us);
}

void
follower_free (Follower *follower)
{
  if (!follower)
    return;
  rounds_free (follower->rounds);
  g_free (follower);
}
