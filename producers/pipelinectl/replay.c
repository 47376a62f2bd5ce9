/* pipelinectl replay: what has been through Kafka goes on its way again, in two steps.
 *
 *   replay plan FILE      reads the selected records and writes what a replay would do with each: which are done, where
 *                         the others would go on, which calls and looks that means, which e-mails do not go again
 *   replay apply FILE     does exactly that, record by record, at a bounded rate; what has changed since is refused by
 *                         name. Ended by SIGINT or otherwise, the same command goes on where it was
 *   replay offer FILE     puts the plan where the page applies it, which can neither make one nor read this file
 *   replay status         the plans that were offered or applied, and how far they have come
 *
 * Offsets of live groups do not move: records are read by assignment alone, and what is sent again is a new record of
 * a higher replay number. Source: lib/claims/README.md, rule 9; lib/pipeline/README.md, rule 6. */
#include "replay.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/words.h"
#include "bgs/bgs.h"
#include "claims/paper.h"
#include "claims/states.h"
#include "confirm.h"
#include "kafka/client.h"
#include "operator/look.h"
#include "output.h"
#include "pipeline/context.h"
#include "pipelinectl.h"
#include "submission/decisions.h"

#define RATE_DEFAULT    50
#define REPLAYS_DEFAULT 3
/* Below 0 means all; these are what nobody types. */
#define UNSET_PARTITION G_MININT
#define UNSET_OFFSET    G_MININT64

/* The consumers' own rows too: what a call's limits are decides whether it may be looked for. */
static const Setting *const tables[] = {
  program_settings,    kafka_settings,      seal_settings,    db_settings,      bgs_settings,
  bgs_answer_settings, submission_settings, context_settings, unknown_settings, NULL
};
static const Setting *const tables_of_status[] = { asking_settings, db_settings, NULL };

typedef struct {
  ReplaySelectors selectors;
  char *since, *until, *reason;
  int rate, replays_max;
  gboolean is_yes, is_json;
} Given;

