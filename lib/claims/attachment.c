/* Attachments in our database; see attachment.h. */
#include "claims/attachment.h"

#include "base/spool.h"
#include "claims/attachment.sql.h"
#include "claims/error.h"

#define TABLE  "persistent_attachments"
#define NAME   "name_ciphertext"
#define WHOLE  "content_ciphertext" /* of rows of before there were chunks: base64 text */
#define CHUNKS "attachment_chunks"

static char *
id_text (gint64 id)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, id);
}

/* --- Written --- */

static gboolean
add_chunks (Db *db, const RowKey *key, gint64 id, guint count, int fd, gint64 length,
            GError **error)
{
  g_autofree char *row_id = id_text (id);
  g_autofree char *plain = g_malloc (SEAL_CHUNK_BYTES);

  for (guint no = 0; no < count; no++) {
    gint64 offset = (gint64)no * SEAL_CHUNK_BYTES;
    gsize size = (gsize)MIN (length - offset, SEAL_CHUNK_BYTES);
    g_autoptr (GBytes) sealed = NULL;

    if (!spool_file_read (fd, offset, plain, size, error))
      return FALSE;
    sealed = row_key_seal_chunk (key, TABLE, row_id, CHUNKS, (SealChunk){ no, count }, plain, size);
    if (!db_queue (db, error, SQL_ADD_ATTACHMENT_CHUNK, "iib", id, (gint64)no, sealed))
      return FALSE;
  }
  return TRUE;
}

gboolean
claim_attachment_store (Db *db, Sealer *sealer, gint64 parent_claim_id,
                        const NewClaimAttachment *attachment, GError **error)
{
  guint count = (guint)((attachment->length + SEAL_CHUNK_BYTES - 1) / SEAL_CHUNK_BYTES);
  g_autoptr (DbRows) rows = db_query (db, error, SQL_TAKE_ATTACHMENT_ID, "");
  g_autoptr (RowKey) key = NULL;
  g_autoptr (GBytes) sealed_name = NULL;
  g_autofree char *row_id = NULL;
  gint64 id;

  g_return_val_if_fail (attachment->length > 0 && attachment->length <= ATTACHMENT_MAX_BYTES,
                        FALSE);
  if (!rows)
    return FALSE;
  id = db_rows_int (rows, 0, "id");
  row_id = id_text (id);
  key = row_key_new (sealer);
  sealed_name = row_key_seal (key, TABLE, row_id, NAME, attachment->name);
  return db_queue (db, error, SQL_ADD_ATTACHMENT, "iiibiti", id, parent_claim_id,
                   (gint64)attachment->position, sealed_name, (gint64)count, row_key_wrapped (key),
                   attachment->document_type) &&
         add_chunks (db, key, id, count, attachment->fd, attachment->length, error);
}

/* --- Listed --- */

static void
attachment_free (gpointer data)
{
  ClaimAttachment *attachment = data;

  g_free (attachment->name);
  g_free (attachment);
}

GPtrArray *
claim_attachments_list (Db *db, Sealer *sealer, gint64 parent_claim_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (attachment_free);
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_LIST_ATTACHMENTS, "ii", parent_claim_id, (gint64)SEAL_CHUNK_BYTES);

  if (!rows)
    return NULL;
  for (guint i = 0; i < db_rows_count (rows); i++) {
    gint64 id = db_rows_int (rows, i, "id");
    g_autofree char *row_id = id_text (id);
    g_autoptr (GBytes) sealed = db_rows_bytes (rows, i, NAME);
    g_autoptr (GError) problem = NULL;
    g_autoptr (RowKey) key =
        row_key_open (sealer, db_rows_text (rows, i, "encrypted_kms_key"), &problem);
    ClaimAttachment *attachment;
    char *name = key ? row_key_unseal (key, TABLE, row_id, NAME, sealed, &problem) : NULL;

    if (!name && !g_error_matches (problem, SEAL_ERROR, SEAL_ERROR_DAMAGED)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
    attachment = g_new0 (ClaimAttachment, 1);
    *attachment = (ClaimAttachment){ .id = id,
                                     .position = (guint)db_rows_int (rows, i, "position"),
                                     .name = name,
                                     .bytes_at_most = db_rows_int (rows, i, "bytes_at_most") };
    g_ptr_array_add (list, attachment);
  }
  return g_steal_pointer (&list);
}

/* --- Read --- */

static gboolean
read_whole (const RowKey *key, const char *row_id, GBytes *sealed, int fd, gint64 *ret_length,
            GError **error)
{
  g_autofree char *text = row_key_unseal (key, TABLE, row_id, WHOLE, sealed, error);
  gsize length = 0;

  if (!text)
    return FALSE;
  g_base64_decode_inplace (text, &length); /* its writer had seen to it that it is base64 */
  *ret_length = (gint64)length;
  return spool_file_append (fd, text, length, error);
}

static gboolean
read_chunk (Db *db, const RowKey *key, gint64 id, SealChunk chunk, int fd, gint64 *length,
            GError **error)
{
  g_autoptr (DbRows) rows =
      db_query (db, error, SQL_LOAD_ATTACHMENT_CHUNK, "ii", id, (gint64)chunk.no);
  g_autofree char *row_id = id_text (id);
  g_autoptr (GBytes) sealed = NULL, plain = NULL;

  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_INVALID,
                 "attachment %s lacks chunk %u of its %u", row_id, chunk.no, chunk.count);
    return FALSE;
  }
  sealed = db_rows_bytes (rows, 0, "sealed");
  plain = row_key_unseal_chunk (key, TABLE, row_id, CHUNKS, chunk, sealed, error);
  if (!plain)
    return FALSE;
  *length += (gint64)g_bytes_get_size (plain);
  return spool_file_append (fd, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error);
}

gboolean
claim_attachment_read (Db *db, Sealer *sealer, gint64 attachment_id, int fd, gint64 *ret_length,
                       GError **error)
{
  g_autoptr (DbRows) rows = db_query (db, error, SQL_LOAD_ATTACHMENT, "i", attachment_id);
  g_autofree char *row_id = id_text (attachment_id);
  g_autoptr (RowKey) key = NULL;
  g_autoptr (GBytes) whole = NULL;
  guint count;
  gint64 length = 0;

  if (!rows)
    return FALSE;
  if (db_rows_count (rows) == 0) {
    g_set_error (error, CLAIMS_ERROR, CLAIMS_ERROR_NOT_FOUND, "there is no attachment %s", row_id);
    return FALSE;
  }
  key = row_key_open (sealer, db_rows_text (rows, 0, "encrypted_kms_key"), error);
  if (!key)
    return FALSE;
  whole = db_rows_bytes (rows, 0, WHOLE);
  if (whole)
    return read_whole (key, row_id, whole, fd, ret_length, error);
  count = (guint)db_rows_int (rows, 0, "chunk_count");
  for (guint no = 0; no < count; no++)
    if (!read_chunk (db, key, attachment_id, (SealChunk){ no, count }, fd, &length, error))
      return FALSE;
  *ret_length = length;
  return TRUE;
}
