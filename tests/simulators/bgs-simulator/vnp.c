/* VNP services and notes: rows in memory, found by their primary key.
 *
 * No referential checks: a row may name a proc or participant that does not exist, as the real
 * service lets it. Source: lib/bgs/README.md, facts 6 to 14, 17 and 19; README.md, 2 to 8 and 11.
 */
#include "bgs.h"

#include <string.h>

#include "base/clock.h"
#include "base/settings.h"

typedef struct {
  Row *row;
  json_t *changes; /* procs: every state that was written, oldest first */
} Stored;

struct Vnp {
  GMutex lock;
  GPtrArray *rows[N_TABLES];    /* of Stored, in order of creation */
  GHashTable *by_key[N_TABLES]; /* key → Stored, borrowed */
  gint64 last_id[N_TABLES];
  gint64 note_calls;
};

static void
stored_free (gpointer data)
{
  Stored *stored = data;

  row_free (stored->row);
  json_decref (stored->changes);
  g_free (stored);
}

Vnp *
vnp_new (void)
{
  Vnp *vnp = g_new0 (Vnp, 1);

  g_mutex_init (&vnp->lock);
  for (guint t = 0; t < N_TABLES; t++) {
    vnp->rows[t] = g_ptr_array_new_with_free_func (stored_free);
    vnp->by_key[t] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    vnp->last_id[t] = table_get (t)->first_id - 1;
  }
  return vnp;
}

void
vnp_free (Vnp *vnp)
{
  if (!vnp)
    return;
  for (guint t = 0; t < N_TABLES; t++) {
    g_hash_table_unref (vnp->by_key[t]);
    g_ptr_array_unref (vnp->rows[t]);
  }
  g_mutex_clear (&vnp->lock);
  g_free (vnp);
}

/* The sequences go on: an id is never given out twice by one process. */
void
vnp_clear (Vnp *vnp)
{
  g_mutex_lock (&vnp->lock);
  for (guint t = 0; t < N_TABLES; t++) {
    g_hash_table_remove_all (vnp->by_key[t]);
    g_ptr_array_set_size (vnp->rows[t], 0);
  }
  g_mutex_unlock (&vnp->lock);
}

void
vnp_add_state (Vnp *vnp, json_t *state)
{
  g_mutex_lock (&vnp->lock);
  for (guint t = 0; t < N_TABLES; t++) {
    json_t *list = NULL;

    if (!table_get (t)->state_key)
      continue;
    list = json_array ();
    for (guint i = 0; i < vnp->rows[t]->len; i++) {
      Stored *stored = g_ptr_array_index (vnp->rows[t], i);
      json_t *row = row_json (stored->row);

      if (stored->changes)
        json_object_set_new (row, "state_changes", json_deep_copy (stored->changes));
      json_array_append_new (list, row);
    }
    json_object_set_new (state, table_get (t)->state_key, list);
  }
  g_mutex_unlock (&vnp->lock);
}

/* A proc's states are kept with their time and the operation that wrote them. */
static void
note_state (Stored *stored, const Call *call)
{
  const char *now_state = row_get (stored->row, "vnpProcStateTypeCd");
  g_autofree char *at = clock_format_iso (clock_now_ms ());

  if (!stored->changes)
    stored->changes = json_array ();
  json_array_append_new (stored->changes,
                         json_pack ("{s:s*, s:s, s:s}", "vnpProcStateTypeCd", now_state, "at", at,
                                    "operation", call->operation));
}

