/* Inserts as journalled. See inserts.h. */
#include "submission/inserts.h"

#include "base/crash-point.h"
#include "claims/group-facts.h"
#include "submission/inserts.sql.h"

void
inserts_free (Inserts *inserts)
{
  if (!inserts)
    return;
  g_free (inserts->form_type);
  g_free (inserts->state);
  g_free (inserts->digest);
  g_ptr_array_unref (inserts->notes);
  g_free (inserts);
}

gboolean
inserts_stand (const Inserts *inserts, const char *state)
{
  return g_strcmp0 (inserts->state, state) == 0;
}

Inserts *
inserts_read (Db *db, gint64 claim_id, const char *form_type, GError **error)
{
  g_autoptr (Inserts) inserts = g_new0 (Inserts, 1);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_INSERTS_OF_CLAIM, "it", claim_id, INSERT_STEP);

  inserts->claim_id = claim_id;
  inserts->form_type = g_strdup (form_type);
  inserts->notes = g_ptr_array_new_with_free_func ((GDestroyNotify)insert_note_free);
  if (!rows)
    return NULL;

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *state = db_rows_text (rows, i, "state");
    InsertNote *note = insert_note_parse (db_rows_text (rows, i, "note"));

    if (note && (g_str_equal (state, "started") ||
                 (g_str_equal (state, "not there") && GUARD (OURS_OPEN)))) {
      g_ptr_array_add (inserts->notes, note);
      g_free (inserts->digest);
      inserts->digest = g_strdup (db_rows_text (rows, i, "digest"));
    } else {
      insert_note_free (note);
    }
    inserts->ordinal = (int)db_rows_int (rows, i, "ordinal");
    inserts->token = db_rows_int (rows, i, "token");
    inserts->age_ms = db_rows_int (rows, i, "age_ms");
    g_free (inserts->state);
    inserts->state = g_strdup (state);
  }
  return g_steal_pointer (&inserts);
}

Inserts *
inserts_load (Submission *submission, gint64 claim_id, const char *form_type, GError **error)
{
  Db *db = run_db_take (submission->run, error);
  Inserts *inserts = db ? inserts_read (db, claim_id, form_type, error) : NULL;

  run_db_give (submission->run, db);
  return inserts;
}

gboolean
inserts_record_benefit_claim (Db *db, gint64 claim_id, const char *form_type, guint attempt_no,
                              const char *benefit_claim_id, GError **error)
{
  return claim_attempt_record (db, claim_id, form_type, attempt_no, "submitted", benefit_claim_id,
                               NULL, NULL, error);
}

gboolean
inserts_record_found (Db *db, const Inserts *inserts, const char *benefit_claim_id, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_ATTEMPT_IN_DOUBT, "i", inserts->claim_id);

  return rows && inserts_record_benefit_claim (db, inserts->claim_id, inserts->form_type,
                                               (guint)db_rows_int (rows, 0, "attempt_no"),
                                               benefit_claim_id, error);
}
