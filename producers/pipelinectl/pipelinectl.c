/* pipelinectl: the operator's tool. One file per subcommand; this one has their table.
 *
 * Source: schemas/README.md, 8. */
#include "pipelinectl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Subcommand subcommands[] = {
  { "submit", "FILE…", "sends claims to claim-api", submit_main },
  { "status", "GUID", "tells how far a claim group has come", status_main },
  { "migrate", "", "brings the database's schema to a version", migrate_main },
  { "topics", "create|check|grow", "makes, checks or grows the topics", topics_main },
  { "resolve", "CLAIM", "writes down what a person has decided about a held claim", resolve_main },
  { "keys", "rewrap", "brings all data keys under the current master key", keys_main },
};

/* `dev up` writes plain names for every tool; ours take them where their own are not set. */
static void
adopt_environment (void)
{
  static const struct {
    const char *plain, *ours;
  } names[] = {
    { "CLAIM_API_URL", "DEPENDENTS_CLAIM_API_URL" },
    { "CLAIM_API_TOKEN", "DEPENDENTS_CLAIM_API_TOKEN" },
    { "DATABASE_URL", "DEPENDENTS_DATABASE_URL" },
    { "KAFKA_BROKERS", "DEPENDENTS_KAFKA_BROKERS" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_getenv (names[i].plain))
      g_setenv (names[i].ours, g_getenv (names[i].plain), FALSE);
}

int
complain (int code, const char *format, ...)
{
  va_list arguments;

  fputs ("pipelinectl: ", stderr);
  va_start (arguments, format);
  vfprintf (stderr, format, arguments);
  va_end (arguments);
  fputc ('\n', stderr);
  return code;
}

/* What --help says of a subcommand's own options, for settings_parse() knows only settings. */
static char *
describe (const char *summary, const GOptionEntry *options)
{
  GString *text = g_string_new (summary);

  if (options)
    g_string_append (text, "\n\nOptions:");
  for (const GOptionEntry *option = options; option && option->long_name; option++)
    g_string_append_printf (
        text, "\n  --%s%s%s\n      %s", option->long_name, option->arg_description ? " " : "",
        option->arg_description ? option->arg_description : "", option->description);
  return g_string_free (text, FALSE);
}

Settings *
read_command_line (const char *operands, const char *summary, const GOptionEntry *options,
                   const Setting *const *tables, int *argc, char ***argv)
{
  g_autofree char *program = g_strdup_printf ("pipelinectl %s", (*argv)[0]);
  g_autofree char *text = describe (summary, options);

  if (options) {
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;

    g_option_context_set_help_enabled (context, FALSE);
    g_option_context_set_ignore_unknown_options (context, TRUE); /* settings, read below */
    g_option_context_add_main_entries (context, options, NULL);
    if (!g_option_context_parse (context, argc, argv, &error))
      exit (complain (EXIT_USAGE, "%s", error->message));
  }
  return settings_parse_or_exit (program, operands, text, tables, argc, argv);
}

static int
tell_usage (FILE *stream, int code)
{
  fputs ("Usage: pipelinectl SUBCOMMAND …\n\n", stream);
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    fprintf (stream, "  %-8s %-13s %s\n", subcommands[i].name, subcommands[i].operands,
             subcommands[i].summary);
  fputs ("\npipelinectl SUBCOMMAND --help tells its options and settings.\n"
         "Exit status: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 waited too long.\n",
         stream);
  return code;
}

int
main (int argc, char **argv)
{
  adopt_environment ();
  if (argc < 2)
    return tell_usage (stderr, EXIT_USAGE);
  if (strcmp (argv[1], "--help") == 0)
    return tell_usage (stdout, EXIT_DONE);
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (strcmp (argv[1], subcommands[i].name) == 0)
      return subcommands[i].run (argc - 1, argv + 1);
  (void)complain (EXIT_USAGE, "there is no subcommand %s", argv[1]);
  return tell_usage (stderr, EXIT_USAGE);
}
