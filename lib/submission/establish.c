#include "submission/establish.h"

#include "base/crash-point.h"
#include "base/text.h"
#include "bgs/benefit-claim.h"
#include "bgs/kept.h"
#include "bgs/standard-data.h"
#include "pipeline/step.h"
#include "submission/establish.sql.h"

#include <string.h>

/* How long a finder waits for the holder before it looks later: together longer than read limit and
 * settle time. */
static const gint64 finder_waits_ms[] = { 500, 4000, 30000, 60000, 60000 };
#define INCREMENTS_ASKED_MAX 3
#define INCREMENTS_TRIED_MAX 10
#define LAG_ATTEMPTS_MAX     3
/* Rounds of establish_benefit_claim(): each makes a change that another one can only undo by making
 * one of its own. */
#define ROUNDS_MAX           12

/* --- Notes. --- */

char *
insert_note_format (const InsertNote *note)
{
  return g_strdup_printf ("increment=%s type=%s day=%s", note->increment, note->claim_type,
                          note->day);
}

static char *
note_field (char **fields, const char *prefix)
{
  for (; *fields; fields++)
    if (g_str_has_prefix (*fields, prefix) && (*fields)[strlen (prefix)])
      return g_strdup (*fields + strlen (prefix));
  return NULL;
}

InsertNote *
insert_note_parse (const char *text)
{
  g_auto (GStrv) fields = g_strsplit (text ? text : "", " ", -1);
  g_autoptr (InsertNote) note = g_new0 (InsertNote, 1);

  note->increment = note_field (fields, "increment=");
  note->claim_type = note_field (fields, "type=");
  note->day = note_field (fields, "day=");
  return note->increment && note->claim_type && note->day ? g_steal_pointer (&note) : NULL;
}

void
insert_note_free (InsertNote *note)
{
  if (!note)
    return;
  g_free (note->increment);
  g_free (note->claim_type);
  g_free (note->day);
  g_free (note);
}

/* --- The look. --- */

static gboolean
is_over (const BgsClaimRow *claim)
{
  return g_strcmp0 (claim->status, "CLR") == 0 || g_strcmp0 (claim->status, "CAN") == 0;
}

/* Increment, type and day are those that were journalled before the insert was sent. */
static const InsertNote *
note_of (const GPtrArray *notes, const BgsClaimRow *claim)
{
  for (guint i = notes->len; i > 0; i--) {
    const InsertNote *note = g_ptr_array_index (notes, i - 1);

    if (g_strcmp0 (note->increment, claim->increment) != 0)
      continue;
    if (!GUARD (OURS) || (g_strcmp0 (note->claim_type, claim->claim_type) == 0 &&
                          g_strcmp0 (note->day, claim->received_day) == 0))
      return note;
  }
  return NULL;
}

InsertLook
insert_look (const GPtrArray *notes, const GPtrArray *claims, const char *username)
{
  InsertLook look = { .sight = INSERT_NOT_THERE };
  const InsertNote *last = notes->len ? g_ptr_array_index (notes, notes->len - 1) : NULL;
  guint candidates = 0;

  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);
    const InsertNote *note = GUARD (GONE) || !is_over (claim) ? note_of (notes, claim) : NULL;
    gboolean by_us = claim->first_user && g_ascii_strcasecmp (claim->first_user, username) == 0;

    if (note && (by_us || !claim->first_user || !GUARD (OURS))) {
      candidates++;
      look.claim = claim;
      look.note = note;
      continue;
    }
    if (last && !is_over (claim) && g_strcmp0 (claim->increment, last->increment) == 0)
      look.is_taken = TRUE;
  }
  if (candidates == 0)
    return look;
  /* Ours in all but its state, or nobody knows whose: neither adopted nor a reason to insert. */
  if (candidates > 1 || g_strcmp0 (look.claim->status, "PEND") != 0 || !look.claim->first_user)
    return (InsertLook){ .sight = INSERT_UNCLEAR };
  look.sight = INSERT_FOUND;
  look.is_taken = FALSE;
  return look;
}

