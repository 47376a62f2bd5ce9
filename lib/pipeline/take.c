/* The take desk, see take.h. */
#include "pipeline/take.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "pipeline/desk.h"
#include "pipeline/suspects.h"
#include "pipeline/take.sql.h"

#define BATCH_MAX        500
#define LOCK_MAX_MS      500 /* run rows are held for no longer than a commit */
#define HELD_BATCH_MS    2000
#define REGISTRY_WAIT_MS 1000

typedef enum {
  ITEM_RECORD,
  ITEM_OPEN,
  ITEM_REOPEN,
  ITEM_RECOUNT,
  ITEM_PUT_BACK,
  ITEM_CLOSE
} ItemKind;

typedef struct {
  ItemKind kind;
  Delivery *delivery;
  Lane *lane;       /* a reference */
  GPtrArray *lanes; /* of Lane *, references: to close */
  gint references;  /* atomic: of ITEM_CLOSE, which somebody waits for */
  gboolean is_done; /* under the desk's lock */
} Item;

struct TakeDesk {
  TakeOptions options;
  Counter counter;
  Desk *desk;
  GMutex lock; /* is_done of items */
  GCond done;
};

static Item *
item_new (ItemKind kind)
{
  Item *item = g_new0 (Item, 1);

  item->kind = kind;
  item->references = 1;
  return item;
}

static void
item_unref (Item *item)
{
  if (!g_atomic_int_dec_and_test (&item->references))
    return;
  g_clear_pointer (&item->lane, lane_unref);
  g_clear_pointer (&item->lanes, g_ptr_array_unref);
  g_free (item);
}

static void
answer (TakeDesk *take, Delivery *delivery, TakenOutcome outcome, GError *why_taken)
{
  take->options.taken (delivery, outcome, why_taken, take->options.data);
}

/* An error that no repetition mends is not the records' fault, and must not lose them. FALSE:
 * somebody holds a row. */
static gboolean
do_unless_held (TakeDesk *take, guint flags, DbWork work, gpointer data, const char *what)
{
  for (;;) {
    g_autoptr (GError) error = NULL;

    if (desk_transaction (take->desk, flags | DESK_REPEATS, work, data, &error))
      return TRUE;
    if (g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN))
      continue; /* all works here may be done again */
    log_limited (LOG_LEVEL_ERROR, what, what, "error", error->message, NULL);
    metrics_count (METRIC_ROW_HELD, 1, NULL);
    if (db_is_held (error))
      return FALSE;
    context_ill (error->message);
  }
}

/* --- Partitions come and go --- */

typedef struct {
  TakeDesk *take;
  const Item *item;
  GHashTable *records;
} Opening;

static gboolean
open_lane (Db *db, gpointer data, GError **error)
{
  Opening *opening = data;

  g_clear_pointer (&opening->records, g_hash_table_unref);
  opening->records =
      suspects_open (db, &opening->take->counter, lane_partition (opening->item->lane), error);
  return opening->records != NULL;
}

/* One whose rows somebody holds is opened later: the others go on. */
static void
do_open (TakeDesk *take, const Item *item)
{
  Opening opening = { take, item, NULL };
  Window *window = take->options.window;

  if (!window_lane_is_ours (window, item->lane))
    return;
  if (do_unless_held (take, 0, open_lane, &opening, "a partition's records cannot be read"))
    window_open (window, item->lane, opening.records);
  else
    window_hold (window, item->lane, clock_monotonic_ms ());
}

static gboolean
close_lanes (Db *db, gpointer data, GError **error)
{
  const Opening *closing = data;
  g_autoptr (GPtrArray) partitions = g_ptr_array_new ();

  for (guint i = 0; i < closing->item->lanes->len; i++)
    g_ptr_array_add (partitions,
                     (gpointer)lane_partition (g_ptr_array_index (closing->item->lanes, i)));
  return suspects_close_partitions (db, &closing->take->counter, partitions, error);
}

static void
do_close (TakeDesk *take, Item *item)
{
  Opening closing = { take, item, NULL };
  g_autoptr (GError) error = NULL;

  /* Best effort: what stays open makes suspects, and suspects are not condemned. */
  if (!desk_transaction (take->desk, DESK_REPEATS, close_lanes, &closing, &error))
    log_warning ("open counts could not be closed", "error", error->message, NULL);
  g_mutex_lock (&take->lock);
  item->is_done = TRUE;
  g_cond_broadcast (&take->done);
  g_mutex_unlock (&take->lock);
}

