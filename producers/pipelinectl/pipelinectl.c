/* pipelinectl: the operator's tool. One file per subcommand; this one has their table.
 *
 * Source: schemas/README.md, 8. */
#include "pipelinectl.h"
#include "base/words.h"
#include "program/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const Subcommand subcommands[] = {
  { "submit", "FILE…", "sends claims to claim-api", "submit claim.json --wait 60", submit_main },
  { "status", "GUID", "tells how far a claim group has come", "status 6fb7…-… --json",
    status_main },
  { "why", "ID", "tells what has happened to a claim, and what comes next",
    "why GUID\nwhy 600123456 --json", why_main },
  { "overview", "", "tells how all stands", "overview --watch", overview_main },
  { "waiting", "", "tells what waits in which tier, and until when", "waiting --json",
    waiting_main },
  { "consumers", "", "tells which programs run, and what lies before them", "consumers",
    consumers_main },
  { "breakers", "list|open|close", "tells who is away for everyone, or says so",
    "breakers list\nbreakers close bgs --reason \"BGS says it is back\"", breakers_main },
  { "holds", "", "tells which claims wait for a person, and why", "holds --json", holds_main },
  { "groups", "stuck", "tells which groups nothing is seen to move", "groups stuck --older 7200",
    groups_main },
  { "pause", "CONSUMER", "lets a consumer take nothing new",
    "pause backup --reason \"first we redrive\"", pause_main },
  { "resume", "CONSUMER", "lets a paused consumer go on",
    "resume backup --reason \"redriven\" --yes", resume_main },
  { "dead-letters", "list|show|group", "tells which records have failed for good, and why",
    "dead-letters group\ndead-letters show 17", dead_letters_main },
  { "quarantine", "list|show|group|close", "tells which records nobody can read",
    "quarantine list\nquarantine close 17 --reason \"a probe of the monitoring\"",
    quarantine_main },
  { "redrive", "ID…", "sends claims on their way again that had come to a dead end",
    "redrive 17 18 --reason \"the address is mended\"\nredrive --cause bgs-value-too-long --rate "
    "50 --reason \"BGS is mended\"",
    redrive_main },
  { "replay", "plan|apply|offer|status",
    "sends claims on their way again: first a plan, then exactly that",
    "replay plan today.plan --since 2026-11-29T00:00:00Z\nreplay apply today.plan --rate 50 "
    "--reason \"BGS is mended\"\nreplay offer today.plan --reason \"the night shift applies it\"\n"
    "replay status",
    replay_main },
  { "resolve", "CLAIM", "writes down what a person has decided about a held claim",
    "resolve 17 --adopt 600123456 --reason \"seen in BGS\"", resolve_main },
  { "release-packages", "", "lets second packages go out that were stopped",
    "release-packages --reason \"the service was away\"", release_packages_main },
  { "web", "", "shows all this as a page, and lets operators act there",
    "web --web-token-file tokens --web-port 8080", web_main },
  { "migrate", "", "brings the database's schema to a version",
    "migrate\nmigrate --to 16 --drop-data --reason \"back to the release before\"", migrate_main },
  { "topics", "create|check|grow", "makes, checks or grows the topics",
    "topics create --partitions 24 --replication-factor 3 --min-insync-replicas 2\n"
    "topics check\ntopics grow --partitions 24 --reason \"more than 12 processes\"",
    topics_main },
  { "keys", "rewrap", "brings all data keys under the current master key",
    "keys rewrap --reason \"m1 is a year old\"", keys_main },
};

/* `dev up` writes plain names for every tool; ours take them where their own are not set. The plain
 * ones keep nothing, for no settings wipe their secrets. */
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

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    char *given = getenv (names[i].plain);

    if (!given)
      continue;
    g_setenv (names[i].ours, given, FALSE);
    explicit_bzero (given, strlen (given));
  }
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

/* GLib would convert texts from the locale's character set, which is ASCII for a program that sets
 * none, and refuse what people write. What is no UTF-8 is refused by who uses it. */
static GOptionEntry *
as_they_are (const GOptionEntry *options)
{
  guint count = 0;
  GOptionEntry *copy;

  while (options[count].long_name)
    count++;
  copy = g_memdup2 (options, (count + 1) * sizeof *options);
  for (guint i = 0; i < count; i++)
    if (copy[i].arg == G_OPTION_ARG_STRING)
      copy[i].arg = G_OPTION_ARG_FILENAME;
    else if (copy[i].arg == G_OPTION_ARG_STRING_ARRAY)
      copy[i].arg = G_OPTION_ARG_FILENAME_ARRAY;
  return copy;
}

