/* Dead ends, see dead-ends.h. */
#include "operator/dead-ends.h"

#include "base/cleanup.h"
#include "kafka/client.h"
#include "kafka/log-view.h"
#include "operator/audit.h"
#include "operator/dead-ends.sql.h"

#define BROKER_MS 5000
#define READ_MAX  10000

char **
dead_ends_topics (const Settings *settings, DeadEndKind kind)
{
  static const char *const names[] = { "quarantine", "backup.dead-letter", "claims.dead-letter" };
  guint from = kind == DEAD_LETTERS ? 1 : 0, to = kind == QUARANTINE ? 1 : G_N_ELEMENTS (names);
  char **topics = g_new0 (char *, to - from + 1);

  for (guint i = from; i < to; i++)
    topics[i - from] = g_strconcat (settings_text (settings, "topic-prefix"), names[i], NULL);
  return topics;
}

/* --- As JSON --- */

static json_t *
time_or_null (const DbRows *rows, guint row, const char *column)
{
  const char *text = db_rows_text (rows, row, column);

  return text ? json_string (text) : json_null ();
}

static json_t *
number_or_null (const DbRows *rows, guint row, const char *column)
{
  return db_rows_is_null (rows, row, column) ? json_null ()
                                             : json_integer (db_rows_int (rows, row, column));
}

static json_t *
one_of (const DbRows *rows, guint row)
{
  return json_pack (
      "{s:I,s:s,s:s,s:s,s:o,s:o,s:s,s:o,s:o,s:o,s:s,s:s,s:I,s:I,s:o,s:o,s:o}", "id",
      (json_int_t)db_rows_int (rows, row, "id"), "at", db_rows_text (rows, row, "at"), "consumer",
      db_rows_text (rows, row, "consumer"), "topic", db_rows_text (rows, row, "topic"), "partition",
      number_or_null (rows, row, "partition"), "offset",
      number_or_null (rows, row, "record_offset"), "source", db_rows_text (rows, row, "source"),
      "group", time_or_null (rows, row, "guid"), "group_state",
      time_or_null (rows, row, "group_state"), "claim_id", number_or_null (rows, row, "claim_id"),
      "cause", db_rows_text (rows, row, "error_class"), "error",
      db_rows_text (rows, row, "error_message"), "attempts",
      (json_int_t)db_rows_int (rows, row, "attempt"), "replay",
      (json_int_t)db_rows_int (rows, row, "replay"), "first_failed_at",
      time_or_null (rows, row, "first_failed_at"), "redriven_at",
      time_or_null (rows, row, "redriven_at"), "closed_at", time_or_null (rows, row, "closed_at"));
}

static DbRows *
query (Db *db, const DeadEndQuestion *question, gint64 id, GError **error)
{
  return db_query (db, error, SQL_DEAD_ENDS_LIST, "Ttoiii", question->topics, question->cause,
                   (int)question->is_with_redriven, question->limit, id,
                   question->before ? question->before : G_MAXINT64);
}

json_t *
dead_ends_list (Db *db, const DeadEndQuestion *question, GError **error)
{
  g_autoptr (DbRows) rows = query (db, question, 0, error);
  json_t *all;

  if (!rows)
    return NULL;
  all = json_array ();
  for (guint i = 0; i < db_rows_count (rows); i++)
    (void)json_array_append_new (all, one_of (rows, i));
  return all;
}

json_t *
dead_ends_count (Db *db, char **topics, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_DEAD_ENDS_GROUP, "T", topics);
  json_t *all;

  if (!rows)
    return NULL;
  all = json_array ();
  for (guint i = 0; i < db_rows_count (rows); i++)
    (void)json_array_append_new (
        all, json_pack ("{s:s,s:s,s:I,s:I,s:s,s:s}", "topic", db_rows_text (rows, i, "topic"),
                        "cause", db_rows_text (rows, i, "error_class"), "count",
                        (json_int_t)db_rows_int (rows, i, "count"), "groups",
                        (json_int_t)db_rows_int (rows, i, "groups"), "first_at",
                        db_rows_text (rows, i, "first_at"), "last_at",
                        db_rows_text (rows, i, "last_at")));
  return all;
}