static gboolean
is_in_use (const char *increment, const GPtrArray *claims)
{
  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);

    if (!is_over (claim) && g_strcmp0 (claim->increment, increment) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_reserved (const char *increment, const GPtrArray *reserved_notes)
{
  for (guint i = 0; i < reserved_notes->len; i++) {
    const InsertNote *note = g_ptr_array_index (reserved_notes, i);

    if (g_str_equal (note->increment, increment))
      return TRUE;
  }
  return FALSE;
}

char *
increment_next_free (const char *asked, const GPtrArray *claims, const GPtrArray *reserved_notes)
{
  gint64 number;

  if (!parse_int64 (asked, 0, 999 - INCREMENTS_TRIED_MAX, &number))
    return NULL;
  for (gint64 next = number; next < number + INCREMENTS_TRIED_MAX; next++) {
    g_autofree char *increment = g_strdup_printf ("%03" G_GINT64_FORMAT, next);

    if (!is_in_use (increment, claims) && !is_reserved (increment, reserved_notes))
      return g_steal_pointer (&increment);
  }
  return NULL;
}

/* What is kept of an insert, made from a claim that was found in its place: the same names. */
static char *
kept_of_claim (const BgsClaimRow *claim)
{
  g_autoptr (json_t) kept = json_object ();
  g_autofree char *dumped = NULL;
  char *text;

  json_object_set_new (kept, "benefitClaimID", json_string (claim->claim_id));
  json_object_set_new (kept, "claimTypeCode", json_string (claim->claim_type));
  if (claim->claimant_id)
    json_object_set_new (kept, "participantClaimantID", json_string (claim->claimant_id));
  json_object_set_new (kept, "programTypeCode",
                       json_string (claim->program_type ? claim->program_type : "CPL"));
  json_object_set_new (kept, "serviceTypeCode",
                       json_string (claim->service_type ? claim->service_type : "CP"));
  json_object_set_new (kept, "statusTypeCode", json_string (claim->status));
  text = json_dumps (kept, JSON_COMPACT);
  dumped = g_strdup (text);
  free (text);
  return g_steal_pointer (&dumped);
}

/* --- Inserts as journalled. --- */

/* All inserts of one child, ours or the holder's, as read at one moment. */
typedef struct {
  gint64 claim_id;
  char *form_type;
  int ordinal; /* of the newest row; 0: none */
  gint64 token;
  char *state;
  gint64 age_ms;    /* since the newest was started, by the database's clock */
  GPtrArray *notes; /* of InsertNote: sent and not known to have failed, oldest first */
  char *digest;     /* of the request of the last of these */
} Inserts;

static void
inserts_free (Inserts *inserts)
{
  if (!inserts)
    return;
  g_free (inserts->form_type);
  g_free (inserts->state);
  g_free (inserts->digest);
  g_ptr_array_unref (inserts->notes);
  g_free (inserts);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inserts, inserts_free)

static gboolean
inserts_stand (const Inserts *inserts, const char *state)
{
  return g_strcmp0 (inserts->state, state) == 0;
}

static Inserts *
inserts_load (Submission *submission, gint64 claim_id, const char *form_type, GError **error)
{
  g_autoptr (Inserts) inserts = g_new0 (Inserts, 1);
  g_autoptr (DbRows) rows = NULL;
  Db *db = run_db_take (submission->run, error);

  inserts->claim_id = claim_id;
  inserts->form_type = g_strdup (form_type);
  inserts->notes = g_ptr_array_new_with_free_func ((GDestroyNotify)insert_note_free);
  if (!db)
    return NULL;
  rows = db_query (db, error, SQL_INSERTS_OF_CLAIM, "it", claim_id, INSERT_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return NULL;

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *state = db_rows_text (rows, i, "state");
    InsertNote *note = insert_note_parse (db_rows_text (rows, i, "note"));

    if (note && (g_str_equal (state, "started") ||
                 (g_str_equal (state, "not there") && GUARD (OURS_OPEN)))) {
      g_ptr_array_add (inserts->notes, note);
      g_free (inserts->digest);
      inserts->digest = g_strdup (db_rows_text (rows, i, "digest"));
    } else {
      insert_note_free (note);
    }
    inserts->ordinal = (int)db_rows_int (rows, i, "ordinal");
    inserts->token = db_rows_int (rows, i, "token");
    inserts->age_ms = db_rows_int (rows, i, "age_ms");
    g_free (inserts->state);
    inserts->state = g_strdup (state);
  }
  return g_steal_pointer (&inserts);
}

/* --- The Veteran's lock. --- */

typedef struct {
  Submission *submission;
  const char *veteran;    /* veteran key */
  gint64 claim_id, token; /* ours */
  gboolean is_hit;
} Lock;

static Lock
own_lock (Submission *submission)
{
  return (Lock){
    .submission = submission,
    .veteran = submission->group->veteran_id,
    .claim_id = submission->child->claim_id,
    .token = run_token (submission->run),
  };
}

static gboolean
take_lock (Settlement *settlement, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Lock *lock = data;
  guint count = 0;

  if (!db_execute (settlement_db (settlement), &count, error, SQL_LOCK_TAKE, "tii", lock->veteran,
                   lock->claim_id, lock->token))
    return FALSE;
  lock->is_hit = count == 1;
  return TRUE;
}

static gboolean
free_lock (Settlement *settlement, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  const Lock *lock = data;

  return db_execute (settlement_db (settlement), NULL, error, SQL_LOCK_FREE, "tiit", lock->veteran,
                     lock->claim_id, lock->token, INSERT_STEP);
}

/* Where it fails the row stays, and ages: who finds it then takes it over. */
static void
release (Submission *submission)
{
  Lock lock = own_lock (submission);

  (void)run_transaction (submission->run, free_lock, &lock, NULL);
}

/* --- Settling an insert that was sent and not answered, whosever. --- */

typedef enum {
  SETTLED_AGAIN,   /* something has changed: look at everything anew */
  SETTLED_FOUND,   /* it is finished now */
  SETTLED_FREE,    /* not there, and its increment is still to be had */
  SETTLED_TAKEN,   /* not there, and somebody else has its increment */
  SETTLED_UNCLEAR, /* a person must decide */
  SETTLED_FAILED,  /* error is set */
  SETTLED_NO_LOOK, /* error is set: BGS could not be asked */
} Settled;

typedef struct {
  const Inserts *inserts;
  gint64 token; /* of the row as it stands */
  gint64 new_token;
  const char *new_state;
  const char *result;
  const char *note;
  const char *benefit_claim_id;
  Lock *take_over; /* NULL, or whose lock row comes with it: that of the holder */
  gint64 holder_token;
  Lock *end_lock; /* NULL, or the lock row that ends with it: our own */
  gboolean is_hit;
} Settling;

static gboolean
take_insert (Settlement *settlement, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Settling *settling = data;
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, settling->inserts->claim_id);

  return settlement_take_step (settlement, scope, INSERT_STEP, settling->inserts->ordinal,
                               settling->token, settling->new_token, &settling->is_hit, error);
}

