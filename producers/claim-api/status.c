/* What a person may know of a claim group's way; see status.h. */
#include "status.h"

#include "base/text.h"
#include "claims/claim-group.h"
#include "producers/claim-api/status.sql.h"

char *
status_report (Db *db, const char *guid, GError **error)
{
  g_autoptr (DbRows) rows = NULL;

  if (text_is_uuid (guid)) {
    rows = db_query (db, error, SQL_STATUS_REPORT, "t", guid);
    if (!rows)
      return NULL;
    if (db_rows_count (rows) == 1)
      return g_strdup (db_rows_text (rows, 0, "report"));
  }
  g_set_error_literal (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND,
                       "no claim group has this number");
  return NULL;
}
