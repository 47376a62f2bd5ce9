/* pipelinectl resolve: a person's answer about a claim that is held.
 *
 *   --adopt ID    this benefit claim is the claim's own: journalled as the result of its insert, the rest goes on
 *   --not-there   none of the benefit claims is: the insert counts as failed, another one is sent
 *   --again       look and try again; what stands in doubt may be repeated although code or data changed under it
 *   --paper       the claim goes the backup way: dead letter, the group fails
 *
 * Answer, new record (or dead letter), the holds it closes and those that stood behind it: one
 * transaction. A held proc-setup is named by its group's parent claim and takes --again or --paper.
 * The reason is kept with the hold and goes nowhere else, for it is a person's free text. Source:
 * lib/pipeline/README.md, rules 6 and 7. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "claims/claim-group.h"
#include "claims/insert-record.h"
#include "kafka/client.h"
#include "program/claim-record.h"
#include "program/program.h"
#include "program/record.h"
#include "program/journal.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/resolve.sql.h"

#define REASON_MAX    500
#define PUBLISH_MS    30000
#define ID_DIGITS_MAX 18

#define RESOLVE_ERROR (resolve_error_quark ())
typedef enum {
  RESOLVE_ERROR_REFUSED,
} ResolveError;
static G_DEFINE_QUARK (resolve_error_quark, resolve_error)

    typedef enum {
      ANSWER_ADOPT,
      ANSWER_NOT_THERE,
      ANSWER_AGAIN,
      ANSWER_PAPER
    } Answer;

static const char *const answer_names[] = { [ANSWER_ADOPT] = "adopt",
                                            [ANSWER_NOT_THERE] = "not-there",
                                            [ANSWER_AGAIN] = "again",
                                            [ANSWER_PAPER] = "paper" };

typedef struct {
  Program *program;
  gint64 claim_id;
  Answer answer;
  const char *adopted_id;
  gboolean is_seen; /* a person has looked at it in BGS */
  const char *reason;
  /* Read before the transaction, for it says which row to lock first; never changes */
  char *veteran_id;
  char *guid;
  guint freed; /* claims that stood behind this one */
} Resolve;

static const Setting *const tables[] = { program_settings, kafka_settings, seal_settings,
                                         db_settings, NULL };

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, RESOLVE_ERROR, RESOLVE_ERROR_REFUSED, why);
  return FALSE;
}

/* --- Records --- */

/* Its replay number is one above the group's, so that it is told from the record that is held. */
static gboolean
emit_again (Transaction *transaction, const ClaimRecord *found, GError **error)
{
  transaction_set_origin (transaction, NULL, found->replay + 1);
  return claim_record_emit (transaction, found, error);
}

static gboolean
emit_dead_letter (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found,
                  GError **error)
{
  g_autoptr (GBytes) value = claim_record_encode (transaction->writer, found, error);
  g_autofree char *scope = claim_record_scope (found);
  g_autofree char *topic = program_topic (resolve->program, claim_record_topic (found));
  g_autofree char *source =
      g_strconcat (topic, "/-1/-1", NULL); /* the record itself is not at hand */
  g_autofree char *steps = NULL;
  gboolean is_in_doubt = FALSE;

  if (!value ||
      !journal_in_effect (transaction_db (transaction), scope, INSERT_STEP, &steps, &is_in_doubt,
                          error) ||
      !transaction_emit (transaction, "claims.dead-letter", found->veteran_id, value, error))
    return FALSE;
  transaction_emit_scope (transaction, scope);
  transaction_emit_header (transaction, RECORD_SOURCE, source);
  transaction_emit_header (transaction, RECORD_REASON, "a person sent it by paper");
  transaction_emit_header (transaction, RECORD_ERROR_CLASS, "resolved-paper");
  transaction_emit_header (transaction, RECORD_STEPS, steps);
  if (is_in_doubt)
    transaction_emit_header (transaction, RECORD_INSERT, "unknown");
  return transaction_monitoring_event (transaction, "dead-letter", found->guid,
                                       claim_record_is_group (found) ? 0 : found->claim_id,
                                       "resolved-paper", error);
}

/* --- What each answer writes --- */

/* Of a claim that a person names only its type is known, from the note of the insert that was
 * sent. */
static char *
kept_insert (const char *benefit_claim_id, const char *note_text)
{
  g_autoptr (InsertNote) note = insert_note_parse (note_text);
  const InsertResult result = { .benefit_claim_id = benefit_claim_id,
                                .claim_type = note ? note->claim_type : NULL };

  return insert_result_format (&result);
}

