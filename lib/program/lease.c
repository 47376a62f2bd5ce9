/* A named lease, see lease.h. */
#include "program/lease.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "program/lease.sql.h"

#define LEASE_MS 30000
#define STOP_MS  20000

struct Lease {
  const char *name;
  char *instance_id;
  GMutex lock;
  gint64 token; /* 0: not held when it was last asked for */
  LeaseChanged changed;
  gpointer changed_data;
  gint64 renewed_ms; /* monotonic, before the question went out */
};

Lease *
lease_new (const char *name, const char *instance_id)
{
  Lease *lease = g_new0 (Lease, 1);

  lease->name = name;
  lease->instance_id = g_strdup (instance_id);
  g_mutex_init (&lease->lock);
  return lease;
}

void
lease_free (Lease *lease)
{
  if (!lease)
    return;
  g_mutex_clear (&lease->lock);
  g_free (lease->instance_id);
  g_free (lease);
}

void
lease_on_change (Lease *lease, LeaseChanged changed, gpointer data)
{
  g_mutex_lock (&lease->lock);
  lease->changed = changed;
  lease->changed_data = data;
  g_mutex_unlock (&lease->lock);
}

/* Under the lock, so that who has taken its callback back is not called any more. */
static void
tell_change (Lease *lease)
{
  g_mutex_lock (&lease->lock);
  if (lease->changed)
    lease->changed (lease->changed_data);
  g_mutex_unlock (&lease->lock);
}

static void
note (Lease *lease, gint64 token, gint64 asked_ms)
{
  g_autofree char *text = NULL;
  gint64 before;

  g_mutex_lock (&lease->lock);
  before = lease->token;
  lease->token = token;
  lease->renewed_ms = asked_ms;
  g_mutex_unlock (&lease->lock);
  metrics_gauge (METRIC_LEASE_HELD, token != 0, lease->name, NULL);
  if ((before != 0) == (token != 0))
    return;
  text = g_strdup_printf (
      token ? "this process is the %s now" : "this process is not the %s any more", lease->name);
  log_info (text, NULL);
  tell_change (lease);
}

static gint64
token_as_kept (Lease *lease)
{
  gint64 token;

  g_mutex_lock (&lease->lock);
  token = lease->token;
  g_mutex_unlock (&lease->lock);
  return token;
}

gboolean
lease_keep (Lease *lease, Db *db, GError **error)
{
  gint64 asked_ms = clock_monotonic_ms ();
  g_autoptr (DbRows) rows = db_query (db, error, SQL_TAKE_LEASE, "ttii", lease->name,
                                      lease->instance_id, (gint64)LEASE_MS, token_as_kept (lease));

  if (!rows)
    return FALSE;
  note (lease, db_rows_count (rows) == 1 ? db_rows_int (rows, 0, "token") : 0, asked_ms);
  return TRUE;
}

void
lease_give (Lease *lease, Db *db)
{
  gint64 token = token_as_kept (lease);

  if (token == 0)
    return;
  (void)db_execute (db, NULL, NULL, SQL_GIVE_LEASE, "ti", lease->name, token); /* it runs out */
  g_mutex_lock (&lease->lock);
  lease->token = 0;
  g_mutex_unlock (&lease->lock);
  tell_change (lease);
}

gint64
lease_token (Lease *lease)
{
  gint64 token;

  g_mutex_lock (&lease->lock);
  token = clock_monotonic_ms () - lease->renewed_ms < STOP_MS ? lease->token : 0;
  g_mutex_unlock (&lease->lock);
  return token;
}

gboolean
lease_is_held (Lease *lease)
{
  return lease_token (lease) != 0;
}

gboolean
lease_guard (Lease *lease, Db *db, gboolean *ret_held, GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_GUARD_LEASE, "ti", lease->name, lease_token (lease));

  if (!rows)
    return FALSE;
  *ret_held = db_rows_count (rows) == 1;
  return TRUE;
}
