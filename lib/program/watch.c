/* The watch, see watch.h. */
#include "program/watch.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rounds.h"
#include "claims/group-facts.h"
#include "kafka/log-view.h"
#include "program/claim-record.h"
#include "program/record.h"
#include "program/topics.h"
#include "program/watch.sql.h"

#define SOON_MS      5000 /* after the start, and after a failure; not more often than watch-every */
#define ASK_MS       2000  /* one question to the broker */
#define READ_MS      5000  /* all records that are looked for at once */
#define READS_MAX    10000 /* records a look; what is over it is not judged this time */
#define PAGE_ROWS    1000
#define RESENDS_MAX  5 /* then a person decides: whatever takes it away would go on */
#define WALK_ROWS    50000
#define WALKS_MAX    20    /* a look */
#define LATE_ROWS    10000 /* a group's row may become visible after those of later numbers */
#define LOCK_MS      2000
#define STATEMENT_MS 30000
#define RETRY_MARK   ".retry-"

/* --- What follows from what is known --- */

gboolean
watch_misses (const WatchFacts *facts)
{
  return facts->is_open && !facts->is_held && !facts->is_in_outbox && !facts->is_in_hand &&
         !facts->is_young;
}

WatchVerdict
watch_judge (const WatchFacts *facts, const WatchLog *log, const char **ret_why)
{
  *ret_why = NULL;
  if (!watch_misses (facts))
    return WATCH_MOVING;
  if (facts->offset < 0 || log->is_missing || log->low < 0 || log->high < 0)
    return WATCH_UNKNOWN;
  if (log->committed > facts->offset)
    *ret_why = "passed";
  else if (facts->offset >= log->high)
    *ret_why = "beyond-the-log";
  else if (facts->offset < log->low)
    *ret_why = "before-the-log";
  else if (log->at == WATCH_AT_ANOTHER)
    *ret_why = "another-record";
  return *ret_why ? WATCH_LOST : WATCH_MOVING;
}

/* --- The process's --- */

struct Watch {
  WatchOptions options;
  const char *prefix;
  GPtrArray *table; /* of Topic * */
  Rounds *rounds;
  /* the thread's own */
  /* Group rows below it are over, but for some that a person has taken up again */
  gint64 all_over_below;
  gint64 none_counts_below; /* the same of groups that are settled, and older than two days */
};

/* A partition that places are in. */
typedef struct {
  KafkaLogView *view;
  char *reader; /* the consumer that reads it; NULL: none, so nothing there is expected to move */
  /* Not the log that its oldest record was written to: each one is looked at */
  gboolean is_doubtful;
} Seen;

/* A record's place, as read. */
typedef struct {
  char *scope, *topic, *guid;
  int partition;
  guint replay, resends;
  KafkaHeaders *headers;      /* NULL: not kept */
  gint64 claim_id, missed_ms; /* missed_ms -1: not missed yet */
  WatchFacts facts;
  WatchAt at;
  gboolean is_not_told; /* what lies there was asked for, and nobody answered */
} Place;

/* One look. */
typedef struct {
  Watch *watch;
  Db *db;
  GHashTable *seen; /* topic/partition -> Seen * */
  KafkaReader *reader;
  guint reads_left;
  guint expected, unknown;
  gint64 oldest_ms;
} Look;

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  kafka_log_view_free (seen->view);
  g_free (seen->reader);
  g_free (seen);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free (place->scope);
  g_free (place->topic);
  g_free (place->guid);
  kafka_headers_free (place->headers);
  g_free (place);
}

static char *
key_of (const char *topic, int partition)
{
  return g_strdup_printf ("%s/%d", topic, partition);
}

static const char *
without_prefix (const Watch *watch, const char *topic)
{
  return g_str_has_prefix (topic, watch->prefix) ? topic + strlen (watch->prefix) : NULL;
}

