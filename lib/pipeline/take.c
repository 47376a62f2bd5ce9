/* The take desk: counts a delivery before any work, decodes it, looks into the inbox, takes its run
 * row. All records taken at one moment share these statements. Source: design section 5 (2 to 5).
 */
#include <string.h>

#include "base/clock.h"
#include "base/crash-point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "pipeline/delivery.h"
#include "pipeline/take.sql.h"

#define REGISTRY_WAIT_MS 1000
#define RETAKE_MS        1000

TakeItem *
take_item_new (TakeKind kind, Partition *partition, Delivery *delivery)
{
  TakeItem *item = g_new0 (TakeItem, 1);

  item->kind = kind;
  item->partition = partition ? partition_ref (partition) : NULL;
  item->delivery = delivery;
  return item;
}

void
take_item_free (TakeItem *item)
{
  g_clear_pointer (&item->partition, partition_unref);
  g_clear_pointer (&item->partitions, g_ptr_array_unref);
  g_free (item);
}

/* --- Opening and closing partitions --- */

typedef struct {
  Runner *runner;
  TakeItem *item;
  GHashTable *records;
} Open;

static gboolean
open_partition (Db *db, gpointer data, GError **error)
{
  Open *open = data;
  const char *consumer = open->runner->consumer->name, *topic = open->item->partition->topic;
  const char *me = program_instance_id (open->runner->program);
  gint64 number = open->item->partition->number;
  g_autoptr (DbRows) rows = NULL;

  if (!db_execute (db, NULL, error, SQL_NOTE_DEATHS, "ttit", consumer, topic, number, me) ||
      !db_execute (db, NULL, error, SQL_NOTE_SUSPECTS, "ttit", consumer, topic, number, me) ||
      !db_execute (db, NULL, error, SQL_FORGET_OTHERS, "ttit", consumer, topic, number, me))
    return FALSE;
  rows = db_query (db, error, SQL_RECORDS_OF, "tti", consumer, topic, number);
  if (!rows)
    return FALSE;
  g_hash_table_remove_all (open->records);
  for (guint i = 0; i < db_rows_count (rows); i++) {
    RecordState *record = g_new0 (RecordState, 1);
    record->offset = db_rows_int (rows, i, "record_offset");
    record->has_row = TRUE;
    record->is_suspect = db_rows_boolean (rows, i, "is_suspect");
    record->deaths = db_rows_int (rows, i, "deaths");
    record->waiting_since_ms = db_rows_int (rows, i, "waiting_since_ms");
    g_hash_table_insert (open->records, &record->offset, record);
  }
  return TRUE;
}

static void
do_open (Desk *desk, Runner *runner, TakeItem *item)
{
  Open open = { runner, item, g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free) };
  g_autoptr (GError) error = NULL;

  while (!desk_transaction (desk, TRUE, open_partition, &open, &error)) {
    log_limited (LOG_LEVEL_ERROR, "open", "a partition's records cannot be read", "error",
                 error->message, NULL);
    if (!g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN) &&
        !g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT))
      runner_ill (error->message, runner);
    g_clear_error (&error);
  }
  g_mutex_lock (&runner->lock);
  g_hash_table_unref (item->partition->records);
  item->partition->records = open.records;
  item->partition->is_open = TRUE;
  g_mutex_unlock (&runner->lock);
  runner_wake (runner);
}

static void
do_close (Desk *desk, Runner *runner, TakeItem *item)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  const char *me = program_instance_id (runner->program);
  g_autoptr (GError) error = NULL;
  Db *db = desk_db (desk);

  for (guint i = 0; i < item->partitions->len; i++) {
    Partition *partition = g_ptr_array_index (item->partitions, i);
    gint64 number = partition->number;
    g_ptr_array_add (topics, partition->topic);
    g_array_append_val (numbers, number);
  }
  /* Best effort: what stays open makes suspects, and suspects are not condemned. */
  if (!db_execute (db, NULL, &error, SQL_CLOSE_COUNTS, "ttNI", runner->consumer->name, me, topics,
                   numbers->data, (gsize)numbers->len) ||
      !db_execute (db, NULL, &error, SQL_CLOSE_SUSPECTS, "ttNI", runner->consumer->name, me, topics,
                   numbers->data, (gsize)numbers->len))
    log_warning ("open counts could not be closed", "error", error->message, NULL);
  g_mutex_lock (&runner->lock);
  item->is_done = TRUE;
  g_cond_broadcast (&runner->changed);
  g_mutex_unlock (&runner->lock);
}