static gboolean
record_benefit_claim (Db *db, gint64 claim_id, const char *form_type, guint attempt_no,
                      const char *benefit_claim_id, GError **error)
{
  return claim_attempt_record (db, claim_id, form_type, attempt_no, "submitted", benefit_claim_id,
                               NULL, NULL, error);
}

static gboolean
record_found (Db *db, const Settling *settling, GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_LAST_ATTEMPT, "i", settling->inserts->claim_id);

  return rows && record_benefit_claim (
                     db, settling->inserts->claim_id, settling->inserts->form_type,
                     (guint)db_rows_int (rows, 0, "attempt_no"), settling->benefit_claim_id, error);
}

/* A miss is no error and writes nothing: the transaction is ended by one, so that nothing half-done
 * stands. */
static gboolean
miss (Settling *settling, GError **error)
{
  settling->is_hit = FALSE;
  g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_SNOOZE,
               "the insert or its lock row has changed meanwhile");
  return FALSE;
}

/* The lock row as read, and after it the insert as read: the holder's start waits for our row lock
 * or we see it. */
static gboolean
take_lock_over (Settlement *settlement, Settling *settling, GError **error)
{
  const Lock *lock = settling->take_over;
  const Inserts *inserts = settling->inserts;
  g_autoptr (DbRows) rows = NULL;
  guint count = 0;

  if (!db_execute (settlement_db (settlement), &count, error, SQL_LOCK_TAKE_OVER, "tiiii",
                   lock->veteran, inserts->claim_id, settling->holder_token, lock->claim_id,
                   lock->token))
    return FALSE;
  if (count == 0)
    return miss (settling, error);
  rows = db_query (settlement_db (settlement), error, SQL_NEWEST_INSERT, "it", inserts->claim_id,
                   INSERT_STEP);
  if (!rows)
    return FALSE;
  if (GUARD (RECHECK) &&
      (db_rows_count (rows) == 0
           ? inserts->ordinal != 0
           : db_rows_int (rows, 0, "ordinal") != inserts->ordinal ||
                 db_rows_int (rows, 0, "token") != settling->token ||
                 g_strcmp0 (db_rows_text (rows, 0, "state"), inserts->state) != 0))
    return miss (settling, error);
  return TRUE;
}

