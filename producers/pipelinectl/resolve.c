/* pipelinectl resolve: a person's answer about a claim that is held, see operator/resolve.h. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "confirm.h"
#include "kafka/client.h"
#include "operator/look.h"
#include "operator/resolve.h"
#include "output.h"
#include "pipelinectl.h"
#include "program/program.h"

#define PUBLISH_MS    30000
#define ID_DIGITS_MAX 18

typedef struct {
  Program *program;
  Resolve resolve;
  gboolean is_yes, is_json;
} Command;

static const Setting *const tables[] = { program_settings, kafka_settings, seal_settings,
                                         db_settings, NULL };

/* --- What would be done --- */

static void
show_plan (const json_t *plan)
{
  const json_t *holds = json_object_get (plan, "holds");

  fprintf (stderr, "claim %" JSON_INTEGER_FORMAT " of group %s, %s\n",
           json_integer_value (json_object_get (plan, "claim_id")), look_text (plan, "group"),
           look_text (plan, "state"));
  for (gsize i = 0; i < json_array_size (holds); i++) {
    const json_t *hold = json_array_get (holds, i);
    const char *seen = look_text (hold, "candidates");

    fprintf (stderr, "  held since %s: %s%s%s\n", look_text (hold, "opened_at"),
             look_text (hold, "reason"), seen ? "; seen: " : "", seen ? seen : "");
  }
  fprintf (
      stderr, "  %s%s%s: %s\n", look_text (plan, "answer"), look_text (plan, "adopts") ? " " : "",
      look_text (plan, "adopts") ? look_text (plan, "adopts") : "", look_text (plan, "outcome"));
  fprintf (stderr, "  %" JSON_INTEGER_FORMAT " claims behind it are freed\n",
           json_integer_value (json_object_get (plan, "behind")));
}

/* @ret_code: how the program ends when it goes no further. */
static gboolean
find_and_ask (Command *command, int *ret_code, GError **error)
{
  Db *db = db_pool_take (program_pool (command->program), error);
  g_autoptr (json_t) plan = db ? resolve_plan (db, &command->resolve, error) : NULL;

  db_pool_give (program_pool (command->program), db);
  *ret_code = EXIT_FAILED;
  if (!plan && !(error && *error))
    *ret_code = complain (EXIT_NOT_FOUND, "there is no such claim");
  if (!plan)
    return FALSE;
  show_plan (plan);
  *ret_code = EXIT_USAGE;
  return confirm (command->is_yes, "It is decided so.");
}

static int
find_and_resolve (Command *command, GError **error)
{
  Resolve *resolve = &command->resolve;
  int code;

  if (!find_and_ask (command, &code, error))
    return code;
  if (!program_transaction (command->program, resolve_claim, resolve, error) ||
      !program_flush (command->program, PUBLISH_MS, error))
    return EXIT_FAILED;
  if (command->is_json) {
    g_autoptr (json_t) told =
        json_pack ("{s:I,s:s,s:I}", "claim_id", (json_int_t)resolve->claim_id, "answer",
                   resolve_answer_name (resolve->answer), "freed", (json_int_t)resolve->freed);

    print_json (told);
    return EXIT_DONE;
  }
  printf ("claim %" G_GINT64_FORMAT ": %s; %u behind it freed\n", resolve->claim_id,
          resolve_answer_name (resolve->answer), resolve->freed);
  return EXIT_DONE;
}

/* --- The command line --- */

typedef struct {
  char *adopt, *reason;
  gboolean unseen, not_there, again, paper;
} Given;

static gboolean
read_answer (const Given *given, Resolve *resolve)
{
  if ((given->adopt != NULL) + given->not_there + given->again + given->paper != 1)
    (void)complain (EXIT_USAGE, "give one of --adopt ID, --not-there, --again and --paper");
  else if (!reason_is_given (given->reason))
    return FALSE;
  else if (given->adopt && (strspn (given->adopt, "0123456789") != strlen (given->adopt) ||
                            !*given->adopt || strlen (given->adopt) > ID_DIGITS_MAX))
    (void)complain (EXIT_USAGE, "--adopt takes a benefit claim id, a number");
  else if (given->unseen && !given->adopt)
    (void)complain (EXIT_USAGE, "--unseen goes with --adopt ID");
  else {
    resolve->answer = given->adopt       ? RESOLVE_ADOPT
                      : given->not_there ? RESOLVE_NOT_THERE
                      : given->again     ? RESOLVE_AGAIN
                                         : RESOLVE_PAPER;
    resolve->adopted_id = given->adopt;
    resolve->is_unseen = given->unseen;
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
  Command command = { 0 };
  Resolve *resolve = &command.resolve;
  const GOptionEntry options[] = {
    { "adopt", 0, 0, G_OPTION_ARG_STRING, &adopt_id, "This benefit claim is the claim's own.",
      "ID" },
    { "unseen", 0, 0, G_OPTION_ARG_NONE, &given.unseen,
      "For --adopt of one that nothing here has seen: you have looked at it in BGS.", NULL },
    { "not-there", 0, 0, G_OPTION_ARG_NONE, &given.not_there,
      "The insert did not happen: another one is sent.", NULL },
    { "again", 0, 0, G_OPTION_ARG_NONE, &given.again, "Look and try again.", NULL },
    { "paper", 0, 0, G_OPTION_ARG_NONE, &given.paper, "The claim goes by paper.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; kept with the hold.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &command.is_yes, "Does it without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &command.is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("CLAIM", "Writes down what a person has decided about a held claim.",
                         options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  int exit_code;

  given.adopt = adopt_id;
  given.reason = reason;
  if (argc != 2 || !parse_int64 (argv[1], 1, G_MAXINT64, &resolve->claim_id))
    return complain (EXIT_USAGE, "resolve takes one claim id, a number");
  if (!read_answer (&given, resolve))
    return EXIT_USAGE;

  command.program = program_start ("pipelinectl", settings, &error);
  if (!command.program)
    return complain (EXIT_FAILED, "%s", error->message);
  exit_code = find_and_resolve (&command, &error);
  program_stop (command.program);
  resolve_clear (resolve);
  return error ? complain (exit_code, "%s", error->message) : exit_code;
}
