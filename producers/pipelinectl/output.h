/* What subcommands that ask the database share. */
#pragma once

#include <jansson.h>

#include "db/db.h"

/* log-level */
extern const Setting asking_settings[];
/* Connected, and the schema is known; NULL and @error else. */
Db *open_database (const Settings *settings, GError **error);
/* On stdout, indented. */
void print_json (const json_t *document);