/* Lock row, end of the insert and what follows from it, in one transaction. */
static gboolean
end_insert (Settlement *settlement, Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Settling *settling = data;
  const Inserts *inserts = settling->inserts;
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, inserts->claim_id);

  settling->is_hit = TRUE;
  if (settling->take_over && !take_lock_over (settlement, settling, error))
    return FALSE;
  if (settling->new_state) {
    if (!settlement_end_step (settlement, scope, INSERT_STEP, inserts->ordinal, settling->token,
                              inserts->state, settling->new_state, settling->result, settling->note,
                              &settling->is_hit, error))
      return FALSE;
    if (!settling->is_hit)
      return miss (settling, error);
  }
  if (settling->benefit_claim_id && !record_found (settlement_db (settlement), settling, error))
    return FALSE;
  if (settling->end_lock)
    return db_execute (settlement_db (settlement), NULL, error, SQL_LOCK_END, "ti",
                       settling->end_lock->veteran, settling->end_lock->claim_id);
  return TRUE;
}

/* TRUE: done or missed, see is_hit. */
static gboolean
settle_in_transaction (Submission *submission, SettleWork work, Settling *settling, GError **error)
{
  g_autoptr (GError) problem = NULL;

  settling->is_hit = TRUE;
  if (run_transaction (submission->run, work, settling, &problem))
    return TRUE;
  if (!settling->is_hit)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

typedef struct {
  Submission *submission;
  GPtrArray *claims; /* of BgsClaimRow */
} ClaimsRead;

static char *
read_claims (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  ClaimsRead *read = data;
  Submission *submission = read->submission;

  read->claims = bgs_claims_find (submission->bgs, &submission->veteran->caller,
                                  submission->veteran->participant_id, error);
  return read->claims ? g_strdup ("") : NULL;
}

/* All benefit claims that BGS has for the Veteran, but for those that another child than @claim_id
 * has recorded. */
static GPtrArray *
find_claims (Submission *submission, gint64 claim_id, gboolean *ret_no_look, GError **error)
{
  ClaimsRead read = { .submission = submission };
  g_autofree char *answered =
      run_read (submission->run, "find-benefit-claims", read_claims, &read, error);
  g_autoptr (GPtrArray) claims = read.claims;
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (DbRows) recorded = NULL;
  Db *db;

  *ret_no_look = FALSE;
  if (!answered) {
    *ret_no_look = error && (*error)->domain == BGS_ERROR;
    return NULL;
  }
  for (guint i = 0; i < claims->len; i++) {
    const BgsClaimRow *claim = g_ptr_array_index (claims, i);

    if (claim->claim_id)
      g_ptr_array_add (ids, claim->claim_id);
  }
  g_ptr_array_add (ids, NULL);
  db = run_db_take (submission->run, error);
  if (!db)
    return NULL;
  recorded = db_query (db, error, SQL_RECORDED_ELSEWHERE, "Ti", (char **)ids->pdata, claim_id);
  run_db_give (submission->run, db);
  if (!recorded)
    return NULL;
  for (guint row = 0; row < db_rows_count (recorded); row++)
    for (guint i = claims->len; i > 0; i--) {
      BgsClaimRow *claim = g_ptr_array_index (claims, i - 1);

      /* Recorded elsewhere it cannot be this child's, but its increment is taken all the same. */
      if (GUARD (OURS) &&
          g_strcmp0 (claim->claim_id, db_rows_text (recorded, row, "bgs_claim_id")) == 0) {
        g_free (claim->claim_type);
        claim->claim_type = g_strdup ("");
      }
    }
  return g_steal_pointer (&claims);
}

/**
 * settle_insert:
 * @inserts: whose newest one stands started for longer than its limits, or ended without an answer
 * @holder_token: of the lock row when it is another child's, and comes with the settlement; 0: our
 * own
 *
 * Takes the step over, looks, and writes down what was seen. On SETTLED_FREE and _TAKEN the row
 * ends as "not there", with SETTLED_UNCLEAR it stays as it is.
 */
static Settled
settle_insert (Submission *submission, const Inserts *inserts, gint64 holder_token, GError **error)
{
  Lock lock = own_lock (submission);
  Settling settling = { .inserts = inserts, .token = inserts->token, .new_token = lock.token };
  g_autoptr (GPtrArray) claims = NULL;
  g_autofree char *result = NULL;
  g_autofree char *note = NULL;
  gboolean no_look = FALSE;
  InsertLook look = { .sight = INSERT_NOT_THERE };

  if (inserts_stand (inserts, "started") && inserts->token != lock.token) {
    if (!settle_in_transaction (submission, take_insert, &settling, error))
      return SETTLED_FAILED;
    if (!settling.is_hit)
      return SETTLED_AGAIN;
    settling.token = lock.token;
  }
  if (GUARD (LOOK)) {
    claims = find_claims (submission, inserts->claim_id, &no_look, error);
    if (!claims)
      return no_look ? SETTLED_NO_LOOK : SETTLED_FAILED;
    look = insert_look (inserts->notes, claims, bgs_client_username (submission->bgs));
  }
  switch (look.sight) {
  case INSERT_UNCLEAR:
    return SETTLED_UNCLEAR;
  case INSERT_FOUND:
    settling.new_state = "finished";
    settling.result = result = kept_of_claim (look.claim);
    settling.note = note = insert_note_format (look.note);
    settling.benefit_claim_id = look.claim->claim_id;
    break;
  case INSERT_NOT_THERE:
    settling.new_state = inserts_stand (inserts, "started") ? "not there" : NULL;
    break;
  }
  if (holder_token) {
    settling.take_over = &lock;
    settling.holder_token = holder_token;
  } else if (look.sight == INSERT_FOUND) {
    settling.end_lock = &lock;
  }
  CRASH_POINT ("insert/before-settled");
  if (!settle_in_transaction (submission, end_insert, &settling, error))
    return SETTLED_FAILED;
  CRASH_POINT ("insert/after-settled");
  if (!settling.is_hit)
    return SETTLED_AGAIN;
  if (look.sight == INSERT_FOUND)
    return SETTLED_FOUND;
  return look.is_taken ? SETTLED_TAKEN : SETTLED_FREE;
}

/* --- Another child has the lock. --- */

static gint64
limit_ms (const Submission *submission)
{
  return bgs_client_read_timeout_ms (submission->bgs) +
         settings_number (run_settings (submission->run), "unknown-settle-ms");
}

static gboolean
wait_for_holder (Submission *submission, GError **error)
{
  guint waited = run_snoozes (submission->run);

  if (waited < G_N_ELEMENTS (finder_waits_ms))
    return run_snooze (submission->run, finder_waits_ms[waited],
                       "another claim of the Veteran is inserting", error);
  return run_look_later (submission->run, "another claim of the Veteran is inserting", error);
}

static gboolean
hold_behind (Submission *submission, gint64 holder, GError **error)
{
  g_autofree char *reason = g_strdup_printf ("behind %" G_GINT64_FORMAT, holder);

  return run_hold (submission->run, reason, holder, error);
}

/* TRUE: the row may be free, or is ours: try again. */
static gboolean
meet_holder (Submission *submission, GError **error)
{
  g_autoptr (DbRows) rows = NULL;
  g_autoptr (Inserts) inserts = NULL;
  g_autoptr (GError) problem = NULL;
  Lock lock = own_lock (submission);
  Settling settling = { 0 };
  gint64 holder, holder_token;
  Settled settled;
  Db *db = run_db_take (submission->run, error);

  if (!db)
    return FALSE;
  rows = db_query (db, error, SQL_LOCK_READ, "tt", lock.veteran, INSERT_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0 || db_rows_int (rows, 0, "claim_id") == lock.claim_id)
    return TRUE;
  holder = db_rows_int (rows, 0, "claim_id");
  holder_token = db_rows_int (rows, 0, "token");
  if (db_rows_boolean (rows, 0, "is_held"))
    return hold_behind (submission, holder, error);
  inserts = inserts_load (submission, holder, db_rows_text (rows, 0, "form_id"), error);
  if (!inserts)
    return FALSE;
  /* Read in two statements: what counts is compared again in the transaction that takes the row
   * over. */
  if (inserts_stand (inserts, "started")
          ? GUARD (SETTLE_WAIT) && inserts->age_ms < limit_ms (submission)
          : db_rows_int (rows, 0, "age_ms") < limit_ms (submission))
    return wait_for_holder (submission, error);

  if (!inserts_stand (inserts, "started")) { /* nothing is under way: only the row is left of it */
    settling.inserts = inserts;
    settling.token = inserts->token;
    settling.take_over = &lock;
    settling.holder_token = holder_token;
    CRASH_POINT ("lock/before-take-over");
    return settle_in_transaction (submission, end_insert, &settling, error);
  }
  settled = settle_insert (submission, inserts, holder_token, &problem);
  if (settled == SETTLED_UNCLEAR)
    return hold_behind (submission, holder, error);
  if (settled == SETTLED_NO_LOOK)
    return wait_for_holder (submission, error);
  if (settled == SETTLED_FAILED) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return TRUE;
}

/* --- The increment. --- */

static char *
ask_increment (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Submission *submission = data;

  return bgs_increment_find (submission->bgs, &submission->veteran->caller,
                             submission->veteran->participant_id,
                             increment_claim_type (submission->child->form_type), error);
}

static GPtrArray *
reserved_increments (Submission *submission, GError **error)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func ((GDestroyNotify)insert_note_free);
  g_autoptr (DbRows) rows = NULL;
  Db *db = run_db_take (submission->run, error);

  if (!db)
    return NULL;
  rows = db_query (db, error, SQL_RESERVED_INCREMENTS, "tit", submission->group->veteran_id,
                   submission->child->claim_id, INSERT_STEP);
  run_db_give (submission->run, db);
  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    InsertNote *note = insert_note_parse (db_rows_text (rows, i, "note"));

    if (note)
      g_ptr_array_add (notes, note);
  }
  return g_steal_pointer (&notes);
}

