/* What a journal says to somebody who cannot read its results: they are sealed, and he has no key. */
#pragma once

#include "db/db.h"

/* What had taken effect: names of finished steps with commas between them (owned; NULL: none), and
 * whether nobody knows of @insert_step, the one that cannot be taken back. */
gboolean journal_in_effect (Db *db, const char *scope, const char *insert_step, char **ret_steps,
                            gboolean *ret_in_doubt, GError **error);
