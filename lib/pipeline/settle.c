/* The settle desk, see settle.h. */
#include "pipeline/settle.h"

#include "base/crash-point.h"
#include "claims/group-facts.h"
#include "pipeline/desk.h"
#include "pipeline/settle.sql.h"

#define BATCH_MAX 500
#define DOUBLES_MAX                                                                                \
  3 /* a row that is there when we write, and not when we look: none of the inbox */
#define LOCK_MAX_MS 500 /* a stranger's row lock must not hold up those behind */

struct SettleDesk {
  const Context *context;
  SettledAnswer answer;
  gpointer data;
  Desk *desk;
};

/* --- The shared transaction --- */

typedef struct {
  const Context *context;
  GPtrArray *units;
  gboolean expects_doubles;
} Batch;

static gboolean
is_open (const SettleUnit *unit)
{
  return unit->outcome == SETTLED_WRITTEN;
}

static gboolean
write_ends (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) ends = g_ptr_array_new ();

  for (guint i = 0; i < batch->units->len; i++) {
    const Run *run = ((SettleUnit *)g_ptr_array_index (batch->units, i))->delivery->run;

    for (guint k = 0; run && k < run->ends->len; k++)
      g_ptr_array_add (ends, g_ptr_array_index (run->ends, k));
  }
  if (!journal_write_ends (db, program_sealer (batch->context->program), ends, error))
    return FALSE;
  run_pass_points ("end/before-commit", ends);
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    const Run *run = unit->delivery->run;

    for (guint k = 0; run && k < run->ends->len; k++)
      if (!((StepEnd *)g_ptr_array_index (run->ends, k))->is_hit)
        unit->outcome = SETTLED_LOST;
  }
  return TRUE;
}

/* Every run row of the delivery still holds its token. */
static gboolean
holds_all (const Run *run, GHashTable *tokens)
{
  for (guint i = 0; run && i < run->scopes->len; i++) {
    const OwnScope *own = g_ptr_array_index (run->scopes, i);
    const gint64 *token = g_hash_table_lookup (tokens, own->scope);

    if (!token || *token != own->token)
      return FALSE;
  }
  return TRUE;
}

static gboolean
hold_tokens (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (GHashTable) tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (DbRows) rows = NULL;

  for (guint i = 0; i < batch->units->len; i++) {
    const Run *run = ((SettleUnit *)g_ptr_array_index (batch->units, i))->delivery->run;

    for (guint k = 0; run && k < run->scopes->len; k++)
      g_ptr_array_add (scopes, ((OwnScope *)g_ptr_array_index (run->scopes, k))->scope);
  }
  if (scopes->len == 0)
    return TRUE;
  rows = db_query (db, error, SQL_HOLD_TOKENS, "N", scopes);
  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 token = db_rows_int (rows, i, "token");

    g_hash_table_insert (tokens, g_strdup (db_rows_text (rows, i, "scope")),
                         g_memdup2 (&token, sizeof token));
  }
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);

    if (GUARD (TOKEN) && !holds_all (unit->delivery->run, tokens))
      unit->outcome = SETTLED_LOST;
  }
  return TRUE;
}

/* The inbox key as one text. Owned. */
static char *
key_text (const char *message_id, guint hop, guint replay)
{
  return g_strdup_printf ("%s/%u/%u", message_id, hop, replay);
}

static gboolean
needs_inbox_row (const SettleUnit *unit)
{
  return is_open (unit) && settle_kind_has_inbox_row (unit->kind);
}

static void
add_key (DbColumns *columns, const SettleUnit *unit)
{
  const Record *record = unit->delivery->record;

  db_columns_add (columns, record->message_id, (gint64)record->hop, (gint64)record->replay,
                  run_inbox_scope (unit->delivery->run), settle_kind_name (unit->kind));
}

/* The keys of the batch that somebody has settled, as key_text(). Owned; NULL: error. */
static GHashTable *
find_settled (Db *db, const Batch *batch, GError **error)
{
  g_autoptr (DbColumns) asked = db_columns_new ("tiitt");
  g_autoptr (DbRows) rows = NULL;
  GHashTable *settled;

  for (guint i = 0; i < batch->units->len; i++)
    if (needs_inbox_row (g_ptr_array_index (batch->units, i)))
      add_key (asked, g_ptr_array_index (batch->units, i));
  if (db_columns_count (asked) > 0 &&
      !(rows = db_query (db, error, SQL_INBOX_FIND, "tC", batch->context->consumer->name, asked)))
    return NULL;
  settled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; rows && i < db_rows_count (rows); i++)
    g_hash_table_add (settled, key_text (db_rows_text (rows, i, "message_id"),
                                         (guint)db_rows_int (rows, i, "hop"),
                                         (guint)db_rows_int (rows, i, "replay")));
  return settled;
}

