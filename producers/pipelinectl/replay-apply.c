/* pipelinectl replay apply, see replay.h. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "operator/audit.h"
#include "base/cleanup.h"
#include "confirm.h"
#include "output.h"
#include "pace.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/replay.sql.h"
#include "replay-file.h"
#include "replay.h"
#include "operator/revive.h"

#define PUBLISH_MS 30000

typedef struct {
  Program *program;
  const ReplayOrder *order;
  Db *lock; /* the connection whose end lets others apply it */
  ReplayReader *reader;
  json_t *totals;
  const char *plan;     /* its seal */
  GHashTable *recorded; /* numbers that an earlier apply has come to; keys are gint64 * */
  gint64 sent, refused;
  json_t *refusals;
} Applying;

static void
applying_clear (Applying *applying)
{
  g_clear_pointer (&applying->lock, db_close);
  g_clear_pointer (&applying->reader, replay_reader_free);
  g_clear_pointer (&applying->totals, json_decref);
  g_clear_pointer (&applying->recorded, g_hash_table_unref);
  g_clear_pointer (&applying->refusals, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Applying, applying_clear)

static gint64
total (const Applying *applying, const char *name)
{
  return json_integer_value (json_object_get (applying->totals, name));
}

/* --- One record --- */

typedef struct {
  const Applying *applying;
  gint64 n;
  const char *guid;
} Beside;

/* In the transaction that sends it. */
static gboolean
record_sent (Transaction *transaction, gint64 action_id G_GNUC_UNUSED, gpointer data,
             GError **error)
{
  const Beside *beside = data;

  return db_execute (transaction_db (transaction), NULL, error, SQL_REPLAY_RECORD, "tittt",
                     beside->applying->plan, beside->n, beside->guid, "sent", NULL);
}

static gboolean
record_refused (Applying *applying, const Beside *beside, const char *why, GError **error)
{
  Db *db = db_pool_take (program_pool (applying->program), error);
  gboolean is_written = db && db_execute (db, NULL, error, SQL_REPLAY_RECORD, "tittt",
                                          applying->plan, beside->n, beside->guid, "refused", why);

  db_pool_give (program_pool (applying->program), db);
  applying->refused++;
  (void)json_array_append_new (
      applying->refusals,
      json_pack ("{s:I,s:s,s:s}", "n", (json_int_t)beside->n, "group", beside->guid, "why", why));
  if (!applying->order->is_json)
    printf ("record %" G_GINT64_FORMAT ", group %s: refused: %s\n", beside->n, beside->guid, why);
  return is_written;
}

static const char *
member (const json_t *line, const char *name)
{
  return json_string_value (json_object_get (line, name));
}

static gboolean
send_one (Applying *applying, const json_t *line, gint64 n, GError **error)
{
  g_autofree char *subject =
      g_strdup_printf ("%s/%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, member (line, "topic"),
                       json_integer_value (json_object_get (line, "partition")),
                       json_integer_value (json_object_get (line, "offset")));
  Beside beside = { applying, n, member (line, "group") };
  ReviveOrder order = {
    .guid = beside.guid,
    .claim_id = json_integer_value (json_object_get (line, "claim_id")),
    .replays_max = (guint)total (applying, "replays_max"),
    .fingerprint = member (line, "fingerprint"),
    .action = "replay apply",
    .subject = subject,
    .reason = applying->order->reason,
    .beside = record_sent,
    .data = &beside,
  };
  g_autoptr (GError) problem = NULL;

  if (program_transaction (applying->program, revive_group, &order, &problem)) {
    applying->sent++;
    return TRUE;
  }
  if (problem->domain == REVIVE_ERROR)
    return record_refused (applying, &beside, problem->message, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* --- All --- */

/* FALSE without @error: a signal has ended it. */
static gboolean
send_all (Applying *applying, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Pace pace = { 0 };

  for (;;) {
    g_autoptr (json_t) line = replay_reader_next (applying->reader, &problem);
    gint64 n = line ? json_integer_value (json_object_get (line, "n")) : 0;

    if (problem) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (!line)
      return TRUE;
    if (!json_object_get (line, "fingerprint") || g_hash_table_contains (applying->recorded, &n))
      continue;
    if (pace_wait (&pace, applying->program, applying->order->rate) ||
        !send_one (applying, line, n, error))
      return FALSE;
  }
}

static gboolean
read_recorded (Applying *applying, Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_REPLAY_RECORDED, "t", applying->plan);

  if (!rows)
    return FALSE;
  applying->recorded = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 n = db_rows_int (rows, i, "n");

    g_hash_table_add (applying->recorded, g_memdup2 (&n, sizeof n));
  }
  return TRUE;
}

/* FALSE without @error: another process is at it. */
static gboolean
take_lock (Applying *applying, GError **error)
{
  const Settings *settings = program_settings_of (applying->program);
  g_autoptr (DbRows) rows = NULL;

  applying->lock = db_open (settings_text (settings, "database-url"), error);
  rows = applying->lock ? db_query (applying->lock, error, SQL_REPLAY_LOCK, "t", applying->plan)
                        : NULL;
  return rows && db_rows_boolean (rows, 0, "is_mine");
}

static gboolean
begin (Applying *applying, GError **error)
{
  Db *db = applying->lock;

  return db_execute (db, NULL, error, SQL_REPLAY_BEGIN, "ttii", applying->plan,
                     applying->order->reason, total (applying, "records"),
                     total (applying, "groups_to_send")) &&
         read_recorded (applying, db, error);
}

static int
tell (const Applying *applying, gboolean is_whole)
{
  gint64 before = g_hash_table_size (applying->recorded);

  if (applying->order->is_json) {
    g_autoptr (json_t) document = json_pack (
        "{s:s,s:I,s:I,s:I,s:b,s:O}", "plan", applying->plan, "sent", (json_int_t)applying->sent,
        "refused", (json_int_t)applying->refused, "done_before", (json_int_t)before, "is_whole",
        (int)is_whole, "refusals", applying->refusals);

    print_json (document);
  } else {
    printf ("%" G_GINT64_FORMAT " groups sent, %" G_GINT64_FORMAT " refused, %" G_GINT64_FORMAT
            " before\n",
            applying->sent, applying->refused, before);
  }
  if (!is_whole)
    return complain (EXIT_FAILED, "ended before its end: the same command goes on from here");
  return applying->refused > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int
carry_out (Applying *applying, GError **error)
{
  gboolean is_whole;

  if (!take_lock (applying, error))
    return error && *error ? EXIT_FAILED
                           : complain (EXIT_FAILED, "another process is applying this plan");
  if (!begin (applying, error))
    return EXIT_FAILED;
  is_whole = send_all (applying, error);
  if ((error && *error) || !program_flush (applying->program, PUBLISH_MS, error) ||
      (is_whole && !db_execute (applying->lock, NULL, error, SQL_REPLAY_END, "t", applying->plan)))
    return EXIT_FAILED;
  return tell (applying, is_whole);
}

int
replay_apply (Program *program, const ReplayOrder *order, GError **error)
{
  g_auto (Applying) applying = { .program = program, .order = order, .refusals = json_array () };
  g_autofree char *question = NULL;

  applying.reader =
      replay_reader_new (order->path, program_sealer (program), &applying.totals, error);
  if (!applying.reader)
    return EXIT_USAGE;
  applying.plan = member (applying.totals, "seal");
  question = g_strdup_printf ("%" G_GINT64_FORMAT " groups of %" G_GINT64_FORMAT
                              " records are sent on their way again.",
                              total (&applying, "groups_to_send"), total (&applying, "records"));
  if (total (&applying, "groups_to_send") > 0 && !confirm (order->is_yes, question))
    return EXIT_USAGE;
  return carry_out (&applying, error);
}
