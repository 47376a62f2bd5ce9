/* pipelinectl replay offer, see replay.h. */
#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "confirm.h"
#include "operator/audit.h"
#include "operator/replay.h"
#include "output.h"
#include "pipelinectl.h"
#include "replay-file.h"
#include "replay.h"

#define BATCH_MAX 1000

typedef struct {
  Program *program;
  const ReplayOrder *order;
  ReplayReader *reader;
  json_t *totals;
  gboolean is_new;
} Offering;

static void
offering_clear (Offering *offering)
{
  g_clear_pointer (&offering->reader, replay_reader_free);
  g_clear_pointer (&offering->totals, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Offering, offering_clear)

static const char *
plan_of (const Offering *offering)
{
  return json_string_value (json_object_get (offering->totals, "seal"));
}

static void
record_free (gpointer record)
{
  replay_record_free (record);
}

static gboolean
read_batch (Offering *offering, GPtrArray *batch, GError **error)
{
  GError *problem = NULL;

  while (batch->len < BATCH_MAX) {
    g_autoptr (json_t) line = replay_reader_next (offering->reader, &problem);
    ReplayRecord *record = line ? replay_line_record (line) : NULL;

    if (!line)
      break;
    if (record)
      g_ptr_array_add (batch, record);
  }
  if (problem)
    g_propagate_error (error, problem);
  return !problem;
}

static gboolean
write_records (Offering *offering, Db *db, GError **error)
{
  for (;;) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func (record_free);

    if (!read_batch (offering, batch, error))
      return FALSE;
    if (batch->len == 0)
      return TRUE;
    if (!replay_offer_records (db, plan_of (offering), batch, error))
      return FALSE;
  }
}

/* A DbWork; begun again it reads the file from its beginning. */
static gboolean
offer (Db *db, gpointer data, GError **error)
{
  Offering *offering = data;
  const Action action = { .action = "replay offer",
                          .subject = plan_of (offering),
                          .reason = offering->order->reason };

  if (!replay_offer (db, offering->totals, offering->order->reason, &offering->is_new, error))
    return FALSE;
  if (!offering->is_new)
    return TRUE;
  return replay_reader_rewind (offering->reader, error) && write_records (offering, db, error) &&
         audit_write (db, &action, NULL, error);
}

static int
tell (const Offering *offering)
{
  if (offering->order->is_json) {
    g_autoptr (json_t) document = json_pack (
        "{s:s,s:O,s:b}", "plan", plan_of (offering), "groups_to_send",
        json_object_get (offering->totals, "groups_to_send"), "is_new", (int)offering->is_new);

    print_json (document);
    return EXIT_DONE;
  }
  puts (offering->is_new ? "the plan is on the page, under Replays; it is applied there"
                         : "the plan was offered before");
  return EXIT_DONE;
}

int
replay_offer_file (Program *program, const ReplayOrder *order, GError **error)
{
  g_auto (Offering) offering = { .program = program, .order = order };
  g_autofree char *question = NULL;
  gint64 to_send;
  gboolean is_written;
  Db *db;

  offering.reader =
      replay_reader_new (order->path, program_sealer (program), &offering.totals, error);
  if (!offering.reader)
    return EXIT_USAGE;
  to_send = json_integer_value (json_object_get (offering.totals, "groups_to_send"));
  if (to_send == 0)
    return complain (EXIT_NOT_FOUND, "the plan sends no group: there is nothing to offer");
  question = g_strdup_printf ("Whoever may act on the page can then send %" G_GINT64_FORMAT
                              " groups on their way again.",
                              to_send);
  if (!confirm (order->is_yes, question))
    return EXIT_USAGE;
  db = db_pool_take (program_pool (program), error);
  is_written = db && db_transaction (db, offer, &offering, error);
  db_pool_give (program_pool (program), db);
  return is_written ? tell (&offering) : EXIT_FAILED;
}