/* Who works at a terminal wants the answer; what a program tells of its start is no part of it. */
static const Setting *
quieter (const Setting *rows)
{
  static Setting *copy;
  guint count = 0;

  if (rows != program_settings || copy)
    return rows == program_settings ? copy : rows;
  while (rows[count].name)
    count++;
  copy = g_memdup2 (rows, (count + 1) * sizeof *rows);
  for (guint i = 0; i < count; i++)
    if (strcmp (copy[i].name, "log-level") == 0)
      copy[i].default_value = "warning";
  return copy;
}

Settings *
read_command_line (const char *operands, const char *summary, const GOptionEntry *options,
                   const Setting *const *tables, int *argc, char ***argv)
{
  g_autofree char *program = g_strdup_printf ("pipelinectl %s", (*argv)[0]);
  g_autofree char *text = describe (summary, options);
  g_autoptr (GPtrArray) names = g_ptr_array_new (), rows = g_ptr_array_new ();

  for (; *tables; tables++)
    g_ptr_array_add (rows, (gpointer)quieter (*tables));
  g_ptr_array_add (rows, NULL);
  for (const GOptionEntry *option = options; option && option->long_name; option++)
    g_ptr_array_add (names, (gpointer)option->long_name);
  g_ptr_array_add (names, NULL);
  if (options) {
    g_autofree GOptionEntry *unconverted = as_they_are (options);
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;

    g_option_context_set_help_enabled (context, FALSE);
    g_option_context_set_ignore_unknown_options (context, TRUE); /* settings, read below */
    g_option_context_add_main_entries (context, unconverted, NULL);
    if (!g_option_context_parse (context, argc, argv, &error))
      exit (complain (EXIT_USAGE, "%s", error->message));
  }
  return settings_parse_or_exit (program, operands, text, (const Setting *const *)rows->pdata,
                                 (const char *const *)names->pdata, argc, argv);
}

/* --- Help, in three lengths, from one table --- */

static const Subcommand *
find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (strcmp (name, subcommands[i].name) == 0)
      return &subcommands[i];
  return NULL;
}

static int
tell_usage (FILE *stream, int code)
{
  fputs ("Usage: pipelinectl SUBCOMMAND …\n\n", stream);
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    fprintf (stream, "  %-16s %-17s %s\n", subcommands[i].name, subcommands[i].operands,
             subcommands[i].summary);
  fputs (
      "\npipelinectl SUBCOMMAND -h tells it in short, --help with examples, options and settings;\n"
      "pipelinectl completion and pipelinectl man print a completion for bash and a man page;\n"
      "pipelinectl --version tells which it is.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 waited too long.\n",
      stream);
  return code;
}

static int
tell_short (const Subcommand *row)
{
  printf ("pipelinectl %s %s\n  %s\n", row->name, row->operands, row->summary);
  return EXIT_DONE;
}

static void
print_examples (const Subcommand *row, const char *before)
{
  g_auto (GStrv) examples = g_strsplit (row->examples, "\n", -1);

  for (char **example = examples; *example; example++)
    printf ("%spipelinectl %s\n", before, *example);
}

static int
version_main (int argc G_GNUC_UNUSED, char **argv G_GNUC_UNUSED)
{
  printf ("pipelinectl %s\n", settings_version ());
  return EXIT_DONE;
}

static int
run_with (const Subcommand *row, const char *option)
{
  g_autofree char *name = g_strdup (row->name), *copy = g_strdup (option);
  char *argv[] = { name, copy, NULL };

  return row->run (2, argv); /* it ends the process */
}

static int
tell_long (const Subcommand *row)
{
  puts ("Examples:");
  print_examples (row, "  ");
  putchar ('\n');
  fflush (stdout);
  return run_with (row, "--help");
}

static int
refuse_word (const char *word)
{
  const char *known[G_N_ELEMENTS (subcommands) + 1] = { NULL };
  const char *nearest;

  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    known[i] = subcommands[i].name;
  nearest = nearest_word (word, known);
  if (nearest)
    return complain (EXIT_USAGE, "there is no subcommand %s; do you mean %s?", word, nearest);
  (void)complain (EXIT_USAGE, "there is no subcommand %s", word);
  return tell_usage (stderr, EXIT_USAGE);
}

/* Of subcommands that take a word of their own: "list|open|close". Settings may stand before it. */
static gboolean
is_known_after (const Subcommand *row, const char *word)
{
  g_auto (GStrv) words = g_strsplit (row->operands, "|", -1);
  const char *nearest;

  if (!word || *word == '-' || !strchr (row->operands, '|') ||
      g_strv_contains ((const char *const *)words, word))
    return TRUE;
  nearest = nearest_word (word, (const char *const *)words);
  (void)complain (EXIT_USAGE, nearest ? "%s has no %s; do you mean %s?" : "%s has no %s: give %s",
                  row->name, word, nearest ? nearest : row->operands);
  return FALSE;
}