/* There already: somebody has settled it. Two of one key in a batch: the first of them. One that
 * somebody writes between the look and the insert fails the transaction, and is there in the next.
 */
static gboolean
write_inbox (Db *db, Batch *batch, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("tiitt");
  g_autoptr (GHashTable) settled = NULL;

  if (batch->expects_doubles && !(settled = find_settled (db, batch, error)))
    return FALSE;
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    const Record *record = unit->delivery->record;

    if (!needs_inbox_row (unit))
      continue;
    if (!settled ||
        g_hash_table_add (settled, key_text (record->message_id, record->hop, record->replay)))
      add_key (given, unit);
    else if (GUARD (INBOX))
      unit->outcome = SETTLED_SEEN;
  }
  return db_columns_count (given) == 0 ||
         db_queue (db, error, SQL_INBOX_ADD, "tC", batch->context->consumer->name, given);
}

/* A settlement that is shared between groups locks them all at first touch, in ascending id order.
 */
static gboolean
lock_groups (Db *db, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();

  for (guint i = 0; i < batch->units->len; i++) {
    const SettleUnit *unit = g_ptr_array_index (batch->units, i);

    if (settle_unit_group (unit) && is_open (unit) && unit->kind != SETTLE_SNOOZE &&
        unit->kind != SETTLE_STALE)
      g_ptr_array_add (guids, (char *)settle_unit_group (unit));
  }
  if (guids->len == 0)
    return TRUE;
  g_ptr_array_add (guids, NULL);
  return claim_groups_lock (db, (char **)guids->pdata, error);
}

/* Without the guard SETTLE_ATOMIC the inbox row is committed before the rest. */
static gboolean
cut_in_two (Db *db, GError **error)
{
  gboolean goes_on = GUARD (SETTLE_ATOMIC) || (db_commit (db, error) && db_begin (db, error));

  if (!goes_on)
    return FALSE;
  CRASH_POINT ("settle/amid");
  return TRUE;
}

static int
by_group_row (gconstpointer a, gconstpointer b)
{
  const Run *one = (*(SettleUnit *const *)a)->delivery->run,
            *two = (*(SettleUnit *const *)b)->delivery->run;
  gint64 x = one ? one->group_row_id : 0, y = two ? two->group_row_id : 0;

  return (x > y) - (x < y);
}

static void
begin_units (Db *db, Batch *batch)
{
  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);
    const Record *record = unit->delivery->record;

    unit->outcome = SETTLED_WRITTEN;
    transaction_clear (&unit->transaction);
    transaction_init (&unit->transaction, program_writer (batch->context->program), db,
                      batch->context->consumer->name, record->traceparent, record->replay);
  }
}

/* Without the guard OUTBOX_RETRY the next record is no row of the settlement. */
static guint
first_row_of (const SettleUnit *unit)
{
  return GUARD (OUTBOX_RETRY) || !settle_unit_is_retry (unit) ? 0 : 1;
}

static gboolean
write_units (Batch *batch, GPtrArray *rows, GError **error)
{
  const Context *context = batch->context;

  for (guint i = 0; i < batch->units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (batch->units, i);

    if (!is_open (unit))
      continue;
    if (!settle_unit_write (unit, context, error))
      return FALSE;
    for (guint k = first_row_of (unit); k < unit->transaction.rows->len; k++)
      g_ptr_array_add (rows, g_ptr_array_index (unit->transaction.rows, k));
  }
  return TRUE;
}

static gboolean
settle_batch (Db *db, gpointer data, GError **error)
{
  Batch *batch = data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new (); /* borrowed */

  begin_units (db, batch);
  /* Row locks on groups are taken in ascending id order. */
  g_ptr_array_sort (batch->units, by_group_row);
  return write_ends (db, batch, error) && hold_tokens (db, batch, error) &&
         write_inbox (db, batch, error) && cut_in_two (db, error) &&
         lock_groups (db, batch, error) && write_units (batch, rows, error) &&
         outbox_insert (db, program_instance_id (batch->context->program), rows, error);
}

/* --- After it --- */

static void
pass_after (const SettleUnit *unit)
{
  if (unit->delivery->run)
    run_pass_points ("end/after-commit", unit->delivery->run->ends);
  if (settle_unit_is_retry (unit) && is_open (unit))
    CRASH_POINT ("retry/after-commit");
}

