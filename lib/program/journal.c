/* The step journal as rows, see journal.h. */
#include "program/journal.h"

#include <string.h>

#include "program/journal.sql.h"

void
step_end_free (gpointer data)
{
  StepEnd *end = data;

  g_free (end->scope);
  g_free (end->step);
  g_free (end->note);
  g_free (end->result);
  g_free (end);
}

StepEnd *
step_end_new (const char *scope, const char *step, int ordinal, gint64 token, const char *state,
              const char *result)
{
  StepEnd *end = g_new0 (StepEnd, 1);

  end->scope = g_strdup (scope);
  end->step = g_strdup (step);
  end->ordinal = ordinal;
  end->token = token;
  end->state = state;
  end->result = g_strdup (result);
  return end;
}

/* --- Sealing: results hold echoed addresses. --- */

static char *
row_name (const char *scope, const char *step, int ordinal)
{
  return g_strdup_printf ("%s/%s/%d", scope, step, ordinal);
}

static GBytes *
seal (Sealer *sealer, const char *scope, const char *step, int ordinal, const char *result,
      char **ret_key)
{
  g_autofree char *name = row_name (scope, step, ordinal);
  g_autoptr (RowKey) key = NULL;

  if (!result) {
    *ret_key = NULL;
    return NULL;
  }
  key = row_key_new (sealer);
  *ret_key = g_strdup (row_key_wrapped (key));
  return row_key_seal (key, "step_journal", name, "result", result);
}

static void
journal_row_free (gpointer data)
{
  JournalRow *row = data;

  g_free (row->step);
  g_free (row->state);
  g_free (row->digest);
  g_free (row->note);
  g_free (row->result);
  g_free (row);
}

JournalRow *
journal_row_new (const char *step, int ordinal, gint64 token)
{
  JournalRow *row = g_new0 (JournalRow, 1);

  row->step = g_strdup (step);
  row->ordinal = ordinal;
  row->token = token;
  row->state = g_strdup ("");
  return row;
}

static gboolean
read_row (Sealer *sealer, const char *scope, DbRows *rows, guint i, GPtrArray *journal,
          GError **error)
{
  JournalRow *row = g_new0 (JournalRow, 1);
  g_autoptr (GBytes) sealed = db_rows_bytes (rows, i, "result_ciphertext");

  row->step = g_strdup (db_rows_text (rows, i, "step"));
  row->ordinal = (int)db_rows_int (rows, i, "ordinal");
  row->token = db_rows_int (rows, i, "token");
  row->state = g_strdup (db_rows_text (rows, i, "state"));
  row->digest = g_strdup (db_rows_text (rows, i, "digest"));
  row->note = g_strdup (db_rows_text (rows, i, "note"));
  row->started_at_ms = db_rows_int (rows, i, "started_at_ms");
  row->finished_at_ms = db_rows_int (rows, i, "finished_at_ms");
  g_ptr_array_add (journal, row);
  if (sealed) {
    g_autofree char *name = row_name (scope, row->step, row->ordinal);
    g_autoptr (RowKey) key =
        row_key_open (sealer, db_rows_text (rows, i, "encrypted_kms_key"), error);
    row->result = key ? row_key_unseal (key, "step_journal", name, "result", sealed, error) : NULL;
    return row->result != NULL;
  }
  return TRUE;
}

GPtrArray *
journal_read (Db *db, Sealer *sealer, const char *scope, GError **error)
{
  g_autoptr (GPtrArray) journal = g_ptr_array_new_with_free_func (journal_row_free);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_JOURNAL_READ, "t", scope);

  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++)
    if (!read_row (sealer, scope, rows, i, journal, error))
      return NULL;
  return g_steal_pointer (&journal);
}

JournalRow *
journal_newest (const GPtrArray *rows, const char *step)
{
  JournalRow *found = NULL;

  for (guint i = 0; rows && i < rows->len; i++) {
    JournalRow *row = g_ptr_array_index (rows, i);
    if (strcmp (row->step, step) == 0 && (!found || row->ordinal > found->ordinal))
      found = row;
  }
  return found;
}

guint
journal_unknowns (const GPtrArray *rows, const char *step)
{
  guint count = 0;

  for (guint i = 0; rows && i < rows->len; i++) {
    const JournalRow *row = g_ptr_array_index (rows, i);
    count += strcmp (row->step, step) == 0 &&
             (strcmp (row->state, "unknown") == 0 || strcmp (row->state, "not there") == 0);
  }
  return count;
}