/* Best effort: at worst a death too many is counted. */
static gboolean
put_back (Db *db, gpointer data, GError **error)
{
  const Opening *putting = data;

  return suspects_close (db, putting->take->counter.consumer, putting->item->delivery, error);
}

static void
do_put_back (TakeDesk *take, const Item *item)
{
  Opening putting = { take, item, NULL };
  g_autoptr (GError) error = NULL;

  if (!desk_transaction (take->desk, DESK_REPEATS, put_back, &putting, &error))
    log_warning ("a suspect's count could not be closed", "error", error->message, NULL);
  take->options.put_back (item->delivery, take->options.data);
}

/* --- Records --- */

/* What the database says of one. */
typedef struct {
  const char *settled_scope; /* whose inbox row has its key; NULL: there is none */
  gboolean is_seen, is_stale, is_over, is_strange;
  gint64 token; /* 0: not taken */
  gint64 group_row_id;
} Found;

typedef struct {
  TakeDesk *take;
  GPtrArray *deliveries; /* of Delivery * */
  GPtrArray *counts;     /* of OpenCount * */
  GPtrArray *first;      /* of Delivery *: the first of their lanes */
  Found *found;          /* by position */
  DbRows *settled;       /* those that the inbox has */
} Take;

static void
open_count_free (gpointer data)
{
  OpenCount *count = data;

  g_array_unref (count->offsets);
  g_free (count);
}

static void
gather_counts (Take *work, GPtrArray *lanes)
{
  for (guint i = 0; i < lanes->len; i++) {
    Lane *lane = g_ptr_array_index (lanes, i);
    OpenCount *count = g_new0 (OpenCount, 1);

    count->partition = lane_partition (lane);
    count->offsets = g_array_new (FALSE, FALSE, sizeof (gint64));
    if (window_open_offsets (work->take->options.window, lane, count->offsets))
      g_ptr_array_add (work->counts, count);
    else
      open_count_free (count); /* revoked meanwhile: its counts are closed */
    if (window_lane_begins (work->take->options.window, lane))
      for (guint k = 0; k < work->deliveries->len; k++) {
        Delivery *delivery = g_ptr_array_index (work->deliveries, k);

        if (delivery->partition != lane_partition (lane))
          continue;
        g_ptr_array_add (work->first, delivery);
        break;
      }
  }
}

/* Counts, which must stand before anything of a record is looked at, and what has been handled
 * before. */
static gboolean
count_and_look (Db *db, gpointer data, GError **error)
{
  Take *work = data;
  const Counter *counter = &work->take->counter;
  g_autoptr (DbColumns) given = db_columns_new ("itii");

  if (!suspects_count (db, counter, work->counts, error))
    return FALSE;
  for (guint i = 0; i < work->first->len; i++)
    if (!suspects_forget_below (db, counter, g_ptr_array_index (work->first, i), error))
      return FALSE;
  for (gint64 i = 0; i < work->deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (work->deliveries, i);
    const Record *record = delivery->record;

    if (delivery->known.is_suspect && !suspects_open_one (db, counter, delivery, error))
      return FALSE;
    db_columns_add (given, i, record->message_id, (gint64)record->hop, (gint64)record->replay);
  }
  if (work->deliveries->len == 0)
    return TRUE;
  g_clear_pointer (&work->settled, db_rows_free);
  memset (work->found, 0, work->deliveries->len * sizeof *work->found);
  work->settled = db_query_last (db, error, SQL_LOOK, "tC", counter->consumer, given);
  if (!work->settled)
    return FALSE;
  for (guint i = 0; GUARD (INBOX) && i < db_rows_count (work->settled); i++)
    work->found[db_rows_int (work->settled, i, "n")].settled_scope =
        db_rows_text (work->settled, i, "scope");
  return TRUE;
}

static gboolean
is_to_be_owned (const Delivery *delivery)
{
  return delivery->run->scope.scope != NULL;
}

