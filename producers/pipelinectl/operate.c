/* What an operator looks at, and holds: overview, waiting, consumers, breakers, holds, groups, pause,
 * resume. What changes something wants a reason and --yes, and leaves a row of operator_actions. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "confirm.h"
#include "kafka/client.h"
#include "operator/change.h"
#include "operator/look.h"
#include "output.h"
#include "pipelinectl.h"
#include "program/topics.h"

#define WATCH_S         2
#define STUCK_DEFAULT_S 3600
#define HOLDS_DEFAULT   50

static const Setting *const tables[] = { asking_settings, db_settings, NULL };
static const Setting *const tables_with_broker[] = { asking_settings, db_settings, kafka_settings,
                                                     tier_settings, NULL };

/* --- For people --- */

static char *
text_of (const json_t *value)
{
  if (json_is_string (value))
    return g_strdup (json_string_value (value));
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  return g_strdup (json_is_true (value) ? "yes" : json_is_false (value) ? "no" : "-");
}

static gsize
width_of (const json_t *array, const LookColumn *column)
{
  gsize width = strlen (column->name);

  for (gsize i = 0; i < json_array_size (array); i++) {
    g_autofree char *text = text_of (json_object_get (json_array_get (array, i), column->name));

    width = MAX (width, strlen (text));
  }
  return width;
}

static void
print_cell (const json_t *array, const LookColumn *column, const char *text)
{
  printf ("%-*s%s", (int)width_of (array, column), text, column[1].name ? "  " : "\n");
}

/* Columns as wide as their widest value. */
static void
print_table (const json_t *array, const LookColumn *columns)
{
  for (const LookColumn *column = columns; column->name; column++)
    print_cell (array, column, column->name);
  for (gsize i = 0; i < json_array_size (array); i++)
    for (const LookColumn *column = columns; column->name; column++) {
      g_autofree char *text = text_of (json_object_get (json_array_get (array, i), column->name));

      print_cell (array, column, text);
    }
}

static void
print_rows (const json_t *array, const LookColumn *columns, gboolean is_json)
{
  if (is_json)
    print_json (array);
  else
    print_table (array, columns);
}

/* --- Looking --- */

/* What --json tells. The sentence comes first. */
static json_t *
read_overview (Db *db, GError **error)
{
  g_autoptr (json_t) waiting = look_waiting (db, error);
  g_autoptr (json_t) overview = waiting ? look_overview (db, waiting, error) : NULL;
  g_autoptr (json_t) consumers = overview ? look_consumers (db, error) : NULL;
  g_autoptr (json_t) breakers = consumers ? look_breakers (db, error) : NULL;
  g_autofree char *worst = NULL;
  const char *about;
  json_t *whole;

  if (!breakers)
    return NULL;
  worst = look_worst (overview, consumers, breakers, waiting, &about);
  whole = json_pack ("{s:s}", "worst", worst);
  (void)json_object_update (whole, overview);
  return whole;
}

static void
print_overview (const json_t *overview)
{
  printf ("%s.\n\n", json_string_value (json_object_get (overview, "worst")));
  print_table (json_object_get (overview, "groups"), look_columns_of_groups);
  putchar ('\n');
  for (const LookColumn *column = look_columns_of_overview; column->name; column++) {
    g_autofree char *text = text_of (json_object_get (overview, column->name));

    printf ("%-20s %s\n", column->name, text);
  }
  fflush (stdout);
}

/* Until its reader goes, or somebody ends it. */
static gboolean
tell_overview (Db *db, gboolean is_json, gboolean is_watching, GError **error)
{
  do {
    g_autoptr (json_t) overview = read_overview (db, error);

    if (!overview)
      return FALSE;
    if (is_watching && !is_json)
      fputs ("\033[H\033[2J", stdout);
    (is_json ? print_json : print_overview) (overview);
    if (is_watching)
      sleep (WATCH_S);
  } while (is_watching && !ferror (stdout));
  return TRUE;
}