/* Writes the insert's end into its newest row, or into a new one where none is open. */
static gboolean
journal_adoption (const Resolve *resolve, Db *db, Transaction *transaction,
                  const ClaimRecord *found, GError **error)
{
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, found->claim_id);
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_NEWEST_INSERT, "it", found->claim_id, INSERT_STEP);
  g_autoptr (DbRows) fresh = NULL;
  gboolean has_row = rows && db_rows_count (rows) == 1;
  g_autofree char *state = NULL, *result = NULL;
  gint64 ordinal, token;
  gboolean is_hit = FALSE;

  if (!rows)
    return FALSE;
  state = g_strdup (has_row ? db_rows_text (rows, 0, "state") : "");
  ordinal = has_row ? db_rows_int (rows, 0, "ordinal") : 0;
  token = has_row ? db_rows_int (rows, 0, "token") : 0;
  if (g_str_equal (state, "finished"))
    return refuse (error, "the claim's insert has finished by itself: use --again");
  if (!g_str_equal (state, "started") && !g_str_equal (state, "not there")) {
    fresh = db_query (db, error, SQL_BEGIN_INSERT, "iti", found->claim_id, INSERT_STEP, ++ordinal);
    if (!fresh)
      return FALSE;
    token = db_rows_int (fresh, 0, "token");
    g_free (g_steal_pointer (&state));
    state = g_strdup ("started");
  }
  result = kept_insert (resolve->adopted_id, has_row ? db_rows_text (rows, 0, "note") : NULL);
  if (!journal_end_step (transaction, scope, INSERT_STEP, (int)ordinal, token, state, "finished",
                         result, NULL, &is_hit, error))
    return FALSE;
  return is_hit || refuse (error, "the insert's journal has changed meanwhile: try again");
}

static gboolean
adopt (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found, GError **error)
{
  Db *db = transaction_db (transaction);
  g_autoptr (DbRows) elsewhere = NULL, attempt = NULL, seen = NULL;

  if (g_strcmp0 (found->state, "submitted") == 0)
    return g_strcmp0 (found->benefit_claim_id, resolve->adopted_id) == 0 ||
           refuse (error, "the claim is submitted with another benefit claim");

  elsewhere =
      db_query (db, error, SQL_RECORDED_ELSEWHERE, "ti", resolve->adopted_id, found->claim_id);
  if (!elsewhere)
    return FALSE;
  if (db_rows_count (elsewhere) > 0)
    return refuse (error, "another claim has this benefit claim");
  seen = db_query (db, error, SQL_IS_SEEN, "it", found->claim_id, resolve->adopted_id);
  if (!seen)
    return FALSE;
  if (!resolve->is_seen && !db_rows_boolean (seen, 0, "is_seen"))
    return refuse (error, "nothing written down about this claim names this benefit claim: look at "
                          "it in BGS, then add --seen-at-bgs");
  if (!journal_adoption (resolve, db, transaction, found, error))
    return FALSE;
  attempt = db_query (db, error, SQL_LAST_ATTEMPT, "i", found->claim_id);
  return attempt &&
         claim_attempt_record (db, found->claim_id, found->form_type,
                               (guint)db_rows_int (attempt, 0, "attempt_no"), "submitted",
                               resolve->adopted_id, NULL, NULL, error) &&
         db_execute (db, NULL, error, SQL_FREE_VETERAN, "i", found->claim_id);
}

/* For the claim, and for its group's own steps that it may have been working on. */
static gboolean
allow_again (Db *db, const ClaimRecord *found, GError **error)
{
  g_autofree char *scope = g_strdup_printf ("%" G_GINT64_FORMAT, found->claim_id);
  char *scopes[] = { scope, found->guid, NULL };

  return db_execute (db, NULL, error, SQL_FORGET_DIGESTS, "T", scopes);
}

static gboolean
to_pending (Transaction *transaction, const ClaimRecord *found, const char *why, GError **error)
{
  if (claim_record_is_group (found) || !g_str_equal (found->state, "held"))
    return TRUE;
  return transaction_change_child (transaction, found->guid, found->claim_id, "pending", why,
                                   error);
}

