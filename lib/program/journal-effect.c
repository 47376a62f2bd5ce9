/* What a journal says without a key, see journal-effect.h. */
#include "program/journal-effect.h"

#include "program/journal-effect.sql.h"

gboolean
journal_in_effect (Db *db, const char *scope, const char *insert_step, char **ret_steps,
                   gboolean *ret_in_doubt, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_STEPS_IN_EFFECT, "tt", scope, insert_step);

  if (!rows)
    return FALSE;
  *ret_steps = g_strdup (db_rows_text (rows, 0, "finished"));
  *ret_in_doubt = db_rows_boolean (rows, 0, "is_in_doubt");
  return TRUE;
}