static void
given_clear (Given *given)
{
  g_strfreev (given->selectors.topics);
  g_strfreev (given->selectors.groups);
  g_free (given->selectors.veteran);
  g_free (given->selectors.outcome);
  g_free (given->selectors.cause);
  g_free (given->since);
  g_free (given->until);
  g_free (given->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Given, given_clear)

static gboolean
read_time (const char *text, const char *option, gint64 *ret_ms)
{
  if (!text || clock_parse_iso (text, ret_ms))
    return TRUE;
  (void)complain (EXIT_USAGE, "%s takes a time such as 2026-11-29T03:00:00Z", option);
  return FALSE;
}

static gboolean
read_groups (char **groups)
{
  for (; groups && *groups; groups++) {
    if (!text_is_uuid (*groups)) {
      (void)complain (EXIT_USAGE, "“%s” is no claim group's guid", *groups);
      return FALSE;
    }
    for (char *c = *groups; *c; c++)
      *c = g_ascii_tolower (*c);
  }
  return TRUE;
}

static void
add_states (GPtrArray *words, const StateTransition *table)
{
  for (; table->from; table++) {
    g_ptr_array_add (words, (gpointer)table->from);
    g_ptr_array_add (words, (gpointer)table->to);
  }
}

/* Of a group, a claim or a paper. */
static gboolean
is_state (const char *outcome)
{
  static const char *const of_papers[] = { PAPER_STORED, PAPER_BY_INTAKE, PAPER_REFUSED,
                                           PAPER_OFF };
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  const char *nearest;

  add_states (words, claim_states_of_groups ());
  add_states (words, claim_states_of_children ());
  for (guint i = 0; i < G_N_ELEMENTS (of_papers); i++)
    g_ptr_array_add (words, (gpointer)of_papers[i]);
  g_ptr_array_add (words, NULL);
  if (!outcome || g_strv_contains ((const char *const *)words->pdata, outcome))
    return TRUE;
  nearest = nearest_word (outcome, (const char *const *)words->pdata);
  (void)complain (EXIT_USAGE,
                  nearest ? "there is no state %s; do you mean %s?" : "there is no state %s",
                  outcome, nearest);
  return FALSE;
}

/* A slip of the pen must not select everything. */
static gboolean
are_numbers (const ReplaySelectors *selectors)
{
  const struct {
    const char *option;
    gint64 given, unset;
  } numbers[] = {
    { "partition", selectors->partition, UNSET_PARTITION },
    { "from-offset", selectors->from, UNSET_OFFSET },
    { "to-offset", selectors->to, UNSET_OFFSET },
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].given < 0 && numbers[i].given != numbers[i].unset) {
      (void)complain (EXIT_USAGE, "--%s must be 0 at least", numbers[i].option);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_fine (Given *given)
{
  if (!read_groups (given->selectors.groups) || !are_numbers (&given->selectors) ||
      !is_state (given->selectors.outcome))
    return FALSE;
  if (!read_time (given->since, "--since", &given->selectors.since_ms) ||
      !read_time (given->until, "--until", &given->selectors.until_ms))
    return FALSE;
  if (given->rate >= 1 && given->rate <= 1000 && given->replays_max >= 1)
    return TRUE;
  (void)complain (EXIT_USAGE, "--rate is 1 to 1000, --replays-max 1 at least");
  return FALSE;
}

/* --- plan --- */

static void
print_totals (const json_t *totals, const char *path)
{
  static const struct {
    const char *name, *text;
  } lines[] = {
    { "records", "records" },
    { "nothing", "done, no call" },
    { "groups_to_send", "groups would be sent on their way again" },
    { "with_another", "records go with another one of their group" },
    { "refused", "refused; the plan says why" },
    { "calls", "calls would be made" },
    { "looks", "unknown outcomes would be looked for or settled" },
    { "before_the_log", "offsets that were asked for are in no log any more" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    printf ("%8" JSON_INTEGER_FORMAT "  %s\n",
            json_integer_value (json_object_get (totals, lines[i].name)), lines[i].text);
  printf ("the plan is in %s; pipelinectl replay apply %s does it\n", path, path);
}

static int
make_plan (Program *program, const Given *given, const char *path, GError **error)
{
  g_autoptr (json_t) totals = NULL;
  GError *problem = NULL;

  if (!replay_plan (program, &given->selectors, (guint)given->replays_max, path, &totals,
                    &problem)) {
    gint64 gone = look_number (totals, "before_the_log");

    if (problem) {
      g_propagate_error (error, problem);
      return EXIT_FAILED;
    }
    return gone > 0 ? complain (EXIT_NOT_FOUND,
                                "no record matches: there is no plan; %" G_GINT64_FORMAT
                                " offsets that were asked for are in no log any more",
                                gone)
                    : complain (EXIT_NOT_FOUND, "no record matches: there is no plan");
  }
  if (given->is_json)
    print_json (totals);
  else
    print_totals (totals, path);
  return EXIT_DONE;
}

/* --- status --- */

static void
print_status (const json_t *replay)
{
  const char *began_at = look_text (replay, "began_at");

  printf ("%s  %s  %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " sent, %" G_GINT64_FORMAT
          " refused%s\n",
          began_at ? began_at : look_text (replay, "offered_at"), look_text (replay, "plan"),
          look_number (replay, "sent"), look_number (replay, "to_send"),
          look_number (replay, "refused"),
          !began_at                        ? ", offered to the page"
          : look_text (replay, "ended_at") ? ""
                                           : ", not to its end yet");
}

static int
tell_status (const Settings *settings, gboolean is_json, GError **error)
{
  g_autoptr (Db) db = open_database (settings, error);
  g_autoptr (json_t) all = db ? look_replays (db, error) : NULL;

  if (!all)
    return EXIT_FAILED;
  if (is_json) {
    print_json (all);
    return EXIT_DONE;
  }
  for (gsize i = 0; i < json_array_size (all); i++)
    print_status (json_array_get (all, i));
  if (json_array_size (all) == 0)
    puts ("No plan has been applied or offered.");
  return EXIT_DONE;
}

/* --- The command line --- */

static int
run (Program *program, const Given *given, char **argv, GError **error)
{
  const ReplayOrder order = { .path = argv[2],
                              .reason = given->reason,
                              .rate = given->rate,
                              .is_yes = given->is_yes,
                              .is_json = given->is_json };

  if (strcmp (argv[1], "plan") == 0)
    return make_plan (program, given, argv[2], error);
  return strcmp (argv[1], "offer") == 0 ? replay_offer_file (program, &order, error)
                                        : replay_apply (program, &order, error);
}

static int
start_and_run (const Settings *settings, const Given *given, char **argv, GError **error)
{
  Program *program = program_start ("pipelinectl", settings, error);
  int code = program ? run (program, given, argv, error) : EXIT_FAILED;

  program_stop (program);
  return code;
}

static gboolean
is_word (const char *word)
{
  static const char *const words[] = { "plan", "apply", "offer", NULL };

  return g_strv_contains (words, word);
}

int
replay_main (int argc, char **argv)
{
  g_auto (Given) given = { .selectors = { .partition = UNSET_PARTITION,
                                          .from = UNSET_OFFSET,
                                          .to = UNSET_OFFSET,
                                          .since_ms = -1,
                                          .until_ms = -1 },
                           .rate = RATE_DEFAULT,
                           .replays_max = REPLAYS_DEFAULT };
  const GOptionEntry options[] = {
    { "topic", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.selectors.topics,
      "plan: a topic, without its prefix, as often as wanted; the consumers' sources.", "NAME" },
    { "partition", 0, 0, G_OPTION_ARG_INT, &given.selectors.partition, "plan: this one alone.",
      "N" },
    { "from-offset", 0, 0, G_OPTION_ARG_INT64, &given.selectors.from, "plan: from there.", "N" },
    { "to-offset", 0, 0, G_OPTION_ARG_INT64, &given.selectors.to, "plan: before that one.", "N" },
    { "since", 0, 0, G_OPTION_ARG_STRING, &given.since, "plan: written then or later.", "TIME" },
    { "until", 0, 0, G_OPTION_ARG_STRING, &given.until, "plan: written before then.", "TIME" },
    { "group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.selectors.groups,
      "plan: of this claim group, as often as wanted.", "GUID" },
    { "veteran", 0, 0, G_OPTION_ARG_STRING, &given.selectors.veteran, "plan: of this veteran key.",
      "KEY" },
    { "outcome", 0, 0, G_OPTION_ARG_STRING, &given.selectors.outcome,
      "plan: whose group or claim is in this state.", "STATE" },
    { "cause", 0, 0, G_OPTION_ARG_STRING, &given.selectors.cause,
      "plan: that name this error class.", "CLASS" },
    { "replays-max", 0, 0, G_OPTION_ARG_INT, &given.replays_max,
      "plan: a group that has been replayed this often is refused; 3.", "N" },
    { "rate", 0, 0, G_OPTION_ARG_INT, &given.rate, "apply: groups a second, at most; 50.", "N" },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &given.reason, "apply, offer: why; written down.",
      "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &given.is_yes, "apply, offer: does it without asking.",
      NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &given.is_json, "Prints JSON.", NULL },
    { NULL },
  };
  gboolean is_status = argc > 1 && strcmp (argv[1], "status") == 0;
  g_autoptr (Settings) settings =
      read_command_line ("plan FILE|apply FILE|offer FILE|status",
                         "Sends claims on their way again: first a plan, then exactly that.",
                         options, is_status ? tables_of_status : tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  int code;

  if (!is_status && (argc != 3 || !is_word (argv[1])))
    return complain (EXIT_USAGE, "give plan FILE, apply FILE, offer FILE or status");
  if (!is_fine (&given) ||
      (!is_status && strcmp (argv[1], "plan") != 0 && !reason_is_given (given.reason)))
    return EXIT_USAGE;
  code = is_status ? tell_status (settings, given.is_json, &error)
                   : start_and_run (settings, &given, argv, &error);
  return error ? complain (code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED, "%s", error->message)
               : code;
}