/* Only the death that moves the group sends it the backup way. */
static gboolean
send_by_paper (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found,
               GError **error)
{
  if (g_str_equal (found->state, "submitted"))
    return refuse (error, "the claim has a benefit claim: by paper it would be established twice");
  if (!db_execute (transaction_db (transaction), NULL, error, SQL_FREE_VETERAN, "i",
                   found->claim_id))
    return FALSE;
  if (!claim_record_is_group (found) &&
      !transaction_change_child (transaction, found->guid, found->claim_id, "dead",
                                 "resolved-paper", error))
    return FALSE;
  if (!g_str_equal (found->group_state, "accepted"))
    return TRUE;
  return transaction_change_group (transaction, found->guid, "failure", "resolved-paper", error) &&
         emit_dead_letter (resolve, transaction, found, error);
}

static gboolean
write_answer (const Resolve *resolve, Transaction *transaction, const ClaimRecord *found,
              GError **error)
{
  Db *db = transaction_db (transaction);
  gboolean is_written = FALSE;

  switch (resolve->answer) {
  case ANSWER_ADOPT:
    is_written = adopt (resolve, transaction, found, error);
    break;
  case ANSWER_NOT_THERE:
    is_written =
        db_execute (db, NULL, error, SQL_INSERT_DID_NOT_HAPPEN, "it", found->claim_id, INSERT_STEP);
    break;
  case ANSWER_AGAIN:
    is_written = allow_again (db, found, error);
    break;
  case ANSWER_PAPER:
    return send_by_paper (resolve, transaction, found, error);
  }
  return is_written && to_pending (transaction, found, "resolved", error) &&
         emit_again (transaction, found, error);
}

/* --- What stood behind it --- */

static gboolean
free_one (Resolve *resolve, Transaction *transaction, gint64 claim_id, GError **error)
{
  g_autoptr (ClaimRecord) behind =
      claim_record_find (transaction_db (transaction), claim_id, error);

  if (!behind || !g_str_equal (behind->state, "held"))
    return !error || !*error;
  resolve->freed++;
  return to_pending (transaction, behind, "freed", error) &&
         emit_again (transaction, behind, error);
}

static gboolean
free_those_behind (Resolve *resolve, Transaction *transaction, GError **error)
{
  g_autofree char *resolution = g_strdup_printf ("freed with %" G_GINT64_FORMAT, resolve->claim_id);
  g_autoptr (DbRows) rows = db_query (transaction_db (transaction), error, SQL_RESOLVE_HOLDS_BEHIND,
                                      "it", resolve->claim_id, resolution);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (!free_one (resolve, transaction, db_rows_int (rows, i, "claim_id"), error))
      return FALSE;
  return TRUE;
}

/* --- The transaction --- */

static gboolean
lock_rows (const Resolve *resolve, Db *db, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();
  g_autoptr (DbRows) behind = NULL;

  if (!db_execute (db, NULL, error, SQL_LOCK_VETERAN, "t", resolve->veteran_id))
    return FALSE;
  behind = db_query (db, error, SQL_GROUPS_BEHIND, "i", resolve->claim_id);
  if (!behind)
    return FALSE;
  g_ptr_array_add (guids, resolve->guid);
  for (guint i = 0; i < db_rows_count (behind); i++)
    g_ptr_array_add (guids, (gpointer)db_rows_text (behind, i, "claim_group_guid"));
  g_ptr_array_add (guids, NULL);
  return claim_groups_lock (db, (char **)guids->pdata, error);
}

static gboolean
is_decidable (const Resolve *resolve, Db *db, const ClaimRecord *found, GError **error)
{
  g_autoptr (DbRows) holds = db_query (db, error, SQL_COUNT_HOLDS, "i", resolve->claim_id);

  if (!holds)
    return FALSE;
  if (db_rows_int (holds, 0, "count") == 0)
    return refuse (error, "no person has to decide about this claim");
  if (claim_record_is_group (found))
    return resolve->answer == ANSWER_AGAIN || resolve->answer == ANSWER_PAPER ||
           refuse (error, "a group's set-up has no insert: use --again or --paper");
  if (g_str_equal (found->state, "submitted"))
    return resolve->answer != ANSWER_NOT_THERE ||
           refuse (error, "the claim is submitted: use --again, or --adopt with its benefit claim");
  return g_str_equal (found->state, "held") ||
         refuse (error, "the claim is not held: nothing of it waits for an answer");
}

/* A TransactionWork; run again from the start after a conflict. */
static gboolean
resolve_claim (Transaction *transaction, gpointer data, GError **error)
{
  Resolve *resolve = data;
  Db *db = transaction_db (transaction);
  g_autofree char *resolution =
      g_strdup_printf ("%s: %s", answer_names[resolve->answer], resolve->reason);
  g_autoptr (ClaimRecord) found = NULL;

  resolve->freed = 0;
  if (!lock_rows (resolve, db, error))
    return FALSE;
  found = claim_record_find (db, resolve->claim_id, error);
  if (!found)
    return error && *error ? FALSE : refuse (error, "the claim is gone");
  return is_decidable (resolve, db, found, error) &&
         write_answer (resolve, transaction, found, error) &&
         db_execute (db, NULL, error, SQL_RESOLVE_HOLDS, "it", resolve->claim_id, resolution) &&
         free_those_behind (resolve, transaction, error);
}