/* NULL when @row is fine, else the fault. */
static HttpReply *
refuse_row (Bgs *bgs, const Call *call, const Operation *operation, const Row *row,
            gboolean is_update)
{
  const Table *table = table_get (operation->table);
  const Column *column = NULL;
  RowProblem problem = row_check (row, bgs->column_limits, &column);
  g_autofree char *sql_column = column ? sql_column_name (column->name) : NULL;
  g_autofree char *sql = NULL, *text = NULL;

  switch (problem) {
  case ROW_FINE:
    return NULL;
  case ROW_NOT_A_NUMBER:
    return fault_number_format (call, table->dto, column->name, row_get (row, column->name));
  case ROW_NULL:
    text = g_strdup_printf (is_update
                                ? "ORA-01407: cannot update (\"CORPPROD\".\"%s\".\"%s\") to NULL"
                                : "ORA-01400: cannot insert NULL into (\"CORPPROD\".\"%s\".\"%s\")",
                            table->sql_name, sql_column);
    break;
  case ROW_TOO_LONG:
    text = g_strdup_printf ("ORA-12899: value too large for column \"CORPPROD\".\"%s\".\"%s\" "
                            "(actual: %ld, maximum: %u)",
                            table->sql_name, sql_column,
                            g_utf8_strlen (row_get (row, column->name), -1), column->max_chars);
    break;
  }
  sql = row_sql (row, is_update);
  return fault_oracle (call, text, sql);
}

static void
take_next_id (Vnp *vnp, TableId table, Row *row)
{
  char id[32] = "";

  g_mutex_lock (&vnp->lock);
  g_snprintf (id, sizeof id, "%" G_GINT64_FORMAT, ++vnp->last_id[table]);
  g_mutex_unlock (&vnp->lock);
  row_set (row, table_get (table)->key[0], id);
}

/* Takes @row. FALSE: there is one of that key, and @row is as it was. */
static gboolean
store_row (Vnp *vnp, TableId table, Row *row, const Call *call)
{
  g_autofree char *key = row_key (row);
  Stored *stored = NULL;

  g_mutex_lock (&vnp->lock);
  if (g_hash_table_contains (vnp->by_key[table], key)) {
    g_mutex_unlock (&vnp->lock);
    return FALSE;
  }
  stored = g_new0 (Stored, 1);
  stored->row = row;
  if (table == TABLE_PROC)
    note_state (stored, call);
  g_ptr_array_add (vnp->rows[table], stored);
  g_hash_table_insert (vnp->by_key[table], g_steal_pointer (&key), stored);
  g_mutex_unlock (&vnp->lock);
  return TRUE;
}

static HttpReply *
reply_with_row (const Call *call, const Operation *operation, const Row *row)
{
  GString *xml = reply_begin (call);

  g_string_append (xml, "<return>");
  row_append_xml (row, xml, operation->in_chicago, call->dialect == DIALECT_OLD);
  g_string_append (xml, "</return>");
  return reply_end (call, xml);
}

/* A participant with a corporate id tells who the person of that participant is. */
static void
learn_from_person (Bgs *bgs, const Row *person)
{
  g_autofree char *key = row_key (person);
  g_autofree char *corporate_id = NULL;
  Stored *participant = NULL;

  g_mutex_lock (&bgs->vnp->lock);
  participant = g_hash_table_lookup (bgs->vnp->by_key[TABLE_PTCPNT], key);
  if (participant)
    corporate_id = g_strdup (row_get (participant->row, "corpPtcpntId"));
  g_mutex_unlock (&bgs->vnp->lock);
  if (corporate_id)
    corporate_learn (bgs->corporate, corporate_id, row_get (person, "fileNbr"),
                     row_get (person, "ssnNbr"));
}

HttpReply *
vnp_create (Bgs *bgs, const Call *call, const Operation *operation)
{
  const Table *table = table_get (operation->table);
  xmlNode *arguments = wire_child (call->body, NULL, "arg0");
  g_autoptr (Row) row = row_read (operation->table, arguments);
  HttpReply *refusal = NULL, *reply = NULL;

  if (!arguments)
    return fault_java (call, "java.lang.NullPointerException");
  refusal = refuse_row (bgs, call, operation, row, FALSE);
  if (refusal)
    return refusal;

  if (table->first_id)
    take_next_id (bgs->vnp, operation->table, row);
  if (operation->table == TABLE_PERSON)
    learn_from_person (bgs, row);
  reply = reply_with_row (call, operation, row); /* before the row becomes everybody's */
  if (store_row (bgs->vnp, operation->table, row, call)) {
    row = NULL;
    return reply;
  }

  http_reply_free (reply);
  {
    g_autofree char *sql = row_sql (row, FALSE);
    g_autofree char *text =
        g_strdup_printf ("ORA-00001: unique constraint (%s) violated\n", table->constraint);

    return fault_oracle (call, text, sql);
  }
}