/* @last: what its statement wants beside the end itself. */
static void
add_end (DbColumns *given, Sealer *sealer, const StepEnd *end, gint64 last)
{
  g_autofree char *key = NULL;
  g_autoptr (GBytes) result = seal (sealer, end->scope, end->step, end->ordinal, end->result, &key);

  db_columns_add (given, end->scope, end->step, (gint64)end->ordinal, end->token, end->state,
                  end->note, result, key, last);
}

/* The server says which of them it has hit: two owners can end one row at the same moment, and only
 * one of them does. */
static gboolean
write_ended (Db *db, Sealer *sealer, const GPtrArray *ends, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("ttiittbti");
  g_autoptr (DbRows) hit = NULL;

  for (guint i = 0; i < ends->len; i++) {
    StepEnd *end = g_ptr_array_index (ends, i);

    if (end->is_new)
      continue;
    end->is_hit = FALSE;
    add_end (given, sealer, end, i);
  }
  if (db_columns_count (given) == 0)
    return TRUE;
  hit = db_query (db, error, SQL_JOURNAL_END, "C", given);
  for (guint i = 0; hit && i < db_rows_count (hit); i++)
    ((StepEnd *)g_ptr_array_index (ends, db_rows_int (hit, i, "n")))->is_hit = TRUE;
  return hit != NULL;
}

/* A read that was written by another, or not at all, is asked again; nothing depends on it. */
static gboolean
write_reads (Db *db, Sealer *sealer, const GPtrArray *ends, GError **error)
{
  g_autoptr (DbColumns) given = db_columns_new ("ttiittbti");

  for (guint i = 0; i < ends->len; i++) {
    StepEnd *end = g_ptr_array_index (ends, i);

    if (!end->is_new)
      continue;
    end->is_hit = TRUE;
    add_end (given, sealer, end, end->started_at_ms);
  }
  return db_columns_count (given) == 0 ||
         db_execute (db, NULL, error, SQL_JOURNAL_READ_ENDED, "C", given);
}

gboolean
journal_write_ends (Db *db, Sealer *sealer, const GPtrArray *ends, GError **error)
{
  return write_ended (db, sealer, ends, error) && write_reads (db, sealer, ends, error);
}

/* --- Another one's step --- */

gboolean
journal_take_step (Transaction *transaction, const char *scope, const char *step, int ordinal,
                   gint64 token_as_read, gint64 new_token, gboolean *ret_hit, GError **error)
{
  guint count = 0;

  if (!db_execute (transaction->db, &count, error, SQL_JOURNAL_TAKE, "ttiii", scope, step,
                   (gint64)ordinal, token_as_read, new_token))
    return FALSE;
  *ret_hit = count == 1;
  return TRUE;
}

gboolean
journal_end_step (Transaction *transaction, const char *scope, const char *step, int ordinal,
                  gint64 token_as_read, const char *from_state, const char *new_state,
                  const char *result, const char *note, gboolean *ret_hit, GError **error)
{
  g_autofree char *key = NULL;
  g_autofree char *name = row_name (scope, step, ordinal);
  g_autoptr (GBytes) sealed = NULL;
  guint count = 0;

  if (result) {
    g_autoptr (RowKey) fresh = row_key_new (transaction->writer->sealer);
    key = g_strdup (row_key_wrapped (fresh));
    sealed = row_key_seal (fresh, "step_journal", name, "result", result);
  }
  if (!db_execute (transaction->db, &count, error, SQL_JOURNAL_END_ONE, "ttiitttbt", scope, step,
                   (gint64)ordinal, token_as_read, from_state, new_state, note, sealed, key))
    return FALSE;
  *ret_hit = count == 1;
  return TRUE;
}

gboolean
journal_give_up (Transaction *transaction, const DbRows *rows, guint row, GError **error)
{
  gboolean is_hit;

  return journal_end_step (
      transaction, db_rows_text (rows, row, "scope"), db_rows_text (rows, row, "step"),
      (int)db_rows_int (rows, row, "ordinal"), db_rows_int (rows, row, "token"), "started",
      "given up", NULL, NULL, &is_hit, error);
}
