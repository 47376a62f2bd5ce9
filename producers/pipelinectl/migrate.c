/* pipelinectl migrate: brings the database's schema to a version, forward or back.
 *
 * Forward only adds, is what every installation does unattended, and is not asked about. Back drops
 * what later versions brought: not under a program that runs, and not by one word. */
#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "confirm.h"
#include "db/db.h"
#include "db/migrate.h"
#include "operator/audit.h"
#include "output.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/migrate.sql.h"

/* Versions from which there is a table */
#define HAS_INSTANCES 2
#define HAS_ACTIONS   13
#define HAS_ROLES     19

static const Setting migrate_settings[] = {
  { "migrate-lock-timeout", SETTING_DURATION, "0s",
    "How long a migration waits for a table that is in use, with all who come after it; over it "
    "nothing is changed and it may be run again; 0s: for ever." },
  { "role-consumer", SETTING_TEXT, "",
    "Roles of the database that consumers connect as, with commas; they exist, and are given what "
    "a consumer needs and nothing else of ours. Empty: nobody." },
  { "role-claim-api", SETTING_TEXT, "", "The same for claim-api." },
  { "role-reader", SETTING_TEXT, "",
    "The same for who looks, pipelinectl or a page: writes nothing, reads nothing that is "
    "sealed." },
  { "role-operator", SETTING_TEXT, "", "The same for who acts with pipelinectl." },
  { NULL },
};
static const struct {
  const char *setting, *part;
} parts[] = {
  { "role-consumer", "consumer" },
  { "role-claim-api", "claim-api" },
  { "role-reader", "reader" },
  { "role-operator", "operator" },
};
static const Setting *const tables[] = { migrate_settings, db_settings, NULL };

/* Going back takes tables away from under whoever runs. FALSE: said so, or @error. */
static gboolean
nobody_runs (Db *db, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_MIGRATE_ALIVE, "");

  if (!rows)
    return FALSE;
  if (db_rows_is_null (rows, 0, "programs"))
    return TRUE;
  (void)complain (EXIT_FAILED, "the schema does not go back while these run: %s; end them first",
                  db_rows_text (rows, 0, "programs"));
  return FALSE;
}

typedef struct {
  const Settings *settings;
  Db *db;
  int before, version;
  gint64 lock_ms;
  gboolean is_yes, may_drop, is_json;
  const char *reason; /* NULL: none */
} Migrate;

/* What would be lost is told before anything is asked. */
static int
ask_about_way_back (const Migrate *migrate, GError **error)
{
  g_autofree char *question = g_strdup_printf (
      "The schema goes back from version %d to %d.%s", migrate->before, migrate->version,
      migrate->version < HAS_ACTIONS ? " Who has done what is dropped too." : "");
  g_autoptr (GPtrArray) losses =
      db_migrate_losses (migrate->db, migrate->version, migrate->lock_ms, error);

  if (!losses)
    return EXIT_FAILED;
  fprintf (stderr, "from version %d to %d %s\n", migrate->before, migrate->version,
           losses->len ? "these are lost:" : "nothing is lost that stands in the database");
  for (guint i = 0; i < losses->len; i++)
    fprintf (stderr, "  %s\n", (char *)g_ptr_array_index (losses, i));
  if (!migrate->may_drop)
    return complain (EXIT_USAGE, "to go back something is dropped with what stands in it: say so "
                                 "with --drop-data");
  return reason_is_given (migrate->reason) && confirm (migrate->is_yes, question) ? EXIT_DONE
                                                                                  : EXIT_USAGE;
}

static void
tell_progress (const char *name, gpointer data)
{
  const Migrate *migrate = data;

  fprintf (stderr, "%s: %s\n", name, migrate->version < migrate->before ? "taken back" : "applied");
}

static gboolean
write_action (const Migrate *migrate, GError **error)
{
  g_autofree char *subject =
      g_strdup_printf ("schema version %d to %d", migrate->before, migrate->version);
  const Action action = { .action = "migrate",
                          .subject = subject,
                          .reason = migrate->reason ? migrate->reason : "a newer release" };

  return migrate->version < HAS_ACTIONS || audit_write (migrate->db, &action, NULL, error);
}

static gboolean
grant_to_all (const Migrate *migrate, const char *part, const char *names, GError **error)
{
  g_auto (GStrv) roles = g_strsplit (names, ",", -1);

  for (char **role = roles; *role; role++) {
    if (text_is_blank (*role))
      continue;
    if (!db_grant (migrate->db, part, g_strstrip (*role), error))
      return FALSE;
    fprintf (stderr, "role %s is given what %s needs\n", *role, part);
  }
  return TRUE;
}

static gboolean
grant_roles (const Migrate *migrate, GError **error)
{
  for (guint i = 0; migrate->version >= HAS_ROLES && i < G_N_ELEMENTS (parts); i++)
    if (!grant_to_all (migrate, parts[i].part, settings_text (migrate->settings, parts[i].setting),
                       error))
      return FALSE;
  return TRUE;
}

static void
tell_version (const Migrate *migrate)
{
  g_autoptr (json_t) told =
      json_pack ("{s:i,s:i}", "version", migrate->version, "before", migrate->before);

  if (migrate->is_json)
    print_json (told);
  else
    printf ("schema version %d%s\n", migrate->version,
            migrate->before == migrate->version ? ", as before" : "");
}

static int
carry_out (Migrate *migrate, GError **error)
{
  if (!db_schema_version (migrate->db, &migrate->before, error))
    return EXIT_FAILED;
  if (migrate->version < migrate->before) {
    int code;

    if (migrate->before >= HAS_INSTANCES && !nobody_runs (migrate->db, error))
      return EXIT_FAILED;
    code = ask_about_way_back (migrate, error);
    if (code != EXIT_DONE)
      return code;
  }
  if (!db_migrate_telling (migrate->db, migrate->version, migrate->lock_ms, tell_progress, migrate,
                           error))
    return EXIT_FAILED;
  if ((migrate->before != migrate->version && !write_action (migrate, error)) ||
      !grant_roles (migrate, error))
    return EXIT_FAILED;
  tell_version (migrate);
  return EXIT_DONE;
}

int
migrate_main (int argc, char **argv)
{
  g_autofree char *to = NULL, *reason = NULL;
  Migrate migrate = { 0 };
  const GOptionEntry options[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to,
      "Version to bring it to; 0 leaves nothing. Default: the newest.", "N" },
    { "drop-data", 0, 0, G_OPTION_ARG_NONE, &migrate.may_drop,
      "Needed to go back: what later versions added is dropped, with what stands in it.", NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why; written down. Needed to go back.",
      "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &migrate.is_yes, "Goes back without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &migrate.is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "", "Brings the database's schema to a version.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  gint64 version = db_schema_version_expected ();
  int code;

  if (argc > 1)
    return complain (EXIT_USAGE, "migrate takes no operand");
  if (to && !parse_int64 (to, 0, db_schema_version_expected (), &version))
    return complain (EXIT_USAGE, "--to must be a version from 0 to %d",
                     db_schema_version_expected ());
  if (reason && !reason_is_given (reason))
    return EXIT_USAGE;
  db_configure (settings);
  db = db_open (settings_text (settings, "database-url"), &error);
  if (!db)
    return complain (EXIT_FAILED, "%s", error->message);
  migrate.settings = settings;
  migrate.db = db;
  migrate.version = (int)version;
  migrate.reason = reason;
  migrate.lock_ms = settings_duration_ms (settings, "migrate-lock-timeout");
  code = carry_out (&migrate, &error);
  return error ? complain (EXIT_FAILED, "%s", error->message) : code;
}
