/* The audit trail, see audit.h. */
#include "operator/audit.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"
#include "operator/audit.sql.h"

char *
audit_user (void)
{
  const struct passwd *user = getpwuid (getuid ());
  const char *before = g_getenv ("SUDO_USER");

  return g_strdup_printf ("%s@%s",
                          before ? before
                          : user ? user->pw_name
                                 : "unknown",
                          g_get_host_name ());
}

gboolean
audit_write (Db *db, const Action *action, gint64 *ret_id, GError **error)
{
  g_autofree char *name = action->who ? g_strdup (action->who) : audit_user ();
  g_autofree char *detail = action->detail ? text_of_json (action->detail) : NULL;
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_WRITE_ACTION, "ttttitt", name, action->action, action->subject,
                action->guid, action->claim_id, action->reason, detail);

  if (!rows)
    return FALSE;
  if (ret_id)
    *ret_id = db_rows_int (rows, 0, "id");
  return TRUE;
}

/* What a terminal would take for a command to itself. Lines and tabs are text. */
static gboolean
has_control (const char *text)
{
  for (; *text; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);

    if (g_unichar_iscntrl (c) && c != '\n' && c != '\r' && c != '\t')
      return TRUE;
  }
  return FALSE;
}

gboolean
audit_is_reason (const char *text)
{
  return !text_is_blank (text) && g_utf8_validate (text, -1, NULL) &&
         g_utf8_strlen (text, -1) <= REASON_MAX && !has_control (text);
}