static gboolean
own (Db *db, gpointer data, GError **error)
{
  Take *work = data;
  const Counter *counter = &work->take->counter;
  g_autoptr (DbColumns) wanted = db_columns_new ("tti"), given = db_columns_new ("itiitti");
  g_autoptr (GHashTable) tokens = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (DbRows) owned = NULL, again = NULL;
  gboolean asks_group = !work->take->options.context->consumer->outlives_groups;

  for (gint64 i = 0; i < work->deliveries->len; i++) {
    const Delivery *delivery = g_ptr_array_index (work->deliveries, i);
    const Record *record = delivery->record;
    const RunScope *scope = &delivery->run->scope;
    const char *guid =
        asks_group && !scope->outlives_group && scope->claim_group_id ? scope->claim_group_id : "";

    db_columns_add (wanted, scope->scope, guid, (gint64)record->replay);
    db_columns_add (given, i, record->message_id, (gint64)record->hop, (gint64)record->replay,
                    scope->scope, guid, scope->claim_id);
  }
  owned = db_query (db, error, SQL_OWN, "toC", counter->instance_id, GUARD (STALE) ? 1 : 0, wanted);
  if (!owned)
    return FALSE;
  again = db_query_last (db, error, SQL_LOOK_AGAIN, "tTC", counter->consumer,
                         context_works_in (work->take->options.context), given);
  if (!again)
    return FALSE;
  for (guint i = 0; i < db_rows_count (owned); i++)
    g_hash_table_insert (tokens, (gpointer)db_rows_text (owned, i, "scope"), GUINT_TO_POINTER (i));
  for (guint i = 0; i < db_rows_count (again); i++) {
    guint n = db_rows_int (again, i, "n");
    const Delivery *delivery = g_ptr_array_index (work->deliveries, n);
    gpointer row;
    gboolean is_owned =
        g_hash_table_lookup_extended (tokens, delivery->run->scope.scope, NULL, &row);

    work->found[n] = (Found){
      .is_seen = GUARD (INBOX) && db_rows_boolean (again, i, "is_seen"),
      .is_stale = !is_owned || (GUARD (STALE) && !db_rows_is_null (again, i, "replay") &&
                                delivery->record->replay < db_rows_int (again, i, "replay")),
      .is_over = db_rows_boolean (again, i, "is_over"),
      .is_strange = db_rows_boolean (again, i, "is_of_another_group"),
      .token = is_owned ? db_rows_int (owned, GPOINTER_TO_UINT (row), "token") : 0,
      .group_row_id = db_rows_int (again, i, "group_row_id"),
    };
  }
  return TRUE;
}

/* Waits while a schema cannot be asked for: everything waits for it then, nothing is lost. FALSE:
 * answered. */
static gboolean
decode (TakeDesk *take, Delivery *delivery)
{
  for (;;) {
    g_autoptr (GError) error = NULL;

    run_end (delivery);
    if (run_decode (run_begin (take->options.place, delivery), &error))
      return TRUE;
    if (!g_error_matches (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY)) {
      run_end (delivery);
      answer (take, delivery, TAKEN_UNREADABLE, g_steal_pointer (&error));
      return FALSE;
    }
    log_limited (LOG_LEVEL_WARNING, "registry",
                 "waiting for the schema registry (schema-registry-url)", "error", error->message,
                 NULL);
    desk_wait (take->desk, REGISTRY_WAIT_MS);
  }
}

static gboolean
is_condemned (const TakeDesk *take, const Delivery *delivery)
{
  return delivery->known.is_suspect &&
         delivery->known.deaths >= take->options.context->quarantine_after;
}

/* Owned, with a scope or without: it may run, unless it has ended its process too often. */
static void
answer_taken (TakeDesk *take, Delivery *delivery)
{
  if (is_condemned (take, delivery))
    answer (take, delivery, TAKEN_CONDEMNED,
            g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_DEAD,
                         "it ended its process %u times in succession", delivery->known.deaths));
  else
    answer (take, delivery, TAKEN_OWNED, NULL);
}

/* What is left in @deliveries has a scope of its own in this batch. */
static void
set_doubles_aside (TakeDesk *take, GPtrArray *deliveries)
{
  g_autoptr (GHashTable) scopes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < deliveries->len;) {
    Delivery *delivery = g_ptr_array_index (deliveries, i);

    if (!g_hash_table_contains (scopes, delivery->run->scope.scope)) {
      g_hash_table_add (scopes, delivery->run->scope.scope);
      i++;
      continue;
    }
    g_ptr_array_remove_index (deliveries, i);
    answer (take, delivery, TAKEN_BUSY, NULL);
  }
}

