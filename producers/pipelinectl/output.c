/* What subcommands share, see output.h. */
#include "output.h"

#include <stdio.h>

#include "base/log.h"
#include "db/migrate.h"

const Setting asking_settings[] = {
  { "log-level", SETTING_CHOICE, "warning", "Least level of the log lines, on stderr.",
    "debug|info|warning|error" },
  { NULL },
};

Db *
open_database (const Settings *settings, GError **error)
{
  g_autoptr (Db) db = NULL;

  log_init ("pipelinectl", settings_text (settings, "log-level"));
  db_configure (settings);
  db = db_open (settings_text (settings, "database-url"), error);
  return db && db_schema_check (db, error) ? g_steal_pointer (&db) : NULL;
}

void
print_json (const json_t *document)
{
  (void)json_dumpf (document, stdout, JSON_INDENT (2)); /* a broken pipe ends us anyway */
  putchar ('\n');
}