/* What BGS gives, or the next one when another child has sent that and does not know what came of
 * it. */
static char *
new_increment (Submission *submission, GError **error)
{
  g_autofree char *asked =
      run_read (submission->run, "find-increment", ask_increment, submission, error);
  g_autoptr (GPtrArray) reserved = NULL;
  g_autoptr (GPtrArray) claims = NULL;
  gboolean no_look;
  char *next;

  if (!asked)
    return NULL;
  reserved = reserved_increments (submission, error);
  if (!reserved)
    return NULL;
  if (!GUARD (RESERVED) || !is_reserved (asked, reserved))
    return g_steal_pointer (&asked);
  claims = find_claims (submission, submission->child->claim_id, &no_look, error);
  if (!claims)
    return NULL;
  next = increment_next_free (asked, claims, reserved);
  if (!next)
    g_set_error (error, SUBMISSION_ERROR, SUBMISSION_ERROR_INCREMENT,
                 "increments from %s on are taken or under way for another claim", asked);
  return next;
}

/* --- The insert. --- */

typedef struct {
  Submission *submission;
  BgsBenefitClaim claim;
  Lock lock;
} Insert;

static char *
call_insert (Run *run G_GNUC_UNUSED, gpointer data, GError **error)
{
  Insert *insert = data;

  return bgs_benefit_claim_insert (insert->submission->bgs, &insert->submission->veteran->caller,
                                   &insert->claim, error);
}

