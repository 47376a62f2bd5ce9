/* pipelinectl redrive: claim groups whose records have come to a dead end are sent on their way
 * again, each in a transaction of its own, at a bounded rate.
 *
 *   redrive ID…           those dead ends, as dead-letters and quarantine tell them
 *   redrive --cause CLASS all of one cause
 *   redrive --all         all that were not redriven yet
 *
 * Shows what it would do first. A group that may not is named, and why. SIGINT ends it after the
 * group in hand; what is redriven is marked, so it may be given again. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "operator/dead-ends.h"
#include "operator/redrive.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "confirm.h"
#include "kafka/client.h"
#include "output.h"
#include "pace.h"
#include "pipelinectl.h"
#include "transact.h"

#define RATE_DEFAULT 50 /* groups a second */
#define PUBLISH_MS   30000

static const Setting *const tables[] = { program_settings, kafka_settings, seal_settings,
                                         db_settings, NULL };

typedef struct {
  Program *program;
  char *cause, *reason;
  GArray *ids; /* of gint64; empty: all */
  gboolean is_all, is_yes, is_json;
  int rate, replays_max;
  GPtrArray *cases; /* of RedriveCase * */
  json_t *others;   /* ids that name nothing to redrive, told as redrive_tell() tells a case */
  GPtrArray *tried; /* of those cases, what the plan did not refuse; borrowed */
} Redrive;

/* --- What would be done --- */

static gboolean
is_case (const Redrive *redrive, gint64 id)
{
  for (guint i = 0; i < redrive->cases->len; i++)
    if (((const RedriveCase *)g_ptr_array_index (redrive->cases, i))->id == id)
      return TRUE;
  return FALSE;
}

/* Of an id that was given and is no case. NULL: its group goes with another one's record. */
static const char *
why_no_case (const json_t *record)
{
  if (!record)
    return "there is no such record";
  if (!json_is_null (json_object_get (record, "closed_at")))
    return "it is closed";
  if (!json_is_null (json_object_get (record, "redriven_at")))
    return "it was redriven before";
  return NULL;
}

/* Whoever names one is told what becomes of it. */
static gboolean
tell_others (Redrive *redrive, Db *db, char **topics, GError **error)
{
  for (guint i = 0; i < redrive->ids->len; i++) {
    gint64 id = g_array_index (redrive->ids, gint64, i);
    g_autoptr (json_t) record = NULL;
    GError *problem = NULL;
    const char *why;

    if (is_case (redrive, id))
      continue;
    record = dead_ends_get (db, topics, id, NULL, &problem);
    if (problem) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    why = why_no_case (record);
    if (why)
      (void)json_array_append_new (
          redrive->others, json_pack ("{s:I,s:n,s:n,s:s,s:b,s:s}", "id", (json_int_t)id, "group",
                                      "cause", "what", "nothing", "done", 0, "why", why));
  }
  return TRUE;
}

static gboolean
find_cases (Redrive *redrive, Db *db, GError **error)
{
  g_auto (GStrv) topics =
      dead_ends_topics (program_settings_of (redrive->program), DEAD_ENDS_OF_ALL_KINDS);
  const RedriveQuestion question = { .topics = topics,
                                     .ids = redrive->ids,
                                     .cause = redrive->cause,
                                     .replays_max = (guint)redrive->replays_max };

  redrive->cases = redrive_find (db, &question, error);
  return redrive->cases && tell_others (redrive, db, topics, error);
}

static guint
count_to_do (const Redrive *redrive)
{
  guint count = 0;

  for (guint i = 0; i < redrive->cases->len; i++)
    count += redrive_is_to_do (g_ptr_array_index (redrive->cases, i));
  return count;
}

static guint
count_all (const Redrive *redrive)
{
  return redrive->cases->len + (guint)json_array_size (redrive->others);
}

static void
show_plan (const Redrive *redrive)
{
  for (guint i = 0; i < redrive->cases->len; i++) {
    const RedriveCase *it = g_ptr_array_index (redrive->cases, i);

    fprintf (stderr, "%-6" G_GINT64_FORMAT " %s  %s: %s (%s)\n", it->id,
             it->guid ? it->guid : "of no group", revive_kind_name (it->kind), it->why, it->cause);
  }
  for (gsize i = 0; i < json_array_size (redrive->others); i++) {
    const json_t *it = json_array_get (redrive->others, i);

    fprintf (stderr, "%-6" JSON_INTEGER_FORMAT " nothing: %s\n",
             json_integer_value (json_object_get (it, "id")),
             json_string_value (json_object_get (it, "why")));
  }
}

/* --- Done --- */

/* FALSE without @error: a signal ended it. */
static gboolean
redrive_all (Redrive *redrive, GError **error)
{
  const RedriveOrder order = { .transact = transact,
                               .owner = redrive->program,
                               .reason = redrive->reason,
                               .replays_max = (guint)redrive->replays_max };
  Pace pace = { 0 };

  for (guint i = 0; i < redrive->cases->len; i++) {
    RedriveCase *it = g_ptr_array_index (redrive->cases, i);

    if (!redrive_is_to_do (it))
      continue;
    g_ptr_array_add (redrive->tried, it);
    if (pace_wait (&pace, redrive->program, redrive->rate) || !redrive_one (&order, it, error))
      return FALSE;
  }
  return TRUE;
}

