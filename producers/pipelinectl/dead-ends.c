/* pipelinectl dead-letters and quarantine: records that no consumer goes on with, listed, shown, and
 * counted by cause. What nobody can read is redriven by nobody: quarantine close says that a person
 * has seen to it. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "confirm.h"
#include "kafka/client.h"
#include "operator/dead-ends.h"
#include "output.h"
#include "pipelinectl.h"

#define LIST_DEFAULT 50

static const Setting *const tables[] = { asking_settings, kafka_settings, db_settings, NULL };

typedef struct {
  DeadEndKind kind;
  const Settings *settings;
  Db *db;
  char **topics; /* full names */
  const char *cause, *reason;
  gboolean is_all, is_json, is_yes;
  int limit;
} Asking;

static const char *
member (const json_t *object, const char *name, const char *otherwise)
{
  const char *text = json_string_value (json_object_get (object, name));

  return text ? text : otherwise;
}

static void
print_one (const json_t *one)
{
  printf ("%-6" JSON_INTEGER_FORMAT " %s  %-10s %-28s %s (%s)%s\n",
          json_integer_value (json_object_get (one, "id")), member (one, "at", "-"),
          member (one, "consumer", "-"), member (one, "cause", "-"),
          member (one, "group", "of no group"), member (one, "group_state", "-"),
          !json_is_null (json_object_get (one, "redriven_at")) ? " redriven"
          : !json_is_null (json_object_get (one, "closed_at")) ? " closed"
                                                               : "");
}

static void
print_nothing (const Asking *asking, const char *cause)
{
  printf ("No record is %s%s%s.\n", asking->kind == QUARANTINE ? "in quarantine" : "a dead letter",
          cause ? " because of " : "", cause ? cause : "");
}

static int
list (const Asking *asking, GError **error)
{
  const DeadEndQuestion question = { .topics = asking->topics,
                                     .cause = asking->cause,
                                     .is_with_redriven = asking->is_all,
                                     .limit = asking->limit };
  g_autoptr (json_t) all = dead_ends_list (asking->db, &question, error);

  if (!all)
    return EXIT_FAILED;
  if (asking->is_json) {
    print_json (all);
    return EXIT_DONE;
  }
  for (gsize i = 0; i < json_array_size (all); i++)
    print_one (json_array_get (all, i));
  if (json_array_size (all) == 0)
    print_nothing (asking, asking->cause);
  return EXIT_DONE;
}

static int
count_by_cause (const Asking *asking, GError **error)
{
  g_autoptr (json_t) all = dead_ends_count (asking->db, asking->topics, error);

  if (!all)
    return EXIT_FAILED;
  if (asking->is_json) {
    print_json (all);
    return EXIT_DONE;
  }
  for (gsize i = 0; i < json_array_size (all); i++) {
    const json_t *one = json_array_get (all, i);

    printf ("%6" JSON_INTEGER_FORMAT "  %-28s %s  %s to %s\n",
            json_integer_value (json_object_get (one, "count")), member (one, "cause", "-"),
            member (one, "topic", "-"), member (one, "first_at", "-"),
            member (one, "last_at", "-"));
  }
  if (json_array_size (all) == 0)
    print_nothing (asking, NULL);
  return EXIT_DONE;
}

static int
show (const Asking *asking, const char *id, GError **error)
{
  GError *problem = NULL;
  gint64 number;
  g_autoptr (json_t) one = NULL;

  if (!parse_int64 (id, 1, G_MAXINT64, &number))
    return complain (EXIT_USAGE, "show takes an id, as list tells it");
  one = dead_ends_get (asking->db, asking->topics, number, asking->settings, &problem);
  if (problem) {
    g_propagate_error (error, problem);
    return EXIT_FAILED;
  }
  if (!one)
    return complain (EXIT_NOT_FOUND, "there is no %s here", id);
  print_json (one);
  return EXIT_DONE;
}

/* --- What a person has seen to --- */

/* Of one that may be closed; on stderr, for stdout is the answer's. */
static void
show_plan (const json_t *one)
{
  fprintf (stderr, "%-6" JSON_INTEGER_FORMAT " %s  %s  %s  from %s, %s\n",
           json_integer_value (json_object_get (one, "id")), member (one, "at", "-"),
           member (one, "consumer", "-"), member (one, "cause", "-"), member (one, "source", "-"),
           member (one, "group", "of no group"));
}

