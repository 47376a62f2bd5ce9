/* What an operator looks at, and holds: overview, waiting, consumers, breakers, holds, groups, pause,
 * resume. What changes something wants a reason and --yes, and leaves a row of operator_actions. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"
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

static guint
count_of (const LookColumn *columns)
{
  guint count = 0;

  while (columns[count].name)
    count++;
  return count;
}

/* In characters. */
static glong *
widths_of (const json_t *array, const LookColumn *columns)
{
  glong *widths = g_new0 (glong, count_of (columns) + 1);

  for (guint k = 0; columns[k].name; k++)
    widths[k] = (glong)strlen (columns[k].name);
  for (gsize i = 0; i < json_array_size (array); i++)
    for (guint k = 0; columns[k].name; k++) {
      g_autofree char *text =
          text_of (json_object_get (json_array_get (array, i), columns[k].name));

      widths[k] = MAX (widths[k], g_utf8_strlen (text, -1));
    }
  return widths;
}

/* The last one is not filled up: it would only wrap. */
static void
print_cell (const char *text, glong width, gboolean is_last)
{
  printf ("%s%*s", text, is_last ? 0 : (int)(width - g_utf8_strlen (text, -1)) + 2, "");
  if (is_last)
    putchar ('\n');
}

/* Columns as wide as their widest value. */
static void
print_table (const json_t *array, const LookColumn *columns)
{
  g_autofree glong *widths = widths_of (array, columns);

  for (guint k = 0; columns[k].name; k++)
    print_cell (columns[k].name, widths[k], !columns[k + 1].name);
  for (gsize i = 0; i < json_array_size (array); i++)
    for (guint k = 0; columns[k].name; k++) {
      g_autofree char *text =
          text_of (json_object_get (json_array_get (array, i), columns[k].name));

      print_cell (text, widths[k], !columns[k + 1].name);
    }
}

static void
print_rows (const json_t *array, const LookColumn *columns, const char *empty, gboolean is_json)
{
  if (is_json)
    print_json (array);
  else if (json_array_size (array) == 0)
    puts (empty);
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

/* Whoever watches wants to see that the database is back, too. */
static gboolean
wait_for_database (Db *db, GError **error)
{
  if (!db_is_away (*error))
    return FALSE;
  (void)complain (EXIT_FAILED, "%s", (*error)->message);
  g_clear_error (error);
  (void)db_reset (db, NULL); /* the next look says whether it has helped */
  return TRUE;
}

/* Until its reader goes, or somebody ends it. */
static gboolean
tell_overview (Db *db, gboolean is_json, gboolean is_watching, GError **error)
{
  do {
    g_autoptr (json_t) overview = read_overview (db, error);

    if (!overview && !(is_watching && wait_for_database (db, error)))
      return FALSE;
    if (overview && is_watching && !is_json && isatty (STDOUT_FILENO))
      fputs ("\033[H\033[2J", stdout);
    if (overview)
      (is_json ? print_json : print_overview) (overview);
    fflush (stdout);
    if (is_watching)
      sleep (WATCH_S);
  } while (is_watching && !ferror (stdout));
  return TRUE;
}

static int
look (int argc, char **argv, const char *summary, json_t *(*read) (Db *db, GError **error),
      const LookColumn *columns, const char *empty)
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
  print_rows (array, columns, empty, is_json);
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
               look_columns_of_waiting, "Nothing waits.");
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
  print_rows (array, columns, "Nothing runs.", is_json);
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

  if (older_s < 0)
    return complain (EXIT_USAGE, "--older must be 0 at least");
  if (argc != 2 || strcmp (argv[1], "stuck") != 0)
    return complain (EXIT_USAGE, "give stuck");
  db = open_database (settings, &error);
  array = db ? look_stuck (db, older_s, &error) : NULL;
  if (!array)
    return complain (EXIT_FAILED, "%s", error->message);
  print_rows (array, look_columns_of_stuck, "No group is stuck.", is_json);
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
  print_rows (array, columns, "Nobody waits for a person.", is_json);
  return EXIT_DONE;
}

/* --- Holding --- */

typedef struct {
  Change change;
  const char *question;
  gboolean is_yes, is_json;
} Order;

static int
refuse_name (const char *what, const char *name, const GPtrArray *known)
{
  const char *nearest = nearest_word (name, (const char *const *)known->pdata);

  return nearest
             ? complain (EXIT_NOT_FOUND, "there is no %s %s; do you mean %s?", what, name, nearest)
             : complain (EXIT_NOT_FOUND, "there is no %s %s", what, name);
}

