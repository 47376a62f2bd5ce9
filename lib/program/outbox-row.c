/* Rows of the outbox and what is done to them in the database, see outbox-row.h. */
#include "program/outbox-row.h"

#include <string.h>

#include "base/log.h"
#include "program/outbox.sql.h"
#include "program/record.h"

OutboxRow *
outbox_row_new (char *topic_taken, gint32 partition, GBytes *key_taken, GBytes *value_taken,
                KafkaHeaders *headers_taken)
{
  OutboxRow *row = g_new0 (OutboxRow, 1);

  row->topic = topic_taken;
  row->partition = partition;
  row->key = key_taken;
  row->value = value_taken;
  row->headers = headers_taken;
  return row;
}

void
outbox_row_free (gpointer data)
{
  OutboxRow *row = data;

  if (!row)
    return;
  g_free (row->instance_id);
  g_free (row->topic);
  g_clear_pointer (&row->key, g_bytes_unref);
  g_clear_pointer (&row->value, g_bytes_unref);
  kafka_headers_free (row->headers);
  g_free (row->scope);
  g_free (row);
}

/* One process is one instance, so one counter serves. */
static gint64
next_id (void)
{
  static gint64 last = 0;

  return __atomic_add_fetch (&last, 1, __ATOMIC_RELAXED);
}

gboolean
outbox_insert (Db *db, const char *instance_id, GPtrArray *rows, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("itibbbt");

  if (rows->len == 0)
    return TRUE;
  for (guint i = 0; i < rows->len; i++) {
    OutboxRow *row = g_ptr_array_index (rows, i);
    g_autoptr (GBytes) headers = kafka_headers_pack (row->headers);

    row->id = next_id ();
    db_columns_add (given, row->id, row->topic, (gint64)row->partition, row->key, row->value,
                    headers, row->scope);
  }
  return db_queue (db, error, SQL_OUTBOX_INSERT, "tC", instance_id, given);
}

/* --- In the database --- */

OutboxRow *
outbox_row_read (DbRows *found, guint i, const char *instance_id)
{
  g_autoptr (GBytes) packed = db_rows_bytes (found, i, "headers");
  KafkaHeaders *headers = kafka_headers_unpack (packed);
  const char *maker = db_rows_text (found, i, "instance_id");
  OutboxRow *row;

  if (!headers) {
    log_limited (LOG_LEVEL_ERROR, "outbox-unreadable",
                 "headers of an outbox row are not what this program writes; the row stays",
                 "instance_id", maker, "id", db_rows_text (found, i, "id"), NULL);
    return NULL;
  }
  row = outbox_row_new (
      g_strdup (db_rows_text (found, i, "topic")),
      db_rows_is_null (found, i, "partition") ? -1 : (gint32)db_rows_int (found, i, "partition"),
      db_rows_bytes (found, i, "key"), db_rows_bytes (found, i, "value"), headers);
  row->id = db_rows_int (found, i, "id");
  row->scope = g_strdup (db_rows_text (found, i, "scope"));
  row->goes_alone = db_rows_int (found, i, "refusals") > 0;
  if (strcmp (maker, instance_id) != 0)
    row->instance_id = g_strdup (maker);
  return row;
}

static gboolean
carries_somebodys (const GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (((OutboxRow *)g_ptr_array_index (rows, i))->scope)
      return TRUE;
  return FALSE;
}

static gboolean
delete_and_note_places (Db *db, const char *instance_id, GPtrArray *rows, GError **error)
{
  g_autoptr (DbColumns) told = db_columns_new ("tiiii");

  for (guint i = 0; i < rows->len; i++) {
    const OutboxRow *row = g_ptr_array_index (rows, i);

    db_columns_add (told, row->instance_id ? row->instance_id : instance_id, row->id,
                    (gint64)row->place.partition, row->place.offset,
                    row->scope ? (gint64)record_replay (row->headers) : 0);
  }
  return db_execute (db, NULL, error, SQL_OUTBOX_DELETE_AND_NOTE, "C", told);
}

gboolean
outbox_rows_delete (Db *db, const char *instance_id, GPtrArray *rows, GError **error)
{
  g_autoptr (GArray) own = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) makers = g_ptr_array_new ();

  if (carries_somebodys (rows))
    return delete_and_note_places (db, instance_id, rows, error);
  for (guint i = 0; i < rows->len; i++) {
    const OutboxRow *row = g_ptr_array_index (rows, i);

    g_array_append_val (row->instance_id ? others : own, row->id);
    if (row->instance_id)
      g_ptr_array_add (makers, row->instance_id);
  }
  g_ptr_array_add (makers, NULL);
  return (own->len == 0 || db_execute (db, NULL, error, SQL_OUTBOX_DELETE, "tI", instance_id,
                                       own->data, (gsize)own->len)) &&
         (others->len == 0 || db_execute (db, NULL, error, SQL_OUTBOX_DELETE_OF_OTHERS, "TI",
                                          makers->pdata, others->data, (gsize)others->len));
}

gboolean
outbox_row_note_refusal (Db *db, const char *instance_id, const OutboxRow *row, const char *text,
                         gboolean *ret_is_first, GError **error)
{
  g_autoptr (DbRows) noted =
      db_query (db, error, SQL_OUTBOX_REFUSED, "tit",
                row->instance_id ? row->instance_id : instance_id, row->id, text);

  if (!noted)
    return FALSE;
  *ret_is_first = db_rows_count (noted) == 1 && db_rows_int (noted, 0, "refusals") == 1;
  return TRUE;
}