/* How many were sent. */
static guint
print_result (const Redrive *redrive)
{
  g_autoptr (json_t) all = json_array ();
  guint done = 0;

  for (guint i = 0; i < redrive->cases->len; i++) {
    const RedriveCase *it = g_ptr_array_index (redrive->cases, i);
    json_t *told = redrive_tell (it, TRUE);

    (void)json_array_append_new (all, told);
    done += it->is_done ? 1 : 0;
    /* What the plan refused has been told. */
    if (!redrive->is_json && !it->is_done && g_ptr_array_find (redrive->tried, it, NULL))
      printf ("%s: not redriven: %s\n", it->guid ? it->guid : "of no group",
              json_string_value (json_object_get (told, "why")));
  }
  (void)json_array_extend (all, redrive->others);
  if (redrive->is_json)
    print_json (all);
  else
    printf ("%u of %u sent on their way again\n", done, count_all (redrive));
  return done;
}

static int
carry_out (Redrive *redrive, GError **error)
{
  Db *db = db_pool_take (program_pool (redrive->program), error);
  gboolean is_found = db && find_cases (redrive, db, error);
  g_autofree char *question = NULL;
  guint count;
  gboolean is_whole;

  db_pool_give (program_pool (redrive->program), db);
  if (!is_found)
    return EXIT_FAILED;
  show_plan (redrive);
  if (redrive->cases->len == 0)
    return complain (EXIT_NOT_FOUND, "there is nothing of that kind to redrive");
  count = count_to_do (redrive);
  question =
      g_strdup_printf ("%u of %u groups are sent on their way again.", count, count_all (redrive));
  if (count > 0 && !confirm (redrive->is_yes, question))
    return EXIT_USAGE;
  is_whole = redrive_all (redrive, error);
  count = print_result (redrive);
  if (!program_flush (redrive->program, PUBLISH_MS, error && *error ? NULL : error) || !is_whole)
    return EXIT_FAILED;
  return count == count_all (redrive) ? EXIT_DONE : EXIT_FAILED;
}

/* --- The command line --- */

static gboolean
read_ids (Redrive *redrive, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    gint64 id;

    if (!parse_int64 (argv[i], 1, G_MAXINT64, &id)) {
      (void)complain (EXIT_USAGE, "“%s” is no id of a dead end", argv[i]);
      return FALSE;
    }
    g_array_append_val (redrive->ids, id);
  }
  if ((redrive->ids->len > 0) + (redrive->cause != NULL) + redrive->is_all == 1)
    return TRUE;
  (void)complain (EXIT_USAGE, "give ids, or --cause CLASS, or --all");
  return FALSE;
}

static void
redrive_clear (Redrive *redrive)
{
  program_stop (redrive->program);
  g_free (redrive->cause);
  g_free (redrive->reason);
  g_array_unref (redrive->ids);
  g_clear_pointer (&redrive->cases, g_ptr_array_unref);
  json_decref (redrive->others);
  g_ptr_array_unref (redrive->tried);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Redrive, redrive_clear)

int
redrive_main (int argc, char **argv)
{
  g_autoptr (Settings) settings = NULL;
  g_auto (Redrive) redrive = { .rate = RATE_DEFAULT, .replays_max = REDRIVE_REPLAYS_DEFAULT };
  g_autoptr (GError) error = NULL;
  const GOptionEntry options[] = {
    { "cause", 0, 0, G_OPTION_ARG_STRING, &redrive.cause, "All of one cause.", "CLASS" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &redrive.is_all, "All that were not redriven yet.", NULL },
    { "rate", 0, 0, G_OPTION_ARG_INT, &redrive.rate, "Groups a second, at most; 50.", "N" },
    { "replays-max", 0, 0, G_OPTION_ARG_INT, &redrive.replays_max,
      "A group that has been replayed this often is refused; 3.", "N" },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &redrive.reason, "Why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &redrive.is_yes, "Does it without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &redrive.is_json, "Prints JSON.", NULL },
    { NULL },
  };
  int code;

  redrive.ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  redrive.others = json_array ();
  redrive.tried = g_ptr_array_new ();
  settings = read_command_line ("[ID…]",
                                "Sends claims on their way again that had come to a dead "
                                "end.",
                                options, tables, &argc, &argv);
  if (!read_ids (&redrive, argc, argv) || !reason_is_given (redrive.reason))
    return EXIT_USAGE;
  if (redrive.rate < 1 || redrive.rate > 1000 || redrive.replays_max < 1)
    return complain (EXIT_USAGE, "--rate is 1 to 1000, --replays-max 1 at least");
  redrive.program = program_start ("pipelinectl", settings, &error);
  if (!redrive.program)
    return complain (EXIT_FAILED, "%s", error->message);
  code = carry_out (&redrive, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