/* What its run row, the inbox and its group say of it. */
static void
answer_owned (TakeDesk *take, Delivery *delivery, const Found *found)
{
  if (found->is_seen) {
    answer (take, delivery, TAKEN_SEEN, NULL);
    return;
  }
  if (found->is_strange) {
    run_end (delivery);
    answer (take, delivery, TAKEN_UNREADABLE,
            g_error_new (EVENTS_ERROR, EVENTS_ERROR_MALFORMED,
                         "its claim is not one of the claim group that it names"));
    return;
  }
  if (found->is_stale) {
    answer (take, delivery, TAKEN_STALE, NULL);
    return;
  }
  run_own (delivery->run, found->token, found->group_row_id);
  if (found->is_over)
    answer (take, delivery, TAKEN_OVER,
            g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_GROUP_OVER, "its group is over"));
  else
    answer_taken (take, delivery);
}

/* FALSE: somebody holds a run row; nobody is answered. */
static gboolean
own_together (TakeDesk *take, GPtrArray *deliveries, guint flags)
{
  g_autofree Found *found = g_new0 (Found, deliveries->len);
  Take work = { .take = take, .deliveries = deliveries, .found = found };
  gboolean are_owned;

  CRASH_POINT ("take/before-own");
  are_owned = do_unless_held (take, flags, own, &work, "records cannot be taken");
  CRASH_POINT ("take/after-own");
  for (guint i = 0; are_owned && i < deliveries->len; i++)
    answer_owned (take, g_ptr_array_index (deliveries, i), &found[i]);
  return are_owned;
}

/* Whose run row a stranger holds keeps nobody else waiting. */
static void
own_all (TakeDesk *take, GPtrArray *deliveries)
{
  gint64 until_ms = clock_monotonic_ms () + HELD_BATCH_MS;

  set_doubles_aside (take, deliveries);
  if (deliveries->len == 0 || own_together (take, deliveries, 0))
    return;
  for (guint i = 0; i < deliveries->len; i++) {
    g_autoptr (GPtrArray) alone = g_ptr_array_new ();

    g_ptr_array_add (alone, g_ptr_array_index (deliveries, i));
    /* Each that is held costs its wait: those after them are taken a moment later, not after all of
     * them. */
    if (deliveries->len == 1 || clock_monotonic_ms () > until_ms ||
        !own_together (take, alone, DESK_HARDLY_WAITS))
      answer (take, g_ptr_array_index (deliveries, i), TAKEN_HELD, NULL);
  }
}

static gboolean
is_of_any_scope (const char *settled_scope)
{
  return settled_scope && *settled_scope == '\0';
}

/* What the inbox says of its key, and what it is. Whose key another scope's record has, is not
 * handled: it goes on under a key of its own. */
static void
sort_one (TakeDesk *take, Delivery *delivery, const char *settled_scope, GPtrArray *scoped)
{
  if (is_of_any_scope (settled_scope)) {
    answer (take, delivery, TAKEN_SEEN, NULL);
    return;
  }
  if (!decode (take, delivery))
    return;
  if (g_strcmp0 (settled_scope, run_inbox_scope (delivery->run)) == 0) {
    answer (take, delivery, TAKEN_SEEN, NULL);
    return;
  }
  if (settled_scope)
    record_set_apart (delivery->record, run_inbox_scope (delivery->run));
  if (is_to_be_owned (delivery))
    g_ptr_array_add (scoped, delivery);
  else
    answer_taken (take, delivery);
}

static gboolean
count_all (TakeDesk *take, Take *work, GPtrArray *lanes)
{
  gboolean are_counted;

  gather_counts (work, lanes);
  CRASH_POINT ("take/before-count");
  are_counted = do_unless_held (take, DESK_ASYNCHRONOUS, count_and_look, work,
                                "deliveries cannot be counted");
  CRASH_POINT ("take/after-count");
  return are_counted;
}

static gboolean
is_any_settled (const Found *found, guint count)
{
  for (guint i = 0; i < count; i++)
    if (found[i].settled_scope)
      return TRUE;
  return FALSE;
}

