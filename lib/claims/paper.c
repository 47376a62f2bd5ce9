/* Rows of papers. See paper.h. */
#include "claims/paper.h"

#include "claims/error.h"
#include "claims/paper.sql.h"

static const StateTransition of_papers[] = {
  { PAPER_PENDING, PAPER_STORED, "it is in the folder" },
  { PAPER_PENDING, PAPER_REFUSED, "it cannot be stored for good" },
  { PAPER_REFUSED, PAPER_BY_INTAKE, "the package that it is in was accepted" },
  { PAPER_REFUSED, PAPER_STORED, "an upload that had no answer had worked" },
  { PAPER_BY_INTAKE, PAPER_REFUSED, "the package that it was in came to nothing" },
  { PAPER_REFUSED, PAPER_PENDING, "it had found no place, and a person sends it again" },
  { NULL },
};

const StateTransition *
claim_states_of_papers (void)
{
  return of_papers;
}

gboolean
papers_add (Db *db, const char *guid, gboolean is_on, guint *ret_count, GError **error)
{
  return db_execute (db, ret_count, error, SQL_ADD_PAPERS, "to", guid, (int)is_on);
}

/* --- Listed --- */

static void
paper_free (gpointer data)
{
  Paper *paper = data;

  g_free (paper->form_type);
  g_free (paper->content_name);
  g_free (paper->state);
  g_free (paper->error_class);
  g_free (paper);
}

GPtrArray *
papers_list (Db *db, const char *guid, GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LIST_PAPERS, "t", guid);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (paper_free);

  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    Paper *paper = g_new0 (Paper, 1);

    *paper = (Paper){
      .id = db_rows_int (rows, i, "id"),
      .number = (guint)db_rows_int (rows, i, "paper_no"),
      .claim_id = db_rows_int (rows, i, "saved_claim_id"),
      .form_type = g_strdup (db_rows_text (rows, i, "form_type")),
      .attachment_id = db_rows_int (rows, i, "attachment_id"),
      .attachment_no = (guint)db_rows_int (rows, i, "attachment_no"),
      .document_type = db_rows_int (rows, i, "document_type_id"),
      .content_name = g_strdup (db_rows_text (rows, i, "content_name")),
      .state = g_strdup (db_rows_text (rows, i, "latest_status")),
      .error_class = g_strdup (db_rows_text (rows, i, "error_class")),
      .is_in_doubt = db_rows_boolean (rows, i, "is_in_doubt"),
      .package_id = db_rows_int (rows, i, "package_id"),
      .is_settled = db_rows_boolean (rows, i, "is_settled"),
    };
    g_ptr_array_add (list, paper);
  }
  return g_steal_pointer (&list);
}

/* --- Tries --- */

gboolean
paper_attempt_begin (Db *db, gint64 paper_id, GError **error)
{
  return db_execute (db, NULL, error, SQL_PAPER_ATTEMPT_BEGIN, "i", paper_id);
}

gboolean
paper_attempt_end (Db *db, gint64 paper_id, const char *status, const char *error_class,
                   const char *error_message, GError **error)
{
  return db_execute (db, NULL, error, SQL_PAPER_ATTEMPT_END, "ittt", paper_id, status, error_class,
                     error_message);
}

gboolean
papers_attempts_end (Db *db, const char *guid, const char *status, const char *error_class,
                     const char *error_message, GError **error)
{
  return db_execute (db, NULL, error, SQL_PAPERS_ATTEMPTS_END, "tttt", guid, status, error_class,
                     error_message);
}

/* --- States --- */

gboolean
paper_change (Db *db, gint64 paper_id, const char *to, const PaperChange *change, char **ret_from,
              GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOCK_PAPER, "i", paper_id);
  const char *from;

  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no paper %" G_GINT64_FORMAT,
                 paper_id);
    return FALSE;
  }
  from = db_rows_text (rows, 0, "latest_status");
  if (!claim_states_allow (of_papers, from, to)) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_TRANSITION,
                 "paper %" G_GINT64_FORMAT " does not go from %s to %s", paper_id, from, to);
    return FALSE;
  }
  if (!db_execute (db, NULL, error, SQL_CHANGE_PAPER, "itttoi", paper_id, to, change->uuid,
                   change->error_class, (int)change->is_in_doubt, (gint64)change->package_no))
    return FALSE;
  *ret_from = g_strdup (from);
  return TRUE;
}

gboolean
papers_give_up (Db *db, const char *guid, guint *ret_count, GError **error)
{
  return db_execute (db, ret_count, error, SQL_GIVE_UP_PAPERS, "t", guid);
}