/* What all of them have to publish, at once. */
static void
publish (SettleDesk *settle, GPtrArray *units)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (outbox_row_free);
  gboolean is_any_retry = FALSE;

  for (guint i = 0; i < units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (units, i);

    if (!is_open (unit))
      continue;
    g_ptr_array_extend_and_steal (rows, g_steal_pointer (&unit->transaction.rows));
    is_any_retry = is_any_retry || settle_unit_is_retry (unit);
  }
  outbox_publish (program_outbox (settle->context->program), rows);
  if (is_any_retry)
    CRASH_POINT ("retry/after-publish");
}

/* To each outcome those that came to it. A unit is its receiver's once it is answered. */
static void
answer_committed (SettleDesk *settle, GPtrArray *units)
{
  GPtrArray *by_outcome[SETTLED_LOST + 1];

  for (guint i = 0; i < G_N_ELEMENTS (by_outcome); i++)
    by_outcome[i] = g_ptr_array_new ();
  for (guint i = 0; i < units->len; i++) {
    SettleUnit *unit = g_ptr_array_index (units, i);

    pass_after (unit);
    g_ptr_array_add (by_outcome[unit->outcome], unit);
  }
  publish (settle, units);
  for (guint i = 0; i < G_N_ELEMENTS (by_outcome); i++) {
    if (by_outcome[i]->len > 0)
      settle->answer (by_outcome[i], i, NULL, settle->data);
    g_ptr_array_unref (by_outcome[i]);
  }
}

static void
settle_singly (SettleDesk *settle, SettleUnit *unit, guint flags)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();
  Batch batch = { settle->context, alone, .expects_doubles = TRUE };

  g_ptr_array_add (alone, unit);
  for (guint doubles = 0;;) {
    g_autoptr (GError) error = NULL;

    if (desk_transaction (settle->desk, flags | DESK_REPEATS, settle_batch, &batch, &error)) {
      answer_committed (settle, alone);
      return;
    }
    if (g_error_matches (error, DB_ERROR, DB_ERROR_UNIQUE) && ++doubles < DOUBLES_MAX)
      continue;
    if (g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
      /* If it was written, the inbox row says so now, and the outbox finds its rows. */
      outbox_sweep_soon (program_outbox (settle->context->program));
      continue;
    }
    settle->answer (alone, db_is_held (error) ? SETTLED_HELD : SETTLED_REFUSED, error,
                    settle->data);
    return;
  }
}

/* A double is met seldom, for the take desk has looked: first as if there were none. */
static gboolean
settle_together (Desk *desk, const Context *context, GPtrArray *units, GError **error)
{
  Batch batch = { context, units, .expects_doubles = FALSE };
  g_autoptr (GError) problem = NULL;

  if (desk_transaction (desk, 0, settle_batch, &batch, &problem))
    return TRUE;
  if (!g_error_matches (problem, DB_ERROR, DB_ERROR_UNIQUE)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  batch.expects_doubles = TRUE;
  return desk_transaction (desk, 0, settle_batch, &batch, error);
}

static void
do_batch (Desk *desk, GPtrArray *batch, gpointer data)
{
  SettleDesk *settle = data;
  g_autoptr (GError) error = NULL;
  guint flags;

  CRASH_POINT ("settle/before-commit");
  if (settle_together (desk, settle->context, batch, &error)) {
    CRASH_POINT ("settle/after-commit");
    answer_committed (settle, batch);
    return;
  }
  if (g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
    outbox_sweep_soon (program_outbox (settle->context->program));
  flags = g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT) ? DESK_HARDLY_WAITS : 0;
  for (guint i = 0; i < batch->len; i++)
    settle_singly (settle, g_ptr_array_index (batch, i), flags);
}

SettleDesk *
settle_desk_new (const Context *context, SettledAnswer answer, gpointer data)
{
  SettleDesk *settle = g_new0 (SettleDesk, 1);
  DeskOptions desk =
      context_desk_options (context, "settle", BATCH_MAX, LOCK_MAX_MS, do_batch, settle);

  settle->context = context;
  settle->answer = answer;
  settle->data = data;
  settle->desk = desk_new (&desk);
  return settle;
}

void
settle_desk_free (SettleDesk *settle)
{
  if (!settle)
    return;
  desk_free (settle->desk);
  g_free (settle);
}

void
settle_desk_add (SettleDesk *settle, SettleUnit *unit_taken)
{
  desk_add (settle->desk, unit_taken);
}
