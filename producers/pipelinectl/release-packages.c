/* pipelinectl release-packages: second packages go out that the follower has stopped, because more
 * than package-expired-max had expired within an hour. Whoever says so knows why they had. */
#include <jansson.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "operator/audit.h"
#include "confirm.h"
#include "db/db.h"
#include "output.h"
#include "pipelinectl.h"
#include "producers/pipelinectl/release-packages.sql.h"

static const Setting *const tables[] = { asking_settings, db_settings, NULL };

typedef struct {
  const char *reason;
  guint count;
} Release;

static gboolean
release (Db *db, gpointer data, GError **error)
{
  Release *given = data;
  const Action action = { .action = "release-packages",
                          .subject = "packages that were stopped",
                          .reason = given->reason };

  return audit_write (db, &action, NULL, error) &&
         db_execute (db, &given->count, error, SQL_RELEASE_PACKAGES, "");
}

int
release_packages_main (int argc, char **argv)
{
  g_autofree char *reason = NULL;
  gboolean is_yes = FALSE, is_json = FALSE;
  const GOptionEntry options[] = {
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, "Why they had expired; written down.", "TEXT" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &is_yes, "Does it without asking.", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &is_json, "Prints JSON.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "", "Lets second packages go out that were stopped, for too many had expired.", options,
      tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  Release given = { .reason = reason };

  if (argc != 1)
    return complain (EXIT_USAGE, "release-packages takes nothing");
  if (!reason_is_given (reason) || !confirm (is_yes, "All packages that were stopped go out."))
    return EXIT_USAGE;
  db = open_database (settings, &error);
  if (!db || !db_transaction (db, release, &given, &error))
    return complain (EXIT_FAILED, "%s", error->message);
  if (is_json) {
    g_autoptr (json_t) told = json_pack ("{s:I}", "released", (json_int_t)given.count);

    print_json (told);
    return EXIT_DONE;
  }
  printf ("%u packages released\n", given.count);
  return EXIT_DONE;
}