/* --- One of them, with what the record says of itself --- */

/* Ours alone: a foreign header may hold anything. */
static json_t *
headers_of (const KafkaHeaders *headers)
{
  static const char *const names[] = { "dp-message-id",      "dp-hop",     "dp-attempt",
                                       "dp-replay",          "dp-source",  "dp-reason",
                                       "dp-error-class",     "dp-steps",   "dp-insert",
                                       "dp-first-failed-at", "dp-failures" };
  json_t *object = json_object ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const char *text = kafka_headers_get (headers, names[i]);

    if (text)
      (void)json_object_set_new (object, names[i], json_string (text));
  }
  return object;
}

static json_t *
read_record (const Settings *settings, const DbRows *rows, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (kafka_wanted_free);
  g_autoptr (KafkaReader) reader = NULL;
  KafkaWanted *one = g_new0 (KafkaWanted, 1);

  g_ptr_array_add (wanted, one);
  if (db_rows_is_null (rows, 0, "record_offset"))
    return json_null ();
  one->topic = db_rows_text (rows, 0, "topic");
  one->partition = (int)db_rows_int (rows, 0, "partition");
  one->offset = db_rows_int (rows, 0, "record_offset");
  reader = kafka_reader_new (settings, error);
  if (!reader || !kafka_reader_read (reader, wanted, READ_MAX, BROKER_MS, error))
    return NULL;
  return one->headers ? headers_of (one->headers) : json_null ();
}

json_t *
dead_ends_get (Db *db, char **topics, gint64 id, const Settings *reader_settings, GError **error)
{
  const DeadEndQuestion question = { .topics = topics, .is_with_redriven = TRUE, .limit = 1 };
  g_autoptr (DbRows) rows = query (db, &question, id, error);
  g_autoptr (json_t) one = NULL;
  json_t *headers;

  if (!rows || db_rows_count (rows) == 0)
    return NULL;
  one = one_of (rows, 0);
  if (!reader_settings)
    return g_steal_pointer (&one);
  headers = read_record (reader_settings, rows, error);
  if (!headers)
    return NULL;
  (void)json_object_set_new (one, "headers", headers);
  return g_steal_pointer (&one);
}

/* --- Closed --- */

typedef struct {
  const DeadEndClosing *closing;
  gint64 id;
  gboolean is_closed;
} Closing;

/* A DbWork. */
static gboolean
close_and_audit (Db *db, gpointer data, GError **error)
{
  Closing *it = data;
  const DeadEndClosing *closing = it->closing;
  g_autofree char *subject = g_strdup_printf ("quarantine %" G_GINT64_FORMAT, it->id);
  const Action action = { .who = closing->who,
                          .action = "quarantine close",
                          .subject = subject,
                          .guid = json_string_value (json_object_get (closing->record, "group")),
                          .reason = closing->reason,
                          .detail = closing->record };
  guint count = 0;
  gint64 action_id;

  if (!db_execute (db, &count, error, SQL_DEAD_END_CLOSE, "iT", it->id, closing->topics))
    return FALSE;
  it->is_closed = count > 0;
  return !it->is_closed ||
         (audit_write (db, &action, &action_id, error) &&
          db_execute (db, NULL, error, SQL_DEAD_END_CLOSED_BY, "ii", it->id, action_id));
}

const char *
dead_end_why_open (const json_t *record)
{
  static const char *const may_go_on[] = { "pending", "accepted", "failure", NULL };
  const char *state = json_string_value (json_object_get (record, "group_state"));

  if (!json_is_null (json_object_get (record, "closed_at")))
    return "it is closed already";
  if (!json_is_null (json_object_get (record, "redriven_at")))
    return "it was redriven";
  return state && g_strv_contains (may_go_on, state)
             ? "its claim may still go on: see pipelinectl redrive and why"
             : NULL;
}

gboolean
dead_end_close (Db *db, const DeadEndClosing *closing, gboolean *ret_closed, GError **error)
{
  Closing it = { .closing = closing,
                 .id = json_integer_value (json_object_get (closing->record, "id")) };

  if (!db_transaction (db, close_and_audit, &it, error))
    return FALSE;
  *ret_closed = it.is_closed;
  return TRUE;
}
