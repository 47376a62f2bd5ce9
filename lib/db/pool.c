/* A bounded pool of connections, opened when first needed. The last one given back is the first one
 * taken, so that a quiet process works with one warm connection. */
#include "db/db.h"

#include "db/connection.h"

const Setting db_settings[] = {
  { "database-url", SETTING_TEXT, "",
    "PostgreSQL to use, postgresql://user:password@host:port/database.", .secret = TRUE,
    .required = TRUE, .read_again = TRUE },
  { "database-connections", SETTING_NUMBER, "8",
    "Connections to the database that a process opens at most.", .min = 1, .max = 1000 },
  { "database-wait-ms", SETTING_NUMBER, "60000",
    "How long a process keeps an answer it cannot write down before it gives up and exits." },
  { "database-lock-timeout-ms", SETTING_NUMBER, G_STRINGIFY (DB_LOCK_TIMEOUT_MS),
    "How long a statement waits for a lock that somebody else holds; 0: for ever.",
    .max = G_MAXINT },
  { "database-statement-timeout-ms", SETTING_NUMBER, G_STRINGIFY (DB_STATEMENT_TIMEOUT_MS),
    "How long a statement may run, its waits included; 0: for ever.", .max = G_MAXINT },
  { "database-silence-ms", SETTING_NUMBER, G_STRINGIFY (DB_SILENCE_MS),
    "How much longer than its statements may run the database may say nothing before the "
    "connection "
    "is given up; 0: for ever.",
    .max = G_MAXINT },
  { NULL },
};

struct DbPool {
  char *url;
  guint max_connections;
  GMutex mutex;
  GCond given_back;
  guint waiters;
  guint open_count; /* idle, taken, and being opened */
  GQueue idle;      /* of Db * */
};

DbPool *
db_pool_new (const char *url, guint max_connections)
{
  DbPool *pool = g_new0 (DbPool, 1);

  g_return_val_if_fail (max_connections > 0, NULL);
  pool->url = g_strdup (url);
  pool->max_connections = max_connections;
  g_mutex_init (&pool->mutex);
  g_cond_init (&pool->given_back);
  g_queue_init (&pool->idle);
  return pool;
}

void
db_pool_free (DbPool *pool)
{
  if (!pool)
    return;
  if (pool->open_count != g_queue_get_length (&pool->idle))
    g_critical ("a connection outlives its pool");
  g_queue_clear_full (&pool->idle, (GDestroyNotify)db_close);
  g_mutex_clear (&pool->mutex);
  g_cond_clear (&pool->given_back);
  g_free (pool->url);
  g_free (pool);
}

static void
forget_connection (DbPool *pool)
{
  g_mutex_lock (&pool->mutex);
  pool->open_count--;
  g_cond_signal (&pool->given_back);
  g_mutex_unlock (&pool->mutex);
}

Db *
db_pool_take (DbPool *pool, GError **error)
{
  Db *db;

  g_mutex_lock (&pool->mutex);
  pool->waiters++;
  while (g_queue_is_empty (&pool->idle) && pool->open_count >= pool->max_connections)
    g_cond_wait (&pool->given_back, &pool->mutex);
  pool->waiters--;
  db = g_queue_pop_head (&pool->idle);
  if (!db)
    pool->open_count++;
  g_mutex_unlock (&pool->mutex);

  /* Connecting can take seconds: never under the mutex. */
  if (!db)
    db = db_open (pool->url, error);
  else if (db_connection_is_stale (db) && !db_reset (db, error))
    g_clear_pointer (&db, db_close);
  if (!db)
    forget_connection (pool);
  return db;
}

void
db_pool_give (DbPool *pool, Db *db)
{
  if (!db)
    return;
  if (db_connection_is_in_transaction (db))
    db_rollback (db);
  db_connection_use_default_timeouts (db);
  if (db_is_broken (db)) {
    db_close (db);
    forget_connection (pool);
    return;
  }
  g_mutex_lock (&pool->mutex);
  g_queue_push_head (&pool->idle, db);
  g_cond_signal (&pool->given_back);
  g_mutex_unlock (&pool->mutex);
}

DbPoolCounts
db_pool_counts (DbPool *pool)
{
  DbPoolCounts counts = { .max = pool->max_connections };

  g_mutex_lock (&pool->mutex);
  counts.idle = g_queue_get_length (&pool->idle);
  counts.in_use = pool->open_count - counts.idle;
  counts.waiters = pool->waiters;
  g_mutex_unlock (&pool->mutex);
  return counts;
}