/* Tiers that no setting names any more are read as well, so their names decide. Owned. */
static char *
reader_of (const Watch *watch, const char *topic)
{
  const char *name = without_prefix (watch, topic);
  const char *mark = name ? strstr (name, RETRY_MARK) : NULL;
  const Topic *known = name ? topics_find (watch->table, name) : NULL;

  if (mark)
    return g_strndup (name, (gsize)(mark - name));
  return known ? g_strdup (known->reader) : NULL;
}

/* --- What the broker knows --- */

static gboolean
note_partitions (Look *look, GError **error)
{
  g_autoptr (DbRows) rows = db_query (look->db, error, SQL_WATCH_PARTITIONS, "");

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *topic = db_rows_text (rows, i, "topic");
    int partition = (int)db_rows_int (rows, i, "partition");
    Seen *seen = g_new0 (Seen, 1);

    seen->view = kafka_log_view_new (topic, partition);
    seen->reader = reader_of (look->watch, topic);
    g_hash_table_insert (look->seen, key_of (topic, partition), seen);
  }
  return TRUE;
}

static gboolean
ask_ends (Look *look, GError **error)
{
  rd_kafka_t *handle = outbox_kafka_handle (look->watch->options.outbox);
  g_autoptr (GHashTable) counts = kafka_topic_partitions (handle, ASK_MS, error);
  GHashTableIter iter;
  gpointer value;

  if (!counts)
    return FALSE;
  g_hash_table_iter_init (&iter, look->seen);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Seen *seen = value;
    int partitions = GPOINTER_TO_INT (g_hash_table_lookup (counts, seen->view->topic));

    seen->view->is_missing = seen->view->partition >= partitions;
    if (seen->view->is_missing)
      log_limited (LOG_LEVEL_WARNING, "watch-missing",
                   "records of claims should lie in a topic that is not there: "
                   "pipelinectl topics check",
                   "topic", seen->view->topic, NULL);
    else if (rounds_are_ending (look->watch->rounds) ||
             !kafka_log_view_ask_ends (look->reader, seen->view, ASK_MS, error))
      return FALSE;
  }
  return TRUE;
}

