/* pipelinectl why: what has happened to a claim, what it does now, and what comes next, and when.
 *
 * Nothing personal is shown. --reveal REASON adds the documents that were sent in and what people
 * have written freely, after a row of operator_actions says who has looked, and why. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/seal.h"
#include "base/text.h"
#include "bgs/bgs.h"
#include "claims/claim-group.h"
#include "db/db.h"
#include "db/migrate.h"
#include "kafka/client.h"
#include "operator/audit.h"
#include "operator/history.h"
#include "operator/look.h"
#include "output.h"
#include "pipeline/context.h"
#include "pipelinectl.h"

static const Setting *const tables[] = { asking_settings,     kafka_settings,   db_settings,
                                         bgs_answer_settings, unknown_settings, NULL };
/* Who reveals needs the keys. */
static const Setting *const tables_of_reveal[] = {
  asking_settings,  kafka_settings, db_settings, bgs_answer_settings,
  unknown_settings, seal_settings,  NULL
};

static gboolean
wants_reveal (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (strcmp (argv[i], "--reveal") == 0 || g_str_has_prefix (argv[i], "--reveal="))
      return TRUE;
  return FALSE;
}

/* --- Personal data, on request --- */

static json_t *
open_documents (Db *db, Sealer *sealer, const char *guid, GError **error)
{
  g_autoptr (ClaimGroup) group = claim_group_load (db, sealer, guid, error);
  g_autoptr (json_t) opened = NULL;
  json_t *form;

  if (!group)
    return NULL;
  form = claim_load_form (db, sealer, group->parent_claim_id, error);
  if (!form)
    return NULL;
  opened = json_pack ("{s:o,s:O?}", "claim", form, "user_data", group->user_data);
  return g_steal_pointer (&opened);
}

static gboolean
reveal (Db *db, const Settings *settings, const char *guid, const char *reason, json_t *document,
        GError **error)
{
  const Action action = {
    .action = "why --reveal", .subject = guid, .guid = guid, .reason = reason
  };
  g_autoptr (Sealer) sealer = sealer_from_settings (settings, error);
  json_t *opened;

  /* Written down before anything is opened. */
  if (!sealer || !audit_write (db, &action, NULL, error))
    return FALSE;
  opened = open_documents (db, sealer, guid, error);
  return opened && json_object_set_new (document, "revealed", opened) == 0;
}

/* --- For people --- */

static void
print_line (const json_t *line)
{
  const json_t *claim = json_object_get (line, "claim_id");
  const char *detail = look_text (line, "detail"), *reason = look_text (line, "reason");
  g_autofree char *of = json_is_integer (claim)
                            ? g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (claim))
                            : g_strdup ("group");

  printf ("%s  %-9s %-7s %s%s%s%s%s\n", look_text (line, "at"), look_text (line, "kind"), of,
          look_text (line, "what"), detail ? "  — " : "", detail ? detail : "",
          reason ? "  — " : "", reason ? reason : "");
}

static void
print_claim (const json_t *claim)
{
  const json_t *record = json_object_get (claim, "record");

  printf ("claim %" JSON_INTEGER_FORMAT "  %s  %s",
          json_integer_value (json_object_get (claim, "claim_id")), look_text (claim, "form_type"),
          look_text (claim, "state"));
  if (look_text (claim, "benefit_claim_id"))
    printf ("  benefit claim %s", look_text (claim, "benefit_claim_id"));
  if (json_is_object (record))
    printf ("  record at %s/%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
            look_text (record, "topic"), json_integer_value (json_object_get (record, "partition")),
            json_integer_value (json_object_get (record, "offset")));
  putchar ('\n');
}

static void
print_for_people (const json_t *document)
{
  const json_t *claims = json_object_get (document, "claims");
  const json_t *timeline = json_object_get (document, "timeline");
  const json_t *emails = json_object_get (document, "emails");
  const json_t *revealed = json_object_get (document, "revealed");

  printf ("group %s  %s\n", look_text (document, "group"), look_text (document, "state"));
  for (gsize i = 0; i < json_array_size (claims); i++)
    print_claim (json_array_get (claims, i));
  putchar ('\n');
  for (gsize i = 0; i < json_array_size (timeline); i++)
    print_line (json_array_get (timeline, i));
  if (revealed) {
    putchar ('\n');
    print_json (revealed);
  }
  if (look_text (document, "broker"))
    printf ("\nThe broker was not asked: %s\n", look_text (document, "broker"));
  for (gsize i = 0; i < json_array_size (emails); i++)
    printf ("%sMail: %s; %s.\n", i == 0 ? "\n" : "", look_text (json_array_get (emails, i), "now"),
            look_text (json_array_get (emails, i), "next"));
  printf ("\nNow:  %s.\nNext: %s.\n", look_text (document, "now"), look_text (document, "next"));
}

/* --- The command --- */

static int
refuse_several (const char *id, const json_t *found)
{
  (void)complain (EXIT_USAGE, "%s is several numbers; ask for one of these groups:", id);
  for (gsize i = 0; i < json_array_size (found); i++) {
    const json_t *one = json_array_get (found, i);

    fprintf (stderr, "  %s of %s\n", look_text (one, "what"), look_text (one, "guid"));
  }
  return EXIT_USAGE;
}

static gboolean
names_one_group (const json_t *found)
{
  for (gsize i = 1; i < json_array_size (found); i++)
    if (!g_str_equal (look_text (json_array_get (found, i), "guid"),
                      look_text (json_array_get (found, 0), "guid")))
      return FALSE;
  return TRUE;
}

static int
tell (Db *db, const Settings *settings, const char *id, const char *reason, gboolean is_json,
      GError **error)
{
  g_autoptr (json_t) found = history_find (db, id, error);
  g_autoptr (json_t) document = NULL;
  const char *guid;

  if (!found)
    return EXIT_FAILED;
  if (json_array_size (found) == 0)
    return complain (EXIT_NOT_FOUND, "no claim group, claim, proc, benefit claim or package is %s",
                     id);
  if (!names_one_group (found))
    return refuse_several (id, found);
  guid = look_text (json_array_get (found, 0), "guid");
  document = history_read (db, settings, guid, HISTORY_ASKS_BROKER | (reason ? HISTORY_REVEALS : 0),
                           error);
  if (!document || (reason && !reveal (db, settings, guid, reason, document, error)))
    return EXIT_FAILED;
  (is_json ? print_json : print_for_people) (document);
  return EXIT_DONE;
}

int
why_main (int argc, char **argv)
{
  g_autofree char *reason = NULL;
  gboolean is_json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { "reveal", 0, 0, G_OPTION_ARG_STRING, &reason,
      "Shows personal data too; who looked, and why, is written down.", "REASON" },
    { NULL },
  };
  gboolean reveals = wants_reveal (argc, argv);
  g_autoptr (Settings) settings =
      read_command_line ("ID", "Tells what has happened to a claim, and what comes next.", options,
                         reveals ? tables_of_reveal : tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  int code = EXIT_FAILED;

  if (argc != 2)
    return complain (EXIT_USAGE,
                     "why takes one number: a claim group's, claim's, proc's, benefit claim's or "
                     "package's");
  if (reveals && !audit_is_reason (reason))
    return complain (EXIT_USAGE, "--reveal must say why, in up to %d characters", REASON_MAX);
  db = open_database (settings, &error);
  if (db)
    code = tell (db, settings, argv[1], reveals ? reason : NULL, is_json, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