/* An update replaces the row: what is not sent is gone. */
HttpReply *
vnp_update (Bgs *bgs, const Call *call, const Operation *operation)
{
  xmlNode *arguments = wire_child (call->body, NULL, "arg0");
  g_autoptr (Row) row = row_read (operation->table, arguments);
  g_autofree char *key = NULL;
  HttpReply *refusal = NULL, *reply = NULL;
  Stored *stored = NULL;

  if (!arguments)
    return fault_java (call, "java.lang.NullPointerException");
  refusal = refuse_row (bgs, call, operation, row, TRUE);
  if (refusal)
    return refusal;

  key = row_key (row);
  reply = reply_with_row (call, operation, row);
  g_mutex_lock (&bgs->vnp->lock);
  stored = key ? g_hash_table_lookup (bgs->vnp->by_key[operation->table], key) : NULL;
  if (stored) {
    row_free (stored->row);
    stored->row = g_steal_pointer (&row);
    if (operation->table == TABLE_PROC)
      note_state (stored, call);
  }
  g_mutex_unlock (&bgs->vnp->lock);
  if (stored)
    return reply;

  http_reply_free (reply);
  return fault_java (call, "javax.persistence.EntityNotFoundException: no row of that key");
}

/* Finders by primary key: the key's elements stand directly in the operation's element. */
HttpReply *
vnp_find (Bgs *bgs, const Call *call, const Operation *operation)
{
  const Table *table = table_get (operation->table);
  g_autoptr (GString) key = g_string_new (NULL);
  GString *xml = NULL;
  Stored *stored = NULL;
  gint64 number = 0;

  for (guint i = 0; table->key[i]; i++) {
    int column = table_column (operation->table, table->key[i]);
    g_autofree char *part = wire_child_text (call->body, NULL, table->key[i]);

    if (part && table->columns[column].kind == COLUMN_ID &&
        !parse_int64 (g_strstrip (part), G_MININT64, G_MAXINT64, &number))
      return fault_number_format (call, table->dto, table->key[i], part);
    /* A missing part makes a key that no row has: none is stored with an empty one. */
    g_string_append_printf (key, "%s%s", i > 0 ? "/" : "", part ? part : "");
  }

  xml = reply_begin (call);
  g_mutex_lock (&bgs->vnp->lock);
  stored = g_hash_table_lookup (bgs->vnp->by_key[operation->table], key->str);
  if (stored) {
    g_string_append (xml, "<return>");
    row_append_xml (stored->row, xml, operation->in_chicago, call->dialect == DIALECT_OLD);
    g_string_append (xml, "</return>");
  }
  g_mutex_unlock (&bgs->vnp->lock);
  return reply_end (call, xml);
}

HttpReply *
note_create (Bgs *bgs, const Call *call, const Operation *operation)
{
  xmlNode *arguments = wire_child (call->body, NULL, "note");
  g_autoptr (Row) row = row_read (TABLE_NOTE, arguments);
  g_autofree char *call_id = NULL;
  GString *xml = NULL;

  if (!arguments)
    return fault_of_family (call, "createNote: note is null");

  g_mutex_lock (&bgs->vnp->lock);
  call_id = g_strdup_printf ("%" G_GINT64_FORMAT, ++bgs->vnp->note_calls);
  g_mutex_unlock (&bgs->vnp->lock);
  take_next_id (bgs->vnp, TABLE_NOTE, row);
  row_set (row, "callId", call_id);
  row_set (row, "jrnObjId", "cd_note_pkg.do_create");
  row_set (row, "name", "Note");
  row_set (row, "rowCnt", "1");
  row_set (row, "rowId", "1");
  row_set (row, "noteOutTn", "Claim Development Note");

  xml = reply_begin (call);
  g_string_append (xml, "<note>");
  row_append_xml (row, xml, operation->in_chicago, call->dialect == DIALECT_OLD);
  g_string_append (xml, "</note>");
  (void)store_row (bgs->vnp, TABLE_NOTE, g_steal_pointer (&row), call); /* its id is new */
  return reply_end (call, xml);
}
