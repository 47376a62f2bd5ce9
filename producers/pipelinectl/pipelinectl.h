/* What the subcommands share: their table's row, exit codes, reading options. Source:
 * schemas/README.md, 8. */
#pragma once

#include <glib.h>
#include "base/settings.h"

enum {
  EXIT_DONE = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2, /* wrong usage or input */
  EXIT_NOT_FOUND = 3,
  EXIT_TOO_LONG = 4, /* waited too long */
};

typedef struct {
  const char *name, *operands, *summary;
  const char *examples; /* without the program's name, a line each */
  /* @argv: argv[0] is the subcommand. Returns an exit code. */
  int (*run) (int argc, char **argv);
} Subcommand;

int submit_main (int argc, char **argv);
int status_main (int argc, char **argv);
int why_main (int argc, char **argv);
int dead_letters_main (int argc, char **argv);
int quarantine_main (int argc, char **argv);
int redrive_main (int argc, char **argv);
int replay_main (int argc, char **argv);
int overview_main (int argc, char **argv);
int waiting_main (int argc, char **argv);
int consumers_main (int argc, char **argv);
int breakers_main (int argc, char **argv);
int holds_main (int argc, char **argv);
int groups_main (int argc, char **argv);
int pause_main (int argc, char **argv);
int resume_main (int argc, char **argv);
int web_main (int argc, char **argv);
int migrate_main (int argc, char **argv);
int topics_main (int argc, char **argv);
int resolve_main (int argc, char **argv);
int release_packages_main (int argc, char **argv);
int keys_main (int argc, char **argv);

/**
 * read_command_line:
 * @options: the subcommand's own; may be NULL
 * @tables: its settings
 *
 * Takes @options out of the command line and reads settings from what is left, and from the
 * environment; @argc and
 * @argv then hold the operands from argv[1] on. Wrong usage is printed and exits with 2, --help
 *   exits with 0.
 */
Settings *read_command_line (const char *operands, const char *summary, const GOptionEntry *options,
                             const Setting *const *tables, int *argc, char ***argv);

/* Prints "pipelinectl: …" on stderr and gives @code back. */
int complain (int code, const char *format, ...) G_GNUC_PRINTF (2, 3);