static int
close_records (const Asking *asking, const json_t *records, GError **error)
{
  g_autoptr (json_t) all = json_array ();
  int code = EXIT_DONE;

  for (gsize i = 0; i < json_array_size (records); i++) {
    const json_t *one = json_array_get (records, i);
    const DeadEndClosing closing = { .topics = asking->topics,
                                     .record = one,
                                     .reason = asking->reason };
    json_t *id = json_object_get (one, "id");
    gboolean is_closed = FALSE;

    if (!dead_end_close (asking->db, &closing, &is_closed, error))
      return EXIT_FAILED;
    if (!is_closed)
      code = complain (EXIT_FAILED, "%" JSON_INTEGER_FORMAT " has changed meanwhile: not closed",
                       json_integer_value (id));
    (void)json_array_append_new (all, json_pack ("{s:O,s:b}", "id", id, "done", (int)is_closed));
    if (is_closed && !asking->is_json)
      printf ("%" JSON_INTEGER_FORMAT ": closed\n", json_integer_value (id));
  }
  if (asking->is_json)
    print_json (all);
  return code;
}

static gboolean
has_record (const json_t *records, gint64 id)
{
  for (gsize i = 0; i < json_array_size (records); i++)
    if (json_integer_value (json_object_get (json_array_get (records, i), "id")) == id)
      return TRUE;
  return FALSE;
}

/* All of them, or none; once each. */
static int
find_records (const Asking *asking, char **ids, json_t *records, GError **error)
{
  for (; *ids; ids++) {
    GError *problem = NULL;
    const char *why;
    gint64 number;
    json_t *one;

    if (!parse_int64 (*ids, 1, G_MAXINT64, &number))
      return complain (EXIT_USAGE, "close takes ids, as list tells them");
    if (has_record (records, number))
      continue;
    one = dead_ends_get (asking->db, asking->topics, number, NULL, &problem);
    if (problem) {
      g_propagate_error (error, problem);
      return EXIT_FAILED;
    }
    if (!one)
      return complain (EXIT_NOT_FOUND, "there is no %s here", *ids);
    (void)json_array_append_new (records, one);
    why = dead_end_why_open (one);
    if (why)
      return complain (EXIT_FAILED, "%s is not closed: %s", *ids, why);
  }
  return EXIT_DONE;
}

static int
close_them (const Asking *asking, char **ids, GError **error)
{
  g_autoptr (json_t) records = json_array ();
  int code;

  if (!reason_is_given (asking->reason))
    return EXIT_USAGE;
  code = find_records (asking, ids, records, error);
  if (code != EXIT_DONE)
    return code;
  for (gsize i = 0; i < json_array_size (records); i++)
    show_plan (json_array_get (records, i));
  if (!confirm (asking->is_yes, "They are closed: a person has seen to them, nothing is sent."))
    return EXIT_USAGE;
  return close_records (asking, records, error);
}

/* --- The commands --- */

static int
answer (const Asking *asking, int argc, char **argv, GError **error)
{
  if (argc == 2 && strcmp (argv[1], "list") == 0)
    return list (asking, error);
  if (argc == 2 && strcmp (argv[1], "group") == 0)
    return count_by_cause (asking, error);
  if (argc == 3 && strcmp (argv[1], "show") == 0)
    return show (asking, argv[2], error);
  if (asking->kind == QUARANTINE && argc >= 3 && strcmp (argv[1], "close") == 0)
    return close_them (asking, argv + 2, error);
  return complain (EXIT_USAGE, asking->kind == QUARANTINE
                                   ? "give one of list, group, show ID and close ID…"
                                   : "give one of list, group and show ID");
}

static int
run (int argc, char **argv, DeadEndKind kind, const char *summary)
{
  g_autofree char *cause = NULL, *reason = NULL;
  g_auto (GStrv) topics = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  Asking asking = { .kind = kind, .limit = LIST_DEFAULT };
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &asking.is_json, "Prints JSON.", NULL },
    { "cause", 0, 0, G_OPTION_ARG_STRING, &cause, "list: those of one cause.", "CLASS" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &asking.is_all,
      "list: also those that were redriven or closed.", NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT, &asking.limit, "list: how many, the newest; 50.", "N" },
    /* Of quarantine alone */
    { kind == QUARANTINE ? "reason" : NULL, 0, 0, G_OPTION_ARG_STRING, &reason,
      "close: why; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &asking.is_yes, "close: does it without asking.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings =
      read_command_line (kind == QUARANTINE ? "list|show ID|group|close ID…" : "list|show ID|group",
                         summary, options, tables, &argc, &argv);
  int code = EXIT_FAILED;

  if (asking.limit < 1)
    return complain (EXIT_USAGE, "--limit must be 1 at least");
  topics = dead_ends_topics (settings, kind);
  asking.topics = topics;
  asking.settings = settings;
  asking.cause = cause;
  asking.reason = reason;
  db = open_database (settings, &error);
  asking.db = db;
  if (db)
    code = answer (&asking, argc, argv, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}

int
dead_letters_main (int argc, char **argv)
{
  return run (argc, argv, DEAD_LETTERS, "Tells which records have failed for good, and why.");
}

int
quarantine_main (int argc, char **argv)
{
  return run (argc, argv, QUARANTINE,
              "Tells which records nobody can read, or have ended their reader.");
}