static int
look (int argc, char **argv, const char *summary, json_t *(*read) (Db *db, GError **error),
      const LookColumn *columns)
{
  gboolean is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line ("", summary, options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  g_autoptr (json_t) array = NULL;

  if (argc != 1)
    return complain (EXIT_USAGE, "it takes no operand");
  db = open_database (settings, &error);
  array = db ? read (db, &error) : NULL;
  if (!array)
    return complain (EXIT_FAILED, "%s", error->message);
  print_rows (array, columns, is_json);
  return EXIT_DONE;
}

int
overview_main (int argc, char **argv)
{
  gboolean is_json = FALSE, is_watching = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { "watch", 0, 0, G_OPTION_ARG_NONE, &is_watching, "Again each 2 s, until ended.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("", "Tells how all stands.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;

  if (argc != 1)
    return complain (EXIT_USAGE, "overview takes no operand");
  db = open_database (settings, &error);
  if (!db || !tell_overview (db, is_json, is_watching, &error))
    return complain (EXIT_FAILED, "%s", error->message);
  return EXIT_DONE;
}

int
waiting_main (int argc, char **argv)
{
  return look (argc, argv, "Tells what waits in which tier, and until when.", look_waiting,
               look_columns_of_waiting);
}

int
consumers_main (int argc, char **argv)
{
  static const LookColumn columns[] = {
    { "program", LOOK_TEXT },     { "instance", LOOK_TEXT },   { "heartbeat_age_s", LOOK_NUMBER },
    { "in_flight", LOOK_NUMBER }, { "snoozing", LOOK_NUMBER }, { "lag", LOOK_NUMBER },
    { "lag_s", LOOK_NUMBER },     { "is_paused", LOOK_FLAG },  { NULL, LOOK_TEXT },
  };
  gboolean is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("",
                         "Tells which programs run, what they have in hand, and what lies "
                         "before them.",
                         options, tables_with_broker, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  g_autoptr (json_t) array = NULL;

  if (argc != 1)
    return complain (EXIT_USAGE, "consumers takes no operand");
  db = open_database (settings, &error);
  array = db ? look_consumers (db, &error) : NULL;
  if (!array)
    return complain (EXIT_FAILED, "%s", error->message);
  look_add_lags (settings, array);
  print_rows (array, columns, is_json);
  return EXIT_DONE;
}

int
groups_main (int argc, char **argv)
{
  gboolean is_json = FALSE;
  int older_s = STUCK_DEFAULT_S;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { "older", 0, 0, G_OPTION_ARG_INT, &older_s, "Submitted longer ago than this; 3600.",
      "SECONDS" },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("stuck", "Tells which groups are open, and nothing is seen to move them.",
                         options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  g_autoptr (json_t) array = NULL;

  if (argc != 2 || strcmp (argv[1], "stuck") != 0 || older_s < 0)
    return complain (EXIT_USAGE, "give stuck");
  db = open_database (settings, &error);
  array = db ? look_stuck (db, older_s, &error) : NULL;
  if (!array)
    return complain (EXIT_FAILED, "%s", error->message);
  print_rows (array, look_columns_of_stuck, is_json);
  return EXIT_DONE;
}

int
holds_main (int argc, char **argv)
{
  static const LookColumn columns[] = {
    { "id", LOOK_NUMBER },       { "opened_at", LOOK_TEXT }, { "group", LOOK_TEXT },
    { "claim_id", LOOK_NUMBER }, { "reason", LOOK_TEXT },    { NULL, LOOK_TEXT },
  };
  gboolean is_json = FALSE;
  int limit = HOLDS_DEFAULT;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "How many, the newest; 50.", "N" },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "", "Tells which claims wait for a person, and why.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  g_autoptr (json_t) array = NULL;

  if (argc != 1 || limit < 1)
    return complain (EXIT_USAGE, "holds takes no operand, and --limit is 1 at least");
  db = open_database (settings, &error);
  array = db ? look_holds (db, 0, limit, &error) : NULL;
  if (!array)
    return complain (EXIT_FAILED, "%s", error->message);
  print_rows (array, columns, is_json);
  return EXIT_DONE;
}

/* --- Holding --- */

static int
carry_out (const Settings *settings, Change *change, gboolean is_yes, const char *question,
           GError **error)
{
  g_autoptr (Db) db = NULL;

  if (!reason_is_given (change->reason) || !confirm (is_yes, question))
    return EXIT_USAGE;
  db = open_database (settings, error);
  if (!db || !change_make (db, change, error))
    return EXIT_FAILED;
  printf ("%s: %s\n", change->subject,
          change->is_changed ? change_name (change->kind) : "as before");
  return EXIT_DONE;
}

static int
hold (int argc, char **argv, const char *summary, Change *change, const char *question)
{
  g_autofree char *reason = NULL;
  gboolean is_yes = FALSE;
  const GOptionEntry options[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &is_yes, "Does it without asking.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("CONSUMER", summary, options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  int code;

  if (argc != 2)
    return complain (EXIT_USAGE, "%s takes one consumer", change_name (change->kind));
  if (!look_is_consumer (argv[1]))
    return complain (EXIT_NOT_FOUND, "there is no consumer %s", argv[1]);
  change->subject = argv[1];
  change->reason = reason;
  code = carry_out (settings, change, is_yes, question, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}

int
pause_main (int argc, char **argv)
{
  Change change = { .kind = CHANGE_PAUSE };

  return hold (argc, argv, "Lets a consumer take nothing new, in all its processes.", &change,
               "The consumer takes nothing new until it is resumed.");
}

int
resume_main (int argc, char **argv)
{
  Change change = { .kind = CHANGE_RESUME };

  return hold (argc, argv, "Lets a paused consumer go on.", &change, "The consumer goes on.");
}

int
breakers_main (int argc, char **argv)
{
  g_autofree char *reason = NULL;
  gboolean is_yes = FALSE, is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "list: prints JSON.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "open, close: why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &is_yes, "open, close: does it without asking.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "list|open DOWNSTREAM|close DOWNSTREAM",
      "Tells which downstreams are away for everyone, or says so.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  gboolean opens = argc == 3 && strcmp (argv[1], "open") == 0;
  Change change = { .kind = opens ? CHANGE_OPEN_BREAKER : CHANGE_CLOSE_BREAKER, .reason = reason };
  int code;

  if (argc == 2 && strcmp (argv[1], "list") == 0) {
    g_autoptr (Db) db = open_database (settings, &error);
    g_autoptr (json_t) array = db ? look_breakers (db, &error) : NULL;

    if (!array)
      return complain (EXIT_FAILED, "%s", error->message);
    print_rows (array, look_columns_of_breakers, is_json);
    return EXIT_DONE;
  }
  if (!opens && !(argc == 3 && strcmp (argv[1], "close") == 0))
    return complain (EXIT_USAGE, "give list, open DOWNSTREAM or close DOWNSTREAM");
  change.subject = argv[2];
  code = carry_out (settings, &change, is_yes,
                    opens ? "Nothing calls it for a minute; then one call asks whether it is back."
                          : "It is called again at once.",
                    &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