static int
find_and_resolve (Resolve *resolve, GError **error)
{
  Db *db = db_pool_take (program_pool (resolve->program), error);
  g_autoptr (ClaimRecord) found = db ? claim_record_find (db, resolve->claim_id, error) : NULL;

  db_pool_give (program_pool (resolve->program), db);
  if (!found)
    return error && *error ? EXIT_FAILED : complain (EXIT_NOT_FOUND, "there is no such claim");
  resolve->veteran_id = g_steal_pointer (&found->veteran_id);
  resolve->guid = g_steal_pointer (&found->guid);
  if (!program_transaction (resolve->program, resolve_claim, resolve, error) ||
      !program_flush (resolve->program, PUBLISH_MS, error))
    return EXIT_FAILED;
  printf ("claim %" G_GINT64_FORMAT ": %s; %u behind it freed\n", resolve->claim_id,
          answer_names[resolve->answer], resolve->freed);
  return EXIT_DONE;
}

/* --- The command line --- */

typedef struct {
  char *adopt, *reason;
  gboolean seen;
  gboolean not_there, again, paper;
} Given;

static gboolean
read_answer (const Given *given, Resolve *resolve)
{
  if ((given->adopt != NULL) + given->not_there + given->again + given->paper != 1)
    (void)complain (EXIT_USAGE, "give one of --adopt ID, --not-there, --again and --paper");
  else if (text_is_blank (given->reason) || g_utf8_strlen (given->reason, -1) > REASON_MAX)
    (void)complain (EXIT_USAGE, "--reason must say why, in up to %d characters", REASON_MAX);
  else if (given->adopt && (strspn (given->adopt, "0123456789") != strlen (given->adopt) ||
                            !*given->adopt || strlen (given->adopt) > ID_DIGITS_MAX))
    (void)complain (EXIT_USAGE, "--adopt takes a benefit claim id, a number");
  else {
    resolve->answer = given->adopt       ? ANSWER_ADOPT
                      : given->not_there ? ANSWER_NOT_THERE
                      : given->again     ? ANSWER_AGAIN
                                         : ANSWER_PAPER;
    resolve->adopted_id = given->adopt;
    resolve->is_seen = given->seen;
    resolve->reason = given->reason;
    return TRUE;
  }
  return FALSE;
}

int
resolve_main (int argc, char **argv)
{
  g_autofree char *adopt_id = NULL, *reason = NULL;
  Given given = { 0 };
  const GOptionEntry options[] = {
    { "seen-at-bgs", 0, 0, G_OPTION_ARG_NONE, &given.seen,
      "You have looked at the benefit claim in BGS: needed for --adopt of one that nothing here "
      "has "
      "seen.",
      NULL },
    { "adopt", 0, 0, G_OPTION_ARG_STRING, &adopt_id, "This benefit claim is the claim's own.",
      "ID" },
    { "not-there", 0, 0, G_OPTION_ARG_NONE, &given.not_there,
      "The insert did not happen: another one is sent.", NULL },
    { "again", 0, 0, G_OPTION_ARG_NONE, &given.again, "Look and try again.", NULL },
    { "paper", 0, 0, G_OPTION_ARG_NONE, &given.paper, "The claim goes by paper.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; kept with the hold.", "TEXT" },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("CLAIM", "Writes down what a person has decided about a held claim.",
                         options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  Resolve resolve = { 0 };
  int exit_code;

  given.adopt = adopt_id;
  given.reason = reason;
  if (argc != 2 || !parse_int64 (argv[1], 1, G_MAXINT64, &resolve.claim_id))
    return complain (EXIT_USAGE, "resolve takes one claim id, a number");
  if (!read_answer (&given, &resolve))
    return EXIT_USAGE;

  resolve.program = program_start ("pipelinectl", settings, &error);
  if (!resolve.program)
    return complain (EXIT_FAILED, "%s", error->message);
  exit_code = find_and_resolve (&resolve, &error);
  program_stop (resolve.program);
  g_free (resolve.veteran_id);
  g_free (resolve.guid);
  return error ? complain (exit_code, "%s", error->message) : exit_code;
}
