/* pipelinectl migrate: brings the database's schema to a version, forward or back. */
#include <stdio.h>

#include "db/db.h"
#include "db/migrate.h"
#include "pipelinectl.h"

static const Setting *const tables[] = { db_settings, NULL };

int
migrate_main (int argc, char **argv)
{
  g_autofree char *to = NULL;
  gboolean may_drop = FALSE;
  const GOptionEntry options[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &to,
      "Version to bring it to; 0 leaves nothing. Default: the newest.", "N" },
    { "drop-data", 0, 0, G_OPTION_ARG_NONE, &may_drop,
      "Needed to go back: what later versions added is dropped, with what stands in it.", NULL },
    { NULL },
  };
  g_autoptr (Settings) settings = read_command_line (
      "", "Brings the database's schema to a version.", options, tables, &argc, &argv);
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = NULL;
  gint64 version = db_schema_version_expected ();
  int before = 0;

  if (argc > 1)
    return complain (EXIT_USAGE, "migrate takes no operand");
  if (to && !parse_int64 (to, 0, db_schema_version_expected (), &version))
    return complain (EXIT_USAGE, "--to must be a version from 0 to %d",
                     db_schema_version_expected ());

  db_configure (settings);
  db = db_open (settings_text (settings, "database-url"), &error);
  if (!db || !db_schema_version (db, &before, &error))
    return complain (EXIT_FAILED, "%s", error->message);
  if ((int)version < before && !may_drop)
    return complain (EXIT_USAGE,
                     "from version %d to %d something is dropped with what stands in it; say so "
                     "with --drop-data",
                     before, (int)version);
  if (!db_migrate (db, (int)version, &error))
    return complain (EXIT_FAILED, "%s", error->message);
  printf ("schema version %d%s\n", (int)version, before == (int)version ? ", as before" : "");
  return EXIT_DONE;
}
