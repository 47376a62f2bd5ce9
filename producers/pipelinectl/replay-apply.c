/* pipelinectl replay apply, see replay.h. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "confirm.h"
#include "output.h"
#include "pace.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/replay.sql.h"
#include "replay-file.h"
#include "replay.h"
#include "operator/replay.h"
#include "transact.h"

#define PUBLISH_MS 30000

typedef struct {
  Program *program;
  const ReplayOrder *order;
  Db *lock; /* the connection whose end lets others apply it */
  ReplayReader *reader;
  json_t *totals;
  const char *plan; /* its seal */
  ReplayWork work;
  GHashTable *recorded; /* numbers that an earlier apply has come to; keys are gint64 * */
  gint64 sent, refused, locked;
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

static const char *
member (const json_t *line, const char *name)
{
  return json_string_value (json_object_get (line, name));
}

static gint64
number (const json_t *line, const char *name)
{
  return json_integer_value (json_object_get (line, name));
}

/* --- One record --- */

static void
tell_refusal (Applying *applying, const ReplayRecord *record, const char *why)
{
  applying->refused++;
  (void)json_array_append_new (
      applying->refusals,
      json_pack ("{s:I,s:s,s:s}", "n", (json_int_t)record->n, "group", record->guid, "why", why));
  if (!applying->order->is_json)
    printf ("record %" G_GINT64_FORMAT ", group %s: refused: %s\n", record->n, record->guid, why);
}

/* A stranger's lock on one row is no reason to leave the others; it has no outcome yet. */
static void
tell_locked (Applying *applying, const ReplayRecord *record)
{
  applying->locked++;
  fprintf (stderr, "record %" G_GINT64_FORMAT ", group %s: not sent: somebody has a lock on it\n",
           record->n, record->guid);
}

static gboolean
send_one (Applying *applying, const ReplayRecord *record, GError **error)
{
  g_autofree char *why = NULL;

  GError *problem = NULL;

  switch (replay_send (&applying->work, record, &why, &problem)) {
  case REPLAY_SENT:
    applying->sent++;
    return TRUE;
  case REPLAY_REFUSED:
    tell_refusal (applying, record, why);
    return TRUE;
  case REPLAY_WAS_DONE:
    return TRUE;
  case REPLAY_FAILED:
    if (g_error_matches (problem, DB_ERROR, DB_ERROR_TIMEOUT)) {
      tell_locked (applying, record);
      g_error_free (problem);
      return TRUE;
    }
    g_propagate_error (error, problem);
    return FALSE;
  }
  g_assert_not_reached ();
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
    g_autoptr (ReplayRecord) record = line ? replay_line_record (line) : NULL;

    if (problem) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    if (!line)
      return applying->locked == 0;
    if (!record || g_hash_table_contains (applying->recorded, &record->n))
      continue;
    if (pace_wait (&pace, applying->program, applying->order->rate) ||
        !send_one (applying, record, error))
      return FALSE;
  }
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
  applying->work = (ReplayWork){ .transact = transact,
                                 .owner = applying->program,
                                 .db = applying->lock,
                                 .plan = applying->plan,
                                 .reason = applying->order->reason,
                                 .replays_max = (guint)number (applying->totals, "replays_max") };
  if (!replay_begin (&applying->work, number (applying->totals, "records"),
                     number (applying->totals, "groups_to_send"), error))
    return FALSE;
  applying->recorded = replay_recorded (applying->lock, applying->plan, error);
  return applying->recorded != NULL;
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
      (is_whole && !replay_end (applying->lock, applying->plan, error)))
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
  question = g_strdup_printf (
      "%" G_GINT64_FORMAT " groups of %" G_GINT64_FORMAT " records are sent on their way again.",
      number (applying.totals, "groups_to_send"), number (applying.totals, "records"));
  if (number (applying.totals, "groups_to_send") > 0 && !confirm (order->is_yes, question))
    return EXIT_USAGE;
  return carry_out (&applying, error);
}