/* FALSE: somebody holds a row that counting needs; nobody is answered. */
static gboolean
do_together (TakeDesk *take, GPtrArray *deliveries, GPtrArray *lanes)
{
  g_autoptr (GPtrArray) counts = g_ptr_array_new_with_free_func (open_count_free);
  g_autoptr (GPtrArray) first = g_ptr_array_new ();
  g_autoptr (GPtrArray) scoped = g_ptr_array_new ();
  g_autofree Found *found = g_new0 (Found, deliveries->len);
  Take work = {
    .take = take, .deliveries = deliveries, .counts = counts, .first = first, .found = found
  };
  gboolean are_counted = count_all (take, &work, lanes);

  if (are_counted && is_any_settled (found, deliveries->len))
    desk_make_sure (take->desk); /* its offset is given away, and nobody would come back to it */
  for (guint i = 0; are_counted && i < deliveries->len; i++)
    sort_one (take, g_ptr_array_index (deliveries, i), found[i].settled_scope, scoped);
  if (are_counted)
    own_all (take, scoped);
  g_clear_pointer (&work.settled, db_rows_free);
  return are_counted;
}

/* Taken out of @deliveries. */
static GPtrArray *
steal_those_of (GPtrArray *deliveries, const Lane *lane)
{
  GPtrArray *of_lane = g_ptr_array_new ();

  for (guint i = 0; i < deliveries->len;) {
    Delivery *delivery = g_ptr_array_index (deliveries, i);

    if (delivery->partition != lane_partition (lane)) {
      i++;
      continue;
    }
    g_ptr_array_add (of_lane, delivery);
    g_ptr_array_remove_index (deliveries, i);
  }
  return of_lane;
}

static void
answer_all (TakeDesk *take, GPtrArray *deliveries, TakenOutcome outcome)
{
  for (guint i = 0; i < deliveries->len; i++)
    answer (take, g_ptr_array_index (deliveries, i), outcome, NULL);
}

/* Its records wait for as long as it is held. */
static void
do_lane (TakeDesk *take, Lane *lane, GPtrArray *of_lane)
{
  g_autoptr (GPtrArray) alone = g_ptr_array_new ();

  g_ptr_array_add (alone, lane);
  if (do_together (take, of_lane, alone))
    return;
  window_hold (take->options.window, lane, clock_monotonic_ms ());
  answer_all (take, of_lane, TAKEN_HELD);
}

/* Whose count a stranger holds keeps no other partition waiting. */
static void
do_by_lanes (TakeDesk *take, GPtrArray *deliveries, GPtrArray *lanes)
{
  gint64 until_ms = clock_monotonic_ms () + HELD_BATCH_MS;

  for (guint i = 0; i < lanes->len; i++) {
    Lane *lane = g_ptr_array_index (lanes, i);
    g_autoptr (GPtrArray) of_lane = steal_those_of (deliveries, lane);

    if (clock_monotonic_ms () > until_ms) /* as with run rows: a moment later */
      answer_all (take, of_lane, TAKEN_HELD);
    else
      do_lane (take, lane, of_lane);
  }
  answer_all (take, deliveries, TAKEN_LOST); /* their lanes have gone */
}

static void
set_held_aside (TakeDesk *take, GPtrArray *deliveries, GPtrArray *lanes)
{
  for (guint i = 0; i < lanes->len;) {
    Lane *lane = g_ptr_array_index (lanes, i);
    g_autoptr (GPtrArray) of_lane = NULL;

    if (window_lane_is_open (take->options.window, lane)) {
      i++;
      continue;
    }
    of_lane = steal_those_of (deliveries, lane);
    g_ptr_array_remove_index (lanes, i);
    answer_all (take, of_lane, TAKEN_HELD);
  }
}

static void
do_records (TakeDesk *take, GPtrArray *deliveries, GPtrArray *lanes)
{
  set_held_aside (take, deliveries, lanes);
  if (lanes->len == 0)
    answer_all (take, deliveries, TAKEN_LOST);
  else if (!do_together (take, deliveries, lanes))
    do_by_lanes (take, deliveries, lanes);
}

/* Its own count first: that is what may be held. */
static void
do_reopen (TakeDesk *take, const Item *item)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new (), alone = g_ptr_array_new ();

  g_ptr_array_add (alone, item->lane);
  if (do_together (take, none, alone))
    do_open (take, item);
  else
    window_hold (take->options.window, item->lane, clock_monotonic_ms ());
}

static void
add_lane (GPtrArray *lanes, Lane *lane)
{
  if (!g_ptr_array_find (lanes, lane, NULL))
    g_ptr_array_add (lanes, lane_ref (lane));
}