static int
help_main (int argc, char **argv)
{
  const Subcommand *row;

  if (argc < 2)
    return tell_usage (stdout, EXIT_DONE);
  row = find (argv[1]);
  return row ? tell_long (row) : refuse_word (argv[1]);
}

/* Options come from --help, so that none is named twice. */
static int
completion_main (int argc G_GNUC_UNUSED, char **argv G_GNUC_UNUSED)
{
  puts ("# bash completion for pipelinectl: source <(pipelinectl completion)\n"
        "_pipelinectl ()\n{\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words\n"
        "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "    words='");
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    printf ("      %s\n", subcommands[i].name);
  puts ("      help '\n"
        "  elif [[ $word == -* ]]; then\n"
        "    words=$(\"${COMP_WORDS[0]}\" \"$command\" --help 2>/dev/null | grep -o '^ "
        "*--[a-z.-]*')\n"
        "  else\n"
        "    case $command in");
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++) {
    g_autofree char *words = g_strdelimit (g_strdup (subcommands[i].operands), "|", ' ');

    if (strchr (subcommands[i].operands, '|'))
      printf ("      %s) words='%s' ;;\n", subcommands[i].name, words);
  }
  puts ("    esac\n"
        "  fi\n"
        "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "}\n"
        "complete -o default -F _pipelinectl pipelinectl");
  return EXIT_DONE;
}

/* As a line of text, whatever it holds: none of it is a request, and none asks for a character that
 * some device may not have. */
static void
print_roff (const char *before, const char *text, const char *after)
{
  g_autofree char *plain = g_str_to_ascii (text, "C");

  printf ("%s%s", before, *plain == '.' || *plain == '\'' ? "\\&" : "");
  for (const char *c = plain; *c; c++)
    if (*c == '\\')
      fputs ("\\e", stdout);
    else if (*c == '-')
      fputs ("\\-", stdout);
    else
      putchar (*c);
  fputs (after, stdout);
}

static int
man_main (int argc G_GNUC_UNUSED, char **argv G_GNUC_UNUSED)
{
  puts (".TH PIPELINECTL 1\n.SH NAME\npipelinectl \\- the operator's tool of the dependents "
        "pipeline\n"
        ".SH SYNOPSIS\n.B pipelinectl\nSUBCOMMAND \\&...\n.SH SUBCOMMANDS");
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++) {
    g_auto (GStrv) examples = g_strsplit (subcommands[i].examples, "\n", -1);

    print_roff (".TP\n.B ", subcommands[i].name, "\n");
    if (*subcommands[i].operands)
      print_roff ("", subcommands[i].operands, "\n.br\n");
    print_roff ("", subcommands[i].summary, ".\n.nf\n");
    for (char **example = examples; *example; example++)
      print_roff ("    pipelinectl ", *example, "\n");
    puts (".fi");
  }
  puts (
      ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 waited too long.");
  return EXIT_DONE;
}

/* Who keeps what we print must not take half of it for the whole: a full disk, a closed stream. */
static void
end_output (void)
{
  gboolean is_written = !ferror (stdout);

  if (fclose (stdout) == 0 && is_written)
    return;
  (void)complain (EXIT_FAILED, "not all that was to be printed could be written");
  _exit (EXIT_FAILED);
}

static gboolean
asks_for (int argc, char **argv, const char *option)
{
  for (int i = 2; i < argc; i++)
    if (strcmp (argv[i], option) == 0)
      return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  static const Subcommand about[] = {
    { "help", "", "", "", help_main }, { "--help", "", "", "", help_main },
    { "-h", "", "", "", help_main },   { "completion", "", "", "", completion_main },
    { "man", "", "", "", man_main },   { "--version", "", "", "", version_main },
  };
  const Subcommand *row;

  adopt_environment ();
  if (atexit (end_output) != 0)
    return complain (EXIT_FAILED, "nothing can be left to be done at the end");
  if (argc < 2)
    return tell_usage (stderr, EXIT_USAGE);
  for (guint i = 0; i < G_N_ELEMENTS (about); i++)
    if (strcmp (argv[1], about[i].name) == 0)
      return about[i].run (argc - 1, argv + 1);
  row = find (argv[1]);
  if (!row)
    return refuse_word (argv[1]);
  if (asks_for (argc, argv, "-h"))
    return tell_short (row);
  if (asks_for (argc, argv, "--help"))
    return tell_long (row);
  return is_known_after (row, argv[2]) ? row->run (argc - 1, argv + 1) : EXIT_USAGE;
}