static gboolean
write_record (Db *db, const char *sql, const Delivery *delivery, GError **error)
{
  return db_execute (db, NULL, error, sql, "ttii", delivery->runner->consumer->name,
                     delivery->partition->topic, (gint64)delivery->partition->number,
                     delivery->offset);
}

gboolean
take_clear_suspect (Db *db, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_CLEAR_SUSPECT, delivery, error);
}

gboolean
take_close_suspect (Db *db, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_CLOSE_SUSPECT, delivery, error);
}

gboolean
take_forget_record (Db *db, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_FORGET_RECORD, delivery, error);
}

/* A suspect without a verdict waits to be taken again. Best effort: at worst a death too many is counted. */
static void
do_put_back (Desk *desk, Runner *runner, TakeItem *item)
{
  g_autoptr (GError) error = NULL;

  if (!take_close_suspect (desk_db (desk), item->delivery, &error))
    log_warning ("a suspect's count could not be closed", "error", error->message, NULL);
  runner_snooze (runner, item->delivery, RETAKE_MS);
}

/* --- Records --- */

typedef struct {
  Runner *runner;
  GPtrArray *deliveries; /* of Delivery *, each with its run and message */
  GPtrArray *partitions; /* touched, borrowed */
  gboolean *are_seen, *are_stale;
} Take;

static void
touch (GPtrArray *partitions, Partition *partition)
{
  if (!g_ptr_array_find (partitions, partition, NULL))
    g_ptr_array_add (partitions, partition);
}

static gboolean
count_open (Db *db, gpointer data, GError **error)
{
  Take *take = data;
  Runner *runner = take->runner;
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GPtrArray) offsets = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));

  g_mutex_lock (&runner->lock);
  for (guint i = 0; i < take->partitions->len; i++) {
    Partition *partition = g_ptr_array_index (take->partitions, i);
    g_autoptr (GArray) open = NULL;
    GString *text = g_string_new ("{");
    gint64 number = partition->number;

    if (!partition->kafka) {
      g_string_free (text, TRUE);
      continue; /* revoked meanwhile: its counts are closed */
    }
    open = partition_open_offsets (partition);
    for (guint k = 0; k < open->len; k++)
      g_string_append_printf (text, "%s%" G_GINT64_FORMAT, k ? "," : "",
                              g_array_index (open, gint64, k));
    g_string_append_c (text, '}');
    g_ptr_array_add (topics, partition->topic);
    g_ptr_array_add (offsets, g_string_free (text, FALSE));
    g_array_append_val (numbers, number);
    partition->counts_stale = FALSE;
  }
  g_mutex_unlock (&runner->lock);
  if (topics->len > 0 && !db_execute (db, NULL, error, SQL_COUNT_OPEN, "ttNIN",
                                      runner->consumer->name, program_instance_id (runner->program),
                                      topics, numbers->data, (gsize)numbers->len, offsets))
    return FALSE;
  for (guint i = 0; i < take->deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (take->deliveries, i);
    if (!delivery->partition->has_begun &&
        !db_execute (db, NULL, error, SQL_FORGET_BELOW, "ttii", runner->consumer->name,
                     delivery->partition->topic, (gint64)delivery->partition->number,
                     delivery->offset))
      return FALSE;
    delivery->partition->has_begun = TRUE;
    if (!delivery->record.is_suspect)
      continue;
    delivery->record.has_row = TRUE;
    if (!db_execute (db, NULL, error, SQL_OPEN_SUSPECT, "ttiiti", runner->consumer->name,
                     delivery->partition->topic, (gint64)delivery->partition->number,
                     delivery->offset, program_instance_id (runner->program),
                     (gint64)delivery->record.deaths))
      return FALSE;
  }
  return TRUE;
}