static void
do_batch (Desk *desk G_GNUC_UNUSED, GPtrArray *batch, gpointer data)
{
  TakeDesk *take = data;
  g_autoptr (GPtrArray) deliveries = g_ptr_array_new ();
  g_autoptr (GPtrArray) lanes = NULL;

  for (guint i = 0; i < batch->len; i++) {
    Item *item = g_ptr_array_index (batch, i);

    switch (item->kind) {
    case ITEM_OPEN:
      do_open (take, item);
      break;
    case ITEM_REOPEN:
      do_reopen (take, item);
      break;
    case ITEM_PUT_BACK:
      do_put_back (take, item);
      break;
    case ITEM_RECORD:
      if (delivery_order (item->delivery) == RUN_GOES_ON)
        g_ptr_array_add (deliveries, item->delivery);
      else
        answer (take, item->delivery, TAKEN_LOST, NULL);
      break;
    case ITEM_RECOUNT:
    case ITEM_CLOSE:
      break;
    }
  }
  lanes = window_lanes_of (take->options.window, deliveries);
  for (guint i = 0; i < batch->len; i++) {
    const Item *item = g_ptr_array_index (batch, i);

    if (item->kind == ITEM_RECOUNT)
      add_lane (lanes, item->lane);
  }
  if (deliveries->len > 0 || lanes->len > 0)
    do_records (take, deliveries, lanes);
  for (guint i = 0; i < batch->len; i++) {
    Item *item = g_ptr_array_index (batch, i);

    if (item->kind == ITEM_CLOSE)
      do_close (take, item);
    item_unref (item);
  }
}

TakeDesk *
take_desk_new (const TakeOptions *options)
{
  TakeDesk *take = g_new0 (TakeDesk, 1);
  DeskOptions desk =
      context_desk_options (options->context, "take", BATCH_MAX, LOCK_MAX_MS, do_batch, take);

  take->options = *options;
  take->counter = (Counter){ options->context->consumer->name,
                             program_instance_id (options->context->program) };
  g_mutex_init (&take->lock);
  g_cond_init (&take->done);
  take->desk = desk_new (&desk);
  return take;
}

void
take_desk_free (TakeDesk *take)
{
  if (!take)
    return;
  desk_free (take->desk);
  g_mutex_clear (&take->lock);
  g_cond_clear (&take->done);
  g_free (take);
}

void
take_records (TakeDesk *take, const GPtrArray *deliveries)
{
  g_autoptr (GPtrArray) items = g_ptr_array_sized_new (deliveries->len);

  for (guint i = 0; i < deliveries->len; i++) {
    Item *item = item_new (ITEM_RECORD);

    item->delivery = g_ptr_array_index (deliveries, i);
    g_ptr_array_add (items, item);
  }
  desk_add_all (take->desk, items);
}

static void
add_for_lane (TakeDesk *take, ItemKind kind, Lane *lane)
{
  Item *item = item_new (kind);

  item->lane = lane_ref (lane);
  desk_add (take->desk, item);
}

void
take_open (TakeDesk *take, Lane *lane)
{
  add_for_lane (take, ITEM_OPEN, lane);
}

void
take_reopen (TakeDesk *take, Lane *lane)
{
  add_for_lane (take, ITEM_REOPEN, lane);
}

void
take_recount (TakeDesk *take, Lane *lane)
{
  add_for_lane (take, ITEM_RECOUNT, lane);
}

void
take_put_back (TakeDesk *take, Delivery *delivery)
{
  Item *item = item_new (ITEM_PUT_BACK);

  item->delivery = delivery;
  desk_add (take->desk, item);
}

void
take_close (TakeDesk *take, const GPtrArray *lanes, gint64 ms)
{
  gint64 until_us = g_get_monotonic_time () + ms * 1000;
  Item *item = item_new (ITEM_CLOSE);

  item->references = 2;
  item->lanes = g_ptr_array_new_with_free_func ((GDestroyNotify)lane_unref);
  for (guint i = 0; i < lanes->len; i++)
    g_ptr_array_add (item->lanes, lane_ref (g_ptr_array_index (lanes, i)));
  desk_add (take->desk, item);
  g_mutex_lock (&take->lock);
  while (!item->is_done && g_cond_wait_until (&take->done, &take->lock, until_us))
    ;
  g_mutex_unlock (&take->lock);
  item_unref (item); /* a database that is away keeps the desk waiting, and a few bytes */
}
