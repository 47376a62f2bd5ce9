/* Deferred for too long, and gauges. See overdue.h. */
#include "overdue.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/rounds.h"
#include "consumers/notify/notify.sql.h"
#include "notify/ledger.h"

#define PAUSE_MS 1000
#define MAX_ROWS 100

const Setting overdue_settings[] = {
  { .name = "email-deferred-max",
    .type = SETTING_DURATION,
    .default_value = "72h",
    .help =
        "How long an error e-mail may wait at a mailbox that is full or away before it counts as "
        "not delivered." },
  { NULL },
};

struct Overdue {
  Program *program;
  gint64 deferred_max_ms;
  Rounds *rounds;
};

/* Whose it is, for its transaction. */
typedef struct {
  gint64 parent_claim_id;
  const char *kind;
} Late;

static gboolean
give_it_up (Transaction *transaction, gpointer data, GError **error)
{
  const Late *late = data;
  const LedgerNews news = { .to = MAIL_BOUNCED,
                            .why = "not delivered in time",
                            .by_its_address = TRUE };
  g_autoptr (LedgerRow) row =
      ledger_get (transaction_db (transaction), late->parent_claim_id, late->kind, error);

  if (!row)
    return FALSE;
  return !g_str_equal (row->state, MAIL_DEFERRED) ||
         ledger_move (transaction, row, &news, NULL, error);
}

static DbRows *
ask (Overdue *overdue, GError **error)
{
  DbPool *pool = program_pool (overdue->program);
  Db *db = db_pool_take (pool, error);
  DbRows *rows =
      db ? db_query (db, error, SQL_OVERDUE_MAILS, "ii", overdue->deferred_max_ms, (gint64)MAX_ROWS)
         : NULL;

  db_pool_give (pool, db);
  return rows;
}

static gboolean
give_up_overdue (Overdue *overdue, GError **error)
{
  g_autoptr (DbRows) rows = ask (overdue, error);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    Late late = { .parent_claim_id = db_rows_int (rows, i, "saved_claim_id"),
                  .kind = db_rows_text (rows, i, "kind") };

    g_autoptr (GError) problem = NULL;

    if (program_transaction (overdue->program, give_it_up, &late, &problem))
      continue;
    if (db_is_away (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    /* Its group may be held: that holds up no other. */
    log_limited (LOG_LEVEL_ERROR, "overdue-mail",
                 "an e-mail that is overdue could not be given up; again soon", "kind", late.kind,
                 "error", problem->message, NULL);
  }
  return TRUE;
}

static gboolean
show (Overdue *overdue, GError **error)
{
  DbPool *pool = program_pool (overdue->program);
  Db *db = db_pool_take (pool, error);
  g_autoptr (DbRows) rows = db ? db_query (db, error, SQL_OPEN_MAILS, "") : NULL;

  db_pool_give (pool, db);
  if (!rows)
    return FALSE;
  metrics_gauge (METRIC_EMAILS_OPEN, (double)db_rows_int (rows, 0, "requested"), "requested", NULL);
  metrics_gauge (METRIC_EMAILS_OPEN, (double)db_rows_int (rows, 0, "deferred"), "deferred", NULL);
  metrics_gauge (METRIC_EMAILS_OPEN, (double)db_rows_int (rows, 0, "unknown"), "unknown", NULL);
  metrics_gauge (METRIC_OLDEST_EMAIL, (double)db_rows_int (rows, 0, "oldest_s"), NULL);
  return TRUE;
}

/* A failure holds up nobody's work, so it is told, and no reason not to be ready. */
static gint64
one_round (gpointer data)
{
  Overdue *overdue = data;
  g_autoptr (GError) error = NULL;

  if (!give_up_overdue (overdue, &error) || !show (overdue, &error))
    log_limited (LOG_LEVEL_WARNING, "overdue", "e-mails could not be looked at; again soon",
                 "error", error->message, NULL);
  return PAUSE_MS;
}

Overdue *
overdue_start (Program *program, const Settings *settings)
{
  Overdue *overdue = g_new0 (Overdue, 1);

  overdue->program = program;
  overdue->deferred_max_ms = settings_duration_ms (settings, "email-deferred-max");
  overdue->rounds = rounds_new ("overdue", one_round, overdue);
  rounds_begin (overdue->rounds, 0);
  return overdue;
}

void
overdue_stop (Overdue *overdue)
{
  if (!overdue)
    return;
  rounds_free (overdue->rounds);
  g_free (overdue);
}
