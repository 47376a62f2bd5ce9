/* Rows of packages. See package.h. */
#include "claims/package.h"

#include "claims/error.h"
#include "claims/package.sql.h"

gboolean
package_number (Db *db, const char *guid, guint *ret_number, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_PACKAGE_NUMBER, "t", guid);

  if (!rows)
    return FALSE;
  *ret_number = (guint)db_rows_int (rows, 0, "number");
  return TRUE;
}

gboolean
package_attempt_begin (Db *db, const char *guid, guint number, const char *form_id,
                       const char *uuid, GError **error)
{
  return db_execute (db, NULL, error, SQL_PACKAGE_ATTEMPT_BEGIN, "titt", guid, (gint64)number,
                     form_id, uuid);
}

gboolean
package_attempt_end (Db *db, const char *guid, guint number, const char *form_id,
                     const char *status, const char *error_class, const char *error_message,
                     GError **error)
{
  return db_execute (db, NULL, error, SQL_PACKAGE_ATTEMPT_END, "titttt", guid, (gint64)number,
                     form_id, status, error_class, error_message);
}

gboolean
package_accepted (Db *db, const char *guid, guint number, const PackageSent *sent, GError **error)
{
  guint count = 0;

  return db_execute (db, &count, error, SQL_PACKAGE_ACCEPTED, "titiii", guid, (gint64)number,
                     sent->uuid, (gint64)sent->document_count, (gint64)sent->page_count,
                     sent->ask_after_ms) &&
         count == 1;
}