/* After the ends: what has been committed by then has been settled. */
static gboolean
ask_committed (Look *look, GError **error)
{
  g_autoptr (GHashTable) by_reader =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
  GHashTableIter iter;
  gpointer reader, value;

  g_hash_table_iter_init (&iter, look->seen);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Seen *seen = value;
    GPtrArray *views = seen->reader ? g_hash_table_lookup (by_reader, seen->reader) : NULL;

    if (!seen->reader || seen->view->is_missing)
      continue;
    if (!views) {
      views = g_ptr_array_new ();
      g_hash_table_insert (by_reader, seen->reader, views);
    }
    g_ptr_array_add (views, seen->view);
  }
  g_hash_table_iter_init (&iter, by_reader);
  while (g_hash_table_iter_next (&iter, &reader, &value)) {
    g_autofree char *group = g_strconcat (look->watch->prefix, reader, NULL);

    if (rounds_are_ending (look->watch->rounds) ||
        !kafka_log_view_ask_committed (look->watch->options.settings, group, value, ASK_MS, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
ask_broker (Look *look, GError **error)
{
  if (!note_partitions (look, error))
    return FALSE;
  if (g_hash_table_size (look->seen) == 0)
    return TRUE;
  look->reader = kafka_reader_new (look->watch->options.settings, error);
  return look->reader && ask_ends (look, error) && ask_committed (look, error);
}

/* --- What lies there --- */

static gboolean
is_same_record (const Place *place, KafkaHeaders *found_taken)
{
  Record *mine, *found;
  gboolean is_same;

  if (!found_taken)
    return FALSE;
  mine = record_read (place->topic, place->partition, place->facts.offset,
                      kafka_headers_copy (place->headers));
  found = record_read (place->topic, place->partition, place->facts.offset, found_taken);
  is_same = strcmp (mine->message_id, found->message_id) == 0 && mine->hop == found->hop &&
            mine->replay == found->replay;
  record_free (mine);
  record_free (found);
  return is_same;
}

/* Fills in what lies at @places (of Place *). A broker that does not give a record out says nothing
 * about it. */
static gboolean
look_at (Look *look, const GPtrArray *places, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (kafka_wanted_free);

  for (guint i = 0; i < places->len; i++) {
    const Place *place = g_ptr_array_index (places, i);
    KafkaWanted *one = g_new0 (KafkaWanted, 1);

    one->topic = place->topic;
    one->partition = place->partition;
    one->offset = place->facts.offset;
    g_ptr_array_add (wanted, one);
  }
  if (wanted->len > 0 && look->reads_left > 0) {
    if (!kafka_reader_read (look->reader, wanted, look->reads_left, READ_MS, error))
      return FALSE;
    look->reads_left -= MIN (look->reads_left, wanted->len);
  }
  for (guint i = 0; i < places->len; i++) {
    Place *place = g_ptr_array_index (places, i);
    KafkaWanted *one = g_ptr_array_index (wanted, i);

    place->is_not_told = !one->is_answered;
    if (one->is_answered)
      place->at = is_same_record (place, g_steal_pointer (&one->headers)) ? WATCH_AT_SAME
                                                                          : WATCH_AT_ANOTHER;
  }
  return TRUE;
}

static WatchLog
log_of (const Seen *seen)
{
  return (WatchLog){ .is_missing = seen->view->is_missing || !seen->reader,
                     .low = seen->view->low,
                     .high = seen->view->high,
                     .committed = seen->view->committed };
}

static Seen *
seen_of (const Look *look, const Place *place)
{
  g_autofree char *key = key_of (place->topic, place->partition);

  return g_hash_table_lookup (look->seen, key);
}

static WatchVerdict
judge (const Look *look, const Place *place, const char **ret_why)
{
  const Seen *seen = seen_of (look, place);
  WatchLog log = seen ? log_of (seen) : (WatchLog){ .is_missing = TRUE };
  WatchVerdict verdict;

  log.at = place->at;
  verdict = watch_judge (&place->facts, &log, ret_why);
  return verdict == WATCH_MOVING && place->is_not_told ? WATCH_UNKNOWN : verdict;
}

/* In a log that is not the one it was: those that nothing else tells of. */
static gboolean
look_at_doubtful (Look *look, const GPtrArray *places, GError **error)
{
  g_autoptr (GPtrArray) doubtful = g_ptr_array_new ();

  for (guint i = 0; i < places->len; i++) {
    Place *place = g_ptr_array_index (places, i);
    const Seen *seen = seen_of (look, place);
    const char *why;

    if (seen && seen->is_doubtful && place->headers && watch_misses (&place->facts) &&
        judge (look, place, &why) == WATCH_MOVING)
      g_ptr_array_add (doubtful, place);
  }
  return look_at (look, doubtful, error);
}

/* --- Sending again --- */

typedef struct {
  Watch *watch;
  const Place *place;
  const char *why;
  gboolean is_sent, is_given_up;
} Resend;

/* In the transaction: nobody else is the watch, the place is as it was missed, and nothing moves
 * it. */
static gboolean
is_still_lost (Transaction *transaction, const Resend *resend, gboolean *ret_is, GError **error)
{
  const Place *place = resend->place;
  Db *db = transaction->db;
  char *guids[] = { place->guid, NULL };
  g_autoptr (DbRows) same = NULL;
  g_autoptr (DbRows) facts = NULL;

  *ret_is = FALSE;
  if (!lease_guard (resend->watch->options.lease, db, ret_is, error) || !*ret_is)
    return !*error;
  *ret_is = FALSE;
  if (!claim_groups_lock (db, guids, error))
    return FALSE;
  same = db_query (db, error, SQL_WATCH_SAME, "ttii", place->scope, place->topic,
                   (gint64)place->partition, place->facts.offset);
  if (!same)
    return FALSE;
  facts = db_query (db, error, SQL_WATCH_FACTS, "t", place->scope);
  if (!facts)
    return FALSE;
  *ret_is = db_rows_count (same) == 1 && db_rows_count (facts) == 1 &&
            db_rows_boolean (facts, 0, "is_open") && !db_rows_boolean (facts, 0, "is_held") &&
            !db_rows_boolean (facts, 0, "is_in_outbox") &&
            !db_rows_boolean (facts, 0, "is_in_hand");
  return TRUE;
}

/* The same message, into its tier again where it is not due yet. */
static gboolean
emit_again (Transaction *transaction, const Resend *resend, const Record *record,
            const ClaimRecord *claim, GError **error)
{
  const Place *place = resend->place;
  gboolean is_due = record->not_before_ms <= transaction->now_ms;
  const RecordStep step = {
    .topic = place->topic,
    .partition = place->partition,
    .offset = place->facts.offset,
    .now_ms = transaction->now_ms,
    .consumer = record->attempts_of,
    .keeps_effects = TRUE,
    .not_before_ms = is_due ? 0 : record->not_before_ms,
    .waiting_since_ms = record->waiting_since_ms,
  };
  g_autoptr (GBytes) value = claim_record_encode (transaction->writer, claim, error);
  KafkaHeaders *headers;

  if (!value)
    return FALSE;
  headers = record_next_headers (record, &step);
  record_fit_headers (headers);
  transaction_add_row (transaction,
                       is_due ? claim_record_topic (claim)
                              : without_prefix (resend->watch, place->topic),
                       -1, g_bytes_new (claim->veteran_id, strlen (claim->veteran_id)),
                       g_steal_pointer (&value), headers);
  transaction_emit_scope (transaction, place->scope);
  return TRUE;
}

static gboolean
ask_a_person (Transaction *transaction, const ClaimRecord *claim, GError **error)
{
  if (!claim_record_is_group (claim) && g_str_equal (claim->state, "pending") &&
      !transaction_change_child (transaction, claim->guid, claim->claim_id, "held", "record-lost",
                                 error))
    return FALSE;
  return transaction_needs_person (transaction, claim->guid, claim->claim_id, "record-lost", 0,
                                   error);
}

static gboolean
tell_lost (Transaction *transaction, const Resend *resend, const ClaimRecord *claim, GError **error)
{
  const Place *place = resend->place;
  g_autofree char *detail = g_strdup_printf ("%s/%d/%" G_GINT64_FORMAT " %s", place->topic,
                                             place->partition, place->facts.offset, resend->why);

  return transaction_monitoring_event (transaction, "record-lost", claim->guid,
                                       claim_record_is_group (claim) ? 0 : claim->claim_id, detail,
                                       error);
}

static gboolean
write_again (Transaction *transaction, Resend *resend, const ClaimRecord *claim, GError **error)
{
  const Place *place = resend->place;
  Record *record = NULL;
  gboolean done;

  if (place->headers)
    record = record_read (place->topic, place->partition, place->facts.offset,
                          kafka_headers_copy (place->headers));
  transaction_set_origin (transaction, record ? record->traceparent : NULL, place->replay);
  resend->is_given_up = place->resends >= RESENDS_MAX;
  if (resend->is_given_up)
    done = ask_a_person (transaction, claim, error);
  else if (record)
    done = emit_again (transaction, resend, record, claim, error);
  else /* too long to be kept: a new message */
    done = claim_record_emit (transaction, claim, error);
  done = done && tell_lost (transaction, resend, claim, error) &&
         db_execute (transaction->db, NULL, error, SQL_WATCH_SENT, "t", place->scope);
  transaction_set_origin (transaction, NULL, place->replay);
  record_free (record);
  return done;
}

/* A TransactionWork; run again from the start after a conflict. */
static gboolean
send_again (Transaction *transaction, gpointer data, GError **error)
{
  Resend *resend = data;
  g_autoptr (ClaimRecord) claim = NULL;
  gboolean is_lost = FALSE;

  resend->is_sent = FALSE;
  if (!is_still_lost (transaction, resend, &is_lost, error))
    return FALSE;
  if (!is_lost)
    return TRUE;
  claim = claim_record_find (transaction->db, resend->place->claim_id, error);
  if (!claim)
    return !*error;
  claim->is_of_papers = claim_record_is_scope_of_papers (resend->place->scope);
  resend->is_sent = write_again (transaction, resend, claim, error);
  return resend->is_sent;
}

/* One that cannot be made anew, now or for good, is told, and holds up no other. */
static gboolean
resend_place (Look *look, const Place *place, const char *why, GError **error)
{
  Resend resend = { .watch = look->watch, .place = place, .why = why };
  g_autofree char *claim = g_strdup_printf ("%" G_GINT64_FORMAT, place->claim_id);
  g_autoptr (GError) problem = NULL;

  if (!look->watch->options.transact (send_again, &resend, look->watch->options.data, &problem)) {
    if (db_is_away (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    look->unknown++;
    log_limited (LOG_LEVEL_ERROR, "record-not-made",
                 "a record was lost, and cannot be made anew; tried again", "claim_group_id",
                 place->guid, "claim_id", claim, "error", problem->message, NULL);
    return TRUE;
  }
  if (!resend.is_sent)
    return TRUE;
  metrics_count (METRIC_RECORDS_LOST, 1, without_prefix (look->watch, place->topic), why, NULL);
  log_limited (LOG_LEVEL_ERROR, "record-lost",
               resend.is_given_up ? "a record was lost again and again: a person has to decide"
                                  : "a record was lost, and is sent again",
               "claim_group_id", place->guid, "claim_id", claim, "topic", place->topic, "text", why,
               NULL);
  return TRUE;
}

/* --- The places --- */

static Place *
read_place (const Look *look, DbRows *rows, guint i)
{
  g_autoptr (GBytes) packed = db_rows_bytes (rows, i, "headers");
  Place *place = g_new0 (Place, 1);

  place->scope = g_strdup (db_rows_text (rows, i, "scope"));
  place->topic = g_strdup (db_rows_text (rows, i, "topic"));
  place->guid = g_strdup (db_rows_text (rows, i, "claim_group_guid"));
  place->partition = (int)db_rows_int (rows, i, "partition");
  place->replay = (guint)db_rows_int (rows, i, "replay");
  place->resends = (guint)db_rows_int (rows, i, "resends");
  place->headers = packed ? kafka_headers_unpack (packed) : NULL;
  place->claim_id = db_rows_int (rows, i, "claim_id");
  place->missed_ms =
      db_rows_is_null (rows, i, "missed_ms") ? -1 : MAX (0, db_rows_int (rows, i, "missed_ms"));
  place->facts = (WatchFacts){
    .offset = db_rows_int (rows, i, "record_offset"),
    .is_young = db_rows_int (rows, i, "age_ms") < look->watch->options.every_ms,
    .is_open = db_rows_boolean (rows, i, "is_open"),
    .is_held = db_rows_boolean (rows, i, "is_held"),
    .is_in_outbox = db_rows_boolean (rows, i, "is_in_outbox"),
    .is_in_hand = db_rows_boolean (rows, i, "is_in_hand"),
  };
  return place;
}

typedef struct {
  DbColumns *missed; /* scope, topic, partition, offset */
  GPtrArray *found;  /* of char *, borrowed: missed before, and there after all */
} Marks;

static gboolean
handle_place (Look *look, const Place *place, Marks *marks, GError **error)
{
  const char *why = NULL;

  look->expected += place->facts.is_open && !place->facts.is_held;
  switch (judge (look, place, &why)) {
  case WATCH_MOVING:
    if (place->missed_ms >= 0)
      g_ptr_array_add (marks->found, place->scope);
    return TRUE;
  case WATCH_UNKNOWN:
    look->unknown++;
    return TRUE;
  case WATCH_LOST:
    break;
  }
  if (place->missed_ms < 0)
    db_columns_add (marks->missed, place->scope, place->topic, (gint64)place->partition,
                    place->facts.offset);
  /* Of another process's look a moment ago this one would be no second. */
  else if (place->missed_ms >= look->watch->options.every_ms / 2)
    return resend_place (look, place, why, error);
  return TRUE;
}

static gboolean
handle_page (Look *look, DbRows *rows, GError **error)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (place_free);
  g_autoptr (DbColumns) missed = db_columns_new ("ttii");
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  Marks marks = { missed, found };

  for (guint i = 0; i < db_rows_count (rows); i++) {
    Place *place = read_place (look, rows, i);

    g_ptr_array_add (places, place);
    if (place->facts.is_open)
      look->oldest_ms = MAX (look->oldest_ms, db_rows_int (rows, i, "open_ms"));
  }
  if (!look_at_doubtful (look, places, error))
    return FALSE;
  for (guint i = 0; i < places->len && !rounds_are_ending (look->watch->rounds); i++)
    if (!handle_place (look, g_ptr_array_index (places, i), &marks, error))
      return FALSE;
  return (db_columns_count (missed) == 0 ||
          db_execute (look->db, NULL, error, SQL_WATCH_MARK, "C", missed)) &&
         (found->len == 0 || db_execute (look->db, NULL, error, SQL_WATCH_CLEAR, "N", found));
}

static gboolean
handle_places (Look *look, GError **error)
{
  g_autofree char *after = g_strdup ("");
  guint count;

  do {
    g_autoptr (DbRows) rows =
        db_query (look->db, error, SQL_WATCH_PLACES, "ti", after, (gint64)PAGE_ROWS);

    if (!rows || !handle_page (look, rows, error))
      return FALSE;
    count = db_rows_count (rows);
    if (count > 0) {
      g_free (after);
      after = g_strdup (db_rows_text (rows, count - 1, "scope"));
    }
  } while (count == PAGE_ROWS && !rounds_are_ending (look->watch->rounds));
  return TRUE;
}

static Place *
read_witness (DbRows *rows, guint i)
{
  g_autoptr (GBytes) packed = db_rows_bytes (rows, i, "headers");
  Place *place = g_new0 (Place, 1);

  place->topic = g_strdup (db_rows_text (rows, i, "topic"));
  place->partition = (int)db_rows_int (rows, i, "partition");
  place->headers = kafka_headers_unpack (packed);
  place->facts.offset = db_rows_int (rows, i, "record_offset");
  place->facts.is_open = TRUE;
  return place;
}

/* A log that has not its oldest record any more where it was written is not the same log: each of
 * its records is looked at. What is missed by this (a log that has lost its end, and goes on) is
 * found when its consumer has passed it. */
static gboolean
ask_witnesses (Look *look, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (place_free);
  g_autoptr (GPtrArray) there = g_ptr_array_new ();
  g_autoptr (DbRows) rows =
      db_query (look->db, error, SQL_WATCH_WITNESSES, "i", look->watch->options.every_ms);

  if (!rows)
    return FALSE;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    Place *place = read_witness (rows, i);
    Seen *seen = seen_of (look, place);
    const char *why = NULL;

    g_ptr_array_add (all, place);
    if (seen && place->headers && judge (look, place, &why) == WATCH_MOVING)
      g_ptr_array_add (there, place);
    else if (seen)
      seen->is_doubtful = why != NULL;
  }
  if (!look_at (look, there, error))
    return FALSE;
  for (guint i = 0; i < there->len; i++) {
    const Place *place = g_ptr_array_index (there, i);

    seen_of (look, place)->is_doubtful = place->at == WATCH_AT_ANOTHER;
  }
  return TRUE;
}

/* The oldest group that is open, also one that has no place. Groups are made in the order of their
 * rows, and what is over stays so, so each look goes on where the last one ended; the first one of
 * a process walks through all, in parts. */
static gboolean
find_oldest (Look *look, GError **error)
{
  Watch *watch = look->watch;
  g_autoptr (DbRows) newest = db_query (look->db, error, SQL_WATCH_NEWEST_GROUP, "");
  gint64 last;

  if (!newest)
    return FALSE;
  last = db_rows_int (newest, 0, "id");
  for (guint i = 0;
       i < WALKS_MAX && watch->all_over_below <= last && !rounds_are_ending (watch->rounds); i++) {
    g_autoptr (DbRows) rows = db_query (look->db, error, SQL_WATCH_OLDEST_OPEN_GROUP, "ii",
                                        watch->all_over_below, (gint64)WALK_ROWS);

    if (!rows)
      return FALSE;
    if (db_rows_count (rows) == 1) {
      watch->all_over_below = db_rows_int (rows, 0, "id");
      look->oldest_ms = MAX (look->oldest_ms, db_rows_int (rows, 0, "open_ms"));
      return TRUE;
    }
    if (watch->all_over_below + WALK_ROWS > last) {
      watch->all_over_below = MAX (watch->all_over_below, last - LATE_ROWS);
      return TRUE;
    }
    watch->all_over_below += WALK_ROWS;
  }
  return TRUE;
}

/* --- What stands open --- */

/* Walks on as find_oldest() does. */
static gboolean
find_first_that_counts (Look *look, GError **error)
{
  Watch *watch = look->watch;
  g_autoptr (DbRows) newest = db_query (look->db, error, SQL_WATCH_NEWEST_GROUP, "");
  gint64 last;

  if (!newest)
    return FALSE;
  last = db_rows_int (newest, 0, "id");
  for (guint i = 0;
       i < WALKS_MAX && watch->none_counts_below <= last && !rounds_are_ending (watch->rounds);
       i++) {
    g_autoptr (DbRows) rows = db_query (look->db, error, SQL_WATCH_OLDEST_THAT_COUNTS, "ii",
                                        watch->none_counts_below, (gint64)WALK_ROWS);

    if (!rows)
      return FALSE;
    if (db_rows_count (rows) == 1) {
      watch->none_counts_below = db_rows_int (rows, 0, "id");
      return TRUE;
    }
    if (watch->none_counts_below + WALK_ROWS > last) {
      watch->none_counts_below = MAX (watch->none_counts_below, last - LATE_ROWS);
      return TRUE;
    }
    watch->none_counts_below += WALK_ROWS;
  }
  return TRUE;
}

static void
tell_standing (const DbRows *standing, const DbRows *needs)
{
  static const char *const states[] = { "pending", "accepted", "failure", "processing" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    metrics_gauge (METRIC_OPEN_GROUPS, standing ? (double)db_rows_int (standing, 0, states[i]) : 0,
                   states[i], NULL);
  metrics_gauge (METRIC_SETUPS_FAILED,
                 standing ? (double)db_rows_int (standing, 0, "setups_failed") : 0, NULL);
  metrics_gauge (METRIC_NEEDS_PERSON, needs ? (double)db_rows_int (needs, 0, "count") : 0, NULL);
  metrics_gauge (METRIC_OLDEST_NEED, needs ? (double)db_rows_int (needs, 0, "oldest_ms") / 1000 : 0,
                 NULL);
  metrics_gauge (METRIC_SILENT_FAILURES_OPEN, needs ? (double)db_rows_int (needs, 0, "silent") : 0,
                 NULL);
  metrics_gauge (METRIC_UNKNOWN_OUTCOMES, needs ? (double)db_rows_int (needs, 0, "unknown") : 0,
                 NULL);
}

static void
tell_papers (const DbRows *papers)
{
  static const char *const states[] = { "pending", "refused", "off" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    metrics_gauge (METRIC_PAPERS_OPEN, papers ? (double)db_rows_int (papers, 0, states[i]) : 0,
                   states[i], NULL);
  metrics_gauge (METRIC_OLDEST_PAPER,
                 papers ? (double)db_rows_int (papers, 0, "oldest_ms") / 1000 : 0, NULL);
}

/* By the database, for a process's counters may be gone with it before anybody has read them. */
static gboolean
count_standing (Look *look, GError **error)
{
  g_autoptr (DbRows) standing = NULL, needs = NULL, papers = NULL;

  if (!find_first_that_counts (look, error))
    return FALSE;
  standing = db_query (look->db, error, SQL_WATCH_STANDING, "i", look->watch->none_counts_below);
  if (!standing)
    return FALSE;
  needs = db_query (look->db, error, SQL_WATCH_NEEDS, "");
  papers = needs ? db_query (look->db, error, SQL_WATCH_PAPERS, "") : NULL;
  if (!papers)
    return FALSE;
  tell_standing (standing, needs);
  tell_papers (papers);
  return TRUE;
}

/* --- A look --- */

static void
tell_gauges (const Look *look)
{
  metrics_gauge (METRIC_CLAIMS_EXPECTED_MOVING, look ? look->expected : 0, NULL);
  metrics_gauge (METRIC_CLAIMS_NOT_JUDGED, look ? look->unknown : 0, NULL);
  metrics_gauge (METRIC_OLDEST_OPEN_GROUP, look ? look->oldest_ms / 1000.0 : 0, NULL);
}

static gboolean
do_look (Look *look, GError **error)
{
  Watch *watch = look->watch;
  const Settings *settings = watch->options.settings;

  look->db = db_open (settings_text (settings, "database-url"), error);
  return look->db && db_set_timeouts (look->db, LOCK_MS, STATEMENT_MS, error) &&
         db_execute (look->db, NULL, error, SQL_WATCH_FORGET, "i", watch->options.every_ms) &&
         find_oldest (look, error) && count_standing (look, error) && ask_broker (look, error) &&
         ask_witnesses (look, error) && handle_places (look, error);
}

/* A failure holds up nobody's work, so it is told, and no reason not to be ready. */
static gboolean
look_once (Watch *watch)
{
  g_autoptr (GError) error = NULL;
  Look look = { .watch = watch,
                .reads_left = READS_MAX,
                .seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, seen_free) };
  gboolean done = do_look (&look, &error);

  if (done)
    tell_gauges (&look);
  else if (!rounds_are_ending (watch->rounds))
    log_limited (LOG_LEVEL_WARNING, "watch",
                 "nobody knows whether records have been lost; looked again soon", "error",
                 error ? error->message : NULL, NULL);
  kafka_reader_free (look.reader);
  g_hash_table_unref (look.seen);
  db_close (look.db);
  return done;
}

static gint64
one_round (gpointer data)
{
  Watch *watch = data;
  const gint64 every_ms = watch->options.every_ms, soon_ms = MIN (SOON_MS, every_ms);

  if (lease_is_held (watch->options.lease))
    return look_once (watch) ? every_ms : soon_ms;
  tell_gauges (NULL); /* another process tells them */
  tell_standing (NULL, NULL);
  tell_papers (NULL);
  return soon_ms;
}

Watch *
watch_start (const WatchOptions *options)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->options = *options;
  watch->prefix = settings_text (options->settings, "topic-prefix");
  watch->table = topics_table (NULL);
  watch->rounds = rounds_new ("watch", one_round, watch);
  rounds_begin (watch->rounds, MIN (SOON_MS, watch->options.every_ms));
  return watch;
}

void
watch_stop (Watch *watch)
{
  if (!watch)
    return;
  rounds_free (watch->rounds);
  g_ptr_array_unref (watch->table);
  g_free (watch);
}