static int
carry_out (Db *db, Order *order, GError **error)
{
  Change *change = &order->change;
  g_autoptr (json_t) told = NULL;

  if (!reason_is_given (change->reason) || !confirm (order->is_yes, order->question))
    return EXIT_USAGE;
  if (!change_make (db, change, error))
    return EXIT_FAILED;
  if (!order->is_json) {
    printf ("%s: %s\n", change->subject,
            change->is_changed ? change_name (change->kind) : "as before");
    return EXIT_DONE;
  }
  told = json_pack ("{s:s,s:s,s:b}", "subject", change->subject, "action",
                    change_name (change->kind), "is_changed", (int)change->is_changed);
  print_json (told);
  return EXIT_DONE;
}

/* NULL-ended, borrowed names of @topics. */
static GPtrArray *
consumers_of (const GPtrArray *topics)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < topics->len; i++) {
    const char *reader = ((const Topic *)g_ptr_array_index (topics, i))->reader;

    if (reader)
      g_ptr_array_add (names, (gpointer)reader);
  }
  g_ptr_array_add (names, NULL);
  return names;
}

static int
hold (int argc, char **argv, const char *summary, Order *order)
{
  g_autofree char *reason = NULL;
  const GOptionEntry options[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &order->is_yes, "Does it without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &order->is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line ("CONSUMER", summary, options, tables, &argc, &argv);
  g_autoptr (GPtrArray) topics = topics_table (NULL), names = consumers_of (topics);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  int code = EXIT_FAILED;

  if (argc != 2)
    return complain (EXIT_USAGE, "%s takes one consumer", change_name (order->change.kind));
  if (!look_is_consumer (argv[1]))
    return refuse_name ("consumer", argv[1], names);
  order->change.subject = argv[1];
  order->change.reason = reason;
  db = open_database (settings, &error);
  if (db)
    code = carry_out (db, order, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}

int
pause_main (int argc, char **argv)
{
  Order order = { .change.kind = CHANGE_PAUSE,
                  .question = "The consumer takes nothing new until it is resumed." };

  return hold (argc, argv, "Lets a consumer take nothing new, in all its processes.", &order);
}

int
resume_main (int argc, char **argv)
{
  Order order = { .change.kind = CHANGE_RESUME, .question = "The consumer goes on." };

  return hold (argc, argv, "Lets a paused consumer go on.", &order);
}

/* --- Breakers --- */

/* EXIT_DONE: somebody has called it. */
static int
check_downstream (Db *db, const char *name, GError **error)
{
  g_autoptr (json_t) breakers = look_breakers (db, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (!breakers)
    return EXIT_FAILED;
  for (gsize i = 0; i < json_array_size (breakers); i++)
    g_ptr_array_add (names, (gpointer)look_text (json_array_get (breakers, i), "downstream"));
  g_ptr_array_add (names, NULL);
  return g_strv_contains ((const char *const *)names->pdata, name)
             ? EXIT_DONE
             : refuse_name ("downstream", name, names);
}

static int
change_breaker (const Settings *settings, Order *order, GError **error)
{
  g_autoptr (Db) db = open_database (settings, error);
  int code = db ? check_downstream (db, order->change.subject, error) : EXIT_FAILED;

  return code == EXIT_DONE ? carry_out (db, order, error) : code;
}

static int
list_breakers (const Settings *settings, gboolean is_json, GError **error)
{
  g_autoptr (Db) db = open_database (settings, error);
  g_autoptr (json_t) array = db ? look_breakers (db, error) : NULL;

  if (!array)
    return EXIT_FAILED;
  print_rows (array, look_columns_of_breakers, "No downstream has been called yet.", is_json);
  return EXIT_DONE;
}

int
breakers_main (int argc, char **argv)
{
  g_autofree char *reason = NULL;
  Order order = { .change.kind = CHANGE_CLOSE_BREAKER, .question = "It is called again at once." };
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &order.is_json, "Prints JSON.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "open, close: why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &order.is_yes, "open, close: does it without asking.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "list|open DOWNSTREAM|close DOWNSTREAM",
      "Tells which downstreams are away for everyone, or says so.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  gboolean lists = argc == 2 && strcmp (argv[1], "list") == 0;
  gboolean opens = argc == 3 && strcmp (argv[1], "open") == 0;
  int code;

  if (!lists && !opens && !(argc == 3 && strcmp (argv[1], "close") == 0))
    return complain (EXIT_USAGE, "give list, open DOWNSTREAM or close DOWNSTREAM");
  if (opens) {
    order.change.kind = CHANGE_OPEN_BREAKER;
    order.question = "Nothing calls it for a minute; then one call asks whether it is back.";
  }
  order.change.subject = argv[argc - 1];
  order.change.reason = reason;
  code = lists ? list_breakers (settings, order.is_json, &error)
               : change_breaker (settings, &order, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
