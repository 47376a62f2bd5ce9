/* Changes that an operator makes, see change.h. */
#include "operator/change.h"

#include "operator/audit.h"
#include "operator/change.sql.h"

#define PROBE_MS 60000

const char *
change_name (ChangeKind kind)
{
  switch (kind) {
  case CHANGE_PAUSE:
    return "pause";
  case CHANGE_RESUME:
    return "resume";
  case CHANGE_OPEN_BREAKER:
    return "open breaker";
  case CHANGE_CLOSE_BREAKER:
    return "close breaker";
  }
  g_assert_not_reached ();
}

static gboolean
write_change (Db *db, const Change *change, gint64 action_id, guint *ret_count, GError **error)
{
  switch (change->kind) {
  case CHANGE_PAUSE:
    return db_execute (db, ret_count, error, SQL_PAUSE, "ti", change->subject, action_id);
  case CHANGE_RESUME:
    return db_execute (db, ret_count, error, SQL_RESUME, "t", change->subject);
  case CHANGE_OPEN_BREAKER:
    return db_execute (db, ret_count, error, SQL_BREAKER_OPEN, "ti", change->subject,
                       (gint64)PROBE_MS);
  case CHANGE_CLOSE_BREAKER:
    return db_execute (db, ret_count, error, SQL_BREAKER_CLOSE, "t", change->subject);
  }
  g_assert_not_reached ();
}

/* A DbWork. */
static gboolean
audit_and_write (Db *db, gpointer data, GError **error)
{
  Change *change = data;
  const Action action = { .who = change->who,
                          .action = change_name (change->kind),
                          .subject = change->subject,
                          .reason = change->reason };
  guint count = 0;
  gint64 id;

  if (!audit_write (db, &action, &id, error) || !write_change (db, change, id, &count, error))
    return FALSE;
  change->is_changed = count > 0;
  return TRUE;
}

gboolean
change_make (Db *db, Change *change, GError **error)
{
  return db_transaction (db, audit_and_write, change, error);
}
