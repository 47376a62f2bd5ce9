/* Open counts and suspects, see suspects.h. */
#include "pipeline/suspects.h"

#include "pipeline/suspects.sql.h"

GHashTable *
suspects_open (Db *db, const Counter *counter, const Partition *partition, GError **error)
{
  g_autoptr (GHashTable) records =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  const char *consumer = counter->consumer, *topic = partition->topic, *me = counter->instance_id;
  gint64 number = partition->number;
  g_autoptr (DbRows) rows = NULL;

  if (!db_execute (db, NULL, error, SQL_NOTE_DEATHS, "ttit", consumer, topic, number, me) ||
      !db_execute (db, NULL, error, SQL_NOTE_SUSPECTS, "ttit", consumer, topic, number, me) ||
      !db_execute (db, NULL, error, SQL_FORGET_OTHERS, "ttit", consumer, topic, number, me))
    return NULL;
  rows = db_query (db, error, SQL_RECORDS_OF, "tti", consumer, topic, number);
  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    RecordState *record = g_new0 (RecordState, 1);

    record->offset = db_rows_int (rows, i, "record_offset");
    record->has_row = TRUE;
    record->is_suspect = db_rows_boolean (rows, i, "is_suspect");
    record->deaths = db_rows_int (rows, i, "deaths");
    record->waiting_since_ms = db_rows_int (rows, i, "waiting_since_ms");
    g_hash_table_insert (records, &record->offset, record);
  }
  return g_steal_pointer (&records);
}

gboolean
suspects_close_partitions (Db *db, const Counter *counter, const GPtrArray *partitions,
                           GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("ti");

  for (guint i = 0; i < partitions->len; i++) {
    const Partition *partition = g_ptr_array_index (partitions, i);

    db_columns_add (given, partition->topic, (gint64)partition->number);
  }
  return db_execute (db, NULL, error, SQL_CLOSE_COUNTS, "ttC", counter->consumer,
                     counter->instance_id, given) &&
         db_execute (db, NULL, error, SQL_CLOSE_SUSPECTS, "ttC", counter->consumer,
                     counter->instance_id, given);
}

static char *
array_text (const GArray *offsets)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < offsets->len; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? "," : "",
                            g_array_index (offsets, gint64, i));
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

gboolean
suspects_count (Db *db, const Counter *counter, const GPtrArray *counts, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("tit");

  if (counts->len == 0)
    return TRUE;
  for (guint i = 0; i < counts->len; i++) {
    const OpenCount *count = g_ptr_array_index (counts, i);
    g_autofree char *offsets = array_text (count->offsets);

    db_columns_add (given, count->partition->topic, (gint64)count->partition->number, offsets);
  }
  return db_queue (db, error, SQL_COUNT_OPEN, "ttC", counter->consumer, counter->instance_id,
                   given);
}

gboolean
suspects_forget_below (Db *db, const Counter *counter, const Delivery *delivery, GError **error)
{
  return db_queue (db, error, SQL_FORGET_BELOW, "ttii", counter->consumer,
                   delivery->partition->topic, (gint64)delivery->partition->number,
                   delivery->offset);
}

gboolean
suspects_open_one (Db *db, const Counter *counter, Delivery *delivery, GError **error)
{
  delivery->known.has_row = TRUE;
  return db_queue (db, error, SQL_OPEN_SUSPECT, "ttiiti", counter->consumer,
                   delivery->partition->topic, (gint64)delivery->partition->number,
                   delivery->offset, counter->instance_id, (gint64)delivery->known.deaths);
}

static gboolean
write_record (Db *db, const char *sql, const char *consumer, const Delivery *delivery,
              GError **error)
{
  return db_execute (db, NULL, error, sql, "ttii", consumer, delivery->partition->topic,
                     (gint64)delivery->partition->number, delivery->offset);
}

gboolean
suspects_close (Db *db, const char *consumer, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_CLOSE_SUSPECT, consumer, delivery, error);
}

gboolean
suspects_clear (Db *db, const char *consumer, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_CLEAR_SUSPECT, consumer, delivery, error);
}

gboolean
suspects_forget (Db *db, const char *consumer, const Delivery *delivery, GError **error)
{
  return write_record (db, SQL_FORGET_RECORD, consumer, delivery, error);
}

gboolean
suspects_keep_waiting (Db *db, const char *consumer, Delivery *delivery, GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_KEEP_WAITING, "ttii", consumer, delivery->partition->topic,
                (gint64)delivery->partition->number, delivery->offset);

  if (!rows)
    return FALSE;
  delivery->known.waiting_since_ms = db_rows_int (rows, 0, "waiting_since_ms");
  delivery->known.has_row = TRUE;
  return TRUE;
}