static void
verdict_without_run (Delivery *delivery, Verdict verdict, GError *error, gboolean is_quarantine,
                     gboolean is_stale)
{
  SettleUnit *unit = settle_unit_new (delivery, verdict, error);

  unit->is_quarantine = is_quarantine;
  unit->is_stale = is_stale;
  runner_to_settle (delivery->runner, unit);
}

/* FALSE: it is no event of ours; the delivery has been handed to the settle desk. */
static gboolean
decode (Desk *desk, Runner *runner, Delivery *delivery)
{
  g_autoptr (GBytes) value = NULL;

  if (!delivery->message
           ->payload) { /* says nothing that a handler of ours could do; a person sees it */
    verdict_without_run (delivery, VERDICT_DEAD,
                         g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_TOMBSTONE, "a tombstone"),
                         TRUE, FALSE);
    return FALSE;
  }
  value = g_bytes_new_static (delivery->message->payload, delivery->message->len);
  for (;;) {
    GError *error = NULL;

    delivery->run->message =
        runner->consumer->decode (program_codec (runner->program), value, &error);
    if (delivery->run->message)
      break;
    if (!g_error_matches (error, EVENTS_ERROR, EVENTS_ERROR_REGISTRY)) {
      verdict_without_run (delivery, VERDICT_DEAD, error, TRUE, FALSE);
      return FALSE;
    }
    /* The registry is away: everything waits for it, nothing is lost. */
    log_limited (LOG_LEVEL_WARNING, "registry",
                 "waiting for the schema registry (schema-registry-url)", "error", error->message,
                 NULL);
    g_error_free (error);
    desk_wait (desk, REGISTRY_WAIT_MS);
  }
  if (runner->consumer->scope)
    runner->consumer->scope (delivery->run->message, &delivery->run->scope);
  if (delivery->run->scope.claim_group_id && !text_is_uuid (delivery->run->scope.claim_group_id)) {
    g_clear_pointer (&delivery->run, run_free);
    verdict_without_run (
        delivery, VERDICT_DEAD,
        g_error_new (EVENTS_ERROR, EVENTS_ERROR_MALFORMED, "the claim group's id is no uuid"), TRUE,
        FALSE);
    return FALSE;
  }
  return TRUE;
}

static DbRows *
look (Db *db, Take *take, gboolean again, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) hops = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) replays = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GPtrArray) guids = g_ptr_array_new ();

  for (gint64 i = 0; i < take->deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (take->deliveries, i);
    gint64 hop = delivery->hop, replay = delivery->replay;
    g_array_append_val (numbers, i);
    g_array_append_val (hops, hop);
    g_array_append_val (replays, replay);
    g_ptr_array_add (ids, delivery->message_id);
    g_ptr_array_add (
        guids,
        (char *)(delivery->run->scope.claim_group_id ? delivery->run->scope.claim_group_id : ""));
  }
  if (again)
    return db_query (db, error, SQL_LOOK_AGAIN, "tINII", take->runner->consumer->name,
                     numbers->data, (gsize)numbers->len, ids, hops->data, (gsize)hops->len,
                     replays->data, (gsize)replays->len);
  return db_query (db, error, SQL_LOOK_AND_GROUP, "tINIIN", take->runner->consumer->name,
                   numbers->data, (gsize)numbers->len, ids, hops->data, (gsize)hops->len,
                   replays->data, (gsize)replays->len, guids);
}

/* Whether a record in this batch may be owned: another one of its scope waits for the next batch.
 */
static gboolean
wants_scope (Take *take, guint i)
{
  Delivery *delivery = g_ptr_array_index (take->deliveries, i);

  return delivery->run->scope.scope && !take->are_seen[i] && !take->are_stale[i];
}