/* The start is conditional on the lock row being this delivery's own. */
static gboolean
check_lock (Settlement *settlement, Run *run, gpointer data, GError **error)
{
  const Insert *insert = data;
  guint count = 0;

  if (!db_execute (settlement_db (settlement), &count, error, SQL_LOCK_MARK, "tiit",
                   insert->lock.veteran, insert->lock.claim_id, insert->lock.token,
                   insert->claim.increment))
    return FALSE;
  if (count == 0 && GUARD (LOCK_CHECK) && GUARD (VETERAN_LOCK))
    return run_snooze (run, 1000, "the Veteran's lock has passed to another claim", error);
  return TRUE;
}

static gboolean
end_lock (Settlement *settlement, Run *run, gpointer data, GError **error)
{
  const Insert *insert = data;
  const Submission *submission = insert->submission;
  Db *db = settlement_db (settlement);
  g_autofree char *id = bgs_kept_value (settlement_step_result (settlement), "benefitClaimID");

  return record_benefit_claim (db, insert->lock.claim_id, submission->child->form_type,
                               run_attempt (run) + 1, id, error) &&
         db_execute (db, NULL, error, SQL_LOCK_END, "ti", insert->lock.veteran,
                     insert->lock.claim_id);
}

/* An insert that is sent again has to be the one that was sent before: code or data may have
 * changed under it. */
static gboolean
is_same_request (Submission *submission, const char *digest, const char *request)
{
  g_auto (GStrv) all = NULL;

  if (!digest)
    return TRUE;
  all = sealer_hmac_all (run_sealer (submission->run), "digest",
                         request); /* keys may have been rotated */
  return g_strv_contains ((const char *const *)all, digest);
}

