/* Chores of the relay, see chores.h. */
#include "program/chores.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rounds.h"
#include "program/foreign-transactions.h"
#include "program/purge.h"

#define SOON_MS       5000 /* after the start, and after a failure */
#define EVERY_MS      60000
#define WALK_EVERY_MS (24 * 3600 * G_GINT64_CONSTANT (1000))
#define PURGE_ROWS    5000
#define REST_PARTS    3 /* for each part of the time at work: a quarter of it is the purge's */
#define REST_MIN_MS   5
#define OVER_S        60

struct Chores {
  ChoresOptions options;
  char *database_url;
  Rounds *rounds;
  /* the thread's own */
  ForeignTransactions *foreign;
  gint64 walk_at_ms;
};

static gboolean
rest (gint64 worked_ms, gpointer data)
{
  Chores *chores = data;

  return rounds_rest (chores->rounds, MAX (REST_MIN_MS, worked_ms * REST_PARTS)) &&
         lease_is_held (chores->options.lease);
}

static gboolean
purge (Chores *chores, Db *db, GError **error)
{
  const PurgeOptions options = {
    .inbox_days = chores->options.inbox_days, .batch = PURGE_ROWS, .rest = rest, .data = chores
  };

  if (!purge_prepare (db, error) || !purge_by_age (db, &options, error))
    return FALSE;
  if (clock_monotonic_ms () < chores->walk_at_ms)
    return TRUE;
  if (!purge_by_walk (db, &options, error))
    return FALSE;
  chores->walk_at_ms = clock_monotonic_ms () + WALK_EVERY_MS;
  return TRUE;
}

/* A failure holds up nobody's work, so it is told, and no reason not to be ready. */
static gboolean
do_chores (Chores *chores)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Db) db = db_open (chores->database_url, &error);

  if (db && foreign_transactions_look (chores->foreign, db, OVER_S, NULL, &error))
    (void)purge (chores, db, &error); /* error tells */
  if (error)
    log_limited (LOG_LEVEL_WARNING, "chores", "old rows are not purged; tried again soon", "error",
                 error->message, NULL);
  return !error;
}

static gint64
one_round (gpointer data)
{
  Chores *chores = data;

  return lease_is_held (chores->options.lease) && !do_chores (chores) ? SOON_MS : EVERY_MS;
}

Chores *
chores_start (const ChoresOptions *options)
{
  Chores *chores = g_new0 (Chores, 1);

  chores->options = *options;
  chores->database_url = g_strdup (options->database_url);
  chores->foreign = foreign_transactions_new ();
  chores->rounds = rounds_new ("chores", one_round, chores);
  rounds_begin (chores->rounds, SOON_MS);
  return chores;
}

void
chores_stop (Chores *chores)
{
  if (!chores)
    return;
  rounds_free (chores->rounds);
  foreign_transactions_free (chores->foreign);
  g_free (chores->database_url);
  g_free (chores);
}