/* What had been settled before leaves no row behind, else a later death would be counted against it. */
static gboolean
forget_seen (Db *db, Take *take, GError **error)
{
  for (guint i = 0; i < take->deliveries->len; i++) {
    const Delivery *delivery = g_ptr_array_index (take->deliveries, i);
    if (take->are_seen[i] && delivery->record.has_row && !take_forget_record (db, delivery, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
own (Db *db, gpointer data, GError **error)
{
  Take *take = data;
  g_autoptr (GPtrArray) scopes = g_ptr_array_new ();
  g_autoptr (DbRows) seen = look (db, take, FALSE, error);
  g_autoptr (DbRows) owned = NULL;

  if (!seen)
    return FALSE;
  for (guint i = 0; i < db_rows_count (seen); i++) {
    guint n = db_rows_int (seen, i, "n");
    Delivery *delivery = g_ptr_array_index (take->deliveries, n);

    take->are_seen[n] = GUARD (INBOX) && db_rows_boolean (seen, i, "is_seen");
    delivery->run->group_row_id = db_rows_int (seen, i, "group_row_id");
    take->are_stale[n] = GUARD (STALE) && !db_rows_is_null (seen, i, "replay") &&
                         delivery->replay < db_rows_int (seen, i, "replay");
  }
  for (guint i = 0; i < take->deliveries->len; i++)
    if (wants_scope (take, i))
      g_ptr_array_add (scopes,
                       ((Delivery *)g_ptr_array_index (take->deliveries, i))->run->scope.scope);
  if (scopes->len == 0)
    return forget_seen (db, take, error);
  owned = db_query (db, error, SQL_OWN, "tN", program_instance_id (take->runner->program), scopes);
  if (!owned)
    return FALSE;
  g_clear_pointer (&seen, db_rows_free);
  seen = look (db, take, TRUE, error);
  if (!seen)
    return FALSE;
  for (guint i = 0; i < db_rows_count (seen); i++)
    take->are_seen[db_rows_int (seen, i, "n")] = GUARD (INBOX);
  for (guint i = 0; i < take->deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (take->deliveries, i);
    OwnScope *scope = NULL;

    if (!wants_scope (take, i))
      continue;
    g_ptr_array_set_size (delivery->run->scopes, 0);
    for (guint k = 0; k < db_rows_count (owned) && !scope; k++)
      if (strcmp (db_rows_text (owned, k, "scope"), delivery->run->scope.scope) == 0) {
        scope = g_new0 (OwnScope, 1);
        scope->scope = g_strdup (delivery->run->scope.scope);
        scope->token = db_rows_int (owned, k, "token");
        g_ptr_array_add (delivery->run->scopes, scope);
      }
  }
  return forget_seen (db, take, error);
}

static gboolean
set_asynchronous (Db *db, GError **error)
{
  return db_execute (db, NULL, error, "set local synchronous_commit = off", "");
}

static gboolean
count_asynchronously (Db *db, gpointer data, GError **error)
{
  return set_asynchronous (db, error) && count_open (db, data, error);
}

/* An error that no repetition mends is not the records' fault, and must not lose them. */
static void
do_or_die (Desk *desk, Runner *runner, DbWork work, gpointer data, const char *what)
{
  GError *error = NULL;

  while (!desk_transaction (desk, TRUE, work, data, &error)) {
    if (g_error_matches (error, DB_ERROR, DB_ERROR_TIMEOUT)) {
      log_limited (LOG_LEVEL_WARNING, what, what, "error", error->message, NULL);
    } else if (!g_error_matches (error, DB_ERROR, DB_ERROR_COMMIT_UNKNOWN)) {
      log_failure (what, "error", error->message, NULL);
      runner_ill (error->message, runner);
    }
    g_clear_error (&error); /* both works may be done again */
  }
}

static void
defer_doubles (Take *take)
{
  g_autoptr (GHashTable) scopes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < take->deliveries->len;) {
    Delivery *delivery = g_ptr_array_index (take->deliveries, i);
    if (delivery->run->scope.scope && !g_hash_table_add (scopes, delivery->run->scope.scope)) {
      g_ptr_array_remove_index (take->deliveries, i);
      g_clear_pointer (&delivery->run, run_free);
      desk_add (take->runner->take_desk, take_item_new (TAKE_RECORD, NULL, delivery));
      continue;
    }
    i++;
  }
}

static void
take_records (Desk *desk, Runner *runner, GPtrArray *deliveries, GPtrArray *partitions)
{
  Take take = { runner, deliveries, partitions, NULL, NULL };

  CRASH_POINT ("take/before-count");
  do_or_die (desk, runner, count_asynchronously, &take, "deliveries cannot be counted");
  CRASH_POINT ("take/after-count");
  for (guint i = 0; i < deliveries->len;) {
    Delivery *delivery = g_ptr_array_index (deliveries, i);

    g_clear_pointer (&delivery->run, run_free);
    delivery->run = run_new (delivery);
    if (!decode (desk, runner, delivery)) {
      g_ptr_array_remove_index (deliveries, i);
      continue;
    }
    i++;
  }
  defer_doubles (&take);
  if (deliveries->len == 0)
    return;
  take.are_seen = g_new0 (gboolean, deliveries->len);
  take.are_stale = g_new0 (gboolean, deliveries->len);
  CRASH_POINT ("take/before-own");
  do_or_die (desk, runner, own, &take, "records cannot be taken");
  CRASH_POINT ("take/after-own");
  for (guint i = 0; i < deliveries->len; i++) {
    Delivery *delivery = g_ptr_array_index (deliveries, i);

    if (take.are_seen[i]) {
      metrics_count ("doubles_total", 1, NULL);
      runner_finish (runner, delivery);
    } else if (take.are_stale[i]) {
      verdict_without_run (delivery, VERDICT_DONE, NULL, FALSE, TRUE);
    } else if (delivery->record.is_suspect && delivery->record.deaths >= runner->quarantine_after) {
      verdict_without_run (delivery, VERDICT_DEAD,
                           g_error_new (PIPELINE_ERROR, PIPELINE_ERROR_DEAD,
                                        "it ended its process %u times in succession",
                                        delivery->record.deaths),
                           TRUE, FALSE);
    } else {
      g_thread_pool_push (runner->workers, delivery, NULL);
    }
  }
  g_free (take.are_seen);
  g_free (take.are_stale);
}

void
take_do (Desk *desk, GPtrArray *batch, gpointer data)
{
  Runner *runner = data;
  g_autoptr (GPtrArray) deliveries = g_ptr_array_new ();
  g_autoptr (GPtrArray) partitions = g_ptr_array_new ();

  for (guint i = 0; i < batch->len; i++) {
    TakeItem *item = g_ptr_array_index (batch, i);

    switch (item->kind) {
    case TAKE_OPEN:
      do_open (desk, runner, item);
      break;
    case TAKE_CLOSE:
      break;
    case TAKE_PUT_BACK:
      do_put_back (desk, runner, item);
      break;
    case TAKE_RECOUNT:
      touch (partitions, item->partition);
      break;
    case TAKE_RECORD: {
      gboolean is_forgotten;
      g_mutex_lock (&runner->lock);
      is_forgotten = item->delivery->is_forgotten ||
                     (item->delivery->run && run_order (item->delivery->run) != RUN_GOES_ON);
      g_mutex_unlock (&runner->lock);
      if (is_forgotten) {
        runner_drop (runner, item->delivery);
        break;
      }
      g_ptr_array_add (deliveries, item->delivery);
      touch (partitions, item->delivery->partition);
      break;
    }
    }
  }
  if (deliveries->len > 0 || partitions->len > 0)
    take_records (desk, runner, deliveries, partitions);
  for (guint i = 0; i < batch->len; i++) {
    TakeItem *item = g_ptr_array_index (batch, i);
    if (item->kind == TAKE_CLOSE)
      do_close (desk, runner, item);
    else
      take_item_free (item);
  }
}