/* @digest: of the insert that this one repeats; NULL: a first send */
static gboolean
send_insert (Submission *submission, const char *increment, const char *digest, GError **error)
{
  const EndProduct *product =
      decide_end_product (submission->child->form_type, submission_needs_review (submission),
                          submission->is_removal, submission->has_pension);
  Insert insert = {
    .submission = submission,
    .lock = own_lock (submission),
    .claim = {
      .file_number = submission->veteran->file_number,
      .ssn = submission->veteran->ssn,
      .corporate_participant_id = submission->veteran->participant_id,
      .claim_type = product->code,
      .claim_type_name = product->name,
      .first_name = submission->veteran->first_name,
      .last_name = submission->veteran->last_name,
      .address = submission->address,
      .office_number = submission->office_number,
      .received_day = submission->group->submission_day,
    },
  };
  const InsertNote note = { (char *)increment, (char *)product->code,
                            submission->group->submission_day };
  g_autofree char *note_text = insert_note_format (&note);
  /* Made without the increment, which stands in the note: another increment is no other request. */
  g_autofree char *request = bgs_benefit_claim_digest_text (&insert.claim);
  const Step step = {
    .name = INSERT_STEP,
    .request = request,
    .call = call_insert,
    .on_start = check_lock,
    .on_end = end_lock,
    .timeout_ms = bgs_client_read_timeout_ms (submission->bgs),
  };

  if (!is_same_request (submission, digest, request)) {
    g_set_error (error, PIPELINE_ERROR, PIPELINE_ERROR_DIGEST,
                 INSERT_STEP " was sent with another request");
    return FALSE;
  }
  insert.claim.increment = increment;
  run_step_note (submission->run, note_text);
  submission->benefit_claim = run_step (submission->run, &step, &insert, error);
  return submission->benefit_claim != NULL;
}

/* --- The story. --- */

/* What one delivery remembers of its rounds. */
typedef struct {
  char *again;   /* the increment to be sent again; NULL: ask for one */
  char *refused; /* the last one that BGS did not take */
  guint asked;
  gboolean repeat_was_refused;
} Rounds;

static void
rounds_clear (Rounds *rounds)
{
  g_free (rounds->again);
  g_free (rounds->refused);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rounds, rounds_clear)

typedef enum { ROUND_AGAIN, ROUND_DONE, ROUND_FAILED } Round;

static gboolean
take_finished (Submission *submission, const JournalRow *row)
{
  g_autoptr (InsertNote) note = insert_note_parse (row->note);

  submission->benefit_claim = g_strdup (row->result);
  submission->increment = note ? g_strdup (note->increment) : NULL;
  return submission->benefit_claim != NULL;
}

/* Our own insert was sent and is not known to have failed: wait until no request of it can act,
 * look, decide. */
static Round
settle_own (Submission *submission, const Inserts *inserts, Rounds *rounds, GError **error)
{
  const InsertNote *last = g_ptr_array_index (inserts->notes, inserts->notes->len - 1);
  gint64 rest = limit_ms (submission) - inserts->age_ms;
  g_autoptr (GError) problem = NULL;

  if (inserts_stand (inserts, "started") && rest > 0 && GUARD (SETTLE_WAIT)) {
    (void)run_snooze (submission->run, MIN (rest + 1, 60000), "the insert is not settled yet",
                      error);
    return ROUND_FAILED;
  }
  switch (settle_insert (submission, inserts, 0, &problem)) {
  case SETTLED_AGAIN:
  case SETTLED_FOUND:
    return ROUND_AGAIN;
  case SETTLED_FREE:
    g_free (rounds->again);
    rounds->again = GUARD (SAME_INC) ? g_strdup (last->increment) : NULL;
    return ROUND_DONE;
  case SETTLED_TAKEN:
    g_clear_pointer (&rounds->again, g_free);
    return ROUND_DONE;
  case SETTLED_UNCLEAR:
    (void)run_hold (submission->run, "the insert's benefit claim is not clear", 0, error);
    return ROUND_FAILED;
  case SETTLED_NO_LOOK:
    (void)run_look_later (submission->run, "the insert's outcome cannot be looked for", error);
    return ROUND_FAILED;
  case SETTLED_FAILED:
    break;
  }
  g_propagate_error (error, g_steal_pointer (&problem));
  return ROUND_FAILED;
}

/* BGS says that the increment is in use. On a first send it is somebody else's; on a repeat it may
 * be our own. */
static Round
after_refusal (Rounds *rounds, const char *increment, gboolean is_repeat, GError *problem,
               GError **error)
{
  gboolean same_twice = g_strcmp0 (rounds->refused, increment) == 0;

  g_free (rounds->refused);
  rounds->refused = g_strdup (increment);
  if (is_repeat && !rounds->repeat_was_refused) {
    rounds->repeat_was_refused = TRUE;
    g_error_free (problem);
    return ROUND_AGAIN;
  }
  if (is_repeat || same_twice || rounds->asked >= INCREMENTS_ASKED_MAX) {
    g_propagate_error (error, problem);
    return ROUND_FAILED;
  }
  g_error_free (problem);
  return ROUND_AGAIN;
}

static Round
send_round (Submission *submission, const Inserts *inserts, Rounds *rounds, GError **error)
{
  gboolean is_repeat = rounds->again != NULL;
  g_autofree char *increment = g_steal_pointer (&rounds->again);
  GError *problem = NULL;

  if (!increment) {
    increment = new_increment (submission, error);
    if (!increment)
      return ROUND_FAILED;
    rounds->asked++;
  }
  if (send_insert (submission, increment, is_repeat ? inserts->digest : NULL, &problem)) {
    g_free (submission->increment);
    submission->increment = g_steal_pointer (&increment);
    return ROUND_DONE;
  }
  if (bgs_benefit_claim_is_duplicate (problem))
    return after_refusal (rounds, increment, is_repeat, problem, error);
  if (g_error_matches (problem, PIPELINE_ERROR, PIPELINE_ERROR_UNKNOWN)) {
    /* No attempt is spent on an insert in doubt, and the row stays: the next delivery waits, looks,
     * and goes on. */
    (void)run_snooze (submission->run, 1000, problem->message, error);
    g_error_free (problem);
    return ROUND_FAILED;
  }
  g_propagate_error (error, problem);
  return ROUND_FAILED;
}

/* BGS says that the increment is taken, perhaps by our own first send, and shows no claim that has it. Its list may lag
 * behind; what must not happen is that the child dies of it, for then its claim would be established twice. */
static Round
refuse_to_guess (Submission *submission, const Rounds *rounds, GError **error)
{
  if (run_attempt (submission->run) + 1 >= LAG_ATTEMPTS_MAX)
    (void)run_hold (submission->run, "the insert is refused as a duplicate, and no claim is shown",
                    0, error);
  else
    g_set_error (error, SUBMISSION_ERROR, SUBMISSION_ERROR_INCREMENT,
                 "increment %s is refused as taken, and no claim has it", rounds->again);
  return ROUND_FAILED;
}

static Round
one_round (Submission *submission, Rounds *rounds, GError **error)
{
  Lock lock = own_lock (submission);
  const JournalRow *row;
  g_autoptr (Inserts) inserts = NULL;
  g_autoptr (GError) problem = NULL;
  Round round;

  row = run_journal_find (submission->run, NULL, INSERT_STEP, &problem);
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return ROUND_FAILED;
  }
  if (row && g_str_equal (row->state, "finished") && take_finished (submission, row))
    return ROUND_DONE;

  CRASH_POINT ("lock/before");
  if (!run_transaction (submission->run, take_lock, &lock, error))
    return ROUND_FAILED;
  CRASH_POINT ("lock/after");
  if (!lock.is_hit && GUARD (VETERAN_LOCK))
    return meet_holder (submission, error) ? ROUND_AGAIN : ROUND_FAILED;

  inserts = inserts_load (submission, lock.claim_id, submission->child->form_type, error);
  if (!inserts)
    return ROUND_FAILED;
  if (inserts_stand (
          inserts, "finished")) { /* an earlier delivery has had its answer between our two looks */
    release (submission);
    return ROUND_AGAIN;
  }
  if (inserts->notes->len > 0) {
    round = settle_own (submission, inserts, rounds, error);
    if (round != ROUND_DONE)
      return round;
    if (rounds->again && rounds->repeat_was_refused)
      return refuse_to_guess (submission, rounds, error);
  }
  return send_round (submission, inserts, rounds, error);
}

/* A verdict that leaves an insert in doubt keeps the Veteran's row, every other one frees it. The
 * statement itself refuses to free a row whose insert stands started. */
static gboolean
keeps_lock (const GError *error)
{
  return g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_HOLD) ||
         g_error_matches (error, PIPELINE_ERROR, PIPELINE_ERROR_LOST);
}

gboolean
establish_benefit_claim (Submission *submission, GError **error)
{
  g_auto (Rounds) rounds = { 0 };
  g_autoptr (GError) problem = NULL;

  for (guint i = 0; i < ROUNDS_MAX; i++) {
    switch (one_round (submission, &rounds, &problem)) {
    case ROUND_DONE:
      return TRUE;
    case ROUND_AGAIN:
      continue;
    case ROUND_FAILED:
      if (!keeps_lock (problem))
        release (submission);
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  }
  release (submission);
  return run_snooze (submission->run, 1000, "the Veteran's lock is much asked for", error);
}
